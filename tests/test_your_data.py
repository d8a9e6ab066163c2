"""Tables as they come: what geographies keep of them, what is refused, what a report finds."""

from __future__ import annotations

import functools
import io
import pickle
import warnings
from decimal import Decimal

import fresh
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

import nege
from nege.errors import InputError
from nege.geography import Geography, GeographyWarning, from_dataframe, from_distance, from_points
from nege.sweeps.fingerprint import dataset_entries

pytestmark = pytest.mark.faults

NAMES = ["Bonn", "Köln", "Ulm", "Kiel"]
LATITUDE, LONGITUDE = [50.73, 50.94, 48.40, 54.32], [7.10, 6.96, 9.99, 10.13]
HOURS = np.array(
    [[0.1, 0.5, 4.0, 5.0], [0.5, 0.1, 4.1, 4.9], [4.0, 4.2, 0.1, 7.5], [5, 4.9, 7, 0.1]]
)
WHERE = {"names": "town", "latitude": "lat", "longitude": "lon"}
KNOWN = {"sigma": 4, "mu": 0.7, "trade_cost": 1.5}


def towns(**more):
    """Four towns, with further columns."""
    return pd.DataFrame({"town": NAMES, "lat": LATITUDE, "lon": LONGITUDE, **more})


def squares(crs="EPSG:4326", **more):
    """Four squares of a degree in a row, in some projection."""
    cells = [shapely.box(x, 50, x + 1, 51) for x in (8, 9, 10, 11)]
    return gpd.GeoDataFrame({"town": NAMES, **more}, geometry=cells, crs="EPSG:4326").to_crs(crs)


def table(values=HOURS, names=NAMES):
    return pd.DataFrame(values, index=names, columns=names)


# --- what is kept


@pytest.mark.parametrize(("unit", "factor"), [(None, 1), ("100 km", 10), ("km", 1e3), ("m", 1e6)])
def test_coordinates_of_a_table_are_those_of_from_points_in_any_unit(unit, factor):
    found = from_dataframe(towns(pop=[3, 9, 1, 2]), **WHERE, population="pop", unit=unit)
    points = from_points(LATITUDE, LONGITUDE, names=NAMES, population=[3, 9, 1, 2])
    np.testing.assert_array_equal(found.distance, points.distance * factor)
    np.testing.assert_array_equal(found.population, points.population)
    assert found.coordinates.identical(points.coordinates)
    assert found.distance_unit == (unit or "1000 km")


@pytest.mark.filterwarnings("ignore::nege.geography.GeographyWarning")
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 0, 3, 1]])
@pytest.mark.parametrize("kind", ["DataFrame", "DataArray", "array", "frame's own names"])
def test_distances_are_matched_by_their_labels(kind, order):
    frame, shuffled = towns().iloc[order], table()
    if kind == "DataArray":
        shuffled = xr.DataArray(
            HOURS, {"origin": NAMES, "destination": NAMES}, attrs={"units": "h"}
        )
    elif kind == "array":
        shuffled = HOURS[np.ix_(order, order)]
    found = from_dataframe(
        frame, names="town", distance=shuffled, **({} if kind == "DataArray" else {"unit": "h"})
    )
    np.testing.assert_array_equal(found.distance, HOURS[np.ix_(order, order)])
    assert found.distance_unit == "h"
    assert found.coordinates is None
    with_spots = from_dataframe(
        frame.set_index("town"), latitude="lat", longitude="lon", distance=shuffled
    )
    np.testing.assert_array_equal(with_spots.distance, found.distance)
    np.testing.assert_array_equal(with_spots.coordinates.latitude, np.array(LATITUDE)[order])


def test_detours_are_warned_of_as_of_given_distances():
    for call in (
        lambda: from_distance(table() ** 3),
        lambda: from_dataframe(towns(), names="town", distance=table() ** 3),
    ):
        with pytest.warns(GeographyWarning, match="through") as caught:
            call()
        assert caught[0].filename == __file__


def test_every_column_of_numbers_or_text_is_kept_by_its_name():
    frame = towns(
        jobs=pd.array([1, None, 3, 4], dtype="Int64"),
        coast=[False, False, False, True],
        tfp=np.array([1, 2, 3, 4], dtype=">f4"),
        size=pd.Categorical(["s", "l", "s", None]),
        decile=pd.Categorical([1, 10, 1, 2]),
        mixed=[1, "n/a", 2.5, None],
        objects=pd.Series([1, None, 2, 3], dtype=object),
        date=pd.to_datetime(["2020-01-01"] * 4),
        things=[[1], [2], [3], [4]],
    ).rename(columns={"tfp": 2015})
    found = from_dataframe(frame, **WHERE, population=[1, 2, 3, 4])
    kept = {
        "jobs": [1, np.nan, 3, 4],
        "coast": ["False", "False", "False", "True"],
        "2015": [1, 2, 3, 4],
        "size": ["s", "l", "s", ""],
        "decile": [1, 10, 1, 2],
        "mixed": ["1", "n/a", "2.5", ""],
        "objects": [1, np.nan, 2, 3],
        "town": NAMES,
        "population": [1, 2, 3, 4],
        "latitude": LATITUDE,
    }
    for name, values in kept.items():
        column = found.column("x", name)
        np.testing.assert_array_equal(column, values, err_msg=name)
        assert column.region.values.tolist() == NAMES
    assert set(found.columns) == {*kept, "lat", "lon", "longitude"}
    assert "columns     town, lat, lon, jobs, coast" in repr(found)
    frame.loc[0, "coast"] = True  # of the user, from now on
    assert found.column("x", "coast")[0] == "False"
    with pytest.raises(nege.InputError, match="True and False are no numbers"):
        nege.invert(nege.Helpman(found, housing="2015", **KNOWN), "decile", "coast")
    with pytest.raises(ValueError, match="read-only"):
        found.column("x", "jobs").values[0] = 2


