"""Economies at policies: solved one from another, with gradients of what they are judged by.

At rest F(y, theta) = 0, theta several instruments. The gradient of a number W(y, theta) of the
economy is its slope along the response to each instrument; or, for all of them by one transposed
solve, backwards:

    forwards    dy/dtheta_j = -F_y^(-1) F_theta_j,     dW/dtheta_j = W_theta_j + W_y dy/dtheta_j
    backwards   lambda = F_y^(-T) W_y,                 dW/dtheta_j = W_theta_j - lambda . F_theta_j

Slopes are of explicit functions, to about 1e-11: no economy is solved for them. Both need F_theta
and a slope of W for each instrument, and backwards W_y besides, by every unknown, which costs
more than the solves that it saves: so the search goes forwards, and a certificate backwards, too.

An economy is followed from the nearest one that is known, by halves where its equilibrium does
not go as its response foresees, so that a jump is seen where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege.errors import ConvergenceError
from nege.models import parameter_axes, terms
from nege.models.base import Model
from nege.models.solutions import LongRun
from nege.results.equilibrium import Equilibrium
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.solvers.follow_dynamics import find_long_run
from nege.solvers.long_run import long_run_result
from nege.status import Status
from nege.studies.policy_objectives import Target, present
from nege.studies.response import (
    EquilibriumResponse,
    Linear,
    Moved,
    equilibrium_response,
    slope,
    together,
)

Bounds = Mapping[Any, tuple[float, float]]  # by names; by several that are equal

NEAR = 0.02  # of a share: by how much a step may miss what the response at its ends foresees
FINEST = 1e-6  # of the interval: steps that are not halved any more, across which it jumps
SMALL = 1e-3  # of an unknown: the step of differences by it
STENCIL = np.array([1.0, -8.0, 8.0, -1.0]) / 12.0, np.array([-2.0, -1.0, 1.0, 2.0])
SOLVES = 2  # nodes on each side of differences of equilibria
ANY = (Status.CONVERGED, Status.UNSTABLE)  # the second where the dynamics let nobody enter


def checked_instruments(model: Model, over: Any) -> dict[str, tuple[float, float]]:
    """Return instruments and their bounds; the model is asked about every one of them."""
    given = parameter_axes.items("over", over)
    parameter_axes.check_names(model, [name for name, _ in given])
    found = {}
    for name, ends in given:
        found[name] = parameter_axes.pair(name, ends)
        for end in found[name]:
            model.replace({name: end})
    return found


class Point:
    """An economy at a policy: its equilibrium, what it is judged by, and their gradients."""

    def __init__(self, points: PolicyPoints, policy: np.ndarray, model: Model, run: LongRun):
        self.points, self.policy, self.model, self.run = points, policy, model, run
        self.shares = points.response(model, 0).shares(run)
        found = [points.equilibrium(model, run)] if points.by_solving else []
        explicit = model.long_run_values(run.share, run.state, None, points.dynamics)
        self.values = np.array([
            one.among(model, explicit) if one.read is not None else one.of(found[0])
            for one in points.targets
        ])  # fmt: skip
        self._columns: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    @property
    def equilibrium(self) -> Equilibrium:
        """The solved economy, with its evidence."""
        return self.points.equilibrium(self.model, self.run)

    def gradient(self, instrument: int) -> np.ndarray:
        """Return the derivatives of every target by one instrument; NaN where there is none."""
        return self._column(instrument)[0]

    def gradients(self) -> np.ndarray:
        """Return the derivatives of every target by every instrument: (targets, instruments)."""
        return np.column_stack([self.gradient(j) for j in range(self.policy.size)])

    def foreseen(self, step: np.ndarray) -> np.ndarray:
        """Return the change of shares that the response foresees for a step of policy."""
        found = np.zeros(self.shares.size)
        for j in np.flatnonzero(step):
            found += step[j] * np.nan_to_num(self._column(int(j))[1])
        return found

    def _column(self, j: int) -> tuple[np.ndarray, np.ndarray]:
        if j not in self._columns:
            with np.errstate(all="ignore"):  # what is not finite is not known
                self._columns[j] = self._differentiated(j)
        return self._columns[j]

    def _differentiated(self, j: int) -> tuple[np.ndarray, np.ndarray]:
        response, value = self.points.response(self.model, j), float(self.policy[j])
        at = response.linear(value, self.model, self.run)
        forward = at.solve(-at.drift)
        found = np.full(len(self.points.targets), np.nan)
        explicit = self.points.explicit
        if explicit.any():
            found[explicit] = self._along(response, value, forward)
        for i in np.flatnonzero(~explicit):
            found[i] = self._by_solving(response, j, forward, self.points.targets[int(i)])
        return found, response.by_shares(self.run) @ forward

    def _along(
        self, response: EquilibriumResponse, value: float, forward: np.ndarray
    ) -> np.ndarray:
        """Return slopes along a direction of the unknowns as an instrument changes."""
        found = np.full(int(self.points.explicit.sum()), np.nan)
        for side in (0, 1, -1):  # on one side of it where nobody can be there on the other
            nodes = response.nodes(value, side=side)
            values = []
            for node in nodes:
                step = (float(node) - value) * forward
                moved = response.displaced(self.run, step, response.at(float(node)))
                values.append(self._read(response, moved))
            if np.isfinite(values).all():
                return slope(nodes, np.array(values), value)
        return found

    def _read(self, response: EquilibriumResponse, moved: Moved | None) -> np.ndarray:
        """Return the targets that are explicit at a point beside this one."""
        targets = [one for one in self.points.targets if one.read is not None]
        if moved is None:
            return np.full(len(targets), np.nan)
        values = response.values(moved)
        return np.array([one.among(moved.model, values) for one in targets])

    def backwards(self) -> np.ndarray:
        """Return the gradients of targets that are explicit, by one transposed solve."""
        with np.errstate(all="ignore"):
            every = [self.points.response(self.model, j) for j in range(self.policy.size)]
            lines = [
                one.linear(float(value), self.model, self.run)
                for one, value in zip(every, self.policy, strict=True)
            ]
            weights = self._weights(every[0], lines[0])
            still = np.zeros(lines[0].size)
            direct = [
                self._along(one, float(value), still)
                for one, value in zip(every, self.policy, strict=True)
            ]
        drift = np.column_stack([at.drift for at in lines])
        return np.asarray(np.column_stack(direct) - weights @ drift)

    def _weights(self, response: EquilibriumResponse, at: Linear) -> np.ndarray:
        """Return what a unit of each equation's imbalance is worth: (targets, equations)."""
        weights, offsets = STENCIL
        by_unknown = np.zeros((int(self.points.explicit.sum()), at.size))
        for i in at.places:
            change, beside = np.zeros(at.size), []
            for offset in offsets:
                change[i] = offset * SMALL
                moved = response.displaced(self.run, change, self.model)
                beside.append(self._read(response, moved))
            by_unknown[:, i] = weights @ np.array(beside) / SMALL
        return at.solve(by_unknown.T, transposed=True).T

    def _by_solving(
        self, response: EquilibriumResponse, j: int, forward: np.ndarray, target: Target
    ) -> float:
        """Return the slope of a function through equilibria nearby: nothing else is known of it."""
        value, points = float(self.policy[j]), self.points
        for side in (0, 1, -1):  # on one side of it where nobody can be there on the other
            nodes = response.nodes(value, SOLVES, side=side)
            found = []
            for node in nodes:
                step = (float(node) - value) * forward
                moved = response.displaced(self.run, step, response.at(float(node)))
                if moved is None:
                    break
                run = find_long_run(
                    moved.model, moved.share, moved.state, points.dynamics, points.options
                )
                alike = np.array_equal(run.share > 0.0, self.run.share > 0.0)
                if run.status not in ANY or not alike:
                    break
                found.append(target.of(points.equilibrium(moved.model, run)))
            if len(found) == nodes.size:
                return float(slope(nodes, np.array(found), value))
        return np.nan


