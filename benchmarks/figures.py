"""Two figures: who solves how much how fast, and time against regions with the limit."""

from __future__ import annotations

import math
import pathlib

import numpy as np
from matplotlib.figure import Figure

COLOURS = ["#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#666666", "#000000"]
STYLES = [(colour, dash) for dash in ("-", "--") for colour in COLOURS]


def profile(seconds: list[dict[str, float]], path: pathlib.Path) -> None:
    """Draw the performance profile of Dolan & More (2002): share solved within a factor."""
    names = sorted(
        {name for row in seconds for name in row},
        key=lambda name: -sum(math.isfinite(row.get(name, math.inf)) for row in seconds),
    )
    names.sort(key=lambda name: name != "nege")
    best = [min(row.values()) for row in seconds]
    factors = np.geomspace(1, 1e4, 400)
    figure = Figure(figsize=(8.5, 5), layout="constrained")
    ax = figure.subplots()
    for name, (colour, dash) in zip(names, STYLES, strict=False):
        ratio = np.array(
            [row.get(name, math.inf) / b for row, b in zip(seconds, best, strict=True)]
        )
        share = [(ratio <= f).mean() for f in factors]
        width = 3 if name == "nege" else 1.5
        ax.step(factors, share, where="post", color=colour, ls=dash, label=name, lw=width)
    ax.set_xscale("log")
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlabel("factor of the fastest method's CPU time")
    ax.set_ylabel(f"share of {len(seconds)} problems solved")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=150)


def scaling(
    sizes: list[int], seconds: list[dict[str, float]], limit: list[float], path: pathlib.Path
) -> None:
    """Draw CPU time of a hard short run against regions, and the bandwidth limit."""
    figure = Figure(figsize=(8.5, 5), layout="constrained")
    ax = figure.subplots()
    names = sorted({name for row in seconds for name in row}, key=lambda name: name != "nege")
    for name, (colour, dash) in zip(names, STYLES, strict=False):
        values = [row.get(name, math.nan) for row in seconds]
        values = [value if math.isfinite(value) else math.nan for value in values]
        width = 3 if name == "nege" else 1.5
        ax.plot(sizes, values, "o", ls=dash, color=colour, label=name, lw=width, ms=4)
    ax.plot(sizes, limit, ":", color="#000000", label="reading the matrix twice\nper iteration")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("regions")
    ax.set_ylabel("CPU seconds, residual 1e-12")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=150)
