"""An answer: the economy at the values asked for, solved, failed or refused, and what to show."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege.models.base import Model
from nege.results.equilibrium import Equilibrium
from nege.studies.comparison import Comparison

SOLVED, UNSTABLE, FAILED, REFUSED = "solved", "unstable", "failed", "refused"


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Answer:
    """What an economy is like at some values of its controls.

    Attributes
    ----------
    values : mapping
        What was asked for, beside what the economy has by itself.
    outcome : {"solved", "unstable", "failed", "refused"}
        How that went; only the first is an equilibrium that lasts.
    headline : str
        That in a sentence.
    words : tuple of str
        What was found, and how far it is proven.
    open : str
        What is not established.
    equilibrium : Equilibrium or None
        As ``nege.solve`` returns it; of a failed solve what it reached; None where refused.
    start : object
        What the solve started from, as ``nege.solve`` takes it.
    started : str
        The same in words.
    since : Equilibrium or None
        Where the economy was, where it went on from there.
    against : Answer or None
        What gains are compared with.
    gains : Comparison or None
        Who gains and who loses against the reference.
    who : tuple of str
        The same in words; or why it is not known.
    idle : tuple of str
        Mechanisms of the economy without which this is an equilibrium just as well.
    cpu, wall : float
        Seconds that it took.
    """

    values: Mapping[str, Any]
    outcome: str
    headline: str
    words: tuple[str, ...]
    open: str
    model: Model | None
    equilibrium: Equilibrium | None
    start: Any
    started: str
    gains: Comparison | None
    who: tuple[str, ...]
    since: Equilibrium | None = None
    idle: tuple[str, ...] = ()
    against: Answer | None = None
    cpu: float = 0.0
    wall: float = 0.0

    @property
    def solved(self) -> bool:
        """Whether there is an equilibrium that lasts."""
        return self.outcome == SOLVED

    @property
    def data(self) -> xr.Dataset | None:
        """Every variable; of a failed solve at the last point; None where refused."""
        return None if self.equilibrium is None else self.equilibrium.data

    @property
    def places(self) -> xr.Dataset | None:
        """By place, the online region included: ``people``, ``payoff``, and ``firms``.

        ``firms`` are shares of an industry over industry, place and channel.
        """
        if self.equilibrium is None:
            return None
        model, data = self.equilibrium.model, self.equilibrium.data
        if model.in_shares:
            share = data["share"].rename(region="place")
            payoff = data[model.payoff].rename(region="place")
            people = data["population"].rename(region="place") if "population" in data else share
            return xr.Dataset({"people": people, "payoff": payoff, "firms": _firms(model, share)})
        cost = data["total_cost"]
        firms = cost / cost.sum([d for d in cost.dims if d != "industry"])
        firms.attrs = {"long_name": "share of the industry, by cost", "units": "1"}
        return xr.Dataset(
            {"people": data["population"], "payoff": data["real_income"], "firms": firms}
        )

    @property
    def shares(self) -> xr.DataArray | None:
        """Share of each industry by channel, over industry and channel."""
        places = self.places
        return None if places is None else places["firms"].sum("place")

    def __repr__(self) -> str:
        return "\n".join([self.headline, *self.words, self.open, *self.who]).rstrip()


def _firms(model: Model, share: xr.DataArray) -> xr.DataArray:
    """Return shares of the one industry of a model: online where the online region is."""
    online = np.zeros(share.sizes["place"], bool)
    online[len(model.geography) :] = True
    channels = ["offline", "online"] if model.online is not None else ["offline"]
    made = [np.where(online, 0.0, share.values), np.where(online, share.values, 0.0)]
    table = np.array([np.column_stack(made[: len(channels)])])
    labels = {"industry": [model.movers], "place": share["place"].values, "channel": channels}
    return xr.DataArray(table, labels, ("industry", "place", "channel"), attrs=share.attrs)
