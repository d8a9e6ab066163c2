"""Ready economies and paths of digital progress: what falls when, for :func:`nege.follow`.

Industries of two kinds, goods that have to be shipped and services that do not, become
deliverable online at some time and at some cost. Along a path it gets cheaper to find and
serve distant clients in person, and to serve them online; institutions elsewhere catch up
with the best; and ever more of what goods are can be delivered online. Paths differ in
what changes, and in which order.

===================================  =====================================================
path                                 what is different
===================================  =====================================================
`digital_turn`                       services go online first, institutions converge up,
                                     then goods follow, three fifths of their freight kept
`freight_kept`                       as the digital turn, but all goods have to be shipped
`manufacturing_first`                the same changes, but those of goods come first
`no_institutional_convergence`       as the digital turn, but institutions stay apart
`villages`                           as the digital turn, but online sellers find it hard to
                                     enter from villages, until one of them becomes easy
`stylised_turn`                      another economy: four places, three of them alike, and
                                     institutions that converge down
===================================  =====================================================

Each is made of changes (:class:`nege.scenarios.Change`) of the economy it is given, and is
a Dataset over "step" of the parameters of :class:`nege.OnlineAgglomeration` that move;
everything else is as in that economy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr

from nege import memory, validation
from nege.errors import InputError
from nege.geography import from_distance
from nege.models.agglomeration.mechanisms.access import Access
from nege.models.agglomeration.model import OnlineAgglomeration
from nege.studies.changes import Change, path
from nege.validation.keywords import hinted

__all__ = [
    "digital_turn",
    "freight_kept",
    "manufacturing_first",
    "metropolis_and_town",
    "no_institutional_convergence",
    "remote_villages",
    "stylised_turn",
    "villages",
]

INDUSTRY_KINDS = ("goods", "services")
DEFAULT_INDUSTRIES = MappingProxyType({"manufacturing": "goods", "services": "services"})

# The reference path. Services: search cost, then digital cost, step by step.
SEARCH = (2.0, 1.3, 0.9, 0.6, 0.4, 0.25)
DELIVERY = (3.0, 2.8, 2.6, 2.4, 2.2, 2.0, 1.9, 1.75, 1.55, 1.35, 1.2, 1.05)
CATCHING_UP = (6, 5)  # institutions: from when, in how many steps
# Goods, after services: digitisability, and digital cost.
DIGITAL = (0.1, 0.2, 0.25, 0.3, 0.35, 0.4)
DELIVERY_OF_GOODS = (2.0, 1.6, 1.3, 1.15, 1.1, 1.05)

# What places of the reference economy have in common.
REFERENCE: Mapping[str, Any] = MappingProxyType({
    "sigma": 5.0,
    "variety": 0.5,
    "consumption": (0.33, 0.55),
    "housing": 0.12,
    "inputs": ((0.28, 0.03), (0.28, 0.05)),
    "land_share": (0.09, 0.015),
    "migration_elasticity": 9.0,
    "spillover": (0.12, 0.10),
    "spillover_decay": 5.0,
    "online_spillover": 2.0,
    "transport_cost": (0.25, 0.0),
    "search_cost": (0.2, SEARCH[0]),
    "digitisability": (0.0, 1.0),
    "digital_cost": (DELIVERY[0], DELIVERY[0]),
    "commission": 0.05,
})  # fmt: skip

PLACES = ("metropolis", "town", "north", "east", "south", "west")
FEWEST_PLACES = 3
METROPOLIS_SERVICES = 1.3  # productivity, institutions and skills
TOWN_GOODS, TOWN_LAND = 1.03, 1.3


@hinted
def metropolis_and_town(places: int = 6) -> OnlineAgglomeration:
    """Build a metropolis with the best institutions, a town with industry, and a hinterland.

    The economy in which the digital turn is studied. All places are one apart. Services
    are 1.3 times as productive in the metropolis, which is first; manufacturing is 1.03
    times as productive in the town, which is second and has 1.3 times the land of a place
    of the hinterland. The other places are alike. So "which place" has an answer, and
    manufacturing can cluster in another place than services.

    Parameters
    ----------
    places : int, default 6
        How many, at least three.

    Returns
    -------
    OnlineAgglomeration
        At step 0 of :func:`digital_turn`.

    Raises
    ------
    InputError
        If there are fewer than three places.

    Notes
    -----
    Not an estimate: its parameters were searched for the four patterns, and what that means
    :func:`digital_turn` says. Love of variety (0.5), spillovers (0.12 and 0.10) and the
    elasticity of migration (9) differ from the model's defaults.

    Examples
    --------
    >>> import nege
    >>> economy = nege.scenarios.metropolis_and_town(4)
    >>> economy.geography.names
    ('metropolis', 'town', 'hinterland 1', 'hinterland 2')
    >>> economy.productivity.sel(place=["metropolis", "town"]).values
    array([[1.  , 1.03],
           [1.3 , 1.  ]])
    """
    places = validation.whole("places", places, at_least=FEWEST_PLACES)
    memory.check("places", places, 24 * places**2, "for their distances", "")
    hinterland = [f"hinterland {k}" for k in range(1, places - 1)]
    names = PLACES if places == len(PLACES) else [*PLACES[:2], *hinterland]
    land, lead = np.ones(places), np.ones((2, places))
    land[1], lead[0, 1], lead[1, 0] = TOWN_LAND, TOWN_GOODS, METROPOLIS_SERVICES
    return OnlineAgglomeration(
        from_distance(1.0 - np.eye(places), names=names),
        land=land / land.sum(),
        productivity=lead,
        **REFERENCE,
    )


@hinted
def digital_turn(
    economy: OnlineAgglomeration | None = None,
    *,
    industries: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Services go online, institutions catch up, and manufacturing follows: the reference path.

    Eighteen steps. Until step 5 it becomes cheaper to serve distant clients in person, so
    services no longer hold manufacturing where they are; until step 11 online delivery of
    services becomes nearly free, and from step 6 to 11 institutions everywhere converge up
    to the best; from step 12 on goods can be sold online, but three fifths of their freight
    are left. Along it the map of :func:`metropolis_and_town` is co-located in the metropolis
    (steps 0-3), separated, manufacturing in the town and services in the metropolis (4-7),
    in between (8), one-sided online (9-13) and two-sided online (14-17), in the strict
    sense of :func:`nege.patterns`: the phases that Tan & Xia (2022) argue for in words. The
    numbers are nege's own.

    Parameters
    ----------
    economy : OnlineAgglomeration, optional
        Whose path it is, by default that of :func:`metropolis_and_town`. What the path does
        not move, and what it moves until it does, is as there.
    industries : mapping of str to str, optional
        Of each industry of the economy, by name, whether it makes "goods" or "services";
        by default manufacturing makes goods. All goods change alike, and all services; what
        else distinguishes them is for the economy to say.

    Returns
    -------
    Dataset
        ``search_cost, digital_cost, digitisability`` (step, industry) and ``productivity``
        (step, industry, place).

    Raises
    ------
    InputError
        If `economy` is none of industries, or one of them is neither of goods nor of
        services.

    See Also
    --------
    nege.follow : an economy along such a path.
    nege.patterns : which pattern each step is.

    Notes
    -----
    Not a forecast. An existence result, not a prediction: the parameters were searched for
    these patterns, and for how far they hold. What it does not show:

    1. The first clusters are extreme: at step 0 the metropolis has 89 per cent of people
       and 77 times the hinterland's rent.
    2. Its rent relative to the hinterland's falls throughout: rising costs of big cities,
       which the paper starts from, are not reproduced.
    3. Love of variety, spillovers and the elasticity of migration are not estimated. If
       people do not move, both industries are scattered at step 0.
    4. Step 8 is no pattern: services are neither clustered nor scattered, and both
       industries are offline.
    5. Lock-in by specific assets and distributed production, the paper's own reasons for
       the last two phases, are not in it. Here they rest on spillovers and linkages: with
       no spillovers of manufacturing it is scattered at steps 6 and 11.
    6. The order of the turns is the order of the path's own steps.
    7. Every step is stable, and is the only equilibrium found from twelve starts. With
       every parameter up to a fifth higher or lower, 30 of 40 economies have the four
       patterns at the same steps, and 34 have them in order; separation is the fragile one.

    Examples
    --------
    >>> import nege
    >>> economy = nege.scenarios.metropolis_and_town()
    >>> path = nege.scenarios.digital_turn(economy)
    >>> path.digital_cost.sel(step=[0, 11, 17], industry="services").values
    array([3.  , 1.05, 1.05])
    >>> ds = nege.follow(economy, path.sel(step=[0, 6, 11, 17]))
    >>> nege.patterns(ds).pattern.values.tolist()
    ['co-located', 'separated', 'one-sided online', 'two-sided online']
    """
    economy, goods, services = checked(economy, industries)
    changes = (*_services(services), *_institutions(services), *_goods(goods))
    return path(economy, changes, title="digital turn")


