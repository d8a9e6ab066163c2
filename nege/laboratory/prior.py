"""The declared prior: which parameters of an economy are varied, how, how far, and why.

A draw gives each entry of the prior a factor f; its parameter at a place of the table v is then

    times     v f              most parameters
    excess    1 + (v - 1) f    what is counted from one: productivity leads, losses on the way
    power     v^f              iceberg factors, so that their logs are scaled

cut at the parameter's own bound. Land keeps its total, and what is spent on other goods takes
up what is spent on the first and on housing. Parameters of mechanisms are varied in the same
way: by `excess` where they are bounded by one from below, else by `times`. What is nought stays
nought: a mechanism that is off is not switched on by a draw.

"near" is a fifth either way for everything. "wide" is the range that the literature has, as a
factor of the reference, evenly in logs; where there is none it is half to twice.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.models.agglomeration.mechanisms import parts
from nege.models.agglomeration.model import OnlineAgglomeration
from nege.models.base import Model
from nege.models.designs import random_points
from nege.validation import Bounds

NEAR = (0.8, 1.2)
UNKNOWN = (0.5, 2.0)
NUDGE = 0.999  # a factor, to see whether a value may be another, and moves anything
PRIORS = ("near", "wide")
NO_ESTIMATE = "no estimate: half to twice"


class Varied(NamedTuple):
    """How a parameter is varied: along which dimensions factors differ, and how far they go."""

    how: str = "times"
    each: tuple[str, ...] = ()
    wide: tuple[float, float] = UNKNOWN
    reason: str = NO_ESTIMATE


OF_INDUSTRY = ("industry",)
#: Parameters of industries. What is not here (amenities, homes) stays as it is: places differ in
#: what the paper names, and a fifth of an amenity would move most people where they do not.
INDUSTRIES = {
    "sigma": Varied(
        "times",
        OF_INDUSTRY,
        (0.6, 1.8),
        "3 to 9: elasticities of substitution of Broda & Weinstein (2006) and trade elasticities "
        "of Head & Mayer (2014)",
    ),
    "variety": Varied("times", OF_INDUSTRY, (0.4, 2.0), "from .2 to 1, full love of variety"),
    "housing": Varied(
        "times", (), (0.7, 2.5), "8 to 30 per cent: a quarter in Davis & Ortalo-Magne (2011)"
    ),
    "consumption": Varied("times", (), (0.6, 1.5), "services are half to four fifths of spending"),
    "inputs": Varied("times", ("input", "industry"), (0.5, 1.6), "input-output tables"),
    "land_share": Varied("times", OF_INDUSTRY, (0.3, 2.0), "3 to 15 per cent of cost of goods"),
    "land": Varied("excess"),  # over the smallest place
    "productivity": Varied("excess", OF_INDUSTRY),
    "migration_elasticity": Varied(
        "times", (), (0.2, 1.4), "2 to 12: from regions in a decade to cities in the long run"
    ),
    "spillover": Varied(
        "times",
        OF_INDUSTRY,
        (0.2, 1.3),
        "2 to 15 per cent: elasticities of productivity to density in Combes & Gobillon (2015), "
        "more where knowledge alone counts",
    ),
    "spillover_decay": Varied("times"),
    "online_spillover": Varied("times"),
    "hears_online": Varied("times"),
    "diversity": Varied("times"),
    "transport_cost": Varied("times", OF_INDUSTRY),
    "search_cost": Varied("times", OF_INDUSTRY),
    "digitisability": Varied("times", OF_INDUSTRY),
    "digital_cost": Varied("power", OF_INDUSTRY),
    "commission": Varied("times", (), (0.2, 4.0), "1 to 20 per cent are asked by platforms"),
    "firm_scale": Varied("times", ("industry", "channel")),
    "remote_labour_share": Varied("times", OF_INDUSTRY),
    "remote_substitution": Varied("times"),
    "remote_elasticity": Varied("times"),
    "remote_friction": Varied("excess"),
}
#: Of the other models; icebergs are what trade costs are.
OTHERS = {
    "sigma": Varied("times", (), (0.6, 1.8), INDUSTRIES["sigma"].reason),
    "mu": Varied("times", (), (0.5, 1.6), "shares of spending"),
    "trade_cost": Varied("power"),
    "online_trade_cost": Varied("power"),
    "online_commission": Varied("times"),
}


class Entry(NamedTuple):
    """One number of the prior: which part of which parameter it scales, and how."""

    parameter: str
    at: Mapping[str, str]  # labels along the dimensions along which factors differ
    varied: Varied

    @property
    def name(self) -> str:
        """The parameter and its labels, dotted."""
        return ".".join((self.parameter, *self.at.values()))

    def ends(self, prior: str) -> tuple[float, float]:
        """Return the least and the largest factor."""
        return NEAR if prior == "near" else self.varied.wide


def tables_of(model: Model) -> dict[str, xr.DataArray]:
    """Return every parameter of an economy and its mechanisms that can be varied, as a table."""
    scalars = model.scalars()
    values = {name: getattr(model, name, scalars.get(name)) for name in model.parameters}
    values |= scalars
    values |= {name: value for name, field, value in _of_mechanisms(model) if field.varied}
    return {
        name: xr.DataArray(value)
        for name, value in values.items()
        if isinstance(value, (float, xr.DataArray))
    }


def tables(model: Model, path: xr.Dataset | None = None) -> dict[str, xr.DataArray]:
    """Return what a draw may vary of an economy: tables by parameter, over "step" on a path."""
    known = INDUSTRIES if isinstance(model, OnlineAgglomeration) else OTHERS
    found = {n: table for n, table in tables_of(model).items() if n in known or "." in n}
    names = {dim: list(labels) for dim, labels in model.coordinates().items()}
    found = {n: table for n, table in found.items() if _has(table, names)}
    moved = {} if path is None else {str(name): table for name, table in path.data_vars.items()}
    found |= moved
    if "remote_labour_share" in found and not found["remote_labour_share"].any():
        found = {name: table for name, table in found.items() if not name.startswith("remote_")}
    if "land" in found:
        found["land"] = found["land"] / found["land"].min()
    return found


def entries(model: Model, path: xr.Dataset | None = None) -> list[Entry]:
    """Return what a draw varies of an economy, in the order of its parameters."""
    found = []
    for name, table in tables(model, path).items():
        varied = _how(model, name)
        if "." in name and not _may_move(model, name, table, varied):
            continue
        over = [table[dim].values.tolist() for dim in varied.each if dim in table.dims]
        dims = [dim for dim in varied.each if dim in table.dims]
        for labels in itertools.product(*over):
            at = dict(zip(dims, labels, strict=True))
            if _acts(table.sel(at).values, varied):
                found.append(Entry(name, at, varied))
    return found


def _may_move(model: Model, name: str, table: xr.DataArray, varied: Varied) -> bool:
    """Whether a mechanism takes another value: what cannot act there may be refused."""
    moved = table * NUDGE if varied.how == "times" else 1.0 + (table - 1.0) * NUDGE
    try:
        model.replace({name: moved if moved.ndim else float(moved)})
    except InputError:
        return False
    return True


def vary(
    model: Model, factors: xr.Dataset, path: xr.Dataset | None = None
) -> dict[str, xr.DataArray]:
    """Return the parameters of draws, given their factors over "draw"; over "step" on a path."""
    found = tables(model, path)
    listed = [entry for entry in entries(model, path) if entry.name in factors]
    ones = xr.DataArray(np.ones(factors.sizes["draw"]), dims="draw")
    goods = ones
    for name in dict.fromkeys(entry.parameter for entry in listed):
        found[name] = (ones * found[name]).copy(deep=True)
    for entry in listed:
        factor, table = factors[entry.name].variable, found[entry.parameter]
        if entry.parameter == "consumption":
            goods = xr.DataArray(factor)
            continue
        part = tuple(
            table.get_index(dim).get_loc(entry.at[dim]) if dim in entry.at else slice(None)
            for dim in map(str, table.dims)
        )
        # As arrays: by labels each of dozens of entries would take a millisecond.
        old = table.values[part]
        by = factor.values.reshape(-1, *[1] * (old.ndim - 1))
        if entry.varied.how == "times":
            table.values[part] = by * old
        elif entry.varied.how == "excess":
            table.values[part] = 1.0 + by * (old - 1.0)
        else:
            table.values[part] = old**by
    for name, table in found.items():
        highest = bounds(model, name).at_most
        if highest is not None and not (table.values <= highest).all():
            found[name] = table.clip(max=highest)
    changed = {entry.parameter for entry in listed}
    if isinstance(model, OnlineAgglomeration):
        own = tables_of(model)
        found["land"] = found["land"] * (own["land"].sum() / found["land"].sum("place"))
        if "consumption" in changed:
            found["consumption"] = _consumption(own, goods, found["housing"])
    moved = set() if path is None else set(map(str, path.data_vars))
    return {name: table for name, table in found.items() if name in changed | moved}


def design(listed: list[Entry], count: int, prior: str, rng: Any) -> xr.Dataset:
    """Return factors over "point": the first of a sequence that fills the prior evenly.

    Evenly in factors up to a fifth, and in their logs in "wide", where half is as likely as twice.
    """
    ends = {entry.name: entry.ends(prior) for entry in listed}
    if prior == "near":
        return random_points(ends, count, rng=rng)
    logs = {name: (math.log(low), math.log(high)) for name, (low, high) in ends.items()}
    found: xr.Dataset = random_points(logs, count, rng=rng).map(np.exp)
    return found


def as_dataset(listed: list[Entry]) -> xr.Dataset:
    """Return the prior as a table over "parameter": how it is varied, how far, and why."""
    rows = [(e.varied.how, *e.ends("near"), *e.ends("wide"), e.varied.reason) for e in listed]
    columns = ("how", "near_low", "near_high", "wide_low", "wide_high", "reason")
    return xr.Dataset(
        {
            name: ("parameter", np.array(column))
            for name, column in zip(columns, zip(*rows, strict=True), strict=True)
        },
        {"parameter": [entry.name for entry in listed]},
    )


def _consumption(
    own: Mapping[str, xr.DataArray], factor: xr.DataArray, housing: xr.DataArray
) -> xr.DataArray:
    """Return spending on goods, of which the first's part is scaled, beside housing."""
    spent = own["consumption"].sum() + own["housing"] - housing
    part = own["consumption"] / own["consumption"].sum()
    first = (factor * part[0]).clip(max=1.0)
    others = (1.0 - first) * part[1:] / part[1:].sum()
    whole = xr.concat([first.expand_dims(industry=part.industry[:1].values), others], "industry")
    return (spent * whole).transpose("draw", "industry")


