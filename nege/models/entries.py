"""One number of a table as a parameter: "digital_cost.services", "productivity.services.Bath".

The name of a field that is a table, and labels in the order of its dimensions, with points
between. So a single number can be replaced, swept, followed and continued.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege.errors import InputError, near, slips
from nege.models.fields import Over

MANY = 1000  # entries of a table, among which a wrong name is looked for


def entry(model: Any, name: Any) -> tuple[str, dict[str, str]] | None:
    """Return the field and the labels that a name stands for; None where it stands for none."""
    if not isinstance(name, str) or "." not in name:
        return None
    field, rest = name.split(".", 1)
    if field in getattr(model, "mechanisms", {}):  # of one of its tables
        table: Any = model.mechanisms[field]
        while rest and hasattr(table, "fields"):  # a mechanism, or a part of one
            inner, _, rest = rest.partition(".")
            field, table = f"{field}.{inner}", vars(table).get(inner)
        if not rest or not isinstance(table, xr.DataArray):
            return None
        found = labels([str(dim) for dim in table.dims], table, rest)
        return None if found is None else (field, found)
    held = vars(model).get(field)
    if not isinstance(model.fields.get(field), Over) or not isinstance(held, xr.DataArray):
        return None
    found = labels([str(dim) for dim in held.dims], held, rest)
    return None if found is None else (field, found)


def names(model: Any, name: Any) -> list[str]:
    """Return every entry of the table that a wrong name begins with, for those near it."""
    field, point, _ = name.partition(".") if isinstance(name, str) else ("", "", "")
    held = vars(model).get(field)
    if not point or not isinstance(held, xr.DataArray) or held.size > MANY:
        return []
    every = itertools.product(*(map(str, held[dim].values) for dim in held.dims))
    return [".".join([field, *along]) for along in every]


#: What mechanisms are called by, and their class.
KINDS = {
    **dict.fromkeys(("digital_services_tax", "dst"), "DigitalServicesTax"),
    **dict.fromkeys(("tariff", "duty", "customs"), "Tariff"),
    **dict.fromkeys(("tax", "vat", "gst", "subsidy", "excise", "levy", "rate"), "Tax"),
}


def cure(model: Any, name: Any, known: Iterable[str]) -> str:
    """Say what a parameter that there is not may mean, or what adds it, as of a tax."""
    has = "mechanisms" in model.fields
    return added(name, known, model.fields, model.mechanisms if has else None)


def added(
    name: Any, known: Iterable[str], fields: Container[str], mechanisms: Mapping[str, Any] | None
) -> str:
    """Say the same of an economy with some fields; None of mechanisms where it can have none."""
    known = list(known)
    field, _, rest = str(name).partition(".")
    words = [*field.lower().split("_"), rest] if field.lower() not in KINDS else [field.lower()]
    kind = next((KINDS[word] for word in words if word in KINDS), None)
    slip = any(slips(str(name), one) <= 1 for one in known)
    if kind is None or slip or field in (mechanisms or ()) or field in fields:
        return near(name, known)
    made = f"nege.mechanisms.{kind}({field!r}, 0.0)"
    if mechanisms is None:
        return (
            "Taxes and other mechanisms belong to nege.OnlineAgglomeration(geography, "
            f"mechanisms=[{made}]), of which {field}.rate is one."
        )
    said = f"Nothing here is called {field!r}: economy.with_mechanisms({made}) adds it, with its "
    said += f"rate {field}.rate."
    if kind == "Tariff" and "jurisdictions" not in mechanisms:
        said += " It needs a border: nege.mechanisms.Jurisdictions({name: places, ...})."
    return said


def labels(dims: list[str], table: xr.DataArray, rest: str) -> dict[str, str] | None:
    """Return the labels in a name, which may have points in them too."""
    known = [str(label) for label in table[dims[0]].values]
    if len(dims) == 1:
        return {dims[0]: rest} if rest in known else None
    for label in known:
        if rest.startswith(f"{label}."):
            found = labels(dims[1:], table, rest.removeprefix(f"{label}."))
            if found is not None:
                return {dims[0]: label, **found}
    return None


def whole(model: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes of fields, those of entries put into the tables that they belong to."""
    found: dict[str, Any] = {}
    tables: dict[str, np.ndarray] = {}  # in the order of the model, so without labels
    for name, value in changes.items():
        known = entry(model, name)
        if known is None:
            found[name] = value
            continue
        field, at = known
        if field in changes:
            raise InputError(name, value, f"given without {field}, of which it is an entry")
        held = vars(model)[field]
        if field not in tables:
            tables[field] = held.values.copy()
        where = tuple(held[dim].values.tolist().index(label) for dim, label in at.items())
        tables[field][where] = model.fields[field].bounds.number(name, value)
    return {**found, **tables}


def one_number(name: str) -> str:
    """Say what to do about an entry of a parameter that is one number."""
    return f"{name!r} is one number here: vary that, or give it by label first where it takes any."
