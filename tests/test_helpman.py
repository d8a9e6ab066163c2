"""Workers who move and compete for housing: Helpman (1998), Redding & Sturm (2008).

Sources of what is exact: the equations themselves, for how an even spread of people responds to
waves; Allen & Arkolakis (2014) for uniqueness.
"""

import hypothesis.strategies as st
import numpy as np
import pytest
import reference_quantitative as reference
from hypothesis import given

import nege
from nege.command import cli
from nege.kernels import codes, derivatives
from nege.kernels.fixed_point import Options, fixed_point
from nege.kernels.newton import newton
from nege.solvers.follow_dynamics import _DynamicsSearch

pytestmark = pytest.mark.closed_form

STEP = 1e-30
PARAMETERS = ("sigma", "mu", "trade_cost", "online_trade_cost", "online_amenity", "online_housing")
drawn = {"seed": st.integers(0, 10_000), "n": st.integers(2, 6)}
rents = st.sampled_from(["local", "pooled"])


def economy(seed, n, rents="local", *, online=True, value=None):
    """Places that differ in everything; `value` is sigma (1 - mu), which decides uniqueness."""
    rng = np.random.default_rng([7, seed])
    distance = rng.uniform(0.5, 1.0, (n, n))  # another one back, and no detour is shorter
    np.fill_diagonal(distance, 0.1)
    sigma, mu = rng.uniform(2, 8), rng.uniform(0.3, 0.9)
    if value is not None:
        mu = 1 - value / sigma
    more = {}
    if online:
        region = nege.OnlineRegion(trade_cost=rng.uniform(1.05, 1.5), amenity=rng.uniform(0.8, 1.2))
        more = {"online": region, "online_housing": rng.uniform(0.2, 2.0)}
    model = nege.Helpman(
        nege.geography.from_distance(distance),
        sigma=sigma,
        mu=mu,
        trade_cost=rng.uniform(1.2, 3),
        productivity=rng.uniform(0.7, 1.4, n),
        amenity=rng.uniform(0.7, 1.4, n),
        housing=rng.uniform(0.3, 3.0, n),
        rents=rents,
        **more,
    )
    share = rng.dirichlet(np.ones(len(model.regions))) + 0.01
    return model, share / share.sum()


def cleared(model, share):
    state = model.start_state()
    how = Options(1e-14, 1e-8, 10_000, codes.ANDERSON)
    fixed_point(model.arrays, share, state, how)
    return state


def close(found, exact, tolerance=1e-10):
    scale = max(1.0, float(np.max(np.abs(exact))))
    np.testing.assert_allclose(found, exact, rtol=0, atol=tolerance * scale)


# --- short runs, and their proof ---------------------------------------------------


@pytest.mark.family
@given(rents=rents, **drawn)
def test_short_runs_solve_the_published_equations(rents, seed, n):
    model, share = economy(seed, n, rents)
    found = nege.short_run(model, share)
    nege.testing.assert_equilibrium(found)
    wages, payoffs = reference.log_outcomes(share, reference.helpman(model))
    error = np.max(np.abs(np.log(found.data["wage"].values) - wages.real))
    assert error <= found.error + 1e-12
    np.testing.assert_allclose(np.log(found.data["real_income"]), payoffs.real, atol=1e-8)


@pytest.mark.family
@given(
    rents=rents,
    method=st.sampled_from([codes.PLAIN, codes.ANDERSON, codes.NEWTON]),
    tolerance=st.sampled_from([1e-3, 1e-5, 1e-8]),
    **drawn,
)
def test_the_reported_error_bounds_the_true_one(rents, method, tolerance, seed, n):
    """Also where a loose tolerance stops early; up to a factor that is near one near the end."""
    model, share = economy(seed, n, rents)
    state = model.start_state()
    solver = newton if method == codes.NEWTON else fixed_point
    report = solver(model.arrays, share, state, Options(tolerance, 0.05, 10_000, method))
    assert report.status == nege.Status.CONVERGED
    exact = reference.log_outcomes(share, reference.helpman(model))[0].real
    assert np.max(np.abs(state - exact)) <= report.error * (1 + 20 * report.error) + 1e-13


