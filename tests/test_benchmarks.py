"""The benchmarks judge honestly: peers solve, failures count, samples notice what is wrong."""

import pathlib
import re
import sys
import types

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import nege

# At the end, so that it is the installed nege that is tested.
sys.path.append(str(pathlib.Path(__file__).parents[1]))
from benchmarks import (
    compiling,
    contest,
    grids,
    installing,
    large,
    long_runs,
    loops,
    maps,
    measure,
    ours,
    peers,
    processes,
    table,
    targets,
)
from benchmarks.problems import asymmetric, plane, residual
from benchmarks.targets import Figure, Row

pytestmark = pytest.mark.family

SIMPLE = [peer for peer in peers.PEERS if peer.library in {"scipy", "own loop"}]
SIDES = [ours.NEGE, ours.LABELLED]


@pytest.fixture
def as_written(monkeypatch):
    """Take the loops of peers as Python; ``benchmarks/bench_kernels.py`` compiles them."""
    for module in (loops, maps):
        for name, found in list(vars(module).items()):
            if isinstance(found, Dispatcher):
                monkeypatch.setattr(module, name, found.py_func)


@pytest.mark.parametrize("method", [*SIDES, *SIMPLE], ids=lambda method: method.name)
def test_everybody_solves_to_the_common_tolerance(method, as_written):
    for p in (plane(10, 10.0), asymmetric(10, 1.0)):
        assert residual(p, method.prepare(p)()) <= contest.GOOD


@pytest.mark.parametrize("make", [plane, asymmetric])
def test_the_maps_of_peers_are_one_map_on_the_numeraire(make, as_written):
    p = make(7, 3.0)
    u = np.random.default_rng(0).normal(size=7) / 10
    image, along = maps.tangent(p)(u)
    paid = maps.level_map(p)(np.exp(u))
    np.testing.assert_allclose(np.exp(image), paid / (p.share @ paid), rtol=1e-13)
    for made in (maps.blas_map, maps.compiled_map):
        np.testing.assert_allclose(made(p)(u), image, atol=1e-14)
    v, step = np.cos(np.arange(7)), 1e-6
    ends = [maps.blas_map(p)(u + way * step * v) for way in (-1, 1)]
    np.testing.assert_allclose(along(v), (ends[1] - ends[0]) / (2 * step), atol=1e-9)


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


def test_an_economy_without_an_online_region_is_sampled_too():
    case = large.on_circle(40)
    economy = large.nege.CorePeriphery(case.geography, sigma=5, mu=0.4, trade_cost=3.0)
    found = large.nege.short_run(economy, economy.default_start())
    assert large.sampled_residual(found, case.distances) <= 1e-11
    data = found.data.copy(deep=True)
    data["wage"][0] *= 1 + 1e-6
    spoiled = types.SimpleNamespace(model=economy, data=data)
    assert large.sampled_residual(spoiled, case.distances) > 1e-7


@pytest.mark.parametrize(
    ("measured", "word"),
    [((6.0, 5.0), "met"), ((6.0, 4.9), "1 of 2 met"), ((1.0, np.nan), "missed")],
)
def test_a_target_is_met_by_a_number_that_reaches_it(measured, word):
    row = Row("work", tuple(Figure(value, 5.0) for value in measured))
    assert word in table.line(row)
    assert all(row.met) == (word == "met")
    turned = row._replace(at_least=False)
    assert turned.met == tuple(value <= 5.0 for value in measured)


def test_what_is_not_there_is_said_and_not_met():
    row = Row("prepared", (Figure(None, 1.5, "not there"), Figure(2.0, 1.5)))
    assert row.met == (False, True)
    assert "not there / 2" in table.line(row)


def test_only_who_stands_the_test_counts_as_faster():
    entry = {"library": "none", "seconds": [2.0], "failure": None}
    found = {
        "nege": entry | {"seconds": [1.0]},
        "nege labelled API": entry | {"seconds": [0.1]},
        "right": entry,
        "wrong": entry | {"seconds": [], "failure": "residual 1e-10"},
    }
    assert targets.against_any(found, "nege", 1.5) == Figure(2.0, 1.5)
    assert targets.against_any(found, "nege prepared", 1.5) == Figure(None, 1.5, "not there")
    failed = found | {"nege": entry | {"seconds": [], "failure": "residual 1"}}
    assert targets.against_any(failed, "nege", 1.5) == Figure(None, 1.5, "residual 1")


def test_rows_are_chosen_by_words_and_quick_ones_by_themselves():
    assert targets.chosen([], quick=False) == list(targets.ROWS)
    assert targets.kernel_1000 not in targets.chosen([], quick=True)
    assert targets.chosen(["kernel_1000"], quick=True) == [
        targets.kernel_1000,
        targets.kernel_1000_asymmetric,
    ]


