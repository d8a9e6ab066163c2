"""Site-bound industries: they use land of their own, which is where it is (claim 20b: farming).

    ln c_k += bs (ln hs - ln W_k)         bs  share of such land in cost, which labour has less
    land      ln(bs R_k/Hs) - ln hs = 0   hs  its rent, an unknown of each place
    labour    a_k - bs                    Hs  stock of it in a place

    R_k  what firms of the industry spend on labour, land and inputs;  W_k  what labour costs them

A farm, a beach or an old town cannot move: going online changes where its goods are sold, and
moves production towards the resource. As bs goes to 1, R is as (A Hs)^((sigma + phi - 1)/sigma)
where all places share one market: as the resource itself at phi = 1. The rent of remote
sites rises, and that of a site with a captive market falls. Rents hs Hs are rents: of whom other
land is (``jurisdictions``), everybody's by default. Off: bs = 0, exactly. It adds one unknown and
row to each place.
Source: own, after Tan & Xia (2022), 3.2, on trades that stay where their ground is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.kernels.duals import exp, log
from nege.models import fields
from nege.models.agglomeration.kinds import PLACE, ClosedForm, positive, share, table
from nege.models.agglomeration.mechanisms.frame import Mechanism, Own, industry
from nege.models.fields import Labelled


def _costs(m, to, met, made):
    k = int(m.at)
    for mode in range(to.modes):
        cell = to.modes * k + mode
        made[to.cost + cell] += m.share * (met[m.site_rent] - made[to.hour + cell])


def _incomes(m, to, met, made):
    if m.share > 0.0:
        made[to.rents] += m.stock * exp(met[m.site_rent])


def _uses(m, to, met, made):
    k, spent = int(m.at), 0.0 * met[to.wage]
    for mode in range(to.modes):
        outlay = m.share * made[to.outlay + to.modes * k + mode]
        made[to.work + to.modes * k + mode] -= outlay
        spent += outlay
    made[m.site_rent] = -met[m.site_rent]
    if m.share > 0.0:
        made[m.site_rent] += log(spent / m.stock)


class SiteBound(Mechanism):
    """An industry that uses land of its own, in places that have some.

    Examples
    --------
    >>> import nege
    >>> bound = nege.mechanisms.SiteBound("manufacturing", share=0.3, stock=[0.1, 0.3, 0.3, 0.3])
    >>> found = nege.solve(nege.OnlineAgglomeration(mechanisms=[bound]))
    >>> bool(found.data["manufacturing.site_rent"][0] > found.data["manufacturing.site_rent"][1])
    True
    """

    industry: str | None = industry(
        "industry that is bound to its sites",
        more="By default the one that the mechanism has its name of.",
    )
    share: float = fields.number(
        "share of such land in its cost",
        share("It is a share of cost, which labour would have else."),
        default=0.5,
        term="share of bound land in cost",
    )
    stock: Labelled[xr.DataArray] = table(
        PLACE,
        "land that the industry can use",
        positive("A place without such land has no rent that clears."),
        default=None,
        instead=lambda economy: 1.0 / len(economy.geography),
        unit="all such land by default",
        more="By default even, one unit in all.",
        term="bound land",
    )

    kind: ClassVar[str] = "site_bound"
    equations: ClassVar[Mapping[str, Callable[..., Any]]] = {
        **{"costs": _costs, "incomes": _incomes, "uses": _uses},
    }
    unknowns: ClassVar[Mapping[str, Own]] = {
        "site_rent": Own(words="rent of a unit of the industry's own land")
    }

    @property
    def bound(self) -> str:
        """The industry that it binds."""
        return self.name if self.industry is None else self.industry

    @classmethod
    def numbers(cls) -> dict[str, tuple[str, ...]]:
        """Return what its equations read: which industry, its share and stock."""
        return {"at": (), **super().numbers()}

    def values(self, economy: Any) -> Mapping[str, Any]:
        """Return what these are in an economy."""
        at = float(economy.industries.index(self.bound))
        return {"at": at, "share": self.share, "stock": self.stock}

    def log_cost_unit(self, economy: Any) -> np.ndarray:
        """Return what the unit of its land does to cost: c takes share/stock of it."""
        at = np.array([name == self.bound for name in economy.industries])
        return -self.share * math.log(math.fsum(self.stock.values)) * at

    def log_start(self, economy: Any, rent: float, price_index: np.ndarray) -> dict[str, Any]:
        """Return that its rent starts at one over all of its land."""
        return {"site_rent": 0.0 - math.log(math.fsum(self.stock.values))}

    def check(self, economy: Any) -> None:
        """Refuse another industry than those that there are, and cost that leaves no labour."""
        said = f"{self.name}.industry"
        validation.known(said, self.bound, tuple(economy.industries))
        order = [*economy.mechanisms.values()]
        for other in order[: order.index(self)]:
            if isinstance(other, SiteBound) and other.bound == self.bound:
                cure = f"{other.name!r} binds it already: change that one."
                raise InputError(said, self.bound, "an industry of its own for each", cure)
        k = economy.industries.index(self.bound)
        taken = float(economy.inputs.values[:, k].sum() + economy.land_share.values[k])
        if self.share > 1.0 - taken + validation.SUM_TOLERANCE:
            allowed = f"at most {1.0 - taken:.10g} for {self.bound!r}"
            cure = f"Inputs and other land take {taken:.10g} of its cost: lower one of them."
            raise InputError(f"{self.name}.share", self.share, allowed, cure)

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Put its own land into the published equations, in levels."""
        k, stock = economy.industries.index(self.bound), self.stock.values
        rent = a.data[f"{self.name}.site_rent"].values
        if stage == "costs":
            a.cost = a.cost.copy()
            a.cost[k] = a.cost[k] * (rent[:, None] / a.pay[k]) ** self.share
        elif stage == "incomes" and self.share > 0.0:
            a.rents = a.rents + rent * stock
        elif stage == "uses":
            spent = self.share * a.outlay[k]
            a.work = a.work.copy()
            a.work[k] = a.work[k] - spent
            if self.share > 0.0:
                a.sides[f"land of {self.name}"] = rent * stock, spent.sum(-1)


def _location(make: Any, solve: Any) -> tuple[Any, Any]:
    """In one market, all cost being the site: R = n f c = n^phi c^(1-sigma) Z and c = R/(A Hs)."""
    stock, able = np.array([0.1, 0.2, 0.3, 0.4]), np.array([1.2, 1.0, 0.9, 0.8])
    economy = make(
        **{"transport_cost": 0.0, "search_cost": 0.0, "spillover": 0.0, "land_share": 0.0},
        **{"inputs": [[0.0, 0.2], [0.0, 0.2]], "productivity": [able, np.ones(4)]},
    )
    bound = SiteBound(name="manufacturing", share=1.0 - 1e-9, stock=stock)
    cost = solve(economy.with_mechanisms(bound)).data.total_cost.sel(industry="manufacturing")
    known = (stock * able) ** ((5.0 + 0.8 - 1.0) / 5.0)
    return cost.sum("channel") / cost.sum(), known / known.sum()


SiteBound.closed_forms = [
    ClosedForm("without other cost R is as (A Hs)^((sigma + phi - 1)/sigma)", _location, 1e-7)
]
