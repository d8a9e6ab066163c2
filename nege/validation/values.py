"""Checks of numbers and arrays: labelled or plain input becomes float64 arrays, only here.

Every function takes the argument's name first, so that the error can say which
argument, which value, what is allowed and what to do. Nothing given is ever
changed: what comes back is a fresh, native, C-contiguous float64 copy.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege import labelled
from nege.errors import InputError
from nege.validation.labels import check_sides, dimensions, distributions, positions
from nege.validation.labels import texts as as_text
from nege.validation.names import BYTES
from nege.validation.names import distinct_names as distinct_names
from nege.validation.names import flag as flag
from nege.validation.names import generator as generator
from nege.validation.names import known as known
from nege.validation.names import texts as texts
from nege.validation.names import unwritable as unwritable

Labelled = TypeVar("Labelled", xr.DataArray, xr.Dataset)

FLAG = "True and False are no numbers: write 1 and 0 if these are meant."
FEW = 16  # numbers that Python looks at faster than NumPy
#: How far shares may be from summing to one; narrow floats as far as rounding takes them.
SUM_TOLERANCE = 1e-8
#: How far the sum is off after they have been divided by it: then they stay as they are, so that
#: shares that were checked, written down and read again are the same to the last bit.
ROUNDED_SUM = 4.0 * float(np.finfo(np.float64).eps)
PER_CENT = 1.0  # how far from 100 rounded percentages sum to
FLOAT = np.dtype(np.float64)
MOST_DIMS = 16  # of distributions: with those of parameters, less than NumPy's 64 and Zarr's 32
FURTHEST = 1e30  # factor between data, or between what was and what is


class Bounds(NamedTuple):
    """Bounds of a finite number, and the cure to name where it is outside."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    cure: str = ""

    def hold(self, values: Any) -> Any:
        """Whether a number is within them, or each of many."""
        inside: Any = math.isfinite(values) if type(values) is float else np.isfinite(values)
        if self.above is not None:
            inside = inside & (values > self.above)
        if self.at_least is not None:
            inside = inside & (values >= self.at_least)
        if self.below is not None:
            inside = inside & (values < self.below)
        if self.at_most is not None:
            inside = inside & (values <= self.at_most)
        return inside

    def words(self, what: str) -> str:
        """Say what is allowed: a finite number, or finite numbers, within them."""
        bounds = [
            f"{name.replace('_', ' ')} {bound:g}"
            for name, bound in self._asdict().items()
            if name != "cure" and bound is not None
        ]
        return " and ".join([what, *bounds]).replace(f"{what} and", what, 1)

    def number(self, argument: str, value: Any) -> float:
        """Return one finite real number within them."""
        if type(value) is float and self.hold(value):
            return value
        array = np.asarray(value) if type(value) in (float, int) else self._plain(argument, value)
        if array.dtype.kind in "iuf" and array.ndim == 0 and self.hold(result := float(array)):
            return result
        raise InputError(argument, value, self.words("a finite number"), self._cure(value, array))

    def _cure(self, value: Any, array: np.ndarray) -> str:
        if array.dtype.kind == "b":
            return FLAG
        if isinstance(value, str) and re.fullmatch(PLAIN_NUMBER, value):
            return f"It is text: a number is written {value.strip()}, without quotes."
        return f"Its shape is {array.shape}. {self.cure}".strip() if array.ndim else self.cure

    def _plain(self, argument: str, value: Any) -> np.ndarray:
        return plain(argument, value, self.words("a finite number"))


def number(
    argument: str,
    value: Any,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
    cure: str = "",
) -> float:
    """Return one finite real number within bounds."""
    return Bounds(above, at_least, below, at_most, cure).number(argument, value)


def single(value: Any) -> bool:
    """Whether a value is meant as one number for all, and not as a table."""
    return value is None or np.isscalar(value) or getattr(value, "ndim", None) == 0


