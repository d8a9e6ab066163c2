"""Channels: offline sales bear search and transport, online ones a digital cost.

    ln tau_0 = (theta + s) d                        offline, over the distance d
    ln tau_1 = ln delta + (1 - xi) theta d          online

    theta  transport_cost     s      search_cost
    xi     digitisability     delta  digital_cost

The transaction costs of Coase and Williamson fall away online, and what is digitisable of
transport with them. A channel is off where it is dear: delta large.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from nege.kernels.jit import ARITHMETIC
from nege.models.agglomeration.kinds import AS_ONE, ClosedForm, by_industry, weight
from nege.models.agglomeration.layout import between
from nege.models.fields import Declared, Labelled
from nege.validation import Bounds

OF_DISTANCE = weight("0 means that distance is free.")


class Channels(Declared):
    """What it costs to sell from place to place, offline and online."""

    transport_cost: Labelled[xr.DataArray] = by_industry(
        "cost of transport, offline",
        OF_DISTANCE,
        default=(0.4, 0.0),
        unit="log points per unit of distance",
        term="transport cost",
    )
    search_cost: Labelled[xr.DataArray] = by_industry(
        "cost of search and negotiation, offline",
        OF_DISTANCE,
        default=(0.0, 1.5),
        unit="log points per unit of distance",
        more="Online, search costs nothing.",
        term="search cost",
    )
    digitisability: Labelled[xr.DataArray] = by_industry(
        "part of transport that online sales do without",
        Bounds(at_least=0.0, at_most=1.0, cure="It is the part that need not be shipped."),
        default=(0.0, 1.0),
        term="digitisable part of transport",
    )
    digital_cost: Labelled[xr.DataArray] = by_industry(
        "iceberg cost of online delivery",
        Bounds(at_least=1.0, cure="It is an iceberg factor: 1 means that nothing melts."),
        default=3.0,
        term="digital trade cost (iceberg factor)",
    )


def freeness(p, distance, sigma):
    """Return tau^(1-sigma) over industry, channel, origin, destination, of parameters by name."""
    names = ("transport_cost", "search_cost", "digitisability", "digital_cost")
    theta, search, xi, delta = (p[name].values[:, None, None] for name in names)
    found = np.empty((len(sigma), 2, *distance.shape))
    found[:, 0], found[:, 1] = (theta + search) * distance, (1.0 - xi) * theta * distance
    found[:, 1] += np.log(delta)
    found *= (1.0 - sigma)[:, None, None, None]
    return np.exp(found, out=found)


@between(fastmath=ARITHMETIC)
def traded(p, made, own, met):
    """P_q = sum_p x_p K_pq and Z_p = sum_q K_pq spent_q, in one look at each K.

    Where firms do not receive all that buyers pay Z has a K of its own, and is no further product.
    """
    to, places, apart = p.slots, p.place.size, p.operator.received.shape[0] > 0
    for k in range(to.industries):
        for c in range(2):
            paid = p.operator.freeness[k, c]
            kept = p.operator.received[k, c] if apart else paid
            price, spent = met[to.price + 2 * k + c], made[to.spent + 2 * k + c]
            supplied, access = made[to.supply + 2 * k + c], met[to.access + 2 * k + c]
            for q in range(places):
                price[q] = supplied[q] * paid[q, q] if own else 0.0
                access[q] = kept[q, q] * spent[q]
            for r in range(0 if own else places):
                reached, sold = 0.0, supplied[r]
                for q in range(places):
                    price[q] += sold * paid[r, q]
                    reached += kept[r, q] * spent[q]
                access[r] = reached


def audit_trade_cost(model):
    """Iceberg factors over industry, origin, channel, destination."""
    distance = model.geography.distance.values
    names = ("transport_cost", "search_cost", "digitisability", "digital_cost")
    theta, search, xi, delta = (getattr(model, name).values[:, None, None] for name in names)
    offline = np.exp((theta + search) * distance)
    return np.stack([offline, delta * np.exp((1.0 - xi) * theta * distance)], axis=2)


def audit_freeness(model):
    """Return tau^(1-sigma) of what buyers pay, and of what firms receive of it."""
    tau = audit_trade_cost(model)
    wedge = np.ones_like(tau)
    for one in model.mechanisms.values():
        melts, taken = one.icebergs(model), one.wedge(model)
        if melts is not None:
            tau = tau * np.exp(np.asarray(melts)).transpose(0, 2, 1, 3)
        if taken is not None and taken.buyers == "all" and not taken.of_commission:
            wedge = wedge * (1.0 + np.asarray(taken.rate)).transpose(0, 2, 1, 3)
    paid = (tau * wedge) ** (1.0 - model.sigma.values)[:, None, None, None]
    return paid, paid / wedge


def _odds(make, solve):
    economy = make(
        **AS_ONE, variety=1.0, spillover=0.0, commission=0.0, firm_scale=[[1.0, 0.5]] * 2
    )
    economy = economy.replace(variety=0.9, digital_cost=1.2)
    firms = solve(economy).data.firm_mass
    # n^(1-phi) is in proportion to (tau^(1-sigma))/f.
    known = (1.2**-4.0 / 0.5) ** (1.0 / (1.0 - 0.9))
    odds = firms.sel(channel="online") / firms.sel(channel="offline")
    return odds.values.ravel(), np.full(4, known)


CLOSED_FORMS = [ClosedForm("odds of going online are (delta^(1-sigma)/f)^(1/(1-phi))", _odds)]
