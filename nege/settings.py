"""Habits of a session: threads, processes, what is shown, where compiled code is kept.

Each is looked for in this order:

    an argument of the call      nege.sweep(..., processes=4)
    a block                      with nege.options(processes=4): ...
    a plain call                 nege.options(processes=4)
    an environment variable      NEGE_PROCESSES=4
    its default                  1

A plain call is for the whole process, since notebooks do not keep context variables from cell to
cell everywhere. A block is for what runs inside of it in this thread or task, and nobody else. None
of them changes an answer: tolerances and limits of a solve are ``nege.SolverOptions``.
"""

from __future__ import annotations

import contextlib
import contextvars
import gc
import inspect
import os
import pathlib
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from types import EllipsisType
from typing import Any, NamedTuple

import numba
import numpy as np

from nege import validation
from nege.errors import InputError
from nege.kernels.jit import PackageCache
from nege.validation import paths
from nege.validation.keywords import hinted

__all__ = ["options"]

Callback = Callable[[int, int, str], object]
Progress = bool | Callback | None  # what an argument of that name may be

config: Any = numba.config
FOLDER_VARIABLE = "NUMBA_CACHE_DIR"
VARIABLES = {
    "threads": "NEGE_THREADS",
    "processes": "NEGE_PROCESSES",
    "progress": "NEGE_PROGRESS",
    "cache": FOLDER_VARIABLE,
}
DEFAULTS: dict[str, Any] = {"threads": 1, "processes": 1, "progress": None, "cache": None}
IN_WORDS = {
    "threads": "of nege.short_run",
    "processes": "of nege.sweep, nege.regimes and nege.claims",
    "progress": "None is a bar where somebody watches",
    "cache": "None is beside each source file, or else the user's own cache folder",
}
MOST_DIGITS = 19  # of a number that an array can hold
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class _Set(NamedTuple):
    """What a plain call set, and by which call, which a block takes back."""

    value: Any
    by: weakref.ref[Options]


_lock = threading.Lock()
_plain: dict[str, list[_Set]] = {name: [] for name in DEFAULTS}  # the last one holds
_block: contextvars.ContextVar[tuple[dict[str, Any], ...]] = contextvars.ContextVar(
    "nege options", default=()
)  # what holds in each of the blocks that are open here, the innermost last


@hinted
def options(
    *,
    threads: int | EllipsisType | None = ...,
    processes: int | EllipsisType | None = ...,
    progress: Progress | EllipsisType | None = ...,
    cache: str | pathlib.Path | EllipsisType | None = ...,
) -> Options:
    """Habits of a session: threads, processes, progress and the folder of compiled code.

    What a call is not told, it looks up here; what it is told itself wins. A plain call holds for
    the process from then on, ``with nege.options(...)`` for what runs inside of it. No answer
    depends on them, to the last bit: tolerances and limits of a solve, which are an argument
    ``options=`` of solvers, are :class:`nege.SolverOptions`.

    Parameters
    ----------
    threads : int, default 1
        How many parts :func:`nege.short_run` solves at the same time; of sweeps see `processes`.
        Or the environment variable NEGE_THREADS.
    processes : int, default 1
        How many processes :func:`nege.sweep`, :func:`nege.regimes` and :func:`nege.claims` solve
        in; or NEGE_PROCESSES. In a script such calls stand under
        ``if __name__ == "__main__":``.
    progress : bool or callable, optional
        What everything shows that has an argument of that name: True, False, or
        ``callback(done, total, words)``; or NEGE_PROGRESS=1 or 0. By default a bar where
        somebody watches.
    cache : str or Path, optional
        Folder where compiled code is kept; or NUMBA_CACHE_DIR, which this sets, so that
        processes started later find it too. It is everything's that Numba keeps in this
        process, in a plain call only, and before the first solve.

    Returns
    -------
    Options
        A context manager; printed, it says what holds, and why. ``.threads``, ``.processes``,
        ``.progress`` and ``.cache`` are what holds when they are looked at.

    Raises
    ------
    InputError
        For what is not allowed there, a folder that cannot be written, or one that comes after
        compiled code has been read or written elsewhere.

    Notes
    -----
    None goes back to the environment variable or the default; what is left out stays. In the units
    of a sweep, in whatever process, threads and processes are 1 and nothing is shown, unless a
    function of ``of=`` asks for it itself: what is divided once is not divided again. Workers of a
    Dask cluster are other machines: set NUMBA_CACHE_DIR there. Threads that are started in a block
    do not see it (``contextvars.copy_context().run`` takes it along); a plain call they do.

    Not for what a single call should do: its own arguments say that.

    Examples
    --------
    >>> import nege
    >>> with nege.options(threads=2, progress=False) as held:
    ...     print(held.threads, held.processes)
    2 1
    >>> nege.options().threads
    1
    """
    asked = {"threads": threads, "processes": processes, "progress": progress, "cache": cache}
    given = {name: value for name, value in asked.items() if value is not ...}
    for name, value in given.items():
        if value is not None:
            given[name] = _checked(name, value)
    return Options(given)


