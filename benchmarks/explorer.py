"""How long an explorer takes to answer: fifty random moves of its controls, one after the other.

Each goes on from where the economy was, as a drag does, and says who gains: what a page waits for.
Values are anywhere in the range of a control, so that some moves are as far as they get.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import nege
from benchmarks.real_places import chinese_cities
from nege.explorer import Explorer

MOVES = 50
CITIES = 30
WEIGHT_ONLINE = 0.02  # of the online region, in tastes


class Drag(NamedTuple):
    """What came of moves, in seconds each."""

    cpu: np.ndarray
    wall: np.ndarray
    outcomes: dict[str, int]


def two_regions() -> Explorer:
    """Two equal places and the online region."""
    online = nege.OnlineRegion(trade_cost=1.5)
    places = nege.geography.equidistant(2)
    return Explorer(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7, online=online))


def cities_of_people(*, tastes: bool) -> Explorer:
    """Thirty Chinese cities of people who follow wages alone, or have tastes too."""
    places = chinese_cities(CITIES)
    online = nege.OnlineRegion(trade_cost=1.5)
    model = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7, online=online)
    if not tastes:
        return Explorer(model)
    weights = places.population_share
    dynamics = nege.Logit(scale=0.1, weights=weights, online_weight=WEIGHT_ONLINE)
    return Explorer(model, dynamics=dynamics)


def cities_of_industries() -> Explorer:
    """Thirty Chinese cities of two industries that choose a place and a channel."""
    places = chinese_cities(CITIES)
    model = nege.OnlineAgglomeration(places, land="population", home_weight="population")
    return Explorer(model)


#: By name; what an answer may take at worst is the same for all of them.
CASES: dict[str, Callable[[], Explorer]] = {
    "two regions": two_regions,
    "30 cities with tastes": lambda: cities_of_people(tastes=True),
    "30 cities without": lambda: cities_of_people(tastes=False),
    "30 cities of industries": cities_of_industries,
}


def drag(explorer: Explorer, moves: int = MOVES) -> Drag:
    """Move the controls that a page begins with at random; the first moves are not counted."""
    rng, last = np.random.default_rng(2026), explorer.base
    values: dict[str, Any] = {}
    took: list[tuple[float, float]] = []
    outcomes: dict[str, int] = {}
    for move in range(-3, moves):
        control = explorer.controls[str(rng.choice(explorer.suggested))]
        asked = {**values, control.name: float(rng.uniform(control.lowest, control.highest))}
        last = explorer.answer(asked, since=last)
        if last.solved:
            values = asked
        if move >= 0:
            took.append((last.cpu, last.wall))
            outcomes[last.outcome] = outcomes.get(last.outcome, 0) + 1
    cpu, wall = np.array(took).T
    return Drag(cpu, wall, outcomes)
