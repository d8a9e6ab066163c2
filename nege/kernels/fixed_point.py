"""Fixed points state = f(state) of a model's short run, with proof of convergence.

Anderson acceleration of type II on the state in logs, with the numeraire imposed at
each step, and three safeguards. A step is capped. Where the residual is not finite or
far above the best one, or does not fall for long, the iteration restarts: it returns to the
best point, drops its history and takes plain steps, twice as many each time. After
``LIMIT_RETURNS`` returns it stays with plain steps, which contract (the models' own files
say why).

It stops when the undamped residual max|f(u) - u| *and* the error bound
(residual + rounding) / (1 - largest row sum of the Jacobian) are within tolerance: near a
break point, or where a region hardly trades, a small residual alone proves little. Rounding is
what f may be off by in double precision; where it alone exceeds the tolerance nothing can be said.

The iteration is kernels on a workspace: ``begin``, ``judge`` (with ``confirm``) and ``move``.
So one loop in compiled code and one in Python, for operators that do not compile, run the
same method. Plain iteration is the same with no memory.

Anderson, D. G. (1965), J. ACM 12; Walker & Ni (2011), SIAM J. Numer. Anal. 49.
"""

import math
from typing import Any, NamedTuple

import numba
import numpy as np

from nege.kernels.codes import ANDERSON, AUTO, CONVERGED, LIMIT, NOT_FINITE, PLAIN, STALLED
from nege.kernels.derivatives import at_rest
from nege.kernels.equations import normalise, unit, update
from nege.kernels.error_bound import gap_at, rounding_at
from nege.kernels.jit import kernel
from nege.kernels.linear import solve_small
from nege.kernels.vectors import copy, largest

CAP_STEP = 3.0  # in logs: no price moves by more than a factor of 20 in a step
GROWTH = 30.0  # residual over the best one at which a step is taken back
LIMIT_RETURNS = 12
RIDGE = 1e-14
NEAR = 1e-3  # error, in logs, up to which slopes at a point say something of the solution
FLOOR = 1e-13  # below this, or the tolerance, no progress means rounding, not slowness
PATIENCE = 100  # iterations without progress: there it ends, elsewhere it steps back
LEVEL = 1.0 + 1e-9  # factor on the best residual at which the newer point is as good
PROGRESS = 0.9  # factor on the residual that counts as progress
BURST = 10  # plain steps after the first return
LARGE = 1000  # regions from which more memory pays
MANY = 500  # regions from which ten thousand iterations take more than a second
PIECE = 100_000_000  # iterations times pairs of regions: a tenth of a second

# What ``judge`` answers while nothing is decided.
GO_ON = -10
CONFIRM = -11  # the residual is within tolerance: the error bound has to be looked at

# Rows of Workspace.vectors, positions in .counts and .levels.
CHANGE, OLD_STATE, OLD_CHANGE, BEST_STATE, BEST_CHANGE = range(5)
LENGTH, SLOT, RETURNS, BURST_LEFT, BURSTS, FRESH, IDLE, ITERATIONS = range(8)
BEST, FIRST, MARK, TARGET = range(4)


class Options(NamedTuple):
    """When a short run stops, and by which method (``nege.kernels.codes``) it goes."""

    tolerance_residual: float
    tolerance_error: float
    limit_iterations: int
    method: int = AUTO


class Report(NamedTuple):
    """How a short run ended."""

    status: int
    residual: float  # max |f(u) - u| at the returned state
    error: float  # bound on max |u - solution|
    rate: float  # mean factor by which the residual fell in an iteration
    iterations: int
    method: int


REPORT = numba.typeof(Report(0, 0.0, 0.0, 0.0, 0, 0))


class Workspace(NamedTuple):
    """Everything that an iteration remembers."""

    vectors: np.ndarray  # (5, R)
    states: np.ndarray  # (memory, R), differences of states
    changes: np.ndarray  # (memory, R), differences of changes
    gram: np.ndarray  # (memory, memory), of the changes
    system: np.ndarray  # (memory, memory) and
    weights: np.ndarray  # (memory,), scratch of the least-squares problem
    counts: np.ndarray
    levels: np.ndarray


@kernel
def begin(state, options):
    """Open a workspace for a start."""
    size = state.size
    memory = min(12 if size >= LARGE else 8, max(1, size - 1))
    if options.method == PLAIN:
        memory = 0
    vectors = np.zeros((5, size))
    copy(state, vectors[BEST_STATE])
    counts = np.zeros(8, dtype=np.int64)
    counts[BURSTS] = BURST
    counts[FRESH] = 1
    levels = np.array([math.inf, math.inf, math.inf, options.tolerance_residual])
    return Workspace(
        vectors,
        np.zeros((memory, size)),
        np.zeros((memory, size)),
        np.zeros((memory, memory)),
        np.zeros((memory, memory)),
        np.zeros(memory),
        counts,
        levels,
    )


