"""Interrupts (Ctrl-C): safe while a kernel is being compiled and while one is running.

Numba compiles in Python, over tables that many kernels share. An exception in the midst of
that leaves them half made, and the next call fails or returns wrong code. So the main thread,
the only one that an interrupt reaches, does not compile: it waits for another one. Interrupted,
it leaves at once, and the compilation goes on for the next call.

A call of a compiled kernel begins with taking its arguments apart, in C that runs some Python and
does not expect it to be interrupted: the process would die. So an interrupt waits until the kernel
returns.
"""

from __future__ import annotations

import _signal as signal  # what the module signal wraps, slowly, for prettier numbers
import atexit
import contextvars
import functools
import gc
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, ClassVar, Protocol

from numba.core import errors, event
from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import Dispatcher

from nege.kernels import uncompiled
from nege.kernels.linking import why_unready

logger = logging.getLogger("nege")

LOOK = 0.1  # seconds between two looks at whether there is an interrupt
MANY = 100_000  # objects made while compiling between two searches for garbage
LAST = 1.0  # seconds that the end of the process waits for what is being compiled


class Waiting(Protocol):
    """Who hears what the main thread waits for."""

    def __call__(self, words: str | None, seconds: float) -> None:
        """Hear what, None for a kernel, and for how long so far."""

    def over(self) -> None:
        """Hear that it is there, or is not waited for any more."""


waiting: list[Waiting] = []


class _Pending:
    """The interrupt that came while a kernel ran, if one did, and who answers interrupts."""

    def __init__(self) -> None:
        self.usual: Any = None
        self.frame: FrameType | None = None
        self.came = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came, self.frame = True, frame


class Kernel(Dispatcher):  # type: ignore[misc]
    """A compiled kernel that is not interrupted in the midst of a call.

    Only the main thread is ever interrupted, and only where an interrupt is answered in Python.
    """

    in_python = True

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the kernel, then answer an interrupt that came meanwhile."""
        if self.in_python and not (self.is_there() or keywords) and uncompiled.serves(arguments):
            work = self._ahead(arguments)
            if work is not None:
                here = threading.current_thread() is threading.main_thread()
                hear = _told if here else None
                try:
                    return uncompiled.answer(self.py_func, arguments, work.done, hear)
                except Exception:  # compiled code says what is wrong
                    logger.debug("%s waits for compiled code", self.py_func.__name__)
                finally:
                    for one in waiting if here else ():
                        one.over()
        if threading.current_thread() is not threading.main_thread():
            return self._call(arguments, keywords)
        usual = signal.getsignal(signal.SIGINT)
        if isinstance(usual, _Pending) or not callable(usual):
            return self._call(arguments, keywords)
        pending = _Pending()
        pending.usual = usual
        signal.signal(signal.SIGINT, pending)
        try:
            result = self._call(arguments, keywords)
        finally:
            signal.signal(signal.SIGINT, usual)
            if pending.came:
                usual(signal.SIGINT, pending.frame)
        return result

    def is_there(self) -> bool:
        """Whether compiled code is there, with all that a first call links late."""
        work: _Work | None = self.__dict__.get("_work")
        return bool(self.overloads) if work is None else work.done.is_set()

    def is_known(self, *arguments: Any) -> bool:
        """Whether compiled code for such arguments is there, or on disk."""
        if self.is_there():
            return True
        on_disk = getattr(self._cache, "has", None)  # what has no file has no cache
        kinds = tuple(map(self.typeof_pyval, arguments))
        return on_disk is not None and on_disk(kinds, self.targetctx)

    def _ahead(self, arguments: Any) -> _Work | None:
        """Compile meanwhile, unless compiled code is on disk."""
        if "_work" not in self.__dict__:
            if self.is_known(*arguments):
                return None
            # By calling it, so that what it links late is there, too.
            self._work = _Work(functools.partial(self._call, uncompiled.copied(arguments), {}))
            _ahead.put(self._work)
        work: _Work = self._work
        return work

    def _call(self, arguments: Any, keywords: Any) -> Any:
        try:
            return super().__call__(*arguments, **keywords)
        except RuntimeError:
            if (reason := why_unready()) is not None:
                raise reason from None
            raise


class Inside(Kernel):
    """A kernel that is compiled again inside of those that call it."""

    entry_for: Callable[[Any], Any]

    @functools.cached_property
    def entry(self) -> Any:
        """What Python calls."""
        return self.entry_for(self)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it from Python."""
        if uncompiled.running():
            return self.py_func(*arguments, **keywords)
        return self.entry(*arguments, **keywords)


class _Work(threading.Thread):
    """One compilation."""

    under_way: ClassVar[set[_Work]] = set()

    def __init__(self, compiled: Callable[[], Any]) -> None:
        super().__init__(name="nege compiles", daemon=True)
        self.compiled: Any = compiled
        self.done = threading.Event()
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


