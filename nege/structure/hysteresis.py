"""Hysteresis: as a parameter falls and rises again, the equilibrium depends on its past."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import xarray as xr

from nege import memory, validation
from nege.errors import InputError, counted
from nege.immutable import Immutable, held
from nege.models import parameter_axes, terms
from nege.models.base import Model
from nege.models.law_of_motion import law_of_motion
from nege.plots import branches
from nege.progress import Progress, watched
from nege.results.stability import fastest
from nege.results.tables import Tabular
from nege.solver_options import Logit, Replicator, SolverOptions, check_dynamics
from nege.solvers import rest_points
from nege.solvers.checks import check_model, check_options
from nege.solvers.follow_dynamics import find_long_run
from nege.status import Status
from nege.structure.branches import industry_outcomes
from nege.structure.branches.joint_continuation import JointContinuationProblem
from nege.sweeps.sweep import follow
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Hysteresis", "Jump", "hysteresis"]


@held("before", "after")
@dataclasses.dataclass(frozen=True, eq=False)
class Jump(Immutable):
    """A jump: at this value the stable branch ends and the economy moves to another one."""

    _pictured: ClassVar = "nege.hysteresis(model, parameter, (low, high)).plot() draws it"

    arm: str  # "down" or "up"
    value: float  # of the parameter
    width: float  # of the bracket around it that is left
    region: str  # whose share changes most; of industries the mover: firms of a cell, or people
    before: xr.DataArray  # shares over region, or mover, just before
    after: xr.DataArray

    def __str__(self) -> str:
        return f"on the way {self.arm}, at {self.value:.9g}, {self._change()}"

    def _change(self) -> str:
        """Say how the share that changes most does."""
        dim = self.before.dims[0]
        a, b = (float(side.sel({dim: self.region})) for side in (self.before, self.after))
        return f"the share of {self.region} goes from {a:.4g} to {b:.4g}"

    def _happens(self, movers: str, online: str) -> str:
        """Say what those who move do: agglomerate, disperse, or change the channel."""
        labels = [str(name) for name in self.before[self.before.dims[0]].values]
        who, mode = _group(self.region)
        alike = [_group(name) == (who, mode) for name in labels] if who else slice(None)
        before, after = self.before.values[alike], self.after.values[alike]
        who = who or movers
        rises = after.sum() - before.sum()
        if mode and abs(rises) > 0.5 * np.max(np.abs(after - before)):
            return f"{who} {'begin' if rises > 0.0 else 'cease'} to sell {mode}"
        if self.region == online:
            more = self.after.values[-1] > self.before.values[-1]
            return f"{who} go online" if more else f"{who} leave the online region"
        gathered = np.sum(after**2) / after.sum() ** 2 - np.sum(before**2) / before.sum() ** 2
        if abs(gathered) < SAME_ARMS_TOLERANCE:
            return f"{who} go elsewhere"
        return f"{who} {'agglomerate' if gathered > 0.0 else 'disperse'}"


def _group(mover: str) -> tuple[str, str]:
    """Return who a mover of a model of industries is one of, and the mode that these sell in."""
    what, inside, _ = mover.rpartition(" in ")
    if inside and what != "people":
        industry, _, mode = what.rpartition(" ")
        return f"firms of {industry}", mode
    industry = _of_platform(mover)
    return (f"buyers of {industry}" if industry else what), ""


def _of_platform(mover: str) -> str:
    """Return of which industry a mover is a platform; "" of another one."""
    return mover.partition(" platform of ")[2]


SAME_ARMS_TOLERANCE = 1e-6  # of a share: arms further apart are two
SAME_JUMP_TOLERANCE = 1e-6  # jumps whose values differ relatively by less are called the same


@held("data")
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Hysteresis(Immutable, Tabular):
    """A hysteresis loop: the stable equilibrium as a parameter falls, and as it rises again.

    Made by :func:`hysteresis`.

    Attributes
    ----------
    model : Model
        The economy.
    parameter : str
        What falls and rises.
    data : Dataset
        Every variable of the economy, welfare included, over ``arm`` ("down", "up") and
        the parameter, with status, residual and stability of each point.
    jumps : tuple of Jump
        Where the economy leaves one branch for another, in the order they are met.

    Notes
    -----
    Not a time path: each point is a long run, and the parameter changes slowly between them.

    Examples
    --------
    >>> import nege
    >>> online, places = nege.OnlineRegion(trade_cost=1.5), nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2, online=online)
    >>> loop = nege.hysteresis(economy, "online_trade_cost", (1.0, 2.0), points=5)
    >>> print(loop.jumps[0])
    on the way down, at 1.17131921, the share of online goes from 0 to 1
    >>> loop.data.share.sel(region="online", online_trade_cost=1.5).values.round(3)
    array([0., 1.])
    """

    model: Model
    parameter: str
    data: xr.Dataset
    jumps: tuple[Jump, ...]

    @property
    def apart(self) -> xr.DataArray:
        """Largest difference of a share between the arms, over the parameter.

        Of industries of shares of cost by cell, and of people.
        """
        apart = [abs(share.sel(arm="down") - share.sel(arm="up")) for share in self._shares]
        largest = [each.max([d for d in each.dims if d != self.parameter]) for each in apart]
        return xr.concat(largest, "share").max("share") if len(largest) > 1 else largest[0]

    @property
    def _shares(self) -> list[xr.DataArray]:
        """Shares of people, or of cost by cell and of people."""
        if self.model.in_shares:
            return [self.data["share"]]
        cost = self.data["total_cost"]
        return [cost / cost.sum(["place", "channel"]), self.data["population"]]

    def _ends_in_other_places(self) -> bool:
        """Whether the path ends with the shares that it began with, in other places."""
        off = []
        for share in self._shares:
            at = share.sel({self.parameter: float(self.data[self.parameter].max())})
            where = "region" if "region" in at.dims else "place"
            ends = (np.sort(at.sel(arm=arm).transpose(..., where).values) for arm in ARMS)
            off.append(np.max(np.abs(np.subtract(*ends))))
        return bool(max(off) <= SAME_ARMS_TOLERANCE)

    def to_dataset(self) -> xr.Dataset:
        """Return the data with the jumps as variables over ``jump``."""
        if not self.jumps:
            return self.data
        return self.data.assign(
            jump_value=("jump", [jump.value for jump in self.jumps]),
            jump_arm=("jump", [jump.arm for jump in self.jumps]),
            jump_region=("jump", [jump.region for jump in self.jumps]),
        )

    def _tabulated(self) -> xr.Dataset:
        return self.data

    @hinted
    def plot(
        self,
        variable: str | None = None,
        *,
        region: str | None = None,
        industry: str | None = None,
        at: Mapping[str, str] | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw a variable along both arms; jumps are vertical and dashed, with their direction.

        Parameters
        ----------
        variable : str, optional
            Any of the economy's, e.g. "share" or "welfare". Of industries "share" is an
            industry's share of its cost, or of people. By default "share"; where nothing but
            platforms jump, "platform_share".
        region : str, optional
            Whose; by default the online region, or the first region without one. Of an
            industry's share "online" is what it sells online.
        industry : str, optional
            Of a model of industries whose share, or price, is drawn; by default people's share.
        at : mapping of str to str, optional
            The label along another dimension of a variable of industries, by default the first
            one: {"platform": "2"}.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            With one line for each stretch of an arm between jumps.

        Examples
        --------
        >>> import nege
        >>> online, places = nege.OnlineRegion(trade_cost=1.5), nege.geography.equidistant(2)
        >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2, online=online)
        >>> loop = nege.hysteresis(economy, "online_trade_cost", (1.0, 2.0), points=5)
        >>> loop.plot("welfare").get_xlabel()
        'digital trade cost (iceberg factor)'
        """
        if self.model.in_shares:
            if industry is not None:
                raise InputError("industry", industry, "None in a model of one mobile factor")
            if at:
                raise InputError("at", at, "None in a model of one mobile factor")
            variable = "share" if variable is None else variable
            validation.known("variable", variable, list(self.model.variables))
            values, label = self._drawn(variable, region)
        else:
            if variable is None and industry is None and region is None:
                variable, industry = self._moved()
            variable = "share" if variable is None else variable
            validation.known("variable", variable, [*self.model.variables, "share"])
            values, label = industry_outcomes.along(
                self.model, self.data, variable, industry, region, at
            )
        jumps = {a: [j.value for j in self.jumps if j.arm == a] for a in ("down", "up")}
        return branches.loop(values, self.parameter, jumps, label, ax=ax)

    def _moved(self) -> tuple[str, str | None]:
        """Return what to draw of industries, and of which one: what jumps."""
        of = {_of_platform(jump.region) for jump in self.jumps}
        return ("share", None) if not of or "" in of else ("platform_share", min(of))

    def _drawn(self, variable: str, region: str | None) -> tuple[xr.DataArray, str]:
        values, label = self.data[variable], self.model.variables[variable].meaning
        if "region" in values.dims:
            if region is None:
                online = self.model.online
                region = self.model.regions[0] if online is None else online.name
            validation.known("region", region, self.model.regions)
            values, label = values.sel(region=region), f"{label}, {region}"
        return values, label

    def _loop(self) -> np.ndarray:
        """Where the arms jump, if they do not jump at the same values."""
        down, up = (
            np.sort([jump.value for jump in self.jumps if jump.arm == arm])
            for arm in ("down", "up")
        )
        width = max((jump.width for jump in self.jumps), default=0.0)
        if down.size == up.size and np.allclose(
            down, up, rtol=SAME_JUMP_TOLERANCE, atol=2.0 * width
        ):
            return np.empty(0)
        return np.concatenate([down, up])

    def __repr__(self) -> str:
        values = self.data[self.parameter].values
        failed = int((self.data["status"] != Status.CONVERGED).sum())
        told = terms.about(self.model, self.parameter)["long_name"]
        online = "" if self.model.online is None else self.model.online.name
        lines = [
            f"{self.parameter} down from {values.max():g} to {values.min():g} and up again, "
            f"{values.size} points each way."
        ]
        where = " where both points are known" if failed else ""
        lines += [
            f"On the way {jump.arm}, at {told} {jump.value:.9g}, "
            f"{jump._happens(self.model.movers, online)}: {jump._change()}."
            for jump in self.jumps
        ] or [f"No jump{where}: shares change without a break."]
        span = np.concatenate([values[self.apart.values > SAME_ARMS_TOLERANCE], self._loop()])
        if span.size:
            lines.append(f"Hysteresis: the arms differ from {span.min():g} to {span.max():g}.")
        elif np.isfinite(self.apart).any():
            lines.append(f"No hysteresis{where}: both arms agree to {float(self.apart.max()):.0e}.")
        first = float(self.apart.sel({self.parameter: values.max()}))
        if first > SAME_ARMS_TOLERANCE:
            what = f"back at {values.max():g} the economy is not where it began"
            if self._ends_in_other_places():
                what += ", but has the same shares in other places"
            lines.append(f"It does not close: {what}.")
        if failed:
            lines.append(
                f"{counted(failed, 'point')} did not converge: NaN, and nothing is known there."
            )
        others = "nege.bifurcation finds them"
        if self.model.groups is not None:
            others = "nege.equilibria looks for them at one value"
        lines.append(f"Not established: branches that neither arm visits; {others}.")
        return "\n".join(lines)


