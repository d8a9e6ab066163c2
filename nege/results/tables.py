"""Tables of results: a pandas DataFrame, and from it CSV, LaTeX and GeoDataFrame, for all of them.

A result says what its data are (a Dataset); everything else is here. Rows are over what was varied
(what ``status`` is over), over places, and over the dimensions that all chosen variables have in
common; what a variable is over beside these becomes columns, by dotted names:
``total_cost.services.online``. What is the same for all places is repeated.
"""

from __future__ import annotations

import logging
import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege import memory, validation
from nege.errors import OF_MODELS, Guide, InputError, alike, in_words, require
from nege.plots.varied import plain
from nege.results.symbols import symbol
from nege.status import Status
from nege.validation import paths
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    import geopandas  # type: ignore[import-untyped]

logger = logging.getLogger("nege")

PLACES = ("region", "place")
WIDEST = 100  # columns that a variable may take without being asked for
LARGE = 1 << 24  # bytes of a table that is worth a word
ROUNDING = 1e-14  # of the largest: what differences that take both signs cannot be known below
NO_UNIT = ("", "1", "utility")
DEGREES = "EPSG:4326"
COORDINATES = (
    "Make the geography with from_points, cities or from_dataframe, or give geography= with one "
    "that has longitudes and latitudes, or polygons."
)


class Column(NamedTuple):
    """A column of a table: what variable it is, and of which labels."""

    name: str
    variable: str
    labels: tuple[str, ...]
    meaning: str
    unit: str


