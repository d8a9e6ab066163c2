"""Equilibrium conditions of each model in explicit form, in any arithmetic, for proofs.

Equal payoffs in occupied regions (``indifference``): of core-periphery and footloose entrepreneurs
as functions of relative supplies, which need no short run; of models whose payoffs are explicit
in shares as functions of these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nege.models.classical.linear_demand_equations import exact_payoffs
from nege.models.indifference import Arithmetic, Excess, Indifference, Tastes, by_share

Maybe = Indifference | None


def core_periphery(
    model: Any, arithmetic: Arithmetic, tastes: Tastes | None
) -> Indifference | None:
    """Return the equilibrium conditions: equal payoffs in occupied regions, by relative supply.

    With supplies x ~ lambda p^(1-sigma), p = w/(1-zeta), and v_r = x_r p_r^sigma, what is
    earned in r up to a common factor,

        ln w_r   = -ln B_r - mu/(sigma-1) ln P_r + s ln(lambda_r/b_r) + constant
        E_s      = mu (1-zeta_s) v_s + phi_s sum_r v_r (1-mu + mu zeta_r)
        excess_r = ln sum_s K_rs E_s/P_s - sigma ln p_r

    and Walras' law is sum_r v_r (exp(excess_r) - 1) = 0. None where the scale s of
    tastes is 1/(sigma-1): there shares do not follow from supplies.
    """
    if tastes is not None and tastes.scale * (model.sigma - 1.0) == 1.0:
        return None
    number, exp, log = arithmetic
    one, sigma, mu = number(1.0), number(model.sigma), number(model.mu)
    freeness, farmers, log_net, log_amenity = model.exact(arithmetic)
    places = range(len(model.regions))
    elasticity, love = sigma - one, mu / (sigma - one)
    kept = [exp(net) for net in log_net]
    lost = [one - mu * part for part in kept]
    if tastes is not None:
        scale = number(tastes.scale)
        liking = [scale * log(number(weight)) for weight in tastes.weight.tolist()]
        damping = one - scale * elasticity

    def at(supply: Sequence[Any]) -> Excess:
        price = [sum(supply[r] * freeness[r][s] for r in places) for s in places]
        mill = [-log_amenity[r] - love * log(price[r]) - log_net[r] for r in places]
        if tastes is not None:
            mill = [(mill[r] - liking[r] + scale * log(supply[r])) / damping for r in places]
        value = [supply[r] * exp(sigma * mill[r]) for r in places]
        rest = sum(value[r] * lost[r] for r in places)
        demand = [(mu * kept[s] * value[s] + farmers[s] * rest) / price[s] for s in places]
        access = [sum(freeness[r][s] * demand[s] for s in places) for r in places]
        return Excess(
            [supply[r] * exp(elasticity * mill[r]) for r in places],
            [log(access[r]) - sigma * mill[r] for r in places],
        )

    shares, wages = model.apart(tastes, 1.0 / model.sigma, model.mu / (model.sigma - 1.0))
    return Indifference(at, shares + (model.sigma - 1.0) * wages)


def footloose_entrepreneur(
    model: Any, arithmetic: Arithmetic, tastes: Tastes | None
) -> Indifference | None:
    """Return the equilibrium conditions: equal payoffs in occupied regions, by relative supply.

    With supplies x ~ h (1-zeta)^(sigma-1) and earnings e_r = h_r w_r, up to common
    factors,

        ln w_r   = -ln B_r - mu/(sigma-1) ln Delta_r + s ln(h_r/b_r) + constant
        E_s      = e_s + L_s sum_r e_r [sigma/(mu (1-zeta_r)) - 1]
        excess_r = ln[(mu/sigma) (1-zeta_r)^sigma sum_s phi_rs E_s/Delta_s] - ln w_r

    and Walras' law is sum_r e_r (exp(excess_r) - 1)/(1-zeta_r) = 0.
    """
    number, exp, log = arithmetic
    one, sigma, mu = number(1.0), number(model.sigma), number(model.mu)
    freeness, unskilled, log_net, log_amenity = model.exact(arithmetic)
    places = range(len(model.regions))
    love = mu / (sigma - one)
    firms = [exp((one - sigma) * net) for net in log_net]  # for a supply of one
    others = [sigma / (mu * exp(net)) - one for net in log_net]
    level = [log(mu / sigma) + sigma * net for net in log_net]
    if tastes is not None:
        scale = number(tastes.scale)
        liking = [scale * log(number(weight)) for weight in tastes.weight.tolist()]

    def at(supply: Sequence[Any]) -> Excess:
        price = [sum(supply[r] * freeness[r][s] for r in places) for s in places]
        share = [supply[r] * firms[r] for r in places]
        wage = [-log_amenity[r] - love * log(price[r]) for r in places]
        if tastes is not None:
            wage = [wage[r] + scale * log(share[r]) - liking[r] for r in places]
        earned = [share[r] * exp(wage[r]) for r in places]
        rest = sum(earned[r] * others[r] for r in places)
        demand = [(earned[s] + unskilled[s] * rest) / price[s] for s in places]
        access = [sum(freeness[r][s] * demand[s] for s in places) for r in places]
        return Excess(share, [level[r] + log(access[r]) - wage[r] for r in places])

    shares, _ = model.apart(tastes, 1.0, model.mu / (model.sigma - 1.0))
    commission = 0.0 if model.online is None else -math.log1p(-model.online.commission)
    return Indifference(at, shares + (model.sigma - 1.0) * commission)


def footloose_capital(
    model: Any, arithmetic: Arithmetic, tastes: Tastes | None
) -> Indifference | None:
    """Return the equilibrium conditions: equal payoffs in occupied regions, by share."""
    number, exp, log = arithmetic
    sigma, level = number(model.sigma), log(number(model.mu) / number(model.sigma))
    freeness, expenditure, log_net, log_amenity = model.exact(arithmetic)
    regions = range(len(model.regions))
    firms = [exp((sigma - number(1.0)) * net) for net in log_net]
    level = [level + sigma * log_net[r] + log_amenity[r] for r in regions]

    def payoffs(share: list[Any]) -> list[Any]:
        supply = [share[r] * firms[r] for r in regions]
        price = [sum(supply[r] * freeness[r][s] for r in regions) for s in regions]
        demand = [expenditure[s] / price[s] for s in regions]
        access = [sum(freeness[r][s] * demand[s] for s in regions) for r in regions]
        return [level[r] + log(access[r]) for r in regions]

    reach, _ = model.apart(Tastes(1.0, np.ones(len(model.regions))), 1.0, love=0.0)
    return by_share(payoffs, arithmetic, tastes, reach)


def quasi_linear(model: Any, arithmetic: Arithmetic, tastes: Tastes | None) -> Maybe:
    """Return the equilibrium conditions: equal payoffs in occupied regions, by share."""
    number, exp, log = arithmetic
    sigma, alpha, ratio = (
        number(value) for value in (model.sigma, model.alpha, model.unskilled_ratio)
    )
    freeness, unskilled, log_net, log_amenity = model.exact(arithmetic)
    regions = range(len(model.regions))
    firms = [exp((sigma - number(1.0)) * net) for net in log_net]
    part = [alpha / sigma * exp(sigma * net) for net in log_net]
    love = alpha / (sigma - number(1.0))

    def payoffs(share: list[Any]) -> list[Any]:
        supply = [share[r] * firms[r] for r in regions]
        price = [sum(supply[r] * freeness[r][s] for r in regions) for s in regions]
        demand = [(ratio * unskilled[s] + share[s]) / price[s] for s in regions]
        wage = [part[r] * sum(freeness[r][s] * demand[s] for s in regions) for r in regions]
        return [wage[r] + love * log(price[r]) + log_amenity[r] for r in regions]

    return by_share(payoffs, arithmetic, tastes, _furthest(model))


def _furthest(model: Any) -> float:
    """Return how far utilities can be apart: no price falls below that of one supplier."""
    cost, _, commission, amenity = model.tables()
    delivered = cost ** (1.0 - model.sigma)
    firms = (1.0 - commission[:, None]) ** (model.sigma - 1.0) * delivered
    sold = (1.0 - commission[:, None]) ** model.sigma * delivered / firms.min(axis=0)
    wage: float = model.alpha / model.sigma * (1.0 + model.unskilled_ratio) * float(sold.max())
    near = float(max(np.ptp(np.log(cost), axis=1)))
    apart: float = wage + model.alpha * near + float(np.ptp(np.log(amenity)))
    return apart


def linear_demand(model: Any, arithmetic: Arithmetic, tastes: Tastes | None) -> Maybe:
    """Return the equilibrium conditions: equal payoffs in occupied regions, by share."""
    number, _, log = arithmetic
    size, one = len(model.regions), number(1.0)
    net, liked = [one] * size, [log(one)] * size
    half = [[number(0.0)] * size for _ in range(size)]
    if isinstance(model.trade_cost, float):
        table, unit = model.geography.metric.dense(), number(model.trade_cost) / number(2.0)
    else:
        table, unit = model.trade_cost.values, one / number(2.0)
    for r, row in enumerate(table.tolist()):
        half[r][: len(row)] = [unit * number(value) for value in row]
    if model.online is not None:
        net[-1] = one - number(model.online.commission)
        liked[-1] = log(number(model.online.amenity))
        border = number(model.online.trade_cost) / number(2.0)
        for r in range(size - 1):
            half[r][-1], half[-1][r] = border, border / net[-1]
    parts = [number(part) for part in model.tables().immobile.tolist()]
    total = sum(parts[1:], parts[0])
    payoffs = exact_payoffs(
        tuple(map(number, model.numbers())), [part / total for part in parts], half, net, liked
    )
    a, b, c, phi, farmers, skilled = model.numbers()
    beta, gamma = b + c * skilled / phi, 2.0 * b + c * skilled / phi
    dearest = (a + 0.5 * c * skilled / phi * float(model.tables().cost.max())) / gamma
    # Utility is at most that at prices of zero, income at most what all could spend.
    reach = beta / phi * (farmers + skilled) * dearest**2 + a * a * skilled / (2.0 * b * phi)
    apart = 0.0 if model.online is None else abs(math.log(model.online.amenity))
    return by_share(payoffs, arithmetic, tastes, reach + apart)
