"""Inversion of the industry model: the fundamentals that make data an equilibrium.

Of people alone. Given where they live, firms and prices follow as if people could not move
(eps = 0). The row of people, Lbar (B V)^eps/sum = L, then gives amenities:

    ln B_p = [ln(L_p/Lbar_p) + ln sum]/eps - ln V_p        V  real income per head

The sum is their unit, which data do not tell.

Of people and wages, or of employment by industry and place and wages: what data give becomes an
unknown of the economy, and data its row (``mechanisms.observed``, which has the equations), so
that all is one rest point, found like any other. Employment e, wages w and labour shares a give
firms' spending X_kp = w_p e_kp/a_k, and so

    sum_p X_kp   what all spend on an industry, and with it `consumption`
    X_kp         productivities relative to each other within an industry; entry costs of firms
                 online where employment is by channel
    sum_k e_kp   people, and with them amenities
    h_p          land, where rents are given

A unit of each industry's productivity, that of amenities and that of land cannot be told: an
industry that is more productive everywhere has lower prices, and all else stays.
Source: the equations of ``nege/models/agglomeration``; Redding & Rossi-Hansberg (2017), Annual
Review of Economics 9, for the method.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege import validation
from nege.errors import ConvergenceError, InputError, in_words
from nege.models import fields
from nege.models.agglomeration import equations
from nege.models.agglomeration.kinds import CHANNELS, PLACE
from nege.models.agglomeration.layout import ONLINE
from nege.models.agglomeration.mechanisms import frame, migration
from nege.models.agglomeration.mechanisms.access import Access
from nege.models.agglomeration.mechanisms.observed import ABSENT, Observed
from nege.models.agglomeration.mechanisms.workers import Workers
from nege.models.agglomeration.model import FIRMS_START, OnlineAgglomeration
from nege.models.solutions import LongRun
from nege.solver_options import Replicator, SolverOptions
from nege.solvers.checks import check_options
from nege.solvers.long_run import long_run_result
from nege.status import Status

groups: Any = migration.groups  # typed by Numba, or by nobody
evaluate: Any = equations.evaluate

PRECISE = 1e-9  # what is found, relative to the data
ALIKE = 1e-9  # shares that two sources give
ROUNDS, SAME = 20, 1e-13  # of consumption that mechanisms look at, until it is the same
BELOW = 0.01  # how far, in logs, productivity without firms is below what would bring them
#: Mechanisms whose people are not in data of employment by industry.
EMPLOY = {"data_economy": "Data centres", "platforms": "Platforms"}


class Data(NamedTuple):
    """What is observed, checked: None where it is not."""

    people: np.ndarray  # (place,), with local jobs, shares
    pay: np.ndarray | None  # (place,), in any unit
    jobs: np.ndarray | None  # (industry, place), shares of all
    online: np.ndarray | None  # (industry, place), part of these
    rent: np.ndarray | None  # (place,), in any unit


def invert_industries(
    model: OnlineAgglomeration,
    *,
    employment: Any = None,
    wage: Any = None,
    population: Any = None,
    rent: Any = None,
    options: SolverOptions | None = None,
) -> OnlineAgglomeration:
    """Return the economy in which data are an equilibrium; see ``nege.invert``."""
    options = check_options(options)
    data = _checked(model, employment, wage, population, rent)
    home = _home(model, data.people)
    if data.pay is None and data.rent is None:
        found = _of_people(model, data, home, options)
    else:
        found = _of_all(model, data, home, options)
    made: OnlineAgglomeration = _at_rest(*found, data, options)
    return made


# --- data -----------------------------------------------------------------------------


def _checked(model: Any, employment: Any, wage: Any, population: Any, rent: Any) -> Data:
    """Return data that are an equilibrium of some economy like this, or refuse them."""
    if employment is None and population is None:
        cure = "People by place are the least that it goes by: population=[...]."
        raise InputError("population", None, "given, or employment by industry and place", cure)
    model.check_explicit("fundamentals here are what makes data an equilibrium")
    for name, one in model.mechanisms.items():
        if isinstance(one, Workers):
            cure = "Data would have to say who is skilled where, and what each kind earns."
            raise InputError("model", model, f"without {name!r}", cure)
    if employment is not None:
        for name, one in model.mechanisms.items():
            if one.kind in EMPLOY:
                cure = f"{EMPLOY[one.kind]} employ people who are in no industry: leave it out."
                raise InputError("model", model, f"without {name!r} with employment", cure)
    remote = model.arrays.has_remote
    jobs = online = None
    if employment is not None:
        if wage is None:
            cure = "Give what people earn by place; wage=1.0 for each place where it is the same."
            raise InputError("wage", None, "given with employment", cure)
        jobs, online = _jobs(model, employment)
    pay = None if wage is None else _by_place(model, "wage", wage)
    paid_rent = None if rent is None else _by_place(model, "rent", rent)
    if rent is not None and not model.arrays.uses_land:
        cure = "Give it `housing` or `land_share`, or leave rents out."
        raise InputError("rent", rent, "left out where land has no price", cure)
    people = None if population is None else _by_place(model, "population", population)
    people = None if people is None else people / people.sum()
    if jobs is None:
        assert people is not None
        return Data(people, pay, jobs, online, paid_rent)
    working = jobs.sum(0)
    if people is not None and (remote or np.max(np.abs(people / working - 1.0)) > ALIKE):
        allowed = "left out with employment, or everybody who works"
        cure = (
            "The economy says itself who works where remotely."
            if remote
            else "Everybody works where they live here. Where only a part of people work, "
            "employment * population / employment.sum('industry') keeps the industries' shares."
        )
        raise InputError("population", population, allowed, cure)
    assert pay is not None
    _check_consumption(model, jobs * pay, online, employment)
    return Data(working, pay, jobs, online, paid_rent)


def _by_place(model: Any, argument: str, value: Any) -> np.ndarray:
    """Return positive numbers by place, in a unit in which the largest is one."""
    value = fields.by_column(argument, value, PLACE, model)
    if isinstance(value, xr.DataArray) and value.dims == ("region",):
        value = value.rename(region="place")  # as geographies call them
    found = validation.vector(argument, value, model.geography.names, dim="place", above=0.0)
    validation.of_a_size(argument, value, found)
    return np.asarray(found / found.max())


def _jobs(model: Any, employment: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return shares of all jobs by industry and place, and which part of each is online."""
    labels = {"industry": model.industries, "place": model.geography.names}
    table = _table(fields.by_column("employment", employment, tuple(labels), model))
    by_channel = "channel" in getattr(table, "dims", ()) or getattr(table, "ndim", 0) == 3
    wanted = {**labels, "channel": CHANNELS} if by_channel else labels
    shape = tuple(map(len, wanted.values()))
    allowed = f"finite numbers of at least 0 over {tuple(wanted)}, of shape {shape}"
    found = validation.arranged("employment", table, wanted, allowed)[0]
    if found.shape != shape:
        cure = f"Its shape is {found.shape}: a row for each industry, a number for each place."
        raise InputError("employment", employment, allowed, cure)
    bad = ~(np.isfinite(found) & (found >= 0.0))
    if bad.any():
        first = tuple(np.argwhere(bad)[0])
        where = ", ".join(repr(names[i]) for names, i in zip(wanted.values(), first, strict=True))
        cure = f"The value for {where} is {found[first]:g}: 0 is for an industry that is absent."
        raise InputError("employment", employment, allowed, cure)
    if not found.max() > 0.0:
        raise InputError("employment", employment, "positive somewhere")
    found = found / found.max()
    jobs = found.sum(-1) if by_channel else found
    validation.of_a_size("employment", employment, found[found > 0.0])
    _check_zeros(model, employment, jobs)
    online = None
    if by_channel:
        if len(model.modes) > len(CHANNELS):
            cure = "Give employment by industry and place: a firm that sells both ways has one."
            raise InputError(
                "employment", employment, f"without channels beside {model.modes}", cure
            )
        with np.errstate(invalid="ignore"):
            online = found[..., ONLINE] / jobs
        for k, name in enumerate(model.industries):
            one = (jobs[k] > 0.0) & ~((online[k] > 0.0) & (online[k] < 1.0))
            if one.any():
                where = model.geography.names[int(np.argmax(one))]
                cure = (
                    f"{name!r} in {where!r} has one of them: what the other would cost to enter is "
                    "not told by data. Give employment by industry and place alone."
                )
                raise InputError("employment", employment, "positive in both channels", cure)
    return jobs / jobs.sum(), online


