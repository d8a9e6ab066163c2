"""Every way to multiply by the freeness of trade gives the same economy."""

import math

import hypothesis.strategies as st
import numba
import numpy as np
import pytest
import xarray as xr
from hypothesis import given

import nege
from nege import memory
from nege.kernels import operators
from nege.kernels.jit import kernel
from nege.kernels.vmath import exp, log
from nege.models import fourier, trade_costs

pytestmark = pytest.mark.family

ONLINE = nege.OnlineRegion(trade_cost=1.3, commission=0.1)


@kernel
def trade_of(operator, supply, spending, price, access):
    operators.trade(operator, supply, spending, price, access)


@kernel
def matrix_of(operator, n):
    return operators.matrix(operator, n)


def made(geography, kind, online=1.3, trade_cost=1.4, sigma=4.0):
    return trade_costs.operator_for(
        geography, trade_cost, online, sigma, kind, compiled=kind != "fourier"
    )


GEOGRAPHIES = {
    "racetrack of 7": (nege.geography.racetrack(7), ("dense", "symmetric", "fourier")),
    "racetrack of 10": (nege.geography.racetrack(10), ("dense", "symmetric", "fourier")),
    "grid of 3 x 5": (nege.geography.grid(3, 5), ("dense", "symmetric", "fourier")),
    "grid of 1 x 6": (nege.geography.grid(1, 6), ("dense", "symmetric", "fourier")),
    "line": (nege.geography.line([0, 0.3, 1.7, 2.0, 9.0]), ("dense", "symmetric", "line")),
    "two": (nege.geography.equidistant(2), ("dense", "symmetric")),
    "star": (nege.geography.star(9), ("dense", "symmetric")),
}


@pytest.mark.parametrize("online", [None, 1.3])
@pytest.mark.parametrize("name", GEOGRAPHIES)
def test_operators_are_the_matrix_of_the_distances(name, online):
    geography, kinds = GEOGRAPHIES[name]
    n = len(geography)
    k = 1.4 ** (-3.0 * geography.distance.values)
    if online:
        k = np.block([[k, np.full((n, 1), 1.3**-3)], [np.full((1, n), 1.3**-3), np.ones((1, 1))]])
    rng = np.random.default_rng(n)
    supply, spending = rng.random(len(k)), rng.random(len(k))
    price = supply @ k
    access = k @ (spending / price)
    for kind in kinds:
        operator = made(geography, kind, online)
        if kind == "fourier":
            np.testing.assert_allclose(fourier.multiply(operator, supply), price, rtol=1e-12)
            continue
        got = np.empty(len(k)), np.empty(len(k))
        trade_of(operator, supply, spending, *got)
        np.testing.assert_allclose(got[0], price, rtol=1e-13, err_msg=kind)
        np.testing.assert_allclose(got[1], access, rtol=1e-13, err_msg=kind)
        np.testing.assert_allclose(matrix_of(operator, len(k)), k, rtol=1e-13, err_msg=kind)


@given(n=st.integers(1, 40), seed=st.integers(0, 1000))
def test_the_fused_pass_is_the_two_passes_for_any_matrix(n, seed):
    rng = np.random.default_rng(seed)
    k, supply, spending = rng.random((n, n)), rng.random(n), rng.random(n)
    price, access = np.empty(n), np.empty(n)
    trade_of(operators.dense(k), supply, spending, price, access)
    np.testing.assert_allclose(price, supply @ k, rtol=1e-13)
    np.testing.assert_allclose(access, k @ (spending / price), rtol=1e-12)
    symmetric = k + k.T
    half = np.concatenate([symmetric[i, : i + 1] for i in range(n)])
    symmetric_operator = operators.Operator(operators.SYMMETRIC, packed=half)
    trade_of(symmetric_operator, supply, spending, price, access)
    np.testing.assert_allclose(price, supply @ symmetric, rtol=1e-13)


@pytest.mark.parametrize("online", [None, 1.3])
def test_half_a_matrix_keeps_what_places_trade_with_themselves(online):
    rng = np.random.default_rng(0)
    cost = 1.0 + rng.random((6, 6))
    cost = np.maximum(cost, cost.T)
    cost[np.diag_indices(6)] = 1.5
    table = xr.DataArray(cost, dims=("origin", "destination"))
    half, whole = (
        trade_costs.operator_for(nege.geography.equidistant(6), table, online, 5.0, kind)
        for kind in ("symmetric", "dense")
    )
    n = 6 + (online is not None)
    np.testing.assert_allclose(matrix_of(half, n), matrix_of(whole, n), rtol=1e-14)


