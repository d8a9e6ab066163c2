"""Progress bars of long work: shown on a terminal only, unless asked for."""

from __future__ import annotations

import sys
from typing import Any

from nege import validation


def silent(done: int) -> None:
    """Say nothing of `done` points."""


class _Silent:
    def update(self, done: int = 1) -> None: ...

    def close(self) -> None: ...


def progress_bar(progress: bool | None, total: int | None, unit: str = "economies") -> Any:
    """Return a progress bar that appears after a second, or one that never does."""
    if progress is not None:
        validation.flag("progress", progress)
    else:
        progress = total != 1 and (sys.stderr.isatty() or "ipykernel" in sys.modules)
    if not progress:
        return _Silent()
    try:
        from tqdm import tqdm
    except ImportError:
        return _Silent()
    return tqdm(total=total, desc=unit, leave=False, delay=1.0)
