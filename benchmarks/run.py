"""One run: the table beside its targets, a JSON file of every figure, and two pictures."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import pathlib
import platform
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from benchmarks import figures, measure, ours, rows, verify
from benchmarks.peers import PEERS
from benchmarks.problems import plane, profile

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIBRARIES = ("nege", "numpy", "scipy", "numba", "jax", "jaxopt", "optimistix", "quantecon")


def run(folder: pathlib.Path, *, quick: bool) -> int:
    """Measure everything, print and write it; return how many targets were missed."""
    folder.mkdir(parents=True, exist_ok=True)
    about = machine()
    print(heading(about))
    print("| work | measured | target | met | note |\n|---|---|---|---|---|")
    table: list[rows.Row] = []
    parts: list[Iterable[rows.Row]] = [
        rows.two_region_rows(),
        rows.solve_rows(quick=quick),
        rows.limit_rows(),
        rows.start_rows(),
    ]
    if not quick:
        parts.append(rows.million_rows())
    for part in parts:
        for row in part:
            table.append(row)
            print(line(row))
            sys.stdout.flush()
    failed, drawn = verify.torture(quick=quick)
    table.append(
        rows.Row(
            "random draws that converge, %", 100 * (1 - failed / drawn), 100, True, f"{drawn} draws"
        )
    )
    print(line(table[-1]))
    profiled = [timed(p, quick=quick) for p in profile(quick=quick)]
    sizes = [10, 30, 100, 300] if quick else [10, 30, 100, 300, 1000, 2000]
    scaled, limit = [], []
    for size in sizes:
        p = plane(size, 10.0)
        scaled.append(timed(p, quick=quick))
        matrix = 8 * size * size
        limit.append(ours.report(p).iterations * 2 * matrix / measure.bandwidth(matrix))
    figures.profile(profiled, folder / "profile.png")
    figures.scaling(sizes, scaled, limit, folder / "scaling.png")
    (folder / "benchmarks.md").write_text(markdown(about, table), encoding="utf-8")
    raw = {
        "about": about,
        "rows": [{**row._asdict(), "met": bool(row.met)} for row in table],
        "profile": profiled,
        "scaling": {"regions": sizes, "seconds": scaled, "limit": limit},
    }
    (folder / "benchmarks.json").write_text(json.dumps(raw, indent=1), encoding="utf-8")
    missed = sum(not row.met for row in table)
    print(f"\n{len(table) - missed} of {len(table)} targets met. Written to {folder}.")
    return missed


def timed(p: Any, *, quick: bool) -> dict[str, float]:
    """CPU seconds of every method that is sensible for a problem."""
    peers = tuple(peer for peer in PEERS if peer.largest >= p.size)
    if quick:
        peers = tuple(peer for peer in peers if peer.library != "jax")
    return rows.times(p, peers, budget=0.2 if quick else 0.4)[0]


def line(row: rows.Row) -> str:
    """Return one line of the Markdown table."""
    sign = ">=" if row.at_least else "<="
    met = "yes" if row.met else "**no**"
    return f"| {row.work} | {row.measured:.3g} | {sign} {row.target:g} | {met} | {row.note} |"


def markdown(about: dict[str, Any], table: list[rows.Row]) -> str:
    """Return the whole table as Markdown."""
    head = "| work | measured | target | met | note |\n|---|---|---|---|---|"
    return "\n".join([heading(about), "", head, *map(line, table), ""])


def heading(about: dict[str, Any]) -> str:
    """Say what was measured where."""
    dirty = ", tree not clean" if about["dirty"] else ""
    return (
        f"nege {about['versions']['nege']} at {about['revision'][:10]}{dirty}, {about['date']}, "
        f"{about['processor']}, one thread. Ratios: peer's CPU time over nege's.\n"
    )


def machine() -> dict[str, Any]:
    """Return facts about machine, versions and the state of the tree."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    cpu = pathlib.Path("/proc/cpuinfo")
    model = platform.processor() or platform.machine()
    if cpu.is_file():
        names = [x for x in cpu.read_text(encoding="utf-8").splitlines() if "model name" in x]
        model = names[0].split(":")[1].strip() if names else model
    return {
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "processor": model,
        "versions": versions,
        "revision": _git("rev-parse", "HEAD") or "unknown",
        "dirty": bool(_git("status", "--porcelain")),
    }


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
