"""The points of a sweep that have no values, as a table that prints whole."""

from __future__ import annotations

import html
import textwrap
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege.results import text_table
from nege.status import LONG_RUN_ITERATIONS, Ended, Status

WIDTH = 80  # of lines: a narrow terminal
SHOWN = 20  # rows, and different reasons
NUMBERED = 8  # rows that a reason names
WHY = ["status", "reason", "remedy"]


class FailedPoints(pd.DataFrame):  # type: ignore[misc]
    """A DataFrame of points that failed; it prints with every status and remedy in full.

    What is made of it, such as a choice of columns, is a DataFrame as any other.
    """

    def out_of(self, points: int) -> FailedPoints:
        """Say of how many points these are those that failed."""
        self.attrs["points"] = points
        return self

    def __repr__(self) -> str:
        if not set(WHY) <= set(self.columns):  # somebody took some away
            return str(super().__repr__())
        if self.empty:
            return self._headline()
        lines = [self._headline(), "", *text_table.aligned(self._cells(), left=(), width=WIDTH)]
        for why, remedy in self._reasons():
            lines += ["", *textwrap.wrap(why, WIDTH)]
            lines += textwrap.wrap(remedy, WIDTH, initial_indent="  ", subsequent_indent="  ")
        return "\n".join([*lines, *self._left_out()])

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self))}</pre>"

    def _headline(self) -> str:
        points = self.attrs.get("points", len(self))
        if self.empty:
            return f"No point failed: all {points} have values."
        return f"{len(self)} of {points} points {'has' if len(self) == 1 else 'have'} no values."

    def _cells(self) -> list[list[str]]:
        """Return where points are, and their status, below heads."""
        names = [name for name in self.columns if name not in ("reason", "remedy")]
        columns = [[_cell(value) for value in self[name].iloc[:SHOWN]] for name in names]
        numbers = map(str, self.index[:SHOWN])
        return [["", *map(str, names)], *(list(row) for row in zip(numbers, *columns, strict=True))]

    def _reasons(self) -> list[tuple[str, str]]:
        """Return which points failed why, and what to try, each reason once."""
        made = []
        for (status, reason, remedy), rows in [*self._by_reason().items()][:SHOWN]:
            more = f" and {len(rows) - NUMBERED} more" if len(rows) > NUMBERED else ""
            numbers = ", ".join(rows[:NUMBERED])
            made.append((f"{numbers}{more} {status}: {reason}", f"Try: {remedy}"))
        return made

    def _by_reason(self) -> dict[tuple[str, str, str], list[str]]:
        found: dict[tuple[str, str, str], list[str]] = {}
        columns = (map(str, self[name]) for name in WHY)
        for row, *why in zip(map(str, self.index), *columns, strict=True):
            found.setdefault((why[0], why[1], why[2]), []).append(row)
        return found

    def _left_out(self) -> list[str]:
        """Say what is not shown."""
        more = {"points": len(self) - SHOWN, "reasons": len(self._by_reason()) - SHOWN}
        said = [f"{count} more {what}" for what, count in more.items() if count > 0]
        return ["", f"{' and '.join(said)}: .to_string() has all of them."] if said else []


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, (float, np.floating)) else str(value)


def in_words(data: xr.Dataset, status: Status) -> tuple[str, str]:
    """Return what happened at the first point that ended so, and what to try."""
    where = np.nonzero(data["status"].values == status)
    return how_they_ended(data, tuple(at[:1] for at in where))[0].in_words()


def how_they_ended(data: xr.Dataset, where: tuple[np.ndarray, ...]) -> list[Ended]:
    """Return how solves at some points of a sweep ended, as far as its Dataset knows."""
    proof = [
        data[name].values[where] if name in data else np.full(where[0].size, np.nan)
        for name in ("residual", "error", "iterations")
    ]
    long_run, options = False, {}  # without iterations nothing tells which limit was hit
    if "iterations" in data:
        long_run = data["iterations"].attrs.get("long_name") == LONG_RUN_ITERATIONS
        options = data.attrs
    return [
        Ended(Status(int(code)), long_run, float(residual), float(error), float(count), options)
        for code, residual, error, count in zip(data["status"].values[where], *proof, strict=True)
    ]
