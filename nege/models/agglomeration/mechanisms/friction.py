"""Friction: a factor on trade costs that nobody earns, at borders, in channels, of industries.

    tau' = tau factor       where it is: of what is shipped 1 - 1/factor is lost

Rules that differ between jurisdictions, search, market access, steering by platforms are cases of
it; below 1 it is what buyers take for better. Off: factor = 1. It lowers itself: no equation of
its own.
Source: own; an iceberg as in Samuelson (1954).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from nege.errors import InputError
from nege.models import fields
from nege.models.agglomeration.kinds import AS_ONE, ClosedForm, positive
from nege.models.agglomeration.mechanisms.frame import Mechanism
from nege.models.agglomeration.mechanisms.tax import among, cells, check_border, crossing, mask


class Friction(Mechanism):
    """A part of what is shipped that is lost on the way: an iceberg cost beside the economy's.

    Examples
    --------
    >>> import nege
    >>> from nege import mechanisms as mech
    >>> halves = mech.Jurisdictions({"north": ["0", "1"], "south": ["2", "3"]})
    >>> rules = mech.Friction("rules", 1.2, crossing="border", industries="services")
    >>> economy = nege.OnlineAgglomeration(mechanisms=[halves, rules])
    >>> economy.mechanisms["rules"].factor
    1.2
    """

    factor: float = fields.number(
        "factor on trade costs", positive("Costs are multiplied by it."), default=1.0, kw_only=False
    )
    crossing: str = fields.word(
        "on all sales, or on those into another jurisdiction", ("all", "border"), default="all"
    )
    industries: Any = among("industry", "industries that it is on", more="By default all.")
    channels: Any = among("channel", "channels that it is on", more="By default both.")
    origins: Any = among("place", "places of sellers", more="By default all.")
    destinations: Any = among("place", "places of buyers", more="By default all.")

    kind: ClassVar[str] = "friction"

    def check(self, economy: Any) -> None:
        """Refuse a nation without borders, and sales of which none crosses one."""
        if self.crossing != "border":
            return
        check_border(economy, f"{self.name}.crossing", self.crossing)
        if not self._pairs(economy).any():
            cure = "Let crossing be 'all', or name places of other jurisdictions."
            allowed = "such that sales between them cross a border"
            named = {"origins": self.origins, "destinations": self.destinations}
            side = "destinations" if self.origins is None else "origins"
            raise InputError(f"{self.name}.{side}", named, allowed, cure)

    def _pairs(self, economy: Any) -> np.ndarray:
        """Return 1 for the pairs of places that it is on."""
        names = economy.geography.names
        pairs = mask(self.origins, names)[:, None] * mask(self.destinations, names)
        return np.asarray(pairs * crossing(economy) if self.crossing == "border" else pairs)

    def icebergs(self, economy: Any) -> np.ndarray:
        """Return ln of the factor where it is."""
        pairs = self._pairs(economy)
        return np.asarray(np.log(self.factor) * cells(self, economy)[:, :, None, None] * pairs)


def _online(make: Any, solve: Any) -> tuple[Any, Any]:
    """Friction online is as good as dearer digital trade."""
    economy = make(digital_cost=1.3)
    lost = solve(economy.with_mechanisms(Friction(name="loss", factor=1.1, channels="online"))).data
    return lost.total_cost, solve(economy.replace(digital_cost=1.3 * 1.1)).data.total_cost


def _odds(make: Any, solve: Any) -> tuple[Any, Any]:
    """At equal costs and access the odds of online are factor^((1-sigma)/(1-phi))."""
    economy = make(**AS_ONE, spillover=0.0, commission=0.0, variety=0.6, digital_cost=1.0)
    data = solve(economy.with_mechanisms(Friction(name="loss", factor=1.2, channels="online"))).data
    odds = data.firm_mass.sel(channel="online") / data.firm_mass.sel(channel="offline")
    return odds.values.ravel(), np.full(4, 1.2 ** (-4.0 / 0.4))


Friction.closed_forms = [
    ClosedForm("friction online is a dearer digital trade cost", _online),
    ClosedForm("odds online are factor^((1-sigma)/(1-phi))", _odds),
]
