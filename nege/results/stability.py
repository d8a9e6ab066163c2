"""Local stability of an economy at rest: eigenvalues of its dynamics, and entry conditions."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.immutable import Immutable, held
from nege.models.base import Model
from nege.models.solutions import Deviations
from nege.options import Logit, Replicator, SolverOptions, check_dynamics
from nege.results.equilibrium import Equilibrium, check_equilibrium
from nege.solvers.rest_points import NEUTRAL, Motion, Point, fastest, verdict
from nege.status import Status
from nege.validation.keywords import hinted

__all__ = ["Stability", "stability"]

REST = 1e-8  # largest growth rate of an occupied region at a stationary point
MOVERS = {  # what is there, and what is not
    "region": ("occupied regions", "empty regions"),
    "mover": ("groups of firms and people", "groups that are absent"),
}
MODES = 12  # tables over regions that eigenvectors take
VANISHING = 690.0  # in ln share: what tastes leave below this is zero in double precision


@held("share", "eigenvalues", "directions", "entry")
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Stability(Immutable):
    """Local stability of an equilibrium: which small deviations grow, and how fast.

    Eigenvalues and eigenvectors of the dynamics on the tangent space of the shares (Fujita,
    Krugman & Venables 1999, ch. 5), and the entry condition of each empty region. Made by
    :func:`stability`. Rates are per unit of the dynamics' own time.

    Attributes
    ----------
    model : Model
        The economy.
    share : DataArray
        Shares of the mobile factor, over region; in a model with several mobile groups
        (firms of each industry and channel, people), over mover.
    dynamics : Replicator or Logit
        How people move.
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
    """

    model: Model
    share: xr.DataArray
    dynamics: Replicator | Logit
    eigenvalues: xr.DataArray
    directions: xr.DataArray
    entry: xr.DataArray

    @property
    def dim(self) -> str:
        """The dimension over which things move: "region", or "mover"."""
        return str(self.share.dims[0])

    @property
    def margin(self) -> float:
        """Minus the rate of the fastest deviation, entry included: positive means stable.

        Infinite where no deviation is possible, NaN where it is not known.
        """
        inner = np.max(self.eigenvalues.values.real, initial=-np.inf)
        entry = self.entry.values[~np.isnan(self.entry.values)]
        return -fastest(float(inner), float(np.max(entry, initial=-np.inf)), NEUTRAL)

    @property
    def neutral(self) -> bool:
        """Whether some deviation neither grows nor dies out and none grows (within 1e-9)."""
        return abs(self.margin) <= NEUTRAL

    @property
    def stable(self) -> bool:
        """Whether every small deviation dies out; False also where that is not known."""
        return self.margin > NEUTRAL

    @property
    def unstable(self) -> xr.DataArray:
        """Deviations that grow, over (mode, region), the fastest first.

        The coordinate ``rate`` says how fast, ``kind`` whether they are changes
        "inside" or the "entry" of an empty region.
        """
        every = self._deviations()
        return every.isel(mode=np.flatnonzero(every["rate"].values > NEUTRAL))

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
        share = self.share.values
        shapes, rates = self.directions.values.real, self.eigenvalues.values.real
        entrants = np.flatnonzero(~np.isnan(self.entry.values))
        entering = np.eye(share.size)[entrants]
        if self.dim == "region":  # those who enter leave the others
            entering -= share
        kinds = ["inside"] * len(rates) + ["entry"] * len(entrants)
        rates = np.concatenate([rates, self.entry.values[entrants]])
        order = np.argsort(-rates, kind="stable")
        return xr.DataArray(
            np.concatenate([shapes, entering])[order],
            dims=("mode", self.dim),
            coords={
                self.dim: self.share[self.dim].values,
                "rate": ("mode", rates[order]),
                "kind": ("mode", np.array(kinds, dtype=str)[order]),
            },
            name="direction",
        )

    def __str__(self) -> str:
        return verdict(-self.margin)

    def __repr__(self) -> str:
        regions = self.share[self.dim].values
        occupied = int(np.count_nonzero(self.share.values))
        present, absent = MOVERS[self.dim]
        lines = [
            f"Stability of {self.model.article} {self.model.title} economy under {self.dynamics}",
            str(self),
        ]
        if len(self.eigenvalues) and not np.isnan(self.eigenvalues.values).any():
            first = self.eigenvalues.values[0]
            shape = describe(self.directions.values[0].real, regions)
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


@hinted
def stability(equilibrium: Equilibrium, *, dynamics: Replicator | Logit | None = None) -> Stability:
    """Local stability of an equilibrium: whether the economy returns after a small deviation.

    Eigenvalues of the dynamics on the tangent space of the occupied regions, and the
    growth rate that each empty region would be entered with (Fujita, Krugman & Venables
    1999, ch. 5): d eta/dt = (I - 1 lambda') (dF/d ln lambda) eta, eta = d ln lambda,
    with F = ln payoff for replicator dynamics and ln B + ln payoff/s - ln lambda for logit.

    Parameters
    ----------
    equilibrium : Equilibrium
        From :func:`nege.solve`, or a short run where the payoffs of all occupied
        regions happen to be equal.
    dynamics : Replicator or Logit, optional
        How people move; by default as in the solve, replicator dynamics for a short run.

    Returns
    -------
    Stability
        Eigenvalues, directions and entry conditions with their labels, and the margin.

    Raises
    ------
    InputError
        For an economy that is not at rest, with the region that would grow or shrink
        most; for a solve that failed.

    Notes
    -----
    Not for large deviations, that is for the size of a basin of attraction: :func:`nege.solve`
    from there finds where they lead, ``nege.equilibria(model, basins=...)`` samples basins.

    Examples
    --------
    >>> import nege
    >>> economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1.5)
    >>> found = nege.stability(nege.short_run(economy, [0.5, 0.5]))
    >>> found.stable
    False
    >>> found.unstable.values.round(3)
    array([[ 1., -1.]])
    """
    check_equilibrium(equilibrium)
    if equilibrium.status not in (Status.CONVERGED, Status.UNSTABLE):
        raise InputError(
            "equilibrium",
            f"one that ended as {equilibrium.status.name}",
            "a solve that converged",
            equilibrium.status.remedy,
        )
    moves = check_dynamics(equilibrium.dynamics if dynamics is None else dynamics)
    model, options = equilibrium.model, _options(equilibrium)
    own = model.own_deviations(equilibrium.data, moves, options)
    if own is not None:
        moving = np.where(own.share > 0.0, own.growth, 0.0)
        _check_growth(own.movers, moving, moves, max(REST, options.tolerance_payoff))
        return _named(model, moves, own, "mover")
    model.check_memory("for the modes of all deviations", MODES)
    motion = Motion(model, moves, options)
    point = motion.at(equilibrium.data["share"].values.astype(float), model.start_state())
    _check_rest(equilibrium, moves, point, max(REST, options.tolerance_payoff))
    return labelled(model, moves, motion, point)


def labelled(model: Model, dynamics: Replicator | Logit, motion: Motion, point: Point) -> Stability:
    """Return the stability of a rest point given as arrays."""
    regions = list(model.regions)
    occupied = np.flatnonzero(point.share > 0.0)
    modes = motion.modes(point)
    shapes = np.zeros((modes.rates.size, point.share.size), dtype=modes.vectors.dtype)
    shapes[:, occupied] = modes.vectors.T * point.share[occupied]
    # Under logit an empty region is one whose share double precision cannot hold.
    growth = np.where(motion.dynamics.logit, np.nan, point.growth)
    found = Deviations(tuple(regions), point.share, growth, modes.rates, shapes)
    return _named(model, dynamics, found, "region")


def _named(model: Model, dynamics: Replicator | Logit, found: Deviations, dim: str) -> Stability:
    labels = {dim: list(found.movers)}
    about = {"long_name": "growth rate", "units": "per unit of time"}
    shapes = found.shapes.copy()
    for shape in shapes:
        # Rounded, so that of equally large changes the first is the one that is positive.
        size = np.abs(shape)
        shape /= shape[np.argmax((size / np.max(size)).round(9))]
    return Stability(
        model=model,
        share=xr.DataArray(found.share, labels, dim, "share"),
        dynamics=dynamics,
        eigenvalues=xr.DataArray(found.rates, dims="mode", name="eigenvalue", attrs=about),
        directions=xr.DataArray(shapes, labels, ("mode", dim), "direction", {"units": "share"}),
        entry=xr.DataArray(
            np.where(found.share > 0.0, np.nan, found.growth), labels, dim, "entry", about
        ),
    )


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


def leading_rate(equilibrium: Equilibrium) -> float:
    """Return the growth rate of the fastest small deviation from a long run; NaN if undefined."""
    model, options = equilibrium.model, _options(equilibrium)
    assert equilibrium.dynamics is not None  # a long run
    motion = Motion(model, equilibrium.dynamics, options)
    point = motion.at(equilibrium.data["share"].values.astype(float), model.start_state())
    return fastest(motion.leading_rate(point), point.entry, options.tolerance_payoff)


def _options(equilibrium: Equilibrium) -> SolverOptions:
    """Return the options of the solve, with an operator that derivatives have."""
    known = {field.name for field in dataclasses.fields(SolverOptions)} - {"operator"}
    return SolverOptions(**{k: v for k, v in equilibrium.provenance.items() if k in known})


def _check_rest(
    equilibrium: Equilibrium, dynamics: Replicator | Logit, point: Point, tolerance: float
) -> None:
    if point.cleared.status != Status.CONVERGED:
        raise InputError(
            "equilibrium",
            equilibrium.model,
            "one whose markets clear",
            Status(point.cleared.status).remedy,
        )
    occupied = point.share > 0.0
    moving = np.where(occupied, point.growth, 0.0)
    if isinstance(dynamics, Logit):
        moving = np.where(occupied | (point.growth < -VANISHING), moving, math.inf)
    _check_growth(equilibrium.model.regions, moving, dynamics, tolerance)


def _check_growth(
    movers: Sequence[str], growth: np.ndarray, dynamics: Replicator | Logit, tolerance: float
) -> None:
    """Refuse a point that is not at rest, naming what moves most."""
    r = int(np.argmax(np.abs(growth)))
    if not abs(growth[r]) <= tolerance:
        raise InputError(
            "equilibrium",
            f"a point where the share of {movers[r]} would change at rate {growth[r]:.3g}",
            f"at rest under {dynamics}",
            "nege.solve(model, start) finds where people end up.",
        )
