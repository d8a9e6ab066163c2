"""Economies described in TOML: checked tables in, a model and its path out."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.resources
import inspect
import math
import pathlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege import geography, memory, validation
from nege.command import model_file
from nege.errors import InputError, in_words, near
from nege.explorer.controls import controls
from nege.geography.online import OnlineRegion
from nege.models.agglomeration.mechanisms.frame import dotted, of_table
from nege.models.agglomeration.model import OnlineAgglomeration
from nege.models.base import ONLINE, Model
from nege.models.fields import REQUIRED
from nege.solver_options import Logit, Replicator
from nege.studies import scenarios
from nege.studies.inversion import invert
from nege.studies.online_retail import online_retail
from nege.validation import paths

#: What runs by itself: what industries do, calibrated; and the literal online region beside it.
DEFAULT_EXAMPLES = ("online_retail", "chinese_cities")

SCENARIOS = {**scenarios.READY, "online_retail": online_retail}

TABLE_KEYS = {
    "title": (),
    "why": (),
    "geography": (),
    "model": (),  # the parameters of its kind
    "data": ("population", "employment", "wage", "rent", "residents", "spending"),
    "online": ("trade_cost", "commission", "amenity", "name"),
    "dynamics": ("kind", "scale", "weights", "online_weight", "allow_entry"),
    "path": (
        *("parameter", "from", "to", "points", "spacing", "back"),
        *("scenario", "city", "industries", "share"),
    ),
    "sweep": ("parameters", "random", "along", "keep", "invalid"),
}
#: What commands take that files do not: it is no part of the economy.
COMMAND_OPTIONS = ("output", "overwrite", "port", "processes", "store", "unit")
POPULATION = "population"  # as a value: what is known of the places
PATH_DIMENSION = "step"  # what varies along a scenario


@dataclass(frozen=True)
class PathSpecification:
    """What a run is to do: an economy, how people move, and the path of its parameters."""

    title: str
    why: str
    model: Model
    dynamics: Replicator | Logit
    parameter: str  # what varies; "step" along a scenario
    values: np.ndarray
    turn: int  # the step at which the path turns back; the last one if it does not
    path: xr.Dataset  # as ``nege.follow`` takes it
    replaced: tuple[str, ...] = ()  # what the path begins at instead of what tables say, in words

    def named(self, argument: str) -> str:
        """Return an argument as the file calls it, one that it does not say as it is."""
        if argument in self.path:
            return f"[path] {argument}"
        return f"[model] {argument}" if argument in self.model.fields else argument


@contextlib.contextmanager
def within(where: str | Callable[[str], str]) -> Iterator[None]:
    """Say of what is refused in which table it stands, where that is not said yet.

    A function returns table and key of a name.
    """
    try:
        yield
    except InputError as error:
        if error.argument.startswith("["):
            raise
        named = where(error.argument) if callable(where) else f"{where} {error.argument}"
        raise InputError(named, error.value, error.allowed, error.cure) from error


@contextlib.contextmanager
def of_file(name: str) -> Iterator[None]:
    """Say of what is refused in which file it stands, but of what the command line says."""
    try:
        yield
    except InputError as error:
        if error.argument in COMMAND_OPTIONS:
            raise
        named = f"{name}: {error.argument}"
        raise InputError(named, error.value, error.allowed, error.cure) from error


def examples() -> tuple[str, ...]:
    """Names of the examples that come with nege."""
    folder = importlib.resources.files("nege") / "examples"
    return tuple(
        sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name != "__pycache__")
    )


def toml_text(name: str) -> str:
    """Return the TOML text of a file, or of an example by its name."""
    if name in examples():
        file = importlib.resources.files("nege") / "examples" / f"{name}.toml"
        return file.read_text(encoding="utf-8")
    path = paths.located("file", name)
    try:
        if path.is_file():
            return path.read_text(encoding="utf-8-sig")  # Windows marks files as UTF-8
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "file", name, "readable UTF-8 text", f"The system says: {error}."
        ) from error
    raise InputError("file", name, "a TOML file, or the name of an example", near(name, examples()))


def read_path(name: str) -> PathSpecification:
    """Read what a run is to do from a TOML file, or from an example by its name.

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
        Naming the file, the table, the key, the value and what is allowed.
    """
    with opened(name) as tables:
        return path_of(name, tables)


def path_of(name: str, tables: Mapping[str, Any]) -> PathSpecification:
    """Return what a run is to do, from the tables of a file."""
    kind = model_class(tables["model"])
    places = make_geography(tables["geography"])
    if "path" not in tables:  # said last: what is wrong with the economy comes first
        _economy_alone(tables, kind, places)
        cure = (
            "Add [path] with parameter, from and to, or with scenario. `python -m nege explore` "
            "takes an economy without one, `python -m nege sweep` one with [sweep.parameters]."
        )
        raise InputError("[path]", None, "a table", cure)
    if "scenario" in table_of(tables, "path"):
        model, path = _along_scenario(tables, kind, places)
        parameter, values = PATH_DIMENSION, path[PATH_DIMENSION].values
        turn = values.size - 1
    else:
        model, parameter, values, turn = _along_parameter(tables, kind, places)
        path = xr.Dataset({parameter: (PATH_DIMENSION, values)})
    replaced = tuple(_replaced(tables, kind, places, path))
    dynamics = make_dynamics(tables, model)
    title, why = text_of(tables, "title", pathlib.Path(name).stem), text_of(tables, "why", "")
    return PathSpecification(
        title, why.strip(), model, dynamics, parameter, values, turn, path, replaced
    )


def _replaced(
    tables: Mapping[str, Any], kind: type[Model], places: geography.Geography, path: xr.Dataset
) -> Iterator[str]:
    """Yield what the path begins at where another table says otherwise, a sentence each."""
    named = {str(name): _said_in(tables, str(name)) for name in path.data_vars}
    said = {name: table for name, table in named.items() if table}
    if not said:
        return
    if "online" in tables and "trade_cost" not in tables["online"]:
        tables = {**tables, "online": {**tables["online"], "trade_cost": 1.0}}
    known = controls(make_model(kind, tables["model"], places, make_online(tables)))
    for name, table in said.items():
        first = path[name].isel({PATH_DIMENSION: 0})
        if first.ndim or name not in known:
            yield f"[path] starts {name} where it says, not at what {table} says."
        elif not math.isclose(float(first), known[name].value):
            instead = f"not at {known[name].value:g} of {table}"
            yield f"[path] starts {name} at {float(first):g}, {instead}."


def _said_in(tables: Mapping[str, Any], parameter: str) -> str:
    """Return which table says the value of a parameter, "" where none does."""
    held, table, rest = tables["model"], "[model]", parameter
    if rest.startswith(ONLINE) and _online_key(rest) in tables.get("online", {}):
        return "[online]"
    if rest in held:
        return table
    owner, _, own = rest.partition(".")
    mechanisms = held.get("mechanisms")
    if isinstance(mechanisms, dict) and isinstance(mechanisms.get(owner), dict):
        held, table, rest = mechanisms[owner], f"[model.mechanisms.{owner}]", own
    for key in rest.split("."):
        if not isinstance(held, dict):  # one number for all
            return table
        if key not in held:
            return ""
        held = held[key]
    return table


@dataclass(frozen=True)
class EconomySpecification:
    """An economy of a file, without what a run is to do with it."""

    title: str
    model: Model
    dynamics: Replicator | Logit
    parameter: str  # what its path varies, "" without one
    geography: str  # the call that makes its places
    replaced: tuple[str, ...] = ()  # what its path begins at instead of what tables say


def read_economy(name: str) -> EconomySpecification:
    """Read an economy from a TOML file, or from an example by its name: where its path begins."""
    with opened(name) as tables:
        call = _geography_call(tables["geography"])
        if "path" in tables:
            read = path_of(name, tables)
            # A scenario changes what it takes: then the economy is the one of the tables.
            replaced = read.replaced if read.parameter != PATH_DIMENSION else ()
            return EconomySpecification(
                read.title, read.model, read.dynamics, read.parameter, call, replaced
            )
        places, kind = make_geography(tables["geography"]), model_class(tables["model"])
        model = _economy_alone(tables, kind, places)
        title = text_of(tables, "title", pathlib.Path(name).stem)
        return EconomySpecification(title, model, make_dynamics(tables, model), "", call)


def _economy_alone(
    tables: Mapping[str, Any], kind: type[Model], places: geography.Geography
) -> Model:
    """Return the economy of a file that says nothing of what is to vary."""
    model = make_model(kind, tables["model"], places, make_online(tables))
    return with_data(model, tables)


def _geography_call(table: Mapping[str, Any]) -> str:
    """Return the call that makes the places of a table, "" of what is refused later on."""
    make = GEOGRAPHIES.get(str(table.get("kind")))
    if make is None or make is _of_files:  # then the lines keep the places in a file of their own
        return ""
    given = [f"{key}={value!r}" for key, value in table.items() if key != "kind"]
    return f"nege.geography.{make.__name__}({', '.join(given)})"


@contextlib.contextmanager
def opened(name: str) -> Iterator[dict[str, Any]]:
    """Give the tables of a file; what is refused while they are read is said to be of it."""
    tables = _parsed(name)
    with of_file(name):
        _check_tables(name, tables)
        yield tables


def _parsed(name: str) -> dict[str, Any]:
    """Return what a file says."""
    try:
        tables = tomllib.loads(toml_text(name))
    except tomllib.TOMLDecodeError as error:
        raise InputError("file", name, "valid TOML", f"The parser says: {error}.") from error
    except RecursionError as error:
        raise InputError("file", name, "valid TOML", "It is nested too deeply.") from error
    _check_depth(name, tables)
    return tables


def _check_tables(name: str, tables: dict[str, Any]) -> None:
    """Refuse tables that nege does not know; files that they name are beside their own."""
    check_keys("", tables, TABLE_KEYS)
    for key in ("geography", "model"):
        if key not in tables:
            raise InputError(f"[{key}]", None, "a table", f"Add [{key}] to the file.")
        _check_table(key, tables[key])
    places = tables["geography"]
    if places.get("kind") == "table":
        for key in ("file", "distance"):
            if isinstance(places.get(key), str):
                places[key] = str(pathlib.Path(name).parent / places[key])
    model = tables["model"]
    if model_file.names_file(model.get("kind")):
        model["kind"] = model_file.beside(model["kind"], pathlib.Path(name).parent)


def _check_table(key: str, table: Any) -> None:
    if not isinstance(table, dict):
        cure = f"Write [{key}], in single brackets." if isinstance(table, list) else ""
        raise InputError(f"[{key}]", table, "a table", cure)


DEEPEST_NESTING = 8  # of tables and lists in each other: four are used


def _check_depth(name: str, tables: dict[str, Any]) -> None:
    """Refuse what is nested deeper than anything means: arrays and messages end there."""
    level: list[Any] = [tables]
    for _ in range(DEEPEST_NESTING):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
    if level:
        raise InputError(
            "file", name, f"nested at most {DEEPEST_NESTING} deep", "Tables hold lists."
        )


def check_varied(where: str, parameter: str, kind: type[Model], tables: Mapping[str, Any]) -> None:
    """Refuse to vary what is no parameter of the model or of the online region in the file.

    Whether there is such an entry of a table, as in "digital_cost.services", the model says.
    """
    known, given = kind.parameters, tables["model"].get("mechanisms", {})
    if "mechanisms" in kind.fields:
        with within(lambda name: _of_model(name, kind, tables["model"], {})):
            known += dotted({one.name: one for one in of_table("mechanisms", given)})
    if "online" in tables:
        known += kind.online_parameters
    if not any(parameter == name or parameter.startswith(f"{name}.") for name in known):
        absent = parameter.startswith(ONLINE) and "online" not in tables
        cure = "Add [online] to the file." if absent else near(parameter, known)
        field = parameter.partition(".")[0]
        added = "mechanisms" in kind.fields and field not in (*kind.fields, *given)
        if added and parameter != field:
            cure = f"Add [model.mechanisms.{field}] with its kind to the file, or: {cure}"
        raise InputError(where, parameter, "one of the model's", cure)


FROM = "[path] from:"  # where the first value of a path stands


def _along_parameter(
    tables: Mapping[str, Any], kind: type[Model], places: geography.Geography
) -> tuple[Model, str, np.ndarray, int]:
    """Return the economy at the start of the path of one parameter, and that path."""
    table = table_of(tables, "path")
    with within("[path]"):
        parameter, values, turn = _path_values(table)
        check_varied("parameter", parameter, kind, tables)
    first = {parameter: float(values[0])}
    given, known, of_online = tables["model"], {parameter: FROM}, {}
    if parameter == "online_trade_cost" and "trade_cost" not in tables.get("online", {}):
        of_online = first
    elif parameter in kind.parameters and parameter not in given and _is_needed(kind, parameter):
        given = {**given, **first}
    else:
        known = {}
    model = make_model(kind, given, places, make_online(tables, of_online, FROM), known)
    with within(lambda name: _of_path(name, "from")):
        model = model.replace(first)
    model = with_data(model, tables)
    with within(lambda name: _of_path(name, "to")):
        model.replace({parameter: float(values[turn])})
    return model, parameter, values, turn


def _of_path(name: str, end: str) -> str:
    """Return which key of a path says what a model refuses at one of its ends."""
    return f"[path] {end}: {name}" if name != "parameter" else "[path] parameter"


def _along_scenario(
    tables: Mapping[str, Any], kind: type[Model], places: geography.Geography
) -> tuple[Model, xr.Dataset]:
    """Return the economy, and one of the ready paths of nege.scenarios."""
    table = table_of(tables, "path")
    options = {key: value for key, value in table.items() if key != "scenario"}
    with within("[path]"):
        name = _choice("scenario", table["scenario"], SCENARIOS)
        known = [key for key in inspect.signature(SCENARIOS[name]).parameters if key != "economy"]
        check_keys("path", options, ("scenario", *known))
        if not issubclass(kind, OnlineAgglomeration):
            cure = f"{kind.title} has no industries that choose a channel."
            raise InputError("scenario", name, "one for the model", cure)
    model: Any = make_model(kind, tables["model"], places, make_online(tables))
    model = with_data(model, tables)
    try:
        with within("[path]"):
            return model, SCENARIOS[name](model, **options)
    except InputError as error:
        if error.argument != "[path] industries":
            raise
        cure = 'Say what each of them is: industries = {cars = "goods", software = "services"}.'
        raise InputError(error.argument, error.value, error.allowed, cure) from None


def table_of(tables: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a table of a file, its keys checked."""
    table = tables.get(key, {})
    _check_table(key, table)
    with within(f"[{key}]"):
        check_keys(key, table, TABLE_KEYS[key])
    return dict(table)


