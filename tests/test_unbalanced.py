"""Trade that is not balanced, places that do not trade, people who spend elsewhere.

Numbers of fixed points in NumPy; Dekle, Eaton & Kortum (2007), Alvarez & Lucas (2007).
"""

import draws_unbalanced
import numpy as np
import pandas as pd
import pytest
import reference_quantitative as reference
import xarray as xr

import nege
from nege.studies.kinds import Kind, answer

pytestmark = pytest.mark.family

NAMES = ("A", "B", "C")
FLOWS = np.array([[70.0, 12, 9], [6, 55, 10], [14, 3, 48]])
PLACES = nege.geography.from_distance(1 - np.eye(3), names=NAMES)
WORLD = nege.AllenArkolakis(
    PLACES, sigma=5, productivity_spillover=0, amenity_spillover=0, trade_cost=1
)
CHEAPER = np.ones((3, 3))
CHEAPER[0, 1] = CHEAPER[1, 0] = np.exp(-0.5 / 4)
ZEROS = np.where([[1, 1, 0], [0, 1, 1], [1, 0, 1]], FLOWS, 0.0)

COST = [[1, 1.4, 1.8], [1.4, 1, 1.5], [1.8, 1.5, 1]]
WORK, PAY, SPENT = [50, 20, 30], [3, 2.5, 2], [83.2, 109.2, 67.6]
COUNTIES = nege.Helpman(PLACES, sigma=4, mu=0.75, trade_cost=COST)


def of_flows(flows=FLOWS, world=WORLD, **more):
    """An economy of some flows, and the short run in which they are observed."""
    people = np.asarray(flows).sum(1)
    model = nege.invert(world, employment=people, flows=flows, **more)
    return nege.short_run(model, people / people.sum())


# --- what follows from observed flows, where nobody moves -----------------------------


