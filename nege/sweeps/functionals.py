"""Functionals of economies over a sweep: thresholds, jumps, indices, whatever a function returns.

A function from an economy to numbers is called at every point, and what it returns becomes
variables over what was varied. Lists, as of break points, differ in length from point to point:
they are padded with NaN, and counted. A point at which the function raises is recorded with its
status and with the reason in words.
"""

from __future__ import annotations

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
from nege.sweeps.threads import one_thread

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


class Evaluations:
    """A function at every point: the work of a sweep, cut into blocks of points."""

    def __init__(
        self, model: Model, points: ParameterPoints, of: Functional, record: bool, unit: int | None
    ) -> None:
        self.model, self.points, self.of, self.record_refused = model, points, of, record
        self.sizes = dict(points.sizes)
        self.coords = dict(points.coords)
        self.unit = block_shape(self.sizes, unit or 1)

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
        found = np.empty(shape, dtype=object)
        with one_thread(), compiled_only(), undivided(), silence():
            for where in np.ndindex(*shape):
                position = (part.start + i for part, i in zip(block, where, strict=True))
                found[where] = self._at(dict(zip(self.sizes, position, strict=True)))
                tick(1)
        return {"found": found}

    def _at(self, index: Mapping[str, int]) -> Found:
        try:
            economy = self.points.economy(self.model, index)
            values = _labelled(self.of(economy))
        except ConvergenceError as error:
            status = getattr(error.equilibrium, "status", Status.STUCK)
            return Found(Status(status), str(error), None)
        except InputError as error:
            return Found(Status.INVALID, str(error), None)
        except _UnfitError as error:
            return Found(Status.INVALID, str(error), None, mistaken=True)
        except Exception as error:  # whatever the function does: the other points go on
            known = isinstance(error, (NegeError, ArithmeticError, ValueError))
            words = f"{type(error).__name__}: {error}"
            return Found(Status.NOT_FINITE if known else Status.INVALID, words, None, not known)
        for name, array in values.data_vars.items():
            if array.dtype.kind == "f" and not np.isfinite(array.values).all():
                why = f"{name} is {'NaN' if np.isnan(array.values).any() else 'infinite'}"
                return Found(Status.NOT_FINITE, why, None)
        return Found(Status.CONVERGED, "", values)


class Table:
    """What came of every point, in memory, with the interface of a store."""

    def __init__(self, work: Evaluations) -> None:
        self.work = work
        self.found: Any = np.full(tuple(work.sizes.values()), None, dtype=object)
        self._answered = False

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *error: object) -> None: ...

    def missing(self) -> Iterator[Block]:
        """Every unit: nothing is there before."""
        return self.work.blocks()

    def write(self, block: Block, values: Mapping[str, Any]) -> None:
        """Take a unit in; a function that fails for its own sake is not called at all points."""
        self.found[block] = values["found"]
        for each in values["found"].flat:
            self._answered |= each.status is Status.CONVERGED
            if each.mistaken and not self._answered:
                cure = f"At the first point it was asked about: {each.reason}"
                allowed = f"a function of an economy, to {RETURNS}"
                raise InputError("of", _name(self.work.of), allowed, cure)

    def dataset(self) -> xr.Dataset:
        """Return everything, with its labels."""
        front, shape = tuple(self.work.sizes), self.found.shape
        status = np.array([each.status for each in self.found.flat], np.int8).reshape(shape)
        reason = np.array([each.reason for each in self.found.flat], dtype=str).reshape(shape)
        good = [(w, self.found[w].values) for w in np.ndindex(shape) if status[w] == 0]
        made, coords = _together(front, shape, good)
        taken = (set(made) | set(coords)) & {*front, *self.work.coords, *OWN}
        if taken:
            cure = "Those are names of what is varied, or of the sweep: rename it."
            raise InputError("of", sorted(taken), "a function whose results have other names", cure)
        made["status"] = (front, status, {"long_name": "how it ended, see nege.Status"})
        made["reason"] = (front, reason, {"long_name": "why there is no value"})
        about = {"model": repr(self.work.model), "of": _name(self.work.of)}
        about["nege_version"] = __version__
        return xr.Dataset(made, coords={**self.work.coords, **coords}, attrs=about)


def check_of(of: Any, given: Mapping[str, Any], elsewhere: bool) -> Functional:
    """Return the function, or refuse it, and what it does not go with."""
    if not callable(of) or isinstance(of, type):
        cure = 'For example of=lambda economy: nege.break_points(economy, "trade_cost", (1.05, 5)).'
        raise InputError("of", of, f"a function of an economy, to {RETURNS}", cure)
    for name, value in given.items():
        if value is not None and value is not False:
            cure = "The function solves what it asks for: say it there."
            if name in ("store", "overwrite"):
                cure = "What it returns is known when all is done: ds.to_netcdf(path) keeps it."
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
    found: Functional = of
    return found


def _name(of: Functional) -> str:
    return str(getattr(of, "__qualname__", type(of).__name__))


def _labelled(returned: Any) -> xr.Dataset:
    """Return what a function returned as a Dataset, or refuse it."""
    if isinstance(returned, xr.Dataset):
        returned = dict(returned.data_vars)
    if not isinstance(returned, Mapping):
        name = returned.name if isinstance(returned, xr.DataArray) else None
        returned = {str(name or VALUE): returned}
    if not returned:
        raise _UnfitError(f"it returned nothing, where {RETURNS} is expected")
    made: dict[str, Any] = {}
    for name, value in returned.items():
        made |= _variables(str(name), value)
    return xr.Dataset(made)


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
        made = {name: xr.DataArray(listed, dims=dim)}
        made[f"{name}_count"] = xr.DataArray(float(listed.size))
        if modes is not None:
            made[f"{name}_mode"] = xr.DataArray(np.array(modes, dtype=str), dims=dim)
            made[f"{name}_note"] = xr.DataArray(str(value.note))  # type: ignore[union-attr]
        return made
    raise _UnfitError(f"{name} is {type(value).__name__}, where {RETURNS} is expected")


def _together(
    front: tuple[str, ...], shape: tuple[int, ...], found: list[tuple[Any, xr.Dataset]]
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
            sizes[str(dim)] = max(size, sizes.get(str(dim), 1))
            if dim in values.coords:
                known = values[dim].values
                old = labels.get(str(dim), known[:0])
                labels[str(dim)] = np.array(list(dict.fromkeys([*old.tolist(), *known.tolist()])))
                sizes[str(dim)] = labels[str(dim)].size
        for key, array in values.data_vars.items():
            name = str(key)
            if dims.setdefault(name, tuple(map(str, array.dims))) != array.dims:
                cure = f"At one point it is over {dims[name]}, at another over {array.dims}."
                raise InputError("of", name, "over the same dimensions at every point", cure)
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
