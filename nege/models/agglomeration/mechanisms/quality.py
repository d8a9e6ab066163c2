"""Quality: firms make goods as good as buyers can see that they are (claim 12: reviews).

    demand for a variety  z^(B_c (sigma-1))          z    quality that its firm chooses
    fixed scale           f (1 + q z^eta)            B_c  seen: how much buyers see of it
    e     = B_c (sigma-1)/eta < 1                    eta  convexity of what quality costs
    z^eta = e/((1-e) q)                              q    cost, as a part of fixed scale f
    scale = f/(1-e)

First-order condition and zero profit: e R = f q z^eta c with R = f (1 + q z^eta) c. So both are
numbers: ln tau_c -= B_c ln z_c, and f_c is divided by 1 - e_c. Off: B = 0, exactly. Where B is the
same in both channels shares of places and channels stay as they are. What buyers see changes what
they value: welfare compares along a path of other parameters, not across B. Quality below one
would lower demand where more of it is seen, which only means that its unit is badly chosen: q
has to be at most e/(1-e).
Source: after Sutton (1991), whose quality is fixed cost too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.models import fields
from nege.models.agglomeration.kinds import CHANNELS, ClosedForm, by_industry, positive, weight
from nege.models.agglomeration.mechanisms.frame import Mechanism
from nege.models.fields import Labelled

SEEN = weight("It is the elasticity of what a variety is worth to buyers in its quality.")


class Quality(Mechanism):
    """Quality that firms choose, of which buyers see more in one channel than in the other.

    Examples
    --------
    >>> import nege
    >>> reviews = nege.mechanisms.Quality(seen={"online": 0.6, "offline": 0.3}, cost=0.01)
    >>> economy = nege.OnlineAgglomeration(mechanisms=[reviews])
    >>> economy.mechanisms["quality"].chosen(economy).sel(industry="services").round(4).values
    array([1.71  , 2.0137])
    """

    seen: Labelled[xr.DataArray] = fields.over(
        ("industry", "channel"),
        "how much buyers see of quality",
        SEEN,
        varied=True,
        default=0.0,
        term="visibility of quality",
    )
    convexity: Labelled[xr.DataArray] = by_industry(
        "elasticity of the cost of quality in quality",
        positive("Quality that costs no more if there is more of it has no best."),
        default=6.0,
        term="convexity of the cost of quality",
    )
    cost: Labelled[xr.DataArray] = by_industry(
        "cost of quality of one, as a part of the fixed scale of a firm",
        positive("Quality without cost has no best."),
        default=0.01,
        term="cost of quality",
    )

    kind: ClassVar[str] = "quality"
    alone: ClassVar[bool] = True
    excludes: ClassVar[Mapping[str, str]] = {
        "dual_mode": "A firm that sells through both channels would have two qualities."
    }

    def chosen(self, economy: Any) -> xr.DataArray:
        """Return the quality that firms choose; one where nobody sees any.

        Parameters
        ----------
        economy : OnlineAgglomeration
            That has it.

        Returns
        -------
        DataArray
            Over industry and channel.
        """
        return xr.DataArray(
            np.exp(self._log_quality(economy)),
            {"industry": list(economy.industries), "channel": list(CHANNELS)},
            ("industry", "channel"),
        )

    def check(self, economy: Any) -> None:
        """Refuse quality that is worth more than it costs without end, or less than none."""
        e, cost = self._effort(economy), self.cost.values[:, None]
        endless, little = e >= 1.0, (e > 0.0) & (e < 1.0) & (cost * (1.0 - e) > e)
        where = np.argwhere(endless | little)
        if not len(where):
            return
        k, c = where[0]
        name = f"{economy.industries[k]!r} {CHANNELS[c]}"
        if endless[k, c]:
            least = self.seen.values[k, c] * (economy.sigma.values[k] - 1.0)
            cure = f"There no quality is enough: raise convexity above {least:g}, or lower seen."
            allowed = "seen x (sigma - 1)/convexity below 1"
            raise InputError(
                f"{self.name}.seen", self.seen.values.tolist(), f"{allowed} for {name}", cure
            )
        most = e[k, c] / (1.0 - e[k, c])
        cure = "Else quality would be below one, and count the less the more is seen of it."
        allowed = f"at most {most:.4g} for {name}, where seen is {self.seen.values[k, c]:g}"
        raise InputError(f"{self.name}.cost", self.cost.values.tolist(), allowed, cure)

    def _effort(self, economy: Any) -> Any:
        """Return e, which part of fixed scale quality is."""
        return self.seen.values * ((economy.sigma.values - 1.0) / self.convexity.values)[:, None]

    def _log_quality(self, economy: Any) -> Any:
        e = self._effort(economy)
        odds = np.where(e > 0.0, e / (1.0 - e) / self.cost.values[:, None], 1.0)
        return np.log(odds) / self.convexity.values[:, None]

    def lower(self, economy: Any, tables: dict[str, np.ndarray]) -> None:
        """Add what quality costs to fixed scale."""
        tables["log_overhead"] -= np.log1p(-self._effort(economy))[..., None]

    def icebergs(self, economy: Any) -> np.ndarray | None:
        """Return what quality takes off the trade cost."""
        places = len(economy.geography)
        worth = self.seen.values * self._log_quality(economy)
        return np.broadcast_to(-worth[..., None, None], (*worth.shape, places, places))

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Put quality and its cost into the published equations, in levels."""
        if stage == "costs":
            z = self.chosen(economy).values
            spent = self.cost.values[:, None] * z ** self.convexity.values[:, None]
            a.overhead = a.overhead * np.where(self.seen.values > 0.0, 1.0 + spent, 1.0)[:, None]


def _shares(make: Any, solve: Any) -> tuple[Any, Any]:
    economy = make(digital_cost=1.2)
    plain = solve(economy).data.total_cost
    same = solve(economy.with_mechanisms(Quality(seen=0.3))).data.total_cost
    return same.values, plain.values


Quality.closed_forms = [
    ClosedForm("quality that is seen alike in both channels moves nobody", _shares, 1e-7)
]
