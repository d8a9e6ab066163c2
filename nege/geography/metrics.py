"""Metrics: distances between places, by rule on circles, lines and grids, by table elsewhere.

A metric is what solvers read of a geography: they can multiply by the trade costs of
a circle, a line or a grid without ever holding its matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nege.immutable import Frozen, frozen

__all__ = ["Circle", "Grid", "Line", "Matrix", "Metric"]

Floats = NDArray[np.float64]

#: Testing every detour takes n³ steps; beyond this many places it is not done.
LIMIT_TRIANGLE = 1000


class Metric(Frozen):
    """How far apart places are, known by rule or by table."""

    def __len__(self) -> int:
        """Count the places."""
        raise NotImplementedError

    def among(self, places: NDArray[np.intp]) -> Floats:
        """Return the distances among some of the places, given by position."""
        raise NotImplementedError

    def rows(self, start: int, stop: int) -> Floats:
        """Return the distances from the places start..stop to all, (stop - start, n)."""
        raise NotImplementedError

    def dense(self) -> Floats:
        """Return all distances as an (n, n) C-contiguous matrix, origin by destination."""
        return self.among(np.arange(len(self)))


@dataclass(frozen=True, eq=False)
class Matrix(Metric):
    """Distances from a table: `values[origin, destination]`."""

    values: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, np.float64))

    def __len__(self) -> int:
        return len(self.values)

    def among(self, places: NDArray[np.intp]) -> Floats:
        """Cut rows and columns out of the table."""
        return np.ascontiguousarray(self.values[np.ix_(places, places)])

    def rows(self, start: int, stop: int) -> Floats:
        """Cut rows out of the table."""
        return self.values[start:stop]

    def dense(self) -> Floats:
        """Return the table itself."""
        return self.values


@dataclass(frozen=True)
class Circle(Metric):
    """`n` places one step apart on a circle, |i - j| or n - |i - j|."""

    n: int

    def __len__(self) -> int:
        return self.n

    def among(self, places: NDArray[np.intp]) -> Floats:
        """Count steps along the shorter way round."""
        return self._steps(places, places)

    def rows(self, start: int, stop: int) -> Floats:
        """Count steps along the shorter way round."""
        return self._steps(np.arange(start, stop), np.arange(self.n))

    def _steps(self, here: NDArray[np.intp], there: NDArray[np.intp]) -> Floats:
        steps: Floats = np.abs(np.subtract.outer(here, there)).astype(np.float64)
        return np.minimum(steps, self.n - steps)


@dataclass(frozen=True, eq=False)
class Line(Metric):
    """Places at increasing `positions` on a line, |p_i - p_j|."""

    positions: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", frozen(self.positions, np.float64))

    def __len__(self) -> int:
        return len(self.positions)

    def among(self, places: NDArray[np.intp]) -> Floats:
        """Subtract positions."""
        positions = self.positions[places]
        return np.abs(np.subtract.outer(positions, positions))

    def rows(self, start: int, stop: int) -> Floats:
        """Subtract positions."""
        return np.abs(np.subtract.outer(self.positions[start:stop], self.positions))


@dataclass(frozen=True)
class Grid(Metric):
    """Cells of `ny` rows and `nx` columns, counted row by row, one step apart."""

    ny: int
    nx: int

    def __len__(self) -> int:
        return self.ny * self.nx

    def among(self, places: NDArray[np.intp]) -> Floats:
        """Measure straight between the centres of cells."""
        return self._straight(places, places)

    def rows(self, start: int, stop: int) -> Floats:
        """Measure straight between the centres of cells."""
        return self._straight(np.arange(start, stop), np.arange(len(self)))

    def _straight(self, here: NDArray[np.intp], there: NDArray[np.intp]) -> Floats:
        (y, x), (row, column) = np.divmod(here, self.nx), np.divmod(there, self.nx)
        return np.hypot(np.subtract.outer(y, row), np.subtract.outer(x, column))


@np.errstate(all="ignore")  # numbers as small and large as any are multiples of nothing
def last_digit(distance: Floats) -> float:
    """Return the power of ten to which all distances are rounded, 0 if to none that shows.

    It shows in numbers of two to seven digits: all are whole multiples of it. What places are from
    themselves is often computed, not rounded, and does not count.
    """
    apart = distance[~np.eye(len(distance), dtype=bool)]
    middle = float(np.median(apart))
    if not 0.0 < middle < np.inf:
        return 0.0
    largest = int(np.floor(np.log10(middle))) - 1
    for power in range(largest, largest - 6, -1):
        multiples = apart / 10.0**power
        if np.abs(multiples - np.rint(multiples)).max() < 1e-3:
            return 10.0**power
    return 0.0


def shortcut(distance: Floats, names: Sequence[str]) -> str:
    """Name the detour that saves most, if any; iceberg costs would be undercut by it.

    What a rounding of three numbers, of the way and of both legs, explains is no detour.
    """
    n = len(names)
    if n > LIMIT_TRIANGLE:
        return ""
    limit = distance * (1 - 1e-9) - 1.5 * last_digit(distance)
    np.fill_diagonal(limit, 0.0)
    worst, triple = 0.0, (0, 0, 0)
    saving = np.empty_like(distance)
    for middle in range(n):
        np.add.outer(distance[:, middle], distance[middle], out=saving)
        np.subtract(limit, saving, out=saving)
        if saving.max() > worst:
            start, end = divmod(int(saving.argmax()), n)
            worst, triple = float(saving[start, end]), (start, middle, end)
    if not worst:
        return ""
    start, middle, end = triple
    return (
        f"From {names[start]!r} to {names[end]!r} the distance is {distance[start, end]:g}, but "
        f"only {distance[start, middle] + distance[middle, end]:g} through {names[middle]!r}. "
        "Iceberg costs would be undercut by transhipment: goods would be cheaper by that detour "
        "than the model lets them be. If that is not meant, replace distances by shortest ways, "
        "for example with scipy.sparse.csgraph.floyd_warshall."
    )
