"""Markets that clear, linearised: what a small move of people does to payoffs.

For a change of the share l, with u the state, X supply, Y spending, z market access,
P_s = sum_r K_rs X_r and h_r = sum_s K_rs settled_s/P_s,

    dP   = K' dX                                 what reaches each destination
    df   = (e/z) [K (dY/P - Y dP/P^2) + h dpool]
    du   = (I - df/du)^(-1) df/dl dl             markets clearing
    d ln omega = a du + (b/P) dP + c dl

and dX, dY and dpool are local: they take what happens inside a place (``PlaceSlopes``) and sums.
These are the equations of ``kernels.derivatives``. There they make tables over all regions;
here they make tables over the occupied regions alone, by BLAS and LAPACK, or only products.
What nobody has moved to supplies nothing: an empty region follows the others and moves none.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nege.kernels import derivatives, equations, operators
from nege.models import fourier, trade_costs

SUPPLY, SPENDING, POOL = range(3)  # rows of PlaceSlopes
WHOLE = 4096  # regions up to which rows of K are cut out of the whole matrix


class PlaceSlopes(NamedTuple):
    """What happens inside each place responds to its own state and its own share."""

    by_state: np.ndarray  # (3, R): of supply, of its own spending, of the pool of incomes
    by_share: np.ndarray  # the same
    settled: np.ndarray  # (R,), how a unit of the pool is spent over places
    payoff: np.ndarray  # (3, R): of ln payoff by state, ln price and share
    response: float  # e, of the state to ln access


def place_slopes(
    parameters: Any, share: np.ndarray, state: np.ndarray, price: np.ndarray
) -> PlaceSlopes | None:
    """Return what places respond by; None where they meet in another way than by trade."""
    inside, payoff = np.empty((6, share.size)), np.empty((3, share.size))
    settled = np.empty(share.size)
    try:
        equations.sensitivities(parameters, share, state, inside)
    except TypeError:  # it has its own ``derivatives.blocks`` instead
        return None
    equations.payoff_sensitivities(parameters, share, state, price, payoff)
    equations.exogenous_spending(parameters, share, state, settled)
    response = float(equations.response(parameters))
    low, high = derivatives.BY_STATE, derivatives.BY_SHARE
    return PlaceSlopes(inside[low : low + 3], inside[high : high + 3], settled, payoff, response)


def bought(operator: Any, supply: np.ndarray) -> np.ndarray:
    """Return K' supply: what reaches each destination."""
    if trade_costs.uses_fourier(operator):
        return fourier.multiply(operator, supply)
    price = np.empty(supply.size)
    operators.buy(operator, np.ascontiguousarray(supply), price)
    return price


def sold(operator: Any, demand: np.ndarray) -> np.ndarray:
    """Return K demand: what each origin reaches."""
    if trade_costs.uses_fourier(operator):
        return fourier.multiply(operator, demand)
    access = np.empty(demand.size)
    operators.sell(operator, np.ascontiguousarray(demand), access)
    return access


def rows(operator: Any, origins: np.ndarray, size: int) -> np.ndarray:
    """Return the rows of K of some origins."""
    if size <= WHOLE and not trade_costs.uses_fourier(operator):
        whole: np.ndarray = operators.matrix(operator)
        return whole if origins.size == size else np.ascontiguousarray(whole[origins])
    found, unit = np.empty((origins.size, size)), np.zeros(size)
    for row, origin in enumerate(origins):
        unit[origin] = 1.0
        found[row] = bought(operator, unit)
        unit[origin] = 0.0
    return found


class LinearisedMarkets:
    """The markets of an economy at a point where they clear, linearised."""

    def __init__(self, parameters: Any, share: np.ndarray, state: np.ndarray) -> None:
        operator, n = parameters.operator, share.size
        self.parameters = parameters
        supply, self.spending = np.empty(n), np.empty(n)
        equations.supply(parameters, share, state, supply)
        equations.spending(parameters, share, state, self.spending)
        self.price = bought(operator, supply)
        self.access = sold(operator, self.spending / self.price)
        found = place_slopes(parameters, share, state, self.price)
        assert found is not None, "its places meet by trade"
        self.slopes = found
        self.reach = sold(operator, found.settled / self.price)

    def moved_by(self, among: np.ndarray) -> bool:
        """Whether prices and incomes move with the states of these regions alone."""
        outside = np.ones(self.price.size, dtype=bool)
        outside[among] = False
        return not self.slopes.by_state[:, outside].any()

    def payoff_table(self, among: np.ndarray, k: np.ndarray) -> np.ndarray:
        """Return d ln payoff_r/d share_j among the regions that move markets; NaN if undefined.

        `k` holds their rows of K.
        """
        s, here = self.slopes, k[:, among]
        through = (k * (self.spending / self.price**2)) @ k.T
        factor = (s.response / self.access[among])[:, None]

        def force(slopes: np.ndarray) -> np.ndarray:
            found = here * (slopes[SPENDING, among] / self.price[among])
            found += np.outer(self.reach[among], slopes[POOL, among])
            found -= through * slopes[SUPPLY, among]
            return np.asarray(factor * found)

        to_payoff = here.T * (s.payoff[1, among] / self.price[among])[:, None]
        by_state = to_payoff * s.by_state[SUPPLY, among] + np.diag(s.payoff[0, among])
        by_share = to_payoff * s.by_share[SUPPLY, among] + np.diag(s.payoff[2, among])
        return through_markets(force(s.by_state), force(s.by_share), by_state, by_share)


def through_markets(
    state_by_state: np.ndarray,
    state_by_share: np.ndarray,
    gain_by_state: np.ndarray,
    gain_by_share: np.ndarray,
) -> np.ndarray:
    """Return d ln payoff/d share with markets clearing, from ``derivatives.blocks``; NaN if not."""
    try:
        moved = np.linalg.solve(np.eye(len(state_by_state)) - state_by_state, state_by_share)
    except np.linalg.LinAlgError:
        return np.full_like(gain_by_share, np.nan)
    return np.asarray(gain_by_share + gain_by_state @ moved)
