"""Maps: places where they are, by what they have and by what changes."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege.errors import InputError, require
from nege.plots.style import BLUE, GREY, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LARGEST_DOT = 600.0  # points squared, for a place with a tenth of all


def places(
    coordinates: xr.Dataset | None,
    share: np.ndarray,
    *,
    colour: Any = BLUE,
    ax: Axes | None = None,
    background: Any = None,
    polygons: Any = None,
    **style: Any,
) -> Axes:
    """Draw places where they are, with areas in proportion to their shares.

    Where places have polygons these are filled with `colour` instead.
    """
    if polygons is not None:
        return filled(polygons, colour, ax=ax, background=background, **style)
    if coordinates is None:
        raise InputError(
            "geography",
            "distances alone",
            "one with coordinates",
            "Make it with from_points, cities, grid or another maker that places regions.",
        )
    ax = new_axes(ax)
    geographic = "longitude" in coordinates
    x, y = (
        coordinates[name].values for name in (("longitude", "latitude") if geographic else "xy")
    )
    if background is not None:
        _borders(ax, background, geographic, (x, y))
    size = LARGEST_DOT * np.asarray(share) / 0.1
    style = {"alpha": 0.8, "linewidths": 0.4, "edgecolors": "white", **style}
    ax.scatter(x, y, s=2.0, c=GREY, linewidths=0, zorder=0)  # also where nobody is
    points = ax.scatter(x, y, s=size, c=colour, **style)
    points.set_gid("places")
    if geographic:
        ax.set_aspect(1.0 / np.cos(np.deg2rad(float(np.mean(y)))))
        ax.set_xlabel("longitude (degrees east)")
        ax.set_ylabel("latitude (degrees north)")
    else:
        ax.set_aspect("equal")
        for span, limits in ((x, ax.set_xlim), (y, ax.set_ylim)):
            # Two places on a line would leave the other axis without extent.
            limits(float(np.min(span)) - 0.7, float(np.max(span)) + 0.7)
        ax.set_xlabel(coordinates["x"].attrs.get("units", "steps"))
        ax.set_ylabel(coordinates["y"].attrs.get("units", "steps"))
    return ax


WIDE = 20.0  # ratio of the largest to the smallest value from which on colours follow logarithms
LEAST_VISIBLE = 0.02  # part of places at either end that colours do not tell apart


def choropleth(
    polygons: Any,
    values: np.ndarray,
    label: str,
    *,
    ax: Axes | None = None,
    background: Any = None,
) -> Axes:
    """Fill polygons by a value, with its scale: light is little, dark is much.

    Where values differ a lot colours follow their logarithms, and one place in fifty at either
    end has the colour of the next.
    """
    values = np.asarray(values, dtype=float)
    good = values[np.isfinite(values)]
    low, high = np.quantile(good, (LEAST_VISIBLE, 1.0 - LEAST_VISIBLE)) if good.size else (0.0, 1.0)
    if good.size < 1.0 / LEAST_VISIBLE:
        low, high = (good.min(), good.max()) if good.size else (0.0, 1.0)
    colours: Any = require("matplotlib.colors", "plot", "Drawing")
    wide = good.size > 0 and good.min() > 0.0 and good.max() > WIDE * good.min()
    norm = (colours.LogNorm if wide else colours.Normalize)(low, high)
    ax = filled(
        polygons,
        values,
        ax=ax,
        background=background,
        cmap="cividis_r",
        norm=norm,
    )
    below, above = bool((good < low).any()), bool((good > high).any())
    extend = {(True, True): "both", (True, False): "min", (False, True): "max"}
    figure: Any = ax.get_figure()
    drawn = next(one for one in ax.collections if one.get_gid() == "places")
    bar = figure.colorbar(
        drawn, ax=ax, label=label, shrink=0.8, extend=extend.get((below, above), "neither")
    )
    if wide:
        ticks = _round_numbers(low, high)
        bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks], minor=False)
        bar.minorticks_off()
    return ax


def filled(
    polygons: Any,
    colour: Any,
    *,
    ax: Axes | None = None,
    background: Any = None,
    **style: Any,
) -> Axes:
    """Fill polygons: by numbers on a scale, grey where there is none, or each in its colour."""
    ax = new_axes(ax)
    geographic = polygons.crs is not None and polygons.crs.is_geographic
    colour = np.asarray(colour)
    style = {"edgecolor": "white", "linewidth": _line(len(polygons)), **style}
    style.pop("edgecolors", None)  # of dots
    known = np.isfinite(colour) if colour.dtype.kind in "fiu" else np.ones(len(polygons), bool)
    if not known.all():
        polygons[~known].plot(
            ax=ax, color="#DDDDDD", edgecolor="white", linewidth=style["linewidth"]
        )
    shown = polygons[known]
    if colour.dtype.kind in "fiu":
        frame = shown.to_frame("geometry").set_geometry("geometry").assign(value=colour[known])
        frame.plot("value", ax=ax, **style)
    else:
        shown.plot(ax=ax, color=colour[known].tolist(), **style)
    ax.collections[-1].set_gid("places")
    if background is not None:
        west, south, east, north = polygons.total_bounds
        _beneath(ax, background, polygons.crs)
        margin = 0.05 * max(east - west, north - south)
        ax.set(xlim=(west - margin, east + margin), ylim=(south - margin, north + margin))
    if geographic:
        ax.set_xlabel("longitude (degrees east)")
        ax.set_ylabel("latitude (degrees north)")
    else:
        ax.set_axis_off()
    return ax


def _round_numbers(low: float, high: float) -> list[float]:
    """Return 1, 2, 5, 10, 20, ... between two numbers: the ticks of a logarithmic scale."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    every = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
    return [tick for tick in every if low <= tick <= high]


