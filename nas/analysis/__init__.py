"""What the finished trials of a run say, without drawing it."""
