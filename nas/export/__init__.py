"""A function as a file that needs nothing of nas."""
