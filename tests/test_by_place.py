"""Maps of variables by place, of their changes and of paths, by what is drawn; films by bytes."""

import functools
import re

import matplotlib
import numpy as np
import pytest
import xarray as xr
from store_results import stored

import nege
from nege.plots import by_place, maps

pytestmark = [pytest.mark.closed_form, pytest.mark.usefixtures("nothing_is_solved")]

matplotlib.use("Agg")
GRID = nege.geography.grid(1, 3)


@pytest.fixture(autouse=True)
def _closed():
    yield
    import matplotlib.pyplot

    matplotlib.pyplot.close("all")


@functools.cache
def path():
    """A path of three steps, two industries and three places; the second was not solved."""
    cost = np.arange(1.0, 37.0).reshape(3, 2, 3, 2)
    about = {"long_name": "share of people", "units": "1"}
    people = [[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5]]
    coords = {"industry": ["goods", "services"], "channel": ["offline", "online"]}
    return xr.Dataset(
        {
            "total_cost": (("step", "industry", "place", "channel"), cost),
            "population": (("step", "place"), people, about),
            "profit": (("step", "place"), np.array([[0.0, 1, 2], [0, 0, 0], [3, 3, 3]])),
            "status": ("step", np.array([0, 2, 0], dtype=np.int8)),
        },
        {"step": [0, 1, 2], "place": list(GRID.names), **coords},
    )


def drawn(ax):
    return next(one for one in ax.collections if one.get_gid() == "places")


def values(ax):
    return np.ma.filled(np.ma.asarray(drawn(ax).get_array(), float), np.nan)


def bar(ax):
    return ax.figure.axes[-1].get_ylabel()


def test_a_point_of_a_path_is_drawn_by_industry_and_channel():
    at = {"step": 2, "industry": "services", "channel": "online"}
    ax = path().nege.plot.map("total_cost", GRID, at=at)
    np.testing.assert_array_equal(values(ax), path().total_cost.sel(at))
    share = path().population.sel(step=2)
    sizes = drawn(ax).get_sizes()
    np.testing.assert_allclose(sizes / sizes.sum(), share)


def test_a_point_of_a_path_may_be_named_by_a_parameter_that_moves_along_it():
    moving = path().assign_coords(
        {"cost.goods": ("step", [2.0, 1.6, 1.2]), "tax": ("step", [0.0, 0.1, 0.1])}
    )
    plot, since = moving.nege.plot, {"cost.goods": 2.0}
    for at in ({"cost.goods": 1.2}, {"cost.goods": 1.2, "step": 2}, {"tax": 0.1, "step": 2}):
        assert values(plot.map("profit", GRID, at=at)).tolist() == [3.0, 3.0, 3.0]
    changes = [
        plot.map("population", GRID, at=at, change_from=by)
        for at in ({"step": 2}, {"cost.goods": 1.2})
        for by in ({"step": 0}, since)
    ]
    for ax in changes:
        np.testing.assert_allclose(values(ax), [-30.0, 0.0, 30.0], atol=1e-12)
    for at, said in (
        ({"cost.goods": 1.5}, "at cost.goods must be one of 2, 1.6, 1.2"),
        ({"tax": 0.1}, "It is that at step 1 and 2: choose with at={'step': 1}"),
        ({"cost.goods": 1.2, "step": 1}, "its value at step 1, which at= names too"),
        ({"cost.good": 1.2}, "Did you mean 'cost.goods'"),
    ):
        with pytest.raises(nege.InputError, match=re.escape(said)):
            plot.map("profit", GRID, at=at)


def test_what_was_not_solved_has_no_colour():
    ax = path().nege.plot.map("profit", GRID, at={"step": 1})
    assert np.isnan(values(ax)).all()


@pytest.mark.parametrize(
    ("variable", "change", "said"),
    [
        ("population", [-30, 0, 30], "change of share of people (percentage points)"),
        ("total_cost", [2400, 800, 480], "change of total cost (%)"),
        ("profit", [3, 2, 1], "change of profit"),  # of nothing, there is no per cent
    ],
)
def test_a_change_is_in_points_of_shares_and_else_in_per_cent_where_it_can_be(
    variable, change, said
):
    at = {"step": 2, "industry": "goods", "channel": "offline"}
    ax = path().nege.plot.map(variable, GRID, at=at, change_from={"step": 0})
    np.testing.assert_allclose(values(ax), change, atol=1e-12)
    low, high = drawn(ax).get_clim()
    assert -low == high == pytest.approx(max(np.abs(change)))  # nothing is white
    assert bar(ax).replace("\n", " ") == said