def text_of(tables: Mapping[str, Any], key: str, default: str) -> str:
    """Return a text of a file."""
    value = tables.get(key, default)
    if not isinstance(value, str):
        raise InputError(key, value, "text", "Put it in quotes.")
    if validation.unwritable(value.replace("\n", " ").replace("\t", " ")):
        raise InputError(key, value, "text without control characters", "Files cannot hold them.")
    return value


def check_keys(table: str, given: Mapping[str, Any], allowed: Any) -> None:
    """Refuse keys that a table does not have."""
    for key in given:
        if key not in allowed:
            cure = near(key, allowed)
            if key in COMMAND_OPTIONS:
                cure = f"It is an option of the command line: --{key}. {cure}"
            elif table == "geography" and key == "names":
                cure = f'Its places are numbered: kind = "distance" takes names. {cure}'
            raise InputError("key", key, "one that nege knows", cure)


def _choice(argument: str, value: Any, allowed: Any) -> str:
    if not isinstance(value, str) or value not in allowed:
        wrong = value if isinstance(value, str) else ""
        raise InputError(argument, value, "a known kind", near(wrong, allowed))
    return value


def _of_files(file: str, distance: str | None = None, **columns: Any) -> geography.Geography:
    """Return the places of a table in a CSV file, with distances of another one or geodesic."""
    names = columns.get("names")
    table = _csv("file", file, names)
    for key in COLUMN_KEYS:
        named = columns.get(key, "")
        text = isinstance(named, str) or key == "names"
        if key in columns and text and named not in [*table.columns]:
            allowed = f"the name of a column of {pathlib.Path(file).name}"
            raise InputError(key, named, allowed, near(named, table.columns))
    if names is None:  # what stands first in each line
        table = table.set_index(table.columns[0])
    if distance is not None:
        apart = _csv("distance", distance, None)
        columns["distance"] = apart.set_index(apart.columns[0])
        rows, across = columns["distance"].shape
        if rows != across:
            cure = "Its first row and its first column have the names of places, all else numbers."
            allowed = (
                f"a file with a row and a column for each place ({rows} rows, {across} columns)"
            )
            raise InputError("distance", pathlib.Path(distance).name, allowed, cure)
    return geography.from_dataframe(table, **columns)


