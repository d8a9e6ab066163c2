"""Paths of digital progress: the published numbers, and what the docstrings say happens."""

import functools
import inspect
import itertools

import numpy as np
import pytest
import reference_agglomeration as reference
import xarray as xr

import nege
from nege.studies.scenarios import READY

pytestmark = pytest.mark.closed_form

COLOCATED, SEPARATED, ONE, TWO = "co-located", "separated", "one-sided online", "two-sided online"
BETWEEN = "in between"
GOODS, SERVICES = "manufacturing", "services"

# The reference path by places: of goods in the metropolis, the town and each place of the
# hinterland, of services in the same, both online, people in the same, welfare.
GOLDEN = {
    (6, 0): (
        *(0.94745548, 0.01533154, 0.00930324, 0.93139244, 0.01904821, 0.01238984),
        *(0.00011541, 0.00100074, 0.89173924, 0.02889820, 0.01984064, 1.32642418),
    ),
    (6, 6): (
        *(0.00632774, 0.92418717, 0.01737127, 0.53814366, 0.01144711, 0.11260231),
        *(0.00026629, 0.01891688, 0.36500668, 0.20270255, 0.10807269, 1.48602816),
    ),
    (6, 11): (
        *(0.00774093, 0.96129533, 0.00774093, 0.18109061, 0.09454694, 0.18109061),
        *(0.00024488, 0.94721981, 0.14661291, 0.26693545, 0.14661291, 2.51667804),
    ),
    (6, 17): (
        *(0.15147363, 0.24263186, 0.15147363, 0.16619038, 0.16904810, 0.16619038),
        *(0.96026463, 0.94461650, 0.16316800, 0.18415998, 0.16316800, 3.19729229),
    ),
    (4, 0): (
        *(0.96793413, 0.01446165, 0.00880211, 0.95731174, 0.01854525, 0.01207151),
        *(0.00010597, 0.00047977, 0.93119936, 0.02895981, 0.01992042, 1.43476611),
    ),
    (4, 3): (
        *(0.79359670, 0.13471749, 0.03584291, 0.89580094, 0.03760258, 0.03329824),
        *(0.00014031, 0.00284813, 0.81761021, 0.07892460, 0.05173260, 1.43829266),
    ),
    (4, 9): (
        *(0.00719278, 0.97622229, 0.00829247, 0.35594694, 0.18072540, 0.23166383),
        *(0.00022644, 0.46392206, 0.26965739, 0.34497103, 0.19268579, 1.80519796),
    ),
    (4, 17): (
        *(0.21161389, 0.36515834, 0.21161389, 0.24871182, 0.25386454, 0.24871182),
        *(0.92078581, 0.90710985, 0.24113257, 0.27660230, 0.24113257, 2.89588424),
    ),
}
# By step: density of goods and of services, how dense services are where goods are, rents in
# the metropolis and in the town over those of the hinterland, welfare, leading eigenvalue.
STEPS = [
    (3.82, 3.76, 5.56, 76.78, 1.19, 1.3264, -0.271),
    (3.77, 3.74, 5.47, 68.21, 1.21, 1.3266, -0.264),
    (3.59, 3.66, 5.01, 44.33, 1.29, 1.3272, -0.231),
    (2.78, 3.33, 3.20, 16.18, 1.71, 1.3328, -0.103),
    (2.74, 2.81, 0.30, 4.82, 2.60, 1.3842, -0.014),
    (3.71, 2.42, 0.12, 4.19, 3.71, 1.4844, -0.124),
    (3.72, 2.41, 0.12, 4.17, 3.71, 1.4860, -0.126),
    (3.79, 2.07, 0.16, 3.01, 3.37, 1.5310, -0.179),
    (3.82, 1.69, 0.28, 2.04, 3.17, 1.6267, -0.212),
    (3.85, 1.37, 0.41, 1.40, 3.10, 1.8843, -0.243),
    (3.85, 1.23, 0.46, 1.15, 3.05, 2.1684, -0.255),
    (3.85, 1.14, 0.48, 1.00, 3.01, 2.5167, -0.260),
    (3.85, 1.14, 0.48, 1.00, 3.01, 2.5183, -0.260),
    (3.66, 1.14, 0.53, 1.00, 2.78, 2.5295, -0.225),
    (1.31, 1.05, 0.98, 1.00, 1.04, 2.7721, -0.290),
    (1.18, 1.05, 0.99, 1.00, 0.97, 3.0020, -0.391),
    (1.15, 1.05, 0.99, 1.00, 0.95, 3.0968, -0.410),
    (1.14, 1.05, 0.99, 1.00, 0.95, 3.1973, -0.423),
]
PATTERNS = [COLOCATED] * 4 + [SEPARATED] * 4 + [BETWEEN] + [ONE] * 5 + [TWO] * 4
KEY = [0, 6, 11, 17]

