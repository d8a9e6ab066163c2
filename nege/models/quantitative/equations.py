"""What quantitative spatial models share: spillovers, congestion, and goods markets in levels.

Equations in logs, for places r, s = 1..R:

    m_r   = L_r^theta                                       what a place brings to markets
    x_r   = m_r A_r^(sigma-1) exp((1-sigma) v_r)            supply: P_s = sum_r K_rs x_r
    c_s   = m_s exp(v_s) / sum_q m_q exp(v_q)               share of all earnings
    E_s   = kappa c_s + (1 - kappa) L_s                     spending on goods, balanced trade
    sigma v_r = (sigma-1) ln A_r + ln sum_s K_rs E_s/P_s    goods markets clear
    ln V_r = a_r + g [ln y_r + ln P_r/(sigma-1)] - d ln L_r
    y_r   = exp(v_r) + (1 - kappa)/kappa                    income, up to a factor

    L      share of people               theta  how supply grows with people
    v      ln earnings per unit of m     A      productivity without spillovers
    K      T^(1-sigma), T trade cost     a      attraction: amenities, land, constants
    g      weight of goods               d      congestion, all of it
    kappa  part of spending that is      V      payoff: real income, amenities included
           earned locally: 1, or less where rents are shared

Where trade is not balanced (``balance``), with e_s = m_s exp(v_s), b_s = kappa e_s + (1-kappa) L_s:

    E_s = kappa c_s + (1-kappa) L_s + D_s          y_s + D_s/(kappa m_s)   deficits fixed in value
    E_s = rho_s b_s / sum_q rho_q b_q              rho_s y_s               in proportion to earnings

    D      deficit, sum_s D_s = 0                  rho    ratio of spending to earnings

Spillovers of people on productivity, A_r L_r^alpha, come in through theta: where firms or
varieties are in proportion to people or not, only the effect on supply enters markets. So Helpman's
economy and that of Allen & Arkolakis are this one with different theta, g and d, and each says
in its own file how. The state of the short run is v. All spending is divided by all earnings,
the numeraire: so the fixed point is unique, level included, and Walras' law holds of itself
(sum_r x_r z_r = sum_s E_s = 1, z market access). ``nege.kernels.error_bound`` has the bound.

Without spending of farmers f is homogeneous, non-negative and shrinks the spread of v; so plain
iteration converges from everywhere, and the short run has one solution. So it is with ratios of
spending: in y a common factor is left out, which moves nobody (``QuantitativeModel`` puts it back).
With deficits that are fixed in value spending moves by more per cent than earnings where D_s < 0:
nothing is proven of uniqueness, and errors are bounded by the linear system. Markets may clear on
paper with a place that spends less than nothing: that is no short run.

Sources: Redding, S. & Rossi-Hansberg, E. (2017), Annual Review of Economics 9; Allen, T. &
Arkolakis, C. (2014), Quarterly J. Economics 129.
"""

from __future__ import annotations

from math import inf

from nege.kernels.duals import exp, log
from nege.kernels.equations import MIXING, Places

#: sigma, theta, g, d, kappa, and whether spending is in proportion to earnings by ratios.
NUMBERS = ("sigma", "scale", "intensity", "congestion", "kept", "proportional")
ROWS = ("log_productivity", "log_attraction", "deficit", "ratio")  # ln A, a, D, rho


def _earned(p, r, share, state):
    """m_r exp(v_r), of which the sum over places is the numeraire."""
    return exp(p.scale * log(share) + state)


def _supply(p, r, share, state):
    return exp(p.scale * log(share) + (p.sigma - 1.0) * (p.log_productivity[r] - state))


def _pool(p, r, share, state):
    earned = exp(p.scale * log(share) + state)
    if p.proportional.real != 0.0:
        return p.proportional * p.ratio[r] * (p.kept * earned + (1.0 - p.kept) * share)
    return earned


def _spending(p, r, share, state, total):
    earned = exp(p.scale * log(share) + state)
    if p.proportional.real != 0.0:
        spent = p.ratio[r] * (p.kept * earned + (1.0 - p.kept) * share)
        return p.proportional * spent / total
    part = earned / total
    # Apart: reordered, kept = 1 would become (c - s) + s, and lose c where it is small.
    if p.kept.real != 1.0:
        part = p.kept * part + (1.0 - p.kept) * share
    return part + p.deficit[r]


def _respond(p, r, share, state, access):
    return ((p.sigma - 1.0) * p.log_productivity[r] + log(access)) / p.sigma - state


def _payoff(p, r, share, state, price):
    income = state
    if p.kept.real != 1.0:
        income = log(exp(state) + 1.0 / p.kept - 1.0)
    if p.proportional.real != 0.0:
        income = income + p.proportional * log(p.ratio[r])
    elif p.deficit[r].real != 0.0:
        income = log(exp(income) + p.deficit[r] / (p.kept * exp(p.scale * log(share))))
    goods = income + log(price) / (p.sigma - 1.0)
    return p.log_attraction[r] + p.intensity * goods - p.congestion * log(share)


def _exponents(p, r, share, state):
    if p.deficit[r] < 0.0:
        earned = p.kept * exp(p.scale * log(share) + state) + (1.0 - p.kept) * share
        if not earned + p.deficit[r] > 0.0:
            return inf  # it cannot pay: no error is bounded there, so that it is not accepted
    size = (p.sigma - 1.0) * abs(p.log_productivity[r]) + p.sigma * abs(state)
    return size + (2.0 + abs(p.scale)) * abs(log(share))


EQUATIONS = Places(
    supply=_supply,
    pool=_pool,
    spending=_spending,
    respond=_respond,
    payoff=_payoff,
    numeraire=_earned,
    exponents=_exponents,
    bound=MIXING,
)
