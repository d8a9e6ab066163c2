"""The stylised turn on real maps: the 30 largest Chinese cities, and the 401 German counties.

    python -m benchmarks.real_places cities --output FOLDER
    python -m benchmarks.real_places counties --data ../shared/data/german_counties

solves the path, prints a line per step, and draws a map of both industries for every
pattern that occurs, with a timeline. Cities are those of GeoNames. The folder of the
counties holds ``CountyArea.csv`` (county_id, Area in km2), ``labor_tidy.csv`` (region_id,
region_name, employment and pay by residence and workplace), ``house_prices.csv`` (county_id,
rentindex) and ``distance_matrix.csv`` (metres), as in the
MRRH2018 toolkit of Gabriel M. Ahlfeldt; it may also be named by NEGE_COUNTIES.

Rates per unit of distance are those of the model's defaults, whose places are one apart.
So the unit is about the median distance between two places: 1000 km in China, 300 km in
Germany. There goods melt by 49 per cent on a unit's way; knowledge is halved on 14 per
cent of it, 139 and 42 km; and services, at 1.5 per unit of search, sell half as much to a
client 12 per cent of it away. Before the steps of the stylised turn come two at which both
search and online delivery of services are dearer: services that are sold next door.

People would live where they do if all places were equally good. Land is by people in
cities, whose built-up areas GeoNames does not know, and by area in counties.
"""

from __future__ import annotations

import argparse
import csv
import os
import pathlib
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

import nege
from nege.geography import Geography
from nege.geography.metrics import Matrix
from nege.plots import agglomeration

ROOT = pathlib.Path(__file__).resolve().parents[1]
#: Search and digital cost of services ahead of the stylised turn.
BEFORE = {"search_cost": (6.0, 3.0), "digital_cost": (9.0, 5.0)}
CITIES, APART = 30, 50.0  # how many; nearer than so many kilometres to a larger one is part of it
GERMAN_UNIT = 300e3  # metres
METRES_PER_MAP_UNIT = 100e3
LABOUR = (
    *("employment_residence", "employment_workplace"),
    *("median_income_workplace", "median_income_residence"),
)


def chinese_cities(count: int = CITIES) -> Geography:
    """Return the largest Chinese cities, without districts that GeoNames lists on their own."""
    listed = nege.geography.cities("CN", min_population=1_000_000, separate=APART)
    return listed.select(listed.names[:count])


def cities(count: int = CITIES) -> tuple[nege.OnlineAgglomeration, xr.Dataset]:
    """Return the economy of the largest Chinese cities, and the path; Shanghai leads."""
    geography = chinese_cities(count)
    people = _by_place(geography, geography.population_share.values)
    economy = nege.OnlineAgglomeration(geography, home_weight=people, land=people)
    return economy, path(economy, geography.names[0])


def counties_folder(given: str | None = None) -> pathlib.Path | None:
    """Return the folder of the counties' data: given, named by NEGE_COUNTIES, or beside this."""
    beside = ROOT.parent / "shared" / "data" / "german_counties"
    folder = pathlib.Path(given or os.environ.get("NEGE_COUNTIES") or beside)
    return folder if (folder / "distance_matrix.csv").is_file() else None


