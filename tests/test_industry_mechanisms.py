"""Mechanisms of the industry model: off is off, golden numbers, closed forms, dotted names."""

import importlib
import pickle
import pkgutil

import numpy as np
import pytest
import stored_residuals
import xarray as xr
from agglomerations import DIGITAL_TURN, economy

import nege
from nege import mechanisms as mech
from nege.models.base import Model

pytestmark = pytest.mark.closed_form

FILES = [
    importlib.import_module(f"{mech.__name__}.{one.name}")
    for one in pkgutil.iter_modules(mech.__path__)
]
KNOWN = [one for file in FILES for one in getattr(file, "CLOSED_FORMS", ())]
KNOWN += [one for kind in (mech.Access, mech.DualMode, mech.Matching) for one in kind.closed_forms]


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
def test_dual_firms_rise_in_the_cluster_and_give_way_to_online_ones(step, shares, city):
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
def test_selling_access_raises_a_villages_share_and_wage(
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
def test_search_for_labour_costs_welfare_and_equal_search_moves_nobody(vacancy_cost, welfare, city):
    found = solved(6, mech.Matching(vacancy_cost=vacancy_cost))
    assert float(found.data.welfare) == pytest.approx(welfare, abs=1e-7)
    assert float(found.data.population[0]) == pytest.approx(city, abs=1e-7)


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
    found = nege.solve(changed)
    found.to_netcdf(tmp_path / "found.nc")
    again = nege.load(tmp_path / "found.nc")
    assert dict(again.model.mechanisms).keys() == {"matching"}
    xr.testing.assert_identical(again.model.to_dataset(), changed.to_dataset())
    assert model.without("matching").mechanisms == economy(6).mechanisms


def test_economies_with_mechanisms_are_kept_and_sent_like_others():
    parts = [mech.Access("villages", entry_cost={"services": {"3": 2.0}}), mech.DualMode()]
    model = nege.OnlineAgglomeration(mechanisms=parts)
    for again in (pickle.loads(pickle.dumps(model)), Model.from_dataset(model.to_dataset())):
        xr.testing.assert_identical(again.to_dataset(), model.to_dataset())
        assert again.modes == ("offline", "online", "dual")
    assert "villages.entry_cost" in model.varied()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda m: m.replace({"vat.rate": 0.1}), "vat.rate"),
        (lambda m: m.replace({"matching.vacancy": 0.1}), "matching.vacancy_cost"),
        (lambda m: m.replace({"matching.vacancy_cost": 1.0}), "matching.vacancy_cost"),
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
    ],
)
def test_bad_mechanisms_are_refused_by_name_with_a_cure(wrong, said):
    model = nege.OnlineAgglomeration(mechanisms=[mech.Matching(vacancy_cost=0.05)])
    with pytest.raises((nege.InputError, TypeError), match=said):
        wrong(model)


def test_the_path_of_the_digital_turn_goes_with_mechanisms():
    found = nege.follow(nege.OnlineAgglomeration(mechanisms=[mech.DualMode()]), DIGITAL_TURN)
    assert (found.status == nege.Status.CONVERGED).all()
    dual = found.total_cost.sel(industry="services", channel="dual").sum("place")
    share = dual / found.total_cost.sel(industry="services").sum(("place", "channel"))
    assert int(np.argmax(share.values)) in (7, 8)  # hump-shaped