class _Ahead:
    """Compiles one kernel after the other while calls are answered in Python."""

    def __init__(self) -> None:
        self.works: queue.SimpleQueue[_Work] = queue.SimpleQueue()
        self.ahead: list[_Work] = []  # those that are not done
        self.gate = threading.Lock()  # held while one compiles, and while the process is copied
        self.thread: threading.Thread | None = None

    def put(self, work: _Work) -> None:
        """Take one more."""
        self.ahead.append(work)
        self.works.put(work)
        if self.thread is None:
            self.thread = threading.Thread(target=self._run, name="nege compiles", daemon=True)
            self.thread.start()

    def _run(self) -> None:
        with uncompiled.compiled_only():
            while True:
                work = self.works.get()
                with self.gate:
                    work.run()
                self.ahead.remove(work)
                if isinstance(work.error, (TypeError, errors.TypingError)):
                    logger.warning("what was answered in Python does not compile: %s", work.error)
                work.compiled = work.result = work.error = None  # they hold arguments and frames

    def forked(self) -> None:
        """In a copy of this process nobody compiles ahead: what was to be waits for nothing."""
        for work in self.ahead:
            work.done.set()
        self.__init__()  # type: ignore[misc]


_ahead = _Ahead()


def _told(seconds: float) -> None:
    for one in waiting:
        one(None, seconds)


def _uncollected(compiled: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same compilation, which seldom searches for garbage in all that it makes."""

    @functools.wraps(compiled)
    def uncollected(*arguments: Any, **keywords: Any) -> Any:
        usual, *older = gc.get_threshold()
        if usual >= MANY or not usual:  # for the kernel that this one is compiled for
            return compiled(*arguments, **keywords)
        gc.set_threshold(MANY, *older)
        try:
            return compiled(*arguments, **keywords)
        finally:
            gc.set_threshold(usual, *older)

    return uncollected


def _uncoloured(compiled: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same compilation, whose messages have no colours.

    Where colorama is installed, Numba colours even those of overloads that it tries in vain, and
    each time puts the process's own sys.stdout where somebody may have redirected it since: what
    was printed meanwhile would be lost.
    """

    @functools.wraps(compiled)
    def uncoloured(*arguments: Any, **keywords: Any) -> Any:
        scheme = getattr(errors, "HighlightColorScheme", None)
        if scheme is None:
            return compiled(*arguments, **keywords)
        colours, scheme._markup = scheme._markup, _plain
        try:
            return compiled(*arguments, **keywords)
        finally:
            scheme._markup = colours

    return uncoloured


def _plain(scheme: Any, words: str, *colours: Any, **style: Any) -> str:
    return words


def uninterrupted(
    compiled: Callable[..., Any], name: str, words: str | None = None
) -> Callable[..., Any]:
    """Return the same compilation of a kernel, or import, which an interrupt leaves whole.

    Those who hear of waiting are told of it in these words.
    """
    compiled = _uncoloured(_uncollected(compiled))

    @functools.wraps(compiled)
    def wait(*arguments: Any, **keywords: Any) -> Any:
        if threading.current_thread() is not threading.main_thread() or _must_be_here():
            return compiled(*arguments, **keywords)
        handler = signal.getsignal(signal.SIGINT)
        if isinstance(handler, _Pending):  # of the kernel that is called: here is where to wait
            signal.signal(signal.SIGINT, handler.usual)
        context = contextvars.copy_context()  # with what the caller says of floating-point errors
        work = _Work(functools.partial(context.run, compiled, *arguments, **keywords))
        try:
            work.start()
            began = time.monotonic()
            while not work.done.wait(LOOK):  # Windows does not interrupt a longer wait
                for one in waiting:
                    one(words, time.monotonic() - began)
            if work.error is not None:
                raise work.error
            return work.result
        except KeyboardInterrupt:
            message = f"while {name} was made ready, which goes on and is there for the next call"
            raise KeyboardInterrupt(message) from None
        finally:
            if isinstance(handler, _Pending):
                signal.signal(signal.SIGINT, handler)
            del work  # it holds its own error, whose traceback holds this frame
            for one in waiting:
                one.over()

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


def _finish() -> None:
    """Let what compiles end before this process is copied: the copy would wait for ever."""
    _ahead.gate.acquire()
    for work in list(_Work.under_way):
        work.done.wait()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_finish, after_in_parent=lambda: _ahead.gate.release(), after_in_child=_ahead.forked
    )


@atexit.register
def _leave() -> None:
    """Let the process end soon, although something is still being compiled."""
    if _Work.under_way:
        event.register("numba:run_pass", _Leave())
        for work in list(_Work.under_way):
            work.done.wait(LAST)
