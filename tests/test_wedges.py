"""Wedges and jurisdictions: golden numbers, theorems T1-T6, Gros, claims 31 and 32, what fails."""

import functools
import math

import numpy as np
import pytest
import xarray as xr
from agglomerations import at, economy
from random_agglomerations import random_model, random_unknowns

import nege
from nege import mechanisms as mech
from nege.geography import equidistant
from nege.models.agglomeration import linear, rest

pytestmark = pytest.mark.closed_form

PLACES = mech.Jurisdictions("places")
NORTH, SOUTH = ["0", "1"], ["2", "3"]
HALVES = mech.Jurisdictions({"north": NORTH, "south": SOUTH})
BLOCS = mech.Jurisdictions({"north": NORTH, "south": SOUTH}, movement="within", land="jurisdiction")
EQUAL = {"platform_owner": [0.25] * 4}
WASTED = mech.PublicGood(worth=0.0)
RETAIL = {"buyers": "households", "proceeds": WASTED}
ONLINE = {"channels": "online"}
PARK = mech.Tax(
    "park", -0.1, base="origin", industries="manufacturing", origins="1", proceeds="everyone"
)
FINANCE = {"base": "origin", "proceeds": "everyone"}
INTEREST = {"0": 0.02, "1": 0.08, "2": 0.08, "3": 0.08}


def solved(step, *mechanisms, **changes):
    found = nege.solve(economy(step, **changes).with_mechanisms(*mechanisms))
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0.0
    return found.data


def raised(data, wedge="t"):
    return data.revenue.sel(wedge=wedge).values


def online(data):
    """Part of services' sales at buyers' prices that is online, by cost and commission."""
    cost = data.total_cost.sel(industry="services").sum("place").values
    return cost[1] / 0.95 / (cost[0] + cost[1] / 0.95)


def living(data, beta=0.15):
    mu = xr.DataArray([0.4675, 0.3825], {"industry": data.industry})
    return (data.household_price_index**mu).prod("industry") * data.rent**beta


def dearer(data):
    """What households' prices of goods are over firms'."""
    mu = xr.DataArray([0.4675, 0.3825], {"industry": data.industry})
    return ((data.household_price_index / data.price_index) ** mu).prod("industry")


# --- off is off, golden numbers -----------------------------------------------------------


def test_rates_of_zero_change_nothing():
    off = [
        *(HALVES, mech.Tax("a", 0.0), mech.Tax("b", 0.0, base="origin"), mech.Security("c")),
        *(mech.Tariff("d", {"north": 0.0}), mech.DigitalServicesTax("e", 0.0, pass_through=1.0)),
        *(mech.Friction("f"), mech.Tax("g", 0.0, channels="offline", **RETAIL)),
    ]
    with_them, plain = solved(8, *off), at(8).data
    for name in plain:
        np.testing.assert_allclose(with_them[name], plain[name], rtol=1e-13, atol=1e-14)
    assert (with_them.revenue[1:] == 0.0).all()
    assert float(with_them.revenue[0].sum()) == pytest.approx(float(plain.commission_revenue))


