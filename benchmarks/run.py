"""One run: the table of targets, compile times, a JSON file of every figure, and two pictures."""

from __future__ import annotations

import json
import math
import pathlib
import time
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks import compiling, figures, measure, ours, table, targets
from benchmarks.contest import race
from benchmarks.peers import available
from benchmarks.problems import plane, profile

SEVERITIES = (1.0, 10.0)


def say(text: str) -> None:
    """Print at once: a row takes minutes."""
    print(text, flush=True)


def show_targets(*, quick: bool, only: Iterable[str] = ()) -> int:
    """Measure the rows of the table and print them; return how many are not met."""
    say(table.heading(about(quick)))
    with compiling.Stopwatch(1 if quick else 3) as stopwatch:
        rows = _rows(targets.Session(stopwatch, quick=quick), only)
    missed = sum(not all(row.met) for row in rows)
    say(f"\n{table.NOTES}\n\n{len(rows) - missed} of {len(rows)} rows met.")
    return missed


def show_compiling(*, quick: bool) -> None:
    """Measure what compiling takes and print it."""
    say(f"{table.heading(about(quick))}\n{compiling.HEAD}")
    with compiling.Stopwatch(1 if quick else 3) as stopwatch:
        compiling.table(stopwatch, quick=quick, say=say)


def run(folder: pathlib.Path, *, quick: bool) -> int:
    """Measure everything, print and write it; return how many targets were missed.

    Parameters
    ----------
    folder : Path
        Where the table, the JSON file and the figures go.
    quick : bool
        Leave out rows that take minutes, and most draws, sizes and peers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    facts = about(quick)
    say(table.heading(facts))
    with compiling.Stopwatch(1 if quick else 3) as stopwatch:
        session = targets.Session(stopwatch, quick=quick)
        rows = _rows(session, ())
        say(f"\n{compiling.HEAD}")
        compiled = compiling.table(stopwatch, quick=quick, say=say)
    entrants = _entrants(quick=quick)
    profiled = {
        p.name: _seconds(race(p, entrants, rounds=3, budget=0.03 if quick else 0.2))
        for p in profile(quick=quick)
    }
    raw = {
        "rows": [table.as_json(row) for row in rows],
        "compiling": {name: times._asdict() for name, times in compiled.items()},
        "races": session.races,
        "profile": profiled,
        "scaling": list(_scaling(session.races, quick=quick)),
        "about": {**facts, "seconds": round(time.perf_counter() - began)},
    }
    text = json.dumps(_finite(raw), indent=1, allow_nan=False)
    (folder / "benchmarks.json").write_text(text, encoding="utf-8")
    lines = [compiling.HEAD, *(compiling.line(name, t) for name, t in compiled.items())]
    report = table.markdown(facts, rows, lines, session.races)
    (folder / "benchmarks.md").write_text(report, encoding="utf-8")
    figures.profile(raw["profile"]).savefig(folder / "profile.png", dpi=150)
    figures.scaling(raw["scaling"]).savefig(folder / "scaling.png", dpi=150)
    missed = sum(not all(row.met) for row in rows)
    say(f"\n{report}\n{len(rows) - missed} of {len(rows)} rows met. See {folder}.")
    return missed


def about(quick: bool) -> dict[str, Any]:
    """Return on what is measured."""
    return {"mode": "quick" if quick else "full", **table.machine()}


def _rows(session: targets.Session, only: Iterable[str]) -> list[targets.Row]:
    say(table.HEAD)
    rows = []
    for measured in targets.chosen(only, quick=session.quick):
        rows.append(measured(session))
        say(table.line(rows[-1]))
    return rows


def _entrants(*, quick: bool) -> tuple[Any, ...]:
    peers = (peer for peer in available() if not quick or peer.name in figures.SHOWN)
    return (ours.NEGE, *peers)


def _seconds(found: dict[str, dict[str, Any]]) -> dict[str, float | None]:
    """CPU seconds by method, None where it failed."""
    return {
        name: measure.median(entry["seconds"]) if entry["seconds"] else None
        for name, entry in found.items()
    }


def _scaling(races: targets.Races, *, quick: bool) -> Iterator[dict[str, Any]]:
    """Time against regions, easy and hard; races that were already run are not run again."""
    for severity in SEVERITIES:
        for size in (10, 30, 100, 300) if quick else (10, 30, 100, 300, 1000, 3000):
            p = plane(size, severity)
            if p.name not in races:
                entrants = _entrants(quick=quick)
                races[p.name] = race(p, entrants, rounds=3, budget=0.05 if quick else 0.5)
            limit = {}
            for operator, stored in (("dense", 8 * size**2), ("symmetric", 4 * size * (size + 1))):
                read = measure.together({"read": measure.reading(stored)}, budget=0.3)["read"]
                once = measure.median(read) / measure.READS
                limit[operator] = 2 * ours.iterations(p) * once
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
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
