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
from nege.models.law_of_motion import ClearedPoint, LawOfMotion
from nege.options import Logit, Replicator, SolverOptions
from nege.solvers.checks import check_model
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
        law = LawOfMotion(model, self.dynamics, options)
        point = law.at(share, model.start_state())
        if point.cleared.status not in (Status.CONVERGED, Status.STALLED) or not (
            point.cleared.residual <= SolverOptions().tolerance_residual
        ):
            status = Status(point.cleared.status)
            raise NegeError(
                f"markets could not be cleared at {self.parameter} = {value:.10g} (residual "
                f"{point.cleared.residual:.1e}). {status.remedy}"
            )
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

    def roots(self, function: Callable[[float], float]) -> list[float]:
        """Return every root inside the interval."""
        from scipy.optimize import brentq, minimize_scalar

        low, high = self.interval
        scale: Callable[[float], float] = math.exp if low > 0.0 else float
        ends = (math.log(low), math.log(high)) if low > 0.0 else (low, high)
        margin = END_MARGIN * (ends[1] - ends[0])
        places = np.linspace(ends[0] + margin, ends[1] - margin, INTERVAL_SAMPLES)
        points = np.clip([scale(place) for place in places], low, high)
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
            for i in range(INTERVAL_SAMPLES - 1)
            if (values[i] > 0.0) != (values[i + 1] > 0.0)
        ]
        for i in range(INTERVAL_SAMPLES):
            sign = math.copysign(1.0, values[i])
            before, after = max(i - 1, 0), min(i + 1, INTERVAL_SAMPLES - 1)
            near = sign * values[[before, i, after]]
            if (near > 0.0).all() and near[1] <= near[0] and near[1] <= near[2]:
                turning = minimize_scalar(
                    lambda place, s=sign: s * function(scale(place)),
                    bounds=(places[before], places[after]),
                    method="bounded",
                    options={"xatol": margin},
                )
                if turning.fun < 0.0:
                    middle = scale(turning.x)
                    brackets += [(points[before], middle), (middle, points[after])]
        return sorted(brentq(function, *b, xtol=1e-300, rtol=8.9e-16) for b in brackets)


def checked_family(
    model: Any, parameter: Any, interval: Any, dynamics: Replicator | Logit
) -> OneParameterFamily:
    """Return the family that a question about thresholds is about, once it is checked."""
    check_model(model, in_shares=True)
    return OneParameterFamily(
        model, parameter, parameter_axes.interval(model, parameter, interval), dynamics
    )