SEPARATORS = (",", ";", "\t")  # of columns of a CSV file


def _csv(key: str, file: Any, names: Any) -> Any:
    """Return the table of a CSV file, names of places as they are written.

    What separates its columns is what its first line has most of. Where that is no comma, commas
    may be decimal ones: they are where that makes numbers of a column that is text otherwise.
    """
    path = paths.located(key, file)
    try:
        heads = {
            separator: pd.read_csv(path, nrows=0, skipinitialspace=True, sep=separator).columns
            for separator in SEPARATORS
        }
        separator = max(SEPARATORS, key=lambda one: len(heads[one]))
        columns = heads[separator]
        text = names if names in [*columns] else columns[0]
        how: dict[str, Any] = {"dtype": {text: str}, "skipinitialspace": True, "sep": separator}
        table = pd.read_csv(path, **how)
        if separator == ",":
            return table
        with_commas = pd.read_csv(path, decimal=",", **how)
    except (OSError, ValueError, IndexError) as error:  # of pandas' own, too
        cure = f"It is looked for beside the TOML file. The system says: {error}."
        raise InputError(key, str(path), "a readable CSV file", cure) from error
    numbers, of_commas = (set(one.select_dtypes("number").columns) for one in (table, with_commas))
    return with_commas if of_commas - numbers else table


