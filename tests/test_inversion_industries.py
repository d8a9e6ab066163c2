"""From data of industries and places to fundamentals, and back."""

import pickle
import re

import draws_inversion
import numpy as np
import pandas as pd
import pytest
import reference_agglomeration as reference
import xarray as xr

import nege
from nege.models.agglomeration.kinds import ALONE

pytestmark = pytest.mark.family

PLACES = ("metropolis", "town", "north")
PEOPLE = np.array([20.0, 50.0, 30.0])
JOBS = np.array([[11.0, 30.0, 20.0], [9.0, 20.0, 10.0]])
WAGE = np.array([2.0, 2.5, 2.1])
ECONOMY = nege.OnlineAgglomeration(
    nege.geography.from_distance(1.0 - np.eye(3), names=PLACES), digital_cost=1.5
)
#: Industries that can be absent.
SPARSE = ECONOMY.replace(variety=1.0, spillover=0.0, land_share=0.15, migration_elasticity=2.0)


@pytest.mark.closed_form
def test_without_distance_places_differ_in_rents_alone():
    """Then c = w/A is one, rents are beta (w + D) L/H, and D is beta/(1 - beta) of wages."""
    beta, epsilon, land = 0.2, 3.0, np.array([1.0, 2.0, 4.0])
    economy = nege.OnlineAgglomeration(
        **{
            **{**ALONE, "geography": ECONOMY.geography, "variety": 1.0, "digital_cost": 2.0},
            **{"consumption": 1.0 - beta, "housing": beta, "land": land},
        },
        migration_elasticity=epsilon,
    )
    found = nege.invert(economy, population=PEOPLE, wage=WAGE)
    np.testing.assert_allclose(found.productivity[0], WAGE / np.prod(WAGE) ** (1 / 3), rtol=1e-9)
    share = PEOPLE / PEOPLE.sum()
    income = WAGE / (share @ WAGE) + beta / (1.0 - beta)
    amenity = share ** (1.0 / epsilon) * (income * share / land) ** beta / income
    amenity /= np.prod(amenity) ** (1 / 3)
    np.testing.assert_allclose(found.amenity, amenity, rtol=1e-9)


