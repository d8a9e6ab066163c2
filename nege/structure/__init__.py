"""All equilibria of an economy, where they change, and what symmetry says of them."""
