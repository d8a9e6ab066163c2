"""A model that is checked once and solved many times, on plain arrays: for estimation loops."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from nege import validation
from nege.errors import InputError
from nege.immutable import Frozen
from nege.kernels import derivatives
from nege.models import trade_costs
from nege.models.base import Model
from nege.models.solutions import LongRun
from nege.solver_options import Logit, Replicator, SolverOptions, check_dynamics
from nege.solvers import many_short_runs
from nege.solvers.checks import check_model, check_options
from nege.solvers.follow_dynamics import find_long_run
from nege.status import Status
from nege.validation.keywords import hinted

__all__ = ["PreparedSolver", "prepare"]

STATUS = {int(status): status for status in Status}
LARGEST_MATRIX = 20_000  # places for which a short run falls back to half a matrix


class ShortRunArrays(NamedTuple):
    """A short run as arrays, however it ended."""

    share: np.ndarray
    state: np.ndarray  # where markets clear: in most models log wages
    status: Status
    residual: float  # of market clearing
    error: float  # bound on that of the state
    iterations: int
    method: int  # one of kernels.codes
    rate: float  # by which the residual fell in an iteration
    parameters: Any  # of the model, with the operator that was used


class ShortRuns:
    """The short run of one economy, one distribution after the other, by whatever serves it.

    Parameters
    ----------
    model : Model
        The economy.
    options : SolverOptions
        Tolerances, limits, operator and method.
    """

    def __init__(self, model: Model, options: SolverOptions) -> None:
        self.model, self.options = model, options
        self.parameters = model.arrays_for(options.operator, compiled=False)
        self.start = model.start_state()
        self.solve = self._solver(self.parameters)

    def __call__(self, share: np.ndarray) -> ShortRunArrays:
        """Solve at a distribution that is checked."""
        parameters, state = self.parameters, self.start.copy()
        own = self.model.own_short_run(share, state, self.options)
        if own is not None:
            return ShortRunArrays(share, *own, parameters)
        report = self.solve(share, state)
        if (
            report.status != Status.CONVERGED
            and self.options.operator == "auto"
            and trade_costs.uses_fourier(parameters.operator)
            and len(self.model.geography) <= LARGEST_MATRIX
        ):
            # Transforms round relative to the largest number; a matrix does not.
            parameters, state = self.model.arrays, self.start.copy()
            report = self._solver(parameters)(share, state)
        status, residual, error, rate, iterations, method = report
        return ShortRunArrays(
            share, state, STATUS[status], residual, error, iterations, method, rate, parameters
        )

    def _solver(self, parameters: Any) -> many_short_runs.OneShortRun:
        options, metric = self.options.for_kernels(), self.model.geography.metric
        return many_short_runs.OneShortRun(parameters, self.start.size, options, metric)


@dataclasses.dataclass(frozen=True, eq=False)
class PreparedSolver(Frozen):
    """One economy, checked once and solved again and again on plain arrays.

    Made by :func:`nege.prepare`, which says what is checked and what is not. It never changes,
    and keeps nothing of a call: threads can share it, and processes can be sent it.

    Attributes
    ----------
    model : Model
        The economy, which stays the one it was made for.
    dynamics : Replicator or Logit
        How people move in a long run.
    options : SolverOptions
        Tolerances and limits.

    Notes
    -----
    Not for many parameters or distributions that are known beforehand: one call of
    :func:`nege.short_run` or :func:`nege.sweep` with all of them is faster.

    Examples
    --------
    >>> import nege, numpy as np
    >>> places = nege.geography.equidistant(2)
    >>> solver = nege.prepare(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7))
    >>> found = solver.short_run(np.array([0.7, 0.3]))
    >>> found.status.name, np.exp(found.state).round(4)
    ('CONVERGED', array([0.9694, 1.0715]))
    """

    model: Model
    dynamics: Replicator | Logit
    options: SolverOptions

    @functools.cached_property
    def _short_runs(self) -> ShortRuns:
        return ShortRuns(self.model, self.options)

    @functools.cached_property
    def _matrices(self) -> Any:
        """Parameters with an operator that derivatives have."""
        self._refuse_industries()
        self.model.check_memory("for derivatives of payoffs")
        return self.model.arrays_for(self.options.operator, compiled=True)

    @functools.cached_property
    def _shape(self) -> tuple[int]:
        self._refuse_industries()
        return (len(self.model.regions),)

    @hinted
    def short_run(self, share: np.ndarray) -> ShortRunArrays:
        """Prices and wages at given shares: bit by bit those of :func:`nege.short_run`.

        Parameters
        ----------
        share : (R,) array of float64
            Share of the mobile factor in each region, in the order of ``model.regions``;
            non-negative, summing to one.

        Returns
        -------
        ShortRunArrays
            A NamedTuple: ``share, state, status, residual, error, iterations, method, rate,
            parameters``. Its arrays are new ones, the caller's own. Whether it converged is its
            ``status``: a failure has the last point, and raises nothing.

        Raises
        ------
        InputError
            For another shape or type, for shares that are negative or do not sum to one, and
            for economies of industries, whose short run takes more than shares.

        Examples
        --------
        >>> import nege, numpy as np
        >>> places = nege.geography.equidistant(2)
        >>> solver = nege.prepare(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7))
        >>> solver.short_run(np.array([0.7, 0.3])).residual < 1e-12
        True
        """
        return self._short_runs(self.model.check_share(self._array("share", share)))

    @hinted
    def solve(self, start: Any = None) -> LongRun:
        """Where people end up from a start: bit by bit as :func:`nege.solve` finds it.

        Parameters
        ----------
        start : DataArray, mapping or array, optional
            As :func:`nege.solve` takes it.

        Returns
        -------
        LongRun
            A NamedTuple: ``share, state, status, residual, error, iterations, perturbed,
            leading_eigenvalue, parameters, words``. Its arrays are new ones, the caller's own.
            Whether it converged is its ``status``: a failure has the last point, and raises
            nothing.
            The eigenvalue is None where nothing depended on it.

        Raises
        ------
        InputError
            For a start that is none of this economy.

        Examples
        --------
        >>> import nege
        >>> places = nege.geography.equidistant(2)
        >>> solver = nege.prepare(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5))
        >>> solver.solve([0.6, 0.4]).share
        array([1., 0.])
        """
        model = self.model
        share = model.default_start() if start is None else model.check_start(start)
        return find_long_run(model, share, model.start_state(), self.dynamics, self.options)

    @hinted
    def variables(self, found: ShortRunArrays | LongRun) -> dict[str, np.ndarray]:
        """Every variable of a short or long run by name: the values of ``Equilibrium.data``.

        Parameters
        ----------
        found : ShortRunArrays or LongRun
            What ``short_run`` or ``solve`` returned.

        Returns
        -------
        dict of str to array
            By the names of ``model.variables``, over regions in the order of ``model.regions``.
            ``share`` is that of `found` itself; the others are new.

        Raises
        ------
        InputError
            For anything else.

        Examples
        --------
        >>> import nege, numpy as np
        >>> places = nege.geography.equidistant(2)
        >>> solver = nege.prepare(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7))
        >>> solver.variables(solver.short_run(np.array([0.7, 0.3])))["real_wage"].round(4)
        array([0.9503, 0.9568])
        """
        if not isinstance(found, (ShortRunArrays, LongRun)):
            allowed = "what short_run(...) or solve(...) of a prepared solver returned"
            raise InputError("found", found, allowed)
        dynamics = self.dynamics if isinstance(found, LongRun) else None
        if found.state.shape != self.model.start_state().shape:
            raise InputError("found", found, "of this economy", "Its regions are others.")
        return self.model.long_run_values(found.share, found.state, found.parameters, dynamics)

    @hinted
    def payoff_jacobian(self, share: np.ndarray, state: np.ndarray | None = None) -> np.ndarray:
        """How payoffs answer to shares while markets clear: d ln omega_r / d lambda_j.

        Where payoffs are utilities, which may be negative, the derivative is theirs and not
        that of their logarithm. By implicit differentiation of the short run.

        Parameters
        ----------
        share : (R,) array of float64
            As in ``short_run``.
        state : (R,) array of float64, optional
            Where markets clear, the ``state`` of ``short_run`` there: solved for where it is
            left out. That markets clear at it is not checked.

        Returns
        -------
        (R, R) array
            By region and by the region whose share changes, a new one each time; NaN where
            markets did not clear or leave it undefined.

        Raises
        ------
        InputError
            As in ``short_run``, and where the memory does not hold the matrices, or the options
            ask for Fourier transforms, which have none.

        Examples
        --------
        >>> import nege, numpy as np
        >>> places = nege.geography.equidistant(2)
        >>> solver = nege.prepare(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7))
        >>> jacobian = solver.payoff_jacobian(np.array([0.5, 0.5]))
        >>> bool(jacobian[0] @ [1, -1] < 0)  # whoever comes makes coming worth less
        True
        """
        share = self.model.check_share(self._array("share", share))
        parameters = self._matrices
        if state is None:
            found = self._short_runs(share)
            if found.status is not Status.CONVERGED:
                return np.full((share.size, share.size), np.nan)
            state = found.state
        else:
            state = self._array("state", state).copy()
        own = self.model.own_law_of_motion(self.dynamics, self.options)
        if own is not None:
            return np.asarray(own.payoff_table(share, state))
        jacobian = np.empty((share.size, share.size))
        if not derivatives.payoff_jacobian(parameters, share, state, jacobian):
            jacobian[:] = np.nan
        return np.asarray(jacobian + self.model.common_slope(parameters, share, state))

    def replace(self, changes: Mapping[str, Any] | None = None, /, **more: Any) -> PreparedSolver:
        """Return a solver of the same economy with other parameters, this one staying as it is.

        Parameters
        ----------
        changes : mapping, optional
            New values by name, as ``model.replace`` takes them.
        **more
            The same as keywords.

        Returns
        -------
        PreparedSolver
            With the same dynamics and options; its parameters are checked.

        Raises
        ------
        InputError
            As ``model.replace``.

        Examples
        --------
        >>> import nege
        >>> places = nege.geography.equidistant(2)
        >>> solver = nege.prepare(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7))
        >>> solver.replace(sigma=6).model
        CorePeriphery(2 places, sigma=6, mu=0.4, trade_cost=1.7)
        """
        changed = self.model.replace(changes, **more)
        return prepare(changed, dynamics=self.dynamics, options=self.options)

    def _array(self, argument: str, values: Any) -> np.ndarray:
        if (
            type(values) is np.ndarray
            and values.dtype == validation.FLOAT
            and values.shape == self._shape
        ):
            return values
        cure = "np.asarray(values, dtype=float) makes one. Labels are for nege.short_run."
        raise InputError(argument, values, f"an array of float64 of shape {self._shape}", cure)

    def _refuse_industries(self) -> None:
        if not self.model.in_shares:
            raise InputError(
                "model",
                self.model,
                "one whose short run takes shares of one mobile factor, for this",
                "Of economies of industries a prepared solver serves solve().",
            )


@hinted
def prepare(
    model: Model,
    *,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
) -> PreparedSolver:
    """Short runs, long runs and derivatives of one economy on plain arrays, checked once.

    For estimation loops and optimisers, which solve one small economy thousands of times: the
    same kernels as :func:`nege.short_run` and :func:`nege.solve`, the same bits, without labels
    and without exceptions for what did not converge.

    Parameters
    ----------
    model : Model
        The economy. The solver is frozen to it; its ``replace`` makes one for other parameters.
    dynamics : Replicator or Logit, optional
        How people move in long runs; replicator dynamics by default.
    options : SolverOptions, optional
        Tolerances, limits, operator and method.

    Returns
    -------
    PreparedSolver
        With ``short_run(share)``, ``solve(start)``, ``variables(found)``,
        ``payoff_jacobian(share, state)`` and ``replace(...)``.

    Raises
    ------
    InputError
        For what is not a model, dynamics or options, or does not fit the memory.

    Notes
    -----
    What a call still checks of its arrays: type, shape, that shares are not negative, are not
    NaN and sum to one, to which they are scaled exactly. What it does not: labels, of which
    plain arrays have none (regions are in the order of ``model.regions``), and that a state
    belongs to its share. Arrays that are returned are the caller's, no buffers that the next
    call overwrites. What did not converge says so in its ``status``, and nowhere else: look at
    it. Not for a handful of solves: an Equilibrium explains itself.

    Examples
    --------
    >>> import nege, numpy as np
    >>> places = nege.geography.equidistant(2)
    >>> solver = nege.prepare(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7))
    >>> found = [solver.replace(mu=mu).short_run(np.array([0.7, 0.3])) for mu in (0.3, 0.4)]
    >>> [(one.status.name, one.state.round(4).tolist()) for one in found]
    [('CONVERGED', [-0.0374, 0.0821]), ('CONVERGED', [-0.0311, 0.069])]
    """
    check_model(model)
    solver = PreparedSolver(model, check_dynamics(dynamics), check_options(options))
    model.motion(solver.dynamics)  # weights of other regions are refused here
    solver._short_runs  # noqa: B018 - what it needs is made here, or refused
    return solver
