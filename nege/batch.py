"""Many short runs of one economy in one call: the same method, point by point, in threads.

Every point is solved by itself from the same cold start, so that neither the number of
threads nor the company it is in changes a bit of it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from nege.kernels import equations
from nege.kernels.fixed_point import Options, Report
from nege.kernels.jit import kernel
from nege.metrics import Metric
from nege.models import fourier
from nege.models.trade import uses_fourier

CHUNKS = 8  # parts for each thread, so that a slow part does not hold up the rest


class Many(NamedTuple):
    """States and reports of many short runs, one in a row."""

    states: np.ndarray  # (N, R)
    status: np.ndarray
    residual: np.ndarray
    error: np.ndarray
    rate: np.ndarray
    iterations: np.ndarray


@kernel
def _solve_rows(
    parameters: Any,
    shares: np.ndarray,
    states: np.ndarray,
    options: Options,
    numbers: np.ndarray,
    counts: np.ndarray,
) -> None:
    for row in range(shares.shape[0]):
        report = equations.solve_short_run(parameters, shares[row], states[row], options)
        counts[row, 0] = report.status
        counts[row, 1] = report.iterations
        numbers[row, 0] = report.residual
        numbers[row, 1] = report.error
        numbers[row, 2] = report.rate


def solve_many(
    parameters: Any, shares: np.ndarray, start: np.ndarray, options: Options, threads: int
) -> Many:
    """Solve a short run for each row of shares, all from one start.

    Parameters
    ----------
    parameters : NamedTuple
        The model's parameters.
    shares : (N, R) array
        A distribution in each row.
    start : (R,) array
        State to start each of them from.
    options : Options
        Of the short run.
    threads : int
        Parts solved at the same time.

    Returns
    -------
    Many
        In the order of the rows.
    """
    n = len(shares)
    states = np.tile(start, (n, 1))
    numbers, counts = np.empty((n, 3)), np.empty((n, 2), dtype=np.int64)
    edges = np.linspace(0, n, (threads * CHUNKS if threads > 1 else 1) + 1).astype(int)

    def part(low: int, high: int) -> None:
        rows = slice(low, high)
        _solve_rows(parameters, shares[rows], states[rows], options, numbers[rows], counts[rows])

    if threads == 1:
        part(0, n)
    else:
        scratch = np.empty((0, 3)), np.empty((0, 2), dtype=np.int64)
        _solve_rows(parameters, shares[:0], states[:0], options, *scratch)  # compile once
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, edges[:-1], edges[1:]))
    residual, error, rate = numbers.T
    return Many(states, counts[:, 0], residual, error, rate, counts[:, 1])


def solve_one(
    parameters: Any, share: np.ndarray, state: np.ndarray, options: Options, metric: Metric
) -> Report:
    """Solve one short run in place, whatever its operator."""
    if uses_fourier(parameters.operator):
        return fourier.solve_short_run(parameters, share, state, options, metric)
    # As a batch of one: the compiler may round the same kernel differently elsewhere.
    many = solve_many(parameters, share[None], state, options, 1)
    state[:] = many.states[0]
    return Report(
        int(many.status[0]),
        float(many.residual[0]),
        float(many.error[0]),
        float(many.rate[0]),
        int(many.iterations[0]),
    )
