"""Who lives where, and on what: the real income of each kind of people, as its model has it.

Real income is V = B y/P: income per head y, a sum of wages, land, dividends, ..., times an amenity,
over the prices that it buys, P = prod_k G_k^mu_k h^beta. Of models whose utility is quasi-linear
(``additive``) it is the sum V = y + surplus + ln B, in the numeraire. So each kind of people
has here `incomes`, that add up to y, and `factors`, that add up to ln V - ln y (or V - y).

    core-periphery, entrepreneurs   workers w, and who stays, 1 + commission a head; P = G^mu
    footloose capital               spending, a unit a head, where its owners live
    vertical linkages               workers w, and owners of land: rent and commission, over k
    quasi-linear                    V = y - alpha ln G + ln B; linear demand: V = y + S + ln B
    Helpman                         y = w + rents + deficits; P = G^mu h^(1-mu)
    commuting                       y = ybar; B and Phi^(1/epsilon)/ybar, the choice of jobs
    Allen-Arkolakis                 y = w + deficits, P = G, amenity B Lambda^beta
    industries                      What of jobs here and remote ones, land, and what is left of
                                    income: dividends, commission, taxes; by kind of workers

What private people have of public goods is worth V P/B - y, where P is known (``living_cost``);
elsewhere ln B + ln y - ln V is the cost of living, of which what goods, what households pay at the
till beside them, and housing do not explain are ``other prices``: taxes on housing, what platforms
do not show, what is bought online.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.models.agglomeration.mechanisms import migration, remote_work
from nege.models.agglomeration.model import OnlineAgglomeration
from nege.models.classical.core_periphery import CorePeriphery
from nege.models.classical.footloose_capital import FootlooseCapital
from nege.models.classical.footloose_entrepreneur import FootlooseEntrepreneur
from nege.models.classical.linear_demand import LinearDemand
from nege.models.classical.quasi_linear import QuasiLinear
from nege.models.linkages.model import VerticalLinkages
from nege.models.quantitative.allen_arkolakis import AllenArkolakis
from nege.models.quantitative.commuting import Commuting
from nege.models.quantitative.helpman import Helpman
from nege.models.quantitative.model import placed

WAGES, REMOTE, LAND, PAID = "wages", "remote work", "land", "dividends and taxes"
DEFICITS = "deficits"
PUBLIC, PRICES, RENTS = "public goods", "prices", "rents"
TILL, OTHER = "taxes at the till", "other prices"
AMENITIES, CROWDING, JOBS = "amenities", "crowding", "commuting"
INCOMES = (WAGES, REMOTE, LAND, PAID, DEFICITS, PUBLIC)
TOGETHER = "all"  # where people move among all places

Values = Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True, eq=False)
class People:
    """People of one kind, by place."""

    name: str
    count: np.ndarray
    incomes: dict[str, np.ndarray]  # money per head
    factors: dict[str, np.ndarray]  # ln V - ln y, or V - y
    level: np.ndarray  # ln V, or V, as the result has it
    moves: bool = False
    among: np.ndarray | None = None  # within which group of places they move, by its name


def people_of(model: Any, data: xr.Dataset) -> list[People]:
    """Return every kind of people of an economy, with what they live on."""
    own = getattr(model, "accounts", None)
    if own is not None:
        return list(own(data))
    for kind, (accounts, _) in ACCOUNTS.items():
        if isinstance(model, kind):
            return accounts(model, data)
    cure = (
        f"{type(model).__name__}.accounts(data), a list of nege.studies.accounts.People, says it."
    )
    raise InputError("before", model, "of a model that says who lives on what", cure)


def tastes(model: Any) -> tuple[str, ...]:
    """Return the parameters that say what people like: with others, gains would not be money."""
    return next((names for kind, (_, names) in ACCOUNTS.items() if isinstance(model, kind)), ())


def _values(data: xr.Dataset) -> dict[str, np.ndarray]:
    return {str(name): one.values for name, one in data.data_vars.items()}


def _amenity(model: Any, places: int) -> np.ndarray:
    """Return ln B of every region: zero but online."""
    found = np.zeros(places)
    if model.online is not None:
        found[-1] = np.log(model.online.amenity)
    return found


def _padded(values: xr.DataArray, places: int) -> np.ndarray:
    found = np.zeros(places)
    found[: values.size] = values.values
    return found


def _level(incomes: Values, factors: Values) -> np.ndarray:
    return np.asarray(np.log(sum(incomes.values())) + sum(factors.values()))


def _per_head(total: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Return what each has; NaN where there is nobody."""
    some = people > 0.0
    return np.where(some, total / np.where(some, people, 1.0), np.nan)


