"""Economies described in TOML: checked tables in, a model and its path out."""

from __future__ import annotations

import dataclasses
import importlib.resources
import pathlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from nege import axes, geography, points, validation
from nege.errors import InputError, near
from nege.models.base import ONLINE, ONLINE_PARAMETERS, Model
from nege.online import OnlineRegion
from nege.options import Logit, Replicator

DEFAULT = "chinese_cities"

GEOGRAPHIES: dict[str, Callable[..., geography.Geography]] = {
    "cities": geography.cities,
    "equidistant": geography.equidistant,
    "racetrack": geography.racetrack,
    "line": geography.line,
    "star": geography.star,
    "grid": geography.grid,
    "points": geography.from_points,
    "distance": geography.from_distance,
}
ARGUMENTS = {
    "cities": ("country", "min_population"),
    "equidistant": ("n",),
    "racetrack": ("n",),
    "line": ("n_or_positions",),
    "star": ("n",),
    "grid": ("ny", "nx"),
    "points": ("latitude", "longitude", "names", "population"),
    "distance": ("distance", "names", "population"),
}
TABLES = {
    "title": (),
    "why": (),
    "geography": (),
    "model": (),  # the parameters of its kind
    "online": ("trade_cost", "commission", "amenity", "name"),
    "dynamics": ("kind", "scale", "weights", "online_weight", "allow_entry"),
    "path": ("parameter", "from", "to", "points", "spacing", "back"),
    "sweep": ("parameters", "random", "along", "keep"),
}
RANGE = ("from", "to", "points", "spacing")


@dataclass(frozen=True)
class Specification:
    """What a run is to do: an economy, how people move, and the path of one parameter."""

    title: str
    why: str
    model: Model
    dynamics: Replicator | Logit
    parameter: str
    values: np.ndarray
    turn: int  # the step at which the path turns back; the last one if it does not

    @property
    def path(self) -> xr.Dataset:
        """The path as ``nege.follow`` takes it."""
        return xr.Dataset({self.parameter: ("step", self.values)})


@dataclass(frozen=True)
class SweepSpecification:
    """What a sweep is to do: an economy, how people move, and what to vary."""

    title: str
    why: str
    model: Model
    dynamics: Replicator | Logit
    parameters: dict[str, np.ndarray] | xr.Dataset
    choices: dict[str, Any]  # "along" and "keep", where the file says them


def examples() -> tuple[str, ...]:
    """Names of the examples that come with nege."""
    folder = importlib.resources.files("nege") / "examples"
    return tuple(
        sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name != "__pycache__")
    )


def text(name: str) -> str:
    """Return the TOML text of a file, or of an example by its name."""
    if name in examples():
        file = importlib.resources.files("nege") / "examples" / f"{name}.toml"
        return file.read_text(encoding="utf-8")
    path = pathlib.Path(name)
    try:
        if path.is_file():
            return path.read_text(encoding="utf-8-sig")  # Windows marks files as UTF-8
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "file", name, "readable UTF-8 text", f"The system says: {error}."
        ) from error
    raise InputError("file", name, "a TOML file, or the name of an example", near(name, examples()))


def read(name: str) -> Specification:
    """Read a specification from a TOML file, or from an example by its name.

    Parameters
    ----------
    name : str
        Path of a file, or one of ``examples()``.

    Returns
    -------
    Specification
        Checked: every key is known, and the model accepts every value.

    Raises
    ------
    InputError
        Naming the key, the value and what is allowed.
    """
    tables = _tables(name, "path")
    parameter, values, turn = _path(_table(tables, "path"))
    model = _economy(tables, "[path] parameter", {parameter: values})
    model.replace({parameter: float(values[turn])})
    dynamics = _dynamics(tables, model)
    title, why = _text(tables, "title", pathlib.Path(name).stem), _text(tables, "why", "")
    return Specification(title, why.strip(), model, dynamics, parameter, values, turn)


