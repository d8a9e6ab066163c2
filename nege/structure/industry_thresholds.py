"""Thresholds of industries: where an even economy breaks, and where a core of firms is sustained.

Movers are the firms of each cell (industry, place, channel) and the people of each place. Where
all places are alike the economy has *even* states, in which they have the same of everything; a
curve of them is followed, through its folds, and a break point is where an eigenvalue of the
movers' dynamics, prices cleared, crosses zero on it while the curve itself goes on. That is one
of a deviation between places.

A *corner* is a cell without firms. It exists where variety is 1 (Dixit-Stiglitz): below, the
first firm of a cell would earn without bound, and no cell is ever empty. Of a core all firms of
such industries are in some places; people, and the other industries, are everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from nege.errors import InputError, NegeError
from nege.models.base import Model
from nege.models.law_of_motion import NEUTRAL_RATE
from nege.progress import watched
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.status import Ended, Status
from nege.structure.branches.explorer import BranchExplorer
from nege.structure.branches.joint_continuation import (
    JointContinuationProblem,
    JointStarts,
)
from nege.structure.branches.starting_points import BranchStart
from nege.structure.dispersion import mode_name
from nege.structure.one_parameter import END_MARGIN, OneParameterFamily

BETWEEN = 0.5  # part of a deviation that is between those that a split is of
ZERO_GAP = 1e-6  # log of what entry earns, at a root: more is a jump


class Found(NamedTuple):
    """A threshold of industries: value, name, multiplicity, and what moves."""

    value: float
    mode: str
    multiplicity: int
    direction: xr.DataArray


class _EvenStarts(JointStarts):
    def __iter__(self) -> Iterator[BranchStart]:
        """Yield even states alone."""
        yield from self.of_most_symmetry()


def breaks_of_industries(
    model: Model,
    parameter: str,
    interval: tuple[float, float],
    dynamics: Replicator | Logit,
) -> tuple[list[Found], str]:
    """Return every break point of even states, and whether they are stable at all."""
    problem = JointContinuationProblem(model, parameter, interval, dynamics, SolverOptions())
    symmetry = problem.symmetry
    if len(problem.classes(symmetry.cells())) > 1:
        classes = [" and ".join(names) for names in problem.classes(symmetry.cells())]
        raise InputError(
            "model",
            model,
            "one whose places are alike, so that it has an even state",
            f"These differ: {'; '.join(classes)}. nege.bifurcation follows economies without "
            "symmetry, to the folds where they give way.",
        )
    with watched(None, 1, "branches") as steps:
        explorer = BranchExplorer(problem, _EvenStarts(problem, symmetry, None), 0, None, steps)
        explorer.run()
    if not explorer.records:
        raise NegeError(f"no even state of {model!r} could be found in {parameter}")
    found = []
    for special in explorer.specials:
        inside = END_MARGIN < special.point.tau < 1.0 - END_MARGIN
        if special.branch is None or special.kind not in ("break", "hopf") or not inside:
            continue
        on = explorer.records[special.branch].on
        local = problem.local(special.point.tau, special.point.share, special.point.state)
        shapes = problem.neutral_deviations(on, local, special.dimension).T
        shape = shapes[0] / shapes[0][np.argmax(np.abs(shapes[0]).round(9))]
        name = _mode_name(problem, shapes)
        if special.kind == "hopf":
            name += ", oscillating"
        name += _online_share(problem.outcome(special.point))
        value = problem.value(special.point.tau)
        direction = problem.labelled(shape).rename("direction")
        found.append(Found(value, name, special.dimension, direction))
    growing = [point.unstable for record in explorer.records for point in record.points]
    stalled = [*explorer.lost, *_stalled(explorer)]
    note = ""
    if not found and min(growing) > 0:
        note = "The even state is never stable there."
    elif not found:
        note = "The even state is stable all through."
        if max(growing) > 0:
            note = "No deviation between places begins or ceases to grow there."
    if stalled:
        note = f"{note} A curve of even states could not be followed to its end: {stalled[0]}."
    return found, note.strip()


def _stalled(explorer: BranchExplorer) -> list[str]:
    ends = [end for record in explorer.records for end in (record.began, record.ended)]
    return [end for end in ends if end.startswith(("stalled", "limit"))]


def _mode_name(problem: JointContinuationProblem, shapes: np.ndarray) -> str:
    """Say which places gain from which, and what moves most."""
    places = len(problem.rows) * problem.width
    if (lead := np.abs(shapes[:, places:])).size and lead.max() > BETWEEN:
        return f"{problem.labels[places + int(np.argmax(lead.max(0)))]} gets ahead"
    table = shapes[:, :places].reshape(len(shapes), -1, problem.width)
    lead = int(np.argmax(np.linalg.norm(table, axis=(0, 1))))
    what = problem.labels[lead].removesuffix(f" in {problem.model.geography.names[0]}")
    return f"{mode_name(problem.model, table[:, :, lead])}, led by {what}"


def _online_share(data: xr.Dataset) -> str:
    """Say which part of each industry's cost is online, where it is not next to nothing."""
    cost = data["total_cost"]
    share = cost.sel(channel="online").sum("place") / cost.sum(["place", "channel"])
    parts = [f"{s:.1%} of {k}" for k, s in zip(share["industry"].values, share.values, strict=True)]
    parts = [p for p, s in zip(parts, share.values, strict=True) if s >= 5e-4]
    return f", {' and '.join(parts)} online" if parts else ""


