"""CPU time: medians, turns that defeat noise, and the speed of reading memory.

CPU time of the whole process, all threads, so that neither the machine's other
tenants nor a second thread flatter anyone.
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

SHORTEST = 2e-4  # seconds; shorter calls are repeated within one measurement


def seconds(call: Callable[[], Any], loops: int = 1) -> float:
    """CPU seconds of one call."""
    began = time.clock_gettime_ns(time.CLOCK_PROCESS_CPUTIME_ID)
    for _ in range(loops):
        call()
    return (time.clock_gettime_ns(time.CLOCK_PROCESS_CPUTIME_ID) - began) * 1e-9 / loops


def loops_for(call: Callable[[], Any]) -> int:
    """How many calls one measurement takes; also the warm-up."""
    once = min(seconds(call), seconds(call))
    return max(1, int(SHORTEST / max(once, 1e-7)))


def interleave(
    calls: dict[str, Callable[[], Any]], *, rounds: int, budget: float
) -> dict[str, list[float]]:
    """CPU seconds of each call in each round, taking turns.

    A machine that slows down for a while slows everyone in those rounds, and
    :func:`ratio` compares round by round. A call that has used up its budget sits
    out the remaining rounds; everyone has one.
    """
    loops, spent = {}, {}
    for name, call in calls.items():
        began = time.process_time()
        loops[name] = loops_for(call)
        spent[name] = time.process_time() - began
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            if found[name] and spent[name] >= budget:
                continue
            taken = seconds(call, loops[name])
            spent[name] += taken * loops[name]
            found[name].append(taken)
    return found


def median(samples: list[float]) -> float:
    """Median of samples; infinite without any: failure is infinite cost."""
    return statistics.median(samples) if samples else float("inf")


def ratio(slow: list[float], fast: list[float]) -> float:
    """How many times slower the first is: the median over the rounds that both took part in."""
    if not fast or not slow:
        return float("inf") if fast else float("nan")
    return statistics.median(a / b for a, b in zip(slow, fast, strict=False))


def alone(call: Callable[[], Any], *, rounds: int = 7, budget: float = 2.0) -> list[float]:
    """CPU seconds of a call in each round, by itself."""
    return interleave({"": call}, rounds=rounds, budget=budget)[""]


# --- memory ------------------------------------------------------------------------


@numba.njit(cache=True, fastmath={"contract", "reassoc", "nsz", "arcp"})
def _total(a):
    total = 0.0
    for i in range(a.size):
        total += a[i]
    return total


@numba.njit(cache=True)
def _totals(a, repeats):
    total = 0.0
    for i in range(repeats):
        total += _total(a[i % 2 :])  # not the same slice, or one sum would do for all
    return total


@numba.njit(cache=True, fastmath={"contract", "reassoc", "nsz", "arcp"})
def _dots(k, x, y):
    for i in range(k.shape[0]):
        total = 0.0
        for j in range(k.shape[1]):
            total += k[i, j] * x[j]
        y[i] = total


@numba.njit(cache=True)
def _products(k, x, y, repeats):
    for i in range(repeats):
        x[0] = i
        _dots(k, x, y)
        x[1] = y[0]


@functools.cache
def bandwidth(size: int, rounds: int = 9) -> dict[str, float]:
    """Bytes a second at which one thread reads an array of so many bytes over and over.

    Small arrays stay in cache and large ones come from memory: the limit of an
    iterative solve whose matrix has that size.

    Parameters
    ----------
    size : int
        Bytes.
    rounds : int
        Measurements; the fastest counts, since nothing reads faster than the machine.

    Returns
    -------
    dict
        ``sum``: adding up the array. ``matvec``: a square matrix times a vector.
        ``best``: the faster of both.
    """
    flat = np.ones(size // 8 + 1)
    side = int(np.sqrt(size / 8))
    matrix, x, y = np.ones((side, side)), np.ones(side), np.empty(side)
    repeats = max(1, int(2e7 / size))
    calls = {
        "sum": (lambda: _totals(flat, repeats), flat.nbytes - 8),
        "matvec": (lambda: _products(matrix, x, y, repeats), matrix.nbytes),
    }
    found = {}
    for name, (call, read) in calls.items():
        call()
        found[name] = read * repeats / min(seconds(call) for _ in range(rounds))
    return {**found, "best": max(found.values())}


def memory_limit(regions: int, iterations: int, *, symmetric: bool) -> float:
    """Least seconds of a solve: each iteration reads the matrix, or half of it, twice."""
    read = 8 * regions * regions // (2 if symmetric else 1)
    return iterations * 2 * read / bandwidth(read)["best"]
