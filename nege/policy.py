"""Policy: the best rates, games of several governments, taxes of equal yield, the cost of funds.

What is taxed, and who has the money, are mechanisms of an economy: ``nege.mechanisms.Tax``,
``nege.mechanisms.Tariff``, ``nege.mechanisms.Jurisdictions``. Who gains is ``nege.compare``.
"""

from nege.studies.equal_yield import CostOfFunds, EqualYield, cost_of_funds, equal_yield
from nege.studies.joint_policy import JointOptimum
from nege.studies.optimal_policy import Optimum, optimise
from nege.studies.tax_game import NashEquilibrium, nash

__all__ = [
    "CostOfFunds",
    "EqualYield",
    "JointOptimum",
    "NashEquilibrium",
    "Optimum",
    "cost_of_funds",
    "equal_yield",
    "nash",
    "optimise",
]
