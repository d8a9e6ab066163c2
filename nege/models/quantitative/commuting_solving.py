"""Short and long runs of ``commuting``: damped iteration, then Newton's method, then the evidence.

    ln w += min(1, sigma/(1+epsilon)) goods
    ln R += [theta ln V - ln R - u]/(1 + theta (1-alpha)/(1+delta))

with u that of each group where people move within groups only (``nege.models.mobility``), whose
damping keeps crowding (rents that rise with residents) and commuting (jobs that follow wages)
from overshooting. Near the solution Newton's method is quicker: it takes over there, and after
HANDOVER iterations anyway, as iteration crawls where places hardly trade.

Time of a long run is counted so that ln R moves by its excess theta ln V - ln R - mean: residents
move towards the choice that is best by their tastes, and markets clear meanwhile. Iteration lets
wages adjust together with people instead: where there are several equilibria, the one that a start
leads to is that of this joint adjustment.
"""

from __future__ import annotations

import math

import numpy as np

from nege.kernels.codes import AUTO, METHODS, NEWTON, PLAIN
from nege.models.deviations import leading_among, members, tangent
from nege.models.mobility import Groups
from nege.models.quantitative.commuting_equations import (
    Parameters,
    Point,
    evaluate,
    in_levels,
    payoff_slopes,
    slopes,
    without_redundant,
)
from nege.models.solutions import LongRun, ShortRun
from nege.solver_options import SolverOptions
from nege.status import Status

HANDOVER = 500  # iterations after which Newton's method takes over
NEAR = 1e-3  # step in logs from which Newton's method is tried
REACH = 0.1  # in logs: further than this Newton's method would be elsewhere
NEWTON_STEPS = 40
LONGEST_STEP = 1.0  # of Newton's method, in logs
MANY = 1500  # places from which tables of derivatives are dear: iteration goes to the end
ROUNDING = 2e-15  # of logs of wages and shares, in an equation
SAFETY = 3.0  # by which LAPACK's estimate of the norm of an inverse may be low
NUDGE = 1e-6  # in logs, off an unstable rest point
MOST_TRIES = 8  # to leave unstable points
DETERMINED = 1e4  # times a residual: an error beyond says that places hardly trade
STRETCH, PROGRESS = 1000, 0.9  # iterations in which steps have to fall to this part
AWAY = 50  # iterations between two looks at how far an unstable point is left
PROBES = 200  # iterations from which the error of many places is estimated
LEFT = 1e-10  # of a deviation, where following it ends
LARGEST_LOG = 700.0  # of a price or a payoff that double precision can hold
NEUTRAL = 1e-9  # growth rates below this are neither growth nor decline


