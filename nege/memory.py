"""Memory checks: bytes that work will need against bytes that are free, before it starts."""

from __future__ import annotations

import os
import pathlib
from typing import Any

from nege.errors import InputError

__all__ = ["available", "check", "table"]

LITTLE = 1 << 24  # bytes that are always free
NAME = 250  # bytes of a place without any matrix: its name, its position, and making them


def table(n: int, copies: int = 1) -> int:
    """Return the bytes of some n by n tables of numbers."""
    return 8 * copies * n * n


def available() -> int:
    """Return the bytes of memory that are free to use, as far as the system says."""
    try:
        lines = pathlib.Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        facts = dict(line.split(":", 1) for line in lines)
        return int(facts["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 1 << 62


def check(argument: str, value: Any, needed: int, purpose: str, cure: str) -> None:
    """Refuse work that the free memory does not hold.

    Parameters
    ----------
    argument, value
        What is too large.
    needed : int
        Bytes that the work takes at most at a time.
    purpose : str
        What it is to be small enough for, as in "for 5 places".
    cure : str
        What takes less.

    Raises
    ------
    InputError
        With what is needed and what is free.
    """
    if needed <= LITTLE:
        return
    free = available()
    if needed > free:
        raise InputError(
            argument,
            value,
            f"small enough {purpose}: it needs {_gigabytes(needed)}, and {_gigabytes(free)} "
            "are free",
            cure,
        )


def _gigabytes(size: int) -> str:
    billions = size / 1e9
    return f"{billions:,.0f} GB" if billions >= 1000.0 else f"{billions:.3g} GB"
