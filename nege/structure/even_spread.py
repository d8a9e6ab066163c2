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

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nege.kernels import derivatives, equations
from nege.models.classical.linear_demand_equations import LinearDemandParameters
from nege.models.linkages import equations as linkages
from nege.models.linkages import slopes as linkages_slopes
from nege.models.linkages.equations import LinkagesParameters

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


def clear(parameters: Any, share: np.ndarray, state: np.ndarray, total: float) -> float:
    """Solve u = f(u) by the secant method, in place, and return |f(u) - u|; NaN where it fails.

    `state` is where to start, the same in all places; `total` is kappa_0.
    """
    best, found, idle, before = math.nan, float(state[0]), 0, (math.nan, math.nan)
    for _ in range(STEPS):
        here, step = float(state[0]), change(parameters, share, state, total)
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
        equations.normalise(parameters, share, state)
        if state[0] == here:
            break
    state[:] = found
    return best


# --- what is read of a model ---------------------------------------------------------


def is_known(kind: Any) -> bool:
    """Whether what one place does is known: not of models with equations of all places at once."""
    return kind is LinkagesParameters or meets_by_trade(kind)


@functools.cache
def meets_by_trade(kind: Any) -> bool:
    """Whether places of a model, by the type of its parameters, meet through trade alone."""
    own = any(_registered(equation, kind) for equation in (equations.update, derivatives.blocks))
    return _registered(equations.sensitivities, kind) and not own


def _registered(equation: Any, kind: type) -> bool:
    return kind in inspect.getclosurevars(equation).nonlocals["compiled"]


def change(parameters: Any, share: np.ndarray, state: np.ndarray, total: float) -> float:
    """Return f(u) - u."""
    if isinstance(parameters, LinkagesParameters):
        at = np.empty((4, state.size))
        linkages.places(parameters, share, state, at)
        return float(np.log(total * share[0] * at[linkages.SUPPLY, 0]) - state[0])
    supply, spent, change = np.empty((3, state.size))
    equations.supply(parameters, share, state, supply)
    equations.spending(parameters, share, state, spent)
    access = np.full(state.size, spent[0] / supply[0])  # whatever the freeness of trade
    equations.respond(parameters, share, state, access, change)
    return float(change[0])


def place_slopes(
    parameters: Any, share: np.ndarray, state: np.ndarray, total: float
) -> PlaceSlopes:
    """Return what one place does when it moves, at a state that clears markets."""
    if isinstance(parameters, LinkagesParameters):
        return _linkages_slopes(parameters, share, state, total)
    supply, spent = np.empty((2, state.size))
    equations.supply(parameters, share, state, supply)
    equations.spending(parameters, share, state, spent)
    price = total * supply[0]
    moves = every_place_moves(parameters, share, state, np.full(state.size, price))
    return of_first(parameters, moves, spent[0], price, spent[0] / supply[0])


class Moves(NamedTuple):
    """What each place does when it moves, in rows over regions as ``derivatives`` has them."""

    by_state: np.ndarray  # supply, own spending, what moves all spending
    by_share: np.ndarray
    gains: np.ndarray  # ln payoff by state, ln price and share


def every_place_moves(
    parameters: Any, share: np.ndarray, state: np.ndarray, price: np.ndarray
) -> Moves:
    """Return what each place does when it moves."""
    slopes, gains = np.empty((6, state.size)), np.empty((3, state.size))
    equations.sensitivities(parameters, share, state, slopes)
    equations.payoff_sensitivities(parameters, share, state, price, gains)
    return Moves(slopes[: derivatives.BY_SHARE], slopes[derivatives.BY_SHARE :], gains)


def spending_by_pool(parameters: Any, share: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Return what each place spends of what moves all spending."""
    found = np.empty(state.size)
    equations.exogenous_spending(parameters, share, state, found)
    return found


def of_first(
    parameters: Any, moves: Moves, spent: float, price: float, access: float
) -> PlaceSlopes:
    """Return the slopes of the first place."""
    supply, spending = derivatives.SUPPLY, derivatives.SPENDING
    by_state, by_share, gains = moves
    return PlaceSlopes(
        supply=(by_state[supply, 0], by_share[supply, 0]),
        spending=(by_state[spending, 0], by_share[spending, 0]),
        state=(0.0, 0.0),
        gain=(gains[0, 0], gains[2, 0]),
        state_to=(0.0, float(equations.response(parameters))),
        gain_to=(gains[1, 0], 0.0),
        spent=spent,
        price=price,
        access=access,
    )


def _linkages_slopes(
    p: LinkagesParameters, share: np.ndarray, state: np.ndarray, total: float
) -> PlaceSlopes:
    """Move the first place alone: what all others do besides is a sum over places."""
    n = state.size
    at, none, unit = np.empty((4, n)), np.zeros(n), np.zeros(n)
    payroll, unit[0] = linkages.places(p, share, state, at), 1.0
    still = LinkagesParameters(0.0, 0.0, 0.0, 0.0, none, none, none, p.operator, none)
    own = []
    for dshare, dstate in ((none, unit), (unit, none)):
        moved = np.empty((5, n))
        linkages_slopes.tangent(p, still, share, state, at, payroll, dshare, dstate, moved)
        own.append(moved[:, 0] - moved[:, 1])
    by_state, by_share = own
    return PlaceSlopes(
        supply=(by_state[linkages.SUPPLY], by_share[linkages.SUPPLY]),
        spending=(by_state[linkages.SPENDING], by_share[linkages.SPENDING]),
        state=(0.0, 0.0),
        gain=(by_state[linkages_slopes.EDGE], by_share[linkages_slopes.EDGE]),
        state_to=(1.0, 0.0),  # the state is ln price
        gain_to=(0.0, 1.0),
        spent=at[linkages.SPENDING, 0],
        price=np.exp(state[0]),
        access=total * at[linkages.SPENDING, 0] / np.exp(state[0]),
    )


def linear_demand_gains(
    p: LinearDemandParameters,
    share: np.ndarray,
    cost: np.ndarray,
    waves: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return d utility by the share, where payoffs are explicit in trade costs that add to prices.

    `cost` is what it costs to send one unit from one place to each; `waves` returns eigenvalues
    of such a row. The derivative is a sum of them, of those of squares, and of a product.
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
