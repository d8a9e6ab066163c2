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