@kernel(arithmetic=True)
def _products(rows, length, vector, out):
    """Inner products of the first rows with a vector."""
    for k in range(length):
        total = 0.0
        for i in range(vector.size):
            total += rows[k, i] * vector[i]
        out[k] = total


@kernel(arithmetic=True)
def _combine(states, changes, length, weights, state):
    for k in range(length):
        for i in range(state.size):
            state[i] -= weights[k] * (states[k, i] + changes[k, i])


@kernel
def _remember(w, state, change):
    """Store the newest difference, and its row of the Gram matrix of changes."""
    memory = w.gram.shape[0]
    slot = w.counts[SLOT]
    length = min(w.counts[LENGTH] + 1, memory)
    for i in range(state.size):
        w.states[slot, i] = state[i] - w.vectors[OLD_STATE, i]
        w.changes[slot, i] = change[i] - w.vectors[OLD_CHANGE, i]
    _products(w.changes, length, w.changes[slot], w.weights)
    for k in range(length):
        w.gram[slot, k] = w.weights[k]
        w.gram[k, slot] = w.weights[k]
    w.counts[LENGTH] = length
    w.counts[SLOT] = (slot + 1) % memory


@kernel
def _accelerate(w, state, change):
    """Anderson step: it cancels the residual if the map is linear; False if undefined."""
    length = w.counts[LENGTH]
    _products(w.changes, length, change, w.weights)
    for k in range(length):
        for j in range(length):
            w.system[k, j] = w.gram[k, j]
        w.system[k, k] *= 1.0 + RIDGE
    if not solve_small(w.system, w.weights, length):
        return False
    _combine(w.states, w.changes, length, w.weights, state)
    return True


@kernel(inside=True)
def _cap(state, old_state):
    """Step size control: shorten a step that is too long; False where it is not finite."""
    longest = 0.0
    finite = True
    for i in range(state.size):
        length = abs(state[i] - old_state[i])
        longest = max(longest, length)
        finite = finite and math.isfinite(length)
    if not finite:
        return False
    if longest > CAP_STEP:
        for i in range(state.size):
            state[i] = old_state[i] + (CAP_STEP / longest) * (state[i] - old_state[i])
    return True


@kernel(inside=True)
def _forget(w):
    w.counts[LENGTH] = 0
    w.counts[SLOT] = 0
    w.counts[FRESH] = 1


@kernel
def judge(w, state, options):
    """Record the residual of a point; GO_ON, CONFIRM or how the solve ends."""
    change = w.vectors[CHANGE]
    residual = largest(change)
    w.counts[ITERATIONS] += 1
    if w.counts[ITERATIONS] == 1:
        w.levels[FIRST] = residual
        if not math.isfinite(residual):
            w.levels[BEST] = residual
            return NOT_FINITE
    w.counts[IDLE] += 1
    if residual <= LEVEL * w.levels[BEST]:
        w.levels[BEST] = residual
        copy(state, w.vectors[BEST_STATE])
        copy(change, w.vectors[BEST_CHANGE])
        if residual <= PROGRESS * w.levels[MARK]:
            w.levels[MARK] = residual
            w.counts[IDLE] = 0
        if residual <= w.levels[TARGET]:
            return CONFIRM
    floor = max(FLOOR, options.tolerance_residual)
    if w.levels[BEST] <= floor and w.counts[IDLE] > PATIENCE:
        return STALLED
    if w.counts[ITERATIONS] >= options.limit_iterations:
        return LIMIT
    return GO_ON


