"""Who gains and who loses: terms add up, and gains are what people can buy, worked out slowly."""

import functools
import re

import matplotlib
import numpy as np
import pytest
from scipy import integrate, optimize
from test_tables import compiles

import nege
from nege import mechanisms as mech
from nege.studies import accounts, lasting_tastes

pytestmark = pytest.mark.family

matplotlib.use("Agg")
TWO, LINE = nege.geography.equidistant(2), nege.geography.line(3)
CES = {"sigma": 5.0, "mu": 0.4, "trade_cost": 1.7}
UNEVEN, LATER = [0.5, 0.3, 0.2], [0.3, 0.3, 0.4]
TASTES = nege.Logit(scale=0.3)


def economies():
    """Models of the family, and what changes of each."""
    online = nege.OnlineRegion(trade_cost=1.5, commission=0.05, amenity=1.1)
    demand = {"a": 1.0, "b": 1.0, "c": 1.0, "phi": 1.0, "total_farmers": 10.0, "total_skilled": 2.0}
    firms = {"inputs": 0.2, "sigma": 5.0, "mu": 0.2, "trade_cost": 1.7}
    farms = {"labour": "mobile", "agriculture": 0.6, "land": [0.5, 0.3, 0.2]}
    crowded = {"productivity_spillover": 0.1, "amenity_spillover": -0.3, "amenity": [1.0, 1.2, 0.9]}
    more = {"online_trade_cost": 1.2, "online_commission": 0.1, "online_amenity": 1.2}
    return {
        "core-periphery": (nege.CorePeriphery(LINE, online=online, **CES), more),
        "capital": (nege.FootlooseCapital(LINE, online=online, **CES), more),
        "entrepreneurs": (nege.FootlooseEntrepreneur(LINE, online=online, **CES), more),
        "quasi-linear": (
            nege.QuasiLinear(
                LINE, sigma=5.0, alpha=0.4, unskilled_ratio=3.0, trade_cost=1.7, online=online
            ),
            more,
        ),
        "linear demand": (
            nege.LinearDemand(LINE, trade_cost=0.1, **demand),
            {"trade_cost": 0.08, "total_farmers": 10.0},
        ),
        "linkages": (nege.VerticalLinkages(LINE, **firms), {"trade_cost": 1.4}),
        "linkages, mobile": (
            nege.VerticalLinkages(LINE, online=online, **firms, **farms),
            {"trade_cost": 1.5, "online_commission": 0.1},
        ),
        "Helpman": (
            nege.Helpman(LINE, rents="pooled", amenity=[1.0, 1.2, 0.9], **CES),
            {"trade_cost": 1.4, "housing": [1.0, 1.5, 1.0]},
        ),
        "deficits": (
            nege.Helpman(LINE, deficit=[0.05, -0.02, -0.03], **CES),
            {"trade_cost": 1.4, "deficit": [0.0, 0.0, 0.0]},
        ),
        "deficits, pooled": (
            nege.Helpman(LINE, rents="pooled", deficit=[0.05, -0.02, -0.03], **CES),
            {"trade_cost": 1.4},
        ),
        "paid for by others": (
            nege.AllenArkolakis(
                LINE, deficit=[0.05, 0.0, -0.05], sigma=5.0, trade_cost=1.7, **crowded
            ),
            {"deficit": [0.1, 0.05, -0.15]},
        ),
        "Allen-Arkolakis": (
            nege.AllenArkolakis(LINE, sigma=5.0, trade_cost=1.7, **crowded),
            {"trade_cost": 1.4, "amenity": [1.0, 1.0, 1.0]},
        ),
    }


