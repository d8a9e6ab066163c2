"""Runs that are interrupted at random moments, and what is left of them: for tests and benchmarks.

Run as a program it is one such run: it works until it is interrupted, says when that reached it
and how long the traceback is, and does the same work again in the same process.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import json
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from typing import NamedTuple

import kills
import numpy as np
import own_model

import nege

PATIENCE = 900  # seconds after which a run hangs
SOON = 2.0  # seconds from the signal to KeyboardInterrupt, or to the end of the command line
LONG = 120  # lines of a traceback, one of Python's own
COMMAND = ("sweep", "economy.toml", "--store", "runs.zarr", "--unit", "2", "--quiet")
TOML = """
title = "small"
[model]
kind = "core-periphery"
sigma = 5
mu = 0.4
trade_cost = 1.8
[geography]
kind = "equidistant"
n = 2
[online]
trade_cost = 1.5
[sweep.parameters]
online_trade_cost = [1.5, 1.1]
mu = { from = 0.2, to = 0.4, points = %d }
"""
UNITS = 40


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As shells start what runs in the background; those that it starts would be deaf as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Interrupted(NamedTuple):
    """What became of a run that was interrupted."""

    kind: str
    seed: int
    delay: float  # seconds from the signal to its end, NaN where it was done before
    faults: tuple[str, ...]


def economy(model=nege.CorePeriphery, **more):
    """Return three regions, one of them online."""
    online = nege.OnlineRegion(trade_cost=1.5)
    return model(
        nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1.8, online=online, **more
    )


def _short_run(folder):
    return nege.short_run(economy(), [0.5, 0.3, 0.2]).data


def _entrepreneurs(folder):
    return nege.short_run(economy(nege.FootlooseEntrepreneur), [0.5, 0.3, 0.2]).data


def _capital(folder):
    return nege.short_run(economy(nege.FootlooseCapital), [0.5, 0.3, 0.2]).data


def _own(folder):
    """Capital once more, with equations that no cache holds."""
    return nege.short_run(economy(_own_capital()), [0.5, 0.3, 0.2]).data


@functools.cache
def _own_capital():
    return own_model.made("FootlooseCapital")


def _solves(folder):
    found = [nege.solve(economy(), [a, 0.8 - a, 0.2]).data for a in np.linspace(0.01, 0.79, 150)]
    return found[-1]


def _large(folder):
    """One short run of so many regions that its iterations take seconds."""
    x, y = np.random.default_rng(1).random((2, 900))
    places = nege.geography.from_distance(np.hypot(x[:, None] - x, y[:, None] - y))
    model = nege.CorePeriphery(places, sigma=2.2, mu=0.8, trade_cost=1.05)
    options = nege.SolverOptions(operator="dense", method="plain")
    try:
        return nege.short_run(model, np.full(900, 1 / 900), options=options).data
    except nege.ConvergenceError as error:
        return error.equilibrium.data


def _batch(folder, threads=1):
    shares = np.random.default_rng(2).dirichlet(np.ones(30), 20_000)
    model = nege.CorePeriphery(nege.geography.line(30), sigma=5, mu=0.4, trade_cost=1.1)
    return nege.short_run(model, shares, threads=threads)


def _threads(folder):
    return _batch(folder, threads=2)


def _memory(folder):
    return kills.sweep(None, UNITS)


def _store(folder):
    return kills.sweep(folder / "s.zarr", UNITS)


def _processes(folder):
    return kills.sweep(folder / "s.zarr", UNITS, processes=2)


def _cluster(folder):
    return kills.sweep(folder / "s.zarr", UNITS, client=_client())


@functools.cache
def _client():
    """Return the client of a cluster, which is there before anything is interrupted."""
    from dask import distributed

    made = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    )
    client = distributed.Client(made)
    atexit.register(made.close)
    atexit.register(client.close)
    return client


#: Which give the same.
ALONE = {
    **dict.fromkeys((_store, _processes, _cluster), _memory),
    **{_threads: _batch, _own: _capital},
}

#: By name: the work, the seconds in which it is interrupted, and whether kernels are compiled.
KINDS = {
    "cold": (_short_run, 12.0, True),
    "cold entrepreneurs": (_entrepreneurs, 12.0, True),
    "cold capital": (_capital, 6.0, True),
    "own model": (_own, 3.0, False),
    "solves": (_solves, 1.5, False),
    "large": (_large, 2.0, False),
    "batch": (_batch, 2.0, False),
    "threads": (_threads, 2.0, False),
    "store": (_store, 2.5, False),
    "processes": (_processes, 6.0, False),
    "cluster": (_cluster, 8.0, False),
}
COMMAND_LINE = {"command line": (6.0, False), "cold command line": (15.0, True)}
#: How often each is interrupted: 42 runs.
RUNS = {
    **{"own model": 2, "cold": 4, "cold entrepreneurs": 3, "cold capital": 3},
    **{"solves": 4, "large": 3, "batch": 3, "threads": 4, "store": 4, "processes": 4},
    **{"cluster": 1, "command line": 4, "cold command line": 3},
}
FEW = dict.fromkeys(("cold", "threads", "store", "cold command line"), 1)


def digest(data):
    """Return a digest of what a result holds, to the last bit."""
    found = hashlib.sha256()
    for name in sorted(map(str, data.data_vars)):
        found.update(name.encode() + np.ascontiguousarray(data[name].values).tobytes())
    return found.hexdigest()


def run(kind: str, seed: int) -> Interrupted:
    """Interrupt one run at a random moment."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rng = np.random.default_rng([seed, *kind.encode()])
        if kind in COMMAND_LINE:
            latest, cold = COMMAND_LINE[kind]
            delay, faults = _interrupt_command(folder, rng.uniform(0.0, latest), cold=cold)
        else:
            _, latest, cold = KINDS[kind]
            delay, faults = _interrupt(kind, folder, rng.uniform(0.0, latest), cold=cold)
    return Interrupted(kind, seed, delay, tuple(faults))


