"""Random economies, the same for the suite and for ``python -m benchmarks verify``."""

import numpy as np

import nege


def economy(seed):
    """Draw an economy and shares: R 2..200, sigma 1.3..20, mu .05...95, every second one online."""
    rng = np.random.default_rng([2026, seed])
    n = int(np.exp(rng.uniform(np.log(2), np.log(201))))
    sigma, mu = float(np.exp(rng.uniform(np.log(1.3), np.log(20)))), float(rng.uniform(0.05, 0.95))
    points = rng.random((n, 2))
    distance = np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))
    cost = np.exp(10 ** rng.uniform(-1.5, 1.0) * distance / (sigma - 1) ** rng.uniform(0, 1))
    if rng.random() < 0.5:  # asymmetric
        cost = cost * np.exp(rng.uniform(0, 0.3, (n, n)))
        np.fill_diagonal(cost, 1.0)
    farmers = rng.dirichlet(np.full(n, 2.0))
    online = None
    if rng.random() < 0.5:
        online = nege.OnlineRegion(
            trade_cost=float(rng.uniform(1, 2.5)),
            commission=float(rng.choice([0.0, rng.uniform(0, 0.5)])),
            amenity=float(rng.uniform(0.8, 1.2)),
        )
    model = nege.CorePeriphery(
        nege.geography.from_distance(1.0 - np.eye(n)) if n > 1 else None,
        sigma=sigma,
        mu=mu,
        trade_cost=cost,
        farmers=farmers,
        online=online,
    )
    share = rng.dirichlet(np.full(len(model.regions), rng.choice([0.3, 1.0, 5.0])))
    if rng.random() < 0.5 and len(share) > 2:
        share[rng.random(len(share)) < 0.3] = 0.0
    share = share / share.sum() if share.sum() > 0 else np.full(len(share), 1 / len(share))
    return model, share
