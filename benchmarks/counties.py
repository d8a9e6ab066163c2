"""German counties as a quantitative economy: inverted, solved again, and with distance cheaper.

    python -m benchmarks.counties --data ../shared/data/german_counties --output FOLDER

From jobs and pay by place of work, and land, of 401 counties, Helpman's model recovers the
productivities and amenities that make the data an equilibrium, the only one there is
(sigma (1 - mu) = 1.2). Three checks: the data violate no equation by more than 1e-10; the
recovered economy, solved from an even start, returns the data; and hat algebra, which knows
shares, wages and trade flows alone, says of a change what the solution in levels says.

Then distance gets cheaper. Trade falls with distance at an elasticity of 1.29, sigma = 4 (Monte,
Redding & Rossi-Hansberg 2018); a quarter of that is taken to be what it costs to find and to
trust a partner far away, and digital trade removes it step by step.

What this is not: nobody works in an online region, which Helpman's model can have only with
housing of its own; commuters work where they live; the quarter is an assumption, not an
estimate; and fundamentals hold everything that trade costs and land do not explain.

The data are as in ``benchmarks.real_places``.
"""

from __future__ import annotations

import pathlib
import sys
import time
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

import nege
from benchmarks.real_places import county_data, of_counties
from nege.plots import maps

SIGMA, GOODS = 4.0, 0.7  # elasticity of substitution, share of spending on goods
DISTANCE_ELASTICITY = 1.29  # of trade
SEARCH = 0.25  # part of the cost of distance that digital trade can remove
REMOVED = (0.25, 0.5, 0.75, 1.0)  # of it, step by step
EXACT, ROUND_TRIP, SAME = 1e-10, 1e-8, 1e-9


class Inverted(NamedTuple):
    """The economy that explains the data, solved, and how well it does."""

    equilibrium: nege.Equilibrium
    violation: float  # of any equation, by the data
    astray: float  # of shares and wages, after the round trip


def trade_costs(geography: nege.geography.Geography, removed: float = 0.0) -> np.ndarray:
    """Return iceberg costs between counties, relative to the shortest distance in one of them."""
    distance = geography.distance.values
    power = DISTANCE_ELASTICITY / (SIGMA - 1.0) * (1.0 - SEARCH * removed)
    return np.asarray((distance / distance.min()) ** power)


def inverted(geography: nege.geography.Geography, data: xr.Dataset) -> Inverted:
    """Recover fundamentals from the data, and solve the economy again from an even start."""
    jobs, pay, land = (
        data[name] for name in ("employment_workplace", "median_income_workplace", "area")
    )
    bare = nege.Helpman(
        geography,
        sigma=SIGMA,
        mu=GOODS,
        trade_cost=trade_costs(geography),
        housing=land / land.mean(),
    )
    model = nege.invert(bare, jobs, pay)
    share = (jobs / jobs.sum()).values
    wage = (pay / float((pay * share).sum())).values
    observed = nege.short_run(model, share)
    payoff = np.log(observed.data["real_income"].values)
    violation = max(
        float(np.ptp(payoff)),
        float(np.max(np.abs(observed.data["wage"].values / wage - 1.0))),
        *nege.testing.violations(observed).values(),
    )
    found = nege.solve(model, np.full(share.size, 1.0 / share.size))
    astray = max(
        float(np.max(np.abs(found.data["share"].values / share - 1.0))),
        float(np.max(np.abs(found.data["wage"].values / wage - 1.0))),
    )
    return Inverted(found, violation, astray)


def cheaper_distance(before: nege.Equilibrium) -> tuple[xr.Dataset, float]:
    """Return relative changes over ``removed``, and how far hat algebra is from levels at most."""
    model, found, worst = before.model, [], 0.0
    costs = trade_costs(model.geography)
    for removed in REMOVED:
        cost = trade_costs(model.geography, removed)
        after = nege.counterfactual(before, trade_cost_change=cost / costs)
        levels = nege.solve(model.replace(trade_cost=cost)).data
        for name in ("share", "wage", "price_index", "rent", "real_income"):
            ratio = (levels[name] / before.data[name]).values
            worst = max(worst, float(np.max(np.abs(after[f"{name}_change"].values / ratio - 1.0))))
        found.append(after)
    steps = xr.DataArray(list(REMOVED), dims="removed", name="removed")
    return xr.concat(found, steps, combine_attrs="drop_conflicts"), worst


