"""The class Geography: names, metric, population and coordinates of places; immutable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from nege import labelled, memory
from nege.errors import Guide, InputError, meant
from nege.geography.metrics import Circle, Floats, Grid, Line, Matrix, Metric
from nege.geography.polygons import Polygons
from nege.immutable import Frozen, frozen
from nege.validation import distinct_names, known, square, texts, vector
from nege.validation.keywords import hinted

__all__ = ["Geography"]

WIDEST = 80  # characters of names of columns that a geography prints
COLUMNS = ("column", "text_column")  # of numbers and of texts, as they are stored

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


@dataclass(frozen=True, eq=False, repr=False)
class Geography(Guide, Frozen):
    """Places, the distances between them, and how many people live where.

    Made by the functions of ``nege.geography``, e.g. ``equidistant(2)``. A geography cannot be
    changed; the arrays that it hands out are read-only.

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

    Notes
    -----
    Not for changing places: :meth:`select` makes another geography of some of them.

    Examples
    --------
    >>> import nege
    >>> geo = nege.geography.racetrack(4)
    >>> geo
    <nege.Geography: racetrack, 4 places, unit of distance: steps>
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
    #: Further columns of the table that it was made of, numbers or texts, in the order of places.
    _columns: Mapping[str, Any] = field(default_factory=dict)
    _polygons: Polygons | None = None

    def __post_init__(self) -> None:
        sizes = {len(self.metric), *self._table.sizes.values(), *map(len, self._columns.values())}
        sizes |= set() if self._polygons is None else {len(self._polygons)}
        if sizes != {len(self.names)}:
            allowed = f"one for each of the {len(self.metric)} places"
            raise InputError("names", self.names, allowed, f"There are {len(self.names)}.")
        table = {
            name: labelled.variable("region", frozen(column.values), dict(column.attrs))
            for name, column in self._table.data_vars.items()
        }
        people, metric = self._table.get("population"), self.metric
        with np.errstate(over="ignore"):
            if people is not None and not np.isfinite(people.values.sum()):
                raise InputError("population", people.values, "small enough to be added up")
            if isinstance(metric, Line) and not np.isfinite(np.ptp(metric.positions)):
                raise InputError("positions", metric.positions, "at finite distances")
        object.__setattr__(self, "_table", xr.Dataset(table, attrs=dict(self._table.attrs)))
        columns = {name: frozen(values) for name, values in self._columns.items()}
        object.__setattr__(self, "_columns", columns)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        shown = ", ".join(self.names[:6]) + (", …" if len(self) > 6 else "")
        people = self.population
        total = "not given" if people is None else f"{float(people.sum()):,.10g}"
        said = (
            f"<nege.Geography: {self.kind}, {len(self)} places, unit of distance: "
            f"{self.distance_unit}>\n  places      {shown}\n  population  {total}"
        )
        if self._columns:
            said += f"\n  columns     {_listed(tuple(self._columns), WIDEST)}"
        if self._polygons is not None:
            said += f"\n  polygons    in {self._polygons.crs.splitlines()[0]:.60}"
        return said

    @cached_property
    def _dense(self) -> Floats:
        if not isinstance(self.metric, Matrix):
            memory.check(
                "distance",
                f"{len(self)} places",
                memory.table(len(self), 5),
                "for the table of all distances",
                "Solvers do without it; .select(names) takes some of the places.",
            )
        return frozen(self.metric.dense())

    def _elsewhere(self, name: str) -> str:
        """Say what draws places, and which of its columns an attribute is."""
        if name in ("plot", "map"):
            return "nege.solve(model).plot.map(variable) draws an economy where it is"
        if name in self.columns:
            return f"a model takes it by name, e.g. employment={name!r}"
        where = self.coordinates
        return f".coordinates.{name} has it" if where is not None and name in where else ""

    @property
    def distance(self) -> xr.DataArray:
        """Distance between any two places, over (origin, destination); n² numbers, computed once.

        The distance of a place to itself is zero unless `from_distance` was told otherwise.
        """
        return labelled.array(
            self._dense,
            {"origin": self.names, "destination": self.names},
            "distance",
            {"long_name": "distance", "units": self.distance_unit},
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
    def described(self) -> bool:
        """Whether places are more than numbers: with names, people, or a position on the map."""
        named = not all(name.isdigit() for name in self.names)
        return named or "population" in self._table or "latitude" in self._table

    @property
    def population_share(self) -> xr.DataArray:
        """Share of each place in the population, summing to one; uniform where it is unknown."""
        people = self._table["population"].values if "population" in self._table else None
        share = np.ones(len(self)) if people is None else people
        about = {"long_name": "share of the population"}
        return labelled.array(
            share / share.sum(), {"region": self.names}, "population_share", about
        )

    @property
    def coordinates(self) -> xr.Dataset | None:
        """Where places lie, over region; None where unknown.

        `latitude` and `longitude` in degrees, and for cities also `country`,
        `administrative_code` and `geonameid`; else `x` and `y` in steps. The x and y of
        a racetrack and of more than three equidistant places are for drawing maps only.
        """
        table = self._labelled().drop_vars("population", errors="ignore")
        return table if table.data_vars else None

    @property
    def polygons(self) -> Any:
        """Outlines of the places for maps, a GeoSeries by region; None where there are none."""
        return None if self._polygons is None else self._polygons.series(self.names)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that models and studies take: those of the table it was made of.

        Besides, `population` and coordinates by these names.
        """
        return tuple(dict.fromkeys((*self._columns, *map(str, self._table.data_vars))))

    @hinted
    def column(self, argument: str, value: Any) -> Any:
        """Return the column of the geography's table that a text names; all else as it is.

        Whatever takes a number for each place asks this first: ``productivity="tfp"``.

        Parameters
        ----------
        argument : str
            What the value was given for; errors begin with it.
        value : object
            The name of a column, or anything else.

        Returns
        -------
        object
            A DataArray over region for a text, else the value.

        Raises
        ------
        InputError
            If a text names no column: with the nearest names and the list of them.

        Notes
        -----
        Not a check of numbers: who asked for the column finds out whether it has gaps.

        Examples
        --------
        >>> import nege
        >>> geo = nege.geography.from_distance([[0, 1], [1, 0]], population=[3, 5])
        >>> geo.column("weights", "population").values
        array([3., 5.])
        >>> geo.column("weights", [2, 1])
        [2, 1]
        """
        if not isinstance(value, str):
            return value
        if value in self._columns:
            found = self._columns[value]
        elif value in self._table:
            found = self._table[value].values
        else:
            allowed = "numbers, or the name of a column of the geography's table"
            cure = columns_in_words(value, self.columns)
            if self._columns and not meant(value, self.columns):
                cure += " Those of dates and the like are not kept."
            if not self._columns:
                cure += " nege.geography.from_dataframe(df, ...) keeps the columns of df."
            if _is_number(value):
                cure = f"It is text: a number is written {value.strip()}, without quotes."
            raise InputError(argument, value, allowed, cure)
        return labelled.array(found, {"region": self.names}, str(value))

    @hinted
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
        >>> import nege
        >>> nege.geography.racetrack(6).select(["0", "3"]).distance.values
        array([[0., 3.],
               [3., 0.]])
        """
        chosen = distinct_names("names", texts("names", names))
        position = {name: place for place, name in enumerate(self.names)}
        for name in chosen:
            if name not in position:
                known("names", name, self.names)
        if len(chosen) < 2:
            raise InputError("names", names, "at least two names of places", TWO_PLACES)
        places = np.array([position[name] for name in chosen], dtype=np.intp)
        needed, work = memory.table(len(chosen), 5), "for a table of their distances"
        memory.check("names", f"{len(chosen)} places", needed, work, "Select fewer.")
        return Geography(
            names=chosen,
            metric=Matrix(self.metric.among(places)),
            distance_unit=self.distance_unit,
            kind=self.kind if self.kind.startswith("part of ") else f"part of {self.kind}",
            _table=self._table.isel(region=places, missing_dims="ignore"),
            _columns={name: values[places] for name, values in self._columns.items()},
            _polygons=None if self._polygons is None else self._polygons.among(places),
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
        for kind in COLUMNS:
            names = [name for name, values in self._columns.items() if _kind(values) == kind]
            if names:
                values = np.array([self._columns[name] for name in names])
                dataset = dataset.assign({kind: ((f"{kind}_name", "region"), values)})
                dataset = dataset.assign_coords({f"{kind}_name": names})
        if self._polygons is not None:
            outlines = self._polygons.to_dataset()
            dataset = dataset.assign(outlines.data_vars).assign_attrs(outlines.attrs)
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
        >>> import nege
        >>> Geography.from_dataset(nege.geography.grid(2, 3).to_dataset()).metric
        Grid(ny=2, nx=3)
        """
        cure = "Give what Geography.to_dataset returned"
        if not isinstance(dataset, xr.Dataset):
            raise InputError("dataset", dataset, "a stored geography", f"{cure}.")
        attrs = dataset.attrs
        try:
            names = distinct_names("region", texts("region", dataset["region"]))
            unit, kind = str(attrs["distance_unit"]), str(attrs["kind"])
            metric: Metric
            match attrs["metric"]:
                case "circle":
                    metric = Circle(int(attrs["n"]))
                case "grid":
                    metric = Grid(int(attrs["ny"]), int(attrs["nx"]))
                case "line":
                    metric = Line(vector("position", dataset["position"].values, names))
                case "matrix":
                    metric = Matrix(square("distance", dataset["distance"], names, at_least=0.0))
                case other:
                    raise KeyError(other)
        except KeyError as missing:
            cure = f"{cure}; this one lacks {missing}."
            raise InputError("dataset", list(dataset), "a stored geography", cure) from missing
        columns = {name: dataset[name].variable for name in dataset if name in ATTRIBUTES}
        source = {key: text for key, text in attrs.items() if key == "source"}
        further = {
            str(name): dataset[stored].values[row]
            for stored in COLUMNS
            if stored in dataset
            for row, name in enumerate(dataset[f"{stored}_name"].values.tolist())
        }
        table = xr.Dataset(columns, attrs=source)
        return cls(names, metric, unit, kind, table, further, Polygons.from_dataset(dataset))

    def _labelled(self) -> xr.Dataset:
        return self._table.assign_coords(labelled.coordinates({"region": self.names}))


MOST_COLUMNS = 600  # characters of their names that an error lists


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def columns_in_words(name: str, known: tuple[str, ...]) -> str:
    """Say which columns there are, the nearest ones first."""
    if not known:
        return "It has none."
    close = [repr(one) for one in meant(name, known) if len(one) <= MOST_COLUMNS]
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    return f"{hint}Columns: {_listed(known, MOST_COLUMNS)}."


def _listed(names: tuple[str, ...], most: int) -> str:
    """Return names in a line of so many characters at most, but for how many there are."""
    whole = ", ".join(names)
    return whole if len(whole) <= most else f"{whole[:most].rpartition(', ')[0]}, … ({len(names)})"


def _kind(values: np.ndarray) -> str:
    return COLUMNS[values.dtype.kind not in "iuf"]
