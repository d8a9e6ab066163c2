"""Proof that all equilibria of a small economy are known: branch and bound with balls.

The equations are those of ``nege.models.indifference``: an *excess* e_r of each region at a
relative supply x, and an equilibrium is where e_r = 0 for x_r > 0 and e_r <= 0 for x_r = 0.
Only ratios of supplies count, so the simplex is covered by one set of boxes for each region
that could be the largest, its *leader*, in the coordinates

    y_r = ln(x_r/x_leader),    -inf <= y_r <= 0

A box is done with as soon as balls prove one of these over all of it:

    no equilibrium    some e_r > 0, or e_r < 0 where x_r > 0
    an empty region   e_r < 0 where x_r >= 0: only x_r = 0 is left of the box
    a root            the Krawczyk operator of y -> (e_r - e_leader) over the occupied regions
                      maps a box into its inside, so that there is exactly one root in it
    no root           or takes all of it away

Anything else is split, until the time is up or the box is too small: then it is left, and
nothing is claimed about it. Signs are those of balls, never guessed: at a sustain point, or
where two equilibria merge, boxes are left.

Moore, Kearfott & Cloud (2009), Introduction to Interval Analysis, ch. 8; Johansson (2017),
IEEE Trans. Computers 66, on ball arithmetic.
"""

from __future__ import annotations

import collections
import contextlib
import math
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from nege.models.base import Model
from nege.models.indifference import Arithmetic, Indifference, Tastes
from nege.progress import Steps
from nege.structure.enumeration.krawczyk import BallVector, Box, KrawczykStep, relation

SMALLEST_SHARE = 1e-307  # below this they count as zero: subnormal in double precision


class ShareBounds(NamedTuple):
    """Bounds of shares."""

    low: np.ndarray
    high: np.ndarray


class Proof(NamedTuple):
    """There is exactly one equilibrium in each of the roots; any other is in what is left."""

    roots: list[ShareBounds]
    left: list[ShareBounds]
    boxes: int  # gone through
    undecided: int  # which are left, as they were before some were put together
    timed_out: bool


def prove(
    flint: Any, model: Model, tastes: Tastes | None, seconds: float, steps: Steps
) -> Proof | None:
    """Find every equilibrium of a small economy, with proof.

    Parameters
    ----------
    flint : module
        python-flint.
    model : Model
        The economy.
    tastes : Tastes or None
        Of people under logit dynamics; None under replicator dynamics.
    seconds : float
        When to give up.
    steps : Steps
        Hears of every box, and how many there are by now.

    Returns
    -------
    Proof or None
        Complete where nothing is left. None where the model has no explicit equations.
    """
    with _flint_precision(flint):
        equations = model.indifference(ball_arithmetic(flint), tastes)
        if equations is None:
            return None
        return _BranchAndBound(flint, equations, len(model.regions)).run(seconds, steps)


def ball_arithmetic(flint: Any) -> Arithmetic:
    """Return the arithmetic of power series whose coefficients are balls."""
    return Arithmetic(
        lambda value: flint.arb_series([flint.arb(value)]), lambda x: x.exp(), lambda x: x.log()
    )


PRECISION_BITS = 128  # enough to tell a threshold from the float next to it


@contextlib.contextmanager
def _flint_precision(flint: Any) -> Iterator[None]:
    """Set the precision, and the length of series to two: a value and a slope."""
    before = flint.ctx.prec, flint.ctx.cap
    flint.ctx.prec, flint.ctx.cap = PRECISION_BITS, 2
    try:
        yield
    finally:
        flint.ctx.prec, flint.ctx.cap = before


NARROWEST_SPLIT = 1e-8  # width in ln supply below which a box is not split any more
LOWEST_LOG_SUPPLY = -700.0  # ln supply below which a box with an empty region is not split either
LOG_SUPPLY_CUT = math.log(16.0)  # by which an interval that reaches down to zero is cut
WIDEST_ISOLATION = 1.0  # half width within which a root is tried to be proven alone
ISOLATION_FACTOR = 0.5  # from one try to the next
NEWTON_STEPS = 6
NARROWEST_ROOT = 1e-15  # half width around a root, in ln supply
OUTWARD_ROUNDING = 1e-15  # relative, more than the rounding of bounds of shares


