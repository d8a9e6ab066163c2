"""Exact results for vertical linkages, with labour immobile or mobile between regions.

Sources: Krugman & Venables (1995), Quarterly J. Economics 110; Fujita, Krugman & Venables
(1999), The Spatial Economy, ch. 14; Puga (1999), European Economic Review 43.
"""

import itertools
import math

import hypothesis.strategies as st
import numpy as np
import pytest
import reference_linkages as reference
from hypothesis import given, settings
from scipy.optimize import brentq

import nege
from nege.command import cli, economy_file, figures
from nege.kernels import codes, derivatives, equations, population_dynamics
from nege.kernels.fixed_point import Options, fixed_point
from nege.kernels.newton import newton, solve
from nege.kernels.operators import DENSE, Operator
from nege.models import closed_forms

pytestmark = pytest.mark.closed_form

KIND = nege.VerticalLinkages
PURE = nege.Replicator(allow_entry=False)
TWO = nege.geography.equidistant(2)
CORE = [1.0, 0.0]


def fkv(trade_cost=1.5, mu=0.4, n=2, *, sigma=5, inputs=0.4):
    places = nege.geography.equidistant(n)
    return KIND(places, sigma=sigma, mu=mu, inputs=inputs, trade_cost=trade_cost)


def puga(trade_cost=1.5, **more):
    given = {"sigma": 5, "mu": 0.2, "inputs": 0.5, "agriculture": 0.9, **more}
    return KIND(TWO, trade_cost=trade_cost, **given)


def puga_mobile(trade_cost=1.5, places=TWO, **more):
    given = {"sigma": 5, "mu": 0.3, "inputs": 0.2, "agriculture": 0.6, "labour": "mobile", **more}
    return KIND(places, trade_cost=trade_cost, **given)


def growth(economy):
    """Return the growth rate of the fastest deviation from an even spread."""
    n = len(economy.regions)
    return nege.solve(economy, np.full(n, 1 / n), dynamics=PURE).leading_eigenvalue


def log_profits(economy, share):
    return np.log(nege.short_run(economy, share).data["profitability"].values)


# --- Krugman & Venables ------------------------------------------------------------


@given(
    sigma=st.floats(1.5, 12.0),
    part=st.floats(0.05, 0.9),
    mu=st.floats(0.05, 0.95),
    n=st.integers(2, 6),
)
def test_dispersion_breaks_where_z_crosses_z_star_whatever_mu(sigma, part, mu, n):
    rho = (sigma - 1) / sigma
    a = part * rho
    z_star = a * (1 + rho) / (a**2 + rho)
    if z_star >= 0.99:  # dispersion is never stable
        return
    freeness = (1 - z_star) / (1 + (n - 1) * z_star)
    for factor, sign in ((1 - 1e-6, -1), (1 + 1e-6, 1)):
        cost = (freeness * factor) ** (1 / (1 - sigma))
        assert np.sign(growth(fkv(cost, mu, n, sigma=sigma, inputs=a))) == sign


@pytest.mark.parametrize("mu", [0.1, 0.4, 0.8])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_break_points_are_core_peripherys_with_inputs_for_mu(mu, n):
    (found,) = nege.break_points(fkv(mu=mu, n=n), "trade_cost", (1.01, 20))
    assert found == pytest.approx((3 * n + 1) ** 0.25, abs=1e-11)
    if n == 2:
        assert found == pytest.approx(1.6265766, abs=5e-8)


@pytest.mark.parametrize(("n", "digits"), [(2, 1.8073127), (3, 2.182255), (4, 2.517266)])
def test_sustain_points_are_core_peripherys_with_inputs_for_mu(n, digits):
    sigma, a, mu = 5, 0.4, 0.25  # so that the core's workers suffice for all industry

    def left(freeness):
        bracket = (a + (1 - a) / n) * freeness + (1 - a) / n * (1 / freeness + n - 2)
        return freeness ** (a * sigma / (sigma - 1)) * bracket - 1

    exact = brentq(left, 1e-6, 0.5, xtol=1e-16) ** (1 / (1 - sigma))
    (found,) = nege.sustain_points(fkv(mu=mu, n=n), "trade_cost", (1.2, 20))
    assert found == pytest.approx(exact, abs=1e-10)
    assert found == pytest.approx(digits, abs=5e-7)


