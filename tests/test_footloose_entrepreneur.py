"""Exact results for footloose entrepreneurs, with an online region.

Sources: Forslid & Ottaviano (2003), J. Economic Geography 3; Robert-Nicoud (2005), J.
Economic Geography 5, for the twin among core-periphery economies.
"""

import itertools

import draws
import hypothesis.strategies as st
import numpy as np
import pytest
import reference
from hypothesis import given
from scipy.optimize import brentq

import nege
from nege.command import cli, economy_file
from nege.kernels import codes, derivatives, equations, operators
from nege.kernels.fixed_point import Options, fixed_point
from nege.kernels.newton import newton
from nege.models import closed_forms

pytestmark = pytest.mark.closed_form

SIGMA, MU = 5.0, 0.4
Z_STAR = MU * (2 * SIGMA - 1) / (SIGMA * (SIGMA - 1) + MU**2)
KIND = nege.FootlooseEntrepreneur
PURE = nege.Replicator(allow_entry=False)


def make(geography, freeness, *, sigma=SIGMA, mu=MU, online=None):
    cost = freeness ** (1 / (1 - sigma))
    return KIND(geography, sigma=sigma, mu=mu, trade_cost=cost, online=online)


def cleared(economy, share):
    """Return log wages, solved directly."""
    plain = reference.of_model(economy)
    del plain["amenity"]
    return np.log(reference.skilled_wages(share, **plain)[1])


def slopes(economy, share):
    """Return d ln real wage_r / d share_j."""
    state = cleared(economy, share)
    jacobian = np.empty((len(share), len(share)))
    assert derivatives.payoff_jacobian(economy.arrays, np.asarray(share), state, jacobian)
    return jacobian


def real_wage(economy, share):
    return nege.short_run(economy, share).data["real_wage"].values


def in_mode(economy, k):
    """Return how ln real wages respond to a wave k of shares around the uniform ones."""
    n = len(economy.geography)
    wave = np.cos(2 * np.pi * k * np.arange(n) / n)
    response = slopes(economy, np.full(n, 1 / n)) @ wave
    return response @ wave / (wave @ wave)


def core(n):
    return np.eye(n)[0]


# --- where dispersion breaks, where a core sustains --------------------------------


@pytest.mark.parametrize("shift", [-1e-9, 1e-9])
def test_two_regions_break_at_twenty_three_thirty_thirds(shift):
    broken = (SIGMA - MU) * (SIGMA - 1 - MU) / ((SIGMA + MU) * (SIGMA - 1 + MU))
    assert broken == pytest.approx(23 / 33, abs=1e-15)
    economy = make(nege.geography.equidistant(2), broken + shift)
    assert np.sign(in_mode(economy, 1)) == np.sign(shift)
    found = nege.solve(economy, [0.5, 0.5], dynamics=PURE)
    assert np.sign(found.leading_eigenvalue) == np.sign(shift)


@given(sigma=st.floats(1.5, 12.0), mu=st.floats(0.05, 0.9), n=st.integers(2, 6))
def test_dispersion_breaks_where_z_crosses_z_star(sigma, mu, n):
    z_star = mu * (2 * sigma - 1) / (sigma * (sigma - 1) + mu**2)
    if z_star >= 0.99:  # the black hole: dispersion is never stable
        return
    freeness = (1 - z_star) / (1 + (n - 1) * z_star)
    places = nege.geography.equidistant(n)
    pull = [
        in_mode(make(places, freeness * f, sigma=sigma, mu=mu), 1) for f in (1 - 1e-6, 1, 1.0001)
    ]
    assert pull[1] == pytest.approx(0.0, abs=1e-9)
    assert pull[0] < 0 < pull[2]