class _BranchAndBound:
    """Branch and bound over relative supplies."""

    def __init__(self, flint: Any, equations: Indifference, n: int) -> None:
        self.flint, self.equations, self.n = flint, equations, n
        self.roots: list[ShareBounds] = []
        self.known: list[Box] = []  # each with exactly one root of its support
        self.undecided: list[Box] = []

    def run(self, seconds: float, steps: Steps) -> Proof:
        """Go through boxes, the largest first, until none is left or the time is up."""
        began, count, floor = time.monotonic(), 0, -self.equations.reach
        everywhere = Box(-1, (floor,) * self.n, (0.0,) * self.n)
        queue = collections.deque(
            everywhere.replaced(r, 0.0, 0.0)._replace(leader=r) for r in range(self.n)
        )
        while queue and time.monotonic() - began < seconds:
            queue.extend(self._examine(queue.popleft()))
            count += 1
            steps.expect(1 + len(queue), "boxes")
            steps()
        left = [self._shares(box) for box in _hulls([*self.undecided, *queue])]
        return Proof(self.roots, left, count, len(self.undecided) + len(queue), bool(queue))

    # --- one box -------------------------------------------------------------------

    def _examine(self, box: Box) -> list[Box]:
        """Decide about a box, or return what it falls into."""
        if not box.free:
            self.roots.append(self._shares(box))
            return []
        if any(relation(box, known) == "inside" for known in self.known):
            return []
        step = self._step(box)
        if step is None:
            return self._split(box, None)
        for values in (step.natural, step.mean):
            fate = self._signs(box, values)
            if fate is not None:
                return fate
        if all(box.low[r] > -math.inf for r in box.free) and (
            step.misses() or (step.nears() and self._isolate_root(box, step))
        ):
            return []
        return self._split(box, step.slopes)

    def _signs(self, box: Box, values: BallVector) -> list[Box] | None:
        """Return what is left of a box where signs decide, else None."""
        for r, value in enumerate(values):
            if value > 0.0 or (value < 0.0 and (r == box.leader or box.low[r] > -math.inf)):
                return []
        smaller = box
        for r in box.free:
            if values[r] < 0.0:
                smaller = smaller.replaced(r, -math.inf, -math.inf)
        return [smaller] if smaller is not box else None

    def _split(self, box: Box, slopes: list[BallVector] | None) -> list[Box]:
        """Cut a box where that changes most, or give it up."""
        touching = [
            r for r in box.free if box.low[r] == -math.inf and box.high[r] > LOWEST_LOG_SUPPLY
        ]
        widths = {r: box.high[r] - box.low[r] for r in box.free if box.low[r] > -math.inf}
        sizes = {r: width for r, width in widths.items() if width > NARROWEST_SPLIT}
        if slopes is not None:
            sizes.update((r, math.exp(box.high[r])) for r in touching)
            for r, column in zip(box.free, slopes, strict=True):
                sizes[r] = sizes.get(r, 0.0) * max(float(slope.abs_upper()) for slope in column)
        elif touching and (not sizes or self._bounded_without(touching, box)):
            sizes = {r: math.exp(box.high[r]) for r in touching}
        best = max(sizes, key=lambda r: sizes[r], default=-1)
        if best < 0 or sizes[best] == 0.0:
            self.undecided.append(box)
            return []
        low, high = box.low[best], box.high[best]
        cut = high - LOG_SUPPLY_CUT if low == -math.inf else 0.5 * (low + high)
        return [box.replaced(best, cut, high), box.replaced(best, low, cut)]

    def _bounded_without(self, regions: list[int], box: Box) -> bool:
        """Whether it is only because some regions may be empty that there are no bounds."""
        for r in regions:
            box = box.replaced(r, -math.inf, -math.inf)
        return not box.free or self._step(box) is not None

    # --- roots ---------------------------------------------------------------------

    def _isolate_root(self, box: Box, step: KrawczykStep) -> bool:
        """Prove a root near a box to be alone; whether nothing of the box is left."""
        for _ in range(NEWTON_STEPS):
            better = self._step(step.target(0.0))
            if better is None:
                return False
            step = better
        half, least = WIDEST_ISOLATION, 0.5 * min(box.high[r] - box.low[r] for r in box.free)
        alone = self._step(step.target(half))
        while alone is None or not alone.inside():
            half *= ISOLATION_FACTOR
            if half < least:
                return False
            alone = self._step(step.target(half))
        tight = self._sharpened(alone)
        relations = {relation(tight, known) for known in self.known}
        if "unclear" in relations or ("inside" not in relations and not self._record(tight)):
            return False
        self.known.append(alone.box)
        return relation(box, alone.box) == "inside"

    def _sharpened(self, step: KrawczykStep) -> Box:
        """Return as narrow a box as floats allow around the root that is alone in another."""
        alone, half = step.box, NARROWEST_ROOT
        for _ in range(NEWTON_STEPS):
            step = self._step(step.target(0.0)) or step
        while half < WIDEST_ISOLATION:
            narrow = self._step(step.target(half))
            if narrow is not None and narrow.inside() and relation(narrow.box, alone) == "inside":
                return narrow.image()
            half *= 10.0
        return alone

    def _record(self, tight: Box) -> bool:
        """Keep a root where it is an equilibrium; False where that is undecided."""
        excess = [e[0] for e in self.equations.at(self._supplies(tight)).excess]
        empty = [e for e, high in zip(excess, tight.high, strict=True) if high == -math.inf]
        if all(e < 0.0 for e in empty):
            self.roots.append(self._shares(tight))
            return True
        return any(e > 0.0 for e in empty)

    # --- equations over balls ------------------------------------------------------

    def _step(self, box: Box) -> KrawczykStep | None:
        """Evaluate excesses and their slopes over a box; None where that has no bounds."""
        try:
            over = [self.equations.at(self._supplies(box, r)).excess for r in box.free]
            centre, off = self._middle(box)
            middle = self.equations.at(centre).excess
        except (ZeroDivisionError, ValueError):  # a ball too wide for a denominator
            return None
        slopes = [[e[1] for e in excess] for excess in over]
        if not all(slope.is_finite() for column in slopes for slope in column):
            return None
        return KrawczykStep(box, over[0], [value[0] for value in middle], slopes, off)

    def _supplies(self, box: Box, towards: int = -1) -> list[Any]:
        """Return x over a box as series, whose slope is by the coordinate of one region.

        The coordinate is y, or x itself where the region may be empty.
        """
        arb, series = self.flint.arb, self.flint.arb_series
        supplies = []
        for r, (low, high) in enumerate(zip(box.low, box.high, strict=True)):
            slope = int(r == towards)
            if high == -math.inf:
                supplies.append(series([arb(0)]))
            elif low == -math.inf:
                supplies.append(series([arb(0).union(arb(high).exp()), slope]))
            else:
                supplies.append(series([arb(low).union(arb(high)), slope]).exp())
        return supplies

    def _middle(self, box: Box) -> tuple[list[Any], BallVector]:
        """Return x in the middle of a box, and for free regions how far the box is from it."""
        arb, series = self.flint.arb, self.flint.arb_series
        centre, off = [], []
        for r, (low, high) in enumerate(zip(box.low, box.high, strict=True)):
            if high == -math.inf:
                centre.append(series([arb(0)]))
                continue
            if low == -math.inf:
                middle = arb(0.5 * math.exp(high))
                centre.append(series([middle]))
                over = arb(0).union(arb(high).exp())
            else:
                middle = arb(0.5 * (low + high))
                centre.append(series([middle]).exp())
                over = arb(low).union(arb(high))
            if r != box.leader:
                off.append(over - middle)
        return centre, off

    def _shares(self, box: Box) -> ShareBounds:
        """Return bounds of the shares over a box."""
        occupied = np.array(box.high) > -math.inf
        try:
            weights = [w[0] for w in self.equations.at(self._supplies(box)).share]
        except (ZeroDivisionError, ValueError):
            weights = [self.flint.arb.nan()] * self.n
        low, high, zero = np.zeros(self.n), np.where(occupied, 1.0, 0.0), self.flint.arb(0)
        if all(w.is_finite() for w in weights):
            least = [w.lower() if w > 0.0 else zero for w in weights]
            most = [w.upper() for w in weights]
            for r in np.flatnonzero(occupied):
                smaller = least[r] / (least[r] + sum(most[:r]) + sum(most[r + 1 :]))
                larger = most[r] / (most[r] + sum(least[:r]) + sum(least[r + 1 :]))
                if smaller.is_finite():
                    low[r] = max(0.0, float(smaller.lower()) * (1.0 - OUTWARD_ROUNDING))
                if larger.is_finite():
                    high[r] = min(
                        1.0, max(SMALLEST_SHARE, float(larger.upper()) * (1.0 + OUTWARD_ROUNDING))
                    )
        return ShareBounds(low, high)


MOST_BOXES_KEPT = 1000  # boxes that are kept of those which are left; more are put together


def _hulls(boxes: list[Box]) -> list[Box]:
    """Return fewer boxes that hold all of many: neighbours mostly follow each other."""
    length = -(-len(boxes) // MOST_BOXES_KEPT)
    hulls: list[Box] = []
    size = 0
    for box in boxes:
        size += 1
        if not hulls or size > length or box.leader != hulls[-1].leader:
            hulls.append(box)
            size = 1
        else:
            low, high = map(min, hulls[-1].low, box.low), map(max, hulls[-1].high, box.high)
            hulls[-1] = Box(box.leader, tuple(low), tuple(high))
    return hulls
