"""Functionals of economies over a sweep: thresholds, jumps, indices, whatever a function returns.

A function from an economy to numbers is called at every point, and what it returns becomes
variables over what was varied. Lists, as of break points, differ in length from point to point:
they are padded with NaN, and counted. A point at which the function raises is recorded with its
status and with the reason in words.
"""

from __future__ import annotations

import json
import math
import numbers
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege._version import __version__
from nege.errors import ConvergenceError, InputError, NegeError
from nege.kernels.uncompiled import compiled_only
from nege.models.base import Model
from nege.models.designs import Block, ParameterPoints, block_shape, blocks_over
from nege.progress import Tick, no_tick, silence
from nege.settings import undivided
from nege.status import Status
from nege.sweeps.identity import function_inside, name_of
from nege.sweeps.threads import one_thread
from nege.sweeps.work_units import OutputVariable, different
from nege.sweeps.workers import check_found_elsewhere

Functional = Callable[[Model], Any]

#: What one number, or a list without a name, is called in the result.
VALUE = "value"
OWN = ("status", "reason")
RETURNS = "a number, a list of numbers, thresholds, a DataArray, a Dataset, or a mapping of these"


class Found(NamedTuple):
    """What came of one point."""

    status: Status
    reason: str  # why there are no values
    values: xr.Dataset | None
    mistaken: bool = False  # whether the error is one of the function, not of the economy


class _UnfitError(Exception):
    """What the function returned cannot be put into a Dataset."""


MOST_UNITS = 1000  # unless asked for: a unit in a store is three files


class Evaluations:
    """A function at every point: the work of a sweep, cut into blocks of points.

    What it returns is written down as text (JSON), as its shape is not known before.
    """

    horizon = "function"
    keep = ("answer", "status")
    wanted: np.ndarray | None = None  # which points are asked about; None is all

    def __init__(
        self, model: Model, points: ParameterPoints, of: Functional, record: bool, unit: int | None
    ) -> None:
        self.model, self.points, self.of, self.record_refused = model, points, of, record
        self.sizes = dict(points.sizes)
        self.coords = self.labels = dict(points.coords)
        fit = math.ceil(math.prod(self.sizes.values()) / MOST_UNITS)
        self.unit = block_shape(self.sizes, unit or max(1, fit))

    @property
    def outputs(self) -> dict[str, OutputVariable]:
        """What a store holds."""
        front, shape = tuple(self.sizes), tuple(self.sizes.values())
        told = {"long_name": "what the function returned, as JSON"}
        ended = {"long_name": "how it ended, see nege.Status"}
        return {
            "answer": OutputVariable(front, shape, "string", told),
            "status": OutputVariable(front, shape, "int8", ended),
        }

    @property
    def about(self) -> dict[str, Any]:
        """The attributes of the result."""
        known = {"model": repr(self.model), "of": name_of(self.of)}
        return {**known, "nege_version": __version__}

    def check(self) -> None:
        """Refuse the points that are no economies, before anything is done."""
        if not self.record_refused:
            self.points.check(self.model)

    def blocks(self) -> Iterator[Block]:
        """Every unit, in order."""
        return blocks_over(self.sizes, self.unit)

    def warm(self, block: Block) -> None:
        """Do the first point of a unit, so that the cache has the compiled kernels."""
        self.solve(tuple(slice(part.start, part.start + 1) for part in block))

    def solve(self, block: Block, tick: Tick = no_tick) -> dict[str, Any]:
        """Call the function at the points of a unit; `tick` hears of each."""
        shape = [part.stop - part.start for part in block]
        text, status = np.empty(shape, dtype=object), np.empty(shape, dtype=np.int8)
        with one_thread(), compiled_only(), undivided(), silence():
            for where in np.ndindex(*shape):
                position = tuple(part.start + i for part, i in zip(block, where, strict=True))
                if self.wanted is not None and not self.wanted[position]:
                    text[where], status[where] = "", Status.PENDING
                    tick(1)
                    continue
                found = self._at(dict(zip(self.sizes, position, strict=True)))
                text[where], status[where] = _written(found), found.status
                tick(1)
        return {"answer": text, "status": status}

    def differs(self, stored: Mapping[str, Any], now: Mapping[str, Any]) -> str:
        """Say what of a unit came out otherwise than it is stored; empty where nothing did."""
        if said := different("status", stored["status"], now["status"]):
            return said
        for a, b in zip(stored["answer"].flat, now["answer"].flat, strict=True):
            old, new = (_read(text).values or xr.Dataset() for text in (a, b))
            for name in {**old.variables, **new.variables}:
                pair = [data.variables.get(name, np.empty(0)) for data in (old, new)]
                if said := different(str(name), *(np.asarray(each) for each in pair)):
                    return said
        return ""

    def _at(self, index: Mapping[str, int]) -> Found:
        try:
            economy = self.points.economy(self.model, index)
        except InputError as error:
            return Found(Status.INVALID, str(error), None)
        try:
            values = _labelled(self.of(economy))
            together = _side_by_side(values)
        except ConvergenceError as error:
            status = getattr(error.equilibrium, "status", Status.STUCK)
            return Found(Status(status), str(error), None)
        except _UnfitError as error:
            return Found(Status.RAISED, str(error), None, mistaken=True)
        except MemoryError:  # of this machine now, not of the economy: asked about again later
            raise
        except ArithmeticError as error:
            return Found(Status.NOT_FINITE, f"{type(error).__name__}: {error}", None)
        except Exception as error:  # whatever the function does: the other points go on
            known = isinstance(error, (NegeError, ValueError))
            return Found(Status.RAISED, f"{type(error).__name__}: {error}", None, not known)
        for name, array in values.items():
            if array.dtype.kind == "f" and not np.isfinite(array.values).all():
                why = f"{name} is {'NaN' if np.isnan(array.values).any() else 'infinite'}"
                return Found(Status.NOT_FINITE, why, None)
        return Found(Status.CONVERGED, "", together)


