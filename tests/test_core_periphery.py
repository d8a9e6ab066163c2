"""Exact results for core and periphery with an online region.

Sources: Fujita, Krugman & Venables (1999), ch. 5 and appendix; closed forms with the
online region derived at dispersion, at a core, and with everybody online.
"""

import hypothesis.strategies as st
import numpy as np
import pytest
import reference
from hypothesis import given
from scipy.optimize import brentq

import nege
from nege.models import closed_forms

pytestmark = pytest.mark.closed_form

SIGMA, MU = 5.0, 0.4
RHO = (SIGMA - 1) / SIGMA
Z_STAR = MU * (1 + RHO) / (MU**2 + RHO)
PURE = nege.Replicator(allow_entry=False)


def real_wage(economy, share):
    return nege.short_run(economy, share).data["real_wage"].values


def growth(economy, share):
    """Leading eigenvalue of the dynamics at a rest point, empty regions included."""
    return nege.solve(economy, share, dynamics=PURE).leading_eigenvalue


def core(economy, place=0):
    return np.eye(len(economy.regions))[place]


def uniform(economy):
    places = len(economy.geography)
    return np.append(np.full(places, 1 / places), [0.0] * (len(economy.regions) - places))


# --- short run ---------------------------------------------------------------------


def test_wages_and_real_wages_of_two_regions(two):
    data = nege.short_run(two(1.7), [0.7, 0.3]).data
    np.testing.assert_allclose(data.wage, [0.9693690265, 1.0714722715], atol=5e-11)
    np.testing.assert_allclose(data.real_wage, [0.9503227969, 0.9568371580], atol=5e-11)


def test_with_everybody_in_one_region_its_wage_is_one(two):
    data = nege.short_run(two(1.7), [1.0, 0.0]).data
    assert data.wage.values[0] == pytest.approx(1.0, abs=1e-14)
    assert data.price_index.values == pytest.approx([1.0, 1.7], abs=1e-14)


# --- equilibria of two regions -----------------------------------------------------


def test_three_interior_equilibria_at_trade_cost_1_7(two):
    def gap(share):
        wages = real_wage(two(1.7), [share, 1 - share])
        return wages[0] - wages[1]

    low = brentq(gap, 0.1, 0.3, xtol=1e-14)
    assert low == pytest.approx(0.1651131645, abs=5e-11)
    assert gap(0.5) == pytest.approx(0.0, abs=1e-14)
    assert brentq(gap, 0.7, 0.9, xtol=1e-14) == pytest.approx(0.8348868355, abs=5e-11)
    assert growth(two(1.7), [low, 1 - low]) > 0 > growth(two(1.7), [0.5, 0.5])


@pytest.mark.parametrize("start", [0.01, 0.2, 0.45, 0.8, 0.999])
def test_only_dispersion_at_trade_cost_2_1(two, start):
    share = nege.solve(two(2.1), [start, 1 - start]).data.share.values
    np.testing.assert_allclose(share, 0.5, atol=1e-9)


def test_a_core_at_trade_cost_1_5_and_the_middle_is_unstable(two):
    assert growth(two(1.5), [0.5, 0.5]) > 0
    assert nege.solve(two(1.5), [0.51, 0.49]).data.share.values == pytest.approx([1, 0])
    assert nege.solve(two(1.5), [0.49, 0.51]).data.share.values == pytest.approx([0, 1])
    moved = nege.solve(two(1.5), [0.5, 0.5])
    assert moved.perturbed
    assert sorted(moved.data.share.values) == pytest.approx([0, 1])


def test_starts_either_side_of_the_unstable_equilibrium_part_ways(two):
    edge = 0.1651131645
    assert nege.solve(two(1.7), [edge - 1e-4, 1 - edge + 1e-4]).data.share.values[0] == 0.0
    inside = nege.solve(two(1.7), [edge + 1e-4, 1 - edge - 1e-4]).data.share.values
    assert inside == pytest.approx([0.5, 0.5])


