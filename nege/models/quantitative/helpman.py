"""Mobile workers who compete for housing: Helpman (1998), Redding & Sturm (2008).

Equations, for places r, s = 1..R:

    w_r^sigma    = A_r^(sigma-1) sum_s T_rs^(1-sigma) P_s^(sigma-1) E_s
    P_s          = [sum_r L_r (w_r T_rs/A_r)^(1-sigma)]^(1/(1-sigma))
    rent_r H_r   = (1-mu) y_r L_r
    y_r          = w_r + rent_r H_r/L_r             rents stay where they are paid ("local")
                   w_r + sum_q rent_q H_q           or are shared by everybody    ("pooled")
                   + D_r/(kappa L_r)                where trade is not balanced (``balance``)
    E_s          = mu y_s L_s
    V_r          = B_r y_r / (P_r^mu rent_r^(1-mu))

    L      share of people (= of firms)         w     wage
    mu     share of spending on goods           y     income per head
    sigma  elasticity of substitution           E     spending on goods
    T      iceberg trade cost                   P     price index of goods
    A      productivity                         rent  price of a unit of housing
    B      amenity                              V     real income, amenity included
    H      stock of housing, given              sum_r w_r L_r = 1, the numeraire
    D      deficit, sum_r D_r = 0: what goods cost beyond what wages and rents pay; zero by default

In the long run V is the same everywhere, or within each group of places between which nobody
moves (``mobility``, which has the equations). Agglomeration comes from the variety of local goods,
dispersion from rents: that is how the model turns the core-periphery result round, where trade
costs fall and people disperse. Since housing is fixed, a place with few people is cheap
without limit, and no place is ever empty.

In ``equations``: theta = 1, g = mu, d = 1 - mu, and kappa = 1 with local rents
(y = w/mu, so that E = w L), kappa = mu with pooled ones (y_r = w_r + (1-mu)/mu).

Uniqueness, local rents, any trade costs, also where they differ by direction. With
alpha = 1/(sigma-1) and beta = -(1-mu)/mu (``allen_arkolakis``) alpha + beta < 0 is

    sigma (1 - mu) > 1.

With pooled rents the same is known for two places (Helpman 1998); it is not proven here.

Sources: Helpman, E. (1998), in: Pines, Sadka & Zilcha, Topics in Public Economics; Redding, S. &
Sturm, D. (2008), American Economic Review 98. The online region is nege's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.geography.online import OnlineRegion
from nege.models import ces, fields
from nege.models.fields import Labelled
from nege.models.mobility import before_moving, who_moves
from nege.models.quantitative.balance import deficit, spending_ratio
from nege.models.quantitative.grouped import Variables
from nege.models.quantitative.model import (
    BALANCED,
    VARIABLES,
    QuantitativeModel,
    fundamental,
    online_housing,
    placed,
)
from nege.models.solutions import Uniqueness, Variable
from nege.solver_options import Logit, Replicator, check_dynamics

__all__ = ["Helpman"]

RENTS = ("local", "pooled")
#: Without a platform's owner in this model there is no commission.
REGION = {name: fields.REGION[name] for name in ("trade_cost", "amenity")}


class Helpman(QuantitativeModel):
    """An economy with housing: workers move between places that differ, rents rise with people.

    Equations of Helpman (1998) for any number of places, with productivities and amenities as
    in Redding & Sturm (2008): goods are traded at a cost, housing is not, its stock is fixed.

    See Also
    --------
    nege.invert : productivities and amenities that make data an equilibrium.
    nege.counterfactual : what changes, from observed shares, wages and trade flows alone.

    Notes
    -----
    Not for commuting: people work where they live. Not for empty places: there are none.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.line(3)
    >>> economy = nege.Helpman(places, sigma=4, mu=0.7, trade_cost=1.5)
    >>> print(economy.uniqueness())
    One equilibrium, proven: sigma (1 - mu) > 1 (Helpman 1998); here 1.2.
    >>> nege.solve(economy).data.share.round(4).values
    array([0.3037, 0.3925, 0.3037])
    >>> closed = economy.replace(mobility=["west", "east", "east"])  # nobody crosses the border
    >>> nege.solve(closed).data.group_welfare.round(3).to_series().to_dict()
    {'west': 2.138, 'east': 2.177}
    """

    sigma: float = fields.sigma()
    mu: float = fields.mu(
        "share of spending on goods, the rest being for housing", term="share of spending on goods"
    )
    trade_cost: Labelled[float | xr.DataArray] = fields.trade_cost(infinite=True)
    productivity: Labelled[xr.DataArray] = fundamental("what a worker makes", default=None)
    amenity: Labelled[xr.DataArray] = fundamental("how much better life is", default=None)
    housing: Labelled[xr.DataArray] = fundamental("stock of housing, or land", default=None)
    rents: str = fields.word(
        "who gets land rents",
        RENTS,
        more="The residents of each place, or all people alike.",
        default="local",
    )
    deficit: Labelled[xr.DataArray | None] = deficit(default=None)
    spending_ratio: Labelled[xr.DataArray | None] = spending_ratio(default=None)
    online: OnlineRegion | None = fields.online(
        "the online region, only together with `online_housing`, and without commission",
        parameters=REGION,
        default=None,
    )
    online_housing: float | None = online_housing(default=None)
    mobility: Labelled[str | xr.DataArray] = who_moves()
    people: Labelled[xr.DataArray | None] = before_moving()

    title: ClassVar[str] = "Helpman"
    variables: ClassVar[Mapping[str, Variable]] = Variables(
        {
            **VARIABLES,
            "income": Variable(("region",), "income, rents included", "wage bill of all places"),
            "rent": Variable(("region",), "rent of a unit of housing", "wage bill of all places"),
        }
    )

    def without_online(self) -> Helpman:
        """Return the economy without its online region, and the housing there."""
        return self.replace(online=None, online_housing=None)

    def numbers(self, **moved: Any) -> dict[str, Any]:
        """Return every parameter of the kernels but the operator, some parameters moved."""
        mu, held = moved.get("mu", self.mu), vars(self)  # held: copies of tables take time
        amenity = online_housing = None
        if self.online is not None:
            amenity = moved.get("online_amenity", self.online.amenity)
            online_housing = moved.get("online_housing", self.online_housing)
        housing = np.log(placed(held["housing"], online_housing))
        attraction = np.log(placed(held["amenity"], amenity)) + (1.0 - mu) * housing
        attraction = attraction - (1.0 - mu) * np.log(1.0 - mu)
        return {
            "sigma": moved.get("sigma", self.sigma),
            "scale": 1.0,
            "intensity": mu,
            "congestion": 1.0 - mu,
            "kept": 1.0 if self.rents == "local" else mu,
            **self.unbalanced(),
            "log_productivity": np.log(placed(held["productivity"], self.online and 1.0)),
            # With local rents incomes are w/mu: the kernels leave out the factor.
            "log_attraction": attraction - (mu * np.log(mu) if self.rents == "local" else 0.0),
        }

    @property
    def kept(self) -> float:
        """Part of spending on goods that is earned locally: mu where rents are pooled."""
        return 1.0 if self.rents == "local" else self.mu

    def uniqueness(self, dynamics: Replicator | Logit | None = None) -> Uniqueness:
        """Return whether the long run is proven to be unique: sigma (1 - mu) > 1.

        Proven for local rents, whatever the trade costs; for pooled rents the value is
        given, and nothing is claimed. Tastes of scale s add s to the congestion 1 - mu.
        """
        value, local = self.sigma * (1.0 - self.mu), self.rents == "local"
        condition = "sigma (1 - mu) > 1 (Helpman 1998)"
        dynamics = check_dynamics(dynamics)
        if isinstance(dynamics, Logit):
            value += dynamics.scale * (self.sigma - 1.0)
            condition = "sigma (1 - mu) + s (sigma - 1) > 1 (Helpman 1998, tastes of scale s)"
        if not local:
            condition += ", which is known for local rents, or two places"
        if not self.plain:
            condition += f", {BALANCED}"
        unique = local and self.plain and value > 1.0
        return self.within_groups(Uniqueness(unique, value, condition))

    def further(self, share: np.ndarray, wage: np.ndarray) -> dict[str, np.ndarray]:
        """Return incomes and rents, from people and wages."""
        income = self._income(share, wage)
        housing = placed(vars(self)["housing"], self.online_housing)
        return {"income": income, "rent": (1.0 - self.mu) * income / housing}

    def _income(self, share: np.ndarray, wage: np.ndarray) -> np.ndarray:
        received = self.received(share, wage) / self.mu
        if self.rents == "local":
            return np.asarray(wage * share / self.mu + received)
        # As sum_q w_q L_q = 1.
        return np.asarray(share * (wage + (1.0 - self.mu) / self.mu) + received)

    def spent(self, data: xr.Dataset) -> np.ndarray:
        """Return spending on goods by place."""
        return self.mu * self._income(data["share"].values, data["wage"].values)

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Recompute every equation from stored variables; the relative violation of each by name.

        Written in plain NumPy from the equations at the top, apart from the kernels.
        """
        names = ("share", "wage", "price_index", "income", "rent", "real_income")
        share, wage, price, income, rent, real = (data[name].values for name in names)
        cost = self._costs() ** (1.0 - self.sigma)
        made = placed(self.productivity, None if self.online is None else 1.0)
        liked = placed(self.amenity, None if self.online is None else self.online.amenity)
        stock = placed(self.housing, self.online_housing)
        demand = cost @ (self.mu * income * price ** (self.sigma - 1.0))
        delivered = (share * (wage / made) ** (1.0 - self.sigma)) @ cost
        housed = 1.0 - self.mu
        paid = rent * stock / share if self.rents == "local" else np.sum(rent * stock)
        received = self.received(share, wage) / self.kept
        sides = {
            "wage": (wage, (made ** (self.sigma - 1.0) * demand) ** (1.0 / self.sigma)),
            "price index": (
                price,
                delivered ** (1.0 / (1.0 - self.sigma)),
            ),
            "income": (income, share * (wage + paid) + received),
            "rent": (rent * stock, (1.0 - self.mu) * income),
            "real income": (real, liked * income / share / (price**self.mu * rent**housed)),
            "numeraire": (np.ones(1), np.atleast_1d(np.sum(share * wage))),
        }
        return ces.differences(sides)
