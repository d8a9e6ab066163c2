"""The lines of Python that make what an explorer shows, to the last bit.

An economy is written as a call with its fields, and the call is tried: only where it makes the same
economy, number by number, is it what the lines say. Where it does not, or would be longer than
anybody reads, as of places and fundamentals that came from data, the economy goes into a file
beside the lines, and they say so.
"""

from __future__ import annotations

import dataclasses
import json
import math
import pathlib
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege._version import __version__
from nege.errors import NegeError
from nege.explorer.answers import FAILED, REFUSED, Answer
from nege.explorer.changes import Step, steps
from nege.explorer.controls import Switch
from nege.explorer.diagrams import POINTS, Diagram
from nege.geography import Geography
from nege.geography.metrics import Grid, Line
from nege.geography.online import OnlineRegion
from nege.models.agglomeration.mechanisms.frame import Mechanism
from nege.models.agglomeration.mechanisms.parts import Part
from nege.models.base import Model
from nege.models.fields import REQUIRED
from nege.models.shipped import SHIPPED
from nege.results.equilibrium import Equilibrium
from nege.solver_options import Logit, Replicator, SolverOptions

WIDTH, INDENT = 92, 4  # of lines
ROOM = WIDTH - len("economy = ")
OF_MECHANISMS = "from nege import mechanisms as mech"
LONGEST = 8000  # characters of an economy that somebody reads
MOST = 600  # numbers of a start that stand among the lines
ECONOMY = "economy.nc"
STARTS = {"found": "start.nc", "before": "start_before.nc"}  # of each solve its own


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Script:
    """Lines of Python, and what they need beside them.

    Attributes
    ----------
    text : str
        The lines.
    files : mapping of str to bytes
        Files that have to lie in the working folder, by name; mostly none.
    notes : tuple of str
        Why there are files, or what the lines cannot do.
    """

    text: str
    files: Mapping[str, bytes]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return self.text


class Made(NamedTuple):
    """How an economy is made."""

    imports: tuple[str, ...]
    lines: tuple[str, ...]  # after which it is called economy
    files: dict[str, bytes]
    notes: tuple[str, ...]


class Recipe(NamedTuple):
    """How all that an explorer shows begins."""

    model: Model
    made: Made
    switches: Mapping[str, Switch]
    dynamics: Replicator | Logit
    options: SolverOptions


def saves(files: Mapping[str, bytes]) -> str:
    """Return what the button says that saves files."""
    return f"Save {', '.join(files)}"


def script(recipe: Recipe, answer: Answer, diagram: Diagram | None) -> Script:
    """Return the lines that make an answer, and a diagram."""
    return _Writer(recipe).write(answer, diagram)


