"""The three turns of the digital turn: what happens, when it does not, and what is not shown.

Numbers are rows of the list of claims that the model is to examine (after Tan & Xia 2022).
The economy is that of the metropolis and the town, unless a test says otherwise.
"""

import functools

import numpy as np
import pytest
from agglomerations import GOODS, SERVICES, density, in_place, meets, online_share, state

import nege
from nege.studies.scenarios import READY

pytestmark = pytest.mark.closed_form

PHASES = ["co-located", "separated", "one-sided online", "two-sided online"]
ECONOMY = nege.scenarios.metropolis_and_town()
PATH = nege.scenarios.digital_turn(ECONOMY)
A, B, C, D = 0, 6, 11, 17  # the steps that stand for the phases
LEAD = ECONOMY.productivity.values


@functools.cache
def turn(name="digital_turn"):
    """A path of the economy, and its patterns."""
    ds = nege.follow(ECONOMY, READY[name](ECONOMY))
    assert (ds.status == nege.Status.CONVERGED).all()
    return ds, nege.patterns(ds)


def at(step, **changes):
    """The long run of the economy at a step from the default start: converged and stable."""
    moved = {str(name): table.sel(step=step) for name, table in PATH.data_vars.items()}
    found = nege.solve(ECONOMY.replace({**moved, **changes}))
    assert found.leading_eigenvalue < 0.0
    return found


def pattern(found):
    return nege.patterns(found).pattern.item()


def metropolis(found, industry=SERVICES):
    return in_place(found, "metropolis", industry)


def test_claim_02_contradicted_rents_of_the_core_fall_relative_to_those_elsewhere():
    """The paper starts from their rise; here people and rents of the core fall all the way."""
    ds, _ = turn()
    ratio = ds.rent.sel(place="metropolis") / ds.rent.sel(place="north")
    assert (ratio.diff("step") < 1e-9).all()
    assert ratio[0] > 70.0 > 1.1 > ratio[-1]
    people = ds.population.sel(place="metropolis", step=slice(A, C))
    assert (people.diff("step") < 0.0).all()


def test_claim_03_some_clusters_dissolve_while_others_are_born():
    _, seen = turn()
    goods = seen.places.sel(industry=GOODS)
    assert goods.sel(step=A, place="metropolis")
    assert goods.sel(step=B, place="town")
    assert not goods.sel(step=B, place="metropolis")
    assert not goods.sel(step=D).any()


def test_claim_17a_where_services_travel_badly_industries_are_in_the_same_place():
    assert meets(at(A)) > 5.0
    assert pattern(at(A)) == "co-located"


def test_claim_17b_cheaper_search_separates_services_in_the_metropolis_from_goods_in_the_town():
    _, seen = turn()
    assert (seen.meets.sel(step=slice(A, 5)).diff("step") < 0.0).all()
    assert seen.pattern.sel(step=B) == "separated"
    dear = at(B, search_cost=[0.2, 2.0])
    assert pattern(dear) == "co-located"


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        # institutions no better in the metropolis
        ({"productivity": [LEAD[0], np.ones(6)]}, ["clustered", "scattered"]),
        # a town like any other
        ({"productivity": [np.ones(6), LEAD[1]], "land": np.ones(6) / 6}, ["scattered"]),
        # nothing to learn from neighbours in manufacturing
        ({"spillover": [0.0, 0.10]}, ["scattered"]),
        # manufacturing that makes nothing of its own kind of goods
        ({"inputs": [[0.0, 0.03], [0.28, 0.05]]}, ["mixed"]),
    ],
    ids=["institutions", "town", "spillovers", "linkages"],
)
def test_claim_17b_conditional_two_clusters_need_better_places_spillovers_and_linkages(
    missing, words
):
    found = at(B, **missing)
    assert [state(found, industry) for industry in (GOODS, SERVICES)][: len(words)] == words
    assert pattern(found) == "in between"


def test_claim_18a_services_go_online_first_and_disperse_while_goods_stay_clustered_offline():
    _, seen = turn()
    phase = seen.sel(step=slice(9, 13))
    assert (phase.online_share.sel(industry=SERVICES) > 0.5).all()
    assert (phase.online_share.sel(industry=GOODS) < 0.1).all()
    assert (phase.state.sel(industry=SERVICES) == "scattered").all()
    assert phase.places.sel(industry=GOODS, place="town").all()


def test_claim_18a_conditional_goods_stay_clustered_by_spillovers_not_by_lock_in():
    """Specific assets, the paper's reason, are not in the model: who may move may do so at once."""
    found = at(C, spillover=[0.0, 0.10])
    assert (state(found, GOODS), state(found)) == ("scattered", "scattered")
    assert density(found, GOODS) < 1.2 < 2.0 < density(at(C, spillover=[0.09, 0.10]), GOODS)


@pytest.mark.parametrize("step", [8, 9])
def test_claim_18b_converging_institutions_bring_the_second_turn_nearer(step):
    leads = [[LEAD[0], [1.3, *[1 + 0.3 * x] * 5]] for x in (0.0, 0.25, 0.5, 0.75, 1.0)]
    online = [online_share(at(step, productivity=lead)) for lead in leads]
    assert (np.diff(online) > 0.0).all()


