"""The interface of a model: equations that it registers, by which all solvers serve it.

The *state* is the vector of unknowns of the short run, for a given distribution of firms (log
wages in the core-periphery model); the *share* is the distribution itself. The first argument
is always the model's parameters, a NamedTuple whose type chooses the model; its field
``operator`` is the freeness of trade.

The short run of a model is a fixed point state = f(state), in which places meet only
through trade (``nege.kernels.operators``). So a model says what happens inside a place,
and ``update`` puts it together, whatever the geography:

    supply     what each place adds to price indices, from share and state
    spending   what each place spends on varieties
    respond    the change of the state, from market access
    exogenous_spending
               the part of spending that does not move with the state: it bounds the error
    exponents  how large the numbers are that ``exp`` is taken of: it bounds what rounding does

For derivatives (``nege.kernels.derivatives``) it says how each of these responds to the
place's own share and state, and to the parameters.

A model whose places meet in another way registers its own ``update``, ``gap_at``,
``rounding_at`` and ``payoff_at`` instead of these, its own ``newton.newton`` (and
``newton.solve`` where there is nothing to iterate: ``nege.models.classical.explicit``), and its own
``derivatives.blocks`` and ``derivatives.slopes``.
"""

import math

from nege.kernels.jit import equation
from nege.kernels.operators import buy, sell, trade
from nege.kernels.rounding import EPS, of_sum

LARGEST = 700.0  # state, a logarithm, of what double precision can hold


@equation(arithmetic=True)
def supply(parameters, share, state, out):
    """Write what each place adds to the price index of a place at no distance."""


@equation(arithmetic=True)
def spending(parameters, share, state, out):
    """Write what each place spends on varieties."""


@equation(arithmetic=True)
def respond(parameters, share, state, access, change):
    """Write f(state) - state, from market access."""


@equation(arithmetic=True)
def exogenous_spending(parameters, share, state, out):
    """Write the part of spending that does not move with the state."""


@equation
def contraction_gap(parameters, access, reach):
    """Return 1 - the largest row sum of the Jacobian of f, NaN where undefined.

    `reach` is market access to exogenous spending alone.
    """


@equation(general=True)
def exponents(parameters, share, state, work):
    """Return how large exponents are in ``supply``, ``spending`` and ``respond``, after ``update``.

    The largest sum over places of the absolute values of what they add up.
    """
    top = 0.0
    for r in range(state.size):
        size = abs(state[r])
        if share[r] > 0.0 and work[0, r] > 0.0:
            size += abs(math.log(work[0, r] / share[r]))
        top = max(top, size)
    return 2.0 * top


@equation(general=True)
def unit(parameters, state):
    """Return the unit of errors of a state: one, as states are logarithms (relative errors)."""
    return 1.0


@equation(arithmetic=True, general=True)
def normalise(parameters, share, state):
    """Normalise the state to the numeraire; nothing to do where its level is determined."""


@equation(arithmetic=True)
def payoff(parameters, share, state, price, out):
    """Write ln payoff of every region at a cleared state (real wages, profits)."""


@equation
def response(parameters):
    """Return d change/d ln access of ``respond``, the same in every place."""


@equation
def sensitivities(parameters, share, state, out):
    """Write the partial derivatives, by a place's state and share, of supply and spending.

    Six rows: d supply, d spending of its own, and d spending of everybody, in units of
    their exogenous spending; first by the state, then by the share. Negative supply slopes
    mean that prices fall with the state.
    """


@equation
def payoff_sensitivities(parameters, share, state, price, out):
    """Write d ln payoff by the place's state, its ln price and its own share, in three rows."""


@equation
def supply_tangent(parameters, direction, share, state, out):
    """Write d supply along a direction of the parameters, share and state fixed."""


@equation
def spending_tangent(parameters, direction, share, state, out):
    """Write d spending, likewise."""


@equation
def respond_tangent(parameters, direction, share, state, access, out):
    """Write the derivative of ``respond``, access fixed too."""


@equation
def payoff_tangent(parameters, direction, share, state, price, out):
    """Write d ln payoff, prices fixed too."""


@equation(general=True)
def update(parameters, share, state, work, change):
    """Write f(state) - state; leaves spending, price and access in work[1:4]."""
    supply(parameters, share, state, work[0])
    spending(parameters, share, state, work[1])
    trade(parameters.operator, work[0], work[1], work[2], work[3])
    respond(parameters, share, state, work[3], change)


@equation(general=True)
def gap_at(parameters, share, state, work):
    """Return 1 - the largest row sum of the Jacobian of f, right after ``update`` at a state."""
    exogenous_spending(parameters, share, state, work[0])
    for s in range(state.size):
        work[0, s] /= work[2, s]
    sell(parameters.operator, work[0], work[1])
    return contraction_gap(parameters, work[3], work[1])


@equation(general=True)
def rounding_at(parameters, share, state, work):
    """Bound what rounding adds to f(state), right after ``update`` and before ``gap_at``."""
    n, level = state.size, 0.0
    supplied, price, demand, access = 0.0, math.inf, 0.0, math.inf
    for r in range(n):
        level = max(level, abs(state[r]))
        supplied = max(supplied, work[0, r])
        access = min(access, work[3, r])
        if work[1, r] > 0.0:  # no price matters where nobody buys
            price = min(price, work[2, r])
            demand = max(demand, work[1, r] / work[2, r])
    if level > LARGEST:
        return math.inf
    sums = of_sum(n, supplied, price) + of_sum(n, demand, access)
    inside = EPS * (8.0 * exponents(parameters, share, state, work) + n + 16.0)
    return response(parameters) * (sums + inside) + 4.0 * EPS * level


@equation(general=True)
def payoff_at(parameters, share, state, work, out):
    """Write ln payoff of every region at a state, with the prices that go with it."""
    supply(parameters, share, state, work[0])
    buy(parameters.operator, work[0], work[1])
    payoff(parameters, share, state, work[1], out)
