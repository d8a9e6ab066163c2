"""The long run from a start, on arrays: integrate the dynamics, refine by Newton, test stability.

It goes in rounds. Each integrates the dynamics until little moves, refines the point by
Newton's method on its support (the occupied regions; below: to *polish*), and accepts it only
where it is near, at rest and stable, empty regions included; otherwise the dynamics go on. A
stationary point that is unstable is left by a small step off it (a *nudge*). So the answer is
the one that the dynamics reach, to the precision of Newton's method.
"""

from __future__ import annotations

import logging
import math

import numpy as np

from nege.kernels import population_dynamics
from nege.models.base import Model
from nege.models.law_of_motion import NEUTRAL_RATE, ClearedPoint, LawOfMotion
from nege.models.search_progress import Progress
from nege.models.solutions import LongRun
from nege.progress import stop_if_cancelled
from nege.results.stability import fastest
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.solvers import matrix_free, rest_points, stiff_dynamics
from nege.status import Status

logger = logging.getLogger("nege")


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

    def from_state(state: np.ndarray) -> LongRun:
        own = model.own_long_run(share, state, dynamics, options)
        if own is not None:
            return own
        found = _DynamicsSearch(model, dynamics, options).run(share, state)
        if matrix_free.transforms_failed(model, found, options):
            by_matrix = _DynamicsSearch(model, dynamics, options, by_matrix=True)
            return by_matrix.run(share, model.start_state())
        return found

    found = from_state(state)
    if found.status in (Status.STALLED, Status.NOT_FINITE, Status.STUCK):
        # Prices of other parameters, as along a path, may be a start that does not converge.
        fresh = model.start_state()
        if not np.array_equal(fresh, state):
            again = from_state(fresh)
            found = again if again.status is Status.CONVERGED else found
    return found


NUDGED_SHARE = 1e-6
SAME_POINT_TOLERANCE = 1e-4  # how far polishing may move a share
FURTHEST = 10.0  # times that, where polishing gives up: the dynamics have to come nearer first
EXTINCT_SHARE = 1e-6  # below this a falling share is taken for zero
AT_REST_TOLERANCE = 1e-9  # polishing moved less: at an exact saddle the dynamics stay for ever
FIRST_PACE = 1e-3  # at which the first polish is tried
PACE_FACTOR = 0.01  # factor on the pace from one round to the next
PAYOFF_ROUNDING = 2e-16  # of log payoffs
MOST_ROUNDS = 60
DEPARTURE_STEPS = 20  # steps between two looks at how fast an unstable point is left
STIFF_STEPS = 10  # times as many, where each begins anew with short ones
PROGRESS_STEPS = 1000  # between two tests of progress
MOST_TESTS_WITHOUT_PROGRESS = 4
SIDE_TOLERANCE = 1e-14  # offset along the unstable direction below which its sign is rounding


