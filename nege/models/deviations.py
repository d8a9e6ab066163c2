"""Linear stability on the tangent space of the simplex: deviations that keep the sum of shares.

Where people move within groups only, deviations keep the sum of shares of each: the tangent space
is that of several simplices, and everybody compares with the mean of his own group.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Product = Callable[[np.ndarray], np.ndarray]


def tangent(
    slopes: np.ndarray, share: np.ndarray, of: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return an orthonormal basis of the tangent space of the simplex, and the stability matrix.

    Parameters
    ----------
    slopes : (n, n) array
        dF_r/d ln share_j of the attraction of occupied regions.
    share : (n,) array
        Their shares.
    of : (n,) array of int, optional
        Their groups, where people move within groups only.
    """
    fixed = share[:, None] if of is None else np.where(members(of), share[:, None], 0.0)
    basis = np.linalg.qr(np.hstack([fixed, np.eye(share.size)]))[0][:, fixed.shape[1] :]
    with np.errstate(all="ignore"):  # of shares next to nothing: what is not finite is not known
        matrix = slopes - mean(share, of)(slopes)
        return basis, np.asarray(basis.T @ matrix @ basis)


def members(of: np.ndarray) -> np.ndarray:
    """Return which of some regions are in each of their groups, (n, groups)."""
    return np.asarray(of[:, None] == np.unique(of))


def mean(share: np.ndarray, of: np.ndarray | None) -> Product:
    """Return the function that gives the mean of everybody, or of each region's group."""
    if of is None:
        return lambda values: share @ values
    inside = members(of)
    weights = np.where(inside, share[:, None], 0.0)
    weights /= weights.sum(0)
    where = np.argmax(inside, axis=1)
    return lambda values: (weights.T @ values)[where]


def leading_rate(matrix: np.ndarray) -> float:
    """Return the largest real part of the eigenvalues; NaN where it is undefined."""
    if not np.isfinite(matrix).all():
        return np.nan
    return float(np.max(np.linalg.eigvals(matrix).real))


ARNOLDI_PAYS = 200  # regions from which the leading eigenvalue alone is faster by Arnoldi
PAIRS = 4  # eigenvalues asked for, so that the leading one does not hide behind another
KRYLOV, RESTARTS = 40, 12  # vectors kept, and how often they are begun again
PRODUCTS = 80  # of a single Krylov space
HALF = 0.05  # of a rate, by which the last half of them may move it
ACCURATE = 1e-8  # residual of an eigenpair, of the largest rate
CERTAIN = 100.0  # times its residual: a rate is of this sign


def leading_among(
    slopes: np.ndarray, share: np.ndarray, of: np.ndarray | None = None
) -> tuple[float, np.ndarray | None]:
    """Return the same rate, of deviations on the tangent space of the simplex (``tangent``).

    By Arnoldi iteration where there are many, with the deviation; by all modes where there are
    few, or where that leaves the sign uncertain.
    """
    if share.size >= ARNOLDI_PAYS and np.isfinite(slopes).all():
        found = by_arnoldi(lambda moved: slopes @ moved, share, of)
        if found is not None:
            return found
    return leading_rate(tangent(slopes, share, of)[1]), None


def by_arnoldi(
    apply: Product, share: np.ndarray, of: np.ndarray | None = None
) -> tuple[float, np.ndarray] | None:
    """Return the leading growth rate, and its deviation in ln share; None where it is not certain.

    Parameters
    ----------
    apply : callable
        dF for a deviation d ln share of the occupied regions.
    share : (n,) array
        Their shares.
    of : (n,) array of int, optional
        Their groups.

    Notes
    -----
    The iteration starts from a fixed vector, so that the answer is always the same. Accepted are
    pairs (rate, v) with |M v - rate v| small, next to the sign of the rate too.
    Lehoucq, Sorensen & Yang (1998), ARPACK Users' Guide.
    """
    from scipy.sparse import linalg  # what takes long to import is imported when used

    n = share.size
    motion, start, top = _on_the_tangent_space(apply, share, of)
    if not (np.isfinite(top) and top > 0.0):
        return None
    try:
        rates, vectors = linalg.eigs(
            linalg.LinearOperator((n, n), matvec=motion, dtype=float),
            k=min(PAIRS, n - 2),
            which="LR",
            v0=start,
            ncv=min(KRYLOV, n),
            maxiter=RESTARTS,
            tol=0.01 * ACCURATE,
        )
    except (linalg.ArpackNoConvergence, linalg.ArpackError):
        return None
    first = int(np.argmax(rates.real))
    rate, vector = rates[first], vectors[:, first]
    image = motion(vector.real) + 1j * motion(vector.imag)
    residual = float(np.linalg.norm(image - rate * vector))
    scale = max(top, float(np.max(np.abs(rates))))
    if not (residual <= ACCURATE * scale and abs(rate.real) >= CERTAIN * residual):
        return None
    return float(rate.real), np.asarray(vector.real)