def _real_wages(movers: str, stayers: str, staying: Callable[[Any], float]) -> Any:
    """Return accounts of those whose real wage is B w G^-mu, and of who stays and earns one."""

    def accounts(model: Any, data: xr.Dataset) -> list[People]:
        v, n = _values(data), len(model.regions)
        prices = -model.mu * np.log(v["price_index"])
        immobile = staying(model) * _padded(getattr(model, model.immobile), n)
        paid = model.mobile_weight * v["share"] * v["wage"]
        # Commission is shared in proportion: a head has as much everywhere.
        more = (v["income"].sum() - paid.sum()) / immobile.sum() - 1.0
        stay = {WAGES: np.ones(n), PAID: np.full(n, more)}
        factors = {PRICES: prices}
        moving = {PRICES: prices, AMENITIES: _amenity(model, n)}
        with np.errstate(divide="ignore"):
            level = np.log(v["real_wage"])
        return [
            People(
                movers, model.mobile_weight * v["share"], {WAGES: v["wage"]}, moving, level, True
            ),
            People(stayers, immobile, stay, factors, _level(stay, factors)),
        ]

    return accounts


def _capital(model: Any, data: xr.Dataset) -> list[People]:
    v = _values(data)
    incomes, factors = {WAGES: np.ones(v["income"].size)}, {}
    factors = {PRICES: -model.mu * np.log(v["price_index"])}
    return [People("owners and workers", v["income"], incomes, factors, _level(incomes, factors))]


def _linkages(model: Any, data: xr.Dataset) -> list[People]:
    v, n = _values(data), len(model.regions)
    prices, land = -model.mu * np.log(v["price_index"]), _padded(model.land, n)
    moving = {PRICES: prices, AMENITIES: _amenity(model, n)}
    mobile = model.workers is None
    workers = People(
        "workers", v["population"], {WAGES: v["wage"]}, moving, np.log(v["real_wage"]), mobile
    )
    farms = v["wage"] * (v["population"] - v["employment"])
    rent = farms * (1.0 / model.agriculture - 1.0)
    left = v["income"] - v["wage"] * v["population"]
    if model.agriculture == 1.0 and model.online is None:
        return [workers]  # land earns nothing
    incomes = {LAND: _per_head(rent, land), PAID: _per_head(left - rent, land)}
    with np.errstate(divide="ignore", invalid="ignore"):
        level = _level(incomes, {PRICES: prices})
    return [workers, People("landowners", land, incomes, {PRICES: prices}, level)]


def _additive(model: Any, v: Values, prices: np.ndarray, staying: float) -> list[People]:
    """Return accounts of those whose utility is a sum."""
    n = len(model.regions)
    immobile = staying * _padded(getattr(model, model.immobile), n)
    paid = model.mobile_weight * v["share"] * v["wage"]
    more = (v["income"].sum() - paid.sum()) / immobile.sum() - 1.0
    stay = {WAGES: np.ones(n), PAID: np.full(n, more)}
    moving = {PRICES: prices, AMENITIES: _amenity(model, n)}
    count = model.mobile_weight * v["share"]
    stayers = "farmers" if model.immobile == "farmers" else "unskilled workers"
    return [
        People("skilled workers", count, {WAGES: v["wage"]}, moving, v["utility"], True),
        People(stayers, immobile, stay, {PRICES: prices}, 1.0 + more + prices),
    ]