class _DynamicsSearch:
    def __init__(
        self,
        model: Model,
        dynamics: Replicator | Logit,
        options: SolverOptions,
        *,
        by_matrix: bool = False,
    ) -> None:
        self.regions, self.corners = model.regions, model.corners
        self.law: LawOfMotion
        if matrix_free.serves(model, options):
            self.law = matrix_free.ManyRegions(model, dynamics, options, by_matrix=by_matrix)
        else:
            self.law = LawOfMotion(model, dynamics, options)
        self.parameters, self.dynamics = self.law.parameters, self.law.dynamics
        self.leaves_rest = isinstance(dynamics, Logit) or dynamics.allow_entry
        self.options = options
        # Of many regions each has little.
        self.same_point = SAME_POINT_TOLERANCE * min(1.0, matrix_free.MANY / len(self.regions))
        self.extinct = EXTINCT_SHARE * min(1.0, matrix_free.MANY / len(self.regions))
        self.short_run = options.for_kernels()
        # A pace below this is hardly more than the rounding of the short run.
        self.slowest = 1000.0 * options.tolerance_residual
        self.steps = 0
        # Explicit steps until stiffness is looked for: where tables of slopes are at hand.
        tables = type(self.law) is LawOfMotion
        self.patience = (
            stiff_dynamics.steps_before(len(self.regions)) if tables else options.limit_steps
        )
        self.stiff = False
        self.perturbed: list[str] = []

    def run(self, share: np.ndarray, state: np.ndarray) -> LongRun:
        """Repeat the rounds until a point is accepted or the limits are reached."""
        share, state = share.copy(), state.copy()
        if self.dynamics.logit and (share == 0.0).any():
            # Logit dynamics keep every share positive, so an empty region fills at once.
            share[share == 0.0] = NUDGED_SHARE
            share = self.law.rescaled(share)
        slow, step = FIRST_PACE, 0.0
        for _ in range(MOST_ROUNDS):
            arrival = self._integrate(share, state, slow, step, self._left())
            if arrival.status == Status.NOT_FINITE:
                break
            at_rest = slow <= self.slowest
            found = self._judge(share, state, at_rest=at_rest)
            slow, step = max(PACE_FACTOR * min(slow, arrival.speed), self.slowest), arrival.step
            if found is not None:
                if found.status is Status.CONVERGED or not self.leaves_rest:
                    return found
                share, state = self._depart(*self._nudge(found, share))
                slow, step = FIRST_PACE, 0.0
            elif at_rest or arrival.status != Status.CONVERGED:
                break
        point = self.law.at(share, state)
        last = Status.STALLED if self._left() else Status.LIMIT
        reasons = (point.cleared.status, arrival.status, last)
        status = next(Status(reason) for reason in reasons if reason != Status.CONVERGED)
        return self._result(point, status, point.residual, np.inf, np.nan)

    def _judge(self, share: np.ndarray, state: np.ndarray, *, at_rest: bool) -> LongRun | None:
        """Polish and test; return the stationary point, None where the dynamics have to go on."""
        point, guess = self.law.at(share.copy(), state), share.copy()
        if self.corners and not self.dynamics.logit:
            # Near equal payoffs a share that vanishes decays ever more slowly: set it to zero.
            small = guess < (self.same_point if at_rest else self.extinct)
            guess[small & (point.growth < 0.0)] = 0.0
            guess = self.law.rescaled(guess)
        if not np.array_equal(guess, share):
            point = self.law.at(guess, state)
        tolerance = self.options.tolerance_payoff
        reach = math.inf if at_rest else FURTHEST * self.same_point
        point, error, steps = rest_points.newton(self.law, point, tolerance, reach)
        self.steps += steps
        empty = point.share == 0.0
        inside = max(point.spread, point.cleared.residual)
        moved = float(np.abs(point.share - share).max())
        if not (
            point.cleared.status == Status.CONVERGED
            and inside <= tolerance
            and moved <= self.same_point
        ):
            return None
        if (point.growth[empty & (share > 0.0)] > tolerance).any():
            return None  # its share was growing, not vanishing
        entered = point.entry > tolerance
        slowest = self.law.leading_rate(point)
        rate = fastest(slowest, point.entry, tolerance)
        # Shares are known to the rounding of payoffs over the slowest eigenvalue.
        if np.isfinite(slowest):
            error = max(error, PAYOFF_ROUNDING / max(abs(slowest), PAYOFF_ROUNDING))
        if not entered and not rate > NEUTRAL_RATE:
            return self._result(point, Status.CONVERGED, point.residual, error, rate)
        if not entered and moved > AT_REST_TOLERANCE and not at_rest:
            return None  # the path only passes near a saddle
        return self._result(point, Status.UNSTABLE, inside, error, rate)

    def _integrate(
        self, share: np.ndarray, state: np.ndarray, slow: float, step: float, limit: int
    ) -> population_dynamics.Arrival:
        """Integrate the dynamics, in place; STUCK without progress, as on a limit cycle."""
        progress, done = Progress(MOST_TESTS_WITHOUT_PROGRESS), 0
        while True:
            stop_if_cancelled()
            most = min(PROGRESS_STEPS, limit - done)
            arrival = self._stretch(share, state, slow, step, most)
            self.steps += arrival.steps
            done, step = done + arrival.steps, arrival.step
            if arrival.status != Status.LIMIT or arrival.steps < most or done >= limit:
                return arrival
            with np.errstate(divide="ignore"):  # a share of zero: minus infinity
                if not progress.made(arrival.speed, np.log(share)):
                    return arrival._replace(status=int(Status.STUCK))

    def _stretch(
        self, share: np.ndarray, state: np.ndarray, slow: float, step: float, most: int
    ) -> population_dynamics.Arrival:
        """Integrate by explicit steps, and by implicit ones once stiffness holds these up."""
        taken = 0
        while True:
            if self.stiff:
                arrival = stiff_dynamics.follow(
                    self.law, share, state, self.options, slow, step, most - taken
                )
                over = arrival.status != Status.STALLED
                if not over:  # explicit steps get further, to the end
                    self.stiff, self.patience = False, self.options.limit_steps
            else:
                piece = min(self.patience, most - taken)
                arrival = self.law.follow(share, state, self.options, slow, step, piece)
                over = arrival.status != Status.LIMIT or arrival.steps < piece
                self.patience -= arrival.steps
                if not over and self.patience <= 0:
                    self.patience = stiff_dynamics.steps_before(share.size)
                    self.stiff = stiff_dynamics.is_stiff(self.law, share, state, arrival.step)
            taken, step = taken + arrival.steps, arrival.step
            if over or taken >= most:
                return arrival._replace(steps=taken)

    def _left(self) -> int:
        return max(0, self.options.limit_steps - self.steps)

    def _depart(self, share: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Integrate until the neighbourhood of an unstable point is left."""
        step, pace = 0.0, self._pace(share, state)
        while self._left() and pace < FIRST_PACE:
            look = DEPARTURE_STEPS * (STIFF_STEPS if self.stiff else 1)
            arrival = self._integrate(share, state, 0.0, step, min(look, self._left()))
            step, before, pace = arrival.step, pace, self._pace(share, state)
            if not pace > before:
                break  # it slows down again: near a stable point already
        return share, state

    def _nudge(self, rest: LongRun, arrived: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Step off an unstable point: into empty regions that pay more, else along an eigenvector.

        Along that of the largest eigenvalue, to the side from which the dynamics arrived, so that
        the basin of attraction stays that of the start.
        """
        point = self.law.at(rest.share, rest.state)
        share = point.share.copy()
        entering = (share == 0.0) & (point.growth > self.options.tolerance_payoff)
        if entering.any():
            share[entering] = NUDGED_SHARE
            names = [self.regions[r] for r in np.flatnonzero(entering)]
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            self.perturbed.append(f"entry of {', '.join(names[:3])}{more}")
        else:
            occupied = np.flatnonzero(share > 0.0)
            direction = self._direction(point, np.log(arrived[occupied] / share[occupied]))
            share[occupied] *= np.exp(NUDGED_SHARE * direction)
            top = self.regions[occupied[np.argmax(direction)]]
            self.perturbed.append(f"an unstable rest point, towards {top}")
        logger.info("nudged: %s", self.perturbed[-1])
        return self.law.rescaled(share), point.state

    def _direction(self, point: ClearedPoint, aside: np.ndarray) -> np.ndarray:
        """Return the fastest deviation of the occupied regions, to the side of another one."""
        shape = self.law.leading(point)[1]
        if shape is None:
            vectors = self.law.modes(point).vectors
            direction = np.asarray(vectors[:, 0].real)
            direction = direction / direction[np.argmax(np.abs(direction))]
            side = np.linalg.lstsq(vectors, aside.astype(vectors.dtype), rcond=None)[0][0]
            side = float((side * np.vdot(direction, vectors[:, 0])).real)
        else:
            # In this product deviations of most economies are orthogonal (Shahshahani 1979).
            direction = shape / shape[np.argmax(np.abs(shape))]
            side = float(point.share[point.share > 0.0] * aside @ direction)
        return np.asarray(-direction if side < -SIDE_TOLERANCE else direction)

    def _pace(self, share: np.ndarray, state: np.ndarray) -> float:
        return float(
            population_dynamics.pace(self.dynamics, share, self.law.at(share, state).growth)
        )

    def _result(
        self, point: ClearedPoint, status: Status, residual: float, error: float, rate: float
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
