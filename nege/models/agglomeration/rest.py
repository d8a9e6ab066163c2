"""Long run of the online agglomeration: rest point of firms and people, by implicit Euler.

Firms and people follow

    dn/dt = n ln[R/(n f c)],    dL/dt = L (ln target - ln L)

while prices clear at once. Linearly implicit Euler steps on both together,

    (M/dt - J) step = F,    M = 1 for firms and people, 0 for prices,

become Newton's method as dt grows (pseudo-transient continuation). So a start is followed
roughly, and its rest point is reached to rounding. Without progress (``search_progress``), as
where Newton's method cycles between two points of strong curvature, near which some firms almost
vanish, the start is followed with smaller dt: a step is refused where any equation departs from
its linearisation, and at last other prices are started from. A rest point counts only where it
is stable: by the leading eigenvalue of J, prices eliminated. From an unstable one the search
steps off by 1e-3 along the eigenvector that grows, and goes on.

Where variety is 1, firms can vanish: n falls below 1e-12 of its industry and is set to zero,
and comes back only where entry would pay. The last firms that hire remote labour stay, since at
no demand it would be free, unless firms cannot produce with remote labour alone (elasticity of
substitution below 1): there they vanish too, its market closes, and its price is zero.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from nege.kernels.codes import NEWTON as NEWTON_METHOD
from nege.models.agglomeration import equations
from nege.models.agglomeration.linear import DenseSystem, KrylovSystem
from nege.models.agglomeration.mechanisms.frame import Split
from nege.models.law_of_motion import NEUTRAL_RATE
from nege.models.rest import LinearisedRest
from nege.models.search_progress import ROUNDING, Progress
from nege.models.solutions import LongRun, ShortRun
from nege.progress import stop_if_cancelled
from nege.solver_options import SolverOptions
from nege.status import Status

logger = logging.getLogger("nege")

LARGE = 16  # places from which the structured solver takes over
FIRST_STEP = 1.0  # in the dynamics' own time
SLOWER, FASTER = 0.1, 4.0  # factors on the step of time from one to the next
STRAIGHT, BENT = 0.1, 0.5  # share of the residual that a step leaves in the markets
NEWTON, LONGEST = 1e6, 1e9  # steps of time: from which it is Newton's method, and at most
LONGEST_PRICE, LONGEST_FIRMS = 1.0, 6.0  # most that a step moves, in logs
SHORTEST = 1e-6  # step of time at which nothing helps
RISE = 20.0  # growth of the residual at which a step is taken back
GONE = 1e-12  # of the industry: fewer firms have vanished
FEWEST = -700.0  # log of firms: next to the least number that there is
FREE = -2000.0  # log price of remote labour, in its smallest power, where there is no demand
ENTRANTS = 1e-6  # of the industry, where entry pays
CALM = 1e-6  # residual of those who are there, below which others enter
NUDGE = 1e-3  # in logs, off an unstable rest point
AWAY = 0.1  # in logs: where it has been left, twice as far each time
LEADS = 1e-6  # part of a deviation in which what no place has moves
ROUNDS = 12  # unstable rest points at most
PATIENCE = 30  # steps without progress until another way is tried
NEWTON_PATIENCE = 8  # of Newton's method
CLOSE = 0.01  # in logs: as near as that steps go on with the Jacobian that there is
ACCURATE = 1e-3  # relative residual of the linear system of a step
EXACT = 1e-12  # of what responds
PRECISE = 1e-4  # of a growth rate that is asked for, relative to 1 less the rate
LEAST = 1e-9  # step on prices at which nothing helps
CLOSEST = 1e-3  # part of the way to a start: least step in which prices are led there


def find(
    parameters: equations.AgglomerationParameters,
    names: tuple[str, ...],
    start: np.ndarray,
    prices: np.ndarray,
    options: SolverOptions,
    *,
    leave_unstable: bool,
) -> LongRun:
    """Find the rest point that firms and people reach from a start.

    Parameters
    ----------
    parameters : Parameters
        Of the economy.
    names : tuple of str
        Of the places, for what ``perturbed`` says.
    start : (N,) array
        Unknowns, in logs, as the kernels order them.
    prices : (N,) array
        Unknowns of which prices, spending and dividend are taken where those of `start` lead
        nowhere.
    options : SolverOptions
        Tolerances and the limit of steps.
    leave_unstable : bool
        Whether to go on from unstable rest points, and to let firms in where entry pays.

    Returns
    -------
    LongRun
        Its ``state`` is the vector of unknowns, its ``share`` the levels of firms and people.
    """
    search = _RestPointSearch(parameters, names, options)
    return search.run(start, prices, leave_unstable=leave_unstable)


def clear(
    parameters: equations.AgglomerationParameters,
    start: np.ndarray,
    prices: np.ndarray,
    options: SolverOptions,
) -> ShortRun:
    """Clear markets while firms and people stay where they are, by damped Newton steps.

    Where those of `start` lead nowhere, prices are led there from `prices`.
    """
    return _RestPointSearch(parameters, (), options, staying=True).clear(start, prices)


def deviations(
    parameters: equations.AgglomerationParameters, x: np.ndarray, options: SolverOptions
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return growth rates at rest, and eigenvalues with eigenvectors, of all unknowns."""
    search = _RestPointSearch(parameters, (), options)
    search.system = DenseSystem(parameters, search.moving)
    search.evaluate(x)
    search.system.hold(0.0)
    rates, vectors = search.system.modes(search.idle)
    growth = np.where(search.firms & np.isneginf(x), search.entry, search.excess)
    return growth, rates, vectors


