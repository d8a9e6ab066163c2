"""The law of motion of an economy, on arrays: growth rates of shares, and their linearisation.

At a distribution with its markets cleared, small deviations eta = d ln lambda of the occupied
regions grow by d eta/dt = (I - 1 lambda') (dF/d ln lambda) eta (F: ``population_dynamics``),
within the tangent space sum_r lambda_r eta_r = 0 of shares that sum to one. The share of an
empty region, once entered, grows at its own rate (the entry condition). Where people move within
groups only (``mobility``), the mean is that of each group, and each keeps its sum.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from nege.kernels import derivatives, population_dynamics
from nege.kernels.equations import BY_PLACE
from nege.kernels.fixed_point import Report
from nege.models import deviations
from nege.models.base import Model
from nege.models.linearised import LinearisedMarkets, Trade, through_markets
from nege.solver_options import Logit, Replicator, SolverOptions

NEUTRAL_RATE = 1e-9  # growth rates below this are neither growth nor decline
ROUNDING = 1e-12  # of the fastest rate: imaginary parts below this are rounding
BLAS_PAYS = 200  # regions from which tables of derivatives are faster by BLAS and LAPACK


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
        return float(np.abs(self.growth[self.share > 0.0]).max())

    @property
    def entry(self) -> float:
        """Growth rate of the empty region that would grow fastest."""
        return float(np.max(self.growth[self.share == 0.0], initial=-np.inf))


class Modes(NamedTuple):
    """Small deviations of occupied regions, the fastest growing first."""

    rates: np.ndarray  # (k - 1,), complex where deviations oscillate
    vectors: np.ndarray  # (k, k - 1), d ln share of the occupied regions, in columns


class Linearised(NamedTuple):
    """Attraction at a distribution, markets cleared, and its derivatives."""

    attraction: np.ndarray  # F
    slopes: np.ndarray  # dF/d share
    drift: np.ndarray  # dF along a direction of the parameters
    state: np.ndarray
    status: int  # of the short run, as its residual
    residual: float
    defined: bool  # whether derivatives are


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
        self.dynamics = model.motion(dynamics)
        self.short_run = options.for_kernels()
        self.groups = model.groups

    def at(self, share: np.ndarray, state: np.ndarray) -> ClearedPoint:
        """Clear markets at a share, from a state nearby; neither array is changed."""
        state = state.copy()
        log_payoff, growth = np.empty_like(share), np.empty_like(share)
        cleared, residual = population_dynamics.evaluate(
            self.parameters, self.dynamics, share, state, self.short_run, log_payoff, growth
        )
        if self.groups is not None:
            growth, residual = self.groups.growth(self.dynamics, share, log_payoff)
        return ClearedPoint(share, state, growth, max(float(residual), cleared.residual), cleared)

    def rescaled(self, share: np.ndarray) -> np.ndarray:
        """Return shares that sum to one, or in each group to its people, in these proportions."""
        return share / share.sum() if self.groups is None else self.groups.rescaled(share)

    def group_of(self, among: np.ndarray) -> np.ndarray | None:
        """Return the groups of some regions; None where everybody moves freely."""
        return None if self.groups is None else self.groups.of[among]

    def levels(self, among: np.ndarray) -> np.ndarray:
        """Return whose attraction has a common level: (regions, levels), ones and zeros."""
        of = self.group_of(among)
        return np.ones((among.size, 1)) if of is None else deviations.members(of).astype(float)

    def moves(self, among: np.ndarray) -> bool:
        """Whether any deviation of some occupied regions is possible."""
        return bool(among.size > self.levels(among).shape[1])

    def linearise(self, share: np.ndarray, state: np.ndarray, direction: Any) -> Linearised:
        """Clear markets at a share, from a state nearby, and differentiate.

        `direction` is what ``Model.direction`` returns of the parameter that varies.
        """
        state, n = state.copy(), share.size
        attraction, slopes, drift = np.empty(n), np.empty((n, n)), np.empty(n)
        status, residual, defined = population_dynamics.linearise(
            self.parameters,
            direction,
            self.dynamics,
            share,
            state,
            self.short_run,
            attraction,
            slopes,
            drift,
        )
        return Linearised(attraction, slopes, drift, state, status, residual, bool(defined))

    def slopes(self, point: ClearedPoint) -> np.ndarray:
        """dF_r/d ln share_j; NaN where markets leave it undefined."""
        return self.slopes_among(point, np.arange(point.share.size))

    def slopes_among(self, point: ClearedPoint, among: np.ndarray) -> np.ndarray:
        """Return the same for the occupied regions, or for all, given by position."""
        gains = self._payoff_table(point, among)
        gains *= self.dynamics.intensity * point.share[among]
        return gains - self.dynamics.dispersion * np.eye(among.size)

    def _payoff_table(self, point: ClearedPoint, among: np.ndarray) -> np.ndarray:
        """Return d ln payoff_r/d share_j."""
        share, state, n = point.share, point.state, point.share.size
        if n < BLAS_PAYS:
            table = np.empty((n, n))
            if not derivatives.payoff_jacobian(self.parameters, share, state, table):
                table[:] = np.nan
            return np.asarray(table[np.ix_(among, among)])
        if self.parameters.meeting == BY_PLACE:
            with np.errstate(all="ignore"):  # what is not finite is not known
                markets = LinearisedMarkets(self.parameters, share, state, self.trade)
                if not markets.moved_by(among):
                    every = np.arange(n)
                    return np.asarray(self._payoff_table(point, every)[np.ix_(among, among)])
                return markets.payoff_table(among, self.trade.rows(among))
        blocks = np.empty((4, n, n))
        derivatives.blocks(self.parameters, share, state, *blocks)
        return np.asarray(through_markets(*blocks)[np.ix_(among, among)])

    @functools.cached_property
    def trade(self) -> Trade:
        """Sums over places, and rows of K."""
        return Trade(self.parameters.operator, self.dynamics.log_weight.size)

    def newton_step(self, point: ClearedPoint, support: np.ndarray) -> np.ndarray | None:
        """Return the step of Newton's method in ln share to equal attraction; None without one."""
        # Bordered system: unknown common level of attraction, shares that sum to one.
        levels, n = self.levels(support), support.size
        system = np.zeros((n + levels.shape[1], n + levels.shape[1]))
        system[:n, :n] = self.slopes_among(point, support)
        system[:n, n:] = -levels
        system[n:, :n] = levels.T * point.share[support]
        right = np.append(-self.attraction(point)[support], np.zeros(levels.shape[1]))
        try:
            return np.asarray(np.linalg.solve(system, right)[:n])
        except np.linalg.LinAlgError:
            return None

    def follow(
        self,
        share: np.ndarray,
        state: np.ndarray,
        options: SolverOptions,
        slow: float,
        step: float,
        limit_steps: int,
    ) -> population_dynamics.Arrival:
        """Follow the dynamics, in place, until little moves."""
        path, kernel = options.tolerance_path, population_dynamics.follow
        arrival: population_dynamics.Arrival = kernel(
            self.parameters,
            self.dynamics,
            share,
            state,
            self.short_run,
            path,
            slow,
            step,
            limit_steps,
        )
        return arrival

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
        slopes = self.slopes_among(point, occupied)
        return deviations.tangent(slopes, point.share[occupied], self.group_of(occupied))

    def leading_rate(self, point: ClearedPoint) -> float:
        """Growth rate of the fastest small deviation among occupied regions.

        Minus infinity where none is possible, NaN where markets leave it undefined.
        """
        return self.leading(point)[0]

    def leading(self, point: ClearedPoint) -> tuple[float, np.ndarray | None]:
        """Return that rate, and where Arnoldi iteration found it the deviation in ln share."""
        occupied = np.flatnonzero(point.share > 0.0)
        if not self.moves(occupied):
            return -np.inf, None
        slopes = self.slopes_among(point, occupied)
        return deviations.leading_among(slopes, point.share[occupied], self.group_of(occupied))

    def attraction(self, point: ClearedPoint) -> np.ndarray:
        """F_r of kernels.population_dynamics, relative to its mean over the occupied regions."""
        if self.dynamics.logit:
            return point.growth
        return np.asarray(np.log(np.maximum(1.0 + point.growth, 1e-300)))


def law_of_motion(
    model: Model, dynamics: Replicator | Logit, options: SolverOptions
) -> LawOfMotion:
    """Return the law of motion of an economy: of its own, or that of kernels."""
    own: LawOfMotion | None = model.own_law_of_motion(dynamics, options)
    return LawOfMotion(model, dynamics, options) if own is None else own


def _real(rates: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Real vectors for real rates that rounding made conjugate pairs: both span the same plane."""
    real = vectors.real.copy()
    for mode in np.flatnonzero(rates.imag < 0.0):
        real[:, mode] = vectors[:, mode].imag
    return real