def whole(argument: str, value: Any, *, at_least: int, cure: str = "") -> int:
    """Return one whole number."""
    if type(value) is int and at_least <= value < 1 << 63:
        return value
    allowed = f"a whole number of at least {at_least}"
    array = plain(argument, value, allowed)
    if array.dtype.kind not in "iu" or array.ndim != 0 or int(array) < at_least:
        raise InputError(argument, value, allowed, cure)
    return int(array)


def plain(argument: str, value: Any, allowed: str) -> np.ndarray:
    """Return the value as an array; ragged lists, masked values and Datasets are refused."""
    if type(value) is np.ndarray:
        return value
    if isinstance(value, xr.Dataset):
        cure = "It is a Dataset: pick one variable, for example dataset['share']."
        raise InputError(argument, value, allowed, cure)
    if np.ma.is_masked(value):
        raise InputError(argument, value, allowed, "Some of its values are masked: fill them.")
    if isinstance(value, BYTES):
        raise InputError(argument, value, allowed, "These are bytes: decode them first.")
    if isinstance(value, (list, tuple)) and any(_bears_labels(item) for item in value):
        cure = "Its parts have labels, which a list forgets: make it one DataFrame or DataArray."
        raise InputError(argument, value, allowed, cure)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(argument, value, allowed, "Its rows differ in length.") from error
    except Exception as error:  # whatever the object does when it is asked for its numbers
        raise InputError(argument, value, allowed, f"It is no array: {error}.") from error
    if array.dtype.kind in "iuf" and isinstance(value, (list, tuple)) and _holds_flag(value):
        raise InputError(argument, value, allowed, FLAG)
    return array


def _holds_flag(values: Any) -> bool:
    """Whether a list has True or False among its numbers, which NumPy would make 1 and 0."""
    return any(
        _holds_flag(item) if isinstance(item, (list, tuple)) else isinstance(item, (bool, np.bool_))
        for item in values
    )


def _bears_labels(value: Any) -> bool:
    return isinstance(value, (Mapping, pd.Series, pd.DataFrame)) or (
        isinstance(value, xr.DataArray) and value.ndim > 0
    )


def real_array(argument: str, value: Any, allowed: str) -> np.ndarray:
    """Copy real numbers of any width, byte order and layout into C-contiguous float64."""
    return _real(argument, value, plain(argument, value, allowed), allowed)


def _real(argument: str, value: Any, array: np.ndarray, allowed: str) -> np.ndarray:
    if array.dtype.kind not in "iuf":
        cure = f"Its values are of type {array.dtype}, where real numbers belong.{of_text(array)}"
        raise InputError(argument, value, allowed, FLAG if array.dtype.kind == "b" else cure)
    return np.array(array, dtype=np.float64, order="C", copy=True)


#: What numbers look like that were read as text, and how they are read.
WRITTEN = (
    (r"-?\d{1,3}(\.\d{3})+(,\d+)?", 'pandas.read_csv(..., decimal=",", thousands=".")'),
    (r"-?\d{1,3}(,\d{3})+\.\d+", 'pandas.read_csv(..., thousands=",")'),
    (r"-?\d{1,3}(,\d{3})+", 'thousands="," of pandas.read_csv, or decimal="," if that is meant'),
    (r"-?\d+,\d+", 'pandas.read_csv(..., decimal=",")'),
    (r"-?\d{1,3}([ '\u00a0\u202f]\d{3})+([.,]\d+)?", "x.str.replace(r'[^0-9.]', '', regex=True)"),
    (r"-?[\d.,]+ ?%", "x.str.rstrip('% ').astype(float) / 100"),
)
PLAIN_NUMBER = r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"


def written_as_text(values: np.ndarray) -> str:
    """Say how numbers are read that stand as text in a table, with commas or signs in them."""
    for pattern, cure in WRITTEN:
        example = next((one for one in _texts_in(values) if re.fullmatch(pattern, one)), None)
        if example is not None:
            return f"{example!r} is read as a number by {cure}."
    return ""


