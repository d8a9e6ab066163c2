"""One protocol of rest: what a model gives so that every tool of ``structure`` serves it.

A model whose long run is shares of one mobile factor is served by its law of motion
(``law_of_motion``), markets being cleared inside. A model in which several groups move, and
whose markets are solved together with them, gives its equations of rest: a vector of unknowns x,
a residual F(x) that is zero at rest, its Jacobian, and which unknowns are *movers*, whose own
equations are their growth rates, d x/dt = F, while those of the others hold at any time. Growth
rates of small deviations are then the eigenvalues of the Jacobian with the others eliminated.

Unknowns come place by place, in rows of the same make, and then those that places share.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np


class LinearisedRest(NamedTuple):
    """The equations of rest at a point, to first order."""

    residual: np.ndarray  # (N,), zero in rows that are idle
    jacobian: np.ndarray  # (N, N), minus the identity in rows that are idle
    idle: np.ndarray  # (N,), unknowns that stay: movers that are absent, markets that are not there
    entry: np.ndarray  # (M,), log growth rate of movers that are absent, NaN of the others


class EquationsOfRest(Protocol):
    """Equations of rest of one economy."""

    #: Names of the places, and of the movers, place by place.
    places: tuple[str, ...]
    movers: tuple[str, ...]
    #: Which unknowns move, (N,), and which places' rows they are in: (P, unknowns of a place).
    moving: np.ndarray
    rows: np.ndarray
    #: The group of which each mover is a share, (M,), and whether it can be absent, (M,).
    group: np.ndarray
    vanishing: np.ndarray

    def residual(self, x: np.ndarray) -> np.ndarray:
        """Return F(x), zero in rows that are idle; what is not finite cannot be evaluated."""
        ...

    def linearise(self, x: np.ndarray) -> LinearisedRest:
        """Return the same with its Jacobian."""
        ...


def shares_of(equations: EquationsOfRest, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return movers as shares of their groups, and the derivative by their logs, (M, M)."""
    level = np.exp(x[equations.moving])
    same = equations.group[:, None] == equations.group
    share = level / (same @ level)
    return share, np.diag(share) - np.where(same, np.outer(share, share), 0.0)


def reduced(at: LinearisedRest, moving: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the matrix of growth rates of movers that are there, the others eliminated.

    Its second part are these movers, by position. NaN where the others do not respond.
    """
    move, other = np.flatnonzero(moving & ~at.idle), np.flatnonzero(~moving & ~at.idle)
    j = at.jacobian
    try:
        follow = np.linalg.solve(j[np.ix_(other, other)], j[np.ix_(other, move)])
    except np.linalg.LinAlgError:
        return np.full((move.size, move.size), np.nan), move
    return j[np.ix_(move, move)] - j[np.ix_(move, other)] @ follow, move