@pytest.mark.parametrize("rents", ["local", "pooled"])
def test_many_places_are_proven_by_how_trade_mixes_them(rents):
    """Above 64 regions the bound is another one: it holds too, and so does the reference."""
    rng = np.random.default_rng(3)
    places = nege.geography.line(np.sort(rng.uniform(0, 3, 80)))
    model = nege.Helpman(places, sigma=4, mu=0.6, trade_cost=1.3, rents=rents)
    share = rng.dirichlet(np.full(80, 2.0)) + 1e-4
    share /= share.sum()
    exact = reference.log_outcomes(share, reference.helpman(model))[0].real
    for operator in ("line", "dense", "symmetric"):
        state = model.start_state()
        kernel = model.arrays_for(operator, compiled=True)
        report = fixed_point(kernel, share, state, Options(1e-6, 1e-2, 1000, codes.ANDERSON))
        assert report.status == nege.Status.CONVERGED
        assert np.max(np.abs(state - exact)) <= report.error
        assert report.error < 1e-4


@pytest.mark.faults
def test_markets_far_apart_are_refused_rather_than_wrong():
    """Of two places that hardly trade nobody can tell the relative wage in double precision."""
    model = nege.Helpman(nege.geography.equidistant(2), sigma=9, mu=0.7, trade_cost=100.0)
    for call in (nege.short_run, nege.solve):
        with pytest.raises(nege.ConvergenceError):
            call(model, [0.7, 0.3])


@given(rents=rents, **drawn)
def test_walras_what_is_sold_is_earned_and_what_is_bought_is_spent(rents, seed, n):
    model, share = economy(seed, n, rents)
    data = nege.short_run(model, share).data
    flows = model.trade_flows(data)
    np.testing.assert_allclose(flows.sum("destination"), data.share * data.wage, rtol=1e-9)
    np.testing.assert_allclose(flows.sum("origin"), model.mu * data.income, rtol=1e-9)
    land = float((data.rent.values * reference.helpman(model)["housing"]).sum())
    assert float(data.income.sum()) == pytest.approx(1 + land, rel=1e-10)


# --- derivatives -------------------------------------------------------------------


@pytest.mark.family
@given(rents=rents, **drawn)
def test_people_move_wages_and_real_incomes_as_complex_steps_say(rents, seed, n):
    model, share = economy(seed, n, rents)
    state, size = cleared(model, share), len(share)
    wages, payoffs = np.empty((size, size)), np.empty((size, size))
    assert derivatives.state_share_jacobian(model.arrays, share, state, wages)
    assert derivatives.payoff_jacobian(model.arrays, share, state, payoffs)
    plain = reference.helpman(model)
    for j in range(size):
        moved = share.astype(complex)
        moved[j] += 1j * STEP
        if rents == "pooled":  # a share of all rents, of all people
            moved = moved / moved.sum()
            into, all_ = np.eye(size)[j], share
            u, payoff = reference.log_outcomes(moved, plain)
            close(wages @ (into - all_), u.imag / STEP)
            close(payoffs @ (into - all_), payoff.imag / STEP)
        else:
            u, payoff = reference.log_outcomes(moved, plain)
            close(wages[:, j], u.imag / STEP)
            close(payoffs[:, j], payoff.imag / STEP)


@pytest.mark.family
@given(rents=rents, parameter=st.sampled_from(PARAMETERS), **drawn)
def test_every_parameter_moves_wages_and_real_incomes_as_complex_steps_say(
    rents, parameter, seed, n
):
    model, share = economy(seed, n, rents)
    state, size = cleared(model, share), n + 1
    wages, payoffs = np.empty(size), np.empty(size)
    direction = model.direction(parameter)
    assert derivatives.state_slope(model.arrays, direction, share, state, wages)
    assert derivatives.payoff_slope(model.arrays, direction, share, state, payoffs)
    plain, last = reference.helpman(model), np.eye(size)[-1]
    step = 1j * STEP
    if parameter in ("sigma", "mu"):
        plain[parameter] += step
    elif parameter == "trade_cost":
        plain["cost"] = plain["cost"].astype(complex)
        plain["cost"][:n, :n] = (model.trade_cost + step) ** model.geography.distance.values
    elif parameter == "online_trade_cost":
        plain["cost"] = plain["cost"] + step * (np.add.outer(last, last) % 2)
    else:
        name = parameter.removeprefix("online_")
        plain[name] = plain[name] + step * last
    u, payoff = reference.log_outcomes(share, plain)
    close(wages, u.imag / STEP)
    close(payoffs, payoff.imag / STEP)


