"""Bifurcation diagrams: every equilibrium that can be followed as one parameter varies."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, counted
from nege.immutable import Immutable, held
from nege.models import parameter_axes, terms
from nege.models.base import Model
from nege.models.law_of_motion import NEUTRAL_RATE, law_of_motion
from nege.plots import branches
from nege.progress import Progress, watched
from nege.results.stability import fastest
from nege.results.tables import Tabular
from nege.solver_options import Logit, Replicator, SolverOptions, check_dynamics
from nege.solvers import rest_points
from nege.solvers.checks import check_free_mobility, check_model, check_options
from nege.status import Status
from nege.structure.branches import industry_outcomes
from nege.structure.branches.continuation import (
    ContinuationPoint,
    ContinuationProblem,
    SolutionCurve,
)
from nege.structure.branches.explorer import BranchExplorer, BranchRecord
from nege.structure.branches.joint_continuation import (
    JointContinuationProblem,
    JointStarts,
)
from nege.structure.branches.starting_points import BranchStarts, Starts, symmetry_of
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BifurcationDiagram", "Branch", "SpecialPoint", "bifurcation"]


@held("values", "share", "unstable", "data")
@dataclasses.dataclass(frozen=True, eq=False)
class Branch(Immutable):
    """A branch: a continuous curve of equilibria as the parameter varies, its points in order.

    Attributes
    ----------
    values : ndarray
        The parameter, over the points of the branch.
    share : DataArray
        Shares over (point, region); in a model with several mobile groups over (point, mover),
        each of its group.
    data : Dataset or None
        There every variable of the economy, over point; None in models of one mobile factor.
    unstable : ndarray of int
        Unstable dimension: how many independent small deviations grow, entry into empty
        regions included; 0 is stable.
    orbit : int
        Size of its symmetry orbit: how many images the economy's symmetries make of it,
        itself counted.
    level : int
        How many branch points lie between it and the starting equilibria.
    began, ended : str
        Why it starts and stops: "interval", "origin" (the point it branches off from),
        "corner" (a region empties), "merged" (it runs into another branch), "loop",
        "limit" or "stalled", with the reason.
    """

    _pictured: ClassVar = "nege.bifurcation(model, parameter, (low, high)).plot() draws it"

    values: np.ndarray
    share: xr.DataArray
    unstable: np.ndarray
    orbit: int
    level: int
    began: str
    ended: str
    data: xr.Dataset | None = None

    @property
    def stable(self) -> np.ndarray:
        """Whether each point is stable."""
        return np.asarray(self.unstable == 0)

    @property
    def complete(self) -> bool:
        """Whether it was followed to its natural ends."""
        return not any(end.startswith(("limit", "stalled")) for end in (self.began, self.ended))


@held("share", "data")
@dataclasses.dataclass(frozen=True, eq=False)
class SpecialPoint(Immutable):
    """A bifurcation point: the number of equilibria, their support or stability changes there."""

    _pictured: ClassVar = "nege.bifurcation(model, parameter, (low, high)).plot() draws it"

    kind: str  # "break", "sustain", "fold", "entry" or "hopf"
    value: float  # of the parameter
    share: xr.DataArray  # over region, or mover
    branch: int | None  # on which it lies; None where only an end of others was found
    leads: tuple[int, ...]  # branches that start or end there
    dimension: int  # of the null space: independent deviations of occupied regions at rate zero
    data: xr.Dataset | None = None  # every variable, in models with several mobile groups

    def __str__(self) -> str:
        if self.data is not None:
            return f"{self.kind:8s}{self.value:.10g}  {self.data.attrs['summary']}"
        occupied = np.sort(self.share.values[self.share.values > 0.0])[::-1]
        shape = ", ".join(f"{share:.3g}" for share in occupied[:4])
        return f"{self.kind:8s}{self.value:.10g}  shares {shape}{' ...' * (occupied.size > 4)}"


SPECIAL_POINT_KINDS = ("break", "sustain", "fold", "entry", "hopf")
SAME_BRANCH_TOLERANCE = 0.05  # by which a share may be off between two points of a branch
SPECIAL_POINTS_SHOWN = 12  # special points in the summary
SAME_SHARE_TOLERANCE = 1e-7  # shares nearer than this are one equilibrium


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class BifurcationDiagram(Immutable, Tabular):
    """A bifurcation diagram: branches of equilibria along a parameter, and where they meet.

    Made by :func:`bifurcation`. Of each symmetry orbit, the equilibria that the economy's
    symmetries turn into each other, only one is listed.

    Attributes
    ----------
    model : Model
        The economy.
    parameter : str
        What varies.
    interval : tuple of float
        Between which values.
    dynamics : Replicator or Logit
        How people move.
    unstable : int or None
        Branch points were used only where at most so many deviations grow.
    branches : tuple of Branch
        In the order they were found.
    special_points : tuple of SpecialPoint
        By value of the parameter.
    classes : tuple of tuple of str
        Classes of regions that the symmetries map onto each other.
    lost : tuple of str
        What could not be followed, and why.

    Notes
    -----
    Not a proof that there are no other branches: see :func:`bifurcation`.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
    >>> diagram = nege.bifurcation(economy, "trade_cost", (1.05, 3))
    >>> [point.kind for point in diagram.special_points]
    ['break', 'sustain']
    >>> diagram.at(1.7).share.sel(region="0").round(4).values
    array([0.5   , 1.    , 0.8349])
    """

    model: Model
    parameter: str
    interval: tuple[float, float]
    dynamics: Replicator | Logit
    unstable: int | None
    branches: tuple[Branch, ...]
    special_points: tuple[SpecialPoint, ...]
    classes: tuple[tuple[str, ...], ...]
    lost: tuple[str, ...]

    @hinted
    def points(self, kind: str) -> np.ndarray:
        """Return the parameter values of all special points of a kind, in order."""
        validation.known("kind", kind, SPECIAL_POINT_KINDS)
        return np.array([point.value for point in self.special_points if point.kind == kind])

    @hinted
    def at(self, value: float, options: SolverOptions | None = None) -> xr.Dataset:
        """Return every equilibrium of the diagram at a value of the parameter, refined.

        A stationary point where entry into an empty region would pay, such as a core that is
        not sustained, is no equilibrium: it is on the branches, as unstable, but it is returned
        here under pure replicator dynamics only, which never enter an empty region.

        Parameters
        ----------
        value : float
            Within the interval.
        options : SolverOptions, optional
            Tolerances of the refinement.

        Returns
        -------
        Dataset
            ``share`` over (equilibrium, region), ``stable``, ``rate`` (of the fastest
            deviation), ``branch`` and ``orbit`` over equilibrium; of industries ``share`` is over
            mover, and every variable is there too.

        Examples
        --------
        >>> import nege
        >>> places = nege.geography.equidistant(2)
        >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
        >>> found = nege.bifurcation(economy, "trade_cost", (1.05, 3)).at(1.7)
        >>> found.stable.values.tolist(), found.orbit.values.tolist()
        ([True, True, False], [1, 2, 2])
        """
        low, high = self.interval
        value = validation.number("value", value)
        if not low <= value <= high:
            raise InputError("value", value, f"between {low:g} and {high:g}")
        options = check_options(options)
        if not self.model.in_shares:
            return self._industries_at(value, options)
        model = self.model.replace({self.parameter: value})
        law = law_of_motion(model, self.dynamics, options)
        pure = isinstance(self.dynamics, Replicator) and not self.dynamics.allow_entry
        rows: list[tuple[np.ndarray, float, int, int]] = []
        for index, k, t in self._pieces(value):
            branch = self.branches[index]
            here, there = branch.share.values[k], branch.share.values[k + 1]
            guess = (1.0 - t) * here + t * there
            start = law.at(guess / guess.sum(), model.start_state())
            point, _, _ = rest_points.newton(law, start, options.tolerance_payoff)
            good = point.cleared.status == Status.CONVERGED
            good = good and point.spread <= options.tolerance_payoff
            good = good and float(np.max(np.abs(point.share - guess))) <= SAME_BRANCH_TOLERANCE
            good = good and (pure or point.entry <= NEUTRAL_RATE)
            new = all(np.max(np.abs(point.share - row[0])) > SAME_SHARE_TOLERANCE for row in rows)
            if good and new:
                rate = fastest(law.leading_rate(point), point.entry, NEUTRAL_RATE)
                rows.append((point.share, rate, index, branch.orbit))
        shares = np.array([row[0] for row in rows]).reshape(len(rows), len(self.model.regions))
        rates = np.array([row[1] for row in rows])
        return xr.Dataset(
            {
                "share": (("equilibrium", "region"), shares),
                "stable": ("equilibrium", rates < -NEUTRAL_RATE),
                "rate": ("equilibrium", rates),
                "branch": ("equilibrium", np.array([row[2] for row in rows], dtype=int)),
                "orbit": ("equilibrium", np.array([row[3] for row in rows], dtype=int)),
            },
            coords={"region": list(self.model.regions), self.parameter: value},
        )

    def _pieces(self, value: float) -> Iterator[tuple[int, int, float]]:
        """Yield where branches pass a value: the branch, the point before, and how far along."""
        for index, branch in enumerate(self.branches):
            v = branch.values
            for k in np.flatnonzero((v[:-1] - value) * (v[1:] - value) <= 0.0):
                span = v[k + 1] - v[k]
                yield index, int(k), 0.5 if span == 0.0 else float((value - v[k]) / span)

    def _industries_at(self, value: float, options: SolverOptions) -> xr.Dataset:
        """Return the same of a model with several mobile groups, with every variable."""
        problem = JointContinuationProblem(
            self.model, self.parameter, self.interval, self.dynamics, options
        )
        pure = isinstance(self.dynamics, Replicator) and not self.dynamics.allow_entry
        points: list[ContinuationPoint] = []
        of: list[int] = []
        for index, k, t in self._pieces(value):
            branch = self.branches[index]
            assert branch.data is not None
            guess = (1.0 - t) * branch.share.values[k] + t * branch.share.values[k + 1]
            state = self.model.state_of(branch.data.isel(point=k if t < 0.5 else k + 1))
            point = problem.solved(value, guess, state)
            good = point is not None and (pure or point.entry <= NEUTRAL_RATE)
            if point is None or not good:
                continue
            near = float(np.max(np.abs(point.share - guess))) <= SAME_BRANCH_TOLERANCE
            new = all(np.max(np.abs(point.share - p.share)) > SAME_SHARE_TOLERANCE for p in points)
            if near and new:
                points.append(point)
                of.append(index)
        shares = np.array([point.share for point in points])
        rates = np.array([fastest(point.leading, point.entry, NEUTRAL_RATE) for point in points])
        labels = {"mover": list(problem.labels), self.parameter: value}
        return (
            problem.outcomes(points, "equilibrium")
            .assign(
                share=(("equilibrium", "mover"), shares.reshape(len(points), -1)),
                stable=("equilibrium", rates < -NEUTRAL_RATE),
                rate=("equilibrium", rates),
                branch=("equilibrium", np.array(of, dtype=int)),
                orbit=("equilibrium", np.array([self.branches[i].orbit for i in of], dtype=int)),
            )
            .assign_coords(labels)
        )

    def to_dataset(self) -> xr.Dataset:
        """Return all points of all branches as one Dataset, and the special points.

        In a model with several mobile groups every variable of the economy is with them.
        """
        sizes = [branch.values.size for branch in self.branches]
        special = self.special_points
        dim, labels = self._dim, self._labels
        shares = [point.share.values for point in special]
        data = xr.Dataset(
            {
                "branch": ("point", np.repeat(np.arange(len(sizes)), sizes)),
                self.parameter: (
                    "point",
                    np.concatenate([b.values for b in self.branches]),
                    terms.about(self.model, self.parameter),
                ),
                "share": (
                    ("point", dim),
                    np.concatenate([b.share.values for b in self.branches]),
                ),
                "unstable": ("point", np.concatenate([b.unstable for b in self.branches])),
                "orbit": ("point", np.repeat([b.orbit for b in self.branches], sizes)),
                "special_kind": ("special", np.array([p.kind for p in special], dtype=str)),
                "special_value": ("special", np.array([p.value for p in special])),
                "special_share": (
                    ("special", dim),
                    np.array(shares).reshape(len(special), len(labels)),
                ),
            },
            coords={dim: labels},
            attrs={"model": repr(self.model), "parameter": self.parameter},
        )
        if self.model.in_shares:
            return data
        every = xr.concat([b.data for b in self.branches if b.data is not None], "point")
        located = [point.data for point in special if point.data is not None]
        none = every.isel(point=slice(0, 0)).rename(point="special")
        there = xr.concat(located, "special", combine_attrs="drop") if located else none
        return data.merge(every).merge(there.rename({n: f"special_{n}" for n in there.data_vars}))

    def _tabulated(self) -> xr.Dataset:
        """Return the branches: special points are equilibria on them, or next to them."""
        found = self.to_dataset()
        return found.drop_vars([n for n in found if found[n].dims[:1] == ("special",)])

    @property
    def _dim(self) -> str:
        return "region" if self.model.in_shares else "mover"

    @property
    def _labels(self) -> list[str]:
        if self.model.in_shares:
            return list(self.model.regions)
        return list(self.model.equations_of_rest(self.dynamics, SolverOptions()).movers)

    @hinted
    def plot(
        self, region: str | None = None, *, industry: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """Draw shares against the parameter: stable solid, unstable dashed, special points marked.

        Parameters
        ----------
        region : str, optional
            Whose share, in every image that symmetry makes of a branch; by default the
            first region's. "largest" draws the largest share instead, and of an industry
            "online" the share of its cost that is sold online.
        industry : str, optional
            In a model of industries whose share of cost is drawn; by default shares of people.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            With one line for each stretch of a branch that is stable, or is not.

        Examples
        --------
        >>> import nege
        >>> places = nege.geography.equidistant(2)
        >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
        >>> diagram = nege.bifurcation(economy, "trade_cost", (1.05, 3))
        >>> diagram.plot("largest").get_ylabel()
        'largest share'
        """
        regions, found = list(self.model.regions), self.to_dataset()
        region = regions[0] if region is None else region
        of = ""
        if not self.model.in_shares:
            found, of = industry_outcomes.drawn(self.model, found, industry, region)
        elif industry is not None:
            raise InputError("industry", industry, "None in a model of one mobile factor")
        more = ["largest"] if industry is None else ["largest", "online"]
        validation.known("region", region, [*regions, *more])
        alike = next((names for names in self.classes if region in names), (region,))
        return branches.diagram(found, region, alike, self.interval, of, ax=ax)

    def __repr__(self) -> str:
        low, high = self.interval
        stable = sum(bool(branch.stable.any()) for branch in self.branches)
        lines = [
            f"Equilibria of {self.model.article} {self.model.title} economy under "
            f"{self.model.moved_by(self.dynamics)}, {self.parameter} from {low:g} to {high:g}:",
            f"{len(self.branches)} branches, of which {stable} are stable somewhere; of those that "
            "symmetry makes of each other, one is listed.",
        ]
        shown = self.special_points[:SPECIAL_POINTS_SHOWN]
        lines += [f"  {point}" for point in shown]
        if len(self.special_points) > len(shown):
            more = len(self.special_points) - len(shown)
            lines.append(f"  and {more} more special point{'s' * (more > 1)}")
        broken = sum(not branch.complete for branch in self.branches)
        if broken or self.lost:
            short = counted(broken + len(self.lost), "branch", "branches")
            lines.append(f"{short} could not be followed to the end; .ended and .lost say why.")
        unseen = "branches that meet none of these"
        if self.unstable is not None:
            several = "deviation grows" if self.unstable == 1 else "deviations grow"
            unseen += f", or leave them where more than {self.unstable} {several}"
        lines.append(f"Not established: {unseen}.")
        return "\n".join(lines)


@hinted
def bifurcation(
    model: Model,
    parameter: str,
    interval: tuple[float, float],
    *,
    dynamics: Replicator | Logit | None = None,
    depth: int = 2,
    unstable: int | None = 1,
    options: SolverOptions | None = None,
    progress: Progress = None,
) -> BifurcationDiagram:
    """Bifurcation diagram: branches of equilibria along a parameter, stable and unstable.

    Pseudo-arclength continuation (Keller 1977) of F_r = c, equal attraction over the occupied
    regions, through folds and corners. From a break point the branches of the equivariant
    branching lemma are followed (Golubitsky, Stewart & Schaeffer 1988), one of each symmetry
    orbit; where a region empties, or entry begins to pay, the branch on the other side (Fujita,
    Krugman & Venables 1999, ch. 5-6, draw such diagrams). Of industries
    (``OnlineAgglomeration``) firms by cell and people move, and markets are solved together with
    them; a corner is a cell without firms, where variety is 1.

    Parameters
    ----------
    model : Model
        The economy.
    parameter : str
        Any parameter that is a number, e.g. "trade_cost" or "online_trade_cost"; of industries
        also one of a table, as "digital_cost.services".
    interval : pair of float
        Its smallest and largest value.
    dynamics : Replicator or Logit, optional
        How people move; stability is that of these dynamics.
    depth : int, default 2
        How many branch points in a row to follow from the equilibria that symmetry alone gives.
    unstable : int or None, default 1
        Unstable dimension up to which branch points are used: the branches that leave a point
        are followed only where at most so many deviations grow, and past a point where a
        region empties only where at most one more does. Stable branches that only more
        unstable ones lead to are then not found (on a racetrack of 16 one in four at most).
        None is everywhere, which on large racetracks is a great many.
    options : SolverOptions, optional
        Tolerances.
    progress : bool or callable, optional
        Show a bar; by default where somebody watches, and only for work that lasts. Or
        ``callback(done, total, words)``, which hears of every step (``nege.progress``).

    Returns
    -------
    BifurcationDiagram
        Branches with stability, special points located to about 1e-10.

    Raises
    ------
    InputError
        For an unknown parameter, or an interval or a number that makes no sense.

    Notes
    -----
    Not a proof that these are all equilibria: a branch that meets none of those found is
    missed. :func:`nege.equilibria` proves, for up to three regions, at one parameter value.

    Examples
    --------
    >>> import nege
    >>> economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    >>> diagram = nege.bifurcation(economy, "trade_cost", (1.05, 3))
    >>> diagram.points("break").round(6), diagram.points("sustain").round(6)
    (array([1.626577]), array([1.807313]))
    """
    check_model(model)
    check_free_mobility(model, "a bifurcation diagram")
    low, high = parameter_axes.interval(model, parameter, interval)
    depth = validation.whole("depth", depth, at_least=0)
    if unstable is not None:
        unstable = validation.whole("unstable", unstable, at_least=0)
    moves, options = check_dynamics(dynamics), check_options(options)
    given = model, parameter, (low, high), moves, options
    problem: SolutionCurve
    if model.in_shares:
        problem = curve = ContinuationProblem(*given)
        starts: Starts = BranchStarts(curve, symmetry_of(curve), unstable)
    else:
        problem = joint = JointContinuationProblem(*given)
        starts = JointStarts(joint, joint.symmetry, unstable)
    with watched(progress, 1, "branches") as steps:
        explorer = BranchExplorer(problem, starts, depth, unstable, steps)
        explorer.run()
    special = sorted(
        (
            SpecialPoint(
                s.kind,
                problem.value(s.point.tau),
                problem.labelled(s.point.share),
                s.branch,
                tuple(s.leads),
                s.dimension,
                problem.outcome(s.point),
            )
            for s in explorer.specials
        ),
        key=lambda point: point.value,
    )
    return BifurcationDiagram(
        model,
        parameter,
        (low, high),
        moves,
        unstable,
        tuple(_branch_from_record(record, problem, explorer) for record in explorer.records),
        tuple(special),
        problem.classes(explorer.symmetry.cells()),
        tuple(explorer.lost),
    )


def _branch_from_record(
    record: BranchRecord, problem: SolutionCurve, explorer: BranchExplorer
) -> Branch:
    points = record.points
    shares = np.array([point.share for point in points])
    unstable = np.array([point.unstable for point in points])
    if len(points) > 1:
        # At a special point a rate is zero, so that its sign there is that of rounding.
        for k in record.specials:
            unstable[k] = unstable[k - 1] if k > 0 else unstable[k + 1]
    return Branch(
        np.array([problem.value(point.tau) for point in points]),
        problem.labelled(shares, "point"),
        unstable,
        explorer.symmetry.order // record.order,
        record.level,
        record.began,
        record.ended,
        problem.outcomes(points, "point"),
    )
