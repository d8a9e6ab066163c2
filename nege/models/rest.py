"""One protocol of rest: what a model gives so that every tool of ``structure`` serves it.

A model whose long run is shares of one mobile factor is served by its law of motion
(``law_of_motion``), markets being cleared inside. A model in which several groups move, and
whose markets are solved together with them, gives its equations of rest: a vector of unknowns x,
a residual F(x) that is zero at rest, its Jacobian, and which unknowns are *movers*, whose own
equations are their growth rates, d x/dt = F, while those of the others hold at any time. Growth
rates of small deviations are then the eigenvalues of the Jacobian with the others eliminated.

Unknowns come place by place, in rows of the same make, and then those that places share. Of these
some may move too: *splits*, the log of one share over each of several others that are alike, as of
platforms. Equal shares are then a rest point that a split alone can leave.
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

    #: Names of the places, and of the movers: place by place, then of splits.
    places: tuple[str, ...]
    movers: tuple[str, ...]
    #: How many movers each place has, the last of them its people.
    width: int
    #: Which unknowns are movers, (N,), which of them are in places, and which also grow where there
    #: is no mover: as deviations among those that a split takes as alike.
    moving: np.ndarray
    residents: np.ndarray
    growing: np.ndarray
    #: Which unknowns are in places' rows: (P, unknowns of a place).
    rows: np.ndarray
    #: How many each split is between, the first included, in the order of their unknowns.
    splits: tuple[float, ...]
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
    """Return movers as shares of their groups, and the derivative by their logs, (M, M).

    Of a split, the share of the first.
    """
    level = np.exp(x[equations.moving])
    same = equations.group[:, None] == equations.group
    beside = np.zeros(level.size)
    if equations.splits:
        beside[-len(equations.splits) :] = np.array(equations.splits) - 1.0
    share = level / (same @ level + beside)
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
