"""Pictures of an equilibrium, a bifurcation diagram and a hysteresis loop, with matplotlib.

Colours are from the palette of Okabe & Ito, which colour-blind readers can tell
apart. Every function takes ``ax=`` and returns the Axes. Matplotlib is imported when the first
picture is drawn.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, require
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nege.results.equilibrium import Equilibrium
    from nege.structure.branches.bifurcation import BifurcationDiagram
    from nege.structure.hysteresis import Hysteresis

BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"
SKY, PURPLE = "#56B4E9", "#CC79A7"
MARKERS = {
    "break": ("o", VERMILION),
    "sustain": ("s", GREEN),
    "fold": ("^", ORANGE),
    "entry": ("D", GREY),
    "hopf": ("X", "#000000"),
}
LARGEST_DOT = 600.0  # points squared, for a place with a tenth of all


class EquilibriumPlot:
    """Pictures of one economy: ``equilibrium.plot.shares()``, ``equilibrium.plot.map()``."""

    def __init__(self, equilibrium: Equilibrium) -> None:
        self._equilibrium = equilibrium

    @hinted
    def shares(self, ax: Axes | None = None, *, largest: int = 20) -> Axes:
        """Draw the share of workers by region as bars, largest first; of industries, by channel.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.
        largest : int
            How many places to show; the online region is always among them.

        Returns
        -------
        Axes
            With one bar per region; where there are industries, one per place, industry
            and channel.
        """
        from nege.plots import agglomeration  # which draws with what is below

        ax = new_axes(ax)
        largest = validation.whole("largest", largest, at_least=1)
        if agglomeration.has_industries(self._equilibrium.data):
            return agglomeration.shares(self._equilibrium.data, largest=largest, ax=ax)
        share = self._equilibrium.data["share"]
        model = self._equilibrium.model
        order = np.argsort(-share.values, kind="stable")[:largest]
        if model.online is not None and share.size - 1 not in order:
            order = np.append(order[:-1], share.size - 1)
        names = share["region"].values[order]
        online = None if model.online is None else model.online.name
        ax.bar(
            np.arange(order.size),
            share.values[order],
            color=[ORANGE if name == online else BLUE for name in names],
        )
        ax.set_xticks(np.arange(order.size), names, rotation=60 if order.size > 6 else 0)
        alone = model.movers == "firms"
        ax.set_ylabel("share of firms" if alone else f"share of {model.movers} and firms")
        if order.size < share.size:
            ax.set_title(f"{order.size} of {share.size} regions")
        return ax

    @hinted
    def map(
        self, ax: Axes | None = None, *, industry: str | None = None, background: Any = None
    ) -> Axes:
        """Draw the places where they are, by their share of workers.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.
        industry : str, optional
            Where there are industries, the one to draw, coloured by how far it sells
            online; by default people, coloured by the industry that a place is
            specialised in.
        background : GeoDataFrame, GeoSeries or path, optional
            Borders to draw beneath, in degrees or in a projection that they name; a file
            is read by geopandas.

        Returns
        -------
        Axes
            With one dot per place, its area in proportion to its share.

        Raises
        ------
        InputError
            For a geography without coordinates, or an unknown industry.
        """
        from nege.plots import agglomeration  # which draws with what is below

        model, data = self._equilibrium.model, self._equilibrium.data
        if agglomeration.has_industries(data):
            coordinates = model.geography.coordinates
            return agglomeration.industry_map(
                coordinates, data, industry=industry, ax=ax, background=background
            )
        if industry is not None:
            raise InputError("industry", industry, "left out", "This economy has no industries.")
        share = self._equilibrium.data["share"].values[: len(model.geography)]
        ax = places(model.geography.coordinates, share, ax=ax, background=background)
        if model.online is not None:
            online = float(self._equilibrium.data["share"][-1])
            ax.set_title(f"online: {online:.1%} of {model.movers}")
        return ax


def places(
    coordinates: xr.Dataset | None,
    share: np.ndarray,
    *,
    colour: Any = BLUE,
    ax: Axes | None = None,
    background: Any = None,
    **style: Any,
) -> Axes:
    """Draw places where they are, with areas in proportion to their shares."""
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


def _borders(
    ax: Axes, background: Any, geographic: bool, places: tuple[np.ndarray, np.ndarray]
) -> None:
    """Draw borders in degrees beneath a map, and look at the part of them that has places."""
    if not geographic:
        cure = "Places of a textbook geography have no longitude and latitude."
        raise InputError("background", type(background).__name__, "left out here", cure)
    allowed = "a GeoDataFrame, a GeoSeries or the path of a file of borders"
    if isinstance(background, (str, pathlib.Path)):
        geopandas = require("geopandas", "map", "A background from a file")
        try:
            background = geopandas.read_file(background)
        except Exception as error:  # of whichever library reads it
            raise InputError("background", str(background), allowed, f"{error}") from error
    if not hasattr(background, "boundary"):
        cure = "geopandas.read_file makes one."
        raise InputError("background", type(background).__name__, allowed, cure)
    if background.crs is not None:
        background = background.to_crs("EPSG:4326")
    background.boundary.plot(ax=ax, color=GREY, linewidth=0.5, zorder=0)
    x, y = places
    for values, limits in ((x, ax.set_xlim), (y, ax.set_ylim)):
        margin = 0.05 * float(np.ptp(values)) + 0.5
        limits(float(np.min(values)) - margin, float(np.max(values)) + margin)


def changes(
    coordinates: xr.Dataset | None,
    share: np.ndarray,
    change: np.ndarray,
    *,
    widest: float | None = None,
    ax: Axes | None = None,
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
    )
    figure: Any = ax.get_figure()
    figure.colorbar(ax.collections[-1], ax=ax, label="change in %", shrink=0.9, extend="both")
    return ax


def there_and_back(
    varied: np.ndarray,
    outcome: np.ndarray,
    *,
    turn: int,
    jumps: Mapping[int, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw an outcome along a path that goes to step `turn` and comes back.

    `jumps` are values of what varies, by the step that each leads to: there the line breaks.
    """
    ax = new_axes(ax)
    for step, value in sorted((jumps or {}).items(), reverse=True):
        ax.plot([value, value], outcome[[step - 1, step]], color=GREY, lw=1.2, ls=":")
        varied, outcome = np.insert(varied, step, value), np.insert(outcome, step, np.nan)
        turn += step <= turn
    there, again = ("falling", "rising again")
    if varied[turn] > varied[0]:
        there, again = ("rising", "falling again")
    ax.plot(varied[: turn + 1], outcome[: turn + 1], color=BLUE, lw=2.2, label=there)
    if turn + 1 < len(varied):
        ax.plot(
            varied[turn:],
            outcome[turn:],
            color=ORANGE,
            lw=2.2,
            ls=(0, (4, 2)),
            label=again,
        )
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def loop(found: Hysteresis, values: xr.DataArray, label: str, ax: Axes | None = None) -> Axes:
    """Draw both arms of a hysteresis loop, each in pieces from jump to jump."""
    ax = new_axes(ax)
    varied = found.data[found.parameter].values
    for arm, colour, dash in (("down", BLUE, "-"), ("up", ORANGE, (0, (4, 2)))):
        cuts = sorted(jump.value for jump in found.jumps if jump.arm == arm)
        piece = np.searchsorted(cuts, varied)
        outcome = values.sel(arm=arm).values
        for k in range(len(cuts) + 1):
            there = piece == k
            order = np.argsort(varied[there])
            name = ("falling" if arm == "down" else "rising") if k == 0 else None
            x, y = varied[there][order], outcome[there][order]
            ax.plot(x, y, color=colour, ls=dash, lw=2.2, label=name)
        for cut in cuts:
            # From the last point before the jump to the first one after it.
            left, right = varied < cut, varied > cut
            if not (left.any() and right.any()):
                continue
            ends = outcome[right][np.argmin(varied[right])], outcome[left][np.argmax(varied[left])]
            start, end = ends if arm == "down" else ends[::-1]
            style = {"arrowstyle": "->", "color": colour, "ls": ":", "lw": 1.6}
            ax.annotate("", (cut, end), (cut, start), arrowprops=style, gid=f"jump {arm}")
            ax.axvline(cut, color=GREY, lw=0.5, ls=":", zorder=0)
    ax.set_xlabel(found.parameter.replace("_", " "))
    ax.set_ylabel(label)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
    return ax