def sustain_note(entry_pays: bool, core: str = "") -> str:
    """Say whether a core without a threshold is sustained at all."""
    if entry_pays:
        return f"The core{core} is never sustained there: entry pays all through."
    return f"The core{core} is sustained all through."


class Core:
    """Long runs of industries whose firms that can be absent are in some places alone."""

    def __init__(self, family: OneParameterFamily, core: Sequence[int]) -> None:
        model = family.model
        rest = model.equations_of_rest(family.dynamics, SolverOptions())
        if not rest.vanishing.any():
            raise InputError(
                "model",
                model,
                "one with an industry whose firms can be absent: variety = 1",
                "Below 1 the first firm of a cell would earn without bound: some are everywhere, "
                "there is no corner, and nothing that a core could be sustained against. "
                "nege.bifurcation finds the folds where a cluster gives way.",
            )
        self.family, self.width = family, rest.width
        place = np.arange(len(rest.places) * self.width) // self.width
        self.empty = rest.vanishing[: place.size] & ~np.isin(place, core)
        group = rest.group[: place.size]
        firms = group < group[-1]
        employers = np.bincount(place[firms & ~self.empty], minlength=len(rest.places))
        if not (employers > 0).all():
            name = rest.places[int(np.argmin(employers))]
            raise InputError(
                "core",
                [rest.places[p] for p in core],
                f"places that leave an employer in {name}",
                "Somebody lives in every place: firms of an industry with variety below 1 are "
                "everywhere, those of one with variety 1 in the core alone.",
            )
        self.movers = rest.movers[: place.size]

    def gaps(self, value: float) -> np.ndarray:
        """Return the log of what entry into each cell outside the core earns, -inf elsewhere."""
        family, options = self.family, SolverOptions()
        model = family.model.replace({family.parameter: float(value)})
        start = np.where(self.empty, 0.0, self._even(model))
        staying = Replicator(allow_entry=False)
        found = model.own_long_run(start, model.start_state(), staying, options)
        assert found is not None
        if found.status not in (Status.CONVERGED, Status.UNSTABLE):
            ended = Ended(found.status, True, *found[3:6], vars(options))
            message, remedy = ended.in_words()
            raise NegeError(
                f"the core has no long run that is found at {family.parameter} = {value:.10g}: "
                f"{message}. {remedy}"
            )
        rest = model.equations_of_rest(staying, options)
        entry = rest.linearise(found.state).entry[: self.empty.size]
        return np.where(self.empty, entry, -np.inf)

    def _even(self, model: Model) -> np.ndarray:
        """Return movers with as much in each place."""
        table = model.default_start().reshape(-1, self.width)
        return np.broadcast_to(table.mean(0), table.shape).ravel()

    def thresholds(self) -> tuple[list[Found], str]:
        """Return every value where entry begins or ceases to pay, and a note on what is none.

        Where the core's own firms have several states the long run may jump from one to another,
        and with it what entry earns. That is a change of sign without a zero, and no threshold.
        """
        seen: dict[float, np.ndarray] = {}

        def largest(value: float) -> np.ndarray:
            if value not in seen:
                seen[value] = self.gaps(value)
            return np.array([np.max(seen[value])])

        found: list[Found] = []
        leaps: list[str] = []
        for value in self.family.roots(largest)[0]:
            gaps = self.gaps(value)
            if not abs(np.max(gaps)) <= ZERO_GAP:
                leaps.append(f"{value:.6g}")
                continue
            entrants = np.flatnonzero(gaps > np.max(gaps) - NEUTRAL_RATE)
            direction = np.zeros(gaps.size)
            direction[entrants[0]] = 1.0
            more = f" or {len(entrants) - 1} alike" if len(entrants) > 1 else ""
            labelled = xr.DataArray(direction, {"mover": list(self.movers)}, "mover", "direction")
            name = f"entry of {self.movers[entrants[0]]}{more}"
            found.append(Found(value, name, len(entrants), labelled))
        if leaps:
            return found, (
                f"The core itself jumps to another state of its firms at {', '.join(leaps)}, and "
                "with it what entry earns: these are no sustain points. nege.bifurcation follows "
                "each of its states."
            )
        pays = largest(0.5 * sum(self.family.interval))[0] > 0.0
        return found, "" if found else sustain_note(pays)
