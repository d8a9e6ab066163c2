"""Newton's method for the short run of few regions, where a dense Jacobian costs next to nothing.

It takes 4 to 10 steps whatever the trade costs, where acceleration needs up to 50 once
trade is local. It is applied to the excess 1 - t_r = 0, t_r = exp((f_r - u_r)/e), e the response
of f to ln access, in value: exp(u_r) (1 - t_r). That is nearly linear where trade is local
(in core-periphery it is the excess supply of labour), so that the step is good from afar:

    [(1 + (1/e - 1) t_r) 1(r=j) - (t_r/e) df_r/du_j] step_j = t_r - 1

Where the state is ln price (``equations.TOGETHER``) it is (I - df/du) step = f - u itself.
A step is capped in logs. With two regions the state has one degree of freedom, q = u_1 -
u_2, and the gap (f_1 - u_1) - (f_2 - u_2) falls in q because f contracts; so there the step
is kept inside a bracket and cannot fail. With more regions it can: where the residual is
not finite or steps run out, ``solve`` goes on from the best point with ``fixed_point``,
which cannot.

Nothing is accepted that ``fixed_point`` would not accept: residual and error bound within
tolerance at the point returned.
"""

import math

import numpy as np

from nege.kernels.codes import AUTO, CONVERGED, LIMIT, NEWTON, NOT_FINITE, PLAIN, STALLED
from nege.kernels.derivatives import (
    ACCESS,
    ANSWER,
    at_rest,
    elasticity,
    forces,
    place_slopes,
    reached,
    set_state,
    spending_by_pool,
    spread,
    state_jacobian,
)
from nege.kernels.equations import BY_PLACE, EXPLICIT, RESPOND, normalise, unit, update
from nege.kernels.error_bound import gap_at, rounding_at
from nege.kernels.fixed_point import NEAR, REPORT, Options, Report, bound, fixed_point
from nege.kernels.jit import kernel
from nege.kernels.linear import solve_small
from nege.kernels.operators import matrix
from nege.kernels.vectors import copy, largest
from nege.kernels.vmath import exp

PAYS = 16  # regions up to which it is the method chosen
LIMIT_STEPS = 40
LONGEST_STEP = 1.0  # in logs
LONGEST_OF_PRICES = 3.0  # where the state is ln price
SLOW = 0.5  # factor on the gap of two regions above which their bracket is halved instead


@kernel(late=REPORT)
def newton(economy, share, state, options):
    """Solve the short run of a model in place by Newton's method; parameters as ``fixed_point``."""
    e, n = economy, state.size
    rows, work, rest = np.empty((4, n)), np.empty((4, n)), np.empty((3, n))
    change, step, best_state, responses = rows[0], rows[1], rows[2], rows[3]
    slopes, system, k = np.empty((4, n)), np.empty((n, n)), matrix(e.operator, n)
    bracket = np.empty(3)
    bracket[0], bracket[1], bracket[2] = -math.inf, math.inf, math.inf
    target, best, first = options.tolerance_residual, math.inf, math.inf
    gap = rounding = math.nan
    iterations, status = 0, STALLED
    longest = LONGEST_STEP if e.meeting == BY_PLACE else LONGEST_OF_PRICES
    moving = at_rest(e, share, state)
    copy(state, best_state)
    while True:
        update(e, share, state, work, change)
        residual = largest(change)
        iterations += 1
        if iterations == 1:
            first = residual
        if residual < best:
            best = residual
            copy(state, best_state)
            if residual <= target:
                set_state(moving, state)
                rounding = rounding_at(e, share, state, work, moving)
                gap = gap_at(e, share, state, work, moving)
                allowed = min(options.tolerance_error, NEAR) * unit(e, state) * gap - rounding
                if residual <= allowed:
                    status = CONVERGED
                    break
                if not allowed > 0.0:
                    break
                target = 0.5 * min(target, allowed)
        if not math.isfinite(residual):
            status = NOT_FINITE if iterations == 1 else STALLED
            break
        if iterations >= options.limit_iterations:
            status = LIMIT
            break
        if e.meeting == BY_PLACE:
            set_state(moving, state)
            for r in range(n):
                rest[1, r] = 0.0
            # How f answers to access and to its own state hardly changes on the way, or not at all:
            # a step needs no more than that, and nothing is accepted by it.
            if iterations == 1:
                elasticity(e, moving, RESPOND, ACCESS, work, responses)
                pooled = place_slopes(e, moving, work, False, slopes)
            else:
                pooled = place_slopes(e, moving, work, False, slopes[:ANSWER])
            if pooled:
                spending_by_pool(e, moving, rest[0])
                reached(k, rest[0], work[2], rest[1])
            spread(k, work, step, rest[2], system)
            forces(k, slopes, work, rest[1], responses, system)
            for r in range(n):
                system[r, r] += slopes[ANSWER, r] + 1.0
            _equations(system, change, responses, step)
        else:
            state_jacobian(e, share, state, system)
            for r in range(n):
                step[r] = change[r]
                for j in range(n):
                    system[r, j] = (1.0 if r == j else 0.0) - system[r, j]
        if iterations >= LIMIT_STEPS or not solve_small(system, step, n):
            break
        if n == 2:
            _keep_inside(bracket, state[0] - state[1], change[0] - change[1], step)
        for r in range(n):
            state[r] += min(longest, max(-longest, step[r]))
        normalise(e, share, state)
    copy(best_state, state)
    error = bound(best, gap, rounding)
    rate = (best / first) ** (1.0 / iterations) if 0.0 < first < math.inf else 0.0
    return Report(status, best, error, rate, iterations, NEWTON)


@kernel(arithmetic=True)
def _equations(system, change, responses, step):
    """Turn df/du into the linear system of a step, and write its right-hand side."""
    for r in range(step.size):
        e = responses[r]
        t = exp(change[r] / e)
        step[r] = t - 1.0
        for j in range(step.size):
            system[r, j] *= -t / e
        system[r, r] += 1.0 + (1.0 / e - 1.0) * t


@kernel
def _keep_inside(bracket, q, gap, step):
    """Replace a step of two regions that leaves the bracket, or closes it too slowly, by half."""
    if gap > 0.0:
        bracket[0] = q
    elif gap < 0.0:
        bracket[1] = q
    slow = abs(gap) > SLOW * bracket[2]
    bracket[2] = abs(gap)
    inside = bracket[0] < q + step[0] - step[1] < bracket[1]
    closed = bracket[1] - bracket[0] < math.inf
    if closed and (slow or not inside):
        half = 0.25 * (bracket[0] + bracket[1]) - 0.5 * q
        step[0], step[1] = half, -half


@kernel
def solve(economy, share, state, options):
    """Solve the short run of a model in place by the method that its size asks for.

    Parameters and result as in ``fixed_point``; ``options.method`` can insist on a method.
    """
    if economy.bound == EXPLICIT:  # one plain step gets there, another sees it
        plain = Options(
            options.tolerance_residual, options.tolerance_error, options.limit_iterations, PLAIN
        )
        return fixed_point(economy, share, state, plain)
    few = state.size <= PAYS
    if options.method == NEWTON or (options.method == AUTO and few):
        report = newton(economy, share, state, options)
        if report.status != STALLED or options.method == NEWTON:
            return report
        done = report.iterations
        report = fixed_point(economy, share, state, options)
        return Report(
            report.status,
            report.residual,
            report.error,
            report.rate,
            report.iterations + done,
            report.method,
        )
    return fixed_point(economy, share, state, options)
