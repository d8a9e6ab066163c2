"""The short-run map in log wages, as each kind of peer likes it.

    f_r(u) = (1/sigma) ln sum_s K_rs [mu lambda_s e^(u_s) + (1-mu) phi_s] / P_s
    P_s    = sum_r lambda_r e^((1-sigma) u_r) K_rs
    g(u)   = f(u) - ln sum_r lambda_r e^(f_r(u))            on the numeraire

Peers get logs because in levels most of them need many times the work, and the numeraire
(Walras' law) because it takes out the one direction in which f hardly contracts: as a good
user would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from scipy.linalg import blas

from benchmarks.problems import Problem

Map = Callable[[np.ndarray], np.ndarray]
Products = tuple[Map, Map]  # x -> x K and y -> K y

COMPILED = 64  # regions up to which a compiled map is faster than NumPy on BLAS
FLAGS = {"contract", "reassoc", "nsz", "arcp"}


def products(p: Problem) -> Products:
    """Return x -> x K and y -> K y by BLAS: half of the matrix where it is symmetric."""
    k = p.freeness
    if p.symmetric:
        # Transposed: what BLAS, which counts columns first, takes without a copy.
        return (lambda x: blas.dsymv(1.0, k.T, x),) * 2
    return lambda x: blas.dgemv(1.0, k.T, x), lambda y: blas.dgemv(1.0, k.T, y, trans=1)


def blas_map(p: Problem) -> Map:
    """Return u -> g(u) in NumPy and BLAS."""
    share, sigma = p.share, p.sigma
    (buy, sell), earned, rural = products(p), p.mu * share, (1.0 - p.mu) * p.farmers

    def image(u: np.ndarray) -> np.ndarray:
        price = buy(share * np.exp((1.0 - sigma) * u))
        log_wage = np.log(sell((earned * np.exp(u) + rural) / price)) / sigma
        return np.asarray(log_wage - np.log(share @ np.exp(log_wage)))

    return image


def compiled_map(p: Problem) -> Map:
    """Return u -> g(u) compiled by Numba."""
    k, share, farmers, sigma, mu = p.freeness, p.share, p.farmers, p.sigma, p.mu
    return lambda u: _compiled(u, k, share, farmers, sigma, mu)


@numba.njit(cache=True, error_model="numpy", fastmath=FLAGS)
def _compiled(u: Any, k: Any, share: Any, farmers: Any, sigma: Any, mu: Any) -> Any:
    price = np.dot(share * np.exp((1.0 - sigma) * u), k)
    demand = (mu * share * np.exp(u) + (1.0 - mu) * farmers) / price
    log_wage = np.log(np.dot(k, demand)) / sigma
    return log_wage - np.log(np.sum(share * np.exp(log_wage)))


def best_map(p: Problem) -> Map:
    """Return u -> g(u) in the way that is fastest for the size."""
    return compiled_map(p) if p.size <= COMPILED else blas_map(p)


def tangent(p: Problem) -> Callable[[np.ndarray], tuple[np.ndarray, Map]]:
    """Return u -> g(u) and v -> g'(u) v, without a Jacobian."""
    share, sigma = p.share, p.sigma
    (buy, sell), earned, rural = products(p), p.mu * share, (1.0 - p.mu) * p.farmers

    def at(u: np.ndarray) -> tuple[np.ndarray, Map]:
        supply, income = share * np.exp((1.0 - sigma) * u), earned * np.exp(u)
        price = buy(supply)
        demand = (income + rural) / price
        access = sell(demand)
        log_wage = np.log(access) / sigma
        bill = share * np.exp(log_wage)
        total = bill.sum()

        def along(v: np.ndarray) -> np.ndarray:
            dearer = buy((1.0 - sigma) * supply * v)
            change = sell((income * v - demand * dearer) / price) / (sigma * access)
            return np.asarray(change - (bill @ change) / total)

        return log_wage - np.log(total), along

    return at


def level_map(p: Problem) -> Map:
    """Return w -> F(w) in NumPy, in levels as textbooks write it."""
    k, share, farmers, sigma, mu = p.freeness, p.share, p.farmers, p.sigma, p.mu

    def image(w: np.ndarray) -> np.ndarray:
        price = (share * w ** (1.0 - sigma)) @ k
        income = mu * share * w + (1.0 - mu) * farmers
        return (k @ (income / price)) ** (1.0 / sigma)

    return image


def change(image: Map) -> Map:
    """Return u -> g(u) - u, for those who look for roots."""
    return lambda u: image(u) - u
