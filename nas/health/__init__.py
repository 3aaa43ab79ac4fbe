"""What can be known of a function before any training: its health card."""
