"""Ready paths, under their public name; ``nege.studies.scenarios`` makes them."""

from nege.studies.scenarios import digital_turn, manufacturing_first, no_institutional_convergence

__all__ = ["digital_turn", "manufacturing_first", "no_institutional_convergence"]
