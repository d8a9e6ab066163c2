"""The equilibria found of an economy, as a sequence, and whether they are proven to be all."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, overload

import numpy as np
import xarray as xr

from nege.errors import counted
from nege.immutable import Immutable, held
from nege.models.base import Model
from nege.models.law_of_motion import NEUTRAL_RATE
from nege.results import banner
from nege.results.equilibrium import Equilibrium
from nege.results.tables import Tabular
from nege.solver_options import Logit, Replicator

__all__ = ["Equilibria"]


MOST_REGIONS_IN_FULL = 3  # regions up to which the summary shows every share
EQUILIBRIA_SHOWN = 12  # equilibria in the summary


@held("proven", "left", "orbits", "basins")
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Equilibria(Immutable, Tabular, Sequence[Equilibrium]):
    """Equilibria of one economy, in the order of their shares, and whether they are all.

    Made by :func:`equilibria`; a sequence of :class:`Equilibrium`, each with its stability.

    Attributes
    ----------
    model : Model
        The economy.
    dynamics : Replicator or Logit
        How people move.
    complete : bool
        Whether it is proven that there is no other equilibrium.
    reason : str
        Why that is not proven; where it is, empty, or the condition that says so.
    proven : Dataset
        ``low`` and ``high`` over (equilibrium, region): bounds of shares between which the
        equilibrium is proven to exist, and to be the only one; NaN where it was only found.
    left : Dataset
        ``low`` and ``high`` over (box, region): where the proof did not finish, so that
        there may be equilibria; empty where it is complete, all shares where it was not tried.
    boxes : int
        How many boxes the proof went through.
    orbits : ndarray of int
        How many equilibria symmetry makes of each, itself counted. Up to three regions, all
        are listed and these are one; above, one of each orbit is.
    basins : DataArray or None
        Share of random starts, uniform over all distributions, from which the dynamics
        reach each equilibrium or one of its orbit; what is missing to one ended elsewhere,
        or did not converge. None where no starts were asked for.

    Notes
    -----
    Not a distribution over equilibria: which one an economy is in depends on where it starts.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7)
    >>> found = nege.equilibria(economy)
    >>> found.complete, found.index_sum
    (True, 1)
    >>> [e.data.share.values.round(3).tolist() for e in found.stable]
    [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]
    """

    model: Model
    dynamics: Replicator | Logit
    complete: bool
    reason: str
    proven: xr.Dataset
    left: xr.Dataset
    boxes: int
    orbits: np.ndarray
    basins: xr.DataArray | None
    _members: tuple[Equilibrium, ...]

    def __len__(self) -> int:
        return len(self._members)

    @overload
    def __getitem__(self, index: int) -> Equilibrium: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Equilibrium, ...]: ...

    def __getitem__(self, index: Any) -> Any:
        return self._members[index]

    def __iter__(self) -> Iterator[Equilibrium]:
        return iter(self._members)

    @property
    def stable(self) -> tuple[Equilibrium, ...]:
        """The stable ones: every small deviation from them dies out."""
        return tuple(e for e in self if e.stability is not None and e.stability.stable)

    @property
    def index_sum(self) -> int | None:
        """Sum of the Poincare-Hopf indices of these equilibria; over all equilibria it is 1.

        The index is 1 where an even number of independent deviations inside grows, else -1
        (Poincare-Hopf, on a simplex: Simsek, Ozdaglar & Acemoglu 2007, Math. Oper. Res. 32).
        Any other sum means that some equilibrium is missing; 1 does not mean that none is.
        None where some deviation neither grows nor dies out, or that is not known; and with
        deficits fixed in value, as people leave a place that has to pay until nobody can: there
        the theorem does not hold.
        """
        total = 0
        for e, orbit in zip(self, self.orbits.tolist(), strict=True):
            if e.stability is None:
                return None
            if not self.model.indices_sum_to_one:
                return None
            inside = e.stability.eigenvalues.values.real
            every = np.append(inside, e.stability.entry.dropna("region").values)
            if not (np.abs(every) > NEUTRAL_RATE).all():
                return None
            total += orbit * (-1) ** np.count_nonzero(inside > 0.0)
        return int(total)

    _pictured: ClassVar = (
        "each of them has pictures, found[0].plot.shares(); nege.bifurcation(model, parameter, "
        "(low, high)).plot() draws how they depend on a parameter"
    )

    def to_dataset(self) -> xr.Dataset:
        """Return every variable over equilibrium, with stability, bounds, orbits and basins."""
        labels = self.model.coordinates()
        data = xr.Dataset(
            {
                name: (
                    ("equilibrium", *variable.dims),
                    np.stack([e.data[name].values for e in self])
                    if self._members
                    else np.empty((0, *(len(labels[dim]) for dim in variable.dims))),
                    self.model.describe(name, self.dynamics),
                )
                for name, variable in self.model.variables.items()
            },
            coords=labels,
            attrs={"model": repr(self.model), "complete": int(self.complete)},
        )
        rates = np.array([e.leading_eigenvalue for e in self])
        stable = np.array([e.stability is not None and e.stability.stable for e in self])
        data = data.assign(
            stable=("equilibrium", stable.astype(bool)),
            rate=("equilibrium", rates, {"long_name": "growth rate of the fastest deviation"}),
            status=("equilibrium", np.array([int(e.status) for e in self], dtype=int)),
            residual=("equilibrium", np.array([e.residual for e in self])),
            orbit=("equilibrium", self.orbits),
            proven_low=self.proven["low"],
            proven_high=self.proven["high"],
        )
        return data if self.basins is None else data.assign(basin=self.basins)

    def __repr__(self) -> str:
        shown = [f"  {row}" for row in self._rows()[:EQUILIBRIA_SHOWN]]
        if len(self) > EQUILIBRIA_SHOWN:
            shown.append(f"  and {len(self) - EQUILIBRIA_SHOWN} more")
        return "\n".join([self._headline(), *shown, *self._notes()])

    def _repr_html_(self) -> str:
        colour = banner.GOOD if self.complete else banner.DOUBTFUL
        rows = "".join(f"<div><code>{html.escape(row)}</code></div>" for row in self._rows())
        notes = "".join(f"<div>{html.escape(note)}</div>" for note in self._notes())
        headline = f"<b>{html.escape(self._headline())}</b>"
        return banner.beside_bar(f"{headline}{rows}{notes}", colour)

    def _headline(self) -> str:
        count = len(self)
        noun = "equilibrium" if count == 1 else "equilibria"
        moved = self.model.moved_by(self.dynamics)
        of = f"of {self.model.article} {self.model.title} economy under {moved}"
        if self.complete:
            which = "The only equilibrium" if count == 1 else f"All {count} equilibria"
            return f"{which} {of}, proven:"
        return f"{count} {noun} found, {of}{':' if count else '.'}"

    def _rows(self) -> list[str]:
        rows = []
        for i, (e, orbit) in enumerate(zip(self, self.orbits.tolist(), strict=True)):
            kind = _stability_word(e)
            share = e.data["share"].values if self.model.in_shares else np.empty(0)
            if not self.model.in_shares:
                shape = self.model.summary(e.data).removesuffix(".")
            elif share.size <= MOST_REGIONS_IN_FULL:
                places = zip(self.model.regions, share.tolist(), strict=True)
                shape = ", ".join(f"{part:.6g} in {name}" for name, part in places)
            else:
                occupied = np.sort(share[share > 0.0])[::-1]
                shape = f"{occupied.size} occupied, " + ", ".join(f"{p:.4g}" for p in occupied[:4])
                shape += ", ..." if occupied.size > 4 else ""
            row = f"{i}: {kind}, {shape}"
            if orbit > 1:
                row += f"; one of {orbit} that symmetry makes alike"
            if self.basins is not None:
                row += f"; basin {float(self.basins[i]):.1%}"
            rows.append(row)
        return rows

    def _notes(self) -> list[str]:
        notes = []
        if self.complete and self.reason:
            notes.append(self.reason)
        elif self.complete:
            notes.append(
                f"Ball arithmetic went through {self.boxes} boxes of distributions: each "
                "equilibrium is alone in one, and the others hold none."
            )
        else:
            bounds = self.proven["low"].values.reshape(len(self), -1)
            proven = int(np.isfinite(bounds).all(axis=-1).sum())
            notes.append(f"Not established: whether there are others. {self.reason}".rstrip())
            if self.index_sum not in (None, 1):
                notes.append(f"Some are missing: their indices sum to {self.index_sum}, not to 1.")
            if proven:
                notes.append(f"{proven} of these are proven to exist; .proven has their bounds.")
        if any(e.stability is not None and e.stability.neutral for e in self):
            notes.append("A neutral one is at a threshold, or one of a continuum.")
        if self.basins is not None:
            starts = self.basins.attrs["starts"]
            rest = 1.0 - float(self.basins.sum())
            lost = f"; {rest:.1%} ended in none of these" if rest > 1e-12 else ""
            notes.append(f"Basins are shares of {counted(starts, 'random start')}{lost}.")
        return notes


def basin_shares(ends: Sequence[int], count: int) -> xr.DataArray:
    """Return the share of random starts that end at each of so many equilibria, by its number."""
    hits = np.bincount([end for end in ends if 0 <= end < count], minlength=count)
    about: dict[str, Any] = {"long_name": "share of random starts", "starts": len(ends)}
    return xr.DataArray(hits / len(ends), dims="equilibrium", name="basin", attrs=about)


def _stability_word(equilibrium: Equilibrium) -> str:
    if not equilibrium.converged:
        return f"{equilibrium.status.name.lower()} in double precision"
    found = equilibrium.stability
    if found is None or np.isnan(found.margin):
        return "of unknown stability"
    return "stable" if found.stable else "neutral" if found.neutral else "unstable"
