"""Mechanisms of the industry model: off is off, golden numbers, closed forms, dotted names."""

import importlib
import pickle
import pkgutil

import numba
import numpy as np
import own_mechanisms as own
import pytest
import stored_residuals
import xarray as xr
from agglomerations import STYLISED_TURN, economy
from random_agglomerations import random_model, random_unknowns
from scipy.optimize import minimize_scalar

import nege
from nege import mechanisms as mech
from nege.command import economy_file
from nege.geography import equidistant
from nege.models.agglomeration import linear, rest
from nege.models.agglomeration.mechanisms import calls, matching
from nege.models.base import Model

pytestmark = pytest.mark.closed_form

FILES = [
    importlib.import_module(f"{mech.__name__}.{one.name}")
    for one in pkgutil.iter_modules(mech.__path__)
]
SHIPPED = (
    *(mech.Access, mech.BuyerOnline, mech.DataEconomy, mech.DualMode, mech.Friction),
    *(mech.Institutions, mech.Matching, mech.Oligopoly, mech.Platforms, mech.PostedPrices),
    *(mech.Quality, mech.Security, mech.SiteBound, mech.Sourcing, mech.Sunk, mech.Workers),
)
KNOWN = [one for file in FILES for one in getattr(file, "CLOSED_FORMS", ())]
KNOWN += [one for kind in SHIPPED for one in kind.closed_forms]


def solved(step, *mechanisms, **changes):
    found = nege.solve(economy(step, **changes).with_mechanisms(*mechanisms))
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0.0
    return found


def by_mode(found, industry="services"):
    cost = found.data.total_cost.sel(industry=industry)
    return (cost.sum("place") / cost.sum()).values


def in_place(found, place):
    cost = found.data.total_cost.sum("channel")
    return (cost.sel(place=place) / cost.sum("place")).values


# --- off is off ---------------------------------------------------------------------------


def test_without_mechanisms_residuals_are_those_of_before_they_had_files_of_their_own():
    stored = np.load(stored_residuals.STORED)["residuals"]
    found = [stored_residuals.residual(*point) for point in stored_residuals.POINTS]
    assert len(found) == 48
    np.testing.assert_allclose(found, stored, rtol=0.0, atol=1e-13)


@pytest.mark.parametrize(
    "off",
    [
        [],
        [mech.Access()],
        [mech.Access(entry_cost=1.0)],
        [mech.Matching()],
        [mech.Access("one"), mech.Matching(vacancy_cost=0.0, remote_vacancy_cost=0.0)],
    ],
    ids=str,
)
def test_a_mechanism_that_is_off_changes_nothing_at_all(off):
    model = economy(8, remote_labour_share=[0.2, 0.5])
    plain, with_it = nege.solve(model), nege.solve(model.replace(mechanisms=off))
    xr.testing.assert_identical(plain.data, with_it.data)


@pytest.mark.parametrize("one", KNOWN, ids=lambda one: one.words)
def test_what_is_known_in_closed_form(one):
    one.check(nege.OnlineAgglomeration, nege.solve)


# --- golden numbers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "shares", "city"),
    [
        (6, (0.42256523, 0.03675421, 0.54068056), 0.652),
        (8, (0.07507615, 0.25813735, 0.66678650), 0.528),
        (11, (0.00353079, 0.63191913, 0.36455008), 0.212),
    ],
)
def test_claim_21a_dual_firms_rise_in_the_cluster_and_give_way_to_online_ones(step, shares, city):
    found = solved(step, mech.DualMode())  # by default f_0 + f_1 = 2
    np.testing.assert_allclose(by_mode(found), shares, atol=1e-7)
    dual = found.data.total_cost.sel(industry="services", channel="dual")
    assert float(dual.sel(place="0") / dual.sum()) == pytest.approx(city, abs=5e-4)
    given = solved(step, mech.DualMode(scale=2.0))
    np.testing.assert_allclose(given.data.total_cost, found.data.total_cost, rtol=1e-12)


