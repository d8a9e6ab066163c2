"""Two equal regions over trade costs and shares: how others do it, each as well as it goes.

For whole grids one writes NumPy on arrays, here in blocks of trade costs that stay in the
cache (1.5 times as fast as on all at once); for single points one calls SciPy.

    k  freeness of trade      a  share of workers in the first region, b = 1 - a
    u  log wages              q  ln(w_1/w_2), the root of sigma q = ln(z_1/z_2)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import scipy.optimize

from benchmarks.problems import MU, SIGMA, Problem, residual

RURAL = (1 - MU) / 2
BLOCK = 25  # trade costs worked on together
TOLERANCE = 1e-12


def axes(points: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Freeness of trade costs from 1.05 to 4, and shares, on both sides of every bifurcation."""
    return np.linspace(1.05, 4.0, points) ** (1 - SIGMA), np.linspace(0.0025, 0.9975, points)


def worst_residual(q: np.ndarray, freeness: np.ndarray, shares: np.ndarray) -> float:
    """Largest residual of log relative wages at a sample of the grid, by the common measure."""
    worst = 0.0
    for i in range(0, freeness.size, max(1, freeness.size // 20)):
        k = np.array([[1.0, freeness[i]], [freeness[i], 1.0]])
        for j in range(0, shares.size, max(1, shares.size // 20)):
            share = np.array([shares[j], 1 - shares[j]])
            wage = np.array([np.exp(q[i, j]), 1.0])
            p = Problem("two regions", k, share, np.array([0.5, 0.5]))
            worst = max(worst, residual(p, wage / (share @ wage)))
    return worst


# --- point by point ----------------------------------------------------------------


def change(u: np.ndarray, k: float, a: float) -> np.ndarray:
    """Return f(u) - u in NumPy."""
    share, freeness = np.array([a, 1 - a]), np.array([[1.0, k], [k, 1.0]])
    price = (share * np.exp((1 - SIGMA) * u)) @ freeness
    return np.log(freeness @ ((MU * share * np.exp(u) + RURAL) / price)) / SIGMA - u


@numba.njit(error_model="numpy")
def compiled_change(u: Any, k: Any, a: Any) -> Any:
    """Return f(u) - u, compiled."""
    out = np.empty(2)
    w1, w2 = np.exp(u[0]), np.exp(u[1])
    x1, x2 = a * np.exp((1 - SIGMA) * u[0]), (1 - a) * np.exp((1 - SIGMA) * u[1])
    d1 = (MU * a * w1 + RURAL) / (x1 + k * x2)
    d2 = (MU * (1 - a) * w2 + RURAL) / (k * x1 + x2)
    out[0] = np.log(d1 + k * d2) / SIGMA - u[0]
    out[1] = np.log(k * d1 + d2) / SIGMA - u[1]
    return out


def root_per_point(
    freeness: np.ndarray, shares: np.ndarray, f: Callable[..., np.ndarray] = change
) -> np.ndarray:
    """Log relative wages by scipy.optimize.root, each point from the answer beside it."""
    q = np.empty((freeness.size, shares.size))
    for i, k in enumerate(freeness):
        u = np.zeros(2)
        for j, a in enumerate(shares):
            u = scipy.optimize.root(f, u, (k, a), tol=1e-13).x
            q[i, j] = u[0] - u[1]
    return q


# --- the whole grid ----------------------------------------------------------------


def _in_blocks(
    solve: Callable[[np.ndarray, np.ndarray], np.ndarray],
    freeness: np.ndarray,
    shares: np.ndarray,
    block: int,
) -> np.ndarray:
    parts = np.split(freeness, range(block, freeness.size, block))
    return np.concatenate([solve(part[:, None], shares) for part in parts])


def fixed_point(freeness: np.ndarray, shares: np.ndarray, block: int = BLOCK) -> np.ndarray:
    """Log relative wages by plain iteration on arrays."""
    return _in_blocks(_iterate, freeness, shares, block)


def _iterate(k: np.ndarray, a: np.ndarray) -> np.ndarray:
    b = 1 - a
    q = np.zeros((k.size, a.size))
    for _ in range(5000):
        ratio = np.exp(q)
        first = a * np.exp((1 - SIGMA) * q)
        w2 = MU / (a * ratio + b)
        d1 = (a * ratio * w2 + RURAL) / (first + k * b)
        d2 = (b * w2 + RURAL) / (k * first + b)
        new = np.log((d1 + k * d2) / (k * d1 + d2)) / SIGMA
        worst = np.max(np.abs(new - q))
        q = new
        if worst <= TOLERANCE:
            return q
    raise RuntimeError("no convergence")


def newton(freeness: np.ndarray, shares: np.ndarray, block: int = BLOCK) -> np.ndarray:
    """Log relative wages by Newton's method on arrays, its derivative worked out by hand."""
    return _in_blocks(_newton, freeness, shares, block)


def _newton(k: np.ndarray, a: np.ndarray) -> np.ndarray:
    b = 1 - a
    q = np.zeros((k.size, a.size))
    for _ in range(60):
        ratio = np.exp(q)
        first = a * np.exp((1 - SIGMA) * q)
        w2 = MU / (a * ratio + b)
        earned1, earned2 = a * ratio * w2, b * w2
        p1, p2 = first + k * b, k * first + b
        d1, d2 = (earned1 + RURAL) / p1, (earned2 + RURAL) / p2
        z1, z2 = d1 + k * d2, k * d1 + d2
        excess = SIGMA * q - np.log(z1 / z2)
        moved = earned1 * earned2 / MU  # dY_1/dq, and -dY_2/dq
        fallen = (SIGMA - 1) * first
        s1, s2 = (moved + d1 * fallen) / p1, (k * d2 * fallen - moved) / p2
        slope = SIGMA - (s1 + k * s2) / z1 + (k * s1 + s2) / z2
        q = q - np.clip(excess / slope, -1, 1)
        if np.max(np.abs(excess)) <= TOLERANCE * SIGMA:
            return q
    raise RuntimeError("no convergence")


# --- all long-run equilibria -------------------------------------------------------


EQUILIBRIUM = np.dtype([("share", float), ("stable", bool)])


def diagram_by_scipy(costs: np.ndarray, f: Callable[..., np.ndarray] = change) -> list[np.ndarray]:
    """Every equilibrium of two equal regions at each trade cost, as one finds them with SciPy.

    The gap of log real wages is scanned over 101 shares, wages by ``scipy.optimize.root``;
    each change of sign is refined to 1e-12 by ``scipy.optimize.brentq``. An interior
    equilibrium is stable where the gap falls, and a corner where its own real wage is
    the higher one. Two equilibria between neighbouring shares of the scan are missed.

    Parameters
    ----------
    costs : (N,) array
        Trade costs.
    f : callable
        The wage map less the identity.

    Returns
    -------
    list of arrays of EQUILIBRIUM
        By trade cost: share of the first region and stability, in order of the share.
        First and last are the corners, which at high trade costs are no equilibria and
        then not stable.
    """

    def gap(a: float, k: float) -> float:
        u = scipy.optimize.root(f, np.zeros(2), (k, a), tol=1e-13).x
        x1, x2 = a * np.exp((1 - SIGMA) * u[0]), (1 - a) * np.exp((1 - SIGMA) * u[1])
        return float(u[0] - u[1] + MU / (SIGMA - 1) * np.log((x1 + k * x2) / (k * x1 + x2)))

    shares = np.linspace(0.0, 1.0, 101)
    found = []
    for k in np.asarray(costs, dtype=float) ** (1 - SIGMA):
        gaps = np.array([gap(a, k) for a in shares])
        inner = list(shares[1:-1][gaps[1:-1] == 0])
        for i in np.flatnonzero(gaps[:-1] * gaps[1:] < 0):
            inner.append(scipy.optimize.brentq(gap, shares[i], shares[i + 1], (k,), xtol=TOLERANCE))
        falling = [(a, gap(a + 1e-6, k) < gap(a - 1e-6, k)) for a in sorted(inner)]
        rows = [(0.0, gaps[0] < 0), *falling, (1.0, gaps[-1] > 0)]
        found.append(np.array(rows, dtype=EQUILIBRIUM))
    return found
