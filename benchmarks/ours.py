"""Every call into nege that is measured."""

from __future__ import annotations

import numpy as np

import nege
from benchmarks.contest import Call, Method
from benchmarks.problems import MU, SIGMA, Problem
from nege.kernels import two_regions
from nege.kernels.fixed_point import Options, Report, fixed_point
from nege.kernels.operators import Dense, Symmetric
from nege.models import trade
from nege.models.core_periphery import Parameters

OPTIONS = Options(1e-12, 1e-8, 10_000)


def parameters(p: Problem, operator: str = "auto") -> Parameters:
    """Return what the kernel reads, with the operator that nege would choose."""
    zero = np.zeros(p.size)
    half = operator == "symmetric" or (operator == "auto" and p.symmetric and p.size > trade.SMALL)
    made = (
        Symmetric(p.freeness[np.tril_indices(p.size)], p.size)
        if half
        else Dense(np.ascontiguousarray(p.freeness.T))
    )
    return Parameters(p.sigma, p.mu, p.farmers, zero, zero.copy(), made)


def kernel(p: Problem, operator: str = "auto") -> Call:
    """Return the kernel entry, cold start, as a call that gives wages."""
    given, state = parameters(p, operator), np.empty(p.size)

    def solve() -> np.ndarray:
        state[:] = 0.0
        fixed_point(given, p.share, state, OPTIONS)
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
    log_ratio, left, status = np.empty(shape), np.empty(shape), np.empty(shape, dtype=np.int64)

    def solve() -> np.ndarray:
        two_regions.grid(freeness, shares, 0.5, SIGMA, MU, 1e-12, log_ratio, left, status)
        return log_ratio

    return solve
