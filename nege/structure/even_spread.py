"""The even spread of people over places that are alike, from what one place does.

Where each place has what the others have, and the same freeness kappa_0 = sum_s K_rs to trade in
all, all places have one state: the short run is one number. And the Jacobian of the economy is a
polynomial in K, so that a deviation along an eigenvector of K that sums to zero (a wave round a
circle), of eigenvalue kappa, keeps its shape, and moves no sum over places (commissions, the
payroll of the world). For a change of one in the share

    dln P = (kappa/P) (x_s + x_u du)                      prices, P = kappa_0 x
    dln z = (kappa/(z P)) (Y_s + Y_u du - Y dln P)        market access, z = kappa_0 Y/P
    du    = f_s + f_u du + f_P dln P + f_z dln z          markets that clear
    dln omega = g_s + g_u du + g_P dln P + g_z dln z      what it pays to be there

are scalars, and nothing of the size of K is made (Fujita, Krugman & Venables 1999, ch. 6).

u   state of a place, u = f     x   its supply to price indices     Y   its spending
s   its own share               omega  its payoff, g = ln omega     subscripts: derivatives
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nege.kernels import derivatives, equations
from nege.kernels.equations import Economy
from nege.models import linearised

#: What moves: a place's state, or its share. What it answers to: its ln price, its ln access.
BY_STATE, BY_SHARE = 0, 1
TO_PRICE, TO_ACCESS = 0, 1


class PlaceSlopes(NamedTuple):
    """What one place of an even spread does when it moves, sums over all places given."""

    supply: tuple[float, float]  # x_u, x_s
    spending: tuple[float, float]  # Y_u, Y_s
    state: tuple[float, float]  # f_u, f_s
    gain: tuple[float, float]  # g_u, g_s
    state_to: tuple[float, float]  # f_P, f_z
    gain_to: tuple[float, float]  # g_P, g_z
    spent: float  # Y
    price: float  # P
    access: float  # z


def wave_gains(place: PlaceSlopes, freeness: np.ndarray) -> np.ndarray:
    """Return d ln omega by the share, for eigenvalues kappa of K."""
    state: list[np.ndarray] = []
    gain: list[np.ndarray] = []
    for by in (BY_STATE, BY_SHARE):
        price = freeness / place.price * place.supply[by]
        sold = freeness / place.price * (place.spending[by] - place.spent * price)
        answered = price, sold / place.access
        for own, to, found in (
            (place.state, place.state_to, state),
            (place.gain, place.gain_to, gain),
        ):
            found.append(own[by] + to[TO_PRICE] * answered[0] + to[TO_ACCESS] * answered[1])
    moving = state[BY_SHARE] / (1.0 - state[BY_STATE])
    return np.asarray(gain[BY_SHARE] + gain[BY_STATE] * moving)


STEPS = 100  # at most; about three are taken
TRIES = 4  # steps in turn that bring nothing, after which nothing will
ROUNDING = 4e-16  # of a state


def clear(economy: Economy, share: np.ndarray, state: np.ndarray, total: float) -> float:
    """Solve u = f(u) by the secant method, in place, and return |f(u) - u|; NaN where it fails.

    `state` is where to start, the same in all places; `total` is kappa_0.
    """
    best, found, idle, before = math.nan, float(state[0]), 0, (math.nan, math.nan)
    for _ in range(STEPS):
        here, step = float(state[0]), change(economy, share, state, total)
        if not math.isfinite(step):
            break
        if not abs(step) >= best:
            best, found, idle = abs(step), here, 0
        else:
            idle += 1
        if best <= ROUNDING * max(1.0, abs(found)) or idle == TRIES:
            break
        # Negative where f contracts, and where it does not move with the state at all.
        slope = (step - before[1]) / (here - before[0]) if here != before[0] else math.nan
        before = here, step
        state += step / -slope if slope < 0.0 else step
        equations.normalise(economy, share, state)
        if state[0] == here:
            break
    state[:] = found
    return best


# --- what is read of a model ---------------------------------------------------------


def change(economy: Economy, share: np.ndarray, state: np.ndarray, total: float) -> float:
    """Return f(u) - u."""
    supply, spent, found = np.empty((3, state.size))
    equations.goods(economy, share, state, supply, spent)
    price = np.full(state.size, total * supply[0])
    access = np.full(state.size, spent[0] / supply[0])  # whatever the freeness of trade
    equations.respond(economy, share, state, price, access, found)
    return float(found[0])


def place_slopes(
    economy: Economy, share: np.ndarray, state: np.ndarray, total: float
) -> PlaceSlopes:
    """Return what one place does when it moves, at a state that clears markets.

    The first place moves alone: what all others do besides is a sum over places.
    """
    n, none = state.size, np.zeros(state.size)
    work = np.empty((4, n))
    equations.goods(economy, share, state, work[0], work[1])
    work[2] = total * work[0, 0]
    work[3] = total * work[1, 0] / work[2, 0]
    moving = derivatives.at_rest(economy, share, state)
    supply, spending, answer, gain = np.empty((4, n))
    own = []
    for row in (derivatives.STATE, derivatives.SHARE):
        place = np.where(np.arange(n) == 0, 1.0, 0.0)
        derivatives.moves_by(moving.rows[row], place)
        derivatives.goods_along(economy, moving, supply, spending)
        derivatives.answers_along(economy, moving, work, none, none, answer, gain)
        derivatives.moves_by(moving.rows[row], none)
        own.append([float(x[0] - x[1]) for x in (supply, spending, answer, gain)])
    to = []
    for price, access in ((work[2], none), (none, work[3])):
        derivatives.answers_along(economy, moving, work, price, access, answer, gain)
        to.append((float(answer[0]), float(gain[0])))
    by_state, by_share = own
    return PlaceSlopes(
        supply=(by_state[0], by_share[0]),
        spending=(by_state[1], by_share[1]),
        state=(by_state[2] + 1.0, by_share[2]),
        gain=(by_state[3], by_share[3]),
        state_to=(to[0][0], to[1][0]),
        gain_to=(to[0][1], to[1][1]),
        spent=float(work[1, 0]),
        price=float(work[2, 0]),
        access=float(work[3, 0]),
    )


def of_first(
    moves: linearised.PlaceSlopes, spent: float, price: float, access: float
) -> PlaceSlopes:
    """Return the slopes of the first place, of those of all."""
    supply, spending = linearised.SUPPLY, linearised.SPENDING
    return PlaceSlopes(
        supply=(moves.by_state[supply, 0], moves.by_share[supply, 0]),
        spending=(moves.by_state[spending, 0], moves.by_share[spending, 0]),
        state=(moves.own[0, 0], moves.own[1, 0]),
        gain=(moves.payoff[0, 0], moves.payoff[2, 0]),
        state_to=(0.0, moves.response[0]),
        gain_to=(moves.payoff[1, 0], 0.0),
        spent=spent,
        price=price,
        access=access,
    )


def linear_demand_gains(
    p: Any,
    share: np.ndarray,
    cost: np.ndarray,
    waves: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return d utility by the share, where payoffs are explicit in trade costs that add to prices.

    `p` are the parameters of ``LinearDemand`` by name, `cost` is what it costs to send one unit
    from one place to each; `waves` returns eigenvalues of such a row. The derivative is a sum of
    them, of those of squares, and of a product.
    """
    varieties = p.total_skilled / p.phi
    beta, gamma = p.b + p.c * varieties, 2.0 * p.b + p.c * varieties
    response = p.c * varieties / (2.0 * gamma)
    mean = float(share[0] * np.sum(cost))
    m = p.a / gamma + response * mean
    price = varieties * (m + 0.5 * mean)
    people = p.total_farmers * p.farmers[0] + p.total_skilled * share[0]
    sold = math.exp(p.log_net[0]) * beta / p.phi
    once, squared = waves(cost), waves(cost * cost)
    competition = 0.5 * beta * varieties * (((2.0 * m + mean) * response + m) * once)
    competition += 0.125 * beta * varieties * squared
    competition -= (p.a + p.c * price) * varieties * (response + 0.5) * once
    market = sold * p.total_skilled * (0.25 * squared - m * once)
    return np.asarray(competition + market - sold * people * response * once * once)
