"""What can be named in a space file or on the command line, one row each; no torch here."""
