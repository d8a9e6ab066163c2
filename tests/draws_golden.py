"""Numbers that policy.md and lock_in.md print and no other test has, each to its last digit.

Figures are strings as printed, and have to be met to half a unit of their last digit; what is
printed of a root is met where its slope changes sign within one. Each economy is solved once.
Sales by pair of places are put into plain NumPy, apart from the kernels. All of them for
``python -m benchmarks verify``; the suite takes ``POLICY``, and some of the rest.

Where there was a choice, the figures say which: lock_in.md's fifths of a step move digital cost
in logs and all else in levels; exit where prices follow begins along steps of .01, by which
sellers have gone offline before, for good.
"""

import functools

import numpy as np
import reference_lock_in
import test_small_mechanisms as small
import xarray as xr
from agglomerations import economy
from test_wedges import ARMINGTON, TWO, armington, own_share

import nege
from nege import mechanisms as mech
from nege.geography import equidistant
from nege.models.agglomeration.mechanisms import matching
from nege.policy import cost_of_funds
from nege.solver_options import Replicator, SolverOptions
from nege.studies.policy_objectives import target
from nege.studies.policy_points import PolicyPoints

GOODS, SERVICES = small.GOODS, small.SERVICES
NORTH, SOUTH = ["0", "1"], ["2", "3"]
PLACES = mech.Jurisdictions("places")
HALVES = mech.Jurisdictions({"north": NORTH, "south": SOUTH})
BLOCS = HALVES.replace(movement="within", land="jurisdiction", people=[0.5, 0.5])
EQUAL = {"platform_owner": [0.25] * 4}
RETAIL = {"buyers": "households", "proceeds": mech.PublicGood(worth=0.0)}
ONLINE = {"channels": "online"}
BORDER = mech.Friction("b", 1.2, crossing="border", industries=SERVICES, channels="offline")
STEERED = mech.Friction("b", 1.05, origins=["1", "2", "3"], **ONLINE)
PARK = mech.Tax("p", -0.1, base="origin", industries=GOODS, origins="1", proceeds="everyone")
NORTHS = np.arange(4) // 2
INSIDE = NORTHS[:, None] == NORTHS


def met(found, printed, units=0.51):
    """Numbers are what is printed, to half a unit of each last digit.

    To one unit where the economy is at rates that are themselves printed to eight digits, and
    of quotients of two slopes.
    """
    words = printed.split()
    digits = np.array([len(word.partition(".")[2]) for word in words])
    found = np.array(list(found), dtype=float).ravel()
    assert found.size == len(words)
    off = np.abs(found - np.array(words, dtype=float)) * 10.0**digits
    assert (off <= units).all(), [*zip(words, found, strict=True)]


def crossed(slope, printed, units=1.0):
    """A slope changes its sign within one last digit of what is printed, or several."""
    width = units * 10.0 ** -len(printed.partition(".")[2])
    low, high = (slope(float(printed) + way * width) for way in (-1.0, 1.0))
    assert low * high < 0.0, (printed, low, high)


def run(step, *mechanisms, **changes):
    """The long run of a step of the stylised turn."""
    found = nege.solve(economy(step, **changes).with_mechanisms(*mechanisms))
    assert found.leading_eigenvalue < 0.0
    return found


def around(model, bounds, objectives):
    """Economies near one, with slopes of objectives by instruments."""
    targets = [target(model, one) for one in objectives]
    start = model.default_start()
    return PolicyPoints(model, bounds, targets, start, Replicator(), SolverOptions())


# --- what is read off a result ---------------------------------------------------------------


def national(found):
    return [found.data.welfare]


def raised(found, wedge="t"):
    return found.data.revenue.sel(wedge=wedge).values


def total(found):
    return [raised(found).sum()]


def real(found):
    """What governments collect, in real terms."""
    return [found.data.group_income.sel(group="government")]


def online(found, industry=SERVICES, offline=1.0, online=1.0 / 0.95):
    """Part of sales at buyers' prices that is online, by what buyers pay over cost."""
    cost = found.data.total_cost.sel(industry=industry).sum("place").values * [offline, online]
    return [cost[1] / cost.sum()]


def both_online(found):
    return [*online(found, GOODS), *online(found)]


def shares(found, industry=SERVICES):
    cost = found.data.total_cost.sel(industry=industry).sum("channel")
    return (cost / cost.sum()).values


def goods(found):
    return shares(found, GOODS)


def park(found):
    return [goods(found)[1]]


def city(found):
    return [shares(found)[0]]


def village(found):
    return [shares(found)[3]]


def worth(found):
    return found.data.real_income.values


def people(found):
    return [found.data.population[0]]


def blocs(found):
    return found.data.jurisdiction_welfare.values


def together(found):
    """Co-location as economics.md has it."""
    return [1.0 - 0.5 * np.abs(goods(found) - shares(found)).sum()]


def balance(found):
    return [found.data.trade_balance[0]]


def by_place(found):
    """Of all services, what each place sells online."""
    cost = found.data.total_cost.sel(industry=SERVICES)
    return (cost.sel(channel="online") / cost.sum()).values


def living(found):
    """What a unit of the households' basket costs in place 3."""
    index = found.data.price_index.values ** found.model.consumption.values[:, None]
    return [(index.prod(0) * found.data.rent.values**found.model.housing)[3]]


