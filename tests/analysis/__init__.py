"""Tests of nas.analysis."""
