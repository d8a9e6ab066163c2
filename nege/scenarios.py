"""Ready paths of parameters for :func:`nege.follow`: what going digital may look like.

Each is a Dataset over ``step`` for a two-industry :class:`nege.OnlineAgglomeration`, its
first place being the city.

============================== =================================================================
`digital_turn`                 services go online first, then institutions converge, then
                               manufacturing follows
`manufacturing_first`          the same costs, manufacturing before services
`institutions_do_not_converge` the digital turn, but the city keeps its better institutions
============================== =================================================================
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.models.online_agglomeration import OnlineAgglomeration

__all__ = ["digital_turn", "institutions_do_not_converge", "manufacturing_first"]

#: Offline search cost and digital cost of services, advantage of the city's institutions.
SERVICES = np.array(
    [
        (1.5, 3.0, 1.0),
        (1.2, 2.5, 1.0),
        (1.0, 2.0, 1.0),
        (0.8, 1.8, 1.0),
        (0.6, 1.6, 1.0),
        (0.5, 1.5, 1.0),
        (0.4, 1.4, 1.0),
        (0.4, 1.3, 1.0),
        (0.4, 1.2, 0.75),
        (0.4, 1.1, 0.5),
        (0.4, 1.05, 0.25),
        (0.4, 1.02, 0.0),
    ]
)
#: Digitisability and digital cost of manufacturing.
MANUFACTURING = np.array(
    [(0.0, 3.0), (0.2, 1.5), (0.4, 1.3), (0.6, 1.2), (0.8, 1.1), (0.9, 1.05), (1.0, 1.02)]
)
CITY = (1.05, 1.25)  # productivity of the two industries in the city, at first


def digital_turn(model: OnlineAgglomeration | None = None) -> xr.Dataset:
    """Services go online, institutions converge, manufacturing follows: the reference path.

    In 18 steps the offline search cost of services falls from 1.5 to .4 and their digital
    cost from 3 to 1.02; from step 8 the city's advantage in services fades; from step 12
    manufacturing becomes digitisable and its digital cost falls from 3 to 1.02. With the
    default economy the pattern is co-located (steps 0-3), separated (4-7), one-sided
    online (8-14), two-sided online (15-17): the turns of Tan & Xia (2022), section 3.1.

    Parameters
    ----------
    model : OnlineAgglomeration, optional
        The economy that is to follow the path, for the names of its two industries and of
        its places; the default one by default.

    Returns
    -------
    Dataset
        ``search_cost, digital_cost, digitisability`` over (step, industry) and
        ``productivity`` over (step, industry, place).

    Raises
    ------
    InputError
        For a model that has not two industries.

    Examples
    --------
    >>> import nege
    >>> ds = nege.follow(nege.OnlineAgglomeration(), nege.scenarios.digital_turn())
    >>> nege.patterns(ds).pattern.values[[0, 6, 11, 17]].tolist()
    ['co-located', 'separated', 'one-sided online', 'two-sided online']
    """
    late = len(MANUFACTURING) - 1
    services = np.concatenate([SERVICES, np.repeat(SERVICES[-1:], late, axis=0)])
    early = np.repeat(MANUFACTURING[:1], len(SERVICES) - 1, axis=0)
    return _path(model, services, np.concatenate([early, MANUFACTURING]))


def manufacturing_first(model: OnlineAgglomeration | None = None) -> xr.Dataset:
    """Manufacturing goes online before services do: the turns in another order.

    The same costs as in :func:`digital_turn`: manufacturing's in steps 1 to 6, then those
    of services, and the institutions with them, in steps 7 to 17. Tan & Xia (2022) hold
    that services come first because they are easier to digitise; this is what would follow
    if they were not.

    Parameters
    ----------
    model : OnlineAgglomeration, optional
        As in :func:`digital_turn`.

    Returns
    -------
    Dataset
        As in :func:`digital_turn`.

    Raises
    ------
    InputError
        For a model that has not two industries.

    Examples
    --------
    >>> import nege
    >>> path = nege.scenarios.manufacturing_first()
    >>> path.digital_cost.sel(industry="manufacturing").values[[0, 6]].tolist()
    [3.0, 1.02]
    """
    late = len(SERVICES) - 1
    early = np.repeat(SERVICES[:1], len(MANUFACTURING) - 1, axis=0)
    manufacturing = np.concatenate([MANUFACTURING, np.repeat(MANUFACTURING[-1:], late, axis=0)])
    return _path(model, np.concatenate([early, SERVICES]), manufacturing)


def institutions_do_not_converge(model: OnlineAgglomeration | None = None) -> xr.Dataset:
    """Everything becomes digital, but the city keeps its better institutions.

    :func:`digital_turn` with the city's productivity in services at 1.25 throughout: whether
    digital trade alone disperses services, or needs digital government (Tan & Xia 2022,
    section 2.4, and their condition for the second turn).

    Parameters
    ----------
    model : OnlineAgglomeration, optional
        As in :func:`digital_turn`.

    Returns
    -------
    Dataset
        As in :func:`digital_turn`.

    Raises
    ------
    InputError
        For a model that has not two industries.

    Examples
    --------
    >>> import nege
    >>> path = nege.scenarios.institutions_do_not_converge()
    >>> path.productivity.sel(industry="services", place="0").values[[0, -1]].tolist()
    [1.25, 1.25]
    """
    path = digital_turn(model)
    kept = path["productivity"].isel(step=0, drop=True).expand_dims(step=path["step"])
    return path.assign(productivity=kept)


def _path(
    model: OnlineAgglomeration | None, services: np.ndarray, manufacturing: np.ndarray
) -> xr.Dataset:
    model = OnlineAgglomeration() if model is None else model
    if not isinstance(model, OnlineAgglomeration) or len(model.industries) != 2:
        raise InputError("model", model, "an OnlineAgglomeration of two industries")
    steps = len(services)
    productivity = np.ones((steps, 2, len(model.geography)))
    productivity[:, 0, 0] = CITY[0]
    productivity[:, 1, 0] = 1.0 + (CITY[1] - 1.0) * services[:, 2]
    zero, one = np.zeros(steps), np.ones(steps)
    by_industry: dict[str, Any] = {
        "search_cost": (zero, services[:, 0]),
        "digital_cost": (manufacturing[:, 1], services[:, 1]),
        "digitisability": (manufacturing[:, 0], one),
    }
    return xr.Dataset(
        {
            **{
                name: (("step", "industry"), np.column_stack(columns))
                for name, columns in by_industry.items()
            },
            "productivity": (("step", "industry", "place"), productivity),
        },
        coords={
            "step": np.arange(steps),
            "industry": list(model.industries),
            "place": list(model.geography.names),
        },
    )
