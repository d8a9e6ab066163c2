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
