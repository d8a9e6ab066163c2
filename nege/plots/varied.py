"""Lines and cells over what was varied in a sweep: what ``ds.nege.plot`` draws with.

Lines have a colour for each label of a further dimension, from the palette of Okabe & Ito or,
where that is a number, from light to dark; dashes are for the second arm of a loop, or of a
path that turns round. Lines break where a point was not solved, and a cross on the axis says
so; cells are hatched there, and grey where a point was solved and there is no value.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, in_words, require
from nege.plots.maps import LINE
from nege.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    new_axes,
    scale_bar,
    scale_beside,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY, "#000000")
DASHES: tuple[Any, ...] = ("-", (0, (4, 2)))
ARMS = {"down": "falling", "up": "rising"}
MOST_SHADES = 12  # lines that can be told apart by how dark they are
THIN, WIDER = 1.6, 1.0  # points
NOTHING = "#dcdcdc"  # of cells that were solved and have no value
BELOW = 36.0  # points from an area to what is below the words of its axis
LABEL = 34  # letters that fit beside an axis
SEPARATE = 50  # points up to which each is marked


def label(array: xr.DataArray) -> str:
    """Return what an axis says: the meaning and the unit, where there is one."""
    name = str(array.name)
    if "long_name" not in array.attrs:
        return plain(name)
    unit = array.attrs.get("units", "")
    told = unit and unit != "1"  # a share has none
    return f"{array.attrs['long_name']} ({unit})" if told else str(array.attrs["long_name"])


def plain(name: str) -> str:
    """Return what is said of something of which nothing but its name is known."""
    return name.replace("_", " ").replace(".", ", ")


def by_dimension(data: xr.Dataset, at: Any) -> Any:
    """Return where as labels of dimensions, also if given by what has a value along one.

    As a parameter has at each step of a path: of its value, the step that has it.
    """
    if not isinstance(at, Mapping):
        return at  # which `chosen` refuses
    moving = coordinates_along(data)
    found = {name: wanted for name, wanted in at.items() if name not in moving}
    for name in [name for name in at if name in moving]:
        dim = str(data[name].dims[0])
        known = data[dim].values.tolist()
        where = _places_of(data[name], name, at[name]).tolist()
        if dim in found:
            where = [i for i in where if i in _places_of(data[dim], dim, found[dim])]
            if not where:
                allowed = f"its value at {dim} {found[dim]}, which at= names too"
                raise InputError(f"at {name}", at[name], allowed, "Give one of the two.")
        if len(where) > 1:
            some = in_words(
                [*(f"{known[i]}" for i in where[:12]), *(["more"] if where[12:] else [])]
            )
            cure = f"It is that at {dim} {some}: choose with at={{{dim!r}: {known[where[0]]!r}}}."
            raise InputError(f"at {name}", at[name], f"its value at one {dim} alone", cure)
        found[dim] = known[where[0]]
    return found


def coordinates_along(data: xr.Dataset | xr.DataArray) -> list[str]:
    """Return names of what has a value at each label of a dimension, beside the label itself."""
    return [str(n) for n, held in data.coords.items() if n not in data.dims and held.ndim == 1]


def chosen(
    array: xr.DataArray,
    at: Mapping[str, Any] | None,
    dims: Iterable[str] = (),
    varied: Sequence[str] = (),
) -> xr.DataArray:
    """Return the part of an array at some labels, and at no others than those asked for.

    `dims` may be named though the array is not over them; labels of what was not `varied` go
    into its name.
    """
    if not isinstance(at, (Mapping, type(None))):
        cure = 'For example {"region": "online"}.'
        raise InputError("at", at, "a mapping of dimensions to labels", cure)
    dims = list(dims)
    for dim, wanted in ({} if at is None else at).items():
        if dim not in dims:
            validation.known(
                "at", dim, [*(str(name) for name in array.dims), *coordinates_along(array)]
            )
        if dim not in array.dims:
            continue
        array = array.isel({dim: int(_places_of(array[dim], dim, wanted)[0])})
        if dim not in varied and "long_name" in array.attrs:
            array = array.assign_attrs(long_name=f"{array.attrs['long_name']}, {wanted}")
    return array


def _places_of(labels: xr.DataArray, name: str, wanted: Any) -> np.ndarray:
    """Return where along a dimension something has a value, or refuse what is nowhere."""
    known = labels.values
    if is_number(labels):
        value = validation.number(f"at {name}", wanted)
        found = np.flatnonzero(np.isclose(known, value, rtol=1e-9, atol=0.0))
    else:
        validation.known(f"at {name}", wanted, [str(label) for label in known])
        found = np.flatnonzero(known == wanted)
    if found.size == 0:
        some = ", ".join(f"{value:.6g}" for value in known[:12])
        more = ", ..." if known.size > 12 else ""
        raise InputError(f"at {name}", wanted, f"one of {some}{more}")
    return found


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


def lines(
    values: xr.DataArray, along: xr.DataArray, failed: xr.DataArray, *, ax: Axes | None = None
) -> Axes:
    """Draw values along a coordinate, a line for each label of what else they are over."""
    dim = str(along.dims[0])
    others = [str(d) for d in values.dims if d not in (dim, "arm") and values.sizes[d] > 1]
    values = values.squeeze([d for d in values.dims if d not in (dim, "arm", *others)])
    if len(others) > 1:
        sizes = ", ".join(f"{d} ({values.sizes[d]})" for d in others)
        cure = f"Choose with at=, e.g. at={{{others[-1]!r}: {_first(values[others[-1]])!r}}}."
        raise InputError("at", sizes, "such that one dimension is left for lines", cure)
    colours = _colours(values[others[0]]) if others else [None]
    ax = new_axes(ax)
    for i, colour in enumerate(colours):
        line = values.isel(dict.fromkeys(others, i))
        for k, (arm, x, y) in enumerate(_arms(line, along, dim)):
            ordered = (np.diff(x) >= 0.0).all() or (np.diff(x) <= 0.0).all()
            words = [*(_word(line[other]) for other in others), *([arm] if arm else [])]
            ax.plot(
                x,
                y,
                color=colour or COLOURS[k],
                ls=DASHES[k % 2] if ordered else "none",
                # The first are wider, so that they show beneath others on the same line.
                lw=THIN + WIDER * (len(colours) - 1 - i),
                marker="." if len(x) <= SEPARATE or not ordered else "",
                label=", ".join(words) or None,
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
    said = label(values)
    ax.set_ylabel(said if len(said) <= LABEL else "\n(".join(said.rsplit(" (", 1)))
    if along.dtype.kind in "iu":
        ticker: Any = require("matplotlib.ticker", "plot", "Drawing")
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    ax.spines[["top", "right"]].set_visible(False)
    if ax.get_legend_handles_labels()[1]:
        ax.legend(frameon=False)
    return ax


def cells(
    array: xr.DataArray,
    failed: xr.DataArray,
    style: Mapping[str, Any],
    *,
    none: str = "no value",
    whole: bool = False,
    bar: Any = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw cells in colour, and hatched rectangles over those that failed.

    Others that are NaN are grey, which `none` says in words. A scale of `whole` numbers has no
    others at its ticks. `bar` says beside what the scale stands: True this picture, False
    nothing, or all Axes.
    """
    style = dict(style)
    for name in {"vmin", "vmax"} & set(style):
        style[name] = validation.number(name, style[name])
    ax = new_axes(ax)
    served = scale_beside(bar, ax)
    y, x = (str(dim) for dim in array.dims)
    edges = [_edges(array[dim]) for dim in (x, y)]
    values = np.ma.masked_invalid(array.values.astype(float))
    try:
        with np.errstate(over="ignore"):  # of limits as large as floats can be
            mesh = ax.pcolormesh(*edges, values, **{"cmap": "cividis", **style})
            if served:
                ticker: Any = require("matplotlib.ticker", "plot", "Drawing")
                ticks = ticker.MaxNLocator(integer=True) if whole else None
                words = textwrap.fill(label(array), LINE)
                scale_bar(mesh, served, words, ticks=ticks)
    except (AttributeError, TypeError, ValueError) as error:
        allowed = "keywords of matplotlib's pcolormesh"
        raise InputError("style", style, allowed, f"It says: {error}.") from error
    rectangle: Any = require("matplotlib.patches", "plot", "Drawing").Rectangle
    collection: Any = require("matplotlib.collections", "plot", "Drawing").PatchCollection
    hatched = {"facecolor": "none", "edgecolor": GREY, "hatch": "////", "linewidth": 0.0}
    grey = {"facecolor": NOTHING, "edgecolor": "none", "linewidth": 0.0}
    lacking = np.isnan(array.values.astype(float)) & ~failed.values
    keys = []
    for gid, held, words, look in (
        ("failed", failed.values, "not solved", hatched),
        ("none", lacking, none, grey),
    ):
        boxes = [
            rectangle(
                (edges[0][j], edges[1][i]),
                *(np.diff(e)[k] for e, k in zip(edges, (j, i), strict=True)),
            )
            for i, j in zip(*np.nonzero(held), strict=True)
        ]
        if boxes:
            ax.add_collection(collection(boxes, gid=gid, **look), autolim=False)
            keys.append(rectangle((0, 0), 1, 1, label=words, **look))
    if keys:
        legend_below(ax, keys, [str(key.get_label()) for key in keys], ncols=len(keys))
    for dim, ticks in ((x, ax.set_xticks), (y, ax.set_yticks)):
        if not is_number(array[dim]) and array.sizes[dim] <= 30:
            ticks(range(array.sizes[dim]), [str(name) for name in array[dim].values])
    ax.set_xlabel(label(array[x]))
    ax.set_ylabel(label(array[y]))
    return ax


