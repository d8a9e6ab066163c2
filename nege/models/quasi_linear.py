"""Core and periphery with quasi-linear utility, and an online region: Pflüger (2004).

Equations, for regions r, s = 1..R, the online region being one of them:

    Delta_s = sum_r h_r (1 - zeta_r)^(sigma-1) phi_rs
    w_r     = (alpha/sigma) (1 - zeta_r)^sigma sum_s phi_rs (l L_s + h_s)/Delta_s
    V_r     = w_r + alpha/(sigma-1) ln Delta_r + ln B_r

    h      share of skilled workers (= of firms)    L      share of unskilled workers
    l      unskilled workers for each skilled one   alpha  spending of each on manufactures
    w      skilled wage (the unskilled earn 1)      V      utility, amenity included
    phi    freeness of trade, T^(1-sigma)           sigma  elasticity of substitution
    Delta  G^(1-sigma), G the price index           zeta   commission, zero offline
    B      amenity, one offline

Utility is alpha ln M + the quantity of the numeraire good, M being the CES bundle: everybody
spends alpha on M whatever the income, and what is left on the numeraire, of which there is
enough. So income moves no demand, the wage is explicit, and V is what a skilled worker
enjoys, but for constants. A firm takes one skilled worker, as among footloose
entrepreneurs, and the unskilled make the numeraire good. Counting H skilled workers instead
of one divides Delta and the number of both kinds alike: only l = L/H matters. The
commission is income of the unskilled in proportion to L, who spend it on the numeraire.
Walras:

    sigma sum_r h_r w_r/(1 - zeta_r) = alpha (1 + l).

People compare *differences* of utility: a factor on V has no meaning where V is a quantity of
a good and may be negative, while V itself is what moves them in the source, and what enters
choice probabilities under logit tastes, exp(V_r/s). So ln payoff of the solvers is V: rest
points are where V is equal, and growth rates are differences of V. The state u is ln w; f
takes no state, and one step reaches it.

Source: Pflüger, M. (2004), Regional Science and Urban Economics 34. The online region is
nege's own.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
import xarray as xr

from nege import validation
from nege.geography import Geography
from nege.kernels import equations
from nege.kernels.vmath import exp, log
from nege.models import ces, closed_forms, explicit, footloose, trade
from nege.models.indifference import Arithmetic, Indifference, Tastes
from nege.models.results import Variable
from nege.online import OnlineRegion

__all__ = ["QuasiLinear"]


class Parameters(NamedTuple):
    """What the kernels know of a quasi-linear economy."""

    sigma: float
    alpha: float
    unskilled_ratio: float
    unskilled: np.ndarray
    log_net: np.ndarray  # ln(1 - zeta)
    log_amenity: np.ndarray
    operator: Any


# --- short run ---------------------------------------------------------------------

explicit.register(Parameters)
footloose.register(Parameters)


@equations.spending.register(Parameters)
def _spending(parameters, share, state, out):
    """Of alpha each, by how many there are for each skilled worker."""
    for s in range(state.size):
        out[s] = parameters.unskilled_ratio * parameters.unskilled[s] + share[s]


@equations.respond.register(Parameters)
def _respond(parameters, share, state, access, change):
    p = parameters
    level = np.log(p.alpha / p.sigma)
    for r in range(state.size):
        change[r] = level + p.sigma * p.log_net[r] + log(access[r]) - state[r]


@equations.settled.register(Parameters)
def _settled(parameters, share, state, out):
    """All of it."""
    equations.spending(parameters, share, state, out)


# --- payoff ------------------------------------------------------------------------


@equations.payoff.register(Parameters)
def _payoff(parameters, share, state, price, out):
    p = parameters
    for r in range(state.size):
        out[r] = p.log_amenity[r] + exp(state[r]) + p.alpha / (p.sigma - 1.0) * log(price[r])


# --- derivatives -------------------------------------------------------------------


@equations.sensitivities.register(Parameters)
def _sensitivities(parameters, share, state, out):
    """Nothing moves with the state; a worker supplies, and spends as much as any other."""
    p = parameters
    for r in range(state.size):
        for row in range(6):
            out[row, r] = 0.0
        out[3, r], out[4, r] = exp((p.sigma - 1.0) * p.log_net[r]), 1.0


@equations.payoff_sensitivities.register(Parameters)
def _payoff_sensitivities(parameters, share, state, price, out):
    love = parameters.alpha / (parameters.sigma - 1.0)
    for r in range(state.size):
        out[0, r], out[1, r], out[2, r] = exp(state[r]), love, 0.0


@equations.spending_tangent.register(Parameters)
def _spending_tangent(parameters, direction, share, state, out):
    p, d = parameters, direction
    for s in range(state.size):
        out[s] = d.unskilled_ratio * p.unskilled[s] + p.unskilled_ratio * d.unskilled[s]


@equations.respond_tangent.register(Parameters)
def _respond_tangent(parameters, direction, share, state, access, out):
    p, d = parameters, direction
    level = d.alpha / p.alpha - d.sigma / p.sigma
    for r in range(state.size):
        out[r] = level + d.sigma * p.log_net[r] + p.sigma * d.log_net[r]


@equations.payoff_tangent.register(Parameters)
def _payoff_tangent(parameters, direction, share, state, price, out):
    p, d = parameters, direction
    love = (d.alpha - d.sigma * p.alpha / (p.sigma - 1.0)) / (p.sigma - 1.0)
    for r in range(state.size):
        out[r] = d.log_amenity[r] + love * log(price[r])


# --- labelled class ----------------------------------------------------------------


@dataclasses.dataclass(frozen=True, init=False, eq=False, repr=False)
class QuasiLinear(ces.CESModel):
    """An economy where skilled workers move, and income moves no demand for manufactures.

    Equations of Pflüger (2004) for any number of regions: everybody spends the same on
    manufactures, so that wages are explicit and, between two equal places, dispersion gives
    way smoothly (a supercritical pitchfork) rather than in a jump. The online region is one
    more region with T_ro = T_or = the digital trade cost and no unskilled workers.

    Parameters
    ----------
    geography : Geography
        Places and distances, from ``nege.geography``.
    sigma : float
        Elasticity of substitution between varieties, above 1.
    alpha : float
        Spending of each worker on manufactures, above 0, in wages of the unskilled.
    unskilled_ratio : float
        Unskilled workers for each skilled one, L/H, above 0.
    trade_cost : float, DataArray or array
        Iceberg factor per unit of distance, T_rs = trade_cost ** distance_rs; or
        the factors themselves over (origin, destination), each at least 1.
    unskilled : DataArray, mapping or array, optional
        Share of immobile unskilled workers of each place (they sum to one). By default
        in proportion to population, where the geography has one, else equal.
    online : OnlineRegion, optional
        The online region; the logarithm of its amenity adds to utility.

    Raises
    ------
    InputError
        Naming the argument, the value, what is allowed and what to do.

    Notes
    -----
    The dynamics compare differences of utility. alpha is their unit: it moves no
    equilibrium without an amenity or tastes, and multiplies every growth rate.

    Not for questions about who gets rich: everybody is taken to have enough of the
    numeraire good, and spends alpha on manufactures also where the wage is less.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.QuasiLinear(places, sigma=5, alpha=0.4, unskilled_ratio=5, trade_cost=1.2)
    >>> nege.break_points(economy, "trade_cost", (1.01, 3))
    1 break point in trade_cost between 1.01 and 3:
      1.217883342  0 against 1
    """

    geography: Geography
    sigma: float
    alpha: float
    unskilled_ratio: float
    trade_cost: float | xr.DataArray
    unskilled: xr.DataArray
    online: OnlineRegion | None

    title: ClassVar[str] = "quasi-linear"
    kernel_type: ClassVar[type] = Parameters
    parameters: ClassVar[tuple[str, ...]] = ("sigma", "alpha", "unskilled_ratio", "trade_cost")
    labelled: ClassVar[tuple[str, ...]] = ("trade_cost", "unskilled")
    immobile: ClassVar[str] = "unskilled"
    payoff: ClassVar[str] = "utility"
    movers: ClassVar[str] = "skilled workers"
    variables: ClassVar[dict[str, Variable]] = {
        "share": Variable(("region",), "share of skilled workers and firms", "1"),
        "wage": Variable(("region",), "skilled wage", "unskilled wage"),
        "price_index": Variable(("region",), "manufacturing price index", "unskilled wage"),
        "income": Variable(("region",), "income per skilled worker", "unskilled wage"),
        "utility": Variable(("region",), "skilled utility, amenity included", "unskilled wage"),
        "welfare": Variable((), "utility of everybody per skilled worker", "unskilled wage"),
    }

    def __init__(
        self,
        geography: Geography,
        *,
        sigma: float,
        alpha: float,
        unskilled_ratio: float,
        trade_cost: float | xr.DataArray | np.ndarray,
        unskilled: xr.DataArray | Mapping[str, float] | np.ndarray | None = None,
        online: OnlineRegion | None = None,
    ) -> None:
        names = ces.check_places(geography, online)
        meaning = "share of unskilled workers"
        ratio = validation.number(
            "unskilled_ratio",
            unskilled_ratio,
            above=0.0,
            cure="It is how many unskilled workers there are for each skilled one.",
        )
        self._hold(
            geography=geography,
            sigma=ces.check_sigma(sigma),
            alpha=validation.number("alpha", alpha, above=0.0),
            unskilled_ratio=ratio,
            trade_cost=trade.checked_cost(trade_cost, names),
            unskilled=ces.check_immobile("unskilled", unskilled, geography, meaning),
            online=online,
        )

    def start_state(self) -> np.ndarray:
        """Return log wages to start from: all the same, as they are on average."""
        level = math.log(self.alpha * (1.0 + self.unskilled_ratio) / self.sigma)
        return np.full(len(self.regions), level)

    def compared(self, data: xr.Dataset) -> np.ndarray:
        """Return exp(V), of which the dynamics see ratios."""
        return explicit.exponential(data["utility"].values)

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> dict[str, np.ndarray]:
        """Return wages, prices, incomes and utilities for log wages that clear markets."""
        price_index, _, utility = self.evaluated(share, state, parameters)
        _, unskilled, commission, _ = self.tables()
        wage = np.exp(state)
        taken = self.sigma * share * wage @ (commission / (1.0 - commission))
        income = share * wage + unskilled * (self.unskilled_ratio + taken[..., None])
        places = len(self.geography)
        surplus = np.log(price_index[..., :places]) @ unskilled[:places]
        earned = self.unskilled_ratio * (1.0 - self.alpha * surplus) + taken
        return {
            "share": share,
            "wage": wage,
            "price_index": price_index,
            "income": income,
            "utility": utility,
            "welfare": np.sum(share * utility, axis=-1) + earned,
        }

    def online_thresholds(self, trade_cost: float) -> tuple[float, float]:
        """Return the digital trade costs of take-off and collapse between two equal places."""
        return closed_forms.quasi_linear_thresholds(self.sigma, self.unskilled_ratio, trade_cost)

    def indifference(self, arithmetic: Arithmetic, tastes: Tastes | None) -> Indifference | None:
        """Return the equations of an economy whose occupied regions are equally good."""
        number, exp, log = arithmetic
        sigma, alpha, ratio = (
            number(value) for value in (self.sigma, self.alpha, self.unskilled_ratio)
        )
        freeness, unskilled, log_net, log_amenity = self.exact(arithmetic)
        regions = range(len(self.regions))
        firms = [exp((sigma - number(1.0)) * net) for net in log_net]
        part = [alpha / sigma * exp(sigma * net) for net in log_net]
        love = alpha / (sigma - number(1.0))

        def payoffs(share: list[Any]) -> list[Any]:
            supply = [share[r] * firms[r] for r in regions]
            price = [sum(supply[r] * freeness[r][s] for r in regions) for s in regions]
            demand = [(ratio * unskilled[s] + share[s]) / price[s] for s in regions]
            wage = [part[r] * sum(freeness[r][s] * demand[s] for s in regions) for r in regions]
            return [wage[r] + love * log(price[r]) + log_amenity[r] for r in regions]

        return explicit.indifference(payoffs, arithmetic, tastes, self._furthest())

    def _furthest(self) -> float:
        """Return how far utilities can be apart: no price falls below that of one supplier."""
        cost, _, commission, amenity = self.tables()
        delivered = cost ** (1.0 - self.sigma)
        firms = (1.0 - commission[:, None]) ** (self.sigma - 1.0) * delivered
        sold = (1.0 - commission[:, None]) ** self.sigma * delivered / firms.min(axis=0)
        wage = self.alpha / self.sigma * (1.0 + self.unskilled_ratio) * float(sold.max())
        near = float(max(np.ptp(np.log(cost), axis=1)))
        return wage + self.alpha * near + float(np.ptp(np.log(amenity)))

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Recompute every equation from stored variables; the relative violation of each by name.

        Written in plain NumPy from the equations at the top of this file, apart from
        the kernels.
        """
        names = ("share", "wage", "price_index", "income", "utility")
        share, wage, price_index, income, utility = (data[name].values for name in names)
        cost, unskilled, commission, amenity = self.tables()
        people = self.unskilled_ratio * unskilled + share
        delivered = (cost / (1.0 - commission[:, None])) ** (1.0 - self.sigma)
        sales = delivered @ (self.alpha * people * price_index ** (self.sigma - 1.0))
        paid = np.sum(share * sales * commission)
        surplus = np.log(amenity) - self.alpha * np.log(price_index)
        sides = {
            "wage": (wage, (1.0 - commission) * sales / self.sigma),
            "price index": (price_index, (share @ delivered) ** (1.0 / (1.0 - self.sigma))),
            "income": (income, share * wage + unskilled * (self.unskilled_ratio + paid)),
            "utility": (np.exp(utility - wage), np.exp(surplus)),
            "sales": (np.atleast_1d(self.alpha * people.sum()), np.atleast_1d(share @ sales)),
        }
        return ces.differences(sides)