def sellers(found):
    """Wage and services' share of place 3, and what it is worth to people."""
    return [found.data.wage[3], shares(found)[3], worth(found)[3]]


def flows(found):
    """Sales of k through c from p to q at buyers' prices, as the equations are written."""
    model, data = found.model, found.data.transpose("industry", "place", "channel", ...)
    n, cost, index = (data[name].values for name in ("firm_mass", "total_cost", "price_index"))
    names = "transport_cost search_cost digitisability digital_cost commission sigma variety"
    theta, search, xi, delta, zeta, sigma, phi = (
        np.asarray(getattr(model, name)) for name in names.split()
    )
    d = np.asarray(model.geography.distance)
    households = model.consumption.values[:, None] * data.income.values
    spent = households + model.inputs.values @ cost.sum(-1)
    sales = np.empty((len(n), 2, *d.shape))
    for k in range(len(n)):
        iceberg = np.exp((theta[k] + search[k]) * d), delta[k] * np.exp((1 - xi[k]) * theta[k] * d)
        for c in range(2):
            asked = cost[k, :, c] / n[k, :, c] / (1.0 - zeta[k] * c)
            price = asked[:, None] * iceberg[c] * (lost_to_risk(model) if c else 1.0)
            part = n[k, :, c, None] ** phi[k] * (price / index[k]) ** (1.0 - sigma[k])
            sales[k, c] = part * spent[k]
    np.testing.assert_allclose(sales.sum((1, 2)), spent, rtol=1e-9)  # all that is spent
    return sales


def lost_to_risk(model):
    """1/(1 - h - z) where a seller is least exposed at z = ln(a v)/a, which leaves h = 1/a."""
    if "cyber" not in model.mechanisms:
        return 1.0
    cyber = model.mechanisms["cyber"]
    a, kinds = 30.0, (cyber.vulnerability, cyber.across_borders)
    lost = [min(v, (1.0 + np.log(max(a * v, 1.0))) / a) for v in kinds]
    return 1.0 / (1.0 - np.where(INSIDE, *lost))


def inside_and_across(found):
    """Online share of services' sales in blocs, and across."""
    sales = flows(found)[1]
    return [sales[1, pairs].sum() / sales[:, pairs].sum() for pairs in (INSIDE, ~INSIDE)]


def abroad(found):
    """Part of what the third industry sells that leaves its place."""
    sales = flows(found)[2].sum(0)
    return [1.0 - np.trace(sales) / sales.sum()]


def gros(found):
    """1/((sigma - 1) s_FF), by what the south spends on its own."""
    trade = found.data.trade.sel(buyer="south")
    return [float(trade.sum() / trade.sel(seller="south")) / 4.0]


# --- policy.md: one economy, some figures ----------------------------------------------------


def leak(part, share, welfare, revenue):
    """A tax of a tenth, of which a part of online sales does not pay (31b)."""

    def at_till(found):
        return online(found, SERVICES, 1.1, (1.1 - 0.1 * part) / 0.95)

    figures = [(at_till, share), (national, welfare), (total, revenue)]
    return lambda: run(8, mech.Tax("t", 0.1, leak={"online": part})), figures


def platforms(passed):
    return lambda: run(8, PLACES, mech.DigitalServicesTax("t", 0.03, pass_through=passed))


def risk(home, away, **changes):
    cyber = mech.Security("cyber", home, across_borders=away, effectiveness=30.0)
    return lambda: run(8, BLOCS, cyber, **EQUAL, **changes)


def village_sells_at(cost):
    return mech.Access(entry_cost={SERVICES: {"3": {"online": cost}}})


def selling(cost, variety=0.8, spillover=0.06):
    local = {"variety": (0.8, variety), "spillover": (0.06, spillover)}
    return lambda: run(11, village_sells_at(cost), **local)


def buying(factor, **changes):
    post = mech.Friction("post", factor, destinations="3", origins=["0", "1", "2"], **ONLINE)
    return lambda: run(11, village_sells_at(2.0), post, **changes)


def tariff(rate, **where):
    return lambda: run(15, BLOCS, mech.Tariff("t", {"north": rate}, **where), **EQUAL)


IMMOBILE = {"migration_elasticity": 0.0}
BY_PLACE = ".33340197 .13825913 .13825913 .13825913"
BY_PLACE_STEERED = ".35530238 .09621004 .09621004 .09621004"
VILLAGE = [
    (living, ".90963084"),
    (lambda f: worth(f)[[3, 0, 1]], "1.51330798 1.57691630 1.56834421"),
]
VILLAGE_SELLS = [
    *((living, ".91728048"), (sellers, ".997412 .267193 1.587488")),
    (lambda f: worth(f)[[3, 0, 1]], "1.58748799 1.59803436 1.58748799"),
]
PLATFORMS_PAY = [(lambda f: raised(f)[:2], ".00028579 .00022881"), (online, ".75794336")]
PLATFORMS_PAY += [(lambda f: [raised(f, "commission").sum()], ".03143523")]
PARKS = {8: ".5164", 9: ".5070", 10: ".4882", 12: ".4669", 14: ".4715", 15: ".4323"}
NO_PARKS = {9: ".2566", 10: ".2345", 12: ".2109", 15: ".2162"}

