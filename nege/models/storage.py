"""Storage of a model: to a Dataset, for files and stores, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import xarray as xr

from nege.errors import InputError, near
from nege.geography import Geography
from nege.geography.online import OnlineRegion

ONLINE = "online_"  # what names of the online region's parameters begin with
PREFIX = "parameter_"


def to_dataset(model: Any) -> xr.Dataset:
    """Return a model as a Dataset: its geography, and every field by name."""
    stored: xr.Dataset = model.geography.to_dataset()
    stored.attrs["model"] = type(model).__name__
    tables: dict[str, Any] = {}  # put in at once: xarray aligns everything with each that is added
    for name in model.fields:
        value = getattr(model, name)
        if isinstance(value, xr.DataArray):
            tables[f"{PREFIX}{name}"] = table(value)
        elif isinstance(value, tuple):
            tables[f"{PREFIX}{name}"] = (f"names_{name}", list(value))
        elif isinstance(value, (int, float, str)):
            stored.attrs[f"{PREFIX}{name}"] = value
    if model.online is not None:
        for field in dataclasses.fields(model.online):
            stored.attrs[ONLINE + field.name] = getattr(model.online, field.name)
    return stored.assign(tables)


def table(value: xr.DataArray) -> xr.DataArray:
    """Return a parameter as files have it: under dimensions of its own, without attributes."""
    dims = [f"{PREFIX}{dim}" for dim in value.dims]
    labels = {f"{PREFIX}{dim}": at.values for dim, at in value.coords.items()}
    return xr.DataArray(value.values, labels, dims)


def from_dataset(stored: xr.Dataset, known: Mapping[str, Any]) -> Any:
    """Make a model again from what ``to_dataset`` returned; `known` are models by class name."""
    if not isinstance(stored, xr.Dataset):
        cure = "Give what model.to_dataset() returned."
        raise InputError("stored", stored, "a stored model", cure)
    cls = known.get(str(stored.attrs.get("model")))
    if cls is None:
        cure = f"Import the file first that it is in. {near(stored.attrs.get('model'), known)}"
        raise InputError("model", stored.attrs.get("model"), "a model that is known here", cure)
    arguments: dict[str, Any] = {
        name.removeprefix(PREFIX): value
        for name, value in stored.attrs.items()
        if name.startswith(PREFIX)
    }
    for name, array in stored.data_vars.items():
        if str(name).startswith(PREFIX):
            dims = {dim: str(dim).removeprefix(PREFIX) for dim in array.dims}
            arguments[str(name).removeprefix(PREFIX)] = array.rename(dims)
    online = {
        name.removeprefix(ONLINE): value
        for name, value in stored.attrs.items()
        if name.startswith(ONLINE)
    }
    if online:
        arguments["online"] = OnlineRegion(**online)
    cls.restore(arguments)
    return cls(Geography.from_dataset(stored), **arguments)