def test_a_change_between_equilibria_and_none_from_other_places():
    one = stored("three_cities")
    ax = one.plot.map("wage", change_from=one, borders=True)
    np.testing.assert_array_equal(values(ax), np.zeros(3))
    assert bar(ax) == "change of manufacturing wage (%)"
    west, east = ax.get_xlim()
    assert 110 < west < 113.3  # borders do not widen it
    assert 121.5 < east < 125
    assert any(found.get_gid() == "borders" for found in ax.collections)
    online = float(one.data.share.sel(region="online"))
    title = one.plot.map("share", change_from=one).get_title()
    assert title == f"online: {online:.1%}, then {online:.1%} of workers"
    with pytest.raises(nege.InputError, match="same places"):
        one.plot.map("wage", change_from=stored("two_places"))


def test_the_borders_of_countries_are_where_they_are():
    points = np.concatenate(maps.countries())
    assert len(points) > 5000
    assert (np.abs(points) <= [180.0, 90.0]).all()
    oder_neisse = [14.6, 52.3]  # where Germany ends
    for place, near in ((oder_neisse, 0.3), ([-30.0, 30.0], None)):  # and none in the Atlantic
        distance = np.hypot(*(points - place).T).min()
        assert distance < near if near else distance > 5.0


def test_outlines_go_by_name_and_borders_into_their_projection(tmp_path):
    geopandas = pytest.importorskip("geopandas")
    shapely = pytest.importorskip("shapely")
    solved = stored("three_cities")
    where = solved.model.geography.coordinates
    squares = [
        shapely.box(x - 1, y - 1, x + 1, y + 1)
        for x, y in zip(where.longitude.values, where.latitude.values, strict=True)
    ]
    names = solved.model.geography.names
    outlines = geopandas.GeoSeries(squares, index=list(names), crs=4326).to_crs(32650)
    ax = solved.plot.map("wage", polygons=outlines.iloc[::-1], borders=True, names=True)
    ax.figure.draw_without_rendering()
    middle = outlines.centroid
    for one in (one for one in ax.texts if one.get_gid() == "name"):  # in its middle
        x, y = ax.transData.inverted().transform(
            matplotlib.text.Text.get_window_extent(one).get_points().mean(0)
        )
        at = middle[one.get_text()]
        assert np.hypot(x - at.x, y - at.y) < 3e4
    np.testing.assert_array_equal(values(ax), solved.data.wage[:3])  # by name, in any order
    (lines,) = (one for one in ax.collections if one.get_gid() == "borders")
    assert all(np.isfinite(line).all() for line in lines.get_segments())
    with pytest.raises(nege.InputError, match=f"none for {names[0]}"):
        solved.plot.map(polygons=outlines.iloc[1:])
    file = tmp_path / "squares.geojson"  # in a file names stand in a column
    outlines.iloc[::-1].rename_axis("town").reset_index(name="geometry").to_file(file)
    ax = solved.plot.map("wage", polygons=file)
    np.testing.assert_array_equal(values(ax), solved.data.wage[:3])
    with pytest.raises(nege.InputError, match=r"no\.geojson"):
        solved.plot.map(polygons=tmp_path / "no.geojson")


def test_maps_of_one_scale_share_a_bar():
    import matplotlib.pyplot as plt

    from nege.plots import agglomeration

    figure, both = plt.subplots(1, 2, squeeze=False)
    axes = both[0]
    for step, ax, beside in ((0, axes[0], False), (2, axes[1], both)):
        one = path().isel(step=step)
        agglomeration.industry_map(GRID.coordinates, one, industry="goods", ax=ax, bar=beside)
    assert len(figure.axes) == 3


def boxes(ax):
    """What names are drawn in, and what dots, of a picture as it is drawn."""
    ax.figure.draw_without_rendering()
    shown = [one for one in ax.texts if one.get_gid() == "name" and one.get_visible()]
    point = ax.figure.dpi / 72.0
    dots = ax.transData.transform(drawn(ax).get_offsets())
    reach = 0.5 * np.sqrt(drawn(ax).get_sizes()) * point
    renderer = ax.figure.canvas.get_renderer()
    texts = {one.get_text(): matplotlib.text.Text.get_window_extent(one, renderer) for one in shown}
    return texts, dots, reach


