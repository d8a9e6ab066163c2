"""Matrix scaling (Sinkhorn): supplies at which goods markets clear, given earnings and spending.

A place r that sells freely at K_rs to places that spend Y_s earns e_r where

    x_r sum_s K_rs Y_s / P_s = e_r,     P_s = sum_q K_qs x_q

That is the scaling of a matrix to given row and column sums: X_rs = x_r K_rs Y_s/P_s has the
row sums e and the column sums Y. With sum e = sum Y there is one solution up to a common factor
of x, and repeating x_r := e_r / access_r reaches it from everywhere, K being positive: in logs
its Jacobian is the product of two matrices with row sums of one. Acceleration does it sooner.

Sinkhorn, R. (1967), American Mathematical Monthly 74.
"""

import numpy as np

from nege.kernels.duals import exp, log
from nege.kernels.equations import RESIDUAL, Compiled, Economy, Places
from nege.kernels.operators import Operator


def _supply(p, r, share, state):
    return exp(state)


def _spending(p, r, share, state, pool):
    return p.spent[r]


def _respond(p, r, share, state, access):
    return log(p.earned[r] / access) - state


def _payoff(p, r, share, state, price):
    return state


def _numeraire(p, r, share, state):
    return p.earned[r] * exp(state)


MARKETS = Compiled(
    __name__,
    "Markets",
    (),
    ("earned", "spent"),
    Places(
        supply=_supply,
        spending=_spending,
        respond=_respond,
        payoff=_payoff,
        numeraire=_numeraire,
        bound=RESIDUAL,
    ),
)


def markets(earned: np.ndarray, spent: np.ndarray, operator: Operator) -> Economy:
    """Return the markets of places with these earnings and this spending; the state is ln x."""
    return MARKETS.economy({}, {"earned": earned, "spent": spent}, operator)
