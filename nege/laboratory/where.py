"""Where a claim holds: its share of a prior, what decides, and the nearest point at which it flips.

    share       k of n draws, with Wilson's interval: the shares p for which k is no surprise,
                |k/n - p| <= z sqrt(p (1 - p)/n)
    decides     first-order index of a parameter x: the part of the variance that is one of
                means, Var(E[y|x])/Var(y), over bins of equal size, less what chance gives
                (epsilon squared). y is whether the claim holds; where nearly all or nearly no
                draws hold, the rank of the margin
    condition   the cut, of one parameter or of a second inside, that best parts draws on which
                it holds from those on which it does not (Gini impurity)
    flips       the least w such that moving every parameter by at most a part w turns the sign:
                along -sign of the gradient of the margin, taken anew where it crosses, and
                towards the draw nearest by that has the other sign

Moving all parameters at once by w is the corner of a box, so that a claim without a flip up to
a fifth is one without a flip in the "near" prior, as far as the margin is monotone there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

ROUNDING = 1e-9  # a margin this small is no effect
CONFIDENCE = 0.95
BINS = 8
LEAF = 0.05  # least part of draws on either side of a cut
CUTS = np.arange(0.1, 0.91, 0.1)  # quantiles that are tried
GAIN = 0.1  # least part of impurity that a cut has to remove
FEW, MOST = 0.05, 0.95  # between them the indicator has a variance worth taking apart
STEP = 1e-3  # of factors, for differences
RAY = np.array([0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5])
FINER = 8  # points that a bracket is cut by
ROUNDS = 2  # directions that are tried

Margins = Callable[[np.ndarray], np.ndarray]  # of factors over (draw, parameter)


class Share(NamedTuple):
    """On how many of so many draws a claim holds, and between which shares that leaves it."""

    held: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share of draws."""
        return self.held / self.of if self.of else float("nan")

    def __str__(self) -> str:
        if not self.of:
            return "no draw was solved"
        return f"{self.held} of {self.of} draws ({self.low:.0%} to {self.high:.0%})"


def share(held: np.ndarray) -> Share:
    """Return the share of draws that hold, with Wilson's interval."""
    if not held.size:
        return Share(0, 0, 0.0, 1.0)
    from scipy.stats import binomtest  # takes long, and not every session

    count = int(held.sum())
    interval = binomtest(count, held.size).proportion_ci(CONFIDENCE, method="wilson")
    return Share(count, held.size, float(interval.low), float(interval.high))