SOLVED = {
    "0": (lambda: run(0, PLACES), [(national, "1.60557060"), (balance, ".00944710")]),
    "3": (
        lambda: run(3, HALVES),
        [(together, ".63731482"), (national, "1.66639881"), (city, ".71817722")],
    ),
    "3 by place": (lambda: run(3, PLACES), [(balance, "-.01904456")]),
    "6": (
        lambda: run(6, PLACES),
        [(balance, "-.07456249"), (national, "1.83213195"), (park, ".331539")],
    ),
    "7": (lambda: run(7, PLACES), [(balance, "-.06523975")]),
    "8": (
        lambda: run(8, PLACES),
        [
            *((balance, "-.02251670"), (national, "1.87464724"), (online, ".75771984")),
            *((people, ".35905068"), (park, ".2799"), (by_place, BY_PLACE)),
            (lambda f: [nege.patterns(f).online_share.sel(industry=SERVICES)], ".74817936"),
            (lambda f: worth(f)[:1], "1.58044304"),
        ],
    ),
    "11": (
        lambda: run(11, PLACES),
        [(balance, ".01662026"), (national, "2.00347293"), (park, ".21092")],
    ),
    "14": (lambda: run(14, PLACES), [(balance, ".01837163"), (park, ".2094")]),
    "17": (lambda: run(17, PLACES), [(national, "2.49613591"), (balance, ".02170856")]),
    "online taxed": (
        lambda: run(11, PLACES, mech.Tax("t", 0.1, **ONLINE)),
        [(national, "1.96926042")],
    ),
    "leak 0": leak(0.0, ".78079522", "1.83322027", ".17560694"),
    "leak .25": leak(0.25, ".86411717", "1.84613085", ".15688940"),
    "leak .5": leak(0.5, ".91840740", "1.85438365", ".13510822"),
    "leak .75": leak(0.75, ".95237847", "1.85982777", ".11169299"),
    "leak 1": leak(1.0, ".97288747", "1.86368801", ".08744184"),
    "platforms pay": (platforms(0.0), PLATFORMS_PAY),
    "sellers pay": (
        platforms(1.0),
        [(lambda f: online(f, online=1.0 / (1.0 - 0.05 / 0.97)), ".75007850")],
    ),
    "free trade": (
        lambda: run(15, BLOCS, **EQUAL),
        [(blocs, "2.04349176 2.00120130"), (both_online, ".91946103 .99460618")],
    ),
    "digital tariff": (tariff(0.09740246, **ONLINE), [(gros, ".438")]),
    "tariff": (tariff(0.21660092), [(gros, ".399")]),
    "a border": (lambda: run(3, HALVES, BORDER), [(together, ".72629569"), (city, ".67071517")]),
    "no risk": (
        risk(0.0, 0.0),
        [(inside_and_across, ".73806837 .89674858"), (blocs, "1.71762245 1.60690914")],
    ),
    "risk": (risk(0.05, 0.05), [(inside_and_across, ".45584195 .71430057")]),
    "risk abroad": (
        risk(0.05, 0.15),
        [(inside_and_across, ".32750953 .55160295"), (blocs, "1.63721806 1.50070027")],
    ),
    "risk, no pool": (
        risk(0.05, 0.05, online_spillover=0.0),
        [(inside_and_across, ".15978393 .36176532")],
    ),
    "risk abroad, no pool": (
        risk(0.05, 0.15, online_spillover=0.0),
        [(inside_and_across, ".12669070 .26868229")],
    ),
    "steered": (lambda: run(8, STEERED), [(by_place, BY_PLACE_STEERED)]),
    "village": (selling(2.0), VILLAGE),
    "village sells": (selling(1.0), VILLAGE_SELLS),
    "village that learns": (selling(2.0, 0.95, 0.12), [(village, ".01433")]),
    "village that learns sells": (selling(0.8, 0.95, 0.12), [(village, ".38623")]),
    "post is dear": (buying(1.5), [(sellers, ".943630 .133916 1.386360")]),
    "post": (buying(1.0), [(sellers, ".917955 .110764 1.513308")]),
    "post is dear, nobody moves": (
        buying(1.5, **IMMOBILE),
        [(lambda f: sellers(f)[::2], ".943147 1.332555")],
    ),
    "post, nobody moves": (
        buying(1.0, **IMMOBILE),
        [(lambda f: sellers(f)[::2], ".906507 1.466429")],
    ),
    "park at 6": (
        lambda: run(6, PARK),
        [(goods, ".00228364 .43673566 .28049035 .28049035")],
    ),
    "park at 11": (
        lambda: run(11, PARK),
        [(goods, ".26780956 .46689819 .13264612 .13264612")],
    ),
    **{
        f"park at {step}": (lambda step=step: run(step, PARK), [(park, printed)])
        for step, printed in PARKS.items()
    },
    **{
        f"no park at {step}": (lambda step=step: run(step), [(park, printed)])
        for step, printed in NO_PARKS.items()
    },
    "quality that is seen alike": (
        lambda: run(8, small.seen(0.3, 0.3)),
        [(national, "2.14909255"), (online, ".75771984")],
    ),
    "farms": (lambda: small.farms(0.5, 3.0), [(abroad, ".28351066")]),
    "farms online": (lambda: small.farms(0.5, 1.05), [(abroad, ".67069585")]),
    "bound farms": (lambda: small.farms(0.75, 3.0), [(abroad, ".29895180")]),
    "bound farms online": (lambda: small.farms(0.75, 1.05), [(abroad, ".65986117")]),
}


