"""Models with an explicit short run, f(share): solved in one step, without iteration.

``update`` then writes f(share) - state, so that the state is the solution after one
step. A model joins with ``explicit.register(Parameters)``. Payoffs being explicit too, so
are the equations of its equilibria, for proofs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nege.kernels import derivatives, equations, newton
from nege.kernels.codes import CONVERGED, LIMIT, NOT_FINITE, PLAIN, STALLED
from nege.kernels.fixed_point import Report
from nege.kernels.jit import equation, kernel
from nege.kernels.vectors import copy, largest
from nege.models.indifference import Arithmetic, Excess, Indifference, Tastes

STEPS = 4  # one to get there, one for the last digit, one to see it


def register(cls: type) -> None:
    """Let a type of parameters be solved in one step."""
    newton.solve.register(cls)(solve)
    newton.newton.register(cls)(solve)
    equations.exogenous_spending.register(cls)(_exogenous_spending)
    equations.contraction_gap.register(cls)(_contraction_gap)


@kernel
def solve(parameters, share, state, options):
    """Write the short run in place; parameters and result as in ``fixed_point``.

    The error is the residual and what rounding adds to f, which moves with nothing else.
    """
    work, change = np.empty((4, state.size)), np.empty(state.size)
    residual, error, status, steps = math.inf, math.inf, LIMIT, 0
    while status == LIMIT and steps < STEPS:
        equations.update(parameters, share, state, work, change)
        residual = largest(change)
        steps += 1
        if not math.isfinite(residual):
            status = NOT_FINITE
        elif residual <= options.tolerance_residual:
            error = residual + equations.rounding_at(parameters, share, state, work)
            tolerance = options.tolerance_error * equations.unit(parameters, state)
            status = CONVERGED if error <= tolerance else STALLED
        else:
            for r in range(state.size):
                state[r] += change[r]
    return Report(status, residual, error, 0.0, steps, PLAIN)


def _exogenous_spending(parameters, share, state, out):
    """All spending, since none of it moves with the state."""
    equations.spending(parameters, share, state, out)


def _contraction_gap(parameters, access, reach):
    """One: the Jacobian is zero."""
    for r in range(access.size):
        if not 0.0 < access[r] < math.inf:
            return math.nan
    return 1.0


def indifference(
    payoffs: Callable[[list[Any]], list[Any]],
    arithmetic: Arithmetic,
    tastes: Tastes | None,
    reach: float,
) -> Indifference:
    """Return the equilibrium conditions: equal payoffs in occupied regions, by share.

    Relative supplies are shares here, and the excess of a region is what it pays more than
    regions do on average, weighted by shares: the weighted sum of excesses is zero.

    Parameters
    ----------
    payoffs : callable
        Of every region, as people compare them: ln payoff at shares that sum to one.
    arithmetic : Arithmetic
        Kind of numbers that it works on.
    tastes : Tastes or None
        Of people under logit dynamics; None where they follow payoffs alone.
    reach : float
        No payoffs differ by more.
    """
    if tastes is not None:
        scale = arithmetic.number(tastes.scale)
        weight = [arithmetic.number(value) for value in tastes.weight.tolist()]
        reach = reach / tastes.scale + float(np.ptp(np.log(tastes.weight)))

    def at(supply: Sequence[Any]) -> Excess:
        total = sum(supply[1:], supply[0])
        share = [part / total for part in supply]
        level = payoffs(share)
        if tastes is not None:
            liked = zip(weight, share, strict=True)
            taste = [scale * arithmetic.log(own / part) for own, part in liked]
            level = [one + other for one, other in zip(level, taste, strict=True)]
        mean = sum(part * value for part, value in zip(share, level, strict=True))
        return Excess(share, [value - mean for value in level])

    # More than rounding takes away, also where nothing differs.
    return Indifference(at, math.inf if tastes is None else 1.001 * reach + 1e-6)


# --- models whose payoffs are explicit in shares: the state is the payoff --------------


@equation(arithmetic=True)
def payoffs(parameters, share, out):
    """Write the payoffs that people compare, ln payoff of every region, at given shares."""


@equation
def payoffs_by_share(parameters, share, out):
    """Write its derivative by the share of each region, along shares that keep their sum."""


@equation
def payoffs_tangent(parameters, direction, share, out):
    """Write its derivative along a direction of the parameters."""


def register_payoffs(cls: type) -> None:
    """Let a type of parameters be solved by ``payoffs`` and its derivatives alone."""
    register(cls)
    equations.update.register(cls)(_update)
    equations.unit.register(cls)(_unit)
    equations.gap_at.register(cls)(_gap_at)
    equations.payoff_at.register(cls)(_payoff_at)
    derivatives.blocks.register(cls)(_blocks)
    derivatives.slopes.register(cls)(_slopes)


def _update(parameters, share, state, work, change):
    payoffs(parameters, share, change)
    for r in range(state.size):
        change[r] -= state[r]


def _gap_at(parameters, share, state, work):
    return 1.0


def _unit(parameters, state):
    """Errors of payoffs are absolute up to one, relative to the largest above."""
    return max(1.0, largest(state))


def _payoff_at(parameters, share, state, work, out):
    copy(state, out)


def _blocks(parameters, share, state, state_by_state, state_by_share, gain_by_state, gain_by_share):
    payoffs_by_share(parameters, share, state_by_share)
    for r in range(state.size):
        for j in range(state.size):
            state_by_state[r, j] = gain_by_share[r, j] = 0.0
            gain_by_state[r, j] = 1.0 if r == j else 0.0


def _slopes(parameters, direction, share, state, change, gain):
    payoffs_tangent(parameters, direction, share, change)
    for r in range(state.size):
        gain[r] = 0.0
