"""Data as a by-product and a factor: golden numbers, claims 25, 29, 34 and 36, and what fails."""

import functools

import numba
import numpy as np
import pytest
import stored_residuals
import xarray as xr
from agglomerations import at, economy, online_share
from random_agglomerations import random_model, random_unknowns

import nege
from nege import mechanisms as mech
from nege.models.agglomeration import equations, linear, rest
from nege.models.agglomeration.kinds import ALONE
from nege.models.base import Model

pytestmark = pytest.mark.closed_form

DataEconomy = mech.DataEconomy

SERVICES = {"services": 0.01}
FORMS = {
    **{"open": DataEconomy.open, "consumers": DataEconomy.consumer_owned},
    **{"platform": DataEconomy.platform_owned, "hoarded": DataEconomy.hoarded},
    "firms": functools.partial(DataEconomy.firm_owned, 0.1),
}


@functools.cache
def under(form, fixed_cost=0.01, step=9):
    """The long run of a step of the stylised turn, data of services owned somehow."""
    cost = {} if form == "firms" else {"fixed_cost": fixed_cost}
    found = nege.solve(economy(step).with_mechanisms(FORMS[form](weight=SERVICES, **cost)))
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0.0
    return found


def welfare(form, **about):
    return float(under(form, **about).data.welfare)


def of_services(found, name):
    return float(found.data[name].sel(industry="services"))


# --- off is off ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "off",
    [
        DataEconomy(pricing="monopoly", fixed_cost=0.4, owner="platform"),
        DataEconomy(weight=0.0, substitution=0.5),
        DataEconomy.hoarded(weight=0.1, fixed_cost=0.4),
        DataEconomy(weight=0.1, access=0.0, substitution=0.5, pricing="average"),
    ],
    ids=["no weight", "a weight of zero", "hoarded", "no access"],
)
def test_data_that_are_off_leave_every_residual_as_it_was(off):
    stored = np.load(stored_residuals.STORED)["residuals"]
    for point, known in zip(stored_residuals.POINTS, stored, strict=True):
        plain = stored_residuals.economy(*point)
        model, x = plain.with_mechanisms(off), random_unknowns(plain, 1000 + point[-1])
        local = x.size - 2  # then ln p, ln w0 and D
        x = np.concatenate([x[:local], [-1.0, 0.3], x[local:]])
        excess = np.empty_like(x)
        equations.evaluate(model.arrays, x, excess)
        found = np.delete(excess, [local, local + 1])
        np.testing.assert_allclose(found, known, rtol=0.0, atol=1e-13)


# --- golden numbers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "price", "use", "utility", "online", "profit", "stock"),
    [
        ("open", 0.09939776, 0.63554182, 2.07859053, 0.99479170, -0.00993978, 0.92671440),
        ("consumers", 0.12270893, 0.42622773, 2.07321929, 0.99253951, 0.0, 0.91840508),
        ("hoarded", None, 0.0, 1.95900487, 0.96365192, 0.0, 0.0),
        ("firms", 0.09932409, 0.06375355, 1.97242980, 0.96985490, 0.0, None),
    ],
)
def test_golden_numbers_of_ownership(form, price, use, utility, online, profit, stock):
    found = under(form)
    assert welfare(form) == pytest.approx(utility, abs=1e-8)
    assert online_share(found) == pytest.approx(online, abs=1e-8)
    known = {"data_price": price, "data_use": use, "data_profit": profit, "data_stock": stock}
    for name, number in known.items():
        if number is not None:
            assert of_services(found, name) == pytest.approx(number, abs=1e-8)


@pytest.mark.parametrize(
    ("data", "utility"),
    [
        (DataEconomy.open(weight=SERVICES, fixed_cost=0.01, returns=2.0), 2.06656382),
        (DataEconomy.open(weight=SERVICES, fixed_cost=0.08), 1.91799483),
        (DataEconomy(weight=SERVICES, fixed_cost=0.01, access=0.1), 1.95199790),
        (DataEconomy.platform_owned(weight=SERVICES, fixed_cost=0.01), 2.04051479),
    ],
    ids=["growth below the scale", "dear", "own data at a fixed cost", "monopoly"],
)
def test_golden_numbers_of_welfare(data, utility):
    found = nege.solve(economy(9).with_mechanisms(data))
    assert float(found.data.welfare) == pytest.approx(utility, abs=1e-8)


