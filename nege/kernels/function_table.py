"""Equations of models behind one declared signature: what calls them compiles once, for all models.

The equations of a model compile into one function, called by its address: once for real
numbers and once for dual ones (``nege.kernels.duals``), in which they are their own
derivatives. A kernel that holds the address calls whatever model it is given.

    equations(which, numbers, places, table, share, state, pool, price, access, out, other)

`which` says what is asked for (``equations`` lists it), `numbers` and `places` are the parameters
of the model, `table` is that of its operator, and the rest are arrays over regions.

Python knows them by a number, and calls them as the Python functions that they are.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from numba import types
from numba.core import cgutils, errors

from nege.kernels import jit
from nege.kernels.linking import lent
from nege.kernels.uncompiled import primitive

Function = Callable[..., Any]


def _signature(scalar: types.Type) -> Any:
    row, table = scalar[::1], scalar[:, ::1]
    numbers = (types.int64, row, table, table)
    return types.void(*numbers, row, row, scalar, row, row, row, row)


REAL, DUAL = _signature(types.float64), _signature(types.complex128)


class Declared(NamedTuple):
    """Equations for one kind of number: in Python, and how to compile them."""

    plain: Function
    compiled: Callable[[], Any]


_declared: list[Declared] = []
_compiled: dict[int, Any] = {}  # by number: kept, so that the code stays where it is
_addresses: dict[int, int] = {}  # by number


def declare(plain: Function, compiled: Callable[[], Any]) -> int:
    """Take equations into the table, and return their number there.

    Parameters
    ----------
    plain : callable
        Of the arguments above, in Python.
    compiled : callable
        Compiles the same for one kind of number (``compile_for``), when it is first called.
    """
    _declared.append(Declared(plain, compiled))
    return len(_declared) - 1


def address_of(number: int) -> int:
    """Return where the compiled code of equations is."""
    if number not in _addresses:
        made = _compiled.setdefault(number, _declared[number].compiled())
        (result,) = made.overloads.values()
        address = result.library.get_pointer_to_function(result.fndesc.llvm_func_name)
        _addresses[number] = int(address)
    return _addresses[number]


def compile_for(function: Function, signature: Any, files: tuple[str, ...], key: str) -> Any:
    """Compile equations for one kind of number.

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
    dispatcher = jit.kernel(function, arithmetic=True, inside=True, files=files, key=key.encode())
    dispatcher.compile(signature)
    return dispatcher


def _call(number, which, *given):
    """Call equations, given their number in Python and their address in compiled code."""
    _declared[number].plain(which, *given)


def _borrowed(array):
    """Return an array that somebody else keeps alive: nobody counts references to it."""
    return array


@primitive(_call)
def call(
    typing, address, which, numbers, places, table, share, state, pool, price, access, out, other
):
    given = which, numbers, places, table, share, state, pool, price, access, out, other
    wanted = (DUAL if share.dtype == types.complex128 else REAL).args
    arguments = tuple(map(types.unliteral, given))
    if [layout(kind) for kind in arguments] != [layout(kind) for kind in wanted]:
        raise errors.TypingError(f"equations take {wanted}; got {arguments}")
    return types.void(address, *arguments), call_at


def call_at(context, builder, signature, values):
    """Generate the call of what is at an address, the first argument; it returns nothing."""
    convention = context.call_conv
    called = types.none, signature.args[1:]
    kind = convention.get_function_type(*called)
    function = builder.inttoptr(values[0], kind.as_pointer())
    given = lent(context, builder, *called[1:], values[1:])
    status, _ = convention.call_function(builder, function, *called, given)
    with cgutils.if_unlikely(builder, status.is_error):
        convention.return_status_propagate(builder, status)
    return context.get_dummy_value()


def layout(kind):
    """Return what machine code knows of a type: read-only arrays are arrays to it."""
    return kind.copy(readonly=False) if isinstance(kind, types.Array) else kind


@primitive(_borrowed)
def borrowed(typing, array):
    def generate(context, builder, signature, values):
        return lent(context, builder, signature.args, values)[0]

    return array(array), generate
