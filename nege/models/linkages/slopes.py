"""Vertical linkages: how wages, prices and profits respond, as kernels.

One derivative, along any change of shares, state and parameters, serves all: d, a NamedTuple
of parameters, holds the changes of the parameters (what places have is never varied). With
dv_r = t_r + e_r dW_r where labour is immobile, and dv_r = d ln omega + d ln g_r where it is
mobile, the payroll of the world, and omega, respond by one linear equation each.
"""

import numpy as np

from nege.kernels import derivatives
from nege.kernels.jit import kernel
from nege.kernels.operators import buy, matrix, sell
from nege.kernels.vmath import exp
from nege.models.linkages.equations import (
    FARM,
    LOG_WAGE,
    SPENDING,
    SUPPLY,
    LinkagesParameters,
    given_up,
    levied,
    places,
    pressure,
)

EDGE = 4  # a fifth row: how what buyers make of a firm's cost moves


@kernel
def _immobile(p, d, share, at, payroll, dshare, moved):
    """Write d ln wage and dB; return dW."""
    theta, share_of_farms = p.agriculture, p.mu / p.agriculture
    bills, change, slope = 0.0, 0.0, 1.0 - p.mu
    for r in range(share.size):
        v, farm, paid = at[LOG_WAGE, r], at[FARM, r], share[r] * payroll
        moved[LOG_WAGE, r] = 0.0
        if d.agriculture != 0.0 and farm > 0.0:
            scarce = np.log(p.land[r] / farm) + v  # ln of land per worker in agriculture
            moved[LOG_WAGE, r] = -d.agriculture * scarce * farm / (farm + (1.0 - theta) * paid)
        given = given_up(p, r, paid, v, farm)
        bills += farm
        slope += share_of_farms * share[r] * given
        change += p.workers[r] * np.exp(v) * moved[LOG_WAGE, r] - given * payroll * dshare[r]
    direct = d.mu / theta - share_of_farms * d.agriculture / theta
    dpayroll = (d.mu * payroll + share_of_farms * change + direct * bills) / slope
    for r in range(share.size):
        dpaid = payroll * dshare[r] + share[r] * dpayroll
        v = at[LOG_WAGE, r]
        moved[LOG_WAGE, r] += dpaid * pressure(p, share[r] * payroll, at[FARM, r])
        moved[FARM, r] = p.workers[r] * np.exp(v) * moved[LOG_WAGE, r] - dpaid
    return dpayroll


@kernel
def _mobile(p, d, share, state, at, payroll, dshare, dstate, dlevied, moved):
    """Do the same where workers have equalised real wages."""
    theta, love = p.agriculture, p.mu / (p.sigma - 1.0)
    b, db = theta / (1.0 - theta), d.agriculture / (1.0 - theta) ** 2
    dlove = (d.mu - d.sigma * love) / (p.sigma - 1.0)
    industry, labour, wanted, bills, dbills = 0.0, 0.0, 0.0, 0.0, 0.0
    for r in range(share.size):
        v, farm = at[LOG_WAGE, r], at[FARM, r]
        relative = -dlove * state[r] - love * dstate[r] - d.log_amenity[r]
        dfarm = -farm * (b * relative + db * v)
        each = np.exp(-v)
        here = each * (share[r] * payroll + farm)
        industry += each * share[r] * payroll
        labour += here
        wanted += each * (payroll * dshare[r] + dfarm) - here * relative
        bills += farm
        dbills += dfarm
        moved[LOG_WAGE, r] = relative
    growth = d.mu / (p.mu * (1.0 - p.mu)) - d.agriculture / theta + dbills / bills
    growth -= dlevied / (1.0 + levied(p, share))
    level = (1.0 - theta) * (wanted + industry * growth) / labour
    for r in range(share.size):
        moved[LOG_WAGE, r] += level
        moved[FARM, r] = -at[FARM, r] * (b * moved[LOG_WAGE, r] + db * at[LOG_WAGE, r])
    return payroll * (growth - b * level)


