"""Platforms that know how the whole equilibrium responds: golden numbers, the formula, evidence."""

import numpy as np
import pytest
from agglomerations import economy
from golden_platforms import CASES
from test_platforms import platforms, values

import nege
from nege import mechanisms as mech
from nege.models.agglomeration.kinds import ALONE

pytestmark = pytest.mark.closed_form

CASES = {name: case for name, case in CASES.items() if "responds" in case}
for step in (9, 10):  # the first once more, and one between others
    del CASES[f"monopoly, equilibrium responds, step {step}"]
STEP, SERVICES = 9, np.array([0.0, 1.0])


def monopolist(**more):
    return mech.Platforms(pricing=mech.ProfitMaximising(), **{"marginal_cost": 0.02, **more})


@pytest.fixture(scope="module")
def found():
    return nege.solve(economy(STEP).with_mechanisms(monopolist()))


def given(commission, **more):
    """The same economy with commissions that are given."""
    host = mech.Platforms(marginal_cost=0.02, **more)
    return nege.solve(economy(STEP, commission=commission).with_mechanisms(host))


def commissions(equilibrium):
    return 1.0 - equilibrium.data["platforms.net"].values


def earned(equilibrium):
    """Profit of platforms in labour of their hosts, by industry."""
    return (equilibrium.data.platform_profit / equilibrium.data.wage.mean()).values


# --- where the rule holds -------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_golden_commissions_where_the_equilibrium_responds(name):
    blocks = CASES[name]["blocks"]
    host = platforms(blocks, pricing=mech.ProfitMaximising())
    few = [mech.Oligopoly("cournot", firms_per_mass=50)] if "conduct" in blocks else []
    equilibrium = nege.solve(economy(CASES[name]["step"]).with_mechanisms(host, *few))
    nege.testing.assert_equilibrium(equilibrium)
    assert equilibrium.leading_eigenvalue < 0.0
    got = values(equilibrium)
    wanted = {key: value for key, value in CASES[name]["values"].items() if key in got}
    assert {"welfare", "commission", "platform_profit", "online_sales"} <= set(wanted)
    for variable, value in wanted.items():
        assert got[variable] == pytest.approx(value, abs=2.0 * 10.0 ** -CASES[name]["digits"])


@pytest.mark.parametrize("digital_cost", [1.0, 1.04, 1.3])
def test_where_all_may_enter_the_commission_is_that_of_the_formula(digital_cost):
    # In one market, without spillovers: e = (1-s)(sigma-1+phi)/(1-phi). Profit is spent at home,
    # but at its largest it does not respond.
    model = nege.OnlineAgglomeration(**{**ALONE, "digital_cost": digital_cost})
    equilibrium = nege.solve(model.with_mechanisms(monopolist(marginal_cost=0.05)))
    s = equilibrium.data.online_share.values
    e = (1.0 - s) * (model.sigma.values - 1.0 + model.variety.values)
    e /= 1.0 - model.variety.values
    np.testing.assert_allclose(commissions(equilibrium), (1.0 + 0.05 * e) / (1.0 + e), rtol=1e-11)


def test_profit_falls_on_both_sides_of_it_with_all_else_solved_anew(found):
    # By an economy whose commissions are given, which knows nothing of how the rule is solved.
    zeta, step = commissions(found), 2e-4
    low, high = (earned(given((zeta + side * step * SERVICES).tolist()))[1] for side in (-1.0, 1.0))
    at = earned(found)[1]
    assert max(low, high) < at
    # Its slope is zero: what differences have of it is of the third order.
    slope, bend = (high - low) / (2.0 * step), (high - 2.0 * at + low) / step**2
    assert abs(slope) < 0.02 * abs(bend) * step


