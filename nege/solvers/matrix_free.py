"""Long runs of many regions: the same search, with sums over places and without tables over them.

Three things make it cheap, and none of them moves the answer.

Few are occupied. What nobody has moved to supplies nothing, so that markets take the rows of K
of the occupied regions alone. A region that shrinks below ``DORMANT`` is left out of the markets;
its share is still followed, by what it would pay, and where it grows again it is back.

Steps are explicit (Dormand & Prince) while accuracy limits them, and linearly implicit (Rosenbrock,
RODAS3: Sandu et al. 1997) once the speed at which payoffs level out does. On the way short runs
are solved as exactly as the path asks for.

Newton's method and the leading eigenvalue take tables over occupied regions where these are few,
and products (GMRES, Arnoldi) where they are many. What is accepted is measured as in small
economies: markets, payoffs, entry and stability.

It also follows people who move within groups only (``nege.models.mobility``), however few regions
there are: the compiled search of small economies knows one group, everybody.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nege import memory
from nege.kernels import equations, fixed_point, newton, population_dynamics
from nege.kernels.codes import ANDERSON, CONVERGED, LIMIT, NOT_FINITE, STALLED
from nege.kernels.equations import Places
from nege.kernels.fixed_point import Options
from nege.kernels.population_dynamics import Arrival
from nege.models import deviations, fourier, trade_costs
from nege.models.base import Model
from nege.models.law_of_motion import ClearedPoint, LawOfMotion
from nege.models.linearised import (
    FEW,
    ROWS,
    TABLES,
    LinearisedMarkets,
    Trade,
    by_krylov,
)
from nege.models.solutions import LongRun
from nege.progress import stop_if_cancelled
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.status import Status

MANY = 500  # regions from which it pays
DORMANT = 1e-14  # share below which a shrinking region is left out of the markets
ON_THE_WAY = 5.0  # regions by whose number the tolerance of the path grows: each counts for less
WIDEST = 1000.0  # times that tolerance
SHORT_RUN = 3e-3  # of the error in a step: how exact short runs are on the way
MOST = 1500  # regions in a table at most
STIFF, OFTEN = 3.0, 5  # step times fastest rate, and for how many steps: explicit steps end there
INNER = 1e-9  # residual of linear systems by products
VECTORS = 300  # of one number per region, that Krylov spaces keep
KRYLOV = 80  # products in a step of Newton's method at most
SMALL = 1e-6  # share below which a shrinking one counts by itself, not by its logarithm
LONGEST_STEP = 1e6
LONGEST_PREDICTION = 20.0  # weight of a state that is extrapolated

# RODAS3 in the form that needs no products with the Jacobian (Hairer & Wanner II, ch. IV.7).
GAMMA = 0.5
STAGES = (
    ((), ()),
    ((), (4.0,)),
    ((2.0,), (1.0, -1.0)),
    ((2.0, 0.0, 1.0), (1.0, -1.0, -8.0 / 3.0)),
)
A, E = population_dynamics.A, population_dynamics.E
TIMES = A.sum(1)


def serves(model: Model, options: SolverOptions) -> bool:
    """Whether a long run is better found here than by tables over all regions."""
    if not isinstance(getattr(model, "equations", None), Places):
        return False
    asked = options.operator == "fourier" and "fourier" in model.memory()
    return asked or len(model.regions) >= MANY or model.groups is not None


LARGEST_MATRIX = 20_000  # places for which a long run falls back to half a matrix


def transforms_failed(model: Model, found: LongRun, options: SolverOptions) -> bool:
    """Whether it may have been Fourier transforms, which a matrix of this size can do without.

    They round relative to the largest number; a matrix does not.
    """
    by_transforms = trade_costs.uses_fourier(found.parameters.operator)
    chosen = by_transforms and options.operator == "auto" and len(model.regions) <= LARGEST_MATRIX
    return chosen and found.status not in (Status.CONVERGED, Status.UNSTABLE)


def memory_needed(model: Model) -> int:
    """Return the bytes of a long run beside those of a short run: rows of K, and vectors."""
    n = len(model.regions)
    return 8 * (3 * min(n * max(n // FEW, ROWS), TABLES) + VECTORS * n)


class ManyRegions(LawOfMotion):
    """The law of motion of an economy of many regions."""

    def __init__(
        self,
        model: Model,
        dynamics: Replicator | Logit,
        options: SolverOptions,
        *,
        by_matrix: bool = False,
    ) -> None:
        places, work = f"{len(model.regions)} regions", "for a long run"
        memory.check("model", places, memory_needed(model), work, "Fewer places, or short runs.")
        self.parameters: Any = model.arrays_for(options.operator, compiled=by_matrix)
        self.dynamics = model.motion(dynamics)
        self.short_run = options.for_kernels()
        self.groups = model.groups
        self.metric = model.geography.metric
        self.trade = Trade(self.parameters.operator, len(model.regions), self.metric)
        self.stiff = 0  # steps that were as long as explicit ones can be

    # --- exactly ---------------------------------------------------------------------

    def at(self, share: np.ndarray, state: np.ndarray) -> ClearedPoint:
        """Clear markets at a share, from a state nearby; neither array is changed."""
        if not trade_costs.uses_fourier(self.parameters.operator):
            return super().at(share, state)
        state = state.copy()
        with np.errstate(all="ignore"):  # what is not finite is not accepted
            cleared = fourier.solve_short_run(
                self.parameters, share, state, self.short_run, self.metric
            )
            price, spending, payoff = (np.empty_like(share) for _ in range(3))
            fourier.outcome(self.parameters, share, state, price, spending, payoff)
        growth, residual = self._growth(share, payoff)
        return ClearedPoint(share, state, growth, max(float(residual), cleared.residual), cleared)

    def follow(
        self,
        share: np.ndarray,
        state: np.ndarray,
        options: SolverOptions,
        slow: float,
        step: float,
        limit_steps: int,
    ) -> Arrival:
        """Follow the dynamics, in place, until little moves."""
        with np.errstate(all="ignore"):  # what is not finite is looked for
            return _follow(self, share, state, options, slow, step, limit_steps)

    def _growth(
        self, share: np.ndarray, payoff: np.ndarray, among: np.ndarray | None = None
    ) -> tuple[np.ndarray, float]:
        """Return the growth rates of shares, given ln payoffs, of all or of some; the residual."""
        if self.groups is not None:  # of which all supply
            return self.groups.growth(self.dynamics, share, payoff)
        growth, dynamics = np.empty_like(share), self.dynamics
        if among is not None:
            dynamics = dynamics._replace(log_weight=dynamics.log_weight[among])
        return growth, float(population_dynamics.mismatch(dynamics, share, payoff, growth))

    # --- linearised ------------------------------------------------------------------

    def tabulated(self, among: np.ndarray, size: int) -> bool:
        """Whether tables over some regions are small enough."""
        return among.size <= MOST and among.size * size <= TABLES

    def markets(self, share: np.ndarray, state: np.ndarray) -> LinearisedMarkets:
        """Return the markets linearised at a point where they clear."""
        self.trade.among(np.flatnonzero(share))
        return LinearisedMarkets(self.parameters, share, state, self.trade)

    def _payoff_table(self, point: ClearedPoint, among: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):  # what is not finite is not known
            markets = self.markets(point.share, point.state)
            return markets.payoff_table(among, self.trade.rows(among))

    def newton_step(self, point: ClearedPoint, support: np.ndarray) -> np.ndarray | None:
        """Return the step of Newton's method in ln share, by products where there are many."""
        if self.tabulated(support, point.share.size):
            return super().newton_step(point, support)
        n, levels = support.size, self.levels(support)
        shares = levels.T * point.share[support]
        moved = self.products(point, support)

        def system(v: np.ndarray) -> np.ndarray:
            v = np.ravel(v)
            return np.append(moved(v[:n]) - levels @ v[n:], shares @ v[:n])

        right = np.append(-self.attraction(point)[support], np.zeros(len(shares)))
        step = by_krylov(system, right, INNER, KRYLOV, 1)
        return None if step is None else step[:n]

    def leading(self, point: ClearedPoint) -> tuple[float, np.ndarray | None]:
        """Return the rate and the shape of the fastest deviation; NaN where it is not certain."""
        occupied = np.flatnonzero(point.share > 0.0)
        if not self.moves(occupied) or self.tabulated(occupied, point.share.size):
            return super().leading(point)
        apply = self.products(point, occupied)
        of = self.group_of(occupied)
        found = deviations.by_products(apply, point.share[occupied], of)
        return (math.nan, None) if found is None else found

    def products(self, point: ClearedPoint, among: np.ndarray) -> Any:
        """Return the function that turns d ln share of occupied regions into dF there."""
        markets = self.markets(point.share, point.state)
        weight, dynamics = point.share[among], self.dynamics

        def moved(change: np.ndarray) -> np.ndarray:
            share = np.zeros(point.share.size)
            share[among] = weight * change
            gain = markets.payoff_change(share)[among]
            return np.asarray(dynamics.intensity * gain - dynamics.dispersion * change)

        return moved

    # --- on the way ------------------------------------------------------------------

    def clear(self, share: np.ndarray, state: np.ndarray, tolerance: float) -> np.ndarray | None:
        """Clear the markets of those who supply to a tolerance, in place; return access, or None.

        Prices are left in ``self.price``, spending in ``self.spending``.
        """
        p, n, trade = self.parameters, share.size, self.trade
        options = Options(tolerance, 1.0, self.short_run.limit_iterations, ANDERSON)
        some = slice(None) if trade.supplying is None else trade.supplying
        whole = trade.supplying is None and not trade_costs.uses_fourier(p.operator)
        work, change, moving = np.empty((4, n)), np.empty(n), state[some].copy()
        w = fixed_point.begin(moving, options)
        while True:
            if whole:
                equations.update(p, share, state, work, change)
            else:
                equations.goods(p, share, state, work[0], work[1])
                work[2] = trade.buy(work[0])
                work[2][~(work[2] > 0.0)] = math.nan
                work[3] = trade.sell(work[1] / work[2], 1.0)
                work[3][~(work[3] > 0.0)] = math.nan
                equations.respond(p, share, state, work[2], work[3], change)
            w.vectors[fixed_point.CHANGE] = change[some]
            status = fixed_point.judge(w, moving, options)
            if status == fixed_point.CONFIRM:
                self.spending, self.price = work[1], work[2]
                return np.asarray(work[3])
            if status != fixed_point.GO_ON:
                return None
            fixed_point.move(w, moving, options)
            state[some] = moving
            equations.normalise(p, share, state)
            moving = state[some].copy()

    def field(
        self, share: np.ndarray, state: np.ndarray, live: np.ndarray, tolerance: float
    ) -> np.ndarray | None:
        """Return the growth rates of the regions that supply, markets cleared in place; or None."""
        payoff = np.empty(share.size)
        if self.groups is not None and share.size < MANY:  # where compiled code is fastest
            options = self.short_run._replace(tolerance_residual=tolerance, tolerance_error=1.0)
            report = newton.solve(self.parameters, share, state, options)
            if report.status != CONVERGED:
                return None
            equations.payoff_at(self.parameters, share, state, np.empty((4, share.size)), payoff)
        elif self.clear(share, state, tolerance) is None:
            return None
        else:
            equations.payoff(self.parameters, share, state, self.price, self.price, payoff)
        growth, residual = self._growth(share[live], payoff[live], live)
        return growth if math.isfinite(residual) else None

    def everywhere(self, share: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Return the growth rates of all regions, right after ``field``; others' states follow."""
        access, change = (
            self.trade.sell_everywhere(self.spending / self.price),
            np.empty_like(state),
        )
        equations.respond(self.parameters, share, state, self.price, access, change)
        idle = np.ones(share.size, dtype=bool)
        if self.trade.supplying is not None:
            idle[self.trade.supplying] = False
        else:
            idle = share == 0.0
        state[idle] += change[idle]
        payoff = np.empty_like(state)
        equations.payoff(self.parameters, share, state, self.price, self.price, payoff)
        return self._growth(share, payoff)[0]

    def rates(
        self, share: np.ndarray, state: np.ndarray, live: np.ndarray, growth: np.ndarray
    ) -> np.ndarray:
        """Return the Jacobian of the growth rates of those who supply by their ln shares."""
        weight, dynamics = share[live], self.dynamics
        markets = LinearisedMarkets(self.parameters, share, state, self.trade)
        slopes = markets.payoff_table(live, self.trade.rows(live))
        slopes *= dynamics.intensity * weight
        slopes[np.diag_indices(live.size)] -= dynamics.dispersion
        if self.groups is not None:
            return self._rates_within(slopes, weight, growth)
        if dynamics.logit:
            found = slopes - weight @ slopes - weight * growth
        else:
            paid = weight * (1.0 + growth)
            found = (1.0 + growth)[:, None] * (slopes - paid @ slopes - paid)
        return np.asarray(found - np.outer(found.sum(1), weight))

    def _rates_within(
        self, slopes: np.ndarray, share: np.ndarray, growth: np.ndarray
    ) -> np.ndarray:
        """Return the same of all regions, where everybody compares with his own group."""
        assert self.groups is not None
        of = self.groups.of
        inside = self.levels(np.arange(of.size))
        weight = share / self.groups.sums(share)[of]  # of those of the group
        paid = weight if self.dynamics.logit else weight * (1.0 + growth)
        moved = weight * growth if self.dynamics.logit else paid
        found = slopes - ((inside.T * paid) @ slopes)[of] - (inside @ inside.T) * moved
        if not self.dynamics.logit:
            found *= (1.0 + growth)[:, None]
        return np.asarray(found - (found @ inside)[:, of] * weight)


class Path:
    """A path of the dynamics: ln shares and prices, and how they are carried on."""

    def __init__(self, law: ManyRegions, share: np.ndarray, state: np.ndarray) -> None:
        self.law, self.share, self.state = law, share, state
        with np.errstate(divide="ignore"):  # a share of zero: minus infinity
            self.logs = np.log(share)
        self.growth = np.full(share.size, -math.inf)
        self.live = np.flatnonzero(share > 0.0)
        self.time, self.past = 0.0, [(0.0, state.copy())]  # cleared markets, to predict others

    def begin(self, tolerance: float) -> bool:
        """Clear markets at the start; False where they do not clear."""
        self._choose(self.logs > math.log(DORMANT))
        found = self.law.field(self.supplied(self.logs), self.state, self.live, tolerance)
        if found is None:
            return False
        self._spread(found)
        return True

    def _choose(self, live: np.ndarray) -> None:
        """Let some regions supply; all that are not empty where none ever is, or in groups."""
        if not self.law.dynamics.logit and self.law.groups is None:
            self.live = np.flatnonzero(live)
        self.law.trade.among(self.live)

    def supplied(self, logs: np.ndarray) -> np.ndarray:
        """Return the shares of those who supply, zero elsewhere."""
        if self.law.groups is not None:
            return self.law.groups.shares(logs)
        share, live = np.zeros(logs.size), self.live
        share[live] = np.exp(logs[live] - np.max(logs[live]))
        return np.asarray(share / share.sum())

    def _spread(self, growth: np.ndarray) -> None:
        """Note the growth rates of those who supply, and what others would grow at."""
        if self.live.size < self.share.size:
            self.growth = self.law.everywhere(self.supplied(self.logs), self.state)
        self.growth[self.live] = growth

    def level(self, logs: np.ndarray) -> Any:
        """Return what to take from ln shares so that they are shares."""
        return _level(logs) if self.law.groups is None else self.law.groups.levels(logs)

    def speed(self) -> float:
        """Return the pace of change, as ``population_dynamics.pace`` measures it."""
        self.share[:] = np.exp(self.logs - self.level(self.logs))
        return float(population_dynamics.pace(self.law.dynamics, self.share, self.growth))

    def error(self, slip: np.ndarray) -> float:
        """Return the error of a step in ln share; of a share that shrinks away, of the share."""
        here = self.live
        weight = np.ones(here.size)
        if not self.law.dynamics.logit:
            fading = self.growth[here] < 0.0
            weight[fading] = np.minimum(1.0, self.share[here][fading] / SMALL)
        worst = float(np.max(weight * np.abs(slip)))
        return worst if math.isfinite(worst) else math.inf

    def explicit(self, step: float, tolerance: float) -> tuple[float, np.ndarray, Any]:
        """Take a step of Dormand & Prince; return its error, ln shares and (growth, state)."""
        live, trial = self.live, self.logs.copy()
        rates, found, before = np.zeros((7, live.size)), None, trial[live]
        rates[0] = self.growth[live]
        for stage in range(1, 7):
            before = trial[live]
            trial[live] = self.logs[live] + step * (A[stage, :stage] @ rates[:stage])
            found = self._at(trial, self.time + step * TIMES[stage], tolerance)
            if found is None:
                return math.inf, trial, None
            rates[stage] = found[0]
        apart = float(np.max(np.abs(trial[live] - before)))
        fastest = float(np.max(np.abs(rates[6] - rates[5]))) / max(apart, 1e-300)
        stiff = step * fastest > STIFF
        self.law.stiff = self.law.stiff + 1 if stiff else max(0, self.law.stiff - 1)
        return self.error(step * (E @ rates)), trial, found

    def implicit(self, step: float, tolerance: float) -> tuple[float, np.ndarray, Any]:
        """Take a step of RODAS3, likewise."""
        from scipy import linalg  # what takes long to import is imported when used

        live, growth = self.live, self.growth[self.live]
        table = -self.law.rates(self.supplied(self.logs), self.state, live, growth)
        table[np.diag_indices(live.size)] += 1.0 / (GAMMA * step)
        if not np.isfinite(table).all():
            return math.inf, self.logs, None
        factors = linalg.lu_factor(table, check_finite=False)
        k: list[np.ndarray] = []
        trial = self.logs.copy()
        for places, mixed in STAGES:
            if places:
                trial[live] = self.logs[live]
                for weight, part in zip(places, k, strict=False):
                    trial[live] += weight * part
                found = self._at(trial, self.time + step, tolerance)
                if found is None:
                    return math.inf, trial, None
                growth = found[0]
            right = growth.copy()
            for weight, part in zip(mixed, k, strict=False):
                right += weight / step * part
            k.append(linalg.lu_solve(factors, right, check_finite=False))
        trial[live] = self.logs[live] + 2.0 * k[0] + k[2] + k[3]
        found = self._at(trial, self.time + step, tolerance)
        return (math.inf if found is None else self.error(k[3])), trial, found

    def _at(
        self, trial: np.ndarray, time: float, tolerance: float
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return growth rates and state where ln shares are these, markets starting ahead."""
        if not np.isfinite(trial[self.live]).all():
            return None
        state = self._predicted(time)
        growth = self.law.field(self.supplied(trial), state, self.live, tolerance)
        if growth is None:
            return None
        self.past = [*self.past[-2:], (time, state)]
        return growth, state

    def _predicted(self, time: float) -> np.ndarray:
        """Extrapolate the last cleared markets: by a parabola, a line, or as they are."""
        last, known = self.past[-1][0], dict(self.past)
        if time == last or len(known) < 2:
            return self.past[-1][1].copy()
        state = np.zeros_like(self.state)
        for at, one in known.items():
            weight = 1.0
            for other in known:
                weight *= (time - other) / (at - other) if other != at else 1.0
            if not abs(weight) <= LONGEST_PREDICTION:
                return self.past[-1][1].copy()
            state += weight * one
        return state

    def accept(self, step: float, trial: np.ndarray, found: Any) -> None:
        """Go to the end of a step; others' shares follow what they would have grown at."""
        growth, state = found
        others = np.isfinite(self.logs)
        others[self.live] = False
        before = self.growth[others]
        self.state[:] = state
        self.time += step
        self.logs[self.live] = trial[self.live] - self.level(trial[self.live])
        self._spread(growth)
        self.logs[others] += 0.5 * step * (before + self.growth[others])
        live = self.logs > math.log(DORMANT)
        live[self.live] |= self.growth[self.live] > 0.0
        if np.count_nonzero(live) != self.live.size or not live[self.live].all():
            self._choose(live)


def _level(logs: np.ndarray) -> float:
    top = float(np.max(logs))
    return top + math.log(float(np.sum(np.exp(logs - top))))


def _follow(
    law: ManyRegions,
    share: np.ndarray,
    state: np.ndarray,
    options: SolverOptions,
    slow: float,
    step: float,
    limit_steps: int,
) -> Arrival:
    """Follow the dynamics, in place, as ``population_dynamics.follow`` does."""
    tolerance = min(WIDEST, share.size / ON_THE_WAY) * options.tolerance_path
    path, steps, exact = Path(law, share, state), 0, SHORT_RUN * tolerance
    if not path.begin(exact):
        return Arrival(NOT_FINITE, math.inf, step, 0)
    while True:
        stop_if_cancelled()
        speed = path.speed()
        if speed <= slow:
            return Arrival(CONVERGED, speed, step, steps)
        if steps >= limit_steps:
            return Arrival(LIMIT, speed, step, steps)
        if step <= 0.0:
            step = 0.01 / max(float(np.max(np.abs(path.growth[path.live]))), 1e-300)
        steps += 1
        exact = max(options.tolerance_residual, min(SHORT_RUN * tolerance, 1e-2 * speed))
        implicit = law.stiff >= OFTEN and law.tabulated(path.live, share.size)
        allowed = tolerance
        if not implicit:  # or steps at the limit of stability would oscillate for ever
            allowed *= min(1.0, speed / population_dynamics.SLOW)
            allowed = max(allowed, 10.0 * exact * step)
        move = path.implicit if implicit else path.explicit
        error, trial, found = move(step, exact)
        taken = step
        order = 1.0 / 3.0 if implicit else 0.2
        if math.isfinite(error):
            step *= min(5.0, max(0.2, 0.9 * (allowed / max(error, 1e-300)) ** order))
            step = min(step, LONGEST_STEP)
        else:
            step *= 0.2
        if error <= allowed:
            path.accept(taken, trial, found)
        if step < population_dynamics.SHORTEST_STEP:
            return Arrival(STALLED, speed, step, steps)
