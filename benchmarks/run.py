"""One run: the table beside its targets, a JSON file of every figure, and two pictures."""

from __future__ import annotations

import json
import math
import pathlib
import time
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks import figures, industries, measure, ours, rows, table
from benchmarks.contest import race
from benchmarks.peers import PEERS
from benchmarks.problems import plane, profile

SEVERITIES = (1.0, 10.0)


def run(folder: pathlib.Path, *, quick: bool, repeat: int = 1) -> int:
    """Measure everything, print and write it; return how many targets were missed.

    Parameters
    ----------
    folder : Path
        Where the table, the JSON file and the figures go.
    quick : bool
        Leave out large sizes and most draws.
    repeat : int
        How often the rows that noise can move are measured. The repetitions follow
        each other as wholes, so that a spell of noise falls into one of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    about = {"mode": "quick" if quick else "full", "repeat": repeat, **table.machine()}
    print(table.heading(about), table.HEAD, sep="\n")
    races: rows.Races = {}
    measured: list[rows.Row] = []
    for _ in range(repeat):
        measured += _printed(_repeated(races, quick=quick))
    measured += _printed(rows.draw_rows(quick=quick))
    measured += _printed(industries.rows(races, quick=quick))
    if not quick:
        measured += _printed(rows.large_rows())
    results = table.merged(measured)
    profiled = {
        p.name: _seconds(race(p, _entrants(quick=quick), rounds=3, budget=0.03 if quick else 0.2))
        for p in profile(quick=quick)
    }
    raw = {
        "rows": [result.as_json() for result in results],
        "races": races,
        "profile": profiled,
        "scaling": list(_scaling(races, quick=quick)),
        "about": {**about, "seconds": round(time.perf_counter() - began)},
    }
    text = json.dumps(_finite(raw), indent=1, allow_nan=False)
    (folder / "benchmarks.json").write_text(text, encoding="utf-8")
    report = table.markdown(about, results, races)
    (folder / "benchmarks.md").write_text(report, encoding="utf-8")
    figures.profile(raw["profile"]).savefig(folder / "profile.png", dpi=150)
    figures.scaling(raw["scaling"]).savefig(folder / "scaling.png", dpi=150)
    missed = sum(not result.met for result in results)
    print(f"\n{report}\n{len(results) - missed} of {len(results)} targets met. See {folder}.")
    return missed


def _repeated(races: rows.Races, *, quick: bool) -> Iterator[rows.Row]:
    yield from rows.two_region_rows(quick=quick)
    yield from rows.diagram_rows(quick=quick)
    yield from rows.solve_rows(races, quick=quick)
    yield from rows.limit_rows(quick=quick)
    yield from rows.start_rows(quick=quick)


def _printed(measured: Iterable[rows.Row]) -> Iterator[rows.Row]:
    for row in measured:
        print(table.line(table.merged([row])[0]), flush=True)
        yield row


def _entrants(*, quick: bool) -> tuple[Any, ...]:
    peers = (peer for peer in PEERS if not quick or peer.name in figures.SHOWN)
    return (ours.NEGE, *peers)


def _seconds(found: dict[str, dict[str, Any]]) -> dict[str, float | None]:
    """CPU seconds by method, None where it failed."""
    return {
        name: measure.median(entry["seconds"]) if entry["seconds"] else None
        for name, entry in found.items()
    }


def _scaling(races: rows.Races, *, quick: bool) -> Iterator[dict[str, Any]]:
    """Time against regions, easy and hard; races that were already run are not run again."""
    for severity in SEVERITIES:
        for size in (10, 30, 100, 300, 1000) if quick else (10, 30, 100, 300, 1000, 3000):
            p = plane(size, severity)
            if p.name not in races:
                races[p.name] = race(
                    p, _entrants(quick=quick), rounds=3, budget=0.05 if quick else 0.5
                )
            limit = {}
            for operator, stored in (("dense", 8 * size**2), ("symmetric", 4 * size * (size + 1))):
                read = measure.together({"read": measure.reading(stored)}, budget=0.3)["read"]
                once = measure.median(read) / measure.READS
                limit[operator] = 2 * ours.report(p, operator).iterations * once
            yield {
                "regions": size,
                "severity": severity,
                "seconds": _seconds(races[p.name]),
                "limit": limit,
            }


def _finite(value: Any) -> Any:
    """Return the same with None for numbers that JSON does not know."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