@pytest.mark.parametrize("seed", range(draws_inversion.COUNT // 10))
def test_what_is_seen_of_a_solved_economy_gives_its_fundamentals_again(seed):
    draws_inversion.check(seed)


def test_mechanisms_stay_where_people_are_observed():
    draws_inversion.check_mechanisms(4)


def test_people_of_many_places_are_an_equilibrium_that_is_found_from_elsewhere():
    rng = np.random.default_rng(5)
    x = rng.random((20, 2))
    places = nege.geography.from_distance(np.hypot(*np.moveaxis(x[:, None] - x, -1, 0)))
    people = rng.lognormal(0.0, 1.0, 20)
    found = nege.invert(nege.OnlineAgglomeration(places, productivity=1.0), population=people)
    again = nege.solve(found).data.population
    np.testing.assert_allclose(again, people / people.sum(), rtol=1e-9)
    assert found.observed.converged


@pytest.mark.parametrize("more", [(), (nege.mechanisms.Jurisdictions("places", land="place"),)])
def test_units_of_rents_and_of_the_land_of_a_table_do_not_matter(more):
    given = {"employment": JOBS, "wage": WAGE}
    one = ECONOMY.replace(land=[0.3, 0.3, 0.4], mechanisms=[*more])
    found = nege.invert(one, rent=[3.0, 5.0, 4.0], **given)
    raw = nege.invert(one.replace(land=[3e5, 3e5, 4e5]), rent=[3e4, 5e4, 4e4], **given)
    np.testing.assert_allclose(raw.land * 1e-6, found.land, rtol=1e-8)
    np.testing.assert_allclose(raw.amenity, found.amenity, rtol=1e-8)


@pytest.mark.parametrize("way", ["people", "jobs"])
def test_units_and_order_of_data_do_not_matter(way):
    if way == "people":
        given, more = {"population": PEOPLE}, {"population": 1e6 * PEOPLE[::-1]}
    else:
        given = {"employment": JOBS, "wage": WAGE}
        more = {"employment": 1e-3 * JOBS[:, ::-1], "wage": 70.0 * WAGE[::-1]}
        more["employment"] = pd.DataFrame(
            more["employment"], list(ECONOMY.industries), list(PLACES[::-1])
        )
    one = nege.invert(ECONOMY, **given)
    for name in set(more) - {"employment"}:
        more[name] = pd.Series(more[name], list(PLACES[::-1]))
    other = nege.invert(ECONOMY, **more)
    for name in ("amenity", "productivity", "consumption"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-9)
    if way == "jobs":  # as in a long table
        long = more["employment"].rename_axis("industry").rename_axis("place", axis=1).stack()
        again = nege.invert(ECONOMY, employment=long.iloc[::-1], wage=WAGE)
        np.testing.assert_allclose(again.productivity, one.productivity, rtol=1e-9)


def test_data_are_columns_of_the_table_of_places():
    table = pd.DataFrame({"goods": JOBS[0], "office": JOBS[1], "pay": WAGE}, list(PLACES))
    table["name"], table["people"] = PLACES, JOBS.sum(0)
    places = nege.geography.from_dataframe(table, names="name", distance=1.0 - np.eye(3))
    economy = ECONOMY.replace(geography=places)
    jobs = {"manufacturing": "goods", "services": "office"}
    found = nege.invert(economy, employment=jobs, wage="pay")
    same = nege.invert(ECONOMY, employment=JOBS, wage=WAGE)
    np.testing.assert_array_equal(found.productivity, same.productivity)
    found, same = (nege.invert(economy, population=said) for said in ("people", JOBS.sum(0)))
    np.testing.assert_array_equal(found.amenity, same.amenity)
    with pytest.raises(nege.InputError, match="'people'"):
        nege.invert(economy, population="peopel")


def test_where_nobody_moves_people_stay_where_they_are_observed():
    found = nege.invert(ECONOMY.replace(migration_elasticity=0.0), population=PEOPLE)
    np.testing.assert_allclose(found.home_weight / found.home_weight.sum(), PEOPLE / 100)
    assert any("Amenities stay" in words for words in found.observed.words)


def test_groups_that_people_stay_in_are_as_large_as_data_say():
    blocs = {"bloc": ["metropolis", "town"], "rest": ["north"]}
    within = nege.mechanisms.Jurisdictions(blocs, movement="within")
    found = nege.invert(ECONOMY.with_mechanisms(within), population=PEOPLE)
    np.testing.assert_allclose(found.observed.data.population, PEOPLE / 100, rtol=1e-9)
    said = nege.mechanisms.Jurisdictions(blocs, movement="within", people=[0.5, 0.5])
    with pytest.raises(nege.InputError, match="leave `people` out"):
        nege.invert(ECONOMY.with_mechanisms(said), population=PEOPLE)


def test_where_an_industry_is_absent_its_productivity_is_below_what_would_bring_it():
    jobs = np.array([[30.0, 12.0, 0.0], [9.0, 20.0, 30.0]])
    found = nege.invert(SPARSE, employment=jobs, wage=WAGE)
    assert found.observed.converged
    u = draws_inversion.unknowns(found.observed)
    e, absent = reference.of_model(found), u["firms"] == 0.0
    assert absent[0, 2].all()
    assert not absent.all(2)[jobs > 0.0].any()
    # 1 % less productive than the bound: returns to entry are sigma per cent below zero.
    both = np.full(absent.shape, -np.inf)
    both[absent] = reference.entry(e, u)
    assert both[0, 2].max() == pytest.approx(-0.05, abs=1e-8)
    assert any("upper bound" in words for words in found.observed.words)


def test_data_that_are_an_unstable_equilibrium_are_that_and_it_is_said():
    economy = nege.OnlineAgglomeration(
        **{"productivity": 1.0, "spillover": 0.12, "search_cost": (0.0, 0.4)},
        digital_cost=(3.0, 1.4),
    )
    even = np.ones(4)
    with pytest.warns(RuntimeWarning, match="not a stable one") as said:
        found = nege.invert(economy, employment=np.outer([1.0, 1.2], even), wage=even)
    assert said[0].filename == __file__
    assert found.observed.status is nege.Status.UNSTABLE
    assert found.observed.leading_eigenvalue > 0.0
    assert "not a stable one" in found.observed.banner()
    np.testing.assert_allclose(found.observed.data.population, even / 4, rtol=1e-9)


def test_what_data_leave_open_is_said():
    words = " ".join(nege.invert(ECONOMY, employment=JOBS, wage=WAGE).observed.words)
    for what in ("geometric mean", "amenities", "sold online", "spillover"):
        assert what in words


def test_observed_data_stay_with_the_economy_they_are_of():
    found = nege.invert(ECONOMY, population=PEOPLE)
    assert found.replace(sigma=4.5).observed is None
    again = pickle.loads(pickle.dumps(found))
    xr.testing.assert_identical(again.observed.data, found.observed.data)


LONG = pd.DataFrame(JOBS, ECONOMY.industries, PLACES).stack()
NAMED = LONG.rename_axis(["industry", "place"])
BY_CHANNEL = np.stack([0.7 * JOBS, 0.3 * JOBS], -1)
ZERO = JOBS * [[1, 1, 1], [1, 0, 1]]


@pytest.mark.parametrize(
    ("given", "argument", "cure"),
    [
        ({}, "population", "population=["),
        ({"population": PEOPLE[:2]}, "population", "metropolis, town, north"),
        ({"population": [1.0, 0.0, 2.0]}, "population", "'town'"),
        ({"population": ["a", "b", "c"]}, "population", "finite number"),
        ({"employment": JOBS}, "wage", "wage"),
        ({"employment": JOBS.T, "wage": WAGE}, "employment", "shape"),
        ({"employment": 2.0, "wage": WAGE}, "employment", "shape"),
        ({"employment": JOBS.sum(0), "wage": WAGE}, "employment", "shape"),
        ({"employment": -JOBS, "wage": WAGE}, "employment", "'manufacturing', 'metropolis'"),
        ({"employment": LONG, "wage": WAGE}, "employment", "name them industry"),
        ({"employment": NAMED[1:], "wage": WAGE}, "employment", "is nan"),
        ({"employment": pd.concat([NAMED, NAMED]), "wage": WAGE}, "employment", "twice"),
        ({"employment": JOBS, "wage": -WAGE}, "wage", "'metropolis'"),
        ({"employment": ZERO, "wage": WAGE}, "employment", "merge places"),
        ({"employment": 0.0 * JOBS, "wage": WAGE}, "employment", "somewhere"),
        (
            {"employment": BY_CHANNEL * [1, 0], "wage": WAGE},
            "employment",
            "by industry and place alone",
        ),
        ({"employment": JOBS, "wage": WAGE, "population": PEOPLE[::-1]}, "population", "shares"),
        ({"employment": JOBS * [[30.0], [1.0]], "wage": WAGE}, "employment", "`inputs`"),
    ],
)
def test_wrong_data_are_refused_with_the_cure(given, argument, cure):
    with pytest.raises(nege.InputError, match=re.escape(cure)) as caught:
        nege.invert(ECONOMY, **given)
    assert caught.value.argument == argument


@pytest.mark.parametrize(
    ("economy", "given", "cure"),
    [
        (
            ECONOMY.with_mechanisms(nege.mechanisms.Workers()),
            {"population": PEOPLE},
            "who is skilled where",
        ),
        (
            ECONOMY.with_mechanisms(nege.mechanisms.DataEconomy(weight=0.01)),
            {"employment": JOBS, "wage": WAGE},
            "in no industry",
        ),
        (
            ECONOMY.replace(housing=0.0, consumption=[0.5, 0.5], land_share=0.0),
            {"population": PEOPLE, "rent": WAGE},
            "leave rents out",
        ),
        (
            ECONOMY.replace(remote_labour_share=0.2),
            {"employment": JOBS, "wage": WAGE, "population": PEOPLE},
            "works where remotely",
        ),
    ],
)
def test_what_an_economy_cannot_take_from_data_is_said(economy, given, cure):
    with pytest.raises(nege.InputError, match=cure):
        nege.invert(economy, **given)


def test_data_that_no_economy_fits_are_a_failure_with_its_last_point():
    remote = ECONOMY.replace(remote_labour_share=0.2)  # then no wage bill says it beforehand
    with pytest.raises(nege.ConvergenceError, match="consumers buy of each") as caught:
        nege.invert(remote, employment=JOBS * [[30.0], [1.0]], wage=WAGE)
    assert not caught.value.equilibrium.converged