COLUMN_KEYS = ("names", "latitude", "longitude", "population")  # of a CSV file
GEOGRAPHIES: dict[str, Callable[..., geography.Geography]] = {
    "cities": geography.cities,
    "equidistant": geography.equidistant,
    "racetrack": geography.racetrack,
    "line": geography.line,
    "star": geography.star,
    "grid": geography.grid,
    "points": geography.from_points,
    "distance": geography.from_distance,
    "table": _of_files,
}
GEOGRAPHY_ARGUMENTS = {
    "cities": ("country", "min_population", "separate"),
    "equidistant": ("n",),
    "racetrack": ("n",),
    "line": ("n", "positions"),
    "star": ("n",),
    "grid": ("ny", "nx"),
    "points": ("latitude", "longitude", "names", "population"),
    "distance": ("distance", "names", "population"),
    "table": (
        *("file", "names", "latitude", "longitude", "distance"),
        *("population", "unit", "crs"),
    ),
}


def make_geography(table: dict[str, Any]) -> geography.Geography:
    """Return the places of a table."""
    with within(lambda name: f"[geography] {_of_line(name, table)}"):
        kind = _choice("kind", table.get("kind"), GEOGRAPHIES)
        given = {key: value for key, value in table.items() if key != "kind"}
        check_keys("geography", given, GEOGRAPHY_ARGUMENTS[kind])
        if kind == "line":
            if len(given) != 1:
                cure = "n = 5 for places one step apart, positions = [0, 1, 2.5] for others."
                raise InputError("[geography]", given, "n or positions for kind 'line'", cure)
            return geography.line(*given.values())
        if kind == "table":
            if not isinstance(given.get("file"), str):
                cure = 'For example file = "towns.csv", which is looked for beside the TOML file.'
                raise InputError("file", given.get("file"), "the name of a CSV file", cure)
            return _of_files(**given)
        if kind == "cities":
            return geography.cities(**given)
        optional = ("names", "population")
        for argument in GEOGRAPHY_ARGUMENTS[kind]:
            if argument not in given and argument not in optional:
                raise InputError(argument, None, f"given for kind {kind!r}")
        keywords = {key: given.pop(key) for key in optional if key in given}
        return GEOGRAPHIES[kind](
            *(given[key] for key in GEOGRAPHY_ARGUMENTS[kind] if key in given), **keywords
        )