class Table:
    """What came of every point, in memory, with the interface of a store."""

    def __init__(self, work: Evaluations) -> None:
        self.work = work
        shape = tuple(work.sizes.values())
        self.values = {"answer": np.full(shape, "", object), "status": np.zeros(shape, np.int8)}
        self.mistakes = Mistakes(work)

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *error: object) -> None: ...

    def missing(self) -> Iterator[Block]:
        """Every unit: nothing is there before."""
        return self.work.blocks()

    def write(self, block: Block, values: Mapping[str, Any]) -> None:
        """Take a unit in."""
        self.mistakes.refuse(values)
        for name, array in self.values.items():
            array[block] = values[name]

    def dataset(self) -> xr.Dataset:
        """Return everything, with its labels."""
        return answers(self.values, tuple(self.work.sizes), self.work.coords, self.work.about)


class Mistakes:
    """Refuses, at the first point that shows it, a function whose answers make no Dataset.

    One that fails for its own sake before it has answered once, whose names are taken, or whose
    answers are over other dimensions from point to point.
    """

    def __init__(self, work: Evaluations) -> None:
        self._of, self._taken = name_of(work.of), {*work.sizes, *work.coords, *OWN}
        self._answered, self._dims = False, dict[str, list[str]]()
        self._labelled = dict[str, bool]()

    def refuse(self, values: Mapping[str, Any]) -> None:
        """Look at a unit."""
        for text in values["answer"].flat:
            told = json.loads(text)
            if "variables" in told:
                self._answered = True
                self._look_at(told["variables"])
            elif told.get("mistaken") and not self._answered:
                cure = f"At the first point it was asked about: {told['reason']}"
                allowed = f"a function of an economy, to {RETURNS}"
                raise InputError("of", self._of, allowed, cure)

    def _look_at(self, variables: Mapping[str, Any]) -> None:
        dims = {name: one["dims"] for name, one in variables.items()}
        taken = {*dims, *(dim for over in dims.values() for dim in over)} & self._taken
        if taken:
            cure = "Those are names of what is varied, or of the sweep: rename it."
            allowed = "a function whose results have other names"
            raise InputError("of", sorted(taken), allowed, cure)
        for name, over in dims.items():
            before = self._dims.setdefault(name, over)
            if over != before:
                cure = f"At one point it is over {before}, at another over {over}."
                raise InputError("of", name, "over the same dimensions at every point", cure)
            for dim in over:
                if self._labelled.setdefault(dim, dim in variables) != (dim in variables):
                    cure = f"At one point {dim} has labels, at another none: give it some at each."
                    raise InputError("of", name, "over the same labels at every point", cure)