def solved(name):
    made, figures = SOLVED[name]
    found = made()
    for read, printed in figures:
        met(read(found), printed)


# --- policy.md: reforms, cost of funds, tariffs ----------------------------------------------


def without(commission, spillover=0.06):
    return {"commission": commission, "spillover": spillover}


def reform(step, changes, amount, rate, welfare, gain, used_up=1.0):
    """A tenth on shops, and one rate of all that raises as much: claim 35's rows."""
    more = mech.Friction("platforms", used_up, **ONLINE)
    before, after = (
        run(step, mech.Jurisdictions(), mech.Tax("t", *how, **RETAIL, **where), more, **changes)
        for how, where in (((0.1,), {"channels": "offline"}), ((float(rate),), {}))
    )
    if amount is not None:
        met(real(before), amount)
    assert abs(float(real(before)[0] - real(after)[0])) < 1e-8
    if welfare is not None:
        met([*national(before), *national(after)], welfare, 1.0)
    met([np.log(float(national(after)[0] / national(before)[0]))], gain, 1.0)


NOTHING_USED = (".06440660", ".05460241", "1.74492667 1.75023335", ".00303659", 1.0 / 0.95)
REFORMS = {
    "no pool, 8": (
        *(8, without(0.05, 0.0), ".08289393", ".06416838"),
        *("1.92461315 1.92042859", "-.00217661"),
    ),
    "neither, 8": (
        *(8, without(0.0, 0.0), ".07403913", ".05655630"),
        *("1.92965214 1.94564727", ".00825496"),
    ),
    "no commission, 7": (7, without(0.0), None, ".05738520", None, ".00720103"),
    "no pool, 7": (7, without(0.05, 0.0), None, ".08090710", None, "-.00034571"),
    "used up, 8": (8, without(0.0), *NOTHING_USED),
}


def best_difference(spillover, rates, welfare, amount, uniform, gain):
    """At the best of both rates a unit of revenue costs the same by either."""
    shops, web = rates
    found = run(
        *(8, mech.Jurisdictions()),
        mech.Tax("shops", shops, channels="offline", **RETAIL),
        mech.Tax("web", web, **ONLINE, **RETAIL),
        **without(0.0, spillover),
    )
    met([*national(found), *real(found)], f"{welfare} {amount}", 1.0)
    met([np.log(float(national(found)[0]) / uniform)], gain)
    costs = [cost_of_funds(found, f"{name}.rate").value for name in ("shops", "web")]
    np.testing.assert_allclose(*costs, rtol=2e-7)


def funds(rate, cost, revenue=None, **of):
    """Marginal cost of funds, in real terms, spent where raised."""
    found = run(8, PLACES, mech.Tax("t", rate, **{**RETAIL, **of}))
    met([cost_of_funds(found, "t.rate").value], cost, 1.0)
    if revenue is not None:
        met(real(found), revenue)


def nominal_cost_of_funds():
    """Goods taxed by the nation, housing by places: to first order both at once are their sum."""
    welfare = revenue = 0.0
    for where, of in ((mech.Jurisdictions(), None), (PLACES, "housing")):
        model = economy(8).with_mechanisms(where, mech.Tax("t", 0.0, industries=of, **RETAIL))
        names = [f"revenue.t.{one}" for one in model.coordinates()["jurisdiction"]]
        points = around(model, {"t.rate": (-0.1, 0.1)}, ["welfare", *names])
        here = points.reach(np.zeros(1))
        slopes = here.gradients()[:, 0]
        welfare += slopes[0] / here.values[0]
        revenue += slopes[1:].sum()
    met([-welfare * float(run(8).data.income.sum()) / revenue], ".99913449", 1.0)


def two_countries(iceberg, home, rate, own, welfare):
    data = armington(iceberg, home, rate, 0.0)
    if own is not None:
        met([own_share(data, "1", 0.0, iceberg)], own)
    met(data.jurisdiction_welfare.values, welfare)


def two_countries_with_variety(home, rate):
    """Firms bring variety, phi = .8: the rate is where welfare of its country is highest."""
    model = nege.OnlineAgglomeration(
        equidistant(2),
        **{**ARMINGTON, "variety": 0.8},
        transport_cost=np.log(1.5),
        home_weight=[home, 1.0 - home],
        mechanisms=[TWO, mech.Tariff("t", {"home": float(rate), "foreign": 0.0})],
    )
    points = around(model, {"t.rate.home": (0.0, 1.0)}, ["welfare.home"])
    crossed(lambda t: points.reach(np.array([t])).gradients()[0, 0], rate, 3.0)


BOTH = ("t.rate.north", "t.rate.south")


