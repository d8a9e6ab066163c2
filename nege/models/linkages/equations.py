"""Vertical linkages: wages, prices and profits of a given distribution of industry, as kernels.

The symbols and the equations are in ``linkages.model``; the state is u = ln P, with
P = G^(1-sigma). Here v = ln w, B_r = w_r l_r is the wage bill of agriculture, and
b = theta/(1-theta), so that B_r = k_r exp(-b v_r) where theta < 1.

Immobile labour. In a region  h(v) = ln(s W + k exp(-b v)) - ln L - v = 0.  h is convex and
falls, so Newton's method from a lower bound converges monotonically. So it does for the payroll
of the world, (1-mu) W = (mu/theta) sum_r B_r(s_r W), whose difference is concave and rises.
Prices enter neither.

Mobile labour. v_r = ln omega - m u_r - ln B_r, m = mu/(sigma-1) (here B is the amenity), and
omega follows from the labour of the world in closed form. df/du = q M + 1 h', where M is
stochastic, q = a sigma/(sigma-1) + sigma(1-a) m, |h|_1 <= m (2b + sigma(1-a)), and all row sums
are a sigma/(sigma-1). So differences of u contract by q on their own, if q < 1, which is
sigma (1-a)(1-mu) > 1; then the level does. Where |f(u) - u| <= e, u is off by at most
d = e/(1-q) around its middle, and that by at most (e + (1+q+|h|_1) d)/(1 - a sigma/(sigma-1)).
"""

import math

import numpy as np

from nege.kernels.duals import exp, log, maximum
from nege.kernels.equations import Together
from nege.kernels.jit import kernel
from nege.kernels.rounding import EPS, TINY, additions, of_sum

LIMIT = 100  # steps of Newton's method, of which it takes about six
ROUNDING = 4e-16

# Rows of the variables of a place: ln wage, wage bill of agriculture.
LOG_WAGE, FARM = range(2)

# Equations that are solved here are solved for the value of dual numbers; one step more, at the
# solution, then gives their derivative.


# --- labour ------------------------------------------------------------------------


@kernel
def _local_wage(p, r, payroll, v):
    """Return ln wage of a region with immobile workers, not below v; and B."""
    workers, theta = p.workers[r], p.agriculture
    if theta.real == 1.0:
        farm = workers - payroll
        if not farm.real > 0.0:
            return log(payroll / workers), 0.0 * payroll
        v = 0.0 * farm
        if theta.imag != 0.0:
            v = (1.0 - theta) * log(p.land[r] / farm)
        return v, workers * exp(v) - payroll
    b = theta / (1.0 - theta)
    v = maximum(v, (1.0 - theta) * log(p.land[r] / workers))
    if payroll.real > 0.0:
        v = maximum(v, log(payroll / workers))
    for _ in range(LIMIT):
        farm = p.land[r] * exp(-b * v)
        gap = log((payroll + farm) / workers) - v
        step = gap / (1.0 + b * farm / (payroll + farm))
        v += step
        if not step.real > ROUNDING * (1.0 - theta.real + abs(v.real)):
            break
    return v, p.land[r] * exp(-b * v)


@kernel
def _immobile(p, share, at):
    """Write wages and wage bills; return the payroll of the world, labour being immobile."""
    payroll, theta = 0.0 * share[0] * p.mu, p.agriculture
    for r in range(share.size):
        at[LOG_WAGE, r] = -math.inf
    done = False
    for _ in range(LIMIT):
        total, slope = 0.0 * payroll, 1.0 - p.mu
        for r in range(share.size):
            v, farm = _local_wage(p, r, share[r] * payroll, at[LOG_WAGE, r])
            at[LOG_WAGE, r], at[FARM, r] = v, farm
            total += farm
            slope += p.mu / theta * share[r] * _given_up(p, r, share[r] * payroll, v, farm)
        if done:
            break
        step = (p.mu / theta * total - (1.0 - p.mu) * payroll) / slope
        payroll += step
        done = not step.real > ROUNDING * payroll.real
    return payroll


@kernel
def _given_up(p, r, payroll, v, farm):
    """Return -dB/dW_r: what agriculture pays less where industry pays more."""
    if farm.real <= 0.0:
        return 1.0 - p.workers[r] * exp(v) / payroll
    pressure = (1.0 - p.agriculture) / (farm + (1.0 - p.agriculture) * payroll)
    return 1.0 - p.workers[r] * exp(v) * pressure


@kernel
def _mobile(p, share, state, at):
    """Do the same where workers have equalised real wages.

    With g = w/omega: omega^(1/(1-theta)) = M sum(k g^(-b)) sum(s/g) + sum(k g^(-b-1)) is that
    all labour is employed, and W = M sum(B), M = mu/(theta (1-mu)(1+c)).
    """
    theta, n = p.agriculture, share.size
    b, love = theta / (1.0 - theta), p.mu / (p.sigma - 1.0)
    low = math.inf  # powers of g are taken relative to it, so that none overflows
    for r in range(n):
        at[LOG_WAGE, r] = -love * state[r] - p.log_amenity[r]
        if p.land[r].real > 0.0:
            low = min(low, at[LOG_WAGE, r].real)
    none = 0.0 * p.mu
    bills, industry, farms, total = none, none, none, none
    for r in range(n):
        at[LOG_WAGE, r] -= low
        wage, bill = exp(at[LOG_WAGE, r]), p.land[r] * exp(-b * at[LOG_WAGE, r])
        bills += bill
        farms += bill / wage
        industry += share[r] / wage
    scale = p.mu / (theta * (1.0 - p.mu) * (1.0 + levied(p, share)))
    level = (1.0 - theta) * log(scale * bills * industry + farms)
    for r in range(n):
        at[LOG_WAGE, r] += level
        at[FARM, r] = p.land[r] * exp(-b * at[LOG_WAGE, r])
        total += at[FARM, r]
    return scale * total


