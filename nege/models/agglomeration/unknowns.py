"""The vector of unknowns of the online agglomeration: its order, and the variables it stands for.

A row for each place: ln n by industry and mode, ln G and ln E by industry, what mechanisms add,
ln w, ln h, ln L; then what they add for the whole economy, ln w0 and D. What moves slowly, firms
and people, are the *movers*, place by place.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.models.agglomeration import equations, layout
from nege.models.agglomeration.layout import Slots
from nege.models.agglomeration.mechanisms import frame, migration
from nege.models.agglomeration.mechanisms.frame import ORDER
from nege.models.agglomeration.parameters import labels as labels_of

DIVIDEND_START, REMOTE_WAGE_START = 0.5, 0.3


@dataclasses.dataclass(frozen=True)
class Unknowns:
    """The order of unknowns of some industries and places, as ``layout.Slots`` names them.

    A row for each place, ``rows``, then those of the whole economy, ``shared``.
    """

    industries: tuple[str, ...]
    places: tuple[str, ...]
    modes: tuple[str, ...]
    to: Slots

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.places) * self.to.shared + self.to.commission - self.to.shared

    @property
    def moving(self) -> list[int]:
        """Columns of movers in the row of a place: firms, then people."""
        return [*range(self.to.price_index), self.to.people]

    @property
    def movers(self) -> tuple[str, ...]:
        """A name for each mover."""
        groups = [f"{k} {mode}" for k in self.industries for mode in self.modes]
        return tuple(f"{name} in {place}" for place in self.places for name in (*groups, "people"))

    def rows(self, state: np.ndarray) -> np.ndarray:
        """Return the unknowns of places as a view, a row each."""
        places = len(self.places)
        return state[: places * self.to.shared].reshape(places, -1)

    def shared(self, state: np.ndarray) -> np.ndarray:
        """Return the unknowns of the whole economy as a view; ``slot - to.shared`` says which."""
        return state[len(self.places) * self.to.shared :]

    def firms(self, state: np.ndarray) -> np.ndarray:
        """Return ln n as a view: (place, industry, mode)."""
        return self.rows(state)[:, : self.to.price_index].reshape(
            len(self.places), len(self.industries), len(self.modes)
        )

    def pack(self, firms: np.ndarray, people: np.ndarray) -> np.ndarray:
        """Put firms (industry, place, mode) and people (place) in the order of movers."""
        table = np.moveaxis(firms, 1, 0).reshape(len(people), -1)
        return np.column_stack([table, people]).ravel()

    def firms_of(self, movers: np.ndarray) -> np.ndarray:
        """Return firms among movers: (place, industry, mode)."""
        table = movers.reshape(len(self.places), -1)[:, :-1]
        return table.reshape(len(self.places), len(self.industries), len(self.modes))

    def with_movers(self, movers: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Return a copy of a state with firms and people where they are."""
        state = state.copy()
        with np.errstate(divide="ignore"):  # no firms: minus infinity
            self.rows(state)[:, self.moving] = np.log(movers.reshape(len(self.places), -1))
        return state

    def shares(self, movers: np.ndarray) -> np.ndarray:
        """Return movers as shares of their industry or of all people."""
        table = movers.reshape(len(self.places), -1)
        firms = self.firms_of(movers)
        firms = firms / firms.sum((0, 2))[:, None]
        return np.column_stack([firms.reshape(len(table), -1), table[:, -1]]).ravel()