@pytest.mark.parametrize("n", [4, 5, 8])
def test_a_mode_of_a_racetrack_is_unstable_where_z_is_between_zero_and_z_star(n):
    z_star = 0.4 * 1.8 / (0.16 + 0.8)
    for step in (0.05, 0.3, 0.6, 0.9):
        cost = step ** (1 / (1 - 5))
        economy = KIND(nege.geography.racetrack(n), sigma=5, mu=0.3, inputs=0.4, trade_cost=cost)
        kernel = step ** economy.geography.distance.values[0]
        z = np.fft.fft(kernel).real[1 : n // 2 + 1] / kernel.sum()
        assert (growth(economy) > 0) == ((z > 0) & (z < z_star)).any()


def test_between_sustain_and_break_both_dispersion_and_cores_are_stable():
    economy = fkv(1.7)
    for start, end in (([0.51, 0.49], [0.5, 0.5]), ([0.99, 0.01], [1, 0]), ([0, 1], [0, 1])):
        found = nege.solve(economy, start)
        nege.testing.assert_equilibrium(found)
        assert found.leading_eigenvalue < 0
        np.testing.assert_allclose(found.data["share"], end, atol=1e-9)


def test_where_industry_outgrows_the_core_wages_diverge_and_then_converge():
    """mu > 1/2: the core specialises, and its wage exceeds 1 as long as trade costs matter."""
    path = [1.8, 1.64, 1.5, 1.3, 1.2, 1.1, 1.02, 1.0001]
    ends = [nege.solve(fkv(cost, 0.7), [0.8, 0.2]) for cost in path]
    wages = [float(end.data["wage"][0]) for end in ends]
    gaps = [float(end.data["real_wage"][0] / end.data["real_wage"][1]) for end in ends]
    assert wages[0] == pytest.approx(1.0, abs=1e-14)
    assert gaps[0] == pytest.approx(1.0, abs=1e-9)
    for end in ends[1:]:
        nege.testing.assert_equilibrium(end)
        assert end.leading_eigenvalue < 0
        assert end.data["employment"].values[0] == pytest.approx(0.5, abs=1e-14)
        assert 0 < end.data["employment"].values[1] < 0.5
        assert end.data["wage"].values[1] == 1.0
    top = int(np.argmax(wages))
    assert 1 < top < len(path) - 1
    assert np.all(np.diff(wages[: top + 1]) > 0)
    assert np.all(np.diff(wages[top:]) < 0)
    assert wages[-1] == pytest.approx(1.0, abs=1e-3)
    assert np.all(np.diff(gaps[2:]) < 0)
    assert gaps[-1] == pytest.approx(1.0, abs=1e-3)


def test_the_specialised_core_begins_where_it_pays_to_employ_the_last_worker():
    """There the branch has a corner: it ends, and says so, at the place that bisection finds."""
    share = np.array([5, 2]) / 7  # all of the core's workers, a half, at wage 1 in both

    def gap(cost):
        profits = reference.short_run(share, reference.of_model(fkv(cost, 0.7)))[-1]
        return profits[0] - profits[1]

    corner = brentq(gap, 1.6, 1.75, xtol=1e-13)
    diagram = nege.bifurcation(fkv(mu=0.7), "trade_cost", (1.2, 2.2))
    ends = [b.values[[0, -1]] for b in diagram.branches if "stalled" in str(b.ended)]
    assert ends
    assert all(np.min(np.abs(end - corner)) < 1e-6 for end in ends)


# --- Puga ---------------------------------------------------------------------------


def published_range(sigma, m, gamma, eta):
    """Trade costs between which an even spread is unstable, from the published quadratic."""
    a = (sigma * (1 + m) - 1) * ((1 + m) * (1 + eta) + (1 - m) * gamma)
    b = (sigma * (1 + m**2) - 1) * (1 + eta) - sigma * (1 - m) * (2 * (sigma - 1) - gamma * m)
    c = (1 - m) * (sigma * (1 - m) - 1) * (eta + 1 - gamma)
    return np.sort(np.roots([a, -2 * b, c])[::-1].real ** (1 / (1 - sigma)))


@pytest.mark.parametrize(
    ("sigma", "m", "gamma", "theta"), [(5, 0.5, 0.2, 0.9), (4, 0.6, 0.1, 0.95), (6, 0.5, 0.4, 0.97)]
)
def test_immobile_labour_agglomerates_and_disperses_again_where_published(sigma, m, gamma, theta):
    eta = theta * (1 - gamma) / (gamma * (1 - theta))
    exact = published_range(sigma, m, gamma, eta)
    economy = puga(sigma=sigma, mu=gamma, inputs=m, agriculture=theta)
    found = nege.break_points(economy, "trade_cost", (1.0001, 30))
    np.testing.assert_allclose(found.values, exact, atol=1e-9)
    for point, sign in zip(exact, (1, -1), strict=True):
        for shift in (-1e-6, 1e-6):
            rate = growth(economy.replace(trade_cost=float(point + shift)))
            assert np.sign(rate) == np.sign(shift) * sign


def test_the_published_example_with_immobile_labour():
    found = nege.break_points(puga(), "trade_cost", (1.001, 20))
    np.testing.assert_allclose(found.values, [1.0328310904, 1.8417914982], atol=5e-11)


@pytest.mark.structure
def test_a_diagram_shows_agglomeration_and_then_dispersion_again():
    diagram = nege.bifurcation(puga(), "trade_cost", (1.01, 2.4))
    breaks = diagram.points("break")
    np.testing.assert_allclose(breaks, [1.0328310904, 1.8417914982], atol=1e-9)
    low, high = diagram.points("sustain")
    exact = nege.sustain_points(puga(), "trade_cost", (1.01, 2.4)).values
    np.testing.assert_allclose([low, high], exact, atol=1e-9)
    assert low < breaks[0] < breaks[1] < high  # both ends are jumps, with hysteresis
    even = next(b for b in diagram.branches if b.share.values[0, 0] == 0.5)
    stable = even.unstable == 0
    outside = (even.values < breaks[0] - 1e-6) | (even.values > breaks[1] + 1e-6)
    inside = (even.values > breaks[0] + 1e-6) & (even.values < breaks[1] - 1e-6)
    assert stable[outside].all()
    assert not stable[inside].any()


@pytest.mark.structure
@pytest.mark.parametrize(("cost", "spread"), [(1.02, 0.5), (1.4, 1.0), (2.6, 0.5)])
def test_industry_ends_where_the_diagram_says(cost, spread):
    found = nege.solve(puga(cost), [0.7, 0.3])
    nege.testing.assert_equilibrium(found)
    assert float(found.data["share"].max()) == pytest.approx(spread, abs=1e-9)
    if spread == 1.0:  # wages are higher where industry is, and so are land rents elsewhere
        assert float(found.data["wage"][0]) > float(found.data["wage"][1])


def published_mobile(sigma, m, gamma, eta):
    net = (1 - gamma) * (sigma * (1 - gamma) * (1 - m) - 1) - gamma**2 * eta
    ratio = 1 + 2 * (2 * sigma - 1) * (gamma + m * (1 - gamma)) / ((1 - m) * net)
    return ratio ** (1 / (sigma - 1))


@pytest.mark.parametrize(
    ("sigma", "m", "gamma", "theta"), [(5, 0.2, 0.3, 0.6), (6, 0.3, 0.2, 0.8), (8, 0.4, 0.3, 0.4)]
)
def test_mobile_labour_agglomerates_where_published(sigma, m, gamma, theta):
    eta = theta * (1 - gamma) / (gamma * (1 - theta))
    exact = published_mobile(sigma, m, gamma, eta)
    economy = puga_mobile(sigma=sigma, mu=gamma, inputs=m, agriculture=theta)
    (found,) = nege.break_points(economy, "trade_cost", (1.001, 30))
    assert found == pytest.approx(exact, abs=1e-9)
    if theta == 0.6:
        assert found == pytest.approx(1.8405577008, abs=5e-11)
    for shift in (-1e-6, 1e-6):
        assert np.sign(growth(economy.replace(trade_cost=exact + shift))) == -np.sign(shift)


def test_workers_follow_industry_where_they_can():
    found = nege.solve(puga_mobile(1.5), [0.6, 0.4])
    nege.testing.assert_equilibrium(found)
    people = found.data["population"].values
    assert found.data["share"].values.tolist() == CORE
    assert people[0] > people[1] > 0  # the land is worked everywhere
    assert np.ptp(found.data["real_wage"].values) < 1e-13


# --- the online region ---------------------------------------------------------------

online_economies = {
    "n": st.integers(2, 5),
    "trade_cost": st.floats(1.2, 3.0),
    "sigma": st.floats(3.0, 9.0),
    "inputs": st.floats(0.05, 0.4),
    "mu": st.floats(0.05, 0.4),
    "theta": st.floats(0.2, 0.95),
    "commission": st.one_of(st.just(0.0), st.floats(0.001, 0.1)),
}


def with_online(n, trade_cost, sigma, inputs, mu, theta, commission, digital):
    return puga_mobile(
        trade_cost,
        nege.geography.equidistant(n),
        sigma=sigma,
        inputs=inputs,
        mu=mu,
        agriculture=theta,
        online=nege.OnlineRegion(trade_cost=digital, commission=commission),
    )


@given(**online_economies)
def test_take_off_and_collapse_are_core_peripherys_with_all_that_follows_industry(
    n, trade_cost, sigma, inputs, mu, theta, commission
):
    """What firms spend on firms and on mobile workers, who spend mu: inputs + mu (1 - inputs)."""
    follows = inputs + mu * (1 - inputs)
    if sigma * (1 - follows) <= 1.05:
        return
    form = {"sigma": sigma, "mu": follows, "trade_cost": trade_cost, "places": n}
    rest = (n, trade_cost, sigma, inputs, mu, theta, commission)
    take_off = closed_forms.online_take_off(**form, commission=commission)
    collapse = closed_forms.online_collapse(**form, commission=commission)
    dispersed, gone = np.append(np.full(n, 1 / n), 0.0), np.append(np.zeros(n), 1.0)
    for threshold, share, sign in ((take_off, dispersed, -1), (collapse, gone, -1)):
        if 1.0 < threshold < 20.0:
            gaps = [
                np.diff(log_profits(with_online(*rest, threshold * factor), share)[[0, -1]])[0]
                for factor in (1.0, 1.001)
            ]
            assert gaps[0] == pytest.approx(0.0, abs=1e-9)
            assert np.sign(gaps[1]) == sign


def test_take_off_and_collapse_are_where_brute_force_finds_them():
    economy = puga_mobile(2.0, online=nege.OnlineRegion(trade_cost=1.3, commission=0.02))

    def gap(digital, share):
        plain = reference.of_model(economy.replace(online_trade_cost=digital))
        return np.diff(np.log(reference.short_run(np.array(share), plain)[-1])[[0, -1]])[0]

    down = brentq(gap, 1.05, 1.5, args=([0.5, 0.5, 0.0],), xtol=1e-12)
    up = brentq(gap, 1.05, 2.5, args=([0.0, 0.0, 1.0],), xtol=1e-12)
    for core, exact in ((["0", "1"], down), ("online", up)):
        (found,) = nege.sustain_points(economy, "online_trade_cost", (1.02, 3.0), core=core)
        assert found == pytest.approx(exact, abs=1e-9)
    assert down < up


@pytest.mark.structure
def test_the_online_share_jumps_at_the_thresholds_the_model_names():
    economy = puga_mobile(2.0, online=nege.OnlineRegion(trade_cost=1.3))
    down, up = economy.online_thresholds(2.0)
    assert down == pytest.approx(((1 + 2.0**-4) / 2) ** -0.25, rel=1e-14)
    path = [1.3, down + 1e-4, down - 1e-4, 1.0, up - 1e-4, up + 1e-4]
    share = nege.follow(economy, {"online_trade_cost": path})["share"].sel(region="online")
    np.testing.assert_allclose(share, [0, 0, 1, 1, 1, 0], atol=1e-9)
    assert fkv().online_thresholds(2.0) is None


@pytest.mark.faults
def test_with_immobile_labour_the_online_region_is_refused_with_the_reason():
    with pytest.raises(nege.InputError, match="without residents or land cannot host") as caught:
        KIND(
            TWO,
            sigma=5,
            mu=0.4,
            inputs=0.4,
            trade_cost=1.5,
            online=nege.OnlineRegion(trade_cost=1.1),
        )
    assert "OnlineAgglomeration" in str(caught.value)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"labour": "free"}, "labour"),
        ({"labour": "mobile"}, "agriculture"),
        ({"labour": "mobile", "agriculture": 0.8, "workers": [0.5, 0.5]}, "workers"),
        ({"labour": "mobile", "agriculture": 0.8, "mu": 0.7, "inputs": 0.4}, "inputs"),
        ({"inputs": 0.8}, "inputs"),
        ({"inputs": math.nan}, "inputs"),
        ({"agriculture": 0.0}, "agriculture"),
        ({"agriculture": 1.1}, "agriculture"),
        ({"workers": [1.0, 0.0]}, "workers"),
        ({"agriculture": 0.8, "land": [1.0, 0.0]}, "land"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, word):
    given = {"sigma": 5, "mu": 0.4, "inputs": 0.4, "trade_cost": 1.5, **changes}
    with pytest.raises(nege.InputError, match=word) as caught:
        KIND(TWO, **given)
    assert caught.value.argument == word


