"""Measurements of nege and of its peers; ``python -m benchmarks --help``."""
