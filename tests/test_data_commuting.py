"""Commuting from data to fundamentals and back, exact hat algebra, and remote work by its share.

Sources: Monte, Redding & Rossi-Hansberg (2018); Ahlfeldt, Redding, Sturm & Wolf (2015).
"""

import draws_data_commuting as draws
import golden_commuting as golden
import numpy as np
import pandas as pd
import pytest
import reference_commuting as reference

import nege
from benchmarks import commuting, real_places
from nege.studies.balancing import balanced

pytestmark = pytest.mark.family

PLACES = nege.geography.from_distance(golden.DISTANCE)
DATA = {"employment": golden.JOBS, "wage": golden.PAY, "residents": golden.RESIDENTS}
with_counties = pytest.mark.skipif(
    real_places.counties_folder() is None,
    reason="no data of the German counties: neither NEGE_COUNTIES nor ../shared/data has them",
)


def economy(plain=golden.BASE):
    """The economy of the reference."""
    names = ("productivity", "amenity", "workplace_amenity", "housing", "remote", "remote_cost")
    return nege.Commuting(
        PLACES,
        sigma=plain.sigma,
        mu=plain.alpha,
        taste=plain.epsilon,
        residence_taste=plain.theta,
        mode_taste=plain.eta,
        trade_cost=plain.trade,
        commuting_cost=plain.commuting,
        housing_elasticity=plain.delta,
        rents="pooled" if plain.pooled else "local",
        **{name: getattr(plain, name) for name in names},
    )


@pytest.fixture(scope="module")
def base():
    return nege.solve(economy())


# --- the reference ---------------------------------------------------------------------


@pytest.mark.parametrize("name", golden.CASES)
def test_the_reference_gives_the_printed_numbers(name):
    change, printed = golden.CASES[name]
    found = reference.solve(golden.BASE._replace(**change))
    for variable, words in printed.items():
        golden.met(found[variable], words)


def test_the_reference_gives_the_printed_numbers_of_a_short_run_and_of_data():
    found = reference.solve(golden.BASE, golden.SHORT)
    for variable, words in golden.SHORT_RUN.items():
        golden.met(found[variable], words)
    data = [np.array(DATA[name]) for name in ("employment", "residents", "wage")]
    plain = reference.invert(golden.BASE, *data)
    for name, words in golden.BEHIND.items():
        golden.met(getattr(plain, name), words)


# --- inversion -------------------------------------------------------------------------


def test_data_of_three_places_have_the_printed_fundamentals_and_come_back():
    found = nege.invert(economy(), **DATA)
    for name, printed in golden.BEHIND.items():
        golden.met(getattr(found, name), printed)
    again = nege.solve(found).data
    np.testing.assert_allclose(again["share"], np.array(golden.RESIDENTS) / 100.0, rtol=1e-13)
    np.testing.assert_allclose(again["employment"], np.array(golden.JOBS) / 100.0, rtol=1e-13)
    for name, printed in golden.BEHIND_OUTCOME.items():
        golden.met(again[name], printed)
    assert found.housing.identical(economy().housing)


def test_wages_follow_from_commuting_where_none_are_given():
    local, pooled = (
        nege.invert(economy().replace(rents=rents), employment=DATA["employment"],
                    residents=DATA["residents"])
        for rents in ("local", "pooled")
    )  # fmt: skip
    for found in (local, pooled):
        np.testing.assert_allclose(found.workplace_amenity, 1.0, rtol=1e-12)
        again = nege.solve(found, np.array(golden.RESIDENTS) / 100.0).data
        np.testing.assert_allclose(again["employment"], np.array(golden.JOBS) / 100.0, rtol=1e-10)
    wage = nege.solve(local).data["wage"].values
    golden.met(wage / np.exp(np.mean(np.log(wage))), golden.TRANSFORMED_WAGE, 0.6)


