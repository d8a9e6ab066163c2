"""What nege has to reach, row by row: each row is a function, and measures what it says.

A row holds one or several figures, each with its target. Ratios are a peer's CPU time over
nege's, as medians over rounds in which both took turns; "any" is the fastest of all peers whose
answer stands the common test. Where there is nothing to measure, a figure says why, and its
target counts as missed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

import nege
from benchmarks import (
    compiling,
    explorer,
    grids,
    industries,
    long_runs,
    measure,
    ours,
    policies,
    processes,
    verify,
)
from benchmarks.contest import GOOD, race
from benchmarks.peers import available
from benchmarks.problems import Problem, asymmetric, plane
from benchmarks.sweeps import long_run_grid, twelve_regions

Races = dict[str, dict[str, dict[str, Any]]]  # by problem and method, see contest.race
SIZES = (10, 100, 1000)
EXACT = 1e-10  # residual of a large economy, measured at a sample of its regions
LONG_RUNS = 2000  # of a sweep that is timed


class Figure(NamedTuple):
    """A number beside what is asked of it."""

    measured: float | None
    target: float
    absent: str = ""  # why there is no number


class Row(NamedTuple):
    """A line of the table."""

    work: str
    figures: tuple[Figure, ...]
    at_least: bool = True  # whether more is better
    state: str = "warm"  # or cold: in a new process with an empty cache
    note: str = ""

    @property
    def met(self) -> tuple[bool, ...]:
        """Which of the targets are reached; what is absent or not a number reaches none."""
        return tuple(
            f.measured is not None
            and (f.measured >= f.target if self.at_least else f.measured <= f.target)
            for f in self.figures
        )


class Session:
    """What rows share in one run: races that were run, jobs that were timed."""

    def __init__(self, stopwatch: compiling.Stopwatch, *, quick: bool) -> None:
        self.stopwatch, self.quick = stopwatch, quick
        self.races: Races = {}

    def race(self, p: Problem) -> dict[str, dict[str, Any]]:
        """Race everybody on a problem, once."""
        if p.name not in self.races:
            rounds, budget = (5, 0.15) if self.quick else (15, 1.0)
            methods = (*ours.SIDES, *available())
            self.races[p.name] = race(p, methods, rounds=rounds, budget=budget)
        return self.races[p.name]


def duration(samples: list[float]) -> str:
    """Return the median with a unit that suits it."""
    value = measure.median(samples)
    for unit, factor in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


# --- short runs against peers


def rivals(found: dict[str, dict[str, Any]]) -> list[str]:
    """Return the peers that solved a problem, the fastest first."""
    names = [name for name, entry in found.items() if entry["seconds"] and name not in ours.NAMES]
    return sorted(names, key=lambda name: measure.median(found[name]["seconds"]))


def against_any(found: dict[str, dict[str, Any]], side: str, target: float) -> Figure:
    """Return how many times longer the fastest peer takes than one of nege's sides."""
    if side not in found:
        return Figure(None, target, "not there")
    order, mine = rivals(found), found[side]["seconds"]
    if not mine or not order:
        return Figure(None, target, found[side]["failure"] or "no peer solved it")
    return Figure(measure.ratio(found[order[0]]["seconds"], mine), target)


def _who(found: dict[str, dict[str, Any]]) -> str:
    """Name the two fastest peers and how they compare with nege's kernel."""
    mine = found[ours.NEGE.name]["seconds"]
    times = {name: measure.ratio(found[name]["seconds"], mine) for name in rivals(found)[:2]}
    return f"{duration(mine)}; " + ", ".join(f"{name} {ratio:.1f}" for name, ratio in times.items())


def _kernel(
    session: Session,
    size: int,
    targets: tuple[float, float],
    make: Callable[[int, float], Problem] = plane,
    kind: str = "",
) -> Row:
    races = [session.race(make(size, severity)) for severity in (1.0, 10.0)]
    figures = tuple(
        against_any(found, ours.NEGE.name, target)
        for found, target in zip(races, targets, strict=True)
    )
    note = " / ".join(map(_who, races))
    return Row(f"kernel, R={size}{kind}, tau=1 / 10, against any", figures, note=note)


def kernel_10(session: Session) -> Row:
    """Measure ten regions, easy and hard."""
    row = _kernel(session, 10, (2, 5))
    other = _kernel(session, 10, (2, 5), asymmetric)
    shown = " / ".join("none" if f.measured is None else f"{f.measured:.2g}" for f in other.figures)
    return row._replace(note=f"{row.note}. Asymmetric: {shown}")


def kernel_100(session: Session) -> Row:
    """Measure a hundred regions."""
    return _kernel(session, 100, (1.4, 1.5))


def kernel_1000(session: Session) -> Row:
    """Measure a thousand regions, trade costs the same both ways: half of the matrix is read."""
    return _kernel(session, 1000, (1.6, 1.6), kind=" symmetric")


