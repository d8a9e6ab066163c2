"""Small mechanisms of the industry model: quality, own sites, make or buy, institutions, ...

Golden numbers are of an implementation that was made apart (policy.md 7 and 8, lock_in.md), on
steps of the stylised turn. A claim is tested by its sign and by what flips it.
"""

import functools

import draws_mechanisms
import draws_units
import numpy as np
import pytest
import reference_lock_in as reference
import reference_workers
import xarray as xr
from agglomerations import economy, in_place
from random_agglomerations import random_unknowns

import nege
from nege import mechanisms as mech
from nege.models.agglomeration import linear, rest
from nege.models.agglomeration.mechanisms import posted_prices
from nege.models.agglomeration.mechanisms.workers import KINDS
from nege.plots import objectives
from nege.studies.policy_objectives import target

pytestmark = pytest.mark.closed_form

GOODS, SERVICES = "manufacturing", "services"


@functools.cache
def solved(step, made):
    """The long run at a step with a mechanism, audited and stable."""
    found = nege.solve(economy(step).with_mechanisms(made()))
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0.0
    return found


def sales_online(found, industry=SERVICES):
    """The share of sales at buyers' prices that is online."""
    cost = found.data.total_cost.sel(industry=industry).sum("place").values
    kept = 1.0 - float(found.model.commission.sel(industry=industry))
    return cost[1] / kept / (cost[0] + cost[1] / kept)


def rising(found):
    return bool((np.diff(np.array(found, dtype=float), axis=0) > 0.0).all())


def falling(found):
    return bool((np.diff(np.array(found, dtype=float), axis=0) < 0.0).all())


# --- off is off, and derivatives ----------------------------------------------------------


def bound(share=0.3):
    return mech.SiteBound(SERVICES, share=share, stock=[0.1, 0.2, 0.3, 0.4])


OFF = [
    *(mech.Quality(seen=0.0, cost=5.0), bound(0.0), mech.Sourcing()),
    *(mech.Institutions(quality=0.5), mech.Institutions(intensity=2.0)),
    *(mech.Sunk(before=0.1), mech.Sunk(share=0.3)),
    *(mech.PostedPrices(), mech.PostedPrices(posted=0.2, pass_through=1.0)),
    mech.BuyerOnline(households=0.3),
]


@pytest.mark.parametrize("off", OFF, ids=str)
def test_off_adds_nothing_to_any_equation(off):
    plain = economy(8, remote_labour_share=[0.2, 0.5], commission=0.05)
    made = plain.with_mechanisms(off)
    x, to = unknowns(made, 2, apart=0.0), made._unknowns.to
    own = [*range(to.own, to.wage)]
    places = len(plain.geography)
    rows = np.delete(x[: places * to.shared].reshape(places, -1), own, axis=1)
    without = np.concatenate([rows.ravel(), x[places * to.shared :]])
    excess = residual(made, x)
    left = np.delete(excess[: places * to.shared].reshape(places, -1), own, axis=1)
    left = np.concatenate([left.ravel(), excess[places * to.shared :]])
    np.testing.assert_allclose(left, residual(plain, without), rtol=0.0, atol=1e-13)


def unknowns(model, seed, apart=0.1):
    """Return a random point; of buyers online one where they pay little else, and are a share."""
    x, to = random_unknowns(model, seed), model._unknowns.to
    if "buyer_online" in model.mechanisms:
        own = model._unknowns.rows(x)[:, to.own : to.wage]
        own[:, :2] = -apart * np.abs(own[:, :2])
        own[:, 2:] = 1.0 / (1.0 + np.exp(own[:, 2:]))
    return x


def residual(model, x):
    system = linear.DenseSystem(model.arrays, np.zeros(x.size, dtype=bool))
    return system.evaluate(x).copy()


ON = [
    bound(),
    mech.Sourcing(penalty={SERVICES: 1.3, GOODS: {GOODS: 2.0}}, friction=1.1),
    mech.Sunk(share=[0.3, 0.9], before=np.linspace(0.1, 1.0, 16).reshape(2, 4, 2)),
    mech.PostedPrices(posted=[0.05, 0.0], pass_through=0.3),
    mech.BuyerOnline(complementarity=[0.2, 0.7], households=0.3),
    mech.Workers(skilled=0.4, skill=[0.3, 0.8]),
]


@pytest.mark.parametrize("on", ON, ids=lambda one: one.kind)
def test_derivatives_and_solves_without_the_matrix_hold(on):
    model = economy(8, remote_labour_share=[0.2, 0.5])
    model = model.with_mechanisms(mech.Matching(vacancy_cost=0.1, remote_vacancy_cost=0.05), on)
    if on.kind == "workers":  # of whom there are two kinds in whatever others do
        model = model.with_mechanisms(*EVERYTHING)
    x = unknowns(model, 3)
    search = rest._RestPointSearch(model.arrays, model.geography.names, nege.SolverOptions())
    dense, krylov = (
        kind(model.arrays, search.moving) for kind in (linear.DenseSystem, linear.KrylovSystem)
    )
    excess = dense.linearise(x)
    np.testing.assert_array_equal(krylov.linearise(x), excess)
    jacobian, v = dense.jacobian.copy(), np.cos(np.arange(x.size))
    slope = (dense.evaluate(x + 1e-6 * v) - dense.evaluate(x - 1e-6 * v)) / 2e-6
    np.testing.assert_allclose(jacobian @ v, slope, atol=1e-6 * abs(slope).max())
    np.testing.assert_allclose(krylov.product(v), jacobian @ v, rtol=1e-11, atol=1e-11)


# --- quality (12) -------------------------------------------------------------------------


def seen(offline, online):
    return mech.Quality(seen={"offline": offline, "online": online}, convexity=6.0, cost=0.01)


def reviewed():
    return seen(0.3, 0.6)


def unseen_online():
    return seen(0.6, 0.3)


def average_quality(found):
    """Sales-weighted average quality of services."""
    chosen = found.model.mechanisms["quality"].chosen(found.model).sel(industry=SERVICES).values
    online = sales_online(found)
    return chosen[0] * (1.0 - online) + chosen[1] * online


@pytest.mark.parametrize(
    ("made", "online", "average", "welfare", "city"),
    [
        (reviewed, 0.99465525, 2.01203065, 2.44967039, 0.32213884),
        (unseen_online, 0.01775008, 2.00826342, 2.55213002, 0.48159880),
    ],
)
def test_quality_has_its_golden_numbers(made, online, average, welfare, city):
    found = solved(8, made)
    data = found.data
    numbers = [sales_online(found), average_quality(found), data.welfare, data.population[0]]
    np.testing.assert_allclose(numbers, [online, average, welfare, city], atol=1e-7)
    z = found.model.mechanisms["quality"].chosen(found.model).sel(industry=SERVICES)
    np.testing.assert_allclose(sorted(z.values), [1.70997595, 2.01365373], atol=1e-8)


def test_quality_is_what_is_best_for_its_firm():
    """ln[z^(B (sigma-1))/(1 + q z^eta)^...]: revenue over fixed cost is largest at the choice."""
    model = economy(8).with_mechanisms(reviewed())
    z = model.mechanisms["quality"].chosen(model).sel(industry=SERVICES, channel="online").item()
    tried = z * np.exp(np.linspace(-0.2, 0.2, 41))
    # At zero profit R = (1 + q z^eta) c: what z brings, and costs, by the firm itself.
    cost = 1.0 + 0.01 * z**6
    profit = cost * (tried / z) ** (0.6 * 4.0) - (1.0 + 0.01 * tried**6)
    assert int(np.argmax(profit)) == 20
    np.testing.assert_allclose(profit[20], 0.0, atol=1e-14)


def test_claim_12_average_quality_rises_with_the_online_share_where_more_is_seen_there():
    found = [solved(step, reviewed) for step in (7, 8, 9)]
    assert rising([sales_online(one) for one in found])
    numbers = [average_quality(one) for one in found]
    np.testing.assert_allclose(numbers, [2.00137727, 2.01203065, 2.01346380], atol=1e-7)
    assert rising(numbers)


