"""A seeded part of the economies of industries; ``python -m benchmarks verify`` takes them all."""

import draws_agglomeration as draws
import pytest


@pytest.mark.parametrize("start", range(2))
def test_every_step_of_the_digital_turn_is_reached_from_random_starts(start):
    for step in range(draws.STEPS):
        draws.check_step(start * draws.STEPS + step)


def test_random_economies_come_to_a_stable_rest():
    for seed in range(15):
        draws.check_economy(seed)
