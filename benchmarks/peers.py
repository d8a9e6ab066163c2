"""The peers, each called as its users would, with the map in logs and to 1e-12.

A peer is prepared once per problem (compiled, where it compiles) and then called without
arguments; it returns wages. Whatever it raises counts as a failure.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize

from benchmarks.problems import Problem

TOLERANCE = 1e-12
Call = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Peer:
    """A method of another library, and up to which size it is sensible."""

    name: str
    library: str
    prepare: Callable[[Problem], Call]
    largest: int


def change_in_logs(p: Problem) -> Callable[[np.ndarray], np.ndarray]:
    """Return u -> F(u) - u in NumPy, u the log wages."""

    def change(u: np.ndarray) -> np.ndarray:
        price = (p.share * np.exp((1 - p.sigma) * u)) @ p.freeness
        income = p.mu * p.share * np.exp(u) + (1 - p.mu) * p.farmers
        return np.log(p.freeness @ (income / price)) / p.sigma - u

    return change


def _df_sane(p: Problem) -> Call:
    change, start = change_in_logs(p), np.zeros(p.size)
    options = {
        "fatol": 5e-13,
        "ftol": 0,
        "maxfev": 20_000,
        "fnorm": lambda x: float(np.max(np.abs(x))),
    }
    return lambda: np.exp(_root(change, start, "df-sane", options))


def _hybr(p: Problem) -> Call:
    change, start = change_in_logs(p), np.zeros(p.size)
    return lambda: np.exp(_root(change, start, "hybr", {"xtol": 1e-14, "maxfev": 20_000}))


def _root(change: Any, start: np.ndarray, method: str, options: dict[str, Any]) -> np.ndarray:
    return np.asarray(scipy.optimize.root(change, start, method=method, options=options).x)


def _anderson(p: Problem) -> Call:
    change, start = change_in_logs(p), np.zeros(p.size)
    return lambda: np.exp(
        scipy.optimize.anderson(change, start, f_tol=TOLERANCE, M=8, maxiter=2000)
    )


def _krylov(p: Problem) -> Call:
    change, start = change_in_logs(p), np.zeros(p.size)
    return lambda: np.exp(scipy.optimize.newton_krylov(change, start, f_tol=TOLERANCE))


def _textbook(p: Problem) -> Call:
    """Damped iteration in levels, stopped on a small step, as in many a script."""

    def solve() -> np.ndarray:
        wage = np.ones(p.size)
        for _ in range(20_000):
            price = (p.share * wage ** (1 - p.sigma)) @ p.freeness
            income = p.mu * p.share * wage + (1 - p.mu) * p.farmers
            new = 0.5 * wage + 0.5 * (p.freeness @ (income / price)) ** (1 / p.sigma)
            if np.max(np.abs(new - wage)) < 1e-13:
                return new
            wage = new
        raise RuntimeError("no convergence")

    return solve


def _jax_map(p: Problem) -> tuple[Any, Any]:
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    k, share, farmers = (jnp.asarray(a) for a in (p.freeness, p.share, p.farmers))

    def image(u: Any, _: Any = None) -> Any:
        price = (share * jnp.exp((1 - p.sigma) * u)) @ k
        income = p.mu * share * jnp.exp(u) + (1 - p.mu) * farmers
        return jnp.log(k @ (income / price)) / p.sigma

    return image, jnp.zeros(p.size)


def _compiled(solve: Any, start: Any) -> Call:
    import jax

    fast = jax.jit(solve)
    fast(start).block_until_ready()
    return lambda: np.exp(np.asarray(fast(start).block_until_ready()))


def _jaxopt(p: Problem) -> Call:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it is not maintained
        import jaxopt
    image, start = _jax_map(p)
    solver = jaxopt.AndersonAcceleration(
        image, history_size=8, tol=TOLERANCE, maxiter=2000, jit=True
    )
    return _compiled(lambda u: solver.run(u).params, start)


def _optimistix(kind: str) -> Callable[[Problem], Call]:
    def prepare(p: Problem) -> Call:
        import optimistix

        image, start = _jax_map(p)
        if kind == "FixedPointIteration":
            solver: Any = optimistix.FixedPointIteration(rtol=0.0, atol=TOLERANCE)
            return _compiled(
                lambda u: optimistix.fixed_point(image, solver, u, max_steps=20_000).value, start
            )
        solver = getattr(optimistix, kind)(rtol=1e-12, atol=TOLERANCE)
        return _compiled(
            lambda u: (
                optimistix.root_find(lambda v, a: image(v) - v, solver, u, max_steps=500).value
            ),
            start,
        )

    return prepare


def _quantecon(p: Problem) -> Call:
    import quantecon

    change, start = change_in_logs(p), np.zeros(p.size)
    # It iterates in the array it is given, so that a second call would start at the answer.
    return lambda: np.exp(
        quantecon.compute_fixed_point(
            lambda u: change(u) + u, start.copy(), error_tol=TOLERANCE, max_iter=20_000, verbose=0
        )
    )


PEERS = (
    Peer("scipy df-sane", "scipy", _df_sane, 10_000),
    Peer("scipy anderson", "scipy", _anderson, 10_000),
    Peer("scipy krylov", "scipy", _krylov, 3_000),
    Peer("scipy hybr", "scipy", _hybr, 100),
    Peer("jaxopt anderson", "jax", _jaxopt, 10_000),
    Peer("optimistix newton", "jax", _optimistix("Newton"), 100),
    Peer("optimistix fixed point", "jax", _optimistix("FixedPointIteration"), 3_000),
    Peer("quantecon fixed point", "quantecon", _quantecon, 1_000),
    Peer("textbook numpy", "numpy", _textbook, 1_000),
)
