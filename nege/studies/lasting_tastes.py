"""Gains of people who choose among places, and keep their tastes: who stays, who leaves.

A person has V_q e^(s x_q) in place q, the x_q independent Gumbel around ln b_q, before and after.
With a = b V^(1/s) before, a' after, and d_q = s ln a'_q/a_q, what is better in q:

    P(r before, gain <= g) = a_r/sum_q max(a_q, a'_q e^(-g/s)),      g >= d_r

as a gain is below g where no place is worth more than g above the one that was chosen. So given r
gains have the distribution function F(g) = sum_q a_q/sum_q max(a_q, a'_q e^(-g/s)) from d_r on, the
same for all r: those who stay, a part F(d_r), gain d_r, others more;

    E[h(g) | r] = h(d_r) + int_(d_r)^(max d) h'(g) (1 - F(g)) dg,
    sum_r P(r) E[g | r] = s ln sum_q a'_q/sum_q a_q                 the change of expected utility

Source: Dagsvik, J. K. & Karlstrom, A. (2005), Review of Economic Studies 72, for compensating
variation in such choices; Small & Rosen (1981), Econometrica 49, for the mean.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NODES = 8  # of Gauss and Legendre in a piece no wider than s, where 1 - F is analytic: to rounding
FAR = 40.0  # times s, beyond which 1 - F does not move any more

Floats = NDArray[np.float64]


class Gains(NamedTuple):
    """Gains of those who lived in each place."""

    gain: Floats  # mean, in utility
    ratio: Floats  # mean of e^gain
    stays: Floats  # part of them who stay


def gains(before: Floats, after: Floats, scale: float) -> Gains:
    """Return the gains of people by the place that they chose.

    Parameters
    ----------
    before, after : (R,) array
        s ln a: utility of each place, the logarithm of its weight times s included.
    scale : float
        The scale s of tastes.
    """
    better = after - before
    order = np.argsort(better, kind="stable")
    steps = better[order]
    a, b = before[order] / scale, after[order] / scale
    total = np.logaddexp.reduce(a)
    worse = np.logaddexp.accumulate(a)  # of places no better than this one
    best = np.append(np.logaddexp.accumulate(b[:0:-1])[::-1], -np.inf)  # of those that are

    def above(at: Floats, k: int) -> Floats:
        """1 - F at gains between the k-th d and the next."""
        found: Floats = -np.expm1(total - np.logaddexp(worse[k], best[k] - at / scale))
        return np.maximum(found, 0.0)

    tails = np.zeros((2, steps.size))  # integrals of 1 - F and of e^g (1 - F), to the largest d
    top = steps[-1]
    for k in range(steps.size - 2, -1, -1):
        tails[:, k] = tails[:, k + 1]
        if steps[k + 1] > steps[k]:
            turn = scale * (best[k] - worse[k])
            at, weight = _nodes(steps[k], steps[k + 1], turn, scale)
            each = weight * above(at, k)
            tails[:, k] += each.sum(), each @ np.exp(at - top)
    stays = 1.0 - np.array([float(above(steps[k : k + 1], k)[0]) for k in range(steps.size)])
    found = np.empty((3, steps.size))
    with np.errstate(over="ignore", invalid="ignore"):  # of utilities that are no logarithms
        found[:, order] = steps + tails[0], np.exp(steps) + np.exp(top) * tails[1], stays
    return Gains(*found)


def _nodes(low: float, high: float, turn: float, scale: float) -> tuple[Floats, Floats]:
    """Return where to look between two d, and weights: close where 1 - F turns or ends."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    far = FAR * scale
    edges = np.unique(np.clip([low, turn - far, turn + far, high - far, high], low, high))
    found, heavy = [], []
    for start, end in itertools.pairwise(edges):
        middle = 0.5 * (start + end)
        close = abs(middle - turn) <= far or middle >= high - far
        pieces = max(1, int(np.ceil((end - start) / (min(1.0, scale) if close else 1.0))))
        half = 0.5 * (end - start) / pieces
        middles = start + half * (1.0 + 2.0 * np.arange(pieces))
        found.append((middles[:, None] + half * nodes).ravel())
        heavy.append(np.tile(half * weights, pieces))
    return np.concatenate(found), np.concatenate(heavy)
