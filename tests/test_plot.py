"""Pictures, by their properties: what is drawn, and what the axes say."""

import matplotlib
import numpy as np
import pytest
from store_results import stored

import nege
from nege.plots import branches

pytestmark = [pytest.mark.closed_form, pytest.mark.usefixtures("nothing_is_solved")]

matplotlib.use("Agg")


@pytest.fixture
def solved():
    return stored("three_cities")


def test_bars_are_the_shares_largest_first(solved):
    ax = solved.plot.shares()
    heights = [bar.get_height() for bar in ax.patches]
    np.testing.assert_allclose(heights, np.sort(solved.data.share.values)[::-1])
    assert ax.get_ylabel() == "share of workers and firms"
    assert len({bar.get_facecolor() for bar in ax.patches}) == 2  # the online region stands out


def test_the_online_region_is_always_among_the_bars(solved):
    ax = solved.plot.shares(largest=2)
    assert "online" in [label.get_text() for label in ax.get_xticklabels()]
    assert ax.get_title() == "2 of 4 regions"


def test_the_map_has_a_dot_per_place_with_area_by_share(solved):
    ax = solved.plot.map()
    dots = ax.collections[-1]
    np.testing.assert_allclose(dots.get_offsets()[:, 0], [121.5, 116.4, 113.3])
    share = solved.data.share.values[:3]
    np.testing.assert_allclose(dots.get_sizes() / dots.get_sizes().sum(), share / share.sum())
    assert ax.get_xlabel() == "longitude (degrees east)"
    assert "online" in ax.get_title()


def test_an_axes_may_be_given_and_is_returned(solved):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert solved.plot.shares(ax=ax) is ax
    assert solved.plot.map(ax=ax) is ax


def test_a_geography_of_distances_has_no_map():
    with pytest.raises(nege.InputError, match="coordinates"):
        stored("without_coordinates").plot.map()
    assert stored("two_places").plot.map().get_xlabel() == "steps"


def test_a_path_breaks_at_its_jumps_on_either_arm():
    varied, outcome = np.array([2.0, 1.0, 2.0]), np.array([0.0, 1.0, 0.0])
    ax = branches.there_and_back(varied, outcome, turn=1, jumps={1: 1.2, 2: 1.8})
    for line in ax.lines:
        x, y = (np.asarray(data, float) for data in line.get_data())
        steps = np.abs(np.diff(y)) > 0.5
        assert (np.diff(x)[steps] == 0.0).all()  # upright where it jumps
    dotted = [line for line in ax.lines if line.get_linestyle() == ":"]
    assert sorted(line.get_xdata()[0] for line in dotted) == [1.2, 1.8]


class Borders:
    """What maps need of a GeoDataFrame: a boundary that draws itself."""

    crs = None

    @property
    def boundary(self):
        return self

    def plot(self, *, ax, color, linewidth, zorder):
        ax.plot([70.0, 140.0], [15.0, 55.0], color=color, linewidth=linewidth, zorder=zorder)


def test_borders_lie_beneath_a_map_and_do_not_widen_it(solved):
    ax = solved.plot.map(borders=Borders())
    (border,) = ax.lines
    assert border.get_zorder() < ax.collections[-1].get_zorder()
    west, east = ax.get_xlim()
    assert 110 < west < 113.3
    assert 121.5 < east < 125


def test_borders_in_another_projection_are_brought_to_degrees(solved):
    geopandas = pytest.importorskip("geopandas")
    shapely = pytest.importorskip("shapely")
    square = geopandas.GeoSeries([shapely.box(110, 20, 125, 45)], crs="EPSG:4326")
    ax = solved.plot.map(borders=square.to_crs("EPSG:3857"))
    drawn = np.concatenate([path.vertices for path in ax.collections[0].get_paths()])
    np.testing.assert_allclose([drawn.min(0), drawn.max(0)], [[110, 20], [125, 45]], atol=1e-6)


@pytest.mark.parametrize("borders", [1, [1, 2]])
def test_what_has_no_borders_is_refused(solved, borders):
    with pytest.raises(nege.InputError, match="GeoDataFrame"):
        solved.plot.map(borders=borders)


def test_a_textbook_geography_has_no_borders():
    with pytest.raises(nege.InputError, match="borders"):
        stored("two_places").plot.map(borders=Borders())