def test_claim_12_flips_where_buyers_cannot_inspect_what_is_online():
    found = [solved(step, unseen_online) for step in (7, 8, 9)]
    assert rising([sales_online(one) for one in found])
    assert falling([average_quality(one) for one in found])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"seen": 1.5, "convexity": 6.0}, "seen.*below 1 for 'manufacturing' offline.*above 6"),
        ({"seen": 0.01, "cost": 0.01}, r"cost.*at most 0\.006711.*below one"),
    ],
)
def test_quality_without_end_or_below_one_is_refused(wrong, said):
    with pytest.raises(nege.InputError, match=said):
        economy(8).with_mechanisms(mech.Quality(**wrong))
    model = economy(8).with_mechanisms(mech.Quality(seen=0.9))
    with pytest.raises(nege.InputError, match="seen"):
        model.replace(sigma=8.0)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_mechanisms_of_one_matter_go_together_in_any_order(which):
    parts = (
        [mech.Access(entry_cost={SERVICES: {"3": {"online": 2.0}}}), reviewed()],
        [mech.DataEconomy(weight=0.01), bound(), choice()],
        [
            mech.Workers(),
            mech.BuyerOnline(complementarity=0.5, households=0.5),
            mech.Sunk(share=0.1),
        ],
    )[which]
    found = [nege.solve(economy(8).with_mechanisms(*order)) for order in (parts, parts[::-1])]
    for one in found:
        nege.testing.assert_equilibrium(one)
    np.testing.assert_allclose(found[0].data.total_cost, found[1].data.total_cost, rtol=1e-10)


# --- land of an industry's own (20b) -------------------------------------------------------

STOCK = [0.1, 0.3, 0.3, 0.3]


@functools.cache
def farms(share, digital_cost):
    productivity = np.ones((3, 4))
    productivity[:2, 0] = 1.05, 1.25
    three = nege.OnlineAgglomeration(
        industries=["goods", "services", "farming"],
        **{"consumption": [0.41, 0.34, 0.10], "land_share": [0.2, 0.02, 0.0]},
        inputs=[[0.2, 0.05, 0.1], [0.2, 0.15, 0.1], [0.0, 0.0, 0.0]],
        **{"transport_cost": [0.4, 0.0, 0.2], "search_cost": [0.0, 0.4, 0.8]},
        **{"digitisability": [0.0, 1.0, 0.0], "digital_cost": [3.0, 1.4, digital_cost]},
        **{"spillover": [0.06, 0.06, 0.0], "productivity": productivity},
        mechanisms=[mech.SiteBound("farming", share=share, stock=STOCK)],
    )
    found = nege.solve(three)
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0.0
    return found


def farming(found):
    """The online share of farming, its cost by place, and rent of its land."""
    cost = found.data.total_cost.sel(industry="farming")
    by_place = (cost.sum("channel") / cost.sum()).values
    return sales_online(found, "farming"), by_place, found.data["farming.site_rent"].values


@pytest.mark.parametrize(
    ("share", "digital_cost", "online", "cost", "rent", "welfare"),
    [
        (0.5, 3.0, 0.00000566, (0.24046845, 0.25317718), (0.17796665, 0.06245739), 2.03232780),
        (0.5, 1.05, 0.90336980, (0.11768320, 0.29410560), (0.08342169, 0.06949388), 2.11994550),
        (0.75, 3.0, 0.00000606, (0.20218005, 0.26593998), (0.23305123, 0.10218225), 2.18107924),
        (0.75, 1.05, 0.89949416, (0.12265217, 0.29244928), (0.13522543, 0.10747624), 2.27435276),
    ],
)
def test_own_land_has_its_golden_numbers(share, digital_cost, online, cost, rent, welfare):
    found = farms(share, digital_cost)
    part, by_place, rents = farming(found)
    numbers = [part, *by_place[:2], *rents[:2], float(found.data.welfare)]
    np.testing.assert_allclose(numbers, [online, *cost, *rent, welfare], atol=1e-7)


BETTER = (3.0, 1.5, 1.05)  # digital cost of farming, as it falls


@pytest.mark.parametrize("share", [0.5, 0.75])
def test_claim_20b_what_is_bound_sells_online_and_moves_to_the_resource_not_to_the_market(share):
    online, cost, rent = zip(*[farming(farms(share, cost)) for cost in BETTER], strict=True)
    assert rising(online)
    assert falling([np.abs(one - STOCK).sum() for one in cost])
    assert rising([one[1:] for one in rent])  # at remote sites prices of producers rise


@pytest.mark.parametrize("share", [0.5, 0.75])
def test_claim_20b_flips_at_the_citys_own_site_which_loses_its_captive_market(share):
    """Nor does production stay where it is, but the less it moves the more of it is land."""
    assert falling([farming(farms(share, cost))[2][0] for cost in BETTER])
    moved = [
        np.abs(farming(farms(part, 3.0))[1] - farming(farms(part, 1.05))[1]).sum()
        for part in (0.5, 0.75)
    ]
    assert falling(moved)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([mech.SiteBound("farmin")], r"farmin\.industry.*Known: manufacturing, services"),
        ([mech.SiteBound(SERVICES, share=0.9)], r"services\.share.*at most 0\.78.*take 0\.22"),
        ([bound(), mech.SiteBound("two", industry=SERVICES)], r"industry.*'services' binds it"),
    ],
)
def test_sites_and_sourcing_are_refused_where_they_make_no_sense(wrong, said):
    with pytest.raises(nege.InputError, match=said):
        economy(8).replace(mechanisms=wrong)


# --- make or buy (15, 16, 23) --------------------------------------------------------------


def choice():
    return mech.Sourcing(penalty={SERVICES: 1.3}, elasticity=4.0)


def bought(found):
    """Shares of services that are bought, of all cost of users, and of the inputs themselves."""
    cost = found.data.total_cost.sum("channel")
    share = found.data["sourcing.bought"].sel(input=SERVICES)
    alpha = found.model.inputs.sel(input=SERVICES)
    inputs = float((alpha * share * cost).sum() / (alpha * cost).sum())
    return float((share * cost).sum() / cost.sum()), inputs, share.sel(industry=GOODS).values[:2]


def fusion(found):
    return float(found.data["sourcing.fused"] / found.data.total_cost.sum())


def local(found):
    """The share of services that buyers of all kinds have from their own place."""
    data, model = found.data.sel(industry=SERVICES), found.model
    n, cost = (data[name].transpose("place", "channel") for name in ("firm_mass", "total_cost"))
    price = cost / n / xr.DataArray([1.0, 0.95], dims="channel")
    by_channel = float(model.digital_cost.sel(industry=SERVICES))
    own = (n**0.8 * (price * xr.DataArray([1.0, by_channel], dims="channel")) ** -4.0).sum(
        "channel"
    )
    everything = found.data.total_cost.sum("channel")
    alpha = model.inputs.sel(input=SERVICES) * found.data["sourcing.bought"].sel(input=SERVICES)
    spent = (alpha * everything).sum("industry") + 0.3825 * data.income
    return float((own * data.price_index**4.0 * spent).sum() / spent.sum())


