"""Stylised turns with every parameter up to a fifth higher or lower, of economy and path.

For the suite and for ``python -m benchmarks verify``, from one Latin hypercube.
"""

import functools

import numpy as np
import xarray as xr

import nege

MOST, WIDTH, SEED = 200, 0.2, 13
PLACES = 4
# How many factors each parameter of the reference economy takes, and each of the path.
ECONOMY = {
    "sigma": 2,
    "variety": 2,
    "housing": 1,
    "consumption": 1,  # of manufacturing; services take what is left
    "inputs": 4,
    "land_share": 2,
    "land": PLACES,
    "amenity": PLACES,
    "home_weight": PLACES,
    "migration_elasticity": 1,
    "spillover": 2,
    "spillover_decay": 2,
    "online_spillover": 2,
    "transport_cost": 1,
    "commission": 2,
    "firm_scale": 4,
}
PATH = {"search_cost": 1, "digital_cost": 2, "digitisability": 2, "productivity": 2}
COLUMNS = {**ECONOMY, **PATH}


@functools.cache
def design():
    """Factors of all turns, a row each."""
    with np.errstate(all="raise"):
        from scipy.stats import qmc  # takes long, and not every session

        unit = qmc.LatinHypercube(sum(COLUMNS.values()), seed=np.random.default_rng(SEED))
        return 1.0 + WIDTH * (2.0 * unit.random(MOST) - 1.0)


def turn(seed):
    """Return an economy and its path."""
    row, factor, done = design()[seed], {}, 0
    for name, count in COLUMNS.items():
        factor[name], done = row[done : done + count], done + count
    reference = nege.OnlineAgglomeration()
    changes = {}
    for name in set(ECONOMY) - {"housing", "consumption", "migration_elasticity", "transport_cost"}:
        value = getattr(reference, name).values
        changes[name] = value * factor[name].reshape(value.shape)
    changes["variety"] = np.minimum(changes["variety"], 1.0)
    changes["transport_cost"] = reference.transport_cost.values * factor["transport_cost"]
    changes["migration_elasticity"] = (
        reference.migration_elasticity * factor["migration_elasticity"][0]
    )
    housing = reference.housing * factor["housing"][0]
    goods = reference.consumption.values[0] / (1.0 - reference.housing) * factor["consumption"][0]
    changes["housing"] = housing
    changes["consumption"] = [goods * (1.0 - housing), (1.0 - goods) * (1.0 - housing)]
    return reference.replace(changes), _path(factor)


def check(seed):
    """Follow a turn; what is called converged has to be at rest, and stable."""
    economy, path = turn(seed)
    ds = nege.follow(economy, path)
    for step in np.flatnonzero(ds.status == nege.Status.CONVERGED):
        at = economy.replace({name: path[name].isel(step=step) for name in path.data_vars})
        data = ds.isel(step=step)
        violations = {**at.audit(data), **at.audit_motion(data, nege.Replicator())}
        assert max(violations.values()) <= 1e-9, (step, violations)
        assert data.leading_eigenvalue < 0.0, step
    return ds


def _path(factor):
    path = nege.scenarios.stylised_turn().copy(deep=True)
    cost, lead, digital = (
        xr.DataArray(factor[name], {"industry": path.industry}, "industry")
        for name in ("digital_cost", "productivity", "digitisability")
    )
    path["search_cost"] = path.search_cost * factor["search_cost"][0]
    path["digital_cost"] = path.digital_cost**cost
    path["digitisability"] = np.minimum(path.digitisability * digital, 1.0)
    path["productivity"] = 1.0 + (path.productivity - 1.0) * lead
    return path


def bouncing():
    """An economy and its path, on which Newton's method went to and fro at step 10 for ever."""
    goods, housing = 0.55 * 1.028479, 0.15 * 0.943574
    lead = np.array([0.811092, 0.968909])
    economy = nege.OnlineAgglomeration(
        sigma=[5 * 1.135303, 5 * 1.164302],
        variety=[0.8 * 1.120959, 0.8 * 0.915215],
        housing=housing,
        consumption=[goods * (1 - housing), (1 - goods) * (1 - housing)],
        inputs=[[0.2 * 1.092923, 0.05 * 1.075341], [0.2 * 1.043303, 0.15 * 0.856389]],
        land_share=[0.2 * 0.821295, 0.02 * 1.132735],
        migration_elasticity=6 * 1.194351,
        spillover=[0.06 * 0.996233, 0.06 * 1.137483],
        spillover_decay=5 * 1.004118,
        online_spillover=0.976292,
        commission=0.05 * 0.98174,
        transport_cost=[0.4 * 0.926981, 0.0],
        firm_scale=[[1, 0.899928], [1, 0.899928]],
    )
    factors = {"search_cost": [1.073357], "digital_cost": [1.069622, 1.081221]}
    return economy, _path({**factors, "productivity": lead, "digitisability": np.ones(2)})
