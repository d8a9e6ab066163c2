"""What a policy is for: a number of the solved economy, by its name, or a function of it.

A variable by the labels of its dimensions, "wage.0" or "firm_mass.services.0.online"; welfare of
whom it is of, "welfare.north" (``jurisdiction_welfare``) or "welfare.skilled" (``worker_welfare``);
what ``moments`` has, "online_share.services"; and "revenue", which is real:

    Gamma_real = sum_g Gamma_g sum_(q in g) (L_q/L_g)/P_q,      P_q = prod_k G_kq^mu_k h_q^beta

    Gamma_g  what a jurisdiction collects     P_q  cost of living, h_q after a tax on housing

Revenue is in real terms: at going prices it says little away from a rate of zero.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from nege import validation
from nege.errors import InputError, near
from nege.models.entries import entry
from nege.results.equilibrium import Equilibrium
from nege.studies import moments
from nege.studies.moments import Of
from nege.studies.real_terms import collects, real_revenue

Objective = str | Callable[[Equilibrium], float]

EXAMPLE = "For example 'welfare', or lambda found: float(found.data.wage[0])."
OF_WHOM = ("jurisdiction_welfare", "worker_welfare")  # what "welfare.north" may be of
REVENUE, WELFARE = "revenue", "welfare"


class Target(NamedTuple):
    """A number of a solved economy: read from its variables, or by a function of an equilibrium."""

    name: str
    read: Of | None
    function: Callable[[Equilibrium], float] | None

    def of(self, found: Equilibrium) -> float:
        """Return it at an equilibrium."""
        if self.read is not None:
            values = {str(name): one.values for name, one in found.data.data_vars.items()}
            return self.read(found.model, values)
        assert self.function is not None
        return validation.number("objective", self.function(found))

    def among(self, model: Any, values: Mapping[str, np.ndarray]) -> float:
        """Return it among variables that are not labelled."""
        assert self.read is not None
        return self.read(model, values)


def target(model: Any, wanted: Any, argument: str = "objective") -> Target:
    """Return what is meant, or refuse it."""
    if isinstance(wanted, Target):
        return wanted
    if callable(wanted) and not isinstance(wanted, type):
        _check_function(wanted, argument)
        name = str(getattr(wanted, "__name__", type(wanted).__name__))
        return Target("the objective" if name == "<lambda>" else name, None, wanted)
    known = list(model.variables)
    if not isinstance(wanted, str):
        allowed = "a variable of the economy, or a function of its Equilibrium"
        raise InputError(argument, wanted, allowed, EXAMPLE)
    if wanted == REVENUE and collects(model):
        return Target(REVENUE, real_revenue, None)
    moment = moments.reader(model, wanted)
    if moment is not None:
        return Target(wanted, moment, None)
    named = _variable(known, wanted)
    if named is None:
        of_whom = _of_whom(model, wanted, argument)
        if of_whom is not None:
            return of_whom
        known += moments.names(model)
        raise InputError(argument, wanted, "a variable of the model", near(wanted, known))
    dims, labels = model.variables[named].dims, model.coordinates()
    rest = wanted.removeprefix(named).removeprefix(".")
    for place in _places([list(map(str, labels[dim])) for dim in dims], rest):
        return Target(wanted, _reader(named, place), None)
    of_whom = _of_whom(model, wanted, argument)
    if of_whom is not None:
        return of_whom
    cure = f"{named} is over {', '.join(dims)}: name a label of each, with points between, as "
    cure += ".".join([named, *(str(labels[dim][0]) for dim in dims)]) + ", or give a function."
    allowed = "one number of the solved economy"
    if not dims:
        more = [f"welfare.{who}" for _, labels in _whom(model) for who in labels]
        cure = f"{named} is one" + (
            f"; so are {', '.join(more)}." if named == WELFARE and more else "."
        )
    raise InputError(argument, wanted, allowed, cure)


def every(variable: str, model: Any) -> list[Target]:
    """Return all numbers of a variable, in its order."""
    labels = model.coordinates()
    shape = [len(labels[dim]) for dim in model.variables[variable].dims]
    return [Target(variable, _reader(variable, place), None) for place in np.ndindex(*shape)]


def _variable(known: list[str], wanted: str) -> str | None:
    """Return the variable that a name begins with, the longest: "vat.revenue" has a point too."""
    meant = [name for name in known if wanted == name or wanted.startswith(f"{name}.")]
    return max(meant, key=len) if meant else None


def _of_whom(model: Any, wanted: str, argument: str) -> Target | None:
    """Return the welfare of some people: "welfare.north"."""
    first, _, who = wanted.partition(".")
    if first != WELFARE or not who:
        return None
    meant = [(name, labels.index(who)) for name, labels in _whom(model) if who in labels]
    if len(meant) > 1:
        which = " or ".join(f"{name}.{who}" for name, _ in meant)
        raise InputError(argument, wanted, "of one kind of people", f"Say {which}.")
    return next((Target(wanted, _reader(name, (i,)), None) for name, i in meant), None)


def _whom(model: Any) -> list[tuple[str, list[str]]]:
    """Return what says whose welfare is what, with their names."""
    there = [(name, model.variables[name].dims) for name in OF_WHOM if name in model.variables]
    return [(name, list(map(str, model.coordinates()[dim]))) for name, (dim,) in there]


def _reader(variable: str, place: tuple[int, ...]) -> Of:
    def read(model: Any, values: Mapping[str, np.ndarray]) -> float:
        return float(np.asarray(values[variable])[place])

    return read


def _check_function(function: Callable[..., Any], argument: str) -> None:
    """Refuse a function that does not take one equilibrium, and nothing else."""
    try:
        inspect.signature(function).bind(None)
    except TypeError as error:
        cure = "It has to take one argument, the Equilibrium."
        raise InputError(argument, function, "a function of the Equilibrium", cure) from error
    except ValueError:  # written in C: what it takes is not to be known before it is called
        pass


def _places(labels: list[list[str]], rest: str) -> list[tuple[int, ...]]:
    """Return the positions that labels with points between stand for; they may have points too."""
    if not labels:
        return [()] if not rest else []
    found = []
    for i, label in enumerate(labels[0]):
        if rest == label or rest.startswith(f"{label}."):
            after = rest.removeprefix(label).removeprefix(".")
            found += [(i, *more) for more in _places(labels[1:], after)]
    return found


def present(model: Any, name: str) -> float | None:
    """Return where an instrument stands now; None where it is a table of several numbers."""
    value: Any = model.scalars().get(name)
    if value is None:
        known = entry(model, name)
        value = _held(model, name if known is None else known[0])
        if known is not None:
            value = value.loc[known[1]]
    try:
        numbers = np.unique(np.asarray(value, dtype=float))
    except (TypeError, ValueError):
        return None
    return float(numbers[0]) if numbers.size == 1 and np.isfinite(numbers[0]) else None


def _held(model: Any, path: str) -> Any:
    """Return what stands under a dotted name."""
    held: Any = model
    for part in path.split("."):
        inside = getattr(held, "mechanisms", {})
        held = inside[part] if part in inside else getattr(held, part, None)
    return held