class _Writer:
    """Writes the lines of one answer."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.files, self.notes = dict(recipe.made.files), list(recipe.made.notes)
        self.imports = list(recipe.made.imports)
        self.how = _how(recipe.dynamics, recipe.options, recipe.model.geography)
        self.call = "".join(f", {name}={name}" for name in self.how)

    def write(self, answer: Answer, diagram: Diagram | None) -> Script:
        """Return them."""
        body = [*self.recipe.made.lines]
        for name, text in self.how.items():
            body += f"{name} = {text}".split("\n")
        if answer.against is not None:
            body += ["", *self._solved(answer.against, "before", "earlier")]
        body += ["", *self._solved(answer, "found", "now")]
        if answer.outcome != REFUSED:
            body += ["print(found)"]
            if answer.gains is not None:
                body += ["", "gains = nege.compare(before, found)", "print(gains)", "gains.plot()"]
            places = self.recipe.model.geography.coordinates is not None
            body += [f"found.plot.{'map' if places else 'shares'}()"]
            if diagram is not None:
                body += ["", *self._diagram(diagram)]
            body += ["", "plt.show()"]
            self.imports.append("import matplotlib.pyplot as plt")
        if self.files:
            self.notes.append(
                f'The button "{saves(self.files)}" of the page saves what has to lie in the '
                "folder where the lines run; in Python it is .files of these lines."
            )
        notes = tuple(dict.fromkeys(self.notes))
        about = [f"{answer.headline.rstrip('.')}. By nege {__version__}.", *notes]
        head = [line for each in about for line in _comment(each)]
        text = "\n".join([*head, "", *_sorted(self.imports), "", *body]) + "\n"
        return Script(text, self.files, notes)

    def _changed(self, name: str, values: Mapping[str, Any]) -> list[str]:
        """Return the line that makes the economy at some values, under a name; none without."""
        changed = steps(values, self.recipe.switches)
        if any(step.method == "with_mechanisms" for step in changed):
            self.imports.append(OF_MECHANISMS)
        flat = "".join(f".{step.method}({_arguments(step)})" for step in changed)
        if not changed:
            return []
        if len(f"{name} = economy{flat}") <= WIDTH:
            return [f"{name} = economy{flat}"]
        parts = [f"    .{step.method}({_arguments(step)})" for step in changed]
        return [f"{name} = (", "    economy", *parts, ")"]

    def _solved(self, one: Answer, name: str, economy: str) -> Iterator[str]:
        """Yield the lines that solve what was answered."""
        if one.outcome == REFUSED:
            yield from _comment(f"The economy does not take these values: {' '.join(one.words)}")
        changed = self._changed(economy, one.values)
        yield from changed
        economy, start = economy if changed else "economy", ""
        if one.start is not None and one.outcome != REFUSED:
            start = ", start"
            yield from self._start(one, STARTS[name])
        line = f"{name} = nege.solve({economy}{start}{self.call})"
        if one.outcome != FAILED:
            yield line
            return
        yield from ("try:", f"    {line}", "except nege.ConvergenceError as error:")
        yield f"    {name} = error.equilibrium  # no equilibrium: what the solve reached"

    def _start(self, answer: Answer, file: str) -> list[str]:
        """Return the lines that say from where a solve starts."""
        value = _numbers_of(answer.start, answer.model)
        said = f"# It is found {answer.started}, and the past can matter."
        if _count(value) <= MOST:
            return [said, *f"start = {pretty(value, WIDTH - 8)}".split("\n")]
        if answer.since is None:
            self.notes.append("Put in start= what the explorer was given: it is too long to write.")
            return [said, "start = ...  # as it was given"]
        self.files[file] = _file(answer.since)
        self.notes.append(f"{file} has where the economy was before: {_count(value)} numbers.")
        more = '["share"]' if answer.since.model.in_shares else ""
        return [said, f'start = nege.load("{file}").data{more}']

    def _diagram(self, diagram: Diagram) -> list[str]:
        """Return the lines that make a diagram."""
        low, high = diagram.interval
        made = self._changed("around", diagram.values)
        given = f"{'around' if made else 'economy'}, {text_of(diagram.name)}, ({low!r}, {high!r})"
        if diagram.kind == "branches":
            made.append(f"diagram = nege.bifurcation({given}{self.call})")
        else:
            if diagram.start is not None:
                value = _numbers_of(diagram.start, diagram.found.model)
                made += f"begin = {pretty(value, WIDTH - 8)}".split("\n")
                given += ", start=begin"
            given += f", points={POINTS}"
            made.append(f"diagram = nege.hysteresis({given}{self.call})")
        return [*made, "print(diagram)", f"diagram.plot(region={text_of(diagram.region)})"]


def _arguments(step: Step) -> str:
    """Return what a change is called with."""
    return ", ".join(text_of(one, math.inf) for one in step.arguments)


def _comment(words: str) -> list[str]:
    """Return words as lines of a comment."""
    return textwrap.wrap(words, WIDTH, initial_indent="# ", subsequent_indent="# ")


def _sorted(imports: Sequence[str]) -> list[str]:
    """Return imports in the usual order: of others, then of nege."""
    every = dict.fromkeys([*imports, "import nege"])
    return sorted(every, key=lambda line: ("nege" in line, line.startswith("from"), line))


def _how(
    dynamics: Replicator | Logit, options: SolverOptions, geography: Geography
) -> dict[str, str]:
    """Return how the economy is solved, where that is not by default."""
    found = {}
    if isinstance(dynamics, Logit):
        fields = _fields_of(dynamics)
        known = _column(geography, dynamics.weights, "economy.geography")
        found["dynamics"] = _call(
            "nege.Logit", fields | ({"weights": known} if known else {}), ROOM
        )
    elif dynamics != Replicator():
        found["dynamics"] = _call("nege.Replicator", _fields_of(dynamics))
    if options != SolverOptions():
        found["options"] = _call("nege.SolverOptions", _fields_of(options), ROOM)
    return found


def _fields_of(value: Any) -> dict[str, str]:
    """Return the fields of a dataclass that are not what they are by default, as text."""
    found = {}
    for field in dataclasses.fields(value):
        held = getattr(value, field.name)
        if held is None or (type(held) is type(field.default) and held == field.default):
            continue
        found[field.name] = text_of(held, ROOM - INDENT - len(field.name))
    return found


def _call(name: str, arguments: Mapping[str, str], width: float = WIDTH) -> str:
    return _spread(f"{name}(", [f"{key}={text}" for key, text in arguments.items()], ")", width)


def _spread(first: str, parts: Sequence[str], last: str, width: float) -> str:
    """Return parts between brackets: in a line, or one to a line where that is too long."""
    flat = f"{first}{', '.join(parts)}{last}"
    if (len(flat) <= width and "\n" not in flat) or not parts:
        return flat
    inside = ",\n".join(parts).replace("\n", f"\n{' ' * INDENT}")
    return f"{first}\n{' ' * INDENT}{inside},\n{last}"


def _numbers_of(start: Any, model: Model | None) -> Any:
    """Return a start as lists of numbers, in the order of the economy."""
    if isinstance(start, xr.DataArray):
        if model is not None and "region" in start.coords:
            start = start.sel(region=list(model.regions))
        return start.values.tolist()
    if isinstance(start, xr.Dataset):
        return {str(name): array.values.tolist() for name, array in start.data_vars.items()}
    if isinstance(start, Mapping):
        return {str(name): _numbers_of(one, model) for name, one in start.items()}
    return np.asarray(start).tolist() if not isinstance(start, (str, float, int)) else start


def _count(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(map(_count, value.values()))
    return sum(map(_count, value)) if isinstance(value, list) else 1


def pretty(value: Any, width: float = WIDTH) -> str:
    """Return names and numbers in lists and mappings as text, in lines where it is long."""
    if isinstance(value, Mapping):
        keys = {key: text_of(str(key)) for key in value}
        inner = width - INDENT - 3
        parts = [f"{keys[k]}: {pretty(v, inner - len(keys[k]))}" for k, v in value.items()]
        return _spread("{", parts, "}", width)
    if not isinstance(value, list):
        return text_of(value)
    if any(isinstance(one, (list, Mapping)) for one in value):
        return _spread("[", [pretty(one, width - INDENT - 1) for one in value], "]", width)
    texts = [text_of(one) for one in value]
    if 2 + sum(map(len, texts)) + 2 * len(texts) <= width:
        return f"[{', '.join(texts)}]"
    return _spread("[", _filled(texts, width - INDENT - 1), "]", 0)


def _filled(texts: Sequence[str], width: float) -> list[str]:
    """Return texts in lines, as many in each as it holds."""
    found: list[str] = []
    for text in texts:
        if found and len(found[-1]) + len(text) + 2 <= width:
            found[-1] += f", {text}"
        else:
            found.append(text)
    return found


# --- an economy as a call -------------------------------------------------------------


def made(model: Model, solved: Equilibrium | None, geography: str = "") -> Made:
    """Return how an economy is made: by a call that has been tried, or by a file."""
    for places in _places(model.geography, geography):
        if not _makes_places(places, model.geography):
            continue
        for brief in (True, False):
            try:
                found = _by_call(model, places, brief=brief)
            except _UnwritableError:
                break
            if _makes(found, model):
                return found
    return _by_file(model, solved)


class _UnwritableError(Exception):
    """Something that no text stands for."""


def _by_call(model: Model, places: str, *, brief: bool) -> Made:
    imports, name = _named(type(model))
    plain = _plain(model) if brief else None
    arguments: dict[str, str] = {}
    for field in model.fields.values():
        if field.name == "geography":
            continue
        held = getattr(model, field.name)
        default = field.default if plain is None else getattr(plain, field.name)
        if held is None or (plain is not None and _same(held, default)):
            continue
        if field.name == "mechanisms":
            if not held:
                continue
            more, text = _mechanisms(held.values())
            imports += more
            arguments[field.name] = text
            continue
        if isinstance(field.default, (str, float)) and _same(held, field.default):
            continue
        room = ROOM - INDENT - len(field.name)
        arguments[field.name] = _column(model.geography, held, "places") or text_of(held, room)
    call = _spread(f"{name}(", ["places", *(f"{k}={v}" for k, v in arguments.items())], ")", ROOM)
    lines = f"places = {places}\neconomy = {call}".split("\n")
    if sum(map(len, lines)) > LONGEST:
        raise _UnwritableError
    return Made(tuple(imports), tuple(lines), {}, ())


def _column(geography: Geography, held: Any, places: str) -> str | None:
    """Return how numbers over places are had from these, where they are among what is known."""
    values = np.asarray(held)
    if values.shape != (len(geography),) or values.dtype.kind != "f":
        return None
    for name in geography.columns:
        if _equal(values, np.asarray(geography.column("column", name))):
            return text_of(name)
    if geography.population is not None and _equal(values, geography.population_share.values):
        return f"{places}.population_share.values"
    return None


def _plain(model: Model) -> Model | None:
    """Return the economy as it is by default in these places."""
    kind: Any = type(model)
    needed = {
        name: getattr(model, name)
        for name, field in model.fields.items()
        if field.default is REQUIRED and name != "geography"
    }
    try:
        bare: Any = kind(model.geography, **needed)
    except (NegeError, TypeError):
        return None
    # What has to be given stays in.
    return _Without(bare, needed)  # type: ignore[return-value]


class _Without:
    """An economy by default, of which what has to be given is not known."""

    def __init__(self, bare: Any, needed: Mapping[str, Any]) -> None:
        self._bare, self._needed = bare, needed

    def __getattr__(self, name: str) -> Any:
        return REQUIRED if name in self._needed else getattr(self._bare, name)


def _same(one: Any, other: Any) -> bool:
    """Whether two values of a field are the same to the last bit."""
    if isinstance(one, xr.DataArray) and isinstance(other, xr.DataArray):
        return one.dims == other.dims and _equal(one.values, other.values)
    if isinstance(one, xr.DataArray) or isinstance(other, xr.DataArray):
        return False
    if isinstance(one, Mapping):
        return not one and not other
    return type(one) is type(other) and bool(one == other)


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    return np.array_equal(one, other, equal_nan=one.dtype.kind == other.dtype.kind == "f")


def _named(kind: type) -> tuple[list[str], str]:
    """Return what to import for a class, and how it is called then."""
    if kind.__module__ == SHIPPED.get(kind.__name__):
        return [], f"nege.{kind.__name__}"
    if kind.__module__ == "__main__" or "<" in kind.__qualname__:
        raise _UnwritableError
    return [f"from {kind.__module__} import {kind.__name__}"], kind.__name__


def _mechanisms(every: Any) -> tuple[list[str], str]:
    """Return what to import for mechanisms, and how they are written."""
    imports: list[str] = []
    texts = []
    for one in every:
        if type(one).__module__.startswith("nege."):
            imports.append(OF_MECHANISMS)
        else:
            imports += _named(type(one))[0]
        texts.append(text_of(one, WIDTH - 2 * INDENT))
    # As wide as what stands before it leaves.
    return list(dict.fromkeys(imports)), _spread("[", texts, "]", WIDTH - 20)


def text_of(value: Any, width: float = WIDTH) -> str:
    """Return what makes a value, as text, in lines of some width."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool | int) or value is None:
        return repr(value)
    if isinstance(value, float):
        return repr(float(value)) if np.isfinite(value) else f'float("{float(value)}")'
    if isinstance(value, xr.DataArray):
        return pretty(_table(value), width)
    if isinstance(value, (Mechanism, Part)):
        return _part(value, width)
    if isinstance(value, OnlineRegion):
        return _call("nege.OnlineRegion", _fields_of(value), width)
    if dataclasses.is_dataclass(value) and type(value).__module__.startswith("nege."):
        return _call(f"mech.{type(value).__name__}", _fields_of(value), width)
    if isinstance(value, np.ndarray):
        return pretty(value.tolist(), width)
    if isinstance(value, (list, tuple, Mapping)):
        return pretty(value if isinstance(value, Mapping) else list(value), width)
    if isinstance(value, np.generic):
        return text_of(value.item())
    raise _UnwritableError


