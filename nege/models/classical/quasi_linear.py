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
spends alpha on M and what is left on the numeraire, of which there is enough. So the wage is
explicit, and V is the indirect utility of the skilled, up to constants. A firm takes one skilled
worker; the unskilled make the numeraire, and get the commission in proportion to L. Counting
H skilled workers instead of one divides Delta and the number of both kinds alike: only l =
L/H matters. Walras: sigma sum_r h_r w_r/(1 - zeta_r) = alpha (1 + l).

People compare *differences* of V, which may be negative, and on which a factor has no meaning:
they move people in the source, and choice probabilities under logit tastes are exp(V_r/s).
So ln payoff of the solvers is V. The state u is ln w; f takes no state, a step reaches it.
Source: Pflüger, M. (2004), Regional Science and Urban Economics 34; the online region is new.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.geography.online import OnlineRegion
from nege.kernels.duals import exp, log
from nege.kernels.equations import EXPLICIT, Places
from nege.models import ces, closed_forms, fields
from nege.models.classical import footloose, proofs
from nege.models.fields import Labelled
from nege.models.solutions import Variable

__all__ = ["QuasiLinear"]


# --- equations of a place ------------------------------------------------------------


def _spending(p, r, share, state, pool):
    """Of alpha each, by how many there are for each skilled worker."""
    return p.unskilled_ratio * p.unskilled[r] + share


def _respond(p, r, share, state, access):
    return footloose.earned(p, r, p.alpha, access) - state


def _payoff(p, r, share, state, price):
    return p.log_amenity[r] + exp(state) + p.alpha / (p.sigma - 1.0) * log(price)


def _exponents(p, r, share, state):
    return footloose.exponents_of(p, r, p.alpha, state)


# --- labelled class ----------------------------------------------------------------


class QuasiLinear(ces.CESModel):
    """An economy where skilled workers move, without income effects on demand for manufactures.

    Equations of Pflüger (2004) for any number of regions. Between two equal places dispersion
    breaks in a supercritical pitchfork: agglomeration grows smoothly, without a jump.

    Notes
    -----
    Not for income effects, nor for people whose income is below alpha: they could not spend it.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.QuasiLinear(places, sigma=5, alpha=0.4, unskilled_ratio=5, trade_cost=1.2)
    >>> nege.break_points(economy, "trade_cost", (1.01, 3)).values
    array([1.21788329])
    """

    sigma: float = fields.sigma()
    alpha: float = fields.number(
        "spending of each worker on manufactures",
        fields.POSITIVE,
        unit="unskilled wage",
        term="spending on manufactures",
    )
    unskilled_ratio: float = fields.number(
        "unskilled workers for each skilled one, L/H",
        fields.POSITIVE,
        term="unskilled per skilled worker",
    )
    trade_cost: Labelled[float | xr.DataArray] = fields.trade_cost()
    unskilled: Labelled[xr.DataArray] = fields.shares("share of unskilled workers", default=None)
    online: OnlineRegion | None = fields.online(
        "the online region, without unskilled; the log of its amenity adds to utility",
        default=None,
    )

    indifference = proofs.quasi_linear
    title: ClassVar[str] = "quasi-linear"
    asked_first: ClassVar[tuple[str, ...]] = ("alpha", "unskilled_ratio")
    equations: ClassVar[Places] = Places(
        supply=footloose.supply,
        spending=_spending,
        respond=_respond,
        payoff=_payoff,
        exponents=_exponents,
        bound=EXPLICIT,
    )
    immobile: ClassVar[str] = "unskilled"
    payoff: ClassVar[str] = "utility"
    differences: ClassVar[bool] = True
    movers: ClassVar[str] = "skilled workers"
    variables: ClassVar[dict[str, Variable]] = {
        "share": Variable(("region",), "share of skilled workers and firms", "1"),
        "wage": Variable(("region",), "skilled wage", "unskilled wage"),
        "price_index": Variable(("region",), "manufacturing price index", "unskilled wage"),
        "income": Variable(("region",), "income per skilled worker", "unskilled wage"),
        "utility": Variable(("region",), "skilled utility, amenity included", "unskilled wage"),
        "welfare": Variable((), "utility of everybody per skilled worker", "unskilled wage"),
    }

    def start_state(self) -> np.ndarray:
        """Return log wages to start from: all the same, as they are on average."""
        level = math.log(self.alpha / self.sigma) + math.log1p(self.unskilled_ratio)
        return np.full(len(self.regions), level)

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> dict[str, np.ndarray]:
        """Return wages, prices, incomes and utilities for log wages that clear markets."""
        price_index, _, utility = self.evaluated(share, state, parameters)
        _, unskilled, commission, _ = self.tables()
        wage = np.exp(state)
        taken = self.sigma * share * wage @ (commission / (1.0 - commission))
        values = {
            "share": share,
            "wage": wage,
            "price_index": price_index,
            "income": share * wage + unskilled * (self.unskilled_ratio + taken[..., None]),
            "utility": utility,
        }
        return {**values, "welfare": self.welfare(values)}

    def immobile_welfare(self, values: Mapping[str, np.ndarray]) -> Any:
        """Return the utility of unskilled workers, per skilled worker."""
        earned = np.sum(values["income"] - values["share"] * values["wage"], axis=-1)
        spared = np.log(values["price_index"][..., : len(self.geography)]) @ self.unskilled.values
        return earned - self.unskilled_ratio * self.alpha * spared

    def online_thresholds(self, trade_cost: float) -> tuple[float, float]:
        """Return the digital trade costs of take-off and collapse between two equal places."""
        return closed_forms.quasi_linear_thresholds(self.sigma, self.unskilled_ratio, trade_cost)

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Return by how much stored variables violate each equation above, without the kernels."""
        names = ("share", "wage", "price_index", "income", "utility")
        share, wage, price_index, income, utility = (data[name].values for name in names)
        cost, unskilled, commission, amenity = self.tables()
        people = self.unskilled_ratio * unskilled + share
        delivered = (cost / (1.0 - commission[:, None])) ** (1.0 - self.sigma)
        sales = delivered @ (self.alpha * people * price_index ** (self.sigma - 1.0))
        paid = np.sum(share * sales * commission)
        sides = {
            "wage": (wage, (1.0 - commission) * sales / self.sigma),
            "price index": (price_index, (share @ delivered) ** (1.0 / (1.0 - self.sigma))),
            "income": (income, share * wage + unskilled * (self.unskilled_ratio + paid)),
            "utility": (np.exp(utility - wage), amenity * price_index**-self.alpha),
            "sales": (np.atleast_1d(self.alpha * people.sum()), np.atleast_1d(share @ sales)),
        }
        return ces.differences(sides)