def _table(employment: Any) -> Any:
    """Return a long table, a Series by industry and place, as one over both; lists as arrays."""
    dims = ("industry", "place", "channel")
    allowed = f"over {dims[:2]}, or {dims}"
    if isinstance(employment, pd.Series) and employment.index.nlevels > 1:
        index = employment.index.rename(
            ["place" if name == "region" else name for name in employment.index.names]
        )
        if not set(index.names) <= set(dims):
            cure = f"The levels of its index are {index.names}: name them {in_words(dims)}."
            raise InputError("employment", employment, allowed, cure)
        if not index.is_unique:
            twice = index[index.duplicated()][0]
            cure = f"{twice} stands there twice: add them up, with .groupby(level=[...]).sum()."
            raise InputError("employment", employment, allowed, cure)
        return xr.DataArray.from_series(employment.set_axis(index))
    if isinstance(employment, xr.DataArray) and "region" in employment.dims:
        return employment.rename(region="place")
    if isinstance(employment, (list, tuple)):
        return validation.plain("employment", employment, allowed)
    return employment


def _check_zeros(model: Any, employment: Any, jobs: np.ndarray) -> None:
    """Refuse places without work, industries nowhere, and absence of those that are everywhere."""
    nobody = ~(jobs > 0.0).any(0)
    if nobody.any():
        where = model.geography.names[int(np.argmax(nobody))]
        cure = "Somebody lives in every place, and has to find work there: leave the place out."
        raise InputError("employment", employment, f"positive in {where!r} in some industry", cure)
    for k, name in enumerate(model.industries):
        absent = ~(jobs[k] > 0.0)
        where = model.geography.names[int(np.argmax(absent))]
        if absent.all():
            cure = "Leave the industry out of the economy."
            raise InputError("employment", employment, f"positive for {name!r} somewhere", cure)
        if absent.any() and model.variety.values[k] < 1.0:
            allowed = f"positive for {name!r} in every place"
            cure = (
                f"It is zero in {where!r}, and where variety is below 1 some firms always pay. "
                "With variety 1 it may be; or merge places."
            )
            raise InputError("employment", employment, allowed, cure)
        if not model.consumption.values[k] > 0.0:
            cure = "What all spend on it follows from its wage bill."
            raise InputError("model", model, f"one in which consumers buy {name!r}", cure)