def test_a_geodataframe_is_measured_between_centroids_and_keeps_its_polygons():
    degrees = from_dataframe(squares(), names="town", unit="km")
    # To some metres: edges are straight in a plane, where centroids are those of areas.
    np.testing.assert_allclose(degrees.coordinates.longitude, [8.5, 9.5, 10.5, 11.5], atol=1e-4)
    below = degrees.coordinates.latitude  # the middle, less what meridians come together by
    assert bool(((below < 50.5) & (below > 50.49)).all())
    for crs in ("EPSG:25832", "EPSG:3035", "EPSG:3857"):  # the last one stretches all by a half
        flat = from_dataframe(squares(crs), names="town", unit="km")
        np.testing.assert_allclose(flat.distance, degrees.distance, rtol=0.004)
        assert flat.polygons.crs == crs
        assert flat.polygons.geom_equals(squares(crs).geometry.set_axis(NAMES)).all()
        assert f"polygons    in {crs}" in repr(flat)
    northing = squares("EPSG:25832").centroid
    spots = pd.DataFrame({"n": northing.y, "e": northing.x}).set_axis(NAMES)
    spots = from_dataframe(spots, latitude="n", longitude="e", crs=25832, unit="km")
    flat = from_dataframe(squares("EPSG:25832"), names="town", unit="km")
    np.testing.assert_allclose(spots.distance, flat.distance, atol=1e-6)
    points = squares("EPSG:25832")
    points = points.set_geometry(points.centroid)
    points = from_dataframe(points, names="town", unit="km")
    np.testing.assert_allclose(points.distance, flat.distance, atol=1e-9)
    assert points.polygons is None
    given = from_dataframe(
        squares(), names="town", distance=HOURS[:2, :2].repeat(2, 0).repeat(2, 1)
    )
    assert len(given.polygons) == 4
    assert "latitude" in given.coordinates


def test_columns_and_polygons_outlive_selection_pickles_files_and_stores(tmp_path):
    frame = squares("EPSG:25832", jobs=[1.0, np.nan, 3, 4], land=[2.0, 3, 1, 2], state=list("nnsö"))
    geo = from_dataframe(frame, names="town")
    model = nege.Helpman(geo, housing="land", **KNOWN)
    nege.short_run(model, [0.25] * 4).to_netcdf(tmp_path / "x.nc")
    loaded = nege.load(tmp_path / "x.nc").model
    assert loaded.housing.identical(model.housing)
    for again in (
        pickle.loads(pickle.dumps(geo)),
        Geography.from_dataset(geo.to_dataset()),
        loaded.geography,
        geo.select(["Kiel", "Ulm"]).select(["Ulm", "Kiel"]),
    ):
        here = [NAMES.index(name) for name in again.names]
        assert set(again.columns) == set(geo.columns)
        np.testing.assert_array_equal(again.column("x", "jobs"), frame["jobs"][here])
        assert again.column("x", "state").values.tolist() == frame["state"][here].tolist()
        assert again.polygons.crs == frame.crs
        assert again.polygons.index.tolist() == list(again.names)
        assert again.polygons.geom_equals(geo.polygons[list(again.names)]).all()
    told = [dataset_entries("model", one.to_dataset()) for one in (model, loaded)]
    assert told[0] == told[1]
    other = nege.Helpman(from_dataframe(frame.assign(land=1.0), names="town"), **KNOWN)
    assert told[0] != dataset_entries("model", other.to_dataset())
    bare = from_dataframe(frame.drop(columns=["state"]), names="town").to_dataset()
    assert {"column", "polygon_bytes"} <= set(bare)


def test_a_table_without_polygons_imports_no_geopandas():
    code = (
        "import sys, pandas as pd, nege\n"
        "df = pd.DataFrame({'lat': [1.0, 2], 'lon': [3.0, 4], 'pay': [1, 2]}, index=['a', 'b'])\n"
        "places = nege.geography.from_dataframe(df, latitude='lat', longitude='lon')\n"
        "assert nege.data_report(places, wage='pay').ok\n"
        "assert 'geopandas' not in sys.modules\n"
    )
    fresh.run(code)


# --- what is refused

