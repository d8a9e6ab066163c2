"""Dynamics of many speeds: implicit steps find what explicit ones do, in far fewer."""

import functools

import numpy as np
import pytest

import nege
from nege.models.law_of_motion import LawOfMotion
from nege.solver_options import SolverOptions
from nege.solvers import stiff_dynamics
from nege.status import Status

pytestmark = pytest.mark.family

AT = np.array(
    [[0.0, 0.0], [1.0, 0.2], [0.3, 1.1], [1.4, 1.3], [2.2, 0.4], [0.1, 2.0], [2.5, 1.9], [1.9, 2.4]]
)
APART = 0.3 * np.sqrt(((AT[:, None] - AT) ** 2).sum(2))
PLACES = nege.geography.from_distance(APART)
#: Many varieties that are alike, little of it all: a town that is almost worth it enters slowly.
ECONOMY = nege.CorePeriphery(PLACES, sigma=15, mu=0.1, trade_cost=1.4)
START = np.array([0.5, 0.5, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize("dynamics", [nege.Replicator(), nege.Logit(scale=0.2)])
def test_slopes_are_those_of_growth_rates(dynamics):
    law = LawOfMotion(ECONOMY, dynamics, SolverOptions())
    share = np.random.default_rng(3).dirichlet(np.ones(8))
    point, y = law.at(share, ECONOMY.start_state()), np.log(share)
    slopes = stiff_dynamics.jacobian(law, point, np.arange(8))
    step = 1e-5

    def growth(y):
        return law.at(np.exp(y) / np.exp(y).sum(), point.state).growth

    for k, one in enumerate(np.eye(8)):
        difference = (growth(y + step * one) - growth(y - step * one)) / (2.0 * step)
        np.testing.assert_allclose(slopes[:, k], difference, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("dynamics", [nege.Replicator(), nege.Logit(scale=0.001)])
def test_the_path_is_the_same(dynamics):
    law, options = LawOfMotion(ECONOMY, dynamics, SolverOptions()), SolverOptions()
    ends, begin = [], np.array([1e-6, 0.2, 0.2, 0.2, 0.2, 1e-7, 0.1, 0.1])
    for follow in (law.follow, functools.partial(stiff_dynamics.follow, law)):
        share, state = begin / begin.sum(), ECONOMY.start_state()
        arrival = follow(share, state, options, 1e-9, 0.0, 5000)
        assert arrival.status == Status.CONVERGED
        assert arrival.speed <= 1e-9
        ends.append(share)
        if follow == law.follow:
            assert stiff_dynamics.is_stiff(law, share, state, arrival.step)
            assert not stiff_dynamics.is_stiff(law, share, state, 1e-4)
    np.testing.assert_allclose(*ends, atol=1e-5)


def test_slow_entries_are_found_in_fewer_steps_where_explicit_ones_find_them(monkeypatch):
    explicit = nege.solve(ECONOMY, START)
    monkeypatch.setattr(stiff_dynamics, "PATIENCE", 1)
    found = nege.solve(ECONOMY, START)
    np.testing.assert_allclose(found.data.share, explicit.data.share, rtol=1e-9, atol=1e-12)
    assert found.perturbed == explicit.perturbed
    assert found.iterations < 0.6 * explicit.iterations


def test_where_slopes_are_not_known_explicit_steps_go_on(monkeypatch):
    explicit = nege.solve(ECONOMY, START)
    monkeypatch.setattr(stiff_dynamics, "PATIENCE", 1)
    monkeypatch.setattr(stiff_dynamics, "is_stiff", lambda *_: True)
    unknown = np.full((2, 2), np.nan)
    monkeypatch.setattr(stiff_dynamics, "jacobian", lambda *_: unknown)
    law = LawOfMotion(ECONOMY, nege.Replicator(), SolverOptions())
    share, state = START.copy(), ECONOMY.start_state()
    arrival = stiff_dynamics.follow(law, share, state, SolverOptions(), 1e-9, 0.1, 100)
    assert arrival.status == Status.STALLED
    np.testing.assert_array_equal(share, START)
    found = nege.solve(ECONOMY, START)
    np.testing.assert_allclose(found.data.share, explicit.data.share, rtol=1e-7, atol=1e-12)


def test_a_limit_of_steps_holds_for_implicit_ones():
    law = LawOfMotion(ECONOMY, nege.Logit(scale=0.2), SolverOptions())
    share, state = ECONOMY.default_start(), ECONOMY.start_state()
    arrival = stiff_dynamics.follow(law, share, state, SolverOptions(), 1e-9, 0.1, 7)
    assert (arrival.status, arrival.steps) == (Status.LIMIT, 7)
    assert arrival.speed > 1e-9
    assert share.sum() == pytest.approx(1.0)
