"""Progress test of long searches: the residual falls, or the point moves on without cycling.

A search asks after every step. Without progress it tries another method, and where there is none
left it ends as ``Status.STUCK`` or, with a residual at the rounding error, as ``STALLED``.
"""

from __future__ import annotations

import math

import numpy as np

HALF = 0.5  # of the least residual so far: that is progress
STILL = 0.05  # in logs: largest move within a stretch that counts as standing still
STRAIGHT = 0.2  # net over total distance of a stretch: below it, the search cycles
LONGEST = 16  # stretch that may only move, times the patience
ROUNDING = 1e-6  # residual below which rounding is in the way


class Progress:
    """Watches the residual and the position of a search.

    A stretch ends when the residual has halved. When it has not after `patience` steps, the
    search has to have moved on, further than ``STILL`` and not to and fro; the next stretch is
    twice as long, so that longer cycles are noticed too, up to ``LONGEST`` times that.

    Parameters
    ----------
    patience : int
        Steps without progress that are waited for.
    moves : bool
        Whether to move on is progress: where the path can be trusted.
    """

    def __init__(self, patience: int, *, moves: bool = True) -> None:
        self.patience = self.length = patience
        self.moves = moves
        self.best, self.steps, self.way = math.inf, 0, 0.0
        self.start: np.ndarray = np.empty(0)
        self.last = self.start

    def made(self, residual: float, place: np.ndarray) -> bool:
        """Whether there is progress, given residual and point after the last step, in logs."""
        place = np.maximum(place, -1e3)  # a share of zero: minus infinity
        if self.start.size == 0 or residual < HALF * self.best:
            self.best = min(self.best, residual)
            self._begin(place, self.patience)
            return True
        self.steps += 1
        self.way += float(np.max(np.abs(place - self.last)))
        self.last = place
        if self.steps < self.length:
            return True
        moved = float(np.max(np.abs(place - self.start)))
        on = self.moves and moved > max(STILL, STRAIGHT * self.way)
        self._begin(place, 2 * self.length)
        return on and self.length <= LONGEST * self.patience

    def _begin(self, place: np.ndarray, length: int) -> None:
        self.start = self.last = place
        self.steps, self.way, self.length = 0, 0.0, length
