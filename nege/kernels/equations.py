"""What a model must say about itself for solvers to serve it.

The *state* is what prices settle on while the distribution of firms is given (log
wages in the core-periphery model); the *share* is the distribution itself. The
first argument is always the model's parameters, a NamedTuple whose type chooses
the model.
"""

from nege.kernels.jit import equation


@equation
def solve_short_run(parameters, share, state, options):
    """Bring the state to market clearing for a given share, in place; return a Report."""


@equation
def payoff(parameters, share, state, out):
    """Write ln payoff of every region at a cleared state (real wages, profits)."""


@equation
def payoff_jacobian(parameters, share, state, out):
    """Write d ln payoff_r / d share_j with markets clearing; False where it is undefined."""


@equation
def update(parameters, share, state, work, change):
    """Write the change that one undamped step of the short-run map makes to the state."""


@equation
def normalise(parameters, share, state):
    """Put the state on the numeraire."""


@equation
def contraction_gap(parameters, share, state, work):
    """Return 1 - the largest row sum of the map's Jacobian: what bounds the error."""