READ = "pandas.read_csv"
NOT_FOUND = "names the column"
REFUSED = {
    "a path": (lambda: from_dataframe("x.csv", **WHERE), "df must", READ),
    "a dict": (lambda: from_dataframe({"a": [1, 2]}, **WHERE), "df must", "DataFrame"),
    "one row": (lambda: from_dataframe(towns()[:1], **WHERE), "df must", "at least two"),
    "no such column": (
        lambda: from_dataframe(towns(), names="twon", latitude="lat", longitude="lon"),
        "names must",
        "Did you mean 'town'",
    ),
    "nowhere": (lambda: from_dataframe(towns(), names="town"), "latitude must", "distance="),
    "half": (lambda: from_dataframe(towns(), latitude="lat"), "longitude must", "latitude"),
    "text": (
        lambda: from_dataframe(towns(x=["1.234,5", "2", "3", "4"]), **WHERE, population="x"),
        "population must",
        'decimal=",", thousands="."',
    ),
    "gap": (
        lambda: from_dataframe(towns(x=[1, None, 3, 4]), **WHERE, population="x"),
        "population must",
        "'Köln' is not finite",
    ),
    "nobody": (
        lambda: from_dataframe(towns(x=[1, 0, 3, 4]), **WHERE, population="x"),
        "population must",
        "'Köln'",
    ),
    "swapped": (
        lambda: from_dataframe(towns(a=[121.5] * 4), names="town", latitude="a", longitude="lat"),
        "latitude must",
        "changed places",
    ),
    "metres": (
        lambda: from_dataframe(towns(n=[5.6e6] * 4), names="town", latitude="n", longitude="lon"),
        "latitude must",
        "crs=",
    ),
    "twice": (
        lambda: from_dataframe(towns().replace("Ulm", "Bonn"), **WHERE),
        "names must",
        "distinct",
    ),
    "no name": (
        lambda: from_dataframe(towns().replace({"town": {"Ulm": None}}), **WHERE),
        "names must",
        "row 2",
    ),
    "columns twice": (
        lambda: from_dataframe(pd.concat([towns(), towns()], axis=1), **WHERE),
        "df.columns must",
        "duplicated()",
    ),
    "a mark": (
        lambda: from_dataframe(towns().rename(columns={"town": "ï»¿town"}), **WHERE),
        "df.columns must",
        "utf-8-sig",
    ),
    "lost zeros": (
        lambda: from_dataframe(
            towns(id=[1001, 1002, 1003, 9001]),
            names="id",
            distance=table(names=["01001", "01002", "01003", "09001"]),
        ),
        "distance must",
        "leading zeros",
    ),
    "names in the first column": (
        lambda: from_dataframe(towns(), names="town", distance=table().reset_index()),
        "distance must",
        "set_index('index')",
    ),
    "unit": (
        lambda: from_dataframe(towns(), **WHERE, unit="miles"),
        "unit must",
        "1000 km, 100 km",
    ),
    "crs alone": (
        lambda: from_dataframe(towns(), names="town", distance=table(), crs=25832),
        "crs must",
        "coordinates",
    ),
    "no such crs": (lambda: from_dataframe(towns(), **WHERE, crs="EPSG:0"), "crs must", "pyproj"),
    "no crs": (
        lambda: from_dataframe(squares().set_crs(None, allow_override=True), names="town"),
        "crs must",
        "EPSG:4326",
    ),
    "another crs": (
        lambda: from_dataframe(squares(), names="town", crs=25832),
        "crs must",
        "to_crs",
    ),
    "a lost polygon": (
        lambda: from_dataframe(
            squares().assign(geometry=[None, *squares().geometry[1:]]), names="town"
        ),
        "df.geometry must",
        "'Bonn'",
    ),
    "lines": (
        lambda: from_dataframe(squares().set_geometry(squares().boundary), names="town"),
        "df.geometry must",
        "LineString",
    ),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_table_of_places_is_refused_with_a_cure(case):
    call, argument, cure = REFUSED[case]
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value).startswith(argument)
    assert cure in str(caught.value)


# --- the report

GOOD = {
    "pop": [330_579, 1_087_863, 126_949, 246_243],
    "jobs": [170_000, 610_000, 90_000, 130_000],
    "homes": [180_000, 590_000, 85_000, 145_000],
    "pay": [3500.0, 3400.0, 3600.0, 3000.0],
    "income": [3300.0, 3200.0, 3500.0, 2900.0],
    "km2": [141.0, 405.0, 119.0, 119.0],
    "part": [0.2, 0.5, 0.1, 0.2],
}
ASKED = {"population": "pop", "employment": "jobs", "residents": "homes", "wage": "pay"}
ASKED |= {"income": "income", "land": "km2", "share": "part", "trade_cost": 1.5}
COMMUTERS = (
    np.array([[170, 10, 0, 0], [0, 590, 0, 0], [0, 0, 85, 0], [0, 10, 5, 130]], dtype=float) * 1e3
)


def asked(frame=None, **changes):
    """Report on a good table of four towns, but for some changes."""
    given = {"flows": table(COMMUTERS), **WHERE, **ASKED, **changes}
    frame = towns(**GOOD) if frame is None else frame
    return nege.data_report(frame, **{k: v for k, v in given.items() if v is not None})


def with_values(column, place, value):
    """Return the table with another value in a place."""
    frame = towns(**GOOD).astype({column: object})
    frame.loc[place, column] = value
    return frame.infer_objects()


