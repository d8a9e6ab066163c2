"""From data to fundamentals and back, and what changes by hat algebra.

Sources: Redding & Sturm (2008); Allen & Arkolakis (2014); Dekle, Eaton & Kortum (2008).
"""

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import reference_quantitative as reference
from hypothesis import given

import nege

pytestmark = pytest.mark.family

drawn = {"seed": st.integers(0, 10_000), "n": st.integers(2, 8)}
rents = st.sampled_from(["local", "pooled"])


def bare(seed, n, rents="local"):
    """An economy whose fundamentals are not known, and data of it."""
    rng = np.random.default_rng([11, seed])
    distance = rng.uniform(0.5, 1.0, (n, n))
    np.fill_diagonal(distance, 0.1)
    sigma = rng.uniform(2.5, 8)
    model = nege.Helpman(
        nege.geography.from_distance(distance),
        sigma=sigma,
        mu=1 - rng.uniform(1.1, 2.0) / sigma,
        trade_cost=rng.uniform(1.2, 3),
        housing=rng.uniform(0.3, 3.0, n),
        rents=rents,
    )
    return model, rng.uniform(1, 100, n), rng.uniform(1, 3, n)


# --- inversion ---------------------------------------------------------------------


@given(rents=rents, **drawn)
def test_data_are_an_exact_equilibrium_of_what_was_recovered(rents, seed, n):
    model, employment, wage = bare(seed, n, rents)
    found = nege.invert(model, employment, wage)
    share = employment / employment.sum()
    paid = wage / np.sum(share * wage)
    plain = reference.helpman(found)
    gaps = np.log(reference.wages_paid(paid, share, plain) / paid)
    welfare = reference.log_real_income(paid, share, plain)
    assert np.max(np.abs(gaps)) <= 1e-10
    assert np.ptp(welfare) <= 1e-10


@given(**drawn)
def test_the_round_trip_from_another_start_returns_the_data(seed, n):
    model, employment, wage = bare(seed, n)
    found = nege.invert(model, employment, wage)
    again = nege.solve(found, np.full(n, 1 / n))
    share = employment / employment.sum()
    np.testing.assert_allclose(again.data["share"], share, atol=1e-8)
    np.testing.assert_allclose(again.data["wage"], wage / np.sum(share * wage), rtol=1e-8)


@given(**drawn)
def test_fundamentals_of_a_solved_economy_are_recovered_up_to_their_units(seed, n):
    model, _, _ = bare(seed, n)
    rng = np.random.default_rng(seed)
    true = model.replace(productivity=rng.uniform(0.8, 1.2, n), amenity=rng.uniform(0.8, 1.2, n))
    data = nege.solve(true).data
    found = nege.invert(model, data["share"], data["wage"])
    for name in ("productivity", "amenity"):
        wanted, got = (np.log(getattr(m, name).values) for m in (true, found))
        np.testing.assert_allclose(got, wanted - wanted.mean(), atol=1e-7)


@given(people=st.floats(1e-3, 1e6), money=st.floats(1e-3, 1e6), **drawn)
def test_units_of_the_data_do_not_matter(people, money, seed, n):
    model, employment, wage = bare(seed, n)
    one = nege.invert(model, employment, wage)
    other = nege.invert(model, people * employment, money * wage)
    np.testing.assert_allclose(one.productivity, other.productivity, rtol=1e-9)
    np.testing.assert_allclose(one.amenity, other.amenity, rtol=1e-9)


def test_bad_data_are_named():
    model, employment, wage = bare(1, 3)
    with pytest.raises(nege.InputError, match="employment"):
        nege.invert(model, [1.0, 0.0, 2.0], wage)
    with pytest.raises(nege.InputError, match="wage"):
        nege.invert(model, employment, [1.0, -1.0, 2.0])
    other = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    with pytest.raises(nege.InputError, match="AllenArkolakis"):
        nege.invert(other, [1, 2], [1, 2])
    online = nege.OnlineRegion(trade_cost=1.1)
    with pytest.raises(nege.InputError, match="no data of it"):
        nege.invert(model.replace(online=online, online_housing=1.0), employment, wage)


def test_data_are_matched_by_their_labels():
    model, employment, wage = bare(2, 3)
    one = nege.invert(model, employment, wage)
    people = dict(zip(reversed(model.regions), employment[::-1], strict=True))
    np.testing.assert_array_equal(nege.invert(model, people, wage).amenity, one.amenity)


# --- labels of data, as in test_labels -----------------------------------------------

