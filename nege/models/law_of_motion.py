"""The law of motion of an economy, on arrays: growth rates of shares, and their linearisation.

At a distribution with its markets cleared, small deviations eta = d ln lambda of the occupied
regions grow by d eta/dt = (I - 1 lambda') (dF/d ln lambda) eta (F: ``population_dynamics``),
within the tangent space sum_r lambda_r eta_r = 0 of shares that sum to one. The share of an
empty region, once entered, grows at its own rate (the entry condition).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nege.kernels import derivatives, population_dynamics
from nege.kernels.fixed_point import Report
from nege.models import deviations
from nege.models.base import Model
from nege.options import Logit, Replicator, SolverOptions

NEUTRAL_RATE = 1e-9  # growth rates below this are neither growth nor decline
ROUNDING = 1e-12  # of the fastest rate: imaginary parts below this are rounding


class ClearedPoint(NamedTuple):
    """A distribution of people with its markets cleared: a short-run equilibrium on arrays."""

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


class LawOfMotion:
    """The dynamical system: growth rates of an economy's shares, their Jacobian and eigenvalues."""

    def __init__(
        self,
        model: Model,
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> None:
        model.check_memory()
        self.parameters: Any = model.arrays_for(options.operator, compiled=True)
        self.dynamics = dynamics.for_kernels(model)
        self.short_run = options.for_kernels()

    def at(self, share: np.ndarray, state: np.ndarray) -> ClearedPoint:
        """Clear markets at a share, from a state nearby; neither array is changed."""
        state = state.copy()
        log_payoff, growth = np.empty_like(share), np.empty_like(share)
        cleared, residual = population_dynamics.evaluate(
            self.parameters, self.dynamics, share, state, self.short_run, log_payoff, growth
        )
        return ClearedPoint(share, state, growth, max(float(residual), cleared.residual), cleared)

    def slopes(self, point: ClearedPoint) -> np.ndarray:
        """dF_r/d ln share_j; NaN where markets leave it undefined."""
        slopes = np.empty((point.share.size, point.share.size))
        if not derivatives.payoff_jacobian(self.parameters, point.share, point.state, slopes):
            slopes[:] = np.nan
        slopes *= self.dynamics.intensity * point.share
        return slopes - self.dynamics.dispersion * np.eye(point.share.size)

    def modes(self, point: ClearedPoint) -> Modes:
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

    def tangent(self, point: ClearedPoint) -> tuple[np.ndarray, np.ndarray]:
        """Orthonormal basis of the tangent space of the simplex, and the stability matrix on it."""
        occupied = np.flatnonzero(point.share > 0.0)
        slopes = self.slopes(point)[np.ix_(occupied, occupied)]
        return deviations.tangent(slopes, point.share[occupied])

    def leading_rate(self, point: ClearedPoint) -> float:
        """Growth rate of the fastest small deviation among occupied regions.

        Minus infinity where there is only one, NaN where markets leave it undefined.
        """
        if np.count_nonzero(point.share) == 1:
            return -np.inf
        return deviations.leading_rate(self.tangent(point)[1])

    def attraction(self, point: ClearedPoint) -> np.ndarray:
        """F_r of kernels.population_dynamics, relative to its mean over the occupied regions."""
        if self.dynamics.logit:
            return point.growth
        return np.asarray(np.log(np.maximum(1.0 + point.growth, 1e-300)))


def _real(rates: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Real vectors for real rates that rounding made conjugate pairs: both span the same plane."""
    real = vectors.real.copy()
    for mode in np.flatnonzero(rates.imag < 0.0):
        real[:, mode] = vectors[:, mode].imag
    return real
