"""The three turns of the digital turn: what happens, when it does not, and what is contradicted.

Numbers are rows of the list of claims that the model is to examine (after Tan & Xia 2022).
"""

import numpy as np
import pytest
from agglomerations import (
    GOODS,
    SERVICES,
    at,
    colocation,
    concentration,
    in_city,
    online_share,
    turn,
)

import nege

pytestmark = pytest.mark.closed_form

PHASES = ["co-located", "separated", "one-sided online", "two-sided online"]
GOODS_ONLINE = {"digitisability": (1.0, 1.0)}


def pattern(found):
    return nege.patterns(found).pattern.item()


def test_claim_02_rents_in_the_city_come_down_to_those_elsewhere():
    ds, _ = turn()
    ratio = ds.rent.sel(place="0") / ds.rent.sel(place="1")
    assert (ratio.sel(step=slice(0, 9)).diff("step") < 0.0).all()
    assert ratio[0] > 3.0 > 1.2 > ratio[-1]


def test_claim_02_conditional_people_leave_the_city_only_once_services_go_online():
    """While services gather in the city, in the first turn, people follow them there."""
    ds, _ = turn()
    people = ds.population.sel(place="0")
    assert (people.sel(step=slice(0, 5)).diff("step") > 0.0).all()
    assert (people.sel(step=slice(5, 17)).diff("step") < 1e-12).all()


def test_claim_03_some_clusters_dissolve_while_others_grow():
    ds, _ = turn()
    share = ds.total_cost.sum("channel") / ds.total_cost.sum(["place", "channel"])
    change = share.sel(step=6) - share.sel(step=0)
    assert change.sel(place="0", industry=GOODS) < -0.1
    assert change.sel(place="0", industry=SERVICES) > 0.1
    assert (change.sel(place="1", industry=GOODS) > 0.1).all()


def test_claim_17a_where_services_travel_badly_industries_are_in_the_same_places():
    assert colocation(at(0)) > 0.95
    assert pattern(at(0)) == "co-located"


def test_claim_17b_cheaper_search_separates_services_in_the_city_from_goods_on_cheap_land():
    _, seen = turn()
    first = seen.sel(step=slice(0, 6))
    assert (first.colocation.diff("step") < 0.0).all()
    assert (first.concentration.sel(industry=SERVICES).diff("step") > 0.0).all()
    assert in_city(at(6), GOODS) < 0.01 < 0.5 < in_city(at(0), GOODS)


@pytest.mark.parametrize(
    "missing",
    [
        {"productivity": ((1.05, 1, 1, 1), (1.0, 1, 1, 1))},  # institutions no better in the city
        {"land_share": (0.02, 0.02)},  # manufacturing needs no more land than services
    ],
    ids=["institutions", "land"],
)
def test_claim_17b_conditional_nothing_separates_without_better_institutions_or_need_of_land(
    missing,
):
    for step in (4, 5):
        assert pattern(at(step)) == "separated"
        assert pattern(at(step, **missing)) == "co-located"


def test_claim_18a_services_go_online_first_and_disperse_while_goods_stay_offline():
    _, seen = turn()
    online = seen.online_share.sel(step=slice(8, 14))
    assert (online.sel(industry=SERVICES) > 0.5).all()
    assert (online.sel(industry=GOODS) < 0.5).all()
    assert concentration(at(11)) < 0.01 < 0.9 < concentration(at(6))


def test_claim_18a_contradicted_goods_do_not_stay_clustered_when_services_leave():
    """They had left the city before, and are never concentrated once services go online."""
    _, seen = turn()
    goods = seen.concentration.sel(industry=GOODS, step=slice(8, 14))
    assert (goods < 0.12).all()


@pytest.mark.parametrize("step", [7, 8, 9])
def test_claim_18b_converging_institutions_bring_the_second_turn_nearer(step):
    lead = [((1.05, 1, 1, 1), (x, 1, 1, 1)) for x in (1.25, 1.1875, 1.125, 1.0625, 1.0)]
    online = [online_share(at(step, productivity=wedge)) for wedge in lead]
    assert (np.diff(online) > 0.0).all()


