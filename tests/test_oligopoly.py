"""Few firms (``mechanisms.oligopoly``): brute-force Nash, closed forms, golden numbers, claims."""

import types

import agglomerations
import numpy as np
import own_mechanisms as own
import pytest
import stored_residuals
import xarray as xr
from agglomerations import economy
from random_agglomerations import random_model, random_unknowns
from scipy import optimize

import nege
from nege import mechanisms as mech
from nege.models.agglomeration import equations, layout, linear, rest
from nege.models.agglomeration.mechanisms import oligopoly

pytestmark = pytest.mark.closed_form

S = "services"
SIGMA = 5.0


def few(conduct="cournot", firms_per_mass=50.0, **more):
    return mech.Oligopoly(conduct, firms_per_mass=firms_per_mass, **more)


def solved(step, *mechanisms, **changes):
    found = nege.solve(economy(step, **changes).with_mechanisms(*mechanisms))
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0.0
    return found


# --- off is off -----------------------------------------------------------------------------


def off(spelling, model):
    return {
        "across is sigma, Cournot": few(across=model.sigma),
        "across is sigma, Bertrand": few("bertrand", across=model.sigma),
        "firms without limit": few(firms_per_mass=1e18),
    }[spelling]


SPELLINGS = ["across is sigma, Cournot", "across is sigma, Bertrand", "firms without limit"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_off_the_residual_is_that_of_many_firms_at_48_random_points(spelling):
    stored = np.load(stored_residuals.STORED)["residuals"]
    found = []
    for point in stored_residuals.POINTS:
        model = stored_residuals.economy(*point)
        x = random_unknowns(model, 1000 + point[-1])
        excess = np.empty_like(x)
        equations.evaluate(model.with_mechanisms(off(spelling, model)).arrays, x, excess)
        found.append(excess)
    np.testing.assert_allclose(found, stored, rtol=0.0, atol=1e-13)


def test_off_the_equilibrium_is_that_of_many_firms():
    plain = nege.solve(economy(8)).data
    same = nege.solve(economy(8).with_mechanisms(few(across=SIGMA))).data
    xr.testing.assert_allclose(same[list(plain)], plain, rtol=1e-9)
    np.testing.assert_allclose(same.markup, 1.25, rtol=1e-13)


# --- one market -----------------------------------------------------------------------------


def market(conduct, eta, cost, firms, spending=1.0, nu=1.0):
    """Clear one place's market with groups of firms; the mechanism's own equations, in Python."""
    cost, firms, groups = np.array(cost), np.array(firms, dtype=float), len(cost)
    to = layout.slots(1, quotes=8, notes=4)
    given = types.SimpleNamespace(sigma=xr.DataArray([SIGMA]))
    held = types.SimpleNamespace(across=xr.DataArray([eta]), conduct=conduct)
    bend, pole = (float(one[0]) for one in mech.Oligopoly._conduct(held, given))
    first = {"seller": to.quoted, "buyer": to.quoted + 2, "margin": to.quoted + 4}
    first["passing"] = to.quoted + 6
    m = types.SimpleNamespace(
        sigma=[SIGMA], bend=[bend], pole=[pole], awareness=np.ones((1, 2)), **first
    )
    found = {}

    def over(log_index):
        pairs, met = np.zeros((1, 2, groups, groups)), np.zeros((to.met, groups))
        made = np.zeros((to.made, groups))
        made[m.seller] = made[m.seller + 1] = (1.0 - SIGMA) * np.log(cost)
        made[m.buyer] = made[m.buyer + 1] = (SIGMA - 1.0) * log_index - np.log(nu)
        made[to.supply] = firms * cost ** (1.0 - SIGMA)
        made[to.spent : to.spent + 2, 0] = spending * np.exp((SIGMA - 1.0) * log_index)
        oligopoly._trade(m, to, np.ones((1, 2, groups, groups)), EMPTY, pairs, met, made)
        s = pairs[0, 0, :, 0] * cost ** (1.0 - SIGMA) * np.exp((SIGMA - 1.0) * log_index) / nu
        M = (1.0 - bend * s) / (1.0 - pole * s)
        np.testing.assert_allclose(pairs[0, 0, :, 0], M ** (1.0 - SIGMA), rtol=1e-11)
        brought = to.brought - to.quoted
        supply = firms * cost ** (1.0 - SIGMA)
        found.update(s=s, S=firms * nu * s, markup=SIGMA / (SIGMA - 1.0) * M)
        found["revenue"] = supply * met[to.access]
        found["profit"] = supply * met[brought + m.seller] / SIGMA
        sold = (firms * nu * s).sum()
        through = 1.0 / (
            1.0 + (SIGMA - 1.0) * (pole - bend) * s / ((1 - bend * s) * (1 - pole * s))
        )
        passed = met[brought + m.passing, 0] / met[to.price, 0]
        np.testing.assert_allclose(passed, (firms * nu * s * through).sum() / sold, rtol=1e-10)
        found["competitors"] = met[to.price, 0] / met[brought + m.buyer, 0]
        found["mean markup"] = SIGMA / (SIGMA - 1.0) * met[to.price, 0] / met[brought + m.margin, 0]
        found["index"] = np.exp(log_index)
        return np.log(found["S"].sum())

    optimize.brentq(over, -12.0, 6.0, xtol=1e-15, rtol=1e-15)
    return types.SimpleNamespace(**{name.replace(" ", "_"): value for name, value in found.items()})


EMPTY = np.zeros((0, 0, 0, 0))
NASH = {
    "cournot": [1.82584655, 1.72026508, 1.56820987],
    "bertrand": [1.4278363, 1.37383056, 1.31371086],
}


def first_order(conduct, eta, cost):
    """Return the slopes of profits in each firm's own choice, quantity or price, in logs."""

    def profit(i, z):
        if conduct == "cournot":
            q = np.exp(z)
            total = (q ** ((SIGMA - 1.0) / SIGMA)).sum() ** (SIGMA / (SIGMA - 1.0))
            price = q[i] ** (-1.0 / SIGMA) * total ** (1.0 / SIGMA - 1.0 / eta)
            return (price - cost[i]) * q[i]
        price = np.exp(z)
        index = (price ** (1.0 - SIGMA)).sum() ** (1.0 / (1.0 - SIGMA))
        return (price[i] - cost[i]) * price[i] ** -SIGMA * index ** (SIGMA - eta)

    def slopes(z):
        step = 1e-30j * np.eye(len(cost))
        return [profit(i, z + step[i]).imag / 1e-30 for i in range(len(cost))]

    return slopes


@pytest.mark.parametrize("conduct", NASH)
def test_shares_are_those_of_a_nash_equilibrium_by_brute_force(conduct):
    cost, eta = np.array([1.0, 1.1, 1.3]), 1.2
    found = market(conduct, eta, cost, [1, 1, 1])
    np.testing.assert_allclose(found.markup, NASH[conduct], atol=6e-9)
    # Any level of prices is a market; quantities follow from prices up to a level of demand.
    price = found.markup * cost
    index = (price ** (1.0 - SIGMA)).sum() ** (1.0 / (1.0 - SIGMA))
    chosen = price if conduct == "bertrand" else price**-SIGMA * index ** (SIGMA - eta)
    slopes = first_order(conduct, eta, cost)(np.log(chosen))
    np.testing.assert_allclose(slopes, 0.0, atol=1e-13)


def test_the_mean_cournot_markup_follows_from_concentration_and_bertrands_does_not():
    said = {c: market(c, 1.2, [1.0, 1.1, 1.3], [1, 1, 1]) for c in NASH}
    known = {c: 1.0 / (0.8 - (1.0 / 1.2 - 0.2) / one.competitors) for c, one in said.items()}
    assert said["cournot"].mean_markup == pytest.approx(known["cournot"], rel=1e-12)
    assert said["cournot"].mean_markup == pytest.approx(1.7171479574, abs=6e-11)
    assert said["bertrand"].mean_markup == pytest.approx(1.38318952, abs=6e-9)
    assert known["bertrand"] == pytest.approx(1.74578148, abs=6e-9)


def entry(conduct, eta, nu, f=1.0):
    """Firms that enter one market with spending of one, at a cost of one."""

    def gain(n):
        return float(market(conduct, eta, [1.0], [n], nu=nu).profit[0] * SIGMA - n * f)

    return optimize.brentq(gain, 0.5, 20.0 / f, xtol=1e-14, rtol=1e-14)


@pytest.mark.parametrize(
    ("conduct", "eta", "nu", "firms", "markup"),
    [
        ("cournot", 1.0, 20.0, 23.41640786, 1.30576273),
        ("bertrand", 1.0, 20.0, 20.8, 1.26262626),
        ("cournot", 1.5, 20.0, 22.11060142, 1.28387177),
        ("bertrand", 1.5, 20.0, 20.7, 1.26103405),
        ("cournot", 1.0, 5.0, 7.62347538, 1.43872268),
        ("bertrand", 1.0, 5.0, 5.8, 1.30208333),
        ("cournot", SIGMA, 20.0, 20.0, 1.25),
    ],
)
def test_claim_26_free_entry_in_closed_form(conduct, eta, nu, firms, markup):
    n = entry(conduct, eta, nu)
    kappa = (SIGMA - eta) / (eta * (SIGMA - 1.0))
    known = nu / 2.0 * (1.0 + np.sqrt(1.0 + 4.0 * (SIGMA - 1.0) * kappa / nu))
    if conduct == "bertrand":
        known = nu + 1.0 - eta / SIGMA
    assert nu * n == pytest.approx(known, rel=1e-11)
    assert nu * n == pytest.approx(firms, abs=6e-9)
    assert market(conduct, eta, [1.0], [n], nu=nu).markup[0] == pytest.approx(markup, abs=6e-9)


@pytest.mark.parametrize(("nu", "known"), [(20, -0.87267800), (50, -0.93519414), (5, -0.74397502)])
def test_claim_26_entry_barriers_keep_out_fewer_firms_where_they_are_few(nu, known):
    h = 1e-4
    low, high = (np.log(entry("cournot", 1.0, nu, np.exp(x))) for x in (-h, h))
    elasticity = (high - low) / (2.0 * h)
    assert elasticity == pytest.approx(known, abs=1e-7)
    assert -1.0 < elasticity <= -0.5


def test_claim_28_online_sellers_lower_markups_while_they_are_smaller_than_offline_ones():
    cost = [1.6, 1.3, 1.1, 1.02, 0.9, 0.8]
    known = [1.33099266, 1.30668258, 1.29750259, 1.29634412, 1.29743141, 1.30046618]
    found = [market("cournot", 1.0, [1.0, delta], [8, 20]) for delta in cost]
    np.testing.assert_allclose([one.mean_markup for one in found], known, atol=6e-9)
    smaller = [one.s[1] < one.s[0] for one in found]
    falls = np.diff([one.mean_markup for one in found]) < 0.0
    assert falls.tolist() == smaller[1:]  # from one cost to the next
    np.testing.assert_allclose(found[3].s, [0.0375, 0.0350], atol=5e-5)
    many = [market("cournot", SIGMA, [1.0, delta], [8, 20]).mean_markup for delta in cost]
    np.testing.assert_allclose(many, 1.25, rtol=1e-13)


def test_claim_27_more_rivals_even_out_markups_and_spread_prices():
    markups, prices = [], []
    for firms in (6, 12, 50, 1e4):
        found = market("cournot", 1.0, [1.0, 1.3], [firms / 2.0, firms / 2.0])
        log_markup = np.log(found.markup)
        markups.append(np.std(log_markup))
        prices.append(np.std(log_markup + np.log([1.0, 1.3])))
    np.testing.assert_allclose(markups, [0.05741884, 0.03375118, 0.00923418, 0.00004812], atol=1e-8)
    np.testing.assert_allclose(prices, [0.07376329, 0.09743095, 0.12194795, 0.13113401], atol=1e-8)


@pytest.mark.parametrize("conduct", NASH)
def test_price_indices_fall_faster_with_entry_where_firms_are_few(conduct):
    """With equal firms dln G/dln n is -1/(sigma-1) - dln M/dln s."""
    h = 1e-4
    low, high = (market(conduct, 1.0, [1.0], [12.0 * np.exp(x)]).index for x in (-h, h))
    s = 1.0 / 12.0
    d1, d2 = (0.0, 1.0) if conduct == "cournot" else (0.8, 1.0)
    rise = d2 * s / (1.0 - d2 * s) - d1 * s / (1.0 - d1 * s)
    assert np.log(high / low) / (2.0 * h) == pytest.approx(-0.25 - rise, rel=1e-7)


# --- the whole economy ----------------------------------------------------------------------

#: step, conduct: welfare, goods and services in the city, services online, people in the city;
#: effective competitors and markups of services, in the city and elsewhere
GOLDEN = {
    (0, "cournot"): (
        *(1.60266152, 0.53007716, 0.54847693, 0.00000612, 0.50965832),
        *(32.89980061, 11.77077698, 1.2891852, 1.36605477),
    ),
    (0, "bertrand"): (
        *(1.60697375, 0.52067178, 0.5344192, 0.00000422, 0.49791039),
        *(29.88615148, 9.92510281, 1.25865486, 1.27808967),
    ),
    (6, "cournot"): (
        *(1.83503582, 0.00536072, 0.98267183, 0.05283622, 0.55534035),
        *(50.60465128, 54.34590057, 1.27519925, 1.27343198),
    ),
    (9, "cournot"): (
        *(1.96134047, 0.22756368, 0.39168617, 0.96292794, 0.30527477),
        *(61.88047842, 61.30136209, 1.27053203, 1.27072922),
    ),
    (9, "bertrand"): (
        *(1.96010006, 0.22957795, 0.38874018, 0.96348805, 0.30408161),
        *(59.26384535, 58.72990745, 1.25429164, 1.25433114),
    ),
    (11, "cournot"): (
        *(2.00580958, 0.36932362, 0.19588598, 0.99425753, 0.25653834),
        *(60.04423404, 60.0853278, 1.27117057, 1.27115584),
    ),
    (17, "cournot"): (
        *(2.49949420, 0.34603909, 0.17791601, 0.99402802, 0.23445839),
        *(61.97698595, 62.06920075, 1.27049954, 1.27046858),
    ),
}
#: Markups of goods under Cournot, in the city and elsewhere.
GOODS = {
    0: (1.27825158, 1.28523791),
    6: (1.26807185, 1.27901888),
    9: (1.27703491, 1.28092379),
    11: (1.28059064, 1.27901331),
    17: (1.26645027, 1.26648896),
}


def numbers(found):
    data = found.data
    cost = data.total_cost / data.total_cost.sum(("place", "channel"))
    city = cost.sum("channel").sel(place="0").values
    here = {"industry": S, "place": ["0", "1"]}
    return [
        *(float(data.welfare), *city),
        float(cost.sel(industry=S, channel="online").sum()),
        float(data.population[0]),
        *data.effective_competitors.sel(here).values,
        *data.markup.sel(here).values,
    ]


@pytest.mark.parametrize(("step", "conduct"), GOLDEN)
def test_golden_numbers_of_the_digital_turn(step, conduct):
    found = solved(step, few(conduct))
    np.testing.assert_allclose(numbers(found), GOLDEN[step, conduct], rtol=1e-7, atol=1e-8)
    if conduct == "cournot":
        goods = found.data.markup.sel(industry="manufacturing", place=["0", "1"])
        np.testing.assert_allclose(goods, GOODS[step], atol=1e-7)


def test_market_power_can_raise_welfare_and_lower_it():
    """Entry that steals business brings varieties: many firms are no upper bound."""
    many = {step: float(agglomerations.at(step).data.welfare) for step in (0, 9)}
    assert many[0] == pytest.approx(1.60557060, abs=1e-8)
    assert many[9] == pytest.approx(1.95900487, abs=1e-8)
    assert GOLDEN[0, "cournot"][0] < many[0] < GOLDEN[0, "bertrand"][0]
    assert many[9] < GOLDEN[9, "bertrand"][0] < GOLDEN[9, "cournot"][0]


def test_claim_28_markups_of_services_fall_as_people_go_online_and_those_of_goods_do_not():
    steps = [solved(step, few()).data.markup for step in (0, 6, 11)]
    services = [one.sel(industry=S).values for one in steps]
    assert (services[0] > services[1]).all()
    assert (services[1] > services[2]).all()
    goods = [float(one.sel(industry="manufacturing", place="0")) for one in steps]
    assert goods[2] > goods[1]  # its firms leave the city
    many = [agglomerations.at(step) for step in (0, 6)]
    assert all("markup" not in one.data for one in many)


def test_claim_26_cheaper_entry_brings_firms_and_lower_markups():
    found = [
        solved(9, few(), firm_scale=[[1.0, 1.0], [1.0, scale]]).data for scale in (1.0, 0.8, 0.5)
    ]
    firms = [float(one.firm_mass.sel(industry=S).sum()) for one in found]
    np.testing.assert_allclose(firms, [0.91513027, 1.16246513, 1.94354422], atol=1e-7)
    markup = [float(one.markup.sel(industry=S, place="0")) for one in found]
    np.testing.assert_allclose(markup, [1.2705, 1.2670, 1.2613], atol=6e-5)
    assert (np.diff([float(one.welfare) for one in found]) > 0.0).all()
    np.testing.assert_allclose(found[0].firms, 50.0 * found[0].firm_mass, rtol=1e-14)


def test_claim_27_buyers_who_know_fewer_sellers_pay_higher_markups():
    found = [solved(0, few(awareness=aware)).data for aware in (1.0, 0.8, 0.5)]
    markup = [float(one.markup.sel(industry=S, place="1")) for one in found]
    np.testing.assert_allclose(markup, [1.36605477, 1.39423601, 1.47951791], atol=1e-7)
    at_nine = solved(9, few(awareness=0.8)).data
    assert float(at_nine.welfare) == pytest.approx(1.81591686, abs=1e-7)


def sellers(found, aware, nu=50.0):
    """Return ln markup and ln price of all who sell services, and their shares, by buyer."""
    model = found.model
    p, state = model.arrays, model.state_of(found.data)
    at, to = equations.evaluate(p, state, np.empty_like(state)), p.slots
    free = p.operator.freeness[1]  # (channel, origin, destination)
    log_relative = np.log(at.pairs[1]) / (1.0 - SIGMA)  # M^(1-sigma) is what is kept
    n, cost, net = (at.made[slot + 2 : slot + 4, :, None] for slot in (to.firms, to.cost, to.net))
    log_markup, s = np.log(1.25) + log_relative, -np.expm1(-log_relative)
    price = cost - net + np.log(free) / (1.0 - SIGMA) + log_markup
    share = aware * nu * n ** float(model.variety.sel(industry=S)) * s
    np.testing.assert_allclose(share.sum((0, 1)), 1.0, rtol=1e-8)
    return log_markup, price, share


def spread(values, share, place):
    """Return the sales-weighted standard deviation of what a place's sellers ask."""
    values, share = values[..., place], share[..., place]
    mean = (share * values).sum()
    return np.sqrt((share * (values - mean) ** 2).sum())


def test_claim_27_fewer_sellers_known_spread_markups_and_prices_either_way():
    found = {aware: sellers(solved(0, few(awareness=aware)), aware) for aware in (1.0, 0.8, 0.5)}
    markups = [spread(markup, share, 1) for markup, _, share in found.values()]
    np.testing.assert_allclose(markups, [0.01747197, 0.02240542, 0.03979437], atol=1e-7)
    found = {(0, aware): found[aware] for aware in (0.5, 1.0)}
    found |= {(9, aware): sellers(solved(9, few(awareness=aware)), aware) for aware in (0.5, 1.0)}
    known = {
        (0, 1): (0.24826578, 0.22695892),  # outside the city prices converge
        (9, 1): (0.04034386, 0.04081364),
        (0, 0): (0.05458627, 0.05326108),
        (9, 0): (0.03299256, 0.03391130),
    }
    for (step, place), spreads in known.items():
        here = [found[step, aware] for aware in (0.5, 1.0)]
        prices = [spread(price, share, place) for _, price, share in here]
        np.testing.assert_allclose(prices, spreads, atol=1e-7)


def test_parameters_are_swept_varied_and_stored_like_others(tmp_path):
    model = economy(6).with_mechanisms(few("bertrand"))
    swept = nege.sweep(model, {"oligopoly.firms_per_mass": [20.0, 50.0, 200.0]})
    assert (swept.status == nege.Status.CONVERGED).all()
    assert (swept.markup.diff("oligopoly.firms_per_mass") < 0.0).all()
    less_aware = model.replace({"oligopoly.awareness.services.online": 0.5})
    assert float(less_aware.mechanisms["oligopoly"].awareness[1, 1]) == 0.5
    found = nege.solve(less_aware)
    assert found.data.firms.dims == ("industry", "place", "channel")
    found.to_netcdf(tmp_path / "few.nc")
    again = nege.load(tmp_path / "few.nc")
    assert again.model.mechanisms["oligopoly"].conduct == "bertrand"
    xr.testing.assert_identical(again.data, found.data)
    nege.testing.assert_equilibrium(again)


# --- derivatives, many places, other mechanisms ----------------------------------------------


@pytest.mark.parametrize("conduct", NASH)
@pytest.mark.parametrize("taxes", [[], [own.BySum(rate=0.2), own.Border(melts="taken")]])
def test_derivatives_are_those_of_the_equations_with_the_matrix_and_without(conduct, taxes):
    one = few(conduct, firms_per_mass=3.0, across=1.2, awareness={"online": 0.6, "offline": 1.0})
    model = random_model(5, places=5, mechanisms=[one, *taxes])
    x = random_unknowns(model, 3)
    search = rest._RestPointSearch(model.arrays, model.geography.names, nege.SolverOptions())
    dense, krylov = (
        kind(model.arrays, search.moving) for kind in (linear.DenseSystem, linear.KrylovSystem)
    )
    excess = dense.linearise(x)
    assert dense.at.pairs.min() < 0.7
    np.testing.assert_array_equal(krylov.linearise(x), excess)
    jacobian = dense.jacobian.copy()
    for j in range(0, x.size, 3):
        step = 1e-5 * np.eye(x.size)[j]
        near, far = (dense.evaluate(x + h * step) - dense.evaluate(x - h * step) for h in (1, 2))
        slope = (8.0 * near - far) / 12e-5
        np.testing.assert_allclose(jacobian[:, j], slope, atol=1e-8 * max(1.0, abs(slope).max()))
    v = np.cos(np.arange(x.size))
    np.testing.assert_allclose(krylov.product(v), jacobian @ v, rtol=1e-11, atol=1e-11)
    right = dense.solve(1.0, search.absent, excess)
    left = krylov.solve(1.0, search.absent, excess)
    np.testing.assert_allclose(left, right, atol=1e-6 * np.max(np.abs(right)))


@pytest.mark.parametrize("seed", range(8))
def test_random_economies_are_solved_and_audited_with_few_firms(seed):
    rng = np.random.default_rng(seed)
    one = few(
        ["cournot", "bertrand"][seed % 2],
        firms_per_mass=np.exp(rng.uniform(2.0, 6.0)),
        across=rng.uniform(1.0, 1.5),
        awareness={"offline": 1.0, "online": rng.uniform(0.5, 1.0)},
    )
    model = random_model(seed, places=3 + seed % 3, mechanisms=[one])
    found = nege.solve(model)
    assert found.converged, found.status
    nege.testing.assert_equilibrium(found)
    assert (found.data.effective_competitors > 1.0).all()
    assert (found.data.markup >= model.sigma / (model.sigma - 1.0)).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"variety": 1.0},
        {"remote_labour_share": [0.2, 0.5], "diversity": 0.03},
        {"platform_owner": [1.0, 0.0, 0.0, 0.0], "commission": 0.2},
    ],
    ids=str,
)
def test_corners_remote_work_and_owners_go_with_few_firms(changes):
    found = solved(9, few(), mech.Matching(vacancy_cost=0.05), own.BySum(rate=0.1), **changes)
    assert (found.data.markup > 1.25).all()


def test_twenty_places_are_solved_without_the_matrix():
    model = nege.OnlineAgglomeration(nege.geography.line(20), mechanisms=[few()])
    found = nege.solve(model.replace(digital_cost=1.5, productivity=1.0))
    assert found.converged
    nege.testing.assert_equilibrium(found)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: few("stackelberg"), "cournot"),
        (lambda: few(firms_per_mass=0.0), "firms_per_mass"),
        (lambda: few(across=0.9), "across"),
        (lambda: few(across=5.5), "at most sigma"),
        (lambda: few(awareness=0.0), "awareness"),
        (lambda: few(awareness={"onlin": 0.5}), "online"),
        (lambda: [few(), mech.DualMode()], "dual_mode"),
        (lambda: [few(), mech.Oligopoly(name="other")], "there can be one"),
    ],
)
def test_bad_numbers_are_refused_by_name_with_a_cure(wrong, said):
    with pytest.raises(nege.InputError, match=said):
        nege.OnlineAgglomeration(mechanisms=wrong())


def test_less_than_one_firm_does_not_pass_the_audit():
    found = nege.solve(economy(0).with_mechanisms(few(firms_per_mass=1.0, across=3.0)))
    assert found.model.audit(found.data)["at least one firm"] > 1e-3
