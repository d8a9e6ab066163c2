"""Many parameter points of one model as one Economy, so that one compiled call serves all.

A *stack* is an Economy, too, with one more axis in front of every field, those of its operator
included. ``at`` takes one point out, without copying an array.
"""

from typing import Any, NamedTuple

import numpy as np

from nege.kernels.equations import Economy
from nege.kernels.jit import kernel
from nege.kernels.operators import Operator


class Many(NamedTuple):
    """States and reports of many short runs, by parameter point and distribution."""

    states: np.ndarray  # (N, M, R)
    status: np.ndarray  # (N, M), as everything below
    residual: np.ndarray
    error: np.ndarray
    rate: np.ndarray
    iterations: np.ndarray
    method: np.ndarray


def stack(points: list[Any]) -> Any:
    """Return the stack of some parameter points of one type and one size."""
    first = points[0]
    if isinstance(first, tuple):
        return type(first)(*(stack(list(fields)) for fields in zip(*points, strict=True)))
    if len(points) == 1:
        return np.asarray(first)[None]  # as it is: nothing is copied for a single point
    return np.stack([np.asarray(point) for point in points])


@kernel
def at(stacked, i):
    """Return the parameters of point i."""
    k = stacked.operator
    operator = Operator(k.kind[i], k.table[i], k.packed[i], k.online[i], k.shape[i], k.power[i])
    return Economy(
        stacked.equations[i],
        stacked.duals[i],
        stacked.meeting[i],
        stacked.bound[i],
        stacked.pools[i],
        stacked.numeraire[i],
        stacked.numbers[i],
        stacked.places[i],
        operator,
    )