def _table(value: xr.DataArray) -> Any:
    """Return numbers over labels: one where all are alike, lists in the order of the economy."""
    values = value.values
    if values.dtype.kind in "OU":  # the jurisdiction of each place
        members: dict[str, list[str]] = {}
        for place, name in zip(value[value.dims[0]].values, values, strict=True):
            members.setdefault(str(name), []).append(str(place))
        return members
    if values.size and (values == values.flat[0]).all() and "origin" not in value.dims:
        return float(values.flat[0])
    if value.dims == ("jurisdiction",) or np.isnan(values).any():
        return _by_label(value)
    return values.tolist()


def _by_label(value: xr.DataArray) -> Any:
    """Return numbers in mappings by label, without those that are absent."""
    if value.ndim == 0:
        return float(value) if np.isfinite(value) else None
    dim = value.dims[0]
    parts = {str(label.values): _by_label(value.sel({dim: label})) for label in value[dim]}
    return {label: part for label, part in parts.items() if part is not None} or None


def _part(value: Mechanism | Part, width: float) -> str:
    """Return a mechanism, or a part of one, as it is written."""
    kind = type(value)
    prefix = "mech." if kind.__module__.startswith("nege.") else ""
    arguments: dict[str, str] = {}
    for name, field in value.fields.items():
        held = getattr(value, name)
        if name == "name":
            if held != getattr(kind, "kind", None):
                arguments[name] = text_of(held)
            continue
        if held is None:
            continue
        if isinstance(held, xr.DataArray) and held.dtype.kind == "f" and np.isnan(held).all():
            continue
        text = text_of(held, width - INDENT - len(name) - 2)
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        if default is REQUIRED or text != pretty(default):
            arguments[name] = text
    return _call(f"{prefix}{kind.__name__}", arguments, width)