def leading_rate(
    parameters: equations.AgglomerationParameters, x: np.ndarray, options: SolverOptions
) -> float:
    """Return the growth rate of the fastest deviation at rest, the entry of firms included."""
    search = _RestPointSearch(parameters, (), options)
    search.evaluate(x)
    return search.leading(PRECISE)[0]


def responses(
    parameters: equations.AgglomerationParameters,
    x: np.ndarray,
    given: np.ndarray,
    options: SolverOptions,
) -> tuple[np.ndarray, np.ndarray]:
    """Return sums over places at rest, and their responses to what is added to rows of equations.

    `given` is that, a row for each response: (M, N). Sums stand as in ``Evaluation.totals``.
    """
    search = _RestPointSearch(parameters, (), options)
    system = search.system
    search.evaluate(x)
    system.hold(0.0)
    moved = [system.sums_along(system.solve(0.0, search.idle, right, EXACT)) for right in given]
    return system.at.totals, np.array(moved)


class RestOfIndustries:
    """Equations of rest (``nege.models.rest``) of firms, people and prices.

    Parameters
    ----------
    parameters : Parameters
        Of the economy.
    places, movers : tuple of str
        Their names.
    splits : sequence of Split
        Of mechanisms.
    options : SolverOptions
        Tolerances.
    """

    def __init__(
        self,
        parameters: equations.AgglomerationParameters,
        places: tuple[str, ...],
        movers: tuple[str, ...],
        splits: Sequence[Split],
        options: SolverOptions,
    ) -> None:
        splits = sorted(splits, key=lambda split: split.slot)
        self.places, self.movers = places, (*movers, *(split.name for split in splits))
        self.splits, self.width = tuple(split.among for split in splits), len(movers) // len(places)
        search = self._search = _RestPointSearch(parameters, places, options, dense=True)
        self.residents, self.growing = search.residents, search.moving
        self.moving, modes = search.residents.copy(), parameters.slots.modes
        shared = parameters.slots.shared
        self.moving[[search.local + split.slot - shared for split in splits]] = True
        self.rows = np.arange(search.local).reshape(len(places), -1)
        industries = search.industries
        group = [*np.repeat(np.arange(industries), modes), industries]  # of people last
        alone = industries + 1 + np.arange(len(splits))
        self.group = np.append(np.tile(group, len(places)), alone)
        vanishing = np.tile([*np.repeat(search.vanishing, modes), False], len(places))
        self.vanishing = np.append(vanishing, np.zeros(len(splits), dtype=bool))

    def residual(self, x: np.ndarray) -> np.ndarray:
        """Return what is zero at rest."""
        self._search.evaluate(x.copy())
        return self._search.excess

    def linearise(self, x: np.ndarray) -> LinearisedRest:
        """Return the same with its Jacobian."""
        search = self._search
        search.evaluate(x.copy())
        search.system.hold(0.0)
        jacobian = search.system.jacobian.copy()
        jacobian[search.idle] = -np.eye(x.size)[search.idle]
        gone = np.isneginf(x) & search.firms
        entry = np.where(gone, search.entry, np.nan)[self.moving]
        return LinearisedRest(search.excess, jacobian, search.idle, entry)


