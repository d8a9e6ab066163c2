"""Matrix scaling (Sinkhorn): supplies at which goods markets clear, given earnings and spending.

A place r that sells freely at K_rs to places that spend Y_s earns e_r where

    x_r sum_s K_rs Y_s / P_s = e_r,     P_s = sum_q K_qs x_q

That is the scaling of a matrix to given row and column sums: X_rs = x_r K_rs Y_s/P_s has the
row sums e and the column sums Y. With sum e = sum Y there is one solution up to a common factor
of x, and repeating x_r := e_r / access_r reaches it from everywhere, K being positive: in logs
its Jacobian is the product of two matrices with row sums of one. Acceleration does it sooner.

Sinkhorn, R. (1967), American Mathematical Monthly 74.
"""

from typing import Any, NamedTuple

import numpy as np

from nege.kernels import equations
from nege.kernels.operators import trade
from nege.kernels.vmath import exp, log


class Markets(NamedTuple):
    """What is earned and spent in each place; the state is ln x."""

    earned: np.ndarray
    spent: np.ndarray
    operator: Any


@equations.update.register(Markets)
def _update(parameters, share, state, work, change):
    p = parameters
    for r in range(state.size):
        work[0, r] = exp(state[r])
    trade(p.operator, work[0], p.spent, work[2], work[3])
    for r in range(state.size):
        change[r] = log(p.earned[r] / work[3, r]) - state[r]


@equations.normalise.register(Markets)
def _normalise(parameters, share, state):
    mean = 0.0
    for r in range(state.size):
        mean += parameters.earned[r] * state[r]
    for r in range(state.size):
        state[r] -= mean


@equations.gap_at.register(Markets)
def _gap_at(parameters, share, state, work):
    """Stop by the residual alone: the violation of market clearing."""
    return 1.0


@equations.rounding_at.register(Markets)
def _rounding_at(parameters, share, state, work):
    return 0.0
