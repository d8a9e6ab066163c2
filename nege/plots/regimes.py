"""Regimes over two parameters: areas with their names written into them.

Single regimes have colours of the palette of Okabe & Ito; where several are stable at once, the
first of them is striped with those of the others. What is not known is white and hatched. Names
that fit into no area are below, where they take no width from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege.errors import require
from nege.plots import varied
from nege.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNKNOWN, MULTIPLE = "unknown", "multiple: "
COLOURS = {
    **{"dispersed": SKY, "core-periphery": ORANGE, "black hole": GREY, "online": GREEN},
    **{"partly online": BLUE, "uneven": PURPLE},
    **{"co-located": ORANGE, "separated": VERMILION, "one-sided online": BLUE},
    **{"two-sided online": GREEN, "in between": PURPLE},
}
PALE = 0.45  # of white, so that names can be read
STRIPES, STRIPE = ("///", "\\\\\\", "---"), 2.5  # of the second regime, the third; points wide
LETTER, LINE = 5.4, 13.0  # points that a letter and a line of a name take
SIZE = 9  # points


def areas(regime: xr.DataArray, *, ax: Axes | None = None) -> Axes:
    """Draw words over two dimensions as areas, and write each into the largest of its own."""
    ax = new_axes(ax)
    y, x = (str(dim) for dim in regime.dims)
    edges = [varied._edges(regime[dim]) for dim in (x, y)]
    words = regime.values.astype(str)
    kinds = [word for word in np.unique(words).tolist() if word != UNKNOWN]
    colours = [_colours(word)[0] for word in kinds]
    code = np.full(words.shape, np.nan)
    for k, word in enumerate(kinds):
        code[words == word] = k
    if kinds:
        listed = require("matplotlib.colors", "plot", "Drawing").ListedColormap(colours)
        cells = np.ma.masked_invalid(code)
        ax.pcolormesh(*edges, cells, cmap=listed, vmin=-0.5, vmax=len(kinds) - 0.5)
    rectangle: Any = require("matplotlib.patches", "plot", "Drawing").Rectangle
    rc_context: Any = require("matplotlib", "plot", "Drawing").rc_context
    beside: list[Any] = []
    ax.set(xlim=edges[0][[0, -1]], ylim=edges[1][[0, -1]])
    for word, colour in zip([*kinds, UNKNOWN], [*colours, (1.0, 1.0, 1.0)], strict=True):
        held = words == word
        if not held.any():
            continue
        others = [GREY] if word == UNKNOWN else _colours(word)[1:]
        stripes = [
            {"facecolor": "none", "edgecolor": other, "linewidth": 0.0, "hatch": hatch}
            for other, hatch in zip(others, STRIPES, strict=False)
        ]
        with rc_context({"hatch.linewidth": 1.0 if word == UNKNOWN else STRIPE}):
            for style in stripes:
                _hatched(ax, held, edges, style, word)
            if word == UNKNOWN or not _written(ax, word, held, edges):
                label = "not known" if word == UNKNOWN else ", ".join(_names(word))
                key = rectangle((0, 0), 1, 1, facecolor=colour, edgecolor="none")
                beside.append(((key, *(rectangle((0, 0), 1, 1, **s) for s in stripes)), label))
    if beside:
        seen: dict[str, Any] = {"handlelength": 3.5, "handleheight": 1.3}  # stripes
        varied.legend_below(ax, *zip(*beside, strict=True), **seen)
    for dim, ticks in ((x, ax.set_xticks), (y, ax.set_yticks)):
        if not varied.is_number(regime[dim]):
            ticks(range(regime.sizes[dim]), [str(name) for name in regime[dim].values])
    ax.set_xlabel(varied.label(regime[x]))
    ax.set_ylabel(varied.label(regime[y]))
    return ax


def _names(word: str) -> list[str]:
    """Return what is stable in a regime."""
    return word.removeprefix(MULTIPLE).split(", ")


def _colours(word: str) -> list[tuple[float, ...]]:
    """Return the colour of each that is stable in a regime, pale."""
    rgb: Any = require("matplotlib.colors", "plot", "Drawing").to_rgb
    full = [np.array(rgb(COLOURS.get(name, GREY))) for name in _names(word)]
    return [tuple((PALE + (1.0 - PALE) * one).tolist()) for one in full]


def _hatched(
    ax: Axes, held: np.ndarray, edges: list[np.ndarray], style: dict[str, Any], word: str
) -> None:
    """Hatch cells, a run of neighbours at a time."""
    rectangle: Any = require("matplotlib.patches", "plot", "Drawing").Rectangle
    collection: Any = require("matplotlib.collections", "plot", "Drawing").PatchCollection
    boxes = [
        rectangle(
            (edges[0][first], edges[1][i]),
            edges[0][last] - edges[0][first],
            edges[1][i + 1] - edges[1][i],
        )
        for i, row in enumerate(held)
        for first, last in _runs(row)
    ]
    ax.add_collection(collection(boxes, gid=word, **style), autolim=False)


def _runs(row: np.ndarray) -> list[tuple[int, int]]:
    """Return where runs of true begin, and where they have ended."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(int)))
    return [(int(a), int(b)) for a, b in zip(steps[::2], steps[1::2], strict=True)]


def _written(ax: Axes, word: str, held: np.ndarray, edges: list[np.ndarray]) -> bool:
    """Write a name where its area is widest; say whether it fits there."""
    lines = _names(word)
    if len(lines) > 1:
        lines = [f"{name} or" for name in lines[:-1]] + lines[-1:]
    box = ax.get_window_extent()
    points = 72.0 / ax.figure.dpi
    scale = [length * points / (e[-1] - e[0]) for length, e in zip(box.size, edges, strict=True)]
    wide, high = LETTER * max(map(len, lines)), LINE * len(lines)
    best, where = 0.0, (0.0, 0.0)
    for i in range(held.shape[0]):
        inside = np.ones(held.shape[1], dtype=bool)
        for j in range(i, held.shape[0]):  # rows i to j, which the name needs
            inside &= held[j]
            if not inside.any():
                break
            tall = (edges[1][j + 1] - edges[1][i]) * scale[1]
            if tall < high:
                continue
            for first, last in _runs(inside):
                across = (edges[0][last] - edges[0][first]) * scale[0]
                room = min(across / wide, tall / high)
                if across >= wide and room > best:
                    middle = (edges[0][first] + edges[0][last], edges[1][i] + edges[1][j + 1])
                    best, where = room, (0.5 * middle[0], 0.5 * middle[1])
    if best == 0.0:
        return False
    effects: Any = require("matplotlib.patheffects", "plot", "Drawing")
    halo = [effects.withStroke(linewidth=2.5, foreground="white")]
    align: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": SIZE}
    ax.text(*where, "\n".join(lines), path_effects=halo, **align)
    return True
