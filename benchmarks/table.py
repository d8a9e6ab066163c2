"""The report of a run: on what it was made, targets beside figures, and who failed where."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import pathlib
import platform
import statistics
import subprocess
from typing import Any, NamedTuple

from benchmarks.rows import Races, Row

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIBRARIES = (
    *("nege", "numpy", "scipy", "numba", "llvmlite"),
    *("jax", "jaxopt", "optimistix", "lineax", "quantecon"),
)
HEAD = "| work | measured | target | met | labelled API | note |\n|---|---|---|---|---|---|"
NOTES = """\
Ratios are a peer's CPU time over nege's, one thread each, the median over rounds in which both
took turns. "nege" is the kernel entry with the operator that it picks by itself; the column
"labelled API" holds the same ratio for `nege.short_run`. Peers solve the same map in logs, in
NumPy or compiled, with options tuned on these problems; the best one is sought among SciPy, JAX
(jaxopt, optimistix) and QuantEcon. The residual max|F(w)/w - 1| of every answer is measured again
by one function: above 1e-11 a method has failed, and failure costs infinitely much. The bandwidth
limit counts two reads of the matrix, or of its half, in each of nege's iterations; the dense
kernel needs one. Rows on industries give CPU seconds of a long run; their peers are handed nege's
compiled residual, and an answer that violates a published equation by more than 1e-10 (1e-9 in a
random economy), or takes longer than its limit, is a failure. Peers do not ask whether what they
found is stable."""


class Result(NamedTuple):
    """A row over all repetitions."""

    last: Row
    values: list[float]
    labelled: list[float]

    @property
    def measured(self) -> float:
        """The median over the repetitions."""
        return statistics.median(self.values)

    @property
    def reached(self) -> int:
        """How many repetitions met the target."""
        return sum(self.last._replace(measured=value).met for value in self.values)

    @property
    def met(self) -> bool:
        """Whether most of the repetitions met the target."""
        return 2 * self.reached > len(self.values)

    def as_json(self) -> dict[str, Any]:
        """Return everything that is known of the row."""
        return {
            "work": self.last.work,
            "measured": self.measured,
            "values": self.values,
            "target": self.last.target,
            "at_least": self.last.at_least,
            "met": self.met,
            "labelled": statistics.median(self.labelled) if self.labelled else None,
            "note": self.last.note,
        }


def merged(rows: list[Row]) -> list[Result]:
    """Put the repetitions of each row together, in the order of the first."""
    results: dict[str, Result] = {}
    for row in rows:
        known = results.get(row.work, Result(row, [], []))
        labelled = known.labelled + ([] if row.labelled is None else [row.labelled])
        results[row.work] = Result(row, [*known.values, row.measured], labelled)
    return list(results.values())


def line(result: Result) -> str:
    """Return one line of the Markdown table."""
    row, count = result.last, len(result.values)
    sign = ">=" if row.at_least else "<="
    met = ("yes" if result.met else "no") if count == 1 else f"met {result.reached}/{count}"
    met = met if result.met else f"**{met}**"
    labelled = f"{statistics.median(result.labelled):.3g}" if result.labelled else ""
    return (
        f"| {row.work} | {result.measured:.3g} | {sign} {row.target:g} | {met} | {labelled} "
        f"| {row.note} |"
    )


def markdown(about: dict[str, Any], results: list[Result], races: Races) -> str:
    """Return the whole report as Markdown."""
    failures = [
        f"- {problem}: {name}, {entry['failure']}"
        for problem, found in races.items()
        for name, entry in found.items()
        if entry["failure"]
    ]
    return "\n".join(
        [
            *("# nege beside its peers\n", heading(about), HEAD, *map(line, results)),
            *("", NOTES, "", "## Who failed where\n", *(failures or ["Nobody."]), ""),
        ]
    )


def heading(about: dict[str, Any]) -> str:
    """Say what was measured where."""
    dirty = " (tree not clean)" if about["dirty"] else ""
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return (
        f"{about['mode']} run of revision {about['revision'][:10]}{dirty} on {about['date']}; "
        f"{about['processor']}, {about['cores']} cores, load {about['load']:.1f} at the start; "
        f"Python {about['python']}, {versions}.\n"
    )


def machine() -> dict[str, Any]:
    """Return facts about machine, versions and the state of the tree."""
    return {
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan"),
        "versions": {name: _version(name) for name in LIBRARIES},
        "revision": _git("rev-parse", "HEAD") or "unknown",
        "dirty": bool(_git("status", "--porcelain")),
    }


def _processor() -> str:
    """Name the processor; by family and model too, where a virtual machine hides the name."""
    path = pathlib.Path("/proc/cpuinfo")
    if not path.is_file():
        return platform.processor() or platform.machine()
    pairs = (line.split(":", 1) for line in path.read_text("utf-8").splitlines() if ":" in line)
    facts = {key.strip(): value.strip() for key, value in pairs}
    vectors = "AVX-512" if "avx512f" in facts.get("flags", "") else "no AVX-512"
    return (
        f"{facts.get('model name', platform.machine())} (family {facts.get('cpu family', '?')}, "
        f"model {facts.get('model', '?')}, {vectors})"
    )


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _git(*arguments: str) -> str:
    """Ask git, without letting it touch its own index."""
    command = ["git", "--no-optional-locks", "-C", str(ROOT), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