# --- invariants, and the slow references ----------------------------------------------

shapes = {"seed": st.integers(0, 10_000), "n": st.integers(2, 6)}


def draw(seed, n, online=True):
    """Draw an economy, mobile every second time, and shares, some of them zero."""
    rng = np.random.default_rng([5, seed])
    distance = rng.uniform(0.8, 1.6, (n, n)) * (1 - np.eye(n))  # no detour is shorter
    sigma, theta = rng.uniform(2, 8), rng.uniform(0.3, 0.97)
    inputs = rng.uniform(0.05, 0.9) * (1 - 1 / sigma)
    given = {"workers": rng.dirichlet(np.full(n, 3.0)), "mu": rng.uniform(0.1, 0.9)}
    if seed % 4 == 0:
        theta = 1.0
    if seed % 2:
        online_region = nege.OnlineRegion(
            trade_cost=rng.uniform(1.05, 2),
            commission=rng.uniform(0, 0.3),
            amenity=rng.uniform(0.8, 1.2),
        )
        given = {"labour": "mobile", "online": online_region if online else None}
        given["mu"] = rng.uniform(0.05, 0.9) * (1 - 1 / (sigma * (1 - inputs)))
    economy = KIND(
        nege.geography.from_distance(distance),
        sigma=sigma,
        inputs=inputs,
        trade_cost=rng.uniform(1.1, 3),
        agriculture=theta,
        land=rng.dirichlet(np.full(n, 3.0)),
        **given,
    )
    share = rng.dirichlet(np.ones(len(economy.regions)))
    if seed % 3 == 0:
        share[seed % n] = 0.0
    return economy, share / share.sum()


