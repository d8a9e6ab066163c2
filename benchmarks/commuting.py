"""German counties where people live in one and work in another: inverted, and with remote work.

    python -m benchmarks.commuting --data ../shared/data/german_counties --output FOLDER

From jobs and pay by place of work, residents, and an index of rents of 401 counties, the model of
Monte, Redding & Rossi-Hansberg (2018) recovers productivities, amenities of living and of working
in each, and floor space, that make the data an equilibrium. Costs rise with distance, of trade by
its power .42 and of commuting by .47; sigma = 4, 70 per cent of spending is on goods, tastes are
4.6 (MRRH2018 toolkit of Ahlfeldt & Seidel, after Seidel & Wickerath 2020). No bilateral flow is
used, nor pay by place of residence, which is a check.

A table says what follows where commuting or trade get cheaper between counties; where a share of
all people work remotely, every day or half of their days; and where everybody is at home for part
of the days.

What this is not: an estimate. Of remote work the data know nothing; the gain of welfare contains
one more way to take each job, (1-S)^(-1/4.6) at a share S with nothing else changed; and a
county's distance to itself is one number, so that working at Herne or Berlin looks extreme.

The data are as in ``benchmarks.real_places``.
"""

from __future__ import annotations

import pathlib
import sys
import time
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

import nege
from benchmarks.counties import EXACT, ROUND_TRIP, ends
from benchmarks.real_places import GERMAN_UNIT, county_data, of_counties
from nege.geography import Geography
from nege.plots import maps

SIGMA, GOODS, TASTE = 4.0, 0.7, 4.6
TRADE, COMMUTING = 0.42, 0.47  # powers of distance
#: What changes: by which factor between different counties, or a share of workers and their days
#: at home, or everybody's part of days at home.
CHANGES: tuple[tuple[str, float, float], ...] = (
    ("commuting", 0.9, 0.0),
    ("trade", 0.9, 0.0),
    ("remote", 0.1, 1.0),
    ("remote", 0.2, 1.0),
    ("remote", 0.3, 1.0),
    ("remote", 0.3, 0.5),
    ("hybrid", 0.1, 0.0),
    ("hybrid", 0.2, 0.0),
    ("hybrid", 0.3, 0.0),
)
SHOWN = ("remote", 0.3, 1.0)  # on the map
WIDEST = 40.0  # per cent of change at which colours end
NAMED = 6  # counties by name on the map
SMALLEST = 0.0035  # what a dot shows of a county without anybody, or nobody would see its colour


class Inverted(NamedTuple):
    """The economy that explains the data, solved, and how well it does."""

    equilibrium: nege.Equilibrium
    violation: float  # of any equation, by the data
    astray: float  # of residents, jobs and wages, after the round trip


def costs(geography: Geography, power: float) -> np.ndarray:
    """Return costs between counties, relative to the shortest distance in one of them."""
    distance = geography.distance.values
    return np.asarray((distance / distance.min()) ** power)


def inverted(geography: Geography, data: xr.Dataset, **parameters: Any) -> Inverted:
    """Recover fundamentals from the data, and solve the economy again from an even start."""
    given = {
        "sigma": SIGMA,
        "mu": GOODS,
        "taste": TASTE,
        "trade_cost": costs(geography, TRADE),
        "commuting_cost": costs(geography, COMMUTING),
        **parameters,
    }
    jobs, pay, residents, rent = (
        data[name]
        for name in (
            "employment_workplace",
            "median_income_workplace",
            "employment_residence",
            "rent_index",
        )
    )
    model = nege.invert(
        nege.Commuting(geography, **given),
        employment=jobs,
        wage=pay,
        residents=residents,
        rent=rent,
    )
    known = {"share": residents / residents.sum(), "employment": jobs / jobs.sum()}
    known["wage"] = pay / float((pay * known["employment"]).sum())
    here = nege.short_run(model, known["share"])
    lived = np.log(here.data["real_income"]) * model.theta - np.log(known["share"])
    violation = max(
        float(np.ptp(lived.values)),
        *(float(abs(here.data[name] / known[name] - 1.0).max()) for name in known),
        *nege.testing.violations(here).values(),
    )
    found = nege.solve(model, np.full(len(geography), 1.0 / len(geography)))
    astray = max(float(abs(found.data[name] / known[name] - 1.0).max()) for name in known)
    return Inverted(found, violation, astray)


def with_days(before: nege.Equilibrium, days: float) -> nege.Equilibrium:
    """Return the same equilibrium of an economy in which remote work is for part of the days."""
    if days == before.model.remote_days:  # type: ignore[attr-defined]
        return before
    return nege.solve(before.model.replace(remote_days=days), before.data["share"].values)