def kernel_1000_asymmetric(session: Session) -> Row:
    """Measure trade costs that differ by direction: memory is the limit."""
    return _kernel(session, 1000, (1.2, 1.4), asymmetric, " asymmetric")


def _side(session: Session, work: str, side: str, targets: tuple[float, ...]) -> Row:
    """Return the worst ratio over easy and hard, symmetric and asymmetric, for each size."""
    figures, notes = [], []
    for size, target in zip(SIZES, targets, strict=True):
        found = [
            against_any(session.race(make(size, severity)), side, target)
            for make in (plane, asymmetric)
            for severity in (1.0, 10.0)
        ]
        known = [f.measured for f in found if f.measured is not None]
        without = [f for f in found if f.measured is None]
        figures.append(without[0] if without else Figure(min(known), target))
        notes.append(f"{min(known):.2g}-{max(known):.2g}" if known else "none")
    note = f"the worst of tau=1, 10, symmetric, asymmetric: {'; '.join(notes)}"
    return Row(f"{work}, R=10; 100; 1000, against any", tuple(figures), note=note)


def labelled(session: Session) -> Row:
    """Measure a labelled call against the fastest peer."""
    return _side(session, "labelled call", ours.LABELLED.name, (0.3, 0.7, 1.0))


def prepared(session: Session) -> Row:
    """Measure the prepared solver against the fastest peer."""
    return _side(session, "prepared solver", ours.PREPARED.name, (1.5, 1.5, 1.5))


def over_kernel(session: Session) -> Row:
    """Measure what labels add to the kernel, for two regions."""
    p = plane(2, 1.0)
    calls = {side.name: side.prepare(p) for side in ours.SIDES}
    t = measure.together(calls, rounds=9 if session.quick else 25)
    kernel = measure.median(t[ours.NEGE.name])
    figures = tuple(
        Figure((measure.median(t[side.name]) - kernel) * 1e3, target)
        if side.name in t
        else Figure(None, target, "not there")
        for side, target in ((ours.LABELLED, 0.2), (ours.PREPARED, 0.01))
    )
    note = ", ".join(f"{name} {duration(samples)}" for name, samples in t.items())
    work = "labelled call; prepared solver, over the kernel, R=2, ms"
    return Row(work, figures, False, note=note)


# --- two regions


def two_region_grid(session: Session) -> Row:
    """Measure two regions on a grid of 200 trade costs and 200 shares."""
    freeness, shares = grids.axes()
    every = 20 if session.quick else 10  # SciPy solves every so manieth of both axes
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
    t = measure.together(calls, budget=0.5 if session.quick else 3.0)
    times = {name: measure.ratio(taken, t["nege"]) for name, taken in t.items()}
    each = measure.median(t["nege"]) / whole / shares.size * 1e9
    figures = (
        Figure(times["root"] * every**2, 5000),
        Figure(min(times["fixed point"], times["fixed point, all at once"]), 100),
        Figure(min(times["newton"], times["newton, all at once"]), 8),
    )
    note = f"{each:.0f} ns an equilibrium; per point with its map compiled "
    note += f"{times['root, compiled'] * every**2:.0f}; NumPy in blocks that fit the cache"
    work = "two-region grid against SciPy per point / NumPy fixed point / NumPy Newton"
    return Row(work, figures, note=note)


def two_region_diagram(session: Session) -> Row:
    """Measure every equilibrium of two equal regions at 200 trade costs, with its stability."""
    costs = np.linspace(1.05, 4.0, 200)
    some = costs[:: 40 if session.quick else 20]
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
    mine = measure.median(t["nege"])
    note = f"200 trade costs, roots to 1e-12, stability; {mine / costs.size * 1e6:.1f} us each"
    return Row("two-region diagram against SciPy", (Figure(took / mine, 5000),), note=note)


# --- compiling


def cold_command(session: Session) -> Row:
    """Measure the main job where nothing is compiled."""
    t = session.stopwatch.times(compiling.COMMAND)
    figure = Figure(t.cold, 45)
    return Row("cold python -m nege, CPU s", (figure,), False, "cold", f"{t.kernels} kernels")


def cold_solves(session: Session) -> Row:
    """Measure what a new user waits for."""
    first = [session.stopwatch.times(name).cold for name in compiling.ANSWERS]
    waits = [session.stopwatch.times(name) for name in (compiling.TWO, compiling.INDUSTRIES)]
    figures = Figure(first[0], 8), Figure(first[1], 12)
    work = "cold first solve of two regions / of industries, CPU s"
    note = f"in Python; waiting for compiled code {waits[0].cold:.1f} / {waits[1].cold:.1f}"
    kernels = f"{waits[0].kernels} / {waits[1].kernels} kernels"
    return Row(work, figures, False, "cold", f"{note} s, {kernels}")


