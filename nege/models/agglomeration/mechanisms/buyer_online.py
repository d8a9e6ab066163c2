"""Buyers online: who buys online himself reaches sellers online more easily (N11; claim 19b).

    tau_on,e = delta^(1 - b e)          digital trade cost; e: 1 for who buys online, 0 offline
    A, B     = sums of what sellers offer offline and online, at today's tau
    eps      = delta^(b (sigma-1)) >= 1
    G        = (A + B)^(1/(1-sigma))             of who buys offline, which is ``price_index``
    e^r      = [(A + eps B)/(A + B)]^(1/(1-sigma))   that of who buys online, over it
    s        = [sum_l alpha_kl R_l,online + eta mu_k S]/[sum_l alpha_kl R_l + mu_k S]
    sales    offline  x E [(1-s) + s e^((sigma-1) r)] G^(sigma-1) K
             online   x E [(1-s) + s eps e^((sigma-1) r)] G^(sigma-1) K
    c_online *= prod_l e^(alpha_lk r_l);   ln P += eta sum_k mu_k r_k

    b    complementarity, by industry of the seller     eta  households: share that they buy online
    r, s unknowns of each place and industry: of its buyers' price index and spending

Firms buy in the channel that they sell in (those of both, online). At given prices the share of
sales online is larger with a buyer online than with one offline, by w(1-w)(eps-1)/(1-w+eps w),
w = B/(A+B): by more than nothing iff b > 0 and delta > 1. So manufacturing that goes online makes
services online more useful, and they go further online: claim 19b, at given prices. In equilibrium
it needs b above some b* > 0, as cheaper goods, other places and the common pool work against it;
and where services are online already there is nothing left to gain.

No further sum between places. Off: b = 0, exactly, whatever eta.
Source: own form of what Tan & Xia (2022) say of the two sides of agglomeration online.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.kernels.duals import exp, log
from nege.models import fields
from nege.models.agglomeration.kinds import AS_ONE, INDUSTRY, ClosedForm, by_industry
from nege.models.agglomeration.layout import ONLINE
from nege.models.agglomeration.mechanisms.frame import Mechanism, Own
from nege.models.fields import Labelled
from nege.validation import Bounds

PART = Bounds(at_least=0.0, at_most=1.0, cure="It is a part: 0 is none, 1 all of it.")


def _costs(m, to, met, made):
    for k in range(to.industries):
        for mode in range(ONLINE, to.modes):
            for j in range(to.industries):
                made[to.cost + to.modes * k + mode] += m.inputs[j, k] * met[m.relative_price + j]


def _offers(m, to, met, made):
    for k in range(to.industries):
        share = met[m.share + k]
        drawn = share * exp((m.sigma[k] - 1.0) * met[m.relative_price + k])
        made[to.spent + 2 * k] *= 1.0 - share + drawn
        made[to.spent + 2 * k + 1] *= 1.0 - share + np.exp(m.log_gain[k]) * drawn


def _uses(m, to, met, made):
    for k in range(to.industries):
        power, at = 1.0 - m.sigma[k], 2 * k
        offline = met[to.price + at] * exp(power * made[to.wedge + at])
        online = met[to.price + at + ONLINE] * exp(power * made[to.wedge + at + ONLINE])
        better = log(offline + np.exp(m.log_gain[k]) * online) - log(offline + online)
        made[m.relative_price + k] = better / power - met[m.relative_price + k]
        made[to.living] += m.households * m.consumption[k] * met[m.relative_price + k]
        bought = m.households * m.consumption[k] * (made[to.income] + made[to.public])
        for j in range(to.industries):
            for mode in range(ONLINE, to.modes):
                bought += m.inputs[k, j] * made[to.outlay + to.modes * j + mode]
        made[m.share + k] = bought / made[to.demand + k] - met[m.share + k]


class BuyerOnline(Mechanism):
    """Trade costs online that are lower for who buys online himself.

    Examples
    --------
    >>> import nege
    >>> both = nege.mechanisms.BuyerOnline(complementarity={"services": 0.5, "manufacturing": 0.0})
    >>> economy = nege.OnlineAgglomeration(digital_cost=[3.0, 1.2], mechanisms=[both])
    >>> found = nege.solve(economy)
    >>> bool((found.data["buyer_online.relative_price"].sel(industry="services") < 1.0).all())
    True
    """

    complementarity: Labelled[xr.DataArray] = by_industry(
        "part of the digital trade cost, in logs, that who buys online is spared",
        PART,
        default=0.0,
        term="digital cost spared to online buyers",
    )
    households: float = fields.number(
        "share that households buy online",
        PART,
        default=0.0,
        term="share that households buy online",
    )

    kind: ClassVar[str] = "buyer_online"
    alone: ClassVar[bool] = True
    excludes: ClassVar[Mapping[str, str]] = {
        "oligopoly": "A firm's markup would be another for each kind of buyer.",
        "platforms": "What buyers see on a platform would be worth another price to each kind.",
        "sourcing": "What is bought or made would be another for each kind of buyer.",
    }
    equations: ClassVar[Mapping[str, Callable[..., Any]]] = {
        "costs": _costs,
        "offers": _offers,
        "uses": _uses,
    }
    unknowns: ClassVar[Mapping[str, Own]] = {
        "relative_price": Own(
            INDUSTRY, "price index of who buys online over that of who buys offline", "1"
        ),
        "share": Own(INDUSTRY, "share of spending by who buys online", "1", log=False, start=0.5),
    }

    @classmethod
    def numbers(cls) -> dict[str, tuple[str, ...]]:
        """Return what its equations read: ln eps, and shares of cost and spending."""
        by_industry = dict.fromkeys(("sigma", "consumption", "log_gain"), INDUSTRY)
        return {**by_industry, "inputs": ("input", "industry"), "households": ()}

    def values(self, economy: Any) -> Mapping[str, Any]:
        """Return what these are in an economy."""
        found = {name: getattr(economy, name) for name in ("sigma", "consumption", "inputs")}
        return {**found, "log_gain": self._log_gain(economy), "households": self.households}

    def _log_gain(self, economy: Any) -> Any:
        spared = self.complementarity.values * np.log(economy.digital_cost.values)
        return spared * (economy.sigma.values - 1.0)

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Put both kinds of buyers into the published equations, in levels."""
        ratio, share = (
            a.data[f"{self.name}.{name}"].transpose("industry", "place").values
            for name in self.unknowns
        )
        better = np.exp(self._log_gain(economy))[:, None]
        power = (1.0 - economy.sigma.values)[:, None]
        if stage == "costs":
            dearer = np.prod(ratio[:, None] ** economy.inputs.values[:, :, None], axis=0)
            a.cost = a.cost.copy()
            a.cost[..., ONLINE:] = a.cost[..., ONLINE:] * dearer[..., None]
            a.index = a.index * ratio**self.households
        elif stage == "trade":
            drawn = share / ratio**power
            a.drawn = a.drawn * np.stack([1.0 - share + drawn, 1.0 - share + better * drawn], -1)
        elif stage == "sales":
            offline, online = np.moveaxis(a.sales / a.drawn, -1, 0)
            bought = economy.inputs.values @ a.outlay[..., ONLINE:].sum(-1)
            spending = a.data["income"].values + a.public
            bought = bought + self.households * economy.consumption.values[:, None] * spending
            a.sides |= {
                f"{self.name}.relative_price": (
                    ratio**power,
                    (offline + better * online) / (offline + online),
                ),
                f"{self.name}.share": (share * a.demand, bought),
            }


