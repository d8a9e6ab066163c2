"""Progress of work that lasts: the one service by which nobody waits in silence.

Everything that takes ``progress=`` takes the same:

    None      what nege.options(progress=) says, or else a bar where somebody watches, on a
              terminal or in a notebook, once it takes a second
    False     nothing at all, not even that something is being compiled
    True      a bar, wherever standard error goes
    callback  callback(done, total, words) before the first step, after every one, and where
              steps of another kind begin

Of `total` steps that are known by now `done` are done; `words` say what they are. The first never
falls, and is never above the second, which changes where work turns up on the way; at the end they
are equal. A callback is called in the thread that called for the work. What it raises ends the
work, as Ctrl-C does, and comes out as itself: a store keeps what was finished.

Work can be cancelled from another thread, too: inside of ``stoppable`` what takes long asks now and
then whether it is (``stop_if_cancelled``), between two calls of callbacks as well.

What is compiled says so too: on a line that is cleared when it is over, and to the logger "nege".
To that goes how far work is, once a minute, and how it ended.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from numba.core import event

from nege import settings
from nege.errors import NegeError
from nege.kernels import compiling
from nege.kernels.compiling import Kernel
from nege.kernels.jit import PackageCache
from nege.settings import Callback as Callback
from nege.settings import Progress as Progress
from nege.settings import check_progress as check_progress

Tick = Callable[[int], object]  # hears how many steps were done since it last heard

logger = logging.getLogger("nege")

_silent = contextvars.ContextVar("silent", default=False)
_wanted: contextvars.ContextVar[Callable[[], bool] | None]
_wanted = contextvars.ContextVar("wanted", default=None)


class Cancelled(NegeError):  # noqa: N818  no error: somebody wanted it
    """What work ends in that was cancelled."""


@contextlib.contextmanager
def stoppable(wanted: Callable[[], bool]) -> Iterator[None]:
    """Let what is done inside, in this thread, end in Cancelled once it is `wanted` no more."""
    token = _wanted.set(wanted)
    try:
        yield
    finally:
        _wanted.reset(token)


def stop_if_cancelled() -> None:
    """End here if nobody wants any more what is being done: long loops of solvers ask."""
    wanted = _wanted.get()
    if wanted is not None and not wanted():
        raise Cancelled("what was being done was cancelled")


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Show nothing of what is done inside unless it is asked for there."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


class Steps:
    """The steps of some work, done and to do; called whenever some of them are done."""

    def __init__(self, total: int, words: str, done: int, show: Callback) -> None:
        self.total, self.words, self.done, self._show = total, words, done, show
        show(done, total, words)

    def __call__(self, count: int = 1) -> None:
        """Say that so many more are done."""
        self._at(self.done + count)

    def expect(self, ahead: int, words: str | None = None) -> None:
        """Say how many are ahead, as far as is known, and what they are from now on."""
        self.total = self.done + ahead
        if words is not None and words != self.words:
            self.words = words
            self._show(self.done, self.total, words)

    def part(self) -> Callback:
        """Return the callback of a call that does a part of this work, step by step."""
        before = self.done
        return lambda done, total, words: self._at(before + done)

    def finish(self) -> None:
        """Say that this was all."""
        if self.done != self.total:
            self.total = self.done
            self._show(self.done, self.total, self.words)

    def _at(self, done: int) -> None:
        if done > self.done:
            self.done, self.total = done, max(self.total, done)
            self._show(done, self.total, self.words)


@contextlib.contextmanager
def watched(
    progress: Progress, total: int, words: str, done: int = 0, name: str | None = None
) -> Iterator[Steps]:
    """Let somebody watch some work, of which so many steps may be done already.

    How what has a `name` ends is always logged, other work if it takes long.
    """
    progress, told = check_progress(progress), progress is not None
    if not told and not _silent.get():
        progress = settings.held("progress")
    with contextlib.ExitStack() as shown:
        if not told and progress is not None:  # of this work, not of each that it consists of
            shown.enter_context(settings.within(progress=...))
        if progress is False:
            shown.enter_context(silence())
        show: Callback = _nothing
        if callable(progress):
            show = progress
        elif progress or _somebody_watches():
            show = shown.enter_context(contextlib.closing(_Bar()))
        log = _Log(name, show)
        steps = Steps(total, words, done, log)
        with log.ending(steps):
            yield steps
            steps.finish()


def say(words: str, progress: Progress) -> None:
    """Log a line of what became of some work, and show it, to stay, where its progress is shown."""
    logger.info("%s", words)
    shown = progress is True or (progress is None and settings.held("progress") is True)
    if shown or (progress is None and _somebody_watches()):
        with _pen, _even_if_nobody_is_there_any_more():
            sys.stderr.write(f"nege: {words}\n")


def no_tick(done: int) -> None:
    """Report no progress."""


def _nothing(done: int, total: int, words: str) -> None: ...


NOTED = 60.0  # seconds between two lines of a log about the same work


class _Log:
    """Writes down how far work is, beside who shows it."""

    def __init__(self, name: str | None, show: Callback) -> None:
        self.name, self.show = name, show
        self.level = logging.DEBUG if name is None else logging.INFO
        self.began = self.noted = time.monotonic()
        self.first = True

    def __call__(self, done: int, total: int, words: str) -> None:
        if self.first:
            self.first = False
            logger.debug("%s: begun, %d of %d %s done", self.of(words), done, total, words)
        elif (now := time.monotonic()) - self.noted >= NOTED:
            self.noted = now
            seconds = now - self.began
            logger.info("%s: %d of %d %s, %.0f s", self.of(words), done, total, words, seconds)
        self.show(done, total, words)

    def of(self, words: str) -> str:
        """Return what the work is called."""
        return self.name or f"work on {words}"

    @contextlib.contextmanager
    def ending(self, steps: Steps) -> Iterator[None]:
        """Write down how it ended."""
        how, before = "done", steps.done
        try:
            yield
        except BaseException as error:
            how = f"ended by {type(error).__name__}"
            raise
        finally:
            seconds = time.monotonic() - self.began
            level = logging.INFO if seconds >= NOTED else self.level
            done, total, words = steps.done, steps.total, steps.words
            told = self.of(words), how, done, total, words, done - before, seconds
            logger.log(level, "%s: %s, %d of %d %s, %d of them now, in %.1f s", *told)


# --- where it is shown -------------------------------------------------------------------


def _somebody_watches() -> bool:
    """Whether standard error is a terminal, and of no robot, or is shown in a notebook."""
    if _silent.get() or settings.held("progress") is False:
        return False
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if hasattr(shell, "kernel"):
        return True
    try:
        terminal = sys.stderr.isatty()
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False
    return terminal and os.environ.get("CI", "").lower() in ("", "0", "false")


_pen = threading.RLock()  # whoever holds it writes


class _Line:
    """A line on standard error that is written over, and cleared in the end."""

    def __init__(self) -> None:
        self.text = ""

    def show(self, text: str) -> None:
        """Show a text instead of what is there."""
        if text != self.text:
            self.text = text
            self._write(f"\r{text[: _width()]:<{_width()}}")

    def close(self) -> None:
        """Leave the line as empty as it was."""
        if self.text:
            self.text = ""
            self._write(f"\r{'':{_width()}}\r")

    @staticmethod
    def _write(text: str) -> None:
        with _pen, _even_if_nobody_is_there_any_more():
            sys.stderr.write(text)
            sys.stderr.flush()


def _width() -> int:
    return max(20, shutil.get_terminal_size().columns - 1)


def _even_if_nobody_is_there_any_more() -> contextlib.suppress:
    """Let no work end because the terminal that it was started from is gone."""
    return contextlib.suppress(OSError, ValueError, AttributeError)


APPEARS = 1.0  # seconds that work has to last for a bar to appear, and between ticks of its clock
REDRAWN = 0.1  # seconds between two drawings of it


class _Bar:
    """A bar of tqdm, or where that is not installed a line of text."""

    def __init__(self) -> None:
        self.began = self.drawn = time.time()  # by the clock of tqdm
        self.said: tuple[int, int, str] | None = None
        self.first = 0
        self.bar: Any = None
        self.over = threading.Event()

    def __call__(self, done: int, total: int, words: str) -> None:
        with _pen:
            if self.said is None:
                self.first = done
                threading.Thread(name="nege shows", target=self._tick, daemon=True).start()
            self.said = done, total, words
            since, wait = (self.began, APPEARS) if self.bar is None else (self.drawn, REDRAWN)
            if time.time() - since >= wait:
                self._draw()

    def _tick(self) -> None:
        """Draw it every second: it appears, and its clock goes on, however long a step takes."""
        while not self.over.wait(APPEARS or 1.0):
            self._draw()

    def _draw(self) -> None:
        with _pen, _even_if_nobody_is_there_any_more():
            if self.over.is_set() or self.said is None or _waiting.line.text:
                return
            done, total, words = self.said
            if self.bar is None:
                self.bar = _tqdm_or_line(self.began, self.first, total, words)
            self.drawn = time.time()
            if isinstance(self.bar, _Line):
                self.bar.show(f"{words}: {done} of {total}")
            else:
                self.bar.n, self.bar.total = done, total
                self.bar.set_description_str(words)

    def close(self) -> None:
        with _pen, _even_if_nobody_is_there_any_more():
            self.over.set()
            if self.bar is not None:
                self.bar.close()


def _tqdm_or_line(began: float, first: int, total: int, words: str) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return _Line()
    bar = tqdm(total=total, desc=words, initial=first, leave=False, ncols=_width())
    bar.start_t = began
    return bar


# --- what is compiled --------------------------------------------------------------------

SOON = 0.35  # seconds of compiling, or importing, after which a line says so
APART = 0.5  # seconds between two waits that are felt as two


class Compilations(event.Listener):
    """Counts and logs what Numba compiles of nege; only one thread at a time does."""

    def __init__(self) -> None:
        self.count, self.depth, self.kept, self.began = 0, 0, True, 0.0

    def on_start(self, event: Any) -> None:
        """Hear that a kernel, or one that it calls, is about to be compiled."""
        kernel = event.data["dispatcher"]
        if not self.depth:
            if not isinstance(kernel, Kernel):
                return
            self.began = time.monotonic()
            cache = vars(kernel).get("_cache")
            self.kept = isinstance(cache, PackageCache) and cache.keeps(event.data["args"])
            logger.info("compiling %s", _named(kernel))
        self.depth += 1
        self.count += isinstance(kernel, Kernel)

    def on_end(self, event: Any) -> None:
        """Hear that it is done, or that it failed."""
        if self.depth:
            self.depth -= 1
            if not self.depth:
                seconds = time.monotonic() - self.began
                logger.info("compiled %s in %.1f s", _named(event.data["dispatcher"]), seconds)


def _named(kernel: Any) -> str:
    return f"{kernel.py_func.__module__}.{kernel.py_func.__name__}"


class _Waiting:
    """What a call waits for before it can begin, said on a line once that takes too long."""

    def __init__(self) -> None:
        self.line = _Line()
        self.before = 0.0  # seconds of the waits just before, which are felt as one with it
        self.seconds = 0.0  # of this one
        self.ended, self.words = -APART, ""

    def __call__(self, words: str | None, seconds: float) -> None:
        """Hear how long something, or else a kernel, has been waited for."""
        if words is None and compilations.depth:
            often = "once on this machine" if compilations.kept else "once in this session"
            words = f"compiling the solver, {often}"
        elif words is None:
            # Read from the cache, or that is not known yet; or it is compiled, and being kept.
            words = self.words if self.seconds else "getting the solver ready"
        if words != self.words or time.monotonic() - seconds - self.ended > APART:
            self.before = 0.0
        self.seconds, self.words = seconds, words
        if self.line.text or (self.before + seconds >= SOON and _somebody_watches()):
            whole = int(self.before + seconds)
            self.line.show(f"nege: {words}" + (f", {whole} s so far" if whole else " ..."))

    def over(self) -> None:
        """Hear that it is there, or is not waited for any more."""
        if self.seconds:
            self.line.close()
            self.before += self.seconds
            self.seconds, self.ended = 0.0, time.monotonic()


compilations, _waiting = Compilations(), _Waiting()
event.register("numba:compile", compilations)  # type: ignore[no-untyped-call]
compiling.waiting.append(_waiting)
