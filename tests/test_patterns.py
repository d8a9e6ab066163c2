"""Patterns: definitions against an obvious reference, the null, invariants, unsolved points."""

import dataclasses

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from store_results import stored

import nege
from nege.models.agglomeration.patterns import codes

pytestmark = [pytest.mark.closed_form, pytest.mark.usefixtures("nothing_is_solved")]

INDUSTRIES = ("manufacturing", "services", "farming")
NUMBERS = ("online_share", "density", "land_used")
OF_PAIR = ("correlation", "meets")


def costs(values, land=1.0, **front):
    """A Dataset of total cost over (..., industry, place, channel), and of land."""
    values = np.asarray(values, float)
    dims = (*front, "industry", "place", "channel")
    coords = {
        **front,
        "industry": list(INDUSTRIES[: values.shape[-3]]),
        "place": [str(p) for p in range(values.shape[-2])],
        "channel": ["offline", "online"],
    }
    area = np.broadcast_to(np.asarray(land, float), values.shape[-2])
    return xr.Dataset({"total_cost": (dims, values), "area": ("place", area)}, coords=coords)


def split(place_shares, online=0.0):
    """Total cost of one industry with the same online share everywhere."""
    share = np.asarray(place_shares, float)
    return np.stack([share * (1 - online), share * online], -1)


def quarter(m, r, x=0.25):
    """Density on the densest part of the land, one place after the other."""
    r = np.asarray(r, float) / np.sum(r)
    m = np.asarray(m, float) / np.sum(m)
    left, got = x, 0.0
    for p in np.argsort(-m / r):
        take = min(left, r[p])
        got += m[p] * take / r[p]
        left -= take
    return got / x


positive = arrays(float, (2, 4, 2), elements=st.floats(1e-3, 1e3))
lands = arrays(float, 4, elements=st.floats(0.05, 20.0))


# --- the null


@pytest.mark.parametrize("places", [2, 3, 4, 8, 50])
def test_a_uniform_economy_has_no_pattern_however_many_places_there_are(places):
    seen = nege.patterns(costs(np.ones((2, places, 2))))
    np.testing.assert_allclose(seen.density, 1.0, rtol=1e-12)
    np.testing.assert_allclose(seen.land_used, 1.0, rtol=1e-12)
    assert seen.state.values.tolist() == ["scattered"] * 2
    assert not seen.places.any()
    assert seen.meets.item() == pytest.approx(1.0)
    assert np.isnan(seen.correlation.item())
    assert seen.pattern.item() == "in between"


@given(land=lands, online=st.floats(0.0, 1.0))
def test_industries_spread_as_land_is_are_scattered(land, online):
    seen = nege.patterns(costs([split(land, online), split(3 * land, online)], land))
    np.testing.assert_allclose(seen.density, 1.0, rtol=1e-12)
    assert seen.state.values.tolist() == ["scattered"] * 2
    assert np.isnan(seen.correlation.item())


@pytest.mark.parametrize(
    ("shares", "density", "state"),
    [
        ((1, 0, 0, 0), 4.0, "clustered"),
        ((1, 0), 2.0, "clustered"),
        ((1, 1, 0, 0), 2.0, "clustered"),  # evenly in half of the places: the border
        ((4, *[4 / 7] * 7), 4 * (0.5 + 1 / 14), "clustered"),  # half of it in one of eight
        ((0, 1, 1, 1), 4 / 3, "scattered"),  # everywhere but in the city
        ((0, *[1] * 7), 8 / 7, "scattered"),
        ((0.4, 0.2, 0.2, 0.2), 1.6, "mixed"),
        ((0.375, 0.625 / 3, 0.625 / 3, 0.625 / 3), 1.5, "scattered"),  # the other border
    ],
)
def test_densities_that_can_be_counted(shares, density, state):
    seen = nege.patterns(costs([split(shares)]))
    assert seen.density.item() == pytest.approx(density, rel=1e-12)
    assert seen.state.item() == state


