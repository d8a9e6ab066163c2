"""Equations of mechanisms that are called by their address, so that nothing else compiles for them.

    equations(stage, numbers, slots, where, met, made)

`stage` says when: after costs, sales and incomes have been written, after what is used and
demanded has, and for the rows of the whole economy. `numbers` are the mechanism's parameters in
one place, `where` says where each of them is, then where its own unknowns, sums, links and notes
stand; `met` and `made` are those of one place, named by `slots`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numba
from numba import types
from numba.core import errors

from nege.kernels import function_table
from nege.kernels.uncompiled import primitive
from nege.models.agglomeration.layout import Slots

COSTS, SALES, INCOMES, USES, BORDER = range(5)
STAGES = ("costs", "sales", "incomes", "uses", "border")

_dual, _numbers, _places = types.complex128[::1], types.float64[::1], types.int64[::1]
SIGNATURE = types.void(types.int64, _numbers, _places, _places, _dual, _dual)
_jitted: Any = numba.njit(error_model="numpy", nogil=True)
_known: dict[int, tuple[Callable[..., None], Any]] = {}  # by address: in Python, and compiled


def _call(address, stage, numbers, slots, where, met, made):
    """Call the equations at an address."""
    _known[int(address)][0](stage, numbers, slots, where, met, made)


@primitive(_call)
def call(typing, address, stage, numbers, slots, where, met, made):
    """Call the equations at an address, in compiled code."""
    given = (stage, numbers, slots, where, met, made)
    arguments = tuple(map(types.unliteral, given))
    if [function_table.layout(kind) for kind in arguments] != list(SIGNATURE.args):
        raise errors.TypingError(f"mechanisms take {SIGNATURE.args}; got {arguments}")
    return types.void(types.int64, *arguments), function_table.call_at


def address_of(
    key: str,
    stages: Mapping[str, Callable[..., Any]],
    named: Any,
    sizes: tuple[tuple[str, ...], ...],
    files: tuple[str, ...],
) -> int:
    """Compile the equations of a mechanism, and return where they are.

    Parameters
    ----------
    key : str
        What tells it from others.
    stages : mapping of str to callable
        Its functions (m, to, met, made) by stage.
    named : NamedTuple class
        Of `m`: its parameters, then its unknowns and other slots, by name.
    sizes : tuple of tuple of str
        Dimensions of each parameter; what comes after them are slots.
    files : tuple of str
        Its source files.
    """
    counts = {"industry": "to.industries", "input": "to.industries", "channel": "2"}
    taken = []
    for i, dims in enumerate(sizes):
        lengths = [counts[dim] for dim in dims]
        part = f"numbers[where[{i}] : where[{i}] + {' * '.join(lengths)}]"
        if not dims:
            part = f"numbers[where[{i}]]"
        elif len(dims) > 1:
            part += f".reshape(({', '.join(lengths)}))"
        taken.append(part)
    taken += [f"where[{i}]" for i in range(len(sizes), len(named._fields))]
    slots = ", ".join(f"slots[{i}]" for i in range(len(Slots._fields)))
    lines = ["def equations(stage, numbers, slots, where, met, made):", f"    to = Slots({slots})"]
    lines += [f"    m = named({', '.join(taken)})"]
    for name in stages:
        lines += [f"    if stage == {STAGES.index(name)}:", f"        {name}(m, to, met, made)"]
    source = "\n".join(lines)
    plain: dict[str, Any] = {"Slots": Slots, "named": named, **stages}
    exec(source, plain)
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        _known[len(_known)] = plain["equations"], None
        return len(_known) - 1
    scope = {**plain, **{name: _jitted(function) for name, function in stages.items()}}
    exec(source, scope)
    whole = f"{key} {source} {named._fields}"
    try:
        made = function_table.compile_for(scope["equations"], SIGNATURE, files, whole)
    except errors.TypingError as error:
        said = "; ".join(line for line in str(error).splitlines() if line.strip())[:600]
        raise TypeError(f"the equations of {key} do not compile: {said}") from error
    (result,) = made.overloads.values()
    address = int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))
    _known[address] = plain["equations"], made  # which keeps the code where it is
    return address