def _of_line(argument: str, table: Mapping[str, Any]) -> str:
    """Return the key that says what a line takes as one argument."""
    either = "n" if "n" in table else "positions"
    return either if argument == "n_or_positions" else argument


def make_online(
    tables: Mapping[str, Any], given: Mapping[str, float] | None = None, elsewhere: str = ""
) -> OnlineRegion | None:
    """Return the online region of a file, None where it has none.

    What is `given` by names such as online_trade_cost is said `elsewhere` in the file.
    """
    if "online" not in tables:
        return None
    given = given or {}
    table = table_of(tables, "online")
    table |= {_online_key(name): value for name, value in given.items()}
    if "trade_cost" not in table:
        cure = "Without it, [path] or [sweep.parameters] has online_trade_cost."
        raise InputError("[online] trade_cost", None, "given", cure)
    with within(
        lambda name: f"{elsewhere} {name}" if name in given else f"[online] {_online_key(name)}"
    ):
        return OnlineRegion(**table)


def _online_key(argument: str) -> str:
    """Return what is called online_trade_cost elsewhere as the table [online] calls it."""
    return argument.removeprefix(ONLINE).removeprefix("online ")


def model_class(table: Mapping[str, Any]) -> type[Model]:
    """Return the class of a model by its kind, as its class is called, or by its file.

    The keys of its table are those that it takes.
    """
    with within("[model]"):
        kind = _class_of(table.get("kind", "core-periphery"))
        known = ["kind", *(n for n in kind.fields if n not in ARGUMENTS_WITH_OWN_TABLE)]
        check_keys("model", table, [*known, *(key for key in table if "." in key)])
    return kind