CODES = ("01001", "01002", "01003")
COUNTIES = nege.Helpman(
    nege.geography.from_distance(1.0 - np.eye(3), names=CODES), sigma=4, mu=0.7, trade_cost=1.5
)
PEOPLE, PAID = np.array([20.0, 50.0, 30.0]), np.array([2.0, 2.5, 2.1])


@pytest.mark.parametrize("argument", ["employment", "wage"])
def test_data_are_matched_by_label_or_refused_with_the_cure(argument):
    data = {"employment": PEOPLE, "wage": PAID}
    expected, order = nege.invert(COUNTIES, **data), [2, 0, 1]
    series = pd.Series(data[argument], list(CODES))
    for value in (series.iloc[order], series.iloc[order].to_dict(), pd.Series(data[argument])):
        found = nege.invert(COUNTIES, **{**data, argument: value})
        assert found.productivity.identical(expected.productivity)
        assert found.amenity.identical(expected.amenity)
    as_read = series.set_axis([1001, 1002, 1003])
    for wrong in (as_read, as_read.iloc[order], as_read.to_dict(), as_read.set_axis([0, 2, 1])):
        with pytest.raises(nege.InputError, match=f"^{argument} must .*is not a name here"):
            nege.invert(COUNTIES, **{**data, argument: wrong})


def test_changes_and_flows_are_matched_by_label_or_refused_with_the_cure():
    before = nege.solve(COUNTIES, PEOPLE / PEOPLE.sum())
    change = pd.Series([1.0, 1.2, 0.9], list(CODES))
    costs = pd.DataFrame(0.9 + 0.1 * np.eye(3) + 0.01 * np.arange(3), list(CODES), list(CODES))
    flows = COUNTIES.trade_flows(before.data).to_pandas()
    expected = nege.counterfactual(before, productivity_change=change.values)
    for value in (change[::-1], change[::-1].to_dict(), change.rename_axis("region").to_xarray()):
        assert nege.counterfactual(before, productivity_change=value).equals(expected)
    expected = nege.counterfactual(before, trade_cost_change=costs.values)
    turned = costs.iloc[::-1, [1, 0, 2]]
    assert nege.counterfactual(before, trade_cost_change=turned, flows=flows[::-1]).equals(
        nege.counterfactual(before, trade_cost_change=costs, flows=flows)
    )
    assert nege.counterfactual(before, trade_cost_change=turned).equals(expected)
    codes = [1001, 1002, 1003]
    wrong = {
        "productivity_change": change.set_axis(codes),
        "amenity_change": change.set_axis(codes).to_dict(),
        "housing_change": change.set_axis([2, 1, 0]),
        "trade_cost_change": costs.set_axis(codes),
        "flows": flows.set_axis(codes, axis=1),
    }
    for argument, value in wrong.items():
        with pytest.raises(nege.InputError, match=f"^{argument} must .*is not a name here"):
            nege.counterfactual(before, **{argument: value})
    for value in ({"01001": 1.0}, [[1, 2], [1]], "cheap"):
        with pytest.raises(nege.InputError, match=r"^trade_cost_change must"):
            nege.counterfactual(before, trade_cost_change=value)


def test_flows_are_of_data_in_any_order_of_places():
    data = nege.short_run(COUNTIES, [0.2, 0.5, 0.3]).data
    shuffled = data.isel(region=[2, 0, 1])
    assert COUNTIES.trade_flows(shuffled).equals(COUNTIES.trade_flows(data))
    with pytest.raises(nege.InputError, match=r"^data must .*dtype=str"):
        COUNTIES.trade_flows(data.assign_coords(region=[1001, 1002, 1003]))


# --- counterfactuals ---------------------------------------------------------------


def changes(seed, n):
    rng = np.random.default_rng([13, seed])
    return {
        "trade_cost_change": rng.uniform(0.8, 1.2, (n, n)),
        "productivity_change": rng.uniform(0.9, 1.1, n),
        "amenity_change": rng.uniform(0.9, 1.1, n),
        "housing_change": rng.uniform(0.9, 1.1, n),
    }


