"""Every public name, and the page of the reference that it is on: that of its folder in nege."""

import functools
import operator

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
    "explorer": "Explorer",
    "settings": "Settings, errors, status",
    "testing": "Testing",
}
MODULES = ("mechanisms", "geography", "policy", "scenarios", "testing")


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
