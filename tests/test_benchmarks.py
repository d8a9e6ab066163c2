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
