"""Random economies of industries, solved by nege and from the equations as they are written."""

import draws_equations
import pytest

pytestmark = pytest.mark.draws


@pytest.mark.parametrize("seed", range(draws_equations.COUNT // 10))
def test_the_equations_as_written_hold_in_what_was_solved_and_lead_to_the_same_place(seed):
    """A tenth of the draws that ``python -m benchmarks verify`` takes."""
    draws_equations.check(seed)


def test_draws_cover_what_they_promise():
    """In the few that are taken here, too."""
    models = [draws_equations.draw(seed) for seed in range(draws_equations.COUNT // 10)]
    assert {len(model.industries) for model in models} == {2, 3}
    for has in (
        lambda model: model.housing > 0.0,
        lambda model: bool((model.remote_labour_share > 0.0).any()),
        lambda model: model.platform_owner is not None,
        lambda model: bool((model.land_share > 0.0).any()),
    ):
        assert {has(model) for model in models} == {False, True}
    assert any((model.diversity > 0.0).any() for model in models)