@pytest.mark.family
@settings(max_examples=8)
@given(**shapes)
def test_short_runs_are_those_of_the_reference(seed, n):
    economy, share = draw(seed, n)
    found = nege.short_run(economy, share)
    nege.testing.assert_equilibrium(found)
    prices, wage, farms, payroll, profits = reference.short_run(share, reference.of_model(economy))
    data = found.data
    assert np.max(np.abs(np.log(data["price_index"] / prices))) <= found.error + 1e-12
    np.testing.assert_allclose(data["wage"], wage, rtol=1e-10)
    np.testing.assert_allclose(data["profitability"], profits, rtol=1e-10)
    np.testing.assert_allclose(data["employment"], share * payroll / wage, rtol=1e-10)
    np.testing.assert_allclose(data["population"], farms + share * payroll / wage, rtol=1e-10)


@pytest.mark.family
@settings(max_examples=8)
@given(
    method=st.sampled_from([codes.PLAIN, codes.ANDERSON, codes.NEWTON]),
    tolerance=st.sampled_from([1e-1, 1e-2, 1e-5]),
    **shapes,
)
def test_the_reported_error_bounds_the_true_one(method, tolerance, seed, n):
    """Also where a loose tolerance stops the iteration early, whatever the method."""
    economy, share = draw(seed, n)
    state = economy.start_state()
    solver = newton if method == codes.NEWTON else fixed_point
    report = solver(economy.arrays, share, state, Options(tolerance, 100.0, 10_000, method))
    assert report.status == nege.Status.CONVERGED
    prices = reference.short_run(share, reference.of_model(economy))[0]
    true = np.max(np.abs(state - (1 - economy.sigma) * np.log(prices)))
    assert true <= report.error * (1 + 1e-9) + 1e-11


