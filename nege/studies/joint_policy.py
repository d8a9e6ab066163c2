"""Optimal policy with several instruments, or under constraints such as given revenue.

    max W(theta)   over bounds, subject to  g_c(theta) = r_c, or between limits

The whole economy responds; gradients are those of ``policy_points``, and at the optimum once more
by one transposed solve. There (Karush, Kuhn and Tucker), but for bounds that hold,

    dW/dtheta = sum_c m_c dg_c/dtheta,      m_c = dW*/dr_c

The search: a spread of policies over the box, each brought onto the constraints; SciPy's SLSQP
from where the economy stands and from the best of the spread; Newton's method on the equations
above from the best of its ends. SLSQP stays within bounds, outside of which a model may refuse
to be, where the interior-point method trust-constr steps outside. Its "success" is not taken for
an optimum: the certificate is computed here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import ConvergenceError, InputError, counted
from nege.immutable import Immutable, held
from nege.models.base import Model
from nege.plots import objectives
from nege.progress import Steps
from nege.results.equilibrium import Equilibrium
from nege.results.stability import verdict
from nege.results.tables import Tabular
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.studies import real_terms
from nege.studies.policy_objectives import REVENUE, Target, target
from nege.studies.policy_points import Bounds, Point, PolicyPoints
from nege.studies.response import slope
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["JointCertificate", "JointOptimum"]

FLAT = 1e-10  # of the objective: what counts as no change of it
FLAT_FUNCTION = 1e-7  # of one that is a function of equilibria, each of which is rounded
AT_BOUND = 1e-7  # of the interval: nearer than that is at a bound
SNAP = 1e-9  # of it: nearer than that is put there
MET = 1e-8  # of a constraint's size: what counts as met at the end
NEARLY = 1e-6  # of it: what counts as met among the policies that are compared
ENOUGH = 1e-8  # of its range: where a climb leaves the rest to Newton's method
STATIONARY = 1e-6  # of the gradient: what counts as zero
CURVED = 2.0  # wider nodes for second derivatives
CLIMB = 20  # economies of a climb, as far as is known before
SEARCH, ONTO, SHARPEN = 60, 4, 8  # most steps: of a climb, onto constraints, of Newton's method
KINDS = {
    "interior": "inside of all bounds",
    "corner": "at bounds that it would pass if it could",
    "constrained": "where the constraints hold it",
    "flat": "one of many: the objective does not respond to the instruments",
    "edge": "next to policies that the economy does not follow to: a jump, or no equilibrium",
    "search": "where the search ended, which is no optimum",
}


class JointCertificate(NamedTuple):
    """What is known about an optimum of several instruments."""

    gradient: float  # what bounds and constraints leave of it, per width of an interval
    error: float  # of that gradient: what it differs by from one by a transposed solve
    curvature: float  # largest eigenvalue of the Lagrangian's Hessian in directions left, likewise
    multipliers: Mapping[str, float]  # what one more of each constraint's amount adds to W
    violation: float  # of the constraints, the largest
    leading_eigenvalue: float  # of the equilibrium there: negative means stable
    residual: float  # of the equilibrium there
    evaluated: int  # other policies that meet the constraints, all over the box
    better: int  # of them: how many are better by more than rounding
    best_elsewhere: float  # the largest objective among them
    climbs: tuple[float, ...]  # where each start ended, the objective
    jumps: tuple[tuple[dict[str, float], dict[str, float]], ...]  # where the equilibrium jumped
    lost: tuple[dict[str, float], ...]  # policies at which none was found

    @property
    def stable(self) -> bool:
        """Whether every small deviation from the equilibrium dies out."""
        return self.leading_eigenvalue < 0.0


@held("visited")
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class JointOptimum(Immutable, Tabular):
    """The best policy of several instruments that was found, with its evidence.

    Made by :func:`optimise`.

    Attributes
    ----------
    model : Model
        The economy that was given.
    bounds : mapping of str to (float, float)
        Instruments and their bounds.
    objective : str
        What was maximised: a variable, or the name of a function.
    subject_to : mapping of str to (float, float)
        Between which limits the constraints hold; equal ones for what is given.
    policy : mapping of str to float
        The best policy.
    best : float
        The objective there.
    kind : str
        "interior", "corner", "constrained", "flat", "edge" or "search"; what the last two
        are is no optimum.
    equilibrium, before : Equilibrium
        The economy there, and where it stands, or the nearest within bounds.
    cost_of_funds : float
        Under a given revenue, -(dW*/dr) Y_real/W: what private income loses by one more unit of
        it, in the same unit, where the welfare of all is the objective; NaN otherwise. The
        marginal cost of public funds where nobody values what it is spent on; where it is paid
        back to people, the marginal excess burden.
    certificate : JointCertificate
        ``gradient, curvature, multipliers, violation, leading_eigenvalue, residual, stable``;
        other policies, other climbs, jumps and lost policies.
    visited : Dataset
        Every policy that was solved, over "policy": instruments, ``objective``, constraints,
        ``status, residual`` and every variable.

    Notes
    -----
    Not a proof of a global optimum: other maxima, and other equilibria than those that were
    followed, are not excluded.

    Examples
    --------
    >>> import nege
    >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
    >>> found = nege.policy.optimise(economy, {"trade_cost": (1.2, 2), "mu": (0.6, 0.8)}, points=5)
    >>> found.kind, found.policy["trade_cost"], found.certified
    ('corner', 1.2, True)
    """

    model: Model
    bounds: Bounds
    objective: str
    subject_to: Bounds
    policy: Mapping[str, float]
    best: float
    kind: str
    equilibrium: Equilibrium
    before: Equilibrium | None
    cost_of_funds: float
    certificate: JointCertificate
    visited: xr.Dataset

    @property
    def certified(self) -> bool:
        """Whether it is a local optimum to second order, of a stable economy, and none beats it.

        A vertex, where bounds and constraints leave no direction, needs no second order.
        """
        about = self.certificate
        flat = math.isnan(about.curvature) or about.curvature < 0.0
        best = self.kind in ("interior", "corner", "constrained") and about.better == 0
        return best and flat and about.stable

    @property
    def _printed(self) -> tuple[str, ...]:  # type: ignore[override]
        return (*self.policy, "objective", "allowed", "status")

    @hinted
    def to_dataset(self) -> xr.Dataset:
        """Return what was visited, with the optimum and its certificate as attributes.

        Examples
        --------
        >>> import nege
        >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
        >>> found = nege.policy.optimise(
        ...     economy, {"trade_cost": (1.2, 2), "mu": (0.6, 0.8)}, points=5)
        >>> round(found.to_dataset().attrs["best trade_cost"], 6)
        1.2
        """
        about = self.certificate
        return self.visited.assign_attrs(
            {
                "kind": self.kind,
                "best": self.best,
                **{f"best {name}": value for name, value in self.policy.items()},
                **{f"multiplier {name}": value for name, value in about.multipliers.items()},
                "gradient": about.gradient,
                "curvature": about.curvature,
                "leading_eigenvalue": about.leading_eigenvalue,
            }
        )

    @hinted
    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the policies that were compared over two instruments, by the objective.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            Of the first two instruments; of one, with the objective upwards. Policies that
            miss the constraints are hollow.

        Examples
        --------
        >>> import nege
        >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
        >>> found = nege.policy.optimise(
        ...     economy, {"trade_cost": (1.2, 2), "mu": (0.6, 0.8)}, points=5)
        >>> found.plot().get_xlabel()
        'trade cost (iceberg factor)'
        """
        return objectives.compared(
            self.visited, list(self.bounds), dict(self.policy), self.best, ax=ax
        )

    @hinted
    def plot_gains(self, *, ax: Axes | None = None) -> Axes:
        """Draw who gains from the best policy, place by place, against where the economy stands.

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
            Where the economy has no solution where it stands.
        """
        return draw_gains(self.before, self.equilibrium, ax)

    def __repr__(self) -> str:
        about = self.certificate
        policy = ", ".join(f"{name} = {value:.10g}" for name, value in self.policy.items())
        box = ", ".join(f"[{low:g}, {high:g}]" for low, high in self.bounds.values())
        lines = [
            f"Best found on {box}: {policy}, where {self.objective} is {self.best:.10g}.",
            f"It is {KINDS[self.kind]}. What bounds and constraints leave of the gradient is "
            f"{about.gradient:.2g} per width of the interval (known to {about.error:.1g}); "
            + (
                "they leave no direction to move in."
                if math.isnan(about.curvature)
                else f"curvature in the directions left at most {about.curvature:.3g}."
                if about.curvature
                else "in one of the directions left the objective is flat."
            ),
        ]
        for name, (low, high) in self.subject_to.items():
            limit = _limit(low, high)
            lines.append(
                f"Subject to {name} {limit}: one more of it adds {about.multipliers[name]:.6g}."
            )
        if math.isfinite(self.cost_of_funds):
            what = real_terms.kind_of_cost(self.equilibrium.model)
            cost = f"{self.cost_of_funds:.6g}: the {what}."
            lines.append(f"One more unit of {REVENUE} costs people {cost}")
        lines.append(verdict(about.leading_eigenvalue))
        climbs = ", ".join(f"{value:.8g}" for value in about.climbs)
        others = "policies all over the box"
        lines.append(
            compared(others, about.evaluated, about.better, about.best_elsewhere)
            + f" {counted(len(about.climbs), 'climb')} ended at {climbs}."
        )
        if not self.certified:
            lines.append("NOT CERTIFIED as an optimum.")
        lines += [f"The equilibrium jumps between {_say(a)} and {_say(b)}." for a, b in about.jumps]
        if about.lost:
            lines.append(f"No equilibrium was found at {'; '.join(map(_say, about.lost))}.")
        lines.append(
            "Not established: maxima between the policies that were compared, and other "
            "equilibria than those that the economy reaches from where it stands."
        )
        return "\n".join(lines)


