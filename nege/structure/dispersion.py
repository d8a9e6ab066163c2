"""Dispersion, the symmetric equilibrium, and its modes: the same at every parameter value.

All places have the same share, and the online region is empty, or is an interior equilibrium
too, with the share at which it pays what the places pay.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from nege.errors import InputError
from nege.geography.metrics import Circle
from nege.models.base import Model
from nege.results.stability import describe
from nege.structure.branches.continuation import Locus, Lost, Pattern, Point, pattern
from nege.structure.branches.tracing import Tracer
from nege.structure.circular_modes import Waves, turns
from nege.structure.one_parameter import ENDS, EQUAL, READ_AT, SHARP, Family
from nege.structure.symmetry import trivial

ALIKE = 1e-7  # of the fastest rate: eigenvalues nearer than this are one mode
MIXED = 1e-6  # of the fastest rate: coupling between modes at most
VALUES = 17  # of the parameter at which equilibria with some people online are looked for
ONLINE = (0.02, 0.2, 0.5, 0.8, 0.98)  # shares of the online region they are looked for from
BESIDE = 0.1  # of a step: how far from a path a point may lie that is on it
SAME = 1e-7  # break points nearer than this are one
FLAT = 1e-5  # change of the online region below which a deviation is between places


def modes_of(family: Family, share: np.ndarray) -> Waves | Modes:
    """Return the modes of the even spread: Fourier modes where it is rotationally symmetric."""
    return Waves(family, share) if turns(family, share) else Modes(family, share)


class Modes:
    """Eigenvectors of the even spread, by symmetry the same at every value of the parameter."""

    def __init__(self, family: Family, share: np.ndarray) -> None:
        self.family, self.share = family, share
        self.occupied = share > 0.0
        low, high = family.interval
        # Where the modes are furthest apart: shapes of modes that nearly agree are known badly.
        candidates = [_eigen(self._matrix(low + t * (high - low))) for t in READ_AT]
        rates, self.vectors = max(candidates, key=lambda found: _separation(found[0]))
        if not np.max(np.abs(rates.imag)) <= ALIKE * np.max(np.abs(rates)):
            raise InputError(
                "model",
                family.model,
                "one whose deviations from an even spread do not oscillate",
                "nege.stability shows them at one value.",
            )
        self.vectors, self.scale = self.vectors.real, float(np.max(np.abs(rates)))
        self.inverse = np.linalg.inv(self.vectors)
        order = np.argsort(-rates.real)
        self.clusters: list[np.ndarray] = []
        for k in order:
            if self.clusters:
                last = rates[self.clusters[-1][0]].real
                if abs(last - rates[k].real) <= ALIKE * np.max(np.abs(rates)):
                    self.clusters[-1] = np.append(self.clusters[-1], k)
                    continue
            self.clusters.append(np.array([k]))
        self._seen: dict[float, np.ndarray] = {}

    def _matrix(self, value: float) -> np.ndarray:
        family = self.family
        law, point = family.law_of_motion(value, self.share, "model", self.occupied)
        basis, matrix = law.tangent(point)
        self.basis = basis
        return matrix

    def rate(self, cluster: np.ndarray, value: float) -> float:
        """Return the growth rate of a mode."""
        if value not in self._seen:
            matrix = self.inverse @ self._matrix(value) @ self.vectors
            rates = np.diag(matrix).copy()
            for block in self.clusters:
                matrix[np.ix_(block, block)] = 0.0  # within a multiple eigenvalue any basis will do
            scale = max(self.scale, float(np.max(np.abs(rates))))  # at a break all may vanish
            if not np.max(np.abs(matrix)) <= MIXED * scale:
                raise InputError(
                    "model",
                    self.family.model,
                    "one whose deviations keep their shape as the parameter changes",
                    "Symmetric geographies have such modes; nege.bifurcation follows others.",
                )
            self._seen[value] = rates
        return float(np.mean(self._seen[value][cluster]))

    def shapes(self, cluster: np.ndarray) -> np.ndarray:
        """Return the deviations of a mode over all regions, in rows."""
        shapes = np.zeros((cluster.size, self.share.size))
        shapes[:, self.occupied] = (self.basis @ self.vectors[:, cluster]).T
        return shapes


def _eigen(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues and eigenvectors; orthogonal ones where trade costs are symmetric.

    Shapes of modes that agree are arbitrary in their plane, and nearly parallel ones
    would not do.
    """
    if np.max(np.abs(matrix - matrix.T)) <= ALIKE * np.max(np.abs(matrix)):
        return np.linalg.eigh(0.5 * (matrix + matrix.T))
    rates, vectors = np.linalg.eig(matrix)
    return rates, vectors


