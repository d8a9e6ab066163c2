"""Searches notice that they get nowhere: standing still, to and fro, round and round."""

import math

import numpy as np
import pytest

import nege
from nege.kernels import population_dynamics
from nege.models.search_progress import Progress
from nege.solvers import follow_dynamics

pytestmark = pytest.mark.faults

STEPS = 5000


def turning(period):
    return lambda k: np.array([math.cos(2.0 * math.pi * k / period), math.sin(k / period)])


def ended(residual, place, **how):
    """The step at which a search with such residuals and places is given up, None for never."""
    progress = Progress(20, **how)
    steps = (k for k in range(STEPS) if not progress.made(residual(k), place(k)))
    return next(steps, None)


NOWHERE = {
    "still": lambda k: np.zeros(2),
    "to and fro": lambda k: np.array([2.0 * (k % 2), 0.0]),
    "to and fro, ever less": lambda k: np.array([(-1.0) ** k * (1.0 + 1.0 / (k + 1)), 0.0]),
    "round": turning(7),
    "slowly round": turning(90),
    "creeping": lambda k: np.array([1e-5 * k, 0.0]),
    "NaN": lambda k: np.array([math.nan, 0.0]),
    "on and on": lambda k: np.array([0.1 * k, 0.0]),
    "nobody left": lambda k: np.array([-math.inf, 0.0]),
}


@pytest.mark.parametrize("place", NOWHERE.values(), ids=NOWHERE)
@pytest.mark.parametrize(
    "residual", [lambda k: 0.3, lambda k: 0.3 + 0.1 * (k % 3), lambda k: math.nan]
)
def test_a_search_that_gets_nowhere_is_given_up(place, residual):
    assert ended(residual, place) <= 20 * (1 + 2 + 4 + 8 + 16)
    assert ended(residual, place, moves=False) == 20


def test_a_search_that_gets_nearer_or_elsewhere_goes_on():
    assert ended(lambda k: 0.95**k, turning(7)) is None
    assert not (ended(lambda k: 1.0, lambda k: np.array([0.1 * k])) or STEPS) <= 200


def core_periphery(trade_cost=1.7):
    places = nege.geography.equidistant(2)
    return nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=trade_cost)


def found(model, state, **options):
    share = model.default_start()
    return follow_dynamics.find_long_run(
        model, share, state, nege.Replicator(), nege.SolverOptions(**options)
    )


def test_dynamics_that_go_round_end_as_stuck_and_long_before_the_limit(monkeypatch):
    steps = []

    def round_and_round(parameters, dynamics, share, state, options, tolerance, slow, step, limit):
        steps.append(limit)
        share[:] = np.array([0.3, 0.7]) if len(steps) % 2 else np.array([0.7, 0.3])
        return population_dynamics.Arrival(nege.Status.LIMIT, 0.1, 0.01, limit)

    monkeypatch.setattr(population_dynamics, "follow", round_and_round)
    model = core_periphery()
    end = found(model, model.start_state())
    assert end.status is nege.Status.STUCK
    assert end.iterations < nege.SolverOptions().limit_steps / 2
    assert "smaller steps" in end.status.remedy


@pytest.mark.parametrize("model", [core_periphery(), nege.OnlineAgglomeration()], ids=str)
def test_prices_that_lead_nowhere_are_given_up_for_fresh_ones(model):
    end = found(model, np.full_like(model.start_state(), math.nan))
    usual = found(model, model.start_state())
    assert end.status is nege.Status.CONVERGED
    np.testing.assert_allclose(end.share, usual.share, rtol=1e-8, atol=1e-12)


def test_at_nearly_free_trade_the_remedy_is_dearer_trade_or_tastes():
    with pytest.raises(nege.ConvergenceError, match=r"nearly free.*or trade costs.*Logit"):
        nege.solve(core_periphery(1.0 + 1e-7))