ECONOMIES = economies()
TAX = mech.Tax("vat", 0.05, buyers="households", proceeds=mech.PublicGood(worth=1.1))
BORDERS = mech.Jurisdictions({"a": ["0"], "b": ["1", "2"]}, movement="within", land="place")
INDUSTRIES = {
    "industries": (
        nege.OnlineAgglomeration(LINE, remote_labour_share=[0.1, 0.2], digital_cost=1.5),
        {"digital_cost": 1.2},
    ),
    "workers": (
        nege.OnlineAgglomeration(LINE, mechanisms=[mech.Workers(skilled=0.3), TAX]),
        {"vat.rate": 0.15},
    ),
    "borders": (
        nege.OnlineAgglomeration(LINE, mechanisms=[BORDERS, mech.Tax("vat", 0.05)]),
        {"vat.rate": 0.15},
    ),
}


@functools.cache
def pair(name):
    """Two economies of one kind: short runs with people elsewhere, of industries long runs."""
    model, changes = {**ECONOMIES, **INDUSTRIES}[name]
    if name in INDUSTRIES:
        return nege.solve(model), nege.solve(model.replace(changes))
    online = [0.1] if model.online is not None else []
    share = [np.append(0.9 * np.array(s), online) if online else s for s in (UNEVEN, LATER)]
    return nege.short_run(model, share[0]), nege.short_run(model.replace(changes), share[1])


@functools.cache
def compared(name):
    return nege.compare(*pair(name))


NAMES = [*ECONOMIES, *INDUSTRIES]


@pytest.mark.parametrize("name", NAMES)
def test_terms_add_up_to_what_people_gain(name):
    found = compared(name)
    data = found.data
    assert "remainder" not in data.term
    some = np.isfinite(data.gain)
    assert some.any()
    left = (data.contribution.sum("term") - data.gain).where(some)
    assert float(abs(left).max()) <= 1e-12
    offered = data.contribution.drop_sel(term="moving").sum("term")
    assert float(abs((offered - data.offered).where(some)).max()) <= 1e-12
    for one in (found.total, found.by_group, found.by_region):
        left = one.contribution.sum("term") - one.gain
        assert float(abs(left.where(one.people > 0.0)).max()) <= 1e-12
        np.testing.assert_allclose(one.people.sum(), data.people.sum(), rtol=1e-12)
        money = float(one.equivalent_variation.sum())
        np.testing.assert_allclose(money, float(found.total.equivalent_variation), atol=1e-12)
    known = [*found.winners["money"], *found.losers["money"]]
    np.testing.assert_allclose(np.sum(known), float(found.total.equivalent_variation), atol=1e-8)


