"""Long-run equilibrium of any model, ``solve``: where people and firms end up."""

from __future__ import annotations

from typing import Any

from nege import validation
from nege.models import trade_costs
from nege.models.base import Model
from nege.models.solutions import LongRun
from nege.results.equilibrium import Equilibrium
from nege.solver_options import Logit, Replicator, SolverOptions, check_dynamics
from nege.solvers import matrix_free
from nege.solvers.checks import check_model, check_options, or_raise, provenance
from nege.solvers.follow_dynamics import find_long_run
from nege.status import Status
from nege.validation.keywords import hinted

__all__ = ["estimate_memory", "solve"]


@hinted
def solve(
    model: Model,
    start: Any = None,
    *,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
) -> Equilibrium:
    """Long-run equilibrium: where workers and firms end up by their dynamics from a start.

    Payoffs are equal among occupied regions and no higher in empty ones
    (complementarity; Fujita, Krugman & Venables 1999, ch. 5); under :class:`Logit`, shares equal
    the choice probabilities.

    Parameters
    ----------
    model : Model
        The economy.
    start : DataArray, mapping or array, optional
        Shares to start from. By default ``model.default_start()``: uniform, tilted
        by up to one per cent, so that a symmetric economy does not start exactly on the
        boundary between two basins of attraction.
    dynamics : Replicator or Logit, optional
        How people move; replicator dynamics by default.
    options : SolverOptions, optional
        Tolerances and limits.

    Returns
    -------
    Equilibrium
        The rest point reached, polished.

    Raises
    ------
    InputError
        For a start that is not a distribution over this model's regions.
    ConvergenceError
        Where the solve failed; it carries the partial result.

    Notes
    -----
    Not for all equilibria of an economy: one start finds one, and there may be others.
    :func:`nege.equilibria` looks for all of them, :func:`nege.bifurcation` follows them along a
    parameter, :func:`nege.hysteresis` says where a stable one is left.

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
    share = model.default_start() if start is None else model.check_start(start)
    found = find_long_run(model, share, model.state_from(start), dynamics, options)
    result = long_run_result(model, found, dynamics, options)
    if result.status is Status.UNSTABLE:  # allowed under pure dynamics
        return result
    return or_raise(result)


@hinted
def estimate_memory(model: Model, horizon: str = "short run") -> dict[str, int]:
    """Memory that a solve would need, in bytes by operator, before anything is allocated.

    A full matrix of freeness takes 8 R^2 bytes, half of one 4 R^2; racetracks, grids
    and lines need none. A long run ends by Newton's method, on tables of derivatives: seven of
    8 R^2 up to some hundred regions, and where places meet in another way than by trade; beyond,
    rows of the occupied regions, of .8 GB at most. The modes of :func:`nege.stability` need
    twelve tables.

    Parameters
    ----------
    model : Model
        The economy; its size and its geography count, not its other parameters.
    horizon : {"short run", "long run"}
        What is to be solved.

    Returns
    -------
    dict of str to int
        By operator that the geography allows, the one chosen by default first.

    Raises
    ------
    InputError
        For what is not a model, or another horizon.

    Notes
    -----
    Not a measurement: estimates by formula of what a solve holds at a time.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.grid(1000, 1000)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.01)
    >>> {kind: f"{size / 1e9:.1f} GB" for kind, size in nege.estimate_memory(economy).items()}
    {'fourier': '0.5 GB', 'dense': '8000.4 GB', 'symmetric': '4000.4 GB'}
    """
    check_model(model)
    long = validation.known("horizon", horizon, ("short run", "long run")) == "long run"
    if long and model.in_shares and matrix_free.serves(model, SolverOptions()):
        known = model.uniqueness()
        if known is not None and known.unique:
            return model.long_run_memory()
        more = matrix_free.memory_needed(model)
        return {kind: size + more for kind, size in model.memory().items()}
    return model.long_run_memory() if long else model.memory()


def long_run_result(
    model: Model, found: LongRun, dynamics: Replicator | Logit, options: SolverOptions
) -> Equilibrium:
    """Return a long run with its labels and its proof, however it ended."""
    return Equilibrium(
        model=model,
        data=model.label_later(found.share, found.state, found.parameters, dynamics),
        status=found.status,
        residual=found.residual,
        error=found.error,
        iterations=found.iterations,
        horizon="long run",
        dynamics=dynamics,
        perturbed=found.perturbed,
        _leading=found.leading_eigenvalue,
        operator=trade_costs.name_of(found.parameters.operator),
        provenance=provenance(options),
        words=found.words,
    )
