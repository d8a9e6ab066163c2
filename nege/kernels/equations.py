"""What a model must say about itself for solvers to serve it.

The *state* is what prices settle on while the distribution of firms is given (log wages
in the core-periphery model); the *share* is the distribution itself. The first argument
is always the model's parameters, a NamedTuple whose type chooses the model; its field
``operator`` is the freeness of trade.

The short run of a model is a fixed point state = f(state), in which places meet only
through trade (``nege.kernels.operators``). So a model says what happens inside a place,
and ``update`` puts it together, whatever the geography:

    supply     what each place adds to price indices, from share and state
    spending   what each place spends on varieties
    respond    the change of the state, from market access
    settled    the part of spending that does not move with the state: it bounds the error

Derivatives are of two kinds: ``state_jacobian`` holds everything else fixed, all others let
markets clear. A *direction* is a NamedTuple of the type of the parameters that holds the
derivative of each of them by one number; its operator is Dense, whatever theirs is.
"""

from nege.kernels.jit import equation, kernel
from nege.kernels.operators import buy, sell, trade


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
def settled(parameters, share, state, out):
    """Write the part of spending that does not move with the state."""


@equation(arithmetic=True)
def newton_system(parameters, k, share, state, work, change, system, step):
    """Write the linear system of Newton's method for the state: system @ (new - state) = step.

    Right after ``update``, whose supply, spending, price and access are in work and may be
    overwritten; `k` is K by origin and destination.
    """


@equation
def contraction_gap(parameters, access, reach):
    """Return 1 - the largest row sum of the Jacobian of f, NaN where undefined.

    `reach` is market access to settled spending alone.
    """


@equation(arithmetic=True)
def normalise(parameters, share, state):
    """Put the state on the numeraire."""


@equation(arithmetic=True)
def payoff(parameters, share, state, price, out):
    """Write ln payoff of every region at a cleared state (real wages, profits)."""


@equation
def state_jacobian(parameters, share, state, out):
    """Write df_r / d state_j at a given share."""


@equation
def state_share_jacobian(parameters, share, state, out):
    """Write d state_r / d share_j with markets clearing; False where it is undefined."""


@equation
def state_slope(parameters, direction, share, state, out):
    """Write d state_r along a direction of the parameters, markets clearing.

    False where it is undefined.
    """


@equation
def payoff_jacobian(parameters, share, state, out):
    """Write d ln payoff_r / d share_j with markets clearing; False where it is undefined."""


@equation
def payoff_slope(parameters, direction, share, state, out):
    """Write d ln payoff_r along a direction of the parameters, markets clearing.

    False where it is undefined.
    """


@kernel
def update(parameters, share, state, work, change):
    """Write f(state) - state; leaves spending, price and access in work[1:4]."""
    supply(parameters, share, state, work[0])
    spending(parameters, share, state, work[1])
    trade(parameters.operator, work[0], work[1], work[2], work[3])
    respond(parameters, share, state, work[3], change)


@kernel
def gap_at(parameters, share, state, work):
    """Return 1 - the largest row sum of the Jacobian of f, right after ``update`` at a state."""
    settled(parameters, share, state, work[0])
    for s in range(state.size):
        work[0, s] /= work[2, s]
    sell(parameters.operator, work[0], work[1])
    return contraction_gap(parameters, work[3], work[1])


@kernel
def payoff_at(parameters, share, state, work, out):
    """Write ln payoff of every region at a state, with the prices that go with it."""
    supply(parameters, share, state, work[0])
    buy(parameters.operator, work[0], work[1])
    payoff(parameters, share, state, work[1], out)