# economics.md, section 3: manufacturing and services in the city, their online shares, people.
STYLISED = {
    0: (0.52081832, 0.53381154, 0.0, 0.00000409, 0.49746854),
    6: (0.00538262, 0.97980682, 0.0, 0.05281416, 0.55278303),
    11: (0.36724849, 0.19842146, 0.0, 0.99442742, 0.25752288),
    17: (0.34660696, 0.17732216, 0.993999, 0.9941901, 0.23428982),
}
REMOTE = {"remote_labour_share": (0.2, 0.5), "remote_substitution": 2.0}
REMOTE |= {"remote_elasticity": 6.0, "remote_friction": 1.3}


def followed_by(economy, path):
    ds = nege.follow(economy, path)
    assert (ds.status == nege.Status.CONVERGED).all()
    assert (ds.residual <= 1e-10).all()
    assert (ds.leading_eigenvalue < 0.0).all()
    return ds, nege.patterns(ds)


@functools.cache
def followed(name, places=6):
    """A path of the metropolis and the town, and its patterns."""
    economy = nege.scenarios.metropolis_and_town(places)
    return followed_by(economy, READY[name](economy))


@functools.cache
def stylised(remote=False):
    economy = nege.OnlineAgglomeration(**(REMOTE if remote else {}))
    return followed_by(economy, nege.scenarios.stylised_turn(economy))


def shares(ds):
    return ds.total_cost.sum("channel") / ds.total_cost.sum(["place", "channel"])


# --- the reference path


@pytest.mark.parametrize(("places", "step"), GOLDEN)
def test_the_digital_turn_leads_to_the_published_economies(places, step):
    ds, seen = followed("digital_turn", places)
    now, share = ds.sel(step=step), shares(ds).sel(step=step)
    online = seen.online_share.sel(step=step).values
    reached = [*share.values[:, :3].ravel(), *online, *now.population.values[:3], now.welfare]
    np.testing.assert_allclose(reached, GOLDEN[places, step], rtol=0, atol=1e-7)


def test_the_digital_turn_has_the_published_steps():
    ds, seen = followed("digital_turn")
    rent = ds.rent.values / ds.rent.values[:, -1:]
    columns = [*seen.density.values.T, seen.meets.values, rent[:, 0], rent[:, 1]]
    table = np.array([*columns, ds.welfare.values, ds.leading_eigenvalue.values]).T
    digits = [2, 2, 2, 2, 2, 4, 3]
    for column, number in enumerate(digits):
        published = np.array(STEPS)[:, column]
        np.testing.assert_allclose(table[:, column], published, rtol=0, atol=0.51 * 10.0**-number)
    assert seen.pattern.values.tolist() == PATTERNS


def test_the_clusters_are_in_the_metropolis_and_then_in_the_town():
    _, seen = followed("digital_turn")
    where = {
        name: [",".join(seen.place.values[here]) for here in seen.places.sel(industry=name).values]
        for name in (GOODS, SERVICES)
    }
    assert where[GOODS] == ["metropolis"] * 4 + ["town"] * 10 + [""] * 4
    assert where[SERVICES] == ["metropolis"] * 8 + [""] * 10


@pytest.mark.family
def test_the_equations_as_written_hold_along_the_digital_turn():
    """A residual without any of the package's kernels, of every equation at every step."""
    ds, _ = followed("digital_turn")
    economy, path = nege.scenarios.metropolis_and_town(), nege.scenarios.digital_turn()
    for step in range(18):
        moved = {name: table.sel(step=step) for name, table in path.data_vars.items()}
        here, now = economy.replace(moved), ds.sel(step=step)
        violations = {**here.audit(now), **here.audit_motion(now, nege.Replicator())}
        assert max(violations.values()) <= 1e-9


