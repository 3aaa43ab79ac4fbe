"""What to try next, and the loop that tries it: ask, evaluate, tell, store."""
