"""The law of motion of residents in ``commuting``: they move towards where they choose to live.

    d ln R_n/dt = F_n - sum_m R_m F_m,   F_n = theta ln V_n - ln R_n,   markets clearing,

whose rest points are R_n = V_n^theta/sum_m V_m^theta; where people move within groups only, mean
and sum are those of each. By what is here stability, thresholds, diagrams, hysteresis and searches
for all equilibria are those of any model in shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nege.kernels.codes import NEWTON
from nege.kernels.fixed_point import Report
from nege.models.law_of_motion import ClearedPoint, LawOfMotion, Linearised
from nege.models.quantitative import commuting_solving as solving
from nege.models.quantitative.commuting_equations import (
    Parameters,
    Point,
    evaluate,
    payoff_slopes,
    slopes,
    wages_moved,
)
from nege.solver_options import Logit, Replicator, SolverOptions


class Direction(NamedTuple):
    """An economy at several values of a parameter, and what weighs them in a derivative."""

    near: Sequence[Parameters]
    weights: np.ndarray


class LawOfResidents(LawOfMotion):
    """The dynamical system of residents."""

    def __init__(self, model: Any, dynamics: Replicator | Logit, options: SolverOptions) -> None:
        super().__init__(model, dynamics, options)
        self.options = options

    def at(self, share: np.ndarray, state: np.ndarray) -> ClearedPoint:
        """Clear markets at a share, from a state nearby; neither array is changed."""
        found = solving.short_run(self.parameters, share, state, self.options)
        attraction = self._attraction(self._point(share, found.state))
        with np.errstate(all="ignore"):  # what is not finite is not accepted
            growth = attraction - self._mean(share, attraction)
        report = Report(
            int(found.status), found.residual, found.error, 0.0, found.iterations, NEWTON
        )
        residual = float(np.maximum(found.residual, np.max(np.abs(growth))))
        return ClearedPoint(share, found.state, growth, residual, report)

    def linearise(self, share: np.ndarray, state: np.ndarray, direction: Direction) -> Linearised:
        """Clear markets at a share, from a state nearby, and differentiate."""
        found = solving.short_run(self.parameters, share, state, self.options)
        here = self._point(share, found.state)
        with np.errstate(all="ignore"):
            by_share = self.dynamics.intensity * payoff_slopes(self.parameters, here) / share
            by_share -= np.diag(1.0 / share)
            drift = self._drift(here, direction)
            attraction = self._attraction(here)
        defined = all(np.isfinite(x).all() for x in (by_share, drift, attraction))
        return Linearised(
            attraction, by_share, drift, found.state, int(found.status), found.residual, defined
        )

    def _drift(self, here: Point, direction: Direction) -> np.ndarray:
        """Return dF along a direction of the parameters, by differences of the equations alone."""
        near = [evaluate(p, here.log_wage, here.log_share) for p in direction.near]
        theta = np.array([p.residence_taste for p in direction.near])
        payoff = np.array([at.log_payoff for at in near])
        goods = direction.weights @ np.array([at.goods for at in near])
        numeraire = float(direction.weights @ np.array([at.numeraire for at in near]))
        by = slopes(self.parameters, here)
        moved = wages_moved(here, by, goods, numeraire)
        return np.asarray(
            direction.weights @ (theta[:, None] * payoff)
            + self.dynamics.intensity * (by.payoff_by_wage @ moved)
        )

    def _mean(self, share: np.ndarray, attraction: np.ndarray) -> Any:
        """Return what everybody compares with: the mean of all, or of each one's group."""
        if self.groups is None:
            return share @ attraction
        return self.groups.means(share, attraction)[self.groups.of]

    def _point(self, share: np.ndarray, state: np.ndarray) -> Point:
        with np.errstate(divide="ignore"):
            return evaluate(self.parameters, state, np.log(share))

    def _attraction(self, at: Point) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(self.dynamics.intensity * at.log_payoff - at.log_share)

    def payoff_table(self, share: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Return d ln payoff_r/d share_j."""
        return np.asarray(payoff_slopes(self.parameters, self._point(share, state)) / share)

    def _payoff_table(self, point: ClearedPoint, among: np.ndarray) -> np.ndarray:
        return np.asarray(self.payoff_table(point.share, point.state)[np.ix_(among, among)])