class _RestPointSearch:
    def __init__(
        self,
        parameters: equations.AgglomerationParameters,
        names: tuple[str, ...],
        options: SolverOptions,
        *,
        staying: bool = False,
        dense: bool = False,
    ) -> None:
        self.p, self.names, self.options = parameters, names, options
        industries, places = parameters.log_productivity.shape
        self.industries, to = industries, parameters.slots
        self.local, common = places * to.shared, to.commission - to.shared
        rows, none = np.zeros((places, to.shared), dtype=bool), np.zeros(common, dtype=bool)
        rows[:, : to.price_index] = True
        self.firms = np.append(rows.ravel(), none)
        rows[:, to.people] = True
        self.residents = np.append(rows.ravel(), none)  # movers that are in places
        self.moving = self.residents.copy()
        self.ahead = np.full(self.moving.size, np.nan)
        self.ahead[self.local : self.local + parameters.ahead.size] = parameters.ahead
        self.moving |= ~np.isnan(self.ahead)
        land = np.zeros((places, to.shared), dtype=bool)
        land[:, to.rent] = not parameters.uses_land
        self.absent = np.append(land.ravel(), none)
        self.remote = self.local + to.remote - to.shared  # where ln w0 stands
        self.absent[self.remote] = not parameters.has_remote
        self.staying, self.lets_in = staying, True
        self.no_entry = np.full(self.moving.size, -np.inf)
        industry = parameters.industry
        self.vanishing = industry["variety"] == 1.0
        self.lonely = (industry["hears_offline"] == 0.0) & (industry["spillover"] > 0.0)
        self.hires = industry["remote_share"] > 0.0
        self.closes = parameters.has_remote and parameters.substitution < 1.0
        powers = (1.0, parameters.elasticity, 1.0 - parameters.substitution)
        self.free = FREE / min(powers) if self.closes else 0.0
        kind: Any = DenseSystem if dense or places <= LARGE else KrylovSystem
        self.system = kind(parameters, self.moving)
        self.steps = 0
        self.perturbed: list[str] = []

    def run(self, x: np.ndarray, prices: np.ndarray, *, leave_unstable: bool) -> LongRun:
        """Repeat until a rest point is stable, or the limits are reached."""
        x, self.prices, self.lets_in = x.copy(), prices.copy(), leave_unstable
        x[self.absent] = self.prices[self.absent] = 0.0
        status, rate, error, residual = Status.LIMIT, np.nan, np.inf, np.inf
        for turn in range(ROUNDS):
            x, status, trace = self._settle(x)
            residual = self.residual()
            if status is not Status.CONVERGED:
                break
            rate, direction = self.leading()
            x, error = self._polish(x)
            residual = self.residual()
            if not rate > NEUTRAL_RATE:
                if not error <= self.options.tolerance_error:
                    status = Status.STALLED
                break
            status = Status.UNSTABLE
            if not leave_unstable:
                break
            x = self._depart(x, rate, direction, trace, AWAY * 2.0**turn)
        else:  # at a point that has been left
            status, residual, error, rate = Status.STUCK, self.residual(), np.inf, np.nan
        known = status is not Status.CONVERGED or not rate < NEUTRAL_RATE or self.system.exact
        return LongRun(
            np.exp(x[self.residents]),
            x,
            status,
            residual,
            error,
            self.steps,
            tuple(self.perturbed),
            rate if known else None,
            self.p,
        )

    def clear(self, x: np.ndarray, prices: np.ndarray) -> ShortRun:
        """Take Newton steps on prices alone, shortened where they are too long."""
        x, self.prices = x.copy(), prices.copy()
        x[self.absent] = self.prices[self.absent] = 0.0
        if not self.evaluate(x):
            return ShortRun(x, Status.NOT_FINITE, np.inf, np.inf, 0, NEWTON_METHOD)
        cleared, status = self._clear(x, RISE)
        if status is Status.STUCK:
            cleared, status = self._clear(x, 0.0)
        if status is Status.STUCK:
            cleared, status = self._led(x)
            self.evaluate(cleared)
        x = cleared
        left = float(np.max(np.abs(self._newton())))
        if status is Status.CONVERGED and not left <= self.options.tolerance_error:
            status = Status.STALLED
        return ShortRun(x, status, self.residual(), left, self.steps, NEWTON_METHOD)

    def _clear(self, x: np.ndarray, rise: float) -> tuple[np.ndarray, Status]:
        """Newton steps on prices, a step being taken back where the residual rises too much."""
        part, progress = 1.0, Progress(PATIENCE, moves=False)
        self.evaluate(x)
        while not self.residual() <= self.options.tolerance_residual:
            stop_if_cancelled()
            if self.steps >= self.options.limit_iterations:
                return x, Status.LIMIT
            before, step = self.residual(), self._newton()
            longest = float(np.max(np.abs(step)))
            trial = x + part * min(1.0, LONGEST_PRICE / max(longest, 1e-300)) * step
            self.steps += 1
            if self.evaluate(trial) and self.residual() <= max(before, rise * max(before, 1.0)):
                x, part = trial, min(1.0, 2.0 * part)
            else:
                part /= 8.0
                self.evaluate(x)
            if not progress.made(self.residual(), x) or part < LEAST:
                return x, Status.STALLED if progress.best <= ROUNDING else Status.STUCK
        return x, Status.CONVERGED

    # --- the residual ---------------------------------------------------------------

    def evaluate(self, x: np.ndarray) -> bool:
        """Linearise at x; keep the residual; whether it is finite where it counts."""
        gone = self.firms & (x == -np.inf)
        self.idle = self.absent | (self.residents if self.staying else gone)
        if self.closes and not np.isfinite(self._remote(x)).any():
            x[self.remote], self.idle[self.remote] = self.free, True
        excess = self.system.evaluate(x)
        self.some_gone = not self.staying and bool(gone.any())
        self.entry = np.where(gone, excess, -np.inf) if self.some_gone else self.no_entry
        self.excess = np.where(self.idle, 0.0, excess)
        largest = np.abs(self.excess).max()
        self._residual = float(np.maximum(largest, self._pull()))
        return bool(np.isfinite(largest))

    def _pull(self) -> float:
        """Return the largest log return to entry, where firms are absent."""
        pulls = self.lets_in and self.some_gone
        return float(np.max(self.entry, initial=0.0)) if pulls else 0.0

    def residual(self) -> float:
        """Complementarity and market clearing in one number."""
        return self._residual

    def _unclear(self) -> float:
        """How far markets are from clearing."""
        still = ~(self.residents if self.staying else self.moving)
        return float(np.abs(self.excess[still]).max())

    def _at_rest(self) -> bool:
        """Whether markets clear and firms and people are at rest, within tolerance."""
        o = self.options
        growth = np.abs(self.excess[self.moving]).max()
        return bool(
            self._unclear() <= o.tolerance_residual
            and growth <= o.tolerance_payoff
            and self._pull() <= o.tolerance_payoff
        )

    # --- steps ----------------------------------------------------------------------

    def _settle(self, x: np.ndarray) -> tuple[np.ndarray, Status, list[tuple[float, np.ndarray]]]:
        """Find a rest point by one method after the other; return the last one tried."""
        found = self._follow(x, closely=False)
        for start in (x, np.where(self.moving, x, self.prices)):
            if found[1] in (Status.CONVERGED, Status.LIMIT):
                break
            logger.info("no progress: the start is followed more closely")
            found = self._follow(start, closely=True)
        if found[1] not in (Status.STUCK, Status.NOT_FINITE):
            return found
        logger.info("no progress: prices are led to the start")
        led, status = self._led(x)
        if status is Status.CONVERGED:
            return self._follow(led, closely=True)
        self.evaluate(found[0])
        return found

    def _led(self, x: np.ndarray) -> tuple[np.ndarray, Status]:
        """Return a start with markets that clear, to which prices are led from another one.

        From prices of nowhere in particular Newton's method may lead astray, as where a few people
        share what many firms pay. So firms and people are moved to where they start, in logs, from
        where markets clear with ease, and prices follow.
        """
        begin = np.where(self.firms & np.isneginf(x), x, self.prices)
        done, part, staying = 0.0, 1.0, self.staying
        self.staying = True
        try:
            at, status = self._clear(begin, RISE)
            while status is Status.CONVERGED and done < 1.0:
                there = min(done + part, 1.0)
                aside = np.where(self.residents, begin + there * _apart(x, begin), at)
                trial, cleared = self._clear(aside, RISE)
                if cleared is Status.CONVERGED:
                    at, done, part = trial, there, 2.0 * part
                elif part <= CLOSEST or self.steps >= self.options.limit_steps:
                    status = cleared
                else:
                    part /= 4.0
        finally:
            self.staying = staying
        return np.where(self.residents, x, at), status

    def _follow(
        self, x: np.ndarray, *, closely: bool
    ) -> tuple[np.ndarray, Status, list[tuple[float, np.ndarray]]]:
        """Follow firms and people until they rest; also every point passed, with its step."""
        time, shortest = FIRST_STEP, 0.0 if closely else FIRST_STEP
        progress = Progress(PATIENCE, moves=closely)
        newton = Progress(NEWTON_PATIENCE, moves=False)
        trace: list[tuple[float, np.ndarray]] = []
        if not self.evaluate(x):
            return x, Status.NOT_FINITE, trace
        while not self._at_rest():
            stop_if_cancelled()
            if self.steps >= self.options.limit_steps:
                return x, Status.LIMIT, trace
            entering = self.lets_in & (self.entry > self.options.tolerance_payoff)
            if entering.any() and np.abs(self.excess).max() <= CALM:
                x, time = self._enter(x, entering), FIRST_STEP
            trace.append((time, x))
            before, (trial, expected, whole) = self.residual(), self._step(x, time)
            self.steps += 1
            fits = self.evaluate(trial) and self.residual() <= RISE * max(before, 1.0)
            bent = np.abs(self.excess - expected)[closely | ~self.moving].max() / before
            if fits and (bent <= BENT or not closely):
                x = self._vanish(trial)
                pace = SLOWER if bent > BENT or not whole else FASTER if bent <= STRAIGHT else 1.0
                time = max(min(time * pace, LONGEST), min(time, shortest))
            else:
                time = (time if closely else min(time, FIRST_STEP)) / 8.0
                self.evaluate(x)
            nearer = progress.made(self.residual(), x)
            if time >= NEWTON:
                nearer &= newton.made(self.residual(), x)
            if not nearer or time < SHORTEST:
                return x, self._reason(x, progress.best), trace
        return x, Status.CONVERGED, trace

    def _reason(self, x: np.ndarray, best: float) -> Status:
        """Why there is no progress: rounding, firms too few for a number, or else STUCK."""
        few = np.isfinite(x) & (x < FEWEST) & self.firms
        if few.any() or not np.isfinite(self.residual()):
            return Status.NOT_FINITE
        return Status.STALLED if best <= ROUNDING else Status.STUCK

    def _step(self, x: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray, bool]:
        """One linearly implicit Euler step, and the residual along its tangent.

        Shortened where it is too long, which is the last that is returned.
        """
        step = self._newton(1.0 / time)
        firms, others = np.abs(step[self.firms]).max(), np.abs(step[~self.firms]).max()
        part = min(1.0, LONGEST_FIRMS / max(firms, 1e-300), LONGEST_PRICE / max(others, 1e-300))
        step *= part if np.isfinite(step).all() else np.nan
        expected = (1.0 - part) * self.excess + self.moving * step / time
        return x + step, expected, part == 1.0

    def _newton(self, inverse_time: float = 0.0) -> np.ndarray:
        """Return the step that leaves nothing of the residual along its tangent."""
        self.system.hold(CLOSE)
        step: np.ndarray = self.system.solve(inverse_time, self.idle, self.excess, ACCURATE)
        return step

    def _by_industry(self, x: np.ndarray) -> np.ndarray:
        """Firms in each industry, mode and place, in the order of the unknowns' rows."""
        places, to = self.p.place.size, self.p.slots
        rows = x[: self.local].reshape(places, -1)[:, : to.price_index]
        return rows.reshape(places, self.industries, to.modes)  # a view

    def _remote(self, x: np.ndarray) -> np.ndarray:
        """Firms that hire remote labour, by place and industry."""
        return self._by_industry(x)[:, self.hires, equations.ONLINE :]

    def _vanish(self, x: np.ndarray) -> np.ndarray:
        """Set firms to zero that have almost vanished, where variety allows it."""
        if not (self.vanishing.any() or self.lonely.any()):
            return x
        firms = self._by_industry(x)
        total = np.exp(firms).sum((0, 2))[:, None]
        leaving = self._by_industry(self.excess) < 0.0
        small = (np.exp(firms) < GONE * total) & np.isfinite(firms) & leaving
        small &= self.vanishing[:, None]
        # Online firms that learn from each other alone can all be gone at once.
        pool = firms[..., equations.ONLINE]
        lost = np.exp(pool).sum(0) < GONE * total[:, 0]
        lost &= leaving[..., equations.ONLINE].all(0) & self.lonely
        small[..., equations.ONLINE] |= lost & np.isfinite(pool)
        small &= firms < firms.max((1, 2), keepdims=True)  # who lives there needs an employer
        if self.hires.any() and not self.closes:
            some = firms[..., equations.ONLINE :] < self._remote(x).max()
            small[..., equations.ONLINE :] &= ~self.hires[:, None] | some
        if small.any():
            left = x.copy()
            self._by_industry(left)[small] = -np.inf
            if self.evaluate(left):
                return left
            self.evaluate(x)  # somebody cannot do without them
        return x

    def _enter(self, x: np.ndarray, entering: np.ndarray) -> np.ndarray:
        """Let a few firms in where entry pays."""
        x, where = x.copy(), self._by_industry(entering)
        firms = self._by_industry(x)
        few = np.log(ENTRANTS * np.exp(firms).sum((0, 2)))[:, None]
        firms[where] = np.broadcast_to(few, firms.shape)[where]
        if self.closes and x[self.remote] == self.free:
            x[self.remote] = self.prices[self.remote]
        for place in np.flatnonzero(where.any((1, 2))):
            self.perturbed.append(f"entry of firms in {self.names[place]}")
        self.evaluate(x)
        return x

    # --- stability ------------------------------------------------------------------

    def _polish(self, x: np.ndarray) -> tuple[np.ndarray, float]:
        """Take Newton steps until the next is short enough; return its length, the error left."""
        for last in (False, False, True):
            step = self._newton()
            error = float(np.max(np.abs(step)))
            if last or error <= self.options.tolerance_error or not self.evaluate(x + step):
                break
            x = x + step
        return x, error

    def leading(self, precision: float | None = None) -> tuple[float, np.ndarray]:
        """Growth rate and shape of the fastest deviation of firms and people.

        Without a precision it may be known no better than what it is needed for: whether it grows.
        """
        self.system.hold(0.0)
        rate, direction = self.system.leading(self.idle, precision)
        return float(np.maximum(rate, np.max(self.entry))), direction

    def _depart(
        self,
        rest: np.ndarray,
        rate: float,
        direction: np.ndarray,
        trace: list[tuple[float, np.ndarray]],
        away: float,
    ) -> np.ndarray:
        """Step off an unstable rest point, on the side that it was reached from, and leave it."""
        direction = direction / direction[np.argmax(np.abs(direction).round(9))]
        early = [point for time, point in trace if time * rate < 0.5]
        leads = self.moving & ~self.residents
        if (np.abs(direction[leads]) > LEADS).any():
            # Near equality of those that are alike their prices need not say which way it goes.
            self.perturbed.append("an unstable rest point, towards the first of those alike")
            logger.info("nudged: %s", self.perturbed[-1])
            return np.where(leads, self.ahead, rest)
        if early:
            aside = _apart(early[-1], rest)
            side = float(direction @ aside)
            if side < -1e-9:
                direction = -direction
        x = rest + NUDGE * direction
        people = direction[: self.local].reshape(self.p.place.size, -1)[:, self.p.slots.people]
        top = self.names[int(np.argmax(people.round(9)))]
        self.perturbed.append(f"an unstable rest point, towards {top}")
        logger.info("nudged: %s", self.perturbed[-1])
        # Longer steps of implicit Euler would lead back to the point that is left.
        time, progress = 0.5 / rate, Progress(PATIENCE)
        while self.steps < self.options.limit_steps and self.evaluate(x):
            stop_if_cancelled()
            x, _, _ = self._step(x, time)
            self.steps += 1
            moved = np.max(np.abs(_apart(x, rest)[self.moving]))
            if moved > away or (moved > AWAY and self.residual() <= CALM):
                break
            if not progress.made(np.inf, x):
                break
        return x


def _apart(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return x - y, zero where firms have vanished."""
    apart = np.zeros_like(x)
    np.subtract(x, y, out=apart, where=np.isfinite(x) & np.isfinite(y))
    return apart
