"""How kernels compile, how a model supplies its equations, how compiled code is cached.

``kernel`` compiles with NumPy's error model, without the GIL, and caches on disk
under a digest of the kernel's file and of all that it imports (``sources``): Numba
by itself notices a change only in the file of the function called, so a change in a
function that this one calls would go on returning the old results.

``equation`` makes a name that every model fills in for its own parameter type. Inside
compiled code the choice is made by type while compiling; from Python, and with the
JIT off, it is a table look-up. A model registers plain functions.
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
from numba.extending import overload

from nege.kernels import sources
from nege.kernels.compiling import Kernel, uninterrupted

Function = TypeVar("Function", bound=Callable[..., Any])

logger = logging.getLogger("nege")

#: Safe for arithmetic: contraction, reassociation and signed zeros, but NaN and
#: infinity keep their meaning (with ``fastmath=True``, isfinite(nan) is true).
ARITHMETIC = {"contract", "reassoc", "arcp", "nsz"}


def _file(cls: type) -> Path:
    """Return the file that defines a parameter type; no file's path where it may change unseen."""
    found = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return Path(found).absolute() if found and cls.__module__ != "__main__" else Path()


def _named_tuples(numba_type: Any) -> Iterator[type]:
    """Every NamedTuple class that a type holds, itself and nested ones."""
    if isinstance(numba_type, types.BaseNamedTuple):
        yield numba_type.instance_class
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

    def keeps(self, signature: Any) -> bool:
        """Whether compiled code is kept: not that of a parameter type without a file."""
        # As in a notebook cell, which can change unseen.
        return self._digest(signature) is not None

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        # Text alone: an index that held the types themselves could not be read where the
        # module of somebody's model cannot be imported, not even for other models.
        arguments = getattr(sig, "args", sig)
        classes = [f"{c.__module__}.{c.__qualname__}" for a in arguments for c in _named_tuples(a)]
        rest = super()._index_key(sig, codegen)[1:]
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


def _options(arithmetic: bool) -> dict[str, Any]:
    flags = ARITHMETIC if arithmetic else False
    return {"error_model": "numpy", "nogil": True, "fastmath": flags}


def kernel(
    function: Function | None = None,
    *,
    arithmetic: bool = False,
    files: Iterable[Any] = (),
    key: bytes = b"",
) -> Any:
    """Compile a kernel.

    Parameters
    ----------
    function : callable
        The kernel: arrays, numbers and NamedTuples in and out.
    arithmetic : bool
        Let the compiler reorder sums. Only for loops that hold no test of
        convergence and no test for NaN.
    files, key
        As in ``PackageCache``, for a kernel whose source is put together.
    """
    if function is None:
        return functools.partial(kernel, arithmetic=arithmetic, files=files, key=key)
    dispatcher = numba.njit(**_options(arithmetic))(function)
    if not numba.config.DISABLE_JIT:
        if (file := Path(inspect.getfile(function)).absolute()).is_file():
            sources.declare(file)
            dispatcher._cache = PackageCache(function, files, key)
        for step in ("_compile_for_args", "compile"):
            whole = uninterrupted(getattr(dispatcher, step), function.__name__)
            setattr(dispatcher, step, whole)
        dispatcher.__class__ = Kernel
    return dispatcher


def equation(
    signature: Callable[..., Any] | None = None, *, arithmetic: bool = False, general: bool = False
) -> Any:
    """Declare an equation; implementations join with ``@name.register(ParameterType)``.

    The type of the first argument decides which implementation is meant.

    Parameters
    ----------
    signature : callable
        A function, for its name, its arguments and its meaning; without a body, unless it
        is general.
    arithmetic : bool
        As in ``kernel``.
    general : bool
        The body serves every model that does not register its own.
    """
    if signature is None:
        return functools.partial(equation, arithmetic=arithmetic, general=general)
    names = list(inspect.signature(signature).parameters)
    compiled: dict[type, Callable[..., Any]] = {}
    plain: dict[type, Callable[..., Any]] = {}
    shared = kernel(signature, arithmetic=arithmetic) if general else None

    @functools.wraps(signature)
    def dispatch(parameters: Any, *arguments: Any) -> Any:
        chosen = compiled.get(type(parameters), shared)
        if chosen is None:
            raise TypeError(f"{type(parameters).__name__} has no {signature.__name__}")
        return chosen(parameters, *arguments)

    # Not strict: the implementations name their arguments, this one stands for all.
    @overload(dispatch, jit_options=_options(arithmetic), strict=False)
    def _typed(parameters: Any, *arguments: Any) -> Any:
        if isinstance(parameters, types.BaseNamedTuple):
            return plain.get(parameters.instance_class, signature if general else None)
        return None

    def register(cls: type) -> Callable[[Function], Function]:
        # Compiled functions are named after the bare names of their arguments' types. Two
        # models that both call theirs Parameters would be taken for each other as soon as
        # one comes from the cache and the other is compiled.
        if issubclass(cls, tuple):
            cls.__name__ = f"{cls.__module__}.{cls.__qualname__}"

        def add(function: Function) -> Function:
            plain[cls] = getattr(function, "py_func", function)
            if list(inspect.signature(plain[cls]).parameters)[1:] != names[1:]:
                raise TypeError(f"{signature.__name__} for {cls.__name__} must take {names}")
            is_kernel = plain[cls] is not function
            compiled[cls] = function if is_kernel else kernel(function, arithmetic=arithmetic)
            sources.declare(Path(inspect.getfile(plain[cls])).absolute(), _file(cls))
            return function

        return add

    dispatch.register = register  # type: ignore[attr-defined]
    return dispatch
