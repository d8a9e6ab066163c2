"""Grids and paths: every point is the economy it says, and failures are recorded."""

import numpy as np
import pytest
import xarray as xr

import nege


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
    before = repr(economy), economy.kernel.operator.freeness.copy()
    start = np.array([0.2, 0.3, 0.5])
    nege.sweep(economy, {"online_trade_cost": [1.5, 1.0]}, start=start)
    assert repr(economy) == before[0]
    np.testing.assert_array_equal(economy.kernel.operator.freeness, before[1])
    np.testing.assert_array_equal(start, [0.2, 0.3, 0.5])


def test_progress_is_silent_unless_somebody_watches(economy, capfd):
    nege.sweep(economy, {"online_trade_cost": [1.5, 1.0]})
    assert capfd.readouterr() == ("", "")


def test_progress_shows_a_bar_when_asked(economy, capfd, monkeypatch):
    import tqdm

    original = tqdm.tqdm.__init__
    monkeypatch.setattr(
        tqdm.tqdm, "__init__", lambda self, **k: original(self, **{**k, "delay": 0, "leave": True})
    )
    nege.sweep(economy, {"online_trade_cost": [1.5, 1.0]}, progress=True)
    assert "economies: 100%" in capfd.readouterr().err


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
    path = nege.scenarios.digital_turn().isel(step=[0, 6, 11, 17])
    ds = nege.sweep(nege.OnlineAgglomeration(), path.rename(step="point"), keep=["pattern"])
    words = ds.pattern.attrs["flag_meanings"].split()
    known = dict(zip(ds.pattern.attrs["flag_values"], words, strict=True))
    found = [known[code] for code in ds.pattern.values.tolist()]
    assert set(ds.data_vars) == {"status", "pattern"}
    assert found == ["co-located", "separated", "one-sided_online", "two-sided_online"]


def test_a_pattern_of_an_economy_that_was_not_solved_is_unknown():
    options = nege.SolverOptions(limit_steps=1)
    grid = {"migration_elasticity": [6.0, 7.0]}
    ds = nege.sweep(nege.OnlineAgglomeration(), grid, keep=["pattern"], options=options)
    assert (ds.status != nege.Status.CONVERGED).all()
    assert ds.pattern.values.tolist() == [-1, -1]


def test_an_economy_without_industries_has_no_pattern(two):
    with pytest.raises(nege.InputError, match="pattern"):
        nege.sweep(two(2.0), {"mu": [0.3]}, keep=["pattern"])