def _line(count: int) -> float:
    """Return how wide borders are drawn among so many polygons."""
    return float(np.clip(10.0 / np.sqrt(count), 0.15, 1.0))


def _borders(
    ax: Axes, background: Any, geographic: bool, places: tuple[np.ndarray, np.ndarray]
) -> None:
    """Draw borders in degrees beneath a map, and look at the part of them that has places."""
    if not geographic:
        cure = "Places of a textbook geography have no longitude and latitude."
        raise InputError("background", type(background).__name__, "left out here", cure)
    _beneath(ax, background, "EPSG:4326")
    x, y = places
    for values, limits in ((x, ax.set_xlim), (y, ax.set_ylim)):
        margin = 0.05 * float(np.ptp(values)) + 0.5
        limits(float(np.min(values)) - margin, float(np.max(values)) + margin)


def _beneath(ax: Axes, background: Any, crs: Any) -> None:
    """Draw borders beneath a map that is in some coordinate reference system."""
    allowed = "a GeoDataFrame, a GeoSeries or the path of a file of borders"
    if isinstance(background, (str, pathlib.Path)):
        geopandas = require("geopandas", "geo", "A background from a file")
        try:
            background = geopandas.read_file(background)
        except Exception as error:  # of whichever library reads it
            raise InputError("background", str(background), allowed, f"{error}") from error
    if not hasattr(background, "boundary"):
        cure = "geopandas.read_file makes one."
        raise InputError("background", type(background).__name__, allowed, cure)
    if background.crs is not None:
        background = background.to_crs(crs)
    background.boundary.plot(ax=ax, color=GREY, linewidth=0.5, zorder=0)


def changes(
    coordinates: xr.Dataset | None,
    share: np.ndarray,
    change: np.ndarray,
    *,
    widest: float | None = None,
    ax: Axes | None = None,
    polygons: Any = None,
) -> Axes:
    """Draw places where they are, coloured by changes in per cent: orange up, purple down.

    Colours end at `widest`, by default the size that one change in ten exceeds.
    """
    widest = float(np.quantile(np.abs(change), 0.9)) if widest is None else widest
    ax = places(
        coordinates,
        share,
        colour=np.clip(change, -widest, widest),
        ax=ax,
        cmap="PuOr_r",
        vmin=-widest,
        vmax=widest,
        edgecolors=GREY,
        polygons=polygons,
    )
    figure: Any = ax.get_figure()
    figure.colorbar(ax.collections[-1], ax=ax, label="change in %", shrink=0.9, extend="both")
    return ax
