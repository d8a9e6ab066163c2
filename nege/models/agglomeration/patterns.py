"""Patterns of agglomeration: who is clustered, where, online, and together.

Every number is relative to land: an industry that is spread as land is has no pattern,
however many places there are and however they are cut.

    m_p, s_p   shares of the costs of two industries in place p, over both channels
    r_p        share of place p in all land

    density of the densest quarter of the land     q = (share of the industry on it)/(1/4)
    land effectively used                          a = 1/sum_p m_p^2/r_p
    how dense S is where a firm of M meets it      meets = sum_p m_p s_p/r_p, 1 if independent
    correlation                                    (meets - 1)/sqrt((1/a_M - 1)(1/a_S - 1))

Land and not people is the measure, because people move after jobs: in a model in which all
of them work in the industries, these are by definition where people are. All numbers are
unchanged when a place is cut into parts that are alike. q is read off the Lorenz curve of
density, so that a place may lie partly in the densest quarter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.status import Status
from nege.validation.keywords import hinted

__all__ = ["patterns"]

#: What is said of a point that was not solved.
UNKNOWN = "unknown"
CLUSTERED, MIXED, SCATTERED = "clustered", "mixed", "scattered"

#: The words by their codes, for sweeps that keep one byte a point (CF conventions).
BETWEEN = "in between"
PATTERNS = ("co-located", "separated", "one-sided online", "two-sided online", BETWEEN)
UNSOLVED = -1
FLAGS = {
    "long_name": "pattern of the first two industries",
    "flag_values": [UNSOLVED, *range(len(PATTERNS))],
    "flag_meanings": " ".join(word.replace(" ", "_") for word in (UNKNOWN, *PATTERNS)),
}

CELL = ("industry", "place", "channel")
MODES = ("offline", "online", "dual")  # of firms; the last where there is ``DualMode``
QUARTER = 0.25  # of the land, the densest
ROUNDING = 1e-9  # half of the places, evenly, is exactly at a border


@runtime_checkable
class AtRest(Protocol):
    """The part of an :class:`nege.Equilibrium` that patterns read: data, status and remedy."""

    @property
    def status(self) -> Status:
        """How its solve ended."""

    @property
    def remedy(self) -> str:
        """What to try where it failed."""

    @property
    def data(self) -> xr.Dataset:
        """Its variables."""


@hinted
def patterns(
    data: AtRest | xr.Dataset,
    *,
    clustered: float = 2.0,
    scattered: float = 1.5,
    online: float = 0.5,
    together: float = 0.5,
    land: Any = None,
    pair: Sequence[str] | None = None,
) -> xr.Dataset:
    """Patterns of agglomeration: which industries are clustered, where, online, and together.

    The density q of an industry is its share on the densest quarter of the land, over a
    quarter: 1 if it is spread as land is, 4 if all of it is on a quarter of the land or
    less. It is clustered from q = 2 on, half of it on a quarter of the land, scattered up
    to q = 1.5, and mixed in between. It is online if most of its cost is of online firms,
    not counting those that sell both ways (:class:`nege.mechanisms.DualMode`).
    Two industries correlate in space as Σ m s/r − 1 says, over its largest value, m and s
    being their shares of places and r those of land. Their pattern is

    ================  ======================  ============  ===================
    pattern           clustered               online        correlation
    ================  ======================  ============  ===================
    co-located        both                    none          at least 0.5
    separated         both                    none          at most 0
    one-sided online  the one that is not     one of them   any
                      online; that one is
                      scattered
    two-sided online  none, both scattered    both          any
    in between        anything else
    ================  ======================  ============  ===================

    The four phases are those of Tan & Xia (2022), taken at their word; numbers and
    thresholds are nege's.

    Parameters
    ----------
    data : Equilibrium or Dataset
        An economy of :class:`nege.OnlineAgglomeration`, or what :func:`nege.sweep` or
        :func:`nege.follow` made of one: any Dataset with ``total_cost`` over industry,
        place and channel and whatever else. Where it has a ``status``, points that were
        not solved have no pattern.
    clustered, scattered : float, default 2 and 1.5
        Density from which an industry is clustered, and up to which it is scattered, 1 to 4.
    online : float, default 0.5
        Online share above which an industry is online, 0 to 1.
    together : float, default 0.5
        Correlation from which two clustered industries are co-located, 0 to 1.
    land : float, mapping or array over place, optional
        Land of the places, in any unit, one number for places of one size. By default
        ``area`` of `data`, which every result of the model has.
    pair : sequence of two str, optional
        The industries whose pattern it is; by default the first two.

    Returns
    -------
    Dataset
        Per industry ``online_share``, ``density`` (q), ``land_used`` (the part of land it
        effectively uses, 1/Σ m²/r), ``state`` and ``places``, true for the places of a
        cluster, which are at least `clustered` times as dense as the average. Of the pair
        ``correlation``, ``meets`` (how many times the average density of the one a firm of
        the other meets; 1 if they are independent) and ``pattern``, which an economy of one
        industry does not have. All have the other dimensions of `data` in front; thresholds
        are attributes. Where a point was not solved numbers are NaN and words "unknown".
        ``correlation`` is NaN where an industry is spread exactly as land is.

    Raises
    ------
    InputError
        If `data` has no such ``total_cost``, or neither says what land places have nor
        `land`, if an Equilibrium did not converge to a rest point, stable or not, or if
        a threshold or a name is out of range.

    Notes
    -----
    Not for counted firms: the null is a continuum of them. Of 20 equal firms thrown at 4, 8
    or 20 equal places 6, 26 or 98 per cent of throws have q ≥ 2 by chance.

    Examples
    --------
    Manufacturing in two places of four, services in the first place alone:

    >>> import nege, xarray as xr
    >>> cost = xr.DataArray(
    ...     [[[4, 0], [4, 0], [0, 0], [0, 0]], [[5, 3], [0, 0], [0, 0], [0, 0]]],
    ...     dims=("industry", "place", "channel"),
    ...     coords={"industry": ["manufacturing", "services"], "channel": ["offline", "online"]},
    ... )
    >>> found = nege.patterns(xr.Dataset({"total_cost": cost}), land=1)
    >>> found.density.values.tolist(), found.meets.item(), found.pattern.item()
    ([2.0, 4.0], 2.0, 'co-located')
    """
    thresholds = _thresholds(clustered, scattered, online, together)
    cost = _total_cost(data)
    industries = [str(name) for name in cost["industry"].values]
    area = _area(data, land, cost)
    front = [dim for dim in cost.dims if dim not in CELL]

    with np.errstate(invalid="ignore", divide="ignore"):
        every, r = cost.values, area.values
        total = every.sum((-2, -1))
        total = np.where(total > 0.0, total, np.nan)
        shares = every.sum(-1) / total[..., None]
        relative = shares / r[..., None, :] - 1.0  # density against the average, less one
        q = _density(shares, r)
        spread = (r[..., None, :] * relative**2).sum(-1)  # 1/a - 1, without cancelling digits
        state = _words(
            q,
            {
                CLUSTERED: q >= clustered - ROUNDING,
                SCATTERED: q <= scattered + ROUNDING,
                MIXED: np.isfinite(q),
            },
        )
        where = (state == CLUSTERED)[..., None] & (relative >= clustered - 1.0 - ROUNDING)
        found = {
            "online_share": ((*front, "industry"), every[..., 1].sum(-1) / total),
            "density": ((*front, "industry"), q),
            "land_used": ((*front, "industry"), 1.0 / (1.0 + spread)),
            "state": ((*front, "industry"), state),
            "places": ((*front, "industry", "place"), where),
        }
        if pair is not None or len(industries) > 1:
            both = [industries.index(name) for name in _pair(pair, industries)]
            one, other = (relative[..., k, :] for k in both)
            meets = 1.0 + (r * one * other).sum(-1)
            least = np.sqrt(spread[..., both].prod(-1))
            even = (spread[..., both] <= ROUNDING**2).any(-1)
            correlation = np.where(even, np.nan, (meets - 1.0) / least)
            on = found["online_share"][1][..., both]
            pattern = _pattern(state[..., both], on, correlation, meets, thresholds)
            found |= {
                "correlation": (tuple(front), correlation),
                "meets": (tuple(front), meets),
                "pattern": (tuple(front), pattern),
            }
    of_cells = {n for n, c in cost.coords.items() if "channel" in c.dims}
    result = xr.Dataset(found, coords={n: c for n, c in cost.coords.items() if n not in of_cells})
    for name, (meaning, unit) in WORDS.items():
        if name in result:
            result[name].attrs = {"long_name": meaning} | ({"units": unit} if unit else {})
    return result.assign_attrs(thresholds)


WORDS = {
    "online_share": ("online share of the industry's cost", "1"),
    "density": ("density on the densest quarter of the land, over the average", "1"),
    "land_used": ("part of land that the industry effectively uses", "1"),
    "state": ("clustered, mixed or scattered", ""),
    "places": ("whether a place belongs to the industry's cluster", ""),
    "correlation": ("correlation of the two industries in space", "1"),
    "meets": ("density of the one industry where the other is, over the average", "1"),
    "pattern": ("pattern of the two industries", ""),
}


def _thresholds(
    clustered: float, scattered: float, online: float, together: float
) -> dict[str, float]:
    found = {
        name: validation.number(name, value, at_least=low, at_most=high)
        for name, value, low, high in (
            ("clustered", clustered, 1.0, 1.0 / QUARTER),
            ("scattered", scattered, 1.0, 1.0 / QUARTER),
            ("online", online, 0.0, 1.0),
            ("together", together, 0.0, 1.0),
        )
    }
    if found["scattered"] >= found["clustered"]:
        cure = "No industry is both: leave room between them."
        raise InputError("scattered", scattered, f"below clustered ({clustered:g})", cure)
    return found


def _total_cost(data: AtRest | xr.Dataset) -> xr.DataArray:
    """Return total cost over (..., industry, place, channel), NaN where it was not solved."""
    allowed = "an Equilibrium or Dataset with total_cost over industry, place and channel"
    if not isinstance(data, xr.Dataset) and isinstance(data, AtRest):
        # A rest point that is not stable is still a map of industry.
        if data.status not in (Status.CONVERGED, Status.UNSTABLE):
            cure = f"Its solve ended with {data.status.name}. {data.remedy}"
            raise InputError("data", data.status.name, "an economy at rest", cure)
        data = data.data
    if not isinstance(data, xr.Dataset) or "total_cost" not in data.data_vars:
        cure = "nege.solve, nege.sweep and nege.follow make one of nege.OnlineAgglomeration."
        raise InputError("data", type(data).__name__, allowed, cure)
    cost = data["total_cost"]
    if not set(CELL) <= set(cost.dims):
        raise InputError("data", cost.dims, allowed, "Those are the dimensions of total_cost.")
    channels = [str(name) for name in cost["channel"].values]
    modes = list(MODES[: max(2, len(channels))])
    if sorted(channels) != sorted(modes) or "industry" not in cost.coords:
        cure = 'Label its industries, and its channels "offline" and "online".'
        raise InputError("data", sorted(channels), f"{allowed}, labelled", cure)
    if cost.sizes["place"] < 2:
        cure = "One place says nothing about where industry is."
        raise InputError("data", cost.sizes["place"], "of at least two places", cure)
    front = [dim for dim in cost.dims if dim not in CELL]
    cost = cost.sel(channel=modes).transpose(*front, *CELL).astype(np.float64)
    if bool((cost < 0.0).any()) or bool(np.isinf(cost).any()):
        raise InputError("data", "total_cost", "nowhere negative or infinite")
    if "status" in data:
        cost = cost.where(data["status"] == int(Status.CONVERGED)).transpose(*front, *CELL)
    return cost


def _area(data: AtRest | xr.Dataset, land: Any, cost: xr.DataArray) -> xr.DataArray:
    """Return shares of land over (..., place), as wide as cost."""
    held = data if isinstance(data, xr.Dataset) else data.data
    every = cost.isel(industry=0, channel=0, drop=True)
    if land is not None:
        labelled = "place" in cost.coords
        names = map(str, cost["place"].values if labelled else range(cost.sizes["place"]))
        area = validation.table("land", land, {"place": list(names)}, above=0.0)
        area = area.drop_vars("place")
    elif "area" in held.data_vars:
        area = held["area"]
        if not set(area.dims) <= set(every.dims):
            cure = "Land is that of a place: give land= by place."
            raise InputError("data", area.dims, f"area over no other than {every.dims}", cure)
        if bool((area <= 0.0).any()) or bool(np.isinf(area).any()):
            raise InputError("data", "area", "positive and finite, where it is known")
    else:
        cure = (
            'Results of nege have it as "area": keep it in a sweep. '
            "Else give land by place, or land=1 where all places have the same."
        )
        allowed = "given where data does not say what land places have"
        raise InputError("land", None, allowed, cure)
    area = area.broadcast_like(every).transpose(*every.dims)
    return area / area.sum("place", skipna=False)


def _density(shares: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Return the density of the densest quarter of the land, by industry."""
    land = np.broadcast_to(r[..., None, :], shares.shape)
    density = shares / land
    order = np.argsort(-density, axis=-1)
    land, density = (np.take_along_axis(each, order, -1) for each in (land, density))
    taken = np.clip(QUARTER - (np.cumsum(land, -1) - land), 0.0, land)
    return np.asarray((density * taken).sum(-1) / QUARTER)


