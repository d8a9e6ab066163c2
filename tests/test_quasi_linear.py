"""Exact results for quasi-linear core and periphery (Pflüger 2004), with an online region."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import nege
from nege.models import closed_forms

pytestmark = pytest.mark.closed_form

KIND = nege.QuasiLinear


def make(n, *, sigma=5.0, alpha=0.4, ratio=5.0, cost=1.2, online=None):
    places = nege.geography.equidistant(n)
    numbers = {"sigma": sigma, "alpha": alpha, "unskilled_ratio": ratio, "trade_cost": cost}
    return KIND(places, **numbers, online=online)


def utility(economy, share):
    return nege.short_run(economy, share).data["utility"].values


@given(sigma=st.floats(1.5, 9.0), ratio=st.floats(0.5, 20.0), n=st.integers(2, 5))
@settings(max_examples=20)
def test_dispersion_breaks_where_z_is_z_star(sigma, ratio, n):
    z_star = (2 * sigma - 1) / (sigma - 1) / (1 + ratio)
    if z_star > 0.97:  # the black hole: dispersion is never stable
        return
    freeness = (1 - z_star) / (1 + (n - 1) * z_star)
    cost = freeness ** (1 / (1 - sigma))
    found = nege.break_points(make(n, sigma=sigma, ratio=ratio), "trade_cost", (1 + 1e-4, 2 * cost))
    np.testing.assert_allclose(found.values, [cost], rtol=1e-9)


@pytest.mark.structure
def test_growth_beyond_all_numbers_is_followed():
    """A platform that keeps nearly all drives firms away, at rates with huge logs."""
    economy = make(2, cost=1.7, ratio=3.0, online=nege.OnlineRegion(trade_cost=1.5))
    for parameter, ends in (("online_commission", (0.0, 0.995)), ("sigma", (1.8, 21.0))):
        found = nege.bifurcation(economy, parameter, ends)
        assert not found.lost
        assert np.isfinite(found.branches[0].share).all()


@pytest.mark.structure
def test_the_pitchfork_is_supercritical():
    """Asymmetric equilibria are there just where dispersion is unstable, and they are stable."""
    economy = make(2, ratio=3.0)
    broken = float(nege.break_points(economy, "trade_cost", (1.01, 3))[0])
    assert broken == pytest.approx(0.28**-0.25, rel=1e-12)  # Z* = 9/16
    diagram = nege.bifurcation(economy, "trade_cost", (1.2, 1.6))
    np.testing.assert_allclose(diagram.points("break"), [broken], rtol=1e-8)
    beyond = diagram.at(broken - 1e-4)  # as trade gets freer
    partial = (beyond["share"] > 0.0).all("region") & (beyond["share"].max("region") > 0.501)
    assert partial.any()
    assert beyond["stable"].values[partial.values].all()
    assert not beyond["stable"].values[~partial.values].any()
    before = diagram.at(broken + 1e-4)
    inside = (before["share"] > 0.0).all("region").values
    np.testing.assert_allclose(before["share"][inside], 0.5, atol=1e-9)
    np.testing.assert_array_equal(before["stable"], inside)


@pytest.mark.structure
def test_all_equilibria_around_the_pitchfork_are_proven():
    """Three interior ones and no stable core, unlike core-periphery's three stable of five."""
    broken = 0.28**-0.25
    after = nege.equilibria(make(2, ratio=3.0, cost=broken - 0.01))
    before = nege.equilibria(make(2, ratio=3.0, cost=broken + 0.01))
    assert after.complete
    assert before.complete
    assert (len(after), len(after.stable)) == (3, 2)
    assert (len(before), len(before.stable)) == (1, 1)
    assert all((e.data["share"] > 0.0).all() for e in after)


@given(alpha=st.floats(0.01, 5.0), size=st.floats(0.1, 10.0))
def test_alpha_is_a_unit_and_only_the_ratio_of_the_skilled_counts(alpha, size):
    """With H skilled and L unskilled, as the source writes it: utilities differ as here."""
    economy, share = make(3, alpha=alpha), np.array([0.5, 0.3, 0.2])
    free, skilled = 1.2 ** (-4 * economy.geography.distance.values), size * share
    people = 5.0 * size / 3 + skilled
    wage = alpha / 5 * free @ (people / (free @ skilled))
    there = wage + alpha / 4 * np.log(free @ skilled)
    here = utility(economy, share)
    np.testing.assert_allclose(here - here[0], there - there[0], atol=1e-12 * (1 + alpha))
    one = utility(make(3, alpha=1.0), share)
    np.testing.assert_allclose(here, alpha * one, rtol=1e-11)


