"""Error bounds hold against 50 digits, at the limits of floating point too.

The suite takes some draws; ``python -m benchmarks verify`` takes them all.
"""

import exact
import mpmath as mp
import numpy as np
import pytest

import nege

pytestmark = pytest.mark.draws

DRAWS = 16
#: Of a hundred draws, how many at least double precision can answer.
ANSWERED = {nege.VerticalLinkages: 20, nege.Helpman: 60, nege.AllenArkolakis: 60}


@pytest.mark.parametrize("kind", exact.EXACT, ids=lambda kind: kind.__name__)
def test_no_error_is_larger_than_its_bound(kind):
    """Shares down to 1e-12 and none, trade costs up to 10^11, mu next to zero and one."""
    found = [exact.check_error(kind, seed)[0] for seed in range(DRAWS)]
    answered = sum(result.converged for result in found)
    assert answered >= DRAWS * ANSWERED.get(kind, 60) // 100


@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        (nege.FootlooseCapital, 306),  # profits below the smallest number
        (nege.FootlooseEntrepreneur, 441),
        (nege.AllenArkolakis, 1183),  # errors for which slopes at a point say nothing
        (nege.AllenArkolakis, 341),
    ],
)
def test_what_cannot_be_said_is_not(kind, seed):
    found, _ = exact.check_error(kind, seed)
    assert not found.converged
    assert found.error == np.inf


@pytest.mark.parametrize("decades", [8, 9, 10, 10.5, 10.9, 10.95, 11])
@pytest.mark.parametrize("share", [0.5, 1e-3, 1e-12, 0.0])
def test_freeness_below_the_normal_numbers_is_not_believed(decades, share):
    places = nege.geography.equidistant(2)
    model = nege.FootlooseEntrepreneur(places, sigma=30, mu=0.4, trade_cost=10**decades)
    assert held(model, [share, 1 - share])


def held(model, share):
    try:
        found = nege.short_run(model, share)
    except nege.ConvergenceError as caught:
        status = caught.equilibrium.status
        return status in (nege.Status.STALLED, nege.Status.NOT_FINITE)
    with mp.workdps(exact.DIGITS):
        plain = exact.Plain(model, found.data["share"].values)
        true = exact.EXACT[type(model)][0](model, found.data, plain)
        logs = [mp.log(x) for x in exact.numbers(found.data["wage"].values)]
        assert max(abs(a - b) for a, b in zip(logs, true, strict=True)) <= found.error + 1e-14
    return True


@pytest.mark.parametrize("sigma", [1.2, 5.0, 30.0])
@pytest.mark.parametrize("mu", [0.1, 0.9, 1 - 1e-6])
def test_grids_of_two_regions_report_honest_errors_too(sigma, mu):
    costs = 10 ** np.array([0.0, 0.01, 0.3, 2.0, 6.0, 10.0, 11.0])
    first = np.array([0.5, 0.3, 1e-3, 1e-12, 0.0])
    shares = np.stack([first, 1.0 - first], axis=-1)
    shares[3] = 1.0 - 1e-12, 1e-12
    model = nege.CorePeriphery(nege.geography.equidistant(2), sigma=sigma, mu=mu, trade_cost=2)
    grid = nege.short_run(model, shares, parameters={"trade_cost": costs})
    assert (grid["method"] == "newton").all()
    solved = grid["status"].values == nege.Status.CONVERGED
    assert solved.mean() > 0.3
    for i, k in zip(*np.nonzero(solved), strict=True):
        one = grid.isel(trade_cost=i, **{grid["error"].dims[1]: k})
        economy = model.replace(trade_cost=float(costs[i]))
        with mp.workdps(exact.DIGITS):
            plain = exact.Plain(economy, one["share"].values)
            true = exact.core_periphery(economy, one, plain)
            logs = [mp.log(x) for x in exact.numbers(one["wage"].values)]
            off = max(abs(a - b) for a, b in zip(logs, true, strict=True))
        assert off <= float(one["error"]) + 1e-15 * (1 + abs(true[0]) + abs(true[1])), (i, k)


@pytest.mark.parametrize("people", [1.0, 1e9])
def test_large_numbers_of_people_are_no_failure(people):
    """Errors of utilities are absolute up to one, and relative to the largest above."""
    places = nege.geography.equidistant(2)
    values = {"a": 1.0, "b": 1.0, "c": 1.0, "phi": 1.0, "total_skilled": 1.0}
    model = nege.LinearDemand(places, total_farmers=people, trade_cost=0.2, **values)
    found = nege.short_run(model, [0.6, 0.4])
    assert 0.0 < found.error <= 1e-8 * max(1.0, float(abs(found.data["utility"]).max()))
