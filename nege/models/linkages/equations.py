"""Vertical linkages: wages, prices and profits of a given distribution of industry, as kernels.

The symbols and the equations are in ``vertical_linkages``; the state is u = ln P, with
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
from typing import Any, NamedTuple

import numpy as np

from nege.kernels import equations
from nege.kernels.jit import kernel
from nege.kernels.operators import buy, sell
from nege.kernels.rounding import EPS, TINY, additions, of_sum
from nege.kernels.vmath import exp, log

LIMIT = 100  # steps of Newton's method, of which it takes about six
ROUNDING = 4e-16

# Rows of the variables of a place: ln wage, wage bill of agriculture, supply for a share of
# one, spending on varieties.
LOG_WAGE, FARM, SUPPLY, SPENDING = range(4)


class LinkagesParameters(NamedTuple):
    """What the kernels know of an economy with vertical linkages."""

    sigma: float
    mu: float
    inputs: float
    agriculture: float  # theta
    land: np.ndarray
    log_net: np.ndarray  # ln(1 - zeta)
    log_amenity: np.ndarray
    operator: Any
    workers: np.ndarray = np.empty(0)  # none where labour is mobile


# --- labour ------------------------------------------------------------------------


@kernel
def _local_wage(p, r, payroll, v):
    """Return ln wage of a region with immobile workers, not below v; and B."""
    workers, theta = p.workers[r], p.agriculture
    if theta == 1.0:
        farm = max(0.0, workers - payroll)
        return (0.0 if farm > 0.0 else np.log(payroll / workers)), farm
    b = theta / (1.0 - theta)
    v = max(v, (1.0 - theta) * np.log(p.land[r] / workers))
    if payroll > 0.0:
        v = max(v, np.log(payroll / workers))
    for _ in range(LIMIT):
        farm = p.land[r] * np.exp(-b * v)
        gap = np.log((payroll + farm) / workers) - v
        step = gap / (1.0 + b * farm / (payroll + farm))
        if not step > ROUNDING * (1.0 - theta + abs(v)):
            break
        v += step
    return v, p.land[r] * np.exp(-b * v)


@kernel
def _immobile(p, share, at):
    """Write wages and wage bills; return the payroll of the world, labour being immobile."""
    payroll, theta = 0.0, p.agriculture
    for r in range(share.size):
        at[LOG_WAGE, r] = -math.inf
    for _ in range(LIMIT):
        total, slope = 0.0, 1.0 - p.mu
        for r in range(share.size):
            v, farm = _local_wage(p, r, share[r] * payroll, at[LOG_WAGE, r])
            at[LOG_WAGE, r], at[FARM, r] = v, farm
            total += farm
            slope += p.mu / theta * share[r] * given_up(p, r, share[r] * payroll, v, farm)
        step = (p.mu / theta * total - (1.0 - p.mu) * payroll) / slope
        if not step > ROUNDING * payroll:
            break
        payroll += step
    return payroll


@kernel
def given_up(p, r, payroll, v, farm):
    """Return -dB/dW_r: what agriculture pays less where industry pays more."""
    return 1.0 - p.workers[r] * np.exp(v) * pressure(p, payroll, farm)


@kernel
def pressure(p, payroll, farm):
    """Return d ln wage/dW_r."""
    if farm <= 0.0:
        return 1.0 / payroll
    return (1.0 - p.agriculture) / (farm + (1.0 - p.agriculture) * payroll)


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
        if p.land[r] > 0.0:
            low = min(low, at[LOG_WAGE, r])
    bills, industry, farms = 0.0, 0.0, 0.0
    for r in range(n):
        at[LOG_WAGE, r] -= low
        wage, bill = np.exp(at[LOG_WAGE, r]), p.land[r] * np.exp(-b * at[LOG_WAGE, r])
        bills += bill
        farms += bill / wage
        industry += share[r] / wage
    scale = p.mu / (theta * (1.0 - p.mu) * (1.0 + levied(p, share)))
    level = (1.0 - theta) * np.log(scale * bills * industry + farms)
    total = 0.0
    for r in range(n):
        at[LOG_WAGE, r] += level
        at[FARM, r] = p.land[r] * np.exp(-b * at[LOG_WAGE, r])
        total += at[FARM, r]
    return scale * total


@kernel
def levied(p, share):
    """Return c, commission for each unit of the world's industrial payroll."""
    total = 0.0
    for r in range(share.size):
        if p.log_net[r] != 0.0:
            total += share[r] * (np.exp(-p.log_net[r]) - 1.0)
    return total / (1.0 - p.inputs)


# --- short run and payoff ----------------------------------------------------------


@kernel
def labour(p, share, state, at):
    """Write wages and wage bills of agriculture; return the industrial payroll of the world."""
    return _mobile(p, share, state, at) if p.workers.size == 0 else _immobile(p, share, at)


