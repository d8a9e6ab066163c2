"""Core and periphery, with an online region: Krugman (1991), FKV (1999) chapters 4-6.

Equations, for regions r, s = 1..R, the online region being one of them:

    Y_s   = mu lambda_s w_s + phi_s [(1 - mu) + mu sum_r lambda_r w_r zeta_r/(1 - zeta_r)]
    G_s   = [sum_r lambda_r (w_r/(1 - zeta_r) T_rs)^(1-sigma)]^(1/(1-sigma))
    w_r   = (1 - zeta_r) [sum_s Y_s T_rs^(1-sigma) G_s^(sigma-1)]^(1/sigma)
    omega_r = B_r w_r G_r^(-mu)

    lambda  share of mobile workers (= of firms)      phi    share of immobile farmers
    w       manufacturing wage (farmers earn 1)       Y      income
    G       manufacturing price index                 omega  real wage, amenity included
    mu      share of spending on manufactures         sigma  elasticity of substitution
    T       iceberg trade cost, K = T^(1-sigma)       zeta   commission, zero offline
    B       amenity, one offline

Buyers pay w/(1 - zeta) before trade costs; the commission is income of farmers in
proportion to phi. Numeraire (Walras): sum_r lambda_r w_r/(1 - zeta_r) = 1.

The short run is the fixed point u = f(u) of log wages. Its Jacobian is non-negative,
with row sums 1 - (1-mu) h_r/(sigma z_r) < 1 (z_r = sum_s K_rs Y_s/P_s and h_r the
same with phi_s for Y_s; P = G^(1-sigma)), so plain iteration always converges, and
the residual over the smallest 1 - row sum bounds the error.

Sources: Krugman, P. (1991), J. Political Economy 99; Fujita, M., Krugman, P. &
Venables, A. J. (1999), The Spatial Economy. The online region is nege's own.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.geography import Geography
from nege.kernels import equations, two_regions
from nege.kernels.fixed_point import Options
from nege.kernels.jit import kernel
from nege.kernels.operators import buy
from nege.kernels.points import Many
from nege.kernels.vmath import exp, log
from nege.models import fourier, trade
from nege.models.base import Model, Variable
from nege.online import OnlineRegion

__all__ = ["CorePeriphery"]


class Parameters(NamedTuple):
    """What the kernels know of a core-periphery economy."""

    sigma: float
    mu: float
    farmers: np.ndarray
    log_net: np.ndarray  # ln(1 - zeta)
    log_amenity: np.ndarray
    operator: Any


# --- short run ---------------------------------------------------------------------


@equations.supply.register(Parameters)
def _supply(parameters, share, state, out):
    """x_r = lambda_r (w_r/(1-zeta_r))^(1-sigma)."""
    p = parameters
    for r in range(state.size):
        out[r] = share[r] * exp((1.0 - p.sigma) * (state[r] - p.log_net[r]))


@equations.spending.register(Parameters)
def _spending(parameters, share, state, out):
    """Y_s, of which the share mu that goes to manufactures is in the numeraire."""
    p = parameters
    for r in range(state.size):
        out[r] = p.mu * share[r] * exp(state[r])
    rebate = 0.0
    for r in range(state.size):
        if p.log_net[r] != 0.0:
            rebate += out[r] * (exp(-p.log_net[r]) - 1.0)
    for s in range(state.size):
        out[s] += p.farmers[s] * (1.0 - p.mu + rebate)


@equations.respond.register(Parameters)
def _respond(parameters, share, state, access, change):
    p = parameters
    for r in range(state.size):
        change[r] = log(access[r]) / p.sigma + p.log_net[r] - state[r]


@equations.settled.register(Parameters)
def _settled(parameters, share, state, out):
    for s in range(state.size):
        out[s] = (1.0 - parameters.mu) * parameters.farmers[s]


@equations.contraction_gap.register(Parameters)
def _contraction_gap(parameters, access, reach):
    gap = 1.0
    for r in range(access.size):
        row = reach[r] / (parameters.sigma * access[r])
        if not 0.0 <= row <= 1.0:
            return math.nan
        gap = min(gap, row)
    return gap


@equations.normalise.register(Parameters)
def _normalise(parameters, share, state):
    total = 0.0
    for r in range(state.size):
        total += share[r] * exp(state[r] - parameters.log_net[r])
    shift = np.log(total)
    for r in range(state.size):
        state[r] -= shift


# --- payoff ------------------------------------------------------------------------


@equations.payoff.register(Parameters)
def _payoff(parameters, share, state, price, out):
    p = parameters
    for r in range(state.size):
        out[r] = p.log_amenity[r] + state[r] + p.mu / (p.sigma - 1.0) * log(price[r])


# --- derivatives -------------------------------------------------------------------


@equations.response.register(Parameters)
def _response(parameters):
    return 1.0 / parameters.sigma


@equations.sensitivities.register(Parameters)
def _sensitivities(parameters, share, state, out):
    """With p = w/(1-zeta): x = lambda p^(1-sigma), and the pool is the commission, zeta p."""
    p = parameters
    for r in range(state.size):
        wage = p.mu * exp(state[r])
        mill = exp((1.0 - p.sigma) * (state[r] - p.log_net[r]))
        rebate = wage * (exp(-p.log_net[r]) - 1.0) / (1.0 - p.mu)
        out[0, r], out[3, r] = (1.0 - p.sigma) * share[r] * mill, mill
        out[1, r], out[4, r] = share[r] * wage, wage
        out[2, r], out[5, r] = share[r] * rebate, rebate


@equations.payoff_sensitivities.register(Parameters)
def _payoff_sensitivities(parameters, share, state, price, out):
    for r in range(state.size):
        out[0, r], out[1, r] = 1.0, parameters.mu / (parameters.sigma - 1.0)


@equations.supply_tangent.register(Parameters)
def _supply_tangent(parameters, direction, share, state, out):
    p, d = parameters, direction
    equations.supply(p, share, state, out)
    for r in range(state.size):
        out[r] *= (p.sigma - 1.0) * d.log_net[r] - d.sigma * (state[r] - p.log_net[r])


@equations.spending_tangent.register(Parameters)
def _spending_tangent(parameters, direction, share, state, out):
    p, d = parameters, direction
    rebate = moved = 0.0
    for r in range(state.size):
        wage, gross = share[r] * exp(state[r]), exp(-p.log_net[r])
        out[r] = d.mu * wage
        rebate += p.mu * wage * (gross - 1.0)
        moved += d.mu * wage * (gross - 1.0) - p.mu * wage * gross * d.log_net[r]
    for s in range(state.size):
        out[s] += d.farmers[s] * (1.0 - p.mu + rebate) + p.farmers[s] * (moved - d.mu)


@equations.respond_tangent.register(Parameters)
def _respond_tangent(parameters, direction, share, state, access, out):
    p, d = parameters, direction
    for r in range(state.size):
        out[r] = d.log_net[r] - d.sigma * log(access[r]) / (p.sigma * p.sigma)


@equations.payoff_tangent.register(Parameters)
def _payoff_tangent(parameters, direction, share, state, price, out):
    p, d = parameters, direction
    love = (d.mu - d.sigma * p.mu / (p.sigma - 1.0)) / (p.sigma - 1.0)
    for r in range(state.size):
        out[r] = d.log_amenity[r] + love * log(price[r])


# --- labelled class ----------------------------------------------------------------


@dataclasses.dataclass(frozen=True, init=False, eq=False, repr=False)
class CorePeriphery(Model):
    """An economy where workers follow real wages and firms follow markets, perhaps online.

    Equations of Krugman (1991) for any number of regions, as in Fujita, Krugman &
    Venables (1999), chapters 4-6; the online region is one more region with
    T_ro = T_or = the digital trade cost and no farmers.

    Parameters
    ----------
    geography : Geography
        Places and distances, from ``nege.geography``.
    sigma : float
        Elasticity of substitution between varieties, above 1.
    mu : float
        Share of spending on manufactures, between 0 and 1.
    trade_cost : float, DataArray or array
        Iceberg factor per unit of distance, T_rs = trade_cost ** distance_rs; or
        the factors themselves over (origin, destination), each at least 1.
    farmers : DataArray, mapping or array, optional
        Share of immobile farmers of each place (they sum to one). By default in
        proportion to population, where the geography has one, else equal.
    online : OnlineRegion, optional
        The online region.

    Raises
    ------
    InputError
        Naming the argument, the value, what is allowed and what to do.

    See Also
    --------
    nege.short_run : wages and prices for given shares.
    nege.solve : the long run, where workers have moved.

    Notes
    -----
    Not for questions about land, commuting or intermediate inputs: real wages here
    hold goods prices only.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7)
    >>> nege.short_run(economy, [0.7, 0.3]).data.wage.round(6).values
    array([0.969369, 1.071472])
    """

    geography: Geography
    sigma: float
    mu: float
    trade_cost: float | xr.DataArray
    farmers: xr.DataArray
    online: OnlineRegion | None

    title: ClassVar[str] = "core-periphery"
    parameters: ClassVar[tuple[str, ...]] = ("sigma", "mu", "trade_cost")
    payoff: ClassVar[str] = "real_wage"
    variables: ClassVar[dict[str, Variable]] = {
        "share": Variable(("region",), "share of mobile workers and firms", "1"),
        "wage": Variable(("region",), "manufacturing wage", "farmers' wage"),
        "price_index": Variable(("region",), "manufacturing price index", "farmers' wage"),
        "income": Variable(("region",), "income", "income of the economy without commission"),
        "real_wage": Variable(("region",), "real wage, amenity included", "utility"),
        "welfare": Variable((), "real income of workers and farmers together", "utility"),
    }

    def __init__(
        self,
        geography: Geography,
        *,
        sigma: float,
        mu: float,
        trade_cost: float | xr.DataArray | np.ndarray,
        farmers: xr.DataArray | Mapping[str, float] | np.ndarray | None = None,
        online: OnlineRegion | None = None,
    ) -> None:
        if not isinstance(geography, Geography):
            raise InputError(
                "geography",
                geography,
                "a Geography",
                "Make one with nege.geography.equidistant(2).",
            )
        if online is not None and not isinstance(online, OnlineRegion):
            raise InputError(
                "online", online, "an OnlineRegion", "Use nege.OnlineRegion(trade_cost=...)."
            )
        names = geography.names
        values = {
            "geography": geography,
            "sigma": validation.number(
                "sigma",
                sigma,
                above=1.0,
                cure="With sigma <= 1 no number of varieties can be foregone.",
            ),
            "mu": validation.number(
                "mu", mu, above=0.0, below=1.0, cure="It is a share of spending."
            ),
            "trade_cost": trade.checked_cost(trade_cost, names),
            "farmers": _labelled(
                geography.population_share
                if farmers is None
                else validation.shares("farmers", farmers, names),
                names,
            ),
            "online": online,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        self._check_online_name()

    def __repr__(self) -> str:
        cost = (
            f"{self.trade_cost:g}" if isinstance(self.trade_cost, float) else "given by DataArray"
        )
        online = "" if self.online is None else f", online={self.online}"
        return (
            f"CorePeriphery({len(self.geography)} places, sigma={self.sigma:g}, mu={self.mu:g}, "
            f"trade_cost={cost}{online})"
        )

    def kernel_with(self, operator: str = "auto", *, compiled: bool = True) -> Parameters:
        """Return the NamedTuple of parameters that kernels read, with an operator of choice."""
        n, places = len(self.regions), slice(0, len(self.geography))
        farmers, log_net, log_amenity = np.zeros(n), np.zeros(n), np.zeros(n)
        farmers[places] = self.farmers.values
        online_cost = None
        if self.online is not None:
            online_cost = self.online.trade_cost
            log_net[-1] = math.log1p(-self.online.commission)
            log_amenity[-1] = math.log(self.online.amenity)
        made = trade.operator_for(
            self.geography, self.trade_cost, online_cost, self.sigma, operator, compiled=compiled
        )
        return Parameters(self.sigma, self.mu, farmers, log_net, log_amenity, made)

    def short_runs_at_once(
        self, points: list[Parameters], shares: np.ndarray, options: Options
    ) -> Many | None:
        """Return short runs of two equal regions in vector loops, None for other economies."""
        first = points[0]
        same = [p for p in points if p.sigma == first.sigma and p.mu == first.mu]
        freeness = np.array([p.operator.freeness for p in points if p.farmers.size == 2])
        if len(same) < len(points) or len(freeness) < 1 or first.log_net.any():
            return None
        if not (freeness[:, 0, 0] == 1.0).all() or not (freeness[:, 1, 1] == 1.0).all():
            return None
        if not (freeness[:, 0, 1] == freeness[:, 1, 0]).all():
            return None
        found: Many = two_regions.short_runs(
            freeness[:, 0, 1], shares, first.farmers[0], first.sigma, first.mu, options
        )
        return found

    def direction(self, name: str) -> Parameters:
        """Return the derivative of every parameter of the kernels by one of ``varied()``."""
        n = len(self.regions)
        validation.known("parameter", name, self.varied())
        online_cost = None if self.online is None else self.online.trade_cost
        slope = trade.freeness_slope(self.geography, self.trade_cost, online_cost, self.sigma, name)
        zero = Parameters(0.0, 0.0, np.zeros(n), np.zeros(n), np.zeros(n), slope)
        if name in ("sigma", "mu"):
            return zero._replace(**{name: 1.0})  # type: ignore[arg-type]
        if self.online is not None and name == "online_commission":
            zero.log_net[-1] = -1.0 / (1.0 - self.online.commission)
        if self.online is not None and name == "online_amenity":
            zero.log_amenity[-1] = 1.0 / self.online.amenity
        return zero

    def memory(self) -> dict[str, int]:
        """Return the bytes that a short run needs, by operator, the default one first."""
        return trade.memory_by_operator(self.geography, self.trade_cost)

    def start_state(self) -> np.ndarray:
        """Return log wages to start from when nothing better is known: all the same."""
        return np.zeros(len(self.regions))

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Parameters | None = None
    ) -> dict[str, np.ndarray]:
        """Return wages, prices, incomes and welfare for log wages that clear markets.

        `share` and `state` may have further dimensions in front.
        """
        p = self.kernel if parameters is None else parameters
        shape = share.shape
        flat = np.ascontiguousarray(share).reshape(-1, shape[-1])
        states = np.ascontiguousarray(state).reshape(flat.shape)
        price, income, log_payoff = (np.empty_like(flat) for _ in range(3))
        if trade.uses_fourier(p.operator):
            for row in range(len(flat)):
                fourier.outcome(p, flat[row], states[row], price[row], income[row], log_payoff[row])
        else:
            _outcomes(p, flat, states, price, income, log_payoff)
        wage, real_wage = np.exp(states), np.exp(log_payoff)
        with np.errstate(divide="ignore"):  # a place without any supplier: infinite
            price_index = price ** (1.0 / (1.0 - self.sigma))
        workers = self.mu * np.sum(flat * real_wage, axis=-1)
        earned = income - self.mu * flat * wage
        farmers = np.sum(earned * price_index**-self.mu, axis=-1)
        return {
            "share": share,
            "wage": wage.reshape(shape),
            "price_index": price_index.reshape(shape),
            "income": income.reshape(shape),
            "real_wage": real_wage.reshape(shape),
            "welfare": (workers + farmers).reshape(shape[:-1]),
        }

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Recompute every equation from stored variables; the relative violation of each by name.

        Written in plain NumPy from the equations at the top of this file, apart from
        the kernels.
        """
        names = ("share", "wage", "price_index", "income", "real_wage")
        share, wage, price_index, income, real_wage = (data[name].values for name in names)
        n, places = len(self.regions), len(self.geography)
        cost, farmers = np.ones((n, n)), np.zeros(n)
        commission, amenity = np.zeros(n), np.ones(n)
        if isinstance(self.trade_cost, float):
            cost[:places, :places] = self.trade_cost ** self.geography.metric.dense()
        else:
            cost[:places, :places] = self.trade_cost.values
        farmers[:places] = self.farmers.values
        if self.online is not None:
            cost[:-1, -1] = cost[-1, :-1] = self.online.trade_cost
            commission[-1], amenity[-1] = self.online.commission, self.online.amenity
        mill = wage / (1.0 - commission)
        delivered = (mill[:, None] * cost) ** (1.0 - self.sigma)
        demand = income * cost ** (1.0 - self.sigma) * price_index ** (self.sigma - 1.0)
        rebate = self.mu * np.sum(share * mill * commission)
        right = {
            "wage": (wage, (1.0 - commission) * demand.sum(1) ** (1.0 / self.sigma)),
            "price index": (price_index, (share @ delivered) ** (1.0 / (1.0 - self.sigma))),
            "income": (income, self.mu * share * wage + farmers * (1.0 - self.mu + rebate)),
            "real wage": (real_wage, amenity * wage * price_index**-self.mu),
            "numeraire": (np.ones(1), np.atleast_1d(np.sum(share * mill))),
        }
        return {
            name: float(np.max(np.abs(there - here) / np.maximum(np.abs(here), 1e-300)))
            if not np.array_equal(here, there)
            else 0.0
            for name, (here, there) in right.items()
        }


@kernel
def _outcomes(parameters, shares, states, price, income, log_payoff):
    p = parameters
    supply = np.empty(shares.shape[1])
    for row in range(shares.shape[0]):
        equations.supply(p, shares[row], states[row], supply)
        equations.spending(p, shares[row], states[row], income[row])
        buy(p.operator, supply, price[row])
        equations.payoff(p, shares[row], states[row], price[row], log_payoff[row])


def _labelled(farmers: Any, names: tuple[str, ...]) -> xr.DataArray:
    values = np.array(farmers, dtype=float)
    values.flags.writeable = False
    return xr.DataArray(
        values,
        coords={"region": list(names)},
        dims="region",
        name="farmers",
        attrs={"long_name": "share of farmers", "units": "1"},
    )
