"""One path of equilibria: step size control, located events, where and why it ends."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nege.models.law_of_motion import NEUTRAL_RATE
from nege.structure.branches.continuation import (
    CLOSE,
    Emptied,
    Locus,
    Lost,
    Pattern,
    Point,
    pattern,
    root,
)
from nege.structure.symmetry import Symmetry

FIRST, LONGEST, SHORTEST = 4e-3, 2e-2, 1e-8  # steps, in length of (lambda, tau)
LARGEST_TURN = 0.25  # of the tangent in a step, in radians
EASY_TURN = 0.08  # below which the next step is longer
SLACK = 2.0  # length of a corrected step over the predicted one, at most
STEEP = 0.5  # d tau from which a step is taken at a given parameter: one set of trade costs
ZERO = 1e-7  # values below this at a located point are zero there
NEARLY = 3e-3  # differences of shares below which it is asked whether paths meet
MERGED = 1e-4  # how near the more symmetric equilibrium is then, and
FLAT = 1e-5  # how near to zero one of its growth rates
BESIDE = 0.05  # of a step: how far beside its end a sign is read where it is zero there
SECANTS = 12  # steps towards a zero rate
LIMIT = 4000  # points of a path
ROUGH = 0.9  # cosine of chord and tangent below which a piece is taken for straight
NEAR_END = 1e-12  # in tau


class Crossing(NamedTuple):
    """An event at a located point of a path: which growth rates or entry conditions are zero."""

    position: int  # of its point
    turned: bool  # the parameter turns
    dimension: int  # growth rates that are zero
    oscillating: bool  # they are a complex pair
    entrants: np.ndarray  # empty regions into which entry begins or ceases to pay


class Path(NamedTuple):
    """A piece of the curve of equilibria."""

    points: list[Point]
    crossings: list[Crossing]
    ended: str  # "interval", "corner", "merged", "loop", "known", "limit" or "stalled"
    reason: str = ""


class Tracer:
    """Follows paths on which given cells of regions are occupied.

    Parameters
    ----------
    locus : Locus
        The economy.
    symmetry : Symmetry
        Of the economy.
    on : Pattern
        Occupied regions, and those whose shares stay equal.
    order : int
        Number of symmetries that points of the path have: where there are more, it meets
        another path.
    """

    def __init__(self, locus: Locus, symmetry: Symmetry, on: Pattern, order: int) -> None:
        self.locus, self.symmetry, self.on, self.order = locus, symmetry, on, order
        alike = np.empty(len(locus.model.regions), dtype=int)
        for i, cell in enumerate(symmetry.cells()):
            alike[cell] = i
        self.pairs = np.array(
            [p for p in itertools.combinations(on.first, 2) if alike[p[0]] == alike[p[1]]],
            dtype=int,
        ).reshape(-1, 2)
        self.parameter = np.zeros(len(locus.model.regions) + 1)
        self.parameter[-1] = 1.0

    def follow(
        self, start: Point, known: Callable[[Point], bool] | None = None, *, tilted: bool = False
    ) -> Path:
        """Follow the curve from a point along its tangent until it ends.

        Parameters
        ----------
        start : Point
            Its tangent says where to.
        known : callable, optional
            Told the first point after the start; True stops there.
        tilted : bool
            The tangent at the start is only roughly one of the curve.
        """
        points, crossings = [start], list[Crossing]()
        step, travelled, reason = FIRST, 0.0, ""
        signs = np.zeros(start.watched.size) if tilted else _signs(start.watched)
        while len(points) < LIMIT:
            here = points[-1]
            outward = here.tangent[-1] * (here.tau - 0.5) > 0.0
            if outward and min(here.tau, 1.0 - here.tau) <= NEAR_END:
                return Path(points, crossings, "interval")
            try:
                there, ended = self._advance(points, step, tilted=tilted and len(points) == 1)
                if (shorter := self._dip(points, there)) and ended != "corner":
                    there, ended = self._advance(points, shorter)
                found, ended = self._between(here, there, signs, ended)
            except Lost as lost:
                step, reason = 0.5 * step, str(lost)
                if step < SHORTEST:
                    return Path(points, crossings, "stalled", reason)
                continue
            if known is not None and known(there):
                return Path(points, crossings, "known")
            known = None
            for point, crossing in found:
                points.append(point)
                if crossing is not None:
                    crossings.append(crossing._replace(position=len(points) - 1))
            signs = np.where(_signs(points[-1].watched) != 0, _signs(points[-1].watched), signs)
            if ended:
                return Path(points, crossings, ended)
            if travelled > 4.0 * LONGEST and self._back(start, here, there):
                return Path(points, crossings, "loop")
            travelled += float(np.linalg.norm(there.place - here.place))
            if np.arccos(np.clip(there.tangent @ here.tangent, -1.0, 1.0)) < EASY_TURN:
                step = min(1.6 * step, LONGEST)
        return Path(points, crossings, "limit", f"more than {LIMIT} points")

    def beside(self, start: Point) -> Point:
        """Return a point one short step from the start, or the start where there is none."""
        try:
            return self._advance([start], BESIDE * LONGEST)[0]
        except Lost:
            return start

    def _advance(
        self, points: list[Point], step: float, *, tilted: bool = False
    ) -> tuple[Point, str]:
        """Take one step; say where it ends the path."""
        here, before = points[-1], points[-2] if len(points) > 2 else None
        tangent, n = here.tangent, here.share.size
        tau = here.tau + step * tangent[n]
        if not 0.0 <= tau <= 1.0:
            end = 0.0 if tau < 0.0 else 1.0
            length = (end - here.tau) / tangent[n]
            return self._reach(here, before, length, self.parameter, end, step, tilted), "interval"
        row, target = tangent, float(tangent @ here.place) + step
        if abs(tangent[n]) >= STEEP:
            row, target = self.parameter, tau
        try:
            return self._reach(here, before, step, row, target, step, tilted), ""
        except Emptied as emptied:
            cell = self.on.cells[emptied.cell]
            row = np.zeros(n + 1)
            row[cell[0]] = 1.0
            slope = tangent[cell[0]]
            length = -here.share[cell[0]] / slope if slope < 0.0 else step
            there = self._reach(here, before, min(length, step), row, 0.0, step, tilted)
            there.place[cell] = 0.0
            return there, "corner"

    def _reach(
        self,
        here: Point,
        before: Point | None,
        length: float,
        row: np.ndarray,
        target: float,
        step: float,
        tilted: bool,
    ) -> Point:
        """Correct a prediction; refuse it where it may have jumped to another curve."""
        guess = here.place + length * here.tangent
        if before is not None:
            gone = float(np.linalg.norm(here.place - before.place))
            bent = guess + (0.5 * length**2 / gone) * (here.tangent - before.tangent)
            guess = bent if (bent[:-1] >= 0.0).all() and 0.0 <= bent[-1] <= 1.0 else guess
        place, local = self.locus.correct(self.on, guess, here.state, row, target, CLOSE)
        there = self.locus.point(self.on, place, local, here.tangent)
        moved = there.place - here.place
        longest = SLACK * step * (4.0 if tilted else 1.0)
        if not (np.linalg.norm(moved) <= longest and moved @ here.tangent > 0.0):
            raise Lost("a step led too far")
        if not tilted and there.tangent @ here.tangent < np.cos(LARGEST_TURN):
            raise Lost("the curve turns too sharply")
        return there

    def _dip(self, points: list[Point], there: Point) -> float:
        """Return a shorter step where two roots of a watched function may hide in it, else zero."""
        if len(points) < 3:
            return 0.0
        before, here = points[-2], points[-1]
        first = -float(np.linalg.norm(here.place - before.place))
        last = float(np.linalg.norm(there.place - here.place))
        f0, f1, f2 = before.watched, here.watched, there.watched
        slope = (f2 - f1) / last
        curve = ((f1 - f0) / -first - slope) / (first - last)
        slope = slope - curve * last
        with np.errstate(divide="ignore", invalid="ignore"):
            lowest = -slope / (2.0 * curve)
            value = f1 + 0.5 * slope * lowest
        inside = (lowest > 0.1 * last) & (lowest < 0.9 * last) & (f1 * f2 > 0.0) & (f1 * value <= 0)
        return float(np.min(lowest[inside], initial=np.inf)) if inside.any() else 0.0

    def _between(
        self, here: Point, there: Point, signs: np.ndarray, ended: str
    ) -> tuple[list[tuple[Point, Crossing | None]], str]:
        """Locate what changed sign on the way; return the new points in order."""
        along = there.place - here.place
        length = float(np.linalg.norm(along))
        along /= length

        def arc(s: float) -> Point:
            guess = _bend(here, there, s, length)
            target = float(along @ here.place) + s
            found = self.locus.correct(self.on, guess, here.state, along, target)
            return self.locus.point(self.on, *found, along)

        # Where a share is zero so is a growth rate, and at a break too: its sign is that nearby.
        low, high, first, last = 0.0, length, here, there
        if ((signs == 0.0) & np.isfinite(here.watched)).any():
            low = BESIDE * length
            first = arc(low)
            signs = _signs(first.watched)
        if ended == "corner":
            high = (1.0 - BESIDE) * length
            last = arc(high)
        a, b = first.watched, last.watched
        pending = set(np.flatnonzero(signs * _signs(b) < 0))
        events: list[tuple[float, Point, Crossing]] = []
        while pending:
            i = max(pending)  # the turn of the parameter first: it is best conditioned
            s = low
            if a[i] * b[i] < 0.0:
                s = root(lambda s, i=i: float(arc(s).watched[i]), low, high, (a[i], b[i]))  # type: ignore[misc]
            point = arc(s) if s > 0.0 else here
            zero = np.abs(point.watched) <= ZERO
            zero[i] = True
            pending -= set(np.flatnonzero(zero))
            events.append((s, point, self._crossing(point, zero)))
        events.sort(key=lambda event: event[0])
        result: list[tuple[Point, Crossing | None]] = []
        if (met := self._passed(here, there)) is not None:
            return [(met, None)], "merged"
        done = 0.0
        for s, point, crossing in events:
            if s > done:  # an ordinary point between, to know its stability
                result.append((arc(0.5 * (done + s)), None))
            result.append((point, crossing))
            done = s
            if (crossing.dimension or crossing.turned) and (met := self._meeting(point)):
                return [*result[:-1], (met, crossing)], "merged"
        if ended and done < length:
            result.append((arc(0.5 * (done + length)), None))
        result.append((there, None))
        return result, ended

    def _meeting(self, point: Point) -> Point | None:
        """Return the more symmetric equilibrium at which the path meets another, if it does.

        There the curve has two directions, so that a point on it is known to half of the
        digits only; the symmetric one is known in full.
        """
        larger = self.symmetry.isotropy(point.share, NEARLY)
        if larger.order <= self.order:
            return None
        cells = [cell for cell in larger.cells() if point.share[cell].mean() > 0.0]
        on = pattern(cells, point.share.size)
        even = on.member @ (on.member.T @ point.share / on.size)
        try:
            guess = np.append(even, point.tau)
            place, local = self.locus.correct(on, guess, point.state, self.parameter, point.tau)
            met = self.locus.point(on, place, local, self.parameter)
        except Lost:
            return None
        flat = np.min(np.abs(met.rates), initial=np.inf)
        if np.max(np.abs(met.share - point.share)) > MERGED or flat > FLAT:
            return None
        return met._replace(tangent=point.tangent)

    def _passed(self, here: Point, there: Point) -> Point | None:
        """Return the more symmetric equilibrium that a step led straight through, if any.

        Growth rates do not tell: of those that are zero together there, as many begin to
        grow as cease to. The shares of two cells that change places do.
        """
        apart = np.array(
            [p.share[self.pairs[:, 0]] - p.share[self.pairs[:, 1]] for p in (here, there)]
        )
        for k in np.flatnonzero(apart[0] * apart[1] < 0.0):
            t = apart[0, k] / (apart[0, k] - apart[1, k])
            length = float(np.linalg.norm(there.place - here.place))
            guess = _bend(here, there, t * length, length)
            larger = self.symmetry.isotropy(guess[:-1], BESIDE * length)
            if larger.order <= self.order:
                continue
            cells = [cell for cell in larger.cells() if guess[cell].mean() > 0.0]
            on = pattern(cells, here.share.size)
            if not np.array_equal(on.occupied, self.on.occupied):
                continue  # at a corner, which ends the path anyway
            guess[:-1] = on.member @ (on.member.T @ guess[:-1] / on.size)

            def flattest(tau: float, on: Pattern = on, guess: np.ndarray = guess) -> Point:
                place = np.append(guess[:-1], tau)
                found = self.locus.correct(on, place, here.state, self.parameter, tau)
                return self.locus.point(on, *found, self.parameter)

            try:
                met = _zero_rate(flattest, float(guess[-1]), BESIDE * length)
            except Lost:
                continue
            if met is not None and np.linalg.norm(met.place - guess) <= 0.5 * length:
                return met._replace(tangent=here.tangent)
        return None

    def _crossing(self, point: Point, zero: np.ndarray) -> Crossing:
        k, n = point.rates.size, point.share.size
        critical = point.rates[zero[:k]]
        entrants = np.flatnonzero(zero[k : k + n])
        oscillating = bool(critical.size) and float(np.max(np.abs(critical.imag))) > 1e-5
        return Crossing(0, bool(zero[-1]), critical.size, oscillating, entrants)

    def _back(self, start: Point, here: Point, there: Point) -> bool:
        """Whether the path has come back to its start, or to an image of it."""
        along = there.place - here.place
        length = float(np.linalg.norm(along))
        image = np.append(self.symmetry.align(start.share, here.share), start.tau)
        if np.linalg.norm(image - here.place) > 2.0 * length:
            return False
        along /= length
        s = float(along @ (image - here.place))
        if not 0.0 <= s <= length:
            return False
        guess = here.place + s * along
        try:
            place, _ = self.locus.correct(self.on, guess, here.state, along, float(along @ image))
        except Lost:
            return False
        return bool(np.max(np.abs(place - image)) <= ZERO)


def _zero_rate(at: Callable[[float], Point], tau: float, step: float) -> Point | None:
    """Return where a growth rate is zero, near a place of the interval, by the secant method."""
    before, here = at(tau), at(min(max(tau + step, 0.0), 1.0))
    which = int(np.argmin(np.abs(before.rates)))
    for _ in range(SECANTS):
        slope = (here.rates[which].real - before.rates[which].real) / (here.tau - before.tau)
        if not abs(slope) > 0.0:
            return None
        before, here = here, at(min(max(here.tau - here.rates[which].real / slope, 0.0), 1.0))
        if abs(here.rates[which].real) <= NEUTRAL_RATE or here.tau == before.tau:
            return here if abs(here.rates[which].real) <= ZERO else None
    return None


def _bend(here: Point, there: Point, s: float, length: float) -> np.ndarray:
    """Return the cubic through two points along their tangents, a length s along the chord."""
    along = (there.place - here.place) / length
    t = s / length
    straight = (1.0 - t) * here.place + t * there.place
    start, end = float(here.tangent @ along), float(there.tangent @ along)
    if min(start, end) < ROUGH:
        return straight
    bulge = t * (1.0 - t) * length
    bulge = bulge * (1.0 - t) * (here.tangent / start - along) - bulge * t * (
        there.tangent / end - along
    )
    return np.asarray(straight + bulge)


def _signs(values: np.ndarray) -> np.ndarray:
    """Return -1, 0 or 1: which side of zero, if any."""
    return np.where(np.abs(values) > NEUTRAL_RATE, np.sign(values), 0.0)
