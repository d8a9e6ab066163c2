"""The members of the classical family: a model is tested like the others by being listed here."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import reference_family as slow
import reference_linkages
import reference_quantitative as spatial

import nege


class Member(NamedTuple):
    """A model, and what the tests have to know of it."""

    kind: type
    draw: Callable  # (rng, n, online): a random economy of n places
    payoffs: Callable  # (model, share, name, step): ln payoffs, see reference_family
    balance: Callable  # (model, data): relative violation of what has to add up
    equal: Callable  # (n, online): n equal places at equal distances
    breaks: tuple  # parameter and interval in which dispersion of equal places may break
    additive: bool = False  # whether trade costs add to prices, not multiply them
    online: bool = True  # whether it takes an online region

    @property
    def name(self):
        return self.kind.__name__


def two_regions():
    """Return Krugman's two regions where trade is dear, in which claims are examined."""
    places = nege.geography.equidistant(2)
    return nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2.6)


def distances(rng, n):
    """Other ones back, no detour shorter."""
    distance = 0.5 + 0.5 * rng.random((n, n))
    np.fill_diagonal(distance, 0.0)
    return nege.geography.from_distance(distance)


def drawn(kind, trade_cost, online, **ranges):
    """Return a function that draws economies of a kind, numbers uniformly from their ranges."""

    def draw(rng, n, with_online):
        values = {name: rng.uniform(*ends) for name, ends in ranges.items()}
        region = {name: rng.uniform(*ends) for name, ends in online.items()}
        return kind(
            distances(rng, n),
            trade_cost=rng.uniform(*trade_cost),
            online=nege.OnlineRegion(**region) if with_online else None,
            **{kind.immobile: rng.dirichlet(np.ones(n))},
            **values,
        )

    return draw


def alike(kind, digital, **values):
    """Return a function that makes economies of equal places at equal distances."""

    def equal(n, with_online):
        online = {"online": nege.OnlineRegion(trade_cost=digital)} if with_online else {}
        return kind(nege.geography.equidistant(n), **online, **values)

    return equal


ICEBERG = (1.2, 5.0)
REGION = {"trade_cost": (1.0, 2.0), "commission": (0.0, 0.3), "amenity": (0.8, 1.2)}


def kept(model):
    """Return 1 - commission, by region."""
    net = np.ones(len(model.regions))
    if model.online is not None:
        net[-1] -= model.online.commission
    return net


def core_periphery_balance(model, data):
    """What is earned is what is spent on manufactures, and the numeraire makes it one."""
    gross = float(np.sum(data["share"].values * data["wage"].values / kept(model)))
    income = float(data["income"].sum())
    return max(abs(gross - 1.0), abs(income - (1.0 - model.mu + model.mu * gross)))


def footloose_entrepreneur_balance(model, data):
    """What firms sell is what is spent on manufactures; income is what everybody earns."""
    earned = data["share"].values * data["wage"].values
    sales, income = model.sigma * earned / kept(model), float(data["income"].sum())
    total = 1.0 + np.sum(earned) + np.sum((1.0 - kept(model)) * sales)
    return max(abs(np.sum(sales) / (model.mu * income) - 1.0), abs(total / income - 1.0))


def draw_linkages(rng, n, with_online):
    """Mobile labour; what firms and workers spend on firms stays below what prices bear."""
    sigma = rng.uniform(2.0, 8.0)
    inputs = rng.uniform(0.05, 0.8) * (1.0 - 1.0 / sigma)
    region = {name: rng.uniform(*ends) for name, ends in REGION.items()}
    return nege.VerticalLinkages(
        distances(rng, n),
        sigma=sigma,
        mu=rng.uniform(0.05, 0.8) * (1.0 - 1.0 / (sigma * (1.0 - inputs))),
        inputs=inputs,
        trade_cost=rng.uniform(*ICEBERG),
        labour="mobile",
        agriculture=rng.uniform(0.3, 0.95),
        land=rng.dirichlet(np.ones(n)),
        online=nege.OnlineRegion(**region) if with_online else None,
    )


