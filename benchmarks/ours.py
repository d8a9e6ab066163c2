"""Every call into nege that is measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

import nege
from benchmarks.contest import Call, Method
from benchmarks.problems import MU, SIGMA, Problem
from nege.kernels import newton
from nege.models.classical import two_region_diagram, two_regions


def economy(p: Problem) -> nege.CorePeriphery:
    """Return a problem as a labelled economy."""
    cost = np.maximum(p.freeness ** (1 / (1 - p.sigma)), 1.0)
    places = nege.geography.from_distance(np.ones((p.size, p.size)) - np.eye(p.size))
    return nege.CorePeriphery(places, sigma=p.sigma, mu=p.mu, trade_cost=cost, farmers=p.farmers)


def entry(kernel: Any, *arguments: Any) -> Callable[..., Any]:
    """Return the compiled code of a kernel for the types of some arguments.

    Choosing it anew in every call costs 2 us with named tuples, which is more than a
    short run of two regions takes. JAX's compiled functions are likewise chosen once.
    """
    kernel(*arguments)
    types = tuple(numba.typeof(argument) for argument in arguments)
    code: Callable[..., Any] = kernel.overloads[types].entry_point
    return code


@numba.njit(error_model="numpy", nogil=True)
def _solve(parameters, share, state, options):  # type: ignore[no-untyped-def]
    # Returning a number, not a report, saves 0.5 us: batches write reports into arrays.
    return newton.solve(parameters, share, state, options).iterations


def _prepared(p: Problem) -> tuple[Callable[[], int], np.ndarray]:
    """Return the kernel that nege chooses, with its operator, and the log wages it solves for.

    The one place that knows how kernels are called.
    """
    given, state = economy(p).arrays, np.zeros(p.size)
    options = nege.SolverOptions().for_kernels()
    run = entry(_solve, given, p.share, state, options)

    def solve() -> int:
        state.fill(0.0)
        return int(run(given, p.share, state, options))

    return solve, state


def kernel(p: Problem) -> Call:
    """Return the kernel entry, cold start, as a call that gives wages."""
    solve, state = _prepared(p)

    def wages() -> np.ndarray:
        solve()
        return np.exp(state)

    return wages


def iterations(p: Problem) -> int:
    """Return how many iterations the kernel makes."""
    solve, _ = _prepared(p)
    return solve()


def labelled(p: Problem) -> Call:
    """Return the labelled entry, for what it adds."""
    model = economy(p)
    return lambda: nege.short_run(model, p.share).data["wage"].values


def prepared(p: Problem) -> Call:
    """Return the prepared solver: plain arrays, checked once."""
    solver = nege.prepare(economy(p))
    return lambda: np.exp(solver.short_run(p.share).state)


NEGE = Method("nege", "nege", kernel)
LABELLED = Method("nege labelled API", "nege labelled", labelled)
PREPARED = Method("nege prepared", "nege prepared", prepared)
SIDES = (NEGE, LABELLED, *((PREPARED,) if hasattr(nege, "prepare") else ()))
NAMES = frozenset(side.name for side in (NEGE, LABELLED, PREPARED))


def two_region_grid(freeness: np.ndarray, shares: np.ndarray) -> Call:
    """Return the kernel for log relative wages of two equal regions, all pairs at once."""
    shape = (freeness.size, shares.size)
    log_ratio, numbers = np.empty(shape), np.empty((*shape, 2))
    counts = np.empty((*shape, 2), dtype=np.int64)

    def solve() -> np.ndarray:
        two_regions.grid(freeness, shares, 0.5, SIGMA, MU, 1e-12, log_ratio, numbers, counts)
        return log_ratio

    return solve


def two_region_diagram_of(costs: np.ndarray) -> Callable[[], list[np.ndarray]]:
    """Return the kernel for every long run of two equal regions, as shares by trade cost."""
    n, most = costs.size, two_region_diagram.MOST
    shares, stable = np.empty((n, most)), np.empty((n, most), dtype=bool)
    counts = np.empty(n, dtype=np.int64)

    def solve() -> list[np.ndarray]:
        freeness = costs ** (1 - SIGMA)
        two_region_diagram.diagram(freeness, 0.5, SIGMA, MU, shares, stable, counts)
        return [shares[i, : counts[i]] for i in range(n)]

    return solve
