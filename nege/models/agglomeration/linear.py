"""Linear systems of the online agglomeration: (M/dt - J) y = b, and the leading eigenvalue of J.

``DenseSystem`` holds J. ``KrylovSystem`` never does: GMRES on products with J, preconditioned by
the blocks of J inside places and, exactly, by the two unknowns that all places share (the price of
remote labour and the dividend). M is 1 for firms and people and 0 for prices; rows that are
*idle* (no remote labour, no land, firms that have vanished) are those of the identity.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nege.models.agglomeration import equations

ACCURACY, ENOUGH = 1e-9, 1e-4  # relative residual that GMRES aims at, and that is accepted
COARSE = 1e-2  # of the precision of an eigenvalue: what GMRES aims at then
MOST_PRODUCTS, RESTARTS = 400, 4
#: Eigenvalues are looked for near these: the one beside zero, and what is far above it.
SHIFTS = (1.0, 10.0)
BASIS = 16  # vectors that the search for an eigenvalue keeps
ROUGH, SHARP = 1e-3, 1e-7  # its precision, and what is asked for where that leaves doubt


def slopes(parameters: equations.AgglomerationParameters) -> np.ndarray:
    """Return room for the slopes of what places pass on in what they meet."""
    to = parameters.slots
    return np.empty((to.passed_on, to.met, parameters.place.size))


class DenseSystem:
    """The whole matrix: for few places."""

    def __init__(self, parameters: equations.AgglomerationParameters, moving: np.ndarray) -> None:
        self.p, self.moving = parameters, moving
        self.units = np.eye(moving.size)
        self.parts = np.empty((moving.size, 4, parameters.place.size))
        self.columns = np.empty_like(self.units)
        self.slopes = slopes(parameters)

    def linearise(self, x: np.ndarray) -> np.ndarray:
        """Return the residual at x, and keep the Jacobian there."""
        excess = np.empty_like(x)
        at = equations.evaluate(self.p, x, excess)
        equations.differentiate(self.p, at, self.slopes)
        equations.tangents(self.p, at, self.slopes, self.units, False, self.parts, self.columns)
        return excess

    @property
    def jacobian(self) -> np.ndarray:
        """Equation by unknown."""
        return self.columns.T

    def solve(self, inverse_time: float, idle: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return y; NaN where the system is singular."""
        matrix = -self.jacobian
        diagonal = np.einsum("ii->i", matrix)
        diagonal += inverse_time * self.moving
        matrix[idle] = 0.0
        diagonal[idle] = 1.0
        try:
            return np.linalg.solve(matrix, right)
        except np.linalg.LinAlgError:
            return np.full_like(right, np.nan)

    def leading(self, idle: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the eigenvalue with the largest real part, prices eliminated, and its vector."""
        rates, vectors = self.modes(idle)
        return float(rates[0].real), vectors[:, 0].real

    def modes(self, idle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return every eigenvalue, prices eliminated, the largest first, with vectors in columns.

        NaN where prices leave them undefined.
        """
        move, price = np.flatnonzero(self.moving & ~idle), np.flatnonzero(~self.moving & ~idle)
        j = self.jacobian
        try:
            follow = np.linalg.solve(j[np.ix_(price, price)], j[np.ix_(price, move)])
            reduced = j[np.ix_(move, move)] - j[np.ix_(move, price)] @ follow
            rates, inner = np.linalg.eig(reduced)
        except np.linalg.LinAlgError:
            return np.full(move.size, np.nan), np.zeros((idle.size, move.size))
        order = np.argsort(-rates.real, kind="stable")
        vectors = np.zeros((idle.size, move.size), dtype=inner.dtype)
        vectors[move] = inner[:, order]
        return rates[order], vectors


class KrylovSystem:
    """Products with the matrix alone: for many places."""

    def __init__(self, parameters: equations.AgglomerationParameters, moving: np.ndarray) -> None:
        self.p, self.moving = parameters, moving
        self.places = parameters.place.size
        size = (moving.size - 2) // self.places
        # One unknown of every place at once, then the price of remote labour and the dividend.
        self.units = np.zeros((size + 2, moving.size))
        for j in range(size):
            self.units[j, j:-2:size] = 1.0
        self.units[size, -2] = self.units[size + 1, -1] = 1.0
        self.one = np.empty((1, 4, self.places))
        self.slopes = slopes(parameters)

    def linearise(self, x: np.ndarray) -> np.ndarray:
        """Return the residual at x, and keep what products and preconditioner need."""
        excess = np.empty_like(x)
        self.at = equations.evaluate(self.p, x, excess)
        equations.differentiate(self.p, self.at, self.slopes)
        inside, shared = self.units[:-2], self.units[-2:]
        size = len(inside)
        parts, out = np.empty((size, 4, self.places)), np.empty((size, x.size))
        equations.tangents(self.p, self.at, self.slopes, inside, True, parts, out)
        self.blocks = out[:, :-2].reshape(size, self.places, size).transpose(1, 2, 0)
        self.shared = np.empty((2, x.size))  # what w0 and D do to every equation
        both = np.empty((2, 4, self.places))
        equations.tangents(self.p, self.at, self.slopes, shared, False, both, self.shared)
        # What places do to the two equations that they share: by which part of the totals.
        totals = self.at.totals[:, None, None]
        part = parts.transpose(1, 2, 0) / np.where(totals == 0.0, 1.0, totals)
        remote = part[equations.REMOTE_USED] - part[equations.REMOTE_SOLD]
        self.border = np.stack([remote, part[equations.EARNED]])
        self.prepared: dict[float, Any] = {}
        return excess

    def product(self, direction: np.ndarray) -> np.ndarray:
        """Return J times a vector."""
        out = np.empty((1, direction.size))
        equations.tangents(self.p, self.at, self.slopes, direction[None], False, self.one, out)
        return np.asarray(out[0])

    def solve(
        self,
        inverse_time: float,
        idle: np.ndarray,
        right: np.ndarray,
        accuracy: float = ACCURACY,
    ) -> np.ndarray:
        """Return y; NaN where GMRES does not get there."""
        from scipy.sparse.linalg import LinearOperator, gmres

        n = right.size
        weight = inverse_time * self.moving

        def matrix(y: np.ndarray) -> np.ndarray:
            y = np.ascontiguousarray(y.ravel())
            return np.where(idle, y, weight * y - self.product(y))

        size = float(np.linalg.norm(right))
        if not np.isfinite(size) or size == 0.0:
            return right.copy()
        if inverse_time not in self.prepared:
            self.prepared[inverse_time] = self._preconditioner(weight, idle)
        y, failed = gmres(  # stopped by rounding it may still be good enough for a Newton step
            LinearOperator((n, n), matrix, dtype=float),
            right,
            rtol=accuracy,
            restart=MOST_PRODUCTS,
            maxiter=RESTARTS,  # its inner loop stops on a residual of its own
            M=LinearOperator((n, n), self.prepared[inverse_time], dtype=float),
        )
        if failed and not np.linalg.norm(matrix(y) - right) <= ENOUGH * size:
            return np.full(n, np.nan)
        return np.asarray(y)

    def _preconditioner(self, weight: np.ndarray, idle: np.ndarray) -> Any:
        places, size, _ = self.blocks.shape
        inner = idle[:-2].reshape(places, size)
        blocks = -self.blocks
        diagonal = np.einsum("pii->pi", blocks)
        diagonal += weight[:-2].reshape(places, size)
        blocks[inner] = 0.0
        diagonal[inner] = 1.0
        inverse = np.linalg.inv(blocks)
        columns = np.where(idle, 0.0, -self.shared)[:, :-2].reshape(2, places, size)
        rows = np.where(idle[-2:, None, None], 0.0, -self.border)
        corner = -self.shared[:, -2:].T
        corner[idle[-2:]] = np.eye(2)[idle[-2:]]
        reached = np.einsum("pij,kpj->kpi", inverse, columns)
        corner = np.linalg.inv(corner - np.einsum("ipj,kpj->ik", rows, reached))

        def apply(y: np.ndarray) -> np.ndarray:
            y = y.ravel()
            inside = np.einsum("pij,pj->pi", inverse, y[:-2].reshape(places, size))
            common = corner @ (y[-2:] - np.einsum("ipj,pj->i", rows, inside))
            inside -= np.einsum("k,kpi->pi", common, reached)
            return np.append(inside.ravel(), common)

        return apply

    def leading(self, idle: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the largest real part of the eigenvalues nearest to the shifts, and its vector."""
        found = [self._nearest(shift, idle, ROUGH) for shift in SHIFTS]
        doubt = 10.0 * ROUGH
        found = [
            self._nearest(shift, idle, SHARP) if rate > -doubt * (shift - rate) else (rate, vector)
            for shift, (rate, vector) in zip(SHIFTS, found, strict=True)
        ]
        return max(found, key=lambda pair: math.inf if math.isnan(pair[0]) else pair[0])

    def _nearest(
        self, shift: float, idle: np.ndarray, precision: float
    ) -> tuple[float, np.ndarray]:
        from scipy.sparse.linalg import ArpackError, LinearOperator, eigs

        move = np.flatnonzero(self.moving & ~idle)
        direction = np.zeros(idle.size)

        def inverse(y: np.ndarray) -> np.ndarray:
            right = np.zeros(idle.size)
            right[move] = y.ravel()
            return self.solve(shift, idle, right, COARSE * precision)[move]

        start = 1.0 + np.modf(0.6180339887498949 * np.arange(1, move.size + 1))[0]
        operator = LinearOperator((move.size, move.size), inverse, dtype=float)
        try:
            inverses, vectors = eigs(operator, k=1, ncv=BASIS, tol=precision, v0=start)
        except ArpackError:
            return np.nan, direction
        direction[move] = vectors[:, 0].real
        return float((shift - 1.0 / inverses[0]).real), direction
