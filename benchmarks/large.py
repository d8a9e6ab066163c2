"""Economies so large that memory is what counts, each solved in a process of its own.

    python -m benchmarks.large grid

prints, as JSON, CPU seconds and peak memory of one labelled short run, and its residual
measured anew at a sample of regions by sums over all of them. JAX is not loaded, and
what was measured before does not count. Kernels compile on a small economy first.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import resource
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import nege
from nege.geography import Geography, Metric

SAMPLE = 1000
SMALL = 2500  # enough for the operator that a large economy gets
Distances = Callable[[int], np.ndarray]  # from one place to all


class Case(NamedTuple):
    """A geography, its distances worked out apart from nege, and a trade cost."""

    geography: Geography
    distances: Distances
    trade_cost: float


@dataclasses.dataclass(frozen=True, eq=False)
class Plane(Metric):
    """Points of a plane, as far apart as the straight way, without a table."""

    points: np.ndarray  # (n, 2)

    def __len__(self) -> int:
        return len(self.points)

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Measure straight from some places to all."""
        across, along = (np.subtract.outer(x[start:stop], x) for x in self.points.T)
        return np.hypot(across, along, out=across)


def on_grid(n: int) -> Case:
    """Cells of a square plain, which trade over several hundred of them."""
    side = round(n**0.5)
    steps = np.arange(side)

    def distances(place: int) -> np.ndarray:
        y, x = divmod(place, side)
        return np.sqrt((steps[:, None] - y) ** 2 + (steps - x) ** 2).ravel()

    return Case(nege.geography.grid(side, side), distances, 1.003)


def on_circle(n: int) -> Case:
    """Places on a circle, which trade over several thousand of them."""
    steps = np.arange(n)

    def distances(place: int) -> np.ndarray:
        return np.minimum(np.abs(steps - place), n - np.abs(steps - place))

    return Case(nege.geography.racetrack(n), distances, 1.0001)


def on_line(n: int) -> Case:
    """Places at uneven steps along a line."""
    positions = np.arange(n) + np.random.default_rng(0).random(n)
    return Case(
        nege.geography.line(positions), lambda place: np.abs(positions - positions[place]), 1.0001
    )


def on_plane(n: int) -> Case:
    """Random points of the unit square, local trade; symmetric, and otherwise of no pattern."""
    points = np.random.default_rng(0).random((n, 2))
    geography = Geography(tuple(map(str, range(n))), Plane(points), "sides", "points of a plane")

    def distances(place: int) -> np.ndarray:
        return np.sqrt(((points - points[place]) ** 2).sum(axis=1))

    return Case(geography, distances, float(np.exp(10)))


CASES: dict[str, tuple[Callable[[int], Case], int]] = {
    "grid": (on_grid, 1_000_000),
    "circle": (on_circle, 1_000_000),
    "uneven line": (on_line, 1_000_000),
    "plane": (on_plane, 20_000),
}


def measure(name: str, size: int | None = None) -> dict[str, Any]:
    """Solve one case, and the online region with it, and say what that took.

    Parameters
    ----------
    name : str
        Which of ``CASES``.
    size : int, optional
        Number of places; that of the case by default.

    Returns
    -------
    dict
        CPU seconds of the short run with all that it makes, peak resident memory of
        the process in GB until then, the residual at the sample, operator and
        iterations.
    """
    make, places = CASES[name]
    nege.short_run(*economy(make(min(SMALL, size or places))))
    case = make(size or places)
    model, share = economy(case)
    began = time.process_time()
    found = nege.short_run(model, share)
    seconds = time.process_time() - began
    return {
        "seconds": seconds,
        "peak": peak_memory() / 1e9,
        "residual": sampled_residual(found, case.distances),
        "operator": found.operator,
        "iterations": found.iterations,
    }


def economy(case: Case) -> tuple[nege.CorePeriphery, np.ndarray]:
    """Return a case as an economy with an online region, and the shares to solve it for."""
    model = nege.CorePeriphery(
        case.geography,
        sigma=5,
        mu=0.4,
        trade_cost=case.trade_cost,
        online=nege.OnlineRegion(trade_cost=1.2, commission=0.05),
    )
    share = np.random.default_rng(1).random(len(model.regions)) + 0.05
    return model, share / share.sum()


def sampled_residual(found: nege.Equilibrium, distances: Distances, sample: int = SAMPLE) -> float:
    """Largest violation of the equations at a sample of regions, the online one included.

    Wages and price indices are compared with plain sums over all regions, incomes with
    their equation everywhere. The equations are at the top of
    ``nege/models/classical/core_periphery.py``; nothing here comes from its kernels.
    """
    model, data = found.model, found.data
    share, wage = data["share"].values, data["wage"].values
    price, income = data["price_index"].values, data["income"].values
    sigma, mu, n = model.sigma, model.mu, len(model.geography)
    more = len(share) - n  # the online region, if there is one
    commission = np.zeros(n + more)
    farmers = np.append(model.farmers.values, np.zeros(more))
    digital = 0.0
    if model.online is not None:
        commission[n], digital = model.online.commission, model.online.trade_cost ** (1 - sigma)
    mill = wage / (1 - commission)
    rebate = mu * np.sum(share * mill * commission)
    true_income = mu * share * wage + farmers * (1 - mu + rebate)
    sent, demand = share * mill ** (1 - sigma), true_income * price ** (sigma - 1)
    power = (1 - sigma) * np.log(model.trade_cost)
    worst = np.max(np.abs(income / true_income - 1), where=true_income > 0, initial=0.0)
    freeness = np.empty(n + more)
    for region in np.unique(np.linspace(0, n + more - 1, sample).astype(int)):
        if region < n:
            np.exp(power * distances(region), out=freeness[:n])
            freeness[n:] = digital
        else:
            freeness[:n], freeness[n] = digital, 1.0
        paid = (1 - commission[region]) * (freeness @ demand) ** (1 / sigma)
        charged = (freeness @ sent) ** (1 / (1 - sigma))
        here = (abs(paid / wage[region] - 1), abs(charged / price[region] - 1))
        if not max(here) <= worst:  # so that NaN is carried on
            worst = max(here)
    return float(worst) if np.isfinite(worst) else np.inf


def peak_memory() -> int:
    """Bytes that this process has held at most.

    From the kernel's account of this program alone, where there is one: the other one
    starts from what the process that launched it held.
    """
    status = pathlib.Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text("ascii").splitlines())
        if "VmHWM" in lines:
            return int(lines["VmHWM"].split()[0]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
