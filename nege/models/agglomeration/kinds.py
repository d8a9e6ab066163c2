"""Kinds of fields that mechanisms of the industry model declare, with the bounds they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nege.geography import equidistant
from nege.models import fields
from nege.validation import Bounds

CHANNELS = ("offline", "online")
PLACE, INDUSTRY = ("place",), ("industry",)


def share(cure: str) -> Bounds:
    """Return the bounds of a share that leaves something."""
    return Bounds(at_least=0.0, below=1.0, cure=cure)


def weight(cure: str) -> Bounds:
    """Return the bounds of what may be nothing, but not less."""
    return Bounds(at_least=0.0, cure=cure)


def positive(cure: str) -> Bounds:
    """Return the bounds of what has to be something."""
    return Bounds(above=0.0, cure=cure)


def table(dims: tuple[str, ...], words: str, bounds: Bounds, **about: Any) -> Any:
    """Declare numbers over industries or places, which sweeps and paths can vary."""
    return fields.over(dims, words, bounds, varied=True, **about)


def by_industry(words: str, bounds: Bounds, **about: Any) -> Any:
    """Declare a number for each industry, likewise."""
    return table(INDUSTRY, words, bounds, **about)


#: Two places that distance does not part, and that are alike: as good as one.
AS_ONE: dict[str, Any] = {
    "geography": equidistant(2),
    **{"transport_cost": 0.0, "search_cost": 0.0, "productivity": 1.0},
}


#: One industry of labour alone there, channels alike: its revenue is the wage bill, one.
ALONE: dict[str, Any] = {
    **AS_ONE,
    **{"industries": ["one"], "consumption": 1.0, "housing": 0.0, "inputs": 0.0, "sigma": 5.0},
    **{"land_share": 0.0, "spillover": 0.0, "spillover_decay": 0.0, "online_spillover": 0.0},
    **{"digitisability": 0.0, "digital_cost": 1.0, "commission": 0.0, "variety": 0.8},
}


class ClosedForm(NamedTuple):
    """What a mechanism does, known in closed form: tests solve for it, and compare."""

    words: str
    #: (economy maker, solver of long runs) -> what is found, and what it is
    sides: Callable[[Callable[..., Any], Callable[..., Any]], tuple[Any, Any]]
    tolerance: float = 1e-9

    def check(self, make: Callable[..., Any], solve: Callable[..., Any]) -> None:
        """Solve, and refuse what is found if it is not what it is."""
        found, known = self.sides(make, solve)
        np.testing.assert_allclose(found, known, rtol=self.tolerance, err_msg=self.words)
