"""Linear systems of the online agglomeration: (M/dt - J) y = b, and the leading eigenvalue of J.

``DenseSystem`` holds J. ``KrylovSystem`` never does: GMRES on products with J, preconditioned by
the blocks of J inside places and, exactly, by the unknowns that all places share (the price of
remote labour, the dividend, those of mechanisms). M is 1 for firms and people and 0 for prices;
rows that are *idle* (no remote labour, no land, firms that have vanished) are of the identity.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nege.models.agglomeration import equations
from nege.models.law_of_motion import NEUTRAL_RATE

ACCURACY, ENOUGH = 1e-9, 1e-4  # relative residual that GMRES aims at, and that is accepted
MOST_PRODUCTS, RESTARTS = 100, 8
SLOW = 1e-3  # weights of M that make no difference
#: Eigenvalues are looked for near these: the one beside zero, and what is far above it.
NEAR, FAR = 1.0, 10.0
FIRST, SHARE = 5, 0.02  # steps of Arnoldi first, and what each leaves
AGAIN, ROUGHLY = 2, 0.3  # and later ones, from what is left of a pair
NEAREST = 4  # eigenvalues looked at, on either side of the shift
PLAUSIBLE, DOUBT, ROUGH = 0.3, 0.1, 1e-3  # errors, relative to the distance from the shift
SURE = 10.0  # errors that are between an eigenvalue and zero
MOST_VECTORS = 200  # that the search for an eigenvalue keeps
MANY = 100  # places, of which the whole matrix has too many eigenvalues


def slopes(
    parameters: equations.AgglomerationParameters,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return room for what ``equations.differentiate`` writes."""
    to = parameters.slots
    common, sums = to.commission - to.shared, to.supply - to.shared
    shape = to.met, to.passed_on
    return (
        np.empty((*shape, parameters.place.size)),
        np.empty(shape, dtype=bool),
        np.empty((common, sums + common)),
    )


def parts(parameters: equations.AgglomerationParameters, directions: int) -> np.ndarray:
    """Return room for what each place adds to the economy's sums, along directions."""
    to = parameters.slots
    return np.empty((directions, to.supply - to.shared, parameters.place.size))


class _System:
    """The equations at a point, and their Jacobian there or, for steps, at one close by."""

    def __init__(self, parameters: equations.AgglomerationParameters, moving: np.ndarray) -> None:
        self.p, self.moving, self.places = parameters, moving, parameters.place.size
        self.slopes = slopes(parameters)
        self.at: equations.Evaluation | None = None
        self.common = parameters.slots.commission - parameters.slots.shared  # unknowns of all
        self.held_at = np.full(moving.size, np.nan)

    def evaluate(self, x: np.ndarray) -> np.ndarray:
        """Return the residual at x."""
        excess = np.empty_like(x)
        self.at = equations.evaluate(self.p, x, excess, self.at)
        self.x = x.copy()
        return excess

    def linearise(self, x: np.ndarray) -> np.ndarray:
        """Return the residual at x, and hold the Jacobian there."""
        excess = self.evaluate(x)
        self.hold(0.0)
        return excess

    def hold(self, within: float) -> None:
        """Hold the Jacobian at the point, or one from no further than that."""
        apart = np.zeros_like(self.x)
        np.subtract(self.x, self.held_at, out=apart, where=self.x != self.held_at)
        if not np.max(np.abs(apart)) <= within:
            self.held_at, self.held = self.x, self.at
            self._differentiate()

    def _differentiate(self) -> None:
        """Make of slopes inside places what is held, at the point that is."""
        raise NotImplementedError

    def sums_along(self, direction: np.ndarray) -> np.ndarray:
        """Return the change of the economy's sums over places along a direction."""
        one, out = parts(self.p, 1), np.empty((1, direction.size))
        point = self.p, self.held, *self.slopes
        equations.tangents(*point, direction[None], False, one, out)
        return np.asarray(one[0].sum(1))


