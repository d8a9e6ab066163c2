"""The economies in which claims are examined.

`reference`: a metropolis, a town and a hinterland, at a step of the digital turn. `simple`: four
places, three of them alike, at a step of the stylised turn; half as many unknowns. Both are
existence results, not estimates: that is what the prior is for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import xarray as xr

from nege.models.agglomeration.model import OnlineAgglomeration
from nege.studies import scenarios


def reference(step: int, *mechanisms: Any, **changes: Any) -> Callable[[], OnlineAgglomeration]:
    """Return what makes the reference economy at a step, with mechanisms and changes."""

    @functools.cache  # an economy never changes
    def made() -> OnlineAgglomeration:
        economy = scenarios.metropolis_and_town()
        return _at(economy, scenarios.digital_turn(economy), step, mechanisms, changes)

    return made


def simple(step: int, *mechanisms: Any, **changes: Any) -> Callable[[], OnlineAgglomeration]:
    """Return what makes the economy of four places at a step, with mechanisms and changes."""

    @functools.cache  # an economy never changes
    def made() -> OnlineAgglomeration:
        economy = OnlineAgglomeration()
        return _at(economy, scenarios.stylised_turn(economy), step, mechanisms, changes)

    return made


def _at(economy: Any, path: Any, step: int, mechanisms: Any, changes: Any) -> OnlineAgglomeration:
    moved = {str(name): table.sel(step=step, drop=True) for name, table in path.data_vars.items()}
    found: OnlineAgglomeration = economy.replace({**moved, **changes})
    return found.with_mechanisms(*mechanisms) if mechanisms else found


def of_industry(
    economy: OnlineAgglomeration, name: str, industry: str, value: float
) -> xr.DataArray:
    """Return a parameter of industries with another value for one of them."""
    table: xr.DataArray = getattr(economy, name).copy(deep=True)
    table.loc[{"industry": industry}] = value
    return table


def of_services(economy: OnlineAgglomeration, name: str, value: float) -> xr.DataArray:
    """Return a parameter of industries with another value for services."""
    return of_industry(economy, name, "services", value)
