"""Equilibrium conditions in explicit form, for proofs: equal payoffs, in any arithmetic.

Where mobile people earn the same payoff everywhere, the short run needs no iteration.
Let x be the relative supply of the regions: what each adds to price indices, up to a
common factor. Then x gives prices, prices give the wages that make payoffs equal, and
those give shares and spending. What is left is one condition for each region, its *excess*:
the log of what the market pays over what would make the region as good as the others.

    equilibrium    excess_r = 0 where x_r > 0,    excess_r <= 0 where x_r = 0

An empty region with a negative excess would pay less. By Walras' law the excesses cannot
all be positive or all be negative, and where they are equal over the occupied regions they
are zero. Nothing depends on the scale of x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np


class Arithmetic(NamedTuple):
    """Numbers of some kind: floats, balls that hold a real number, truncated series."""

    number: Callable[[float], Any]  # the float, exactly
    exp: Callable[[Any], Any]
    log: Callable[[Any], Any]


class Tastes(NamedTuple):
    """Logit tastes: payoffs are ln omega_r + scale (ln weight_r - ln share_r)."""

    scale: float
    weight: np.ndarray


class Excess(NamedTuple):
    """Excess payoff of each region at a relative supply, and the shares that go with it."""

    share: list[Any]  # up to a common factor, positive where the supply is
    excess: list[Any]


class Indifference(NamedTuple):
    """The equilibrium conditions in explicit form: equal payoffs in all occupied regions."""

    at: Callable[[Sequence[Any]], Excess]
    #: No two regions' log supplies differ by more in equilibrium; infinite where one may be empty.
    reach: float


FLOATS = Arithmetic(float, math.exp, math.log)


def by_share(
    payoffs: Callable[[list[Any]], list[Any]],
    arithmetic: Arithmetic,
    tastes: Tastes | None,
    reach: float,
) -> Indifference:
    """Return equal payoffs in occupied regions where payoffs are explicit in shares.

    Relative supplies are shares here, and the excess of a region is what it pays more than
    regions do on average, weighted by shares: the weighted sum of excesses is zero.

    Parameters
    ----------
    payoffs : callable
        Of every region, as people compare them: ln payoff at shares that sum to one.
    arithmetic : Arithmetic
        Kind of numbers that it works on.
    tastes : Tastes or None
        Of people under logit dynamics; None where they follow payoffs alone.
    reach : float
        No payoffs differ by more.
    """
    if tastes is not None:
        scale = arithmetic.number(tastes.scale)
        weight = [arithmetic.number(value) for value in tastes.weight.tolist()]
        reach = reach / tastes.scale + float(np.ptp(np.log(tastes.weight)))

    def at(supply: Sequence[Any]) -> Excess:
        total = sum(supply[1:], supply[0])
        share = [part / total for part in supply]
        level = payoffs(share)
        if tastes is not None:
            liked = zip(weight, share, strict=True)
            taste = [scale * arithmetic.log(own / part) for own, part in liked]
            level = [one + other for one, other in zip(level, taste, strict=True)]
        mean = sum(part * value for part, value in zip(share, level, strict=True))
        return Excess(share, [value - mean for value in level])

    # More than rounding takes away, also where nothing differs.
    return Indifference(at, math.inf if tastes is None else 1.001 * reach + 1e-6)
