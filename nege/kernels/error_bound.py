"""Error bounds of short runs without exogenous income, by the Dobrushin coefficient of trade.

Where nothing is spent but what is earned, f is homogeneous: it answers a common factor on all
wages with the same factor, and no row sum of its Jacobian J is below one. What bounds the error
then is how well trade mixes places. Let a_rs = K_rs Y_s/(P_s z_r) be the share of r's sales that
goes to s. In J, a comes first,

    J = a M - (a common row),    M non-negative with row sums of one,

so J shrinks the spread max u - min u at least by the Dobrushin coefficient of a, and that is
at most 1 - m, m = sum_s min_r a_rs: what every place sells to s at least. The numeraire fixes
the weighted mean of the state, so an error is no larger than its spread, and a residual e has
a spread of at most 2e: the error is within 2e/m, plus sigma e for the numeraire itself.

That is cheap and good where every place sells something to every other. Where trade is so
local that m is small, what counts is the condition of the linear system itself: the error is
within ||(I - J)^(-1)|| e, in the norm of largest row sums.

Both are taken at the point itself. They hold for the error as a whole up to a factor that is
itself within a few times the error of one.

Dobrushin, R. L. (1956), Theory of Probability & Its Applications 1; Seneta, E. (1981),
Non-negative Matrices and Markov Chains, ch. 3-4.
"""

import math

import numpy as np

from nege.kernels.derivatives import state_jacobian
from nege.kernels.jit import equation, kernel
from nege.kernels.linear import implicit
from nege.kernels.operators import Dense, Line, Symmetric, WithOnline

FEW, MANY = 64, 1024  # regions up to which the condition is looked at always, and if needed
GOOD = 0.02  # bound by mixing above which the condition is not looked at


@equation
def least(operator, weight, out):
    """out_s = min_r K_rs weight_r: the smallest delivery to s from any region."""


@least.register(Dense)
def _least_dense(operator, weight, out):
    k = operator.freeness
    for s in range(out.size):
        low = math.inf
        for r in range(weight.size):
            low = min(low, k[s, r] * weight[r])
        out[s] = low


@least.register(Symmetric)
def _least_symmetric(operator, weight, out):
    start = 0
    for i in range(out.size):
        out[i] = math.inf
        for j in range(i + 1):
            k = operator.half[start + j]
            out[i] = min(out[i], k * weight[j])
            out[j] = min(out[j], k * weight[i])
        start += i + 1


@least.register(Line)
def _least_line(operator, weight, out):
    n = out.size
    carried = math.inf
    for i in range(n):
        carried = min(carried, weight[i])
        out[i] = carried
        if i < n - 1:
            carried *= operator.step[i]
    carried = math.inf
    for i in range(n - 1, 0, -1):
        carried = min(carried, weight[i]) * operator.step[i - 1]
        out[i - 1] = min(out[i - 1], carried)


@least.register(WithOnline)
def _least_online(operator, weight, out):
    n = out.size - 1
    least(operator.places, weight[:-1], out[:-1])
    low = math.inf
    for i in range(n):
        low = min(low, weight[i])
        out[i] = min(out[i], operator.freeness * weight[n])
    out[n] = min(operator.freeness * low, weight[n])


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


@kernel
def condition(parameters, share, state):
    """Return 1 over the largest row sum of |(I - J)^(-1)|; NaN where it is undefined."""
    n = state.size
    jacobian, inverse = np.empty((n, n)), np.zeros((n, n))
    state_jacobian(parameters, share, state, jacobian)
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


@kernel
def mixed_gap(parameters, share, state, work):
    """Return by how much a residual has to be divided to bound the error, for ``gap_at``."""
    n = state.size
    gap = math.nan
    if n > FEW:
        gap = 1.0 / (2.0 / mixing(parameters.operator, work) + parameters.sigma)
    if not (gap > GOOD or n > MANY):
        gap = condition(parameters, share, state)
    return gap
