"""Response of a whole equilibrium to one parameter, by the implicit function theorem.

At rest F(y, theta) = 0: payoffs are equal, or firms and people at rest, and markets clear. So

    dy/dtheta = -F_y^(-1) F_theta,      dW/dtheta = W_theta + W_y dy/dtheta

F_y is the Jacobian that stability is read from. F_theta of a model in shares is exact, from dual
numbers (``Model.direction``), by a parameter that is one number. By an entry of a table, by
several that are equal, and of industries, it is the slope of a polynomial through the equations
themselves at one point y, as that of W is along the response: without a long run, to about 1e-11.
What is absent, and pays less than those who are there, stays absent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from nege import memory
from nege.models.base import Model
from nege.models.law_of_motion import law_of_motion
from nege.models.rest import shares_of
from nege.models.solutions import LongRun
from nege.solver_options import Logit, Replicator, SolverOptions

REACH = 3  # nodes on each side
STEP = 1e-3  # between them, of the parameter's size
# Nodes too near each other lose digits by rounding, those on one side of a rate of zero most.
LEAST_SIZE = 1 / 3  # of the interval: what the size is at least taken for
SHARP = 1e-14  # residual of markets along the response


def together(parameter: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of one parameter, or of several that are equal."""
    return (parameter,) if isinstance(parameter, str) else parameter


class Moved(NamedTuple):
    """An economy a little further on along the response of its equilibrium."""

    model: Model
    share: np.ndarray
    state: np.ndarray


class Response(NamedTuple):
    """The derivative of an equilibrium by the parameter; NaN where it has none."""

    unknowns: np.ndarray  # ln shares of one factor; every unknown of industries
    shares: np.ndarray  # of movers in their groups


class Linear(NamedTuple):
    """The equations of an equilibrium to first order: F_y of unknowns, F_theta."""

    system: np.ndarray  # (N, N), bordered where something common moves too
    drift: np.ndarray  # (M,), M at most N: the border has none
    places: np.ndarray  # (M,), where unknowns that are there stand among all
    size: int  # of all unknowns
    defined: bool

    def solve(self, right: np.ndarray, *, transposed: bool = False) -> np.ndarray:
        """Solve for the unknowns, zero for those that are absent; NaN where nothing solves it.

        Transposed, from a right side over all unknowns to weights of ``drift``.
        """
        some, rows = len(self.places), len(self.system)
        given = np.zeros((rows, *right.shape[1:]))
        given[:some] = right[self.places] if transposed else right
        found = _solved(self.system.T if transposed else self.system, given, self.defined)[:some]
        if transposed:
            return found
        unknowns = np.zeros((self.size, *right.shape[1:]))
        unknowns[self.places] = found
        return unknowns


