"""Kernels of the online agglomeration: equations, derivatives, linear systems, NaN."""

import agglomeration_system as system
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_agglomerations import random_model, random_unknowns

import nege
from nege.models.agglomeration import equations, linear
from nege.models.agglomeration import rest as search

pytestmark = pytest.mark.family

SOME = [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("seed", SOME)
def test_every_equation_is_as_written_down(seed):
    model = random_model(seed)
    x, excess = random_unknowns(model, seed), np.empty(model.start_state().size)
    equations.evaluate(model.arrays, x, excess)
    expected = system.residual(system.of_model(model), x)
    np.testing.assert_allclose(excess, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("seed", SOME)
def test_derivatives_agree_with_complex_steps(seed):
    model = random_model(seed)
    x, excess = random_unknowns(model, seed), np.empty(model.start_state().size)
    matrix = linear.DenseSystem(model.arrays, np.ones(x.size, dtype=bool))
    matrix.linearise(x)
    expected = system.jacobian(system.of_model(model), x)
    assert np.max(np.abs(matrix.jacobian - expected)) <= 1e-11 * np.max(np.abs(expected))
    to, totals = model.arrays.slots, equations.evaluate(model.arrays, x, excess).totals
    assert totals[to.commission - to.shared :].all()


@pytest.mark.parametrize(
    "changes", [{"remote_labour_share": 0.0}, {"housing": 0.0, "land_share": 0.0}]
)
def test_rows_that_have_no_meaning_drop_out(changes):
    if "housing" in changes:
        changes = {**changes, "consumption": [0.6, 0.4]}
    model = random_model(3, industries=2, **changes)
    x = random_unknowns(model, 3)
    excess, to = np.empty_like(x), model.arrays.slots
    equations.evaluate(model.arrays, x, excess)
    order = model._unknowns
    if "remote_labour_share" in changes:
        gone = order.shared(excess)[to.remote - to.shared]
    else:
        gone = order.rows(excess)[:, to.rent]
    assert np.isfinite(excess).all()
    assert (gone == 0.0).all()


@pytest.mark.parametrize("seed", SOME[:3])
def test_products_blocks_and_solves_without_the_matrix_are_those_with_it(seed):
    model = random_model(seed)
    found = search._RestPointSearch(model.arrays, model.geography.names, nege.SolverOptions())
    dense, krylov = (
        kind(model.arrays, found.moving) for kind in (linear.DenseSystem, linear.KrylovSystem)
    )
    x, v = random_unknowns(model, seed), random_unknowns(model, seed + 100)
    excess = dense.linearise(x)
    np.testing.assert_array_equal(krylov.linearise(x), excess)
    np.testing.assert_allclose(krylov.product(v), dense.jacobian @ v, rtol=1e-12, atol=1e-12)
    for inverse_time in (0.0, 1.0):
        right = dense.solve(inverse_time, found.absent, excess)
        left = krylov.solve(inverse_time, found.absent, excess)
        np.testing.assert_allclose(left, right, atol=1e-6 * np.max(np.abs(right)))


@pytest.mark.parametrize("seed", range(8))
def test_whether_a_deviation_grows_is_known_without_the_matrix(seed):
    model = random_model(seed, places=8 + seed)
    found = search._RestPointSearch(model.arrays, model.geography.names, nege.SolverOptions())
    x = random_unknowns(model, seed)  # of these states half have a deviation that grows
    dense, krylov = (
        kind(model.arrays, found.moving) for kind in (linear.DenseSystem, linear.KrylovSystem)
    )
    for system_ in (dense, krylov):
        system_.linearise(x)
    expected, _ = dense.leading(found.absent)
    rate, _ = krylov.leading(found.absent)
    assert (rate > 0.0) == (expected > 0.0)
    rate, _ = krylov.leading(found.absent, 1e-4)
    assert rate == pytest.approx(expected, abs=0.01 * abs(1.0 - expected))


def test_derivatives_along_one_direction_are_those_along_many():
    model = random_model(1)
    x, excess = random_unknowns(model, 1), np.empty(model.start_state().size)
    at = equations.evaluate(model.arrays, x, excess)
    directions = np.stack([random_unknowns(model, i) for i in (5, 6)])
    many, one = np.empty_like(directions), np.empty((1, x.size))
    slopes, parts = linear.slopes(model.arrays), linear.parts(model.arrays, 2)
    equations.differentiate(model.arrays, at, *slopes)
    equations.tangents(model.arrays, at, *slopes, directions, False, parts, many)
    equations.tangents(model.arrays, at, *slopes, directions[1:], False, parts, one)
    np.testing.assert_array_equal(many[1], one[0])


@given(st.integers(0, 10**6), st.sampled_from([np.nan, np.inf, -np.inf]))
def test_nothing_that_is_not_finite_passes(seed, bad):
    model = nege.OnlineAgglomeration()
    rng = np.random.default_rng(seed)
    x = model.start_state()
    position = int(rng.integers(x.size - 2))
    x[position] = bad
    report = search.clear(model.arrays, x, x, nege.SolverOptions(limit_iterations=50))
    moved = search._RestPointSearch(model.arrays, (), nege.SolverOptions()).moving[position]
    if bad == -np.inf and moved:  # no firms or no people: markets may clear around them
        return
    assert report.status != nege.Status.CONVERGED
