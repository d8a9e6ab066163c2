"""What is stored for tests of pictures, messages and patterns is what is solved today."""

import numpy as np
import pytest
import store_results
import xarray as xr

import nege

pytestmark = pytest.mark.family

#: How a solve went, which may differ from machine to machine.
COURSE = ["residual", "error", "iterations", "leading_eigenvalue"]


def test_nothing_else_is_stored():
    files = {path.name for path in store_results.FOLDER.iterdir()}
    old = {f"{name}.zip" for name in store_results.OLD_STORES}
    assert files == {f"{name}.nc" for name in store_results.RESULTS} | old


@pytest.mark.usefixtures("nothing_is_solved")
@pytest.mark.parametrize(
    "solve",
    [
        lambda: nege.short_run(store_results.core_periphery(2.0), [0.7, 0.3]),
        lambda: nege.solve(store_results.core_periphery(2.0)),
        lambda: nege.break_points(store_results.core_periphery(2.0), "trade_cost", (1.01, 3)),
        lambda: nege.solve(nege.OnlineAgglomeration()),
    ],
)
def test_whoever_must_not_solve_is_found_out(solve):
    with pytest.raises(pytest.fail.Exception, match="it solved something"):
        solve()


def in_order(data):
    """Two equal places by their shares, the online region last."""
    order = np.argsort(data["share"].values[..., :2], axis=-1)
    order = np.concatenate([order, np.full((*order.shape[:-1], 1), 2)], axis=-1)
    for name, array in data.data_vars.items():
        if "region" in array.dims:
            data = data.assign({name: array.copy(data=np.take_along_axis(array.values, order, -1))})
    return data


@pytest.mark.parametrize("name", store_results.RESULTS)
def test_what_is_stored_is_what_is_solved(name):
    found, now = store_results.stored(name), store_results.RESULTS[name]()
    if isinstance(now, nege.Equilibrium):
        assert repr(found.model) == repr(now.model)
        assert str(found.dynamics) == str(now.dynamics)
        for about in ("status", "horizon", "perturbed", "operator", "method"):
            assert getattr(found, about) == getattr(now, about), about
        assert found.leading_eigenvalue == pytest.approx(
            now.leading_eigenvalue, abs=1e-9, nan_ok=True
        )
        found, now = found.data, now.data
    else:
        _, now = now
        for data in (found, now):
            data.attrs.pop("nege_version", None)
        assert found.attrs == now.attrs
    assert list(found.variables) == list(now.variables)
    found, now = (data.drop_vars(COURSE, errors="ignore") for data in (found, now))
    if name == "grid":  # of two equal places rounding decides which one people leave
        found, now = in_order(found), in_order(now)
    xr.testing.assert_allclose(found, now, rtol=0.0, atol=1e-9)
    for variable in now.variables:
        assert found[variable].dtype.kind == now[variable].dtype.kind
        assert {k: np.ravel(v).tolist() for k, v in found[variable].attrs.items()} == {
            k: np.ravel(v).tolist() for k, v in now[variable].attrs.items()
        }, variable
