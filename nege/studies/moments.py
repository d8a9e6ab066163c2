"""Moments of industries beside their variables: how far online they are, and how clustered.

    online_share.services              of the cost of an industry's firms       ``nege.patterns``
    density.services, land_used.services                                        the same
    correlation, meets                 of the first two industries              the same
    online_share_of_retail.services    of what households buy of it, at the prices they pay

    sum_q s_kq mu_k S_q / sum_q mu_k S_q,      s_kq = P_kq1 wedge/sum_c P_kqc wedge

    S  what is spent in a place by its residents, and for them    mu_k  consumers' share for k
    s  part of what is bought in a place of k that is bought online: value at buyers' prices

Households buy in the channels in which all buyers of a place do (``BuyerOnline`` alone lets firms
differ). Retail leaves out what firms buy of each other, which statistics of retail leave out too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege.models.agglomeration import audit
from nege.models.agglomeration.kinds import CHANNELS
from nege.models.agglomeration.mechanisms import commission
from nege.models.agglomeration.patterns import patterns

#: A number among the variables of an economy that are not labelled.
Of = Callable[[Any, Mapping[str, np.ndarray]], float]

BY_INDUSTRY = ("online_share", "density", "land_used")
OF_PAIR = ("correlation", "meets")
RETAIL = "online_share_of_retail"
ONLINE = CHANNELS.index("online")


def names(model: Any) -> list[str]:
    """Return the moments that an economy has beside its variables."""
    if "total_cost" not in model.variables:
        return []
    industries = model.industries
    found = [f"{name}.{k}" for name in (*BY_INDUSTRY, RETAIL) for k in industries]
    return [*found, *(OF_PAIR if len(industries) > 1 else ())]


def reader(model: Any, wanted: str) -> Of | None:
    """Return how to read a moment; None where the economy has none of that name."""
    if wanted not in names(model):
        return None
    name, _, industry = wanted.partition(".")
    if name == RETAIL:
        return retail([industry])

    def share(model: Any, values: Mapping[str, np.ndarray]) -> float:
        cost = values["total_cost"][model.industries.index(industry)]
        return float(cost[:, ONLINE].sum() / cost.sum())

    def read(model: Any, values: Mapping[str, np.ndarray]) -> float:
        found = patterns(_labelled(model, values, ("total_cost", "area")))[name]
        return float(found.sel(industry=industry) if industry else found)

    return share if name == "online_share" else read


def retail(industries: Sequence[str]) -> Of:
    """Return how to read the online share of what households buy of some industries."""

    def read(model: Any, values: Mapping[str, np.ndarray]) -> float:
        of = _purchases if not model.mechanisms else _audited_purchases
        sales, spending = of(model, values)
        chosen = [model.industries.index(name) for name in industries]
        online = sales[chosen, :, ONLINE] / sales[chosen].sum(-1)
        bought = vars(model)["consumption"].values[chosen][:, None] * spending
        return float((online * bought).sum() / bought.sum())

    return read


def _purchases(model: Any, values: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return what is bought, up to a factor by place and industry, and spending, by place.

    Firms' revenue over the access that they have is what they supply. Without mechanisms buyers
    pay what firms receive, and commission.
    """
    own, operator = vars(model), model.arrays.operator
    revenue, power = values["total_cost"], own["sigma"].values[:, None] - 1.0
    demand = own["consumption"].values[:, None] * values["income"]
    demand = demand + own["inputs"].values @ revenue.sum(-1)
    wanted = demand * values["price_index"] ** power
    received = operator.received if operator.received.shape[0] else operator.freeness
    access = np.einsum("kcpq,kq->kpc", received, wanted)
    access *= 1.0 - commission.audit_rates(own["commission"].values)  # type: ignore[no-untyped-call]
    return np.einsum("kpc,kcpq->kqc", revenue / access, operator.freeness), values["income"]


def _audited_purchases(
    model: Any, values: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same from the published equations, which know all mechanisms."""
    accounts = audit.accounts(model, _labelled(model, values, model.variables))
    return accounts.sales, values["income"] + accounts.public


def _labelled(model: Any, values: Mapping[str, np.ndarray], wanted: Any) -> xr.Dataset:
    about = model.variables
    return xr.Dataset(
        {name: (about[name].dims, values[name]) for name in wanted}, coords=model.coordinates()
    )