def nine_models(session: Session) -> Row:
    """Measure every model once, and then one that nege does not have."""
    nine, more = (
        session.stopwatch.times(name) for name in (compiling.NINE_MODELS, compiling.AFTER_NINE)
    )
    figures = Figure(nine.cold, 60), Figure(more.cold, 3)
    note = f"{nine.kernels}; {more.kernels} kernels; one further from the cache {more.warm:.1f} s"
    work = "nine models in turn, cold; one further model, CPU s"
    return Row(work, figures, False, "cold", note)


def cached_solve(session: Session) -> Row:
    """Measure the same where kernels have been compiled before."""
    t = session.stopwatch.times(compiling.TWO)
    note = f"{t.again} kernels compiled again" if t.again else ""
    return Row("from the cache, first solve, CPU s", (Figure(t.warm, 0.8),), False, note=note)


def importing(session: Session) -> Row:
    """Measure what every program waits for."""
    t = session.stopwatch.times(compiling.IMPORT)
    return Row("import nege, CPU s", (Figure(t.warm, 0.8),), False)


def warm_command(session: Session) -> Row:
    """Measure the main job where kernels have been compiled before."""
    t = session.stopwatch.times(compiling.COMMAND)
    note = f"{t.again} kernels compiled again" if t.again else ""
    return Row("warm python -m nege, CPU s", (Figure(t.warm, 9),), False, note=note)


# --- long runs, industries, size


def _alone(work: str, cases: dict[str, float], note: str) -> Row:
    """Return the CPU seconds of long runs, each in a process of its own."""
    found = [long_runs.alone(name) for name in cases]
    figures = tuple(
        Figure(f.seconds, target, f.note.split(":")[0])
        for f, target in zip(found, cases.values(), strict=True)
    )
    notes = [f"{name}: {f.note}" for name, f in zip(cases, found, strict=True)]
    return Row(work, figures, False, note=f"{note}. {'. '.join(notes)}")


def long_runs_1000(session: Session) -> Row:
    """Measure a thousand regions without a pattern: one core, and several centres."""
    cases = {"plane-1000-1": 3.0, "plane-1000-10": 3.0}
    return _alone("long run, 1000 regions, tau=1 / 10, CPU s", cases, "random places of a plane")


def long_runs_3000(session: Session) -> Row:
    """Measure three thousand regions without a pattern."""
    cases = {"plane-3000-1": 30.0, "plane-3000-10": 30.0}
    return _alone("long run, 3000 regions, tau=1 / 10, CPU s", cases, "random places of a plane")


def quantitative(session: Session) -> Row:
    """Measure as many places as Germany has counties, the eigenvalue on demand."""
    cases = {"quantitative-401": 0.1}
    return _alone("quantitative long run, 401 places, CPU s", cases, "Helpman")


def industries_long_run(session: Session) -> Row:
    """Measure industries against the best peer that ends at the same point."""
    figures, notes = [], []
    for size in industries.SIZES[:1] if session.quick else industries.SIZES:
        figure, note = _industries(session, size)
        figures.append(figure)
        notes.append(note)
    work = f"industries, long run, P={'; '.join(map(str, industries.SIZES[: len(figures)]))}"
    work += ", against the best peer on the same point"
    return Row(work, tuple(figures), note=" / ".join(notes))


def _industries(session: Session, size: int) -> tuple[Figure, str]:
    found = industries.contest(size, rounds=3 if session.quick else 7)
    session.races[f"industries P={size}"] = found
    mine, order = found[industries.NEGE.name]["seconds"], rivals(found)
    if not mine or not order:
        return Figure(None, 1.0, found[industries.NEGE.name]["failure"] or "no peer did"), "none"
    ratio = measure.ratio(found[order[0]]["seconds"], mine)
    others = ", ".join(f"{name} {duration(found[name]['seconds'])}" for name in order)
    return Figure(ratio, 1.0), f"{duration(mine)}; {others}"


def _costs(session: Session, work: str, tried: dict[str, tuple[policies.Policy, int]]) -> Row:
    """Return what long runs with a policy take, over the same economy without it."""
    found = policies.costs(tried, rounds=3 if session.quick else 7)
    figures = tuple(Figure(found[name], policies.MOST[name]) for name in tried)
    extra = [f"{name} {found[name]:.2f}, {policies.extra(tried[name][0])} more" for name in tried]
    note = f"and products of all places with all: {'; '.join(extra)}"
    work = f"{work}, P={policies.SIZE}, long run over that without"
    return Row(work, figures, False, note=note)


def policy_costs(session: Session) -> Row:
    """Measure taxes, tariffs, borders and security against the economy without them."""
    return _costs(session, "wedges of policy", policies.POLICIES)