def test_a_trade_agreement_where_nobody_moves_and_deficits_are_fixed():
    after = nege.counterfactual(of_flows(), trade_cost_change=CHEAPER, deficits="fixed")
    wanted = {
        "wage": [1.0097106468, 0.9910359972, 0.9961965437],
        "price_index": [0.9950184384, 0.9699149350, 0.9971740201],
        "real_wage": [1.0147657650, 1.0217762006, 0.9990197535],
        "real_income": [1.0148742012, 1.0216441713, 0.9991336113],
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(after[f"{name}_change"], values, atol=6e-11)
    np.testing.assert_array_equal(after.share_change, 1.0)
    assert float(after.residual) < 1e-12
    assert (after.attrs["dynamics"], after.attrs["deficits"]) == ("nobody moves", "fixed")


def test_of_an_economy_in_which_nobody_moves_flows_are_all_that_is_needed():
    world = nege.invert(WORLD.replace(mobility="none"), flows=pd.DataFrame(FLOWS, NAMES, NAMES))
    before = nege.solve(world)
    nege.testing.assert_equilibrium(before)
    assert not world.uniqueness().unique
    after = nege.counterfactual(before, trade_cost_change=CHEAPER)
    assert (after.attrs["dynamics"], after.attrs["deficits"]) == ("nobody moves", "fixed")
    same = nege.counterfactual(of_flows(), trade_cost_change=CHEAPER, deficits="fixed")
    for name in ("wage_change", "price_index_change", "real_income_change"):
        np.testing.assert_allclose(after[name], same[name], rtol=1e-12)


@pytest.mark.parametrize("flows", [FLOWS, ZEROS], ids=["all trade", "zeros"])
@pytest.mark.parametrize("deficits", ["fixed", "proportional", "zero"])
def test_changes_are_those_of_a_slow_process_on_flows_alone(deficits, flows):
    made = np.array([1.1, 0.9, 1.0])
    before = of_flows(flows)
    after = nege.counterfactual(
        before, trade_cost_change=CHEAPER, productivity_change=made, deficits=deficits
    )
    pay, price, spending = reference.unbalanced_hat(flows, 5, CHEAPER, made, deficits)
    np.testing.assert_allclose(after.wage_change, pay, rtol=1e-11)
    np.testing.assert_allclose(after.price_index_change, price, rtol=1e-11)
    np.testing.assert_allclose(after.real_income_change, spending / price, rtol=1e-11)
    again = nege.counterfactual(
        before,
        trade_cost_change=CHEAPER,
        productivity_change=made,
        deficits=deficits,
        flows=pd.DataFrame(1e6 * flows, NAMES, NAMES).iloc[::-1],
    )
    np.testing.assert_allclose(again.wage_change, pay, rtol=1e-11)


WORLDS = {"spillovers": WORLD, "local": COUNTIES, "pooled": COUNTIES.replace(rents="pooled")}


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
@pytest.mark.parametrize("deficits", ["fixed", "proportional"])
def test_changes_equal_levels_and_levels_pass_their_audit(world, deficits):
    before = of_flows(FLOWS, world, deficits=deficits)
    nege.testing.assert_equilibrium(before)
    model = before.model
    np.testing.assert_allclose(model.trade_flows(before.data), FLOWS / FLOWS.sum(), rtol=1e-10)
    dearer, made = CHEAPER**-1, np.array([1.1, 0.9, 1.0])
    after = nege.counterfactual(before, trade_cost_change=dearer, productivity_change=made)
    assert after.attrs["deficits"] == deficits
    levels = model.replace(
        trade_cost=model.trade_cost * dearer, productivity=model.productivity * made
    )
    found = nege.short_run(levels, before.data["share"])
    nege.testing.assert_equilibrium(found)
    for name in ("wage", "price_index", "real_income", "welfare"):
        wanted = found.data[name] / before.data[name]
        np.testing.assert_allclose(after[f"{name}_change"], wanted, rtol=1e-10)


def test_no_trade_is_the_limit_of_little_trade():
    some = np.where(ZEROS > 0, ZEROS, 1e-9)
    none, little = (
        nege.counterfactual(of_flows(x), trade_cost_change=CHEAPER).wage_change
        for x in (ZEROS, some)
    )
    np.testing.assert_allclose(none, little, rtol=1e-8)


# --- people who spend elsewhere than they earn ------------------------------------------


def test_productivities_where_residents_spend_elsewhere():
    found = nege.invert(COUNTIES, employment=WORK, wage=PAY, spending=SPENT)
    wanted = [1.3772099851, 0.9534015663, 0.7615948105]
    np.testing.assert_allclose(found.productivity, wanted, atol=6e-11)
    at_home = nege.invert(COUNTIES, employment=WORK, wage=PAY).productivity
    np.testing.assert_allclose(at_home, [1.2116188247, 1.0365693436, 0.7962246658], atol=6e-11)
    slow = reference.productivities(*map(np.array, (WORK, PAY, SPENT, COST)), 4)
    np.testing.assert_allclose(found.productivity, slow, rtol=1e-11)


@pytest.mark.parametrize("rents", ["local", "pooled"])
def test_the_data_are_an_equilibrium_and_spending_stays_what_it_is_of_earnings(rents, tmp_path):
    model = nege.invert(COUNTIES.replace(rents=rents), WORK, PAY, spending=SPENT)
    before = nege.solve(model)
    nege.testing.assert_equilibrium(before)
    np.testing.assert_allclose(before.data["share"], np.array(WORK) / 100, rtol=1e-9)
    np.testing.assert_allclose(before.model.spent(before.data) * 260, SPENT, rtol=1e-9)
    before.to_netcdf(tmp_path / "spending.nc")
    assert nege.load(tmp_path / "spending.nc").model.spending_ratio.equals(model.spending_ratio)
    tastes = nege.Logit(scale=0.3)
    for dynamics in (None, tastes):
        before = nege.solve(model, before.data["share"], dynamics=dynamics)
        dearer = np.where(np.eye(3), 1.0, 1.1)
        after = nege.counterfactual(before, trade_cost_change=dearer)
        assert after.attrs["deficits"] == "proportional"
        found = nege.solve(
            model.replace(trade_cost=COST * dearer), before.data["share"], dynamics=dynamics
        )
        for name in ("share", "wage", "rent", "real_income", "welfare"):
            wanted = found.data[name] / before.data[name]
            np.testing.assert_allclose(after[f"{name}_change"], wanted, rtol=1e-8)
        ratio = found.model.spent(found.data) / (found.data["share"] * found.data["wage"])
        if rents == "local":
            np.testing.assert_allclose(np.diff(np.log(ratio / model.spending_ratio)), 0, atol=1e-9)


@pytest.mark.parametrize(
    "kind", [{"spending_ratio": [0.5, 1.2, 2]}, {"deficit": [-0.05, 0.02, 0.03]}]
)
@pytest.mark.parametrize("rents", ["local", "pooled"])
def test_payoffs_answer_to_people_as_differences_say(kind, rents):
    model = COUNTIES.replace(kind, rents=rents)
    share, others, step = np.array([0.3, 0.4, 0.3]), np.array([0.1, -0.2, 0.1]), 1e-3

    def at(t):
        return np.log(nege.short_run(model, share + t * others).data["real_income"].values)

    slope = (8 * (at(step) - at(-step)) - at(2 * step) + at(-2 * step)) / (12 * step)
    jacobian = nege.prepare(model).payoff_jacobian(share)
    np.testing.assert_allclose(jacobian @ others, slope, atol=1e-10)


def test_uniqueness_is_not_claimed_of_unbalanced_trade_or_closed_borders():
    model = COUNTIES.replace(mu=0.7)
    assert model.uniqueness().unique
    closed = np.where(np.eye(3)[[2, 0, 1]], np.inf, COST)
    for change in (
        {"deficit": [-0.1, 0.05, 0.05]},
        {"spending_ratio": [1, 2, 1]},
        {"trade_cost": closed},
    ):
        known = model.replace(change).uniqueness()
        assert not known.unique
        assert "known for balanced trade" in str(known)
    assert model.replace(deficit=[0, 0, 0], spending_ratio=2.0).uniqueness().unique


# --- what is refused --------------------------------------------------------------------

TRANSPOSED = xr.DataArray(FLOWS.T, {"destination": list(NAMES), "origin": list(NAMES)})
BALANCED = FLOWS + FLOWS.T
LONELY = np.where([[1, 1, 0], [1, 1, 0], [0, 0, 1]], BALANCED, 0.0)
SILENT = np.where([[1, 1, 1], [0, 0, 0], [1, 1, 1]], FLOWS, 0.0)


def test_labels_say_which_side_of_a_table_sells():
    given = nege.invert(WORLD, employment=FLOWS.sum(1), flows=TRANSPOSED)
    assert given.trade_cost.equals(of_flows().model.trade_cost)


@pytest.mark.parametrize(
    ("argument", "given", "words"),
    [
        ("flows", {"flows": np.where(FLOWS == 3, -3, FLOWS)}, "from 'C' to 'B' is -3"),
        ("flows", {"flows": np.where(FLOWS == 3, np.nan, FLOWS)}, "from 'C' to 'B' is nan"),
        ("flows", {"flows": np.zeros((3, 3))}, "positive somewhere"),
        ("flows", {"flows": FLOWS[:2]}, r"shape is \(2, 3\)"),
        ("flows", {"flows": SILENT}, "'B' sells nothing. Leave such places out"),
        ("flows", {"flows": LONELY}, "Not so for 'C'.*worth elsewhere"),
        ("flows", {"flows": pd.DataFrame(FLOWS, list("ABD"), NAMES)}, "'D' is not a name"),
        ("flows", {"flows": FLOWS, "wage": [1, 2, 1]}, "rows, what each origin sells"),
        ("flows", {"flows": FLOWS, "wage": FLOWS.sum(0) / FLOWS.sum(1)}, "is the table transposed"),
        ("spending", {"flows": FLOWS, "spending": SPENT}, "left out beside flows"),
        ("spending", {"wage": PAY, "spending": [1, 2, 3]}, "total of wage bills.*one unit"),
        ("spending", {"wage": PAY, "spending": [83.2, 0, 176.8]}, "'B' is not above 0"),
        ("wage", {}, "flows=, of which rows are wage bills"),
        ("deficits", {"flows": FLOWS, "deficits": "zero"}, "fixed"),
        ("residents", {"wage": PAY, "residents": [1, 2, 3]}, "It is for Commuting"),
    ],
)
def test_bad_data_are_refused_with_the_cure(argument, given, words):
    world = WORLD if "flows" in given else COUNTIES
    people = FLOWS.sum(1) if "flows" in given else WORK
    with pytest.raises(nege.InputError, match=words) as caught:
        nege.invert(world, employment=people, **given)
    assert caught.value.argument in (argument, "parameter")


def test_people_are_asked_for_where_they_choose_where_to_live():
    with pytest.raises(nege.InputError, match=r"^employment must .* decides where people"):
        nege.invert(WORLD, flows=FLOWS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"deficit": [0.1, 0.1, 0.1]}, r"their sum is 0\.3.*wage bill of all places"),
        ({"deficit": [-3, 1, 2]}, "above -1"),
        ({"spending_ratio": [1, 0, 1]}, "above 0"),
        ({"deficit": [0.1, -0.1, 0], "spending_ratio": [1, 2, 1]}, "two ways to say it"),
        ({"trade_cost": np.where(LONELY > 0, 1.0, np.inf)}, "Not so for 'C'"),
        ({"trade_cost": np.inf}, "a finite number"),
    ],
)
def test_economies_that_do_not_add_up_are_refused(changes, words):
    with pytest.raises(nege.InputError, match=words):
        COUNTIES.replace(changes)


