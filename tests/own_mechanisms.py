"""Mechanisms that use what a frame for them has to have: unknowns, sums, the border, links."""

from typing import ClassVar

import numpy as np

from nege import mechanisms as mech
from nege.errors import InputError
from nege.kernels.duals import exp, log, log1p
from nege.models import fields
from nege.validation import Bounds

RATE = Bounds(above=-1.0)


# --- a tax of the whole economy, said in three ways -------------------------------------------


def _costs(m, to, met, made):
    for cell in range(2 * to.industries):
        made[to.wedge + cell] += log1p(m.rate)


def _sales_by_sum(m, to, met, made):
    for cell in range(2 * to.industries):
        made[m.revenue] += m.rate * met[to.price + cell] * made[to.spent + cell]


def _incomes(m, to, met, made):
    made[to.transfer] += exp(met[to.people]) * met[m.revenue]  # people sum to one


def _audit(self, stage, economy, a):
    revenue = a.data[f"{self.name}.revenue"].values
    if stage == "costs":
        a.wedge = a.wedge * (1.0 + self.rate)
    elif stage == "incomes":
        a.transfer = a.transfer + a.data.population.values * revenue
    elif stage == "sales":
        a.sides["tax"] = revenue, self.rate / (1.0 + self.rate) * a.sales.sum()


class BySum(mech.Mechanism):
    """A uniform tax, which everybody gets back per head: revenue is a sum that places meet."""

    rate: float = fields.number("rate", RATE, default=0.1)

    kind: ClassVar = "by_sum"
    audit = _audit
    equations: ClassVar = {"costs": _costs, "sales": _sales_by_sum, "incomes": _incomes}
    sums: ClassVar = {"revenue": mech.Own(words="revenue")}


def _uses_by_row(m, to, met, made):
    made[m.revenue] = -exp(met[to.people]) * met[m.revenue]
    for cell in range(2 * to.industries):
        made[m.revenue] += m.rate * met[to.price + cell] * made[to.spent + cell]


class ByRow(mech.Mechanism):
    """The same: revenue is an unknown of the economy, its row the sum of what places add."""

    rate: float = fields.number("rate", RATE, default=0.1)

    kind: ClassVar = "by_row"
    audit = _audit
    equations: ClassVar = {"costs": _costs, "incomes": _incomes, "uses": _uses_by_row}
    shared: ClassVar = {"revenue": mech.Own(words="revenue", log=False, start=0.1)}


def _uses_by_border(m, to, met, made):
    for cell in range(2 * to.industries):
        made[m.taken] += m.rate * met[to.price + cell] * made[to.spent + cell]


def _border(m, to, met, made):
    made[m.revenue] = log(made[m.taken]) - met[m.revenue]


def _incomes_by_border(m, to, met, made):
    made[to.transfer] += exp(met[to.people] + met[m.revenue])


class ByBorder(mech.Mechanism):
    """The same, solved for in logs: its row is written from a sum, in the border."""

    rate: float = fields.number("rate", RATE, default=0.1)

    kind: ClassVar = "by_border"
    audit = _audit
    equations: ClassVar = {
        "costs": _costs,
        "incomes": _incomes_by_border,
        "uses": _uses_by_border,
        "border": _border,
    }
    shared: ClassVar = {"revenue": mech.Own(words="revenue", start=0.1)}
    totals: ClassVar = {"taken": mech.Own()}


# --- what is between places -------------------------------------------------------------------


def _send(m, to, met, made):
    made[m.shipped] = exp(met[to.people])


def _arrive(m, to, met, made):
    made[m.heads] = met[to.arrives - to.sends + m.shipped]


class Neighbours(mech.Mechanism):
    """People within reach, by a link between places."""

    decay: float = fields.number("how fast reach fades", Bounds(at_least=0.0), default=1.0)

    kind: ClassVar = "neighbours"
    equations: ClassVar = {"costs": _send, "sales": _arrive}
    sent: ClassVar = {"shipped": mech.Own()}
    notes: ClassVar = {"heads": mech.Own(words="people within reach", unit="1")}

    def links(self, economy, paid):
        return np.exp(-self.decay * economy.geography.distance.values)[None]


class Border(mech.Mechanism):
    """What melts, or is taken for everybody, of offline services between two halves of places."""

    factor: float = fields.number("factor on the price", Bounds(at_least=1.0), default=1.2)
    melts: str = fields.word("whether it melts, or is taken", ("melts", "taken"), default="melts")

    kind: ClassVar = "border"

    def _crossing(self, economy):
        half = np.arange(len(economy.geography)) < len(economy.geography) / 2
        found = np.zeros((len(economy.industries), 2, len(half), len(half)))
        found[1, 0] = (self.factor - 1.0) * (half[:, None] != half)
        return found

    def icebergs(self, economy):
        return np.log1p(self._crossing(economy)) if self.melts == "melts" else None

    def wedge(self, economy):
        return mech.Wedge(self._crossing(economy)) if self.melts == "taken" else None


# --- what only refuses, or names modes --------------------------------------------------------


class Thirdly(mech.Mechanism):
    """One more mode of firms."""

    kind: ClassVar = "thirdly"
    modes: ClassVar = ("thirdly",)


class Picky(mech.Mechanism):
    """An economy without large elasticities."""

    kind: ClassVar = "picky"

    def check(self, economy):
        largest = max(float(economy.sigma.max()), economy.remote_elasticity)
        if largest > 8.0:
            raise InputError("elasticity", largest, "at most 8")