# --- where dispersion breaks, where a core sustains --------------------------------


@pytest.mark.parametrize(("n", "digits"), [(2, 1.626577), (3, 1.778279), (4, 1.898829)])
def test_break_point_of_equidistant_places(n, digits):
    freeness = 1 / (3 * n + 1)
    broken = freeness ** (1 / (1 - SIGMA))
    assert broken == pytest.approx(digits, abs=5e-7)
    economy = nege.CorePeriphery(
        nege.geography.equidistant(n), sigma=SIGMA, mu=MU, trade_cost=broken
    )
    assert growth(economy, uniform(economy)) == pytest.approx(0.0, abs=1e-9)
    assert growth(economy.replace(trade_cost=broken * 1.001), uniform(economy)) < 0
    assert growth(economy.replace(trade_cost=broken / 1.001), uniform(economy)) > 0


@given(
    sigma=st.floats(2.0, 9.0),
    mu=st.floats(0.1, 0.6),
    n=st.integers(2, 6),
)
def test_dispersion_breaks_where_z_crosses_z_star(sigma, mu, n):
    rho = (sigma - 1) / sigma
    z_star = mu * (1 + rho) / (mu**2 + rho)
    if z_star >= 0.99:  # the black hole: dispersion is never stable
        return
    freeness = (1 - z_star) / (1 + (n - 1) * z_star)
    economy = nege.CorePeriphery(
        nege.geography.equidistant(n), sigma=sigma, mu=mu, trade_cost=freeness ** (1 / (1 - sigma))
    )
    assert growth(economy, uniform(economy)) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("n", [4, 8, 12])
