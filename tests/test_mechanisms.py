"""The signs table: one test per mechanism, with what it does in its name.

Numbers are rows of the list of claims that the model is to examine (after Tan & Xia 2022).
"True" rows are properties of a block with firms and wages given; the others hold at the
stated steps of the digital turn, and where they are conditional they are shown to flip.
"""

import itertools

import numpy as np
import pytest
import xarray as xr
from agglomerations import (
    GOODS,
    SERVICES,
    at,
    density,
    economy,
    firms,
    jobs_away,
    meets,
    online_share,
    price_gap,
    state,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import nege
from nege.models.agglomeration import equations

pytestmark = pytest.mark.closed_form

OFFLINE, ONLINE = 0, 1
ALL_ONLINE = {"digitisability": (1.0, 1.0), "digital_cost": (1.0, 1.0)}


def rising(values, *, by=1e-6):
    return bool((np.diff(values) > by).all())


def falling(values, *, by=1e-6):
    return bool((np.diff(values) < -by).all())


# --- firms of other places within reach: knowledge ------------------------------------------

few = settings(max_examples=15)  # each example builds economies
some_firms = arrays(float, (2, 2, 4), elements=st.floats(1e-6, 10.0))


def knowledge(firms, **changes):
    """Mass of firms that a firm learns from, (industry, channel, place), at given firms."""
    p = economy(9, **changes).arrays
    made, met = np.empty((p.slots.made, 4)), np.empty((p.slots.met, 4))
    made[p.slots.firms :][:4] = firms.reshape(4, 4)
    equations.heard(p, made, False, met)
    return met[p.slots.mass :][:4].reshape(firms.shape)


def diversity(mass):
    """Effective number of industries within reach over their number, (channel, place)."""
    part = mass / mass.sum(0)
    return np.exp(-(part * np.log(part)).sum(0)) / len(mass)


@few
@given(firms=some_firms, low=st.floats(0.0, 2.0), more=st.floats(0.01, 2.0))
def test_claim_08a_a_larger_online_pool_makes_online_firms_more_productive(firms, low, more):
    small, large = (knowledge(firms, online_spillover=x) for x in (low, low + more))
    assert (large[:, ONLINE] > small[:, ONLINE]).all()
    np.testing.assert_array_equal(large[:, OFFLINE], small[:, OFFLINE])


@few
@given(firms=some_firms, more=st.floats(0.01, 2.0))
def test_claim_08c_the_pool_makes_productivity_more_equal_among_places(firms, more):
    alone, pooled = (knowledge(firms, online_spillover=x)[:, ONLINE] for x in (0.0, more))
    gap = [mass.max(-1) / mass.min(-1) for mass in (alone, pooled)]
    assert (gap[1] <= gap[0] * (1 + 1e-12)).all()


@few
@given(firms=some_firms)
def test_claim_09_with_a_large_pool_diversity_online_is_the_same_from_everywhere(firms):
    spread = [np.ptp(diversity(knowledge(firms, online_spillover=x))[ONLINE]) for x in (0.0, 1e15)]
    assert spread[1] <= 1e-4
    assert spread[1] <= spread[0] + 1e-12
    offline = diversity(knowledge(firms, online_spillover=1e15))[OFFLINE]
    np.testing.assert_allclose(offline, diversity(knowledge(firms))[OFFLINE], rtol=1e-12)


@few
@given(firms=some_firms, near=st.floats(0.0, 2.0), further=st.floats(0.1, 3.0))
def test_knowledge_fades_with_distance_and_what_is_next_door_stays(firms, near, further):
    wide, narrow = (
        knowledge(firms, spillover_decay=x, online_spillover=0.0) for x in (near, near + further)
    )
    assert (narrow < wide).all()
    # The firms of a place itself are always heard in full.
    assert (narrow[:, OFFLINE] >= firms.sum(1)).all()


@few
@given(firms=some_firms)
def test_codified_knowledge_is_heard_by_whom_the_weights_say(firms):
    chi = 0.7
    pool = chi * firms[:, ONLINE].sum(-1, keepdims=True)
    shut = knowledge(firms, online_spillover=chi)
    heard = knowledge(firms, online_spillover=chi, hears_online=0.5)
    np.testing.assert_allclose(heard[:, OFFLINE] - shut[:, OFFLINE], 0.5 * pool + 0 * heard[:, 0])
    symmetric = knowledge(firms, online_spillover=chi, hears_online=1.0)
    np.testing.assert_allclose(symmetric[:, OFFLINE], symmetric[:, ONLINE], rtol=1e-12)
    deaf = knowledge(firms, online_spillover=chi, hears_offline=0.0)
    np.testing.assert_allclose(deaf[:, OFFLINE], shut[:, OFFLINE])
    assert (deaf[:, ONLINE] < shut[:, ONLINE]).all()


@pytest.mark.parametrize("step", [8, 9, 14])
def test_claim_08a_a_larger_online_pool_raises_welfare(step):
    assert rising([float(at(step, online_spillover=x).data.welfare) for x in (0.0, 1.0, 2.0)])


@pytest.mark.parametrize("step", [5, 7, 8, 9, 14])
def test_claim_08b_conditional_the_pool_draws_firms_online_if_only_online_firms_hear_it(step):
    """Excludable knowledge draws services online; if everybody hears it, it does not."""
    excludable = [online_share(at(step, online_spillover=x)) for x in (0.0, 1.0, 2.0)]
    assert rising(excludable)
    symmetric = online_share(at(step, hears_online=1.0))
    assert symmetric < excludable[1]
    # Then the pool leaves the choice of channel nearly as it was without any.
    assert abs(symmetric - excludable[0]) <= 0.02


@pytest.mark.parametrize("step", [5, 7, 8, 14])
def test_claim_08b_one_sided_online_firms_that_hear_less_of_their_neighbours_are_fewer(step):
    industry = GOODS if step == 14 else SERVICES
    assert rising([online_share(at(step, hears_offline=x), industry) for x in (0.5, 0.75, 1.0)])


def test_own_industry_spillovers_concentrate_services():
    assert rising([density(at(7, spillover=x)) for x in (0.0, 0.03, 0.06, 0.09)])


def test_knowledge_that_travels_does_not_concentrate_an_industry():
    near, far = at(7), at(7, spillover_decay=0.0)
    assert density(far) < density(near)
    # Heard everywhere alike, it is no reason to be anywhere: as without spillovers.
    assert density(far) == pytest.approx(density(at(7, spillover=0.0)), abs=0.005)


def test_claim_09_diversity_as_an_advantage_brings_industries_together():
    found = [at(7, diversity=x) for x in (0.0, 0.05, 0.1)]
    assert rising([meets(one) for one in found])
    assert falling([density(one) for one in found])


def test_claim_01_conditional_a_small_lead_grows_only_where_linkages_are_strong():
    """A place one per cent ahead becomes a cluster, or falls back: by the spillover."""

    def ends(spillover):
        model = economy(6, productivity=1.0, spillover=spillover)
        mass = np.full((2, 4, 2), 0.075)
        mass[:, 0] *= 1.01
        start = xr.Dataset(
            {
                "firm_mass": (("industry", "place", "channel"), mass),
                "population": ("place", np.full(4, 0.25)),
            }
        )
        return nege.solve(model, start)

    assert density(ends(0.12)) > 1.9
    assert density(ends(0.02)) < 1.0 + 1e-6


# --- inputs ----------------------------------------------------------------------------------


def test_claim_06a_cheaper_delivery_lowers_the_price_of_services_everywhere():
    prices = [at(9, digital_cost=(3.0, x)).data.price_index for x in (1.3, 1.2, 1.1, 1.02)]
    for before, after in itertools.pairwise(prices):
        assert (after.sel(industry=SERVICES) < before.sel(industry=SERVICES)).all()


def test_claim_06a_goods_become_cheaper_with_services_only_if_they_are_made_with_them():
    def cheaper(inputs):
        before, after = (
            at(9, inputs=inputs, digital_cost=(3.0, x)).data.price_index.sel(industry=GOODS)
            for x in (1.3, 1.05)
        )
        return float(1.0 - (after / before).mean())

    without, linked = ((0.2, 0.05), (0.0, 0.15)), ((0.2, 0.05), (0.2, 0.15))
    assert cheaper(linked) > 0.05
    assert cheaper(without) < 0.0  # they only lose workers to services


def test_claim_06b_and_13_access_to_suppliers_becomes_the_same_everywhere():
    assert falling([price_gap(at(step)) for step in (0, 3, 6, 7, 8, 9)])
    assert price_gap(at(0)) > 1.5
    everywhere = at(17, **ALL_ONLINE)
    assert price_gap(everywhere, SERVICES) < 1.001
    assert price_gap(everywhere, GOODS) < 1.001


@pytest.mark.parametrize("digital_cost", [3.0, 1.2, 1.02])
def test_claim_06c_the_output_multiplier_of_inputs_does_not_depend_on_the_channel(digital_cost):
    found = at(9, commission=0.0, digital_cost=(digital_cost, digital_cost))
    model, data = found.model, found.data
    multiplier = np.linalg.inv(np.eye(2) - model.inputs.values)
    expected = multiplier @ model.consumption.values * float(data.income.sum())
    np.testing.assert_allclose(data.total_cost.sum(["place", "channel"]), expected, rtol=1e-9)


@pytest.mark.parametrize("step", [5, 7, 8])
def test_services_as_an_input_of_manufacturing_keep_the_two_together(step):
    without = ((0.2, 0.05), (0.0, 0.15))
    assert meets(at(step, inputs=without)) < meets(at(step))
    assert density(at(step, inputs=without)) > density(at(step))


# --- transaction costs, institutions, digitisability ------------------------------------------

costs = {
    name: st.tuples(value, value)
    for name, value in {
        "transport_cost": st.floats(0.0, 1.0),
        "search_cost": st.floats(0.0, 1.0),
        "digitisability": st.floats(0.0, 1.0),
    }.items()
}


@few
@given(**costs)
def test_claim_04_at_no_digital_cost_online_reaches_everybody_at_least_as_cheaply(**changes):
    freeness = economy(9, digital_cost=1.0, **changes).arrays.operator.freeness
    assert (freeness[:, ONLINE] >= freeness[:, OFFLINE] * (1 - 1e-14)).all()
    apart = economy(9, **{**changes, **ALL_ONLINE}).arrays.operator.freeness
    np.testing.assert_array_equal(apart[:, ONLINE], 1.0)  # zero distance between all


@few
@given(**costs, more=st.floats(0.01, 1.0))
def test_claim_15_online_there_is_no_search_and_what_is_digital_needs_no_transport(more, **changes):
    before = economy(9, **changes).arrays.operator.freeness
    searching = {**changes, "search_cost": tuple(x + more for x in changes["search_cost"])}
    after = economy(9, **searching).arrays.operator.freeness
    away = ~np.eye(4, dtype=bool)
    assert (after[:, OFFLINE][:, away] < before[:, OFFLINE][:, away]).all()
    np.testing.assert_array_equal(after[:, ONLINE], before[:, ONLINE])
    digital = economy(9, **{**changes, "digitisability": (1.0, 1.0)}).arrays.operator.freeness
    assert (digital[:, ONLINE] >= before[:, ONLINE]).all()
    np.testing.assert_array_equal(digital[:, OFFLINE], before[:, OFFLINE])


@pytest.mark.parametrize("step", [5, 7, 8, 9])
def test_claim_15_what_searching_costs_offline_drives_services_online(step):
    search = at(step).model.search_cost.values[1]
    found = [at(step, search_cost=(0.0, search + x)) for x in (-0.2, 0.0, 0.2)]
    assert rising([online_share(one) for one in found])


def test_claim_16_conditional_cheaper_search_first_gathers_services_and_then_disperses_them():
    """Cheaper search lets services gather in the city until they need no place; so does online."""
    offline = {x: density(at(0, search_cost=(0.0, x))) for x in (1.5, 1.0, 0.6, 0.4, 0.2, 0.1, 0.0)}
    assert rising([offline[x] for x in (1.5, 1.0, 0.6, 0.4)])
    assert falling([offline[x] for x in (0.4, 0.2, 0.1, 0.0)])
    online = [density(at(7, digital_cost=(3.0, x))) for x in (1.4, 1.2, 1.1)]
    assert falling(online)


def test_claim_14_converging_institutions_disperse_services():
    apart = [((1.05, 1, 1, 1), (1 + 0.25 * h, 1, 1, 1)) for h in (1.0, 0.75, 0.5, 0.25)]
    for step in (7, 8, 9, 11):
        found = [at(step, productivity=wedge) for wedge in apart]
        assert falling([density(one) for one in found])
        assert falling([float(one.data.population[0]) for one in found])


def test_claim_21b_a_place_with_support_keeps_its_cluster_at_lower_digital_costs():
    supported = ((1.05, 1, 1, 1), (1.25, 1, 1, 1))
    without = ((1.05, 1, 1, 1), (1.1, 1, 1, 1))
    for step in (8, 9, 11):
        assert state(at(step, productivity=supported)) == "clustered"
        assert state(at(step, productivity=without)) == "scattered"


@pytest.mark.parametrize("cost", [1.0, 1.1])
def test_claim_19c_the_more_of_a_good_can_be_digital_the_more_of_it_is_sold_online(cost):
    parts = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    found = [at(17, digitisability=(x, 1.0), digital_cost=(cost, 1.02)) for x in parts]
    assert rising([online_share(one, GOODS) for one in found])


def test_claim_05_without_any_difference_between_them_channels_are_mirror_images():
    same = {"search_cost": 0.0, "digitisability": 0.0, "digital_cost": 1.0, "commission": 0.0}
    same["online_spillover"] = 0.0
    found = at(8, **same)
    cost = found.data.total_cost
    np.testing.assert_allclose(cost.sel(channel="online"), cost.sel(channel="offline"), rtol=1e-8)
    differences = {"commission": 0.05, "digital_cost": 1.05, "search_cost": (0.0, 0.05)}
    signs = {"commission": -1, "digital_cost": -1, "search_cost": 1}
    for name, value in differences.items():
        assert signs[name] * (online_share(at(8, **{**same, name: value})) - 0.5) > 0.01


# --- labour -----------------------------------------------------------------------------------

REMOTE = {"remote_labour_share": (0.2, 0.5)}


@pytest.mark.parametrize("step", [7, 8, 9])
def test_claim_07a_remote_work_lets_people_live_away_from_their_jobs(step):
    found = [at(step), *(at(step, remote_friction=x, **REMOTE) for x in (2.0, 1.3, 1.0))]
    assert rising([jobs_away(one) for one in found])
    assert rising([float(one.data.remote_share.mean()) for one in found])
    if step < 9:  # where services have not yet gone online anyway
        assert rising([online_share(one) for one in found[1:]])


def test_claim_24_conditional_remote_work_raises_welfare_if_little_is_lost_on_the_way():
    for step in (7, 8, 9):
        without = float(at(step).data.welfare)
        found = [float(at(step, remote_friction=x, **REMOTE).data.welfare) for x in (2.0, 1.3, 1.0)]
        assert rising(found)
        assert found[-1] > without
    # Online firms that must buy remote labour at half its worth are no gain.
    assert float(at(9, remote_friction=2.0, **REMOTE).data.welfare) < float(at(9).data.welfare)


def test_claim_24_conditional_remote_work_keeps_people_at_home_while_the_city_has_the_jobs():
    def city(step, **changes):
        return float(at(step, **changes).data.population.sel(place="0"))

    assert falling([city(7, remote_friction=x, **REMOTE) for x in (2.0, 1.3, 1.0)])
    assert city(7, **REMOTE) < city(7)
    assert city(9, **REMOTE) > city(9)  # once services have left it, the city has them back


# --- platforms and fixed costs ----------------------------------------------------------------


@pytest.mark.parametrize("step", [5, 7, 8, 9, 14])
def test_a_higher_commission_keeps_firms_offline(step):
    assert falling([online_share(at(step, commission=x)) for x in (0.0, 0.05, 0.1, 0.2)])


def test_claim_30b_platforms_earn_more_the_more_is_sold_online():
    revenue = [float(at(step).data.commission_revenue) for step in (0, 3, 6, 8, 11, 14, 15, 17)]
    assert rising(revenue)
    assert float(at(17, commission=0.0).data.commission_revenue) == 0.0


def test_claim_30c_sellers_pass_a_commission_on_in_full():
    """All online, without land or inputs: prices rise by 1/(1 - commission), firms stay."""

    def found(commission):
        model = nege.OnlineAgglomeration(
            **{"consumption": 0.5, "housing": 0.0, "inputs": 0.0, "land_share": 0.0},
            **{"spillover": 0.0, "productivity": 1.0, "search_cost": 0.0},
            **{"digitisability": 1.0, "digital_cost": 1.0, "commission": commission},
            firm_scale=[[1e4, 1.0], [1e4, 1.0]],
        )
        return nege.solve(model).data

    free, taxed = found(0.0), found(0.2)
    np.testing.assert_allclose(taxed.price_index, free.price_index / 0.8, rtol=1e-9)
    np.testing.assert_allclose(taxed.firm_mass, free.firm_mass, rtol=1e-9, atol=1e-12)


def test_claim_40_a_platform_that_takes_too_much_earns_less():
    revenue = [float(at(9, commission=x).data.commission_revenue) for x in (0.05, 0.1, 0.2, 0.4)]
    assert np.argmax(revenue) == 1
    assert revenue[-1] < 0.01 * revenue[1]


@pytest.mark.parametrize("step", [8, 9, 14])
def test_people_follow_the_rents_of_platforms_to_the_place_that_owns_them(step):
    city, pooled, other = (
        float(at(step, **owner).data.population.sel(place="0"))
        for owner in (
            {"platform_owner": (1, 0, 0, 0)},
            {},
            {"platform_owner": (0, 1, 0, 0)},
        )
    )
    assert city > pooled > other


@pytest.mark.parametrize("step", [5, 7, 8, 9])
def test_claims_18c_20a_and_26_cheaper_entry_online_brings_more_and_smaller_firms_there(step):
    scales = [at(step, firm_scale=((1, x), (1, x))) for x in (1.2, 1.0, 0.8)]
    assert rising([online_share(one) for one in scales])
    assert rising([firms(one) for one in scales])
    size = [float(one.data.total_cost.sel(industry=SERVICES).sum()) / firms(one) for one in scales]
    assert falling(size)


def test_claim_06a_conditional_more_varieties_of_services_come_only_with_cheaper_entry():
    """Delivery becomes nearly free and fewer, larger firms serve; a lower fixed cost adds firms."""
    assert falling([firms(at(step)) for step in (6, 7, 8, 9)])
    assert firms(at(9, firm_scale=((1, 0.8), (1, 0.8)))) > firms(at(6))