@given(values=positive, land=lands)
def test_numbers_are_those_of_their_definitions(values, land):
    seen = nege.patterns(costs(values, land))
    m, s = (x.sum(-1) / x.sum() for x in values)
    r = land / land.sum()
    np.testing.assert_allclose(seen.density, [quarter(m, r), quarter(s, r)], rtol=1e-12)
    used = [1 / np.sum(x**2 / r) for x in (m, s)]
    np.testing.assert_allclose(seen.land_used, used, rtol=1e-12)
    meets = np.sum(m * s / r)
    assert seen.meets.item() == pytest.approx(meets, rel=1e-12)
    spread = (1 / used[0] - 1) * (1 / used[1] - 1)
    if spread > 1e-8:
        expected = (meets - 1) / np.sqrt(spread)
        assert seen.correlation.item() == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(seen.online_share, values[..., 1].sum(-1) / values.sum((-2, -1)))


@given(values=positive, land=lands, parts=arrays(int, 4, elements=st.integers(1, 5)))
def test_cutting_places_into_parts_that_are_alike_changes_nothing(values, land, parts):
    """The old measure, a Herfindahl index, fell from .130 to .035 when places were cut in four."""
    whole = nege.patterns(costs(values, land))
    cut = np.repeat(values / parts[:, None], parts, axis=1)
    fine = nege.patterns(costs(cut, np.repeat(land / parts, parts)))
    for name in (*NUMBERS, "meets"):
        np.testing.assert_allclose(fine[name], whole[name], rtol=1e-9)
    if not np.isnan(whole.correlation):
        np.testing.assert_allclose(fine.correlation, whole.correlation, atol=1e-6)


@given(values=positive, land=lands, order=st.permutations(range(4)), unit=st.floats(1e-6, 1e6))
def test_neither_the_order_of_places_nor_units_of_money_and_land_matter(values, land, order, unit):
    seen = nege.patterns(costs(values, land))
    order = list(order)
    other = nege.patterns(costs(values[:, order] * unit, land[order] * unit))
    for name in (*NUMBERS, "meets"):
        np.testing.assert_allclose(other[name], seen[name], rtol=1e-9)
    assert (seen.density >= 1.0 - 1e-12).all()
    assert (seen.density <= 4.0 + 1e-12).all()
    assert (seen.land_used > 0.0).all()
    assert (seen.land_used <= 1.0 + 1e-12).all()
    assert abs(float(seen.correlation.fillna(0.0))) <= 1.0 + 1e-12


@given(values=positive, land=lands)
def test_the_pair_has_no_order_and_an_industry_is_together_with_its_like(values, land):
    seen = nege.patterns(costs(values, land))
    swapped = nege.patterns(costs(values, land), pair=("services", "manufacturing"))
    assert swapped.meets.item() == pytest.approx(seen.meets.item(), rel=1e-12)
    assert swapped.pattern.item() == seen.pattern.item()
    alike = nege.patterns(costs(np.stack([values[0], 3.0 * values[0]]), land))
    if not np.isnan(alike.correlation):
        assert alike.correlation.item() == pytest.approx(1.0)


# --- words

CITY, TOWN, EVEN = (1, 0, 0, 0), (0, 1, 0, 0), (1, 1, 1, 1)
MIXED = (0.4, 0.2, 0.2, 0.2)


@pytest.mark.parametrize(
    ("first", "second", "pattern"),
    [
        (split(CITY), split(CITY), "co-located"),
        (split(CITY), split(TOWN), "separated"),
        (split(CITY), split(EVEN, 0.9), "one-sided online"),
        (split(EVEN, 0.9), split(TOWN), "one-sided online"),
        (split(EVEN, 0.9), split(EVEN, 0.9), "two-sided online"),
        # What the paper's words do not fit:
        (split(EVEN), split(CITY), "in between"),  # separated, but from no cluster
        (split(CITY), split(CITY, 0.9), "in between"),  # online, but where it was
        (split(EVEN), split(EVEN, 0.9), "in between"),  # online, but the other is no cluster
        (split(MIXED, 0.9), split(EVEN, 0.9), "in between"),
        (split(MIXED), split(CITY), "in between"),
        (split((0.5, 0.4, 0.1, 0)), split((0.2, 0.55, 0, 0.25)), "in between"),  # corr .43
    ],
)
def test_a_pattern_is_what_the_paper_says_or_in_between(first, second, pattern):
    assert nege.patterns(costs([first, second])).pattern.item() == pattern