@functools.cache
def tariffs():
    """Digital tariffs of both blocs, by welfare of both and revenue of the first."""
    digital = mech.Tariff("t", {"north": 0.0, "south": 0.0}, **ONLINE)
    model = economy(15, **EQUAL).with_mechanisms(BLOCS, digital)
    objectives = ["welfare.north", "welfare.south", "revenue.t.north"]
    return around(model, dict.fromkeys(BOTH, (0.0, 0.4)), objectives)


def first_step_of_a_tariff():
    here = tariffs().reach(np.zeros(2))
    slopes = here.gradient(0)
    by_log = slopes[:2] / here.values[:2]
    met([*by_log, slopes[2], by_log.mean()], ".17314397 -.35323786 .41292729 -.0900")


LOSSES = {
    **{0.02: "-.0019206", 0.10: "-.0121151", 0.20: "-.0315220"},
    **{0.60: "-.1194918", 2.0: "-.1643046"},
}


def losses_of_the_world():
    free = blocs(run(15, BLOCS, **EQUAL))
    for rate, printed in LOSSES.items():
        met([np.log(blocs(tariff(rate, **ONLINE)()) / free).mean()], printed)
    both = mech.Tariff("t", {"north": 0.09009619, "south": 0.06637254}, **ONLINE)
    met(np.log(blocs(run(15, BLOCS, both, **EQUAL)) / free), "-.01370407 -.02577796", 1.0)


def responds(player, rival, printed):
    """The best response of a bloc to the other's rate."""

    def slope(rate):
        rates = np.array([rate, rival] if player == 0 else [rival, rate])
        return tariffs().reach(rates).gradient(player)[player]

    crossed(slope, printed)


TURNS = (
    *(".08318043", ".06683977", ".09004572", ".06637591"),
    *(".09009582", ".06637257", ".09009618", ".06637254"),
)


def best_responses_in_turn():
    """From .25 in the south: each is the best response to the one before."""
    for at, (before, printed) in enumerate(zip((".25", *TURNS), TURNS, strict=False)):
        responds(at % 2, float(before), printed)
    for rival, printed in ((0.0, ".0974"), (0.1, ".0867"), (0.2, ".0817"), (0.3, ".0856")):
        responds(0, rival, printed)


def closed_forms():
    """Net labour of matching, what is lost to risk, and bounds of Gordon and Loeb."""
    met(matching.net_labour([0.05, 0.15]), ".80021339 .56543200")
    lost = [sum(mech.Security("c", v, effectiveness=30.0).protection()) for v in (0.02, 0.05, 0.1)]
    met(1.0 / (1.0 - np.array(lost)), "1.02040816 1.04915153 1.07521534")
    attained = mech.Security("c", 0.3, effectiveness=9.0609394281681).protection()[0] / 0.3
    met([attained], ".36787944")
    v, b = 0.2, 3.0
    a = ((b + 1.0) / b) ** (b + 1.0) / (v * b)
    first = mech.Security("c", v, effectiveness=a, losses="gordon-loeb-1", curvature=b)
    met([first.protection()[0] / v], ".31640625")


WHOLE = ["manufacturing", "services", "housing"]
POLICY = {
    **{name: functools.partial(solved, name) for name in SOLVED},
    **{f"reform, {name}": functools.partial(reform, *row) for name, row in REFORMS.items()},
    "best difference without commission": functools.partial(
        best_difference,
        *(0.06, (0.05547131, 0.05010939), "1.81284221", ".06494239", 1.81280742, ".0000192"),
    ),
    "best difference with neither": functools.partial(
        best_difference,
        *(0.0, (0.05355866, 0.06394798), "1.94586047", ".07403913", 1.94564727, ".0001096"),
    ),
    "funds, all": functools.partial(funds, 0.0, "1.00000000", industries=WHOLE),
    "funds, goods": functools.partial(funds, 0.0, "1.03332478"),
    "funds, turnover": functools.partial(funds, 0.0, "1.16433866", buyers="all"),
    "funds, turnover, .1": functools.partial(funds, 0.1, "1.25827593", ".15559910", buyers="all"),
    "funds, shops, .1": functools.partial(
        funds, 0.1, "1.12116610", ".06662983", channels="offline"
    ),
    "funds, nominal": nominal_cost_of_funds,
    "countries, 1.2": functools.partial(
        two_countries, 1.2, 0.5, 0.31649761, None, ".94772251 .89196971"
    ),
    "countries, .7": functools.partial(
        two_countries, 1.5, 0.7, 0.29673245, ".84250982", ".94600645 .77247880"
    ),
    "free countries, .3": functools.partial(
        two_countries, 1.5, 0.3, 0.0, None, ".79683364 .93960385"
    ),
    "free countries, .5": functools.partial(
        two_countries, 1.5, 0.5, 0.0, None, ".87965865 .87965865"
    ),
    "variety, .3": functools.partial(two_countries_with_variety, 0.3, ".26785775"),
    "variety, .7": functools.partial(two_countries_with_variety, 0.7, ".29584440"),
    "first step of a tariff": first_step_of_a_tariff,
    "losses of the world": losses_of_the_world,
    "closed forms": closed_forms,
}
SLOW = {"best responses in turn": best_responses_in_turn}


# --- lock_in.md 1: buyers online (N11, 19b) ---------------------------------------------------