def _quasi_linear(model: Any, data: xr.Dataset) -> list[People]:
    v = _values(data)
    prices = -model.alpha * np.log(v["price_index"])
    return _additive(model, v, prices, model.unskilled_ratio)


def _linear_demand(model: Any, data: xr.Dataset) -> list[People]:
    v = _values(data)
    return _additive(model, v, v["surplus"], model.total_farmers)


def _moving_among(model: Any) -> np.ndarray | None:
    """Return within which group of regions people move, where they do not among all."""
    said = getattr(model, "mobility", "free")
    if isinstance(said, str):
        return np.array(model.regions) if said == "none" else None
    return np.asarray(said.values if hasattr(said, "values") else said).astype(str)


def _quantitative(model: Any, v: Values, incomes: Values, factors: Values) -> list[People]:
    among, level = _moving_among(model), np.log(v["real_income"])
    moves = among is None or np.unique(among).size < among.size
    return [People("people", v["share"], dict(incomes), dict(factors), level, moves, among)]


def _amenities(model: Any) -> np.ndarray:
    online = None if model.online is None else model.online.amenity
    return np.asarray(np.log(placed(model.amenity, online)))


def _helpman(model: Any, data: xr.Dataset) -> list[People]:
    v = _values(data)
    income, rents = v["income"] / v["share"], (1.0 - model.mu) * v["income"]
    land = rents / v["share"] if model.rents == "local" else np.full(income.size, rents.sum())
    incomes = {WAGES: v["wage"], LAND: land, DEFICITS: income - v["wage"] - land}
    factors = {
        PRICES: -model.mu * np.log(v["price_index"]),
        RENTS: -(1.0 - model.mu) * np.log(v["rent"]),
        AMENITIES: _amenities(model),
    }
    return _quantitative(model, v, incomes, factors)


def _commuting(model: Any, data: xr.Dataset) -> list[People]:
    v = _values(data)
    income = v["income"] / v["share"]
    incomes = {WAGES: v["residents_wage"], LAND: income - v["residents_wage"]}
    factors = {
        PRICES: -model.mu * np.log(v["price_index"]),
        RENTS: -(1.0 - model.mu) * np.log(v["rent"]),
        JOBS: np.log(v["access"] / income),
        AMENITIES: _amenities(model),
    }
    return _quantitative(model, v, incomes, factors)


def _allen_arkolakis(model: Any, data: xr.Dataset) -> list[People]:
    v = _values(data)
    factors = {
        PRICES: -np.log(v["price_index"]),
        AMENITIES: _amenities(model),
        CROWDING: model.amenity_spillover * np.log(v["share"]),
    }
    deficits = model.spent(data) / v["share"] - v["wage"]
    return _quantitative(model, v, {WAGES: v["wage"], DEFICITS: deficits}, factors)


