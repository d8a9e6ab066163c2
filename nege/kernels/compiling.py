"""Compiling that Ctrl-C cannot spoil: it goes on in a thread of its own, only the waiting ends.

Numba compiles in Python, over tables that many kernels share. An exception in the midst of
that leaves them half made, and the next call fails or returns what nobody compiled. So the
main thread, the only one that an interrupt reaches, does not compile: it waits. Interrupted, it
leaves at once, and what was begun is there for the next call.
"""

from __future__ import annotations

import atexit
import contextvars
import functools
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, ClassVar

from numba.core import event
from numba.core.compiler_lock import global_compiler_lock

LOOK = 0.1  # seconds between two looks at whether there is an interrupt
LAST = 1.0  # seconds that the end of the process waits for what is being compiled


class _Work(threading.Thread):
    """One compilation."""

    under_way: ClassVar[set[_Work]] = set()

    def __init__(self, compiled: Callable[[], Any]) -> None:
        super().__init__(name="nege compiles", daemon=True)
        self.compiled, self.done = compiled, threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        self.under_way.add(self)
        try:
            self.result = self.compiled()
        except BaseException as error:  # for the thread that waits, if it still does
            self.error = error
        finally:
            self.under_way.discard(self)
            self.done.set()


def uninterrupted(compiled: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return the same compilation of a kernel, or import, which an interrupt leaves whole."""

    @functools.wraps(compiled)
    def wait(*arguments: Any, **keywords: Any) -> Any:
        if threading.current_thread() is not threading.main_thread() or _must_be_here():
            return compiled(*arguments, **keywords)
        context = contextvars.copy_context()  # with what the caller says of floating-point errors
        work = _Work(functools.partial(context.run, compiled, *arguments, **keywords))
        try:
            work.start()
            while not work.done.wait(LOOK):  # Windows does not interrupt a longer wait
                pass
            if work.error is not None:
                raise work.error
            return work.result
        except KeyboardInterrupt:
            message = f"while {name} was made ready, which goes on and is there for the next call"
            raise KeyboardInterrupt(message) from None
        finally:
            del work  # it holds its own error, whose traceback holds this frame

    return wait


def _must_be_here() -> bool:
    """Whether another thread would wait for this one: for Numba's lock or that of an import."""
    if global_compiler_lock.is_locked():  # by this thread
        return True
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


class _Leave(event.Listener):
    """Ends what compiles between two passes; nobody will call it any more."""

    def on_start(self, event: Any) -> None:
        raise SystemExit

    on_end = on_start


@atexit.register
def _leave() -> None:
    """Let the process end soon, although something is still being compiled."""
    if _Work.under_way:
        event.register("numba:run_pass", _Leave())
        for work in list(_Work.under_way):
            work.done.wait(LAST)