# --- claims -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "without", "with_data"),
    [
        (6, 0.04949374, 0.05660843),
        (7, 0.22555469, 0.52680612),
        (8, 0.65068300, 0.89996676),
        (9, 0.82623739, 0.92671440),
        (11, 0.82441659, 0.89913965),
    ],
)
def test_claim_25_data_are_a_by_product_that_draws_participants(step, without, with_data):
    on = {"industry": "services", "channel": "online"}
    counts = [
        float(found.data.firm_mass.sel(on).sum()) for found in (at(step), under("open", step=step))
    ]
    np.testing.assert_allclose(counts, [without, with_data], atol=1e-8)
    # The stock has elasticity chi = 1 in them.
    assert of_services(under("open", step=step), "data_stock") == pytest.approx(counts[1])


def test_claim_25_flips_where_fewer_take_part_than_the_stock_is_counted_in():
    """Data that grow faster than participation (chi = 2) are worth less below the scale, N < N0."""
    faster = DataEconomy.open(weight=SERVICES, fixed_cost=0.01, returns=2.0)
    found = nege.solve(economy(9).with_mechanisms(faster))
    count = float(found.data.firm_mass.sel(industry="services", channel="online").sum())
    assert count < 1.0
    assert float(found.data.welfare) < welfare("open")
    worth = [
        float(nege.solve(economy(9).with_mechanisms(one.replace(scale=0.85))).data.welfare)
        for one in (faster, DataEconomy.open(weight=SERVICES, fixed_cost=0.01))
    ]
    assert worth[0] > worth[1]  # where more do


def test_claims_29_and_34_output_rises_as_rights_in_data_are_cleared_and_priced():
    forms = ("hoarded", "firms", "platform", "consumers", "open")
    assert (np.diff([welfare(form) for form in forms]) > 0.0).all()
    uses = [of_services(under(form), "data_use") for form in forms]
    assert (np.diff(uses) > 0.0).all()


def test_claims_29_and_34_flip_where_own_data_bear_a_fixed_cost_or_it_is_large():
    own = DataEconomy(weight=SERVICES, access=0.1, fixed_cost=0.01)
    found = nege.solve(economy(9).with_mechanisms(own))
    assert float(found.data.welfare) < welfare("hoarded")
    assert welfare("open", fixed_cost=0.08) < welfare("hoarded")


def test_claim_36_average_cost_lies_between_marginal_cost_and_monopoly():
    forms = ("open", "consumers", "platform")
    assert (np.diff([of_services(under(form), "data_price") for form in forms]) > 0.0).all()
    assert (np.diff([welfare(form) for form in forms]) < 0.0).all()
    profits = [of_services(under(form), "data_profit") for form in forms]
    assert profits[0] < 0.0 < profits[2]
    assert abs(profits[1]) < 1e-14


def test_claim_36_flips_once_the_fixed_cost_exceeds_a_monopolys_surplus():
    assert of_services(under("platform", fixed_cost=0.05), "data_profit") < 0.0
    with pytest.raises(nege.ConvergenceError, match="No price was found at which data of services"):
        under("consumers", fixed_cost=0.05)


@pytest.mark.parametrize(("fixed_cost", "pays"), [(0.01, False), (0.0, True)])
def test_claim_n2_one_data_centre_pays_where_one_for_own_data_does_not(fixed_cost, pays):
    own = DataEconomy(weight=SERVICES, access=0.1, fixed_cost=fixed_cost)
    found = nege.solve(economy(9).with_mechanisms(own))
    assert (float(found.data.welfare) > welfare("hoarded")) == pays
    assert welfare("platform", fixed_cost=fixed_cost) > welfare("hoarded")


def test_who_may_use_data_decides_the_online_share():
    all_firms = DataEconomy.open(weight={"services": {"offline": 0.01, "online": 0.01}})
    found = nege.solve(economy(9).with_mechanisms(all_firms.replace(fixed_cost=0.01)))
    assert float(found.data.welfare) == pytest.approx(2.06991249, abs=1e-8)
    assert online_share(found) == pytest.approx(0.9568, abs=5e-5)
    assert online_share(found) < online_share(at(9)) < online_share(under("open"))


