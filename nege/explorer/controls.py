"""Controls: what can be moved of an economy, between which values, and what can be switched.

A control is one number: a parameter, a table whose entries are alike, or one entry of a table, by
the names that ``model.replace`` takes. Its range is one to look around in: finite, within the
declared bounds, and with the value that the economy has in it. It ends where the economy, all else
as it is, takes no more. Others can be asked for, too.

    both ends declared   all between them; an end that is refused itself is left out, and so is
                         what is below zero where the economy is not
    one end, e           |value - e| from a fifth of what it is to five times that, and from
                         nothing where e itself is allowed
    no end, or one at    the value, and twice its size each way, within what is declared
    the other side of 0
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.geography.online import OnlineRegion
from nege.models import fields
from nege.models.agglomeration.mechanisms.frame import Mechanism
from nege.models.agglomeration.mechanisms.parts import entries as parameters_of
from nege.models.base import ONLINE, Model
from nege.results.symbols import symbol
from nege.validation import Bounds

STEPS = 200  # of a slider, about
AROUND = 5.0  # factor by which the distance from a declared end may grow, or fall
PROBES = 9  # values of a range, from end to end
WITHIN = 1e-3  # of a range, to which it is found how far the economy accepts it
LEAST = 2e-3  # of a range, that has to be accepted for a control to be moved by itself
MOST = 6  # controls to begin with
MECHANISM = "a mechanism's"
#: What people move first, by name of the parameter.
FIRST = (
    *(MECHANISM, "online_trade_cost", "digital_cost", "trade_cost", "transport_cost"),
    *("commuting_cost", "search_cost", "commission", "online_commission", "remote", "sigma", "mu"),
    *("alpha", "inputs", "phi", "a", "b", "c", "productivity_spillover", "amenity_spillover"),
    *("spillover", "variety", "migration_elasticity", "taste"),
)
OF_ONLINE = {
    "online_trade_cost": "trade cost of the online region",
    "online_commission": "share of sales that the platform of the online region keeps",
    "online_amenity": "amenity of the online region",
}


@dataclasses.dataclass(frozen=True, eq=False)
class Control:
    """One number of an economy that can be moved.

    Attributes
    ----------
    name : str
        As ``model.replace`` takes it: "sigma", "digital_cost.services", "vat.rate".
    words, symbol, unit : str
        What it is; in LaTeX, "" where it has none; "1" for a pure number.
    value : float
        Of the economy.
    widest : tuple of float
        Between which values it could be moved by itself, as it is declared.
    log : bool
        Whether that is better seen evenly in logs.
    allowed : str
        What the economy takes, in words.
    owner : str
        "" for the model's own, "online" for the online region's, or the name of a mechanism.
    table : str
        The table that it is an entry of, "" for what is none.
    """

    name: str
    words: str
    symbol: str
    unit: str
    value: float
    widest: tuple[float, float]
    log: bool
    allowed: str
    owner: str
    table: str
    _economy: Model = dataclasses.field(repr=False)

    @property
    def group(self) -> str:
        """The table or else the owner."""
        return self.table or self.owner

    @property
    def lowest(self) -> float:
        """The least of the values between which to move it."""
        return self._range[0]

    @property
    def highest(self) -> float:
        """The largest of them."""
        return self._range[1]

    @property
    def step(self) -> float:
        """By how much to move it at a time."""
        return _step(*self._range)

    @property
    def values(self) -> np.ndarray:
        """A few values of the range, from end to end."""
        space = np.geomspace if self.log else np.linspace
        found = space(self.lowest, self.highest, PROBES)
        found[0], found[-1] = self.lowest, self.highest  # to the last bit
        return found

    @property
    def movable(self) -> bool:
        """Whether it can be moved by itself: parts of a budget have to be given together."""
        low, high = self._accepted
        return high - low > LEAST * (self.widest[1] - self.widest[0])

    @functools.cached_property
    def refused(self) -> str:
        """Why the economy takes less than is declared; "" where it takes all of it."""
        if self._accepted == self.widest:
            return ""
        return next(filter(None, map(self.asked, self.widest)), "")

    @functools.cached_property
    def _accepted(self) -> tuple[float, float]:
        return accepted(lambda value: not self.asked(value), self.value, self.widest, WITHIN)

    @functools.cached_property
    def _range(self) -> tuple[float, float]:
        """The ends, to a whole step where the economy has set them."""
        if not self.movable:
            return self.widest
        low, high = self._accepted
        step = _step(low, high)
        if low != self.widest[0]:
            low = min(_tidy(math.ceil(low / step) * step), self.value)
        if high != self.widest[1]:
            high = max(_tidy(math.floor(high / step) * step), self.value)
        return low, high

    def asked(self, value: float) -> str:
        """Return the refusal of a value by the economy, all else as it is; "" where it takes it."""
        try:
            self._economy.replace({self.name: value})
        except InputError as error:
            return str(error)
        return ""


@dataclasses.dataclass(frozen=True, eq=False)
class Switch:
    """Something of an economy that can be on or off: a mechanism, or the online region.

    Attributes
    ----------
    name : str
        Of the mechanism, or "online".
    words : str
        What it is.
    on : bool
        Whether the economy has it.
    made : object
        What is put in where it is switched on.
    """

    name: str
    words: str
    on: bool
    made: Any = dataclasses.field(repr=False)


class _Number(NamedTuple):
    """A number that an economy has."""

    name: str
    field: fields.Field
    value: float
    words: str
    owner: str = ""
    table: str = ""


def controls(model: Model) -> dict[str, Control]:
    """Return everything that can be moved, by name: plain numbers, then tables by entry."""
    found = {}
    for one in _numbers(model):
        if not math.isfinite(one.value):
            continue  # an entry that is absent, where others stand
        low, high, log = range_around(one.field.bounds, one.value)
        found[one.name] = Control(
            name=one.name,
            words=one.words,
            symbol=symbol(one.field.name) or "",
            unit=one.field.unit or "1",
            value=one.value,
            widest=(low, high),
            log=log,
            allowed=one.field.bounds.words("a finite number"),
            owner=one.owner,
            table=one.table,
            _economy=model,
        )
    return found


def _numbers(model: Model) -> Iterator[_Number]:
    tables: list[tuple[str, fields.Field, xr.DataArray, str]] = []
    for name in dict.fromkeys((*model.parameters, *model.varied(), *model.fields)):
        if name in OF_ONLINE and model.online is not None:
            about = fields.number(OF_ONLINE[name], model.bounds[name], name=name)
            value = getattr(model.online, name.removeprefix(ONLINE))
            yield _Number(name, about, value, about.words, "online")
        if name not in model.fields:
            continue
        field, value = model.fields[name], getattr(model, name)
        if isinstance(field, fields.Over) and isinstance(value, xr.DataArray):
            tables.append((name, field, value, ""))
        elif isinstance(value, float) and field.varied:
            yield _Number(name, field, value, field.words)
    mechanisms: Mapping[str, Mechanism] = getattr(model, "mechanisms", {})
    for owner, one in mechanisms.items():
        for path, field, value in parameters_of(one, owner):
            if field.varied and isinstance(value, xr.DataArray):
                tables.append((path, field, value, owner))
            elif field.varied and isinstance(value, float):
                words = f"{called(owner, type(one))}: {field.words}"
                yield _Number(path, field, value, words, owner)
    for path, field, table, owner in tables:
        before = f"{called(owner, type(mechanisms[owner]))}: " if owner else ""
        yield from _of_table(path, field, table, owner, f"{before}{field.words}")


def _of_table(
    path: str, field: fields.Field, table: xr.DataArray, owner: str, about: str
) -> Iterator[_Number]:
    """Yield the whole table, where all of it is one number, and every entry."""
    values = table.values
    if field.varied and values.size and (values == values.flat[0]).all():
        yield _Number(path, field, float(values.flat[0]), f"{about}, of all", owner)
    labels = [[str(label) for label in table[dim].values] for dim in table.dims]
    for at in np.ndindex(*values.shape):
        names = [labels[i][j] for i, j in enumerate(at)]
        words = f"{about}, {', '.join(names)}"
        yield _Number(".".join([path, *names]), field, float(values[at]), words, owner, path)


def range_around(bounds: Bounds, value: float) -> tuple[float, float, bool]:
    """Return the ends of a range to look around in, and whether it is to be seen in logs."""
    low = bounds.at_least if bounds.at_least is not None else bounds.above
    high = bounds.at_most if bounds.at_most is not None else bounds.below
    if low is not None and high is not None:
        step = _step(low, high)
        first = low + step * (bounds.at_least is None)
        if low < 0.0 <= value:
            first = 0.0  # a commission, say: that a platform pays to be used is no place to begin
        last = high - step * (bounds.at_most is None)
        return min(first, value), max(last, value), False
    if high is not None:
        other = Bounds(at_least=-high) if bounds.at_most is not None else Bounds(above=-high)
        lowest, highest, _ = range_around(other, -value)
        return -highest, -lowest, False
    if low is None or low < 0.0:
        size = 2.0 * abs(value) or 1.0
        lowest = _round(value - size)
        if low is not None and lowest <= low:
            lowest = low + 0.1 * (value - low)
        return min(lowest, value), max(_round(value + size), value), False
    apart = value - low
    if apart <= 0.0:
        return low, low + max(1.0, abs(low)), False
    lowest = low if bounds.at_least is not None else min(low + _round(apart / AROUND), value)
    highest = max(low + _round(AROUND * apart), value)
    return lowest, highest, lowest > 0.0 and highest / lowest > AROUND


def accepted(
    takes: Callable[[float], bool], value: float, ends: tuple[float, float], within: float
) -> tuple[float, float]:
    """Return how far a range is accepted around a value that is, to some part of it."""
    found = []
    for end in ends:
        inside, outside = value, end
        if takes(end):
            inside = end
        else:
            for _ in range(math.ceil(-math.log2(within))):
                middle = 0.5 * (inside + outside)
                inside, outside = (middle, outside) if takes(middle) else (inside, middle)
        found.append(inside)
    return found[0], found[1]


def _tidy(value: float) -> float:
    """Return a sum of steps without the digits that nobody wants to copy."""
    return float(f"{value:.10g}")


def _round(value: float) -> float:
    """Return two digits of a number."""
    return float(f"{value:.2g}")


def _step(low: float, high: float) -> float:
    """Return a power of ten, or two or five times one, of which about STEPS make the range."""
    size = (high - low) / STEPS
    power = 10.0 ** math.floor(math.log10(size))
    steps = (factor * power for factor in (1.0, 2.0, 5.0, 10.0))
    return float(f"{next(step for step in steps if step >= 0.999 * size):.3g}")


def suggested(known: Mapping[str, Control]) -> tuple[str, ...]:
    """Return the names of those to begin with: of mechanisms, then what trade costs, then others.

    A whole table, where that can be moved, stands for its entries.
    """
    chosen: list[str] = []
    for one in sorted(known.values(), key=_rank):
        if len(chosen) < MOST and one.table not in chosen and one.movable:
            chosen.append(one.name)
    return tuple(chosen)


def _rank(one: Control) -> int:
    """Return how early a control is met."""
    if one.owner not in ("", "online"):
        return FIRST.index(MECHANISM)
    place = one.table or one.name
    return FIRST.index(place) if place in FIRST else len(FIRST)


def switches(model: Model) -> dict[str, Switch]:
    """Return everything that can be switched on or off, by name: what the economy has, first.

    Mechanisms that it does not have are put in with what they are by default, and most of them
    change nothing until one of their controls is moved (``Answer.idle``). Those that need to be
    told more are left out, and so is an online region that the economy cannot have, as where its
    housing has to be given.
    """
    found = {}
    if "online" in model.fields:
        # As far as the next place: trade costs of the model, or none where these are a table.
        cost = model.scalars().get("trade_cost", 1.0)
        made = OnlineRegion(trade_cost=cost) if model.online is None else model.online
        online = Switch("online", "the online region", model.online is not None, made)
        if online.on or _takes(model, {"online": made}):
            found["online"] = online
    present: Mapping[str, Mechanism] = getattr(model, "mechanisms", {})
    for name, one in present.items():
        found[name] = Switch(name, _about(name, type(one)), True, one)
    if "mechanisms" not in model.fields:
        return found
    economy: Any = model
    held = {type(one) for one in present.values()}
    for kind in Mechanism.kinds().values():
        try:
            one = kind()
            if one.name not in found and kind not in held:
                economy.with_mechanisms(one)
                found[one.name] = Switch(one.name, _about(one.name, kind), False, one)
        except InputError:
            continue
    return found


def _takes(model: Model, change: Mapping[str, Any]) -> bool:
    try:
        model.replace(change)
    except InputError:
        return False
    return True


def called(name: str, kind: type[Mechanism]) -> str:
    """Return what people read a mechanism's name as: a name of its own, or its kind in words."""
    if name != kind.kind:
        return name
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _about(name: str, kind: type[Mechanism]) -> str:
    """Return a mechanism's name, and in a sentence what it is."""
    line = (kind.__doc__ or "").strip().splitlines()[:1]
    said = line[0].rstrip(".") if line else ""
    return f"{called(name, kind)}: {said[:1].lower()}{said[1:]}" if said else called(name, kind)
