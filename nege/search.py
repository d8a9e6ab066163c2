"""The search for a long run, on arrays: follow the dynamics, polish, judge, nudge.

It goes in rounds. Each follows the dynamics until little moves, polishes the point on
its support by Newton's method, and accepts it only where it is near, at rest and
stable, empty regions included; otherwise the dynamics go on. So the answer is the one
that the dynamics reach, to the precision of Newton's method.
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import numpy as np

from nege.kernels import derivatives, long_run
from nege.kernels.fixed_point import Report
from nege.models.base import Model
from nege.options import Logit, Replicator, SolverOptions
from nege.status import Status

logger = logging.getLogger("nege")

NUDGE = 1e-6
NEAR = 1e-4  # how far polishing may move a share
EXTINCT = 1e-6  # below this a falling share is taken for zero
AT_REST = 1e-9  # polishing moved less: the dynamics will not leave by themselves
NEUTRAL = 1e-9  # growth rates below this are neither growth nor decline
FIRST_PACE = 1e-3  # at which the first polish is tried
SLOWER = 0.01  # factor on the pace from one round to the next
ROUNDS = 60
NEWTON_LIMIT = 30
LONGEST_NEWTON_STEP = 1.0  # in ln share
STRETCH = 20  # steps after which a departure is looked at again
SIDE = 1e-14  # offset from a saddle below which there is no side
POLISHED = 0.01  # of the tolerance: where Newton's method stops


class LongRun(NamedTuple):
    """A long run as arrays."""

    share: np.ndarray
    state: np.ndarray
    status: Status
    residual: float
    error: float
    iterations: int
    perturbed: tuple[str, ...]
    leading_eigenvalue: float
    parameters: Any  # of the model, with the operator that was used


class Point(NamedTuple):
    """A distribution with its markets cleared."""

    share: np.ndarray
    state: np.ndarray
    growth: np.ndarray  # d ln share/dt, also of empty regions: what they would grow at
    residual: float  # of complementarity and of market clearing
    cleared: Report


def find_long_run(
    model: Model,
    share: np.ndarray,
    state: np.ndarray,
    dynamics: Replicator | Logit,
    options: SolverOptions,
) -> LongRun:
    """Find the long run from a start; neither array is changed.

    Parameters
    ----------
    model : Model
        The economy.
    share, state : (R,) arrays
        Distribution to start from; short-run state to start from.
    dynamics : Replicator or Logit
        How people move.
    options : SolverOptions
        Tolerances and limits.

    Returns
    -------
    LongRun
        Also where nothing was found: the last point, with its status.
    """
    return _Search(model, dynamics, options).run(share, state)


class _Search:
    def __init__(self, model: Model, dynamics: Replicator | Logit, options: SolverOptions) -> None:
        self.regions = model.regions
        self.parameters = model.kernel_for(options.operator, compiled=True)
        self.dynamics = dynamics.kernel(model)
        self.leaves_rest = isinstance(dynamics, Logit) or dynamics.allow_entry
        self.options = options
        self.short_run = options.kernel()
        # Slower than this, what moves is hardly more than the rounding of the short run.
        self.slowest = 1000.0 * options.tolerance_residual
        self.steps = 0
        self.perturbed: list[str] = []

    def run(self, share: np.ndarray, state: np.ndarray) -> LongRun:
        """Go round until a point is accepted or nothing is left to try."""
        share, state = share.copy(), state.copy()
        if self.dynamics.logit and (share == 0.0).any():
            # Somebody likes every region, so an empty one fills at once.
            share[share == 0.0] = NUDGE
            share /= share.sum()
        slow, step = FIRST_PACE, 0.0
        for _ in range(ROUNDS):
            arrival = self._integrate(share, state, slow, step, self._left())
            if arrival.status == Status.NOT_FINITE:
                break
            at_rest = slow <= self.slowest
            found = self._judge(share, state, at_rest=at_rest)
            slow, step = max(SLOWER * min(slow, arrival.speed), self.slowest), arrival.step
            if found is not None:
                if found.status is Status.CONVERGED or not self.leaves_rest:
                    return found
                share, state = self._depart(*self._nudge(found, share))
                slow, step = FIRST_PACE, 0.0
            elif at_rest or arrival.status != Status.CONVERGED:
                break
        point = self._at(share, state)
        last = Status.STALLED if self._left() else Status.LIMIT
        reasons = (point.cleared.status, arrival.status, last)
        status = next(Status(reason) for reason in reasons if reason != Status.CONVERGED)
        return self._result(point, status, point.residual, np.inf, np.nan)

    def _judge(self, share: np.ndarray, state: np.ndarray, *, at_rest: bool) -> LongRun | None:
        """Polish; return the rest point, or None where the dynamics have yet to reach one."""
        guess = share.copy()
        if not self.dynamics.logit:
            # Where payoffs are all but equal, what dies out does so ever more slowly.
            small = guess < (NEAR if at_rest else EXTINCT)
            guess[small & (self._at(share, state).growth < 0.0)] = 0.0
            guess /= guess.sum()
        point, error = self._polish(self._at(guess, state))
        tolerance = self.options.tolerance_payoff
        empty = point.share == 0.0
        inside = max(float(np.max(np.abs(point.growth[~empty]))), point.cleared.residual)
        moved = float(np.max(np.abs(point.share - share)))
        if not (point.cleared.status == Status.CONVERGED and inside <= tolerance and moved <= NEAR):
            return None
        if (point.growth[empty & (share > 0.0)] > tolerance).any():
            return None  # it was on its way up, not out
        entry = float(np.max(point.growth[empty], initial=-np.inf))
        inner = self._leading_eigenvalue(point)  # NaN where markets leave it undefined
        entered = entry > tolerance
        rate = float(np.fmax(entry, inner) if entered else np.maximum(entry, inner))
        if not entered and not rate > NEUTRAL:
            return self._result(point, Status.CONVERGED, point.residual, error, rate)
        if not entered and moved > AT_REST and not at_rest:
            return None  # passing a saddle
        return self._result(point, Status.UNSTABLE, inside, error, rate)

    def _polish(self, point: Point) -> tuple[Point, float]:
        """Newton's method on equal attraction over the support; the best point, its error."""
        support = np.flatnonzero(point.share > 0.0)
        best, error = point, 0.0
        for _ in range(NEWTON_LIMIT if support.size > 1 else 0):
            # Bordered by the common level of attraction and by shares that sum to one.
            system = np.zeros((support.size + 1, support.size + 1))
            system[:-1, :-1] = self._slopes(point)[np.ix_(support, support)]
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
            moved, before = float(np.max(np.abs(share - point.share))), self._spread(point)
            point = self._at(share, point.state)
            self.steps += 1
            if self._spread(point) < self._spread(best):
                best = point
                # The next step would be as much shorter as the spread is smaller.
                error = 2.0 * moved * self._spread(point) / max(before, 1e-300)
            if self._spread(best) <= POLISHED * self.options.tolerance_payoff or best is not point:
                break
        return best, error

    def _attraction(self, point: Point) -> np.ndarray:
        """F_r of kernels.long_run, relative to its mean over the occupied regions."""
        if self.dynamics.logit:
            return point.growth
        return np.asarray(np.log(np.maximum(1.0 + point.growth, 1e-300)))

    def _spread(self, point: Point) -> float:
        return float(np.max(np.abs(point.growth[point.share > 0.0])))

    def _slopes(self, point: Point) -> np.ndarray:
        """dF_r/d ln share_j; NaN where markets leave it undefined."""
        slopes = np.empty((point.share.size, point.share.size))
        if not derivatives.payoff_jacobian(self.parameters, point.share, point.state, slopes):
            slopes[:] = np.nan
        slopes *= self.dynamics.intensity * point.share
        return slopes - self.dynamics.dispersion * np.eye(point.share.size)

    def _deviations(self, point: Point) -> np.ndarray:
        """Linearised dynamics of ln share among occupied regions.

        The direction that breaks the sum of shares is given the eigenvalue -1, so
        that it cannot be taken for growth.
        """
        occupied = np.flatnonzero(point.share > 0.0)
        matrix = self._slopes(point)[np.ix_(occupied, occupied)]
        weight = point.share[occupied]
        return np.asarray(matrix - weight @ matrix - weight)

    def _leading_eigenvalue(self, point: Point) -> float:
        """Growth rate of the fastest small deviation among occupied regions."""
        if np.count_nonzero(point.share) == 1:
            return -np.inf
        matrix = self._deviations(point)
        if not np.isfinite(matrix).all():
            return np.nan
        return float(np.max(np.linalg.eigvals(matrix).real))

    def _integrate(
        self, share: np.ndarray, state: np.ndarray, slow: float, step: float, limit: int
    ) -> long_run.Arrival:
        """Follow the dynamics, in place."""
        arrival: long_run.Arrival = long_run.integrate(
            self.parameters,
            self.dynamics,
            share,
            state,
            self.short_run,
            self.options.tolerance_path,
            slow,
            step,
            limit,
        )
        self.steps += arrival.steps
        return arrival

    def _left(self) -> int:
        return max(0, self.options.limit_steps - self.steps)

    def _depart(self, share: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Follow the dynamics until they have got going."""
        step, pace = 0.0, self._pace(share, state)
        while self._left() and pace < FIRST_PACE:
            arrival = self._integrate(share, state, 0.0, step, min(STRETCH, self._left()))
            step, before, pace = arrival.step, pace, self._pace(share, state)
            if not pace > before:
                break  # already on the way to where it will stay
        return share, state

    def _nudge(self, rest: LongRun, arrived: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Step off a point that would be left: into better empty regions, else downhill.

        Downhill on the side on which the dynamics arrived, so that the basin is theirs.
        """
        point = self._at(rest.share, rest.state)
        share = point.share.copy()
        entering = (share == 0.0) & (point.growth > self.options.tolerance_payoff)
        if entering.any():
            share[entering] = NUDGE
            names = [self.regions[r] for r in np.flatnonzero(entering)]
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            self.perturbed.append(f"entry of {', '.join(names[:3])}{more}")
        else:
            occupied = np.flatnonzero(share > 0.0)
            values, vectors = np.linalg.eig(self._deviations(point))
            mode = int(np.argmax(values.real))
            direction = np.asarray(vectors[:, mode].real)
            direction /= direction[np.argmax(np.abs(direction))]
            aside = np.log(arrived[occupied] / share[occupied])
            side = np.linalg.lstsq(vectors, aside.astype(complex), rcond=None)[0][mode]
            if (side * np.vdot(direction, vectors[:, mode])).real < -SIDE:
                direction = -direction
            share[occupied] *= np.exp(NUDGE * direction)
            top = self.regions[occupied[np.argmax(direction)]]
            self.perturbed.append(f"an unstable rest point, towards {top}")
        logger.info("nudged: %s", self.perturbed[-1])
        return share / share.sum(), point.state

    def _at(self, share: np.ndarray, state: np.ndarray) -> Point:
        """Clear markets at a share, from a state nearby."""
        state = state.copy()
        log_payoff, growth = np.empty_like(share), np.empty_like(share)
        cleared, residual = long_run.evaluate(
            self.parameters, self.dynamics, share, state, self.short_run, log_payoff, growth
        )
        return Point(share, state, growth, max(float(residual), cleared.residual), cleared)

    def _pace(self, share: np.ndarray, state: np.ndarray) -> float:
        return float(long_run.pace(self.dynamics, share, self._at(share, state).growth))

    def _result(
        self, point: Point, status: Status, residual: float, error: float, rate: float
    ) -> LongRun:
        return LongRun(
            point.share,
            point.state,
            status,
            residual,
            max(error, float(point.cleared.error)),
            self.steps,
            tuple(self.perturbed),
            rate,
            self.parameters,
        )