def answers(
    values: Mapping[str, np.ndarray],
    front: tuple[str, ...],
    coords: Mapping[str, Any],
    about: Mapping[str, Any],
) -> xr.Dataset:
    """Return what a function answered, with labels, of all points that were asked about."""
    status, shape = values["status"], values["status"].shape
    found: Any = np.empty(shape, dtype=object)
    for where in np.ndindex(shape):
        found[where] = _read(str(values["answer"][where]))
    reason = np.array([each.reason for each in found.flat], dtype=str).reshape(shape)
    good: Any = [(w, found[w].values) for w in np.ndindex(shape) if status[w] == 0]
    made, labels = _together(front, shape, good)
    made["status"] = (front, status, {"long_name": "how it ended, see nege.Status"})
    made["reason"] = (front, reason, {"long_name": "why there is no value"})
    return xr.Dataset(made, coords={**coords, **labels}, attrs=dict(about))


def _written(found: Found) -> str:
    """Return what came of a point as text, which holds every number exactly."""
    told: dict[str, Any] = {"reason": found.reason}
    if found.mistaken:
        told["mistaken"] = True
    if found.values is not None:
        told["variables"] = {
            str(name): {
                "dims": [str(dim) for dim in array.dims],
                "kind": array.dtype.kind,
                "shape": list(array.shape),
                "values": array.values.ravel().tolist(),
                "attributes": {str(key): _plain(value) for key, value in array.attrs.items()},
            }
            for name, array in found.values.variables.items()
            if name in found.values.data_vars or name in found.values.dims
        }
    return json.dumps(told)


