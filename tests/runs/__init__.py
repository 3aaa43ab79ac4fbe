"""Tests of the store: real files, real processes, real kills."""
