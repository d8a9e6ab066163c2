"""Optimal policy: the value of an instrument at which an objective is largest, certified.

The objective W is welfare, another variable of the solved economy, or a function of it, and the
equilibrium responds as a whole (``response``): at an interior optimum

    dW/dtheta = W_theta + W_y dy/dtheta = 0

The economy is followed from where the instrument stands now to both bounds, each long run from
the one before it, and steps are halved where the equilibrium turns or jumps. Where the gradient
falls through zero between two values of one branch its root is bracketed. A maximum may also be
at a bound (a corner), at the edge of a jump, or at a kink, as where a region is entered.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import xarray as xr

from nege import memory, validation
from nege.errors import ConvergenceError
from nege.immutable import Immutable, held
from nege.models import terms
from nege.models.base import Model
from nege.models.solutions import LongRun
from nege.plots import objectives
from nege.progress import Progress, Steps, watched
from nege.results.equilibrium import Equilibrium
from nege.results.stability import verdict
from nege.results.symbols import symbol
from nege.results.tables import Tabular, escaped, in_plain_words, rounded
from nege.solver_options import Logit, Replicator, SolverOptions, check_dynamics
from nege.solvers.checks import check_model, check_options
from nege.solvers.follow_dynamics import find_long_run
from nege.solvers.long_run import long_run_result
from nege.studies import joint_policy
from nege.studies.joint_policy import JointOptimum, checked_constraints
from nege.studies.policy_objectives import Objective, Target, present, target
from nege.studies.policy_points import ANY, FINEST, NEAR, checked_instruments
from nege.studies.response import (
    EquilibriumResponse,
    Response,
    equilibrium_response,
    slope,
    together,
)
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Certificate", "Optimum", "optimise"]

ROOT = 1e-6  # of the gradient around it: a larger one where it changes its sign is a kink
FLAT = 1e-10  # of the objective: what counts as no change of it over the whole interval
FLAT_FUNCTION = 1e-7  # of one that is a function of equilibria, each of which is rounded
CURVED = 4.0  # wider nodes for the second derivative
KINDS = {
    "interior": "an interior maximum: the gradient is zero",
    "lower bound": "a corner: the lower bound, where the objective does not rise",
    "upper bound": "a corner: the upper bound, where the objective does not fall",
    "kink": "a kink: the gradient falls through zero without being zero anywhere",
    "jump": "the edge of a jump of the equilibrium, beyond which the objective is lower",
    "edge": "next to values at which no equilibrium was found",
    "grid": "the best value of the grid: no root of the gradient was bracketed there",
    "flat": "one of many: the objective does not respond to the instrument",
}
BEST = ("interior", "lower bound", "upper bound", "kink")  # maxima, where it is stable


class Certificate(NamedTuple):
    """What is known about an optimum."""

    gradient: float  # dW/dtheta there, the whole equilibrium responding
    second_derivative: float  # NaN where the gradient is not smooth
    leading_eigenvalue: float  # of the equilibrium there: negative means stable
    residual: float  # of the equilibrium there
    evaluated: int  # equilibria along the interval that were compared
    best_elsewhere: float  # the largest objective among the others
    maxima: tuple[float, ...]  # other values at which the gradient falls through zero
    jumps: tuple[tuple[float, float], ...]  # between which values the equilibrium jumped
    lost: tuple[float, ...]  # values at which no equilibrium was found

    @property
    def stable(self) -> bool:
        """Whether every small deviation from the equilibrium dies out."""
        return self.leading_eigenvalue < 0.0


@held("grid")
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Optimum(Immutable, Tabular):
    """The best value of an instrument that was found, with its evidence.

    Made by :func:`optimise`.

    Attributes
    ----------
    model : Model
        The economy that was given.
    instrument : str
        The parameter that was chosen.
    bounds : tuple of float
        Between which values.
    objective : str
        What was maximised: a variable, or the name of a function.
    value : float
        The best value of the instrument.
    best : float
        The objective there.
    kind : str
        "interior"; "lower bound" or "upper bound", a corner; "kink", "jump", "edge" (next to
        values without an equilibrium), "grid" (no root was bracketed) or "flat".
    equilibrium, before : Equilibrium
        The economy there, and where it stands, or the nearest within bounds; None where that
        has no solution.
    certificate : Certificate
        ``gradient, second_derivative, leading_eigenvalue, residual, stable``; how many
        equilibria it was compared with, the best of them, other maxima, jumps and lost values.
    grid : Dataset
        ``objective, gradient, status, residual`` and every variable of the economy over the
        instrument: a coarse grid, finer where the equilibrium turns or jumps, and the best value.

    Notes
    -----
    Not a proof of a global optimum: maxima between values of the grid, and other equilibria
    than those that were followed, are not excluded.

    Examples
    --------
    >>> import nege
    >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
    >>> found = nege.policy.optimise(economy, {"trade_cost": (1.2, 2)}, points=5)
    >>> found.kind, found.value, found.certified
    ('lower bound', 1.2, True)
    """

    model: Model
    instrument: str
    bounds: tuple[float, float]
    objective: str
    value: float
    best: float
    kind: str
    equilibrium: Equilibrium
    before: Equilibrium | None
    certificate: Certificate
    grid: xr.Dataset

    @property
    def certified(self) -> bool:
        """Whether it is a local optimum of a stable economy, and none that was compared beats it.

        Inside of the bounds to second order; at a bound the objective falls from it.
        """
        about = self.certificate
        falls = {"lower bound": about.gradient < 0.0, "upper bound": about.gradient > 0.0}
        sure = falls.get(self.kind, self.kind == "kink") or about.second_derivative < 0.0
        return self.kind in BEST and sure and about.stable

    _printed: ClassVar = ("objective", "gradient", "status")

    def _remark(self, symbols: bool, digits: int) -> str:
        mark = symbol(self.instrument) if symbols else None
        name = f"${mark}$" if mark else escaped(in_plain_words(self.instrument))
        sure = "" if self.certified else " Not certified as an optimum."
        return (
            f"Best found: {name} of {rounded(self.value, digits)}, where "
            f"{escaped(in_plain_words(self.objective))} is {rounded(self.best, digits)}; "
            f"it is {KINDS[self.kind]}.{sure}"
        )

    @hinted
    def to_dataset(self) -> xr.Dataset:
        """Return the grid, with the optimum and its certificate as attributes.

        Examples
        --------
        >>> import nege
        >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
        >>> found = nege.policy.optimise(economy, {"trade_cost": (1.2, 2)}, points=5)
        >>> found.to_dataset().attrs["best trade_cost"]
        1.2
        """
        about = self.certificate
        return self.grid.assign_attrs(
            {
                "kind": self.kind,
                "best": self.best,
                f"best {self.instrument}": self.value,
                "gradient": about.gradient,
                "second_derivative": about.second_derivative,
                "leading_eigenvalue": about.leading_eigenvalue,
            }
        )

    @hinted
    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the objective over the instrument, broken at jumps, and the best value.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            With one line for each stretch between jumps.

        Examples
        --------
        >>> import nege
        >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
        >>> found = nege.policy.optimise(economy, {"trade_cost": (1.2, 2)}, points=5)
        >>> found.plot().get_ylabel()
        'welfare'
        """
        jumps = [0.5 * sum(ends) for ends in self.certificate.jumps]
        best = self.value, self.best
        values, slopes = self.grid["objective"], self.grid["gradient"].values
        return objectives.curve(values, slopes, self.instrument, best, jumps, ax=ax)

    @hinted
    def plot_gains(self, *, ax: Axes | None = None) -> Axes:
        """Draw who gains from the best value, place by place, against where the economy stands.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            With a bar for each place, and kind of its people: the change of their real
            income, in per cent.

        Raises
        ------
        InputError
            Where the economy has no solution where it stands, or no real incomes by place.

        Examples
        --------
        >>> import nege
        >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
        >>> found = nege.policy.optimise(economy, {"trade_cost": (1.2, 2)}, points=5)
        >>> found.plot_gains().get_xlabel()
        'change of real income, %'
        """
        return joint_policy.draw_gains(self.before, self.equilibrium, ax)

    def __repr__(self) -> str:
        low, high = self.bounds
        about = self.certificate
        lines = [
            f"Best found for {self.instrument} on [{low:g}, {high:g}]: {self.value:.10g}, where "
            f"{self.objective} is {self.best:.10g}.",
            f"It is {KINDS[self.kind]}. Gradient {about.gradient:.2g}, second derivative "
            f"{about.second_derivative:.3g}.",
            verdict(about.leading_eigenvalue),
            joint_policy.compared(
                "equilibria along the interval", about.evaluated, 0, about.best_elsewhere
            ),
        ]
        if not self.certified:
            why = (
                ": the second derivative is not negative"
                if self.kind == "interior" and not about.second_derivative < 0.0
                else ""
            )
            lines.append(f"NOT CERTIFIED as an optimum{why}.")
        if about.maxima:
            values = ", ".join(f"{value:.6g}" for value in about.maxima)
            lines.append(f"Lower maxima at {values}.")
        lines += [f"The equilibrium jumps between {a:.9g} and {b:.9g}." for a, b in about.jumps]
        if about.lost:
            values = ", ".join(f"{value:.6g}" for value in about.lost)
            lines.append(f"No equilibrium was found at {values}.")
        lines.append(
            "Not established: maxima between values of the grid, and other equilibria than those "
            "that the economy reaches from where it stands; another start may find one."
        )
        return "\n".join(lines)


