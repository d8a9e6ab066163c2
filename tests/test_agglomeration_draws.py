"""A seeded part of the economies of industries; ``python -m benchmarks verify`` takes them all."""

import itertools

import around_the_reference
import draws_agglomeration as draws
import draws_policies
import numpy as np
import perturbed_turns
import pytest

import nege

pytestmark = pytest.mark.draws


@pytest.mark.parametrize("start", range(2))
def test_every_step_of_the_stylised_turn_is_reached_from_random_starts(start):
    for step in range(draws.STEPS):
        draws.check_step(start * draws.STEPS + step)


def test_random_economies_come_to_a_stable_rest():
    for seed in range(15):
        draws.check_economy(seed)


def test_random_economies_with_random_policies_are_solved_and_audited():
    for seed in range(draws_policies.COUNT // 10):
        draws_policies.check(seed)


@pytest.mark.parametrize("name", draws_policies.POLICIES)
def test_a_policy_leads_to_one_stable_equilibrium_from_wherever_firms_and_people_start(name):
    """Many firms among few people, whose taxes they share, were a start without an end."""
    found, lost = draws_policies.ends(name, (8, 9))
    assert (len(found), lost) == (1, {})


def test_turns_with_everything_changed_come_to_rest_at_every_step_and_soon():
    for seed in range(10):
        ds = perturbed_turns.check(seed)
        assert (ds.status == nege.Status.CONVERGED).all()
        assert ds.iterations.max() <= 200


@pytest.mark.parametrize(("seed", "step"), [(None, 10), (52, 10), (181, 11)])
def test_newtons_method_between_two_bends_is_left_for_the_path_itself(seed, step):
    """Some firms all but leave, one after the other; from the step before it goes to and fro."""
    economy, path = perturbed_turns.bouncing() if seed is None else perturbed_turns.turn(seed)
    ds = nege.follow(economy, path.isel(step=slice(0, step + 1)))
    assert (ds.status == nege.Status.CONVERGED).all()
    assert ds.iterations.max() <= 200
    fresh = nege.follow(economy, path.isel(step=[step]), ds.isel(step=step - 1))
    for name in ("firm_mass", "population"):
        np.testing.assert_allclose(ds[name][-1], fresh[name][0], rtol=1e-6, atol=1e-12)


def test_around_the_reference_path_the_patterns_come_in_order_and_rest_on_spillovers():
    """Of 40 such draws all do; with every parameter up to a fifth off, 34 are in order."""
    for seed in range(4):
        economy, path = around_the_reference.turn(seed)
        ds = nege.follow(economy, path)
        assert (ds.status == nege.Status.CONVERGED).all()
        words = [word for word, _ in itertools.groupby(nege.patterns(ds).pattern.values)]
        order = ["co-located", "separated", "one-sided online", "two-sided online"]
        assert [word for word in words if word != "in between"] == order
        without = economy.replace(spillover=[0.0, float(economy.spillover[1])])
        goods = nege.patterns(nege.follow(without, path.sel(step=[0, 6, 11])))
        assert (goods.state.sel(industry="manufacturing", step=[6, 11]) == "scattered").all()
