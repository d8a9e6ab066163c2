"""One file per model: symbols, short run, payoff, Jacobian, labelled class."""