def test_economies_at_random_have_their_data_back_and_change_as_levels_do():
    """Rents of either kind, tastes, modes and costs of remote work; moving and staying."""
    for seed in range(draws.COUNT // 30):
        draws.check_changes(seed)


def test_observed_rents_give_floor_space_and_come_back_up_to_a_factor():
    rent = np.array([9.0, 7.0, 4.0])
    for elasticity in (0.0, 0.38):
        found = nege.invert(economy().replace(housing_elasticity=elasticity), **DATA, rent=rent)
        assert abs(np.mean(np.log(found.housing))) <= 1e-12
        back = nege.solve(found, np.array(golden.RESIDENTS) / 100.0).data["rent"].values
        np.testing.assert_allclose(back / back[0], rent / rent[0], rtol=1e-10)


def test_neither_units_nor_the_order_of_labels_nor_the_models_own_fundamentals_matter():
    one = nege.invert(economy(), **DATA, rent=[9.0, 7.0, 4.0])
    series = {name: pd.Series(values, PLACES.names)[::-1] for name, values in DATA.items()}
    other = nege.invert(
        economy().replace(productivity=[3.0, 2.0, 1.0], amenity=2.0, housing=[5.0, 1.0, 2.0]),
        employment=1e-6 * series["employment"],
        wage=(1e5 * series["wage"]).to_dict(),
        residents=1e-6 * series["residents"],
        rent=[90.0, 70.0, 40.0],
    )
    for name in draws.FUNDAMENTALS:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12)


def test_data_may_be_columns_of_the_table_that_the_geography_was_made_of():
    table = pd.DataFrame({"name": list("abc"), "jobs": golden.JOBS, "pay": golden.PAY})
    table = table.assign(people=golden.RESIDENTS, rents=[9.0, 7.0, 4.0], better=[1.0, 1.1, 1.0])
    places = nege.geography.from_dataframe(table, names="name", distance=golden.DISTANCE)
    model = nege.Commuting(places, sigma=4, mu=0.7, taste=4.6, trade_cost=1.2, commuting_cost=1.3)
    named = {"employment": "jobs", "wage": "pay", "residents": "people", "rent": "rents"}
    found = nege.invert(model, **named)
    by_number = nege.invert(model, **{name: table[column] for name, column in named.items()})
    assert found.amenity.identical(by_number.amenity)
    after = nege.counterfactual(nege.solve(found), amenity_change="better")
    assert float(after["share_change"][1]) > 1.0
    with pytest.raises(nege.InputError, match=r"^residents must be .*'people'"):
        nege.invert(model, **{**named, "residents": "peple"})


def test_observed_flows_of_commuters_are_brought_as_costs():
    flows = np.array([[30.0, 4.0, 0.0], [9.0, 20.0, 3.0], [2.0, 5.0, 25.0]])
    with np.errstate(divide="ignore"):
        cost = (flows / flows.max()) ** (-1.0 / golden.BASE.epsilon)
    model = economy().replace(commuting_cost=cost)
    found = nege.invert(model, employment=flows.sum(0), residents=flows.sum(1), wage=golden.PAY)
    share = flows.sum(1) / flows.sum()
    again = nege.short_run(found, share).data
    np.testing.assert_allclose(again["commuting"], flows / flows.sum(1)[:, None], rtol=1e-10)


def test_an_observed_share_of_remote_workers_comes_with_the_data():
    found = nege.invert(economy(), **DATA, remote_share=0.2)
    again = nege.solve(found, np.array(golden.RESIDENTS) / 100.0).data
    assert abs(float(again["share"] @ again["remote_share"]) - 0.2) <= 1e-10
    np.testing.assert_allclose(again["employment"], np.array(golden.JOBS) / 100.0, rtol=1e-10)
    assert nege.invert(found, **DATA, remote_share=0.0).remote == 0.0


def test_where_nobody_can_commute_people_work_where_they_live():
    walled = np.where(np.eye(3) > 0.0, golden.COMMUTING, np.inf)
    model = economy().replace(commuting_cost=walled)
    found = nege.invert(model, **{**DATA, "employment": golden.RESIDENTS})
    again = nege.solve(found, np.array(golden.RESIDENTS) / 100.0).data
    np.testing.assert_array_equal(again["commuting"], np.eye(3))
    with pytest.raises(nege.InputError, match=r"^residents must be as many as work there"):
        nege.invert(model, **DATA)


BAD = [
    ({"employment": [60.0, 0.0, 40.0]}, "employment must be one finite number above 0"),
    ({"residents": [40.0, 32.0, np.nan]}, "residents must be .* not finite"),
    ({"residents": [40.0, 32.0]}, "residents must be .* for each of the 3"),
    ({"wage": [1.0, -1.0, 1.0]}, "wage must be"),
    ({"rent": ["9", "7", "4"]}, "rent must be .* where real numbers belong"),
    ({"wage": [1.0, 1e-40, 1.0]}, "wage must be such that none is 1e"),
    ({"residents": None}, "residents must be given"),
    ({"remote_share": 1.0}, "remote_share must be .* below 1; got 1.0. It is a share"),
    ({"remote_share": "most"}, "remote_share must be"),
    ({"spending": [1.0, 1.0, 1.0]}, "spending must be left out"),
]