ARMS = ("down", "up")


@hinted
def hysteresis(
    model: Model,
    parameter: str,
    interval: tuple[float, float],
    *,
    start: Any = None,
    points: int = 41,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
    progress: Progress = None,
) -> Hysteresis:
    """Hysteresis loop: follow the stable equilibrium as a parameter falls, and as it rises again.

    At each value the long run starts from the one before it, so that the economy stays on
    its branch until that ends or loses stability (Fujita, Krugman & Venables 1999, ch. 5);
    where the branch ends within a step is then found by halving it.

    Parameters
    ----------
    model : Model
        The economy.
    parameter : str
        Any parameter that is a number, e.g. "online_trade_cost"; of industries also one of a
        table, as "digital_cost.services".
    interval : pair of float
        Its ends; the path goes from the larger to the smaller and back.
    start : DataArray, mapping or array, optional
        Where the first long run starts; ``model.default_start()`` by default.
    points : int, default 41
        Values each way, both ends included.
    dynamics : Replicator or Logit, optional
        How people move.
    options : SolverOptions, optional
        Tolerances and limits.
    progress : bool or callable, optional
        Show a bar; by default where somebody watches, and only for work that lasts. Or
        ``callback(done, total, words)``, which hears of every step (``nege.progress``).

    Returns
    -------
    Hysteresis
        Both arms, and the jumps to about 1e-11 of the parameter.

    Raises
    ------
    InputError
        For an unknown parameter, an interval that is none, or fewer than two points.

    Notes
    -----
    Not for unstable branches, nor for stable ones that neither arm visits:
    :func:`nege.bifurcation` follows both.

    Examples
    --------
    >>> import nege
    >>> online = nege.OnlineRegion(trade_cost=1.5)
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2, online=online)
    >>> loop = nege.hysteresis(economy, "online_trade_cost", (1.0, 2.0), points=5)
    >>> [(jump.arm, round(jump.value, 6)) for jump in loop.jumps]
    [('down', 1.171319), ('up', 1.75924)]
    """
    check_model(model)
    if model.own_past(model.default_start()) is not model:
        cure = "nege.follow along a path there and back carries them: it has the loop."
        raise InputError("model", model, "one whose firms leave nothing behind", cure)
    low, high = parameter_axes.interval(model, parameter, interval, either_way=True)
    points = validation.whole("points", points, at_least=2)
    need = 16 * points * len(model.variables) * len(model.regions)
    memory.check("points", points, need, "for both arms in memory", "Take fewer points.")
    values = np.linspace(high, low, points)
    path = np.concatenate([values, values[::-1]])
    moves, settings = check_dynamics(dynamics), check_options(options)
    trace: _JumpFinder = _JumpFinder(model, parameter, moves, settings)
    if not model.in_shares:
        trace = _JointJumpFinder(model, parameter, (low, high), moves, settings)
    between = [a for a in range(2 * points - 1) if a != points - 1]
    jumps: list[Jump] = []
    with watched(progress, path.size + len(between), "economies") as steps:
        found = follow(
            model, {parameter: path}, start, dynamics=moves, options=settings, progress=steps.part()
        )
        steps.expect(len(between), "steps searched for jumps")
        for a in between:
            made, led = trace.jumps(found, a, "down" if a < points else "up")
            jumps += made
            if led is not None:  # the step was too long: it went by where the branch leads
                rest = {parameter: path[a + 1 :]}
                again = follow(model, rest, led, dynamics=moves, options=settings, progress=False)
                again = again.assign_coords(step=found["step"][a + 1 :])
                before = found.isel(step=slice(0, a + 1))
                found = xr.concat([before, again], "step", combine_attrs="override")
            steps()
    arms = [found.isel(step=slice(0, points)), found.isel(step=slice(2 * points, points - 1, -1))]
    data = xr.concat(
        [arm.drop_vars("step").swap_dims(step=parameter) for arm in arms],
        xr.Variable("arm", list(ARMS)),
        join="exact",
        coords="minimal",
        compat="override",
        data_vars="all",
    )
    return Hysteresis(model, parameter, data, tuple(jumps))


