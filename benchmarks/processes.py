"""New processes, for what only they can show: compiling, importing, peak memory, limits."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
from typing import Any, NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[1]


class Ended(NamedTuple):
    """A process that has ended."""

    seconds: float  # of CPU, its own children included
    code: int
    output: str
    errors: str


def run(*arguments: str, folder: pathlib.Path | None = None, **environment: str) -> Ended:
    """Run Python in a new process on this tree's nege, and say what it took."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": path, **environment},
            stdout=output,
            stderr=errors,
            cwd=folder or ROOT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        seconds = usage.ru_utime + usage.ru_stime
        return Ended(seconds, process.returncode, output.read(), errors.read())


def answer(*arguments: str) -> Any:
    """Run Python in a new process, warnings being errors, and return the JSON it prints last."""
    done = run("-W", "error", *arguments)
    if done.code:
        raise RuntimeError(f"a new process failed: {reason(done)}")
    return json.loads(done.output.splitlines()[-1])


def reason(done: Ended) -> str:
    """Return the last line that a failed process wrote."""
    return (done.errors.strip().splitlines() or [f"it ended with {done.code}"])[-1][:200]


def large(name: str) -> dict[str, Any]:
    """Solve a large economy in a process of its own: see :mod:`benchmarks.large`."""
    found: dict[str, Any] = answer("-m", "benchmarks.large", name)
    return found