class Search:
    """Search for wages, and in a long run residents, of one economy."""

    def __init__(
        self, p: Parameters, options: SolverOptions, groups: Groups | None = None, *, moving: bool
    ) -> None:
        self.p, self.options, self.moving, self.groups = p, options, moving, groups
        self.choices = in_levels(p)
        self.iterations, self.stuck = 0, False
        self.arrived: Point | None = None  # where iteration had come to before Newton's method
        self.limit = options.limit_steps if moving else options.limit_iterations

    # --- equations ------------------------------------------------------------------

    def people(self, at: Point) -> np.ndarray:
        """Return theta ln V - ln R - u: zero where residents live where they choose to."""
        wanted = self.p.residence_taste * at.log_payoff
        if self.groups is not None:
            return np.asarray(wanted - self.groups.levels(wanted) - at.log_share)
        top = np.max(wanted)
        excess = wanted - top - math.log(np.sum(np.exp(wanted - top))) - at.log_share
        return np.asarray(excess)

    def residual(self, at: Point) -> tuple[float, float]:
        """Return the largest violation of clearing markets, and of where people live."""
        markets = float(np.max(np.abs(np.append(at.goods, at.numeraire))))
        return markets, float(np.max(np.abs(self.people(at)))) if self.moving else 0.0

    def within(self, at: Point) -> bool:
        """Whether both are within tolerance; NaN is not."""
        markets, people = self.residual(at)
        options = self.options
        return markets <= options.tolerance_residual and people <= options.tolerance_payoff

    # --- iteration -------------------------------------------------------------------

    def iterate(self, at: Point, goal: float, most: int) -> tuple[Point, float]:
        """Iterate until steps are below a goal, or for so long; return the last step too."""
        p = self.p
        wages = min(1.0, p.sigma / (1.0 + p.taste))
        people = 1.0 / (1.0 + p.residence_taste * p.crowding)
        step = math.inf
        for _ in range(most):
            with np.errstate(all="ignore"):
                log_wage = at.log_wage + wages * at.goods - at.numeraire
                log_share, moved = at.log_share, 0.0
                if self.moving:
                    towards = people * self.people(at)
                    log_share = log_share + towards
                    log_share = rescaled(log_share, self.groups)
                    moved = float(np.max(np.abs(towards)))
                step = max(float(np.max(np.abs(log_wage - at.log_wage))), moved)
            if not math.isfinite(step):
                return at, math.nan
            at = evaluate(p, log_wage, log_share, self.choices)
            self.iterations += 1
            if step <= goal:
                break
        return at, step

    # --- Newton's method --------------------------------------------------------------

    def system(self, at: Point) -> tuple[np.ndarray, np.ndarray]:
        """Return the equations and their Jacobian, without the redundant one."""
        by, n = slopes(self.p, at), at.log_wage.size
        right = without_redundant(at, at.goods, at.numeraire)
        left = without_redundant(at, by.goods_by_wage, by.numeraire_by_wage)
        if not self.moving:
            return right, left
        share, theta = np.exp(at.log_share), self.p.residence_taste
        inside, total = np.ones((n, 1)), np.ones(1)  # one u for all
        if self.groups is not None:
            inside, total = members(self.groups.of) * 1.0, self.groups.total
        whole = np.zeros((2 * n + total.size, 2 * n + total.size))
        whole[:n, :n] = left
        whole[:n, n : 2 * n] = without_redundant(at, by.goods_by_share, by.numeraire_by_share)
        whole[n : 2 * n, :n] = theta * by.payoff_by_wage
        whole[n : 2 * n, n : 2 * n] = theta * by.payoff_by_share - np.eye(n)
        whole[n : 2 * n, 2 * n :] = -inside
        whole[2 * n :, n : 2 * n] = inside.T * share
        return np.concatenate([right, self.people(at), inside.T @ share - total]), whole

    def newton(self, at: Point, reach: float = math.inf) -> Point:
        """Return the best point that Newton's method passes within reach."""
        n, start = at.log_wage.size, at
        self.arrived = at
        best, smallest, worse = at, math.inf, 0
        at = evaluate(self.p, at.log_wage, at.log_share)
        for _ in range(NEWTON_STEPS):
            right, left = self.system(at)
            size = float(np.max(np.abs(right)))
            if not math.isfinite(size):
                break
            if size < smallest:
                best, worse = at, 0
                smallest = size
            else:
                worse += 1
            if worse > 2 or smallest <= ROUNDING:
                break
            try:
                step = -np.linalg.solve(left, right)
            except np.linalg.LinAlgError:
                break
            longest = float(np.max(np.abs(step[: 2 * n])))
            if not math.isfinite(longest):
                break
            step *= min(1.0, LONGEST_STEP / max(longest, 1e-300))
            log_share = at.log_share
            if self.moving:
                log_share = log_share + step[n : 2 * n]
                log_share = rescaled(log_share, self.groups)
            log_wage = at.log_wage + step[:n]
            moved = np.append(log_wage - start.log_wage, log_share - start.log_share)
            if not float(np.max(np.abs(moved))) <= reach:
                break
            at = evaluate(self.p, log_wage, log_share)
            self.iterations += 1
        return best

    # --- both -------------------------------------------------------------------------

    def run(self, log_wage: np.ndarray, log_share: np.ndarray) -> Point:
        """Return where a start leads to."""
        at = evaluate(self.p, log_wage, log_share, self.choices)
        plain = self.options.method == METHODS[PLAIN] or log_wage.size > MANY
        if self.options.method == METHODS[NEWTON]:
            return self.newton(at)
        if plain:
            return self.to_the_end(at)
        goal, handover = NEAR, min(self.iterations + HANDOVER, self.limit)
        while self.iterations < handover:
            at, step = self.iterate(at, goal, handover - self.iterations)
            if not step <= goal:
                break
            found = self.newton(at, REACH)
            if self.within(found):
                return found
            goal = 1e-3 * goal
        found = self.newton(at)
        if self.within(found):
            return found
        at = self.to_the_end(at)
        best = self.newton(at)
        return best if self.within(best) else at

    def to_the_end(self, at: Point) -> Point:
        """Iterate until steps are rounding, make no progress, or are too many."""
        end, before = max(ROUNDING, 0.01 * self.options.tolerance_residual), math.inf
        while self.iterations < self.limit:
            at, step = self.iterate(at, end, min(STRETCH, self.limit - self.iterations))
            if step <= end:
                break
            if not step <= PROGRESS * before:
                self.stuck = math.isfinite(step)
                break
            before = step
        return evaluate(self.p, at.log_wage, at.log_share)

    def leave(self, rest: Point, near: Point) -> Point:
        """Return where a point near an unstable one leads to."""
        at = evaluate(self.p, near.log_wage, near.log_share, self.choices)
        far = max(REACH, 2.0 * apart(at, rest))
        while self.iterations < self.limit:
            at, step = self.iterate(at, 0.0, min(AWAY, self.limit - self.iterations))
            if apart(at, rest) > far or not step > ROUNDING:  # NaN too
                break
        return self.run(at.log_wage, at.log_share)

    def judged(self, at: Point) -> tuple[Status, float, float]:
        """Return how a search ended: status, residual, estimate of the error in logs."""
        markets, people = self.residual(at)
        residual = float(np.max([markets, people]))  # NaN if one is
        logs = at.log_wage, at.log_price, at.log_rent, at.log_payoff, at.log_access / self.p.taste
        if not math.isfinite(residual) or not (np.abs(logs) < LARGEST_LOG).all():
            return Status.NOT_FINITE, residual, math.inf
        error = self.error(at, residual)
        if self.within(at):
            exact = error <= self.options.tolerance_error
            return (Status.CONVERGED if exact else Status.STALLED), residual, error
        ended = Status.LIMIT if self.iterations >= self.limit else Status.STALLED
        # Places that hardly trade: their wages are poorly determined, however they are looked for.
        cycles = self.stuck and error <= DETERMINED * residual
        return (Status.STUCK if cycles else ended), residual, error

    def error(self, at: Point, residual: float) -> float:
        """Return the residual times the norm of the inverse of the Jacobian: error to first order.

        In logs of wages, and in a long run of shares too. Of many places from how fast a
        deviation dies out.
        """
        if at.log_wage.size > MANY:
            return max(residual, ROUNDING) * self.sensitivity(at)
        from scipy.linalg import LinAlgError, lapack, lu_factor

        left = self.system(at)[1]
        if not np.isfinite(left).all():
            return math.inf
        try:
            norm = float(np.max(np.sum(np.abs(left), axis=1)))
            reciprocal, info = lapack.dgecon(lu_factor(left)[0], norm, norm="I")
        except (LinAlgError, ValueError):
            return math.inf
        if info != 0 or not reciprocal > 0.0:
            return math.inf
        return float(SAFETY * max(residual, ROUNDING) / (reciprocal * norm))

    def sensitivity(self, at: Point) -> float:
        """Return one over 1 - the factor by which a deviation shrinks in an iteration, in the end.

        The deviation of 1e-4 shares no symmetry with anything.
        """
        off = np.modf(0.6180339887498949 * np.arange(1, 2 * at.log_wage.size + 1) ** 2)[0] - 0.5
        wages, people = np.split(1e-4 * off, 2)
        log_share = at.log_share + people if self.moving else at.log_share
        moved = evaluate(self.p, at.log_wage + wages, log_share, self.choices)
        size, factor, done = 1e-4, 1.0, self.iterations
        for _ in range(PROBES):
            moved, _ = self.iterate(moved, 0.0, 1)
            away = np.append(moved.log_wage - at.log_wage, moved.log_share - at.log_share)
            before, size = size, float(np.max(np.abs(away)))
            factor = size / before
            if size < LEFT:
                break
        self.iterations = done
        return 1.0 / (1.0 - factor) if factor < 1.0 else math.inf


