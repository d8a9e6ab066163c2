"""A claim over values of one's own: its margin at every combination of lists of parameters."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nege.errors import InputError, in_words
from nege.immutable import Immutable
from nege.laboratory import where
from nege.laboratory.claim import Claim
from nege.laboratory.findings import FATES
from nege.plots import varied
from nege.plots.style import GREY
from nege.results.tables import Tabular
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDEST, LONGEST = 8, 40  # columns and rows of margins that are printed


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class ClaimGrid(Immutable, Tabular):
    """A claim at every combination of values of your own: where its sign turns.

    Attributes
    ----------
    claim : Claim
        What was examined, at those values that are the same everywhere.
    data : Dataset
        ``margin`` (positive where the claim holds, NaN where it has no answer) and ``fate``
        ("solved", "not unique", "unsolved", "refused", "undefined") over the parameters.
    """

    claim: Claim
    data: xr.Dataset

    def _tabulated(self) -> xr.Dataset:
        """Return a row a combination: its margin, and what became of it."""
        return self.data

    @property
    def holds(self) -> xr.DataArray:
        """Whether the claim holds, over the parameters; False where it has no answer."""
        found: xr.DataArray = self.data.margin > where.ROUNDING
        return found.rename("holds")

    def explain(self) -> str:
        """Say in prose what was run, and where it holds."""
        claim, margin = self.claim, self.data.margin
        axes = in_words(
            f"{name} {each.values.min():g}"
            if each.size == 1
            else f"{name} from {each.values.min():g} to {each.values.max():g}"
            for name, each in margin.coords.items()
        )
        holds = int(self.holds.sum())
        lines = [
            f"Claim {claim.number} (section {claim.section}): {claim.words}",
            f"Examined in {claim.experiment.words}, over {axes}. It says that {claim.predicts}.",
            f"It holds at {holds} of {margin.size} points{self._beside}.",
        ]
        lines += self._turns()
        rows, *columns = margin.shape
        if rows <= LONGEST and (not columns or (len(columns) == 1 and columns[0] <= WIDEST)):
            lines += ["Margins, positive where it holds:", self._margins()]
        return "\n".join([*lines, claim.why])

    @property
    def _beside(self) -> str:
        """What became of points that were not just solved, in words."""
        fate = self.data.fate.values.ravel().tolist()
        said = {
            "not unique": "not unique (another start ends in another equilibrium)",
            "undefined": f"undefined ({self.claim.undefined})",
        }
        counts = [
            f"{fate.count(word)} {said.get(word, word)}" for word in FATES[1:] if word in fate
        ]
        return f"; {in_words(counts)}" if counts else ""

    def _turns(self) -> list[str]:
        """Say between which values the sign turns: along the only list, or in each row of two."""
        margin = self.data.margin.squeeze()
        margin = margin.sortby([*margin.dims])
        if margin.ndim == 1:
            said = _along(margin)
            return [f"Its sign turns where {margin.dims[0]} is {said}."] if said else []
        if margin.ndim != 2:
            return []  # too many words for what a picture of two of them shows
        for rows in map(str, margin.dims):
            by_turn: dict[str, list[str]] = {}
            for value, row in zip(margin[rows].values, margin.transpose(rows, ...), strict=True):
                by_turn.setdefault(_along(row.drop_vars(rows)), []).append(f"{value:g}")
            never = by_turn.pop("", [])
            if by_turn:
                (along,) = (dim for dim in margin.dims if dim != rows)
                told = [f"{turn} at {rows} {in_words(at)}" for turn, at in by_turn.items()]
                told += [f"nowhere at {rows} {in_words(never)}"] if never else []
                return [f"Its sign turns where {along} is {'; '.join(told)}."]
        return []

    def _margins(self) -> str:
        table = self.data.margin.to_pandas()
        text: str = table.to_string(float_format=lambda value: f"{value:.3g}")
        return text

    def __repr__(self) -> str:
        return self.explain()

    @hinted
    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the margin over one parameter as a line, over two in colour.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            Above zero, or blue with a dot, the claim holds; below, or red with a ring, it fails.
            Hatched, or crossed out on the axis, it has no answer.

        Raises
        ------
        InputError
            For more than two parameters with several values.

        Examples
        --------
        >>> import nege
        >>> found = nege.claims("1a", at={"trade_cost": [1.3, 1.6, 1.9]})
        >>> found.plot().get_xlabel()
        'trade cost (iceberg factor)'
        """
        margin = self.data.margin.astype(float)
        dims = [str(dim) for dim in margin.dims if margin.sizes[dim] > 1] or [str(margin.dims[0])]
        if len(dims) > 2:
            cure = "Give the others one value each in at=."
            raise InputError("at", dims, "lists of at most two parameters for a picture", cure)
        margin = margin.squeeze([dim for dim in margin.dims if dim not in dims])
        margin = margin.sortby(dims).transpose(*reversed(dims))
        failed = margin.isnull()
        if len(dims) == 1:
            axes = varied.lines(margin, margin[dims[0]], failed, ax=ax)
            axes.axhline(0.0, color=GREY, lw=0.8)
            return axes
        most = max(abs(margin.values[np.isfinite(margin.values)]), default=0.0) or 1.0
        axes = varied.cells(margin, failed, {"cmap": "RdBu", "vmin": -most, "vmax": most}, ax=ax)
        before = axes.get_legend()
        handles = [] if before is None else list(before.legend_handles)
        holds = margin > where.ROUNDING
        for words, there, face in (("holds", holds, "black"), ("fails", ~holds & ~failed, "white")):
            rows, columns = np.nonzero(there.values)
            x, y = margin[dims[0]].values[columns], margin[dims[1]].values[rows]
            look: Any = {"ls": "none", "marker": "o", "ms": 5, "mfc": face, "mec": "black"}
            handles += axes.plot(x, y, label=words, **look) if rows.size else []
        axes.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=len(handles),
            frameon=False,
        )
        return axes


def _along(margin: xr.DataArray) -> str:
    """Return between which values of a list the sign of a margin turns, "" where it does not."""
    known = margin.dropna(margin.dims[0])
    values, held = known[margin.dims[0]].values, (known > where.ROUNDING).values
    turns = np.flatnonzero(held[1:] != held[:-1])
    said = [f"between {values[i]:g} and {values[i + 1]:g}" for i in turns]
    return in_words(said) if said else ""