def _pair(pair: Sequence[str] | None, industries: list[str]) -> tuple[str, str]:
    """Return the names of two industries."""
    names = list(industries[:2]) if pair is None else validation.texts("pair", pair)
    if len(names) != 2 or len(set(map(str, names))) != 2:
        raise InputError("pair", names, "two different industries", f"Known: {industries}.")
    first, second = (validation.known("pair", name, industries) for name in names)
    return first, second


def _words(number: np.ndarray, choices: dict[str, np.ndarray]) -> np.ndarray:
    """Return the first word that applies, "unknown" where a number is NaN."""
    return np.select([np.isnan(number), *choices.values()], [UNKNOWN, *choices], UNKNOWN)


def _pattern(
    state: np.ndarray,
    online_share: np.ndarray,
    correlation: np.ndarray,
    meets: np.ndarray,
    thresholds: dict[str, float],
) -> np.ndarray:
    """Return the pattern of pairs, whose industries are along the last axis."""
    online, scattered, clustered = (
        online_share > thresholds["online"],
        state == SCATTERED,
        state == CLUSTERED,
    )
    both = clustered.all(-1) & ~online.any(-1)
    left_and_stayed = np.where(online, scattered, clustered).all(-1)
    return _words(
        meets,
        {
            "co-located": both & (correlation >= thresholds["together"] - ROUNDING),
            "separated": both & (correlation <= ROUNDING),
            "one-sided online": (online.sum(-1) == 1) & left_and_stayed,
            "two-sided online": online.all(-1) & scattered.all(-1),
            BETWEEN: np.isfinite(meets),
        },
    )


def codes(total_cost: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Return the codes of the patterns of many economies, at the default thresholds."""
    front = [f"axis_{axis}" for axis in range(total_cost.ndim - len(CELL))]
    industries = [str(k) for k in range(total_cost.shape[len(front)])]
    labels = {"channel": list(MODES[: total_cost.shape[-1]]), "industry": industries}
    made = {"total_cost": ((*front, *CELL), total_cost), "area": ((*front, "place"), area)}
    words = patterns(xr.Dataset(made, coords=labels)).pattern.values
    code = {word: k for k, word in enumerate((UNKNOWN, *PATTERNS), UNSOLVED)}
    return np.array([code[word] for word in words.flat], np.int8).reshape(words.shape)
