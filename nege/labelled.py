"""Labelled arrays, made of what is known to be plain arrays and names.

Whatever xarray is given it asks the libraries of arrays whether it is theirs, and to ask Dask
it imports Dask, which takes longer than a first solve does. What nege itself makes is NumPy's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

__all__ = ["array", "coordinates", "variable"]


def variable(
    dims: str | Sequence[str], values: np.ndarray, attrs: Mapping[str, Any] | None = None
) -> xr.Variable:
    """Return a variable around a NumPy array."""
    return xr.Variable(dims, values, attrs, fastpath=True)


def coordinates(labels: Mapping[str, Sequence[str]]) -> xr.Coordinates:
    """Return the coordinates of dimensions, from the names along each."""
    made = {dim: _index(dim, names) for dim, names in labels.items()}
    variables = {
        name: found for index in made.values() for name, found in index.create_variables().items()
    }
    return xr.Coordinates(variables, indexes=made)


def _index(dim: str, names: Sequence[str]) -> xr.indexes.PandasIndex:
    text = np.array(names, dtype=str)
    return xr.indexes.PandasIndex(pd.Index(text.astype(object)), dim, coord_dtype=text.dtype)


def array(
    values: np.ndarray,
    labels: Mapping[str, Sequence[str]],
    name: str | None = None,
    attrs: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    """Return a NumPy array over labelled dimensions, in their order."""
    return xr.DataArray(variable(tuple(labels), values, attrs), coordinates(labels), name=name)