def _places(geography: Geography, given: str) -> Iterator[str]:
    """Yield calls that may make the places, of which the first that does is taken."""
    if given:
        yield given
    n, kind = len(geography), geography.kind
    base, part = kind.removeprefix("part of "), kind.startswith("part of ")
    if base in ("equidistant", "racetrack", "star") and not part:
        yield f"nege.geography.{base}({n})"
    elif isinstance(geography.metric, Grid):
        yield f"nege.geography.grid({geography.metric.ny}, {geography.metric.nx})"
    elif isinstance(geography.metric, Line):
        yield f"nege.geography.line({n})"
        yield f"nege.geography.line({pretty(geography.metric.positions.tolist())})"
    elif base == "cities":
        yield from _cities(geography, part)
    elif kind == "points" and geography.coordinates is not None:
        at = geography.coordinates
        yield _points("from_points", [at["latitude"].values, at["longitude"].values], geography)
    elif kind == "given distances":
        yield _points("from_distance", [geography.distance.values], geography)


def _points(maker: str, tables: Sequence[np.ndarray], geography: Geography) -> str:
    """Return a call that makes places from numbers."""
    given = [pretty(table.tolist(), ROOM) for table in tables]
    if geography.names != tuple(map(str, range(len(geography)))):
        given.append(f"names={pretty(list(geography.names), ROOM - 10)}")
    if geography.population is not None:
        given.append(f"population={pretty(geography.population.values.tolist(), ROOM - 15)}")
    return _spread(f"nege.geography.{maker}(", given, ")", ROOM)