def test_names_lie_on_no_dot_and_on_no_other_name():
    rng = np.random.default_rng(3)
    people = np.sort(rng.pareto(1.2, 30) + 0.2)[::-1]
    where = nege.geography.from_points(
        *np.transpose(rng.uniform(0, 10, (30, 2))), names=[f"Place {k}" for k in range(30)]
    )
    data = xr.Dataset({"share": ("region", people / people.sum())}, {"region": list(where.names)})
    for asked, least in ((True, 5), (["Place 2", "Place 0"], 2)):
        ax = data.nege.plot.map("share", where, names=asked)
        texts, dots, reach = boxes(ax)
        assert least <= len(texts) <= 8
        for name, box in texts.items():
            away = np.maximum(box.min - dots, 0) + np.maximum(dots - box.max, 0)
            large = reach > 3.0
            assert (np.hypot(*away.T) >= reach)[large].all()
            assert not any(box.overlaps(other) for of, other in texts.items() if of != name)
            assert ax.bbox.contains(*box.min)
            assert ax.bbox.contains(*box.max)
    assert not any(one.get_gid() == "name" for one in data.nege.plot.map("share", where).texts)
    with pytest.raises(nege.InputError, match="Did you mean 'Place 2"):
        data.nege.plot.map("share", where, names=["Plac 2"])


