"""Optimal policy, under its public names; ``nege.studies.optimal_policy`` has it."""

from nege.studies.optimal_policy import Optimum, optimise

__all__ = ["Optimum", "optimise"]
