"""Footloose entrepreneurs, with an online region: Forslid & Ottaviano (2003).

For regions r, s = 1..R, the online region being one of them:

    Delta_s = sum_r h_r (1 - zeta_r)^(sigma-1) phi_rs
    Y_s     = h_s w_s + L_s [1 + sigma sum_r h_r w_r zeta_r/(1 - zeta_r)]
    w_r     = (mu/sigma) (1 - zeta_r)^sigma sum_s phi_rs Y_s/Delta_s
    omega_r = B_r w_r Delta_r^(mu/(sigma-1))

    h      share of skilled workers (= of firms)    L      share of unskilled workers
    w      skilled wage (the unskilled earn 1)      Y      income
    mu     share of spending on manufactures        sigma  elasticity of substitution
    phi    freeness of trade, T^(1-sigma)           Delta  G^(1-sigma), G the price index
    B      amenity, one offline                     omega  real wage, amenity included
    zeta   commission, zero offline

A firm takes one skilled worker, and per unit sold (sigma-1)/sigma of the numeraire good,
which the unskilled make and which trades freely. So a variety costs 1 where it is made, and
the part 1/sigma of sales is the skilled wage. That the unskilled work in local firms, as in
the source, comes to the same as long as (sigma-1) w_r h_r <= L_r. Online, buyers pay
1/(1 - zeta) before trade costs, since a firm sees 1 - zeta of its price; its sales are
sigma h w/(1 - zeta), of which zeta is income of the unskilled in proportion to L. Walras is
sum_r c_r h_r w_r = mu with c_r = sigma (1 - mu zeta_r)/(1 - zeta_r) - mu > 0. How many workers
there are, one of each kind here, only sets units of w and omega.

The short run is linear, w = F(w) = M w + b with M >= 0, b > 0 (b_r is F_r with L for Y),
and is solved for u = ln w as the fixed point of f(u) = ln F(exp(u)).
Plain iteration, each step put on Walras' identity, contracts. Let m <= w_r/w*_r <= n be
tight around the solution w*. On the identity m <= 1 <= n, as the c h are positive. A
step takes the ratios to between 1 - (1-g)(1-m) and 1 + (1-g)(n-1), where g = min b/w* > 0,
and putting the result on the identity changes no ratio of them: ln(n/m) falls at least by the
factor (1-g)n/(g + (1-g)n), which itself falls as n does. Newton's method solves (I - M) (w* - w)
= F - w, and takes w* - w in logs: each w/w* = t becomes t exp(1/t - 1), at most a step further.

Error: the Jacobian of f is non-negative with row sums 1 - b_r/F_r. Where all b_r >= g F_r
and |f(u) - u| <= e, M-matrices give |w - w*| = |(I-M)^(-1) (w - F)| <= (exp(e) - 1) w*/g:
the residual over the smallest 1 - row sum bounds the error of log wages.

Sources: Forslid, R. & Ottaviano, G. I. P. (2003), J. Economic Geography 3. The economy is
core-periphery's with mu/sigma for mu, h ~ lambda w^(1-sigma), w^sigma for w: Robert-Nicoud, F.
(2005), same journal, 5. The online region is nege's own.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import xarray as xr

from nege.geography.online import OnlineRegion
from nege.kernels.duals import exp, expm1
from nege.kernels.equations import ROW_SUMS, Places
from nege.models import ces, closed_forms, fields
from nege.models.classical import footloose, proofs, real_wages
from nege.models.fields import Labelled
from nege.models.solutions import Variable

__all__ = ["FootlooseEntrepreneur"]


# --- equations of a place ------------------------------------------------------------


def _commission(p, r, share, state):
    """Return what is paid to the world, of which each place's unskilled have their part."""
    if p.log_net[r] == 0.0:
        return 0.0 * share
    return p.sigma * share * exp(state) * expm1(-p.log_net[r])


def _spending(p, r, share, state, commission):
    return share * exp(state) + p.unskilled[r] * (1.0 + commission)


def _respond(p, r, share, state, access):
    return footloose.earned(p, r, p.mu, access) - state


