"""All the random economies of which the test suite takes a seeded tenth."""

from __future__ import annotations

import pathlib
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

TESTS = pathlib.Path(__file__).resolve().parents[1] / "tests"


def run(*, quick: bool = False) -> int:
    """Check every draw, print a line per family, and return how many failed."""
    sys.path.insert(0, str(TESTS))
    import draws

    families: list[tuple[str, int, Callable[[int], Any]]] = [
        ("short runs against the reference", 2000, draws.check_short_run),
        ("long runs against an independent integration", 200, draws.check_long_run),
    ]
    failures = 0
    for title, count, check in families:
        count = count // 50 if quick else count
        began = time.perf_counter()
        worst, iterations, failed = 0.0, [], []
        for seed in range(count):
            try:
                found = check(seed)
            except Exception as error:  # every kind of failure counts, and none stops the rest
                failed.append((seed, f"{type(error).__name__}: {error}"))
                continue
            worst = max(worst, found.residual)
            iterations.append(found.iterations)
        failures += len(failed)
        spread = np.percentile(iterations, [50, 99]) if iterations else [np.nan, np.nan]
        print(
            f"{title}: {count - len(failed)} of {count} hold; largest residual {worst:.1e}; "
            f"iterations median {spread[0]:.0f}, p99 {spread[1]:.0f}; "
            f"{time.perf_counter() - began:.1f} s"
        )
        for seed, message in failed[:10]:
            print(f"  draw {seed}: {message}")
    return failures
