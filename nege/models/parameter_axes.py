"""Varied parameters: checks of their names, values and intervals, before anything is solved."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, near
from nege.models import entries
from nege.models.base import Model
from nege.models.entries import entry, one_number

WIDEST = 1e12  # factor between the ends of an interval, whose steps are even in logarithms


def items(argument: str, parameters: Any) -> list[tuple[str, Any]]:
    """Return names and values of a mapping of parameters that is not empty."""
    if not isinstance(parameters, Mapping) or not parameters:
        raise InputError(
            argument,
            parameters,
            "a mapping of parameter names to values",
            'For example {"online_trade_cost": [2, 1.5, 1]}.',
        )
    return list(parameters.items())


def axis(model: Model, name: str, values: Any) -> np.ndarray:
    """Return the values of one varied parameter; the model is asked about each of them."""
    check_names(model, [name])
    array = numbers(name, values)
    for value in array:
        model.replace({name: float(value)})
    return array


def numbers(name: str, values: Any) -> np.ndarray:
    """Return a list of at least one number as an array."""
    allowed = "a list of at least one number"
    array = validation.real_array(name, values, allowed)
    if array.ndim != 1 or array.size == 0:
        cure = f"Swept values are one-dimensional. Its shape is {array.shape}."
        raise InputError(name, values, allowed, cure)
    return array


def check_names(model: Model, names: Iterable[str]) -> None:
    """Refuse names that are not parameters of the model."""
    known = model.varied()
    for name in names:
        if not isinstance(name, str) or (name not in known and entry(model, name) is None):
            whole = name.rpartition(".")[0] if isinstance(name, str) else ""
            cure = (
                one_number(whole)
                if whole in model.scalars()
                else entries.cure(model, name, [*known, *entries.names(model, name)])
            )
            raise InputError("parameter", name, "one of the model's", cure)


def apart(argument: str, labelled: xr.DataArray, varied: Container[Any]) -> None:
    """Refuse dimensions and coordinates that bear the name of what is varied along with them."""
    for name in (*labelled.dims, *labelled.coords):
        if name in varied:
            allowed = "over dimensions, and with coordinates, that are not varied too"
            cure = f"Rename {str(name)!r}, or drop it with .drop_vars({str(name)!r})."
            raise InputError(argument, name, allowed, cure)


def followed(along: Any, axes: Mapping[str, Any]) -> str | None:
    """Return the dimension that is followed, one of those varied, or None."""
    if along is not None and (not isinstance(along, str) or along not in axes):
        raise InputError("along", along, "one of the swept parameters", near(along, axes))
    return along


def pair(name: str, ends: Any, *, either_way: bool = False) -> tuple[float, float]:
    """Return the two ends of a range, the first below the second unless it may be either way."""
    order = "" if either_way else ", the first below the second"
    allowed = f"two different finite numbers{order}"
    low_high = validation.real_array(name, ends, allowed)
    if either_way and low_high.ndim == 1:
        low_high = np.sort(low_high)
    if low_high.shape != (2,) or not np.isfinite(low_high).all() or not low_high[0] < low_high[1]:
        raise InputError(name, ends, allowed)
    return float(low_high[0]), float(low_high[1])


def interval(
    model: Model, parameter: Any, ends: Any, *, either_way: bool = False
) -> tuple[float, float]:
    """Return the interval of one parameter; the model is asked about both of its ends."""
    check_names(model, [parameter])
    low, high = pair("interval", ends, either_way=either_way)
    if low > 0.0 and high / WIDEST > low:
        allowed = f"two numbers of which one is at most {WIDEST:g} times the other"
        raise InputError("interval", ends, allowed, "What happens at small values would be missed.")
    for end in (low, high):
        model.replace({parameter: end})
    return low, high
