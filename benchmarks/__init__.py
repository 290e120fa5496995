"""Timings of realspike beside its peers; nothing here asserts a time."""
