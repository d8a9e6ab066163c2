"""Pictures of industries, by their properties: what is drawn, where, and in which colour."""

import functools
import itertools

import matplotlib
import numpy as np
import pytest
import xarray as xr
from store_results import stored

import nege
from nege.models.agglomeration.patterns import PATTERNS
from nege.plots import agglomeration

pytestmark = [pytest.mark.closed_form, pytest.mark.usefixtures("nothing_is_solved")]

matplotlib.use("Agg")

NAMES = ("manufacturing", "services")
STATES = ("clustered", "mixed", "scattered")


@functools.cache
def solved():
    return stored("industries")


def invented(cost):
    """A Dataset of two industries in three places, without any model."""
    return xr.Dataset(
        {
            "total_cost": (("industry", "place", "channel"), np.array(cost, float)),
            "population": ("place", [0.5, 0.3, 0.2]),
        },
        coords={
            "industry": list(NAMES),
            "place": ["a", "b", "c"],
            "channel": ["offline", "online"],
        },
    )


COST = [[[6, 0], [2, 2], [0, 0]], [[1, 0], [0, 2], [1, 0]]]
COORDINATES = nege.geography.equidistant(3).coordinates


def heights(ax):
    return {
        bars.get_label(): np.array([bar.get_height() for bar in bars]) for bars in ax.containers
    }


def test_bars_are_shares_of_the_industry_by_place_and_channel_largest_place_first():
    ax = agglomeration.shares(invented(COST))
    found = heights(ax)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["b", "a", "c"]
    np.testing.assert_allclose(found["manufacturing, offline"], [0.2, 0.6, 0.0])
    np.testing.assert_allclose(found["manufacturing, online"], [0.2, 0.0, 0.0])
    np.testing.assert_allclose(found["services, online"], [0.5, 0.0, 0.0])
    below = dict(zip(found, ax.containers, strict=True))["manufacturing, online"]
    assert below[0].get_y() == pytest.approx(0.2)  # on top of the offline part
    assert ax.get_ylim()[0] == 0.0
    assert ax.get_ylabel() == "share of the industry's cost"
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    assert shown == list(found)


def test_bars_of_a_solved_economy_sum_to_one_for_each_industry():
    found = heights(solved().plot.shares())
    for name in NAMES:
        total = sum(bars.sum() for label, bars in found.items() if label.startswith(name))
        assert total == pytest.approx(1.0)


@pytest.mark.parametrize(("names", "lean"), [("abc", 0.0), (["metropolis on the coast"] * 3, 60.0)])
def test_long_names_of_places_lean_so_that_none_lies_on_another(names, lean):
    data = invented(COST).assign_coords(place=list(names))
    ax = agglomeration.shares(data)
    assert {tick.get_rotation() for tick in ax.get_xticklabels()} == {lean}


def test_only_the_largest_places_are_shown_and_the_title_says_so():
    ax = agglomeration.shares(invented(COST), largest=2)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["b", "a"]
    assert ax.get_title() == "2 of 3 places"


def dots(ax):
    return next(found for found in ax.collections if found.get_gid() == "places")


def test_a_map_of_an_industry_has_areas_by_its_cost_and_colours_by_its_online_share():
    ax = agglomeration.industry_map(COORDINATES, invented(COST), industry="manufacturing")
    size = dots(ax).get_sizes()
    np.testing.assert_allclose(size / size.sum(), [0.6, 0.4, 0.0])
    online = np.ma.filled(dots(ax).get_array(), np.nan)
    np.testing.assert_allclose(online, [0.0, 0.5, np.nan])  # no firms, no share of them online
    assert "20.0% online" in ax.get_title(loc="left")
    assert any("share of sales online" in other.get_ylabel() for other in ax.figure.axes)


def test_a_map_without_an_industry_shows_people_and_specialisation():
    ax = agglomeration.industry_map(COORDINATES, invented(COST))
    size = dots(ax).get_sizes()
    np.testing.assert_allclose(size / size.sum(), [0.5, 0.3, 0.2])
    colours = dots(ax).get_facecolors()[:, :3]
    assert not np.allclose(colours[0], colours[1])  # manufacturing in a; b has half of services
    np.testing.assert_allclose(colours[1], colours[2])


def test_a_picture_of_one_economy_does_not_take_a_path():
    path = xr.concat([invented(COST), invented(COST)], "step")
    with pytest.raises(nege.InputError, match="one economy"):
        agglomeration.shares(path)


