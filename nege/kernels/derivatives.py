"""Derivatives of any model's short run and payoffs, from its equations in dual numbers.

An equation in dual numbers (``duals``) is its own derivative. Where places meet through trade
alone, one evaluation in which every place moves at once gives what each place does for itself;
how places respond to each other follows here, once for all. With S = K diag(Y/P^2) K' and
h_r = sum_s K_rs (d spending_s/d pool)/P_s, for a change in j (of its state, or of its share)

    df_r = a_r 1(r=j) + (e_r/z_r) [K_rj dY_j/P_j + h_r dpool_j - S_rj dx_j]
    du   = (I - df/du)^(-1) df/dshare                   markets clearing
    d ln omega_r = b_r 1(r=j) + (g_r/P_r) K_jr dx_j

P   price_s = sum_r K_rs x_r         x, Y  supply, spending     z  market access
e   response of f to ln access        g     response of ln omega to ln price
a, b  responses of f and of ln omega to the place's own state, or share

Where places meet in more ways than that (``equations``), they move one at a time.

A *direction* of the parameters is an Economy that holds the derivative of each of them by one
number; its operator is dense, whatever theirs is.
"""

from typing import NamedTuple

import numpy as np
from numba import types

from nege.kernels.duals import STEP
from nege.kernels.equations import BY_PLACE, GOODS, PAYOFF, PAYOFFS, POOL, RESPOND, update
from nege.kernels.function_table import call
from nege.kernels.jit import kernel
from nege.kernels.linear import implicit
from nege.kernels.operators import buy, buy_dense, matrix, sell, sell_dense
from nege.kernels.vectors import add_scaled, largest

# Rows of ``place_slopes``: of what a place does, by its own state or its own share.
SUPPLY, SPENDING, POOLED, ANSWER, GAIN = range(5)


class Moving(NamedTuple):
    """An economy in dual numbers: parameters, and rows over regions."""

    numbers: np.ndarray
    places: np.ndarray
    table: np.ndarray
    rows: np.ndarray  # (6, R): share, state, price, access; what is written


SHARE, STATE, PRICE, ACCESS, OUT, OTHER = range(6)


@kernel
def at_rest(economy, share, state):
    """Return an economy in dual numbers in which nothing moves yet."""
    e, rows = economy, np.empty((6, state.size), dtype=np.complex128)
    for r in range(state.size):
        rows[SHARE, r], rows[STATE, r] = share[r], state[r]
        for row in range(PRICE, OTHER + 1):
            rows[row, r] = 0.0
    numbers = np.empty(e.numbers.size, dtype=np.complex128)
    for k in range(numbers.size):
        numbers[k] = e.numbers[k]
    table = e.operator.table if e.meeting == PAYOFFS else e.operator.table[:0]
    return Moving(numbers, _still(e.places), _still(table), rows)


@kernel
def _still(values):
    found = np.empty(values.shape, dtype=np.complex128)
    for r in range(values.shape[0]):
        for j in range(values.shape[1]):
            found[r, j] = values[r, j]
    return found


@kernel(inside=True)
def set_state(moving, state):
    """Go to another state, at rest."""
    for r in range(state.size):
        moving.rows[STATE, r] = state[r]


@kernel(inside=True)
def moves(values, slope):
    """Let every place's number move, at a slope."""
    for r in range(values.size):
        values[r] = complex(values[r].real, STEP * slope)


@kernel(inside=True)
def moves_by(values, slopes):
    """Let each place's number move, at slopes of their own."""
    for r in range(values.size):
        values[r] = complex(values[r].real, STEP * slopes[r])


@kernel(inside=True)
def _write(values, out):
    for r in range(values.size):
        out[r] = values[r].imag / STEP


@kernel
def ask(economy, moving, which, pool):
    """Evaluate equations in dual numbers, into rows OUT and OTHER."""
    m = moving
    rows = m.rows[PRICE], m.rows[ACCESS], m.rows[OUT], m.rows[OTHER]
    given = m.numbers, m.places, m.table, m.rows[SHARE], m.rows[STATE]
    call(economy.duals, which, *given, pool, *rows)


