"""Markets that clear, linearised: what a small move of people does to payoffs.

For a change of the share l, with u the state, X supply, Y spending, z market access,
P_s = sum_r K_rs X_r and h_r = sum_s K_rs settled_s/P_s,

    dP   = K' dX                                 what reaches each destination
    df   = (e/z) [K (dY/P - Y dP/P^2) + h dpool] + own
    du   = (I - df/du)^(-1) df/dl dl             markets clearing
    d ln omega = a du + (b/P) dP + c dl

and dX, dY and dpool are local: they take what happens inside a place (``PlaceSlopes``) and sums.
These are the equations of ``kernels.derivatives``. There they make tables over all regions;
here they make tables over the occupied regions alone, by BLAS and LAPACK, or only products.
What nobody has moved to supplies nothing: an empty region follows the others and moves none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nege.geography.metrics import Metric
from nege.kernels import derivatives, equations, operators
from nege.kernels.equations import Economy
from nege.models import fourier, trade_costs

SUPPLY, SPENDING, POOL = range(3)  # rows of PlaceSlopes
FEW = 4  # times those who supply are no more than all: then their rows of K are enough
ROWS = 64  # of them, where transforms or sweeps take the place of a matrix
CUT = 8  # times as many rows are cut out of the whole matrix
TABLES = 1 << 25  # numbers in the rows of K that are kept
INNER = 1e-9  # residual of what clears the markets by products
KRYLOV, RESTARTS = 60, 5  # products that are remembered, and how often they are begun again


class PlaceSlopes(NamedTuple):
    """What happens inside each place responds to its own state and its own share."""

    by_state: np.ndarray  # (3, R): of supply, of its own spending, of the pool of incomes
    by_share: np.ndarray  # the same
    settled: np.ndarray  # (R,), how a unit of the pool is spent over places
    payoff: np.ndarray  # (3, R): of ln payoff by state, ln price and share
    response: np.ndarray  # (R,), e, of f to ln access
    own: np.ndarray  # (2, R): of f by state and share, trade apart


def place_slopes(
    economy: Economy, share: np.ndarray, state: np.ndarray, price: np.ndarray, access: np.ndarray
) -> PlaceSlopes:
    """Return what places respond by, of an economy whose places meet by trade (BY_PLACE)."""
    moving, work = derivatives.at_rest(economy, share, state), np.empty((4, share.size))
    work[2], work[3] = price, access
    by, rest = np.empty((2, 5, share.size)), np.empty((3, share.size))
    derivatives.place_slopes(economy, moving, work, False, by[0])
    derivatives.place_slopes(economy, moving, work, True, by[1])
    derivatives.spending_by_pool(economy, moving, rest[0])
    derivatives.elasticity(economy, moving, equations.RESPOND, derivatives.ACCESS, work, rest[1])
    derivatives.elasticity(economy, moving, equations.PAYOFF, derivatives.PRICE, work, rest[2])
    by[0, derivatives.ANSWER] += 1.0
    gain = derivatives.GAIN
    payoff = np.array([by[0, gain], rest[2], by[1, gain]])
    own = by[:, derivatives.ANSWER]
    return PlaceSlopes(by[0, : POOL + 1], by[1, : POOL + 1], rest[0], payoff, rest[1], own)


class Trade:
    """Sums over places: by the rows of K of those who supply, where these are few."""

    def __init__(self, operator: Any, size: int, metric: Metric | None = None) -> None:
        self.operator, self.size, self.metric = operator, size, metric
        self.origins = np.empty(0, dtype=int)
        self.freeness = np.empty((0, size))
        self.supplying: np.ndarray | None = None

    def among(self, supplying: np.ndarray) -> None:
        """Let these regions alone supply, from here on."""
        if trade_costs.name_of(self.operator) in ("fourier", "line"):
            few = supplying.size <= ROWS
        else:
            few = supplying.size * FEW <= self.size
        few = few and supplying.size * self.size <= TABLES
        self.supplying = supplying if few else None
        if few:
            self.rows(supplying)

    def buy(self, supply: np.ndarray) -> np.ndarray:
        """Return K' supply: what reaches each destination."""
        if self.supplying is not None:
            return np.asarray(supply[self.supplying] @ self.rows(self.supplying))
        if trade_costs.uses_fourier(self.operator):
            return fourier.multiply(self.operator, supply)
        price = np.empty(self.size)
        operators.buy(self.operator, np.ascontiguousarray(supply), price)
        return price

    def sell(self, demand: np.ndarray, elsewhere: float = 0.0) -> np.ndarray:
        """Return K demand, what each origin reaches; of those who supply, where they are few."""
        if self.supplying is not None:
            access = np.full(self.size, elsewhere)
            access[self.supplying] = self.rows(self.supplying) @ demand
            return access
        return self.sell_everywhere(demand)

    def sell_everywhere(self, demand: np.ndarray) -> np.ndarray:
        """Return K demand of all."""
        if trade_costs.uses_fourier(self.operator):
            return fourier.multiply(self.operator, demand)
        access = np.empty(self.size)
        operators.sell(self.operator, np.ascontiguousarray(demand), access)
        return access

    def rows(self, origins: np.ndarray) -> np.ndarray:
        """Return rows of K; those of the last call are kept."""
        if np.array_equal(origins, self.origins):
            return self.freeness
        found = np.empty((origins.size, self.size))
        at = np.searchsorted(self.origins, origins)
        known = np.zeros(origins.size, dtype=bool)
        if self.origins.size:
            at = np.minimum(at, self.origins.size - 1)
            known = self.origins[at] == origins
            found[known] = self.freeness[at[known]]
        new = np.flatnonzero(~known)
        if trade_costs.uses_fourier(self.operator):
            for row in new:
                assert self.metric is not None
                found[row] = fourier.row(self.operator, self.metric, int(origins[row]))
        elif new.size * CUT > self.size:
            found[new] = operators.matrix(self.operator, self.size)[origins[new]]
        else:
            unit = np.zeros(self.size)
            for row in new:
                unit[origins[row]] = 1.0
                operators.buy(self.operator, unit, found[row])
                unit[origins[row]] = 0.0
        self.origins, self.freeness = origins.copy(), found
        return found


