"""What quantitative spatial models share: spillovers, congestion, and goods markets in levels.

Equations in logs, for places r, s = 1..R:

    m_r   = L_r^theta                                       what a place brings to markets
    x_r   = m_r A_r^(sigma-1) exp((1-sigma) v_r)            supply: P_s = sum_r K_rs x_r
    c_s   = m_s exp(v_s) / sum_q m_q exp(v_q)               share of all earnings
    E_s   = kappa c_s + (1 - kappa) L_s                     spending on goods
    sigma v_r = (sigma-1) ln A_r + ln sum_s K_rs E_s/P_s    goods markets clear
    ln V_r = a_r + g [ln y_r + ln P_r/(sigma-1)] - d ln L_r
    y_r   = exp(v_r) + (1 - kappa)/kappa                    income, up to a factor

    L      share of people               theta  how supply grows with people
    v      ln earnings per unit of m     A      productivity without spillovers
    K      T^(1-sigma), T trade cost     a      attraction: amenities, land, constants
    g      weight of goods               d      congestion, all of it
    kappa  part of spending that is      V      payoff: real income, amenities included
           earned locally: 1, or less where rents are shared

Spillovers of people on productivity, A_r L_r^alpha, come in through theta: where firms or
varieties are in proportion to people or not, only the effect on supply enters markets. So Helpman's
economy and that of Allen & Arkolakis are this one with different theta, g and d, and each says
in its own file how. The state of the short run is v. All spending is divided by all earnings,
the numeraire: so the fixed point is unique, level included, and Walras' law holds of itself
(sum_r x_r z_r = sum_s E_s = 1, z market access). ``nege.kernels.error_bound`` has the bound.

Without spending of farmers f is homogeneous, non-negative and shrinks the spread of v; so plain
iteration converges from everywhere, and the short run has one solution.

Sources: Redding, S. & Rossi-Hansberg, E. (2017), Annual Review of Economics 9; Allen, T. &
Arkolakis, C. (2014), Quarterly J. Economics 129.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nege.kernels import equations
from nege.kernels.error_bound import mixed_gap
from nege.kernels.jit import kernel
from nege.kernels.vmath import exp, log


class QuantitativeParameters(NamedTuple):
    """What the kernels know of a quantitative spatial economy."""

    sigma: float
    scale: float  # theta
    intensity: float  # g
    congestion: float  # d
    kept: float  # kappa
    log_productivity: np.ndarray
    log_attraction: np.ndarray
    operator: Any


# --- short run ---------------------------------------------------------------------


@kernel
def earnings(parameters, share, state, out):
    """Write c_s, and return the sum that they were divided by."""
    total = 0.0
    for s in range(state.size):
        out[s] = exp(parameters.scale * log(share[s]) + state[s])
        total += out[s]
    for s in range(state.size):
        out[s] /= total
    return total


@equations.supply.register(QuantitativeParameters)
def _supply(parameters, share, state, out):
    p = parameters
    for r in range(state.size):
        logs = p.scale * log(share[r]) + (p.sigma - 1.0) * (p.log_productivity[r] - state[r])
        out[r] = exp(logs)


@equations.spending.register(QuantitativeParameters)
def _spending(parameters, share, state, out):
    p = parameters
    earnings(p, share, state, out)
    # Apart: reordered, kept = 1 would become (c - s) + s, and lose c where it is small.
    if p.kept < 1.0:
        for s in range(state.size):
            out[s] = p.kept * out[s] + (1.0 - p.kept) * share[s]


@equations.respond.register(QuantitativeParameters)
def _respond(parameters, share, state, access, change):
    p = parameters
    for r in range(state.size):
        made = (p.sigma - 1.0) * p.log_productivity[r]
        change[r] = (made + log(access[r])) / p.sigma - state[r]


@equations.exogenous_spending.register(QuantitativeParameters)
def _exogenous_spending(parameters, share, state, out):
    """None is exogenous; what stands here is the numeraire's part, in proportion to earnings."""
    earnings(parameters, share, state, out)


@equations.gap_at.register(QuantitativeParameters)
def _gap_at(parameters, share, state, work):
    return mixed_gap(parameters, share, state, work)


