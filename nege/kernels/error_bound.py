"""Error bounds of short runs: what rounding adds to f, and what a residual is divided by.

By row sums. Where the Jacobian of f is non-negative, one minus its largest row sum divides the
residual (a model's own file proves it). All states moving at once give the row sums.

By mixing. Where nothing is spent but what is earned, f is homogeneous: it answers a common factor
on all wages with the same factor, and no row sum of its Jacobian J is below one. What bounds the
error then is how well trade mixes places. Let a_rs = K_rs Y_s/(P_s z_r) be the share of r's sales
that goes to s. In J, a comes first,

    J = a M - (a common row),    M non-negative with row sums of one,

so J shrinks the spread max u - min u at least by the Dobrushin coefficient of a, and that is
at most 1 - m, m = sum_s min_r a_rs: what every place sells to s at least. The numeraire fixes
the weighted mean of the state, so an error is no larger than its spread, and a residual e has
a spread of at most 2e: the error is within 2e/m, plus sigma e for the numeraire itself (1/sigma is
how f responds to access).

That is cheap and good where every place sells something to every other. Where trade is so
local that m is small, what counts is the condition of the linear system itself.

By condition. The error is within ||(I - J)^(-1)|| e, in the norm of largest row sums.

All are taken at the point itself. They hold for the error as a whole up to a factor that is
itself within a few times the error of one.

Dobrushin, R. L. (1956), Theory of Probability & Its Applications 1; Seneta, E. (1981),
Non-negative Matrices and Markov Chains, ch. 3-4.
"""

import math

import numpy as np
from numba import types

from nege.kernels.derivatives import (
    ACCESS,
    STATE,
    along,
    elasticity,
    moves,
    state_jacobian,
)
from nege.kernels.equations import (
    BY_PLACE,
    CONDITION,
    EXPLICIT,
    GAP,
    MIXING,
    OWN,
    RESIDUAL,
    RESPOND,
    ROUNDING,
    exponents,
    own,
)
from nege.kernels.jit import kernel
from nege.kernels.linear import implicit
from nege.kernels.operators import least
from nege.kernels.rounding import EPS, of_sum
from nege.kernels.vectors import largest

FEW, MANY = 64, 1024  # regions up to which the condition is looked at always, and if needed
GOOD = 0.02  # bound by mixing above which the condition is not looked at
LARGEST = 700.0  # state, a logarithm, of what double precision can hold
SLACK = 1e-9  # by which rounding may take a row sum below zero


@kernel
def rounding_at(economy, share, state, work, moving):
    """Bound what rounding adds to f(state), right after ``update``; `moving` is at rest there."""
    if economy.meeting != BY_PLACE:
        return own(economy, ROUNDING, share, state)
    n, level = state.size, 0.0
    supplied, price, demand, access = 0.0, math.inf, 0.0, math.inf
    for r in range(n):
        level = max(level, abs(state[r]))
        supplied = max(supplied, work[0, r])
        access = min(access, work[3, r])
        if work[1, r] > 0.0:  # no price matters where nobody buys
            price = min(price, work[2, r])
            demand = max(demand, work[1, r] / work[2, r])
    if level > LARGEST:
        return math.inf
    sums = of_sum(n, supplied, price) + of_sum(n, demand, access)
    scratch = np.empty(n)
    inside = EPS * (8.0 * exponents(economy, share, state, scratch) + n + 16.0)
    return response(economy, moving, work) * (sums + inside) + 4.0 * EPS * level


@kernel
def response(economy, moving, work):
    """Return how f responds to ln access, the most that it does anywhere."""
    found = np.empty(work.shape[1])
    elasticity(economy, moving, RESPOND, ACCESS, work, found)
    return largest(found)


@kernel
def gap_at(economy, share, state, work, moving):
    """Return what a residual has to be divided by to bound the error, right after ``update``.

    `moving` is at rest there, and is not afterwards.
    """
    bound = economy.bound
    if bound == OWN:
        return own(economy, GAP, share, state)
    if bound in (EXPLICIT, RESIDUAL):
        return 1.0
    if bound == MIXING:
        return mixed_gap(economy, share, state, work, moving)
    if bound == CONDITION:
        return condition(economy, share, state)
    n = state.size
    change, gain, rest = np.empty(n), np.empty(0), np.empty((5, n))
    moves(moving.rows[STATE], 1.0)
    along(economy, moving, np.empty((0, 0)), work, rest, change, gain)
    return row_sum_gap(change)


@kernel(inside=True)
def row_sum_gap(change):
    """Return 1 - the largest row sum of the Jacobian of f; NaN where one is not within [0, 1].

    Given is how f - state moves where all states do.
    """
    gap = 1.0
    for r in range(change.size):
        left = -change[r]
        if not 0.0 <= left <= 1.0 + SLACK:
            return math.nan
        gap = min(gap, left)
    return gap


@kernel
def mixing(operator, work):
    """Return m, right after ``update``, whose spending, price and access are in work[1:4]."""
    n = work.shape[1]
    weight, low = np.empty(n), np.empty(n)
    for r in range(n):
        weight[r] = 1.0 / work[3, r]
    least(operator, weight, low)
    total = 0.0
    for s in range(n):
        total += low[s] * work[1, s] / work[2, s]
    return total


@kernel(late=types.float64)
def condition(economy, share, state):
    """Return 1 over the largest row sum of |(I - J)^(-1)|; NaN where it is undefined."""
    n = state.size
    jacobian, inverse = np.empty((n, n)), np.zeros((n, n))
    state_jacobian(economy, share, state, jacobian)
    for r in range(n):
        inverse[r, r] = 1.0
    if not implicit(jacobian, inverse):
        return math.nan
    top = 0.0
    for r in range(n):
        total = 0.0
        for j in range(n):
            total += abs(inverse[r, j])
        if not math.isfinite(total):
            return math.nan
        top = max(top, total)
    return 1.0 / top


@kernel(late=types.float64)
def mixed_gap(economy, share, state, work, moving):
    """Return by how much a residual has to be divided to bound the error, for ``gap_at``."""
    n = state.size
    gap = math.nan
    if n > FEW:
        steep = 1.0 / response(economy, moving, work)  # sigma
        gap = 1.0 / (2.0 / mixing(economy.operator, work) + steep)
    if not (gap > GOOD or n > MANY):
        gap = condition(economy, share, state)
    return gap
