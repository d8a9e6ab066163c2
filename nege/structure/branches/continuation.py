"""Pseudo-arclength continuation of equilibria: predictor, Newton corrector, located events.

Occupied regions come in *cells*, regions equal by symmetry; along a path their shares stay
equal. With lambda the shares, tau the position of the parameter in its interval (0 to 1) and F
the attraction of ``kernels.population_dynamics``, a path is the curve

    F_i(lambda, tau) = c for each cell i,    sum_r lambda_r = 1

in the space of (lambda, tau), followed by its length (Keller 1977): predict along the
tangent, correct by Newton's method in a plane across it. Prices are solved inside, from
those of the point before. A path ends where a cell empties, where it comes back to its
own start, where it runs into more symmetric equilibria, or at an end of the interval.

Along it these functions are watched, and their zeros located:

    growth rates of small deviations among the occupied    break, or fold with the next
    d tau / d length                                       fold
    growth rates of entrants into empty regions            sustain, entry
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege.kernels.codes import CONVERGED, STALLED
from nege.models.base import Model
from nege.models.law_of_motion import NEUTRAL_RATE, law_of_motion
from nege.solver_options import Logit, Replicator, SolverOptions

TRACED_TOLERANCE = 1e-11  # and for the others


class CorrectorFailure(Exception):  # noqa: N818  not an error: the step is tried again, shorter
    """Newton's corrector did not converge to a point of the curve."""


class RegionEmptied(CorrectorFailure):
    """A cell would have a negative share."""

    def __init__(self, cell: int) -> None:
        super().__init__("a share fell below zero")
        self.cell = cell


class OccupiedCells(NamedTuple):
    """Support and symmetry: which regions are occupied, and which of them are equal."""

    cells: tuple[np.ndarray, ...]
    first: np.ndarray  # (m,), one region of each cell
    member: np.ndarray  # (R, m), 1 where a region is in a cell
    occupied: np.ndarray  # regions, in order
    size: np.ndarray  # (m,), how many regions each cell has


def occupied_cells(cells: Sequence[np.ndarray], n: int) -> OccupiedCells:
    """Return the pattern of some cells among n regions."""
    member = np.zeros((n, len(cells)))
    for j, cell in enumerate(cells):
        member[cell, j] = 1.0
    first = np.array([cell[0] for cell in cells])
    return OccupiedCells(tuple(cells), first, member, np.flatnonzero(member.any(1)), member.sum(0))


class LocalLinearisation(NamedTuple):
    """First-order expansion of the economy at one distribution."""

    attraction: np.ndarray  # (R,) F
    slopes: np.ndarray  # (R, R) dF_r / d lambda_j
    drift: np.ndarray  # (R,) dF_r / d tau
    state: np.ndarray


class ContinuationPoint(NamedTuple):
    """An equilibrium on a path."""

    vector: np.ndarray  # (R + 1,): lambda, tau
    state: np.ndarray  # (R,)
    tangent: np.ndarray  # (R + 1,), unit: d lambda, d tau
    rates: np.ndarray  # growth rates of deviations among the occupied, largest real part first
    gaps: np.ndarray  # (R,) growth rate of an entrant; NaN where occupied

    @property
    def share(self) -> np.ndarray:
        """(R,) lambda."""
        return self.vector[:-1]

    @property
    def tau(self) -> float:
        """Where in the interval."""
        return float(self.vector[-1])

    @property
    def watched(self) -> np.ndarray:
        """Values of which a change of sign is an event."""
        return np.concatenate([self.rates.real, self.gaps, self.tangent[-1:]])

    @property
    def leading(self) -> float:
        """Growth rate of the fastest deviation among the occupied."""
        return float(np.max(self.rates.real, initial=-np.inf))

    @property
    def entry(self) -> float:
        """Growth rate of the fastest entrant."""
        return float(np.max(self.gaps[~np.isnan(self.gaps)], initial=-np.inf))

    @property
    def unstable(self) -> int:
        """How many deviations grow, entry into empty regions included."""
        grows = np.concatenate([self.rates.real, self.gaps]) > NEUTRAL_RATE
        return int(np.count_nonzero(grows))


