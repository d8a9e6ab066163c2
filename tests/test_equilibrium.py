"""Results: what they say, what they keep, and how they end."""

import dataclasses
import pickle

import numpy as np
import pytest
from store_results import stored

import nege

pytestmark = pytest.mark.faults


@pytest.fixture
def solved(nothing_is_solved):
    return stored("commission")


def test_the_banner_says_what_was_found_and_what_was_not(solved):
    text = repr(solved)
    assert text.startswith("Long run of a core-periphery economy: 2 places and the online region")
    assert "Converged under replicator dynamics" in text
    assert "Stable" in text
    assert "Not established: whether there are other equilibria" in text
    assert "real_wage" in text
    short = repr(stored("short_run"))
    assert "markets clear to" in short
    assert "Not established: whether workers would stay" in short


@pytest.mark.usefixtures("nothing_is_solved")
def test_the_notebook_form_escapes_names_and_holds_the_table():
    page = stored("without_coordinates")._repr_html_()
    assert "<b>Long run" in page
    assert "the largest, &lt;b&gt;" in page or "the largest, a&amp;b" in page
    assert "xr-wrap" in page


def test_results_cannot_be_changed(solved):
    with pytest.raises(dataclasses.FrozenInstanceError):
        solved.residual = 0.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        solved.model.sigma = 3.0
    with pytest.raises(ValueError, match="read-only"):
        solved.model.farmers.values[0] = 1.0


DYNAMICS = [
    nege.Replicator(),
    nege.Replicator(allow_entry=False),
    nege.Logit(scale=0.05, weights=[1.0, 2.0], online_weight=0.1),
]


@pytest.mark.parametrize("dynamics", DYNAMICS, ids=str)
@pytest.mark.parametrize(
    "geography",
    [
        nege.geography.equidistant(2),
        nege.geography.line([0.0, 2.5]),
        nege.geography.from_points([31.2, 39.9], [121.5, 116.4], names=["Shanghai", "Beijing"]),
    ],
    ids=lambda g: g.kind,
)
def test_a_file_gives_back_everything(tmp_path, geography, dynamics):
    economy = nege.CorePeriphery(
        geography, sigma=5, mu=0.4, trade_cost=1.7, online=nege.OnlineRegion(trade_cost=1.1)
    )
    found = nege.solve(economy, dynamics=dynamics)
    found.to_netcdf(tmp_path / "economy.nc")
    again = nege.load(tmp_path / "economy.nc")
    assert again.data.identical(found.data)
    for name in ("status", "residual", "error", "iterations", "horizon", "perturbed"):
        assert getattr(again, name) == getattr(found, name), name
    assert again.provenance == found.provenance
    assert str(again.dynamics) == str(found.dynamics)
    assert repr(again) == repr(found)
    nege.testing.assert_equilibrium(again)
    np.testing.assert_array_equal(again.model.arrays.operator.table, economy.arrays.operator.table)


def test_a_file_keeps_trade_costs_given_by_hand(tmp_path):
    cost = [[1.0, 1.4], [1.2, 1.0]]
    economy = nege.CorePeriphery(
        nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=cost, farmers=[0.3, 0.7]
    )
    nege.short_run(economy, [0.5, 0.5]).to_netcdf(tmp_path / "short.nc")
    again = nege.load(tmp_path / "short.nc")
    assert again.dynamics is None
    assert again.model.trade_cost.identical(economy.trade_cost)
    assert again.model.farmers.identical(economy.farmers)


