"""Matching by label: which place, industry or channel a number belongs to.

Where a value has labels (a mapping, a Series or DataFrame of pandas, a
DataArray with coordinates), each is compared with the names, as text, and their order does
not matter; what is unknown, missing or there twice is refused. What has no labels (a list,
an array, a DataArray without coordinates) goes by position.

Whole numbers are labels too: 1001 is not "01001". Only the index that pandas makes where none
was given, 0 to n-1 in order, says nothing and goes by position, unless some of the names are
such numbers themselves. Keys of a mapping are always labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege.errors import InputError, near

#: What tables call the side that something comes from, and the one that it goes to.
FROM = {"origin", "exporter", "from", "seller", "source", "residence", "home", "iso_o", "iso3_o"}
TO = {"destination", "importer", "to", "buyer", "target", "workplace", "work", "iso_d", "iso3_d"}
AS_TEXT = "Codes that are read as numbers lose their leading zeros: read the column with dtype=str"


def texts(argument: str, index: pd.Index, allowed: str) -> list[str]:
    """Return labels as the text that names are compared with."""
    if isinstance(index, pd.MultiIndex):
        cure = "Its labels have several levels: keep one, for example with .droplevel(0)."
        raise InputError(argument, index.tolist(), allowed, cure)
    if index.hasnans:
        raise InputError(argument, index.tolist(), allowed, "One of its labels is missing (NaN).")
    return list(map(str, index.tolist()))


def counted(index: pd.Index) -> bool:
    """Whether an index is the default one of pandas: 0 to n-1, in order."""
    given = index.tolist()
    whole = all(isinstance(label, int) and not isinstance(label, bool) for label in given)
    return whole and given == list(range(len(given)))


def positions(
    argument: str, index: pd.Index, names: Sequence[str], allowed: str, *, written: bool = False
) -> list[int] | None:
    """Return where the label of each name is, None where nothing has to move.

    That is where they are in order already, or are row numbers.

    Parameters
    ----------
    argument : str
        For the error.
    index : pandas.Index
        Labels as they were given.
    names : sequence of str
        What they are compared with.
    allowed : str
        For the error.
    written : bool
        Whether they are keys of a mapping: then even 0 to n-1 are labels.
    """
    given = texts(argument, index, allowed)
    if given == list(names):
        return None
    if not written and counted(index) and set(given).isdisjoint(names):
        return None
    at = {label: position for position, label in enumerate(given)}
    known = set(names)
    extra = next((label for label in given if label not in known), None)
    missing = next((name for name in names if name not in at), None)
    if extra is None and missing is None and len(at) == len(given):
        return [at[name] for name in names]
    if extra is not None:
        cure = _of_unknown(index.tolist()[given.index(extra)], names)
    else:
        twice = next((label for place, label in enumerate(given) if at[label] != place), None)
        cures = ["" if missing is None else f"{missing!r} is missing."]
        cures += ["" if twice is None else f"A label stands twice: {twice!r}."]
        cure = " ".join(filter(None, cures))
    raise InputError(argument, index.tolist(), allowed, cure)


def _of_unknown(label: Any, names: Sequence[str]) -> str:
    """Say what to do about a label that is no name."""
    bare = _bare(label)
    meant = next((name for name in names if _bare(name) == bare), None) if bare else None
    if meant is not None:
        found = f"{label!r} is not a name here, but {meant!r} is. {AS_TEXT}"
        width = len(meant)
        return found + (f", or str(code).zfill({width})." if width > len(str(bare)) else ".")
    hint = f"{label!r} is not a name here. {near(label, names)}"
    if not isinstance(label, str):
        hint += " Numbers are labels: values in the order of the names are given by .to_numpy()."
    return hint


def _bare(label: Any) -> str:
    """Return a code as it is when it was read as a number; nothing where it is none."""
    text = str(label).removesuffix(".0")
    return (text.lstrip("0") or "0") if text.isdecimal() else ""


def dimensions(
    argument: str, axes: Sequence[pd.Index], wanted: Mapping[str, Sequence[str]], allowed: str
) -> list[str]:
    """Say which dimension each axis of a table is: by its name, its labels, or else in order.

    Axes of as many dimensions as are wanted are in their order, rows first, where neither
    names nor labels say otherwise; of fewer, they have to say.
    """
    found = [axis.name if axis.name in wanted else None for axis in axes]
    if len(axes) == len(wanted) == 2 and found == [None, None]:
        down, across = (str(axis.name).strip().lower() for axis in axes)
        if (down in TO and across not in TO) or (across in FROM and down not in FROM):
            first, second = wanted
            if wanted[first] == wanted[second]:  # from places to the same places
                cure = f"Rows are {first}, columns {second}: turn it, .T, or rename its axes."
                raise InputError(argument, [axis.name for axis in axes], allowed, cure)
    for place, axis in enumerate(axes):
        if found[place] is None and not counted(axis):
            given = set(texts(argument, axis, allowed))
            fitting = [dim for dim in wanted if dim not in found and given & set(wanted[dim])]
            found[place] = fitting[0] if len(fitting) == 1 else None
    left = [dim for dim in wanted if dim not in found]
    if len(axes) == len(wanted):
        found = [left.pop(0) if dim is None and left else dim for dim in found]
    if None in found or len(set(found)) < len(found):
        axis = axes[found.index(None)] if None in found else axes[0]
        names = [name for known in wanted.values() for name in known]
        label = next((label for label in axis.tolist() if str(label) not in names), None)
        cure = f"Its index has to say which of {', '.join(wanted)} it is over: name it so."
        if label is not None and not counted(axis):
            cure = _of_unknown(label, names)
        raise InputError(argument, axis.tolist(), allowed, cure)
    return [str(dim) for dim in found]


def check_sides(
    argument: str,
    axes: Sequence[pd.Index | None],
    wanted: Mapping[str, Sequence[str]],
    allowed: str,
) -> None:
    """Refuse a table from places to the same places of which one side has labels, in another order.

    Whether the other is in the order of that side, or of places, nobody can tell.
    """
    if len(axes) != 2 or len(wanted) != 2:
        return
    names, others = map(list, wanted.values())
    if names != others:
        return
    labelled = [
        axis is not None
        and not (counted(axis) and set(texts(argument, axis, allowed)).isdisjoint(names))
        for axis in axes
    ]
    said = axes[labelled.index(True)] if any(labelled) and not all(labelled) else None
    if said is not None and texts(argument, said, allowed) != names:
        which, other = ("rows", "columns") if labelled[0] else ("columns", "rows")
        cure = (
            f"Its {which} have labels in another order than places, its {other} none: label both, "
            "for example df.set_axis(df.index, axis=1) where they are in one order."
        )
        raise InputError(argument, said.tolist(), allowed, cure)


def distributions(
    argument: str, axes: Sequence[pd.Index], regions: Sequence[str]
) -> tuple[str, str]:
    """Say which axis of a table of distributions is region, and which counts them: point.

    By names of axes, else by labels; where neither say, each row is a distribution.
    """
    rows, columns = ("region", "point"), ("point", "region")
    index, across = axes
    allowed = "a table of which one axis is over regions"
    if index.name in rows or across.name in rows:
        if index.name == across.name:
            raise InputError(argument, index.name, allowed, "Both axes bear this name.")
        return rows if index.name == "region" or across.name == "point" else columns
    names, down, right = set(regions), *(set(texts(argument, axis, allowed)) for axis in axes)
    if counted(index) or down.isdisjoint(names) or (right == names != down):
        return columns
    text = all(isinstance(label, str) for label in index)
    if right == names and not (text and counted(across)):
        cure = (
            "Its rows and its columns bear names of regions: say which are, for example by "
            '.rename_axis(columns="region").'
        )
        raise InputError(argument, index.tolist(), allowed, cure)
    return rows


def check_same(argument: str, lists: Mapping[str, Any]) -> None:
    """Refuse lists that belong together, where their labels say that they do not."""
    said: list[tuple[str, pd.Index]] = []
    for name, values in lists.items():
        if isinstance(values, pd.Series):
            index = values.index
        elif isinstance(values, xr.DataArray) and values.indexes:
            index = next(iter(values.indexes.values()))
        else:
            continue
        said.append((name, index))
    said.sort(key=lambda item: counted(item[1]))  # those that surely are labels come first
    for name, index in said[1:]:
        first, wanted = said[0]
        if counted(index) and (
            counted(wanted) or set(map(str, index)).isdisjoint(map(str, wanted))
        ):
            continue  # row numbers, of whatever length
        if not index.equals(wanted):
            allowed = f"lists with the labels of {first!r}"
            cure = (
                "Bring them together by label, for example as a pandas.DataFrame; values in their "
                "order are given by .to_numpy()."
            )
            raise InputError(argument, {name: index.tolist()}, allowed, cure)
