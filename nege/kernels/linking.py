"""Kernels that compile apart: once each, and called by their symbol from other kernels.

Numba would copy the code of a kernel into each kernel that calls it, and theirs into those that
call them, and optimise all of it again each time: most of the time that compiling takes. Here
another kernel's code holds a symbol, and the linker finds the address. So what compiles compiles
once, and gives the same bits whoever calls it.

Code from the cache holds symbols, too: what it calls is loaded before it is (``Linked``).

What only some economies reach is linked *late*: the caller's code holds the symbol of a cell, in
which the address is written when the call is first made. Only then it compiles, or is loaded.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib
import inspect
import itertools
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.caching import CompileResultCacheImpl
from numba.extending import _Intrinsic
from numba.np.arrayobj import make_array

from nege.kernels import uncompiled

PREFIX = "nege."
LATE = f"{PREFIX}late."  # what the symbols of cells begin with
BIND = f"{PREFIX}bind"

_numbers = itertools.count(1)
_linked: dict[str, tuple[Apart, tuple[Any, ...]]] = {}  # by symbol
_cells: dict[str, np.ndarray] = {}  # by symbol: where a kernel is, zero until it is called
_symbols: dict[int, str] = {}  # by the address of the cell
_failed = threading.local()  # why a kernel could not be made ready in the midst of a call


class Apart(_Intrinsic):  # type: ignore[misc]
    """A kernel that other kernels call by its symbol.

    Parameters
    ----------
    dispatcher : Dispatcher
        Numba's.
    entry : callable
        Of this, returns the dispatcher that Python calls.
    late : Numba type, optional
        What it returns, if it is to be linked late.
    """

    def __init__(
        self, dispatcher: Any, entry: Callable[[Apart], Any], late: Any | None = None
    ) -> None:
        function, self.late = dispatcher.py_func, late
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
        if uncompiled.running():
            return self.py_func(*arguments)
        return self.entry(*arguments)

    @functools.cached_property
    def entry(self) -> Any:
        """What Python calls."""
        return self._make_entry(self)

    def is_there(self) -> bool:
        """Whether Python's calls find compiled code."""
        return bool(self.entry.is_there())

    def is_known(self, *arguments: Any) -> bool:
        """Whether calls with such arguments find compiled code, here or on disk."""
        return bool(self.entry.is_known(*arguments))

    def __getattr__(self, name: str) -> Any:
        """Everything else is that of Numba's dispatcher."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.__dict__["dispatcher"], name)

    def symbol(self, arguments: tuple[Any, ...]) -> str:
        """Return the name by which compiled code calls it for some types."""
        digest = hashlib.sha256(_told(arguments).encode()).hexdigest()[:16]
        return f"{PREFIX}{self.__module__}.{self.__qualname__}.{digest}"

    def _own_symbol(self, arguments: tuple[Any, ...]) -> str:
        symbol = f"{self.symbol(arguments)}{self._apart}"
        if _linked.get(symbol, (self, arguments))[0] is self:
            return symbol
        self._apart = f".{next(_numbers)}"  # of this name is a notebook's cell that ran before
        return self._own_symbol(arguments)

    def cell(self, arguments: tuple[Any, ...]) -> tuple[str, Any]:
        """Return the symbol of the cell in which the address will be, and the type returned."""
        symbol = self._own_symbol(arguments)
        if symbol not in _cells:
            _linked[symbol] = self, arguments
            _cells[symbol] = np.zeros(1, dtype=np.int64)
            address = _cells[symbol].ctypes.data
            _symbols[address] = symbol
            llvm.add_symbol(LATE + symbol, address)
        return symbol, self.late

    def link(self, arguments: tuple[Any, ...]) -> tuple[str, Any]:
        """Compile, or load, for some types; return the symbol and the type of what is returned."""
        symbol = self._own_symbol(arguments)
        self.dispatcher.compile(arguments)
        found = self.dispatcher.overloads[arguments]
        if symbol not in _linked:
            llvm.add_symbol(symbol, self.place(arguments))
            _linked[symbol] = self, arguments
        return symbol, found.signature.return_type

    def place(self, arguments: tuple[Any, ...]) -> int:
        """Return the address of what is compiled."""
        found = self.dispatcher.overloads[arguments]
        return int(found.library.get_pointer_to_function(found.fndesc.llvm_func_name))

    def _typed(self, given: tuple[Any, ...]) -> Any:
        arguments = tuple(map(types.unliteral, given))
        late = self.late is not None
        symbol, returned = (self.cell if late else self.link)(tuple(map(_writable, arguments)))

        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            convention = context.call_conv
            called = returned, signature.args
            kind = convention.get_function_type(*called)
            if late:
                function = _bound(context, builder, kind, symbol)
            else:
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


def _bound(context: Any, builder: Any, kind: Any, symbol: str) -> Any:
    """Return the address in a cell, once it is there."""
    word, module = ir.IntType(64), builder.module
    cell = module.globals.get(LATE + symbol) or ir.GlobalVariable(module, word, LATE + symbol)
    found = cgutils.alloca_once_value(builder, builder.load(cell))
    missing = builder.icmp_unsigned("==", builder.load(found), word(0))
    with builder.if_then(missing, likely=False):
        of_bind = ir.FunctionType(ir.VoidType(), [word.as_pointer()])
        builder.call(cgutils.get_or_insert_function(module, of_bind, BIND), [cell])
        builder.store(builder.load(cell), found)
        with cgutils.if_unlikely(
            builder, builder.icmp_unsigned("==", builder.load(found), word(0))
        ):
            context.call_conv.return_user_exc(builder, RuntimeError, (UNREADY,))
    return builder.inttoptr(builder.load(found), kind.as_pointer())


UNREADY = "a kernel could not be made ready"


@ctypes.CFUNCTYPE(None, ctypes.c_int64)
def _bind(address: int) -> None:
    """Write in a cell where its kernel is, in the midst of the call of another."""
    try:
        symbol = _symbols[address]
        kernel, arguments = _linked[symbol]
        _, returned = kernel.link(arguments)
        if returned != kernel.late:
            raise TypeError(f"{kernel.__name__} returns {returned}, declared late={kernel.late}")
        _cells[symbol][0] = kernel.place(arguments)
    except BaseException as error:  # for the one who called: nothing can be raised through code
        _failed.error = error


llvm.add_symbol(BIND, ctypes.cast(_bind, ctypes.c_void_p).value)


def why_unready() -> BaseException | None:
    """Return why a kernel could not be made ready, once, if that is why a call failed."""
    error: BaseException | None = _failed.__dict__.pop("error", None)
    return error


def _called(compiled: Any) -> list[tuple[Apart, tuple[Any, ...]]]:
    """Return the kernels that compiled code calls by symbol, and for which types."""
    module = compiled.library._final_module
    names = [function.name for function in module.functions]
    names += [one.name.removeprefix(LATE) for one in module.global_variables if LATE in one.name]
    return [_linked[name] for name in names if name.startswith(PREFIX) and name != BIND]


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
            (kernel.__module__, kernel.__name__, given) for kernel, given in _called(compiled)
        ]
        return needed, super().reduce(compiled)

    def rebuild(self, context: Any, stored: Any) -> Any:
        """Return what was stored, once all that it calls is there."""
        needed, rest = stored
        for module, name, arguments in needed:
            kernel = getattr(importlib.import_module(module), name)
            found = kernel.link if kernel.late is None else kernel.cell
            if found(arguments)[0] != kernel.symbol(arguments):
                raise ImportError(f"{module}.{name} was made anew since")
        return super().rebuild(context, rest)
