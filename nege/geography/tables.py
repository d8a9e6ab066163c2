"""Geographies from tables: coordinates, distances or polygons of places, and all columns."""

from __future__ import annotations

import decimal
import pathlib
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege.errors import InputError, require
from nege.geography.makers import (
    GeographyWarning,
    check_degrees,
    check_memory,
    geodesic,
    people_by_name,
    table_of,
)
from nege.geography.metrics import Floats, Matrix, shortcut
from nege.geography.places import TWO_PLACES, Geography, columns_in_words
from nege.geography.polygons import Polygons, is_geodataframe
from nege.validation import distinct_names, known, square, texts, unwritable, vector
from nege.validation.keywords import hinted

__all__ = ["from_dataframe"]

#: How many of a unit 1000 km have.
UNITS = {"1000 km": 1.0, "100 km": 10.0, "km": 1e3, "m": 1e6}
DEGREES = "EPSG:4326"
MARKS = ("\ufeff", "ï»¿")  # of bytes that UTF-8 files may begin with, and read as Latin-1
NEEDED = "a pandas DataFrame or GeoDataFrame with a row for each of at least two places"
MARKED = 'Read the file with encoding="utf-8-sig", or rename the column.'
AS_CRS = 'a coordinate reference system, for example "EPSG:25832"'
BORDERS, SPOTS = {"Polygon", "MultiPolygon"}, {"Point"}


@hinted
def from_dataframe(
    df: Any,
    *,
    names: str | Iterable[str] | None = None,
    latitude: Any = None,
    longitude: Any = None,
    distance: Any = None,
    population: Any = None,
    unit: str | None = None,
    crs: Any = None,
) -> Geography:
    """Places of a table: where they lie or how far apart they are, and every column by its name.

    Distances are geodesic, on the WGS84 ellipsoid, or the table given. Models and studies then
    take columns by name: ``nege.Helpman(geo, productivity="tfp", ...)``.

    Parameters
    ----------
    df : DataFrame or GeoDataFrame
        A row for each place. All columns of numbers and of text are kept, those of True and
        False as text. A GeoDataFrame's polygons are kept for maps, and places lie in their
        centroids; points say where places are.
    names : str or iterable of str, optional
        Column with the names of places, or the names; by default the index of `df`.
    latitude, longitude : str or array_like, optional
        Columns, or numbers: degrees north and east; or northing and easting where `crs` says so.
    distance : DataFrame, DataArray or array_like of shape (n, n), optional
        Distances or travel times from each origin (row) to each destination, matched by
        their labels. Coordinates are for maps only then.
    population : str or array_like, optional
        Column, or people in each place; positive.
    unit : str, optional
        Of distance, the one to which `trade_cost` refers. Of coordinates "1000 km" (default),
        "100 km", "km" or "m". Of `distance` whatever its numbers are in, "hours" for instance;
        they are not changed.
    crs : str, int or CRS, optional
        Coordinate reference system of what `df` has, for example "EPSG:25832". By default that of
        the GeoDataFrame, else degrees on WGS84. In a projection, too, distances are geodesic:
        between centroids, brought to degrees by pyproj.

    Raises
    ------
    InputError
        If a column is not there, holds text for numbers or gaps, names stand twice, labels of
        distances are not the names, or nothing says where places are.
    DependencyError
        If pyproj is not installed, or geopandas for polygons.

    Warns
    -----
    GeographyWarning
        If a detour is shorter than the direct way, as in ``from_distance``.

    Notes
    -----
    Not a check of what the numbers mean: ``nege.data_report`` looks for wrong units, swapped
    coordinates, codes that lost their zeros, and lists all that is wrong at once.

    Columns go by their names as text, ``"2015"``; those of dates and other types are not kept.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"city": ["Bonn", "Köln", "Ulm"], "lat": [50.73, 50.94, 48.40]})
    >>> df = df.assign(lon=[7.10, 6.96, 9.99], jobs=[170e3, 610e3, 90e3])
    >>> geo = from_dataframe(df, names="city", latitude="lat", longitude="lon", unit="km")
    >>> geo.distance.sel(origin="Bonn").round().values
    array([  0.,  25., 333.])
    >>> geo.column("employment", "jobs").values
    array([170000., 610000.,  90000.])
    """
    check_table(df)
    labels = names_of(df, names)
    check_memory("df", f"{len(labels)} places", len(labels), tables=2)
    if (latitude is None) != (longitude is None):
        missing, other = (
            ("latitude", "longitude") if latitude is None else ("longitude", "latitude")
        )
        raise InputError(missing, None, f"given together with {other}")
    spots, polygons = {}, None
    if latitude is not None:
        spots = {
            "latitude": numbers_of(df, "latitude", latitude, labels),
            "longitude": numbers_of(df, "longitude", longitude, labels),
        }
        spots = spots if crs is None or is_geodataframe(df) else in_degrees(spots, crs)
    if is_geodataframe(df):
        polygons, centres = outlines(df, crs, labels)
        spots = spots or centres
    elif crs is not None and not spots:
        raise InputError("crs", crs, "given with coordinates or polygons")
    if spots:
        check_degrees(**spots, names=labels)
    people = None if population is None else numbers_of(df, "population", population, labels)
    people = people_by_name(people, labels, labels)
    metric, measured = _metric(spots, distance, unit, labels)
    table = table_of(**spots, population=people)
    return Geography(labels, metric, measured, "table", table, columns_of(df), polygons)


