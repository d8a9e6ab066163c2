"""Long run of quantitative spatial models, markets and shares of people solved jointly.

In the symbols of ``equations``, with d > 0 and kappa = 1. Given price and access,
earnings and then people follow place by place, from markets that clear and equal payoffs:

    v_r = [(sigma-1) ln A_r + ln z_r]/sigma
    ln L_r = {a_r + g [v_r + ln P_r/(sigma-1)]}/d + constant

and these give new prices and access. That map of 2R logs is the one whose uniqueness Allen &
Arkolakis prove; where they do, plain iteration contracts, and no dynamics are needed: ``Joint``.

Tastes act as congestion. Under logit dynamics ln L_r = ln B_r + ln V_r/s + constant, which is the
line above with d + s for d and a_r + s ln B_r for a_r: the same economy, with more congestion.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from nege.kernels import equations
from nege.kernels.codes import ANDERSON, LIMIT, STALLED
from nege.kernels.fixed_point import Options, Report, in_pieces
from nege.kernels.jit import kernel
from nege.kernels.operators import buy, sell
from nege.kernels.vmath import exp, log
from nege.options import SolverOptions

PROBES = 200  # plain steps at most from which the error of a long run is estimated
LEFT = 1e-10  # of a deviation, where following it ends
ROUNDING = 1e-15  # of logs of prices and access


class Joint(NamedTuple):
    """The joint system of markets and location: its state is ln P, then ln z."""

    economy: Any


@kernel
def locate(economy, logs, share, state):
    """Write people and v of every place from ln price and ln access, in one vector of 2R."""
    p = economy
    n = share.size
    top = -np.inf
    for r in range(n):
        state[r] = ((p.sigma - 1.0) * p.log_productivity[r] + logs[n + r]) / p.sigma
        goods = state[r] + logs[r] / (p.sigma - 1.0)
        share[r] = (p.log_attraction[r] + p.intensity * goods) / p.congestion
        top = max(top, share[r])
    total = 0.0
    for r in range(n):
        share[r] = exp(share[r] - top)
        total += share[r]
    for r in range(n):
        share[r] /= total
    equations.normalise(p, share, state)


@equations.update.register(Joint)
def _update(parameters, share, state, work, change):
    """People and earnings from price and access, and those again; work[0] is scratch."""
    p = parameters.economy
    n = state.size // 2
    people, earned, passing = work[0, :n], work[0, n:], work[1, :n]
    locate(p, state, people, earned)
    equations.supply(p, people, earned, passing)
    buy(p.operator, passing, change[:n])
    equations.spending(p, people, earned, passing)
    for s in range(n):
        passing[s] /= exp(state[s])
    sell(p.operator, passing, change[n:])
    for i in range(2 * n):
        change[i] = log(change[i]) - state[i]


@equations.gap_at.register(Joint)
def _joint_gap(parameters, share, state, work):
    """Stop by the residual alone: the error is estimated afterwards, at the solution."""
    return 1.0


@equations.rounding_at.register(Joint)
def _joint_rounding(parameters, share, state, work):
    return 0.0


# --- estimate of the error ----------------------------------------------------------


def settle(joint: Joint, logs: np.ndarray, options: SolverOptions) -> tuple[Report, float]:
    """Solve for prices and access in place, and estimate the error of shares.

    Where a small residual proves too little, once more to a smaller one.
    """
    tolerance, done = options.tolerance_residual, 0
    while True:
        how = Options(tolerance, 1.0, options.limit_iterations, ANDERSON)
        report = in_pieces(joint, logs, logs, how)
        if done and report.status == LIMIT:
            report = report._replace(status=STALLED)  # rounding is in the way, not the limit
        done += report.iterations
        error = max(report.residual, ROUNDING) * _sensitivity(joint, logs)
        if error <= options.tolerance_error or tolerance <= ROUNDING:
            return report._replace(iterations=done), error
        tolerance = max(ROUNDING, min(0.1, options.tolerance_error / error) * tolerance)


def _sensitivity(joint: Joint, logs: np.ndarray) -> float:
    """Error of shares for a residual of one: over 1 - the factor by which deviations shrink.

    A deviation of 1e-4 that shares no symmetry with anything is followed for plain steps,
    until only the slowest is left of it.
    """
    p = joint.economy
    image, change, work = logs.copy(), np.empty_like(logs), np.empty((4, logs.size))
    image += 1e-4 * (np.modf(0.6180339887498949 * np.arange(1, logs.size + 1) ** 2)[0] - 0.5)
    size, factor = 1e-4, 1.0
    for _ in range(PROBES):
        equations.update(joint, logs, image, work, change)
        image += change
        before, size = size, float(np.max(np.abs(image - logs)))
        factor = size / before
        if size < LEFT:
            break
    if not factor < 1.0:
        return math.inf
    slope = p.intensity * (1.0 / p.sigma + 1.0 / (p.sigma - 1.0)) / p.congestion
    return float(max(1.0, slope) / (1.0 - factor))