GOLDEN = {
    "destination, 6": (
        (6, PLACES, mech.Tax("t", 0.1)),
        lambda d: [*raised(d)[:2], d.welfare, d.population[0], *d.real_income[:2]],
        (0.08238769, 0.02967296, 1.77872358, 0.49788292, 1.58354229, 1.32045139),
    ),
    "origin, 6": (
        (6, PLACES, mech.Tax("t", 0.1, base="origin")),
        lambda d: [*raised(d)[:2], d.welfare, d.population[0], *d.real_income[:2]],
        (0.07293061, 0.03282829, 1.77146756, 0.47670770, 1.56570005, 1.32414959),
    ),
    "destination, 8": (
        (8, PLACES, mech.Tax("t", 0.1)),
        lambda d: [*raised(d)[:2], d.welfare, d.population[0], *d.real_income[:2]],
        (0.05982154, 0.03859421, 1.83323993, 0.33969607, 1.53132625, 1.42448018),
    ),
    "origin, 11": (
        (11, PLACES, mech.Tax("t", 0.1, base="origin")),
        lambda d: [*raised(d)[:2], d.welfare, d.population[0], *d.real_income[:2]],
        (0.05175097, 0.04171448, 1.95878656, 0.26641710, 1.57125786, 1.54896560),
    ),
    "online alone, by destination": (
        (8, PLACES, mech.Tax("t", 0.1, **ONLINE)),
        lambda d: [*raised(d)[:2], d.welfare, d.population[0]],
        (0.00211626, 0.00233930, 1.76173313, 0.45657853),
    ),
    "online alone, by headquarters": (
        (8, PLACES, mech.Tax("t", 0.1, collector="0", **ONLINE)),
        lambda d: [*raised(d)[:2], d.welfare, d.population[0], *d.real_income[:2]],
        (0.00919691, 0.0, 1.76720168, 0.48716955, 1.56759116, 1.31652226),
    ),
    "a subsidy": (
        (8, mech.Tax("t", -0.05, industries="services", proceeds="everyone", **ONLINE)),
        lambda d: [-raised(d).sum(), d.dividend, d.welfare],
        (0.04032103, 0.40105811, 1.89739869),
    ),
    "a park at 11": (
        (11, PARK),
        lambda d: [-raised(d, "park").sum(), d.welfare, *d.real_income[:3]],
        (0.04343011, 1.99081631, 1.58189120, 1.58814175, 1.57511422),
    ),
    "a park at 6": (
        (6, PARK),
        lambda d: [-raised(d, "park").sum(), d.welfare, *d.real_income[:3]],
        (0.03918935, 1.83396759, 1.65774004, 1.37454281, 1.31940748),
    ),
    "interest": (
        (8, mech.Tax("t", INTEREST, **FINANCE)),
        lambda d: [raised(d).sum(), d.welfare, d.population[0]],
        (0.09741033, 1.84631053, 0.39062902),
    ),
    "digital finance": (
        (
            *(8, mech.Tax("t", INTEREST, channels="offline", **FINANCE)),
            mech.Tax("u", 0.01, **ONLINE, **FINANCE),
        ),
        lambda d: [raised(d).sum() + raised(d, "u").sum(), d.welfare, d.population[0]],
        (0.06416764, 1.85979990, 0.35049083),
    ),
    "a tax of platforms that is passed on": (
        (8, PLACES, mech.DigitalServicesTax("t", 0.03, pass_through=1.0)),
        lambda d: [*raised(d)[:2], raised(d, "commission").sum(), d.welfare],
        (0.00029069, 0.00023389, 0.03208651, 1.87343161),
    ),
    "a border": (
        (
            *(3, HALVES),
            mech.Friction("t", 1.2, crossing="border", industries="services", channels="offline"),
        ),
        lambda d: [d.welfare],
        (1.64754989,),
    ),
    "steering": (
        (8, mech.Friction("t", 1.05, origins=["1", "2", "3"], **ONLINE)),
        lambda d: [d.welfare, d.real_income[0]],
        (1.84461023, 1.57645242),
    ),
    "groups": (
        (8, PLACES, mech.Tax("t", 0.1)),
        lambda d: d.group_income,
        (0.88219385, 0.39392533, 0.02937246, 0.15528373),
    ),
    "groups without": (
        (8, PLACES),
        lambda d: d.group_income,
        (1.03500585, 0.42785653, 0.03362088, 0.0),
    ),
    "retail tax": (
        (8, PLACES, mech.Tax("t", 0.1, **RETAIL)),
        lambda d: [(raised(d) / living(d)).sum()],
        (0.11521095,),
    ),
    "retail tax online": (
        (8, PLACES, mech.Tax("t", 0.1, **ONLINE, **RETAIL)),
        lambda d: [(raised(d) / living(d)).sum()],
        (0.01558933,),
    ),
    "digital tariff": (
        (15, BLOCS, mech.Tariff("t", {"north": 0.09740246}, **ONLINE)),
        lambda d: [raised(d)[0], *d.jurisdiction_welfare],
        (0.03370369, 2.06081058, 1.93842516),
    ),
    "tariff": (
        (15, BLOCS, mech.Tariff("t", {"north": 0.21660092})),
        lambda d: [raised(d)[0], *d.jurisdiction_welfare],
        (0.06725074, 2.08239531, 1.87992240),
    ),
    "tariffs of both": (
        (15, BLOCS, mech.Tariff("t", {"north": 0.09009619, "south": 0.06637254}, **ONLINE)),
        lambda d: [*raised(d), *d.jurisdiction_welfare],
        (0.02860093, 0.02083845, 2.01567861, 1.95027364),
    ),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_golden_numbers(case):
    (step, *mechanisms), numbers, known = GOLDEN[case]
    data = solved(step, *mechanisms, **(EQUAL if BLOCS in mechanisms else {}))
    np.testing.assert_allclose(np.array(numbers(data), dtype=float), known, atol=1e-7)


# --- theorems -----------------------------------------------------------------------------


def test_t1_what_is_not_declared_is_a_lower_rate():
    leaking = mech.Tax("t", 0.1, leak=0.3, intangible={"services": 0.5})
    lower = (
        mech.Tax("t", 0.07, industries="manufacturing"),
        mech.Tax("u", 0.035, industries="services"),
    )
    data, known = solved(8, leaking), solved(8, *lower)
    np.testing.assert_allclose(data.total_cost, known.total_cost, rtol=1e-10)
    assert raised(data).sum() == pytest.approx(raised(known).sum() + raised(known, "u").sum())


def test_t1_what_sellers_collect_and_keep_is_a_lower_rate():
    """Of a tax t a part l is kept: buyers pay (1+t)/(1+lt) = 1 + t (1-l)/(1+lt), by free entry.

    Sellers then post a price 1+lt below what they have of it, by a subsidy that is paid out of the
    tax; what is left of the two is the revenue.
    """
    t, kept = 0.2, 0.3
    own = mech.Tax("own", 1.0 / (1.0 + kept * t) - 1.0, channels="online")
    both = solved(8, PLACES, own, mech.Tax("t", t, channels="online"))
    rate = t * (1.0 - kept) / (1.0 + kept * t)
    one = solved(8, PLACES, mech.Tax("t", rate, channels="online"))
    for name in ("firm_mass", "population", "wage", "real_income"):
        np.testing.assert_allclose(both[name], one[name], rtol=1e-9)
    np.testing.assert_allclose(raised(both) + raised(both, "own"), raised(one), rtol=1e-9)
    assert rate < t * (1.0 - kept)  # of what is not declared nothing is passed on
    assert (raised(one) > 0.0).all()


@pytest.mark.parametrize("step", [0, 6, 11])
def test_t2_a_place_sells_more_than_it_buys_by_its_rents_and_commission_less_its_dividend(step):
    data = solved(step, mech.Jurisdictions())
    online = data.total_cost.sel(channel="online").sum("industry")
    paid = data.rent / 4.0 + 0.05 / 0.95 * online - data.population * data.dividend
    np.testing.assert_allclose(data.trade_balance, paid, atol=1e-13)


RATES = {"0": 0.2, "1": 0.05, "2": 0.1, "3": 0.0}


def test_trade_of_countries_is_what_their_buyers_spend_on_each_others_goods():
    """In the limit with closed forms: Armington, with a tariff that buyers pay."""
    data = armington(1.5, 0.3, 0.267501, 0.0)
    own = [own_share(data, "0", 0.267501, 1.5), own_share(data, "1", 0.0, 1.5)]
    shares = [[own[0], 1.0 - own[1]], [1.0 - own[0], own[1]]]
    np.testing.assert_allclose(data.trade, shares * data.income.values, rtol=1e-11)


def test_t3_the_base_does_not_matter_where_land_and_revenue_are_local_without_commission():
    local = mech.Jurisdictions("places", land="place")

    def both(**changes):
        bases = ("origin", "destination")
        return [solved(8, local, mech.Tax("t", RATES, base=base), **changes) for base in bases]

    origin, destination = both(commission=0.0)
    np.testing.assert_allclose(origin.real_income, destination.real_income, rtol=1e-12)
    np.testing.assert_allclose(origin.population, destination.population, rtol=1e-12)
    real = [raised(data) / living(data) for data in (origin, destination)]
    np.testing.assert_allclose(*real, atol=1e-13)
    ratio = destination.wage / origin.wage / (1.0 + np.array([*RATES.values()]))
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-12)
    assert abs(float(origin.dividend)) < 1e-14
    origin, destination = both()
    apart = float(abs(origin.real_income - destination.real_income).max())
    assert apart == pytest.approx(0.00340493, abs=1e-7)