@kernel
def levied(p, share):
    """Return c, commission for each unit of the world's industrial payroll."""
    total = 0.0 * share[0] * p.inputs
    for r in range(share.size):
        if p.log_net[r] != 0.0:
            total += share[r] * (exp(-p.log_net[r]) - 1.0)
    return total / (1.0 - p.inputs)


@kernel
def labour(p, share, state, at):
    """Write wages and wage bills of agriculture; return the industrial payroll of the world."""
    if p.mobile.real > 0.0:
        return _mobile(p, share, state, at)
    payroll = _immobile(p, share, at)
    return payroll if p.mobile.real == 0.0 else math.nan * payroll


# --- short run and payoff ----------------------------------------------------------


@kernel
def _goods(p, share, state, supply, spending):
    """Write what each place adds to price indices, and what its people and firms spend."""
    at = np.empty((2, share.size), dtype=share.dtype)
    payroll = labour(p, share, state, at)
    commission, ratio = levied(p, share) * payroll, p.inputs / (1.0 - p.inputs)
    for r in range(share.size):
        paid = share[r] * payroll
        income = paid + at[FARM, r] / p.agriculture + p.land[r] * commission
        supply[r] = paid * exp(_edge(p, r, state[r], at[LOG_WAGE, r]))
        spending[r] = p.mu * income + ratio * paid


@kernel(arithmetic=True, inside=True)
def _edge(p, r, u, v):
    """Return -sigma ln cost + (sigma-1) ln(1-zeta): ln competitiveness of a firm's cost."""
    power = p.inputs * p.sigma / (p.sigma - 1.0)
    return power * u - p.sigma * (1.0 - p.inputs) * v + (p.sigma - 1.0) * p.log_net[r]


@kernel
def _payoffs(p, share, state, price, access, out):
    """Write ln of sales over cost."""
    at = np.empty((2, share.size), dtype=share.dtype)
    labour(p, share, state, at)
    level = log(1.0 - p.inputs)
    for r in range(share.size):
        edge = _edge(p, r, state[r], at[LOG_WAGE, r])
        out[r] = level + edge + p.log_net[r] + log(access[r])


@kernel
def _gap(p):
    """Return what the residual has to be divided by to bound the error: see above."""
    own = p.inputs * p.sigma / (p.sigma - 1.0)
    if not p.mobile > 0.0:
        return 1.0 - own
    love, work = p.mu / (p.sigma - 1.0), p.sigma * (1.0 - p.inputs)
    apart = own + work * love
    common = love * (2.0 * p.agriculture / (1.0 - p.agriculture) + work)
    distance = 1.0 / (1.0 - apart)
    return 1.0 / (distance + (1.0 + (1.0 + apart + common) * distance) / (1.0 - own))


@kernel
def _rounding(p, share, state):
    """Add up what rounding does to wages, to the payroll of the world, and to prices.

    `bent` is how large exponents are where agriculture is; a difference of payrolls, divided by
    1 - mu, is known less well than they are.
    """
    n = state.size
    at, supply, spending = np.empty((2, n)), np.empty(n), np.empty(n)
    labour(p, share, state, at)
    _goods(p, share, state, supply, spending)
    power, work = p.inputs * p.sigma / (p.sigma - 1.0), p.sigma * (1.0 - p.inputs)
    bills = bent = high = logs = level = supplied = 0.0
    b, price, low = 0.0, math.inf, math.inf
    if p.agriculture < 1.0:
        b = p.agriculture / (1.0 - p.agriculture)
    for r in range(n):
        if p.land[r] > 0.0:
            low = min(low, at[LOG_WAGE, r])
    for r in range(n):
        v, u = abs(at[LOG_WAGE, r]), abs(state[r])
        high, level = max(high, v + abs(p.log_amenity[r])), max(level, u)
        logs = max(logs, power * u + work * v + (p.sigma - 1.0) * abs(p.log_net[r]))
        price, supplied = min(price, math.exp(state[r])), max(supplied, supply[r])
        bills += at[FARM, r]
        if at[FARM, r] > 0.0:
            bent += at[FARM, r] * b * (v + abs(low))
    high += p.mu / (p.sigma - 1.0) * level
    unlike = 1.0 + p.mu / (p.agriculture * (1.0 - p.mu))
    payroll = EPS * (
        4.0 * bent / max(bills, TINY) + (8.0 + 8.0 * high) * unlike + 2.0 * additions(n) + 16.0
    )
    wages = EPS * (8.0 + 8.0 * high) + payroll
    return of_sum(n, supplied, price) + EPS * (4.0 * logs + 4.0 * level) + work * wages + payroll


EQUATIONS = Together(goods=_goods, payoffs=_payoffs, gap=_gap, rounding=_rounding)
