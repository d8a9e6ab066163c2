"""People who differ in taste: what welfare is, and one equilibrium for each unique economy."""

import dataclasses

import numpy as np
import pytest

import nege
from nege.models.law_of_motion import LawOfMotion

pytestmark = pytest.mark.closed_form

TASTES = nege.Logit(scale=0.2, weights=[1.0, 2.0])
ECONOMY = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1.7)


def places(**more):
    changes = {"sigma": 4.0, "mu": 0.7, "trade_cost": 1.5, **more}
    return nege.Helpman(nege.geography.line(4), productivity=[1, 1.4, 0.8, 1.1], **changes)


@pytest.mark.family
def test_sweeps_paths_lists_and_files_have_the_welfare_of_a_solve(tmp_path):
    found = nege.solve(ECONOMY, dynamics=TASTES)
    welfare = float(found.data.welfare)
    assert "comment" not in nege.short_run(ECONOMY, found.data.share).data.welfare.attrs
    assert welfare != pytest.approx(float(nege.short_run(ECONOMY, found.data.share).data.welfare))
    swept = nege.sweep(ECONOMY, {"trade_cost": [1.7, 1.6]}, dynamics=TASTES)
    path = nege.follow(ECONOMY, {"trade_cost": [1.7, 1.6]}, dynamics=TASTES)
    listed = nege.equilibria(ECONOMY, dynamics=TASTES, starts=2)
    for other in (swept.welfare[0], path.welfare[0], listed[0].data.welfare):
        assert float(other) == pytest.approx(welfare, rel=1e-9)
        assert "expected utility" in other.attrs["comment"]
    found.to_netcdf(tmp_path / "tastes.nc")
    nege.testing.assert_equilibrium(nege.load(tmp_path / "tastes.nc"))


def test_the_mean_payoff_does_not_pass_for_welfare_under_tastes():
    found = nege.solve(ECONOMY, dynamics=TASTES)
    mean = nege.short_run(ECONOMY, found.data.share).data
    with pytest.raises(AssertionError, match="welfare"):
        nege.testing.assert_equilibrium(dataclasses.replace(found, data=mean))


@pytest.mark.parametrize("scale", [1e-9, 1e6])
def test_expected_utility_lies_between_the_best_payoff_and_the_geometric_mean(scale):
    payoff, weights = np.array([2.0, 3.0]), np.array([0.25, 0.75])
    tastes = nege.Logit(scale=scale, weights=weights)
    wanted = 3.0 if scale < 1 else np.exp(weights @ np.log(payoff))
    assert tastes.expected(ECONOMY, weights, payoff) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("rents", ["local", "pooled"])
@pytest.mark.parametrize("scale", [0.01, 0.3, 3.0])
def test_tastes_are_congestion_where_one_equilibrium_is_proven(rents, scale):
    """As the dynamics find it, which is how pooled rents are solved."""
    tastes = nege.Logit(scale=scale, weights=[1, 0.8, 1.3, 1])
    model = places(rents=rents, mu=0.74)
    known = model.uniqueness(tastes)
    assert known.value == pytest.approx(4 * 0.26 + 3 * scale)
    found = nege.solve(model, [0.4, 0.3, 0.2, 0.1], dynamics=tastes)
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0.0
    assert found.leading_eigenvalue == pytest.approx(-nege.stability(found).margin, rel=1e-9)
    assert ("no other equilibrium" in repr(found)) == (rents == "local")


def test_tastes_make_unique_what_was_not():
    model = places(mu=0.8)
    assert not model.uniqueness().unique
    tastes = nege.Logit(scale=0.1)
    assert model.uniqueness(tastes).unique
    ends = [nege.solve(model, start, dynamics=tastes) for start in (None, [0.01, 0.01, 0.01, 0.97])]
    np.testing.assert_allclose(ends[0].data.share, ends[1].data.share, rtol=1e-9)
    twin = nege.AllenArkolakis(
        model.geography,
        **{"sigma": 4.0, "productivity_spillover": 1 / 3, "amenity_spillover": -0.25},
        trade_cost=1.5,
    )
    assert [twin.uniqueness(nege.Logit(scale=s)).unique for s in (0.08, 0.09)] == [False, True]


# --- eigenvalues on demand ---------------------------------------------------------


@pytest.mark.parametrize("n", [6, 20])
def test_a_unique_equilibrium_is_accepted_without_its_eigenvalue(n, monkeypatch, tmp_path):
    """What was not looked at is said, and looked at when it is asked for."""
    asked = []
    leading = LawOfMotion.leading_rate
    monkeypatch.setattr(
        LawOfMotion, "leading_rate", lambda *args: asked.append(1) or leading(*args)
    )
    model = nege.Helpman(nege.geography.line(n), sigma=4, mu=0.7, trade_cost=1.5)
    found = nege.solve(model)
    found.to_netcdf(tmp_path / "line.nc")
    text = repr(found)
    assert "not looked at" in text
    assert "`leading_eigenvalue`" in text
    ds = nege.sweep(model, {"trade_cost": [1.5]})
    assert np.isnan(ds.leading_eigenvalue).all()
    assert not asked
    rate = found.leading_eigenvalue
    assert rate < 0.0
    assert rate == pytest.approx(-found.with_stability().stability.margin, rel=1e-9)
    assert "dies out" in repr(found)
    assert nege.load(tmp_path / "line.nc").leading_eigenvalue == rate
    ds = nege.sweep(model, {"trade_cost": [1.5]}, keep=["leading_eigenvalue"])
    assert float(ds.leading_eigenvalue[0]) == pytest.approx(rate, rel=1e-9)
