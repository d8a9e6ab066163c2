"""Workers of two kinds: skilled and unskilled people, each with wages of their own ("who gains").

    W_k  = [skilled labour]^psi_k wu^(1-psi_k)        what labour costs firms, Cobb-Douglas
    A    = (a - bs) R + sum alpha (1-o) R             what firms spend on it: with ``site_bound``,
                                                      ``sourcing``, ``data_economy`` of their R
    labour    ln[sum psi A (1-v) + H] - ln((1-pi) Ls What) = 0      Ls = z L, of the skilled
    remote    ln sum psi A v - ln sum pi Ls What = 0
    unskilled ln sum (1-psi) A - ln(Lu wu) = 0                      Lu = (1-z) L
    odds      ln z/(1-z) = ln y_g N/(1-N) + eps ln (What + b + x)/(wu + b + x)
    kinds     sum_g z L = N sum_g L                   of each group g that people move within
    V_e  = (pay_e + b + x)/P                          real income of each kind; the cost of living
                                                      P, taxes and all, is the same for both
    V    = y^(-N/eps) [N y V_s^eps + (1-N) V_u^eps]^(1/eps)         of both, so that U of all is
    U    = U_s^N U_u^(1-N) at rest,  ln U_e the groups' mean of ln (sum Lbar (B V_e)^eps)^(1/eps)

    psi  skill, share of labour cost for the skilled      N    skilled, their share of people
    z    skilled share of a place's people                b    income per head that is not pay
    y    what the odds are over those of all people       x    public money per head, as it is worth
    H    hours of platforms and of data centres, wbar     o    inputs that are bought; others firms
         being the wage of the skilled                         make, with labour as all of theirs
    wu   wage of the unskilled, an unknown of each place; w and What are those of the skilled

Remote work, and work for platforms and with data, is of the skilled; all else takes labour in the
shares of its industry. Both kinds have the same tastes, share in land, platforms, transfers and
public money alike, a head, and have the same elasticity of migration; where people move within
jurisdictions alone, each has skilled people in the same share. How many live in a place moves
slowly, as ever; of which kind they are follows at once, so that both kinds add up to those that
there are: at rest each kind is where its own real income has it. Where psi = N in every industry
both earn the same, and all is as with one kind, exactly.
Results: ``real_income`` is over worker and place here, and ``worker_welfare`` is U_e.
Source: own, as are its defaults for remote work, platforms and data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.errors import InputError, in_words
from nege.kernels.duals import exp, log
from nege.models import fields
from nege.models.agglomeration.kinds import INDUSTRY, ClosedForm, by_industry
from nege.models.agglomeration.mechanisms import migration
from nege.models.agglomeration.mechanisms.frame import (
    Mechanism,
    Own,
    places_of,
    with_equations,
)
from nege.models.agglomeration.mechanisms.migration import groups
from nege.models.fields import Labelled
from nege.models.solutions import Variable
from nege.validation import Bounds

WITHIN = Bounds(above=0.0, below=1.0, cure="With all of one kind there is no other.")
KINDS = ("skilled", "unskilled")
GONE = 0.01  # of pay: income that is all but gone


def _costs(m, to, met, made):
    for k in range(to.industries):
        offline = made[to.hour + to.modes * k]
        unskilled = met[m.unskilled_wage] + offline - met[to.wage]  # with what search costs
        for mode in range(to.modes):
            cell = to.modes * k + mode
            cheaper = (1.0 - m.skill[k]) * (unskilled - made[to.hour + cell])
            made[to.hour + cell] += cheaper
            made[to.cost + cell] += m.labour_share[k] * cheaper


def _incomes(m, to, met, made):
    odds = exp(met[m.odds])
    share, earned = odds / (1.0 + odds), made[to.earned]
    both = share * earned + exp(met[to.people] + met[m.unskilled_wage]) / (1.0 + odds)
    made[to.income] += both - earned
    made[to.earned] = both
    made[to.remote_sold] *= share


def _people(m, to, met, made):
    odds, people = exp(met[m.odds]), exp(met[to.people])
    share, unskilled, group = odds / (1.0 + odds), 0.0 * people, int(m.group_of)
    for cell in range(to.modes * to.industries):
        theirs = (1.0 - m.skill[cell // to.modes]) * made[to.work + cell]
        made[to.work + cell] -= theirs
        unskilled += theirs
    made[to.stay] += log(share)  # the model's jobs are of the skilled
    others = met[to.people] - log(1.0 + odds) + met[m.unskilled_wage]
    made[m.unskilled_wage] = log(unskilled) - others
    head = made[to.income] / people + made[to.worth]
    rest = head - made[to.earned] / people
    skilled = log(exp(made[to.what]) + rest) - log(head)
    simple = log(exp(met[m.unskilled_wage]) + rest) - log(head)
    sorting = met[m.sorting + group]
    scarce = m.odds_of_all * exp(sorting)  # N y/(1-N)
    made[m.odds] = log(scarce) + m.migration * (skilled - simple) - met[m.odds]
    made[m.sorting + group] = share * people - m.skilled * people
    made[m.log_skilled], made[m.log_unskilled] = made[to.real] + skilled, made[to.real] + simple
    both = (1.0 - m.skilled) * (exp(m.migration * simple) + scarce * exp(m.migration * skilled))
    made[to.real] += (log(both) - m.skilled * sorting) / m.migration


class Workers(Mechanism):
    """Skilled and unskilled people, whom industries need in different shares.

    Examples
    --------
    >>> import nege
    >>> kinds = nege.mechanisms.Workers(skilled=0.3, skill=[0.2, 0.6])
    >>> found = nege.solve(nege.OnlineAgglomeration(mechanisms=[kinds]))
    >>> bool(found.data.worker_welfare.sel(worker="skilled") > found.data.welfare)
    True
    """

    skilled: float = fields.number(
        "share of people who are skilled", WITHIN, default=0.3, term="share of skilled people"
    )
    skill: Labelled[xr.DataArray] = by_industry(
        "share of an industry's labour cost that is for skilled labour",
        WITHIN,
        default=(0.2, 0.6),
        term="skill intensity",
    )

    kind: ClassVar[str] = "workers"
    alone: ClassVar[bool] = True
    rank: ClassVar[int] = -2  # what an hour costs, and what people earn, is what others go by
    own_dims: ClassVar[Sequence[str]] = ("group",)
    equations: ClassVar[Mapping[str, Callable[..., Any]]] = {
        **{"costs": _costs, "incomes": _incomes, "people": _people}
    }
    unknowns: ClassVar[Mapping[str, Own]] = {
        "unskilled_wage": Own(words="wage of unskilled people"),
        "odds": Own(words="skilled people over unskilled ones", unit="1", start="odds_of_all"),
    }
    shared: ClassVar[Mapping[str, Own]] = {"sorting": Own(("group",))}  # ln y
    notes: ClassVar[Mapping[str, Own]] = {"log_skilled": Own(), "log_unskilled": Own()}
    outcomes: ClassVar[Mapping[str, Variable]] = {
        "real_income": Variable(
            ("worker", "place"), "real income per head of each kind, amenity included", "utility"
        ),
        "worker_welfare": Variable(("worker",), "expected utility of each kind", "utility"),
    }
    refines: ClassVar[Sequence[str]] = ("real_income",)

    @property
    def odds_of_all(self) -> float:
        """Skilled people over unskilled ones, of all."""
        return self.skilled / (1.0 - self.skilled)

    @classmethod
    def numbers(cls) -> dict[str, tuple[str, ...]]:
        """Return what its equations read."""
        alone: dict[str, tuple[str, ...]] = dict.fromkeys(("odds_of_all", "migration", "group"), ())
        return {**super().numbers(), "labour_share": INDUSTRY, **alone, "group_of": ("place",)}

    def lengths(self, economy: Any) -> Mapping[str, int]:
        """Return how many groups there are that people move within."""
        return {"group": len(groups(economy)[1])}

    def values(self, economy: Any) -> Mapping[str, Any]:
        """Return what these are in an economy."""
        found = {name: getattr(self, name) for name in ("skilled", "skill", "odds_of_all")}
        found |= {"migration": economy.migration_elasticity, "labour_share": self._labour(economy)}
        return {**found, **self.lengths(economy), "group_of": groups(economy)[0]}

    @staticmethod
    def _labour(economy: Any) -> Any:
        return 1.0 - economy.inputs.values.sum(0) - economy.land_share.values

    def check(self, economy: Any) -> None:
        """Refuse people who cannot move: then nothing says which kind lives where."""
        if not economy.migration_elasticity > 0.0:
            cure = "Where people stay, who is skilled where would have to be said by place."
            value = economy.migration_elasticity
            raise InputError("migration_elasticity", value, f"above 0 with {self.name!r}", cure)

    def coordinates(self, economy: Any) -> Mapping[str, Sequence[str]]:
        """Return the names of both kinds."""
        return {"worker": KINDS}

    def outcome(self, economy: Any, p: Any, at: Any, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return what each kind has, by place and in all."""
        (own,) = (
            stands
            for one, stands in zip(
                with_equations(economy), places_of(economy, p.slots), strict=True
            )
            if one is self
        )
        slots = [own[f"log_{kind}"][1] for kind in KINDS]
        real = at.made[slots] + np.log(economy.amenity.values)
        worth = [migration.welfare(economy, one) for one in real]
        return {"real_income": np.exp(real), "worker_welfare": np.array(worth)}

    def remark(self, data: xr.Dataset) -> str:
        """Say where the unskilled have next to nothing left, from the data of the last point."""
        real, odds = data["real_income"], data[f"{self.name}.odds"]
        ahead = real.sel(worker="skilled") / real.sel(worker="unskilled")
        left = data["income"] / data["population"] * (1.0 + odds) / (odds * ahead + 1.0)
        gone = ~(left.values > GONE * data[f"{self.name}.unskilled_wage"].values)
        if not gone.any():
            return ""
        where = in_words(map(str, data["place"].values[gone]))
        return (
            "At the last point what all pay alike a head, as for subsidies, exceeds what unskilled "
            f"residents of {where} earn. Raise rates that are negative, or lower {self.name}.skill."
        )

    # --- audit --------------------------------------------------------------------------

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Put both kinds into the published equations, in levels."""
        odds = a.data[f"{self.name}.odds"].values
        wage = a.data[f"{self.name}.unskilled_wage"].values
        share, L, N = odds / (1.0 + odds), a.data["population"].values, self.skilled
        epsilon, group = economy.migration_elasticity, groups(economy)[0]
        skill = self.skill.values[:, None, None]
        if stage == "labour":
            each = a.data["real_income"].transpose("worker", "place").values
            # y, from where both kinds are and what they have: the same all over a group
            here = np.log(odds * (1.0 - N) / N) - epsilon * np.log(each[0] / each[1])
            y = np.exp(np.bincount(group, here) / np.bincount(group))[group]
            of_both = N * y * each[0] ** epsilon + (1.0 - N) * each[1] ** epsilon
            a.real = (of_both / y**N) ** (1.0 / epsilon)
            a.kept[self.name] = each, y
        elif stage == "costs":
            unskilled = (wage * a.hour / a.data["wage"].values)[:, None]
            cheaper = (unskilled / a.pay) ** (1.0 - skill)
            a.pay = a.pay * cheaper
            a.cost = a.cost * cheaper ** self._labour(economy)[:, None, None]
        elif stage == "incomes":
            a.at_work = a.at_work * share
            a.paid_apart = a.paid_apart + (1.0 - share) * L * wage
        elif stage == "people":
            each, y = a.kept[self.name]
            theirs = (1.0 - skill) * a.work
            a.work = a.work - theirs
            income = a.data["income"].values
            rest = (income - a.at_work * a.what - a.paid_apart) / L + a.worth
            has = np.array([a.what + rest, wage + rest])
            scarce = N * y / (1.0 - N)
            of_both = N * y * has[0] ** epsilon + (1.0 - N) * has[1] ** epsilon
            a.better = a.better * (of_both / y**N) ** (1.0 / epsilon) / (income / L + a.worth)
            worth = [migration.audit_welfare(economy, one) for one in each]
            a.sides |= {
                f"unskilled labour of {self.name}": ((1.0 - share) * L * wage, theirs.sum((0, 2))),
                f"odds of {self.name}": (odds, scarce * (has[0] / has[1]) ** epsilon),
                f"kinds of {self.name}": (np.bincount(group, share * L), N * np.bincount(group, L)),
                f"real incomes of {self.name}": (
                    each,
                    economy.amenity.values * has / a.cost_of_living,
                ),
                f"welfare of {self.name}": (a.data["worker_welfare"].values, worth),
            }


def _as_one(make: Any, solve: Any) -> tuple[Any, Any]:
    economy = make(digital_cost=1.2, remote_labour_share=0.0)
    one, two = solve(economy).data, solve(economy.with_mechanisms(Workers(skill=0.3))).data
    found = two.total_cost, two.population, two.welfare, two.worker_welfare[1]
    known = one.total_cost, one.population, one.welfare, one.welfare
    return np.hstack([np.ravel(x) for x in found]), np.hstack([np.ravel(x) for x in known])


def _pay(make: Any, solve: Any) -> tuple[Any, Any]:
    """Compare pay of each kind where the wage bill is one: what industries spend on it."""
    data = solve(make(mechanisms=[Workers(skilled=0.3, skill=0.6)])).data
    people, odds = data.population, data["workers.odds"]
    skilled = float((people * odds / (1.0 + odds) * data.wage).sum())
    simple = float((people / (1.0 + odds) * data["workers.unskilled_wage"]).sum())
    return [skilled, simple], [0.6, 0.4]


Workers.closed_forms = [
    ClosedForm("kinds of workers who are needed alike everywhere are as one", _as_one, 1e-7),
    ClosedForm("each kind earns its share of labour cost", _pay),
]
