"""A model that ships, as somebody's own in a notebook: no cache ever holds its equations."""

import inspect
import pathlib
import re
import sys
import types

import nege


def made(name):
    """Return the class of a model once more, under another name."""
    kind = getattr(nege, name)
    source = pathlib.Path(inspect.getfile(kind)).read_text("utf-8")
    source = re.sub(rf"\b{name}\b", "Mine", source).replace(f'"{kind.title}"', '"mine"')
    cell = types.ModuleType("cell")
    sys.modules["cell"] = cell  # where dataclasses and pickle look for it
    exec(compile(source, "<a cell>", "exec"), vars(cell))
    return cell.Mine
