"""Pictures of sweeps and paths, by what is drawn and what the axes say."""

import fresh
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from store_results import stored

import nege
from nege.plots import style

pytestmark = [pytest.mark.closed_form, pytest.mark.usefixtures("nothing_is_solved")]

matplotlib.use("Agg")
COSTS, COMMISSIONS = [1.4, 1.2, 1.0], [0.0, 0.1]


@pytest.fixture
def grid():
    """A sweep as sweeps are, with numbers that no two points share and one point that failed."""
    dims = ("online_trade_cost", "online_commission")
    share = np.arange(18.0).reshape(3, 2, 3) / 20.0
    about = {"long_name": "share of mobile workers and firms", "units": "1"}
    wage = {"long_name": "manufacturing wage", "units": "farmers' wage"}
    cost = {"long_name": "digital trade cost", "units": "iceberg factor"}
    commission = {"long_name": "commission of the platform", "units": "share of sales"}
    return xr.Dataset(
        {
            "share": ((*dims, "region"), share, about),
            "wage": ((*dims, "region"), 1.0 + share, wage),
            "status": (dims, np.array([[0, 0], [0, 2], [0, 0]], dtype=np.int8)),
            "perturbed": (dims, np.ones((3, 2), dtype=bool)),
        },
        {
            "online_trade_cost": ("online_trade_cost", COSTS, cost),
            "online_commission": ("online_commission", COMMISSIONS, commission),
            "region": ["0", "1", "online"],
        },
    )


def hatched(ax):
    """The middles of the hatched cells."""
    found = [c for c in ax.collections if c.get_gid() == "failed"]
    assert all(c.get_hatch() for c in found)
    boxes = [path.get_extents() for c in found for path in c.get_paths()]
    return [tuple(0.5 * (box.min + box.max)) for box in boxes]


def test_the_cure_of_too_many_dimensions_names_one_that_is_there(grid):
    told = grid.rename(region="place")
    with pytest.raises(nege.InputError) as caught:
        told.nege.plot.heatmap("wage")
    at = {"place": "online"}
    assert 'at={"place": "online"}'.replace('"', "'") in str(caught.value)
    told.nege.plot.heatmap("wage", at=at)
    with pytest.raises(nege.InputError, match=r"panels\(\) draws lines"):
        told.nege.plot.heatmap("status", at={"online_commission": 0.0})


def test_axes_and_bars_say_numbers_as_they_are(grid):
    """Not how far they are from another one, written small at the end of the axis."""
    near = grid.assign(wage=1e4 + 1e-3 * grid["wage"])
    heat = near.nege.plot.heatmap("wage", at={"region": "1"})
    given = plt.subplots()[1]
    near.nege.plot.panels(variables=["wage"], at={"region": "1"}, ax=given)
    for ax in (given, *heat.figure.axes):
        ax.figure.draw_without_rendering()
        assert [axis.get_offset_text().get_text() for axis in (ax.xaxis, ax.yaxis)] == ["", ""]


def test_a_bar_points_to_what_lies_beyond_its_ends(grid):
    ends = {}
    for limits in ({}, {"vmin": 1.2}, {"vmax": 1.5}, {"vmin": 1.2, "vmax": 1.5}):
        ax = grid.nege.plot.heatmap("wage", at={"region": "1"}, **limits)
        (mesh,) = (one for one in ax.collections if one.colorbar is not None)
        ends[tuple(limits)] = mesh.colorbar.extend
    assert list(ends.values()) == ["neither", "min", "max", "both"]


def test_both_arms_of_a_loop_are_drawn_and_named():
    loop = stored("loop")
    ax = loop.nege.plot.online_share()
    assert [line.get_label() for line in ax.lines] == ["falling", "rising"]
    assert len({line.get_linestyle() for line in ax.lines}) == 2  # told apart without colour
    for line, arm in zip(ax.lines, ("down", "up"), strict=True):
        share = loop["share"].sel(arm=arm, region="online")
        np.testing.assert_array_equal(line.get_xdata(), loop["online_trade_cost"])
        np.testing.assert_allclose(line.get_ydata(), 100 * share)
    assert ax.get_xlabel() == "digital trade cost (iceberg factor)"
    assert ax.get_ylabel() == "online share of workers and firms\n(%)"