def _plain(value: Any) -> Any:
    """Return an attribute as JSON has it."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def _read(text: str) -> Found:
    """Return what came of a point; of one that was not asked about, nothing."""
    if not text:
        return Found(Status.PENDING, "", None)
    told, made = json.loads(text), {}
    for name, one in told.get("variables", {}).items():
        kinds: dict[str, type] = {"b": bool, "U": str}
        values: Any = np.array(one["values"], dtype=kinds.get(one["kind"], float))
        made[name] = (tuple(one["dims"]), values.reshape(one["shape"]), one["attributes"])
    found = xr.Dataset(made) if "variables" in told else None
    status = Status.INVALID if found is None else Status.CONVERGED
    return Found(status, told["reason"], found, told.get("mistaken", False))


def check_of(of: Any, given: Mapping[str, Any], elsewhere: bool) -> Functional:
    """Return the function, or refuse it, and what it does not go with."""
    if not callable(of) or isinstance(of, type):
        one = 'nege.break_points(economy, "trade_cost", (1.05, 5))'
        cure = f"For example of=lambda economy: {one}."
        if isinstance(of, Mapping):
            first = str(next(iter(of), "breaks"))
            cure = (
                "One function answers all of them: "
                f'of=lambda economy: {{"{first}": {one}, "other": ...}}.'
            )
        raise InputError("of", of, f"a function of an economy, to {RETURNS}", cure)
    for name, value in given.items():
        if value is not None and value is not False:
            cure = "The function solves what it asks for: say it there."
            raise InputError(name, value, "left out where of= is given", cure)
    if elsewhere:
        try:
            pickle.dumps(of)
        except Exception as error:  # pickle raises whatever it likes
            cure = (
                "A lambda, or a function inside of another, is not: write it into a file with def, "
                "and import it from there; or give processes=1."
            )
            allowed = "a function that other processes can import"
            raise InputError("of", of, allowed, cure) from error
        check_found_elsewhere("of", function_inside(of))
    found: Functional = of
    return found


def _labelled(returned: Any) -> dict[str, xr.DataArray]:
    """Return what a function returned as arrays by name, or refuse it."""
    if isinstance(returned, xr.Dataset):
        returned = dict(returned.data_vars)
    if not isinstance(returned, Mapping):
        name = returned.name if isinstance(returned, xr.DataArray) else None
        returned = {str(name or VALUE): returned}
    if not returned:
        raise _UnfitError(f"it returned nothing, where {RETURNS} is expected")
    made: dict[str, xr.DataArray] = {}
    for name, value in returned.items():
        more = _variables(str(name), value)
        if twice := made.keys() & more.keys():
            raise _UnfitError(f"two of its results are called {sorted(twice)[0]}: rename one")
        made |= more
    return made


def _side_by_side(values: Mapping[str, xr.DataArray]) -> xr.Dataset:
    """Return arrays as one Dataset: each may have another length, or other labels, than the rest.

    xarray would refuse the one, as two break points beside no sustain point.
    """
    for name, array in values.items():
        for dim in array.dims:
            kind = array[dim].dtype
            if kind.kind not in "biufU":
                raise _UnfitError(f"{dim} of {name} is of {kind}, not of numbers or words")
            named = {dim in other.coords for other in values.values() if dim in other.dims}
            if len(named) > 1:
                raise _UnfitError(f"{dim} has labels in some of its results, and none in others")
    alone = [((), xr.Dataset({name: array})) for name, array in values.items()]
    made, labels = _together((), (), alone, fewest=0)
    return xr.Dataset(made, coords=labels)


def _variables(name: str, value: Any) -> dict[str, Any]:
    """Return the variables of one thing that a function returned."""
    if isinstance(value, xr.DataArray):
        if value.dtype.kind not in "biufU":
            raise _UnfitError(f"{name} is of {value.dtype}, not of numbers or words")
        return {name: value}
    if isinstance(value, (str, bool, np.bool_, numbers.Real)):
        return {name: xr.DataArray(value if isinstance(value, (str, bool)) else float(value))}
    if isinstance(value, Sequence) or (isinstance(value, np.ndarray) and value.ndim <= 1):
        modes = getattr(value, "mode", None)  # of thresholds: what happens at each of them
        dim = "item" if modes is None else "threshold"
        try:
            listed = np.array([float(v) for v in np.atleast_1d(np.asarray(value, float))])
        except (TypeError, ValueError) as error:
            raise _UnfitError(f"{name} is {value!r}, not {RETURNS}") from error
        of = getattr(value, "parameter", None)
        what = f"threshold of {getattr(value, 'term', '') or str(of).replace('_', ' ')}"
        words = what if name == VALUE else f"{name.replace('_', ' ')}, {what}"
        about = {} if of is None else {"long_name": words}
        made = {name: xr.DataArray(listed, dims=dim, attrs=about)}
        made[f"{name}_count"] = xr.DataArray(float(listed.size))
        if modes is not None:
            made[f"{name}_mode"] = xr.DataArray(np.array(modes, dtype=str), dims=dim)
            made[f"{name}_note"] = xr.DataArray(str(value.note))  # type: ignore[union-attr]
        return made
    raise _UnfitError(f"{name} is {type(value).__name__}, where {RETURNS} is expected")


def _together(
    front: tuple[str, ...],
    shape: tuple[int, ...],
    found: list[tuple[Any, xr.Dataset]],
    fewest: int = 1,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return variables over all points, padded, and the labels of what else they are over."""
    dims: dict[str, tuple[str, ...]] = {}
    labels: dict[str, np.ndarray] = {}
    sizes: dict[str, int] = {}
    kinds: dict[str, np.dtype[Any]] = {}
    about: dict[str, dict[str, Any]] = {}
    for _, values in found:
        for dim, size in values.sizes.items():
            # One at least: a list that is empty everywhere is NaN, and can be asked for its first.
            sizes[str(dim)] = max(size, sizes.get(str(dim), fewest))
            if dim in values.coords:
                known = values[dim].values
                old = labels.get(str(dim), known[:0])
                labels[str(dim)] = np.array(list(dict.fromkeys([*old.tolist(), *known.tolist()])))
                sizes[str(dim)] = labels[str(dim)].size
        for key, array in values.data_vars.items():
            name = str(key)
            dims[name] = tuple(map(str, array.dims))
            kind = array.dtype if array.dtype.kind in "bU" else np.dtype(float)
            kinds[name] = np.result_type(kinds.get(name, kind), kind)
            about.setdefault(name, dict(array.attrs))
    made: dict[str, Any] = {}
    for name, over in dims.items():
        nothing: Any = {"b": False, "U": ""}.get(kinds[name].kind, math.nan)
        every = np.full(shape + tuple(sizes[dim] for dim in over), nothing, kinds[name])
        for where, values in found:
            if name in values:
                array = values[name]
                at = [
                    [labels[d].tolist().index(v) for v in array[d].values.tolist()]
                    if d in labels and d in array.coords
                    else list(range(array.sizes[d]))
                    for d in over
                ]
                every[(*where, *np.ix_(*at))] = array.values
        made[name] = ((*front, *over), every, about[name])
    return made, {dim: (dim, known) for dim, known in labels.items()}
