"""What is typed on the command line: each option once or collected, and errors in its words."""

from __future__ import annotations

import argparse
import functools
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from nege.errors import InputError


class Parser(argparse.ArgumentParser):
    """A parser whose options of one value refuse a second one; it serves one command line.

    What it reads has `typed`: what is typed for each argument, by the argument's name.
    """

    def __init__(self, *args: Any, given: dict[str, Any] | None = None, **keywords: Any) -> None:
        self.given: dict[str, Any] = {} if given is None else given
        self.typed: dict[str, str] = {}
        super().__init__(*args, **keywords)
        for action in (None, "store"):  # what options do unless they say otherwise
            self.register("action", action, functools.partial(Once, self.given))
        self.set_defaults(typed=self.typed)

    def add_argument(self, *args: Any, **keywords: Any) -> argparse.Action:
        """Add an argument, and remember what is typed for it."""
        action = super().add_argument(*args, **keywords)
        name = action.option_strings[-1] if action.option_strings else action.metavar
        self.typed[action.dest] = str(name or action.dest)
        return action

    def add_subparsers(self, **keywords: Any) -> Any:
        """Add commands, which take an option once together with what stands before them."""
        made: Any = functools.partial(type(self), given=self.given)
        return super().add_subparsers(parser_class=made, **keywords)


class Once(argparse.Action):
    """Store the value of an option; a second one would drop the first without a word."""

    def __init__(self, given: dict[str, Any], *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.given = given

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Store it."""
        if option_string and self.dest in self.given:
            both = f"{self.given[self.dest]!r} and {values!r}"
            raise argparse.ArgumentError(self, f"given twice, as {both}; give it once")
        if option_string:
            self.given[self.dest] = values
        setattr(namespace, self.dest, values)


def choices(option: str, texts: Iterable[str], example: str) -> dict[str, str]:
    """Return names and values of NAME=VALUE, each name once."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(option, text, "NAME=VALUE", f"For example {option} {example}.")
        if name in found:
            both = f"{name}={found[name]} and {text}"
            raise InputError(option, both, "one value of each name", "Leave one of them out.")
        found[name] = value
    return found


#: What the command line calls arguments of Python, where it has another name.
ALSO = {
    **{"rng": "seed", "variables": "variable", "number": "numbers"},
    **dict.fromkeys(("x", "y", "x and y"), "against"),
}
#: What Python offers and the command line does not.
ONLY_PYTHON = (", or draw fewer with panels()", ", or draw a heatmap")
CALL = re.compile(r"(nege\.\w+\([^()]*\))")
CLAIMS = re.compile(r"nege\.claims\((?:[\"'](\w+)[\"'])?(?:, )?([^()]*)\)")
CHOICE = re.compile(r"\bat=(?:\{([^{}]*)\}|\.\.\.)")
PAIR = re.compile(r"[\"'](\w+)[\"']: *(\[[^]]*\]|\"[^\"]*\"|'[^']*'|[^,]+)")


def error_as_typed(error: Exception, typed: Mapping[str, str]) -> str:
    """Return an error of Python in words of what was typed; one about a file's keys as it is."""
    if not isinstance(error, InputError):
        return as_typed(str(error), typed)
    if "[" in error.argument:
        return str(error)
    names = _names(typed)
    first, space, rest = error.argument.partition(" ")
    argument = names.get(error.argument) or names.get(first, first) + space + rest
    allowed, cure = (as_typed(words, typed) for words in (error.allowed, error.cure))
    return str(InputError(argument, error.value, allowed, cure))


def as_typed(text: str, typed: Mapping[str, str]) -> str:
    """Return what a text says to write in Python as what is typed for it."""
    for only in ONLY_PYTHON:
        text = text.replace(only, "")
    text = CLAIMS.sub(_claims, text)
    parts = CALL.split(text)  # what else is called has arguments of its own
    return "".join(part if CALL.match(part) else _options(part, typed) for part in parts)


def remedy(words: str) -> str:
    """Return what to try where a solve failed; files have no options of solvers."""
    return f"In Python: {words}" if "SolverOptions" in words else words


def _names(typed: Mapping[str, str]) -> dict[str, str]:
    """Return what is typed for arguments of Python."""
    return {**typed, **{name: typed[said] for name, said in ALSO.items() if said in typed}}


def _claims(found: re.Match[str]) -> str:
    return " ".join(filter(None, ("python -m nege claims", found[1], found[2])))


def _options(text: str, typed: Mapping[str, str]) -> str:
    if typed.get("at"):
        text = CHOICE.sub(_choice, text).replace("at=,", "--at,").replace("at=.", "--at.")
    for name, option in _names(typed).items():
        if option.startswith("--") and name.isidentifier():
            text = text.replace(f"`{name}`", option).replace(f" .{name} ", f" {option} ")
            text = re.sub(rf"\b(?<!-){name}=True\b", option, text)
            text = re.sub(rf"\b(?<!-){name}=(?=[\w.])", f"{option} ", text)
    return text


def _choice(found: re.Match[str]) -> str:
    if found[1] is None:
        return "--at NAME=VALUE"
    pairs = []
    for name, value in PAIR.findall(found[1]):
        plain = value.strip("[] \"'").replace(", ", ",")
        pairs.append(f"{name}={plain if value == '...' else shlex.quote(plain)}")
    return f"--at {' '.join(pairs)}"
