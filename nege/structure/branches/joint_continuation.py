"""Continuation where several groups move, and markets are solved together with them.

The curve is that of ``continuation``, in the same coordinates: movers as shares of their groups
(firms by cell of their industry, people by place), and tau, the position in the interval. By
them it is followed, and its length measured. Newton's method works on all unknowns x, in logs,
by the equations of rest that the model gives (``nege.models.rest``),

    F(x, tau) = 0,    row . (shares of x, tau) = target,

for one place of each class of places that symmetry keeps alike, so that where a symmetric
equilibrium breaks nothing is singular. Where movers can be absent their share itself is the
unknown: a path ends where it is zero, at a corner.

The slope of F by tau is that of the polynomial through F at the nearest of evenly spaced values.
It gives the direction of a path and steers Newton's method; what is located does not depend on
it, since every point satisfies F = 0 at its own value.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from nege import memory
from nege.models.base import Model
from nege.models.rest import EquationsOfRest, LinearisedRest, reduced, shares_of
from nege.models.solutions import LongRun
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.structure import industry_starts
from nege.structure.branches.continuation import (
    CACHED_PARAMETER_BYTES,
    LOCATED_TOLERANCE,
    ContinuationPoint,
    CorrectorFailure,
    OccupiedCells,
    RegionEmptied,
    SolutionCurve,
    occupied_cells,
    solve_linear,
)
from nege.structure.branches.starting_points import (
    ALIKE_SHARE_TOLERANCE,
    STARTS_SEARCHED_AT,
    SYMMETRY_READ_AT,
    BranchStart,
    Starts,
)
from nege.structure.symmetry import SymmetryOfPlaces

NEWTON_LIMIT = 20  # steps: unlike shares, prices have not been predicted
LONGEST_NEWTON_STEP = 2.0  # of an unknown, in logs
NODES, STENCIL = 256, 5  # values at which the slope by tau is read, and how many at a time
LEAST_SHARE = 1e-14  # of a group, at a corner, where its own share has no log
ALONE = 1e-6  # growth rate that is zero, of those that a split takes as alike
MOST_SHARE = 1.0 - 1e-12  # of the first, where the others share what is left
LEAST_KEPT = 0.1  # of a share that is predicted to be less than nothing


class LocalRest(NamedTuple):
    """First-order expansion of the economy at one point."""

    state: np.ndarray  # (N,) unknowns
    at: LinearisedRest
    drift: np.ndarray  # (N,) dF / d tau
    share: np.ndarray  # (M,)
    slopes: np.ndarray  # (M, M) d share / d ln of movers


class Kept(NamedTuple):
    """The unknowns that symmetry leaves: those of one place of each class, and shared ones."""

    member: np.ndarray  # (N, m), 1 where an unknown is one of them
    first: np.ndarray  # (m,), one of each
    levels: np.ndarray  # (m,), the cell of movers that can be absent, -1 of others


class JointContinuationProblem(SolutionCurve):
    """The equilibria of a model that gives equations of rest, as one parameter varies."""

    dim = "mover"

    def __init__(
        self,
        model: Model,
        parameter: str,
        interval: tuple[float, float],
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> None:
        super().__init__(model, parameter, interval, dynamics, options)
        model.check_explicit("branches follow equations of one economy")
        first = model.equations_of_rest(dynamics, options)
        self.labels, self.moving, self.rows = first.movers, first.moving, first.rows
        self.group, self.vanishing = first.group, first.vanishing
        self.width, self.splits = first.width, np.array(first.splits)
        self.residents, self.growing = first.residents, first.growing
        size = 64 * first.moving.size**2
        places = f"{len(first.places)} places"
        memory.check("model", places, 4 * size, "for whole Jacobians", "Fewer places.")
        kept = max(16, min(2048, CACHED_PARAMETER_BYTES // size))
        self.economy = functools.lru_cache(kept)(self.at)
        self.equations = functools.lru_cache(kept)(self._equations)
        self.nodes = functools.lru_cache(NODES + 1)(self._equations)
        self.last_kept: tuple[OccupiedCells, Kept] | None = None

    def _equations(self, tau: float) -> EquationsOfRest:
        return self.economy(tau).equations_of_rest(self.dynamics, self.options)

    def scaled(self, share: np.ndarray) -> np.ndarray:
        """Return shares that sum to one in each group."""
        total: np.ndarray = np.bincount(self.group, share)[self.group]
        total[total.size - self.splits.size :] = 1.0
        return np.asarray(share / total)

    def shares(self, x: np.ndarray) -> np.ndarray:
        """Return movers as shares of their groups."""
        return shares_of(self.nodes(0.0), x)[0]

    def start_state(self, tau: float) -> np.ndarray:
        """Return the state from which markets are cleared when nothing better is known."""
        model = self.at(tau)
        x = model.start_state()
        x[self.residents] = np.log(model.default_start())
        return x

    def local(self, tau: float, share: np.ndarray, state: np.ndarray) -> LocalRest:
        """Return the economy to first order at a state, whatever the share."""
        return self._at(tau, state, self._drift(tau, state))

    def _at(self, tau: float, state: np.ndarray, drift: np.ndarray) -> LocalRest:
        """Return the economy to first order, with a drift that is known."""
        with np.errstate(all="ignore"):
            at = self.equations(tau).linearise(state)
        if not (np.isfinite(at.residual).all() and np.isfinite(at.jacobian).all()):
            raise CorrectorFailure("a number overflowed")
        return LocalRest(state, at, drift, *shares_of(self.equations(tau), state))

    def _drift(self, tau: float, x: np.ndarray) -> np.ndarray:
        """Return dF / d tau, of the polynomial through F at the nearest nodes."""
        first = min(max(round(tau * NODES) - STENCIL // 2, 0), NODES + 1 - STENCIL)
        places = np.arange(first, first + STENCIL) / NODES
        with np.errstate(all="ignore"):
            values = np.array([self.nodes(float(place)).residual(x) for place in places])
            drift = np.asarray(_slope_weights(places, tau) @ values)
        if not np.isfinite(drift).all():
            raise CorrectorFailure("a number overflowed")
        return drift

    def kept(self, on: OccupiedCells) -> Kept:
        """Return the unknowns that are left where movers of a cell are alike."""
        # Along a curve the cells stay.
        if self.last_kept is None or self.last_kept[0] is not on:
            self.last_kept = on, self._kept(on)
        return self.last_kept[1]

    def _kept(self, on: OccupiedCells) -> Kept:
        # Who is everywhere, people for one, says which places are alike.
        place = np.full(len(self.rows), -1)
        size = self.moving.size
        for cell in on.cells:
            if self._of_people(cell):
                place[cell // self.width] = cell[0] // self.width
        heads = np.unique(place)
        # Splits that are even stay: no equation tells which way they would go.
        still = self.growing & ~self.residents
        still[np.flatnonzero(self.moving)[on.occupied]] = False
        shared = np.flatnonzero(~still[self.rows.size :]) + self.rows.size
        member = np.zeros((size, heads.size * self.rows.shape[1] + shared.size))
        first = np.concatenate([*self.rows[heads], shared])
        for j, head in enumerate(heads):
            columns = slice(j * self.rows.shape[1], (j + 1) * self.rows.shape[1])
            for p in np.flatnonzero(place == head):
                member[self.rows[p], columns] = np.eye(self.rows.shape[1])
        if shared.size:
            member[shared, -shared.size :] = np.eye(shared.size)
        cell_of = np.full(len(self.labels), -1)
        for i, cell in enumerate(on.cells):
            cell_of[cell] = i if self.vanishing[cell[0]] else -1
        levels = np.full(size, -1)
        levels[self.moving] = cell_of
        return Kept(member, first, levels[first])

    def near(self, on: OccupiedCells, state: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Return a state as symmetric as the cells, whose movers have some shares.

        Those without a cell are absent.
        """
        member = self.kept(on).member
        x = np.where(self.residents, 0.0, state)
        x = member @ (member.T @ x / member.sum(0))
        x[self.moving] = state[self.moving]
        here, occupied = self.shares(state), np.asarray(on.member.any(1))
        total: np.ndarray = np.bincount(self.group, np.exp(x[self.moving]))[self.group]
        there = np.where(occupied, np.maximum(share, LEAST_KEPT * here), 0.0)
        with np.errstate(divide="ignore"):
            levels = np.log(total * np.maximum(there, LEAST_SHARE * occupied))
        if count := self.splits.size:
            first = np.clip(share[-count:], LEAST_KEPT * here[-count:], MOST_SHARE)
            odds = np.log(first * (self.splits - 1.0) / (1.0 - first))
            levels[-count:] = np.where(occupied[-count:], odds, 0.0)
        x[self.moving] = levels
        return np.asarray(x)

    def _of_people(self, cell: np.ndarray) -> bool:
        """Whether a cell is of people: they are everywhere."""
        inside = cell[0] < len(self.rows) * self.width
        return bool(inside and cell[0] % self.width == self.width - 1)

    def correct(
        self,
        on: OccupiedCells,
        guess: np.ndarray,
        state: np.ndarray,
        row: np.ndarray,
        target: float,
        enough: float = LOCATED_TOLERANCE,
    ) -> tuple[np.ndarray, LocalRest]:
        """Newton's method on all unknowns, in the plane row . (shares, tau) = target."""
        kept, tau, before = self.kept(on), float(guess[-1]), math.inf
        x = self.near(on, state, guess[:-1])
        # On the way the drift hardly changes; where tau does not move it is not asked for.
        drift, known = np.zeros(x.size), not row[:-1].any() and tau == target
        for _ in range(NEWTON_LIMIT):
            if not 0.0 <= tau <= 1.0:
                raise CorrectorFailure("it left the interval")
            if not known:
                drift, known = self._drift(tau, x), True
            local = self._at(tau, x, drift)
            aside = float(target - row[:-1] @ local.share - row[-1] * tau)
            off = max(float(np.max(np.abs(local.at.residual))), abs(aside))
            # Newton's method converges quadratically: a step that does not is rounding.
            if off <= enough or 0.1 * before < off <= self.options.tolerance_residual:
                return np.append(local.share, tau), local._replace(drift=self._drift(tau, x))
            before = off
            system, unit = self._bordered(kept, local, row)
            right = -np.append(local.at.residual[kept.first], -aside)
            step = solve_linear(system, right) * unit
            x, moved = self._moved(kept, x, step[:-1])
            tau += moved * float(step[-1])
        raise CorrectorFailure("Newton's method did not converge")

    def _bordered(
        self, kept: Kept, local: LocalRest, row: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the bordered Jacobian by the unknowns that are kept, and tau, and their units.

        Columns of movers that can be absent are by their mass, not its log.
        """
        m = kept.first.size
        system = np.empty((m + 1, m + 1))
        system[:m, :m] = local.at.jacobian[kept.first] @ kept.member
        system[:m, m] = local.drift[kept.first]
        system[m, :m] = (row[:-1] @ local.slopes) @ kept.member[self.moving]
        system[m, m] = row[-1]
        unit = np.ones(m + 1)
        absent = kept.levels >= 0
        unit[:m][absent] = np.exp(-local.state[kept.first[absent]])
        return system * unit, unit

    def _moved(self, kept: Kept, x: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, float]:
        """Return unknowns after a step, and which part of it was taken."""
        level = kept.levels >= 0
        logs = float(np.max(np.abs(step[~level]), initial=0.0))
        part = min(1.0, LONGEST_NEWTON_STEP / max(logs, 1e-300))
        change = part * step
        if level.any():
            left = 1.0 + change[level]
            least = LEAST_SHARE * np.exp(-x[kept.first[level]])  # of a mass of order one
            gone = left < -least
            if gone.any():
                raise RegionEmptied(int(kept.levels[level][int(np.argmin(left))]))
            change[level] = np.log(np.maximum(left, least))
        if not np.isfinite(change).all():
            raise CorrectorFailure("a number overflowed")
        there = x.copy()
        finite = np.isfinite(x)
        there[finite] += (kept.member @ change)[finite]
        return there, part

    def point(
        self, on: OccupiedCells, vector: np.ndarray, local: LocalRest, row: np.ndarray
    ) -> ContinuationPoint:
        """Return an equilibrium with its tangent on the side of `row`, and its rates."""
        kept = self.kept(on)
        if (np.isneginf(local.state[self.moving]) & on.member.any(1)).any():  # they begin to enter
            share = vector[:-1]
            local = self.local(float(vector[-1]), share, self.near(on, local.state, share))
        system, unit = self._bordered(kept, local, row)
        solution = solve_linear(system, np.append(np.zeros(kept.first.size), 1.0)) * unit
        moved = (kept.member @ solution[:-1])[self.moving]
        tangent = np.append(local.slopes @ moved, solution[-1])
        matrix, _ = reduced(local.at, self.growing)
        if not np.isfinite(matrix).all():
            raise CorrectorFailure("a derivative is undefined in double precision")
        rates = np.linalg.eigvals(matrix).astype(complex)
        rates = rates[np.argsort(-rates.real, kind="stable")]
        gaps = np.where(on.member.any(1), np.nan, local.at.entry)
        return ContinuationPoint(
            vector, local.state, tangent / np.linalg.norm(tangent), rates, gaps
        )

    def neutral_deviations(self, on: OccupiedCells, local: LocalRest, dimension: int) -> np.ndarray:
        """Return an orthonormal basis of the null space: deviations of growth rate zero."""
        among = self.growing & ~self.moving  # alike, so that they move by themselves
        alone = np.abs(np.diag(local.at.jacobian)[among]) <= ALONE
        dimension = max(1, dimension - int(np.count_nonzero(alone)))
        matrix, movers = reduced(local.at._replace(idle=local.at.idle | among), self.moving)
        logs = np.zeros((self.moving.size, dimension))
        logs[movers] = np.linalg.svd(matrix)[2][-dimension:].T
        return np.asarray(np.linalg.qr(local.slopes @ logs[self.moving])[0])

    @functools.cached_property
    def symmetry(self) -> SymmetryOfPlaces:
        """The symmetries, as the parameters have them, checked on the equations themselves."""
        economies = [self.economy(tau) for tau in SYMMETRY_READ_AT]
        return industry_starts.symmetry_of_rest(economies, self.equations(SYMMETRY_READ_AT[0]))

    def solved(
        self, value: float, share: np.ndarray, state: np.ndarray
    ) -> ContinuationPoint | None:
        """Return the equilibrium at a value near some shares and a state, None where none is.

        As symmetric as these shares: so that where symmetry breaks it is found to all digits.
        """
        tau, forward = self.position(value), np.append(np.zeros(share.size), 1.0)
        alike = self.symmetry.isotropy(share, ALIKE_SHARE_TOLERANCE).cells()
        on = occupied_cells([cell for cell in alike if share[cell[0]] > 0.0], share.size)
        try:
            found = self.correct(on, np.append(share, tau), state, forward, tau)
            return self.point(on, *found, forward)
        except CorrectorFailure:
            return None

    def classes(self, cells: Sequence[np.ndarray]) -> tuple[tuple[str, ...], ...]:
        """Return the places in classes that symmetries map onto each other."""
        of_people = [cell for cell in cells if self._of_people(cell)]
        names = self.model.geography.names
        return tuple(tuple(names[r // self.width] for r in cell) for cell in of_people)

    def outcome(self, point: ContinuationPoint) -> xr.Dataset:
        """Return every variable at a point, and what it is in words."""
        data = self.outcomes([point], "point").isel(point=0)
        return data.assign_attrs(summary=self.model.summary(data))

    def outcomes(self, points: Sequence[ContinuationPoint], dim: str) -> xr.Dataset:
        """Return the same over several points."""
        model, none = self.model, np.empty(0)
        values = [self.economy(p.tau).outcome(none, p.state) for p in points]
        sizes = {name: len(labels) for name, labels in model.coordinates().items()}
        every = {
            name: np.array([each[name] for each in values]).reshape(
                len(points), *(sizes[over] for over in variable.dims)
            )
            for name, variable in model.variables.items()
        }
        return xr.Dataset(model.named(every, (dim,)), model.coordinates())


def _slope_weights(places: np.ndarray, at: float) -> np.ndarray:
    """Return the weights of values at some places in the slope of the polynomial through them."""
    powers = np.vander((places - at) * NODES, increasing=True).T
    right = np.zeros(places.size)
    right[1] = NODES
    return np.asarray(np.linalg.solve(powers, right))


RANDOM_STARTS = 6  # of the dynamics at each value, always the same ones


class JointStarts(Starts):
    """Starts of branches: states as symmetric as the economy, and where the dynamics end."""

    symmetry: SymmetryOfPlaces

    def __iter__(self) -> Iterator[BranchStart]:
        """Yield them, those of most symmetry first."""
        yield from self.of_most_symmetry()
        for tau in STARTS_SEARCHED_AT:
            for movers in self.scattered(tau):
                for found in industry_starts.settled(
                    self.problem.economy(tau), movers, self.problem.dynamics, self.problem.options
                ):
                    for begin in self._at_rest(tau, found):
                        if self.unstable is None or begin.start.unstable <= self.unstable:
                            yield begin

    def of_most_symmetry(self) -> Iterator[BranchStart]:
        """Yield states at rest, stable or not, as symmetric as the economy."""
        for tau in STARTS_SEARCHED_AT:
            for movers in industry_starts.symmetric(self.problem.economy(tau), self.symmetry):
                found = industry_starts.settled(
                    self.problem.economy(tau), movers, self.problem.dynamics, self.problem.options
                )
                yield from self._at_rest(tau, next(found, None))

    def scattered(self, tau: float) -> Iterator[np.ndarray]:
        """Yield the default start, most firms in one place, and random ones."""
        problem = self.problem
        model = problem.economy(tau)
        yield from industry_starts.scattered(model, self.symmetry, problem.equations(tau))
        rng = np.random.default_rng(0)
        for _ in range(RANDOM_STARTS):
            yield model.random_start(rng)

    def _at_rest(self, tau: float, found: LongRun | None) -> Iterator[BranchStart]:
        if found is not None:
            share = self.problem.shares(found.state)
            cells = self._alike(share)
            yield from self._found_start(share, tau, cells, found.state, both=True)
