"""Short runs of circles and grids by Fourier transforms: the same iteration, from Python.

A circle of R places multiplies by K in R log R steps, a grid too, padded so that it does
not wrap round. SciPy's transforms do not run in compiled code, so the loop is here, and
everything else is the kernels that the compiled loop uses.

Transforms round relative to the largest number, so that far places could come out zero or
negative. That is looked at in every iteration: a price or access that is not positive ends
the solve as NOT_FINITE. At the end the residual is measured again, by plain sums over a
sample of places, and the larger of the two is reported.
"""

from __future__ import annotations

import math

import numpy as np

from nege.geography.metrics import Metric
from nege.kernels import derivatives, equations, error_bound, fixed_point
from nege.kernels.codes import CONVERGED, LIMIT, NOT_FINITE, STALLED
from nege.kernels.equations import Economy
from nege.kernels.fixed_point import CONFIRM, GO_ON, Options, Report
from nege.kernels.operators import Operator
from nege.kernels.rounding import EPS

ROUNDING = 1e-8  # residual that transforms may be stuck at
TRANSFORMS = 4.0  # transforms, forth and back, and their factors
SAMPLE = 16  # places at which the residual is measured again


def multiply(operator: Operator, x: np.ndarray) -> np.ndarray:
    """Return K x for a symmetric K."""
    import scipy.fft  # 0.1 s that other economies need not wait for

    border = operator.online
    if border >= 0.0:
        places = multiply(operator._replace(online=-1.0), x[:-1])
        return np.append(places + border * x[-1], border * np.sum(x[:-1]) + x[-1])
    if len(operator.shape) == 1:
        transformed = scipy.fft.rfft(x)
        transformed *= operator.packed
        return np.asarray(scipy.fft.irfft(transformed, x.size))
    ny, nx, rows, columns = operator.shape
    transformed = scipy.fft.rfft2(x.reshape(ny, nx), s=(rows, columns))
    transformed *= operator.packed.reshape(rows, -1)
    return np.ascontiguousarray(
        scipy.fft.irfft2(transformed, s=(rows, columns), overwrite_x=True)[:ny, :nx]
    ).ravel()


def row(operator: Operator, metric: Metric, origin: int) -> np.ndarray:
    """Return the row of K of a region, the online one last: exactly, without transforms."""
    outer = operator.online if operator.online >= 0.0 else None
    n = len(metric)
    if origin == n:
        return np.append(np.full(n, outer), 1.0)
    found = np.exp(operator.power * metric.rows(origin, origin + 1)[0])
    return found if outer is None else np.append(found, outer)


def solve_short_run(
    economy: Economy, share: np.ndarray, state: np.ndarray, options: Options, metric: Metric
) -> Report:
    """Solve a short run in place, as ``kernels.fixed_point.fixed_point`` does.

    Parameters
    ----------
    economy : Economy
        With a Fourier operator.
    share, state : (R,) arrays
        As there.
    options : Options
        As there.
    metric : Metric
        Of the places, to measure the residual by plain sums.

    Returns
    -------
    Report
        With the larger of both residuals.
    """
    w = fixed_point.begin(state, options)
    work = np.empty((4, state.size))
    gap = rounding = math.nan
    while True:
        _update(economy, share, state, work, w.vectors[fixed_point.CHANGE])
        status = fixed_point.judge(w, state, options)
        if status == CONFIRM:
            rounding = _rounding(economy, share, state, work)
            gap = _gap(economy, share, state, work)
            status = fixed_point.confirm(
                w, min(options.tolerance_error, fixed_point.NEAR) * gap - rounding, options
            )
        if status != GO_ON:
            break
        fixed_point.move(w, state, options)
        equations.normalise(economy, share, state)
    if status not in (CONVERGED, NOT_FINITE):
        best = w.vectors[fixed_point.BEST_STATE]
        _update(economy, share, best, work, w.vectors[fixed_point.CHANGE])
        rounding = _rounding(economy, share, best, work)
        gap = _gap(economy, share, best, work)
    report: Report = fixed_point.finish(w, state, status, gap, rounding)
    return _audited(economy, share, state, options, metric, report, gap, rounding)


def _update(
    economy: Economy, share: np.ndarray, state: np.ndarray, work: np.ndarray, change: np.ndarray
) -> None:
    equations.goods(economy, share, state, work[0], work[1])
    work[2] = multiply(economy.operator, work[0])
    work[2][~(work[2] > 0.0)] = math.nan
    work[3] = multiply(economy.operator, work[1] / work[2])
    work[3][~(work[3] > 0.0)] = math.nan
    equations.respond(economy, share, state, work[2], work[3], change)


