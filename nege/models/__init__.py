"""The models: equations and symbols, short run, payoff, derivatives, labelled class of each."""
