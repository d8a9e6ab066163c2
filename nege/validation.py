"""Labelled or plain input becomes checked float64 arrays here, and nowhere else.

Every function takes the argument's name first, so that the error can say which
argument, which value, what is allowed and what to do. Nothing given is ever
changed: what comes back is a fresh, native, C-contiguous float64 copy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege.errors import InputError, near

#: How far shares may be from summing to one; narrow floats as far as rounding takes them.
SUM_TOLERANCE = 1e-8


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
    bounds = [
        f"{words} {bound:g}"
        for words, bound in (
            ("above", above),
            ("at least", at_least),
            ("below", below),
            ("at most", at_most),
        )
        if bound is not None
    ]
    allowed = " and ".join(["a finite number", *bounds]).replace("number and", "number", 1)
    array = plain(argument, value, allowed)
    if array.dtype.kind not in "iuf" or array.ndim != 0:
        raise InputError(argument, value, allowed, cure)
    result = float(array)
    inside = (
        math.isfinite(result)
        and (above is None or result > above)
        and (at_least is None or result >= at_least)
        and (below is None or result < below)
        and (at_most is None or result <= at_most)
    )
    if not inside:
        raise InputError(argument, value, allowed, cure)
    return result


def whole(argument: str, value: Any, *, at_least: int, cure: str = "") -> int:
    """Return one whole number."""
    allowed = f"a whole number of at least {at_least}"
    array = plain(argument, value, allowed)
    if array.dtype.kind not in "iu" or array.ndim != 0 or int(array) < at_least:
        raise InputError(argument, value, allowed, cure)
    return int(array)


def plain(argument: str, value: Any, allowed: str) -> np.ndarray:
    """Return the value as an array; ragged lists, masked values and Datasets are refused."""
    if isinstance(value, xr.Dataset):
        cure = "It is a Dataset: pick one variable, for example dataset['share']."
        raise InputError(argument, value, allowed, cure)
    if np.ma.is_masked(value):
        raise InputError(argument, value, allowed, "Some of its values are masked: fill them.")
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise InputError(argument, value, allowed, "These are bytes: decode them first.")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(argument, value, allowed, "Its rows differ in length.") from error
    except Exception as error:  # whatever the object does when it is asked for its numbers
        raise InputError(argument, value, allowed, f"It is no array: {error}.") from error
    if array.dtype.kind in "iuf" and isinstance(value, (list, tuple)) and _holds_flag(value):
        cure = "True and False are no numbers: write 1 and 0 if these are meant."
        raise InputError(argument, value, allowed, cure)
    return array


def _holds_flag(values: Any) -> bool:
    """Whether a list has True or False among its numbers, which NumPy would make 1 and 0."""
    return any(
        _holds_flag(item) if isinstance(item, (list, tuple)) else isinstance(item, (bool, np.bool_))
        for item in values
    )


def real_array(argument: str, value: Any, allowed: str) -> np.ndarray:
    """Copy real numbers of any width, byte order and layout into C-contiguous float64."""
    array = plain(argument, value, allowed)
    if array.dtype.kind not in "iuf":
        raise InputError(
            argument,
            value,
            allowed,
            f"Its values are of type {array.dtype}, where real numbers belong.",
        )
    return np.array(array, dtype=np.float64, order="C", copy=True)


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
    bound = "" if at_least is None else f" of at least {at_least:g}"
    bound = bound if above is None else f" above {above:g}"
    allowed = f"one finite number{bound} for each of the {len(labels)} names along {dim!r}"
    if isinstance(value, Mapping) and not isinstance(value, xr.Dataset):
        numbers = plain(argument, list(value.values()), allowed)
        if numbers.ndim != 1:
            raise InputError(argument, value, allowed, "Each name takes one number.")
        value = xr.DataArray(numbers, coords={dim: list(value)}, dims=dim)
    value = from_pandas(value, (dim,), labels)
    if isinstance(value, xr.DataArray):
        value = _aligned(argument, value, {dim: labels}, allowed)
    array = real_array(argument, value, allowed)
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


def shares(argument: str, value: Any, labels: Sequence[str], *, dim: str = "region") -> np.ndarray:
    """Return non-negative shares that sum to one exactly as floats allow."""
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
            else "Divide by the sum, e.g. x / x.sum(), if these are counts."
        )
        raise InputError(
            argument, value, f"shares that sum to one (their sum is {total:.10g})", cure
        )
    return array / total


def many_shares(argument: str, value: xr.DataArray, labels: Sequence[str]) -> np.ndarray:
    """Return distributions along the last dimension, each checked and summing to one."""
    allowed = f"shares of the {len(labels)} regions along its last dimension"
    if value.sizes[value.dims[-1]] != len(labels):
        raise InputError(argument, dict(value.sizes), allowed, "Count the online region too.")
    array = real_array(argument, _ordered(argument, value, labels, allowed), allowed)
    total = array.sum(-1)
    bad = ~((array >= 0.0).all(-1) & (np.abs(total - 1.0) <= SUM_TOLERANCE))
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        cure = f"Those at {first} sum to {total[first]:.10g}; none may be negative or NaN."
        raise InputError(argument, array[first], f"{allowed}, each summing to one", cure)
    return np.asarray(array / total[..., None])


def _ordered(argument: str, value: xr.DataArray, labels: Sequence[str], allowed: str) -> np.ndarray:
    """Put the last dimension in the order of the labels."""
    dim = value.dims[-1]
    if dim not in value.coords:
        return value.values
    given = [str(label) for label in value.coords[dim].values]
    if sorted(given) != sorted(labels):
        wrong = next((label for label in given if label not in set(labels)), given[0])
        raise InputError(argument, given, allowed, f"{wrong!r}: {near(wrong, labels)}")
    return value.isel({dim: [given.index(label) for label in labels]}).values


def square(
    argument: str,
    value: Any,
    labels: Sequence[str],
    *,
    at_least: float,
    dims: tuple[str, str] = ("origin", "destination"),
) -> np.ndarray:
    """Return a matrix of finite numbers by origin and destination."""
    count = len(labels)
    allowed = f"a {count} x {count} matrix over {dims} of finite numbers of at least {at_least:g}"
    value = from_pandas(value, dims, labels)
    if isinstance(value, xr.DataArray):
        value = _aligned(argument, value, dict.fromkeys(dims, labels), allowed)
    array = real_array(argument, value, allowed)
    if array.shape != (count, count):
        raise InputError(argument, value, allowed, f"Its shape is {array.shape}.")
    bad = ~(np.isfinite(array) & (array >= at_least))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise InputError(
            argument,
            value,
            allowed,
            f"The value from {labels[row]!r} to {labels[column]!r} is {float(array[row, column])}.",
        )
    return array


def from_pandas(value: Any, dims: Sequence[str], names: Sequence[str] | None = None) -> Any:
    """Turn a Series or DataFrame of pandas into a DataArray over dims, labelled by its index.

    Rows are the first of dims unless the index bears the name of the other. An index of
    integers is one of row numbers, which label nothing, unless it holds exactly the names.
    """
    if not isinstance(value, (pd.Series, pd.DataFrame)) or value.ndim != len(dims):
        return value
    if value.ndim == 2 and (value.index.name == dims[1] or value.columns.name == dims[0]):
        dims = dims[::-1]
    coords = {}
    for dim, axis in zip(dims, value.axes, strict=True):
        labels = [str(label) for label in axis]
        fits = axis.is_unique if names is None else set(labels) == set(names)
        if fits or axis.dtype.kind not in "iu":
            coords[dim] = labels
    return xr.DataArray(value.to_numpy(), coords=coords, dims=dims)


def texts(argument: str, names: Any) -> list[Any]:
    """List names, but not the letters of a single one, nor what has no order."""
    allowed = "a sequence of names"
    if isinstance(names, (str, bytes, bytearray, memoryview)) or not isinstance(names, Iterable):
        raise InputError(argument, names, allowed, "Put it in a list.")
    if isinstance(names, (Set, Mapping)):
        raise InputError(argument, names, allowed, "Names have an order: put them in a list.")
    if isinstance(names, (np.ndarray, xr.DataArray, pd.Series)):
        if np.ndim(names) != 1:
            raise InputError(argument, names, allowed, f"Its shape is {np.shape(names)}.")
        return list(np.asarray(names).tolist())
    try:
        return list(names)
    except Exception as error:  # whatever stops in the middle, as a closed file does
        raise InputError(argument, names, allowed, f"It stops: {error}.") from error


def flag(argument: str, value: Any) -> bool:
    """Return True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(argument, value, "True or False")
    return bool(value)