def test_racetracks_break_by_period_doubling(n):
    step = 7 - 4 * np.sqrt(3)
    economy = nege.CorePeriphery(
        nege.geography.racetrack(n), sigma=SIGMA, mu=MU, trade_cost=step ** (1 / (1 - SIGMA))
    )
    kernel = step ** economy.geography.distance.values[0]
    modes = np.fft.fft(kernel).real / kernel.sum()
    assert modes[n // 2] == pytest.approx(Z_STAR, abs=1e-12)
    assert growth(economy, uniform(economy)) == pytest.approx(0.0, abs=1e-9)
    after = economy.replace(trade_cost=economy.trade_cost * 0.999)
    kernel = after.trade_cost ** ((1 - SIGMA) * economy.geography.distance.values[0])
    modes = np.fft.fft(kernel).real / kernel.sum()
    assert [k for k in range(n) if 0 < modes[k] < Z_STAR] == [n // 2]
    assert growth(after, uniform(after)) > 0


@pytest.mark.parametrize("n", [4, 6, 8, 16])
@pytest.mark.parametrize("step", [0.05, 0.3, 0.8])
def test_modes_of_a_racetrack(n, step):
    distance = nege.geography.racetrack(n).distance.values
    kernel = step ** distance[0]
    numeric = np.fft.fft(kernel).real / kernel.sum()
    for k in range(n):
        z = (1 - step) ** 2 / (1 - 2 * step * np.cos(2 * np.pi * k / n) + step**2)
        if k % 2:
            z *= (1 + step ** (n / 2)) / (1 - step ** (n / 2))
        assert numeric[k] == pytest.approx(z, rel=1e-12)


@pytest.mark.parametrize(("n", "digits"), [(2, 1.807313), (3, 2.182255), (4, 2.517266)])
def test_sustain_point_of_equidistant_places(n, digits):
    def left(cost):
        free = cost ** (1 - SIGMA)
        bracket = (MU + (1 - MU) / n) * free + (1 - MU) / n * (1 / free + n - 2)
        return free ** (MU * SIGMA / (SIGMA - 1)) * bracket - 1

    sustain = brentq(left, 1.5, 4.0, xtol=1e-14)
    assert sustain == pytest.approx(digits, abs=5e-7)
    economy = nege.CorePeriphery(
        nege.geography.equidistant(n), sigma=SIGMA, mu=MU, trade_cost=sustain
    )
    wages = real_wage(economy, core(economy))
    assert wages[1] / wages[0] == pytest.approx(1.0, abs=1e-9)
    above = nege.solve(economy.replace(trade_cost=sustain * 1.001), core(economy), dynamics=PURE)
    assert above.status is nege.Status.UNSTABLE
    assert growth(economy.replace(trade_cost=sustain / 1.001), core(economy)) < 0


# --- the online region -------------------------------------------------------------


def with_online(n, trade_cost, digital, commission=0.0, sigma=SIGMA, mu=MU):
    return nege.CorePeriphery(
        nege.geography.equidistant(n),
        sigma=sigma,
        mu=mu,
        trade_cost=trade_cost,
        online=nege.OnlineRegion(trade_cost=digital, commission=commission),
    )


online_economies = {
    "n": st.integers(2, 8),
    "trade_cost": st.floats(1.2, 4.0),
    "sigma": st.floats(2.0, 9.0),
    "mu": st.floats(0.1, 0.7),
    "commission": st.one_of(st.just(0.0), st.floats(0.001, 0.15)),
}


@given(**online_economies)
def test_dispersion_is_invaded_exactly_below_take_off(n, trade_cost, sigma, mu, commission):
    digital = closed_forms.online_take_off(
        sigma=sigma, mu=mu, trade_cost=trade_cost, places=n, commission=commission
    )
    if digital < 1.0:
        return
    economy = with_online(n, trade_cost, digital, commission, sigma, mu)
    wages = real_wage(economy, uniform(economy))
    assert wages[-1] / wages[0] == pytest.approx(1.0, abs=1e-9)
    cheaper = real_wage(
        economy.replace(online_trade_cost=max(1.0, digital * 0.999)), uniform(economy)
    )
    assert cheaper[-1] >= wages[-1]


def test_take_off_without_commission_does_not_depend_on_mu():
    cost = [
        closed_forms.online_take_off(sigma=5, mu=mu, trade_cost=2, places=2) for mu in (0.1, 0.6)
    ]
    assert cost == pytest.approx([1.171319] * 2, abs=5e-7)


def test_take_off_with_commission_in_digits():
    form = {"sigma": 5, "mu": 0.4, "trade_cost": 2, "places": 2}
    five = closed_forms.online_take_off(**form, commission=0.05)
    assert five == pytest.approx(1.122306819852, abs=5e-13)
    assert closed_forms.online_take_off(**form, commission=0.17283) > 1.0
    assert closed_forms.online_take_off(**form, commission=0.17285) < 1.0


@given(**online_economies)
def test_all_online_falls_apart_exactly_at_collapse(n, trade_cost, sigma, mu, commission):
    digital = closed_forms.online_collapse(
        sigma=sigma, mu=mu, trade_cost=trade_cost, places=n, commission=commission
    )
    if not 1.0 < digital < 20.0:
        return
    economy = with_online(n, trade_cost, digital, commission, sigma, mu)
    wages = real_wage(economy, core(economy, -1))
    assert wages[0] / wages[-1] == pytest.approx(1.0, abs=1e-9)


def test_collapse_in_digits():
    form = {"sigma": 5, "mu": 0.4, "trade_cost": 2, "places": 2}
    assert closed_forms.online_collapse(**form) == pytest.approx(1.759240, abs=5e-7)
    five = closed_forms.online_collapse(**form, commission=0.05)
    assert five == pytest.approx(1.499211426649, abs=5e-13)
    assert np.isnan(closed_forms.online_collapse(**form, commission=0.1))
    assert closed_forms.online_collapse(sigma=2, mu=0.6, trade_cost=2) == np.inf


@pytest.mark.parametrize("digital", [1.0, 1.05, 1.2, 1.6])
def test_all_online_is_never_sustained_at_a_commission_of_a_tenth(digital):
    economy = with_online(2, 2.0, digital, 0.1)
    assert growth(economy, core(economy, -1)) > 0


@pytest.mark.parametrize(("n", "commission"), [(2, 0.0), (3, 0.0), (5, 0.03)])
def test_a_physical_core_is_invaded_exactly_below_its_threshold(n, commission):
    trade_cost = 1.5
    right = MU + (1 - MU) / n + (n - 1) * (1 - MU) / n * trade_cost ** (SIGMA - 1)
    right *= (1 - commission) ** SIGMA
    digital = right ** (1 / (SIGMA - 1 + MU * SIGMA))
    if (n, commission) == (2, 0.0):
        assert digital == pytest.approx(1.142049, abs=5e-7)
    economy = with_online(n, trade_cost, digital, commission)
    wages = real_wage(economy, core(economy))
    assert wages[-1] / wages[0] == pytest.approx(1.0, abs=1e-9)


@pytest.mark.structure
def test_online_share_jumps_at_different_costs_down_and_up(two):
    economy = two(2.0, nege.OnlineRegion(trade_cost=1.3))
    path = [1.3, 1.18, 1.17, 1.0, 1.17, 1.18, 1.75, 1.77, 1.9]
    online = nege.follow(economy, {"online_trade_cost": path}).share.sel(region="online")
    np.testing.assert_allclose(online, [0, 0, 1, 1, 1, 1, 1, 0, 0], atol=1e-12)


def test_a_commission_makes_mixed_outcomes_stable():
    economy = with_online(2, 2.0, 1.05, 0.1)
    found = nege.solve(economy, [0.6, 0.1, 0.3])
    np.testing.assert_allclose(found.data.share, [0.4499, 0, 0.5501], atol=5e-5)
    assert found.leading_eigenvalue < 0


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 6),
    sigma=st.floats(1.5, 12.0),
    mu=st.floats(0.05, 0.9),
)
def test_at_no_digital_cost_online_is_at_least_as_good_as_any_place(seed, n, sigma, mu):
    rng = np.random.default_rng(seed)
    cost = 1 + rng.random((n, n)) * 2
    np.fill_diagonal(cost, 1.0)
    economy = nege.CorePeriphery(
        nege.geography.equidistant(n),
        sigma=sigma,
        mu=mu,
        trade_cost=cost,
        farmers=rng.dirichlet(np.ones(n)),
        online=nege.OnlineRegion(trade_cost=1.0),
    )
    data = nege.short_run(economy, rng.dirichlet(np.ones(n + 1))).data
    assert (data.price_index.values[-1] <= data.price_index.values * (1 + 1e-9)).all()
    assert (data.wage.values[-1] >= data.wage.values * (1 - 1e-9)).all()  # market access


