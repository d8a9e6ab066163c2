"""Break points and sustain points: where dispersion, or a core, gains or loses stability.

Both are roots of smooth functions of one parameter (``one_parameter``): an eigenvalue of
dispersion (``dispersion``), or the payoff of the best empty region less that of the core.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, in_words
from nege.immutable import Immutable, held
from nege.models import terms
from nege.models.base import Model
from nege.results.tables import Tabular
from nege.solver_options import Logit, Replicator, check_dynamics
from nege.solvers.checks import check_free_mobility, check_model
from nege.structure import industry_thresholds
from nege.structure.dispersion import mode_name, modes_of, partly_online_breaks
from nege.structure.one_parameter import checked_family
from nege.validation.keywords import hinted

__all__ = ["Threshold", "Thresholds", "break_points", "sustain_points"]


@held("direction")
class Threshold(Immutable, float):
    """A break or sustain point: the parameter value, a float, and what becomes unstable there.

    Notes
    -----
    Not an equilibrium: ``model.replace(...)`` with this value is the economy it is about.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
    >>> (point,) = nege.break_points(economy, "trade_cost", (1.2, 4))
    >>> round(point, 6), point.mode, point.direction.values.tolist()
    (1.626577, '0 against 1', [1.0, -1.0])
    """

    _pictured: ClassVar = "nege.bifurcation(model, parameter, (low, high)).plot() draws it"

    #: What happens, in words.
    mode: str
    #: Multiplicity of the eigenvalue: independent deviations whose growth rate is zero there.
    multiplicity: int
    #: One of them, over region, the largest change being 1.
    direction: xr.DataArray

    def __new__(
        cls, value: float, mode: str, multiplicity: int, direction: xr.DataArray
    ) -> Threshold:
        """Make one from its value and what happens there."""
        made = super().__new__(cls, value)
        made.__setstate__({"mode": mode, "multiplicity": multiplicity, "direction": direction})
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return float(self), self.mode, self.multiplicity, self.direction


class Thresholds(Immutable, Tabular, Sequence[Threshold]):
    """All thresholds in an interval of one parameter, in order.

    Attributes
    ----------
    parameter : str
        What is varied.
    interval : tuple of float
        From where to where.
    note : str
        Whether dispersion is stable, or a core sustained, at all, where no point says it.

    Notes
    -----
    Not all bifurcations: folds of uneven equilibria are in :func:`nege.bifurcation`.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5)
    >>> found = nege.sustain_points(economy, "trade_cost", (1.01, 20), core="0")
    >>> found.values.round(6), found.mode
    (array([1.807313]), ('entry of 1',))
    """

    kind: str
    parameter: str
    interval: tuple[float, float]
    note: str
    term: str  # what pictures call the parameter
    _found: tuple[Threshold, ...]

    def __init__(
        self,
        kind: str,
        parameter: str,
        interval: tuple[float, float],
        found: list[Threshold],
        note: str = "",
        term: str = "",
    ) -> None:
        about = {"kind": kind, "parameter": parameter, "interval": interval, "note": note}
        about["term"] = term
        self.__setstate__({**about, "_found": tuple(sorted(found))})

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, index: Any) -> Any:
        return self._found[index]

    def __iter__(self) -> Iterator[Threshold]:
        return iter(self._found)

    @property
    def mode(self) -> tuple[str, ...]:
        """What happens at each of them, in words."""
        return tuple(threshold.mode for threshold in self._found)

    @property
    def values(self) -> np.ndarray:
        """The parameter values."""
        return np.array([float(threshold) for threshold in self._found])

    _pictured: ClassVar = "nege.bifurcation(model, parameter, (low, high)).plot() draws them"

    def _tabulated(self) -> xr.Dataset:
        counts = np.array([threshold.multiplicity for threshold in self._found], dtype=int)
        many = {"long_name": "independent deviations whose growth rate is zero there"}
        return xr.Dataset(
            {
                self.parameter: ("threshold", self.values),
                "mode": (
                    "threshold",
                    np.array(self.mode, dtype=str),
                    {"long_name": "what happens"},
                ),
                "multiplicity": ("threshold", counts, many),
            }
        )

    def __repr__(self) -> str:
        low, high = self.interval
        where = f"in {self.parameter} between {low:g} and {high:g}"
        if not self._found:
            return f"No {self.kind} point {where}. {self.note}".rstrip()
        lines = [f"{len(self)} {self.kind} point{'s' * (len(self) > 1)} {where}:"]
        lines += [f"  {float(t):.10g}  {t.mode}" for t in self._found]
        return "\n".join([*lines, *self.note.splitlines()])


@hinted
def break_points(
    model: Model,
    parameter: str,
    interval: tuple[float, float],
    *,
    dynamics: Replicator | Logit | None = None,
) -> Thresholds:
    """Break points: where the even spread of people over places gains or loses stability.

    Every value at which an eigenvalue of (I - 1 lambda') dF/d ln lambda at
    lambda = (1/n, ..., 1/n) crosses zero (Fujita, Krugman & Venables 1999, ch. 5, and ch. 6
    for racetracks). With an online region: both of the even spread with nobody online and of
    the interior equilibria, in which the online region pays what all places pay. Of industries
    (``OnlineAgglomeration``): where a deviation of firms and people between places that are
    alike begins or ceases to grow, prices cleared, on the curves of even states.

    Parameters
    ----------
    model : Model
        The economy.
    parameter : str
        Any parameter that is a number, e.g. "trade_cost" or "mu"; of industries also one of a
        table, as "digital_cost.services".
    interval : pair of float
        Open interval of the parameter.
    dynamics : Replicator or Logit, optional
        How people move. Under logit every share stays positive, also that of the online region.

    Returns
    -------
    Thresholds
        Sorted, to 1e-12 of their size; each mode once, however many deviations share
        it, with its name: on a racetrack the number of waves round it.

    Raises
    ------
    InputError
        Where an even spread is not an equilibrium (:func:`nege.bifurcation` follows regions
        that differ, and finds the folds where they give way), or the parameter is none.

    Notes
    -----
    Not for places that differ: an even spread is no equilibrium there, nor on a grid, which has
    edges. On racetracks, between places at equal distances, and where distances are those of a
    torus (its places row by row), growth rates are Fourier coefficients in closed form: then n
    places take n log n steps, and no table over places is made.

    The interval is sampled at 129 points. Two roots of one mode between neighbouring
    points are found where the rate has a turning point there; finer oscillations are missed.
    Equilibria with some people online are looked for at 17 values and followed from there. Of
    industries only those even states are followed that starts at fixed values reach.

    Examples
    --------
    >>> import nege
    >>> economy = nege.CorePeriphery(nege.geography.racetrack(4), sigma=5, mu=0.4, trade_cost=2)
    >>> nege.break_points(economy, "trade_cost", (1.2, 4))
    2 break points in trade_cost between 1.2 and 4:
      1.626576562  1 wave round the circle, 2 deviations
      1.931851653  2 waves round the circle: period doubling
    """
    family = checked_family(model, parameter, interval, check_dynamics(dynamics))
    term = terms.about(model, parameter)["long_name"]
    if not model.in_shares:
        given = model, parameter, family.interval, family.dynamics
        every, note = industry_thresholds.breaks_of_industries(*given)
        return Thresholds("break", parameter, family.interval, _named(every), note, term)
    n, size = len(model.geography), len(model.regions)
    found: list[Threshold] = []
    note = ""
    if model.online is None or isinstance(family.dynamics, Replicator):
        share = np.zeros(size)
        share[:n] = 1.0 / n
        modes = modes_of(family, share)
        middle = modes.rates(0.5 * sum(family.interval))
        growing = []
        for cluster, roots, rate in zip(
            modes.clusters, family.roots(modes.rates), middle, strict=True
        ):
            if roots:
                shapes = modes.shapes(cluster)
                found += [_break_threshold(model, value, shapes, 0.0) for value in roots]
            elif rate > 0.0:
                growing.append(cluster)
        first = [mode_name(model, modes.shapes(cluster)) for cluster in growing[:1]]
        note = _stability_note(
            first, len(growing), bool(found), "" if model.online is None else " with nobody online"
        )
    if model.online is not None:
        for value, share, shapes in partly_online_breaks(family):
            found.append(_break_threshold(model, value, shapes, float(share[-1])))
    return Thresholds("break", parameter, family.interval, found, note, term)


def _named(found: list[industry_thresholds.Found]) -> list[Threshold]:
    return [Threshold(*each) for each in found]


def _stability_note(first: list[str], growing: int, broken: bool, online: str) -> str:
    """Say whether dispersion is stable at all, given how many modes grow all through."""
    if growing:
        more = f" and {growing - 1} more" if growing > 1 else ""
        return f"Dispersion{online} is never stable there: {first[0]}{more} grow all through."
    if broken:
        return ""
    only = " against moves between places; nege.sustain_points(core=...), with all places as the "
    only = f"{only}core, says where going online pays" if online else ""
    return f"Dispersion{online} is stable all through{only}."


def _break_threshold(model: Model, value: float, shapes: np.ndarray, online: float) -> Threshold:
    shape = shapes[0] / shapes[0][np.argmax(np.abs(shapes[0]).round(9))]
    direction = xr.DataArray(shape, {"region": list(model.regions)}, "region", "direction")
    more = f", {online:.4g} of people online" if online > 0.0 else ""
    return Threshold(value, mode_name(model, shapes) + more, len(shapes), direction)


@hinted
def sustain_points(
    model: Model, parameter: str, interval: tuple[float, float], *, core: str | Sequence[str] = "0"
) -> Thresholds:
    """Sustain points: where a core-periphery pattern begins or ceases to be an equilibrium.

    There it begins, or ceases, to pay to leave the core for the best of the empty regions: zeros
    of the largest ln payoff over the empty regions less that of the core (Fujita, Krugman &
    Venables 1999, ch. 5). With all places as the core it is the take-off of the online region,
    with the online region as the core its collapse. Of industries (``OnlineAgglomeration``)
    those whose variety is 1 have their firms in the core alone: zeros of the largest ln return to
    entry over their cells elsewhere.

    Parameters
    ----------
    model : Model
        The economy.
    parameter : str
        Any parameter that is a number, e.g. "trade_cost" or "online_trade_cost".
    interval : pair of float
        Open interval of the parameter.
    core : str or sequence of str
        The region, or regions in equal parts, that have everybody.

    Returns
    -------
    Thresholds
        Sorted, to 1e-12 of their size; the mode of each names the region that enters.

    Raises
    ------
    InputError
        For unknown regions, a core of all regions, or several whose payoffs differ.

    Notes
    -----
    Not for models in which no region can be empty (housing, logit tastes, industries whose
    variety is below 1), nor for what becomes of the economy beyond: :func:`nege.hysteresis`.

    Examples
    --------
    >>> import nege
    >>> economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    >>> nege.sustain_points(economy, "trade_cost", (1.01, 20), core="0")
    1 sustain point in trade_cost between 1.01 and 20:
      1.80731272  entry of 1
    """
    check_model(model)
    check_free_mobility(model, "thresholds")
    if not model.corners:
        raise InputError(
            "model",
            model,
            "one whose regions can be empty",
            "Here an empty place would be infinitely good for the first who comes, so that no "
            "core is ever sustained. nege.break_points says where an even spread breaks.",
        )
    family = checked_family(model, parameter, interval, Replicator())
    term = terms.about(model, parameter)["long_name"]
    names = [core] if validation.single(core) else validation.texts("core", core)
    if not names:
        raise InputError("core", core, "at least one region")
    regions = list(model.regions)
    inside = np.zeros(len(regions), dtype=bool)
    for name in names:
        inside[regions.index(validation.known("core", name, regions))] = True
    if inside.all():
        raise InputError("core", core, "some of the regions", "Leave at least one region empty.")
    if not model.in_shares:
        firms = industry_thresholds.Core(family, np.flatnonzero(inside).tolist())
        every, note = firms.thresholds()
        return Thresholds("sustain", parameter, family.interval, _named(every), note, term)
    share = inside / inside.sum()

    def gaps(value: float) -> np.ndarray:
        growth = family.at(value, share, "core", inside).growth
        return np.asarray(np.where(inside, -np.inf, np.log1p(growth)))

    found = []
    for value in family.roots(lambda p: np.array([np.max(gaps(p))]))[0]:
        at = gaps(value)
        entrants = np.flatnonzero(at > np.max(at) - 1e-9)
        direction = np.where(inside, -share, 0.0)
        direction[entrants[0]] = 1.0
        name = regions[entrants[0]]
        more = f" or {len(entrants) - 1} alike" if len(entrants) > 1 else ""
        labelled = xr.DataArray(direction, {"region": regions}, "region", "direction")
        found.append(Threshold(value, f"entry of {name}{more}", len(entrants), labelled))
    note = ""
    if not found:
        pays = bool(np.max(gaps(0.5 * sum(family.interval))) > 0.0)
        note = industry_thresholds.sustain_note(pays, f" of {in_words(map(str, names))}")
    return Thresholds("sustain", parameter, family.interval, found, note, term)