class LinearisedMarkets:
    """The markets of an economy at a point where they clear, linearised."""

    def __init__(self, parameters: Any, share: np.ndarray, state: np.ndarray, trade: Trade) -> None:
        n = share.size
        self.trade = trade
        supply, self.spending = np.empty(n), np.empty(n)
        equations.goods(parameters, share, state, supply, self.spending)
        self.price = trade.buy(supply)
        self.access = trade.sell(self.spending / self.price, 1.0)
        self.slopes = place_slopes(parameters, share, state, self.price, self.access)
        self.reach = trade.sell(self.slopes.settled / self.price)

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
        factor = (s.response[among] / self.access[among])[:, None]

        def force(slopes: np.ndarray, own: np.ndarray) -> np.ndarray:
            found = here * (slopes[SPENDING, among] / self.price[among])
            found += np.outer(self.reach[among], slopes[POOL, among])
            found -= through * slopes[SUPPLY, among]
            return np.asarray(factor * found + np.diag(own[among]))

        to_payoff = here.T * (s.payoff[1, among] / self.price[among])[:, None]
        by_state = to_payoff * s.by_state[SUPPLY, among] + np.diag(s.payoff[0, among])
        by_share = to_payoff * s.by_share[SUPPLY, among] + np.diag(s.payoff[2, among])
        return through_markets(
            force(s.by_state, s.own[0]), force(s.by_share, s.own[1]), by_state, by_share
        )

    def payoff_change(self, moved: np.ndarray) -> np.ndarray:
        """Return d ln payoff for a change of shares, by products; NaN if undefined."""
        s, factor = self.slopes, self.slopes.response / self.access
        squared = self.spending / self.price**2

        def force(slopes: np.ndarray, own: np.ndarray, change: np.ndarray) -> np.ndarray:
            price = self.trade.buy(slopes[SUPPLY] * change)
            spent = slopes[SPENDING] * change / self.price - squared * price
            pool = float(slopes[POOL] @ change)
            found = factor * (self.trade.sell(spent) + self.reach * pool)
            return np.asarray(found + own * change)

        def left(change: np.ndarray) -> np.ndarray:
            change = np.ravel(change)
            return np.asarray(change - force(s.by_state, s.own[0], change))

        state = force(s.by_share, s.own[1], moved)
        if s.by_state.any() or s.own[0].any():
            found = by_krylov(left, state, INNER, KRYLOV, RESTARTS)
            state = np.full_like(state, np.nan) if found is None else found
        price = self.trade.buy(s.by_state[SUPPLY] * state + s.by_share[SUPPLY] * moved)
        return np.asarray(
            s.payoff[0] * state + s.payoff[1] * price / self.price + s.payoff[2] * moved
        )


def by_krylov(
    product: Callable[[np.ndarray], np.ndarray],
    right: np.ndarray,
    tolerance: float,
    kept: int,
    restarts: int,
) -> np.ndarray | None:
    """Solve a linear system given by its products (GMRES); None where that does not succeed."""
    from scipy.sparse import linalg  # what takes long to import is imported when used

    if not np.isfinite(right).all():
        return None
    matrix = linalg.LinearOperator((right.size, right.size), matvec=product, dtype=float)
    kept = min(kept, right.size)
    found, failed = linalg.gmres(matrix, right, rtol=tolerance, restart=kept, maxiter=restarts)
    return None if failed or not np.isfinite(found).all() else np.asarray(found)


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
