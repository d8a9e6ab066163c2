"""Platforms, data and few firms at once: solved, audited, Walras' law, derivatives, draws."""

import draws_platforms as draws
import numpy as np
import pytest
import reference_agglomeration as plain
import reference_platforms as reference
from agglomerations import economy
from random_agglomerations import random_model, random_unknowns

import nege
from nege import mechanisms as mech
from nege.models.agglomeration import linear, rest

pytestmark = pytest.mark.closed_form

SERVICES = "services"
OWNER, REMOTE = {"platform_owner": [0.7, 0.3, 0.0, 0.0]}, {"remote_labour_share": [0.2, 0.5]}
DIVERSE, CORNERS = {"diversity": 0.03}, {"variety": 1.0}


def everything(pricing=None):
    """Few firms, a duopoly with a network that favours affiliates, data at average cost."""
    return (
        mech.Oligopoly("cournot", firms_per_mass=50.0),
        mech.Platforms(
            pricing=pricing,
            number=2,
            network=0.05,
            interoperability=0.5,
            marginal_cost=0.02,
            fixed_cost={SERVICES: 0.005},
            steering=mech.Steering(affiliates=0.2, strength={SERVICES: 1.0}),
        ),
        mech.DataEconomy.consumer_owned(weight={SERVICES: 0.01}, fixed_cost=0.005),
    )


@pytest.mark.parametrize("pricing", [None, mech.AverageCost(), mech.AverageCost(scope="economy")])
@pytest.mark.parametrize(
    "changes",
    [{}, OWNER, REMOTE, DIVERSE, {**OWNER, **REMOTE, **DIVERSE}, CORNERS, {**CORNERS, **OWNER}],
    ids=["plain", "owned", "remote work", "diversity", "all of it", "corners", "corners, owned"],
)
def test_with_everything_on_at_once_markets_clear_and_walras_law_holds(changes, pricing):
    found = nege.solve(economy(9, **changes).with_mechanisms(*everything(pricing)))
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0.0
    data = found.data
    assert (data.effective_competitors > 1.0).all()
    # No row of the system says so: land rents and pooled profits are what is paid per head.
    pooled = float((data.rent * data.area).sum() + data.data_profit.sum())
    if "platform_owner" not in changes:
        pooled += float(data.platform_profit.sum())
    assert float(data.dividend * data.population.sum()) == pytest.approx(pooled, abs=1e-12)
    assert abs(float(data.data_profit.sum())) < 1e-12
    if pricing is not None:
        assert abs(float(data.platform_profit.sum())) < 1e-12
    if "variety" in changes:
        assert (data.firm_mass == 0.0).any()


@pytest.fixture(scope="module")
def before():
    turn = plain.stylised_turn(9)
    return reference.extend(turn, plain.solve(turn))


@pytest.mark.parametrize(
    ("pricing", "how"), [(None, "given"), (mech.AverageCost(), "average")], ids=["given", "average"]
)
def test_with_everything_on_a_second_method_finds_the_same(before, pricing, how):
    blocks = reference.Blocks(
        **{"conduct": "cournot", "pricing": how, "number": 2, "theta": 16.0},
        **{"network": (0.05, 0.05), "interoperability": 0.5, "marginal_cost": (0.02, 0.02)},
        **{"fixed_cost": (0.0, 0.005), "affiliates": (0.2, 0.2), "strength": (0.0, 1.0)},
        **{"weight": ((0.0, 0.0), (0.0, 0.01)), "data_fixed_cost": (0.0, 0.005)},
        data_pricing="average",
    )
    turn = plain.stylised_turn(9)
    known = reference.outcome(turn, blocks, reference.solve(turn, blocks, before))
    data = nege.solve(economy(9).with_mechanisms(*everything(pricing))).data
    at = data.sel(industry=SERVICES)
    found = {
        **{"welfare": data.welfare, "dividend": data.dividend},
        "commission": 1.0 - at["platforms.net"],
        **{
            name: at[name] for name in ("data_price", "data_use", "online_sales", "platform_profit")
        },
        "online_spending": at.online_share,
        "markup": at.markup,
    }
    for name, number in found.items():
        expected = np.atleast_2d(known[name])[-1] if name == "markup" else np.ravel(known[name])[-1]
        np.testing.assert_allclose(number, expected, rtol=1e-9, atol=1e-12, err_msg=name)


