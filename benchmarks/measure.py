"""How things are timed: CPU seconds of the whole process, medians, peers turn by turn."""

from __future__ import annotations

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

Call = Callable[[], Any]
SHORTEST = 2e-3  # seconds; faster calls are repeated within one measurement


def _cpu() -> float:
    return time.clock_gettime_ns(time.CLOCK_PROCESS_CPUTIME_ID) * 1e-9


def once(call: Call) -> float:
    """CPU seconds of one call."""
    began = _cpu()
    call()
    return _cpu() - began


def together(calls: dict[str, Call], *, rounds: int = 5, budget: float = 3.0) -> dict[str, float]:
    """Median CPU seconds of several calls, measured turn by turn so that noise hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    repeats = {
        name: max(1, int(SHORTEST / max(min(once(call) for _ in range(3)), 1e-7)))
        for name, call in calls.items()
    }
    began = time.perf_counter()
    while True:
        for name, call in calls.items():
            start = _cpu()
            for _ in range(repeats[name]):
                call()
            times[name].append((_cpu() - start) / repeats[name])
        done = min(map(len, times.values()))
        late = time.perf_counter() - began > budget
        if (done >= rounds and late) or done >= 200 or (done >= 1 and late and budget < 10):
            return {name: statistics.median(values) for name, values in times.items()}


@numba.njit(fastmath={"reassoc", "contract", "nsz", "arcp"})
def _read(array: np.ndarray) -> float:
    total = 0.0
    for i in range(array.size):
        total += array[i]
    return total


def bandwidth(size: int) -> float:
    """Bytes per second of reading an array of so many bytes again and again, on one thread."""
    array = np.ones(max(1, size // 8))
    time_ = together({"read": lambda: _read(array)}, rounds=7, budget=0.3)["read"]
    return array.nbytes / time_


FIRST_CALL = """
import json, sys, time
began = time.perf_counter()
import nege
imported = time.perf_counter() - began
import numpy as np
from nege.kernels.jit import kernel
from nege.kernels.fixed_point import Options, fixed_point
from nege.kernels.vectors import largest
economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=.4, trade_cost=1.7)
given = economy.kernel
began = time.perf_counter(); largest(np.ones(3)); trivial = time.perf_counter() - began
began = time.perf_counter()
fixed_point(given, np.array([.7, .3]), np.zeros(2), Options(1e-12, 1e-8, 10000, -1))
first = time.perf_counter() - began
print(json.dumps({"import": imported, "over trivial": first - trivial}))
"""


def first_calls() -> dict[str, float]:
    """Seconds of the first solve in a new process, compiled and from the cache."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        runs = [
            json.loads(
                subprocess.run(
                    [sys.executable, "-W", "error", "-c", FIRST_CALL],
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=True,
                    cwd=pathlib.Path(__file__).parents[1],
                ).stdout
            )
            for _ in range(4)
        ]
    return {
        "cold": runs[0]["over trivial"],
        "cached": statistics.median(run["over trivial"] for run in runs[1:]),
        "import": statistics.median(run["import"] for run in runs[1:]),
    }
