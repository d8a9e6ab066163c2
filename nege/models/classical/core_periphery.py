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

from typing import ClassVar

import numpy as np
import xarray as xr

from nege.geography.online import OnlineRegion
from nege.kernels.duals import exp, expm1, log
from nege.kernels.equations import ROW_SUMS, Economy, Places
from nege.kernels.fixed_point import Options
from nege.models import ces, closed_forms, fields
from nege.models.classical import proofs, real_wages, two_regions
from nege.models.fields import Labelled
from nege.models.solutions import Many, Variable

__all__ = ["CorePeriphery"]


# --- equations of a place ------------------------------------------------------------


def _supply(p, r, share, state):
    """x_r = lambda_r (w_r/(1-zeta_r))^(1-sigma)."""
    return share * exp((1.0 - p.sigma) * (state - p.log_net[r]))


def _commission(p, r, share, state):
    """Return what is paid to the world, of which each place's farmers have their part."""
    if p.log_net[r] == 0.0:
        return 0.0 * share
    return p.mu * share * exp(state) * expm1(-p.log_net[r])


def _spending(p, r, share, state, commission):
    """Y_s, of which the share mu that goes to manufactures is in the numeraire."""
    return p.mu * share * exp(state) + p.farmers[r] * (1.0 - p.mu + commission)


def _respond(p, r, share, state, access):
    return log(access) / p.sigma + p.log_net[r] - state


def _numeraire(p, r, share, state):
    return share * exp(state - p.log_net[r])


def _exponents(p, r, share, state):
    """Count what commissions give back: a difference, and perhaps most of what farmers have."""
    size = p.sigma * (abs(state) + abs(p.log_net[r]))
    if p.log_net[r] != 0.0:
        size += (4.0 + abs(p.log_net[r])) / (1.0 - p.mu)
    return size


# --- labelled class ----------------------------------------------------------------


class CorePeriphery(ces.RealWageModel):
    """An economy where workers follow real wages and firms follow markets, perhaps online.

    Equations of Krugman (1991) for any number of regions, as in Fujita, Krugman &
    Venables (1999), chapters 4-6; the online region is one more region with
    T_ro = T_or = the digital trade cost and no farmers.

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

    sigma: float = fields.sigma()
    mu: float = fields.mu()
    trade_cost: Labelled[float | xr.DataArray] = fields.trade_cost()
    farmers: Labelled[xr.DataArray] = fields.shares("share of farmers", default=None)
    online: OnlineRegion | None = fields.online("the online region, without farmers", default=None)

    indifference = proofs.core_periphery
    title: ClassVar[str] = "core-periphery"
    asked_first: ClassVar[tuple[str, ...]] = ("mu",)
    equations: ClassVar[Places] = Places(
        supply=_supply,
        pool=_commission,
        spending=_spending,
        respond=_respond,
        payoff=real_wages.log_real_wage,
        numeraire=_numeraire,
        exponents=_exponents,
        bound=ROW_SUMS,
    )
    immobile: ClassVar[str] = "farmers"
    variables: ClassVar[dict[str, Variable]] = {
        "share": Variable(("region",), "share of mobile workers and firms", "1"),
        "wage": Variable(("region",), "manufacturing wage", "farmers' wage"),
        "price_index": Variable(("region",), "manufacturing price index", "farmers' wage"),
        "income": Variable(("region",), "income", "income of the economy without commission"),
        "real_wage": Variable(("region",), "real wage, amenity included", "utility"),
        "welfare": Variable((), "real income of workers and farmers together", "utility"),
    }

    @property
    def mobile_weight(self) -> float:
        """Income of manufacturing workers where their share and their wage are one."""
        return self.mu

    def short_runs_at_once(
        self, points: list[Economy], shares: np.ndarray, options: Options
    ) -> Many | None:
        """Return short runs of two equal regions in vector loops, None for other economies."""
        found: Many | None = two_regions.at_once(self.compiled(), points, shares, options)
        return found

    def online_thresholds(self, trade_cost: float) -> tuple[float, float]:
        """Return the digital trade costs of take-off and collapse between two equal places."""
        return closed_forms.online_thresholds(self.sigma, self.mu, trade_cost)

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Return by how much stored variables violate each equation above, without the kernels."""
        names = ("share", "wage", "price_index", "income", "real_wage")
        share, wage, price_index, income, real_wage = (data[name].values for name in names)
        cost, farmers, commission, amenity = self.tables()
        mill = wage / (1.0 - commission)
        delivered = (mill[:, None] * cost) ** (1.0 - self.sigma)
        demand = income * cost ** (1.0 - self.sigma) * price_index ** (self.sigma - 1.0)
        rebate = self.mu * np.sum(share * mill * commission)
        sides = {
            "wage": (wage, (1.0 - commission) * demand.sum(1) ** (1.0 / self.sigma)),
            "price index": (price_index, (share @ delivered) ** (1.0 / (1.0 - self.sigma))),
            "income": (income, self.mu * share * wage + farmers * (1.0 - self.mu + rebate)),
            "real wage": (real_wage, amenity * wage * price_index**-self.mu),
            "numeraire": (np.ones(1), np.atleast_1d(np.sum(share * mill))),
        }
        return ces.differences(sides)