def checked_movers(model: Any, share: Any, argument: str) -> np.ndarray:
    """Return firms and people from a Dataset or mapping in the order of movers, checked."""
    allowed = 'a Dataset or mapping with "firm_mass" and "population"'
    cure = "The data of an equilibrium of this model is one: equilibrium.data."
    if not isinstance(share, (xr.Dataset, Mapping)) or not {"firm_mass", "population"} <= set(
        share
    ):
        raise InputError(argument, share, allowed, cure)
    labels = {**labels_of(model.industries, model.geography.names), "channel": model.modes}
    dims = ("industry", "place", "channel")
    firms = validation.table(
        f"{argument}['firm_mass']",
        share["firm_mass"],
        {dim: labels[dim] for dim in dims},
        at_least=0.0,
    ).values
    # Online firms that learn from each other alone can all be absent, but not some of them.
    alone = (model.hears_offline.values == 0.0) & (model.spillover.values > 0.0)
    alone &= ~(firms[..., layout.ONLINE] > 0.0).any(1)
    needed = np.ones((len(alone), firms.shape[-1]), dtype=bool)
    needed[:, layout.ONLINE] = ~alone
    absent = (firms == 0.0).any(1) & needed & (model.variety.values < 1.0)[:, None]
    solved = argument == "equilibrium"  # there they may be too few for double precision
    nobody = ~(firms > 0.0).any((1, 2)) | (absent.any(1) & (not solved))
    if nobody.any():
        name = model.industries[int(np.argmax(nobody))]
        raise InputError(
            f"{argument}['firm_mass']",
            firms,
            f"positive for {name!r}",
            "Where variety is below 1, and for an industry as a whole, some firms always pay.",
        )
    jobless = ~(firms > 0.0).any((0, 2))
    if jobless.any():
        name = model.geography.names[int(np.argmax(jobless))]
        cure = "Somebody lives in every place, and has to find work there."
        raise InputError(f"{argument}['firm_mass']", firms, f"positive in {name!r}", cure)
    people = validation.shares(
        f"{argument}['population']", share["population"], model.geography.names, dim="place"
    )
    if not (people > 0.0).all():
        raise InputError(f"{argument}['population']", people, "positive in every place")
    order: Unknowns = model._unknowns
    return order.pack(firms, people)


class _Price(NamedTuple):
    """An unknown beside movers that is a variable of results, and where it stands."""

    dims: tuple[str, ...]
    at: np.ndarray  # a view, with places first where it is of places
    log: bool
    leads: bool  # whether it moves, as who is ahead among those that are alike


def start(model: Any, given: Mapping[str, Any] = MappingProxyType({})) -> np.ndarray:
    """Return the unknowns that markets start from: prices of one unit, spending at average.

    Prices may be `given`, as an equilibrium has them, and what moves in no place, as who leads
    among those that are alike. Prices clear at once: where an economy goes does not depend on
    them, but how soon they are found does.
    """
    order, k = model._unknowns, len(model.industries)
    to, state, unit = order.to, np.zeros(order.size), model._units
    own = vars(model)
    sold = np.linalg.solve(np.eye(k) - own["inputs"].values, own["consumption"].values)
    share = np.maximum(sold * (1.0 + DIVIDEND_START) / len(order.places), 1e-300)
    order.rows(state)[:, to.spending : to.spending + k] = np.log(share)
    order.rows(state)[:, to.price_index : to.price_index + k] = unit.price_index
    order.rows(state)[:, to.rent] = unit.rent
    order.shared(state)[to.remote - to.shared] = np.log(REMOTE_WAGE_START)
    order.shared(state)[to.dividend - to.shared] = DIVIDEND_START
    elsewhere = {
        _called(one, name): np.atleast_1d(value)
        for one in frame.with_equations(model)
        for name, value in one.log_start(model, unit.rent, unit.price_index).items()
    }
    for name, slot, size, what in _own(model, "own", "shared"):
        value = np.log(what.start) if what.log else what.start
        if name in elsewhere:
            value = value + elsewhere[name][:size]
        where = order.rows(state) if slot < to.shared else order.shared(state)[None]
        slot -= 0 if slot < to.shared else to.shared
        where[:, slot : slot + size] = value
    labels = model.coordinates() if given else {}
    for name, price in _prices(model, state).items() if given else ():
        values = _given(name, given, {dim: labels[dim] for dim in price.dims}, price.leads)
        if values is not None:
            values = values.reshape(price.at.shape)
            with np.errstate(invalid="ignore", divide="ignore"):
                values = np.log(values) if price.log else values
            # A price of zero, as of what nobody asks for, is no place to start from.
            price.at[...] = np.where(np.isfinite(values), values, price.at)
    return state


