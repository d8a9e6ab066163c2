"""What numbers a model takes: each by itself, and all together, of one economy or of many at once.

A constructor asks about one economy, a sweep about all of its points: by the same bounds and
conditions, which work on numbers and on arrays alike. So a change of numbers needs no
constructor, and no economy goes unchecked.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self

import numpy as np

from nege.errors import InputError
from nege.models import storage
from nege.validation import Bounds

#: Whether numbers go together, elementwise, and what to say of those of this economy.
Limit = tuple[Any, Callable[[], InputError]]


class Limited:
    """An economy that knows which of its numbers may be what."""

    #: Bounds of every parameter that may be a number, the online region's included; beside the
    #: constructor. Without them that is asked about every point of a sweep.
    bounds: ClassVar[Mapping[str, Bounds]] = {}

    def limits(self, at: Mapping[str, Any]) -> Iterable[Limit]:
        """Yield what numbers have to satisfy together, and the refusal of those of this economy.

        All that the constructor wants of several numbers belongs here, and nothing of one.

        Parameters
        ----------
        at : mapping of str to float or array
            Numbers that are within their bounds, by name, as ``scalars`` returns them.
        """
        return ()

    def scalars(self) -> dict[str, float]:
        """Return the parameters that are one number here, by name, the online region's too."""
        held = vars(self)
        online = held.get("online")
        found = {}
        kind: Any = type(self)
        for name in _bounds(kind):
            if name in held:
                value = held[name]
            else:
                value = getattr(online, name.removeprefix(storage.ONLINE), None)
            if isinstance(value, float):
                found[name] = value
        return found

    def accepts(self, changes: Mapping[str, Any]) -> Any:
        """Whether other numbers make an economy, elementwise for arrays; each of ``scalars``."""
        good: Any = True
        for name, values in changes.items():
            good = good & self.bounds[name].hold(values)
        with np.errstate(all="ignore"):  # beyond its bounds a number may be anything
            for holds, _ in self.limits({**self.scalars(), **changes}):
                good = good & holds
        return good

    def check_limits(self, scalars: Mapping[str, float] | None = None) -> None:
        """Refuse an economy whose numbers do not go together."""
        for holds, refusal in self.limits(self.scalars() if scalars is None else scalars):
            if not holds:
                raise refusal()

    def with_numbers(self, changes: Mapping[str, Any], scalars: Mapping[str, float]) -> Self:
        """Return the economy with other numbers, checked like any other, for some of its scalars."""
        checked = {name: self.bounds[name].number(name, value) for name, value in changes.items()}
        kind: Any = type(self)
        made: Self = object.__new__(kind)
        held = vars(self)
        fields = vars(made)
        for name in _fields(kind):
            fields[name] = checked.get(name, held[name])
        online = {n.removeprefix(storage.ONLINE): checked[n] for n in changes if n not in held}
        if online:
            fields["online"] = dataclasses.replace(fields["online"], **online)
        made.check_limits({**scalars, **checked})
        return made

    def _checked(self, **numbers: Any) -> dict[str, float]:
        """Return numbers within their bounds."""
        return {name: self.bounds[name].number(name, value) for name, value in numbers.items()}


@functools.cache
def _bounds(cls: Any) -> Mapping[str, Bounds]:
    """Return the bounds of a class, if they were written for its constructor."""
    maker = next(base for base in cls.__mro__ if "__init__" in vars(base))
    found: Mapping[str, Bounds] = cls.bounds if "bounds" in vars(maker) else {}
    return found


@functools.cache
def _fields(cls: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))
