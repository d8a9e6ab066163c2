"""What kernels promise: convergence is never claimed falsely; they run without the JIT too."""

import functools
import math

import numpy as np
import pytest

import nege
from nege.kernels import (
    codes,
    equations,
    function_table,
    linear,
    operators,
    population_dynamics,
)
from nege.kernels.equations import GAP, OWN, PAYOFFS, ROUNDING, Economy
from nege.kernels.fixed_point import Options, fixed_point

pytestmark = pytest.mark.closed_form

OPTIONS = Options(1e-12, 1e-8, 2_000)


def toy(equations, gap, places, table):
    """An economy that is nothing but a map, and what divides a residual to bound the error."""
    numbers, size = np.array([gap]), places.shape[1]
    given = equations, equations, PAYOFFS, OWN, False, False, numbers, places
    return Economy(*given, operators.Operator(operators.DENSE, np.ascontiguousarray(table))), size


def _affine(which, numbers, places, table, share, state, pool, price, access, out, other):
    """u = a u + b: its fixed point is known, and so is its contraction."""
    if which == GAP:
        out[0] = numbers[0]
    elif which == ROUNDING:
        out[0] = 1e-15
    else:
        for i in range(state.size):
            out[i] = places[0, i] - state[i]
            for j in range(state.size):
                out[i] += table[i, j] * state[j]


def _cliff(which, numbers, places, table, share, state, pool, price, access, out, other):
    """A map that jumps where extrapolation overshoots, so that safeguards have to work."""
    slope = 1.0 - numbers[0]
    if which == GAP:
        out[0] = numbers[0]
    elif which == ROUNDING:
        out[0] = 1e-15
    else:
        for i in range(state.size):
            wall = 50.0 if state[i] < 0.0 else 0.0
            out[i] = (slope - 1.0) * (state[i] - 1.0) + wall
            out[i] += 0.3 * math.sin(20.0 * (state[i] - 1.0)) * (1.0 - slope)


@functools.cache
def declared(function):
    given = function, function_table.REAL, (__file__,), function.__name__
    return function_table.declare(function, functools.partial(function_table.compile_for, *given))


def affine(a, b, gap):
    return toy(declared(_affine), gap, b[None, :], a)


def cliff(slope, size):
    return toy(declared(_cliff), 1.0 - slope, np.zeros((1, size)), np.zeros((size, size)))


def solve(made, start=0.0, options=OPTIONS):
    economy, size = made
    state = np.full(size, start)
    return state, fixed_point(economy, np.full(size, 1 / size), state, options)


@pytest.mark.parametrize("size", [1, 2, 5, 30])
@pytest.mark.parametrize("radius", [0.1, 0.9, 0.999])
def test_a_linear_map_is_solved_to_its_bound(size, radius):
    rng = np.random.default_rng(size)
    a = rng.random((size, size))
    a *= radius / a.sum(1, keepdims=True)
    b = (1 - radius) * rng.standard_normal(size)
    state, report = solve(affine(a, b, 1 - radius))
    exact = np.linalg.solve(np.eye(size) - a, b)
    assert report.status == codes.CONVERGED
    assert np.max(np.abs(state - exact)) <= report.error
    assert report.iterations < 500


def test_the_error_bound_decides_too():
    """A residual of 1e-12 proves nothing where the map hardly contracts."""
    gap = 1e-9
    a = np.array([[1 - gap]])
    state, report = solve(affine(a, np.array([gap]), gap), start=0.9999)
    assert report.status in (codes.CONVERGED, codes.STALLED)
    if report.status == codes.CONVERGED:
        assert abs(state[0] - 1.0) <= 1e-7
    honest = solve(affine(np.array([[0.5]]), np.array([0.5]), 1e-14))[1]
    assert honest.status == codes.STALLED or honest.residual == 0.0


def test_a_limit_is_not_success_and_the_best_point_is_returned():
    rng = np.random.default_rng(0)
    a = rng.random((20, 20))
    a *= 0.999 / a.sum(1, keepdims=True)
    b = rng.standard_normal(20)
    state, report = solve(affine(a, b, 0.001), options=Options(1e-12, 1e-8, 3))
    assert report.status == codes.LIMIT
    assert report.iterations == 3
    change = a @ state + b - state
    assert report.residual == pytest.approx(np.max(np.abs(change)), rel=1e-12)


def test_safeguards_bring_a_wild_map_home():
    state, report = solve(cliff(0.9, 3), start=4.0)
    assert report.residual <= 1e-12 or report.status != codes.CONVERGED
    if report.status == codes.CONVERGED:
        change = np.empty(3)
        equations.respond(cliff(0.9, 3)[0], state, state, state, state, change)
        assert np.max(np.abs(change)) <= 1e-12


def test_a_map_that_diverges_is_reported():
    report = solve(affine(np.array([[3.0]]), np.array([1e-3]), -2.0), start=1.0)[1]
    assert report.status != codes.CONVERGED


