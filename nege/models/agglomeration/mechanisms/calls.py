"""Equations of mechanisms that are called by their address, so that nothing else compiles for them.

    equations(stage, numbers, slots, where, met, made)

`stage` says when: after costs, offers, sales and incomes have been written, after what is used and
demanded has, for who people are, and for the rows of the whole economy. `numbers` are the
mechanism's parameters in one place, `where` says where each of them is, then where its own
unknowns, sums, links and notes stand; `met` and `made` are those of one place, named by `slots`.

    trade(which, own, numbers, slots, where, paid, received, pairs, at, there, met, made)

says how places trade, where not by the sums of ``channels``: levels, with `pairs` (industry,
channel, origin, destination) for what it solves for pair by pair, from where that was last; or
changes, with what was met `at` the point and made `there`. `own` is whether places do not meet.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

import numba
from numba import types
from numba.core import errors

from nege.kernels import function_table
from nege.kernels.copied import COPIED
from nege.kernels.jit import ARITHMETIC
from nege.kernels.uncompiled import primitive
from nege.models.agglomeration.layout import Slots

COSTS, OFFERS, SALES, INCOMES, USES, PEOPLE, BORDER = range(7)
STAGES = ("costs", "offers", "sales", "incomes", "uses", "people", "border")
LEVELS, CHANGES = range(2)  # of how places trade

_dual, _numbers, _places = types.complex128[::1], types.float64[::1], types.int64[::1]
_rows, _tables = types.float64[:, ::1], types.float64[:, :, :, ::1]
SIGNATURE = types.void(types.int64, _numbers, _places, _places, _dual, _dual)
TRADE = types.void(
    *(types.int64, types.boolean, _numbers, _places, _places),
    *(_tables, _tables, _tables, _rows, _rows, _rows, _rows),
)
_jitted: Any = functools.partial(numba.njit, error_model="numpy", fastmath=False, **COPIED)
_known: dict[int, tuple[Callable[..., None], Any]] = {}  # by address: in Python, and compiled


def _call(address, stage, numbers, slots, where, met, made):
    """Call the equations at an address."""
    _known[int(address)][0](stage, numbers, slots, where, met, made)


@primitive(_call)
def call(typing, address, stage, numbers, slots, where, met, made):
    """Call the equations at an address, in compiled code."""
    return _typed(SIGNATURE, (stage, numbers, slots, where, met, made))


def _call_trade(
    address, which, own, numbers, slots, where, paid, received, pairs, at, there, met, made
):
    """Call how places trade at an address."""
    given = which, own, numbers, slots, where, paid, received, pairs, at, there, met, made
    _known[int(address)][0](*given)


@primitive(_call_trade)
def call_trade(
    typing, address, which, own, numbers, slots, where, paid, received, pairs, at, there, met, made
):
    """Call how places trade at an address, in compiled code."""
    given = which, own, numbers, slots, where, paid, received, pairs, at, there, met, made
    return _typed(TRADE, given)


def _typed(wanted: Any, given: tuple[Any, ...]) -> Any:
    """Return the type of a call by address, and how it is made."""
    arguments = tuple(map(types.unliteral, given))
    if [function_table.layout(kind) for kind in arguments] != list(wanted.args):
        raise errors.TypingError(f"mechanisms take {wanted.args}; got {arguments}")
    return types.void(types.int64, *arguments), function_table.call_at


def address_of(
    key: str,
    stages: Mapping[str, Callable[..., Any]],
    named: Any,
    sizes: tuple[tuple[str, ...], ...],
    files: tuple[str, ...],
    home: str | None,
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
    home : str, optional
        The one beside which compiled code is kept; None keeps none.
    """
    idle = " and ".join(f"stage != {STAGES.index(name)}" for name in stages)
    lines = ["def equations(stage, numbers, slots, where, met, made):"]
    lines += [f"    if {idle}:", "        return", *_read(named, sizes)]
    for name in stages:
        lines += [f"    if stage == {STAGES.index(name)}:", f"        {name}(m, to, met, made)"]
    scope = {"Slots": Slots, "named": named}
    return _address(key, "\n".join(lines), scope, stages, SIGNATURE, files, home)


def address_of_trade(
    key: str,
    levels: Callable[..., Any],
    changes: Callable[..., Any],
    named: Any,
    sizes: tuple[tuple[str, ...], ...],
    files: tuple[str, ...],
    home: str | None,
) -> int:
    """Compile how places trade, levels and their changes, and return where that is."""
    given = "numbers, slots, where, paid, received, pairs, at, there, met, made"
    lines = [
        f"def trade(which, own, {given}):",
        *_read(named, sizes),
        f"    if which == {LEVELS}:",
        "        levels(m, to, paid, received, pairs, met, made)",
        "    else:",
        "        changes(m, to, own, paid, received, pairs, at, there, met, made)",
    ]
    scope, both = {"Slots": Slots, "named": named}, {"levels": levels, "changes": changes}
    return _address(f"trade of {key}", "\n".join(lines), scope, both, TRADE, files, home)


def _read(named: Any, sizes: tuple[tuple[str, ...], ...]) -> list[str]:
    """Return lines that name what stands where: slots `to`, and all of a mechanism `m`."""
    counts = {"industry": "to.industries", "input": "to.industries", "channel": "2"}
    # A dimension of its own is as long as the parameter of that name says.
    counts |= {
        name: f"int(numbers[where[{i}]])" for i, name in enumerate(named._fields[: len(sizes)])
    }
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
    return [f"    to = Slots({slots})", f"    m = named({', '.join(taken)})"]


def _address(
    key: str,
    source: str,
    scope: dict[str, Any],
    functions: Mapping[str, Callable[..., Any]],
    signature: Any,
    files: tuple[str, ...],
    home: str | None,
) -> int:
    """Compile a function of that source, and return where it is."""
    plain: dict[str, Any] = {**scope, **functions}
    exec(source, plain)
    (name,) = re.findall(r"^def (\w+)", source)
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        _known[len(_known)] = plain[name], None
        return len(_known) - 1
    jit = _jitted(fastmath=ARITHMETIC if signature is TRADE else False)
    compiled = {**scope, **{name: jit(function) for name, function in functions.items()}}
    compiled["__name__"] = scope["named"].__module__
    # As if it stood in the mechanism's file, beside which compiled code is cached.
    exec(compile(source, home or "<string>", "exec"), compiled)
    whole = f"{key} {source} {scope['named']._fields}"
    try:
        made = function_table.compile_for(compiled[name], signature, files, whole)
    except errors.TypingError as error:
        said = "; ".join(line for line in str(error).splitlines() if line.strip())[:600]
        raise TypeError(f"the equations of {key} do not compile: {said}") from error
    (result,) = made.overloads.values()
    address = int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))
    _known[address] = plain[name], made  # which keeps the code where it is
    return address
