"""Inputs: what an industry buys of every industry is a share of its cost (Cobb-Douglas).

    ln c_k   += sum_l alpha_lk ln G_l            alpha_lk share of input l in the cost of k
    demand_k += sum_l alpha_kl R_l               R_l      revenue of l's firms in a place, all of
                                                          which they spend

So industries gain from being near each other, online or in a place (Venables 1996). Off: alpha = 0.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from nege.models.agglomeration.kinds import AS_ONE, ClosedForm, share, table
from nege.models.agglomeration.layout import inner
from nege.models.fields import Declared, Labelled


class Inputs(Declared):
    """What industries buy of each other."""

    inputs: Labelled[xr.DataArray] = table(
        ("input", "industry"),
        "share of each input in the cost of each using industry",
        share("It is a share of the user's cost."),
        default=((0.20, 0.05), (0.20, 0.15)),
        term="share of inputs in cost",
    )


@inner()
def log_cost(p, k, met):
    """Return what inputs add to the log cost of an industry."""
    cost = 0.0 * met[p.slots.wage]
    for j in range(p.slots.industries):
        cost += p.inputs[j, k] * met[p.slots.price_index + j]
    return cost


@inner()
def demand(p, k, made):
    """Return what firms of a place spend on an industry."""
    to = p.slots
    spent = 0.0 * made[to.income]
    for j in range(to.industries):
        for m in range(to.modes):
            spent += p.inputs[k, j] * made[to.outlay + to.modes * j + m]
    return spent


def audit_cost(model, price_index):
    """Return what inputs multiply cost by, over industry and place."""
    return np.prod(price_index[:, None] ** model.inputs.values[:, :, None], axis=0)


def _in_one_place(make, solve):
    economy = make(**AS_ONE, housing=0.0, consumption=[0.6, 0.4], land_share=0.0, commission=0.0)
    revenue = solve(economy).data.total_cost.sum(("place", "channel")).values
    income = 1.0  # wages: the numeraire
    known = np.linalg.solve(np.eye(2) - economy.inputs.values, economy.consumption.values * income)
    return revenue, known


CLOSED_FORMS = [ClosedForm("in one place revenue is (1 - alpha)^-1 mu Y", _in_one_place)]
