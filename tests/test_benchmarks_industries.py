"""The long run of industries beside its peers: all solve the same economy, failure counts."""

import dataclasses
import pathlib
import sys

import numpy as np
import pytest

import nege

sys.path.append(str(pathlib.Path(__file__).parents[1]))
from benchmarks import contest, industries, policies

pytestmark = pytest.mark.family

SOLVE = [method for method in industries.PEERS if "hybr" not in method.name]


@pytest.fixture(scope="module")
def four():
    return industries.stylised_turn(4)


@pytest.mark.parametrize("method", [industries.NEGE, *SOLVE], ids=lambda method: method.name)
def test_whoever_solves_finds_the_same_stable_economy(four, method):
    answer = method.prepare(four)()
    assert industries.violation(four, answer) <= industries.GOOD
    found = industries.labelled(four, answer)
    expected = nege.solve(four.model).data
    np.testing.assert_allclose(found.population, expected.population, atol=1e-8)


def test_an_answer_that_is_off_or_not_finite_is_noticed(four):
    answer = industries.PEERS[-1].prepare(four)()
    for place in (0, 7, answer.size - 1):
        spoiled = answer.copy()
        spoiled[place] += 1e-5
        assert industries.violation(four, spoiled) > 1e-7
        spoiled[place] = np.nan
        assert industries.violation(four, spoiled) == np.inf


def test_whoever_takes_too_long_or_does_not_solve_has_failed(four):
    hurried = dataclasses.replace(four, limit=0.0)
    methods = (industries.NEGE, *industries.PEERS)
    found = contest.race(
        hurried, methods, rounds=1, budget=0.0, residual=industries.violation, good=industries.GOOD
    )
    assert found["nege"]["failure"] is None
    for peer in industries.PEERS:
        assert found[peer.name]["failure"].startswith("TimeoutError: not done after 0 CPU s")
        assert found[peer.name]["seconds"] == []


def test_places_of_the_plane_are_about_one_apart():
    distance = industries.stylised_turn(50).model.geography.distance.values
    assert 0.7 < np.median(distance[distance > 0.0]) < 1.3


@pytest.mark.parametrize("name", [*policies.POLICIES, *policies.SMALL])
def test_a_policy_takes_as_many_more_products_of_all_places_as_are_known(name):
    """None where a wedge is by origin, by destination, or a factor of each; see policy.md 12."""
    policy, more = {**policies.POLICIES, **policies.SMALL}[name]
    assert policies.extra(policy) == more


def test_products_are_counted(four):
    """P and Z of each industry and channel; who is heard, of each industry and mode."""
    assert policies.products(four.model) == 8 + 4
    one = four.model.replace({"mechanisms": policies.SMALL["dual firms"][0]([])})
    assert policies.products(one) == 8 + 8