JUMP_SIZE = 1e-3  # change of a share that does not shrink with the step: a jump
JUMP_BRACKET = 1e-12  # of the parameter's size: how closely a jump is bracketed
BEYOND_JUMP = 0.01  # of the rest of the step: how far past a jump the new branch is read
SAME_BRANCH_TOLERANCE = 0.2  # by which a share may move within a step and be on the same branch
SHORT_STEPS = 16  # into which a step is cut, to see where a branch leads
MOST_BRANCHES_IN_STEP = 5  # that can follow each other within a step


class _JumpFinder:
    """Bisection for the value within a step at which a stable branch ends."""

    def __init__(
        self,
        model: Model,
        parameter: str,
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> None:
        self.model, self.parameter = model, parameter
        self.dynamics, self.options = dynamics, options

    def jumps(self, found: xr.Dataset, a: int, arm: str) -> tuple[list[Jump], Any]:
        """Bracket what happens between a step and the next; nothing where shares only move fast.

        Also where the branches lead, as a start, where that is not where the next step is:
        a long step may pass by the branch on which slow change stays.
        """
        made: list[Jump] = []
        if (found["status"][[a, a + 1]] != Status.CONVERGED).any():
            return made, None
        low, high = (float(found[self.parameter][i]) for i in (a, a + 1))
        here, there = (self._state(found, i) for i in (a, a + 1))
        for _ in range(MOST_BRANCHES_IN_STEP):
            if self._apart(there, here) <= JUMP_SIZE:
                break
            begin, low_before = here, low
            low, end, here = self._end(low, high, here)
            if end is None:
                return made, self._led(low_before, high, begin, there)
            # Just beyond it: has it gone elsewhere, or does another branch lead on from here?
            beyond = end + BEYOND_JUMP * (high - end)
            settled = self._long_run_from(beyond, here)
            closer = self._long_run_from(end + BEYOND_JUMP**2 * (high - end), here)
            after = there if settled is None else settled
            change = self._apart(after, here)
            # A continuous branch comes arbitrarily near as the bracket shrinks; a jump does not.
            # Too near for a long run, it is compared with the change over the whole step.
            if closer is None:
                jumped = change > 0.5 * self._apart(there, here)
            else:
                jumped = self._apart(closer, here) > 0.5 * change
            if change > JUMP_SIZE and jumped:
                made.append(self._jump(arm, low, end, here, after))
            if settled is None:
                break
            low, here = beyond, settled
        return made, None

    def _led(self, low: float, high: float, here: np.ndarray, there: np.ndarray) -> Any:
        """Return where a branch leads by short steps, as a start, unless that is `there`."""
        for value in np.linspace(low, high, SHORT_STEPS + 1)[1:]:
            onward = self._continued(float(value), here)
            if onward is None:
                return None
            here = onward
        return None if self._apart(there, here) <= JUMP_SIZE else self._start(high, here)

    def _start(self, value: float, here: np.ndarray) -> Any:
        """Return where the economy is as a start of its long run."""
        return self._labelled(here)

    def _end(
        self, low: float, high: float, here: np.ndarray
    ) -> tuple[float, float | None, np.ndarray]:
        """Bisect for the end of the branch; None where it continues through the whole step."""
        share = self._continued(high, here)
        if share is not None:
            return high, None, share
        narrow = JUMP_BRACKET * max(abs(low), abs(high))  # as they are now, were it at zero
        while abs(high - low) > narrow:
            middle = 0.5 * (low + high)
            share = self._continued(middle, here)
            if share is None:
                high = middle
            else:
                low, here = middle, share
        return low, high, here

    def _continued(self, value: float, here: np.ndarray) -> np.ndarray | None:
        """Return the branch at a value of the parameter, None where it is gone or unstable."""
        model = self.model.replace({self.parameter: value})
        law = law_of_motion(model, self.dynamics, self.options)
        point, _, _ = rest_points.newton(
            law, law.at(here, model.start_state()), self.options.tolerance_payoff
        )
        found = point.cleared.status == Status.CONVERGED
        found = found and point.spread <= self.options.tolerance_payoff
        near = float(np.max(np.abs(point.share - here))) <= SAME_BRANCH_TOLERANCE
        stable = fastest(law.leading_rate(point), point.entry, 0.0) <= 0.0
        return point.share if found and near and stable else None

    def _long_run_from(self, value: float, here: np.ndarray) -> np.ndarray | None:
        """Return the long run at a value of the parameter from a start, None where unknown."""
        model = self.model.replace({self.parameter: value})
        found = find_long_run(model, here, model.start_state(), self.dynamics, self.options)
        return found.share if found.status is Status.CONVERGED else None

    def _jump(self, arm: str, low: float, high: float, here: np.ndarray, there: np.ndarray) -> Jump:
        before, after = self._labelled(here), self._labelled(there)
        labels = before[before.dims[0]].values
        moved = str(labels[int(np.argmax(np.abs(after.values - before.values).round(6)))])
        return Jump(arm, 0.5 * (low + high), abs(high - low), moved, before, after)

    def _state(self, found: xr.Dataset, i: int) -> np.ndarray:
        """Return where the economy is at a step, as the other methods take it."""
        return np.asarray(found["share"].values[i])

    def _apart(self, there: np.ndarray, here: np.ndarray) -> float:
        """Return the largest difference of a share."""
        return float(np.max(np.abs(there - here)))

    def _labelled(self, here: np.ndarray) -> xr.DataArray:
        return xr.DataArray(here, {"region": list(self.model.regions)}, "region", "share")


class _JointJumpFinder(_JumpFinder):
    """The same where several groups move: the economy is where all its unknowns are."""

    def __init__(
        self,
        model: Model,
        parameter: str,
        interval: tuple[float, float],
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> None:
        super().__init__(model, parameter, dynamics, options)
        self.problem = JointContinuationProblem(model, parameter, interval, dynamics, options)

    def _continued(self, value: float, here: np.ndarray) -> np.ndarray | None:
        share = self.problem.shares(here)
        point = self.problem.solved(value, share, here)
        if point is None or fastest(point.leading, point.entry, 0.0) > 0.0:
            return None
        near = float(np.max(np.abs(point.share - share))) <= SAME_BRANCH_TOLERANCE
        return point.state if near else None

    def _long_run_from(self, value: float, here: np.ndarray) -> np.ndarray | None:
        model = self.model.replace({self.parameter: value})
        movers = np.exp(here[self.problem.residents])
        found = model.own_long_run(movers, here, self.dynamics, self.options)
        return found.state if found is not None and found.status is Status.CONVERGED else None

    def _state(self, found: xr.Dataset, i: int) -> np.ndarray:
        at = self.model.replace({self.parameter: float(found[self.parameter][i])})
        return at.state_of(found.isel(step=i))

    def _start(self, value: float, here: np.ndarray) -> Any:
        at = self.model.replace({self.parameter: value})
        every, labels = at.outcome(np.empty(0), here), at.coordinates()
        shaped = {
            name: np.reshape(every[name], [len(labels[d]) for d in variable.dims])
            for name, variable in at.variables.items()
        }
        return xr.Dataset(at.named(shaped), labels)

    def _apart(self, there: np.ndarray, here: np.ndarray) -> float:
        return super()._apart(self.problem.shares(there), self.problem.shares(here))

    def _labelled(self, here: np.ndarray) -> xr.DataArray:
        return self.problem.labelled(self.problem.shares(here))