@pytest.mark.parametrize(
    ("step", "shares", "of_goods", "fused", "near", "city", "welfare"),
    [
        (
            0,
            (0.46394731, 0.46069480),
            (0.75337376, 0.18381235),
            0.07187806,
            0.98338797,
            0.53870391,
            1.65075951,
        ),
        (
            6,
            (0.57973306, 0.54420632),
            (0.86692002, 0.34297438),
            0.06148951,
            0.55120024,
            0.99704360,
            1.85354042,
        ),
        (
            8,
            (0.58876410, 0.57988145),
            (0.75985993, 0.49712619),
            0.08178317,
            0.38324926,
            0.62409617,
            1.87326433,
        ),
        (
            11,
            (0.70149086, 0.70160324),
            (0.70814308, 0.69882572),
            0.10012000,
            0.25030449,
            0.18988392,
            1.99589775,
        ),
    ],
)
def test_make_or_buy_has_its_golden_numbers(step, shares, of_goods, fused, near, city, welfare):
    found = solved(step, choice)
    of_cost, of_inputs, goods = bought(found)
    where = in_place(found, "0")
    numbers = [of_cost, of_inputs, *goods, fusion(found), local(found), where, found.data.welfare]
    known = [*shares, *of_goods, fused, near, city, welfare]
    np.testing.assert_allclose(numbers, known, atol=1e-7)


def test_claim_16_more_is_bought_and_less_of_it_near_as_services_go_online():
    path = [solved(step, choice) for step in (0, 3, 6, 8, 11)]
    assert rising([bought(one)[0] for one in path])
    assert falling([local(one) for one in path])
    assert falling([in_place(one, "0") for one in path[2:]])  # and it takes clusters apart


def test_claim_16_flips_in_the_first_turn_when_the_market_gathers_services_in_the_city():
    assert rising([in_place(solved(step, choice), "0") for step in (0, 3, 6)])


def test_claim_23_industries_fuse_as_services_go_online():
    assert rising([fusion(solved(step, choice)) for step in (6, 8, 11)])


def test_claim_23_flips_in_the_first_turn_when_services_leave_manufacturing():
    assert falling([fusion(solved(step, choice)) for step in (0, 3)])
    assert fusion(solved(6, choice)) < fusion(solved(0, choice))


COMPONENTS = ("search", "bargaining", "specificity", "uncertainty", "contracting", "monitoring")


def test_claim_15_each_component_of_transaction_cost_falls_by_itself():
    """d ln t/d ln(1 + x_i (1 - e_i D)) = 1, whatever the others."""
    costs = dict(zip(COMPONENTS, (0.3, 0.1, 0.2, 0.05, 0.15, 0.1), strict=True))
    made = mech.Sourcing(friction=1.1, transaction_cost=costs, eased={"specificity": 0.0})
    model = economy(8).with_mechanisms(made)
    at = model.mechanisms["sourcing"].market_cost()
    np.testing.assert_allclose(at, 1.1 * np.prod([1.0 + x for x in costs.values()]))
    for name, x in costs.items():
        without = model.replace({f"sourcing.transaction_cost.{name}": 0.0})
        ratio = at / without.mechanisms["sourcing"].market_cost()
        np.testing.assert_allclose(ratio, 1.0 + x, rtol=1e-14)
    for progress in (0.5, 1.0):
        after = model.replace({"sourcing.progress": progress}).mechanisms["sourcing"].market_cost()
        left = [x * (1.0 - progress * (name != "specificity")) for name, x in costs.items()]
        np.testing.assert_allclose(after, 1.1 * np.prod(1.0 + np.array(left)), rtol=1e-14)


PROGRESS = {"sourcing.progress": [0.0, 0.5, 1.0]}


@pytest.mark.parametrize("component", ["search", "contracting"])
def test_claim_15_digital_progress_makes_the_market_larger(component):
    made = mech.Sourcing(penalty={SERVICES: 1.3}, transaction_cost={component: 0.5})
    swept = nege.sweep(economy(6).with_mechanisms(made), PROGRESS)
    assert rising(swept["sourcing.bought"].sel(input=SERVICES).values)
    np.testing.assert_allclose(swept.welfare[-1], 1.85354042, atol=1e-7)  # as without any


def test_claim_15_flips_for_what_progress_does_not_ease():
    made = mech.Sourcing(
        penalty={SERVICES: 1.3}, transaction_cost={"specificity": 0.5}, eased={"specificity": 0.0}
    )
    swept = nege.sweep(economy(6).with_mechanisms(made), PROGRESS)
    share = swept["sourcing.bought"].values
    np.testing.assert_allclose(share, np.broadcast_to(share[0], share.shape), rtol=1e-9)


def test_make_or_buy_may_be_written_in_a_file_and_kept(tmp_path):
    table = {
        "sourcing": {"penalty": {SERVICES: 1.3}, "transaction_cost": {"search": 0.2}},
        "farms": {"kind": "site_bound", "industry": GOODS, "share": 0.1},
        "quality": {"seen": {"online": 0.6, "offline": 0.3}},
    }
    model = economy(8).replace(mechanisms=table)
    found = nege.solve(model)
    nege.testing.assert_equilibrium(found)
    found.to_netcdf(tmp_path / "found.nc")
    again = nege.load(tmp_path / "found.nc")
    xr.testing.assert_identical(again.model.to_dataset(), model.to_dataset())
    xr.testing.assert_identical(again.data, found.data)
    with pytest.raises(nege.InputError, match=r"'serch'.*'search'"):
        economy(8).with_mechanisms(mech.Sourcing(transaction_cost={"serch": 0.2}))


# --- institutions (N9, 14) -----------------------------------------------------------------

COURTS = [1.0, 0.8, 0.8, 0.8]


@functools.cache
def contracts(goods, services, convergence=0.0, step=6):
    """Shares of goods and services in the city, where contracts hold best."""
    made = mech.Institutions(quality=COURTS, intensity=[goods, services], convergence=convergence)
    found = nege.solve(economy(step, productivity=1.0).with_mechanisms(made))
    assert found.leading_eigenvalue < 0.0
    return in_place(found, "0", GOODS), in_place(found, "0"), float(found.data.welfare)


BY_CONTRACT = (0.25, 0.5, 1.0)


@pytest.mark.parametrize("step", [0, 6, 11])
def test_claim_n9_the_industry_that_lives_by_contracts_sits_where_they_hold(step):
    found = [contracts(0.0, services, step=step) for services in BY_CONTRACT]
    assert rising([services for _, services, _ in found])
    assert all(services > goods for goods, services, _ in found)


@pytest.mark.parametrize("step", [0, 6, 11])
def test_claim_n9_flips_where_goods_need_contracts_more_or_nobody_needs_any(step):
    found = [contracts(goods, 0.0, step=step) for goods in BY_CONTRACT]
    assert rising([goods for goods, _, _ in found])
    assert all(goods > services for goods, services, _ in found)
    assert contracts(0.0, 0.0, step=step)[:2] == pytest.approx((0.25, 0.25), abs=1e-6)


def test_claim_14_digital_government_takes_the_lead_from_the_metropolis_and_is_worth_it():
    lead = [contracts(0.0, 0.5, D) for D in (0.0, 0.5, 1.0)]
    assert lead[2][1] == pytest.approx(0.25, abs=1e-3)
    assert lead[0][2] < lead[1][2] < lead[2][2]  # it converges up: everybody is better off


# --- distributed production, villages, customised goods (N5, N6, N7) --------------------------


@functools.cache
def apart(sales, inputs, linkage=1.0):
    """Concentration and share online of goods that are shipped, at two digital costs."""
    model = nege.scenarios.metropolis_and_town()
    at = {str(name): table for name, table in TURN.sel(step=12).drop_vars("step").items()}
    model = model.replace(at).replace({"digitisability": [0.0, 1.0]})
    linkages = model.inputs.copy(deep=True)
    linkages.loc[{"input": GOODS, "industry": GOODS}] *= linkage
    model = model.replace({"digital_cost": [sales, inputs], "inputs": linkages.values})
    found = nege.solve(model)
    assert found.leading_eigenvalue < 0.0
    share = found.data.total_cost.sel(industry=GOODS).sum("channel")
    return float(((share / share.sum()) ** 2).sum()), sales_online(found, GOODS)


SOLD = (2.0, 1.6, 1.4, 1.2, 1.05)  # digital cost of goods, as it falls