def by_products(
    apply: Product, share: np.ndarray, of: np.ndarray | None = None
) -> tuple[float, np.ndarray] | None:
    """Return the same where products are dear: from one Krylov space, whose last half adds little.

    The rates of thousands of regions lie so close together that their shapes take long to
    tell apart, but the largest rate does not: it is taken where it moved by less than a
    twentieth of itself while the space was doubled, so it is known to some per cent.
    """
    motion, start, top = _on_the_tangent_space(apply, share, of)
    if not (np.isfinite(top) and top > 0.0):
        return None
    most = min(PRODUCTS, share.size - (1 if of is None else np.unique(of).size))
    basis, table = np.zeros((most + 1, share.size)), np.zeros((most + 1, most))
    basis[0] = start / np.linalg.norm(start)
    size = most
    for k in range(most):
        moved = motion(basis[k])
        for _ in range(2):  # twice is enough (Kahan & Parlett)
            parts = basis[: k + 1] @ moved
            table[: k + 1, k] += parts
            moved = moved - parts @ basis[: k + 1]
        table[k + 1, k] = np.linalg.norm(moved)
        if not np.isfinite(table[k + 1, k]):
            return None
        if table[k + 1, k] <= ACCURATE * top:  # nothing is left outside of this space
            size = k + 1
            break
        basis[k + 1] = moved / table[k + 1, k]
    rates, vectors = np.linalg.eig(table[:size, :size])
    first = int(np.argmax(rates.real))
    rate, shape = float(rates[first].real), vectors[:, first].real @ basis[:size]
    if size == most:
        half = float(np.max(np.linalg.eigvals(table[: most // 2, : most // 2]).real))
        if not abs(rate - half) <= HALF * abs(rate):
            return None
    return rate, np.asarray(shape)


def _off_it(share: np.ndarray, of: np.ndarray | None) -> tuple[np.ndarray, Callable[..., Any]]:
    """Return the direction of shares, of length one in each group, and what a vector has of it."""
    if of is None:
        unit = share / np.linalg.norm(share)
        return unit, lambda v: float(unit @ v)
    inside = members(of)
    where = np.argmax(inside, axis=1)
    unit = share / np.sqrt((share**2) @ inside)[where]
    return unit, lambda v: ((unit * v) @ inside)[where]


def _on_the_tangent_space(
    apply: Product, share: np.ndarray, of: np.ndarray | None
) -> tuple[Product, np.ndarray, float]:
    """Return the motion of deviations, a vector to start from, and a rate above all about.

    What is not a deviation, the direction of the shares themselves, is given a rate below all.
    """
    average, unit, outside = mean(share, of), *_off_it(share, of)
    below = 0.0

    def motion(v: np.ndarray) -> np.ndarray:
        v = np.ravel(v)
        part = outside(v)
        moved = apply(v - part * unit)
        return np.asarray(moved - average(moved) - below * part * unit)

    start = np.modf(0.6180339887498949 * np.arange(1, share.size + 1) ** 2)[0] - 0.5
    start -= outside(start) * unit
    moved, size = start, float(np.linalg.norm(start))
    for _ in range(3):
        if not (np.isfinite(size) and size > 0.0):
            return motion, start, size
        moved = motion(moved / size)
        size = float(np.linalg.norm(moved))
    below = 2.0 * size + 1.0
    return motion, start, below if size > 0.0 else 0.0