def test_a_process_is_charged_with_what_its_own_children_take():
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', {!r}])"
    busy = "import os\nwhile sum(os.times()[:2]) < 0.4: pass"
    assert processes.run("-c", code.format(busy)).seconds >= 0.4
    failed = processes.run("-c", "raise ValueError('no')")
    assert (failed.code, processes.reason(failed)) == (1, "ValueError: no")


def test_a_job_starts_cold_then_warm_and_from_the_cache_of_another(monkeypatch):
    """With jobs that leave a kernel in the cache where there is none of theirs."""
    made = []

    def once(job, cache):
        made.append((job.name, compiling.kernels(cache)))
        (cache / f"{job.name}.nbc").touch()
        return 5.0 if made.count(made[-1]) == 1 else 1.0

    jobs = {job.name: job for job in (compiling.Job("a", ""), compiling.Job("b", "", "a"))}
    monkeypatch.setattr(compiling, "once", once)
    monkeypatch.setattr(compiling, "BY_NAME", jobs)
    with compiling.Stopwatch(2) as stopwatch:
        assert stopwatch.times("b").kernels == 1
        assert stopwatch.times("a").again == 0
    assert made == [("a", 0), ("a", 1), ("a", 1), ("b", 1), ("b", 2), ("b", 2)]


def test_the_further_model_is_the_one_of_the_documents(tmp_path):
    code = compiling.further(tmp_path)
    compile(code, "further", "exec")
    assert "class ConstructedCapital" in (tmp_path / f"{compiling.FURTHER}.py").read_text("utf-8")
    assert f"from {compiling.FURTHER} import ConstructedCapital" in code
    assert code.endswith("nege.solve(economy)")


@pytest.mark.parametrize("name", ["circle-10", "grid-9", "plane-8-10", "quantitative-5"])
def test_long_runs_of_every_kind_are_judged(name):
    made = long_runs.case(name).make()
    found = long_runs.nege.solve(made.model, made.start)
    assert long_runs.judged(found, made.violation(found))["fine"]
    assert not long_runs.judged(found, np.nan)["fine"]
    if isinstance(made.model, long_runs.nege.CorePeriphery):
        data = found.data.copy(deep=True)
        data["wage"][0] *= 1 + 1e-6
        spoiled = types.SimpleNamespace(model=found.model, data=data, converged=True)
        assert made.violation(spoiled) > 1e-7
        assert not long_runs.judged(spoiled, 0.0)["fine"]


def test_a_long_run_that_reaches_its_limit_or_is_refused_has_no_figure(monkeypatch):
    lines = {
        "late": processes.Ended(9.0, -24, "", ""),
        "refused": processes.Ended(1.0, 0, '{"refused": "too many"}', ""),
        "wrong": processes.Ended(1.0, 0, '{"seconds": 1, "fine": false, "ends": {"gap": 1}}', ""),
        "once": processes.Ended(9.0, -24, '{"seconds": 7, "fine": true, "ends": {}}', ""),
    }
    found = {}
    for name, ended in lines.items():
        monkeypatch.setattr(processes, "run", lambda *_, ended=ended: ended)
        found[name] = long_runs.alone("circle-10")
    assert [f.seconds for f in found.values()] == [None, None, None, 7]
    assert found["late"].note == "not done after 60 s"
    assert found["refused"].note == "not served: too many"
    assert found["wrong"].note == "not solved: gap 1"
    assert "first call" in found["once"].note


def test_what_a_new_user_does_first_is_measured_with_the_standard_library_alone():
    """A bare Python runs it; its own nege and the settings of benchmarks are out of sight."""
    text = pathlib.Path(installing.__file__).read_text("utf-8")
    imported = set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE))
    assert imported - sys.stdlib_module_names == {"benchmarks"}
    assert all(hasattr(nege, name) for name in installing.WARM_UP)
    for code in installing.FIRST.values():
        assert set(re.findall(r"nege\.(\w+)", code)) <= set(nege.__all__)
        compile(code, "first", "exec")


def test_a_command_of_a_new_user_runs_without_what_benchmarks_set(tmp_path, monkeypatch):
    monkeypatch.setenv("NEGE_FIRST_CALLS", "compiled")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code = "import os; assert not {'NEGE_FIRST_CALLS', 'PYTHONPATH'} & set(os.environ), os.environ"
    took = installing.run(sys.executable, "-c", code, folder=tmp_path)
    assert took.worked > 0.0
    with pytest.raises(SystemExit, match="failed"):
        installing.run(sys.executable, "-c", "1/0", folder=tmp_path)