def _metric(
    spots: dict[str, Floats], distance: Any, unit: Any, labels: tuple[str, ...]
) -> tuple[Matrix, str]:
    """Return distances and their unit."""
    if distance is None:
        if not spots:
            cure = (
                'Name columns, latitude="lat", longitude="lon"; or give distance=, a square table '
                "with labels; or a GeoDataFrame."
            )
            raise InputError("latitude", None, "given: nothing says where places are", cure)
        measured = known("unit", "1000 km" if unit is None else unit, tuple(UNITS))
        return Matrix(geodesic(**spots) * UNITS[measured]), measured
    if unit is not None and (not isinstance(unit, str) or not unit or unwritable(unit)):
        raise InputError("unit", unit, 'the name of a unit, for example "hours"')
    values = distances_of(distance, labels)
    if detour := shortcut(values, labels):
        warnings.warn(detour, GeographyWarning, stacklevel=4)  # of who called ``hinted``
    said = distance.attrs.get("units") if isinstance(distance, xr.DataArray) else None
    return Matrix(values), str(unit or said or "distance")


def distances_of(distance: Any, labels: Sequence[str]) -> Floats:
    """Return a table of distances in the order of places."""
    if isinstance(distance, pd.DataFrame) and distance.shape == (len(labels), len(labels) + 1):
        first = str(distance.columns[0])
        cure = f"Its first column has names: distance.set_index({first!r})."
        raise InputError("distance", distance.shape, "as wide as it is high", cure)
    return square("distance", distance, labels, at_least=0.0)


def check_table(df: Any) -> None:
    """Refuse what is no table of places whose columns have names of their own."""
    if isinstance(df, (str, pathlib.PurePath)):
        cure = "Read it first: pandas.read_csv, pandas.read_stata, geopandas.read_file."
        raise InputError("df", str(df), NEEDED, cure)
    if not isinstance(df, pd.DataFrame):
        cure = "It has a method for that: .to_pandas()." if hasattr(df, "to_pandas") else ""
        raise InputError("df", type(df).__name__, NEEDED, cure)
    if isinstance(df.columns, pd.MultiIndex):
        cure = "Join their levels: df.columns = ['_'.join(map(str, c)) for c in df.columns]."
        raise InputError("df.columns", df.columns.tolist(), "of one level", cure)
    if len(df) < 2:
        raise InputError("df", f"{len(df)} rows", NEEDED, TWO_PLACES)
    seen: set[str] = set()
    for name in map(str, df.columns):
        if name.startswith(MARKS):
            raise InputError("df.columns", name, "free of a byte-order mark", MARKED)
        if unwritable(name):
            cure = "Rename it: df.rename(columns=...)."
            raise InputError("df.columns", name, "free of control characters", cure)
        if name in seen:
            cure = "df.loc[:, ~df.columns.duplicated()] keeps the first of each name."
            raise InputError("df.columns", name, "distinct", cure)
        seen.add(name)


def names_of(df: pd.DataFrame, names: Any) -> tuple[str, ...]:
    """Return the names of places: a column, a list, or the index; whole numbers as text."""
    if names is None:
        if isinstance(df.index, pd.MultiIndex):
            cure = "Keep one level, for example df.droplevel(0), or give names=."
            raise InputError("names", df.index.tolist(), "an index of one level", cure)
        listed = df.index.tolist()
    elif isinstance(names, str):
        listed = column_of(df, "names", names).tolist()
    else:
        listed = texts("names", names)
    if len(listed) != len(df):
        cure = f"There are {len(listed)}."
        raise InputError("names", listed, f"{len(df)} names, one for each row", cure)
    for row, name in enumerate(listed):
        if name is None or name is pd.NA or name is pd.NaT or name != name:
            cure = f"That of row {row} is missing; df.dropna(subset=[...]) leaves such rows out."
            raise InputError("names", name, "given for every place", cure)
    codes = all(_is(one, (int, np.integer)) for one in listed)
    return distinct_names("names", [str(one) for one in listed] if codes else listed)


def _is(value: Any, kinds: Any) -> bool:
    return isinstance(value, kinds) and not isinstance(value, (bool, np.bool_))


def column_of(df: pd.DataFrame, argument: str, name: str) -> pd.Series:
    """Return a column, or say which ones there are."""
    columns = tuple(map(str, df.columns))
    if name not in columns:
        allowed = "the name of a column of df, or values"
        raise InputError(argument, name, allowed, columns_in_words(name, columns))
    return df.iloc[:, columns.index(name)]


