"""Vertical linkages: industry that buys from itself."""
