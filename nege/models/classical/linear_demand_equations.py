"""Payoffs under linear demand, explicit in shares, and their derivatives.

``linear_demand`` has the equations and the symbols. With N = L/phi varieties, beta = b + c N
and gamma = 2 b + c N, prices follow from the mean trade cost t_s of what is sold in s alone:

    t_s  = sum_r h_r tau_rs,    t2_s = sum_r h_r tau_rs^2
    m_s  = (2 a + c N t_s)/(2 gamma),    p_rs = m_s + tau_rs/2
    w_r  = (1 - zeta_r) beta/phi sum_s M_s (m_s - tau_rs/2)^2
    S_s  = a^2 N/(2 b) - a P_s + beta/2 P2_s - c/2 P_s^2
    P_s  = N (m_s + t_s/2),    P2_s = N (m_s^2 + m_s t_s + t2_s/4)

Derivatives take shares that keep their sum: N is a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from nege.errors import InputError
from nege.kernels import equations
from nege.kernels.rounding import EPS, additions
from nege.kernels.vmath import exp
from nege.models.ces import Tables
from nege.models.classical import explicit


class LinearDemandParameters(NamedTuple):
    """What the kernels know of an economy of linear demand."""

    a: float
    b: float
    c: float
    phi: float
    total_farmers: float
    total_skilled: float
    farmers: np.ndarray
    log_net: np.ndarray  # ln(1 - zeta)
    log_amenity: np.ndarray
    operator: Any  # Dense, of trade costs that add to prices, over 1 - zeta


explicit.register_payoffs(LinearDemandParameters)


@explicit.payoffs.register(LinearDemandParameters)
def _payoffs(parameters, share, out):
    p, cost = parameters, parameters.operator.freeness
    varieties = p.total_skilled / p.phi
    beta, gamma = p.b + p.c * varieties, 2.0 * p.b + p.c * varieties
    for r in range(share.size):
        out[r] = p.log_amenity[r]
    for s in range(share.size):
        mean = square = 0.0
        for r in range(share.size):
            mean += share[r] * cost[s, r]
            square += share[r] * cost[s, r] * cost[s, r]
        m = (2.0 * p.a + p.c * varieties * mean) / (2.0 * gamma)
        price = varieties * (m + 0.5 * mean)
        price2 = varieties * (m * m + m * mean + 0.25 * square)
        out[s] += p.a * p.a * varieties / (2.0 * p.b) - p.a * price
        out[s] += 0.5 * beta * price2 - 0.5 * p.c * price * price
        people = p.total_farmers * p.farmers[s] + p.total_skilled * share[s]
        for r in range(share.size):
            margin = m - 0.5 * cost[s, r]
            out[r] += exp(p.log_net[r]) * beta / p.phi * people * margin * margin


@equations.rounding_at.register(LinearDemandParameters)
def _rounding_at(parameters, share, state, work):
    """As many eps as there are roundings, of everything that is added or subtracted above."""
    p, cost = parameters, parameters.operator.freeness
    varieties, least, top = p.total_skilled / p.phi, 0.0, 0.0
    beta, gamma = p.b + p.c * varieties, 2.0 * p.b + p.c * varieties
    for r in range(share.size):
        least = min(least, p.log_net[r])
        top = max(top, abs(p.log_amenity[r]))
    profit = surplus = 0.0
    for s in range(share.size):
        mean = square = high = 0.0
        for r in range(share.size):
            mean += share[r] * cost[s, r]
            square += share[r] * cost[s, r] * cost[s, r]
            high = max(high, cost[s, r])
        m = (2.0 * p.a + p.c * varieties * mean) / (2.0 * gamma)
        price = varieties * (m + 0.5 * mean)
        price2 = varieties * (m * m + m * mean + 0.25 * square)
        bought = p.a * p.a * varieties / (2.0 * p.b) + p.a * price
        bought += 0.5 * beta * price2 + 0.5 * p.c * price * price
        surplus = max(surplus, bought)
        people = p.total_farmers * p.farmers[s] + p.total_skilled * share[s]
        profit += beta / p.phi * people * (m + 0.5 * high) * (m + 0.5 * high)
    size = top + surplus + (1.0 - least) * profit
    return EPS * (3.0 * additions(share.size) + 24.0) * size


@explicit.payoffs_by_share.register(LinearDemandParameters)
def _payoffs_by_share(parameters, share, out):
    p, cost = parameters, parameters.operator.freeness
    n = share.size
    varieties = p.total_skilled / p.phi
    beta, gamma = p.b + p.c * varieties, 2.0 * p.b + p.c * varieties
    response = p.c * varieties / (2.0 * gamma)  # of m to the mean trade cost
    weight = np.empty(n)
    for r in range(n):
        for j in range(n):
            out[r, j] = 0.0
    for s in range(n):
        mean = 0.0
        for r in range(n):
            mean += share[r] * cost[s, r]
        m = p.a / gamma + response * mean
        price = varieties * (m + 0.5 * mean)
        people = p.total_farmers * p.farmers[s] + p.total_skilled * share[s]
        for j in range(n):
            t = cost[s, j]
            by_price = varieties * (response + 0.5) * t
            by_price2 = varieties * ((2.0 * m + mean) * response * t + m * t + 0.25 * t * t)
            out[s, j] += 0.5 * beta * by_price2 - (p.a + p.c * price) * by_price
        for r in range(n):
            margin = m - 0.5 * cost[s, r]
            gain = exp(p.log_net[r]) * beta / p.phi * margin
            out[r, s] += gain * p.total_skilled * margin
            weight[r] = 2.0 * gain * people * response
        for r in range(n):
            for j in range(n):
                out[r, j] += weight[r] * cost[s, j]


@explicit.payoffs_tangent.register(LinearDemandParameters)
def _payoffs_tangent(parameters, direction, share, out):
    p, d, cost, shift = parameters, direction, parameters.operator.freeness, direction.operator
    n, total = share.size, p.total_skilled / p.phi
    by_total = (d.total_skilled - total * d.phi) / p.phi
    beta, gamma = p.b + p.c * total, 2.0 * p.b + p.c * total
    own = p.c * total
    by_own = d.c * total + p.c * by_total
    by_beta, by_gamma = d.b + by_own, 2.0 * d.b + by_own
    for r in range(n):
        out[r] = d.log_amenity[r]
    for s in range(n):
        mean = square = by_mean = by_square = 0.0
        for r in range(n):
            mean += share[r] * cost[s, r]
            square += share[r] * cost[s, r] * cost[s, r]
            by_mean += share[r] * shift.freeness[s, r]
            by_square += 2.0 * share[r] * cost[s, r] * shift.freeness[s, r]
        m = (2.0 * p.a + own * mean) / (2.0 * gamma)
        by_m = (2.0 * d.a + by_own * mean + own * by_mean) / (2.0 * gamma) - m * by_gamma / gamma
        level, level2 = m + 0.5 * mean, m * m + m * mean + 0.25 * square
        by_level = by_m + 0.5 * by_mean
        by_level2 = (2.0 * m + mean) * by_m + m * by_mean + 0.25 * by_square
        price, by_price = total * level, by_total * level + total * by_level
        by_price2 = by_total * level2 + total * by_level2
        best = p.a / p.b  # at which nothing is bought
        out[s] += 0.5 * best * (2.0 * d.a * total + p.a * by_total - best * d.b * total)
        out[s] += 0.5 * (by_beta * total * level2 + beta * by_price2) - d.a * price
        out[s] -= p.a * by_price + 0.5 * d.c * price * price + p.c * price * by_price
        people = p.total_farmers * p.farmers[s] + p.total_skilled * share[s]
        by_people = d.total_farmers * p.farmers[s] + p.total_farmers * d.farmers[s]
        by_people += d.total_skilled * share[s]
        for r in range(n):
            margin = m - 0.5 * cost[s, r]
            by_margin = by_m - 0.5 * shift.freeness[s, r]
            growth = by_beta / beta + d.log_net[r] - d.phi / p.phi
            moved = (growth * people + by_people) * margin + 2.0 * people * by_margin
            out[r] += exp(p.log_net[r]) * beta / p.phi * margin * moved


# --- the same for labelled results, and for proofs ---------------------------------


def outcome(
    numbers: tuple[float, ...], tables: Tables, share: np.ndarray, utility: np.ndarray
) -> dict[str, np.ndarray]:
    """Return every variable at a share, which may have further dimensions in front."""
    a, b, c, phi, total_farmers, total_skilled = numbers
    cost, farmers, commission, _ = tables
    varieties = total_skilled / phi
    beta, gamma = b + c * varieties, 2.0 * b + c * varieties
    mean, square = share @ cost, share @ cost**2
    m = (2.0 * a + c * varieties * mean) / (2.0 * gamma)
    people = total_farmers * farmers + total_skilled * share
    best = np.sum(people * m * m, axis=-1, keepdims=True)
    borne = 0.25 * people @ (cost**2).T
    wage = (1.0 - commission) * beta / phi * (best - (people * m) @ cost.T + borne)
    taken = varieties * beta * np.sum(share * commission * (best - borne), axis=-1)
    spent = varieties * (m + 0.5 * mean)
    surplus = a * a * varieties / (2.0 * b) - a * spent - 0.5 * c * spent**2
    surplus = surplus + 0.5 * beta * varieties * (m * m + m * mean + 0.25 * square)
    return {
        "share": share,
        "wage": wage,
        "price_index": m + 0.5 * mean,
        "surplus": surplus,
        "income": farmers * (total_farmers + taken[..., None]) + total_skilled * share * wage,
        "utility": utility,
    }


def exact_payoffs(
    numbers: tuple[Any, ...],
    farmers: list[Any],
    half: list[list[Any]],
    net: list[Any],
    liked: list[Any],
) -> Callable[[list[Any]], list[Any]]:
    """Return payoffs as a function of shares, in numbers of any arithmetic.

    `half` are halves of trade costs by origin and destination, `liked` logarithms of amenities.
    """
    a, b, c, phi, total_farmers, total_skilled = numbers
    varieties, regions = total_skilled / phi, range(len(farmers))
    beta, gamma = b + c * varieties, b + b + c * varieties
    best = a * a * varieties / (b + b)

    def payoffs(share: list[Any]) -> list[Any]:
        level, middle = list(liked), []
        for s in regions:
            mean = sum(share[r] * half[r][s] for r in regions)
            m = (a + c * varieties * mean) / gamma
            spent = varieties * (m + mean)
            square = sum(share[r] * (m + half[r][s]) ** 2 for r in regions)
            twice = beta * varieties * square - c * spent * spent
            level[s] = level[s] + best - a * spent + twice / 2
            middle.append(m)
        people = [total_farmers * farmers[s] + total_skilled * share[s] for s in regions]
        for r in regions:
            profit = sum(people[s] * (middle[s] - half[r][s]) ** 2 for s in regions)
            level[r] = level[r] + net[r] * beta / phi * profit
        return level

    return payoffs


def highest_cost(at: Mapping[str, Any]) -> Any:
    """Return the trade cost below which every pair of regions trades, elementwise."""
    a, b, c, phi, total_skilled = (at[name] for name in ("a", "b", "c", "phi", "total_skilled"))
    return 2.0 * a * phi / (2.0 * b * phi + c * total_skilled)


def no_trade(model: Any) -> InputError:
    """Return the refusal of trade costs at which some pair of regions would stop to trade."""
    cost, limit = model.tables().cost, model.highest_cost
    r, s = np.unravel_index(int(np.argmax(cost)), cost.shape)
    online = model.online is not None and len(model.geography) in (r, s)
    return InputError(
        "online_trade_cost" if online else "trade_cost",
        model.online.trade_cost if online else model.trade_cost,
        f"low enough for every pair of regions to trade: below {limit:.6g} between any two",
        f"Between {model.regions[r]!r} and {model.regions[s]!r} it is {cost[r, s]:.6g}"
        f"{' after commission' if online else ''}; "
        "the limit is 2 a phi/(2 b phi + c total_skilled).",
    )
