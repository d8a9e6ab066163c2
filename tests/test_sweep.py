"""Grids and paths: every point is the economy it says, and failures are recorded."""

import contextlib

import numpy as np
import pytest
import xarray as xr

import nege

pytestmark = pytest.mark.family


@pytest.fixture
def economy(two):
    return two(2.0, nege.OnlineRegion(trade_cost=1.3))


def test_a_grid_has_its_parameters_in_front_and_proof_per_point(economy):
    grid = {"online_trade_cost": [1.3, 1.1], "sigma": [4.0, 5.0, 6.0]}
    ds = nege.sweep(economy, grid)
    assert ds.share.dims == ("online_trade_cost", "sigma", "region")
    assert ds.status.dims == ("online_trade_cost", "sigma")
    assert set(ds.data_vars) == {
        *("share", "wage", "price_index", "income", "real_wage", "welfare", "status"),
        *("residual", "error", "iterations", "leading_eigenvalue", "perturbed"),
    }
    assert (ds.status == nege.Status.CONVERGED).all()
    assert float(ds.residual.max()) <= 1e-10
    assert list(ds.region.values) == ["0", "1", "online"]
    assert ds.attrs["nege_version"] == nege.__version__


@pytest.mark.parametrize("along", ["online_trade_cost", None])
def test_each_point_is_what_solving_it_alone_gives(economy, along):
    """From dispersion, digital cost falling: the branch followed is the one reached alone."""
    grid = {"online_trade_cost": [1.3, 1.15, 1.05], "mu": [0.3, 0.4]}
    ds = nege.sweep(economy, grid, along=along)
    for cost in grid["online_trade_cost"]:
        for mu in grid["mu"]:
            alone = nege.solve(economy.replace(online_trade_cost=cost, mu=mu)).data
            point = ds.sel(online_trade_cost=cost, mu=mu)
            for name in ("share", "wage", "price_index", "real_wage", "welfare"):
                np.testing.assert_allclose(point[name], alone[name], atol=1e-9, err_msg=name)


def test_along_decides_which_branch_is_followed(economy):
    """Between collapse and take-off there are two stable states; history chooses."""
    up = {"online_trade_cost": [1.0, 1.5]}
    assert nege.sweep(economy, up).share[1, -1].item() == pytest.approx(1.0)
    assert nege.sweep(economy, up, along=None).share[1, -1].item() == pytest.approx(0.0)
    both = {"mu": [0.4], "online_trade_cost": [1.0, 1.5]}
    ds = nege.sweep(economy, both, along="online_trade_cost")
    assert ds.share.dims[:2] == ("mu", "online_trade_cost")
    assert ds.share[0, 1, -1].item() == pytest.approx(1.0)


def test_a_path_of_several_parameters_and_a_dataset_say_the_same(economy):
    lists = {"online_trade_cost": [1.3, 1.1, 1.3], "mu": [0.3, 0.35, 0.4]}
    path = xr.Dataset({name: ("step", values) for name, values in lists.items()})
    a, b = nege.follow(economy, lists), nege.follow(economy, path)
    xr.testing.assert_identical(a, b)
    assert a.share.dims == ("step", "region")
    np.testing.assert_array_equal(a.online_trade_cost, lists["online_trade_cost"])
    last = nege.solve(economy.replace(mu=0.4, online_trade_cost=1.3), a.share[1].values).data
    np.testing.assert_allclose(a.share[2], last.share, atol=1e-9)


def test_a_constant_of_the_path_needs_no_step(economy):
    path = xr.Dataset({"online_trade_cost": ("step", [1.3, 1.1]), "mu": 0.3})
    ds = nege.follow(economy, path)
    assert float(ds.mu) == 0.3
    np.testing.assert_allclose(
        ds.welfare[0], nege.solve(economy.replace(mu=0.3)).data.welfare, atol=1e-10
    )


