"""Tables of text in a terminal: heads in whole words, in as many lines as these need."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

NARROWEST, IN_ONE = 12, 14  # characters of a column; of a head that is not wrapped


def words(parameter: str) -> str:
    """Return the name of a parameter, or of an entry of one, in words between which it wraps."""
    return parameter.replace("_", " ").replace(".", " ")


def lines(head: Sequence[str], rows: Sequence[Sequence[str] | str], last: str = "") -> list[str]:
    """Return a table, its columns to the right, under heads that are wrapped between words.

    Parameters
    ----------
    head : sequence of str
        Of each column.
    rows : sequence
        A cell for each column, and perhaps one more at the end, as long as it is; or a line of text
        that stands by itself.
    last : str
        Head of what is at the end of rows.
    """
    cells = [row for row in rows if not isinstance(row, str)]
    widths = [
        max(NARROWEST, *map(len, _parts(word)), *(len(row[j]) for row in cells))
        for j, word in enumerate(head)
    ]
    wrapped = [textwrap.wrap(word, width) for word, width in zip(head, widths, strict=True)]
    height = max(map(len, wrapped))
    above = []
    for i in range(height):
        parts = [column[i - height] if i >= height - len(column) else "" for column in wrapped]
        above.append(_line(parts, widths, last if i == height - 1 else ""))
    return [*above, *(row if isinstance(row, str) else _row(row, widths) for row in rows)]


def _parts(head: str) -> list[str]:
    """Return what of a head stays in one line."""
    return [head] if len(head) <= IN_ONE else head.split()


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    return _line(row[: len(widths)], widths, *row[len(widths) :])


def _line(cells: Sequence[str], widths: Sequence[int], last: str = "") -> str:
    said = [f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)]
    return "  ".join([*said, *([last] if last else [])]).rstrip()
