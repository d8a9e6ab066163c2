"""Sunk cost: firms that are there stay where they would not come, so clusters lock in (N3, N1).

    g = ln[R/(n f c)]      what firms earn over what they cost
    enter while g > 0;  leave while g < l,  l = ln(1 - u)
    firms    max(z + g, 0) + min(z + g - l, 0) - z = 0,   z = ln n - ln n-
    quasi_rent  [R - (1 - u) n f c]/sigma                 what they earn over what keeps them

    u   share     part of fixed cost that is sunk: what assets bring nowhere else
    n-  before    firms that are there from before; none where nobody says

A firm's price is sigma/(sigma-1) of its cost, so its fixed cost is n f c/sigma and its variable
profit R/sigma: an entrant needs all of it, an incumbent the part 1 - u. So z > 0 means g = 0, z < 0
means g = l, and z = 0 anything between: the play operator, with a band of width |l|/(1 - phi) in
ln n at given access and costs. The row is also the limit of one implicit step of

    dln n/dt = max(g, 0) + min(g - l, 0)

Who stays spends what it earns, as in the short run, so the rows of markets are as they are.
Rest points form a continuum: where an economy is depends on where it was. ``nege.follow`` and
``nege.sweep(along=...)`` carry firms from step to step; whoever solves step by step sets
``sunk.before`` to the ``firm_mass`` that was found. Without any, all firms are new, and g = 0.
Results say what firms earn over their cost as ``earned``, e^g. Sunk cost does not wear out here,
and nobody waits for better times. Off: u = 0, exactly, whatever was before. Firms strictly inside
the band do not move, so that they count as stable.
Source: Baldwin (1988), Dixit (1989) for hysteresis by sunk cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import xarray as xr

from nege.kernels.duals import exp
from nege.models.agglomeration.kinds import AS_ONE, ClosedForm, by_industry, share, weight
from nege.models.agglomeration.layout import NO_FIRMS
from nege.models.agglomeration.mechanisms.frame import Mechanism, Own, partial
from nege.models.fields import Labelled

CELL = ("industry", "place", "channel")
NEAR = 1e-9  # in logs: firms that are as many as before


def _uses(m, to, met, made):
    for k in range(to.industries):
        least = np.log1p(-m.share[k])
        for c in range(2):
            cell = 2 * k + c
            gain, rent = made[to.firm + cell], 0.0 * met[to.wage]
            made[m.earned + cell] = exp(gain)
            if met[to.firm + cell].real > NO_FIRMS:
                rent = exp(met[to.firm + cell] + made[to.scale + cell] + made[to.cost + cell])
                rent *= (made[m.earned + cell] - (1.0 - m.share[k])) / m.sigma[k]
            made[m.quasi_rent + cell] = rent
            if m.share[k] == 0.0 or m.before[k, c] == 0.0:
                continue  # everybody is new
            more = met[to.firm + cell] - np.log(m.before[k, c])
            if (more + gain).real > 0.0:
                made[to.firm + cell] = gain
            elif (more + gain).real < least:
                made[to.firm + cell] = gain - least
            else:
                made[to.firm + cell] = -more


class Sunk(Mechanism):
    """Fixed cost of which a part is sunk, so that firms enter at more than they leave at.

    Examples
    --------
    >>> import nege
    >>> path = {"digital_cost.services": [3.0, 1.5, 1.1, 1.5, 3.0]}
    >>> economy = nege.OnlineAgglomeration(mechanisms=[nege.mechanisms.Sunk(share=0.2)])
    >>> cost = nege.follow(economy, path).total_cost.sel(industry="services").sum("place")
    >>> online = (cost.sel(channel="online") / cost.sum("channel")).values
    >>> bool(online[3] > online[1])
    True
    """

    share: Labelled[xr.DataArray] = by_industry(
        "part of fixed cost that is sunk",
        share("If all of it was sunk, nobody would ever leave."),
        default=0.0,
        term="sunk part of fixed cost",
    )
    before: Labelled[xr.DataArray] = partial(
        CELL,
        "firms that are there from before",
        weight("It is a mass of firms: the firm_mass of an equilibrium."),
        default=None,
        more="None where it is not given.",
        term="firms from before",
    )

    kind: ClassVar[str] = "sunk"
    alone: ClassVar[bool] = True
    rank: ClassVar[int] = 2  # of what all others have firms earn
    excludes: ClassVar[Mapping[str, str]] = {
        "dual_mode": "Firms from before are said by channel, and it adds firms of both."
    }
    equations: ClassVar[Mapping[str, Callable[..., Any]]] = {"uses": _uses}
    notes: ClassVar[Mapping[str, Own]] = {
        "earned": Own(("industry", "channel"), "what firms earn over what they cost", "1"),
        "quasi_rent": Own(("industry", "channel"), "what firms earn over what keeps them"),
    }

    @classmethod
    def numbers(cls) -> dict[str, tuple[str, ...]]:
        """Return what its equations read."""
        return {**super().numbers(), "sigma": ("industry",)}

    def values(self, economy: Any) -> Mapping[str, Any]:
        """Return what these are in an economy."""
        return {"share": self.share, "before": self._before(), "sigma": economy.sigma}

    def _before(self) -> Any:
        """Return firms from before, over industry, place and channel."""
        return np.nan_to_num(self.before.values)

    def past(self, firms: xr.DataArray) -> Self:
        """Return the same where these firms are there from before."""
        return self.replace(before=firms) if (self.share > 0.0).any() else self

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Hold firms against the band, in levels."""
        if stage != "rest":
            return
        least, n = 1.0 - self.share.values[:, None, None], a.data["firm_mass"]
        n, before = n.transpose(*CELL).values, self._before()
        stored = {one: a.data[f"{self.name}.{one}"].transpose(*CELL) for one in self.notes}
        some = n > 0.0
        a.sides |= {
            f"{self.name}.earned": (
                (stored["earned"].values * a.fixed)[some],
                a.earned[some],
            ),
            f"{self.name}.quasi_rent": (
                stored["quasi_rent"].values + a.fixed,
                (a.earned - least * a.fixed) / economy.sigma.values[:, None, None] + a.fixed,
            ),
        }
        with np.errstate(divide="ignore", invalid="ignore"):
            more = np.where(before > 0.0, np.log(n) - np.log(before), np.inf)
        a.entry = a.entry - np.where(before > 0.0, np.log(least), 0.0)
        stay = np.clip(a.earned, least * a.fixed, a.fixed)
        a.fixed = np.where(more > NEAR, a.fixed, np.where(more < -NEAR, least * a.fixed, stay))


def _band(make: Any, solve: Any) -> tuple[Any, Any]:
    """In one place, of labour alone: n f c = R(1 - u) for who leaves, and R for who enters."""
    alone = {"housing": 0.0, "consumption": [0.6, 0.4], "inputs": 0.0, "land_share": 0.0}
    economy = make(**AS_ONE, **alone, spillover=0.0, commission=0.0, digital_cost=1.0)
    free = solve(economy).data.firm_mass
    found = []
    for before in (2.0, 1.1, 1.0, 0.5):  # more than the band holds, within it, and fewer
        sunk = Sunk(share=0.2, before=before * free)
        firms = solve(economy.with_mechanisms(sunk)).data.firm_mass
        found.append((firms / free).values.ravel())
    return np.array(found), np.repeat([1.25, 1.1, 1.0, 1.0], 8).reshape(4, 8)


Sunk.closed_forms = [ClosedForm("firms are as many as before, within the band", _band, 1e-8)]