@kernel
def pool_of(economy, moving):
    """Return the sum over places that spending is given, in dual numbers."""
    total = complex(0.0, 0.0)
    if economy.pools:
        ask(economy, moving, POOL, total)
        for r in range(moving.rows.shape[1]):
            total += moving.rows[OUT, r]
    return total


@kernel
def place_slopes(economy, moving, work, by_share, out):
    """Write what a place's own state, or else its share, does to it, in five rows.

    Parameters
    ----------
    economy : Economy
        Of the kind BY_PLACE.
    moving : Moving
        The same, at rest, which it is afterwards.
    work : (4, R) array
        As ``update`` left it: price and access are read.
    by_share : bool
        Whether shares move, or states.
    out : (3, R) to (5, R) array
        Written: d supply, d spending at a given pool, d of what it adds to the pool, and if asked
        for d (f - state) and d ln payoff, at given prices and access.

    Returns
    -------
    bool
        Whether anything moves the pool.
    """
    m, row, still = moving, SHARE if by_share else STATE, complex(0.0, 0.0)
    pool, pooled = 0.0, False
    for r in range(work.shape[1]):
        m.rows[PRICE, r], m.rows[ACCESS, r] = work[2, r], work[3, r]
        out[POOLED, r] = 0.0
    moves(m.rows[row], 1.0)
    if economy.pools:
        ask(economy, m, POOL, still)
        for r in range(work.shape[1]):
            pool += m.rows[OUT, r].real
            out[POOLED, r] = m.rows[OUT, r].imag / STEP
            pooled = pooled or out[POOLED, r] != 0.0
    ask(economy, m, GOODS, complex(pool, 0.0))
    _write(m.rows[OUT], out[SUPPLY])
    _write(m.rows[OTHER], out[SPENDING])
    if out.shape[0] > ANSWER:
        ask(economy, m, RESPOND, still)
        _write(m.rows[OUT], out[ANSWER])
    if out.shape[0] > GAIN:
        ask(economy, m, PAYOFF, still)
        _write(m.rows[OUT], out[GAIN])
    moves(m.rows[row], 0.0)
    return pooled


@kernel
def spending_by_pool(economy, moving, out):
    """Write how each place's spending responds to the sum over places."""
    for r in range(out.size):
        out[r] = 0.0
    if economy.pools:
        pool = pool_of(economy, moving).real
        ask(economy, moving, GOODS, complex(pool, STEP))
        _write(moving.rows[OTHER], out)


@kernel
def elasticity(economy, moving, which, row, work, out):
    """Write how f (RESPOND), or ln payoff, responds to ln access, or to ln price.

    `row` is ACCESS or PRICE, whose values are in `work`, as ``update`` left it.
    """
    m = moving.rows
    for r in range(out.size):
        m[PRICE, r], m[ACCESS, r] = work[2, r], work[3, r]
        m[row, r] = complex(m[row, r].real, STEP * m[row, r].real)
    ask(economy, moving, which, complex(0.0, 0.0))
    _write(moving.rows[OUT], out)
    moves(m[row], 0.0)


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
def forces(k, slopes, work, reach, responses, out):
    """Turn S in `out` into df_r by the change in j, given the rows of its ``place_slopes``.

    `reach` is h, `responses` are e.
    """
    n = reach.size
    for r in range(n):
        factor = responses[r] / work[3, r]
        for j in range(n):
            local = k[r, j] * slopes[SPENDING, j] / work[2, j] + reach[r] * slopes[POOLED, j]
            out[r, j] = factor * (local - out[r, j] * slopes[SUPPLY, j])


@kernel(arithmetic=True)
def reached(k, spent, price, out):
    """Write h: access to some spending, by the matrix itself."""
    for r in range(price.size):
        total = 0.0
        for s in range(price.size):
            total += k[r, s] * spent[s] / price[s]
        out[r] = total


