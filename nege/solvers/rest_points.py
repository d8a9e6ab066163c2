"""Rest points (stationary points) of the dynamics by Newton's method: equal attraction."""

from __future__ import annotations

import numpy as np

from nege.models.law_of_motion import ClearedPoint, LawOfMotion

NEWTON_LIMIT = 30
LONGEST_NEWTON_STEP = 1.0  # in ln share
NEWTON_ENOUGH = 0.01  # of the tolerance: where Newton's method stops


def newton(
    law: LawOfMotion, point: ClearedPoint, tolerance: float
) -> tuple[ClearedPoint, float, int]:
    """Reach a rest point by Newton's method on equal attraction of the occupied regions.

    Returns the best point, an estimate of its error in shares, and the number of steps.
    """
    support = np.flatnonzero(point.share > 0.0)
    best, error, steps = point, 0.0, 0
    for _ in range(NEWTON_LIMIT if support.size > 1 else 0):
        # Bordered system: unknown common level of attraction, shares that sum to one.
        system = np.zeros((support.size + 1, support.size + 1))
        system[:-1, :-1] = law.slopes(point)[np.ix_(support, support)]
        system[:-1, -1] = -1.0
        system[-1, :-1] = point.share[support]
        right = np.append(-law.attraction(point)[support], 0.0)
        try:
            step = np.linalg.solve(system, right)[:-1]
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(step).all():
            break
        step *= min(1.0, LONGEST_NEWTON_STEP / max(float(np.max(np.abs(step))), 1e-300))
        share = point.share.copy()
        share[support] *= np.exp(step)
        share /= share.sum()
        moved, before = float(np.max(np.abs(share - point.share))), point.spread
        point = law.at(share, point.state)
        steps += 1
        if point.spread < best.spread:
            best = point
            # Estimate of the next step: shorter in the ratio of the spreads.
            error = 2.0 * moved * point.spread / max(before, 1e-300)
        elif steps == 1:
            error = moved  # the length of the Newton step, though payoffs hardly change
        if best.spread <= NEWTON_ENOUGH * tolerance or best is not point:
            break
    return best, error, steps