def of_text(values: np.ndarray) -> str:
    """Say how text is read that should be numbers; nothing for what is no text."""
    given = _texts_in(values)
    if not given:
        return ""
    if {"True", "False"} & set(given):
        return " True and False are no numbers: write 1 and 0 if these are meant."
    if said := written_as_text(values):
        return f" {said}"
    odd = next((one for one in given if not re.fullmatch(PLAIN_NUMBER, one)), None)
    if odd is None:
        return f" {given[0]!r} is text: pandas.to_numeric(x) reads it."
    return f" {odd:.40} is text: if that says missing, na_values= of pandas.read_csv knows it."


def _texts_in(values: np.ndarray) -> list[str]:
    listed = values.ravel().tolist() if values.dtype.kind in "OU" else []
    return [one for one in listed if isinstance(one, str)]


def vector(
    argument: str,
    value: Any,
    labels: Sequence[str],
    *,
    dim: str = "region",
    at_least: float | None = None,
    above: float | None = None,
) -> np.ndarray:
    """Return one finite number per label, matching labels where the value has them."""
    allowed = _one_each(len(labels), dim, at_least, above)
    array = arranged(argument, value, {dim: labels}, allowed)[0]
    if array.shape != (len(labels),):
        names = ", ".join(labels[:4]) + (f", ... {labels[-1]}" if len(labels) > 4 else "")
        cure = f"Its shape is {array.shape}. The names are {names}."
        raise InputError(argument, value, allowed, cure)
    _refuse(argument, value, allowed, labels, ~np.isfinite(array), "not finite")
    if at_least is not None:
        _refuse(argument, value, allowed, labels, array < at_least, f"below {at_least:g}")
    if above is not None:
        _refuse(argument, value, allowed, labels, array <= above, f"not above {above:g}")
    return array


@functools.lru_cache(64)
def _one_each(count: int, dim: str, at_least: float | None, above: float | None) -> str:
    bound = "" if at_least is None else f" of at least {at_least:g}"
    bound = bound if above is None else f" above {above:g}"
    return f"one finite number{bound} for each of the {count} names along {dim!r}"


def _are_between_zero_and_two(array: np.ndarray) -> bool:
    """Whether all of them are, but for NaN."""
    if array.size <= FEW:  # NumPy takes as long to look at two as at a thousand
        numbers = array.tolist()
        return bool(numbers) and min(numbers) >= 0.0 and max(numbers) < 2.0
    return not np.count_nonzero(array < 0.0) and not np.count_nonzero(array >= 2.0)


def shares(argument: str, value: Any, labels: Sequence[str], *, dim: str = "region") -> np.ndarray:
    """Return non-negative shares that sum to one exactly as floats allow."""
    if (
        type(value) is np.ndarray
        and value.dtype == FLOAT
        and value.shape == (len(labels),)
        and _are_between_zero_and_two(value)  # so that nothing overflows; NaN makes the sum NaN
        and abs((total := float(np.add.reduce(value))) - 1.0) <= SUM_TOLERANCE
    ):
        return _scaled(value, total)  # as below, in a third of the time
    array = vector(argument, value, labels, dim=dim, at_least=0.0)
    with np.errstate(over="ignore"):
        total = float(array.sum())
    dtype, tolerance = getattr(value, "dtype", None), SUM_TOLERANCE
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        tolerance = max(tolerance, 4.0 * float(np.finfo(dtype).eps))
    if not abs(total - 1.0) <= tolerance:
        cure = (
            "All of them are zero: give at least one place a positive share."
            if total == 0.0
            else "Divide by 100: they are in per cent."
            if abs(total - 100.0) <= PER_CENT
            else "Divide by the sum, e.g. x / x.sum(), if these are counts."
        )
        raise InputError(
            argument, value, f"shares that sum to one (their sum is {total:.10g})", cure
        )
    return _scaled(array, total)


