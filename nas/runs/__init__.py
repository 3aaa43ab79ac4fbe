"""Facts on disk: one folder a run, one SQLite study as its truth; without torch."""
