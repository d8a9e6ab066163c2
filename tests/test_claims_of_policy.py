"""Claims about policy: each sign over a range of economies, and what turns it.

`policy.md` 14 and `lock_in.md` say what is claimed; their other claims are tested beside their
mechanisms. Steps are of the stylised turn: 0 to 6 are its first one, from 8 services are online.
"""

import functools
import pathlib
import re

import numpy as np
import pytest
from draws_golden import (
    BLOCS,
    EQUAL,
    HALVES,
    ONLINE,
    PARK,
    PLACES,
    by_place,
    goods,
    inside_and_across,
    national,
    online,
    people,
    raised,
    run,
    sellers,
    shares,
    total,
    village_sells_at,
    worth,
)

from nege import mechanisms as mech
from nege.models.agglomeration.mechanisms import matching

pytestmark = pytest.mark.closed_form

HERE = pathlib.Path(__file__).parent
GOODS, SERVICES = "manufacturing", "services"
CLAIMS = "7b 11 12 15 16 19b 20b 21a 21b 21c 23 31a 31b 31c 32a 32b 32c 33 35"
CLAIMS += " n1 n3 n5 n6 n7 n8 n9 n11"


def rising(found):
    return bool((np.diff(np.array(found, dtype=float), axis=0) > 0.0).all())


def falling(found):
    return bool((np.diff(np.array(found, dtype=float), axis=0) < 0.0).all())


@functools.cache
def named():
    """All tests of claims, by name."""
    every = (file.read_text(encoding="utf-8") for file in HERE.glob("test_*.py"))
    return sorted(
        name for text in every for name in re.findall(r"^def (test_claim\w+)", text, re.M)
    )


def about(claim):
    """Names of the tests of a claim: of its sign, and of what flips it."""
    found = [], []
    for name in named():
        words = name.split("_")[2:]
        if claim in [word.lstrip("0") for word in words if re.search(r"\d", word)]:
            found[not {"flip", "flips"}.isdisjoint(words)].append(name)
    return found


@pytest.mark.parametrize("claim", CLAIMS.split())
def test_every_claim_has_a_test_of_its_sign_and_one_of_what_flips_it(claim):
    assert all(about(claim)), about(claim)


# --- searching for labour (7b) ----------------------------------------------------------------


@pytest.mark.parametrize("step", [3, 8, 11])
def test_claim_7b_recruiting_online_takes_people_out_of_the_city_and_all_gain(step):
    """A vacancy elsewhere comes to cost what it does in the city."""
    costs = [[0.05, k, k, k] for k in (0.15, 0.10, 0.05)]
    found = [run(step, mech.Matching(vacancy_cost=cost)) for cost in costs]
    assert falling([people(one) for one in found])
    assert rising([national(one) for one in found])
    assert falling(matching.net_labour([0.0, 0.05, 0.10, 0.15, 1.0]))


@pytest.mark.parametrize("step", [3, 8, 11])
def test_claim_7b_flips_where_search_is_no_dearer_outside_the_city(step):
    """Dearer in the city, it brings people in; alike, it moves nobody."""
    dear, alike, free = (
        run(step, mech.Matching(vacancy_cost=cost))
        for cost in ([0.15, 0.05, 0.05, 0.05], 0.05, 0.0)
    )
    assert people(dear)[0] < people(alike)[0]
    np.testing.assert_allclose(alike.data.population, free.data.population, rtol=1e-8)
    assert national(alike)[0] < national(free)[0]


# --- firms in both channels, parks, villages (21) ----------------------------------------------


@functools.cache
def dual(step):
    """Part of services, by cost, that is of firms in both channels."""
    cost = run(step, mech.DualMode()).data.total_cost.sel(industry=SERVICES)
    return float(cost.sel(channel="dual").sum() / cost.sum())


def test_claim_21a_firms_of_a_cluster_go_into_both_channels():
    assert rising([dual(step) for step in (5, 6, 7, 8)])


def test_claim_21a_flips_as_institutions_converge_and_pure_online_firms_take_over():
    assert falling([dual(step) for step in (8, 9, 10, 11)])


@functools.cache
def supported(step):
    return run(step, PARK), run(step)