def test_one_way_trade_needs_someone_to_pay_for_it():
    """Who sells nothing to the others can buy from them only what a deficit pays."""
    flows = np.array([[60.0, 8, 5], [4, 50, 6], [0, 0, 40]])
    before = of_flows(flows, deficits="fixed")
    after = nege.counterfactual(before, trade_cost_change=0.9)
    pay, price, _ = reference.unbalanced_hat(
        flows, 5, np.where(np.eye(3), 1.0, 0.9), np.ones(3), "fixed"
    )
    np.testing.assert_allclose(after.wage_change, pay, rtol=1e-10)
    np.testing.assert_allclose(after.price_index_change, price, rtol=1e-10)
    with pytest.raises(nege.InputError, match=r"^deficits must .* Not so for"):
        nege.counterfactual(before, deficits="zero")


def test_a_place_that_cannot_pay_is_named():
    with pytest.raises(nege.ConvergenceError, match=r"C has to pay 0\.9 of all wages") as caught:
        nege.short_run(COUNTIES.replace(deficit=[0.5, 0.4, -0.9]), [0.6, 0.3, 0.1])
    assert not caught.value.equilibrium.converged


LINE = nege.geography.line(3)
PAYS = {"deficit": [-0.01, 0.02, -0.01]}


@pytest.mark.parametrize("groups", ["free", ["a", "a", "b"]], ids=["free", "groups"])
def test_indices_need_not_sum_to_one_where_people_may_leave_who_pays(groups):
    economy = nege.Helpman(LINE, sigma=3, mu=0.75, trade_cost=1.25, mobility=groups, **PAYS)
    found = nege.equilibria(economy, starts=4, rng=0)
    assert {e.stability.stable for e in found} == {True, False}
    assert found.index_sum is None
    assert "missing" not in str(found)


