"""Replicator and logit dynamics of mobile workers and firms, and their integration to rest.

Replicator       d lambda_r/dt = lambda_r (omega_r/mean - 1), mean = sum_s lambda_s omega_s:
                 the path of lambda_r (omega_r - mean), in time relative to the mean payoff
Logit            d lambda_r/dt = lambda_r (F_r - sum_s lambda_s F_s),
                 F_r = ln B_r + (ln omega_r)/s - ln lambda_r,
                 at rest where lambda_r = B_r omega_r^(1/s) / sum_q B_q omega_q^(1/s)

lambda  share of the mobile factor      omega  payoff (real wage, profit)
B       location weight                 s      scale of tastes
y       ln lambda, the variable that is integrated: positivity is free, and a
        dying region falls along a straight line, which costs few steps

Both have their rest points where the *attraction*

    F_r = a ln omega_r + ln B_r - b ln lambda_r     (replicator: a = 1, B = 1, b = 0;
                                                     logit: a = 1/s, b = 1)

is equal over the occupied regions, and both have the Jacobian (I - 1 lambda') dF/dy there, so
one Newton's method and one stability matrix serve them.

Taylor & Jonker (1978); Fujita, Krugman & Venables (1999), ch. 5; for logit
Fudenberg & Levine (1998). Integration: Dormand & Prince (1980), order 5(4).
"""

import math
from typing import Any, NamedTuple

import numpy as np

from nege.kernels.codes import CONVERGED, LIMIT, NOT_FINITE, STALLED
from nege.kernels.derivatives import payoff_changes
from nege.kernels.equations import payoff_at
from nege.kernels.fixed_point import Options
from nege.kernels.jit import kernel
from nege.kernels.newton import solve
from nege.kernels.vectors import copy, largest

SHORTEST_STEP = 1e-10  # of the integrator, in its own time
HIGHEST = 700.0  # cap on ln growth, of an empty region: exp of more overflows
PIECE = 2_000_000  # steps times pairs of regions in one call at most
SLOW = 1e-4  # pace below which the error allowed in a step falls with the pace

