"""Short run and long run of any model: prices for given shares, and where people end up."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import xarray as xr

from nege import batch, validation
from nege._version import __version__
from nege.equilibrium import Equilibrium
from nege.errors import ConvergenceError, InputError
from nege.models import trade
from nege.models.base import Model
from nege.options import Logit, Replicator, SolverOptions
from nege.search import find_long_run
from nege.status import Status

__all__ = ["estimate_memory", "short_run", "solve"]

LARGEST_MATRIX = 20_000  # places for which a short run falls back to half a matrix
_TRY_OPTIONS = "For example nege.SolverOptions(tolerance_payoff=1e-9)."


def short_run(
    model: Model,
    share: Any,
    *,
    options: SolverOptions | None = None,
    threads: int = 1,
) -> Equilibrium | xr.Dataset:
    """Wages, prices and real wages while workers and firms stay where they are.

    Solves the model's short-run equations (for core-periphery, Fujita, Krugman &
    Venables 1999, eq. 4.31-4.34) by safeguarded Anderson acceleration on log wages.

    Parameters
    ----------
    model : Model
        The economy.
    share : DataArray, mapping or array
        Share of mobile workers (and firms) of each region, the online one last;
        non-negative, summing to one. Further dimensions, in front in an array and
        anywhere in a DataArray, are many distributions of the same economy.
    options : SolverOptions, optional
        Tolerances, limits and operator.
    threads : int, default 1
        How many distributions to solve at the same time.

    Returns
    -------
    Equilibrium or Dataset
        One distribution gives an Equilibrium, with the residual of the returned
        wages and a bound on their error. Many give a Dataset over their dimensions,
        with ``status, residual, error, rate, iterations`` of each.

    Raises
    ------
    InputError
        For shares that are not shares of this model's regions.
    ConvergenceError
        Where the solve of one distribution failed; it carries the partial result. Many
        record their status and go on; variables of those that failed are NaN.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7)
    >>> e = nege.short_run(economy, {"0": 0.7, "1": 0.3})
    >>> e.data.real_wage.sel(region="1").item() > e.data.real_wage.sel(region="0").item()
    True
    >>> nege.short_run(economy, [[0.7, 0.3], [0.5, 0.5]]).real_wage.dims
    ('point', 'region')
    """
    check_model(model)
    options = check_options(options)
    if _are_many(share):
        return _short_runs(model, share, options, threads)
    share = model.check_share(share)
    parameters = model.kernel_for(options.operator, compiled=False)
    state = model.start_state()
    report = batch.solve_one(parameters, share, state, options.kernel(), model.geography.metric)
    if (
        report.status != Status.CONVERGED
        and options.operator == "auto"
        and trade.uses_fourier(parameters.operator)
        and len(model.geography) <= LARGEST_MATRIX
    ):
        # Transforms round relative to the largest number; a matrix does not.
        parameters, state = model.kernel, model.start_state()
        report = batch.solve_one(parameters, share, state, options.kernel(), model.geography.metric)
    result = Equilibrium(
        model=model,
        data=model.label(share, state, parameters),
        status=Status(report.status),
        residual=float(report.residual),
        error=float(report.error),
        iterations=int(report.iterations),
        horizon="short run",
        operator=trade.name_of(parameters.operator),
        rate=float(report.rate),
        provenance=provenance(options),
    )
    return _or_raise(result)


def _short_runs(model: Model, share: Any, options: SolverOptions, threads: int) -> xr.Dataset:
    """Solve many distributions of one economy."""
    threads = validation.whole("threads", threads, at_least=1)
    labelled = _with_dims(share)
    dims = tuple(str(dim) for dim in labelled.dims if dim != "region")
    shape = tuple(labelled.sizes[dim] for dim in dims)
    shares = validation.many_shares("share", labelled.transpose(*dims, "region"), model.regions)
    flat = shares.reshape(-1, shares.shape[-1])
    parameters = model.kernel_for(options.operator, compiled=True)
    many = batch.solve_many(parameters, flat, model.start_state(), options.kernel(), threads)
    states = many.states.reshape(shares.shape)
    values = model.outcome(shares, states, parameters)
    failed = (many.status != Status.CONVERGED).reshape(shape)
    for name, value in values.items():
        wide = failed.reshape(shape + (1,) * (value.ndim - failed.ndim))
        values[name] = np.where(wide, np.nan, value)
    proof = {
        name: (dims, getattr(many, name).reshape(shape), {"long_name": meaning})
        for name, meaning in _PROOF.items()
    }
    coords = {name: value for name, value in labelled.coords.items() if name != "region"}
    return xr.Dataset(
        {**model.named(values, dims), **proof},
        coords={**coords, **model.coordinates()},
        attrs={
            "model": repr(model),
            **provenance(options),
            "operator": trade.name_of(parameters.operator),
        },
    )


_PROOF = {
    "status": "how the solve ended, see nege.Status",
    "residual": "largest violation of market clearing",
    "error": "bound on the error of log wages",
    "rate": "mean factor by which the residual fell in an iteration",
    "iterations": "iterations of the wage map",
}


def _are_many(share: Any) -> bool:
    if isinstance(share, (xr.DataArray, np.ndarray)):
        return share.ndim > 1
    return isinstance(share, (list, tuple)) and len(share) > 0 and np.iterable(share[0])


def _with_dims(share: Any) -> xr.DataArray:
    """Name the dimensions of many shares: the last is the region, others are points."""
    if isinstance(share, xr.DataArray):
        if "region" not in share.dims:
            raise InputError("share", share.dims, 'an array over "region"', "Name its dim region.")
        return share
    array = validation.real_array("share", share, "shares, with the region in the last dimension")
    front = ("point",) if array.ndim == 2 else tuple(f"point_{i}" for i in range(array.ndim - 1))
    return xr.DataArray(array, dims=(*front, "region"))


def solve(
    model: Model,
    start: Any = None,
    *,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
) -> Equilibrium:
    """Where workers and firms end up: the long run that the dynamics reach from a start.

    Payoffs are equal among occupied regions and no higher in empty ones
    (complementarity); under :class:`Logit`, shares equal the choice probabilities.

    Parameters
    ----------
    model : Model
        The economy.
    start : DataArray, mapping or array, optional
        Shares to start from. By default ``default_start(model)``: uniform, tilted
        by up to one per cent so that symmetric economies need not sit on a fence.
    dynamics : Replicator or Logit, optional
        How people move; replicator dynamics by default.
    options : SolverOptions, optional
        Tolerances and limits.

    Returns
    -------
    Equilibrium
        The rest point reached, polished, with its leading eigenvalue.

    Raises
    ------
    InputError
        For a start that is not a distribution over this model's regions.
    ConvergenceError
        Where the solve failed; it carries the partial result.

    Notes
    -----
    One start, one equilibrium: there may be others.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
    >>> nege.solve(economy, start=[0.6, 0.4]).data.share.values
    array([1., 0.])
    """
    check_model(model)
    options = check_options(options)
    dynamics = check_dynamics(dynamics)
    share = default_start(model) if start is None else model.check_share(start, "start")
    found = find_long_run(model, share, model.start_state(), dynamics, options)
    result = Equilibrium(
        model=model,
        data=model.label(found.share, found.state, found.parameters),
        status=found.status,
        residual=found.residual,
        error=found.error,
        iterations=found.iterations,
        horizon="long run",
        dynamics=dynamics,
        perturbed=found.perturbed,
        leading_eigenvalue=found.leading_eigenvalue,
        operator=trade.name_of(found.parameters.operator),
        provenance=provenance(options),
    )
    if result.status is Status.UNSTABLE:  # what pure dynamics asked for, and says so
        return result
    return _or_raise(result)


def estimate_memory(model: Model) -> dict[str, int]:
    """Bytes that a short run would need, by operator, before anything is made.

    A full matrix of freeness takes 8 R^2 bytes, half of one 4 R^2; racetracks, grids
    and lines need none.

    Parameters
    ----------
    model : Model
        The economy; its size and its geography count, not its other parameters.

    Returns
    -------
    dict of str to int
        By operator that the geography allows, the one chosen by default first.

    Raises
    ------
    InputError
        For what is not a model.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.grid(1000, 1000)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.01)
    >>> {kind: f"{size / 1e9:.1f} GB" for kind, size in nege.estimate_memory(economy).items()}
    {'fourier': '0.5 GB', 'dense': '8000.4 GB', 'symmetric': '4000.4 GB'}
    """
    check_model(model)
    return model.memory()


def default_start(model: Model) -> np.ndarray:
    """Return the uniform distribution with a fixed tilt of up to one per cent.

    share_r is proportional to 1 + 0.02 (frac(0.618034 (r + 1)) - 0.5): irregular,
    so that it shares no symmetry with any geography.

    Parameters
    ----------
    model : Model
        The economy whose regions are meant.

    Returns
    -------
    ndarray
        Shares over the regions, summing to one.
    """
    position = np.arange(1, len(model.regions) + 1)
    share = 1.0 + 0.02 * (np.modf(0.6180339887498949 * position)[0] - 0.5)
    return np.asarray(share / share.sum())


def check_model(model: Any) -> None:
    """Refuse what is not a model."""
    if not isinstance(model, Model):
        raise InputError("model", model, "a model of nege", "For example nege.CorePeriphery(...).")


def check_dynamics(dynamics: Any) -> Replicator | Logit:
    """Return the dynamics, replicator by default, or refuse what is none."""
    if dynamics is None:
        return Replicator()
    if not isinstance(dynamics, (Replicator, Logit)):
        raise InputError("dynamics", dynamics, "nege.Replicator(...) or nege.Logit(...)")
    return dynamics


def check_options(options: Any) -> SolverOptions:
    """Return the options, the default ones by default, or refuse what is none."""
    if options is None:
        return SolverOptions()
    if not isinstance(options, SolverOptions):
        raise InputError("options", options, "a nege.SolverOptions(...)", _TRY_OPTIONS)
    return options


def provenance(options: SolverOptions) -> dict[str, Any]:
    """Return what a result records of how it was made."""
    return {"nege_version": __version__, **dataclasses.asdict(options)}


def _or_raise(result: Equilibrium) -> Equilibrium:
    if result.converged:
        return result
    raise ConvergenceError(
        f"{result.horizon} did not converge: {result.status.message} (residual "
        f"{result.residual:.1e} after {result.iterations} iterations). {result.status.remedy} "
        "The partial result is in the .equilibrium of this error.",
        result,
    )
