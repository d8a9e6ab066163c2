"""The economies that are measured: name, builder, sizes, and how hard they are.

All are short runs of the core-periphery model given by their freeness matrix, so that
every method, nege or peer, is handed the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SIGMA, MU = 5.0, 0.4


@dataclass(frozen=True)
class Problem:
    """A short run: find wages that clear markets."""

    name: str
    freeness: np.ndarray  # (R, R), by origin and destination
    share: np.ndarray
    farmers: np.ndarray
    sigma: float = SIGMA
    mu: float = MU

    @property
    def size(self) -> int:
        """Number of regions."""
        return len(self.share)

    @property
    def symmetric(self) -> bool:
        """Whether trade is as free both ways."""
        return bool(np.array_equal(self.freeness, self.freeness.T))


def residual(problem: Problem, wage: np.ndarray) -> float:
    """Return max |F(w)/w - 1|: the one measure that every answer is held against."""
    p = problem
    price = (p.share * wage ** (1 - p.sigma)) @ p.freeness
    income = p.mu * p.share * wage + (1 - p.mu) * p.farmers
    with np.errstate(all="ignore"):
        paid = (p.freeness @ (income / price)) ** (1 / p.sigma)
        worst = np.max(np.abs(paid / wage - 1))
    return float(worst) if np.isfinite(worst) else np.inf


def plane(size: int, severity: float, seed: int = 0, *, skew: float = 0.0) -> Problem:
    """Random places on a unit square, T = exp(severity distance); severity 1 easy, 10 hard."""
    rng = np.random.default_rng([seed, size])
    points = rng.random((size, 2))
    distance = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    freeness = np.exp((1 - SIGMA) * severity * distance)
    if skew:
        freeness *= np.exp(-skew * rng.random((size, size)))
        np.fill_diagonal(freeness, 1.0)
    share, farmers = rng.random(size) + 0.05, rng.random(size) + 0.05
    kind = "asymmetric plane" if skew else "plane"
    return Problem(
        f"{kind} R={size} tau={severity:g}", freeness, share / share.sum(), farmers / farmers.sum()
    )


def asymmetric(size: int, severity: float, seed: int = 0) -> Problem:
    """Return the same with trade costs that differ by direction."""
    return plane(size, severity, seed, skew=0.5)


def racetrack(size: int, severity: float, seed: int = 0) -> Problem:
    """Places on a circle, nearly uniform shares, close to where dispersion breaks.

    Severity is minus the decimal logarithm of the distance to the break point.
    """
    rng = np.random.default_rng([seed, size])
    steps = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    steps = np.minimum(steps, size - steps)
    step = (7 - 4 * np.sqrt(3)) * (1 + 10.0**-severity)
    share = 1 + 0.01 * rng.standard_normal(size)
    return Problem(
        f"racetrack R={size} severity {severity:g}",
        step**steps,
        share / share.sum(),
        np.full(size, 1 / size),
    )


def hard(size: int, severity: float, seed: int = 0) -> Problem:
    """Random places with sigma = 15, mu = 0.9: the wage map hardly contracts."""
    easy = plane(size, severity, seed)
    freeness = easy.freeness ** (14 / 4)
    name = f"hard plane R={size} tau={severity:g}"
    return Problem(name, freeness, easy.share, easy.farmers, 15.0, 0.9)


REGISTRY: dict[str, tuple[Callable[..., Problem], tuple[int, ...], tuple[float, ...]]] = {
    "plane": (plane, (10, 30, 100, 300), (1.0, 3.0, 10.0)),
    "asymmetric": (asymmetric, (10, 30, 100, 300), (1.0, 3.0, 10.0)),
    "racetrack": (racetrack, (12, 48, 192), (1.0, 3.0, 6.0)),
    "hard": (hard, (10, 30, 100), (1.0, 3.0)),
}


def profile(*, quick: bool) -> list[Problem]:
    """Return the problems of the performance profile."""
    seeds = (0,) if quick else (0, 1)
    return [
        build(size, severity, seed)
        for build, sizes, severities in REGISTRY.values()
        for size in (sizes[:2] if quick else sizes)
        for severity in severities
        for seed in seeds
    ]
