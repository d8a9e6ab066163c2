"""What an experiment ended in: every draw in every state, and statistics of it.

Statistics are over "draw" and "case", and more dimensions where they say so. Unsolved points
are NaN in all of them.

    rises(x)     smallest step of x from one state to the next: positive where it rises throughout
    falls(x)     the same of -x
    all_of(...)  smallest of several margins: all of them have to hold
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege.models.agglomeration.kinds import CHANNELS
from nege.models.agglomeration.patterns import patterns
from nege.models.base import Model

GOODS, SERVICES = "manufacturing", "services"
SAME = 1e-6  # what is equal in theory differs by less once it is solved for


class Observed:
    """Outcomes of a drawn economy in several states.

    Parameters
    ----------
    data : Dataset
        Variables of the model over "draw" and "case" in front, with ``status``.
    parameters : Dataset
        Parameters that differ among draws or states, over "draw" and "case" in front.
    model : Model
        The economy that was varied.
    """

    def __init__(self, data: xr.Dataset, parameters: xr.Dataset, model: Model) -> None:
        self.data, self.parameters, self.model = data, parameters, model

    def __getattr__(self, name: str) -> xr.DataArray:
        """Return a variable: ``x.wage``."""
        try:
            found: xr.DataArray = self.data[name]
        except KeyError as error:
            raise AttributeError(name) from error
        return found

    def parameter(self, name: str) -> xr.DataArray:
        """Return a parameter, over draws and states where it differs among them."""
        if name in self.parameters:
            return self.parameters[name]
        mechanism, _, field = name.rpartition(".")
        holder: Any = self.model
        return xr.DataArray(getattr(holder.mechanisms[mechanism] if mechanism else holder, field))

    @functools.cached_property
    def patterns(self) -> xr.Dataset:
        """Online share, density, state, places, meeting and pattern, as ``nege.patterns``."""
        return patterns(self.data)

    def state(self, name: Hashable) -> Observed:
        """Return one state of it."""
        pick = {"case": name}
        return Observed(self.data.sel(pick), self.parameters.sel(pick), self.model)

    def states(self, names: Sequence[Hashable]) -> Observed:
        """Return some states of it."""
        pick = {"case": list(names)}
        return Observed(self.data.sel(pick), self.parameters.sel(pick), self.model)


# --- signs ---------------------------------------------------------------------------


def rises(x: xr.DataArray, over: str = "case") -> xr.DataArray:
    """Return the smallest step from one state to the next; over all other dimensions too."""
    steps = x.diff(over)
    return steps.min([dim for dim in steps.dims if dim != "draw"], skipna=False)


def falls(x: xr.DataArray, over: str = "case") -> xr.DataArray:
    """Return the smallest fall from one state to the next; over all other dimensions too."""
    return rises(-x, over)


def all_of(*margins: xr.DataArray) -> xr.DataArray:
    """Return the smallest of several margins; each is in its own unit, so only signs count."""
    smaller: Any = np.minimum  # NaN where one of them is
    return xr.DataArray(functools.reduce(smaller, margins))


# --- statistics of industries --------------------------------------------------------


def online_share(x: Observed, industry: str = SERVICES) -> xr.DataArray:
    """Return the part of an industry's sales that is online, by cost."""
    cost = x.total_cost.sel(industry=industry).sum("place", skipna=False)
    return cost.sel(channel="online", drop=True) / cost.sum("channel", skipna=False)


def density(x: Observed, industry: str = SERVICES) -> xr.DataArray:
    """Return how dense an industry is on its densest quarter of the land; 1 is even."""
    found: xr.DataArray = x.patterns.density.sel(industry=industry, drop=True)
    return found


def meets(x: Observed) -> xr.DataArray:
    """Return how dense services are where a firm of manufacturing meets them."""
    found: xr.DataArray = x.patterns.meets
    return found


def in_place(x: Observed, place: str, industry: str = SERVICES) -> xr.DataArray:
    """Return the part of an industry that is in a place, by cost."""
    cost = x.total_cost.sel(industry=industry, drop=True).sum("channel", skipna=False)
    return cost.sel(place=place, drop=True) / cost.sum("place", skipna=False)


