"""Short runs of many parameter points: labelled, the same as one by one, in any company."""

import numpy as np
import pytest
import xarray as xr

import nege

pytestmark = pytest.mark.family

SHARES = np.column_stack([np.linspace(0.05, 0.95, 7), 1 - np.linspace(0.05, 0.95, 7)])
PROOF = ["status", "residual", "error", "rate", "iterations"]


def three(**more):
    online = nege.OnlineRegion(trade_cost=1.3, commission=0.05)
    return nege.CorePeriphery(
        nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1.7, online=online, **more
    )


def test_a_grid_of_parameters_is_every_single_solve_bit_by_bit():
    economy = three()
    shares = np.column_stack([0.8 * SHARES, np.full(7, 0.2)])
    grid = {"trade_cost": [1.2, 2.0], "online_trade_cost": [1.05, 1.4, 3.0], "mu": [0.3, 0.6]}
    found = nege.short_run(economy, shares, parameters=grid)
    assert found.wage.dims == ("trade_cost", "online_trade_cost", "mu", "point", "region")
    assert (found.status == nege.Status.CONVERGED).all()
    for index in np.ndindex(2, 3, 2):
        point = {name: values[i] for (name, values), i in zip(grid.items(), index, strict=True)}
        one = economy.replace(point)
        for m in (0, 5):
            alone = nege.short_run(one, shares[m])
            here = found.isel(**dict(zip(grid, index, strict=True)), point=m)
            for name in alone.data.data_vars:
                np.testing.assert_array_equal(here[name], alone.data[name])
            assert here.residual == alone.residual
            assert here.iterations == alone.iterations
            assert here.method == alone.method


@pytest.mark.parametrize("along", [None, "trade_cost"])
def test_threads_change_nothing(along):
    shares = np.column_stack([0.8 * SHARES, np.full(7, 0.2)])
    grid = {"trade_cost": np.linspace(1.1, 3.0, 9), "mu": [0.3, 0.5]}
    one, two = (
        nege.short_run(three(), shares, parameters=grid, along=along, threads=k) for k in (1, 2)
    )
    xr.testing.assert_identical(one, two)


@pytest.mark.parametrize("operator", ["dense", "symmetric", "line"])
def test_many_short_runs_of_two_regions_take_every_operator(operator):
    economy = nege.CorePeriphery(nege.geography.line(2), sigma=5, mu=0.4, trade_cost=1.7)
    options = nege.SolverOptions(operator=operator)
    many = nege.short_run(economy, SHARES, parameters={"mu": [0.3, 0.5]}, options=options)
    for mu in (0.3, 0.5):
        one = nege.short_run(economy.replace(mu=mu), SHARES[2])
        np.testing.assert_allclose(many.wage.sel(mu=mu)[2], one.data.wage, rtol=1e-11)


def test_two_equal_regions_take_the_vector_loops_and_agree_with_newton():
    economy = nege.CorePeriphery(
        nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1.7, farmers=[0.4, 0.6]
    )
    grid = {"trade_cost": [3.0, 1.05, 1.7]}  # in no order
    fast = nege.short_run(economy, SHARES, parameters=grid)
    slow = nege.short_run(
        economy, SHARES, parameters=grid, options=nege.SolverOptions(method="newton")
    )
    assert (fast.status == 0).all()
    assert np.isnan(fast.rate).all()  # the loops do not record it: so it was them
    assert float(fast.residual.max()) <= 1e-12
    gap = np.abs(np.log(fast.wage / slow.wage)).max("region")
    assert (gap <= fast.error + slow.error + 1e-15).all()


def test_a_path_starts_from_the_points_before_it():
    economy, costs = three(), np.linspace(1.2, 1.4, 41)
    shares = np.array([[0.5, 0.3, 0.2]])
    cold = nege.short_run(economy, shares, parameters={"trade_cost": costs})
    warm = nege.short_run(economy, shares, parameters={"trade_cost": costs}, along="trade_cost")
    assert (warm.status == 0).all()
    assert float(warm.residual.max()) <= 1e-12
    gap = np.abs(np.log(cold.wage / warm.wage)).max("region")
    assert (gap <= cold.error + warm.error + 1e-15).all()
    assert float(warm.iterations[2:].mean()) < 0.7 * float(cold.iterations.mean())


def test_a_failed_point_is_nan_with_its_status_and_the_path_goes_on():
    options = nege.SolverOptions(method="anderson", limit_iterations=3)
    found = nege.short_run(
        three(),
        [[0.5, 0.3, 0.2], [1 / 3, 1 / 3, 1 / 3]],
        parameters={"trade_cost": [1.0, 3.0]},
        along="trade_cost",
        options=options,
    )
    assert set(np.unique(found.status)) == {nege.Status.LIMIT}
    assert np.isnan(found.wage).all()
    assert np.isnan(found.welfare).all()


def test_shares_by_label_and_parameters_by_name():
    shares = xr.DataArray(
        [[0.2, 0.3], [0.5, 0.3], [0.3, 0.4]],
        dims=("region", "year"),
        coords={"region": ["online", "1", "0"], "year": [1990, 2020]},
    )
    found = nege.short_run(three(), shares, parameters={"sigma": [4.0, 6.0]})
    assert found.wage.dims == ("sigma", "year", "region")
    np.testing.assert_array_equal(found.year, [1990, 2020])
    alone = nege.short_run(three().replace(sigma=6.0), [0.4, 0.3, 0.3])
    here = found.sel(sigma=6.0, year=2020)
    np.testing.assert_array_equal(here.wage, alone.data.wage)


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"parameters": {"tau": [1.0]}}, "parameter"),
        ({"parameters": {}}, "parameters"),
        ({"parameters": {"sigma": [5.0, 0.5]}}, "sigma"),
        ({"parameters": {"sigma": []}}, "sigma"),
        ({"parameters": {"sigma": [5.0]}, "along": "mu"}, "along"),
        ({"along": "sigma"}, "along"),
        ({"threads": 0}, "threads"),
    ],
)
def test_bad_grids_are_refused_by_name(arguments, argument):
    with pytest.raises(nege.InputError) as caught:
        nege.short_run(three(), [0.4, 0.4, 0.2], **arguments)
    assert caught.value.argument == argument


def test_dimensions_of_shares_are_not_parameters():
    shares = xr.DataArray([[0.4, 0.4, 0.2]], dims=("sigma", "region"))
    with pytest.raises(nege.InputError):
        nege.short_run(three(), shares, parameters={"sigma": [5.0]})
