"""What the free memory does not hold is refused with numbers, before any of it is taken."""

import re

import numpy as np
import pytest

import nege
from nege import memory
from nege.geography import (
    cities,
    equidistant,
    from_distance,
    from_points,
    grid,
    line,
    racetrack,
    star,
)

pytestmark = pytest.mark.faults


@pytest.fixture
def poor(monkeypatch):
    """A machine with so little memory that nothing has to be taken to see what is refused."""
    monkeypatch.setattr(memory, "LITTLE", 0)

    def free(size):
        monkeypatch.setattr(memory, "available", lambda: int(size))

    return free


def economy(places):
    return nege.CorePeriphery(places, sigma=5, mu=0.3, trade_cost=1.5)


def over_places(n):
    return np.linspace(0, 50, n)


@pytest.mark.parametrize(
    ("argument", "make", "needed"),
    [
        ("n", lambda: equidistant(200_000), 3 * 8 * 200_000**2),
        ("n", lambda: star(200_000), 3 * 8 * 200_000**2),
        ("n", lambda: racetrack(10**12), 10**12),
        ("n_or_positions", lambda: line(10**12), 10**12),
        ("ny, nx", lambda: grid(10**6, 10**6), 10**12),
    ],
    ids=["equidistant", "star", "racetrack", "line", "grid"],
)
def test_places_beyond_any_memory_are_refused_on_the_spot(argument, make, needed):
    with pytest.raises(nege.InputError, match=r"it needs \S+ GB, and \S+ GB are free") as caught:
        make()
    assert caught.value.argument == argument
    said = re.search("needs (.*?) GB", str(caught.value))[1].replace(",", "")
    assert float(said) * 1e9 >= 0.99 * needed


@pytest.mark.parametrize(
    ("argument", "make"),
    [
        ("n", lambda: equidistant(40)),
        ("latitude", lambda: from_points(over_places(40), over_places(40))),
        ("distance", lambda: from_distance(1.0 - np.eye(40))),
        ("min_population", lambda: cities("CN", 2_000_000)),
        ("distance", lambda: racetrack(40).distance),
        ("names", lambda: racetrack(40).select([str(i) for i in range(30)])),
    ],
    ids=["equidistant", "points", "table", "cities", "distance", "select"],
)
def test_tables_of_distances_are_refused_where_they_do_not_fit(poor, argument, make):
    poor(15_000)
    with pytest.raises(nege.InputError, match=r"1\.5e-05 GB are free") as caught:
        make()
    assert caught.value.argument == argument
    poor(1e9)
    make()


WORK = {
    "short run": lambda m: nege.short_run(m, np.full(20, 0.05)),
    "many": lambda m: nege.short_run(m, np.full((50, 20), 0.05)),
    "long run": lambda m: nege.solve(m),
    "stability": lambda m: nege.stability(rest(m)),
    "equilibria": lambda m: nege.equilibria(m, starts=1),
    "diagram": lambda m: nege.bifurcation(m, "trade_cost", (1.4, 1.5)),
    "hysteresis": lambda m: nege.hysteresis(m, "trade_cost", (1.4, 1.5), points=2),
    "industries": lambda m: nege.solve(nege.OnlineAgglomeration()),
}


def rest(model):
    """Say that it is at rest, so that nothing is solved before its stability is asked for."""
    return nege.Equilibrium(
        model=model,
        data=model.label(np.full(20, 0.05), np.zeros(20)),
        status=nege.Status.CONVERGED,
        residual=0.0,
        error=0.0,
        iterations=0,
        horizon="long run",
    )


@pytest.mark.parametrize("name", WORK)
def test_work_is_refused_where_its_tables_do_not_fit(poor, name):
    model = economy(racetrack(20))
    fits = next(iter(nege.estimate_memory(model).values()))  # one short run, no Jacobian
    poor(fits - 1 if name == "short run" else fits)
    with pytest.raises(nege.InputError, match=r"it needs \S+ GB, and 1.12e-05 GB are free"):
        WORK[name](model)


def test_a_long_run_takes_more_than_a_short_one():
    model = economy(racetrack(400))
    short, long = (nege.estimate_memory(model, horizon) for horizon in ("short run", "long run"))
    table = 8 * 400**2
    assert long == {kind: short[kind] + 7 * table for kind in ("symmetric", "dense")}
    model = economy(racetrack(20_000))  # tables of few rows
    short, long = (nege.estimate_memory(model, horizon) for horizon in ("short run", "long run"))
    assert short.keys() == long.keys()
    assert all(short[kind] < long[kind] < short[kind] + 1e9 for kind in short)
    with pytest.raises(nege.InputError, match="horizon"):
        nege.estimate_memory(model, "long")


def test_a_long_run_that_is_unique_takes_no_more():
    spill = {"productivity_spillover": 0.05, "amenity_spillover": -0.3}
    model = nege.AllenArkolakis(line(20_000), sigma=5, trade_cost=1.01, **spill)
    assert nege.estimate_memory(model, "long run") == nege.estimate_memory(model)