def of_counties(
    name: str, words: str | None, study: Callable[[pathlib.Path], Any], tell: Callable[..., bool]
) -> int:
    """Do a study of the counties twice, to see what a first time takes; 0 where its checks hold.

    `study` returns what it found, seconds last; `tell` is given that, and a folder for pictures.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}", description=(words or "").split("\n")[0]
    )
    parser.add_argument("--data", metavar="FOLDER", help="of the counties")
    parser.add_argument("--output", default="benchmark-output", metavar="FOLDER")
    options = parser.parse_args()
    folder = counties_folder(options.data)
    if folder is None:
        parser.error("no data of the counties: name their folder with --data")
    *_, cold = study(folder)
    *found, warm = study(folder)
    fine = tell(*found, pathlib.Path(options.output))
    print(f"{cold:.1f} s at first, with compiling, {warm:.1f} s then.")
    return int(not fine)


def county_data(folder: pathlib.Path) -> tuple[Geography, xr.Dataset]:
    """Return the German counties, and what the files say: area, people, jobs, pay, rents."""
    area = {row["county_id"].zfill(5): float(row["Area"]) for row in _rows(folder, "CountyArea")}
    labour = {row["region_id"]: row for row in _rows(folder, "labor_tidy")}
    table = _rows(folder, "distance_matrix")
    order = [row["region_id_imp"] for row in table]
    metres = np.array([[float(row[to]) for to in order] for row in table])
    names = tuple(f"{labour[county]['region_name']} ({county})" for county in order)
    x, y = _laid_out(metres, north=order.index("01001"), west=order.index("05334"))
    units = {"units": f"{METRES_PER_MAP_UNIT / 1e3:g} km"}
    geography = Geography(
        names,
        Matrix(metres / GERMAN_UNIT),
        f"{GERMAN_UNIT / 1e3:g} km",
        "German counties",
        xr.Dataset({"x": ("region", x, units), "y": ("region", y, units)}),
    )
    columns = {name: [float(labour[county][name]) for county in order] for name in LABOUR}
    rent = {row["county_id"]: float(row["rentindex"]) for row in _rows(folder, "house_prices")}
    columns["rent_index"] = [rent[county] for county in order]
    columns["area"] = [area[county] for county in order]
    data = {name: ("region", np.array(values)) for name, values in columns.items()}
    return geography, xr.Dataset(data, coords={"region": list(names)})


def counties(folder: pathlib.Path) -> tuple[nege.OnlineAgglomeration, xr.Dataset]:
    """Return the economy of the German counties, and the path; the most populous one leads."""
    geography, data = county_data(folder)
    residents, land = data["employment_residence"].values, data["area"].values
    economy = nege.OnlineAgglomeration(
        geography,
        home_weight=_by_place(geography, residents / residents.sum()),
        land=_by_place(geography, land / land.sum()),
    )
    return economy, path(economy, geography.names[int(np.argmax(residents))])


def path(economy: nege.OnlineAgglomeration, city: str) -> xr.Dataset:
    """Return the stylised turn with two steps of dearer services before it, -2 and -1."""
    turn = nege.scenarios.stylised_turn(economy, city=city)
    first = turn.isel(step=[0, 0]).assign_coords(step=[-2, -1]).copy(deep=True)
    for name, costs in BEFORE.items():
        first[name].loc[{"industry": "services"}] = list(costs)
    return xr.concat([first, turn], "step", combine_attrs="override")


def first_of_each(patterns: xr.Dataset) -> dict[str, int]:
    """Return the positions of the steps where each pattern is first seen."""
    words = patterns["pattern"].values.tolist()
    return {word: words.index(word) for word in dict.fromkeys(words)}


def draw(economy: nege.OnlineAgglomeration, ds: xr.Dataset, folder: pathlib.Path) -> list[Any]:
    """Draw a map per pattern, and the timeline; return the files."""
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    found = nege.patterns(ds)
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    agglomeration.timeline(found, ax=figure.subplots())
    figures = {"timeline": figure}
    for word, position in first_of_each(found).items():
        figure = Figure(figsize=(15, 5), layout="constrained")
        figure.suptitle(f"{word}, step {int(ds.step[position])}")
        for industry, ax in zip((None, *economy.industries), figure.subplots(1, 3), strict=True):
            agglomeration.industry_map(
                economy.geography.coordinates, ds.isel(step=position), industry=industry, ax=ax
            )
        figures[word.replace(" ", "_")] = figure
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=100)
    return [folder / f"{name}.png" for name in figures]


def _rows(folder: pathlib.Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _by_place(geography: Geography, values: np.ndarray) -> xr.DataArray:
    return xr.DataArray(values, coords={"place": list(geography.names)}, dims="place")


def _laid_out(metres: np.ndarray, *, north: int, west: int) -> np.ndarray:
    """Place counties on a plane by classical scaling, which distances alone allow; north is up."""
    squared = (metres / METRES_PER_MAP_UNIT) ** 2
    np.fill_diagonal(squared, 0.0)
    inner = -0.5 * (squared - squared.mean(0) - squared.mean(1)[:, None] + squared.mean())
    values, vectors = np.linalg.eigh(inner)
    plane = vectors[:, -2:] * np.sqrt(values[-2:])
    up = plane[north] / np.hypot(*plane[north])
    right = np.array([up[1], -up[0]])
    x, y = plane @ right, plane @ up
    return np.stack([x if x[west] < 0 else -x, y])


def main() -> int:
    """Solve one of both maps and draw it; 0 where every step converged."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.real_places", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("what", choices=["cities", "counties"])
    parser.add_argument("--data", metavar="FOLDER", help="of the counties")
    parser.add_argument("--output", default="benchmark-output", metavar="FOLDER")
    parser.add_argument("--steps", type=int, nargs="*", help="of the path; all by default")
    options = parser.parse_args()
    if options.what == "cities":
        economy, steps = cities()
    else:
        folder = counties_folder(options.data)
        if folder is None:
            parser.error("no data of the counties: name their folder with --data")
        economy, steps = counties(folder)
    if options.steps:
        steps = steps.sel(step=options.steps)
    began = time.perf_counter()
    ds = nege.follow(economy, steps)
    took = time.perf_counter() - began
    found = nege.patterns(ds)
    for i, step in enumerate(ds.step.values):
        status = nege.Status(int(ds.status[i])).name
        online = ", ".join(f"{float(x):.1%}" for x in found.online_share[i])
        print(
            f"{step:4d}  {status:10}  residual {float(ds.residual[i]):.0e}  leading eigenvalue "
            f"{float(ds.leading_eigenvalue[i]):+.3f}  {found.pattern.values[i]:18}  online {online}"
        )
    print(f"{took:.1f} s. Written:", *draw(economy, ds, pathlib.Path(options.output)))
    return int((ds.status != nege.Status.CONVERGED).any())


if __name__ == "__main__":
    sys.exit(main())
