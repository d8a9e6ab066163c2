"""One path of equilibria: step size control, located events, where and why it ends."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nege.models.law_of_motion import NEUTRAL_RATE
from nege.structure.branches.continuation import (
    TRACED_TOLERANCE,
    ContinuationPoint,
    CorrectorFailure,
    OccupiedCells,
    RegionEmptied,
    SolutionCurve,
    bracketed_root,
    occupied_cells,
)
from nege.structure.symmetry import Symmetry, SymmetryOfPlaces

ZERO_TOLERANCE = 1e-7  # values below this at a located point are zero there
NEARLY_SYMMETRIC_TOLERANCE = 3e-3  # of shares, below which it is asked whether paths meet
MERGED_SHARE_TOLERANCE = 1e-4  # where they do: to the more symmetric equilibrium, and


class Crossing(NamedTuple):
    """An event at a located point of a path: which growth rates or entry conditions are zero."""

    position: int  # of its point
    turned: bool  # the parameter turns
    dimension: int  # growth rates that are zero
    oscillating: bool  # they are a complex pair
    entrants: np.ndarray  # empty regions into which entry begins or ceases to pay


class TracedCurve(NamedTuple):
    """A piece of the curve of equilibria."""

    points: list[ContinuationPoint]
    crossings: list[Crossing]
    ended: str  # "interval", "corner", "merged", "loop", "known", "limit" or "stalled"
    reason: str = ""


FIRST_STEP, LONGEST_STEP, SHORTEST_STEP = 4e-3, 2e-2, 1e-8  # steps, in length of (lambda, tau)
LARGEST_TURN = 0.25  # of the tangent in a step, in radians
EASY_TURN = 0.08  # below which the next step is longer
LONGEST_CORRECTED_STEP = 2.0  # length of a corrected step over the predicted one, at most
STEEP_IN_PARAMETER = 0.5  # d tau from which steps go to a given parameter: one set of trade costs
MERGED_RATE_TOLERANCE = 1e-5  # where paths meet: of one growth rate to zero
BESIDE_STEP_END = 0.05  # of a step: how far beside its end a sign is read where it is zero there
MOST_CURVE_POINTS = 4000  # points of a path
INTERVAL_END_TOLERANCE = 1e-12  # in tau


class CurveTracer:
    """Follows paths on which given cells of regions are occupied.

    Parameters
    ----------
    problem : SolutionCurve
        The economy.
    symmetry : Symmetry
        Of the economy.
    on : OccupiedCells
        Occupied regions, and those whose shares stay equal.
    order : int
        Number of symmetries that points of the path have: where there are more, it meets
        another path.
    """

    def __init__(
        self,
        problem: SolutionCurve,
        symmetry: Symmetry | SymmetryOfPlaces,
        on: OccupiedCells,
        order: int,
    ) -> None:
        self.problem, self.symmetry, self.on, self.order = problem, symmetry, on, order
        alike = -1 - np.arange(len(problem.labels))  # each for itself where nothing else is said
        for i, cell in enumerate(symmetry.cells()):
            alike[cell] = i
        self.pairs = np.array(
            [p for p in itertools.combinations(on.first, 2) if alike[p[0]] == alike[p[1]]],
            dtype=int,
        ).reshape(-1, 2)
        # Those that lead others which are alike, and what they have where all are.
        splits = getattr(symmetry, "splits", ())
        leads = len(problem.labels) - len(splits) + np.arange(len(splits))
        here = np.isin(leads, on.occupied)
        self.leads, self.even = leads[here], 1.0 / np.array(splits)[here]
        self.parameter = np.zeros(len(problem.labels) + 1)
        self.parameter[-1] = 1.0

    def follow(
        self,
        start: ContinuationPoint,
        known: Callable[[ContinuationPoint], bool] | None = None,
        *,
        tilted: bool = False,
    ) -> TracedCurve:
        """Follow the curve from a point along its tangent until it ends.

        Parameters
        ----------
        start : ContinuationPoint
            Its tangent says where to.
        known : callable, optional
            Told the first point after the start; True stops there.
        tilted : bool
            The tangent at the start is only roughly one of the curve.
        """
        points, crossings = [start], list[Crossing]()
        step, travelled, reason = FIRST_STEP, 0.0, ""
        signs = np.zeros(start.watched.size) if tilted else _signs(start.watched)
        while len(points) < MOST_CURVE_POINTS:
            here = points[-1]
            outward = here.tangent[-1] * (here.tau - 0.5) > 0.0
            if outward and min(here.tau, 1.0 - here.tau) <= INTERVAL_END_TOLERANCE:
                return TracedCurve(points, crossings, "interval")
            try:
                there, ended = self._advance(points, step, tilted=tilted and len(points) == 1)
                if (shorter := self._dip(points, there)) and ended != "corner":
                    there, ended = self._advance(points, shorter)
                found, ended = self._between(here, there, signs, ended)
            except CorrectorFailure as lost:
                step, reason = 0.5 * step, str(lost)
                if step < SHORTEST_STEP:
                    return TracedCurve(points, crossings, "stalled", reason)
                continue
            if known is not None and known(there):
                return TracedCurve(points, crossings, "known")
            known = None
            for point, crossing in found:
                points.append(point)
                if crossing is not None:
                    crossings.append(crossing._replace(position=len(points) - 1))
            signs = np.where(_signs(points[-1].watched) != 0, _signs(points[-1].watched), signs)
            if ended:
                return TracedCurve(points, crossings, ended)
            if travelled > 4.0 * LONGEST_STEP and self._back(start, here, there):
                return TracedCurve(points, crossings, "loop")
            travelled += float(np.linalg.norm(there.vector - here.vector))
            if np.arccos(np.clip(there.tangent @ here.tangent, -1.0, 1.0)) < EASY_TURN:
                step = min(1.6 * step, LONGEST_STEP)
        return TracedCurve(points, crossings, "limit", f"more than {MOST_CURVE_POINTS} points")

    def beside(self, start: ContinuationPoint) -> ContinuationPoint:
        """Return a point one short step from the start, or the start where there is none."""
        try:
            return self._advance([start], BESIDE_STEP_END * LONGEST_STEP)[0]
        except CorrectorFailure:
            return start

    def _advance(
        self, points: list[ContinuationPoint], step: float, *, tilted: bool = False
    ) -> tuple[ContinuationPoint, str]:
        """Take one step; say where it ends the path."""
        here, before = points[-1], points[-2] if len(points) > 2 else None
        tangent, n = here.tangent, here.share.size
        tau = here.tau + step * tangent[n]
        if not 0.0 <= tau <= 1.0:
            end = 0.0 if tau < 0.0 else 1.0
            length = (end - here.tau) / tangent[n]
            return self._reach(here, before, length, self.parameter, end, step, tilted), "interval"
        row, target = tangent, float(tangent @ here.vector) + step
        if abs(tangent[n]) >= STEEP_IN_PARAMETER:
            row, target = self.parameter, tau
        try:
            return self._reach(here, before, step, row, target, step, tilted), ""
        except RegionEmptied as emptied:
            cell = self.on.cells[emptied.cell]
            row = np.zeros(n + 1)
            row[cell[0]] = 1.0
            slope = tangent[cell[0]]
            length = -here.share[cell[0]] / slope if slope < 0.0 else step
            there = self._reach(here, before, min(length, step), row, 0.0, step, tilted)
            there.vector[cell] = 0.0
            return there, "corner"

    def _reach(
        self,
        here: ContinuationPoint,
        before: ContinuationPoint | None,
        length: float,
        row: np.ndarray,
        target: float,
        step: float,
        tilted: bool,
    ) -> ContinuationPoint:
        """Correct a prediction; refuse it where it may have jumped to another curve."""
        guess = here.vector + length * here.tangent
        if before is not None:
            gone = float(np.linalg.norm(here.vector - before.vector))
            bent = guess + (0.5 * length**2 / gone) * (here.tangent - before.tangent)
            guess = bent if (bent[:-1] >= 0.0).all() and 0.0 <= bent[-1] <= 1.0 else guess
        vector, local = self.problem.correct(
            self.on, guess, here.state, row, target, TRACED_TOLERANCE
        )
        there = self.problem.point(self.on, vector, local, here.tangent)
        moved = there.vector - here.vector
        longest = LONGEST_CORRECTED_STEP * step * (4.0 if tilted else 1.0)
        if not (np.linalg.norm(moved) <= longest and moved @ here.tangent > 0.0):
            raise CorrectorFailure("a step led too far")
        if not tilted and there.tangent @ here.tangent < np.cos(LARGEST_TURN):
            raise CorrectorFailure("the curve turns too sharply")
        return there

    def _dip(self, points: list[ContinuationPoint], there: ContinuationPoint) -> float:
        """Return a shorter step where two roots of a watched function may hide in it, else zero."""
        if len(points) < 3:
            return 0.0
        before, here = points[-2], points[-1]
        first = -float(np.linalg.norm(here.vector - before.vector))
        last = float(np.linalg.norm(there.vector - here.vector))
        f0, f1, f2 = before.watched, here.watched, there.watched
        slope = (f2 - f1) / last
        curve = ((f1 - f0) / -first - slope) / (first - last)
        slope = slope - curve * last
        with np.errstate(divide="ignore", invalid="ignore"):
            lowest = -slope / (2.0 * curve)
            value = f1 + 0.5 * slope * lowest
            turned = (f1 * f2 > 0.0) & (f1 * value <= 0)
        inside = (lowest > 0.1 * last) & (lowest < 0.9 * last) & turned
        return float(np.min(lowest[inside], initial=np.inf)) if inside.any() else 0.0

    def _between(
        self, here: ContinuationPoint, there: ContinuationPoint, signs: np.ndarray, ended: str
    ) -> tuple[list[tuple[ContinuationPoint, Crossing | None]], str]:
        """Locate what changed sign on the way; return the new points in order."""
        along = there.vector - here.vector
        length = float(np.linalg.norm(along))
        along /= length

        def arc(s: float) -> ContinuationPoint:
            guess = _cubic_between(here, there, s, length)
            target = float(along @ here.vector) + s
            found = self.problem.correct(self.on, guess, here.state, along, target)
            return self.problem.point(self.on, *found, along)

        # Where a share is zero so is a growth rate, and at a break too: its sign is that nearby.
        low, high, first, last = 0.0, length, here, there
        if ((signs == 0.0) & np.isfinite(here.watched)).any():
            low = BESIDE_STEP_END * length
            first = arc(low)
            signs = _signs(first.watched)
        if ended == "corner":
            high = (1.0 - BESIDE_STEP_END) * length
            last = arc(high)
        a, b = first.watched, last.watched
        pending = set(np.flatnonzero(signs * _signs(b) < 0))
        events: list[tuple[float, ContinuationPoint, Crossing]] = []
        while pending:
            i = max(pending)  # the turn of the parameter first: it is best conditioned
            s = low
            if a[i] * b[i] < 0.0:
                s = bracketed_root(lambda s, i=i: float(arc(s).watched[i]), low, high, (a[i], b[i]))  # type: ignore[misc]
            point = arc(s) if s > 0.0 else here
            zero = np.abs(point.watched) <= ZERO_TOLERANCE
            zero[i] = True
            pending -= set(np.flatnonzero(zero))
            events.append((s, point, self._crossing(point, zero)))
        events.sort(key=lambda event: event[0])
        result: list[tuple[ContinuationPoint, Crossing | None]] = []
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

    def _meeting(self, point: ContinuationPoint) -> ContinuationPoint | None:
        """Return the more symmetric equilibrium at which the path meets another, if it does.

        There the curve has two directions, so that a point on it is known to half of the
        digits only; the symmetric one is known in full.
        """
        larger = self.symmetry.isotropy(point.share, NEARLY_SYMMETRIC_TOLERANCE)
        if larger.order <= self.order:
            return None
        cells = [cell for cell in larger.cells() if point.share[cell].mean() > 0.0]
        on = occupied_cells(cells, point.share.size)
        even = on.member @ (on.member.T @ point.share / on.size)
        try:
            guess = np.append(even, point.tau)
            vector, local = self.problem.correct(on, guess, point.state, self.parameter, point.tau)
            met = self.problem.point(on, vector, local, self.parameter)
        except CorrectorFailure:
            return None
        flat = np.min(np.abs(met.rates), initial=np.inf)
        if (
            np.max(np.abs(met.share - point.share)) > MERGED_SHARE_TOLERANCE
            or flat > MERGED_RATE_TOLERANCE
        ):
            return None
        return met._replace(tangent=point.tangent)

    def _passed(
        self, here: ContinuationPoint, there: ContinuationPoint
    ) -> ContinuationPoint | None:
        """Return the more symmetric equilibrium that a step led straight through, if any.

        Growth rates do not tell: of those that are zero together there, as many begin to
        grow as cease to. The shares of two cells that change places do.
        """
        apart = np.array([self._apart(p.share) for p in (here, there)])
        for k in np.flatnonzero(apart[0] * apart[1] < 0.0):
            t = apart[0, k] / (apart[0, k] - apart[1, k])
            length = float(np.linalg.norm(there.vector - here.vector))
            guess = _cubic_between(here, there, t * length, length)
            larger = self.symmetry.isotropy(guess[:-1], BESIDE_STEP_END * length)
            if larger.order <= self.order:
                continue
            cells = [cell for cell in larger.cells() if guess[cell].mean() > 0.0]
            on = occupied_cells(cells, here.share.size)
            there_too = np.setdiff1d(on.occupied, self.leads)
            if not np.array_equal(there_too, np.setdiff1d(self.on.occupied, self.leads)):
                continue  # at a corner, which ends the path anyway
            guess[:-1] = on.member @ (on.member.T @ guess[:-1] / on.size)
            alike = ~np.isin(self.leads, on.occupied)
            guess[self.leads[alike]] = self.even[alike]

            def flattest(
                tau: float, on: OccupiedCells = on, guess: np.ndarray = guess
            ) -> ContinuationPoint:
                vector = np.append(guess[:-1], tau)
                found = self.problem.correct(on, vector, here.state, self.parameter, tau)
                return self.problem.point(on, *found, self.parameter)

            try:
                met = _zero_rate_point(flattest, float(guess[-1]), BESIDE_STEP_END * length)
            except CorrectorFailure:
                continue
            if met is not None and np.linalg.norm(met.vector - guess) <= 0.5 * length:
                return met._replace(tangent=here.tangent)
        return None

    def _apart(self, share: np.ndarray) -> np.ndarray:
        """Return how far those are from each other that symmetries turn into each other."""
        cells = share[self.pairs[:, 0]] - share[self.pairs[:, 1]]
        return np.append(cells, share[self.leads] - self.even)

    def _crossing(self, point: ContinuationPoint, zero: np.ndarray) -> Crossing:
        k, n = point.rates.size, point.share.size
        critical = point.rates[zero[:k]]
        entrants = np.flatnonzero(zero[k : k + n])
        oscillating = bool(critical.size) and float(np.max(np.abs(critical.imag))) > 1e-5
        return Crossing(0, bool(zero[-1]), critical.size, oscillating, entrants)

    def _back(
        self, start: ContinuationPoint, here: ContinuationPoint, there: ContinuationPoint
    ) -> bool:
        """Whether the path has come back to its start, or to an image of it."""
        along = there.vector - here.vector
        length = float(np.linalg.norm(along))
        image = np.append(self.symmetry.align(start.share, here.share), start.tau)
        if np.linalg.norm(image - here.vector) > 2.0 * length:
            return False
        along /= length
        s = float(along @ (image - here.vector))
        if not 0.0 <= s <= length:
            return False
        guess = here.vector + s * along
        try:
            vector, _ = self.problem.correct(
                self.on, guess, here.state, along, float(along @ image)
            )
        except CorrectorFailure:
            return False
        return bool(np.max(np.abs(vector - image)) <= ZERO_TOLERANCE)


MOST_SECANT_STEPS = 12  # steps towards a zero rate


def _zero_rate_point(
    at: Callable[[float], ContinuationPoint], tau: float, step: float
) -> ContinuationPoint | None:
    """Return where a growth rate is zero, near a position in the interval, by the secant method."""
    before, here = at(tau), at(min(max(tau + step, 0.0), 1.0))
    which = int(np.argmin(np.abs(before.rates)))
    for _ in range(MOST_SECANT_STEPS):
        slope = (here.rates[which].real - before.rates[which].real) / (here.tau - before.tau)
        if not abs(slope) > 0.0:
            return None
        before, here = here, at(min(max(here.tau - here.rates[which].real / slope, 0.0), 1.0))
        if abs(here.rates[which].real) <= NEUTRAL_RATE or here.tau == before.tau:
            return here if abs(here.rates[which].real) <= ZERO_TOLERANCE else None
    return None


STRAIGHT_PIECE_COSINE = 0.9  # cosine of chord and tangent below which a piece is taken for straight


def _cubic_between(
    here: ContinuationPoint, there: ContinuationPoint, s: float, length: float
) -> np.ndarray:
    """Return the cubic through two points along their tangents, a length s along the chord."""
    along = (there.vector - here.vector) / length
    t = s / length
    straight = (1.0 - t) * here.vector + t * there.vector
    start, end = float(here.tangent @ along), float(there.tangent @ along)
    if min(start, end) < STRAIGHT_PIECE_COSINE:
        return straight
    bulge = t * (1.0 - t) * length
    bulge = bulge * (1.0 - t) * (here.tangent / start - along) - bulge * t * (
        there.tangent / end - along
    )
    return np.asarray(straight + bulge)


def _signs(values: np.ndarray) -> np.ndarray:
    """Return -1, 0 or 1: which side of zero, if any."""
    return np.where(np.abs(values) > NEUTRAL_RATE, np.sign(values), 0.0)