class Tabular(Guide):
    """What every result of nege can be made into: a DataFrame, CSV, LaTeX, a GeoDataFrame."""

    #: What a printed table has where no variables are chosen: None stands for all.
    _printed: ClassVar[tuple[str, ...] | None] = None
    #: Whether its variables are those of economies, which have symbols.
    _of_economies: ClassVar[bool] = True

    #: What draws a result that has no picture of its own.
    _pictured: ClassVar[str] = "there is no picture of it; .to_dataframe() has its numbers"

    def _elsewhere(self, name: str) -> str:
        """Say where an attribute is that a result does not have itself."""
        if name == "plot":
            return self._pictured
        held = getattr(self, "data", None)
        if isinstance(held, xr.Dataset):
            if name in held:
                return f".data.{name} has it"
            if close := alike(name, [str(one) for one in held]):
                return f"did you mean .data.{close[0]}?"
        of = next((one for one in ("model", "equilibrium", "after") if hasattr(self, one)), "")
        if name in OF_MODELS:
            return f"{OF_MODELS[name].format('model')} does that"
        if name == "replace" and of:
            model = of if of == "model" else f"{of}.model"
            return f"solve another economy: nege.solve(result.{model}.replace(...))"
        if not isinstance(held, xr.Dataset) and hasattr(self, "to_dataset"):
            if name == "data":
                return ".to_dataset() makes a Dataset of it"
            if name in self.to_dataset():
                return f".to_dataset().{name} has it"
        return f".{of}.{name} has it" if of and hasattr(getattr(self, of), name) else ""

    def _tabulated(self) -> xr.Dataset:
        """Return the data that tables are made of."""
        data: xr.Dataset = self.to_dataset()  # type: ignore[attr-defined]
        return data

    def _geography(self) -> Any:
        """Return where places are, None where the result does not know."""
        of = self if hasattr(self, "model") else getattr(self, "equilibrium", None)
        return getattr(getattr(of, "model", None), "geography", None)

    def _noise(self) -> Mapping[str, float]:
        """Return below which size numbers of a variable are no more than what solves leave."""
        return {}

    def _latex(self, digits: int) -> str | None:
        """Return in LaTeX the table that a result prints, None where it has none of its own."""
        return None

    def _remark(self, symbols: bool, digits: int) -> str:
        """Return in LaTeX what is to be said below a table."""
        return ""

    @hinted
    def to_dataframe(self, variables: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Make a pandas DataFrame: a row for each place and whatever was varied.

        Parameters
        ----------
        variables : str or sequence of str, optional
            Which variables; all by default, but for those that would be more than 100 columns
            each, which ``.attrs["left_out"]`` names.

        Returns
        -------
        DataFrame
            Indexed by what all of the variables are over, and by place. What a variable is over
            beside these becomes columns, ``total_cost.services.online``; one variable alone is
            over all of its dimensions. What is the same for all places is repeated; ``status``
            is in words. ``.attrs`` has meaning and unit of each column.

        Raises
        ------
        InputError
            For an unknown variable, or a table that memory does not hold, with its size.

        Notes
        -----
        Not for sweeps of millions of points: choose `variables`, or a part of the Dataset first.

        Examples
        --------
        >>> import nege
        >>> places = nege.geography.from_distance([[0, 1], [1, 0]], names=["here", "there"])
        >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
        >>> nege.short_run(economy, [0.7, 0.3]).to_dataframe(["share", "wage"]).round(3)
                share   wage
        region
        here      0.7  0.986
        there     0.3  1.033
        """
        return table_of(self._tabulated(), variables)[0]

    @hinted
    def to_csv(
        self, path: str | pathlib.Path, variables: str | Sequence[str] | None = None
    ) -> None:
        """Write the DataFrame as CSV, in UTF-8, with every digit that numbers have.

        Parameters
        ----------
        path : str or Path
            The file to write, as a whole or not at all. One that begins with the same names of
            columns is replaced; anything else that stands there is left alone.
        variables : str or sequence of str, optional
            Which variables, as of :meth:`to_dataframe`.

        Raises
        ------
        InputError
            Where the path cannot be written, or another file is there.

        Examples
        --------
        >>> import nege, os, pandas, tempfile
        >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
        >>> path = os.path.join(tempfile.mkdtemp(), "places.csv")
        >>> nege.solve(economy).to_csv(path, "share")
        >>> pandas.read_csv(path).columns.tolist()
        ['region', 'share']
        """
        place = paths.located("path", path)
        frame, _ = table_of(self._tabulated(), variables)
        named = frame.index.names != [None]
        head = frame.iloc[:0].to_csv(index=named, lineterminator="\n").encode()
        with paths.replacing("path", place, begins=head) as partial:
            frame.to_csv(partial, index=named, lineterminator="\n", encoding="utf-8")

    @hinted
    def to_latex(
        self,
        path: str | pathlib.Path | None = None,
        symbols: bool = True,
        variables: str | Sequence[str] | None = None,
        digits: int = 4,
        rows: int | None = 40,
    ) -> str:
        r"""Make a LaTeX table with the field's symbols, units, and significant digits.

        What rounding leaves of a difference is 0 in it: what is below the accuracy of solves, or
        1e-14 of the largest of a variable that takes both signs. Small numbers of one sign stay.
        Numbers that are over nothing, as welfare of an equilibrium, are said once, below the table.

        Parameters
        ----------
        path : str or Path, optional
            A file to write it to as well, as a whole or not at all; one that nege did not write
            is left alone.
        symbols : bool, default True
            Head columns by symbols, which notes below the table explain; else by words.
        variables : str or sequence of str, optional
            Which variables, as of :meth:`to_dataframe`; by default those that say what was
            found: of an optimum the objective, of claims the verdicts; of a comparison the
            table that it prints, terms by group and in words.
        digits : int, default 4
            Significant digits of numbers, of a comparison by terms of the largest; files in CSV
            have all of them.
        rows : int or None, default 40
            How many rows at most: of a longer table, which fits on no page, the first and last
            ones, with dots between them. None has all.

        Returns
        -------
        str
            A ``tabular`` with rules of the package booktabs, and notes. ``amsmath`` has words.

        Raises
        ------
        InputError
            For an unknown variable, or a path that cannot be written.

        Examples
        --------
        >>> import nege
        >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
        >>> print(nege.solve(economy).to_latex(variables=["share", "rent"], digits=3))
        % table of nege: \usepackage{booktabs, amsmath}
        \begin{tabular}{lrr}
        \toprule
        region & $\lambda$ & $h$ \\
        \midrule
        0 & $0.304$ & $0.128$ \\
        1 & $0.393$ & $0.173$ \\
        2 & $0.304$ & $0.128$ \\
        \bottomrule
        \end{tabular}
        \par\smallskip
        {\footnotesize $\lambda$: share of people; $h$: rent of a unit of housing (wage bill of all
        places).}
        """
        symbols = validation.flag("symbols", symbols)
        digits = validation.whole("digits", digits, at_least=1)
        data = self._tabulated()
        if isinstance(path, str) and path in data:
            cure = f"A file ends in .tex; variables={path!r} chooses one to print."
            raise InputError("path", path, "a file to write", cure)
        place = None if path is None else paths.located("path", path)
        rows = None if rows is None else validation.whole("rows", rows, at_least=2)
        text = self._latex(digits) if variables is None else None
        variables = self._printed if variables is None else variables
        symbols = symbols and self._of_economies
        if text is None:
            text = latex(
                *table_of(data, variables),
                keys=_keys(data),
                scalars=[str(name) for name, one in data.variables.items() if not one.ndim],
                symbols=symbols,
                digits=digits,
                rows=rows,
                noise=self._noise(),
                remark=self._remark(symbols, digits),
            )
        if place is not None:
            with paths.replacing("path", place) as partial:
                partial.write_text(f"{text}\n", encoding="utf-8")
        return text

    @hinted
    def to_geodataframe(
        self, variables: str | Sequence[str] | None = None, geography: Any = None
    ) -> geopandas.GeoDataFrame:
        """Make a GeoDataFrame of geopandas: the DataFrame with the geometry of each place.

        Parameters
        ----------
        variables : str or sequence of str, optional
            Which variables, as of :meth:`to_dataframe`.
        geography : Geography, optional
            Where the places are; by default that of the economy, which Datasets of sweeps do
            not know.

        Returns
        -------
        GeoDataFrame
            With polygons where the geography has them, else points, in degrees (EPSG:4326); the
            online region has no geometry.

        Raises
        ------
        InputError
            Where nothing says where the places are, or the variables are not over places.
        DependencyError
            Where geopandas is not installed.

        Examples
        --------
        >>> import nege
        >>> places = nege.geography.from_points([39.9, 31.2], [116.4, 121.5], names=["a", "b"])
        >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
        >>> found = nege.short_run(economy, [0.6, 0.4])
        >>> found.to_geodataframe("share").geometry.x.tolist()  # needs geopandas
        [116.4, 121.5]
        """
        given = self._geography() if geography is None else geography
        return located(table_of(self._tabulated(), variables)[0], given)


# --- the DataFrame --------------------------------------------------------------------


def table_of(
    data: xr.Dataset, variables: str | Sequence[str] | None = None
) -> tuple[pd.DataFrame, list[Column]]:
    """Return a Dataset as a table, and what its columns are."""
    known = [str(name) for name in data.data_vars]
    if variables is None:
        names, left_out = _usual(data, known)
    else:
        names, left_out = _chosen(variables, known), []
    rows = _rows(data, names)
    aside = [str(name) for name, one in data.coords.items() if name not in data.dims]
    aside = [name for name in aside if name not in names and set(data[name].dims) <= set(rows)]
    every = [*aside, *names]
    sizes = [data.sizes[dim] for dim in rows]
    count = sum(_width(data[name], rows) for name in every)
    needed = 8 * math.prod(sizes) * count
    words = f"a table of {math.prod(sizes):,} rows and {count:,} columns"
    cure = "Choose variables=, or make a table of a part: ds.sel(...), ds.isel(...)."
    memory.check("variables", names, 2 * needed, f"for {words}", cure)
    if needed > LARGE:
        logger.info("Making %s: %.3g GB", words, needed / 1e9)
    columns: dict[str, Any] = {}
    about = []
    for name in every:
        for column, values in _columns(data[name], rows, sizes):
            columns[column.name] = values
            about.append(column)
    frame = pd.DataFrame(columns, index=_index(data, rows, sizes))
    frame.attrs = {"long_name": {c.name: _with_labels(c) for c in about}}
    frame.attrs["units"] = {c.name: c.unit for c in about}
    if left_out:
        frame.attrs["left_out"] = left_out
        logger.info("Left out of the table for their width: %s", in_words(left_out))
    return frame, about


def _usual(data: xr.Dataset, known: list[str]) -> tuple[list[str], list[str]]:
    """Return the variables of a table by default, and those that are too wide for it."""
    rows = _rows(data, known)
    wide = [name for name in known if _width(data[name], rows) > WIDEST]
    return [name for name in known if name not in wide], wide


def _chosen(variables: Any, known: list[str]) -> list[str]:
    """Return the names of variables that were asked for, each once."""
    names = [variables] if isinstance(variables, str) else validation.texts("variables", variables)
    if not len(names):
        cure = f"There are {in_words(known)}; None takes them all."
        raise InputError("variables", variables, "at least one", cure)
    return list(dict.fromkeys(validation.known("variables", name, known) for name in names))


def _rows(data: xr.Dataset, names: Sequence[str]) -> list[str]:
    """Return what was varied, places, and what all have in common, scalars aside."""
    over = [data[name].dims for name in names if data[name].ndim]
    every = dict.fromkeys(str(dim) for dims in over for dim in dims)
    varied = [str(dim) for dim in data["status"].dims] if "status" in data else []
    front = [dim for dim in varied if dim in every]
    rest = (dim for dim in every if dim in PLACES or all(dim in dims for dims in over))
    return [*dict.fromkeys([*front, *rest])]


def _width(array: xr.DataArray, rows: Sequence[str]) -> int:
    """Return how many columns a variable takes."""
    return math.prod(size for dim, size in array.sizes.items() if dim not in rows)


def _labels(data: Any, dim: str) -> list[Any]:
    """Return the labels along a dimension; numbers where it has none."""
    found: list[Any] = (
        data[dim].values.tolist() if dim in data.coords else list(range(data.sizes[dim]))
    )
    return found


def _index(data: xr.Dataset, rows: Sequence[str], sizes: Sequence[int]) -> pd.Index:
    """Return the labels of rows."""
    if not rows:
        return pd.RangeIndex(1)
    if len(rows) == 1:
        return pd.Index(_labels(data, rows[0]), name=rows[0])
    return pd.MultiIndex.from_product([_labels(data, dim) for dim in rows], names=rows)


def _columns(array: xr.DataArray, rows: Sequence[str], sizes: Sequence[int]) -> Any:
    """Yield each column of a variable, with its values over all rows."""
    name = str(array.name)
    own = [dim for dim in rows if dim in array.dims]
    rest = [str(dim) for dim in array.dims if dim not in rows]
    values = array.transpose(*rest, *own).values
    if values.dtype.kind == "f":
        values = values + 0.0  # a zero has no sign
    shape = [size if dim in own else 1 for dim, size in zip(rows, sizes, strict=True)]
    names = [[str(label) for label in _labels(array, dim)] for dim in rest]
    meaning, unit = _about(array, name)
    for at in np.ndindex(*(len(labels) for labels in names)):
        labels = tuple(labels[i] for labels, i in zip(names, at, strict=True))
        found = np.broadcast_to(values[at].reshape(shape), sizes).ravel()
        yield (
            Column(".".join([name, *labels]), name, labels, meaning, unit),
            in_status_words(found) if name == "status" else found,
        )


def in_status_words(codes: np.ndarray) -> Any:
    """Return how solves ended by the names of :class:`nege.Status`, where that is what it is."""
    known = {int(status): status.name for status in Status}
    if codes.dtype.kind not in "iu" or not set(np.unique(codes).tolist()) <= set(known):
        return codes
    return np.array([known[int(code)] for code in codes], dtype=object)


# --- LaTeX ----------------------------------------------------------------------------

ESCAPED = {
    **{char: f"\\{char}" for char in "&%$#_{}"},
    **{"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"},
}


def escaped(text: Any) -> str:
    """Return a text as LaTeX prints it."""
    return "".join(ESCAPED.get(char, char) for char in " ".join(str(text).split()))


def rounded(value: Any, digits: int) -> str:
    """Return a value in LaTeX: numbers with so many significant digits, or as text."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return f"${int(value)}$"
    if isinstance(value, (float, np.floating)):
        if math.isnan(value):
            return "--"
        if math.isinf(value):
            return r"$\infty$" if value > 0.0 else r"$-\infty$"
        value = value + 0.0  # of which a zero has no sign
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        power = int(exponent)
        if value == 0.0 or -4 <= power < max(digits, 6):
            return f"${value:.{max(0, digits - 1 - power) if value else 0}f}$"
        return rf"${mantissa} \times 10^{{{power}}}$"
    return escaped(value)


def _keys(data: xr.Dataset) -> dict[str, Column]:
    """Return what dimensions are, by name."""
    found = {}
    for dim in map(str, data.dims):
        array = data[dim] if dim in data.coords else xr.DataArray(0)
        found[dim] = Column(dim, dim, (), *_about(array, dim))
    return found


def _about(array: xr.DataArray, name: str) -> tuple[str, str]:
    """Return meaning and unit of an array; a parameter is called as on an axis."""
    meaning = " ".join(str(array.attrs.get("long_name", _in_words(name))).split())
    unit = " ".join(str(array.attrs.get("units", "")).split())
    if "long_name" not in array.attrs and meaning.endswith(")"):
        meaning, _, unit = meaning[:-1].rpartition(" (")
    return meaning, unit


def in_plain_words(name: str) -> str:
    """Return the name of a variable or parameter in words: the rate of vat, vat.rate."""
    base, *rest = name.replace("_", " ").split(".")
    if rest and _of_a_mechanism(name):
        base, rest = f"{rest[0]} of {base}", rest[1:]
    return ", ".join([base, *rest])


def _in_words(name: str) -> str:
    """Return what a variable or parameter is where nothing says it."""
    return in_plain_words(name) if _of_a_mechanism(name) else plain(name)


def _of_a_mechanism(name: str) -> bool:
    """Return whether a name is the mechanism's before the dot, as variables of models have symbols.

    So ``vat.rate`` is, and ``digital_cost.services``, of one industry, is not.
    """
    base, dot, _ = name.partition(".")
    return bool(dot) and symbol(base) is None


def head(column: Column, symbols: bool) -> str:
    """Return what stands above a column."""
    known = symbol(column.variable, column.meaning) if symbols else None
    if not symbols:
        unit = "" if column.unit in NO_UNIT else f" ({column.unit})"
        return escaped(f"{_with_labels(column)}{unit}")
    if known is None:
        return escaped(", ".join([in_plain_words(column.variable), *column.labels]))
    if not column.labels:
        return f"${known}$"
    known = f"{{{known}}}" if "_" in known else known
    return rf"${known}_{{\text{{{escaped(', '.join(column.labels))}}}}}$"


def _with_labels(column: Column) -> str:
    return ", ".join([column.meaning, *column.labels])


def notes(columns: Sequence[Column]) -> str:
    """Return what symbols mean, with units, each variable once; in words what shares a symbol."""
    first = {column.variable: column for column in reversed(columns)}
    known = {name: symbol(name, column.meaning) for name, column in first.items()}
    found = {}
    for column in columns:
        name, mark = column.variable, known[column.variable]
        unit = "" if column.unit in NO_UNIT else f" ({column.unit})"
        if mark is not None:
            shared = [*known.values()].count(mark) > 1 and column.labels
            shown = f"{head(first[name], True)}, ..." if shared else f"${mark}$"
            found[name] = f"{shown}: {escaped(column.meaning + unit)}"
        elif column.meaning != in_plain_words(name) or unit:
            found[name] = escaped(f"{in_plain_words(name)}: {column.meaning}{unit}")
    return f"{'; '.join(found.values())}." if found else ""


def latex(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    *,
    keys: Mapping[str, Column] | None = None,
    scalars: Sequence[str] = (),
    symbols: bool = True,
    digits: int = 4,
    rows: int | None = None,
    noise: Mapping[str, float] | None = None,
    remark: str = "",
) -> str:
    """Return a table in LaTeX; below it scalars, and a remark that is LaTeX already."""
    names = [] if frame.index.names == [None] else list(frame.index.names)
    least = _least(frame, columns, noise or {})
    below = [i for i, column in enumerate(columns) if column.variable in scalars]
    beside = [i for i in range(len(columns)) if i not in below]
    said = ""
    if names and beside:
        said = "; ".join(
            _equation(columns[i], frame.iloc[0, i], symbols, digits, least[columns[i].variable])
            for i in below
        )
        frame, columns = frame.iloc[:, beside], [columns[i] for i in beside]
    flat = frame.reset_index(names=names) if names else frame
    kinds = "".join(
        "r" if flat.iloc[:, i].dtype.kind in "fiu" else "l" for i in range(flat.shape[1])
    )
    known = keys or {}
    plain = {name: Column(name, name, (), in_plain_words(name), "") for name in names}
    varied = [known.get(name, plain[name]) for name in names]
    heads = [head(one, symbols) for one in (*varied, *columns)]
    cut = _cut(len(flat), rows)
    short = flat if cut is None else pd.concat([flat.iloc[: cut[0]], flat.iloc[-cut[1] :]])
    cells = [
        [_shown(value, digits, floor) for value in short.iloc[:, i].tolist()]
        for i, floor in enumerate([*[0.0] * len(varied), *(least[c.variable] for c in columns)])
    ]
    body = [row(line) for line in zip(*cells, strict=True)]
    words = notes([*varied, *columns]) if symbols else ""
    words = " ".join(filter(None, [words, f"{said}." if said else "", remark]))
    more = ""
    if cut is not None:
        body.insert(cut[0], row([r"$\vdots$"] * flat.shape[1]))
        more = f"{len(short)} of {len(flat)} rows: rows=None has all"
        words = f"{words} {len(flat) - len(short)} of {len(flat)} rows are left out.".strip()
    comment = f"{more}, variables= and a part of the data fewer" if more else ""
    return tabular(kinds, heads, [body], words, comment)


def tabular(
    kinds: str,
    heads: Sequence[str],
    parts: Sequence[Sequence[str]],
    words: str,
    comment: str = "",
) -> str:
    """Return a table of cells and rows that are LaTeX already, with rules between its parts."""
    body = [line for rows in parts for line in (r"\midrule", *rows)]
    return "\n".join(
        [
            r"% table of nege: \usepackage{booktabs, amsmath}",
            *([f"% {comment}"] if comment else ()),
            rf"\begin{{tabular}}{{{kinds}}}",
            *(r"\toprule", row(heads), *body, r"\bottomrule", r"\end{tabular}"),
            *((r"\par\smallskip", rf"{{\footnotesize {words}}}") if words else ()),
        ]
    )


def _equation(column: Column, value: Any, symbols: bool, digits: int, floor: float) -> str:
    """Return what a scalar is, in LaTeX: U = 1.03 (welfare)."""
    shown = _shown(value, digits, floor)
    name = head(column, symbols)
    meaning = column.meaning if symbols and column.meaning != in_plain_words(column.name) else ""
    unit = column.unit if symbols and column.unit not in NO_UNIT else ""
    about = escaped(", ".join(filter(None, [meaning, unit])))
    both = name.startswith("$") and shown.startswith("$")
    told = f"{name[:-1]} = {shown[1:]}" if both else f"{name}: {shown}"
    return f"{told} ({about})" if about else told


def _cut(count: int, rows: int | None) -> tuple[int, int] | None:
    """Return how many rows at both ends stay of a table that is too long."""
    return None if rows is None or count <= rows else (rows - rows // 2, rows // 2)


def _shown(value: Any, digits: int, floor: float) -> str:
    """Return a value in LaTeX, 0 where it is no more than rounding."""
    small = isinstance(value, float) and abs(value) < floor
    return rounded(0.0 if small else value, digits)


def _least(
    frame: pd.DataFrame, columns: Sequence[Column], noise: Mapping[str, float]
) -> dict[str, float]:
    """Return below which size numbers of each variable are rounding.

    Only differences have such numbers, so of a variable of one sign the smallest count: firms that
    sell online may be 1e-20. What a result knows of its own accuracy, it says.
    """
    found: dict[str, float] = {}
    for name in dict.fromkeys(column.variable for column in columns):
        own = [i for i, column in enumerate(columns) if column.variable == name]
        values = frame.iloc[:, own].to_numpy()
        found[name] = noise.get(name, 0.0)
        if values.dtype.kind == "f":
            good = values[np.isfinite(values)]
            if (good < 0.0).any() and (good > 0.0).any():
                found[name] = max(found[name], ROUNDING * float(np.abs(good).max()))
    return found


def row(cells: Sequence[str]) -> str:
    """Return a row of cells that are LaTeX already."""
    return " & ".join(cells) + r" \\"


# --- where places are -----------------------------------------------------------------


def located(frame: pd.DataFrame, geography: Any) -> geopandas.GeoDataFrame:
    """Return a table with the geometry of each place."""
    dim = next((dim for dim in PLACES if dim in frame.index.names), None)
    if dim is None:
        cure = "Of this result there is nothing by place: to_dataframe() has it."
        raise InputError("variables", list(frame.columns), "over places", cure)
    shapes = _shapes(geography)
    names = frame.index.get_level_values(dim)
    order = list(dict.fromkeys(map(str, names)))
    strangers = [name for name in order if name not in shapes]
    online = len(strangers) == 1 and strangers[0] == order[-1] and len(order) == len(shapes) + 1
    if strangers and not online:
        cure = "Give the geography of the economy that was solved."
        raise InputError("geography", strangers, "one that has these places", cure)
    geopandas = require("geopandas", "geo", "A GeoDataFrame")
    geometry = [shapes.get(str(name)) for name in names]
    made = geopandas.GeoDataFrame(frame, geometry=geometry, crs=DEGREES)
    made.attrs = dict(frame.attrs)
    return made


def _shapes(geography: Any) -> dict[str, Any]:
    """Return the polygon or the point of each place by name, in degrees."""
    from nege.geography.places import Geography

    if not isinstance(geography, Geography):
        raise InputError("geography", geography, "one that says where places are", COORDINATES)
    polygons = getattr(geography, "polygons", None)
    geopandas: Any = require("geopandas", "geo", "A GeoDataFrame")
    if polygons is not None:
        shapes = geopandas.GeoSeries(polygons)
        if shapes.crs is not None:
            shapes = shapes.to_crs(DEGREES)
        return dict(zip(geography.names, shapes, strict=True))
    coordinates = geography.coordinates
    if coordinates is None or "longitude" not in coordinates:
        known = "none" if coordinates is None else in_words(map(str, coordinates.data_vars))
        allowed = "one with longitudes and latitudes, or polygons"
        raise InputError("geography", f"{geography.kind}, with {known}", allowed, COORDINATES)
    points = geopandas.points_from_xy(
        coordinates["longitude"].values, coordinates["latitude"].values
    )
    return dict(zip(geography.names, points, strict=True))
