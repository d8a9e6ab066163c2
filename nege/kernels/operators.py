"""Freeness of trade between all places, as an operator on vectors.

K_rs = T_rs^(1 - sigma) is how freely r sells to s. Models need K times a vector
(what a place can sell to: market access) and its transpose times a vector (what
a place can buy from: the price index).

Each kind of geography can bring its own operator; here is the dense one.
"""

from typing import NamedTuple

import numpy as np

from nege.kernels.jit import equation


class Dense(NamedTuple):
    """Any trade costs: the whole matrix K, by origin and destination."""

    freeness: np.ndarray


@equation(arithmetic=True)
def sell(operator, x, y):
    """y_r = sum_s K_rs x_s: what each origin reaches."""


@equation(arithmetic=True)
def buy(operator, x, y):
    """y_s = sum_r K_rs x_r: what reaches each destination."""


@equation
def matrix(operator):
    """K itself, for derivatives and for small economies."""


@sell.register(Dense)
def _sell_dense(operator, x, y):
    k = operator.freeness
    for i in range(x.size):
        total = 0.0
        for j in range(x.size):
            total += k[i, j] * x[j]
        y[i] = total


@buy.register(Dense)
def _buy_dense(operator, x, y):
    k = operator.freeness
    for j in range(y.size):
        y[j] = 0.0
    # By rows of K, so that memory is read in order.
    for i in range(x.size):
        for j in range(y.size):
            y[j] += k[i, j] * x[i]


@matrix.register(Dense)
def _matrix_dense(operator):
    return operator.freeness
