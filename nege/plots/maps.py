"""Maps: places where they are, by what they have and by what changes."""

from __future__ import annotations

import functools
import pathlib
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from nege.errors import InputError, require
from nege.plots.style import BLUE, EXTEND, GREY, new_axes, scale_bar, scale_beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LARGEST_DOT = 600.0  # points squared, for a place with a tenth of all
WIDEST_SHARE = 0.3  # of all, up to which dots are as large; all are drawn smaller beyond
AROUND = 0.15  # of the longer extent of places, on every side: room for half of the largest dot
LEAST_AROUND = 0.7  # steps of a textbook geography; degrees, where all places are on one spot
LARGEST_MAP = (4.6, 3.9)  # inches
BESIDE, BAR, LEAST_FIGURE = 0.9, 1.2, (4.0, 3.4)  # inches: of axes' words, a scale, a figure
EDGE = "#BBBBBB"  # of outlines: seen beside what is white
OPAQUE = 0.8  # of dots
LEAST_DOT = 14.0  # points squared, of a dot whose colour says something


def places(
    coordinates: xr.Dataset | None,
    share: np.ndarray,
    *,
    colour: Any = BLUE,
    ax: Axes | None = None,
    borders: Any = None,
    polygons: Any = None,
    largest: float | None = None,
    least: float | np.ndarray = 0.0,
    **style: Any,
) -> Axes:
    """Draw places where they are, with areas in proportion to their shares.

    Where places have polygons these are filled with `colour` instead. `largest` is the share that
    dots are scaled to where maps belong together, `least` an area that a dot has at least.
    """
    if polygons is not None:
        return filled(polygons, colour, ax=ax, borders=borders, **style)
    if coordinates is None:
        raise InputError(
            "geography",
            "distances alone",
            "one with coordinates",
            "Make it with from_points, cities, grid or another maker that places regions.",
        )
    ax = new_axes(ax, inches(coordinates))
    geographic = "longitude" in coordinates
    x, y = spots(coordinates).T
    across, up, stretch = _frame(coordinates)
    ax.set(xlim=across, ylim=up)
    if borders is not None:
        _borders(ax, borders, geographic)
    share = np.asarray(share, dtype=float)
    largest = float(np.nanmax(share, initial=0.0)) if largest is None else largest
    size = LARGEST_DOT * share / 0.1 * min(1.0, WIDEST_SHARE / max(largest, 1e-300))
    size = np.maximum(np.nan_to_num(size), least)
    style = {"alpha": OPAQUE, "linewidths": 0.4, "edgecolors": "white", **style}
    ax.scatter(x, y, s=2.0, c=GREY, linewidths=0, zorder=0)  # also where nobody is
    points = ax.scatter(x, y, s=size, c=colour, **style)
    points.set_gid("places")
    ax.set_aspect(stretch)
    if geographic:
        ax.set_xlabel("longitude (degrees east)")
        ax.set_ylabel("latitude (degrees north)")
    else:
        ax.set_xlabel(coordinates["x"].attrs.get("units", "steps"))
        ax.set_ylabel(coordinates["y"].attrs.get("units", "steps"))
    return ax


def spots(coordinates: xr.Dataset | None, polygons: Any = None) -> np.ndarray:
    """Return where a map has its places, a row each: within polygons, or at their coordinates."""
    if polygons is not None:
        inside = polygons.representative_point()
        return np.column_stack([inside.x, inside.y])
    if coordinates is None:
        return np.zeros((0, 2))
    names = ("longitude", "latitude") if "longitude" in coordinates else ("x", "y")
    return np.column_stack([coordinates[name].values for name in names])


