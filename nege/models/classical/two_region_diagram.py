"""Tomahawk diagram: all long runs of two equal regions along trade costs, in one compiled call.

With d(lambda) = ln omega_1 - ln omega_2 at cleared markets, lambda the share of workers in
the first region, an equilibrium is

    inside    d = 0, stable where d falls in lambda
    corner    lambda = 0 where d(0) <= 0, lambda = 1 where d(1) >= 0; stable where it is strict

d is known on a grid of shares from ``two_regions``. A root lies where it changes sign. Two
roots can hide inside one cell, as they do beside a break point; they show in the slopes of
d at the ends of the cell, which point towards zero from one side, and are then looked for
at the turning point between them.

Derivatives follow from h(q, lambda) = 0: dd/dlambda = d_lambda - d_q h_lambda/h_q. Symbols
as in ``two_regions``.
"""

import math
from typing import NamedTuple

import numpy as np

from nege.kernels.jit import kernel
from nege.models.classical.two_regions import _bisect, grid, payoff_gaps

CELLS = 64  # of the grid of shares
LIMIT = 60  # of any search
MOST = 9  # room for the equilibria at a trade cost: five in the textbook case
NEAR = 1e-13  # of two ends of a bracket
FLAT = 1e-11  # gap that rounding can make of zero
APART = 1e-9  # between equilibria that are two


class Economy(NamedTuple):
    """Two equal regions."""

    freeness: float
    farmers: float  # share of the first region
    sigma: float
    mu: float


@kernel
def gap_and_slope(economy, a, q):
    """Return q, d and dd/dlambda at a share, from a guess of q."""
    k, f, mu, sigma = economy.freeness, economy.farmers, economy.mu, economy.sigma
    b, g = 1.0 - a, 1.0 - economy.farmers
    solved = False
    h_a = h_q = first = p1 = p2 = ratio = 0.0
    for step in range(LIMIT):
        ratio = np.exp(q)
        w2 = 1.0 / (a * ratio + b)
        w1 = ratio * w2
        x = np.exp((1.0 - sigma) * q)
        first = a * x
        p1, p2 = first + k * b, k * first + b
        d1, d2 = (mu * a * w1 + (1.0 - mu) * f) / p1, (mu * b * w2 + (1.0 - mu) * g) / p2
        z1, z2 = d1 + k * d2, k * d1 + d2
        moved, grown = mu * a * b * w1 * w2, (1.0 - sigma) * first
        s1, s2 = (moved - d1 * grown) / p1, (-moved - d2 * k * grown) / p2
        h = sigma * q - np.log(z1 / z2)
        h_q = sigma - (s1 + k * s2) / z1 + (k * s1 + s2) / z2
        # By lambda: w2 moves by -w2^2 (ratio - 1), incomes with it and with the workers.
        lost = -w2 * (ratio - 1.0)
        y1, y2 = mu * w1 * (1.0 + a * lost), mu * w2 * (b * lost - 1.0)
        e1, e2 = (y1 - d1 * (x - k)) / p1, (y2 - d2 * (k * x - 1.0)) / p2
        h_a = -(e1 + k * e2) / z1 + (k * e1 + e2) / z2
        if solved:
            break
        change = h / h_q
        solved = abs(change) <= 1e-9  # quadratically convergent: the next one is exact
        if not abs(change) <= 1.0 or step == LIMIT - 2:
            q = _bisect(k, f, 1.0 - f, mu, sigma, a, 1.0 - a, 1e-15)[0]
            solved = True
        else:
            q -= change
    love = mu / (sigma - 1.0)
    x = np.exp((1.0 - sigma) * q)
    gap = q + love * np.log(p1 / p2)
    grown = (1.0 - sigma) * first
    d_q = 1.0 + love * (grown / p1 - k * grown / p2)
    d_a = love * ((x - k) / p1 - (k * x - 1.0) / p2)
    return q, gap, d_a - d_q * h_a / h_q


@kernel
def _root(economy, low, high, gap_low, q):
    """Return the root of d in a bracket, its slope: Newton's method, halved where it leaves."""
    a = 0.5 * (low + high)
    slope = math.nan
    for _ in range(LIMIT):
        q, gap, slope = gap_and_slope(economy, a, q)
        if (gap > 0.0) == (gap_low > 0.0):
            low = a
        else:
            high = a
        move = gap / slope
        if gap == 0.0 or abs(move) <= NEAR or high - low <= NEAR:
            if low <= a - move <= high:
                a -= move
            return a, slope
        a -= move
        if not low < a < high:
            a = 0.5 * (low + high)
    return math.nan, slope


