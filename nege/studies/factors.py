"""Changes as they are given to hat algebra: after over before, positive, by label."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import xarray as xr

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


def check_costs(
    argument: str, change: np.ndarray, costs: xr.DataArray, given: Any, places: tuple[str, ...]
) -> None:
    """Warn of costs that get below one, where their levels are known: those before are given.

    They are not where a table has costs of its own in a place, as that of observed flows has, in
    whose units everything is.
    """
    own, cost = np.eye(len(places), dtype=bool), costs.values
    if not isinstance(given, float) and not (cost[own] == 1.0).all():
        return
    least = np.where(own, np.inf, cost * change)
    at = np.unravel_index(np.argmin(least), least.shape)
    if least[at] < 1.0 - 1e-9:
        warnings.warn(
            f"{argument} takes the cost from {places[at[0]]!r} to {places[at[1]]!r} from "
            f"{cost[at]:.4g} to {least[at]:.4g}, below that of no distance, 1. A change is after "
            "over before: 0.9 is 10 % cheaper, and 0.1 is a tenth.",
            RuntimeWarning,
            stacklevel=6,
        )


def of_places(argument: str, value: Any, geography: Geography) -> np.ndarray:
    """Return factors of what places have, or the column of that name; one number is for all."""
    value = geography.column(argument, value)
    found = validation.table(argument, value, {"region": geography.names}, above=0.0).values
    validation.of_a_size(argument, value, np.append(found, 1.0))
    return np.asarray(found)
