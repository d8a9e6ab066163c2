"""The long run: the basin that the dynamics reach, logit tastes, honest ends."""

import hypothesis.strategies as st
import numpy as np
import pytest
import reference
from hypothesis import given

import nege
from nege.solvers.follow_dynamics import find_long_run

pytestmark = pytest.mark.closed_form


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 6),
    scale=st.floats(0.02, 2.0),
    digital=st.floats(1.0, 2.0),
)
def test_logit_shares_are_choice_probabilities(seed, n, scale, digital):
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.2, 2, n)
    economy = nege.CorePeriphery(
        nege.geography.racetrack(n),
        sigma=rng.uniform(3, 7),
        mu=rng.uniform(0.1, 0.6),
        trade_cost=rng.uniform(1.1, 3),
        online=nege.OnlineRegion(trade_cost=digital),
    )
    dynamics = nege.Logit(scale=scale, weights=weights, online_weight=0.3)
    share = nege.solve(economy, dynamics=dynamics).data.share.values
    wages = reference.real_wages(share, **reference.of_model(economy))
    chosen = np.append(weights, 0.3) * (wages / wages.max()) ** (1 / scale)
    np.testing.assert_allclose(share, chosen / chosen.sum(), rtol=1e-8)


def test_logit_with_much_taste_is_its_weights(two):
    found = nege.solve(two(1.5), dynamics=nege.Logit(scale=1e4, weights=[3, 1]))
    np.testing.assert_allclose(found.data.share, [0.75, 0.25], atol=1e-4)


def test_logit_with_little_taste_is_the_replicators_core(two):
    found = nege.solve(two(1.5), [0.6, 0.4], dynamics=nege.Logit(scale=0.002))
    np.testing.assert_allclose(found.data.share, [1, 0], atol=1e-6)


def test_logit_fills_every_region_from_any_start(two):
    economy = two(2.0, nege.OnlineRegion(trade_cost=1.5))
    dynamics = nege.Logit(scale=0.1)
    found = nege.solve(economy, [1, 0, 0], dynamics=dynamics)
    assert (found.data.share > 0).all()
    np.testing.assert_allclose(found.data.share, nege.solve(economy, dynamics=dynamics).data.share)


def test_weights_by_name_and_by_position_say_the_same(two):
    economy = two(2.0, nege.OnlineRegion(trade_cost=1.5))
    a = nege.Logit(scale=0.1, weights={"online": 0.1, "1": 2.0, "0": 1.0})
    b = nege.Logit(scale=0.1, weights=[1.0, 2.0], online_weight=0.1)
    np.testing.assert_array_equal(
        nege.solve(economy, dynamics=a).data.share, nege.solve(economy, dynamics=b).data.share
    )


def test_the_default_start_is_uniform_but_for_a_tilt_of_one_per_cent():
    economy = nege.CorePeriphery(nege.geography.racetrack(9), sigma=5, mu=0.4, trade_cost=1.5)
    start = economy.default_start()
    assert start.sum() == pytest.approx(1.0, abs=1e-15)
    assert np.max(np.abs(start * 9 - 1)) <= 0.011
    assert len(set(np.abs(np.diff(start)).round(12))) > 1  # no period of its own
    assert np.array_equal(start, economy.default_start())


def test_a_core_stays_where_it_is_sustained(two):
    found = nege.solve(two(1.7), [0.0, 1.0])
    np.testing.assert_array_equal(found.data.share, [0, 1])
    assert found.perturbed == ()


def test_leaving_an_unstable_rest_point_is_recorded(two):
    found = nege.solve(two(1.5), [0.5, 0.5])
    assert found.perturbed == ("an unstable rest point, towards 1",) or found.perturbed == (
        "an unstable rest point, towards 0",
    )
    stays = nege.solve(two(1.5), [0.5, 0.5], dynamics=nege.Replicator(allow_entry=False))
    assert stays.status is nege.Status.UNSTABLE
    assert "Unstable" in repr(stays) or "NOT CONVERGED (UNSTABLE)" in repr(stays)