ONLY_PEOPLE = dict.fromkeys(("employment", "residents", "flows"))
#: What is wrong, where it says so, what it says, and whether it would be refused.
FAULTS = {
    "missing": (
        lambda: asked(with_values("pay", 2, np.nan)),
        "wage (pay)",
        "1 of 4 is missing: Ulm",
        1,
    ),
    "zero": (lambda: asked(with_values("jobs", 2, 0)), "employment (jobs)", "is zero: Ulm", 1),
    "negative": (lambda: asked(with_values("pay", 2, -1)), "wage (pay)", "is negative: Ulm", 1),
    "text": (lambda: asked(with_values("pay", 2, "3.600,00")), "wage (pay)", "one number", 1),
    "doubles": (
        lambda: asked(with_values("town", 2, "Bonn")),
        "names (town)",
        "stands twice: Bonn",
        1,
    ),
    "gap in names": (
        lambda: asked(with_values("town", 2, None)),
        "names (town)",
        "missing: row 2",
        1,
    ),
    "per cent": (
        lambda: asked(towns(**GOOD | {"part": [20, 50, 10, 20.0]})),
        "share",
        "their sum is 100",
        1,
    ),
    "flows of others": (
        lambda: asked(flows=table(COMMUTERS, ["Bonn", "Köln", "Ulm", "Jena"])),
        "flows",
        "4 x 4",
        1,
    ),
    "transposed flows": (
        lambda: asked(flows=table(COMMUTERS).T),
        "flows",
        "rows sum to employment",
        0,
    ),
    "nothing stays": (
        lambda: asked(flows=table(COMMUTERS * (1 - np.eye(4)))),
        "flows",
        "nothing stays",
        0,
    ),
    "totals": (
        lambda: asked(towns(**GOOD | {"homes": [180_000, 590_000, 85_000, 175_000]})),
        "employment and residents",
        "-2.91%",
        0,
    ),
    "thousands": (
        lambda: asked(towns(**GOOD | {"pop": [330.6, 1087.9, 126.9, 246.2]})),
        "population",
        "times the population",
        0,
    ),
    "an hour and a month": (
        lambda: asked(towns(**GOOD | {"pay": [20.0, 21, 22, 19]})),
        "wage and income",
        "a month and an hour",
        0,
    ),
    "one in another unit": (
        lambda: asked(with_values("pay", 2, 3.6)),
        "wage",
        "less than a hundredth",
        0,
    ),
    "metres": (lambda: asked(unit="m"), "distance", "m apart", 0),
    "dear": (lambda: asked(unit="km", trade_cost=1.1), "trade_cost", "1.1 per km", 0),
    "too far for kilometres": (
        lambda: asked(distance=table(HOURS * 1e5), unit="km"),
        "distance",
        "other side",
        0,
    ),
    "unlike straight lines": (
        lambda: asked(distance=from_dataframe(towns(), **WHERE, unit="m").distance, unit="1000 km"),
        "distance",
        "other side",
        0,
    ),
    "named the other way": (
        lambda: asked(latitude="lon", longitude="lat"),
        "latitude (lon)",
        "named like",
        0,
    ),
    "fits the other way": (
        lambda: asked(
            towns(**GOOD).rename(columns={"lat": "a", "lon": "b"}),
            latitude="b",
            longitude="a",
            distance=from_points(LATITUDE, LONGITUDE, names=NAMES).distance,
        ),
        "coordinates",
        "the other way round",
        0,
    ),
    "beyond the pole": (lambda: asked(with_values("lat", 1, 109.0)), "coordinates", "-90 to 90", 1),
    "zeros for places": (
        lambda: asked(with_values("lat", 1, 0.0).assign(lon=[7.1, 0.0, 9.99, 10.13])),
        "coordinates",
        "0 degrees",
        0,
    ),
    "one spot": (
        lambda: asked(towns(**GOOD).assign(lat=50.0, lon=[7.0, 7.0, 8, 9])),
        "distance",
        "one spot",
        0,
    ),
    "detour": (
        lambda: asked(distance=table(HOURS**3), unit="hours", trade_cost=None),
        "distance",
        "through",
        0,
    ),
    "spaces": (lambda: asked(with_values("town", 2, "Ulm "), flows=None), "names", "spaces", 0),
    "text elsewhere": (
        lambda: asked(towns(**GOOD, rent=["7,5", "8,1", "9", "6"])),
        "column 'rent'",
        "are text",
        0,
    ),
    "gaps elsewhere": (
        lambda: asked(towns(**GOOD, rent=[7, None, 9, 6])),
        "column 'rent'",
        "1 of 4 is missing",
        0,
    ),
    "a mark": (
        lambda: asked(towns(**GOOD).rename(columns={"town": "\ufefftown"})),
        "df.columns",
        "mark",
        1,
    ),
    "a fraction of people": (
        lambda: asked(towns(**GOOD | {"pop": [330.5, 1087, 126, 246]}), **ONLY_PEOPLE),
        "population",
        "330.5 in Bonn is no whole number",
        0,
    ),
    "crossing itself": (
        lambda: nege.data_report(
            squares().assign(
                geometry=[
                    shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1.5)]),
                    *squares().geometry[1:],
                ]
            ),
            names="town",
        ),
        "geometry",
        "crossing themselves: Bonn",
        0,
    ),
}


