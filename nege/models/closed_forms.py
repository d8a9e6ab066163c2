"""Closed-form thresholds of symmetric economies with an online region: take-off and collapse.

n equidistant places with freeness phi = T^(1-sigma), mean freeness
gbar = (1 + (n-1) phi)/n; delta the digital trade cost, zeta the commission, mu the
share of manufactures, amenity 1.

    take-off   (gbar delta^(sigma-1))^(1/sigma + mu/(sigma-1)) = 1 - zeta: below it workers of
               the dispersed economy gain by going online; whatever mu where zeta = 0
    collapse   delta^(-mu sigma) [mu (1-zeta) delta^(1-sigma)
               + (1 - mu (1-zeta)) gbar delta^(sigma-1)] = (1 - zeta)^sigma: above it workers
               of an economy that is all online gain by leaving

Derived from the equations of ``core_periphery`` at lambda = (1/n, ..., 1/n, 0) and at
lambda = (0, ..., 0, 1). They are those of ``footloose_entrepreneur`` too, with mu/sigma
for mu: what counts is the share of spending that the mobile factor earns.
"""

from __future__ import annotations

import math

LARGEST_LOG = 700.0  # of a cost that double precision can hold


def mean_freeness(sigma: float, trade_cost: float, places: int) -> float:
    """Return gbar."""
    return (1.0 + (places - 1) * math.pow(trade_cost, 1.0 - sigma)) / places


def online_take_off(
    *, sigma: float, mu: float, trade_cost: float, places: int = 2, commission: float = 0.0
) -> float:
    """Digital trade cost below which workers of the dispersed economy go online.

    Below 1, thus out of reach, where the commission is too high.
    """
    exponent = 1.0 / sigma + mu / (sigma - 1.0)
    net = (1.0 - commission) ** (1.0 / exponent)
    return float((net / mean_freeness(sigma, trade_cost, places)) ** (1.0 / (sigma - 1.0)))


def online_collapse(
    *, sigma: float, mu: float, trade_cost: float, places: int = 2, commission: float = 0.0
) -> float:
    """Digital trade cost above which an economy that is all online falls apart.

    Infinite where it never does (mu of at least (sigma-1)/sigma without commission);
    NaN where all-online is sustained at no digital trade cost.
    """
    from scipy.optimize import brentq  # which importing nege need not wait for

    freeness = mean_freeness(sigma, trade_cost, places)
    net = 1.0 - commission

    def excess(log_cost: float) -> float:
        inward = math.log(mu * net) + (1.0 - sigma - mu * sigma) * log_cost
        outward = math.log((1.0 - mu * net) * freeness) + (sigma - 1.0 - mu * sigma) * log_cost
        top = max(inward, outward)
        return (
            top + math.log(math.exp(inward - top) + math.exp(outward - top)) - sigma * math.log(net)
        )

    if mu * sigma >= sigma - 1.0:
        # Both terms fall with the cost; the online core, once sustained, stays.
        return math.inf if excess(50.0) < 0.0 else math.nan
    # Convex in the log cost, with its lowest point where both terms balance.
    balance = (sigma - 1.0 + mu * sigma) * mu * net
    balance /= (sigma - 1.0 - mu * sigma) * (1.0 - mu * net) * freeness
    lowest = max(0.0, math.log(balance) / (2.0 * (sigma - 1.0)))
    if excess(lowest) >= 0.0:
        return math.nan
    high = lowest + 1.0
    while excess(high) < 0.0:
        high *= 2.0
        if high > LARGEST_LOG:
            return math.inf
    return math.exp(brentq(excess, lowest, high, xtol=1e-15, rtol=8.9e-16))


def online_thresholds(sigma: float, mu: float, trade_cost: float) -> tuple[float, float]:
    """Return take-off and collapse between two places, without commission."""
    take_off = online_take_off(sigma=sigma, mu=mu, trade_cost=trade_cost)
    return take_off, online_collapse(sigma=sigma, mu=mu, trade_cost=trade_cost)


def quasi_linear_thresholds(
    sigma: float, unskilled_ratio: float, trade_cost: float, places: int = 2
) -> tuple[float, float]:
    """Return take-off and collapse where utility is quasi-linear, without commission.

    With l unskilled workers for each skilled one, x = delta^(1-sigma)/gbar:

        take-off   (1 + l) (x - 1)/sigma + ln x/(sigma-1) = 0, so that x = 1
        collapse   l (gbar delta^(sigma-1) - 1) + delta^(1-sigma) - 1 = sigma ln delta

    The left side of the second, less the right, is convex in ln delta and negative where
    that is small: it has one root, however large.
    """
    from scipy.optimize import brentq

    freeness, power = mean_freeness(sigma, trade_cost, places), sigma - 1.0

    def excess(log_cost: float) -> float:
        there, back = math.exp(power * log_cost), math.exp(-power * log_cost)
        return unskilled_ratio * (freeness * there - 1.0) + back - 1.0 - sigma * log_cost

    take_off = -math.log(freeness) / power
    high = take_off + 1e-9
    while excess(high) < 0.0:
        high *= 2.0
    # Where trade is free the online region has no edge: both are one.
    collapse = brentq(excess, take_off, high, xtol=1e-15, rtol=8.9e-16) if take_off > 0.0 else 0.0
    return math.exp(take_off), math.exp(collapse)
