"""The registry of problems: economies whose wages are to be found.

Each entry builds a :class:`Problem` from a size, a severity and a seed. Severity 0 is
the textbook economy (sigma 5, mu .4); towards 1 it moves to sigma 15 and mu .9, where
plain iteration contracts by only .7 per cent a step, and, where the entry has one,
trade costs fall from twice (in logs) the break point to the break point itself.

    entry        places                                                  break point
    plane        random points of the unit square, T = e^(tau distance)  -
    asymmetric   the same, dearer by up to e^.3 in a random direction    -
    circle       evenly around a circle of length one                    -
    racetrack    a circle with one step between neighbours               of the uniform economy
    two regions  one step apart                                          of dispersion
    grid         a square of cells, side one                             -
    line         random positions on a unit interval                     -
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

LARGEST_DENSE = 6000  # places whose matrix is worth building: 288 MB


@dataclasses.dataclass(frozen=True)
class Problem:
    """One economy with given shares of workers.

    Freeness between places is exp(-decay * distance), times ``skew`` where that is
    given; an online region, last, trades with all places at freeness ``online``.
    """

    name: str
    kind: str  # points, circle, grid, line or given (by its matrix)
    size: int  # regions, the online one included
    sigma: float
    mu: float
    tau: float
    share: np.ndarray
    farmers: np.ndarray
    coordinates: np.ndarray | None = None
    spacing: float = 1.0
    skew: np.ndarray | None = None
    online: float | None = None
    commission: np.ndarray | float = 0.0
    matrix: np.ndarray | None = None
    tags: frozenset[str] = frozenset()

    @property
    def decay(self) -> float:
        """By how much log freeness falls with a unit of distance."""
        return self.tau * (self.sigma - 1.0)

    @property
    def dense(self) -> bool:
        """Whether the matrix of freeness is small enough to build."""
        return self.size <= LARGEST_DENSE

    @functools.cached_property
    def freeness(self) -> np.ndarray:
        """K = T^(1-sigma), by origin and destination."""
        if self.matrix is not None:
            return self.matrix
        if not self.dense:
            raise MemoryError(f"{self.name}: {self.size} regions are too many for a matrix")
        places = np.exp(-self.decay * self._distance())
        if self.skew is not None:
            places = places * self.skew
        if self.online is not None:
            places = np.pad(places, (0, 1), constant_values=self.online)
            places[-1, -1] = 1.0
        places.flags.writeable = False
        return places

    def _distance(self) -> np.ndarray:
        places = self.size - (self.online is not None)
        if self.kind == "circle":
            steps = np.abs(np.arange(places)[:, None] - np.arange(places))
            return self.spacing * np.minimum(steps, places - steps)
        points = self.coordinates.reshape(places, -1)
        squares = sum((points[:, None, i] - points[:, i]) ** 2 for i in range(points.shape[1]))
        return np.sqrt(squares)


def hardness(severity: float) -> tuple[float, float]:
    """Return sigma and mu for a severity from 0 to 1."""
    return 5.0 * 3.0**severity, 0.4 + 0.5 * severity


def break_point(sigma: float, mu: float, regions: int) -> float:
    """Trade cost of a step below which the uniform economy of a racetrack breaks.

    Where the highest frequency's eta = sum_d K_d cos(pi d) / sum_d K_d falls below
    Z = mu (1 + rho)/(rho + mu^2), rho = (sigma-1)/sigma (Fujita, Krugman & Venables
    1999, chapters 5 and 6; two regions are its smallest case).
    """
    rho = (sigma - 1.0) / sigma
    threshold = mu * (1.0 + rho) / (rho + mu * mu)
    steps = np.minimum(np.arange(regions), regions - np.arange(regions))
    wave = np.cos(2.0 * np.pi * (regions // 2) * np.arange(regions) / regions)

    def excess(log_cost: float) -> float:
        freeness = np.exp((1.0 - sigma) * log_cost * steps)
        return float(freeness @ wave / freeness.sum() - threshold)

    return math.exp(brentq(excess, 1e-12, 50.0, xtol=1e-14))


def _draw(size: int, seed: int) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    rng = np.random.default_rng([2024, size, seed])
    share, farmers = rng.random(size) + 0.05, rng.random(size) + 0.05
    return rng, share / share.sum(), farmers / farmers.sum()


def _online(size: int, online: bool, sigma: float, farmers: np.ndarray) -> dict[str, object]:
    """Turn the last region into an online one: no farmers, a commission, its own trade cost."""
    if not online:
        return {"farmers": farmers}
    farmers = np.append(farmers[:-1] / farmers[:-1].sum(), 0.0)
    commission = np.zeros(size)
    commission[-1] = 0.1
    return {"farmers": farmers, "online": 1.5 ** (1.0 - sigma), "commission": commission}


def plane(
    size: int, severity: float = 0.0, seed: int = 0, *, tau: float = 1.0, skewed: bool = False
) -> Problem:
    """Random points of the unit square."""
    rng, share, farmers = _draw(size, seed)
    sigma, mu = hardness(severity)
    points, skew = rng.random((size, 2)), None
    if skewed:
        skew = np.exp((1.0 - sigma) * rng.uniform(0.0, 0.3, (size, size)))
        np.fill_diagonal(skew, 1.0)
    name = f"{'asymmetric ' if skewed else ''}plane, tau={tau:g}"
    tags = frozenset({"asymmetric" if skewed else "symmetric"})
    return Problem(
        name, "points", size, sigma, mu, tau, share, farmers, points, skew=skew, tags=tags
    )


def racetrack(size: int, severity: float = 0.0, seed: int = 0) -> Problem:
    """Places one step apart on a circle, trade costs approaching the break of the uniform one."""
    _, share, farmers = _draw(size, seed)
    sigma, mu = hardness(severity)
    tau = (2.0 - severity) * math.log(break_point(sigma, mu, size))
    tags = frozenset({"symmetric", "break"})
    name = "two regions" if size == 2 else "racetrack"
    return Problem(name, "circle", size, sigma, mu, tau, share, farmers, tags=tags)


def circle(
    size: int, severity: float = 0.0, seed: int = 0, *, tau: float = 5.0, online: bool = False
) -> Problem:
    """Places evenly around a circle of length one."""
    _, share, farmers = _draw(size, seed)
    sigma, mu = hardness(severity)
    return Problem(
        "circle", "circle", size, sigma, mu, tau, share, spacing=1.0 / (size - online),
        tags=frozenset({"symmetric", "circle"}), **_online(size, online, sigma, farmers),
    )  # fmt: skip


def grid(
    size: int, severity: float = 0.0, seed: int = 0, *, tau: float = 5.0, online: bool = False
) -> Problem:
    """Cells of a unit square; the number of places must be a square."""
    _, share, farmers = _draw(size, seed)
    sigma, mu = hardness(severity)
    side = math.isqrt(size - online)
    if side * side != size - online:
        raise ValueError(f"{size - online} cells do not make a square")
    y, x = np.divmod(np.arange(side * side), side)
    return Problem(
        "grid", "grid", size, sigma, mu, tau, share,
        coordinates=np.column_stack([y, x]) / side, spacing=1.0 / side,
        tags=frozenset({"symmetric", "grid"}), **_online(size, online, sigma, farmers),
    )  # fmt: skip


def line(
    size: int, severity: float = 0.0, seed: int = 0, *, tau: float = 5.0, online: bool = False
) -> Problem:
    """Random positions on a unit interval, in order."""
    rng, share, farmers = _draw(size, seed)
    sigma, mu = hardness(severity)
    return Problem(
        "line", "line", size, sigma, mu, tau, share, coordinates=np.sort(rng.random(size - online)),
        tags=frozenset({"symmetric", "line"}), **_online(size, online, sigma, farmers),
    )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Entry:
    """A kind of problem and the sizes and severities at which it is run."""

    name: str
    build: Callable[..., Problem]
    sizes: tuple[int, ...]
    severities: tuple[float, ...] = (0.0, 0.5, 0.9, 1.0)

    def problems(self, sizes: tuple[int, ...], severities: tuple[float, ...], seeds: int):
        """Yield (label, problem) for the sizes and severities that the entry has in common."""
        for size in self.sizes:
            for severity in self.severities:
                if (size in sizes or len(self.sizes) == 1) and severity in severities:
                    for seed in range(seeds):
                        label = f"{self.name}, R={size}, severity {severity:g}, seed {seed}"
                        yield label, self.build(size, severity, seed)


REGISTRY: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry("plane, tau=1", functools.partial(plane, tau=1.0), (10, 30, 100, 300, 1000, 3000)),
        Entry("plane, tau=10", functools.partial(plane, tau=10.0), (10, 30, 100, 300, 1000, 3000)),
        Entry(
            "asymmetric plane, tau=1",
            functools.partial(plane, tau=1.0, skewed=True),
            (10, 30, 100, 300, 1000, 3000),
        ),
        Entry(
            "asymmetric plane, tau=10",
            functools.partial(plane, tau=10.0, skewed=True),
            (10, 30, 100, 300, 1000, 3000),
        ),
        Entry("two regions", racetrack, (2,)),
        Entry("racetrack", racetrack, (10, 30, 100, 300)),
        Entry("circle", circle, (30, 100, 300, 1000)),
        Entry("grid", grid, (100,)),
        Entry("line", line, (10, 30, 100, 300, 1000)),
    )
}