@kernel
def _blocks_by_place(economy, share, state, by_state, by_share, gain_by_state, gain_by_share):
    e, n = economy, state.size
    k, work, rest = matrix(e.operator, n), np.empty((4, n)), np.empty((6, n))
    by_own, by_own_share = np.empty((5, n)), np.empty((5, n))
    update(e, share, state, work, rest[0])
    moving = at_rest(e, share, state)
    place_slopes(e, moving, work, False, by_own)
    place_slopes(e, moving, work, True, by_own_share)
    spending_by_pool(e, moving, rest[1])
    elasticity(e, moving, RESPOND, ACCESS, work, rest[2])
    elasticity(e, moving, PAYOFF, PRICE, work, rest[3])
    reached(k, rest[1], work[2], rest[4])
    spread(k, work, rest[0], rest[5], by_state)
    for r in range(n):
        for j in range(n):
            by_share[r, j] = by_state[r, j]
    forces(k, by_own, work, rest[4], rest[2], by_state)
    forces(k, by_own_share, work, rest[4], rest[2], by_share)
    for r in range(n):
        by_state[r, r] += by_own[ANSWER, r] + 1.0
        by_share[r, r] += by_own_share[ANSWER, r]
        factor = rest[3, r] / work[2, r]
        for j in range(n):
            gain_by_state[r, j] = factor * k[j, r] * by_own[SUPPLY, j]
            gain_by_share[r, j] = factor * k[j, r] * by_own_share[SUPPLY, j]
        gain_by_state[r, r] += by_own[GAIN, r]
        gain_by_share[r, r] += by_own_share[GAIN, r]


@kernel
def goods_along(economy, moving, supply, spending):
    """Write how supply and spending move."""
    ask(economy, moving, GOODS, pool_of(economy, moving))
    _write(moving.rows[OUT], supply)
    _write(moving.rows[OTHER], spending)


@kernel
def answers_along(economy, moving, work, price, access, change, gain):
    """Write how f - state, and ln payoff, move, once it is known how price and access do.

    An empty `gain` is not asked for.
    """
    m = moving
    for r in range(work.shape[1]):
        m.rows[PRICE, r] = complex(work[2, r], STEP * price[r])
        m.rows[ACCESS, r] = complex(work[3, r], STEP * access[r])
    ask(economy, m, RESPOND, complex(0.0, 0.0))
    _write(m.rows[OUT], change)
    if gain.size > 0:
        ask(economy, m, PAYOFF, complex(0.0, 0.0))
        _write(m.rows[OUT], gain)


@kernel
def along(economy, moving, shift, work, rest, change, gain):
    """Write how f - state, and ln payoff, move as `moving` does, right after ``update``.

    Freeness of trade moves as the table `shift`, unless it is empty. `rest` is scratch of five
    rows.
    """
    e, n = economy, work.shape[1]
    price, access = rest[0], rest[1]
    if e.meeting != PAYOFFS:
        goods_along(e, moving, rest[2], rest[3])
        buy(e.operator, rest[2], price)
        if shift.size > 0:
            buy_dense(shift, work[0], rest[4])
            for s in range(n):
                price[s] += rest[4, s]
        for s in range(n):
            rest[4, s] = work[1, s] / work[2, s]
            rest[3, s] = (rest[3, s] - rest[4, s] * price[s]) / work[2, s]
        sell(e.operator, rest[3], access)
        if shift.size > 0:
            sell_dense(shift, rest[4], rest[2])
            for r in range(n):
                access[r] += rest[2, r]
    answers_along(e, moving, work, price, access, change, gain)