@pytest.mark.parametrize("commission", [0.0, 0.05])
def test_t4_a_tax_on_all_that_households_buy_spent_where_it_is_raised_is_neutral(commission):
    every = ["manufacturing", "services", "housing"]
    taxed = solved(8, PLACES, mech.Tax("t", 0.1, industries=every, **RETAIL), commission=commission)
    plain = solved(8, PLACES, commission=commission)
    np.testing.assert_allclose(taxed.total_cost, plain.total_cost, rtol=1e-11)
    np.testing.assert_allclose(taxed.population, plain.population, rtol=1e-12)
    np.testing.assert_allclose(taxed.living_cost, 1.1**0.15 * living(taxed), rtol=1e-12)
    assert float(taxed.welfare / plain.welfare) == pytest.approx(1.0 / 1.1, rel=1e-12)
    private = solved(8, PLACES, mech.Tax("t", 0.1, industries=every, buyers="households"))
    as_good = mech.Tax("t", 0.1, industries=every, **{**RETAIL, "proceeds": mech.PublicGood()})
    np.testing.assert_allclose(solved(8, PLACES, as_good).welfare, private.welfare, rtol=1e-12)


def test_t6_a_tax_on_platforms_that_is_not_passed_on_is_a_transfer():
    data, plain = solved(8, PLACES, mech.DigitalServicesTax("t", 0.03)), at(8).data
    assert float(data.welfare) == pytest.approx(1.87464832, abs=1e-7)
    assert float(data.welfare - plain.welfare) == pytest.approx(1.1e-6, abs=1e-7)
    owned = {"platform_owner": [0.7, 0.1, 0.1, 0.1]}
    taken = solved(8, PLACES, mech.DigitalServicesTax("t", 0.2, proceeds="owners"), **owned)
    np.testing.assert_allclose(taken.welfare, solved(8, PLACES, **owned).welfare, rtol=1e-11)


# --- Gros ---------------------------------------------------------------------------------

TWO = mech.Jurisdictions({"home": ["0"], "foreign": ["1"]}, movement="within")
ARMINGTON = {
    **{"industries": ["one"], "sigma": 5.0, "variety": 1.0, "consumption": 1.0, "housing": 0.0},
    **{"inputs": 0.0, "land_share": 0.0, "spillover": 0.0, "commission": 0.0, "search_cost": 0.0},
    **{"digital_cost": 1e6, "digitisability": 0.0, "migration_elasticity": 0.0},
}


@functools.cache
def armington(iceberg, home, tariff, foreign):
    rates = mech.Tariff("t", {"home": tariff, "foreign": foreign})
    model = nege.OnlineAgglomeration(
        equidistant(2),
        **ARMINGTON,
        transport_cost=math.log(iceberg),
        home_weight=[home, 1.0 - home],
        mechanisms=[TWO, rates],
    )
    found = nege.solve(model)
    nege.testing.assert_equilibrium(found)
    return found.data


def own_share(data, place, tariff, iceberg):
    """Part of what a place buys that is its own, at its prices."""
    other = "1" if place == "0" else "0"
    own = float(data.wage.sel(place=place)) ** -4.0 * float(data.population.sel(place=place))
    foreign = float(data.wage.sel(place=other)) * iceberg * (1.0 + tariff)
    theirs = foreign**-4.0 * float(data.population.sel(place=other))
    return own / (own + theirs)


@pytest.mark.parametrize(
    ("iceberg", "home", "tariff", "foreign", "own", "welfare"),
    [
        (1.5, 0.5, 0.27877658, 0.0, 0.89677547, (0.88814688, 0.86411505)),
        (1.2, 0.5, 0.31649761, 0.0, None, (0.94772251, 0.89196971)),
        (1.5, 0.3, 0.26750100, 0.0, 0.93457594, (0.80742112, 0.93029537)),
        (1.5, 0.7, 0.29673245, 0.0, 0.84250982, (0.94600645, 0.77247880)),
        (1.5, 0.3, 0.25870102, 0.3, None, None),
        (1.2, 0.5, 0.28448077, 0.28448077, None, (0.90609505, 0.90609505)),
    ],
)
def test_the_tariff_of_gros_and_the_best_response(iceberg, home, tariff, foreign, own, welfare):
    data = armington(iceberg, home, tariff, foreign)
    share = own_share(data, "1", foreign, iceberg)
    best = (1.0 - foreign / (1.0 + foreign) * (1.0 - share)) / (4.0 * share)
    assert best == pytest.approx(tariff, abs=1e-7)
    if own is not None:
        assert share == pytest.approx(own, abs=1e-7)
    if welfare is not None:
        np.testing.assert_allclose(data.jurisdiction_welfare, welfare, atol=1e-7)
    beside = [armington(iceberg, home, tariff + h, foreign) for h in (-1e-3, 1e-3)]
    low, high = (float(one.jurisdiction_welfare[0]) for one in beside)
    assert abs(high - low) < 1e-6
    assert max(low, high) < float(data.jurisdiction_welfare[0])


# --- everything at once: audit, Walras, derivatives ----------------------------------------


