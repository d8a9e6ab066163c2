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
    variables, indexes = _named(labels)
    return xr.Coordinates(variables, indexes=indexes)


def _named(
    labels: Mapping[str, Sequence[str]],
) -> tuple[dict[Hashable, xr.Variable], dict[Hashable, xr.Index]]:
    """Return the variables and the indexes of dimensions, which nobody else has."""
    variables: dict[Hashable, xr.Variable] = {}
    indexes: dict[Hashable, xr.Index] = {}
    for dim, names in labels.items():
        text, dtype, whole = _along(dim, tuple(names))
        # A view: its name can be changed.
        indexes[dim] = xr.indexes.PandasIndex(text.view(), dim, coord_dtype=dtype)
        variables[dim] = whole.copy(deep=False)
    return variables, indexes


@functools.lru_cache(maxsize=64)  # of all tables of a model, and of the next model
def _along(dim: str, names: tuple[str, ...]) -> tuple[pd.Index, Any, xr.Variable]:
    text = np.array(names, dtype=str)
    index = xr.indexes.PandasIndex(pd.Index(text.astype(object)), dim, coord_dtype=text.dtype)
    return index.index, text.dtype, index.create_variables()[dim]


def array(
    values: np.ndarray,
    labels: Mapping[str, Sequence[str]],
    name: str | None = None,
    attrs: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    """Return a NumPy array over labelled dimensions, in their order."""
    variables, indexes = _named(labels)
    whole = variable(tuple(labels), values, attrs)
    return xr.DataArray(whole, variables, name=name, indexes=indexes, fastpath=True)


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
