"""Break points and sustain points: every parameter value at which a pattern gives way.

Both are roots of smooth functions of one parameter, found in the same way: the function is
sampled over the interval, sign changes are bracketed, turning points between samples are
looked at where two roots could hide, and each bracket is closed by Brent's method.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege import axes, validation
from nege.errors import InputError, NegeError
from nege.metrics import Circle
from nege.models.base import Model
from nege.options import Logit, Replicator, SolverOptions
from nege.rest import Motion, Point
from nege.solve import check_dynamics, check_model
from nege.stability import describe
from nege.status import Status

__all__ = ["Threshold", "Thresholds", "break_points", "sustain_points"]

SAMPLES = 129  # of the interval, even in logarithms where both ends are positive
ENDS = 1e-9  # of the interval: roots nearer to its ends are not inside
EQUAL = 1e-8  # spread of payoffs that still counts as symmetric
ALIKE = 1e-7  # of the fastest rate: eigenvalues nearer than this are one mode
READ_AT = (0.0123, 0.137, 0.293, 0.4142, 0.618, 0.853)  # of the interval: where modes are read
MIXED = 1e-6  # of the fastest rate: how far modes may act on each other
SHARP = SolverOptions(tolerance_residual=1e-14)


class Threshold(float):
    """A parameter value at which a pattern gives way; a float that knows what happens there."""

    #: What happens, in words.
    mode: str
    #: Number of independent deviations that become neutral together.
    multiplicity: int
    #: One of them, over region, the largest change being 1.
    direction: xr.DataArray

    def __new__(
        cls, value: float, mode: str, multiplicity: int, direction: xr.DataArray
    ) -> Threshold:
        """Make one from its value and what happens there."""
        made = super().__new__(cls, value)
        made.mode, made.multiplicity, made.direction = mode, multiplicity, direction
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return float(self), self.mode, self.multiplicity, self.direction


class Thresholds(Sequence[Threshold]):
    """All thresholds in an interval of one parameter, in order.

    Attributes
    ----------
    parameter : str
        What is varied.
    interval : tuple of float
        From where to where.
    """

    def __init__(
        self, kind: str, parameter: str, interval: tuple[float, float], found: list[Threshold]
    ) -> None:
        self.kind, self.parameter, self.interval = kind, parameter, interval
        self._found = tuple(sorted(found))

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

    def __repr__(self) -> str:
        low, high = self.interval
        where = f"in {self.parameter} between {low:g} and {high:g}"
        if not self._found:
            return f"No {self.kind} point {where}."
        lines = [f"{len(self)} {self.kind} point{'s' * (len(self) > 1)} {where}:"]
        lines += [f"  {float(t):.10g}  {t.mode}" for t in self._found]
        return "\n".join(lines)


def break_points(
    model: Model,
    parameter: str,
    interval: tuple[float, float],
    *,
    dynamics: Replicator | Logit | None = None,
) -> Thresholds:
    """Where the symmetric spread of people over places stops, or starts, to be stable.

    Every value at which an eigenvalue of (I - 1 lambda') dF/d ln lambda at
    lambda = (1/n, ..., 1/n), nobody online, crosses zero (Fujita, Krugman & Venables
    1999, ch. 5, and ch. 6 for racetracks).

    Parameters
    ----------
    model : Model
        The economy.
    parameter : str
        Any parameter that is a number, e.g. "trade_cost" or "mu".
    interval : pair of float
        Open interval of the parameter.
    dynamics : Replicator or Logit, optional
        How people move. Under logit tastes only without an online region, which tastes
        would never leave empty.

    Returns
    -------
    Thresholds
        Sorted, to 1e-12 of their size; each mode once, however many deviations share
        it, with its name: on a racetrack the number of waves round it.

    Raises
    ------
    InputError
        Where an even spread is not an equilibrium, or the parameter is none.

    Notes
    -----
    The interval is sampled at 129 points. Two roots of one mode between neighbouring
    points are found where the rate turns there; a mode that wiggles more finely is not.

    Examples
    --------
    >>> import nege
    >>> economy = nege.CorePeriphery(nege.geography.racetrack(4), sigma=5, mu=0.4, trade_cost=2)
    >>> nege.break_points(economy, "trade_cost", (1.2, 4))
    2 break points in trade_cost between 1.2 and 4:
      1.626576562  1 wave round the circle, 2 deviations
      1.931851653  2 waves round the circle: period doubling
    """
    family = _family(model, parameter, interval, check_dynamics(dynamics))
    n, size = len(model.geography), len(model.regions)
    if isinstance(family.dynamics, Logit) and model.online is not None:
        raise InputError(
            "model",
            model,
            "one without an online region under logit tastes",
            "Tastes keep some people online, so an even spread over places alone is no rest "
            "point. model.replace(online=None) has one; nege.bifurcation follows the other.",
        )
    share = np.zeros(size)
    share[:n] = 1.0 / n
    modes = _Modes(family, share)
    found = []
    for cluster in modes.clusters:
        for value in family.roots(functools.partial(modes.rate, cluster)):
            found.append(modes.threshold(value, cluster))
    return Thresholds("break", parameter, family.interval, found)


def sustain_points(
    model: Model, parameter: str, interval: tuple[float, float], *, core: str | Sequence[str] = "0"
) -> Thresholds:
    """Where it starts, or stops, to pay to leave a core for the best of the empty regions.

    Zeros of the largest ln payoff over the empty regions less that of the core (Fujita,
    Krugman & Venables 1999, ch. 5). With all places as the core it is where the online
    region invades dispersion, with the online region as the core where that collapses.

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

    Examples
    --------
    >>> import nege
    >>> economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    >>> nege.sustain_points(economy, "trade_cost", (1.01, 20), core="0")
    1 sustain point in trade_cost between 1.01 and 20:
      1.80731272  entry of 1
    """
    family = _family(model, parameter, interval, Replicator())
    names = [core] if isinstance(core, str) else list(core)
    if not names:
        raise InputError("core", core, "at least one region")
    regions = list(model.regions)
    inside = np.zeros(len(regions), dtype=bool)
    for name in names:
        inside[regions.index(validation.known("core", name, regions))] = True
    if inside.all():
        raise InputError("core", core, "some of the regions", "Somebody has to be left to enter.")
    share = inside / inside.sum()

    def gaps(value: float) -> np.ndarray:
        growth = family.at(value, share, "core", inside).growth
        return np.asarray(np.where(inside, -np.inf, np.log1p(growth)))

    found = []
    for value in family.roots(lambda p: float(np.max(gaps(p)))):
        at = gaps(value)
        entrants = np.flatnonzero(at > np.max(at) - 1e-9)
        direction = np.where(inside, -share, 0.0)
        direction[entrants[0]] = 1.0
        name = regions[entrants[0]]
        more = f" or {len(entrants) - 1} alike" if len(entrants) > 1 else ""
        labelled = xr.DataArray(direction, {"region": regions}, "region", "direction")
        found.append(Threshold(value, f"entry of {name}{more}", len(entrants), labelled))
    return Thresholds("sustain", parameter, family.interval, found)


class _Family:
    """An economy with one parameter free."""

    def __init__(
        self,
        model: Model,
        parameter: str,
        interval: tuple[float, float],
        dynamics: Replicator | Logit,
    ) -> None:
        self.model, self.parameter, self.interval = model, parameter, interval
        self.dynamics = dynamics

    def at(self, value: float, share: np.ndarray, argument: str, alike: np.ndarray) -> Point:
        """Clear markets at a value; refuse where regions that have to be alike are not."""
        return self.motion(value, share, argument, alike)[1]

    def motion(
        self, value: float, share: np.ndarray, argument: str, alike: np.ndarray
    ) -> tuple[Motion, Point]:
        """Return the same with what it was made by."""
        model = self.model.replace({self.parameter: float(value)})
        motion = Motion(model, self.dynamics, SHARP)
        point = motion.at(share, model.start_state())
        if point.cleared.status not in (Status.CONVERGED, Status.STALLED) or not (
            point.cleared.residual <= SolverOptions().tolerance_residual
        ):
            status = Status(point.cleared.status)
            raise NegeError(
                f"markets could not be cleared at {self.parameter} = {value:.10g} (residual "
                f"{point.cleared.residual:.1e}). {status.remedy}"
            )
        uneven = float(np.max(np.abs(point.growth[alike])))
        if not uneven <= EQUAL:
            raise InputError(
                argument,
                model,
                "regions that are paid alike when people are spread evenly over them",
                f"At {self.parameter} = {value:.6g} their payoffs differ by {uneven:.2g}: "
                "give an economy, or a core, that is symmetric.",
            )
        return motion, point

    def roots(self, function: Callable[[float], float]) -> list[float]:
        """Return every root inside the interval."""
        from scipy.optimize import brentq, minimize_scalar

        low, high = self.interval
        margin = ENDS * (high - low)
        if low > 0.0:
            points = np.geomspace(low + margin, high - margin, SAMPLES)
        else:
            points = np.linspace(low + margin, high - margin, SAMPLES)
        values = np.array([function(p) for p in points])
        if not np.isfinite(values).all():
            bad = points[~np.isfinite(values)][0]
            raise InputError(
                "interval",
                self.interval,
                "one where payoffs respond to shares in double precision",
                f"At {self.parameter} = {bad:.6g} they do not: narrow it.",
            )
        brackets = [
            (points[i], points[i + 1])
            for i in range(SAMPLES - 1)
            if (values[i] > 0.0) != (values[i + 1] > 0.0)
        ]
        for i in range(1, SAMPLES - 1):
            sign = math.copysign(1.0, values[i])
            near = sign * values[i - 1 : i + 2]
            if (near > 0.0).all() and near[1] <= near[0] and near[1] <= near[2]:
                turning = minimize_scalar(
                    lambda p, s=sign: s * function(p),
                    bounds=(points[i - 1], points[i + 1]),
                    method="bounded",
                    options={"xatol": 1e-9 * (high - low)},
                )
                if turning.fun < 0.0:
                    brackets += [(points[i - 1], turning.x), (turning.x, points[i + 1])]
        return sorted(brentq(function, *b, xtol=1e-300, rtol=8.9e-16) for b in brackets)


class _Modes:
    """Deviations from an even spread, by symmetry the same at every value of the parameter."""

    def __init__(self, family: _Family, share: np.ndarray) -> None:
        self.family, self.share = family, share
        self.occupied = share > 0.0
        low, high = family.interval
        # Where the modes are furthest apart: shapes of modes that nearly agree are known badly.
        candidates = [_eigen(self._matrix(low + t * (high - low))) for t in READ_AT]
        rates, self.vectors = max(candidates, key=lambda found: _separation(found[0]))
        self.vectors, self.scale = self.vectors.real, float(np.max(np.abs(rates)))
        if not np.max(np.abs(rates.imag)) <= ALIKE * np.max(np.abs(rates)):
            raise InputError(
                "model",
                family.model,
                "one whose deviations from an even spread do not oscillate",
                "nege.stability shows them at one value.",
            )
        self.vectors, self.scale = self.vectors.real, float(np.max(np.abs(rates)))
        self.inverse = np.linalg.inv(self.vectors)
        order = np.argsort(-rates.real)
        self.clusters: list[np.ndarray] = []
        for k in order:
            if self.clusters:
                last = rates[self.clusters[-1][0]].real
                if abs(last - rates[k].real) <= ALIKE * np.max(np.abs(rates)):
                    self.clusters[-1] = np.append(self.clusters[-1], k)
                    continue
            self.clusters.append(np.array([k]))
        self._seen: dict[float, np.ndarray] = {}

    def _matrix(self, value: float) -> np.ndarray:
        family = self.family
        motion, point = family.motion(value, self.share, "model", self.occupied)
        basis, matrix = motion.tangent(point)
        self.basis = basis
        return matrix

    def rate(self, cluster: np.ndarray, value: float) -> float:
        """Return the growth rate of a mode."""
        if value not in self._seen:
            matrix = self.inverse @ self._matrix(value) @ self.vectors
            rates = np.diag(matrix).copy()
            for block in self.clusters:
                matrix[np.ix_(block, block)] = 0.0  # a mode of several may turn within itself
            scale = max(self.scale, float(np.max(np.abs(rates))))  # at a break all may vanish
            if not np.max(np.abs(matrix)) <= MIXED * scale:
                raise InputError(
                    "model",
                    self.family.model,
                    "one whose deviations keep their shape as the parameter changes",
                    "Symmetric geographies have such modes; nege.bifurcation follows others.",
                )
            self._seen[value] = rates
        return float(np.mean(self._seen[value][cluster]))

    def threshold(self, value: float, cluster: np.ndarray) -> Threshold:
        """Return a root with its name."""
        model = self.family.model
        shapes = np.zeros((cluster.size, self.share.size))
        shapes[:, self.occupied] = (self.basis @ self.vectors[:, cluster]).T
        shape = shapes[0] / shapes[0][np.argmax(np.abs(shapes[0]).round(9))]
        direction = xr.DataArray(shape, {"region": list(model.regions)}, "region", "direction")
        return Threshold(value, _name(model, shapes), cluster.size, direction)


def _eigen(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rates and shapes; orthogonal ones where trade is the same both ways.

    Shapes of modes that agree are arbitrary in their plane, and nearly parallel ones
    would not do.
    """
    if np.max(np.abs(matrix - matrix.T)) <= ALIKE * np.max(np.abs(matrix)):
        return np.linalg.eigh(0.5 * (matrix + matrix.T))
    rates, vectors = np.linalg.eig(matrix)
    return rates, vectors


def _separation(rates: np.ndarray) -> float:
    """Return the smallest distance of two modes, in units of the fastest rate."""
    scale = float(np.max(np.abs(rates)))
    steps = np.diff(np.sort(rates.real)) / scale
    return float(np.min(steps[steps > ALIKE], initial=1.0))


def _name(model: Model, shapes: np.ndarray) -> str:
    """Say which deviation it is: waves on a racetrack, else who gains from whom."""
    n, count = len(model.geography), len(shapes)
    many = f", {count} deviations" if count > 1 else ""
    if isinstance(model.geography.metric, Circle):
        power = np.abs(np.fft.rfft(shapes[:, :n], axis=1)) ** 2
        k = int(np.argmax(power.sum(0)))
        doubling = ": period doubling" if 2 * k == n else ""
        return f"{k} wave{'s' * (k > 1)} round the circle{doubling}{many}"
    if count == n - 1 and n > 2:
        return f"any place against the others{many}"
    return describe(shapes[0] / np.max(np.abs(shapes[0])), model.regions) + many


def _family(model: Any, parameter: Any, interval: Any, dynamics: Replicator | Logit) -> _Family:
    check_model(model, in_shares=True)
    axes.check_names(model, [parameter])
    allowed = "two numbers, the smaller first"
    ends = validation.real_array("interval", interval, allowed)
    if ends.shape != (2,) or not ends[0] < ends[1]:
        raise InputError("interval", interval, allowed)
    low, high = axes.axis(model, parameter, ends)
    return _Family(model, parameter, (float(low), float(high)), dynamics)
