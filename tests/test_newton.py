"""Newton's method for few regions: as true as acceleration, and never wrong where it fails."""

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

import nege
from nege.kernels import codes
from nege.kernels.fixed_point import Options, fixed_point
from nege.kernels.newton import PAYS, newton, solve

pytestmark = pytest.mark.family

OPTIONS = Options(1e-12, 1e-8, 10_000)


def economy(rng, places, *, online=False, severity=1.0):
    """Random places, random farmers, trade costs that differ by direction."""
    cost = np.exp(severity * rng.random((places, places)))
    np.fill_diagonal(cost, 1.0)
    farmers = rng.random(places) + 0.02
    region = nege.OnlineRegion(trade_cost=1.0 + rng.random(), commission=0.3 * rng.random())
    return nege.CorePeriphery(
        nege.geography.equidistant(places),
        sigma=1.5 + 10.0 * rng.random(),
        mu=0.05 + 0.9 * rng.random(),
        trade_cost=cost,
        farmers=farmers / farmers.sum(),
        online=region if online else None,
    )


@pytest.mark.parametrize("online", [False, True])
@pytest.mark.parametrize("places", [2, 3, 7, 15])
def test_it_agrees_with_acceleration_and_with_the_equations(places, online):
    rng = np.random.default_rng([places, online])
    for severity in (0.1, 1.0, 3.0):
        model = economy(rng, places, online=online, severity=severity)
        share = rng.random(len(model.regions))
        share[rng.integers(share.size)] = 0.0
        share /= share.sum()
        a, b = np.zeros(share.size), np.zeros(share.size)
        report = solve(model.arrays, share, a, OPTIONS)
        other = fixed_point(model.arrays, share, b, OPTIONS)
        assert report.status == other.status == codes.CONVERGED
        assert np.max(np.abs(a - b)) <= report.error + other.error
        given_ = reference.of_model(model)
        del given_["amenity"]
        assert reference.residual(np.exp(a), share, **given_) <= 2e-12


@given(
    st.floats(1.02, 30.0),
    st.floats(0.01, 0.99),
    st.floats(1.0, 1e4),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
)
def test_two_regions_cannot_fail(sigma, mu, cost, share, farmers):
    """The gap of two regions is monotone, so that a bracket is enough, whatever the numbers."""
    model = nege.CorePeriphery(
        nege.geography.equidistant(2),
        sigma=sigma,
        mu=mu,
        trade_cost=cost,
        farmers=[farmers, 1.0 - farmers],
    )
    state, shares = np.zeros(2), np.array([share, 1.0 - share])
    report = newton(model.arrays, shares, state, Options(1e-11, 1.0, 200, codes.NEWTON))
    finite = np.isfinite(model.arrays.operator.table).all()
    if report.status == codes.CONVERGED:
        assert report.iterations <= 60
        again = fixed_point(model.arrays, shares, state, Options(1e-10, 1.0, 1, codes.PLAIN))
        assert again.residual <= 1.1e-11
    else:
        # Only where a region buys and sells next to nothing: rounding, said so.
        assert report.status == codes.STALLED
        assert finite
        assert min(model.arrays.operator.table.min(), farmers, 1.0 - farmers) < 1e-6


def test_where_it_fails_acceleration_goes_on_and_says_so():
    """Hard economies, sigma = 15, mu = .9, local trade: Newton's steps wander in some of them."""
    handed_over = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        points = rng.random((10, 2))
        distance = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
        model = nege.CorePeriphery(
            nege.geography.from_distance(distance),
            sigma=15,
            mu=0.9,
            trade_cost=np.exp(3.0),
            farmers=np.full(10, 1 / 10),
        )
        share = rng.random(10) + 0.05
        share /= share.sum()
        result = nege.short_run(model, share)
        assert result.converged
        nege.testing.assert_equilibrium(result)
        if result.method == "anderson":
            handed_over += 1
            with pytest.raises(nege.ConvergenceError) as caught:
                nege.short_run(model, share, options=nege.SolverOptions(method="newton"))
            assert caught.value.equilibrium.method == "newton"
            assert caught.value.equilibrium.iterations < result.iterations
    assert 0 < handed_over < 8


@pytest.mark.parametrize("method", ["newton", "anderson", "plain"])
def test_the_method_can_be_chosen_and_is_recorded(two, tmp_path, method):
    options = nege.SolverOptions(method=method, limit_iterations=100_000)
    result = nege.short_run(two(1.7), [0.7, 0.3], options=options)
    assert result.method == method
    np.testing.assert_allclose(result.data.wage, [0.9693690265, 1.0714722715], atol=1e-10)
    result.to_netcdf(tmp_path / "e.nc")
    assert nege.load(tmp_path / "e.nc").method == method


def test_the_number_of_regions_chooses():
    for places, method in ((PAYS, "newton"), (PAYS + 1, "anderson")):
        model = nege.CorePeriphery(
            nege.geography.racetrack(places), sigma=5, mu=0.4, trade_cost=1.3
        )
        result = nege.short_run(model, np.full(places, 1 / places))
        assert result.method == method


@pytest.mark.parametrize("kernel", [newton, solve])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_bad_number_anywhere_never_converges(two, kernel, bad):
    good = two(1.7, nege.OnlineRegion(trade_cost=1.2, commission=0.1)).arrays
    share, state = np.array([0.3, 0.5, 0.2]), np.zeros(3)
    assert kernel(good, share, state.copy(), OPTIONS).status == codes.CONVERGED
    planted = []
    for i in range(2):  # sigma and mu
        numbers = np.where(np.arange(2) == i, bad, good.numbers)
        planted.append((good._replace(numbers=numbers), share, state))
    for i in range(3):
        for row in range(2):  # farmers and log_net
            places = good.places.copy()
            places[row, i] = bad
            planted.append((good._replace(places=places), share, state))
        for j in range(3):
            freeness = good.operator.table.copy()
            freeness[i, j] = bad
            operator = good.operator._replace(table=freeness)
            planted.append((good._replace(operator=operator), share, state))
        wrong_share, wrong_state = share.copy(), state.copy()
        wrong_share[i] = wrong_state[i] = bad
        planted += [(good, wrong_share, state), (good, share, wrong_state)]
    for parameters, given_share, given_state in planted:
        state = given_state.copy()
        report = kernel(parameters, given_share, state, OPTIONS)
        assert report.status != codes.CONVERGED
        if report.iterations == 1:  # where nothing better was found, the start comes back
            np.testing.assert_array_equal(state, given_state)


def test_a_limit_is_not_success(two):
    state = np.zeros(2)
    report = newton(two(1.7).arrays, np.array([0.7, 0.3]), state, Options(1e-12, 1e-8, 2))
    assert report.status == codes.LIMIT
    assert report.iterations == 2
    assert report.residual > 1e-12
