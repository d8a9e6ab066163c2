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
which everybody has enough; q maximises it. A firm knows what one of its price does to its
sales, not to P, and sets a price for each market: p_rs - tau_rs falls by half of tau_rs, so
that the buyer bears only half of it, and less where competitors are near. Making a unit
takes nothing but the fixed phi. Solving for P_s leaves p_rs = m_s + tau_rs/2 with m_s linear in
the mean trade cost of what is sold in s (``linear_demand_equations``). Every pair trades
whatever the distribution if and only if tau < 2 a phi/(2 b phi + c L); dearer trade is
refused, as another model would hold there. A commission on sales leaves the firm 1 - zeta of
its price: that multiplies its profit, and divides its trade cost, by 1 - zeta. The platform
pays it out to farmers, in proportion to f, who spend it on the numeraire.

People compare differences of utility, so ln payoff of the solvers is V, as in
``quasi_linear``; the state is V itself, and explicit.

Two equal places disperse for tau above
4 a phi (3 b phi + 2 c L)/(2 b phi (3 b phi + 3 c L + c A) + c^2 L (A + L)).

Source: Ottaviano, G., Tabuchi, T. & Thisse, J.-F. (2002), International Economic Review 43,
for two regions, whose a, b, c these are. More regions and the online one are nege's own.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.geography import Geography
from nege.kernels.operators import Dense
from nege.models import ces, explicit, trade
from nege.models.base import Model
from nege.models.indifference import Arithmetic, Indifference, Tastes
from nege.models.linear_demand_equations import Parameters, exact_payoffs, outcome
from nege.models.results import Variable
from nege.online import OnlineRegion

__all__ = ["LinearDemand"]

NUMBERS = ("a", "b", "c", "phi", "total_farmers", "total_skilled")
UNIT = "numeraire per unit of distance"


