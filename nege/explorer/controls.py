"""Controls: what can be moved of an economy, between which values, and what can be switched.

A control is one number: a parameter, a table whose entries are alike, or one entry of a table, by
the names that ``model.replace`` takes. Its range is one to look around in: within the declared
bounds, finite, and around the value that the economy has; a page may let people type others.

    both ends declared          all between them, less a step where an end itself is refused
    one end declared, e         the distance from it from a fifth to five times what it is,
                                and from e itself where the value is near, evenly in logs
    nothing declared            the value, and twice its size each way
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.models.agglomeration.mechanisms.frame import Mechanism
from nege.models.agglomeration.mechanisms.parts import Part
from nege.models.agglomeration.mechanisms.parts import entries as parameters_of
from nege.models.base import Model
from nege.models.changes import ONLINE
from nege.models.fields import Field
from nege.results.symbols import symbol
from nege.validation import Bounds

STEPS = 200  # of a slider, about
AROUND = 5.0  # factor by which a value without an end may grow
PROBES = 9  # values of a range that the economy is asked about


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
    lowest, highest, step : float
        Between which values to move it, and by how much at a time.
    log : bool
        Whether that is better seen evenly in logs.
    allowed : str
        What the economy takes, in words.
    group : str
        The table or mechanism that it belongs to, "" for a number of the model.
    """

    name: str
    words: str
    symbol: str
    unit: str
    value: float
    lowest: float
    highest: float
    step: float
    log: bool
    allowed: str
    group: str
    _economy: Model = dataclasses.field(repr=False)

    @property
    def values(self) -> np.ndarray:
        """A few values of the range, from end to end."""
        space = np.geomspace if self.log else np.linspace
        return space(self.lowest, self.highest, PROBES)

    @functools.cached_property
    def refused(self) -> str:
        """Why values inside of the range are refused; "" where a few that were asked are not."""
        return next(filter(None, self._refusals), "")

    @property
    def movable(self) -> bool:
        """Whether it can be moved by itself: parts of a budget are to be given together."""
        return not all(self._refusals)

    @functools.cached_property
    def _refusals(self) -> list[str]:
        """What the economy says of a few values, other than its own."""
        return [self._asked(float(value)) for value in self.values if value != self.value]

    def _asked(self, value: float) -> str:
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
        Of the mechanism in the economy, or "online".
    words : str
        What it is.
    on : bool
        Whether the economy has it.
    """

    name: str
    words: str
    on: bool
    made: Any = dataclasses.field(
        repr=False, default=None
    )  # what is put in where it is switched on


def controls(model: Model) -> dict[str, Control]:
    """Return everything that can be moved, by name, plain numbers first."""
    found = {}
    for name, field, value, group, words in _numbers(model):
        if not math.isfinite(value):
            continue
        low, high, log = _range(field.bounds, value)
        found[name] = Control(
            name=name,
            words=words,
            symbol=symbol(name.split(".")[0] if not group else field.name) or "",
            unit=field.unit or "1",
            value=value,
            lowest=low,
            highest=high,
            step=_step(low, high),
            log=log,
            allowed=field.bounds.words("a finite number"),
            group=group,
            _economy=model,
        )
    return found


def _numbers(model: Model) -> Iterator[tuple[str, Field, float, str, str]]:
    """Yield name, field, value, group and words of every number, those of tables last."""
    tables: list[tuple[str, Field, xr.DataArray, str]] = []
    for name in model.varied():
        if "." in name:
            continue
        if name not in model.fields:  # of the online region
            field = dataclasses.replace(
                model.fields["online"],
                words=_online_words(name),
                unit="1",
                bounds=model.bounds[name],
            )
            yield name, field, float(model.scalars()[name]), "online", field.words
            continue
        field, value = model.fields[name], getattr(model, name)
        if isinstance(value, xr.DataArray):
            tables.append((name, field, value, ""))
        elif isinstance(value, (float, int)):
            yield name, field, float(value), "", field.words
    mechanisms: Mapping[str, Mechanism] = getattr(model, "mechanisms", {})
    for each, one in mechanisms.items():
        for path, field, value in parameters_of(one, each):
            if not field.varied or isinstance(value, Part):
                continue
            if isinstance(value, xr.DataArray):
                tables.append((path, field, value, each))
            elif isinstance(value, (float, int)) and not isinstance(value, bool):
                yield path, field, float(value), each, field.words
    for path, field, table, group in tables:
        yield from _of_table(path, field, table, group)


def _of_table(
    path: str, field: Field, table: xr.DataArray, group: str
) -> Iterator[tuple[str, Field, float, str, str]]:
    if not set(table.dims) <= set(table.coords):
        return  # of trade between any two places
    values = table.values
    if "origin" in table.dims or "residence" in table.dims:
        return
    if values.size and (values == values.flat[0]).all():
        yield path, field, float(values.flat[0]), group, f"{field.words}, of all"
    labels = [[str(label) for label in table[dim].values] for dim in table.dims]
    for at in np.ndindex(*values.shape):
        names = [labels[i][j] for i, j in enumerate(at)]
        yield (
            ".".join([path, *names]),
            field,
            float(values[at]),
            path,
            f"{field.words}, {', '.join(names)}",
        )


def _online_words(name: str) -> str:
    return {
        "trade_cost": "trade cost of the online region",
        "commission": "part of sales that the online platform keeps",
        "amenity": "amenity of the online region",
    }.get(name.removeprefix(ONLINE), name.replace("_", " "))


def _range(bounds: Bounds, value: float) -> tuple[float, float, bool]:
    """Return the ends of a range to look around in, and whether it is seen in logs."""
    low = bounds.at_least if bounds.at_least is not None else bounds.above
    high = bounds.at_most if bounds.at_most is not None else bounds.below
    if low is not None and high is not None:
        step = _step(low, high)
        return low + step * (bounds.at_least is None), high - step * (bounds.at_most is None), False
    if low is None and high is None:
        size = 2.0 * abs(value) or 1.0
        return _round(value - size), _round(value + size), False
    if low is None:
        assert high is not None
        lowest, highest, _ = _range(Bounds(at_least=-high), -value)
        return -highest, -lowest, False
    apart = value - low
    if apart <= 0.0:
        return low, low + max(1.0, abs(low)), False
    far = _round(low + AROUND * apart)
    if bounds.at_least is not None:
        return low, far, False
    near = low + _round(apart / AROUND)
    return near, far, near > 0.0 and far / near > AROUND


def _round(value: float) -> float:
    """Return two digits of a number."""
    return float(f"{value:.2g}")


def _step(low: float, high: float) -> float:
    """Return a power of ten, or two or five times one, of which about STEPS make the range."""
    size = (high - low) / STEPS
    power = 10.0 ** math.floor(math.log10(size))
    return float(
        f"{next(m for m in (1.0, 2.0, 5.0, 10.0) if m * power >= size * 0.999) * power:.3g}"
    )


def switches(model: Model) -> dict[str, Switch]:
    """Return everything that can be switched on or off, by name."""
    found = {}
    if "online" in model.fields:
        found["online"] = Switch("online", "the online region", model.online is not None)
    for name, one in getattr(model, "mechanisms", {}).items():
        found[name] = Switch(name, _first_line(type(one)), True, one)
    return found


def _first_line(kind: type) -> str:
    return (kind.__doc__ or kind.__name__).strip().splitlines()[0].rstrip(".")
