"""Stability: the dynamics linearised, entry, margins, honest refusals."""

import dataclasses

import hypothesis.strategies as st
import numpy as np
import pytest
import reference
from hypothesis import given

import nege

pytestmark = pytest.mark.structure

STEP = 1e-30


def velocity(share, economy, dynamics):
    """The dynamics as published, in shares, from the slow reference; complex shares welcome."""
    payoff = reference.log_outcomes(share, **reference.of_model(economy))[1]
    if isinstance(dynamics, nege.Logit):
        weights = np.log(dynamics.region_weights(economy))
        attraction = weights + payoff / dynamics.scale - np.log(share)
        return share * (attraction - share @ attraction)
    wage = np.exp(payoff)
    return share * (wage - share @ wage) / (share.real @ wage.real)


def eigenvalues(share, economy, dynamics):
    """Growth rates of deviations of the occupied shares that sum to zero."""
    occupied = np.flatnonzero(share)
    slopes = np.empty((occupied.size, occupied.size))
    for column, j in enumerate(occupied):
        moved = share.astype(complex)
        moved[j] += 1j * STEP
        slopes[:, column] = velocity(moved, economy, dynamics).imag[occupied] / STEP
    basis = np.eye(occupied.size)[:, 1:] - np.eye(occupied.size)[:, :1]
    inside = np.linalg.lstsq(basis, slopes @ basis, rcond=None)[0]
    return np.linalg.eigvals(inside)


def random_economy(seed, n):
    rng = np.random.default_rng([41, seed])
    distance = rng.uniform(0.8, 1.6, (n, n)) * (1 - np.eye(n))
    economy = nege.CorePeriphery(
        nege.geography.from_distance(distance),
        sigma=rng.uniform(2, 7),
        mu=rng.uniform(0.2, 0.6),
        trade_cost=rng.uniform(1.5, 3),
        farmers=rng.dirichlet(np.full(n, 5.0)),
        online=nege.OnlineRegion(trade_cost=rng.uniform(1.2, 2), commission=0.1),
    )
    return economy, rng.dirichlet(np.ones(n + 1))


@given(seed=st.integers(0, 10_000), n=st.integers(2, 5), taste=st.sampled_from([0.0, 0.02, 0.3]))
def test_eigenvalues_are_those_of_the_published_dynamics(seed, n, taste):
    economy, start = random_economy(seed, n)
    dynamics = nege.Logit(scale=taste) if taste else nege.Replicator()
    found = nege.solve(economy, start, dynamics=dynamics)
    judged = nege.stability(found)
    expected = eigenvalues(found.data.share.values, economy, dynamics)
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    np.testing.assert_allclose(
        np.sort_complex(judged.eigenvalues.values), np.sort_complex(expected), atol=1e-8 * scale
    )
    if not judged.neutral:
        assert judged.stable
    assert judged.margin == pytest.approx(-found.leading_eigenvalue, abs=1e-9)


@given(seed=st.integers(0, 10_000), n=st.integers(2, 5))
def test_entry_is_at_the_rate_at_which_a_place_pays_more(seed, n):
    economy, _ = random_economy(seed, n)
    core = np.eye(n + 1)[seed % (n + 1)]
    judged = nege.stability(nege.short_run(economy, core))
    wages = reference.real_wages(core, **reference.of_model(economy))
    rates = wages / (core @ wages) - 1
    np.testing.assert_allclose(judged.entry.values[core == 0], rates[core == 0], atol=1e-9)
    assert np.isnan(judged.entry.values[core == 1]).all()
    assert judged.margin == pytest.approx(-np.max(rates[core == 0]), abs=1e-9)
    assert judged.eigenvalues.size == 0


@pytest.mark.parametrize(
    ("trade_cost", "share", "stable"),
    [
        (1.626577 + 1e-5, [0.5, 0.5], True),
        (1.626577 - 1e-5, [0.5, 0.5], False),
        (1.807313 + 1e-5, [1, 0], False),
        (1.807313 - 1e-5, [1, 0], True),
        (1.7, [0.1651131645, 1 - 0.1651131645], False),
    ],
)
def test_two_places_break_and_sustain_where_the_book_says(two, trade_cost, share, stable):
    judged = nege.stability(nege.short_run(two(trade_cost), share))
    assert judged.stable is stable
    assert not judged.neutral
    assert ("Stable" in repr(judged)) is stable


def test_free_trade_is_neither_stable_nor_unstable(two):
    judged = nege.stability(nege.short_run(two(1.0), [0.3, 0.7]))
    assert judged.neutral
    assert not judged.stable
    assert judged.unstable.sizes["mode"] == 0
    assert "Neither stable nor unstable" in repr(judged)


def test_a_racetrack_breaks_by_every_other_place():
    economy = nege.CorePeriphery(nege.geography.racetrack(8), sigma=5, mu=0.4, trade_cost=1.9)
    judged = nege.stability(nege.short_run(economy, np.full(8, 1 / 8)))
    np.testing.assert_allclose(np.abs(judged.leading), np.ones(8), atol=1e-12)
    np.testing.assert_allclose(judged.leading[::2], -judged.leading[1::2], atol=1e-12)
    np.testing.assert_allclose(judged.directions.sum("region"), 0, atol=1e-12)
    # Of the seven modes, all but the shortest wave come in pairs.
    np.testing.assert_allclose(judged.eigenvalues[1::2], judged.eigenvalues[2::2], atol=1e-12)
    assert not np.iscomplexobj(judged.eigenvalues)
    assert "against" in repr(judged)


