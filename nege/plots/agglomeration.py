"""Pictures of economies of industries: where each one is, through which channel, and when.

They read the variables and dimensions of a Dataset, ``total_cost`` over industry, place and
channel, whichever model it is of. Colours are those of :mod:`nege.plots.economies`; every function
takes ``ax=`` and returns the Axes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, require
from nege.models.agglomeration.patterns import (
    BETWEEN,
    CLUSTERED,
    MIXED,
    SCATTERED,
    UNKNOWN,
    patterns,
)
from nege.plots import varied
from nege.plots.maps import Scale, by_value, places
from nege.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    new_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAVY = "#003B5C"
INDUSTRY_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION)
#: The phases of a pair of industries, the darker the more digital, and the states of one.
WORD_COLOURS = {
    "co-located": "#F0E442",
    "separated": ORANGE,
    "one-sided online": SKY,
    "two-sided online": NAVY,
    BETWEEN: "#DDDDDD",
    f"{CLUSTERED}, offline": "#D9B38C",
    f"{MIXED}, offline": "#EADDCB",
    f"{SCATTERED}, offline": "#F7F3EC",
    f"{CLUSTERED}, online": BLUE,
    f"{MIXED}, online": "#7FB8D8",
    f"{SCATTERED}, online": "#CFE4F1",
    UNKNOWN: "white",
}
DARK = (BLUE, NAVY)  # what text has to be white on
LETTER = 0.011  # width of a letter, in widths of the axes
POINTS_PER_INCH, POINTS_PER_LETTER = 72.0, 6.5
WIDE = (10.0, 3.0)  # inches, of a timeline: its bands have words in them
MOST_NAMED = 2  # places of a cluster that a band names


def has_industries(data: xr.Dataset) -> bool:
    """Whether an economy is one of industries that choose places and channels."""
    found = data.get("total_cost")
    return found is not None and {"industry", "place", "channel"} <= set(found.dims)


def shares(data: xr.Dataset, *, largest: int = 20, ax: Axes | None = None) -> Axes:
    """Draw where each industry is: bars by place and industry, online sales on top.

    Parameters
    ----------
    data : Dataset
        One economy, e.g. ``equilibrium.data``.
    largest : int
        How many places to show, those with the largest cost of all industries first.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        With a bar per place, industry and channel; those of an industry sum to one
        where all places are shown.

    Examples
    --------
    >>> import nege
    >>> from nege.plots import agglomeration
    >>> found = nege.solve(nege.OnlineAgglomeration())
    >>> agglomeration.shares(found.data).get_ylabel()
    "share of the industry's cost"
    """
    share = _share_of_industry(data)
    order = np.argsort(-share.sum(["industry", "channel"]).values, kind="stable")[:largest]
    names = [str(name) for name in share["industry"].values]
    ax = new_axes(ax)
    width = 0.8 / len(names)
    for k, (name, colour) in enumerate(zip(names, _colours(names), strict=True)):
        at = np.arange(order.size) + (k - 0.5 * (len(names) - 1)) * width
        offline, online = (
            share.sel(industry=name, channel=channel).values[order]
            for channel in ("offline", "online")
        )
        style: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.5}
        ax.bar(at, offline, width, color=colour, label=f"{name}, offline", **style)
        ax.bar(
            at,
            online,
            width,
            bottom=offline,
            color=colour,
            alpha=0.5,
            hatch="///",
            label=f"{name}, online",
            **style,
        )
    labels = [str(name) for name in share["place"].values[order]]
    leaning: dict[str, Any] = {"rotation": 60, "ha": "right", "rotation_mode": "anchor"}
    room = ax.get_window_extent().width * POINTS_PER_INCH / ax.figure.dpi / order.size
    crowded = max(map(len, labels)) * POINTS_PER_LETTER > room
    ax.set_xticks(np.arange(order.size), labels, **(leaning if crowded else {}))
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("place")
    ax.set_ylabel("share of the industry's cost")
    ax.spines[["top", "right"]].set_visible(False)
    if order.size < share.sizes["place"]:
        ax.set_title(f"{order.size} of {share.sizes['place']} places")
    ax.legend(frameon=False)
    return ax


def industry_map(
    coordinates: xr.Dataset | None,
    data: xr.Dataset,
    *,
    industry: str | None = None,
    ax: Axes | None = None,
    borders: Any = None,
    polygons: Any = None,
    bar: Any = True,
) -> Axes:
    """Draw an industry where it is, and how far it sells online; or people and what they make.

    Parameters
    ----------
    coordinates : Dataset or None
        Where places are: ``geography.coordinates``.
    data : Dataset
        One economy, e.g. ``equilibrium.data``.
    industry : str, optional
        Areas of dots are then its share of cost in each place, and colours the online part
        of that. By default areas are shares of people, and colours the industry that a
        place is specialised in: the one whose share of it is largest relative to the
        share of all industries' cost.
    ax : Axes, optional
        Where to draw; a new figure by default.
    borders : True, GeoDataFrame, GeoSeries or path, optional
        What to draw beneath, as ``equilibrium.plot.map`` takes them.
    polygons : GeoSeries, optional
        Outlines of the places, ``geography.polygons``, to be filled instead of dots.
    bar : bool or sequence of Axes
        Beside what the scale of the online part stands: True this map, False nothing, or all
        Axes that it serves, since it is the same for every industry and economy.

    Returns
    -------
    Axes
        With a dot per place.

    Raises
    ------
    InputError
        For a geography without coordinates, or an unknown industry.
    """
    share = _share_of_industry(data)
    names = [str(name) for name in share["industry"].values]
    if industry is None:
        by_place = share.sum("channel")
        relative = by_place.transpose("industry", "place").values
        special = np.argmax(relative, axis=0)
        colours = _colours(names)
        ax = places(
            coordinates,
            data["population"].values,
            colour=[colours[k] for k in special],
            ax=ax,
            borders=borders,
            polygons=polygons,
        )
        for name, colour in zip(names, colours, strict=True):
            ax.scatter([], [], c=colour, label=f"specialised in {name}")
        about = "people, and what places make" if polygons is None else "what places make"
        ax.set_title(about, loc="left")
        # Below, since places may be anywhere.
        below: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0)}
        ax.legend(frameon=False, borderaxespad=4.0, **below)  # below what the axis says
        return ax
    industry = validation.known("industry", industry, names)
    here = share.sel(industry=industry)
    total = here.sum("channel")
    online = (here.sel(channel="online") / total.where(total > 0.0)).values
    scale = Scale("cividis_r", require("matplotlib.colors", "plot", "Drawing").Normalize(0.0, 1.0))
    ax = by_value(
        coordinates,
        total.values,
        online,
        "share of sales online",
        scale=scale,
        bar=bar,
        ax=ax,
        borders=borders,
        polygons=polygons,
    )
    ax.set_title(f"{industry}: {float(here.sel(channel='online').sum()):.1%} online", loc="left")
    return ax


def timeline(path: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Draw the pattern of a pair of industries, and where each is clustered, step by step.

    Parameters
    ----------
    path : Dataset
        From :func:`nege.follow` or :func:`nege.patterns`, over one dimension, e.g. "step".
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        With a row of bands for the pair and one for each industry: clustered, mixed or
        scattered, offline or online, with the names of the places where it is clustered.
        Steps that were not solved are hatched.

    Raises
    ------
    InputError
        If `path` is not over one dimension.

    Examples
    --------
    >>> import nege
    >>> from nege.plots import agglomeration
    >>> economy = nege.scenarios.metropolis_and_town()
    >>> path = nege.scenarios.digital_turn(economy).sel(step=[0, 6, 11])
    >>> ax = agglomeration.timeline(nege.follow(economy, path))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['pair', 'manufacturing', 'services']
    """
    found = path if "state" in path else patterns(path)
    along = [str(dim) for dim in found["state"].dims if dim != "industry"]
    if len(along) != 1:
        raise InputError("path", along, 'over one dimension, e.g. "step"', "Select from the rest.")
    names = [str(name) for name in found["industry"].values]
    rows = {name: _states(found.sel(industry=name)) for name in names}
    if "pattern" in found:
        rows = {"pair": [(word, word) for word in found["pattern"].values.tolist()], **rows}
    steps = found[along[0]].values
    ax = new_axes(ax, WIDE)
    used: dict[str, None] = {}
    for row, bands in enumerate(rows.values()):
        for start, stop, (word, text) in _runs(bands):
            used[word] = None
            colour = WORD_COLOURS[word]
            ax.barh(
                row,
                stop - start,
                left=start - 0.5,
                height=0.8,
                color=colour,
                hatch="///" if word == UNKNOWN else None,
                edgecolor=GREY if word == UNKNOWN else "white",
            )
            if LETTER * len(text) < (stop - start) / len(steps):
                dark = "white" if colour in DARK else "black"
                middle = 0.5 * (start + stop - 1)
                ax.text(middle, row, text, ha="center", va="center", color=dark, fontsize=8)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set_ylim(len(rows) - 0.5, -0.5)
    every = max(1, len(steps) // 18)
    ax.set_xticks(range(0, len(steps), every), list(map(_label, steps[::every])))
    ax.set_xlim(-0.5, len(steps) - 0.5)
    ax.set_xlabel(varied.label(found[along[0]]))
    ax.spines[["top", "right", "left"]].set_visible(False)
    patch = require("matplotlib.patches", "plot", "Drawing").Patch
    handles = [
        patch(facecolor=WORD_COLOURS[word], edgecolor=GREY, linewidth=0.5, label=word)
        for word in WORD_COLOURS
        if word in used
    ]
    ax.legend(handles=handles, frameon=False, ncols=4, loc="lower left", bbox_to_anchor=(0.0, 1.0))
    return ax


def _share_of_industry(data: xr.Dataset) -> xr.DataArray:
    """Return the share of each place and channel in an industry's cost."""
    cost = data["total_cost"]
    if set(cost.dims) != {"industry", "place", "channel"}:
        cure = "Select one, e.g. ds.isel(step=0)."
        raise InputError("data", cost.dims, "one economy", cure)
    return cost / cost.sum(["place", "channel"], skipna=False)


def _label(step: Any) -> str:
    return str(step) if isinstance(step, str) else f"{step:.4g}"


def _colours(names: list[str]) -> list[str]:
    return list(itertools.islice(itertools.cycle(INDUSTRY_COLOURS), len(names)))


def _states(found: xr.Dataset) -> list[tuple[str, str]]:
    """Return what an industry is at each step, and that or the places of its cluster."""
    where, bands = found["places"], []
    names = where["place"].values if "place" in where.coords else range(where.sizes["place"])
    every = zip(found["state"].values, found["online_share"].values, where.values, strict=True)
    for state, share, here in every:
        channel = "online" if share > found.attrs["online"] else "offline"
        word = UNKNOWN if state == UNKNOWN else f"{state}, {channel}"
        places = [str(name) for name, is_one in zip(names, here, strict=True) if is_one]
        named = ", ".join(places) if 0 < len(places) <= MOST_NAMED else ""
        bands.append((word, named or str(word).split(",")[0]))
    return bands


def _runs(bands: list[tuple[str, str]]) -> Iterator[tuple[int, int, tuple[str, str]]]:
    """Yield from where to where a band stays the same."""
    start = 0
    for band, run in itertools.groupby(bands):
        stop = start + len(list(run))
        yield start, stop, band
        start = stop
