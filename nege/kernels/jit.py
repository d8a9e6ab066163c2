"""How kernels compile, and how compiled code is cached.

``kernel`` compiles with NumPy's error model, without the GIL, and caches on disk
under a digest of the kernel's file and of all that it imports (``sources``): Numba
by itself notices a change only in the file of the function called, so a change in a
function that this one calls would go on returning the old results.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import logging
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba import types
from numba.core.caching import FunctionCache
from numba.core.cpu import CPUContext
from numba.core.targetconfig import TargetConfig

from nege.kernels import sources
from nege.kernels.compiling import Inside, Kernel, uninterrupted
from nege.kernels.linking import Apart, Linked
from nege.kernels.records import RecordType

Function = TypeVar("Function", bound=Callable[..., Any])

logger = logging.getLogger("nege")

#: Safe for arithmetic: contraction, reassociation and signed zeros, but NaN and
#: infinity keep their meaning (with ``fastmath=True``, isfinite(nan) is true).
ARITHMETIC = {"contract", "reassoc", "arcp", "nsz"}

_compiled_within: dict[tuple[Any, frozenset[str]], dict[Any, Any]] = {}
_subtarget = CPUContext.subtarget


def _of_one_arithmetic(context: Any, **options: Any) -> Any:
    """Return Numba's context for some options, which shares what it compiles with its like alone.

    Products and quotients of complex numbers are functions that Numba compiles once a process,
    with the liberties of whoever needs them first, and so to other bits in another order.
    """
    made = _subtarget(context, **options)
    if "fastmath" in options:
        key = made.codegen(), frozenset(options["fastmath"].flags)
        made.cached_internal_func = _compiled_within.setdefault(key, {})
    return made


CPUContext.subtarget = _of_one_arithmetic


_are_equal = TargetConfig.__eq__


def _are_set_alike(options: Any, other: Any) -> Any:
    """Return whether two sets of options are equal: those that are set alike are.

    Numba asks both for each of thirty by name whenever it looks up what it compiled before, which
    takes a fifteenth of the time that compiling does.
    """
    alike = type(options) is type(other) and options._values == other._values
    return alike or _are_equal(options, other)


def _hash_of_names(options: Any) -> int:
    """Return Numba's hash, which depends on names alone, and not on what they are set to."""
    return hash(tuple(sorted(options.options)))


TargetConfig.__eq__, TargetConfig.__hash__ = _are_set_alike, _hash_of_names


def _file(cls: type) -> Path:
    """Return the file that defines a parameter type; no file's path where it may change unseen."""
    found = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return Path(found).absolute() if found and cls.__module__ != "__main__" else Path()


def _named_tuples(numba_type: Any) -> Iterator[type]:
    """Every NamedTuple class that a type holds, itself and nested ones."""
    if isinstance(numba_type, types.BaseNamedTuple):
        yield numba_type.instance_class
    if isinstance(numba_type, RecordType):
        yield numba_type.cls
    if isinstance(numba_type, types.BaseTuple):
        for member in numba_type:
            yield from _named_tuples(member)


@functools.cache
def _warn_once() -> None:
    logger.warning(
        "compiled code is not kept, each process compiles it again: no folder for it can be "
        "written to; the environment variable NUMBA_CACHE_DIR can name one"
    )