def test_a_failed_point_is_recorded_and_the_rest_goes_on(economy):
    """Two steps along the dynamics are too few from far, and enough from near."""
    options = nege.SolverOptions(limit_steps=2)
    ds = nege.sweep(economy, {"trade_cost": [1.2, 2.0]}, start=[0.3, 0.6, 0.1], options=options)
    assert (ds.status == nege.Status.LIMIT).all()
    assert np.isnan(ds.share).all()
    assert (ds.residual > 1e-6).all()
    follow = nege.follow(
        economy,
        {"trade_cost": [2.0, 1.2]},
        start=[0.5, 0.5, 0.0],
        options=nege.SolverOptions(limit_steps=3),
        dynamics=nege.Replicator(allow_entry=False),
    )
    assert follow.status[0] == nege.Status.CONVERGED
    assert not np.isnan(follow.share[0]).any()


def test_the_model_given_is_not_changed(economy):
    before = repr(economy), economy.arrays.operator.table.copy()
    start = np.array([0.2, 0.3, 0.5])
    nege.sweep(economy, {"online_trade_cost": [1.5, 1.0]}, start=start)
    assert repr(economy) == before[0]
    np.testing.assert_array_equal(economy.arrays.operator.table, before[1])
    np.testing.assert_array_equal(start, [0.2, 0.3, 0.5])


def test_a_new_geography_needs_what_belongs_to_its_places(economy):
    three = nege.geography.equidistant(3)
    with pytest.raises(nege.InputError, match="given together with farmers"):
        economy.replace(geography=three)
    moved = economy.replace(geography=three, farmers=None)
    assert moved.regions == ("0", "1", "2", "online")
    same = economy.replace(geography=nege.geography.line(2))
    assert same.farmers.identical(economy.farmers)


def test_a_list_of_points_is_what_each_of_them_gives_alone(economy):
    design = nege.random_points({"sigma": (4, 6), "online_trade_cost": (1.05, 1.6)}, 6, rng=3)
    ds = nege.sweep(economy, design)
    assert ds.share.dims == ("point", "region")
    np.testing.assert_array_equal(ds.sigma, design.sigma)
    for i in range(6):
        point = {name: float(design[name][i]) for name in design}
        alone = nege.solve(economy.replace(point))
        np.testing.assert_array_equal(ds.share[i], alone.data.share)
        assert ds.residual[i] == alone.residual


def test_a_list_may_be_followed_and_is_then_a_path(economy):
    costs = [1.3, 1.0, 1.4]
    lined = nege.sweep(economy, xr.Dataset({"online_trade_cost": ("point", costs)}), along="point")
    path = nege.follow(economy, {"online_trade_cost": costs})
    np.testing.assert_array_equal(lined.share, path.share)
    assert lined.share[2, -1] == 1.0  # where the history led, not where a fresh start does


@pytest.mark.parametrize("sampler", ["halton", "latin hypercube", "sobol"])
def test_random_points_fill_their_box_and_repeat(sampler):
    """Each quarter of each range holds its share of the points, give or take one."""
    ranges = {"sigma": (3.0, 7.0), "mu": (0.2, 0.6)}
    ds = nege.random_points(ranges, 64, rng=5, sampler=sampler)
    assert ds.sizes == {"point": 64}
    for name, (low, high) in ranges.items():
        counts = np.histogram(ds[name], bins=4, range=(low, high))[0]
        assert counts.sum() == 64
        assert abs(counts - 16).max() <= 1
    assert ds.identical(nege.random_points(ranges, 64, rng=5, sampler=sampler))
    assert not ds.identical(nege.random_points(ranges, 64, rng=6, sampler=sampler))


def test_random_points_that_make_no_sense_are_refused():
    with pytest.raises(nege.InputError, match="a power of two"):
        nege.random_points({"mu": (0.2, 0.6)}, 100, sampler="sobol")
    with pytest.raises(nege.InputError, match="the first below the second"):
        nege.random_points({"mu": (0.6, 0.2)}, 100)


@pytest.mark.parametrize("online", [None, nege.OnlineRegion(trade_cost=1.3)])
def test_short_runs_at_given_shares_are_those_of_short_run(two, online):
    """At every parameter point and distribution, by the vector loops of two regions and without."""
    economy = two(2.0, online)
    rng = np.random.default_rng(1)
    share = xr.DataArray(
        rng.dirichlet(np.ones(len(economy.regions)), 5),
        dims=("draw", "region"),
        coords={"draw": list("abcde")},
    )
    grid = {"sigma": [4.0, 6.0], "trade_cost": [1.5, 2.0, 3.0]}
    ds = nege.sweep(economy, grid, share=share)
    assert ds.wage.dims == ("sigma", "trade_cost", "draw", "region")
    assert ds.residual.max() <= 1e-12
    expected = nege.short_run(economy, share, parameters=grid)
    for name in economy.variables:
        np.testing.assert_allclose(ds[name], expected[name], rtol=1e-9)
    one = nege.sweep(economy, grid, share=share[2].values)
    np.testing.assert_array_equal(one.wage, ds.wage.sel(draw="c"))
    assert one.wage.dims == ("sigma", "trade_cost", "region")