def test_platforms_gain_where_they_own_data():
    apart = economy(9, platform_owner=[1.0, 0.0, 0.0, 0.0])
    mine = DataEconomy.platform_owned(weight=SERVICES, fixed_cost=0.01)
    theirs = mine.replace(owner="consumers")
    own, everybodys = (nege.solve(apart.with_mechanisms(one)) for one in (mine, theirs))
    for found in (own, everybodys):
        nege.testing.assert_equilibrium(found)
        assert of_services(found, "data_profit") > 0.0
    assert own.data.income[0] > everybodys.data.income[0]


# --- existence ----------------------------------------------------------------------------


@pytest.mark.parametrize(("returns", "omega"), [(2.0, 0.11), (2.0, 0.2), (1.0, 0.25)])
def test_beyond_the_fold_data_feed_on_themselves_and_that_is_said(returns, omega):
    data = DataEconomy(weight=[[omega, omega]], returns=returns)
    model = nege.OnlineAgglomeration(**ALONE, mechanisms=[data])
    with pytest.raises(nege.ConvergenceError, match="Data of one feed on themselves") as caught:
        nege.solve(model)
    assert "Lower data_economy.weight" in caught.value.equilibrium.banner()
    assert float(caught.value.equilibrium.data.data_feedback[0]) > 0.99


def test_up_to_the_fold_chi_v_is_what_it_is_in_closed_form():
    found = []
    for omega in (0.01, 0.05, 0.08, 0.0999):
        data = DataEconomy(weight=[[omega, omega]], returns=2.0)
        model = nege.OnlineAgglomeration(**ALONE, mechanisms=[data])
        found.append(float(nege.solve(model).data.data_feedback[0]))
    np.testing.assert_allclose(found, [0.0513, 0.2929, 0.5528, 0.9684], atol=5e-5)


def test_firms_that_cannot_do_without_data_may_die_out_and_that_is_said():
    data = DataEconomy(weight=0.05, substitution=0.6, returns=0.9)
    with pytest.raises(nege.ConvergenceError, match=r"need data \(substitution below 1\) die out"):
        nege.solve(nege.OnlineAgglomeration(mechanisms=[data]))


# --- the whole of it ----------------------------------------------------------------------


def random_data(seed, industries):
    """Data drawn at random: every pricing and owner, some industries that use none."""
    rng, k = np.random.default_rng(seed + 77), industries
    return DataEconomy(
        weight=rng.uniform(0.0, 0.05, (k, 2)) * (rng.uniform(size=(k, 2)) < 0.8),
        substitution=(0.8, 1.5, 2.0, 3.0)[seed % 4] if seed % 3 != 2 else 2.5,
        **{"returns": rng.uniform(0.0, 0.6, k), "scale": rng.uniform(0.2, 2.0, k)},
        **{"access": rng.uniform(0.1, 1.0), "marginal_cost": rng.uniform(0.05, 0.3, k)},
        fixed_cost=rng.uniform(0.0, 0.003, k) * (seed % 3 != 1),
        pricing=("marginal", "average", "monopoly")[seed % 3],
        owner=("platform", "consumers")[seed % 2],
    )


@pytest.mark.parametrize("seed", range(3))
def test_derivatives_and_solves_without_the_matrix_hold_with_data(seed):
    others = [mech.DualMode(scale=1.5), mech.Matching(vacancy_cost=0.1)]
    model = random_model(
        seed, places=6, industries=2, mechanisms=[random_data(seed, 2), *others[: seed % 3]]
    )
    x = random_unknowns(model, 3)
    x[model._unknowns.to.shared * 6 :][:2] = -1.5, -2.0
    search = rest._RestPointSearch(model.arrays, model.geography.names, nege.SolverOptions())
    dense, krylov = (
        kind(model.arrays, search.moving) for kind in (linear.DenseSystem, linear.KrylovSystem)
    )
    excess = dense.linearise(x)
    np.testing.assert_array_equal(krylov.linearise(x), excess)
    jacobian = dense.jacobian.copy()
    for j in range(x.size):
        step = 1e-6 * np.eye(x.size)[j]
        slope = (dense.evaluate(x + step) - dense.evaluate(x - step)) / 2e-6
        np.testing.assert_allclose(jacobian[:, j], slope, atol=1e-7 * max(1.0, abs(slope).max()))
    v = np.cos(np.arange(x.size))
    np.testing.assert_allclose(krylov.product(v), jacobian @ v, rtol=1e-11, atol=1e-11)
    right = dense.solve(1.0, search.absent, excess)
    left = krylov.solve(1.0, search.absent, excess)
    np.testing.assert_allclose(left, right, atol=1e-6 * np.max(np.abs(right)))


