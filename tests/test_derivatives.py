"""Derivatives of short runs and payoffs, against complex steps through the derivatives.

The reference solves the published equations by Newton's method in complex numbers, so
that what is compared with is exact to rounding, not a difference.
"""

import hypothesis.strategies as st
import numpy as np
import pytest
import reference
from hypothesis import given

import nege
from nege.kernels import derivatives
from nege.kernels.newton import solve

pytestmark = pytest.mark.family

STEP = 1e-30
EXACT = 1e-12

PARAMETERS = (
    "sigma",
    "mu",
    "trade_cost",
    "online_trade_cost",
    "online_commission",
    "online_amenity",
)
drawn = {"seed": st.integers(0, 10_000), "n": st.integers(2, 6)}


def economy(seed, n, *, online=True):
    rng = np.random.default_rng([4, seed])
    distance = rng.uniform(0.8, 1.6, (n, n)) * (1 - np.eye(n))  # no detour is shorter
    region = nege.OnlineRegion(
        trade_cost=rng.uniform(1.05, 2),
        commission=rng.uniform(0.0, 0.3),
        amenity=rng.uniform(0.8, 1.2),
    )
    model = nege.CorePeriphery(
        nege.geography.from_distance(distance),
        sigma=rng.uniform(1.5, 8),
        mu=rng.uniform(0.1, 0.8),
        trade_cost=rng.uniform(1.1, 3),
        farmers=rng.dirichlet(np.ones(n)),
        online=region if online else None,
    )
    share = rng.dirichlet(np.ones(len(model.regions)))
    if seed % 3 == 0:
        share[seed % n] = 0.0
    return model, share / share.sum()


def cleared(model, share):
    state = model.start_state()
    options = nege.SolverOptions(tolerance_residual=1e-14).for_kernels()
    solve(model.arrays, share, state, options)
    return state


def distances(model):
    """ln T = distance ln(trade_cost), the online region at no distance yet."""
    n, size = len(model.geography), len(model.regions)
    full = np.zeros((size, size))
    full[:n, :n] = model.geography.distance.values
    return full


def plain_with_step(model, parameter, step):
    plain = reference.steered(reference.of_model(model), parameter, step)
    n = len(model.geography)
    if parameter == "trade_cost":
        grown = np.exp(distances(model) * np.log(model.trade_cost + step))
        plain["cost"] = plain["cost"].astype(complex)
        plain["cost"][:n, :n] = grown[:n, :n]
    if parameter == "online_trade_cost":
        digital = np.zeros((n + 1, n + 1))
        digital[:n, n] = digital[n, :n] = 1.0
        plain["cost"] = plain["cost"] + step * digital
    return plain


def by_complex_step(model, share, parameter):
    """d ln wage and d ln real wage along one parameter."""
    u, payoff = reference.log_outcomes(share, **plain_with_step(model, parameter, 1j * STEP))
    return u.imag / STEP, payoff.imag / STEP


def close(found, exact):
    scale = max(1.0, float(np.max(np.abs(exact))))
    np.testing.assert_allclose(found, exact, rtol=0, atol=EXACT * scale)


@given(**drawn)
def test_shares_move_wages_and_real_wages_as_complex_steps_say(seed, n):
    model, share = economy(seed, n)
    state, size = cleared(model, share), len(share)
    wages, payoffs = np.empty((size, size)), np.empty((size, size))
    assert derivatives.state_share_jacobian(model.arrays, share, state, wages)
    assert derivatives.payoff_jacobian(model.arrays, share, state, payoffs)
    for j in range(size):
        moved = share.astype(complex)
        moved[j] += 1j * STEP
        u, payoff = reference.log_outcomes(moved, **reference.of_model(model))
        close(wages[:, j], u.imag / STEP)
        close(payoffs[:, j], payoff.imag / STEP)


@given(parameter=st.sampled_from(PARAMETERS), **drawn)
def test_every_parameter_moves_wages_and_real_wages_as_complex_steps_say(seed, n, parameter):
    model, share = economy(seed, n)
    state = cleared(model, share)
    wages, payoffs = np.empty(n + 1), np.empty(n + 1)
    direction = model.direction(parameter)
    assert derivatives.state_slope(model.arrays, direction, share, state, wages)
    assert derivatives.payoff_slope(model.arrays, direction, share, state, payoffs)
    exact_wages, exact_payoffs = by_complex_step(model, share, parameter)
    close(wages, exact_wages)
    close(payoffs, exact_payoffs)


@given(**drawn)
def test_the_map_of_wages_has_the_jacobian_of_its_equations(seed, n):
    model, share = economy(seed, n)
    state, plain = np.random.default_rng(seed).normal(0, 0.3, n + 1), reference.of_model(model)
    del plain["amenity"]
    jacobian = np.empty((n + 1, n + 1))
    derivatives.state_jacobian(model.arrays, share, state, jacobian)
    for j in range(n + 1):
        moved = state.astype(complex)
        moved[j] += 1j * STEP
        paid = reference.wages_that_markets_pay(np.exp(moved), share, **plain)
        close(jacobian[:, j], np.log(paid).imag / STEP)


@pytest.mark.parametrize("operator", ["dense", "symmetric", "line"])
@pytest.mark.parametrize("parameter", ["trade_cost", "sigma"])
def test_every_operator_has_the_same_derivatives(operator, parameter):
    model = nege.CorePeriphery(
        nege.geography.line(5),
        sigma=5,
        mu=0.4,
        trade_cost=1.4,
        online=nege.OnlineRegion(trade_cost=1.3, commission=0.1),
    )
    share = np.random.default_rng(1).dirichlet(np.ones(6))
    kernel = model.arrays_for(operator, compiled=True)
    state, slope = cleared(model, share), np.empty(6)
    assert derivatives.payoff_slope(kernel, model.direction(parameter), share, state, slope)
    close(slope, by_complex_step(model, share, parameter)[1])


def test_without_an_online_region_the_parameters_are_three():
    model, share = economy(5, 3, online=False)
    state, slope = cleared(model, share), np.empty(3)
    for parameter in ("sigma", "mu", "trade_cost"):
        assert derivatives.payoff_slope(
            model.arrays, model.direction(parameter), share, state, slope
        )
        close(slope, by_complex_step(model, share, parameter)[1])
    with pytest.raises(nege.InputError, match="Known: sigma, mu, trade_cost"):
        model.direction("online_trade_cost")


def test_a_table_of_trade_costs_moves_with_sigma_but_is_not_one_number():
    cost = np.array([[1.0, 1.4, 2.0], [1.2, 1.0, 1.7], [1.9, 1.3, 1.0]])
    model = nege.CorePeriphery(nege.geography.equidistant(3), sigma=5, mu=0.4, trade_cost=cost)
    share = np.array([0.2, 0.3, 0.5])
    state, slope = cleared(model, share), np.empty(3)
    assert derivatives.payoff_slope(model.arrays, model.direction("sigma"), share, state, slope)
    close(slope, by_complex_step(model, share, "sigma")[1])
    with pytest.raises(nege.InputError, match="single number"):
        model.direction("trade_cost")


def test_where_a_place_has_no_supplier_a_derivative_is_refused_rather_than_wrong():
    model = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1e90)
    out = np.zeros(2)
    share, state = np.array([1.0, 0.0]), np.zeros(2)
    assert not derivatives.payoff_slope(model.arrays, model.direction("mu"), share, state, out)
