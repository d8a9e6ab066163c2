"""The report of a run: on what it was made, targets beside figures, and who failed where."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import pathlib
import platform
import subprocess
from collections.abc import Iterable
from typing import Any

import nege
from benchmarks.targets import Figure, Races, Row

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIBRARIES = (
    *("nege", "numpy", "scipy", "numba", "llvmlite"),
    *("jax", "jaxopt", "optimistix", "lineax", "quantecon"),
)
HEAD = """\
| work | target | measured | cold or warm | met or missed | note |
|---|---|---|---|---|---|"""
NOTES = """\
Ratios are a peer's CPU time over nege's, one thread each, the median over rounds in which both
took turns; everybody is called once before a clock starts. "any" is the fastest peer: SciPy, JAX
(jaxopt, optimistix), QuantEcon, and the loops that a user writes in NumPy on BLAS, Numba and JAX.
Peers solve the same map in logs and on the numeraire, compiled or with symmetric products by
BLAS, with options tuned on these problems. The residual max|F(w)/w - 1| of every answer is
measured again by one function: above 1e-12 a method has failed, and does not count as faster.
"kernel" is the compiled entry with the operator that nege picks by itself. Peers on industries
are handed nege's compiled residual; an answer that violates a published equation by more than
1e-10, ends at another point, or takes longer than its limit, is a failure. Peers do not ask whether
what they found is stable. Cold means a new process and an empty cache; its CPU seconds are those of
the whole process, from starting Python to its end."""


def number(figure: Figure) -> str:
    """Return a figure, or why there is none."""
    return figure.absent if figure.measured is None else f"{figure.measured:.3g}"


def line(row: Row) -> str:
    """Return one line of the Markdown table."""
    sign = ">=" if row.at_least else "<="
    targets = [f"{figure.target:g}" for figure in row.figures]
    if len(set(targets)) == 1:
        targets = targets[:1]
    reached, count = sum(row.met), len(row.figures)
    word = "met" if reached == count else "**missed**" if not reached else ""
    word = word or f"**{reached} of {count} met**"
    measured = " / ".join(map(number, row.figures))
    cells = (row.work, f"{sign} {' / '.join(targets)}", measured, row.state, word, row.note)
    return f"| {' | '.join(cells)} |"


def as_json(row: Row) -> dict[str, Any]:
    """Return everything that is known of a row."""
    return {
        **{"work": row.work, "at_least": row.at_least, "state": row.state, "note": row.note},
        "figures": [
            {**figure._asdict(), "met": met}
            for figure, met in zip(row.figures, row.met, strict=True)
        ],
    }


def markdown(about: dict[str, Any], rows: list[Row], compiled: Iterable[str], races: Races) -> str:
    """Return the whole report as Markdown; `compiled` are the lines on compile times."""
    failures = [
        f"- {problem}: {name}, {entry['failure']}"
        for problem, found in races.items()
        for name, entry in found.items()
        if entry["failure"]
    ]
    return "\n".join(
        [
            *("# nege beside its peers\n", heading(about), HEAD, *map(line, rows), "", NOTES),
            *("", "## What compiling takes, in CPU seconds\n", *compiled),
            *("", "## Who failed where\n", *(failures or ["Nobody."]), ""),
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
    if name == nege.__name__:
        return nege.__version__  # of the tree that is measured, whatever else is installed
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