def chinese(**changes):
    """Report on the large cities of China, with other coordinates of some."""
    geo = nege.geography.cities("CN", 3_000_000)
    frame = geo.coordinates[["latitude", "longitude"]].to_dataframe()
    for city, spot in changes.items():
        frame.loc[city] = spot
    return nege.data_report(frame, latitude="latitude", longitude="longitude")


@pytest.mark.parametrize(
    ("changes", "far", "cure"),
    [
        ({"Wuhan": (-30.58, 114.27)}, "1 of 42 is far from all others: Wuhan", "other sign"),
        ({"Wuhan": (30.58, -114.27)}, "1 of 42 is far from all others: Wuhan", "its longitude"),
        (
            {"Chengdu": (0, 0), "Wuhan": (-30.58, 114.27)},
            "1 of 42 is far from all others: Wuhan",
            "sign",
        ),
        ({"Wuhan": (3.058, 11.427)}, "1 of 42 is far from all others: Wuhan", "typing error"),
        (
            {"Wuhan": (-30.58, 114.27), "Chengdu": (-30.67, 104.07)},
            "2 of 42 are far from all others: Chengdu, Wuhan",
            "Chengdu with its latitude with the other sign, Wuhan with",
        ),
    ],
)
def test_places_far_from_all_others_are_asked_about(changes, far, cure):
    """One does not hide another, as it would in a mean of distances; zeros are told once."""
    looks = [one for one in chinese(**changes).problems if "far from" in one.what]
    assert len(looks) == 1
    assert looks[0].what.startswith(far)
    assert cure in looks[0].cure
    assert not looks[0].stops


def test_outlying_places_that_are_there_are_not_asked_about():
    """Urumqi and Perth lie far away, not further than their countries reach; islands may."""
    assert chinese().ok
    for countries in ("DE", ("AU", "NZ")):
        report = nege.data_report(nege.geography.cities(countries, 2e5))
        assert report.ok, report
    few = towns(**GOOD).assign(lat=[50.73, 50.94, 50.8, -54.32])  # says nothing of how far is far
    assert not [one for one in asked(few).problems if "far from" in one.what]


def distances(change):
    """Report on distances of twelve places with a typing error, and return what it says."""
    spots = np.random.default_rng(1).uniform(0.0, 10.0, (12, 2))
    values = np.hypot(*(spots[:, None] - spots).transpose(2, 0, 1))
    change(values)
    names = list("ABCDEFGHIJKL")
    found = nege.data_report(pd.DataFrame(index=names), distance=table(values, names)).problems
    assert all(one.where == "distance" and not one.stops for one in found)
    return " ".join(f"{one.what} {one.cure}" for one in found)


def scaled(rows, columns, factor):
    def change(values):
        values[rows, columns] *= factor

    return change


def test_a_typing_error_in_distances_is_said_where():
    assert distances(scaled(0, 0, 1.0)) == ""
    every = slice(None)

    def both(values):
        values[3] *= 1000.0
        values[:, 3] *= 1000.0

    said = distances(both)
    assert "1 of 12 is far from all others: D." in said
    assert "Is the row of D too long?" in said
    said = distances(scaled(3, every, 10.0))
    assert "11 pairs have another way back" in said
    assert "in all of them one end is D" in said
    assert "Is the way between C and F too long?" in distances(scaled([2, 5], [5, 2], 20.0))
    assert "Is the way between C and F too short?" in distances(scaled([2, 5], [5, 2], 0.02))
    for one, other in np.argwhere(np.triu(np.ones((12, 12)), 1))[::13]:
        said = distances(scaled([one, other], [other, one], 0.25))
        assert "Is the row of" not in said


def test_a_row_that_is_not_of_the_size_of_straight_lines_is_named():
    geo = nege.geography.cities("CN", 10_000_000)
    frame = geo.coordinates[["latitude", "longitude"]].to_dataframe()
    roads = 1200.0 * geo.distance.values
    roads[2] /= 1000.0
    roads[:, 2] /= 1000.0
    given = pd.DataFrame(roads, index=frame.index, columns=frame.index)
    report = nege.data_report(
        frame, latitude="latitude", longitude="longitude", distance=given, unit="km"
    )
    said = " ".join(one.what for one in report.problems)
    assert f"those of {geo.names[2]} are of another size" in said


def french(places=None, roads=None, longer=1.25):
    """Report on towns around Paris, roads a quarter longer than straight lines, in whole km."""
    at = pd.DataFrame(
        {
            "lat": [48.86, 49.26, 48.30, 47.90, 49.44, 49.89, 50.63, 47.39, 47.32, 49.12, 48.69],
            "lon": [2.35, 4.03, 4.07, 1.91, 1.10, 2.30, 3.06, 0.68, 5.04, 6.18, 6.18],
        },
        index=[
            *("Paris", "Reims", "Troyes", "Orléans", "Rouen", "Amiens", "Lille"),
            *("Tours", "Dijon", "Metz", "Nancy"),
        ],
    )
    names, given = {"latitude": "lat", "longitude": "lon"}, {}
    if roads is not None:
        straight = from_dataframe(at, **names, unit="km").distance
        values = (longer * straight).round().to_pandas()
        for (one, other), length in roads.items():
            values.loc[one, other] = values.loc[other, one] = length
        given = {"distance": values, "unit": "km"}
    for town, spot in (places or {}).items():
        at.loc[town] = spot
    return nege.data_report(at, **names, **given)


