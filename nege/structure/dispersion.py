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
from nege.kernels.equations import BY_PLACE
from nege.models.base import Model
from nege.results.stability import describe
from nege.structure.branches.continuation import (
    ContinuationPoint,
    ContinuationProblem,
    CorrectorFailure,
    OccupiedCells,
    occupied_cells,
)
from nege.structure.branches.tracing import CurveTracer
from nege.structure.circular_modes import CircularModes, Waves, periods
from nege.structure.even_curve import EvenCurve
from nege.structure.one_parameter import (
    END_MARGIN,
    EQUAL_PAYOFF_TOLERANCE,
    MODES_READ_AT,
    SHARP_OPTIONS,
    OneParameterFamily,
)
from nege.structure.symmetry import trivial_symmetry

SAME_EIGENVALUE_TOLERANCE = 1e-7  # of the fastest rate: eigenvalues nearer than this are one mode


def modes_of(family: OneParameterFamily, share: np.ndarray) -> CircularModes | DispersionModes:
    """Return the modes of the even spread: Fourier modes where one can go round."""
    if found := periods(family, share):
        return CircularModes(family, share, found)
    return DispersionModes(family, share)


COUPLING_TOLERANCE = 1e-6  # of the fastest rate: coupling between modes at most


class DispersionModes:
    """Eigenvectors of the even spread, by symmetry the same at every value of the parameter."""

    def __init__(self, family: OneParameterFamily, share: np.ndarray) -> None:
        self.family, self.share = family, share
        self.occupied = share > 0.0
        low, high = family.interval
        # Where the modes are furthest apart: shapes of modes that nearly agree are known badly.
        candidates = [_eigenpairs(self._matrix(low + t * (high - low))) for t in MODES_READ_AT]
        rates, self.vectors = max(candidates, key=lambda found: _separation(found[0]))
        if not np.max(np.abs(rates.imag)) <= SAME_EIGENVALUE_TOLERANCE * np.max(np.abs(rates)):
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
                if abs(last - rates[k].real) <= SAME_EIGENVALUE_TOLERANCE * np.max(np.abs(rates)):
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

    def rates(self, value: float) -> np.ndarray:
        """Return the growth rate of each mode, in the order of ``clusters``."""
        if value not in self._seen:
            matrix = self.inverse @ self._matrix(value) @ self.vectors
            rates = np.diag(matrix).copy()
            for block in self.clusters:
                matrix[np.ix_(block, block)] = 0.0  # within a multiple eigenvalue any basis will do
            scale = max(self.scale, float(np.max(np.abs(rates))))  # at a break all may vanish
            if not np.max(np.abs(matrix)) <= COUPLING_TOLERANCE * scale:
                raise InputError(
                    "model",
                    self.family.model,
                    "one whose deviations keep their shape as the parameter changes",
                    "Symmetric geographies have such modes; nege.bifurcation follows others.",
                )
            self._seen[value] = np.array([np.mean(rates[block]) for block in self.clusters])
        return self._seen[value]

    def shapes(self, cluster: np.ndarray) -> np.ndarray:
        """Return the deviations of a mode over all regions, in rows."""
        shapes = np.zeros((cluster.size, self.share.size))
        shapes[:, self.occupied] = (self.basis @ self.vectors[:, cluster]).T
        return shapes


