"""Base of models with CES varieties, iceberg trade costs and one immobile factor.

    sigma   elasticity of substitution        T      iceberg trade cost, K = T^(1-sigma)
    zeta    commission, zero offline          B      amenity, one offline
    G       price index, P = G^(1-sigma)      omega  payoff of the mobile factor

The online region is one more region with T_ro = T_or = the digital trade cost and none
of the immobile factor. What a model adds: its fields, its equations of one place, and their
audit. Equations read each number, and what each region has, by the names of the fields.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
import xarray as xr

from nege import memory, validation
from nege.kernels.equations import CONDITION, EXPLICIT, ROW_SUMS, Economy, goods, payoff
from nege.kernels.jit import kernel
from nege.kernels.operators import buy
from nege.models import declarations, fourier, trade_costs
from nege.models.base import Model
from nege.models.fields import Labelled
from nege.models.indifference import Arithmetic, Tastes
from nege.models.solutions import flat, rows


class Tables(NamedTuple):
    """An economy in plain arrays, the online region last."""

    cost: np.ndarray  # T, origin by destination
    immobile: np.ndarray
    commission: np.ndarray
    amenity: np.ndarray


class Exact(NamedTuple):
    """The same in numbers of some arithmetic, each parameter taken as the float it is."""

    freeness: list[list[Any]]  # K, origin by destination
    immobile: list[Any]  # summing to one exactly
    log_net: list[Any]  # ln(1 - zeta)
    log_amenity: list[Any]


class CESModel(Model):
    """Base of CES models: constructor, kernel parameters, outcome and audit tables they share."""

    #: The field that holds the share of the immobile factor of each place.
    immobile: ClassVar[str]
    #: What the ``outcome`` beside it returns, the payoff apart.
    returned: ClassVar[tuple[str, ...]] = ("share", "price_index", "income")

    sigma: float
    trade_cost: Labelled[float | xr.DataArray]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "title" in vars(cls):  # a model, not what several have in common
            declarations.check(cls)

    @property
    def mobile_weight(self) -> float:
        """Weight of the mobile factor in welfare: its income at a share and a wage of one."""
        return 1.0

    @classmethod
    def rows(cls) -> tuple[str, ...]:
        """Return what kernels call the parameters that each region has."""
        own = [name for name, field in cls.fields.items() if field.dims == ("region",)]
        return (*own, "log_net", "log_amenity")

    def make_arrays(self, operator: str = "auto", *, compiled: bool = True) -> Economy:
        """Return the economy as kernels read it, with an operator of choice."""
        online_cost = None if self.online is None else self.online.trade_cost
        compiled = compiled or not self._has_products_alone()
        made = trade_costs.operator_for(
            self.geography, self.trade_cost, online_cost, self.sigma, operator, compiled=compiled
        )
        return self.compiled().economy(*self.kernel_values(), made)

    def _has_products_alone(self) -> bool:
        """Whether short runs take nothing but products with K, which transforms make too."""
        return self.equations.bound in (ROW_SUMS, EXPLICIT)

    def kernel_values(self) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        """Return numbers, and rows over regions, by name, as kernels read them."""
        log_net, log_amenity = np.zeros(len(self.regions)), np.zeros(len(self.regions))
        if self.online is not None:
            log_net[-1] = math.log1p(-self.online.commission)
            log_amenity[-1] = math.log(self.online.amenity)
        numbers = {name: getattr(self, name) for name in self.parameters if name != "trade_cost"}
        rows = {name: self._padded(name) for name in self.fields if name in self.compiled().rows}
        return numbers, {**rows, "log_net": log_net, "log_amenity": log_amenity}

    def direction(self, name: str) -> Economy:
        """Return the derivative of every parameter of the kernels by one of ``varied()``."""
        n = len(self.regions)
        validation.known("parameter", name, self.varied())
        online_cost = None if self.online is None else self.online.trade_cost
        slope = trade_costs.freeness_slope(
            self.geography, self.trade_cost, online_cost, self.sigma, name
        )
        numbers = {own: float(name == own) for own in self.numbers_of()}
        rows = {own: np.zeros(n) for own in self.rows()}
        if self.online is not None and name == "online_commission":
            rows["log_net"][-1] = -1.0 / (1.0 - self.online.commission)
        if self.online is not None and name == "online_amenity":
            rows["log_amenity"][-1] = 1.0 / self.online.amenity
        return self.compiled().economy(numbers, rows, slope)

    def _padded(self, name: str) -> np.ndarray:
        """Return what every region has, as a field says it; none of it online, or where none is."""
        padded, values = np.zeros(len(self.regions)), self.__dict__[name]
        if values is not None:
            padded[: len(self.geography)] = values.values  # no copy
        return padded

    def memory(self) -> dict[str, int]:
        """Return the bytes that a short run needs, by operator, the default one first."""
        found = trade_costs.memory_by_operator(self.geography, self.trade_cost)
        if not self._has_products_alone():
            found.pop("fourier", None)
        if self.equations.bound == CONDITION:
            tables = memory.table(len(self.regions), 4)
            found = {kind: size + tables for kind, size in found.items()}
        return found

    def evaluated(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return price indices, spending and ln payoffs at a share and a state."""
        p = self.arrays if parameters is None else parameters
        shape, (shares, states) = share.shape, flat(share, state)
        price, spending, log_payoff = (np.empty_like(shares) for _ in range(3))
        if trade_costs.uses_fourier(p.operator):
            for row in range(len(shares)):
                found = price[row], spending[row], log_payoff[row]
                fourier.outcome(p, shares[row], states[row], *found)
        else:
            for some in rows(*shares.shape):
                _outcomes(
                    p, shares[some], states[some], price[some], spending[some], log_payoff[some]
                )
        # A place without any supplier: infinite. One whose price transforms round to noise: NaN.
        with np.errstate(divide="ignore", invalid="ignore"):
            price_index = price ** (1.0 / (1.0 - self.sigma))
        return price_index.reshape(shape), spending.reshape(shape), log_payoff.reshape(shape)

    def start_state(self) -> np.ndarray:
        """Return logarithms to start from when nothing better is known: all the same."""
        return np.zeros(len(self.regions))

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> dict[str, np.ndarray]:
        """Return share, price index, income and payoff for a state that clears markets.

        `share` and `state` may have further dimensions in front.
        """
        price_index, income, log_payoff = self.evaluated(share, state, parameters)
        paid = log_payoff if self.differences else np.exp(log_payoff)
        return {"share": share, "price_index": price_index, "income": income, self.payoff: paid}

    def tables(self) -> Tables:
        """Return the economy in plain arrays, for audits: apart from what kernels read."""
        n, online_cost = len(self.regions), None
        commission, amenity = np.zeros(n), np.ones(n)
        if self.online is not None:
            online_cost = self.online.trade_cost
            commission[-1], amenity[-1] = self.online.commission, self.online.amenity
        cost = trade_costs.table(self.geography, self.trade_cost, online_cost)
        return Tables(cost, self._padded(self.immobile), commission, amenity)

    def exact(self, arithmetic: Arithmetic) -> Exact:
        """Return the economy in numbers of some arithmetic."""
        number, exp, log = arithmetic
        n, one = len(self.regions), number(1.0)
        power = one - number(self.sigma)
        log_net, log_amenity = [log(one)] * n, [log(one)] * n
        freeness = [[one] * n for _ in range(n)]
        if isinstance(self.trade_cost, float):
            step = power * log(number(self.trade_cost))
            for r, row in enumerate(self.geography.metric.dense().tolist()):
                freeness[r][: len(row)] = [exp(step * number(distance)) for distance in row]
        else:
            for r, row in enumerate(self.trade_cost.values.tolist()):
                freeness[r][: len(row)] = [exp(power * log(number(cost))) for cost in row]
        if self.online is not None:
            border = exp(power * log(number(self.online.trade_cost)))
            for r in range(n - 1):
                freeness[r][-1] = freeness[-1][r] = border
            log_net[-1] = log(one - number(self.online.commission))
            log_amenity[-1] = log(number(self.online.amenity))
        immobile = [number(part) for part in self._padded(self.immobile).tolist()]
        total = sum(immobile[1:], immobile[0])
        return Exact(freeness, [part / total for part in immobile], log_net, log_amenity)

    def apart(self, tastes: Tastes | None, response: float, love: float) -> tuple[float, float]:
        """Return how far log shares, and log wages, of two regions can be apart.

        Wages pay out market access, z_r = sum_s K_rs Y_s/P_s, to the power of `response`
        (net of commissions): whatever the demand, z_r/z_q <= max_s K_rs/K_qs, and prices
        are bounded likewise. Under logit tastes, shares then are. `love` is the response of
        ln payoff to ln P.
        """
        if tastes is None:
            return math.inf, math.inf
        cost, _, commission, amenity = self.tables()
        log_cost = np.log(cost)
        far = (self.sigma - 1.0) * max(np.ptp(log_cost, axis=a).max() for a in (0, 1))
        wages = response * (far + self.sigma * np.ptp(np.log1p(-commission)))
        payoffs = wages + love * far + np.ptp(np.log(amenity))
        shares = payoffs / tastes.scale + np.ptp(np.log(tastes.weight))
        # More than rounding takes away, also where trade is free and all are zero.
        return 1.001 * float(shares) + 1e-6, 1.001 * float(wages) + 1e-6


