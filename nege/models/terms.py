"""What parameters are called on axes and above columns: one short term each, for every picture.

A term is that of the field that declares the parameter, with the labels of an entry behind it:
"import tariff of home", "digital trade cost of services (iceberg factor)"; in front of it the name
of a mechanism that has one of its own, "vat: tax rate". Datasets bear it as
``long_name`` and ``units`` of what is varied, as xarray's own pictures read them.
"""

from __future__ import annotations

from typing import Any

import xarray as xr

from nege.models import entries
from nege.models.fields import Field

#: Of the online region.
ONLINE_TERMS = {
    "online_trade_cost": ("digital trade cost", "iceberg factor"),
    "online_commission": ("commission of the platform", "share of sales"),
    "online_amenity": ("online amenity", "factor on real wages"),
}
TOGETHER = " = "  # between names of parameters that are set to the same
NO_UNIT = ("", "1", "any")


def about(model: Any, name: str) -> dict[str, str]:
    """Return meaning and unit of a parameter, as attributes of an array.

    Parameters
    ----------
    model : Model
        An economy that has it.
    name : str
        Of a parameter, of an entry of a table, or of a mechanism's: "tariff.rate.home"; or of
        several that are set to the same, "tariff.rate.home = tariff.rate.abroad".
    """
    if TOGETHER in name:
        every = [about(model, one) for one in name.split(TOGETHER)]
        words = " and ".join(dict.fromkeys(one["long_name"] for one in every))
        return {"long_name": words, "units": every[0]["units"]}
    found = entries.entry(model, name)
    words, unit, owner, rest = _term(model, name if found is None else found[0])
    labels = rest if found is None else list(found[1].values())
    whole = f"{words} of {', '.join(labels)}" if labels else words
    long_name = f"{_plain(owner)}: {whole}" if owner else whole
    return {"long_name": long_name, "units": "1" if unit in NO_UNIT else unit}


def label(model: Any, name: str) -> str:
    """Return what an axis says of a parameter."""
    told = about(model, name)
    unit = "" if told["units"] == "1" else f" ({told['units']})"
    return f"{told['long_name']}{unit}"


def in_prose(model: Any, name: str) -> str:
    """Return what a sentence calls a parameter: "import tariff of north (duty)"."""
    words = about(model, name)["long_name"]
    owner, colon, whole = words.partition(": ")
    return f"{whole} ({owner})" if colon else words


def labelled(model: Any, data: xr.Dataset) -> xr.Dataset:
    """Return a Dataset in which parameters that are coordinates say what they are."""
    data = data.copy(deep=False)
    for name in data.coords:
        if name in model.varied() or entries.entry(model, name) is not None:
            data.variables[name].attrs.update(about(model, str(name)))
    return data


def _term(model: Any, name: str) -> tuple[str, str, str, list[str]]:
    """Return words and unit of a field by its dotted name, whose it is, and what labels follow.

    Of mechanisms whose they are is said where they have a name of their own.
    """
    if name in model.words:
        return (*model.words[name], "", [])
    if name not in model.fields and name in ONLINE_TERMS:
        return (*ONLINE_TERMS[name], "", [])
    first, *rest = name.split(".")
    held, owner = model, ""
    mechanisms = getattr(model, "mechanisms", {})
    if first in mechanisms and rest:
        held = mechanisms[first]
        owner = first if first != held.kind else ""
        first, *rest = rest
        while rest and hasattr(vars(held).get(first), "fields"):  # of a part of it
            held = vars(held)[first]
            first, *rest = rest
    if first not in held.fields:
        return _plain(name), "", "", []
    return (*_words(held.fields[first]), owner, rest)


def _words(field: Field) -> tuple[str, str]:
    """Return the term of a field and its unit, which the term may say itself, in brackets."""
    words, bracket, unit = field.term.partition(" (")
    return (words, unit.removesuffix(")")) if bracket else (words or field.words, field.unit)


def _plain(name: str) -> str:
    return name.replace("_", " ").replace(".", ", ")