def test_claim_18b_conditional_without_convergence_services_go_online_but_do_not_scatter():
    _, seen = turn("no_institutional_convergence")
    services = seen.sel(industry=SERVICES, step=slice(9, 17))
    assert (services.online_share > 0.5).all()
    assert (services.state == "mixed").all()
    assert set(seen.pattern.values.tolist()) == {"co-located", "separated", "in between"}


@pytest.mark.parametrize("step", [7, 8])
def test_claim_18b_costs_of_the_core_bring_the_second_turn_nearer(step):
    """The more of spending goes to land, which is dear in the metropolis."""
    goods = 0.375
    online = [
        online_share(at(step, housing=x, consumption=(goods * (1 - x), (1 - goods) * (1 - x))))
        for x in (0.06, 0.12, 0.2)
    ]
    assert (np.diff(online) > 0.0).all()


def test_claim_19a_goods_follow_online_and_neither_industry_is_clustered():
    _, seen = turn()
    last = seen.sel(step=slice(14, 17))
    assert (last.online_share > 0.7).all()
    assert (last.state == "scattered").all()


def test_claim_19a_conditional_goods_scatter_if_all_who_are_online_hear_of_each_other():
    """The pool of knowledge does it, and not what is digital of goods."""
    found = at(D, online_spillover=[0.0, 2.0])
    assert online_share(found, GOODS) > 0.5
    assert state(found, GOODS) == "clustered"
    shipped = at(D, digitisability=[0.0, 1.0])
    assert online_share(shipped, GOODS) > 0.9
    assert state(shipped, GOODS) == "scattered"


@pytest.mark.parametrize("step", [8, 9])
def test_claim_19b_not_modelled_buyers_who_are_online_are_no_easier_to_serve_online(step):
    """It matters to a service firm where its buyers are, not through which channel they sell.

    The paper's mechanism, that buyer and seller online serve each other better, is not in the
    model. What is there instead works through places: between alike ones there is nothing.
    """
    everywhere = {"productivity": 1.0, "land": np.ones(6) / 6, "spillover": 0.0}
    services = at(step).model.digital_cost.values[1]
    before = at(step, **everywhere)
    after = at(step, digitisability=1.0, digital_cost=[1.05, services], **everywhere)
    assert online_share(after, GOODS) > 0.5
    assert online_share(after) == pytest.approx(online_share(before), abs=1e-7)


def test_claim_19c_goods_go_online_later_and_less_where_they_are_shipped():
    _, seen = turn()
    date = (seen.online_share > 0.5).argmax("step")
    assert date.sel(industry=SERVICES) < date.sel(industry=GOODS)
    found = [at(15, digitisability=[x, 1.0]) for x in (0.0, 0.2, 0.4, 1.0)]
    assert (np.diff([online_share(one, GOODS) for one in found]) > 0.0).all()
    never, _ = turn("freight_kept")
    assert never.welfare[-1] < turn()[0].welfare[-1]


def test_claim_19d_the_order_of_the_four_patterns_is_that_of_the_paths_own_steps():
    _, seen = turn()
    phase = [PHASES.index(word) for word in seen.pattern.values if word != "in between"]
    assert phase == sorted(phase)
    assert set(phase) == {0, 1, 2, 3}
    _, other = turn("manufacturing_first")
    assert "separated" not in other.pattern.values
    who = other.online_share.sel(step=slice(8, 13)) > 0.5
    assert (who.sel(industry=GOODS) & ~who.sel(industry=SERVICES)).all()


def test_claim_21a_conditional_services_go_online_as_they_stand_only_where_their_lead_lasts():
    """A cluster that is online: the industry gathers, though it sells online."""
    (_, kept), (_, left) = turn("no_institutional_convergence"), turn()
    kept, left = (one.sel(industry=SERVICES, step=slice(9, 17)) for one in (kept, left))
    assert (kept.online_share > 0.5).all()
    assert (kept.density > left.density).all()
    for step in (9, C, 14, D):
        assert metropolis(at(step, productivity=LEAD)) > metropolis(at(step))


def test_claim_21c_conditional_online_markets_bring_services_to_the_hinterland_while_it_lags():
    """Flips: where institutions are equal services are there anyway, sold offline."""

    def hinterland(digital_cost, lead):
        found = at(C, digital_cost=[3.0, digital_cost], productivity=lead)
        return sum(in_place(found, place, SERVICES) for place in ("north", "east", "south", "west"))

    lagging = [hinterland(x, LEAD) for x in (3.0, 2.0, 1.55, 1.3, 1.05)]
    assert (np.diff(lagging) > 0.0).all()
    equal = at(C).model.productivity.values
    assert hinterland(1.05, equal) < hinterland(3.0, equal)


def test_claim_22_offline_sales_become_rare_and_never_come_back():
    ds, _ = turn()
    offline = ds.total_cost.sel(channel="offline").sum(["industry", "place"])
    part = offline / ds.total_cost.sum(["industry", "place", "channel"])
    assert (part.diff("step") < 0.0).all()
    assert part[-1] < 0.06