@equations.exponents.register(QuantitativeParameters)
def _exponents(parameters, share, state, work):
    p, top = parameters, 0.0
    for r in range(state.size):
        size = (p.sigma - 1.0) * abs(p.log_productivity[r]) + p.sigma * abs(state[r])
        top = max(top, size + (2.0 + abs(p.scale)) * abs(log(share[r])))
    return top


@equations.normalise.register(QuantitativeParameters)
def _normalise(parameters, share, state):
    total = 0.0
    for r in range(state.size):
        total += exp(parameters.scale * log(share[r]) + state[r])
    shift = np.log(total)
    for r in range(state.size):
        state[r] -= shift


# --- payoff ------------------------------------------------------------------------


@equations.payoff.register(QuantitativeParameters)
def _payoff(parameters, share, state, price, out):
    p = parameters
    for r in range(state.size):
        income = state[r]
        if p.kept < 1.0:
            income = log(exp(state[r]) + 1.0 / p.kept - 1.0)
        goods = income + log(price[r]) / (p.sigma - 1.0)
        out[r] = p.log_attraction[r] + p.intensity * goods - p.congestion * log(share[r])


# --- derivatives -------------------------------------------------------------------


@equations.response.register(QuantitativeParameters)
def _response(parameters):
    return 1.0 / parameters.sigma


@equations.sensitivities.register(QuantitativeParameters)
def _sensitivities(parameters, share, state, out):
    """With dc_s = c_s (du_s - sum_j c_j du_j), u = theta ln L + v: the pool is the numeraire."""
    p = parameters
    earnings(p, share, state, out[1])
    for r in range(state.size):
        kept = p.kept * out[1, r]
        logs = p.scale * log(share[r]) + (p.sigma - 1.0) * (p.log_productivity[r] - state[r])
        supplied, by_share = exp(logs), p.scale / share[r]
        out[0, r], out[3, r] = (1.0 - p.sigma) * supplied, by_share * supplied
        out[1, r], out[4, r] = kept, by_share * kept + 1.0 - p.kept
        out[2, r], out[5, r] = -kept, -by_share * kept


@equations.payoff_sensitivities.register(QuantitativeParameters)
def _payoff_sensitivities(parameters, share, state, price, out):
    p = parameters
    for r in range(state.size):
        earned = exp(state[r])
        out[0, r] = p.intensity * earned / (earned + 1.0 / p.kept - 1.0)
        out[1, r] = p.intensity / (p.sigma - 1.0)
        out[2, r] = -p.congestion / share[r]


@equations.supply_tangent.register(QuantitativeParameters)
def _supply_tangent(parameters, direction, share, state, out):
    p, d = parameters, direction
    equations.supply(p, share, state, out)
    for r in range(state.size):
        better = (p.sigma - 1.0) * d.log_productivity[r]
        better += d.sigma * (p.log_productivity[r] - state[r])
        out[r] *= better + d.scale * log(share[r])


@equations.spending_tangent.register(QuantitativeParameters)
def _spending_tangent(parameters, direction, share, state, out):
    p, d = parameters, direction
    earnings(p, share, state, out)
    mean = 0.0
    for s in range(state.size):
        mean += out[s] * log(share[s])
    for s in range(state.size):
        moved = p.kept * d.scale * (log(share[s]) - mean)
        out[s] = out[s] * (d.kept + moved) - d.kept * share[s]


@equations.respond_tangent.register(QuantitativeParameters)
def _respond_tangent(parameters, direction, share, state, access, out):
    p, d = parameters, direction
    for r in range(state.size):
        steeper = d.sigma * (p.log_productivity[r] - log(access[r])) / (p.sigma * p.sigma)
        out[r] = steeper + (1.0 - 1.0 / p.sigma) * d.log_productivity[r]


@equations.payoff_tangent.register(QuantitativeParameters)
def _payoff_tangent(parameters, direction, share, state, price, out):
    p, d = parameters, direction
    love = 1.0 / (p.sigma - 1.0)
    for r in range(state.size):
        income = exp(state[r]) + 1.0 / p.kept - 1.0
        goods = log(income) + love * log(price[r])
        moved = -d.sigma * love * love * log(price[r]) - d.kept / (p.kept * p.kept * income)
        out[r] = d.log_attraction[r] + d.intensity * goods + p.intensity * moved
        out[r] -= d.congestion * log(share[r])
