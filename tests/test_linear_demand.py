"""Exact results for linear demand (Ottaviano, Tabuchi & Thisse 2002), with an online region."""

import hypothesis.strategies as st
import numpy as np
import pytest
import reference_family as slow
import xarray as xr
from hypothesis import given, settings

import nege
from nege.command import cli

pytestmark = pytest.mark.closed_form

KIND = nege.LinearDemand
ONES = {"a": 1.0, "b": 1.0, "c": 1.0, "phi": 1.0, "total_farmers": 10.0, "total_skilled": 1.0}
LIMIT = 2 / 3  # of trade, for these numbers

numbers = {
    **{name: st.floats(0.3, 3.0) for name in ("a", "b", "c", "phi", "total_skilled")},
    "total_farmers": st.floats(1.0, 30.0),
}


def make(n, cost, *, online=None, **changes):
    return KIND(
        nege.geography.equidistant(n), trade_cost=cost, online=online, **{**ONES, **changes}
    )


def thresholds(a, b, c, phi, total_farmers, total_skilled):
    """Where dispersion of two places breaks, and where they stop to trade; OTT (2002)."""
    top = 4 * a * phi * (3 * b * phi + 2 * c * total_skilled)
    below = 2 * b * phi * (3 * b * phi + 3 * c * total_skilled + c * total_farmers)
    below += c**2 * total_skilled * (total_farmers + total_skilled)
    return top / below, 2 * a * phi / (2 * b * phi + c * total_skilled)


def utility(economy, share):
    return nege.short_run(economy, share).data["utility"].values


def test_two_places_break_at_twenty_forty_thirds():
    assert thresholds(**ONES) == pytest.approx((20 / 43, LIMIT))
    found = nege.break_points(make(2, 0.3), "trade_cost", (0.01, 0.66))
    np.testing.assert_allclose(found.values, [20 / 43], rtol=1e-12)


@given(**numbers)
def test_two_places_break_where_the_source_says(**drawn):
    broken, limit = thresholds(**drawn)
    economy = make(2, 0.1 * limit, **drawn)
    assert economy.highest_cost == pytest.approx(limit, rel=1e-14)
    found = nege.break_points(economy, "trade_cost", (0.01 * limit, 0.999 * limit))
    np.testing.assert_allclose(found.values, [broken] if broken < 0.998 * limit else [], rtol=1e-9)


def test_with_two_places_it_is_all_or_nothing():
    """V_0 - V_1 is linear in the share, so that no partial agglomeration is at rest."""
    for cost in (0.2, 0.45, 0.48, 0.6):
        economy = make(2, cost)
        share = np.array([0.1, 0.4, 0.7])
        gaps = np.array([np.subtract(*utility(economy, [x, 1 - x])) for x in share])
        np.testing.assert_allclose(gaps / (share - 0.5), gaps[0] / (share[0] - 0.5), rtol=1e-9)
        found = nege.equilibria(economy)
        assert found.complete
        occupied = [int((e.data["share"] > 0).sum()) for e in found.stable]
        assert occupied == ([1, 1] if cost < 20 / 43 else [2])


def test_prices_and_profits_are_those_of_the_source():
    """p_HH = (2a + tau c (1-share) N)/(2 (2b + cN)) at home, half of tau more abroad."""
    share, cost = np.array([0.7, 0.3]), 0.4
    data = nege.short_run(make(2, cost), share).data
    home = (2 + cost * (1 - share)) / (2 * 3)
    mean = share * home + (1 - share) * (home + cost / 2)
    np.testing.assert_allclose(data["price_index"], mean, rtol=1e-14)
    people = 5 + share
    wage = 2 * (home**2 * people + (home[::-1] - cost / 2) ** 2 * people[::-1])
    np.testing.assert_allclose(data["wage"], wage, rtol=1e-14)
    for s in range(2):
        prices = np.where(np.arange(2) == s, home[s], home[s] + cost / 2)
        surplus = 0.5 - share @ prices + share @ prices**2 - 0.5 * (share @ prices) ** 2
        assert float(data["surplus"][s]) == pytest.approx(surplus, rel=1e-13)


@given(seed=st.integers(0, 1000))
@settings(max_examples=10)
def test_demand_is_what_maximises_utility_and_prices_what_maximises_profit(seed):
    """A little more or less of any of it is worse, at the prices and rivals' prices there."""
    rng = np.random.default_rng(seed)
    share, cost = rng.dirichlet(np.ones(3)), 0.5
    mean = nege.short_run(make(3, cost), share).data["price_index"].values[0]
    price = (1 + mean + 2 * np.array([0, cost, cost])) / 4
    bought = 1 - 2 * price + mean

    def enjoyed(q):
        every = share @ q
        return every - (share @ q**2 + every**2) / 4 - share @ (price * q)

    def earned(p, r):
        return (p - cost * (r > 0)) * (1 - 2 * p + mean)

    for r in range(3):
        for step in (1e-4, -1e-4):
            assert enjoyed(bought + step * (np.arange(3) == r)) < enjoyed(bought)
            assert earned(price[r] + step, r) < earned(price[r], r)


