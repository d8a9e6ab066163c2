"""What a user writes himself in an evening: loops in NumPy, on BLAS, and in Numba.

All stop on the undamped residual of the wages that they return, as the common judge wants it.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import scipy.sparse.linalg

from benchmarks.contest import Call
from benchmarks.maps import FLAGS, level_map, products, tangent
from benchmarks.problems import Problem

TOLERANCE = 1e-12
LIMIT = 20_000
NEWTON_STEPS = 50
MEMORY = 8  # points that Anderson acceleration remembers
RIDGE = 1e-14


def textbook(p: Problem) -> Call:
    """Plain iteration on wages, as in the textbooks' own programs, but with an honest test."""
    image = level_map(p)

    def solve() -> np.ndarray:
        wage = np.ones(p.size)
        for _ in range(LIMIT):
            paid = image(wage)
            distance = np.max(np.abs(paid / wage - 1.0))
            if distance <= TOLERANCE:
                return wage
            wage = paid
        raise RuntimeError("no convergence")

    return solve


def on_blas(p: Problem) -> Call:
    """Plain iteration in logs that returns to the numeraire at each step, on NumPy and BLAS."""
    share, sigma = p.share, p.sigma
    (buy, sell), earned, rural = products(p), p.mu * share, (1.0 - p.mu) * p.farmers

    def solve() -> np.ndarray:
        u, wage = np.zeros(p.size), np.ones(p.size)
        for _ in range(LIMIT):
            price = buy(share * np.exp((1.0 - sigma) * u))
            new = np.log(sell((earned * wage + rural) / price)) / sigma
            if np.max(np.abs(new - u)) <= TOLERANCE:
                return wage
            paid = np.exp(new)
            total = share @ paid
            u, wage = new - np.log(total), paid / total
        raise RuntimeError("no convergence")

    return solve


def anderson_on_blas(p: Problem) -> Call:
    """Solve with Anderson acceleration by normal equations, on NumPy and BLAS."""
    share, sigma, n, most = p.share, p.sigma, p.size, min(MEMORY, p.size - 1)
    (buy, sell), earned, rural = products(p), p.mu * share, (1.0 - p.mu) * p.farmers

    def solve() -> np.ndarray:
        u, wage, before, last = np.zeros(n), np.ones(n), np.zeros(n), np.zeros(n)
        moves, changes = np.zeros((most, n)), np.zeros((most, n))
        for step in range(LIMIT):
            price = buy(share * np.exp((1.0 - sigma) * u))
            new = np.log(sell((earned * wage + rural) / price)) / sigma
            if np.max(np.abs(new - u)) <= TOLERANCE:
                return wage
            change = new - np.log(share @ np.exp(new)) - u
            to = u + change
            if step:
                moves[(step - 1) % most], changes[(step - 1) % most] = u - before, change - last
                kept = min(step, most)
                gram = changes[:kept] @ changes[:kept].T
                gram.flat[:: kept + 1] *= 1.0 + RIDGE
                weights = np.linalg.solve(gram, changes[:kept] @ change)
                to -= weights @ (moves[:kept] + changes[:kept])
            before, last, u = u, change, to
            wage = np.exp(u)
        raise RuntimeError("no convergence")

    return solve


def newton_bicgstab(p: Problem) -> Call:
    """Newton's method with inexact steps by BiCGStab, on exact products and without a matrix."""
    image = tangent(p)

    def solve() -> np.ndarray:
        u = np.zeros(p.size)
        for _ in range(NEWTON_STEPS):
            new, along = image(u)
            excess = new - u
            left = np.max(np.abs(excess))
            if left <= TOLERANCE:
                return np.exp(u)
            system = scipy.sparse.linalg.LinearOperator(
                (p.size, p.size), matvec=lambda v, along=along: v - along(v), dtype=float
            )
            forcing = min(0.1, left)  # no more digits than the next step can use
            step, _ = scipy.sparse.linalg.bicgstab(system, excess, rtol=forcing, maxiter=200)
            u = u + step
        raise RuntimeError("no convergence")

    return solve


