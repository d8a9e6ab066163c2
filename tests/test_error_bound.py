"""What bounds the error of markets in which everything that is spent was earned there."""

import numpy as np
import pytest

import nege
from nege.kernels import derivatives, equations, error_bound, operators
from nege.kernels.operators import matrix
from nege.models import trade_costs

pytestmark = pytest.mark.closed_form


@pytest.mark.parametrize("online", [None, 1.2])
@pytest.mark.parametrize("kind", ["dense", "symmetric", "line"])
def test_what_reaches_a_place_from_where_it_gets_least_is_the_same_by_every_operator(kind, online):
    operator = trade_costs.operator_for(nege.geography.line(7), 1.3, online, 4.0, kind)
    weight = np.random.default_rng(0).uniform(0.5, 2.0, 7 + (online is not None))
    least = np.empty_like(weight)
    operators.least(operator, weight, least)
    np.testing.assert_allclose(
        least, (matrix(operator, weight.size) * weight).min(axis=1), rtol=1e-14
    )


def economy(places):
    rng = np.random.default_rng(1)
    model = nege.Helpman(
        nege.geography.line(places),
        sigma=4,
        mu=0.7,
        trade_cost=1.05,
        productivity=rng.uniform(0.8, 1.2, places),
    )
    found = nege.short_run(model, rng.dirichlet(np.ones(places)))
    return model.arrays, found.data.share.values, model.start_state()


def test_few_places_are_bounded_by_the_condition_of_their_equations():
    p, share, state = economy(5)
    work, change, jacobian = np.empty((4, 5)), np.empty(5), np.empty((5, 5))
    equations.update(p, share, state, work, change)
    gap = error_bound.mixed_gap(p, share, state, work, derivatives.at_rest(p, share, state))
    error_bound.state_jacobian(p, share, state, jacobian)
    inverse = np.linalg.inv(np.eye(5) - jacobian)
    np.testing.assert_allclose(gap, 1.0 / np.abs(inverse).sum(axis=1).max(), rtol=1e-9)


def test_many_places_are_bounded_by_how_much_all_of_them_trade_with_each():
    n = error_bound.FEW + 6
    p, share, state = economy(n)
    work, change = np.empty((4, n)), np.empty(n)
    equations.update(p, share, state, work, change)
    k = matrix(p.operator, n)
    least = (k / work[3]).min(axis=1) @ (work[1] / work[2])
    np.testing.assert_allclose(error_bound.mixing(p.operator, work), least, rtol=1e-12)
    gap = error_bound.mixed_gap(p, share, state, work, derivatives.at_rest(p, share, state))
    by_mixing = 1.0 / (2.0 / least + 4.0)
    by_condition = error_bound.condition(p, share, state)
    assert gap == pytest.approx(by_mixing if by_mixing > error_bound.GOOD else by_condition)
    assert by_mixing <= by_condition  # the cheaper one is the more careful one


def test_what_is_not_finite_bounds_nothing():
    p, share, state = economy(5)
    work, change = np.empty((4, 5)), np.empty(5)
    state[2] = np.nan
    equations.update(p, share, state, work, change)
    assert np.isnan(
        error_bound.mixed_gap(p, share, state, work, derivatives.at_rest(p, share, state))
    )