@pytest.mark.family
@pytest.mark.parametrize("step", range(18))
def test_every_step_is_the_only_equilibrium_found_from_six_starts(step):
    ds, _ = followed("digital_turn")
    economy, path = nege.scenarios.metropolis_and_town(), nege.scenarios.digital_turn()
    moved = {name: table.sel(step=step) for name, table in path.data_vars.items()}
    economy = economy.replace(moved)
    for start in (None, *starts(economy, np.random.default_rng(step))):
        found = nege.solve(economy, start)
        assert found.leading_eigenvalue < 0.0
        np.testing.assert_allclose(shares(found.data), shares(ds).sel(step=step), rtol=0, atol=1e-6)


def starts(economy, rng):
    """Goods and services almost wholly in each of two places, and three random ones."""
    names, found = list(economy.geography.names), []
    for goods, services in itertools.permutations(("metropolis", "town")):
        firms = np.full((2, len(names), 2), 1e-3)
        firms[0, names.index(goods)] = firms[1, names.index(services)] = 0.3
        found.append((firms, np.full(len(names), 1 / len(names))))
    for _ in range(3):
        firms = 0.05 * np.exp(2.0 * rng.normal(size=(2, len(names), 2)))
        found.append((firms, rng.dirichlet(np.ones(len(names)))))
    dims = ("industry", "place", "channel")
    return [xr.Dataset({"firm_mass": (dims, f), "population": ("place", n)}) for f, n in found]


def test_without_spillovers_in_manufacturing_it_is_nowhere_clustered():
    """Linkages and a better town are not enough, however much better it is made."""
    economy = nege.scenarios.metropolis_and_town().replace(spillover=[0.0, 0.10])
    path = nege.scenarios.digital_turn(economy).sel(step=KEY)
    for wedge, lead in ((1.0, 1.13), (3.0, 1.48)):
        edge = path.copy(deep=True)
        edge.productivity.loc[{"industry": GOODS, "place": "town"}] = 1.0 + 0.03 * wedge
        land = np.ones(6)
        land[1] = 1.0 + 0.3 * wedge
        _, seen = followed_by(economy.replace(land=land / land.sum()), edge)
        goods = seen.sel(industry=GOODS)
        assert goods.state.values.tolist() == ["clustered", *["scattered"] * 3]
        assert float(goods.density.sel(step=11)) == pytest.approx(lead, abs=0.006)
        assert seen.pattern.values.tolist() == [COLOCATED, BETWEEN, BETWEEN, TWO]


@pytest.mark.parametrize("places", [3, 4, 8, 12])
def test_the_four_patterns_come_in_order_with_any_number_of_places(places):
    _, seen = followed("digital_turn", places)
    words = [word for word, _ in itertools.groupby(seen.pattern.values) if word != BETWEEN]
    assert words == [COLOCATED, SEPARATED, ONE, TWO]


def test_the_metropolis_the_town_and_the_hinterland():
    economy = nege.scenarios.metropolis_and_town()
    names = ("metropolis", "town", "north", "east", "south", "west")
    assert economy.geography.names == names
    np.testing.assert_array_equal(economy.geography.distance.values, 1.0 - np.eye(6))
    assert economy.land.sel(place="town") == pytest.approx(1.3 * economy.land.sel(place="west"))
    assert nege.scenarios.metropolis_and_town(3).geography.names == (*names[:2], "hinterland 1")
    start = nege.scenarios.digital_turn().isel(step=0, drop=True)
    for name, table in start.data_vars.items():
        np.testing.assert_array_equal(table.values, getattr(economy, name))


# --- its variants


def test_goods_that_all_have_to_be_shipped_still_go_online_and_scatter():
    _, seen = followed("freight_kept")
    assert seen.pattern.values.tolist() == PATTERNS
    _, other = followed("digital_turn")
    online = seen.online_share.sel(industry=GOODS, step=17)
    assert 0.92 < online < other.online_share.sel(industry=GOODS, step=17)


def test_when_manufacturing_goes_first_industries_never_separate():
    ds, seen = followed("manufacturing_first")
    words = [COLOCATED] * 4 + [BETWEEN] * 4 + [ONE] * 6 + [BETWEEN] + [TWO] * 3
    assert seen.pattern.values.tolist() == words
    goods, services = (seen.sel(industry=name) for name in (GOODS, SERVICES))
    assert (goods.online_share.sel(step=slice(8, 13)) > 0.9).all()
    assert (services.state.sel(step=slice(8, 13)) == "clustered").all()
    # Both orders end in the same economy.
    other, _ = followed("digital_turn")
    np.testing.assert_allclose(ds.firm_mass[-1], other.firm_mass[-1], rtol=1e-7)