def test_with_synergies_most_firms_are_dual():
    found = solved(8, mech.DualMode(scale=1.2))
    assert by_mode(found)[2] == pytest.approx(0.94071840, abs=1e-7)
    assert by_mode(found, "manufacturing")[2] == pytest.approx(0.78741826, abs=1e-7)


def test_dual_firms_learn_and_hire_as_online_ones_do_and_all_is_audited():
    everything = {"remote_labour_share": [0.2, 0.5], "diversity": 0.03, "hears_online": 0.3}
    found = solved(9, mech.DualMode(scale=1.7), mech.Matching(vacancy_cost=0.1), **everything)
    assert float(found.data.remote_wage) > 0.0
    assert nege.stability(found).stable


@pytest.mark.parametrize(
    ("cost", "services", "goods", "people", "wage", "welfare"),
    [
        (2.0, 0.11076363, 0.33807250, 0.21015890, 0.91795471, 1.96261912),
        (1.0, 0.26719285, 0.21091717, 0.24749237, 0.99741226, 2.00347293),
    ],
)
def test_claim_21c_selling_access_raises_a_villages_share_and_wage(
    cost, services, goods, people, wage, welfare
):
    village = {"services": {"3": {"online": cost}}}
    found = solved(11, mech.Access(entry_cost=village))
    share = in_place(found, "3")
    np.testing.assert_allclose(share, [goods, services], atol=1e-7)
    data = found.data
    numbers = [data.population[3], data.wage[3], data.welfare]
    np.testing.assert_allclose(numbers, [people, wage, welfare], atol=1e-7)


@pytest.mark.parametrize(
    ("vacancy_cost", "welfare", "city"),
    [
        ([0.05, 0.15, 0.15, 0.15], 1.31990202, 0.63535918),
        (0.05, 1.45377943, 0.55278303),
    ],
)
def test_claim_7b_search_for_labour_has_its_golden_numbers(vacancy_cost, welfare, city):
    found = solved(6, mech.Matching(vacancy_cost=vacancy_cost))
    assert float(found.data.welfare) == pytest.approx(welfare, abs=1e-7)
    assert float(found.data.population[0]) == pytest.approx(city, abs=1e-7)


@pytest.mark.parametrize("cost", [1e-6, 0.01, 0.05, 0.15, 0.5, 0.99])
def test_net_labour_is_the_most_that_search_can_leave(cost):
    """Of 1 - e^-theta - kappa theta over tightness theta; unemployment e^-theta is kappa there."""
    end = 2.0 - 2.0 * np.log(cost)
    best = minimize_scalar(
        lambda theta: np.expm1(-theta) + cost * theta,
        bounds=(0.0, end),
        method="bounded",
        options={"xatol": 1e-12},
    )
    assert -best.fun == pytest.approx(float(matching.net_labour(cost)), abs=1e-12)
    assert best.x == pytest.approx(-np.log(cost), abs=1e-5 / np.sqrt(cost))
    slope = (matching.net_labour(cost * 1.0001) - matching.net_labour(cost * 0.9999)) / 2e-4 / cost
    assert slope == pytest.approx(np.log(cost), rel=1e-6)


# --- what the frame has to carry -----------------------------------------------------------


def test_sums_and_unknowns_of_the_whole_economy_say_the_same_tax():
    found = [nege.solve(economy(8).with_mechanisms(one())) for one in TAXES]
    for one in found:
        nege.testing.assert_equilibrium(one)
    names = [next(iter(one.model.mechanisms)) for one in found]
    revenue = [float(one.data[f"{name}.revenue"]) for one, name in zip(found, names, strict=True)]
    np.testing.assert_allclose(revenue, revenue[0], rtol=1e-10)
    assert revenue[0] > 0.1
    for one in found[1:]:
        np.testing.assert_allclose(one.data.welfare, found[0].data.welfare, rtol=1e-11)


TAXES = (own.BySum, own.ByRow, own.ByBorder)