def test_a_commission_is_a_part_of_profits_and_a_factor_on_trade_costs():
    """A firm that keeps 1 - zeta of its price maximises what one with tau/(1 - zeta) does."""
    online = nege.OnlineRegion(trade_cost=0.3, commission=0.25)
    economy, share = make(2, 0.4, online=online), np.array([0.3, 0.3, 0.4])
    data = nege.short_run(economy, share).data
    mean, people = data["price_index"].values, np.array([5.3, 5.3, 0.4])

    def kept(prices):
        bought = 1 - 2 * prices + mean
        return np.sum((0.75 * prices - np.array([0.3, 0.3, 0.0])) * bought * people)

    best = (1 + mean + 2 * np.array([0.4, 0.4, 0.0])) / 4
    assert kept(best) == pytest.approx(float(data["wage"][2]), rel=1e-13)
    for step in 1e-3 * np.vstack([np.eye(3), -np.eye(3)]):
        assert kept(best + step) < kept(best)
    fee = 0.4 * 0.25 * np.sum(best * (1 - 2 * best + mean) * people)
    earned = data["income"].values - share * data["wage"].values
    assert earned.sum() == pytest.approx(10 + fee, rel=1e-12)
    everybody = np.sum(share * data["utility"]) + 5 * data["surplus"][:2].sum() + 10 + fee
    assert float(data["welfare"]) == pytest.approx(float(everybody), rel=1e-12)


def test_where_everybody_is_equally_near_the_online_region_has_everything():
    economy = make(2, 0.4, online=nege.OnlineRegion(trade_cost=0.0))
    np.testing.assert_array_equal(nege.solve(economy).data["share"], [0, 0, 1])


@pytest.mark.structure
def test_the_online_share_jumps_on_the_way_down_and_later_on_the_way_up():
    economy = make(2, 0.6, online=nege.OnlineRegion(trade_cost=0.5))
    loop = nege.hysteresis(economy, "online_trade_cost", (0.0, 0.6), points=13)
    down, up = (
        next(jump.value for jump in loop.jumps if jump.arm == arm) for arm in ("down", "up")
    )
    assert down < up
    for value, share in ((down, [0.5, 0.5, 0.0]), (up, [0.0, 0.0, 1.0])):
        level = slow.linear_demand(economy.replace(online_trade_cost=value), np.array(share))
        assert level[-1] == pytest.approx(level[0], abs=1e-8)


REFUSED = [
    ({"cost": 0.667}, "trade_cost", "below 0.666667", "Between '0' and '1' it is 0.667; the"),
    ({"cost": -0.1}, "trade_cost", "at least 0", "0 means free trade"),
    ({"cost": 0.1, "b": 0}, "b", "above 0", ""),
    ({"cost": 0.1, "c": -1}, "c", "at least 0", ""),
    ({"cost": 0.5, "a": 0.5}, "trade_cost", "below 0.333333", "2 a phi/(2 b phi + c total"),
    ({"cost": [[0, 0.7], [0.1, 0]]}, "trade_cost", "below 0.666667", "it is 0.7"),
]


@pytest.mark.faults
@pytest.mark.parametrize(("given", "argument", "allowed", "cure"), REFUSED)
def test_what_the_model_does_not_hold_for_is_refused(given, argument, allowed, cure):
    with pytest.raises(nege.InputError) as error:
        make(2, **given)
    assert error.value.argument == argument
    assert allowed in str(error.value)
    assert cure in str(error.value)


@pytest.mark.faults
def test_a_digital_cost_at_which_some_pair_stops_trading_is_refused_by_its_name():
    economy = make(2, 0.4, online=nege.OnlineRegion(trade_cost=0.5))
    for changes in ({"online_trade_cost": 0.7}, {"online_commission": 0.3}):
        with pytest.raises(nege.InputError, match=r"online_trade_cost must be low enough"):
            economy.replace(changes)
    with pytest.raises(nege.InputError, match=r"Between '0' and 'online' it is 0\.7 after comm"):
        nege.sweep(economy, {"online_trade_cost": [0.1, 0.7]})


@pytest.mark.faults
def test_only_a_matrix_multiplies_by_costs_that_add():
    economy = KIND(nege.geography.racetrack(40), trade_cost=0.02, **ONES)
    assert list(nege.estimate_memory(economy)) == ["dense"]
    nege.testing.assert_equilibrium(nege.solve(economy))
    with pytest.raises(nege.InputError, match="Trade costs that add to prices have no other"):
        nege.solve(economy, options=nege.SolverOptions(operator="symmetric"))