def test_a_path_that_turns_round_has_two_arms_over_its_parameter():
    found = stored("there_and_back")
    ax = found.nege.plot.online_share()
    there, back = (line.get_xydata() for line in ax.lines)
    np.testing.assert_allclose(there, [[1.5, 0], [1.0, 100]], atol=1e-9)
    np.testing.assert_allclose(back, [[1.0, 100], [1.5, 100], [2.0, 0]], atol=1e-9)
    (line,) = found.nege.plot.online_share("step").lines
    np.testing.assert_array_equal(line.get_xdata(), range(4))
    alike = found.isel(step=[0, 3]).nege.plot.online_share("step")  # of shares that hardly differ
    np.testing.assert_allclose(alike.get_ylim(), [-0.5, 0.5], atol=1e-6)


def test_points_in_no_order_are_dots(grid):
    listed = grid.stack(point=("online_commission", "online_trade_cost"))
    listed = listed.reset_index("point").assign_coords(mu=("point", [0.3, 0.1, 0.2, 0.4, 0.1, 0.6]))
    ax = listed.nege.plot.online_share("mu")
    assert ax.lines[0].get_linestyle() == "None"
    assert ax.lines[0].get_marker() == "."


def test_each_value_of_a_second_parameter_is_a_line_that_breaks_where_it_failed(grid):
    ax = grid.nege.plot.online_share("online_trade_cost")
    *lines, crosses = ax.lines
    assert [line.get_label() for line in lines] == [
        "commission of the platform 0",
        "commission of the platform 0.1",
    ]
    for i, line in enumerate(lines):
        share = 100 * grid["share"].values[:, i, 2]
        np.testing.assert_allclose(
            line.get_ydata(), np.where(grid.status[:, i] == 0, share, np.nan)
        )
    assert crosses.get_gid() == "failed"
    np.testing.assert_array_equal(crosses.get_xdata(), [1.2])
    one = grid.nege.plot.online_share(at={"online_commission": 0.0})
    assert len(one.lines) == 1  # nothing failed on this one