def slope(path, step, services, households=0.0, goods=0.0, driver="digital_cost"):
    """d(services online)/d(manufacturing online), as a parameter of manufacturing moves."""
    made = mech.BuyerOnline(complementarity=[goods, services], households=households)
    model = small.turn(path, step).with_mechanisms(made)
    name, now = f"{driver}.{GOODS}", float(getattr(model, driver).sel(industry=GOODS))
    least, most = (1.0, 9.0) if driver == "digital_cost" else (0.0, 1.0)
    every = [
        f"total_cost.{k}.{p}.{c}"
        for k in (GOODS, SERVICES)
        for p in model.geography.names
        for c in ("offline", "online")
    ]
    here = around(model, {name: (max(now - 0.1, least), min(now + 0.1, most))}, every)
    here = here.reach(np.array([now]))
    cost, by = (x.reshape(2, -1, 2).sum(1) for x in (here.values, here.gradient(0)))
    moved = (by[:, 1] * cost[:, 0] - cost[:, 1] * by[:, 0]) / cost.sum(1) ** 2
    return moved[1] / moved[0]


SLOPES = {  # by b of services: 0, .1, .25, .5, 1
    ("old", 14): "-.00009840 -.00005231 +.00001405 +.00011756 +.00029993",
    ("old", 15): "-.00030682 -.00026130 -.00019639 -.00009665 +.00007421",
    ("old", 16): "-.00039998 -.00035288 -.00028569 -.00018240 -.00000518",
    ("old", 17): "-.00045831 -.00041011 -.00034132 -.00023549 -.00005364",
    ("new", 13): "-.00645703 -.00612829 -.00564974 -.00488912 -.00349362",
    ("new", 14): "-.00027652 +.00009439 +.00063077 +.00147357 +.00298136",
    ("new", 15): "-.00010119 +.00025694 +.00077449 +.00158700 +.00303866",
    ("new", 17): "-.00007352 +.00028169 +.00079490 +.00160026 +.00303826",
}
SIGNS = {  # b at which the slope is zero, by households' share online: 0, .5, 1
    ("old", 14): ".21761839 .21018852 .20324629",
    ("old", 15): ".76978041 .73345927 .70042480",
    ("old", 16): "none .96235570 .91385680",
    ("old", 17): "none none none",
    ("new", 13): "none none none",
    ("new", 14): ".07427289 .07190733 .06968727",
    ("new", 15): ".02795491 .02710293 .02630132",
    ("new", 17): ".02045285 .01983577 .01925482",
}
BY_FREIGHT = {  # digitisability of goods moves, b = 0
    ("old", 14): "-.00012512",
    ("old", 15): "-.00079971",
    ("old", 16): "-.00257952",
    ("old", 17): "-.00660054",
    ("new", 13): "-.00633270",
    ("new", 14): "-.00018789",
    ("new", 15): "+.00011471",
    ("new", 17): "+.00031322",
}
GOODS_TOO = {  # b = .5 of both
    ("old", 14): "+.00063935",
    ("old", 15): "-.00327733",
    ("old", 16): "-.01354171",
    ("old", 17): "-.03925060",
    ("new", 14): "-.00348763",
    ("new", 15): "-.01468365",
    ("new", 17): "-.03401269",
}
MOVES = {  # change of services online at b = 0, .5, 1, and where it is none
    ("new", 11, 17): ("-.00260331 -.00086583 +.00066368", ".77511675"),
    ("new", 13, 14): ("-.00226505 -.00098650 +.00016708", ".92416656"),
    ("new", 14, 17): ("-.00002972 +.00032945 +.00060123", ".03665586"),
    ("old", 11, 17): ("-.00023733 -.00001991 +.00016120", ".55065420"),
    ("old", 14, 15): ("-.00015176 +.00001565 +.00015180", ".44874657"),
    ("old", 14, 17): ("-.00022586 -.00003722 +.00011542", ".61228134"),
}


def slopes(path, step):
    met([slope(path, step, b) for b in (0.0, 0.1, 0.25, 0.5, 1.0)], SLOPES[path, step])


def signs(path, step):
    for households, printed in zip((0.0, 0.5, 1.0), SIGNS[path, step].split(), strict=True):
        if printed == "none":
            assert slope(path, step, 1.0, households) < 0.0
        else:
            crossed(lambda b, eta=households: slope(path, step, b, eta), printed)


def by_freight(path, step):
    met([slope(path, step, 0.0, driver="digitisability")], BY_FREIGHT[path, step])


def goods_too(path, step):
    met([slope(path, step, 0.5, goods=0.5)], GOODS_TOO[path, step])


def finite_moves(path, first, last):
    def moved(b):
        before, after = (small.both_online(path, step, b) for step in (first, last))
        return small.shares_online(after)[1] - small.shares_online(before)[1]

    printed, none = MOVES[path, first, last]
    met([moved(b) for b in (0.0, 0.5, 1.0)], printed)
    crossed(moved, none)


NEEDED = {16: "1.08383107", 17: "1.09708758"}  # advantage of online sellers to buyers online


