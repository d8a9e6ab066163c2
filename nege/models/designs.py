"""Which economies a sweep is about: a grid, a list of points, or a random design."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege import labelled, memory, validation
from nege.errors import InputError
from nege.models import parameter_axes, terms
from nege.models.base import Model
from nege.validation import labels
from nege.validation.keywords import hinted

__all__ = ["random_points"]

POINTS_CHECKED_AT_ONCE = 1 << 20  # points about which a model is asked in one go

Block = tuple[slice, ...]


@dataclasses.dataclass(frozen=True)
class ParameterPoints:
    """Parameter points over dimensions: each parameter over some of these.

    In a grid every parameter has a dimension of its own, in a list all share one.
    `argument` is what the caller gave them as.
    """

    sizes: dict[str, int]
    parameters: dict[str, xr.DataArray]
    coords: dict[str, Any]
    argument: str = "parameters"

    def economy(self, model: Model, index: Mapping[str, int]) -> Model:
        """Return the economy at one point, or raise the model's refusal."""
        return model.replace({name: self._value(name, index) for name in self.parameters})

    @functools.cached_property
    def _plain(self) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """The dimensions and numbers of each parameter, without labels."""
        return {
            name: (tuple(map(str, array.dims)), array.values)
            for name, array in self.parameters.items()
        }

    def accepted(self, model: Model, index: Mapping[str, int], record: bool) -> Model | None:
        """Return the economy at one point, or None where the model refuses it and `record` is."""
        try:
            return self.economy(model, index)
        except InputError:
            if not record:
                raise
            return None

    def check(self, model: Model) -> None:
        """Refuse the points that are no economies, all of them before anything is solved."""
        count, first = 0, None
        for block in blocks_over(self.sizes, block_shape(self.sizes, POINTS_CHECKED_AT_ONCE)):
            refused = self.refused(model, block)
            found = int(np.count_nonzero(refused))
            if found and first is None:
                within = np.argwhere(refused)[0]
                first = [part.start + int(i) for part, i in zip(block, within, strict=True)]
            count += found
        if first is not None:
            raise self._refusal(model, dict(zip(self.sizes, first, strict=True)), count)

    def refused(self, model: Model, block: Block) -> np.ndarray:
        """Return which points of a block the model does not accept."""
        shape = tuple(part.stop - part.start for part in block)
        if self._are_numbers(model):
            cut = dict(zip(self.sizes, block, strict=True))
            good = model.accepts(
                {name: self._broadcast(a, cut) for name, a in self.parameters.items()}
            )
            return np.broadcast_to(~np.asarray(good), shape)
        refused = np.zeros(shape, dtype=bool)
        for where in np.ndindex(shape):
            position = (part.start + i for part, i in zip(block, where, strict=True))
            index = dict(zip(self.sizes, position, strict=True))
            refused[where] = self.accepted(model, index, record=True) is None
        return refused

    def _are_numbers(self, model: Model) -> bool:
        """Whether the model can be asked about many points at once."""
        known = model.scalars()
        return all(
            name in known and set(array.dims) <= set(self.sizes)
            for name, array in self.parameters.items()
        )

    def _broadcast(self, array: xr.DataArray, cut: Mapping[str, slice]) -> np.ndarray:
        """Return a parameter over a block, in all dimensions, of size one where it has none."""
        part = array.variable.isel({dim: cut[str(dim)] for dim in array.dims})
        ordered = part.transpose(*(dim for dim in self.sizes if dim in part.dims))
        return np.asarray(ordered.values.reshape([part.sizes.get(dim, 1) for dim in self.sizes]))

    def _refusal(self, model: Model, index: Mapping[str, int], count: int) -> InputError:
        """Return the model's own refusal of the first of some points, with where it is."""
        total = math.prod(self.sizes.values())
        labels = {
            dim: xr.as_variable(self.coords[dim]).values[i]
            for dim, i in index.items()
            if dim in self.coords and dim not in self.parameters
        }
        values = {name: self._value(name, index) for name in self.parameters}
        numbers = {name: value for name, value in values.items() if isinstance(value, float)}
        at = ", ".join(f"{name}={value}" for name, value in (labels | numbers).items())
        several = f"the first of {count} refused" if count > 1 else "the only one refused"
        where = (
            f"That is at {at}, {several} of {total} points: leave such points out, or go on "
            'without them by invalid="record".'
        )
        try:
            self.economy(model, index)
        except InputError as error:
            return InputError(error.argument, error.value, error.allowed, f"{error.cure} {where}")
        return InputError(self.argument, at, "economies that the model accepts", where)

    def _value(self, name: str, index: Mapping[str, int]) -> Any:
        dims, values = self._plain[name]
        value = values[tuple(index.get(dim, slice(None)) for dim in dims)]
        if value.ndim == 0:
            return float(value)
        array = self.parameters[name]
        return array.isel({dim: i for dim, i in index.items() if dim in array.dims})


