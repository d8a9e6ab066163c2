"""Freeness of trade between all places, as an operator on vectors.

K_rs = T_rs^(1 - sigma) is how freely r sells to s. Every model of the family needs it
twice in a step of its short run: what reaches each destination (the price index), and
what each origin reaches (market access),

    price_s  = sum_r K_rs supply_r                    ``buy``
    access_r = sum_s K_rs spending_s / price_s        ``trade``, with the prices

Each kind of geography has its own way to multiply by K:

    Dense       any K; one pass over its matrix serves both sums
    Symmetric   half of K, row by row: half the memory
    Line        costs exp(c |p_r - p_s|): two sweeps along the line, R steps
    WithOnline  any of these and one more region at the same freeness from everybody
    Fourier     circles and grids; transforms do not compile, so these run from Python
"""

from typing import Any, NamedTuple

import numpy as np

from nege.kernels.jit import equation, kernel


class Dense(NamedTuple):
    """Any trade costs: the whole of K, by destination and origin, so that rows are read."""

    freeness: np.ndarray  # (R, R), K transposed


class Symmetric(NamedTuple):
    """Trade costs that are the same both ways: the lower half of K, row after row."""

    half: np.ndarray  # (R (R + 1) / 2,)
    size: int


class Line(NamedTuple):
    """Places along a line with costs exponential in distance."""

    step: np.ndarray  # (R - 1,), freeness from each place to the next


class Fourier(NamedTuple):
    """A circle or a grid, where K depends on the way between two places alone."""

    spectrum: np.ndarray  # real: the transform of a kernel that is the same both ways
    shape: tuple  # (n,) for a circle; (ny, nx, rows, columns) for a grid and its padding
    power: float  # ln K per unit of distance


class WithOnline(NamedTuple):
    """Places, and one more region, the last, equally near to all of them."""

    places: Any
    freeness: float  # delta^(1 - sigma)


@equation(arithmetic=True)
def buy(operator, supply, price):
    """price_s = sum_r K_rs supply_r: what reaches each destination."""


@equation(arithmetic=True)
def sell(operator, demand, access):
    """access_r = sum_s K_rs demand_s: what each origin reaches."""


@equation(arithmetic=True)
def trade(operator, supply, spending, price, access):
    """Both: price as in ``buy``, then access_r = sum_s K_rs spending_s / price_s."""


@equation
def matrix(operator):
    """K itself, by origin and destination: for derivatives, and for small economies."""


# --- dense -------------------------------------------------------------------------


@buy.register(Dense)
def _buy_dense(operator, supply, price):
    k = operator.freeness
    for s in range(price.size):
        total = 0.0
        for r in range(supply.size):
            total += k[s, r] * supply[r]
        price[s] = total


@sell.register(Dense)
def _sell_dense(operator, demand, access):
    k = operator.freeness
    for r in range(access.size):
        access[r] = 0.0
    for s in range(demand.size):
        for r in range(access.size):
            access[r] += k[s, r] * demand[s]


@trade.register(Dense)
def _trade_dense(operator, supply, spending, price, access):
    # A destination's demand is known as soon as its price is, so that its row of K is
    # used for access while it is still in cache: K is read from memory once, not twice.
    k = operator.freeness
    n = price.size
    for r in range(n):
        access[r] = 0.0
    whole = n - n % 8
    for s in range(0, whole, 8):
        k0, k1, k2, k3 = k[s], k[s + 1], k[s + 2], k[s + 3]
        k4, k5, k6, k7 = k[s + 4], k[s + 5], k[s + 6], k[s + 7]
        t0 = t1 = t2 = t3 = t4 = t5 = t6 = t7 = 0.0
        for r in range(n):
            x = supply[r]
            t0 += k0[r] * x
            t1 += k1[r] * x
            t2 += k2[r] * x
            t3 += k3[r] * x
            t4 += k4[r] * x
            t5 += k5[r] * x
            t6 += k6[r] * x
            t7 += k7[r] * x
        price[s], price[s + 1], price[s + 2], price[s + 3] = t0, t1, t2, t3
        price[s + 4], price[s + 5], price[s + 6], price[s + 7] = t4, t5, t6, t7
        q0, q1 = spending[s] / t0, spending[s + 1] / t1
        q2, q3 = spending[s + 2] / t2, spending[s + 3] / t3
        q4, q5 = spending[s + 4] / t4, spending[s + 5] / t5
        q6, q7 = spending[s + 6] / t6, spending[s + 7] / t7
        for r in range(n):
            near = k0[r] * q0 + k1[r] * q1 + k2[r] * q2 + k3[r] * q3
            access[r] += near + k4[r] * q4 + k5[r] * q5 + k6[r] * q6 + k7[r] * q7
    for s in range(whole, n):
        total = 0.0
        for r in range(n):
            total += k[s, r] * supply[r]
        price[s] = total
        demand = spending[s] / total
        for r in range(n):
            access[r] += k[s, r] * demand


@matrix.register(Dense)
def _matrix_dense(operator):
    return np.ascontiguousarray(operator.freeness.T)


# --- symmetric ---------------------------------------------------------------------


