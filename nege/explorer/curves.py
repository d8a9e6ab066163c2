"""What a diagram has to draw: its lines, its special points, and what its axis says."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nege.explorer.diagrams import Diagram
from nege.plots import branches
from nege.structure.branches import industry_outcomes
from nege.structure.branches.bifurcation import BifurcationDiagram
from nege.structure.hysteresis import Hysteresis

PEOPLE = "people"
MOST_OUTCOMES = 30  # places to choose from
LARGEST, ONLINE = "largest", "online"


class Outcome(NamedTuple):
    """What is on the vertical axis: the share of whom, and where."""

    industry: str | None
    region: str


class Line(NamedTuple):
    """A line: "stable", "unstable", "falling", "rising" or a "jump"."""

    kind: str
    x: np.ndarray
    y: np.ndarray


class Curves(NamedTuple):
    """All that is drawn of a diagram."""

    lines: list[Line]
    points: dict[str, np.ndarray]  # rows of value and share, by kind
    label: str


def outcomes(model: Any) -> dict[str, Outcome]:
    """Return what may be on the vertical axis, by what it is called; the best one first."""
    places = [str(name) for name in model.geography.names][:MOST_OUTCOMES]
    if model.in_shares:
        regions = [] if model.online is None else [str(model.online.name)]
        every = [*regions, LARGEST, *places]
        return {_called(region): Outcome(None, region) for region in every}
    industries = [str(name) for name in model.coordinates()["industry"]]
    found = {f"{one}, online": Outcome(one, ONLINE) for one in reversed(industries)}
    found |= {f"{one} in {at}": Outcome(one, at) for one in industries for at in places}
    return found | {f"people in {at}": Outcome(None, at) for at in places}


def _called(region: str) -> str:
    return "largest share" if region == LARGEST else f"share of {region}"


def curves(diagram: Diagram, outcome: Outcome) -> Curves:
    """Return what is drawn of a diagram where some outcome is on its vertical axis."""
    found = diagram.found
    if isinstance(found, BifurcationDiagram):
        return _of_branches(found, outcome)
    return _of_loop(found, outcome)


def _of_branches(found: BifurcationDiagram, outcome: Outcome) -> Curves:
    data, (industry, region) = found.to_dataset(), outcome
    whose = ""
    if not found.model.in_shares:
        data, whose = industry_outcomes.drawn(found.model, data, industry, region)
    alike = next((names for names in found.classes if region in names), (region,))
    lines = [
        Line("stable" if stable else "unstable", x, y)
        for x, y, stable in branches.stretches(data, region, alike)
    ]
    label = _label(whose, region)
    return Curves(lines, branches.specials(data, region, alike), label)


def _of_loop(found: Hysteresis, outcome: Outcome) -> Curves:
    industry, region = outcome
    if found.model.in_shares:
        share, whose = found.data["share"], ""
    else:
        of = {name: found.data[name] for name in ("total_cost", "population")}
        share, whose = industry_outcomes.share(found.model, of, industry, region)
    values = share.max("region") if region == LARGEST else share.sel(region=region)
    varied, lines = found.data[found.parameter].values, []
    for arm, kind in (("down", "falling"), ("up", "rising")):
        cuts = sorted(jump.value for jump in found.jumps if jump.arm == arm)
        y, piece = values.sel(arm=arm).values, np.searchsorted(cuts, varied)
        order = np.argsort(varied)
        for k in range(len(cuts) + 1):
            there = order[piece[order] == k]
            lines.append(Line(kind, varied[there], y[there]))
        for cut in cuts:
            left, right = order[varied[order] < cut], order[varied[order] > cut]
            if left.size and right.size:
                ends = y[[left[-1], right[0]]]
                lines.append(Line("jump", np.array([cut, cut]), ends))
    return Curves(lines, {}, _label(whose, region))


def _label(whose: str, region: str) -> str:
    of = f" of {whose}" if whose else ""
    if region == LARGEST:
        return f"largest share{of}"
    if region == ONLINE and whose:
        return f"share{of} sold online"
    return f"share{of} in {region}" if whose else f"share of {region}"
