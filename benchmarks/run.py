"""One run: the table of targets, compile times, a JSON file of every figure, and two pictures."""

from __future__ import annotations

import dataclasses
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
        rows = list(_rows(targets.Session(stopwatch, quick=quick), only))
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
    report = _Report(folder, about(quick))
    say(table.heading(report.facts))
    with compiling.Stopwatch(1 if quick else 3) as stopwatch:
        session = targets.Session(stopwatch, quick=quick)
        report.races = session.races
        for row in _rows(session, ()):
            report.rows.append(row)
            report.write()
        say(f"\n{compiling.HEAD}")
        report.compiled = compiling.table(stopwatch, quick=quick, say=say)
    entrants = _entrants(quick=quick)
    for p in profile(quick=quick):
        found = race(p, entrants, rounds=3, budget=0.03 if quick else 0.2)
        report.profile[p.name] = _seconds(found)
    report.write()
    for sizes in _scaling(session.races, quick=quick):
        report.scaling.append(sizes)
        report.write()
    report.facts["seconds"] = round(time.perf_counter() - began)
    text = report.write()
    figures.profile(report.profile).savefig(folder / "profile.png", dpi=150)
    figures.scaling(report.scaling).savefig(folder / "scaling.png", dpi=150)
    missed = sum(not all(row.met) for row in report.rows)
    say(f"\n{text}\n{len(report.rows) - missed} of {len(report.rows)} rows met. See {folder}.")
    return missed


@dataclasses.dataclass
class _Report:
    """What has been measured so far; a run that is stopped leaves what it had written."""

    folder: pathlib.Path
    facts: dict[str, Any]
    rows: list[Any] = dataclasses.field(default_factory=list)
    compiled: dict[str, compiling.Times] = dataclasses.field(default_factory=dict)
    races: dict[str, Any] = dataclasses.field(default_factory=dict)
    profile: dict[str, Any] = dataclasses.field(default_factory=dict)
    scaling: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def write(self) -> str:
        """Write the figures, and the report, which is returned."""
        raw = {
            "rows": [table.as_json(row) for row in self.rows],
            "compiling": {name: times._asdict() for name, times in self.compiled.items()},
            "races": self.races,
            "profile": self.profile,
            "scaling": self.scaling,
            "about": {"seconds": None, **self.facts},  # None where the run did not end
        }
        text = json.dumps(_finite(raw), indent=1, allow_nan=False)
        (self.folder / "benchmarks.json").write_text(text, encoding="utf-8")
        lines = [compiling.HEAD, *(compiling.line(name, t) for name, t in self.compiled.items())]
        report = table.markdown(self.facts, self.rows, lines, self.races)
        (self.folder / "benchmarks.md").write_text(report, encoding="utf-8")
        return report


def about(quick: bool) -> dict[str, Any]:
    """Return on what is measured."""
    return {"mode": "quick" if quick else "full", **table.machine()}


def _rows(session: targets.Session, only: Iterable[str]) -> Iterator[targets.Row]:
    say(table.HEAD)
    for measured in targets.chosen(only, quick=session.quick):
        row = measured(session)
        say(table.line(row))
        yield row


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