def test_what_grows_is_labelled_inside_and_by_entry(two):
    economy = two(1.5, nege.OnlineRegion(trade_cost=1.05))
    judged = nege.stability(nege.short_run(economy, {"0": 0.5, "1": 0.5, "online": 0.0}))
    assert sorted(judged.unstable["kind"].values) == ["entry", "inside"]
    assert (np.diff(judged.unstable["rate"]) <= 0).all()
    entering = judged.unstable.isel(mode=list(judged.unstable["kind"].values).index("entry"))
    np.testing.assert_allclose(entering, [-0.5, -0.5, 1.0])
    assert "online attracts most" in repr(judged)


def test_turning_trade_makes_deviations_turn():
    """Goods that go round one way only: deviations chase each other, at complex rates."""
    ring = np.array([[1.0, 1.3, 2.6], [2.6, 1.0, 1.3], [1.3, 2.6, 1.0]])
    economy = nege.CorePeriphery(nege.geography.equidistant(3), sigma=5, mu=0.4, trade_cost=ring)
    judged = nege.stability(nege.short_run(economy, [1 / 3, 1 / 3, 1 / 3]))
    first, second = judged.eigenvalues.values
    assert first == pytest.approx(np.conj(second))
    assert abs(first.imag) > 1e-3
    np.testing.assert_allclose(
        np.sort_complex([first, second]),
        np.sort_complex(eigenvalues(np.full(3, 1 / 3), economy, nege.Replicator())),
        atol=1e-10,
    )
    assert "oscillates" in repr(judged)


def test_an_equilibrium_carries_its_stability_and_stays_as_it_was(two):
    found = nege.solve(two(1.7), [0.6, 0.4])
    judged = found.with_stability()
    assert found.stability is None
    assert judged.stability.stable
    with pytest.raises(dataclasses.FrozenInstanceError):
        judged.stability.dynamics = nege.Logit(scale=1)
    assert "Stable" in repr(judged)
    short = nege.short_run(two(1.5), [0.5, 0.5]).with_stability()
    assert "At rest under replicator dynamics. Unstable" in repr(short)
    assert "whether workers would stay" not in repr(short)
    assert "<b>Short run" in short._repr_html_()


def test_dynamics_can_be_others_than_those_of_the_solve(two):
    symmetric = nege.short_run(two(1.5), [0.5, 0.5])
    assert not nege.stability(symmetric).stable
    assert nege.stability(symmetric, dynamics=nege.Logit(scale=0.5)).stable
    assert not nege.stability(symmetric, dynamics=nege.Logit(scale=0.005)).stable


def test_what_is_not_at_rest_is_refused_with_the_region_that_moves(two):
    economy = two(1.5)
    with pytest.raises(nege.InputError, match=r"at rest.*share of 1 would change at rate"):
        nege.stability(nege.short_run(economy, [0.6, 0.4]))
    with pytest.raises(nege.InputError, match=r"logit.*share of 1 would change at rate inf"):
        nege.stability(nege.short_run(economy, [1, 0]), dynamics=nege.Logit(scale=0.1))
    with pytest.raises(nege.InputError, match=r"nege\.solve"):
        nege.stability(economy)
    with pytest.raises(nege.InputError, match="dynamics"):
        nege.stability(nege.short_run(economy, [0.5, 0.5]), dynamics="replicator")
    with pytest.raises(nege.ConvergenceError) as failed:
        nege.short_run(economy, [0.6, 0.4], options=nege.SolverOptions(limit_iterations=1))
    with pytest.raises(nege.InputError, match="LIMIT"):
        nege.stability(failed.value.equilibrium)


def test_tastes_that_leave_a_region_all_but_empty(two):
    found = nege.solve(two(1.5), [0.6, 0.4], dynamics=nege.Logit(scale=5e-5))
    assert found.data.share.values[1] == 0.0
    assert nege.stability(found).stable


def test_a_loose_solve_is_judged_by_its_own_tolerance(two):
    options = nege.SolverOptions(tolerance_payoff=1e-4)
    found = nege.solve(two(1.9), [0.52, 0.48], options=options)
    assert nege.stability(found).stable


@pytest.mark.parametrize(("part", "kind"), [(1e-17, "f"), (0.01, "c")])
def test_pairs_that_rounding_makes_of_equal_eigenvalues_do_not_oscillate(part, kind):
    economy = nege.CorePeriphery(nege.geography.equidistant(4), sigma=5, mu=0.4, trade_cost=2)
    found = nege.stability(nege.short_run(economy, np.full(4, 0.25)))
    pair = found._found.rates + part * np.array([1j, -1j, 0.0])
    other = dataclasses.replace(found, _found=found._found._replace(rates=pair))
    assert other.eigenvalues.dtype.kind == kind
    np.testing.assert_allclose(other.eigenvalues.real, found.eigenvalues)
