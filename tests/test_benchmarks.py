"""The benchmarks judge honestly: peers solve, failures count, samples notice what is wrong."""

import pathlib
import sys
import types

import numpy as np
import pytest

# At the end, so that it is the installed nege that is tested.
sys.path.append(str(pathlib.Path(__file__).parents[1]))
from benchmarks import contest, grids, large, measure, peers, table
from benchmarks.problems import plane, residual
from benchmarks.rows import Row

pytestmark = pytest.mark.family

SIMPLE = [peer for peer in peers.PEERS if peer.library in {"scipy", "numpy"}]


@pytest.mark.parametrize("method", SIMPLE, ids=[peer.name for peer in SIMPLE])
def test_peers_solve_to_the_common_tolerance(method):
    p = plane(10, 1.0)
    assert residual(p, method.prepare(p)()) <= 2e-12


def test_failure_costs_infinitely_much():
    p = plane(10, 1.0)

    def refuse(p):
        raise ValueError("no")

    found = contest.race(
        p,
        [
            contest.Method("wrong", "none", lambda p: lambda: np.full(p.size, 1.1)),
            contest.Method("not a number", "none", lambda p: lambda: np.full(p.size, np.nan)),
            contest.Method("raises", "none", refuse),
            contest.Method("too large", "none", refuse, largest=9),
        ],
        rounds=1,
        budget=0.0,
    )
    assert list(found) == ["wrong", "not a number", "raises"]
    assert all(entry["failure"] for entry in found.values())
    assert all(measure.median(entry["seconds"]) == np.inf for entry in found.values())


@pytest.mark.parametrize(("compiling", "solving"), [(60.0, 0.01), (60.0, 30.0), (0.0, 30.0)])
def test_what_compiling_takes_is_not_charged_and_who_is_slow_is_noticed(
    compiling, solving, monkeypatch
):
    """On a clock of its own: the first call compiles, every call solves."""
    now, calls = [0.0], []

    def call():
        now[0] += solving + (0.0 if calls else compiling)
        calls.append(now[0])
        return np.ones(10)

    clock = types.SimpleNamespace(
        process_time=lambda: now[0],
        clock_gettime_ns=lambda kind: round(now[0] * 1e9),
        CLOCK_PROCESS_CPUTIME_ID=None,
    )
    monkeypatch.setattr(contest, "time", clock)
    monkeypatch.setattr(measure, "time", clock)
    found = contest.race(
        plane(10, 1.0),
        [contest.Method("it", "none", lambda p: call)],
        rounds=3,
        budget=1.0,
        residual=lambda p, answer: 0.0,
    )["it"]
    assert found["first_call"] == pytest.approx(compiling + solving)
    assert found["seconds"] == pytest.approx([solving] * (1 if solving > 1.0 else 3))
    assert solving < 1.0 or len(calls) == 2


def test_the_budget_of_rounds_is_not_spent_on_compiling(monkeypatch):
    now, calls = [0.0], []

    def call():
        now[0] += 0.01 if calls else 60.0
        calls.append(now[0])

    clock = types.SimpleNamespace(
        process_time=lambda: now[0],
        clock_gettime_ns=lambda kind: round(now[0] * 1e9),
        CLOCK_PROCESS_CPUTIME_ID=None,
    )
    monkeypatch.setattr(measure, "time", clock)
    assert measure.together({"it": call}, rounds=5)["it"] == pytest.approx([0.01] * 5)


def test_whole_grids_agree_with_single_points():
    freeness, shares = grids.axes(60)
    for solve in (grids.newton, grids.fixed_point):
        assert grids.worst_residual(solve(freeness, shares), freeness, shares) <= 1e-11
    single = grids.root_per_point(freeness[::20], shares[::20])
    assert single == pytest.approx(grids.newton(freeness, shares)[::20, ::20], abs=1e-11)


def test_scipys_diagram_has_the_equilibria_of_the_textbook():
    below, between, above = grids.diagram_by_scipy(np.array([1.5, 1.7, 2.1]))
    assert between["share"] == pytest.approx([0, 0.1651131645, 0.5, 0.8348868355, 1], abs=1e-10)
    assert list(between["stable"]) == [True, False, True, False, True]
    assert list(below["share"]) == list(above["share"]) == [0.0, 0.5, 1.0]
    assert list(below["stable"]) == [True, False, True]
    assert list(above["stable"]) == [False, True, False]


@pytest.mark.parametrize("name", large.CASES)
def test_samples_of_large_economies_hold_and_notice_a_wrong_wage(name):
    case = large.CASES[name][0](144)
    found = large.nege.short_run(*large.economy(case))
    assert large.sampled_residual(found, case.distances) <= 1e-10
    for region in (3, -1):
        data = found.data.copy(deep=True)
        data["wage"][region] *= 1 + 1e-6
        spoiled = types.SimpleNamespace(model=found.model, data=data)
        assert large.sampled_residual(spoiled, case.distances) > 1e-7
    data["wage"][3] = np.nan
    assert large.sampled_residual(spoiled, case.distances) == np.inf


def test_a_row_is_met_where_most_repetitions_meet_it():
    rows = [Row("work", value, 5.0, at_least=True) for value in (6.0, 4.0, 7.0)]
    (result,) = table.merged(rows)
    assert (result.measured, result.reached, result.met) == (6.0, 2, True)
    assert "| met 2/3 |" in table.line(result)
    (result,) = table.merged(rows[:2] + rows[1:2])
    assert not result.met
    assert "| **met 1/3** |" in table.line(result)
