"""Pages of the reference: every public name, by the folder of nege that it lives in."""

import inspect
import re

import links
import readme
from public_names import FOLDERS, MODULES, names, thing

import nege
from nege.results import tables

#: What a class shows of itself, beside its docstring.
MEMBERS = """\
    options:
      members: null
"""
TABULAR = "nege.results.tables.Tabular"
#: What has no public name, and is reached from what has one.
REACHED = {
    "results": {
        TABULAR: "Every result as a table",
        "nege.plots.economies.EquilibriumPlot": "equilibrium.plot",
        "nege.plots.accessor.SweepPlot": "ds.nege.plot",
    },
    "models": {"nege.models.base.Model": "What every model has"},
}


def pages() -> dict[str, str]:
    """Return the pages."""
    table = "# Functions\n\n" + readme.section("Functions") + "\n"
    made = {"api/index.md": table}
    for page, title in FOLDERS.items():
        if page not in names().values():
            continue
        entries = [f"# {title}\n"]
        if page in MODULES:
            entries.append(_words(getattr(nege, page)))
        there = sorted((name for name, at in names().items() if at == page), key=_is_made)
        entries.append(_overview(there))
        entries += [_entry(name) for name in there]
        entries += [_reached(*one) for one in REACHED.get(page, {}).items()]
        made[f"api/{page}.md"] = "\n".join(entries)
    return made


def _is_made(name):
    """Whether a name is that of a result, which functions make: these come first."""
    found = thing(name)
    return isinstance(found, type) and "\nMade by " in inspect.cleandoc(found.__doc__ or "")


def _overview(there):
    """Return what a page has, each with the first line of its docstring."""
    rows = [
        f"| [`{name}`][{name}] | {inspect.cleandoc(thing(name).__doc__ or '').splitlines()[0]} |"
        for name in there
    ]
    return "\n".join(["| name | |", "|---|---|", *rows]) + "\n"


def _words(module):
    """Return a module's docstring, its examples in a block."""
    text = re.sub(r"``(.+?)``", r"`\1`", links.of_docstring(module.__doc__ or "")).strip() + "\n"
    return re.sub(r"((?:^(?:>>>|\.\.\.).*\n(?:.+\n)*)+)", r"```pycon\n\1```\n", text, flags=re.M)


def _reached(name, title):
    return f"::: {name}\n{MEMBERS}      heading: {title}\n      toc_label: {title}\n"


def _entry(name):
    found = thing(name)
    if not isinstance(found, type) or found.__module__.split(".")[1] in ("models", "errors"):
        return f"::: {name}\n"
    table = f"As a table: [`.to_dataframe()`, `.to_csv()` and others][{TABULAR}].\n"
    return f"::: {name}\n{MEMBERS}\n{table if issubclass(found, tables.Tabular) else ''}"
