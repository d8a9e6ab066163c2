"""Habits of a session: who says what holds, for whom, and that no answer depends on it."""

import asyncio
import contextvars
import os
import pathlib
import subprocess
import sys
import threading
from concurrent import futures

import numpy as np
import pytest

import nege
from nege import settings
from nege.sweeps import workers

pytestmark = pytest.mark.faults

ECONOMY = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch):
    """Neither by the environment before, nor by a test afterwards."""
    for name in ("NEGE_THREADS", "NEGE_PROCESSES", "NEGE_PROGRESS"):
        monkeypatch.delenv(name, raising=False)
    yield
    nege.options(threads=None, processes=None, progress=None)


def in_a_thread(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_arguments_win_over_blocks_those_over_calls_those_over_the_environment(monkeypatch):
    assert settings.held("threads") == 1
    monkeypatch.setenv("NEGE_THREADS", "2")
    assert settings.held("threads") == 2
    nege.options(threads=3)
    assert settings.held("threads") == 3
    with nege.options(threads=4):
        with nege.options(processes=7) as held:
            assert (settings.held("threads"), held.processes) == (4, 7)
            assert settings.chosen("threads", 5) == 5
            assert "threads = 4 " in repr(held)
        assert settings.held("processes") == 1
        with nege.options(threads=None):
            assert settings.held("threads") == 2
    assert settings.held("threads") == 3
    nege.options(threads=None)
    assert settings.held("threads") == 2


def test_a_plain_call_is_for_all_threads_a_block_for_its_own():
    nege.options(threads=3)
    with nege.options(threads=4):
        assert in_a_thread(nege.options).threads == 4  # looked at here
        assert in_a_thread(lambda: nege.options().threads) == 3
        assert in_a_thread(lambda: nege.options(processes=5) and settings.held("threads")) == 3
        assert settings.held("processes") == 5
        here = contextvars.copy_context()
    assert in_a_thread(lambda: here.run(settings.held, "threads")) == 4


def test_one_object_is_entered_in_many_threads_and_tasks():
    held, barrier = nege.options(threads=3), threading.Barrier(3)

    def enter():
        with held:
            barrier.wait()
            return settings.held("threads")

    with futures.ThreadPoolExecutor(3) as pool:
        assert [f.result() for f in [pool.submit(enter) for _ in range(3)]] == [3, 3, 3]

    async def task(turns):
        with held:
            for _ in range(turns):
                await asyncio.sleep(0)
            return settings.held("threads")

    async def tasks():
        return await asyncio.gather(*map(task, (1, 3, 2)))

    assert asyncio.run(tasks()) == [3, 3, 3]
    contextvars.copy_context().run(held.__exit__)  # as a generator may that is ended elsewhere
    with pytest.raises(KeyError), nege.options(threads=4), held:
        raise KeyError
    assert settings.held("threads") == 1


def test_blocks_of_many_threads_leave_nothing_behind():
    barrier = threading.Barrier(8)

    def enter(number):
        barrier.wait()
        for _ in range(200):
            with nege.options(threads=number):
                assert settings.held("threads") == number

    threads = [threading.Thread(target=enter, args=(n,)) for n in range(2, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert settings.held("threads") == 1
    for _ in range(100):
        nege.options(threads=1)
    assert len(settings._plain["threads"]) <= 2


def test_what_is_wrong_is_refused_and_nothing_of_it_holds(monkeypatch):
    for given in ({"threads": 0}, {"processes": True}, {"progress": 3}, {"cache": 3}):
        with pytest.raises(nege.InputError, match=next(iter(given))):
            nege.options(**{"threads": 6} | given)
    with pytest.raises(nege.InputError, match="Did you mean 'threads'"):
        nege.options(thread=2)
    assert settings.held("threads") == 1
    for name, text in (("threads", "many"), ("threads", "9" * 5000), ("progress", "perhaps")):
        monkeypatch.setenv(settings.VARIABLES[name], text)
        with pytest.raises(nege.InputError, match=f"the environment variable NEGE_{name.upper()}"):
            nege.options().__getattribute__(name)
        assert f"NEGE_{name.upper()} must be" in repr(nege.options())  # said, and not raised
    monkeypatch.setenv("NEGE_PROGRESS", " On ")
    assert nege.options().progress is True


def test_progress_goes_to_who_is_set_and_to_nobody_in_between():
    heard = []
    with nege.options(progress=lambda *step: heard.append(step)):
        ds = nege.sweep(ECONOMY, {"mu": [0.3, 0.4]}, of=lambda m: nege.solve(m).residual)
    assert heard[-1] == (2, 2, "economies")
    assert (ds.status == 0).all()
    heard.clear()
    with nege.options(progress=lambda *step: heard.append(step)):
        nege.sweep(ECONOMY, {"mu": [0.3, 0.4]}, progress=False)
    assert heard == []


def seen(economy):
    held = nege.options()
    return [held.threads, held.processes]


def test_what_is_divided_is_not_divided_again(monkeypatch):
    """By as many processes as is set, in each of which a unit is solved as it is in this one."""
    solve_here, asked = workers.solve_units, []

    def solve_units(work, blocks, processes, *more):
        asked.append(processes)
        return solve_here(work, blocks, 1, *more)

    monkeypatch.setattr(workers, "solve_units", solve_units)
    with nege.options(processes=2, threads=2):
        ds = nege.sweep(ECONOMY, {"mu": [0.3, 0.4]}, of=seen)
        nege.sweep(ECONOMY, {"mu": [0.3, 0.4]}, of=seen, processes=1)
    assert asked == [2, 1]
    np.testing.assert_array_equal(ds["value"], np.ones((2, 2)))


def test_answers_do_not_depend_on_threads():
    shares = [[0.7, 0.3], [0.5, 0.5], [0.2, 0.8]]
    one = nege.short_run(ECONOMY, shares)
    with nege.options(threads=2):
        assert nege.short_run(ECONOMY, shares).identical(one)


FOLDER = """
import os, sys, nege
first, second = sys.argv[1:]
nege.options(cache=first)
try:
    with nege.options(cache=second):
        pass
except nege.InputError as error:
    assert "plain call" in str(error)
assert str(nege.options().cache) == os.environ["NUMBA_CACHE_DIR"] == first
economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
nege.short_run(economy, [0.7, 0.3])
nege.options(cache=first)
try:
    nege.options(cache=second)
except nege.InputError as error:
    assert "NUMBA_CACHE_DIR=" + second in str(error)
    print("refused")
"""


def test_the_folder_of_compiled_code_is_set_before_the_first_solve(tmp_path):
    """Before, it is Numba's and that of processes started later; afterwards it is refused."""
    given = [str(tmp_path / "a" / "b"), str(tmp_path / "c")]
    command = [sys.executable, "-P", "-c", FOLDER, *given]
    # Answered in Python: the compilation that begins behind it ends with the process.
    known = {
        k: v for k, v in os.environ.items() if k not in ("NEGE_FIRST_CALLS", "NUMBA_CACHE_DIR")
    }
    run = subprocess.run(command, check=True, env=known, capture_output=True, text=True)
    assert run.stdout == "refused\n"
    assert pathlib.Path(given[0]).is_dir()