def _limit(low: float, high: float) -> str:
    """Say between which limits a constraint keeps, or on which side of one."""
    if low == high:
        return f"{low:g}"
    if not math.isfinite(low):
        return f"at most {high:g}"
    if not math.isfinite(high):
        return f"at least {low:g}"
    return f"between {low:g} and {high:g}"


def compared(others: str, count: int, better: int, best: float) -> str:
    """Say what an optimum was compared with, and whether some of it is better."""
    if count == 0:
        return f"It was compared with no other {others}."
    some = (
        f"None of {count} other {others} is"
        if better == 0
        else f"{better} of {count} other {others} {'is' if better == 1 else 'are'}"
    )
    return f"{some} better; the best has {best:.10g}."


def draw_gains(before: Equilibrium | None, after: Equilibrium, ax: Axes | None) -> Axes:
    """Draw the change of real income by place."""
    name = next((one for one in ("real_income", "real_wage") if one in after.data), None)
    if before is None or name is None:
        what = "an economy solved where it stands, with real incomes by place"
        raise InputError("before", None, what, "Nothing to compare with.")
    return objectives.gains(after.data[name], before.data[name], ax=ax)


def _say(policy: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {value:.9g}" for name, value in policy.items())


class Constraint(NamedTuple):
    """A number of the economy, and between which limits it has to be."""

    name: str
    target: Target
    low: float
    high: float

    @property
    def equal(self) -> bool:
        """Whether one value is given."""
        return self.low == self.high


def checked_constraints(model: Model, given: Any) -> list[Constraint]:
    """Return constraints: a number is given, a pair are limits, None is no limit."""
    if given is None:
        return []
    if not isinstance(given, Mapping):
        cure = 'For example {"revenue": 0.06}, or {"revenue": (0.06, None)} for at least that.'
        raise InputError("subject_to", given, "a mapping of names to amounts", cure)
    found = []
    for name, amount in given.items():
        wanted = target(model, name, "subject_to")
        if wanted.read is None:
            raise InputError("subject_to", name, "the name of a number of the economy")
        label = f"subject_to[{name!r}]"
        if isinstance(amount, (tuple, list)):
            if len(amount) != 2:
                raise InputError(label, amount, "a number, or a lower and an upper limit")
            low, high = (
                end if one is None else validation.number(label, one)
                for one, end in zip(amount, (-math.inf, math.inf), strict=True)
            )
            if not low < high:
                raise InputError(label, amount, "a lower limit below the upper one")
        else:
            low = high = validation.number(label, amount)
        found.append(Constraint(wanted.name, wanted, low, high))
    return found


def search(
    model: Model,
    bounds: Bounds,
    objective: Target,
    constraints: list[Constraint],
    share: np.ndarray,
    points: int,
    starts: int,
    dynamics: Replicator | Logit,
    options: SolverOptions,
    steps: Steps,
) -> JointOptimum:
    """Find the best policy, and what is known of it."""
    targets = [objective, *(one.target for one in constraints)]
    steps.expect(points + starts * CLIMB)
    around = PolicyPoints(model, bounds, targets, share, dynamics, options, steps)
    return _Search(around, objective, constraints).run(points, starts)


class _Lost(Exception):  # noqa: N818  not an error: the climb ends
    """An equilibrium, or how it responds, was not found on the way up."""


class _Search:
    """A climb over policies in parts of their intervals, u in [0, 1]."""

    def __init__(self, around: PolicyPoints, objective: Target, constraints: list[Constraint]):
        self.around, self.objective, self.constraints = around, objective, constraints
        self.size = len(around.names)
        self.limits = np.array([[one.low, one.high] for one in constraints]).reshape(-1, 2)

    # --- evaluation

    def policy(self, u: np.ndarray) -> np.ndarray:
        """Return the policy that stands at parts of the intervals."""
        u = np.where(u <= SNAP, 0.0, np.where(u >= 1.0 - SNAP, 1.0, u))
        return np.asarray(
            np.where(u == 1.0, self.around.high, self.around.low + u * self.around.width)
        )

    def place(self, point: Point) -> np.ndarray:
        """Return where a policy stands, in parts of the intervals."""
        return np.asarray((point.policy - self.around.low) / self.around.width)

    def slopes(self, point: Point) -> np.ndarray:
        """Return the derivatives of objective and constraints by parts of the intervals."""
        return np.asarray(point.gradients() * self.around.width)

    def amounts(self) -> np.ndarray:
        """Return the size of each constraint's amount."""
        finite = np.where(np.isfinite(self.limits), np.abs(self.limits), 0.0)
        seen = [np.abs(one.values[1:]) for one in self.around.visited]
        largest = np.maximum(finite.max(1, initial=0.0), np.max(seen, 0, initial=0.0))
        return np.asarray(largest + 1e-300)

    def missed(self, point: Point) -> np.ndarray:
        """Return by how much each constraint is missed, with its sign."""
        found = point.values[1:]
        return np.asarray(found - np.clip(found, self.limits[:, 0], self.limits[:, 1]))

    def violation(self, point: Point) -> float:
        """Return the largest violation, relative to its amount."""
        return float(np.max(np.abs(self.missed(point)) / self.amounts(), initial=0.0))

    def unchanged(self) -> float:
        """Return what counts as no change of the objective."""
        size = max(abs(one.values[0]) for one in self.around.visited)
        return float((FLAT if self.objective.read is not None else FLAT_FUNCTION) * size)

    # --- the search

    def run(self, points: int, starts: int) -> JointOptimum:
        """Spread, climb, sharpen, and look back."""
        around = self.around
        now = around.present()
        spread = _spread(points - 1, self.size)
        spread = spread[np.argsort(np.max(np.abs(spread - self._parts(now)), axis=1))]
        begin = around.reach(now)
        ready = [] if begin is None else [self.onto(begin)]
        for u in spread:
            point = around.reach(self.policy(u))
            if point is not None:
                ready.append(self.onto(point))
        around.refuse_nothing("policies")
        ready.sort(key=self._worth, reverse=True)
        first = ready[:starts] if begin is None else [begin, *ready[: starts - 1]]
        ends = [self.climb(point) for point in first]
        best = max([*ends, *self._allowed(around.visited)], key=self._worth)
        self._refuse_what_cannot_be_met(best)
        return self.result(self.sharpened(best), ends, begin)

    def _refuse_what_cannot_be_met(self, best: Point) -> None:
        """Raise where the constraints are met nowhere; the nearest policy is the partial result."""
        if self.violation(best) <= NEARLY:
            return
        i = int(np.argmax(np.abs(self.missed(best)) / self.amounts()))
        one, there = self.constraints[i], _say(self._named(best.policy))
        found = [float(point.values[1 + i]) for point in self.around.visited]
        message = (
            f"subject_to {one.name!r} was met at none of {len(found)} policies: it is between "
            f"{min(found):.8g} and {max(found):.8g}, and {best.values[1 + i]:.8g} at the nearest, "
            f"{there}. Ask for what can be reached, or give wider bounds or more instruments."
        )
        raise ConvergenceError(message, best.equilibrium)

    def _parts(self, policy: np.ndarray) -> np.ndarray:
        return np.asarray((policy - self.around.low) / self.around.width)

    def _worth(self, point: Point) -> tuple[bool, float]:
        """Order policies: those that meet the constraints first, then by the objective."""
        missed = self.violation(point)
        return (True, float(point.values[0])) if missed <= NEARLY else (False, -missed)

    def _allowed(self, points: list[Point]) -> list[Point]:
        return [one for one in points if self.violation(one) <= NEARLY]

    def onto(self, point: Point) -> Point:
        """Return a policy that meets the constraints, nearby; the best found where none does."""
        best = point
        for _ in range(ONTO):
            missed, u = self.missed(point), self.place(point)
            if self.violation(point) <= NEARLY:
                break
            short = missed != 0.0
            slopes = self.slopes(point)[1:][short]
            if not np.isfinite(slopes).all():
                break
            free = np.ones(self.size, dtype=bool)
            for _ in range(self.size):  # what a bound stops, others have to do
                step = np.zeros(self.size)
                step[free] = -np.linalg.lstsq(slopes[:, free], missed[short], rcond=None)[0]
                stopped = free & ((u + step < 0.0) & (u <= 0.0) | (u + step > 1.0) & (u >= 1.0))
                if not stopped.any():
                    break
                free &= ~stopped
            there = self.around.reach(self.policy(u + step))
            if there is None:
                break
            point = there
            best = min(best, point, key=self.violation)
        return best

    def climb(self, start: Point) -> Point:
        """Climb by sequential quadratic programming; return the best that it came across."""
        from scipy.optimize import minimize

        came: list[Point] = [start]
        most = len(self.around.visited) + SEARCH
        spread = np.ptp([one.values[0] for one in self.around.visited])
        size, amounts = max(float(spread), self.unchanged(), 1e-300), self.amounts()

        def at(u: np.ndarray) -> np.ndarray:
            point = self.around.reach(self.policy(u))
            if point is None or len(self.around.visited) > most:
                raise _Lost
            came.append(point)
            return point.values

        def by(u: np.ndarray) -> np.ndarray:
            point = self.around.reach(self.policy(u))
            slopes = np.full(1, np.nan) if point is None else self.slopes(point)
            if not np.isfinite(slopes).all():
                raise _Lost
            return slopes

        def rule(i: int, limit: float, sign: float) -> dict[str, Any]:
            factor = sign / amounts[i]
            return {
                "type": "eq" if self.constraints[i].equal else "ineq",
                "fun": lambda u: factor * (at(u)[1 + i] - limit),
                "jac": lambda u: factor * by(u)[1 + i],
            }

        rules = [
            rule(i, limit, sign)
            for i, one in enumerate(self.constraints)
            for limit, sign in ((one.low, 1.0), (one.high, -1.0))
            if math.isfinite(limit) and not (one.equal and sign < 0.0)
        ]
        with contextlib.suppress(_Lost):
            minimize(
                lambda u: -at(u)[0] / size,
                self.place(start),
                jac=lambda u: -by(u)[0] / size,
                bounds=[(0.0, 1.0)] * self.size,
                constraints=rules,
                method="SLSQP",
                options={"ftol": ENOUGH, "maxiter": SEARCH},
            )
        return max(came, key=self._worth)

    # --- the conditions of an optimum

    def holding(self, point: Point) -> _Held:
        """Return which bounds and constraints hold a policy, and what they leave of the slope."""
        slopes, u = self.slopes(point), self.place(point)
        found = point.values[1:]
        near = NEARLY * self.amounts()
        binds = (np.abs(found - self.limits[:, 0]) <= near) | (
            np.abs(found - self.limits[:, 1]) <= near
        )
        low, high = u <= AT_BOUND, u >= 1.0 - AT_BOUND
        free = ~(low | high)
        for _ in range(self.size + len(self.constraints) + 1):
            prices = np.zeros(len(self.constraints))
            by = slopes[1:][binds]
            if binds.any():
                prices[binds] = np.linalg.lstsq(by[:, free].T, slopes[0, free], rcond=None)[0]
            left = slopes[0] - prices @ slopes[1:]
            wrong = binds & self._wrong(prices, found, near)
            out = ~free & (((left > 0.0) & low) | ((left < 0.0) & high))
            out &= np.abs(left) > STATIONARY * np.abs(slopes[0]).max()
            if wrong.any():
                binds &= ~wrong
            elif out.any():
                free[np.argmax(np.where(out, np.abs(left), -1.0))] = True
            else:
                break
        left = np.where(free, left, 0.0)
        return _Held(slopes, binds, free, prices, left)

    def _wrong(self, prices: np.ndarray, found: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Whether limits that hold would rather be left: they are worth the wrong sign."""
        low = np.abs(found - self.limits[:, 0]) <= near
        either = self.limits[:, 0] == self.limits[:, 1]
        return np.asarray(~either & np.where(low, prices > 0.0, prices < 0.0))

    def sharpened(self, point: Point) -> Point:
        """Take Newton steps on the conditions of an optimum, while they come nearer."""
        hessian: np.ndarray | None = None
        held = self.holding(point)
        for _ in range(SHARPEN):
            if not held.free.any() or not np.isfinite(held.slopes).all():
                return point
            gap = np.abs(held.left).max() + self._unmet(point, held)
            if hessian is None:
                hessian = self.hessian(point, held)
                if not np.isfinite(hessian).all():
                    return point
            by = held.slopes[1:][held.binds][:, held.free]
            count = int(held.binds.sum())
            system = np.block([[hessian, -by.T], [by, np.zeros((count, count))]])
            short = self._short(point)[held.binds]
            right = np.concatenate([-held.left[held.free], -short])
            step = np.zeros(self.size)
            step[held.free] = np.linalg.lstsq(system, right, rcond=None)[0][: held.free.sum()]
            there = self.around.reach(self.policy(self.place(point) + step))
            if there is None or not np.isfinite(self.slopes(there)).all():
                return point
            again = self.holding(there)
            lower = there.values[0] < self._compared(point, held) - self.unchanged()
            if lower and self.violation(point) <= NEARLY:
                return point
            if not np.array_equal(again.free, held.free):
                hessian = None
            elif not np.abs(again.left).max() + self._unmet(there, again) < gap:
                return point
            point, held = there, again
        return point

    def _short(self, point: Point) -> np.ndarray:
        """Return how far constraints are from the limit that is nearer."""
        gaps = point.values[1:, None] - self.limits
        gaps = np.where(np.isfinite(gaps), gaps, np.inf)
        return np.take_along_axis(gaps, np.abs(gaps).argmin(1)[:, None], 1)[:, 0]

    def _unmet(self, point: Point, held: _Held) -> float:
        steep = np.abs(held.slopes[0]).max()
        short = np.abs(self._short(point)) / self.amounts()
        return float(steep * np.max(short[held.binds], initial=0.0))

    def hessian(self, point: Point, held: _Held) -> np.ndarray:
        """Return second derivatives of the Lagrangian among free instruments, by differences."""
        free = np.flatnonzero(held.free)
        found = np.empty((free.size, free.size))
        for row, j in enumerate(free):
            response = self.around.response(point.model, int(j))
            nodes = response.nodes(float(point.policy[j]), 1, CURVED)
            lines = []
            for node in nodes:
                policy = point.policy.copy()
                policy[j] = node
                there = self.around.reach(policy)
                if there is None:
                    return np.full(found.shape, np.nan)
                slopes = np.column_stack([there.gradient(int(i)) for i in free])
                slopes = slopes * self.around.width[free]
                lines.append(slopes[0] - held.prices @ slopes[1:])
            found[row] = slope(nodes, np.array(lines), float(point.policy[j]))
            found[row] *= self.around.width[j]
        return 0.5 * (found + found.T)

    def curvature(self, point: Point, held: _Held) -> float:
        """Return the largest second derivative in the directions that are left; NaN if none is."""
        by = held.slopes[1:][held.binds][:, held.free]
        if not held.free.any():
            return math.nan
        _, sizes, turn = np.linalg.svd(by) if len(by) else (0, np.zeros(0), np.eye(held.free.sum()))
        rank = int((sizes > 1e-10 * max(sizes.max(initial=0.0), 1e-300)).sum())
        left = turn[rank:].T
        if not left.size:
            return math.nan
        inside = left.T @ self.hessian(point, held) @ left
        if not np.isfinite(inside).all():
            return math.inf
        found = float(np.linalg.eigvalsh(inside).max())
        return 0.0 if abs(found) <= self.unchanged() else found

    # --- the result

    def result(self, best: Point, ends: list[Point], begin: Point | None) -> JointOptimum:
        """Return the best with its certificate."""
        around = self.around
        held = self.holding(best)
        known = bool(np.isfinite(held.slopes).all())
        gradient = float(np.abs(held.left).max(initial=0.0)) if known else math.nan
        kind = self._kind(best, held, gradient)
        curvature = self.curvature(best, held) if known else math.inf
        prices = dict(
            zip([one.name for one in self.constraints], held.prices.tolist(), strict=True)
        )
        others = [one for one in self._allowed(around.visited) if one is not best]
        values = [self._compared(one, held) for one in others]
        found = best.equilibrium
        better = sum(value > best.values[0] + self.unchanged() for value in values)
        kind = "search" if better else kind
        certificate = JointCertificate(
            gradient=gradient,
            error=self._error(best),
            curvature=curvature,
            multipliers=prices,
            violation=float(np.max(np.abs(self.missed(best)), initial=0.0)),
            leading_eigenvalue=found.leading_eigenvalue,
            residual=found.residual,
            evaluated=len(values),
            better=better,
            best_elsewhere=max(values, default=math.nan),
            climbs=tuple(float(end.values[0]) for end in ends),
            jumps=tuple((self._named(a), self._named(b)) for a, b in around.jumps),
            lost=tuple(self._named(policy) for policy, _ in around.lost.values()),
        )
        more = {"objective": [one.values[0] for one in around.visited]}
        more |= {
            f"subject_to {one.name}": [point.values[1 + i] for point in around.visited]
            for i, one in enumerate(self.constraints)
        }
        more["allowed"] = [float(self.violation(one) <= NEARLY) for one in around.visited]
        return JointOptimum(
            model=around.model,
            bounds=around.bounds,
            objective=self.objective.name,
            subject_to={one.name: (one.low, one.high) for one in self.constraints},
            policy=self._named(best.policy),
            best=float(best.values[0]),
            kind=kind,
            equilibrium=found,
            before=None if begin is None else begin.equilibrium,
            cost_of_funds=self._cost_of_funds(best, prices),
            certificate=certificate,
            visited=around.dataset(more),
        )

    def _error(self, best: Point) -> float:
        """Return how far gradients forwards and backwards are from each other, per interval."""
        explicit = self.around.explicit
        if not explicit.any():
            return math.nan
        apart = (best.gradients()[explicit] - best.backwards()) * self.around.width
        return float(np.abs(apart).max())

    def _compared(self, point: Point, held: _Held) -> float:
        """Return the objective less what a small violation of constraints is worth."""
        return float(point.values[0] - np.abs(held.prices) @ np.abs(self.missed(point)))

    def _named(self, policy: np.ndarray) -> dict[str, float]:
        return dict(zip(self.around.names, policy.tolist(), strict=True))

    def _cost_of_funds(self, best: Point, prices: Mapping[str, float]) -> float:
        if REVENUE not in prices or self.objective.name != "welfare":
            return math.nan  # private income is that of all
        values = best.model.long_run_values(
            best.run.share, best.run.state, None, self.around.dynamics
        )
        income = real_terms.private_income(values)
        return float(-prices[REVENUE] * income / best.values[0])

    def _kind(self, best: Point, held: _Held, gradient: float) -> str:
        """Say what holds the policy where it is."""
        every = [one.values[0] for one in self._allowed(self.around.visited)]
        if np.ptp(every or [0.0]) <= self.unchanged():
            return "flat"
        steep = np.abs(held.slopes[0]).max() if np.isfinite(held.slopes).all() else math.nan
        least = max(STATIONARY * steep, self.unchanged())
        met = np.abs(self._short(best)[held.binds]) <= MET * self.amounts()[held.binds]
        if gradient <= least and met.all() and self.violation(best) <= MET:
            if held.binds.any():
                return "constrained"
            return "interior" if held.free.all() else "corner"
        return "edge" if self.around.jumps or self.around.lost else "search"


class _Held(NamedTuple):
    """Which bounds and constraints hold a policy."""

    slopes: np.ndarray  # (1 + C, M) of objective and constraints, by parts of the intervals
    binds: np.ndarray  # (C,) constraints that hold
    free: np.ndarray  # (M,) instruments that no bound holds
    prices: np.ndarray  # (C,) multipliers
    left: np.ndarray  # (M,) of the objective's slope


def _spread(count: int, size: int) -> np.ndarray:
    """Return policies spread over the box: its corners where they are few, then inside of it.

    Inside evenly, by the additive recurrence of Roberts (2018), whose step is the root of
    x^(d+1) = x + 1.
    """
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * min(size, 8))).reshape(min(size, 8), -1).T
    corners = corners[: count // 2] if size <= 8 else corners[:0]
    ratio = 2.0
    for _ in range(60):
        ratio = (1.0 + ratio) ** (1.0 / (size + 1.0))
    inside = np.arange(1, count - len(corners) + 1)[:, None] * ratio ** -np.arange(1.0, size + 1.0)
    inside = (0.5 + inside) % 1.0
    return np.vstack([corners, inside]) if len(corners) else inside
