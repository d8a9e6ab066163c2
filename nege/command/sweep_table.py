"""Sweeps described in TOML: the table [sweep] of a file, or its [path] as one line."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

import numpy as np
import xarray as xr

from nege.command import economy_file
from nege.errors import InputError
from nege.models import designs, parameter_axes
from nege.models.base import ONLINE, ONLINE_PARAMETERS, Model
from nege.solver_options import Logit, Replicator


@dataclass(frozen=True)
class SweepSpecification:
    """What a sweep is to do: an economy, how people move, and what to vary."""

    title: str
    model: Model
    dynamics: Replicator | Logit
    parameters: dict[str, np.ndarray] | xr.Dataset
    choices: dict[str, Any]  # "along" and "keep", where the file says them
    table: str  # of the file, that says the parameters

    def named(self, argument: str) -> str:
        """Return an argument as the file calls it, one that it does not say as it is."""
        if argument in self.choices:
            return f"[sweep] {argument}"
        if argument in self.parameters:
            return f"{self.table} {argument}"
        return f"[model] {argument}" if argument in self.model.fields else argument


def read_sweep(name: str) -> SweepSpecification:
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
        Naming the file, the table, the key, the value and what is allowed.
    """
    with economy_file.opened(name) as tables:
        return _over_points(name, tables) if "sweep" in tables else _along_path(name, tables)


def _over_points(name: str, tables: dict[str, Any]) -> SweepSpecification:
    """Return the points of a table [sweep]."""
    table = economy_file.table_of(tables, "sweep")
    given = table.get("parameters")
    if not isinstance(given, dict) or not given:
        cure = "For example sigma = [3, 5] below it."
        raise InputError(VARIED, given, "a table of lists or ranges", cure)
    varied = {key: _values(key, value) for key, value in given.items()}
    parameters = _design(table["random"], varied) if "random" in table else varied
    model = _economy(tables, parameters)
    title = economy_file.text_of(tables, "title", pathlib.Path(name).stem)
    dynamics = economy_file.make_dynamics(tables, model)
    asked: tuple[str, ...] = ("along", "keep", "invalid")
    choices = {key: table[key] for key in asked if key in table}
    return SweepSpecification(title, model, dynamics, parameters, choices, VARIED)


def _along_path(name: str, tables: dict[str, Any]) -> SweepSpecification:
    """Return the path of a file, followed once."""
    found = economy_file.path_of(name, tables)
    if found.parameter == economy_file.PATH_DIMENSION:
        listed = found.path.rename({economy_file.PATH_DIMENSION: "point"})
        choices = {"along": "point"}
        return SweepSpecification(
            found.title, found.model, found.dynamics, listed, choices, "[path]"
        )
    line = {found.parameter: found.values[: found.turn + 1]}
    return SweepSpecification(found.title, found.model, found.dynamics, line, {}, "[path]")


VARIED = "[sweep.parameters]"
ONLINE_PARAMETER_NAMES = tuple(ONLINE + name for name in ONLINE_PARAMETERS)
MOST_POINTS_TRIED = 100  # points, of which one has to be an economy


def _economy(tables: dict[str, Any], parameters: Mapping[str, np.ndarray] | xr.Dataset) -> Model:
    """Return the economy at the first point that the model accepts: the others say what varies."""
    kind = economy_file.model_class(tables["model"])
    names = [str(name) for name in parameters]
    for name in names:
        economy_file.check_varied(f"{VARIED} key", name, kind, tables)
    places = economy_file.make_geography(tables["geography"])
    values = [np.asarray(parameters[name]).tolist() for name in names]
    listed = zip(*values, strict=True) if isinstance(parameters, xr.Dataset) else product(*values)
    first: InputError | None = None
    for point in islice(listed, MOST_POINTS_TRIED):
        at = dict(zip(names, point, strict=True))
        region = {name: at.pop(name) for name in names if name in ONLINE_PARAMETER_NAMES}
        try:
            online = economy_file.make_online(tables, region, VARIED)
            merged = {**tables["model"], **at}
            made = economy_file.make_model(
                kind, merged, places, online, dict.fromkeys(names, VARIED)
            )
            return economy_file.with_data(made, tables)
        except InputError as error:
            first = first or error
    raise first or InputError("[sweep]", names, "at least one point")


RANGE_KEYS = ("from", "to", "points", "spacing")


def _values(key: str, value: Any) -> np.ndarray:
    if not isinstance(value, dict):
        with economy_file.within(VARIED):
            return parameter_axes.numbers(key, value)
    with economy_file.within(f"{VARIED} {key}:"):
        economy_file.check_keys(f"sweep.parameters.{key}", value, RANGE_KEYS)
        return economy_file.value_range(value)


def _design(table: Any, ranges: Mapping[str, np.ndarray]) -> xr.Dataset:
    if not isinstance(table, dict) or "count" not in table:
        raise InputError("[sweep] random", table, "a table such as {count = 1000, seed = 0}")

    def named(name: str) -> str:
        known = {"rng": "seed", "sampler": "sampler", "count": "count", "key": "key"}
        return f"[sweep] random: {known[name]}" if name in known else f"{VARIED} {name}"

    with economy_file.within(named):
        economy_file.check_keys("sweep.random", table, ("count", "seed", "sampler"))
        keywords = {"rng": table.get("seed", 0), "sampler": table.get("sampler", "halton")}
        return designs.random_points(dict(ranges), table["count"], **keywords)  # type: ignore[arg-type]