def advantage(step, printed):
    """More than any b up to 1 gives: solved by the second method, whose b may be above 1."""
    near = reference_lock_in.of_data(small.both_online("old", step, 1.0).data)

    def slope(epsilon):
        both = (0.0, np.log(epsilon) / (4.0 * np.log(1.02)))
        e, moved = (reference_lock_in.Economy(small.turn("old", step), both=both) for _ in range(2))
        moved.digital_cost = moved.digital_cost + 1e-30j * np.array([1.0, 0.0])
        u, left = reference_lock_in.solve(e, near)
        assert left < 1e-12
        by = reference_lock_in.revenue_response(e, u, moved).sum(1)
        cost = u["R"].sum(1)
        part = (by[:, 1] * cost[:, 0] - cost[:, 1] * by[:, 0]) / cost.sum(1) ** 2
        return part[1] / part[0]

    crossed(slope, printed)


# --- lock_in.md 2: a loop (N3) ----------------------------------------------------------------

DIGITAL = f"digital_cost.{GOODS}"
DELTAS = np.exp(np.linspace(np.log(2.0), np.log(1.05), 66))
CRITICAL = {  # clusters are left, formed; goods go online, offline: down, up, by sunk share
    0.0: "1.44542799 1.44542799 1.41290370 1.41290370",
    0.1: "1.40267195 1.48405906 1.39173658 1.44116343",
    0.2: "1.35899711 1.52732653 1.36395982 1.47263392",
    0.3: "1.31307065 1.57795794 1.32938267 1.50813997",
}
STATES = {  # at the 37th of 66 digital costs: density, share online, in the town, welfare
    0.0: ("1.60419883 .53586742 .36619017 2.64223810",) * 2,
    0.1: (
        "1.96389080 .47315828 .46134677 2.64277490",
        "1.46276028 .59775477 .32877256 2.68959228",
    ),
    0.2: (
        "2.66024050 .35204098 .64556627 2.65329605",
        "1.37493913 .65092689 .30553945 2.74355606",
    ),
}


def state(found):
    """Density, share online and share in the town of manufacturing, and welfare."""
    cost = found.total_cost.sel(industry=GOODS)
    every = cost.sum(("channel", "place"))
    columns = [
        nege.patterns(found).density.sel(industry=GOODS),
        cost.sel(channel="online").sum("place") / every,
        cost.sum("channel").sel(place="town") / every,
        found.welfare,
    ]
    return np.array([column.values for column in columns]).T


def loop(share):
    """Digital cost of manufacturing down and up again, where its plants are sunk in part."""
    model = small.turn("new", 14).with_mechanisms(mech.Sunk(share=[share, 0.0]))
    there_and_back = np.concatenate([DELTAS, DELTAS[-2::-1]])
    found = nege.follow(model, {DIGITAL: there_and_back})
    assert (found.status == nege.Status.CONVERGED).all()
    rows, half = state(found), len(DELTAS) - 1
    for printed, row in zip(STATES.get(share, ()), (rows[36], rows[-37]), strict=False):
        met(row, printed)

    def beyond(delta, at, column, level):
        before = found.isel(step=at, drop=True)
        past = {DIGITAL: delta, "sunk.before": before.firm_mass}
        return state(nege.solve(model.replace(past), start=before).data)[column] - level

    printed = iter(CRITICAL[share].split())
    for column, level in ((0, 2.0), (1, 0.5)):
        high = rows[:, column] > level
        turns = np.flatnonzero(high[1:] != high[:-1])
        assert turns[0] < half <= turns[1], turns  # once on the way down, once on the way up
        for at in turns:
            crossed(lambda delta, at=at, c=column, x=level: beyond(delta, at, c, x), next(printed))


def fifths():
    """The path in fifths of its steps: what reverses on the way depends on how far each goes."""
    steps = small.TURN.sel(step=small.THERE_AND_BACK).drop_vars("step")
    parts = []
    for i in range(12):
        ends = steps.isel(step=i), steps.isel(step=i + 1)
        for w in np.arange(5) / 5.0:
            part = (1.0 - w) * ends[0] + w * ends[1]
            logs = [np.log(end.digital_cost) for end in ends]
            parts.append(part.assign(digital_cost=np.exp((1.0 - w) * logs[0] + w * logs[1])))
    path = xr.concat([*parts, steps.isel(step=12)], "step")
    model = nege.scenarios.metropolis_and_town().with_mechanisms(mech.Sunk(share=[0.2, 0.0]))
    rows = state(nege.follow(model, path))
    met(rows[[15, 50], 0], "1.52298188 2.79174711")


# --- lock_in.md 3: a squeeze (N1) -------------------------------------------------------------

