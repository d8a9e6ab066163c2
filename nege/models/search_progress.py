"""Whether a search still gets anywhere: nearer to rest, or to where it has not been.

A search that could go on for long asks after every step. Where the answer is no it tries another
way, and where there is none left it ends as ``Status.STUCK`` or, next to rest, ``STALLED``.
"""

from __future__ import annotations

import math

import numpy as np

HALF = 0.5  # of the least residual so far: nearer
STILL = 0.05  # in logs: what moves less within a stretch does not move
STRAIGHT = 0.2  # of the way gone, between its ends: what moves less goes to and fro
LONGEST = 16  # stretch that may only move, times the patience
ROUNDING = 1e-6  # residual below which rounding is in the way


class Progress:
    """Watches the residual of a search and where it is.

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
        """Whether the search gets anywhere, given where its last step led, in logs."""
        place = np.maximum(place, -1e3)  # nobody: minus infinity
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