def test_claim_n5_goods_are_made_apart_as_parts_are_delivered_online():
    """Freight is kept: goods that are sold online are shipped as others are."""
    gathered, online = zip(*[apart(sales, 1.05) for sales in SOLD], strict=True)
    assert rising(online)
    assert falling(gathered)


def test_claim_n5_flips_without_parts_and_by_what_services_are_delivered_for():
    """The more goods are made of goods, the more there is to leave: a channel of sales alone
    disperses little. And services that are delivered online bind goods the more to their town.
    """
    ends = SOLD[0], SOLD[-1]
    left = [np.subtract(*[apart(x, 1.05, part)[0] for x in ends]) for part in (0.0, 0.25, 0.5, 1.0)]
    assert rising(left)
    assert rising([apart(2.0, inputs)[0] for inputs in (2.0, 1.5, 1.2, 1.05)])


@functools.cache
def village(entry_cost, lead, spillover, step):
    """What place 3 has of services, by what selling online costs it there."""
    productivity = np.array(economy(step).productivity.values)
    productivity[1, 3] *= lead
    model = economy(step, productivity=productivity, spillover=spillover)
    selling = mech.Access(entry_cost={SERVICES: {"3": {"online": entry_cost}}})
    found = nege.solve(model.with_mechanisms(selling))
    assert found.leading_eigenvalue < 0.0
    return in_place(found, "3")


def together(lead, spillover, step, of=lambda share: share):
    """By how much more access raises a village's part where the place is better."""
    better, plain = (
        of(village(1.0, ahead, spillover, step)) - of(village(2.0, ahead, spillover, step))
        for ahead in (lead, 1.0)
    )
    return better - plain


@pytest.mark.parametrize("step", [9, 11])
def test_claim_n6_place_and_online_make_each_other_grow_where_firms_learn(step):
    """Access adds more to a better place, and to be better is worth more with access."""
    for lead in (1.05, 1.1):
        every = [village(*one, 0.06, step) for one in ((2.0, 1.0), (1.0, 1.0), (2.0, lead))]
        assert every[0] < min(every[1:])
        assert together(lead, 0.06, step) > 0.0
    assert rising([together(1.1, spillover, step) for spillover in (0.03, 0.06, 0.09)])


def test_claim_n6_flips_without_spillovers_and_in_proportion():
    """Each adds a little less beside the other; and access is worth most to the weak."""
    assert together(1.1, 0.0, 9) < 0.0
    for step in (9, 11):
        for spillover in (0.0, 0.03, 0.06):
            assert together(1.1, spillover, step, of=np.log) < 0.0


@functools.cache
def by_roads(step, digital_cost, seen_offline, seen_online):
    """What good roads for goods bought online add to ln welfare, outside the city."""
    customised = mech.Quality(
        seen=[[seen_offline, seen_online], [0.3, 0.3]], convexity=6.0, cost=0.01
    )
    moved = {"digital_cost.manufacturing": digital_cost}
    worth = []
    for factor in (1.15, 1.0):
        roads = mech.Friction(
            *("roads", factor), channels="online", industries=GOODS, destinations=["1", "2", "3"]
        )
        found = nege.solve(economy(step).replace(moved).with_mechanisms(roads, customised))
        assert found.leading_eigenvalue < 0.0
        worth.append(float(np.log(found.data.welfare)))
    return worth[1] - worth[0]


CHEAPER = (1.3, 1.05, 1.02)  # digital cost of goods


@pytest.mark.parametrize("step", [7, 11])
def test_claim_n7_logistics_and_digital_trade_in_customised_goods_are_complements(step):
    """Roads are worth more the cheaper goods are online, and more if made to a buyer's order."""
    plain, ordered = ([by_roads(step, cost, 0.3, seen) for cost in CHEAPER] for seen in (0.3, 0.4))
    assert plain[0] > 0.0
    assert rising(plain)
    assert rising(ordered)
    assert (np.array(ordered) > plain).all()


@pytest.mark.parametrize("step", [14, 17])
def test_claim_n7_flips_where_all_is_bought_online_already(step):
    """Cheaper goods online then lower what roads are worth. So does, before, seeing more of
    quality offline."""
    plain, ordered = (
        [by_roads(step, cost, 0.3, seen) for cost in CHEAPER[1:]] for seen in (0.3, 0.4)
    )
    assert falling(plain)
    assert falling(ordered)
    assert (np.array(ordered) < plain).all()
    assert all(by_roads(7, cost, 0.4, 0.3) < by_roads(7, cost, 0.3, 0.3) for cost in CHEAPER)


# --- sunk cost: lock-in (N3) -----------------------------------------------------------------

THERE_AND_BACK = [11, 12, 13, 14, 15, 16, 17, 16, 15, 14, 13, 12, 11]
TURN = nege.scenarios.digital_turn()


@functools.cache
def lock_in(share):
    """Density, share online and share in the town of manufacturing, and welfare, by step."""
    model = nege.scenarios.metropolis_and_town().with_mechanisms(mech.Sunk(share=[share, 0.0]))
    found = nege.follow(model, TURN.sel(step=THERE_AND_BACK).drop_vars("step"))
    assert (found.status == nege.Status.CONVERGED).all()
    assert float(found.leading_eigenvalue.max()) < 0.0
    cost = found.total_cost.sel(industry=GOODS)
    every = cost.sum(("channel", "place"))
    columns = [
        nege.patterns(found).density.sel(industry=GOODS),
        cost.sel(channel="online").sum("place") / every,
        cost.sum("channel").sel(place="town") / every,
        found.welfare,
    ]
    return np.array([column.values for column in columns]).T


@pytest.mark.parametrize(
    ("share", "step", "down", "up"),
    [
        (0.0, 13, (3.65554458, 0.07806160, 0.90887423, 2.52953411), None),
        (0.0, 14, (1.30725902, 0.73841124, 0.28763466, 2.77210446), None),
        (
            0.2,
            13,
            (3.74286608, 0.06804275, 0.93197515, 2.55557211),
            (3.13083759, 0.14021415, 0.77006285, 2.53946925),
        ),
        (
            0.2,
            14,
            (1.53029916, 0.68696056, 0.34663999, 2.76985812),
            (1.24578836, 0.79648790, 0.27137258, 2.87538582),
        ),
        (
            0.4,
            13,
            (3.74286608, 0.06804275, 0.93197515, 2.55557211),
            (1.81580363, 0.36001636, 0.42217027, 2.61814992),
        ),
        (
            0.4,
            14,
            (2.64426032, 0.43802999, 0.64133871, 2.77891842),
            (1.23241810, 0.79916444, 0.26783548, 2.88013908),
        ),
        (
            0.4,
            15,
            (1.30104331, 0.86719948, 0.28599029, 2.99967677),
            (1.18286222, 0.90334394, 0.25472545, 3.03691924),
        ),
    ],
)
def test_lock_in_has_its_golden_numbers(share, step, down, up):
    rows = lock_in(share)
    at = THERE_AND_BACK.index(step)
    np.testing.assert_allclose(rows[at], down, atol=1e-7)
    np.testing.assert_allclose(rows[-1 - at], down if up is None else up, atol=1e-7)


SUNK = (0.0, 0.2, 0.4)


@pytest.mark.parametrize("step", [13, 14, 15])
def test_claim_n3_a_cluster_survives_where_it_would_not_form(step):
    """Denser on the way down than back up, and offline; the more, the more of it is sunk."""
    at = THERE_AND_BACK.index(step)
    ways = np.array([[lock_in(share)[i, :2] for i in (at, -1 - at)] for share in SUNK[1:]])
    assert (ways[:, 0, 0] > ways[:, 1, 0]).all()
    assert (ways[:, 0, 1] < ways[:, 1, 1]).all()
    assert (np.diff(np.abs(ways[:, 0] - ways[:, 1]), axis=0) > 0.0).all()


