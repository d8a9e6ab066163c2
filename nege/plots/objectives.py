"""Pictures of what a policy does: an objective over its instrument, and the best value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from nege.plots.style import BLUE, GREY, VERMILION, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def curve(
    values: xr.DataArray,
    instrument: str,
    best: tuple[float, float],
    jumps: Sequence[float],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw values over the instrument in pieces between jumps, and a dot at the best one."""
    ax = new_axes(ax)
    varied = values[instrument].values
    piece = np.searchsorted(sorted(jumps), varied)
    for k in np.unique(piece):
        there = piece == k
        ax.plot(varied[there], values.values[there], color=BLUE, lw=2.2)
    for jump in jumps:
        ax.axvline(jump, color=GREY, lw=0.8, ls=":", gid="jump")
    ax.plot(*best, "o", color=VERMILION, zorder=3, gid="best")
    ax.set_xlabel(instrument.replace("_", " ").replace(".", ", "))
    ax.set_ylabel(str(values.attrs.get("long_name", values.name)))
    ax.spines[["top", "right"]].set_visible(False)
    return ax
