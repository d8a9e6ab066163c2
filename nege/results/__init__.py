"""What a solve returns: the equilibrium, its stability and its file."""