def _frame(coordinates: xr.Dataset) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Return what a map of dots shows, across and up, and how long up is what is as long across.

    There is as much room on each side, whichever way places lie: dots are as large in all of them.
    """
    x, y = spots(coordinates).T
    geographic = "longitude" in coordinates
    stretch = 1.0 / np.cos(np.deg2rad(float(np.mean(y)))) if geographic else 1.0
    room = AROUND * max(float(np.ptp(x)) / stretch, float(np.ptp(y)))
    if not geographic or room == 0.0:
        room = max(room, LEAST_AROUND)
    across = float(x.min()) - room * stretch, float(x.max()) + room * stretch
    return across, (float(y.min()) - room, float(y.max()) + room), stretch


def inches(
    coordinates: xr.Dataset | None, polygons: Any = None, *, bar: bool = False
) -> tuple[float, float] | None:
    """Return the size of a figure that a map fills, its scale beside it; None of no places."""
    if polygons is not None:
        west, south, east, north = polygons.total_bounds
        geographic = polygons.crs is not None and polygons.crs.is_geographic
        stretch = 1.0 / np.cos(np.deg2rad(0.5 * (south + north))) if geographic else 1.0
    elif coordinates is not None:
        (west, east), (south, north), stretch = _frame(coordinates)
    else:
        return None
    width, height = (east - west) / stretch, north - south
    if not (width > 0.0 and height > 0.0 and np.isfinite([width, height]).all()):
        return None
    scale = min(LARGEST_MAP[0] / width, LARGEST_MAP[1] / height)
    wide, tall = scale * width + BESIDE + BAR * bar, scale * height + BESIDE
    return max(wide, LEAST_FIGURE[0]), max(tall, LEAST_FIGURE[1])


WIDE = 20.0  # ratio of the largest to the smallest value from which on colours follow logarithms
RARE = 20  # one place of so many, at either end, has the colour of the next
ALL_BUT_ONE_VALUE = 1e-3  # of all that values span: what is left of it then is none to colour by


class Scale(NamedTuple):
    """Colours of values: the map of colours, how values go into it, and what lies beyond."""

    colours: str
    norm: Any
    extend: str = "neither"
    ticks: tuple[float, ...] = ()
    whole: str = ""  # how far the values go, where some lie beyond


def _whole(values: np.ndarray) -> str:
    low, high = (f"{float(f'{end:.3g}'):,g}" for end in (np.min(values), np.max(values)))
    return f"from {low} to {high} in all"


def scale_of(values: np.ndarray, *, change: bool = False) -> Scale:
    """Return colours for values: light is little, dark is much; of a change orange up, purple down.

    The one rule of all maps, films included. Colours run from the least to the largest value, but
    one place in twenty at either end has the colour of the next, of a change whatever its sign; so
    of fewer places none. `values` are over places, or over steps and places: then colours go as
    far as those of any step. The scale says on which side values lie beyond it, and how far.
    Where values differ a lot colours follow their logarithms. A change of nothing is white.
    """
    values = np.asarray(values, dtype=float)
    colours: Any = require("matplotlib.colors", "plot", "Drawing")
    low, high = _ends(values, change)
    good = values[np.isfinite(values)]
    beyond = EXTEND[bool((good < low).any()), bool((good > high).any())]
    whole = "" if beyond == "neither" else _whole(good)
    if change:
        return Scale("PuOr_r", colours.Normalize(low, high), beyond, whole=whole)
    wide = good.size > 0 and good.min() > 0.0 and good.max() > WIDE * good.min()
    if not wide:
        return Scale("cividis_r", colours.Normalize(low, high), beyond, whole=whole)
    ticks = tuple(_round_numbers(low, high))
    return Scale("cividis_r", colours.LogNorm(low, high), beyond, ticks, whole)


def _ends(values: np.ndarray, change: bool) -> tuple[float, float]:
    """Return where colours end, those of a change as far from zero on either side."""
    low, high = np.inf, -np.inf
    for step in np.reshape(np.abs(values) if change else values, (-1, values.shape[-1])):
        good = np.sort(step[np.isfinite(step)])
        if not good.size:
            continue
        rare = good.size // RARE
        first, last = good[0 if change else rare], good[-1 - rare]
        if last - first < ALL_BUT_ONE_VALUE * (good[-1] - good[0]):  # they are what differs
            first, last = good[0], good[-1]
        low, high = min(low, float(first)), max(high, float(last))
    if change:
        return (-high, high) if high > 0.0 else (-1.0, 1.0)
    return (low, high) if low <= high else (0.0, 1.0)


def by_value(
    coordinates: xr.Dataset | None,
    share: np.ndarray,
    values: np.ndarray,
    label: str,
    *,
    scale: Scale | None = None,
    bar: Any = True,
    ax: Axes | None = None,
    borders: Any = None,
    polygons: Any = None,
    largest: float | None = None,
) -> Axes:
    """Draw places coloured by a value, with its scale; dots by their shares, or polygons filled.

    `bar` says beside what the scale stands: True this map, False nothing, or all Axes it serves.
    """
    values = np.asarray(values, dtype=float)
    ax = new_axes(ax, inches(coordinates, polygons, bar=bar is not False))
    scale = scale_of(values) if scale is None else scale
    style: dict[str, Any] = {"cmap": scale.colours, "norm": scale.norm, "borders": borders}
    if polygons is None:
        least = np.where(np.isfinite(values), LEAST_DOT, 0.0)
        style |= {"edgecolors": GREY, "least": least, "largest": largest}
        ax = places(coordinates, share, colour=values, ax=ax, **style)
    else:
        ax = filled(polygons, values, ax=ax, **style)
    colour_bar(ax, bar, label, scale)
    return ax


LINE = 40  # letters that fit beside a bar


def colour_bar(ax: Axes, bar: Any, label: str, scale: Scale) -> None:
    """Draw the scale of a map beside it, or beside all that it serves, once."""
    served = scale_beside(bar, ax)
    if not served:
        return
    mappable: Any = require("matplotlib.cm", "plot", "Drawing").ScalarMappable
    drawn = scale_bar(
        mappable(scale.norm, scale.colours),
        served,
        "\n".join(textwrap.fill(words, LINE) for words in (label, scale.whole) if words),
        shrink=0.8,
        extend=scale.extend,
    )
    if scale.ticks:
        drawn.set_ticks(scale.ticks, labels=[f"{tick:g}" for tick in scale.ticks], minor=False)
        drawn.minorticks_off()


def choropleth(
    polygons: Any,
    values: np.ndarray,
    label: str,
    *,
    ax: Axes | None = None,
    borders: Any = None,
) -> Axes:
    """Fill polygons by a value, with its scale: light is little, dark is much."""
    return by_value(None, values, values, label, ax=ax, borders=borders, polygons=polygons)


def filled(
    polygons: Any,
    colour: Any,
    *,
    ax: Axes | None = None,
    borders: Any = None,
    **style: Any,
) -> Axes:
    """Fill polygons: by numbers on a scale, grey where there is none, or each in its colour."""
    ax = new_axes(ax, inches(None, polygons))
    geographic = polygons.crs is not None and polygons.crs.is_geographic
    colour = np.asarray(colour)
    style = {"edgecolor": EDGE, "linewidth": _line(len(polygons)), **style}
    style.pop("edgecolors", None)  # of dots
    known = np.isfinite(colour) if colour.dtype.kind in "fiu" else np.ones(len(polygons), bool)
    if not known.all():
        polygons[~known].plot(ax=ax, color="#DDDDDD", edgecolor=EDGE, linewidth=style["linewidth"])
    shown = polygons[known]
    if not known.any():  # of which geopandas would warn
        pass
    elif colour.dtype.kind in "fiu":
        frame = shown.to_frame("geometry").set_geometry("geometry").assign(value=colour[known])
        frame.plot("value", ax=ax, **style)
    else:
        shown.plot(ax=ax, color=colour[known].tolist(), **style)
    ax.collections[-1].set_gid("places")
    if borders is not None:
        west, south, east, north = polygons.total_bounds
        _beneath(ax, borders, polygons.crs)
        margin = 0.05 * max(east - west, north - south)
        ax.set(xlim=(west - margin, east + margin), ylim=(south - margin, north + margin))
    if geographic:
        ax.set_xlabel("longitude (degrees east)")
        ax.set_ylabel("latitude (degrees north)")
    else:
        ax.set_axis_off()
    return ax


MOST_DECADES = 4  # in which 2 and 5 have ticks too


def _round_numbers(low: float, high: float) -> list[float]:
    """Return 1, 2, 5, 10, 20, ... between two numbers, or powers of ten where these are many."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = (1, 2, 5) if len(decades) <= MOST_DECADES else (1,)
    every = [step * 10.0**decade for decade in decades for step in steps]
    return [tick for tick in every if low <= tick <= high]