def many(*left_out, services="services"):
    """Wedges of every form, with jurisdictions of one place and of several."""
    every = [
        mech.Jurisdictions(
            {"north": NORTH, "s": ["2"], "e": ["3"]}, movement="within", land="jurisdiction"
        ),
        mech.Tax("by_buyer", {"north": 0.1, "s": 0.05}),
        mech.Tax("by_seller", {"north": 0.02, "s": -0.05}, base="origin", proceeds=LOVED),
        mech.Tariff("tariff", {"north": 0.1, "e": 0.05}, channels="online"),
        mech.DigitalServicesTax("platforms", 0.1, pass_through=0.5),
        mech.Tax("till", {"north": 0.1, "s": 0.03}, **{**RETAIL, "proceeds": LOVED}, leak=0.3),
        mech.Tax(
            *("rents", 0.1),
            **{"industries": ["housing", services], "buyers": "households"},
            proceeds="owners",
        ),
        mech.Tax("pairs", 0.03, collector="2", origins=["0", "3"], destinations=["1", "2"]),
        mech.Tax("all", 0.02, base="origin", proceeds="everyone"),
        mech.Friction("border", 1.1, crossing="border"),
        mech.Security("cyber", 0.02, across_borders=0.05),
    ]
    return [one for one in every if one.name not in left_out]


LOVED = mech.PublicGood(worth=1.2, rivalry=0.3)
OWNED = {"platform_owner": [0.5, 0.2, 0.2, 0.1], "remote_labour_share": [0.2, 0.5]}


@functools.cache
def everything():
    return nege.solve(economy(9, **OWNED).with_mechanisms(*many()))


def test_all_money_between_firms_and_buyers_is_somebodys():
    found = everything()
    nege.testing.assert_equilibrium(found)
    data = found.data
    pooled = raised(data, "all").sum()  # all else, land and commission included, has an owner
    assert abs(float(data.dividend) - pooled) < 1e-12
    assert float(abs(data.trade_balance.sum())) < 1e-13
    balance = data.trade.sum("buyer").values - data.trade.sum("seller").values
    places = data.trade_balance.values
    np.testing.assert_allclose(balance, [places[:2].sum(), *places[2:]], atol=1e-13)
    plain = solved(9, mech.Jurisdictions(), mech.Tax("t", 0.1, proceeds="everyone"))
    known = plain.rent.sum() / 4.0 + plain.revenue.sum()
    assert abs(float(plain.dividend - known)) < 1e-12
    np.testing.assert_allclose(data.population[:2].sum(), 0.5, rtol=1e-13)  # who stays in the north


@pytest.mark.parametrize(
    "name",
    [
        *("revenue", "trade", "trade_balance", "jurisdiction_welfare", "household_price_index"),
        *("group_income", "living_cost"),
    ],
)
def test_the_audit_sees_what_is_wrong_in_results(name):
    found = everything()
    wrong = found.data.copy(deep=True)
    wrong[name][..., 0] += 1e-6
    broken = found.model.audit(wrong)
    assert max(found.model.audit(found.data).values()) < 1e-10
    assert max(broken.values()) > 1e-7


def test_derivatives_of_a_chain_and_solves_without_the_matrix():
    places = [str(i) for i in range(6)]
    parts = [one for one in many("cyber", services="industry 1") if one.name != "jurisdictions"]
    blocs = mech.Jurisdictions(
        {"north": places[:3], "s": places[3:5], "e": places[5:]},
        **{"movement": "within", "land": "jurisdiction"},
    )
    model = random_model(5, places=6, mechanisms=[blocs, *parts])
    model = model.replace(platform_owner=np.arange(1.0, 7.0) / 21.0)
    x = random_unknowns(model, 3)
    order = model._unknowns
    first = order.to.shared * 6
    pots = order.to.remote - order.to.shared
    x[first : first + pots] = 0.01 * np.arange(1, pots + 1)
    search = rest._RestPointSearch(model.arrays, model.geography.names, nege.SolverOptions())
    dense, krylov = (
        kind(model.arrays, search.moving) for kind in (linear.DenseSystem, linear.KrylovSystem)
    )
    excess = dense.linearise(x)
    assert np.isfinite(excess).all()
    np.testing.assert_array_equal(krylov.linearise(x), excess)
    jacobian = dense.jacobian.copy()
    for j in range(0, x.size, 4):
        step = 1e-6 * np.eye(x.size)[j]
        slope = (dense.evaluate(x + step) - dense.evaluate(x - step)) / 2e-6
        np.testing.assert_allclose(jacobian[:, j], slope, atol=1e-6 * max(1.0, abs(slope).max()))
    v = np.cos(np.arange(x.size))
    np.testing.assert_allclose(krylov.product(v), jacobian @ v, rtol=1e-11, atol=1e-11)


def test_the_order_of_taxes_only_divides_their_revenue():
    first, second = mech.Tax("a", 0.1), mech.Tax("b", RATES, base="origin")
    one, other = solved(8, HALVES, first, second), solved(8, HALVES, second, first)
    assert float(abs(raised(one, "a") - raised(other, "a")).max()) > 1e-4
    pooled = [one.replace(proceeds="everyone") for one in (first, second)]
    one, other = solved(8, *pooled), solved(8, *pooled[::-1])
    np.testing.assert_allclose(one.welfare, other.welfare, rtol=1e-12)
    np.testing.assert_allclose(one.revenue.sum(), other.revenue.sum(), rtol=1e-12)


def test_wedges_go_with_other_mechanisms():
    together = [
        [*many(), mech.DualMode()],
        [*many("pairs", "tariff", "till", "by_seller", "all", "platforms"), mech.Oligopoly()],
        [*many("till", "platforms"), mech.Platforms(marginal_cost=0.01)],
        [
            *(HALVES.replace(land="jurisdiction"), mech.Tax("all", 0.1, proceeds="everyone")),
            *(mech.Tax("b", 0.1, base="origin", channels="online"), mech.Workers()),
        ],
    ]
    for mechanisms in together:
        data = solved(9, *mechanisms, **OWNED)
        pooled = float(raised(data, "all").sum()) if "all" in data.wedge else 0.0
        assert abs(float(data.dividend) - pooled) < 1e-11


