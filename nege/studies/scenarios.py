"""Ready paths of digital progress: what falls when, for :func:`nege.follow`.

Industries of two kinds, goods that have to be shipped and services that do not, become
deliverable online at some time and at some cost; by default there is one of each,
manufacturing and services. Three things move along a path: what it costs to find and serve
distant clients in person, what it costs to serve them online, and how much better
institutions are in the city than elsewhere. Paths differ in their order.

===================================  =====================================================
path                                 what is different
===================================  =====================================================
`digital_turn`                       services go online first, institutions converge, then
                                     manufacturing follows
`manufacturing_first`                the same changes, but manufacturing's come first
`no_institutional_convergence`       as the digital turn, but institutions stay apart
===================================  =====================================================

Each is a Dataset over "step" with the four parameters of
:class:`nege.OnlineAgglomeration` that move; everything else is as in the model given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.geography import Geography, equidistant
from nege.models.agglomeration.model import OnlineAgglomeration
from nege.validation.keywords import hinted

__all__ = ["digital_turn", "manufacturing_first", "no_institutional_convergence"]

INDUSTRY_KINDS = ("goods", "services")
DEFAULT_INDUSTRIES = MappingProxyType({"manufacturing": "goods", "services": "services"})

# Search cost of services, their digital cost, and how far institutions are still apart.
SERVICES_STEPS = (
    *((1.5, 3.0, 1.0), (1.2, 2.5, 1.0), (1.0, 2.0, 1.0), (0.8, 1.8, 1.0), (0.6, 1.6, 1.0)),
    *((0.5, 1.5, 1.0), (0.4, 1.4, 1.0), (0.4, 1.3, 1.0), (0.4, 1.2, 0.75), (0.4, 1.1, 0.5)),
    *((0.4, 1.05, 0.25), (0.4, 1.02, 0.0)),
)
# Digitisability of goods, and their digital cost.
GOODS_STEPS = (
    (0.0, 3.0),
    (0.2, 1.5),
    (0.4, 1.3),
    (0.6, 1.2),
    (0.8, 1.1),
    (0.9, 1.05),
    (1.0, 1.02),
)


@hinted
def digital_turn(
    geography: Geography | None = None,
    *,
    city: str | None = None,
    industries: Mapping[str, str] = DEFAULT_INDUSTRIES,
) -> xr.Dataset:
    """Services go online, institutions converge, and manufacturing follows: the reference path.

    Eighteen steps. Until step 6 it becomes cheaper to serve distant clients in person, so
    services no longer need to be where their clients are and gather where institutions are
    best; until step 11 online delivery of services becomes nearly free and the city loses
    its lead in services; from step 12 on goods can be sold online too, as ever less of
    them has to be shipped. With the model's defaults the map of industry passes from
    co-located (steps 0-3) to separated (4-7), one-sided online (8-14) and two-sided online
    (15-17), as Tan & Xia (2022) argue in words; the numbers are nege's own.

    Parameters
    ----------
    geography : Geography, optional
        Places; four equidistant ones by default, as in :class:`nege.OnlineAgglomeration`.
    city : str, optional
        The place with the best institutions; by default the first.
    industries : mapping of str to str, optional
        Of each industry of the model, by name, whether it makes "goods" or "services". All
        goods change as manufacturing does by default, all services as services do; what
        else distinguishes them is for the model to say.

    Returns
    -------
    Dataset
        ``search_cost, digital_cost, digitisability`` (step, industry) and ``productivity``
        (step, industry, place).

    Raises
    ------
    InputError
        If `geography` is not a Geography, `city` is not one of its places, or an industry
        is neither of goods nor of services.

    See Also
    --------
    nege.follow : an economy along such a path.
    nege.patterns : which pattern each step is.

    Notes
    -----
    Not a forecast: paths show what order of changes does, in numbers made for that. With equal
    institutions from the start, the city does not form at steps 0 and 3-8.

    Examples
    --------
    >>> import nege
    >>> path = nege.scenarios.digital_turn()
    >>> path.sizes["step"]
    18
    >>> path.digital_cost.sel(step=[0, 11, 17], industry="services").values
    array([3.  , 1.02, 1.02])
    >>> kinds = {"cars": "goods", "steel": "goods", "software": "services"}
    >>> nege.scenarios.digital_turn(industries=kinds).search_cost.sel(step=0).values
    array([0. , 0. , 1.5])
    >>> ds = nege.follow(nege.OnlineAgglomeration(), path.sel(step=slice(4, 8)))
    >>> nege.patterns(ds).pattern.sel(step=[7, 8]).values.tolist()
    ['separated', 'one-sided online']
    """
    held = [(*step, *GOODS_STEPS[0]) for step in SERVICES_STEPS]
    follows = [(*SERVICES_STEPS[-1], *step) for step in GOODS_STEPS[1:]]
    return _labelled_path("digital turn", held + follows, geography, city, industries)


@hinted
def manufacturing_first(
    geography: Geography | None = None,
    *,
    city: str | None = None,
    industries: Mapping[str, str] = DEFAULT_INDUSTRIES,
) -> xr.Dataset:
    """Goods become digital before services do: the changes of the digital turn in another order.

    The first six steps are those by which manufacturing goes online in
    :func:`digital_turn`, with services as they were at its start; then services and
    institutions change as they do there. Both paths start and end in the same economy, so
    what differs on the way is due to the order. With the model's defaults the map passes
    from co-located (steps 0-3) straight to one-sided online (4-13), with manufacturing
    online, and to two-sided online (14-17): there is no separated phase. Manufacturing,
    by then online, makes room for services that gather in the city, and comes back when
    they leave.

    Parameters
    ----------
    geography : Geography, optional
        Places; four equidistant ones by default.
    city : str, optional
        The place with the best institutions; by default the first.
    industries : mapping of str to str, optional
        As for :func:`digital_turn`.

    Returns
    -------
    Dataset
        As from :func:`digital_turn`, 18 steps.

    Raises
    ------
    InputError
        If `geography` is not a Geography, `city` is not one of its places, or an industry
        is neither of goods nor of services.

    Notes
    -----
    Not a forecast, as :func:`digital_turn`, with which it is to be compared.

    Examples
    --------
    >>> import nege
    >>> path = nege.scenarios.manufacturing_first()
    >>> path.digital_cost.sel(step=6).values
    array([1.02, 3.  ])
    >>> path.isel(step=-1).equals(nege.scenarios.digital_turn().isel(step=-1))
    True
    """
    first = [(*SERVICES_STEPS[0], *step) for step in GOODS_STEPS]
    follows = [(*step, *GOODS_STEPS[-1]) for step in SERVICES_STEPS[1:]]
    return _labelled_path("manufacturing first", first + follows, geography, city, industries)


@hinted
def no_institutional_convergence(
    geography: Geography | None = None,
    *,
    city: str | None = None,
    industries: Mapping[str, str] = DEFAULT_INDUSTRIES,
) -> xr.Dataset:
    """Costs fall as in the digital turn, but the city keeps its lead in institutions.

    Digital government is what lets services leave the city in Tan & Xia (2022). Here they
    can be delivered online from anywhere at the same low cost, and the productivity of the
    city in services stays a quarter above that of other places: what the map of industry
    owes to technology alone. With the model's defaults the four patterns come at the same
    steps, but services sell online from the city instead of leaving it: from step 8 to the
    end their mode is dual, where along the digital turn it is online from step 9 on.

    Parameters
    ----------
    geography : Geography, optional
        Places; four equidistant ones by default.
    city : str, optional
        The place with the best institutions; by default the first.
    industries : mapping of str to str, optional
        As for :func:`digital_turn`.

    Returns
    -------
    Dataset
        As from :func:`digital_turn`, 18 steps.

    Raises
    ------
    InputError
        If `geography` is not a Geography, `city` is not one of its places, or an industry
        is neither of goods nor of services.

    Notes
    -----
    Not a forecast, as :func:`digital_turn`, with which it is to be compared.

    Examples
    --------
    >>> import nege
    >>> path = nege.scenarios.no_institutional_convergence()
    >>> path.productivity.sel(step=17, industry="services").values
    array([1.25, 1.  , 1.  , 1.  ])
    """
    apart = [(search, cost, 1.0) for search, cost, _ in SERVICES_STEPS]
    held = [(*step, *GOODS_STEPS[0]) for step in apart]
    follows = [(*apart[-1], *step) for step in GOODS_STEPS[1:]]
    return _labelled_path(
        "no institutional convergence", held + follows, geography, city, industries
    )


GOODS_PRODUCTIVITY_LEAD = 0.05  # of the city, at the start
SERVICES_PRODUCTIVITY_LEAD = 0.25


def _labelled_path(
    title: str,
    steps: Sequence[tuple[float, ...]],
    geography: Geography | None,
    city: str | None,
    industries: Mapping[str, str],
) -> xr.Dataset:
    """Label steps of (search cost, digital cost, gap; digitisability, digital cost)."""
    geography = equidistant(4) if geography is None else geography
    if not isinstance(geography, Geography):
        raise InputError("geography", geography, "a Geography", "See nege.geography.")
    names, kinds = _checked_industries(industries)
    places = list(geography.names)
    city = validation.known("city", places[0] if city is None else city, places)
    search, services, gap, digitisable, goods = np.array(steps).T
    whole, nothing = np.ones_like(gap), np.zeros_like(gap)

    def each(of_goods: np.ndarray, of_services: np.ndarray) -> np.ndarray:
        return np.stack(
            [(of_goods, of_services)[INDUSTRY_KINDS.index(kind)] for kind in kinds], axis=1
        )

    lead = each(GOODS_PRODUCTIVITY_LEAD * whole, SERVICES_PRODUCTIVITY_LEAD * gap)
    is_city = np.array([float(place == city) for place in places])
    values = {
        "search_cost": each(nothing, search),
        "digital_cost": each(goods, services),
        "productivity": 1.0 + lead[:, :, None] * is_city,
        "digitisability": each(digitisable, whole),
    }
    dims = ("step", "industry", "place")
    return xr.Dataset(
        {name: (dims[: array.ndim], array, _words(name)) for name, array in values.items()},
        coords={"step": np.arange(len(steps)), "industry": names, "place": places},
        attrs={"title": title, "city": city},
    )


def _checked_industries(industries: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the names of industries, and of each whether it makes goods or services."""
    if not isinstance(industries, Mapping) or not industries:
        cure = 'For example {"cars": "goods", "steel": "goods", "software": "services"}.'
        allowed = 'a mapping of names of industries to "goods" or "services"'
        raise InputError("industries", industries, allowed, cure)
    names = validation.distinct_names("industries", list(industries))
    kinds = [
        validation.known(f"industries[{name!r}]", kind, INDUSTRY_KINDS)
        for name, kind in zip(names, industries.values(), strict=True)
    ]
    return list(names), kinds


def _words(name: str) -> dict[str, str]:
    field = OnlineAgglomeration.fields[name]
    return {"long_name": field.words, "units": field.unit}
