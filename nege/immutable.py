"""Immutable results, options and geographies: not even their arrays can be written to.

A frozen dataclass keeps its fields, but not what is inside them: an array can be written to,
values of a Dataset replaced. So what a class declares as ``held`` is kept with arrays that are
read-only, and handed out in a shallow copy: who changes the copy changes nothing else.
Datasets that sweeps, paths and the like return are the user's, and are not held.

Making a Dataset takes longer than solving a small economy. So what is held may be ``Deferred``:
the arrays are there, and the Dataset around them is made when it is looked at.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, fields
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr
from numpy.typing import NDArray

from nege import labelled
from nege.errors import Guide, InputError

__all__ = ["Deferred", "Frozen", "Held", "Immutable", "by_value", "frozen", "held"]

Class = TypeVar("Class", bound=type)
PLAIN = (float, int, str)  # what has nothing in it that could be written to


def frozen(values: Any, dtype: Any = None) -> NDArray[Any]:
    """Return the values as a read-only array that nobody else can write to."""
    array = np.asarray(values, dtype=dtype)
    return _locked(array.astype(str) if array.dtype.kind == "O" else array)  # text, from netCDF


def _locked(array: NDArray[Any]) -> NDArray[Any]:
    flags = array.flags
    if flags.writeable or array.base is not None or not flags.c_contiguous:
        array = np.array(array, order="C")
    array.setflags(write=False)
    return array


def by_value(values: Any) -> Any:
    """Return what can be compared and hashed instead of numbers, labelled or not."""
    labels = None
    if isinstance(values, Mapping):
        labels, values = list(values), list(values.values())
    elif isinstance(values, pd.Series):
        labels, values = values.index.tolist(), values.to_numpy()
    elif isinstance(values, xr.DataArray):
        indexes = list(values.indexes.values())
        labels, values = (indexes[0].tolist() if indexes else None), values.values
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        return repr((labels, values))  # None, or what is refused where it is used
    if labels is None or numbers.ndim != 1:
        return numbers.shape, tuple(numbers.ravel().tolist())
    return tuple(sorted(zip(map(str, labels), numbers.tolist(), strict=True)))


class Frozen:
    """Pickle and copy by construction: numpy forgets on the way that arrays are read-only."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, item.name) for item in fields(self))  # type: ignore[arg-type]


class Immutable(Guide):
    """Base of what is kept in ``__dict__`` and cannot be changed; copies and pickles neither."""

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}{_instead(self, name)}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __getstate__(self) -> dict[str, Any]:
        """Return what it was made of: what was worked out of that is worked out again."""
        kind = type(self)
        return {
            name: value
            for name, value in vars(self).items()
            if not isinstance(inspect.getattr_static(kind, name, None), functools.cached_property)
        }

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)


def _instead(whole: object, name: str) -> str:
    """Say how another is made of what does not change, where there is a way."""
    if not hasattr(whole, "replace"):
        return ""
    return f": a {type(whole).__name__} never changes; .replace({name}=...) returns another"


class Deferred:
    """A held Dataset that is made around its arrays, anew each time it is looked at.

    Parameters
    ----------
    make : callable
        (arrays, *more) -> Dataset, a new one each time, around the same arrays.
    arrays : mapping of str to array
        Its values; kept read-only.
    *more
        What else `make` takes: nothing that can change.
    """

    def __init__(
        self, make: Callable[..., xr.Dataset], arrays: Mapping[str, NDArray[Any]], *more: Any
    ) -> None:
        self.make, self.more = make, more
        self.arrays = {name: frozen(array) for name, array in arrays.items()}

    def __call__(self) -> xr.Dataset:
        """Return the Dataset."""
        return self.make(self.arrays, *self.more)

    def __reduce__(self) -> tuple[Any, ...]:
        return Deferred, (self.make, self.arrays, *self.more)  # which makes them read-only again


def held(*names: str) -> Callable[[Class], Class]:
    """Hold fields of an immutable class, whatever the kind of their values.

    It goes outside of ``dataclass``, which has to see the defaults first.
    """

    def declare(cls: Class) -> Class:
        for name in names:
            setattr(cls, name, Held(name))
        return cls

    return declare


class Held:
    """A field whose value is kept read-only, and handed out in a shallow copy."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, kind: type) -> Any:
        if owner is None:
            raise AttributeError(self.name)  # as of a field without a default
        value = owner.__dict__[self.name]
        if type(value) in PLAIN:
            return value
        if isinstance(value, Deferred):
            return value()
        if isinstance(value, xr.DataArray):
            return labelled.shallow(value)
        if isinstance(value, xr.Dataset):
            return value.copy(deep=False)
        if isinstance(value, (pd.Series, pd.DataFrame, list)):
            return copy.deepcopy(value)
        return MappingProxyType(value) if isinstance(value, dict) else value

    def __set__(self, owner: Any, value: Any) -> None:
        try:
            owner.__dict__[self.name] = _kept(value)
        except RecursionError as error:  # to show it would be another
            raise InputError(self.name, type(value), "numbers", "It is nested too deep.") from error


def _kept(value: Any) -> Any:
    """Return a value with nothing in it that others could write to. A Dataset is handed over."""
    if isinstance(value, xr.Dataset):
        for variable in value.variables.values():
            if not isinstance(variable, xr.IndexVariable):  # which never changes
                _freeze(variable)
        return value
    if isinstance(value, xr.DataArray):
        value = labelled.shallow(value)  # it may be a user's argument
        _freeze(value)
        return value
    if isinstance(value, Mapping):
        return {key: _kept_number(number) for key, number in value.items()}
    if type(value) is tuple:
        return tuple(map(_kept_number, value))
    if isinstance(value, tuple) and hasattr(value, "_make"):  # a NamedTuple
        return value._make(map(_kept_number, value))
    if isinstance(value, np.ndarray):
        return _locked(value)
    if isinstance(value, (pd.Series, pd.DataFrame, list)):
        return copy.deepcopy(value)
    return value


def _kept_number(value: Any) -> Any:
    """Return a number instead of an array without dimensions, which others could write to."""
    if type(value) in PLAIN:
        return value
    if getattr(value, "ndim", None) == 0 and not np.ma.is_masked(value):
        return value.item()
    return _kept(value)


def _freeze(variable: Any) -> None:
    values = variable.values
    if values.flags.writeable:
        variable.values = labelled.variable(variable.dims, _locked(values))
