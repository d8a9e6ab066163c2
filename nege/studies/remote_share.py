"""The weight of remote work at which an observed share works remotely.

    S(r) = sum_n R_n sum_i lambda_ni s_ni                         who works remotely, of all

One equation in the weight r, solved by the secant rule in logit S and ln r, which are nearly a
straight line: for one pair of places S = r/(r + constant). S rises with r in all that was looked
at; what is known to be too low and too high guards the rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nege import validation
from nege.errors import InputError

TOLERANCE = 1e-11  # of logit S
CLOSE = 1e-13  # steps of ln r below which nothing changes but rounding
NOISE = 1e-8  # of logit S that rounding, and tolerances of a solve, may leave
LIMIT = 100  # evaluations
LONGEST = 20.0  # step of ln r


def checked_share(value: Any) -> float:
    """Return a share of workers who work remotely, which are not all of them."""
    cure = "It is a share of all workers; no finite weight makes all of them work remotely."
    return validation.number("remote_share", value, at_least=0.0, below=1.0, cure=cure)


def weight_at(wanted: float, share: Callable[[float], float], first: float = 1e-3) -> float:
    """Return the weight of remote work at which a share is what is wanted.

    Parameters
    ----------
    wanted : float
        At least 0 and below 1.
    share : callable
        The share at a weight.
    first : float
        A weight to begin with.
    """
    if not wanted:
        return 0.0
    low, high = -math.inf, math.inf  # ln r known to be too low, and too high
    x, slope, before = math.log(first), 1.0, (math.nan, math.nan)
    for _ in range(LIMIT):
        gap = _logit(share(math.exp(x))) - _logit(wanted)
        settled = abs(x - before[0]) <= CLOSE
        if abs(gap) <= (NOISE if settled else TOLERANCE):
            return math.exp(x)
        if settled:
            break
        low, high = (x, high) if gap < 0.0 else (low, x)
        secant = (gap - before[1]) / (x - before[0])
        slope = secant if 0.0 < secant < math.inf else slope
        before = x, gap
        x -= max(-LONGEST, min(LONGEST, gap / slope))
        if not low < x < high:
            x = 0.5 * (low + high)
    raise InputError(
        "remote_share",
        wanted,
        "a share that some weight of remote work leads to",
        f"At remote={math.exp(low):.6g} fewer work remotely, at {math.exp(high):.6g} more.",
    )


def _logit(share: float) -> float:
    """Return the log odds; infinite where rounding leaves nobody, or nobody else."""
    if not 0.0 < share < 1.0:
        return math.copysign(math.inf, share - 0.5)
    return math.log(share) - math.log1p(-share)