LOCATED_TOLERANCE = 1e-13  # where Newton's method stops at once, for located points
SHORT_RUN_LIMIT = 2000  # iterations of prices, which start from a neighbour's
NEWTON_LIMIT = 12
LONGEST_NEWTON_STEP = 0.5  # in shares, or in log shares under logit
FASTEST = (
    100.0  # log of a growth rate beyond which none is told from another: its squares are finite
)
CACHED_PARAMETER_BYTES = 1 << 26  # bytes of kernel parameters that are kept


class SolutionCurve:
    """The equilibria of one economy as one of its parameters varies: what a path needs to know.

    Parameters
    ----------
    model : Model
        The economy.
    parameter : str
        What varies.
    interval : (float, float)
        Its values at tau = 0 and 1, the first below the second.
    dynamics : Replicator or Logit
        How people move.
    options : SolverOptions
        Tolerances.
    """

    #: The dimension that shares are over, and its labels.
    dim: str
    labels: tuple[str, ...]

    def __init__(
        self,
        model: Model,
        parameter: str,
        interval: tuple[float, float],
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> None:
        self.model, self.parameter, self.interval = model, parameter, interval
        self.dynamics, self.options = dynamics, options

    def value(self, tau: float) -> float:
        """Return the parameter's value: even in logarithms where both ends are positive.

        Else a wide interval would hide in its first step what happens at small values.
        """
        low, high = self.interval
        if tau <= 0.0 or tau >= 1.0:
            return low if tau <= 0.0 else high  # both ends exactly, and never beyond them
        if low > 0.0:
            return min(max(low * math.exp(tau * self._logs()), low), high)
        return low + tau * (high - low) if tau < 0.5 else high - (1.0 - tau) * (high - low)

    def position(self, value: float) -> float:
        """Return the tau of a value."""
        low, high = self.interval
        part = math.log(value / low) / self._logs() if low > 0.0 else (value - low) / (high - low)
        return min(max(part, 0.0), 1.0)

    def speed(self, tau: float) -> float:
        """Return the derivative of the parameter's value."""
        low, high = self.interval
        return self.value(tau) * self._logs() if low > 0.0 else high - low

    def _logs(self) -> float:
        return math.log(self.interval[1]) - math.log(self.interval[0])

    def at(self, tau: float) -> Model:
        """Return the economy at a value of the parameter."""
        return self.model.replace({self.parameter: self.value(tau)})

    def start_state(self, tau: float) -> np.ndarray:
        """Return the state from which markets are cleared when nothing better is known."""
        return self.at(tau).start_state()

    def scaled(self, share: np.ndarray) -> np.ndarray:
        """Return shares that sum to one."""
        return np.asarray(share / share.sum())

    def local(self, tau: float, share: np.ndarray, state: np.ndarray) -> Any:
        """Return the economy to first order, near a share and a state."""
        raise NotImplementedError

    def correct(
        self,
        on: OccupiedCells,
        guess: np.ndarray,
        state: np.ndarray,
        row: np.ndarray,
        target: float,
        enough: float = LOCATED_TOLERANCE,
    ) -> tuple[np.ndarray, Any]:
        """Return the equilibrium near a guess in the plane row . (lambda, tau) = target.

        Returns
        -------
        (vector, local)
            (lambda, tau), and the economy there to first order.

        Raises
        ------
        CorrectorFailure
            Where there is no equilibrium near the guess, or none that is found.
        """
        raise NotImplementedError

    def point(
        self, on: OccupiedCells, vector: np.ndarray, local: Any, row: np.ndarray
    ) -> ContinuationPoint:
        """Return an equilibrium with its tangent on the side of `row`, and its rates."""
        raise NotImplementedError

    def neutral_deviations(self, on: OccupiedCells, local: Any, dimension: int) -> np.ndarray:
        """Return an orthonormal basis of the null space: deviations of growth rate zero."""
        raise NotImplementedError

    # --- labels --------------------------------------------------------------------

    def labelled(self, shares: np.ndarray, *front: str) -> xr.DataArray:
        """Return shares with their labels, whatever is in front."""
        return xr.DataArray(shares, {self.dim: list(self.labels)}, (*front, self.dim), "share")

    def classes(self, cells: Sequence[np.ndarray]) -> tuple[tuple[str, ...], ...]:
        """Return the regions in classes that symmetries map onto each other."""
        return tuple(tuple(self.labels[r] for r in cell) for cell in cells)

    def outcome(self, point: ContinuationPoint) -> xr.Dataset | None:
        """Return every variable at a point; None where shares say what the economy is."""
        return None

    def outcomes(self, points: Sequence[ContinuationPoint], dim: str) -> xr.Dataset | None:
        """Return the same over several points."""
        return None


class ContinuationProblem(SolutionCurve):
    """The equilibria of a model in shares of one factor: markets are cleared inside."""

    dim = "region"

    def __init__(
        self,
        model: Model,
        parameter: str,
        interval: tuple[float, float],
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> None:
        super().__init__(model, parameter, interval, dynamics, options)
        self.labels, self.motion = model.regions, model.motion(dynamics)
        self.short_runs = dataclasses.replace(options, limit_iterations=SHORT_RUN_LIMIT)
        size = 16 * len(model.regions) ** 2
        self.known = functools.lru_cache(max(16, min(4096, CACHED_PARAMETER_BYTES // size)))(
            self._known
        )

    def _known(self, tau: float) -> tuple[Any, Any]:
        """Return the law of motion at a position in the interval, and where parameters go there."""
        model = self.at(tau)
        law = law_of_motion(model, self.dynamics, self.short_runs)
        return law, model.direction(self.parameter)

    def local(
        self, tau: float, share: np.ndarray, state: np.ndarray, *, still: bool = False
    ) -> LocalLinearisation:
        """Clear markets at a share, from a state nearby, and differentiate.

        Where tau stays `still` no slope by it is needed: whoever has it for nothing gives it.
        """
        law, direction = self.known(tau)
        at = law.linearise(share, state, direction)
        fine = at.status == CONVERGED or (
            at.status == STALLED and at.residual <= self.options.tolerance_payoff
        )
        if not fine:
            raise CorrectorFailure("markets did not clear")
        if not at.defined:
            raise CorrectorFailure("a derivative is undefined in double precision")
        with np.errstate(over="ignore", invalid="ignore"):
            drift = at.drift * self.speed(tau)
        if not np.isfinite(drift).all():
            raise CorrectorFailure("a number overflowed")
        return LocalLinearisation(at.attraction, at.slopes, drift, at.state)

    def correct(
        self,
        on: OccupiedCells,
        guess: np.ndarray,
        state: np.ndarray,
        row: np.ndarray,
        target: float,
        enough: float = LOCATED_TOLERANCE,
    ) -> tuple[np.ndarray, LocalLinearisation]:
        """Newton's method on equal attraction, in the plane row . (lambda, tau) = target."""
        m, size = len(on.cells), on.size
        across = row[:-1] @ on.member
        x, tau, before = guess[on.first], float(guess[-1]), math.inf
        logit, intensity = self.motion.logit, self.motion.intensity
        still = not row[:-1].any() and tau == target
        for _ in range(NEWTON_LIMIT):
            if x.min() < 0.0:
                raise RegionEmptied(int(np.argmin(x)))
            if not 0.0 <= tau <= 1.0:
                raise CorrectorFailure("it left the interval")
            share = on.member @ x
            local = self.local(tau, share, state, still=still)
            state, attraction = local.state, local.attraction[on.first]
            level = float(attraction.mean())
            inside = float(np.max(np.abs(attraction - level))) / intensity
            short = float(1.0 - size @ x)
            aside = float(target - across @ x - row[-1] * tau)
            off = max(inside, abs(short), abs(aside))
            # Newton's method converges quadratically: a step that does not is rounding.
            if off <= enough or 0.1 * before < off <= self.options.tolerance_payoff:
                return np.append(share, tau), self.drifting(local, tau, share)
            before = off
            system = self._bordered(on, local, across, row[-1])
            if logit:
                system[:, :m] *= x
            step = solve_linear(system, np.concatenate([-attraction, [short, aside]]))
            step *= min(1.0, LONGEST_NEWTON_STEP / max(float(np.max(np.abs(step[:-1]))), 1e-300))
            x = x * np.exp(step[:m]) if logit else x + step[:m]
            tau += float(step[m])
        raise CorrectorFailure("Newton's method did not converge")

    def drifting(
        self, local: LocalLinearisation, tau: float, share: np.ndarray
    ) -> LocalLinearisation:
        """Return the economy to first order with its slope by tau, where it was left out."""
        return local

    def _bordered(
        self, on: OccupiedCells, local: LocalLinearisation, across: np.ndarray, along: float
    ) -> np.ndarray:
        """Return the bordered Jacobian: of all equations by shares of cells, tau and level c."""
        m = len(on.cells)
        system = np.zeros((m + 2, m + 2))
        system[:m, :m] = self.slopes(on, local)
        system[:m, m], system[:m, m + 1] = local.drift[on.first], -1.0
        system[m, :m], system[m + 1, :m], system[m + 1, m] = on.size, across, along
        return system

    def slopes(self, on: OccupiedCells, local: LocalLinearisation) -> np.ndarray:
        """Return dF in each cell by the share of each region of each cell, (m, m)."""
        return np.asarray(local.slopes[on.first] @ on.member)

    def point(
        self, on: OccupiedCells, vector: np.ndarray, local: LocalLinearisation, row: np.ndarray
    ) -> ContinuationPoint:
        """Return an equilibrium with its tangent on the side of `row`, and its rates."""
        return ContinuationPoint(
            vector,
            local.state,
            self.tangent(on, local, row),
            self.rates(on, vector[:-1], local),
            self.gaps(on, vector[:-1], local),
        )

    def tangent(self, on: OccupiedCells, local: LocalLinearisation, row: np.ndarray) -> np.ndarray:
        """Return the unit tangent (d lambda, d tau) of the curve with row . tangent > 0."""
        m = len(on.cells)
        system = self._bordered(on, local, row[:-1] @ on.member, row[-1])
        solution = solve_linear(system, np.append(np.zeros(m + 1), 1.0))
        result = np.append(on.member @ solution[:m], solution[m])
        return np.asarray(result / np.linalg.norm(result))

    def rates(self, on: OccupiedCells, share: np.ndarray, local: LocalLinearisation) -> np.ndarray:
        """Return eigenvalues: growth rates of small deviations that leave empty regions empty."""
        if on.occupied.size == 1:
            return np.empty(0, dtype=complex)
        weight = share[on.occupied]
        slopes = local.slopes[np.ix_(on.occupied, on.occupied)]
        flow = weight[:, None] * (slopes - weight @ slopes)
        basis = _zero_sum_basis(on.occupied.size)
        values = np.linalg.eigvals(basis.T @ flow @ basis).astype(complex)
        return np.asarray(values[np.argsort(-values.real, kind="stable")])

    def gaps(self, on: OccupiedCells, share: np.ndarray, local: LocalLinearisation) -> np.ndarray:
        """Return the entry condition: the growth rate of a small share in each empty region."""
        level = share[on.occupied] @ local.attraction[on.occupied]
        gaps = np.expm1(np.minimum(local.attraction - level, FASTEST))
        gaps[on.occupied] = np.nan
        return np.asarray(gaps)

    def neutral_deviations(
        self, on: OccupiedCells, local: LocalLinearisation, dimension: int
    ) -> np.ndarray:
        """Return an orthonormal basis of the null space: deviations of growth rate zero."""
        k = on.occupied.size
        system = np.zeros((k + 1, k + 1))
        system[:k, :k] = local.slopes[np.ix_(on.occupied, on.occupied)]
        system[:k, k], system[k, :k] = -1.0, 1.0
        result = np.zeros((local.attraction.size, dimension))
        result[on.occupied] = np.linalg.qr(np.linalg.svd(system)[2][-dimension:, :k].T)[0]
        return result


def bracketed_root(
    function: Callable[[float], float], low: float, high: float, ends: tuple[float, float]
) -> float:
    """Return a zero between two positions where the function has the given values."""
    from scipy.optimize import brentq

    known = {low: ends[0], high: ends[1]}
    return float(
        brentq(lambda s: known[s] if s in known else function(s), low, high, xtol=1e-15, rtol=1e-14)
    )


@functools.cache
def _zero_sum_basis(n: int) -> np.ndarray:
    """Return an orthonormal basis of the vectors that sum to zero."""
    return np.ascontiguousarray(np.linalg.svd(np.ones((1, n)))[2][1:].T)


def solve_linear(system: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve a linear system; where it has no solution the corrector fails."""
    try:
        solution = np.linalg.solve(system, right)
    except np.linalg.LinAlgError as error:
        raise CorrectorFailure("the curve has no direction here") from error
    if not np.isfinite(solution).all():
        raise CorrectorFailure("a number overflowed")
    return solution
