"""The peers that live in NumPy: SciPy, QuantEcon and the loops that users write.

Each is called as someone who knows it would call it: options tuned on these problems, the
map in logs and on the numeraire, compiled where places are few, symmetric products by BLAS.
Tolerances are those at which the re-measured residual comes out at 1e-12.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize

from benchmarks import loops, peers_jax
from benchmarks.contest import Call, Method
from benchmarks.maps import best_map, change
from benchmarks.problems import Problem

TOLERANCE = 1e-12
LIMIT = 5000

ANDERSON = {
    "f_tol": TOLERANCE,
    "maxiter": 2000,
    "line_search": None,
    # Plain steps where the history says nothing, and no damping of the history.
    **{"M": 8, "alpha": 1.0, "w0": 1e-8},
}
DF_SANE = {"fatol": 5e-13, "ftol": 0, "maxfev": LIMIT}  # in the Euclidean norm
HYBR = {"xtol": 1e-13}
KRYLOV = {"f_tol": TOLERANCE, "maxiter": 300, "method": "gmres"}


def _root(method: str, options: dict[str, Any]) -> Callable[[Problem], Call]:
    def prepare(p: Problem) -> Call:
        f, start = change(best_map(p)), np.zeros(p.size)
        return lambda: np.exp(scipy.optimize.root(f, start, method=method, options=options).x)

    return prepare


def _nonlinear(solver: Callable[..., Any], options: dict[str, Any]) -> Callable[[Problem], Call]:
    def prepare(p: Problem) -> Call:
        f, start = change(best_map(p)), np.zeros(p.size)
        return lambda: np.exp(solver(f, start, **options))

    return prepare


def _quantecon(method: str, limit: int) -> Callable[[Problem], Call]:
    def prepare(p: Problem) -> Call:
        import quantecon

        solve = functools.partial(
            quantecon.compute_fixed_point,
            best_map(p),
            error_tol=TOLERANCE,
            max_iter=limit,
            verbose=0,
            method=method,
        )
        # It iterates in the array that it is given.
        return lambda: np.exp(solve(np.zeros(p.size)))

    return prepare


PEERS = (
    Method("scipy df-sane", "scipy", _root("df-sane", DF_SANE)),
    Method("scipy Anderson", "scipy", _nonlinear(scipy.optimize.anderson, ANDERSON)),
    Method("scipy hybr", "scipy", _root("hybr", HYBR), 300),
    Method("scipy krylov", "scipy", _nonlinear(scipy.optimize.newton_krylov, KRYLOV)),
    Method("SciPy Newton-BiCGStab", "own loop", loops.newton_bicgstab),
    Method("quantecon iteration", "quantecon", _quantecon("iteration", LIMIT)),
    Method("quantecon imitation game", "quantecon", _quantecon("imitation_game", 500), 30),
    Method("NumPy textbook", "own loop", loops.textbook),
    Method("NumPy and BLAS loop", "own loop", loops.on_blas),
    Method("NumPy and BLAS Anderson", "own loop", loops.anderson_on_blas),
    Method("Numba loop", "own loop", loops.numba_loop),
    Method("Numba Anderson", "own loop", loops.numba_anderson),
    Method("Numba Newton", "own loop", loops.numba_newton, 300),
    *peers_jax.PEERS,
)

NEEDS = {"jax": ("jax", "jaxopt", "optimistix", "lineax"), "quantecon": ("quantecon",)}


def available() -> list[Method]:
    """Return the peers whose libraries are installed."""
    there = {
        library: all(importlib.util.find_spec(module) for module in modules)
        for library, modules in NEEDS.items()
    }
    return [peer for peer in PEERS if there.get(peer.library, True)]
