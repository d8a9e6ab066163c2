"""Decomposition: parts and remainder make the change; by Shapley's method nothing remains."""

import functools
import itertools

import numpy as np
import pytest
import xarray as xr
from agglomerations import GOODS, SERVICES, STYLISED_TURN

import nege

pytestmark = pytest.mark.family

OUTCOMES = ("online_share", "welfare", "density", "meets")
TURNS = {"first": (0, 6), "second": (6, 11), "third": (11, 17), "all": (0, 6, 11, 17)}


@functools.cache
def decomposed(turn, method):
    path = STYLISED_TURN.sel(step=list(TURNS[turn]))
    return nege.decompose(nege.OnlineAgglomeration(), path, outcomes=OUTCOMES, method=method)


@functools.cache
def followed(turn):
    return nege.follow(nege.OnlineAgglomeration(), STYLISED_TURN.sel(step=list(TURNS[turn])))


def outcome(path, name, model=None):
    ds = nege.follow(nege.OnlineAgglomeration() if model is None else model, path)
    table = ds[name] if name in ds else nege.patterns(ds)[name]
    return table.values


@pytest.mark.parametrize("method", ["switch", "shapley"])
@pytest.mark.parametrize("turn", TURNS)
def test_parts_and_remainder_make_the_change_along_the_path(turn, method):
    found = decomposed(turn, method)
    assert (found.unsolved == 0).all()
    ds = followed(turn)
    for name in OUTCOMES:
        along = (ds if name in ds else nege.patterns(ds))[name].values
        change = along - along[0]
        if name in ("online_share", "welfare"):
            assert np.abs(change).max() > 0.05  # there is something to explain
        np.testing.assert_allclose(found[f"{name}_change"], change, rtol=0, atol=1e-9)
        parts = found[name].sum("mechanism") + found[f"{name}_remainder"]
        np.testing.assert_allclose(parts, change, rtol=0, atol=1e-9)


@pytest.mark.parametrize("turn", TURNS)
def test_by_shapley_nothing_remains_and_by_switching_something_does(turn):
    for name in OUTCOMES:
        left = decomposed(turn, "shapley")[f"{name}_remainder"]
        assert float(abs(left).max()) <= 1e-9
    assert float(abs(decomposed(turn, "switch").welfare_remainder).max()) > 0.01


def test_a_contribution_by_switching_is_what_is_missing_without_the_mechanism():
    path = STYLISED_TURN.sel(step=list(TURNS["second"]))
    without = path.copy()
    without["productivity"] = path["productivity"].isel(step=0).broadcast_like(path["productivity"])
    missing = outcome(path, "density") - outcome(without, "density")
    found = decomposed("second", "switch").density.sel(mechanism="productivity: services")
    np.testing.assert_allclose(found, missing, rtol=0, atol=1e-9)