@pytest.mark.parametrize("tax", TAXES)
def test_derivatives_and_solves_without_the_matrix_hold_with_mechanisms(tax):
    model = random_model(5, places=7, mechanisms=[tax(rate=0.2), mech.DualMode(scale=1.5)])
    x = random_unknowns(model, 3)
    if tax.shared:
        x[model._unknowns.to.shared * 7] = -1.5 if tax.shared["revenue"].log else 0.2
    search = rest._RestPointSearch(model.arrays, model.geography.names, nege.SolverOptions())
    dense, krylov = (
        kind(model.arrays, search.moving) for kind in (linear.DenseSystem, linear.KrylovSystem)
    )
    excess = dense.linearise(x)
    np.testing.assert_array_equal(krylov.linearise(x), excess)
    jacobian = dense.jacobian.copy()
    for j in range(0, x.size, 5):
        step = 1e-6 * np.eye(x.size)[j]
        slope = (dense.evaluate(x + step) - dense.evaluate(x - step)) / 2e-6
        np.testing.assert_allclose(jacobian[:, j], slope, atol=1e-6 * max(1.0, abs(slope).max()))
    v = np.cos(np.arange(x.size))
    np.testing.assert_allclose(krylov.product(v), jacobian @ v, rtol=1e-11, atol=1e-11)
    for inverse_time in (0.0, 1.0):
        right = dense.solve(inverse_time, search.absent, excess)
        left = krylov.solve(inverse_time, search.absent, excess)
        np.testing.assert_allclose(left, right, atol=1e-6 * np.max(np.abs(right)))


def test_links_bring_what_other_places_send():
    found = nege.solve(economy(6).with_mechanisms(own.Neighbours(decay=2.0)))
    reach = np.exp(-2.0 * found.model.geography.distance.values)
    heads = reach @ found.data.population.values
    np.testing.assert_allclose(found.data["neighbours.heads"], heads, rtol=1e-13)


def test_a_border_melts_trade_or_takes_of_it():
    """A unified market of services raises welfare and concentrates them (policy.md 4.3)."""
    melts = solved(3, own.Border(factor=1.2))
    assert float(melts.data.welfare) == pytest.approx(1.64754989, abs=1e-7)
    assert in_place(melts, "0")[1] == pytest.approx(0.67071517, abs=1e-7)
    taken = solved(3, own.Border(factor=1.2, melts="taken"))
    assert float(melts.data.welfare) < float(taken.data.welfare) < 1.66639881


# --- names --------------------------------------------------------------------------------


def test_dotted_names_reach_into_mechanisms_everywhere(tmp_path):
    model = economy(6).with_mechanisms(mech.Matching(vacancy_cost=0.05))
    changed = model.replace({"matching.vacancy_cost": 0.1, "housing": 0.15})
    assert float(changed.mechanisms["matching"].vacancy_cost[0]) == 0.1
    swept = nege.sweep(model, {"matching.remote_vacancy_cost": [0.0, 0.2]})
    assert (swept.status == nege.Status.CONVERGED).all()
    path = xr.Dataset({"matching.vacancy_cost": (("step", "place"), [[0.2] * 4, [0.1] * 4])})
    welfare = nege.follow(model, path).welfare
    assert welfare[1] > welfare[0]
    one = model.replace({"matching.vacancy_cost.2": 0.2, "digital_cost.services": 1.3})
    np.testing.assert_array_equal(one.mechanisms["matching"].vacancy_cost, [0.05, 0.05, 0.2, 0.05])
    assert float(one.digital_cost[1]) == 1.3
    swept = nege.sweep(model, {"matching.vacancy_cost.2": [0.05, 0.2]})
    assert swept.population[1, 2] < swept.population[0, 2]
    found = nege.solve(changed)
    found.to_netcdf(tmp_path / "found.nc")
    again = nege.load(tmp_path / "found.nc")
    assert dict(again.model.mechanisms).keys() == {"matching"}
    xr.testing.assert_identical(again.model.to_dataset(), changed.to_dataset())
    assert model.without("matching").mechanisms == economy(6).mechanisms