@pytest.mark.parametrize(("given", "words"), BAD)
def test_bad_data_are_named_before_anything_is_solved(given, words, nothing_is_solved):
    with pytest.raises(nege.InputError, match=f"^{words}"):
        nege.invert(economy(), **{**DATA, **given})


def test_many_more_jobs_than_residents_are_said(caplog):
    nege.invert(economy(), **{**DATA, "employment": [90.0, 30.0, 20.0]})
    assert "1.4 times as many jobs" in caplog.text
    caplog.clear()
    nege.invert(economy(), **{**DATA, "employment": [60.3, 25.0, 15.3]})
    assert not caplog.records


def test_weights_are_found_where_costs_are_so_high_that_hardly_anybody_could_go():
    """Newton's method meets matrices that floats take for singular."""
    for seed in range(40):
        rng = np.random.default_rng([2026, 23, seed])
        count = int(rng.integers(2, 9))
        size = 10.0 ** rng.uniform(-1.0, 3.0)
        kernel = -rng.exponential(size, (count, count))
        np.fill_diagonal(kernel, -rng.exponential(0.1 * size, count))
        held, totals = (rng.dirichlet(np.full(count, 0.3)) + 1e-6 for _ in range(2))
        found = balanced(kernel, held / held.sum(), totals / totals.sum())
        assert found.gap <= 1e-11


# --- hat algebra -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("remote", {"remote": 0.3}),
        ("cheaper commuting", {"commuting_cost_change": 0.9}),
        ("cheaper trade", {"trade_cost_change": 0.9}),
        (
            "hybrid days",
            {
                "commuting_cost_change": reference.own_cost(golden.COMMUTING, golden.HYBRID)
                / golden.COMMUTING
            },
        ),
    ],
)
def test_changes_of_three_places_are_the_printed_ones(base, name, change):
    found = nege.counterfactual(base, **change)
    golden.met(found["welfare_change"], golden.GAINS[name])
    golden.met(found["share"], golden.CASES[name][1]["residents"])
    golden.met(found["employment"], golden.CASES[name][1]["jobs"])
    if name in golden.MOVED:
        moved = 0.5 * abs(found["share"] - base.data["share"]).sum()
        golden.met(moved, golden.MOVED[name])


def test_other_modes_and_days_at_home_and_building_change_by_the_printed_factors():
    for name, how in {
        "remote, alike modes": {"mode_taste": 9.2},
        "half of days": {"remote_days": 0.5},
    }.items():
        before = nege.solve(economy().replace({**how, "remote_cost": None}))
        golden.met(nege.counterfactual(before, remote=0.3)["welfare_change"], golden.GAINS[name])
    before = nege.solve(economy().replace(housing_elasticity=0.38))
    found = nege.counterfactual(before, commuting_cost_change=0.9)
    golden.met(found["welfare_change"], golden.GAIN_WITH_BUILDING)


def test_a_share_of_remote_workers_is_met_by_hats_and_in_levels(base):
    found = nege.counterfactual(base, remote_share=0.3)
    golden.met(found["remote"], golden.THREE_TENTHS["remote"])
    golden.met(found["welfare_change"], golden.THREE_TENTHS["gain"])
    golden.met(found["share"], golden.THREE_TENTHS["residents"])
    golden.met(found["employment"], golden.THREE_TENTHS["jobs"])
    levels = nege.with_remote_share(base.model, 0.3)
    golden.met(levels.remote, golden.THREE_TENTHS["remote"])
    golden.met(nege.solve(levels).data["wage"], golden.THREE_TENTHS["wage"])
    assert float(nege.counterfactual(base, remote_share=0.0)["welfare_change"]) == pytest.approx(
        1.0, abs=1e-14
    )


