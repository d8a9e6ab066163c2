"""Questions asked of solved economies: ready paths, counterfactuals, decompositions, data."""