def read_sweep(name: str) -> SweepSpecification:
    """Read what to sweep from a TOML file: its table [sweep], or else its [path] as one line.

    [sweep.parameters] gives each parameter a list of values, or a range as in [path]; with
    ``random = {count = 1000, seed = 0}`` in [sweep], the two ends of a random design.

    Parameters
    ----------
    name : str
        Path of a file, or one of ``examples()``.

    Returns
    -------
    SweepSpecification
        With every key checked; :func:`nege.sweep` checks the values.

    Raises
    ------
    InputError
        Naming the key, the value and what is allowed.
    """
    tables = _tables(name)
    parameters: dict[str, np.ndarray] | xr.Dataset
    if "sweep" in tables:
        table = _table(tables, "sweep")
        given = table.get("parameters")
        if not isinstance(given, dict) or not given:
            cure = "For example sigma = [3, 5] below [sweep.parameters]."
            raise InputError("[sweep] parameters", given, "a table of lists or ranges", cure)
        parameters = {key: _swept(key, value) for key, value in given.items()}
        where = "a name in [sweep.parameters]"
    else:
        table, where = {}, "[path] parameter"
        parameter, values, turn = _path(_table(tables, "path"))
        parameters = {parameter: values[: turn + 1]}
    model = _economy(tables, where, parameters)
    if "random" in table:
        parameters = _design(table["random"], parameters)
    title, why = _text(tables, "title", pathlib.Path(name).stem), _text(tables, "why", "")
    choices: dict[str, Any] = {key: table[key] for key in ("along", "keep") if key in table}
    return SweepSpecification(
        title, why.strip(), model, _dynamics(tables, model), parameters, choices
    )


def _tables(name: str, *needed: str) -> dict[str, Any]:
    """Return the tables of a file, those needed being there."""
    try:
        tables = tomllib.loads(text(name))
    except tomllib.TOMLDecodeError as error:
        raise InputError("file", name, "valid TOML", f"The parser says: {error}.") from error
    _check_keys("", tables, TABLES)
    for key in ("geography", "model", *needed):
        if not isinstance(tables.get(key), dict):
            raise InputError(f"[{key}]", tables.get(key), "a table", f"Add [{key}] to the file.")
    return tables


def _economy(tables: dict[str, Any], where: str, varied: Mapping[str, np.ndarray]) -> Model:
    """Return the economy at the first value of each parameter that is varied."""
    kind = _kind(tables["model"])
    known = kind.parameters
    if "online" in tables:
        known += tuple(ONLINE + name for name in ONLINE_PARAMETERS)
    for parameter in varied:
        if parameter not in known:
            absent = parameter.startswith(ONLINE) and "online" not in tables
            cure = "Add [online] to the file." if absent else near(parameter, known)
            raise InputError(where, parameter, "one of the model's", cure)
    first = {parameter: float(values[0]) for parameter, values in varied.items()}
    places = _geography(tables["geography"])
    model = _model(kind, tables["model"], places, _online(tables, first))
    return model.replace(first)


def _swept(key: str, value: Any) -> np.ndarray:
    where = f"[sweep.parameters] {key}"
    if not isinstance(value, dict):
        return axes.numbers(where, value)
    _check_keys(f"sweep.parameters.{key}", value, RANGE)
    return _range(where, value)


def _design(table: Any, ranges: Mapping[str, np.ndarray]) -> xr.Dataset:
    if not isinstance(table, dict) or "count" not in table:
        raise InputError("[sweep] random", table, "a table such as {count = 1000, seed = 0}")
    _check_keys("sweep.random", table, ("count", "seed", "sampler"))
    keywords = {"rng": table.get("seed", 0), "sampler": table.get("sampler", "halton")}
    return points.random_points(dict(ranges), table["count"], **keywords)  # type: ignore[arg-type]


def _table(tables: Mapping[str, Any], key: str) -> dict[str, Any]:
    table = tables.get(key, {})
    if not isinstance(table, dict):
        raise InputError(f"[{key}]", table, "a table")
    _check_keys(key, table, TABLES[key])
    return table


def _text(tables: Mapping[str, Any], key: str, default: str) -> str:
    value = tables.get(key, default)
    if not isinstance(value, str):
        raise InputError(key, value, "text", "Put it in quotes.")
    return value


def _check_keys(table: str, given: Mapping[str, Any], allowed: Any) -> None:
    for key in given:
        if key not in allowed:
            where = f"key in [{table}]" if table else "key"
            raise InputError(where, key, "a key that nege knows", near(key, allowed))


def _choice(argument: str, value: Any, allowed: Any) -> str:
    if not isinstance(value, str) or value not in allowed:
        wrong = value if isinstance(value, str) else ""
        raise InputError(argument, value, "a known kind", near(wrong, allowed))
    return value


