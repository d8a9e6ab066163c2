"""Derivatives of any model's short run and payoffs, by implicit differentiation.

A model says how what happens inside a place responds (``equations.sensitivities`` and its
companions); how places respond to each other follows here, once for all. With S = K diag(Y/P^2)
K', h_r = sum_s K_rs settled_s/P_s, and for a change in j (of its state, or of its share)

    df_r = (e/z_r) [K_rj spending_j/P_j + h_r pool_j - S_rj supply_j]
    du   = (I - df/du)^(-1) df/dshare                   markets clearing
    d ln omega_r = a_r du_r + (b_r/P_r) dP_r + c_r dshare_r

P   price_s = sum_r K_rs supply_r           Y  spending        z  market access
e   response of the state to ln access      a, b, c  responses of ln omega to state, ln price
                                                     and the place's own share (congestion)

A *direction* of the parameters is a NamedTuple of their own type that holds the derivative
of each of them by one number; its operator is Dense, whatever theirs is.

All follows from what ``blocks`` and ``slopes`` say of f and of ln payoff at a given state; a
model that registers its own of both has all of it too.
"""

import numpy as np

from nege.kernels.equations import (
    exogenous_spending,
    payoff_sensitivities,
    payoff_tangent,
    respond_tangent,
    response,
    sensitivities,
    spending_tangent,
    supply_tangent,
    update,
)
from nege.kernels.jit import equation, kernel
from nege.kernels.linear import implicit
from nege.kernels.operators import buy, matrix, sell
from nege.kernels.vectors import add_scaled, copy, largest

# Rows of sensitivities, by the state and by the share of each place.
BY_STATE, BY_SHARE = 0, 3
SUPPLY, SPENDING, POOL = range(3)


@kernel(arithmetic=True)
def spread(k, work, weight, row, out):
    """Write S, right after ``update``, whose spending and price are in work[1:3].

    `weight` and `row` are scratch. Loops, not BLAS: S is symmetric, so half is enough.
    """
    n = weight.size
    for s in range(n):
        weight[s] = work[1, s] / (work[2, s] * work[2, s])
    for r in range(n):
        for s in range(n):
            row[s] = k[r, s] * weight[s]
        for j in range(r + 1):
            total = 0.0
            for s in range(n):
                total += row[s] * k[j, s]
            out[r, j] = total
            out[j, r] = total


@kernel(arithmetic=True)
def forces(k, slopes, work, reach, elasticity, out):
    """Turn S in `out` into df_r by the change in j, given the three rows of its `slopes`."""
    n = reach.size
    for r in range(n):
        factor = elasticity / work[3, r]
        for j in range(n):
            local = k[r, j] * slopes[SPENDING, j] / work[2, j] + reach[r] * slopes[POOL, j]
            out[r, j] = factor * (local - out[r, j] * slopes[SUPPLY, j])


@kernel(arithmetic=True)
def reached(k, spent, price, out):
    """Write h: access to some spending, by the matrix itself."""
    for r in range(price.size):
        total = 0.0
        for s in range(price.size):
            total += k[r, s] * spent[s] / price[s]
        out[r] = total


@equation(general=True)
def blocks(parameters, share, state, state_by_state, state_by_share, gain_by_state, gain_by_share):
    """Write how f, and ln payoff at a state, respond to the state and to the share."""
    n = state.size
    k, work, rest = matrix(parameters.operator), np.empty((4, n)), np.empty((4, n))
    slopes, gains = np.empty((6, n)), np.empty((3, n))
    update(parameters, share, state, work, rest[0])
    sensitivities(parameters, share, state, slopes)
    payoff_sensitivities(parameters, share, state, work[2], gains)
    exogenous_spending(parameters, share, state, rest[1])
    reached(k, rest[1], work[2], rest[2])
    spread(k, work, rest[0], rest[3], state_by_state)
    for r in range(n):
        copy(state_by_state[r], state_by_share[r])
    e = response(parameters)
    forces(k, slopes[BY_STATE : BY_STATE + 3], work, rest[2], e, state_by_state)
    forces(k, slopes[BY_SHARE : BY_SHARE + 3], work, rest[2], e, state_by_share)
    for r in range(n):
        factor = gains[1, r] / work[2, r]
        for j in range(n):
            gain_by_state[r, j] = factor * k[j, r] * slopes[BY_STATE + SUPPLY, j]
            gain_by_share[r, j] = factor * k[j, r] * slopes[BY_SHARE + SUPPLY, j]
        gain_by_state[r, r] += gains[0, r]
        gain_by_share[r, r] += gains[2, r]


