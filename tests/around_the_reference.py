"""Economies around the metropolis and the town, and their paths: every parameter up to a tenth off.

From one Latin hypercube. What is an advantage of a place, or a cost of delivery, is scaled as
such: productivity and land by how much they exceed those elsewhere, digital costs in logs.
"""

import functools

import numpy as np
import xarray as xr

import nege

MOST, SEED = 40, 2
GOODS, SERVICES = "manufacturing", "services"
#: How many factors each parameter of the economy takes, and each change along the path.
FACTORS = {
    "sigma": 2,
    "variety": 2,
    "housing": 1,
    "goods": 1,  # their share of what is consumed beside land
    "inputs": 4,
    "land_share": 2,
    "skill": 1,  # of the town
    "land": 1,
    "migration_elasticity": 1,
    "spillover": 2,
    "spillover_decay": 1,
    "online_spillover": 1,
    "transport_cost": 1,
    "lead": 1,  # of the metropolis
    "search_cost": 3,  # of goods; of services at the start and at the end
    "digitisability": 1,
    "digital_cost": 2,
    "commission": 1,
}


@functools.cache
def design(width):
    """Factors of all economies, a row each."""
    with np.errstate(all="raise"):
        rng = np.random.default_rng(SEED)
        from scipy.stats import qmc  # takes long, and not every session

        unit = qmc.LatinHypercube(sum(FACTORS.values()), seed=rng).random(MOST)
        return 1.0 + width * (2.0 * unit - 1.0)


def turn(seed, width=0.1):
    """Return an economy and its path."""
    row, f, done = design(width)[seed], {}, 0
    for name, count in FACTORS.items():
        f[name], done = row[done : done + count], done + count
    economy = nege.scenarios.metropolis_and_town()
    path = nege.scenarios.digital_turn(economy).copy(deep=True)
    housing = economy.housing * f["housing"][0]
    goods = float(economy.consumption[0]) / (1.0 - economy.housing) * f["goods"][0]
    land = np.ones(6)
    land[1] = 1.0 + 0.3 * f["land"][0]
    changes = {
        "housing": housing,
        "consumption": [goods * (1.0 - housing), (1.0 - goods) * (1.0 - housing)],
        "inputs": economy.inputs.values * f["inputs"].reshape(2, 2),
        "land": land / land.sum(),
        "migration_elasticity": economy.migration_elasticity * f["migration_elasticity"][0],
    }
    for name in ("sigma", "variety", "land_share", "spillover"):
        changes[name] = getattr(economy, name).values * f[name]
    for name in ("spillover_decay", "online_spillover", "transport_cost", "commission"):
        changes[name] = getattr(economy, name).values * f[name][0]
    by_industry = xr.DataArray([f["skill"][0], f["lead"][0]], {"industry": path.industry})
    path["productivity"] = 1.0 + (path.productivity - 1.0) * by_industry
    ends = np.geomspace(*f["search_cost"][1:], 6)
    services = np.append(ends, np.full(12, ends[-1]))
    path.search_cost.loc[{"industry": SERVICES}] *= services
    path.search_cost.loc[{"industry": GOODS}] *= f["search_cost"][0]
    path.digitisability.loc[{"industry": GOODS}] *= f["digitisability"][0]
    path["digital_cost"] = path.digital_cost ** xr.DataArray(
        f["digital_cost"], {"industry": path.industry}
    )
    first = {str(name): table.isel(step=0) for name, table in path.data_vars.items()}
    return economy.replace({**changes, **first}), path