def _class_of(kind: Any) -> type[Model]:
    if model_file.names_file(kind):
        return model_file.load(kind)
    kinds = Model.kinds()
    if isinstance(kind, str):
        kind = {_letters(known): known for known in kinds}.get(_letters(kind), kind)
    if not isinstance(kind, str) or kind not in kinds:
        cure = f"{near(kind if isinstance(kind, str) else '', kinds)} {model_file.HOW}"
        raise InputError("kind", kind, "a known kind", cure)
    return kinds[kind]


def _letters(kind: str) -> str:
    """Return the letters of a name: "online agglomeration" and OnlineAgglomeration are the same."""
    return "".join(filter(str.isalnum, kind)).casefold()


ARGUMENTS_WITH_OWN_TABLE = ("geography", "online")  # arguments of models with tables of their own


def make_model(
    kind: type[Model],
    table: Mapping[str, Any],
    places: geography.Geography,
    online: OnlineRegion | None,
    elsewhere: Mapping[str, str] | None = None,
) -> Model:
    """Return the economy of a table; `elsewhere`, by name, is where else a value was taken from."""
    elsewhere = elsewhere or {}
    with within(lambda name: _of_model(name, kind, table, elsewhere)):
        needed = [key for key in kind.parameters if _is_needed(kind, key)]
        if missing := [key for key in needed if key not in table]:
            cure = (
                "Or let it vary: `run` and `explore` take a number from [path], `sweep` from "
                "[sweep.parameters] too."
            )
            raise InputError(in_words(missing), None, "given", cure)
        given: dict[str, Any] = {key: value for key, value in table.items() if key != "kind"}
        reaching = {key: given.pop(key) for key in list(given) if "." in key}  # into mechanisms
        plain = {key: where for key, where in elsewhere.items() if key in given}
        for key in kind.labelled:
            if given.get(key) == POPULATION:
                given[key] = places.population_share.values
        if online is not None:
            if "online" not in kind.fields:
                cure = "It has no such region: take the table out."
                raise InputError("[online]", online, "left out for this model", cure)
            given["online"] = online
        make: Any = kind
        with within(lambda name: _of_model(name, kind, given, plain)):
            model: Model = make(places, **given)
        return model.replace(reaching) if reaching else model


def _is_needed(kind: type[Model], parameter: str) -> bool:
    return kind.fields[parameter].default is REQUIRED


