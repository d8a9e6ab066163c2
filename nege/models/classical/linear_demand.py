"""Agglomeration with linear demand, and an online region: Ottaviano, Tabuchi & Thisse (2002).

Equations, for regions r, s = 1..R, the online region being one of them:

    q_rs = a - (b + c N) p_rs + c N P_s,    P_s = sum_r h_r p_rs,    N = L/phi
    p_rs = [a + c N P_s + (b + c N) tau_rs]/(2 (b + c N))
    w_r  = (1 - zeta_r)/phi sum_s M_s (p_rs - tau_rs) q_rs,    M_s = A f_s + L h_s
    S_s  = (a/b) Q_s - [N sum_r h_r q_rs^2 + (c/b) Q_s^2]/(2 (b + c N)) - N sum_r h_r p_rs q_rs
    V_r  = S_r + w_r + ln B_r

    h   share of skilled workers (= of firms)   L    number of skilled workers, all regions
    f   share of farmers                        A    number of farmers, all regions
    q   what one person buys of a variety       Q_s  N sum_r h_r q_rs, of all varieties
    p   price of a variety of r in s            P_s  mean price in s
    N   number of varieties                     phi  skilled workers that each takes
    tau what it costs to send one unit, over 1 - zeta_r
    a, b, c   level of demand, its response to the price, substitution between varieties
    w   skilled wage (farmers earn 1)           S    surplus of a consumer
    zeta  commission, zero offline              B    amenity, one offline

Utility is quadratic, (a/b) Q - [sum q^2 + (c/b) Q^2]/(2 (b + c N)) + the numeraire good, of
which everybody consumes some; q maximises it. A firm takes P as given when it sets a
price: half of tau is passed on, and margins are less where competitors are near.
Making a unit takes nothing but the fixed phi. Every pair trades whatever the distribution if
and only if tau < 2 a phi/(2 b phi + c L): dearer trade is refused, as another model would
hold there. A commission on sales multiplies a firm's profit, and divides its trade cost, by
1 - zeta; farmers get it in proportion to f. People compare differences of utility, so ln
payoff of the solvers is V, as in ``quasi_linear``; the state is V itself, and explicit
(``linear_demand_equations``). Two equal places disperse for tau above

    4 a phi (3 b phi + 2 c L)/(2 b phi (3 b phi + 3 c L + c A) + c^2 L (A + L)).

Source: Ottaviano, G., Tabuchi, T. & Thisse, J.-F. (2002), International Economic Review 43,
for two regions, whose a, b, c these are. More regions and the online one are nege's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege import validation
from nege.geography.online import BOUNDS as ONLINE_BOUNDS
from nege.geography.online import OnlineRegion
from nege.kernels import operators
from nege.kernels.equations import Economy, Payoffs
from nege.models import ces, fields, trade_costs
from nege.models.base import ONLINE, ONLINE_PARAMETERS, Model
from nege.models.changes import Limit
from nege.models.classical import proofs
from nege.models.classical.linear_demand_equations import (
    highest_cost,
    no_trade,
    outcome,
    payoffs,
    rounding,
)
from nege.models.fields import Labelled
from nege.models.solutions import Variable
from nege.validation import Bounds

__all__ = ["LinearDemand"]

NUMBERS = ("a", "b", "c", "phi", "total_farmers", "total_skilled")
STEP = 1e-30  # of complex steps, which round nothing away
UNIT = "numeraire per unit of distance"


class LinearDemand(Model):
    """An economy with pro-competitive effects: margins fall where there are many competitors.

    Equations of Ottaviano, Tabuchi & Thisse (2002) for any number of regions: quadratic
    utility, trade costs that add to prices, firms that price each market by itself.

    Notes
    -----
    Not for trade costs so high that regions stop trading, nor for income effects on demand.

    Examples
    --------
    >>> import nege
    >>> economy = nege.LinearDemand(
    ...     nege.geography.equidistant(2), a=1, b=1, c=1, phi=1, total_farmers=10,
    ...     total_skilled=1, trade_cost=0.3,
    ... )
    >>> nege.break_points(economy, "trade_cost", (0.1, 0.6)).values  # 20/43
    array([0.46511628])
    """

    a: float = fields.number(
        "level of a person's demand for a variety", fields.POSITIVE, term="level of demand"
    )
    b: float = fields.number(
        "response of that demand to the price",
        fields.POSITIVE,
        unit="1/numeraire",
        term="response of demand to its price",
    )
    c: float = fields.number(
        "response to how far others' prices differ",
        Bounds(at_least=0.0),
        unit="1/numeraire",
        term="response of demand to other prices",
    )
    phi: float = fields.number("skilled workers that a firm takes", fields.POSITIVE)
    total_farmers: float = fields.number("how many farmers there are", fields.POSITIVE)
    total_skilled: float = fields.number("how many skilled workers there are", fields.POSITIVE)
    trade_cost: Labelled[float | xr.DataArray] = fields.trade_cost(
        "cost of sending one unit",
        trade_costs.ADDEND,
        "Per unit of distance; or the costs themselves. Below ``highest_cost`` between any two.",
        unit="numeraire",
    )
    farmers: Labelled[xr.DataArray] = fields.shares("share of farmers", default=None)
    online: OnlineRegion | None = fields.online(
        "the online region, without farmers; the log of its amenity adds to utility",
        parameters=ONLINE_BOUNDS,
        default=None,
    )

    indifference = proofs.linear_demand
    title: ClassVar[str] = "linear-demand"
    equations: ClassVar[Payoffs] = Payoffs(payoffs=payoffs, rounding=rounding)
    immobile: ClassVar[str] = "farmers"
    payoff: ClassVar[str] = "utility"
    differences: ClassVar[bool] = True
    movers: ClassVar[str] = "skilled workers"
    settles: ClassVar[str] = "utilities"
    words: ClassVar[dict[str, tuple[str, str]]] = {
        "trade_cost": ("trade cost", UNIT),
        "online_trade_cost": ("digital trade cost", "numeraire"),
    }
    variables: ClassVar[dict[str, Variable]] = {
        "share": Variable(("region",), "share of skilled workers and firms", "1"),
        "wage": Variable(("region",), "skilled wage", "farmers' wage"),
        "price_index": Variable(("region",), "mean price of manufactures", "farmers' wage"),
        "surplus": Variable(("region",), "surplus of a consumer", "farmers' wage"),
        "income": Variable(("region",), "income", "farmers' wage"),
        "utility": Variable(("region",), "skilled utility, amenity included", "farmers' wage"),
        "welfare": Variable((), "utility of everybody together", "farmers' wage"),
    }

    def limits(self, at: Mapping[str, Any]) -> Iterator[Limit]:
        """Yield the condition that every pair of regions trades."""
        if "trade_cost" in at:
            cost = at["trade_cost"] * trade_costs.furthest(self.geography)
        else:
            cost = self.__dict__["trade_cost"].values.max()
        yield cost < highest_cost(at), lambda: no_trade(self)
        if "online_trade_cost" in at:
            cost = at["online_trade_cost"] / (1.0 - at["online_commission"])
            yield cost < highest_cost(at), lambda: no_trade(self)

    @classmethod
    def rows(cls) -> tuple[str, ...]:
        """Return what kernels call the parameters that each region has."""
        return ("farmers", "log_net", "log_amenity")

    @property
    def highest_cost(self) -> float:
        """The trade cost below which every pair of regions trades, whatever the distribution."""
        return float(highest_cost(self.scalars()))

    def tables(self, **moved: complex) -> ces.Tables:
        """Return the economy in plain arrays; some parameters moved, complex ones pass."""
        n, size, kind = len(self.geography), len(self.regions), complex if moved else float
        cost, farmers = np.zeros((size, size), kind), np.zeros(size)
        commission, amenity = np.zeros(size, kind), np.ones(size, kind)
        farmers[:n] = self.__dict__["farmers"].values  # no copy
        if isinstance(self.trade_cost, float):
            per_unit = moved.get("trade_cost", self.trade_cost)
            cost[:n, :n] = per_unit * self.geography.metric.dense()
        else:
            cost[:n, :n] = self.trade_cost.values
        if self.online is not None:
            online = (moved.get(ONLINE + p, getattr(self.online, p)) for p in ONLINE_PARAMETERS)
            cost[:n, n], commission[n], amenity[n] = online
            cost[n, :n] = cost[:n, n] / (1.0 - commission[n])
        return ces.Tables(cost, farmers, commission, amenity)

    def make_arrays(self, operator: str = "auto", *, compiled: bool = True) -> Economy:
        """Return the economy as kernels read it."""
        trade_costs.check_dense(operator, self.geography)
        cost, farmers, commission, amenity = self.tables()
        rows = {
            "farmers": farmers,
            "log_net": np.log1p(-commission),
            "log_amenity": np.log(amenity),
        }
        numbers = dict(zip(NUMBERS, self.numbers(), strict=True))
        made = operators.dense(cost)
        if operator == "row":
            made = made._replace(table=made.table[:1].copy())
        return self.compiled().economy(numbers, rows, made)

    def direction(self, name: str) -> Economy:
        """Return the derivative of every parameter of the kernels by one of ``varied()``."""
        validation.known("parameter", name, self.varied())
        if name == "trade_cost" and not isinstance(self.trade_cost, float):
            raise trade_costs.not_single(name)
        owner = self.online if self._is_online(name) else self
        value = getattr(owner, name if owner is self else name.removeprefix(ONLINE))
        cost, farmers, commission, amenity = self.tables(**{name: value + 1j * STEP})
        rows = {
            "farmers": 0.0 * farmers,
            "log_net": np.imag(np.log(1.0 - commission)) / STEP,
            "log_amenity": np.imag(np.log(amenity)) / STEP,
        }
        one = {own: float(name == own) for own in NUMBERS}
        return self.compiled().economy(one, rows, operators.dense(cost.imag / STEP))

    def numbers(self) -> Any:
        """Return what is not by place, in the order of the kernels."""
        return tuple(getattr(self, name) for name in NUMBERS)

    def memory(self) -> dict[str, int]:
        """Return the bytes that a short run needs."""
        return {"dense": trade_costs.needed(self.geography, "dense")}

    def start_state(self) -> np.ndarray:
        """Return utilities to start from: zero."""
        return np.zeros(len(self.regions))

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> dict[str, np.ndarray]:
        """Return wages, prices, surpluses, incomes and utilities at a share."""
        values = outcome(self.numbers(), self.tables(), share, state)
        return {**values, "welfare": self.welfare(values)}

    @property
    def mobile_weight(self) -> float:
        """How many skilled workers there are."""
        return self.total_skilled

    def immobile_welfare(self, values: Mapping[str, np.ndarray]) -> Any:
        """Return the utility of farmers together."""
        paid = self.total_skilled * values["share"] * values["wage"]
        surplus = values["surplus"][..., : len(self.geography)] @ self.farmers.values
        return np.sum(values["income"] - paid, axis=-1) + self.total_farmers * surplus

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Return by how much stored variables violate each equation above, without the kernels."""
        names = ("share", "wage", "price_index", "surplus", "income", "utility")
        share, wage, mean, surplus, income, utility = (data[name].values for name in names)
        a, b, c, phi, total_farmers, total_skilled = self.numbers()
        (cost, farmers, commission, amenity), n = self.tables(), total_skilled / phi
        price = (a + c * n * mean + (b + c * n) * cost) / (2.0 * (b + c * n))
        bought = a - (b + c * n) * price + c * n * mean
        people = total_farmers * farmers + total_skilled * share
        every, spent = n * share @ bought, n * share @ (price * bought)
        loss = (n * share @ bought**2 + c / b * every**2) / (2.0 * (b + c * n))
        taken = n * np.sum(share * commission * ((price * bought) @ people))
        sides = {
            "wage": (wage, (1.0 - commission) / phi * (((price - cost) * bought) @ people)),
            "mean price": (mean, share @ price),
            "surplus": (surplus, a / b * every - loss - spent),
            "income": (income, farmers * (total_farmers + taken) + total_skilled * share * wage),
            "utility": (surplus + wage, utility - np.log(amenity)),
            "trade": (np.ones(1), np.atleast_1d(1.0 + np.maximum(0.0, -bought).max())),
        }
        return ces.differences(sides)
