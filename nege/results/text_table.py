"""Tables of text in a terminal: aligned, within a width, heads in whole words, zeros unsigned."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

NARROWEST, IN_ONE = 12, 14  # characters of a column; of a head that is not wrapped


def words(parameter: str) -> str:
    """Return the name of a parameter, or of an entry of one, in words between which it wraps."""
    return parameter.replace("_", " ").replace(".", " ")


def number(value: float, form: str) -> str:
    """Return a number in a form such as "+.3f"; what is zero in it has no sign."""
    text = format(value, form)
    return text.replace("-", "").replace("+", "") if _is_zero(text) else text


def _is_zero(text: str) -> bool:
    """Whether a number as it is printed is zero, whatever it was before."""
    mantissa = text.partition("e")[0]
    return "0" in mantissa and not any(digit in mantissa for digit in "123456789")


def aligned(
    rows: Sequence[Sequence[str]], *, left: Sequence[int] = (0,), width: int | None = None
) -> list[str]:
    """Return lines of a table, columns to the right but for those of words, to the `left`.

    Columns that do not fit into a `width` go on below, behind the first one again.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    blocks: list[list[int]] = [[0]]
    for j in range(1, len(widths)):
        taken = sum(widths[k] + 2 for k in blocks[-1]) + widths[j]
        if width is not None and taken > width and len(blocks[-1]) > 1:
            blocks.append([0])
        blocks[-1].append(j)
    made: list[str] = []
    for block in blocks:
        made += [""] if made else []
        for row in rows:
            cells = [f"{row[j]:{'<' if j in left else '>'}{widths[j]}}" for j in block]
            made.append("  ".join(cells).rstrip())
    return made


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