RATES = tuple(round(0.05 + 0.01 * i, 2) for i in range(21))
SQUEEZES = {
    (0.0, 0.05): "1 1 .31511049 .17037563 1.05826120 1.06812342 .03157543 .04154661 "
    ".96540646 1.95900487",
    (0.0, 0.15): ".8 .8 .11811236 .07448162 1.19147720 1.28292941 0 .09322793 .69663101 1.87562878",
    (0.0, 0.20): ".8 .8 .00202975 .00059775 1.18889029 1.40607608 0 .00327951 .01958140 1.70426815",
    (1.0, 0.14): ".80230677 .83088632 .31511049 .17037563 1.12140624 1.16400601 .00320935 "
    ".10655692 .84541203 1.97727326",
    (1.0, 0.15): ".8 .80520332 .29185531 .17037563 1.12860982 1.17922958 .00051931 "
    ".11032987 .81491012 1.97163293",
    (1.0, 0.16): ".8 .8 .26260977 .15985720 1.14022726 1.20372561 0 .11030116 .76379425 1.95418103",
    (1.0, 0.20): ".8 .8 .10085882 .06857137 1.18067644 1.33114171 0 .06248526 .35768900 1.81572747",
    (1.0, 0.25): ".8 .8 .01429070 .00512029 1.18689966 1.40000961 0 .00842436 .04009037 1.71463445",
}
FREE = {  # nothing is sunk, at a commission of a tenth
    1.0: "1 1 .26397679 .15061569 1.12868825 1.16394023 0 .07755844 .87871290 1.93081602",
    0.0: "1 1 .20310124 .11514924 1.14986065 1.18580351 0 .07784406 .88177514 1.91187636",
}
BACK = {  # up to a fifth and down again: firms, share online, welfare
    1.0: ".29384334 .16232220 .91479125 1.96488566",
    0.0: ".29249119 .16275368 .91482326 1.96380078",
}
EXITS = {  # where online sellers of services begin to leave: city, elsewhere
    0.0: ((0.09, ".09110477"), (0.09, ".09143174")),
    1.0: ((0.14, ".14079781"), (0.15, ".15194102")),
}


def squeeze(pass_through):
    most = {0.0: 0.20, 1.0: 0.25}[pass_through]
    rates = RATES[: RATES.index(most) + 1]
    found = small.squeeze(pass_through, 0.2, *rates)
    for (which, rate), printed in SQUEEZES.items():
        if which == pass_through:
            met(np.hstack([one[rates.index(rate)] for one in found.values()]), printed)


def free_squeeze(pass_through):
    found = small.squeeze(pass_through, 0.0, 0.05, 0.10)
    met(np.hstack([one[-1] for one in found.values()]), FREE[pass_through])


def most_is_taken_where_firms_are_sunk():
    met(small.squeeze(1.0, 0.0, 0.05, 0.15)["commission"][-1:], ".07427397")


def there_and_back(pass_through):
    up = RATES[: RATES.index(0.20) + 1]
    found = small.squeeze(pass_through, 0.2, *up, *up[-2::-1])
    row = [*found["firms"][-1], found["online"][-1], found["welfare"][-1]]
    met(row, BACK[pass_through])


def exits(pass_through):
    """From the last whole step: what is earned is more than what keeps firms, or some have left."""
    parts = mech.PostedPrices(posted=0.05, pass_through=pass_through), mech.Sunk(share=0.2)
    model = economy(9, commission=0.05).with_mechanisms(*parts)
    path = list(RATES[: RATES.index(0.15) + 1])
    found = nege.follow(model, {f"commission.{SERVICES}": path})
    for place, (last, printed) in enumerate(EXITS[pass_through]):
        before = found.isel(step=path.index(last), drop=True)
        where = {"industry": SERVICES, "channel": "online", "place": str(place)}

        def stays(rate, before=before, where=where):
            past = {f"commission.{SERVICES}": rate, "sunk.before": before.firm_mass}
            data = nege.solve(model.replace(past), start=before).data
            left = np.log(data.firm_mass.sel(where) / before.firm_mass.sel(where))
            return float(data["sunk.earned"].sel(where) - 0.8 + left)

        crossed(stays, printed)


def where_exit_begins_at_given_costs():
    """Posted prices aside: y^sigma/(1 - u) = what buyers leave offline, and what stays online."""
    s = online(nege.solve(economy(9, commission=0.05)))[0]
    met([s], ".96540646")
    offline = {"fixed": lambda y: 1.0, "free": lambda y: (0.8 / y**5) ** 4.0}
    for kind, printed in (("fixed", ".21102586"), ("free", ".14203834")):

        def gap(rate, kind=kind):
            y = (1.0 - rate) / 0.95
            return y**5 / 0.8 - (1.0 - s) * offline[kind](y) - s * y**4

        crossed(gap, printed)


def parts(check, keys):
    """Name a check of each row of a table."""
    title = check.__name__.replace("_", " ")
    made = {}
    for key in keys:
        given = key if isinstance(key, tuple) else (key,)
        made[f"{title}, {', '.join(map(str, given))}"] = functools.partial(check, *given)
    return made


LOCK_IN = {
    **{**parts(slopes, SLOPES), **parts(by_freight, BY_FREIGHT), **parts(goods_too, GOODS_TOO)},
    **{**parts(signs, SIGNS), **parts(finite_moves, MOVES), **parts(free_squeeze, FREE)},
    "most is taken where firms are sunk": most_is_taken_where_firms_are_sunk,
    "where exit begins at given costs": where_exit_begins_at_given_costs,
}
SLOW |= {**parts(loop, CRITICAL), **parts(squeeze, BACK), **parts(there_and_back, BACK)}
SLOW |= parts(advantage, NEEDED.items())
SLOW |= {**parts(exits, EXITS), "fifths": fifths}
EVERY = [*POLICY.values(), *LOCK_IN.values(), *SLOW.values()]
COUNT = len(EVERY)


def check(seed):
    """Hold what nege finds against one group of numbers."""
    EVERY[seed]()