def test_a_cluster_is_where_the_industry_is_twice_as_dense_as_the_average():
    cost = costs([split((0.5, 0.45, 0.03, 0.02)), split((0.35, 0.3, 0.2, 0.15))], (1, 2, 3, 4))
    seen = nege.patterns(cost)
    assert seen.places.dims == ("industry", "place")
    assert seen.state.values.tolist() == ["clustered", "clustered"]
    assert seen.place[seen.places[0].values].values.tolist() == ["0", "1"]
    assert seen.places[1].values.tolist() == [True, False, False, False]


def test_a_mixed_industry_has_no_cluster_though_some_place_is_dense():
    seen = nege.patterns(costs([split((0.21, 0.29, 0.25, 0.25))], (1, 3, 3, 3)))
    assert seen.state.item() == "scattered"
    assert not seen.places.any()


def test_land_decides_what_dense_is():
    even = costs([split(EVEN), split(EVEN)])
    assert nege.patterns(even).state.values.tolist() == ["scattered"] * 2
    seen = nege.patterns(even, land=[1, 1, 1, 7])
    assert seen.state.values.tolist() == ["clustered"] * 2
    assert seen.places[0].values.tolist() == [True, True, True, False]
    assert seen.pattern.item() == "co-located"
    named = nege.patterns(even, land={"3": 7, "0": 1, "2": 1, "1": 1})
    assert named.identical(seen)
    assert nege.patterns(even, land=3).identical(nege.patterns(even))


def test_thresholds_are_arguments_and_in_the_result():
    cost = costs([split((0.75, 0.25 / 3, 0.25 / 3, 0.25 / 3), 0.5), split(MIXED, 0.25)])
    seen = nege.patterns(cost)
    assert seen.attrs == {"clustered": 2.0, "scattered": 1.5, "online": 0.5, "together": 0.5}
    assert seen.state.values.tolist() == ["clustered", "mixed"]
    assert nege.patterns(cost, scattered=1.6).state[1] == "scattered"
    assert nege.patterns(cost, clustered=1.6).state[1] == "clustered"
    assert nege.patterns(cost, clustered=1.6).pattern == "co-located"
    assert nege.patterns(cost, clustered=3.1).state[0] == "mixed"
    assert nege.patterns(cost, scattered=1.6, online=0.2).pattern == "in between"
    assert nege.patterns(cost, scattered=1.6, online=0.49).pattern == "in between"
    near = costs([split((0.5, 0.4, 0.1, 0)), split((0.2, 0.55, 0, 0.25))])
    assert nege.patterns(near, together=0.4).pattern == "co-located"