@given(rents=rents, **drawn)
def test_hat_algebra_equals_the_solution_in_levels(rents, seed, n):
    model, employment, wage = bare(seed, n, rents)
    model = nege.invert(model, employment, wage)
    before = nege.solve(model, employment / employment.sum())
    change = changes(seed, n)
    after = nege.counterfactual(before, **change)
    cost = model.trade_cost**model.geography.distance.values * change["trade_cost_change"]
    unit = max(1.0, 1.001 / cost.min())  # a unit of goods that needs trade costs of at least one
    levels = nege.solve(
        model.replace(
            trade_cost=cost * unit,
            **{
                name: getattr(model, name) * change[f"{name}_change"]
                for name in ("productivity", "amenity", "housing")
            },
        ),
        before.data["share"],
    )
    in_units = {"price_index": unit, "real_income": unit**-model.mu, "welfare": unit**-model.mu}
    for name in ("share", "wage", "price_index", "rent", "real_income", "welfare"):
        wanted = (levels.data[name] / before.data[name] / in_units.get(name, 1.0)).values
        np.testing.assert_allclose(after[f"{name}_change"], wanted, rtol=1e-9)


@given(**drawn)
def test_hat_algebra_solves_the_equations_in_relative_changes(seed, n):
    """Of Redding & Rossi-Hansberg (2017), from shares, wages and flows, and nothing else."""
    model, employment, wage = bare(seed, n)
    before = nege.solve(nege.invert(model, employment, wage))
    change = changes(seed, n)
    del change["housing_change"]
    after = nege.counterfactual(before, **change)
    people, pay, price, welfare = reference.helpman_hat(
        before.data["share"].values,
        before.data["wage"].values,
        before.model.trade_flows(before.data).values,
        model.sigma,
        model.mu,
        *change.values(),
    )
    np.testing.assert_allclose(after["share_change"], people, rtol=1e-7)
    np.testing.assert_allclose(after["wage_change"], pay, rtol=1e-7)
    np.testing.assert_allclose(after["price_index_change"], price, rtol=1e-7)
    assert float(after["welfare_change"]) == pytest.approx(welfare, rel=1e-7)


@given(**drawn)
def test_nothing_changes_where_nothing_is_changed(seed, n):
    model, employment, wage = bare(seed, n)
    before = nege.solve(nege.invert(model, employment, wage))
    after = nege.counterfactual(before)
    for name in ("share_change", "wage_change", "price_index_change", "welfare_change"):
        np.testing.assert_allclose(after[name], 1.0, rtol=1e-9)


def test_observed_flows_serve_in_any_unit_and_have_to_agree_with_wages_and_spending():
    model, employment, wage = bare(4, 4)
    before = nege.solve(nege.invert(model, employment, wage))
    flows = before.model.trade_flows(before.data)
    one = nege.counterfactual(before, trade_cost_change=0.9)
    other = nege.counterfactual(before, trade_cost_change=0.9, flows=1e9 * flows)
    np.testing.assert_allclose(one.share, other.share, atol=1e-10)
    wrong = flows.copy()
    wrong[1, 2] *= 1.5
    with pytest.raises(nege.InputError, match=r"rows, what each origin sells.*off by"):
        nege.counterfactual(before, flows=wrong)
    with pytest.raises(nege.InputError, match=r"nege\.invert.*makes an economy of these flows"):
        nege.counterfactual(before, flows=flows * (1 - np.eye(4)))


def test_bad_changes_are_named():
    model, employment, wage = bare(4, 3)
    before = nege.solve(nege.invert(model, employment, wage))
    with pytest.raises(nege.InputError, match="productivity_change"):
        nege.counterfactual(before, productivity_change=[1.0, 0.0, 1.0])
    with pytest.raises(nege.InputError, match="trade_cost_change"):
        nege.counterfactual(before, trade_cost_change=0.0)
    with pytest.raises(nege.InputError, match="an Equilibrium"):
        nege.counterfactual(before.model)


def test_a_solve_that_failed_is_refused():
    model = nege.Helpman(nege.geography.equidistant(3), sigma=4, mu=0.7, trade_cost=1.5)
    with pytest.raises(nege.ConvergenceError) as caught:
        nege.short_run(model, [0.2, 0.3, 0.5], options=nege.SolverOptions(limit_iterations=1))
    with pytest.raises(nege.InputError, match="one that ended as LIMIT"):
        nege.counterfactual(caught.value.equilibrium, trade_cost_change=0.9)