def test_claim_n3_a_pattern_of_before_survives_where_much_is_sunk():
    """Clustered and offline on the way down, scattered and online back."""
    at = THERE_AND_BACK.index(14)
    density, online = lock_in(0.4)[:, 0], lock_in(0.4)[:, 1]
    assert density[at] > 2.0 > density[-1 - at]  # what patterns call a cluster
    assert online[at] < 0.5 < online[-1 - at]


def test_claim_n3_flips_where_nothing_is_sunk():
    np.testing.assert_allclose(lock_in(0.0), lock_in(0.0)[::-1], atol=1e-8)


def test_a_step_by_hand_and_along_a_sweep_carry_firms_as_follow_does():
    model = nege.scenarios.metropolis_and_town().with_mechanisms(mech.Sunk(share=[0.4, 0.0]))
    steps = [TURN.isel(step=step) for step in (11, 12)]
    first, second = (
        model.replace({str(name): one for name, one in step.data_vars.items()}) for step in steps
    )
    found = nege.solve(first)
    second = second.replace({"sunk.before": found.data.firm_mass})
    after = nege.solve(second, start=found.data)
    nege.testing.assert_equilibrium(after)
    assert float(after.data.welfare) == pytest.approx(lock_in(0.4)[1, 3], abs=1e-9)
    # Who stays earns less than it costs, and more than keeps it.
    earned = after.data["sunk.earned"].sel(industry=GOODS)
    assert float(earned.min()) < 1.0 - 1e-6
    assert (earned >= 0.6 - 1e-9).all()


def test_what_looks_for_jumps_refuses_firms_from_before():
    model = nege.OnlineAgglomeration(mechanisms=[mech.Sunk(share=0.1)])
    with pytest.raises(nege.InputError, match=r"nege\.follow"):
        nege.hysteresis(model, "digital_cost.services", (1.1, 2.0))
    model = model.replace({"sunk.share": 0.0})
    assert model.own_past(model.default_start()) is model


# --- squeeze (N1) ------------------------------------------------------------------------------


@functools.cache
def squeeze(pass_through, share, *rates):
    """Services online along a commission of services that rises from 5 per cent, step 9."""
    parts = mech.PostedPrices(posted=0.05, pass_through=pass_through), mech.Sunk(share=share)
    model = economy(9, commission=0.05).with_mechanisms(*parts)
    found = nege.follow(model, {"commission.services": list(rates)})
    assert (found.status == nege.Status.CONVERGED).all()
    data = found.sel(industry=SERVICES)
    online = data.sel(channel="online")
    cost, kept = data.total_cost.sum("place").values, 1.0 - np.array(rates)
    sales = cost / np.stack([np.ones_like(kept), kept], axis=1)
    return {
        "earned": online["sunk.earned"].values[:, :2],
        "firms": online.firm_mass.values[:, :2],
        "price": data.price_index.values[:, :2],
        "rents": online["sunk.quasi_rent"].sum("place").values,
        "commission": np.array(rates) * sales[:, 1],
        "online": sales[:, 1] / sales.sum(1),
        "welfare": found.welfare.values,
    }


UP = (0.05, 0.06, 0.07, 0.08, 0.09, 0.10, 0.11, 0.12, 0.13)
SQUEEZED = {
    (0.0, 0.07): [
        (0.90373467, 0.90444504),
        (0.31511049, 0.17037563),
        (1.05799878, 1.06817825),
        0.01645230,
        0.05879669,
        0.96412006,
        1.98653622,
    ],
    (0.0, 0.09): [
        (0.80548598, 0.80673326),
        (0.31511049, 0.17037563),
        (1.05770597, 1.06821599),
        0.00098964,
        0.07642011,
        0.96277386,
        2.01462237,
    ],
    (0.0, 0.10): [
        (0.8, 0.8),
        (0.29091437, 0.15881264),
        (1.07676082, 1.09033730),
        0.0,
        0.08447860,
        0.95256813,
        2.00581920,
    ],
    (0.0, 0.13): [
        (0.8, 0.8),
        (0.19929768, 0.11426485),
        (1.14942926, 1.18742474),
        0.0,
        0.10191676,
        0.87353895,
        1.94992947,
    ],
    (1.0, 0.06): [
        (0.98462736, 0.98686006),
        (0.31511049, 0.17037563),
        (1.06792718, 1.07991273),
        0.02941883,
        0.04976713,
        0.95811426,
        1.96096577,
    ],
    (1.0, 0.10): [
        (0.90690490, 0.92093266),
        (0.31511049, 0.17037563),
        (1.10062464, 1.12502304),
        0.01839603,
        0.08091385,
        0.91461125,
        1.96940203,
    ],
}


@pytest.mark.parametrize(("pass_through", "rate"), SQUEEZED)
def test_a_squeeze_has_its_golden_numbers(pass_through, rate):
    found = squeeze(pass_through, 0.2, *UP)
    row = [*(column[UP.index(rate)] for column in found.values())]
    np.testing.assert_allclose(np.hstack(row), np.hstack(SQUEEZED[pass_through, rate]), atol=1e-7)


def test_claim_n1_a_squeeze_takes_rents_then_firms_then_consumers():
    found = squeeze(0.0, 0.2, *UP)
    first, later = slice(0, UP.index(0.09) + 1), slice(UP.index(0.09), None)
    assert np.ptp(found["firms"][first], axis=0).max() < 1e-12  # 1. nobody leaves, prices stay
    held, passed_on = (np.abs(np.diff(found["price"][part], axis=0)) for part in (first, later))
    assert held.max() < passed_on.min()
    assert falling(found["rents"][first])
    np.testing.assert_allclose(found["rents"][-4:], 0.0, atol=1e-12)
    assert falling(found["firms"][later])  # 2. firms leave
    assert rising(found["price"][later])  # 3. and so consumers pay


def test_claim_n1_flips_where_prices_follow_or_nothing_is_sunk():
    follows = squeeze(1.0, 0.2, *UP)  # consumers first: prices rise while nobody leaves
    assert np.ptp(follows["firms"], axis=0).max() < 1e-12
    assert (np.diff(follows["price"], axis=0) > 0.0).all()
    known = {0.0: (0.20310124, 0.11514924, 1.91187636), 1.0: (0.26397679, 0.15061569, 1.93081602)}
    for pass_through, row in known.items():
        free = squeeze(pass_through, 0.0, 0.05, 0.1)  # no rents to take: exit at once
        np.testing.assert_allclose([*free["firms"][1], free["welfare"][1]], row, atol=1e-7)
        assert free["commission"][1] < squeeze(pass_through, 0.2, *UP)["commission"][5]


def test_claim_n1_a_squeeze_that_is_over_leaves_a_mark():
    there = squeeze(0.0, 0.2, 0.05, 0.1, 0.13, 0.1, 0.05)
    assert (there["firms"][-1] < there["firms"][0]).all()
    free = squeeze(0.0, 0.0, 0.05, 0.1, 0.05)
    np.testing.assert_allclose(free["firms"][-1], free["firms"][0], rtol=1e-8)


def test_the_phases_of_a_squeeze_are_those_of_the_closed_forms():
    """One place, all online: phase 1 while y >= (sigma-1)/(sigma-1+u), then n = s/(1-u) R."""
    alone = posted_prices.ONLINE_ALONE
    parts = mech.PostedPrices(posted=0.05, pass_through=0.0), mech.Sunk(share=0.2)
    rates = [0.05, 0.0952, 0.0953, 0.12, 0.15]
    model = nege.OnlineAgglomeration(**alone, commission=0.05, mechanisms=[*parts])
    found = nege.follow(model, {"commission": rates})
    y = (1.0 - np.array(rates)) / 0.95
    left = np.minimum(1.0, (5.0 - 4.0 / y) / 0.8)
    assert left[1] == 1.0 > left[2]
    np.testing.assert_allclose(
        found.firm_mass.sum(("place", "channel", "industry")), left, rtol=1e-8
    )