def _check_consumption(
    model: Any, bills: np.ndarray, online: np.ndarray | None, employment: Any
) -> None:
    """Refuse an industry that sells less than industries alone buy of it."""
    if model.arrays.has_remote or model.arrays.has_calls:
        return  # then wages are not all of labour cost
    labour = 1.0 - model.inputs.values.sum(0) - model.land_share.values
    if not (labour > 0.0).all():
        name = model.industries[int(np.argmin(labour))]
        cure = "Employment says nothing of an industry without."
        raise InputError("model", model, f"one in which {name!r} takes labour", cure)
    spent, kept = bills / labour[:, None], 1.0 - model.commission.values[:, None]
    part = np.ones_like(bills) if online is None else online  # at most all of it
    sold = np.sum(spent * np.where(bills > 0.0, 1.0 - part + part / kept, 0.0), axis=1)
    bought = model.inputs.values @ spent.sum(1)
    if not (sold > bought).all():
        k = int(np.argmin(sold / bought))
        cure = (
            f"At these wages industries buy {bought[k] / sold[k]:.3g} times what "
            f"{model.industries[k]!r} sells. Lower its row of `inputs`."
        )
        allowed = "such that consumers, too, buy of each industry"
        raise InputError("employment", employment, allowed, cure)


# --- what data give ---------------------------------------------------------------------


def _home(model: Any, people: np.ndarray) -> np.ndarray | None:
    """Return `home_weight` where data say something of it; None where it stays as it is.

    Where nobody moves it is the data themselves; where people move within groups of places, it
    says how many there are in each.
    """
    if model.migration_elasticity == 0.0:
        return people * people.size
    group, shares = groups(model)
    observed = np.bincount(group, people, shares.size)
    if np.max(np.abs(shares / observed - 1.0)) <= ALIKE:
        return None
    home = model.home_weight.values * (observed / shares)[group]
    _, others = groups(model.replace(home_weight=home))
    if not np.max(np.abs(others / observed - 1.0)) <= ALIKE:
        raise InputError(
            "model",
            model,
            f"one in which groups of places that people move within have {observed.tolist()} of "
            "them, as data do",
            f"Its mechanisms give them {shares.tolist()}: leave `people` out there.",
        )
    return np.asarray(home)


