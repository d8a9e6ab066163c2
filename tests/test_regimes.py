"""Regimes: what is stable at a point is what break and sustain points say of it."""

import numpy as np
import pytest

import nege

pytestmark = pytest.mark.closed_form
COSTS = [1.3, 1.7, 2.5]
SHARES = [0.4, 0.79, 0.81]


@pytest.fixture(scope="module")
def found():
    places = nege.geography.equidistant(2)
    economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2)
    return nege.regimes(economy, {"trade_cost": COSTS, "mu": SHARES})


def test_regimes_end_at_break_and_sustain_points(found, two):
    (broken,) = nege.break_points(two(2.0), "trade_cost", (1.05, 5))
    (sustained,) = nege.sustain_points(two(2.0), "trade_cost", (1.05, 5), core="0")
    row = found.sel(mu=0.4)
    for cost in COSTS:
        held = row.stable.sel(trade_cost=cost)
        assert bool(held.sel(pattern="dispersed")) == (cost > broken)
        assert bool(held.sel(pattern="core-periphery")) == (cost < sustained)
    assert row.regime.values.tolist() == [
        "core-periphery",
        "multiple: dispersed, core-periphery",
        "dispersed",
    ]


def test_a_black_hole_is_where_its_condition_says(found):
    """Firms agglomerate whatever trade costs where mu >= (sigma - 1)/sigma, 0.8 here."""
    hole = found.stable.sel(pattern="black hole")
    np.testing.assert_array_equal(hole.all("trade_cost"), [share > 0.8 for share in SHARES])
    np.testing.assert_array_equal(hole.any("trade_cost"), hole.all("trade_cost"))


def test_everybody_is_online_up_to_the_collapse(two):
    economy = two(2.0, nege.OnlineRegion(trade_cost=1.3))
    (end,) = nege.sustain_points(economy, "online_trade_cost", (1.05, 4), core="online")
    ds = nege.regimes(economy, {"online_trade_cost": [end - 0.01, end + 0.01]})
    assert ds.stable.sel(pattern="online").values.tolist() == [True, False]


def test_points_that_are_no_economies_are_unknown_and_drawn_so(two):
    grid = {"trade_cost": [0.5, 1.5], "mu": [0.3, 0.4]}
    ds = nege.regimes(two(2.0), grid, invalid="record")
    assert ds.regime.values[0].tolist() == ["unknown", "unknown"]
    assert ds.reason.values[0, 0]
    names = [text.get_text() for text in ds.nege.plot.regimes().get_legend().get_texts()]
    assert "not known" in names


def test_names_that_fit_nowhere_take_no_width_and_each_regime_shows_all_that_is_stable(found):
    words = found.regime.values.astype(object)
    words[:, 0] = "multiple: dispersed, core-periphery, online"
    ax = found.assign(regime=(found.regime.dims, words)).nege.plot.regimes()
    ax.figure.draw_without_rendering()
    whole, axes = ax.figure.bbox, ax.get_window_extent()
    assert axes.width > 0.8 * whole.width
    legend = ax.get_legend()
    assert legend.get_window_extent().y1 < axes.y0
    assert [text.get_text() for text in legend.get_texts()] == ["black hole"]
    stripes = [
        tuple(drawn.get_edgecolor()[0]) for drawn in ax.collections if drawn.get_hatch() is not None
    ]
    assert len(set(stripes)) == 2  # of what comes second and third