@pytest.mark.family
@given(far=st.floats(0.0, 8.0), **shapes)
def test_plain_steps_contract_as_the_proof_says(far, seed, n):
    """Labour immobile: all of u. Mobile: its differences, then its level."""
    economy, share = draw(seed, n)
    p, rng = economy.arrays, np.random.default_rng(seed)
    states = rng.normal(0.0, far, (2, len(share)))
    work, change, after = np.empty((4, len(share))), np.empty(len(share)), np.empty_like(states)
    for row in range(2):
        equations.update(p, share, states[row].copy(), work, change)
        after[row] = states[row] + change
    own = economy.inputs * economy.sigma / (economy.sigma - 1)
    before, now = states[0] - states[1], after[0] - after[1]
    if economy.labour == "immobile":
        assert np.max(np.abs(now)) <= own * np.max(np.abs(before)) + 1e-12
        return
    apart = own + economy.sigma * (1 - economy.inputs) * economy.mu / (economy.sigma - 1)
    assert np.ptp(now) <= apart * np.ptp(before) + 1e-11
    equations.update(p, share, states[0] + 1.0, work, change)
    np.testing.assert_allclose(states[0] + 1.0 + change, after[0] + own, atol=1e-11)


@pytest.mark.family
@given(far=st.floats(0.0, 8.0), **shapes)
def test_newtons_method_agrees_with_acceleration_from_anywhere(far, seed, n):
    economy, share = draw(seed, n)
    state = np.random.default_rng(seed).normal(0.0, far, len(share))
    report = solve(economy.arrays, share, state, Options(1e-12, 1e-8, 10_000))
    assert report.status == codes.CONVERGED
    if economy.labour == "immobile":
        assert report.method == codes.NEWTON
    found = nege.short_run(economy, share, options=nege.SolverOptions(method="anderson"))
    prices = np.exp(state / (1 - economy.sigma))
    np.testing.assert_allclose(prices, found.data["price_index"], rtol=1e-9)