# --- claims -------------------------------------------------------------------------------


def test_claim_31a_where_platforms_sit_all_revenue_and_people_go():
    by_buyer, there = (
        solved(11, PLACES, mech.Tax("t", 0.1, collector=place, **ONLINE)) for place in (None, "0")
    )
    np.testing.assert_allclose(raised(by_buyer)[:2], [0.02161820, 0.01882801], atol=1e-7)
    assert (raised(there)[1:] == 0.0).all()
    assert float(there.population[0]) == pytest.approx(0.3440, abs=5e-5)
    assert float(by_buyer.population[0]) == pytest.approx(0.25932053, abs=1e-7)


@pytest.mark.parametrize(
    ("losses", "v", "a", "b", "spent", "ratio"),
    [
        ("exponential", 0.15, 10.0, 1.0, 0.04054651, None),
        ("exponential", 0.15, 20.0, 1.0, 0.05493061, 0.36620410),
        ("exponential", 0.3, 9.0609394281681, 1.0, None, 1.0 / math.e),
        ("gordon-loeb-1", 0.2, 20.0, 3.0, 0.04306048, None),
        ("gordon-loeb-1", 0.2, 20.0, 1.0, None, 0.25),
        ("gordon-loeb-2", 0.2, 20.0, 1.0, 0.05785185, 0.28925927),
        ("gordon-loeb-2", 0.5, 10.0, 1.0, 0.17931617, 0.35863234),
        ("exponential", 0.02, 30.0, 1.0, 0.0, 0.0),
    ],
)
def test_protection_is_what_costs_least_within_the_bound_of_gordon_and_loeb(
    losses, v, a, b, spent, ratio
):
    cyber = mech.Security("c", v, effectiveness=a, losses=losses, curvature=b)
    z, h = cyber.protection()
    if spent is not None:
        assert z == pytest.approx(spent, abs=1e-8)
    if ratio is not None:
        assert z / v == pytest.approx(ratio, abs=1e-8)
    left = {
        "exponential": lambda z: v * np.exp(-a * z),
        "gordon-loeb-1": lambda z: v / (a * z + 1.0) ** b,
        "gordon-loeb-2": lambda z: v ** (a * z + 1.0),
    }[losses]
    grid = np.linspace(0.0, v, 20001)
    assert h == pytest.approx(float(left(z)))
    assert z + h <= (grid + left(grid)).min() + 1e-15
    bound = (b / (b + 1.0)) ** (b + 1.0) if losses == "gordon-loeb-1" else 1.0 / math.e
    assert z <= bound * v + 1e-15


def test_too_little_is_spent_where_others_gain():
    spent = [
        mech.Security("c", 0.3, effectiveness=20.0, external=part).protection()[0]
        for part in (0.5, 0.0)
    ]
    np.testing.assert_allclose(spent, [0.0549, 0.0896], atol=5e-5)


def test_claim_32a_risk_online_sends_people_back_to_the_city():
    every = [solved(8, mech.Security("c", v)) for v in (0.0, 0.02, 0.05, 0.1)]
    welfare = [float(data.welfare) for data in every]
    city = [float(data.population[0]) for data in every]
    np.testing.assert_allclose(welfare, [1.87464724, 1.84530011, 1.80689840, 1.77809201], atol=1e-7)
    np.testing.assert_allclose(city, [0.35905068, 0.37334478, 0.39908297, 0.42646775], atol=1e-7)
    shares = [online(data) for data in every]
    np.testing.assert_allclose(shares, [0.75771984, 0.66538374, 0.50058924, 0.33377473], atol=1e-7)


def test_claim_32c_at_given_prices_risk_across_borders_lowers_the_odds_online_there_alone():
    safe, risky = (
        economy(8).with_mechanisms(HALVES, mech.Security("c", 0.05, across_borders=v))
        for v in (0.05, 0.15)
    )
    home, abroad = (-math.log1p(-sum(mech.Security("c", v).protection())) for v in (0.05, 0.15))
    ratio = risky.arrays.operator.freeness / safe.arrays.operator.freeness
    same = np.arange(4) // 2
    inside = same[:, None] == same
    np.testing.assert_allclose(ratio[:, :, inside], 1.0, rtol=1e-14)
    np.testing.assert_allclose(ratio[:, 0], 1.0, rtol=1e-14)
    np.testing.assert_allclose(ratio[:, 1, ~inside], np.exp(-4.0 * (abroad - home)), rtol=1e-13)


@pytest.mark.parametrize(
    ("commission", "real", "exempt", "rate", "uniform"),
    [
        (0.05, 0.06680986, 1.79753068, 0.05543925, 1.78805549),
        (0.0, 0.06494239, 1.80635225, 0.05323512, 1.81280742),
    ],
)
def test_claim_35_a_uniform_tax_gains_only_where_platforms_take_nothing(
    commission, real, exempt, rate, uniform
):
    for tax, welfare in (
        (mech.Tax("t", 0.1, channels="offline", **RETAIL), exempt),
        (mech.Tax("t", rate, **RETAIL), uniform),
    ):
        data = solved(8, tax, commission=commission)
        assert float(data.welfare) == pytest.approx(welfare, abs=1e-7)
        spent = raised(data).sum() * data.population
        assert float((spent / living(data)).sum()) == pytest.approx(real, abs=1e-7)


def test_claim_21c_flips_where_a_weak_village_dilutes_the_clusters_of_others():
    """Where firms learn much, welfare falls before it rises, as it gets cheaper to sell there."""
    worth = []
    for cost in (2.0, 1.6, 1.3, 1.0):
        village = mech.Access(entry_cost={"services": {"3": {"online": cost}}})
        local = {"variety": (0.8, 0.95), "spillover": (0.06, 0.12)}
        worth.append(float(solved(11, village, **local).welfare))
    np.testing.assert_allclose(worth, [1.898106, 1.895000, 1.900395, 1.927564], atol=1e-6)


