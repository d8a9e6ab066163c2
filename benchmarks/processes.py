"""What only a new process can show: importing, the first call, peak memory."""

from __future__ import annotations

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]

TRIVIAL = "import numba\n\n\n@numba.njit(cache=True)\ndef trivial(x):\n    return x + 1.0\n"
FIRST_CALL = """
import json, sys, time
{before}
began = time.process_time()
{call}
print(json.dumps(time.process_time() - began))
"""
BEFORE = """
import numpy as np
import nege
from nege.kernels.fixed_point import Options
from nege.kernels.newton import newton
economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1.7)
"""
KERNEL = "newton(economy.arrays, np.array([0.7, 0.3]), np.zeros(2), Options(1e-12, 1e-8, 10000))"
LABELLED = "nege.short_run(economy, [0.7, 0.3])"


def _python(*arguments: str, **environment: str) -> Any:
    """Run Python in a new process, warnings being errors, and return the JSON that it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"a new process failed: {last}")
    return json.loads(done.stdout.splitlines()[-1])


def _first(call: str, before: str, cache: str, path: str = "") -> float:
    """CPU seconds of the first call in a new process."""
    code = FIRST_CALL.format(before=before, call=call)
    seconds: float = _python("-c", code, NUMBA_CACHE_DIR=cache, PYTHONPATH=path or str(ROOT))
    return seconds


def first_calls(repeats: int) -> dict[str, float]:
    """CPU seconds of what a user waits for in a new process.

    Returns
    -------
    dict
        ``kernel cold`` and ``labelled cold``: the first solve of two regions, compiled,
        by the kernel entry and by ``nege.short_run``; ``kernel cached`` and
        ``labelled cached``: the same from the cache on disk. ``trivial cached``: the
        first call of a kernel that adds one, from its own cache, which is what Numba
        itself takes to wake up. ``import``: importing nege.
    """
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "trivial_kernel.py").write_text(TRIVIAL, encoding="utf-8")
        for name, (call, before, path) in {
            "trivial": ("trivial(1.0)", "from trivial_kernel import trivial", folder),
            "kernel": (KERNEL, BEFORE, ""),
            "labelled": (LABELLED, BEFORE, ""),
        }.items():
            with tempfile.TemporaryDirectory() as cache:
                found[f"{name} cold"] = _first(call, before, cache, path)
                again = [_first(call, before, cache, path) for _ in range(repeats)]
            found[f"{name} cached"] = statistics.median(again)
        imports = [_first("import nege", "", folder) for _ in range(repeats)]
    return {**found, "import": statistics.median(imports)}


def large(name: str) -> dict[str, Any]:
    """Solve a large economy in a process of its own: see :mod:`benchmarks.large`."""
    answer: dict[str, Any] = _python("-m", "benchmarks.large", name)
    return answer


def industries(places: int) -> dict[str, float]:
    """Solve an economy of industries in a process of its own: see :mod:`benchmarks.industries`."""
    answer: dict[str, float] = _python("-m", "benchmarks.industries", str(places))
    return answer