def decides(factors: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """Return the first-order index of each parameter, of factors over (draw, parameter)."""
    held = margin > ROUNDING
    y = held.astype(float)
    if not FEW <= y.mean() <= MOST:
        y = margin.argsort().argsort().astype(float)
    bins = min(BINS, len(y) // 4)
    if bins < 2 or not np.ptp(y):
        return np.zeros(factors.shape[1])
    found = []
    for column in factors.T:
        parts = np.array_split(y[np.argsort(column, kind="stable")], bins)
        between = sum(len(part) * (part.mean() - y.mean()) ** 2 for part in parts)
        explained = between / (len(y) * y.var())
        chance = (1.0 - explained) * (len(y) - 1) / (len(y) - bins)
        found.append(max(0.0, 1.0 - chance))
    return np.array(found)


class Cut(NamedTuple):
    """A parameter, a factor, and the share that holds on either side."""

    parameter: int
    at: float
    below: float
    above: float


def condition(factors: np.ndarray, margin: np.ndarray) -> list[Cut]:
    """Return the best cut, and the best one on its worse side; none where none is any good."""
    held = margin > ROUNDING
    first = _best_cut(factors, held, len(held))
    if first is None:
        return []
    low = factors[:, first.parameter] < first.at
    worse = low if first.below < first.above else ~low
    second = _best_cut(factors[worse], held[worse], len(held))
    return [first] if second is None else [first, second]


def _best_cut(factors: np.ndarray, held: np.ndarray, draws: int) -> Cut | None:
    least = max(2, int(LEAF * draws))
    before = _impurity(held)
    best, found = before * len(held) * (1.0 - GAIN), None
    for parameter, column in enumerate(factors.T):
        for at in np.quantile(column, CUTS):
            low = column < at
            if min(low.sum(), (~low).sum()) < least:
                continue
            left = low.sum() * _impurity(held[low]) + (~low).sum() * _impurity(held[~low])
            if left < best:
                best = left
                found = Cut(parameter, float(at), float(held[low].mean()), float(held[~low].mean()))
    return found


def _impurity(held: np.ndarray) -> float:
    part = held.mean() if held.size else 0.0
    return float(2.0 * part * (1.0 - part))


@dataclasses.dataclass(frozen=True)
class Nearest:
    """The nearest flip: how far all parameters move, and which way each, with its part of it.

    `width` is infinite where there is none as far as `seen`: a half of every parameter, or less
    where economies further out were not solved. `weight` is the part of the fall of the margin
    that a parameter is answerable for, signed by where it goes.
    """

    width: float
    weight: np.ndarray
    seen: float = float(RAY[-1])


def nearest(margins: Margins, factors: np.ndarray, known: np.ndarray) -> Nearest:
    """Return the least change of all parameters at once that turns the sign of a margin.

    `known` are margins at `factors`, over (draw, parameter), of draws that were run anyway.
    """
    at = np.ones(factors.shape[1])
    start, slope = _gradient(margins, at)
    if not np.isfinite(start):
        return Nearest(np.inf, 0.0 * at, 0.0)
    turned = np.isfinite(known) & ((known > ROUNDING) != (start > ROUNDING))
    found = Nearest(np.inf, 0.0 * at)
    if turned.any():
        moved = factors[turned] - 1.0
        far = np.abs(moved).max(1)
        direction = moved[far.argmin()] / far.min()
        width, _ = _crossing(margins, direction, start, first=float(far.min()))
        found = Nearest(width, direction / np.abs(direction).sum())
    for _ in range(ROUNDS):
        slope = np.where(np.isfinite(slope), slope, 0.0)
        if not slope.any():
            break
        direction = (-1.0 if start > ROUNDING else 1.0) * np.sign(slope)
        width, seen = _crossing(margins, direction, start)
        if width < found.width:
            found = Nearest(width, direction * np.abs(slope) / np.abs(slope).sum())
        if not np.isfinite(width):
            found = dataclasses.replace(found, seen=seen)
            break
        _, slope = _gradient(margins, 1.0 + width * direction)
    return found


def _gradient(margins: Margins, at: np.ndarray) -> tuple[float, np.ndarray]:
    points = at + STEP * np.vstack([np.zeros(at.size), np.eye(at.size)])
    values = margins(points)
    return float(values[0]), (values[1:] - values[0]) / STEP


def _crossing(
    margins: Margins, direction: np.ndarray, start: float, first: float | None = None
) -> tuple[float, float]:
    """Return how far along a direction the sign turns, or infinity, and how far it is known.

    `first` is known to be far enough.
    """
    held = start > ROUNDING
    low, widths = 0.0, RAY if first is None else np.linspace(0.0, first, FINER + 1)[1:]
    for finer in range(3):
        values = margins(1.0 + widths[:, None] * direction)
        turned = np.isfinite(values) & ((values > ROUNDING) != held)
        if not turned.any():
            if finer or first is not None:
                return float(widths[-1]), float(widths[-1])
            known = np.logical_and.accumulate(np.isfinite(values))
            return float("inf"), float(widths[known].max(initial=0.0))
        at = int(turned.argmax())
        low, high = (float(widths[at - 1]) if at else low), float(widths[at])
        widths = np.linspace(low, high, FINER + 1)[1:]
    return high, high
