"""Spillovers in productivity and amenity: Allen & Arkolakis (2014), their line in closed form."""

import cells
import hypothesis.strategies as st
import numpy as np
import pytest
import reference_quantitative as reference
from hypothesis import given

import nege
from nege.kernels import codes, derivatives
from nege.kernels.fixed_point import Options, fixed_point
from nege.solvers.follow_dynamics import _DynamicsSearch

pytestmark = pytest.mark.closed_form

drawn = {"seed": st.integers(0, 10_000), "n": st.integers(2, 6)}
PARAMETERS = ("sigma", "productivity_spillover", "amenity_spillover", "trade_cost")


def economy(seed, n, *, total=None):
    """Places that differ in everything; `total` is alpha + beta."""
    rng = np.random.default_rng([17, seed])
    distance = rng.uniform(0.5, 1.0, (n, n))  # another one back, and no detour is shorter
    np.fill_diagonal(distance, 0.0)
    alpha = rng.uniform(-0.2, 0.3)
    beta = (rng.uniform(-0.6, -0.05) if total is None else total) - alpha
    model = nege.AllenArkolakis(
        nege.geography.from_distance(distance),
        sigma=rng.uniform(2, 8),
        productivity_spillover=alpha,
        amenity_spillover=beta,
        trade_cost=rng.uniform(1.2, 3),
        productivity=rng.uniform(0.7, 1.4, n),
        amenity=rng.uniform(0.7, 1.4, n),
    )
    share = rng.dirichlet(np.ones(n)) + 0.01
    return model, share / share.sum()


def gaps(model, data):
    plain = reference.allen_arkolakis(model)
    return reference.allen_arkolakis_gaps(data["share"].values, data["wage"].values, **plain)


# --- the line ----------------------------------------------------------------------


@pytest.mark.parametrize(("number", "digits"), [(50, 8.0e-5), (200, 5.1e-6)])
def test_people_on_the_line_are_a_power_of_a_cosine(number, digits):
    assert cells.kappa() == pytest.approx(0.29680214765, abs=1e-11)
    assert cells.largest_error(number) == pytest.approx(digits, rel=0.01)


def test_the_error_falls_with_the_square_of_the_width_of_a_cell():
    errors = [cells.largest_error(number) for number in cells.FEW]
    np.testing.assert_allclose(cells.orders(errors, cells.FEW), 2.0, atol=0.02)


# --- Helpman is a special case -----------------------------------------------------


@given(**drawn)
def test_helpmans_economy_is_the_one_with_these_spillovers(seed, n):
    rng = np.random.default_rng(seed)
    other, _ = economy(seed, n)
    sigma, mu = other.sigma, 1 - rng.uniform(1.05, 1.8) / other.sigma
    housing = rng.uniform(0.5, 2.0, n)
    helpman = nege.Helpman(
        other.geography,
        sigma=sigma,
        mu=mu,
        trade_cost=other.trade_cost,
        productivity=other.productivity,
        amenity=other.amenity,
        housing=housing,
    )
    twin = other.replace(
        productivity_spillover=1 / (sigma - 1),
        amenity_spillover=-(1 - mu) / mu,
        amenity=other.amenity.values ** (1 / mu) * housing ** ((1 - mu) / mu),
    )
    here, there = nege.solve(helpman), nege.solve(twin)
    assert helpman.uniqueness().unique == twin.uniqueness().unique
    np.testing.assert_allclose(here.data["share"], there.data["share"], atol=1e-9)
    np.testing.assert_allclose(here.data["wage"], there.data["wage"], rtol=1e-9)


@given(sigma=st.floats(1.5, 10), mu=st.floats(0.05, 0.95))
def test_both_conditions_of_uniqueness_are_one(sigma, mu):
    places = nege.geography.equidistant(2)
    value = sigma * (1 - mu)
    if abs(value - 1) < 1e-9:
        return
    twin = nege.AllenArkolakis(
        places,
        sigma=sigma,
        productivity_spillover=1 / (sigma - 1),
        amenity_spillover=-(1 - mu) / mu,
        trade_cost=2.0,
    )
    assert twin.uniqueness().unique == (value > 1)


# --- equations, uniqueness, derivatives --------------------------------------------


@pytest.mark.family
@given(**drawn)
def test_short_and_long_runs_solve_the_published_equations(seed, n):
    model, share = economy(seed, n)
    short, long = nege.short_run(model, share), nege.solve(model, share)
    for found in (short, long):
        nege.testing.assert_equilibrium(found)
        assert np.max(np.abs(gaps(model, found.data)[0])) <= 1e-9
    assert np.max(np.abs(gaps(model, long.data)[1])) <= 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_dynamics_reach_one_state_from_everywhere_where_spillovers_add_up_to_less_than_zero(seed):
    model, _ = economy(seed, 4, total=-0.05)
    assert model.uniqueness().unique
    only = nege.solve(model).data.share.values
    rng = np.random.default_rng(seed)
    for _ in range(4):
        start = model.random_start(rng)
        walk = _DynamicsSearch(model, nege.Replicator(), nege.SolverOptions())
        end = walk.run(start, model.start_state())
        assert end.status is nege.Status.CONVERGED
        np.testing.assert_allclose(end.share, only, atol=1e-7)


