"""Security: what online sales lose to attacks, and what firms spend on protection (claim 32).

    iota  = 1/(1 - h - z)                   on trade costs online
    z     minimises h(z) + z                spending on protection, in parts of a sale
    v     vulnerability: expected loss h(0) without protection, in parts of a sale;
          across_borders into another jurisdiction

    losses         h(z)               protect iff               z
    exponential    v e^(-a z)         x = a v > 1               ln x/a
    gordon-loeb-1  v/(a z + 1)^b      x = a v b > 1             (x^(1/(b+1)) - 1)/a
    gordon-loeb-2  v^(a z + 1)        x = -a v ln v > 1         ln x/(-a ln v)

    a  effectiveness     b  curvature     e  external: part of its benefit that others have

The last two are classes I and II of Gordon & Loeb (2002), whose problem this is exactly, since h+z
is what is least. z <= v/e in all; in class I z <= (b/(b+1))^(b+1) v, which is sharper. Where others
have a part of the benefit (1-e)x stands for x in z: too little is spent. Off: v = 0. It lowers
itself to icebergs: no equation of its own.
Source: after Gordon & Loeb (2002), Kunreuther & Heal (2003).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from nege.errors import InputError
from nege.models import fields
from nege.models.agglomeration.kinds import CHANNELS, ClosedForm, positive, share
from nege.models.agglomeration.layout import ONLINE
from nege.models.agglomeration.mechanisms.frame import Mechanism
from nege.models.agglomeration.mechanisms.tax import check_border, crossing

CURVED = "gordon-loeb-1"
LOSSES = ("exponential", CURVED, "gordon-loeb-2")
PART = share("It is a part of what is sold.")


class Likewise(fields.Number):
    """A number, or None for the one before it."""

    def check(self, value: Any, economy: Any) -> Any:
        """Return a number within the bounds, or None."""
        return None if value is None else super().check(value, economy)


class Security(Mechanism):
    """Losses to attacks on online sales, and the protection against them that is worth its cost.

    Examples
    --------
    >>> import nege
    >>> cyber = nege.mechanisms.Security("cyber", vulnerability=0.05, effectiveness=30.0)
    >>> spent, lost = cyber.protection()
    >>> round(spent, 6), round(lost, 6)
    (0.013516, 0.033333)
    """

    vulnerability: float = fields.number(
        "expected loss of a sale online without protection",
        PART,
        default=0.0,
        kw_only=False,
        term="loss without protection",
    )
    across_borders: Any = Likewise(
        words="the same of sales into another jurisdiction",
        bounds=PART,
        default=None,
        varied=True,
        more="By default the same.",
        term="loss across borders without protection",
    )
    effectiveness: float = fields.number(
        "how fast protection lowers losses",
        positive("It is a speed."),
        default=30.0,
        term="effectiveness of protection",
    )
    losses: str = fields.word("how losses fall in protection", LOSSES, default="exponential")
    curvature: float = fields.number(
        "exponent of losses of class gordon-loeb-1",
        positive("It is an exponent."),
        default=1.0,
        term="curvature of losses",
    )
    external: float = fields.number(
        "part of the benefit of protection that others have",
        share("It is a part."),
        default=0.0,
        term="external part of protection",
    )

    kind: ClassVar[str] = "security"

    def check(self, economy: Any) -> None:
        """Refuse what does not act: risk at no border, the curvature of another class of losses."""
        if self.across_borders is not None:
            check_border(economy, f"{self.name}.across_borders", self.across_borders)
        if self.curvature != 1.0 and self.losses != CURVED:
            cure = f"Leave it out, or take losses={CURVED!r}."
            allowed = f"left out with losses {self.losses!r}, which have none"
            raise InputError(f"{self.name}.curvature", self.curvature, allowed, cure)

    def protection(self, *, across_borders: bool = False) -> tuple[float, float]:
        """Return what firms spend on protection, and what they lose, in parts of an online sale.

        Parameters
        ----------
        across_borders : bool
            Of sales into another jurisdiction.
        """
        foreign = across_borders and self.across_borders is not None
        v: float = self.across_borders if foreign else self.vulnerability
        a, b = self.effectiveness, self.curvature
        if v == 0.0:
            return 0.0, 0.0
        rate = -a * math.log(v) if self.losses == "gordon-loeb-2" else a
        x = rate * v * (b if self.losses == CURVED else 1.0) * (1.0 - self.external)
        if not x > 1.0:
            return 0.0, v
        if self.losses == CURVED:
            root = x ** (1.0 / (b + 1.0))
            return (root - 1.0) / a, v / root**b
        return math.log(x) / rate, v / x

    def icebergs(self, economy: Any) -> np.ndarray:
        """Return -ln(1 - h - z) online, at home and across borders."""
        inside, abroad = (
            -math.log1p(-sum(self.protection(across_borders=foreign))) for foreign in (False, True)
        )
        pairs = np.where(crossing(economy), abroad, inside)
        table = np.zeros((len(economy.industries), len(CHANNELS), *pairs.shape))
        table[:, ONLINE] = pairs
        return table


def _as_good_as_dear(make: Any, solve: Any) -> tuple[Any, Any]:
    """At a v = e a share v/e is spent, and as much lost."""
    cyber = Security(name="cyber", vulnerability=0.1, effectiveness=10.0 * math.e)
    lost = solve(make(digital_cost=1.3, mechanisms=[cyber])).data
    dearer = solve(make(digital_cost=1.3 / (1.0 - 0.2 / math.e))).data
    return lost.total_cost, dearer.total_cost


Security.closed_forms = [ClosedForm("at a v = e firms spend v/e on protection", _as_good_as_dear)]