def _numeraire(p, r, share, state):
    gross = exp(-p.log_net[r])  # 1/(1-zeta)
    return (p.sigma * (gross - p.mu * (gross - 1.0)) / p.mu - 1.0) * share * exp(state)


def _exponents(p, r, share, state):
    """Count what commissions give back: a difference, of sales that Walras' identity bounds."""
    size = footloose.exponents_of(p, r, p.mu, state)
    if p.log_net[r] != 0.0:
        size += (4.0 + abs(p.log_net[r])) * p.sigma / (p.sigma - p.mu)
    return size


# --- labelled class ----------------------------------------------------------------


class FootlooseEntrepreneur(ces.RealWageModel):
    """An economy where skilled workers bring their firms along to where they live best.

    Equations of Forslid & Ottaviano (2003) for any number of regions: a firm is its
    skilled worker, whose wage is its operating profit; the unskilled stay and earn 1.

    Notes
    -----
    The wage is counted as if there were as many skilled as unskilled workers. Not for questions
    about the wages of the latter, which are one also where firms would need more of them.

    Examples
    --------
    >>> import nege
    >>> two = nege.geography.equidistant(2)
    >>> economy = nege.FootlooseEntrepreneur(two, sigma=5, mu=0.4, trade_cost=1.05)
    >>> nege.solve(economy, [0.6, 0.4]).data.share.values
    array([1., 0.])
    """

    sigma: float = fields.sigma()
    mu: float = fields.mu()
    trade_cost: Labelled[float | xr.DataArray] = fields.trade_cost()
    unskilled: Labelled[xr.DataArray] = fields.shares("share of unskilled workers", default=None)
    online: OnlineRegion | None = fields.online(
        "the online region, without unskilled workers", default=None
    )

    indifference = proofs.footloose_entrepreneur
    title: ClassVar[str] = "footloose-entrepreneur"
    asked_first: ClassVar[tuple[str, ...]] = ("mu",)
    equations: ClassVar[Places] = Places(
        supply=footloose.supply,
        pool=_commission,
        spending=_spending,
        respond=_respond,
        payoff=real_wages.log_real_wage,
        numeraire=_numeraire,
        exponents=_exponents,
        bound=ROW_SUMS,
    )
    immobile: ClassVar[str] = "unskilled"
    variables: ClassVar[dict[str, Variable]] = {
        "share": Variable(("region",), "share of skilled workers and firms", "1"),
        "wage": Variable(("region",), "skilled wage", "unskilled wage"),
        "price_index": Variable(("region",), "manufacturing price index", "unskilled wage"),
        "income": Variable(("region",), "income", "income of all unskilled workers"),
        "real_wage": Variable(("region",), "real skilled wage, amenity included", "utility"),
        "welfare": Variable((), "real income of skilled and unskilled together", "utility"),
    }

    def start_state(self) -> np.ndarray:
        """Return log wages to start from: all the same, as they are on average."""
        return np.full(len(self.regions), math.log(self.mu / (self.sigma - self.mu)))

    def online_thresholds(self, trade_cost: float) -> tuple[float, float]:
        """Return the digital trade costs of take-off and collapse between two equal places."""
        return closed_forms.online_thresholds(self.sigma, self.mu / self.sigma, trade_cost)

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Return by how much stored variables violate each equation above, without the kernels."""
        names = ("share", "wage", "price_index", "income", "real_wage")
        share, wage, price_index, income, real_wage = (data[name].values for name in names)
        cost, unskilled, commission, amenity = self.tables()
        delivered = (cost / (1.0 - commission[:, None])) ** (1.0 - self.sigma)
        sales = delivered @ (self.mu * income * price_index ** (self.sigma - 1.0))
        paid = np.sum(share * sales * commission)
        sides = {
            "wage": (wage, (1.0 - commission) * sales / self.sigma),
            "price index": (price_index, (share @ delivered) ** (1.0 / (1.0 - self.sigma))),
            "income": (income, share * wage + unskilled * (1.0 + paid)),
            "real wage": (real_wage, amenity * wage * price_index**-self.mu),
            "sales": (np.atleast_1d(self.mu * income.sum()), np.atleast_1d(share @ sales)),
        }
        return ces.differences(sides)