class PolicyPoints:
    """Economies at policies between bounds, each followed from the nearest one before.

    Parameters
    ----------
    model : Model
        The economy.
    bounds : mapping of str, or tuple of str, to pair of float
        Instruments and their bounds; a tuple is of several that are equal.
    targets : sequence of Target
        What policies are judged by.
    share : (R,) array
        Where the first long run starts.
    dynamics : Replicator or Logit
        How people move.
    options : SolverOptions
        Tolerances and limits.
    heard : callable
        Called for every economy that is solved.
    """

    def __init__(
        self,
        model: Model,
        bounds: Bounds,
        targets: Sequence[Target],
        share: np.ndarray,
        dynamics: Replicator | Logit,
        options: SolverOptions,
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        self.model, self.names, self.targets = model, list(bounds), targets
        self.bounds = {name: (float(low), float(high)) for name, (low, high) in bounds.items()}
        self.low, self.high = np.array(list(self.bounds.values())).T
        self.width = self.high - self.low
        self.explicit = np.array([one.read is not None for one in targets])
        self.by_solving = not self.explicit.all()
        self.share, self.dynamics, self.options = share, dynamics, options
        self.heard = heard
        self.visited: list[Point] = []
        self.jumps: list[tuple[np.ndarray, np.ndarray]] = []
        self.lost: dict[bytes, tuple[np.ndarray, Equilibrium]] = {}

    def present(self) -> np.ndarray:
        """Return the policy that is there now, or the nearest within bounds."""
        now = [present(self.model, together(name)[0]) for name in self.names]
        values = [low if one is None else one for one, low in zip(now, self.low, strict=True)]
        return np.asarray(np.clip(np.array(values), self.low, self.high))

    def at(self, policy: np.ndarray) -> Model:
        """Return the economy at a policy."""
        pairs = zip(self.names, policy.tolist(), strict=True)
        return self.model.replace({one: value for name, value in pairs for one in together(name)})

    def response(self, model: Model, j: int) -> EquilibriumResponse:
        """Return how the equilibrium of a model responds to one instrument."""
        interval = float(self.low[j]), float(self.high[j])
        return equilibrium_response(model, self.names[j], interval, self.dynamics, self.options)

    def equilibrium(self, model: Model, run: LongRun) -> Equilibrium:
        """Return a long run as a result."""
        return long_run_result(model, run, self.dynamics, self.options)

    def reach(self, policy: np.ndarray) -> Point | None:
        """Return the economy at a policy, followed from the nearest; None where there is none."""
        policy = np.clip(policy, self.low, self.high)
        key = policy.tobytes()
        known = next((one for one in self.visited if one.policy.tobytes() == key), None)
        if known is not None or key in self.lost:
            return known
        if not self.visited:
            return self._keep(self._solved(policy, self.share, self.model.start_state()))
        near = min(self.visited, key=lambda one: self.apart(one.policy, policy))
        return self._follow(near, policy)

    def apart(self, one: np.ndarray, other: np.ndarray) -> float:
        """Return how far policies are from each other, in parts of the intervals."""
        return float(np.max(np.abs(one - other) / self.width))

    def _keep(self, point: Point | None) -> Point | None:
        if point is not None:
            self.visited.append(point)
        return point

    def _solved(self, policy: np.ndarray, share: np.ndarray, state: np.ndarray) -> Point | None:
        model = self.at(policy)
        run = find_long_run(model, share, state, self.dynamics, self.options)
        self.heard()
        if run.status not in ANY:
            self.lost[policy.tobytes()] = policy, self.equilibrium(model, run)
            return None
        return Point(self, policy, model, run)

    def _follow(self, at: Point, end: np.ndarray) -> Point | None:
        """Follow the equilibrium to a policy, by halves where it does not go as foreseen."""
        targets, beyond = [end], None
        while targets:
            there = self._solved(targets[-1], at.run.share, at.run.state)
            if there is None:
                if beyond is None:
                    return None
                self.lost.popitem()  # too near a jump to be solved
                targets.pop()
                there = beyond
            elif not self._smooth(at, there) and self.apart(at.policy, there.policy) > FINEST:
                targets.append(0.5 * (at.policy + there.policy))
                beyond = there
                continue
            if not self._smooth(at, there):
                self.jumps.append((at.policy, there.policy))
            targets.pop()
            self.visited.append(there)
            at, beyond = there, None
        return at

    def _smooth(self, at: Point, there: Point) -> bool:
        """Whether shares changed as their slopes at both ends say."""
        step = there.policy - at.policy
        if np.max(np.abs(there.shares - at.shares)) <= 0.5 * NEAR:
            return True
        foreseen = at.shares + 0.5 * (at.foreseen(step) + there.foreseen(step))
        return bool(np.max(np.abs(there.shares - foreseen)) <= NEAR)

    def refuse_nothing(self, what: str) -> None:
        """Raise where no economy could be solved at all."""
        if self.lost and not self.visited:
            _, partial = next(iter(self.lost.values()))
            message = f"No equilibrium was found at any of {len(self.lost)} {what}. "
            raise ConvergenceError(message + partial.remedy, partial)

    def dataset(self, more: Mapping[str, Any]) -> xr.Dataset:
        """Return everything that was visited, and lost, over "policy", with more of the visited."""
        solved = [(one.policy, one.equilibrium) for one in self.visited]
        rows = [*solved, *self.lost.values()]
        data = [
            found.data if i < len(solved) else found.data.where(False)
            for i, (_, found) in enumerate(rows)
        ]
        made = xr.concat(
            data, xr.Variable("policy", np.arange(len(rows))), join="exact", coords="minimal",
            compat="override", data_vars="all",
        )  # fmt: skip
        policies = np.array([policy for policy, _ in rows])
        added: dict[str, Any] = {
            name: ("policy", policies[:, j], terms.about(self.model, name))
            for j, name in enumerate(self.names)
        }
        for name, values in more.items():
            filled = np.full(len(rows), np.nan)
            filled[: len(solved)] = values
            added[name] = ("policy", filled)
        added["status"] = ("policy", [int(found.status) for _, found in rows])
        added["residual"] = ("policy", [found.residual for _, found in rows])
        return made.assign(added)
