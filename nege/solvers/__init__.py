"""Short runs, dynamics and rest points of any model."""