@pytest.mark.parametrize("step", [7, 8])
def test_claim_18b_costs_of_the_core_bring_the_second_turn_nearer(step):
    """The more of spending goes to land, which is dear in the city."""
    goods = 0.55
    online = [
        online_share(at(step, housing=x, consumption=(goods * (1 - x), (1 - goods) * (1 - x))))
        for x in (0.05, 0.15, 0.25)
    ]
    assert (np.diff(online) > 0.0).all()


def test_claim_19a_goods_follow_online_and_neither_industry_is_concentrated():
    _, seen = turn()
    last = seen.sel(step=slice(15, 17))
    assert (last.online_share > 0.9).all()
    assert (last.concentration < 0.05).all()
    assert (last["mode"] == "online").all()


@pytest.mark.parametrize("step", [5, 7, 8, 9])
def test_claim_19b_contradicted_goods_that_go_online_draw_services_back_offline(step):
    """Once online, manufacturing leaves the city to services, which gather there, offline.

    It matters to a service firm where its buyers are, not through which channel they sell.
    """
    digital_cost = (1.02, at(step).model.digital_cost.values[1])
    after = at(step, digital_cost=digital_cost, **GOODS_ONLINE)
    assert online_share(after, GOODS) > 0.99
    assert online_share(after) < online_share(at(step))
    assert concentration(after) > concentration(at(step))


def test_claim_19b_between_equal_places_the_channel_of_goods_is_nothing_to_services():
    before = at(8, productivity=1.0)
    after = at(8, productivity=1.0, digital_cost=(1.02, 1.2), **GOODS_ONLINE)
    assert online_share(after, GOODS) > 0.99
    assert online_share(after) == pytest.approx(online_share(before), abs=1e-7)


def test_claim_19c_goods_go_online_later_and_while_they_are_shipped_never_wholly():
    _, seen = turn()
    date = (seen.online_share > 0.5).argmax("step")
    assert date.sel(industry=SERVICES) < date.sel(industry=GOODS)
    shipped = at(17, digitisability=(0.0, 1.0), digital_cost=(1.0, 1.02))
    assert online_share(shipped, GOODS) < 0.7
    assert online_share(at(17), GOODS) > 0.99


def test_claim_19d_the_order_of_the_four_patterns_is_never_reversed():
    _, seen = turn()
    phase = [PHASES.index(name) for name in seen.pattern.values]
    assert phase == sorted(phase)
    assert set(phase) == {0, 1, 2, 3}


def test_claim_19d_conditional_the_order_is_another_one_if_goods_become_digital_first():
    ds = nege.follow(nege.OnlineAgglomeration(), nege.scenarios.manufacturing_first())
    assert "separated" not in nege.patterns(ds).pattern.values


def test_claim_20b_goods_change_their_channel_and_hardly_their_place():
    before, after = at(14), at(15)
    assert online_share(after, GOODS) - online_share(before, GOODS) > 0.7
    assert abs(in_city(after, GOODS) - in_city(before, GOODS)) < 0.03


def test_claim_21a_conditional_a_cluster_goes_online_as_it_stands_if_its_lead_lasts():
    kept = at(11, productivity=((1.05, 1, 1, 1), (1.25, 1, 1, 1)))
    modes = nege.patterns(kept).mode.sel(industry=SERVICES)
    assert modes.item() == "dual"
    assert in_city(kept) > 0.5
    assert nege.patterns(at(11)).mode.sel(industry=SERVICES).item() == "online"


def test_claim_21c_conditional_online_markets_create_services_outside_the_city_while_it_leads():
    """Where institutions are equal services are there anyway, sold offline."""

    def outside(step, digital_cost):
        return 1.0 - in_city(at(step, digital_cost=(3.0, digital_cost)))

    assert outside(8, 1.2) > 2.0 * outside(8, 3.0)
    assert outside(11, 1.02) == pytest.approx(outside(11, 3.0), abs=0.01)


def test_claim_22_offline_sales_vanish_and_never_come_back():
    ds, _ = turn()
    offline = ds.total_cost.sel(channel="offline").sum(["industry", "place"])
    part = offline / ds.total_cost.sum(["industry", "place", "channel"])
    assert (part.diff("step") < 0.0).all()
    assert part[-1] < 0.01
