"""Fourier modes of the even spread round a circle or a torus: growth rates in closed form.

Where every place is to the others what its neighbour is, row r of the freeness of trade is row 0,
moved on by r places. Its eigenvectors are waves exp(2 pi i k r/n), its eigenvalues the discrete
Fourier transform of row 0, and those of every Jacobian of the economy follow from them
(``even_spread``; Fujita, Krugman & Venables 1999, ch. 6): n log n steps for all waves together.
On a torus, ny by nx places in both directions of which one can go round, waves run in both.
Equidistant places are a circle too, on which all modes have one eigenvalue. A grid is neither: it
has edges, and people spread evenly over it are not paid alike.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np

from nege.errors import InputError
from nege.geography.metrics import Circle
from nege.kernels import derivatives, operators
from nege.kernels.equations import PAYOFFS, Economy
from nege.models.classical.linear_demand import LinearDemand
from nege.structure import even_spread
from nege.structure.one_parameter import MODES_READ_AT, SHARP_OPTIONS, OneParameterFamily

SHARP_DENSE_OPTIONS = dataclasses.replace(
    SHARP_OPTIONS, operator="dense"
)  # derivatives are, so nothing else compiles
SAME_PLACE_TOLERANCE = 1e-12  # relative difference by which numbers of places may be off each other
SAME_WAVE_TOLERANCE = 1e-10  # of the fastest rate: waves that never differ by more are one mode


class CircularModes:
    """The Fourier modes of the even spread, by their numbers of waves round each period."""

    def __init__(
        self, family: OneParameterFamily, share: np.ndarray, periods: tuple[int, ...]
    ) -> None:
        self.family, self.share, self.occupied = family, share, share > 0.0
        self.places = int(np.count_nonzero(share))
        self.waves = Waves(periods)
        self.start = family.model.start_state()
        self._rates = functools.lru_cache(None)(self._rates_at)
        low, high = family.interval
        read = np.array([self._rates(low + t * (high - low)) for t in MODES_READ_AT])
        read /= np.maximum(np.max(np.abs(read), axis=1, keepdims=True, initial=0.0), 1e-300)
        self.clusters: list[np.ndarray] = []
        left = np.arange(read.shape[1])
        while left.size:
            same = np.max(np.abs(read[:, left] - read[:, left[:1]]), axis=0) <= SAME_WAVE_TOLERANCE
            same[0] = True
            self.clusters.append(left[same])
            left = left[~same]

    def rates(self, value: float) -> np.ndarray:
        """Return the growth rate of each mode, in the order of ``clusters``."""
        found = self._rates(float(value))
        if len(self.clusters) == found.size:
            return found
        return np.array([np.mean(found[cluster]) for cluster in self.clusters])

    def shapes(self, cluster: np.ndarray) -> np.ndarray:
        """Return the deviations of a mode over all regions, in rows."""
        return self.waves.shapes(cluster, self.share.size)

    def _rates_at(self, value: float) -> np.ndarray:
        """Return the growth rate of each wave."""
        family = self.family
        model = family.model.replace({family.parameter: value})
        dynamics = model.motion(family.dynamics)
        parameters = model.make_arrays("row")
        if not places_are_alike(parameters, dynamics.log_weight, self.places):
            raise InputError(
                "model",
                family.model,
                "one whose places are alike whatever the parameter",
                f"At {family.parameter} = {value:.6g} they are not: "
                "nege.bifurcation follows economies without symmetry.",
            )
        with np.errstate(all="ignore"):  # what is not defined is not finite, and found to be so
            gained = self._gains(parameters, value)
        return np.asarray(dynamics.intensity * self.share[0] * gained - dynamics.dispersion)

    def _gains(self, parameters: Economy, value: float) -> np.ndarray:
        """Return d ln payoff by the share along each wave."""
        row, model = parameters.operator.table[0, : self.places], self.family.model
        if isinstance(model, LinearDemand):
            named = model.compiled().parameters(parameters)
            return even_spread.linear_demand_gains(named, self.share, row, self.waves.coefficients)
        if parameters.meeting == PAYOFFS:
            return self._gains_of_column(value)
        total = float(np.sum(row))
        residual = even_spread.clear(parameters, self.share, self.start, total)
        self.family.check_cleared(value, residual)
        place = even_spread.place_slopes(parameters, self.share, self.start, total)
        return even_spread.wave_gains(place, self.waves.coefficients(row))

    def _gains_of_column(self, value: float) -> np.ndarray:
        """Do so for models with equations of their own, by the first column of each Jacobian."""
        law, point = self.family.law_of_motion(
            value, self.share, "model", self.occupied, SHARP_DENSE_OPTIONS
        )
        size = point.share.size
        blocks = np.empty((4, size, size))
        derivatives.blocks(law.parameters, point.share, point.state, *blocks)
        state_by_state, state_by_share, gain_by_state, gain_by_share = (
            self.waves.coefficients(block[: self.places, 0]) for block in blocks
        )
        moved = state_by_share / (1.0 - state_by_state)
        return np.asarray(gain_by_share + gain_by_state * moved)


class Waves:
    """Waves round a circle or a torus: deviations that keep their shape."""

    def __init__(self, periods: tuple[int, ...]) -> None:
        self.periods = periods
        *others, last = periods
        numbers = np.indices((*others, last // 2 + 1)).reshape(len(periods), -1).T
        steps = np.array([1, *others])
        once = numbers @ steps <= (-numbers % periods) @ steps  # not their mirror images too
        #: (m, d), how many waves there are round each period.
        self.numbers = numbers[once & numbers.any(axis=1)]
        #: (m,), two but for waves that change sign from each place to the next.
        self.multiplicity = np.where((2 * self.numbers % periods == 0).all(axis=1), 1, 2)

    def coefficients(self, row: np.ndarray) -> np.ndarray:
        """Return the eigenvalues of a matrix for each wave, given its first row."""
        found = np.fft.rfftn(row.reshape(self.periods)).real
        return np.asarray(found[tuple(self.numbers.T)])

    def shapes(self, which: np.ndarray, size: int) -> np.ndarray:
        """Return the deviations that are some of the waves, over all regions, in rows."""
        places = math.prod(self.periods)
        along = np.indices(self.periods).reshape(len(self.periods), places)
        angle = 2.0 * np.pi * (self.numbers[which] / self.periods @ along)
        found = np.zeros((2 * len(angle), size))
        found[0::2, :places], found[1::2, :places] = np.cos(angle), np.sin(angle)
        return np.delete(found, 2 * np.flatnonzero(self.multiplicity[which] == 1) + 1, axis=0)


def periods(family: OneParameterFamily, share: np.ndarray) -> tuple[int, ...]:
    """Return after how many places one is back, going round: (n,) on a circle, (ny, nx) on a torus.

    The places of a torus are counted row by row. None where places are not alike, or where going
    on by one place changes how the others lie, or trade costs are not the same both ways; and of
    models whose places meet in other ways than by trade.
    """
    if not family.model.by_kernels():
        return ()
    low, high = family.interval
    model = family.model.replace({family.parameter: low + MODES_READ_AT[0] * (high - low)})
    places = int(np.count_nonzero(share))
    weight = model.motion(family.dynamics).log_weight
    if not places_are_alike(model.make_arrays("row"), weight, places):
        return ()
    by_distance = isinstance(getattr(model, "trade_cost", None), float)
    if by_distance and isinstance(model.geography.metric, Circle):
        return (places,)
    freeness = operators.matrix(model.make_arrays("dense").operator, share.size)
    freeness = freeness[:places, :places]
    if not _close(freeness, freeness.T) or not _close(np.sort(freeness), np.sort(freeness[:1])):
        return ()
    for rows in range(1, places):
        if places % rows == 0 and places // rows > 1:
            found = (rows, places // rows) if rows > 1 else (places,)
            here = np.indices(found).reshape(len(found), places)
            way = (here[:, None, :] - here[:, :, None]) % np.array(found)[:, None, None]
            if _close(freeness, freeness[0][np.ravel_multi_index(tuple(way), found)]):
                return found
    return ()


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.allclose(one, other, rtol=SAME_PLACE_TOLERANCE, atol=0.0))


def places_are_alike(parameters: Economy, weight: np.ndarray, places: int) -> bool:
    """Whether parameters by place (endowments, amenities, weights) are equal in all places."""
    return all(_alike(values[:places]) for values in (weight, *parameters.places))


def _alike(values: np.ndarray) -> bool:
    if (values == values[0]).all():
        return True
    return bool(np.ptp(values) <= SAME_PLACE_TOLERANCE * np.max(np.abs(values)))