def ends(change: xr.DataArray, count: int = 5) -> str:
    """Name who changes most, up and down."""
    order = np.argsort(change.values)
    sides = []
    for places in (order[::-1][:count], order[:count]):
        names = [str(name).rsplit(" (", 1)[0] for name in change["region"].values[places]]
        sizes = change.values[places] - 1.0
        sides.append("; ".join(f"{n} {x:+.1%}" for n, x in zip(names, sizes, strict=True)))
    return f"up: {sides[0]}\n  down: {sides[1]}"


def draw(before: nege.Equilibrium, ds: xr.Dataset, file: pathlib.Path) -> pathlib.Path:
    """Draw fundamentals, and who wins and loses jobs where all search costs are gone."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 5.4), layout="constrained")
    model, share = before.model, before.data["share"].values
    assert isinstance(model, nege.Helpman)
    last = ds.isel(removed=-1)
    panels = {
        "productivity, against the geometric mean": 100 * (model.productivity.values - 1.0),
        "amenity, against the geometric mean": 100 * (model.amenity.values - 1.0),
        "jobs, where search costs are gone": 100 * (last["share_change"].values - 1.0),
    }
    for ax, (title, change) in zip(figure.subplots(1, 3), panels.items(), strict=True):
        maps.changes(model.geography.coordinates, 0.25 * share, change, ax=ax)
        ax.set_title(title, loc="left")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=100)
    return file


def study(folder: pathlib.Path) -> tuple[Inverted, xr.Dataset, float, float]:
    """Do everything but read the files and draw; the last is how long it took."""
    geography, data = county_data(folder)
    began = time.perf_counter()
    found = inverted(geography, data)
    ds, worst = cheaper_distance(found.equilibrium)
    return found, ds, worst, time.perf_counter() - began


def report(found: Inverted, ds: xr.Dataset, worst: float) -> None:
    """Print what was found."""
    before = found.equilibrium
    model: Any = before.model
    print(f"{len(model.geography)} counties. {model.uniqueness()}")
    print(f"Data violate no equation by more than {found.violation:.1e} (allowed {EXACT:g}).")
    print(f"Solved from an even start, data return to {found.astray:.1e} ({ROUND_TRIP:g}).")
    print(f"Hat algebra equals levels to {worst:.1e} ({SAME:g}).")
    print(f"Productivity, {ends(model.productivity)}\nAmenity, {ends(model.amenity)}")
    share = before.data["share"].values
    print(
        f"Digital trade removes {SEARCH:.0%} of what distance costs, step by step; nobody works "
        "online, and the quarter is an assumption:"
    )
    top = np.argsort(-share)[:10]
    for step in ds["removed"].values:
        row = ds.sel(removed=step)
        moved = 0.5 * np.abs(row["share"].values - share).sum()
        print(
            f"  {step:4.0%} removed: real income {float(row.welfare_change) - 1:+.2%}, "
            f"{moved:.2%} of people move, the ten largest have "
            f"{row['share'].values[top].sum():.2%} of jobs ({share[top].sum():.2%} before)"
        )
    last = ds.isel(removed=-1)
    print(f"Jobs, {ends(last['share_change'])}")
    logs = np.log(last["share_change"].values)
    land = model.housing.values
    for name, by in (
        ("size", np.log(share)),
        ("density", np.log(share / land)),
        ("price of goods before", np.log(before.data["price_index"].values)),
    ):
        print(f"  correlation with ln {name}: {np.corrcoef(logs, by)[0, 1]:+.2f}")


def tell(found: Inverted, ds: xr.Dataset, worst: float, output: pathlib.Path) -> bool:
    """Print what was found and draw the map; return whether all three checks hold."""
    report(found, ds, worst)
    print(f"Written: {draw(found.equilibrium, ds, output / 'counties_helpman.png')}")
    return found.violation <= EXACT and found.astray <= ROUND_TRIP and worst <= SAME


def main() -> int:
    """Do it, and tell."""
    return of_counties("counties", __doc__, study, tell)


if __name__ == "__main__":
    sys.exit(main())
