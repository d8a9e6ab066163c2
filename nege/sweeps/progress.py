"""Progress bars of long work: shown on a terminal only, unless asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from nege import validation

Tick = Callable[[int], Any]


def no_tick(done: int) -> None:
    """Report no progress."""


class _NoBar:
    def update(self, done: int = 1) -> None: ...

    def close(self) -> None: ...


def progress_bar(progress: bool | None, total: int | None, unit: str = "economies") -> Any:
    """Return a progress bar that appears after a second, or one that never does."""
    if progress is not None:
        validation.flag("progress", progress)
    else:
        progress = total != 1 and (sys.stderr.isatty() or "ipykernel" in sys.modules)
    if not progress:
        return _NoBar()
    try:
        from tqdm import tqdm
    except ImportError:
        return _NoBar()
    return tqdm(total=total, desc=unit, leave=False, delay=1.0)
