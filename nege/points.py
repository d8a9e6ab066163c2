"""Which economies a sweep is about: a grid, a list of points, or a random design."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege import axes, validation
from nege.errors import InputError
from nege.models.base import Model

__all__ = ["random_points"]

SAMPLERS = ("halton", "latin hypercube", "sobol")


@dataclasses.dataclass(frozen=True)
class Points:
    """Parameter points over dimensions: each parameter over some of these.

    In a grid every parameter has a dimension of its own, in a list all share one.
    """

    sizes: dict[str, int]
    parameters: dict[str, xr.DataArray]
    coords: dict[str, Any]

    def economy(self, model: Model, index: Mapping[str, int]) -> Model:
        """Return the economy at one point, after ``check``."""
        values = {name: self._value(array, index) for name, array in self.parameters.items()}
        for name in self._plain(model):
            model = model.moved(name, values.pop(name))
        return model.replace(values) if values else model

    def check(self, model: Model) -> None:
        """Ask the model about them.

        About the least and the largest of plain numbers, because what a model allows has
        no holes; about every point where a parameter is an array.
        """
        plain = self._plain(model)
        for name in plain:
            values = self.parameters[name].values
            for value in (values.min(), values.max()):  # NaN, where one is
                model.replace({name: float(value)})
        others = [name for name in self.parameters if name not in plain]
        if others:
            for position in np.ndindex(*self.sizes.values()):
                index = dict(zip(self.sizes, position, strict=True))
                model.replace({name: self._value(self.parameters[name], index) for name in others})

    def _plain(self, model: Model) -> list[str]:
        """Which parameters are one number, at a point and in the model.

        Those of the online region are no attributes of the model, and numbers all.
        """
        return [
            name
            for name, array in self.parameters.items()
            if set(array.dims) <= set(self.sizes) and isinstance(getattr(model, name, 0.0), float)
        ]

    @staticmethod
    def _value(array: xr.DataArray, index: Mapping[str, int]) -> Any:
        where = tuple(index.get(str(dim), slice(None)) for dim in array.dims)
        value = array.variable.values[where]
        if np.ndim(value) == 0:
            return float(value)
        return array.isel({dim: i for dim, i in index.items() if dim in array.dims})


def grid(model: Model, parameters: Any) -> Points:
    """Return every combination of values by parameter."""
    given = axes.items("parameters", parameters)
    axes.check_names(model, [name for name, _ in given])
    varied = {name: axes.numbers(name, values) for name, values in given}
    return Points(
        {name: len(values) for name, values in varied.items()},
        {name: xr.DataArray(values, dims=name) for name, values in varied.items()},
        {name: (name, values) for name, values in varied.items()},
    )


def listed(model: Model, argument: str, given: Any, dim: str) -> Points:
    """Return the points of a Dataset over one dimension, or of lists of one length."""
    if not isinstance(given, xr.Dataset):
        lists = {name: axes.numbers(name, values) for name, values in axes.items(argument, given)}
        lengths = {name: len(values) for name, values in lists.items()}
        if len(set(lengths.values())) > 1:
            raise InputError(argument, lengths, "lists of one length", "Repeat constant values.")
        given = xr.Dataset({name: (dim, values) for name, values in lists.items()})
    if not given.data_vars:
        raise InputError(argument, dict(given.sizes), "a Dataset of parameters", "It holds none.")
    if given.sizes.get(dim, 0) == 0:
        allowed = f'a Dataset with at least one "{dim}"'
        raise InputError(argument, dict(given.sizes), allowed, f"Name its dimension {dim}.")
    axes.check_names(model, [str(name) for name in given.data_vars])
    given = given.compute()
    labels = model.coordinates()
    coords: dict[str, Any] = {
        str(name): _in_order(array, labels).variable for name, array in given.data_vars.items()
    }
    for name, array in given.coords.items():
        if array.dims == (dim,):
            coords[str(name)] = array.variable
    coords.setdefault(dim, np.arange(given.sizes[dim]))
    return Points(
        {dim: given.sizes[dim]}, {str(n): array for n, array in given.data_vars.items()}, coords
    )


def _in_order(array: xr.DataArray, labels: Mapping[str, Any]) -> xr.DataArray:
    """Put the values of a parameter in the model's order of labels, which the result bears."""
    for dim in set(labels) & set(array.indexes):
        given = [str(label) for label in array.indexes[dim]]
        if set(given) == set(labels[dim]):  # other labels are for the model to refuse
            array = array.isel({dim: [given.index(label) for label in labels[dim]]})
    return array


def random_points(
    ranges: Mapping[str, tuple[float, float]],
    count: int,
    *,
    rng: Any = 0,
    sampler: str = "halton",
) -> xr.Dataset:
    """Parameter points that fill a box evenly: a random design for :func:`nege.sweep`.

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
    for name, pair in axes.items("ranges", ranges):
        low, high = axes.pair(name, pair)
        ends[name] = (low, high)
    if sampler == "sobol" and count & (count - 1):
        cure = "Its points are balanced for these only."
        raise InputError("count", count, "a power of two for sampler='sobol'", cure)
    kinds = {"halton": qmc.Halton, "latin hypercube": qmc.LatinHypercube, "sobol": qmc.Sobol}
    unit = kinds[sampler](len(ends), rng=rng).random(count)
    low, high = np.array(list(ends.values())).T
    columns = qmc.scale(unit, low, high).T
    return xr.Dataset({name: ("point", c) for name, c in zip(ends, columns, strict=True)})