FOUR = nege.geography.line(4)
OWED = [0.01, -0.02, 0.015, -0.005]
FEW = [0.4, 0.58, 0.0187, 0.0013]  # of whom the last cannot pay, though markets clear on paper
POOR = {
    "local": nege.Helpman(FOUR, sigma=3, mu=0.75, trade_cost=1.25, deficit=OWED),
    "pooled": nege.Helpman(FOUR, sigma=3, mu=0.95, trade_cost=1.25, deficit=OWED, rents="pooled"),
    "spillovers": nege.AllenArkolakis(
        FOUR,
        sigma=5,
        productivity_spillover=0,
        amenity_spillover=-0.3,
        trade_cost=1.25,
        deficit=OWED,
    ),
}


@pytest.mark.parametrize("model", POOR.values(), ids=POOR)
def test_who_spends_less_than_nothing_is_in_no_short_run(model):
    with pytest.raises(nege.ConvergenceError, match=r"3 has to pay 0\.005 .* and earns less"):
        nege.short_run(model, FEW)
    with pytest.raises(nege.ConvergenceError, match="and earns less"):
        nege.solve(model.replace(mobility="none", people=FEW))
    assert nege.prepare(model).short_run(np.array(FEW)).status != nege.Status.CONVERGED
    grid = nege.sweep(model, {"sigma": [model.sigma, model.sigma + 0.01]}, share=FEW)
    assert (grid.status != nege.Status.CONVERGED).all()
    assert np.isnan(grid.welfare).all()


def test_a_diagram_is_drawn_where_some_distributions_cannot_pay():
    model = POOR["local"]
    with pytest.raises(nege.ConvergenceError):  # where symmetry is looked for
        nege.short_run(model, np.random.default_rng(0).dirichlet(np.ones(4)))
    found = nege.bifurcation(model, "trade_cost", (1.2495, 1.2505), depth=0)
    assert any((branch.unstable == 0).all() for branch in found.branches)


def test_an_argument_of_other_kinds_is_refused_with_who_takes_it():
    kinds = (
        Kind(nege.Helpman, ("Helpman",), lambda model, *, wage, options=None: wage),
        Kind(nege.CorePeriphery, ("CorePeriphery",), lambda model, *, residents: residents),
    )
    given = {"wage": 1, "residents": None, "options": None}
    assert answer("study", kinds, COUNTIES, COUNTIES, given) == 1
    with pytest.raises(nege.InputError, match=r"It is for CorePeriphery\. Here study takes wage"):
        answer("study", kinds, COUNTIES, COUNTIES, {**given, "residents": 2})
    with pytest.raises(nege.InputError, match=r"^wage must be given.* Helpman economy study needs"):
        answer("study", kinds, COUNTIES, COUNTIES, {**given, "wage": None})
    with pytest.raises(nege.InputError, match=r"^model must be nege.Helpman or nege.CorePeriphery"):
        answer("study", kinds, WORLD, WORLD, given)


@pytest.mark.parametrize("seed", range(draws_unbalanced.COUNT // 20))
def test_random_flows_are_inverted_changed_and_the_same_as_slow_references(seed):
    draws_unbalanced.check(seed)