def _prices(model: Any, state: np.ndarray) -> dict[str, _Price]:
    """Return what a start may say beside firms and people, by name in results."""
    order, k = model._unknowns, len(model.industries)
    to, rows, shared = order.to, order.rows(state), order.shared(state)
    of = to.shared
    found = {
        "price_index": _Price(
            ("place", "industry"), rows[:, to.price_index : to.price_index + k], True, False
        ),
        "wage": _Price(("place",), rows[:, to.wage], True, False),
        "rent": _Price(("place",), rows[:, to.rent], True, False),
        "remote_wage": _Price((), shared[to.remote - of :][:1], True, False),
        "dividend": _Price((), shared[to.dividend - of :][:1], False, False),
    }
    for name, slot, size, what in _own(model, "own", "shared"):
        if what.words or what.ahead is not None:
            local = slot < to.shared
            dims = ("place", *what.dims) if local else what.dims
            at = rows[:, slot : slot + size] if local else shared[slot - of :][:size]
            found[name] = _Price(dims, at, what.log, what.ahead is not None)
    return found


def starting(model: Any, data: xr.Dataset) -> list[str]:
    """Return the variables of a solved economy that a start may say beside firms and people."""
    known = _prices(model, np.zeros(model._unknowns.size))
    return [name for name in known if name in data and np.isfinite(data[name].values).all()]


def _given(
    name: str, given: Mapping[str, Any], wanted: Mapping[str, Any], needed: bool
) -> np.ndarray | None:
    """Return numbers that a start has; None without, or where another economy's are no help.

    Those of people of two kinds, say, are no prices of an economy of one. A bare array is in the
    order of results.
    """
    if name not in given:
        return None
    value = given[name]
    if isinstance(value, xr.DataArray) and not needed and not _fits(value, wanted):
        return None
    if not wanted:
        return np.array(validation.number(f"start[{name!r}]", value))
    ordered = {dim: wanted[dim] for dim in sorted(wanted, key=_in_results)}
    table = validation.table(f"start[{name!r}]", value, ordered)
    return np.asarray(table.transpose(*wanted).values)


def _fits(value: xr.DataArray, wanted: Mapping[str, Any]) -> bool:
    """Whether numbers are finite, over these labels and no others."""
    labelled = set(value.dims) == set(wanted) <= set(value.coords)
    same = labelled and all(set(value[dim].values) == set(wanted[dim]) for dim in wanted)
    return same and bool(np.isfinite(value.values).all())


def _in_results(dim: str) -> int:
    return ORDER.index(dim) if dim in ORDER else len(ORDER)


def _own(model: Any, *kinds: str) -> list[tuple[str, int, int, Any]]:
    """Return what mechanisms have of their own, of some kinds: name, slot, how many, what."""
    with_equations, to = frame.with_equations(model), model._unknowns.to
    return [
        (_called(one, name), slot, size, _starting(one, what))
        for one, stand in zip(with_equations, frame.places_of(model, to), strict=True)
        for name, (kind, slot, size) in stand.items()
        if kind in kinds
        for what in (one.own()[name][1],)
    ]


def _called(mechanism: Any, name: str) -> str:
    """Return what results call something of a mechanism's own."""
    return mechanism.own()[name][1].called or f"{mechanism.name}.{name}"


def _starting(mechanism: Any, what: Any) -> Any:
    """Return something of a mechanism's own with the numbers that it starts from."""
    if not isinstance(what.start, str):
        return what
    return what._replace(start=np.asarray(getattr(mechanism, what.start)))


