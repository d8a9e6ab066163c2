"""Ctrl-C ends what is under way with KeyboardInterrupt, and everything after it is as before.

``python -m benchmarks verify`` takes 42 such runs, also of whole models that compile, and holds
them to two seconds.
"""

import signal
import subprocess
import sys
import threading
import warnings

import fresh
import interrupts
import kills
import numba
import numpy as np
import pytest

import nege
from nege import errors
from nege.command import cli
from nege.kernels import compiling, fixed_point, population_dynamics
from nege.kernels.compiling import uninterrupted
from nege.kernels.jit import kernel
from nege.models import solutions
from nege.solvers import many_short_runs
from nege.sweeps import store_reading, workers

pytestmark = pytest.mark.faults


#: Each at a moment at which it is under way on a machine that does nothing else.
@pytest.mark.parametrize(("kind", "seed"), [("processes", 1), ("command line", 2)])
def test_an_interrupted_run_ends_and_the_same_call_then_gives_what_it_would_have(kind, seed):
    found = interrupts.run(kind, seed)
    assert not found.faults


@pytest.fixture
def interrupted(monkeypatch):
    """A compilation that is interrupted once it has begun, and that goes on only when told to."""
    begun, go_on = threading.Event(), threading.Event()

    def compiled(x):
        begun.set()
        assert go_on.wait(60)
        return 2 * x

    def interrupt():
        assert begun.wait(60)
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=interrupt).start()
    yield uninterrupted(compiled, "it"), go_on
    go_on.set()


def test_what_compiles_goes_on_although_nobody_waits_for_it(interrupted):
    call, go_on = interrupted
    with pytest.raises(KeyboardInterrupt, match="while it was made ready"):
        call(3)
    (under_way,) = compiling._Work.under_way
    go_on.set()
    assert under_way.done.wait(60)
    assert under_way.result == 6


def test_the_traceback_of_an_interrupt_shows_nothing_of_the_compiler(interrupted):
    call, _ = interrupted
    with pytest.raises(KeyboardInterrupt) as caught:
        call(3)
    assert len(caught.traceback) == 2
    assert caught.value.__suppress_context__


def test_an_error_of_the_compiler_comes_through():
    def refuse(x):
        raise TypeError("no")

    with pytest.raises(TypeError, match="no"):
        uninterrupted(refuse, "it")(3)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
def test_a_kernel_compiles_while_the_main_thread_compiles_what_calls_it():
    """It holds Numba's lock, for which another thread would wait for ever."""

    @kernel
    def inner(x):
        return x + 1.0

    @numba.njit
    def outer(x):
        return 2.0 * inner(x)

    assert outer(1.0) == 4.0


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
def test_kernels_compile_while_a_module_that_calls_them_is_imported(tmp_path):
    """Unpickling what is cached imports that module: another thread would wait for ever."""
    (tmp_path / "mine.py").write_text(
        "from typing import NamedTuple\n"
        "from nege.kernels.jit import kernel\n"
        "class Mine(NamedTuple):\n"
        "    a: float\n"
        "@kernel\n"
        "def double(parameters):\n"
        "    return Mine(2.0 * parameters.a)\n"
        "print(double(Mine(1.0)).a)\n"
    )
    for _ in range(2):  # compiled, and from the cache
        assert fresh.run("import mine", tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "c")) == "2.0\n"


def test_an_import_goes_on_although_nobody_waits_for_it(tmp_path, monkeypatch):
    (tmp_path / "its_library.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt, match="while its_library was made ready"):
        errors.require("its_library", "its", "This")
    assert errors.require("its_library", "its", "This") is sys.modules["its_library"]


def test_an_interrupt_while_processes_start_comes_afterwards():
    seen = []

    def start():
        with workers.interrupts_held():
            signal.raise_signal(signal.SIGINT)
            seen.append("whole")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert seen == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_while_a_store_is_made_comes_afterwards(tmp_path, monkeypatch):
    """Zarr works in a thread of its own, which goes on, and warns of what nege knows."""
    zarr, seen = store_reading.zarr(), []
    consolidate = zarr.consolidate_metadata

    def interrupted(at):
        signal.raise_signal(signal.SIGINT)
        warnings.warn("Consolidated metadata are not in the specification", stacklevel=1)
        seen.append("whole")
        return consolidate(at)

    monkeypatch.setattr(zarr, "consolidate_metadata", interrupted)
    with pytest.raises(KeyboardInterrupt):
        kills.sweep(tmp_path / "s.zarr", 2)
    assert seen == ["whole"]
    monkeypatch.undo()
    assert kills.same(kills.sweep(tmp_path / "s.zarr", 2), kills.sweep(None, 2))


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["run", "two_regions", "--quiet"], "The same command starts again."),
        (
            ["sweep", "two_regions", "--store", "runs.zarr"],
            "What is finished is in runs.zarr: the same command goes on from there.",
        ),
    ],
)
def test_the_command_line_says_in_one_line_how_to_go_on(
    command, says, tmp_path, monkeypatch, capsys
):
    async def write():
        """Write, as Zarr does."""

    def interrupt(*arguments, **keywords):
        under_way = write()  # which nobody will await
        raise KeyboardInterrupt(under_way.__name__)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "sweep", interrupt)
    monkeypatch.setattr(cli.execution, "execute", interrupt)
    assert cli.main(command) == 130
    assert capsys.readouterr().err == f"nege: interrupted. {says}\n"


