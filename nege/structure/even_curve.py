"""Equilibria with some people online and as many in each place, without tables over regions.

Where places are alike and one can go round, two groups say all: places, each of which reaches
kappa_0 in all of them and delta online, and the online region, which reaches delta in each place.
What the groups do is two by two; what deviations between places do, wave by wave, is in
``even_spread``. So a point of the curve of such equilibria takes n log n steps, not n^3.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nege.kernels import equations
from nege.models import linearised
from nege.models.base import Model
from nege.models.linearised import PlaceSlopes
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.structure import even_spread
from nege.structure.branches.continuation import (
    ContinuationProblem,
    CorrectorFailure,
    OccupiedCells,
    solve_linear,
)
from nege.structure.circular_modes import Waves

ENDS = [0, -1]  # a place, as all are alike, and the online region
PARAMETER_STEP = 1e-5  # of the interval, between values whose difference is a derivative
STEPS = 200  # of prices at most, which start from a neighbour's
LONGEST_STEP = 1.0  # of prices, in logs
ROUNDING = 1e-15  # residual at which no step brings more
TRIES = 4  # steps in turn that bring nothing, after which nothing will


class EvenLinearisation(NamedTuple):
    """First-order expansion of the economy where each place has as many people."""

    attraction: np.ndarray  # (R,) F
    slopes: np.ndarray  # (2, 2) dF by the share of each place, and of the online region
    drift: np.ndarray  # (R,) dF / d tau
    state: np.ndarray
    online: float  # growth rate of people online, at the cost of all places
    waves: np.ndarray  # growth rates of deviations between places, wave by wave


class Groups(NamedTuple):
    """Trade of a place and of the online region at a state: pairs of numbers."""

    state: np.ndarray  # of all regions
    change: np.ndarray  # f(u) - u
    spent: np.ndarray
    price: np.ndarray
    access: np.ndarray


class EvenCurve(ContinuationProblem):
    """The continuation problem of two cells: all places, which are alike, and the online region."""

    def __init__(
        self,
        model: Model,
        parameter: str,
        interval: tuple[float, float],
        dynamics: Replicator | Logit,
        options: SolverOptions,
        waves: Waves,
    ) -> None:
        super().__init__(model, parameter, interval, dynamics, options)
        self.waves, self.count = waves, np.array([len(model.geography), 1])

    def _known(self, tau: float) -> tuple[Any, Any]:
        """Return what the kernels know, and what a place and the online region sell to groups."""
        parameters = self.at(tau).make_arrays("row")
        row = parameters.operator.table[0]
        return parameters, np.array([[np.sum(row[:-1]), self.count[0] * row[-1]], [row[-1], 1.0]])

    def _all(self, pair: np.ndarray) -> np.ndarray:
        """Return over all regions what a place, and the online region, have."""
        return np.repeat(pair, self.count)

    @np.errstate(all="ignore")  # what is not defined is not finite, and found to be so
    def local(  # type: ignore[override]
        self, tau: float, share: np.ndarray, state: np.ndarray, *, still: bool = False
    ) -> EvenLinearisation:
        """Clear markets at a share, from a state nearby, and differentiate.

        Where tau stays `still` the slope by it, two thirds of the work, is left out.
        """
        dynamics, (each, online) = self.motion, share[ENDS]
        parameters, reach = self.known(tau)
        groups = self._cleared(tau, share, state)
        moves = self._moves(tau, share, groups)
        slopes = dynamics.intensity * self._gains(parameters, reach, share, groups, moves)
        slopes -= np.diag(dynamics.dispersion / share[ENDS])
        apart = slopes[:, 0] / self.count[0] - slopes[:, 1]
        place = even_spread.of_first(moves, *(pair[0] for pair in groups[2:]))
        freeness = self.waves.coefficients(parameters.operator.table[0, :-1])
        gains = dynamics.intensity * even_spread.wave_gains(place, freeness)
        found = EvenLinearisation(
            self._all(self._attraction(parameters, share, groups)),
            slopes,
            np.zeros(share.size) if still else self._drift(tau, share, groups.state),
            groups.state,
            float(self.count[0] * each * online * (apart[0] - apart[1])),
            each * gains - dynamics.dispersion,
        )
        if not all(np.isfinite(value).all() for value in found):
            raise CorrectorFailure("a derivative is undefined in double precision")
        return found

    def _cleared(self, tau: float, share: np.ndarray, state: np.ndarray) -> Groups:
        """Clear markets by Newton's method; after a step that brought nothing, by f itself."""
        parameters, reach = self.known(tau)
        state, found, best, idle = state.copy(), None, np.inf, 0
        for _ in range(STEPS):
            here = self._trade(parameters, reach, share, state)
            off = float(np.max(np.abs(here.change)))
            found, best, idle = (here, off, 0) if off < best else (found, best, idle + 1)
            if found is None or best <= ROUNDING or idle == TRIES:
                break
            step = here.change
            if idle == 0:
                moves = self._moves(tau, share, here)
                by_state = self._state_by(parameters, reach, share, here, moves)[0]
                step = solve_linear(np.eye(2) - by_state[:, :2], step)
            elif idle == 1:
                state, step = found.state.copy(), found.change
            state += self._all(np.clip(step, -LONGEST_STEP, LONGEST_STEP))
            equations.normalise(parameters, share, state)
        if found is None or not best <= SolverOptions().tolerance_residual:
            raise CorrectorFailure("markets did not clear")
        return found

    def _trade(
        self, parameters: Any, reach: np.ndarray, share: np.ndarray, state: np.ndarray
    ) -> Groups:
        supply, spent, change = np.empty((3, state.size))
        equations.goods(parameters, share, state, supply, spent)
        price = supply[ENDS] @ reach
        access = (spent[ENDS] / price) @ reach
        equations.respond(parameters, share, state, self._all(price), self._all(access), change)
        return Groups(state.copy(), change[ENDS], spent[ENDS], price, access)

    def _moves(self, tau: float, share: np.ndarray, groups: Groups) -> PlaceSlopes:
        parameters, _ = self.known(tau)
        price, access = self._all(groups.price), self._all(groups.access)
        return linearised.place_slopes(parameters, share, groups.state, price, access)

    def _state_by(
        self,
        parameters: Any,
        reach: np.ndarray,
        share: np.ndarray,
        groups: Groups,
        moves: PlaceSlopes,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return df and dln P, pairs, by the states of both groups, and then by their shares."""
        by = [moves.by_state[:, ENDS], moves.by_share[:, ENDS]]
        supply, spending = (
            np.concatenate([np.diag(rows[row]) for rows in by], axis=1)
            for row in (linearised.SUPPLY, linearised.SPENDING)
        )
        pool = np.concatenate([rows[linearised.POOL] * self.count for rows in by])
        price = reach.T @ supply / groups.price[:, None]
        demand = spending + np.outer(moves.settled[ENDS], pool) - groups.spent[:, None] * price
        access = reach.T @ (demand / groups.price[:, None]) / groups.access[:, None]
        own = np.concatenate([np.diag(pair) for pair in moves.own[:, ENDS]], axis=1)
        return moves.response[ENDS, None] * access + own, price

    def _gains(
        self,
        parameters: Any,
        reach: np.ndarray,
        share: np.ndarray,
        groups: Groups,
        moves: PlaceSlopes,
    ) -> np.ndarray:
        """Return d ln payoff by the shares of both groups, markets clearing."""
        by_state, by_price, by_share = moves.payoff[:, ENDS]
        change, price = self._state_by(parameters, reach, share, groups, moves)
        moved = solve_linear(np.eye(2) - change[:, :2], change[:, 2:])
        price = price[:, :2] @ moved + price[:, 2:]
        return np.asarray(by_state[:, None] * moved + by_price[:, None] * price + np.diag(by_share))

    def _attraction(self, parameters: Any, share: np.ndarray, groups: Groups) -> np.ndarray:
        """Return F of a place and of the online region."""
        dynamics, log_payoff = self.motion, np.empty(share.size)
        price, access = self._all(groups.price), self._all(groups.access)
        equations.payoff(parameters, share, groups.state, price, access, log_payoff)
        found = dynamics.intensity * log_payoff[ENDS] + dynamics.log_weight[ENDS]
        if dynamics.dispersion > 0.0:
            found -= dynamics.dispersion * np.log(share[ENDS])
        return np.asarray(found)

    @np.errstate(all="ignore")
    def drifting(  # type: ignore[override]
        self, local: EvenLinearisation, tau: float, share: np.ndarray
    ) -> EvenLinearisation:
        """Return the economy to first order with its slope by tau, where it was left out."""
        if local.drift.any():
            return local
        drift = self._drift(tau, share, local.state)
        if not np.isfinite(drift).all():
            raise CorrectorFailure("a derivative is undefined in double precision")
        return local._replace(drift=drift)

    def _drift(self, tau: float, share: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Return dF / d tau, shares as they are."""
        before, after = max(tau - PARAMETER_STEP, 0.0), min(tau + PARAMETER_STEP, 1.0)
        change = self._beside(after, share, state) - self._beside(before, share, state)
        return self._all(change / (after - before))

    def _beside(self, tau: float, share: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Return F at another value of the parameter, shares as they are."""
        there = self._cleared(tau, share, state)
        return self._attraction(self.known(tau)[0], share, there)

    def slopes(  # type: ignore[override]
        self, on: OccupiedCells, local: EvenLinearisation
    ) -> np.ndarray:
        """Return dF of both groups by the share of each place, and of the online region."""
        return local.slopes

    def rates(  # type: ignore[override]
        self, on: OccupiedCells, share: np.ndarray, local: EvenLinearisation
    ) -> np.ndarray:
        """Return growth rates of small deviations, each as often as there are such deviations."""
        rates = np.append(np.repeat(local.waves, self.waves.multiplicity), local.online)
        return -np.sort(-rates).astype(complex)

    def neutral_deviations(  # type: ignore[override]
        self, on: OccupiedCells, local: EvenLinearisation, dimension: int
    ) -> np.ndarray:
        """Return an orthonormal basis of the deviations of growth rate zero."""
        size, found = local.attraction.size, np.zeros((0, local.attraction.size))
        for which in np.argsort(np.abs(np.append(local.waves, local.online)), kind="stable"):
            if len(found) >= dimension:
                break
            wave = which < local.waves.size
            shapes = (
                self.waves.shapes(np.array([which]), size)
                if wave
                else self._all(np.array([-1.0 / self.count[0], 1.0]))[None]
            )
            found = np.append(found, shapes / np.linalg.norm(shapes, axis=1, keepdims=True), axis=0)
        return found[:dimension].T
