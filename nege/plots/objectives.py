"""Pictures of what a policy does: an objective over its instrument, and the best value."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

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
)
from nege.plots.varied import label as label_of
from nege.plots.varied import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes


SHOWN = 20  # places with a bar of their own: the ends of the order


def curve(
    values: xr.DataArray,
    slopes: np.ndarray,
    instrument: str,
    best: tuple[float, float],
    jumps: Sequence[float],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw values over the instrument in pieces between jumps, and a dot at the best one."""
    ax = _pieces(values, slopes, instrument, jumps, new_axes(ax))
    ax.plot(*best, "o", color=VERMILION, zorder=3, gid="best")
    ax.set_ylabel(plain(str(values.attrs.get("long_name", values.name))))
    return ax


def _pieces(
    values: xr.DataArray, slopes: np.ndarray, instrument: str, jumps: Sequence[float], ax: Axes
) -> Axes:
    """Draw values over an instrument, in pieces between jumps, curved as slopes are known."""
    varied = values[instrument].values
    piece = np.searchsorted(sorted(jumps), varied)
    for k in np.unique(piece):
        there = piece == k
        piece_x, piece_y = varied[there], values.values[there]
        if np.isfinite(slopes[there]).all():
            piece_x, piece_y = _finer(piece_x, piece_y, slopes[there])
        ax.plot(piece_x, piece_y, color=BLUE, lw=2.2)
    for jump in jumps:
        ax.axvline(jump, color=GREY, lw=0.8, ls=":", gid="jump")
    ax.set_xlabel(label_of(values[instrument]))
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def compared(
    visited: xr.Dataset,
    instruments: Sequence[str],
    best: Mapping[str, float],
    value: float,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw policies over two instruments, coloured by the objective; the best one is a ring."""
    ax = new_axes(ax)
    solved = np.isfinite(visited["objective"].values)
    allowed = solved & (visited["allowed"].values > 0.5)
    x = visited[instruments[0]].values
    flat = len(instruments) == 1
    y = visited["objective" if flat else instruments[1]].values
    ax.scatter(x[solved & ~allowed], y[solved & ~allowed], s=14, facecolors="none", edgecolors=GREY)
    colours = {"color": BLUE} if flat else {"c": visited["objective"].values[allowed]}
    dots = ax.scatter(x[allowed], y[allowed], s=26, cmap="viridis", **colours)
    at = best[instruments[0]], value if flat else best[instruments[1]]
    ax.plot(*at, "o", ms=12, mfc="none", mew=2, color=VERMILION, zorder=3, gid="best")
    if not flat:
        scale_bar(dots, ax, "objective")
    ax.set_xlabel(label_of(visited[instruments[0]]))
    ax.set_ylabel("objective" if flat else label_of(visited[instruments[1]]))
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def gains(after: xr.DataArray, before: xr.DataArray, *, ax: Axes | None = None) -> Axes:
    """Draw the change of an income by place, and who has it, the largest gain on top."""
    change = after.copy(data=100.0 * (after.values / before.values - 1.0))
    return by_place(change, "change of real income, %", ax=ax)


def by_place(
    values: xr.DataArray,
    label: str,
    *,
    loss: bool = False,
    mean: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw gains, or losses, as bars by place and by who has them; a mean as a line."""
    ax = new_axes(ax)
    change = values.values.ravel()
    labels = itertools.product(*(map(str, values[dim].values) for dim in values.dims))
    names = [", ".join(one) for one in labels]
    order = np.argsort(change, kind="stable")
    shown = (
        order
        if len(order) <= SHOWN
        else np.concatenate([order[: SHOWN // 2], order[-SHOWN // 2 :]])
    )
    colours = [BLUE if (change[i] >= 0.0) != loss else VERMILION for i in shown]
    ax.barh([names[i] for i in shown], change[shown], color=colours)
    ax.axvline(0.0, color=GREY, lw=0.8)
    if mean is not None:
        ax.axvline(mean, color=GREY, lw=1.2, ls="--", gid="mean")
    ax.set_xlabel(label)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _finer(x: np.ndarray, y: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return values at more places, by the cubics that have their slopes at both ends."""
    width, t = np.diff(x)[:, None], np.arange(8) / 8.0
    rise = (3.0 - 2.0 * t) * t**2
    between = y[:-1, None] + np.diff(y)[:, None] * rise
    between += width * (
        slopes[:-1, None] * t * (1.0 - t) ** 2 - slopes[1:, None] * t**2 * (1.0 - t)
    )
    places = np.append(x[:-1, None] + width * t, x[-1])
    return places, np.append(between, y[-1])


def laffer(
    values: xr.DataArray,
    slopes: np.ndarray,
    instrument: str,
    of: str,
    amount: float,
    roots: Mapping[float, bool],
    jumps: Sequence[float],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw revenue over a rate, the amount as a line; roots are full where revenue rises."""
    ax = _pieces(values, slopes, instrument, jumps, new_axes(ax))
    ax.axhline(amount, color=GREY, lw=0.8)
    for root, rises in roots.items():
        fill = VERMILION if rises else "white"
        ax.plot(root, amount, "o", color=VERMILION, mfc=fill, zorder=3, gid="root")
    ax.set_ylabel(of)
    return ax


def responses(
    curves: xr.Dataset,
    history: xr.Dataset,
    rates: Mapping[str, float],
    terms: Mapping[str, str],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw best responses of two players, the rounds that led to where they meet, and that.

    `terms` are what each player chooses.
    """
    ax = new_axes(ax)
    one, other = (str(name) for name in curves["player"].values)
    for name, colour in ((one, BLUE), (other, GREEN)):
        own = curves.sel(player=name)
        order = np.argsort(own["rate"].values)
        rate, best = own["rate"].values[order], own["response"].values[order]
        x, y = (best, rate) if name == one else (rate, best)
        ax.plot(x, y, color=colour, lw=2.2, label=f"best response of {name}")
    path = history["rate"].values
    turns = [(path[i + 1, 0], path[i, 1]) for i in range(len(path) - 1)]  # the first moves first
    steps = np.array([path[0], *(p for pair in zip(turns, path[1:], strict=True) for p in pair)])
    ax.plot(steps[:, 0], steps[:, 1], color=GREY, lw=0.9, ls="--", label="rounds, each in turn")
    ax.plot(
        rates[one],
        rates[other],
        "o",
        color=VERMILION,
        zorder=3,
        gid="best",
        label="rates that were found",
    )
    ax.set_xlabel(terms[one])
    ax.set_ylabel(terms[other])
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def deviations(
    aside: xr.Dataset,
    rates: Mapping[str, float],
    payoffs: Mapping[str, float],
    terms: Mapping[str, str],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw what each player would lose by another rate of its own, in per cent of its payoff.

    `terms` are what each player chooses.
    """
    ax = new_axes(ax)
    for name, colour in zip(rates, itertools.cycle((BLUE, GREEN, ORANGE, PURPLE, SKY))):
        own = aside.sel(player=name)
        x = np.append(own["rate"].values, rates[name])
        y = np.append(own["payoff"].values, payoffs[name])
        order = np.argsort(x)
        change = 100.0 * (y[order] / payoffs[name] - 1.0)
        ax.plot(x[order], change, color=colour, lw=2.2, label=f"{name} ({terms[name]})")
        ax.plot(rates[name], 0.0, "o", color=colour, gid="best")
    ax.axhline(0.0, color=GREY, lw=0.8)
    ax.set_xlabel("what a player chooses")
    ax.set_ylabel("change of own payoff, %")
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