@pytest.mark.parametrize(("town", "swapped"), [("Troyes", (4.07, 48.30)), ("Dijon", (5.04, 47.32))])
def test_a_place_whose_coordinates_are_swapped_is_told_so(town, swapped):
    """Dijon's nearest place is further away than that of any other."""
    (found,) = french({town: swapped}).problems
    assert found.what.startswith(f"1 of 11 is far from all others: {town}")
    assert f"{town} with latitude and longitude swapped" in found.cure
    (only,) = french({town: swapped}, roads={}).problems  # not once more for the lines from there
    assert only.what == found.what
    (only,) = french({town: (0.0, 0.0)}, roads={}).problems
    assert only.where == "coordinates"
    both = french({town: swapped}, roads={("Paris", "Reims"): 41.0}).problems
    assert [one.where for one in both] == ["coordinates", "distance"]
    assert "Paris and Reims (41, not 131)" in both[1].what
    for count in (4, 5, 6):
        few = pd.DataFrame({"lat": [48.86, 49.26, 1.91, 48.30, 49.44, 49.89]}, index=list("ABCDEF"))
        few = few.assign(lon=[2.35, 4.03, 47.90, 4.07, 1.10, 2.30])[:count]
        (found,) = nege.data_report(few, latitude="lat", longitude="lon").problems
        assert found.cure == "Among the others would be C with latitude and longitude swapped."


def test_a_road_shorter_than_the_straight_line_is_told_by_both_its_ends():
    """The detours that it makes blame other ways, and are not told."""
    assert french(roads={}).ok
    (found,) = french(roads={("Paris", "Reims"): 41.0}).problems
    assert (
        found.what == "1 pair is nearer than the straight line [km]: Paris and Reims (41, not 131)"
    )
    (found,) = french(roads={("Paris", "Reims"): 41.0, ("Lille", "Metz"): 29.0}).problems
    assert found.what.startswith("2 pairs are nearer than the straight line [km]: Lille and Metz (")
    others = ["Paris", "Reims", "Metz", "Nancy"]
    (found,) = french(roads={("Dijon", other): 90.0 for other in others}).problems
    assert "One end of all is Dijon" in found.cure
    said = " ".join(one.what for one in french(roads={("Paris", "Reims"): 1630.0}).problems)
    assert "From 'Paris' to 'Reims' the distance is 1630" in said


@pytest.mark.parametrize("road", [1.0, 1.25, 1.5])
def test_miles_taken_for_kilometres_and_the_reverse_are_told(road):
    """By half of all ways: great circles, and roads up to half as long again."""
    mile = 1.609344
    assert french(roads={}, longer=road).ok
    (found,) = french(roads={}, longer=road / mile).problems
    assert (found.where, found.stops) == ("distance", False)
    assert "straight lines" in found.what
    assert f"are they, times {mile}?" in found.cure
    (found,) = french(roads={}, longer=road * mile).problems
    assert f"{mile}" in found.cure
    (found,) = french(roads={}, longer=0.5).problems
    assert found.cure == "No way is shorter. Are they in another unit than km?"


def counting(**changes):
    """Report on people of twelve places, jobs 0.4 to 0.6 of them, with some changed."""
    people = 1e4 * np.round(np.geomspace(10, 200, 12))
    counts = {"population": people, "employment": people * np.linspace(0.4, 0.6, 12)}
    counts["residents"] = counts["employment"][::-1].sum() * people / people.sum()
    frame = pd.DataFrame(counts, index=list("ABCDEFGHIJKL")).round()
    for column, places in changes.items():
        for place, factor in places.items():
            frame.loc[place, column] = np.ceil(frame.loc[place, column] * factor)
    frame = frame.assign(lat=np.linspace(48.0, 50.0, 12), lon=np.linspace(7.0, 9.0, 12))

    def about(*columns):
        where = {"latitude": "lat", "longitude": "lon"}
        return nege.data_report(frame, **where, **{one: one for one in columns}).problems

    return about


def test_a_count_of_people_in_another_unit_in_one_place_is_told():
    """Beside a second count, and by itself if it is below all others."""
    assert not counting()("population", "employment", "residents")
    about = counting(population={"C": 0.001})
    (found,) = about("population", "employment")
    assert found.where == "population and employment"
    assert found.what.startswith("1 of 12 is unlike the others: C. population is 170 beside 74,")
    assert found.cure == "Is population in thousands there, unlike elsewhere?"
    assert len(about("population", "employment", "residents")) == 1
    (found,) = about("population")
    assert (
        found.what
        == "1 of 12 is less than a hundredth of the smallest of the others, 100,000: C (170)"
    )
    (found,) = counting(employment={"C": 1000.0, "D": 1000.0})("employment", "population")[-1:]
    assert "2 of 12 are unlike" in found.what
    assert found.cure == "Is employment in thousands elsewhere, but not there?"
    (found,) = counting(employment={"K": 1 / 50})("employment", "population")
    assert found.cure == "Is one of the two in another unit there, or typed wrong?"


