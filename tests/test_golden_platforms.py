"""The golden numbers of platforms, data and competition come out of their slow reference."""

import numpy as np
import pytest
import reference_agglomeration as plain
import reference_platforms as reference
from golden_platforms import CASES

pytestmark = pytest.mark.structure


@pytest.fixture(scope="module")
def before():
    economy = plain.stylised_turn(9)
    return reference.extend(economy, plain.solve(economy))


@pytest.mark.parametrize("name", ["duopoly, a=.05, beta=0.5", "steering 0.5", "data, average"])
def test_the_reference_gives_the_golden_numbers(name, before):
    case = CASES[name]
    economy = plain.stylised_turn(case["step"]).replace(**case["economy"])
    blocks = reference.Blocks(**case["blocks"])
    unknowns = reference.solve(economy, blocks, before)
    assert max(reference.residual(economy, blocks, unknowns).values()) < 1e-12
    found = reference.outcome(economy, blocks, unknowns)
    for variable, value in case["values"].items():
        got = found[variable]
        got = got.sum() if variable == "platform_profit" else np.ravel(got)[-1]
        assert got == pytest.approx(value, rel=0, abs=10.0 ** -case["digits"]), variable