def numbers_of(df: pd.DataFrame, argument: str, value: Any, labels: Sequence[str]) -> Floats:
    """Return a number for each place: of a column, by the rows of df, or by labels."""
    if isinstance(value, str):
        value = column_of(df, argument, value)
    if isinstance(value, pd.Series) and value.index.equals(df.index):
        value = pd.Series(value.array, index=list(labels))
    return vector(argument, value, labels)


def columns_of(df: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return all columns of numbers and of text, by name."""
    found = {str(name): _column(df.iloc[:, at]) for at, name in enumerate(df.columns)}
    return {name: values for name, values in found.items() if values is not None}


def _column(column: pd.Series) -> np.ndarray | None:
    """Return numbers, with NaN for gaps, or text, empty for gaps; None for what is neither."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if getattr(column.dtype, "kind", "O") in "iuf":
        return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
    values = [None if one is None or one is pd.NA or one != one else one for one in column.tolist()]
    values = [float(one) if isinstance(one, decimal.Decimal) else one for one in values]
    # True and False are no numbers, but may say who belongs together.
    values = [str(one) if isinstance(one, (bool, np.bool_)) else one for one in values]
    if not all(one is None or isinstance(one, (str, int, float, np.number)) for one in values):
        return None
    if all(one is None or not isinstance(one, str) for one in values):
        return np.array([np.nan if one is None else one for one in values], dtype=float)
    written = np.array(["" if one is None else str(one) for one in values])
    return (
        None
        if any(unwritable(one.replace("\n", "").replace("\t", "")) for one in written)
        else written
    )


# --- coordinates ---------------------------------------------------------------------


def in_degrees(spots: dict[str, Floats], crs: Any) -> dict[str, Floats]:
    """Return coordinates of any reference system as degrees on WGS84."""
    pyproj = require("pyproj", "geo", "Reading coordinates of a projection")
    check_crs(crs)
    try:
        change = pyproj.Transformer.from_crs(crs, DEGREES, always_xy=True)
    except (pyproj.exceptions.CRSError, ValueError) as error:
        raise InputError("crs", crs, AS_CRS, f"pyproj says: {str(error)[:200]}.") from error
    longitude, latitude = change.transform(spots["longitude"], spots["latitude"])
    if not (np.isfinite(longitude) & np.isfinite(latitude)).all():
        cure = "Have northing (latitude=) and easting (longitude=) changed places?"
        raise InputError("crs", crs, "the system that all coordinates are in", cure)
    return {"latitude": latitude, "longitude": longitude}


def check_crs(crs: Any) -> None:
    """Refuse what is neither text, nor a code, nor a reference system itself."""
    if not (_is(crs, (str, int, np.integer)) or hasattr(crs, "to_wkt")):
        raise InputError("crs", crs, AS_CRS)


def outlines(df: Any, crs: Any, labels: Sequence[str]) -> tuple[Polygons | None, dict[str, Floats]]:
    """Return polygons, none if there are points, and centres in degrees."""
    try:
        shapes = df.geometry
    except AttributeError as error:
        cure = "Say which column it is: df.set_geometry(...)."
        raise InputError("df", list(df.columns), "a GeoDataFrame with a geometry", cure) from error
    known = shapes.crs
    if crs is not None:
        check_crs(crs)
    try:
        shapes = shapes if crs is None or known is not None else shapes.set_crs(crs)
        other = crs is not None and known is not None and known != crs
    except Exception as error:  # of pyproj, which geopandas passes on
        raise InputError("crs", crs, AS_CRS, f"pyproj says: {str(error)[:200]}.") from error
    if other:
        cure = "Leave it out, or bring the polygons there: df.to_crs(...)."
        raise InputError("crs", crs, f"that of df, {known.to_string():.60}", cure)
    if shapes.crs is None:
        cure = 'For example crs="EPSG:4326" for degrees; the file\'s .prj says which it is.'
        raise InputError("crs", None, "given, as df has none", cure)
    missing = (shapes.isna() | shapes.is_empty).to_numpy()
    if missing.any():
        cure = f"That of {labels[int(np.argmax(missing))]!r} is missing: leave its row out."
        raise InputError("df.geometry", None, "given for every place", cure)
    kinds = set(shapes.geom_type)
    if not (kinds <= BORDERS or kinds <= SPOTS):
        allowed = "polygons everywhere, or points everywhere"
        raise InputError("df.geometry", ", ".join(sorted(kinds)), allowed)
    flat = shapes
    if kinds <= BORDERS and shapes.crs.is_geographic:  # a centroid of degrees is none of areas
        west, south, east, north = shapes.total_bounds
        flat = shapes.to_crs(f"+proj=laea +lat_0={(south + north) / 2} +lon_0={(west + east) / 2}")
    centres = flat.centroid.to_crs(DEGREES) if kinds <= BORDERS else shapes.to_crs(DEGREES)
    spots = {"latitude": centres.y.to_numpy(), "longitude": centres.x.to_numpy()}
    if not all(np.isfinite(values).all() for values in spots.values()):
        raise InputError("crs", shapes.crs.to_string()[:60], "the system that all geometry is in")
    if kinds <= SPOTS:
        return None, spots
    return Polygons(tuple(shapes.to_wkb()), shapes.crs.to_string()), spots