@kernel(late=types.void)
def _blocks_one_by_one(economy, share, state, by_state, by_share, gain_by_state, gain_by_share):
    e, n = economy, state.size
    work, rest = np.empty((4, n)), np.empty((5, n))
    change, gain = np.empty(n), np.empty(n)
    update(e, share, state, work, change)
    moving, still = at_rest(e, share, state), np.empty((0, 0))
    for by, f, g in ((STATE, by_state, gain_by_state), (SHARE, by_share, gain_by_share)):
        for j in range(n):
            values = moving.rows[by]
            values[j] = complex(values[j].real, STEP)
            along(e, moving, still, work, rest, change, gain)
            values[j] = complex(values[j].real, 0.0)
            for r in range(n):
                f[r, j], g[r, j] = change[r], gain[r]
            if by == STATE:
                f[j, j] += 1.0


@kernel
def blocks(economy, share, state, state_by_state, state_by_share, gain_by_state, gain_by_share):
    """Write how f, and ln payoff at a state, respond to the state and to the share."""
    found = state_by_state, state_by_share, gain_by_state, gain_by_share
    if economy.meeting == BY_PLACE:
        _blocks_by_place(economy, share, state, *found)
    else:
        _blocks_one_by_one(economy, share, state, *found)


@kernel
def slopes(economy, direction, share, state, change, gain):
    """Write how f, and ln payoff at a state, move along a direction of the parameters."""
    e, d, n = economy, direction, state.size
    work, rest = np.empty((4, n)), np.empty((5, n))
    update(e, share, state, work, change)
    moving = at_rest(e, share, state)
    moves_by(moving.numbers, d.numbers)
    for row in range(d.places.shape[0]):
        moves_by(moving.places[row], d.places[row])
    for s in range(moving.table.shape[0]):
        moves_by(moving.table[s], d.operator.table[s])
    along(e, moving, d.operator.table, work, rest, change, gain)


@kernel(late=types.void)
def state_jacobian(economy, share, state, out):
    """Write df_r / d state_j at a given share."""
    rest = np.empty((3, state.size, state.size))
    blocks(economy, share, state, out, rest[0], rest[1], rest[2])


@kernel
def state_share_jacobian(economy, share, state, out):
    """Write d state_r / d share_j with markets clearing; False where it is undefined."""
    rest = np.empty((3, state.size, state.size))
    blocks(economy, share, state, rest[0], out, rest[1], rest[2])
    return implicit(rest[0], out)


@kernel
def payoff_jacobian(economy, share, state, out):
    """Write d ln payoff_r / d share_j with markets clearing; False where it is undefined."""
    n = state.size
    by_state, moved, gains = np.empty((n, n)), np.empty((n, n)), np.empty((n, n))
    blocks(economy, share, state, by_state, moved, gains, out)
    if not implicit(by_state, moved):
        return False
    for r in range(n):
        for i in range(n):
            add_scaled(out[r], gains[r, i], moved[i])
    return True


@kernel
def state_slope(economy, direction, share, state, out):
    """Write d state_r along a direction of the parameters, markets clearing; False if undefined."""
    n = state.size
    jacobian = np.empty((n, n))
    slopes(economy, direction, share, state, out, np.empty(n))
    state_jacobian(economy, share, state, jacobian)
    return implicit(jacobian, out.reshape(n, 1)) and np.isfinite(largest(out))


@kernel
def payoff_changes(economy, direction, share, state, jacobian, slope):
    """Write both: ``payoff_jacobian`` and, along a direction of the parameters, d ln payoff_r.

    False where either is undefined.
    """
    n = state.size
    by_state, by_share, gains = np.empty((n, n)), np.empty((n, n)), np.empty((n, n))
    moved, change = np.empty((n, n + 1)), np.empty(n)
    blocks(economy, share, state, by_state, by_share, gains, jacobian)
    slopes(economy, direction, share, state, change, slope)
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
def payoff_slope(economy, direction, share, state, out):
    """Write d ln payoff_r along a direction, markets clearing; False where undefined."""
    rest = np.empty((state.size, state.size))
    return payoff_changes(economy, direction, share, state, rest, out)
