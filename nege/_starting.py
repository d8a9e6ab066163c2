"""Ctrl-C while the command line is still importing: one line, as later on, and no traceback.

Imported first by the package, because ``python -m nege`` imports that before anything of its own.
"""

import os
import pathlib
import signal
import sys
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130  # what a shell expects


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    os.write(2, b"nege: interrupted before it began. The same command starts again.\n")
    os._exit(INTERRUPTED)


def over() -> None:
    """Give Ctrl-C its usual meaning back."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _is_program() -> bool:
    """Whether this process is the command line of nege."""
    if sys.argv[:1] == ["-m"]:  # a package that is being imported for python -m
        return ("-m", "nege") in zip(sys.orig_argv, sys.orig_argv[1:], strict=False)
    return bool(sys.argv) and pathlib.Path(sys.argv[0]).name in ("nege", "nege.exe")


if _is_program() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _leave)