def changed(before: nege.Equilibrium, what: str, size: float) -> xr.Dataset:
    """Return relative changes by one of CHANGES; remote work is for the days of the economy."""
    model = before.model
    assert isinstance(model, nege.Commuting)
    if what == "remote":
        return nege.counterfactual(before, remote_share=size)
    if what == "hybrid":
        cost = model.commuting_costs()
        factor = (np.diag(cost)[:, None] / cost) ** size
        return nege.counterfactual(before, commuting_cost_change=factor)
    return nege.counterfactual(before, **{f"{what}_cost_change": size})


def gini(values: np.ndarray) -> float:
    """Return the Gini coefficient of counts, every county counting alike."""
    ranked, count = np.sort(values), values.size
    rank = np.arange(1, count + 1)
    return float(2.0 * (rank @ ranked) / (count * ranked.sum()) - (count + 1.0) / count)


def at_home(values: xr.Dataset) -> float:
    """Return the share of all who work in the county where they live."""
    return float(values["share"].values @ np.diag(values["commuting"].values))


def to_the_office(values: xr.Dataset, remote: np.ndarray, kilometres: np.ndarray) -> float:
    """Return the mean way to work of those who do not work remotely, in kilometres."""
    office = values["share"].values[:, None] * values["commuting"].values * (1.0 - remote)
    return float(np.sum(office * kilometres) / np.sum(office))


def figures(
    before: nege.Equilibrium, after: xr.Dataset, area: np.ndarray, kilometres: np.ndarray
) -> dict[str, float]:
    """Return what a change does, in a row of numbers.

    Who moved is half the sum of absolute changes of shares; densities are by area, in logs.
    """
    found = {"welfare": float(after["welfare_change"])}
    told = {"residents": "share", "jobs": "employment"}
    pairs = {who: (after[name].values, before.data[name].values) for who, name in told.items()}
    for who, (new, old) in pairs.items():
        found[f"{who} moved"] = 0.5 * float(np.sum(np.abs(new - old)))
    for who, (new, old) in pairs.items():
        found[f"Gini of {who}"] = gini(new) - gini(old)
    for who, (new, old) in pairs.items():
        dense = np.corrcoef(np.log(new / old), np.log(old / area))[0, 1]
        found[f"{who} to density"] = float(dense)
    model = before.model.replace(remote=float(after["remote"]))
    assert isinstance(model, nege.Commuting)
    found["work where they live"] = at_home(after)
    found["km to the office"] = to_the_office(after, model.remote_parts().values, kilometres)
    return found


def kilometres_of(geography: Geography) -> np.ndarray:
    """Return distances between counties, and within each, in kilometres."""
    return np.asarray(geography.distance.values * GERMAN_UNIT / 1e3)


def table(before: nege.Equilibrium, data: xr.Dataset) -> tuple[pd.DataFrame, dict[Any, xr.Dataset]]:
    """Return a row of figures for each of CHANGES, and what each is made from."""
    area, distance = data["area"].values, kilometres_of(before.model.geography)
    rows, found = {}, {}
    for change in CHANGES:
        what, size, days = change
        base = with_days(before, days or 1.0)
        found[change] = changed(base, what, size)
        rows[change] = figures(base, found[change], area, distance)
    return pd.DataFrame.from_dict(rows, orient="index"), found


def consistency(before: nege.Equilibrium, data: xr.Dataset) -> dict[str, float]:
    """Hold residents' mean wage against their median pay, of which the inversion knows nothing."""
    model = np.log(before.data["residents_wage"].values)
    observed = np.log(data["median_income_residence"].values)
    apart = model - observed
    return {
        "correlation": float(np.corrcoef(model, observed)[0, 1]),
        "error": float(np.std(apart)),
        "slope": float(np.polyfit(model, observed, 1)[0]),
    }


def watershed(
    before: nege.Equilibrium,
    share: np.ndarray,
    jobs: np.ndarray,
    rent: np.ndarray,
    area: np.ndarray,
) -> dict[str, float]:
    """Return what claims 2 and 7a of the paper speak of, core and periphery by density before.

    The core is the densest tenth of counties, the periphery the thinner half; rents are
    geometric means, relative to those of before where they are changes.
    """
    density = before.data["share"].values / area
    core, rest = density >= np.quantile(density, 0.9), density <= np.median(density)
    return {
        "rent, core over periphery": float(
            np.exp(np.mean(np.log(rent[core])) - np.mean(np.log(rent[rest])))
        ),
        "residents in the core": float(share[core].sum()),
        "jobs in the core": float(jobs[core].sum()),
        "residents and jobs, correlation of logs": float(
            np.corrcoef(np.log(share), np.log(jobs))[0, 1]
        ),
    }


