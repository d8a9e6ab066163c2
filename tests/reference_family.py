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
