"""The short-run map in log wages, as each kind of peer likes it.

    f_r(u) = (1/sigma) ln sum_s K_rs [mu lambda_s e^(u_s) + (1-mu) phi_s] / P_s
    P_s    = sum_r lambda_r e^((1-sigma) u_r) K_rs

Peers get logs because in levels most of them need many times the work. They get no
more of what nege knows about the map: no rescaling to the numeraire, no damping.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from benchmarks.problems import Problem

Map = Callable[[np.ndarray], np.ndarray]


def numpy_map(p: Problem) -> Map:
    """Return u -> f(u) in NumPy."""
    k, share, sigma, mu = p.freeness, p.share, p.sigma, p.mu
    rural = (1.0 - mu) * p.farmers

    def image(u: np.ndarray) -> np.ndarray:
        price = (share * np.exp((1.0 - sigma) * u)) @ k
        return np.log(k @ ((mu * share * np.exp(u) + rural) / price)) / sigma

    return image


def compiled_map(p: Problem) -> Map:
    """Return u -> f(u) compiled by Numba, on the same BLAS as NumPy."""
    k, share, farmers, sigma, mu = p.freeness, p.share, p.farmers, p.sigma, p.mu
    return lambda u: _compiled(u, k, share, farmers, sigma, mu)


@numba.njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"})
def _compiled(u: Any, k: Any, share: Any, farmers: Any, sigma: Any, mu: Any) -> Any:
    price = np.dot(share * np.exp((1.0 - sigma) * u), k)
    demand = (mu * share * np.exp(u) + (1.0 - mu) * farmers) / price
    return np.log(np.dot(k, demand)) / sigma


def level_map(p: Problem) -> Map:
    """Return w -> F(w) in NumPy, in levels as textbooks write it."""
    k, share, farmers, sigma, mu = p.freeness, p.share, p.farmers, p.sigma, p.mu

    def image(w: np.ndarray) -> np.ndarray:
        price = (share * w ** (1.0 - sigma)) @ k
        income = mu * share * w + (1.0 - mu) * farmers
        return (k @ (income / price)) ** (1.0 / sigma)

    return image


def change(image: Map) -> Map:
    """Return u -> f(u) - u, for those who look for roots."""
    return lambda u: image(u) - u
