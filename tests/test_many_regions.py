"""Long runs of many regions: other ways of computing, the same answers as with few."""

import numpy as np
import pytest

import nege
from nege.models import deviations, law_of_motion

pytestmark = pytest.mark.structure

DYNAMICS = [nege.Replicator(), nege.Logit(scale=0.4)]


def planar(n, rng):
    """Places at random on a square."""
    at = rng.random((n, 2))
    return nege.geography.from_distance(np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)))


@pytest.mark.parametrize("kind", range(4))
def test_the_leading_eigenvalue_by_arnoldi_is_that_of_all_modes(kind):
    """Of symmetric, oscillating, nearly neutral and clustered deviations."""
    rng, n = np.random.default_rng([32, kind]), 90
    share = rng.dirichlet(np.ones(n))
    slopes = rng.normal(size=(n, n)) / np.sqrt(n)
    if kind == 0:
        slopes = (slopes + slopes.T) * share
    if kind == 2:
        slopes -= 5.0 * np.eye(n)
    if kind == 3:
        slopes = 0.01 * slopes - np.eye(n)
    wanted = deviations.leading_rate(deviations.tangent(slopes, share)[1])
    found = deviations.by_arnoldi(lambda moved: slopes @ moved, share)
    assert found is not None
    rate, shape = found
    assert rate == pytest.approx(wanted, rel=1e-7)
    assert abs(share @ shape) < 1e-6 * np.max(np.abs(shape))
    assert found[0] == deviations.by_arnoldi(lambda moved: slopes @ moved, share)[0]


def test_a_rate_whose_sign_is_not_certain_is_left_to_all_modes(monkeypatch):
    """Here every deviation is neutral: there is nothing that Arnoldi iteration could show."""
    share = np.full(60, 1.0 / 60)
    assert deviations.by_arnoldi(lambda moved: 0.0 * moved, share) is None
    monkeypatch.setattr(deviations, "ARNOLDI_PAYS", 1)
    assert deviations.leading_rate_among(np.zeros((60, 60)), share) == 0.0
    assert np.isnan(deviations.leading_rate_among(np.full((60, 60), np.nan), share))


@pytest.mark.parametrize("trade_cost", [2.0, 50.0])
@pytest.mark.parametrize("dynamics", DYNAMICS, ids=str)
def test_long_runs_by_blas_and_arnoldi_are_those_of_the_kernels(trade_cost, dynamics, monkeypatch):
    places = planar(60, np.random.default_rng(33))
    model = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=trade_cost)
    slow = nege.solve(model, dynamics=dynamics)
    monkeypatch.setattr(law_of_motion, "BLAS_PAYS", 1)
    monkeypatch.setattr(deviations, "ARNOLDI_PAYS", 5)
    fast = nege.solve(model, dynamics=dynamics)
    np.testing.assert_allclose(fast.data.share, slow.data.share, atol=1e-9)
    assert fast.leading_eigenvalue == pytest.approx(slow.leading_eigenvalue, rel=1e-6)