def _scaled(array: np.ndarray, total: float) -> np.ndarray:
    """Return a copy of shares divided by their sum, where that is not one but for rounding."""
    return array / (1.0 if abs(total - 1.0) <= ROUNDED_SUM else total)


def many_shares(argument: str, value: Any, regions: Sequence[str]) -> xr.DataArray:
    """Return distributions over the regions, the last dimension, each checked and summing to one.

    Other dimensions, in front in an array, anywhere in a DataArray and the rows of a
    DataFrame, count distributions.
    """
    allowed = f"shares of the {len(regions)} regions along its last dimension"
    found = _over_regions(argument, value, regions, allowed)
    if "region" not in found.dims:
        raise InputError(
            argument,
            found.dims,
            'an array over "region"',
            "Rename its dims: one of them is region.",
        )
    found = found.transpose(..., "region")
    found = in_order(argument, found, "region", regions, allowed).drop_vars(
        "region", errors="ignore"
    )
    array = real_array(argument, found, allowed)
    if array.shape[-1] != len(regions):
        cure = f"Its shape is {array.shape}."
        if array.ndim == 2 and array.shape[0] == len(regions):
            cure += " Each row is a distribution: transpose it, with .T, if the rows are regions."
        elif array.shape[-1] == len(regions) - 1:
            cure += f" One is missing of {', '.join(regions[:4])}, ... {regions[-1]}."
        raise InputError(argument, value, allowed, cure)
    if array.ndim > MOST_DIMS:
        raise InputError(argument, array.shape, f"{allowed}, of at most {MOST_DIMS} in all")
    with np.errstate(over="ignore"):
        total = array.sum(-1)
    bad = ~((array >= 0.0).all(-1) & (np.abs(total - 1.0) <= SUM_TOLERANCE))
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        cure = f"Those at {first} sum to {total[first]:.10g}; none may be negative or NaN."
        raise InputError(argument, array[first], f"{allowed}, each summing to one", cure)
    total = np.where(np.abs(total - 1.0) <= ROUNDED_SUM, 1.0, total)
    return found.copy(data=array / total[..., None])


def in_order(
    argument: str, data: Labelled, dim: str, names: Sequence[str], allowed: str
) -> Labelled:
    """Put a dimension of a DataArray or Dataset in the order of names."""
    if dim not in data.coords:
        return data
    order = positions(argument, data.coords[dim].to_index(), names, allowed)
    return data if order is None else data.isel({dim: order})


def _over_regions(argument: str, value: Any, regions: Sequence[str], allowed: str) -> xr.DataArray:
    """Name the dimensions of distributions."""
    if isinstance(value, xr.DataArray):
        return value
    if isinstance(value, pd.DataFrame):
        for axis in value.axes:
            as_text(argument, axis, allowed)
        return _over(distributions(argument, value.axes, regions), value.axes, _numbers(value))
    if isinstance(value, (Mapping, pd.Series)) and not isinstance(value, xr.Dataset):
        return xr.DataArray(
            arranged(argument, value, {"region": regions}, allowed)[0], dims="region"
        )
    array = real_array(argument, value, allowed)
    front = ("point",) if array.ndim == 2 else tuple(f"point_{i}" for i in range(array.ndim - 1))
    return xr.DataArray(array, dims=(*front, "region") if array.ndim else ())


def square(
    argument: str,
    value: Any,
    labels: Sequence[str],
    *,
    at_least: float,
    dims: tuple[str, str] = ("origin", "destination"),
    infinite: bool = False,
) -> np.ndarray:
    """Return a matrix of numbers by origin and destination, finite unless infinity is allowed."""
    count = len(labels)
    kind = "numbers (infinite included)" if infinite else "finite numbers"
    allowed = f"a {count} x {count} matrix over {dims} of {kind} of at least {at_least:g}"
    array, _ = arranged(argument, value, dict.fromkeys(dims, labels), allowed)
    if array.shape != (count, count):
        raise InputError(argument, value, allowed, f"Its shape is {array.shape}.")
    bad = ~((infinite | np.isfinite(array)) & (array >= at_least))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise InputError(
            argument,
            value,
            allowed,
            f"The value from {labels[row]!r} to {labels[column]!r} is {float(array[row, column])}.",
        )
    return array