def records_refused(invalid: Any) -> bool:
    """Whether points that the model refuses are recorded; by default they are an error."""
    return validation.known("invalid", invalid, ("raise", "record")) == "record"


def block_shape(sizes: Mapping[str, int], room: int, whole: str | None = None) -> tuple[int, ...]:
    """Return the shape of blocks of at most so many points; one dimension is never cut."""
    part = {dim: size if dim == whole else 1 for dim, size in sizes.items()}
    for dim in reversed(list(sizes)):
        if dim != whole:
            fit = max(1, room // math.prod(part.values()))
            part[dim] = math.ceil(sizes[dim] / math.ceil(sizes[dim] / fit))
    return tuple(part.values())


def blocks_over(sizes: Mapping[str, int], shape: tuple[int, ...]) -> Iterator[Block]:
    """Yield blocks of a shape that cover all points, in order."""
    starts = (range(0, size, step) for size, step in zip(sizes.values(), shape, strict=True))
    for corner in itertools.product(*starts):
        yield tuple(
            slice(low, min(low + step, size))
            for low, step, size in zip(corner, shape, sizes.values(), strict=True)
        )


def grid_points(model: Model, parameters: Any) -> ParameterPoints:
    """Return every combination of values by parameter."""
    given = parameter_axes.items("parameters", parameters)
    parameter_axes.check_names(model, [name for name, _ in given])
    varied = {name: parameter_axes.numbers(name, values) for name, values in given}
    return ParameterPoints(
        {name: len(values) for name, values in varied.items()},
        {name: xr.DataArray(labelled.variable(name, values)) for name, values in varied.items()},
        {
            name: labelled.variable(name, values, terms.about(model, name))
            for name, values in varied.items()
        },
    )


def listed_points(model: Model, argument: str, given: Any, dim: str) -> ParameterPoints:
    """Return the points of a Dataset over one dimension, or of lists of one length."""
    if not isinstance(given, xr.Dataset):
        items = parameter_axes.items(argument, given)
        parameter_axes.check_names(model, [name for name, _ in items])
        lists = {name: parameter_axes.numbers(name, values) for name, values in items}
        labels.check_same(argument, dict(items))
        lengths = {name: len(values) for name, values in lists.items()}
        if len(set(lengths.values())) > 1:
            raise InputError(argument, lengths, "lists of one length", "Repeat constant values.")
        given = xr.Dataset({name: (dim, values) for name, values in lists.items()})
    if not given.data_vars:
        raise InputError(argument, dict(given.sizes), "a Dataset of parameters", "It holds none.")
    if given.sizes.get(dim, 0) == 0:
        allowed = f'a Dataset with at least one "{dim}"'
        raise InputError(argument, dict(given.sizes), allowed, f"Name its dimension {dim}.")
    parameter_axes.check_names(model, [str(name) for name in given.data_vars])
    given = given.compute()
    for name, array in given.data_vars.items():
        validation.real_array(str(name), array, "numbers")
    known = _labels_by_dimension(model)
    varied = {str(n): _in_model_order(str(n), array, known) for n, array in given.data_vars.items()}
    coords: dict[str, Any] = {
        name: labelled.variable(tuple(map(str, array.dims)), array.values, terms.about(model, name))
        for name, array in varied.items()
    }
    used = {str(name) for array in varied.values() for name in array.dims}
    coords |= {
        name: (name, list(known[name])) for name in used & known.keys() - model.coordinates()
    }
    for name, array in given.coords.items():
        if array.dims == (dim,):
            coords[str(name)] = array.variable
    coords.setdefault(dim, (dim, np.arange(given.sizes[dim])))
    return ParameterPoints({dim: given.sizes[dim]}, varied, coords, argument)


def _labels_by_dimension(model: Model) -> dict[str, Sequence[str]]:
    """Return the names along every dimension that parameters may have."""
    own, places = model.coordinates(), model.geography.names
    industries = {"input": own["industry"]} if "industry" in own else {}
    return {**own, **industries, **dict.fromkeys(("region", "origin", "destination"), places)}


READY_PATHS_HINT = " Ready paths take names from an economy: nege.scenarios.digital_turn(economy)."


def _in_model_order(
    name: str, array: xr.DataArray, known: Mapping[str, Sequence[str]]
) -> xr.DataArray:
    """Put the values of a parameter in the model's order of labels, which the result bears."""
    for dim in (str(dim) for dim in array.dims if dim in known):
        allowed = f"labelled by the model's names along {dim!r}"
        try:
            array = validation.in_order(name, array, dim, known[dim], allowed)
        except InputError as error:
            cure = error.cure + (READY_PATHS_HINT if dim in ("industry", "place") else "")
            raise InputError(name, error.value, allowed, cure) from error
    return array


SAMPLERS = ("halton", "latin hypercube", "sobol")


@hinted
def random_points(
    ranges: Mapping[str, tuple[float, float]],
    count: int,
    *,
    rng: Any = 0,
    sampler: str = "halton",
) -> xr.Dataset:
    """Random design for :func:`nege.sweep`: parameter points that fill a box evenly.

    Scrambled low-discrepancy points of ``scipy.stats.qmc``, scaled to the ranges.

    Parameters
    ----------
    ranges : mapping of str to (low, high)
        The least and the largest value of each parameter.
    count : int
        How many points.
    rng : int or numpy.random.Generator, default 0
        Seed or generator; the same seed gives the same points.
    sampler : str, default "halton"
        "halton", "latin hypercube", or "sobol", which needs a power of two.

    Returns
    -------
    Dataset
        The parameters over ``point``.

    Raises
    ------
    InputError
        For a range that is empty, or a number of points that the sampler cannot balance.

    Notes
    -----
    Not for continuation: each point is solved by itself, so that of several equilibria it may be
    on any. Lines of a grid, ``nege.sweep(..., along=...)``, stay on a branch.

    Examples
    --------
    >>> import nege
    >>> design = nege.random_points({"sigma": (3, 8), "mu": (0.2, 0.5)}, 100)
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2)
    >>> nege.sweep(economy, design, keep=["share"]).share.dims
    ('point', 'region')
    """
    from scipy.stats import qmc

    count = validation.whole("count", count, at_least=1)
    sampler = validation.known("sampler", sampler, SAMPLERS)
    rng = validation.generator("rng", rng)
    ends = {}
    for name, pair in parameter_axes.items("ranges", ranges):
        low, high = parameter_axes.pair(name, pair)
        ends[name] = (low, high)
    if sampler == "sobol" and count & (count - 1):
        cure = "Its points are balanced for these only."
        raise InputError("count", count, "a power of two for sampler='sobol'", cure)
    need = 4 * 8 * count * len(ends)
    memory.check("count", count, need, "for memory", "Sweep several designs, one after another.")
    kinds = {"halton": qmc.Halton, "latin hypercube": qmc.LatinHypercube, "sobol": qmc.Sobol}
    unit = kinds[sampler](len(ends), rng=rng).random(count)
    low, high = np.array(list(ends.values())).T
    columns = qmc.scale(unit, low, high).T
    return xr.Dataset({name: ("point", c) for name, c in zip(ends, columns, strict=True)})
