"""Tests of the command line as a person or a script meets it: as a process of its own."""
