"""Fixed points u = f(u) of a model's short run, with proof of convergence.

Anderson acceleration of type II on the state in logs, with the numeraire imposed
at each step, and three safeguards. A step is capped. Where the residual is not
finite or far above the best one, the iteration returns to the best point, forgets
its history and takes plain steps, twice as many each time. After ``LIMIT_RETURNS``
returns it stays with plain steps, which contract (the models' own files say why).

It stops when the undamped residual max|f(u) - u| *and* the error bound
residual / (1 - largest row sum of the Jacobian) are within tolerance: near a break
point, or where a region hardly trades, a small residual alone proves little.

Anderson, D. G. (1965), J. ACM 12; Walker & Ni (2011), SIAM J. Numer. Anal. 49.
"""

import math
from typing import NamedTuple

import numpy as np

from nege.kernels.codes import CONVERGED, LIMIT, NOT_FINITE, STALLED
from nege.kernels.equations import contraction_gap, normalise, update
from nege.kernels.jit import kernel
from nege.kernels.linear import solve_small
from nege.kernels.vectors import add_scaled, copy, dot, largest

CAP_STEP = 3.0  # in logs: no price moves by more than a factor of 20 in a step
GROWTH = 30.0  # residual over the best one at which a step is taken back
LIMIT_RETURNS = 12
RIDGE = 1e-14
FLOOR = 1e-13  # below this, or the tolerance, no progress means rounding, not slowness
PATIENCE = 100  # iterations without progress there
WORK_ROWS = 6  # scratch vectors that a model's equations may use


class Options(NamedTuple):
    """When a short run stops."""

    tolerance_residual: float
    tolerance_error: float
    limit_iterations: int


class Report(NamedTuple):
    """How a short run ended."""

    status: int
    residual: float  # max |f(u) - u| at the returned state
    error: float  # bound on max |u - solution|
    rate: float  # mean factor by which the residual fell in an iteration
    iterations: int


@kernel
def _remember(states, changes, gram, slot, length, state, old_state, change, old_change):
    """Store the newest difference, and its row of the Gram matrix of changes."""
    for i in range(state.size):
        states[slot, i] = state[i] - old_state[i]
        changes[slot, i] = change[i] - old_change[i]
    for k in range(length):
        product = dot(changes[slot], changes[k])
        gram[slot, k] = product
        gram[k, slot] = product


@kernel
def _accelerate(states, changes, gram, length, change, state):
    """Take the step that would cancel the change if the map were linear; False if undefined."""
    system = gram.copy()
    weights = np.empty(length)
    for k in range(length):
        weights[k] = dot(changes[k], change)
        system[k, k] *= 1.0 + RIDGE
    if not solve_small(system, weights, length):
        return False
    for k in range(length):
        for i in range(state.size):
            state[i] -= weights[k] * (states[k, i] + changes[k, i])
    return True


@kernel
def _cap(state, old_state):
    """Shorten a step that is too long; False where it is not finite."""
    longest = 0.0
    finite = True
    for i in range(state.size):
        step = abs(state[i] - old_state[i])
        longest = max(longest, step)
        finite = finite and math.isfinite(step)
    if not finite:
        return False
    if longest > CAP_STEP:
        for i in range(state.size):
            state[i] = old_state[i] + (CAP_STEP / longest) * (state[i] - old_state[i])
    return True


@kernel
def fixed_point(parameters, share, state, options):
    """Solve the short run of a model in place.

    Parameters
    ----------
    parameters : NamedTuple
        The model's parameters.
    share : (R,) array
        Distribution over regions.
    state : (R,) array
        Start; on return the point whose residual is reported, also in failure.
    options : Options
        Tolerances and limit.

    Returns
    -------
    Report
        Never CONVERGED unless both tolerances hold at the returned state.
    """
    size = state.size
    memory = min(12 if size >= 1000 else 8, max(1, size - 1))
    states, changes = np.empty((memory, size)), np.empty((memory, size))
    gram = np.empty((memory, memory))
    work = np.empty((WORK_ROWS, size))
    change, old_change, best_change = np.empty(size), np.empty(size), np.empty(size)
    old_state, best_state = np.empty(size), np.empty(size)
    copy(state, best_state)
    best = math.inf
    first = mark = math.inf  # the first residual; the one from which progress is counted
    target = options.tolerance_residual
    status = LIMIT
    length = slot = returns = plain = idle = 0
    burst = 10  # plain steps after a return
    fresh = True  # no previous step to take a difference with
    iterations = 0
    while iterations < options.limit_iterations:
        update(parameters, share, state, work, change)
        iterations += 1
        residual = largest(change)
        if iterations == 1:
            first = residual
            if not math.isfinite(residual):
                status = NOT_FINITE
                break
        idle += 1
        if residual < best:
            best = residual
            if best <= 0.9 * mark:
                mark = best
                idle = 0
            copy(state, best_state)
            copy(change, best_change)
        elif plain == 0 and not residual < GROWTH * best:
            returns += 1
            length = slot = 0
            fresh = True
            plain = burst if returns < LIMIT_RETURNS else options.limit_iterations
            burst *= 2
            copy(best_state, state)
            add_scaled(state, 1.0, best_change)
            normalise(parameters, share, state)
            continue
        if best <= target:
            gap = contraction_gap(parameters, share, best_state, work)
            if best <= options.tolerance_error * gap:
                status = CONVERGED
                break
            target = min(0.5 * target, 0.5 * options.tolerance_error * gap)
        if best <= max(FLOOR, options.tolerance_residual) and idle > PATIENCE:
            status = STALLED
            break
        if plain > 0:
            plain -= 1
            add_scaled(state, 1.0, change)
        else:
            if not fresh:
                length = min(length + 1, memory)
                _remember(states, changes, gram, slot, length, state, old_state, change, old_change)
                slot = (slot + 1) % memory
            copy(state, old_state)
            copy(change, old_change)
            fresh = False
            add_scaled(state, 1.0, change)
            accelerated = length == 0 or _accelerate(states, changes, gram, length, change, state)
            if not (accelerated and _cap(state, old_state)):
                copy(old_state, state)
                add_scaled(state, 1.0, change)
                length = slot = 0
                fresh = True
        normalise(parameters, share, state)
    copy(best_state, state)
    gap = contraction_gap(parameters, share, state, work) if status != NOT_FINITE else math.nan
    error = best / gap if gap > 0.0 else math.inf
    rate = (
        (best / first) ** (1.0 / iterations) if iterations > 0 and 0.0 < first < math.inf else 0.0
    )
    return Report(status, best, error, rate, iterations)
