"""Lines of what a sweep found, along one dimension: what ``ds.nege.plot`` draws them with.

A colour for each label of one further dimension, from the palette of Okabe & Ito or, where
that is a number, from light to dark; a dash for each of another, or for each arm of a path that
turns round. Lines break where a point was not solved, and a cross on the axis says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, require
from nege.plot import BLUE, GREEN, GREY, ORANGE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", VERMILION, "#56B4E9", "#000000")
DASHES: tuple[Any, ...] = ("-", (0, (4, 2)), ":", "-.")
ARMS = {"down": "falling", "up": "rising"}
MOST_SHADES = 12  # lines that can be told apart by how dark they are
SEPARATE = 50  # points up to which each is marked
WORDS = {
    "trade_cost": "trade cost (iceberg factor)",
    "online_trade_cost": "digital trade cost (iceberg factor)",
    "digital_cost": "digital trade cost (iceberg factor)",
    "online_commission": "commission (share of sales)",
    "commission": "commission (share of sales)",
    "online_amenity": "online amenity (factor on real wages)",
    "mu": "share of manufactures in spending (1)",
    "sigma": "elasticity of substitution (1)",
}


def label(array: xr.DataArray) -> str:
    """Return what an axis says: the meaning and the unit, where there is one."""
    name = str(array.name)
    if "long_name" not in array.attrs:
        return WORDS.get(name, name.replace("_", " "))
    unit = array.attrs.get("units", "")
    return f"{array.attrs['long_name']} ({unit})" if unit else str(array.attrs["long_name"])


def axis(values: xr.DataArray, varied: Sequence[str], x: str | None) -> xr.DataArray:
    """Return the coordinate to draw along: one of what was varied, or a parameter over it."""
    dims = [dim for dim in varied if dim in values.dims and dim != "arm"]
    able = [
        str(name)
        for name, found in values.coords.items()
        if found.ndim == 1 and found.dims[0] in dims and found.dtype.kind in "iuf"
    ]
    # Steps and points are only numbered: what changes along them says more.
    able.sort(key=lambda name: dims.index(str(values[name].dims[0])))
    if x is not None:
        return values[validation.known("x", x, able)]
    if not able:
        raise InputError("ds", dims, "over at least one number", "Sweep a parameter.")
    first = str(values[able[0]].dims[0])
    along = [name for name in able if values[name].dims == (first,) and name != first]
    moving = [name for name in along if np.ptp(values[name].values) > 0.0]
    return values[moving[0] if len(moving) == 1 else first]


def draw(
    values: xr.DataArray, along: xr.DataArray, failed: xr.DataArray, *, ax: Axes | None = None
) -> Axes:
    """Draw values along a coordinate, a line for each label of what else they are over."""
    dim = str(along.dims[0])
    others = [str(d) for d in values.dims if d not in (dim, "arm") and values.sizes[d] > 1]
    values = values.squeeze([d for d in values.dims if d not in (dim, "arm", *others)])
    dashed = others[1] if len(others) == 2 else None
    if len(others) > 2 or (dashed and ("arm" in values.dims or values.sizes[dashed] > len(DASHES))):
        sizes = ", ".join(f"{d} ({values.sizes[d]})" for d in others)
        cure = "Choose from them with at=, e.g. " + f'at={{"{others[-1]}": ...}}.'
        raise InputError("at", sizes, "such that lines can tell what is left apart", cure)
    ax = new_axes(ax)
    coloured = others[0] if others else None
    colours = [None] if coloured is None else _colours(values[coloured])
    for i, colour in enumerate(colours):
        line = values if coloured is None else values.isel({coloured: i})
        for j in range(1 if dashed is None else values.sizes[dashed]):
            one = line if dashed is None else line.isel({dashed: j})
            words = [_word(one[d]) for d in (coloured, dashed) if d is not None]
            for k, (arm, x, y) in enumerate(_arms(one, along, dim)):
                ax.plot(
                    x,
                    y,
                    color=colour or COLOURS[k % 2],
                    ls=DASHES[j + k],
                    lw=1.8,
                    marker="." if len(x) <= SEPARATE else "",
                    label=", ".join([*words, *([arm] if arm else [])]) or None,
                )
    lost = failed.any([d for d in failed.dims if d != dim]).values
    if lost.any():
        ax.plot(
            along.values[lost],
            np.zeros(int(lost.sum())),
            "x",
            color=GREY,
            transform=ax.get_xaxis_transform(),
            clip_on=False,
            label="not solved",
            gid="failed",
        )
    ax.set_xlabel(label(along))
    ax.set_ylabel(label(values))
    ax.spines[["top", "right"]].set_visible(False)
    if ax.get_legend_handles_labels()[1]:
        ax.legend(frameon=False)
    return ax


def new_axes(ax: Axes | None) -> Axes:
    """Return the Axes given, or those of a new figure."""
    if ax is not None:
        return ax
    made: Axes = require("matplotlib.pyplot", "plot", "Drawing").subplots(layout="constrained")[1]
    return made


def _arms(line: xr.DataArray, along: xr.DataArray, dim: str) -> list[tuple[str, Any, Any]]:
    """Return name, coordinate and values of each arm: of two runs, or of a path that turns once."""
    x = along.values
    if "arm" in line.dims:
        names = [str(name) for name in line["arm"].values]
        return [(ARMS.get(name, name), x, line.sel(arm=name).values) for name in names]
    y, signs = line.values, np.sign(np.diff(x))
    turns = np.flatnonzero(signs[1:] != signs[:-1]) + 1
    if str(along.name) == dim or turns.size != 1 or not signs.all():
        return [("", x, y)]
    turn = int(turns[0])
    names = ["falling", "rising again"] if signs[0] < 0 else ["rising", "falling again"]
    return [(names[0], x[: turn + 1], y[: turn + 1]), (names[1], x[turn:], y[turn:])]


def _colours(labels: xr.DataArray) -> list[Any]:
    numeric = labels.dtype.kind in "iuf"
    most = MOST_SHADES if numeric else len(COLOURS)
    if labels.size > most:
        cure = f'Choose one with at={{"{labels.name}": ...}}, or draw a heatmap.'
        raise InputError(str(labels.name), labels.size, f"at most {most} lines", cure)
    if not numeric:
        return list(COLOURS[: labels.size])
    shades = require("matplotlib", "plot", "Drawing").colormaps["cividis_r"]
    return [shades(0.15 + 0.85 * i / max(labels.size - 1, 1)) for i in range(labels.size)]


def _word(labelled: xr.DataArray) -> str:
    """Return what one line is of: a name as it is, a number with what it is a value of."""
    value = labelled.item()
    if isinstance(value, str):
        return value
    return f"{label(labelled).partition(' (')[0]} {value:.4g}"
