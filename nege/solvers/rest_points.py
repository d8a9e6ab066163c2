"""Stationary points of the dynamics: Newton's method to reach them, eigenvalues to judge them.

At a distribution with its markets cleared, small deviations eta = d ln lambda of the occupied
regions grow by d eta/dt = (I - 1 lambda') (dF/d ln lambda) eta (``kernels.long_run`` has F),
within the tangent space sum_r lambda_r eta_r = 0 of shares that sum to one. The share of an
empty region, once entered, grows at its own rate (the entry condition).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nege.kernels import derivatives, long_run
from nege.kernels.fixed_point import Report
from nege.models import deviations
from nege.models.base import Model
from nege.options import Logit, Replicator, SolverOptions

NEUTRAL = 1e-9  # growth rates below this are neither growth nor decline
NEWTON_LIMIT = 30
LONGEST_NEWTON_STEP = 1.0  # in ln share
POLISHED = 0.01  # of the tolerance: where Newton's method stops
ROUNDING = 1e-12  # of the fastest rate: imaginary parts below this are rounding


class Point(NamedTuple):
    """A distribution with its markets cleared."""

    share: np.ndarray
    state: np.ndarray
    growth: np.ndarray  # d ln share/dt, also of empty regions: what they would grow at
    residual: float  # of complementarity and of market clearing
    cleared: Report

    @property
    def spread(self) -> float:
        """How far growth rates of occupied regions are from zero."""
        return float(np.max(np.abs(self.growth[self.share > 0.0])))

    @property
    def entry(self) -> float:
        """Growth rate of the empty region that would grow fastest."""
        return float(np.max(self.growth[self.share == 0.0], initial=-np.inf))


class Modes(NamedTuple):
    """Small deviations of occupied regions, the fastest growing first."""

    rates: np.ndarray  # (k - 1,), complex where deviations oscillate
    vectors: np.ndarray  # (k, k - 1), d ln share of the occupied regions, in columns


class Motion:
    """The dynamical system: an economy and how its people move."""

    def __init__(
        self,
        model: Model,
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> None:
        model.check_memory()
        self.parameters: Any = model.kernel_for(options.operator, compiled=True)
        self.dynamics = dynamics.kernel(model)
        self.short_run = options.kernel()

    def at(self, share: np.ndarray, state: np.ndarray) -> Point:
        """Clear markets at a share, from a state nearby; neither array is changed."""
        state = state.copy()
        log_payoff, growth = np.empty_like(share), np.empty_like(share)
        cleared, residual = long_run.evaluate(
            self.parameters, self.dynamics, share, state, self.short_run, log_payoff, growth
        )
        return Point(share, state, growth, max(float(residual), cleared.residual), cleared)

    def polish(self, point: Point, tolerance: float) -> tuple[Point, float, int]:
        """Newton's method for equal attraction over the occupied regions: point, error, steps."""
        support = np.flatnonzero(point.share > 0.0)
        best, error, steps = point, 0.0, 0
        for _ in range(NEWTON_LIMIT if support.size > 1 else 0):
            # Bordered system: unknown common level of attraction, shares that sum to one.
            system = np.zeros((support.size + 1, support.size + 1))
            system[:-1, :-1] = self.slopes(point)[np.ix_(support, support)]
            system[:-1, -1] = -1.0
            system[-1, :-1] = point.share[support]
            right = np.append(-self._attraction(point)[support], 0.0)
            try:
                step = np.linalg.solve(system, right)[:-1]
            except np.linalg.LinAlgError:
                break
            if not np.isfinite(step).all():
                break
            step *= min(1.0, LONGEST_NEWTON_STEP / max(float(np.max(np.abs(step))), 1e-300))
            share = point.share.copy()
            share[support] *= np.exp(step)
            share /= share.sum()
            moved, before = float(np.max(np.abs(share - point.share))), point.spread
            point = self.at(share, point.state)
            steps += 1
            if point.spread < best.spread:
                best = point
                # Estimate of the next step: shorter in the ratio of the spreads.
                error = 2.0 * moved * point.spread / max(before, 1e-300)
            elif steps == 1:
                error = moved  # what Newton's method would change, though payoffs hardly tell
            if best.spread <= POLISHED * tolerance or best is not point:
                break
        return best, error, steps

    def slopes(self, point: Point) -> np.ndarray:
        """dF_r/d ln share_j; NaN where markets leave it undefined."""
        slopes = np.empty((point.share.size, point.share.size))
        if not derivatives.payoff_jacobian(self.parameters, point.share, point.state, slopes):
            slopes[:] = np.nan
        slopes *= self.dynamics.intensity * point.share
        return slopes - self.dynamics.dispersion * np.eye(point.share.size)

    def modes(self, point: Point) -> Modes:
        """Eigenvalues and eigenvectors of small deviations; NaN where they are undefined."""
        basis, matrix = self.tangent(point)
        if not np.isfinite(matrix).all():
            return Modes(np.full(len(matrix), np.nan), np.full(basis.shape, np.nan))
        rates, vectors = np.linalg.eig(matrix)
        order = np.argsort(-rates.real, kind="stable")
        rates, vectors = rates[order], basis @ vectors[:, order]
        top = np.max(np.abs(rates), initial=0.0)
        if np.iscomplexobj(rates) and (np.abs(rates.imag) <= ROUNDING * top).all():
            return Modes(rates.real, _real(rates, vectors))
        return Modes(rates, vectors)

    def tangent(self, point: Point) -> tuple[np.ndarray, np.ndarray]:
        """Orthonormal basis of the tangent space of the simplex, and the stability matrix on it."""
        occupied = np.flatnonzero(point.share > 0.0)
        slopes = self.slopes(point)[np.ix_(occupied, occupied)]
        return deviations.tangent(slopes, point.share[occupied])

    def leading_rate(self, point: Point) -> float:
        """Growth rate of the fastest small deviation among occupied regions.

        Minus infinity where there is only one, NaN where markets leave it undefined.
        """
        if np.count_nonzero(point.share) == 1:
            return -np.inf
        return deviations.leading_rate(self.tangent(point)[1])

    def _attraction(self, point: Point) -> np.ndarray:
        """F_r of kernels.long_run, relative to its mean over the occupied regions."""
        if self.dynamics.logit:
            return point.growth
        return np.asarray(np.log(np.maximum(1.0 + point.growth, 1e-300)))


def fastest(inner: float, entry: float, tolerance: float) -> float:
    """Largest growth rate: of deviations among occupied regions and of entry; NaN if unknown.

    Entry decides alone where the rate inside is not known.
    """
    return float(np.fmax(entry, inner) if entry > tolerance else np.maximum(entry, inner))


def verdict(rate: float) -> str:
    """Say in prose what the growth rate of the fastest small deviation means."""
    if np.isnan(rate):
        return "Stability not established: it is not defined in double precision."
    if rate == -np.inf:
        return "Stable: no deviation is possible."
    if abs(rate) <= NEUTRAL:
        return "Neither stable nor unstable: some deviation neither grows nor dies out."
    if rate < 0.0:
        return f"Stable: the slowest small deviation dies out at rate {-rate:.2g}."
    return f"Unstable: the fastest small deviation grows at rate {rate:.2g}."


def _real(rates: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Real vectors for real rates that rounding made conjugate pairs: both span the same plane."""
    real = vectors.real.copy()
    for mode in np.flatnonzero(rates.imag < 0.0):
        real[:, mode] = vectors[:, mode].imag
    return real
