"""All equilibria of one economy: proofs for few regions, searches for more."""
