"""Interval Newton test (Krawczyk): existence and uniqueness of a root in a box of supplies.

Coordinates are y_r = ln(x_r/x_leader), where the leader is a region with the largest
relative supply x. With m the middle of a box X, J the slopes of g = (e_r - e_leader) over it
and C about the inverse of J, the Krawczyk operator is

    K(X) = m - C g(m) + (I - C J)(X - m)

Every root of g in X lies in K(X); where K(X) is inside X, there is exactly one (Krawczyk 1969;
Moore, Kearfott & Cloud 2009, Introduction to Interval Analysis, theorem 8.2 and section 8.2).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

Ball = Any
BallVector = list[Ball]


class Box(NamedTuple):
    """Relative supplies: which region is the largest, and bounds of y."""

    leader: int
    low: tuple[float, ...]  # -inf: may be empty
    high: tuple[float, ...]  # -inf: is empty

    @property
    def free(self) -> list[int]:
        """Regions beside the leader that are not known to be empty."""
        return [r for r, y in enumerate(self.high) if y > -math.inf and r != self.leader]

    def replaced(self, r: int, low: float, high: float) -> Box:
        """Return the box with other bounds for one region."""
        bounds = [list(self.low), list(self.high)]
        bounds[0][r], bounds[1][r] = low, high
        return Box(self.leader, tuple(bounds[0]), tuple(bounds[1]))


WEAKEST_CONTRACTION = 0.9  # a Krawczyk operator weaker than this is not worth a try
ROOT_WITHIN_HALF_WIDTHS = 2.0  # from the middle of a box, where its root is looked for


class KrawczykStep:
    """What is known of the excesses over a box, and the Krawczyk operator there.

    With m the middle of a box X, J the slopes of g = (e_r - e_leader) over it and C about
    the inverse of J, every root in X lies in m - C g(m) + (I - C J)(X - m); where that is
    inside X, there is exactly one.
    """

    def __init__(
        self,
        box: Box,
        over: list[Any],
        middle: BallVector,
        slopes: list[BallVector],
        off: BallVector,
    ) -> None:
        self.box, self.slopes = box, slopes
        self.natural = [value[0] for value in over]
        self.mean = [
            value + sum(column[r] * away for column, away in zip(slopes, off, strict=True))
            for r, value in enumerate(middle)
        ]
        free = box.free
        jacobian = [[column[r] - column[box.leader] for column in slopes] for r in free]
        try:
            inverse = np.linalg.inv([[float(b.mid()) for b in row] for row in jacobian])
        except np.linalg.LinAlgError:
            inverse = np.full((len(free), len(free)), math.nan)
        gap = [middle[r] - middle[box.leader] for r in free]
        self.images: dict[int, Ball] = {}
        self.moves: dict[int, float] = {}
        self.contraction = 0.0
        for j, row in enumerate(inverse.tolist()):
            move = -sum(c * g for c, g in zip(row, gap, strict=True))
            image, weak = self._at(free[j]) + move, 0.0
            for k, away in enumerate(off):
                left = int(j == k) - sum(c * line[k] for c, line in zip(row, jacobian, strict=True))
                image += left * away
                weak += float((left * away).abs_upper())
            self.images[free[j]], self.moves[free[j]] = image, float(move.mid())
            self.contraction = max(self.contraction, weak / max(self._half(free[j]), 1e-300))

    def _at(self, r: int) -> float:
        return 0.5 * (self.box.low[r] + self.box.high[r])

    def _half(self, r: int) -> float:
        return 0.5 * (self.box.high[r] - self.box.low[r])

    def misses(self) -> bool:
        """Whether there is no root in the box."""
        low, high = self.box.low, self.box.high
        return any(y > high[r] or y < low[r] for r, y in self.images.items())

    def inside(self) -> bool:
        """Whether there is exactly one root in the box."""
        low, high = self.box.low, self.box.high
        return all(y > low[r] and y < high[r] for r, y in self.images.items())

    def nears(self) -> bool:
        """Whether there seems to be a root in the box or beside it."""
        return self.contraction < WEAKEST_CONTRACTION and all(
            abs(move) <= ROOT_WITHIN_HALF_WIDTHS * self._half(r) for r, move in self.moves.items()
        )

    def target(self, half: float) -> Box:
        """Return a box of some half width around where the root seems to be."""
        box = self.box
        for r, move in self.moves.items():
            y = self._at(r) + move
            box = box.replaced(r, y - half, y + half)
        return box

    def image(self) -> Box:
        """Return the box that holds every root of this one."""
        box = self.box
        for r, y in self.images.items():
            low, high = _float_below(float(y.lower())), _float_above(float(y.upper()))
            box = box.replaced(r, max(box.low[r], low), min(box.high[r], high))
        return box


def relation(box: Box, known: Box) -> str:
    """Say whether a box is "inside" another, "apart" from it, or "unclear"."""
    if {box.leader, *box.free} != {known.leader, *known.free}:
        return "apart"
    first, last = box.low[known.leader], box.high[known.leader]
    inside = True
    for r in known.free:
        # The same ratios in terms of the other leader.
        low, high = _float_below(box.low[r] - last), _float_above(box.high[r] - first)
        if high < known.low[r] or low > known.high[r]:
            return "apart"
        inside = inside and known.low[r] <= low and high <= known.high[r]
    return "inside" if inside else "unclear"


def _float_below(x: float) -> float:
    return math.nextafter(x, -math.inf)


def _float_above(x: float) -> float:
    return math.nextafter(x, math.inf)
