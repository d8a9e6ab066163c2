"""The published equations of the online agglomeration in plain NumPy, apart from the kernels.

Stored values are put into each equation, in levels; the result is its relative violation. What
belongs to one mechanism is in its file; here they meet.
"""

from __future__ import annotations

import collections
import types
from typing import Any

import numpy as np
import xarray as xr

from nege.models.agglomeration.layout import DUAL
from nege.models.agglomeration.mechanisms import (
    channels,
    commission,
    inputs,
    knowledge,
    land,
    migration,
    remote_work,
)


def clearing(model: Any, data: xr.Dataset) -> dict[str, float]:
    """Return the relative violation of each equation of clearing markets, by name."""
    return {name: _gap(*sides) for name, sides in accounts(model, data).markets.items()}


def rest(model: Any, data: xr.Dataset) -> dict[str, float]:
    """Return how far firms and people are from rest, and what entry would earn, by name."""
    a = accounts(model, data)
    found = {name: _gap(*both) for name, both in a.motion.items()}
    absent = data["firm_mass"].transpose("industry", "place", "channel").values == 0.0
    found["no entry pays"] = float(np.max(np.where(absent, a.entry, 0.0), initial=0.0))
    return found


def accounts(model: Any, data: xr.Dataset) -> Any:
    """Return everything that is earned and spent, with both sides of every equation.

    ``markets`` and ``motion`` are these sides by name, ``entry`` is the log return to entry,
    ``sales`` what buyers in a place pay in a channel, over (industry, place, channel).
    """
    cell = ("industry", "place", "channel")
    n, X = (data[name].transpose(*cell).values for name in ("firm_mass", "total_cost"))
    G = data["price_index"].transpose("industry", "place").values
    names = ("wage", "rent", "population", "income", "remote_share")
    w, h, L, Y, away = (data[name].values for name in names)
    totals = ("remote_wage", "dividend", "commission_revenue", "welfare")
    w0, D, C, U = (float(data[name]) for name in totals)
    owner, pooled = 0.0, 1.0
    if model.platform_owner is not None:
        owner, pooled = model.platform_owner.values, 0.0
    a = types.SimpleNamespace(data=data, hour=w, remote_hour=w0, sides={}, kept={})
    a.transfer, a.public = np.zeros_like(w), np.zeros_like(w)
    a.everyone = 0.0  # income of all alike that mechanisms add
    a.rents = h * model.land.values  # what land of all kinds earns
    a.earns = collections.defaultdict(float)  # of groups, beside pay, rents and taxes
    a.worth, a.living = np.zeros_like(w), np.ones_like(w)
    a.keeps = model.commission.values  # what platforms do of prices online
    a.real = data["real_income"].values  # of all who live in a place, as one

    def others(stage: str) -> None:
        for one in model.mechanisms.acting:
            one.audit(stage, model, a)

    # costs: labour, land, inputs, knowledge
    others("labour")
    what, share_away = remote_work.audit_earned(model, w, w0)
    W, far = remote_work.audit_pay(model, a.hour, a.remote_hour, n.shape[-1])
    a.pay, a.far, a.what = W, far, what
    a.at_work, a.paid_apart = L, np.zeros_like(w)  # people of the model's jobs; pay of all others
    a.better = np.ones_like(w)  # real income over that of what a head spends
    labour = 1.0 - model.inputs.values.sum(0) - model.land_share.values
    able = knowledge.audit_productivity(model, n)
    bought = land.audit_cost(model, h) * inputs.audit_cost(model, G)
    with np.errstate(divide="ignore"):  # no firm to learn from: productivity is zero
        a.cost = W ** labour[:, None, None] * bought[..., None] / able
    zeta = commission.audit_rates(a.keeps)
    a.scale = np.full(n.shape, np.nan)
    a.scale[..., :DUAL] = model.firm_scale.values[:, None]
    a.overhead = np.ones(n.shape)
    a.net = np.broadcast_to(1.0 - zeta, (*n.shape[:2], DUAL)).copy()
    a.wedge, a.appeal = np.ones_like(a.net), np.ones_like(a.net)
    a.commission = zeta / (1.0 - zeta) * np.ones_like(a.net)  # over what firms receive
    a.outlay = X  # but for what mechanisms make firms spend elsewhere
    a.diverted = np.zeros_like(X)  # revenue that firms do not have
    a.passed = np.ones_like(a.net)  # of costs, to buyers in a place, by channel
    a.index = G  # price indices by what varieties are worth
    others("costs")
    a.scale = a.scale * a.overhead
    # incomes, and what firms use
    others("incomes")
    spending = Y + a.public
    spent = a.outlay.sum(-1)
    a.land = model.housing * spending + (model.land_share.values[:, None] * spent).sum(0)
    a.work = labour[:, None, None] * a.outlay
    a.used = np.zeros_like(w)  # labour beside that of firms
    a.demand = model.consumption.values[:, None] * spending + model.inputs.values @ spent
    others("uses")
    goods = np.prod(a.index ** model.consumption.values[:, None], axis=0)
    a.cost_of_living = a.living * goods * h**model.housing
    others("people")
    a.used = a.used + (a.work * (1.0 - far)).sum((0, 2))
    # trade: what firms of each mode sell in each channel
    sigma = model.sigma.values[:, None, None]
    serves = [(0,), (1,), (0, 1)][: n.shape[-1]]
    power, reached = 1.0 - sigma, np.zeros(n.shape)
    sold = np.zeros((*n.shape, DUAL))
    each = n ** model.variety.values[:, None, None] * a.cost**power
    paid, kept = channels.audit_freeness(model)
    demand = a.demand if a.demand.ndim > G.ndim else a.demand[..., None]
    wanted = demand * (G ** (model.sigma.values - 1.0)[:, None])[..., None]
    weight = wanted * a.wedge ** (-sigma)
    a.paid, a.received, a.over = paid, kept, np.ones(())
    a.drawn = np.ones_like(a.wedge)  # sales of a channel over what its price would have them be
    others("trade")
    weight = weight * a.drawn
    access = np.einsum("kpcq,kqc->kpc", a.received, weight)
    earns = np.einsum("kpcq,kqc->kpc", a.received * a.over, weight)  # what entry goes by
    for mode, mine in enumerate(serves):
        for c in mine:
            better = (a.net[..., c] * a.appeal[..., c]) ** -power[..., 0]
            sold[..., mode, c] = each[..., mode] * better
            reached[..., mode] += a.net[..., c] * better * earns[..., c]
    price = np.einsum("kpmc,kpcq->kqc", sold, a.paid) * a.wedge**power
    received = sold * (a.net * access)[:, :, None]
    a.receipts = received.sum(2)  # (industry, place, channel), what firms receive
    a.earned = (sold * (a.net * earns)[:, :, None]).sum(-1)  # (industry, place, mode)
    a.sales = price * wanted * a.drawn  # at buyers' prices
    a.price, a.flows = price, sold.sum(2)[..., None] * a.paid
    a.flows = a.flows * (weight * a.wedge).transpose(0, 2, 1)[:, None]
    # What buyers pay and firms do not receive is everybody's, but for what others are given of it.
    a.everyone += a.sales.sum() - a.receipts.sum() - (1.0 - pooled) * C
    a.everyone -= (a.transfer + a.public).sum()
    others("sales")
    with np.errstate(divide="ignore", invalid="ignore"):
        a.entry = np.log(a.cost**power * reached) - np.log(a.scale * a.cost)
    a.fixed = np.where(n > 0.0, n, 0.0) * a.scale * np.where(n > 0.0, a.cost, 1.0)
    a.earned = X if a.over.ndim == 0 else a.earned
    others("rest")
    pay = a.at_work * what + a.paid_apart
    a.markets = {
        "price index": (G ** power[..., 0], price.sum(-1)),
        "revenue": (X + a.diverted, received.sum(-1)),
        "commission": (np.array(C), (a.commission * a.receipts).sum()),
        "local labour": (a.used, (1.0 - away) * a.at_work * what),
        "remote share": (away, share_away),
        "income": (Y, pay + L * D + (1.0 - pooled) * owner * C + a.transfer),
        "land": (a.land, h * model.land.values if np.any(a.land > 0.0) else a.land),
        # Beside the wage bill, which is one: there may be nothing to pay out.
        "dividend": (1.0 + D * L.sum(), 1.0 + a.rents.sum() + a.everyone),
        "numeraire": (np.ones(1), np.atleast_1d(pay.sum())),
        "real income": (
            a.real,
            model.amenity.values * a.better * (Y / L + a.worth) / a.cost_of_living,
        ),
        "welfare": (np.array(U), migration.audit_welfare(model, a.real)),
        **a.sides,
    }
    if (model.remote_labour_share.values > 0.0).any():
        a.markets["remote labour"] = (a.work * far).sum(), (away * a.at_work * what).sum()
    target = migration.audit_target(model, a.real)
    a.motion = {"zero profit": (a.earned, a.fixed), "people": (L, target)}
    return a


def _gap(here: np.ndarray, there: Any) -> float:
    """Largest difference, relative to the variable but not to less than 1e-9 of its largest."""
    scale = np.maximum(np.abs(here), 1e-9 * np.max(np.abs(here)))
    return float(np.max(np.abs(here - there) / np.where(scale > 0.0, scale, 1.0)))
