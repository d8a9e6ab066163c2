"""Compiled kernels: arrays, numbers and NamedTuples; no labels, no strings, no exceptions."""
