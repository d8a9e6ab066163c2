"""Kernels that compile apart: once each, and called by their symbol from other kernels.

Numba would copy the code of a kernel into each kernel that calls it, and theirs into those that
call them, and optimise all of it again each time: most of the time that compiling takes. Here
another kernel's code holds a symbol, and the linker finds the address. So what compiles compiles
once, and gives the same bits whoever calls it.

Code from the cache holds symbols, too: what it calls is loaded before it is (``Linked``).
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import itertools
import sys
from collections.abc import Callable, Iterable
from typing import Any

import llvmlite.binding as llvm
from numba import types
from numba.core import cgutils
from numba.core.caching import CompileResultCacheImpl
from numba.extending import _Intrinsic
from numba.np.arrayobj import make_array

PREFIX = "nege."

_numbers = itertools.count(1)
_linked: dict[str, tuple[Apart, tuple[Any, ...]]] = {}  # by symbol


class Apart(_Intrinsic):  # type: ignore[misc]
    """A kernel that other kernels call by its symbol.

    Parameters
    ----------
    dispatcher : Dispatcher
        Numba's.
    entry : callable
        Of this, returns the dispatcher that Python calls.
    """

    def __init__(self, dispatcher: Any, entry: Callable[[Apart], Any]) -> None:
        function = dispatcher.py_func
        self.dispatcher, self.py_func, self._make_entry = dispatcher, function, entry
        self._signature = inspect.signature(function)
        # Functions made inside of another one share a name.
        self._apart = f".{next(_numbers)}" if "<" in function.__qualname__ else ""

        def typed(context: Any, *arguments: Any) -> Any:
            return self._typed(arguments)

        own = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        parameters = self._signature.parameters.values()
        typed.__signature__ = inspect.Signature([own, *parameters])  # type: ignore[attr-defined]
        super().__init__(function.__name__, typed)
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(self, name, getattr(function, name))
        self._register()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the kernel."""
        if keywords or len(arguments) != len(self._signature.parameters):
            bound = self._signature.bind(*arguments, **keywords)
            bound.apply_defaults()
            arguments = bound.args
        return self.entry(*arguments)

    @functools.cached_property
    def entry(self) -> Any:
        """What Python calls."""
        return self._make_entry(self)

    def __getattr__(self, name: str) -> Any:
        """Everything else is that of Numba's dispatcher."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.__dict__["dispatcher"], name)

    def symbol(self, arguments: tuple[Any, ...]) -> str:
        """Return the name by which compiled code calls it for some types."""
        digest = hashlib.sha256(_told(arguments).encode()).hexdigest()[:16]
        return f"{PREFIX}{self.__module__}.{self.__qualname__}.{digest}"

    def link(self, arguments: tuple[Any, ...]) -> tuple[str, Any]:
        """Compile, or load, for some types; return the symbol and the type of what is returned."""
        symbol = f"{self.symbol(arguments)}{self._apart}"
        owner = _linked.get(symbol, (self, arguments))[0]
        if owner is not self:  # another kernel of this name: a notebook's cell that ran twice
            self._apart = f".{next(_numbers)}"
            return self.link(arguments)
        self.dispatcher.compile(arguments)
        found = self.dispatcher.overloads[arguments]
        if symbol not in _linked:
            code = found.library.get_pointer_to_function(found.fndesc.llvm_func_name)
            llvm.add_symbol(symbol, code)
            _linked[symbol] = self, arguments
        return symbol, found.signature.return_type

    def _typed(self, given: tuple[Any, ...]) -> Any:
        arguments = tuple(map(types.unliteral, given))
        symbol, returned = self.link(tuple(map(_writable, arguments)))

        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            convention = context.call_conv
            called = returned, signature.args
            kind = convention.get_function_type(*called)
            function = cgutils.get_or_insert_function(builder.module, kind, symbol)
            if not _holds_arrays(returned):  # no array that is given can be part of the answer
                values = lent(context, builder, signature.args, values)
            status, result = convention.call_function(builder, function, *called, values)
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return result

        return returned(*arguments), generate


def _holds_arrays(kind: Any) -> bool:
    members = kind if isinstance(kind, types.BaseTuple) else ()
    return isinstance(kind, types.Array) or any(map(_holds_arrays, members))


def lent(context: Any, builder: Any, kinds: Any, values: Any) -> list[Any]:
    """Return arguments of a call whose arrays nobody counts references to.

    The caller holds them while it waits for the answer. Counting is what took most of the time of
    a call: it is atomic, twice for each array and each row of one.
    """
    return [_lent(context, builder, *each) for each in zip(kinds, values, strict=True)]


def _lent(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    if isinstance(kind, types.Array):
        made = make_array(kind)(context, builder, value)
        made.meminfo = cgutils.get_null_value(made.meminfo.type)
        made.parent = cgutils.get_null_value(made.parent.type)
        return made._getvalue()
    if isinstance(kind, types.BaseTuple) and _holds_arrays(kind):
        for k, member in enumerate(kind):
            part = _lent(context, builder, member, builder.extract_value(value, k))
            value = builder.insert_value(value, part, k)
    return value


def _told(arguments: Iterable[Any]) -> str:
    """Return types as text that tells them apart: Numba's leaves out fields and modules."""
    told = []
    for kind in arguments:
        if isinstance(kind, types.BaseNamedTuple):
            named = kind.instance_class
            fields = ",".join(named._fields)
            told.append(f"{named.__module__}.{named.__qualname__}<{fields}>({_told(kind)})")
        else:
            told.append(str(kind))
    return ", ".join(told)


def _writable(kind: Any) -> Any:
    """Return the same type with arrays that may be written: the code is the same for both."""
    if isinstance(kind, types.Array):
        return kind.copy(readonly=False)
    if isinstance(kind, types.BaseNamedTuple):
        return types.BaseTuple.from_types(tuple(map(_writable, kind)), kind.instance_class)
    return kind


def _called(compiled: Any) -> list[tuple[Apart, tuple[Any, ...]]]:
    """Return the kernels that compiled code calls by symbol, and for which types."""
    names = [function.name for function in compiled.library._final_module.functions]
    return [_linked[name] for name in names if name.startswith(PREFIX)]


class Linked(CompileResultCacheImpl):  # type: ignore[misc]
    """Keeps compiled code together with what it calls by symbol, and loads that first."""

    def check_cachable(self, compiled: Any) -> bool:
        """Whether it can be stored: what it calls has to be found again by its name."""
        found = all(
            getattr(sys.modules.get(kernel.__module__), kernel.__name__, None) is kernel
            and not kernel._apart
            for kernel, _ in _called(compiled)
        )
        return found and bool(super().check_cachable(compiled))

    def reduce(self, compiled: Any) -> Any:
        """Return what is stored."""
        needed = [
            (kernel.__module__, kernel.__name__, types) for kernel, types in _called(compiled)
        ]
        return needed, super().reduce(compiled)

    def rebuild(self, context: Any, stored: Any) -> Any:
        """Return what was stored, once all that it calls is there."""
        needed, rest = stored
        for module, name, arguments in needed:
            kernel = getattr(importlib.import_module(module), name)
            if kernel.link(arguments)[0] != kernel.symbol(arguments):
                raise ImportError(f"{module}.{name} was made anew since")
        return super().rebuild(context, rest)
