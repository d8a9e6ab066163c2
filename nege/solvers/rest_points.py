"""Rest points (stationary points) of the dynamics by Newton's method: equal attraction."""

from __future__ import annotations

import math

import numpy as np

from nege.models.law_of_motion import ClearedPoint, LawOfMotion

NEWTON_LIMIT = 30
LONGEST_NEWTON_STEP = 1.0  # in ln share
NEWTON_ENOUGH = 0.01  # of the tolerance: where Newton's method stops


def newton(
    law: LawOfMotion, point: ClearedPoint, tolerance: float, reach: float = math.inf
) -> tuple[ClearedPoint, float, int]:
    """Reach a rest point by Newton's method on equal attraction of the occupied regions.

    Returns the best point, an estimate of its error in shares, and the number of steps. It gives
    up where a share would end further than `reach` from where it started.
    """
    start = point.share
    support = np.flatnonzero(start > 0.0)
    best, error, steps = point, 0.0, 0
    spread = best_spread = point.spread
    for _ in range(NEWTON_LIMIT if law.moves(support) else 0):
        step = law.newton_step(point, support)
        if step is None:
            break
        longest = float(np.abs(step).max())
        if not np.isfinite(longest):
            break
        step *= min(1.0, LONGEST_NEWTON_STEP / max(longest, 1e-300))
        share = point.share.copy()
        share[support] *= np.exp(step)
        share = law.rescaled(share)
        if not float(np.abs(share - start).max()) <= reach:
            break
        moved, before = float(np.abs(share - point.share).max()), spread
        point = law.at(share, point.state)
        spread = point.spread
        steps += 1
        if spread < best_spread:
            best, best_spread = point, spread
            # Estimate of the next step: shorter in the ratio of the spreads.
            error = 2.0 * moved * spread / max(before, 1e-300)
        elif steps == 1:
            error = moved  # the length of the Newton step, though payoffs hardly change
        if best_spread <= NEWTON_ENOUGH * tolerance or best is not point:
            break
    return best, error, steps