def test_an_empty_region_that_pays_more_is_entered_and_recorded(two):
    economy = two(2.0, nege.OnlineRegion(trade_cost=1.1))
    found = nege.solve(economy, [0.5, 0.5, 0.0])
    assert found.perturbed == ("entry of online",)
    assert found.data.share.sel(region="online").item() == pytest.approx(1.0)
    pure = nege.solve(economy, [0.5, 0.5, 0.0], dynamics=PURE)
    assert pure.status is nege.Status.UNSTABLE
    assert not pure.converged
    assert pure.data.share.values[-1] == 0.0


def test_amenity_moves_take_off_by_its_own_factor(two):
    economy = two(2.0, nege.OnlineRegion(trade_cost=1.2, amenity=1.3))
    plain = two(2.0, nege.OnlineRegion(trade_cost=1.2))
    share = [0.4, 0.4, 0.2]
    ratio = real_wage(economy, share) / real_wage(plain, share)
    np.testing.assert_allclose(ratio, [1, 1, 1.3], rtol=1e-12)


# --- invariants --------------------------------------------------------------------

shapes = {"seed": st.integers(0, 10_000), "n": st.integers(2, 7)}


def random_economy(seed, n, commission=0.1):
    rng = np.random.default_rng(seed)
    points = rng.random((n, 2))
    distance = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    economy = nege.CorePeriphery(
        nege.geography.from_distance(distance),
        sigma=rng.uniform(2, 8),
        mu=rng.uniform(0.1, 0.7),
        trade_cost=rng.uniform(1.2, 5),
        farmers=rng.dirichlet(np.ones(n)),
        online=nege.OnlineRegion(trade_cost=rng.uniform(1, 2), commission=commission),
    )
    return economy, rng.dirichlet(np.ones(n + 1))