def close(found, exact):
    scale = max(1.0, float(np.max(np.abs(exact))))
    np.testing.assert_allclose(found, exact, rtol=0, atol=2e-12 * scale)


def cleared(economy, share):
    state = economy.start_state()
    options = nege.SolverOptions(tolerance_residual=1e-14).for_kernels()
    solve(economy.arrays, share, state, options)
    return state


@pytest.mark.family
@settings(max_examples=6)
@given(**shapes)
def test_shares_move_prices_and_profits_as_complex_steps_say(seed, n):
    economy, share = draw(seed, n)
    state, size = cleared(economy, share), len(share)
    prices, profits = np.empty((size, size)), np.empty((size, size))
    assert derivatives.state_share_jacobian(economy.arrays, share, state, prices)
    assert derivatives.payoff_jacobian(economy.arrays, share, state, profits)
    for j in range(size):
        change = np.eye(size)[j]
        by_price, gain = reference.by_complex_step(share, reference.of_model(economy), change)
        close(prices[:, j], (1 - economy.sigma) * by_price)
        close(profits[:, j], gain)


@pytest.mark.family
@settings(max_examples=6)
@given(**shapes)
def test_every_parameter_moves_prices_and_profits_as_complex_steps_say(seed, n):
    economy, share = draw(seed, n)
    state, plain = cleared(economy, share), reference.of_model(economy)
    prices, profits = np.empty(len(share)), np.empty(len(share))
    for name in economy.varied():
        if name == "agriculture" and economy.agriculture == 1.0:
            continue
        direction = economy.direction(name)
        assert derivatives.state_slope(economy.arrays, direction, share, state, prices)
        assert derivatives.payoff_slope(economy.arrays, direction, share, state, profits)
        moved = reference.steered(economy, name)
        by_price, gain = reference.by_complex_step(share, plain, moved=moved)
        by_power = state / (1 - economy.sigma) if name == "sigma" else 0.0
        close(prices, (1 - economy.sigma) * by_price - by_power)
        close(profits, gain)


@pytest.mark.parametrize("share", [[0.6, 0.4], [1.0, 0.0]])
def test_agriculture_on_land_approaches_the_linear_one(share):
    """Wages, profits, and their slopes along labour's share in agriculture, up to the end."""
    linear = fkv(1.4, mu=0.7)
    near = linear.replace(agriculture=1 - 1e-7)
    here, there = (nege.short_run(e, share).data for e in (linear, near))
    for name in ("wage", "profitability", "income", "employment"):
        np.testing.assert_allclose(here[name], there[name], rtol=1e-5)
    if share[1] > 0:
        state, slope = cleared(linear, np.array(share)), np.empty(2)
        direction = linear.direction("agriculture")
        assert derivatives.payoff_slope(linear.arrays, direction, np.array(share), state, slope)
        change = (log_profits(linear, share) - log_profits(near, share)) / 1e-7
        np.testing.assert_allclose(slope, change, rtol=1e-4, atol=1e-6)


@given(**shapes)
def test_what_the_first_firm_of_an_empty_region_earns_is_a_limit(seed, n):
    economy, share = draw(seed, n)
    share[0] = 0.0
    share /= share.sum()
    few = np.append(1e-15, share[1:])
    np.testing.assert_allclose(log_profits(economy, share), log_profits(economy, few), atol=1e-4)


