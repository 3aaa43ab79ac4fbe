"""The samplers, one a file; `library.make` gives one by name."""