def _of_model(
    name: str, kind: type[Model], table: Mapping[str, Any], elsewhere: Mapping[str, str]
) -> str:
    """Return where it stands what a model refuses, and by which name."""
    head, _, rest = name.partition(".")
    mechanisms = table.get("mechanisms")
    if name in elsewhere:
        return f"{elsewhere[name]} {name}"
    if name in ARGUMENTS_WITH_OWN_TABLE:
        return f"[{name}]"
    if name not in table and isinstance(mechanisms, dict) and head in mechanisms:
        return f"[model.mechanisms.{head}] {rest}".rstrip()
    if name.startswith(ONLINE) and name not in kind.fields:
        return f"[online] {_online_key(name)}"
    return f"[model] {name}"


def with_data(model: Model, tables: Mapping[str, Any]) -> Model:
    """Return the economy with fundamentals such that it has what is observed: ``nege.invert``."""
    table = table_of(tables, "data")
    if not table:
        return model
    given: dict[str, Any] = dict(table)
    for key, value in table.items():
        if value == POPULATION:
            given[key] = model.geography.population_share
    with within(lambda name: _of_data(name, table, tables["model"])):
        return invert(model, **given)


def _of_data(name: str, data: Mapping[str, Any], model: Mapping[str, Any]) -> str:
    """Return where it stands what cannot be inverted: data, or a parameter of the model."""
    if name == "model":
        return "[model]"
    return f"[model] {name}" if name in model and name not in data else f"[data] {name}"


def make_dynamics(tables: Mapping[str, Any], model: Model) -> Replicator | Logit:
    """Return how people move."""
    table = table_of(tables, "dynamics")
    with within("[dynamics]"):
        kind = _choice("kind", table.get("kind", "replicator"), ("logit", "replicator"))
        wanted = ("scale", "weights", "online_weight") if kind == "logit" else ("allow_entry",)
        given = {key: value for key, value in table.items() if key != "kind"}
        check_keys("dynamics", given, wanted)
        if kind == "replicator":
            return Replicator(**given)
        if not model.in_shares:
            cure = "How people choose is among the parameters of [model]."
            raise InputError("kind", kind, '"replicator" for this model', cure)
        if "scale" not in given:
            raise InputError("scale", None, "given for logit tastes")
        weights = given.get("weights", "equal")
        if weights == POPULATION:
            given["weights"] = model.geography.population_share
        elif weights == "equal":
            given["weights"] = np.full(len(model.geography), 1.0 / len(model.geography))
        elif not isinstance(weights, (list, dict)):
            raise InputError("weights", weights, '"population", "equal", a list or a table')
        if model.online is not None and "online_weight" not in given:
            raise InputError(
                "online_weight",
                None,
                "given where there is an online region",
                "It is the room people see online, in the unit of the places' weights.",
            )
        dynamics = Logit(**given)
        if model.online is None:  # a file whose table [online] was taken out still runs
            dynamics = dataclasses.replace(dynamics, online_weight=None)
        dynamics.for_kernels(model)
        return dynamics


def _path_values(table: dict[str, Any]) -> tuple[str, np.ndarray, int]:
    for key in ("parameter", "from", "to"):
        if key not in table:
            raise InputError(key, None, "given")
    back = table.get("back", False)
    if not isinstance(back, bool):
        raise InputError("back", back, "true or false")
    values = value_range(table)
    turn = len(values) - 1
    if back:
        values = np.concatenate([values, values[-2::-1]])
    return str(table["parameter"]), values, turn


def value_range(table: Mapping[str, Any]) -> np.ndarray:
    """Return the values from one end to the other, both included exactly."""
    ends = []
    spacing = _choice("spacing", table.get("spacing", "linear"), ("linear", "log"))
    for key in ("from", "to"):
        if key not in table:
            raise InputError(key, None, "given")
        ends.append(validation.number(key, table[key]))
        if spacing == "log" and ends[-1] <= 0.0:
            cure = "A logarithmic path needs positive ends."
            raise InputError(key, ends[-1], "positive", cure)
    count = validation.whole("points", table.get("points", 25), at_least=2)
    memory.check("points", count, 64 * count, "for memory", "Take fewer points.")
    space = np.geomspace if spacing == "log" else np.linspace
    values: np.ndarray = space(ends[0], ends[1], count)
    values[0], values[-1] = ends
    return values
