"""Patterns of agglomeration: concentration, online share and co-location, and their names."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.status import Status
from nege.validation.keywords import hinted

__all__ = ["patterns"]

#: What is said of a point that was not solved.
UNKNOWN = "unknown"

#: The words by their codes, for sweeps that keep one byte a point (CF conventions).
PATTERNS = ("co-located", "separated", "one-sided online", "two-sided online")
UNSOLVED = -1
FLAGS = {
    "long_name": "pattern of the first two industries",
    "flag_values": [UNSOLVED, *range(len(PATTERNS))],
    "flag_meanings": " ".join(word.replace(" ", "_") for word in (UNKNOWN, *PATTERNS)),
}

CELL = ("industry", "place", "channel")


@runtime_checkable
class AtRest(Protocol):
    """The part of an :class:`nege.Equilibrium` that patterns read: data and status."""

    @property
    def status(self) -> Status:
        """How its solve ended."""

    @property
    def data(self) -> xr.Dataset:
        """Its variables."""


@hinted
def patterns(
    data: AtRest | xr.Dataset,
    *,
    concentrated: float = 0.12,
    online: float = 0.5,
    colocated: float = 0.5,
    pair: Sequence[str] | None = None,
) -> xr.Dataset:
    """Patterns of agglomeration: concentration, online share and co-location of industries.

    An industry's share m_p of place p is its share of the industry's cost, over both
    channels. Its concentration is the normalised Herfindahl index
    (Σ_p m_p² − 1/P)/(1 − 1/P): 0 if it is spread evenly over the P places, 1 if it is in
    one of them. By its concentration and the online share of its cost an industry is

    ============  ==================  ================
    mode          in few places       sells mostly
    ============  ==================  ================
    geographic    yes                 offline
    dual          yes                 online
    online        no                  online
    dispersed     no                  offline
    ============  ==================  ================

    Two industries of shares m and s are co-located to the degree 1 − ½ Σ_p |m_p − s_p|:
    1 if they are distributed alike, 0 if they share no place. Their pattern is
    "two-sided online" or "one-sided online" if both or one of them sell mostly online;
    else "co-located" or "separated". The phases are those of Tan & Xia (2022); the
    thresholds are nege's.

    Parameters
    ----------
    data : Equilibrium or Dataset
        An economy of :class:`nege.OnlineAgglomeration`, or what :func:`nege.sweep` or
        :func:`nege.follow` made of one: any Dataset with ``total_cost`` over industry,
        place and channel and whatever else. Where it has a ``status``, points that were
        not solved have no pattern.
    concentrated : float, default 0.12
        Concentration from which an industry is concentrated, 0 to 1.
    online : float, default 0.5
        Online share above which an industry is online, 0 to 1.
    colocated : float, default 0.5
        Co-location from which two industries are co-located, 0 to 1.
    pair : sequence of two str, optional
        The industries whose pattern it is; by default the first two.

    Returns
    -------
    Dataset
        ``online_share, concentration, mode`` (industry), and of the pair ``colocation,
        pattern``, which an economy of one industry does not have; all with the other
        dimensions of `data` in front. Where a point was not solved numbers are NaN and
        words "unknown".

    Raises
    ------
    InputError
        If `data` has no such ``total_cost``, if an Equilibrium is not at rest, or if a
        threshold or a name is out of range.

    Notes
    -----
    Not a measure for comparing economies with different numbers of places: how high a
    concentration chance alone would bring depends on them.

    Examples
    --------
    Manufacturing in two places of four, services in the first place alone:

    >>> import nege, xarray as xr
    >>> cost = xr.DataArray(
    ...     [[[4, 0], [4, 0], [0, 0], [0, 0]], [[1, 3], [0, 0], [0, 0], [0, 0]]],
    ...     dims=("industry", "place", "channel"),
    ...     coords={"industry": ["manufacturing", "services"], "channel": ["offline", "online"]},
    ... )
    >>> found = nege.patterns(xr.Dataset({"total_cost": cost}))
    >>> found.mode.values.tolist(), found.pattern.item(), found.colocation.item()
    (['geographic', 'dual'], 'one-sided online', 0.5)
    """
    thresholds = {
        name: validation.number(name, value, at_least=0.0, at_most=1.0)
        for name, value in (
            ("concentrated", concentrated),
            ("online", online),
            ("colocated", colocated),
        )
    }
    cost = _total_cost(data)
    industries = [str(name) for name in cost["industry"].values]
    total = cost.sum(["place", "channel"], skipna=False)
    total = total.where(total > 0.0)
    place_share = cost.sum("channel", skipna=False) / total
    online_share = cost.sel(channel="online", drop=True).sum("place", skipna=False) / total
    even = 1.0 / cost.sizes["place"]
    concentration = ((place_share**2).sum("place", skipna=False) - even) / (1.0 - even)
    found = {
        "online_share": online_share,
        "concentration": concentration,
        "mode": _mode(concentration >= thresholds["concentrated"], online_share, online),
    }
    if pair is not None or len(industries) > 1:
        first, second = _pair(pair, industries)
        of_each = [n for n, c in place_share.coords.items() if "industry" in c.dims]
        one, other = (place_share.sel(industry=name).drop_vars(of_each) for name in (first, second))
        apart = abs(one - other)
        found["colocation"] = 1.0 - 0.5 * apart.sum("place", skipna=False)
        found["pattern"] = _pattern(
            found["colocation"], online_share.sel(industry=[first, second]), thresholds
        )
    result = xr.Dataset(found)
    for name, (meaning, unit) in WORDS.items():
        if name in result:
            result[name].attrs = {"long_name": meaning} | ({"units": unit} if unit else {})
    return result.assign_attrs(thresholds)


WORDS = {
    "online_share": ("online share of the industry's cost", "1"),
    "concentration": ("normalised Herfindahl index of the industry's places", "1"),
    "mode": ("mode of agglomeration", ""),
    "colocation": ("co-location of the two industries", "1"),
    "pattern": ("pattern of the two industries", ""),
}


def _total_cost(data: AtRest | xr.Dataset) -> xr.DataArray:
    """Return total cost over (..., industry, place, channel), NaN where it was not solved."""
    allowed = "an Equilibrium or Dataset with total_cost over industry, place and channel"
    if not isinstance(data, xr.Dataset) and isinstance(data, AtRest):
        # A rest point that is not stable is still a map of industry.
        if data.status not in (Status.CONVERGED, Status.UNSTABLE):
            cure = f"Its solve ended with {data.status.name}. {data.status.remedy}"
            raise InputError("data", data.status.name, "an economy at rest", cure)
        data = data.data
    if not isinstance(data, xr.Dataset) or "total_cost" not in data.data_vars:
        cure = "nege.solve, nege.sweep and nege.follow make one of nege.OnlineAgglomeration."
        raise InputError("data", type(data).__name__, allowed, cure)
    cost = data["total_cost"]
    if not set(CELL) <= set(cost.dims):
        raise InputError("data", cost.dims, allowed, "Those are the dimensions of total_cost.")
    channels = {str(name) for name in cost["channel"].values}
    if channels != {"offline", "online"} or "industry" not in cost.coords:
        cure = 'Label its industries, and its channels "offline" and "online".'
        raise InputError("data", sorted(channels), f"{allowed}, labelled", cure)
    if cost.sizes["place"] < 2:
        cure = "One place says nothing about where industry is."
        raise InputError("data", cost.sizes["place"], "of at least two places", cure)
    front = [dim for dim in cost.dims if dim not in CELL]
    cost = cost.transpose(*front, *CELL).astype(np.float64)
    if bool((cost < 0.0).any()) or bool(np.isinf(cost).any()):
        raise InputError("data", "total_cost", "nowhere negative or infinite")
    if "status" in data:
        cost = cost.where(data["status"] == int(Status.CONVERGED))
    return cost


def _pair(pair: Sequence[str] | None, industries: Sequence[str]) -> tuple[str, str]:
    """Return the names of two industries."""
    names = list(industries[:2]) if pair is None else validation.texts("pair", pair)
    if len(names) != 2 or len(set(map(str, names))) != 2:
        raise InputError("pair", names, "two different industries", f"Known: {industries}.")
    first, second = (validation.known("pair", name, industries) for name in names)
    return first, second


def _chosen(like: xr.DataArray, choices: dict[str, xr.DataArray]) -> xr.DataArray:
    """Return the first word that applies, "unknown" where a number is NaN."""
    dims: tuple[Hashable, ...] = like.dims
    applies = [like.isnull(), *choices.values()]
    words = np.select([a.transpose(*dims).values for a in applies], [UNKNOWN, *choices], UNKNOWN)
    return like.copy(data=words)


def _mode(concentrated: xr.DataArray, share: xr.DataArray, online: float) -> xr.DataArray:
    sells_online = share > online
    return _chosen(
        share,
        {
            "dual": concentrated & sells_online,
            "online": sells_online,
            "geographic": concentrated,
            "dispersed": ~concentrated,
        },
    )


def _pattern(
    colocation: xr.DataArray, shares: xr.DataArray, thresholds: dict[str, float]
) -> xr.DataArray:
    count = (shares > thresholds["online"]).sum("industry")
    return _chosen(
        colocation,
        {
            "two-sided online": count == 2,
            "one-sided online": count == 1,
            "co-located": colocation >= thresholds["colocated"],
            "separated": colocation < thresholds["colocated"],
        },
    )


def codes(total_cost: np.ndarray) -> np.ndarray:
    """Return the codes of the patterns of many economies, at the default thresholds."""
    front = [f"axis_{axis}" for axis in range(total_cost.ndim - len(CELL))]
    industries = [str(k) for k in range(total_cost.shape[len(front)])]
    labels = {"channel": ["offline", "online"], "industry": industries}
    cost = xr.DataArray(total_cost, dims=(*front, *CELL), coords=labels)
    words = patterns(xr.Dataset({"total_cost": cost})).pattern.values
    code = {word: k for k, word in enumerate((UNKNOWN, *PATTERNS), UNSOLVED)}
    return np.array([code[word] for word in words.flat], np.int8).reshape(words.shape)
