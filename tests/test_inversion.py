"""From data to fundamentals and back, and what changes by hat algebra.

Sources: Redding & Sturm (2008); Allen & Arkolakis (2014); Dekle, Eaton & Kortum (2008).
"""

import hypothesis.strategies as st
import numpy as np
import pytest
import reference_quantitative as reference
from hypothesis import given

import nege

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
    with pytest.raises(nege.InputError, match="positive between all places"):
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


@pytest.mark.parametrize("horizon", ["short run", "tastes"])
def test_people_who_do_not_follow_payoffs_alone_are_refused(horizon):
    model = nege.Helpman(nege.geography.equidistant(3), sigma=4, mu=0.7, trade_cost=1.5)
    before = (
        nege.short_run(model, [0.2, 0.3, 0.5])
        if horizon == "short run"
        else nege.solve(model, dynamics=nege.Logit(scale=0.5))
    )
    with pytest.raises(nege.InputError, match="payoffs alone"):
        nege.counterfactual(before, trade_cost_change=0.9)
