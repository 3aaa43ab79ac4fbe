"""One file for each command; it defines `command` and is imported when the command is called."""