def _line(count: int) -> float:
    """Return how wide borders are drawn among so many polygons."""
    return float(np.clip(10.0 / np.sqrt(count), 0.15, 1.0))


def _borders(ax: Axes, borders: Any, geographic: bool) -> None:
    """Draw borders in degrees beneath a map."""
    if not geographic:
        cure = "Places of a textbook geography have no longitude and latitude."
        raise InputError("borders", type(borders).__name__, "left out here", cure)
    limits = ax.get_xlim(), ax.get_ylim()
    _beneath(ax, borders, "EPSG:4326")
    ax.set(xlim=limits[0], ylim=limits[1])  # whatever else borders go around


def read_shapes(argument: str, path: str | pathlib.Path, allowed: str) -> Any:
    """Return the GeoDataFrame of a file."""
    geopandas = require("geopandas", "geo", f"What a file has for {argument}=")
    try:
        return geopandas.read_file(path)
    except Exception as error:  # of whichever library reads it
        raise InputError(argument, str(path), allowed, f"{error}") from error


def _beneath(ax: Axes, borders: Any, crs: Any) -> None:
    """Draw borders beneath a map that is in some coordinate reference system."""
    allowed = "True, a GeoDataFrame, a GeoSeries or the path of a file of borders"
    if borders is True:
        _countries_beneath(ax, crs)
        return
    if isinstance(borders, (str, pathlib.Path)):
        borders = read_shapes("borders", borders, allowed)
    if not hasattr(borders, "boundary"):
        cure = "True draws those of countries; geopandas.read_file makes a GeoDataFrame."
        raise InputError("borders", type(borders).__name__, allowed, cure)
    if borders.crs is not None:
        borders = borders.to_crs(crs)
    borders.boundary.plot(ax=ax, color=GREY, linewidth=0.5, zorder=0)


