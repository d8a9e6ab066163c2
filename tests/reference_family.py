"""Slow, obvious versions of the classical family, each written from its published equations.

Nothing here is shared with the package. Whatever is given may be complex, so that a step h i
of an argument comes back as h times the derivative in the imaginary part.
"""

from typing import NamedTuple

import numpy as np
import reference


class Numbers(NamedTuple):
    """An economy in plain numbers, the online region last."""

    value: dict  # scalar parameters by name
    cost: np.ndarray  # of trade, origin by destination
    settled: np.ndarray  # share of each region of whoever, or whatever, does not move
    commission: np.ndarray
    amenity: np.ndarray


def numbers(model, name="", step=0.0, *, additive=False):
    """Read a model by its public fields, one parameter moved by a step."""
    n, size = len(model.geography), len(model.regions)
    kind = type(step) if isinstance(step, complex) else float

    def moved(key, value):
        return value + step if key == name else value

    value = {key: moved(key, getattr(model, key)) for key in model.parameters}
    cost = np.full((size, size), 0.0 if additive else 1.0, dtype=kind)
    if np.ndim(model.trade_cost):
        cost[:n, :n] = value["trade_cost"].values
    elif additive:
        cost[:n, :n] = value["trade_cost"] * model.geography.distance.values
    else:
        cost[:n, :n] = value["trade_cost"] ** model.geography.distance.values
    settled = np.zeros(size)
    settled[:n] = getattr(model, model.immobile).values
    commission, amenity = np.zeros(size, dtype=kind), np.ones(size, dtype=kind)
    if model.online is not None:
        cost[:n, n] = cost[n, :n] = moved("online_trade_cost", model.online.trade_cost)
        commission[n] = moved("online_commission", model.online.commission)
        amenity[n] = moved("online_amenity", model.online.amenity)
    return Numbers(value, cost, settled, commission, amenity)


def core_periphery(model, share, name="", step=0.0):
    """Ln of real wages."""
    value, cost, farmers, commission, amenity = numbers(model, name, step)
    rest = {"sigma": value["sigma"], "mu": value["mu"]}
    rest |= {"commission": commission, "amenity": amenity}
    return reference.log_outcomes(np.asarray(share, complex), cost, farmers, **rest)[1]


def footloose_entrepreneur(model, share, name="", step=0.0):
    """Ln of real skilled wages."""
    value, cost, unskilled, commission, amenity = numbers(model, name, step)
    rest = {"sigma": value["sigma"], "mu": value["mu"]}
    rest |= {"commission": commission, "amenity": amenity}
    return reference.skilled_payoffs(share, cost, unskilled, **rest)


def delivered(cost, sigma, commission):
    """What a firm of each region adds to price indices, and its sales per unit of demand."""
    return (cost / (1 - commission[:, None])) ** (1 - sigma)


def footloose_capital(model, share, name="", step=0.0):
    """Ln of rewards of capital: firms one by one, each with its buyers one by one."""
    value, cost, expenditure, commission, amenity = numbers(model, name, step)
    free, regions = delivered(cost, value["sigma"], commission), range(len(share))
    rewards = []
    for r in regions:
        sales = sum(
            value["mu"] * expenditure[s] * free[r, s] / sum(share[q] * free[q, s] for q in regions)
            for s in regions
        )
        rewards.append(amenity[r] * (1 - commission[r]) * sales / value["sigma"])
    return np.log(rewards)


def quasi_linear(model, share, name="", step=0.0):
    """Utility of skilled workers, firms one by one, each with its buyers one by one."""
    value, cost, unskilled, commission, amenity = numbers(model, name, step)
    sigma, alpha = value["sigma"], value["alpha"]
    free, regions = delivered(cost, sigma, commission), range(len(share))
    sums = [sum(share[q] * free[q, s] for q in regions) for s in regions]
    utility = []
    for r in regions:
        buyers = [value["unskilled_ratio"] * unskilled[s] + share[s] for s in regions]
        sales = sum(alpha * buyers[s] * free[r, s] / sums[s] for s in regions)
        wage = (1 - commission[r]) * sales / sigma
        utility.append(wage - alpha * np.log(sums[r] ** (1 / (1 - sigma))) + np.log(amenity[r]))
    return np.array(utility)


def linear_demand(model, share, name="", step=0.0):
    """Utility of skilled workers: prices from first-order conditions, surplus from quantities."""
    value, cost, farmers, commission, amenity = numbers(model, name, step, additive=True)
    a, b, c, phi = value["a"], value["b"], value["c"], value["phi"]
    n, size = value["total_skilled"] / phi, len(share)
    cost = cost / (1 - commission[:, None])
    surplus, profit = [], 0.0
    for s in range(size):
        # 2 (b + c n) p_r - c n sum_q share_q p_q = a + (b + c n) cost_r
        system = 2 * (b + c * n) * np.eye(size) - c * n * np.outer(np.ones(size), share)
        price = np.linalg.solve(system, a + (b + c * n) * cost[:, s])
        bought = a - (b + c * n) * price + c * n * np.sum(share * price)
        every = n * np.sum(share * bought)
        utility = a / b * every
        utility -= (n * np.sum(share * bought**2) + c / b * every**2) / (2 * (b + c * n))
        surplus.append(utility - n * np.sum(share * price * bought))
        people = value["total_farmers"] * farmers[s] + value["total_skilled"] * share[s]
        profit = profit + people * (price - cost[:, s]) * bought
    return np.array(surplus) + (1 - commission) * profit / phi + np.log(amenity)