def firms(x: Observed, industry: str = SERVICES) -> xr.DataArray:
    """Return the mass of firms of an industry."""
    mass = x.firm_mass.sel(industry=industry, drop=True)
    return mass.sum(["place", "channel"], skipna=False)


def firm_size(x: Observed, industry: str = SERVICES) -> xr.DataArray:
    """Return cost per firm of an industry."""
    cost = x.total_cost.sel(industry=industry, drop=True).sum(["place", "channel"], skipna=False)
    return cost / firms(x, industry)


def price_gap(x: Observed, industry: str = SERVICES) -> xr.DataArray:
    """Return how much dearer an industry is in the dearest place than in the cheapest."""
    index = x.price_index.sel(industry=industry, drop=True)
    return index.max("place", skipna=False) / index.min("place", skipna=False)


def jobs_away(x: Observed) -> xr.DataArray:
    """Return the part of jobs, by what they pay, that are not where people live."""
    labour = 1.0 - x.parameter("inputs").sum("input") - x.parameter("land_share")
    pay = (labour * x.total_cost.sum("channel", skipna=False)).sum("industry", skipna=False)
    return 0.5 * abs(pay / pay.sum("place", skipna=False) - x.population).sum("place", skipna=False)


def spread(values: xr.DataArray, dim: str = "place") -> xr.DataArray:
    """Return by how much the largest exceeds the smallest, in logs."""
    logs: Any = np.log(values)
    return xr.DataArray(logs.max(dim, skipna=False) - logs.min(dim, skipna=False))


def icebergs(x: Observed) -> xr.DataArray:
    """Return trade costs as factors, over industry, channel, the seller's place and "buyer"."""
    names = x.total_cost.place.values
    distance = xr.DataArray(
        np.asarray(x.model.geography.distance), {"place": names, "buyer": names}, ("place", "buyer")
    )
    transport, shipped = x.parameter("transport_cost"), 1.0 - x.parameter("digitisability")
    away = [(transport + x.parameter("search_cost")) * distance, shipped * transport * distance]
    factors: Any = np.exp(xr.concat(away, "channel").assign_coords(channel=list(CHANNELS)))
    return xr.DataArray(factors * channels_of(x.parameter("digital_cost")))


def channels_of(online: xr.DataArray) -> xr.DataArray:
    """Return a factor that is one offline, over channels."""
    both: xr.DataArray = xr.concat([online**0.0, online], "channel")
    return both.assign_coords(channel=list(CHANNELS))


def bought_nearby(x: Observed, industry: str = SERVICES) -> xr.DataArray:
    """Return the part of what buyers pay for an industry that is for sellers of their own place.

    Firms that make an input themselves (`nege.mechanisms.Sourcing`) buy none of it. Prices have
    to be costs, commission and trade costs alone: mechanisms that change them are refused.
    """
    own: Any = {"industry": industry, "drop": True}
    sigma, variety, scale, commission = (
        x.parameter(name).sel(**own) for name in ("sigma", "variety", "firm_scale", "commission")
    )
    mass, cost = x.firm_mass.sel(**own), x.total_cost.sel(**own)
    price = cost / mass / scale / channels_of(1.0 - commission) * icebergs(x).sel(**own)
    supply = (mass**variety * price ** (1.0 - sigma)).sum("channel", skipna=False)
    every = supply.sum("place", skipna=False).rename(buyer="place")
    index = every ** (1.0 / (1.0 - sigma))
    if (abs(index / x.price_index.sel(**own) - 1.0) > SAME).any():
        raise AssertionError(f"prices of {industry} are not what costs and trade costs make them")
    near = supply.where(supply.place == supply.buyer, 0.0).sum("buyer")
    uses = x.parameter("inputs").sel(input=industry, drop=True)
    if "sourcing.bought" in x.data:
        uses = uses * x.data["sourcing.bought"].sel(input=industry, drop=True)
    spent = (uses * x.total_cost.sum("channel", skipna=False)).sum("industry", skipna=False)
    spent = spent + x.parameter("consumption").sel(**own) * x.income
    return (near / every * spent).sum("place", skipna=False) / spent.sum("place", skipna=False)