def mechanism_costs(session: Session) -> Row:
    """Measure small mechanisms against the economy without them."""
    return _costs(session, "small mechanisms", policies.SMALL)


def million_places(session: Session) -> Row:
    """Measure short runs of a million places and the online region."""
    figures, notes = [], []
    for name in ("grid", "circle", "uneven line"):
        found = processes.large(name)
        good = found["residual"] <= EXACT
        absent = "" if good else f"residual {found['residual']:.0e}"
        figures.append(Figure(found["seconds"] if good else None, 10.0, absent))
        notes.append(f"{found['peak']:.1f} GB, residual {found['residual']:.0e}")
    work = "10^6 places, grid / circle / line, CPU s"
    return Row(work, tuple(figures), False, note=" / ".join(notes))


def _patterned(size: int, target: float, kind: str) -> Row:
    work = f"long run on a grid / a circle of {kind} places, CPU s"
    cases = {f"grid-{size}": target, f"circle-{size}": target}
    return _alone(work, cases, "dispersed: trade between neighbours, uneven farmers")


def patterned_10000(session: Session) -> Row:
    """Measure long runs on a grid and on a circle, without a matrix."""
    return _patterned(10_000, 10.0, "10^4")


def patterned_100000(session: Session) -> Row:
    """Measure the same ten times as large; the grid is the square nearest below."""
    return _patterned(100_000, 120.0, "10^5")


def sweep_of_long_runs(session: Session) -> Row:
    """Measure long runs of twelve regions a second, in one process."""
    model, grid = twelve_regions(), long_run_grid(100 if session.quick else LONG_RUNS)
    count = math.prod(values.size for values in grid.values())
    calls = {
        "followed": lambda: nege.sweep(model, grid),
        "apart": lambda: nege.sweep(model, grid, along=None),
    }
    if not all((call().status == nege.Status.CONVERGED).all() for call in calls.values()):
        raise RuntimeError("some of the long runs of twelve regions did not converge")
    t = measure.together(calls, budget=3.0)
    speed = {name: count / measure.median(taken) for name, taken in t.items()}
    note = "the digital trade cost followed down, for several elasticities and shares; "
    note += f"{speed['apart']:.0f} where each starts anew"
    work = "sweep of long runs of 12 regions, one process, per CPU s"
    return Row(work, (Figure(speed["followed"], 2500),), note=note)


def explored(session: Session) -> Row:
    """Measure what a page waits for when a control is moved: the worst of fifty random moves."""
    figures, notes = [], []
    for name, make in explorer.CASES.items():
        found = explorer.drag(make(), 10 if session.quick else explorer.MOVES)
        figures.append(Figure(float(found.cpu.max()), 0.3))
        late, median = int((found.cpu > 0.3).sum()), 1e3 * float(np.median(found.cpu))
        wall = 1e3 * float(np.median(found.wall))
        ended = ", ".join(f"{count} {outcome}" for outcome, count in found.outcomes.items())
        notes.append(
            f"{name}: median {median:.1f} ms, by the clock {wall:.1f}, {late} late; {ended}"
        )
    work = "explorer, an answer, the worst of 50 random moves, CPU s"
    return Row(work, tuple(figures), False, note=". ".join(notes))


def random_draws(session: Session) -> Row:
    """Measure random economies, all of which have to converge to a residual within tolerance."""
    failed, drawn = verify.torture(quick=session.quick)
    figure = Figure(100 * (1 - failed / drawn), 100)
    note = f"{drawn} draws, each residual measured again by the slow reference"
    return Row("convergence on random draws, %", (figure,), note=note)


#: The table in the order of its lines.
ROWS: tuple[Callable[[Session], Row], ...] = (
    *(kernel_10, kernel_100, kernel_1000, kernel_1000_asymmetric, labelled, prepared),
    *(over_kernel, two_region_grid, two_region_diagram, cold_command, cold_solves, nine_models),
    *(cached_solve, importing, warm_command, long_runs_1000, long_runs_3000, quantitative),
    *(
        industries_long_run,
        policy_costs,
        mechanism_costs,
        million_places,
        patterned_10000,
        patterned_100000,
    ),
    *(sweep_of_long_runs, explored, random_draws),
)
#: Those that take minutes, which a quick run leaves out.
SLOW = frozenset(
    {
        *(kernel_1000, kernel_1000_asymmetric, labelled, prepared, cold_command, cold_solves),
        *(nine_models, cached_solve, warm_command, long_runs_1000, long_runs_3000),
        *(million_places, patterned_10000, patterned_100000),
    }
)


def chosen(only: Iterable[str], *, quick: bool) -> list[Callable[[Session], Row]]:
    """Return the rows whose names hold one of some words; all without any."""
    words = list(only)
    return [
        row
        for row in ROWS
        if (any(word in row.__name__ for word in words) if words else not (quick and row in SLOW))
    ]