def test_where_institutions_stay_apart_services_go_online_and_do_not_scatter():
    _, seen = followed("no_institutional_convergence")
    assert seen.pattern.values.tolist() == [COLOCATED] * 4 + [SEPARATED] * 5 + [BETWEEN] * 9
    services = seen.sel(industry=SERVICES, step=slice(9, 17))
    assert (services.online_share > 0.5).all()
    assert (services.state == "mixed").all()


def test_institutions_that_converge_down_lead_to_the_same_map():
    """Only ratios of productivity matter for where industries are."""
    economy = nege.scenarios.metropolis_and_town()
    down = nege.scenarios.Change("productivity", "lowest", of="services", start=6, over=5)
    path = nege.scenarios.digital_turn(economy)
    path = path.assign(nege.scenarios.path(economy, down).reindex(step=path.step, method="ffill"))
    ds, seen = followed_by(economy, path)
    up, _ = followed("digital_turn")
    assert seen.pattern.sel(step=KEY).values.tolist() == [COLOCATED, SEPARATED, ONE, TWO]
    np.testing.assert_allclose(shares(ds)[[11, 17]], shares(up)[[11, 17]], rtol=0, atol=1e-7)
    assert ds.welfare[-1] < up.welfare[-1]


def test_online_trade_makes_a_cluster_in_a_village_that_is_opened_to_selling():
    economy = nege.scenarios.remote_villages()
    ds, seen = followed_by(economy, nege.scenarios.villages(economy))
    closed, other = followed_by(economy, nege.scenarios.digital_turn(economy))
    goods = seen.sel(industry=GOODS)
    where = [",".join(seen.place.values[here]) for here in goods.places.values]
    assert where[4:14] == ["town"] * 10
    assert where[14:] == ["north"] * 4
    assert (goods.online_share.sel(step=slice(14, 17)) > 0.5).all()
    assert not other.places.sel(industry=GOODS, place="north").any()
    for name in ("wage", "population", "real_income"):
        gain = (ds[name] / closed[name]).sel(step=17)
        assert gain.sel(place="north") > 1.2
        if name != "real_income":  # the other villages lose work, and what they buy gets cheaper
            assert gain.sel(place="west") < 1.0
    assert (ds.real_income.sel(step=17) > closed.real_income.sel(step=17)).all()


def test_villages_are_by_default_where_nothing_is_best():
    entry = nege.scenarios.remote_villages().mechanisms["access"].entry_cost
    assert (entry.sel(channel="offline") == 1.0).all()
    online = entry.sel(channel="online")
    assert (online.sel(place=["metropolis", "town"]) == 1.0).all()
    assert (online.sel(place=["north", "east", "south", "west"]) == 4.0).all()
    named = nege.scenarios.remote_villages(nege.OnlineAgglomeration(), villages=["2"])
    online = named.mechanisms["access"].entry_cost.sel(channel="online", industry=GOODS)
    assert online.values.tolist() == [1.0, 1.0, 4.0, 1.0]
    path = nege.scenarios.villages(named)
    assert path.attrs["village"] == "2"
    opened = path["access.entry_cost"].sel(place="2", channel="online", step=17)
    assert (opened == 0.25).all()


# --- the stylised turn


def test_the_stylised_turn_has_the_published_steps():
    path = nege.scenarios.stylised_turn()
    assert path.sizes == {"step": 18, "industry": 2, "place": 4}
    for step in range(18):
        e, moved = reference.stylised_turn(step), path.sel(step=step)
        for name in path.data_vars:
            np.testing.assert_allclose(moved[name].values, getattr(e, name), rtol=1e-15)
    first, model = path.isel(step=0), nege.OnlineAgglomeration()
    for name, table in first.data_vars.items():
        np.testing.assert_array_equal(table.values, getattr(model, name))


def test_the_stylised_turn_leads_to_the_published_economies():
    ds, seen = stylised()
    for step, row in STYLISED.items():
        online, people = seen.online_share.sel(step=step), ds.population.sel(step=step)
        reached = [*shares(ds).sel(step=step).values[:, 0], *online.values, people.values[0]]
        np.testing.assert_allclose(reached, row, rtol=0, atol=1e-7)
    assert seen.pattern.values.tolist() == [COLOCATED] + [BETWEEN] * 14 + [TWO] * 3


