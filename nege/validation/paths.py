"""Checks of file paths, and atomic writing: files appear as a whole, and replace only nege's."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import tempfile
from collections.abc import Iterator
from typing import Any

from nege.errors import InputError, of_system, require

#: What every file of nege has in its place: an attribute of the results, who made a picture.
MARK = "nege_schema"

PAGE = '<meta name="generator" content="nege">'  # in what nege writes as a page
LATEX = b"% table of nege"  # what a table in LaTeX begins with
HEAD = 1 << 16  # bytes at the beginning or the end in which a mark is
HDF5, PNG = b"\x89HDF\r\n\x1a\n", b"\x89PNG\r\n\x1a\n"
SEALED = re.compile(rb"\nnege [0-9a-f]{32}\n\Z")  # as nege.results.files ends a file
PDF_CREATOR = re.compile(rb"<<[^<>]*/Creator \(nege_schema\)[^<>]*>>\s*endobj")
SVG_CREATOR = re.compile(
    rb"<dc:creator>\s*<cc:Agent>\s*<dc:title>nege_schema</dc:title>\s*</cc:Agent>"
)


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
        raise InputError(
            argument, path, allowed, f"The system says: {of_system(error)}."
        ) from error
    if astray:
        cure = f"It leads to {found}, where nothing is: give that path, or take the link away."
        raise InputError(argument, str(path), "no symbolic link that leads nowhere", cure)
    return found


def replaceable(argument: str, path: pathlib.Path, begins: bytes = b"") -> None:
    """Refuse a path at which there is something that nege did not write.

    A format without a place for a mark, as CSV, is known by what it `begins` with.
    """
    if path.exists() and not (path.is_file() and (_marked(path) or _begins(path, begins))):
        cure = "Something else is there, which nege leaves alone: choose another name, or move it."
        raise InputError(argument, str(path), "a new file, or one that nege wrote", cure)


def _begins(path: pathlib.Path, text: bytes) -> bool:
    """Whether a file begins with some text."""
    with path.open("rb") as file:
        return bool(text) and file.read(len(text)) == text


def _marked(path: pathlib.Path) -> bool:
    """Whether a file is of a format that nege writes, with nege's mark where nege puts it."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        file.seek(-min(HEAD, os.fstat(file.fileno()).st_size), os.SEEK_END)
        tail = file.read()
    if head.startswith(HDF5):
        return SEALED.search(tail) is not None or _marked_inside(path)
    if head.startswith(PNG):
        return any(text == b"Software\0" + MARK.encode() for text in _texts(head))
    if head.startswith(b"GIF8"):
        return b"\x21\xfe" + bytes([len(MARK)]) + MARK.encode() in head
    if head.startswith(b"%PDF-"):
        return PDF_CREATOR.search(tail) is not None
    if head.startswith(b"CDF"):  # netCDF 3
        return MARK.encode() in head
    if head.startswith(LATEX):
        return True
    if head.startswith(b"<!doctype html>"):
        return PAGE.encode() in head
    return head.startswith(b"<?xml") and b"<svg" in head and SVG_CREATOR.search(head) is not None


def _marked_inside(path: pathlib.Path) -> bool:
    """Whether a netCDF file without a seal behind it has the mark where nege puts it."""
    try:
        h5py = require("h5py", "io", "Reading netCDF files")
        with h5py.File(path, "r") as file:
            return MARK in file["result"].attrs
    except Exception:  # of every kind, as what is damaged says anything
        return False


def _texts(head: bytes) -> Iterator[bytes]:
    """Yield the texts in a PNG file that stand before the picture."""
    at = len(PNG)
    while at + 8 <= len(head) and (kind := head[at + 4 : at + 8]) != b"IDAT":
        size = int.from_bytes(head[at : at + 4], "big")
        if kind == b"tEXt":
            yield head[at + 8 : at + 8 + size]
        at += 12 + size


@contextlib.contextmanager
def beside(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Give a temporary folder beside a path, and take it away with what is in it."""
    made = tempfile.TemporaryDirectory(
        dir=path.parent,
        prefix=f"{path.name[:40]}.",
        suffix=".partial",
        ignore_cleanup_errors=True,  # of a disk that fails: not to hide what went wrong before
    )
    with made as folder:
        yield pathlib.Path(folder)


@contextlib.contextmanager
def replacing(argument: str, path: pathlib.Path, begins: bytes = b"") -> Iterator[pathlib.Path]:
    """Give a place to write a file to, which then appears as a whole; or say what is wrong."""
    try:
        replaceable(argument, path, begins)
        with beside(path) as folder:
            # A folder, so that the file has the permissions that it would have anyway.
            partial = folder / path.name
            yield partial
            partial.replace(path)
    except OSError as error:
        cure = f"The system says: {of_system(error)}."
        raise InputError(argument, str(path), "a file that can be written", cure) from error
