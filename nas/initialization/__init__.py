"""Weights that carry the signal: the gain of any activation, and means and variances through a network."""