@pytest.mark.parametrize("step", [6, 8, 11, 15])
def test_claim_21b_a_park_keeps_its_cluster_where_it_would_have_dissolved(step):
    park, none = map(goods, supported(step))
    assert park[1] > max(park[0], *park[2:])
    assert none[1] == pytest.approx(none[2], rel=1e-9)  # a place like any other
    assert park[1] > none[1]


@pytest.mark.parametrize(("step", "sign"), [(5, 1), (6, 1), (7, 1), (8, -1), (11, -1), (15, -1)])
def test_claim_21b_flips_in_what_a_park_is_worth_once_services_are_online(step, sign):
    """Before, it gathers what was spread and learns from neighbours; then it holds back a turn."""
    park, none = map(national, supported(step))
    assert np.sign(float(park[0] - none[0])) == sign


STEPS_OF_VILLAGES = [9, 11, 15]


@pytest.mark.parametrize("step", STEPS_OF_VILLAGES)
def test_claim_21c_cheaper_access_to_buyers_raises_a_villages_share_and_wage(step):
    found = [sellers(run(step, village_sells_at(cost))) for cost in (2.0, 1.5, 1.0)]
    assert rising(found)  # its wage, its part of services, and what it is worth to people


@pytest.mark.parametrize("step", STEPS_OF_VILLAGES)
def test_claim_21c_flips_where_a_village_buys(step):
    """Couture et al.: people gain by what they buy, and firms meet rivals. Their share, too,
    falls but at 15, where the village made next to nothing without what it buys."""
    found = []
    for factor in (1.5, 1.2, 1.0):
        post = mech.Friction("p", factor, destinations="3", origins=["0", "1", "2"], **ONLINE)
        found.append(sellers(run(step, village_sells_at(2.0), post)))
    wage, share, value = np.array(found, dtype=float).T
    assert falling(wage)
    assert rising(value)
    assert (rising if step == 15 else falling)(share)


def entry_cost_that_is_just_too_high(found):
    """f* = Z c^-sigma of services online in place 3, from equations as they are written."""
    model, data, k, p = found.model, found.data.transpose("industry", "place", "channel", ...), 1, 3
    n, cost, index = (data[name].values for name in ("firm_mass", "total_cost", "price_index"))
    distance, inputs = np.asarray(model.geography.distance), model.inputs.values
    names = "land_share spillover spillover_decay online_spillover sigma commission digital_cost"
    land, gamma, decay, chi, sigma, zeta, delta = (
        float(getattr(model, x)[k]) for x in names.split()
    )
    near = np.exp(-decay * distance[p]) @ n[k].sum(1) + chi * n[k, :, 1].sum()
    labour = 1.0 - inputs[:, k].sum() - land
    unit = float(data.wage[p]) ** labour * float(data.rent[p]) ** land
    unit *= np.prod(index[:, p] ** inputs[:, k]) / (float(model.productivity[k, p]) * near**gamma)
    spent = float(model.consumption[k]) * data.income.values + inputs[k] @ cost.sum(-1)
    price = delta / (1.0 - zeta)  # services are digital: no freight
    access = (price ** (1.0 - sigma) * (1.0 - zeta) * index[k] ** (sigma - 1.0) * spent).sum()
    return access * unit**-sigma


@pytest.mark.parametrize(("step", "spillover"), [(9, 0.06), (11, 0.0), (11, 0.02), (15, 0.06)])
def test_claim_21c_without_a_taste_for_variety_a_village_sells_online_below_a_threshold(
    step, spillover
):
    """Policy.md 6 at phi = 1: a first seller earns R/n = Z c^(1-sigma) against f c."""

    def village(cost):
        found = run(step, village_sells_at(cost), variety=1.0, spillover=spillover)
        where = {"industry": SERVICES, "channel": "online", "place": "3"}
        return found, float(found.data.firm_mass.sel(where))

    threshold = entry_cost_that_is_just_too_high(village(4.0)[0])
    assert village(threshold * (1.0 + 1e-4))[1] == 0.0 < village(threshold * (1.0 - 1e-4))[1] < 1e-3


# --- taxes (31) --------------------------------------------------------------------------------