@pytest.mark.parametrize("name", ECONOMIES)
def test_what_people_have_is_the_welfare_that_the_model_says(name):
    """Summed up over all of them; and their incomes are the income of the economy."""
    for one in pair(name):
        people = accounts.people_of(one.model, one.data)
        total = earned = 0.0
        for kind in people:
            there = kind.count > 0.0
            level = kind.level if one.model.differences else np.exp(kind.level)
            income = np.broadcast_to(sum(kind.incomes.values()), kind.count.shape)
            total += kind.count[there] @ level[there]
            earned += kind.count[there] @ income[there]
        np.testing.assert_allclose(total, float(one.data.welfare), rtol=1e-12)
        if "income" in one.data:
            np.testing.assert_allclose(earned, float(one.data.income.sum()), rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_the_way_back_takes_what_the_way_there_gave(name):
    before, after = pair(name)
    there, back = compared(name).data, nege.compare(after, before).data
    np.testing.assert_allclose(back.offered, -there.offered, atol=1e-12)
    parts = (one.contribution.drop_sel(term="moving") for one in (back, there))
    np.testing.assert_allclose(next(parts), -next(parts), atol=1e-12)
    if name in INDUSTRIES:  # in short runs people are where they are put
        assert float(there.contribution.sel(term="moving").min()) > -1e-12
        mean = [one.by_group.gain for one in (nege.compare(after, before), compared(name))]
        np.testing.assert_allclose(mean[0], -mean[1], rtol=1e-8)
    same = nege.compare(before, before)
    assert float(abs(same.data.gain.fillna(0.0)).max()) == 0.0
    assert same.winners.empty
    assert same.losers.empty
    assert "None gains or loses" in repr(same)


# --- slow calculations of what people can buy ---------------------------------------------


def best_utility(budget, prices, weights, mu, sigma):
    """What a budget buys: every variety's quantity and the other good's, chosen numerically."""

    # Of each of so many varieties; money spent on a place's is that of one times their number.
    def of_places(logs):
        spent = np.exp(logs - np.logaddexp.reduce(logs)) * budget
        each = spent[:-1] / weights / prices
        bundle = (weights @ each ** (1.0 - 1.0 / sigma)) ** (sigma / (sigma - 1.0))
        return -(mu * np.log(bundle) + (1.0 - mu) * np.log(spent[-1]))

    found = optimize.minimize(of_places, np.zeros(prices.size + 1), tol=1e-14)
    return -found.fun


@pytest.mark.parametrize("who", ["workers", "farmers"])
def test_equivalent_variation_is_what_makes_a_consumer_as_well_off(who):
    """A consumer of primitives: prices of varieties by place, quantities chosen by a search."""
    model = nege.CorePeriphery(TWO, sigma=4.0, mu=0.6, trade_cost=1.7)
    before = nege.short_run(model, [0.7, 0.3])
    after = nege.short_run(model.replace(trade_cost=1.4), [0.7, 0.3])
    found = nege.compare(before, after).data.sel(kind=who)

    def utility(one, place, extra=0.0):
        cost = np.where(np.arange(2) == place, 1.0, one.model.trade_cost)
        income = float(one.data.wage[place]) if who == "workers" else 1.0
        prices = one.data.wage.values * cost
        return best_utility(income + extra, prices, one.data.share.values, 0.6, 4.0)

    for place in range(2):
        goal = utility(after, place)

        def short(extra, place=place, goal=goal):
            return utility(before, place, extra) - goal

        extra = optimize.brentq(short, -0.5, 0.5, xtol=1e-8)
        said = float(found.equivalent_variation[place])
        np.testing.assert_allclose(said, extra, atol=1e-6)
        np.testing.assert_allclose(
            float(found.gain[place]), goal - utility(before, place), atol=1e-7
        )


def test_with_quadratic_utility_a_gain_is_the_difference_of_utilities_in_money():
    before, after = pair("linear demand")
    found = compared("linear demand").data.sel(kind="farmers")

    def utility(one, place):
        m, share = one.model, one.data.share.values
        n, (cost, *_) = m.total_skilled / m.phi, m.tables()
        mean = float(one.data.price_index[place])
        slope = m.b + m.c * n
        prices = (m.a + m.c * n * mean + slope * cost[:, place]) / (2.0 * slope)

        def lost(q):
            every = n * share @ q
            worth = m.a / m.b * every - (n * share @ q**2 + m.c / m.b * every**2) / (2.0 * slope)
            return n * share @ (prices * q) - worth

        return 1.0 - optimize.minimize(lost, np.ones(3), tol=1e-14).fun

    for place in range(3):
        gain = utility(after, place) - utility(before, place)
        np.testing.assert_allclose(float(found.equivalent_variation[place]), gain, atol=1e-7)


def test_expected_utility_is_that_of_people_whose_tastes_are_drawn():
    """E max over places of ln V + s e, with e Gumbel: by its integral, without the closed form."""
    model = ECONOMIES["core-periphery"][0].without_online()
    before, after = (
        nege.solve(one, dynamics=TASTES) for one in (model, model.replace(trade_cost=1.3))
    )
    found = nege.compare(before, after).data.sel(kind="workers")

    def mean_of_the_best(data):
        levels = np.log(data.real_wage.values)

        def above(x):
            return np.prod(np.exp(-np.exp(-(x - levels) / TASTES.scale)))

        upper = integrate.quad(lambda x: 1.0 - above(x), 0.0, 8.0, epsabs=1e-12)[0]
        return upper - integrate.quad(above, -8.0, 0.0, epsabs=1e-12)[0]

    gain = mean_of_the_best(after.data) - mean_of_the_best(before.data)
    mean = float((found.people * found.gain).sum() / found.people.sum())
    np.testing.assert_allclose(mean, gain, atol=1e-9)
    assert (found.contribution.sel(term="moving") > 0.0).all()
    stay = nege.short_run(after.model, before.data.share)
    assert float(abs(nege.compare(before, stay).data.contribution.sel(term="moving")).max()) == 0.0
    with pytest.raises(nege.InputError, match="people who choose places alike"):
        nege.compare(before, nege.short_run(after.model, after.data.share))


def test_who_stays_and_who_leaves_gain_as_people_whose_tastes_are_drawn_do():
    """Against 100000 people with tastes of their own, whom each change lets choose again."""
    rng = np.random.default_rng(5)
    for scale in (0.05, 0.5):
        before = np.array([0.3, 0.1, 0.2, 0.0])
        after = before + np.array([0.1, -0.2, 0.1, 0.25])  # two places alike
        tastes = scale * rng.gumbel(size=(100_000, 4))
        chosen, later = (before + tastes).argmax(1), (after + tastes).argmax(1)
        gain = (after + tastes).max(1) - (before + tastes).max(1)
        found = lasting_tastes.gains(before, after, scale)
        for r in range(4):
            mine = chosen == r
            count = max(int(mine.sum()), 1)
            for said, drawn in (
                (found.gain[r], gain[mine]),
                (found.ratio[r], np.exp(gain[mine])),
                (found.stays[r], (later[mine] == r).astype(float)),
            ):
                error = 4.0 * drawn.std() / np.sqrt(count) + 1e-12
                assert abs(said - drawn.mean()) < error
        likely = np.exp(before / scale - np.logaddexp.reduce(before / scale))
        utility = [scale * np.logaddexp.reduce(one / scale) for one in (before, after)]
        np.testing.assert_allclose(likely @ found.gain, utility[1] - utility[0], atol=1e-13)


def test_the_mean_of_gains_is_the_change_of_expected_utility():
    """And whoever can leave has at least what the place offers."""
    rng = np.random.default_rng(1)
    for scale in (1e-4, 0.02, 0.3, 3.0):
        for size in (2, 7, 30):
            before = 3.0 * rng.normal(size=size)
            after = before + rng.normal(size=size)
            found = lasting_tastes.gains(before, after, scale)
            likely = np.exp(before / scale - np.logaddexp.reduce(before / scale))
            utility = [scale * np.logaddexp.reduce(one / scale) for one in (before, after)]
            np.testing.assert_allclose(likely @ found.gain, utility[1] - utility[0], atol=1e-13)
            assert (found.gain >= after - before - 1e-12).all()
            assert (found.ratio >= np.exp(found.gain) * (1.0 - 1e-12)).all()
            assert ((found.stays > -1e-12) & (found.stays < 1.0 + 1e-12)).all()


def test_gains_of_tastes_that_hardly_differ_are_those_of_the_best_place():
    """And utilities that are no logarithms may be as large as they like."""
    before, after = np.array([0.0, 900.0, 899.0]), np.array([2000.0, 900.0, 1900.0])
    found = lasting_tastes.gains(before, after, 1e-3)
    np.testing.assert_allclose(found.gain, [2000.0, 1100.0, 1100.0], rtol=1e-5)
    np.testing.assert_allclose(found.stays, [1.0, 0.0, 0.0], atol=1e-12)


# --- industries ------------------------------------------------------------------------------


def test_incomes_of_industries_are_those_that_the_model_pays():
    for one in pair("industries"):
        (people,) = accounts.people_of(one.model, one.data)
        land = float((one.data.rent * one.model.land.values).sum())
        np.testing.assert_allclose(people.incomes["land"], land)
        paid = people.incomes["dividends and taxes"]
        np.testing.assert_allclose(paid, float(one.data.commission_revenue), atol=1e-9)
        assert not people.incomes["public goods"].any()
        np.testing.assert_allclose(people.factors["other prices"], 0.0, atol=1e-12)
        both = people.incomes["wages"] + people.incomes["remote work"]
        np.testing.assert_allclose(people.count @ both, 1.0)  # the numeraire


def test_taxes_public_goods_and_kinds_of_workers_are_told_apart():
    found = compared("workers")
    terms = found.data.contribution
    at_till = -(1.0 - found.before.model.housing) * np.log(1.15 / 1.05)
    np.testing.assert_allclose(terms.sel(term="taxes at the till"), at_till, rtol=1e-10)
    np.testing.assert_allclose(terms.sel(term="other prices"), 0.0, atol=1e-12)
    for one in pair("workers"):
        kinds = accounts.people_of(one.model, one.data)
        worth = 1.1 * float(one.data.revenue.sel(wedge="vat").sum())
        for kind in kinds:
            np.testing.assert_allclose(kind.incomes["public goods"], worth, rtol=1e-8)
        np.testing.assert_allclose([kind.count.sum() for kind in kinds], [0.3, 0.7], rtol=1e-9)
    wanted = np.log(found.after.data.worker_welfare / found.before.data.worker_welfare)
    np.testing.assert_allclose(found.by_group.gain, wanted, rtol=1e-9)
    assert found.by_group["group"].values.tolist() == ["skilled workers", "unskilled workers"]


def test_people_who_move_within_a_country_gain_with_it():
    found = compared("borders")
    groups = found.by_group
    assert groups["group"].values.tolist() == ["people in a", "people in b"]
    after, before = (one.data.jurisdiction_welfare for one in (found.after, found.before))
    np.testing.assert_allclose(groups.gain, np.log(after / before), rtol=1e-9)
    assert found.data.contribution.sel(term="moving").values[0, 0] == 0.0  # "a" is one place


def test_who_gets_transfers_gains_by_them():
    found = compared("paid for by others").data.contribution.sel(term="deficits", kind="people")
    assert found.values[0] > 0.0
    assert found.values[1] > 0.0 > found.values[2]
    for one in pair("deficits"):
        (people,) = accounts.people_of(one.model, one.data)
        given = 0.0 if one.model.deficit is None else one.model.deficit.values
        paid = people.count * people.incomes["deficits"]
        np.testing.assert_allclose(paid, given, atol=1e-12)  # E = mu Y is what goods cost


@pytest.mark.parametrize("dynamics", [None, TASTES])
def test_groups_that_people_move_within_gain_what_their_welfare_says(dynamics):
    model = nege.Helpman(nege.geography.line(4), mobility=["a", "a", "b", "b"], **CES)
    changed = model.replace(trade_cost=1.4, amenity=[1.0, 1.0, 1.2, 1.0])
    before, after = (nege.solve(one, dynamics=dynamics) for one in (model, changed))
    found = nege.compare(before, after).by_group
    assert found["group"].values.tolist() == ["people in a", "people in b"]
    wanted = np.log(after.data.group_welfare / before.data.group_welfare)
    np.testing.assert_allclose(found.gain, wanted, rtol=1e-9)


def test_who_never_moves_gains_what_his_place_offers():
    model = nege.Helpman(LINE, mobility="none", **CES)
    before, after = nege.solve(model), nege.solve(model.replace(trade_cost=1.4))
    found = nege.compare(before, after).data.sel(kind="people")
    np.testing.assert_array_equal(found.gain, found.offered)
    wanted = np.log(after.data.real_income / before.data.real_income)
    np.testing.assert_allclose(found.gain, wanted, rtol=1e-12)
    assert (found.stays == 1.0).all()


def test_prices_of_each_industry_have_their_part():
    found = compared("industries").by_industry
    assert found.industry.values.tolist() == ["manufacturing", "services"]
    assert (found.contribution > 0.0).all()
    sold = pair("industries")[1].data.total_cost.sum(["place", "channel"])
    np.testing.assert_array_equal(found.sales_after, sold)
    alone = compared("core-periphery").by_industry
    assert alone.industry.values.tolist() == ["manufactures"]


# --- what is said, drawn, refused ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["core-periphery", "quasi-linear", "workers", "borders"])
def test_it_reads_as_a_table_and_is_one(name):
    found = compared(name)
    words, page = repr(found), found._repr_html_()
    for group in found.by_group["group"].values.tolist():
        assert group in words
        assert group in page
    assert "Winners" in words
    assert "Losers" in words
    assert max(map(len, words.splitlines())) <= 110
    shown = [row[0] for row in found._table()[1]]
    nominal = [term for term in accounts.INCOMES if term in shown and term != "public goods"]
    said = f"Nominal, not deflated: {', '.join(nominal)}; prices are terms of their own."
    real = "group_income of results is real"  # of land it can fall where land here rises
    for text in (" ".join(words.split()), page, found.to_latex().replace(r"\_", "_")):
        assert (said in text) == bool(nominal)
        assert (real in text) == ("land" in nominal and "group_income" in found.before.data)
    head, *rows = compiles(found.to_latex())
    heads, shown = found._table()
    assert [one.strip() for one in head.removesuffix(r" \\").split("&")][1:] == heads[1:]
    assert [row.partition(" &")[0] for row in rows] == [row[0] for row in shown]
    last = [one.strip(" $") for one in rows[-1].removesuffix(r" \\").split("&")[1:]]
    assert float(last[0]) == pytest.approx(float(found.total.equivalent_variation), rel=1e-3)
    assert "sum" in shown[-1][0]
    assert "sum over people" in found.by_group.equivalent_variation.attrs["long_name"]
    assert "per head" in found.to_latex(variables="equivalent_variation")
    assert not any(re.fullmatch(r"[+-]?0\.?0*", "".join(row[1:])) for row in shown[1:-2])
    frame = found.to_dataframe()
    assert frame.index.names[0] == "kind"
    assert frame.filter(like="contribution.").sum(axis=1).to_numpy() == pytest.approx(
        frame["gain"].fillna(0.0).to_numpy(), abs=1e-12
    )


def test_bars_end_where_gains_are():
    found = compared("industries")
    ax = found.plot(by="region")
    (dots,) = [line for line in ax.lines if line.get_gid() == "gain"]
    ends = np.zeros(3)
    for bar in ax.patches:
        row = round(bar.get_y() + bar.get_height() / 2.0)
        ends[row] += bar.get_width() if bar.get_x() >= -1e-12 and bar.get_width() > 0 else 0.0
        ends[row] += bar.get_width() if bar.get_width() < 0 else 0.0
    np.testing.assert_allclose(dots.get_xdata(), 100.0 * found.by_region.gain.values[::-1])
    np.testing.assert_allclose(ends, dots.get_xdata(), atol=0.1)
    said = found.plot_map().collections[-1].get_array()
    np.testing.assert_allclose(said, 100.0 * np.expm1(found.by_region.gain))


def _failed():
    with pytest.raises(nege.ConvergenceError) as caught:
        nege.solve(ECONOMIES["core-periphery"][0], options=nege.SolverOptions(limit_steps=1))
    return caught.value.equilibrium


REFUSED = {
    "no equilibrium": ("before", lambda a: (a.data, a)),
    "a sweep": ("after", lambda a: (a, nege.sweep(a.model, {"mu": [0.4]}).isel(mu=0))),
    "a failed one": ("after", lambda a: (a, _failed())),
    "another model": ("after", lambda a: (a, pair("capital")[0])),
    "other places": (
        "after",
        lambda a: (a, nege.short_run(a.model.replace(online=None), UNEVEN)),
    ),
    "other tastes": ("after", lambda a: (a, nege.short_run(a.model.replace(mu=0.5), a.data.share))),
    "other people": ("after", lambda a: (pair("industries")[0], pair("workers")[0])),
    "a wrong axis": ("by", lambda a: (nege.compare(a, a).plot(by="place"),)),
    "an unknown kind": ("kind", lambda a: (nege.compare(a, a).plot_map(kind="clerks"),)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_compared_is_refused_with_a_cure(what):
    argument, given = REFUSED[what]
    with pytest.raises(nege.InputError) as caught:
        nege.compare(*given(pair("core-periphery")[0]))
    assert caught.value.argument == argument
    assert caught.value.cure or argument in ("by", "kind")