def test_half_of_the_places_evenly_is_at_the_border_whatever_the_rounding():
    for places in range(2, 60, 2):
        share = np.repeat([1.0, 0.0], places // 2) * 0.1
        seen = nege.patterns(costs([split(share), split(share / 3)]))
        assert seen.state.values.tolist() == ["clustered"] * 2
        assert seen.places.sum() == places


# --- what it reads


def test_of_three_industries_any_two_are_a_pair_and_one_alone_is_none():
    cost = costs([split(CITY), split(TOWN), split(EVEN, 0.9)])
    assert nege.patterns(cost).pattern.item() == "separated"
    pair = ("manufacturing", "farming")
    assert nege.patterns(cost, pair=pair).pattern.item() == "one-sided online"
    alone = nege.patterns(cost.sel(industry=["services"]))
    assert set(alone.data_vars) == {*NUMBERS, "state", "places"}


@pytest.mark.parametrize("second", [1.5, 0.0])
def test_what_each_industry_has_along_a_path_stays_with_the_industry(second):
    one = np.stack([split(CITY), split(TOWN), split(EVEN, 0.9)])
    cost = costs(np.stack([one, one]), step=[0, 1])
    search = ("step", "industry"), [[0.0, second, 1.5]] * 2
    edge = ("step", "industry", "place"), np.ones((2, 3, cost.sizes["place"]))
    found = nege.patterns(cost.assign_coords(search_cost=search, productivity=edge, year=2000))
    assert found.pattern.values.tolist() == ["separated"] * 2
    assert found.pattern.coords.keys() <= {"step", "year"}
    assert found.search_cost.dims == ("step", "industry")


def test_land_may_vary_along_a_path():
    one = np.stack([split(EVEN), split(EVEN)])
    cost = costs(np.stack([one, one]), step=[0, 1])
    cost["area"] = (("place", "step"), np.stack([[1, 1, 1, 1], [1, 1, 1, 7]], axis=1) / 10)
    assert nege.patterns(cost).pattern.values.tolist() == ["in between", "co-located"]


def test_points_that_were_not_solved_have_no_pattern_and_the_others_keep_theirs():
    solved = np.stack([split(CITY), split(CITY)])
    cost = costs(np.stack([solved, solved, np.full_like(solved, np.nan)]), step=[0, 1, 2])
    cost["status"] = ("step", [int(nege.Status.CONVERGED), int(nege.Status.LIMIT), 0])
    seen = nege.patterns(cost)
    assert seen.pattern.values.tolist() == ["co-located", "unknown", "unknown"]
    assert seen.state.values[1:].tolist() == [["unknown"] * 2] * 2
    assert not seen.places[1:].any()
    for name in (*NUMBERS, *OF_PAIR):
        assert np.isnan(seen[name].values[1:]).all()
        assert np.isfinite(seen[name].values[0]).all()


def test_a_single_missing_cell_is_not_taken_for_zero():
    values = np.stack([split((0.5, 0.5)), split((0.5, 0.5))])
    values[0, 1, 1] = np.nan
    seen = nege.patterns(costs(values))
    assert seen.state.values.tolist() == ["unknown", "scattered"]
    assert seen.pattern.item() == "unknown"


def test_an_industry_without_any_firm_is_nowhere():
    seen = nege.patterns(costs([np.zeros((2, 2)), split((0.5, 0.5))]))
    assert seen.state.values.tolist() == ["unknown", "scattered"]
    assert np.isnan(seen.meets.item())
    assert seen.pattern.item() == "unknown"


def test_dimensions_in_front_and_their_labels_stay_and_channels_go_by_name():
    values = np.random.default_rng(0).random((3, 2, 2, 4, 2))
    cost = costs(values, digital_cost=[3.0, 2.0, 1.0], sigma=[4.0, 5.0])
    seen = nege.patterns(cost.transpose("place", "sigma", "channel", "digital_cost", "industry"))
    assert set(seen.pattern.dims) == {"digital_cost", "sigma"}
    assert seen.state.dims[-1] == "industry"
    assert seen.digital_cost.values.tolist() == [3.0, 2.0, 1.0]
    assert seen.state.attrs["long_name"]
    assert seen.online_share.attrs["units"] == "1"
    xr.testing.assert_allclose(nege.patterns(cost.isel(channel=[1, 0])), nege.patterns(cost))


def test_codes_are_the_words():
    values = np.stack([[split(CITY), split(CITY)], [split(EVEN), split(EVEN)]])
    values = np.concatenate([values, values[:1] * np.nan])
    assert codes(values, np.ones((3, 4))).tolist() == [0, 4, -1]


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
        (lambda c: {"data": c.assign(total_cost=-c.total_cost)}, "nowhere negative"),
        (lambda c: {"data": c * np.inf}, "nowhere negative or infinite"),
        (lambda c: {"data": c.assign(area=-c.area)}, "positive and finite"),
        (lambda c: {"data": c.assign(area=c.area * c.total_cost.sum("channel"))}, "area over"),
        (lambda c: {"data": c.drop_vars("area")}, r"land must be given.*land=1"),
        (lambda c: {"data": c, "land": 0}, "land must be"),
        (lambda c: {"data": c, "land": [1, 2]}, "land must be"),
        (lambda c: {"data": c, "land": {"0": 1}}, "land must"),
        (lambda c: {"data": c, "clustered": 0.9}, "clustered must be"),
        (lambda c: {"data": c, "clustered": 4.1}, "clustered must be"),
        (lambda c: {"data": c, "scattered": 2.0}, r"below clustered \(2\)"),
        (lambda c: {"data": c, "online": np.nan}, "online must be"),
        (lambda c: {"data": c, "together": "much"}, "together must be"),
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
