"""Patterns: the published definitions, their invariants, and points that were not solved."""

import dataclasses

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from store_results import stored

import nege

pytestmark = [pytest.mark.closed_form, pytest.mark.usefixtures("nothing_is_solved")]

INDUSTRIES = ("manufacturing", "services", "farming")


def costs(values, **front):
    """A Dataset of total cost over (..., industry, place, channel)."""
    values = np.asarray(values, float)
    dims = (*front, "industry", "place", "channel")
    coords = {
        **front,
        "industry": list(INDUSTRIES[: values.shape[-3]]),
        "place": [str(p) for p in range(values.shape[-2])],
        "channel": ["offline", "online"],
    }
    return xr.Dataset({"total_cost": (dims, values)}, coords=coords)


def split(place_shares, online):
    """Total cost of one industry with the same online share everywhere."""
    share = np.asarray(place_shares, float)
    return np.stack([share * (1 - online), share * online], -1)


positive = arrays(float, (2, 4, 2), elements=st.floats(1e-3, 1e3))


def test_the_published_concentrations_and_patterns_along_the_digital_turn():
    seen = nege.patterns(stored("digital_turn")).sel(step=[0, 6, 9, 17])
    expected = [[0.130, 0.143], [0.106, 0.947], [0.001, 0.034]]
    np.testing.assert_allclose(seen.concentration.values[:3], expected, atol=5e-4)
    names = ["co-located", "separated", "one-sided online", "two-sided online"]
    assert seen.pattern.values.tolist() == names
    modes = [["geographic", "geographic"], ["dispersed", "geographic"]]
    modes += [["dispersed", "online"], ["online", "online"]]
    assert seen.mode.values.tolist() == modes
    assert seen.pattern.dims == ("step",)
    assert seen.mode.dims == ("step", "industry")


@pytest.mark.parametrize(
    ("place_shares", "online", "mode"),
    [
        ((1, 0, 0, 0), 0.0, "geographic"),
        ((1, 0, 0, 0), 0.9, "dual"),
        ((0.25, 0.25, 0.25, 0.25), 0.9, "online"),
        ((0.25, 0.25, 0.25, 0.25), 0.1, "dispersed"),
    ],
)
def test_place_and_channel_are_separate_choices_so_there_are_four_modes(place_shares, online, mode):
    seen = nege.patterns(costs([split(place_shares, online)]))
    assert seen.mode.item() == mode
    assert seen.concentration.item() == pytest.approx(float(place_shares[0] == 1), abs=1e-15)
    assert seen.online_share.item() == pytest.approx(online)


@pytest.mark.parametrize(
    ("first", "second", "pattern"),
    [
        (split((1, 0), 0.0), split((1, 0), 0.0), "co-located"),
        (split((1, 0), 0.0), split((0, 1), 0.0), "separated"),
        (split((1, 0), 0.0), split((1, 0), 0.9), "one-sided online"),
        (split((1, 0), 0.9), split((0, 1), 0.0), "one-sided online"),
        (split((1, 0), 0.9), split((0, 1), 0.9), "two-sided online"),
    ],
)
def test_a_pair_is_online_on_no_side_on_one_or_on_two(first, second, pattern):
    assert nege.patterns(costs([first, second])).pattern.item() == pattern


def test_thresholds_hold_where_they_are_met_and_the_online_one_where_it_is_passed():
    cost = costs([split((0.75, 0.25), 0.5), split((0.25, 0.75), 0.25)])
    seen = nege.patterns(cost)  # concentration 0.25 of both; co-location 0.5
    assert seen.concentration.values.tolist() == [0.25, 0.25]
    assert seen.pattern.item() == "co-located"
    assert seen.mode.values.tolist() == ["geographic", "geographic"]
    assert nege.patterns(cost, concentrated=0.25).mode.values.tolist() == ["geographic"] * 2
    assert nege.patterns(cost, concentrated=0.2500001).mode.values.tolist() == ["dispersed"] * 2
    assert nege.patterns(cost, online=0.49).mode.values.tolist() == ["dual", "geographic"]
    assert nege.patterns(cost, online=0.49).pattern.item() == "one-sided online"
    assert nege.patterns(cost, colocated=0.5000001).pattern.item() == "separated"
    assert nege.patterns(cost, online=0.49).attrs["online"] == 0.49


@given(values=positive, order=st.permutations(range(4)), unit=st.floats(1e-6, 1e6))
def test_neither_the_order_of_places_nor_the_unit_of_money_matters(values, order, unit):
    seen = nege.patterns(costs(values))
    other = nege.patterns(costs(values[:, list(order)] * unit))
    for name in ("online_share", "concentration", "colocation"):
        np.testing.assert_allclose(other[name].values, seen[name].values, atol=1e-12)
    for name in ("concentration", "online_share", "colocation"):
        assert ((seen[name] >= -1e-12) & (seen[name] <= 1.0 + 1e-12)).all()


@given(values=positive)
def test_the_pair_has_no_order_and_an_industry_is_co_located_with_its_like(values):
    seen = nege.patterns(costs(values))
    swapped = nege.patterns(costs(values), pair=("services", "manufacturing"))
    assert swapped.colocation.item() == pytest.approx(seen.colocation.item(), abs=1e-13)
    assert swapped.pattern.item() == seen.pattern.item()
    alike = nege.patterns(costs(np.stack([values[0], 3.0 * values[0]])))
    assert alike.colocation.item() == pytest.approx(1.0)