def rescaled(log_share: np.ndarray, groups: Groups | None) -> np.ndarray:
    """Return ln R of shares that sum to one, or in each group to its people."""
    level = math.log(np.sum(np.exp(log_share))) if groups is None else groups.levels(log_share)
    return np.asarray(log_share - level)


def apart(one: Point, other: Point) -> float:
    """Return how far residents of two points are apart, in logs."""
    return float(np.max(np.abs(one.log_share - other.log_share)))


def short_run(
    p: Parameters, share: np.ndarray, log_wage: np.ndarray, options: SolverOptions
) -> ShortRun:
    """Return wages at which markets clear while residents stay."""
    search = Search(p, options, moving=False)
    with np.errstate(divide="ignore"):  # of places where nobody lives: not finite
        at = search.run(log_wage, np.log(share))
    status, residual, error = search.judged(at)
    method = METHODS.index(options.method)
    if method == AUTO:
        method = PLAIN if log_wage.size > MANY else NEWTON
    return ShortRun(at.log_wage, status, residual, error, search.iterations, method)


def long_run(
    p: Parameters,
    share: np.ndarray,
    log_wage: np.ndarray,
    options: SolverOptions,
    names: tuple[str, ...],
    groups: Groups | None = None,
    *,
    unique: bool,
    leave_unstable: bool,
) -> LongRun:
    """Return where residents and wages come to rest from a start."""
    search, nudged, tries = Search(p, options, groups, moving=True), list[str](), 0
    at = search.run(log_wage, np.log(share))
    while True:
        status, residual, error = search.judged(at)
        rate: float | None = math.nan
        if status is Status.CONVERGED:
            # Where there is one equilibrium only, accepting it takes no eigenvalue.
            rate = None if unique or at.log_wage.size > MANY else leading_rate(p, at, groups)
        if rate is None or not rate > NEUTRAL:
            break
        if not leave_unstable or tries >= MOST_TRIES:
            status = Status.STUCK if leave_unstable else Status.UNSTABLE
            break
        tries += 1
        near = at if search.arrived is None else search.arrived
        if not apart(near, at) > NUDGE:  # else it was only passed by: iteration goes on from there
            near, towards = nudge(p, at, np.log(share), groups)
            nudged.append(f"an unstable rest point, towards {names[towards]}")
        at = search.leave(at, near)
    found = np.exp(at.log_share)
    return LongRun(
        found / found.sum() if groups is None else groups.rescaled(found),
        at.log_wage,
        status,
        residual,
        error,
        search.iterations,
        tuple(nudged),
        rate,
        p,
    )


