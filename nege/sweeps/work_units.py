"""Units of work: the blocks of points in which a sweep is solved, in any process.

A unit is a rectangular block of the swept dimensions. It is solved by itself, from
nothing but the description here, so that it comes out the same to the last bit in
this process, in another one and on a cluster.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nege import labelled, memory
from nege.errors import InputError, near
from nege.kernels.uncompiled import compiled_only
from nege.models.agglomeration.patterns import FLAGS, UNSOLVED, codes
from nege.models.base import Model
from nege.models.designs import Block, ParameterPoints, block_shape, blocks_over
from nege.progress import Tick, no_tick
from nege.settings import undivided
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.solvers import many_short_runs
from nege.solvers.checks import provenance
from nege.solvers.follow_dynamics import find_long_run
from nege.solvers.long_run import long_run_result
from nege.solvers.short_run import DIAGNOSTICS
from nege.status import LONG_RUN_ITERATIONS, Status
from nege.sweeps.threads import one_thread

LONG_RUN_DIAGNOSTICS = {
    "status": ("int8", "how the solve ended, see nege.Status"),
    "residual": ("float64", "largest violation of equilibrium that is left"),
    "error": ("float64", "estimate of the distance to the exact equilibrium"),
    "iterations": ("int64", LONG_RUN_ITERATIONS),
    "leading_eigenvalue": ("float64", "growth rate of the fastest small deviation"),
    "perturbed": ("bool", "whether the solve had to nudge the economy off a point"),
}


class SweepRequest(NamedTuple):
    """What is asked of a sweep, whatever is solved at its points."""

    model: Model
    points: ParameterPoints
    options: SolverOptions
    keep: Sequence[str] | None  # which outputs; None is all
    unit: int | None  # points in a unit; None is about a second of work
    record_refused: bool  # points that the model refuses; else there are none


class OutputVariable(NamedTuple):
    """One variable of the result."""

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    attributes: dict[str, Any]

    @property
    def unsolved(self) -> Any:
        """What it holds where nothing was solved."""
        if "flag_values" in self.attributes:
            return UNSOLVED
        if self.dtype == "string":
            return ""
        kind = np.dtype(self.dtype).kind
        return {"f": math.nan, "b": False, "i": int(Status.PENDING)}[kind]


SAME = 1e-9  # relative difference of answers that are the same: what tolerances leave


def different(name: str, stored: Any, now: Any) -> str:
    """Say how far an answer is from what is stored of it; empty where it is the same."""
    a, b = np.asarray(stored), np.asarray(now)
    if a.shape != b.shape:
        return f"{name} is of shape {a.shape} there and {b.shape} now"
    if a.dtype.kind != "f" or b.dtype.kind != "f":
        wrong = a != b
        return f"{name} is {a[wrong][0]} there and {b[wrong][0]} now" if wrong.any() else ""
    known = np.isfinite(a)
    far = np.abs(a[known] - b[known]) / np.maximum(np.abs(a[known]), 1.0)
    if (known != np.isfinite(b)).any() or not np.all(far <= SAME):
        worst = np.max(far, initial=0.0)
        return f"{name} differs by {worst:.1e}" if worst > SAME else f"{name} is not known in one"
    return ""


class _Runs:
    """What long and short runs have in common: dimensions, outputs, units."""

    horizon: str
    diagnostics: dict[str, tuple[str, str]]
    dynamics: Replicator | Logit | None = None
    wanted: np.ndarray | None = None  # which points are solved; None is all

    def __init__(self, asked: SweepRequest) -> None:
        self.model, self.points, self.options = asked.model, asked.points, asked.options
        self.record_refused = asked.record_refused
        self.sizes = dict(self.points.sizes)
        self.coords = dict(self.points.coords)
        self.keep = self._kept(asked.keep)

    @property
    def labels(self) -> dict[str, Any]:
        """The coordinates of the result."""
        names = self.model.coordinates().items()
        return {
            **self.coords,
            **{dim: labelled.variable(dim, np.asarray(known)) for dim, known in names},
        }

    @property
    def about(self) -> dict[str, Any]:
        """The attributes of the result."""
        return {"model": repr(self.model), **provenance(self.options)}

    def check(self) -> None:
        """Refuse what cannot be done, before anything is."""
        for name in (*self.sizes, *self.coords):
            if name in self.outputs or name in self.model.coordinates():
                given = self.points.argument if name in self.points.coords else "share"
                cure = "The result has a variable or a dimension of that name: rename it."
                raise InputError(given, name, "free of names that the result bears", cure)
        cure = "Fewer of them (unit=...) need less."
        memory.check("unit", math.prod(self.unit), self.size(self.unit), "for memory", cure)
        if not self.record_refused:
            self.points.check(self.model)

    def size(self, shape: Sequence[int]) -> int:
        """Return the bytes that the results of a block of points take."""
        front = len(self.sizes)
        each = (
            math.prod(o.shape[front:]) * np.dtype(o.dtype).itemsize for o in self.outputs.values()
        )
        return math.prod(shape) * sum(each)

    def _kept(self, keep: Sequence[str] | None) -> tuple[str, ...]:
        known = (*self.model.variables, *self.diagnostics)
        if keep is None:
            return known
        known = (*known, *self.extra)
        if isinstance(keep, str) or not isinstance(keep, Sequence):
            raise InputError("keep", keep, "a list of outputs", f"Known: {', '.join(known)}.")
        for name in keep:
            if name not in known:
                raise InputError("keep", name, "outputs of the sweep", near(name, known))
        return tuple(name for name in known if name in keep or name == "status")

    @property
    def outputs(self) -> dict[str, OutputVariable]:
        """What the result holds: the variables, then the diagnostics, in units of work's order."""
        found = self._outputs()
        return {name: found[name] for name in self.keep}

    def _outputs(self) -> dict[str, OutputVariable]:
        """Everything that could be asked for."""
        front, shape = tuple(self.sizes), tuple(self.sizes.values())
        inner = {dim: len(labels) for dim, labels in self.model.coordinates().items()}
        found = {}
        for name, variable in self.model.variables.items():
            whole = shape + tuple(inner[dim] for dim in variable.dims)
            about = self.model.describe(name, self.dynamics)
            found[name] = OutputVariable(front + variable.dims, whole, "float64", about)
        for name, (dtype, meaning) in self.diagnostics.items():
            found[name] = OutputVariable(front, shape, dtype, {"long_name": meaning})
        for name, attributes in self.extra.items():
            found[name] = OutputVariable(front, shape, "int8", attributes)
        return found

    @property
    def extra(self) -> dict[str, dict[str, Any]]:
        """What is worked out of the variables where ``keep`` asks for it, with its attributes."""
        return {}

    def divide(self, unit: int, whole: str | None = None) -> None:
        """Fix the shape of a unit of so many points; one dimension is never cut."""
        self.unit = block_shape(self.sizes, unit, whole)

    def blocks(self) -> Iterator[Block]:
        """Every unit, in order."""
        return blocks_over(self.sizes, self.unit)

    def empty(
        self, block: Block | None = None, names: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Return arrays for a unit, or for everything, in which nothing is solved."""
        outputs = self._outputs()
        sizes = tuple(self.sizes.values())
        front = sizes if block is None else tuple(part.stop - part.start for part in block)
        return {
            name: np.full(
                front + outputs[name].shape[len(sizes) :],
                outputs[name].unsolved,
                outputs[name].dtype,
            )
            for name in names or self.keep
        }

    def solve(self, block: Block, tick: Tick = no_tick) -> dict[str, np.ndarray]:
        """Solve a unit; `tick` hears of points that are done."""
        # A unit gives the same bits wherever it is solved.
        with one_thread(), compiled_only(), undivided():
            return self._solve(block, tick)

    def warm(self, block: Block) -> None:
        """Solve the first point of a unit, so that the cache has the compiled kernels."""
        self.solve(tuple(slice(part.start, part.start + 1) for part in block))

    def differs(self, stored: Mapping[str, np.ndarray], now: Mapping[str, np.ndarray]) -> str:
        """Say what of a unit came out otherwise than it is stored; empty where nothing did.

        Of answers, not of how many steps it took to them.
        """
        names = [name for name in self.keep if name == "status" or name in self.model.variables]
        found = (different(name, stored[name], now[name]) for name in (*names, *self._told))
        return next(filter(None, found), "")

    @property
    def _told(self) -> tuple[str, ...]:
        """What is worked out of the variables, and kept."""
        return tuple(name for name in self.extra if name in self.keep)

    def _solve(self, block: Block, tick: Tick) -> dict[str, np.ndarray]:
        raise NotImplementedError

    def _economy(self, index: Mapping[str, int]) -> Model | None:
        """Return the economy at a point, None where the model refuses it and that is recorded."""
        return self.points.accepted(self.model, index, self.record_refused)

    def _refused(self, values: Mapping[str, np.ndarray], where: tuple[int, ...]) -> None:
        """Record that there is nothing to solve at a point."""
        values["status"][where] = Status.INVALID
        if "iterations" in values:
            values["iterations"][where] = 0


LONG_RUN_UNIT_SIZE = 150_000  # points in a unit, times regions squared: about a second of work
MOST_LONG_RUNS_IN_UNIT = 4096


class LongRuns(_Runs):
    """Long runs, each from a start or from the one before it along a line."""

    horizon = "long run"
    diagnostics = LONG_RUN_DIAGNOSTICS
    dynamics: Replicator | Logit

    def __init__(
        self,
        asked: SweepRequest,
        start: np.ndarray,
        dynamics: Replicator | Logit,
        along: str | None,
    ) -> None:
        self.start, self.dynamics, self.along = start, dynamics, along
        super().__init__(asked)
        self.all_eigenvalues = asked.keep is not None and "leading_eigenvalue" in asked.keep
        fit = max(1, LONG_RUN_UNIT_SIZE // len(self.model.regions) ** 2)
        fit = min(MOST_LONG_RUNS_IN_UNIT, fit)
        self.divide(asked.unit or _points_in_unit(fit, self.sizes), along)

    @property
    def extra(self) -> dict[str, dict[str, Any]]:
        """The pattern of agglomeration, where the model has industries."""
        if len(self.model.coordinates().get("industry", ())) < 2:
            return {}
        return {"pattern": dict(FLAGS)}

    def _solve(self, block: Block, tick: Tick) -> dict[str, np.ndarray]:
        if "pattern" not in self.keep:
            return self._solved(block, self.empty(block), tick)
        read = self.empty(block, ("total_cost", "area"))
        values = self._solved(block, self.empty(block) | read, tick)
        values["pattern"] = codes(values["total_cost"], values["area"])
        return {name: values[name] for name in self.keep}

    def _solved(
        self, block: Block, values: dict[str, np.ndarray], tick: Tick
    ) -> dict[str, np.ndarray]:
        """Fill the arrays of a unit."""
        ranges = [range(part.start, part.stop) for part in block]
        along = None if self.along is None else list(self.sizes).index(self.along)
        inner = range(1) if along is None else ranges[along]
        outer = [range(1) if axis == along else r for axis, r in enumerate(ranges)]
        for line in itertools.product(*outer):
            share, state, past = self.start, self.model.start_state(), None
            along_line = inner
            if self.wanted is not None:  # from the beginning to the last that is wanted
                at = tuple(inner if axis == along else k for axis, k in enumerate(line))
                last = np.flatnonzero(self.wanted[at])
                along_line = inner[: last[-1] + 1 if last.size else 0]
                tick(len(inner) - len(along_line))
            for k in along_line:
                index = list(line)
                if along is not None:
                    index[along] = k
                model = self._economy(dict(zip(self.sizes, index, strict=True)))
                where = tuple(i - part.start for i, part in zip(index, block, strict=True))
                if model is None:
                    self._refused(values, where)
                else:
                    model = model if past is None else model.own_past(past)
                    found = find_long_run(model, share, state, self.dynamics, self.options)
                    self._write_point(values, where, model, found)
                    if found.status is Status.CONVERGED:
                        share, state, past = found.share, found.state, found.share
                tick(1)
        return values

    def _write_point(
        self, values: dict[str, np.ndarray], where: tuple[int, ...], model: Model, found: Any
    ) -> None:
        if found.status is Status.CONVERGED:
            outcome = model.long_run_values(
                found.share, found.state, found.parameters, self.dynamics
            )
            for name in outcome.keys() & values.keys():
                values[name][where] = outcome[name]
        for name in self.diagnostics.keys() & values.keys():
            value = getattr(found, name)
            if value is None and (self.all_eigenvalues or model.checks_stability):
                result = long_run_result(model, found, self.dynamics, self.options)
                value = result.leading_eigenvalue
            if value is not None:
                values[name][where] = bool(value) if name == "perturbed" else value


SHORT_RUN_DIAGNOSTICS = {
    name: (LONG_RUN_DIAGNOSTICS[name][0], DIAGNOSTICS[name])
    for name in ("status", "residual", "error", "iterations")
}
SHORT_RUN_UNIT_SIZE = 1_000_000  # points in a unit, times regions: tens of megabytes


class ShortRuns(_Runs):
    """Short runs of every parameter point at every distribution, each by itself."""

    horizon = "short run"
    diagnostics = SHORT_RUN_DIAGNOSTICS

    def __init__(self, asked: SweepRequest, share: np.ndarray, dims: dict[str, int]) -> None:
        super().__init__(asked)
        self.share = share
        self.sizes.update(dims)
        fit = max(1, SHORT_RUN_UNIT_SIZE // len(self.model.regions))
        self.divide(asked.unit or _points_in_unit(fit, self.sizes))

    def _solve(self, block: Block, tick: Tick) -> dict[str, np.ndarray]:
        values = self.empty(block)
        front = len(self.points.sizes)
        share = self.share[block[front:]]
        flat = np.ascontiguousarray(share.reshape(-1, share.shape[-1]))
        ranges = [range(part.start, part.stop) for part in block[:front]]
        for where in np.ndindex(*map(len, ranges)):
            index = {d: r[i] for d, r, i in zip(self.points.sizes, ranges, where, strict=True)}
            if self.wanted is None or self.wanted[block][where].any():
                model = self._economy(index)
                if model is None:
                    self._refused(values, where)
                else:
                    self._write_point(values, where, model, flat)
            tick(len(flat))
        return values

    def _write_point(
        self, values: dict[str, np.ndarray], where: tuple[int, ...], model: Model, flat: np.ndarray
    ) -> None:
        many, parameters = self._at(model, flat)
        failed = many.status[0] != Status.CONVERGED
        if self.model.variables.keys() & values.keys():
            outcome = model.outcome(flat, many.states[0], parameters)
            for name in outcome.keys() & values.keys():
                rows = np.array(outcome[name])  # a copy: shares are those that all points share
                rows[failed] = np.nan
                values[name][where] = rows.reshape(values[name][where].shape)
        for name in self.diagnostics.keys() & values.keys():
            values[name][where] = getattr(many, name)[0].reshape(values[name][where].shape)

    def _at(self, model: Model, flat: np.ndarray) -> tuple[Any, Any]:
        """Return the short runs of one economy at every distribution."""
        parameters = model.arrays_for(self.options.operator, compiled=True)
        options = self.options.for_kernels()
        if self.options.method == "auto" or not model.by_kernels():
            special = model.short_runs_at_once([parameters], flat, options)
            if special is not None:
                return special, parameters
        return many_short_runs.solve_many(
            [parameters], flat, model.start_state(), options
        ), parameters


FEWEST_UNITS = 64


def _points_in_unit(fit: int, sizes: dict[str, int]) -> int:
    """Points in a unit: as many as fit, but enough units for all workers."""
    return max(1, min(fit, math.prod(sizes.values()) // FEWEST_UNITS))