@functools.cache
def competitive(step, site, spillover):
    """What the north gains in goods sold, and both in welfare, by a tenth paid to its cluster."""
    every = []
    for rate in (0.0, -0.1):
        park = mech.Tax("park", rate, base="origin", industries="manufacturing", origins=site)
        model = economy(step, **{**EQUAL, "spillover": spillover}).with_mechanisms(BLOCS, park)
        found = nege.solve(model)
        assert found.leading_eigenvalue < 0.0
        every.append(found.data)
    goods = [one.total_cost.sel(industry="manufacturing").sum("channel") for one in every]
    north = [float(one.sel(place=NORTH).sum() / one.sum()) for one in goods]
    welfare = np.log(every[1].jurisdiction_welfare / every[0].jurisdiction_welfare)
    return north[1] - north[0], *welfare.values


@pytest.mark.parametrize("site", ["0", "1"])
@pytest.mark.parametrize("step", [8, 9, 11])
def test_claim_n8_a_cluster_makes_its_country_competitive_if_firms_learn(step, site):
    """It sells more of all goods, gains, and the other loses."""
    for spillover in (0.03, 0.06):
        more, north, south = competitive(step, site, spillover)
        assert more > 0.0
        assert north > 0.0 > south


@pytest.mark.parametrize(
    ("step", "site", "spillover"),
    [(8, "1", 0.0), (9, "1", 0.0), (11, "1", 0.0), (11, "0", 0.0), (3, "1", 0.06)],
)
def test_claim_n8_flips_where_firms_learn_nothing_or_are_best_elsewhere(step, site, spillover):
    """It pays for what it sells more; at 3 the city is the place for goods, not its hinterland."""
    more, north, _ = competitive(step, site, spillover)
    assert more > 0.0 > north


# --- names, files, and what fails ----------------------------------------------------------


def test_rates_by_name_reach_everywhere(tmp_path):
    model = economy(15, **EQUAL).with_mechanisms(
        BLOCS, mech.Tariff("digital", {"north": 0.05}, **ONLINE), mech.Tax("vat", 0.1, **RETAIL)
    )
    changed = model.replace({"digital.rate.north": 0.1, "vat.rate": 0.05})
    np.testing.assert_array_equal(changed.mechanisms["digital"].rate, [0.1, 0.0])
    assert changed.mechanisms["vat"].rate == 0.05
    swept = nege.sweep(model, {"digital.rate.north": [0.0, 0.1], "vat.rate": [0.0, 0.1]})
    assert (swept.status == nege.Status.CONVERGED).all()
    tariff = swept.revenue.sel(wedge="digital", jurisdiction="north").values
    assert (tariff[0] == 0.0).all()
    assert (tariff[1] > 0.02).all()
    found = nege.solve(changed)
    found.to_netcdf(tmp_path / "found.nc")
    again = nege.load(tmp_path / "found.nc")
    xr.testing.assert_identical(again.data, found.data)
    xr.testing.assert_identical(again.model.to_dataset(), changed.to_dataset())
    assert again.model.mechanisms["vat"].proceeds == WASTED
    assert again.model.mechanisms["digital"].channels == ("online",)
    assert nege.stability(again).stable


def test_subsidies_that_nobody_can_pay_are_said_in_words():
    local = mech.Tax("help", -0.7, base="origin", origins="1")
    with pytest.raises(nege.ConvergenceError, match="subsidies exceed what residents of 1 earn"):
        nege.solve(economy(8).with_mechanisms(PLACES, local))
    nation = mech.Tax("help", -0.9)
    with pytest.raises(nege.ConvergenceError, match="residents of nation earn"):
        nege.solve(economy(8).with_mechanisms(nation))


def with_taxes(*mechanisms):
    return nege.OnlineAgglomeration().with_mechanisms(*mechanisms)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: with_taxes(mech.Tax("t", -1.0)), r"t\.rate.*above -1"),
        (lambda: with_taxes(mech.Tax("t", np.nan)), r"t\.rate"),
        (lambda: with_taxes(mech.Tax("t", {"nort": 0.1}), HALVES), "north"),
        (lambda: with_taxes(mech.Tax("t", [0.1, 0.2, 0.3])), r"t\.rate"),
        (lambda: with_taxes(mech.Tax("t", 0.1, industries="service")), "services"),
        (lambda: with_taxes(mech.Tax("t", 0.1, channels=[])), r"t\.channels"),
        (lambda: with_taxes(mech.Tax("t", 0.1, origins="9")), r"t\.origins"),
        (lambda: with_taxes(mech.Tax("t", 0.1, collector="9")), r"t\.collector"),
        (lambda: with_taxes(mech.Tax("t", 0.1, leak={"online": 1.5})), r"t\.leak"),
        (lambda: with_taxes(mech.Tax("t", 0.1, proceeds="resident")), "residents"),
        (lambda: with_taxes(mech.Tax("t", 0.1, industries="housing")), "no rent of housing"),
        (
            lambda: with_taxes(mech.Tax("t", 0.1, buyers="households", origins="1")),
            "Leave origins out",
        ),
        (
            lambda: with_taxes(mech.Tax("t", 0.1, channels="online", **RETAIL), mech.Platforms()),
            "Tax channels alike",
        ),
        (
            lambda: with_taxes(mech.Tax("t", 0.1, **RETAIL), mech.BuyerOnline()),
            "let buyers be 'all'",
        ),
        (lambda: with_taxes(mech.Tariff("t", 0.1)), "several jurisdictions"),
        (lambda: with_taxes(mech.Friction("t", 1.1, crossing="border")), "several jurisdictions"),
        (lambda: with_taxes(HALVES, mech.Tariff("t", 0.1), mech.Oligopoly()), "leave 'oligopoly'"),
        (
            lambda: with_taxes(
                HALVES, mech.DigitalServicesTax("t", {"north": 0.1}, pass_through=1)
            ),
            "pass_through=0",
        ),
        (lambda: with_taxes(mech.DigitalServicesTax("t", 0.99, pass_through=1.0)), "below 1"),
        (
            lambda: with_taxes(
                mech.DigitalServicesTax("t", 0.1, pass_through=1.0), mech.Platforms()
            ),
            "set commissions themselves",
        ),
        (lambda: with_taxes(mech.Jurisdictions({"a": ["0", "1"]})), "as every place is"),
        (lambda: with_taxes(mech.Jurisdictions({"a": ["0", "9"]})), r"members.*'9'"),
        (
            lambda: with_taxes(mech.Jurisdictions({"a": NORTH, "b": [*SOUTH, "1"]})),
            "in 'a' already",
        ),
        (lambda: with_taxes(mech.Jurisdictions("place")), '"places"'),
        (
            lambda: with_taxes(HALVES.replace(movement="within", people={"north": 1.0})),
            r"jurisdictions\.people",
        ),
        (lambda: with_taxes(HALVES, mech.Jurisdictions(name="b")), "there can be one"),
        (lambda: mech.PublicGood(worth=-1.0), "worth"),
        (lambda: mech.PublicGood(rivalry=1.5), "rivalry"),
        (lambda: with_taxes(mech.Security("c", 1.0)), "vulnerability"),
    ],
)
def test_wedges_that_make_no_sense_are_refused_with_a_cure(wrong, said):
    with pytest.raises(nege.InputError, match=said):
        wrong()


