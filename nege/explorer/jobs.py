"""Work in the background: whoever asked goes on, hears of progress, and may cancel it.

A job has a thread of its own. Cancelled, it is over at once for whoever waits for it; the thread
ends at the next step of its work, and what it may still find is dropped.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import importlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from nege.progress import Callback, Cancelled, compilations, silence, stop_if_cancelled, stoppable

logger = logging.getLogger("nege")


@functools.cache
def _import_for_threads() -> None:
    """Import Dask, where it is there, which xarray does at some array that it looks at.

    Its modules import each other, and break where two threads begin with that at once.
    """
    with contextlib.suppress(ImportError):
        importlib.import_module("dask.base")


Found = TypeVar("Found")


class Job(Generic[Found]):
    """Some work under way: its progress, its result, and how to end it.

    Parameters
    ----------
    words : str
        What is being done.
    work : callable
        (progress) -> result; what it calls `progress` with, as ``nege.progress`` has it, is shown.
    """

    def __init__(self, words: str, work: Callable[[Callback], Found]) -> None:
        _import_for_threads()
        self.words = words
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._found: Any = None
        self._error: BaseException | None = None
        self._hearing: list[Callable[[Job[Found]], object]] = []
        self._began, self._ended = time.monotonic(), 0.0
        #: How many steps are done, of how many, and what they are.
        self.progress: tuple[int, int, str] = (0, 1, words)
        context = contextvars.copy_context()  # with what the caller says of numbers and threads
        thread = threading.Thread(target=context.run, args=(self._run, work), name="nege explores")
        thread.daemon = True
        thread.start()

    @property
    def done(self) -> bool:
        """Whether it is over, by a result, an error or because it was cancelled."""
        return self._over.is_set()

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.done and isinstance(self._error, Cancelled)

    @property
    def seconds(self) -> float:
        """How long it has taken so far, or took."""
        return (self._ended or time.monotonic()) - self._began

    @property
    def doing(self) -> str:
        """What is being done now, in words: what is waited for where a kernel is compiled."""
        if not self.done and compilations.depth:
            return "compiling the solver, once on this machine"
        return self.progress[2]

    def result(self, timeout: float | None = None) -> Found:
        """Return what was found, once it is.

        Raises
        ------
        Cancelled
            Where it was.
        TimeoutError
            Where it is not there after so many seconds; the work goes on.
        Exception
            What the work raised.
        """
        if not self._over.wait(timeout):
            raise TimeoutError(f"{self.words}: not done after {timeout:g} s")
        if self._error is not None:
            raise self._error
        found: Found = self._found
        return found

    def cancel(self) -> bool:
        """End it; whether there was anything to end. Its result is dropped whenever it comes."""
        return self._end(None, Cancelled(f"{self.words}: cancelled"))

    def when_done(self, hear: Callable[[Job[Found]], object]) -> None:
        """Call a function with this job once it is over: in its thread, or now if it is."""
        with self._lock:
            if not self.done:
                self._hearing.append(hear)
                return
        hear(self)

    def _run(self, work: Callable[[Callback], Found]) -> None:
        try:
            with silence(), stoppable(lambda: not self.done):
                self._end(work(self._show), None)
        except BaseException as error:  # for whoever waits
            self._end(None, error)

    def _show(self, done: int, total: int, words: str) -> None:
        stop_if_cancelled()
        self.progress = done, total, words

    def _end(self, found: Any, error: BaseException | None) -> bool:
        with self._lock:
            if self.done:
                return False
            self._found, self._error, self._ended = found, error, time.monotonic()
            self._over.set()
            hearing, self._hearing = self._hearing, []
        for hear in hearing:
            try:
                hear(self)
            except Exception:
                logger.exception("what was to hear of %s failed", self.words)
        return True

    def __repr__(self) -> str:
        state = "cancelled" if self.cancelled else "done" if self.done else "under way"
        return f"<nege job: {self.words}, {state}, {self.seconds:.1f} s>"