@pytest.mark.parametrize("name", GEOGRAPHIES)
def test_wages_do_not_depend_on_the_operator(name):
    geography, kinds = GEOGRAPHIES[name]
    economy = nege.CorePeriphery(geography, sigma=5, mu=0.4, trade_cost=1.3, online=ONLINE)
    share = np.random.default_rng(1).dirichlet(np.ones(len(economy.regions)))
    wages = {}
    for kind in kinds:
        found = nege.short_run(economy, share, options=nege.SolverOptions(operator=kind))
        assert found.operator == kind
        nege.testing.assert_equilibrium(found)
        wages[kind] = found.data.wage.values
    for kind in kinds:
        np.testing.assert_allclose(wages[kind], wages["dense"], rtol=1e-11)


@pytest.mark.parametrize(
    ("geography", "short", "long"),
    [
        (nege.geography.racetrack(8), "dense", "dense"),
        (nege.geography.racetrack(200), "symmetric", "symmetric"),
        (nege.geography.racetrack(3000), "fourier", "symmetric"),
        (nege.geography.grid(60, 60), "fourier", "symmetric"),
        (nege.geography.line(100), "line", "line"),
        (nege.geography.line(3), "dense", "dense"),
        (nege.geography.star(200), "symmetric", "symmetric"),
    ],
    ids=str,
)
def test_the_geography_chooses(geography, short, long):
    for compiled, kind in ((False, short), (True, long)):
        assert trade_costs.choose(geography, True, geography.symmetric, compiled) == kind
    assert trade_costs.choose(geography, False, False, False) == "dense"


def test_a_large_racetrack_a_grid_and_a_line_are_right_at_a_sample_of_places():
    for geography in (
        nege.geography.racetrack(5000),
        nege.geography.grid(70, 80),
        nege.geography.line(5000),
    ):
        economy = nege.CorePeriphery(geography, sigma=5, mu=0.4, trade_cost=1.01, online=ONLINE)
        rng = np.random.default_rng(0)
        share = rng.random(len(economy.regions))
        share /= share.sum()
        found = nege.short_run(economy, share)
        assert found.operator in ("fourier", "line")
        assert found.residual <= 1e-11
        wage, price = found.data.wage.values, found.data.price_index.values
        income = found.data.income.values
        for place in (0, 17, len(geography) - 1):
            cost = np.append(1.01 ** geography.metric.rows(place, place + 1)[0], 1.3)
            net = np.append(np.ones(len(geography)), 0.9)
            exact = np.sum(share * (wage / net * cost) ** -4.0) ** -0.25
            assert price[place] == pytest.approx(exact, rel=1e-11)
            paid = np.sum(income * cost**-4.0 * price**4.0) ** 0.2
            assert wage[place] == pytest.approx(paid, rel=1e-11)


def test_operators_that_do_not_fit_are_refused_with_those_that_do():
    def solve(geography, kind, call=nege.short_run, **more):
        economy = nege.CorePeriphery(
            geography, sigma=5, mu=0.4, trade_cost=more.pop("trade_cost", 1.3)
        )
        uniform = np.full(len(geography), 1 / len(geography))
        call(economy, uniform, options=nege.SolverOptions(operator=kind))

    with pytest.raises(nege.InputError, match=r"allows: symmetric, dense|allows: dense, symmetric"):
        solve(nege.geography.star(4), "fourier")
    with pytest.raises(nege.InputError, match="both ways"):
        solve(nege.geography.equidistant(2), "symmetric", trade_cost=[[1, 2], [3, 1]])
    with pytest.raises(nege.InputError, match="allows: "):
        solve(nege.geography.star(4), "fourier", call=nege.solve)
    with pytest.raises(nege.InputError, match="operator"):
        nege.SolverOptions(operator="sparse")


def test_transforms_that_lose_far_places_are_found_out():
    """At steep costs a transform rounds far prices to noise; that is never called converged."""
    economy = nege.CorePeriphery(nege.geography.racetrack(64), sigma=20, mu=0.4, trade_cost=40)
    share = np.zeros(64)
    share[0] = 1.0
    options = nege.SolverOptions(operator="fourier")
    with pytest.raises(nege.ConvergenceError) as caught:
        nege.short_run(economy, share, options=options)
    assert caught.value.equilibrium.status in (nege.Status.NOT_FINITE, nege.Status.STALLED)


@pytest.mark.skipif(
    numba.config.DISABLE_JIT, reason="half a matrix of 2100 places takes hours without the JIT"
)
def test_where_transforms_round_too_much_the_matrix_steps_in():
    economy = nege.CorePeriphery(nege.geography.racetrack(2100), sigma=5, mu=0.4, trade_cost=1.5)
    share = np.random.default_rng(0).dirichlet(np.full(2100, 0.3))
    found = nege.short_run(economy, share)
    assert found.operator == "symmetric"
    assert found.residual <= 1e-12


