"""What results print above their data: what was found, how far it is proven, what is not known."""

from __future__ import annotations

import html
from collections.abc import Sequence

import xarray as xr

GOOD, BAD = "#1b7837", "#b2182b"  # colours of the bar beside it
DOUBTFUL, NEITHER = "#b8860b", "#666666"


def above(lines: Sequence[str], data: xr.Dataset) -> str:
    """Return lines of words above what a Dataset prints."""
    return "\n".join([*lines, "", repr(data)])


def html_above(lines: Sequence[str], data: xr.Dataset, colour: str) -> str:
    """Return the same for notebooks."""
    headline, *rest = lines
    words = "".join(f"<div>{html.escape(line)}</div>" for line in rest)
    shown = data._repr_html_()
    return f"{beside_bar(f'<b>{html.escape(headline)}</b>{words}', colour)}{shown}"


def beside_bar(content: str, colour: str) -> str:
    """Return HTML beside a bar whose colour says how it ended."""
    style = f"border-left:4px solid {colour};padding:2px 0 2px 10px;margin:4px 0"
    return f'<div style="{style}">{content}</div>'