def _all_online(make: Any, solve: Any) -> tuple[Any, Any]:
    """Where all buyers are online and are spared all of it, goods online arrive as they leave."""
    economy = make(inputs=0.0, digital_cost=1.4)
    both = BuyerOnline(complementarity=1.0, households=1.0)
    found = solve(economy.with_mechanisms(both)).data
    known = solve(economy.replace(digital_cost=1.0)).data
    return (
        [*found.total_cost.values.ravel(), *found.population.values, float(found.welfare)],
        [*known.total_cost.values.ravel(), *known.population.values, float(known.welfare)],
    )


def _sales(make: Any, solve: Any) -> tuple[Any, Any]:
    """Compare sales online, in one place, with (1-s) w + s eps w/(1 - w + eps w)."""
    economy = make(**AS_ONE, commission=0.0, digital_cost=1.5)
    both = BuyerOnline(complementarity=[0.3, 1.0], households=0.4)
    data = solve(economy.with_mechanisms(both)).data.isel(place=0)
    cost = data.total_cost.transpose("industry", "channel").values
    better = 1.5 ** (4.0 * np.array([0.3, 1.0]))
    mean = data["buyer_online.relative_price"].values ** -4.0  # 1 - w + eps w
    share, w = data["buyer_online.share"].values, (mean - 1.0) / (better - 1.0)
    return cost[:, 1] / cost.sum(1), (1.0 - share) * w + share * better * w / mean


BuyerOnline.closed_forms = [
    ClosedForm(
        "where all buy online and b is one there is no digital trade cost", _all_online, 1e-8
    ),
    ClosedForm("sellers online sell more to buyers online, by the closed form", _sales),
]
