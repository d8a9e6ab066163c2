"""Jurisdictions: who taxes whom, where the money goes, whose land it is, who may move where.

All money between firms and buyers is one chain of wedges j, from the firm outwards: the commission,
then those of mechanisms in their order, last those that households alone pay at the till.

    pi^0 = 1,  pi^j = pi^(j-1) (1+t^j),  M = pi^J       buyers pay M times what firms receive
    share^j = (pi^j - pi^(j-1))/M                       of a buyer's money, for who collects
    Theta^j = share^j s = t^j pi^(j-1) R                s sales at buyers' prices, R at firms'

Their order changes nothing but the split. A jurisdiction g collects from sales of its firms
(origin) or to its buyers (destination), or has all of a wedge; of its money Gamma_g

    everyone    D L                                     by Walras' law: D sum L = rents that nobody
                                                        owns + proceeds that everyone has
    owners      Y_p += o_p Gamma                        where platforms have owners; else everyone
    residents   Y_q += L_q Gamma_g/L_g
    public      S_q += L_q Gamma_g/L_g = X_q            spent on what households buy, and worth
                V_q  = [Y_q/L_q + omega X_q L_q^-rho]/P_q
    land        Y_q += rents_q, or L_q/L_g times all of g's    where it has owners
                rents_q = h_q H_q, and what land of an industry's own earns (``site_bound``)

What is owed per head, Gamma_g/L_g =: x, is an unknown in levels with the row sum Gamma - x sum L_q:
of the economy where g has more places than one; where it is one place, of places. Who moves within
g alone (eps, and people a share of all) has U_g; the mean of ln U_g is that of all.

There is one cost of living, P_q: the price of what households buy in a place, after their taxes, by
what it is worth to them (``buyer_online``, ``platforms``). All that is real is deflated by it, and
what groups have adds up to what residents and governments spend, sum_q (Y_q + X_q)/P_q: pay, rents,
what owners of platforms have left, taxes, and what mechanisms add (``Mechanism.earnings``).

What households pay more, a factor F_kc = prod (1+t) that does not differ by origin (tax on housing:
F_h), raises their price index,

    G0_k^(1-sigma) = sum_c P_kc (wedge_kc F_kc)^(1-sigma),      spending E0 = mu S

and E stands for firms' spending and what theirs is at firms' prices: E = E1 + E0 (G0/G)^(sigma-1)
F_k^-sigma with the largest F_kc, in which no unknown is new where channels are taxed alike. Else
A = E0 G0^(sigma-1) is, an unknown of places:

    spent_c = [E G^(sigma-1) + A (F_kc^-sigma - F_k^-sigma)] wedge^-sigma

A rate that differs by origin alone is a part of net, by destination alone of wedge (``equations``),
so that places meet in no more products; by both, of the freeness of trade. Money that a place
cannot add up by itself (of a wedge by destination, if a later one differs by origin, ...) arrives
by links: Gamma_q = spent_q wedge_q sum_p K_pq share_pq x_p, and the same with places exchanged.
Off: absent, or one nation.
Source: after Lockwood, de Meza & Myles (1994); Gros (1987) for the closed form.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, in_words, near
from nege.kernels.duals import exp, log
from nege.models import fields
from nege.models.agglomeration.kinds import CHANNELS
from nege.models.agglomeration.mechanisms import migration
from nege.models.agglomeration.mechanisms.chain import chain
from nege.models.agglomeration.mechanisms.commission import owned
from nege.models.agglomeration.mechanisms.frame import (
    NATION,
    Mechanism,
    Name,
    Own,
    Wedge,
    wedges,
)
from nege.models.fields import Field
from nege.models.solutions import Variable

PLACES, COMMISSION = "places", "commission"
GONE = 0.01  # of pay: income that is all but gone
GROUPS = ("labour", "land", "platforms", "government")


# --- equations ------------------------------------------------------------------------


def _costs(m, to, met, made):
    for cell in range(2 * to.industries):
        k, c = cell // 2, cell % 2
        made[m.kept + cell] = made[to.net + cell]
        made[to.net + cell] -= m.by_origin[k, c]
        made[to.wedge + cell] += m.by_destination[k, c]


def _offers(m, to, met, made):
    for k in range(to.industries):
        for c in range(2 if int(m.apart) > 0 else 0):
            cell = 2 * k + c
            more = exp(met[m.households + k] - m.sigma[k] * made[to.wedge + cell])
            made[to.spent + cell] += m.spread[k, c] * more
    for i in range(int(m.link)):
        cell = int(m.cell[i])
        made[m.sent + i] = made[to.supply + cell]
        if m.arrives[i] == 0.0:
            made[m.sent + i] = made[to.spent + cell] * exp(made[to.wedge + cell])


def _sales(m, to, met, made):
    for j in range(int(m.wedge)):
        made[m.collected + j] = 0.0
        for cell in range(2 * to.industries):
            k, c = cell // 2, cell % 2
            if m.of_receipts[j, k, c] != 0.0:
                over = exp(-made[m.kept + cell])
                over = over - 1.0 if m.of_commission[j] > 0.0 else over
                made[m.collected + j] += m.of_receipts[j, k, c] * over * made[to.receipts + cell]
            if m.of_sales[j, k, c] != 0.0:
                bought = met[to.price + cell] * made[to.spent + cell] * exp(made[to.wedge + cell])
                if m.of_commission[j] > 0.0:
                    bought *= 1.0 - exp(made[m.kept + cell])
                made[m.collected + j] += m.of_sales[j, k, c] * bought
    for i in range(int(m.link)):
        cell, j = int(m.cell[i]), int(m.of_wedge[i])
        money = met[to.arrives - to.sends + m.sent + i]
        if m.arrives[i] > 0.0:
            money = money * made[to.spent + cell] * exp(made[to.wedge + cell])
        else:
            money = money * made[to.supply + cell]
        if m.of_commission[j] > 0.0:
            money *= 1.0 - exp(made[m.kept + cell])
        made[m.collected + j] += money


def _incomes(m, to, met, made):
    people, worth = exp(met[to.people]), 0.0 * met[to.wage]
    if m.rent_to == -2.0:
        made[to.transfer] += made[to.rents]
    for i in range(int(m.pot)):
        money = m.weight[i] * met[m.owed + i]
        if m.per_head[i] > 0.0:
            money = money * people
        if m.public[i] > 0.0:
            made[to.public] += money
            worth += m.worth[i] * money * exp(-m.rivalry[i] * met[to.people])
        else:
            made[to.transfer] += money
    for i in range(int(m.purse)):
        money = people * met[m.due + i]
        if m.public_here[i] > 0.0:
            made[to.public] += money
            worth += m.worth_here[i] * money * exp(-m.rivalry_here[i] * met[to.people])
        else:
            made[to.transfer] += money
    made[to.worth] += worth
    spending = made[to.income] + made[to.transfer] + made[to.public]
    till = int(m.wedge) if m.has_till > 0.0 else 0  # what households pay there
    for j in range(till):
        made[m.collected + j] += m.of_housing[j] * spending
    for k in range(to.industries if till > 0 else 0):
        index = 0.0 * people
        for c in range(2):
            power = (1.0 - m.sigma[k]) * (made[to.wedge + 2 * k + c] + m.till[k, c])
            made[m.bought + c] = met[to.price + 2 * k + c] * exp(power)
            index += made[m.bought + c]
        made[m.dearer + k] = log(index) / (1.0 - m.sigma[k])
        for c in range(2):
            bought = m.consumption[k] * spending * made[m.bought + c] / index
            for j in range(till):
                made[m.collected + j] += m.of_goods[j, k, c] * bought


def _uses(m, to, met, made):
    people = exp(met[to.people])
    for i in range(int(m.pot)):
        money = m.weight[i] * met[m.owed + i]
        made[m.owed + i] -= money * people if m.per_head[i] > 0.0 else money
    for i in range(int(m.purse)):
        made[m.due + i] = -people * met[m.due + i]
    for j in range(int(m.wedge)):
        if m.route[j] >= 0.0:
            made[m.owed + int(m.route[j])] += made[m.collected + j]
        elif m.route[j] <= -2.0:
            made[m.due - 2 - int(m.route[j])] += made[m.collected + j]
        if m.of_commission[j] > 0.0 and m.owners >= 0.0:
            made[m.owed + int(m.owners)] -= made[m.collected + j]
    if m.rent_to >= 0.0:
        made[m.owed + int(m.rent_to)] += made[to.rents]
    made[to.real] += log(1.0 + made[to.worth] * people / made[to.income])
    if m.has_till > 0.0:
        spending = made[to.income] + made[to.public]
        made[to.land] -= m.housing * spending * (1.0 - exp(-m.till_housing))
        made[to.living] += m.housing * m.till_housing
        for k in range(to.industries):
            dearer, sigma = made[m.dearer + k], m.sigma[k]
            made[to.living] += m.consumption[k] * (dearer - met[to.price_index + k])
            bought = m.consumption[k] * spending
            cheaper = (sigma - 1.0) * (dearer - met[to.price_index + k]) - sigma * m.most[k]
            made[to.demand + k] += bought * (exp(cheaper) - 1.0)
            if m.apart > 0.0:
                made[m.households + k] = -met[m.households + k]
                if m.consumption[k] > 0.0:
                    made[m.households + k] += log(bought) + (sigma - 1.0) * dearer


# --- the mechanism --------------------------------------------------------------------


class Members(Field):
    """Which places a jurisdiction has; places each their own; or all of them one nation."""

    takes = "Mapping[str, Sequence[str]] | str"

    def check(self, value: Any, economy: Any) -> xr.DataArray | None:
        """Return the jurisdiction of every place, by label."""
        if value is None:
            return None
        names = [str(name) for name in economy.geography.names]
        if isinstance(value, xr.DataArray):
            given = dict(zip(map(str, value["place"].values), map(str, value.values), strict=True))
            value = {g: [p for p in given if given[p] == g] for g in dict.fromkeys(given.values())}
        elif isinstance(value, str) and value == PLACES:
            value = {name: [name] for name in names}
        elif isinstance(value, str) and value in economy.geography.columns:
            value = self.check(fields.by_column(self.name, value, ("place",), economy), economy)
        allowed = 'names of jurisdictions with their places, or "places", each its own'
        if not isinstance(value, Mapping) or not value:
            cure = 'For example {"north": ["0", "1"], "south": ["2", "3"]}.'
            raise InputError(self.name, value, allowed, cure)
        found: dict[str, str] = {}
        for g, members in value.items():
            label = validation.texts(self.name, [g])[0]
            members = [members] if isinstance(members, str) else members
            for place in validation.texts(self.name, members):
                if place not in names:
                    raise InputError(self.name, place, "a place of the economy", near(place, names))
                if place in found:
                    cure = f"It is in {found[place]!r} already."
                    raise InputError(self.name, place, "in one jurisdiction", cure)
                found[place] = label
        if lacking := [name for name in names if name not in found]:
            raise InputError(self.name, lacking, "in one of the jurisdictions, as every place is")
        if lacking := [g for g in value if g not in found.values()]:
            raise InputError(self.name, lacking, "jurisdictions that have places")
        for g in set(names) & set(found.values()):
            if [name for name in names if found[name] == g] != [g]:
                cure = "A rate under that name would be of the one or the other: rename it."
                raise InputError(self.name, g, "another name than a place has", cure)
        labels = np.array([found[name] for name in names])
        labels.flags.writeable = False
        return xr.DataArray(labels, {"place": names}, "place", self.name)


class Shares(Field):
    """Shares of jurisdictions in people."""

    takes = "Values"

    def check(self, value: Any, economy: Any) -> xr.DataArray | None:
        """Return shares by label."""
        if value is None:
            return None
        names = [str(name) for name in economy.labels()["jurisdiction"]]
        shares = validation.shares(self.name, value, names, dim="jurisdiction")
        if not (shares > 0.0).all():
            raise InputError(self.name, value, "positive in every jurisdiction")
        return xr.DataArray(shares, {"jurisdiction": names}, "jurisdiction", self.name)


class Jurisdictions(Mechanism):
    """Countries, provinces, cities: who taxes whom, whose the land is, and who moves where.

    Without it an economy with taxes is one nation. Results have ``revenue`` by wedge and
    jurisdiction, in money, ``trade`` by jurisdiction of seller and of buyer, ``trade_balance`` by
    place, ``jurisdiction_welfare``, ``living_cost`` by place, and ``group_income``, deflated by
    it: labour, land, platforms, government, and data where these are sold.

    Examples
    --------
    >>> import nege
    >>> from nege import mechanisms as mech
    >>> halves = mech.Jurisdictions({"north": ["0", "1"], "south": ["2", "3"]}, movement="within")
    >>> found = nege.solve(nege.OnlineAgglomeration(mechanisms=[halves, mech.Tax("vat", 0.1)]))
    >>> float(found.data.revenue.sel(wedge="vat", jurisdiction="north")) > 0.0
    True
    """

    members: Any = Members(
        words="places of each jurisdiction",
        unit="",
        default=None,
        more='"places" makes each its own; by default all are one, the nation.',
        kw_only=False,
    )
    movement: str = fields.word(
        "whether people move between jurisdictions", ("everywhere", "within"), default="everywhere"
    )
    land: str = fields.word(
        "whose land it is", ("everyone", "jurisdiction", "place"), default="everyone"
    )
    people: Any = Shares(
        words="shares of jurisdictions in people, where these move within them",
        dims=("jurisdiction",),
        default=None,
        more="By default those of `home_weight`.",
    )
    name: Any = Name(
        words="what the economy calls it",
        unit="",
        default=None,
        more="By default its kind. Dotted names start with it.",
    )

    kind: ClassVar[str] = "jurisdictions"
    alone: ClassVar[bool] = True
    has_wedges: ClassVar[bool] = True
    rank: ClassVar[int] = 10  # it adds up what all others have left
    own_dims: ClassVar[Sequence[str]] = ("wedge", "link", "pot", "purse", "household")
    equations: ClassVar = {
        **{"costs": _costs, "offers": _offers, "sales": _sales},
        **{"incomes": _incomes, "uses": _uses},
    }
    unknowns: ClassVar = {
        "households": Own(("household",), start=0.1),
        "due": Own(("purse",), log=False, start=0.0),
    }
    shared: ClassVar = {"owed": Own(("pot",), log=False, start=0.0)}
    sent: ClassVar = {"sent": Own(("link",))}
    notes: ClassVar = {
        **{"kept": Own(("industry", "channel")), "collected": Own(("wedge",))},
        **{"bought": Own(("channel",)), "dearer": Own(("industry",))},
    }
    outcomes: ClassVar[Mapping[str, Variable]] = {
        "revenue": Variable(("wedge", "jurisdiction"), "what wedges collect", "wage bill"),
        "group_income": Variable(("group",), "real income of functional groups", "utility"),
        "living_cost": Variable(
            ("place",), "cost of living: price of what households buy, housing too", "wage bill"
        ),
        "jurisdiction_welfare": Variable(
            ("jurisdiction",), "expected utility of people who live there", "utility"
        ),
        "household_price_index": Variable(
            ("industry", "place"), "price index of households, after their taxes", "wage bill"
        ),
        "trade_balance": Variable(
            ("place",), "sales less purchases, at buyers' prices", "wage bill"
        ),
        "trade": Variable(
            ("seller", "buyer"),
            "sales by jurisdiction of seller and buyer, at buyers' prices before retail taxes",
            "wage bill",
        ),
    }

    # --- who is where -----------------------------------------------------------------

    def of_places(self, economy: Any) -> tuple[np.ndarray, list[str]]:
        """Return the number of each place's jurisdiction, and their names."""
        if self.members is None:
            return np.zeros(len(economy.geography), int), [NATION]
        members = [str(name) for name in self.members.values]
        names = list(dict.fromkeys(members))
        return np.array([names.index(name) for name in members]), names

    def labels_given(self, economy: Any) -> Mapping[str, Sequence[str]]:
        """Return the names of jurisdictions."""
        field = dataclasses.replace(self.fields["members"], name=f"{self.name}.members")
        members = field.check(self.members, economy)
        return {"jurisdiction": self._names(members)}

    @staticmethod
    def _names(members: xr.DataArray | None) -> list[str]:
        return [NATION] if members is None else list(dict.fromkeys(map(str, members.values)))

    def coordinates(self, economy: Any) -> Mapping[str, Sequence[str]]:
        """Return the names along dimensions of results."""
        known = chain(economy)
        dims = {"wedge": [COMMISSION, *known.names], "group": _groups(economy)}
        return {**dims, **dict.fromkeys(("jurisdiction", "seller", "buyer"), known.labels)}

    def log_start(self, economy: Any, rent: float, price_index: np.ndarray) -> dict[str, Any]:
        """Return the unit of A = E0 G0^(sigma - 1)."""
        return {"households": (economy.sigma.values - 1.0) * price_index}

    def groups(self, economy: Any) -> tuple[np.ndarray, np.ndarray] | None:
        """Return where people stay, and how many of them."""
        if self.movement == "everywhere":
            return None
        group, names = self.of_places(economy)
        home = economy.home_weight.values
        people = np.bincount(group, home, len(names)) / home.sum()
        if self.people is not None:
            people = np.asarray(self.people, dtype=float)
        return group, people / people.sum()

    def check(self, economy: Any) -> None:
        """Refuse wedges that do not go with each other, or with how places trade."""
        if self.people is not None and self.movement != "within":
            cure = "Add movement='within', or leave it out: people live where they like."
            allowed = "left out where people move everywhere"
            value = self.people.values.tolist()
            raise InputError(f"{self.name}.people", value, allowed, cure)
        known = chain(economy)
        for name, one in known.retail.items():
            if one.rate.shape[2] > 1 or one.collector == "origin" or one.of_commission:
                cure = "Leave origins out, with base='destination', or let buyers be 'all'."
                allowed = "alike for all origins where households alone pay"
                raise InputError(f"{name}.buyers", one.buyers, allowed, cure)
        for host, other in economy.mechanisms.items():
            for name, one in known.retail.items():
                if other.kind == "buyer_online" or (other.kind == "platforms" and one.by_channel):
                    cure = (
                        "Tax channels alike, or"
                        if other.kind == "platforms"
                        else "Leave it out, or"
                    )
                    allowed = f"'all', for {host!r} says which buyers are where"
                    cure += " let buyers be 'all'."
                    raise InputError(f"{name}.buyers", one.buyers, allowed, cure)
        for name, one in known.sales.items():
            if one.housing is not None:
                cure = "Firms pay for land, but no rent of housing."
                raise InputError(f"{name}.buyers", one.buyers, "'households', for housing", cure)
        if known.links:
            name = known.names[known.links[0][0]]
            for one in economy.mechanisms.values():
                if one.trade is not None:
                    cure = f"Let proceeds of {name!r} be everyone's, or leave {one.name!r} out."
                    cure += " Taxes by origin before those by destination would do, too."
                    allowed = f"such that each place knows its revenue, beside {one.name!r}"
                    raise InputError(f"{name}.proceeds", "by pairs of places", allowed, cure)

    # --- what kernels read ------------------------------------------------------------

    def lengths(self, economy: Any) -> Mapping[str, int]:
        """Return how many wedges, links and pots there are."""
        known = chain(economy)
        found = {"wedge": len(known.every), "link": len(known.links), "pot": len(known.pots)}
        found["purse"] = len(known.purses)
        return {**found, "household": known.industries if known.apart else 0}

    @classmethod
    def numbers(cls) -> dict[str, tuple[str, ...]]:
        """Return what its equations read, with dimensions."""
        cells, by_wedge = ("industry", "channel"), ("wedge", "industry", "channel")
        found: dict[str, tuple[str, ...]] = dict.fromkeys(("wedge", "link", "pot", "apart"), ())
        found |= {"sigma": ("industry",), "consumption": ("industry",), "housing": ()}
        found |= dict.fromkeys(("by_origin", "by_destination"), (*cells, "place"))
        found |= dict.fromkeys(("of_receipts", "of_sales", "of_goods"), (*by_wedge, "place"))
        found |= {"of_commission": ("wedge",), "route": ("wedge", "place")}
        found |= {"purse": ()} | dict.fromkeys(
            ("public_here", "worth_here", "rivalry_here"), ("purse",)
        )
        found |= dict.fromkeys(("cell", "of_wedge", "arrives"), ("link",))
        found |= {"weight": ("pot", "place")}
        found |= dict.fromkeys(("per_head", "public", "worth", "rivalry"), ("pot",))
        found |= {"rent_to": ("place",), "owners": (), "has_till": ()}
        found |= {"till": (*cells, "place"), "spread": (*cells, "place")}
        found |= {"most": ("industry", "place"), "till_housing": ("place",)}
        return {**found, "of_housing": ("wedge", "place")}

    def values(self, economy: Any) -> Mapping[str, Any]:
        """Return what these are in an economy."""
        known = chain(economy)
        pots = list(known.pots.values())
        found: dict[str, Any] = {
            **{"wedge": len(known.every), "link": len(known.links), "pot": len(pots)},
            **{"apart": float(known.apart), "has_till": float(bool(known.retail))},
            **{"sigma": economy.sigma.values, "consumption": economy.consumption.values},
            "housing": economy.housing,
        }
        found |= {f"by_{side}": known.factors(side) for side in ("origin", "destination")}
        found |= {"of_receipts": known.of_receipts(), "of_sales": known.of_sales()}
        found |= {"route": known.route, "rent_to": known.land, "owners": float(known.owners)}
        found["of_commission"] = [float(one.of_commission) for one in known.every]
        found["purse"] = len(known.purses)
        for name, spent in (("_here", known.purses), ("", [pot.public for pot in pots])):
            found[f"public{name}"] = [float(one is not None) for one in spent]
            found[f"worth{name}"] = [one.worth if one else 0.0 for one in spent]
            found[f"rivalry{name}"] = [one.rivalry if one else 0.0 for one in spent]
        found["cell"] = [2 * k + c for _, k, c, _ in known.links]
        found["of_wedge"] = [j for j, *_ in known.links]
        found["arrives"] = [float(one[-1]) for one in known.links]
        found["weight"] = np.array([pot.weight for pot in pots]).reshape(-1, known.places)
        found["per_head"] = [float(pot.per_head) for pot in pots]
        goods, housing = known.at_till()
        of_goods, of_housing = known.till_shares()
        till, most = goods.sum(0), goods.sum(0).max(1)
        sigma = economy.sigma.values[:, None, None]
        found |= {"till": till, "most": most, "till_housing": housing.sum(0)}
        found["spread"] = np.exp(-sigma * till) - np.exp(-sigma * most[:, None])
        return {**found, "of_goods": of_goods, "of_housing": economy.housing * of_housing}

    def between(self, economy: Any) -> list[np.ndarray]:
        """Return wedges that differ by origin and destination."""
        return chain(economy).between()

    def links(self, economy: Any, paid: np.ndarray) -> np.ndarray:
        """Return what brings together money that a place does not know by itself."""
        return chain(economy).tables(paid)

    # --- results ----------------------------------------------------------------------

    def outcome(self, economy: Any, p: Any, at: Any, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return what wedges collect, and who has what: from sales by pair of places."""
        known, to = chain(economy), p.slots
        k, places, mu = known.industries, known.places, economy.consumption.values

        def cells(table: np.ndarray, slot: int) -> np.ndarray:
            part: np.ndarray = table[slot : slot + 2 * k].reshape(k, len(CHANNELS), places)
            return part

        price, wedge = cells(at.met, to.price), np.exp(cells(at.made, to.wedge))
        flows = cells(at.made, to.supply)[..., None] * p.operator.freeness
        flows *= at.pairs if p.has_trades else 1.0
        total = flows.sum(2)
        bought = price * cells(at.made, to.spent) * wedge  # at buyers' prices
        flows *= (bought / np.where(total > 0.0, total, 1.0))[:, :, None]
        # households, at the till
        goods, _ = known.at_till()
        power = (1.0 - economy.sigma.values)[:, None, None]
        weights = price * (wedge * np.exp(goods.sum(0))) ** power
        index = weights.sum(1) ** (1.0 / power[:, 0])
        shares = mu[:, None, None] * weights / weights.sum(1)[:, None]
        spending = found["income"] + at.made[to.public]
        # what each wedge collects, by the place that collects it
        taken, kept = [], cells(at.made, to.net) + known.factors("origin")
        for one, share in zip(known.sales.values(), known.shares(), strict=True):
            part = -np.expm1(kept)[..., None] if one.of_commission else 1.0
            money = (flows * share * part).sum((0, 1))
            taken.append(money.sum(1 if one.collector == "origin" else 0))
        of_goods, of_housing = known.till_shares()
        for j in range(len(known.sales), len(known.every)):
            part = (of_goods[j] * shares).sum((0, 1)) + economy.housing * of_housing[j]
            taken.append(spending * part)
        commission = float(found["commission_revenue"])
        left = commission - sum(
            m.sum() for m, w in zip(taken, known.every, strict=True) if w.of_commission
        )
        group = known.group
        real = at.made[to.real] + np.log(economy.amenity.values)
        inside = [group == g for g in range(len(known.labels))]
        people = found["population"] / found["population"].sum()
        living, heads = np.exp(at.made[to.living]), owned(economy, people)
        has: dict[str, Any] = dict.fromkeys(_groups(economy), 0.0)
        has |= {"labour": at.made[to.earned], "platforms": heads * left}
        has["land"] = _by_owner(self.land, group, people, at.made[to.rents])
        for mechanism in economy.mechanisms.acting:
            for name, more in mechanism.earnings(economy, found).items():
                has[name] = has[name] + more
        for one, money in zip(known.every, taken, strict=True):
            whose = "platforms" if one.proceeds == "owners" else "government"
            if one.proceeds == "owners":
                here = heads * money.sum()
            elif one.proceeds == "everyone":
                here = people * money.sum()
            else:
                here = _by_owner("jurisdiction", group, people, known.whose(one, money))
            has[whose] = has[whose] + here
        of = np.array(inside, dtype=float)
        rows = [heads * left, *map(known.whose, known.every, taken)]
        welfare = [migration.welfare_within(economy, real, among) for among in inside]
        return {
            "revenue": np.array([of @ row for row in rows]),
            "group_income": np.array([(one / living).sum() for one in has.values()]),
            "living_cost": living,
            "jurisdiction_welfare": np.array(welfare),
            "household_price_index": index,
            "trade_balance": flows.sum((0, 1, 3)) - flows.sum((0, 1, 2)),
            "trade": of @ flows.sum((0, 1)) @ of.T,
        }

    def remark(self, data: xr.Dataset) -> str:
        """Say whose subsidies are more than they earn, from the data of the last point."""
        revenue = data["revenue"].drop_sel(wedge=COMMISSION)
        if not (revenue.values < 0.0).any():
            return ""
        places = np.full(data.sizes["place"], NATION) if self.members is None else self.members
        income, pay = data["income"].values, (data["population"] * data["wage"]).values
        said = []
        for name in map(str, data["jurisdiction"].values):
            paid = -float(revenue.sel(jurisdiction=name).sum())
            if paid > 0.0 and not paid <= income[np.asarray(places) == name].sum():
                said.append(name)
        if not said:  # owners, for one, pay where they live
            gone = ~(income > GONE * pay)
            said = [str(name) for name in data["place"].values[gone]]
        if not said:
            return ""
        return (
            f"At the last point subsidies exceed what residents of {in_words(said)} earn. Raise "
            "rates that are negative, or let proceeds be everyone's: then all pay."
        )

    # --- audit ------------------------------------------------------------------------

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Put taxes into the published equations, in levels, from what wedges collect."""
        taxes = wedges(economy)
        group, _ = self.of_places(economy)
        retail = [one for one in taxes.values() if one.buyers == "households"]
        L, data = a.data["population"].values, a.data
        G, G0 = (
            data[name].transpose("industry", "place").values
            for name in ("price_index", "household_price_index")
        )
        mu, sigma = economy.consumption.values[:, None], economy.sigma.values[:, None]
        if stage == "incomes":
            if self.land != "everyone":
                a.transfer = a.transfer + _by_owner(self.land, group, L, a.rents)
            for name, one in taxes.items():
                collected = data["revenue"].sel(wedge=name).values
                owners = 0.0 if economy.platform_owner is None else economy.platform_owner.values
                if not isinstance(one.proceeds, str):
                    here = _of(collected, group, L)
                    a.public = a.public + here
                    a.worth = a.worth + one.proceeds.worth * here * L**-one.proceeds.rivalry
                elif one.proceeds == "residents":
                    a.transfer = a.transfer + _of(collected, group, L)
                elif one.proceeds == "owners":
                    a.transfer = a.transfer + owners * collected.sum()
                if one.of_commission:
                    a.transfer = a.transfer - owners * collected.sum()
        elif stage == "uses":
            spending = data["income"].values + a.public
            more: Any = np.ones((*G.shape, len(CHANNELS)))
            housing: Any = 1.0
            for one in retail:
                more = more * (1.0 + one.rate[:, :, 0].transpose(0, 2, 1))
                housing = housing * (1.0 if one.housing is None else 1.0 + one.housing)
            a.kept[self.name] = more, housing, spending
            if not retail:  # then channels are alike
                return
            a.living = a.living * housing**economy.housing * np.prod((G0 / G) ** mu, axis=0)
            a.land = a.land + economy.housing * spending * (1.0 / housing - 1.0)
            theirs = (mu * spending * (G0 / G) ** (sigma - 1.0))[..., None]
            theirs = theirs * more ** -sigma[..., None]
            a.demand = (a.demand - mu * spending)[..., None] + theirs
        elif stage == "sales":
            more, housing, spending = a.kept[self.name]
            power = 1.0 - sigma[..., None]
            weights = a.price * more**power
            bought = mu[..., None] * spending[:, None] * weights / G0[..., None] ** power
            taken = (a.commission / (1.0 + a.commission)).transpose(0, 2, 1)
            flows, lost = a.flows.transpose(0, 2, 1, 3), 0.0
            money: dict[str, Any] = {}
            before: Any = 1.0
            till: Any = 1.0
            of_rent: Any = 1.0
            for name, one in taxes.items():
                place = [str(x) for x in economy.geography.names]
                if one.of_commission:
                    row = flows / _product(taxes) * one.rate * taken[..., None]
                    row = row.sum((0, 1, 2))
                    lost += row.sum()
                elif one.buyers == "households":
                    t = one.rate[:, :, 0].transpose(0, 2, 1)
                    row = (bought * till * t / more).sum((0, 2))
                    till = till * (1.0 + t)
                    if one.housing is not None:
                        row += economy.housing * spending * of_rent * one.housing / housing
                        of_rent = of_rent * (1.0 + one.housing)
                    a.everyone = a.everyone + row.sum()
                else:
                    row = (flows * before * one.rate / _product(taxes)).sum((0, 1))
                    row = row.sum(1 if one.collector == "origin" else 0)
                    before = before * (1.0 + one.rate)
                if one.collector not in ("origin", "destination"):
                    row = row.sum() * (np.arange(len(row)) == place.index(one.collector))
                money[name] = np.bincount(group, row)
            money[COMMISSION] = float(data["commission_revenue"]) - lost
            for name, known in money.items():
                said = data["revenue"].sel(wedge=name).values
                said = said.sum() if name == COMMISSION else said
                a.sides[f"revenue of {name}"] = 1.0 + said, 1.0 + known  # beside the wage bill
            paid = a.sales.sum() - a.receipts.sum() + (bought * (1.0 - 1.0 / more)).sum()
            paid += (economy.housing * spending * (1.0 - 1.0 / housing)).sum()
            balance = flows.sum((0, 1, 3)) - flows.sum((0, 1, 2))
            between = np.zeros((group.max() + 1,) * 2)
            np.add.at(between, (group[:, None], group), flows.sum((0, 1)))
            inside = [
                migration.audit_within(economy, a.real, group == g) for g in range(group.max() + 1)
            ]
            a.sides |= {
                "all that is paid is somebody's": (1.0 + data["revenue"].sum().values, 1.0 + paid),
                "households' price index": (G0, weights.sum(2) ** (1.0 / power[..., 0])),
                "trade balance": (1.0 + data["trade_balance"].values, 1.0 + balance),
                "trade": (1.0 + data["trade"].transpose("seller", "buyer").values, 1.0 + between),
                "welfare of jurisdictions": (data["jurisdiction_welfare"].values, inside),
                "cost of living": (data["living_cost"].values, a.cost_of_living),
            }
            self._audit_groups(economy, a, group, money)

    def _audit_groups(self, economy: Any, a: Any, group: np.ndarray, money: Any) -> None:
        """Hold what each group has against the flows, and their sum against what is spent."""
        L, living, data = a.data["population"].values, a.cost_of_living, a.data
        heads, taxes = owned(economy, L), wedges(economy)
        has: dict[str, Any] = dict.fromkeys(_groups(economy), np.zeros_like(L))
        has["labour"] = a.at_work * a.what + a.paid_apart
        has["land"] = _by_owner(self.land, group, L, a.rents)
        has["platforms"] = heads * money[COMMISSION]
        for name, more in a.earns.items():
            has[name] = has[name] + more
        for name, one in taxes.items():
            if one.proceeds == "owners":
                has["platforms"] = has["platforms"] + heads * money[name].sum()
            elif one.proceeds == "everyone":
                has["government"] = has["government"] + L / L.sum() * money[name].sum()
            else:
                has["government"] = has["government"] + _of(money[name], group, L)
        said = {name: float(data["group_income"].sel(group=name)) for name in has}
        for name, known in has.items():
            a.sides[f"real income of {name}"] = 1.0 + said[name], 1.0 + (known / living).sum()
        spent = ((data["income"].values + a.public) / living).sum()
        a.sides["groups have all that is spent"] = float(data["group_income"].sum()), spent


def _groups(economy: Any) -> list[str]:
    """Return the functional groups that have the income of an economy."""
    more = [name for one in economy.mechanisms.acting for name in one.income_groups]
    return [*GROUPS, *dict.fromkeys(more)]


def _of(money: np.ndarray, group: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Return what residents of places get of money of jurisdictions."""
    return np.asarray(people / np.bincount(group, people)[group] * money[group])


def _by_owner(owner: str, group: np.ndarray, people: np.ndarray, money: np.ndarray) -> np.ndarray:
    """Return what residents get of money of places that is everyone's, or not."""
    if owner == "place":
        return money
    group = group if owner == "jurisdiction" else 0 * group
    return _of(np.bincount(group, money), group, people)


def _product(taxes: Mapping[str, Wedge]) -> Any:
    """Return what buyers pay over what firms get, but for the commission."""
    found: Any = 1.0
    for one in taxes.values():
        if one.buyers == "all" and not one.of_commission:
            found = found * (1.0 + one.rate)
    return found
