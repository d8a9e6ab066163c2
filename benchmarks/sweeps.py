"""Sweeps at scale: points a second, memory, what a unit costs, and joblib with SciPy beside.

Wall time on two cores, each measurement in a process of its own, so that its peak of
memory is its own. Everything is done once on a small scale before the clock starts.
"""

from __future__ import annotations

import functools
import json
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np

import nege

CORES = 2
SIGMA, MU = 5.0, 0.4  # of every economy here, unless they are varied
LONG = 3000.0  # time after which the slowest of these dynamics are at rest


def run(*, quick: bool) -> int:
    """Print every figure beside its target; return how many targets were missed."""
    few, many, long = (100_000, 1_000_000, 2_000) if quick else (1_000_000, 10_000_000, 100_000)
    missed = 0
    print("| work | measured | target | met |\n|---|---|---|---|")

    def say(work: str, measured: str, target: str = "", met: bool | None = None) -> None:
        nonlocal missed
        missed += met is False
        word = "" if met is None else "yes" if met else "**no**"
        print(f"| {work} | {measured} | {target} | {word} |", flush=True)

    small, large = alone("short_runs", few), alone("short_runs", many)
    took, peak = large["seconds"], large["peak"]
    say(f"{many:.0e} short runs of two regions into a store", f"{took:.1f} s", "60 s", took <= 60)
    say("peak memory of that", f"{peak:.0f} MB", "1000 MB", peak <= 1000)
    grown = peak - small["peak"]
    say(f"more memory than for {few:.0e}", f"{grown:.0f} MB", "50 MB", grown <= 50)
    found = alone("long_runs", long)
    took = found["seconds"]
    work = f"{long:.0e} long runs of 12 regions into a store, {CORES} processes"
    say(work, f"{took:.1f} s", "120 s", took <= 120)
    say("converged of these", f"{found['converged']:.4%}", "100 %", found["converged"] == 1.0)
    for name, title in (
        ("unit_in_memory", "a unit, in this process"),
        ("unit_stored", "a unit, in this process, into a store"),
        ("unit_in_processes", f"a unit, in {CORES} processes, into a store"),
        ("unit_on_cluster", f"a unit, on {CORES} Dask workers, into a store"),
    ):
        say(f"overhead of {title}", f"{alone(name, 400)['seconds'] * 1e3:.1f} ms")
    for horizon, ours, theirs in (("short", 100_000, 2_000), ("long", 1_000, 20)):
        scipy = alone(f"{horizon}_runs_by_scipy", theirs)
        if scipy.get("missing"):
            say("joblib with SciPy", "joblib is not installed")
            break
        a = ours / alone(f"{horizon}_runs_of_12", ours)["seconds"]
        b = theirs / scipy["seconds"]
        work = f"{horizon} runs of 12 regions a second, {CORES} processes"
        say(work, f"{a:.0f}; joblib with SciPy {b:.3g} ({a / b:.1f} times)", "more", a > b)
    return missed


def alone(name: str, count: int) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.sweeps", name, str(count)]
    return dict(json.loads(subprocess.check_output(command).splitlines()[-1]))


def two_regions() -> Any:
    """Return the textbook economy."""
    return nege.CorePeriphery(nege.geography.equidistant(2), sigma=SIGMA, mu=MU, trade_cost=2)


def twelve_regions() -> Any:
    """Return eleven places at random on a plane, and the online region."""
    at = np.random.default_rng(12).uniform(size=(11, 2))
    distance = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    places = nege.geography.from_distance(distance)
    online = nege.OnlineRegion(trade_cost=1.5)
    return nege.CorePeriphery(places, sigma=SIGMA, mu=MU, trade_cost=2, online=online)


