"""Many parameter points of one model as one NamedTuple, so that one compiled call serves all.

A *stack* is of the model's own parameter type, nested ones included, with one more axis in
front of every field. ``at`` takes one point out, without copying an array.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import overload


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


def at(stacked: Any, i: int) -> Any:
    """Return the parameters of point i."""
    if isinstance(stacked, tuple):
        return type(stacked)(*(at(field, i) for field in stacked))
    return stacked[i]


@overload(at, strict=False)  # the implementations have no annotations
def _at(stacked: Any, i: Any) -> Any:
    if not isinstance(stacked, types.BaseNamedTuple):
        return lambda stacked, i: stacked[i]
    # One expression over the fields, which have types of their own: no loop can say it.
    fields = ", ".join(f"at(stacked[{k}], i)" for k in range(len(stacked.types)))
    scope = {"at": at, "make": stacked.instance_class}
    exec(f"def take(stacked, i): return make({fields})", scope)
    return scope["take"]