@kernel
def move(w, state, options):
    """Go to the next point, in place."""
    change = w.vectors[CHANGE]
    residual = largest(change)
    stuck = w.counts[IDLE] > PATIENCE and w.gram.shape[0] > 0
    if w.counts[BURST_LEFT] == 0 and (stuck or not residual < GROWTH * w.levels[BEST]):
        w.counts[IDLE] = 0
        w.counts[RETURNS] += 1
        _forget(w)
        w.counts[BURST_LEFT] = w.counts[BURSTS]
        if w.counts[RETURNS] >= LIMIT_RETURNS:
            w.counts[BURST_LEFT] = options.limit_iterations
        w.counts[BURSTS] *= 2
        for i in range(state.size):
            state[i] = w.vectors[BEST_STATE, i] + w.vectors[BEST_CHANGE, i]
        return
    if w.counts[BURST_LEFT] > 0 or w.gram.shape[0] == 0:
        w.counts[BURST_LEFT] = max(0, w.counts[BURST_LEFT] - 1)
        for i in range(state.size):
            state[i] += change[i]
        return
    if w.counts[FRESH] == 0:
        _remember(w, state, change)
    copy(state, w.vectors[OLD_STATE])
    copy(change, w.vectors[OLD_CHANGE])
    w.counts[FRESH] = 0
    for i in range(state.size):
        state[i] += change[i]
    fine = w.counts[LENGTH] == 0 or _accelerate(w, state, change)
    if not (fine and _cap(state, w.vectors[OLD_STATE])):
        for i in range(state.size):
            state[i] = w.vectors[OLD_STATE, i] + change[i]
        _forget(w)


@kernel(inside=True)
def bound(residual, gap, rounding):
    """Bound the error of a state; infinite where nothing is known."""
    error = (residual + rounding) / gap if gap > 0.0 else math.inf
    return error if error <= NEAR else math.inf


@kernel(inside=True)
def confirm(w, allowed, options):
    """Whether the error bound holds too; if not, the residual has to fall to what is allowed."""
    if w.levels[BEST] <= allowed:
        return CONVERGED
    if not allowed > 0.0:
        return STALLED
    w.levels[TARGET] = 0.5 * min(w.levels[TARGET], allowed)
    return LIMIT if w.counts[ITERATIONS] >= options.limit_iterations else GO_ON


@kernel
def finish(w, state, status, gap, rounding):
    """Return to the best point and report on it."""
    copy(w.vectors[BEST_STATE], state)
    best, first = w.levels[BEST], w.levels[FIRST]
    iterations = w.counts[ITERATIONS]
    error = bound(best, gap, rounding)
    rate = (best / first) ** (1.0 / iterations) if 0.0 < first < math.inf else 0.0
    method = ANDERSON if w.gram.shape[0] > 0 else PLAIN
    return Report(status, best, error, rate, iterations, method)


@kernel
def advance(economy, share, state, w, options, count):
    """Iterate at most so many times; return (status, gap, rounding), GO_ON where undecided."""
    work = np.empty((4, state.size))
    gap = rounding = math.nan
    status = GO_ON
    for _ in range(count):
        update(economy, share, state, work, w.vectors[CHANGE])
        status = judge(w, state, options)
        if status == CONFIRM:
            moving = at_rest(economy, share, state)
            rounding = rounding_at(economy, share, state, work, moving)
            gap = gap_at(economy, share, state, work, moving)
            tolerance = min(options.tolerance_error, NEAR) * unit(economy, state)
            status = confirm(w, tolerance * gap - rounding, options)
        if status != GO_ON:
            break
        move(w, state, options)
        normalise(economy, share, state)
    if status != GO_ON and status != CONVERGED and status != NOT_FINITE:
        best = w.vectors[BEST_STATE]
        update(economy, share, best, work, w.vectors[CHANGE])
        moving = at_rest(economy, share, best)
        rounding = rounding_at(economy, share, best, work, moving)
        gap = gap_at(economy, share, best, work, moving)
    return status, gap, rounding


@kernel(late=REPORT)
def fixed_point(economy, share, state, options):
    """Solve the short run of a model in place.

    Parameters
    ----------
    economy : Economy
        The model's equations and parameters.
    share : (R,) array
        Distribution over regions.
    state : (R,) array
        Start; on return the point whose residual is reported, also in failure.
    options : Options
        Tolerances, limit and method.

    Returns
    -------
    Report
        Never CONVERGED unless both tolerances hold at the returned state.
    """
    w = begin(state, options)
    status, gap, rounding = advance(economy, share, state, w, options, options.limit_iterations + 1)
    return finish(w, state, status, gap, rounding)


def in_pieces(economy: Any, share: np.ndarray, state: np.ndarray, options: Options) -> Report:
    """Solve as ``fixed_point`` does, where that takes long: an interrupt ends it in between."""
    if state.size < MANY:
        return fixed_point(economy, share, state, options)
    w = begin(state, options)
    status, gap, rounding = GO_ON, math.nan, math.nan
    while status == GO_ON:
        count = max(1, PIECE // state.size**2)
        status, gap, rounding = advance(economy, share, state, w, options, count)
    return finish(w, state, status, gap, rounding)
