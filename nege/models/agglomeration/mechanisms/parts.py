"""Parts of a mechanism: parameters that only make sense together, an object of their own.

``Platforms(steering=Steering(affiliates=0.2))`` has the dotted names of its part's parameters,
``platforms.steering.affiliates``. In files a part is a table with its kind.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np

from nege.errors import InputError, near
from nege.models.fields import Declared, Field


def unmasked(name: str, value: Any) -> Any:
    """Return a value, but not with parts that do not count: what is kept would not say so."""
    if np.ma.is_masked(value):
        cure = "Some of its values are masked: fill them."
        raise InputError(name, value, "numbers", cure)
    return value


def of_names(path: str, kind: type[Any], given: Mapping[str, Any]) -> Any:
    """Return one of a kind by a table of its parameters; a refusal names them by their path."""
    check_names(path, kind, given)
    try:
        return kind(**given)
    except InputError as error:
        if error.argument.startswith(f"{path}."):
            raise
        named = f"{path}.{error.argument}"
        raise InputError(named, error.value, error.allowed, error.cure) from error


def check_names(path: str, kind: type[Any], given: Mapping[str, Any]) -> None:
    """Refuse parameters that a mechanism or a part of one does not have."""
    for name, value in given.items():
        if name not in kind.fields:
            cure = near(name, [field for field in kind.fields if field != "name"])
            raise InputError(f"{path}.{name}", value, f"a parameter of {kind.__name__}", cure)


class Part(Declared):
    """Base of the parts of mechanisms: a kind, and parameters."""

    #: What it is called in files.
    kind: ClassVar[str]

    def _fill(self, given: Mapping[str, Any]) -> None:
        """Hold what is given; numbers over labels are checked by the economy that has them."""
        for name, value in given.items():
            field = self.fields[name]
            self._hold(name, unmasked(name, value) if field.dims else field.check(value, None))

    def attach(self, name: str, economy: Any) -> Self:
        """Return the part as an economy has it, with every number checked, by label."""
        made: Self = object.__new__(type(self))
        for field in self.fields.values():
            said = dataclasses.replace(field, name=f"{name}.{field.name}")
            made._hold(field.name, said.check(getattr(self, field.name), economy))
        return made

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some parameters changed."""
        own = {name: getattr(self, name) for name in self.fields}
        return type(self)(**{**own, **changes})

    def __repr__(self) -> str:
        values = ((name, getattr(self, name)) for name in self.fields)
        words = [
            f"{name}={value:g}"
            if isinstance(value, float)
            else f"{name}={value!r}"
            if isinstance(value, str)
            else f"{name}=..."
            for name, value in values
        ]
        return f"{type(self).__name__}({', '.join(words)})"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PartField(Field):
    """A part of a mechanism, of one of a few kinds, or none."""

    kinds: tuple[type[Part], ...] = ()
    takes: ClassVar[str] = "Part"

    def check(self, value: Any, economy: Any) -> Any:
        """Return the part, which may be a table with its kind; attached where there is an economy.

        A kind with no more to say may be its name alone.
        """
        if value is None:
            return None
        known = {one.kind: one for one in self.kinds}
        if isinstance(value, str):
            value = {"kind": value}
        if isinstance(value, Mapping):
            own = {str(name): each for name, each in value.items()}
            only = next(iter(known)) if len(known) == 1 else None
            kind = own.pop("kind", only)
            if kind not in known:
                raise InputError(self.name, kind, self.form(), near(str(kind), known))
            value = of_names(self.name, known[kind], own)
        if not isinstance(value, self.kinds):
            raise InputError(self.name, value, self.form())
        return value if economy is None else value.attach(self.name, economy)

    def form(self) -> str:
        """Say which kinds there are."""
        return " or ".join(f"mechanisms.{one.__name__}(...)" for one in self.kinds)


def part(words: str, *kinds: type[Part], **about: Any) -> Any:
    """Declare a part of a mechanism."""
    return PartField(words=words, unit="", kinds=kinds, **{"default": None, **about})


def entries(held: Any, name: str) -> Iterator[tuple[str, Field, Any]]:
    """Yield dotted name, field and value of every parameter, those of parts included.

    A part itself comes before its parameters.
    """
    for field in held.fields.values():
        value, path = getattr(held, field.name), f"{name}.{field.name}"
        yield path, field, value
        if isinstance(value, Part):
            yield from entries(value, path)