def from_data(model: Any, data: xr.Dataset) -> np.ndarray:
    """Return the prices, spending and dividend of a solved economy, as unknowns."""
    state, k, order = start(model), len(model.industries), model._unknowns
    to, rows, shared = order.to, order.rows(state), order.shared(state)
    p = model.arrays
    rows[:, to.price_index : to.price_index + k] = np.log(
        data["price_index"].transpose("place", "industry").values
    )
    rows[:, to.wage] = np.log(data["wage"].values)
    if p.uses_land:
        rows[:, to.rent] = np.log(data["rent"].values)
    wage = max(float(data["remote_wage"]), 1e-300)  # zero without demand
    shared[to.remote - to.shared] = np.log(wage) if p.has_remote else 0.0
    shared[to.dividend - to.shared] = float(data["dividend"])
    # But for what mechanisms add to it; then prices are cleared once more.
    sold = data["total_cost"].transpose("place", "industry", "channel").values.sum(-1)
    spent = data["income"].values[:, None] * model.consumption.values
    rows[:, to.spending : to.spending + k] = np.log(spent + sold @ model.inputs.values.T)
    for name, slot, size, what in _own(model, "own", "shared"):
        if what.words:
            local = slot < to.shared
            dims = ("place", *what.dims) if local else what.dims
            values = data[name].transpose(*dims).values
            values = np.log(values) if what.log else values
            where = rows if local else shared[None]
            slot -= 0 if local else to.shared
            where[:, slot : slot + size] = values.reshape(-1, size)
    return state


def outcome(model: Any, state: np.ndarray, p: Any) -> dict[str, np.ndarray]:
    """Return every variable of the economy at its unknowns."""
    k, order, to, own = len(model.industries), model._unknowns, p.slots, vars(model)
    at = equations.evaluate(p, state, np.empty_like(state))
    rows, shared, cells = order.rows(state), order.shared(state), (k, to.modes, len(order.places))
    real = at.made[to.real] + np.log(own["amenity"].values)

    def firms(slot: int) -> np.ndarray:
        """Return what stands there by mode, over industry, place and mode."""
        part: np.ndarray = at.made[slot : slot + k * to.modes]
        return part.reshape(cells).transpose(0, 2, 1)

    remote = np.exp(shared[to.remote - to.shared]) if p.has_remote else np.nan
    found = {
        "firm_mass": firms(to.firms),
        "total_cost": firms(to.revenue),
        "price_index": np.exp(rows[:, to.price_index : to.price_index + k].T),
        "wage": np.exp(rows[:, to.wage]),
        "rent": np.exp(rows[:, to.rent]) if p.uses_land else np.zeros(len(rows)),
        "population": np.exp(rows[:, to.people]),
        "area": own["land"].values / own["land"].values.sum(),
        "income": at.made[to.income],
        "remote_share": at.made[to.away],
        "real_income": np.exp(real),
        "remote_wage": np.array(remote),
        "dividend": np.array(shared[to.dividend - to.shared]),
        "commission_revenue": np.array(at.totals[to.commission - to.shared]),
        "welfare": np.array(migration.welfare(model, real)),
    }
    for name, slot, size, what in _own(model, "own", "shared", "pools", "totals", "links", "notes"):
        if what.words:
            found[name] = _variable(order, state, at, slot, size, what)
    for one in model.mechanisms.acting:
        found |= one.outcome(model, p, at, found)
    return found


def _variable(
    order: Unknowns, state: np.ndarray, at: Any, slot: int, size: int, what: Any
) -> np.ndarray:
    """Return a variable of a mechanism's own, over dimensions in the order of results."""
    to, k = order.to, len(order.industries)
    sizes = {"input": k, "industry": k, "channel": 2}
    shape = tuple(sizes[dim] for dim in what.dims)
    dims = (*what.dims, "place")
    ordered = [dims.index(dim) for dim in sorted(dims, key=ORDER.index)]
    if slot < to.shared:
        table = order.rows(state)[:, slot : slot + size].T
        values = np.asarray(np.exp(table) if what.log else table)
        return values.reshape(*shape, -1).transpose(ordered)
    if slot < to.commission:
        values = order.shared(state)[slot - to.shared :][:size]
        return np.asarray(np.exp(values) if what.log else values).reshape(shape)
    if slot < to.supply:
        return np.asarray(at.totals[slot - to.shared :][:size]).reshape(shape)
    return np.asarray(at.made[slot : slot + size]).reshape(*shape, -1).transpose(ordered)
