"""A seeded twentieth of the random economies; ``python -m benchmarks verify`` takes them all."""

import draws
import numpy as np
import pytest

import nege

pytestmark = pytest.mark.draws


@pytest.mark.parametrize("block", range(10))
def test_short_runs_converge_and_report_their_true_residual(block):
    """200 of 4000 economies: R 2..200, sigma 1.3..20, mu .05...95, some shares zero."""
    for seed in range(20 * block, 20 * block + 20):
        draws.check_short_run(seed)


@pytest.mark.parametrize("block", range(2))
def test_long_runs_are_what_an_independent_integration_reaches(block):
    """10 of 200 starts on racetracks of 3 to 12 regions."""
    for seed in range(5 * block, 5 * block + 5):
        draws.check_long_run(seed)


def test_draws_cover_what_they_promise():
    drawn = [draws.economy(seed) for seed in range(200)]
    sizes = [len(model.geography) for model, _ in drawn]
    assert min(sizes) == 2
    assert max(sizes) > 150
    assert any(model.online is None for model, _ in drawn)
    assert any(model.online is not None and model.online.commission > 0 for model, _ in drawn)
    assert any((share == 0).any() for _, share in drawn)
    costs = [model.trade_cost.values for model, _ in drawn]
    assert any(np.allclose(cost, cost.T) for cost in costs)
    assert any(not np.allclose(cost, cost.T) for cost in costs)


def test_a_check_that_should_fail_does(monkeypatch):
    """The checks are worth something: a tampered solver is found out."""
    true = nege.short_run

    def tampered(model, share):
        found = true(model, share)
        data = found.data.assign(wage=found.data["wage"] * 1.001)
        return nege.Equilibrium(
            model, data, found.status, found.residual, found.error, 1, "short run"
        )

    monkeypatch.setattr(nege, "short_run", tampered)
    with pytest.raises(AssertionError):
        draws.check_short_run(0)