@dataclasses.dataclass(frozen=True, init=False, eq=False, repr=False)
class LinearDemand(Model):
    """An economy where competition is sharper near competitors: margins fall with density.

    Equations of Ottaviano, Tabuchi & Thisse (2002) for any number of regions: quadratic
    utility, trade costs that add to prices, firms that price each market by itself. The
    online region is one more region that everybody reaches at the digital trade cost, also
    added to prices, without farmers.

    Parameters
    ----------
    geography : Geography
        Places and distances, from ``nege.geography``.
    a, b, c : float
        Of the demand of a person for a variety, a - (b + c N) price + c N mean price with
        N = total_skilled/phi varieties: a and b above 0, c at least 0.
    phi : float
        Skilled workers that a firm takes, above 0.
    total_farmers, total_skilled : float
        How many there are in all regions together, above 0.
    trade_cost : float, DataArray or array
        Cost of sending one unit, per unit of distance, in the numeraire; or the costs
        themselves over (origin, destination). At least 0, and below 2 a phi/(2 b phi + c
        total_skilled) between any two regions.
    farmers : DataArray, mapping or array, optional
        Share of farmers of each place (they sum to one). By default in proportion to
        population, where the geography has one, else equal.
    online : OnlineRegion, optional
        The online region; its trade cost adds to prices, the logarithm of its amenity to
        utility.

    Raises
    ------
    InputError
        Naming the argument, the value, what is allowed and what to do.

    Notes
    -----
    Not for trade so dear that regions stop to trade, nor for income effects: a person buys
    the same whatever the wage.

    Examples
    --------
    >>> import nege
    >>> economy = nege.LinearDemand(
    ...     nege.geography.equidistant(2), a=1, b=1, c=1, phi=1, total_farmers=10,
    ...     total_skilled=1, trade_cost=0.3,
    ... )
    >>> nege.break_points(economy, "trade_cost", (0.1, 0.6))
    1 break point in trade_cost between 0.1 and 0.6:
      0.4651162791  0 against 1
    """

    geography: Geography
    a: float
    b: float
    c: float
    phi: float
    total_farmers: float
    total_skilled: float
    trade_cost: float | xr.DataArray
    farmers: xr.DataArray
    online: OnlineRegion | None

    title: ClassVar[str] = "linear-demand"
    parameters: ClassVar[tuple[str, ...]] = (*NUMBERS, "trade_cost")
    labelled: ClassVar[tuple[str, ...]] = ("trade_cost", "farmers")
    immobile: ClassVar[str] = "farmers"
    payoff: ClassVar[str] = "utility"
    movers: ClassVar[str] = "skilled workers"
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

    def __init__(
        self,
        geography: Geography,
        *,
        a: float,
        b: float,
        c: float,
        phi: float,
        total_farmers: float,
        total_skilled: float,
        trade_cost: float | xr.DataArray | np.ndarray,
        farmers: xr.DataArray | Mapping[str, float] | np.ndarray | None = None,
        online: OnlineRegion | None = None,
    ) -> None:
        names = ces.check_regions(geography, online)
        self._hold(
            geography=geography,
            a=validation.number("a", a, above=0.0),
            b=validation.number("b", b, above=0.0),
            c=validation.number("c", c, at_least=0.0),
            phi=validation.number("phi", phi, above=0.0),
            total_farmers=validation.number("total_farmers", total_farmers, above=0.0),
            total_skilled=validation.number("total_skilled", total_skilled, above=0.0),
            trade_cost=trade.checked_cost(
                trade_cost,
                names,
                at_least=0.0,
                cure="It adds to the price, per unit of distance: 0 means free trade.",
                meaning="cost of sending one unit",
                unit="numeraire",
            ),
            farmers=ces.check_immobile("farmers", farmers, geography, "share of farmers"),
            online=online,
        )
        self._check_trade()

    @property
    def highest_cost(self) -> float:
        """The trade cost below which every pair of regions trades, whatever the distribution."""
        return 2.0 * self.a * self.phi / (2.0 * self.b * self.phi + self.c * self.total_skilled)

    def _check_trade(self) -> None:
        cost, limit = self.costs(), self.highest_cost
        r, s = np.unravel_index(int(np.argmax(cost)), cost.shape)
        if not cost[r, s] < limit:
            online = self.online is not None and len(self.geography) in (r, s)
            name = "online_trade_cost" if online else "trade_cost"
            raise InputError(
                name,
                self.online.trade_cost if online and self.online else self.trade_cost,
                f"low enough for every pair of regions to trade: below {limit:.6g} between any two",
                f"Between {self.regions[r]} and {self.regions[s]} it is {cost[r, s]:.6g} after "
                "commission; the limit is 2 a phi/(2 b phi + c total_skilled).",
            )

    def costs(self) -> np.ndarray:
        """Return trade costs over 1 - zeta, by origin and destination, the online region last."""
        n, size = len(self.geography), len(self.regions)
        cost = np.zeros((size, size))
        if isinstance(self.trade_cost, float):
            cost[:n, :n] = self.trade_cost * self.geography.metric.dense()
        else:
            cost[:n, :n] = self.trade_cost.values
        if self.online is not None:
            cost[:n, n] = self.online.trade_cost
            cost[n, :n] = self.online.trade_cost / (1.0 - self.online.commission)
        return cost

    def kernel_with(self, operator: str = "auto", *, compiled: bool = True) -> Any:
        """Return the NamedTuple of parameters that kernels read."""
        if operator not in ("auto", "dense"):
            cure = "Trade costs that add to prices have no other."
            raise InputError("operator", operator, "dense for this model", cure)
        trade.check_memory("dense", self.geography)
        net, amenity = np.zeros(len(self.regions)), np.zeros(len(self.regions))
        if self.online is not None:
            net[-1] = math.log1p(-self.online.commission)
            amenity[-1] = math.log(self.online.amenity)
        made = Dense(np.ascontiguousarray(self.costs().T))
        numbers: tuple[float, float, float, float, float, float] = self._numbers()
        return Parameters(*numbers, self._padded(), net, amenity, made)

    def direction(self, name: str) -> Any:
        """Return the derivative of every parameter of the kernels by one of ``varied()``."""
        validation.known("parameter", name, self.varied())
        n, size = len(self.geography), len(self.regions)
        net, amenity, cost = np.zeros(size), np.zeros(size), np.zeros((size, size))
        if name == "trade_cost":
            if not isinstance(self.trade_cost, float):
                raise trade.not_single(name)
            cost[:n, :n] = self.geography.metric.dense()
        if self.online is not None:
            kept = 1.0 - self.online.commission
            if name == "online_trade_cost":
                cost[:n, n], cost[n, :n] = 1.0, 1.0 / kept
            elif name == "online_commission":
                cost[n, :n], net[n] = self.online.trade_cost / kept**2, -1.0 / kept
            elif name == "online_amenity":
                amenity[n] = 1.0 / self.online.amenity
        one: Any = tuple(float(name == own) for own in NUMBERS)
        numbers: tuple[float, float, float, float, float, float] = one
        return Parameters(*numbers, np.zeros(size), net, amenity, Dense(cost.T.copy()))

    def _net(self) -> np.ndarray:
        """Return 1 - zeta of every region."""
        net = np.ones(len(self.regions))
        if self.online is not None:
            net[-1] -= self.online.commission
        return net

    def _numbers(self) -> Any:
        return tuple(getattr(self, name) for name in NUMBERS)

    def _padded(self) -> np.ndarray:
        """Return the share of farmers of every region, none of it online."""
        padded = np.zeros(len(self.regions))
        padded[: len(self.geography)] = self.__dict__["farmers"].values  # no copy
        return padded

    def memory(self) -> dict[str, int]:
        """Return the bytes that a short run needs."""
        return {"dense": trade.memory(self.geography, "dense")}

    def start_state(self) -> np.ndarray:
        """Return utilities to start from: none."""
        return np.zeros(len(self.regions))

    def compared(self, data: xr.Dataset) -> np.ndarray:
        """Return exp(V), of which the dynamics see ratios."""
        return explicit.exponential(data["utility"].values)

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> dict[str, np.ndarray]:
        """Return wages, prices, surpluses, incomes and utilities at a share."""
        return outcome(self._numbers(), self._padded(), self.costs(), self._net(), share, state)

    def indifference(self, arithmetic: Arithmetic, tastes: Tastes | None) -> Indifference | None:
        """Return the equations of an economy whose occupied regions are equally good."""
        number, _, log = arithmetic
        size, one = len(self.regions), number(1.0)
        net, liked = [one] * size, [log(one)] * size
        half = [[number(0.0)] * size for _ in range(size)]
        if isinstance(self.trade_cost, float):
            table, unit = self.geography.metric.dense(), number(self.trade_cost) / number(2.0)
        else:
            table, unit = self.trade_cost.values, one / number(2.0)
        for r, row in enumerate(table.tolist()):
            half[r][: len(row)] = [unit * number(value) for value in row]
        if self.online is not None:
            net[-1] = one - number(self.online.commission)
            liked[-1] = log(number(self.online.amenity))
            border = number(self.online.trade_cost) / number(2.0)
            for r in range(size - 1):
                half[r][-1], half[-1][r] = border, border / net[-1]
        parts = [number(part) for part in self._padded().tolist()]
        total = sum(parts[1:], parts[0])
        payoffs = exact_payoffs(
            tuple(map(number, self._numbers())), [part / total for part in parts], half, net, liked
        )
        a, b, c, phi, farmers, skilled = self._numbers()
        beta, gamma = b + c * skilled / phi, 2.0 * b + c * skilled / phi
        dearest = (a + 0.5 * c * skilled / phi * float(self.costs().max())) / gamma
        # Nobody enjoys more than at prices of zero, nor earns more than all could pay.
        reach = beta / phi * (farmers + skilled) * dearest**2 + a * a * skilled / (2.0 * b * phi)
        apart = 0.0 if self.online is None else abs(math.log(self.online.amenity))
        return explicit.indifference(payoffs, arithmetic, tastes, reach + apart)

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Recompute every equation from stored variables; the relative violation of each by name.

        Written in plain NumPy from the equations at the top of this file, apart from
        the kernels.
        """
        names = ("share", "wage", "price_index", "surplus", "income", "utility")
        share, wage, mean, surplus, income, utility = (data[name].values for name in names)
        a, b, c, phi, total_farmers, total_skilled = self._numbers()
        cost, net, farmers, n = self.costs(), self._net(), self._padded(), total_skilled / phi
        price = (a + c * n * mean + (b + c * n) * cost) / (2.0 * (b + c * n))
        bought = a - (b + c * n) * price + c * n * mean
        people = total_farmers * farmers + total_skilled * share
        every, spent = n * share @ bought, n * share @ (price * bought)
        loss = (n * share @ bought**2 + c / b * every**2) / (2.0 * (b + c * n))
        taken = n * np.sum(share * (1.0 - net) * ((price * bought) @ people))
        liked = 0.0 if self.online is None else math.log(self.online.amenity)
        liking = np.append(np.zeros(len(self.geography)), [liked] * (self.online is not None))
        sides = {
            "wage": (wage, net / phi * (((price - cost) * bought) @ people)),
            "mean price": (mean, share @ price),
            "surplus": (surplus, a / b * every - loss - spent),
            "income": (income, farmers * (total_farmers + taken) + total_skilled * share * wage),
            "utility": (surplus + wage, utility - liking),
            "trade": (np.ones(1), np.atleast_1d(1.0 + np.maximum(0.0, -bought).max())),
        }
        return ces.differences(sides)
