"""Economies at parameters of a calibration, with derivatives of moments.

Where the response of an equilibrium is known (``response``), its slopes; elsewhere, as where
something is chosen by how the whole equilibrium responds, differences of equilibria:

    dm/dtheta = [m(-2h) - 8 m(-h) + 8 m(h) - m(2h)]/(12 h),    h a thousandth of theta's size

whose error is the solver's over h, about 1e-9, and h^4 of the fifth derivative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nege.errors import ConvergenceError, InputError
from nege.models.base import Model
from nege.models.solutions import LongRun
from nege.results.equilibrium import Equilibrium
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.solvers.follow_dynamics import find_long_run
from nege.studies.policy_objectives import Target
from nege.studies.policy_points import ANY, STENCIL, Point, PolicyPoints
from nege.studies.response import equilibrium_response

STEP = 1e-3  # of a parameter's size
SLOPES = "slopes along the response of the equilibrium"
DIFFERENCES = "differences of equilibria, as its response is not known here"


class SolvedPoint:
    """An economy at some parameters, with derivatives by differences of equilibria."""

    def __init__(self, points: SolvedPoints, policy: np.ndarray, model: Model, run: LongRun):
        self.points, self.policy, self.model, self.run = points, policy, model, run
        found = self.equilibrium
        self.values = np.array([one.of(found) for one in points.targets])

    @property
    def equilibrium(self) -> Equilibrium:
        """The solved economy, with its evidence."""
        return self.points.equilibrium(self.model, self.run)

    def gradients(self) -> np.ndarray:
        """Return the derivatives of every target by every parameter; NaN where there is none."""
        columns = []
        for j in range(self.policy.size):
            span = self.points.high[j] - self.points.low[j]
            step = STEP * min(span, max(abs(self.policy[j]), 0.1 * span))
            # At a bound the five values stand on one side of it.
            middle = np.clip(
                self.policy[j], self.points.low[j] + 2 * step, self.points.high[j] - 2 * step
            )
            places = middle + step * np.arange(-2, 3)
            found = []
            for place in places:
                policy = self.policy.copy()
                policy[j] = place
                there = self.points.beside(self, policy)
                found.append(np.full(self.values.size, np.nan) if there is None else there)
            powers = np.vander((places - self.policy[j]) / step, increasing=True).T
            right = np.zeros(places.size)
            right[1] = 1.0 / step
            columns.append(np.linalg.solve(powers, right) @ np.array(found))
        return np.column_stack(columns)


class SolvedPoints(PolicyPoints):
    """The same economies, of which nothing is asked but that they are solved."""

    by_solving = True

    def reach(self, policy: np.ndarray) -> Any:
        """Return the economy at some parameters, from the nearest; None where there is none."""
        policy = np.clip(policy, self.low, self.high)
        key = policy.tobytes()
        every: list[Any] = self.visited
        known = next((one for one in every if one.policy.tobytes() == key), None)
        if known is not None or key in self.lost:
            return known
        share, state = self.share, self.model.start_state()
        if every:
            near = min(every, key=lambda one: self.apart(one.policy, policy))
            share, state = near.run.share, near.run.state
        model = self.at(policy)
        run = find_long_run(model, share, state, self.dynamics, self.options)
        if run.status not in ANY:
            self.lost[key] = policy, self.equilibrium(model, run)
            return None
        every.append(SolvedPoint(self, policy, model, run))
        return every[-1]

    def beside(self, at: SolvedPoint, policy: np.ndarray) -> np.ndarray | None:
        """Return the targets at parameters nearby; None where there is no equilibrium."""
        model = self.at(policy)
        run = find_long_run(model, at.run.share, at.run.state, self.dynamics, self.options)
        if run.status not in ANY:
            return None
        found = self.equilibrium(model, run)
        try:
            return np.array([one.of(found) for one in self.targets])
        except InputError:  # a function that is no number there
            return None


def points_of(
    model: Model,
    bounds: Mapping[Any, tuple[float, float]],
    moments: Sequence[Target],
    share: np.ndarray,
    dynamics: Replicator | Logit,
    options: SolverOptions,
) -> PolicyPoints:
    """Return economies at parameters within bounds, by what is known of their response."""
    try:
        for name, interval in bounds.items():
            equilibrium_response(model, name, interval, dynamics, options)
    except (InputError, NotImplementedError):  # chosen by how everything responds, or another kind
        return SolvedPoints(model, bounds, moments, share, dynamics, options)
    return PolicyPoints(model, bounds, moments, share, dynamics, options)


def reached(points: PolicyPoints, policy: np.ndarray) -> Point | None:
    """Return the economy at some parameters; None where there is none."""
    try:
        return points.reach(policy)
    except (InputError, ConvergenceError):  # as of numbers that do not go together
        return None


def refuse_nothing(points: PolicyPoints, begins: Sequence[np.ndarray]) -> None:
    """Raise what kept all starts of a search from being economies with numbers to compare."""
    points.refuse_nothing(f"{len(begins)} starts of the search")
    try:
        points.reach(begins[0])
    except InputError as error:
        if error.argument != "objective":
            raise
        allowed = "moments that are one finite number each"
        cure = "That is what a function among them returned, at the first start of the search."
        raise InputError("targets", error.value, allowed, cure) from error
    raise InputError("over", begins, "parameters that the model takes together")


def difference(points: PolicyPoints, at: Point, direction: np.ndarray) -> np.ndarray | None:
    """Return the change of targets along a direction, by a difference of equilibria."""
    weights, offsets = STENCIL
    found = []
    for offset in offsets:
        policy = at.policy + STEP * offset * direction
        if (policy < points.low).any() or (policy > points.high).any():
            return None
        try:
            model = points.at(policy)
        except InputError:
            return None
        run = find_long_run(model, at.run.share, at.run.state, points.dynamics, points.options)
        if run.status not in ANY:
            return None
        solved = points.equilibrium(model, run)
        found.append([one.of(solved) for one in points.targets])
    return np.asarray(weights @ np.array(found) / STEP)