def _eigenpairs(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues and eigenvectors; orthogonal ones where trade costs are symmetric.

    Shapes of modes that agree are arbitrary in their plane, and nearly parallel ones
    would not do.
    """
    if np.max(np.abs(matrix - matrix.T)) <= SAME_EIGENVALUE_TOLERANCE * np.max(np.abs(matrix)):
        return np.linalg.eigh(0.5 * (matrix + matrix.T))
    rates, vectors = np.linalg.eig(matrix)
    return rates, vectors


def _separation(rates: np.ndarray) -> tuple[int, float]:
    """Return how many modes differ, and their smallest distance in units of the fastest rate."""
    scale = float(np.max(np.abs(rates)))
    steps = np.diff(np.sort(rates.real)) / scale
    apart = steps[steps > SAME_EIGENVALUE_TOLERANCE]
    return apart.size, float(np.min(apart, initial=1.0))


class PartlyOnlineBreak(NamedTuple):
    """A break point with all places equal and some people online: a mode has growth rate zero."""

    value: float
    share: np.ndarray
    shapes: np.ndarray  # deviations in rows


def partly_online_breaks(family: OneParameterFamily) -> list[PartlyOnlineBreak]:
    """Return every break point where some people are online and all places have as many.

    The curve of such equilibria is followed from several of them, and from its ends, with a share
    of 0 or 1 online. A fold of this curve is no break point.
    """
    problem = _problem(family)
    n, places = len(family.model.regions), len(family.model.geography)
    cells = [np.arange(places), np.array([places])]
    tracer = CurveTracer(problem, trivial_symmetry(n), occupied_cells(cells, n), 1)
    paths: list[list[ContinuationPoint]] = []
    found: list[PartlyOnlineBreak] = []
    for start in _partly_online_equilibria(problem, tracer.on):
        if any(_passes_through(points, start) for points in paths):
            continue
        back = tracer.follow(start._replace(tangent=-start.tangent))
        for path in (back, tracer.follow(start)):
            paths.append(path.points)
            for crossing in path.crossings:
                point = path.points[crossing.position]
                inside = END_MARGIN < point.tau < 1.0 - END_MARGIN
                if crossing.dimension and not crossing.turned and inside:
                    found += _new_break(problem, tracer.on, point, crossing.dimension, found)
    return found


def _problem(family: OneParameterFamily) -> ContinuationProblem:
    """Return the set of those equilibria: in two groups where the places are alike."""
    given = family.model, family.parameter, family.interval, family.dynamics, SHARP_OPTIONS
    places = np.zeros(len(family.model.regions))
    places[:-1] = 1.0
    by_place = family.model.make_arrays("row").meeting == BY_PLACE
    if (found := periods(family, places)) and by_place:
        return EvenCurve(*given, Waves(found))
    return ContinuationProblem(*given)


PARAMETER_VALUES_SEARCHED = 17  # at which equilibria with some people online are looked for
ONLINE_SHARES_SEARCHED = (0.02, 0.2, 0.5, 0.8, 0.98)  # from which they are looked for


def _partly_online_equilibria(
    problem: ContinuationProblem, on: OccupiedCells
) -> Iterator[ContinuationPoint]:
    n = on.member.shape[0]
    forward = np.append(np.zeros(n), 1.0)
    for tau, online in itertools.product(
        np.linspace(0.0, 1.0, PARAMETER_VALUES_SEARCHED), ONLINE_SHARES_SEARCHED
    ):
        guess = np.append(on.member @ ((1.0 - online, online) / on.size), tau)
        state = problem.at(tau).start_state()
        try:
            found = problem.correct(on, guess, state, forward, tau)
            yield problem.point(on, *found, forward)
        except CorrectorFailure:
            continue


ON_CURVE_TOLERANCE = 0.1  # of a step: how far from a path a point may lie that is on it


def _passes_through(points: list[ContinuationPoint], start: ContinuationPoint) -> bool:
    """Whether a path passes through a start, between two of its points."""
    places = np.array([point.vector[-2:] for point in points])
    here, along = places[:-1], np.diff(places, axis=0)
    square = np.maximum(np.sum(along**2, axis=1), 1e-300)
    t = np.clip(np.sum((start.vector[-2:] - here) * along, axis=1) / square, 0.0, 1.0)
    off = np.linalg.norm(here + t[:, None] * along - start.vector[-2:], axis=1)
    return bool((off <= np.maximum(ON_CURVE_TOLERANCE * np.sqrt(square), 1e-9)).any())


SAME_BREAK_TOLERANCE = 1e-7  # break points nearer than this are one
ONLINE_CHANGE_TOLERANCE = 1e-5  # below which a deviation is between places


def _new_break(
    problem: ContinuationProblem,
    on: OccupiedCells,
    point: ContinuationPoint,
    dimension: int,
    known: list[PartlyOnlineBreak],
) -> list[PartlyOnlineBreak]:
    """Return a break point unless it is known, or moves people between places and online."""
    value = problem.value(point.tau)
    near = (m for m in known if abs(m.value - value) <= SAME_BREAK_TOLERANCE * max(1.0, abs(value)))
    if any(np.max(np.abs(m.share - point.share)) <= SAME_BREAK_TOLERANCE for m in near):
        return []
    local = problem.local(point.tau, point.share, point.state)
    if not np.ptp(local.attraction[on.cells[0]]) <= EQUAL_PAYOFF_TOLERANCE:
        raise InputError(
            "model",
            problem.model,
            "one whose places are paid alike, also where some people are online",
            "nege.bifurcation follows economies without symmetry.",
        )
    shapes = problem.neutral_deviations(on, local, dimension).T
    if np.max(np.abs(shapes[:, on.cells[1]])) > ONLINE_CHANGE_TOLERANCE:
        return []
    return [PartlyOnlineBreak(value, point.share, shapes)]


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
