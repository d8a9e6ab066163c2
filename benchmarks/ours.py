"""Every call into nege that is measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

import nege
from benchmarks.contest import Call, Method
from benchmarks.problems import MU, SIGMA, Problem
from nege.kernels.codes import STALLED
from nege.kernels.fixed_point import Options, Report, fixed_point
from nege.kernels.jit import kernel as compiled
from nege.kernels.newton import PAYS, newton
from nege.kernels.operators import Dense, Symmetric
from nege.models import trade_costs
from nege.models.classical import two_region_diagram, two_regions
from nege.models.classical.core_periphery import CorePeripheryParameters

OPTIONS = Options(1e-12, 1e-8, 10_000)


def parameters(p: Problem, operator: str = "auto") -> CorePeripheryParameters:
    """Return what the kernel reads, with the operator that nege would choose."""
    zero = np.zeros(p.size)
    half = operator == "symmetric" or (
        operator == "auto" and p.symmetric and p.size > trade_costs.SMALL
    )
    made = (
        Symmetric(p.freeness[np.tril_indices(p.size)], p.size)
        if half
        else Dense(np.ascontiguousarray(p.freeness.T))
    )
    return CorePeripheryParameters(p.sigma, p.mu, p.farmers, zero, zero.copy(), made)


def entry(kernel: Any, *arguments: Any) -> Callable[..., Any]:
    """Return the compiled code of a kernel for the types of some arguments.

    Choosing it anew in every call costs 2 us with named tuples, which is more than a
    short run of two regions takes. JAX's compiled functions are likewise chosen once.
    """
    kernel(*arguments)
    types = tuple(numba.typeof(argument) for argument in arguments)
    code: Callable[..., Any] = kernel.overloads[types].entry_point
    return code


@compiled
def _by_newton(parameters, share, state, options):
    # Returning a number, not a report, saves 0.5 us: batches write reports into arrays.
    return newton(parameters, share, state, options).status


@compiled
def _by_acceleration(parameters, share, state, options):
    return fixed_point(parameters, share, state, options).status


def kernel(p: Problem, operator: str = "auto") -> Call:
    """Return the kernel entry, cold start, as a call that gives wages."""
    given, state = parameters(p, operator), np.zeros(p.size)
    few = p.size <= PAYS
    run = entry(_by_newton if few else _by_acceleration, given, p.share, state, OPTIONS)

    def solve() -> np.ndarray:
        state.fill(0.0)
        if run(given, p.share, state, OPTIONS) == STALLED and few:
            _by_acceleration(given, p.share, state, OPTIONS)
        return np.exp(state)

    return solve


def report(p: Problem, operator: str = "auto") -> Report:
    """Return how the kernel ended."""
    answer: Report = fixed_point(parameters(p, operator), p.share, np.zeros(p.size), OPTIONS)
    return answer


def labelled(p: Problem) -> Call:
    """Return the labelled entry, for what it adds."""
    cost = np.maximum(p.freeness ** (1 / (1 - p.sigma)), 1.0)
    places = nege.geography.from_distance(np.ones((p.size, p.size)) - np.eye(p.size))
    economy = nege.CorePeriphery(places, sigma=p.sigma, mu=p.mu, trade_cost=cost, farmers=p.farmers)
    return lambda: nege.short_run(economy, p.share).data["wage"].values


NEGE = Method("nege", "nege", kernel)
LABELLED = Method("nege labelled API", "nege labelled", labelled)


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