@pytest.mark.parametrize("kind", [nege.CorePeriphery, nege.FootlooseEntrepreneur])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_bad_number_anywhere_never_converges(kind, bad):
    """Planted in every parameter, in the share and in the start."""
    online = nege.OnlineRegion(trade_cost=1.2, commission=0.1)
    places = nege.geography.equidistant(2)
    economy = kind(places, sigma=5, mu=0.4, trade_cost=1.7, online=online)
    good = economy.arrays
    share, state = np.array([0.3, 0.5, 0.2]), np.zeros(3)
    assert fixed_point(good, share, state.copy(), OPTIONS).status == codes.CONVERGED
    plants = []
    for field in ("numbers", "places"):
        for i in range(getattr(good, field).size):
            array = getattr(good, field).copy()
            array.flat[i] = bad
            # Amenities are of no account in a short run.
            if field == "numbers" or i < 2 * share.size:
                plants.append((good._replace(**{field: array}), share, state))
    for i in range(3):
        for j in range(3):
            table = good.operator.table.copy()
            table[i, j] = bad
            plants.append(
                (good._replace(operator=good.operator._replace(table=table)), share, state)
            )
        for target in range(2):
            arrays = [share.copy(), state.copy()]
            arrays[target][i] = bad
            plants.append((good, *arrays))
    for parameters, planted_share, planted_state in plants:
        report = fixed_point(parameters, planted_share, planted_state.copy(), OPTIONS)
        assert report.status != codes.CONVERGED


def test_inputs_may_be_read_only_and_are_not_changed(two):
    economy = two(1.7, nege.OnlineRegion(trade_cost=1.2))
    parameters = economy.arrays
    share = np.array([0.3, 0.5, 0.2])
    share.flags.writeable = False
    frozen = parameters.operator.table.copy()
    frozen.flags.writeable = False
    locked = parameters._replace(operator=parameters.operator._replace(table=frozen))
    a, b = np.zeros(3), np.zeros(3)
    fixed_point(parameters, share.copy(), a, OPTIONS)
    fixed_point(locked, share, b, OPTIONS)
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(share, [0.3, 0.5, 0.2])


@pytest.mark.parametrize("n", [1, 2, 7])
def test_linear_systems_agree_with_numpy(n):
    rng = np.random.default_rng(n)
    a, b = rng.standard_normal((n, n)), rng.standard_normal((n, 3))
    factors, x = a.copy(), b.copy()
    pivots = np.empty(n, dtype=np.int64)
    assert linear.factorise(factors, pivots)
    linear.substitute(factors, pivots, x)
    np.testing.assert_allclose(a @ x, b, atol=1e-12)
    small, y = a.copy(), b[:, 0].copy()
    assert linear.solve_small(small, y, n)
    np.testing.assert_allclose(y, x[:, 0], rtol=1e-9)


@pytest.mark.parametrize("spoiled", [0.0, np.nan, np.inf])
def test_singular_systems_are_an_answer_not_an_exception(spoiled):
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    a[0] *= 1.0 if spoiled == 0.0 else spoiled
    assert not linear.factorise(a.copy(), np.empty(2, dtype=np.int64))
    assert not linear.solve_small(a.copy(), np.ones(2), 2)


def test_integration_follows_the_exact_path_of_free_trade(two):
    """At T = 1 nothing moves, and the integrator says so at once."""
    economy = two(1.0)
    share, state = np.array([0.3, 0.7]), np.zeros(2)
    dynamics = nege.Replicator().for_kernels(economy)
    arrival = population_dynamics.integrate(
        economy.arrays, dynamics, share, state, OPTIONS, 1e-8, 1e-6, 0.0, 100
    )
    assert arrival.status == codes.CONVERGED
    assert arrival.steps == 0
    np.testing.assert_array_equal(share, [0.3, 0.7])


def test_integration_says_when_its_steps_run_out(two):
    economy = two(1.5)
    share, state = np.array([0.3, 0.7]), np.zeros(2)
    dynamics = nege.Replicator().for_kernels(economy)
    arrival = population_dynamics.integrate(
        economy.arrays, dynamics, share, state, OPTIONS, 1e-8, 1e-9, 0.0, 4
    )
    assert arrival.status == codes.LIMIT
    assert arrival.steps == 4
    assert arrival.speed > 1e-9
    bad = population_dynamics.integrate(
        economy.arrays, dynamics, np.array([np.nan, 0.5]), state, OPTIONS, 1e-8, 1e-9, 0.0, 4
    )
    assert bad.status == codes.NOT_FINITE


def test_mismatch_is_complementarity_in_one_number():
    replicator = population_dynamics.Dynamics(False, 1.0, 0.0, np.zeros(3))
    out = np.empty(3)
    payoffs = np.log(np.array([1.0, 1.0, 0.8]))
    share = np.array([0.5, 0.5, 0.0])
    assert population_dynamics.mismatch(replicator, share, payoffs, out) == pytest.approx(
        0.0, abs=1e-15
    )
    assert out[2] == pytest.approx(-0.2)
    payoffs[2] = math.log(1.1)
    assert population_dynamics.mismatch(replicator, share, payoffs, out) == pytest.approx(0.1)
    payoffs[0] = np.nan
    assert population_dynamics.mismatch(replicator, share, payoffs, out) == np.inf
    logit = population_dynamics.Dynamics(True, 2.0, 1.0, np.zeros(2))
    at_rest = np.array([0.8, 0.2])
    even = 0.5 * np.log(at_rest)
    assert population_dynamics.mismatch(logit, at_rest, even, out[:2]) == pytest.approx(
        0.0, abs=1e-15
    )


@pytest.mark.parametrize("places", [2, 30])
def test_a_region_that_hardly_trades_does_not_hold_the_iteration_up(places):
    """sigma = 50 and a digital cost of 1000: its wage has a long way to go, in capped steps."""
    economy = nege.FootlooseEntrepreneur(
        nege.geography.equidistant(places),
        sigma=50,
        mu=0.4,
        trade_cost=1.5,
        online=nege.OnlineRegion(trade_cost=1000, commission=0.1),
    )
    options = nege.SolverOptions(method="anderson")
    even = np.full(places + 1, 1 / (places + 1))
    found = nege.short_run(economy, even, options=options)
    assert found.iterations < 400
    nege.testing.assert_equilibrium(found)