@functools.cache
def countries() -> tuple[np.ndarray, ...]:
    """Return borders and coasts of countries as lines, in degrees east and north.

    From Natural Earth (1:110 million, in the public domain), as geopandas 0.14.4 shipped it; its
    borders are those on the ground, it says, not those of law. Rounded to a hundredth of a degree;
    without Antarctica.
    """
    with np.load(pathlib.Path(__file__).with_name("countries.npz")) as stored:
        points, ends = stored["hundredths"] / 100.0, np.cumsum(stored["lengths"], dtype=int)
    return tuple(np.split(points, ends[:-1]))


NEAR = 15.0  # degrees around polygons in which borders are brought to their projection


def countries_near(crs: Any, box: Sequence[float]) -> Sequence[np.ndarray]:
    """Return borders and coasts in a coordinate reference system: all, or what is near a box."""
    lines: Sequence[np.ndarray] = countries()
    if crs is None:
        cure = "Say which one it is: polygons.set_crs(...)."
        raise InputError("borders", True, "drawn in a coordinate reference system", cure)
    if crs == "EPSG:4326":
        return lines
    proj: Any = require("pyproj", "geo", "Borders in a projection")
    there = proj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    around = there.transform_bounds(*box, direction="INVERSE")
    low, high = np.array(around[:2]) - NEAR, np.array(around[2:]) + NEAR
    kept = []
    for line in lines:
        near = ((line >= low) & (line <= high)).all(1)
        for part in np.split(line, np.flatnonzero(np.diff(near)) + 1):
            if len(part) > 1 and ((part >= low) & (part <= high)).all():
                kept.append(np.column_stack(there.transform(part[:, 0], part[:, 1])))
    return kept


def _countries_beneath(ax: Axes, crs: Any) -> None:
    """Draw the borders of countries beneath a map."""
    west, east, south, north = (*ax.get_xlim(), *ax.get_ylim())
    lines = countries_near(crs, (west, south, east, north))
    collection: Any = require("matplotlib.collections", "plot", "Drawing").LineCollection
    style: dict[str, Any] = {"colors": GREY, "linewidths": 0.5, "zorder": 0, "gid": "borders"}
    ax.add_collection(collection(lines, **style), autolim=False)


def changes(
    coordinates: xr.Dataset | None,
    share: np.ndarray,
    change: np.ndarray,
    label: str = "change (%)",
    *,
    widest: float | None = None,
    bar: Any = True,
    ax: Axes | None = None,
    borders: Any = None,
    polygons: Any = None,
) -> Axes:
    """Draw places where they are, coloured by changes: orange up, purple down.

    Colours end where :func:`scale_of` says, or at `widest` on either side.
    """
    scale = scale_of(change, change=True)
    if widest is not None:
        below, above = bool((change < -widest).any()), bool((change > widest).any())
        norm = require("matplotlib.colors", "plot", "Drawing").Normalize(-widest, widest)
        whole = _whole(change[np.isfinite(change)]) if below or above else ""
        scale = Scale("PuOr_r", norm, EXTEND[below, above], whole=whole)
    about: dict[str, Any] = {"ax": ax, "borders": borders, "polygons": polygons}
    return by_value(coordinates, share, change, label, scale=scale, bar=bar, **about)