ENDING = """
import os, signal, sys

class Last:
    # Deleted after Python has ended its own answer to signals.
    def __del__(self, kill=os.kill, us=(os.getpid(), signal.SIGINT)):
        kill(*us)

last = Last()
sys.argv = ["nege", "example", "two_regions"]
from nege.command import cli
cli.program()
"""


def test_an_interrupt_while_the_finished_command_line_ends_changes_nothing():
    done = subprocess.run([sys.executable, "-P", "-c", ENDING], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "[model]" in done.stdout


@pytest.mark.parametrize("threads", [1, 2])
def test_short_runs_in_pieces_are_those_in_one_go(threads, monkeypatch):
    shares = np.random.default_rng(0).dirichlet(np.ones(12), 7)
    economy = nege.CorePeriphery(nege.geography.line(12), sigma=4, mu=0.4, trade_cost=1.2)
    whole = nege.short_run(economy, shares)
    monkeypatch.setattr(many_short_runs, "WORK_IN_CALL", 1)
    for module in (fixed_point, solutions):
        monkeypatch.setattr(module, "PIECE", 1)
    for module in (many_short_runs, fixed_point):
        monkeypatch.setattr(module, "MANY", 0)
    parts = nege.short_run(economy, shares, threads=threads)
    assert (parts.iterations == whole.iterations).all()
    assert (parts.method == whole.method).all()
    for name in economy.variables:
        np.testing.assert_allclose(parts[name], whole[name], rtol=1e-12, atol=1e-14)


def test_a_long_run_in_pieces_is_that_in_one_go(monkeypatch):
    economy, start = interrupts.economy(), [0.41, 0.39, 0.2]
    whole = nege.solve(economy, start)
    monkeypatch.setattr(population_dynamics, "PIECE", 27)  # three steps of three regions
    parts = nege.solve(economy, start)
    np.testing.assert_allclose(parts.data.share, whole.data.share, atol=1e-9)


def test_a_long_run_in_pieces_keeps_to_its_limit(monkeypatch):
    monkeypatch.setattr(population_dynamics, "PIECE", 27)
    with pytest.raises(nege.ConvergenceError) as caught:
        nege.solve(
            interrupts.economy(), [0.41, 0.39, 0.2], options=nege.SolverOptions(limit_steps=10)
        )
    assert caught.value.equilibrium.status is nege.Status.LIMIT
    assert caught.value.equilibrium.iterations <= 10 + 50  # and some of Newton's


STRUCK = """
import os, random, signal, threading, time
import nege

economy = nege.CorePeriphery(nege.geography.racetrack(20), sigma=5, mu=0.4, trade_cost=1.3)
right = nege.solve(economy)
moments, ready = random.Random(0), threading.Event()


def strike():
    for _ in range(40):
        ready.wait()
        ready.clear()
        time.sleep(0.02 * moments.random())
        os.kill(os.getpid(), signal.SIGINT)


threading.Thread(target=strike, daemon=True).start()
for _ in range(40):
    try:
        ready.set()
        while True:
            nege.solve(economy)
    except KeyboardInterrupt:
        pass
assert nege.solve(economy).data.equals(right.data)
print("sound")
"""


def test_calls_of_compiled_kernels_survive_interrupts_at_any_moment():
    """Numba takes arguments apart in C that does not look whether it was interrupted."""
    assert fresh.run(STRUCK) == "sound\n"
