"""Two figures: how much each method solves how fast, and time against regions.

Both are drawn from what a run wrote, ``benchmarks.json``. Colours are those of Okabe &
Ito (2008), which the colour-blind can tell apart; methods of one library share a colour.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, SKY, VERMILION, ORANGE = "#0072B2", "#56B4E9", "#D55E00", "#E69F00"
PURPLE, GREEN, GREY = "#CC79A7", "#009E73", "#7F7F7F"
STYLES: dict[str, dict[str, Any]] = {
    "nege": {"color": "#000000", "lw": 3.0, "zorder": 3},
    "Numba Anderson": {"color": GREEN},
    "Numba loop": {"color": GREEN, "ls": "--"},
    "Numba Newton": {"color": GREEN, "ls": ":"},
    "scipy df-sane": {"color": BLUE},
    "scipy hybr": {"color": BLUE, "ls": ":"},
    "scipy Anderson": {"color": SKY},
    "scipy krylov": {"color": SKY, "ls": "--"},
    "SciPy Newton-BiCGStab": {"color": SKY, "ls": ":"},
    "optimistix Newton-BiCGStab": {"color": VERMILION},
    "optimistix Newton": {"color": VERMILION, "ls": "--"},
    "optimistix dogleg": {"color": VERMILION, "ls": ":"},
    "JAX while_loop": {"color": ORANGE},
    "optimistix iteration": {"color": ORANGE, "ls": "--"},
    "optimistix chord": {"color": ORANGE, "ls": ":"},
    "jaxopt Anderson": {"color": PURPLE},
    "jaxopt iteration": {"color": PURPLE, "ls": "--"},
    "quantecon iteration": {"color": PURPLE, "ls": ":"},
    "NumPy and BLAS Anderson": {"color": GREY},
    "NumPy and BLAS loop": {"color": GREY, "ls": "--"},
    "NumPy textbook": {"color": GREY, "ls": ":"},
}
#: These the second figure shows, and a quick run measures.
SHOWN = (
    *("nege", "Numba Anderson", "Numba loop", "Numba Newton"),
    *("scipy df-sane", "scipy hybr", "scipy Anderson"),
    *("optimistix Newton-BiCGStab", "JAX while_loop", "jaxopt Anderson", "quantecon iteration"),
    *("NumPy and BLAS Anderson", "NumPy textbook"),
)
Seconds = Mapping[str, float | None]  # by method; None where it failed


def profile(problems: Mapping[str, Seconds]) -> Figure:
    """Draw the performance profile of Dolan & More (2002): share solved within a factor.

    Parameters
    ----------
    problems : mapping
        By problem. A method that failed, or that is not sensible for a problem's size
        and so did not enter, has not solved that problem. Methods without a style of
        their own count for the best time, but are not drawn.
    """
    names = [name for name in STYLES if any(name in found for found in problems.values())]
    cost = np.array([[found.get(n) or math.inf for n in names] for found in problems.values()])
    best = [min(seconds for seconds in found.values() if seconds) for found in problems.values()]
    factor = cost / np.array(best)[:, None]
    right = 1.3 * factor[np.isfinite(factor)].max()
    area = np.sum(np.log(right / np.minimum(factor, right)), axis=0)
    figure = Figure(figsize=(9.5, 5.2), layout="constrained")
    ax = figure.subplots()
    for j in np.argsort(-area):  # the legend in the order of the curves
        solved = np.sort(factor[np.isfinite(factor[:, j]), j])
        x = np.concatenate([[1.0], solved, [right]])
        y = np.concatenate([[0.0], np.arange(1, solved.size + 1), [solved.size]]) / len(problems)
        ax.step(x, y, where="post", label=names[j], **{"lw": 1.6, **STYLES[names[j]]})
    ax.set(xscale="log", xlim=(0.95, right), ylim=(0.0, 1.02))
    ax.set_xlabel("CPU time, as a multiple of the fastest method's on the same problem")
    ax.set_ylabel("share of problems solved")
    title = f"Share of {len(problems)} problems solved to 1e-12 within a factor of the best"
    ax.set_title(title, loc="left", fontsize=11)
    _plain(ax)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9)
    return figure


def scaling(points: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw time against regions, easy and hard, and what reading the matrix takes at least.

    Parameters
    ----------
    points : sequence of mappings
        Each with ``regions``, ``severity``, ``seconds`` by method (no point where it
        failed), and ``limit`` by operator.
    """
    figure = Figure(figsize=(11.0, 4.8), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    titles = {1.0: "trade far and wide: τ = 1", 10.0: "local trade: τ = 10"}
    for ax, (severity, title) in zip(panels, titles.items(), strict=True):
        row = [point for point in points if point["severity"] == severity]
        regions = [point["regions"] for point in row]
        # What fits the first cache is not limited by reading it.
        large = [point for point in row if point["regions"] >= 100]
        for name in SHOWN:
            if any(name in point["seconds"] for point in row):
                seconds = [point["seconds"].get(name) or math.nan for point in row]
                style = {"lw": 1.6, "marker": "o", "ms": 4, **STYLES[name]}
                ax.plot(regions, seconds, label=name, **style)
        for kind, dots, label in (
            ("dense", (1, 1), "limit: reading the matrix twice\nin each of nege's iterations"),
            ("symmetric", (5, 3), "limit: the same with half the matrix"),
        ):
            ax.plot(
                [point["regions"] for point in large],
                [point["limit"][kind] for point in large],
                color="#000000",
                ls=(0, dots),
                lw=1.2,
                label=label,
            )
        ax.set(xscale="log", yscale="log", xlabel="regions")
        ax.set_title(title, loc="left", fontsize=11)
        _plain(ax)
    panels[0].set_ylabel("CPU seconds of a solve to 1e-12")
    handles, labels = panels[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False, fontsize=9)
    return figure


def _plain(ax: Axes) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25, lw=0.6)
    ax.set_axisbelow(True)
