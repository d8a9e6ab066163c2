"""The table of claims: verdicts, shares and conditions, to read and to work with."""

from __future__ import annotations

import html
from typing import ClassVar

import xarray as xr

from nege.immutable import Immutable
from nege.results import text_table
from nege.results.tables import Tabular

COLUMNS = ("claim", "verdict", "holds on", "what the paper says")
WIDTH = 78  # of the last column


class ClaimTable(Immutable, Tabular):
    """Every claim with its verdict; prints as a table.

    Attributes
    ----------
    data : Dataset
        Over "claim": ``verdict``, ``share`` with its interval ``low`` and ``high``, ``held``,
        ``of``, how many draws were ``not_unique``, ``unsolved``, ``refused``, ``undefined``,
        ``width`` and ``nearest`` (flip), ``condition``, ``decisive``, ``words``, ``why``;
        ``margin`` and ``fate`` over "draw"; ``flip_words``, ``flip_held``, ``flip_of`` over "flip".
    """

    def __init__(self, data: xr.Dataset) -> None:
        object.__setattr__(self, "data", data)

    data: xr.Dataset
    _printed: ClassVar = ("verdict", "share", "of", "words")
    _of_economies: ClassVar = False  # its shares are of draws

    def to_dataset(self) -> xr.Dataset:
        """Return the table as a Dataset."""
        return self.data.copy()

    def _tabulated(self) -> xr.Dataset:
        """Return a row a claim."""
        return self.data[[n for n, v in self.data.data_vars.items() if v.dims == ("claim",)]]

    def _rows(self) -> list[tuple[str, str, str, str]]:
        found = []
        for at in range(self.data.sizes["claim"]):
            row = self.data.isel(claim=at)
            share = f"{float(row.share):.0%} of {int(row.of)}" if int(row.of) else ""
            found.append(
                (str(row.claim.values), str(row.verdict.values), share, str(row.words.values))
            )
        return found

    def __repr__(self) -> str:
        rows = [(*row[:3], _cut(row[3])) for row in self._rows()]
        lines = text_table.aligned([COLUMNS, *rows], left=range(len(COLUMNS)))
        return "\n".join([self._banner(), "", *lines])

    def _banner(self) -> str:
        words = self.data.verdict.values.tolist()
        counts = [f"{words.count(v)} {v}" for v in dict.fromkeys(words)]
        prior = self.data.attrs.get("prior", "")
        return (
            f"{len(words)} claims, {self.data.sizes['draw']} draws of the prior {prior!r}: "
            f"{', '.join(counts)}."
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{word}</th>" for word in COLUMNS)
        rows = "".join(
            f"<tr>{''.join(f'<td>{html.escape(word)}</td>' for word in row)}</tr>"
            for row in self._rows()
        )
        banner = html.escape(self._banner())
        return f"<p>{banner}</p><table><tr>{head}</tr>{rows}</table>"


def _cut(words: str) -> str:
    return words if len(words) <= WIDTH else words[: WIDTH - 1].rsplit(" ", 1)[0] + " …"
