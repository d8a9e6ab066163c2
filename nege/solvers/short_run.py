"""Short runs: prices and wages that clear markets while workers and firms stay where they are."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege import memory, settings, validation
from nege.errors import InputError
from nege.kernels.codes import METHODS
from nege.models import designs, parameter_axes, trade_costs
from nege.models.base import Model
from nege.models.solutions import Many
from nege.results.equilibrium import Equilibrium
from nege.solver_options import SolverOptions
from nege.solvers import many_short_runs
from nege.solvers.checks import check_model, check_options, or_raise, provenance
from nege.solvers.prepared import ShortRunArrays, ShortRuns
from nege.status import Status
from nege.validation.keywords import hinted

__all__ = ["short_run"]


DIAGNOSTICS = {
    "status": "how the solve ended, see nege.Status",
    "residual": "largest violation of market clearing",
    "error": "bound on the error of log wages",
    "rate": "mean factor by which the residual fell in an iteration",
    "iterations": "iterations of the wage map",
    "method": "by which it was solved",
}


@hinted
def short_run(
    model: Model,
    share: Any,
    *,
    parameters: Mapping[str, Sequence[float] | np.ndarray] | None = None,
    along: str | None = None,
    options: SolverOptions | None = None,
    threads: int | None = None,
    invalid: str = "raise",
) -> Equilibrium | xr.Dataset:
    """Wages, prices and real wages while workers and firms stay where they are.

    Solves the model's short-run equations (for core-periphery, Fujita, Krugman &
    Venables 1999, eq. 4.31-4.34) in logs: by Newton's method for few regions, by
    safeguarded Anderson acceleration for many.

    Parameters
    ----------
    model : Model
        The economy.
    share : DataArray, mapping or array
        Share of mobile workers (and firms) of each region, the online one last;
        non-negative, summing to one. Further dimensions, in front in an array and
        anywhere in a DataArray, are many distributions of the same economy.
    parameters : mapping of str to 1-d array, optional
        Values of parameters, e.g. ``{"trade_cost": [1.5, 2], "sigma": [4, 5]}``; every
        combination of them is solved for every distribution.
    along : str, optional
        One of `parameters` that is followed: each solve starts from those before it,
        extrapolated along the secant. By default solves are independent.
    options : SolverOptions, optional
        Tolerances, limits, operator and method.
    threads : int, optional
        How many parts to solve at the same time; what :func:`nege.options` says by default, else 1.
    invalid : {"raise", "record"}
        What becomes of points of `parameters` that are no economies, as in
        :func:`nege.sweep`.

    Returns
    -------
    Equilibrium or Dataset
        One distribution gives an Equilibrium, with the residual of the returned
        wages and a bound on their error. Many, or `parameters`, give a Dataset over
        parameters, then the dimensions of `share`, with ``status, residual, error,
        rate, iterations, method`` of each.

    Raises
    ------
    InputError
        For shares that are not shares of this model's regions, or parameters that it
        does not have or accept. For results that memory does not hold.
    ConvergenceError
        Where the solve of one distribution failed; it carries the partial result. Many
        record their status and go on; variables of those that failed are NaN.

    Notes
    -----
    Not for where people end up: shares are given here, and :func:`nege.solve` moves them.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7)
    >>> e = nege.short_run(economy, {"0": 0.7, "1": 0.3})
    >>> e.data.real_wage.sel(region="1").item() > e.data.real_wage.sel(region="0").item()
    True
    >>> ds = nege.short_run(economy, [[0.7, 0.3], [0.5, 0.5]], parameters={"trade_cost": [2, 3]})
    >>> ds.real_wage.dims
    ('trade_cost', 'point', 'region')
    """
    check_model(model)
    options = check_options(options)
    threads = settings.chosen("threads", threads)
    record = designs.records_refused(invalid)
    if parameters is not None or _are_many(share):
        check_model(model, in_shares=True)
        return _ShortRunGrid(model, share, parameters, along, options, record).solve(threads)
    parameter_axes.followed(along, {})
    checked = model.check_share(share)
    found = ShortRuns(model, options)(checked)
    return or_raise(_short_run_result(model, found, options))


def _short_run_result(model: Model, found: ShortRunArrays, options: SolverOptions) -> Equilibrium:
    return Equilibrium(
        model=model,
        data=model.label_later(found.share, found.state, found.parameters),
        status=found.status,
        residual=float(found.residual),
        error=float(found.error),
        iterations=int(found.iterations),
        horizon="short run",
        operator=trade_costs.name_of(found.parameters.operator),
        method=METHODS[found.method],
        rate=float(found.rate),
        provenance=provenance(options),
    )


PARAMETER_BYTES_AT_ONCE = 1 << 28  # bytes of parameter points that are made at a time
POINTS_AT_ONCE = 4096  # of them, at most
#: What stands where the model refuses a point.
REFUSED_POINT_VALUES = {
    **{"status": int(Status.INVALID), "residual": np.nan, "error": np.nan},
    **{"rate": np.nan, "iterations": 0, "method": -1},
}


class _ShortRunGrid:
    """Every combination of parameters for every distribution, as one Dataset."""

    def __init__(
        self,
        model: Model,
        share: Any,
        parameters: Any,
        along: str | None,
        options: SolverOptions,
        record: bool,
    ) -> None:
        self.model, self.options, self.record = model, options, record
        none = designs.ParameterPoints({}, {}, {})
        self.points = none if parameters is None else designs.grid_points(model, parameters)
        self.axes = {name: array.values for name, array in self.points.parameters.items()}
        self.along = parameter_axes.followed(along, self.axes)
        if along is not None and not model.by_kernels():
            cure = "Each of its short runs is found by itself, in a few steps of Newton's method."
            raise InputError("along", along, "None for this model", cure)
        labelled = validation.many_shares("share", share, model.regions)
        parameter_axes.apart("share", labelled, self.axes)
        self.dims = tuple(str(dim) for dim in labelled.dims[:-1])
        self.shares, self.coords = labelled.values, dict(labelled.coords)
        self.flat = self.shares.reshape(-1, self.shares.shape[-1])
        self._check()

    def _check(self) -> None:
        """Refuse what cannot be done, before anything is."""
        for name in (*self.axes, *self.dims, *self.coords):
            if name in DIAGNOSTICS or name in self.model.variables:
                cure = "The result has a variable of that name: rename it."
                raise InputError("share", name, "free of names that the result bears", cure)
        numbers = len(DIAGNOSTICS) + len(self.model.variables) * len(self.model.regions)
        count = math.prod(self.points.sizes.values()) * len(self.flat)
        cure = "nege.sweep(..., share=..., store=...) solves them without it."
        given = "share" if self.along is None and not self.axes else "parameters"
        memory.check(
            given, f"{count} points", 8 * numbers * count, "for their results in memory", cure
        )
        if not self.record:
            self.points.check(self.model)

    def solve(self, threads: int) -> xr.Dataset:
        shape, names = tuple(self.points.sizes.values()), self.model.coordinates()
        outer = (*shape, len(self.flat))
        outcome = {
            name: np.full(outer + tuple(len(names[dim]) for dim in variable.dims), np.nan)
            for name, variable in self.model.variables.items()
        }
        diagnostics = {name: np.full(outer, none) for name, none in REFUSED_POINT_VALUES.items()}
        operator = ""
        for asked in self._lines():
            line, models = self._economies(asked)
            if not line:
                continue
            points = [m.arrays_for(self.options.operator, compiled=True) for m in models]
            operator = trade_costs.name_of(points[0].operator)
            many = self._solve(points, line, threads)
            for i, index in enumerate(line):
                values = models[i].outcome(self.flat, many.states[i], points[i])
                failed = many.status[i] != Status.CONVERGED
                for name, value in values.items():
                    outcome[name][index] = value  # which may be what was asked for: left as it is
                    outcome[name][index][failed] = np.nan
                for name in DIAGNOSTICS:
                    diagnostics[name][index] = getattr(many, name)[i]
        diagnostics["method"] = np.array([*METHODS, ""])[diagnostics["method"]]
        return self._dataset(shape, outcome, diagnostics, operator)

    def _lines(self) -> Iterator[list[tuple[int, ...]]]:
        """Yield the indices of parameter points that are solved in one call."""
        ranges = {name: range(len(values)) for name, values in self.axes.items()}
        if self.along is None:
            need = max(self.model.memory().values()) if self.axes else 1
            every = itertools.product(*ranges.values())
            while some := list(
                itertools.islice(
                    every, max(1, min(POINTS_AT_ONCE, PARAMETER_BYTES_AT_ONCE // need))
                )
            ):
                yield some
            return
        others = [values if name != self.along else range(1) for name, values in ranges.items()]
        axis = list(ranges).index(self.along)
        for other in itertools.product(*others):
            yield [(*other[:axis], k, *other[axis + 1 :]) for k in ranges[self.along]]

    def _economies(self, line: list[tuple[int, ...]]) -> tuple[list[tuple[int, ...]], list[Model]]:
        """Return the points of a line that the model accepts, and the economies there."""
        found = []
        for index in line:
            point = dict(zip(self.axes, index, strict=True))
            model = self.points.accepted(self.model, point, self.record)
            if model is not None:
                found.append((index, model))
        return [index for index, _ in found], [model for _, model in found]

    def _solve(self, points: list[Any], line: list[tuple[int, ...]], threads: int) -> Many:
        options, start = self.options.for_kernels(), self.model.start_state()
        if self.along is not None:
            axis = list(self.axes).index(self.along)
            position = self.axes[self.along][[index[axis] for index in line]]
            return many_short_runs.solve_many(points, self.flat, start, options, threads, position)
        if self.options.method == "auto" or not self.model.by_kernels():
            special = self.model.short_runs_at_once(points, self.flat, options)
            if special is not None:
                return special
        return many_short_runs.solve_many(points, self.flat, start, options, threads)

    def _dataset(
        self,
        shape: tuple[int, ...],
        outcome: dict[str, np.ndarray],
        diagnostics: dict[str, np.ndarray],
        operator: str,
    ) -> xr.Dataset:
        dims = (*self.axes, *self.dims)
        inner = self.shares.shape[:-1]
        values = {
            name: value.reshape(shape + inner + value.shape[len(shape) + 1 :])
            for name, value in outcome.items()
        }
        labelled_diagnostics = {
            name: (dims, diagnostics[name].reshape(shape + inner), {"long_name": meaning})
            for name, meaning in DIAGNOSTICS.items()
        }
        return xr.Dataset(
            {**self.model.named(values, dims), **labelled_diagnostics},
            coords={**self.axes, **self.coords, **self.model.coordinates()},
            attrs={"model": repr(self.model), **provenance(self.options), "operator": operator},
        )


def _are_many(share: Any) -> bool:
    if isinstance(share, (xr.DataArray, np.ndarray, pd.DataFrame)):
        return share.ndim > 1
    return isinstance(share, (list, tuple)) and len(share) > 0 and np.iterable(share[0])