class EquilibriumResponse:
    """How the equilibria of an economy respond to one of its parameters.

    Parameters
    ----------
    model : Model
        The economy.
    parameter : str or tuple of str
        What varies; several that are equal.
    interval : (float, float)
        Values that it may have.
    dynamics : Replicator or Logit
        How people move.
    options : SolverOptions
        Tolerances.
    """

    def __init__(
        self,
        model: Model,
        parameter: str | tuple[str, ...],
        interval: tuple[float, float],
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> None:
        self.model, self.parameter, self.interval = model, parameter, interval
        self.dynamics = dynamics
        self._made: dict[float, Model] = {}  # around one value: each of them is asked twice
        self.options = dataclasses.replace(
            options, tolerance_residual=min(SHARP, options.tolerance_residual)
        )

    def at(self, value: float) -> Model:
        """Return the economy at a value of the parameter."""
        if value not in self._made:
            if len(self._made) > 2 * REACH:
                self._made.clear()
            every = together(self.parameter)
            self._made[float(value)] = self.model.replace(dict.fromkeys(every, float(value)))
        return self._made[float(value)]

    def nodes(
        self, value: float, reach: int = REACH, wider: float = 1.0, side: int = 0
    ) -> np.ndarray:
        """Return values around one, or on a side of it, evenly spaced, all in the interval."""
        low, high = self.interval
        span = high - low
        step = wider * STEP * min(span, max(abs(value), LEAST_SIZE * span))
        first = min(max(value - (1 - side) * reach * step, low), high - 2 * reach * step)
        found = first + step * np.arange(2 * reach + 1)
        found[np.argmin(np.abs(found - value))] = value
        return np.asarray(np.clip(found, low, high))

    def shares(self, run: LongRun) -> np.ndarray:
        """Return movers as shares of their groups."""
        raise NotImplementedError

    def linear(self, value: float, model: Model, run: LongRun) -> Linear:
        """Return the equilibrium to first order."""
        raise NotImplementedError

    def by_shares(self, run: LongRun) -> np.ndarray:
        """Return the derivative of shares by the unknowns of ``linear``."""
        raise NotImplementedError

    def displaced(self, run: LongRun, change: np.ndarray, model: Model) -> Moved | None:
        """Return an economy at a point a little off one: at its unknowns plus a change.

        None where somebody would be fewer than none.
        """
        raise NotImplementedError

    def moved(self, run: LongRun, response: Response, value: float, there: float) -> Moved | None:
        """Return the economy at another value, where the response at one leads to first order."""
        return self.displaced(run, (there - value) * response.unknowns, self.at(there))

    def respond(self, value: float, model: Model, run: LongRun) -> Response:
        """Return the derivative of the whole equilibrium."""
        at = self.linear(value, model, run)
        unknowns = at.solve(-at.drift)
        return Response(unknowns, self.by_shares(run) @ unknowns)

    def values(self, moved: Moved) -> Mapping[str, np.ndarray]:
        """Return every variable of it."""
        return moved.model.long_run_values(moved.share, moved.state, None, self.dynamics)


def slope(places: np.ndarray, values: np.ndarray, at: float) -> np.ndarray:
    """Return the slope of the polynomial through some values over some places."""
    unit = float(np.ptp(places))
    powers = np.vander((places - at) / unit, increasing=True).T
    right = np.zeros(places.size)
    right[1] = 1.0 / unit
    return np.asarray(np.linalg.solve(powers, right) @ values)


def equilibrium_response(
    model: Model,
    parameter: str | tuple[str, ...],
    interval: tuple[float, float],
    dynamics: Replicator | Logit,
    options: SolverOptions,
) -> EquilibriumResponse:
    """Return the response of an economy, by what its long run is."""
    kind: type[EquilibriumResponse] = _OfIndustries
    if model.in_shares:
        names = together(parameter)
        one_number = len(names) == 1 and names[0] in model.scalars()
        kind = _OfShares if one_number else _OfSharesAlong
    return kind(model, parameter, interval, dynamics, options)


class _OfShares(EquilibriumResponse):
    """Of a model in shares of one factor: markets are cleared inside."""

    def __init__(
        self,
        model: Model,
        parameter: str | tuple[str, ...],
        interval: tuple[float, float],
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> None:
        super().__init__(model, parameter, interval, dynamics, options)
        model.check_memory()
        self._check()

    def _check(self) -> None:
        """Refuse a parameter by which there is no derivative."""
        self.at(self.interval[0]).direction(self._one)

    @property
    def _one(self) -> str:
        (name,) = together(self.parameter)
        return name

    def shares(self, run: LongRun) -> np.ndarray:
        return run.share

    def linear(self, value: float, model: Model, run: LongRun) -> Linear:
        share, n = run.share, run.share.size
        law = law_of_motion(model, self.dynamics, self.options)
        at = law.linearise(share, run.state, self._direction(model))
        drift = self._drift(value, run, at.drift)
        there = np.flatnonzero(share > 0.0)
        # Bordered: the common level of attraction moves too, and shares sum to one.
        levels, m = law.levels(there), there.size
        system = np.zeros((m + levels.shape[1], m + levels.shape[1]))
        system[:m, :m] = at.slopes[np.ix_(there, there)] * share[there]
        system[:m, m:], system[m:, :m] = -levels, levels.T * share[there]
        return Linear(system, drift[there], there, n, at.defined)

    def _direction(self, model: Model) -> Any:
        """Return the derivative of every number of the kernels."""
        return model.direction(self._one)

    def _drift(self, value: float, run: LongRun, drift: np.ndarray) -> np.ndarray:
        """Return how attraction moves with the parameter where people stay, up to a constant."""
        return drift

    def by_shares(self, run: LongRun) -> np.ndarray:
        return np.diag(run.share)

    def displaced(self, run: LongRun, change: np.ndarray, model: Model) -> Moved | None:
        tastes = isinstance(self.dynamics, Logit)  # under which shares may be very small
        if not np.max(np.abs(change) if tastes else -change) < 1.0:
            return None
        share = run.share * (np.exp(change) if tastes else 1.0 + change)
        law = law_of_motion(model, self.dynamics, self.options)
        share = law.rescaled(share)
        point = law.at(share, run.state)
        return Moved(model, share, point.state)


class _OfSharesAlong(_OfShares):
    """By a parameter of which a model in shares has no derivative: an entry of a table, several.

    Markets are cleared where people are, at values around the one.
    """

    def _check(self) -> None:
        self.still = next(iter(self.model.scalars()))  # in whose direction nothing is asked

    def _direction(self, model: Model) -> Any:
        return model.direction(self.still)

    def _drift(self, value: float, run: LongRun, drift: np.ndarray) -> np.ndarray:
        nodes = self.nodes(value)
        found = []
        for node in nodes:
            law = law_of_motion(self.at(float(node)), self.dynamics, self.options)
            found.append(law.attraction(law.at(run.share, run.state)))
        return slope(nodes, np.array(found), value)


class _OfIndustries(EquilibriumResponse):
    """Of a model that gives its equations of rest: everything is solved together."""

    def __init__(
        self,
        model: Model,
        parameter: str | tuple[str, ...],
        interval: tuple[float, float],
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> None:
        super().__init__(model, parameter, interval, dynamics, options)
        model.check_explicit("the gradient is that of equations of one economy")
        self.equations = model.equations_of_rest(dynamics, options)
        places = f"{len(self.equations.places)} places"
        size = 4 * 8 * self.equations.moving.size**2
        memory.check("model", places, size, "for whole Jacobians", "Fewer places.")

    def shares(self, run: LongRun) -> np.ndarray:
        return shares_of(self.equations, run.state)[0]

    def linear(self, value: float, model: Model, run: LongRun) -> Linear:
        x, nodes = run.state, self.nodes(value)
        with np.errstate(all="ignore"):  # what is not finite is not known
            at = model.equations_of_rest(self.dynamics, self.options).linearise(x)
            residuals = np.array([self._residual(v, x) for v in nodes])
            drift = slope(nodes, residuals, value)
        return Linear(at.jacobian, drift, np.arange(x.size), x.size, defined=True)

    def _residual(self, value: float, x: np.ndarray) -> np.ndarray:
        return self.at(value).equations_of_rest(self.dynamics, self.options).residual(x)

    def by_shares(self, run: LongRun) -> np.ndarray:
        found = np.zeros((self.equations.group.size, run.state.size))
        found[:, self.equations.moving] = shares_of(self.equations, run.state)[1]
        return found

    def displaced(self, run: LongRun, change: np.ndarray, model: Model) -> Moved | None:
        x = run.state + change
        return Moved(model, np.exp(x[self.equations.residents]), x)


def _solved(system: np.ndarray, right: np.ndarray, defined: bool) -> np.ndarray:
    """Solve a linear system, also for several; NaN where nothing solves it in double precision."""
    if defined and np.isfinite(system).all() and np.isfinite(right).all():
        try:
            return np.asarray(np.linalg.solve(system, right))
        except np.linalg.LinAlgError:
            pass
    return np.full(right.shape, np.nan)
