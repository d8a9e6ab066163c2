"""Paths that are given, and how files appear: as a whole, and only in place of nege's own."""

from __future__ import annotations

import contextlib
import mmap
import os
import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any

from nege.errors import InputError

#: What every file of nege has in it: an attribute of netCDF files, the author of pictures.
MARK = "nege_schema"


def located(argument: str, path: Any) -> pathlib.Path:
    """Return a path that was given, absolute, with ~ and symbolic links followed."""
    allowed = "a path: text, or a pathlib.Path"
    try:
        text = os.fspath(path)
        if not isinstance(text, str) or not text or "\0" in text:
            raise InputError(argument, path, allowed, "NUL, bytes and nothing name no file.")
        os.fsencode(text)
        given = pathlib.Path(text).expanduser()
        found = given.resolve()
        astray = given.is_symlink() and not found.exists()
    except InputError:
        raise
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(argument, path, allowed, f"The system says: {error}.") from error
    if astray:
        cure = f"It leads to {found}, where nothing is: give that path, or take the link away."
        raise InputError(argument, str(path), "no symbolic link that leads nowhere", cure)
    return found


def replaceable(argument: str, path: pathlib.Path) -> None:
    """Refuse a path at which there is something that nege did not write."""
    if path.exists() and not (path.is_file() and _marked(path)):
        cure = "Something else is there, which nege leaves alone: choose another name, or move it."
        raise InputError(argument, str(path), "a new file, or one that nege wrote", cure)


def _marked(path: pathlib.Path) -> bool:
    """Whether a file has nege's mark anywhere, damaged or not."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:  # which cannot be mapped
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(MARK.encode()) >= 0


@contextlib.contextmanager
def beside(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Give a folder beside a path that nobody can guess, and take it away with what is in it."""
    made = tempfile.TemporaryDirectory(
        dir=path.parent,
        prefix=f"{path.name[:40]}.",
        suffix=".partial",
        ignore_cleanup_errors=True,  # of a disk that fails: not to hide what went wrong before
    )
    with made as folder:
        yield pathlib.Path(folder)


@contextlib.contextmanager
def replacing(argument: str, path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Give a place to write a file to, which then appears as a whole; or say what is wrong."""
    try:
        replaceable(argument, path)
        with beside(path) as folder:
            # A folder, so that the file has the permissions that it would have anyway.
            partial = folder / path.name
            yield partial
            partial.replace(path)
    except OSError as error:
        cure = f"The system says: {error}."
        raise InputError(argument, str(path), "a file that can be written", cure) from error
