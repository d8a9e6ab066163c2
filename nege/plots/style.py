"""Colours and axes that all pictures share; matplotlib is imported when the first one is drawn.

Colours are from the palette of Okabe & Ito, which colour-blind readers can tell apart. Every
function that draws takes ``ax=`` and returns the Axes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nege.errors import InputError, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"
SKY, PURPLE = "#56B4E9", "#CC79A7"
#: How a bar ends, by whether something is below it, and above.
EXTEND = {
    **{(True, True): "both", (True, False): "min"},
    **{(False, True): "max", (False, False): "neither"},
}


def new_axes(ax: Axes | None, inches: tuple[float, float] | None = None) -> Axes:
    """Return the Axes given, or those of a new figure, of a size where it matters."""
    if ax is not None:
        return plain_ticks(check_axes(ax))
    pyplot = require("matplotlib.pyplot", "plot", "Drawing")
    made: Axes = pyplot.subplots(figsize=inches, layout="constrained")[1]
    return plain_ticks(made)


def plain_ticks(ax: Axes) -> Axes:
    """Have axes say their numbers as they are, not how far they are from another one."""
    scalar: Any = require("matplotlib.ticker", "plot", "Drawing").ScalarFormatter
    for axis in (ax.xaxis, ax.yaxis):
        said: Any = axis.get_major_formatter()
        if isinstance(said, scalar):
            said.set_useOffset(False)
    return ax


def scale_bar(drawn: Any, beside: Any, label: str, **style: Any) -> Any:
    """Return the bar of what is drawn in colour; its ends point to where values lie beyond it."""
    held, norm = drawn.get_array(), drawn.norm
    if "extend" not in style and held is not None and norm.scaled():
        found = np.ma.masked_invalid(held).compressed()
        below, above = bool((found < norm.vmin).any()), bool((found > norm.vmax).any())
        style["extend"] = EXTEND[below, above]
    figure: Any = np.ravel(np.asarray(beside, dtype=object))[0].get_figure()
    bar = figure.colorbar(drawn, ax=beside, label=label, **style)
    plain_ticks(bar.ax)
    return bar


def check_axes(ax: Any) -> Axes:
    """Return the Axes given; refuse what cannot be drawn on."""
    kind: Any = require("matplotlib.axes", "plot", "Drawing").Axes
    if not isinstance(ax, kind):
        cure = "matplotlib.pyplot.subplots() makes one; without ax= nege does."
        raise InputError("ax", ax, "a matplotlib Axes", cure)
    found: Axes = ax
    return found


def scale_beside(bar: Any, ax: Axes) -> list[Axes]:
    """Return the Axes that the bar of a scale stands beside: True its own, False none, or all."""
    if isinstance(bar, (bool, np.bool_)):
        return [ax] if bar else []
    try:
        return [check_axes(one) for one in np.ravel(np.asarray(bar, dtype=object))]
    except InputError as error:
        cure = "One bar beside many: False for all but the last, and there bar=axes."
        raise InputError("bar", bar, "True, False or all Axes that it serves", cure) from error


def new_figure(width: float, height: float) -> Figure:
    """Return a figure for a file: no window, no global state, whatever backend the user has."""
    module: Any = require("matplotlib.figure", "plot", "Drawing")
    figure: Figure = module.Figure(figsize=(width, height), layout="constrained")
    return figure