@pytest.mark.structure
def test_several_equilibria_where_they_add_up_to_more():
    model = nege.AllenArkolakis(
        nege.geography.equidistant(2),
        sigma=4,
        productivity_spillover=0.3,
        amenity_spillover=-0.2,
        trade_cost=2.5,
    )
    assert not model.uniqueness().unique
    found = nege.equilibria(model)
    shares = sorted(round(float(e.data.share[0]), 6) for e in found)
    assert len(shares) == 3
    assert shares[1] == 0.5
    assert shares[0] == pytest.approx(1 - shares[2], abs=1e-6)
    for equilibrium in found:
        nege.testing.assert_equilibrium(equilibrium)


@pytest.mark.family
@given(**drawn)
def test_derivatives_are_those_of_differences(seed, n):
    """Central differences of short runs solved to rounding: eight digits."""
    model, share = economy(seed, n)

    def payoff(economy, share):
        state = economy.start_state()
        fixed_point(economy.arrays, share, state, Options(1e-15, 1e-6, 10_000, codes.ANDERSON))
        data = economy.outcome(share, state)
        return state, np.log(data["real_income"])

    state = payoff(model, share)[0]
    slopes, along = np.empty((n, n)), np.empty(n)
    assert derivatives.payoff_jacobian(model.arrays, share, state, slopes)
    into = np.eye(n)[0] - share
    h = 1e-5
    moved = (payoff(model, share + h * into)[1] - payoff(model, share - h * into)[1]) / (2 * h)
    np.testing.assert_allclose(slopes @ into, moved, atol=2e-6 * max(1, np.abs(moved).max()))
    for name in PARAMETERS:
        value = getattr(model, name)
        moved = (
            payoff(model.replace({name: value + h}), share)[1]
            - payoff(model.replace({name: value - h}), share)[1]
        ) / (2 * h)
        direction = model.direction(name)
        assert derivatives.payoff_slope(model.arrays, direction, share, state, along)
        np.testing.assert_allclose(along, moved, atol=1e-6 * max(1, np.abs(moved).max()))


@pytest.mark.family
@given(**drawn)
def test_data_are_inverted_and_counterfactuals_equal_levels(seed, n):
    model, share = economy(seed, n)
    wage = np.random.default_rng(seed).uniform(1, 2, n)
    found = nege.invert(model, share, wage)
    before = nege.solve(found)
    np.testing.assert_allclose(before.data["share"], share, atol=1e-8)
    np.testing.assert_allclose(before.data["wage"], wage / np.sum(share * wage), rtol=1e-8)
    made = np.random.default_rng(seed).uniform(0.9, 1.1, n)
    after = nege.counterfactual(before, productivity_change=made)
    levels = nege.solve(found.replace(productivity=found.productivity * made)).data
    for name in ("share", "wage", "price_index", "welfare"):
        wanted = (levels[name] / before.data[name]).values
        np.testing.assert_allclose(after[f"{name}_change"], wanted, rtol=1e-9)
    with pytest.raises(nege.InputError, match="no housing"):
        nege.counterfactual(before, housing_change=2.0)


@pytest.mark.faults
def test_black_holes_and_bad_spillovers_are_refused():
    places, plain = nege.geography.equidistant(2), {"sigma": 5, "trade_cost": 1.5}
    with pytest.raises(nege.InputError, match="black hole"):
        nege.AllenArkolakis(places, **plain, productivity_spillover=0.3, amenity_spillover=0.1)
    with pytest.raises(nege.InputError, match="productivity_spillover"):
        nege.AllenArkolakis(places, **plain, productivity_spillover=-1.0, amenity_spillover=0.0)


@pytest.mark.family
def test_files_keep_the_economy(tmp_path):
    model, share = economy(3, 4)
    nege.short_run(model, share).to_netcdf(tmp_path / "e.nc")
    again = nege.load(tmp_path / "e.nc")
    nege.testing.assert_equilibrium(again)
    assert again.model.amenity_spillover == model.amenity_spillover


@pytest.mark.faults
def test_people_all_but_gone_are_stable_at_a_rate_that_no_underflow_spoils():
    rng = np.random.default_rng(1)
    model = nege.AllenArkolakis(
        nege.geography.line(150),
        sigma=5,
        productivity_spillover=0.1,
        amenity_spillover=-0.1,
        trade_cost=2.0,
        productivity=np.exp(rng.normal(0, 0.2, 150)),
    )
    found = nege.solve(model)
    assert found.data.share.min() < 1e-100
    # Dual numbers with steps from 1e-20 to 1e-100 all say so. Smaller ones, 1e-150 in the kernels
    # or 1e-200 in the reference, lose what the smallest places do to themselves, and say -0.046.
    assert found.leading_eigenvalue == pytest.approx(-0.0408531364, rel=1e-6)
    nege.testing.assert_equilibrium(found)


@pytest.mark.faults
def test_prices_beyond_double_precision_are_no_solution():
    model = nege.AllenArkolakis(
        nege.geography.equidistant(3),
        sigma=1.001,
        productivity_spillover=0.1,
        amenity_spillover=-0.3,
        trade_cost=1.3,
    )
    with pytest.raises(nege.ConvergenceError, match="overflowed"):
        nege.solve(model)
    ds = nege.sweep(model, {"sigma": [1.001, 5.0]})
    assert ds.status.values.tolist() == [nege.Status.NOT_FINITE, nege.Status.CONVERGED]