@equation(general=True)
def slopes(parameters, direction, share, state, change, gain):
    """Write how f, and ln payoff at a state, move along a direction of the parameters."""
    p, d = parameters, direction
    n = state.size
    work, gains, rest = np.empty((4, n)), np.empty((3, n)), np.empty((4, n))
    dx, dy, dprice, dz = rest[0], rest[1], rest[2], rest[3]
    other, base = np.empty(n), np.empty(n)
    update(p, share, state, work, change)
    x, y, price, z = work[0], work[1], work[2], work[3]
    supply_tangent(p, d, share, state, dx)
    spending_tangent(p, d, share, state, dy)
    buy(p.operator, dx, dprice)
    buy(d.operator, x, other)
    for s in range(n):
        dprice[s] += other[s]
        dy[s] = (dy[s] - y[s] * dprice[s] / price[s]) / price[s]
        base[s] = y[s] / price[s]
    sell(p.operator, dy, dz)
    sell(d.operator, base, other)
    respond_tangent(p, d, share, state, z, change)
    payoff_tangent(p, d, share, state, price, gain)
    payoff_sensitivities(p, share, state, price, gains)
    e = response(p)
    for r in range(n):
        change[r] += e * (dz[r] + other[r]) / z[r]
        gain[r] += gains[1, r] * dprice[r] / price[r]


@kernel
def state_jacobian(parameters, share, state, out):
    """Write df_r / d state_j at a given share."""
    rest = np.empty((3, state.size, state.size))
    blocks(parameters, share, state, out, rest[0], rest[1], rest[2])


@kernel
def state_share_jacobian(parameters, share, state, out):
    """Write d state_r / d share_j with markets clearing; False where it is undefined."""
    rest = np.empty((3, state.size, state.size))
    blocks(parameters, share, state, rest[0], out, rest[1], rest[2])
    return implicit(rest[0], out)


@kernel
def payoff_jacobian(parameters, share, state, out):
    """Write d ln payoff_r / d share_j with markets clearing; False where it is undefined."""
    n = state.size
    rest = np.empty((3, n, n))
    by_state, moved, gains = rest[0], rest[1], rest[2]
    blocks(parameters, share, state, by_state, moved, gains, out)
    if not implicit(by_state, moved):
        return False
    for r in range(n):
        for i in range(n):
            add_scaled(out[r], gains[r, i], moved[i])
    return True


@kernel
def state_slope(parameters, direction, share, state, out):
    """Write d state_r along a direction of the parameters, markets clearing; False if undefined."""
    n = state.size
    jacobian = np.empty((n, n))
    slopes(parameters, direction, share, state, out, np.empty(n))
    state_jacobian(parameters, share, state, jacobian)
    return implicit(jacobian, out.reshape(n, 1)) and np.isfinite(largest(out))


@kernel
def payoff_changes(parameters, direction, share, state, jacobian, slope):
    """Write both: ``payoff_jacobian`` and, along a direction of the parameters, d ln payoff_r.

    False where either is undefined.
    """
    n = state.size
    rest, moved, change = np.empty((3, n, n)), np.empty((n, n + 1)), np.empty(n)
    by_state, by_share, gains = rest[0], rest[1], rest[2]
    blocks(parameters, share, state, by_state, by_share, gains, jacobian)
    slopes(parameters, direction, share, state, change, slope)
    for r in range(n):
        for j in range(n):
            moved[r, j] = by_share[r, j]
        moved[r, n] = change[r]
    if not implicit(by_state, moved):
        return False
    for r in range(n):
        for i in range(n):
            add_scaled(jacobian[r], gains[r, i], moved[i, :n])
            slope[r] += gains[r, i] * moved[i, n]
    return np.isfinite(largest(slope))


@kernel
def payoff_slope(parameters, direction, share, state, out):
    """Write d ln payoff_r along a direction, markets clearing; False where undefined."""
    rest = np.empty((state.size, state.size))
    return payoff_changes(parameters, direction, share, state, rest, out)