@pytest.mark.family
@pytest.mark.parametrize("remote", [False, True])
def test_the_equations_as_written_lead_to_the_same_economies_and_they_are_stable(remote):
    ds, _ = stylised(remote)
    path = nege.scenarios.stylised_turn()
    steps = list(STYLISED)[:: 2 if remote else 3]
    economies, found = reference.follow(path, steps, **(REMOTE if remote else {}))
    for e, u, step in zip(economies, found, steps, strict=True):
        assert max(reference.residual(e, u).values()) <= 1e-10
        mine = ds.sel(step=step)
        np.testing.assert_allclose(mine.total_cost, u["revenue"], rtol=1e-8, atol=1e-12)
        for name in ("price_index", "wage", "rent", "population", "dividend"):
            np.testing.assert_allclose(mine[name], u[name], rtol=1e-9)
        rate = reference.growth_rates(e, u)[0].real
        assert mine.leading_eigenvalue.item() == pytest.approx(rate, abs=1e-6)


def test_with_remote_labour_remote_income_rises():
    ds, _ = stylised(remote=True)
    earned = ds.income - ds.population * ds.dividend
    share = (ds.remote_share * earned).sum("place") / earned.sum("place")
    ends = share.values[[0, -1]]
    np.testing.assert_allclose(ends, [0.00448924, 0.35223505], rtol=0, atol=1e-8)
    assert (share.diff("step") > 0.0).all()


def test_the_city_that_is_better_may_be_any_place():
    economy = nege.OnlineAgglomeration()
    path = nege.scenarios.stylised_turn(economy, city="2")
    lead = path.productivity.sel(step=0)
    np.testing.assert_array_equal(lead, [[1, 1, 1.05, 1], [1, 1, 1.25, 1]])
    assert (path.productivity.sel(step=17, industry=SERVICES) == 1.0).all()
    ds, _ = followed_by(economy.replace(productivity=lead), path.sel(step=[0]))
    here, _ = stylised()
    np.testing.assert_allclose(ds.population[0, [2, 1, 0, 3]], here.population[0], atol=1e-9)


# --- all of them


@pytest.mark.parametrize("name", READY)
def test_costs_never_rise_and_ever_more_is_digital(name):
    path = READY[name]()
    for cost in {"search_cost", "digital_cost"} & set(path.data_vars):
        assert (path[cost].diff("step") <= 0.0).all()
    if "digitisability" in path:
        assert (path.digitisability.diff("step") >= 0.0).all()
    assert (path.sizes["step"], list(path.step.values)) == (18, list(range(18)))


@pytest.mark.parametrize("name", READY)
def test_every_variable_says_what_it_is_and_in_which_unit(name):
    path = READY[name]()
    assert path.attrs["title"] == name.replace("_", " ")
    for table in path.data_vars.values():
        assert table.attrs["long_name"]
        assert table.attrs["units"]


@pytest.mark.parametrize("name", READY)
def test_industries_of_any_names_move_as_their_kind_does(name):
    places = nege.geography.from_distance(1.0 - np.eye(3), names=["a", "b", "c"])
    given = {"consumption": (0.3, 0.2, 0.35), "inputs": 0.1, "land_share": 0.1}
    given |= {"transport_cost": (0.4, 0.4, 0.0), "search_cost": (0.1, 0.1, 1.5)}
    names = ("a", "cars", "design")  # an industry may be called like a place
    economy = nege.OnlineAgglomeration(
        places, industries=names, digitisability=(0.0, 0.0, 1.0), **given
    )
    if name == "villages":
        economy = nege.scenarios.remote_villages(economy)
    kinds = {"design": "services", "a": "goods", "cars": "goods"}
    path = READY[name](economy, industries=kinds)
    assert path.industry.values.tolist() == list(names)
    for table in path.data_vars.values():
        np.testing.assert_array_equal(table.sel(industry="a"), table.sel(industry="cars"))
    assert (path.digital_cost.diff("step") != 0.0).any("step").all()


def test_an_economy_of_goods_alone_has_a_path_too():
    places = nege.geography.equidistant(2)
    shares = {"consumption": 0.85, "inputs": 0.2, "land_share": 0.1}
    costs = {"transport_cost": 0.4, "search_cost": 0.3, "digitisability": 0.0}
    economy = nege.OnlineAgglomeration(places, industries=["manufacturing"], **shares, **costs)
    path = nege.scenarios.digital_turn(economy)
    assert (path.search_cost == 0.3).all()
    assert path.digital_cost.values[[0, 11, 17], 0].tolist() == [3.0, 3.0, 1.05]