def _separation(rates: np.ndarray) -> tuple[int, float]:
    """Return how many modes differ, and their smallest distance in units of the fastest rate."""
    scale = float(np.max(np.abs(rates)))
    steps = np.diff(np.sort(rates.real)) / scale
    apart = steps[steps > ALIKE]
    return apart.size, float(np.min(apart, initial=1.0))


class Mixed(NamedTuple):
    """A break point with all places equal and some people online: a mode has growth rate zero."""

    value: float
    share: np.ndarray
    shapes: np.ndarray  # deviations in rows


def mixed(family: Family) -> list[Mixed]:
    """Return every break point where some people are online and all places have as many.

    The curve of such equilibria is followed from several of them, and from its ends, with a share
    of 0 or 1 online. A fold of this curve is no break point.
    """
    locus = Locus(family.model, family.parameter, family.interval, family.dynamics, SHARP)
    n, places = len(family.model.regions), len(family.model.geography)
    cells = [np.arange(places), np.array([places])]
    tracer = Tracer(locus, trivial(n), pattern(cells, n), 1)
    paths: list[list[Point]] = []
    found: list[Mixed] = []
    for start in _starts(locus, tracer.on):
        if any(_passes(points, start) for points in paths):
            continue
        back = tracer.follow(start._replace(tangent=-start.tangent))
        for path in (back, tracer.follow(start)):
            paths.append(path.points)
            for crossing in path.crossings:
                point = path.points[crossing.position]
                inside = ENDS < point.tau < 1.0 - ENDS
                if crossing.dimension and not crossing.turned and inside:
                    found += _broken(locus, tracer.on, point, crossing.dimension, found)
    return found


def _starts(locus: Locus, on: Pattern) -> Iterator[Point]:
    n = on.member.shape[0]
    forward = np.append(np.zeros(n), 1.0)
    for tau, online in itertools.product(np.linspace(0.0, 1.0, VALUES), ONLINE):
        guess = np.append(on.member @ ((1.0 - online, online) / on.size), tau)
        state = locus.at(tau).start_state()
        try:
            found = locus.correct(on, guess, state, forward, tau)
            yield locus.point(on, *found, forward)
        except Lost:
            continue


def _passes(points: list[Point], start: Point) -> bool:
    """Whether a path passes through a start, between two of its points."""
    places = np.array([point.place[-2:] for point in points])
    here, along = places[:-1], np.diff(places, axis=0)
    square = np.maximum(np.sum(along**2, axis=1), 1e-300)
    t = np.clip(np.sum((start.place[-2:] - here) * along, axis=1) / square, 0.0, 1.0)
    off = np.linalg.norm(here + t[:, None] * along - start.place[-2:], axis=1)
    return bool((off <= np.maximum(BESIDE * np.sqrt(square), 1e-9)).any())


def _broken(
    locus: Locus, on: Pattern, point: Point, dimension: int, known: list[Mixed]
) -> list[Mixed]:
    """Return a break point unless it is known, or moves people between places and online."""
    value = locus.value(point.tau)
    near = (m for m in known if abs(m.value - value) <= SAME * max(1.0, abs(value)))
    if any(np.max(np.abs(m.share - point.share)) <= SAME for m in near):
        return []
    local = locus.local(point.tau, point.share, point.state)
    if not np.ptp(local.attraction[on.cells[0]]) <= EQUAL:
        raise InputError(
            "model",
            locus.model,
            "one whose places are paid alike, also where some people are online",
            "nege.bifurcation follows economies without symmetry.",
        )
    shapes = locus.flat(on, local, dimension).T
    if np.max(np.abs(shapes[:, on.cells[1]])) > FLAT:
        return []
    return [Mixed(value, point.share, shapes)]


def mode_name(model: Model, shapes: np.ndarray) -> str:
    """Say which deviation it is: waves on a racetrack, else who gains from whom."""
    n, count = len(model.geography), len(shapes)
    many = f", {count} deviations" if count > 1 else ""
    if isinstance(model.geography.metric, Circle):
        power = np.abs(np.fft.rfft(shapes[:, :n], axis=1)) ** 2
        k = int(np.argmax(power.sum(0)))
        doubling = ": period doubling" if 2 * k == n else ""
        return f"{k} wave{'s' * (k > 1)} round the circle{doubling}{many}"
    if count == n - 1 and n > 2:
        return f"any place against the others{many}"
    return describe(shapes[0] / np.max(np.abs(shapes[0])), model.regions) + many