def test_plain_iteration_agrees_and_takes_longer(two):
    economy = two(1.7, ONLINE)
    fast = nege.short_run(economy, [0.3, 0.3, 0.4])
    slow = nege.short_run(economy, [0.3, 0.3, 0.4], options=nege.SolverOptions(method="plain"))
    np.testing.assert_allclose(slow.data.wage, fast.data.wage, atol=1e-11)
    assert slow.iterations > 2 * fast.iterations


# --- memory ------------------------------------------------------------------------


def test_memory_is_estimated_before_anything_is_made():
    table = nege.estimate_memory(
        nege.CorePeriphery(nege.geography.racetrack(20_000), sigma=5, mu=0.4, trade_cost=1.01)
    )
    assert table["dense"] > 3.2e9
    assert 1.6e9 < table["symmetric"] < 1.7e9
    assert table["fourier"] < 2e7
    assert next(iter(table)) == "fourier"


def test_what_cannot_fit_is_refused_with_the_alternatives(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: int(1e6))
    monkeypatch.setattr(memory, "LITTLE", 0)
    economy = nege.CorePeriphery(nege.geography.racetrack(1000), sigma=5, mu=0.4, trade_cost=1.01)
    options = nege.SolverOptions(operator="dense")
    with pytest.raises(
        nege.InputError, match="needs 0.0084 GB, and 0.001 GB are free".replace(".", "[.]")
    ) as caught:
        nege.short_run(economy, np.full(1000, 0.001), options=options)
    assert "half" in str(caught.value)
    assert nege.short_run(
        economy, np.full(1000, 0.001), options=nege.SolverOptions(operator="fourier")
    ).converged


# --- batches -----------------------------------------------------------------------


@pytest.fixture
def shares():
    return np.random.default_rng(3).dirichlet(np.ones(10), (4, 25))


@pytest.fixture
def economy():
    return nege.CorePeriphery(
        nege.geography.racetrack(9), sigma=5, mu=0.4, trade_cost=1.3, online=ONLINE
    )


def test_many_distributions_are_bitwise_those_solved_alone(economy, shares):
    many = nege.short_run(economy, shares)
    assert many.wage.dims == ("point_0", "point_1", "region")
    assert (many.status == nege.Status.CONVERGED).all()
    for i, j in ((0, 0), (2, 7), (3, 24)):
        alone = nege.short_run(economy, shares[i, j])
        for name in ("wage", "price_index", "income", "real_wage"):
            np.testing.assert_array_equal(many[name][i, j], alone.data[name], err_msg=name)
        assert many.iterations[i, j] == alone.iterations
        assert many.residual[i, j] == alone.residual


def test_threads_change_nothing(economy, shares):
    one = nege.short_run(economy, shares)
    for threads in (2, 3):
        assert nege.short_run(economy, shares, threads=threads).identical(one)


def test_labelled_batches_keep_their_labels_in_any_order(economy, shares):
    import xarray as xr

    regions = list(economy.regions)
    given = xr.DataArray(
        shares[0],
        coords={"year": np.arange(25), "region": regions},
        dims=("year", "region"),
    )
    a = nege.short_run(economy, given)
    b = nege.short_run(economy, given.isel(region=slice(None, None, -1)).transpose())
    assert a.wage.dims == ("year", "region")
    assert a.identical(b)
    np.testing.assert_array_equal(a.year, np.arange(25))


def test_bad_batches_say_which_row(economy, shares):
    shares = shares.copy()
    shares[1, 2, 3] = -0.1
    with pytest.raises(nege.InputError, match=r"\(1, 2\)"):
        nege.short_run(economy, shares)
    with pytest.raises(nege.InputError, match=r"One is missing of .* online\."):
        nege.short_run(economy, shares[..., :9])
    with pytest.raises(nege.InputError, match="threads"):
        nege.short_run(economy, shares[:1], threads=0)


def test_a_batch_records_what_fails(economy, shares):
    found = nege.short_run(economy, shares, options=nege.SolverOptions(limit_iterations=2))
    assert (found.status == nege.Status.LIMIT).all()
    assert (found.residual > 1e-12).all()
    assert np.isnan(found.wage).all()


# --- vector functions --------------------------------------------------------------


@kernel
def exp_of(x, out):
    for i in range(x.size):
        out[i] = exp(x[i])


@kernel
def log_of(x, out):
    for i in range(x.size):
        out[i] = log(x[i])