class PackageCache(FunctionCache):
    """Numba's function cache, keyed by the source files that a kernel is made of.

    Parameters
    ----------
    function : callable
        The kernel. Its file counts, that of each parameter type, and what these import.
    files : iterable of str or path
        Further source files that count, with what they import.
    key : bytes
        Whatever else the compiled code depends on.
    """

    _impl_class = Linked

    def __init__(
        self, function: Callable[..., Any], files: Iterable[Any] = (), key: bytes = b""
    ) -> None:
        self._py_func = function
        self._files = {Path(file).absolute() for file in (inspect.getfile(function), *files)}
        self._key = key

    def __getattr__(self, name: str) -> Any:
        """Do Numba's part of the constructor when a kernel is first called, not on import.

        It looks for a folder to write to, which takes time and may fail.
        """
        if name not in ("_enabled", "_impl", "_cache_file", "_cache_path"):
            raise AttributeError(name)
        try:
            super().__init__(self._py_func)
        except RuntimeError:
            self._enabled, self._impl, self._cache_file, self._cache_path = False, None, None, ""
            _warn_once()
        return getattr(self, name)

    def _digest(self, signature: Any) -> bytes | None:
        arguments = getattr(signature, "args", signature)
        defined = {_file(cls) for argument in arguments for cls in _named_tuples(argument)}
        return sources.digest(frozenset(self._files | defined))

    def has(self, signature: Any, target_context: Any) -> bool:
        """Whether there is compiled code for it on disk."""
        if not (self._enabled and self.keeps(signature)):
            return False
        key = self._index_key(signature, target_context.codegen())
        try:
            return key in self._cache_file._load_index()
        except (OSError, EOFError, ImportError, AttributeError, pickle.UnpicklingError):
            return False  # it is compiled again, which says so

    def keeps(self, signature: Any) -> bool:
        """Whether compiled code is kept: not that of a parameter type without a file."""
        # As in a notebook cell, which can change unseen.
        return self._digest(signature) is not None

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        # Text alone: an index that held the types themselves could not be read where the
        # module of somebody's model cannot be imported, not even for other models.
        arguments = getattr(sig, "args", sig)
        classes = [
            (c.__module__, c.__qualname__, c._fields) for a in arguments for c in _named_tuples(a)
        ]
        # What a generated function closes over is in its key and its files; Numba's own key
        # would hash it as it is in this process.
        rest = (codegen.magic_tuple(),) if self._key else super()._index_key(sig, codegen)[1:]
        key = (str(sig), classes, *rest, self._digest(sig), self._key)
        return hashlib.sha256(repr(key).encode()).hexdigest()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load compiled code, unless it could be stale."""
        if not self.keeps(sig):
            return None
        try:
            return super().load_overload(sig, target_context)
        except (ImportError, AttributeError, EOFError, pickle.UnpicklingError) as error:
            logger.warning("a cached kernel cannot be read (%s); it is compiled again", error)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save compiled code, unless it could become stale unseen."""
        if self.keeps(sig):
            super().save_overload(sig, data)


def _options(arithmetic: bool | set[str]) -> dict[str, Any]:
    flags = ARITHMETIC if arithmetic is True else arithmetic
    return {"error_model": "numpy", "nogil": True, "fastmath": flags}


def kernel(
    function: Function | None = None,
    *,
    arithmetic: bool | set[str] = False,
    inside: bool = False,
    late: Any | None = None,
    in_python: bool = True,
    files: Iterable[Any] = (),
    key: bytes = b"",
) -> Any:
    """Compile a kernel, once: other kernels call it by its symbol (``linking``).

    Parameters
    ----------
    function : callable
        The kernel: arrays, numbers and NamedTuples in and out.
    arithmetic : bool
        Let the compiler reorder sums. Only for loops that hold no test of
        convergence and no test for NaN. Or which liberties it takes.
    inside : bool
        Compile it again inside each kernel that calls it. Only for small ones, in inner loops.
    late : Numba type, optional
        What it returns, if it compiles when it is first called, not when what calls it does: for
        what only some economies need.
    in_python : bool
        Whether a tiny first call may be answered in Python: not what reads addresses, whose
        records a compilation ahead would not hold.
    files, key
        As in ``PackageCache``, for a kernel whose source is put together.
    """
    if function is None:
        given = {"arithmetic": arithmetic, "inside": inside, "late": late, "in_python": in_python}
        return functools.partial(kernel, **given, files=files, key=key)
    if numba.config.DISABLE_JIT:
        return function
    alone = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    inner = _dispatcher(function, {**_options(arithmetic), **alone}, files, key)
    if inside:
        inner.__class__, inner.entry_for = Inside, functools.partial(_entry, function, files, key)
        return inner
    return Apart(inner, functools.partial(_entry, function, files, key, in_python=in_python), late)


def _dispatcher(
    function: Function, options: dict[str, Any], files: Iterable[Any], key: bytes
) -> Any:
    """Return Numba's dispatcher of a function, with our cache and safe from interrupts."""
    made = numba.njit(**options)(function)
    if (file := Path(inspect.getfile(function)).absolute()).is_file():
        sources.declare(file)
        made._cache = PackageCache(function, files, key)
    for step in ("_compile_for_args", "compile"):
        setattr(made, step, uninterrupted(getattr(made, step), function.__name__))
    made.__class__ = Kernel
    return made


def _entry(
    function: Function, files: Iterable[Any], key: bytes, inner: Any, in_python: bool = True
) -> Any:
    """Return what Python calls: a kernel that does nothing but call another.

    What only kernels call needs none, and the wrappers around a kernel take long to compile.
    """
    names = ", ".join(inspect.signature(function).parameters)
    name = function.__name__ if function.__name__.isidentifier() else "unnamed"
    scope = {"inner": inner, "__name__": function.__module__}
    source = f"def {name}({names}): return inner({names})"
    exec(compile(source, inspect.getfile(function), "exec"), scope)
    key += f" {function.__qualname__} from Python".encode()
    made = _dispatcher(scope[name], _options(False), files, key)
    made.in_python = in_python
    return made