def arranged(
    argument: str,
    value: Any,
    wanted: Mapping[str, Sequence[str]],
    allowed: str,
    *,
    fewer: bool = False,
) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Return real numbers in the order of names, by the one contract of ``nege.validation.labels``.

    Parameters
    ----------
    argument : str
        For the error.
    value : object
        Mapping, Series, DataFrame, DataArray, array, list or number.
    wanted : mapping of str to sequence of str
        Names along each dimension, in the order wanted.
    allowed : str
        For the error.
    fewer : bool
        Whether labelled values may lack some of the dimensions.

    Returns
    -------
    array, tuple of str or None
        A copy, and its dimensions; None where the value has no labels.
    """
    written = isinstance(value, Mapping) and not isinstance(value, xr.Dataset)
    axes: dict[str, pd.Index | None]
    if isinstance(value, xr.DataArray) and value.ndim:
        dims = set(value.dims)
        if not (dims <= set(wanted) if fewer else dims == set(wanted)):
            cure = f"Rename its dims: they are {', '.join(wanted)}."
            if set(wanted) <= dims:
                more = sorted(str(dim) for dim in dims - set(wanted))
                one = ", ".join(f"{dim}=..." for dim in more)
                cure = f"It is over {', '.join(more)}, too: take one of them, .sel({one})."
            raise InputError(argument, value.dims, allowed, cure)
        numbers = value.to_numpy()
        axes = {
            str(dim): value.coords[dim].to_index() if dim in value.coords else None
            for dim in value.dims
        }
    elif written or isinstance(value, (pd.Series, pd.DataFrame)):
        if written and len(wanted) > 1 and not fewer:
            raise InputError(argument, value, allowed, _NO_MAPPING)
        found, numbers = _from_pandas(argument, value, allowed)
        if len(found) != len(wanted) and not (fewer and len(found) < len(wanted)):
            return _real(argument, value, numbers, allowed), None
        axes = dict(zip(dimensions(argument, found, wanted, allowed), found, strict=True))
    else:
        return real_array(argument, value, allowed), None
    check_sides(argument, list(axes.values()), wanted, allowed)
    for axis, (dim, index) in enumerate(axes.items()):
        if index is not None:
            order = positions(argument, index, wanted[dim], allowed, written=written)
            numbers = numbers if order is None else np.take(numbers, order, axis)
    ordered = [dim for dim in wanted if dim in axes]
    numbers = numbers.transpose([list(axes).index(dim) for dim in ordered])
    return _real(argument, value, numbers, allowed), tuple(ordered)


_NO_MAPPING = (
    "A mapping takes one number for each name: give a DataFrame or DataArray with labels, or rows "
    "in the order of the names."
)


def _from_pandas(argument: str, value: Any, allowed: str) -> tuple[list[pd.Index], np.ndarray]:
    """Return axes and numbers of a mapping, a Series or a DataFrame."""
    if not isinstance(value, Mapping):
        return list(value.axes), _numbers(value)
    numbers = list(value.values())
    if any(isinstance(x, (Mapping, list, tuple)) or getattr(x, "ndim", 0) for x in numbers):
        raise InputError(argument, value, allowed, "Each name takes one number.")
    keys = pd.Index(list(value), dtype=object, tupleize_cols=False)
    return [keys], plain(argument, numbers, allowed)


def _numbers(value: Any) -> np.ndarray:
    """Return the numbers of a Series or DataFrame, those of types of pandas' own as floats."""
    types = list(value.dtypes) if value.ndim > 1 else [value.dtype]
    if any(not isinstance(kind, np.dtype) for kind in types) and all(
        getattr(kind, "kind", "O") in "iuf" for kind in types
    ):
        return np.asarray(value.to_numpy(dtype=float, na_value=np.nan))
    return np.asarray(value.to_numpy())