def generator(argument: str, rng: Any) -> np.random.Generator:
    """Return a generator of random numbers, from a seed or as it is given."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (bool, np.bool_)) or not isinstance(rng, (int, np.integer)) or rng < 0:
        raise InputError(argument, rng, "a whole number of at least 0 or a numpy.random.Generator")
    return np.random.default_rng(int(rng))


def known(argument: str, name: Any, names: Sequence[str]) -> str:
    """Return a name that exists, or say which ones are near."""
    if not isinstance(name, str) or name not in names:
        raise InputError(argument, name, "a known name", near(name, names))
    return name


def distinct_names(argument: str, names: Sequence[Any]) -> tuple[str, ...]:
    """Return region names as distinct non-empty strings."""
    result = tuple(str(name) if isinstance(name, (str, np.str_)) else "" for name in names)
    for position, (name, given) in enumerate(zip(result, names, strict=True)):
        if not name:
            raise InputError(
                argument, given, "non-empty strings", f"Mend the one at position {position}."
            )
    seen: set[str] = set()
    for name in result:
        if name in seen:
            raise InputError(
                argument, name, "distinct", "Two regions bear this name; rename one of them."
            )
        seen.add(name)
    return result


def _aligned(
    argument: str, value: xr.DataArray, wanted: Mapping[str, Sequence[str]], allowed: str
) -> np.ndarray:
    """Put a labelled array in the order of the wanted labels."""
    if set(value.dims) != set(wanted):
        raise InputError(argument, value.dims, f"an array over {tuple(wanted)}", "Rename its dims.")
    for dim, labels in wanted.items():
        if dim not in value.coords:
            continue
        given = [str(label) for label in value.coords[dim].values]
        present, known_labels = set(given), set(labels)
        missing = [label for label in labels if label not in present]
        extra = [label for label in given if label not in known_labels]
        if missing or extra or len(given) != len(present):
            subject = (
                f"{extra[0]!r} is not a name here. {near(extra[0], labels)}"
                if extra
                else f"{missing[0]!r} is missing."
                if missing
                else "A label stands twice."
            )
            raise InputError(argument, given, allowed, subject)
        order = {label: position for position, label in enumerate(given)}
        value = value.isel({dim: [order[label] for label in labels]})
    return value.transpose(*wanted).values


def _refuse(
    argument: str,
    value: Any,
    allowed: str,
    labels: Sequence[str],
    bad: np.ndarray,
    problem: str,
) -> None:
    if bad.any():
        place = int(np.argmax(bad))
        raise InputError(argument, value, allowed, f"The value for {labels[place]!r} is {problem}.")


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
    bounds = [
        f"{words} {bound:g}"
        for words, bound in (
            *(("above", above), ("at least", at_least)),
            *(("below", below), ("at most", at_most)),
        )
        if bound is not None
    ]
    numbers = " and ".join(["finite numbers", *bounds]).replace("numbers and", "numbers")
    allowed = f"{numbers}, one or an array over {tuple(wanted)} of shape {shape}"
    if isinstance(value, Mapping) and not isinstance(value, xr.Dataset):
        found = plain(argument, list(value.values()), allowed)
        holding = [dim for dim, labels in wanted.items() if set(value) & set(labels)]
        if found.ndim != 1 or len(holding) != 1:
            known = [label for labels in wanted.values() for label in labels]
            raise InputError(argument, value, allowed, near(next(iter(value), ""), known))
        value = xr.DataArray(found, coords={holding[0]: list(value)}, dims=holding)
    value = from_pandas(value, tuple(wanted)[: getattr(value, "ndim", 0)])
    if isinstance(value, xr.DataArray) and value.ndim:
        if not set(value.dims) <= set(wanted):
            raise InputError(argument, value.dims, allowed, "Rename its dims.")
        held = {dim: labels for dim, labels in wanted.items() if dim in value.dims}
        inner = _aligned(argument, value, held, allowed)
        lacking = tuple(i for i, dim in enumerate(wanted) if dim not in held)
        array = np.expand_dims(real_array(argument, inner, allowed), lacking)
    else:
        array = real_array(argument, value, allowed)
    if array.ndim not in (0, len(shape)) or any(
        size not in (1, full) for size, full in zip(array.shape, shape, strict=False)
    ):
        raise InputError(argument, value, allowed, f"Its shape is {array.shape}.")
    array = np.ascontiguousarray(np.broadcast_to(array, shape)).copy()
    bad = ~np.isfinite(array)
    for outside, bound in (
        *((np.less, at_least), (np.less_equal, above)),
        *((np.greater, at_most), (np.greater_equal, below)),
    ):
        if bound is not None:
            bad |= outside(array, bound)
    if bad.any():
        first = tuple(np.argwhere(bad)[0])
        where = ", ".join(repr(labels[i]) for labels, i in zip(wanted.values(), first, strict=True))
        problem = f"The value for {where} is {array[first]:g}."
        raise InputError(argument, value, allowed, f"{problem} {cure}".strip())
    array.flags.writeable = False
    return xr.DataArray(
        array, coords={d: list(labels) for d, labels in wanted.items()}, dims=tuple(wanted)
    )
