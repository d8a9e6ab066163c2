"""Data as givens: productivity, land and the cost of entry are unknowns, and data their rows.

    bills      ln N_kp + t_1 - ln sum_m l_kpm = 0              gives A_kp, productivity
    totals     sum_p ln A_kp = 0                               gives t_k, and with it
               mu_k = (1 - beta) mu0_k e^(t_k - t_1)/sum       consumption (t_1 is for bills)
    channels   ln l_kp,on - ln l_kp,off - ln o_kp = 0          gives f_kp of firms online
    people     ln L = ln Lobs - ln(1 - pi)                     up to a factor
    rents      ln h_obs + u - ln h = 0                         gives H
    area       sum_p H_p = sum_p H0_p                          gives u

    l    what firms spend on local labour       N     its observed distribution
    o    observed odds of online labour         Lobs  observed people with local jobs
    A    over the model's own productivity      H0    the model's own land, as parts of all
    mu0  the model's own consumption

Without bills, A is one number of each place, given by ln w_obs + t_1 - ln What = 0, and Lobs is
everybody who lives there. What is not observed stays as the model has it. Where an industry
is not observed in a place there are no firms, and A stands at a value that brings none in.
Used by ``nege.invert`` alone, which reads the unknowns and makes an economy of them: so it is no
mechanism of the model, and files do not know it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from nege.kernels.duals import exp, log
from nege.models import fields
from nege.models.agglomeration.kinds import INDUSTRY, PLACE, table
from nege.models.agglomeration.layout import OFFLINE, ONLINE
from nege.models.agglomeration.mechanisms.frame import Mechanism, Own
from nege.models.fields import Labelled
from nege.validation import Bounds

ABSENT = -20.0  # ln of productivity where an industry is not observed: nobody enters
ANY = Bounds()


def _costs(m, to, met, made):
    for k in range(to.industries):
        for mode in range(to.modes):
            made[to.cost + to.modes * k + mode] -= met[m.productivity + k]
        made[to.scale + to.modes * k + ONLINE] += met[m.entry + k]


def _incomes(m, to, met, made):
    made[to.rents] *= exp(met[m.area])


def _uses(m, to, met, made):
    made[to.land] *= exp(-met[m.area])
    if m.by_industry > 0.0:
        spending, total = made[to.income] + made[to.public], 0.0 * met[to.wage]
        for k in range(to.industries):
            total += m.consumption[k] * exp(met[m.totals + k] - met[m.totals])
        for k in range(to.industries):
            over = (1.0 - m.housing) * exp(met[m.totals + k] - met[m.totals]) / total - 1.0
            made[to.demand + k] += m.consumption[k] * over * spending


def _people(m, to, met, made):
    made[to.real] = -m.by_industry * made[to.stay]  # home_weight is the data, eps 1
    for k in range(to.industries):
        row, own = m.productivity + k, met[m.productivity + k]
        here, online = 0.0 * met[to.wage], 0.0 * met[to.wage]
        for mode in range(to.modes):
            work = made[to.work + to.modes * k + mode]
            if mode != OFFLINE:
                work -= work * made[to.far + k]
                online += work
            here += work
        made[m.totals + k] = own
        if m.by_industry == 0.0:
            made[row] = met[m.productivity] - own  # alike in all industries
            if k == 0 and m.by_wage > 0.0:
                made[row] = m.log_wage + met[m.totals] - made[to.what]
            elif k == 0:
                made[row] = -own
            if k > 0 or m.by_wage == 0.0:
                made[m.totals + k] = -met[m.totals + k]
        elif m.present[k] == 0.0:
            made[row], made[m.totals + k] = ABSENT - own, 0.0 * own
        else:
            made[row] = m.log_bill[k] + met[m.totals] - log(here)
        made[m.entry + k] = -met[m.entry + k]
        if m.by_channel > 0.0 and m.present[k] > 0.0:
            made[m.entry + k] = log(online) - log(here - online) - m.log_odds[k]
    made[m.area] = -met[m.area]
    made[m.rents] = -met[m.rents]
    if m.by_rent > 0.0:
        made[m.area] = m.log_rent + met[m.rents] - met[to.rent]
        made[m.rents] = m.land * (exp(met[m.area]) - 1.0)


class Observed(Mechanism, internal=True):
    """Data of an economy, with what follows from them as unknowns."""

    log_bill: Labelled[Any] = table(("industry", "place"), "ln N", ANY, default=0.0)
    present: Labelled[Any] = table(("industry", "place"), "whether it is there", ANY, default=1.0)
    log_odds: Labelled[Any] = table(("industry", "place"), "ln o", ANY, default=0.0)
    log_wage: Labelled[Any] = table(PLACE, "ln w_obs", ANY, default=0.0)
    log_rent: Labelled[Any] = table(PLACE, "ln h_obs", ANY, default=0.0)
    by_industry: float = fields.number("whether bills are observed", ANY, default=0.0)
    by_wage: float = fields.number("whether wages are", ANY, default=0.0)
    by_channel: float = fields.number("whether channels are", ANY, default=0.0)
    by_rent: float = fields.number("whether rents are", ANY, default=0.0)

    kind: ClassVar[str] = "observed"
    alone: ClassVar[bool] = True
    rank: ClassVar[int] = -100  # as if the model had it
    equations: ClassVar[Mapping[str, Callable[..., Any]]] = {
        **{"costs": _costs, "incomes": _incomes, "uses": _uses, "people": _people}
    }
    unknowns: ClassVar[Mapping[str, Own]] = {
        "productivity": Own(INDUSTRY),
        "entry": Own(INDUSTRY),
        "area": Own(),
    }
    shared: ClassVar[Mapping[str, Own]] = {"totals": Own(INDUSTRY), "rents": Own()}

    def log_start(self, economy: Any, rent: float, price_index: Any) -> dict[str, Any]:
        """Return that u starts where observed rents are those of all land, on average."""
        return {"rents": rent - float(self.log_rent.mean())} if self.by_rent > 0.0 else {}

    @classmethod
    def numbers(cls) -> dict[str, tuple[str, ...]]:
        """Return what its equations read: of the model, too."""
        model = {"consumption": INDUSTRY, "land": PLACE, "housing": ()}
        return {**super().numbers(), **model}

    def values(self, economy: Any) -> Mapping[str, Any]:
        """Return what these are in an economy."""
        model = ("consumption", "land", "housing")
        found = {name: getattr(economy if name in model else self, name) for name in self.numbers()}
        return {**found, "land": economy.land / economy.land.sum()}  # a part: its row has no unit
