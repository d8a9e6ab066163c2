"""Plain Python in place of compiled code: without the JIT, and for tiny first calls.

Every kernel is a Python function, too. Two regions are solved by those in half a second, and
compiling takes ten. So while a kernel compiles for the first time on a machine, a call of few
numbers is answered in Python, unless compiling is done first (``compiling.Kernel``). Both answers
agree to rounding. ``compiled_only`` and the environment variable NEGE_FIRST_CALLS=compiled say
that every call is to wait for compiled code, whose bits are always the same.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np
from numba.extending import _Intrinsic

#: Numbers in the arrays of a call, up to which Python may be first: ten regions take two seconds,
#: industries in four places (9229) less than one. Larger ones only hold up the compiler.
SMALL = 10_000
LOOK = 0.1  # seconds between two times that somebody hears how long it has been

#: Whether tiny first calls are answered in Python at all.
offered = not numba.config.DISABLE_JIT and os.environ.get("NEGE_FIRST_CALLS") != "compiled"


class _Here(threading.local):
    overtaken: threading.Event | None = None  # set when compiled code is there; None elsewhere
    hear: Callable[[float], None] | None = None  # is told for how many seconds it has been
    began = heard = 0.0
    never = False


_here = _Here()


class Overtaken(Exception):  # noqa: N818, it is no error
    """Compiled code is there: what is done in Python need not go on."""


def running() -> bool:
    """Whether this thread runs kernels in Python now; leaves them once compiled code is there."""
    if _here.overtaken is None:
        return False
    if _here.overtaken.is_set():
        raise Overtaken
    if _here.hear is not None and (now := time.monotonic()) - _here.heard > LOOK:
        _here.heard = now
        _here.hear(now - _here.began)
    return True


def serves(arguments: Any) -> bool:
    """Whether a call is one for Python, as long as its kernel is not compiled."""
    free = offered and not _here.never and _here.overtaken is None
    return free and _numbers(arguments) <= SMALL


def _numbers(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.size
    return sum(map(_numbers, value)) if isinstance(value, tuple) else 0


@contextlib.contextmanager
def compiled_only() -> Iterator[None]:
    """Let every call wait for compiled code: where many calls follow, or bits count."""
    before, _here.never = _here.never, True
    try:
        yield
    finally:
        _here.never = before


def answer(
    function: Callable[..., Any],
    arguments: Any,
    overtaken: threading.Event,
    hear: Callable[[float], None] | None,
) -> Any:
    """Return what a function returns in Python; if it fails, its arrays are as they were.

    They are the caller's own: no other thread may write to them meanwhile.
    """
    held = list(_arrays(arguments))
    kept = [array.copy() for array in held]
    _here.overtaken, _here.hear = overtaken, hear
    _here.began = _here.heard = time.monotonic()
    try:
        with np.errstate(all="ignore"):  # as in compiled code
            return function(*arguments)
    except BaseException:
        for array, before in zip(held, kept, strict=True):
            if array.flags.writeable:
                array[...] = before
        raise
    finally:
        _here.overtaken = _here.hear = None


def copied(value: Any) -> Any:
    """Return arguments of a call with arrays of their own."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, tuple):
        members = map(copied, value)
        return type(value)(*members) if hasattr(value, "_fields") else tuple(members)
    return value


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple):
        for member in value:
            yield from _arrays(member)


class Primitive(_Intrinsic):
    """What compiled code has its own instructions for, and Python a function."""

    def __init__(self, plain: Callable[..., Any], typed: Callable[..., Any]) -> None:
        super().__init__(plain.__name__, typed)
        self.plain, self.__doc__ = plain, plain.__doc__
        self._register()

    def __call__(self, *arguments: Any) -> Any:
        """Do in Python what it does in compiled code."""
        return self.plain(*arguments)


def primitive(plain: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Make the typing of an intrinsic (of Numba) and a Python function one thing to call."""

    def make(typed: Callable[..., Any]) -> Any:
        return plain if numba.config.DISABLE_JIT else Primitive(plain, typed)

    return make
