"""Trade that need not be balanced, and places that need not trade with all others.

    E_s = b_s + D_s                    sum_s D_s = 0               fixed in value: `deficit`
    E_s = rho_s b_s/sum_q rho_q b_q    D_s = E_s - b_s             in proportion: `spending_ratio`

    E   spending on goods              b   what wages and rents there pay for: w_s L_s with local
    D   deficit                            rents, part of it from elsewhere with pooled ones
    rho spending over earnings, up to a common factor

A deficit is a transfer from the others: what a place spends on goods beyond what it earns. It is
negative where a place earns and does not spend. All is in units of the wage bill of all places.

Fixed in value is how trade economists have it, where nobody moves (Dekle, Eaton & Kortum 2007). The
sum belongs to the place, and those who live there share it alike. So a place that pays gets worse
with everyone who leaves, and where people are mobile it may be left by all: then take deficits in
proportion, by which each gets or pays the same part of his income wherever others go.

Infinite trade costs are exact: the freeness of trade is zero. Wages of two groups of places that do
not trade with each other cannot be compared, which is refused. Where trade is balanced, goods have
to find their way from every place to every other; deficits can pay for one-way trade.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import xarray as xr

from nege import labelled
from nege.errors import InputError
from nege.immutable import frozen
from nege.models.fields import Over
from nege.validation import Bounds

UNBALANCED = 1e-9  # by which deficits may miss a sum of zero, in wage bills of all places
_CURE = (
    "They are in units of the wage bill of all places, e.g. deficit / wage_bill.sum(). "
    "nege.invert(model, ..., spending=) or flows= finds them from data."
)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Deficit(Over):
    """Deficits of places, which sum to zero; None where all of them are zero."""

    def check(self, value: Any, economy: Any) -> xr.DataArray | None:
        """Return deficits that sum to zero as exactly as floats allow, or None."""
        if value is None:
            return None
        found = super().check(value, economy)
        missing = float(found.values.sum())
        if not abs(missing) <= UNBALANCED:
            allowed = f"deficits that sum to zero (their sum is {missing:.6g})"
            raise InputError(self.name, value, allowed, _CURE)
        if not (found.values != 0.0).any():
            return None
        labels = {"region": economy.geography.names}
        exact = frozen(found.values - missing / found.size)
        return labelled.array(exact, labels, self.name, {"long_name": self.words, "units": "1"})


class Ratio(Over):
    """Ratios of places, of which only differences count; None where they are all the same."""

    def check(self, value: Any, economy: Any) -> xr.DataArray | None:
        """Return ratios, or None."""
        found = None if value is None else super().check(value, economy)
        return None if found is None or np.ptp(found.values) == 0.0 else found


def deficit(default: None) -> Any:
    """Declare what places spend on goods beyond what wages and rents pay for."""
    return Deficit(
        words="trade deficit, what a place spends on goods beyond what it earns",
        unit="wage bill of all places",
        dims=("region",),
        bounds=Bounds(above=-1.0, below=1.0, cure=_CURE),
        more="Fixed in value, and shared by those who live there; negative where they pay. The "
        "sum is zero. Balanced trade by default.",
        default=default,
    )


def spending_ratio(default: None) -> Any:
    """Declare what places spend on goods over what wages and rents there pay for."""
    return Ratio(
        words="spending on goods over what wages and rents of the place pay for",
        dims=("region",),
        bounds=Bounds(above=0.0),
        more="Up to a common factor: trade deficits in proportion to earnings, instead of "
        "`deficit`. The same everywhere by default, which is balanced trade.",
        default=default,
    )


def groups(trades: np.ndarray, *, both_ways: bool) -> np.ndarray:
    """Return by place the group of places that trade, directly or through others.

    Parameters
    ----------
    trades : (R, R) bool array
        Whether an origin sells to a destination.
    both_ways : bool
        Whether goods have to find their way there and back.
    """
    from scipy.sparse import csgraph

    kind = "strong" if both_ways else "weak"
    found: np.ndarray = csgraph.connected_components(trades, connection=kind)[1]
    return found


def check_trade(
    argument: str, value: Any, trades: np.ndarray, names: tuple[str, ...], *, balanced: bool
) -> None:
    """Refuse places that buy or sell nothing, and groups of places that do not trade.

    Parameters
    ----------
    argument, value : str, object
        What says who trades with whom, for the error.
    trades : (R, R) bool array
        Whether an origin sells to a destination.
    names : tuple of str
        Of the places.
    balanced : bool
        Whether what is bought has to be paid by what is sold.
    """
    cure = "Leave such places out, or join them with a neighbour."
    for does, sums in (("sells", trades.any(1)), ("buys", trades.any(0))):
        if not sums.all():
            place = names[int(np.argmin(sums))]
            allowed = "such that every place sells and buys something"
            raise InputError(argument, value, allowed, f"{place!r} {does} nothing. {cure}")
    group = groups(trades, both_ways=balanced)
    if group.max() > 0:
        sizes = np.bincount(group)
        alone = np.flatnonzero(group == np.argmin(sizes))
        few = ", ".join(repr(names[r]) for r in alone[:4]) + (", ..." if alone.size > 4 else "")
        allowed = "such that goods get from every place to every other, directly or through others"
        if not balanced:
            allowed = "such that all places are linked by trade, directly or through others"
        said = f"Not so for {few}: nothing says what wages there are worth elsewhere."
        raise InputError(argument, value, allowed, f"{said} {cure}")