def test_it_does_not_depend_on_where_commissions_start_and_says_what_was_compared(found):
    again = nege.solve(economy(STEP, commission=0.3).with_mechanisms(monopolist()))
    np.testing.assert_allclose(commissions(again), commissions(found), rtol=1e-9)
    said = found.banner()
    assert "The commission is 0.0592 for manufacturing, 0.1301 for services." in said
    assert "For services 7 deviations, from 0.042 to 0.704, earn less." in said


def test_stability_and_files_are_of_the_commission_that_was_found(found, tmp_path):
    known = given(commissions(found).tolist())
    assert found.leading_eigenvalue == pytest.approx(known.leading_eigenvalue, rel=1e-8)
    rates = found.with_stability().stability.eigenvalues
    np.testing.assert_allclose(rates, known.with_stability().stability.eigenvalues, rtol=1e-6)
    found.to_netcdf(tmp_path / "found.nc")
    again = nege.load(tmp_path / "found.nc")
    assert again.words == found.words
    assert again.with_stability().stability.stable


def test_sweeps_find_it_in_each_economy(found):
    along = "platforms.marginal_cost"
    ds = nege.sweep(found.model, {along: [0.02, 0.04]}, along=along)
    kept = ds["platforms.net"]
    np.testing.assert_allclose(1.0 - kept[0], commissions(found), rtol=1e-9)
    assert (kept[1] < kept[0]).all()


# --- where it does not ----------------------------------------------------------------------


def test_where_profit_has_a_kink_the_solve_says_so():
    # Without a taste for every firm offline ones come in at once where commissions are too high.
    model = economy(STEP, variety=1.0).with_mechanisms(monopolist())
    with pytest.raises(nege.ConvergenceError, match=r"rises up to 0\.137.*kink") as caught:
        nege.solve(model)
    partial = caught.value.equilibrium
    assert partial.status is nege.Status.STUCK
    assert commissions(partial)[1] == pytest.approx(0.137, abs=1e-3)
    assert "No commission for services" in partial.banner()


def test_where_one_platform_is_ahead_no_response_is_known():
    tipped = monopolist(number=2, network={"services": 0.2})
    with pytest.raises(nege.ConvergenceError, match="One platform is ahead") as caught:
        nege.solve(economy(STEP).with_mechanisms(tipped))
    partial = caught.value.equilibrium
    assert np.isfinite(partial.data.welfare)
    # What the status says in general would contradict what is known.
    for said in (str(caught.value), partial.banner()):
        assert "Ask what a platform takes that has the market: number=1" in said
        for general in ("cycled", "another distribution", "smaller steps", "Nothing was found"):
            assert general not in said


def test_where_one_is_ahead_and_buyers_respond_the_banner_says_which_question_has_an_answer():
    rule = mech.ProfitMaximising(response="buyers")
    host = mech.Platforms(number=2, network={"services": 0.2}, marginal_cost=0.02, pricing=rule)
    found = nege.solve(economy(STEP).with_mechanisms(host))
    first, second = found.data.platform_gain.sel(industry="services").values
    assert first < 0.0 < second
    assert "The market for services has tipped" in found.banner()


@pytest.mark.parametrize(
    "ask",
    [
        lambda model, found: nege.short_run(model, found.data),
        lambda model, _: nege.bifurcation(model, "digital_cost", (1.1, 1.5)),
        lambda model, _: nege.policy.optimise(model, {"digital_cost": (1.1, 1.5)}),
    ],
    ids=["short run", "bifurcation", "optimise"],
)
def test_what_follows_one_set_of_equations_refuses_it_with_a_cure(ask, found):
    with pytest.raises(nege.InputError, match=r"nobody chooses the commission.*Give it as"):
        ask(found.model, found)


def test_nobody_sells_online_at_any_commission_and_it_is_at_cost():
    model = economy(0, variety=1.0).with_mechanisms(monopolist())
    equilibrium = nege.solve(model)
    nege.testing.assert_equilibrium(equilibrium)
    assert (equilibrium.data.online_sales == 0.0).all()
    np.testing.assert_allclose(commissions(equilibrium), 0.02)