@given(cost=st.floats(1.05, 4.0), sigma=st.floats(1.5, 9.0), ratio=st.floats(0.5, 20.0))
def test_take_off_and_collapse_of_the_online_region(cost, sigma, ratio):
    take_off, collapse = closed_forms.quasi_linear_thresholds(sigma, ratio, cost)
    assert 1.0 < take_off <= collapse
    if collapse > 1e3:
        return
    for digital, share in ((take_off, [0.5, 0.5, 0.0]), (collapse, [0.0, 0.0, 1.0])):
        online = nege.OnlineRegion(trade_cost=digital)
        economy = make(2, sigma=sigma, ratio=ratio, cost=cost, online=online)
        level = utility(economy, share)
        assert level[-1] - level[0] == pytest.approx(0.0, abs=1e-9 * (1 + np.max(np.abs(level))))


@pytest.mark.structure
def test_the_online_share_jumps_at_the_thresholds_the_model_names():
    economy = make(2, cost=2.0, online=nege.OnlineRegion(trade_cost=1.3))
    down, up = economy.online_thresholds(2.0)
    path = [1.5, down + 1e-4, down - 1e-4, 1.0, up - 1e-4, up + 1e-4]
    share = nege.follow(economy, {"online_trade_cost": path})["share"].sel(region="online")
    np.testing.assert_allclose(share[[0, 1, 3, 4]], [0, 0, 1, 1], atol=1e-9)
    assert share[2] > 0.0
    assert share[5] < 1.0


def test_utilities_may_be_negative():
    """Dear trade with few suppliers near: logs of them would not do."""
    economy = make(2, alpha=2.0, ratio=0.1, cost=1.5)
    found = nege.solve(economy, [0.9, 0.1])
    assert (found.data["utility"] < 0.0).any()
    nege.testing.assert_equilibrium(found)
    tastes = nege.solve(economy, dynamics=nege.Logit(scale=0.5, weights=[2, 1]))
    level = tastes.data["utility"].values / 0.5
    chosen = np.array([2.0, 1.0]) * np.exp(level - level.max())
    np.testing.assert_allclose(tastes.data["share"], chosen / chosen.sum(), rtol=1e-9)


def test_welfare_is_the_utility_of_everybody():
    online = nege.OnlineRegion(trade_cost=1.2, commission=0.1, amenity=1.1)
    data = nege.short_run(make(2, online=online), [0.3, 0.5, 0.2]).data
    unskilled = 1 - 0.4 * np.log(data["price_index"].values[:2])
    fee = 5 * 0.2 * data["wage"].values[2] * 0.1 / 0.9
    everybody = np.sum(data["share"] * data["utility"]) + 2.5 * unskilled.sum() + fee
    assert float(data["welfare"]) == pytest.approx(float(everybody), rel=1e-12)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("name", "value", "cure"),
    [("alpha", 0.0, "above 0"), ("unskilled_ratio", -1, "above 0"), ("sigma", 1, "above 1")],
)
def test_wrong_numbers_are_refused_by_name(name, value, cure):
    with pytest.raises(nege.InputError, match=f"(?s){name}.*{cure}"):
        make(2).replace({name: value})


def test_a_core_is_left_where_trade_is_so_dear_that_an_empty_region_pays_beyond_measure():
    """V there is thousands above the core's, which exp() does not hold."""
    economy = make(2, ratio=5.0)
    level = utility(economy.replace(trade_cost=20.0), [1.0, 0.0])
    assert level[1] - level[0] > 710.0
    found = nege.sustain_points(economy, "trade_cost", (1.01, 20.0), core="0")
    assert len(found) == 1
    level = utility(economy.replace(trade_cost=float(found[0])), [1.0, 0.0])
    assert level[1] == pytest.approx(level[0], abs=1e-10)
