"""The peers that live in JAX: jaxopt and optimistix, in double precision on one thread.

Every solve is one compiled call on arrays that are already on the device, and returns
when the answer is ready. The problem's numbers are arguments, not constants, so that a
second problem of the same size compiles nothing.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.contest import Call, Method
from benchmarks.problems import Problem

TOLERANCE = 1e-12
EUCLIDEAN = 5e-13  # for those who test the Euclidean norm, as for SciPy's df-sane
LIMIT = 5000
Solve = Callable[[Any, Any], Any]  # start and economy to log wages


@functools.cache
def _jaxopt() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is no longer maintained
        import jaxopt
    return jaxopt


def _image(u: Any, economy: tuple[Any, ...]) -> Any:
    """Return g(u): see :mod:`benchmarks.maps`."""
    import jax.numpy as jnp

    k, share, farmers, sigma, mu = economy
    price = (share * jnp.exp((1.0 - sigma) * u)) @ k
    log_wage = jnp.log(k @ ((mu * share * jnp.exp(u) + (1.0 - mu) * farmers) / price)) / sigma
    return log_wage - jnp.log(share @ jnp.exp(log_wage))


def _change(u: Any, economy: tuple[Any, ...]) -> Any:
    return _image(u, economy) - u


def _while_loop() -> Solve:
    """Plain iteration that stops on the residual of what it returns, as a user writes it."""
    import jax
    import jax.numpy as jnp

    def solve(u: Any, economy: tuple[Any, ...]) -> Any:
        def goes_on(at: tuple[Any, ...]) -> Any:
            u, new, count = at
            return (jnp.max(jnp.abs(new - u)) > TOLERANCE) & (count < 4 * LIMIT)

        def step(at: tuple[Any, ...]) -> tuple[Any, ...]:
            _, new, count = at
            return new, _image(new, economy), count + 1

        return jax.lax.while_loop(goes_on, step, (u, _image(u, economy), 0))[0]

    return solve


def _anderson() -> Solve:
    solver = _jaxopt().AndersonAcceleration(
        _image, history_size=5, ridge=1e-14, tol=EUCLIDEAN, maxiter=2000, implicit_diff=False
    )
    return lambda u, economy: solver.run(u, economy).params


def _plain() -> Solve:
    solver = _jaxopt().FixedPointIteration(
        _image, tol=EUCLIDEAN, maxiter=4 * LIMIT, implicit_diff=False
    )
    return lambda u, economy: solver.run(u, economy).params


def _broyden() -> Solve:
    solver = _jaxopt().Broyden(_change, tol=EUCLIDEAN, maxiter=300, implicit_diff=False)
    return lambda u, economy: solver.run(u, economy).params


def _optimistix_plain() -> Solve:
    import optimistix

    solver = optimistix.FixedPointIteration(rtol=TOLERANCE, atol=TOLERANCE)
    return lambda u, economy: (
        optimistix.fixed_point(_image, solver, u, economy, max_steps=4 * LIMIT, throw=False).value
    )


def _root(make: Callable[[], Any]) -> Callable[[], Solve]:
    def made() -> Solve:
        import optimistix

        solver = make()
        return lambda u, economy: (
            optimistix.root_find(_change, solver, u, economy, max_steps=500, throw=False).value
        )

    return made


def _newton() -> Any:
    import optimistix

    # Newton converges quadratically: the step after one of 1e-7 is exact.
    return optimistix.Newton(rtol=1e-7, atol=1e-7)


def _newton_bicgstab() -> Any:
    import lineax
    import optimistix

    # Steps to one digit are enough for the outer iteration; this is its fastest setting here.
    linear = lineax.BiCGStab(rtol=0.1, atol=1e-13)
    return optimistix.Newton(rtol=1e-9, atol=1e-9, linear_solver=linear)


def _chord() -> Any:
    import optimistix

    return optimistix.Chord(rtol=TOLERANCE, atol=TOLERANCE)


def _dogleg() -> Any:
    import optimistix

    return optimistix.Dogleg(rtol=1e-9, atol=1e-9)


def _compiled(make: Callable[[], Solve]) -> Callable[[Problem], Call]:
    @functools.cache
    def compiled() -> Solve:
        import jax

        solve: Solve = jax.jit(make())
        return solve

    def prepare(p: Problem) -> Call:
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)
        solve = compiled()
        numbers = (p.freeness, p.share, p.farmers, p.sigma, p.mu)
        economy = tuple(jnp.asarray(number, dtype=jnp.float64) for number in numbers)
        start = jnp.zeros(p.size)
        return lambda: np.exp(np.asarray(solve(start, economy).block_until_ready()))

    return prepare


# Newton steps with a dense Jacobian cost R^3 and dogleg steps more; Broyden keeps all its
# updates.
PEERS = (
    Method("JAX while_loop", "jax", _compiled(_while_loop)),
    Method("jaxopt Anderson", "jax", _compiled(_anderson)),
    Method("jaxopt iteration", "jax", _compiled(_plain)),
    Method("jaxopt Broyden", "jax", _compiled(_broyden), 100),
    Method("optimistix iteration", "jax", _compiled(_optimistix_plain)),
    Method("optimistix Newton", "jax", _compiled(_root(_newton)), 300),
    Method("optimistix Newton-BiCGStab", "jax", _compiled(_root(_newton_bicgstab))),
    Method("optimistix chord", "jax", _compiled(_root(_chord)), 100),
    Method("optimistix dogleg", "jax", _compiled(_root(_dogleg)), 100),
)