def diagram(found: BifurcationDiagram, region: str, ax: Axes | None = None) -> Axes:
    """Draw a bifurcation diagram: stable branches solid, unstable dashed, all symmetric images."""
    ax = new_axes(ax)
    alike = next((names for names in found.classes if region in names), ())

    def curves(share: xr.DataArray) -> np.ndarray:
        if region == "largest":
            return np.asarray(share.values.max(-1, keepdims=True))
        return np.unique(share.sel(region=list(alike)).values.round(12), axis=-1)

    for branch in found.branches:
        lines = curves(branch.share)
        stable = branch.stable
        cuts = np.flatnonzero(stable[1:] != stable[:-1]) + 1
        for start, stop in zip([0, *cuts], [*cuts, stable.size], strict=True):
            piece = slice(max(start - 1, 0), stop)  # from the point where it changes
            solid = bool(stable[start])
            ax.plot(
                branch.values[piece],
                lines[piece],
                color=BLUE if solid else GREY,
                lw=2.4 if solid else 1.1,
                ls="-" if solid else (0, (4, 3)),
                zorder=2 if solid else 1,
                gid="stable" if solid else "unstable",
            )
    for kind, (marker, colour) in MARKERS.items():
        points = [point for point in found.special_points if point.kind == kind]
        at = [(point.value, y) for point in points for y in curves(point.share)]
        if at:
            x, y = np.array(at).T
            ax.scatter(x, y, marker=marker, c=colour, s=36, zorder=3, label=kind, edgecolors="w")
    ax.set_xlabel(found.parameter.replace("_", " "))
    ax.set_ylabel("largest share" if region == "largest" else f"share of {_named(alike)}")
    ax.set_xlim(*found.interval)
    ax.spines[["top", "right"]].set_visible(False)
    handles, labels = ax.get_legend_handles_labels()
    kinds = [*ax.plot([], [], color=BLUE, lw=2.4), *ax.plot([], [], color=GREY, ls="--", lw=1.1)]
    ax.legend(  # beside the axes: branches may be anywhere within
        [*kinds, *handles],
        ["stable", "unstable", *labels],
        frameon=False,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
    )
    return ax


def _named(regions: tuple[str, ...]) -> str:
    return regions[0] if len(regions) == 1 else "a region, any of those alike"


def new_axes(ax: Axes | None) -> Axes:
    """Return the Axes given, or those of a new figure."""
    if ax is not None:
        return check_axes(ax)
    pyplot = require("matplotlib.pyplot", "plot", "Drawing")
    made: Axes = pyplot.subplots(layout="constrained")[1]
    return made


def check_axes(ax: Any) -> Axes:
    """Return the Axes given; refuse what cannot be drawn on."""
    kind: Any = require("matplotlib.axes", "plot", "Drawing").Axes
    if not isinstance(ax, kind):
        cure = "matplotlib.pyplot.subplots() makes one; without ax= nege does."
        raise InputError("ax", ax, "a matplotlib Axes", cure)
    found: Axes = ax
    return found


def new_figure(width: float, height: float) -> Figure:
    """Return a figure for a file: no window, no global state, whatever backend the user has."""
    module: Any = require("matplotlib.figure", "plot", "Drawing")
    figure: Figure = module.Figure(figsize=(width, height), layout="constrained")
    return figure