TOML = """
[geography]
kind = "equidistant"
n = 3
[model]
kind = "online agglomeration"
[model.mechanisms.matching]
vacancy_cost = 0.05
[model.mechanisms.villages]
kind = "access"
entry_cost = {services = {"2" = {online = 2.0}}}
[path]
parameter = "matching.remote_vacancy_cost"
from = 0.0
to = 0.3
points = 2
"""


def test_a_file_of_text_may_have_mechanisms_and_vary_them(tmp_path):
    (tmp_path / "economy.toml").write_text(TOML)
    read = economy_file.read_path(str(tmp_path / "economy.toml"))
    assert [*read.model.mechanisms] == ["matching", "villages"]
    assert float(read.model.mechanisms["villages"].entry_cost[1, 2, 1]) == 2.0
    assert (nege.follow(read.model, read.path).status == nege.Status.CONVERGED).all()
    for entry in ("matching.vacancy_cost.2", "productivity.services.1"):
        text = TOML.replace("matching.remote_vacancy_cost", entry).replace("0.0", "0.1")
        (tmp_path / "entry.toml").write_text(text)
        assert economy_file.read_path(str(tmp_path / "entry.toml")).path[entry][-1] == 0.3
    for right, wrong, said in (
        ("matching.remote_vacancy_cost", "matching.remote", r"matching\.remote_vacancy_cost"),
        ("matching.remote_vacancy_cost", "matching.vacancy_cost.9", r"vacancy_cost\.9"),
        ('kind = "access"', 'kind = "acces"', "'access'.*entry point"),
    ):
        (tmp_path / "wrong.toml").write_text(TOML.replace(right, wrong))
        with pytest.raises(nege.InputError, match=said):
            economy_file.read_path(str(tmp_path / "wrong.toml"))


def test_economies_with_mechanisms_are_kept_and_sent_like_others():
    parts = [mech.Access("villages", entry_cost={"services": {"3": 2.0}}), mech.DualMode()]
    model = nege.OnlineAgglomeration(mechanisms=parts)
    for again in (pickle.loads(pickle.dumps(model)), Model.from_dataset(model.to_dataset())):
        xr.testing.assert_identical(again.to_dataset(), model.to_dataset())
        assert again.modes == ("offline", "online", "dual")
    assert "villages.entry_cost" in model.varied()


ANEW = {"land": None, "productivity": None, "amenity": 1.0, "home_weight": 1.0}


def with_villages(entry_cost=2.0):
    return nege.OnlineAgglomeration(mechanisms=[mech.Access(entry_cost=entry_cost)])


def test_what_says_nothing_of_places_goes_with_any():
    dual = nege.OnlineAgglomeration(mechanisms=[mech.DualMode()])
    assert dual.replace({**ANEW, "geography": equidistant(3)}).modes == dual.modes
    anew = with_villages().replace({**ANEW, "geography": equidistant(3), "access.entry_cost": 3.0})
    assert anew.mechanisms["access"].entry_cost.sizes["place"] == 3


def test_a_mapping_names_mechanisms_and_keywords_reach_into_them():
    model = nege.OnlineAgglomeration(mechanisms={"villages": mech.Access(entry_cost=2.0)})
    assert "mechanisms: villages" in repr(model)
    changed = model.replace(**{"villages.entry_cost": 3.0}).mechanisms["villages"]
    assert (changed.entry_cost == 3.0).all()


def test_what_is_said_of_some_stands_beside_what_is_said_of_others():
    by_channel = xr.DataArray([4.0, 3.0], {"channel": ["online", "offline"]}, "channel")
    said = {"services": {"1": 2.0, "3": by_channel}}
    found = with_villages(said).mechanisms["access"].entry_cost
    assert np.isnan(found.sel(industry="manufacturing")).all()
    expected = [[np.nan] * 2, [2.0] * 2, [np.nan] * 2, [3.0, 4.0]]
    np.testing.assert_array_equal(found.sel(industry="services"), expected)


