"""Commission and ownership: platforms keep a part of what buyers pay online, for their owners.

    price  = c/(1 - lambda)                     lambda = zeta online, 0 offline
    R      = (1 - lambda) sales                 what firms keep
    C      = sum lambda/(1 - lambda) R          of all places and industries
    Y_p   += (1 - u) o_p C                      u part that everybody has in the dividend,
                                                1 or 0; o owners' shares over places

    zeta  commission     o  platform_owner

It is the first link in the chain of what stands between a firm and its buyer; taxes follow it.
Off: zeta = 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege import labelled, validation
from nege.models import fields
from nege.models.agglomeration.kinds import AS_ONE, ClosedForm, by_industry
from nege.models.agglomeration.layout import inner
from nege.models.fields import Declared, Field, Labelled
from nege.validation import Bounds

#: What kernels read of a channel: 1 - lambda, and its log.
CHANNEL = ("net", "log_net")


class Owners(Field):
    """Shares of the places in what platforms earn; None where everybody has the same."""

    takes = fields.Over.takes

    def check(self, value: Any, economy: Any) -> xr.DataArray | None:
        """Return shares by label."""
        if value is None:
            return None
        places = list(economy.geography.names)
        value = fields.by_column(self.name, value, self.dims, economy)
        shares = validation.shares(self.name, value, places, dim="place")
        return labelled.array(shares, {"place": places}, self.name)

    def form(self) -> str:
        """Say over what."""
        return "shares over place, which sum to one"


def owners(words: str, **about: Any) -> Any:
    """Declare who owns the platforms."""
    return Owners(words=words, dims=("place",), varied=True, **about)


class Commission(Declared):
    """What platforms keep, and who owns them."""

    commission: Labelled[xr.DataArray] = by_industry(
        "share of the buyer's price that platforms keep",
        Bounds(above=-1.0, below=1.0, cure="It is a share of the buyer's price, 0.05 for 5 %."),
        default=0.05,
        more="Below zero they add to it, at their owners' cost.",
        term="commission (share of sales)",
    )
    platform_owner: Labelled[xr.DataArray | None] = owners(
        "shares of places in the commission",
        default=None,
        more="By default everybody owns the same.",
        term="share in the commission",
    )


def hosts(economy: Any) -> np.ndarray:
    """Return the shares of places in what platforms earn and use: their owners', or equal ones."""
    places, owner = len(economy.geography), economy.platform_owner
    return np.full(places, 1.0 / places) if owner is None else np.array(owner)


def owned(economy: Any, people: np.ndarray) -> np.ndarray:
    """Return who has what platforms earn: shares of places, those of people where all own them."""
    owner = economy.platform_owner
    return np.asarray(people / people.sum() if owner is None else owner)


def log_net(p: Mapping[str, Any]) -> np.ndarray:
    """Return ln(1 - lambda) over industry and channel."""
    rates = p["commission"].values
    return np.stack([np.zeros_like(rates), np.log1p(-rates)], axis=1)


@inner()
def take(p, k, c, received):
    """Commission on what firms receive of a channel."""
    return (1.0 / p.channel[k, c].net - 1.0) * received


@inner()
def income(p, q, met):
    """Return what owners in a place get of it."""
    return (1.0 - p.pooled) * p.place[q].owner * met[p.slots.commission]


def audit_rates(rates):
    """Return lambda over industry, place (one), channel."""
    return np.stack([0.0 * rates, rates], -1)[:, None]


def _of_sales(make, solve):
    economy = make(**AS_ONE, digital_cost=1.0, commission=0.1)
    data = solve(economy).data
    return data.commission_revenue.values, 0.1 / 0.9 * data.total_cost.sel(channel="online").sum()


CLOSED_FORMS = [ClosedForm("commission is zeta/(1 - zeta) of online revenue", _of_sales)]