class RealWageModel(CESModel):
    """Base of those whose people follow real wages, and whose state is the logarithm of wages."""

    payoff: ClassVar[str] = "real_wage"
    returned: ClassVar[tuple[str, ...]] = ("share", "wage", "price_index", "income", "welfare")

    mu: float

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> dict[str, np.ndarray]:
        """Return wages, prices, incomes and welfare for log wages that clear markets.

        `share` and `state` may have further dimensions in front.
        """
        price_index, income, log_payoff = self.evaluated(share, state, parameters)
        values = {
            "share": share,
            "wage": np.exp(state),
            "price_index": price_index,
            "income": income,
            "real_wage": np.exp(log_payoff),
        }
        return {**values, "welfare": self.welfare(values)}

    def immobile_welfare(self, values: Mapping[str, np.ndarray]) -> Any:
        """Return the real income of the immobile factor."""
        earned = values["income"] - self.mobile_weight * values["share"] * values["wage"]
        return np.add.reduce(earned * values["price_index"] ** -self.mu, axis=-1)


@kernel
def _outcomes(economy, shares, states, price, income, log_payoff):
    supply = np.empty(shares.shape[1])
    for row in range(shares.shape[0]):
        goods(economy, shares[row], states[row], supply, income[row])
        buy(economy.operator, supply, price[row])
        payoff(economy, shares[row], states[row], price[row], price[row], log_payoff[row])


def differences(sides: dict[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Return the largest relative difference of both sides of each equation."""
    return {
        name: float(np.max(np.abs(there - here) / np.maximum(np.abs(here), 1e-300)))
        if not np.array_equal(here, there)
        else 0.0
        for name, (here, there) in sides.items()
    }