def test_prices_that_cover_no_cost_are_reported_for_what_they_are():
    model = economy(9, commission=[0.05, 0.24]).with_mechanisms(mech.PostedPrices())
    with pytest.raises(nege.ConvergenceError, match="services do not cover variable cost"):
        nege.solve(model)


# --- buyers online (N11, 19b) ------------------------------------------------------------------


@functools.cache
def turn(path, step):
    """An economy at a step of the stylised ("old") or of the digital ("new") turn."""
    if path == "old":
        return economy(step)
    at = {str(name): table.sel(step=step) for name, table in TURN.data_vars.items()}
    return nege.scenarios.metropolis_and_town().replace(at)


@functools.cache
def both_online(path, step, services, households=0.0, goods=0.0):
    return _both_online(path, step, services, households, goods)


def _both_online(path, step, services, households=0.0, goods=0.0, start=None, **moved):
    made = mech.BuyerOnline(complementarity=[goods, services], households=households)
    return nege.solve(turn(path, step).replace(moved).with_mechanisms(made), start=start)


def shares_online(found):
    cost = found.data.total_cost.sum("place")
    return (cost.sel(channel="online") / cost.sum("channel")).values


BOTH = {
    ("new", 14, 0.5, 0.0): [
        (0.75309840, 0.94701372),
        2.79044976,
        (0.55439793, 0.54168295),
        (0.16209227, 0.18953865),
    ],
    ("new", 14, 0.5, 0.5): [
        (0.75312125, 0.95074708),
        2.80980293,
        (0.55412984, 0.54139696),
        (0.16209477, 0.18952614),
    ],
    ("new", 17, 0.5, 0.0): [
        (0.96251131, 0.94734317),
        3.21724339,
        (0.54553307, 0.53301869),
        (0.16317933, 0.18410333),
    ],
    ("old", 15, 0.5, 0.0): [
        (0.92005345, 0.99480305),
        2.27788530,
        (1.00414898, 0.99429229),
        (0.23949644, 0.25350119),
    ],
    ("old", 17, 1.0, 0.0): [
        (0.99454023, 0.99524851),
        2.51155078,
        (0.98646640, 0.96718615),
        (0.23430976, 0.25523008),
    ],
}


@pytest.mark.parametrize("state", BOTH)
def test_buyers_online_have_their_golden_numbers_and_a_second_method(state):
    found = both_online(*state)
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0.0
    offline = float(found.data.price_index.sel(industry=SERVICES)[0])
    relative = float(found.data["buyer_online.relative_price"].sel(industry=SERVICES)[0])
    people = found.data.population.values[:2]
    row = [shares_online(found), found.data.welfare, (offline, offline * relative), people]
    np.testing.assert_allclose(np.hstack(row), np.hstack(BOTH[state]), atol=1e-7)
    path, step, services, households = state
    slow = reference.Economy(turn(path, step), both=(0.0, services), households=households)
    assert reference.violation(slow, found.data) < 1e-10


def test_the_second_method_finds_the_same_from_elsewhere():
    found, rng = both_online("old", 15, 0.5), np.random.default_rng(1)
    slow = reference.Economy(turn("old", 15), both=(0.0, 0.5))
    known = reference.of_data(found.data)
    guess = {name: x * np.exp(0.05 * rng.normal(size=np.shape(x))) for name, x in known.items()}
    solved_slowly, left = reference.solve(slow, guess)
    assert left < 1e-12
    for name, x in known.items():
        np.testing.assert_allclose(solved_slowly[name], x, rtol=1e-9)


def slope(path, step, services, goods=0.0, driver="digital_cost"):
    """d(services online)/d(manufacturing online), as manufacturing's own cost falls."""
    base = both_online(path, step, services, goods=goods)
    before, moved = float(getattr(base.model, driver)[0]), []
    for h in (2e-3, -2e-3):
        there = before * np.exp(h) if driver == "digital_cost" else before + h
        change = {f"{driver}.{GOODS}": there}
        moved.append(_both_online(path, step, services, 0.0, goods, base.data, **change))
    up, down = map(shares_online, moved)
    return (up[1] - down[1]) / (up[0] - down[0])


@pytest.mark.parametrize(
    ("path", "step", "services", "more", "known"),
    [
        ("new", 14, 0.0, {}, -0.00027652),
        ("new", 14, 0.1, {}, 0.00009439),  # b* = .0743
        ("new", 15, 0.5, {}, 0.00158700),
        ("old", 15, 0.5, {}, -0.00009665),  # b* = .770
        ("old", 15, 1.0, {}, 0.00007421),
    ],
)
def test_claims_n11_and_19b_goods_online_take_services_further_online_if_these_serve_buyers_online(
    path, step, services, more, known
):
    """At any b above b*, which is small once services are delivered cheaply."""
    assert slope(path, step, services, **more) == pytest.approx(known, rel=2e-3, abs=1e-7)


@pytest.mark.parametrize(
    ("path", "step", "services", "more", "known"),
    [
        ("old", 17, 1.0, {}, -0.00005364),  # services are online already
        ("new", 13, 1.0, {}, -0.00349362),  # manufacturing leaves its cluster too
        ("new", 15, 0.0, {"driver": "digitisability"}, 0.00011471),  # without any b
        ("old", 15, 0.5, {"goods": 0.5}, -0.00327733),  # goods spare their buyers too
    ],
)
def test_claims_n11_and_19b_flip_by_saturation_by_large_moves_and_by_what_moves_goods(
    path, step, services, more, known
):
    assert slope(path, step, services, **more) == pytest.approx(known, rel=2e-3, abs=1e-7)


def test_claims_n11_and_19b_in_finite_moves():
    for path, steps, b in (("new", (14, 17), 0.03665586), ("old", (14, 15), 0.44874657)):
        moved = []
        for services in (0.0, b, 1.0):
            before, after = (both_online(path, step, services) for step in steps)
            moved.append(shares_online(after)[1] - shares_online(before)[1])
        assert moved[0] < 0.0 < moved[2]
        assert moved[1] == pytest.approx(0.0, abs=1e-9)  # b*, where the sign changes


def test_lock_in_and_a_squeeze_have_a_second_method():
    past = nege.solve(turn("new", 12)).data
    for step in (13, 14):
        sunk = mech.Sunk(share=[0.4, 0.0], before=past.firm_mass)
        found = nege.solve(turn("new", step).with_mechanisms(sunk), start=past).data
        slow = reference.Economy(turn("new", step), sunk=(0.4, 0.0), before=firms(past))
        assert reference.violation(slow, found) < 1e-10
        past = found
    past = nege.solve(economy(9)).data
    for pass_through, rate in ((0.0, 0.07), (0.0, 0.13), (1.0, 0.13)):
        model = economy(9, commission=[0.05, rate])
        parts = [
            mech.PostedPrices(posted=0.05, pass_through=pass_through),
            mech.Sunk(share=0.2, before=past.firm_mass),
        ]
        found = nege.solve(model.with_mechanisms(*parts), start=past).data
        posted = {"posted": (0.05, 0.05), "pass_through": pass_through}
        slow = reference.Economy(model, sunk=(0.2, 0.2), before=firms(past), **posted)
        assert reference.violation(slow, found) < 1e-10


def firms(data):
    return data.firm_mass.transpose("industry", "place", "channel").values


# --- workers of two kinds ----------------------------------------------------------------------


@functools.cache
def two_kinds(step, goods=0.2, services=0.6):
    kinds = mech.Workers(skilled=0.3, skill=[goods, services])
    found = nege.solve(economy(step).with_mechanisms(kinds))
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0.0
    people, odds = found.data.population, found.data["workers.odds"]
    skilled = people * odds / (1.0 + odds)
    in_city = float(skilled[0] / skilled.sum()), float((people - skilled)[0] / 0.7)
    welfare = [float(found.data.worker_welfare.sel(worker=one)) for one in ("unskilled", "skilled")]
    wages = found.data.wage.values[:2], found.data["workers.unskilled_wage"].values[:2]
    assert float(found.data.welfare) == pytest.approx(welfare[0] ** 0.7 * welfare[1] ** 0.3)
    return in_city, wages, welfare


