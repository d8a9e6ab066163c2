"""What tells one function from another: its code and all that it reads, as text.

A function given as ``of=`` is named in its store, and only the same one goes on there. It is the
same if its instructions and constants are, its defaults, and what it takes from around it: numbers,
arrays, economies, and functions, in turn. Comments, names of files and lines do not count, nor does
what is installed: of that, nege included, only the name counts, as the store knows the version that
solved each unit. Instructions are those of one minor version of Python.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import pathlib
import pickle
import sys
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege.errors import InputError
from nege.models.base import Model
from nege.results import checksums

INSTALLED = ("site-packages", "dist-packages")
PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...))
COUNTED = (FunctionType, tuple, list, set, frozenset, np.ndarray, *PLAIN)  # of what a class has
ANNOTATIONS = ("__annotate__", "__annotate_func__")

#: What was met before, by its address: kept, as another value could come to have that address.
Seen = dict[int, Any]


def name_of(function: Any) -> str:
    """Return what a function is called, in words."""
    inner = getattr(function, "func", None)
    if isinstance(function, functools.partial):
        return f"partial of {name_of(inner)}"
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def function_inside(given: Any) -> Any:
    """Return the function of a partial or of a method, or else the class of what is called."""
    while isinstance(given, functools.partial):
        given = given.func
    owner = getattr(given, "__self__", None)
    given = given if owner is None else owner
    return given if hasattr(given, "__qualname__") else type(given)


def identity(argument: str, given: Any) -> str:
    """Return the name of a function or a class, and a digest of all that its answers depend on."""
    digest, seen = hashlib.sha256(), Seen()
    try:
        for piece in _pieces(given, seen):
            digest.update(piece.encode() + b"\0")
    except _NamelessError as error:
        allowed = "one that can be told from others, to have a store"
        cure = "It reads something that has no fixed content: give it numbers, arrays or economies."
        raise InputError(argument, error.value, allowed, cure) from error
    return f"{name_of(given)} ({digest.hexdigest()[:16]})"


def own_code(model: Model) -> Iterator[tuple[str, str]]:
    """Yield the classes of a model and of its mechanisms that are not of nege, with their code."""
    parts = [model, *getattr(model, "mechanisms", {}).values()]
    for kind in dict.fromkeys(map(type, parts)):
        if not _installed(kind.__module__):
            yield kind.__qualname__, identity("model", kind)


def is_installed(function: Any) -> bool:
    """Whether a function comes with Python, with nege or with a package, and has no code here."""
    return isinstance(function, FunctionType) and _installed(function.__module__)


class _NamelessError(Exception):
    """There is no telling whether a value is the same elsewhere."""

    def __init__(self, value: Any) -> None:
        super().__init__(repr(type(value)))
        self.value = value


def _pieces(value: Any, seen: Seen) -> Iterator[str]:
    """Yield what a value is made of."""
    kind = type(value)
    if kind in PLAIN:
        yield f"{kind.__name__} {value!r}"
    elif isinstance(value, (ModuleType, FunctionType, type)) or _inside(value) is not None:
        yield from _named(value, seen)
    elif isinstance(value, (np.generic, np.ndarray)):
        yield f"array {checksums.seal(value)}"
    elif isinstance(value, (pd.DataFrame, pd.Series, pd.Index)):
        table = value.to_frame() if isinstance(value, pd.Index) else value
        yield f"{kind.__name__} {getattr(table, 'columns', None)!r}"
        yield f"rows {checksums.seal(pd.util.hash_pandas_object(table).to_numpy())}"
    elif isinstance(value, (xr.DataArray, xr.Dataset, Model)):
        table = value.to_dataset(name="value") if isinstance(value, xr.DataArray) else value
        data = table if isinstance(table, xr.Dataset) else table.to_dataset()
        yield f"{kind.__module__}.{kind.__qualname__}"
        for name, array in sorted(data.variables.items()):
            yield f"{name} over {array.dims} {checksums.seal(array.values)}"
        yield from _pieces(dict(data.attrs), seen)
        if isinstance(value, Model):
            yield from map(" ".join, own_code(value))
    elif id(value) in seen:
        yield f"again {list(seen).index(id(value))}"
    else:
        if not isinstance(value, (tuple, frozenset)):  # equal ones may be the same, or may not
            seen[id(value)] = value
        yield from _composed(value, seen)


def _composed(value: Any, seen: Seen) -> Iterator[str]:
    """Yield what consists of other values."""
    kind = type(value)
    yield f"{kind.__module__}.{kind.__qualname__}"
    if not _installed(kind.__module__):
        yield from _named(kind, seen)
    if isinstance(value, functools.partial):
        parts: Any = [value.func, value.args, value.keywords]
    elif isinstance(value, MethodType):
        parts = [value.__func__, value.__self__]
    elif isinstance(value, Mapping):
        parts = [part for pair in value.items() for part in pair]
    elif isinstance(value, (list, tuple)):
        parts = value
    elif isinstance(value, (set, frozenset)):
        yield from sorted("".join(_pieces(one, dict(seen))) for one in value)
        return
    elif dataclasses.is_dataclass(value):
        parts = [getattr(value, field.name) for field in dataclasses.fields(value)]
    elif getattr(value, "__dict__", None) is not None and not _installed(kind.__module__):
        parts = [part for pair in sorted(vars(value).items()) for part in pair]
    else:
        try:
            content, named = _pickled(value)
        except Exception as error:  # pickle raises whatever it likes
            raise _NamelessError(value) from error
        yield hashlib.sha256(content).hexdigest()
        for one in named:
            yield from _pieces(one, seen)
        return
    yield f"of {len(parts)}"
    for part in parts:
        yield from _pieces(part, seen)


def _pickled(value: Any) -> tuple[bytes, list[Any]]:
    """Return a value as bytes, and apart from them what has code: pickle knows its name alone."""
    named: list[Any] = []

    class Pickler(pickle.Pickler):
        def persistent_id(self, one: Any) -> int | None:
            code = isinstance(one, (FunctionType, type)) or _inside(one) is not None
            if not code or _installed(one.__module__):
                return None
            named.append(one)
            return len(named)

    file = io.BytesIO()
    Pickler(file).dump(value)
    return file.getvalue(), named


def _inside(value: Any) -> FunctionType | None:
    """Return the function inside of a compiled one, or of one that remembers its answers."""
    if isinstance(value, (type, FunctionType, MethodType)):
        return None
    found = (getattr(value, name, None) for name in ("py_func", "__wrapped__"))
    return next((one for one in found if isinstance(one, FunctionType)), None)


def _named(value: Any, seen: Seen) -> Iterator[str]:
    """Yield what has a name: all that is in it, unless it is installed."""
    value = _inside(value) or value
    module = value.__name__ if isinstance(value, ModuleType) else value.__module__
    name = getattr(value, "__qualname__", value.__name__)
    # What is not installed may be run as a program, or imported, or made from a text by exec.
    made = isinstance(value, FunctionType) and module in (None, "builtins")
    installed = _installed(module) and not made
    yield f"{type(value).__name__} {f'{module}.{name}' if installed else name}"
    if installed:
        return
    if id(value) in seen:
        yield f"again {list(seen).index(id(value))}"
        return
    seen[id(value)] = value
    if isinstance(value, ModuleType):
        file = getattr(value, "__file__", None)
        if file is not None:
            yield checksums.of_file(pathlib.Path(file))
    elif isinstance(value, type):
        yield from _class(value, seen)
    else:
        yield from _function(value, seen)


def _class(kind: type, seen: Seen) -> Iterator[str]:
    """Yield the methods and constants of a class that is not installed, those inherited too."""
    own = [one for one in kind.__mro__ if one is not object]
    for base in own:
        if _installed(base.__module__):
            yield f"{base.__module__}.{base.__qualname__}"
    parts = [p for one in own if not _installed(one.__module__) for p in sorted(vars(one).items())]
    for name, value in parts:
        inner = getattr(value, "__func__", value)
        for holds in ("fget", "func"):  # of a property, of one that is worked out once
            held = getattr(value, holds, None)
            inner = held if isinstance(held, FunctionType) else inner
        if name.startswith("__") and name.endswith("__"):
            # Of those of Python what somebody wrote, as __call__.
            counts = isinstance(inner, FunctionType) and name not in ANNOTATIONS
        else:
            counts = isinstance(inner, (*COUNTED, Mapping)) or _inside(inner) is not None
        if counts:
            yield name
            yield from _pieces(inner, seen)


def _function(function: FunctionType, seen: Seen) -> Iterator[str]:
    """Yield code, defaults, and what is read from around a function."""
    yield f"function of Python {sys.version_info.major}.{sys.version_info.minor}"
    yield from _code(function.__code__, function.__doc__)
    yield from _pieces((function.__defaults__, function.__kwdefaults__), seen)
    for cell in function.__closure__ or ():
        try:
            yield from _pieces(cell.cell_contents, seen)
        except ValueError:
            yield "empty"
    # Of functools.singledispatch: what it chooses among.
    yield from _pieces(dict(getattr(function, "registry", {})), seen)
    if isinstance(wrapped := getattr(function, "__wrapped__", None), FunctionType):
        yield from _pieces(wrapped, seen)
    yield from _read(_names(function.__code__), function.__globals__, seen, set())


def _read(names: set[str], known: Mapping[str, Any], seen: Seen, inside: set[str]) -> Iterator[str]:
    """Yield what has one of the names that code reads, in modules that are not installed too."""
    for name in sorted(names & known.keys()):
        value = known[name]
        yield f"reads {name}"
        yield from _pieces(value, seen)
        own = isinstance(value, ModuleType) and not _installed(value.__name__)
        if own and value.__name__ not in inside:
            inside.add(value.__name__)
            yield from _read(names, vars(value), seen, inside)


def _names(code: CodeType) -> set[str]:
    """Return the names of globals and attributes that code reads, that inside of it too."""
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _code(code: CodeType, said: str | None) -> Iterator[str]:
    """Yield instructions, constants and names; not where they are written, nor what is said."""
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars))
    yield repr((code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount))
    yield code.co_exceptiontable.hex()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant, None)
        elif constant is None or constant != said:
            yield from _pieces(constant, Seen())


def _installed(module: str | None) -> bool:
    """Whether a module comes with Python, with nege or with a package that is installed."""
    top = (module or "builtins").partition(".")[0]
    if top == "__main__":
        return False
    if top in sys.stdlib_module_names or top == __name__.partition(".")[0]:
        return True
    found = sys.modules.get(top)
    places = [getattr(found, "__file__", None), *getattr(found, "__path__", ())]
    return any(part in str(place) for place in places for part in INSTALLED)
