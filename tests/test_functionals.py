"""Functionals over sweeps: what a function says of each point, asked one by one."""

import numpy as np
import pytest
import xarray as xr

import nege

pytestmark = pytest.mark.family
INTERVAL = (1.05, 5.0)


def breaks(economy):
    return nege.break_points(economy, "trade_cost", INTERVAL)


def test_thresholds_are_those_of_each_economy(two):
    economy = two(2.0)
    ds = nege.sweep(economy, {"sigma": [2.0, 5.0], "mu": [0.3, 0.6]}, of=breaks)
    assert ds["value"].dims == ("sigma", "mu", "threshold")
    assert (ds.status == nege.Status.CONVERGED).all()
    for sigma in ds.sigma.values:
        for mu in ds.mu.values:
            at, direct = ds.sel(sigma=sigma, mu=mu), breaks(economy.replace(sigma=sigma, mu=mu))
            assert at["value"].dropna("threshold").values.tolist() == direct.values.tolist()
            assert at.value_mode.values[: len(direct)].tolist() == list(direct.mode)
            assert (at.value_count.item(), at.value_note.item()) == (len(direct), direct.note)


def test_lists_are_padded_and_failures_have_reasons(two):
    def several(economy):
        return {"listed": [1.0] * round(economy.sigma), "inverse": 1.0 / (economy.sigma - 3.0)}

    points = {"sigma": [2.0, 3.0, -1.0, 4.0]}
    ds = nege.sweep(two(2.0), points, of=several, invalid="record", unit=2)
    assert ds.listed.sizes == {"sigma": 4, "item": 4}
    assert np.isfinite(ds.listed.values).sum(1).tolist() == [2, 0, 0, 4]
    np.testing.assert_array_equal(ds.inverse.values, [-1.0, np.nan, np.nan, 1.0])
    names = [nege.Status(int(s)).name for s in ds.status.values]
    assert names == ["CONVERGED", "NOT_FINITE", "INVALID", "CONVERGED"]
    assert "ZeroDivisionError" in ds.reason.values[1]
    assert "sigma" in ds.reason.values[2]


@pytest.mark.parametrize("store", [False, True])
def test_each_entry_of_a_mapping_is_as_long_as_it_is(two, store, tmp_path):
    """Thresholds found beside none, lists, tables of other labels, and kinds that are padded."""

    def several(economy):
        sustained = nege.sustain_points(economy, "trade_cost", (1.05, 1.85))
        return {
            "breaks": breaks(economy),
            "sustains": sustained,
            "one": [1.0],
            "two": [True, True],
            "a": xr.DataArray([1.0, 2.0], {"of": ["x", "y"]}, "of"),
            "b": xr.DataArray(["p", "q"], {"of": ["y", "z"]}, "of"),
        }

    given = {"store": tmp_path / "s.zarr"} if store else {}
    ds = nege.sweep(two(2.0), {"sigma": [4.0, 5.0]}, of=several, **given)
    assert (ds.status == nege.Status.CONVERGED).all(), ds.reason.values
    assert ds.breaks_count.values.tolist() == [1.0, 1.0]
    assert ds.sustains_count.values.tolist() == [0.0, 1.0]
    assert np.isnan(ds.sustains.values).tolist() == [[True], [False]]
    assert ds.sustains_note.values[0].startswith("The core of 0 is sustained")
    np.testing.assert_array_equal(ds.one, [[1.0, np.nan]] * 2)
    assert ds.two.values.tolist() == [[1.0, 1.0]] * 2
    np.testing.assert_array_equal(ds.a.sel(of=["x", "y", "z"]), [[1.0, 2.0, np.nan]] * 2)
    assert ds.b.sel(of=["x", "y", "z"]).values.tolist() == [["", "p", "q"]] * 2


def test_what_a_function_raises_is_its_own_and_no_overflow(two):
    def fails(economy):
        if economy.mu < 0.35:
            return 1.0
        if economy.mu < 0.45:
            raise nege.NegeError("nothing here")
        if economy.mu < 0.55:
            return economy.replace(sigma=-1)
        return xr.align(*(xr.DataArray(np.ones(n), dims="x") for n in (1, 2)))

    ds = nege.sweep(two(2.0), {"mu": [0.3, 0.4, 0.5, 0.6, 1.6]}, of=fails, invalid="record")
    names = [nege.Status(int(s)).name for s in ds.status.values]
    assert names == ["CONVERGED", "RAISED", "RAISED", "RAISED", "INVALID"]
    says = ("", "NegeError: nothing", "sigma must", "AlignmentError", "mu must")
    assert all(word in reason for word, reason in zip(says, ds.reason.values, strict=True))


def test_none_found_is_told_from_not_solved_and_counts_are_whole(two):
    def breaks(economy):
        if economy.mu > 0.45:
            raise nege.NegeError("no")
        return {"breaks": nege.break_points(economy, "trade_cost", (1.05, 1.7))}

    ds = nege.sweep(two(2.0), {"sigma": [4.0, 5.0], "mu": [0.3, 0.4, 0.5]}, of=breaks)
    ax = ds.nege.plot.heatmap("breaks")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["not solved", "none found"]
    drawn = {one.get_gid(): len(one.get_paths()) for one in ax.collections[1:]}
    assert drawn == {"failed": 2, "none": 1}
    assert ax.figure.axes[1].get_ylabel() == "breaks, threshold of trade cost"
    ticks = ds.nege.plot.heatmap("breaks_count").figure.axes[1].get_yticks()
    assert ticks.tolist() == [0.0, 1.0]
    ax = ds.drop_vars("breaks_count").nege.plot.heatmap("breaks")
    assert ax.get_legend().get_texts()[1].get_text() == "no value"


def test_a_random_design_and_nan_that_is_no_answer(two):
    design = nege.random_points({"mu": (0.3, 0.5)}, 3)
    heard = []
    ds = nege.sweep(
        two(2.0),
        design,
        of=lambda m: m.mu if m.mu > float(design.mu.min()) else np.nan,
        progress=lambda done, total, words: heard.append((done, total)),
    )
    first = int(np.argmin(design.mu.values))
    assert ds.status.values[first] == nege.Status.NOT_FINITE
    assert ds.reason.values[first]
    assert np.isnan(ds["value"].values[first])
    assert int((ds.status == 0).sum()) == 2
    assert heard[-1] == (3, 3)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"of": 3}, "of"),
        ({"of": lambda m: m.x}, "x"),
        ({"of": lambda m: object()}, "object"),
        ({"of": lambda m: 1.0, "processes": 2}, "def"),
        ({"of": lambda m: {"mu": m.mu}}, "mu"),
        ({"of": lambda m: {"a": [1.0] if m.mu < 0.35 else 1.0}}, "same dimensions"),
        ({"of": {"breaks": breaks}}, "One function answers all.*economy: {.breaks.: "),
        ({"of": lambda m: {"a": [1.0], "a_count": 2.0}}, "two of its results are called a_count"),
        (
            {"of": lambda m: {"a": xr.DataArray([m.mu], {} if m.mu < 0.35 else {"x": [1]}, "x")}},
            "x has labels",
        ),
        ({"of": breaks, "share": [0.5, 0.5]}, "share"),
        ({"of": breaks, "along": None, "start": [0.5, 0.5]}, "start"),
        ({"of": lambda m: {"status": 1.0}}, "status"),
    ],
)
def test_what_is_no_functional_is_refused(two, given, says):
    with pytest.raises(nege.InputError, match=says):
        nege.sweep(two(2.0), {"mu": [0.3, 0.4]}, **given)
