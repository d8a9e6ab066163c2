"""Long runs of many places, each in a process of its own with a limit.

    python -m benchmarks.long_runs plane-1000

prints one line of JSON for every call of ``nege.solve``: CPU seconds, what stands in the way
where nege refuses, and how the answer ended, its violation of the published equations
included. The first call compiles and warms up; a process that reaches its limit is killed,
and what it printed before counts.
"""

from __future__ import annotations

import dataclasses
import json
import math
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import nege
from benchmarks import large, measure, ours, processes
from benchmarks.problems import MU, SIGMA, plane, residual

CALLS, BUDGET = 3, 20.0  # timed calls at most, and CPU seconds after which no other one begins
GOOD, SAME, EMPTY = 1e-9, 1e-8, 1e-9  # violations, payoffs, and shares that count as none
LOCAL = 3.0  # trade cost of a step: so local that dispersion is stable
Violation = Callable[[nege.Equilibrium], float]


class Made(NamedTuple):
    """An economy, where it starts, and what its short run leaves, measured apart from nege."""

    model: Any
    start: np.ndarray
    violation: Violation


def _plane(size: int, severity: float) -> Made:
    p = plane(size, severity)

    def violation(found: nege.Equilibrium) -> float:
        reached = dataclasses.replace(p, share=found.data["share"].values)
        return residual(reached, found.data["wage"].values)

    return Made(ours.economy(p), p.share, violation)


def _local(case: large.Case) -> Made:
    """Return places that trade with their neighbours, where farmers are not spread evenly."""
    size = len(case.geography)
    farmers = np.random.default_rng(0).uniform(0.9, 1.1, size)
    farmers /= farmers.sum()
    model = nege.CorePeriphery(
        case.geography, sigma=SIGMA, mu=MU, trade_cost=LOCAL, farmers=farmers
    )
    return Made(model, farmers, lambda found: large.sampled_residual(found, case.distances))


def _quantitative(size: int) -> Made:
    """Return places like the German counties: random ones, trade and housing as in the data."""
    rng = np.random.default_rng(0)
    x = rng.random((size, 2))
    distance = np.hypot(*(x[:, None] - x[None]).transpose(2, 0, 1)) + 0.02
    model = nege.Helpman(
        nege.geography.from_distance(np.ones((size, size)) - np.eye(size)),
        sigma=4,
        mu=0.7,
        trade_cost=(distance / distance.min()) ** (1.29 / 3.0),
        productivity=rng.uniform(0.8, 1.25, size),
        amenity=rng.uniform(0.8, 1.25, size),
        housing=rng.uniform(0.2, 5.0, size),
    )
    start = np.full(size, 1.0 / size)
    return Made(model, start, lambda found: max(nege.testing.violations(found).values()))


@dataclasses.dataclass(frozen=True)
class Case:
    """An economy, and the CPU seconds that its process has."""

    make: Callable[[], Made]
    limit: float


def case(name: str) -> Case:
    """Return a case by its name: kind, size, and for planes how hard it is."""
    kind, size, *severity = name.split("-")
    n = int(size)
    if kind == "plane":
        return Case(lambda: _plane(n, float(severity[0])), 60.0 if n <= 1000 else 240.0)
    if kind == "quantitative":
        return Case(lambda: _quantitative(n), 60.0)
    places = {"grid": large.on_grid, "circle": large.on_circle}[kind]
    return Case(lambda: _local(places(n)), 60.0 if n <= 20_000 else 500.0)


@dataclasses.dataclass(frozen=True)
class Found:
    """What came of a case."""

    seconds: float | None  # CPU seconds of a call, the median; None where there is none
    note: str


def alone(name: str) -> Found:
    """Solve a case in a process of its own."""
    done = processes.run("-m", "benchmarks.long_runs", name)
    lines = [json.loads(line) for line in done.output.splitlines() if line.startswith("{")]
    limit = case(name).limit
    if lines and "refused" in lines[0]:
        return Found(None, f"not served: {lines[0]['refused']}")
    if not lines:
        # The limit is a signal, which leaves no message.
        late = f"not done after {limit:g} s"
        return Found(None, late if done.code < 0 else processes.reason(done))
    ends = "; ".join(f"{key} {value}" for key, value in lines[0]["ends"].items())
    if not lines[0]["fine"]:
        return Found(None, f"not solved: {ends}")
    timed = [line["seconds"] for line in lines[1:]]
    if not timed:
        return Found(lines[0]["seconds"], f"{ends}; the first call, the limit of {limit:g} s hit")
    return Found(statistics.median(timed), ends)


def main(name: str) -> None:
    """Solve one case and print what every call took."""
    chosen = case(name)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(chosen.limit),) * 2)
    model, start, violation = chosen.make()
    began = time.process_time()
    try:
        found = nege.solve(model, start)
    except nege.NegeError as error:
        print(json.dumps({"refused": " ".join(str(error).split())[:160]}), flush=True)
        return
    first = time.process_time() - began
    print(json.dumps({"seconds": first, **judged(found, violation(found))}), flush=True)
    spent = 0.0
    while spent < BUDGET:
        seconds = measure.repeated(lambda: nege.solve(model, start))
        print(json.dumps({"seconds": seconds}), flush=True)
        spent += max(seconds, BUDGET / CALLS)


def judged(found: nege.Equilibrium, violation: float) -> dict[str, Any]:
    """Say how a long run ended, and whether it may count."""
    gap = _payoff_gap(found)
    ends = {
        "violation": f"{violation:.0e}",
        "payoffs equal to": f"{gap:.0e}",
        "occupied": int(np.sum(found.data["share"].values > EMPTY)),
    }
    return {"ends": ends, "fine": bool(found.converged and violation <= GOOD and gap <= SAME)}


def _payoff_gap(found: nege.Equilibrium) -> float:
    """Return by how much payoffs of occupied places differ, or empty ones pay more."""
    data = found.data
    if isinstance(found.model, nege.CorePeriphery):
        payoff = data["wage"].values * data["price_index"].values ** -found.model.mu
    else:
        payoff = data["real_income"].values
    share = data["share"].values
    occupied = share > EMPTY
    off = payoff / (share @ payoff) - 1.0
    return float(max(np.max(np.abs(off[occupied])), np.max(off)))


if __name__ == "__main__":
    main(sys.argv[1])