def legend_below(ax: Axes, handles: Sequence[Any], labels: Sequence[str], **style: Any) -> None:
    """Put a legend below what an axis says: there it covers no title and takes no width."""
    transforms: Any = require("matplotlib.transforms", "plot", "Drawing")
    below = transforms.ScaledTranslation(0.0, -BELOW / 72.0, ax.figure.dpi_scale_trans)
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0.0, 0.0)}
    place |= {"bbox_transform": ax.transAxes + below, "borderaxespad": 0.0}
    ax.legend(handles, labels, frameon=False, **place, **style)


def _edges(values: xr.DataArray) -> np.ndarray:
    """Return the borders of cells around ascending values; around whole numbers for names."""
    at = values.values.astype(float) if is_number(values) else np.arange(values.size, dtype=float)
    if at.size == 1:
        half = 0.5 if at[0] == 0.0 else 0.05 * abs(at[0])
        return np.array([at[0] - half, at[0] + half])
    middle = 0.5 * (at[1:] + at[:-1])
    return np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])


def is_number(values: xr.DataArray) -> bool:
    """Whether a coordinate is of numbers, not of names."""
    return values.dtype.kind in "iuf"


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
        cure = f"Choose one with at={{{labels.name!r}: {_first(labels)!r}}}, or draw a heatmap."
        raise InputError(str(labels.name), labels.size, f"at most {most} lines", cure)
    if not numeric:  # what is online has the same colour in every picture
        names = [str(name) for name in labels.values]
        others = iter([one for one in COLOURS if one != ORANGE or "online" not in names])
        return [ORANGE if name == "online" else next(others) for name in names]
    shades = require("matplotlib", "plot", "Drawing").colormaps["cividis_r"]
    return [shades(0.15 + 0.85 * i / max(labels.size - 1, 1)) for i in range(labels.size)]


def _first(labels: xr.DataArray) -> Any:
    """Return the first of labels, as an example."""
    return labels.values[0].item()


def _word(labelled: xr.DataArray) -> str:
    """Return what one line is of: a name as it is, a number with what it is a value of."""
    value = labelled.item()
    if isinstance(value, str):
        return value
    return f"{label(labelled).partition(' (')[0]} {value:.4g}"
