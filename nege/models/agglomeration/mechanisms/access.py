"""Access: what it costs to enter, by place and channel (claim 21c: villages that sell online).

    f_kpc = entry_cost where it is given, firm_scale elsewhere      zero profit: R = n f c

At phi = 1 an online seller appears in a place iff f < Z c^(-sigma), Z market access; below 1 there
is no threshold but an elasticity of firms, -1/(1-phi) at given costs and access. Selling access
(this) raises a place's wage; buying access (icebergs on what it buys) lowers it, and makes it
better off. Off: absent. It lowers itself to ln f: no equation of its own.
Source: after Couture, Faber, Gu & Liu (2021).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.models.agglomeration.kinds import AS_ONE, ClosedForm, positive
from nege.models.agglomeration.mechanisms.frame import Mechanism, partial
from nege.models.fields import Labelled


class Access(Mechanism):
    """Cost of entry by industry, place and channel.

    Examples
    --------
    >>> import nege
    >>> village = nege.mechanisms.Access(entry_cost={"services": {"3": {"online": 2.0}}})
    >>> economy = nege.OnlineAgglomeration(mechanisms=[village])
    >>> float(economy.mechanisms["access"].entry_cost.sel(industry="services", place="3")[1])
    2.0
    """

    entry_cost: Labelled[xr.DataArray] = partial(
        ("industry", "place", "channel"),
        "fixed scale of a firm",
        positive("It is how large firms are."),
        default=None,
        more="Where it is not given, the model's `firm_scale`.",
        term="cost of entry",
    )

    kind: ClassVar[str] = "access"

    def check(self, economy: Any) -> None:
        """Refuse a cost that another one has said already."""
        order = [*economy.mechanisms.values()]
        for other in order[: order.index(self)]:
            if isinstance(other, Access):
                twice = ~np.isnan(self.entry_cost.values) & ~np.isnan(other.entry_cost.values)
                if twice.any():
                    k, p, c = np.argwhere(twice)[0]
                    cell = self.entry_cost[k, p, c]
                    where = ", ".join(repr(str(cell[dim].values)) for dim in self.entry_cost.dims)
                    cure = f"{other.name!r} says it already of {where}: change that one."
                    allowed = "said once of each industry, place and channel"
                    raise InputError(f"{self.name}.entry_cost", float(cell), allowed, cure)

    def lower(self, economy: Any, tables: dict[str, np.ndarray]) -> None:
        """Set ln f where it is given."""
        given = np.log(np.moveaxis(np.asarray(self.entry_cost), -1, 1))
        scale = tables["log_scale"][:, :2]
        scale[:] = np.where(np.isnan(given), scale, given)

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Set f where it is given."""
        if stage == "costs":
            given = self.entry_cost.values
            a.scale[..., :2] = np.where(np.isnan(given), a.scale[..., :2], given)


def _elasticity(make: Any, solve: Any) -> tuple[Any, Any]:
    """Halving f online multiplies firms there by 2^(1/(1-phi)), costs and access as they are."""
    economy = make(**AS_ONE, spillover=0.0, commission=0.0, variety=0.6, digital_cost=1.2)
    data = solve(economy.with_mechanisms(Access(entry_cost={"online": 0.5}))).data
    odds = data.firm_mass.sel(channel="online") / data.firm_mass.sel(channel="offline")
    return odds.values.ravel(), np.full(4, (2.0 * 1.2**-4.0) ** (1.0 / 0.4))


Access.closed_forms = [ClosedForm("firms have elasticity -1/(1-phi) in f", _elasticity)]
