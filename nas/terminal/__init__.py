"""Views of a run as rich renderables: they are handed facts, fit them to the console, and never print."""
