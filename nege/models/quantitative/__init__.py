"""Quantitative spatial models: housing, spillovers, amenities."""