@kernel
def _turning(economy, low, high, sign, q):
    """Return the turning point of d between two slopes towards zero; NaN where no root can hide."""
    for _ in range(LIMIT):
        a = 0.5 * (low + high)
        q, gap, slope = gap_and_slope(economy, a, q)
        if sign * gap <= 0.0:
            return a
        if sign * slope < 0.0:
            low = a
        else:
            high = a
        if high - low <= NEAR:
            break
    return math.nan


@kernel
def _add(shares, stable, count, a, inner):
    """Keep an equilibrium unless it is one already there."""
    new = count == 0 or a - shares[count - 1] > APART
    if new and count < shares.size and not math.isnan(a):
        shares[count] = a
        stable[count] = inner
        count += 1
    return count


@kernel
def _along(economy, points, q, gaps, shares, stable):
    """Write the equilibria at one trade cost in order; return how many, -1 where undefined."""
    count = 0
    if gaps[0] < 0.0:
        count = _add(shares, stable, count, 0.0, True)
    for j in range(points.size - 1):
        low, high = points[j], points[j + 1]
        if not (math.isfinite(gaps[j]) and math.isfinite(gaps[j + 1])):
            return -1
        left, right = gaps[j], gaps[j + 1]
        at_left, at_right = abs(left) <= FLAT, abs(right) <= FLAT
        if at_left:
            guess, slope = low, gap_and_slope(economy, low, q[j])[2]
            count = _add(shares, stable, count, guess, slope < 0.0)
            # Beside it d goes where the slope says, unless a root hides in this cell.
            if not at_right and slope * right < 0.0:
                inside = low + 1e-4 * (high - low)
                a, slope = _root(economy, inside, high, -right, q[j + 1])
                count = _add(shares, stable, count, a, slope < 0.0)
        elif at_right:
            slope = gap_and_slope(economy, high, q[j + 1])[2]
            if slope * left > 0.0:
                inside = high - 1e-4 * (high - low)
                a, slope = _root(economy, low, inside, left, q[j])
                count = _add(shares, stable, count, a, slope < 0.0)
        elif left * right < 0.0:
            a, slope = _root(economy, low, high, left, q[j])
            count = _add(shares, stable, count, a, slope < 0.0)
        else:
            sign = 1.0 if left > 0.0 else -1.0
            fall = left - gaps[j - 1] if j > 0 else gap_and_slope(economy, low, q[j])[2]
            end = j + 2 == points.size
            rise = gap_and_slope(economy, high, q[j + 1])[2] if end else gaps[j + 2] - right
            if sign * fall < 0.0 < sign * rise:
                a = _turning(economy, low, high, sign, q[j])
                if not math.isnan(a):
                    one, slope = _root(economy, low, a, left, q[j])
                    count = _add(shares, stable, count, one, slope < 0.0)
                    two, slope = _root(economy, a, high, -left, q[j])
                    count = _add(shares, stable, count, two, slope < 0.0)
    last = points.size - 1
    if abs(gaps[last]) <= FLAT and 0.0 < points[last] < 1.0:
        return -1
    if gaps[last] > 0.0:
        count = _add(shares, stable, count, 1.0, True)
    return count if count < shares.size else -1  # full: some may have found no room


@kernel
def diagram(freeness, farmers, sigma, mu, shares, stable, counts):
    """Find every long run of two equal regions at each trade cost.

    Parameters
    ----------
    freeness : (N,) array
        Of trade between the two, each in (0, 1).
    farmers, sigma, mu : float
        Share of farmers in the first region; the model's parameters.
    shares, stable : (N, MOST) arrays
        Written: shares of workers in the first region in order; whether each is stable.
    counts : (N,) integer array
        Written: how many there are; -1 where that could not be established.
    """
    n, m = freeness.size, CELLS + 1
    points = np.linspace(0.0, 1.0, m)
    q, gaps = np.empty((n, m)), np.empty((n, m))
    numbers, done = np.empty((n, m, 2)), np.empty((n, m, 2), dtype=np.int64)
    grid(freeness, points, farmers, sigma, mu, 1e-12, q, numbers, done)
    payoff_gaps(freeness, points, sigma, mu, q, gaps)
    for i in range(n):
        economy = Economy(freeness[i], farmers, sigma, mu)
        fine = True
        for j in range(m):
            fine = fine and done[i, j, 0] == 0
        counts[i] = _along(economy, points, q[i], gaps[i], shares[i], stable[i]) if fine else -1
