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


def name_of(function: Any) -> str:
    """Return what a function is called, in words."""
    inner = getattr(function, "func", None)
    if isinstance(function, functools.partial):
        return f"partial of {name_of(inner)}"
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def identity(argument: str, given: Any) -> str:
    """Return the name of a function or a class, and a digest of all that its answers depend on."""
    digest, seen = hashlib.sha256(), set[int]()
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


def _pieces(value: Any, seen: set[int]) -> Iterator[str]:
    """Yield what a value is made of."""
    if isinstance(value, PLAIN):
        yield f"{type(value).__name__} {value!r}"
        return
    kind = type(value)
    if isinstance(value, (ModuleType, FunctionType, type)) or _is_kernel(value):
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
    elif id(value) in seen:
        yield "again"
    else:
        seen.add(id(value))
        yield from _composed(value, seen)


def _composed(value: Any, seen: set[int]) -> Iterator[str]:
    """Yield what consists of other values."""
    kind = type(value)
    yield f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(value, functools.partial):
        parts: Any = [value.func, value.args, value.keywords]
    elif isinstance(value, MethodType):
        parts = [value.__func__, value.__self__]
    elif isinstance(value, Mapping):
        parts = [part for pair in value.items() for part in pair]
    elif isinstance(value, (list, tuple)):
        parts = value
    elif isinstance(value, (set, frozenset)):
        yield from sorted("".join(_pieces(one, set(seen))) for one in value)
        return
    elif dataclasses.is_dataclass(value):
        parts = [getattr(value, field.name) for field in dataclasses.fields(value)]
    elif getattr(value, "__dict__", None) is not None and not _installed(kind.__module__):
        yield from _class(kind, seen)
        parts = [part for pair in sorted(vars(value).items()) for part in pair]
    else:
        try:
            yield hashlib.sha256(pickle.dumps(value)).hexdigest()
        except Exception as error:  # pickle raises whatever it likes
            raise _NamelessError(value) from error
        return
    yield f"of {len(parts)}"
    for part in parts:
        yield from _pieces(part, seen)


def _is_kernel(value: Any) -> bool:
    """Whether it is a compiled function."""
    return not isinstance(value, type) and isinstance(getattr(value, "py_func", None), FunctionType)


def _named(value: Any, seen: set[int]) -> Iterator[str]:
    """Yield what has a name: all that is in it, unless it is installed."""
    value = getattr(value, "py_func", value)
    module = value.__name__ if isinstance(value, ModuleType) else value.__module__
    name = getattr(value, "__qualname__", value.__name__)
    # What is not installed may be run as a program, or imported, or made from a text by exec.
    made = isinstance(value, FunctionType) and module in (None, "builtins")
    installed = _installed(module) and not made
    yield f"{type(value).__name__} {f'{module}.{name}' if installed else name}"
    if installed or id(value) in seen:
        return
    if isinstance(value, ModuleType):
        file = getattr(value, "__file__", None)
        if file is not None:
            yield checksums.of_file(pathlib.Path(file))
    elif isinstance(value, type):
        yield from _class(value, seen)
    else:
        yield from _function(value, seen)


def _class(kind: type, seen: set[int]) -> Iterator[str]:
    """Yield the methods and constants of a class that is not installed, those inherited too."""
    seen.add(id(kind))
    own = [one for one in kind.__mro__ if one is not object]
    for base in own:
        if _installed(base.__module__):
            yield f"{base.__module__}.{base.__qualname__}"
    parts = [p for one in own if not _installed(one.__module__) for p in sorted(vars(one).items())]
    for name, value in parts:
        inner = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        said = name.startswith("__") and name.endswith("__")  # of Python, or made by dataclasses
        table = isinstance(inner, Mapping) and all(map(callable, inner.values()))
        counts = isinstance(inner, (FunctionType, tuple, *PLAIN)) or _is_kernel(inner)
        if not said and (counts or table):
            yield name
            yield from _pieces(inner, seen)


def _function(function: FunctionType, seen: set[int]) -> Iterator[str]:
    """Yield code, defaults, and what is read from around a function."""
    seen.add(id(function))
    yield f"function of Python {sys.version_info.major}.{sys.version_info.minor}"
    yield from _code(function.__code__, function.__doc__)
    yield from _pieces((function.__defaults__, function.__kwdefaults__), seen)
    for cell in function.__closure__ or ():
        try:
            yield from _pieces(cell.cell_contents, seen)
        except ValueError:
            yield "empty"
    known = function.__globals__
    for name in sorted(_names(function.__code__) & known.keys()):
        yield f"reads {name}"
        yield from _pieces(known[name], seen)


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
            yield from _pieces(constant, set())


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