def test_of_three_industries_any_two_are_a_pair_and_one_alone_is_none():
    cost = costs([split((1, 0), 0), split((0, 1), 0), split((1, 0), 0.9)])
    assert nege.patterns(cost).pattern.item() == "separated"
    pair = ("manufacturing", "farming")
    assert nege.patterns(cost, pair=pair).pattern.item() == "one-sided online"
    alone = nege.patterns(cost.sel(industry=["services"]))
    assert set(alone.data_vars) == {"online_share", "concentration", "mode"}


@pytest.mark.parametrize("second", [1.5, 0.0])
def test_what_each_industry_has_along_a_path_stays_with_the_industry(second):
    one = np.stack([split((1, 0), 0), split((0, 1), 0), split((1, 0), 0.9)])
    cost = costs(np.stack([one, one]), step=[0, 1])
    search = ("step", "industry"), [[0.0, second, 1.5]] * 2
    edge = ("step", "industry", "place"), np.ones((2, 3, cost.sizes["place"]))
    found = nege.patterns(cost.assign_coords(search_cost=search, productivity=edge, year=2000))
    assert found.pattern.values.tolist() == ["separated"] * 2
    assert found.pattern.coords.keys() <= {"step", "year"}
    assert found.search_cost.dims == ("step", "industry")


def test_points_that_were_not_solved_have_no_pattern_and_the_others_keep_theirs():
    solved = np.stack([split((1, 0), 0.0), split((1, 0), 0.0)])
    cost = costs(np.stack([solved, solved, np.full_like(solved, np.nan)]), step=[0, 1, 2])
    cost["status"] = ("step", [int(nege.Status.CONVERGED), int(nege.Status.LIMIT), 0])
    seen = nege.patterns(cost)
    assert seen.pattern.values.tolist() == ["co-located", "unknown", "unknown"]
    assert seen.mode.values[1:].tolist() == [["unknown"] * 2] * 2
    for name in ("online_share", "concentration", "colocation"):
        assert np.isnan(seen[name].values[1:]).all()
        assert np.isfinite(seen[name].values[0]).all()


def test_a_single_missing_cell_is_not_taken_for_zero():
    values = np.stack([split((0.5, 0.5), 0.0), split((0.5, 0.5), 0.0)])
    values[0, 1, 1] = np.nan
    seen = nege.patterns(costs(values))
    assert seen.mode.values.tolist() == ["unknown", "dispersed"]
    assert seen.pattern.item() == "unknown"


def test_an_industry_without_any_firm_is_nowhere():
    seen = nege.patterns(costs([np.zeros((2, 2)), split((0.5, 0.5), 0.0)]))
    assert seen.mode.values.tolist() == ["unknown", "dispersed"]
    assert np.isnan(seen.colocation.item())


def test_dimensions_in_front_and_their_labels_stay():
    values = np.ones((3, 2, 2, 4, 2))
    cost = costs(values, digital_cost=[3.0, 2.0, 1.0], sigma=[4.0, 5.0])
    seen = nege.patterns(cost.transpose("place", "sigma", "channel", "digital_cost", "industry"))
    assert set(seen.pattern.dims) == {"digital_cost", "sigma"}
    assert seen.mode.dims[-1] == "industry"
    assert seen.digital_cost.values.tolist() == [3.0, 2.0, 1.0]
    assert seen.mode.attrs["long_name"]
    assert seen.online_share.attrs["units"] == "1"


def test_an_equilibrium_is_read_by_its_data_unless_it_is_none():
    found = stored("industries")
    assert nege.patterns(found).pattern.item() == "co-located"
    assert nege.patterns(found).identical(nege.patterns(found.data))
    with pytest.raises(nege.InputError, match=r"an economy at rest.*LIMIT"):
        nege.patterns(dataclasses.replace(found, status=nege.Status.LIMIT))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: {"data": c.total_cost}, "data must be an Equilibrium or Dataset"),
        (lambda c: {"data": c.rename(total_cost="cost")}, "with total_cost"),
        (lambda c: {"data": c.isel(place=0)}, "Those are the dimensions"),
        (lambda c: {"data": c.isel(place=[0])}, "at least two places"),
        (lambda c: {"data": c.isel(channel=[0])}, "labelled"),
        (lambda c: {"data": c.drop_vars("industry")}, "labelled"),
        (lambda c: {"data": -c}, "nowhere negative"),
        (lambda c: {"data": c * np.inf}, "nowhere negative or infinite"),
        (lambda c: {"data": c, "concentrated": -0.1}, "concentrated must be"),
        (lambda c: {"data": c, "online": np.nan}, "online must be"),
        (lambda c: {"data": c, "colocated": "much"}, "colocated must be"),
        (lambda c: {"data": c, "pair": ("services", "Services")}, "Did you mean 'services'"),
        (lambda c: {"data": c, "pair": ("services", "services")}, "two different industries"),
        (lambda c: {"data": c, "pair": ("services",)}, "two different industries"),
        (lambda c: {"data": c, "pair": "services"}, "Put it in a list"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(change, message):
    given = change(costs(np.ones((2, 4, 2))))
    with pytest.raises(nege.InputError, match=message):
        nege.patterns(given.pop("data"), **given)


def test_what_is_given_is_not_changed():
    cost = costs(np.ones((2, 4, 2)))
    before = cost.copy(deep=True)
    nege.patterns(cost)
    assert cost.identical(before)