def _environment(folder: pathlib.Path, *, cold: bool) -> dict[str, str]:
    path = os.pathsep.join([str(pathlib.Path(nege.__file__).parents[1]), *sys.path[:1]])
    cache = {"NUMBA_CACHE_DIR": str(folder / "cache")} if cold else {}
    return {**os.environ, "PYTHONPATH": path, **cache}


def _interrupt(
    kind: str, folder: pathlib.Path, after: float, *, cold: bool
) -> tuple[float, list[str]]:
    command = [sys.executable, __file__, kind, str(folder)]
    expected = _expected(kind)
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(folder, cold=cold),
        start_new_session=True,
    ) as process:
        process.stdout.readline()  # begun
        time.sleep(after)
        sent = time.monotonic()
        # As a terminal does it, to everybody; Dask's own processes make what they like of it.
        (os.kill if kind == "cluster" else os.killpg)(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    said = dict(line.split("=", 1) for line in out.splitlines())
    faults = []
    if process.returncode != 0 or "digest" not in said:
        faults.append(f"ended with {process.returncode}: {err[-300:]}")
    elif said["digest"] != expected:
        faults.append("the same call then gives something else")
    elif err:
        faults.append(f"says {err[-300:]!r}")
    text = json.loads(said.get("traceback", '""'))
    if len(text.splitlines()) > LONG or "numba" in text or "llvmlite" in text:
        faults.append(text[-1500:])
    if said.get("children", "0") != "0":
        faults.append(f"{said['children']} processes live on")
    return float(said.get("at", "nan")) - sent, faults + _left(process.pid)


@functools.cache
def _expected(kind: str) -> str:
    """Return the digest of what a run gives that nobody interrupts, in another process."""
    work = KINDS[kind][0]
    with tempfile.TemporaryDirectory() as folder:
        return digest(ALONE.get(work, work)(pathlib.Path(folder)))


def _interrupt_command(
    folder: pathlib.Path, after: float, *, cold: bool
) -> tuple[float, list[str]]:
    (folder / "economy.toml").write_text(TOML % UNITS)
    command = [sys.executable, "-P", "-m", "nege", *COMMAND]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(folder, cold=cold),
        start_new_session=True,
    ) as process:
        time.sleep(after + 0.1)  # Python itself has to have begun
        sent = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    delay = time.monotonic() - sent
    faults = _left(process.pid)
    if process.returncode == 0:
        delay = np.nan
    elif process.returncode != 130 or len(err.splitlines()) != 1 or "same command" not in err:
        faults.append(f"ended with {process.returncode}: {err[-300:]!r}")
    again = subprocess.run(
        command, cwd=folder, env=_environment(folder, cold=False), capture_output=True, text=True
    )
    if again.returncode or again.stderr:
        faults.append(f"the same command then ends with {again.returncode}: {again.stderr[-300:]}")
    elif digest(nege.load(folder / "runs.zarr")) != _expected("store"):
        faults.append("the same command then gives something else")
    return delay, faults


def _left(group: int) -> list[str]:
    """Name what lives on of a group of processes a moment after it ended."""
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return []
        time.sleep(0.02)
    os.killpg(group, signal.SIGKILL)
    return ["processes live on"]


def _main(kind: str, folder: pathlib.Path) -> None:
    work = KINDS[kind][0]
    if work is _cluster:
        _client()
    print("begun", flush=True)
    try:
        try:
            work(folder)
            time.sleep(60)  # done before it was interrupted, which comes now
        except KeyboardInterrupt:
            print(f"at={time.monotonic()}", flush=True)
            print(f"traceback={json.dumps(traceback.format_exc())}")
            if work is not _cluster:
                print(f"children={len(multiprocessing.active_children())}")
    except KeyboardInterrupt:  # a second one, from a terminal that is slow
        pass
    print(f"digest={digest(work(folder))}", flush=True)


if __name__ == "__main__":
    _main(sys.argv[1], pathlib.Path(sys.argv[2]))
