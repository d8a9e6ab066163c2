"""Wrong and missing arguments of constructors are refused like any bad input, with hints."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from nege.errors import InputError, in_words, listed, meant, near

Class = TypeVar("Class", bound=type)


def hinted(cls: Class) -> Class:
    """Make the constructor of a class say what a wrong keyword may have meant, and all it needs.

    Its signature stays what it is.
    """
    cls.__init__ = hinted_call(cls.__init__)  # type: ignore[misc]
    return cls


def hinted_call(init: Callable[..., None]) -> Callable[..., None]:
    """Return a constructor that refuses wrong and missing arguments as an InputError."""
    parameters = list(inspect.signature(init).parameters.values())[1:]
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return init
    known = [p.name for p in parameters]
    first = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    needed = [p.name for p in parameters if p.default is p.empty]

    @functools.wraps(init)
    def call(self: Any, *arguments: Any, **keywords: Any) -> None:
        owner, given = type(self).__name__, {*first[: len(arguments)], *keywords}
        if len(arguments) > len(first) or len(given) < len(arguments) + len(keywords):
            allowed = (
                f"given once and by name, but for {in_words(first)}" if first else "given by name"
            )
            cure = f"{owner} takes {in_words(known)}."
            raise InputError(f"arguments of {owner}", arguments, allowed, cure)
        unknown = [name for name in keywords if name not in known]
        missing = [name for name in needed if name not in given]
        if unknown:
            raise _unknown(owner, unknown, known, missing)
        if missing:
            raise InputError(in_words(missing), None, "given", f"{owner} needs {in_words(needed)}.")
        init(self, *arguments, **keywords)

    return call


def _unknown(owner: str, names: list[str], known: list[str], missing: list[str]) -> InputError:
    close = {name: meant(name, known) for name in names}
    likely = {options[0] for options in close.values() if options}
    left = [name for name in missing if name not in likely]
    hints = [
        f"Did you mean {' or '.join(map(repr, options))} by {name!r}?"
        for name, options in close.items()
        if options
    ]
    hints = [near(names[0], known)] if len(names) == 1 else [*hints, listed(known)]
    if left:
        hints.append(f"It also needs {in_words(left)}.")
    value = names[0] if len(names) == 1 else names
    return InputError("parameter", value, f"one that {owner} takes", " ".join(hints))
