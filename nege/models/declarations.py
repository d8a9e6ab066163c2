"""What the class of a model says of itself: checked when the class is made, not when solved."""

from __future__ import annotations

import inspect
from typing import Any

from nege.errors import shorten
from nege.kernels.equations import Places
from nege.models.base import Model
from nege.models.solutions import Variable

#: What each equation of a place is given: see ``Places``.
GIVEN = {
    "supply": ("p", "r", "share", "state"),
    "spending": ("p", "r", "share", "state", "pool"),
    "respond": ("p", "r", "share", "state", "access"),
    "payoff": ("p", "r", "share", "state", "price"),
    "pool": ("p", "r", "share", "state"),
    "numeraire": ("p", "r", "share", "state"),
    "exponents": ("p", "r", "share", "state"),
}


def check(kind: Any) -> None:
    """Refuse a class that does not say what kernels, results and audits of a CES model need."""
    for name in ("equations", "immobile", "payoff", "variables"):
        if not hasattr(kind, name):
            raise TypeError(f"{kind.__qualname__} does not say its {name}")
    if kind.immobile not in kind.fields:
        raise TypeError(
            f"immobile of {kind.__qualname__} must be one of its fields over places; "
            f"got {kind.immobile!r}. Its fields: {', '.join(kind.fields)}"
        )
    if kind.payoff not in kind.variables:
        raise TypeError(
            f"payoff of {kind.__qualname__} must be one of its variables; got {kind.payoff!r}"
        )
    if isinstance(kind.equations, Places):
        _check_equations(kind)
    _check_variables(kind)


def _check_equations(kind: Any) -> None:
    """Refuse equations that take other arguments than they are given."""
    for name, given in GIVEN.items():
        equation = getattr(kind.equations, name)
        plain = getattr(equation, "py_func", equation)
        if not inspect.isfunction(plain):
            continue  # none, or refused when it is compiled
        taken = inspect.signature(plain)
        try:
            taken.bind(*given)
        except TypeError:
            raise TypeError(
                f"{name} of {kind.__qualname__} must take ({', '.join(given)}); got "
                f"{plain.__name__}{taken}. help(nege.kernels.equations.Places) says what they are."
            ) from None


def _check_variables(kind: Any) -> None:
    """Refuse variables that are none, and those that nothing returns."""
    own_dims = kind.coordinates is not Model.coordinates
    for name, about in kind.variables.items():
        where = f"variables[{name!r}] of {kind.__qualname__}"
        if not isinstance(about, Variable):
            raise TypeError(
                f"{where} must be a Variable(dims, meaning, unit) of nege.models.solutions; "
                f"got {shorten(about)}"
            )
        if about.dims not in ((), ("region",)) and not own_dims:
            raise TypeError(
                f'{where} must be over the dimensions ("region",), or () if it is one number; '
                f"got {about.dims!r}. Labels of other ones are returned by coordinates()."
            )
    returns = next(base for base in kind.__mro__ if "outcome" in vars(base))
    known = vars(returns).get("returned")
    if known is not None:  # of others it shows when an economy is solved
        kind.check_returned((*known, kind.payoff))
