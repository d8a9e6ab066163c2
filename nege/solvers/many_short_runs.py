"""Many short runs in one compiled call: for many distributions, at many parameter points.

Solves are independent of each other, so that neither the number of threads nor the rest of the
batch changes a bit of any. Only along a path, where it is asked for, a solve starts from the
ones before it, extrapolated along the secant.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from nege.geography.metrics import Metric
from nege.kernels import uncompiled
from nege.kernels.codes import AUTO, CONVERGED, NEWTON
from nege.kernels.equations import Economy, economy_at
from nege.kernels.fixed_point import MANY, Options, Report, in_pieces
from nege.kernels.jit import kernel
from nege.kernels.newton import PAYS, solve
from nege.kernels.records import addresses
from nege.kernels.vectors import copy
from nege.models import fourier
from nege.models.solutions import Many
from nege.models.trade_costs import uses_fourier

LONGEST_SECANT = 2.0  # times the step before it: beyond that a straight line says little


@kernel
def _start_row(
    start: np.ndarray, position: np.ndarray, row: int, states: np.ndarray, counts: np.ndarray
) -> None:
    # Where a row starts. A row is a distribution at a parameter point; rows of one distribution
    # are neighbours.
    state, i = states[row], row % max(1, position.size)
    copy(start, state)
    if i > 0 and counts[row - 1, 0] == CONVERGED:
        copy(states[row - 1], state)
        step = position[i - 1] - position[i - 2] if i > 1 else 0.0
        if step != 0.0 and counts[row - 2, 0] == CONVERGED:
            ratio = (position[i] - position[i - 1]) / step
            if abs(ratio) <= LONGEST_SECANT:
                for r in range(state.size):
                    state[r] += ratio * (states[row - 1, r] - states[row - 2, r])


@kernel
def _record_report(report: Report, numbers: np.ndarray, counts: np.ndarray) -> None:
    counts[0] = report.status
    counts[1] = report.iterations
    counts[2] = report.method
    numbers[0] = report.residual
    numbers[1] = report.error
    numbers[2] = report.rate


@kernel(in_python=False)  # type: ignore[untyped-decorator]
def _solve_rows(
    points: np.ndarray,
    shares: np.ndarray,
    start: np.ndarray,
    position: np.ndarray,
    options: Options,
    low: int,
    high: int,
    states: np.ndarray,
    numbers: np.ndarray,
    counts: np.ndarray,
) -> None:
    count = states.shape[0] // shares.shape[0]
    for row in range(low, high):
        m, i = row // count, row % count
        _start_row(start, position, row, states, counts)
        report = solve(economy_at(points[i]), shares[m], states[row], options)
        _record_report(report, numbers[row], counts[row])


@kernel(in_python=False)  # type: ignore[untyped-decorator]
def _solve_one(
    points: np.ndarray,
    share: np.ndarray,
    state: np.ndarray,
    tolerance_residual: float,
    tolerance_error: float,
    limit_iterations: int,
    method: int,
    found: np.ndarray,
) -> None:
    # For Python, which takes longer to look at a named tuple than two regions take to solve.
    options = Options(tolerance_residual, tolerance_error, limit_iterations, method)
    report = solve(economy_at(points[0]), share, state, options)
    found[0], found[1], found[2] = report.status, report.iterations, report.method
    found[3], found[4], found[5] = report.residual, report.error, report.rate


def _solve_large_rows(
    points: list[Economy],
    shares: np.ndarray,
    start: np.ndarray,
    position: np.ndarray,
    options: Options,
    low: int,
    high: int,
    states: np.ndarray,
    numbers: np.ndarray,
    counts: np.ndarray,
) -> None:
    """As ``_solve_rows``, where one row alone can take long."""
    for row in range(low, high):
        m, i = divmod(row, len(points))
        _start_row(start, position, row, states, counts)
        _record_report(
            in_pieces(points[i], shares[m], states[row], options), numbers[row], counts[row]
        )


PARTS_PER_THREAD = 8  # parts for each thread, so that a slow part does not hold up the rest
WORK_IN_CALL = 1_000_000_000  # iterations times pairs of regions at most: a second at worst
ITERATION_OVERHEAD = 50  # of an iteration, in pairs of regions


def solve_many(
    points: list[Economy],
    shares: np.ndarray,
    start: np.ndarray,
    options: Options,
    threads: int = 1,
    position: np.ndarray | None = None,
) -> Many:
    """Solve a short run at each parameter point for each distribution.

    Parameters
    ----------
    points : list of Economy
        Of one model and one size, N points.
    shares : (M, R) array
        A distribution in each row.
    start : (R,) array
        State to start each of them from.
    options : Options
        Of the short run.
    threads : int
        Parts solved at the same time.
    position : (N,) array, optional
        Where the points lie along a path: each solve then starts from those before it.

    Returns
    -------
    Many
        By point and distribution.
    """
    threads = min(threads, os.cpu_count() or 1) if threads > 1 else 1  # more are no faster
    n, m, size = len(points), len(shares), shares.shape[1]
    where = NOWHERE if position is None else np.ascontiguousarray(position, dtype=float)
    states, numbers = np.empty((m * n, size)), np.empty((m * n, 3))
    counts = np.empty((m * n, 3), dtype=np.int64)
    given = addresses(points), shares, start, where, options
    tables = states, numbers, counts
    piece = max(1, WORK_IN_CALL // (options.limit_iterations * (size**2 + ITERATION_OVERHEAD)))
    ended = threading.Event()

    def part(low: int, high: int) -> None:
        for row in range(low, high, piece):
            rows = row, min(high, row + piece)
            if ended.is_set():
                return
            if _large(size, options):
                _solve_large_rows(points, *given[1:], *rows, *tables)
            else:
                _solve_rows(*given, *rows, *tables)

    if threads == 1:
        part(0, m * n)
    else:
        part(0, 1)  # compile once
        lines, length = (m * n, 1) if position is None else (m, n)
        edges = np.linspace(0, lines, threads * PARTS_PER_THREAD + 1).astype(int) * length
        with ThreadPoolExecutor(threads) as pool:
            try:
                list(pool.map(part, edges[:-1], edges[1:]))
            finally:
                ended.set()  # interrupted, the parts under way end too
    residual, error, rate = (column.reshape(m, n).T for column in numbers.T)
    status, iterations, method = (column.reshape(m, n).T for column in counts.T)
    by_point = np.ascontiguousarray(states.reshape(m, n, size).swapaxes(0, 1))
    return Many(by_point, status, residual, error, rate, iterations, method)


SOMEWHERE = np.zeros(1, dtype=np.int64)  # in place of addresses, where only types count
NOWHERE = np.empty(0)  # the positions of points that do not lie along a path


def _large(size: int, options: Options) -> bool:
    """Whether one solve alone can take so long that an interrupt should end it in between."""
    few = size <= PAYS and options.method == AUTO
    return size >= MANY and not few and options.method != NEWTON


class OneShortRun:
    """The short run of one economy, one distribution after the other, whatever its operator.

    It keeps nothing of a call, so that threads can share it.

    Parameters
    ----------
    parameters : Economy
        Of the model.
    size : int
        Regions.
    options : Options
        Of the short run.
    metric : Metric
        Of the places.
    """

    def __init__(self, parameters: Economy, size: int, options: Options, metric: Metric) -> None:
        self.parameters, self.options, self.metric = parameters, options, metric
        self.fourier = uses_fourier(parameters.operator)
        self.large = _large(size, options)
        self.point: np.ndarray | None = None

    def __call__(self, share: np.ndarray, state: np.ndarray) -> Report:
        """Solve in place, from the state that is given."""
        if self.fourier:
            return fourier.solve_short_run(self.parameters, share, state, self.options, self.metric)
        if self.large:
            return in_pieces(self.parameters, share, state, self.options)
        found = np.empty(6)
        if self.point is None:
            given = share, state, *self.options, found
            if uncompiled.serves((self.parameters, share)) and not (
                solve.is_there() or _solve_one.is_known(SOMEWHERE, *given)
            ):
                report: Report = solve(self.parameters, share, state, self.options)
                return report
            self.point = addresses([self.parameters])
        _solve_one(self.point, share, state, *self.options, found)
        status, iterations, method, residual, error, rate = found.tolist()
        return Report(int(status), residual, error, rate, int(iterations), int(method))