@hinted
def freight_kept(
    economy: OnlineAgglomeration | None = None,
    *,
    industries: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Costs fall as in the digital turn, but goods sold online are shipped as all others are.

    What is left of the third turn if only search and delivery become digital, and nothing
    of the goods. In :func:`metropolis_and_town` most of manufacturing still goes online in
    the end, and scatters, because online firms learn from each other wherever they are.

    Parameters
    ----------
    economy, industries : optional
        As for :func:`digital_turn`.

    Returns
    -------
    Dataset
        ``search_cost, digital_cost`` (step, industry) and ``productivity`` (step, industry,
        place), 18 steps.

    Raises
    ------
    InputError
        As from :func:`digital_turn`.

    Notes
    -----
    Not a forecast, as :func:`digital_turn`, with which it is to be compared.

    Examples
    --------
    >>> import nege
    >>> "digitisability" in nege.scenarios.freight_kept()
    False
    """
    economy, goods, services = checked(economy, industries)
    changes = (*_services(services), *_institutions(services), *_goods(goods)[1:])
    return path(economy, changes, title="freight kept")


@hinted
def manufacturing_first(
    economy: OnlineAgglomeration | None = None,
    *,
    industries: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Goods become digital before services do: the changes of the digital turn in another order.

    The six steps by which goods go online in :func:`digital_turn` come first, with services
    as they were at its start; then services and institutions change as they do there. Both
    paths start and end in the same economy, so what differs on the way is due to the order.

    Parameters
    ----------
    economy, industries : optional
        As for :func:`digital_turn`.

    Returns
    -------
    Dataset
        As from :func:`digital_turn`, 18 steps.

    Raises
    ------
    InputError
        As from :func:`digital_turn`.

    Notes
    -----
    Not a forecast, as :func:`digital_turn`, with which it is to be compared.

    Examples
    --------
    >>> import nege
    >>> path = nege.scenarios.manufacturing_first()
    >>> path.digital_cost.sel(step=6).values
    array([1.05, 3.  ])
    >>> path.isel(step=-1).equals(nege.scenarios.digital_turn().isel(step=-1))
    True
    """
    economy, goods, services = checked(economy, industries)
    after = len(DIGITAL)
    changes = (*_goods(goods, 1), *_services(services, after), *_institutions(services, after))
    return path(economy, changes, title="manufacturing first")


@hinted
def no_institutional_convergence(
    economy: OnlineAgglomeration | None = None,
    *,
    industries: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Costs fall as in the digital turn, but the best place keeps its lead in institutions.

    Digital government is what lets services leave the metropolis in Tan & Xia (2022). Here
    they can be delivered online from anywhere at the same low cost, and productivity stays
    as unequal as it is: what the map of industry owes to technology alone.

    Parameters
    ----------
    economy, industries : optional
        As for :func:`digital_turn`.

    Returns
    -------
    Dataset
        ``search_cost, digital_cost, digitisability`` (step, industry), 18 steps.

    Raises
    ------
    InputError
        As from :func:`digital_turn`.

    Notes
    -----
    Not a forecast, as :func:`digital_turn`, with which it is to be compared.

    Examples
    --------
    >>> import nege
    >>> "productivity" in nege.scenarios.no_institutional_convergence()
    False
    """
    economy, goods, services = checked(economy, industries)
    changes = (*_services(services), *_goods(goods))
    return path(economy, changes, title="no institutional convergence")


VILLAGE_ENTRY = 4.0  # cost of entry of online sellers in villages, over that elsewhere
OPEN_VILLAGE_ENTRY = 0.25
OPENING = (9, 5)  # from when, in how many steps


@hinted
def remote_villages(
    economy: OnlineAgglomeration | None = None, *, villages: Sequence[str] | None = None
) -> OnlineAgglomeration:
    """Make it hard to sell online from villages: entry costs four times what it does elsewhere.

    What villages lack to take part in online trade is not demand but access to selling:
    parcels, payment, somebody who knows how. It is a cost of entry by place and channel,
    the mechanism :class:`nege.mechanisms.Access`.

    Parameters
    ----------
    economy : OnlineAgglomeration, optional
        By default that of :func:`metropolis_and_town`.
    villages : sequence of str, optional
        Places that are villages; by default those that are best at nothing.

    Returns
    -------
    OnlineAgglomeration
        The economy with the mechanism "access".

    Raises
    ------
    InputError
        If a village is none of the places, or there is none.

    Notes
    -----
    Not for what villages buy online: only selling is harder. Buying is as elsewhere.

    Examples
    --------
    >>> import nege
    >>> economy = nege.scenarios.remote_villages()
    >>> economy.mechanisms["access"].entry_cost.sel(
    ...     industry="services", channel="online").values
    array([1., 1., 4., 4., 4., 4.])
    """
    economy = _economy(economy)
    names = list(economy.geography.names)
    if villages is None:
        best = economy.productivity.max("place")
        leading = (economy.productivity == best) & (best > economy.productivity.min("place"))
        chosen = [name for name in names if not bool(leading.sel(place=name).any())]
    else:
        chosen = [
            validation.known("villages", x, names) for x in validation.texts("villages", villages)
        ]
    if not chosen:
        raise InputError("villages", villages, "at least one place")
    places = economy.productivity["place"]
    entry = economy.firm_scale * xr.ones_like(places, dtype=float)
    online = (entry["channel"] == "online") & places.isin(chosen)
    entry = entry.where(~online, VILLAGE_ENTRY * entry)
    return economy.with_mechanisms(Access(entry_cost=entry))


@hinted
def villages(
    economy: OnlineAgglomeration | None = None,
    *,
    village: str | None = None,
    industries: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Costs fall as in the digital turn, and one remote village is opened to selling online.

    From step 9 to 14 the cost of entry of online sellers in one village falls from four
    times to a quarter of what it is elsewhere: somebody shows how it is done. In
    :func:`remote_villages`, once goods are sold online (step 14), manufacturing leaves the
    town and clusters in the village: online trade that makes a cluster on the land, as in
    the villages that Tan & Xia (2022) describe. The other villages keep what they have.

    Parameters
    ----------
    economy : OnlineAgglomeration, optional
        With the mechanism "access", by default that of :func:`remote_villages`.
    village : str, optional
        The one that is opened; by default the first of those where entry is dearest.
    industries : mapping of str to str, optional
        As for :func:`digital_turn`.

    Returns
    -------
    Dataset
        As from :func:`digital_turn`, and ``access.entry_cost`` (step, industry, place,
        channel), 18 steps.

    Raises
    ------
    InputError
        If the economy has no mechanism "access", or `village` is not one of its places.

    Notes
    -----
    Not a forecast, as :func:`digital_turn`, with which it is to be compared. Selling access
    raises a village's wage and its share; access to buying alone would lower them.

    Examples
    --------
    >>> import nege
    >>> economy = nege.scenarios.remote_villages()
    >>> path = nege.scenarios.villages(economy)
    >>> path["access.entry_cost"].sel(industry="services", place="north", channel="online").values[
    ...     [0, 9, 14]
    ... ]
    array([4.  , 4.  , 0.25])
    """
    economy = remote_villages() if economy is None else economy
    economy, goods, services = checked(economy, industries)
    if "access" not in economy.mechanisms:
        cure = "nege.scenarios.remote_villages(economy) makes one of yours."
        raise InputError("economy", economy, 'with the mechanism "access"', cure)
    access: Any = economy.mechanisms["access"]
    entry = access.entry_cost.sel(channel="online").max("industry")
    names = list(economy.geography.names)
    dearest = names[int(np.argmax(entry.values))]
    village = validation.known("village", dearest if village is None else village, names)
    start, over = OPENING
    opened = {"place": [village], "channel": ["online"]}
    changes = (
        *_services(services),
        *_institutions(services),
        *_goods(goods),
        Change("access.entry_cost", OPEN_VILLAGE_ENTRY, of=opened, start=start, over=over),
    )
    return path(economy, changes, title="villages").assign_attrs(village=village)


# The stylised turn. Services: search cost, digital cost; the city's lead, which it loses.
STYLISED_SEARCH = (1.5, 1.2, 1.0, 0.8, 0.6, 0.5, 0.4)
STYLISED_DELIVERY = (3.0, 2.5, 2.0, 1.8, 1.6, 1.5, 1.4, 1.3, 1.2, 1.1, 1.05, 1.02)
STYLISED_CATCHING_UP = (7, 4)
STYLISED_LEADS = {"goods": 1.05, "services": 1.25}
STYLISED_DIGITAL = (0.2, 0.4, 0.6, 0.8, 0.9, 1.0)
STYLISED_DELIVERY_OF_GOODS = (1.5, 1.3, 1.2, 1.1, 1.05, 1.02)


@hinted
def stylised_turn(
    economy: OnlineAgglomeration | None = None,
    *,
    city: str | None = None,
    industries: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Four places, three of them alike, in which services go online before goods are weightless.

    Eighteen steps of the default economy, which is the first of them. One city is better at
    both industries, in services by a quarter until institutions converge *down* to those
    elsewhere (steps 8-11). In the end nothing of goods has to be shipped. Against the null
    of :func:`nege.patterns` it has two patterns: co-located (step 0) and two-sided online
    (15-17). In between manufacturing has left the city for three places that are alike, and
    is nowhere clustered: for separated clusters, see :func:`digital_turn`.

    Parameters
    ----------
    economy : OnlineAgglomeration, optional
        Whose path it is; by default ``nege.OnlineAgglomeration()``.
    city : str, optional
        The place that is better; by default the first. Productivity elsewhere is 1.
    industries : mapping of str to str, optional
        As for :func:`digital_turn`.

    Returns
    -------
    Dataset
        As from :func:`digital_turn`, 18 steps.

    Raises
    ------
    InputError
        As from :func:`digital_turn`, or if `city` is not one of the economy's places.

    Notes
    -----
    Not a forecast, nor the paper's path: it is kept because it is simple, and because its
    numbers have been computed by three independent implementations.

    Examples
    --------
    >>> import nege
    >>> path = nege.scenarios.stylised_turn()
    >>> path.digital_cost.sel(step=[0, 11, 17], industry="services").values
    array([3.  , 1.02, 1.02])
    >>> kinds = {"cars": "goods", "steel": "goods", "software": "services"}
    >>> ds = nege.follow(nege.OnlineAgglomeration(), path.sel(step=[0, 6, 17]))
    >>> nege.patterns(ds).pattern.values.tolist()
    ['co-located', 'in between', 'two-sided online']
    """
    economy = OnlineAgglomeration() if economy is None else economy
    economy, goods, services = checked(economy, industries)
    places = list(economy.geography.names)
    city = validation.known("city", places[0] if city is None else city, places)
    start, over = STYLISED_CATCHING_UP
    after = len(STYLISED_DELIVERY)
    changes = (
        Change("search_cost", 0.0, of=goods),
        Change("search_cost", STYLISED_SEARCH, of=services),
        Change("digital_cost", STYLISED_DELIVERY[0], of=goods),
        Change("digital_cost", STYLISED_DELIVERY, of=services),
        Change("productivity", 1.0),
        Change("productivity", STYLISED_LEADS["goods"], of={**goods, "place": city}),
        Change("productivity", STYLISED_LEADS["services"], of={**services, "place": city}),
        Change("productivity", "lowest", of=services, start=start, over=over),
        Change("digitisability", 0.0, of=goods),
        Change("digitisability", 1.0, of=services),
        Change("digitisability", STYLISED_DIGITAL, of=goods, start=after),
        Change("digital_cost", STYLISED_DELIVERY_OF_GOODS, of=goods, start=after),
    )
    return path(economy, changes, title="stylised turn").assign_attrs(city=city)


#: Paths that a file can name: functions of an economy.
READY = {
    made.__name__: made
    for made in (
        digital_turn,
        freight_kept,
        manufacturing_first,
        no_institutional_convergence,
        stylised_turn,
        villages,
    )
}


Labels = dict[str, list[str]]  # along industry


def _services(of: Labels, after: int = 0) -> tuple[Change, ...]:
    """Search for services, then their delivery, gets cheaper, so many steps later."""
    return (
        Change("search_cost", SEARCH, of=of, start=after),
        Change("digital_cost", DELIVERY, of=of, start=after),
    )


def _institutions(of: Labels, after: int = 0) -> tuple[Change, ...]:
    """Institutions, in which services lead, converge up to the best."""
    start, over = CATCHING_UP
    return (Change("productivity", "highest", of=of, start=start + after, over=over),)


def _goods(of: Labels, start: int = len(DELIVERY)) -> tuple[Change, ...]:
    """Ever more of goods is digital, and their delivery gets cheaper."""
    return (
        Change("digitisability", DIGITAL, of=of, start=start),
        Change("digital_cost", DELIVERY_OF_GOODS, of=of, start=start),
    )


def _economy(economy: OnlineAgglomeration | None) -> OnlineAgglomeration:
    """Return the economy, by default the metropolis and the town."""
    economy = metropolis_and_town() if economy is None else economy
    if not isinstance(economy, OnlineAgglomeration):
        cure = "A path has the industries and places of an economy: make that first."
        raise InputError("economy", economy, "a nege.OnlineAgglomeration", cure)
    return economy


def checked(
    economy: OnlineAgglomeration | None, industries: Mapping[str, str] | None
) -> tuple[OnlineAgglomeration, Labels, Labels]:
    """Return the economy, its industries of goods and its industries of services."""
    economy = _economy(economy)
    own = economy.industries
    if industries is None and set(own) <= set(DEFAULT_INDUSTRIES):
        industries = {name: DEFAULT_INDUSTRIES[name] for name in own}
    if not isinstance(industries, Mapping) or set(industries) != set(own):
        cure = 'For example {"cars": "goods", "steel": "goods", "software": "services"}.'
        allowed = f'a mapping of {", ".join(map(repr, own))} to "goods" or "services"'
        raise InputError("industries", industries, allowed, cure)
    kinds = {
        name: validation.known(f"industries[{name!r}]", kind, INDUSTRY_KINDS)
        for name, kind in industries.items()
    }
    goods, services = (
        {"industry": [name for name in own if kinds[name] == kind]} for kind in INDUSTRY_KINDS
    )
    return economy, goods, services