def test_short_runs_follow_nothing_and_start_nowhere(economy):
    for wrong in ({"along": "mu"}, {"start": [0.2, 0.3, 0.5]}, {"dynamics": nege.Replicator()}):
        with pytest.raises(nege.InputError, match="left out where share is given"):
            nege.sweep(economy, {"mu": [0.3]}, share=[0.2, 0.3, 0.5], **wrong)


def test_only_what_is_asked_for_is_kept_and_always_how_it_ended(economy):
    grid = {"online_trade_cost": [1.3, 1.1]}
    ds = nege.sweep(economy, grid, keep=["leading_eigenvalue", "share"])
    assert list(ds.data_vars) == ["share", "status", "leading_eigenvalue"]
    xr.testing.assert_identical(ds.share, nege.sweep(economy, grid).share)
    with pytest.raises(nege.InputError, match="Did you mean 'share'"):
        nege.sweep(economy, grid, keep=["shares"])
    with pytest.raises(nege.InputError, match="a list of outputs"):
        nege.sweep(economy, grid, keep="share")


def test_bad_points_are_refused_before_anything_is_solved_or_made(economy, tmp_path):
    for wrong in (
        {"sigma": [4.0, 0.5]},
        {"sgma": [4.0]},
        xr.Dataset({"mu": ("point", [0.3, 2.0])}),
    ):
        with pytest.raises(nege.InputError):
            nege.sweep(economy, wrong, store=tmp_path / "s.zarr")
    assert not list(tmp_path.iterdir())


def test_a_pattern_is_kept_in_one_byte_where_it_is_asked_for():
    economy = nege.scenarios.metropolis_and_town()
    path = nege.scenarios.digital_turn(economy).isel(step=[0, 6, 8, 11, 17])
    ds = nege.sweep(economy, path.rename(step="point"), keep=["pattern"])
    words = ds.pattern.attrs["flag_meanings"].split()
    known = dict(zip(ds.pattern.attrs["flag_values"], words, strict=True))
    found = [known[code] for code in ds.pattern.values.tolist()]
    assert set(ds.data_vars) == {"status", "pattern"}
    expected = ["co-located", "separated", "in_between", "one-sided_online", "two-sided_online"]
    assert found == expected


def test_a_pattern_of_an_economy_that_was_not_solved_is_unknown():
    options = nege.SolverOptions(limit_steps=1)
    grid = {"migration_elasticity": [6.0, 7.0]}
    ds = nege.sweep(nege.OnlineAgglomeration(), grid, keep=["pattern"], options=options)
    assert (ds.status != nege.Status.CONVERGED).all()
    assert ds.pattern.values.tolist() == [-1, -1]


def test_an_economy_without_industries_has_no_pattern(two):
    with pytest.raises(nege.InputError, match="pattern"):
        nege.sweep(two(2.0), {"mu": [0.3]}, keep=["pattern"])


class Bounded(nege.CorePeriphery):
    """A user's own model: it wants more than its base, and says so nowhere but here."""

    def __init__(self, geography, *, sigma, mu, trade_cost, farmers=None, online=None):
        if not mu < 0.45:
            raise nege.InputError("mu", mu, "below 0.45")
        given = {"sigma": sigma, "mu": mu, "trade_cost": trade_cost}
        super().__init__(geography, farmers=farmers, online=online, **given)