def test_mechanisms_may_refuse_an_economy_whenever_its_numbers_change():
    model = nege.OnlineAgglomeration(mechanisms=[own.Picky()])
    for change in ({"sigma": 9.0, "spillover": 0.01}, {"remote_elasticity": 9.0}):
        with pytest.raises(nege.InputError, match="at most 8"):
            model.replace(change)
        with pytest.raises(nege.InputError, match="at most 8"):
            nege.sweep(model, {name: [value] for name, value in change.items()})


@pytest.mark.parametrize(
    ("own_things", "said"),
    [
        ({"notes": {"paid": mech.Own()}}, "need equations"),
        ({"equations": own.BySum.equations, "sums": {"name": mech.Own()}}, "already"),
        ({"equations": own.BySum.equations, "sums": {"all": mech.Own(("place",))}}, "its dims"),
        ({"equations": {"cost": None}}, "no stages"),
        ({"kind": "access"}, "another kind"),
    ],
)
def test_a_mechanism_that_cannot_be_is_refused_where_it_is_declared(own_things, said):
    with pytest.raises(TypeError, match=said):
        type("Wrong", (mech.Mechanism,), {"kind": "wrong", **own_things})


@pytest.mark.parametrize("method", ["icebergs", "wedge"])
@pytest.mark.parametrize("table", [np.zeros((4, 4)), np.full((2, 2, 4, 4), np.nan)])
def test_tables_between_places_are_refused_unless_whole(method, table, monkeypatch):
    made = table if method == "icebergs" else mech.Wedge(table)
    monkeypatch.setattr(own.Picky, method, lambda *_: made)
    with pytest.raises(nege.InputError, match=rf"picky\.{method}.*finite, over industry"):
        nege.solve(nege.OnlineAgglomeration(mechanisms=[own.Picky()]))


@pytest.mark.parametrize("name", ["log_pay", "log_wages"])
def test_tables_that_mechanisms_lower_stay_what_they_are(name, monkeypatch):
    monkeypatch.setattr(own.Picky, "lower", lambda self, economy, tables: tables.update({name: 1}))
    with pytest.raises(nege.InputError, match=r"picky\.lower"):
        nege.solve(nege.OnlineAgglomeration(mechanisms=[own.Picky()]))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda m: m.replace({"vat.rate": 0.1}), "vat.rate"),
        (lambda m: m.replace({"matching.vacancy": 0.1}), "matching.vacancy_cost"),
        (lambda m: m.replace({"matching.vacancy_cost": 1.0}), "matching.vacancy_cost"),
        (lambda m: m.replace({"matching.vacancy_cost.9": 0.1}), "an entry of it"),
        (lambda m: m.replace({"matching.vacancy_cost.2": 1.0}), "matching.vacancy_cost.2"),
        (lambda m: m.replace({"matching.vacancy_cost": [0.1, np.nan, 0.1, 0.1]}), "vacancy_cost"),
        (lambda m: m.without("vat"), "vat"),
        (lambda m: m.with_mechanisms("matching"), "mechanisms"),
        (lambda m: m.with_mechanisms(mech.Matching("other")), "there can be one"),
        (lambda m: m.with_mechanisms(mech.Access("sigma")), "name of its own"),
        (lambda m: m.with_mechanisms(mech.Access("a.b")), "letters"),
        (lambda m: m.with_mechanisms(mech.Access(entry_cost={"service": 2.0})), "services"),
        (lambda m: m.with_mechanisms(mech.Access(entry_cost={"3": -2.0})), "above 0"),
        (lambda m: m.with_mechanisms(mech.DualMode(scale=np.ones(3))), "dual_mode.scale"),
        (lambda m: m.with_mechanisms(mech.DualMode(sclae=1.0)), "scale"),
        (
            lambda m: m.with_mechanisms(mech.Access(), mech.Access(entry_cost=2.0)),
            "name of its own",
        ),
        (lambda m: m.with_mechanisms(mech.DualMode(), own.Thirdly()), "one mode"),
        (lambda m: m.replace(mechanisms={"a": mech.Access("b")}), "'b' there too"),
        (lambda m: m.replace(mechanisms={"a": {"kind": "access", "name": "b"}}), "'b' there too"),
        (
            lambda m: m.replace({"matching.vacancy_cost": 0.1, "matching.vacancy_cost.0": 0}),
            "entry",
        ),
        (lambda m: m.replace({**ANEW, "geography": equidistant(3)}), "vacancy_cost where names"),
        (lambda m: with_villages().replace({**ANEW, "geography": equidistant(5)}), "entry_cost"),
        (lambda m: with_villages().replace(industries=["a", "b"]), "entry_cost where names"),
        (lambda m: with_villages({"services": np.ones(3)}), "entry_cost"),
        (lambda m: with_villages(xr.DataArray([1.0], {"place": ["9"]}, "place")), "9"),
        (
            lambda m: with_villages(xr.DataArray([1.0] * 2, {"place": ["1"] * 2}, "place")),
            "distinct",
        ),
        (
            lambda m: with_villages({"3": xr.DataArray([1.0], {"place": ["1"]}, "place")}),
            "labelled",
        ),
    ],
)
def test_bad_mechanisms_are_refused_by_name_with_a_cure(wrong, said):
    model = nege.OnlineAgglomeration(mechanisms=[mech.Matching(vacancy_cost=0.05)])
    with pytest.raises((nege.InputError, TypeError), match=said):
        wrong(model)


