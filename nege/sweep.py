"""Many economies: grids of parameters, and paths followed from one solution to the next.

Everything comes back as one Dataset, with what was varied in front. A point that
fails is recorded with its status and its residual; its variables are NaN there, so
that no picture shows a number that was not solved.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege import axes
from nege.errors import InputError
from nege.models.base import Model
from nege.models.results import LongRun
from nege.options import Logit, Replicator, SolverOptions
from nege.search import find_long_run
from nege.solve import check_dynamics, check_model, check_options, default_start, provenance
from nege.status import Status

__all__ = ["follow", "sweep"]

FIRST = "first"

PROOF = {
    "status": ("int8", "how the solve ended, see nege.Status"),
    "residual": ("float64", "largest violation of equilibrium that is left"),
    "error": ("float64", "estimate of the distance to the exact equilibrium"),
    "iterations": ("int64", "steps along the dynamics and Newton steps"),
    "leading_eigenvalue": ("float64", "growth rate of the fastest small deviation"),
    "perturbed": ("bool", "whether the solve had to nudge the economy off a point"),
}


def sweep(
    model: Model,
    parameters: Mapping[str, Sequence[float] | np.ndarray],
    *,
    start: Any = None,
    along: str | None = FIRST,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
    progress: bool | None = None,
) -> xr.Dataset:
    """Long runs over a grid of parameters, each line followed from point to point.

    Along one dimension every solve starts from the solution before it, so a line is
    what an economy goes through as that parameter changes: where several equilibria
    exist, the branch it stays on.

    Parameters
    ----------
    model : Model
        The economy to vary.
    parameters : mapping of str to 1-d array
        Values by parameter, e.g. ``{"online_trade_cost": [2, 1.5, 1], "sigma": [3, 5]}``,
        visited in the order given.
    start : DataArray, mapping or array, optional
        Where each line starts; ``default_start(model)`` by default.
    along : str or None, optional
        The dimension followed: the first named one by default. None solves each
        point from `start`, independently of its neighbours.
    dynamics : Replicator or Logit, optional
        How people move.
    options : SolverOptions, optional
        Tolerances and limits.
    progress : bool, optional
        Show a bar; by default only on a terminal, and only for long work.

    Returns
    -------
    Dataset
        The model's variables over the swept dimensions in front, and ``status,
        residual, error, iterations, leading_eigenvalue, perturbed`` per point.
        Variables are NaN where ``status`` is not zero.

    Raises
    ------
    InputError
        For an unknown parameter (naming those near it), an empty list, or any
        value that the model refuses; before anything is solved.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2)
    >>> ds = nege.sweep(economy, {"trade_cost": [2.2, 1.5], "mu": [0.3, 0.4]})
    >>> ds.share.max("region").round(3).values
    array([[0.5, 0.5], [0.5, 1. ]])
    """
    check_model(model)
    varied = {n: axes.axis(model, n, v) for n, v in axes.items("parameters", parameters)}
    along = axes.followed(next(iter(varied)) if along == FIRST else along, varied)
    others = [name for name in varied if name != along]
    inner = () if along is None else varied[along]
    solver = _Solver(model, start, dynamics, options)
    result = _Table(model, tuple(varied), tuple(len(values) for values in varied.values()))
    bar = progress_bar(progress, int(np.prod(result.shape)))
    for outer in itertools.product(*(range(len(varied[name])) for name in others)):
        chosen = {name: varied[name][i] for name, i in zip(others, outer, strict=True)}
        line = [{**chosen, along: value} for value in inner] if along else [chosen]
        for position, point in enumerate(solver.line(line)):
            index = dict(zip(others, outer, strict=True))
            if along is not None:
                index[along] = position
            result.put(tuple(index[name] for name in varied), *point)
            bar.update()
    bar.close()
    coords = {name: (name, values) for name, values in varied.items()}
    return result.dataset(coords, solver.options)


def follow(
    model: Model,
    path: xr.Dataset | Mapping[str, Sequence[float] | np.ndarray],
    start: Any = None,
    *,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
    progress: bool | None = None,
) -> xr.Dataset:
    """Follow an economy along a path of parameters: each step starts from the last one.

    Parameters
    ----------
    model : Model
        The economy.
    path : Dataset or mapping
        Parameters over the dimension "step"; or lists of equal length by name.
    start : DataArray, mapping or array, optional
        Where the first step starts; ``default_start(model)`` by default.
    dynamics : Replicator or Logit, optional
        How people move.
    options : SolverOptions, optional
        Tolerances and limits.
    progress : bool, optional
        Show a bar; by default only on a terminal, and only for long work.

    Returns
    -------
    Dataset
        The model's variables over "step" in front, the path's parameters as
        coordinates, and the proof of each step as in :func:`sweep`. After a step
        that failed, the next one starts from the last that converged.

    Raises
    ------
    InputError
        For an unknown parameter, an empty path, or a value that the model refuses.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> online = nege.OnlineRegion(trade_cost=1.5)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2, online=online)
    >>> ds = nege.follow(economy, {"online_trade_cost": [1.4, 1.1, 1.4, 1.8]})
    >>> ds.share.sel(region="online").round(3).values
    array([0., 1., 1., 0.])
    """
    check_model(model)
    steps = _path(path)
    axes.check_names(model, [str(name) for name in steps.data_vars])
    count = steps.sizes["step"]
    points = [
        {
            str(name): _value(array.isel(step=i) if "step" in array.dims else array)
            for name, array in steps.data_vars.items()
        }
        for i in range(count)
    ]
    for point in points:
        model.replace(point)
    solver = _Solver(model, start, dynamics, options)
    result = _Table(model, ("step",), (count,))
    bar = progress_bar(progress, count)
    for i, solved in enumerate(solver.line(points)):
        result.put((i,), *solved)
        bar.update()
    bar.close()
    coords: dict[str, Any] = {
        str(name): _in_order(array, model.coordinates()).variable
        for name, array in steps.data_vars.items()
    }
    coords["step"] = steps["step"].values if "step" in steps.coords else np.arange(count)
    return result.dataset(coords, solver.options)


class _Solver:
    """Solves lines of economies, each point from the last one that converged."""

    def __init__(
        self,
        model: Model,
        start: Any,
        dynamics: Replicator | Logit | None,
        options: SolverOptions | None,
    ) -> None:
        self.model = model
        self.start = default_start(model) if start is None else model.check_share(start, "start")
        self.dynamics = check_dynamics(dynamics)
        self.options = check_options(options)

    def line(self, points: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Model, LongRun]]:
        share, state = self.start, self.model.start_state()
        for point in points:
            model = self.model.replace(point)
            found = find_long_run(model, share, state, self.dynamics, self.options)
            yield model, found
            if found.status is Status.CONVERGED:
                share, state = found.share, found.state


class _Table:
    """The Dataset to be, as arrays that are filled point by point."""

    def __init__(self, model: Model, dims: tuple[str, ...], shape: tuple[int, ...]) -> None:
        self.model, self.dims, self.shape = model, dims, shape
        sizes = {dim: len(labels) for dim, labels in model.coordinates().items()}
        self.values = {
            name: np.full(shape + tuple(sizes[dim] for dim in variable.dims), np.nan)
            for name, variable in model.variables.items()
        }
        self.proof = {name: np.zeros(shape, dtype) for name, (dtype, _) in PROOF.items()}
        self.proof["status"][:] = Status.PENDING

    def put(self, index: tuple[int, ...], model: Model, found: LongRun) -> None:
        if found.status is Status.CONVERGED:
            for name, value in model.outcome(found.share, found.state, found.parameters).items():
                self.values[name][index] = value
        for name in PROOF:
            value = getattr(found, name)
            self.proof[name][index] = bool(value) if name == "perturbed" else value

    def dataset(self, coords: Mapping[str, Any], options: SolverOptions) -> xr.Dataset:
        proof = {
            name: (self.dims, self.proof[name], {"long_name": meaning})
            for name, (_, meaning) in PROOF.items()
        }
        return xr.Dataset(
            {**self.model.named(self.values, self.dims), **proof},
            coords={**coords, **self.model.coordinates()},
            attrs={"model": repr(self.model), **provenance(options)},
        )


def _path(path: Any) -> xr.Dataset:
    if not isinstance(path, xr.Dataset):
        lists = {name: axes.numbers(name, values) for name, values in axes.items("path", path)}
        lengths = {name: len(values) for name, values in lists.items()}
        if len(set(lengths.values())) > 1:
            raise InputError("path", lengths, "lists of one length", "Repeat constant values.")
        path = xr.Dataset({name: ("step", values) for name, values in lists.items()})
    if not path.data_vars:
        raise InputError("path", dict(path.sizes), "a Dataset of parameters", "It holds none.")
    if "step" not in path.dims or path.sizes["step"] == 0:
        raise InputError(
            "path", dict(path.sizes), 'a Dataset with at least one "step"', "Name its dim step."
        )
    steps: xr.Dataset = path
    return steps


def _value(array: xr.DataArray) -> Any:
    return array.item() if array.ndim == 0 else array


def _in_order(array: xr.DataArray, labels: Mapping[str, Sequence[Any]]) -> xr.DataArray:
    """Put the values of a parameter in the model's order of labels, which the result bears."""
    for dim in set(labels) & set(array.indexes):
        given = [str(label) for label in array.indexes[dim]]
        array = array.isel({dim: [given.index(label) for label in labels[dim]]})
    return array


class _Silent:
    def update(self) -> None: ...

    def close(self) -> None: ...


def progress_bar(progress: bool | None, total: int | None, unit: str = "economies") -> Any:
    """Return a progress bar that appears after a second, or one that never does."""
    if progress is None:
        progress = total != 1 and (sys.stderr.isatty() or "ipykernel" in sys.modules)
    if not progress:
        return _Silent()
    try:
        from tqdm import tqdm
    except ImportError:
        return _Silent()
    return tqdm(total=total, desc=unit, leave=False, delay=1.0)
