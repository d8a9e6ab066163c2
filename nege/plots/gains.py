"""Gains and losses: bars of what they are made of, and a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege.plots import by_place, maps
from nege.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 20  # stacks of bars at most
SMALL = 1e-3  # of the longest stack: terms that are shorter everywhere are not drawn
#: Terms have the same colour in every picture; prices of further industries are hatched.
COLOURS = {
    **{"wages": BLUE, "remote work": SKY, "land": GREEN, "dividends and taxes": "#F0E442"},
    **{"deficits": "#56D6C9", "commuting": "#B8860B"},
    **{"public goods": "#8C6D31", "rents": VERMILION, "other prices": "#999999"},
    "taxes at the till": "#A50F15",
    **{"amenities": PURPLE, "crowding": "#6A3D9A", "moving": "#222222", "remainder": "#DDDDDD"},
}
HATCHES = ("", "///", "...", "xx", "\\\\\\", "++")


def split(parts: xr.DataArray, totals: xr.DataArray, label: str, *, ax: Axes | None = None) -> Axes:
    """Draw stacks of terms for each group or place, those that add to the right, and totals."""
    (dim,) = totals.dims
    values = parts.transpose(dim, "term").values
    known = np.flatnonzero(np.isfinite(values).all(axis=1))
    order = (
        known[np.argsort(totals.values[known], kind="stable")]
        if known.size > SHOWN
        else known[::-1]
    )
    if order.size > SHOWN:
        order = np.concatenate([order[: SHOWN // 2], order[-SHOWN // 2 :]])
    values, total = values[order], totals.values[order]
    names = [str(name) for name in parts[dim].values[order]]
    ax = new_axes(ax, (7.0, 1.6 + 0.34 * max(3, order.size)))
    longest = max(np.abs(values).sum(1).max(initial=0.0), 1e-300)
    right, left, priced = np.zeros(order.size), np.zeros(order.size), 0
    for i, term in enumerate(map(str, parts["term"].values)):
        width = values[:, i]
        hatch = ""
        if term.startswith("prices"):
            hatch = HATCHES[min(priced, len(HATCHES) - 1)]
            priced += 1
        if np.abs(width).max(initial=0.0) < SMALL * longest:
            continue
        start = np.where(width >= 0.0, right, left)
        ax.barh(
            range(order.size),
            width,
            left=start,
            height=0.62,
            color=COLOURS.get(term, ORANGE),
            edgecolor="white",
            linewidth=0.6,
            hatch=hatch,
            label=term,
        )
        right += np.maximum(width, 0.0)
        left += np.minimum(width, 0.0)
    ax.plot(
        total, range(order.size), "D", color="white", mec="black", ms=6, label="gain", gid="gain"
    )
    ax.margins(x=0.03)
    ax.axvline(0.0, color=GREY, lw=0.8)
    ax.set_yticks(range(order.size), names)
    ax.set_ylim(-0.6, max(order.size, 1) - 0.4)
    ax.set_xlabel(label)
    if totals.size > order.size:
        ax.set_ylabel(f"{order.size} of {totals.size} {dim}s")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def on_map(
    where: by_place.Where, share: np.ndarray, gain: np.ndarray, title: str, label: str, ax: Any
) -> Axes:
    """Draw gains where people live: orange up, purple down."""
    shown = by_place.Values(gain, share, label, {})
    ax = where.draw(shown, ax, scale=maps.scale_of(gain, change=True))
    ax.set_title(title)
    made: Axes = ax
    return made
