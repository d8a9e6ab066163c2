"""Posted prices: a commission that rises takes firms' profit before it reaches prices (N1).

    1 - zp = (1 - z0)^(1-psi) (1 - z)^psi       what the price asked, c/(1 - zp), allows for
    R      = (1 - z) sales                      what firms keep
    profit sigma R - (sigma-1) (1-zp) sales     sigma times variable profit, which entry goes by:
    firms  ln R + ln s - ln(n f c) = 0,         s = sigma - (sigma-1) (1-zp)/(1-z)

    z   commission of the model    z0  ``posted``, the one that prices were posted under
    psi ``pass_through``: 1 is as if prices were set anew, 0 is price parity, or prices posted

Constant markups pass an ad-valorem commission on at once: consumers pay first. The order "rents,
then exit, then consumers" needs psi = 0, and rents to lose: sunk cost (``sunk``). With y =
(1-z)/(1-z0), start at free entry, spending and costs as they are and psi = 0,

    1. nobody leaves, and prices stay, while y >= 1 - u/sigma: the commission takes quasi-rents
    2. firms leave, n/n0 = (sigma y - sigma + 1)/(1 - u), where all sell online
    3. so consumers pay, by variety: G/G0 = (n/n0)^(-phi/(sigma-1))

and at y = (sigma-1)/sigma prices do not cover variable cost: no firm can sell so. Where psi = 1 the
first phase lasts while y >= 1 - u, and consumers pay in it. Off: psi = 1, or z0 = z, exactly.
Source: own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.kernels.duals import log
from nege.models import fields
from nege.models.agglomeration.kinds import AS_ONE, ClosedForm, by_industry, share
from nege.models.agglomeration.layout import ONLINE
from nege.models.agglomeration.mechanisms.frame import Mechanism, Own
from nege.models.fields import Labelled
from nege.validation import Bounds


def _costs(m, to, met, made):
    for k in range(to.industries):
        # What a price allows for, and money does not do, is as if goods were better, or worse.
        made[to.appeal + 2 * k + ONLINE] += m.allowed[k]


def _sales(m, to, met, made):
    for k in range(to.industries):
        left = m.sigma[k] - (m.sigma[k] - 1.0) * np.exp(m.allowed[k])
        made[m.covers + k] = left
        cell = to.firm + to.modes * k + ONLINE
        made[cell] = made[cell] + log(left + 0.0 * made[cell]) if left > 0.0 else -np.inf


class PostedPrices(Mechanism):
    """Prices online that were posted under another commission, and move with it in part.

    Examples
    --------
    >>> import nege
    >>> posted = nege.mechanisms.PostedPrices(posted=0.05, pass_through=0.0)
    >>> economy = nege.OnlineAgglomeration(mechanisms=[posted], digital_cost=1.2)
    >>> rates = nege.sweep(economy, {"commission": [0.05, 0.1]})
    >>> firms = rates.firm_mass.sel(industry="services", channel="online").sum("place")
    >>> bool(firms[1] < firms[0])
    True
    """

    posted: Labelled[xr.DataArray] = by_industry(
        "commission that prices were posted under",
        share("It is a share of the buyer's price."),
        default=0.05,
        term="commission behind posted prices",
    )
    pass_through: float = fields.number(
        "how far prices follow the commission",
        Bounds(at_least=0.0, at_most=1.0, cure="0 is not at all, 1 at once."),
        default=0.0,
        term="pass-through of the commission",
    )

    kind: ClassVar[str] = "posted_prices"
    alone: ClassVar[bool] = True
    excludes: ClassVar[Mapping[str, str]] = {
        "dual_mode": "A firm that sells through both channels would cover its cost by both.",
        "oligopoly": "What a sale leaves is that of constant markups.",
        "platforms": "They set commissions for sellers who set prices anew.",
    }
    equations: ClassVar[Mapping[str, Callable[..., Any]]] = {"costs": _costs, "sales": _sales}
    notes: ClassVar[Mapping[str, Own]] = {
        "covers": Own(
            ("industry",), "variable profit of a sale online over that at prices set anew", "1"
        )
    }

    @classmethod
    def numbers(cls) -> dict[str, tuple[str, ...]]:
        """Return what its equations read: ln (1 - zp)/(1 - z), by industry."""
        return dict.fromkeys(("sigma", "allowed"), ("industry",))

    def values(self, economy: Any) -> Mapping[str, Any]:
        """Return what these are in an economy."""
        change = np.log1p(-self.posted.values) - np.log1p(-economy.commission.values)
        return {"sigma": economy.sigma, "allowed": (1.0 - self.pass_through) * change}

    def remark(self, data: xr.Dataset) -> str:
        """Say where prices that are posted do not cover what is sold at them."""
        names = data["industry"].values[(data[f"{self.name}.covers"].min("place") <= 0.0).values]
        if not len(names):
            return ""
        return (
            f"Prices posted online by {', '.join(map(str, names))} do not cover variable cost any "
            "more, (1 - commission)/(1 - posted) being (sigma - 1)/sigma or less: no firm can sell "
            f"so. Lower the commission, or raise {self.name}.pass_through or {self.name}.posted."
        )

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Put posted prices into the published equations, in levels."""
        now, then = 1.0 - economy.commission.values, 1.0 - self.posted.values
        asked = then ** (1.0 - self.pass_through) * now**self.pass_through / now
        sigma = economy.sigma.values
        if stage == "costs":
            a.appeal = a.appeal.copy()
            a.appeal[..., ONLINE] = a.appeal[..., ONLINE] * asked[:, None]
        elif stage == "rest":
            left = sigma - (sigma - 1.0) * asked
            a.earned, a.entry = a.earned.copy(), a.entry.copy()
            a.earned[..., ONLINE] = a.earned[..., ONLINE] * left[:, None]
            a.entry[..., ONLINE] = a.entry[..., ONLINE] + np.log(left)[:, None]
            stored = a.data[f"{self.name}.covers"].transpose("industry", "place").values
            a.sides[f"{self.name}.covers"] = stored, np.broadcast_to(left[:, None], stored.shape)


#: One place of labour alone, where all sell online: wages, which are one, are all that firms keep.
ONLINE_ALONE: dict[str, Any] = {
    **AS_ONE,
    **{"industries": ["one"], "consumption": 1.0, "housing": 0.0, "inputs": 0.0, "sigma": 5.0},
    **{"land_share": 0.0, "spillover": 0.0, "spillover_decay": 0.0, "online_spillover": 0.0},
    **{"digitisability": 0.0, "digital_cost": 1.0, "variety": 0.8, "firm_scale": [[1e6, 1.0]]},
}


def _exit(make: Any, solve: Any) -> tuple[Any, Any]:
    """Return firms, n f c = s R, as commissions rise from where prices were posted."""
    rates, found = np.array([0.05, 0.1, 0.15, 0.2]), []
    posted = PostedPrices(posted=0.05, pass_through=0.0)
    for rate in rates:
        data = solve(make(**ONLINE_ALONE, commission=float(rate), mechanisms=[posted])).data
        found.append(float(data.firm_mass.sum()))
    return found, 5.0 - 4.0 * 0.95 / (1.0 - rates)


PostedPrices.closed_forms = [ClosedForm("without sunk cost firms leave at once, n = s", _exit)]
