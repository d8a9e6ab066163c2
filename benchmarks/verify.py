"""All the random economies of which the test suite takes a seeded tenth."""

from __future__ import annotations

import pathlib
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

TESTS = pathlib.Path(__file__).resolve().parents[1] / "tests"
SHORT_RUNS, LONG_RUNS = 4000, 200


def run(*, quick: bool = False) -> int:
    """Check every draw, print a line per family, and return how many failed."""
    draws = _draws()
    return sum(
        _family(title, count // 50 if quick else count, check)
        for title, count, check in (
            ("short runs against the reference", SHORT_RUNS, draws.check_short_run),
            ("long runs against an independent integration", LONG_RUNS, draws.check_long_run),
        )
    )


def torture(*, quick: bool = False) -> tuple[int, int]:
    """Return how many random short runs failed, and of how many."""
    count = SHORT_RUNS // 50 if quick else SHORT_RUNS
    return _family("random short runs", count, _draws().check_short_run), count


def _draws() -> Any:
    if str(TESTS) not in sys.path:
        sys.path.insert(0, str(TESTS))
    import draws

    return draws


def _family(title: str, count: int, check: Callable[[int], Any]) -> int:
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
    spread = np.percentile(iterations, [50, 99]) if iterations else [np.nan, np.nan]
    print(
        f"{title}: {count - len(failed)} of {count} hold; largest residual {worst:.1e}; "
        f"iterations median {spread[0]:.0f}, p99 {spread[1]:.0f}; "
        f"{time.perf_counter() - began:.1f} s"
    )
    for seed, message in failed[:10]:
        print(f"  draw {seed}: {message}")
    return len(failed)
