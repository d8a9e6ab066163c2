"""Root finding along one parameter, of an economy at a given distribution.

A function is sampled over the interval, sign changes are bracketed, a turning point between
samples is looked for where two roots could hide, and each bracket is closed by Brent's method.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nege.errors import InputError, NegeError
from nege.models import parameter_axes
from nege.models.base import Model
from nege.models.law_of_motion import ClearedPoint, LawOfMotion, law_of_motion
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.solvers.checks import check_free_mobility, check_model
from nege.status import Status

END_MARGIN = 1e-9  # of the interval: roots nearer to its ends are not inside
MODES_READ_AT = (0.0123, 0.137, 0.293, 0.4142, 0.618, 0.853)  # of the interval
EQUAL_PAYOFF_TOLERANCE = 1e-8  # spread of payoffs that still counts as symmetric
SHARP_OPTIONS = SolverOptions(tolerance_residual=1e-14)


INTERVAL_SAMPLES = 129  # of the interval, even in logarithms where both ends are positive


class OneParameterFamily:
    """A one-parameter family of economies, at given distributions."""

    def __init__(
        self,
        model: Model,
        parameter: str,
        interval: tuple[float, float],
        dynamics: Replicator | Logit,
    ) -> None:
        self.model, self.parameter, self.interval = model, parameter, interval
        self.dynamics = dynamics

    def at(self, value: float, share: np.ndarray, argument: str, alike: np.ndarray) -> ClearedPoint:
        """Clear markets at a value; refuse where regions that should have equal payoffs do not."""
        return self.law_of_motion(value, share, argument, alike)[1]

    def law_of_motion(
        self,
        value: float,
        share: np.ndarray,
        argument: str,
        alike: np.ndarray,
        options: SolverOptions = SHARP_OPTIONS,
    ) -> tuple[LawOfMotion, ClearedPoint]:
        """Return the same with what it was made by."""
        model = self.model.replace({self.parameter: float(value)})
        law = law_of_motion(model, self.dynamics, options)
        point = law.at(share, model.start_state())
        self.check_cleared(value, point.cleared.residual, Status(point.cleared.status))
        uneven = float(np.max(np.abs(point.growth[alike])))
        if not uneven <= EQUAL_PAYOFF_TOLERANCE:
            raise InputError(
                argument,
                model,
                "regions that are paid alike when people are spread evenly over them",
                f"At {self.parameter} = {value:.6g} their payoffs differ by {uneven:.2g}: "
                "give an economy, or a core, that is symmetric; nege.bifurcation follows regions "
                "that differ, to the folds where they give way.",
            )
        return law, point

    def check_cleared(self, value: float, residual: float, status: Status = Status.STALLED) -> None:
        """Refuse markets that do not clear."""
        if status not in (Status.CONVERGED, Status.STALLED) or not (
            residual <= SolverOptions().tolerance_residual
        ):
            raise NegeError(
                f"markets could not be cleared at {self.parameter} = {value:.10g} (residual "
                f"{residual:.1e}). {status.remedy}"
            )

    def roots(self, functions: Callable[[float], np.ndarray]) -> list[list[float]]:
        """Return every root inside the interval of each of some functions, given all at once."""
        from scipy.optimize import brentq, minimize_scalar

        low, high = self.interval
        scale: Callable[[float], float] = math.exp if low > 0.0 else float
        ends = (math.log(low), math.log(high)) if low > 0.0 else (low, high)
        margin = END_MARGIN * (ends[1] - ends[0])
        places = np.linspace(ends[0] + margin, ends[1] - margin, INTERVAL_SAMPLES)
        points = np.clip([scale(place) for place in places], low, high)
        values = np.array([functions(p) for p in points])
        if not np.isfinite(values).all():
            bad = points[~np.isfinite(values).all(axis=1)][0]
            raise InputError(
                "interval",
                self.interval,
                "one where payoffs respond to shares in double precision",
                f"At {self.parameter} = {bad:.6g} they do not: narrow it.",
            )
        brackets: list[list[tuple[float, float]]] = [[] for _ in range(values.shape[1])]
        for i, k in np.argwhere((values[:-1] > 0.0) != (values[1:] > 0.0)):
            brackets[k].append((points[i], points[i + 1]))
        for i, k in np.argwhere(_may_dip(values)):
            before, after = max(i - 1, 0), min(i + 1, INTERVAL_SAMPLES - 1)
            sign = math.copysign(1.0, values[i, k])
            turning = minimize_scalar(
                lambda place, k=k, s=sign: s * functions(scale(place))[k],
                bounds=(places[before], places[after]),
                method="bounded",
                options={"xatol": margin},
            )
            if turning.fun < 0.0:
                middle = scale(turning.x)
                brackets[k] += [(points[before], middle), (middle, points[after])]
        return [
            sorted(
                brentq(lambda p, k=k: functions(p)[k], *ends, xtol=1e-300, rtol=8.9e-16)
                for ends in found
            )
            for k, found in enumerate(brackets)
        ]


def _may_dip(values: np.ndarray) -> np.ndarray:
    """Whether two roots may hide beside a sample that is nearer to zero than those around it.

    Not where the chords of its neighbours, extended, stay well away from zero: a function lies
    above them where it is bent away from zero, as about a turning point.

    Parameters
    ----------
    values : (samples, functions) array
        Values of some functions, evenly spread.
    """
    size = np.abs(values)

    def at(shift: int) -> np.ndarray:
        """Return samples further on, signed so that those in the middle are positive."""
        moved = np.full(values.shape, np.nan)
        kept = slice(max(-shift, 0), len(values) - max(shift, 0))
        moved[kept] = values[max(shift, 0) : len(values) + min(shift, 0)]
        return np.asarray(moved * np.sign(values))

    def lowest(way: int) -> np.ndarray:
        """Return the lowest that a function bent away from zero can be, up to the next sample."""
        there, beyond, back = at(way), at(2 * way), at(-way)
        rise, fall = back - size, beyond - there
        near, far = rise >= 0.0, fall >= 0.0  # chords that can be extended
        with np.errstate(invalid="ignore", divide="ignore"):
            met = np.clip(np.nan_to_num((size - there + fall) / (rise + fall)), 0.0, 1.0)
            meeting = np.maximum(size - rise * met, there - fall * (1.0 - met))
        found = np.select(
            [near & far, near, far], [meeting, size - rise, there - fall], default=-np.inf
        )
        return np.where(np.isnan(there), np.inf, found)

    around = np.stack([at(-1), at(1)])
    bottom = (np.isnan(around) | (around >= size)).all(0) & (size > 0.0)
    clear = np.minimum(lowest(-1), lowest(1)) >= 0.5 * size
    return np.asarray(bottom & ~clear)


def checked_family(
    model: Any, parameter: Any, interval: Any, dynamics: Replicator | Logit
) -> OneParameterFamily:
    """Return the family that a question about thresholds is about, once it is checked."""
    check_model(model)
    check_free_mobility(model, "thresholds")
    return OneParameterFamily(
        model, parameter, parameter_axes.interval(model, parameter, interval), dynamics
    )