@numba.njit(cache=True, error_model="numpy", fastmath=FLAGS)
def _image(u, wage, k, share, farmers, sigma, mu, new):  # type: ignore[no-untyped-def]
    n = u.size
    price, demand = np.zeros(n), np.empty(n)
    for r in range(n):
        supply = share[r] * np.exp((1.0 - sigma) * u[r])
        for s in range(n):
            price[s] += supply * k[r, s]
    for s in range(n):
        demand[s] = (mu * share[s] * wage[s] + (1.0 - mu) * farmers[s]) / price[s]
    for r in range(n):
        access = 0.0
        for s in range(n):
            access += k[r, s] * demand[s]
        new[r] = np.log(access) / sigma


@numba.njit(cache=True, error_model="numpy")
def _iterate(k: Any, share: Any, farmers: Any, sigma: Any, mu: Any) -> Any:
    u, wage, new = np.zeros(share.size), np.ones(share.size), np.empty(share.size)
    for _ in range(LIMIT):
        _image(u, wage, k, share, farmers, sigma, mu, new)
        if np.max(np.abs(new - u)) <= TOLERANCE:
            return wage
        wage[:] = np.exp(new)
        total = np.sum(share * wage)
        wage /= total
        u[:] = new - np.log(total)
    return np.full(share.size, np.nan)


def numba_loop(p: Problem) -> Call:
    """Plain iteration in logs that returns to the numeraire at each step, compiled."""
    return lambda: np.asarray(_iterate(p.freeness, p.share, p.farmers, p.sigma, p.mu))


@numba.njit(cache=True, error_model="numpy")
def _anderson(k: Any, share: Any, farmers: Any, sigma: Any, mu: Any) -> Any:
    n, most = share.size, min(MEMORY, share.size - 1)
    u, wage, new, before, last = np.zeros(n), np.ones(n), np.empty(n), np.empty(n), np.empty(n)
    moves, changes, gram = np.zeros((most, n)), np.zeros((most, n)), np.zeros((most, most))
    for step in range(LIMIT):
        _image(u, wage, k, share, farmers, sigma, mu, new)
        if np.max(np.abs(new - u)) <= TOLERANCE:
            return wage
        change = new - np.log(np.sum(share * np.exp(new))) - u
        to = u + change
        if step:
            slot, kept = (step - 1) % most, min(step, most)
            moves[slot], changes[slot] = u - before, change - last
            row = changes[:kept] @ changes[slot]
            gram[slot, :kept], gram[:kept, slot] = row, row
            gram[slot, slot] *= 1.0 + RIDGE
            weights = np.linalg.solve(gram[:kept, :kept].copy(), changes[:kept] @ change)
            for i in range(kept):
                to -= weights[i] * (moves[i] + changes[i])
        before, last, u = u, change, to
        wage = np.exp(u)
    return np.full(n, np.nan)


def numba_anderson(p: Problem) -> Call:
    """Solve with Anderson acceleration by normal equations, compiled."""
    return lambda: np.asarray(_anderson(p.freeness, p.share, p.farmers, p.sigma, p.mu))


@numba.njit(cache=True, error_model="numpy")
def _newton(k: Any, share: Any, farmers: Any, sigma: Any, mu: Any) -> Any:
    n = share.size
    u = np.zeros(n)
    for _ in range(NEWTON_STEPS):
        wage = np.exp(u)
        supply, income = share * wage ** (1.0 - sigma), mu * share * wage
        price = np.dot(supply, k)
        demand = (income + (1.0 - mu) * farmers) / price
        access = np.dot(k, demand)
        excess = np.log(access) / sigma - u
        if np.max(np.abs(excess)) <= TOLERANCE:
            return wage
        weight, system = demand / price, np.empty((n, n))
        for r in range(n):
            for s in range(n):
                system[r, s] = k[r, s] * weight[s] * (1.0 - sigma)
        system = np.dot(system, np.ascontiguousarray(k.T))
        for r in range(n):
            for j in range(n):
                slope = k[r, j] * income[j] / price[j] - system[r, j] * supply[j]
                system[r, j] = -slope / (sigma * access[r])
            system[r, r] += 1.0
        u += np.minimum(1.0, np.maximum(-1.0, np.linalg.solve(system, excess)))
    return np.full(n, np.nan)


def numba_newton(p: Problem) -> Call:
    """Newton's method with a dense Jacobian worked out by hand, compiled."""
    return lambda: np.asarray(_newton(p.freeness, p.share, p.farmers, p.sigma, p.mu))
