"""Two equal regions on a grid of trade costs and shares: three ways others do it."""

from __future__ import annotations

import numpy as np
import scipy.optimize

SIGMA, MU = 5.0, 0.4


def axes() -> tuple[np.ndarray, np.ndarray]:
    """Freeness of 200 trade costs from 1.05 to 4, and 200 shares."""
    return np.linspace(1.05, 4.0, 200) ** (1 - SIGMA), np.linspace(0.0025, 0.9975, 200)


def _wage_change(u: np.ndarray, k: float, share: np.ndarray) -> np.ndarray:
    freeness = np.array([[1.0, k], [k, 1.0]])
    price = (share * np.exp((1 - SIGMA) * u)) @ freeness
    income = MU * share * np.exp(u) + (1 - MU) * 0.5
    return np.log(freeness @ (income / price)) / SIGMA - u


def root_per_point(freeness: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Log relative wages by scipy.optimize.root, point by point."""
    out = np.empty((freeness.size, shares.size))
    for i, k in enumerate(freeness):
        for j, a in enumerate(shares):
            share = np.array([a, 1 - a])
            u = scipy.optimize.root(_wage_change, np.zeros(2), (k, share), tol=1e-13).x
            out[i, j] = u[0] - u[1]
    return out


def _access(q: np.ndarray, k: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """z_1/z_2 and its logarithmic slope in q = ln(w_1/w_2), on the whole grid."""
    b = 1 - a
    ratio = np.exp(q)
    w2 = 1 / (a * ratio + b)
    w1 = ratio * w2
    first = a * np.exp((1 - SIGMA) * q)
    p1, p2 = first + k * b, k * first + b
    d1 = (MU * a * w1 + (1 - MU) / 2) / p1
    d2 = (MU * b * w2 + (1 - MU) / 2) / p2
    z1, z2 = d1 + k * d2, k * d1 + d2
    moved, grown = MU * a * b * w1 * w2, (1 - SIGMA) * first
    s1, s2 = (moved - d1 * grown) / p1, (-moved - d2 * k * grown) / p2
    return z1 / z2, (s1 + k * s2) / z1 - (k * s1 + s2) / z2


def fixed_point(freeness: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Log relative wages by plain iteration on the whole grid in NumPy."""
    k, a = freeness[:, None], shares[None, :]
    q = np.zeros((freeness.size, shares.size))
    for _ in range(5000):
        new = np.log(_access(q, k, a)[0]) / SIGMA
        worst = np.max(np.abs(new - q))
        q = new
        if worst < 1e-12:
            return q
    raise RuntimeError("no convergence")


def newton(freeness: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Log relative wages by a hand-derived Newton's method on the whole grid in NumPy."""
    k, a = freeness[:, None], shares[None, :]
    q = np.zeros((freeness.size, shares.size))
    for _ in range(60):
        access, slope = _access(q, k, a)
        h = SIGMA * q - np.log(access)
        q = q - np.clip(h / (SIGMA - slope), -1, 1)
        if np.max(np.abs(h)) < 1e-12 * SIGMA:
            return q
    raise RuntimeError("no convergence")