# Dormand-Prince tableau: stages, and fifth order less fourth.
A = np.array(
    [
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [1 / 5, 0.0, 0.0, 0.0, 0.0, 0.0],
        [3 / 40, 9 / 40, 0.0, 0.0, 0.0, 0.0],
        [44 / 45, -56 / 15, 32 / 9, 0.0, 0.0, 0.0],
        [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729, 0.0, 0.0],
        [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656, 0.0],
        [35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
    ]
)
E = np.array([71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40])


class Dynamics(NamedTuple):
    """The dynamics: attraction F = intensity ln omega + log_weight - dispersion ln lambda."""

    logit: bool
    intensity: float
    dispersion: float
    log_weight: np.ndarray


class Arrival(NamedTuple):
    """How a stretch of integration ended: status, steps, pace, next step."""

    status: int
    speed: float  # how far from rest, see ``pace``
    step: float  # for the next stretch
    steps: int


@kernel
def attraction(dynamics, share, log_payoff, out):
    """F_r where the share is positive; the payoff alone where it is zero."""
    for r in range(share.size):
        out[r] = dynamics.intensity * log_payoff[r] + dynamics.log_weight[r]
        if dynamics.dispersion > 0.0 and share[r] > 0.0:
            out[r] -= dynamics.dispersion * np.log(share[r])


@kernel
def mismatch(dynamics, share, log_payoff, out):
    """Write F_r - mean F: the growth rate of each share, occupied or not; return the residual.

    The residual is the largest |mismatch| over occupied regions and the largest
    positive one over empty regions: complementarity in one number.
    """
    n = share.size
    attraction(dynamics, share, log_payoff, out)
    mean = 0.0
    if dynamics.logit:
        for r in range(n):
            if share[r] > 0.0:
                mean += share[r] * out[r]
        for r in range(n):
            out[r] -= mean
    else:
        top = -math.inf
        for r in range(n):
            if share[r] > 0.0 and out[r] > top:
                top = out[r]
        for r in range(n):
            out[r] -= top
            if out[r] > HIGHEST:  # written so that NaN stays NaN
                out[r] = HIGHEST
            out[r] = np.exp(out[r])
            mean += share[r] * out[r]
        for r in range(n):
            out[r] = out[r] / mean - 1.0
    residual = 0.0
    finite = True
    for r in range(n):
        gap = abs(out[r]) if share[r] > 0.0 else max(0.0, out[r])
        residual = max(residual, gap)
        finite = finite and not math.isnan(out[r])
    return residual if finite else math.inf


@kernel
def evaluate(economy, dynamics, share, state, options, log_payoff, growth):
    """Clear markets at a share, then payoffs and growth rates; return (report, residual)."""
    report = solve(economy, share, state, options)
    payoff_at(economy, share, state, np.empty((4, share.size)), log_payoff)
    residual = mismatch(dynamics, share, log_payoff, growth)
    return report, residual


@kernel
def linearise(economy, direction, dynamics, share, state, options, level, slopes, drift):
    """Clear markets; write F, dF/dshare and dF along a direction of the parameters.

    Returns (status, residual) of the short run and whether derivatives are defined; under
    logit they are not at a share of zero.
    """
    n = share.size
    report = solve(economy, share, state, options)
    payoff_at(economy, share, state, np.empty((4, n)), drift)
    attraction(dynamics, share, drift, level)
    defined = payoff_changes(economy, direction, share, state, slopes, drift)
    for r in range(n):
        drift[r] *= dynamics.intensity
        defined = defined and math.isfinite(level[r])
        for j in range(n):
            slopes[r, j] *= dynamics.intensity
        if dynamics.dispersion > 0.0:
            defined = defined and share[r] > 0.0
            slopes[r, r] -= dynamics.dispersion / share[r]
    return report.status, report.residual, defined


@kernel
def _shares(y, share):
    """Shares of log shares y, and y renormalised in place so that they sum to one."""
    top = -math.inf
    for r in range(y.size):
        top = max(top, y[r])
    total = 0.0
    for r in range(y.size):
        share[r] = np.exp(y[r] - top)
        total += share[r]
    for r in range(y.size):
        share[r] /= total
        y[r] -= top + np.log(total)


@kernel
def pace(dynamics, share, growth):
    """Pace of change, the largest over regions: d ln lambda/dt if growing, |d lambda/dt| if not.

    A region that grows counts by its growth rate however small it is: it will be large later.
    Under logit no share goes to zero, so there shrinking ones count by their rates too.
    """
    speed = 0.0
    finite = True
    for r in range(share.size):
        if share[r] > 0.0:
            weight = 1.0 if dynamics.logit or growth[r] > 0.0 else share[r]
            speed = max(speed, weight * abs(growth[r]))
            finite = finite and math.isfinite(growth[r])
    return speed if finite else math.inf


@kernel
def integrate(economy, dynamics, share, state, options, tolerance, slow, step, limit_steps):
    """Integrate the dynamics, in place, until the pace of change is at most `slow`.

    Parameters
    ----------
    economy, dynamics : Economy, Dynamics
        The model's equations and parameters; how people move.
    share, state : (R,) arrays
        Start; on return the point reached. Empty regions stay empty.
    options : Options
        Of the short run.
    tolerance : float
        Local error in ln share for each step.
    slow : float
        Pace at which to stop.
    step : float
        First step; 0 to choose one.
    limit_steps : int
        Steps at most, refused ones included.

    Returns
    -------
    Arrival
        CONVERGED here means slow enough, not an equilibrium.
    """
    n = share.size
    k = np.zeros((7, n))
    y, trial = np.empty(n), np.empty(n)
    stage_share, log_payoff = np.empty(n), np.empty(n)
    trial_state = state.copy()
    for r in range(n):
        y[r] = np.log(share[r]) if share[r] > 0.0 else -math.inf
    report, residual = evaluate(economy, dynamics, share, state, options, log_payoff, k[0])
    if report.status == LIMIT or report.status == NOT_FINITE:
        return Arrival(report.status, math.inf, step, 0)
    if not math.isfinite(residual):
        return Arrival(NOT_FINITE, math.inf, step, 0)
    steps = 0
    while True:
        speed = pace(dynamics, share, k[0])
        if speed <= slow:
            return Arrival(CONVERGED, speed, step, steps)
        if steps >= limit_steps:
            return Arrival(LIMIT, speed, step, steps)
        if step <= 0.0:
            step = 0.01 / largest(k[0])
        steps += 1
        copy(state, trial_state)
        finite = True
        for stage in range(1, 7):
            for r in range(n):
                trial[r] = y[r]
                if share[r] > 0.0:
                    for j in range(stage):
                        trial[r] += step * A[stage, j] * k[j, r]
                    finite = finite and math.isfinite(trial[r])
            if not finite:
                break
            _shares(trial, stage_share)
            report, residual = evaluate(
                economy, dynamics, stage_share, trial_state, options, log_payoff, k[stage]
            )
            finite = report.status != LIMIT and math.isfinite(residual)
        error = 0.0
        for r in range(n):
            if share[r] > 0.0 and finite:
                slip = 0.0
                for j in range(7):
                    slip += E[j] * k[j, r]
                error = max(error, abs(step * slip))
                finite = finite and math.isfinite(slip)
        # Step size control: a smaller tolerance as the pace falls, or steps at the stability
        # limit of the method would oscillate for ever; but not below the short run's rounding.
        allowed = max(tolerance * min(1.0, speed / SLOW), options.tolerance_residual * step)
        if finite and error <= allowed:
            copy(trial, y)
            copy(stage_share, share)
            copy(trial_state, state)
            copy(k[6], k[0])
        if finite:
            step *= min(5.0, max(0.2, 0.9 * (allowed / max(error, 1e-300)) ** 0.2))
        else:
            step *= 0.2
        if step < SHORTEST_STEP:
            return Arrival(STALLED, speed, step, steps)


def follow(
    economy: Any,
    dynamics: Dynamics,
    share: np.ndarray,
    state: np.ndarray,
    options: Options,
    tolerance: float,
    slow: float,
    step: float,
    limit_steps: int,
) -> Arrival:
    """Integrate in pieces of about a second at most, so that an interrupt ends it in between."""
    steps, most = 0, max(1, PIECE // share.size**2)
    while True:
        piece = min(most, limit_steps - steps)
        arrival = integrate(economy, dynamics, share, state, options, tolerance, slow, step, piece)
        steps, step = steps + arrival.steps, arrival.step
        if arrival.status != LIMIT or arrival.steps < piece or steps >= limit_steps:
            return arrival._replace(steps=steps)
