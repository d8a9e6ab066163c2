"""Industries that choose places and channels: the long run, beside SciPy and a damped loop.

Peers are handed nege's own compiled residual, in logs and over all unknowns at once, and
start where nege starts. They find a rest point, nege a stable one. An answer is held
against the published equations in plain NumPy, ``model.audit``; whoever is not done after
``LIMIT`` CPU seconds has failed.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize
import xarray as xr

import nege
from benchmarks.contest import Call, Method, race
from nege.models.agglomeration import equations

STEP = 6  # of the digital turn: institutions apart, services about to go online
SPREAD = 2.0  # side of the square of random places, which are about one apart
GOOD = 1e-10  # violation of an equation, relative
SAME = 1e-7  # population, in shares of all, up to which two points are the same
LIMIT = 60.0  # CPU seconds
SIZES = (50, 400)  # places

PRICES, MOVERS = 0.2, 0.3  # by how much the loop moves them; larger ones do not converge
TOLERANCE = 1e-12
HYBR = {"xtol": 1e-13}
KRYLOV = {"fatol": TOLERANCE, "maxiter": 300, "jac_options": {"method": "gmres"}}


@dataclasses.dataclass(frozen=True)
class Economy:
    """A long run to be found: two industries, two channels."""

    name: str
    model: nege.OnlineAgglomeration
    movers: np.ndarray  # firms and people at the start, as ``check_share`` returns them
    limit: float = LIMIT  # CPU seconds that peers have

    @property
    def size(self) -> int:
        """Number of places."""
        return len(self.model.geography)

    @functools.cached_property
    def start(self) -> np.ndarray:
        """All unknowns, in logs, where everybody starts; without remote labour."""
        model = self.model
        start = model._unknowns.with_movers(self.movers, model.start_state())
        start[-2] = 0.0
        return start

    def excess(self, x: np.ndarray) -> np.ndarray:
        """Return the residual of every equation."""
        found = np.empty_like(x)
        with np.errstate(all="ignore"):
            equations.evaluate(self.model.arrays, x, found)
        found[-2] = 0.0
        return found


def stylised_turn(size: int, seed: int = 0) -> Economy:
    """Return a step of the stylised turn: 4 equidistant places, or random ones of a plane."""
    if size == 4:
        places, weight = nege.geography.equidistant(4), np.ones(4)
    else:
        rng = np.random.default_rng([seed, size])
        points = SPREAD * rng.random((size, 2))
        apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
        places, weight = nege.geography.from_distance(apart), rng.uniform(0.5, 2.0, size)
    economy = nege.OnlineAgglomeration(places, home_weight=weight, land=weight / weight.sum())
    path = nege.scenarios.stylised_turn(economy)
    moved = {str(name): values.sel(step=STEP) for name, values in path.data_vars.items()}
    return Economy(f"industries P={size}", economy.replace(moved), economy.default_start())


def labelled(economy: Economy, answer: np.ndarray | xr.Dataset) -> xr.Dataset:
    """Return unknowns with their labels; nege's answers have them."""
    with np.errstate(all="ignore"):
        known = isinstance(answer, xr.Dataset)
        return answer if known else economy.model.label(answer, answer)


def violation(economy: Economy, answer: np.ndarray | xr.Dataset) -> float:
    """Return the largest violation of the published equations, recomputed from labelled data."""
    model, data = economy.model, labelled(economy, answer)
    with np.errstate(all="ignore"):
        rest = model.audit_motion(data, nege.Replicator())
        worst = np.max([*model.audit(data).values(), *rest.values()])
    return float(worst) if np.isfinite(worst) else np.inf


# --- who takes part


def _solve(economy: Economy) -> Any:
    return lambda: nege.solve(economy.model).data


def _in_time(function: Callable[[np.ndarray], Any], limit: float) -> Callable[[np.ndarray], Any]:
    """Return the same function, which stops whoever calls it after the limit."""
    began = time.process_time()

    def limited(x: np.ndarray) -> Any:
        if time.process_time() - began > limit:
            raise TimeoutError(f"not done after {limit:g} CPU s")
        return function(x)

    return limited


def _root(method: str, options: dict[str, Any]) -> Callable[[Economy], Call]:
    def prepare(economy: Economy) -> Call:
        economy.excess(economy.start)  # compiled before the limit runs

        def solve() -> np.ndarray:
            excess = _in_time(economy.excess, economy.limit)
            found = scipy.optimize.root(excess, economy.start, method=method, options=options)
            return np.asarray(found.x)

        return solve

    return prepare


def _textbook(economy: Economy) -> Call:
    """Prices follow excess demand, firms profits and people utility, all at once and damped.

    The dividend is what land and platforms earn, and the numeraire is restored in each round.
    """
    model, p = economy.model, economy.model.arrays
    land = model.land.values
    order, to = model._unknowns, p.slots
    part = np.zeros(order.size)
    order.rows(part)[:] = PRICES
    order.rows(part)[:, order.moving] = MOVERS
    nominal, rent = slice(to.price_index, to.rent + 1), to.rent
    economy.excess(economy.start)  # compiled before the limit runs

    def solve() -> np.ndarray:
        x, left = economy.start.copy(), np.empty_like(economy.start)

        def commission(x: np.ndarray) -> np.ndarray:
            return equations.evaluate(p, x, left).totals[to.commission - to.shared]

        earn = _in_time(commission, economy.limit)
        while True:
            earned = earn(x)
            left[-2] = 0.0
            if np.max(np.abs(left)) <= TOLERANCE * 10:
                return x
            if not np.isfinite(left).all():
                raise RuntimeError("diverged")
            x = x + part * left
            rows = model._unknowns.rows(x)
            rows[:, nominal] -= left[-1]
            x[-1] = np.exp(rows[:, rent]) @ land + earned * np.exp(-left[-1])

    return solve


NEGE = Method("nege", "nege", _solve)
PEERS = (
    Method("scipy hybr", "scipy", _root("hybr", HYBR), 50),
    Method("scipy krylov", "scipy", _root("krylov", KRYLOV)),
    Method("damped loop", "textbook", _textbook),
)


# --- on one economy


def contest(size: int, *, rounds: int) -> dict[str, dict[str, Any]]:
    """Race everybody on one economy; an answer at another point than nege's is a failure."""
    economy = stylised_turn(size)
    population = nege.solve(economy.model).data["population"].values

    def judged(economy: Economy, answer: np.ndarray | xr.Dataset) -> float:
        data = labelled(economy, answer)
        if not np.max(np.abs(data["population"].values - population)) <= SAME:
            raise RuntimeError("ends at another point")
        return violation(economy, data)

    methods = (NEGE, *PEERS)
    return race(economy, methods, rounds=rounds, budget=3.0, residual=judged, good=GOOD)