# --- where an even spread of people breaks -----------------------------------------


def z_star(sigma, mu):
    """Z = 1 is reached, as places hardly trade any more, only if sigma (1 - mu) < 1."""
    return (1 - mu) * sigma * (sigma - 1) / (mu * (2 * sigma - 1) - (1 - mu) * (sigma - 1) ** 2)


@pytest.mark.parametrize(("sigma", "mu", "n"), [(4, 0.8, 2), (3, 0.75, 3), (6, 0.9, 4)])
def test_an_even_spread_is_stable_where_trade_is_free_enough_and_breaks_above_z_star(sigma, mu, n):
    """With Z = (1 - phi)/(1 + (n-1) phi): the opposite of core and periphery."""
    z = z_star(sigma, mu)
    assert 0 < z < 1
    freeness = (1 - z) / (1 + (n - 1) * z)
    cost = freeness ** (1 / (1 - sigma))
    model = nege.Helpman(nege.geography.equidistant(n), sigma=sigma, mu=mu, trade_cost=cost)
    found = nege.break_points(model, "trade_cost", (1.01, 3 * cost))
    np.testing.assert_allclose([float(point) for point in found], [cost], rtol=1e-9)
    even, pure = np.full(n, 1 / n), nege.Replicator(allow_entry=False)
    below, above = (
        nege.solve(model.replace(trade_cost=cost * f), even, dynamics=pure).leading_eigenvalue
        for f in (0.99, 1.01)
    )
    assert below < 0 < above


@pytest.mark.structure
def test_several_equilibria_where_housing_counts_too_little():
    model = nege.Helpman(nege.geography.equidistant(2), sigma=3, mu=0.8, trade_cost=3.0)
    assert not model.uniqueness().unique
    found = nege.equilibria(model)
    shares = sorted(float(e.data.share[0]) for e in found)
    assert len(shares) == 3
    assert shares[1] == pytest.approx(0.5, abs=1e-9)
    assert shares[0] == pytest.approx(1 - shares[2], abs=1e-9)
    assert [e.stability.stable for e in sorted(found, key=lambda e: float(e.data.share[0]))] == [
        *(True, False, True)
    ]
    for equilibrium in found:
        nege.testing.assert_equilibrium(equilibrium)
    for start in ([0.9, 0.1], [0.1, 0.9]):
        end = nege.solve(model, start).data.share.values
        assert (end[0] - 0.5) * (start[0] - 0.5) > 0


# --- the long run ------------------------------------------------------------------


@given(value=st.floats(1.05, 3.0), **drawn)
def test_where_the_equilibrium_is_unique_markets_and_people_are_solved_at_once(value, seed, n):
    model, start = economy(seed, n, value=min(value, 1.9))
    assert model.uniqueness().unique
    assert model.uniqueness().value == pytest.approx(min(value, 1.9))
    found = nege.solve(model, start)
    nege.testing.assert_equilibrium(found)
    people, wages = reference.long_run(reference.helpman(model), found.data.share.values)
    np.testing.assert_allclose(found.data["share"], people, atol=1e-9)
    np.testing.assert_allclose(found.data["wage"], wages, rtol=1e-9)
    assert found.leading_eigenvalue == pytest.approx(
        float(nege.stability(found).eigenvalues[0].real), rel=1e-6
    )
    assert "no other equilibrium" in repr(found)


@pytest.mark.parametrize("seed", range(3))
def test_the_dynamics_reach_the_unique_equilibrium_from_everywhere(seed):
    model, _ = economy(seed, 4, value=1.3)
    only = nege.solve(model).data.share.values
    rng = np.random.default_rng(seed)
    for _ in range(6):
        start = model.random_start(rng)
        walk = _DynamicsSearch(model, nege.Replicator(), nege.SolverOptions())
        end = walk.run(start, model.start_state())
        assert end.status is nege.Status.CONVERGED
        np.testing.assert_allclose(end.share, only, atol=1e-8)


