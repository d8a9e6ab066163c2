"""Pages of the reference: every public name, by the folder of the house that it lives in."""

import functools
import operator
import re

import readme

import nege

#: Pages, in their order: their words, and which modules have all their names on the page.
FOLDERS = {
    "models": "Models",
    "mechanisms": "Mechanisms of the industry model",
    "geography": "Geography and the online region",
    "solvers": "Solving one economy",
    "results": "Results",
    "structure": "Thresholds, diagrams, all equilibria",
    "sweeps": "Sweeps, paths, stores",
    "studies": "Data, calibration, counterfactuals",
    "policy": "Policy",
    "scenarios": "Scenarios",
    "laboratory": "Claims",
    "settings": "Settings, errors, status",
    "testing": "Testing",
}
MODULES = ("mechanisms", "geography", "policy", "scenarios", "testing")
#: What a class shows of itself, beside its docstring.
MEMBERS = """\
    options:
      members: null
      inherited_members: true
"""
#: What has no public name, and is reached from what has one.
REACHED = {
    "results": {
        "nege.plots.economies.EquilibriumPlot": "equilibrium.plot",
        "nege.plots.accessor.SweepPlot": "ds.nege.plot",
    },
    "models": {"nege.models.base.Model": "What every model has"},
}


@functools.cache
def names() -> dict[str, str]:
    """Return the page of every public name."""
    found = {}
    for name in nege.__all__:
        if name.startswith("__") or name in MODULES:
            continue
        folder = getattr(nege, name).__module__.split(".")[1]
        found[f"nege.{name}"] = folder if folder in FOLDERS else "settings"
    for module in MODULES:
        for name in getattr(nege, module).__all__:
            found[f"nege.{module}.{name}"] = module
    return found


def by_last_part(name: str) -> list[str]:
    """Return the public names that end with a name."""
    return [known for known in names() if known.endswith(f".{name}")]


def thing(name: str) -> object:
    """Return what has a public name."""
    return operator.attrgetter(name.removeprefix("nege."))(nege)


def home(name: str) -> str:
    """Return the last folder and the file of what has a public name."""
    return ".".join(getattr(thing(name), "__module__", "").split(".")[-2:])


def pages() -> dict[str, str]:
    """Return the pages."""
    table = "# Functions\n\n" + readme.section("Functions") + "\n"
    made = {"api/index.md": table}
    for page, title in FOLDERS.items():
        entries = [f"# {title}\n"]
        if page in MODULES:
            entries.append(_words(getattr(nege, page)))
        entries += [_entry(name) for name, at in names().items() if at == page]
        entries += [_reached(*one) for one in REACHED.get(page, {}).items()]
        made[f"api/{page}.md"] = "\n".join(entries)
    return made


def _words(module):
    """Return the first paragraphs of a module's docstring, without its examples."""
    return re.split(r"^ {4}|^>>>", module.__doc__ or "", maxsplit=1, flags=re.MULTILINE)[0] + "\n"


def _reached(name, title):
    return f"::: {name}\n{MEMBERS}      heading: {title}\n      toc_label: {title}\n"


def _entry(name):
    found = thing(name)
    shown = isinstance(found, type) and found.__module__.split(".")[1] not in ("models", "errors")
    return f"::: {name}\n{MEMBERS if shown else ''}"