@kernel
def goods(p, share, state, payroll, at):
    """Write supply and spending, once wages are known."""
    commission, ratio = levied(p, share) * payroll, p.inputs / (1.0 - p.inputs)
    for r in range(share.size):
        paid = share[r] * payroll
        income = paid + at[FARM, r] / p.agriculture + p.land[r] * commission
        at[SUPPLY, r] = payroll * exp(edge(p, r, state[r], at[LOG_WAGE, r]))
        at[SPENDING, r] = p.mu * income + ratio * paid


@kernel
def places(p, share, state, at):
    """Write the variables of each place; return the industrial payroll of the world."""
    payroll = labour(p, share, state, at)
    goods(p, share, state, payroll, at)
    return payroll


@kernel(arithmetic=True)
def edge(p, r, u, v):
    """Return -sigma ln cost + (sigma-1) ln(1-zeta): ln competitiveness of a firm's cost."""
    power = p.inputs * p.sigma / (p.sigma - 1.0)
    return power * u - p.sigma * (1.0 - p.inputs) * v + (p.sigma - 1.0) * p.log_net[r]


@equations.update.register(LinkagesParameters)
def _update(parameters, share, state, work, change):
    p = parameters
    places(p, share, state, work)
    for r in range(state.size):
        work[SUPPLY, r] *= share[r]
    buy(p.operator, work[SUPPLY], change)
    for r in range(state.size):
        change[r] = log(change[r]) - state[r]


@equations.gap_at.register(LinkagesParameters)
def _gap_at(parameters, share, state, work):
    """Return what the residual has to be divided by to bound the error: see above."""
    p = parameters
    own = p.inputs * p.sigma / (p.sigma - 1.0)
    if p.workers.size > 0:
        return 1.0 - own
    love, labour = p.mu / (p.sigma - 1.0), p.sigma * (1.0 - p.inputs)
    apart = own + labour * love
    common = love * (2.0 * p.agriculture / (1.0 - p.agriculture) + labour)
    distance = 1.0 / (1.0 - apart)
    return 1.0 / (distance + (1.0 + (1.0 + apart + common) * distance) / (1.0 - own))


@equations.rounding_at.register(LinkagesParameters)
def _rounding_at(parameters, share, state, work):
    """Add up what rounding does to wages, to the payroll of the world, and to prices.

    `bent` is how large exponents are where agriculture is; a difference of payrolls, divided by
    1 - mu, is known less well than they are.
    """
    p, n = parameters, state.size
    power, labour = p.inputs * p.sigma / (p.sigma - 1.0), p.sigma * (1.0 - p.inputs)
    bills = bent = high = logs = level = supplied = 0.0
    b, price, low = 0.0, math.inf, math.inf
    if p.agriculture < 1.0:
        b = p.agriculture / (1.0 - p.agriculture)
    for r in range(n):
        if p.land[r] > 0.0:
            low = min(low, work[LOG_WAGE, r])
    for r in range(n):
        v, u = abs(work[LOG_WAGE, r]), abs(state[r])
        high, level = max(high, v + abs(p.log_amenity[r])), max(level, u)
        logs = max(logs, power * u + labour * v + (p.sigma - 1.0) * abs(p.log_net[r]))
        price, supplied = min(price, math.exp(state[r])), max(supplied, work[SUPPLY, r])
        bills += work[FARM, r]
        if work[FARM, r] > 0.0:
            bent += work[FARM, r] * b * (v + abs(low))
    high += p.mu / (p.sigma - 1.0) * level
    unlike = 1.0 + p.mu / (p.agriculture * (1.0 - p.mu))
    payroll = EPS * (
        4.0 * bent / max(bills, TINY) + (8.0 + 8.0 * high) * unlike + 2.0 * additions(n) + 16.0
    )
    wages = EPS * (8.0 + 8.0 * high) + payroll
    return of_sum(n, supplied, price) + EPS * (4.0 * logs + 4.0 * level) + labour * wages + payroll


@equations.payoff_at.register(LinkagesParameters)
def _payoff_at(parameters, share, state, work, out):
    p, at = parameters, np.empty((4, state.size))
    places(p, share, state, at)
    payoffs(p, state, at, out)


@kernel
def payoffs(p, state, at, out):
    """Write ln of sales over cost, given the variables of each place."""
    n = state.size
    demand = np.empty(n)
    for s in range(n):
        demand[s] = at[SPENDING, s] * exp(-state[s])
    sell(p.operator, demand, out)
    level = np.log(1.0 - p.inputs)
    for r in range(n):
        out[r] = level + edge(p, r, state[r], at[LOG_WAGE, r]) + p.log_net[r] + log(out[r])