@given(**shapes)
def test_walras_the_markets_for_varieties_and_for_food_clear(seed, n):
    economy, share = draw(seed, n)
    data = nege.short_run(economy, share).data
    net = 1 - reference.of_model(economy)["commission"]
    payroll = (data["wage"] * data["employment"]).values
    cost, income = payroll / (1 - economy.inputs), data["income"].values
    spent = economy.mu * income + economy.inputs * cost
    sales = data["profitability"].values * cost / net  # at buyers' prices
    assert sales.sum() == pytest.approx(spent.sum(), rel=1e-11)
    farms = (data["population"] - data["employment"]).values
    food = (data["wage"].values * farms / economy.agriculture).sum()
    assert food == pytest.approx((1 - economy.mu) * income.sum(), rel=1e-10)


@pytest.mark.family
@given(**shapes)
def test_regions_keep_their_economy_when_they_are_renamed(seed, n):
    economy, share = draw(seed, n, online=False)
    order = np.random.default_rng(seed).permutation(n)
    distance = economy.geography.distance.values[np.ix_(order, order)]
    changes = {"land": economy.land.values[order]}
    if economy.labour == "immobile":
        changes["workers"] = economy.workers.values[order]
    other = economy.replace(geography=nege.geography.from_distance(distance), **changes)
    here, there = (nege.short_run(e, s).data for e, s in ((economy, share), (other, share[order])))
    for name in ("wage", "price_index", "profitability", "population"):
        np.testing.assert_allclose(here[name].values[order], there[name].values, rtol=1e-9)


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 4))
def test_long_runs_are_stable_equilibria_with_sales_equal_to_cost(seed, n):
    economy, share = draw(seed, n)
    found = nege.solve(economy, share)
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 1e-9
    occupied = found.data["share"].values > 0
    np.testing.assert_allclose(found.data["profitability"].values[occupied], 1.0, atol=1e-9)
    # The published equation, with the commission of the online region.
    price = (found.data["wage"] ** (1 - economy.inputs)).values
    price = price * found.data["price_index"].values ** economy.inputs
    plain = reference.of_model(economy)
    payroll = (found.data["wage"] * found.data["employment"]).values
    spent = economy.mu * found.data["income"].values
    spent = spent + economy.inputs / (1 - economy.inputs) * payroll
    demand = found.data["price_index"].values ** (economy.sigma - 1) * spent
    free, net = plain["cost"] ** (1 - economy.sigma), 1 - plain["commission"]
    left = (price / net) ** economy.sigma / (1 - economy.inputs)
    np.testing.assert_allclose(left[occupied], (free @ demand)[occupied], rtol=1e-9)
    # Trade is balanced: varieties, food, and what the owners of land get from online firms.
    flows = (payroll * price**-economy.sigma * net ** (economy.sigma - 1))[:, None] * free * demand
    commission = plain["land"] * ((1 - net) * flows.sum(1)).sum()
    farms = (found.data["population"] - found.data["employment"]).values
    food = found.data["wage"].values * farms / economy.agriculture
    food = food - (1 - economy.mu) * found.data["income"].values
    balance = net * flows.sum(1) - flows.sum(0) + food + commission
    np.testing.assert_allclose(balance, 0.0, atol=1e-9 * flows.sum())


@pytest.mark.faults
@pytest.mark.parametrize("theta", [0.8, 1.0])
def test_nan_never_converges_where_labour_is_immobile(theta):
    economy, share = fkv(n=3).replace(agriculture=theta), np.array([0.5, 0.3, 0.2])
    dynamics = nege.Replicator().for_kernels(economy)
    p, state = economy.arrays, economy.start_state()
    spoilt = []
    for i in range(len(reference.NAMES)):
        numbers = np.where(np.arange(p.numbers.size) == i, np.nan, p.numbers)
        spoilt.append((p._replace(numbers=numbers), share, state))
    for r in range(3):
        bad = np.where(np.arange(3) == r, np.nan, 1.0)
        spoilt += [
            *(
                (
                    p._replace(places=np.where(np.arange(4)[:, None] == row, bad / 3, p.places)),
                    share,
                    state,
                )
                for row in (0, 1)  # workers and land
            ),
            (p._replace(operator=Operator(DENSE, p.operator.table * bad)), share, state),
            (p, share * bad, state),
            (p, share, state * bad),
        ]
    for parameters, shares, start in spoilt:
        out = np.empty(3), np.empty(3)
        options = nege.SolverOptions().for_kernels()
        report, residual = population_dynamics.evaluate(
            parameters, dynamics, shares.copy(), start.copy(), options, *out
        )
        assert not (report.status == codes.CONVERGED and residual < np.inf)


