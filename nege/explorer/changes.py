"""Changes of an economy by hand, as calls of its own methods: they are made, and written, alike.

What is moved is put in in this order: switches, then numbers and whole tables, then entries of
these tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from nege.errors import InputError
from nege.explorer.controls import Switch
from nege.models.base import Model


class Step(NamedTuple):
    """One change of an economy, as a call of one of its methods."""

    method: str
    arguments: tuple[Any, ...]


def steps(values: Mapping[str, Any], switches: Mapping[str, Switch]) -> tuple[Step, ...]:
    """Return the changes by which an economy comes to some values, in their order.

    Raises
    ------
    InputError
        Where a switch is neither on nor off.
    """
    found: list[Step] = []
    turned: dict[bool, list[str]] = {True: [], False: []}
    for name, value in values.items():
        if name not in switches:
            continue
        if not isinstance(value, bool):
            raise InputError(name, value, "True or False: it is on, or off")
        if value is not switches[name].on and name == "online":
            found.append(Step("replace", ({"online": switches[name].made if value else None},)))
        elif value is not switches[name].on:
            turned[value].append(name)
    if turned[False]:
        found.append(Step("without", tuple(turned[False])))
    if turned[True]:
        added = tuple(switches[name].made for name in turned[True])
        found.append(Step("with_mechanisms", added))
    moved = {name: value for name, value in values.items() if name not in switches}
    tables = tuple(f"{name}." for name in moved)
    entries = {name: value for name, value in moved.items() if name.startswith(tables)}
    whole = {name: value for name, value in moved.items() if name not in entries}
    return (*found, *(Step("replace", (each,)) for each in (whole, entries) if each))


def made(model: Model, changes: tuple[Step, ...]) -> Model:
    """Return the economy after some changes."""
    economy: Any = model
    for step in changes:
        economy = getattr(economy, step.method)(*step.arguments)
    found: Model = economy
    return found