def test_a_good_table_has_no_problem():
    report = asked()
    assert report.ok, report
    assert report.problems == ()
    assert report.places == 4
    assert report.columns.loc["wage (pay)"].tolist() == [4, 3000.0, 3450.0, 3600.0]
    assert "no problem" in repr(report)
    given = {k: v for k, v in ASKED.items() if k != "population"}
    geo = from_dataframe(towns(**GOOD), **WHERE, population="pop")
    assert nege.data_report(geo, flows=table(COMMUTERS), **given).ok
    assert nege.data_report(squares(), names="town").ok


@pytest.mark.parametrize("case", FAULTS)
def test_each_fault_is_found_said_where_and_cured(case):
    call, where, what, stops = FAULTS[case]
    report = call()
    assert not report.ok
    found = [one for one in report.problems if one.where == where and what in one.what]
    assert found, report
    assert found[0].cure
    assert found[0].stops == bool(stops)
    shown = repr(report)
    assert where in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 100


def test_what_stops_is_what_constructors_and_inversion_refuse():
    """The report looks at numbers as they do: neither more nor less is to be mended."""
    for column, place, value in [
        *((column, 2, value) for column in ("jobs", "pay") for value in (np.nan, 0.0, -1.0, "x")),
        *(("lat", 2, value) for value in (np.nan, 91.0, "x")),
        *(("town", 2, value) for value in ("Bonn", "", None)),
        *(("pop", 2, value) for value in (0.0, np.nan)),
        ("jobs", 2, 1e40),
        ("jobs", 2, 1.0),
    ]:
        frame, refused = with_values(column, place, value), False
        try:
            geo = from_dataframe(frame, **WHERE, population="pop")
            model = nege.Helpman(geo, **KNOWN)
            nege.invert(model, employment="jobs", wage="pay")
        except InputError:
            refused = True
        report = asked(frame, flows=None)
        stops = any(one.stops for one in report.problems)
        assert stops == refused, (column, value, report)


def test_all_faults_of_a_file_are_listed_at_once():
    """As German files come: a mark, codes without their zeros, commas, a gap, a double."""
    text = "code;jobs;pay\n1001;10;3,5\n1002;;3,4\n1002;30;3,6\n16077;40;3,1\n"
    raw = io.BytesIO(text.encode("utf-8-sig"))
    frame = pd.read_csv(raw, sep=";", encoding="latin-1")
    codes = ["01001", "01002", "01003", "16077"]
    report = nege.data_report(
        frame, names="code", distance=table(names=codes), employment="jobs", wage="pay"
    )
    said = {one.where for one in report.problems}
    assert {"df.columns", "names (code)", "employment (jobs)", "wage (pay)"} <= said
    again = pd.read_csv(
        io.BytesIO(text.replace("1002;30", "1003;30").encode()), sep=";", decimal=","
    )
    report = nege.data_report(again, names="code", distance=table(names=codes))
    assert [one.where for one in report.problems if one.stops] == ["distance"]
    assert any("one digit short: 1001" in one.what for one in report.problems)
    mended = again.fillna(20).assign(code=again["code"].astype(str).str.zfill(5))
    report = nege.data_report(
        mended, names="code", distance=table(HOURS + HOURS.T, codes), employment="jobs", wage="pay"
    )
    assert report.ok, report


def test_a_geography_has_its_places_already():
    geo = from_dataframe(towns(), **WHERE)
    with pytest.raises(InputError, match="names must be left out"):
        nege.data_report(geo, names="town")
    with pytest.raises(InputError, match="df must be a pandas DataFrame"):
        nege.data_report(3)


# --- maps


@pytest.fixture(scope="module")
def solved():
    geo = from_dataframe(squares("EPSG:25832", land=[1.0, 2, 4, 60]), names="town")
    return nege.short_run(nege.Helpman(geo, housing="land", **KNOWN), [0.01, 0.09, 0.2, 0.7])


@functools.cache
def plt():
    import matplotlib.pyplot

    return matplotlib.pyplot


def drawn(ax):
    return next(one for one in ax.collections if one.get_gid() == "places")


@pytest.mark.closed_form
def test_a_map_fills_polygons_by_value_with_its_scale(solved):
    share = solved.data.share.values
    ax = solved.plot.map()
    np.testing.assert_array_equal(drawn(ax).get_array(), share)
    assert len(drawn(ax).get_paths()) == 4
    bar = ax.figure.axes[-1]
    assert bar.get_ylabel() == "share of people"
    assert [text.get_text() for text in bar.get_yticklabels()][:3] == ["0.01", "0.02", "0.05"]
    colours = drawn(ax).get_facecolor()
    brightness = colours[:, :3].sum(1)
    assert (np.diff(brightness) < 0).all()  # more is darker, also without colour
    ax = solved.plot.map(variable="wage", borders=squares())
    np.testing.assert_array_equal(drawn(ax).get_array(), solved.data.wage)
    assert ax.get_xlim()[1] - ax.get_xlim()[0] < 1e6  # metres: borders were brought there
    for variable in ("welfare", "wgae"):
        with pytest.raises(InputError, match="variable must be"):
            solved.plot.map(variable=variable)
    plt().close("all")


