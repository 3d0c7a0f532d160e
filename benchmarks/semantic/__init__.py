"""Benchmark of the semantic cache: wrong hits, hit rate and time."""
