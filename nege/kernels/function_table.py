"""Equations of models behind one declared signature: what calls them compiles once, for all models.

The equations of a model compile into one function, called by its address: once for real
numbers and once for dual ones (``nege.kernels.duals``), in which they are their own
derivatives. A kernel that holds the address calls whatever model it is given.

    equations(which, numbers, places, table, share, state, pool, price, access, out, other)

`which` says what is asked for (``equations`` lists it), `numbers` and `places` are the parameters
of the model, `table` is that of its operator, and the rest are arrays over regions.

With the JIT off an address is a number that stands for a Python function.
"""

import itertools
from collections.abc import Callable
from typing import Any

import numba
from numba import types
from numba.core import cgutils, errors
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from nege.kernels import jit
from nege.kernels.linking import lent

Function = Callable[..., Any]

_compiled: dict[int, Function] = {}  # by address; it also keeps the code where it is


def _signature(scalar: types.Type) -> Any:
    row, table = scalar[::1], scalar[:, ::1]
    numbers = (types.int64, row, table, table)
    return types.void(*numbers, row, row, scalar, row, row, row, row)


REAL, DUAL = _signature(types.float64), _signature(types.complex128)


def address_of(function: Function, signature: Any, files: tuple[str, ...], key: str) -> int:
    """Compile equations for one kind of number, and return where they are.

    Parameters
    ----------
    function : callable
        Of the arguments above; what it calls are kernels and compiled functions.
    signature : REAL or DUAL
        The kind of number.
    files : tuple of str
        Source files of what it calls: compiled code is cached until one of them changes, and not
        at all where there is none (a notebook cell).
    key : str
        What tells it from other functions of the same source: the name of the model.
    """
    if numba.config.DISABLE_JIT:
        address = next(_numbers)
        _compiled[address] = function
        return address
    dispatcher = jit.kernel(function, arithmetic=True, inside=True, files=files, key=key.encode())
    dispatcher.compile(signature)
    (result,) = dispatcher.overloads.values()
    address = result.library.get_pointer_to_function(result.fndesc.llvm_func_name)
    _compiled[address] = dispatcher
    return int(address)


_numbers = itertools.count(1)

if numba.config.DISABLE_JIT:

    def call(address, which, numbers, places, table, share, state, pool, price, access, out, other):
        """Call the equations at an address."""
        given = numbers, places, table, share, state, pool, price, access, out, other
        _compiled[address](which, *given)

    def borrowed(array):
        """Return an array that somebody else keeps alive."""
        return array

else:

    @intrinsic
    def call(
        typing,
        address,
        which,
        numbers,
        places,
        table,
        share,
        state,
        pool,
        price,
        access,
        out,
        other,
    ):
        """Call the equations at an address."""
        given = which, numbers, places, table, share, state, pool, price, access, out, other
        wanted = (DUAL if share.dtype == types.complex128 else REAL).args
        arguments = tuple(map(types.unliteral, given))
        if [_layout(kind) for kind in arguments] != [_layout(kind) for kind in wanted]:
            raise errors.TypingError(f"equations take {wanted}; got {arguments}")

        def generate(context, builder, signature, values):
            convention = context.call_conv
            called = types.none, signature.args[1:]
            kind = convention.get_function_type(*called)
            function = builder.inttoptr(values[0], kind.as_pointer())
            given = lent(context, builder, *called[1:], values[1:])
            status, _ = convention.call_function(builder, function, *called, given)
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return context.get_dummy_value()

        return types.void(address, *arguments), generate

    def _layout(kind):
        """Return what machine code knows of a type: read-only arrays are arrays to it."""
        return kind.copy(readonly=False) if isinstance(kind, types.Array) else kind

    @intrinsic
    def borrowed(typing, array):
        """Return an array that somebody else keeps alive: nobody counts references to it."""

        def generate(context, builder, signature, values):
            made = make_array(signature.args[0])(context, builder, values[0])
            made.meminfo = cgutils.get_null_value(made.meminfo.type)
            made.parent = cgutils.get_null_value(made.parent.type)
            return made._getvalue()

        return array(array), generate
