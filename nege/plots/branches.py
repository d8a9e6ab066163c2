"""Pictures of branches: bifurcation diagrams, and hysteresis loops of paths that come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege.plots import varied as axes
from nege.plots.style import BLUE, GREEN, GREY, ORANGE, VERMILION, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = {
    "break": ("o", VERMILION),
    "sustain": ("s", GREEN),
    "fold": ("^", ORANGE),
    "entry": ("D", GREY),
    "hopf": ("X", "#000000"),
}

STABLE: dict[str, Any] = {"color": BLUE, "lw": 2.4, "zorder": 2, "gid": "stable"}
UNSTABLE: dict[str, Any] = {
    **{"color": GREY, "lw": 1.1, "ls": (0, (4, 3))},
    **{"zorder": 1, "gid": "unstable"},
}
FLAT = 1e-9  # a share that changes by less along a piece of a branch is drawn level


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


def loop(
    values: xr.DataArray,
    parameter: str,
    jumps: Mapping[str, Sequence[float]],
    label: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw an outcome over (arm, parameter), each arm in pieces between its jumps."""
    ax = new_axes(ax)
    varied = values[parameter].values
    for arm, colour, dash in (("down", BLUE, "-"), ("up", ORANGE, (0, (4, 2)))):
        cuts = sorted(jumps[arm])
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
            for x, y in zip((varied[right].min(), varied[left].max()), ends, strict=True):
                ax.plot([x, cut], [y, y], color=colour, lw=0.8, ls=":")  # not computed
            start, end = ends if arm == "down" else ends[::-1]
            style = {"arrowstyle": "-|>", "color": colour, "ls": ":", "lw": 1.6, "shrinkB": 0}
            ax.annotate("", (cut, end), (cut, start), arrowprops=style, gid=f"jump {arm}")
            ax.axvline(cut, color=GREY, lw=0.5, ls=":", zorder=0)
    ax.set_xlabel(axes.label(values[parameter]))
    ax.set_ylabel(label)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
    return ax


def diagram(
    found: xr.Dataset,
    region: str,
    alike: Sequence[str],
    interval: tuple[float, float],
    whose: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a bifurcation diagram: stable branches solid, unstable dashed, all symmetric images.

    `found` is a diagram's ``to_dataset()``; `alike` are the regions that symmetry can turn
    `region` into, itself included, and `whose`
    says whose shares these are, if that is not plain.
    """
    ax = new_axes(ax)
    for values, line, solid in stretches(found, region, alike):
        ax.plot(values, line, **(STABLE if solid else UNSTABLE))
    for kind, at in specials(found, region, alike).items():
        marker, colour = MARKERS[kind]
        x, y = at.T
        ax.scatter(x, y, marker=marker, c=colour, s=36, zorder=3, label=kind, edgecolors="w")
    ax.set_xlabel(axes.label(found[found.attrs["parameter"]]))
    where = f"share of {whose} in {_named(alike)}" if whose else f"share of {_named(alike)}"
    if region == "online" and whose:
        where = f"share of {whose} sold online"
    if region == "largest":
        where = f"largest share of {whose}" if whose else "largest share"
    ax.set_ylabel(where)
    ax.set_xlim(*interval)
    ax.spines[["top", "right"]].set_visible(False)
    handles, labels = ax.get_legend_handles_labels()
    kinds = [*ax.plot([], [], color=BLUE, lw=2.4), *ax.plot([], [], **UNSTABLE)]
    ax.legend(  # beside the axes: branches may be anywhere within
        [*kinds, *handles],
        ["stable", "unstable", *labels],
        frameon=False,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
    )
    return ax


def _joined(parts: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return intervals that together cover the same: dashes over dashes would look solid."""
    joined: list[tuple[float, float]] = []
    for low, high in sorted(parts):
        if joined and low <= joined[-1][1]:
            low, high = joined[-1][0], max(high, joined[-1][1])
            joined.pop()
        joined.append((low, high))
    return joined


def stretches(
    found: xr.Dataset, region: str, alike: Sequence[str]
) -> Iterator[tuple[np.ndarray, np.ndarray, bool]]:
    """Yield what is drawn of branches: values, shares, and whether these are stable.

    What is unstable and level is joined: dashes over dashes would look solid.
    """
    level: dict[float, list[tuple[float, float]]] = {}  # by height: from where to where
    for values, images, stable in _pieces(found, region, alike):
        for line in images.T:
            if stable or np.ptp(line) >= FLAT:
                yield values, line, stable
            else:
                ends = float(values.min()), float(values.max())
                level.setdefault(round(float(line[0]), 9), []).append(ends)
    for height, parts in level.items():
        for ends in _joined(parts):
            yield np.array(ends), np.array([height, height]), False


def _pieces(
    found: xr.Dataset, region: str, alike: Sequence[str]
) -> Iterator[tuple[np.ndarray, np.ndarray, bool]]:
    """Yield pieces of branches: values, a column of shares for each image, whether stable."""
    of = found["branch"].values
    for index in np.unique(of):
        branch = found.isel(point=np.flatnonzero(of == index))
        lines = _images(branch["share"], region, alike)
        stable, values = branch["unstable"].values == 0, branch[found.attrs["parameter"]].values
        cuts = np.flatnonzero(stable[1:] != stable[:-1]) + 1
        for start, stop in zip([0, *cuts], [*cuts, stable.size], strict=True):
            piece = slice(max(start - 1, 0), stop)  # from the point where it changes
            yield values[piece], lines[piece], bool(stable[start])


def specials(found: xr.Dataset, region: str, alike: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the special points of each kind that there is, as rows of value and share."""
    at: dict[str, np.ndarray] = {}
    for kind in MARKERS:
        points = np.flatnonzero(found["special_kind"].values == kind)
        values, shares = found["special_value"].values, found["special_share"]
        rows = [(values[k], y) for k in points for y in _images(shares[k], region, alike)]
        if rows:
            at[kind] = np.array(rows)
    return at


def _images(share: xr.DataArray, region: str, alike: Sequence[str]) -> np.ndarray:
    """Return the shares of a region in every image that symmetry makes of an equilibrium."""
    if region == "largest":
        return np.asarray(share.values.max(-1, keepdims=True))
    return np.unique(share.sel(region=list(alike)).values.round(12), axis=-1)


def _named(regions: Sequence[str]) -> str:
    (first, *others) = regions
    if others:
        return "a region, any of those alike"
    return "the online region" if first == "online" else f"region {first}"
