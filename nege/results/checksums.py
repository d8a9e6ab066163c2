"""Checksums ("seals") of arrays and files, by which a change since they were written is found.

They find damage and edits; against somebody who computes new checksums only the equations help.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
from typing import Any

import numpy as np

SIZE = 8  # bytes: two contents share one by chance once in 10^19


def seal(values: Any, *about: Any) -> int:
    """Return the digest of an array and of what it is; never zero, which means "none"."""
    array = np.asarray(values)
    about = (*about, array.shape)
    if array.dtype.kind not in "biufc":
        text = json.dumps([str(item) for item in array.ravel()])
        array = np.frombuffer(text.encode(), np.uint8)
    if array.dtype.kind == "f" and np.isnan(array).any():
        array = np.where(np.isnan(array), np.nan, array)  # there are many NaN, all of one meaning
    found = hashlib.blake2b(repr((about, array.dtype.str)).encode(), digest_size=SIZE)
    found.update(np.ascontiguousarray(array).data)
    return int.from_bytes(found.digest(), "little") or 1


def of_text(text: str) -> str:
    """Return the digest of a text."""
    return hashlib.blake2b(text.encode(), digest_size=SIZE).hexdigest()


def of_file(path: pathlib.Path) -> str:
    """Return the digest of a file; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=SIZE)).hexdigest()
    except OSError:
        return ""
