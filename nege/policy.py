"""Policy, under its public names; ``nege.studies`` has it."""

from nege.studies.joint_policy import JointOptimum
from nege.studies.optimal_policy import Optimum, optimise

__all__ = ["JointOptimum", "Optimum", "optimise"]
