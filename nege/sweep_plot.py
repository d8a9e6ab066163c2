"""A picture of one variable of a sweep: a line, several lines, a heat map, or dots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege.errors import InputError, near
from nege.plot import BLUE, GREEN, GREY, ORANGE, VERMILION, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (BLUE, ORANGE, GREEN, VERMILION, "#CC79A7", "#56B4E9", GREY)  # Okabe & Ito
STYLES = ("-", "--", "-.", ":")


def picture(
    data: xr.Dataset,
    variable: str = "share",
    *,
    at: Mapping[str, str | float] | None = None,
    against: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a variable of a sweep over what was varied.

    Over one dimension it is a line, and a line each for a few labels of a second one;
    over two it is a heat map, hatched where a point failed or is not solved yet; over
    a list of points, dots against one of their parameters.

    Parameters
    ----------
    data : Dataset
        From :func:`nege.sweep` or :func:`nege.load`.
    variable : str, default "share"
        What to draw.
    at : mapping, optional
        Where along the other dimensions, e.g. ``{"region": "online", "sigma": 5}``; the
        nearest value of a number.
    against : str, optional
        The parameter on the horizontal axis.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        With axis labels and units.

    Raises
    ------
    InputError
        Where a name is not one of the sweep's, or more than two dimensions are left.
    """
    array = _chosen(data, variable, at or {})
    dims = [str(dim) for dim in array.dims if array.sizes[dim] > 1]
    array = array.squeeze(drop=True)
    ax = new_axes(ax)
    if len(dims) > 2 or (len(dims) == 2 and _is_list(array, dims)):
        cure = f"Choose with --at, e.g. {dims[-1]}={array[dims[-1]].values[0]}."
        raise InputError("at", at, "such that a picture can show what is left", cure)
    across = _across(array, dims, against)
    if across not in array.dims:
        order = np.argsort(array[across].values, kind="stable")
        ax.plot(array[across].values[order], array.values[order], "o", ms=3, color=BLUE)
    elif len(dims) < 2:
        ax.plot(array[across].values, array.values, color=BLUE, lw=1.8, marker=".")
    else:
        other = next(dim for dim in dims if dim != across)
        array = array.transpose(other, across)
        if array.sizes[other] <= len(COLOURS):
            _lines(ax, array, across, other)
        else:
            return _heat(ax, array, across, other)
    ax.set_xlabel(across.replace("_", " "))
    ax.set_ylabel(_label(array))
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _chosen(data: xr.Dataset, variable: str, at: Mapping[str, str | float]) -> xr.DataArray:
    names = [str(name) for name in data.data_vars]
    if variable not in names:
        raise InputError("variable", variable, "an output of the sweep", near(variable, names))
    array = data[variable]
    for dim, wanted in at.items():
        if dim not in array.dims:
            raise InputError("at", dim, "a dimension", near(dim, map(str, array.dims)))
        labels = array[dim].values
        if labels.dtype.kind in "iuf":
            try:
                position = int(np.argmin(np.abs(labels - float(wanted))))
            except ValueError as error:
                raise InputError(f"at {dim}", wanted, "a number") from error
        else:
            known = [str(label) for label in labels]
            if str(wanted) not in known:
                raise InputError(f"at {dim}", wanted, "a label there", near(wanted, known))
            position = known.index(str(wanted))
        array = array.isel({dim: position})
    return array.load()


def _is_list(array: xr.DataArray, dims: list[str]) -> bool:
    return "point" in dims and array["point"].ndim == 1 and len(array["point"].coords) > 1


def _across(array: xr.DataArray, dims: list[str], against: str | None) -> str:
    """Return the coordinate on the horizontal axis."""
    along = [
        str(name)
        for name, coordinate in array.coords.items()
        if coordinate.ndim == 1 and coordinate.dtype.kind in "iuf" and coordinate.dims[0] in dims
    ]
    along.sort(key=lambda name: dims.index(str(array[name].dims[0])))
    known = [name for name in along if name != "point"] or dims
    if against is not None and against not in known:
        raise InputError("against", against, "a parameter that was varied", near(against, known))
    if not known:
        raise InputError("data", array.name, "over more than one point", "See it by its number.")
    return against or known[0]


def _lines(ax: Axes, array: xr.DataArray, across: str, other: str) -> None:
    for i, label in enumerate(array[other].values):
        name = f"{label:g}" if np.issubdtype(array[other].dtype, np.floating) else str(label)
        style = STYLES[i % len(STYLES)]
        ax.plot(array[across].values, array.values[i], style, color=COLOURS[i], lw=1.8, label=name)
    ax.legend(frameon=False, title=other.replace("_", " "))


def _heat(ax: Axes, array: xr.DataArray, across: str, other: str) -> Axes:
    values = np.ma.masked_invalid(array.values.astype(float))
    ax.patch.set(hatch="////", facecolor="white", edgecolor=GREY)
    vertical = array[other].values
    labelled = vertical.dtype.kind not in "iuf"
    rows: Any = np.arange(vertical.size) if labelled else vertical
    mesh = ax.pcolormesh(array[across].values, rows, values, shading="nearest", cmap="cividis")
    if labelled:
        ax.set_yticks(rows, [str(label) for label in vertical])
    ax.figure.colorbar(mesh, ax=ax, label=_label(array))
    ax.set_xlabel(across.replace("_", " "))
    ax.set_ylabel(other.replace("_", " "))
    return ax


def _label(array: xr.DataArray) -> str:
    unit = array.attrs.get("units", "1")
    name = str(array.attrs.get("long_name", array.name))
    return name if unit == "1" else f"{name} ({unit})"