def _geography(table: dict[str, Any]) -> geography.Geography:
    kind = _choice("[geography] kind", table.get("kind"), GEOGRAPHIES)
    given = {key: value for key, value in table.items() if key != "kind"}
    _check_keys("geography", given, ARGUMENTS[kind])
    if kind == "cities":
        return geography.cities(**given)
    optional = ("names", "population")
    for argument in ARGUMENTS[kind]:
        if argument not in given and argument not in optional:
            raise InputError(f"[geography] {argument}", None, f"given for kind {kind!r}")
    keywords = {key: given.pop(key) for key in optional if key in given}
    return GEOGRAPHIES[kind](*(given[key] for key in ARGUMENTS[kind] if key in given), **keywords)


def _online(tables: Mapping[str, Any], first: Mapping[str, float]) -> OnlineRegion | None:
    if "online" not in tables:
        return None
    table = _table(tables, "online")
    if "trade_cost" not in table:
        if "online_trade_cost" not in first:
            raise InputError(
                "[online] trade_cost", None, "given", "Only a path in online_trade_cost sets it."
            )
        table = {**table, "trade_cost": first["online_trade_cost"]}
    return OnlineRegion(**table)


def _kind(table: Mapping[str, Any]) -> type[Model]:
    kinds = Model.kinds()
    return kinds[_choice("[model] kind", table.get("kind", "core-periphery"), kinds)]


def _model(
    kind: type[Model],
    table: Mapping[str, Any],
    places: geography.Geography,
    online: OnlineRegion | None,
) -> Model:
    fields = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    arguments = [name for name in fields if name not in ("geography", "online")]
    _check_keys("model", table, ["kind", *arguments])
    for key in kind.parameters:
        if key not in table:
            raise InputError(f"[model] {key}", None, "given")
    given: dict[str, Any] = {key: value for key, value in table.items() if key != "kind"}
    make: Any = kind
    model: Model = make(places, online=online, **given)
    return model


def _dynamics(tables: Mapping[str, Any], model: Model) -> Replicator | Logit:
    table = _table(tables, "dynamics")
    kind = _choice("[dynamics] kind", table.get("kind", "replicator"), ("logit", "replicator"))
    wanted = ("scale", "weights", "online_weight") if kind == "logit" else ("allow_entry",)
    given = {key: value for key, value in table.items() if key != "kind"}
    _check_keys("dynamics", given, wanted)
    if kind == "replicator":
        return Replicator(**given)
    if "scale" not in given:
        raise InputError("[dynamics] scale", None, "given for logit tastes")
    weights = given.get("weights", "equal")
    if weights == "population":
        given["weights"] = model.geography.population_share
    elif weights == "equal":
        given["weights"] = np.full(len(model.geography), 1.0 / len(model.geography))
    elif not isinstance(weights, (list, dict)):
        raise InputError("[dynamics] weights", weights, '"population", "equal", a list or a table')
    if model.online is not None and "online_weight" not in given:
        raise InputError(
            "[dynamics] online_weight",
            None,
            "given where there is an online region",
            "It is the room people see online, in the unit of the places' weights.",
        )
    dynamics = Logit(**given)
    if model.online is None:  # a file whose table [online] was taken out still runs
        dynamics = dataclasses.replace(dynamics, online_weight=None)
    dynamics.kernel(model)
    return dynamics


def _path(table: dict[str, Any]) -> tuple[str, np.ndarray, int]:
    for key in ("parameter", "from", "to"):
        if key not in table:
            raise InputError(f"[path] {key}", None, "given")
    back = table.get("back", False)
    if not isinstance(back, bool):
        raise InputError("[path] back", back, "true or false")
    values = _range("[path]", table)
    turn = len(values) - 1
    if back:
        values = np.concatenate([values, values[-2::-1]])
    return str(table["parameter"]), values, turn


def _range(where: str, table: Mapping[str, Any]) -> np.ndarray:
    """Return the values from one end to the other, both included exactly."""
    ends = []
    spacing = _choice(f"{where} spacing", table.get("spacing", "linear"), ("linear", "log"))
    for key in ("from", "to"):
        if key not in table:
            raise InputError(f"{where} {key}", None, "given")
        ends.append(validation.number(f"{where} {key}", table[key]))
        if spacing == "log" and ends[-1] <= 0.0:
            cure = "A logarithmic path needs positive ends."
            raise InputError(f"{where} {key}", ends[-1], "positive", cure)
    count = validation.whole(f"{where} points", table.get("points", 25), at_least=2)
    space = np.geomspace if spacing == "log" else np.linspace
    values: np.ndarray = space(ends[0], ends[1], count)
    values[0], values[-1] = ends
    return values