# --- tastes ------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [1.0, 1e3])
def test_tastes_change_welfare_by_own_trade_and_people(unit):
    """The numbers of a NumPy fixed point; and the same factor by a formula from each place."""
    line = nege.geography.line(4)
    economy = nege.Helpman(line, sigma=5, mu=0.75, trade_cost=1.3, productivity=[1, 1.4, 0.8, 1.1])
    tastes = nege.Logit(scale=1 / 3, weights=unit * np.array([1, 0.8, 1.3, 1]))
    before = nege.solve(economy, dynamics=tastes)
    after = nege.solve(economy.replace(trade_cost=1.2), dynamics=tastes)
    shares = [0.219080539, 0.325867943, 0.2127886143, 0.2422629037]
    np.testing.assert_allclose(before.data.share, shares, atol=6e-11)
    shares = [0.2207647136, 0.3193682887, 0.2180213426, 0.2418456551]
    np.testing.assert_allclose(after.data.share, shares, atol=6e-11)
    assert float(after.data.welfare / before.data.welfare) == pytest.approx(1.0353227056, abs=6e-11)
    change = (1.2 / 1.3) ** line.distance.values
    hat = nege.counterfactual(before, trade_cost_change=change)
    np.testing.assert_allclose(hat.share, after.data.share, rtol=1e-10)
    assert float(hat.welfare_change) == pytest.approx(1.0353227056, abs=6e-11)
    np.testing.assert_allclose(formula(before, after, 1 / 3), 1.0353227056, atol=6e-11)
    assert "tastes of scale" in hat.attrs["dynamics"]


def formula(before, after, scale):
    """Welfare after over before, from the own trade and the people of each place."""
    flows = [e.model.trade_flows(e.data).values for e in (before, after)]
    own = [np.diag(x) / x.sum(0) for x in flows]
    people = before.data["share"].values / after.data["share"].values
    mu, theta = before.model.mu, before.model.sigma - 1.0
    return (own[0] / own[1]) ** (mu / theta) * people ** (scale + 1 - mu - mu / theta)


@given(rents=rents, kind=st.sampled_from(["Helpman", "Allen-Arkolakis"]), **drawn)
def test_hat_algebra_under_tastes_equals_the_solution_in_levels(rents, kind, seed, n):
    model, _, _ = bare(seed, n, rents)
    rng = np.random.default_rng([17, seed])
    if kind == "Allen-Arkolakis":
        spill = {"productivity_spillover": rng.uniform(-0.1, 0.2), "amenity_spillover": -0.3}
        cost = {"sigma": model.sigma, "trade_cost": model.trade_cost}
        model = nege.AllenArkolakis(model.geography, **cost, **spill)
    own = {name: rng.uniform(0.7, 1.4, n) for name in ("productivity", "amenity")}
    model = model.replace(own)
    tastes = nege.Logit(scale=rng.uniform(0.05, 1.0), weights=rng.uniform(0.5, 2.0, n))
    before = nege.solve(model, dynamics=tastes)
    grown = rng.uniform(0.9, 1.1, (2, n))
    factor = rng.uniform(1.0, 1.3, (n, n))
    hat = nege.counterfactual(
        before, trade_cost_change=factor, productivity_change=grown[0], amenity_change=grown[1]
    )
    own["productivity"], own["amenity"] = grown * list(own.values())
    cost = model.trade_cost**model.geography.distance.values * factor
    after = nege.solve(model.replace(own, trade_cost=cost), before.data["share"], dynamics=tastes)
    for name in ("share", "wage", "price_index", "real_income", "welfare"):
        wanted = (after.data[name] / before.data[name]).values
        np.testing.assert_allclose(hat[f"{name}_change"], wanted, rtol=1e-8)


@given(**drawn)
def test_welfare_under_tastes_changes_by_the_same_factor_from_each_place(seed, n):
    model, _, _ = bare(seed, n)
    rng = np.random.default_rng([19, seed])
    model = model.replace(productivity=rng.uniform(0.7, 1.4, n))
    tastes = nege.Logit(scale=rng.uniform(0.05, 1.0), weights=rng.uniform(0.5, 2.0, n))
    before = nege.solve(model, dynamics=tastes)
    cost = model.trade_cost**model.geography.distance.values
    dearer = np.where(np.eye(n), 1.0, rng.uniform(1.0, 1.3, (n, n)))  # own trade as before
    after = nege.solve(model.replace(trade_cost=cost * dearer), dynamics=tastes)
    factor = float(after.data.welfare / before.data.welfare)
    np.testing.assert_allclose(formula(before, after, tastes.scale), factor, rtol=1e-8)


@pytest.mark.parametrize("wage", [[1.1, 1e308], [1e-300, 1.0]])
def test_data_out_of_the_reach_of_floats_are_refused_without_a_warning(wage):
    two = nege.Helpman(nege.geography.equidistant(2), sigma=4, mu=0.7, trade_cost=1.5)
    with pytest.raises(nege.InputError, match=r"^wage must be such that none is 1e\+30"):
        nege.invert(two, [1.0, 1.0], wage)