def test_switching_mechanisms_of_nege_compiles_nothing():
    """Kernels compile for types: those of every economy are the same."""
    off = economy(6)
    on = [
        off.with_mechanisms(mech.DualMode(), mech.Access(entry_cost=2.0), mech.Matching()),
        off.replace(remote_labour_share=0.2, diversity=0.1, platform_owner=[1.0, 0, 0, 0]),
        off.replace(spillover=0.0, commission=0.0, inputs=0.0, migration_elasticity=0.0),
        off.with_mechanisms(own.Border(melts="taken"), mech.SiteBound("services", share=0.1)),
        off.with_mechanisms(mech.Oligopoly()),
    ]
    assert {numba.typeof(one.arrays) for one in on} == {numba.typeof(off.arrays)}


def test_equations_of_mechanisms_are_kept_on_disk_unless_their_file_was_edited(monkeypatch):
    for kind in (own.BySum, mech.Oligopoly):
        for address, signature in zip(
            kind.compiled()[1:], (calls.SIGNATURE, calls.TRADE), strict=True
        ):
            made = calls._known.get(address, (None, None))[1]
            if made is not None and made._cache.keeps(signature):  # kernels are compiled at all
                assert made._cache.has(signature, made.targetctx)
    file, date, size = own.ByRow._home
    monkeypatch.setattr(own.ByRow, "_home", (file, date + 1, size))
    made = calls._known[own.ByRow.compiled.__wrapped__(own.ByRow)[1]][1]
    assert made is None or not hasattr(made._cache, "has")


def test_the_stylised_turn_goes_with_mechanisms():
    found = nege.follow(nege.OnlineAgglomeration(mechanisms=[mech.DualMode()]), STYLISED_TURN)
    assert (found.status == nege.Status.CONVERGED).all()
    dual = found.total_cost.sel(industry="services", channel="dual").sum("place")
    share = dual / found.total_cost.sel(industry="services").sum(("place", "channel"))
    assert int(np.argmax(share.values)) in (7, 8)  # hump-shaped
    known = nege.patterns(found).online_share.sel(industry="services")
    online = found.total_cost.sel(industry="services", channel="online").sum("place")
    every = found.total_cost.sel(industry="services").sum(("place", "channel"))
    np.testing.assert_allclose(known, online / every, rtol=1e-12)
