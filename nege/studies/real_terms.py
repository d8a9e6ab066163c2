"""Real terms: what incomes and revenue buy where people live, and what cost of revenue means.

    P_q        = prod_k G_kq^mu_k [h_q (1 + t_q)]^beta         cost of living, ``living_cost``
    Y_real     = sum_q Y_q/P_q                                 private income
    Gamma_real = sum_g Gamma_g sum_(q in g) (L_q/L_g)/P_q      what governments collect

    G  price index that households pay     h  rent, t a tax on housing    mu, beta  spending shares
    Y  income, without what is spent publicly    Gamma_g  taxes of a jurisdiction    L  people

All three are variables of results, which mechanisms write: nothing is deflated by another P.

What people lose by one more unit of Gamma_real is the marginal cost of public funds where the
money is wasted (worth 0). Where it is paid back to people, that is in their welfare already, and
what is left is the marginal excess burden: 0, not 1, for a tax that distorts nothing.
Source: Dahlby (2008).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nege.models.agglomeration.mechanisms.frame import wedges
from nege.models.agglomeration.mechanisms.jurisdictions import GROUPS


def collects(model: Any) -> bool:
    """Whether somebody in an economy collects taxes."""
    return "group_income" in model.variables


def private_income(values: Mapping[str, np.ndarray]) -> float:
    """Return what private income buys, all places together."""
    return float((values["income"] / values["living_cost"]).sum())


def real_revenue(model: Any, values: Mapping[str, np.ndarray]) -> float:
    """Return what governments collect, in real terms where it is spent."""
    return float(values["group_income"][GROUPS.index("government")])


def kind_of_cost(model: Any) -> str:
    """Say what the cost of revenue to people is, as its money is spent."""
    every = wedges(model).values()
    spent = [one.proceeds for one in every if one.proceeds != "owners"]
    back = [isinstance(one, str) for one in spent]
    if all(back):
        return "marginal excess burden, as the money is paid back to people"
    if not any(back) and all(one.worth == 0.0 for one in spent):
        return "marginal cost of public funds"
    if not any(back):
        return "marginal cost of public funds, less what people value of what they are spent on"
    return "marginal cost of funds, less what of them is paid back to people, or valued by them"