@pytest.mark.family
@given(**drawn)
def test_relabelling_places_permutes_the_answer(seed, n):
    model, _ = economy(seed, n, online=False, value=1.2)
    order = np.random.default_rng(seed).permutation(n)
    distance = model.geography.distance.values[np.ix_(order, order)]
    other = nege.Helpman(
        nege.geography.from_distance(distance),
        sigma=model.sigma,
        mu=model.mu,
        trade_cost=model.trade_cost,
        **{
            name: getattr(model, name).values[order]
            for name in ("productivity", "amenity", "housing")
        },
    )
    here, there = (nege.solve(e).data.share.values for e in (model, other))
    np.testing.assert_allclose(there, here[order], atol=1e-9)


@pytest.mark.family
@given(factor=st.floats(0.1, 10.0), **drawn)
def test_units_of_goods_housing_and_happiness_move_nobody(factor, seed, n):
    model, _ = economy(seed, n, online=False, value=1.2)
    before = nege.solve(model).data
    for name in ("productivity", "amenity", "housing"):
        after = nege.solve(model.replace({name: getattr(model, name) * factor})).data
        np.testing.assert_allclose(after.share, before.share, atol=1e-9)
    rescaled = model.replace(
        geography=nege.geography.from_distance(model.geography.distance.values * factor),
        trade_cost=model.trade_cost ** (1 / factor),
    )
    np.testing.assert_allclose(nege.solve(rescaled).data.share, before.share, atol=1e-9)


def test_pooled_rents_are_solved_by_the_dynamics_and_claim_nothing():
    model, start = economy(1, 4, "pooled", value=1.2)
    found = nege.solve(model, start)
    nege.testing.assert_equilibrium(found)
    people, _ = reference.long_run(reference.helpman(model), found.data.share.values)
    np.testing.assert_allclose(found.data["share"], people, atol=1e-8)
    assert not model.uniqueness().unique
    assert "another start may find one" in repr(found)


def test_logit_tastes_are_followed_too():
    model, start = economy(2, 3, value=1.2)
    nege.testing.assert_equilibrium(nege.solve(model, start, dynamics=nege.Logit(scale=0.1)))


# --- the online region, input, files -----------------------------------------------


@pytest.mark.faults
def test_an_online_region_needs_housing():
    places, online = nege.geography.equidistant(2), nege.OnlineRegion(trade_cost=1.1)
    plain = {"sigma": 5, "mu": 0.7, "trade_cost": 1.5}
    with pytest.raises(nege.InputError, match=r"without residents or land.*OnlineAgglomeration"):
        nege.Helpman(places, **plain, online=online)
    platform = nege.OnlineRegion(trade_cost=1.1, commission=0.1)
    with pytest.raises(nege.InputError, match="owns a platform"):
        nege.Helpman(places, **plain, online=platform, online_housing=1.0)
    with pytest.raises(nege.InputError, match="together with online"):
        nege.Helpman(places, **plain, online_housing=1.0)


def test_more_move_online_as_the_digital_trade_cost_falls():
    model = nege.Helpman(
        nege.geography.equidistant(3),
        sigma=5,
        mu=0.7,
        trade_cost=1.8,
        online=nege.OnlineRegion(trade_cost=1.8),
        online_housing=1.0,
    )
    even = nege.solve(model).data.share.values
    np.testing.assert_allclose(even, 0.25, atol=1e-9)
    costs = [1.8, 1.5, 1.2, 1.0]
    ds = nege.sweep(model, {"online_trade_cost": costs}, progress=False)
    online = ds.share.sel(region="online").values
    assert (np.diff(online) > 0).all()
    assert (ds.status == nege.Status.CONVERGED).all()


def test_nobody_is_the_first_in_an_empty_place():
    model = nege.Helpman(nege.geography.equidistant(2), sigma=5, mu=0.7, trade_cost=1.5)
    for call in (nege.short_run, nege.solve):
        with pytest.raises(nege.InputError, match="infinitely good"):
            call(model, [1.0, 0.0])