def linkages_balance(model, data):
    """What firms sell is what is spent on varieties; what agriculture sells, on its good."""
    payroll = (data["wage"] * data["employment"]).values
    sales = data["profitability"].values * payroll / (1.0 - model.inputs) / kept(model)
    income = float(data["income"].sum())
    spent = model.mu * income + model.inputs / (1.0 - model.inputs) * payroll.sum()
    farms = float((data["wage"] * (data["population"] - data["employment"])).sum())
    food = farms / model.agriculture / ((1.0 - model.mu) * income)
    return max(abs(sales.sum() / spent - 1.0), abs(food - 1.0))


def footloose_capital_balance(model, data):
    """What firms sell is the part mu of all spending, which is one."""
    sales = model.sigma * data["share"].values * data["profit"].values / kept(model)
    income = float(data["income"].sum())
    return max(abs(np.sum(sales) / model.mu - 1.0), abs(income - 1.0))


def quasi_linear_balance(model, data):
    """What firms sell is alpha times the number of people; income is what they earn."""
    earned, people = data["share"].values * data["wage"].values, 1.0 + model.unskilled_ratio
    sales = model.sigma * earned / kept(model)
    income = model.unskilled_ratio + np.sum(earned) + np.sum((1.0 - kept(model)) * sales)
    known = float(data["income"].sum())
    return max(abs(np.sum(sales) / (model.alpha * people) - 1.0), abs(income / known - 1.0))


def linear_demand_draw(rng, n, with_online):
    """Costs within the limit at which some pair would stop trading."""
    drawn = {name: rng.uniform(*ends) for name, ends in LINEAR.items()}
    limit = 2 * drawn["a"] / (2 * drawn["b"] + drawn["c"] * drawn["total_skilled"] / drawn["phi"])
    online = None
    if with_online:
        commission, amenity = rng.uniform(0.0, 0.3), rng.uniform(0.8, 1.2)
        cost = (1 - commission) * limit * rng.uniform(0.05, 0.95)
        online = nege.OnlineRegion(trade_cost=cost, commission=commission, amenity=amenity)
    return nege.LinearDemand(
        distances(rng, n),
        trade_cost=limit * rng.uniform(0.05, 0.95),
        farmers=rng.dirichlet(np.ones(n)),
        online=online,
        **drawn,
    )


def linear_demand_balance(model, data):
    """Of the numeraire, farmers make what people are left with and what transport takes."""
    share, price = data["share"].values, data["price_index"].values
    n, cost, net = model.total_skilled / model.phi, model.tables().cost, kept(model)
    beta = model.b + model.c * n
    prices = 0.5 * (model.a / beta + model.c * n / beta * price + cost)
    bought = model.a - beta * prices + model.c * n * price
    farmers = np.append(model.farmers.values, np.zeros(len(share) - len(model.geography)))
    people = model.total_farmers * farmers + model.total_skilled * share
    flow = n * share[:, None] * bought * people
    resources = model.total_farmers - np.sum(flow * cost * net[:, None])
    spending = float(data["income"].sum()) - np.sum(flow * prices)
    return abs(spending - resources) / model.total_farmers


LINEAR = {
    **{"a": (0.5, 2.0), "b": (0.5, 2.0), "c": (0.2, 2.0), "phi": (0.5, 2.0)},
    **{"total_farmers": (1.0, 12.0), "total_skilled": (0.5, 2.0)},
}
ONES = {"a": 1.0, "b": 1.0, "c": 1.0, "phi": 1.0, "total_farmers": 10.0, "total_skilled": 1.0}


def quantitative_draw(kind, **ranges):
    """Places that differ in all that they have."""

    def draw(rng, n, _):
        values = {name: rng.uniform(*ends) for name, ends in ranges.items()}
        fundamentals = [name for name in kind.labelled if kind.fields[name].instead is not None]
        own = {name: rng.uniform(0.6, 1.6, n) for name in fundamentals}
        return kind(distances(rng, n), trade_cost=rng.uniform(1.2, 3.0), **values, **own)

    return draw


