"""Weights at the start: the init gain of any activation, and how the signal goes through depth."""
