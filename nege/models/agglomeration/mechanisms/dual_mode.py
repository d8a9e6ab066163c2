"""Dual mode: a firm may have one plant and sell through both channels (claim 21a).

    c_2     = c_1 with m_2, what both kinds of firm learn (``knowledge``)
    x_2c    = n_2^phi (c_2/net_c)^(1-sigma)             it supplies both channels
    R_2     = sum_c net_c x_2c Z_c                      at the prices of each
    zero profit: R_2 = n_2 f_2 c_2,  f_2 = scale        by default f_0 + f_1: no synergy

Firms of three modes choose: offline, online, both; dual ones count in the pool, and hire remote
labour as online ones do. At phi = 1 and given prices the mode survives that has the largest

    v_0 = c_0^(-sigma) Z_0/f_0,  v_1 = c_1^(-sigma) Z_1/f_1,  v_2 = c_1^(-sigma) (Z_0 + Z_1)/f_2

(no commission). At phi < 1 all three coexist, each a nest of its own: so compare shares along a
path, not welfare with and without the mode. It adds one unknown and row per industry and place,
which the equations have already: no equation of its own. Results have it as the third channel,
"dual". Off: absent. Source: own, after Tan & Xia (2022), 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.models.agglomeration.kinds import AS_ONE, ClosedForm, positive
from nege.models.agglomeration.layout import DUAL
from nege.models.agglomeration.mechanisms.frame import Mechanism, partial
from nege.models.fields import Labelled


class DualMode(Mechanism):
    """Firms that sell through both channels from one plant.

    Examples
    --------
    >>> import nege
    >>> economy = nege.OnlineAgglomeration(mechanisms=[nege.mechanisms.DualMode(scale=2.0)])
    >>> found = nege.solve(economy)
    >>> [str(name) for name in found.data.channel.values]
    ['offline', 'online', 'dual']
    """

    scale: Labelled[xr.DataArray] = partial(
        ("industry", "place"),
        "fixed scale of a firm that sells through both channels",
        positive("It is how large firms are."),
        default=None,
        more="Where it is not given, that of an offline and an online firm together.",
        term="fixed scale of a firm in both channels",
    )

    kind: ClassVar[str] = "dual_mode"
    alone: ClassVar[bool] = True
    modes: ClassVar[Sequence[str]] = ("dual",)

    def lower(self, economy: Any, tables: dict[str, np.ndarray]) -> None:
        """Set ln f_2 where it is given; elsewhere it follows from the others, once they stand."""
        tables["log_scale"][:, DUAL] = np.log(np.asarray(self.scale))

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Set f_2."""
        if stage == "costs":
            together = a.scale[..., :DUAL].sum(-1)
            a.scale[..., DUAL] = np.where(np.isnan(self.scale), together, self.scale)


def _odds(make: Any, solve: Any) -> tuple[Any, Any]:
    """In one place without spillovers: n^(1-phi) in proportion to sum Z/f."""
    economy = make(**AS_ONE, spillover=0.0, commission=0.0, variety=0.6, digital_cost=1.2)
    firms = solve(economy.with_mechanisms(DualMode(scale=1.5))).data.firm_mass
    odds = firms.sel(channel="dual") / firms.sel(channel="offline")
    return odds.values.ravel(), np.full(4, ((1.0 + 1.2**-4.0) / 1.5) ** (1.0 / 0.4))


DualMode.closed_forms = [ClosedForm("odds of being dual are (sum Z/(f Z_0))^(1/(1-phi))", _odds)]