@hinted
def optimise(
    model: Model,
    over: Mapping[str, tuple[float, float]],
    objective: Objective = "welfare",
    *,
    subject_to: Mapping[str, float | tuple[float | None, float | None]] | None = None,
    start: Any = None,
    points: int = 25,
    starts: int = 3,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
    progress: Progress = None,
) -> Optimum | JointOptimum:
    """Optimal policy: where between their bounds instruments make an objective largest.

    At an interior optimum dW/dtheta = W_theta - W_y F_y^(-1) F_theta = 0: everybody moves, prices
    clear and the equilibrium F = 0 responds as a whole (implicit function theorem). Along one
    instrument the economy is followed from where it stands to both bounds, as a slow reform would
    lead it, and the root of the gradient is bracketed between two values of one branch. Several
    instruments, or some under constraints, are climbed by their gradient, from several starts.

    Parameters
    ----------
    model : Model
        The economy. Where its own value of the instrument is outside the bounds, the nearer one
        is where the economy is followed from; where it is a table of several, the lower one.
    over : mapping of str to pair of float
        Instruments and their bounds: any parameter that is a number, e.g. "commission", also one
        of a table, "digital_cost.services", and of a mechanism, "matching.vacancy_cost".
    objective : str or callable, default "welfare"
        What is largest: a variable of the solved economy; one number of it by its labels,
        "population.0" or "firm_mass.services.0.online"; or a function of the Equilibrium that
        returns a number. What is to be small is given by a function, with its sign changed.
        "welfare.north" is that of a jurisdiction.
    subject_to : mapping of str to float or pair, optional
        What is given: a number of the economy, by its name as in `objective`, and how much of it
        there has to be, {"revenue": 0.06}; or its limits, of which None is none. "revenue" is
        what governments collect in real terms.
    start : DataArray, mapping or array, optional
        Where the first long run starts; ``model.default_start()`` by default.
    points : int, default 25
        Values of the coarse grid, both bounds included; of several instruments policies all
        over the box, which are compared with the best.
    starts : int, default 3
        Climbs, with several instruments: from where the economy stands, and from the best of
        those policies.
    dynamics : Replicator or Logit, optional
        How people move.
    options : SolverOptions, optional
        Tolerances and limits.
    progress : bool or callable, optional
        Show a bar; by default where somebody watches, and only for work that lasts. Or
        ``callback(done, total, words)``, which hears of every step (``nege.progress``).

    Returns
    -------
    Optimum or JointOptimum
        The best value found, with its equilibrium, its certificate and the grid. The second for
        several instruments, or under constraints: the best policy, with multipliers.

    Raises
    ------
    InputError
        For an unknown instrument, bounds that are none, an objective or a constraint that is no
        number of the economy.
    ConvergenceError
        Where the economy could not be solved anywhere on the grid.

    Notes
    -----
    Not for other maxima than those found: each result says what it was compared with.

    The gradient of a variable is its slope along the response, to about 1e-11: of explicit
    functions, no economy is solved for it. That of a callable is by differences of equilibria,
    since nothing else is known of it. A jump of less than 2 per cent of a share counts as none.

    Examples
    --------
    >>> import nege
    >>> small = nege.OnlineAgglomeration(nege.geography.equidistant(2), digital_cost=1.1)
    >>> found = nege.policy.optimise(
    ...     small, {"commission": (0, 0.3)}, "commission_revenue", points=7)
    >>> found.kind, found.certificate.stable, found.certificate.second_derivative < 0
    ('interior', True, True)
    """
    check_model(model)
    moves, settings = check_dynamics(dynamics), check_options(options)
    instruments = checked_instruments(model, over)
    points = validation.whole("points", points, at_least=3)
    starts = validation.whole("starts", starts, at_least=1)
    need = 16 * points * len(model.variables) * len(model.regions)
    memory.check("points", points, need, "for the grid in memory", "Take fewer points.")
    wanted = target(model, objective)
    limits = checked_constraints(model, subject_to)
    share = model.default_start() if start is None else model.check_start(start)
    if len(instruments) > 1 or limits:
        with watched(progress, points, "economies") as steps:
            return joint_policy.search(
                model, instruments, wanted, limits, share, points, starts, moves, settings, steps
            )
    ((parameter, bounds),) = instruments.items()
    response = equilibrium_response(model, parameter, bounds, moves, settings)
    search = _Search(response, wanted, settings)
    with watched(progress, points, "economies") as steps:
        return search.run(share, points, steps)