def moved_by_the_base(step):
    """What a destination base adds to revenue, by place, over what it moves; net exports."""
    by_buyer, by_seller = (
        run(step, PLACES, mech.Tax("t", 1e-3, base=base)) for base in ("destination", "origin")
    )
    return (raised(by_buyer) - raised(by_seller)) / 1e-3, by_seller.data.trade_balance.values


@pytest.mark.parametrize("step", [0, 11, 14, 17])
def test_claim_31a_a_destination_base_moves_revenue_from_the_core_to_the_periphery(step):
    """Where the core's rents and sellers' commission are more than its dividend: it sells more."""
    moved, exports = moved_by_the_base(step)
    np.testing.assert_allclose(moved, -exports, rtol=0.01)
    assert moved[0] < 0.0 < moved[1:].min()


@pytest.mark.parametrize("step", [3, 6, 7, 8])
def test_claim_31a_flips_where_the_core_buys_more_than_it_sells(step):
    """It lives on dividends then. Where land and revenue are local nothing moves: T3."""
    moved, exports = moved_by_the_base(step)
    np.testing.assert_allclose(moved, -exports, rtol=0.01)
    assert moved[0] > 0.0 > moved[1:].max()


PARTS = (0.0, 0.3, 0.6, 1.0)


@pytest.mark.parametrize("step", [7, 9])
def test_claim_31b_leakage_lowers_revenue_and_by_more_as_sales_go_online(step):
    every = [run(step, mech.Tax("t", 0.1, leak={"online": part})) for part in PARTS]
    revenue = np.array([total(one)[0] for one in every])
    sold = float(every[0].data.total_cost.sel(channel="online").sum()) / 0.95
    assert falling(revenue)
    assert rising([online(one) for one in every])
    assert (revenue[1:] < revenue[0] - 0.1 * np.array(PARTS[1:]) * sold).all()


@pytest.mark.parametrize("step", [7, 9])
def test_claim_31c_the_more_of_services_is_intangible_the_less_a_tax_raises(step):
    """At a lower rate on that industry, exactly: T1."""
    every = [
        run(step, mech.Tax("t", 0.1, industries=SERVICES, intangible={SERVICES: part}))
        for part in PARTS
    ]
    assert falling([total(one) for one in every])


@pytest.mark.parametrize("missing", ["leak", "intangible"])
@pytest.mark.parametrize("step", [7, 8])
def test_claims_31b_and_31c_flip_beyond_the_peak_of_revenue(step, missing):
    """A tenth on online sales alone: what escapes brings back more than it takes."""
    part = {"leak": lambda x: {"online": x}, "intangible": lambda x: {SERVICES: x}}[missing]
    taxed = {"industries": SERVICES, **ONLINE}
    every = [run(step, mech.Tax("t", 0.1, **{missing: part(x)}, **taxed)) for x in (0.0, 0.25, 0.5)]
    assert rising([total(one) for one in every])


# --- security, steering, borders (32, 33) -------------------------------------------------------


@functools.cache
def at_risk(step):
    return [run(step, mech.Security("c", v)) for v in (0.0, 0.03, 0.1)]


@pytest.mark.parametrize("step", [6, 7, 9])
def test_claim_32a_risk_lowers_sales_online_and_welfare_and_people_go_back_to_the_city(step):
    found = at_risk(step)
    assert falling([online(one) for one in found])
    assert falling([national(one) for one in found])
    assert rising([people(one) for one in found])


@pytest.mark.parametrize("step", [11, 17])
def test_claim_32a_flips_for_people_where_nothing_calls_them_back_to_the_city(step):
    """Its lead is gone. Sales online and welfare fall all the same."""
    found = at_risk(step)
    assert falling([online(one) for one in found])
    assert falling([national(one) for one in found])
    assert falling([people(one) for one in found])


