"""Real terms: what incomes and revenue buy where people live.

    P_q        = prod_k G_kq^mu_k h_q^beta             cost of living of a place
    Y_real     = sum_q Y_q/P_q                         private income
    Gamma_real = sum_g Gamma_g sum_(q in g) (L_q/L_g)/P_q      what jurisdictions collect

    G  price index that households pay    h  rent    mu, beta  shares of spending
    Y  income    Gamma_g  taxes collected by a jurisdiction    L  people

Source: ``policy.md`` 3 and 11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def collects(model: Any) -> bool:
    """Whether somebody in an economy collects taxes."""
    return "revenue" in model.variables


def living_cost(model: Any, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what a unit of the households' basket costs in each place."""
    log = np.log(values["price_index"]).T @ model.consumption.values
    if model.housing > 0.0:
        log = log + model.housing * np.log(values["rent"])
    return np.asarray(np.exp(log))


def private_income(model: Any, values: Mapping[str, np.ndarray]) -> float:
    """Return what private income buys, all places together."""
    return float((values["income"] / living_cost(model, values)).sum())


def real_revenue(model: Any, values: Mapping[str, np.ndarray]) -> float:
    """Return what all jurisdictions collect, in real terms where it is spent."""
    raise NotImplementedError
