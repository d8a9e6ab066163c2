"""Workers of two kinds: skilled and unskilled people, each with wages of their own ("who gains").

    W_k  = [skilled labour]^psi_k wu^(1-psi_k)        what labour costs firms, Cobb-Douglas
    labour    ln sum a psi R (1-v) - ln((1-pi) Ls What) = 0         Ls = z L, of the skilled
    unskilled ln sum a (1-psi) R   - ln(Lu wu) = 0                  Lu = (1-z) L
    odds      ln z/(1-z) = ln y N/(1-N) + eps ln (What + b)/(wu + b)
    kinds     sum z L = N sum L                       y: what the odds are over those of all people
    V_e  = (pay_e + b)/P          real income of each kind: both pay one cost of living, P
    V    = y^(-N/eps) [N y V_s^eps + (1-N) V_u^eps]^(1/eps)         of both, so that U of all is
    U    = U_s^N U_u^(1-N) at rest,  U_e = (sum Lbar (B V_e)^eps)^(1/eps)

    psi  skill, share of labour cost for the skilled      N    skilled, their share of people
    z    skilled share of a place's people                b    income per head that is not pay
    w, What of the model are of the skilled; wu           of the unskilled, an unknown of each place

Remote work is of the skilled: they supply it, and it replaces them. Both kinds have the same tastes
and elasticity of migration. How many live in a place moves slowly, as ever; of which kind they are
follows at once, so that both kinds add up to those that there are: at rest each kind is where its
own real income has it. Where psi = N in every industry both earn the same, and all is as with one
kind, exactly.
Source: ``policy.md`` 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.kernels.duals import exp, log
from nege.models import fields
from nege.models.agglomeration.kinds import INDUSTRY, ClosedForm, by_industry
from nege.models.agglomeration.layout import OFFLINE, ONLINE
from nege.models.agglomeration.mechanisms.frame import Mechanism, Own
from nege.models.fields import Labelled
from nege.validation import Bounds

WITHIN = Bounds(above=0.0, below=1.0, cure="With all of one kind there is no other.")
OTHER_LABOUR = "It hires labour without saying of which kind."


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


def _uses(m, to, met, made):
    odds, people = exp(met[m.odds]), exp(met[to.people])
    share, unskilled = odds / (1.0 + odds), 0.0 * people
    for k in range(to.industries):
        outlay, learnt = made[to.outlay + to.modes * k + OFFLINE], 0.0 * people
        for mode in range(ONLINE, to.modes):
            learnt += made[to.outlay + to.modes * k + mode]
        apart = m.labour_share[k] * (1.0 - m.skill[k])
        far = apart * learnt * made[to.far + k]
        made[to.labour] -= apart * (outlay + learnt) - far
        made[to.remote_used] -= far
        unskilled += apart * (outlay + learnt)
    made[to.labour] /= share  # the model's row is of people, all of whom it takes for skilled
    others = met[to.people] - log(1.0 + odds) + met[m.unskilled_wage]
    made[m.unskilled_wage] = log(unskilled) - others
    head = made[to.income] / people
    rest = head - made[to.earned] / people
    skilled = log(exp(made[to.what]) + rest) - log(head)
    simple = log(exp(met[m.unskilled_wage]) + rest) - log(head)
    scarce = m.odds_of_all * exp(met[m.sorting])  # N y/(1-N)
    made[m.odds] = log(scarce) + m.migration * (skilled - simple) - met[m.odds]
    made[m.sorting] = share * people - m.skilled * people
    real = made[to.real] - made[to.living]
    place = m.migration * real + m.log_home
    made[m.skilled_income] = exp(real + m.log_amenity + skilled)
    made[m.unskilled_income] = exp(real + m.log_amenity + simple)
    made[m.skilled_draw] = exp(place + m.migration * skilled)
    made[m.unskilled_draw] = exp(place + m.migration * simple)
    both = (1.0 - m.skilled) * (exp(m.migration * simple) + scarce * exp(m.migration * skilled))
    made[to.real] += (log(both) - m.skilled * met[m.sorting]) / m.migration


def _border(m, to, met, made):
    made[m.skilled_welfare] = log(made[m.skilled_draw]) / m.migration - met[m.skilled_welfare]
    made[m.unskilled_welfare] = log(made[m.unskilled_draw]) / m.migration - met[m.unskilled_welfare]


class Workers(Mechanism):
    """Skilled and unskilled people, whom industries need in different shares.

    Examples
    --------
    >>> import nege
    >>> kinds = nege.mechanisms.Workers(skilled=0.3, skill=[0.2, 0.6])
    >>> found = nege.solve(nege.OnlineAgglomeration(mechanisms=[kinds]))
    >>> bool(found.data["workers.skilled_welfare"] > found.data["workers.unskilled_welfare"])
    True
    """

    skilled: float = fields.number("share of people who are skilled", WITHIN, default=0.3)
    skill: Labelled[xr.DataArray] = by_industry(
        "share of an industry's labour cost that is for skilled labour", WITHIN, default=(0.2, 0.6)
    )

    kind: ClassVar[str] = "workers"
    alone: ClassVar[bool] = True
    rank: ClassVar[int] = 3  # once real income is what all others make it
    excludes: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("data_economy", "platforms", "site_bound", "sourcing"), OTHER_LABOUR
    )
    equations: ClassVar[Mapping[str, Callable[..., Any]]] = {
        **{"costs": _costs, "incomes": _incomes, "uses": _uses, "border": _border}
    }
    unknowns: ClassVar[Mapping[str, Own]] = {
        "unskilled_wage": Own(words="wage of unskilled people"),
        "odds": Own(words="skilled people over unskilled ones", unit="1", start="odds_of_all"),
    }
    shared: ClassVar[Mapping[str, Own]] = {
        "sorting": Own(words="odds of skill over what they are at equal income", unit="1"),
        "skilled_welfare": Own(words="expected utility of skilled people", unit="utility"),
        "unskilled_welfare": Own(words="expected utility of unskilled people", unit="utility"),
    }
    totals: ClassVar[Mapping[str, Own]] = {"skilled_draw": Own(), "unskilled_draw": Own()}
    notes: ClassVar[Mapping[str, Own]] = {
        "skilled_income": Own(words="real income of skilled people", unit="utility"),
        "unskilled_income": Own(words="real income of unskilled people", unit="utility"),
    }

    @property
    def odds_of_all(self) -> float:
        """Skilled people over unskilled ones, of all."""
        return self.skilled / (1.0 - self.skilled)

    @classmethod
    def numbers(cls) -> dict[str, tuple[str, ...]]:
        """Return what its equations read."""
        places = dict.fromkeys(("log_home", "log_amenity"), ("place",))
        alone: dict[str, tuple[str, ...]] = dict.fromkeys(("odds_of_all", "migration"), ())
        return {**super().numbers(), "labour_share": INDUSTRY, **places, **alone}

    def values(self, economy: Any) -> Mapping[str, Any]:
        """Return what these are in an economy."""
        found = {name: getattr(self, name) for name in ("skilled", "skill", "odds_of_all")}
        log_amenity, epsilon = np.log(economy.amenity.values), economy.migration_elasticity
        home = economy.home_weight.values / economy.home_weight.values.mean()
        found |= {"migration": epsilon, "labour_share": self._labour(economy)}
        return {
            **found,
            "log_amenity": log_amenity,
            "log_home": np.log(home) + epsilon * log_amenity,
        }

    @staticmethod
    def _labour(economy: Any) -> Any:
        return 1.0 - economy.inputs.values.sum(0) - economy.land_share.values

    def check(self, economy: Any) -> None:
        """Refuse people who cannot move: then nothing says which kind lives where."""
        if not economy.migration_elasticity > 0.0:
            cure = "Where people stay, who is skilled where would have to be said by place."
            value = economy.migration_elasticity
            raise InputError("migration_elasticity", value, f"above 0 with {self.name!r}", cure)
        for other in economy.mechanisms.values():
            if getattr(other, "movement", "everywhere") != "everywhere":
                cure = "Each kind would move to where it cannot: let people move everywhere."
                value = other.movement
                raise InputError(f"{other.name}.movement", value, "'everywhere' here", cure)

    def audit(self, stage: str, economy: Any, a: Any) -> None:
        """Put both kinds into the published equations, in levels."""
        at = {name: a.data[f"{self.name}.{name}"].values for name in self.own_words()}
        labour, skill = self._labour(economy), self.skill.values
        share, L = at["odds"] / (1.0 + at["odds"]), a.data["population"].values
        apart = (labour * (1.0 - skill))[:, None, None]
        if stage == "costs":
            unskilled = (at["unskilled_wage"] * a.hour / a.data["wage"].values)[:, None]
            cheaper = (unskilled / a.pay) ** (1.0 - skill)[:, None, None]
            a.pay = a.pay * cheaper
            a.cost = a.cost * cheaper ** labour[:, None, None]
        elif stage == "incomes":
            a.at_work = a.at_work * share
            a.paid_apart = a.paid_apart + (1.0 - share) * L * at["unskilled_wage"]
        elif stage == "uses":
            spent = apart * a.outlay
            a.used = a.used - (spent * (1.0 - a.far)).sum((0, 2))
            a.used_far -= float((spent * a.far).sum())
        elif stage == "sales":
            epsilon, spent = economy.migration_elasticity, (apart * a.outlay).sum((0, 2))
            rest = (a.data["income"].values - a.at_work * a.what - a.paid_apart) / L
            over = a.data["income"].values / L
            skilled, simple = (a.what + rest) / over, (at["unskilled_wage"] + rest) / over
            scarce = self.odds_of_all * float(at["sorting"])
            both = (1.0 - self.skilled) * (simple**epsilon + scarce * skilled**epsilon)
            a.better = a.better * (both / at["sorting"] ** self.skilled) ** (1.0 / epsilon)
            home = economy.home_weight.values / economy.home_weight.values.mean()
            alike = a.data["real_income"].values / a.better
            known = {
                "unskilled_wage": ((1.0 - share) * L * at["unskilled_wage"], spent),
                "odds": (at["odds"], scarce * (skilled / simple) ** epsilon),
                "sorting": (float(share @ L), self.skilled * float(L.sum())),
                "skilled_income": (at["skilled_income"], alike * skilled),
                "unskilled_income": (at["unskilled_income"], alike * simple),
            }
            for name in ("skilled", "unskilled"):
                mean = float(home @ at[f"{name}_income"] ** epsilon) ** (1.0 / epsilon)
                known[f"{name}_welfare"] = at[f"{name}_welfare"], mean
            a.sides |= {f"{self.name}.{name}": sides for name, sides in known.items()}

    @classmethod
    def own_words(cls) -> list[str]:
        """Return the names of its variables."""
        return [name for name, (_, what) in cls.own().items() if what.words]


def _as_one(make: Any, solve: Any) -> tuple[Any, Any]:
    economy = make(digital_cost=1.2, remote_labour_share=0.0)
    one, two = solve(economy).data, solve(economy.with_mechanisms(Workers(skill=0.3))).data
    found = two.total_cost, two.population, two.welfare, two["workers.unskilled_welfare"]
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
