"""Spillovers in productivity and amenity: Allen & Arkolakis (2014).

Equations, for places r, s = 1..R:

    w_r L_r = sum_s (w_r T_rs/A_r)^(1-sigma) P_s^(sigma-1) E_s
    E_s     = w_s L_s + D_s
    P_s     = [sum_r (w_r T_rs/A_r)^(1-sigma)]^(1/(1-sigma))
    A_r     = Abar_r L_r^alpha
    V_r     = Bbar_r L_r^beta (E_r/L_r) / P_r

    L      share of people                       w      wage
    sigma  elasticity of substitution            P      price index
    T      iceberg trade cost                    V      welfare
    Abar   productivity of a place by itself     alpha  productivity spillover
    Bbar   amenity of a place by itself          beta   amenity spillover
    E      spending                              D      deficit (``balance``), zero by default
    sum_r w_r L_r = 1, the numeraire             sum_r D_r = 0

Every place makes one good of its own under perfect competition (Armington). More people make
it more productive where alpha > 0, and less pleasant where beta < 0. In the long run V is the
same everywhere, or within each group of places between which nobody moves (``mobility``).

In ``equations``: theta = (1+alpha)(sigma-1)/sigma, v = ln w + (1-theta) ln L,
g = 1, kappa = 1, d = 1 - theta - beta. So Helpman's economy with local rents is the special
case alpha = 1/(sigma-1), beta = -(1-mu)/mu, amenities being B^(1/mu) H^((1-mu)/mu).

Uniqueness. Equal welfare P_r = Bbar_r L_r^beta w_r/V, put into the two sums, leaves

    w_r^sigma L_r^(1-alpha(sigma-1))  ~ sum_s a_rs w_s^sigma     L_s^(1+beta(sigma-1))
    w_r^(1-sigma) L_r^(beta(1-sigma)) ~ sum_s b_sr w_s^(1-sigma) L_s^(alpha(sigma-1))

with positive a, b. In logs of the left sides the exponents on the right are the matrix

    M = [[1-beta, sigma(alpha+beta)], [(sigma-1)(alpha+beta), 1+alpha]] / gamma_1
    gamma_1 = 1 - alpha(sigma-1) - beta sigma,   gamma_2 = 1 + alpha sigma + beta(sigma-1)

whose eigenvalues are 1, the numeraire, and gamma_2/gamma_1. With alpha > -1, beta < 1 and
gamma_1 > 0 the matrix of sizes |M| has the same ones. So there is one equilibrium, which plain
iteration reaches, whatever the trade costs, if

    gamma_1 > 0 and |gamma_2| <= gamma_1,   that is if alpha + beta <= 0.

Where alpha + beta = 0, as without spillovers, M is the identity and both sums are linear: then
it is the theorem of Perron and Frobenius. Allen & Arkolakis (theorem 2) have the condition for
trade costs that are the same both ways; for others see Allen, T., Arkolakis, C. & Li, X.
(2024), American Economic Review: Insights 6.

Source: Allen, T. & Arkolakis, C. (2014), Quarterly J. Economics 129.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.models import ces, fields
from nege.models.changes import Limit
from nege.models.fields import Labelled
from nege.models.mobility import before_moving, who_moves
from nege.models.quantitative.balance import deficit, spending_ratio
from nege.models.quantitative.grouped import Variables
from nege.models.quantitative.model import (
    BALANCED,
    VARIABLES,
    QuantitativeModel,
    fundamental,
)
from nege.models.solutions import Uniqueness, Variable
from nege.solver_options import Logit, Replicator, check_dynamics
from nege.validation import Bounds

__all__ = ["AllenArkolakis"]


class AllenArkolakis(QuantitativeModel):
    """An economy with spillovers: people make places more productive, and less pleasant.

    Equations of Allen & Arkolakis (2014) for any number of places: every place makes its own
    good under perfect competition, A_r = Abar_r L_r^alpha, B_r = Bbar_r L_r^beta.

    See Also
    --------
    nege.invert : productivities and amenities that make data an equilibrium.
    nege.counterfactual : what changes, from observed shares, wages and trade flows alone.

    Notes
    -----
    Not for an online region, nor for the entry of firms: places and their goods are given.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.line(3)
    >>> economy = nege.AllenArkolakis(
    ...     places, sigma=5, productivity_spillover=0.1, amenity_spillover=-0.3, trade_cost=1.3
    ... )
    >>> economy.uniqueness().unique
    True
    >>> nege.solve(economy).data.share.round(4).values
    array([0.3149, 0.3703, 0.3149])
    """

    sigma: float = fields.sigma(
        "elasticity of substitution between goods of different places",
        term="elasticity of substitution",
    )
    productivity_spillover: float = fields.number(
        "alpha, by how many per cent one per cent more people raise productivity",
        Bounds(above=-1.0),
        term="productivity spillover (elasticity)",
    )
    amenity_spillover: float = fields.number(
        "beta, the same for how pleasant a place is; negative where it gets crowded",
        Bounds(below=1.0),
        more="Everything together has to congest: alpha (sigma-1) + beta sigma < 1.",
        term="amenity spillover (elasticity)",
    )
    trade_cost: Labelled[float | xr.DataArray] = fields.trade_cost(infinite=True)
    productivity: Labelled[xr.DataArray] = fundamental("Abar, productivity", default=None)
    amenity: Labelled[xr.DataArray] = fundamental("Bbar, amenity", default=None)
    deficit: Labelled[xr.DataArray | None] = deficit(default=None)
    spending_ratio: Labelled[xr.DataArray | None] = spending_ratio(default=None)
    mobility: Labelled[str | xr.DataArray] = who_moves()
    people: Labelled[xr.DataArray | None] = before_moving()

    title: ClassVar[str] = "Allen-Arkolakis"
    variables: ClassVar[Mapping[str, Variable]] = Variables(VARIABLES)

    def limits(self, at: Mapping[str, Any]) -> Iterator[Limit]:
        """Yield the no-black-hole condition: congestion exceeds agglomeration."""
        yield (
            gammas(at)[0] > 0.0,
            lambda: InputError(
                "amenity_spillover",
                self.amenity_spillover,
                "such that alpha (sigma-1) + beta sigma < 1, with alpha the productivity spillover",
                "Otherwise all people in one place is the only stable state: a black hole.",
            ),
        )

    def numbers(self, **moved: Any) -> dict[str, Any]:
        """Return every parameter of the kernels but the operator, some parameters moved."""
        sigma = moved.get("sigma", self.sigma)
        alpha = moved.get("productivity_spillover", self.productivity_spillover)
        beta = moved.get("amenity_spillover", self.amenity_spillover)
        scale = (1.0 + alpha) * (sigma - 1.0) / sigma
        return {
            "sigma": sigma,
            "scale": scale,
            "intensity": 1.0,
            "congestion": 1.0 - scale - beta,
            "kept": 1.0,
            "log_productivity": np.log(vars(self)["productivity"].values),
            "log_attraction": np.log(vars(self)["amenity"].values),
            **self.unbalanced(),
        }

    def uniqueness(self, dynamics: Replicator | Logit | None = None) -> Uniqueness:
        """Return whether the long run is proven to be unique: |gamma_2/gamma_1| <= 1.

        Tastes of scale s make places less pleasant with people: beta - s takes the place of beta.
        """
        beta, condition = self.amenity_spillover, "|gamma_2/gamma_1| <= 1 (Allen & Arkolakis 2014)"
        dynamics = check_dynamics(dynamics)
        if isinstance(dynamics, Logit):
            beta -= dynamics.scale
            condition += ", with tastes of scale s taken from beta"
        one, two = gammas({**self.scalars(), "amenity_spillover": beta})
        unique = self.plain and self.productivity_spillover + beta <= 0.0  # the same, exactly
        if not self.plain:
            condition += f", {BALANCED}"
        return self.within_groups(Uniqueness(unique, abs(two / one), condition))

    def spent(self, data: xr.Dataset) -> np.ndarray:
        """Return spending on goods by place, from stored variables."""
        share, wage = data["share"].values, data["wage"].values
        return np.asarray(share * wage + self.received(share, wage))

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Recompute every equation from stored variables; the relative violation of each by name.

        Written in plain NumPy from the equations at the top of this file, apart from
        the kernels.
        """
        share, wage, price, real = (
            data[name].values for name in ("share", "wage", "price_index", "real_income")
        )
        made = self.productivity.values * share**self.productivity_spillover
        liked = self.amenity.values * share**self.amenity_spillover
        delivered = (wage / made)[:, None] * self._costs()
        spent = wage * share + self.received(share, wage)
        sold = delivered ** (1.0 - self.sigma) @ (price ** (self.sigma - 1.0) * spent)
        index = np.sum(delivered ** (1.0 - self.sigma), axis=0) ** (1.0 / (1.0 - self.sigma))
        sides = {
            "goods market": (wage * share, sold),
            "price index": (price, index),
            "real income": (real, liked * spent / share / price),
            "numeraire": (np.ones(1), np.atleast_1d(np.sum(share * wage))),
        }
        return ces.differences(sides)


def gammas(at: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return gamma_1 and gamma_2, elementwise."""
    sigma, alpha, beta = (at[n] for n in ("sigma", "productivity_spillover", "amenity_spillover"))
    return 1.0 - alpha * (sigma - 1.0) - beta * sigma, 1.0 + alpha * sigma + beta * (sigma - 1.0)
