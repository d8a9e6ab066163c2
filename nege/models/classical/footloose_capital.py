"""Footloose capital, with an online region: Martin & Rogers (1995).

Equations, for regions r, s = 1..R, the online region being one of them:

    Delta_s = sum_r n_r (1 - zeta_r)^(sigma-1) phi_rs
    pi_r    = (mu/sigma) (1 - zeta_r)^sigma sum_s phi_rs E_s/Delta_s
    rho_r   = B_r pi_r

    n      share of capital employed (= of firms)   E      share of all spending, data
    pi     operating profit of a firm               rho    reward of capital, amenity included
    mu     share of spending on manufactures        sigma  elasticity of substitution
    phi    freeness of trade, T^(1-sigma)           Delta  G^(1-sigma), G the price index
    B      amenity, one offline                     zeta   commission, zero offline

A firm takes one unit of capital, and per unit sold (sigma-1)/sigma of the numeraire good,
which immobile labour makes and which trades freely. So a variety costs 1 where it is made
and the part 1/sigma of sales rewards the capital. Owners do not move with it: they spend its
reward at home, so that where spending is does not depend on where capital is: there is no
circular causality. Online, buyers pay 1/(1 - zeta) before trade costs, since a firm sees 1 - zeta
of its price; the commission is income of the places in proportion to E. All spending, the
one out of commissions included, is the unit, of which a place spends E_s. Walras:

    sigma sum_r n_r pi_r/(1 - zeta_r) = mu.

Everything is explicit: f(u) = ln pi moves with n alone, and the state u takes one step. ln pi
falls with the capital that is near, so dispersion of equal places never breaks; one place
has all capital where nowhere else pays more, E_s being uneven enough for trade so free.

Source: Martin, P. & Rogers, C. A. (1995), J. International Economics 39; as in Baldwin et al.
(2003), Economic Geography and Public Policy, ch. 3. The online region is nege's own.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.geography.online import OnlineRegion
from nege.kernels.equations import EXPLICIT, Places
from nege.models import ces, closed_forms, fields
from nege.models.classical import footloose, proofs
from nege.models.fields import Labelled
from nege.models.solutions import Variable

__all__ = ["FootlooseCapital"]


# --- equations of a place ------------------------------------------------------------


def _spending(p, r, share, state, pool):
    return p.expenditure[r]


def _respond(p, r, share, state, access):
    return footloose.earned(p, r, p.mu, access) - state


def _payoff(p, r, share, state, price):
    return p.log_amenity[r] + state


def _exponents(p, r, share, state):
    return footloose.exponents_of(p, r, p.mu, state)


# --- labelled class ----------------------------------------------------------------


class FootlooseCapital(ces.CESModel):
    """An economy where capital goes where it earns most, and its owners stay at home.

    Equations of Martin & Rogers (1995) for any number of regions: a firm is a unit of
    capital, whose reward is its operating profit and is spent where its owners live. So the
    larger market has more than its share of firms (the home market effect), but there is no
    circular causality: capital that comes does not attract more. The online region is one more
    region with T_ro = T_or = the digital trade cost and no spending of its own.

    Notes
    -----
    Not for circular causality, agglomeration that feeds on itself: for that people have to move
    with their firms (``FootlooseEntrepreneur``), or firms buy from each other
    (``VerticalLinkages``).

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.FootlooseCapital(
    ...     places, sigma=5, mu=0.4, trade_cost=0.3 ** -0.25, expenditure=[0.6, 0.4]
    ... )
    >>> nege.solve(economy).data.share.round(6).values
    array([0.685714, 0.314286])
    """

    sigma: float = fields.sigma()
    mu: float = fields.mu()
    trade_cost: Labelled[float | xr.DataArray] = fields.trade_cost()
    expenditure: Labelled[xr.DataArray] = fields.shares("share of spending", default=None)
    online: OnlineRegion | None = fields.online(
        "the online region; its amenity is a factor on the reward", default=None
    )

    indifference = proofs.footloose_capital
    title: ClassVar[str] = "footloose-capital"
    asked_first: ClassVar[tuple[str, ...]] = ("mu",)
    equations: ClassVar[Places] = Places(
        supply=footloose.supply,
        spending=_spending,
        respond=_respond,
        payoff=_payoff,
        exponents=_exponents,
        bound=EXPLICIT,
    )
    immobile: ClassVar[str] = "expenditure"
    payoff: ClassVar[str] = "reward"
    movers: ClassVar[str] = "capital"
    settles: ClassVar[str] = "log profits"
    variables: ClassVar[dict[str, Variable]] = {
        "share": Variable(("region",), "share of capital and firms", "1"),
        "profit": Variable(("region",), "operating profit of a firm", "all spending"),
        "price_index": Variable(("region",), "manufacturing price index", "local wage"),
        "income": Variable(("region",), "income, all spent", "all spending"),
        "reward": Variable(("region",), "reward of capital, amenity included", "all spending"),
        "welfare": Variable((), "real income of everybody", "utility"),
    }

    @property
    def mobile_weight(self) -> float:
        """Zero: capital moves, its owners do not, and welfare is theirs."""
        return 0.0

    def start_state(self) -> np.ndarray:
        """Return log profits to start from: all the same, as they are on average."""
        return np.full(len(self.regions), math.log(self.mu / self.sigma))

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> dict[str, np.ndarray]:
        """Return profits, prices, rewards and welfare for log profits that clear markets."""
        price_index, income, log_payoff = self.evaluated(share, state, parameters)
        return {
            "share": share,
            "profit": np.exp(state),
            "price_index": price_index,
            "income": income,
            "reward": np.exp(log_payoff),
            "welfare": np.sum(income * price_index**-self.mu, axis=-1),
        }

    def online_thresholds(self, trade_cost: float) -> tuple[float, float]:
        """Return the digital trade cost of take-off between two equal places, twice.

        Without circular causality there is no hysteresis: collapse is where take-off is.
        """
        freeness = closed_forms.mean_freeness(self.sigma, trade_cost, 2)
        return (freeness ** (1.0 / (1.0 - self.sigma)),) * 2

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Return by how much stored variables violate each equation above, without the kernels."""
        names = ("share", "profit", "price_index", "income", "reward")
        share, profit, price_index, income, reward = (data[name].values for name in names)
        cost, expenditure, commission, amenity = self.tables()
        delivered = (cost / (1.0 - commission[:, None])) ** (1.0 - self.sigma)
        sales = delivered @ (self.mu * income * price_index ** (self.sigma - 1.0))
        sides = {
            "profit": (profit, (1.0 - commission) * sales / self.sigma),
            "price index": (price_index, (share @ delivered) ** (1.0 / (1.0 - self.sigma))),
            "income": (income, expenditure),
            "reward": (reward, amenity * profit),
            "welfare": (data["welfare"].values, np.sum(income * price_index**-self.mu)),
            "sales": (np.full(1, self.mu), np.atleast_1d(share @ sales)),
        }
        return ces.differences(sides)