def short_runs(count: int) -> dict[str, Any]:
    """Solve a grid of trade costs and shares of two regions into a store."""
    share = np.linspace(0.0, 1.0, count // 1000)
    grid = {"trade_cost": np.linspace(1.05, 4.0, 1000)}
    many = functools.partial(
        nege.sweep, share=np.stack([share, 1.0 - share], -1), keep=["share", "wage"]
    )
    with tempfile.TemporaryDirectory() as folder:
        many(two_regions(), {"trade_cost": [1.5, 2.0]}, store=f"{folder}/warm.zarr")
        return _timed(lambda: many(two_regions(), grid, store=f"{folder}/s.zarr"))


def long_run_grid(count: int) -> dict[str, np.ndarray]:
    """Return digital trade costs to follow down, for many expenditure shares and elasticities."""
    return {
        "online_trade_cost": np.geomspace(2.0, 1.0, 100),
        "mu": np.linspace(0.2, 0.5, max(1, count // 500)),
        "sigma": np.linspace(4.0, 7.0, 5 if count >= 500 else 1),
    }


def long_runs(count: int) -> dict[str, Any]:
    """Follow the digital trade cost down, for many expenditure shares and elasticities."""
    grid = long_run_grid(count)
    with tempfile.TemporaryDirectory() as folder:

        def follow(name: str, grid: dict[str, Any]) -> Any:
            store = f"{folder}/{name}.zarr"
            return nege.sweep(twelve_regions(), grid, store=store, processes=CORES)

        follow("warm", {"online_trade_cost": [1.5, 1.0], "mu": [0.3, 0.4]})
        found = _timed(lambda: follow("s", grid))
        status = nege.load(f"{folder}/s.zarr").status
        return {**found, "converged": float((status == nege.Status.CONVERGED).mean())}


def unit_in_memory(count: int) -> dict[str, Any]:
    """Measure the seconds a unit of one short run takes, less the solves themselves."""
    return _unit(count)


def unit_stored(count: int) -> dict[str, Any]:
    """Do the same into a store."""
    with tempfile.TemporaryDirectory() as folder:
        return _unit(count, store=f"{folder}/s.zarr")


def unit_in_processes(count: int) -> dict[str, Any]:
    """Do the same in processes, less their start."""
    with tempfile.TemporaryDirectory() as folder:
        base = _unit(CORES, store=f"{folder}/a.zarr", processes=CORES)["total"]
        whole = _unit(count, store=f"{folder}/b.zarr", processes=CORES)["total"]
    return {"seconds": (whole - base) / count}


def unit_on_cluster(count: int) -> dict[str, Any]:
    """Do the same on a Dask cluster of one thread a worker."""
    from dask import distributed

    with (
        distributed.LocalCluster(
            n_workers=CORES, threads_per_worker=1, dashboard_address="127.0.0.1:0"
        ) as c,
        distributed.Client(c) as client,
        tempfile.TemporaryDirectory() as folder,
    ):
        _unit(CORES, store=f"{folder}/a.zarr", client=client)
        return _unit(count, store=f"{folder}/b.zarr", client=client)


def _unit(count: int, **keywords: Any) -> dict[str, Any]:
    def sweep(points: int, unit: int, **more: Any) -> float:
        grid = {"trade_cost": np.linspace(1.5, 3.0, points)}
        began = time.perf_counter()
        nege.sweep(two_regions(), grid, share=[0.4, 0.6], unit=unit, **more)
        return time.perf_counter() - began

    with tempfile.TemporaryDirectory() as folder:
        warm = {**keywords, "store": f"{folder}/warm.zarr"} if "store" in keywords else keywords
        sweep(CORES, 1, **warm)
    sweep(1, 1)
    solves = sweep(count, count)
    total = sweep(count, 1, **keywords)
    return {"seconds": (total - solves) / count, "total": total}


def short_runs_of_12(count: int) -> dict[str, Any]:
    """Solve short runs at many trade costs, by nege in processes."""
    share = np.full(12, 1.0 / 12.0)
    grid = {"trade_cost": np.linspace(1.2, 3.0, count)}

    def solve(grid: dict[str, Any]) -> Any:
        return nege.sweep(twelve_regions(), grid, share=share, processes=CORES)

    solve({"trade_cost": [1.5, 2.0]})
    return _timed(lambda: solve(grid))


def long_runs_of_12(count: int) -> dict[str, Any]:
    """Find long runs at many trade costs, each from the same start, by nege in processes."""
    grid = {"trade_cost": np.linspace(1.2, 3.0, count)}

    def solve(grid: dict[str, Any]) -> Any:
        return nege.sweep(twelve_regions(), grid, along=None, processes=CORES)

    solve({"trade_cost": [1.5, 2.0]})
    return _timed(lambda: solve(grid))


def short_runs_by_scipy(count: int) -> dict[str, Any]:
    """Do the same by scipy.optimize.root in logs, a call for each point, spread by joblib."""
    share = np.full(12, 1.0 / 12.0)
    found = _spread(_residual_by_scipy, count, share)
    if not found.get("missing") and not max(found.pop("result")) <= 1e-11:
        raise RuntimeError("SciPy fails on some of these points")
    return found


def long_runs_by_scipy(count: int) -> dict[str, Any]:
    """Do the same by scipy.integrate.solve_ivp over short runs by scipy.optimize.root.

    To 1e-6 where nege polishes to 1e-10, without looking whether the end is stable.
    """
    found = _spread(_settled_by_scipy, count, twelve_regions().default_start())
    if not found.get("missing") and not max(found.pop("result")) <= 1e-6:
        raise RuntimeError("SciPy does not come to rest on some of these points")
    return found


def _spread(call: Any, count: int, share: np.ndarray) -> dict[str, Any]:
    """Spread calls for many trade costs over processes that have been started."""
    try:
        import joblib
    except ImportError:
        return {"missing": True}
    models = (twelve_regions().replace(trade_cost=t) for t in np.linspace(1.2, 3.0, count))
    calls = [joblib.delayed(call)(*model.tables()[:2], share) for model in models]
    spread = joblib.Parallel(n_jobs=CORES)
    spread(calls[:CORES])
    return _timed(lambda: spread(calls), keep=True)


def _residual_by_scipy(cost: np.ndarray, farmers: np.ndarray, share: np.ndarray) -> float:
    """Solve one short run; return the residual."""
    return float(np.max(np.abs(_cleared_by_scipy(cost, farmers, share).fun)))


def _settled_by_scipy(cost: np.ndarray, farmers: np.ndarray, share: np.ndarray) -> float:
    """Follow replicator dynamics in log shares; return how fast shares still change."""
    from scipy.integrate import solve_ivp

    def growth(_: float, log_share: np.ndarray) -> np.ndarray:
        share = np.exp(log_share)
        share /= share.sum()
        wage = np.exp(_cleared_by_scipy(cost, farmers, share).x)
        price = (share * wage ** (1.0 - SIGMA)) @ cost ** (1.0 - SIGMA)
        real = wage * price ** (MU / (SIGMA - 1.0))
        return np.asarray(real / (share @ real) - 1.0)

    end = solve_ivp(growth, (0.0, LONG), np.log(share), method="LSODA", rtol=1e-6, atol=1e-6)
    last = end.y[:, -1]
    return float(np.max(np.exp(last) * np.abs(growth(LONG, last))))


def _cleared_by_scipy(cost: np.ndarray, farmers: np.ndarray, share: np.ndarray) -> Any:
    """Solve one short run; return what scipy.optimize.root does."""
    from scipy.optimize import root

    freeness = cost ** (1.0 - SIGMA)

    def change(u: np.ndarray) -> np.ndarray:
        wage = np.exp(u)
        supply = (share * wage ** (1.0 - SIGMA)) @ freeness
        income = MU * share * wage + (1.0 - MU) * farmers
        return np.asarray(np.log(freeness @ (income / supply)) / SIGMA - u)

    return root(change, np.zeros(farmers.size), method="hybr", options={"xtol": 1e-13})


def _timed(call: Any, *, keep: bool = False) -> dict[str, Any]:
    began = time.perf_counter()
    result = call()
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": took, "peak": peak} | ({"result": result} if keep else {})


if __name__ == "__main__":
    measurement = globals()[sys.argv[1]]
    print(json.dumps(measurement(int(sys.argv[2]))))