def path(before: nege.Equilibrium, data: xr.Dataset, after: dict[Any, xr.Dataset]) -> pd.DataFrame:
    """Return how residents, jobs and rents differ with the share who work remotely every day."""
    area, rent = data["area"].values, data["rent_index"].values
    steps: dict[float, tuple[xr.Dataset, np.ndarray]] = {0.0: (before.data, rent)}
    for (what, size, days), found in after.items():
        if (what, days) == ("remote", 1.0):
            steps[size] = found, rent * found["rent_change"].values
    rows = {}
    for size, (found, paid) in steps.items():
        people, jobs = found["share"].values, found["employment"].values
        rows[size] = {
            "work elsewhere": 1.0 - at_home(found),
            **watershed(before, people, jobs, paid, area),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("share who work remotely")


def words(change: tuple[str, float, float]) -> str:
    """Say what changes."""
    what, size, days = change
    if what == "remote":
        return f"{size:.0%} work remotely, {days:.0%} of days"
    return f"everybody {size:.0%} of days" if what == "hybrid" else f"{what} {size - 1:+.0%}"


def draw(before: nege.Equilibrium, after: xr.Dataset, file: pathlib.Path) -> pathlib.Path:
    """Draw where residents and jobs go, the largest counties by name."""
    from matplotlib.figure import Figure

    model = before.model
    places, people = model.geography.coordinates, before.data["share"].values
    assert places is not None
    figure = Figure(figsize=(10.4, 6.0), layout="constrained")
    told = {"residents": "share", "jobs": "employment"}
    for ax, (who, name) in zip(figure.subplots(1, 2), told.items(), strict=True):
        size = SMALLEST + 0.6 * before.data[name].values
        change = 100.0 * (after[f"{name}_change"].values - 1.0)
        maps.changes(places, size, change, widest=WIDEST, ax=ax)
        ax.set_title(who, loc="left")
        ax.set(xlabel="", ylabel="", xticks=[], yticks=[])
        for county in np.argsort(-people)[:NAMED]:
            where = float(places["x"][county]), float(places["y"][county])
            city = model.geography.names[county].split(" (")[0].split(",")[0]
            city = city.removeprefix("Region ")
            ax.annotate(city, where, (5, 6), textcoords="offset points", fontsize=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=72)
    return file


def study(folder: pathlib.Path) -> tuple[Inverted, xr.Dataset, float]:
    """Invert the data and solve again; the last is how long it took."""
    geography, data = county_data(folder)
    began = time.perf_counter()
    found = inverted(geography, data)
    return found, data, time.perf_counter() - began


def report(found: Inverted, data: xr.Dataset, rows: pd.DataFrame, after: Any) -> None:
    """Print what was found."""
    before, model = found.equilibrium, found.equilibrium.model
    assert isinstance(model, nege.Commuting)
    distance = kilometres_of(model.geography)
    print(f"{len(model.geography)} counties. {model.uniqueness()}")
    print(f"Data violate no equation by more than {found.violation:.1e} (allowed {EXACT:g}).")
    print(f"Solved from an even start, data return to {found.astray:.1e} ({ROUND_TRIP:g}).")
    for name in ("productivity", "amenity", "workplace_amenity"):
        print(f"{name.capitalize().replace('_', ' ')}, {ends(getattr(model, name))}")
    print(
        f"{at_home(before.data):.1%} work where they live; the mean way to work is "
        f"{to_the_office(before.data, np.zeros_like(distance), distance):.1f} km."
    )
    check = consistency(before, data)
    print(
        "Residents' wages against their median pay, which was not used: correlation of logs "
        f"{check['correlation']:.3f}, root mean square {check['error']:.3f}."
    )
    with pd.option_context("display.width", 200, "display.max_columns", 20):
        print(rows.set_axis([words(change) for change in rows.index]).round(4))
        print(path(before, data, after).round(4))
    last = after[SHOWN]
    print(f"{words(SHOWN)}. Residents, {ends(last['share_change'])}")
    print(f"Jobs, {ends(last['employment_change'])}")


def tell(found: Inverted, data: xr.Dataset, output: pathlib.Path) -> bool:
    """Print what was found and draw the map; return whether all checks hold."""
    rows, after = table(found.equilibrium, data)
    report(found, data, rows, after)
    file = output / "counties_commuting.png"
    draw(found.equilibrium, after[SHOWN], file)
    print(f"Written: {file}")
    return found.violation <= EXACT and found.astray <= ROUND_TRIP


def main() -> int:
    """Do it, and tell."""
    return of_counties("commuting", __doc__, study, tell)


if __name__ == "__main__":
    sys.exit(main())