@pytest.mark.parametrize("corners", [False, True])
def test_random_economies_with_data_are_solved_and_audited_or_say_why_not(corners):
    solved = 0
    for seed in range(12):
        k = 1 + seed % 3
        others = [mech.DualMode(scale=1.5)] if seed % 4 == 1 else []
        variety = {"variety": 1.0} if corners else {}
        parts = [random_data(seed, k), *others]
        model = random_model(100 + seed, industries=k, mechanisms=parts, **variety)
        try:
            found = nege.solve(model)
        except nege.ConvergenceError as error:
            found = error.equilibrium
        if found.converged:
            nege.testing.assert_equilibrium(found)
            solved += 1
        else:
            assert model.remark(found), seed
    assert solved >= 9


def test_switching_data_compiles_nothing_but_its_own():
    off = economy(6)
    on = [off.with_mechanisms(form(weight=0.01)) for form in FORMS.values()]
    assert {numba.typeof(one.arrays) for one in on} == {numba.typeof(off.arrays)}


# --- what is given ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"services": 0.02},
        {"online": {"services": 0.02}},
        {"services": {"online": 0.02}},
        [0.0, 0.02],
        [[0.0, 0.0], [0.0, 0.02]],
        xr.DataArray([0.02], {"industry": ["services"]}, "industry"),
        np.array([0.0, 0.02]),
    ],
    ids=str,
)
def test_weights_over_industry_alone_are_those_of_firms_online(given):
    model = economy(9).with_mechanisms(DataEconomy(weight=given))
    weight = model.mechanisms["data_economy"].weight
    assert weight.dims == ("industry", "channel")
    np.testing.assert_array_equal(weight, [[0.0, 0.0], [0.0, 0.02]])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"substitution": 1.0}, "data_economy.substitution.*not 1"),
        ({"substitution": 0.5, "pricing": "monopoly"}, "above 1 with monopoly pricing"),
        ({"weight": 0.1, "fixed_cost": [0.5, 0.5]}, "data_economy.fixed_cost.*less than one"),
        ({"access": 1.5}, "data_economy.access|access"),
        ({"weight": {"service": 0.1}}, "services"),
        ({"weight": -0.1}, "data_economy.weight"),
        ({"marginal_cost": 0.0}, "data_economy.marginal_cost"),
        ({"pricing": "monopolly"}, "monopoly"),
        ({"owner": "state"}, "consumers"),
        ({"returns": np.nan}, "data_economy.returns"),
    ],
)
def test_bad_data_are_refused_by_name_with_a_cure(wrong, said):
    with pytest.raises(nege.InputError, match=said):
        economy(9).with_mechanisms(DataEconomy(**wrong))


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_ownership_take_all_but_what_they_say(form):
    assert FORMS[form]("market", weight=0.1).name == "market"
    with pytest.raises(nege.InputError, match="pricing"):
        FORMS[form](pricing="average")


def test_own_data_are_a_part_of_all():
    with pytest.raises(nege.InputError, match="own"):
        DataEconomy.firm_owned(1.2)


def test_dotted_names_and_stores_reach_data():
    model = economy(9).with_mechanisms(DataEconomy.open(weight=SERVICES, fixed_cost=0.01))
    swept = nege.sweep(model, {"data_economy.access": [0.0, 1.0]})
    np.testing.assert_allclose(swept.welfare, [1.95900487, 2.07859053], atol=1e-8)
    assert swept.data_use.sel(industry="services")[0] == 0.0
    again = Model.from_dataset(model.to_dataset())
    xr.testing.assert_identical(again.to_dataset(), model.to_dataset())
    found = nege.solve(model)
    assert nege.stability(found).stable  # from results alone
