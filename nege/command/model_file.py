"""The class of a model in a Python file beside an economy file: kind = "file.py:Class"."""

from __future__ import annotations

import importlib
import pathlib
import sys

from nege.errors import InputError, in_words
from nege.models.base import Model
from nege.validation import paths

HOW = (
    "A model of your own is named by its file and class, as in kind = "
    '"crowded_core.py:CrowdedCore"; one of an installed package by an entry point nege.models.'
)


def names_file(kind: object) -> bool:
    """Whether a kind is a class of a file, and not a name."""
    return isinstance(kind, str) and ":" in kind


def beside(kind: str, folder: pathlib.Path) -> str:
    """Return the same with the file's whole path, of which those that are relative begin there."""
    file, _, name = kind.rpartition(":")
    return f"{folder / file}:{name}"


def load(kind: str) -> type[Model]:
    """Import the file, as Python imports it for other processes too, and return its class."""
    file, _, name = kind.rpartition(":")
    path = paths.located("kind", file)
    if path.suffix != ".py" or not path.stem.isidentifier() or not path.is_file():
        cure = f"It is looked for beside the TOML file. {HOW}"
        raise InputError("kind", kind, "a Python file and a class in it", cure)
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # last, so that it stands in front of nothing installed
    try:
        module = importlib.import_module(path.stem)
    except Exception as error:  # whatever the file does
        cure = f"{type(error).__name__}: {error}"
        raise InputError("kind", kind, "a file that can be imported", cure) from error
    found = getattr(module, "__file__", None)
    if found is None or pathlib.Path(found).resolve() != path:
        cure = f"{path.stem} is also the name of {found or 'a module of Python'}: rename your file."
        raise InputError("kind", kind, "a file whose name no other module has", cure)
    model = getattr(module, name, None)
    if not (isinstance(model, type) and issubclass(model, Model) and "title" in vars(model)):
        classes = [value for value in vars(module).values() if isinstance(value, type)]
        own = [value for value in classes if value.__module__ == path.stem]
        there = [value.__name__ for value in own if issubclass(value, Model)]
        cure = f"Models there: {in_words(there)}." if there else "It has no model."
        raise InputError("kind", kind, "a file and the model that it has", cure)
    return model