class _Visited(NamedTuple):
    """An equilibrium on the way, with its response and that of the objective."""

    value: float
    model: Model
    run: LongRun
    shares: np.ndarray
    slope: np.ndarray  # of shares
    objective: float
    gradient: float

    @property
    def known(self) -> bool:
        """Whether there is an equilibrium, and how the objective responds."""
        return math.isfinite(self.objective) and math.isfinite(self.gradient)


class _Search:
    """Equilibria along the instrument, and the maxima among them."""

    def __init__(
        self, response: EquilibriumResponse, objective: Target, options: SolverOptions
    ) -> None:
        self.response, self.objective, self.options = response, objective, options
        self.low, self.high = response.interval
        self.visited: list[_Visited] = []
        self.jumps: list[tuple[float, float]] = []
        self.lost: dict[float, Equilibrium] = {}
        self.begin = self.low

    def run(self, share: np.ndarray, points: int, steps: Steps) -> Optimum:
        """Follow the equilibrium over the whole interval and return the best value."""
        model, (name,) = self.response.model, together(self.response.parameter)
        now = present(model, name)
        begin = self.low if now is None else min(max(now, self.low), self.high)
        grid = np.linspace(self.low, self.high, points)
        apart = FINEST * (self.high - self.low)  # a value of the grid may be where it begins
        for end in (self.low, self.high):
            begin = end if abs(begin - end) <= apart else begin
        self.begin = begin
        ahead, behind = grid[grid > begin + apart], grid[grid < begin - apart][::-1]
        steps.expect(ahead.size + behind.size + 1)
        first = self._solved(begin, share, model.start_state())
        steps()
        for values in (ahead, behind):
            at, movers, state = first, share, model.start_state()
            for value in values:
                if at is None:  # nothing was found yet
                    at = self._solved(float(value), movers, state)
                else:
                    at = self._follow(at, float(value))
                steps()
        if not self.visited:
            partial = next(iter(self.lost.values()))
            message = f"No equilibrium was found at any of {points} values of {name}. "
            raise ConvergenceError(message + partial.remedy, partial)
        self.visited.sort(key=lambda each: each.value)
        steps.expect(1, "roots of the gradient")
        roots = self._roots()
        steps()
        return self._best(roots)

    # --- equilibria -------------------------------------------------------------------

    def _solved(self, value: float, share: np.ndarray, state: np.ndarray) -> _Visited | None:
        """Solve at a value, and keep what is found."""
        found = self._visit(value, share, state)
        if found is not None:
            self.visited.append(found)
        return found

    def _visit(self, value: float, share: np.ndarray, state: np.ndarray) -> _Visited | None:
        response, model = self.response, self.response.at(value)
        run = find_long_run(model, share, state, response.dynamics, self.options)
        if run.status not in ANY:
            self.lost[value] = self._equilibrium(model, run)
            return None
        answer = response.respond(value, model, run)
        objective = self.objective.of(self._equilibrium(model, run))
        gradient = self._gradient(value, run, answer)
        return _Visited(value, model, run, response.shares(run), answer.shares, objective, gradient)

    def _equilibrium(self, model: Model, run: LongRun) -> Equilibrium:
        return long_run_result(model, run, self.response.dynamics, self.options)

    def _gradient(self, value: float, run: LongRun, answer: Response) -> float:
        """Return the derivative of the objective along the response of the equilibrium."""
        if not np.isfinite(answer.unknowns).all():
            return math.nan
        for side in (0, 1, -1):  # on one side of it where nobody can be there on the other
            nodes = self.response.nodes(value, side=side)
            found = np.array([self._objective_at(float(v), value, run, answer) for v in nodes])
            if np.isfinite(found).all():
                return float(slope(nodes, found, value))
        return math.nan

    def _objective_at(self, node: float, value: float, run: LongRun, answer: Response) -> float:
        """Return the objective where the response leads; a function's where it settles there.

        NaN where others are present than at the value itself, so that it bends in between.
        """
        moved = self.response.moved(run, answer, value, node)
        if moved is None:
            return math.nan
        if self.objective.function is None:
            return self.objective.among(moved.model, self.response.values(moved))
        model, share, state = moved
        found = find_long_run(model, share, state, self.response.dynamics, self.options)
        alike = np.array_equal(found.share > 0.0, run.share > 0.0)
        if found.status not in ANY or not alike:
            return math.nan
        return self.objective.of(self._equilibrium(model, found))

    def _from(self, at: _Visited, value: float) -> _Visited | None:
        return self._visit(value, at.run.share, at.run.state)

    def _follow(self, at: _Visited, end: float) -> _Visited:
        """Follow the equilibrium to a value, by halves where it does not go as foreseen."""
        targets: list[float] = [end]
        beyond: _Visited | None = None
        while targets:
            there = self._from(at, targets[-1])
            if there is None:
                if beyond is None:
                    return at  # to go on from at the next value
                targets.pop()  # too near a jump to be solved
                self.lost.popitem()
                there = beyond
            elif not self._smooth(at, there):
                step = there.value - at.value
                if abs(step) > FINEST * (self.high - self.low):
                    targets.append(at.value + 0.5 * step)
                    beyond = there
                    continue
            if not self._smooth(at, there):
                low, high = sorted((at.value, there.value))
                self.jumps.append((low, high))
            targets.pop()
            self.visited.append(there)
            at, beyond = there, None
        return at

    def _smooth(self, at: _Visited, there: _Visited) -> bool:
        """Whether shares changed as their slopes at both ends say."""
        slopes = np.nan_to_num(at.slope) + np.nan_to_num(there.slope)
        foreseen = at.shares + 0.5 * (there.value - at.value) * slopes
        return bool(np.max(np.abs(there.shares - foreseen)) <= NEAR)

    # --- maxima -----------------------------------------------------------------------

    def _broken(self, low: float, high: float) -> bool:
        """Whether the equilibrium jumped, or was lost, between two values."""
        jumped = any(a < high and b > low for a, b in self.jumps)
        return jumped or any(low < value < high for value in self.lost)

    def _roots(self) -> list[tuple[_Visited, str]]:
        """Return where the gradient falls through zero between neighbours on one branch."""
        found = []
        for a, b in zip(self.visited[:-1], self.visited[1:], strict=True):
            if not (a.known and b.known) or self._broken(a.value, b.value):
                continue
            if a.gradient > self._least() and b.gradient < -self._least():
                root, narrow = self._root(a, b), True
                if root is None:
                    root, narrow = self._narrowed(a, b)
                steepest = max(abs(a.gradient), abs(b.gradient))
                smooth = abs(root.gradient) <= ROOT * steepest
                found.append((root, "interior" if smooth else "kink" if narrow else "grid"))
        return found

    def _root(self, a: _Visited, b: _Visited) -> _Visited | None:
        from scipy.optimize import brentq

        known = {a.value: a, b.value: b}

        def gradient(value: float) -> float:
            if value not in known:
                nearest = min(known.values(), key=lambda each: abs(each.value - value))
                found = self._from(nearest, value)
                if found is None or not found.known:
                    raise _Lost
                known[value] = found
            return known[value].gradient

        try:
            value = float(brentq(gradient, a.value, b.value, xtol=1e-300, rtol=8.9e-16))
        except _Lost:
            return None
        gradient(value)
        return known[value]

    def _narrowed(self, a: _Visited, b: _Visited) -> tuple[_Visited, bool]:
        """Return the better end of a bracket, halved past values that cannot be solved.

        And whether it could be made narrow.
        """
        finest = FINEST * (self.high - self.low)
        while b.value - a.value > finest:
            for part in (0.5, 0.25, 0.75):
                found = self._from(a if part < 0.5 else b, a.value + part * (b.value - a.value))
                if found is not None and found.known:
                    break
            else:
                break
            a, b = (found, b) if found.gradient > 0.0 else (a, found)
        return max(a, b, key=lambda each: each.objective), b.value - a.value <= finest

    def _best(self, roots: list[tuple[_Visited, str]]) -> Optimum:
        every = [*roots, *((each, "") for each in self.visited)]
        largest = max(each.objective for each, _ in every)
        equal = [each for each in every if each[0].objective >= largest - self._unchanged()]
        # A root is sharper than the values around it; else nothing is gained by going further.
        at, kind = min(equal, key=lambda each: (not each[1], abs(each[0].value - self.begin)))
        kind = kind or self._kind(at)
        others = [each.objective for each in self.visited if each is not at]
        response = self.response
        equilibrium = self._equilibrium(at.model, at.run)
        certificate = Certificate(
            gradient=at.gradient,
            second_derivative=self._second(at, kind),
            leading_eigenvalue=equilibrium.leading_eigenvalue,
            residual=equilibrium.residual,
            evaluated=len(others),
            best_elsewhere=max(others, default=math.nan),
            maxima=tuple(root.value for root, _ in roots if root is not at),
            jumps=tuple(sorted(self.jumps)),
            lost=tuple(sorted(self.lost)),
        )
        return Optimum(
            model=response.model,
            instrument=together(response.parameter)[0],
            bounds=response.interval,
            objective=self.objective.name,
            value=at.value,
            best=at.objective,
            kind=kind,
            equilibrium=equilibrium,
            before=self._before(),
            certificate=certificate,
            grid=self._grid(at),
        )

    def _before(self) -> Equilibrium | None:
        """Return the economy where it stands, or the nearest within bounds."""
        there = next((each for each in self.visited if each.value == self.begin), None)
        return None if there is None else self._equilibrium(there.model, there.run)

    def _kind(self, at: _Visited) -> str:
        """Say what a value is at which the gradient need not be zero."""
        place = next(i for i, each in enumerate(self.visited) if each is at)
        around = self.visited[max(place - 1, 0) : place + 2]
        if all(abs(each.objective - at.objective) <= self._unchanged() for each in around):
            return "flat"
        if any(at.value in ends for ends in self.jumps):
            return "jump"
        if at.value == self.low and at.gradient <= self._least():
            return "lower bound"
        if at.value == self.high and at.gradient >= -self._least():
            return "upper bound"
        beside = [each.value for each in around]
        lost = [v for v in self.lost if beside[0] < v < beside[-1] or not self._within(v)]
        if lost:
            return "edge"
        if abs(at.gradient) <= self._least() and self.low < at.value < self.high:
            return "interior"
        return "grid"

    def _unchanged(self) -> float:
        """Return what counts as no change of the objective: its rounding."""
        size = max(abs(each.objective) for each in self.visited)
        return (FLAT if self.objective.function is None else FLAT_FUNCTION) * size

    def _least(self) -> float:
        """Return the least gradient that differs from zero."""
        return self._unchanged() / (self.high - self.low)

    def _within(self, value: float) -> bool:
        return self.visited[0].value < value < self.visited[-1].value

    def _second(self, at: _Visited, kind: str) -> float:
        """Return the slope of the gradient, NaN where it has none."""
        if kind in ("kink", "jump"):
            return math.nan
        nodes = self.response.nodes(at.value, 2, CURVED)
        gradients = []
        for node in nodes:
            there = at if node == at.value else self._from(at, float(node))
            if there is None or not there.known or not self._smooth(at, there):
                return math.nan
            gradients.append(there.gradient)
        return float(slope(nodes, np.array(gradients), at.value))

    def _grid(self, best: _Visited) -> xr.Dataset:
        """Return everything that was visited, the best value, and what was lost."""
        name = self.response.parameter
        visited = [each for each in self.visited if each.value != best.value]
        rows: list[tuple[float, Equilibrium, float, float]] = [
            (each.value, self._equilibrium(each.model, each.run), each.objective, each.gradient)
            for each in (*visited, best)
        ]
        rows += [(value, found, math.nan, math.nan) for value, found in self.lost.items()]
        rows.sort(key=lambda row: row[0])
        solved = [found.status in ANY for _, found, _, _ in rows]
        data = [
            found.data if fine else found.data.where(False)
            for (_, found, _, _), fine in zip(rows, solved, strict=True)
        ]
        about = {
            "objective": [row[2] for row in rows],
            "gradient": [row[3] for row in rows],
            "status": [int(row[1].status) for row in rows],
            "residual": [row[1].residual for row in rows],
        }
        told = terms.about(self.response.model, together(name)[0])
        over = xr.Variable(name, [row[0] for row in rows], told)
        grid = xr.concat(
            data, over, join="exact", coords="minimal", compat="override", data_vars="all"
        )
        grid = grid.assign({key: (name, values) for key, values in about.items()})
        grid["objective"].attrs["long_name"] = self.objective.name
        return grid


class _Lost(Exception):  # noqa: N818  not an error: the bracket is given up
    """An equilibrium, or its response, was not found on the way to a root."""
