"""Records that models and solvers pass to each other: plain arrays with names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from nege.status import Status

PIECE = 4_000_000  # rows times pairs of regions in one compiled call: about a second


def rows(count: int, size: int) -> Iterator[slice]:
    """Yield the rows that one compiled call takes, so that an interrupt ends it in between."""
    step = max(1, PIECE // size**2)
    for low in range(0, count, step):
        yield slice(low, low + step)


def flat(share: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return distributions and states as rows, whatever dimensions they have in front."""
    shares = np.ascontiguousarray(share).reshape(-1, share.shape[-1])
    return shares, np.ascontiguousarray(state).reshape(shares.shape)


class LongRun(NamedTuple):
    """A long run as arrays."""

    share: np.ndarray
    state: np.ndarray
    status: Status
    residual: float
    error: float
    iterations: int
    perturbed: tuple[str, ...]
    leading_eigenvalue: float | None  # None where nothing depended on it
    parameters: Any  # of the model, with the operator that was used
    words: tuple[str, ...] = ()  # what else is known of it


class ShortRun(NamedTuple):
    """A short run as arrays."""

    state: np.ndarray
    status: Status
    residual: float
    error: float
    iterations: int
    method: int  # one of kernels.codes
    rate: float = math.nan  # by which the residual fell in an iteration, where that is known


class Many(NamedTuple):
    """States and reports of many short runs, by parameter point and distribution."""

    states: np.ndarray  # (N, M, R)
    status: np.ndarray  # (N, M), as everything below
    residual: np.ndarray
    error: np.ndarray
    rate: np.ndarray
    iterations: np.ndarray
    method: np.ndarray


class Deviations(NamedTuple):
    """Linear stability of a rest point: its movers, their growth rates, eigenvalues, shapes."""

    movers: tuple[str, ...]
    share: np.ndarray  # of each mover: zero where there is none
    growth: np.ndarray  # at which each mover grows; where there is none, would grow
    rates: np.ndarray  # of deviations, the fastest first
    shapes: np.ndarray  # (mode, mover), changes of shares


class Variable(NamedTuple):
    """A variable of a solved economy: its dimensions, its meaning, its unit."""

    dims: tuple[str, ...]
    meaning: str
    unit: str


class Uniqueness(NamedTuple):
    """Whether an economy is proven to have one equilibrium only, and why."""

    unique: bool
    value: float  # of the expression that decides
    condition: str  # in the field's symbols, with its source

    def __str__(self) -> str:
        verdict = "One equilibrium, proven" if self.unique else "Not proven to be unique"
        return f"{verdict}: {self.condition}; here {self.value:.6g}."
