"""Vertical linkages: prices of few regions by Newton's method, (I - df/du) step = f(u) - u.

Where labour is immobile wages are found once, f is convex, and I - df/du has a non-negative
inverse; so after the first step u converges monotonically, and a step needs no cap. Where labour
is mobile a step may fail; ``newton.solve`` then goes on by acceleration.
"""

import math

import numpy as np

from nege.kernels import equations, newton
from nege.kernels.codes import CONVERGED, LIMIT, NEWTON, NOT_FINITE, STALLED
from nege.kernels.fixed_point import NEAR, Report, bound
from nege.kernels.jit import kernel
from nege.kernels.linear import implicit
from nege.kernels.operators import buy, matrix
from nege.kernels.vectors import copy, largest
from nege.models.linkages.equations import FARM, LOG_WAGE, SUPPLY, LinkagesParameters, goods, labour

LONGEST_STEP = 3.0  # in logs, where labour is mobile


@kernel
def _slopes(p, k, share, at, payroll, price, out):
    """Write df_s/du_r = q K_rs supply_r/P_s + h_r, once `at` holds supply of the whole share."""
    n, theta = share.size, p.agriculture
    love, power = p.mu / (p.sigma - 1.0), p.sigma * (1.0 - p.inputs)
    own, mobile = p.inputs * p.sigma / (p.sigma - 1.0), p.workers.size == 0
    industry, bills = 0.0, 0.0
    if mobile:
        own += power * love
        for r in range(n):
            industry += share[r] * payroll * np.exp(-at[LOG_WAGE, r])
            bills += at[FARM, r]
    for r in range(n):
        common = 0.0
        if mobile:  # what all wages, and the payroll of the world, do
            b, each, farm = theta / (1.0 - theta), np.exp(-at[LOG_WAGE, r]), at[FARM, r]
            bill = b * love * farm / bills
            level = love * each * (share[r] * payroll + farm / (1.0 - theta)) + industry * bill
            common = bill - (b + power) * (1.0 - theta) * level
        for s in range(n):
            out[s, r] = own * k[r, s] * at[SUPPLY, r] / price[s] + common


@newton.newton.register(LinkagesParameters)
def _newton(parameters, share, state, options):
    p, n = parameters, state.size
    k, change, by_state = matrix(p.operator), np.empty((n, 1)), np.empty((n, n))
    at, price, best_state = np.empty((4, n)), np.empty(n), state.copy()
    gap, rounding = equations.gap_at(p, share, state, at), math.nan
    target = options.tolerance_residual
    best, first, iterations, status = math.inf, math.inf, 0, STALLED
    mobile, payroll = p.workers.size == 0, 0.0
    longest = LONGEST_STEP if mobile else math.inf
    while iterations < newton.LIMIT_STEPS:
        if mobile or iterations == 0:
            payroll = labour(p, share, state, at)
        goods(p, share, state, payroll, at)
        for r in range(n):
            at[SUPPLY, r] *= share[r]
        buy(p.operator, at[SUPPLY], price)
        for r in range(n):
            change[r, 0] = np.log(price[r]) - state[r]
        residual = largest(change[:, 0])
        iterations += 1
        first = residual if iterations == 1 else first
        if residual < best:
            best = residual
            copy(state, best_state)
        if residual <= target:
            rounding = equations.rounding_at(p, share, state, at)
            allowed = min(options.tolerance_error, NEAR) * gap - rounding
            if residual <= allowed:
                status = CONVERGED
                break
            if not allowed > 0.0:
                break
            target = 0.5 * min(target, allowed)
        if iterations >= options.limit_iterations:
            status = LIMIT
            break
        if not math.isfinite(residual):
            status = NOT_FINITE if iterations == 1 else STALLED
            break
        _slopes(p, k, share, at, payroll, price, by_state)
        if not implicit(by_state, change):
            break
        for r in range(n):
            state[r] += min(longest, max(-longest, change[r, 0]))
    copy(best_state, state)
    rate = (best / first) ** (1.0 / iterations) if 0.0 < first < math.inf else 0.0
    return Report(status, best, bound(best, gap, rounding), rate, iterations, NEWTON)
