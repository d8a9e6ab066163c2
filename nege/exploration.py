"""All branches that can be reached: where they start, where they branch off, where they meet.

Starts are what symmetry alone makes an equilibrium (equal shares on a set of regions that
are alike within it), the equilibria that are as symmetric as the economy, and where the
dynamics end up from several distributions at both ends of the interval. From each break
the branches of the equivariant branching lemma are followed, one of each orbit; from each
point where entry begins to pay, the branches on which alike regions enter together.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nege import symmetry as groups
from nege.continuation import Locus, Lost, Pattern, Point, pattern
from nege.options import Logit, Replicator
from nege.search import find_long_run
from nege.status import Status
from nege.symmetry import Symmetry
from nege.tracing import MERGED, NEARLY, Crossing, Path, Tracer

SAMPLES = (0.137, 0.5, 0.863)  # of the interval, where the economy's symmetries are read
ENDS = (0.0, 0.5, 1.0)  # where starts are looked for
FEW = 3  # cells of the whole group up to which every union of them is tried as a support
HEAVY = 0.9  # share of one cell in a start for Newton's method or for the dynamics
ALIKE = 1e-6  # shares that differ by less are equal by symmetry
SAME_PLACE = 1e-6  # in (lambda, tau): two located points are one
SAME_CURVE = 1e-7  # a point lies on a branch


@dataclasses.dataclass
class Special:
    """A located point: what happens there, on which branch, and what starts or ends there."""

    kind: str
    point: Point
    branch: int | None
    entrants: np.ndarray
    dimension: int
    unstable: tuple[int, int]  # deviations that grow, before and after
    leads: list[int] = dataclasses.field(default_factory=list)
    followed: bool = False


@dataclasses.dataclass
class Record:
    """A branch as it was traced."""

    level: int
    on: Pattern
    order: int  # of the isotropy of its points
    points: list[Point]
    specials: dict[int, Special]  # by position
    began: str
    ended: str
    origin: Special | None = None

    @functools.cached_property
    def places(self) -> np.ndarray:
        """Every point as (lambda, tau)."""
        return np.array([point.place for point in self.points])


class _Seed(NamedTuple):
    level: int
    cells: list[np.ndarray]
    order: int
    start: Point
    both: bool  # follow the curve both ways
    tilted: bool = False
    origin: Special | None = None


class Explorer:
    """Finds the branches of one economy.

    Parameters
    ----------
    locus : Locus
        The economy, its parameter and the interval.
    dynamics : Replicator or Logit
        How people move.
    depth : int
        How many times one may branch off from the starts.
    tick : callable
        Called after each branch.
    """

    def __init__(
        self,
        locus: Locus,
        dynamics: Replicator | Logit,
        depth: int,
        unstable: int | None,
        tick: Callable[[], None],
    ) -> None:
        self.locus, self.dynamics, self.depth, self.tick = locus, dynamics, depth, tick
        self.unstable = unstable
        self.n = len(locus.model.regions)
        self.symmetry = self._group()
        self.records: list[Record] = []
        self.specials: list[Special] = []
        self.lost: list[str] = []
        self.queue: collections.deque[_Seed] = collections.deque()
        self.forward = np.append(np.zeros(self.n), 1.0)

    def run(self) -> None:
        """Trace everything."""
        for seed in self._starts():
            self._trace(seed)
            self._drain()
        for level in range(1, self.depth + 1):
            for special in [s for s in self.specials if not s.followed]:
                for seed in self._branches(special, level):
                    self._trace(seed)
            self._drain()
        self._link()

    def _drain(self) -> None:
        while self.queue:
            self._trace(self.queue.popleft())

    # --- symmetry and starts -------------------------------------------------------

    def _group(self) -> Symmetry:
        """Find the symmetries, and check them on payoffs themselves."""
        kernels = [self.locus.parameters(tau)[0] for tau in SAMPLES]
        found = groups.of_kernels(kernels, self.locus.dynamics.log_weight)
        x = np.random.default_rng(0).dirichlet(np.ones(self.n))
        state = self.locus.model.start_state()
        here = self.locus.local(SAMPLES[0], x, state).attraction
        swaps = []
        for twins in found.classes:
            swap = np.arange(self.n)
            swap[twins] = np.roll(twins, 1)
            swaps.append(swap)
        for g in itertools.chain(found.arrangements, swaps):
            there = self.locus.local(SAMPLES[0], x[g], state).attraction
            if not np.max(np.abs(there - here[g])) <= 1e-8:
                return groups.trivial(self.n)  # payoffs know more than the kernel's arrays say
        return found

    def _starts(self) -> Iterator[_Seed]:
        logit = isinstance(self.dynamics, Logit)
        for support in self.symmetry.supports():
            if support.size == self.n or not logit:
                share = np.zeros(self.n)
                share[support] = 1.0 / support.size
                yield from self._seed(share, 0.0, [support], both=False)
        cells = self.symmetry.cells()
        unions = [list(range(len(cells)))]
        if not logit and len(cells) <= FEW:
            unions = [
                list(chosen)
                for k in range(len(cells), 0, -1)
                for chosen in itertools.combinations(range(len(cells)), k)
            ]
        for union, tau in itertools.product(unions, ENDS):
            chosen = [cells[i] for i in union]
            for guess in self._guesses(chosen) if len(chosen) > 1 else ():
                yield from self._seed(guess, tau, chosen, both=True)
        heavy = [[cell[:1]] for cell in cells]
        for tau, chosen in itertools.product((0.0, 1.0), [[np.arange(self.n)], *heavy]):
            start = next(self._guesses([np.arange(self.n)]))
            start = (1.0 - HEAVY) * start
            start[chosen[0]] += HEAVY / chosen[0].size
            start *= 1.0 + 0.02 * (np.modf(0.618034 * np.arange(1, self.n + 1))[0] - 0.5)
            model = self.locus.at(tau)
            found = find_long_run(
                model, start / start.sum(), model.start_state(), self.dynamics, self.locus.options
            )
            if found.status is Status.CONVERGED:
                own = self.symmetry.isotropy(found.share, ALIKE).cells()
                occupied = [cell for cell in own if found.share[cell[0]] > 0.0]
                yield from self._seed(found.share, tau, occupied, both=True)

    def _guesses(self, cells: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield distributions over cells: even, and most of it in one of them."""
        even = np.zeros(self.n)
        even[np.concatenate(cells)] = 1.0 / sum(cell.size for cell in cells)
        yield even
        for cell in cells if len(cells) > 1 else ():
            share = (1.0 - HEAVY) * even
            share[cell] += HEAVY / cell.size
            yield share

    def _seed(
        self, guess: np.ndarray, tau: float, cells: list[np.ndarray], *, both: bool
    ) -> Iterator[_Seed]:
        """Yield the start that Newton's method finds near a guess, at a parameter value."""
        start = self._solved(guess, tau, cells)
        if start is not None:
            order = self.symmetry.isotropy(start.share).order
            yield _Seed(0, cells, order, start, both)

    def _solved(self, guess: np.ndarray, tau: float, cells: Sequence[np.ndarray]) -> Point | None:
        state = self.locus.at(tau).start_state()
        try:
            on = pattern(cells, self.n)
            found = self.locus.correct(on, np.append(guess, tau), state, self.forward, tau)
            return self.locus.point(on, *found, self.forward)
        except Lost:
            return None

    # --- tracing -------------------------------------------------------------------

    def _trace(self, seed: _Seed) -> None:
        """Follow a branch and put it on record, unless it is there already."""
        if seed.both and self._known(seed.start, seed.origin) is not None:
            return
        on = pattern(seed.cells, self.n)
        tracer = Tracer(self.locus, self.symmetry, on, seed.order)
        match: list[int] = []

        def known(point: Point) -> bool:
            found = self._known(point, seed.origin)
            match.extend([] if found is None else [found])
            return found is not None

        path = tracer.follow(seed.start, None if seed.both else known, tilted=seed.tilted)
        if path.ended == "known":
            if seed.origin is not None and match[0] not in seed.origin.leads:
                seed.origin.leads.append(match[0])
            return
        if len(path.points) == 1 and not seed.both:
            if path.ended != "interval":
                self.lost.append(path.reason)
            return
        points, crossings = path.points, path.crossings
        began, ended = ("interval" if seed.origin is None else "origin"), _end(path)
        if seed.both and path.ended != "loop":
            start = seed.start._replace(tangent=-seed.start.tangent)
            back = tracer.follow(start)
            shift = len(back.points) - 1
            last = len(back.points) - 1
            crossings = [
                *(c._replace(position=last - c.position) for c in reversed(back.crossings)),
                *(c._replace(position=c.position + shift) for c in crossings),
            ]
            points = back.points[:0:-1] + points
            began = _end(back)
        index = len(self.records)
        record = Record(seed.level, on, seed.order, points, {}, began, ended, seed.origin)
        self.records.append(record)
        if seed.origin is not None:
            seed.origin.leads.append(index)
        for crossing in crossings:
            at_end = crossing.position == len(points) - 1 and ended == "merged"
            at_start = crossing.position == 0 and began == "merged"
            if not (at_end or at_start):
                self._special(index, crossing)
        for end, point in ((record.began, points[0]), (record.ended, points[-1])):
            if end in ("corner", "merged"):
                self._meet(seed.level, point)
        self.tick()

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
        sides = (record.points[max(crossing.position - 1, 0)], record.points[crossing.position + 1])
        unstable = (sides[0].unstable, sides[1].unstable)
        special = Special(kind, point, branch, crossing.entrants, crossing.dimension, unstable)
        primary = record.order == self.symmetry.order
        minor = not primary and self.unstable is not None and min(unstable) > self.unstable
        special.followed = minor or kind in ("fold", "hopf")
        record.specials[crossing.position] = special
        self.specials.append(special)

    def _meet(self, level: int, point: Point) -> None:
        """Make sure that what a branch ran into is traced too."""
        if self._at(point) is not None:
            return
        own = self.symmetry.isotropy(point.share, NEARLY)
        cells = [cell for cell in own.cells() if point.share[cell].mean() > 0.0]
        share = np.zeros(self.n)
        for cell in cells:
            share[cell] = point.share[cell].mean()
        start = self._solved(share / share.sum(), point.tau, cells)
        if start is not None and np.max(np.abs(start.share - point.share)) <= 1e-3:
            # Beside it, so that what happens there is located on the branch like all else.
            tracer = Tracer(self.locus, self.symmetry, pattern(cells, self.n), own.order)
            start = tracer.beside(start)
            self.queue.append(_Seed(level, cells, own.order, start, both=True))

    def _branches(self, special: Special, level: int) -> Iterator[_Seed]:
        """Yield the branches that leave a special point."""
        special.followed = True
        if special.branch is None:
            return
        on, point = self.records[special.branch].on, special.point
        own = self.symmetry.isotropy(point.share, ALIKE)
        try:
            local = self.locus.local(point.tau, point.share, point.state)
        except Lost:
            return
        if special.kind == "break":
            space = self.locus.flat(on, local, special.dimension)
            for axis in own.axes(space):
                kept = own.isotropy(axis)
                split = [c for c in kept.cells() if point.share[c[0]] > 0.0]
                start = point._replace(tangent=np.append(axis, 0.0))
                yield _Seed(level, split, kept.order, start, False, True, special)
            return
        for support in own.supports(special.entrants):
            entering = np.zeros(self.n + 1)
            entering[support] = 1.0
            kept = own.isotropy(entering[:-1])
            split = [c for c in kept.cells() if point.share[c[0]] > 0.0 or entering[c[0]] > 0.0]
            try:
                start = self.locus.point(pattern(split, self.n), point.place, local, entering)
            except Lost as lost:
                self.lost.append(str(lost))
                continue
            yield _Seed(level, split, kept.order, start, False, False, special)

    # --- what is known -------------------------------------------------------------

    def _at(self, point: Point) -> Special | None:
        """Return the special point that a point is, if any."""
        for special in self.specials:
            if abs(special.point.tau - point.tau) <= SAME_PLACE and (
                self.symmetry.distance(point.share, special.point.share) <= MERGED
            ):
                return special
        return None

    def _known(self, point: Point, origin: Special | None) -> int | None:
        """Return the branch that a point lies on, if any."""
        largest = -np.sort(-point.share)
        for index, record in enumerate(self.records):
            places = record.places
            lengths = np.linalg.norm(np.diff(places, axis=0), axis=1)
            off = np.max(np.abs(-np.sort(-places[:, :-1], axis=1) - largest), axis=1)
            off = np.maximum(off, np.abs(places[:, -1] - point.tau))
            near = (np.minimum(off[1:], off[:-1]) <= 2.0 * lengths) & (lengths > 0.0)
            for k in np.flatnonzero(near):
                if self._on(record, int(k), point):
                    return index
        return None

    def _on(self, record: Record, k: int, point: Point) -> bool:
        """Whether a point, or an image of it, lies on a piece of a branch."""
        here, there = record.points[k], record.points[k + 1]
        along = there.place - here.place
        length = float(np.linalg.norm(along))
        along /= length
        middle = (
            here.share if abs(here.tau - point.tau) < abs(there.tau - point.tau) else there.share
        )
        image = np.append(self.symmetry.align(point.share, middle), point.tau)
        s = float(along @ (image - here.place))
        off = np.linalg.norm(image - here.place - s * along)
        if not (-1e-3 * length <= s <= 1.001 * length and off <= length):
            return False
        if min(s, length - s) <= SAME_CURVE and off <= SAME_CURVE:
            return True
        guess = here.place + min(max(s, 0.0), length) * along
        try:
            place, _ = self.locus.correct(record.on, guess, here.state, along, float(along @ image))
        except Lost:
            return False
        return bool(np.max(np.abs(place - image)) <= SAME_CURVE)

    def _link(self) -> None:
        """Say which special point each end is; make one of an end that is none yet."""
        for index, record in enumerate(self.records):
            for end, position in ((record.began, 0), (record.ended, len(record.points) - 1)):
                if end not in ("corner", "merged"):
                    continue
                special = self._at(record.points[position])
                if special is None:
                    kind = "entry" if end == "corner" else "break"
                    special = Special(
                        kind, record.points[position], None, np.empty(0, int), 0, (0, 0)
                    )
                    self.specials.append(special)
                if index not in special.leads:
                    special.leads.append(index)
                record.specials[position] = special


def _end(path: Path) -> str:
    return path.ended if not path.reason else f"{path.ended}: {path.reason}"