LAYOUTS = {
    "tall": nege.geography.from_points([54.0, 50.0, 37.0], [10.0, 9.0, 13.0]),
    "wide": nege.geography.from_points([44.4, 44.6, 44.5], [7.0, 16.0, 30.0]),
    "on a parallel": nege.geography.from_points([44.4] * 3, [7.0, 8.0, 9.0]),
    "in steps": nege.geography.line(12),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_no_dot_is_cut_by_the_frame_and_a_map_fills_its_figure(name):
    """Dots are as large in all maps, so there is as much room on all sides, also of flat maps."""
    import matplotlib.pyplot as plt

    coordinates = LAYOUTS[name].coordinates
    share = np.full(len(LAYOUTS[name]), 0.3)  # dots are no larger than those of 30 per cent
    given = {"borders": True} if name == "tall" else {}
    ax = maps.by_value(coordinates, share, share, "share", **given)
    figure = ax.figure
    axes = [ax]
    if name == "wide":  # as runs draw maps, beside each other
        wide, tall = maps.inches(coordinates, bar=True)
        beside = plt.subplots(1, 3, figsize=(3 * wide, tall), layout="constrained")[1]
        axes.append(maps.by_value(coordinates, share, share, "share", ax=beside[1]))
    for one in axes:
        _, dots, reach = boxes(one)
        assert (dots - reach[:, None] >= one.bbox.min).all()
        assert (dots + reach[:, None] <= one.bbox.max).all()
    inside, whole = figure.get_tightbbox(), figure.get_size_inches()
    empty = (whole - (inside.max - inside.min)) / whole
    assert empty.min() < 0.15  # a flat map has room for its scale above and below
    assert name != "tall" or empty.max() < 0.25


@pytest.mark.parametrize("inches", [4.0, 6.7])
def test_titles_of_a_film_have_the_step_in_sight_and_as_many_lines_in_each(inches):
    from matplotlib.figure import Figure

    label = "digital trade cost of services (iceberg factor), as it is where nothing else is known"
    titles = [f"{label} {step}" for step in ("3", "1.25: not solved")]
    found = by_place._wrapped(titles, inches)
    assert [" ".join(one.split()) for one in found] == titles
    assert len({one.count("\n") for one in found}) == 1
    figure = Figure((inches, 4.0))
    text = figure.suptitle(found[1], x=0.02, ha="left", fontsize=by_place.TITLE)
    assert text.get_window_extent().x1 < figure.bbox.x1


@pytest.mark.parametrize("change", [False, True])
def test_a_film_has_the_colours_of_its_scale_without_bands(change):
    scale = maps.scale_of(np.array([-1.0, 2.0]), change=change)
    known = by_place._palette(scale).astype(float)
    assert len(known) <= 256
    wanted = 255.0 * matplotlib.colormaps[scale.colours](np.linspace(0.0, 1.0, 256))[:, :3]
    for opaque in (1.0, maps.OPAQUE):
        seen = opaque * wanted + (1.0 - opaque) * 255.0
        assert np.abs(seen[:, None] - known).max(2).min(1).max() < 4.0


def test_colours_end_where_few_places_are_beyond_and_the_same_in_a_film():
    values = np.linspace(1.0, 2.0, 40)
    values[[3, 7]] = 9.0, 8.0
    one = maps.scale_of(values)
    assert (one.norm.vmin, one.norm.vmax) == (np.sort(values)[2], np.sort(values)[-3])
    assert one.extend == "both"
    film = maps.scale_of(np.array([values, np.full(40, np.nan), values[::-1]]))
    assert (film.norm.vmin, film.norm.vmax, film.extend) == (one.norm.vmin, one.norm.vmax, "both")
    change = maps.scale_of(values - 5.0, change=True)  # two of forty are beyond, whatever side
    assert change.norm.vmax == -change.norm.vmin == np.sort(np.abs(values - 5.0))[-3]
    assert (one.whole, change.whole) == ("from 1 to 9 in all", "from -4 to 4 in all")
    few = maps.scale_of(values[:10])
    assert (few.norm.vmin, few.norm.vmax, few.extend, few.whole) == (1.0, 9.0, "neither", "")
    core = np.append(np.zeros(39), 1.0)  # without it there would be nothing to tell apart
    assert maps.scale_of(core).norm.vmax == 1.0
    ax = maps.changes(nege.geography.line(40).coordinates, core, values - 5.0)
    assert drawn(ax).get_clim() == (change.norm.vmin, change.norm.vmax)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda plot: plot.map("total_cost", GRID, at={"step": 0}), "industry"),
        (lambda plot: plot.map("profit", GRID), "step"),
        (lambda plot: plot.map("proft", GRID, at={"step": 0}), "Did you mean 'profit'"),
        (lambda plot: plot.map("profit", None, at={"step": 0}), "model.geography"),
        (lambda plot: plot.map("profit", nege.geography.line(4), at={"step": 0}), "was solved"),
        (lambda plot: plot.map("profit", GRID, at={"step": 0}, change_from=0), "mapping"),
        (lambda plot: plot.map("profit", GRID, at={"step": 0}, borders=True), "textbook"),
        (lambda plot: plot.map("profit", GRID, at={"step": 0}, polygons=True), "read_file"),
        (lambda plot: plot.map("profit", GRID, at={"step": 0}, names=6), "True names the largest"),
        (lambda plot: plot.animate("x.png", "profit", GRID), ".gif"),
        (lambda plot: plot.animate("x.gif", "total_cost", GRID), "industry"),
        (lambda plot: plot.animate("x.gif", "profit", GRID, seconds=0), "seconds"),
    ],
)
def test_what_cannot_be_drawn_says_what_can(call, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(nege.InputError, match=said):
        call(path().nege.plot)
    assert not list(tmp_path.iterdir())


def test_a_film_has_a_picture_a_step_and_replaces_only_films_of_nege(tmp_path):
    image = pytest.importorskip("PIL.Image")
    heard = []
    given = {"change": True, "names": True, "progress": lambda *said: heard.append(said)}
    file = path().nege.plot.animate(tmp_path / "x.gif", "profit", GRID, **given)
    with image.open(file) as film:
        assert film.n_frames == 3
        assert film.info["comment"] == b"nege_schema"
    assert heard[-1] == (3, 3, "pictures")
    path().isel(step=[0]).nege.plot.animate(file, "profit", GRID)
    with image.open(file) as film:
        assert film.n_frames == 1
    other = tmp_path / "other.gif"
    other.write_bytes(b"GIF89a of somebody else")
    with pytest.raises(nege.InputError, match="Something else is there"):
        path().nege.plot.animate(other, "profit", GRID)


def test_a_film_that_is_stopped_leaves_nothing_and_a_long_one_is_refused(tmp_path):
    def stop(done, total, words):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        path().nege.plot.animate(tmp_path / "x.gif", "profit", GRID, progress=stop)
    long = path().isel(step=np.zeros(201, int)).assign_coords(step=np.arange(201))
    with pytest.raises(nege.InputError, match="at most 200 pictures"):
        long.nege.plot.animate(tmp_path / "x.gif", "profit", GRID)
    assert not list(tmp_path.iterdir())