def _cities(geography: Geography, part: bool) -> Iterator[str]:
    """Yield calls of ``nege.geography.cities`` for the smallest of some cities."""
    at, people = geography.coordinates, geography.population
    if at is None or people is None or "country" not in at:
        return
    countries = list(dict.fromkeys(map(str, at["country"].values)))
    country = text_of(countries[0]) if len(countries) == 1 else pretty(countries)
    smallest = int(people.min())
    # As somebody would have asked for them, if there are no others above that.
    limits = dict.fromkeys([int(float(f"{0.95 * smallest:.0e}")), smallest])
    some = f".select({pretty(list(geography.names))})" if part else ""
    for separate in ("", ", separate=50.0", ", separate=0.0"):
        for limit in limits if not part else [smallest]:
            yield f"nege.geography.cities({country}, {limit:_}{separate}){some}"


def _made_by(lines: Sequence[str], name: str) -> Any:
    """Return what lines that were written here make under a name; None where they do not run."""
    space: dict[str, Any] = {}
    try:
        exec("\n".join(lines), space)
    except Exception:  # of whatever cannot be made like this: there is another way
        return None
    return space.get(name)


def _makes_places(text: str, geography: Geography) -> bool:
    """Whether a call makes the same places, to the last bit."""
    found = _made_by(["import nege", f"places = {text}"], "places")
    return isinstance(found, Geography) and same(found, geography)