def blocks(seed, pricing):
    """All blocks, of platforms that price in one way."""
    rules = {
        "given": None,
        "average": mech.AverageCost(),
        "pooled": mech.AverageCost(scope="economy"),
        "contestable": mech.Contestable(marginal_cost=0.04, fixed_cost=0.002),
        "buyers": mech.ProfitMaximising(response="buyers"),
    }
    one = mech.Platforms(
        pricing=rules[pricing],
        number=1.0 if pricing == "contestable" else 3.0,
        substitution=9.0,
        **{"network": [0.1, 0.2], "interoperability": 0.3, "marginal_cost": [0.02, 0.04]},
        fixed_cost=[0.001, 0.002],
        steering=mech.Steering(affiliates=[0.2, 0.4], strength=[1.0, 0.5]),
        investment=mech.Investment(effect=[0.02, 0.03], scale=1e-3),
    )
    owner = ("platform", "consumers")[seed % 2]
    data = mech.DataEconomy(weight=0.02, pricing="average", fixed_cost=0.001, owner=owner)
    few = mech.Oligopoly("bertrand", firms_per_mass=30.0)
    return [one, few, data]


def linearised(model, seed):
    """Both systems at random unknowns of which no one of platforms is at its start."""
    x, order = random_unknowns(model, seed), model._unknowns
    k, rng = len(model.industries), np.random.default_rng(seed)
    number = model.mechanisms["platforms"].number
    own = {"net": -0.06, "rivals": -0.09, "odds": 0.4, "apart": 0.2, "online": 0.5}
    at = np.repeat([*own.values(), 0.6, 0.3], k) * rng.uniform(0.8, 1.2, 7 * k)
    if number == 1.0:
        at[2 * k : 4 * k] = 0.0
    order.shared(x)[: 7 * k] = at
    search = rest._RestPointSearch(model.arrays, model.geography.names, nege.SolverOptions())
    kinds = linear.DenseSystem, linear.KrylovSystem
    dense, krylov = (kind(model.arrays, search.moving) for kind in kinds)
    excess = dense.linearise(x)
    assert np.isfinite(excess).all()
    np.testing.assert_array_equal(krylov.linearise(x), excess)
    return x, search, dense, krylov, excess


@pytest.mark.parametrize(
    ("pricing", "seed"),
    [("given", 4), ("average", 9), ("pooled", 6), ("contestable", 11), ("buyers", 2)],
)
def test_derivatives_are_those_of_the_equations_with_every_block_on(pricing, seed):
    model = random_model(seed, places=3, industries=2, mechanisms=blocks(seed, pricing))
    x, search, dense, krylov, excess = linearised(model, seed)
    jacobian = dense.jacobian.copy()
    for j in range(x.size):
        step = 1e-5 * np.eye(x.size)[j]
        near, far = (dense.evaluate(x + h * step) - dense.evaluate(x - h * step) for h in (1, 2))
        slope = (8.0 * near - far) / 12e-5
        np.testing.assert_allclose(jacobian[:, j], slope, atol=1e-8 * max(1.0, abs(slope).max()))
    v = np.cos(np.arange(x.size))
    np.testing.assert_allclose(krylov.product(v), jacobian @ v, rtol=1e-11, atol=1e-11)
    for inverse_time in (0.0, 1.0):
        right = dense.solve(inverse_time, search.absent, excess)
        left = krylov.solve(inverse_time, search.absent, excess)
        np.testing.assert_allclose(left, right, atol=1e-6 * np.max(np.abs(right)))


def test_twenty_places_are_solved_with_the_matrix_and_without():
    model = random_model(7, places=20, industries=2, mechanisms=blocks(0, "given"))
    _, search, dense, krylov, excess = linearised(model, 7)
    v = np.cos(np.arange(excess.size))
    np.testing.assert_allclose(krylov.product(v), dense.jacobian @ v, rtol=1e-10, atol=1e-10)
    right = dense.solve(1.0, search.absent, excess)
    left = krylov.solve(1.0, search.absent, excess)
    np.testing.assert_allclose(left, right, atol=1e-6 * np.max(np.abs(right)))
    on_a_line = nege.OnlineAgglomeration(nege.geography.line(20), mechanisms=everything())
    found = nege.solve(on_a_line.replace(digital_cost=1.1, productivity=1.0))
    nege.testing.assert_equilibrium(found)


@pytest.mark.draws
def test_random_economies_of_platforms_are_solved_and_audited_or_say_why_not():
    """A seeded tenth; ``python -m benchmarks verify`` takes all of them."""
    found = [draws.check(seed) for seed in range(0, draws.COUNT, 10)]
    assert sum(one.converged for one in found) >= 15
