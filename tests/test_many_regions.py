"""Long runs of many regions: other ways of computing, the same answers as with few."""

import numpy as np
import pytest

import nege
from nege.models import deviations, law_of_motion, linearised, trade_costs
from nege.solvers import matrix_free

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
    assert deviations.leading_among(np.zeros((60, 60)), share) == (0.0, None)
    assert np.isnan(deviations.leading_among(np.full((60, 60), np.nan), share)[0])


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


# --- rows and products instead of tables -------------------------------------------

ONLINE = nege.OnlineRegion(trade_cost=1.6, commission=0.1)
PLACES = {
    "planar": lambda: planar(40, np.random.default_rng(34)),
    "circle": lambda: nege.geography.racetrack(36),
    "grid": lambda: nege.geography.grid(6, 7),
    "line": lambda: nege.geography.line(40),
}


def kind_of(places):
    return "fourier" if places in ("circle", "grid") else "auto"


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("products", [False, True], ids=["tables", "products"])
@pytest.mark.parametrize("dynamics", DYNAMICS, ids=str)
def test_many_regions_end_where_the_same_regions_do_as_few(places, products, dynamics, monkeypatch):
    """Transforms, rows of K and products, against whole tables: same rest point, same rate."""
    geography = PLACES[places]()
    cost = 4.0 if places == "planar" else 1.15
    model = nege.CorePeriphery(geography, sigma=5, mu=0.4, trade_cost=cost, online=ONLINE)
    slow = nege.solve(model, dynamics=dynamics)
    monkeypatch.setattr(matrix_free, "MANY", 1)
    monkeypatch.setattr(matrix_free, "ON_THE_WAY", 0.4)  # a hundred times, as of 500 regions
    if products:
        monkeypatch.setattr(matrix_free, "MOST", 0)
    options = nege.SolverOptions(operator=kind_of(places))
    fast = nege.solve(model, dynamics=dynamics, options=options)
    assert fast.operator == (slow.operator if kind_of(places) == "auto" else "fourier")
    assert fast.perturbed == slow.perturbed
    np.testing.assert_allclose(fast.data.share, slow.data.share, atol=1e-8)
    assert fast.leading_eigenvalue == pytest.approx(slow.leading_eigenvalue, rel=0.05)
    nege.testing.assert_equilibrium(fast)


@pytest.mark.parametrize("seed", range(4))
def test_a_start_leads_to_the_same_cities_as_with_few(seed, monkeypatch):
    """Of many basins of attraction, under steep trade costs."""
    rng = np.random.default_rng([35, seed])
    model = nege.CorePeriphery(planar(60, rng), sigma=5, mu=0.4, trade_cost=np.exp(6.0))
    start = rng.dirichlet(np.full(60, 5.0))
    slow = nege.solve(model, start)
    monkeypatch.setattr(matrix_free, "MANY", 1)
    monkeypatch.setattr(matrix_free, "ON_THE_WAY", 0.6)
    fast = nege.solve(model, start)
    np.testing.assert_allclose(fast.data.share, slow.data.share, atol=1e-8)
    assert fast.perturbed == slow.perturbed


def test_a_change_of_payoffs_by_products_is_that_of_the_table():
    rng = np.random.default_rng(36)
    model = nege.CorePeriphery(planar(20, rng), sigma=5, mu=0.4, trade_cost=3, online=ONLINE)
    law = law_of_motion.LawOfMotion(model, nege.Replicator(), nege.SolverOptions())
    share = rng.dirichlet(np.ones(21))
    share[::4] = 0.0
    point = law.at(share / share.sum(), model.start_state())
    occupied = np.flatnonzero(point.share)
    moved = np.zeros(21)
    moved[occupied] = rng.normal(size=occupied.size) * point.share[occupied]
    markets = linearised.LinearisedMarkets(law.parameters, point.share, point.state, law.trade)
    found = markets.payoff_change(moved)[occupied]
    table = law.slopes_among(point, occupied)
    wanted = table @ (moved[occupied] / point.share[occupied])
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-8)


def test_the_largest_rate_by_products_is_that_of_all_modes_to_some_per_cent():
    """Rates so close together that their shapes cannot be told apart, and a few on their own."""
    n = 400
    share = np.full(n, 1.0 / n)
    around = np.abs(np.fft.fftfreq(n) * n)
    rates = -1.0 + 0.4 * np.exp(-((around / 40.0) ** 2))

    def apply(moved):
        return np.fft.ifft(np.fft.fft(moved) * rates).real

    rate, _ = deviations.by_products(apply, share)
    assert rate == pytest.approx(-0.6, rel=0.05)
    assert rate <= -0.6 + 1e-3
    assert deviations.by_products(lambda moved: np.nan * moved, share) is None


def test_where_transforms_round_too_much_a_matrix_goes_on(monkeypatch):
    """Steep costs: far prices are noise to a transform, so that markets never clear."""
    model = nege.CorePeriphery(nege.geography.racetrack(64), sigma=8, mu=0.4, trade_cost=4)
    monkeypatch.setattr(matrix_free, "MANY", 1)
    alone = nege.SolverOptions(operator="fourier", limit_iterations=200)
    with pytest.raises(nege.ConvergenceError):
        nege.solve(model, np.eye(64)[0], options=alone)
    monkeypatch.setattr(trade_costs, "FOURIER_PAYS", 1)
    found = nege.solve(model, np.eye(64)[0])
    assert found.operator == "dense"
    nege.testing.assert_equilibrium(found)