def _settled(model: Any, data: Data, options: SolverOptions) -> LongRun:
    """Return firms and prices, with people where data have them."""
    share = data.people[None] if data.jobs is None else data.jobs / data.jobs.sum(1)[:, None]
    shape = len(model.industries), data.people.size, len(model.modes)
    firms = FIRMS_START * np.broadcast_to(share[..., None], shape)
    start = model._unknowns.pack(model.in_units(firms), data.people)
    found: LongRun = model.own_long_run(start, model.start_state(), Replicator(), options)
    if found.status is not Status.CONVERGED:
        why = "Nothing was found in which data are an equilibrium"
        if data.pay is not None and model.arrays.has_remote:
            why += " (nobody earns less than remote work pays, and consumers buy of each industry)"
        elif data.jobs is not None:
            why += " (one in which consumers buy of each industry)"
        _fail(model, found, options, why)
    return found


def _of_people(
    model: Any, data: Data, home: np.ndarray | None, options: SolverOptions
) -> tuple[Any, LongRun, tuple[str, ...]]:
    """Return the economy of where people live, where it is at rest, and what was found."""
    staying = model.replace(migration_elasticity=0.0, home_weight=data.people * data.people.size)
    at = _settled(staying, data, options)
    made = model if home is None else model.replace(home_weight=home)
    return _with_amenities(made, at.state), at, _words(model, data, home is not None)


def _of_all(
    model: Any, data: Data, home: np.ndarray | None, options: SolverOptions
) -> tuple[Any, LongRun, tuple[str, ...]]:
    """Return the economy of all that is observed, where it is at rest, and what was found."""
    consumption = model.consumption.values
    for _ in range(ROUNDS):
        open_ = _open(model, data, consumption)
        at = _settled(open_, data, options)
        unknowns = _unknowns(open_, at.state)
        weight = consumption * np.exp(unknowns["totals"] - unknowns["totals"][0])
        before, consumption = consumption, (1.0 - model.housing) * weight / weight.sum()
        # Equations of mechanisms may look at consumption, of which they have the one before.
        if not (model.arrays.has_calls and np.max(np.abs(consumption - before)) > SAME):
            break
    present = open_.mechanisms[Observed.kind].present.values > 0.0
    log_a = np.where(present, unknowns["productivity"], _just_out(open_, at.state))
    changes: dict[str, Any] = {} if home is None else {"home_weight": home}
    if data.pay is not None:
        changes["productivity"] = open_.productivity.values * np.exp(log_a)
    if data.jobs is not None:
        changes["consumption"] = consumption
    if data.rent is not None:
        changes["land"] = model.land.values * np.exp(unknowns["area"][0])
    if data.online is not None:
        changes["mechanisms"] = _entry(model, unknowns["entry"], present)
    made = model.replace(changes)
    at = at._replace(state=_without(open_, made, at.state))
    words = _words(model, data, home is not None, present)
    return _with_amenities(made, at.state), at, words


def _open(model: Any, data: Data, consumption: np.ndarray) -> Any:
    """Return the economy in which what data give is unknown."""
    jobs = np.ones((len(model.industries), data.people.size)) if data.jobs is None else data.jobs
    pay = np.ones(data.people.size) if data.pay is None else data.pay
    present, bills = jobs > 0.0, jobs * pay / np.sum(jobs * pay)
    given: dict[str, Any] = {
        "log_bill": np.log(np.where(present, bills, 1.0)),
        "present": present.astype(float),
        "log_wage": np.log(pay / (data.people @ pay)),
        "by_industry": float(data.jobs is not None),
        "by_wage": float(data.pay is not None),
    }
    if data.online is not None:
        part = np.where(present, data.online, 0.5)
        given |= {"by_channel": 1.0, "log_odds": np.log(part) - np.log1p(-part)}
    if data.rent is not None:
        given |= {"by_rent": 1.0, "log_rent": np.log(data.rent)}
    own = model.productivity.values
    if data.jobs is not None:  # then nothing of it counts but its level in each industry
        own = np.exp(np.log(own).mean(1, keepdims=True)) * np.ones_like(jobs)
    return model.replace(
        migration_elasticity=1.0,
        home_weight=data.people * data.people.size,
        amenity=1.0,
        productivity=own,
        consumption=consumption,
        mechanisms=[*model.mechanisms.values(), Observed(**given)],
    )


