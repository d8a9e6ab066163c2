"""Statistics that claims read off economies, against loops over places and firms."""

import functools

import numpy as np
import pytest
import xarray as xr

import nege
from nege import mechanisms as mech
from nege.laboratory import externalities, introduction, observed, transaction_costs
from nege.laboratory.economies import reference
from nege.laboratory.observed import GOODS, SERVICES, Observed

pytestmark = pytest.mark.closed_form

S = {"industry": SERVICES}
CHANGES = {"firm_scale": [[1.0, 0.9], [1.2, 0.8]], "digital_cost": [1.3, 1.4], "hears_online": 0.5}


@functools.cache
def found(*mechanisms):
    """Return some economy in which statistics have something to tell, as claims observe it."""
    model = reference(13, *mechanisms)().replace(CHANGES)
    solved = nege.solve(model)
    return Observed(solved.data.expand_dims(draw=[0], case=[0]), xr.Dataset(), model), solved


def number(table):
    return float(table.squeeze(drop=True))


def iceberg(model, industry, channel, apart):
    at = {"industry": industry}
    transport, search, digital, cost = (
        float(getattr(model, name).sel(at))
        for name in ("transport_cost", "search_cost", "digitisability", "digital_cost")
    )
    if channel == "offline":
        return np.exp((transport + search) * apart)
    return cost * np.exp((1.0 - digital) * transport * apart)


def firms(solved, industry):
    """Return place, channel, mass and unit cost of all firms of an industry."""
    model, data = solved.model, solved.data
    for place in data.place.values:
        for channel in data.channel.values:
            at = {"industry": industry, "place": place, "channel": channel}
            n, scale = (
                float(data.firm_mass.sel(at)),
                float(model.firm_scale.sel(industry=industry, channel=channel)),
            )
            yield place, channel, n, float(data.total_cost.sel(at)) / n / scale


def test_what_is_bought_nearby_is_counted_buyer_by_buyer():
    x, solved = found(mech.Sourcing(penalty={SERVICES: 1.3}))
    model, data = solved.model, solved.data
    near = every = 0.0
    for buyer in data.place.values:
        spent = float(model.consumption.sel(S) * data.income.sel(place=buyer))
        for user in (GOODS, SERVICES):
            at = {"industry": user, "place": buyer}
            bought = float(data["sourcing.bought"].sel({"input": SERVICES, **at}))
            cost = float(data.total_cost.sel(at).sum())
            spent += float(model.inputs.sel(input=SERVICES, industry=user)) * bought * cost
        own = total = 0.0
        for place, channel, n, unit in firms(solved, SERVICES):
            price = unit / (0.95 if channel == "online" else 1.0)
            price *= iceberg(model, SERVICES, channel, place != buyer)
            total += n**0.5 * price**-4.0
            own += n**0.5 * price**-4.0 * (place == buyer)
        near, every = near + own / total * spent, every + spent
    assert number(observed.bought_nearby(x)) == pytest.approx(near / every, rel=1e-7)


def test_what_is_bought_nearby_is_not_said_where_prices_are_others():
    x, _ = found(mech.Quality(seen={"offline": 0.3, "online": 0.6}, convexity=6.0, cost=0.01))
    with pytest.raises(AssertionError, match="not what costs"):
        observed.bought_nearby(x)


def test_average_quality_is_that_of_what_is_sold():
    x, solved = found(mech.Quality(seen={"offline": 0.3, "online": 0.6}, convexity=6.0, cost=0.01))
    chosen = solved.model.mechanisms["quality"].chosen(solved.model).sel(S).values
    spent = solved.data.total_cost.sel(S).sum("place").values / [1.0, 0.95]
    expected = (chosen * spent).sum() / spent.sum()
    assert number(transaction_costs._quality(x)) == pytest.approx(expected, rel=1e-12)


def heard(solved, industry, place, online):
    """Return the mass of firms that a firm learns from."""
    found = 0.0
    for other, channel, n, _ in firms(solved, industry):
        found += n * (1.0 if other == place else np.exp(-5.0))
        found += 2.0 * n * (channel == "online") * (1.0 if online else 0.5)
    return found


def test_productivity_is_what_a_place_and_its_firms_make_it():
    x, solved = found()
    cost = solved.data.total_cost.sel(S)
    for place in ("metropolis", "town", "west"):
        lead = float(np.log(solved.model.productivity.sel(S).sel(place=place)))
        here = cost.sel(place=place)
        known = [np.log(heard(solved, SERVICES, place, online)) for online in (False, True)]
        expected = lead + 0.10 * float((here.values / here.values.sum()) @ known)
        measured = number(externalities._productivity(x).sel(place=place))
        assert measured == pytest.approx(expected, abs=1e-8)


def test_diversity_within_reach_is_that_of_the_firms_that_are_heard():
    x, solved = found()
    for online in (False, True):
        mass = np.array([heard(solved, name, "town", online) for name in (GOODS, SERVICES)])
        part = mass / mass.sum()
        at = {"place": "town", "channel": "online" if online else "offline"}
        measured = number(externalities._diversity(x).sel(at))
        assert measured == pytest.approx(np.exp(-(part * np.log(part)).sum()), rel=1e-12)


def test_how_much_nearer_online_is_compares_the_same_sellers():
    x, solved = found()
    gains = []
    for industry in (GOODS, SERVICES):
        for buyer in solved.data.place.values:
            index = {"offline": 0.0, "online": 0.0}
            for place, _, n, unit in firms(solved, industry):
                for channel in index:
                    price = unit * iceberg(solved.model, industry, channel, place != buyer)
                    index[channel] += n**0.5 * price**-4.0
            gains.append(np.log(index["online"] / index["offline"]) / 4.0)
    assert number(introduction._nearer(x)) == pytest.approx(min(gains), abs=1e-10)
