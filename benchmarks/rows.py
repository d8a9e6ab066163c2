"""The rows of the target table: what is measured, against whom, and what is to be reached."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from benchmarks import grids, large, measure, ours, processes, verify
from benchmarks.contest import GOOD, race
from benchmarks.peers import PEERS
from benchmarks.problems import asymmetric, plane

Races = dict[str, dict[str, dict[str, Any]]]  # by problem and method, see contest.race
LIBRARIES = ("scipy", "jax", "quantecon")


class Row(NamedTuple):
    """One line of the table, as measured once."""

    work: str
    measured: float
    target: float
    at_least: bool  # whether more is better
    note: str = ""
    labelled: float | None = None  # the same ratio for the labelled entry

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.measured >= self.target if self.at_least else self.measured <= self.target


def two_region_rows(*, quick: bool) -> Iterator[Row]:
    """Two regions on a grid of 200 trade costs and 200 shares."""
    freeness, shares = grids.axes()
    every = 20 if quick else 10  # SciPy solves every so manieth of both axes
    rough = freeness[::every], shares[::every]
    whole = freeness.size
    calls = {
        "nege": ours.two_region_grid(freeness, shares),
        "fixed point": lambda: grids.fixed_point(freeness, shares),
        "fixed point, all at once": lambda: grids.fixed_point(freeness, shares, whole),
        "newton": lambda: grids.newton(freeness, shares),
        "newton, all at once": lambda: grids.newton(freeness, shares, whole),
        "root": lambda: grids.root_per_point(*rough),
        "root, compiled": lambda: grids.root_per_point(*rough, grids.compiled_change),
    }
    for name, call in calls.items():
        points = rough if name.startswith("root") else (freeness, shares)
        left = grids.worst_residual(call(), *points)
        if not left <= GOOD:
            raise RuntimeError(f"{name} leaves a residual of {left:.0e} on the two-region grid")
    t = measure.together(calls, budget=0.5 if quick else 3.0)
    times = {name: measure.ratio(taken, t["nege"]) for name, taken in t.items()}
    each = measure.median(t["nege"]) / whole / shares.size * 1e9
    work = "two-region (tau, lambda) grid vs "
    yield Row(
        f"{work}scipy.optimize.root per point",
        times["root"] * every**2,
        5000,
        True,
        f"{each:.0f} ns an equilibrium; {times['root, compiled'] * every**2:.0f} with its map "
        "compiled",
    )
    for name, title, target in (
        ("fixed point", "vectorised NumPy fixed point", 150),
        ("newton", "hand-derived NumPy Newton", 8),
    ):
        note = f"in blocks that fit the cache; {times[f'{name}, all at once']:.1f} all at once"
        yield Row(work + title, times[name], target, True, note)


def diagram_rows(*, quick: bool) -> Iterator[Row]:
    """Every equilibrium of two equal regions at 200 trade costs, with its stability."""
    costs = np.linspace(1.05, 4.0, 200)
    some = costs[:: 40 if quick else 20]
    found = ours.two_region_diagram_of(costs)
    t = measure.together({"nege": found}, budget=0.5)
    grids.diagram_by_scipy(some[:1])  # as nege has been called before its clock starts
    began = time.process_time()
    theirs = grids.diagram_by_scipy(some)
    took = (time.process_time() - began) * costs.size / some.size
    by_cost = dict(zip(costs, found(), strict=True))
    for cost, rows in zip(some, theirs, strict=True):
        inner = rows["share"][1:-1]
        mine = by_cost[cost][(by_cost[cost] > 0.0) & (by_cost[cost] < 1.0)]
        if len(mine) != len(inner) or np.max(np.abs(mine - inner)) > 1e-9:
            raise RuntimeError(f"nege and SciPy find different equilibria at {cost:.4f}")
    each = measure.median(t["nege"]) / costs.size * 1e6
    yield Row(
        "two-region diagram (200 trade costs, roots to 1e-12, stability) vs SciPy",
        took / measure.median(t["nege"]),
        3000,
        True,
        f"{each:.1f} us a trade cost",
    )


def solve_rows(races: Races, *, quick: bool) -> Iterator[Row]:
    """Short runs against the best peer, by size, difficulty and symmetry.

    The best peer is sought among libraries; loops in NumPy race too. All races are
    added to `races`.
    """
    everyone, jax, df_sane = LIBRARIES, ("jax",), ("scipy df-sane",)
    plan: list[tuple[int, float, bool, list[tuple[str, tuple[str, ...], float]]]] = [
        (10, 1.0, True, [("best peer", everyone, 15)]),
        (10, 10.0, True, [("best peer", everyone, 10)]),
        (100, 1.0, True, [("best JAX peer", jax, 15), ("df-sane", df_sane, 18)]),
        (100, 10.0, True, [("best JAX peer", jax, 5), ("df-sane", df_sane, 6)]),
    ]
    for size in (1000,) if quick else (1000, 3000):
        plan += [
            (size, 1.0, True, [("best peer", everyone, 5)]),
            (size, 10.0, True, [("best peer", everyone, 2)]),
            (size, 1.0, False, [("best peer", everyone, 3)]),
            (size, 10.0, False, [("best peer", everyone, 1.5)]),
        ]
    for size, severity, symmetric, against in plan:
        p = (plane if symmetric else asymmetric)(size, severity)
        methods = (ours.NEGE, ours.LABELLED, *PEERS)
        found = race(p, methods, rounds=5 if quick else 15, budget=0.15 if quick else 3.0)
        races[p.name] = found
        for label, whom, target in against:
            yield _faster(f"{p.name} vs {label}", found, whom, target)


def _faster(
    work: str, found: dict[str, dict[str, Any]], whom: tuple[str, ...], target: float
) -> Row:
    """Ratio of the fastest peer's time to nege's; `whom` are libraries or names that begin so."""
    seconds = {name: entry["seconds"] for name, entry in found.items()}
    rivals = [
        name
        for name, entry in found.items()
        if entry["seconds"] and (entry["library"] in whom or name.startswith(whom))
    ]
    rivals.sort(key=lambda name: measure.median(seconds[name]))
    mine = seconds["nege"]
    if not rivals or not mine:
        return Row(work, 0.0, target, True, found["nege"]["failure"] or "no peer solved it")
    times = [measure.ratio(seconds[name], mine) for name in rivals[:2]]
    note = f"{duration(mine)} vs {rivals[0]} {duration(seconds[rivals[0]])}"
    if len(rivals) > 1:
        note += f", then {rivals[1]} ({times[1]:.1f})"
    api = measure.ratio(seconds[rivals[0]], seconds[ours.LABELLED.name])
    return Row(work, times[0], target, True, note, api)


def duration(samples: list[float]) -> str:
    """Return the median with a unit that suits it."""
    value = measure.median(samples)
    for unit, factor in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def limit_rows(*, quick: bool) -> Iterator[Row]:
    """Time over what reading the matrix twice in every iteration takes, turn by turn."""
    targets = {100: (2.2, 4.0), 1000: (1.5, 2.0), 3000: (1.4, 1.5)}
    for size, (general, half) in targets.items():
        p = plane(size, 10.0)
        for operator, target in (("dense", general), ("symmetric", half)):
            reads = 2 * ours.report(p, operator).iterations
            stored = 8 * size * size if operator == "dense" else 4 * size * (size + 1)
            calls = {"nege": ours.kernel(p, operator), "read": measure.reading(stored)}
            t = measure.together(calls, rounds=15, budget=0.3 if quick else 1.0)
            speed = stored * measure.READS / measure.median(t["read"]) / 1e9
            yield Row(
                f"time over bandwidth limit, {operator}, R={size}",
                measure.ratio(t["nege"], t["read"]) / reads * measure.READS,
                target,
                False,
                f"{duration(t['nege'])}, {reads} reads at {speed:.0f} GB/s",
            )


def start_rows(*, quick: bool) -> Iterator[Row]:
    """Measure what a user waits for before the first number, and what labels add."""
    first = processes.first_calls(1 if quick else 3)
    trivial = first["trivial cached"]
    for state, work, target in (
        ("cold", "cold first call over a trivial cached kernel's, CPU s", 4),
        ("cached", "first call from cache over a trivial cached kernel's, CPU s", 0.4),
    ):
        mine, api = first[f"kernel {state}"], first[f"labelled {state}"]
        note = f"{mine:.2f} s less {trivial:.2f} s; the labelled API takes {api:.2f} s"
        yield Row(work, mine - trivial, target, False, note)
    yield Row("import nege, warm, CPU s", first["import"], 0.8, False)
    p = plane(2, 1.0)
    t = measure.together({"kernel": ours.kernel(p), "labelled": ours.labelled(p)})
    over = (measure.median(t["labelled"]) - measure.median(t["kernel"])) * 1e3
    note = f"{duration(t['labelled'])} against {duration(t['kernel'])}"
    yield Row("overhead of the labelled API, R=2, ms", over, 0.4, False, note)


def large_rows() -> Iterator[Row]:
    """Solve a million places, and a matrix of 20 000, each with an online region and a process."""
    titles = {"plane": "20 000 places without a pattern, half a matrix"}
    for name in large.CASES:
        title = titles.get(name, f"10^6 places on a {name}") + " + online: "
        found = processes.large(name)
        note = f"{found['operator']}, {found['iterations']} iterations, {found['seconds']:.1f} s"
        if name in titles:
            yield Row(f"{title}peak memory, GB", found["peak"], 8, False, note)
        else:
            yield Row(f"{title}CPU s", found["seconds"], 10, False, note)
            yield Row(f"{title}peak memory, GB", found["peak"], 2, False, "of the whole process")
        yield Row(f"{title}residual", found["residual"], 1e-10, False, f"at {large.SAMPLE} regions")


def draw_rows(*, quick: bool) -> Iterator[Row]:
    """Random economies, all of which have to converge."""
    failed, drawn = verify.torture(quick=quick)
    converged = 100 * (1 - failed / drawn)
    yield Row("random draws that converge, %", converged, 100, True, f"{drawn} draws")
