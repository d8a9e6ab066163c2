"""Diagrams: where the equilibria are along the control in hand, and where the answer is on them.

A bifurcation diagram follows every branch, stable and not, and takes the longer the more branches
there are: seconds for five places that differ, minutes for fifteen. So of more places, and of
people who move within groups only, it is a hysteresis loop: the stable equilibrium as the control
falls and rises again, from where the economy is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nege.errors import InputError
from nege.explorer.answers import Answer
from nege.explorer.controls import Control, accepted
from nege.models.base import Model
from nege.progress import Callback
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.status import Status
from nege.structure.branches import industry_outcomes
from nege.structure.branches.bifurcation import BifurcationDiagram, bifurcation
from nege.structure.hysteresis import Hysteresis, hysteresis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = ("branches", "loop")
MOST_REGIONS, MOST_CELLS = 12, 16  # of which branches are followed unless that is asked for
OF_INDUSTRIES = ("total_cost", "population")
POINTS = 21  # of a loop, each way
WITHIN = 1e-9  # of an interval, to which it is found how far the economy accepts it


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Diagram:
    """The equilibria of an economy along one of its controls.

    Attributes
    ----------
    name : str
        The control.
    kind : {"branches", "loop"}
        Whether it is a bifurcation diagram or a hysteresis loop.
    interval : tuple of float
        Between which values.
    values : mapping
        Of all controls, as they were asked for.
    found : BifurcationDiagram or Hysteresis
        As :func:`nege.bifurcation` or :func:`nege.hysteresis` returns it.
    start : object
        Where a loop started.
    words : tuple of str
        Why it is no bifurcation diagram, where it is none; what was found, and what is not
        established.
    complete : bool
        Whether all that was begun could be followed to its end: no proof that there is no more.
    """

    name: str
    kind: str
    interval: tuple[float, float]
    values: Mapping[str, Any]
    found: BifurcationDiagram | Hysteresis
    start: Any
    words: tuple[str, ...]
    complete: bool
    own: float  # the value of the control where it is not moved

    def __repr__(self) -> str:
        return "\n".join(self.words)

    @property
    def region(self) -> str:
        """Whose share is drawn unless another one is named: online, or in the first place."""
        model = self.found.model
        return model.regions[0] if model.online is None else model.online.name

    def point(
        self, answer: Answer, region: str | None = None, industry: str | None = None
    ) -> tuple[float, float] | None:
        """Return where an answer is on it: the value of the control, and what is drawn.

        None where it is on no such diagram: it is not solved, or other controls have been moved
        since.
        """
        others = ({k: v for k, v in of.values.items() if k != self.name} for of in (self, answer))
        if not answer.solved or answer.data is None or next(others) != next(others):
            return None
        model, data = self.found.model, answer.data
        region = self.region if region is None else region
        if model.in_shares:
            share = data["share"]
        else:
            share, _ = industry_outcomes.share(
                model, {n: data[n] for n in OF_INDUSTRIES}, industry, region
            )
        y = float(share.max() if region == "largest" else share.sel(region=region))
        return float(answer.values.get(self.name, self.own)), y

    def plot(
        self,
        answer: Answer | None = None,
        region: str | None = None,
        *,
        industry: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw it, with an answer as a point on it.

        Parameters
        ----------
        answer : Answer, optional
            That is marked, where it is on this diagram.
        region : str, optional
            Whose share: by default that of the online region, or of the first place. Of branches
            also "largest".
        industry : str, optional
            Of industries whose share of cost; then `region` may be "online", what it sells there.
        ax : Axes, optional
            Where to draw; a new figure by default.
        """
        region = self.region if region is None else region
        if isinstance(self.found, BifurcationDiagram):
            ax = self.found.plot(region, industry=industry, ax=ax)
        else:
            ax = self.found.plot(region=region, industry=industry, ax=ax)
        at = None if answer is None else self.point(answer, region, industry)
        if at is not None:
            ax.plot(*at, "o", color="black", markersize=8, zorder=10, label="here")
        return ax


@dataclasses.dataclass(frozen=True, eq=False)
class Wanted:
    """A diagram that is asked for."""

    control: Control
    values: Mapping[str, Any]
    economy: Callable[[Mapping[str, Any]], Model]
    interval: tuple[float, float] | None
    kind: str | None
    start: Any
    dynamics: Replicator | Logit
    options: SolverOptions

    def find(self, progress: Callback) -> Diagram:
        """Return it."""
        model, name = self.economy(self.values), self.control.name
        interval = self.accepted() if self.interval is None else self.interval
        how: dict[str, Any] = {"dynamics": self.dynamics, "options": self.options}
        why = why_a_loop(model) if self.kind is None else "It was asked for."
        found: BifurcationDiagram | Hysteresis | None = None
        if self.kind == "branches" or not why:
            try:
                found = bifurcation(model, name, interval, **how, progress=progress)
            except InputError as error:
                if self.kind == "branches":
                    raise
                why = str(error)
        if found is None:
            how |= {"start": self.start, "points": POINTS, "progress": progress}
            found = hysteresis(model, name, interval, **how)
        loop = isinstance(found, Hysteresis)
        words = [f"A hysteresis loop, and no bifurcation diagram. {why}"] if loop else []
        return Diagram(
            name=name,
            kind="loop" if loop else "branches",
            interval=(float(interval[0]), float(interval[1])),
            values=self.values,
            found=found,
            start=self.start if loop else None,
            words=(*words, *repr(found).split("\n")),
            complete=_complete(found),
            own=self.control.value,
        )

    def accepted(self) -> tuple[float, float]:
        """Return the range of the control as far as the economy accepts it around its value."""
        control = self.control
        here = float(self.values.get(control.name, control.value))
        ends = min(control.lowest, here), max(control.highest, here)
        low, high = accepted(self._accepts, here, ends, WITHIN)
        if not low < high:
            allowed = "one that the economy accepts other values of"
            raise InputError("name", control.name, allowed, control.refused)
        return low, high

    def _accepts(self, value: float) -> bool:
        try:
            self.economy({**self.values, self.control.name: value})
        except InputError:
            return False
        return True


def why_a_loop(model: Model) -> str:
    """Say why branches of an economy are not followed unless asked for; "" where they are."""
    if model.groups is not None:
        return "Of people who move within groups only branches are not followed."
    if model.in_shares:
        regions = len(model.regions)
        if regions <= MOST_REGIONS:
            return ""
        return f"Of {regions} regions there are too many branches to follow while somebody waits."
    labels = model.coordinates()
    cells = len(labels["place"]) * len(labels["industry"]) * len(labels["channel"])
    if cells <= MOST_CELLS:
        return ""
    return f"Of {cells} kinds of firms there are too many branches to follow while somebody waits."


def _complete(found: BifurcationDiagram | Hysteresis) -> bool:
    """Whether nothing was left behind on the way."""
    if isinstance(found, BifurcationDiagram):
        return not found.lost and all(branch.complete for branch in found.branches)
    return bool(np.all(found.data["status"].values == Status.CONVERGED))
