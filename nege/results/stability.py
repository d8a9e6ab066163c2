"""Local stability of an economy at rest: eigenvalues of its dynamics, and entry conditions."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.immutable import Immutable, held
from nege.models.base import Model
from nege.models.law_of_motion import NEUTRAL_RATE, ClearedPoint, LawOfMotion, law_of_motion
from nege.models.solutions import Deviations
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.status import Status

__all__ = ["Stability"]

REST = 1e-8  # largest growth rate of an occupied region at a stationary point
MOVERS = {  # what is there, and what is not
    "region": ("occupied regions", "empty regions"),
    "mover": ("groups of firms and people", "groups that are absent"),
}
MODES = 12  # tables over regions that eigenvectors take
RATES = {"long_name": "growth rate", "units": "per unit of time"}
VANISHING = 690.0  # in ln share: what tastes leave below this is zero in double precision


@held("_found")
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Stability(Immutable):
    """Local stability of an equilibrium: which small deviations grow, and how fast.

    Eigenvalues and eigenvectors of the dynamics on the tangent space of the shares (Fujita,
    Krugman & Venables 1999, ch. 5), and the entry condition of each empty region. Made by
    :func:`nege.stability`. Rates are per unit of the dynamics' own time.

    Attributes
    ----------
    model : Model
        The economy.
    dynamics : Replicator or Logit
        How people move.
    dim : str
        The dimension over which things move: "region"; "mover" in a model with several mobile
        groups (firms of each industry and channel, people).
    share : DataArray
        Shares of the mobile factor, over region or mover.
    eigenvalues : DataArray
        Growth rates of deviations among occupied regions, over mode, the fastest
        first; complex where some deviation oscillates. There is no mode where one region
        has everybody; NaN where markets leave them undefined in double precision.
    directions : DataArray
        Their shapes over (mode, region): changes of shares that sum to zero, the
        largest being 1.
    entry : DataArray
        Entry condition: growth rate of a small share that enters an empty region, over
        region; NaN in occupied ones.

    Notes
    -----
    Not a statement about large deviations: see :func:`nege.stability`.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
    >>> found = nege.stability(nege.solve(economy, start=[0.6, 0.4]))
    >>> found.stable, found.margin > 0, found.entry.dropna("region").region.values.tolist()
    (True, True, ['1'])
    """

    model: Model
    dynamics: Replicator | Logit
    dim: str
    _pictured: ClassVar = (
        "nege.bifurcation(model, parameter, (low, high)).plot() draws what is stable and what is "
        "not, equilibrium.plot the equilibrium; .directions are its deviations"
    )
    _found: Deviations  # its shapes scaled; labelled where somebody looks at them

    @property
    def share(self) -> xr.DataArray:
        """Shares of the mobile factor, over region or mover."""
        return self._labelled(self._found.share, "share")

    @property
    def eigenvalues(self) -> xr.DataArray:
        """Growth rates of deviations among occupied regions, over mode, the fastest first.

        Complex only where some oscillate: of equal ones rounding makes pairs that do not.
        """
        rates = self._found.rates
        if np.max(np.abs(rates.imag), initial=0.0) <= ROUNDED * np.max(np.abs(rates), initial=0.0):
            rates = rates.real
        return xr.DataArray(rates, dims="mode", name="eigenvalue", attrs=RATES)

    @property
    def directions(self) -> xr.DataArray:
        """Their shapes, over mode and region or mover: the largest change of a share is 1."""
        labels = {self.dim: list(self._found.movers)}
        dims, about = ("mode", self.dim), {"units": "share"}
        return xr.DataArray(self._found.shapes, labels, dims, "direction", about)

    @property
    def entry(self) -> xr.DataArray:
        """Growth rates at which empty regions are entered, NaN in occupied ones."""
        return self._labelled(self._entry(), "entry", RATES)

    def _entry(self) -> np.ndarray:
        return np.where(self._found.share > 0.0, np.nan, self._found.growth)

    def _labelled(
        self, values: np.ndarray, name: str, about: Mapping[str, str] | None = None
    ) -> xr.DataArray:
        return xr.DataArray(values, {self.dim: list(self._found.movers)}, self.dim, name, about)

    @property
    def margin(self) -> float:
        """Minus the rate of the fastest deviation, entry included: positive means stable.

        Infinite where no deviation is possible, NaN where it is not known.
        """
        inner = np.max(self._found.rates.real, initial=-np.inf)
        entry = self._entry()
        entry = entry[~np.isnan(entry)]
        return -fastest(float(inner), float(np.max(entry, initial=-np.inf)), NEUTRAL_RATE)

    @property
    def neutral(self) -> bool:
        """Whether some deviation neither grows nor dies out and none grows (within 1e-9)."""
        return abs(self.margin) <= NEUTRAL_RATE

    @property
    def stable(self) -> bool:
        """Whether every small deviation dies out; False also where that is not known."""
        return self.margin > NEUTRAL_RATE

    @property
    def unstable(self) -> xr.DataArray:
        """Deviations that grow, over (mode, region), the fastest first.

        The coordinate ``rate`` says how fast, ``kind`` whether they are changes
        "inside" or the "entry" of an empty region.
        """
        every = self._deviations()
        return every.isel(mode=np.flatnonzero(every["rate"].values > NEUTRAL_RATE))

    @property
    def leading(self) -> xr.DataArray:
        """The deviation, over region, that grows fastest or dies out slowest.

        All zero where no deviation is possible.
        """
        every = self._deviations()
        if every.sizes["mode"] == 0:
            return xr.zeros_like(self.share).rename("direction")
        return every.isel(mode=0)

    def _deviations(self) -> xr.DataArray:
        """Deviations among occupied regions and by entry, the fastest first, unknown ones last."""
        share, entry = self._found.share, self._entry()
        shapes, rates = self._found.shapes.real, self._found.rates.real
        entrants = np.flatnonzero(~np.isnan(entry))
        entering = np.eye(share.size)[entrants]
        if self.dim == "region":  # those who enter leave the others
            entering -= share
        kinds = ["inside"] * len(rates) + ["entry"] * len(entrants)
        rates = np.concatenate([rates, entry[entrants]])
        order = np.argsort(-rates, kind="stable")
        return xr.DataArray(
            np.concatenate([shapes, entering])[order],
            dims=("mode", self.dim),
            coords={
                self.dim: list(self._found.movers),
                "rate": ("mode", rates[order]),
                "kind": ("mode", np.array(kinds, dtype=str)[order]),
            },
            name="direction",
        )

    def __str__(self) -> str:
        return verdict(-self.margin)

    def __repr__(self) -> str:
        regions, rates = self._found.movers, self._found.rates
        occupied = int(np.count_nonzero(self._found.share))
        present, absent = MOVERS[self.dim]
        lines = [
            f"Stability of {self.model.article} {self.model.title} economy under "
            f"{self.model.moved_by(self.dynamics)}",
            str(self),
        ]
        if len(rates) and not np.isnan(rates).any():
            first = rates[0]
            shape = describe(self._found.shapes[0].real, regions)
            lines.append(
                f"Among the {occupied} {present} the leading eigenvalue is "
                f"{_number(first)}: {shape}."
            )
        entrants = self.entry.dropna(self.dim)
        if entrants.size:
            best = int(np.argmax(entrants.values))
            rate = float(entrants[best])
            lines.append(
                f"Of the {absent} {entrants[self.dim].values[best]} attracts most: a few who "
                f"enter would {'multiply' if rate > 0 else 'leave again'} at rate {abs(rate):.3g}."
            )
        return "\n".join(lines)


def find_stability(
    model: Model,
    data: xr.Dataset,
    provenance: Mapping[str, Any],
    dynamics: Replicator | Logit,
) -> Stability:
    """Return the stability of stored variables at rest; refuse those that are not at rest."""
    options = _options(provenance)
    own = model.own_deviations(data, dynamics, options)
    if own is not None:
        moving = np.where(own.share > 0.0, own.growth, 0.0)
        _check_growth(
            own.movers, moving, model.moved_by(dynamics), max(REST, options.tolerance_payoff)
        )
        return _named(model, dynamics, own, "mover")
    model.check_memory("for the modes of all deviations", MODES)
    law = law_of_motion(model, dynamics, options)
    point = law.at(data["share"].values.astype(float), model.start_state())
    _check_rest(model, dynamics, point, max(REST, options.tolerance_payoff))
    return labelled(model, dynamics, law, point)


def labelled(
    model: Model, dynamics: Replicator | Logit, law: LawOfMotion, point: ClearedPoint
) -> Stability:
    """Return the stability of a rest point given as arrays."""
    regions = list(model.regions)
    occupied = np.flatnonzero(point.share > 0.0)
    modes = law.modes(point)
    shapes = np.zeros((modes.rates.size, point.share.size), dtype=modes.vectors.dtype)
    shapes[:, occupied] = modes.vectors.T * point.share[occupied]
    # Under logit an empty region is one whose share double precision cannot hold.
    growth = np.where(law.dynamics.logit, np.nan, point.growth)
    found = Deviations(tuple(regions), point.share, growth, modes.rates, shapes)
    return _named(model, dynamics, found, "region")


def _named(model: Model, dynamics: Replicator | Logit, found: Deviations, dim: str) -> Stability:
    shapes = found.shapes.copy()
    for shape in shapes:
        # Rounded, so that of equally large changes the first is the one that is positive.
        size = np.abs(shape)
        if (largest := np.max(size)) > 0.0:  # else what moves is no mover
            shape /= shape[np.argmax((size / largest).round(9))]
    return Stability(model=model, dynamics=dynamics, dim=dim, _found=found._replace(shapes=shapes))


def fastest(inner: float, entry: float, tolerance: float) -> float:
    """Largest growth rate: of deviations among occupied regions and of entry; NaN if unknown.

    Entry decides alone where the rate inside is not known.
    """
    return float(np.fmax(entry, inner) if entry > tolerance else np.maximum(entry, inner))


ROUNDED = 1e-12  # of the largest eigenvalue: imaginary parts below that are rounding


def verdict(rate: float) -> str:
    """Say in prose what the growth rate of the fastest small deviation means."""
    if np.isnan(rate):
        return (
            "Stability not established: the leading eigenvalue is not certain in double precision."
        )
    if rate == -np.inf:
        return "Stable: no deviation is possible."
    if abs(rate) <= NEUTRAL_RATE:
        return "Neither stable nor unstable: some deviation neither grows nor dies out."
    if rate < 0.0:
        return f"Stable: the slowest small deviation dies out at rate {-rate:.2g}."
    return f"Unstable: the fastest small deviation grows at rate {rate:.2g}."


def describe(shape: np.ndarray, regions: Any, most: int = 3) -> str:
    """Say in words which regions a deviation moves people to, and which from."""
    large = 0.4 * np.max(np.abs(shape))
    sides = []
    for sign in (1.0, -1.0):
        moved = np.flatnonzero(sign * shape > 1e-6 * np.max(np.abs(shape)))
        moved = moved[np.argsort(-np.abs(shape[moved]).round(9), kind="stable")]
        named = [str(regions[r]) for r in moved if abs(shape[r]) >= large] or [
            str(regions[r]) for r in moved[:1]
        ]
        more = f" and {len(named) - most} more" if len(named) > most else ""
        sides.append("; ".join(named[:most]) + more)
    return " against ".join(side for side in sides if side)


def _number(value: Any) -> str:
    if not np.iscomplexobj(value) or value.imag == 0.0:
        return f"{value.real:.4g}"
    return f"{value.real:.4g} ± {abs(value.imag):.3g}i (it oscillates)"


def leading_rate(
    model: Model,
    data: xr.Dataset,
    provenance: Mapping[str, Any],
    dynamics: Replicator | Logit,
) -> float:
    """Return the growth rate of the fastest small deviation from a long run; NaN if undefined."""
    options = _options(provenance)
    own = model.own_leading_rate(data, dynamics, options)
    if own is not None:
        return own
    law = law_of_motion(model, dynamics, options)
    point = law.at(data["share"].values.astype(float), model.start_state())
    return fastest(law.leading_rate(point), point.entry, options.tolerance_payoff)


def _options(provenance: Mapping[str, Any]) -> SolverOptions:
    """Return the options of the solve, with an operator that derivatives have."""
    known = {field.name for field in dataclasses.fields(SolverOptions)} - {"operator"}
    return SolverOptions(**{k: v for k, v in provenance.items() if k in known})


def _check_rest(
    model: Model, dynamics: Replicator | Logit, point: ClearedPoint, tolerance: float
) -> None:
    if point.cleared.status != Status.CONVERGED:
        raise InputError(
            "equilibrium",
            model,
            "one whose markets clear",
            Status(point.cleared.status).remedy,
        )
    occupied = point.share > 0.0
    moving = np.where(occupied, point.growth, 0.0)
    if isinstance(dynamics, Logit):
        moving = np.where(occupied | (point.growth < -VANISHING), moving, math.inf)
    _check_growth(model.regions, moving, model.moved_by(dynamics), tolerance)


def _check_growth(movers: Sequence[str], growth: np.ndarray, moved: str, tolerance: float) -> None:
    """Refuse a point that is not at rest, naming the share that changes fastest."""
    r = int(np.argmax(np.abs(growth)))
    if not abs(growth[r]) <= tolerance:
        raise InputError(
            "equilibrium",
            f"a point where the share of {movers[r]} would change at rate {growth[r]:.3g}",
            f"at rest under {moved}",
            "nege.solve(model, start) finds where people end up.",
        )
