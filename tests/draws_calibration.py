"""Random economies whose parameters are known, found again from their moments.

Industries that choose a place and a channel, and quantitative models: housing, spillovers,
commuting. Without errors of the targets parameters have to be what they were; with errors intervals
have to cover them as often as they say. Searches begin at other parameters than the truth.
"""

import numpy as np
import random_agglomerations as random

import nege
from nege.studies import policy_objectives

COUNT = 50  # economies
REPLICATIONS = 20  # of the errors of each
EXACT = 1e-6  # of a parameter, relative
LEVEL, WITHIN = 0.9, 0.05  # of intervals, and by how much coverage may miss it
NOISE = 0.01  # standard error of a target, of its size


def industries(seed):
    """Draw an economy of industries, what is to be found in it, and where it is looked for."""
    rng = np.random.default_rng([20, seed])
    model = random.random_model(
        seed,
        places=int(rng.integers(2, 4)),
        industries=2,
        variety=rng.uniform(0.4, 0.7, 2),
        spillover=rng.uniform(0.0, 0.03, 2),
        digital_cost=rng.uniform(1.02, 1.3, 2),
        migration_elasticity=rng.uniform(2.0, 6.0),
        search_cost=rng.uniform(0.3, 0.8, 2),
        remote_labour_share=0.0,
    )
    over = {
        "digital_cost.industry 0": (1.0, 1.6),
        "digital_cost.industry 1": (1.0, 1.6),
        "migration_elasticity": (1.0, 8.0),
    }
    places = model.geography.names
    targets = [f"online_share_of_retail.{k}" for k in model.industries]
    targets += [f"population.{p}" for p in places[1:]] + [f"rent.{p}" for p in places]
    return model, over, targets


def quantitative(seed):
    """Draw a quantitative economy."""
    rng = np.random.default_rng([21, seed])
    n = int(rng.integers(3, 7))
    x, y = rng.uniform(0.0, 1.0, (2, n))
    places = nege.geography.from_distance(np.hypot(x[:, None] - x, y[:, None] - y))
    cost = 1.0 + places.distance.values
    common = {
        "sigma": rng.uniform(4.0, 7.0),
        "productivity": np.exp(0.2 * rng.normal(size=n)),
        "amenity": np.exp(0.2 * rng.normal(size=n)),
    }
    names = [f"{variable}.{p}" for variable in ("share", "wage") for p in places.names]
    if seed % 3 == 0:
        taste = rng.uniform(0.5, 0.95) * (common["sigma"] - 1.0)
        common |= {"mu": rng.uniform(0.5, 0.8), "taste": taste, "trade_cost": cost}
        model = nege.Commuting(
            places, commuting_cost=1.0 + 2.0 * (cost - 1.0), remote=0.2, **common
        )
        over = {"sigma": (3.5, 9.0), "remote": (0.01, 0.8), "amenity.0": (0.3, 3.0)}
        names += [f"{variable}.{p}" for variable in ("employment", "rent") for p in places.names]
    elif seed % 3 == 1:
        common |= {"mu": rng.uniform(0.5, 0.7), "housing": rng.uniform(1.0, 2.0, n)}
        model = nege.Helpman(places, trade_cost=cost, **common)
        over = {"sigma": (3.5, 9.0), "mu": (0.4, 0.71), "housing.0": (0.5, 4.0)}
    else:
        common["productivity_spillover"] = rng.uniform(0.0, 0.1)
        common["amenity_spillover"] = rng.uniform(-0.5, -0.2)
        model = nege.AllenArkolakis(places, trade_cost=cost, **common)
        over = {"sigma": (3.5, 9.0), "amenity_spillover": (-0.7, -0.12), "productivity.1": (0.3, 3)}
    return model, over, names


def drawn(seed):
    """Draw an economy of either kind."""
    return (industries if seed % 2 else quantitative)(seed // 2)


def truth(model, over):
    """Return the parameters that are looked for."""
    return {name: policy_objectives.present(model, name) for name in over}


def moments(model, names):
    """Return what they are in an economy."""
    found = nege.solve(model)
    of = policy_objectives.target
    return {name: of(model, name).of(found) for name in names}


def elsewhere(model, over, rng):
    """Return the economy with other parameters, a quarter of the interval away at most."""
    known, moved = truth(model, over), {}
    for name, (low, high) in over.items():
        step = 0.25 * (high - low) * rng.uniform(-1.0, 1.0)
        moved[name] = float(np.clip(known[name] + step, low, high))
    return model.replace(moved)


def check(seed):
    """Find the parameters of an economy again from its moments."""
    model, over, names = drawn(seed)
    begin = elsewhere(model, over, np.random.default_rng([22, seed]))
    found = nege.calibrate(begin, moments(model, names), over, starts=1)
    assert found.converged, found
    assert found.identified, found
    known = np.array(list(truth(model, over).values()))
    off = np.abs(found.parameters.estimate.values / known - 1.0)
    assert (off <= EXACT).all(), f"{off}\n{found}"
    assert found.objective < 1e-14
    return found.equilibrium


def covered(seed, replications):
    """Count which intervals cover the parameters, (replications, parameters)."""
    model, over, names = drawn(seed)
    rng = np.random.default_rng([23, seed])
    exact, known = moments(model, names), np.array(list(truth(model, over).values()))
    errors = {name: NOISE * abs(value) for name, value in exact.items()}
    hits = []
    for _ in range(replications):
        noisy = {name: value + errors[name] * rng.normal() for name, value in exact.items()}
        found = nege.calibrate(model, noisy, over, starts=1, errors=errors, level=LEVEL)
        assert found.converged, found
        low, high = (found.parameters[name].values for name in ("low", "high"))
        hits.append((low <= known) & (known <= high))
    return np.array(hits)
