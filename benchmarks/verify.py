"""All random economies, killed sweeps and interrupted runs, of which tests take a part."""

from __future__ import annotations

import collections
import functools
import importlib
import logging
import pathlib
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

import nege

TESTS = pathlib.Path(__file__).resolve().parents[1] / "tests"
SHORT_RUNS, LONG_RUNS = 4000, 200
EXTREMES = 2000  # short runs of each model against 50 digits
TWO_REGIONS, THREE_REGIONS = 500, 30
CALLS = 20_000
ORDER = 0.02  # by which an order of convergence may be off
MEDIAN = 0.5  # seconds that a proof for two regions may take
STEP = 2.0  # seconds of CPU that a step of a path may take


def run(*, quick: bool = False) -> int:
    """Check every draw, print a line per family, and return how many failed."""
    draws, industries = tests("draws"), tests("draws_agglomeration")
    equations, added = tests("draws_equations"), tests("draws_mechanisms")
    back, units = tests("draws_inversion"), tests("draws_units")
    golden, unbalanced = tests("draws_golden"), tests("draws_unbalanced")
    within = tests("draws_mobility")
    commuting = tests("draws_data_commuting")
    commuters, explored = tests("draws_commuting"), tests("draws_explorer")
    starts = industries.STARTS * industries.STEPS
    failed = sum(
        _family(title, max(count // 50, 1) if quick else count, check)
        for title, count, check in (
            ("short runs against the reference", SHORT_RUNS, draws.check_short_run),
            ("long runs against an independent integration", LONG_RUNS, draws.check_long_run),
            ("steps of the digital turn from random starts", starts, industries.check_step),
            ("random economies of industries", industries.ECONOMIES, industries.check_economy),
            ("the same from the equations as written", equations.COUNT, equations.check),
            ("random economies with random mechanisms", added.COUNT, added.check),
            ("the same in other units of every table", units.COUNT, units.check),
            ("from data to fundamentals and back", back.COUNT, back.check),
            ("the same with random mechanisms", back.COUNT, back.check_mechanisms),
            ("printed numbers of policy and lock-in", golden.COUNT, golden.check),
            ("people who move within groups only", within.COUNT, within.check),
            ("commuting from data, and changes by hats", commuting.COUNT, commuting.check_changes),
            ("random flows, unbalanced and with zeros", unbalanced.COUNT, unbalanced.check),
            ("random economies of commuters", commuters.COUNT, commuters.check),
            ("commuters who move within groups", commuters.COUNT, commuters.check_groups),
            ("random economies explored by hand", explored.COUNT, explored.check),
        )
    )
    title, policies = "random economies with random policies", tests("draws_policies")
    failed += _reasoned(title, policies, quick=quick)
    failed += _starts(quick=quick) + (0 if quick else _competition())
    title, platforms = "random economies of platforms, data and few firms", tests("draws_platforms")
    failed += _reasoned(title, platforms, quick=quick)
    failed += _calibrations(quick=quick)
    failed += _extremes(quick=quick)
    failed += _points(quick=quick)
    two = TWO_REGIONS // 50 if quick else TWO_REGIONS
    three = THREE_REGIONS // 10 if quick else THREE_REGIONS
    failed += _proofs("all equilibria of two regions", two, draws.check_two_regions, MEDIAN)
    failed += _proofs("all equilibria of three regions", three, draws.check_three_regions, np.inf)
    failed += _turns(quick=quick)
    failed += 0 if quick else _racetrack()
    failed += _counties(quick=quick)
    failed += _line(quick=quick) + _kills(quick=quick) + interrupts(quick=quick)
    return failed + _tampered(quick=quick) + hostile(quick=quick)


def hostile(*, quick: bool = False) -> int:
    """Call every public entry with hostile values; nothing but a NegeError may leave."""
    began = time.perf_counter()
    fuzz, calls = tests("fuzz"), CALLS // 50 if quick else CALLS
    with fuzz.made() as pool:
        counts, failures = fuzz.run(range(calls), pool)
    print(
        f"{calls} hostile calls of {len(fuzz.ENTRIES)} public entries: {counts['refused']} refused "
        f"by name, {counts['answered']} answered soundly, {len(failures)} leaked, hung or accepted "
        f"nonsense; {time.perf_counter() - began:.1f} s"
    )
    for seed, error in list(failures.items())[:10]:
        print(f"  draw {seed}: {error} {fuzz.trace(error)}")
    return len(failures)


def _reasoned(title: str, draws: Any, *, quick: bool) -> int:
    """Solve random economies; where there is no rest, it is said why."""
    began, failed, reasons = time.perf_counter(), [], []
    count = draws.COUNT // 20 if quick else draws.COUNT
    for seed in range(count):
        try:
            found = draws.check(seed)
        except Exception as error:  # every kind of failure counts, and none stops the rest
            failed.append((seed, f"{type(error).__name__}: {error}"))
            continue
        if not found.converged:
            reasons.append(" ".join(draws.reason(found).split()[:5]))
    solved = count - len(reasons) - len(failed)
    print(
        f"{title}: {solved} of {count} solved, stable and as published, {len(reasons)} not, for a "
        f"reason that is said, {len(failed)} failed; {time.perf_counter() - began:.1f} s"
    )
    for reason, times in collections.Counter(reasons).most_common(5):
        print(f"  {times} times: {reason} ...")
    for seed, message in failed[:10]:
        print(f"  draw {seed}, {message}")
    return len(failed)


def _starts(*, quick: bool) -> int:
    """Solve economies with policies from random starts: how many stable equilibria there are."""
    began, policies, failed = time.perf_counter(), tests("draws_policies"), 0
    count = max(policies.STARTS // 50, 1) if quick else policies.STARTS
    said = []
    for name in policies.POLICIES:
        try:
            found, lost = policies.ends(name, range(count))
        except Exception as error:  # every kind of failure counts, and none stops the rest
            said.append(f"{name}: {type(error).__name__}: {error}")
            failed += 1
            continue
        failed += len(lost)
        ends = ", ".join(f"start {seed} {why}" for seed, why in lost.items())
        said.append(
            f"{name}: {len(found)} stable, {len(lost)} not converged{f' ({ends})' if lost else ''}"
        )
    print(
        f"policies from {count} random starts each, distinct equilibria of {len(said)} policies, "
        f"{failed} failed; {time.perf_counter() - began:.1f} s"
    )
    for line in said:
        print(f"  {line}")
    return failed


def _competition() -> int:
    """Play Agrawal & Wildasin's game of taxes before and after people go online."""
    began, policies = time.perf_counter(), tests("draws_policies")
    rates, failed = {}, []
    for step in policies.COMPETITION:
        try:
            rates[step] = policies.check_competition(step)
        except Exception as error:  # every kind of failure counts, and none stops the rest
            failed.append(f"step {step}: {type(error).__name__}: {error}")
    if not failed:  # the core's premium over the rest falls, and so do both rates
        (core, rest), (core_later, rest_later) = rates.values()
        if not (core > rest and core_later < rest_later < rest):
            failed.append("the core keeps its premium, or the rest its rate")
    said = "; ".join(
        f"step {step}: core {core:.4f}, rest {rest:.4f}" for step, (core, rest) in rates.items()
    )
    print(
        f"tax competition of core and rest: {len(rates)} of {len(policies.COMPETITION)} games "
        f"certified; {said}; {time.perf_counter() - began:.1f} s"
    )
    for message in failed:
        print(f"  {message}")
    return len(failed)


def _calibrations(*, quick: bool) -> int:
    """Find parameters of random economies again, without errors of targets and with them."""
    draws = tests("draws_calibration")
    count = draws.COUNT // 10 if quick else draws.COUNT
    failed = _family("parameters found again to 1e-6 from their moments", count, draws.check)
    began, hits, lost = time.perf_counter(), [], []
    replications = draws.REPLICATIONS // 5 if quick else draws.REPLICATIONS
    for seed in range(count):
        try:
            hits.append(draws.covered(seed, replications).ravel())
        except Exception as error:  # every kind of failure counts, and none stops the rest
            lost.append((seed, f"{type(error).__name__}: {error}"))
    every = np.concatenate(hits) if hits else np.array([np.nan])
    # A few draws miss by chance: by three standard errors of them at most.
    room = max(draws.WITHIN, 3.0 * np.sqrt(draws.LEVEL * (1.0 - draws.LEVEL) / every.size))
    fine = bool(abs(every.mean() - draws.LEVEL) <= room)
    print(
        f"{draws.LEVEL:.0%} intervals of parameters from targets with errors: "
        f"{every.mean():.1%} of {every.size} cover{'' if fine else ' (NOT as they say)'}, "
        f"{len(lost)} economies failed; {time.perf_counter() - began:.1f} s"
    )
    for seed, message in lost[:10]:
        print(f"  draw {seed}: {message}")
    return failed + len(lost) + (not fine)


def _turns(*, quick: bool) -> int:
    """Follow digital turns with everything changed: each step ends at rest, or stuck and soon."""
    turns, solve = tests("perturbed_turns"), nege.OnlineAgglomeration.own_long_run
    count = turns.MOST // 50 if quick else turns.MOST
    began, steps, failed, stuck = time.perf_counter(), 0, [], []
    seconds: list[float] = []

    def timed(*given: Any) -> Any:
        began = time.process_time()
        found = solve(*given)
        seconds.append(time.process_time() - began)
        return found

    with mock.patch.object(nege.OnlineAgglomeration, "own_long_run", timed):
        turns.check(0)  # compiled, and not counted
        seconds.clear()
        for seed in range(count):
            try:
                status = turns.check(seed).status.values
            except Exception as error:
                failed.append((seed, f"{type(error).__name__}: {error}"))
                continue
            steps += status.size
            stuck += [
                (seed, f"step {step}: {nege.Status(int(status[step])).message}")
                for step in np.flatnonzero(status != nege.Status.CONVERGED)
            ]
    slow = not max(seconds) <= STEP
    print(
        f"digital turns with everything up to a fifth higher or lower: {steps} steps of {count} "
        f"turns, {steps - len(stuck)} converged and at rest, {len(stuck)} stuck with a reason, "
        f"{len(failed)} turns failed; slowest step {max(seconds):.2f} s of CPU"
        f"{f' (MORE than {STEP:g} s)' if slow else ''}; {time.perf_counter() - began:.1f} s"
    )
    for seed, message in (failed + stuck)[:10]:
        print(f"  turn {seed}, {message}")
    return len(failed) + slow


def _points(*, quick: bool) -> int:
    """Ask for points in every way that there is; each is what it is alone, or its refusal."""
    began, draws, members = time.perf_counter(), tests("draws_points"), tests("family").MEMBERS
    checks = {member.name: functools.partial(draws.check_member, member) for member in members}
    checks["OnlineAgglomeration"] = draws.check_industries
    count = 2 if quick else draws.COUNT
    failed, refused = [], 0
    for name, check in checks.items():
        for seed in range(count):
            try:
                refused += check(seed)
            except Exception as error:  # every kind of failure counts, and none stops the rest
                failed.append(f"{name} {seed}: {type(error).__name__}: {error}")
    total = count * len(checks)
    print(
        f"points of sweeps: {total - len(failed)} of {total} grids and paths of four points hold, "
        f"{refused} points refused; {time.perf_counter() - began:.1f} s"
    )
    for message in failed[:10]:
        print(f"  draw {message}")
    return len(failed)


def _racetrack() -> int:
    """Follow a racetrack as its occupied places halve, down to one."""
    began, racetracks = time.perf_counter(), tests("racetracks")
    try:
        racetracks.check_doubling(racetracks.LARGE)
    except Exception as error:
        said = f"NOT followed, {type(error).__name__}: {error}"
    else:
        said = ""
    print(
        f"a racetrack of {racetracks.LARGE} places halves down to one place"
        f"{said and f': {said}'}; {time.perf_counter() - began:.1f} s"
    )
    return int(bool(said))


def _counties(*, quick: bool) -> int:
    """Hold every number of the counties, if their data are here, against those printed."""
    began, numbers = time.perf_counter(), tests("draws_data_commuting")
    if numbers.counties() is None:
        print("numbers of 401 counties: left out, their data are not here")
        return 0
    chosen = dict(list(numbers.NUMBERS.items())[:3] if quick else numbers.NUMBERS)
    failed = {}
    for name, check in chosen.items():
        try:
            check()
        except Exception as error:  # every kind of failure counts, and none stops the rest
            failed[name] = f"{type(error).__name__}: {error}"
    print(
        f"numbers of 401 counties: {len(chosen) - len(failed)} of {len(chosen)} tables and rows "
        f"hold; {time.perf_counter() - began:.1f} s"
    )
    for name, message in failed.items():
        print(f"  {name}: {message}")
    return len(failed)


def _line(*, quick: bool) -> int:
    """Refine the line of Allen & Arkolakis: the error has to fall with the square of a cell."""
    began = time.perf_counter()
    cells = tests("cells")
    numbers = cells.FEW if quick else cells.MANY
    errors = [cells.largest_error(number) for number in numbers]
    orders = cells.orders(errors, numbers)
    fine = bool(np.all(np.abs(orders - 2.0) <= ORDER))
    print(
        f"people on a line of {numbers[0]} to {numbers[-1]} cells: errors {errors[0]:.1e} to "
        f"{errors[-1]:.1e}, orders {', '.join(f'{order:.3f}' for order in orders)}"
        f"{'' if fine else ' (NOT 2)'}; {time.perf_counter() - began:.1f} s"
    )
    return int(not fine)


def _tampered(*, quick: bool) -> int:
    """Edit and damage files and stores: none is read with other content, and sweeps mend them."""
    began, tampering = time.perf_counter(), tests("tampering")
    count, failed, harmless = tampering.DRAWS // (20 if quick else 1), [], 0
    logging.getLogger("nege").setLevel(logging.ERROR)  # what is mended is told at length
    for seed in range(count):
        try:
            harmless += "as it was" in tampering.check(seed)[1]
        except Exception as error:  # a leak is a failure like any other
            failed.append((seed, f"{type(error).__name__}: {error}"))
    print(
        f"tampered files and stores: {count - len(failed) - harmless} of {count} refused, "
        f"{harmless} read as they were, {len(failed)} read otherwise or not refused in words; "
        f"{time.perf_counter() - began:.1f} s"
    )
    for seed, message in failed[:10]:
        print(f"  draw {seed}: {message}")
    return len(failed)


def torture(*, quick: bool = False) -> tuple[int, int]:
    """Return how many random short runs failed, and of how many."""
    count = SHORT_RUNS // 50 if quick else SHORT_RUNS
    return _family("random short runs", count, tests("draws").check_short_run), count


def tests(module: str) -> Any:
    """Return a module of the test suite."""
    if str(TESTS) not in sys.path:
        sys.path.insert(0, str(TESTS))
    return importlib.import_module(module)


def _kills(*, quick: bool) -> int:
    """Kill a sweep at random moments, resume it each time, and compare to the last bit."""
    units, kills = (200, 5) if quick else (2000, 20)
    failed = 0
    for of in ("", "real_wages"):
        failed += _killed(units // 2 if of else units, max(2, kills // 2) if of else kills, of)
    return failed


def _killed(units: int, kills: int, of: str) -> int:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = tests("kills").run(pathlib.Path(folder), units=units, kills=kills, seed=0, of=of)
    again = sum(found.solved.values()) - len(found.solved)
    print(
        f"a sweep of {f'{of}() in ' if of else ''}{units} units killed {found.kills} times: "
        f"{'the same' if found.same else f'NOT the same {found.different}'} as one that was not, "
        f"{len(found.solved)} units solved, {again} of them begun again; "
        f"{time.perf_counter() - began:.1f} s"
    )
    return int(not (found.same and len(found.solved) == units and again <= found.kills))


def interrupts(*, quick: bool = False) -> int:
    """Interrupt runs of every kind at random moments: each has to end soon and leave all sound."""
    began = time.perf_counter()
    module = tests("interrupts")
    counts = module.FEW if quick else module.RUNS
    found = [module.run(kind, seed) for kind, count in counts.items() for seed in range(count)]
    delays = np.array([run.delay for run in found])
    late = delays > module.SOON
    failed = [run for run, slow in zip(found, late, strict=True) if slow or run.faults]
    print(
        f"runs interrupted at random moments: {len(found) - len(failed)} of {len(found)} hold, "
        f"{np.isnan(delays).sum()} of them done before; from the signal to the end median "
        f"{np.nanmedian(delays) * 1e3:.0f} ms, longest {np.nanmax(delays):.2f} s; "
        f"{time.perf_counter() - began:.1f} s"
    )
    for run in failed:
        print(f"  {run.kind}, draw {run.seed}: {run.delay:.2f} s. {'; '.join(run.faults)}")
    return len(failed)


def _family(title: str, count: int, check: Callable[[int], Any]) -> int:
    began = time.perf_counter()
    worst, iterations, failed = 0.0, [], []
    for seed in range(count):
        try:
            found = check(seed)
        except Exception as error:  # every kind of failure counts, and none stops the rest
            failed.append((seed, f"{type(error).__name__}: {error}"))
            continue
        if found is not None:  # some draws say themselves what they hold
            worst = max(worst, found.residual)
            iterations.append(found.iterations)
    spread = np.percentile(iterations, [50, 99]) if iterations else [np.nan, np.nan]
    solves = (
        f"largest residual {worst:.1e}; iterations median {spread[0]:.0f}, p99 {spread[1]:.0f}; "
    )
    print(
        f"{title}: {count - len(failed)} of {count} hold; {solves if iterations else ''}"
        f"{time.perf_counter() - began:.1f} s"
    )
    for seed, message in failed[:10]:
        print(f"  draw {seed}: {message}")
    return len(failed)


def _extremes(*, quick: bool) -> int:
    """Hold error bounds against 50 digits at the limits of floating point, model by model."""
    exact, failed = tests("exact"), 0
    count = EXTREMES // 50 if quick else EXTREMES
    for kind in exact.EXACT:
        began = time.perf_counter()
        near, solved, wrong = 0.0, 0, []
        for seed in range(count):
            try:
                found, off = exact.check_error(kind, seed)
            except Exception as error:  # a bound that does not hold, or whatever else
                wrong.append((seed, f"{type(error).__name__}: {error}"))
                continue
            solved += found.converged
            near = max(near, off / found.error if found.converged else 0.0)
        print(
            f"error bounds of {kind.__name__} against 50 digits: {count - len(wrong)} of {count} "
            f"hold, {solved} converged; largest error over its bound {near:.2f}; "
            f"{time.perf_counter() - began:.1f} s"
        )
        for seed, message in wrong[:10]:
            print(f"  draw {seed}: {message}")
        failed += len(wrong)
    return failed


def _proofs(title: str, count: int, check: Callable[..., Any], median: float) -> int:
    """Enumerate the equilibria of every draw; how many are contradicted, or are too slow at large.

    What is not proven within the limit is no failure, but is printed with what is left.
    """
    seconds: list[float] = []
    sizes: list[int] = []
    failed, open_ = [], []

    def timed(model: Any) -> Any:
        began = time.perf_counter()
        found = nege.equilibria(model)
        seconds.append(time.perf_counter() - began)
        return found

    timed(tests("draws").two_regions(0))  # compiled, and not counted
    seconds.clear()
    for seed in range(count):
        try:
            found = check(seed, timed)
        except Exception as error:
            failed.append((seed, f"{type(error).__name__}: {error}"))
            continue
        sizes.append(len(found))
        if not found.complete:
            open_.append((seed, f"{len(found)} found. {found.reason}"))
    took = float(np.median(seconds)) if seconds else np.nan
    slow = not took <= median
    print(
        f"{title}: {len(sizes) - len(open_)} of {count} proven, {len(open_)} not proven within "
        f"the limit, {len(failed)} contradicted or failed; {min(sizes, default=0)} to "
        f"{max(sizes, default=0)} equilibria; median {took:.3f} s"
        f"{f' (MORE than {median:g} s)' if slow else ''}, longest {max(seconds, default=0):.1f} s"
    )
    for seed, message in (failed + open_)[:10]:
        print(f"  draw {seed}: {message}")
    return len(failed) + slow