@pytest.mark.parametrize(
    ("step", "in_city", "skilled_wage", "unskilled_wage", "welfare"),
    [
        (
            0,
            (0.50361401, 0.49492715),
            (1.62479195, 1.44488751),
            (0.82209657, 0.71994845),
            (1.26235599, 2.08472275),
        ),
        (
            6,
            (0.68146645, 0.41452993),
            (1.73709750, 1.10151866),
            (0.88775312, 0.68810773),
            (1.47373294, 2.24860494),
        ),
        (
            11,
            (0.23536696, 0.27533076),
            (1.50164310, 1.52311997),
            (0.79976812, 0.76969096),
            (1.59577820, 2.55156504),
        ),
    ],
)
def test_two_kinds_of_workers_have_their_golden_numbers(
    step, in_city, skilled_wage, unskilled_wage, welfare
):
    where, wages, worth = two_kinds(step)
    found = np.hstack([where, *wages, worth])
    np.testing.assert_allclose(
        found, np.hstack([in_city, skilled_wage, unskilled_wage, welfare]), atol=1e-7
    )


def test_claims_17_and_18_skill_sorts_into_the_city_in_the_first_turn_and_out_of_it_in_the_second():
    lead = [where[0] - where[1] for where, _, _ in map(two_kinds, (0, 6, 11))]
    assert lead[1] > 0.2 > lead[0] > 0.0 > lead[2]
    # Flips: it follows services, and where goods need the skill it leaves with these.
    (skilled, unskilled), _, _ = two_kinds(6, 0.6, 0.2)
    assert skilled < unskilled


def test_masked_numbers_are_refused_before_anything_forgets_that_they_are():
    masked = np.ma.array([0.5, 0.5], mask=[False, True])
    for make in (lambda: mech.Workers(skill=masked), lambda: mech.Sunk(share=masked)):
        with pytest.raises(nege.InputError, match="masked: fill them"):
            make()


def test_workers_are_refused_where_they_make_no_sense():
    with pytest.raises(nege.InputError, match=r"migration_elasticity.*have to be said by place"):
        economy(8).with_mechanisms(mech.Workers()).replace({"migration_elasticity": 0.0})


HALVES = mech.Jurisdictions(
    {"north": ["0", "1"], "south": ["2", "3"]}, movement="within", land="jurisdiction"
)
LOVED = mech.PublicGood(worth=1.2, rivalry=0.5)
ALIKE = {  # both kinds hire out alike, where industries need both alike
    "site_bound": [bound()],
    "sourcing": [mech.Sourcing(penalty={SERVICES: 1.3})],
    "borders": [HALVES],
    "retail": [mech.Tax("vat", 0.1, buyers="households", industries=[GOODS, "housing"])],
    "apart": [HALVES, mech.Tax("t", 0.1, buyers="households", channels="online", proceeds=LOVED)],
}
HOSTED = {  # by skilled people
    "platforms": [mech.Platforms(marginal_cost=0.02)],
    "data": [mech.DualMode(), mech.DataEconomy.platform_owned(weight=0.01)],
}
EVERYTHING = [*ALIKE["site_bound"], *ALIKE["sourcing"], *HOSTED["platforms"], HALVES]
EVERYTHING += [mech.Tax("t", 0.1, buyers="households", proceeds=LOVED)]
EVERYTHING += [mech.DataEconomy.platform_owned(weight=0.01)]
EVERYTHING += [mech.Matching(vacancy_cost=0.1, remote_vacancy_cost=0.05)]


@pytest.mark.parametrize("beside", ALIKE)
def test_kinds_that_are_needed_alike_are_as_one_beside_all_else(beside):
    one = economy(8).with_mechanisms(*ALIKE[beside])
    plain = nege.solve(one).data
    both = nege.solve(one.with_mechanisms(mech.Workers(skilled=0.3, skill=0.3))).data
    for name in ("total_cost", "population", "wage", "income", "welfare", "dividend"):
        np.testing.assert_allclose(both[name], plain[name], rtol=1e-9, atol=1e-12, err_msg=name)
    for each in both.real_income.transpose("worker", "place"):
        np.testing.assert_allclose(each, plain.real_income, rtol=1e-9)
    np.testing.assert_allclose(both.worker_welfare, plain.welfare, rtol=1e-9)


@functools.cache
def beside(*names):
    """Two kinds of workers who work remotely too, platforms having owners, beside all else."""
    owned = {"platform_owner": [0.4, 0.3, 0.2, 0.1], "remote_labour_share": [0.2, 0.5]}
    added = [one for name in names for one in {**ALIKE, **HOSTED, "all": EVERYTHING}[name]]
    kinds = mech.Workers(skilled=0.3, skill=[0.2, 0.6])
    return nege.solve(economy(8, **owned).with_mechanisms(kinds, *added))


@pytest.mark.parametrize("names", [*ALIKE, *HOSTED, "all"])
def test_kinds_beside_all_else_fulfil_the_equations_and_walras_law(names):
    found = beside(names)
    nege.testing.assert_equilibrium(found)
    violations = found.model.audit(found.data)
    assert violations["dividend"] <= 1e-12  # of which no unknown has an equation
    assert violations["numeraire"] <= 1e-12
    assert found.data.real_income.dims == ("worker", "place")


def test_who_works_for_platforms_and_with_data_is_skilled():
    """Pay of each kind is what industries spend on it, and of the skilled that of hosts too."""
    for name in HOSTED:
        found, skill = beside(name), np.array([0.2, 0.6])
        data, wage = found.data, float(found.model.platform_owner.values @ found.data.wage.values)
        spent = data.total_cost.sum(("channel", "place")).values
        if name == "data":
            spent, hosts = spent - data.data_price * data.data_use, 0.1 * data.data_use * wage
        else:
            hosts = 0.02 * data.online_sales
        labour = 1.0 - found.model.inputs.sum("input").values - found.model.land_share.values
        odds, simple = data["workers.odds"], data["workers.unskilled_wage"]
        paid = float((data.population / (1.0 + odds) * simple).sum())
        assert paid == pytest.approx(float((labour * (1.0 - skill) * spent).sum()), rel=1e-9)
        assert 1.0 - paid == pytest.approx(float((labour * skill * spent + hosts).sum()), rel=1e-9)


@pytest.mark.parametrize("hosting", [0.0, 0.02])
def test_kinds_beside_all_else_are_those_of_a_second_method(hosting):
    """Hosts on top, or a tax at the till that differs by channel, beside sites, makers, borders."""
    channels = {} if hosting else {"channels": "online"}
    till = np.full((2, 2), 0.1) if hosting else np.array([[0.0, 0.1], [0.0, 0.1]])
    added = [bound(0.2), mech.Sourcing(penalty={SERVICES: 1.3}), HALVES]
    added += [mech.Tax("till", 0.1, buyers="households", proceeds=LOVED, **channels)]
    added += [mech.Platforms(marginal_cost=hosting)] if hosting else []
    kinds = mech.Workers(skilled=0.35, skill=[0.2, 0.6])
    model = economy(8, remote_labour_share=[0.2, 0.5]).with_mechanisms(kinds, *added)
    worst = reference_workers.violation(
        nege.solve(model),
        **{"skilled": 0.35, "skill": np.array([0.2, 0.6])},
        site=(1, 0.2, np.array([0.1, 0.2, 0.3, 0.4])),
        penalty=np.array([[np.inf, np.inf], [1.3, 1.3]]),
        eta=4.0,
        group=np.array([0, 0, 1, 1]),
        **{"till": till, "public": (LOVED.worth, LOVED.rivalry), "hosting": hosting},
    )
    assert worst <= 1e-10