def test_files_that_are_not_ours_are_refused(tmp_path, solved):
    with pytest.raises(nege.InputError, match="exists"):
        nege.load(tmp_path / "nothing.nc")
    (tmp_path / "text.nc").write_text("hello")
    with pytest.raises(nege.InputError, match="nege wrote"):
        nege.load(tmp_path / "text.nc")
    solved.data.to_netcdf(tmp_path / "plain.nc", engine="h5netcdf")
    with pytest.raises(nege.InputError, match="nege wrote"):
        nege.load(tmp_path / "plain.nc")
    for name in ("text.nc", "plain.nc"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(nege.InputError, match="nege leaves alone"):
            solved.to_netcdf(tmp_path / name)
        assert (tmp_path / name).read_bytes() == before
    (tmp_path / "file").write_text("")
    with pytest.raises(nege.InputError, match="can be written"):
        solved.to_netcdf(tmp_path / "file" / "economy.nc")


def test_a_failed_write_leaves_the_old_file(tmp_path, solved, monkeypatch):
    import xarray as xr

    solved.to_netcdf(tmp_path / "economy.nc")
    before = (tmp_path / "economy.nc").read_bytes()

    def full(self, path, **keywords):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xr.DataTree, "to_netcdf", full)
    with pytest.raises(nege.InputError, match="No space left"):
        solved.to_netcdf(tmp_path / "economy.nc")
    assert (tmp_path / "economy.nc").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["economy.nc"]


def test_a_failed_solve_carries_its_partial_result_and_a_remedy(two):
    with pytest.raises(nege.ConvergenceError, match="Raise SolverOptions") as caught:
        nege.short_run(two(1.7), [0.7, 0.3], options=nege.SolverOptions(limit_iterations=2))
    partial = caught.value.equilibrium
    assert partial.status is nege.Status.LIMIT
    assert not partial.converged
    assert 1e-12 < partial.residual < 1.0
    assert partial.iterations == 2
    assert "NOT CONVERGED (LIMIT)" in repr(partial)
    assert "Remedy: " in repr(partial)
    assert isinstance(caught.value, RuntimeError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.equilibrium.status is nege.Status.LIMIT


def test_a_long_run_that_runs_out_of_steps_says_so(two):
    with pytest.raises(nege.ConvergenceError, match="long run did not converge") as caught:
        nege.solve(two(1.7), [0.3, 0.7], options=nege.SolverOptions(limit_steps=3))
    partial = caught.value.equilibrium
    assert partial.status is nege.Status.LIMIT
    assert partial.residual > 1e-6
    assert partial.error == np.inf


def test_an_underflowing_economy_is_not_finite_and_says_why():
    """Nobody supplies place 1: its price index would be infinite."""
    economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=50, mu=0.4, trade_cost=1e9)
    with pytest.raises(nege.ConvergenceError, match="without any supplier") as caught:
        nege.short_run(economy, [1.0, 0.0])
    assert caught.value.equilibrium.status is nege.Status.NOT_FINITE


def test_every_status_has_its_words():
    for status in nege.Status:
        assert status.message
        assert bool(status.remedy) == (status is not nege.Status.CONVERGED)


def test_assert_equilibrium_finds_every_tampered_variable(solved):
    nege.testing.assert_equilibrium(solved)
    for name, equation in {
        "share": "shares sum to one",
        "wage": "wage",
        "price_index": "price index",
        "income": "income",
        "real_wage": "real wage",
    }.items():
        data = solved.data.assign({name: solved.data[name] * 1.01})
        with pytest.raises(AssertionError, match=equation):
            nege.testing.assert_equilibrium(dataclasses.replace(solved, data=data))
        nan = solved.data.assign({name: solved.data[name] * np.nan})
        with pytest.raises(AssertionError, match="nan"):
            nege.testing.assert_equilibrium(dataclasses.replace(solved, data=nan))


def test_assert_equilibrium_wants_complementarity(two):
    """Wages clear markets anywhere; a long run also needs equal payoffs."""
    short = nege.short_run(two(1.7), [0.7, 0.3])
    nege.testing.assert_equilibrium(short)
    posing = dataclasses.replace(short, dynamics=nege.Replicator(), horizon="long run")
    with pytest.raises(AssertionError, match="complementarity"):
        nege.testing.assert_equilibrium(posing)
    limit = dataclasses.replace(short, status=nege.Status.LIMIT)
    with pytest.raises(AssertionError, match="not converged"):
        nege.testing.assert_equilibrium(limit)