def trade_balance(model, data):
    """What places sell is what they earn, and what they buy is what they spend on goods."""
    flows, earned = model.trade_flows(data), data["share"] * data["wage"]
    sold, bought = flows.sum("destination").values, flows.sum("origin").values
    off = np.abs(sold / earned.values - 1.0), np.abs(bought / model.spent(data) - 1.0)
    return max(float(np.max(gap)) for gap in (*off, np.abs(earned.sum() - 1.0)))


SPILLOVERS = {"productivity_spillover": (-0.1, 0.2), "amenity_spillover": (-0.7, -0.3)}
MEMBERS = [
    Member(
        nege.CorePeriphery,
        drawn(nege.CorePeriphery, ICEBERG, REGION, sigma=(1.5, 8.0), mu=(0.1, 0.9)),
        slow.core_periphery,
        core_periphery_balance,
        alike(nege.CorePeriphery, 1.5, sigma=5.0, mu=0.4, trade_cost=1.7),
        ("trade_cost", 1.05, 4.0),
    ),
    Member(
        nege.FootlooseEntrepreneur,
        drawn(nege.FootlooseEntrepreneur, ICEBERG, REGION, sigma=(1.5, 8.0), mu=(0.1, 0.9)),
        slow.footloose_entrepreneur,
        footloose_entrepreneur_balance,
        alike(nege.FootlooseEntrepreneur, 1.2, sigma=5.0, mu=0.4, trade_cost=1.1),
        ("trade_cost", 1.02, 3.0),
    ),
    Member(
        nege.VerticalLinkages,
        draw_linkages,
        reference_linkages.log_profits,
        linkages_balance,
        alike(
            nege.VerticalLinkages,
            1.2,
            **{"sigma": 5.0, "mu": 0.3, "inputs": 0.2, "trade_cost": 1.6},
            **{"labour": "mobile", "agriculture": 0.6},
        ),
        ("trade_cost", 1.2, 3.0),
    ),
    Member(
        nege.FootlooseCapital,
        drawn(nege.FootlooseCapital, ICEBERG, REGION, sigma=(1.5, 8.0), mu=(0.1, 0.9)),
        slow.footloose_capital,
        footloose_capital_balance,
        alike(nege.FootlooseCapital, 1.5, sigma=5.0, mu=0.4, trade_cost=1.7),
        ("trade_cost", 1.05, 4.0),
    ),
    Member(
        nege.QuasiLinear,
        drawn(
            *(nege.QuasiLinear, ICEBERG, REGION),
            sigma=(1.5, 8.0),
            alpha=(0.1, 0.9),
            unskilled_ratio=(0.5, 8.0),
        ),
        slow.quasi_linear,
        quasi_linear_balance,
        alike(nege.QuasiLinear, 1.5, sigma=5.0, alpha=0.4, unskilled_ratio=3.0, trade_cost=1.7),
        ("trade_cost", 1.05, 4.0),
    ),
    Member(
        nege.LinearDemand,
        linear_demand_draw,
        slow.linear_demand,
        linear_demand_balance,
        alike(nege.LinearDemand, 0.3, trade_cost=0.4, **ONES),
        ("trade_cost", 0.01, 0.66),
        additive=True,
    ),
    Member(
        nege.Helpman,
        quantitative_draw(nege.Helpman, sigma=(2.0, 8.0), mu=(0.3, 0.9)),
        spatial.helpman_payoffs,
        trade_balance,
        alike(nege.Helpman, None, sigma=4.0, mu=0.8, trade_cost=1.7),
        ("trade_cost", 1.2, 3.0),
        online=False,
    ),
    Member(
        nege.AllenArkolakis,
        quantitative_draw(nege.AllenArkolakis, sigma=(2.0, 8.0), **SPILLOVERS),
        spatial.allen_arkolakis_payoffs,
        trade_balance,
        alike(
            nege.AllenArkolakis,
            None,
            **{"sigma": 4.0, "productivity_spillover": 0.3, "amenity_spillover": -0.2},
            trade_cost=1.7,
        ),
        ("trade_cost", 1.2, 3.0),
        online=False,
    ),
]
