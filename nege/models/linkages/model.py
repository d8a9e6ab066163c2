"""Vertical linkages: firms are each other's customers. Krugman & Venables (1995), Puga (1999).

Equations, for regions r, s = 1..R:

    W_r     = s_r W = lambda_r w_r
    w_r     = (k_r/l_r)^(1-theta), or more where l_r = 0 (which needs theta = 1)
    G_s^(1-sigma) = sum_r lambda_r w_r^(1-sigma(1-a)) G_r^(-a sigma) K_rs (1-zeta_r)^(sigma-1)
    Y_s     = W_s + w_s l_s/theta + k_s C,    C = sum_r W_r zeta_r/((1-zeta_r)(1-a))
    E_s     = mu Y_s + a W_s/(1-a)
    pi_r    = (1-a)(1-zeta_r)^sigma (w_r^(1-a) G_r^a)^(-sigma) sum_s K_rs G_s^(sigma-1) E_s
    mu sum_s Y_s + a W/(1-a) = W/(1-a) + C

    s       share of industry                   W       industrial payroll, W_r of a region
    lambda  labour in industry                  l       labour in agriculture
    w       wage                                G       price index
    k       share of land                       theta   labour's share in agriculture
    a       share of inputs in firms' cost      mu      share of spending on manufactures
    Y, E    income, spending on varieties       pi      sales over cost
    zeta    commission, zero offline            C       all commission
    sigma   elasticity of substitution          K       freeness of trade, T^(1-sigma)

Agriculture makes k^(1-theta) l^theta/theta of a good that is the numeraire and trades freely.
Labour immobile: lambda_r + l_r = L_r. Labour mobile: w_r B_r G_r^(-mu) is omega everywhere
(B amenity), sum_r lambda_r + l_r = 1, and theta < 1. Online, buyers pay 1/(1-zeta) of the
cost; commission, like land rent, is income of the owners of land.

Firms enter where they sell for more than their cost, pi > 1, and leave where pi < 1. So the
share of industry is what moves, and pi its payoff. Everything else clears at once; incomes are
those of firms that cover their cost. In a long run they do: pi = 1 is the sources' equation
(w_r^(1-a) G_r^a)^sigma/(1-a) = sum_s K_rs G_s^(sigma-1) E_s. The last equation above fixes W:
the world spends what all firms cost, and commission; so sum_r W_r (pi_r - 1)/(1-zeta_r) = 0.

The short run is the fixed point u = f(u) of u = ln G^(1-sigma). Labour immobile: wages do not
depend on u, and df/du is non-negative with row sums a sigma/(sigma-1). Below one,
|f(u) - u|/(1 - a sigma/(sigma-1)) bounds the error. At one or more, each variety makes the
others so much cheaper that prices have no floor (FKV's black hole): refused. With mobile labour
it is where sigma (1-a)(1-mu) <= 1: see ``linkages.equations``.

Sources: Krugman, P. & Venables, A. J. (1995), Quarterly J. Economics 110; Fujita, M., Krugman,
P. & Venables, A. J. (1999), The Spatial Economy, ch. 14; Puga, D. (1999), European Economic
Review 43. The online region is nege's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.geography.online import OnlineRegion
from nege.kernels.equations import Together
from nege.models import ces, closed_forms, fields
from nege.models.changes import Limit
from nege.models.fields import Labelled
from nege.models.linkages import outcomes
from nege.models.linkages.equations import EQUATIONS
from nege.models.solutions import Variable
from nege.validation import Bounds

__all__ = ["VerticalLinkages"]


def _workers(economy: Any) -> np.ndarray | None:
    """Return where workers are who stay there; None where they move."""
    if economy.labour == "mobile":
        return None
    shares: np.ndarray = economy.geography.population_share.values
    return shares


class VerticalLinkages(ces.CESModel):
    """An economy with input-output linkages: firms buy from firms, so industry attracts industry.

    Equations of Krugman & Venables (1995) and Puga (1999). Where labour is mobile, the online
    region is one more region with T_ro = T_or = the digital trade cost and no land.

    Notes
    -----
    With agriculture at 1, branches of a diagram end, and say so, where the last worker of a
    place joins industry. Not for questions about unemployment: workers follow firms at once.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.VerticalLinkages(places, sigma=5, mu=0.4, inputs=0.4, trade_cost=1.5)
    >>> nege.solve(economy, [0.6, 0.4]).data.share.values
    array([1., 0.])
    """

    sigma: float = fields.sigma()
    mu: float = fields.mu()
    inputs: float = fields.number(
        "share of firms' cost that goes to other firms",
        Bounds(above=0.0, below=1.0),
        more="Below 1 - 1/sigma.",
        term="share of inputs in cost",
    )
    trade_cost: Labelled[float | xr.DataArray] = fields.trade_cost()
    labour: str = fields.word(
        "whether workers move between regions; they always do between sectors",
        ("immobile", "mobile"),
        default="immobile",
    )
    agriculture: float = fields.number(
        "labour's share in agriculture",
        Bounds(above=0.0, at_most=1.0),
        default=1.0,
        more="At 1, which needs immobile labour, the wage is 1 wherever there is agriculture; "
        "below 1 it rises as industry draws labour.",
    )
    workers: Labelled[xr.DataArray | None] = fields.shares(
        "share of workers",
        default=None,
        instead=_workers,
        more="Of each place where they are immobile, positive. By default in "
        "proportion to population, where the geography has one, else equal.",
    )
    land: Labelled[xr.DataArray] = fields.shares("share of land", default=None)
    online: OnlineRegion | None = fields.online(
        "the online region, where labour is mobile", default=None
    )

    asked_first: ClassVar[tuple[str, ...]] = (
        *("geography", "online", "labour", "sigma", "mu", "inputs", "agriculture"),
        *("trade_cost", "land"),
    )
    title: ClassVar[str] = "vertical-linkages"
    equations: ClassVar[Together] = EQUATIONS
    immobile: ClassVar[str] = "land"
    payoff: ClassVar[str] = "profitability"
    settles: ClassVar[str] = "log prices, times sigma - 1,"
    movers: ClassVar[str] = "firms"
    variables: ClassVar[dict[str, Variable]] = {
        "share": Variable(("region",), "share of industry, by its payroll", "1"),
        "employment": Variable(("region",), "labour in industry", "all labour"),
        "population": Variable(("region",), "workers, in industry and agriculture", "all labour"),
        "wage": Variable(("region",), "wage", "agricultural good"),
        "price_index": Variable(("region",), "manufacturing price index", "agricultural good"),
        "income": Variable(("region",), "income, land rent included", "agricultural good"),
        "profitability": Variable(("region",), "sales of firms over their cost", "1"),
        "real_wage": Variable(("region",), "real wage, amenity included", "utility"),
        "welfare": Variable((), "real income of workers and landowners", "utility"),
    }

    def check_together(self) -> None:
        """Refuse numbers that do not go together, and what does not go with labour as it is."""
        super().check_together()
        self._check_labour(self.labour == "mobile")

    def limits(self, at: Mapping[str, Any]) -> Iterator[Limit]:
        """Yield the no-black-hole condition, and that agriculture fits labour and land."""
        mobile, land = self.labour == "mobile", self.__dict__["land"].values
        strength = at["sigma"] * (1.0 - at["inputs"]) * ((1.0 - at["mu"]) if mobile else 1.0)
        formula = "sigma (1 - inputs) (1 - mu)" if mobile else "sigma (1 - inputs)"
        cure = "Else each firm makes the others so much cheaper that prices have no floor."
        yield (
            strength > 1.0,
            lambda: InputError(
                "inputs",
                self.inputs,
                f"small enough that {formula} is above 1; it is {strength:.6g}",
                cure,
            ),
        )
        if mobile:
            equal = "At 1 wages are equal, and real wages then are not: try 0.9."
            refusal = InputError("agriculture", 1.0, 'below 1 with labour="mobile"', equal)
            yield at["agriculture"] < 1.0, lambda: refusal
        elif not land.min() > 0.0:
            yield at["agriculture"] == 1.0, lambda: self._nobody("land")

    def _nobody(self, name: str) -> InputError:
        """Return the refusal of a place without workers, or without the land that they need."""
        values = self.__dict__[name].values
        place = self.geography.names[int(np.argmin(values))]
        cure = f"{place} has none: nobody could make anything there. Leave it out."
        return InputError(name, float(values.min()), "positive in every place", cure)

    def _check_labour(self, mobile: bool) -> None:
        """Refuse what does not go with labour as it is."""
        if mobile and self.workers is not None:
            cure = "Mobile workers choose their place: leave it out, or replace it by None."
            raise InputError("workers", self.workers, 'left out with labour="mobile"', cure)
        if not mobile and self.online is not None:
            raise InputError(
                "online",
                self.online,
                'left out with labour="immobile"',
                "A region without residents or land cannot host production there; "
                "nege.OnlineAgglomeration is the model for that.",
            )
        if not mobile and not self.__dict__["workers"].values.min() > 0.0:
            raise self._nobody("workers")

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, labour={self.labour!r})"

    @classmethod
    def numbers_of(cls) -> tuple[str, ...]:
        """Return what kernels call the parameters that are one number."""
        return (*super().numbers_of(), "mobile")

    def kernel_values(self) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        """Return numbers, and rows over regions, as kernels read them."""
        numbers, rows = super().kernel_values()
        return {**numbers, "mobile": float(self.workers is None)}, rows

    @property
    def mobile_weight(self) -> float:
        """Zero: the mobile factor is firms, and welfare is that of people."""
        return 0.0

    def online_thresholds(self, trade_cost: float) -> tuple[float, float] | None:
        """Return the digital trade costs of take-off and collapse between two equal places."""
        if self.workers is not None:
            return None
        follows = self.inputs + self.mu * (1.0 - self.inputs)  # of a firm's sales
        return closed_forms.online_thresholds(self.sigma, follows, trade_cost)

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> dict[str, np.ndarray]:
        """Return every variable; `share` and `state` may have further dimensions in front."""
        economy = self.arrays if parameters is None else parameters
        return outcomes.outcome(economy, self.compiled().parameters(economy), share, state)

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Recompute every equation from stored variables, each with its relative violation."""
        return outcomes.audit(self, data)
