"""Changes as they are given to hat algebra: after over before, positive, by label."""

from __future__ import annotations

from typing import Any

import numpy as np

from nege import validation
from nege.errors import InputError
from nege.geography import Geography

TRADE = ("origin", "destination")


def of_costs(
    argument: str, value: Any, places: tuple[str, ...], dims: tuple[str, str] = TRADE
) -> np.ndarray:
    """Return factors of costs between places; one number is for all pairs of different places."""
    if validation.single(value):
        factor = validation.number(argument, 1.0 if value is None else value, above=0.0)
        validation.of_a_size(argument, value, np.array([factor, 1.0]))
        change = np.full((len(places), len(places)), factor)
        np.fill_diagonal(change, 1.0)
        return change
    change = validation.square(argument, value, places, at_least=0.0, dims=dims)
    if not (change > 0.0).all():
        raise InputError(argument, float(change.min()), "positive everywhere")
    validation.of_a_size(argument, value, np.append(change, 1.0))
    return change


def of_places(argument: str, value: Any, geography: Geography) -> np.ndarray:
    """Return factors of what places have, or the column of that name; one number is for all."""
    value = geography.column(argument, value)
    found = validation.table(argument, value, {"region": geography.names}, above=0.0).values
    validation.of_a_size(argument, value, np.append(found, 1.0))
    return np.asarray(found)