def test_a_constructor_without_bounds_is_asked_about_every_point():
    economy = Bounded(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    ds = nege.sweep(economy, {"mu": [0.3, 0.6], "trade_cost": [1.5, 2.0]}, invalid="record")
    assert ds.status.values.tolist() == [[0, 0], [5, 5]]
    with pytest.raises(nege.InputError, match=r"below 0\.45.*first of 2 refused of 4 points"):
        nege.sweep(economy, {"mu": [0.3, 0.6], "trade_cost": [1.5, 2.0]})


def test_a_replaced_number_makes_the_economy_that_its_constructor_makes(economy):
    for changes in ({"sigma": 6}, {"online_amenity": 1.1, "mu": np.float32(0.5)}, {}):
        found = economy.replace(changes)
        assert found.arrays is not economy.arrays
        assert repr(found) == repr(type(economy)(**vars(found.replace(geography=found.geography))))
    for wrong in ({"sigma": 1}, {"sigma": "a"}, {"online_commission": 1.0}, {"mu": [0.3, 0.4]}):
        with pytest.raises(nege.InputError, match=next(iter(wrong))):
            economy.replace(wrong)


def test_refused_points_are_recorded_in_stores_and_everywhere_else(economy, tmp_path):
    """A store that has some is finished, and the same in several processes."""
    grid = {"mu": [0.3, 1.5, 0.4], "sigma": [0.5, 4.0, 5.0, 6.0]}
    ds = nege.sweep(economy, grid, store=tmp_path / "s.zarr", invalid="record", unit=3).load()
    assert (ds.status == nege.Status.INVALID).sum() == 6
    assert np.isnan(ds.share.where(ds.status != 0)).all()
    assert (ds.iterations.values[ds.status.values == nege.Status.INVALID] == 0).all()
    xr.testing.assert_equal(ds, nege.sweep(economy, grid, invalid="record"))
    again = nege.sweep(economy, grid, store=tmp_path / "s.zarr", invalid="record", unit=3)
    xr.testing.assert_identical(again.load(), ds)
    asked = nege.short_run(economy, [0.5, 0.5, 0.0], parameters=grid, invalid="record")
    assert (asked.status == ds.status).all()
    assert (asked.method.values[asked.status.values == 5] == "").all()
    followed = {"parameters": grid, "along": "mu", "invalid": "record"}
    line = nege.short_run(economy, [0.5, 0.5, 0.0], **followed)
    np.testing.assert_allclose(line.wage, asked.wage, rtol=1e-9)


def test_all_that_is_refused_is_counted_and_nothing_is_solved_before(economy, monkeypatch):
    monkeypatch.setattr("nege.sweeps.work_units.find_long_run", None)
    monkeypatch.setattr(
        "nege.models.designs.POINTS_CHECKED_AT_ONCE", 7
    )  # so that it is asked in many parts
    grid = {"mu": np.linspace(0.1, 1.05, 20), "sigma": [0.5, 4.0, 5.0], "trade_cost": [1.5, 2.0]}
    with pytest.raises(nege.InputError) as caught:
        nege.sweep(economy, grid)
    assert caught.value.argument == "sigma"
    message = "at mu=0.1, sigma=0.5, trade_cost=1.5, the first of 48 refused of 120 points"
    assert message in str(caught.value)


@pytest.mark.parametrize("housing", [0.15, 0.25])
def test_tables_and_numbers_of_a_path_are_judged_together(housing):
    """Shares of spending sum to one at every step, though none fits the economy given."""
    economy = nege.OnlineAgglomeration()
    table = (1.0 - housing) * np.array([[0.55, 0.45], [0.5, 0.5]])
    path = xr.Dataset(
        {"housing": ("step", [housing] * 2), "consumption": (("step", "industry"), table)},
        coords={"industry": list(economy.industries)},
    )
    options = nege.SolverOptions(limit_steps=1)
    nege.follow(economy, path, options=options)
    wrong = path.assign(housing=("step", [housing, 0.5]))
    ds = nege.follow(economy, wrong, options=options, invalid="record")
    assert ds.status.values.tolist()[1] == nege.Status.INVALID
    with pytest.raises(nege.InputError, match=r"sum to one .*step=1.*only one refused of 2"):
        nege.follow(economy, wrong)


HUGE = np.broadcast_to(1.5, 10_000_000)


@pytest.mark.parametrize(
    "call",
    [
        lambda economy: nege.sweep(economy, {"trade_cost": HUGE, "mu": np.full(10**6, 0.3)}),
        lambda economy: nege.sweep(economy, {"sigma": HUGE}, unit=10**14, store="s.zarr"),
        lambda economy: nege.follow(economy, {"trade_cost": HUGE, "mu": HUGE}),
        lambda economy: nege.short_run(
            economy, [0.5, 0.5, 0.0], parameters={"trade_cost": HUGE, "mu": np.full(10**6, 0.3)}
        ),
        lambda economy: nege.random_points({"mu": (0.2, 0.5)}, 10**15),
        lambda economy: nege.hysteresis(economy, "mu", (0.2, 0.5), points=10**15),
    ],
)
def test_results_that_memory_does_not_hold_are_refused_with_numbers(
    economy, call, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nege.sweeps.work_units.find_long_run", None)
    monkeypatch.setattr("nege.memory.available", lambda: 1_000_000_000)
    with pytest.raises(nege.InputError, match=r"it needs [\d.,e+]+ GB, and 1 GB are free"):
        call(economy)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("keywords", [{}, {"along": None}, {"share": [0.4, 0.4, 0.2]}])
@pytest.mark.parametrize("processes", [1, 8])
def test_every_point_of_the_only_unit_is_heard_of(economy, keywords, processes):
    heard = []
    given = {"unit": 10, "processes": processes, "invalid": "record", **keywords}
    grid = {"mu": [0.3, 0.35, 0.4, 1.4]}
    nege.sweep(economy, grid, progress=lambda *said: heard.append(said), **given)
    assert heard == [(done, 4, "economies") for done in range(5)]


NAMES = {"wage": ("point", [1, 2]), "status": ("point", [1, 2])}


@pytest.mark.parametrize("name", NAMES)
def test_what_comes_along_has_names_of_its_own(economy, name):
    """Before anything is solved: xarray would refuse to put it together afterwards."""
    listed = xr.Dataset({"mu": ("point", [0.3, 0.4])}, coords={name: NAMES[name]})
    share = xr.DataArray([[0.4, 0.4, 0.2]] * 2, dims=("draw", "region"))
    for call in (
        lambda: nege.sweep(economy, listed),
        lambda: nege.sweep(economy, {"mu": [0.3]}, share=share.rename(draw=name)),
        lambda: nege.sweep(economy, {"mu": [0.3]}, share=share.assign_coords(mu=0.5)),
        lambda: nege.short_run(economy, share.rename(draw=name)),
        lambda: nege.short_run(economy, share.assign_coords(mu=0.5), parameters={"mu": [0.3]}),
    ):
        with pytest.raises(nege.InputError, match=r"free of names|not varied too"):
            call()


ODD = [np.array([1.0, 2.0]), "x", b"x", [], {}, {1: 2}, object(), 1j, None, xr.Dataset(), True, -1]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
def test_no_argument_of_a_sweep_raises_anything_but_what_helps(economy, odd):
    """Each takes what it takes, or says in words why not."""
    grid = {"mu": [0.3]}
    calls = [lambda name=name: nege.sweep(economy, grid, **{name: odd}) for name in SWEEP]
    calls += [lambda name=name: nege.follow(economy, grid, **{name: odd}) for name in FOLLOW]
    calls += [
        lambda: nege.sweep(economy, odd),
        lambda: nege.sweep(economy, {"mu": odd}),
        lambda: nege.sweep(economy, {odd if odd.__hash__ else 1: [0.3]}),
        lambda: nege.sweep(economy, xr.Dataset({"mu": ("point", ["a", "b"])})),
        lambda: nege.follow(economy, odd),
        lambda: nege.random_points({"mu": odd}, 4),
        lambda: nege.random_points({odd if odd.__hash__ else 1: (0.2, 0.3)}, 4),
        *(lambda n=name: nege.random_points({"mu": (0, 1)}, **{"count": 4, n: odd}) for name in RP),
        *(
            lambda n=name: nege.short_run(economy, [0.4, 0.4, 0.2], parameters=grid, **{n: odd})
            for name in ("along", "threads", "invalid", "options")
        ),
    ]
    for call in calls:
        with contextlib.suppress(nege.NegeError):
            call()


SWEEP = ("share", "start", "along", "keep", "dynamics", "options", "unit", "invalid", "client")
FOLLOW = ("start", "dynamics", "options", "progress", "invalid")
RP = ("count", "rng", "sampler")
