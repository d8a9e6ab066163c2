"""Exact results for footloose capital (Martin & Rogers 1995), with an online region."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import nege
from nege.models import closed_forms

pytestmark = pytest.mark.closed_form


def two(freeness, market, *, sigma=5.0, online=None):
    """Two places, the first with a part of all spending."""
    return nege.FootlooseCapital(
        nege.geography.equidistant(2),
        sigma=sigma,
        mu=0.4,
        trade_cost=freeness ** (1 / (1 - sigma)),
        expenditure=[market, 1 - market],
        online=online,
    )


def test_the_larger_market_has_more_than_its_share_of_firms():
    """The home market effect, to the digits of economics.md."""
    share = nege.solve(two(0.3, 0.6)).data["share"].values
    assert share[0] == pytest.approx(0.6857142857, abs=5e-11)
    assert share[0] == pytest.approx(0.5 + 1.3 / 0.7 * 0.1, abs=1e-12)


@given(freeness=st.floats(0.01, 0.99), market=st.floats(0.5, 0.95), sigma=st.floats(1.5, 9.0))
def test_firms_follow_the_market_until_all_are_there(freeness, market, sigma):
    share = nege.solve(two(freeness, market, sigma=sigma)).data["share"].values
    exact = min(1.0, 0.5 + (1 + freeness) / (1 - freeness) * (market - 0.5))
    assert share[0] == pytest.approx(exact, abs=1e-7)


def test_the_larger_market_has_all_firms_from_where_trade_is_as_free_as_markets_are_uneven():
    core = (1 - 0.6) / 0.6
    economy, cost = two(0.5, 0.6), core ** (1 / (1 - 5))
    found = nege.sustain_points(economy, "trade_cost", (1.01, 3), core="0")
    np.testing.assert_allclose(found.values, [cost], rtol=1e-12)
    inside = nege.solve(two(core - 1e-3, 0.6)).data["share"].values
    assert 0.99 < inside[0] < 1.0
    assert nege.solve(two(core + 1e-3, 0.6)).data["share"].values[0] == 1.0


def test_equal_places_never_break_apart_and_one_equilibrium_is_all():
    economy = two(0.5, 0.5)
    assert len(nege.break_points(economy, "trade_cost", (1.01, 10))) == 0
    found = nege.equilibria(economy)
    assert found.complete
    assert len(found) == 1
    np.testing.assert_allclose(found[0].data["share"], 0.5)


def test_rewards_are_the_same_part_of_spending_wherever_capital_is():
    """Their sum is mu/sigma, as the source has it: capital as a whole gains nothing by moving."""
    for share in ([0.2, 0.8], [1.0, 0.0]):
        data = nege.short_run(two(0.3, 0.6), share).data
        assert float((data["share"] * data["reward"]).sum()) == pytest.approx(0.08, rel=1e-13)


@given(
    n=st.integers(2, 6),
    cost=st.floats(1.1, 4.0),
    sigma=st.floats(1.5, 9.0),
    commission=st.sampled_from([0.0, 0.05, 0.2]),
)
def test_online_takes_off_where_it_collapses(n, cost, sigma, commission):
    """Nothing feeds on itself: with a commission, (1-zeta)^sigma delta^(1-sigma) = gbar."""
    freeness = closed_forms.mean_freeness(sigma, cost, n)
    digital = (freeness / (1 - commission) ** sigma) ** (1 / (1 - sigma))
    if digital < 1.0:
        return
    online = nege.OnlineRegion(trade_cost=digital, commission=commission)
    places = nege.geography.equidistant(n)
    economy = nege.FootlooseCapital(places, sigma=sigma, mu=0.4, trade_cost=cost, online=online)
    dispersed = np.append(np.full(n, 1 / n), 0.0)
    reward = nege.short_run(economy, dispersed).data["reward"].values
    assert reward[-1] / reward[0] == pytest.approx(1.0, abs=1e-9)
    if commission == 0.0:
        reward = nege.short_run(economy, np.eye(n + 1)[n]).data["reward"].values
        assert reward[-1] / reward[0] == pytest.approx(1.0, abs=1e-9)
        if n == 2:
            np.testing.assert_allclose(economy.online_thresholds(cost), digital, rtol=1e-12)


def test_welfare_is_real_spending():
    data = nege.short_run(two(0.3, 0.6), [0.7, 0.3]).data
    real = data["income"] * data["price_index"] ** -0.4
    assert float(data["welfare"]) == pytest.approx(float(real.sum()), rel=1e-14)


def test_where_rewards_hardly_differ_the_error_says_how_far_off_it_may_be():
    places = nege.geography.equidistant(2)
    found = nege.solve(nege.FootlooseCapital(places, sigma=5, mu=0.4, trade_cost=1.0000001))
    away = float(abs(found.data.share - 0.5).max())
    assert found.error >= 0.9 * away
