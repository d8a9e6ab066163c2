"""Institutions: contracts hold better in some places, and some industries live by contracts (N9).

    ln A_kp += z_k (D ln qbar + (1-D) ln q_p)       qbar = max q

    q  quality of contracts in a place, 1 is as if there were nothing to enforce
    z  intensity: how much an industry's inputs and sales have to be agreed in advance
    D  convergence: digital government, which lets every place have what the best one has

So ln(A_kp/A_kq) - ln(A_lp/A_lq) = (z_k - z_l) (1-D) ln(q_p/q_q): the contract-intensive industry
has its comparative advantage where contracts hold (Nunn 2007; Levchenko 2007), which is why
services, rather than goods, sit in the metropolis. What flips it: z_k < z_l; where z is the same
everyone is drawn alike; and where q is the same it moves nobody, as a loss of productivity. It
lowers itself to ln A. Off: q = 1, or z = 0, exactly.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.models import fields
from nege.models.agglomeration.kinds import PLACE, ClosedForm, by_industry, positive, table, weight
from nege.models.agglomeration.mechanisms.frame import Mechanism
from nege.models.fields import Labelled
from nege.validation import Bounds

PART = Bounds(at_least=0.0, at_most=1.0, cure="It is a part: 0 is none, 1 all of it.")


class Institutions(Mechanism):
    """Quality of contracts by place, and how much each industry lives by them.

    Examples
    --------
    >>> import nege
    >>> courts = nege.mechanisms.Institutions(quality=[1.0, 0.8, 0.8, 0.8], intensity=[0.2, 1.0])
    >>> economy = nege.OnlineAgglomeration(productivity=1.0, mechanisms=[courts])
    >>> cost = nege.solve(economy).data.total_cost.sum("channel")
    >>> best = (cost / cost.sum("place")).sel(place="0")
    >>> bool(best.sel(industry="services") > best.sel(industry="manufacturing"))
    True
    """

    quality: Labelled[xr.DataArray] = table(
        PLACE,
        "how well contracts hold in a place",
        positive("Productivity is multiplied by a power of it."),
        default=1.0,
        term="quality of institutions",
    )
    intensity: Labelled[xr.DataArray] = by_industry(
        "elasticity of an industry's productivity in that",
        weight("An industry may need no contracts, but is not harmed by them."),
        default=0.0,
        term="intensity in institutions (elasticity)",
    )
    convergence: float = fields.number(
        "how far every place has the quality of the best one",
        PART,
        default=0.0,
        term="convergence of institutions",
    )

    kind: ClassVar[str] = "institutions"

    def lower(self, economy: Any, tables: dict[str, np.ndarray]) -> None:
        """Raise productivity by the log quality of contracts, as industries need them."""
        log_quality = np.log(self.quality.values)
        reached = log_quality + self.convergence * (log_quality.max() - log_quality)
        tables["log_productivity"] += self.intensity.values[:, None] * reached

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Divide costs by what contracts are worth, in levels."""
        if stage == "costs":
            quality, D = self.quality.values, self.convergence
            reached = quality.max() ** D * quality ** (1.0 - D)
            a.cost = a.cost / (reached ** self.intensity.values[:, None])[..., None]


def _productivity(make: Any, solve: Any) -> tuple[Any, Any]:
    """Make the city's lead in the stylised turn one of contracts, which services need more."""
    intensity = [np.log(1.05) / np.log(1.25), 1.0]
    better = Institutions(quality=[1.25, 1.0, 1.0, 1.0], intensity=intensity)
    found = solve(make(productivity=1.0, mechanisms=[better])).data
    return found.total_cost.values, solve(make()).data.total_cost.values


def _neutral(make: Any, solve: Any) -> tuple[Any, Any]:
    economy = make()
    worse = Institutions(quality=[0.9, 0.6, 0.6, 0.6], intensity=[0.0, 0.3], convergence=1.0)
    found = solve(economy.with_mechanisms(worse)).data
    return found.population.values, solve(economy).data.population.values


Institutions.closed_forms = [
    ClosedForm("contracts that differ are productivity that differs, q^z", _productivity, 1e-7),
    ClosedForm("contracts that hold alike everywhere move nobody", _neutral, 1e-8),
]