@pytest.fixture
def path():
    """A path of two industries in two places; the second step failed."""
    names = {"step": [0, 1, 2], "industry": ["goods", "services"], "place": ["0", "1"]}
    cost = [
        [[[3.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]],
        [[[9.0, 9.0], [9.0, 9.0]], [[9.0, 9.0], [9.0, 9.0]]],
        [[[1.0, 0.0], [0.0, 1.0]], [[2.0, 1.0], [2.0, 0.0]]],
    ]
    by_place = {"long_name": "share of people", "units": "1"}
    price = {"long_name": "price index", "units": "wage bill"}
    return xr.Dataset(
        {
            "total_cost": (("step", "industry", "place", "channel"), cost),
            "area": ("place", [0.5, 0.5]),
            "population": (("step", "place"), [[0.4, 0.6], [9.0, 9.0], [0.3, 0.7]], by_place),
            "price_index": (
                ("step", "industry", "place"),
                np.arange(12.0).reshape(3, 2, 2),
                price,
            ),
            "status": ("step", np.array([0, 1, 0], dtype=np.int8)),
        },
        {**names, "channel": ["offline", "online"]},
    )


def test_industries_have_a_line_each_in_percent_of_their_cost(path):
    ax = path.nege.plot.online_share()
    assert [line.get_label() for line in ax.lines] == ["goods", "services", "not solved"]
    drawn = [line.get_ydata() for line in ax.lines[:2]]
    np.testing.assert_allclose(drawn, [[25, np.nan, 50], [100, np.nan, 20]])
    assert all(tick == int(tick) for tick in ax.get_xticks())


def test_a_heat_map_has_a_cell_per_point_around_its_values(grid):
    ax = grid.nege.plot.heatmap("wage", at={"region": "1"})
    mesh = ax.collections[0]
    expected = grid["wage"].sel(region="1").where(grid.status == 0).sortby("online_trade_cost").T
    drawn = mesh.get_array()
    np.testing.assert_array_equal(drawn.filled(np.nan), expected.values)
    np.testing.assert_allclose(mesh.get_coordinates()[0, :, 0], [0.9, 1.1, 1.3, 1.5])
    np.testing.assert_allclose(mesh.get_coordinates()[:, 0, 1], [-0.05, 0.05, 0.15])
    assert ax.get_xlabel() == "digital trade cost (iceberg factor)"
    assert ax.get_ylabel() == "commission of the platform (share of sales)"
    assert ax.figure.axes[1].get_ylabel() == "manufacturing wage, 1 (farmers' wage)"


def test_failed_points_are_hatched_and_only_these(grid):
    ax = grid.nege.plot.heatmap("wage", at={"region": "1"})
    np.testing.assert_allclose(hatched(ax), [(1.2, 0.1)])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["not solved"]
    turned = grid.nege.plot.heatmap("wage", y="online_trade_cost", at={"region": "1"})
    np.testing.assert_allclose(hatched(turned), [(0.1, 1.2)])
    solved = grid.nege.plot.heatmap("wage", at={"online_commission": 0.0})
    assert hatched(solved) == []
    assert solved.get_legend() is None


def test_a_failed_point_is_hatched_for_every_region(grid):
    ax = grid.nege.plot.heatmap("wage", at={"online_commission": 0.1})
    np.testing.assert_allclose(sorted(hatched(ax)), [(1.2, 0), (1.2, 1), (1.2, 2)])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0", "1", "online"]


def test_how_the_solve_went_is_drawn_where_it_failed_too(grid):
    ax = grid.nege.plot.heatmap("status")
    assert ax.collections[0].get_array().filled(-1).max() == 2
    assert len(hatched(ax)) == 1


def test_one_bar_serves_heat_maps_that_share_a_scale(grid):
    figure, axes = plt.subplots(1, 2)
    for ax, region, bar in zip(axes, "01", (False, axes), strict=True):
        grid.nege.plot.heatmap("wage", at={"region": region}, bar=bar, ax=ax, vmin=0, vmax=2)
    assert len(figure.axes) == 3
    for wrong in ("both", [axes[0], None], 1):
        with pytest.raises(nege.InputError, match=r"bar.*all Axes that it serves"):
            grid.nege.plot.heatmap("wage", at={"region": "0"}, bar=wrong)


def test_what_is_online_has_its_colour_in_every_picture(grid):
    at = {"online_commission": 0.1}
    (ax,) = grid.nege.plot.panels(at=at, variables=["share"])
    assert [line.get_color() for line in ax.lines[:3]] == [style.BLUE, style.GREEN, style.ORANGE]


def test_a_sweep_of_a_real_economy_has_its_numbers_in_the_cells():
    found = stored("grid")
    ax = found.nege.plot.heatmap("share", at={"region": "online"}, vmin=0, vmax=1)
    drawn = ax.collections[0].get_array()
    np.testing.assert_array_equal(drawn, found.share.sel(region="online").values[::-1].T)
    assert ax.collections[0].get_clim() == (0, 1)


def test_panels_show_a_variable_each_with_a_line_per_region(grid):
    axes = grid.nege.plot.panels(at={"online_commission": 0.1})
    assert [ax.get_ylabel() for ax in axes] == [
        "share of mobile workers and firms",
        "manufacturing wage (farmers' wage)",
    ]
    for ax, name in zip(axes, ("share", "wage"), strict=True):
        drawn = [line for line in ax.lines if line.get_gid() != "failed"]
        assert [line.get_label() for line in drawn] == ["0", "1", "online"]
        for i, line in enumerate(drawn):
            expected = np.where(grid.status[:, 1] == 0, grid[name][:, 1, i], np.nan)
            np.testing.assert_allclose(line.get_ydata(), expected)
        assert len({line.get_linewidth() for line in drawn}) == 3  # equal places show beneath
    assert axes[0].get_legend() is None
    assert axes[-1].get_legend() is not None


def test_panels_keep_the_largest_regions_and_say_so(grid):
    axes = grid.nege.plot.panels(at={"online_commission": 0.0}, largest=2, variables=["wage"])
    assert [line.get_label() for line in axes[0].lines] == ["1", "online"]
    assert axes[0].get_title("left") == "2 of 3 regions"


def test_one_region_of_a_path_there_and_back_has_an_arm_each_way():
    found = stored("there_and_back").sel(step=[0, 1, 2])
    (ax,) = found.nege.plot.panels(at={"region": "online"}, variables=["share"])
    assert [line.get_label() for line in ax.lines] == ["falling", "rising again"]
    assert ax.get_ylabel().startswith("share of mobile workers and firms, online")


def test_industries_have_a_panel_each(path):
    axes = path.nege.plot.panels()
    labels = [ax.get_ylabel() for ax in axes]
    assert labels[0] == "share of people"
    assert labels[1:] == [f"price index, {name} (wage bill)" for name in ("goods", "services")]
    for line, place in zip(axes[2].lines, "01", strict=False):
        expected = path.price_index.sel(industry="services", place=place).where(path.status == 0)
        np.testing.assert_array_equal(line.get_ydata(), expected)
    (only,) = path.nege.plot.panels(variables=["price_index"], at={"industry": "goods"})
    assert only.get_ylabel() == labels[1]


def test_patterns_are_a_row_for_the_pair_and_one_for_each_industry(path):
    rows = path.nege.plot.patterns().get_yticklabels()
    assert [row.get_text() for row in rows] == ["pair", "goods", "services"]


def test_an_axes_may_be_given_and_is_returned(grid):
    import matplotlib.pyplot as plt

    plot = grid.nege.plot
    for draw in (
        lambda ax: plot.online_share("online_trade_cost", ax=ax),
        lambda ax: plot.heatmap("status", ax=ax),
        lambda ax: plot.panels("online_trade_cost", variables=["perturbed"], ax=[ax])[0],
    ):
        _, ax = plt.subplots()
        assert draw(ax) is ax


@pytest.mark.parametrize(
    ("draw", "named"),
    [
        (lambda plot: plot.heatmap("wages"), "Did you mean 'wage'"),
        (lambda plot: plot.heatmap("wage"), r"region \(3\)"),
        (lambda plot: plot.heatmap("wage", "regio", at={"region": "0"}), "online_commission"),
        (lambda plot: plot.heatmap("status", "online_commission", "online_commission"), "two diff"),
        (lambda plot: plot.heatmap("wage", at={"region": "2"}), "Known: 0, 1, online"),
        (lambda plot: plot.heatmap("wage", at={"online_commission": 0.05}), "one of 0, 0.1"),
        (lambda plot: plot.heatmap("wage", at={"sigma": 5}), "Known: online_trade_cost"),
        (lambda plot: plot.online_share("mu"), "Known: online_trade_cost, online_commission"),
        (lambda plot: plot.online_share(region="web"), "Known: 0, 1, online"),
        (lambda plot: plot.panels(), "one dimension is left"),
        (lambda plot: plot.panels(variables=[]), "variables must be the names of some"),
        (lambda plot: plot.panels(at={"online_commission": 0}, ax=[None]), "2 Axes"),
        (lambda plot: plot.panels(largest=0), "largest"),
        (lambda plot: plot.patterns(), "total_cost"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_what_can(grid, draw, named):
    with pytest.raises(nege.InputError, match=named):
        draw(grid.nege.plot)


def test_more_lines_than_can_be_told_apart_are_refused(grid):
    many = xr.concat([grid.assign_coords(mu=i / 20) for i in range(13)], "mu")
    with pytest.raises(nege.InputError, match="at most 12 lines"):
        many.nege.plot.online_share("online_trade_cost", at={"online_commission": 0.0})


def test_datasets_of_others_are_refused(grid):
    with pytest.raises(nege.InputError, match="status"):
        grid.drop_vars("status").nege.plot.heatmap("wage")
    with pytest.raises(nege.InputError, match="status"):
        xr.Dataset({"elsewhere": 1.0}).nege.plot  # noqa: B018
    with pytest.raises(nege.InputError, match=r"panels\(\)"):
        grid.drop_vars("share").nege.plot.online_share()
    renamed = grid.assign_coords(region=["here", "there", "web"])
    with pytest.raises(nege.InputError, match=r"online=nege\.OnlineRegion.*region='here'"):
        renamed.nege.plot.online_share()


def test_pictures_leave_the_data_as_it_was(grid):
    before = grid.copy(deep=True)
    grid.nege.plot.heatmap("wage", at={"region": "1"})
    grid.nege.plot.panels(at={"online_commission": 0.1})
    xr.testing.assert_identical(grid, before)


def test_the_accessor_waits_for_matplotlib_until_something_is_drawn():
    code = (
        "import sys, xarray, nege; ds = xarray.Dataset({'status': ('mu', [0])}); "
        "ds.nege.plot; print('matplotlib' in sys.modules)"
    )
    assert fresh.run(code) == "False\n"
