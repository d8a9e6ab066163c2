"""Land and housing: firms and people bid for the land of a place.

    ln c_k += b_k ln h                                      h  rent, b share of land in cost
    ln V   -= beta ln h                                     beta share of housing in spending
    land      ln(beta S + sum_k b_k R_k) - ln(h H) = 0      H  land, S spending of a place

Rents go to everybody, in the dividend. It is what disperses people. Off: beta = b = 0: then land
has no price.
"""

from __future__ import annotations

import xarray as xr

from nege.kernels.duals import exp, log
from nege.models import fields
from nege.models.agglomeration.kinds import (
    AS_ONE,
    PLACE,
    ClosedForm,
    by_industry,
    positive,
    share,
    table,
)
from nege.models.agglomeration.layout import inner
from nege.models.fields import Declared, Labelled

SPENT = "It is a share of consumers' spending."
INDUSTRY = {"land_share": "land_share"}


class Land(Declared):
    """Land, on which firms and people sit."""

    housing: float = fields.number(
        "share of land in consumers' spending",
        share(SPENT),
        default=0.15,
        term="share of land in spending",
    )
    land_share: Labelled[xr.DataArray] = by_industry(
        "share of land in cost",
        share("It is a share of cost."),
        default=(0.2, 0.02),
        more="Labour takes what inputs and land leave.",
    )
    land: Labelled[xr.DataArray] = table(
        PLACE,
        "land",
        positive("A place without land has no rent that clears."),
        default=None,
        instead=lambda economy: 1.0 / len(economy.geography),
        unit="all land by default",
        term="land (share of all by default)",
        more="By default equal, one unit in all.",
    )


@inner()
def earned(p, q, met):
    """Return what land of a place earns; nothing where it has no price."""
    rents = 0.0 * met[p.slots.rent]
    if p.uses_land:
        rents += exp(met[p.slots.rent] + p.place[q].log_land)
    return rents


@inner()
def clear(p, q, met, made):
    """Write the row of land."""
    to = p.slots
    made[to.rent] = 0.0
    if p.uses_land:
        made[to.rent] = log(made[to.land]) - met[to.rent] - p.place[q].log_land


def audit_cost(model, rent):
    """Return what land multiplies cost by, over industry and place."""
    return rent[None] ** model.land_share.values[:, None]


def _rent_alone(make, solve):
    economy = make(**AS_ONE, land_share=0.0, spillover=0.0, commission=0.0)
    data = solve(economy).data
    # All land rent is income again: Y = 1 + beta Y, with wages of one.
    return [*data.rent.values, data.income.sum()], [0.15 / 0.85, 0.15 / 0.85, 1.0 / 0.85]


CLOSED_FORMS = [ClosedForm("in one place rents are beta/(1 - beta) of wages", _rent_alone)]