class Options:
    """What ``nege.options`` set; a context in which that holds, and after which it does not."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = dict(given)
        self._folder: tuple[str | None, str] | None = None
        if "cache" in given:
            self._folder = os.environ.get(FOLDER_VARIABLE), config.CACHE_DIR
            _keep_in(given["cache"])
        with _lock:
            for name, value in given.items():
                _plain[name] = [*_needed(_plain[name]), _Set(value, weakref.ref(self))]

    def __enter__(self) -> Options:
        """Let them hold inside alone: take back what was set for the whole process."""
        with _lock:
            for name in self._given:
                _plain[name] = [one for one in _plain[name] if one.by() is not self]
        if self._folder is not None:
            _restore(*self._folder)
            allowed = "set by a plain call, nege.options(cache=...)"
            cure = "Compiled code is shared by all that runs in this process."
            raise InputError("cache", self._given["cache"], allowed, cure)
        _block.set((*_block.get(), {**_within(), **self._given}))
        return self

    def __exit__(self, *error: object) -> None:
        # Not by a token: one object may be entered in several threads and tasks at a time.
        _block.set(_block.get()[:-1])

    @property
    def threads(self) -> int:
        """Of ``nege.short_run``."""
        return int(held("threads"))

    @property
    def processes(self) -> int:
        """Of sweeps."""
        return int(held("processes"))

    @property
    def progress(self) -> Progress:
        """What is shown of work that lasts."""
        found: Progress = held("progress")
        return found

    @property
    def cache(self) -> pathlib.Path | None:
        """Where compiled code is kept; None is beside each source file, where that can be."""
        found: pathlib.Path | None = held("cache")
        return found

    def __repr__(self) -> str:
        lines = ["nege.options, as they hold here"]
        for name, words in IN_WORDS.items():
            try:
                value, whence = _looked_up(name)
            except InputError as error:  # of an environment variable: said, and refused where used
                lines.append(f"    {name}: {error}")
                continue
            text = getattr(value, "__qualname__", str(value))
            lines.append(f"    {f'{name} = {text}':<20} by {whence} ({words})")
        return "\n".join(lines)


def held(name: str) -> Any:
    """Return what holds of an option, here and now."""
    return _looked_up(name)[0]


def chosen(name: str, given: Any) -> int:
    """Return a number of threads or processes: what a call was given, or else what holds."""
    return int(held(name) if given is None else _checked(name, given))


@contextlib.contextmanager
def within(**values: Any) -> Iterator[None]:
    """Let options hold inside, whatever a user set; an Ellipsis stands for the default."""
    token = _block.set((*_block.get(), {**_within(), **values}))
    try:
        yield
    finally:
        _block.reset(token)


def _within() -> dict[str, Any]:
    """Return what holds in the innermost block."""
    return _block.get()[-1] if _block.get() else {}


def undivided() -> contextlib.AbstractContextManager[None]:
    """Divide nothing further inside: for what is one of several parts already."""
    return within(threads=1, processes=1)


def check_progress(progress: Any) -> Progress:
    """Return what is wanted, or refuse what nobody could show progress by."""
    if progress is None:
        return None
    if isinstance(progress, (bool, np.bool_)):
        return bool(progress)
    allowed = "True, False, None or a function callback(done, total, words)"
    if not callable(progress) or isinstance(progress, type):
        raise InputError("progress", progress, allowed)
    try:
        inspect.signature(progress).bind(0, 1, "economies")
    except TypeError as error:
        cure = "It has to take three arguments, by position."
        raise InputError("progress", progress, allowed, cure) from error
    except ValueError:  # written in C: what it takes is not to be known before it is called
        pass
    wanted: Callback = progress
    return wanted


# --- where a value comes from --------------------------------------------------------------


def _looked_up(name: str) -> tuple[Any, str]:
    """Return what holds of an option, and what says so."""
    if name == "cache":
        folder = pathlib.Path(config.CACHE_DIR) if config.CACHE_DIR else None
        set_here = _plain[name] and _plain[name][-1].value is not None
        known = "nege.options" if set_here else FOLDER_VARIABLE
        return folder, "default" if folder is None else known
    block, plain = _within(), _plain[name]
    if name in block:
        value, whence = block[name], "a block of nege.options"
    else:
        value, whence = (plain[-1].value if plain else None), "nege.options"
    if value is not None and value is not ...:
        return value, whence
    text = "" if value is ... else os.environ.get(VARIABLES[name], "")
    return (_read(name, text), VARIABLES[name]) if text else (DEFAULTS[name], "default")


def _checked(name: str, value: Any) -> Any:
    if name == "progress":
        return check_progress(value)
    return _folder(value) if name == "cache" else validation.whole(name, value, at_least=1)


def _read(name: str, text: str) -> Any:
    """Return what an environment variable says."""
    said = text.strip().lower()
    if name == "progress":
        if said in YES or said in NO:
            return said in YES
    elif said.isdecimal() and len(said) < MOST_DIGITS and int(said) >= 1:
        return int(said)
    allowed = "0 or 1" if name == "progress" else "a whole number of at least 1"
    cure = f"It is the default of {name}=."
    raise InputError(f"the environment variable {VARIABLES[name]}", text, allowed, cure)


def _needed(sets: list[_Set]) -> list[_Set]:
    """Leave out what can never hold again: what lies under one that no block takes back."""
    lasting = [i for i, one in enumerate(sets) if one.by() is None]
    return sets[lasting[-1] :] if lasting else sets


# --- the folder of compiled code -----------------------------------------------------------

_began = os.environ.get(FOLDER_VARIABLE), config.CACHE_DIR


def _folder(value: Any) -> str:
    """Return a folder that can be written to, made if need be."""
    place = paths.located("cache", value).absolute()
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            return str(place)
    except OSError as error:
        cure = f"The system says: {error}."
        raise InputError("cache", str(value), "a folder that can be written to", cure) from error


def _keep_in(folder: str | None) -> None:
    """Let compiled code be kept in a folder, or where it would be without nege.options."""
    new = (folder, folder) if folder is not None else _began
    if new[1] == config.CACHE_DIR:
        return
    if any(type(one) is PackageCache and "_impl" in vars(one) for one in gc.get_objects()):
        raise InputError(
            "cache",
            folder,
            "set before the first solve of a process",
            f"Compiled code was read or kept elsewhere by now. Start again, with this call first, "
            f"or with the environment variable {FOLDER_VARIABLE}={folder or _began[0] or ''}",
        )
    _restore(*new)


def _restore(variable: str | None, folder: str) -> None:
    if variable is None:
        os.environ.pop(FOLDER_VARIABLE, None)
    else:
        os.environ[FOLDER_VARIABLE] = variable
    config.CACHE_DIR = folder
