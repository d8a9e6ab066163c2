"""The two figures of a run: the online share along the path, and the map before and after."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np

from nege.command import report, report_industries, report_retail
from nege.command.execution import RunResult, converged_steps
from nege.errors import InputError
from nege.geography import equidistant
from nege.geography.online import OnlineRegion
from nege.models import terms
from nege.models.base import Model
from nege.plots import branches, by_place, maps, style
from nege.plots.agglomeration import has_industries
from nege.status import Status
from nege.sweeps.sweep import follow
from nege.validation import paths

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONTRAST_COST = 2.0  # trade cost between the two places drawn for contrast


def save_figures(run: RunResult, folder: pathlib.Path) -> list[pathlib.Path]:
    """Write the pictures that a run allows; return the files."""
    if has_industries(run.result):
        about = report_retail if report_retail.is_retail(run) else report_industries
        made = about.drawings(run)
        for name, figure in made.items():
            write_figure(figure, folder / name)
        return [folder / name for name in made]
    model = run.specification.model
    drawings = {}
    if converged_steps(run.result).size and model.online is not None:
        drawings["online_share.png"] = draw_online_share
    if converged_steps(run.result).size and model.geography.coordinates is not None:
        drawings["cities.png"] = draw_cities
    for name, draw in drawings.items():
        write_figure(draw(run), folder / name)
    return [folder / name for name in drawings]


def write_figure(figure: Any, path: pathlib.Path, **keywords: Any) -> None:
    """Write a picture as a whole, with nege's mark; only one that nege wrote is replaced."""
    key = {".png": "Software", ".svg": "Creator", ".pdf": "Creator"}.get(path.suffix.lower())
    if key:
        keywords["metadata"] = {key: paths.MARK}
    with paths.replacing("output", paths.located("output", path)) as partial:
        try:
            figure.savefig(partial, dpi=150, **keywords)
        except ValueError as error:
            allowed, cure = "a picture that can be written", f"Drawing it says: {error}."
            raise InputError("output", str(path), allowed, cure) from error


def draw_online_share(run: RunResult) -> Figure:
    """Draw this economy, and for contrast two equal places with their thresholds and loop."""
    specification = run.specification
    contrast = None
    if specification.parameter == "online_trade_cost":
        contrast = specification.model.online_thresholds(CONTRAST_COST)
    figure = style.new_figure(11 if contrast else 6, 4.6)
    axes = figure.subplots(1, 2 if contrast else 1, squeeze=False)[0]
    ax = branches.there_and_back(
        specification.values,
        100 * report.online_share(run),
        turn=specification.turn,
        jumps={jump.step: 0.5 * sum(jump.values) for jump in run.jumps},
        ax=axes[0],
    )
    ax.set_xlabel(terms.label(specification.model, specification.parameter))
    ax.set_ylabel(f"online share of {specification.model.movers} (%)")
    ax.set_title(specification.title, loc="left", parse_math=False)  # it may cost $
    ax.legend(frameon=False)
    ax.set_ylim(bottom=0.0)
    if contrast:
        _draw_contrast(axes[1], specification.model, *contrast)
    return figure


def _draw_contrast(ax: Any, model: Model, take_off: float, collapse: float) -> None:
    """Two equal places, no tastes or commission: jumps at take-off and collapse."""
    highest = min(1.25 * max(take_off, collapse), 4.0)
    # Points close to both thresholds, so that the jumps are drawn upright.
    close = [t * f for t in (take_off, collapse) for f in (0.999, 1.001) if 1 < t * f < highest]
    half = np.unique(np.concatenate([np.linspace(1.0, highest, 61), close]))[::-1]
    values = np.concatenate([half, half[-2::-1]])
    equal = {name: None for name in model.labelled if name != "trade_cost"}
    two = model.replace(
        equal,
        geography=equidistant(2),
        trade_cost=CONTRAST_COST,
        online=OnlineRegion(trade_cost=highest),
    )
    loop = follow(two, {"online_trade_cost": values})
    branches.there_and_back(
        values, 100 * loop["share"].sel(region="online").values, turn=len(half) - 1, ax=ax
    )
    marks = ((take_off, "take-off", style.BLUE), (collapse, "collapse", style.ORANGE))
    for threshold, name, colour in marks:
        if 1.0 < threshold < highest:
            ax.axvline(threshold, color=colour, lw=1, ls=":")
            ax.annotate(
                f"{name}\n{threshold:.4f}",
                (threshold, 50),
                xytext=(5, 0),
                textcoords="offset points",
                color=style.GREY,
            )
    ax.set_xlabel("digital trade cost (iceberg factor)")
    ax.set_ylabel(f"online share of {model.movers} (%)")
    ax.set_title(f"For contrast: two equal places, trade cost {CONTRAST_COST:g}", loc="left")


def draw_cities(run: RunResult) -> Figure:
    """Draw the places by size at the start and at the turn, and the change of their shares."""
    specification = run.specification
    model = specification.model
    good = np.flatnonzero(run.result["status"].values == Status.CONVERGED)
    first, last = good[0], good[good <= specification.turn][-1]
    share = report.place_shares(run).values
    before, after = share[first], share[last]
    wide, tall = maps.inches(model.geography.coordinates, bar=True) or maps.LEAST_FIGURE
    figure = style.new_figure(3 * wide, tall)
    left, middle, right = figure.subplots(1, 3)
    name = report.parameter_words(specification.parameter)
    online = report.online_share(run)
    for ax, step, values in ((left, first, before), (middle, last, after)):
        maps.places(model.geography.coordinates, values, ax=ax)
        more = f": {online[step]:.1%} online" if model.online is not None else ""
        ax.set_title(f"{name} {specification.values[step]:g}{more}", loc="left")
    title = "share" if model.online is None else "share of those who stay offline"
    right.set_title(f"change of the {title}", loc="left")
    if after.sum() > 0.0:
        _draw_change(right, model, before, after)
    else:
        right.set_axis_off()
        right.text(0.5, 0.5, "nobody stays offline", ha="center", transform=right.transAxes)
    if report.places_have_names(model):
        where = by_place.where(model.geography, False, named=True)
        for ax, size in ((left, before), (middle, after), (right, np.maximum(before, after))):
            if ax.collections:
                where.name(ax, size)
    return figure


def _draw_change(ax: Any, model: Model, before: np.ndarray, after: np.ndarray) -> None:
    """Colour places by how their share of the offline workers changed."""
    with np.errstate(divide="ignore", invalid="ignore"):
        change = 100 * ((after / after.sum()) / (before / before.sum()) - 1)
    change = np.where(np.isfinite(change), change, 0.0)  # nobody was there
    maps.changes(model.geography.coordinates, np.maximum(before, after), change, ax=ax)
