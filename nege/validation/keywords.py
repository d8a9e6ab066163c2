"""Checks of keyword arguments: wrong and missing ones are refused as bad input, with hints."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

from nege.errors import InputError, in_words, listed, meant, near

Called = TypeVar("Called", bound=Callable[..., Any])


def hinted(called: Called) -> Called:
    """Make a function, a method or a class's constructor refuse arguments that it does not take.

    As an InputError that says what a wrong name may have meant, and all that is missing. The
    signature stays what it is.
    """
    if not isinstance(called, type):
        return cast(Called, hinted_call(called))
    called.__init__ = hinted_call(called.__init__)  # type: ignore[misc]
    return cast(Called, called)


def hinted_call(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is as ``hinted`` makes it; a constructor bears its class's name."""
    parameters = list(inspect.signature(function).parameters.values())
    skipped = int(bool(parameters) and parameters[0].name in ("self", "cls"))
    parameters = parameters[skipped:]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return function
    more = any(p.kind is p.VAR_KEYWORD for p in parameters)  # which the function itself looks at
    parameters = [p for p in parameters if p.kind is not p.VAR_KEYWORD]
    known = [p.name for p in parameters]
    first = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    needed = [p.name for p in parameters if p.default is p.empty]
    enough = len(needed) if first[: len(needed)] == needed else math.inf

    @functools.wraps(function)
    def call(*arguments: Any, **keywords: Any) -> Any:
        if not keywords and enough <= len(arguments) - skipped <= len(first):
            return function(*arguments)
        made = function.__name__ == "__init__"
        owner = type(arguments[0]).__name__ if made else function.__name__
        count = len(arguments) - skipped
        given = {*first[:count], *keywords}
        if count > len(first) or len(given) < count + len(keywords):
            if first:
                allowed = f"given once and by name, but for {in_words(first)}"
            else:
                allowed = "given by name" if known or more else "none"
            cure = f"{owner} takes {in_words(known) if known else 'nothing'}."
            raise InputError(f"arguments of {owner}", arguments[skipped:], allowed, cure)
        unknown = [key for key in keywords if key not in known and not more]
        missing = [key for key in needed if key not in given]
        if unknown:
            raise _unknown(owner, unknown, known, missing)
        if missing:
            raise InputError(in_words(missing), None, "given", f"{owner} needs {in_words(needed)}.")
        return function(*arguments, **keywords)

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