def _makes(found: Made, model: Model) -> bool:
    """Whether lines make the same economy, to the last bit."""
    economy = _made_by([*_sorted(found.imports), *found.lines], "economy")
    return type(economy) is type(model) and same(economy, model)


def same(one: Any, other: Any) -> bool:
    """Whether two economies, or geographies, are the same to the last bit, whatever is cited."""
    stored = (each.to_dataset() for each in (one, other))
    a, b = (each.assign_attrs(source="") for each in stored)
    return bool(a.identical(b))


def _by_file(model: Model, solved: Equilibrium | None) -> Made:
    """Return how an economy is made from a file that has it."""
    kind = f"{len(model.geography)} places ({model.geography.kind})"
    if solved is None:
        note = "The economy is not solved, and cannot be written: put it in yourself."
        return Made((), ("economy = ...  # as the explorer was given it",), {}, (note,))
    imports = (
        [] if type(model).__module__.startswith("nege.") else [f"import {type(model).__module__}"]
    )
    try:
        content = _file(solved)
    except NegeError as error:
        note = f"The economy cannot be written: {error}"
        return Made((), ("economy = ...  # as the explorer was given it",), {}, (note,))
    note = (
        f"The file {ECONOMY} has the economy: its {kind}, or what they are like, came "
        "from data, and not from a few numbers that could stand here."
    )
    lines = (f'economy = nege.load("{ECONOMY}").model',)
    return Made(tuple(imports), lines, {ECONOMY: content}, (note,))


def _file(found: Equilibrium) -> bytes:
    """Return the bytes of a file that has an equilibrium and its economy."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / ECONOMY
        found.to_netcdf(path)
        return path.read_bytes()
