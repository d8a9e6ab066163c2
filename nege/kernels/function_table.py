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
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from nege.kernels import jit

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
    address = result.library.get_pointer_to_function(result.fndesc.llvm_cfunc_wrapper_name)
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
        arrays = numbers, places, table, share, state, pool, price, access, out, other

        def generate(context, builder, signature, values):
            given = [context.get_value_type(kind) for kind in signature.args[1:]]
            kind = ir.FunctionType(context.get_value_type(types.none), given)
            function = builder.inttoptr(values[0], kind.as_pointer())
            builder.call(function, values[1:])
            return context.get_dummy_value()

        return types.void(address, which, *arrays), generate

    @intrinsic
    def borrowed(typing, array):
        """Return an array that somebody else keeps alive: nobody counts references to it."""

        def generate(context, builder, signature, values):
            made = make_array(signature.args[0])(context, builder, values[0])
            made.meminfo = cgutils.get_null_value(made.meminfo.type)
            made.parent = cgutils.get_null_value(made.parent.type)
            return made._getvalue()

        return array(array), generate