def test_maps_name_a_wrong_industry_and_other_models_have_none():
    with pytest.raises(nege.InputError, match="service"):
        solved().plot.map(industry="service")
    with pytest.raises(nege.InputError, match="no industries"):
        stored("two_places").plot.map(industry="services")
    assert solved().plot.map(industry="services").get_xlabel() == "steps"


def test_places_of_unknown_position_have_no_map():
    with pytest.raises(nege.InputError, match="coordinates"):
        agglomeration.industry_map(None, invented(COST))


def along(patterns, states, online, where):
    """What patterns says of four points: states and online shares by industry, and clusters."""
    by = ("cost", "industry")
    return xr.Dataset(
        {
            "pattern": ("cost", patterns),
            "state": (by, states),
            "online_share": (by, online),
            "places": ((*by, "place"), np.array(where, bool)),
        },
        coords={"cost": [3.0, 2.0, 1.5, 1.0], "industry": list(NAMES), "place": ["a", "b", "c"]},
        attrs={"online": 0.5},
    )


ANYWHERE = [[[0, 0, 0]] * 2] * 4


def test_a_timeline_has_a_band_for_each_run_of_a_word():
    words = ["co-located", "in between", "unknown", "two-sided online"]
    words[1] = words[0]
    states = [["clustered"] * 2, ["clustered"] * 2, ["unknown"] * 2, ["scattered"] * 2]
    online = [[0.0, 0.5], [0.1, 0.6], [np.nan] * 2, [0.9, 0.9]]
    where = [[[1, 0, 0]] * 2, [[1, 0, 0], [1, 1, 1]], *ANYWHERE[:2]]
    ax = agglomeration.timeline(along(words, states, online, where))
    bands = [(bar.get_x(), bar.get_width(), bar.get_hatch()) for bar in ax.patches]
    assert bands[:3] == [(-0.5, 2, None), (1.5, 1, "///"), (2.5, 1, None)]  # the pair's row
    assert len(bands) == 3 + 3 + 4  # services go online where they are
    written = [text.get_text() for text in ax.texts]
    of_pair = ["co-located", "unknown", "two-sided online"]
    goods, services = ["a", "unknown", "scattered"], ["a", "clustered", "unknown", "scattered"]
    assert written == [*of_pair, *goods, *services]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["pair", *NAMES]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["3", "2", "1.5", "1"]
    assert ax.get_xlabel() == "cost"
    legend = {text.get_text() for text in ax.get_legend().get_texts()}
    on, off = "clustered, online", "clustered, offline"
    assert legend == {*words, on, off, "scattered, online"}


def test_words_that_share_a_row_have_colours_of_their_own():
    rows = (
        (*PATTERNS, "unknown"),
        (*(f"{state}, {c}" for state in STATES for c in ("offline", "online")), "unknown"),
    )
    for words in rows:
        assert len({agglomeration.WORD_COLOURS[word] for word in words}) == len(words)


def test_words_of_a_timeline_do_not_run_into_each_other():
    ax = agglomeration.timeline(stored("digital_turn"))
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) > 6
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def test_a_timeline_of_a_solved_path_names_its_patterns():
    ds = stored("digital_turn").sel(step=[0, 6, 11, 17])
    ax = agglomeration.timeline(ds)
    patterns = nege.patterns(ds).pattern.values.tolist()
    legend = {text.get_text() for text in ax.get_legend().get_texts()}
    assert set(patterns) <= legend
    assert len(set(patterns)) == 4
    written = {text.get_text() for text in ax.texts}
    assert {"metropolis", "town"} <= written  # who is clustered, and where
    with pytest.raises(nege.InputError, match="one dimension"):
        agglomeration.timeline(ds.expand_dims("draw"))


def test_an_axes_may_be_given_and_is_returned():
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    data = invented(COST)
    assert agglomeration.shares(data, ax=ax) is ax
    assert agglomeration.industry_map(COORDINATES, data, ax=ax) is ax
    assert agglomeration.industry_map(COORDINATES, data, industry="services", ax=ax) is ax
    seen = along(["separated"] * 4, [["mixed"] * 2] * 4, [[0.0, 1.0]] * 4, ANYWHERE)
    assert agglomeration.timeline(seen, ax=ax) is ax
