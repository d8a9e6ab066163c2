"""Oligopoly: firms are few, so that a firm's markup rises with its share of what a place buys.

    s_pcq  = a/M^(sigma-1), a = K_pcq (c_p/net_c)^(1-sigma) G_q^(sigma-1)/nu      a firm's share
    M      = (1 - d1 s)/(1 - d2 s)                   its markup over that of many firms
    S_pcq  = iota_c n_pc^phi nu s_pcq                a group's share;  sum_pc S_pcq = 1 gives G_q
    R_pc   = net sum_q S_pcq E_q                     revenue, which firms spend
    O_pc   = net sum_q S_pcq E_q F(s_pcq)            sigma times operating profit
    F      = sigma - (sigma-1)/M = (1 + e s)/(1 - d1 s),  e = (sigma-1) d2 - sigma d1
    free entry: ln O - ln(n f c) = 0                 in place of ln R - ln(n f c)

    Cournot    d1 = 0                 d2 = kappa = (sigma-eta)/(eta(sigma-1)),  F = 1 + e s
    Bertrand   d1 = 1 - eta/sigma     d2 = (sigma-eta)/(sigma-1),               F = 1/(1 - d1 s)

    nu    firms_per_mass: firms in a unit of effective variety n^phi
    eta   across: elasticity between lines of goods, 1 (the industry is the line) to sigma
    iota  awareness: probability that a buyer considers a seller, by channel
    K     freeness of trade, tau^(1-sigma), with the taxes that a buyer pays
    sigma, phi, c, net, G, E, n, f as in ``equations``

As ln s + (sigma-1) ln M(s) rises in ln s at a slope of at least 1, each s is the one root, below
the pole 1/d2. It is found by Newton's method for

    t(s) = (s/a)^(1/(sigma-1)) (1 - d1 s) - (1 - d2 s) = 0,    0 < s <= min(a, 1/d2)

from what M was last, or from a/(1 + (sigma-1)(d2-d1) a). With r = dln s/dln a,

    r = 1/(1 + (sigma-1)(d2-d1) s/[(1-d1 s)(1-d2 s)])                           pass-through
    dln S_pcq = phi dln n_p + dln a + (r-1) dln a

so that places no longer meet in sums that separate; still each sum is one over pairs.

At zero profit variable cost, (sigma-1)/sigma sum R/M, and fixed cost n f c/sigma are all of R, so
``total_cost`` is R as ever; it is n f c only where M = 1. N_q = 1/sum_pc S s is the number of
effective competitors; the markup of a place is the sales-weighted harmonic mean of
sigma/(sigma-1) M over all who sell there. Under Cournot that is 1/[(sigma-1)/sigma - (1/eta -
1/sigma)/N]. Off: absent, eta = sigma, or nu without limit. A share above one (only eta > 1 allows
it) is less than one firm: the audit says so, and the cure is a larger nu.

With equal firms a barrier keeps out less than in proportion, dln(nu n)/dln f = -(1 + (sigma-1)
kappa s)/(1 + 2 (sigma-1) kappa s), as margins are larger where firms are fewer. Entry steals
business, so welfare may be above or below that with many firms. Price indices fall faster with
entry, dln G/dln n = -phi/((sigma-1) sum S r), which makes linkages stronger: that costs do not
fall faster than firms enter is checked as if firms were many, which is no proof here.
Source: after Atkeson & Burstein (2008); entry is nege's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.kernels import vmath
from nege.kernels.duals import exp, log
from nege.models import fields
from nege.models.agglomeration.kinds import AS_ONE, INDUSTRY, ClosedForm, by_industry, positive
from nege.models.agglomeration.layout import NO_FIRMS
from nege.models.agglomeration.mechanisms.frame import (
    Mechanism,
    Name,
    Own,
    places_of,
    with_equations,
)
from nege.models.fields import Labelled
from nege.models.solutions import Variable
from nege.validation import Bounds

ENOUGH, STEPS = 1e-8, 60  # last relative step: what it leaves is its square; and most of them
TINY = 1e-300
CONDUCT = ("cournot", "bertrand")
BY_CHANNEL = ("industry", "channel")
AWARE = Bounds(above=0.0, at_most=1.0, cure="It is a probability.")
ACROSS = Bounds(at_least=1.0, cure="At 1 the industry is one line of goods; sigma is off.")


def _offers(m, to, met, made):
    """Quote what sellers ask, and what buyers compare it with, in the logs of `a`."""
    for k in range(to.industries):
        sigma = m.sigma[k]
        for c in range(2):
            cost = made[to.cost + to.modes * k + c]
            asked = NO_FIRMS + 0.0 * met[to.wage]
            if cost.real < math.inf:
                better = made[to.net + 2 * k + c] + made[to.appeal + 2 * k + c]
                asked = (1.0 - sigma) * (cost - better)
            made[m.seller + 2 * k + c] = asked
            compared = (sigma - 1.0) * (met[to.price_index + k] - made[to.wedge + 2 * k + c])
            made[m.buyer + 2 * k + c] = compared - math.log(m.firms_per_mass[k])
            made[m.margin + 2 * k + c] = made[m.passing + 2 * k + c] = 0.0 * met[to.wage]


def _trade(m, to, paid, received, pairs, met, made):
    """Solve for the share of every firm in every place, and sum over them."""
    places = paid.shape[2]
    buyer, many, s = np.empty(places), np.empty(places), np.empty(places)
    has_own = received.shape[0] > 0
    for k in range(to.industries):
        d1, d2, power = m.bend[k], m.pole[k], 1.0 / (m.sigma[k] - 1.0)
        e = d2 * (m.sigma[k] - 1.0) - d1 * m.sigma[k]
        lower = (m.sigma[k] - 1.0) * (d2 - d1)
        pole = 1.0 / d2 if d2 > 0.0 else math.inf
        for c in range(2):
            at, brought = 2 * k + c, to.brought - to.quoted + 2 * k + c
            price, crowd = met[to.price + at], met[brought + m.buyer]
            margin, passing = met[brought + m.margin], met[brought + m.passing]
            spent, supplied = made[to.spent + at], made[to.supply + at]
            kept = received[k, c] if has_own else paid[k, c]
            aware = m.awareness[k, c]
            price[:], crowd[:], margin[:], passing[:] = 0.0, 0.0, 0.0, 0.0
            for q in range(places):
                buyer[q] = vmath.exp(made[m.buyer + at, q])
            for p in range(places):
                seller, held = vmath.exp(made[m.seller + at, p]), pairs[k, c, p]
                free = paid[k, c, p]
                for q in range(places):
                    a = seller * free[q] * buyer[q]
                    a = TINY if a < TINY else a
                    many[q] = a
                    last = held[q] * a
                    known = (last > 0.0) & (last <= a) & (last < pole)
                    s[q] = last if known else a / (1.0 + lower * a)
                left, steps = 1.0, 0
                while left > 0.0 and steps < STEPS:
                    left = 0.0
                    for q in range(places):
                        a, x = many[q], s[q]
                        w = vmath.exp(power * vmath.log(x / a))
                        line = 1.0 - d1 * x
                        rise = w * (power * line - d1 * x) + d2 * x
                        new = x - x * (w * line - 1.0 + d2 * x) / rise
                        new = a if new > a else new
                        new = 0.5 * (x + pole) if new >= pole else new
                        left += 0.0 if abs(new - x) <= ENOUGH * x else 1.0  # and for NaN
                        s[q] = new
                    steps += 1
                bad = math.nan if left > 0.0 else 0.0
                reached, earned, sold = 0.0, 0.0, aware * supplied[p]
                for q in range(places):
                    x = s[q]
                    less = 1.0 / (1.0 - d1 * x)
                    share = x / many[q]
                    held[q] = share
                    price[q] += sold * free[q] * share
                    crowd[q] += sold * free[q] * share * x
                    margin[q] += sold * free[q] * share * (1.0 - d2 * x) * less
                    both = (1.0 - d1 * x) * (1.0 - d2 * x)
                    passing[q] += sold * free[q] * share * both / (both + lower * x)
                    revenue = aware * kept[p, q] * share * spent[q]
                    reached += revenue
                    earned += revenue * ((1.0 + e * x) * less)
                met[to.access + at, p], met[brought + m.seller, p] = reached + bad, earned + bad


def _trade_changes(m, to, own, paid, received, pairs, at_met, at_made, met, made):
    """Write the same along changes of what is quoted, supplied and spent."""
    places = paid.shape[2]
    buyer = np.empty(places)
    has_own = received.shape[0] > 0
    for k in range(to.industries):
        d1, d2 = m.bend[k], m.pole[k]
        e = d2 * (m.sigma[k] - 1.0) - d1 * m.sigma[k]
        lower = (m.sigma[k] - 1.0) * (d2 - d1)
        for c in range(2):
            at, brought = 2 * k + c, to.brought - to.quoted + 2 * k + c
            price, access, earns = (
                met[to.price + at],
                met[to.access + at],
                met[brought + m.seller],
            )
            spent, spends = at_made[to.spent + at], made[to.spent + at]
            supplied, supplies = at_made[to.supply + at], made[to.supply + at]
            sellers, buyers = made[m.seller + at], made[m.buyer + at]
            kept = received[k, c] if has_own else paid[k, c]
            aware = m.awareness[k, c]
            met[brought + m.buyer, :], met[brought + m.margin, :] = 0.0, 0.0
            passing = met[brought + m.passing]
            price[:], passing[:] = 0.0, 0.0
            for q in range(places):
                buyer[q] = vmath.exp(at_made[m.buyer + at, q])
            for p in range(places):
                low, high = (p, p + 1) if own else (0, places)
                seller = vmath.exp(at_made[m.seller + at, p])
                held, free = pairs[k, c, p], paid[k, c, p]
                reached, earned, sold, sells = 0.0, 0.0, supplied[p], supplies[p]
                for q in range(low, high):
                    x = held[q] * seller * free[q] * buyer[q]
                    share = aware * held[q]
                    line = 1.0 - d1 * x
                    both = line * (1.0 - d2 * x)
                    passed = 1.0 / (both + lower * x)
                    moved = sellers[p] + buyers[q]
                    turn = -lower * x * passed * moved
                    price[q] += share * free[q] * (sells + sold * turn)
                    bends = -d1 * (1.0 - d2 * x) - d2 * line
                    bends = lower * x * (bends * x - both) * passed * passed * passed * both
                    bent = passed * both * turn + bends * moved
                    passing[q] += share * free[q] * (passed * both * sells + sold * bent)
                    base, spend = share * kept[p, q], spends[q] + spent[q] * turn
                    reached += base * spend
                    rises = (e + d1) * x * both * passed / (line * line) * moved
                    earned += base * (spend * (1.0 + e * x) / line + spent[q] * rises)
                access[p], earns[p] = reached, earned


def _sales(m, to, met, made):
    """Let entry go by profit, and say what markets are like."""
    for k in range(to.industries):
        total, crowd, margin = 0.0 * met[to.wage], 0.0 * met[to.wage], 0.0 * met[to.wage]
        for c in range(2):
            at, brought = 2 * k + c, to.brought - to.quoted + 2 * k + c
            cell = to.modes * k + c
            access = met[to.access + at]
            if access.real > 0.0:
                made[to.firm + cell] += log(met[brought + m.seller]) - log(access)
            made[to.passed + at] = met[brought + m.passing]
            # prices as buyers in this place compare them: with taxes at their destination
            taxed = (1.0 - m.sigma[k]) * made[to.wedge + at]
            weight = math.exp(taxed.real)
            total += weight * met[to.price + at]
            crowd += weight * met[brought + m.buyer]
            margin += weight * met[brought + m.margin]
            made[m.firms + at] = m.firms_per_mass[k] * exp(met[to.firm + cell])
        made[m.effective_competitors + k] = total / crowd
        made[m.markup + k] = m.sigma[k] / (m.sigma[k] - 1.0) * total / margin


class Oligopoly(Mechanism):
    """Few firms, which compete in quantities or prices: markups differ and fall with entry.

    Results have `markup` and `effective_competitors` by industry and place of the buyer, and
    `firms` by industry, place and channel of the seller.

    Examples
    --------
    >>> import nege
    >>> few = nege.mechanisms.Oligopoly("cournot", firms_per_mass=50)
    >>> found = nege.solve(nege.OnlineAgglomeration(mechanisms=[few]))
    >>> found.data.markup.sel(industry="services").values.round(3)
    array([1.289, 1.366, 1.366, 1.366])
    """

    conduct: str = fields.word("how firms compete", CONDUCT, default="cournot", kw_only=False)
    firms_per_mass: Labelled[xr.DataArray] = by_industry(
        "firms in a unit of effective variety",
        positive("It is a number of firms."),
        unit="firms",
        default=50.0,
        term="firms per unit of variety",
    )
    across: Labelled[xr.DataArray] = by_industry(
        "elasticity of substitution between lines of goods",
        ACROSS,
        default=1.0,
        more="At 1 an industry is one line; at sigma firms have no market power beside many.",
        term="substitution between lines of goods (elasticity)",
    )
    awareness: Labelled[xr.DataArray] = fields.over(
        BY_CHANNEL,
        "probability that a buyer considers a seller",
        AWARE,
        varied=True,
        default=1.0,
        term="awareness of sellers (probability)",
    )
    name: Any = Name(
        words="what the economy calls it",
        unit="",
        default=None,
        more="By default its kind. Dotted names start with it.",
    )

    kind: ClassVar[str] = "oligopoly"
    alone: ClassVar[bool] = True
    rank: ClassVar[int] = -2  # markups first: what else is paid of profits goes by them
    excludes: ClassVar[Mapping[str, str]] = {
        "dual_mode": "A firm that sells through both channels would set two markups from one share."
    }
    equations: ClassVar[Mapping[str, Callable[..., Any]]] = {"offers": _offers, "sales": _sales}
    trade: ClassVar[Any] = (_trade, _trade_changes)
    quotes: ClassVar[Mapping[str, Own]] = {
        "seller": Own(dims=BY_CHANNEL),  # comes back as access that profits go by
        "buyer": Own(dims=BY_CHANNEL),  # as sum_p S s, in the units of prices
        "margin": Own(dims=BY_CHANNEL),  # as sum_p S/M, likewise
        "passing": Own(dims=BY_CHANNEL),  # as sum_p S r
    }
    notes: ClassVar[Mapping[str, Own]] = {
        "markup": Own(
            dims=INDUSTRY, words="markup of all who sell in a place", unit="1", called="markup"
        ),
        "effective_competitors": Own(
            dims=INDUSTRY,
            words="effective competitors of all who sell in a place",
            unit="1",
            called="effective_competitors",
        ),
        "firms": Own(dims=BY_CHANNEL, words="number of firms", unit="firms", called="firms"),
    }

    outcomes: ClassVar[Mapping[str, Variable]] = {
        "largest_share": Variable(INDUSTRY, "largest share of one firm in what a place buys", "1"),
    }

    def outcome(self, economy: Any, p: Any, at: Any, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return the largest share of a firm: above one it is less than one firm."""
        to = p.slots
        added = with_equations(economy)
        stand = places_of(economy, to)[added.index(self)]
        largest = np.zeros(to.industries)
        for k in range(to.industries):
            for c in range(2):
                seller, buyer = (
                    np.exp(at.made[stand[name][1] + 2 * k + c]) for name in ("seller", "buyer")
                )
                a = seller[:, None] * p.operator.freeness[k, c] * buyer
                largest[k] = max(largest[k], float(np.max(at.pairs[k, c] * a)))
        return {"largest_share": largest}

    def caveats(self, data: xr.Dataset) -> tuple[str, ...]:
        """Say where there is less than one firm."""
        return tuple(
            f"There is less than one firm in {name}: one would sell {share:.3g} times what a place "
            f"buys. Raise {self.name}.firms_per_mass."
            for name, share in zip(
                data["industry"].values, data["largest_share"].values, strict=True
            )
            if share > 1.0
        )

    def remark(self, data: xr.Dataset) -> str:
        """Say where a failed solve has less than one firm."""
        return " ".join(self.caveats(data))

    @classmethod
    def numbers(cls) -> dict[str, tuple[str, ...]]:
        """Return what its equations read: conduct and elasticities as bend d1 and pole d2."""
        by_industry = dict.fromkeys(("sigma", "bend", "pole", "firms_per_mass"), INDUSTRY)
        return {**by_industry, "awareness": BY_CHANNEL}

    def values(self, economy: Any) -> Mapping[str, Any]:
        """Return what these are in an economy."""
        bend, pole = self._conduct(economy)
        found = {"sigma": economy.sigma.values, "bend": bend, "pole": pole}
        return {**found, "firms_per_mass": self.firms_per_mass, "awareness": self.awareness}

    def check(self, economy: Any) -> None:
        """Refuse lines of goods that are closer substitutes than goods of one line."""
        self._conduct(economy)

    def _conduct(self, economy: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return d1 and d2, where markups bend and where they have their pole."""
        sigma, eta = economy.sigma.values, self.across.values
        if (eta > sigma).any():
            k = int(np.argmax(eta > sigma))
            raise InputError(
                f"{self.name}.across",
                eta.tolist(),
                f"at most sigma, which is {sigma[k]:g} for {economy.industries[k]!r}",
                "Goods of one line are the closer substitutes; at sigma firms are as if many.",
            )
        if self.conduct == "cournot":
            return np.zeros_like(sigma), (sigma - eta) / (eta * (sigma - 1.0))
        return 1.0 - eta / sigma, (sigma - eta) / (sigma - 1.0)

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Solve for shares by bisection, and hold what results say against them."""
        if stage == "trade":
            sigma = economy.sigma.values[:, None, None, None]
            d1, d2 = (one[:, None, None, None] for one in self._conduct(economy))
            index = a.data["price_index"].transpose("industry", "place").values
            nu = self.firms_per_mass.values[:, None, None, None]
            cost = (a.cost / (a.net * a.appeal))[..., None]  # (industry, place, channel, 1)
            bought = (a.wedge / index[..., None]).transpose(0, 2, 1)[:, None]
            share = _bisected(a.paid * (cost * bought) ** (1.0 - sigma) / nu, sigma, d1, d2)
            factor = (1.0 - d1 * share) / (1.0 - d2 * share)
            much = self.awareness.values[:, None, :, None] * factor ** (1.0 - sigma)
            a.paid, a.received = a.paid * much, a.received * much
            a.over = sigma - (sigma - 1.0) / factor
            n = a.data["firm_mass"].transpose("industry", "place", "channel").values[..., None]
            effective = n ** economy.variety.values[:, None, None, None]
            weight = self.awareness.values[:, None, :, None] * effective * nu * share
            both = (1.0 - d1 * share) * (1.0 - d2 * share)
            passed = both / (both + (sigma - 1.0) * (d2 - d1) * share)
            sold = weight.sum(1)
            mean = np.divide((weight * passed).sum(1), sold, out=0.0 * sold + 1.0, where=sold > 0.0)
            a.passed = mean.transpose(0, 2, 1)
            a.kept[self.name] = weight, share, sigma / (sigma - 1.0) * factor
        elif stage == "sales":
            weight, share, markup = a.kept[self.name]
            data = a.data.transpose("industry", "place", "channel", ...)
            sold = weight.sum((1, 2))
            a.sides |= {
                "markup": (data["markup"].values, sold / (weight / markup).sum((1, 2))),
                "effective competitors": (
                    data["effective_competitors"].values,
                    sold / (weight * share).sum((1, 2)),
                ),
                "firms": (
                    data["firms"].values,
                    self.firms_per_mass.values[:, None, None] * data["firm_mass"].values,
                ),
                "at least one firm": (np.ones(()), np.maximum(1.0, share.max())),
            }


def _bisected(a: np.ndarray, sigma: Any, d1: Any, d2: Any) -> np.ndarray:
    """Return the share s with s M(s)^(sigma-1) = a, by halving where it may be."""
    with np.errstate(divide="ignore"):
        low, high = np.zeros_like(a), np.minimum(a, 1.0 / d2 * np.ones_like(a))
    for _ in range(80):
        s = 0.5 * (low + high)
        below = s * ((1.0 - d1 * s) / (1.0 - d2 * s)) ** (sigma - 1.0) < a
        low, high = np.where(below, s, low), np.where(below, high, s)
    return np.where(d2 > 0.0, high, a)


def _alike(make: Any) -> Any:
    """Return an economy whose firms cost one, a quarter of an industry in each group."""
    alone = {"spillover": 0.0, "commission": 0.0, "housing": 0.0, "land_share": 0.0, "inputs": 0.0}
    return make(**AS_ONE, **alone, consumption=[0.6, 0.4], digital_cost=1.0, variety=0.7)


def _entry(make: Any, solve: Any) -> tuple[Any, Any]:
    """Return firms, and what is spent on their group times F(s): s = 1/(4 nu n^phi)."""
    found, known = [], []
    for conduct in CONDUCT:
        few = Oligopoly(conduct, firms_per_mass=20.0, across=1.5)
        n = solve(_alike(make).with_mechanisms(few)).data.firm_mass.values
        s = 1.0 / (4.0 * 20.0 * n**0.7)
        factor = 1.0 + 3.5 / 1.5 * s if conduct == "cournot" else 1.0 / (1.0 - 0.7 * s)
        found.append(n)
        known.append(np.array([0.15, 0.1])[:, None, None] * factor)
    return np.array(found), np.array(known)


def _mean_markup(make: Any, solve: Any) -> tuple[Any, Any]:
    """Return Cournot markups where places differ, and 1/[(sigma-1)/sigma - (1/eta-1/sigma)/N]."""
    few = Oligopoly("cournot", firms_per_mass=[20.0, 50.0], across=1.2)
    data = solve(make(mechanisms=[few])).data
    return data.markup, 1.0 / (0.8 - (1.0 / 1.2 - 0.2) / data.effective_competitors)


Oligopoly.closed_forms = [
    ClosedForm("free entry of few firms: n f c = R F(s)", _entry),
    ClosedForm("Cournot markups follow from effective competitors alone", _mean_markup),
]