@pytest.mark.parametrize(
    ("losses", "curvature"),
    [("exponential", 1.0), ("gordon-loeb-1", 0.5), ("gordon-loeb-1", 3.0), ("gordon-loeb-2", 1.0)],
)
@pytest.mark.parametrize("v", [0.05, 0.5])
def test_claim_32a_at_most_an_eth_of_what_is_at_risk_is_spent_on_protection(losses, curvature, v):
    """And that much at x = e; of the first class of Gordon and Loeb, less: (b/(b+1))^(b+1)."""
    power = (curvature / (curvature + 1.0)) ** (curvature + 1.0)
    bound, best = (power, 1.0 / power) if losses == "gordon-loeb-1" else (1.0 / np.e, np.e)
    scale = {"exponential": v, "gordon-loeb-1": v * curvature, "gordon-loeb-2": -v * np.log(v)}
    spent = []
    for x in best * np.array([0.3, 0.8, 1.0, 1.25, 4.0, 100.0]):
        cyber = mech.Security(
            "c", v, effectiveness=x / scale[losses], losses=losses, curvature=curvature
        )
        spent.append(cyber.protection()[0] / v)
        assert (spent[-1] > 0.0) == (x > 1.0)
    assert spent[2] == pytest.approx(bound, rel=1e-12)
    assert max(np.delete(spent, 2)) < bound


def steered(step, favoured):
    """Steered sellers' part of services, welfare, and worth of the favoured place."""
    others = [place for place in "0123" if place != favoured]
    found = []
    for factor in (1.0, 1.01, 1.05):
        one = run(step, mech.Friction("b", factor, origins=others, **ONLINE))
        found.append([by_place(one)[int(others[-1])], national(one)[0], worth(one)[int(favoured)]])
    return np.array(found, dtype=float).T


@pytest.mark.parametrize("favoured", ["0", "1"])
@pytest.mark.parametrize("step", [8, 11])
def test_claim_32b_steering_costs_who_is_steered_away_from_and_everybody(step, favoured):
    """Even the favoured place loses."""
    for column in steered(step, favoured):
        assert falling(column)


def test_claim_32b_flips_where_the_city_is_favoured_before_services_are_online():
    sold, welfare, favoured = steered(6, "0")
    assert falling(sold)
    assert rising(welfare)
    assert rising(favoured)


@functools.cache
def under_risk_abroad(step, pool):
    """Online shares of services' sales in blocs and across, by risk across borders."""
    return np.array(
        [
            inside_and_across(
                run(
                    *(step, BLOCS),
                    mech.Security("cyber", 0.05, across_borders=v, effectiveness=30.0),
                    **{**EQUAL, "online_spillover": pool},
                )
            )
            for v in (0.05, 0.15)
        ]
    )


@pytest.mark.parametrize("pool", [1.0, 0.0])
@pytest.mark.parametrize("step", [7, 8, 9])
def test_claim_32c_odds_online_fall_by_more_across_borders_than_at_home(step, pool):
    share = under_risk_abroad(step, pool)
    assert falling(share)
    inside, across = np.diff(np.log(share / (1.0 - share)), axis=0)[0]
    assert across < inside < 0.0


@pytest.mark.parametrize(("step", "pool", "more_at_home"), [
    *((7, 1.0, False), (8, 1.0, True), (9, 1.0, True)),
    *((7, 0.0, False), (8, 0.0, False), (9, 0.0, True)),
])  # fmt: skip
def test_claim_32c_flips_in_proportion_where_the_pool_falls_with_it(step, pool, more_at_home):
    """The share at home falls by more of itself; without a pool not yet at 8, but at 9, where
    hardly any is left to fall across."""
    inside, across = np.diff(np.log(under_risk_abroad(step, pool)), axis=0)[0]
    assert (inside < across) == more_at_home


def unified(step):
    """As a border for services inside the country comes down."""
    return [
        run(
            *(step, HALVES),
            mech.Friction("b", x, crossing="border", industries=SERVICES, channels="offline"),
        )
        for x in (1.2, 1.0)
    ]


@pytest.mark.parametrize("step", [0, 3, 5, 7])
def test_claim_33_one_market_for_services_is_worth_it_and_gathers_them(step):
    found = unified(step)
    assert rising([national(one) for one in found])
    assert rising([shares(one)[0] for one in found])


@pytest.mark.parametrize("step", [9, 11, 15])
def test_claim_33_flips_where_services_are_sold_online(step):
    """Cheaper offline trade takes firms out of the pool: a little is lost by one market."""
    assert falling([national(one) for one in unified(step)])