def test_exp_and_log_are_exact_to_a_unit_in_the_last_place():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-700, 700, 20_000), rng.uniform(-1e-3, 1e-3, 2000)])
    out = np.empty_like(x)
    exp_of(x, out)
    true = np.exp(x.astype(np.longdouble))
    assert float(np.max(np.abs(out / true - 1))) < 1.01 * np.finfo(float).eps
    y = np.concatenate([np.exp(rng.uniform(-690, 690, 20_000)), 1 + rng.uniform(-1e-3, 1e-3, 2000)])
    out = np.empty_like(y)
    log_of(y, out)
    true = np.log(y.astype(np.longdouble))
    assert float(np.max(np.abs((out - true) / true))) < 1.01 * np.finfo(float).eps


def test_exp_and_log_carry_what_is_not_a_number():
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 800.0, -800.0])
    out = np.empty(6)
    exp_of(x, out)
    np.testing.assert_array_equal(out, [np.nan, np.inf, 0.0, 1.0, np.inf, 0.0])
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 1.0, -1.0])
    log_of(x, out)
    np.testing.assert_array_equal(out, [np.nan, np.inf, np.nan, -np.inf, 0.0, np.nan])


# --- two regions on a grid ---------------------------------------------------------


def grid(freeness, shares, *parameters):
    """Log wage ratios, (residual, error), (status, steps) of two regions."""
    from nege.models.classical import two_regions

    shape = len(freeness), len(shares)
    q, numbers = np.empty(shape), np.empty((*shape, 2))
    counts = np.full((*shape, 2), -1)
    two_regions.grid(freeness, shares, *parameters, 1e-12, q, numbers, counts)
    return q, numbers, counts


def test_the_two_region_grid_agrees_with_the_general_solver(two):
    from nege.models.classical import two_regions

    costs = np.array([1.01, 1.5, 1.7, 3.0, 20.0])
    shares = np.linspace(0.0, 1.0, 41)
    q, numbers, counts = grid(costs**-4.0, shares, 0.5, 5.0, 0.4)
    gap = np.empty_like(q)
    two_regions.payoff_gaps(costs**-4.0, shares, 5.0, 0.4, q, gap)
    assert (counts[..., 0] == 0).all()
    assert numbers[..., 0].max() <= 1e-12
    for i, cost in enumerate(costs):
        data = nege.short_run(two(float(cost)), np.column_stack([shares, 1 - shares]))
        np.testing.assert_allclose(q[i], np.log(data.wage[:, 0] / data.wage[:, 1]), atol=1e-10)
        true = np.log(data.real_wage[:, 0] / data.real_wage[:, 1])
        np.testing.assert_allclose(gap[i], true, atol=1e-10)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("which", range(5))
def test_the_two_region_grid_never_converges_on_a_bad_number(bad, which):
    arguments = [np.array([0.2, 0.3]), np.array([0.3, 0.6]), 0.5, 5.0, 0.4]
    if which < 2:
        arguments[which][1] = bad
    else:
        arguments[which] = bad
    status = grid(*arguments)[2][..., 0]
    planted = {0: status[1], 1: status[:, 1]}.get(which, status)
    assert (planted != 0).all()
    if which == 1:
        assert (status[:, 0] == 0).all()


@pytest.mark.parametrize(("sigma", "mu"), [(1.05, 0.9), (5.0, 0.4), (40.0, 0.99)])
@pytest.mark.parametrize("freeness", [1e-9, 0.3, 1.0])
def test_two_regions_from_one_corner_to_the_other_at_hard_parameters(sigma, mu, freeness):
    from nege.models.classical import two_regions

    shares = np.array([0.0, 1e-9, 0.3, 0.5, 1 - 1e-6, 1.0])
    found, numbers, counts = grid(np.array([freeness]), shares, 0.3, sigma, mu)
    assert (counts[..., 0] == 0).all()
    for share, q, proof in zip(shares, found[0], numbers[0], strict=True):
        alone, left, error = two_regions._bisect(
            *(freeness, 0.3, 0.7, mu, sigma, share, 1.0 - share, 1e-13)
        )
        assert left <= 1e-12
        assert abs(alone - q) <= 2.0 * (error + proof[1]) + 1e-12


def test_what_is_solved_in_a_grid_does_not_depend_on_its_company():
    freeness, shares = np.array([0.2]), np.linspace(0.01, 0.99, 40)
    together = grid(freeness, shares, 0.5, 5.0, 0.4)[0]
    some = grid(freeness, shares[30:], 0.5, 5.0, 0.4)[0]
    np.testing.assert_allclose(together[:, 30:], some, atol=0, rtol=1e-15)


def test_names_of_operators():
    assert trade_costs.name_of(made(nege.geography.line(5), "line")) == "line"
    assert not trade_costs.uses_fourier(made(nege.geography.line(5), "line"))
    assert trade_costs.name_of(nege.OnlineAgglomeration().arrays.operator) == "dense"
    assert trade_costs.uses_fourier(made(nege.geography.racetrack(5), "fourier"))
