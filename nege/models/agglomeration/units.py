"""Units of an economy's tables: what solves start from is in them, so that they never matter.

Let all land be H, and of an industry productivity A, fixed scale f, where the economy's numbers
are. Multiply each by a number, and the same economy is told in another unit: what is money
(wages, spending, income, numbered by the wage bill) and all shares stay, and in logs, of all places
and channels alike, with spillovers gamma, shares in cost b of land and alpha of inputs,

    dh = -dH                                                   rent of a unit of land
    dc = b dh + alpha' dG - dA - gamma dn                      cost
    dn = -df - dc                                              firms: what they sell is n f c
    dG = dc - beta dn,  beta = variety/(sigma - 1)             price index

so that

    (1 - gamma - alpha' (1 + beta)) dc = b dh - dA + gamma df + alpha' beta df

which has one solution wherever the economy is accepted (``parameters.check_together``). Utility
has the unit of amenities, and nothing else has; weights of homes have none. Each equation is
one of logs of ratios of the same unit, and unknowns are logs: so a search that starts where units
say takes the same steps in all of them. Units are read off the tables: all land; an industry's
productivity where it is high, and its fixed scale where that is low, at their medians. They are one
where most places have one. Mechanisms with tables of their own say what units of these do
(``Mechanism.log_cost_unit``, ``Mechanism.log_start``).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from nege.models.agglomeration.mechanisms import frame


class Units(NamedTuple):
    """Logs of the units in which an economy's tables have its unknowns; zero is one."""

    rent: float
    price_index: np.ndarray  # by industry
    firms: np.ndarray


def units(model: Any) -> Units:
    """Return the units that the tables of an economy, and of its mechanisms, are in."""
    p, own = model.arrays, vars(model)
    k = len(model.industries)
    land = 0.0 - math.log(math.fsum(own["land"].values))
    able = np.sort(p.log_productivity, axis=1)
    able = able[:, able.shape[1] // 2]
    scale = np.sort(p.log_scale.reshape(k, -1), axis=1)
    scale = scale[:, (scale.shape[1] - 1) // 2]
    gamma, inputs = own["spillover"].values, own["inputs"].values
    beta = own["variety"].values / (own["sigma"].values - 1.0)
    given = own["land_share"].values * land - able
    for one in frame.with_equations(model):
        given = given + one.log_cost_unit(model)
    if not (given.any() or scale.any()):
        return Units(land, np.zeros(k), np.zeros(k))
    of_cost = np.eye(k) - np.diag(gamma) - inputs.T * (1.0 + beta)
    cost = np.linalg.solve(of_cost, given + gamma * scale + inputs.T @ (beta * scale))
    firms = -scale - cost
    return Units(land, cost - beta * firms, firms)
