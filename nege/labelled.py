"""Labelled arrays, made of what is known to be plain arrays and names.

Whatever xarray is given it asks the libraries of arrays whether it is theirs, and to ask Dask
it imports Dask, which takes longer than a first solve does. What nege itself makes is NumPy's.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

__all__ = ["array", "coordinates", "shallow", "variable"]


def variable(
    dims: str | Sequence[str], values: np.ndarray, attrs: Mapping[str, Any] | None = None
) -> xr.Variable:
    """Return a variable around a NumPy array."""
    return xr.Variable(dims, values, attrs, fastpath=True)


def coordinates(labels: Mapping[str, Sequence[str]]) -> xr.Coordinates:
    """Return the coordinates of dimensions, from the names along each."""
    made = _indexes(labels)
    return xr.Coordinates(_variables(made), indexes=made)


def _indexes(labels: Mapping[str, Sequence[str]]) -> dict[Hashable, xr.Index]:
    return {dim: _index(dim, tuple(names)) for dim, names in labels.items()}


def _variables(indexes: Mapping[Hashable, xr.Index]) -> dict[Hashable, xr.Variable]:
    return {
        name: found
        for index in indexes.values()
        for name, found in index.create_variables().items()
    }


def _index(dim: str, names: tuple[str, ...]) -> xr.indexes.PandasIndex:
    text, dtype = _text(names)
    return xr.indexes.PandasIndex(text, dim, coord_dtype=dtype)  # a copy: its name can be changed


@functools.lru_cache(maxsize=64)  # of all tables of a model, and of the next model
def _text(names: tuple[str, ...]) -> tuple[pd.Index, Any]:
    text = np.array(names, dtype=str)
    return pd.Index(text.astype(object)), text.dtype


def array(
    values: np.ndarray,
    labels: Mapping[str, Sequence[str]],
    name: str | None = None,
    attrs: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    """Return a NumPy array over labelled dimensions, in their order."""
    made, whole = _indexes(labels), variable(tuple(labels), values, attrs)
    return xr.DataArray(whole, _variables(made), name=name, indexes=made, fastpath=True)


def shallow(value: xr.DataArray) -> xr.DataArray:
    """Return ``value.copy(deep=False)``, whose labels are not made once more from their index."""
    indexes = value.xindexes
    copies = {id(one): one.copy(deep=False) for one in indexes.values()}
    return xr.DataArray(
        value.variable.copy(deep=False),
        {name: one.copy(deep=False) for name, one in value.coords.variables.items()},
        name=value.name,
        indexes={name: copies[id(one)] for name, one in indexes.items()},
        fastpath=True,
    )
