"""Branch switching: all branches that can be reached, where they branch off and meet.

From the starts (``starting_points``) branches are traced to their ends. From each break
the branches of the equivariant branching lemma are followed, one of each symmetry orbit; from
each point where entry begins to pay, the branches on which equal regions enter together.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
from collections.abc import Iterator

import numpy as np

from nege.progress import Steps
from nege.structure.branches.continuation import (
    ContinuationPoint,
    CorrectorFailure,
    OccupiedCells,
    SolutionCurve,
    occupied_cells,
)
from nege.structure.branches.starting_points import (
    ALIKE_SHARE_TOLERANCE,
    BranchStart,
    Starts,
)
from nege.structure.branches.tracing import (
    MERGED_SHARE_TOLERANCE,
    NEARLY_SYMMETRIC_TOLERANCE,
    Crossing,
    CurveTracer,
    TracedCurve,
)


@dataclasses.dataclass
class LocatedPoint:
    """A located point: what happens there, on which branch, and what starts or ends there."""

    kind: str
    point: ContinuationPoint
    branch: int | None
    entrants: np.ndarray
    dimension: int
    unstable: tuple[int, int]  # deviations that grow, before and after
    leads: list[int] = dataclasses.field(default_factory=list)
    followed: bool = False


@dataclasses.dataclass
class BranchRecord:
    """A branch as it was traced."""

    level: int
    on: OccupiedCells
    order: int  # of the isotropy of its points
    points: list[ContinuationPoint]
    specials: dict[int, LocatedPoint]  # by position
    began: str
    ended: str
    origin: LocatedPoint | None = None

    @functools.cached_property
    def vectors(self) -> np.ndarray:
        """Every point as (lambda, tau)."""
        return np.array([point.vector for point in self.points])

    @functools.cached_property
    def lengths(self) -> np.ndarray:
        """How far each point is from the next."""
        return np.asarray(np.linalg.norm(np.diff(self.vectors, axis=0), axis=1))

    @functools.cached_property
    def largest(self) -> np.ndarray:
        """Shares of every point, the largest first."""
        return -np.sort(-self.vectors[:, :-1], axis=1)


SAME_LOCATION_TOLERANCE = 1e-6  # in (lambda, tau): two located points are one
SAME_CURVE_TOLERANCE = 1e-7  # a point lies on a branch


class BranchExplorer:
    """Finds the branches of one economy.

    Parameters
    ----------
    problem : SolutionCurve
        The economy, its parameter and the interval.
    starts : Starts
        Where branches are looked for first, and the economy's symmetry.
    depth : int
        How many times one may branch off from the starts.
    steps : Steps
        Hears of every branch, and of how many there are to be followed by now.
    """

    def __init__(
        self,
        problem: SolutionCurve,
        starts: Starts,
        depth: int,
        unstable: int | None,
        steps: Steps,
    ) -> None:
        self.problem, self.depth, self.steps = problem, depth, steps
        self.unstable = unstable
        self.n = len(problem.labels)
        self.starts, self.symmetry = starts, starts.symmetry
        self.records: list[BranchRecord] = []
        self.specials: list[LocatedPoint] = []
        self.lost: list[str] = []
        self.queue: collections.deque[BranchStart] = collections.deque()

    def run(self) -> None:
        """Trace everything."""
        for begin in self.starts:
            self._explore(begin, self.specials if self.depth else [])
            self._drain(self.specials if self.depth else [])
        for level in range(1, self.depth + 1):
            found = [s for s in self.specials if not s.followed]
            # Of what turns up at the last level no branches are followed.
            waiting = self.specials if level < self.depth else found
            for special in found:
                for begin in self._branches(special, level):
                    self._explore(begin, waiting)
            self._drain(waiting)
        self._link()

    def _drain(self, waiting: list[LocatedPoint]) -> None:
        while self.queue:
            self._explore(self.queue.popleft(), waiting)

    def _explore(self, begin: BranchStart, waiting: list[LocatedPoint]) -> None:
        """Trace a branch, and say how many are left: one at least of each point that waits."""
        self._trace(begin)
        left = len(self.queue) + sum(not special.followed for special in waiting)
        self.steps.expect(1 + left)
        self.steps()

    # --- tracing -------------------------------------------------------------------

    def _trace(self, begin: BranchStart) -> None:
        """Follow a branch and put it on record, unless it is there already."""
        if begin.both and self._known(begin.start, begin.origin) is not None:
            return
        on = occupied_cells(begin.cells, self.n)
        tracer = CurveTracer(self.problem, self.symmetry, on, begin.order)
        match: list[int] = []

        def known(point: ContinuationPoint) -> bool:
            found = self._known(point, begin.origin)
            match.extend([] if found is None else [found])
            return found is not None

        path = tracer.follow(begin.start, None if begin.both else known, tilted=begin.tilted)
        if path.ended == "known":
            if begin.origin is not None and match[0] not in begin.origin.leads:
                begin.origin.leads.append(match[0])
            return
        if len(path.points) == 1 and not begin.both:
            if path.ended != "interval":
                self.lost.append(path.reason)
            return
        if begin.origin is not None:
            # Near their common origin branches are too close to be compared; half-way they are not.
            same = self._known(path.points[len(path.points) // 2], begin.origin)
            if same is not None:
                begin.origin.leads.append(same)
                return
        points, crossings = path.points, path.crossings
        began, ended = ("interval" if begin.origin is None else "origin"), _end_with_reason(path)
        if begin.both and path.ended != "loop":
            start = begin.start._replace(tangent=-begin.start.tangent)
            back = tracer.follow(start)
            shift = len(back.points) - 1
            last = len(back.points) - 1
            crossings = [
                *(c._replace(position=last - c.position) for c in reversed(back.crossings)),
                *(c._replace(position=c.position + shift) for c in crossings),
            ]
            points = back.points[:0:-1] + points
            began = _end_with_reason(back)
        index = len(self.records)
        record = BranchRecord(begin.level, on, begin.order, points, {}, began, ended, begin.origin)
        self.records.append(record)
        if begin.origin is not None:
            begin.origin.leads.append(index)
        for crossing in crossings:
            at_end = crossing.position == len(points) - 1 and ended == "merged"
            at_start = crossing.position == 0 and began == "merged"
            if not (at_end or at_start):
                self._special(index, crossing)
        last = len(points) - 1
        for end, k, beside in (
            (record.began, 0, min(1, last)),
            (record.ended, last, max(0, last - 1)),
        ):
            # Beyond it one deviation less may grow.
            growing = min(points[k].unstable, points[beside].unstable)
            few = self.unstable is None or growing <= self.unstable + 1
            if end in ("corner", "merged") and few:
                self._meet(begin.level, points[k])

    def _special(self, branch: int, crossing: Crossing) -> None:
        record = self.records[branch]
        point = record.points[crossing.position]
        if crossing.turned:
            kind = "fold"
        elif crossing.oscillating:
            kind = "hopf"
        elif crossing.dimension:
            kind = "break"
        else:
            others = np.delete(point.gaps, crossing.entrants)
            alone = not (others[~np.isnan(others)] > 0.0).any()
            kind = "sustain" if len(record.on.cells) == 1 and alone else "entry"
        last = len(record.points) - 1
        sides = [record.points[min(max(crossing.position + k, 0), last)] for k in (-1, 1)]
        unstable = (sides[0].unstable, sides[1].unstable)
        special = LocatedPoint(kind, point, branch, crossing.entrants, crossing.dimension, unstable)
        primary = record.order == self.symmetry.order
        minor = not primary and self.unstable is not None and min(unstable) > self.unstable
        special.followed = minor or kind in ("fold", "hopf")
        record.specials[crossing.position] = special
        self.specials.append(special)

    def _meet(self, level: int, point: ContinuationPoint) -> None:
        """Trace also the branch that a branch ran into."""
        if self._at(point) is not None:
            return
        own = self.symmetry.isotropy(point.share, NEARLY_SYMMETRIC_TOLERANCE)
        cells = [cell for cell in own.cells() if point.share[cell].mean() > 0.0]
        share = np.zeros(self.n)
        for cell in cells:
            share[cell] = point.share[cell].mean()
        start = self.starts.solved(self.problem.scaled(share), point.tau, cells, point.state)
        if start is not None and np.max(np.abs(start.share - point.share)) <= 1e-3:
            # A start beside it, so that the special point itself is located on the branch.
            tracer = CurveTracer(
                self.problem, self.symmetry, occupied_cells(cells, self.n), own.order
            )
            start = tracer.beside(start)
            self.queue.append(BranchStart(level, cells, own.order, start, both=True))

    def _branches(self, special: LocatedPoint, level: int) -> Iterator[BranchStart]:
        """Yield the branches that leave a special point."""
        special.followed = True
        if special.branch is None:
            return
        on, point = self.records[special.branch].on, special.point
        own = self.symmetry.isotropy(point.share, ALIKE_SHARE_TOLERANCE)
        try:
            local = self.problem.local(point.tau, point.share, point.state)
        except CorrectorFailure:
            return
        if special.kind == "break":
            space = self.problem.neutral_deviations(on, local, special.dimension)
            for axis in own.axes(space):
                kept = own.isotropy(axis)
                split = [c for c in kept.cells() if point.share[c[0]] > 0.0]
                start = point._replace(tangent=np.append(axis, 0.0))
                yield BranchStart(level, split, kept.order, start, False, True, special)
            return
        for support in own.supports(special.entrants):
            entering = np.zeros(self.n + 1)
            entering[support] = 1.0
            kept = own.isotropy(entering[:-1])
            split = [c for c in kept.cells() if point.share[c[0]] > 0.0 or entering[c[0]] > 0.0]
            try:
                start = self.problem.point(
                    occupied_cells(split, self.n), point.vector, local, entering
                )
            except CorrectorFailure as lost:
                self.lost.append(str(lost))
                continue
            yield BranchStart(level, split, kept.order, start, False, False, special)

    # --- what is known -------------------------------------------------------------

    def _at(self, point: ContinuationPoint) -> LocatedPoint | None:
        """Return the special point that a point is, if any."""
        for special in self.specials:
            if abs(special.point.tau - point.tau) <= SAME_LOCATION_TOLERANCE and (
                self.symmetry.distance(point.share, special.point.share) <= MERGED_SHARE_TOLERANCE
            ):
                return special
        return None

    def _known(self, point: ContinuationPoint, origin: LocatedPoint | None) -> int | None:
        """Return the branch that a point lies on, if any."""
        largest = -np.sort(-point.share)
        for index, record in enumerate(self.records):
            lengths = record.lengths
            off = np.max(np.abs(record.largest - largest), axis=1)
            off = np.maximum(off, np.abs(record.vectors[:, -1] - point.tau))
            near = (np.minimum(off[1:], off[:-1]) <= 2.0 * lengths) & (lengths > 0.0)
            for k in np.flatnonzero(near):
                if self._on(record, int(k), point):
                    return index
        return None

    def _on(self, record: BranchRecord, k: int, point: ContinuationPoint) -> bool:
        """Whether a point, or an image of it, lies on a piece of a branch."""
        here, there = record.points[k], record.points[k + 1]
        along = there.vector - here.vector
        length = float(np.linalg.norm(along))
        along /= length
        middle = (
            here.share if abs(here.tau - point.tau) < abs(there.tau - point.tau) else there.share
        )
        image = np.append(self.symmetry.align(point.share, middle), point.tau)
        s = float(along @ (image - here.vector))
        off = np.linalg.norm(image - here.vector - s * along)
        if not (-1e-3 * length <= s <= 1.001 * length and off <= length):
            return False
        if min(s, length - s) <= SAME_CURVE_TOLERANCE and off <= SAME_CURVE_TOLERANCE:
            return True
        guess = here.vector + min(max(s, 0.0), length) * along
        try:
            vector, _ = self.problem.correct(
                record.on, guess, here.state, along, float(along @ image)
            )
        except CorrectorFailure:
            return False
        return bool(np.max(np.abs(vector - image)) <= SAME_CURVE_TOLERANCE)

    def _link(self) -> None:
        """Say which special point each end is; make one of an end that is none yet."""
        for index, record in enumerate(self.records):
            for end, position in ((record.began, 0), (record.ended, len(record.points) - 1)):
                if end not in ("corner", "merged"):
                    continue
                special = self._at(record.points[position])
                if special is None:
                    kind = "entry" if end == "corner" else "break"
                    special = LocatedPoint(
                        kind, record.points[position], None, np.empty(0, int), 0, (0, 0)
                    )
                    self.specials.append(special)
                if index not in special.leads:
                    special.leads.append(index)
                record.specials[position] = special


def _end_with_reason(path: TracedCurve) -> str:
    return path.ended if not path.reason else f"{path.ended}: {path.reason}"
