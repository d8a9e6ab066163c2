"""What a run says of industries that choose places and channels: a table, a story, pictures."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from nege.command.economy_file import PATH_DIMENSION
from nege.command.execution import RunResult
from nege.errors import counted, in_words
from nege.models import terms
from nege.models.agglomeration.mechanisms.jurisdictions import COMMISSION
from nege.models.agglomeration.patterns import BETWEEN, patterns
from nege.plots import agglomeration, by_place, maps
from nege.plots.style import new_figure
from nege.results import text_table
from nege.status import Status

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = 0.5  # inches above maps
FEW = 4  # jurisdictions, each of which has columns of its own


def path_table(run: RunResult) -> str:
    """Return the path as a table: online shares, welfare, what taxes raise, proof, pattern."""
    result, found = run.result, patterns(run.result)
    names = [str(name) for name in result["industry"].values]
    policy = {**_welfares(result), **_revenues(result)}
    head = [text_table.words(run.specification.parameter), *(f"{name} online" for name in names)]
    head += ["largest city", "welfare", *policy, "residual"]
    rows: list[list[str] | str] = []
    for step, value in enumerate(run.specification.values):
        status = Status(int(result["status"][step]))
        if status is not Status.CONVERGED:
            rows.append(f"{value:12.6g}  {status.name}: {status.message}")
            continue
        cells = [
            f"{value:.6g}",
            *(f"{float(share):.2%}" for share in found["online_share"][step]),
            f"{float(result['population'][step].max()):.2%}",
            f"{float(result['welfare'][step]):.5f}",
            *(f"{values[step]:.5f}" for values in policy.values()),
            f"{float(result['residual'][step]):.1e}",
        ]
        if "pattern" in found:
            cells.append(_in_words(found.isel({found["pattern"].dims[0]: step})))
        rows.append(cells)
    last = "pattern" if len(names) > 1 else ""
    return "\n".join(text_table.lines(head, rows, last))


def _welfares(result: xr.Dataset) -> dict[str, np.ndarray]:
    """Return welfare along the path by jurisdiction, where there are several, and not many."""
    if not 1 < result.sizes.get("jurisdiction", 0) <= FEW:
        return {}
    each = result["jurisdiction_welfare"].transpose("jurisdiction", ...)
    return {f"welfare of {name}": one.values for name, one in _named(each, "jurisdiction")}


def _revenues(result: xr.Dataset) -> dict[str, np.ndarray]:
    """Return what taxes and tariffs raise along the path, by jurisdiction where these are few."""
    if "revenue" not in result:
        return {}
    found: dict[str, np.ndarray] = {}
    for wedge, raised in _named(result["revenue"].drop_sel(wedge=COMMISSION), "wedge"):
        if 1 < raised.sizes["jurisdiction"] <= FEW:
            of_each = _named(raised, "jurisdiction")
            found |= {f"revenue of {wedge}, {name}": one.values for name, one in of_each}
        else:
            found[f"revenue of {wedge}"] = raised.sum("jurisdiction", skipna=False).values
    return {name: values for name, values in found.items() if np.nan_to_num(values).any()}


def _named(table: xr.DataArray, dim: str) -> list[tuple[str, xr.DataArray]]:
    return [(str(name), table.sel({dim: name})) for name in table[dim].values]


def _in_words(found: xr.Dataset) -> str:
    """Return the pattern of one step, and what each industry is where that is none of the four."""
    word = str(found["pattern"].item())
    if word != BETWEEN:
        return word
    online = found["online_share"] > found.attrs["online"]
    each = zip(found["industry"].values, found["state"].values, online.values, strict=True)
    told = [f"{name} {state}{' online' if is_online else ''}" for name, state, is_online in each]
    return f"{word}: {', '.join(told)}"


def story(run: RunResult) -> list[str]:
    """Say which patterns follow each other, and where industries and people are at both ends."""
    good = np.flatnonzero(run.result["status"].values == Status.CONVERGED)
    if good.size == 0:
        return []
    result = run.result.isel(step=good)
    found, values = patterns(result), run.specification.values[good]
    model = run.specification.model
    name = f"the {terms.in_prose(model, run.specification.parameter)}"
    changes, at = f"As {name} changes", f"where {name} is"
    if run.specification.parameter == PATH_DIMENSION:
        changes, at = "Step by step", "at step"
    lines = []
    if "pattern" in found:
        words = found["pattern"].values.tolist()
        ranges = []
        for word, run_of in itertools.groupby(range(len(words)), key=words.__getitem__):
            steps = list(run_of)
            ranges.append(f"{word} ({_stretch(values[steps])})")
        lines.append(f"{changes}, the pattern of industry is: {', then '.join(ranges)}.")
    for end, word in ((0, "start"), (-1, "end")):
        lines.append(f"At the {word}, {_lower_first(model.summary(result.isel(step=end)))}")
    moved = [
        f"{what} goes from {each[0]:.5f} to {each[-1]:.5f} ({each[-1] / each[0] - 1.0:+.2%})"
        for what, each in _welfares(result).items()
    ]
    if moved and good.size > 1:
        lines.append(f"On the way {in_words(moved)}.")
    for what, raised in _revenues(result).items():
        most = int(np.argmax(raised))
        of, _, where = what.partition(", ")
        lines.append(
            f"The {of}{f' in {where}' if where else ''} is largest {at} "
            f"{values[most]:.6g}: {raised[most]:.5f} of the wage bill."
        )
    nudged = int(result["perturbed"].sum())
    if nudged:
        lines.append(f"{counted(nudged, 'step')} left an unstable rest point on the way.")
    rates = result["leading_eigenvalue"].values
    known = rates[np.isfinite(rates)]
    if known.size:
        every = known.size == rates.size
        who = "Every step" if every else f"Each of {counted(known.size, 'step')}"
        lines.append(
            f"{who} is stable: the largest growth rate of a small deviation is {known.max():.2g}."
        )
    if known.size < rates.size:
        lines.append(
            f"For {counted(rates.size - known.size, 'step')} stability could not be established."
        )
    return lines


def _stretch(values: np.ndarray) -> str:
    """Return between which values a pattern lasts, and where they turn back within it."""
    ways = np.sign(np.diff(values))
    turns = values[1:-1][ways[1:] != ways[:-1]].tolist()
    ends = [values[0], *turns, *values[1:][-1:]]
    return " to ".join(f"{value:.6g}" for value in ends)


def drawings(run: RunResult) -> dict[str, Figure]:
    """Draw the timeline, shares at both ends, and maps of each pattern and of the end."""
    good = np.flatnonzero(run.result["status"].values == Status.CONVERGED)
    if good.size == 0:
        return {}
    result, places = run.result.isel(step=good), run.specification.model.geography.coordinates
    figures = {"timeline.png": new_figure(9, 2.8), "shares.png": new_figure(14, 4.6)}
    along = patterns(run.result).assign_coords(step=run.specification.values)
    ax = agglomeration.timeline(along, ax=figures["timeline.png"].subplots())
    ax.set_xlabel(terms.label(run.specification.model, run.specification.parameter))
    for position, ax in zip((0, -1), figures["shares.png"].subplots(1, 2), strict=True):
        agglomeration.shares(result.isel(step=position), ax=ax)
        ax.set_title(_step_title(run, good[position]), loc="left")
    if places is not None:
        figures |= dict(_maps(run, result, good, places))
    return figures


def _maps(
    run: RunResult, result: xr.Dataset, good: np.ndarray, places: xr.Dataset
) -> list[tuple[str, Figure]]:
    found, industries = patterns(result), [str(name) for name in result["industry"].values]
    words = found["pattern"].values.tolist() if "pattern" in found else ["map"] * good.size
    named = {word: words.index(word) for word in dict.fromkeys(words)}
    if good.size - 1 not in named.values():
        named["at the end"] = good.size - 1
    where = by_place.where(run.specification.model.geography, False, named=True)
    drawn = []
    for name, position in named.items():
        wide, tall = maps.inches(places, bar=True) or maps.LEAST_FIGURE
        figure = new_figure(wide * (1 + len(industries)), tall + TITLE)
        figure.suptitle(f"{words[position]}, {_step_title(run, good[position])}")
        axes = figure.subplots(1, 1 + len(industries))
        for industry, ax in zip((None, *industries), axes, strict=True):
            one = result.isel(step=position)
            agglomeration.industry_map(places, one, industry=industry, ax=ax)
            where.name(ax, one["population"].values)
        drawn.append((f"map_{name.replace(' ', '_').replace('-', '_')}.png", figure))
    return drawn


def _step_title(run: RunResult, step: int) -> str:
    varied = terms.about(run.specification.model, run.specification.parameter)["long_name"]
    return f"{varied} {run.specification.values[step]:.6g}"


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