@given(**shapes)
def test_walras_the_value_of_sales_is_the_numeraire(seed, n):
    economy, share = random_economy(seed, n)
    data = nege.short_run(economy, share).data
    commission = np.append(np.zeros(n), economy.online.commission)
    assert np.sum(share * data.wage.values / (1 - commission)) == pytest.approx(1.0, abs=1e-11)
    # ... and so everybody's income is mu of sales net of commission, farmers' output and rebate.
    assert float(data.income.sum()) == pytest.approx(1.0, abs=1e-11)


@pytest.mark.family
@given(**shapes)
def test_relabelling_places_permutes_the_answer(seed, n):
    economy, share = random_economy(seed, n)
    order = np.random.default_rng(seed + 1).permutation(n)
    names = [economy.geography.names[i] for i in order]
    farmers = economy.farmers.sel(region=names)
    moved = nege.CorePeriphery(
        economy.geography.select(names),
        sigma=economy.sigma,
        mu=economy.mu,
        trade_cost=economy.trade_cost,
        farmers=farmers,
        online=economy.online,
    )
    here = nege.short_run(economy, share).data
    there = nege.short_run(moved, share[[*order, n]]).data
    for name in ("wage", "price_index", "income", "real_wage"):
        np.testing.assert_allclose(
            there[name].sel(region=here.region), here[name], rtol=1e-10, err_msg=name
        )


@pytest.mark.family
@given(scale=st.floats(0.01, 100), **shapes)
def test_the_unit_of_distance_does_not_matter(scale, seed, n):
    economy, share = random_economy(seed, n)
    stretched = nege.CorePeriphery(
        nege.geography.from_distance(economy.geography.distance.values * scale),
        sigma=economy.sigma,
        mu=economy.mu,
        trade_cost=economy.trade_cost ** (1 / scale),
        farmers=economy.farmers,
        online=economy.online,
    )
    a, b = nege.short_run(economy, share).data, nege.short_run(stretched, share).data
    np.testing.assert_allclose(a.real_wage, b.real_wage, rtol=1e-9)


@pytest.mark.family
@given(**shapes)
def test_real_wages_are_those_of_the_slow_reference(seed, n):
    economy, share = random_economy(seed, n)
    plain = reference.of_model(economy)
    data = nege.short_run(economy, share).data
    amenity = plain.pop("amenity")
    slow = reference.real_wages(share, amenity=amenity, **plain)
    np.testing.assert_allclose(data.real_wage, slow, rtol=1e-9)


@pytest.mark.family
@given(**shapes)
def test_jacobian_of_payoffs_is_the_slope_of_the_reference(seed, n):
    """d ln omega / d share, against central differences of the slow reference."""
    from nege.kernels import derivatives

    economy, share = random_economy(seed, n)
    plain = reference.of_model(economy)
    jacobian = np.empty((n + 1, n + 1))
    state = np.log(nege.short_run(economy, share).data.wage.values)
    assert derivatives.payoff_jacobian(economy.arrays, share, state, jacobian)
    j = seed % (n + 1)
    h = 1e-5 * share[j]
    up, down = share.copy(), share.copy()
    up[j] += h
    down[j] -= h
    slope = (
        np.log(reference.real_wages(up, **plain)) - np.log(reference.real_wages(down, **plain))
    ) / (2 * h)
    scale = np.max(np.abs(jacobian[:, j]))
    np.testing.assert_allclose(jacobian[:, j], slope, atol=2e-6 * scale)
