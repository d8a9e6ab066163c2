"""Matching: firms search for labour, here and remotely (claim 7b: online recruiting).

    theta = ln(1/kappa)                       vacancies per searcher, by competitive search
    x     = 1 - kappa + kappa ln kappa        net labour per head; unemployment is kappa
    W of w/x and w0/x0                        firms pay that for an hour (``remote_work``)

    kappa  vacancy_cost, in labour, of a place; of remote vacancies: remote_vacancy_cost

Urn-ball matching: theta vacancies a head fill with probability 1 - e^(-theta), which less kappa
theta is largest where e^(-theta) = kappa. x(0) = 1 (off), x(1) = 0, x' = ln kappa: the last bit of
search matters most. Without remote labour it is Abar x^a, a the labour share: a cost that is the
same everywhere is neutral for location. It lowers itself to what firms pay over wages.
Source: Peters (1991), Moen (1997) for competitive search.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.models import fields
from nege.models.agglomeration.kinds import PLACE, ClosedForm, table
from nege.models.agglomeration.mechanisms.frame import Mechanism
from nege.models.fields import Labelled
from nege.validation import Bounds

IN_LABOUR = Bounds(
    at_least=0.0, below=1.0, cure="It is labour lost per vacancy: at 1 nobody is left to work."
)


def net_labour(vacancy_cost: Any) -> Any:
    """Return x = 1 - kappa + kappa ln kappa."""
    kappa = np.asarray(vacancy_cost, dtype=float)
    return 1.0 - kappa + kappa * np.log(np.where(kappa > 0.0, kappa, 1.0))


class Matching(Mechanism):
    """Search for labour by competitive search, at a cost of vacancies by place.

    Examples
    --------
    >>> import nege
    >>> economy = nege.OnlineAgglomeration(mechanisms=[nege.mechanisms.Matching(vacancy_cost=0.05)])
    >>> nege.solve(economy).converged
    True
    """

    vacancy_cost: Labelled[xr.DataArray] = table(
        PLACE,
        "labour that a vacancy costs",
        IN_LABOUR,
        default=0.0,
        unit="labour",
        term="cost of a vacancy",
    )
    remote_vacancy_cost: float = fields.number(
        "the same of a vacancy for remote labour",
        IN_LABOUR,
        default=0.0,
        unit="labour",
        term="cost of a remote vacancy",
    )

    kind: ClassVar[str] = "matching"
    alone: ClassVar[bool] = True

    def lower(self, economy: Any, tables: dict[str, np.ndarray]) -> None:
        """Raise what firms pay over wages by 1/x."""
        tables["log_pay"] -= np.log(net_labour(self.vacancy_cost))
        tables["log_remote_pay"] -= np.log(net_labour(self.remote_vacancy_cost))

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Raise the price of an hour."""
        if stage == "labour":
            a.hour = a.hour / net_labour(self.vacancy_cost)
            a.remote_hour = a.remote_hour / net_labour(self.remote_vacancy_cost)


def _neutral(make: Any, solve: Any) -> tuple[Any, Any]:
    economy = make()
    plain, costly = (
        solve(one).data for one in (economy, economy.with_mechanisms(Matching(vacancy_cost=0.05)))
    )
    return costly.population.values, plain.population.values


def _lost_productivity(make: Any, solve: Any) -> tuple[Any, Any]:
    kappa, economy = np.array([0.02, 0.1, 0.1, 0.2]), make()
    labour = 1.0 - economy.inputs.sum("input").values - economy.land_share.values
    lost = economy.productivity * net_labour(kappa)[None] ** labour[:, None]
    matched = solve(economy.with_mechanisms(Matching(vacancy_cost=kappa))).data
    return matched.welfare.values, solve(economy.replace(productivity=lost)).data.welfare.values


Matching.closed_forms = [
    ClosedForm("a cost of vacancies that is the same everywhere moves nobody", _neutral, 1e-8),
    ClosedForm("without remote labour it is a loss of productivity, x^a", _lost_productivity),
]