def _gap(economy: Economy, share: np.ndarray, state: np.ndarray, work: np.ndarray) -> float:
    """Return 1 - the largest row sum of the Jacobian of f, or what else bounds the error."""
    moving = derivatives.at_rest(economy, share, state)
    if economy.bound != equations.ROW_SUMS:
        return float(error_bound.gap_at(economy, share, state, work, moving))
    derivatives.moves(moving.rows[derivatives.STATE], 1.0)
    supply, spending, change, gain = np.empty((4, state.size))
    derivatives.goods_along(economy, moving, supply, spending)
    price = multiply(economy.operator, supply)
    demand = (spending - work[1] * price / work[2]) / work[2]
    derivatives.answers_along(
        economy, moving, work, price, multiply(economy.operator, demand), change, gain
    )
    return float(error_bound.row_sum_gap(change))


def _rounding(economy: Economy, share: np.ndarray, state: np.ndarray, work: np.ndarray) -> float:
    """Bound what rounding adds to f, transforms included.

    They are off by log2 R roundings of the length of a vector, whatever its entries: so of its
    length times the largest value of the spectrum, over the smallest result.
    """
    spectrum, demand = economy.operator.packed, work[1] / work[2]
    longest = TRANSFORMS * EPS * np.log2(spectrum.size) * np.max(np.abs(spectrum))
    far = np.linalg.norm(work[0]) / np.min(work[2]) + np.linalg.norm(demand) / np.min(work[3])
    moving = derivatives.at_rest(economy, share, state)
    known = float(error_bound.rounding_at(economy, share, state, work, moving))
    return known + float(error_bound.response(economy, moving, work) * longest * far)


def outcome(
    economy: Economy,
    share: np.ndarray,
    state: np.ndarray,
    price: np.ndarray,
    spending: np.ndarray,
    log_payoff: np.ndarray,
) -> None:
    """Write prices (as sums), spending and ln payoff at a cleared state."""
    supply = np.empty_like(state)
    equations.goods(economy, share, state, supply, spending)
    price[:] = multiply(economy.operator, supply)
    equations.payoff(economy, share, state, price, price, log_payoff)


def _audited(
    economy: Economy,
    share: np.ndarray,
    state: np.ndarray,
    options: Options,
    metric: Metric,
    report: Report,
    gap: float,
    rounding: float,
) -> Report:
    """Measure the residual again, without transforms, at a sample of places."""
    if report.status == NOT_FINITE:
        return report
    residual = max(report.residual, sampled_residual(economy, share, state, metric, SAMPLE))
    status = report.status
    if status == CONVERGED and not residual <= 10.0 * options.tolerance_residual:
        status = STALLED
    if status == LIMIT and residual <= ROUNDING:
        status = STALLED  # more iterations would not help: transforms round here
    error = fixed_point.bound(residual, gap, rounding)
    if status == CONVERGED and not error <= options.tolerance_error:
        status = STALLED
    return report._replace(status=status, residual=residual, error=error)


def sampled_residual(
    economy: Economy, share: np.ndarray, state: np.ndarray, metric: Metric, sample: int
) -> float:
    """Return max |f(u) - u| over evenly spread places, market access by plain sums.

    Prices, which access needs everywhere, are those of the transforms; they are
    held against plain sums at the same places.
    """
    n, size = len(metric), state.size
    supply, spending = np.empty(size), np.empty(size)
    equations.goods(economy, share, state, supply, spending)
    price = multiply(economy.operator, supply)
    places = np.unique(np.linspace(0, n - 1, min(sample, n)).astype(int))
    access = np.full(size, math.nan)
    worst = 0.0
    operator = economy.operator
    outer = operator.online if operator.online >= 0.0 else None
    power = operator.power
    for place in places:
        row = np.exp(power * metric.rows(place, place + 1)[0])
        exact_price, exact_access = row @ supply[:n], row @ (spending[:n] / price[:n])
        if outer is not None:
            exact_price += outer * supply[n]
            exact_access += outer * spending[n] / price[n]
        access[place] = exact_access
        worst = max(worst, abs(price[place] / exact_price - 1.0))
    change = np.empty(size)
    equations.respond(economy, share, state, price, access, change)
    return float(max(worst, np.max(np.abs(change[places]))))
