"""Sweeps described in TOML: the table [sweep] of a file, or its [path] as one line."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from nege import axes, points, specification
from nege.errors import InputError
from nege.models.base import ONLINE, Model
from nege.options import Logit, Replicator

RANGE = ("from", "to", "points", "spacing")
COST = ONLINE + "trade_cost"


@dataclass(frozen=True)
class SweepSpecification:
    """What a sweep is to do: an economy, how people move, and what to vary."""

    title: str
    model: Model
    dynamics: Replicator | Logit
    parameters: dict[str, np.ndarray] | xr.Dataset
    choices: dict[str, Any]  # "along" and "keep", where the file says them


def read(name: str) -> SweepSpecification:
    """Read what to sweep from a TOML file, or from an example by its name.

    [sweep.parameters] gives each parameter a list of values, or a range as in [path]; with
    ``random = {count = 1000, seed = 0}`` in [sweep], the two ends of a random design.

    Parameters
    ----------
    name : str
        Path of a file, or the name of an example.

    Returns
    -------
    SweepSpecification
        With every key checked; :func:`nege.sweep` checks the values.

    Raises
    ------
    InputError
        Naming the key, the value and what is allowed.
    """
    tables = specification.checked_tables(name)
    if "sweep" not in tables:
        return _along_path(name)
    table = specification.table_of(tables, "sweep")
    given = table.get("parameters")
    if not isinstance(given, dict) or not given:
        cure = "For example sigma = [3, 5] below [sweep.parameters]."
        raise InputError("[sweep] parameters", given, "a table of lists or ranges", cure)
    varied = {key: _values(key, value) for key, value in given.items()}
    model = _economy(tables, varied)
    title = specification.text_of(tables, "title", pathlib.Path(name).stem)
    dynamics = specification.make_dynamics(tables, model)
    choices: dict[str, Any] = {key: table[key] for key in ("along", "keep") if key in table}
    parameters = _design(table["random"], varied) if "random" in table else varied
    return SweepSpecification(title, model, dynamics, parameters, choices)


def _along_path(name: str) -> SweepSpecification:
    """Return the path of a file, followed once."""
    found = specification.read(name)
    if found.parameter == specification.STEP:
        listed, choices = found.path.rename({specification.STEP: "point"}), {"along": "point"}
        return SweepSpecification(found.title, found.model, found.dynamics, listed, choices)
    line = {found.parameter: found.values[: found.turn + 1]}
    return SweepSpecification(found.title, found.model, found.dynamics, line, {})


def _economy(tables: dict[str, Any], varied: Mapping[str, np.ndarray]) -> Model:
    """Return the economy at the first value of each parameter that is varied."""
    kind = specification.kind_of(tables["model"])
    for parameter in varied:
        specification.check_varied("a name in [sweep.parameters]", parameter, kind, tables)
    places = specification.make_geography(tables["geography"])
    name, values = (COST, varied[COST]) if COST in varied else next(iter(varied.items()))
    online = specification.make_online(tables, name, values)
    firsts = {p: v[0] for p, v in varied.items() if p in kind.parameters}  # not to be said twice
    model = specification.make_model(kind, {**firsts, **tables["model"]}, places, online)
    return model.replace({parameter: float(values[0]) for parameter, values in varied.items()})


def _values(key: str, value: Any) -> np.ndarray:
    where = f"[sweep.parameters] {key}"
    if not isinstance(value, dict):
        return axes.numbers(where, value)
    specification.check_keys(f"sweep.parameters.{key}", value, RANGE)
    return specification.value_range(where, value)


def _design(table: Any, ranges: Mapping[str, np.ndarray]) -> xr.Dataset:
    if not isinstance(table, dict) or "count" not in table:
        raise InputError("[sweep] random", table, "a table such as {count = 1000, seed = 0}")
    specification.check_keys("sweep.random", table, ("count", "seed", "sampler"))
    keywords = {"rng": table.get("seed", 0), "sampler": table.get("sampler", "halton")}
    return points.random_points(dict(ranges), table["count"], **keywords)  # type: ignore[arg-type]