def test_no_core_is_ever_sustained():
    model = nege.Helpman(nege.geography.equidistant(2), sigma=3, mu=0.8, trade_cost=1.5)
    with pytest.raises(nege.InputError, match=r"can be empty.*infinitely good"):
        nege.sustain_points(model, "trade_cost", (1.1, 3.0), core="0")


@pytest.mark.faults
def test_bad_fundamentals_are_named():
    places, plain = nege.geography.equidistant(2), {"sigma": 5, "mu": 0.7, "trade_cost": 1.5}
    for name in ("productivity", "amenity", "housing"):
        with pytest.raises(nege.InputError, match=name):
            nege.Helpman(places, **plain, **{name: [1.0, 0.0]})
    with pytest.raises(nege.InputError, match="rents"):
        nege.Helpman(places, **plain, rents="absent")


@pytest.mark.family
def test_files_keep_rents_and_fundamentals(tmp_path):
    model, start = economy(5, 3, "pooled", value=1.2)
    found = nege.short_run(model, start)
    found.to_netcdf(tmp_path / "e.nc")
    again = nege.load(tmp_path / "e.nc")
    assert again.model.rents == "pooled"
    assert again.model.online_housing == model.online_housing
    nege.testing.assert_equilibrium(again)
    np.testing.assert_array_equal(again.model.housing, model.housing)


@pytest.mark.family
def test_audits_notice_what_is_wrong():
    model, start = economy(5, 3)
    found = nege.short_run(model, start)
    for name in ("wage", "price_index", "income", "rent", "real_income"):
        wrong = found.data.copy(deep=True)
        wrong[name][1] *= 1 + 1e-6
        assert max(model.audit(wrong).values()) > 1e-7, name


def test_small_places_spend_what_they_earn():
    """Reordered sums of spending would lose it where there are few people."""
    rng = np.random.default_rng(1)
    for _ in range(10):
        productivity = np.exp(rng.normal(0, 0.2, 100))
    model = nege.Helpman(
        nege.geography.line(100), sigma=4, mu=0.7499, trade_cost=2.0, productivity=productivity
    )
    found = nege.solve(model)
    assert found.data.share.min() < 1e-10
    nege.testing.assert_equilibrium(found)


@pytest.mark.faults
def test_trade_too_weak_for_double_precision_is_said_to_be_that():
    model = nege.Helpman(nege.geography.equidistant(2), sigma=50, mu=0.7, trade_cost=1.5)
    with pytest.raises(nege.ConvergenceError, match="rounding"):
        nege.solve(model)


HELPMAN = """
[geography]
kind = "equidistant"
n = 2
[model]
kind = "Helpman"
sigma = 4
mu = 0.7
trade_cost = 1.3
online_housing = 0.5
[online]
trade_cost = 1.2
[path]
parameter = "online_housing"
from = 0.2
to = 0.8
points = 3
"""


@pytest.mark.family
def test_the_command_line_varies_housing_online(tmp_path, capsys):
    (tmp_path / "my.toml").write_text(HELPMAN)
    assert cli.main(["run", str(tmp_path / "my.toml"), "--output", str(tmp_path / "o")]) == 0
    assert "All 3 steps converged" in " ".join(capsys.readouterr().out.split())


@pytest.mark.faults
@pytest.mark.parametrize("sigma", [[15.5, 11.6, 4.0], [4.0, 11.6, 15.5]])
def test_a_short_run_that_fails_spoils_no_other_point(sigma):
    """Even where the model hands back the very shares that it was given."""
    places = nege.geography.equidistant(2)
    economy = nege.Helpman(places, sigma=7, mu=0.3, trade_cost=3.84)
    swept = nege.sweep(economy, {"sigma": sigma}, share=[0.1, 0.9])
    grid = nege.short_run(economy, [0.1, 0.9], parameters={"sigma": sigma})
    assert (swept.status.values != 0).tolist() == [value == 15.5 for value in sigma]
    for value in sigma[:2] if sigma[0] < 15 else sigma[1:]:
        alone = nege.short_run(economy.replace(sigma=value), [0.1, 0.9]).data
        for found in (swept.sel(sigma=value), grid.sel(sigma=value).squeeze()):
            for name in ("share", "wage", "price_index"):
                np.testing.assert_allclose(found[name], alone[name], rtol=1e-12)
