"""What the map of industry looks like, in the words of the debate about digital trade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege import validation
from nege.equilibrium import Equilibrium
from nege.errors import InputError

__all__ = ["patterns"]

NOT_SOLVED = "not solved"
_DIMS = {"industry", "place", "channel"}


def patterns(
    equilibrium: Equilibrium | xr.Dataset,
    *,
    pair: Sequence[str] | None = None,
    concentrated: float = 0.12,
    online: float = 0.5,
    colocated: float = 0.5,
) -> xr.Dataset:
    """How far each industry is online and concentrated, and how two of them stand to each other.

    With shares s_p of an industry's cost by place and P places: concentration is the
    normalised Herfindahl index (sum s_p^2 - 1/P)/(1 - 1/P), co-location of two industries
    is 1 - sum |m_p - s_p|/2. The four patterns are those of Tan & Xia (2022).

    =============  ==================  =====================
    mode           concentration       online share
    =============  ==================  =====================
    "geographic"   >= `concentrated`   <= `online`
    "dual"         >= `concentrated`   > `online`
    "online"       < `concentrated`    > `online`
    "dispersed"    < `concentrated`    <= `online`
    =============  ==================  =====================

    Parameters
    ----------
    equilibrium : Equilibrium or Dataset
        Of an economy of industries: from :func:`nege.solve`, or a sweep or path of it,
        whose dimensions stay in front.
    pair : two names, optional
        Industries whose pattern is meant; the first two by default.
    concentrated, online, colocated : float
        Thresholds of the Herfindahl index, of the online share and of co-location.

    Returns
    -------
    Dataset
        Over industry ``online_share, concentration, mode``; and, with at least two
        industries, ``colocation`` and ``pattern``: "two-sided online" where both are online,
        "one-sided online" where one is, else "co-located" or "separated". Words are "not
        solved" where the solve had failed.

    Raises
    ------
    InputError
        For an economy without industries, unknown names, or thresholds outside 0 to 1.

    Examples
    --------
    >>> import nege
    >>> found = nege.patterns(nege.solve(nege.OnlineAgglomeration()))
    >>> str(found.pattern.values), found.mode.values.tolist()
    ('co-located', ['geographic', 'geographic'])
    """
    data = equilibrium.data if isinstance(equilibrium, Equilibrium) else equilibrium
    if (
        not isinstance(data, xr.Dataset)
        or "total_cost" not in data
        or not set(data["total_cost"].dims) >= _DIMS
    ):
        raise InputError(
            "equilibrium",
            equilibrium,
            "an Equilibrium or a Dataset with total_cost over industry, place and channel",
            "nege.solve(nege.OnlineAgglomeration()) makes one.",
        )
    limits = {"concentrated": concentrated, "online": online, "colocated": colocated}
    for name, value in limits.items():
        limits[name] = validation.number(name, value, at_least=0.0, at_most=1.0)
    cost = data["total_cost"]
    share = cost / cost.sum(["place", "channel"])
    by_place, places = share.sum("channel", skipna=False), cost.sizes["place"]
    online_share = share.sel(channel="online", drop=True).sum("place", skipna=False)
    concentration = ((by_place**2).sum("place", skipna=False) - 1.0 / places) / (1.0 - 1.0 / places)
    dense, digital = concentration >= limits["concentrated"], online_share > limits["online"]
    found = xr.Dataset(
        {
            "online_share": online_share.assign_attrs(long_name="share online", units="1"),
            "concentration": concentration.assign_attrs(
                long_name="normalised Herfindahl index over places", units="1"
            ),
            "mode": _words(
                online_share.notnull(),
                {"dual": dense & digital, "geographic": dense, "online": digital},
                "dispersed",
            ).assign_attrs(long_name="how the industry agglomerates"),
        }
    )
    names = [str(name) for name in cost["industry"].values]
    if pair is None and len(names) < 2:
        return found
    one, other = _pair(pair, names)
    apart = np.abs(by_place.sel(industry=one, drop=True) - by_place.sel(industry=other, drop=True))
    colocation = 1.0 - 0.5 * apart.sum("place", skipna=False)
    ways = digital.sel(industry=one, drop=True), digital.sel(industry=other, drop=True)
    found["colocation"] = colocation.assign_attrs(
        long_name=f"co-location of {one} and {other}", units="1"
    )
    found["pattern"] = _words(
        colocation.notnull(),
        {
            "two-sided online": ways[0] & ways[1],
            "one-sided online": ways[0] | ways[1],
            "co-located": colocation >= limits["colocated"],
        },
        "separated",
    ).assign_attrs(long_name=f"pattern of {one} and {other}")
    return found


def _pair(pair: Any, names: Sequence[str]) -> tuple[str, str]:
    chosen = list(names[:2]) if pair is None else validation.texts("pair", pair)
    for name in chosen:
        validation.known("pair", name, names)
    if len(set(chosen)) != 2 or len(chosen) != 2:
        raise InputError("pair", pair, "two different industries", f"Known: {', '.join(names)}.")
    return chosen[0], chosen[1]


def _words(solved: xr.DataArray, cases: dict[str, xr.DataArray], rest: str) -> xr.DataArray:
    """Return for each element the first word whose case holds."""
    chosen = np.select(
        [~solved.values, *(c.values for c in cases.values())], [NOT_SOLVED, *cases], rest
    )
    return solved.copy(data=chosen)