@pytest.mark.closed_form
def test_polygons_without_a_value_are_grey_and_changes_have_no_preference(solved):
    from nege.plots import maps

    outlines = solved.model.geography.polygons
    ax = maps.choropleth(outlines, np.array([1.0, np.nan, 2.0, 3.0]), "x")
    assert len(drawn(ax).get_array()) == 3
    assert len(ax.collections[0].get_paths()) == 1
    grey = ax.collections[0].get_facecolor()[0, :3]
    assert np.ptp(grey) == 0
    change = np.array([-5.0, 0.0, 5.0, 50.0])
    ax = maps.changes(None, np.full(4, 0.25), change, widest=10, polygons=outlines)
    assert (drawn(ax).norm.vmin, drawn(ax).norm.vmax) == (-10, 10)  # beyond: as at the end
    plt().close("all")


# --- sides of tables, and other ways to be wrong quietly

HALF = [["Kiel", "Bonn", "Köln", "Ulm"], range(4)]


@pytest.mark.parametrize(
    ("axes", "named", "said"),
    [
        (HALF, [None, None], "Its rows have labels in another order than places, its columns none"),
        (HALF[::-1], [None, None], "Its columns have labels in another order than places"),
        ([NAMES, range(4)], [None, None], None),
        ([range(4), range(4)], [None, None], None),
        ([NAMES, NAMES], ["importer", "exporter"], "turn it, .T"),
        ([NAMES, NAMES], ["Importer", None], "turn it, .T"),
        ([NAMES, NAMES], [None, "iso_o"], "turn it, .T"),
        ([NAMES, NAMES], ["exporter", "importer"], None),
        ([NAMES, NAMES], ["town", "town"], None),
        ([NAMES, NAMES], ["importer", "origin"], None),
    ],
)
def test_tables_between_places_are_read_as_they_say_or_refused(axes, named, said):
    """Half a table's labels do not say where the other half's numbers belong."""
    index, columns = axes
    frame = pd.DataFrame(HOURS, index=list(index), columns=list(columns))
    frame = frame.rename_axis(index=named[0], columns=named[1])
    give = [
        lambda: from_dataframe(towns(), names="town", distance=frame),
        lambda: from_distance(frame, names=NAMES),
    ]
    if said is None:
        wanted = HOURS.T if named == ["importer", "origin"] else HOURS
        for call in give:
            np.testing.assert_array_equal(call().distance, wanted)
        return
    for call in give:
        with pytest.raises(InputError) as refused:
            call()
        assert said in str(refused.value) or "is not a name here" in str(refused.value)


@pytest.mark.parametrize("known", [np.int64, np.float64, Decimal])
def test_a_column_of_numbers_of_any_kind_is_kept(known):
    """Databases give decimals."""
    kept = from_dataframe(towns(jobs=[known(n) for n in (17, 61, 9, 24)]), **WHERE)
    np.testing.assert_array_equal(kept.column("employment", "jobs"), [17.0, 61.0, 9.0, 24.0])


def test_a_column_that_is_not_kept_is_not_just_unknown():
    places = from_dataframe(towns(opened=pd.to_datetime(["2020"] * 4)), **WHERE)
    with pytest.raises(InputError, match="Those of dates and the like are not kept"):
        places.column("employment", "opened")


def test_rents_are_looked_at_by_the_report():
    found = nege.data_report(towns(rent=[9.0, 0.0, 8.0, 7.0]), **WHERE, rent="rent")
    assert [one.where for one in found.problems if one.stops] == ["rent"]


@pytest.mark.parametrize("argument", ["trade_cost_change", "commuting_cost_change"])
@pytest.mark.parametrize(("change", "warned"), [(0.1, True), (0.9, False), (1 / 1.5, False)])
def test_a_cost_below_that_of_no_distance_is_told(argument, change, warned):
    """10 % cheaper is 0.9; 0.1 is a tenth."""
    places = nege.geography.equidistant(3)
    model = nege.Commuting(places, sigma=4, mu=0.7, taste=2, trade_cost=1.5, commuting_cost=1.5)
    before = nege.short_run(model, [1 / 3] * 3)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        nege.counterfactual(before, **{argument: change})
    assert [str(one.message)[: len(argument)] for one in told] == [argument] * warned
    assert all(one.filename == __file__ for one in told)


def test_other_models_are_told_what_answers_instead_of_hats():
    economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    with pytest.raises(InputError, match=r"nege\.compare\(before, after\)"):
        nege.counterfactual(nege.short_run(economy, [0.5, 0.5]), trade_cost_change=0.9)


def test_a_year_of_which_no_series_knows_anything_is_refused():
    economy = nege.OnlineAgglomeration(nege.geography.equidistant(2))
    shares = {2015: 0.1, 2016: np.nan}
    with pytest.raises(InputError, match="Leave that step out"):
        nege.calibrate(
            economy, {"online_share.services": shares}, over={"digital_cost.services": (1, 3)}
        )
