"""Bifurcation diagrams: branches of equilibria along one parameter."""