# --- what cannot act is refused --------------------------------------------------------------

LOCAL = mech.Jurisdictions("places")
CANNOT_ACT = {  # what is said, and the same where it can act
    "people who move everywhere": (
        lambda: with_taxes(HALVES.replace(people=[0.5, 0.5])),
        r"jurisdictions\.people.*movement='within'",
        lambda: with_taxes(HALVES.replace(people=[0.5, 0.5], movement="within")),
    ),
    "risk at no border": (
        lambda: with_taxes(mech.Security("c", 0.05, across_borders=0.15)),
        r"c\.across_borders.*several jurisdictions",
        lambda: with_taxes(HALVES, mech.Security("c", 0.05, across_borders=0.15)),
    ),
    "curvature of other losses": (
        lambda: with_taxes(mech.Security("c", 0.05, curvature=2.0)),
        r"c\.curvature.*gordon-loeb-1",
        lambda: with_taxes(mech.Security("c", 0.05, curvature=2.0, losses="gordon-loeb-1")),
    ),
    "a leak of housing": (
        lambda: with_taxes(mech.Tax("t", 0.1, industries=["housing"], leak=0.3, **RETAIL)),
        r"t\.leak.*one tax on housing",
        lambda: with_taxes(mech.Tax("t", 0.1, industries=["services"], leak=0.3, **RETAIL)),
    ),
    "channels of housing": (
        lambda: with_taxes(
            mech.Tax("t", 0.1, industries=["housing", "services"], **ONLINE, **RETAIL)
        ),
        r"t\.channels.*sold in no channel",
        lambda: with_taxes(mech.Tax("t", 0.1, industries="services", **ONLINE, **RETAIL)),
    ),
    "what is intangible of housing": (
        lambda: with_taxes(mech.Tax("t", 0.1, industries="housing", intangible=0.3, **RETAIL)),
        r"t\.intangible.*another on goods",
        lambda: with_taxes(mech.Tax("t", 0.1, industries="services", intangible=0.3, **RETAIL)),
    ),
    "a leak of another channel": (
        lambda: with_taxes(mech.Tax("t", 0.1, channels="online", leak={"offline": 0.3})),
        r"t\.leak.*nothing of 'offline'",
        lambda: with_taxes(mech.Tax("t", 0.1, channels="online", leak=0.3)),
    ),
    "a leak of another channel, as a table": (
        lambda: with_taxes(mech.Tax("t", 0.1, channels="online", leak=[0.3, 0.0])),
        r"t\.leak.*Leave it out",
        lambda: with_taxes(mech.Tax("t", 0.1, channels="online", leak=[0.0, 0.3])),
    ),
    "a leak that is reached later": (
        lambda: with_taxes(mech.Tax("t", 0.1, leak=0.1, **ONLINE)).replace({"t.leak.offline": 0.2}),
        r"t\.leak.*nothing of 'offline'",
        lambda: with_taxes(mech.Tax("t", 0.1, leak=0.1, **ONLINE)).replace({"t.leak.online": 0.2}),
    ),
    "a leak of a tariff on another channel": (
        lambda: with_taxes(HALVES, mech.Tariff("t", 0.1, leak={"offline": 0.3}, **ONLINE)),
        r"t\.leak.*nothing of 'offline'",
        lambda: with_taxes(HALVES, mech.Tariff("t", 0.1, leak={"online": 0.3}, **ONLINE)),
    ),
    "what is intangible of another industry": (
        lambda: with_taxes(
            mech.Tax("t", 0.1, industries="services", intangible={"manufacturing": 0.3})
        ),
        r"t\.intangible.*nothing of 'manufacturing'",
        lambda: with_taxes(mech.Tax("t", 0.1, intangible={"manufacturing": 0.3})),
    ),
    "headquarters in one nation": (
        lambda: with_taxes(mech.Tax("t", 0.1, collector="0")),
        r"t\.collector.*several jurisdictions",
        lambda: with_taxes(LOCAL, mech.Tax("t", 0.1, collector="0")),
    ),
    "a rate of sellers who are not taxed": (
        lambda: with_taxes(HALVES, mech.Tax("t", {"south": 0.1}, base="origin", origins=NORTH)),
        r"t\.rate.*south.*origins are",
        lambda: with_taxes(HALVES, mech.Tax("t", {"north": 0.1}, base="origin", origins="0")),
    ),
    "a rate of buyers who are not taxed": (
        lambda: with_taxes(mech.Tax("t", {"0": 0.1, "1": 0.2}, destinations="1")),
        r"t\.rate.*'0'.*destinations are",
        lambda: with_taxes(mech.Tax("t", {"1": 0.2}, destinations="1")),
    ),
    "a border that nothing crosses": (
        lambda: with_taxes(
            HALVES, mech.Friction("b", 1.2, crossing="border", origins="0", destinations="1")
        ),
        r"b\.origins.*places of other jurisdictions",
        lambda: with_taxes(
            HALVES, mech.Friction("b", 1.2, crossing="border", origins="0", destinations="2")
        ),
    ),
    "a cost of entry that another one says": (
        lambda: with_taxes(mech.Access(entry_cost=1.2), mech.Access("b", entry_cost={"online": 2})),
        r"b\.entry_cost.*'access' says it already",
        lambda: with_taxes(
            mech.Access(entry_cost={"offline": 1.2}), mech.Access("b", entry_cost={"online": 2})
        ),
    ),
    "a jurisdiction that is called as a place of another": (
        lambda: with_taxes(mech.Jurisdictions({"2": NORTH, "3": SOUTH})),
        r"jurisdictions\.members.*another name than a place",
        lambda: with_taxes(mech.Jurisdictions({"0": ["0"], "rest": ["1", *SOUTH]})),
    ),
}