@kernel(arithmetic=True)
def _multiply_half(half, x, y):
    """Y = K x, reading each entry below the diagonal once for both of its places.

    Eight rows at a time: so y, which grows out of cache with the rows, is written once
    for eight of them.
    """
    n = x.size
    for i in range(n):
        y[i] = 0.0
    start = 0
    whole = n - n % 8
    for i in range(0, whole, 8):
        k0 = half[start : start + i]
        k1 = half[start + i + 1 : start + 2 * i + 1]
        k2 = half[start + 2 * i + 3 : start + 3 * i + 3]
        k3 = half[start + 3 * i + 6 : start + 4 * i + 6]
        k4 = half[start + 4 * i + 10 : start + 5 * i + 10]
        k5 = half[start + 5 * i + 15 : start + 6 * i + 15]
        k6 = half[start + 6 * i + 21 : start + 7 * i + 21]
        k7 = half[start + 7 * i + 28 : start + 8 * i + 28]
        x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
        x4, x5, x6, x7 = x[i + 4], x[i + 5], x[i + 6], x[i + 7]
        t0 = t1 = t2 = t3 = t4 = t5 = t6 = t7 = 0.0
        for j in range(i):
            z = x[j]
            t0 += k0[j] * z
            t1 += k1[j] * z
            t2 += k2[j] * z
            t3 += k3[j] * z
            t4 += k4[j] * z
            t5 += k5[j] * z
            t6 += k6[j] * z
            t7 += k7[j] * z
            near = k0[j] * x0 + k1[j] * x1 + k2[j] * x2 + k3[j] * x3
            y[j] += near + k4[j] * x4 + k5[j] * x5 + k6[j] * x6 + k7[j] * x7
        y[i], y[i + 1], y[i + 2], y[i + 3] = t0, t1, t2, t3
        y[i + 4], y[i + 5], y[i + 6], y[i + 7] = t4, t5, t6, t7
        for r in range(i, i + 8):  # what is left of these rows: a triangle
            first, total = start + i, 0.0
            for j in range(r - i):
                total += half[first + j] * x[i + j]
                y[i + j] += half[first + j] * x[r]
            y[r] += total + half[start + r] * x[r]
            start += r + 1
    for r in range(whole, n):
        total = 0.0
        for j in range(r):
            total += half[start + j] * x[j]
            y[j] += half[start + j] * x[r]
        y[r] += total + half[start + r] * x[r]
        start += r + 1


@buy.register(Symmetric)
def _buy_symmetric(operator, supply, price):
    _multiply_half(operator.half, supply, price)


@sell.register(Symmetric)
def _sell_symmetric(operator, demand, access):
    _multiply_half(operator.half, demand, access)


@matrix.register(Symmetric)
def _matrix_symmetric(operator):
    n = operator.size
    whole = np.empty((n, n))
    start = 0
    for i in range(n):
        for j in range(i + 1):
            whole[i, j] = operator.half[start + j]
            whole[j, i] = operator.half[start + j]
        start += i + 1
    return whole


# --- line --------------------------------------------------------------------------


@kernel
def _sweep_line(step, x, y):
    """Y = K x: what comes from the left, then what comes from the right."""
    n = x.size
    carried = 0.0
    for i in range(n):
        y[i] = carried + x[i]
        if i < n - 1:
            carried = y[i] * step[i]
    carried = 0.0
    for i in range(n - 1, 0, -1):
        carried = (carried + x[i]) * step[i - 1]
        y[i - 1] += carried


@buy.register(Line)
def _buy_line(operator, supply, price):
    _sweep_line(operator.step, supply, price)


@sell.register(Line)
def _sell_line(operator, demand, access):
    _sweep_line(operator.step, demand, access)


@matrix.register(Line)
def _matrix_line(operator):
    n = operator.step.size + 1
    whole = np.empty((n, n))
    for i in range(n):
        whole[i, i] = 1.0
        for j in range(i + 1, n):
            whole[i, j] = whole[i, j - 1] * operator.step[j - 1]
            whole[j, i] = whole[i, j]
    return whole


# --- with the online region: one more row and column, which are rank one -----------


@kernel(arithmetic=True)
def _border(freeness, x, y):
    """Complete y = K x for the places by what the online region adds, and its own entry."""
    n = x.size - 1
    total = 0.0
    for i in range(n):
        total += x[i]
        y[i] += freeness * x[n]
    y[n] = freeness * total + x[n]


@buy.register(WithOnline)
def _buy_online(operator, supply, price):
    buy(operator.places, supply[:-1], price[:-1])
    _border(operator.freeness, supply, price)


@sell.register(WithOnline)
def _sell_online(operator, demand, access):
    sell(operator.places, demand[:-1], access[:-1])
    _border(operator.freeness, demand, access)


@matrix.register(WithOnline)
def _matrix_online(operator):
    inner = matrix(operator.places)
    n = inner.shape[0]
    whole = np.full((n + 1, n + 1), operator.freeness)
    whole[:n, :n] = inner
    whole[n, n] = 1.0
    return whole


# --- what has no pass that serves both sums ----------------------------------------


@trade.register(Symmetric)
@trade.register(Line)
@trade.register(WithOnline)
def _trade_in_two_passes(operator, supply, spending, price, access):
    buy(operator, supply, price)
    sell(operator, spending / price, access)