@pytest.mark.faults
@pytest.mark.parametrize("labour", ["immobile", "mobile"])
@pytest.mark.parametrize(("sigma", "cost"), [(1.5, 1.1), (1.5, 1e3), (20.0, 1.1), (20.0, 1e3)])
def test_extreme_economies_are_solved(labour, sigma, cost):
    places = nege.geography.line(3)
    share = np.arange(3.0, 0.0, -1.0) / 6
    for part, theta in itertools.product((0.1, 0.9), (0.02, 0.99, 1.0)):
        if labour == "mobile" and theta == 1.0:
            continue
        inputs = part * (1 - 1 / sigma) * (1.0 if labour == "immobile" else 0.5)
        for mu in (0.01, 0.99 if labour == "immobile" else 0.9 * (1 - 1 / sigma / (1 - inputs))):
            given = {"sigma": sigma, "mu": mu, "inputs": inputs, "agriculture": theta}
            economy = KIND(places, trade_cost=cost, labour=labour, **given)
            nege.testing.assert_equilibrium(nege.short_run(economy, share))
            nege.testing.assert_equilibrium(nege.solve(economy))


# --- as part of the whole --------------------------------------------------------------


@pytest.mark.family
def test_an_economy_is_kept_in_a_file_and_comes_back(tmp_path):
    online = nege.OnlineRegion(trade_cost=1.1, commission=0.05)
    for i, economy in enumerate((puga_mobile(online=online), puga(workers=[0.6, 0.4]))):
        found = nege.solve(economy)
        found.to_netcdf(tmp_path / f"{i}.nc")
        again = nege.load(tmp_path / f"{i}.nc")
        assert repr(again.model) == repr(economy)
        assert economy.labour in repr(economy)
        nege.testing.assert_equilibrium(again)


@pytest.mark.family
def test_a_specification_runs_this_model_too(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(figures, "write_figure", lambda figure, path: None)
    text = economy_file.toml_text("two_regions")
    kind = '"vertical-linkages"\ninputs = 0.2\nlabour = "mobile"\nagriculture = 0.6'
    text = text.replace('"core-periphery"', kind).replace("points = 101", "points = 31")
    (tmp_path / "my.toml").write_text(text)
    assert cli.main(["run", str(tmp_path / "my.toml"), "--output", str(tmp_path / "o")]) == 0
    printed = capsys.readouterr().out
    assert "VerticalLinkages(2 places" in printed
    assert "A jump on the way" in printed


def test_what_is_printed_speaks_of_firms():
    assert "whether firms would stay" in repr(nege.short_run(fkv(), [0.7, 0.3]))


@pytest.mark.family
def test_sweeps_and_long_ways_round_work_as_with_any_model():
    found = nege.sweep(puga(), {"trade_cost": [1.02, 1.5, 2.6], "mu": [0.15, 0.2]})
    assert (found["status"] == nege.Status.CONVERGED).all()
    top = found["share"].max("region").sel(mu=0.2).values
    np.testing.assert_allclose(top, [0.5, 1.0, 0.5], atol=1e-9)
    loop = nege.hysteresis(puga(), "trade_cost", (1.5, 2.5))
    assert loop is not None


@pytest.mark.family
def test_geographies_of_other_operators_give_the_same():
    """A line of many places, by its own operator and by the whole matrix."""
    places = nege.geography.line(30)
    share = np.linspace(1, 2, 30) / 45
    for economy in (
        KIND(places, sigma=5, mu=0.3, inputs=0.4, agriculture=0.9, trade_cost=1.05),
        puga_mobile(1.05, places),
    ):
        ways = [
            nege.short_run(economy, share, options=nege.SolverOptions(operator=operator)).data
            for operator in ("line", "dense", "symmetric")
        ]
        for other in ways[1:]:
            np.testing.assert_allclose(ways[0]["price_index"], other["price_index"], rtol=1e-10)
    with pytest.raises(nege.InputError, match="operator"):
        nege.short_run(
            puga_mobile(1.05, nege.geography.racetrack(20)),
            np.full(20, 0.05),
            options=nege.SolverOptions(operator="fourier"),
        )