def _has(table: xr.DataArray, names: Mapping[str, list[str]]) -> bool:
    """Whether a table has the labels of results: a third mode of firms has no place in two."""
    own = [str(dim) for dim in table.dims if dim in names]
    return all(table[dim].values.tolist() == names[dim] for dim in own)


def _how(model: Model, name: str) -> Varied:
    known = INDUSTRIES if isinstance(model, OnlineAgglomeration) else OTHERS
    if name in known:
        return known[name]
    limits = bounds(model, name)
    from_one = limits.at_least == 1.0 or limits.above == 1.0
    return Varied("excess" if from_one else "times")


def _acts(values: np.ndarray, varied: Varied) -> bool:
    """Whether a factor makes a difference: to what is not nought, or not one."""
    nothing = 0.0 if varied.how == "times" else 1.0
    return bool(np.any(np.isfinite(values) & (values != nothing)))


def bounds(model: Model, name: str) -> Bounds:
    """Return the bounds of a parameter of an economy or of its mechanisms, by dotted name."""
    for path, field, _ in _of_mechanisms(model):
        if path == name:
            limits: Bounds = field.bounds
            return limits
    found = model.bounds.get(name)
    return found if found is not None else model.fields[name].bounds


def declared(model: Model, name: str) -> Any:
    """Return the field that declares a parameter; None of the online region's."""
    found = {path: field for path, field, _ in _of_mechanisms(model)}
    return found.get(name) or model.fields.get(name)


def _of_mechanisms(model: Model) -> list[tuple[str, Any, Any]]:
    """Return dotted name, field and value of every parameter of mechanisms."""
    held = getattr(model, "mechanisms", {})
    return [row for name, one in held.items() for row in parts.entries(one, name)]
