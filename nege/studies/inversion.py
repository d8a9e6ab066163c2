"""Model inversion: the productivities and amenities that make data an equilibrium."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from nege import validation
from nege.errors import ConvergenceError, InputError
from nege.kernels import equations
from nege.kernels.equations import Economy
from nege.kernels.fixed_point import in_pieces
from nege.kernels.operators import trade
from nege.kernels.scaling import markets
from nege.models.quantitative.model import QuantitativeModel
from nege.options import SolverOptions
from nege.results.equilibrium import Equilibrium
from nege.solvers.checks import check_options
from nege.solvers.short_run import short_run
from nege.validation.keywords import hinted

__all__ = ["invert"]

AnyModel = TypeVar("AnyModel", bound=QuantitativeModel)


LARGEST_VIOLATION = 1e-10  # violation of any equation by the data, at most


@hinted
def invert(
    model: AnyModel, employment: Any, wage: Any, *, options: SolverOptions | None = None
) -> AnyModel:
    """Model inversion: the productivities and amenities behind where people are and what they earn.

    Goods markets that clear at the observed wages give productivities, payoffs that are equal
    where people are give amenities (Redding & Sturm 2008; Allen & Arkolakis 2014, sec. 3;
    Redding & Rossi-Hansberg 2017). Both exist and are unique, up to their units.

    Parameters
    ----------
    model : Helpman or AllenArkolakis
        The economy with its trade costs, its parameters and, for Helpman, its housing or land;
        its own productivities and amenities do not count.
    employment : DataArray, mapping or array
        People of each place, in any unit; positive.
    wage : DataArray, mapping or array
        Their wage, in any unit; positive.
    options : SolverOptions, optional
        Tolerances and limits.

    Returns
    -------
    Helpman or AllenArkolakis
        The same economy with `productivity` and `amenity` such that the data are an
        equilibrium, the only one where ``model.uniqueness()`` says so. Geometric means of
        both are one: data do not tell their units.

    Raises
    ------
    InputError
        For data that are not positive, or a model that has no such fundamentals.
    ConvergenceError
        Where an equation stays violated by more than 1e-10; it carries the short run at the
        fundamentals found.

    Notes
    -----
    Not a test of the model: every difference between places that trade costs and housing do not
    explain becomes a fundamental, errors in the data included.

    Examples
    --------
    >>> import nege
    >>> model = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
    >>> found = nege.invert(model, employment=[20, 50, 30], wage=[2.0, 2.5, 2.1])
    >>> found.productivity.round(3).values
    array([0.949, 1.099, 0.959])
    >>> nege.solve(found).data.share.round(6).values
    array([0.2, 0.5, 0.3])
    """
    check_quantitative(model)
    options = check_options(options)
    employment = model.geography.column("employment", employment)
    wage = model.geography.column("wage", wage)
    share = validation.vector("employment", employment, model.regions, above=0.0)
    share /= share.max()  # first: a sum of numbers this large may overflow
    share /= share.sum()
    paid = validation.vector("wage", wage, model.regions, above=0.0)
    validation.of_a_size("employment", employment, share)
    validation.of_a_size("wage", wage, paid)
    economy = model.arrays_for(options.operator, compiled=True)
    state = earnings_state(model, economy, share, paid)
    spent, price, access, supply = (np.empty(share.size) for _ in range(4))
    equations.goods(economy, share, state, supply, spent)
    earned = share * paid / np.sum(share * paid)
    supply, market = np.zeros(share.size), markets(earned, spent, economy.operator)
    in_pieces(market, share, supply, options.for_kernels()._replace(tolerance_error=1.0))
    trade(economy.operator, np.exp(supply), spent, price, access)
    found = with_fundamentals(model, share, state, supply, np.log(price))
    again = short_run(found, share, options=options)
    assert isinstance(again, Equilibrium)
    wrong = max(
        float(np.max(np.abs(np.log(again.data["wage"].values / paid * np.sum(share * paid))))),
        float(np.ptp(np.log(again.data[found.payoff].values))),
    )
    if not wrong <= LARGEST_VIOLATION:
        raise ConvergenceError(
            f"Data are an equilibrium to {wrong:.1e} only: trade costs are so high that markets "
            "hardly say what places have to do with each other. Lower trade costs, or accept "
            "fundamentals that are this rough: they are in the .equilibrium of this error.",
            again,
        )
    return found


def check_quantitative(model: Any) -> None:
    """Refuse what has no productivities and amenities of places, or an online region."""
    if not isinstance(model, QuantitativeModel):
        cure = "For example nege.Helpman(...)."
        raise InputError("model", model, "nege.Helpman or nege.AllenArkolakis", cure)
    if model.online is not None:
        raise InputError(
            "model",
            model,
            "without an online region",
            "There are no data of it: use model.replace(online=None, online_housing=None), and "
            "add the region to what comes out.",
        )


def earnings_state(
    model: QuantitativeModel, economy: Economy, share: np.ndarray, wage: np.ndarray
) -> np.ndarray:
    """Return the state of the short run in which these wages are paid, on the numeraire."""
    state = np.log(wage) + (1.0 - model.compiled().parameters(economy).scale) * np.log(share)
    equations.normalise(economy, share, state)
    return np.asarray(state)


def with_fundamentals(
    model: AnyModel,
    share: np.ndarray,
    state: np.ndarray,
    log_supply: np.ndarray,
    log_price: np.ndarray,
    **changes: Any,
) -> AnyModel:
    """Return an economy at rest in a given state: productivities by supply, amenities by payoff."""
    scale = model.compiled().parameters(model.arrays).scale
    log_productivity = (log_supply - scale * np.log(share)) / (model.sigma - 1.0) + state
    payoff, price = np.empty(share.size), np.exp(log_price)
    equations.payoff(model.arrays, share, state, price, price, payoff)
    log_amenity = np.log(model.amenity.values) - payoff
    return model.replace(
        productivity=np.exp(log_productivity - log_productivity.mean()),
        amenity=np.exp(log_amenity - log_amenity.mean()),
        **changes,
    )