@pytest.mark.faults
def test_a_table_of_costs_has_no_single_slope():
    table = np.array([[0.0, 0.2], [0.3, 0.0]])
    economy = KIND(nege.geography.equidistant(2), trade_cost=table, **ONES)
    nege.testing.assert_equilibrium(nege.solve(economy))
    with pytest.raises(nege.InputError, match="single number"):
        economy.direction("trade_cost")


@pytest.mark.family
def test_axes_name_the_unit_of_costs_that_add():
    swept = nege.sweep(make(2, 0.3), {"trade_cost": [0.1, 0.6]})
    ax = swept.nege.plot.panels(variables=["utility"])[0]
    assert ax.get_xlabel() == "trade cost (numeraire per unit of distance)"


JOINT = [  # points that are refused, and one that no least or largest value allows
    ({"trade_cost": [0.1, 0.6], "a": [0.5, 1.0]}, [[0, 0], [5, 0]], "trade_cost=0.6, a=0.5"),
    ({"trade_cost": [0.05], "a": [0.3]}, [[0]], None),
    (
        {"online_trade_cost": [0.1, 0.5], "online_commission": [0.0, 0.4]},
        [[0, 0], [0, 5]],
        "online_trade_cost=0.5, online_commission=0.4",
    ),
]


@pytest.mark.family
@pytest.mark.parametrize(("grid", "expected", "where"), JOINT)
@pytest.mark.parametrize("share", [None, [0.5, 0.5, 0.0]])
def test_limits_of_several_numbers_hold_at_every_point_of_a_sweep(grid, expected, where, share):
    """Where trade stops the equations book negative imports as profit, without any residual."""
    economy = make(2, 0.3, online=nege.OnlineRegion(trade_cost=0.3))
    if "online_trade_cost" not in grid:
        economy = economy.replace(online_trade_cost=0.05)
    ds = nege.sweep(economy, grid, share=share, along=None, invalid="record")
    assert ds.status.values.tolist() == expected
    assert np.isnan(ds.wage.values[ds.status.values == nege.Status.INVALID]).all()
    assert np.isfinite(ds.wage.values[ds.status.values == nege.Status.CONVERGED]).all()
    if where:
        with pytest.raises(nege.InputError, match=f"at {where}, the only one refused of 4 points"):
            nege.sweep(economy, grid, share=share)


@pytest.mark.faults
def test_a_path_goes_on_behind_what_is_no_economy():
    path = {"trade_cost": [0.2, 0.6, 0.3], "a": [1.0, 0.5, 1.0]}
    ds = nege.follow(make(2, 0.3), path, [0.7, 0.3], invalid="record")
    assert ds.status.values.tolist() == [0, nege.Status.INVALID, 0]
    assert ds.share[2].values.tolist() == ds.share[0].values.tolist() == [1.0, 0.0]
    with pytest.raises(nege.InputError, match=r"at step=1, trade_cost=0.6, a=0.5"):
        nege.follow(make(2, 0.3), path)


@pytest.mark.faults
def test_what_a_decomposition_holds_still_has_to_be_an_economy_too(monkeypatch):
    """Costs and demand may rise together, but not costs alone; said before any is solved."""
    path = xr.Dataset({"trade_cost": ("step", [0.2, 0.8]), "a": ("step", [1.0, 2.0])})
    nege.follow(make(2, 0.3), path)
    monkeypatch.setattr("nege.sweeps.work_units.find_long_run", None)
    with pytest.raises(nege.InputError, match=r"at step=1, trade_cost=0.8, a=1"):
        nege.decompose(make(2, 0.3), path, outcomes=["welfare"])


@pytest.mark.faults
def test_a_file_may_sweep_over_points_that_are_no_economies(tmp_path, capsys):
    text = """
    [geography]
    kind = "equidistant"
    n = 2
    [model]
    kind = "linear-demand"
    b = 1
    c = 1
    phi = 1
    total_farmers = 10
    total_skilled = 1
    [sweep]
    invalid = "record"
    [sweep.parameters]
    trade_cost = [0.6, 0.1]
    a = [0.5, 1.0]
    """
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    store = str(tmp_path / "s.zarr")
    assert cli.main(["sweep", str(tmp_path / "s.toml"), "--store", store]) == 1
    said = capsys.readouterr()
    assert "1 invalid: not solved, because the model does not accept" in said.out
    assert "3 converged" in said.out
    assert nege.load(store).status.values.tolist() == [[5, 0], [0, 0]]
    (tmp_path / "s.toml").write_text(text.replace('invalid = "record"', ""), encoding="utf-8")
    assert cli.main(["sweep", str(tmp_path / "s.toml"), "--store", store]) == 2
    assert "the only one refused of 4 points" in capsys.readouterr().err
