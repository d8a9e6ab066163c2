"""Places that lie far from all others, and rows of distances that fit to no other row.

What is far is measured by the others themselves, without a number that somebody chose:

    a few places are far if the nearest of the others is further than any two of these are apart

    few      a tenth of all places at most, or a single one
    others   six at least: of fewer, nothing says how far apart they are; three, if a sign or a swap
             of coordinates brings the place among them

Stepping from place to place (single linkage), the longest steps are left out one by one, and what
is still joined is looked at: so one wrong place does not hide another, as it does in means, in
deviations and in quantiles of few. Cities of a country are of very uneven density; the largest
step within a country is nearly always shorter than the country. Of the 30 largest cities of each
country this asks about Las Palmas, Funchal and two in the Gambia, and else about none. A flag is a
question: islands are where they are said to be. What lands among other places is not told.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nege.geography.makers import geodesic
from nege.geography.metrics import last_digit

FEWEST = 6  # other places that say how far is far
FEWEST_MENDED = 3  # that say so of a place which a known mistake explains
PART = 10  # of places at most may be far, one in so many
SAVES = 0.8  # what part of a distance a detour is that no rounding explains
SHORT = 0.9  # part of a straight line that no road is shorter than
TWICE = 2.0  # factor between a way there and the way back that traffic does not explain
APART = 4.0  # factor between a row and all others, of distances over straight lines
#: What may be wrong with a place: how a spot becomes the right one, and in words.
MENDED = {
    "its latitude with the other sign": (-1.0, 1.0, False),
    "its longitude with the other sign": (1.0, -1.0, False),
    "latitude and longitude swapped": (1.0, 1.0, True),
}


def far_places(distance: np.ndarray, fewest: int = FEWEST) -> list[int]:
    """Return the few places that are further from all others than those are from one another."""
    from scipy.cluster import hierarchy  # what takes long to import is imported when used
    from scipy.spatial.distance import squareform

    n = len(distance)
    few = max(1, n // PART)
    if n - few < fewest or not np.isfinite(distance).all():
        return []
    both = np.minimum(distance, distance.T)
    np.fill_diagonal(both, 0.0)
    pairs = squareform(both, checks=False)
    tree, middle = hierarchy.linkage(pairs, "single"), np.median(pairs)
    far: list[int] = []
    for step in sorted(set(tree[:, 2]), reverse=True):
        if step <= middle:  # nine in ten places are at least so far apart
            break
        group = hierarchy.fcluster(tree, np.nextafter(step, 0.0), "distance")
        others = group == np.bincount(group).argmax()
        if (~others).sum() > few:
            break
        if step > both[np.ix_(others, others)].max():
            far = np.flatnonzero(~others).tolist()
    return far


def mended(spots: Mapping[str, np.ndarray], far: int, others: np.ndarray) -> str:
    """Say what would bring a place among the others, "" if nothing that is known does."""
    latitude, longitude = spots["latitude"], spots["longitude"]
    among = geodesic(latitude[others], longitude[others])
    best, said = among.max(), ""  # what is further is far
    for words, (sign, side, swapped) in MENDED.items():
        spot = (sign * latitude[far], side * longitude[far])
        there = spot[::-1] if swapped else spot
        if abs(there[0]) <= 90.0:
            north, east = (
                np.append(latitude[others], there[0]),
                np.append(longitude[others], there[1]),
            )
            if (away := geodesic(north, east)[-1, :-1].min()) <= best:
                best, said = away, words
    return said


def short_roads(distance: np.ndarray, straight: np.ndarray) -> list[tuple[int, int]]:
    """Return the few pairs whose road is shorter than the straight line, the shortest first.

    Both are in one unit. A tenth is allowed, as roads and coordinates are of different spots.
    """
    n = len(distance)
    either = np.minimum(distance, distance.T)
    short = np.triu((either + last_digit(distance) < SHORT * straight) & (either > 0.0), 1)
    pairs = [(int(i), int(j)) for i, j in np.argwhere(short)]
    pairs.sort(key=lambda pair: float(either[pair] / straight[pair]))
    return _few(pairs, n, alone=len(pairs) == 1)


def _few(pairs: list[tuple[int, int]], n: int, *, alone: bool) -> list[tuple[int, int]]:
    """Return pairs of n places if they are a tenth of all at most, or stand alone; else none."""
    return pairs if alone or len(pairs) * PART * 2 <= n * (n - 1) else []


def off_rows(distance: np.ndarray, straight: np.ndarray) -> list[int]:
    """Return places whose distances are of another size over straight lines than all others'."""
    both = (distance > 0.0) & (straight > 0.0)
    if len(distance) < FEWEST:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(both, np.log(distance / straight), np.nan)
    if not both.any(1).all():
        return []
    row = np.nanmedian(logs, axis=1)
    return np.flatnonzero(np.abs(row - np.median(row)) > np.log(APART)).tolist()


def one_way(distance: np.ndarray) -> list[tuple[int, int]]:
    """Return the few pairs whose way there is more than twice the way back."""
    n = len(distance)
    there, back = np.minimum(distance, distance.T), np.maximum(distance, distance.T)
    pairs = [(int(i), int(j)) for i, j in np.argwhere(np.triu(back > TWICE * there, 1))]
    of_one_place = bool(pairs) and bool(set(pairs[0]).intersection(*pairs))
    return _few(pairs, n, alone=of_one_place and n > 2)


def of_all_detours(distance: np.ndarray) -> tuple[str, tuple[int, ...]]:
    """Return what all detours that save much have in common: "long" or "short", and of whom.

    A way that is too long is the end of all detours, one that is too short a part of them; of a
    whole row the same holds of one place.
    """
    saved = np.full(distance.shape, np.inf)
    through = np.zeros(distance.shape, dtype=np.intp)
    for middle in range(len(distance)):
        way = np.add.outer(distance[:, middle], distance[middle])
        way[middle], way[:, middle] = np.inf, np.inf
        shorter = way < saved
        saved[shorter], through[shorter] = way[shorter], middle
    np.fill_diagonal(saved, np.inf)
    found = np.argwhere(saved < SAVES * distance).tolist()
    triples = [(i, int(through[i, j]), j) for i, j in found]
    if not triples:
        return "", ()
    ends = set.intersection(*({i, j} for i, _, j in triples))
    legs = set.intersection(*({frozenset((i, k)), frozenset((k, j))} for i, k, j in triples))
    middles = {k for _, k, _ in triples}
    if len(ends) == 1 and legs:  # a long row with one nearest place, or just one short way
        (one, other), *_ = map(sorted, legs)
        if distance[one, other] < np.median(distance):
            return "short", (one, other)
    if ends:
        return "long", tuple(sorted(ends))
    if legs:
        return "short", tuple(sorted(*legs))
    return ("short", tuple(middles)) if len(middles) == 1 else ("", ())