def test_shapley_of_two_mechanisms_is_the_mean_of_both_orders():
    path = STYLISED_TURN.sel(step=[6, 11])
    first = path.isel(step=0)
    ends = []  # without any, with the cost alone, with institutions alone, with both
    for cost, lead in ((0, 0), (1, 0), (0, 1), (1, 1)):
        moved = first.copy()
        moved["digital_cost"] = path["digital_cost"].isel(step=cost)
        moved["productivity"] = path["productivity"].isel(step=lead)
        reached = nege.solve(nege.OnlineAgglomeration().replace(dict(moved.data_vars)))
        ends.append(float(reached.data.welfare))
    none, cost, lead, both = ends
    found = decomposed("second", "shapley").welfare.isel(step=-1)
    expected = [0.5 * (cost - none + both - lead), 0.5 * (lead - none + both - cost)]
    names = ["digital_cost: services", "productivity: services"]
    np.testing.assert_allclose(found.sel(mechanism=names), expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("method", ["switch", "shapley"])
def test_what_does_nothing_contributes_nothing(method):
    """Services are not shipped: how digitisable their transport is makes no difference."""
    path = STYLISED_TURN.sel(step=[8, 9]).copy(deep=True)
    path["digitisability"][0, 1] = 0.3
    found = nege.decompose(nege.OnlineAgglomeration(), path, method=method)
    idle = found.sel(mechanism="digitisability: services")
    for name in ("online_share", "welfare"):
        np.testing.assert_allclose(idle[name], 0.0, atol=1e-10)
    assert float(abs(found.welfare).max()) > 0.01


def test_groups_are_switched_together_and_one_group_of_all_is_the_whole_change():
    path = STYLISED_TURN.sel(step=[0, 9])
    groups = {
        "search": ["search_cost"],
        "delivery": ["digital_cost: services"],
        "institutions": ["productivity"],
    }
    model = nege.OnlineAgglomeration()
    by_group = nege.decompose(model, path, mechanisms=groups)
    by_part = nege.decompose(model, path)
    assert by_group.mechanism.values.tolist() == list(groups)
    np.testing.assert_allclose(by_group.welfare, by_part.welfare, rtol=0, atol=1e-10)
    for method in ("switch", "shapley"):
        everything = nege.decompose(
            model, path, mechanisms={"all": list(itertools.chain(*groups.values()))}, method=method
        )
        whole = everything.welfare.sel(mechanism="all")
        np.testing.assert_allclose(whole, everything.welfare_change, rtol=0, atol=1e-10)
        np.testing.assert_allclose(everything.welfare_remainder, 0.0, atol=1e-10)


def test_any_model_and_any_outcome_can_be_decomposed():
    places = nege.geography.equidistant(2)
    economy = nege.CorePeriphery(places, sigma=5, mu=0.3, trade_cost=2.2)
    path = xr.Dataset({"trade_cost": ("step", [2.2, 1.8, 1.4]), "mu": ("step", [0.3, 0.35, 0.4])})
    largest = {"core": lambda ds: ds.share.max("region")}
    found = nege.decompose(economy, path, outcomes=largest, method="shapley")
    assert found.mechanism.values.tolist() == ["trade_cost", "mu"]
    np.testing.assert_allclose(found.core.sum("mechanism"), found.core_change, atol=1e-9)
    assert found.core_change.values[-1] == pytest.approx(0.5)
    wages = nege.decompose(economy, path, outcomes=["real_wage"])
    assert wages.real_wage.dims[:2] == ("mechanism", "step")


def test_points_that_are_not_solved_are_counted_and_their_parts_are_missing():
    path = STYLISED_TURN.sel(step=[6, 11])
    strict = nege.SolverOptions(limit_steps=1)
    found = nege.decompose(nege.OnlineAgglomeration(), path, options=strict)
    assert (found.unsolved > 0).all()
    assert np.isnan(found.welfare.values).all()
    assert np.isnan(found.welfare_remainder.values).all()


def test_the_first_turn_is_due_to_search_and_cheaper_online_delivery_hardly_matters_in_it():
    found = decomposed("first", "switch").isel(step=-1)
    apart = found.meets
    assert apart.sel(mechanism="search_cost: services") < -0.3
    assert abs(apart.sel(mechanism="digital_cost: services")) < 0.02


def test_the_second_turn_online_is_due_to_delivery_and_its_dispersion_needs_institutions():
    found = decomposed("second", "shapley").sel(step=11, industry=SERVICES)
    cost, lead = "digital_cost: services", "productivity: services"
    assert found.online_share.sel(mechanism=cost) > 0.99 * found.online_share_change
    spread = found.density
    assert spread.sel(mechanism=lead) < spread.sel(mechanism=cost) < -0.2
    # Either alone would do most of it: together they overlap.
    assert decomposed("second", "switch").density_remainder.sel(step=11, industry=SERVICES) < (-0.5)


def test_institutions_that_converge_downwards_cost_welfare_and_delivery_more_than_pays_for_it():
    found = decomposed("second", "shapley").welfare.sel(step=11)
    assert found.sel(mechanism="productivity: services") < 0.0
    assert found.sel(mechanism="digital_cost: services") > 0.3


def test_the_third_turn_needs_cheap_delivery_of_goods_before_it_needs_digital_ones():
    found = decomposed("third", "switch").online_share.sel(step=17, industry=GOODS)
    cost, digital = "digital_cost: manufacturing", "digitisability: manufacturing"
    assert found.sel(mechanism=cost) > 0.99
    assert 0.5 < found.sel(mechanism=digital) < 0.6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"path": {"search_cost": [1, 2]}}, "at least two steps"),
        ({"path": STYLISED_TURN.isel(step=[0])}, "at least two steps"),
        ({"path": STYLISED_TURN.isel(step=[0, 0])}, "along which something changes"),
        ({"path": STYLISED_TURN.rename(search_cost="serach_cost")}, "Did you mean 'search_cost'"),
        ({"method": "Shapley"}, "Did you mean 'shapley'"),
        ({"outcomes": ["wellfare"]}, "Did you mean 'welfare'"),
        ({"outcomes": "welfare"}, "Put it in a list"),
        ({"outcomes": {"welfare": 1}}, "functions by name"),
        ({"mechanisms": {}}, "The switches of this path are"),
        ({"mechanisms": {"all": ["search_cost"]}}, "else its effect would pass for interaction"),
        ({"mechanisms": {"a": ["search_cost"], "b": ["search_cost: services"]}}, "one mechanism"),
        ({"mechanisms": {"a": ["serach_cost"]}}, "Did you mean 'search_cost"),
        ({"model": nege.geography.equidistant(2)}, "model must be"),
    ],
)
def test_what_cannot_be_decomposed_is_refused_with_the_reason(change, message):
    given = {"model": nege.OnlineAgglomeration(), "path": STYLISED_TURN.isel(step=[0, 8]), **change}
    with pytest.raises(nege.InputError, match=message):
        nege.decompose(given.pop("model"), given.pop("path"), **given)


def test_too_many_mechanisms_for_shapley_are_refused_and_may_be_grouped():
    places = nege.geography.equidistant(12)
    land = np.outer([1.0, 1.1], np.ones(12))
    path = xr.Dataset({"land": (("step", "place"), land)}, coords={"place": list(places.names)})
    with pytest.raises(nege.InputError, match="at most 10 by this method"):
        nege.decompose(nege.OnlineAgglomeration(places), path, method="shapley")


def test_the_path_is_not_changed():
    path = STYLISED_TURN.sel(step=[0, 6])
    before = path.copy(deep=True)
    nege.decompose(nege.OnlineAgglomeration(), path)
    assert path.identical(before)


def test_an_industry_alone_is_not_co_located_with_anything():
    shares = {"consumption": 0.85, "inputs": 0.2, "land_share": 0.1}
    costs = {"transport_cost": 0.4, "search_cost": 0.3, "digitisability": 0.5}
    model = nege.OnlineAgglomeration(industries=["goods"], **shares, **costs)
    path = xr.Dataset({"digital_cost": ("step", [3.0, 2.0])})
    with pytest.raises(nege.InputError, match="outcomes must be a known name"):
        nege.decompose(model, path, outcomes=["meets"])