class DenseSystem(_System):
    """The whole matrix: for few places."""

    exact = True  # are the growth rates that it tells

    def __init__(self, parameters: equations.AgglomerationParameters, moving: np.ndarray) -> None:
        super().__init__(parameters, moving)
        self.units = np.eye(moving.size)
        self.parts = parts(parameters, moving.size)
        self.columns = np.empty_like(self.units)

    def _differentiate(self) -> None:
        point = self.p, self.held, *self.slopes
        equations.jacobian(*point, self.units, self.parts, self.columns)

    @property
    def jacobian(self) -> np.ndarray:
        """Equation by unknown."""
        return self.columns.T

    def solve(
        self, inverse_time: float, idle: np.ndarray, right: np.ndarray, accuracy: float = 0.0
    ) -> np.ndarray:
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

    def leading(self, idle: np.ndarray, precision: float | None = None) -> tuple[float, np.ndarray]:
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


class KrylovSystem(_System):
    """Products with the matrix alone: for many places."""

    exact = False

    def __init__(self, parameters: equations.AgglomerationParameters, moving: np.ndarray) -> None:
        super().__init__(parameters, moving)
        size = parameters.slots.shared
        # One unknown of every place at once, then those that all places share.
        self.units = np.zeros((size + self.common, moving.size))
        for j in range(size):
            self.units[j, j : size * self.places : size] = 1.0
        for j in range(self.common):
            self.units[size + j, size * self.places + j] = 1.0
        self.one = parts(parameters, 1)

    def _differentiate(self) -> None:
        equations.differentiate(self.p, self.held, *self.slopes)
        size = self.p.slots.shared
        inside, shared = self.units[:size], self.units[size:]
        own, out = parts(self.p, size), np.empty_like(inside)
        point = self.p, self.held, *self.slopes
        equations.tangents(*point, inside, True, own, out)
        local = out[:, : size * self.places]
        self.blocks = local.reshape(size, self.places, size).transpose(1, 2, 0)
        self.shared = np.empty_like(shared)  # what w0 and D do to every equation
        equations.tangents(*point, shared, False, parts(self.p, self.common), self.shared)
        # What places do to the equations that they share: through their parts of sums.
        sums = self.slopes[-1][:, : own.shape[1]]
        self.border = np.einsum("bt,stp->bps", sums, own)
        self.prepared: dict[Any, Any] = {}

    def product(self, direction: np.ndarray) -> np.ndarray:
        """Return J times a vector."""
        out = np.empty((1, direction.size))
        point = self.p, self.held, *self.slopes
        equations.tangents(*point, direction[None], False, self.one, out)
        return np.asarray(out[0])

    def solve(
        self, inverse_time: float, idle: np.ndarray, right: np.ndarray, accuracy: float = ACCURACY
    ) -> np.ndarray:
        """Return y, to a relative residual; NaN where GMRES does not get there."""
        size = norm = float(np.linalg.norm(right))
        if not np.isfinite(size) or size == 0.0:
            return right.copy()
        about = max(inverse_time, SLOW)  # near enough for preconditioning
        if (key := (about, idle.tobytes())) not in self.prepared:
            self.prepared[key] = self._preconditioner(about, idle)
        y, left = np.zeros_like(right), right
        for _ in range(RESTARTS):
            y = y + self._least(inverse_time, idle, left, 0.9 * accuracy * size, self.prepared[key])
            left = right - self._matrix(inverse_time, idle, y)
            norm = float(np.linalg.norm(left))
            if not np.isfinite(norm) or norm <= accuracy * size:
                break
        # Stopped by rounding it may still be good enough for a Newton step.
        return y if norm <= max(accuracy, ENOUGH) * size else np.full_like(right, np.nan)

    def _matrix(self, inverse_time: float, idle: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return (M/dt - J) y, and y where rows are idle."""
        out = inverse_time * self.moving * y
        out -= self.product(y)
        return np.where(idle, y, out)

    def _least(
        self,
        inverse_time: float,
        idle: np.ndarray,
        right: np.ndarray,
        aim: float,
        precondition: Any,
    ) -> np.ndarray:
        """GMRES, preconditioned from the right: what leaves least of all in a Krylov space.

        SciPy's takes the same steps; at 50 places it needs three times as long for them.
        """
        basis, space = np.empty((MOST_PRODUCTS + 1, right.size)), []
        triangle, left = np.zeros((MOST_PRODUCTS, MOST_PRODUCTS)), [float(np.linalg.norm(right))]
        rotations: list[tuple[float, float]] = []
        basis[0] = right / left[0]
        for m in range(MOST_PRODUCTS):
            space.append(precondition(basis[m]))
            w, part = _off(basis[: m + 1], self._matrix(inverse_time, idle, space[m]))
            length, h = float(np.linalg.norm(w)), part.tolist()
            for i, (c, s) in enumerate(rotations):
                h[i], h[i + 1] = c * h[i] + s * h[i + 1], c * h[i + 1] - s * h[i]
            size = math.hypot(h[m], length)
            if not size > 0.0:
                break
            c, s = h[m] / size, length / size
            rotations.append((c, s))
            h[m], left[m:] = size, [c * left[m], -s * left[m]]
            triangle[: m + 1, m] = h
            if not (abs(left[m + 1]) > aim and length > 0.0):
                break
            basis[m + 1] = w / length
        m = len(rotations)
        if m == 0:
            return np.full_like(right, np.nan)
        return np.asarray(np.linalg.solve(triangle[:m, :m], left[:m]) @ np.array(space[:m]))

    def _preconditioner(self, inverse_time: float, idle: np.ndarray) -> Any:
        places, size, _ = self.blocks.shape
        local, common = places * size, self.common
        inner, at_border = idle[:local].reshape(places, size), idle[local:]
        blocks = -self.blocks
        diagonal = np.einsum("pii->pi", blocks)
        diagonal += inverse_time * self.moving[:local].reshape(places, size)
        blocks[inner] = 0.0
        diagonal[inner] = 1.0
        inverse = np.linalg.inv(blocks)
        columns = np.where(idle, 0.0, -self.shared)[:, :local].reshape(common, places, size, 1)
        rows = np.where(at_border[:, None, None], 0.0, -self.border).reshape(common, -1)
        corner = np.diag(inverse_time * self.moving[local:]) - self.shared[:, local:].T
        corner[at_border] = np.eye(common)[at_border]
        reached = (inverse @ columns).reshape(common, -1)
        corner = np.linalg.inv(corner - rows @ reached.T)

        def apply(y: np.ndarray) -> np.ndarray:
            inside = (inverse @ y[:local].reshape(places, size, 1)).ravel()
            together = corner @ (y[local:] - rows @ inside)
            return np.concatenate([inside - together @ reached, together])

        return apply

    def leading(self, idle: np.ndarray, precision: float | None = None) -> tuple[float, np.ndarray]:
        """Return the largest real part of the eigenvalues, prices eliminated, and its vector.

        As precise as is needed to know whether a deviation grows, or to `precision`. Where that is
        not reached, from the whole matrix if there are not too many places, and else NaN.
        """
        found = _Rightmost(self, FAR, idle).find(DOUBT, signed=False)
        if found[0] > DOUBT * abs(FAR - found[0]):
            found = _Rightmost(self, FAR, idle).find(precision or ROUGH)
        elif not np.isnan(found[0]):
            found = _Rightmost(self, NEAR, idle).find(precision)
        if np.isnan(found[0]) and self.places <= MANY:
            whole = DenseSystem(self.p, self.moving)
            whole.linearise(self.x)
            return whole.leading(idle)
        return found


class _Rightmost:
    """Eigenvalues shift - 1/theta, of which theta are those of M (shift M - J)^(-1).

    By inexact Arnoldi steps that share one space: what GMRES tried for one of them serves all
    that follow, and the eigenvalues (Davidson's method, with the preconditioner of GMRES). Prices
    have theta = 0; of the others theta tells those nearest to the shift, and any beyond it.
    """

    def __init__(self, system: KrylovSystem, shift: float, idle: np.ndarray) -> None:
        self.system, self.shift, self.idle = system, shift, idle
        self.move = system.moving & ~idle
        self.precondition = system._preconditioner(shift, idle)
        # The space, and what shift M - J and M make of it.
        self.space = np.empty((MOST_VECTORS, idle.size))
        self.image, self.moved = np.empty_like(self.space), np.empty_like(self.space)
        self.projected, self.size, self.known = np.zeros((MOST_VECTORS, MOST_VECTORS)), 0, 0

    def find(self, precision: float | None, *, signed: bool = True) -> tuple[float, np.ndarray]:
        """Return rate and shape of the rightmost: NaN where it is not found.

        To a precision relative to the distance from the shift, and, if `signed`, until it is
        clear whether it grows. Without a precision that alone is enough where it does not.
        """
        y = np.where(
            self.move, 0.5 + np.modf(0.6180339887498949 * np.arange(self.move.size))[0], 0.0
        )
        self._steps(np.where(self.move, y, 0.0), FIRST, SHARE)
        while self.size < MOST_VECTORS:
            rate, error, shape, left = self._pair()
            distance = abs(self.shift - rate)
            sure = abs(rate.real - NEUTRAL_RATE) >= SURE * error
            enough = error <= (precision or ROUGH) * distance and (sure or not signed)
            enough |= precision is None and sure and rate.real < NEUTRAL_RATE
            if enough and error <= PLAUSIBLE * distance:
                return float(rate.real), shape.real
            if not np.isfinite(error):
                break
            for part in (left.real, left.imag)[: 1 + bool(rate.imag)]:
                self._steps(part, AGAIN, ROUGHLY)
        return np.nan, np.zeros(self.idle.size)

    def _steps(self, right: np.ndarray, count: int, share: float) -> None:
        """Take steps of Arnoldi."""
        for _ in range(count):
            right = np.where(self.move, self._apply(right, share), 0.0)

    def _apply(self, right: np.ndarray, share: float) -> np.ndarray:
        """Return (shift M - J)^(-1) right but for a share of it, in a space that grows for it."""
        size = float(np.linalg.norm(right))
        left, s = right - (self.image[: self.size] @ right) @ self.image[: self.size], self.system
        enough = False
        while not enough and self.size < MOST_VECTORS:
            z = np.where(self.idle, 0.0, self.precondition(left))
            w = np.where(self.idle, 0.0, s._matrix(self.shift, self.idle, z))
            m = self.size
            w, part = _off(self.image[:m], w)
            length = np.linalg.norm(w)
            self.space[m], self.image[m] = (z - part @ self.space[:m]) / length, w / length
            self.moved[m] = np.where(self.move, self.space[m], 0.0)
            left = left - (self.image[m] @ left) * self.image[m]
            self.size += 1
            enough = not np.linalg.norm(left) > share * size
        return np.asarray((self.image[: self.size] @ right) @ self.space[: self.size])

    def _pair(self) -> tuple[complex, float, np.ndarray, np.ndarray]:
        """Return the rightmost pair that is plausible: eigenvalue, its error, shape, residual."""
        m, known = self.size, self.known
        image, moved, projected = self.image[:m], self.moved[:m], self.projected[:m, :m]
        projected[:, known:] = image @ moved[known:].T
        projected[known:, :known] = image[known:] @ moved[:known].T
        self.known = m
        if not np.isfinite(projected).all():
            return np.nan, np.inf, image[0], image[0]
        theta, shapes = np.linalg.eig(projected)
        some = {*np.argsort(-np.abs(theta), kind="stable")[:NEAREST].tolist()}
        some |= {*np.argsort(theta.real, kind="stable")[:NEAREST].tolist()}
        theta, shapes = theta[sorted(some)], shapes.T[sorted(some)]
        left = shapes @ moved - theta[:, None] * (shapes @ image)
        with np.errstate(divide="ignore"):
            rate, error = self.shift - 1.0 / theta, np.linalg.norm(left, axis=1) / abs(theta) ** 2
        plausible = error <= PLAUSIBLE * np.abs(self.shift - rate)
        i = int(np.argmax(np.where(plausible, rate.real, -np.inf)))
        if not plausible.any():
            i = int(np.argmax(np.abs(theta)))
        return rate[i], float(error[i]), shapes[i] @ moved, left[i]


def _off(basis: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return w less its part in an orthonormal basis, and that part: twice, for rounding."""
    part = basis @ w
    w = w - part @ basis
    more = basis @ w
    return w - more @ basis, part + more