def test_each_kind_is_in_every_jurisdiction_that_nobody_leaves():
    data = beside("apart").data
    odds = data["workers.odds"].values
    skilled = data.population.values * odds / (1.0 + odds)
    np.testing.assert_allclose(skilled.reshape(2, 2).sum(1), 0.3 * np.full(2, 0.5), rtol=1e-10)
    assert np.ptp(odds[:2]) > 0.01  # inside one they are where each would rather be
    # Public money is worth the same to a head of either kind (policy.md 1.4).
    head, each = data.population.values, data.revenue.sel(wedge="t").values.repeat(2) / 0.5
    what = data.wage.values / (1.0 - data.remote_share.values) ** (1.0 / 6.0)
    simple, share = data["workers.unskilled_wage"].values, odds / (1.0 + odds)
    rest = (
        data.income.values / head - share * what - (1.0 - share) * simple + 1.2 * each * head**0.5
    )
    ratio = data.real_income.values[0] / data.real_income.values[1]
    np.testing.assert_allclose(ratio, (what + rest) / (simple + rest), rtol=1e-10)


OFF_BESIDE = {
    "site_bound": [bound(0.0)],
    "sourcing": [mech.Sourcing()],
    "platforms": [mech.Platforms()],
    "no data": [mech.DataEconomy(fixed_cost=0.1)],
    "hoarded data": [mech.DataEconomy.hoarded(weight=0.1, fixed_cost=0.1)],
    "one nation": [mech.Jurisdictions(movement="within")],
    "open borders": [HALVES.replace(movement="everywhere", land="everyone")],
    "no tax": [mech.Tax("t", 0.0, buyers="households", channels="online", proceeds=LOVED)],
}


def test_what_is_off_is_off_beside_kinds_of_workers_too():
    plain = beside().data
    for name, off in OFF_BESIDE.items():
        data = nege.solve(beside().model.with_mechanisms(*off)).data
        for each in ("total_cost", "population", "wage", "real_income", "worker_welfare"):
            np.testing.assert_allclose(
                data[each], plain[each], rtol=1e-10, atol=1e-14, err_msg=name
            )


def test_who_gains_is_drawn_for_each_kind_in_each_place():
    before, after = beside().data.real_income, beside("retail").data.real_income
    ax = objectives.gains(after, before)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert sorted(names) == [f"{who}, {place}" for who in KINDS for place in "0123"]
    at = {"worker": "unskilled", "place": "2"}
    bar = ax.patches[names.index("unskilled, 2")].get_width()
    assert bar == pytest.approx(100.0 * float(after.sel(at) / before.sel(at) - 1.0))


def test_subsidies_that_leave_the_unskilled_nothing_are_named_with_their_place():
    found = beside("borders")
    kinds = found.model.mechanisms["workers"]
    assert not kinds.remark(found.data)
    gone = found.data.assign(income=found.data.income * np.array([1.0, 1.0, 1e-3, np.nan]))
    assert "unskilled residents of 2 and 3 earn" in kinds.remark(gone)


def test_welfare_of_a_kind_can_be_what_a_policy_is_for():
    found = beside("retail")
    for i, who in enumerate(KINDS):
        known = float(found.data.worker_welfare[i])
        assert target(found.model, f"welfare.{who}").of(found) == known
    both = found.data.worker_welfare.values
    assert float(found.data.welfare) == pytest.approx(both[0] ** 0.3 * both[1] ** 0.7, rel=1e-10)


def test_remote_work_is_of_the_skilled():
    parts = mech.Workers(), mech.Matching(vacancy_cost=0.1, remote_vacancy_cost=0.05)
    found = nege.solve(economy(8, remote_labour_share=[0.2, 0.5]).with_mechanisms(*parts))
    nege.testing.assert_equilibrium(found)
    data, odds = found.data, found.data["workers.odds"]
    what = data.wage / (1.0 - data.remote_share) ** (1.0 / 6.0)
    skilled = float((data.population * odds / (1.0 + odds) * what).sum())
    simple = float((data.population / (1.0 + odds) * data["workers.unskilled_wage"]).sum())
    assert skilled + simple == pytest.approx(1.0, abs=1e-10)
    assert float(data.remote_share.min()) > 0.0


# --- all of them -------------------------------------------------------------------------------


@pytest.mark.draws
@pytest.mark.parametrize("seed", range(draws_mechanisms.COUNT // 40))
def test_random_economies_with_random_mechanisms_are_solved_and_audited(seed):
    draws_mechanisms.check(seed)


@pytest.mark.draws
def test_in_units_of_tables_at_random_economies_start_where_they_do_in_their_own():
    for seed in range(draws_units.COUNT // 10):
        draws_units.check_start(seed)


@pytest.mark.draws
@pytest.mark.parametrize("seed", range(draws_units.COUNT // 40))
def test_in_units_of_tables_at_random_economies_have_the_same_shares(seed):
    draws_units.check(seed)


def test_land_that_landlords_own_and_productivity_are_in_units_of_tables():
    """Hectares of places, and firms' output in thousands: prices of one were no start."""
    land, able = np.array([100.0, 200.0, 300.0, 103.0]), np.array([[30.0], [45.0]])
    own = nege.OnlineAgglomeration(
        land=land / 703.0,
        productivity=np.ones((2, 4)),
        mechanisms=[mech.Jurisdictions("places", land="place")],
    )
    raw = own.replace(land=land, productivity=able * np.ones(4))
    here, there = nege.solve(own), nege.solve(raw)
    np.testing.assert_allclose(there.data.population, here.data.population, rtol=1e-8)
    np.testing.assert_allclose(there.data.rent * 703.0, here.data.rent, rtol=1e-8)
    people = here.data.population
    known = (nege.invert(one, population=people).amenity.values for one in (own, raw))
    np.testing.assert_allclose(*known, rtol=1e-8)


# --- finance, as a wedge (11) --------------------------------------------------------------------

LENDING = {"0": 0.02, "1": 0.08, "2": 0.08, "3": 0.08}  # interest by place, offline


@functools.cache
def financed(online, step=8):
    """Sales of services online, what lenders have, welfare and people in the city."""
    by_place = LENDING if online is None else dict.fromkeys(LENDING, online)
    made = [
        mech.Tax(name, rates, base="origin", channels=name, proceeds="everyone")
        for name, rates in (("offline", LENDING), ("online", by_place))
    ]
    found = nege.solve(economy(step).with_mechanisms(mech.Jurisdictions("places"), *made))
    assert found.leading_eigenvalue < 0.0
    data = found.data
    interest = 1.0 + np.array([list(LENDING.values()), list(by_place.values())]).T
    paid = data.total_cost.sel(industry=SERVICES).transpose("place", "channel") * interest
    sales = (paid / np.array([1.0, 0.95])).sum("place").values
    lenders = float(data.revenue.sel(wedge=["offline", "online"]).sum())
    return sales[1] / sales.sum(), float(data.welfare), float(data.population[0]), lenders


def test_finance_has_its_golden_numbers():
    before, after = financed(None), financed(0.01)
    np.testing.assert_allclose(before, (0.70568216, 1.84631053, 0.39062902, 0.09741033), atol=1e-7)
    np.testing.assert_allclose(after, (0.84786799, 1.85979990, 0.35049083, 0.06416764), atol=1e-7)


@pytest.mark.parametrize("step", [7, 8, 9])
def test_claim_11_digital_finance_takes_services_online_and_people_out_of_the_city(step):
    online, _, city, _ = zip(*[financed(rate, step) for rate in (0.05, 0.03, 0.01)], strict=True)
    before = financed(None, step)
    assert rising([before[0], online[-1]])
    assert rising(online)
    assert falling([before[2], city[-1]])
    assert falling(city)


@pytest.mark.parametrize("step", [7, 8, 9])
def test_claim_11_flips_where_credit_online_is_dearer_than_offline(step):
    before, dearer = financed(None, step), financed(0.2, step)
    assert dearer[0] < before[0]
    assert dearer[2] > before[2]