@pytest.mark.parametrize("n", [3, 4, 8, 9])
@pytest.mark.parametrize("step", [0.05, 0.4, 0.55, 0.7, 0.9])
def test_a_mode_of_a_racetrack_is_unstable_where_z_is_between_zero_and_z_star(n, step):
    economy = make(nege.geography.racetrack(n), step)
    kernel = step ** economy.geography.distance.values[0]
    z = np.fft.fft(kernel).real / kernel.sum()
    for k in range(1, n // 2 + 1):
        assert (in_mode(economy, k) > 0) == (0 < z[k] < Z_STAR)


@pytest.mark.parametrize("n", [4, 8, 12])
def test_racetracks_break_by_period_doubling(n):
    def excess(step):
        kernel = step ** nege.geography.racetrack(n).distance.values[0]
        return np.fft.fft(kernel).real[n // 2] / kernel.sum() - Z_STAR

    step = brentq(excess, 0.01, 0.9, xtol=1e-15)
    economy = make(nege.geography.racetrack(n), step)
    assert in_mode(economy, n // 2) == pytest.approx(0.0, abs=1e-9)
    assert all(in_mode(economy, k) < -1e-3 for k in range(1, n // 2))
    found = nege.solve(
        economy, dynamics=nege.Replicator(allow_entry=False), start=np.full(n, 1 / n)
    )
    assert found.leading_eigenvalue == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("n", "digits"), [(2, 0.6954423676), (3, None), (5, None)])
def test_a_core_pays_as_much_as_an_empty_region_at_the_sustain_point(n, digits):
    part = MU / SIGMA

    def left(freeness):
        bracket = (part + (1 - part) / n) * freeness + (1 - part) / n * (1 / freeness + n - 2)
        return freeness ** (MU / (SIGMA - 1)) * bracket - 1

    sustain = brentq(left, 0.2, 0.9, xtol=1e-15)
    assert digits is None or sustain == pytest.approx(digits, abs=5e-11)
    places = nege.geography.equidistant(n)
    wages = real_wage(make(places, sustain), core(n))
    assert wages[1] / wages[0] == pytest.approx(1.0, abs=1e-9)
    below, above = (real_wage(make(places, sustain + shift), core(n)) for shift in (-1e-6, 1e-6))
    assert below[1] > below[0]
    assert above[1] < above[0]


def test_between_sustain_and_break_both_dispersion_and_cores_are_stable():
    economy = make(nege.geography.equidistant(2), 0.6962)
    for start, end in (([0.501, 0.499], [0.5, 0.5]), ([0.99, 0.01], [1, 0]), ([0, 1], [0, 1])):
        found = nege.solve(economy, start)
        nege.testing.assert_equilibrium(found)
        assert found.leading_eigenvalue < 0
        np.testing.assert_allclose(found.data["share"], end, atol=1e-9)


def test_with_everybody_in_one_region_wages_are_known():
    """The core sells to all: mu/sigma of all spending, L/(1 - mu/sigma), is its wage bill."""
    data = nege.short_run(make(nege.geography.equidistant(2), 0.3), core(2)).data
    assert data["wage"].values[0] == pytest.approx(MU / (SIGMA - MU), rel=1e-14)
    assert data["price_index"].values == pytest.approx([1.0, 0.3 ** (1 / (1 - SIGMA))], rel=1e-14)


# --- the online region -------------------------------------------------------------

online_economies = {
    "n": st.integers(2, 8),
    "trade_cost": st.floats(1.2, 4.0),
    "sigma": st.floats(2.0, 9.0),
    "mu": st.floats(0.1, 0.9),
    "commission": st.one_of(st.just(0.0), st.floats(0.001, 0.15)),
}


def gap_online(n, trade_cost, digital, commission, sigma, mu, share):
    """Return ln of the real wage of the online region over that of the first place."""
    online = nege.OnlineRegion(trade_cost=digital, commission=commission)
    places = nege.geography.equidistant(n)
    economy = KIND(places, sigma=sigma, mu=mu, trade_cost=trade_cost, online=online)
    wages = np.log(real_wage(economy, share))
    return wages[-1] - wages[0]


@given(**online_economies)
def test_take_off_and_collapse_are_core_peripherys_with_the_entrepreneurs_share_of_income(
    n, trade_cost, sigma, mu, commission
):
    form = {"sigma": sigma, "mu": mu / sigma, "trade_cost": trade_cost, "places": n}
    take_off = closed_forms.online_take_off(**form, commission=commission)
    rest = (commission, sigma, mu)
    if take_off >= 1.0:
        uniform = np.append(np.full(n, 1 / n), 0.0)
        gap = gap_online(n, trade_cost, take_off, *rest, uniform)
        assert gap == pytest.approx(0.0, abs=1e-9)
        assert gap_online(n, trade_cost, take_off * 1.001, *rest, uniform) < 0
    collapse = closed_forms.online_collapse(**form, commission=commission)
    if 1.0 < collapse < 20.0:
        everybody = np.append(np.zeros(n), 1.0)
        gap = gap_online(n, trade_cost, collapse, *rest, everybody)
        assert gap == pytest.approx(0.0, abs=1e-9)
        assert gap_online(n, trade_cost, collapse * 1.001, *rest, everybody) < 0


@pytest.mark.structure
def test_the_online_share_jumps_down_and_up_at_the_thresholds_the_model_names():
    online = nege.OnlineRegion(trade_cost=1.3)
    economy = KIND(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2, online=online)
    down, up = economy.online_thresholds(2.0)
    path = [1.3, down + 1e-4, down - 1e-4, 1.0, up - 1e-4, up + 1e-4]
    share = nege.follow(economy, {"online_trade_cost": path})["share"].sel(region="online")
    np.testing.assert_allclose(share, [0, 0, 1, 1, 1, 0], atol=1e-9)


@pytest.mark.family
def test_a_specification_runs_this_model_too(tmp_path, capsys):
    text = economy_file.toml_text("two_regions")
    text = text.replace('"core-periphery"', '"footloose-entrepreneur"')
    (tmp_path / "my.toml").write_text(text.replace("points = 101", "points = 41"))
    assert cli.main(["run", str(tmp_path / "my.toml"), "--output", str(tmp_path / "o")]) == 0
    printed = capsys.readouterr().out
    assert "FootlooseEntrepreneur(2 places" in printed
    assert "A jump on the way: between 1.171" in printed
    assert "A jump on the way back: between 1.20" in printed
    assert sorted(p.name for p in (tmp_path / "o").iterdir()) == [
        *("cities.png", "economy.nc", "online_share.png")
    ]


# --- invariants, and the slow references -------------------------------------------

shapes = {"seed": st.integers(0, 10_000), "n": st.integers(2, 7)}


def random_economy(seed, n, kind=KIND, mu=None):
    rng = np.random.default_rng(seed)
    distance = 0.5 + 0.5 * rng.random((n, n))  # another one back, and no detour is shorter
    np.fill_diagonal(distance, 0.0)
    economy = kind(
        nege.geography.from_distance(distance),
        sigma=rng.uniform(1.5, 8),
        mu=rng.uniform(0.1, 0.9),
        trade_cost=rng.uniform(1.2, 5),
        online=nege.OnlineRegion(
            trade_cost=rng.uniform(1, 2), commission=rng.uniform(0.05, 0.5), amenity=1.1
        ),
        **{kind.immobile: rng.dirichlet(np.ones(n))},
    )
    return economy, rng.dirichlet(np.ones(n + 1))


@pytest.mark.parametrize("block", range(4))
def test_short_runs_are_the_direct_solution_of_the_linear_system(block):
    for seed in range(20 * block, 20 * block + 20):
        economy, share = draws.economy(seed, KIND)
        found = nege.short_run(economy, share)
        assert found.converged
        plain = reference.of_model(economy)
        exact = reference.skilled_payoffs(share, **plain)
        del plain["amenity"]
        delta, wage = reference.skilled_wages(share, **plain)
        error = np.max(np.abs(np.log(found.data["wage"].values / wage)))
        assert error <= found.error + 1e-12, seed
        np.testing.assert_allclose(np.log(found.data["real_wage"]), exact, atol=1e-8)
        np.testing.assert_allclose(
            found.data["price_index"] ** (1 - economy.sigma), delta, rtol=1e-9
        )
        nege.testing.assert_equilibrium(found)


@pytest.mark.family
@given(
    method=st.sampled_from([codes.PLAIN, codes.ANDERSON, codes.NEWTON]),
    tolerance=st.sampled_from([1e-2, 1e-4, 1e-8]),
    **shapes,
)
def test_the_reported_error_bounds_the_true_one(method, tolerance, seed, n):
    """Also where a loose tolerance stops the iteration early, whatever the method."""
    economy, share = random_economy(seed, n)
    plain = reference.of_model(economy)
    del plain["amenity"]
    state = economy.start_state()
    solver = newton if method == codes.NEWTON else fixed_point
    report = solver(economy.arrays, share, state, Options(tolerance, 0.1, 10_000, method))
    assert report.status == nege.Status.CONVERGED
    true = np.max(np.abs(state - np.log(reference.skilled_wages(share, **plain)[1])))
    assert true <= -np.log1p(-np.expm1(report.error)) + 1e-13


@pytest.mark.family
@given(far=st.floats(0.0, 8.0), **shapes)
def test_newtons_method_converges_from_anywhere(far, seed, n):
    economy, share = random_economy(seed, n)
    state = np.random.default_rng(seed).normal(0.0, far, n + 1)
    report = newton(economy.arrays, share, state, Options(1e-12, 1e-8, 10_000))
    assert report.status == codes.CONVERGED
    found = nege.short_run(economy, share, options=nege.SolverOptions(method="anderson"))
    np.testing.assert_allclose(np.exp(state), found.data["wage"], rtol=1e-9)


@pytest.mark.family
@given(**shapes)
def test_plain_steps_contract_as_the_proof_says(seed, n):
    """ln of the largest over the smallest ratio to the solution falls by the factor proven."""
    economy, share = random_economy(seed, n)
    p = economy.arrays
    plain = reference.of_model(economy)
    del plain["amenity"]
    delta, wage = reference.skilled_wages(share, **plain)
    floor = plain["mu"] / economy.sigma * (1 - plain["commission"]) ** economy.sigma
    floor *= plain["cost"] ** (1 - economy.sigma) @ (plain["unskilled"] / delta)
    gap = np.min(floor / wage)
    state = np.random.default_rng(seed).normal(0, 2, n + 1)
    work, change = np.empty((4, n + 1)), np.empty(n + 1)
    equations.normalise(p, share, state)
    for _ in range(5):
        before = np.exp(state) / wage
        assert before.min() <= 1 + 1e-12
        assert before.max() >= 1 - 1e-12
        equations.update(p, share, state, work, change)
        state += change
        equations.normalise(p, share, state)
        after = np.exp(state) / wage
        factor = (1 - gap) * before.max() / (gap + (1 - gap) * before.max())
        spread = np.log(before.max() / before.min())
        assert np.log(after.max() / after.min()) <= factor * spread + 1e-12


@pytest.mark.parametrize("digital", [None, 1.0])
@pytest.mark.parametrize(
    ("sigma", "mu", "cost"), list(itertools.product((1.01, 50.0), (0.01, 0.99), (1.0, 1e6)))
)
def test_extreme_economies_are_solved(sigma, mu, cost, digital):
    online = digital and nege.OnlineRegion(trade_cost=digital, commission=0.3)
    places = nege.geography.racetrack(9)
    economy = KIND(places, sigma=sigma, mu=mu, trade_cost=cost, online=online)
    share = np.arange(len(economy.regions), 0.0, -1.0)
    nege.testing.assert_equilibrium(nege.short_run(economy, share / share.sum()))
    nege.testing.assert_equilibrium(nege.solve(economy))


@given(**shapes)
def test_every_economy_has_a_twin_among_core_periphery_economies(seed, n):
    """Of mu/sigma for mu, with h ~ lambda w^(1-sigma): w^sigma and omega^sigma are its wages."""
    economy, _ = random_economy(seed, n)
    twin, share = random_economy(seed, n, nege.CorePeriphery)
    twin = twin.replace(mu=economy.mu / economy.sigma, online_amenity=1.0)
    here = nege.short_run(twin, share).data
    skilled = share * here["wage"].values ** (1 - twin.sigma)
    there = nege.short_run(economy.replace(online_amenity=1.0), skilled / skilled.sum()).data
    for name in ("wage", "real_wage"):
        mine, its = np.log(there[name].values), economy.sigma * np.log(here[name].values)
        np.testing.assert_allclose(mine - mine[0], its - its[0], atol=1e-9)


@given(**shapes)
def test_walras_what_is_sold_is_what_is_spent(seed, n):
    economy, share = random_economy(seed, n)
    data = nege.short_run(economy, share).data
    commission = np.append(np.zeros(n), economy.online.commission)
    sales = economy.sigma * share * data["wage"].values / (1 - commission)
    assert sales.sum() == pytest.approx(economy.mu * float(data["income"].sum()), rel=1e-11)
    income = np.sum(share * data["wage"].values) + 1 + np.sum(commission * sales)
    assert float(data["income"].sum()) == pytest.approx(income, rel=1e-11)


@pytest.mark.family
@given(**shapes)
def test_relabelling_places_permutes_the_answer(seed, n):
    economy, share = random_economy(seed, n)
    order = np.random.default_rng(seed + 1).permutation(n)
    names = [economy.geography.names[i] for i in order]
    moved = economy.replace(
        geography=economy.geography.select(names), unskilled=economy.unskilled.sel(region=names)
    )
    here = nege.short_run(economy, share).data
    there = nege.short_run(moved, share[[*order, n]]).data
    for name in ("wage", "price_index", "income", "real_wage"):
        np.testing.assert_allclose(there[name].sel(region=here.region), here[name], rtol=1e-10)
    assert float(there["welfare"]) == pytest.approx(float(here["welfare"]), rel=1e-10)


@pytest.mark.family
@pytest.mark.parametrize(
    "kind", [nege.geography.line, nege.geography.racetrack], ids=["line", "ring"]
)
def test_geographies_with_an_operator_of_their_own_give_what_a_matrix_gives(kind):
    economy = make(kind(30), 0.8, online=nege.OnlineRegion(trade_cost=1.3, commission=0.1))
    share = np.random.default_rng(0).dirichlet(np.ones(31))
    dense = nege.short_run(economy, share, options=nege.SolverOptions(operator="dense")).data
    for operator in nege.estimate_memory(economy):
        other = nege.short_run(economy, share, options=nege.SolverOptions(operator=operator))
        np.testing.assert_allclose(other.data["real_wage"], dense["real_wage"], rtol=1e-9)


# --- derivatives -------------------------------------------------------------------

STEP = 1e-30


@pytest.mark.family
@given(**shapes)
def test_jacobian_of_payoffs_to_twelve_digits(seed, n):
    """Against a complex step through the slow reference."""
    economy, share = random_economy(seed, n)
    plain = reference.of_model(economy)
    exact = np.empty((n + 1, n + 1))
    for j in range(n + 1):
        moved = share.astype(complex)
        moved[j] += 1j * STEP
        exact[:, j] = reference.skilled_payoffs(moved, **plain).imag / STEP
    np.testing.assert_allclose(slopes(economy, share), exact, atol=1e-12 * np.max(np.abs(exact)))


def complex_parameters(model, name, step):
    """The plain arrays of a model with one parameter moved by an imaginary step."""
    plain = reference.steered(reference.of_model(model), name, step)
    n, cost = len(model.geography), plain["cost"].astype(complex)
    if name == "trade_cost":
        cost[:n, :n] = (model.trade_cost + step) ** model.geography.distance.values
    if name == "online_trade_cost":
        cost[:n, n] += step
        cost[n, :n] += step
    return {**plain, "cost": cost}


@pytest.mark.family
@given(name=st.integers(0, 5), **shapes)
def test_payoffs_along_a_parameter_to_twelve_digits(name, seed, n):
    economy, share = random_economy(seed, n)
    name = economy.varied()[name]
    plain = complex_parameters(economy, name, 1j * STEP)
    exact = reference.skilled_payoffs(share, **plain).imag / STEP
    slope = np.empty(n + 1)
    state = cleared(economy, share)
    direction = economy.direction(name)
    assert derivatives.payoff_slope(economy.arrays, direction, share, state, slope)
    np.testing.assert_allclose(slope, exact, atol=1e-12 * max(1.0, np.max(np.abs(exact))))


@pytest.mark.family
def test_payoffs_along_a_shift_of_the_unskilled_to_twelve_digits():
    economy, share = random_economy(3, 4)
    plain = reference.of_model(economy)
    shift = np.array([1.0, -1.0, 0.5, -0.5, 0.0])
    moved = {**plain, "unskilled": plain["unskilled"] + 1j * STEP * shift}
    exact = reference.skilled_payoffs(share.astype(complex), **moved).imag / STEP
    zero = np.zeros(5)
    rows = {"unskilled": shift, "log_net": zero, "log_amenity": zero}
    still = operators.dense(np.zeros((5, 5)))
    direction = economy.compiled().economy({"sigma": 0.0, "mu": 0.0}, rows, still)
    slope = np.empty(5)
    state = cleared(economy, share)
    assert derivatives.payoff_slope(economy.arrays, direction, share, state, slope)
    np.testing.assert_allclose(slope, exact, atol=1e-12)


# --- the frame serves this model as it serves the other ----------------------------


@pytest.mark.family
def test_a_file_gives_back_everything(tmp_path):
    economy, share = random_economy(5, 3)
    found = nege.solve(economy, share, dynamics=nege.Logit(scale=0.1))
    nege.testing.assert_equilibrium(found)
    found.to_netcdf(tmp_path / "economy.nc")
    again = nege.load(tmp_path / "economy.nc")
    assert again.data.identical(found.data)
    assert repr(again) == repr(found)
    assert repr(again).startswith("Long run of a footloose-entrepreneur economy: 3 places")
    assert again.model.unskilled.identical(economy.unskilled)
    nege.testing.assert_equilibrium(again)


@pytest.mark.family
def test_an_audit_finds_every_tampered_variable():
    found = nege.short_run(*random_economy(5, 3))
    audit = found.model.audit
    assert max(audit(found.data).values()) <= 1e-11
    for name in ("share", "wage", "price_index", "income", "real_wage"):
        data = found.data.assign({name: found.data[name] * 1.01})
        assert max(audit(data).values()) > 1e-4, name


@pytest.mark.family
def test_sweeps_have_its_variables_and_its_parameters():
    economy = make(nege.geography.equidistant(2), 0.3)
    ds = nege.sweep(economy, {"mu": [0.3, 0.4], "trade_cost": [1.5, 1.02]})
    assert (ds["status"] == nege.Status.CONVERGED).all()
    assert set(economy.variables) <= set(ds)
    np.testing.assert_allclose(ds["share"].max("region"), [[0.5, 1.0], [0.5, 1.0]], atol=1e-9)
    assert repr(economy.replace(mu=0.3)).startswith(
        "FootlooseEntrepreneur(2 places, sigma=5, mu=0.3"
    )


def test_welfare_is_the_real_income_of_everybody():
    economy, share = random_economy(11, 4)
    data = nege.short_run(economy, share).data
    price = data["price_index"].values ** -economy.mu
    earned = share * data["wage"].values
    amenity = np.append(np.ones(4), economy.online.amenity)
    unskilled = data["income"].values - earned
    assert unskilled[-1] == pytest.approx(0.0, abs=1e-15)
    total = np.sum((amenity * earned + unskilled) * price)
    assert float(data["welfare"]) == pytest.approx(total, rel=1e-12)
