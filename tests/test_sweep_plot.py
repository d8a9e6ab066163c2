"""Pictures of sweeps, by what is drawn and written on them."""

import matplotlib
import numpy as np
import pytest

import nege
from nege.sweep_plot import picture

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _closed():
    from matplotlib import pyplot

    yield
    pyplot.close("all")


@pytest.fixture
def grid(two):
    economy = two(2.0, nege.OnlineRegion(trade_cost=1.3))
    ranges = {"online_trade_cost": np.linspace(1.5, 1.0, 4), "mu": np.linspace(0.2, 0.4, 9)}
    return nege.sweep(economy, ranges)


def test_one_dimension_is_a_line_with_labels_and_units(grid):
    ax = picture(grid, "wage", at={"mu": 0.31, "region": "online"})
    (line,) = ax.get_lines()
    np.testing.assert_array_equal(line.get_xdata(), grid.online_trade_cost)
    nearest = grid.wage.sel(mu=0.31, method="nearest").sel(region="online")
    np.testing.assert_array_equal(line.get_ydata(), nearest)
    assert ax.get_xlabel() == "online trade cost"
    assert ax.get_ylabel() == "manufacturing wage (farmers' wage)"


def test_a_few_labels_are_a_line_each(grid):
    ax = picture(grid, at={"mu": "0.4"})
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0", "1", "online"]
    for line, region in zip(ax.get_lines(), grid.region.values, strict=False):
        np.testing.assert_array_equal(line.get_ydata(), grid.share.sel(region=region).isel(mu=-1))


def test_two_dimensions_are_a_heat_map_hatched_where_nothing_was_solved(grid):
    from matplotlib import pyplot

    holed = grid.where((grid.mu < 0.3) | (grid.online_trade_cost > 1.2))
    axes = pyplot.figure().subplots()
    ax = picture(holed, at={"region": "online"}, against="online_trade_cost", ax=axes)
    assert ax is axes
    (mesh,) = ax.collections
    drawn = mesh.get_array()
    expected = holed.share.sel(region="online").transpose("mu", "online_trade_cost").values
    np.testing.assert_array_equal(np.ma.getmaskarray(drawn), np.isnan(expected))
    np.testing.assert_array_equal(drawn.compressed(), expected[~np.isnan(expected)])
    assert ax.patch.get_hatch()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("online trade cost", "mu")


def test_a_list_is_dots_against_a_parameter(two):
    design = nege.random_points({"sigma": (4, 6), "mu": (0.2, 0.5)}, 12)
    ds = nege.sweep(two(2.0), design)
    ax = picture(ds, "welfare", against="mu")
    (dots,) = ax.get_lines()
    assert sorted(dots.get_xdata()) == sorted(ds.mu.values)
    assert dots.get_linestyle() == "None"
    assert ax.get_xlabel() == "mu"
    with pytest.raises(nege.InputError, match="Choose with --at"):
        picture(ds)


def test_names_that_do_not_exist_are_refused_with_those_near(grid):
    for keywords, hint in (
        ({"variable": "wages"}, "'wage'"),
        ({"at": {"regoin": "0"}}, "'region'"),
        ({"at": {"region": "onlin"}}, "'online'"),
        ({"at": {"mu": "much"}}, "a number"),
        ({"at": {"region": "0"}, "against": "sigma"}, "a parameter that was varied"),
        ({}, "Choose with --at, e.g. region=0"),
    ):
        with pytest.raises(nege.InputError, match=hint):
            picture(grid, **keywords)
