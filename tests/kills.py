"""A sweep that is killed again and again, and what is left of it: for tests and benchmarks.

Run as a program it is the sweep: it notes each unit before it solves it.
"""

from __future__ import annotations

import pathlib
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import NamedTuple

import numpy as np

import nege
from nege.sweeps.functionals import Evaluations
from nege.sweeps.work_units import LongRuns

FIRST_NOTE = 120  # seconds within which a run has to get going


class Killed(NamedTuple):
    """What became of a sweep that was killed."""

    kills: int
    units: int
    solved: Counter  # how often each unit was begun
    different: list  # variables in which the store is not what an uninterrupted run makes

    @property
    def same(self) -> bool:
        """Whether it is that to the last bit."""
        return not self.different


def real_wages(economy):
    """Return what a function may: a table, a list as long as it happens to be, a word."""
    found = nege.short_run(economy, [0.2, 0.3, 0.5]).data["real_wage"]
    high = [float(wage) for wage in found if wage > found.mean()]
    return {"paid": found, "high": high, "best": str(found.idxmax().item())}


def sweep(store, units, **keywords):
    """Lines of two digital costs each, a unit to a line, from an economy of three regions."""
    online = nege.OnlineRegion(trade_cost=1.5)
    places = nege.geography.equidistant(2)
    economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.8, online=online)
    grid = {"online_trade_cost": [1.5, 1.1], "mu": np.linspace(0.2, 0.4, units)}
    return nege.sweep(economy, grid, store=store, unit=2, **keywords)


def different(a, b):
    """Return the variables in which two sweeps differ, be it by the last bit."""
    return sorted(map(str, set(a.variables) ^ set(b.variables))) + [
        str(name)
        for name in set(a.data_vars) & set(b.data_vars)
        if a[name].dtype.kind != "T" and a[name].values.tobytes() != b[name].values.tobytes()
    ]


def same(a, b):
    """Whether two sweeps agree to the last bit."""
    return not different(a, b)


def run(folder: pathlib.Path, *, units: int, kills: int, seed: int, of: str = "") -> Killed:
    """Kill a sweep at random moments, that of a function if one is named; end it, and compare."""
    rng = np.random.default_rng(seed)
    store, notes = folder / "killed.zarr", folder / "notes"
    notes.touch()
    command = [sys.executable, __file__, str(store), str(notes), str(units), of]
    done = 0
    for _ in range(kills):
        begun = len(notes.read_text().split())
        goal = begun + int(rng.integers(1, max(2, 2 * (units - begun) // (kills + 1))))
        process = subprocess.Popen(command)
        limit = time.monotonic() + FIRST_NOTE
        while len(notes.read_text().split()) < goal and process.poll() is None:
            assert time.monotonic() < limit, "the sweep does not get going"
            time.sleep(0.001)
        time.sleep(rng.uniform(0.0, 0.02))  # anywhere in a unit, solving or writing
        process.send_signal(signal.SIGKILL)
        done += process.wait() == -signal.SIGKILL
    subprocess.run(command, check=True)
    whole = sweep(folder / "whole.zarr", units, of=globals().get(of))
    return Killed(
        done, units, Counter(notes.read_text().split()), different(nege.load(store), whole)
    )


def _note(path):
    """Write down each unit before it is solved."""
    for work in (LongRuns, Evaluations):
        work.solve = _noted(work.solve, pathlib.Path(path))


def _noted(solve, path):
    def noted(self, block, *more):
        with path.open("a") as file:
            file.write(f"{block[0].start}-{block[1].start}\n")
        return solve(self, block, *more)

    return noted


if __name__ == "__main__":
    _note(sys.argv[2])
    sweep(sys.argv[1], int(sys.argv[3]), of=globals().get(sys.argv[4]))