def test_every_pair_of_places_says_the_same_change_of_welfare():
    """The audit of hat algebra, from what it returns: every choice of two places gains alike."""
    plain = golden.BASE._replace(remote=0.2)
    before = nege.solve(economy(plain))
    rng = np.random.default_rng(3)
    cost, liked, at_work = rng.uniform(0.8, 1.2, (3, 3)), *rng.uniform(0.8, 1.2, (2, 3))
    found = nege.counterfactual(
        before,
        commuting_cost_change=cost,
        amenity_change=liked,
        workplace_amenity_change=at_work,
        remote=0.5,
    )
    taste, alpha = plain.epsilon, plain.alpha
    after = plain._replace(commuting=plain.commuting * cost, remote=0.5)
    reach = reference.modes(after)[0] / reference.modes(plain)[0]
    chosen = found["share_change"].values[:, None] * found["commuting"].values
    chosen = chosen / before.data["commuting"].values
    goods, rent = found["price_index_change"].values, found["rent_change"].values
    gain = liked[:, None] * (at_work * reach / chosen) ** (1.0 / taste)
    gain = gain * found["wage_change"].values
    gain = gain / (goods**alpha * rent ** (1.0 - alpha))[:, None]
    np.testing.assert_allclose(gain, float(found["welfare_change"]), rtol=1e-13)


def test_cheaper_commuting_everywhere_and_a_second_way_to_every_job_move_nobody(base):
    everywhere = nege.counterfactual(base, commuting_cost_change=np.full((3, 3), 0.9))
    another = economy().replace(remote_cost=golden.COMMUTING)
    another = nege.counterfactual(nege.solve(another), remote=0.3)
    for found, gain in ((everywhere, 1.0 / 0.9), (another, 1.3 ** (1.0 / 4.6))):
        np.testing.assert_allclose(found["share_change"], 1.0, rtol=1e-13)
        np.testing.assert_allclose(found["welfare_change"], gain, rtol=1e-13)


def test_what_nobody_could_do_before_has_no_change():
    walled = np.where(np.eye(3) > 0.0, golden.COMMUTING, np.inf)
    before = nege.solve(economy().replace(commuting_cost=walled))
    found = nege.counterfactual(before, trade_cost_change=0.9)
    np.testing.assert_array_equal(found["commuting"], np.eye(3))
    with pytest.raises(nege.InputError, match=r"^remote must be 0 where .*knows costs in levels"):
        nege.counterfactual(before, remote=0.1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"remote": -0.1}, "remote must be"),
        ({"remote": 0.1, "remote_share": 0.1}, "remote_share must be left out"),
        ({"remote_share": -0.1}, "remote_share must be"),
        ({"commuting_cost_change": 0.0}, "commuting_cost_change must be"),
        ({"commuting_cost_change": np.zeros((3, 3))}, "commuting_cost_change must be positive"),
        ({"housing_change": [1.0, 1.0]}, "housing_change must be"),
        ({"workplace_amenity_change": [1.0, np.inf, 1.0]}, "workplace_amenity_change must be"),
        ({"flows": np.ones((3, 3))}, "flows must be left out"),
    ],
)
def test_bad_changes_are_named(base, change, words):
    with pytest.raises(nege.InputError, match=f"^{words}"):
        nege.counterfactual(base, **change)


def test_data_of_commuting_are_refused_for_other_models():
    other = nege.Helpman(PLACES, sigma=4, mu=0.7, trade_cost=1.5)
    with pytest.raises(nege.InputError, match=r"^residents must be left out .*for Commuting"):
        nege.invert(other, **DATA)
    with pytest.raises(nege.InputError, match=r"^model must be nege.Commuting"):
        nege.with_remote_share(other, 0.1)


# --- German counties -------------------------------------------------------------------


@with_counties
def test_counties_come_back_to_many_digits_and_are_what_is_printed():
    draws.check_inverted()


@with_counties
@pytest.mark.parametrize("change", commuting.CHANGES[:1])
def test_changes_of_counties_are_the_printed_rows(change):
    draws.check_row(change)


@with_counties
def test_remote_work_spreads_residents_and_gathers_jobs_on_the_map(tmp_path):
    """The weight behind three tenths: Berlin loses residents, Munich's surroundings win jobs."""
    before = draws.counties()[0].equilibrium
    after = nege.counterfactual(before, remote=float(golden.WEIGHTS[0.3, 1.0]))
    share = float(after["share"].values @ after["remote_share"].values)
    assert abs(share - 0.3) <= 1e-9
    draws.check_winners_in(after)
    assert commuting.gini(after["share"].values) < commuting.gini(before.data["share"].values)
    jobs = commuting.gini(after["employment"].values)
    assert jobs > commuting.gini(before.data["employment"].values)
    file = commuting.draw(before, after, tmp_path / "map.png")
    assert file.stat().st_size > 10_000
