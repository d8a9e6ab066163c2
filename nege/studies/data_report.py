"""A report on data before anything is solved: what would be refused, and what looks wrong.

What would be refused is asked of the checks that geographies, models and ``nege.invert`` make
themselves; here all of it is listed at once. ``data_problems`` finds what looks wrong.
"""

from __future__ import annotations

import dataclasses
import textwrap
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

from nege import validation
from nege.errors import InputError
from nege.geography import Geography, GeographyWarning, tables
from nege.immutable import Immutable
from nege.studies.data_problems import Finder, Problem, counted, refused, shown, some, where_from
from nege.validation.keywords import hinted

__all__ = ["DataReport", "data_report"]

WIDTH = 100


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class DataReport(Immutable):
    """What ``nege.data_report`` found.

    Attributes
    ----------
    problems : tuple of Problem
        With `where`, `what`, `cure`, and `stops`: whether it would be refused, or looks wrong.
    columns : DataFrame
        What was read: smallest, median and largest number and how many places have one.
    places : int
        Number of places.
    """

    places: int
    columns: pd.DataFrame
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong, or looks wrong."""
        return not self.problems

    def __repr__(self) -> str:
        stops = sum(one.stops for one in self.problems)
        looks = len(self.problems) - stops
        said = [f"{n} {words}" for n, words in ((stops, "to mend"), (looks, "to look at")) if n]
        lines = [f"<nege.DataReport: {self.places} places, {', '.join(said) or 'no problem'}>"]
        if len(self.columns):
            numbers = self.columns.map(shown)
            lines += textwrap.indent(numbers.to_string(), "  ").splitlines()
        for one in self.problems:
            head = f"  {'mend' if one.stops else 'look'}  {one.where}: "
            rest = " " * 8
            lines += textwrap.wrap(head + one.what, WIDTH, subsequent_indent=rest)
            if one.cure:
                lines += textwrap.wrap(
                    one.cure, WIDTH, initial_indent=f"{rest}-> ", subsequent_indent=f"{rest}   "
                )
        return "\n".join(lines)


@hinted
@np.errstate(all="ignore")  # sums of what is as large as numbers get are infinite, and said so
def data_report(
    table: Any,
    *,
    names: str | Iterable[str] | None = None,
    latitude: Any = None,
    longitude: Any = None,
    distance: Any = None,
    population: Any = None,
    unit: str | None = None,
    crs: Any = None,
    employment: Any = None,
    wage: Any = None,
    residents: Any = None,
    income: Any = None,
    land: Any = None,
    rent: Any = None,
    share: Any = None,
    flows: Any = None,
    trade_cost: float | None = None,
) -> DataReport:
    """Report on data before solving: what would be refused and what looks wrong, with cures.

    What would be refused is found by the checks that ``from_dataframe``, models and ``invert``
    make; all of it is listed, not only the first.

    Parameters
    ----------
    table : DataFrame, GeoDataFrame or Geography
        A row for each place, as ``nege.geography.from_dataframe`` takes it, or what it made.
    names, latitude, longitude, distance, population, unit, crs : optional
        As ``from_dataframe`` takes them; for a DataFrame only.
    employment, residents : str or array_like, optional
        People by workplace and by residence; positive, with the same total.
    wage, income : str or array_like, optional
        By workplace, and per head of residents; positive.
    land : str or array_like, optional
        Land or housing; positive.
    rent : str or array_like, optional
        Rents, or an index of them; positive.
    share : str or array_like, optional
        Shares over the places; they sum to one.
    flows : DataFrame, DataArray or array_like of shape (n, n), optional
        Trade from origin to destination, or commuters from residence to workplace.
    trade_cost : float, optional
        Factor per unit of distance that a model will be given.

    Returns
    -------
    DataReport
        Prints as a table; ``.ok``, ``.problems``.

    Raises
    ------
    InputError
        For what is no table at all, or an argument that does not exist.

    Notes
    -----
    Not a proof that data are right: wages that are all per hour are as good as wages per year,
    and who mixes up two columns of people is not told.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"city": ["Bonn", "Köln", "Ulm"], "lat": [50.73, 50.94, 48.40]})
    >>> df = df.assign(lon=[7.10, 6.96, 9.99], jobs=[170e3, 610e3, None])
    >>> found = data_report(df, names="city", latitude="lat", longitude="lon", employment="jobs")
    >>> print(found.problems[0].what)
    1 of 3 is missing: Ulm
    """
    about = {"latitude": latitude, "longitude": longitude, "distance": distance}
    about |= {"population": population, "unit": unit, "crs": crs}
    data = {"employment": employment, "wage": wage, "residents": residents}
    data |= {"income": income, "land": land, "rent": rent}
    if isinstance(table, Geography):
        for argument, value in {"names": names, **about}.items():
            if value is not None:
                cure = "A geography has places and distances already."
                raise InputError(argument, value, "left out", cure)
        found = Finder(table.names, lambda argument, name: _of_geography(table, argument, name))
        found.of_geography(table)
    else:
        found = _of_table(table, names, about, [*data.values(), share, flows])
    for argument, value in data.items():
        found.numbers_above_zero(argument, value)
    if share is not None:
        found.ask(
            "share",
            lambda: validation.shares("share", found.given("share", share), found.labels),
        )
    found.compare()
    if flows is not None:
        found.of_flows(flows)
    if trade_cost is not None:
        found.ask("trade_cost", lambda: found.of_trade_cost(trade_cost))
    order = sorted(found.problems, key=lambda one: not one.stops)
    columns = pd.DataFrame.from_dict(found.summary, orient="index")
    return DataReport(len(found.labels), columns, tuple(dict.fromkeys(order)))


def _of_geography(geography: Geography, argument: str, name: str) -> pd.Series:
    return pd.Series(geography.column(argument, name).values, index=list(geography.names))


# --- tables ----------------------------------------------------------------------------


def _of_table(table: Any, names: Any, about: Mapping[str, Any], further: Sequence[Any]) -> Finder:
    """Look at a DataFrame: its columns, names, and where places are."""
    problems: list[Problem] = []
    try:
        tables.check_table(table)
    except InputError as error:
        if error.argument != "df.columns" or isinstance(table.columns, pd.MultiIndex):
            raise
        problems.append(refused(error, error.argument))
        table = _with_clean_columns(table)
    named = True
    try:
        labels = tables.names_of(table, names)
    except InputError as error:
        named = False
        labels = tuple(f"row {row}" for row in range(len(table)))
        listed = _listed_names(table, names)
        twice = listed[listed.duplicated()].unique().tolist() if listed is not None else []
        if listed is not None and listed.isna().any():
            rows = np.flatnonzero(listed.isna()).tolist()
            what = (
                f"{counted(len(rows), len(listed))} missing: {some(f'row {row}' for row in rows)}"
            )
            problems.append(Problem(where_from("names", names), what, error.cure, True))
        if twice:
            what = f"{len(twice)} {'names stand' if len(twice) > 1 else 'name stands'} twice: "
            cure = (
                "Add up its rows, df.groupby(...).sum(), or tell places apart, for example by "
                "their code or state."
            )
            problems.append(Problem(where_from("names", names), what + some(twice), cure, True))
        elif listed is None or not listed.isna().any():
            problems.append(refused(error, "names"))
        if listed is not None and len(listed) == len(table):
            labels = tuple(f"{one} ({row})" for one, row in zip(listed, labels, strict=True))
    found = Finder(labels, lambda argument, name: tables.column_of(table, argument, name))
    found.problems, found.rows, found.named = problems, table.index, named
    if named:
        found.of_names()
    found.of_places(table, about)
    used = {value for value in (names, *about.values(), *further) if isinstance(value, str)}
    found.of_other_columns(table, used)
    before = {one.where for one in found.problems if one.stops}
    if not before:  # whatever else there is that would stop it
        found.ask("df", lambda: _quietly(tables.from_dataframe, table, names=names, **about))
    return found


def _quietly(call: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GeographyWarning)  # which is asked for by itself
        return call(*arguments, **keywords)


def _with_clean_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with marks taken off and the first of each name only."""
    clean = []
    for name in map(str, table.columns):
        for mark in tables.MARKS:
            name = name.removeprefix(mark)
        clean.append(name.replace("\x00", ""))
    table = table.set_axis(clean, axis=1)
    return table.loc[:, ~table.columns.duplicated()]


def _listed_names(table: pd.DataFrame, names: Any) -> pd.Series | None:
    try:
        if names is None:
            return table.index.to_series().reset_index(drop=True)
        if isinstance(names, str):
            return tables.column_of(table, "names", names).reset_index(drop=True)
        listed = validation.texts("names", names)
        plain = all(one is None or isinstance(one, (str, int, float)) for one in listed)
        return pd.Series(listed, dtype=object) if plain else None
    except InputError:
        return None