def with_labels(argument: str, value: Any, dims: tuple[str, ...], allowed: str) -> Any:
    """Return a DataArray over dims where a value has labels whose names are not known yet."""
    if isinstance(value, xr.Dataset) or not isinstance(value, (Mapping, pd.Series, pd.DataFrame)):
        return value
    axes, numbers = _from_pandas(argument, value, allowed)
    if len(axes) != len(dims):
        return value
    found = dimensions(argument, axes, dict.fromkeys(dims, ()), allowed)
    return _over(found, axes, numbers)


def _over(dims: Sequence[str], axes: Sequence[pd.Index], numbers: np.ndarray) -> xr.DataArray:
    """Label numbers; the dimension's name replaces that of the axis."""
    coords = {dim: axis.rename(dim) for dim, axis in zip(dims, axes, strict=True)}
    return xr.DataArray(numbers, coords, dims)


def of_a_size(argument: str, value: Any, numbers: np.ndarray) -> None:
    """Refuse positive numbers so far apart that their powers overflow."""
    if not np.log(numbers.max()) - np.log(numbers.min()) <= np.log(FURTHEST):
        raise InputError(argument, value, f"such that none is {FURTHEST:g} times another")


def _refuse(
    argument: str,
    value: Any,
    allowed: str,
    labels: Sequence[str],
    bad: np.ndarray,
    problem: str,
) -> None:
    if np.count_nonzero(bad):  # several times as fast as any()
        place = int(np.argmax(bad))
        raise InputError(argument, value, allowed, f"The value for {labels[place]!r} is {problem}.")


def _in_order(value: Any, wanted: Mapping[str, Sequence[str]]) -> bool:
    """Whether a value has all the labels that are wanted, where they are wanted."""
    return (
        type(value) is xr.DataArray
        and value.dims == tuple(wanted)
        and all(value.get_index(dim).tolist() == list(names) for dim, names in wanted.items())
    )


def table(
    argument: str,
    value: Any,
    wanted: Mapping[str, Sequence[str]],
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    cure: str = "",
) -> xr.DataArray:
    """Return finite numbers over labelled dimensions; what has fewer dimensions is repeated.

    One number serves everybody. A mapping, Series or DataArray is matched by its labels; a
    bare array needs the full shape.
    """
    shape = tuple(len(labels) for labels in wanted.values())
    bounds = Bounds(above, at_least, below, at_most)
    numbers = value.values if _in_order(value, wanted) else value
    one = type(numbers) is float
    whole = type(numbers) is np.ndarray and numbers.dtype == FLOAT and numbers.shape == shape
    if (one or whole) and np.all(bounds.hold(numbers)):  # along a path: nothing to say of it
        array = np.full(shape, numbers)
        array.flags.writeable = False
        return labelled.array(array, wanted)
    allowed = (
        f"{bounds.words('finite numbers')}, one or an array over {tuple(wanted)} of shape {shape}"
    )
    array, held = arranged(argument, value, wanted, allowed, fewer=True)
    full = shape if held is None else tuple(len(wanted[dim]) for dim in held)
    if array.shape not in ((), full):
        raise InputError(argument, value, allowed, f"Its shape is {array.shape}.")
    if held is not None:
        array = np.expand_dims(array, tuple(i for i, dim in enumerate(wanted) if dim not in held))
    array = np.ascontiguousarray(np.broadcast_to(array, shape)).copy()
    bad = ~bounds.hold(array)
    if bad.any():
        first = tuple(np.argwhere(bad)[0])
        where = ", ".join(repr(labels[i]) for labels, i in zip(wanted.values(), first, strict=True))
        problem = f"The value for {where} is {array[first]:g}."
        raise InputError(argument, value, allowed, f"{problem} {cure}".strip())
    array.flags.writeable = False
    return labelled.array(array, wanted)
