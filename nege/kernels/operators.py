"""Freeness of trade between all places, as an operator on vectors.

K_rs = T_rs^(1 - sigma) is how freely r sells to s. Every model of the family needs it
twice in a step of its short run: what reaches each destination (the price index), and
what each origin reaches (market access),

    price_s  = sum_r K_rs supply_r                    ``buy``
    access_r = sum_s K_rs spending_s / price_s        ``trade``, with the prices

Each kind of geography has its own way to multiply by K. One record holds them all, so that
what multiplies by K compiles once:

    DENSE      any K, the online region included; one pass over its matrix serves both sums
    SYMMETRIC  half of K, row by row: half the memory
    LINE       costs exp(c |p_r - p_s|): two sweeps along the line, R steps
    FOURIER    circles and grids; transforms do not compile, so these run from Python

With half a matrix, on a line and on circles and grids, an online region is one more region,
the last, at the same freeness from everybody.
"""

from typing import NamedTuple

import numpy as np
from numba import types

from nege.kernels.jit import kernel
from nege.kernels.records import INDICES, ROW, TABLE, record

DENSE, SYMMETRIC, LINE, FOURIER = range(4)
NAMES = ("dense", "symmetric", "line", "fourier")  # for people

NO_TABLE, NO_NUMBERS, NO_SHAPE = np.empty((0, 0)), np.empty(0), np.empty(0, dtype=np.int64)


@record(table=TABLE, packed=ROW, shape=INDICES)
class Operator(NamedTuple):
    """Freeness of trade: the kind of geography, and what it needs to multiply by K."""

    kind: int
    table: np.ndarray = NO_TABLE  # dense: (R, R), K transposed, so that rows are read
    #: Half of K, row after row; on a line the freeness from each place to the next; the transform,
    #: which is real, of a kernel that is the same both ways.
    packed: np.ndarray = NO_NUMBERS
    online: float = -1.0  # freeness of trade with the online region; negative where there is none
    shape: np.ndarray = NO_SHAPE  # fourier: (n,) of a circle; (ny, nx, rows, columns) of a grid
    power: float = 0.0  # fourier: ln K per unit of distance


def dense(matrix):
    """Return the operator of a whole matrix, by origin and destination."""
    return Operator(DENSE, np.ascontiguousarray(np.transpose(matrix)))


# --- dense -------------------------------------------------------------------------


@kernel(arithmetic=True)
def buy_dense(k, supply, price):
    """As ``buy``, given the table of a dense operator."""
    for s in range(price.size):
        total = 0.0
        for r in range(supply.size):
            total += k[s, r] * supply[r]
        price[s] = total


@kernel(arithmetic=True)
def sell_dense(k, demand, access):
    """As ``sell``, given the table of a dense operator."""
    for r in range(access.size):
        access[r] = 0.0
    for s in range(demand.size):
        for r in range(access.size):
            access[r] += k[s, r] * demand[s]


@kernel(arithmetic=True)
def _trade_dense(k, supply, spending, price, access):
    # A destination's demand is known as soon as its price is, so that its row of K is
    # used for access while it is still in cache: K is read from memory once, not twice.
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


# --- half of a symmetric matrix ----------------------------------------------------


@kernel(arithmetic=True, late=types.void)
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


# --- line --------------------------------------------------------------------------


@kernel(late=types.void)
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


# --- the online region: one more row and column, which are rank one ----------------


@kernel(arithmetic=True, inside=True)
def _border(freeness, x, y):
    """Complete y = K x for the places by what the online region adds, and its own entry."""
    n = x.size - 1
    total = 0.0
    for i in range(n):
        total += x[i]
        y[i] += freeness * x[n]
    y[n] = freeness * total + x[n]


# --- whatever the geography -----------------------------------------------------------


@kernel(late=types.void)
def _multiply(operator, x, y):
    """Y = K x for a K that is the same both ways."""
    n = x.size - 1 if operator.online >= 0.0 else x.size
    if operator.kind == SYMMETRIC:
        _multiply_half(operator.packed, x[:n], y[:n])
    else:
        _sweep_line(operator.packed, x[:n], y[:n])
    if operator.online >= 0.0:
        _border(operator.online, x, y)


@kernel
def buy(operator, supply, price):
    """price_s = sum_r K_rs supply_r: what reaches each destination."""
    if operator.kind == DENSE:
        buy_dense(operator.table, supply, price)
    else:
        _multiply(operator, supply, price)


@kernel
def sell(operator, demand, access):
    """access_r = sum_s K_rs demand_s: what each origin reaches."""
    if operator.kind == DENSE:
        sell_dense(operator.table, demand, access)
    else:
        _multiply(operator, demand, access)


@kernel
def trade(operator, supply, spending, price, access):
    """Both: price as in ``buy``, then access_r = sum_s K_rs spending_s / price_s."""
    if operator.kind == DENSE:
        _trade_dense(operator.table, supply, spending, price, access)
    else:
        _multiply(operator, supply, price)
        _multiply(operator, spending / price, access)


@kernel
def matrix(operator, n):
    """K itself, n by n, by origin and destination: for derivatives, and for small economies."""
    whole = np.empty((n, n))
    if operator.kind == DENSE:
        for s in range(n):
            for r in range(n):
                whole[r, s] = operator.table[s, r]
    else:
        _unpack(operator, whole)
    return whole


@kernel(late=types.void)
def _unpack(operator, whole):
    n = whole.shape[0]
    places = n - 1 if operator.online >= 0.0 else n
    start = 0
    for i in range(n):
        for j in range(n):
            whole[i, j] = operator.online
    for i in range(places):
        whole[i, i] = 1.0
        if operator.kind == SYMMETRIC:
            for j in range(i + 1):
                whole[i, j] = whole[j, i] = operator.packed[start + j]
            start += i + 1
        else:
            for j in range(i + 1, places):
                whole[i, j] = whole[i, j - 1] * operator.packed[j - 1]
                whole[j, i] = whole[i, j]
    if operator.online >= 0.0:
        whole[n - 1, n - 1] = 1.0


@kernel
def least(operator, weight, out):
    """out_s = min_r K_rs weight_r: the smallest delivery to s from any region."""
    n = out.size
    if operator.kind == DENSE:
        for s in range(n):
            low = np.inf
            for r in range(n):
                low = min(low, operator.table[s, r] * weight[r])
            out[s] = low
        return
    places = n - 1 if operator.online >= 0.0 else n
    if operator.kind == SYMMETRIC:
        _least_half(operator.packed, weight[:places], out[:places])
    else:
        _least_line(operator.packed, weight[:places], out[:places])
    if operator.online >= 0.0:
        low = weight[places]
        for i in range(places):
            low = min(low, operator.online * weight[i])
            out[i] = min(out[i], operator.online * weight[places])
        out[places] = low


@kernel
def _least_half(half, weight, out):
    start = 0
    for i in range(out.size):
        out[i] = np.inf
        for j in range(i + 1):
            k = half[start + j]
            out[i] = min(out[i], k * weight[j])
            out[j] = min(out[j], k * weight[i])
        start += i + 1


@kernel
def _least_line(step, weight, out):
    n = out.size
    carried = np.inf
    for i in range(n):
        carried = min(carried, weight[i])
        out[i] = carried
        if i < n - 1:
            carried *= step[i]
    carried = np.inf
    for i in range(n - 1, 0, -1):
        carried = min(carried, weight[i]) * step[i - 1]
        out[i - 1] = min(out[i - 1], carried)
