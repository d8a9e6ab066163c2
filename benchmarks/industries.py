"""Industries that choose places and channels: the long run, beside SciPy and a damped loop.

    python -m benchmarks.industries 400

solves one economy in a process of its own and prints, as JSON, CPU seconds, peak memory and
what the equations, recomputed from the labelled result, leave.

Peers are handed nege's own compiled residual, in logs and over all unknowns at once, and
start where nege starts. They find a rest point, nege a stable one. An answer is held
against the published equations in plain NumPy, ``model.audit``; whoever is not done after
``LIMIT`` CPU seconds has failed.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.optimize
import xarray as xr

import nege
from benchmarks import measure, processes
from benchmarks.contest import Call, Method, race
from benchmarks.large import peak_memory
from benchmarks.rows import Races, Row, duration
from benchmarks.verify import tests
from nege.models.agglomeration import equations

STEP = 6  # of the digital turn: institutions apart, services about to go online
SPREAD = 2.0  # side of the square of random places, which are about one apart
GOOD, GOOD_DRAWS = 1e-10, 1e-9  # violations of equations, relative; of one ill-conditioned
LIMIT, DRAW_LIMIT = 60.0, 2.0  # CPU seconds, by random draw
DRAWS = 25
TARGETS = {4: 0.005, 50: 1.0, 400: 20.0}  # CPU seconds by places
MEMORY = 3.0  # GB, of the largest
QUICK = (4, 50)

PRICES, MOVERS = 0.2, 0.3  # by how much the loop moves them; larger ones do not converge
TOLERANCE = 1e-12
HYBR = {"xtol": 1e-13}
KRYLOV = {"fatol": TOLERANCE, "maxiter": 300, "jac_options": {"method": "gmres"}}


@dataclasses.dataclass(frozen=True)
class Economy:
    """A long run to be found: two industries, two channels."""

    name: str
    model: nege.OnlineAgglomeration
    movers: np.ndarray  # firms and people at the start, as ``check_share`` returns them
    limit: float = LIMIT  # CPU seconds that peers have

    @property
    def size(self) -> int:
        """Number of places."""
        return len(self.model.geography)

    @functools.cached_property
    def start(self) -> np.ndarray:
        """All unknowns, in logs, where everybody starts; without remote labour."""
        model = self.model
        start = model._unknowns.with_movers(self.movers, model.start_state())
        start[-2] = 0.0
        return start

    def excess(self, x: np.ndarray) -> np.ndarray:
        """Return the residual of every equation."""
        found = np.empty_like(x)
        with np.errstate(all="ignore"):
            equations.evaluate(self.model.arrays, x, found)
        found[-2] = 0.0
        return found


def digital_turn(size: int, seed: int = 0) -> Economy:
    """Return a step of the digital turn: 4 equidistant places, or random ones of a plane."""
    if size == 4:
        places, weight = nege.geography.equidistant(4), np.ones(4)
    else:
        rng = np.random.default_rng([seed, size])
        points = SPREAD * rng.random((size, 2))
        apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
        places, weight = nege.geography.from_distance(apart), rng.uniform(0.5, 2.0, size)
    path = nege.scenarios.digital_turn(places)
    economy = nege.OnlineAgglomeration(places, home_weight=weight, land=weight / weight.sum())
    moved = {str(name): values.sel(step=STEP) for name, values in path.data_vars.items()}
    return Economy(f"industries P={size}", economy.replace(moved), economy.default_start())


def drawn(seed: int) -> Economy:
    """Return one of the random economies of ``verify``, without remote labour."""
    draws = tests("draws_agglomeration")
    model, start = draws.economy(seed, remote_labour_share=0.0)
    return Economy(f"industries, draw {seed}", model, model.check_share(start), DRAW_LIMIT)


def violation(economy: Economy, answer: np.ndarray | xr.Dataset) -> float:
    """Return the largest violation of the published equations, recomputed from labelled data."""
    model = economy.model
    with np.errstate(all="ignore"):
        data = answer if isinstance(answer, xr.Dataset) else model.label(answer, answer)
        rest = model.audit_motion(data, nege.Replicator())
        worst = np.max([*model.audit(data).values(), *rest.values()])
    return float(worst) if np.isfinite(worst) else np.inf


# --- who takes part


def _kernel(economy: Economy) -> Call:
    model, share, state = economy.model, economy.movers, economy.start
    options = nege.SolverOptions()
    return lambda: model.own_long_run(share, state, nege.Replicator(), options).state


def _labelled(economy: Economy) -> Any:
    return lambda: nege.solve(economy.model).data


def _in_time(function: Callable[[np.ndarray], Any], limit: float) -> Callable[[np.ndarray], Any]:
    """Return the same function, which stops whoever calls it after the limit."""
    began = time.process_time()

    def limited(x: np.ndarray) -> Any:
        if time.process_time() - began > limit:
            raise TimeoutError(f"not done after {limit:g} CPU s")
        return function(x)

    return limited


def _root(method: str, options: dict[str, Any]) -> Callable[[Economy], Call]:
    def prepare(economy: Economy) -> Call:
        economy.excess(economy.start)  # compiled before the limit runs

        def solve() -> np.ndarray:
            excess = _in_time(economy.excess, economy.limit)
            found = scipy.optimize.root(excess, economy.start, method=method, options=options)
            return np.asarray(found.x)

        return solve

    return prepare


def _textbook(economy: Economy) -> Call:
    """Prices follow excess demand, firms profits and people utility, all at once and damped.

    The dividend is what land and platforms earn, and the numeraire is restored in each round.
    """
    model, p = economy.model, economy.model.arrays
    k, land = len(model.industries), model.land.values
    damping = np.full((economy.size, 4 * k + equations.LOCAL), PRICES)
    damping[:, [*range(2 * k), -1]] = MOVERS
    part = np.append(damping.ravel(), [0.0, 0.0])
    nominal, rent = slice(2 * k, 4 * k + 2), 4 * k + equations.RENT
    economy.excess(economy.start)  # compiled before the limit runs

    def solve() -> np.ndarray:
        x, left = economy.start.copy(), np.empty_like(economy.start)

        def commission(x: np.ndarray) -> np.ndarray:
            return equations.evaluate(p, x, left).totals[equations.COMMISSION]

        earn = _in_time(commission, economy.limit)
        while True:
            earned = earn(x)
            left[-2] = 0.0
            if np.max(np.abs(left)) <= TOLERANCE * 10:
                return x
            if not np.isfinite(left).all():
                raise RuntimeError("diverged")
            x = x + part * left
            rows = model._unknowns.rows(x)
            rows[:, nominal] -= left[-1]
            x[-1] = np.exp(rows[:, rent]) @ land + earned * np.exp(-left[-1])

    return solve


NEGE = Method("nege", "nege", _kernel)
LABELLED = Method("nege labelled API", "nege labelled", _labelled)
PEERS = (
    Method("scipy hybr", "scipy", _root("hybr", HYBR)),
    Method("scipy krylov", "scipy", _root("krylov", KRYLOV)),
    Method("damped loop", "textbook", _textbook),
)


# --- rows of the table


def rows(races: Races, *, quick: bool) -> Iterator[Row]:
    """CPU seconds of the solve by number of places, with what peers take; memory of the largest."""
    for size in QUICK if quick else TARGETS:
        economy = digital_turn(size)
        found = race(
            economy,
            (NEGE, LABELLED, *PEERS),
            rounds=3 if quick else 7,
            budget=0.3 if quick else 3.0,
            residual=violation,
            good=GOOD,
        )
        races[economy.name] = found
        seconds = {name: entry["seconds"] for name, entry in found.items()}
        others = (
            f"{peer.name} {duration(seconds[peer.name]) if seconds[peer.name] else 'failed'}"
            for peer in PEERS
        )
        note = f"labelled {duration(seconds[LABELLED.name])}; {', '.join(others)}"
        mine = measure.median(seconds[NEGE.name])
        yield Row(f"{economy.name}, long run, CPU s", mine, TARGETS[size], False, note)
    yield _draws_row(5 if quick else DRAWS)
    if not quick:
        largest = max(TARGETS)
        alone = processes.industries(largest)
        note = f"{alone['seconds']:.1f} s, equations hold to {alone['violation']:.0e}"
        work = f"industries P={largest}, peak memory, GB"
        yield Row(work, alone["peak"], MEMORY, False, note)


def _draws_row(count: int) -> Row:
    """How many random economies are solved by whom: speed is of no use to those who fail."""
    methods = (NEGE, *PEERS)
    solved = dict.fromkeys((method.name for method in methods), 0)
    for seed in range(count):
        found = race(
            drawn(seed), methods, rounds=1, budget=0.0, residual=violation, good=GOOD_DRAWS
        )
        for name, entry in found.items():
            solved[name] += entry["failure"] is None
    share = {name: 100.0 * number / count for name, number in solved.items()}
    note = ", ".join(f"{peer.name} {share[peer.name]:.0f}" for peer in PEERS)
    work = "random economies of industries solved, %"
    return Row(work, share[NEGE.name], 100.0, True, f"{count} draws; {note}")


def alone(size: int) -> dict[str, float]:
    """Solve one economy and say what that took; kernels compile on a smaller one first."""
    nege.solve(digital_turn(min(size, 45)).model)
    economy = digital_turn(size)
    began = time.process_time()
    found = nege.solve(economy.model)
    return {
        "seconds": time.process_time() - began,
        "peak": peak_memory() / 1e9,
        "violation": violation(economy, found.data),
    }


if __name__ == "__main__":
    print(json.dumps(alone(int(sys.argv[1]))))
