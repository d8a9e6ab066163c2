"""The peers that live in NumPy: SciPy, QuantEcon and the loops of textbooks.

Each is called as someone who knows it would call it: options tuned on these problems,
the map in logs, compiled where the peer's own overhead is small enough for it to
matter. Tolerances are those at which the re-measured residual comes out at 1e-12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize

from benchmarks import peers_jax
from benchmarks.contest import Contestant, Run
from benchmarks.maps import Map, changes, compiled_map, level_map, numpy_map
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
KRYLOV = {"fatol": TOLERANCE, "maxiter": 300, "jac_options": {"method": "gmres"}}


def scipy_root(
    method: str, make_map: Callable[[Problem], Map], options: dict[str, Any]
) -> Callable[[Problem], Run]:
    """Prepare scipy.optimize.root on f(u) - u."""

    def prepare(problem: Problem) -> Run:
        residuals = changes(make_map(problem))
        start = np.zeros(problem.size)
        solve = optimize.root

        def evaluations(_: Any) -> int:
            return _count(residuals, lambda f: solve(f, start, method=method, options=options))

        return Run(
            lambda: solve(residuals, start, method=method, options=options),
            lambda found: np.exp(found.x),
            evaluations,
        )

    return prepare


def _anderson_in_levels(problem: Problem) -> Run:
    image, start = level_map(problem), np.ones(problem.size)

    def call() -> np.ndarray:
        return optimize.anderson(lambda w: image(w) - w, start, f_tol=TOLERANCE, maxiter=LIMIT, M=8)

    return Run(call, lambda wages: wages)


def _quantecon(method: str, limit: int) -> Callable[[Problem], Run]:
    def prepare(problem: Problem) -> Run:
        from quantecon import compute_fixed_point

        image = compiled_map(problem)

        def call() -> np.ndarray:
            return compute_fixed_point(
                image,
                np.zeros(problem.size),  # it overwrites its start
                error_tol=TOLERANCE,
                max_iter=limit,
                verbose=0,
                method=method,
            )

        return Run(call, np.exp)

    return prepare


def _textbook(problem: Problem) -> Run:
    """Plain iteration on wages, as in the textbooks' own programs."""
    image = level_map(problem)

    def call() -> tuple[np.ndarray, int]:
        wages, iteration = np.ones(problem.size), 0
        for iteration in range(1, 4 * LIMIT):  # noqa: B007 - returned
            paid = image(wages)
            distance = np.max(np.abs(paid / wages - 1.0))
            wages = paid
            if distance <= TOLERANCE:
                break
        return wages, iteration

    return Run(call, lambda found: found[0], lambda found: found[1])


def _rescaled(problem: Problem) -> Run:
    """Plain iteration in logs that returns to the numeraire at each step, as nege's does."""
    image, share = numpy_map(problem), problem.share

    def call() -> tuple[np.ndarray, int]:
        u, iteration = np.zeros(problem.size), 0
        for iteration in range(1, 4 * LIMIT):  # noqa: B007 - returned
            new = image(u)
            distance = np.max(np.abs(new - u))
            if distance <= TOLERANCE:
                break
            u = new - np.log(share @ np.exp(new))
        return u, iteration

    return Run(call, lambda found: np.exp(found[0]), lambda found: found[1])


def _count(function: Map, solve: Callable[[Map], Any]) -> int:
    calls = 0

    def counting(u: np.ndarray) -> np.ndarray:
        nonlocal calls
        calls += 1
        return function(u)

    solve(counting)
    return calls


def everyone() -> list[Contestant]:
    """Every peer, with the largest size that is sensible for it."""
    return [
        Contestant("scipy df-sane", "scipy", scipy_root("df-sane", numpy_map, DF_SANE)),
        Contestant(
            "scipy df-sane, compiled map",
            "scipy",
            scipy_root("df-sane", compiled_map, DF_SANE),
            largest=300,
        ),
        Contestant("scipy Anderson", "scipy", scipy_root("anderson", numpy_map, ANDERSON)),
        Contestant("scipy Anderson, levels", "scipy", _anderson_in_levels, largest=30),
        Contestant(
            "scipy hybr", "scipy", scipy_root("hybr", compiled_map, {"xtol": 1e-13}), largest=300
        ),
        Contestant("scipy krylov", "scipy", scipy_root("krylov", compiled_map, KRYLOV)),
        Contestant("quantecon iteration", "quantecon", _quantecon("iteration", LIMIT)),
        Contestant(
            "quantecon imitation game",
            "quantecon",
            _quantecon("imitation_game", 500),
            largest=30,
        ),
        Contestant("NumPy textbook", "numpy", _textbook),
        Contestant("NumPy logs, rescaled", "numpy", _rescaled),
        *peers_jax.everyone(),
    ]
