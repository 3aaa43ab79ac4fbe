"""Measurements that are run by hand, and tests that they measure what they say."""
