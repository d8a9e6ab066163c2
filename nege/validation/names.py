"""Checks of names, flags and seeds: input that is no array, for ``nege.validation``."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege.errors import InputError, near
from nege.validation.labels import AS_TEXT

BYTES = (bytes, bytearray, memoryview)


def texts(argument: str, names: Any) -> list[Any]:
    """List names, but not the letters of a single one, nor what has no order."""
    allowed = "a sequence of names"
    if isinstance(names, (np.ndarray, xr.DataArray, pd.Series, pd.Index)):
        names = np.asarray(names).tolist()  # what has no dimension is no list then
    if isinstance(names, (Set, Mapping)):
        raise InputError(argument, names, allowed, "A set has no order, and a mapping no list.")
    if isinstance(names, (str, *BYTES)) or not isinstance(names, Iterable):
        raise InputError(argument, names, allowed, "Put it in a list.")
    try:
        return list(names)
    except Exception as error:  # whatever stops in the middle, as a closed file does
        raise InputError(argument, names, allowed, f"It stops: {error}.") from error


def known(argument: str, name: Any, names: Sequence[str]) -> str:
    """Return a name that exists, or say which ones are near."""
    if not isinstance(name, str) or name not in names:
        number = isinstance(name, (int, float, np.number)) and str(name) in names
        cure = f"Names are text: write {str(name)!r}." if number else near(name, names)
        raise InputError(argument, name, "a known name", cure)
    return name


def unwritable(text: str) -> bool:
    """Whether a text has characters that files cannot hold: NUL and the like, half of a pair."""
    return any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)


def distinct_names(argument: str, names: Sequence[Any]) -> tuple[str, ...]:
    """Return region names as distinct non-empty strings."""
    result = tuple(str(name) if isinstance(name, (str, np.str_)) else "" for name in names)
    for position, (name, given) in enumerate(zip(result, names, strict=True)):
        if not name or unwritable(name):
            allowed = "non-empty strings without control characters"
            cure = f"Mend the one at position {position}."
            if isinstance(given, (int, float, np.number)):
                cure = f"{cure} {AS_TEXT}, or write str(code).zfill(5) for codes of five digits."
            raise InputError(argument, given, allowed, cure)
    seen: set[str] = set()
    for name in result:
        if name in seen:
            raise InputError(argument, name, "distinct", "It stands there twice: rename one.")
        seen.add(name)
    return result


def flag(argument: str, value: Any) -> bool:
    """Return True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(argument, value, "True or False")
    return bool(value)


def generator(argument: str, rng: Any) -> np.random.Generator:
    """Return a generator of random numbers, from a seed or as it is given."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (bool, np.bool_)) or not isinstance(rng, (int, np.integer)) or rng < 0:
        raise InputError(argument, rng, "a whole number of at least 0 or a numpy.random.Generator")
    return np.random.default_rng(int(rng))
