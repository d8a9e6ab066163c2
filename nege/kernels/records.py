"""Records: parameters that compiled code reads where they are, at one address.

To compiled code a NamedTuple of arrays is fifty numbers, and each call hands all of them on and
counts who holds each array. A record is its address alone: the numbers, and where the arrays
are and how long. Compiled code borrows it, and its arrays: a kernel returns none of them. The one
who made it keeps it alive, and nobody changes where its arrays are.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, get_type_hints

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import (
    NativeValue,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np.arrayobj import make_array, populate_array

from nege.kernels.uncompiled import primitive

Cls = TypeVar("Cls", bound=type)

ROW, TABLE, INDICES = types.float64[::1], types.float64[:, ::1], types.int64[::1]

WORD = 8  # bytes of a number, of an address, of a length
_PLAIN = {int: types.int64, float: types.float64, bool: types.boolean}


class RecordType(types.Type):
    """What compiled code knows of a class of records: its fields, each so many words."""

    def __init__(self, cls: type, fields: dict[str, Any]) -> None:
        self.cls, self.fields, self.offsets, self.words = cls, fields, {}, 0
        for name, kind in fields.items():
            self.offsets[name] = self.words
            self.words += 1 + (kind.ndim if isinstance(kind, types.Array) else 0)
        #: Of each array: what it has to be.
        self.wanted = {
            name: np.dtype(str(kind.dtype))
            for name, kind in fields.items()
            if isinstance(kind, types.Array)
        }
        told = ", ".join(f"{name}: {kind}" for name, kind in fields.items())
        super().__init__(f"{cls.__module__}.{cls.__qualname__}({told})")


class Record:
    """A NamedTuple that compiled code reads at its address; see ``record``."""

    record_type: RecordType

    @property
    def address(self) -> int:
        """Where compiled code finds it."""
        # Not cached_property, which lets one thread wait for another's.
        if "_address" not in self.__dict__:
            # One for all threads, and held as long as this is: a second one would be let go.
            memory = self.__dict__.setdefault("_memory", self._laid_out())
            self._address = int(memory.ctypes.data)
        return self._address

    def _laid_out(self) -> np.ndarray:
        kind = self.record_type
        memory = np.zeros(kind.words, dtype=np.int64)
        numbers = memory.view(np.float64)
        for (name, field), value in zip(kind.fields.items(), self.for_code(), strict=True):
            k = kind.offsets[name]
            if name in kind.wanted:
                memory[k : k + 1 + field.ndim] = _place_of(kind, name, value)
            elif field is types.float64:
                numbers[k] = value
            else:
                memory[k] = value.address if isinstance(field, RecordType) else value
        return memory

    def for_code(self) -> tuple[Any, ...]:
        """Return the fields as compiled code is to find them."""
        return tuple(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy without the address, which means nothing in another process."""
        return type(self), tuple(self)


def _place_of(kind: RecordType, name: str, value: Any) -> tuple[int, ...]:
    """Return where an array is, and its shape."""
    wanted, ndim = kind.wanted[name], kind.fields[name].ndim
    fits = isinstance(value, np.ndarray) and value.dtype == wanted and value.ndim == ndim
    if not (fits and value.flags.c_contiguous and value.flags.aligned):
        shown = getattr(value, "shape", ""), getattr(value, "dtype", type(value).__name__)
        raise TypeError(
            f"{kind.cls.__name__}.{name} must be a contiguous {ndim}-D array of {wanted}; "
            f"got {shown}"
        )
    return (value.ctypes.data, *value.shape)


def record(*bases: type, **arrays: Any) -> Callable[[Cls], Cls]:
    """Make a NamedTuple a record, given the kind of each array: ROW, TABLE or INDICES.

    `bases` are classes whose methods it is to have.
    """

    def make(cls: Cls) -> Cls:
        hints = get_type_hints(cls)
        fields = {name: arrays.get(name) or _kind(hints[name]) for name in cls._fields}
        named = {name: getattr(cls, name) for name in ("__module__", "__qualname__", "__doc__")}
        # Before the tuple, which has a way of its own to be pickled.
        made = type(cls.__name__, (*bases, Record, cls), named)
        made.record_type = RecordType(made, fields)
        typeof_impl.register(made)(lambda value, context: type(value).record_type)
        return made

    return make


def _kind(hint: type) -> Any:
    return hint.record_type if issubclass(hint, Record) else _PLAIN[hint]


def addresses(records: Iterable[Any]) -> np.ndarray:
    """Return where records are, for ``reader``. Whoever holds this has to hold them, too."""
    held = list(records)
    if numba.config.DISABLE_JIT:
        found = np.empty(len(held), dtype=object)
        for k, one in enumerate(held):
            found[k] = one
        return found
    return np.array([one.address for one in held], dtype=np.int64)


def reader(cls: Any) -> Callable[[Any], Any]:
    """Return what gives the record at an address, in compiled code."""

    def itself(address: Any) -> Any:
        if isinstance(address, cls):
            return address
        raise TypeError("Python does not read addresses")

    @primitive(itself)
    def at_address(typing, address):
        def generate(context, builder, signature, values):
            return builder.inttoptr(values[0], cgutils.voidptr_t)

        return cls.record_type(types.int64), generate

    return at_address


# --- how it compiles -----------------------------------------------------------------------

register_model(RecordType)(models.OpaqueModel)


@infer_getattr
class _Fields(AttributeTemplate):
    key = RecordType

    def generic_resolve(self, kind: RecordType, name: str) -> Any:
        return kind.fields.get(name)


@lower_getattr_generic(RecordType)
def _field(context, builder, kind, value, name):
    field = kind.fields[name]
    words = builder.bitcast(value, cgutils.intp_t.as_pointer())

    def word(k):
        loaded = builder.load(builder.gep(words, [cgutils.intp_t(kind.offsets[name] + k)]))
        # Nobody writes while it is read, so that a loop can read it once.
        loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
        return loaded

    if isinstance(field, types.Array):
        made = make_array(field)(context, builder)
        shape = [word(1 + k) for k in range(field.ndim)]
        size = context.get_constant(types.intp, WORD)
        lengths = [*shape[1:], size]
        strides = [functools.reduce(builder.mul, lengths[k:]) for k in range(field.ndim)]
        data = builder.inttoptr(word(0), context.get_data_type(field.dtype).as_pointer())
        populate_array(made, data=data, shape=shape, strides=strides, itemsize=size, meminfo=None)
        return made._getvalue()
    if isinstance(field, RecordType):
        return builder.inttoptr(word(0), cgutils.voidptr_t)
    if field is types.boolean:
        return builder.trunc(word(0), cgutils.bool_t)
    if field is types.float64:
        return builder.bitcast(word(0), context.get_value_type(field))
    return word(0)


@unbox(RecordType)
def _unbox(kind, given, c):
    found = cgutils.alloca_once_value(c.builder, cgutils.get_null_value(cgutils.voidptr_t))
    number = c.pyapi.object_getattr_string(given, "address")
    failed = cgutils.is_null(c.builder, number)
    with c.builder.if_then(c.builder.not_(failed), likely=True):
        c.builder.store(c.pyapi.long_as_voidptr(number), found)
        c.pyapi.decref(number)
    return NativeValue(c.builder.load(found), is_error=failed)
