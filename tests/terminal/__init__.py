"""Tests of nas.terminal."""
