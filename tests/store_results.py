"""Results that tests of pictures, messages and patterns read, so that they need not solve anything.

``python tests/store_results.py`` makes all of tests/stored anew, names after it only these.
``test_stored.py`` says which of them the present code gives otherwise.
"""

import pathlib
import shutil
import sys

import xarray as xr

import nege
from nege.results import files

FOLDER = pathlib.Path(__file__).parent / "stored"


def core_periphery(trade_cost, online_trade_cost=None, **online):
    """Two places with sigma = 5, mu = 0.4."""
    region = online_trade_cost and nege.OnlineRegion(trade_cost=online_trade_cost, **online)
    places = nege.geography.equidistant(2)
    return nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=trade_cost, online=region)


def three_cities():
    places = nege.geography.from_points(
        [31.2, 39.9, 23.1], [121.5, 116.4, 113.3], names=["Shanghai", "Beijing", "Guangzhou"]
    )
    economy = nege.CorePeriphery(
        places, sigma=5, mu=0.4, trade_cost=1.7, online=nege.OnlineRegion(trade_cost=1.2)
    )
    return nege.solve(economy, dynamics=nege.Logit(scale=0.1))


def without_coordinates():
    places = nege.geography.from_distance([[0.0, 1.0], [1.0, 0.0]], names=["<b>", "a&b"])
    return nege.solve(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5))


def commission():
    return nege.solve(core_periphery(1.7, 1.3, commission=0.05))


def loop():
    economy = core_periphery(2.0, 1.3)
    return economy, nege.hysteresis(economy, "online_trade_cost", (1.0, 2.0), points=9).data


def there_and_back():
    economy = core_periphery(2.0, 1.3)
    return economy, nege.follow(economy, {"online_trade_cost": [1.5, 1.0, 1.5, 2.0]})


def grid():
    economy = core_periphery(2.0, 1.3)
    costs = {"online_trade_cost": [1.4, 1.2, 1.0], "online_commission": [0.0, 0.1]}
    return economy, nege.sweep(economy, costs)


def digital_turn():
    economy = nege.scenarios.metropolis_and_town()
    return economy, nege.follow(economy, nege.scenarios.digital_turn(economy))


#: What is stored: equilibria, and Datasets with their economy.
RESULTS = {
    "three_cities": three_cities,
    "two_places": lambda: nege.solve(core_periphery(2.0)),
    "without_coordinates": without_coordinates,
    "commission": commission,
    "short_run": lambda: nege.short_run(core_periphery(1.7, 1.3, commission=0.05), [0.2, 0.3, 0.5]),
    "industries": lambda: nege.solve(nege.OnlineAgglomeration()),
    "loop": loop,
    "there_and_back": there_and_back,
    "grid": grid,
    "digital_turn": digital_turn,
}


#: Stores of ``kills.sweep(store, 4)``, stopped after two units: made once, by the version that each
#: is named after, and never again. Of 0.1.0 they are of schema 3, from 0.2.0 on of schema 4.
OLD_STORES = ("sweep_0.1.0", "sweep_0.2.0")


def old_store(name: str, folder: pathlib.Path) -> pathlib.Path:
    """Return the path of a copy of one of them."""
    shutil.unpack_archive(FOLDER / f"{name}.zip", folder / name)
    return folder / name


def stored(name: str) -> nege.Equilibrium | xr.Dataset:
    """Return a result as nege.load gives it back, all of it checked."""
    return nege.load(FOLDER / f"{name}.nc")


def store(name):
    path, result = FOLDER / f"{name}.nc", RESULTS[name]()
    if isinstance(result, nege.Equilibrium):
        result.to_netcdf(path)
    else:
        economy, data = result
        files.write(path, data, economy)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for chosen in sys.argv[1:] or RESULTS:
        store(chosen)
