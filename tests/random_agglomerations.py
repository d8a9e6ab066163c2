"""Online agglomerations drawn at random, with everything in them that the model knows."""

import numpy as np
import xarray as xr

import nege

CELL = ("industry", "place", "channel")


def random_model(seed, *, places=None, industries=None, **changes):
    """An economy with everything in it that the model knows."""
    rng = np.random.default_rng(seed)
    places = places or int(rng.integers(2, 7))
    industries = industries or int(rng.integers(1, 4))
    x, y = rng.uniform(0.0, 2.0, (2, places))
    spending = rng.dirichlet(np.full(industries + 1, 5.0))
    parameters = {
        "industries": [f"industry {k}" for k in range(industries)],
        "sigma": rng.uniform(3.0, 8.0, industries),
        "variety": rng.uniform(0.6, 1.0, industries),
        "consumption": spending[1:],
        "housing": spending[0],
        "inputs": rng.uniform(0.0, 0.5 / industries, (industries, industries)),
        "land_share": rng.uniform(0.0, 0.2, industries),
        "productivity": np.exp(0.1 * rng.normal(size=(industries, places))),
        "land": rng.dirichlet(np.full(places, 5.0)),
        "amenity": np.exp(0.05 * rng.normal(size=places)),
        "home_weight": rng.uniform(0.5, 2.0, places),
        "migration_elasticity": rng.uniform(0.0, 8.0),
        "spillover": rng.uniform(0.0, 0.08, industries),
        "spillover_decay": rng.uniform(1.0, 6.0, industries),
        "online_spillover": rng.uniform(0.0, 1.5, industries),
        "hears_online": rng.uniform(0.0, 1.0, industries),
        "hears_offline": rng.uniform(0.0, 1.5, industries),
        "diversity": rng.uniform(0.0, 0.05, industries),
        "transport_cost": rng.uniform(0.0, 0.6, industries),
        "search_cost": rng.uniform(0.0, 0.6, industries),
        "digitisability": rng.uniform(0.0, 1.0, industries),
        "digital_cost": 1.0 + rng.exponential(0.5, industries),
        "commission": rng.uniform(0.0, 0.15, industries),
        "platform_owner": rng.dirichlet(np.ones(places)) if seed % 2 else None,
        "firm_scale": rng.uniform(0.5, 2.0, (industries, 2)),
        "remote_labour_share": rng.uniform(0.0, 0.4, industries),
        "remote_substitution": (0.7, 1.0, 2.5)[seed % 3],
        "remote_elasticity": rng.uniform(2.0, 8.0),
        "remote_friction": rng.uniform(1.0, 1.5),
        **changes,
    }
    distance = np.hypot(x[:, None] - x, y[:, None] - y)
    return nege.OnlineAgglomeration(nege.geography.from_distance(distance), **parameters)


def random_unknowns(model, seed):
    rng = np.random.default_rng(seed)
    x = 0.3 * rng.normal(size=model.start_state().size)
    x[-1] = rng.uniform(0.1, 0.6)
    return x


def random_start(model, seed, spread=1.0):
    rng = np.random.default_rng(seed)
    shape = (len(model.industries), len(model.geography), 2)
    firms = 0.3 / shape[1] * np.exp(spread * rng.normal(size=shape))
    return {
        "firm_mass": xr.DataArray(firms, dims=CELL),
        "population": rng.dirichlet(np.ones(shape[1])),
    }


def allclose(a, b, **tolerance):
    for name in a.data_vars:
        np.testing.assert_allclose(a[name], b[name], err_msg=name, **tolerance)