def test_a_path_inside_a_symmetric_plane_ends_at_a_stable_point():
    """From (.6, .2, .2) the dynamics stay symmetric; the saddle at their end is left."""
    economy = nege.CorePeriphery(nege.geography.equidistant(3), sigma=5, mu=0.4, trade_cost=1.6)
    found = nege.solve(economy, [0.2, 0.4, 0.4])
    assert found.leading_eigenvalue < 0
    nege.testing.assert_equilibrium(found)


def test_free_trade_leaves_every_distribution_at_rest(two):
    found = nege.solve(two(1.0), [0.3, 0.7])
    np.testing.assert_allclose(found.data.share, [0.3, 0.7], atol=1e-12)
    assert "Neither stable nor unstable" in repr(found)


@given(seed=st.integers(0, 10_000))
def test_every_answer_is_an_equilibrium_and_stable(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    economy = nege.CorePeriphery(
        nege.geography.from_distance(rng.uniform(0.5, 1, (n, n)) * (1 - np.eye(n))),
        sigma=rng.uniform(2, 8),
        mu=rng.uniform(0.1, 0.7),
        trade_cost=rng.uniform(1.1, 4),
        farmers=rng.dirichlet(np.ones(n)),
        online=nege.OnlineRegion(
            trade_cost=rng.uniform(1, 1.6),
            commission=rng.uniform(0, 0.2),
            amenity=rng.uniform(0.9, 1.1),
        ),
    )
    found = nege.solve(economy, rng.dirichlet(np.ones(n + 1)))
    nege.testing.assert_equilibrium(found, tolerance=1e-9)
    assert found.leading_eigenvalue <= 1e-9


def test_the_side_of_a_saddle_on_which_one_stands_decides(two):
    for offset, winner in ((1e-9, 0), (-1e-9, 1), (1e-6, 0), (-1e-6, 1)):
        found = nege.solve(two(1.5), [0.5 + offset, 0.5 - offset])
        assert found.data.share.values[winner] == 1.0


def test_economies_close_to_critical_settle(two):
    """A saddle left at a rate of 9e-5: slow, but neither lost nor stuck."""
    online = nege.OnlineRegion(trade_cost=1.0, commission=0.15)
    found = nege.solve(two(2.0, online), [0.5, 0.5, 0.0])
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0
    assert len(found.perturbed) == 2


def test_a_region_that_pays_more_is_entered_however_far_it_is():
    """Where the Jacobian is undefined in double precision, entry still counts."""
    cost = np.array([[1, 1.9, 1e40], [1.9, 1, 1e40], [1e40, 1e40, 1]])
    economy = nege.CorePeriphery(nege.geography.equidistant(3), sigma=5, mu=0.4, trade_cost=cost)
    found = find_long_run(
        economy,
        np.array([0.5, 0.5, 0.0]),
        economy.start_state(),
        nege.Replicator(),
        nege.SolverOptions(),
    )
    assert found.perturbed or found.status is not nege.Status.CONVERGED
    if found.status is nege.Status.CONVERGED:
        assert found.residual <= 1e-10
        assert found.share[2] > 0.3


def test_a_loose_tolerance_of_payoffs_does_not_pass_for_stability(two):
    options = nege.SolverOptions(tolerance_payoff=1e-3)
    found = nege.solve(two(1.6265), [0.5, 0.5], options=options)
    assert found.leading_eigenvalue < 1e-9


def test_tastes_so_alike_that_a_share_is_zero_in_double_precision(two):
    found = nege.solve(two(1.5), [0.6, 0.4], dynamics=nege.Logit(scale=5e-5))
    nege.testing.assert_equilibrium(found)


def test_weights_given_are_copied(two):
    weights = np.array([2.0, 1.0])
    found = nege.solve(two(1.5), dynamics=nege.Logit(scale=0.1, weights=weights))
    weights[0] = 5.0
    nege.testing.assert_equilibrium(found)


def test_the_error_of_a_long_run_is_an_estimate_of_its_own_point(two):
    found = nege.solve(two(1.6267392), [0.51, 0.49])
    assert found.error <= 1e-6
    assert abs(found.data.share.values[0] - 0.5) <= max(10 * found.error, 1e-7)
