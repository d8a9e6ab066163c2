"""Fourier modes of the even spread round a circle: eigenvalues from one column of a Jacobian.

Where every place is to the others what its neighbour is, each Jacobian of the economy is a
circulant matrix: row r is row 0, moved on by r places. Its eigenvectors are waves exp(2 pi i k r/n)
and its eigenvalues the discrete Fourier transform of one column (Fujita, Krugman & Venables
1999, ch. 6), so that markets that clear are one division for each wave, not a matrix that is
inverted. Equidistant places are such a circle too, on which all modes have one eigenvalue.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from nege.errors import InputError
from nege.kernels import derivatives, operators
from nege.models.law_of_motion import ClearedPoint, LawOfMotion
from nege.structure.one_parameter import MODES_READ_AT, SHARP_OPTIONS, OneParameterFamily

SHARP_DENSE_OPTIONS = dataclasses.replace(
    SHARP_OPTIONS, operator="dense"
)  # derivatives are, so nothing else compiles
SAME_PLACE_TOLERANCE = 1e-12  # relative difference by which numbers of places may be off each other


SAME_WAVE_TOLERANCE = 1e-10  # of the fastest rate: waves that never differ by more are one mode


class CircularModes:
    """The Fourier modes of the even spread round a circle, by their number of waves."""

    def __init__(self, family: OneParameterFamily, share: np.ndarray) -> None:
        self.family, self.share, self.occupied = family, share, share > 0.0
        self.places = int(np.count_nonzero(share))
        self._seen: dict[float, np.ndarray] = {}
        low, high = family.interval
        read = np.array([self._rates(low + t * (high - low)) for t in MODES_READ_AT])
        read /= np.maximum(np.max(np.abs(read), axis=1, keepdims=True), 1e-300)
        self.clusters: list[np.ndarray] = []
        left = np.arange(read.shape[1])
        while left.size:
            same = np.max(np.abs(read[:, left] - read[:, left[:1]]), axis=0) <= SAME_WAVE_TOLERANCE
            same[0] = True
            self.clusters.append(left[same])
            left = left[~same]

    def _rates(self, value: float) -> np.ndarray:
        if value not in self._seen:
            given = value, self.share, "model", self.occupied
            law, point = self.family.law_of_motion(*given, SHARP_DENSE_OPTIONS)
            if not places_are_alike(law, self.places):
                raise InputError(
                    "model",
                    self.family.model,
                    "one whose places are alike whatever the parameter",
                    f"At {self.family.parameter} = {value:.6g} they are not: "
                    "nege.bifurcation follows economies without symmetry.",
                )
            self._seen[value] = wave_rates(law, point, self.places)
        return self._seen[value]

    def rate(self, cluster: np.ndarray, value: float) -> float:
        """Return the growth rate of a mode."""
        return float(np.mean(self._rates(value)[cluster]))

    def shapes(self, cluster: np.ndarray) -> np.ndarray:
        """Return the deviations of a mode over all regions, in rows."""
        return wave_shapes(cluster + 1, self.places, self.share.size)


def is_circulant(family: OneParameterFamily, share: np.ndarray) -> bool:
    """Whether rotating the places by one changes nothing, trade costs being symmetric."""
    low, high = family.interval
    model = family.model.replace({family.parameter: low + MODES_READ_AT[0] * (high - low)})
    law = LawOfMotion(model, family.dynamics, SHARP_DENSE_OPTIONS)
    places = int(np.count_nonzero(share))
    freeness = operators.matrix(law.parameters.operator)[:places, :places]
    row = freeness[0]
    around = row[np.subtract.outer(np.arange(places), np.arange(places)) % places]
    return places_are_alike(law, places) and bool(
        np.allclose(freeness, around, rtol=SAME_PLACE_TOLERANCE, atol=0.0)
        and np.allclose(row[1:], row[:0:-1], rtol=SAME_PLACE_TOLERANCE, atol=0.0)
    )


def places_are_alike(law: LawOfMotion, places: int) -> bool:
    """Whether parameters by place (endowments, amenities, weights) are equal in all places."""
    own: list[Any] = [law.dynamics.log_weight, *law.parameters]
    return all(
        np.ptp(values[:places])
        <= SAME_PLACE_TOLERANCE * np.max(np.abs(values[:places]), initial=0.0)
        for values in own
        if isinstance(values, np.ndarray) and values.size >= places
    )


def wave_rates(law: LawOfMotion, point: ClearedPoint, places: int) -> np.ndarray:
    """Return the growth rates of 1, 2, ... places // 2 waves round an even spread."""
    size = point.share.size
    blocks = np.empty((4, size, size))
    derivatives.blocks(law.parameters, point.share, point.state, *blocks)
    column = blocks[:, :places, 0]
    wave = np.fft.rfft(column, axis=1)[:, 1:].real
    state_by_state, state_by_share, gain_by_state, gain_by_share = wave
    with np.errstate(all="ignore"):  # what is not defined is not finite, and found to be so
        gained = gain_by_share + gain_by_state * state_by_share / (1.0 - state_by_state)
    found = law.dynamics.intensity * point.share[0] * gained - law.dynamics.dispersion
    return np.asarray(found)


def wave_shapes(waves: np.ndarray, places: int, size: int) -> np.ndarray:
    """Return the deviations that are some numbers of waves, over all regions, in rows."""
    angle = 2.0 * np.pi * np.outer(waves, np.arange(places)) / places
    found = np.zeros((2 * waves.size, size))
    found[0::2, :places], found[1::2, :places] = np.cos(angle), np.sin(angle)
    alone = np.flatnonzero(2 * waves == places)  # between two places the sine is zero
    return np.delete(found, 2 * alone + 1, axis=0)