def at_home(p: Parameters, groups: Groups, log_wage: np.ndarray, options: SolverOptions) -> LongRun:
    """Return the long run of residents who cannot move: the short run of where they are."""
    found = short_run(p, groups.people, log_wage, options)
    proof = found.status, found.residual, found.error, found.iterations
    no_deviation = -math.inf
    return LongRun(groups.people.copy(), found.state, *proof, (), no_deviation, p)


def nudge(
    p: Parameters, rest: Point, start: np.ndarray, groups: Groups | None
) -> tuple[Point, int]:
    """Return a point off an unstable one along its fastest deviation, and who gains most by it.

    To the side of `start`, ln R, so that the basin of attraction stays that of the start.
    """
    shape = leading_shape(p, rest, groups)
    if float(np.exp(rest.log_share) * (start - rest.log_share) @ shape) < 0.0:
        shape = -shape
    log_share = rescaled(rest.log_share + NUDGE * shape, groups)
    return rest._replace(log_share=log_share), int(np.argmax(shape))


# --- stability ------------------------------------------------------------------------


def attraction_slopes(p: Parameters, at: Point) -> np.ndarray:
    """Return d(theta ln V_n - ln R_n)/d ln R_j while markets clear."""
    return p.residence_taste * payoff_slopes(p, at) - np.eye(at.log_share.size)


def leading_rate(p: Parameters, at: Point, groups: Groups | None = None) -> float:
    """Return the growth rate of the fastest deviation of residents, NaN where it is not known."""
    of = None if groups is None else groups.of
    return leading_among(attraction_slopes(p, at), np.exp(at.log_share), of)[0]


def leading_shape(p: Parameters, at: Point, groups: Groups | None = None) -> np.ndarray:
    """Return the shape of that deviation in ln R, its largest change being one."""
    of = None if groups is None else groups.of
    basis, matrix = tangent(attraction_slopes(p, at), np.exp(at.log_share), of)
    rates, vectors = np.linalg.eig(matrix)
    shape = np.real(basis @ vectors[:, int(np.argmax(rates.real))])
    return np.asarray(shape / shape[np.argmax(np.abs(shape))])