def test_caveats_are_where_the_path_is_made():
    words = " ".join(inspect.getdoc(nege.scenarios.digital_turn).split())
    for said in (
        "An existence result, not a prediction",
        "89 per cent of people and 77 times the hinterland's rent",
        "Its rent relative to the hinterland's falls throughout",
        "are not estimated",
        "Step 8 is no pattern",
        "Lock-in by specific assets and distributed production",
        "order of the path's own steps",
        "the only equilibrium found from twelve starts",
    ):
        assert said in words


# --- what paths are made of

Change, path = nege.scenarios.Change, nege.scenarios.path
MODEL = nege.OnlineAgglomeration()


def moved(*changes, **where):
    found = path(MODEL, changes)[changes[0].parameter]
    return (found.sel(**where) if where else found).values.tolist()


def test_a_change_starts_and_ends_when_it_says_and_keeps_what_it_has_reached():
    cost = {"industry": SERVICES}
    half = Change("search_cost", 0.5, of=SERVICES, start=2, over=4)
    assert moved(half, **cost) == [1.5, 1.5, 1.5, 1.25, 1.0, 0.75, 0.5]
    assert moved(half, industry=GOODS) == [0.0] * 7
    listed = Change("search_cost", [1.2, 0.3], of=SERVICES, start=1)
    assert moved(listed, **cost) == [1.5, 1.2, 0.3]
    at_once = Change("search_cost", 1, of=SERVICES, start=1)
    assert moved(at_once, **cost) == [1.5, 1.0]
    assert moved(Change("housing", 0.15, over=1)) == [0.15, 0.15]
    # Each goes on from where the one before has led.
    assert moved(half, Change("search_cost", 0.0, of=SERVICES, start=4, over=2), **cost) == (
        [1.5, 1.5, 1.5, 1.25, 1.0, 0.5, 0.0]
    )


def test_places_converge_up_or_down_industry_by_industry():
    for goal, best in (("highest", [1.05, 1.25]), ("lowest", [1.0, 1.0])):
        found = path(MODEL, Change("productivity", goal, over=2)).productivity
        np.testing.assert_array_equal(found[0], MODEL.productivity)
        np.testing.assert_array_equal(found[2], np.outer(best, np.ones(4)))
        np.testing.assert_allclose(found[1], (found[0] + found[2]) / 2, rtol=1e-15)


def test_labels_along_one_dimension_add_and_along_several_restrict():
    both = path(MODEL, Change("productivity", 2.0, of=(SERVICES, "1", "3"))).productivity[0]
    np.testing.assert_array_equal(both, [[1.05, 1, 1, 1], [1.25, 2, 1, 2]])
    named = {"industry": SERVICES, "place": ["1", "3"]}
    assert path(MODEL, Change("productivity", 2.0, of=named)).productivity[0].equals(both)
    inputs = path(MODEL, Change("inputs", 0.1, of={"input": SERVICES})).inputs[0]
    np.testing.assert_array_equal(inputs, [[0.2, 0.05], [0.1, 0.1]])


def test_paths_serve_other_models_and_the_online_region():
    places = nege.geography.equidistant(2)
    region = nege.OnlineRegion(trade_cost=1.5)
    model = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2, online=region)
    made = path(model, [Change("online_trade_cost", 1.1, over=2), Change("trade_cost", 1.8)])
    np.testing.assert_allclose(made.online_trade_cost, [1.5, 1.3, 1.1])
    assert made.trade_cost.values.tolist() == [1.8] * 3


def test_one_number_of_a_table_can_change():
    name = "digital_cost.services"
    made = path(MODEL, [Change(name, 2.0, over=2), Change("commission.services", 0.1)])
    assert made[name].values.tolist() == [3.0, 2.5, 2.0]
    assert made["commission.services"].values.tolist() == [0.1] * 3
    ds = nege.follow(MODEL, made)
    assert ds[name].values.tolist() == [3.0, 2.5, 2.0]


def test_nobody_is_not_everybody():
    with pytest.raises(nege.InputError, match="at least one label"):
        Change("search_cost", 0.5, of=())


def test_the_economy_is_not_changed():
    before = MODEL.to_dataset().copy(deep=True)
    path(MODEL, Change("productivity", "highest", over=3))
    assert MODEL.to_dataset().identical(before)
