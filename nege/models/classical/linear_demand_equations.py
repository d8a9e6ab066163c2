"""Payoffs under linear demand, explicit in shares.

``linear_demand`` has the equations and the symbols. With N = L/phi varieties, beta = b + c N
and gamma = 2 b + c N, prices follow from the mean trade cost t_s of what is sold in s alone:

    t_s  = sum_r h_r tau_rs,    t2_s = sum_r h_r tau_rs^2
    m_s  = (2 a + c N t_s)/(2 gamma),    p_rs = m_s + tau_rs/2
    w_r  = (1 - zeta_r) beta/phi sum_s M_s (m_s - tau_rs/2)^2
    S_s  = a^2 N/(2 b) - a P_s + beta/2 P2_s - c/2 P_s^2
    P_s  = N (m_s + t_s/2),    P2_s = N (m_s^2 + m_s t_s + t2_s/4)

Shares keep their sum, also where they move: N is a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nege.errors import InputError
from nege.kernels.duals import exp
from nege.kernels.rounding import EPS, additions
from nege.models.ces import Tables


def payoffs(p, cost, share, out):
    """Write utilities; `cost` adds to prices, by destination and origin, over 1 - zeta."""
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


def rounding(p, cost, share):
    """Return as many eps as there are roundings, of everything that is added or subtracted."""
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
