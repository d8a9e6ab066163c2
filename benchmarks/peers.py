"""The peers that live in NumPy: SciPy, QuantEcon and the loops of textbooks.

Each is called as someone who knows it would call it: options tuned on these problems,
the map in logs, compiled where the peer's own overhead is small enough for it to
matter. Tolerances are those at which the re-measured residual comes out at 1e-12.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize

from benchmarks import peers_jax
from benchmarks.contest import Call, Method
from benchmarks.maps import Map, change, compiled_map, level_map, numpy_map
from benchmarks.problems import Problem

TOLERANCE = 1e-12
LIMIT = 5000

ANDERSON = {
    "fatol": TOLERANCE,
    "maxiter": 2000,
    "line_search": None,
    # Plain steps where the history says nothing, and no damping of the history.
    "jac_options": {"M": 8, "alpha": 1.0, "w0": 1e-8},
}
DF_SANE = {"fatol": 5e-13, "ftol": 0, "maxfev": LIMIT}  # in the Euclidean norm
HYBR = {"xtol": 1e-13}
KRYLOV = {"fatol": TOLERANCE, "maxiter": 300, "jac_options": {"method": "gmres"}}


def _root(
    method: str, make_map: Callable[[Problem], Map], options: dict[str, Any]
) -> Callable[[Problem], Call]:
    def prepare(p: Problem) -> Call:
        f, start = change(make_map(p)), np.zeros(p.size)
        return lambda: np.exp(scipy.optimize.root(f, start, method=method, options=options).x)

    return prepare


def _quantecon(method: str, limit: int) -> Callable[[Problem], Call]:
    def prepare(p: Problem) -> Call:
        import quantecon

        solve = functools.partial(
            quantecon.compute_fixed_point,
            compiled_map(p),
            error_tol=TOLERANCE,
            max_iter=limit,
            verbose=0,
            method=method,
        )
        # It iterates in the array that it is given.
        return lambda: np.exp(solve(np.zeros(p.size)))

    return prepare


def _textbook(p: Problem) -> Call:
    """Plain iteration on wages, as in the textbooks' own programs, but with an honest test."""
    image = level_map(p)

    def solve() -> np.ndarray:
        wage = np.ones(p.size)
        for _ in range(4 * LIMIT):
            paid = image(wage)
            distance = np.max(np.abs(paid / wage - 1.0))
            wage = paid
            if distance <= TOLERANCE:
                return wage
        raise RuntimeError("no convergence")

    return solve


def _rescaled(p: Problem) -> Call:
    """Plain iteration in logs that returns to the numeraire at each step, as nege's does."""
    image, share = numpy_map(p), p.share

    def solve() -> np.ndarray:
        u = np.zeros(p.size)
        for _ in range(4 * LIMIT):
            new = image(u)
            if np.max(np.abs(new - u)) <= TOLERANCE:
                return np.exp(u)
            u = new - np.log(share @ np.exp(new))
        raise RuntimeError("no convergence")

    return solve


PEERS = (
    Method("scipy df-sane", "scipy", _root("df-sane", numpy_map, DF_SANE)),
    Method("scipy df-sane, compiled map", "scipy", _root("df-sane", compiled_map, DF_SANE), 300),
    Method("scipy Anderson", "scipy", _root("anderson", numpy_map, ANDERSON)),
    Method("scipy hybr", "scipy", _root("hybr", numpy_map, HYBR), 300),
    Method("scipy hybr, compiled map", "scipy", _root("hybr", compiled_map, HYBR), 300),
    Method("scipy krylov", "scipy", _root("krylov", compiled_map, KRYLOV)),
    Method("quantecon iteration", "quantecon", _quantecon("iteration", LIMIT)),
    Method("quantecon imitation game", "quantecon", _quantecon("imitation_game", 500), 30),
    Method("NumPy textbook", "numpy", _textbook),
    Method("NumPy logs, rescaled", "numpy", _rescaled),
    *peers_jax.PEERS,
)