@pytest.mark.parametrize("case", CANNOT_ACT)
def test_what_cannot_act_is_refused_and_is_fine_where_it_can(case):
    wrong, said, right = CANNOT_ACT[case]
    with pytest.raises(nege.InputError, match=said):
        wrong()
    right()


def test_labels_of_two_dimensions_are_refused_where_nothing_says_which_is_meant():
    names = ["services", "b", "c", "d"]
    places = nege.geography.from_distance(1.0 - np.eye(4), names=names)
    village = mech.Access(entry_cost={"services": 1.2})
    with pytest.raises(nege.InputError, match=r"access\.entry_cost.*give a labelled DataArray"):
        nege.OnlineAgglomeration(places, mechanisms=[village])
    said = xr.DataArray([1.2], {"place": ["services"]}, "place")
    model = nege.OnlineAgglomeration(places, mechanisms=[village.replace(entry_cost=said)])
    assert int(model.mechanisms["access"].entry_cost.notnull().sum()) == 4


# --- what is real -----------------------------------------------------------------------------

BESIDE = {  # income of their own, or prices that households do not see
    "sites": mech.SiteBound("manufacturing", share=0.3, stock=[0.1, 0.3, 0.3, 0.3]),
    "kinds of workers": mech.Workers(skilled=0.3, skill=[0.2, 0.6]),
    "buyers online": mech.BuyerOnline(complementarity=0.5, households=0.6),
    "steering": mech.Platforms(
        fixed_cost=0.01, steering=mech.Steering(affiliates=0.3, strength=1.0)
    ),
    "data that are sold": mech.DataEconomy.platform_owned(weight={"services": 0.01}),
    "data that all pay for": mech.DataEconomy.open(
        weight={"services": 0.01}, fixed_cost={"services": 0.01}
    ),
    "few firms": mech.Oligopoly(),
    "both channels": mech.DualMode(),
    "prices that stay": mech.PostedPrices(posted=0.04),
    "make or buy": mech.Sourcing(penalty={"services": 1.3}),
}


LANDS = ("everyone", "jurisdiction", "place")


def _shared(data, rents, half):
    people = data.population.values[half]
    return people / people.sum() * rents.values[half].sum()


@pytest.mark.parametrize(
    ("beside", "land"),
    [(name, LANDS[i % 3]) for i, name in enumerate(BESIDE)]
    + [("sites", land) for land in LANDS[1:]],
)
def test_groups_have_all_that_is_spent_at_one_cost_of_living(beside, land):
    """Walras' identity, income of groups and their sum, from the flows and prices alone."""
    owned = EQUAL if land == "place" else {}
    taxes = mech.Tax("t", 0.1, base="origin"), mech.Tax("u", 0.05, proceeds="everyone")
    data = solved(9, HALVES.replace(land=land), *taxes, BESIDE[beside], **owned)
    mu = xr.DataArray([0.4675, 0.3825], {"industry": data.industry})
    index = data.price_index
    if beside == "buyers online":
        index = index * data["buyer_online.relative_price"] ** 0.6
    if beside == "steering":
        index = index * data.steering_loss
        assert float(data.steering_loss.max()) > 1.01
    price = (index**mu).prod("industry") * data.rent**0.15
    np.testing.assert_allclose(data.living_cost, price, rtol=1e-11)
    assert float(data.group_income.sum()) == pytest.approx(
        float((data.income / price).sum()), rel=1e-11
    )
    rents = data.rent / 4.0
    if beside == "sites":
        rents = rents + data["manufacturing.site_rent"] * BESIDE["sites"].stock
    unowned = float(raised(data, "u").sum()) + (float(rents.sum()) if land == "everyone" else 0.0)
    if not owned:
        unowned += float(data.get("platform_profit", data.commission_revenue).sum())
    if not owned or beside == "data that all pay for":
        unowned += float(data.get("data_profit", xr.DataArray(0.0)).sum())
    assert abs(float(data.dividend) - unowned) < 1e-11
    if land == "jurisdiction":
        mine = np.concatenate([_shared(data, rents, half) for half in (slice(2), slice(2, 4))])
    else:
        mine = rents if land == "place" else data.population * float(rents.sum())
    known = float((mine / price).sum())
    assert float(data.group_income.sel(group="land")) == pytest.approx(known, rel=1e-11)


def test_taxes_on_a_commission_take_less_than_all_of_it():
    both = [mech.DigitalServicesTax("a", 0.6), mech.DigitalServicesTax("b", 0.6)]
    with pytest.raises(nege.InputError, match="less than all of the commission"):
        economy(8).with_mechanisms(*both)
