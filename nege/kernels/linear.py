"""Dense linear systems by LU with partial pivoting, in place, without exceptions.

NumPy's own solver raises inside compiled code where a matrix is singular; here
that is an answer (False), because it happens exactly where users look: at break
points.
"""

import math

import numpy as np

from nege.kernels.jit import kernel
from nege.kernels.vectors import add_scaled


@kernel
def factorise(a, pivots):
    """Replace a by its LU factors; False where it is singular or not finite.

    Parameters
    ----------
    a : (n, n) array
        Overwritten by L (unit diagonal) and U.
    pivots : (n,) integer array
        Row exchanged with each row.
    """
    n = a.shape[0]
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[best, k]):
                best = i
        pivots[k] = best
        if best != k:
            for j in range(n):
                a[k, j], a[best, j] = a[best, j], a[k, j]
        pivot = a[k, k]
        if not (math.isfinite(pivot) and pivot != 0.0):
            return False
        for i in range(k + 1, n):
            factor = a[i, k] / pivot
            a[i, k] = factor
            if factor != 0.0:
                add_scaled(a[i, k + 1 :], -factor, a[k, k + 1 :])
    return True


@kernel
def substitute(a, pivots, b):
    """Solve for every column of b in place, with the factors of ``factorise``."""
    n = a.shape[0]
    for k in range(n):
        if pivots[k] != k:
            for j in range(b.shape[1]):
                b[k, j], b[pivots[k], j] = b[pivots[k], j], b[k, j]
    for k in range(n):
        for i in range(k):
            add_scaled(b[k], -a[k, i], b[i])
    for k in range(n - 1, -1, -1):
        for i in range(k + 1, n):
            add_scaled(b[k], -a[k, i], b[i])
        for j in range(b.shape[1]):
            b[k, j] /= a[k, k]


@kernel
def implicit(jacobian, changes):
    """Turn changes of a map into those of its fixed point: (I - jacobian)^(-1) changes.

    In place, for every column of changes; `jacobian` is overwritten. False where undefined.
    """
    n = jacobian.shape[0]
    pivots = np.empty(n, dtype=np.int64)
    for r in range(n):
        for j in range(n):
            jacobian[r, j] = (1.0 if r == j else 0.0) - jacobian[r, j]
    if not factorise(jacobian, pivots):
        return False
    substitute(jacobian, pivots, changes)
    return True


@kernel
def solve_small(a, b, n):
    """Solve the leading n x n system in place by elimination; False where it is singular."""
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[best, k]):
                best = i
        if best != k:
            for j in range(n):
                a[k, j], a[best, j] = a[best, j], a[k, j]
            b[k], b[best] = b[best], b[k]
        pivot = a[k, k]
        if not (math.isfinite(pivot) and pivot != 0.0):
            return False
        for i in range(k + 1, n):
            factor = a[i, k] / pivot
            for j in range(k + 1, n):
                a[i, j] -= factor * a[k, j]
            b[i] -= factor * b[k]
    for k in range(n - 1, -1, -1):
        total = b[k]
        for j in range(k + 1, n):
            total -= a[k, j] * b[j]
        b[k] = total / a[k, k]
    return True