def _industries(model: Any, data: xr.Dataset) -> list[People]:
    v = {
        str(name): one.transpose(
            *(d for d in ("worker", "industry", "place") if d in one.dims), ...
        ).values
        for name, one in data.data_vars.items()
    }
    people, amenity = v["population"], np.log(model.amenity.values)
    what, _ = remote_work.audit_earned(  # type: ignore[no-untyped-call]
        model, v["wage"], float(v["remote_wage"])
    )
    kinds = {one.kind: one for one in model.mechanisms.acting} if model.mechanisms else {}
    workers = kinds.get("workers")
    if workers is None:
        each = {"people": (people, what, v["real_income"])}
        paid = what * people
    else:
        odds, simple = v[f"{workers.name}.odds"], v[f"{workers.name}.unskilled_wage"]
        skilled = people * odds / (1.0 + odds)
        both = (what, simple)
        counts = (skilled, people / (1.0 + odds))
        each = {
            f"{name} workers": (count, pay, real)
            for name, count, pay, real in zip(
                map(str, data["worker"].values), counts, both, v["real_income"], strict=True
            )
        }
        paid = skilled * what + people / (1.0 + odds) * simple
    land = _land_income(model, kinds.get("jurisdictions"), v)
    left = (v["income"] - paid) / people - land
    factors = {
        f"{PRICES} of {name}": -share * np.log(v["price_index"][k])
        for k, (name, share) in enumerate(
            zip(model.industries, model.consumption.values, strict=True)
        )
    }
    if model.housing > 0.0:
        factors[RENTS] = -model.housing * np.log(v["rent"])
    if "household_price_index" in v:
        dearer = np.log(v["household_price_index"]) - np.log(v["price_index"])
        factors[TILL] = -model.consumption.values @ dearer
    bought = sum(factors.values())
    _, pay, real = next(iter(each.values()))
    head, better = pay + land + left, np.log(real) - amenity
    if "living_cost" in v:
        living = np.log(v["living_cost"])
        worth = np.exp(better + living) - head
        worth = np.where(np.abs(worth) < NOTHING * head, 0.0, worth)
    else:
        worth, living = np.zeros_like(head), np.log(head) - better
    factors |= {OTHER: -living - bought, AMENITIES: amenity}
    among, groups = None, migration.groups(model)[0]  # type: ignore[no-untyped-call]
    if groups.any():
        among = np.array(_group_names(model, kinds, groups))
    found = []
    for name, (count, pay, real) in each.items():
        remote = v["remote_share"] * pay if pay is what else np.zeros_like(pay)
        incomes = {WAGES: pay - remote, REMOTE: remote, LAND: land, PAID: left, PUBLIC: worth}
        moves = model.migration_elasticity > 0.0
        found.append(People(name, count, incomes, factors, np.log(real), moves, among))
    return found


NOTHING = 1e-9  # of income: public goods that are as little are rounding of the cost of living


def _land_income(model: Any, jurisdictions: Any, v: Values) -> np.ndarray:
    """Return what people of a place have of land, a head."""
    people, rents = v["population"], v["rent"] * model.land.values
    owner = "everyone" if jurisdictions is None else jurisdictions.land
    if owner == "place":
        return np.asarray(rents / people)
    group = np.zeros(people.size, int)
    if owner == "jurisdiction":
        group = jurisdictions.of_places(model)[0]
    return np.asarray((np.bincount(group, rents) / np.bincount(group, people))[group])


def _group_names(model: Any, kinds: Mapping[str, Any], groups: np.ndarray) -> list[str]:
    names = kinds["jurisdictions"].of_places(model)[1]
    return [names[g] for g in groups]


CES = ("sigma", "mu")
ACCOUNTS: dict[type, tuple[Callable[[Any, xr.Dataset], list[People]], tuple[str, ...]]] = {
    CorePeriphery: (_real_wages("workers", "farmers", lambda model: 1.0 - model.mu), CES),
    FootlooseEntrepreneur: (
        _real_wages("skilled workers", "unskilled workers", lambda model: 1.0),
        CES,
    ),
    FootlooseCapital: (_capital, CES),
    VerticalLinkages: (_linkages, CES),
    QuasiLinear: (_quasi_linear, ("sigma", "alpha")),
    LinearDemand: (_linear_demand, ("a", "b", "c")),
    Helpman: (_helpman, CES),
    AllenArkolakis: (_allen_arkolakis, ("sigma",)),
    Commuting: (_commuting, (*CES, "taste", "theta", "eta")),
    OnlineAgglomeration: (
        _industries,
        ("sigma", "variety", "consumption", "housing", "migration_elasticity"),
    ),
}