@kernel
def tangent(p, d, share, state, at, payroll, dshare, dstate, moved):
    """Write how the rows of `at` move, the supply of each region's whole share, and its edge."""
    dlevied = d.inputs / (1.0 - p.inputs) * levied(p, share)
    for r in range(share.size):
        if p.log_net[r] != 0.0 or d.log_net[r] != 0.0:
            gross = np.exp(-p.log_net[r])
            dlevied += dshare[r] * (gross - 1.0) / (1.0 - p.inputs)
            dlevied -= share[r] * gross * d.log_net[r] / (1.0 - p.inputs)
    if p.workers.size > 0:
        dpayroll = _immobile(p, d, share, at, payroll, dshare, moved)
    else:
        dpayroll = _mobile(p, d, share, state, at, payroll, dshare, dstate, dlevied, moved)
    theta, commission = p.agriculture, levied(p, share) * payroll
    dcommission = levied(p, share) * dpayroll + dlevied * payroll
    own, labour = p.inputs * p.sigma / (p.sigma - 1.0), p.sigma * (1.0 - p.inputs)
    down = (d.inputs * p.sigma - p.inputs * d.sigma / (p.sigma - 1.0)) / (p.sigma - 1.0)
    dlabour = d.sigma * (1.0 - p.inputs) - p.sigma * d.inputs
    ratio, dratio = p.inputs / (1.0 - p.inputs), d.inputs / (1.0 - p.inputs) ** 2
    for r in range(share.size):
        v, farm, paid = at[LOG_WAGE, r], at[FARM, r], share[r] * payroll
        dpaid = payroll * dshare[r] + share[r] * dpayroll
        income = paid + farm / theta + p.land[r] * commission
        dincome = dpaid + (moved[FARM, r] - farm * d.agriculture / theta) / theta
        dincome += p.land[r] * dcommission
        moved[EDGE, r] = own * dstate[r] + down * state[r] - labour * moved[LOG_WAGE, r]
        moved[EDGE, r] += (p.sigma - 1.0) * d.log_net[r] + d.sigma * p.log_net[r] - dlabour * v
        moved[SUPPLY, r] = at[SUPPLY, r] * (share[r] * moved[EDGE, r] + dpaid / payroll)
        moved[SPENDING, r] = d.mu * income + p.mu * dincome + ratio * dpaid + dratio * paid


@kernel
def _demand(share, state, at, supplied, demand):
    """Write what is supplied in all, and demand E/P."""
    for r in range(share.size):
        supplied[r] = share[r] * at[SUPPLY, r]
        demand[r] = at[SPENDING, r] * exp(-state[r])


@kernel
def _respond(p, k, share, state, at, payroll, by_state, f, gain):
    """Write how f and ln payoff respond to each region's state, or else to its share."""
    n = state.size
    none, unit = np.zeros(n), np.zeros(n)
    moved, rest = np.empty((5, n)), np.empty((4, n))
    supplied, demand, price, access = rest[0], rest[1], rest[2], rest[3]
    still = LinkagesParameters(0.0, 0.0, 0.0, 0.0, none, none, none, p.operator, none)
    _demand(share, state, at, supplied, demand)
    buy(p.operator, supplied, price)
    sell(p.operator, demand, access)
    for j in range(n):
        unit[j] = 1.0
        dshare, dstate = (none, unit) if by_state else (unit, none)
        tangent(p, still, share, state, at, payroll, dshare, dstate, moved)
        for s in range(n):
            moved[SPENDING, s] = moved[SPENDING, s] * exp(-state[s]) - demand[s] * dstate[s]
        for r in range(n):
            df, dz = 0.0, 0.0
            for s in range(n):
                df += k[s, r] * moved[SUPPLY, s]
                dz += k[r, s] * moved[SPENDING, s]
            f[r, j] = df / price[r]
            gain[r, j] = moved[EDGE, r] + dz / access[r]
        unit[j] = 0.0


@derivatives.blocks.register(LinkagesParameters)
def _blocks(parameters, share, state, state_by_state, state_by_share, gain_by_state, gain_by_share):
    p, at, k = parameters, np.empty((4, state.size)), matrix(parameters.operator)
    payroll = places(p, share, state, at)
    _respond(p, k, share, state, at, payroll, True, state_by_state, gain_by_state)
    _respond(p, k, share, state, at, payroll, False, state_by_share, gain_by_share)


@derivatives.slopes.register(LinkagesParameters)
def _slopes(parameters, direction, share, state, change, gain):
    p, d, n = parameters, direction, state.size
    at, moved, rest, still = np.empty((4, n)), np.empty((5, n)), np.empty((6, n)), np.zeros(n)
    supplied, demand, price, access = rest[0], rest[1], rest[2], rest[3]
    payroll = places(p, share, state, at)
    _demand(share, state, at, supplied, demand)
    tangent(p, d, share, state, at, payroll, still, still, moved)
    buy(p.operator, supplied, price)
    buy(p.operator, moved[SUPPLY], change)
    buy(d.operator, supplied, rest[4])
    sell(p.operator, demand, access)
    for s in range(n):
        moved[SPENDING, s] *= exp(-state[s])
    sell(p.operator, moved[SPENDING], gain)
    sell(d.operator, demand, rest[5])
    for r in range(n):
        change[r] = (change[r] + rest[4, r]) / price[r]
        gain[r] = moved[EDGE, r] + (gain[r] + rest[5, r]) / access[r]
        gain[r] += d.log_net[r] - d.inputs / (1.0 - p.inputs)