def _unknowns(open_: Any, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return what data give, by name, (industry, place) or (industry,)."""
    order, to = open_._unknowns, open_._unknowns.to
    rows, shared = order.rows(x), order.shared(x)
    stands = dict(zip(frame.with_equations(open_), frame.places_of(open_, to), strict=True))
    return {
        name: rows[:, slot : slot + size].T
        if slot < to.shared
        else shared[slot - to.shared :][:size]
        for name, (_, slot, size) in stands[open_.mechanisms[Observed.kind]].items()
    }


def _just_out(model: Any, x: np.ndarray) -> np.ndarray:
    """Return ln of productivities of industries that are absent, a little below what brings them.

    Where there is no firm to learn from none does, and it is one.
    """
    excess = np.empty_like(x)
    evaluate(model.arrays, x, excess)
    gain = model._unknowns.firms(excess).transpose(1, 0, 2).max(-1)  # log return of who enters
    bound = ABSENT - gain / model.sigma.values[:, None]
    return np.where(np.isfinite(bound), bound, BELOW) - BELOW


def _entry(model: Any, entry: np.ndarray, present: np.ndarray) -> list[Any]:
    """Return the mechanisms of the economy, with costs of entry that make channels the data's."""
    cost = np.full((*present.shape, len(CHANNELS)), np.nan)
    others = []
    for one in model.mechanisms.values():
        if isinstance(one, Access):
            cost = np.where(np.isnan(one.entry_cost.values), cost, one.entry_cost.values)
        else:
            others.append(one)
    base = model.firm_scale.values[:, None, ONLINE]
    base = np.where(np.isnan(cost[..., ONLINE]), base, cost[..., ONLINE])
    cost[..., ONLINE] = np.where(present, base * np.exp(entry), cost[..., ONLINE])
    labels = {"industry": model.industries, "place": model.geography.names, "channel": CHANNELS}
    table = xr.DataArray(cost, {k: list(v) for k, v in labels.items()}, tuple(labels))
    return [*others, Access(entry_cost=table)]


def _without(open_: Any, made: Any, x: np.ndarray) -> np.ndarray:
    """Return unknowns in the order of an economy in which data are no unknowns any more.

    Those of ``Observed`` are the first among those of mechanisms.
    """
    here, there = open_._unknowns, made._unknowns
    state = np.empty(there.size)
    kept = [
        *range(here.to.own),
        *range(here.to.wage - there.to.wage + there.to.own, here.to.shared),
    ]
    there.rows(state)[:] = here.rows(x)[:, kept]
    shared = here.shared(x)
    there.shared(state)[:] = shared[shared.size - there.shared(state).size :]
    return state


def _with_amenities(made: Any, state: np.ndarray) -> Any:
    """Return the economy in which nobody wants to leave, at unknowns at which all else rests."""
    if made.migration_elasticity == 0.0:
        return made
    excess = np.empty_like(state)
    evaluate(made.arrays, state, excess)
    wanted = made._unknowns.rows(excess)[:, made._unknowns.to.people]
    log_amenity = np.log(made.amenity.values) - wanted / made.migration_elasticity
    group, shares = groups(made)
    for g in range(shares.size):
        change = log_amenity - np.log(made.amenity.values)
        log_amenity[group == g] -= change[group == g].mean()
    return made.replace(amenity=np.exp(log_amenity))


# --- what was found -----------------------------------------------------------------------


def _words(
    model: Any, data: Data, homes: bool, present: np.ndarray | None = None
) -> tuple[str, ...]:
    """Say what follows from data, and what they leave open."""
    moves = model.migration_elasticity > 0.0
    one = groups(model)[1].size == 1
    found = ["amenity"] if moves else []
    found += ["home_weight"] if homes else []
    found += [] if data.pay is None else ["productivity"]
    found += [] if data.jobs is None else ["consumption"]
    found += [] if data.online is None else ["the cost of entry online (mechanism 'access')"]
    found += [] if data.rent is None else ["land"]
    words = [f"From data: {in_words(found)}: all of them that the rest does not explain."]
    of = "productivity" if data.jobs is None else "each industry's productivity"
    level = [] if data.pay is None else [of]
    level += [] if not moves else ["amenities" if one else "amenities in each group of places"]
    left = [f"the geometric mean of {each}" for each in level]
    left += [] if data.rent is None else ["all land together"]
    if left:
        words.append(f"Not identified, and left as it was: {in_words(left)}.")
    if not moves:
        words.append("Amenities stay as they were: where nobody moves data do not tell them.")
    if data.jobs is None:
        words.append(
            "Firms are where they settle when they start in proportion to people; in what "
            "industries differ is as it was given."
        )
    if data.pay is not None and model.arrays.has_diversity:
        words.append(
            "With `diversity` levels of productivity do matter, as firms are counted: other levels "
            "fit data as well, with other differences between places."
        )
    if data.jobs is not None and data.online is None:
        words.append(
            "Which part is sold online follows from digital costs: data are totals of channels."
        )
    if data.jobs is not None:
        words.append(
            "Productivity is what spillovers leave: how much of it neighbours make depends on "
            "`spillover` as it was given."
        )
    if present is not None and not present.all():
        words.append(
            f"Where there are no firms ({int(np.sum(~present))} times an industry in a place), "
            "data give an upper bound of productivity alone; it is 1 % below that."
        )
    return tuple(words)


def _at_rest(
    made: Any,
    found: LongRun,
    words: tuple[str, ...],
    data: Data,
    options: SolverOptions,
) -> Any:
    """Return the economy with the data as an equilibrium of it, or say how far they are from it."""
    dynamics = Replicator(allow_entry=False)  # an unstable one is not left
    movers = np.exp(made._unknowns.rows(found.state)[:, made._unknowns.moving]).ravel()
    at = made.own_long_run(movers, found.state, dynamics, options)
    at = at._replace(perturbed=(*found.perturbed, *at.perturbed))
    if at.status not in (Status.CONVERGED, Status.UNSTABLE):
        _fail(made, at, options, "Data are no equilibrium to rounding")
    apart = _gaps(made, at.state, data)
    worst = max(apart, key=lambda name: apart[name])
    if not apart[worst] <= PRECISE:
        more = [f"{one.name!r}" for one in frame.with_equations(made)]
        why = f" Of its mechanisms {in_words(more)} may use labour, too." if more else ""
        _fail(made, at, options, f"{worst} is reached up to {apart[worst]:.1e} only.{why}")
    if at.status is Status.UNSTABLE:
        unstable = (
            "The data are an equilibrium, but not a stable one: small deviations grow at "
            f"{at.leading_eigenvalue:.3g}, and a solve from elsewhere ends elsewhere."
        )
        words = (unstable, *words)
        warnings.warn(f"{unstable} See .observed of the economy.", RuntimeWarning, stacklevel=6)
    vars(made)["observed"] = long_run_result(made, at._replace(words=words), dynamics, options)
    return made


def _gaps(made: Any, state: np.ndarray, data: Data) -> dict[str, float]:
    """Return how far an economy is from data, relative to them, by name."""
    p, to = made.arrays, made.arrays.slots
    at = evaluate(p, state, np.empty_like(state))
    k, places = len(made.industries), data.people.size
    work = at.made[to.work : to.labour].reshape(k, to.modes, places).copy()
    work[:, ONLINE:] *= 1.0 - at.made[to.far : to.far + k, None]
    pay, people = np.exp(at.made[to.what]), np.exp(at.met[to.people])
    if data.jobs is not None:
        people = people * np.exp(at.made[to.stay])
    sides = {"population": (people, data.people)}
    if data.pay is not None:
        sides["wage"] = pay, data.pay
    if data.jobs is not None:
        sides["employment"] = work.sum(1) / pay, data.jobs
    if data.online is not None:
        here = work.sum(1)
        with np.errstate(invalid="ignore"):
            sides["employment by channel"] = work[:, ONLINE] / here, data.online
    if data.rent is not None:
        sides["rent"] = np.exp(at.met[to.rent]), data.rent
    return {
        name: _apart(one, other, by_level=name != "employment by channel")
        for name, (one, other) in sides.items()
    }


def _apart(one: np.ndarray, other: np.ndarray, *, by_level: bool) -> float:
    """Return the largest relative distance, in whatever unit."""
    seen = other > 0.0
    if by_level:
        one, other = one / one[seen].sum(), other / other[seen].sum()
    return float(np.max(np.abs(one[seen] / other[seen] - 1.0)))


def _fail(model: Any, run: LongRun, options: SolverOptions, what: str) -> NoReturn:
    """Raise, with the last point."""
    result = long_run_result(model, run, Replicator(), options)
    message, remedy = result.in_words()
    raise ConvergenceError(
        f"{what}: {message} (residual {run.residual:.1e}). {remedy} "
        "The last point is in the .equilibrium of this error.",
        result,
    )
