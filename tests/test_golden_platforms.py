"""The golden numbers of platforms, data and competition come out of their slow reference."""

import numpy as np
import pytest
import reference_agglomeration as plain
import reference_platforms as reference
from golden_platforms import CASES, MORE

pytestmark = pytest.mark.structure

GOLDEN = {**CASES, **MORE}


@pytest.fixture(scope="module")
def solved():
    """Solve a case by name, from what came before it."""
    economy = plain.stylised_turn(9)
    before = reference.extend(economy, plain.solve(economy))
    found = {}

    def solve(name):
        if name not in found:
            economy = plain.stylised_turn(9).replace(**GOLDEN[name]["economy"])
            blocks = reference.Blocks(**GOLDEN[name]["blocks"])
            found[name] = economy, blocks, reference.solve(economy, blocks, before)
        return found[name]

    return solve


NAMES = ["duopoly, a=0.05, beta=0.5", "steering 0.5", "everything on, buyers respond"]


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_gives_the_golden_numbers(name, solved):
    economy, blocks, unknowns = solved(name)
    assert max(reference.residual(economy, blocks, unknowns).values()) < 1e-12
    found = reference.outcome(economy, blocks, unknowns)
    for variable, value in GOLDEN[name]["values"].items():
        got = found[variable]
        if variable == "platform_profit":
            got = got.sum()
        elif got.ndim == 2:
            got = got[1, :2]  # services, in the city and elsewhere
        elif got.ndim == 1:
            got = got[1]
        assert got == pytest.approx(value, rel=0, abs=10.0 ** -GOLDEN[name]["digits"]), variable


@pytest.mark.parametrize("name", ["duopoly, a=0.05, beta=0.5", "everything on, buyers respond"])
def test_a_commission_is_best_against_every_deviation(name, solved):
    economy, blocks, unknowns = solved(name)
    known = reference.economy(economy, blocks, unknowns)
    elasticity, _ = reference.perceived(
        blocks, 1, unknowns, known["online_share"][1], known["e_on"][1]
    )

    def after(moved):
        return reference.deviation(economy, blocks, unknowns, 1, 0, moved)

    sold = [np.log(share * sales) for share, sales, _ in (after(1e-4), after(-1e-4))]
    assert (sold[0] - sold[1]) / 2e-4 == pytest.approx(elasticity, rel=1e-5)
    best = after(0.0)[2]
    assert all(after(moved)[2] < best for moved in (-0.1, -0.03, -0.003, 0.003, 0.03))


@pytest.mark.parametrize(
    ("number", "theta", "network", "beta", "expected"),
    [
        (2, 4.0, 0.1, 0.0, 3.56179953),
        (2, 4.0, 0.1, 0.5, 3.51167575),
        (2, 4.0, 0.1, 1.0, 3.46362075),
        (3, 4.0, 0.2, 0.3, 3.82402986),
    ],
)
def test_the_perceived_elasticity_of_one_market(number, theta, network, beta, expected):
    blocks = reference.Blocks(
        number=number, theta=theta, network=(network, network), interoperability=beta
    )
    s = 0.5
    for _ in range(200):  # logit s = logit .4 + 4 (ln .9 + a s N)
        reach = 1 / number + beta * (1 - 1 / number)
        odds = 0.4 / 0.6 * np.exp(4 * (np.log(0.9) + network * s * reach))
        s = odds / (1 + odds)
    found = reference.perceived(blocks, 0, {"lead": np.zeros(1)}, s, 4 * (1 - s))
    assert found == pytest.approx(expected, abs=1e-8)
