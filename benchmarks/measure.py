"""How things are timed: CPU seconds of the whole process, peers turn by turn.

CPU time of all threads, so that neither the machine's other tenants nor a second thread
flatter anyone.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

Call = Callable[[], Any]
LONG = 0.1  # seconds; what takes longer is timed by a single call
SHORTEST = 2e-3  # seconds; faster calls are repeated within one measurement


def seconds(call: Call, loops: int = 1) -> float:
    """CPU seconds of one call."""
    began = time.clock_gettime_ns(time.CLOCK_PROCESS_CPUTIME_ID)
    for _ in range(loops):
        call()
    return (time.clock_gettime_ns(time.CLOCK_PROCESS_CPUTIME_ID) - began) * 1e-9 / loops


def repeated(call: Call) -> float:
    """CPU seconds of one call, which is repeated where it is too short for the clock."""
    taken = seconds(call)
    return taken if taken >= LONG else seconds(call, int(LONG / max(taken, 1e-4)) + 1)


def together(
    calls: dict[str, Call], *, rounds: int = 7, budget: float = 1.0
) -> dict[str, list[float]]:
    """CPU seconds of each call in each round, taking turns.

    A machine that slows down for a while slows everyone in those rounds, and
    :func:`ratio` compares round by round. A call that has used up its budget of CPU
    seconds sits out the remaining rounds; everyone has one. The first call, in which some
    compile, counts nowhere.
    """
    loops, spent = {}, {}
    for name, call in calls.items():
        call()
        spent[name] = seconds(call)
        loops[name] = max(1, int(SHORTEST / max(spent[name], 1e-7)))
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            if found[name] and spent[name] >= budget:
                continue
            if loops[name] > 1:
                call()  # those before it had the caches to themselves
            taken = seconds(call, loops[name])
            spent[name] += taken * loops[name]
            found[name].append(taken)
    return found


def median(samples: list[float]) -> float:
    """Return the median; infinite without any sample: failure is infinite cost."""
    return statistics.median(samples) if samples else float("inf")


def ratio(slow: list[float], fast: list[float]) -> float:
    """How many times slower the first is: the median over the rounds that both took part in."""
    if not fast or not slow:
        return float("inf") if fast else float("nan")
    return statistics.median(a / b for a, b in zip(slow, fast, strict=False))


READS = 16  # in one call of ``reading``


@numba.njit(fastmath={"reassoc", "contract", "nsz", "arcp"})
def _total(array: np.ndarray) -> float:
    total = 0.0
    for i in range(array.size):
        total += array[i]
    return total


@numba.njit
def _read(array: np.ndarray) -> float:
    total = 0.0
    for i in range(READS):
        total += _total(array[i % 2 :])  # not the same slice, or one sum would do for all
    return total


def reading(size: int) -> Call:
    """Return a call that reads so many bytes ``READS`` times, on one thread.

    It is the limit of products with a matrix of that size: small ones stay in cache and
    large ones come from memory, as the matrix of an iterative solve does.
    """
    array = np.ones(size // 8 + 1)
    return lambda: _read(array)
