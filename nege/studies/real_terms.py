"""Real terms: what incomes and revenue buy where people live.

    P_q        = prod_k G_kq^mu_k [h_q (1 + t_q)]^beta         cost of living of a place
    Y_real     = sum_q Y_q/P_q                                 private income
    Gamma_real = sum_g Gamma_g sum_(q in g) (L_q/L_g)/P_q      what governments collect

    G  price index that households pay     h  rent, t a tax on housing    mu, beta  spending shares
    Y  income, without what is spent publicly    Gamma_g  taxes of a jurisdiction    L  people

Source: ``policy.md`` 3 and 11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nege.models.agglomeration.mechanisms.chain import chain
from nege.models.agglomeration.mechanisms.jurisdictions import GROUPS


def collects(model: Any) -> bool:
    """Whether somebody in an economy collects taxes."""
    return "group_income" in model.variables


def living_cost(model: Any, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what a unit of the households' basket costs in each place."""
    index = values["household_price_index"]
    log = model.consumption.values @ np.log(index)
    if model.housing > 0.0:
        _, on_housing = chain(model).at_till()
        log = log + model.housing * (np.log(values["rent"]) + on_housing.sum(0))
    return np.asarray(np.exp(log))


def private_income(model: Any, values: Mapping[str, np.ndarray]) -> float:
    """Return what private income buys, all places together."""
    return float((values["income"] / living_cost(model, values)).sum())


def real_revenue(model: Any, values: Mapping[str, np.ndarray]) -> float:
    """Return what governments collect, in real terms where it is spent."""
    return float(values["group_income"][GROUPS.index("government")])
