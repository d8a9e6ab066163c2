"""Random economies, the same for the suite and for ``python -m benchmarks verify``."""

import numpy as np
import reference
from scipy.integrate import solve_ivp

import nege


def economy(seed, kind=nege.CorePeriphery):
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
    immobile = rng.dirichlet(np.full(n, 2.0))
    online = None
    if rng.random() < 0.5:
        online = nege.OnlineRegion(
            trade_cost=float(rng.uniform(1, 2.5)),
            commission=float(rng.choice([0.0, rng.uniform(0, 0.5)])),
            amenity=float(rng.uniform(0.8, 1.2)),
        )
    model = kind(
        nege.geography.from_distance(1.0 - np.eye(n)),
        sigma=sigma,
        mu=mu,
        trade_cost=cost,
        online=online,
        **{kind.immobile: immobile},
    )
    share = rng.dirichlet(np.full(len(model.regions), rng.choice([0.3, 1.0, 5.0])))
    if rng.random() < 0.5 and len(share) > 2:
        share[rng.random(len(share)) < 0.3] = 0.0
    share = share / share.sum() if share.sum() > 0 else np.full(len(share), 1 / len(share))
    return model, share


def check_short_run(seed):
    """Solve one drawn economy and hold its report against the reference."""
    model, share = economy(seed)
    found = nege.short_run(model, share)
    assert found.converged
    assert found.residual <= 1e-12
    assert found.error <= 1e-8
    plain = reference.of_model(model)
    del plain["amenity"]
    true = reference.residual(found.data["wage"].values, share, **plain)
    assert abs(true - found.residual) <= 1e-13 + 0.01 * found.residual, (seed, true, found.residual)
    return found


def racetrack(seed):
    """Draw a racetrack of 3 to 12 regions and an interior start."""
    rng = np.random.default_rng([7, seed])
    model = nege.CorePeriphery(
        nege.geography.racetrack(int(rng.integers(3, 13))),
        sigma=float(rng.uniform(3, 7)),
        mu=float(rng.uniform(0.2, 0.5)),
        trade_cost=float(rng.uniform(1.1, 2.2)),
    )
    return model, rng.dirichlet(np.ones(len(model.regions)))


def integrate(model, start, horizon=2e5):
    """Integrate replicator dynamics with SciPy, on vectorised equations of its own."""
    plain = reference.of_model(model)
    freeness = plain["cost"] ** (1 - model.sigma)
    log_wage = np.zeros(len(start))

    def real_wages(share):
        nonlocal log_wage
        for _ in range(3000):
            wage = np.exp(log_wage)
            price = (share * wage ** (1 - model.sigma)) @ freeness
            income = model.mu * share * wage + (1 - model.mu) * plain["farmers"]
            new = np.log(freeness @ (income / price)) / model.sigma
            new -= np.log(np.sum(share * np.exp(new)))
            step, log_wage = np.max(np.abs(new - log_wage)), new
            if step < 1e-13:
                break
        return np.exp(log_wage) * price ** (model.mu / (model.sigma - 1))

    def shares(y):
        share = np.exp(y - y.max())
        return share / share.sum()

    def velocity(_, y):
        share = shares(y)
        wage = real_wages(share)
        return wage - share @ wage

    path = solve_ivp(velocity, (0, horizon), np.log(start), method="LSODA", rtol=1e-9, atol=1e-9)
    assert path.success
    return shares(path.y[:, -1])


def check_long_run(seed):
    """Solve one drawn racetrack: complementarity, and the basin that integration reaches."""
    model, start = racetrack(seed)
    found = nege.solve(model, start)
    nege.testing.assert_equilibrium(found, tolerance=1e-9)
    reached = integrate(model, start)
    assert np.max(np.abs(found.data["share"].values - reached)) <= 1e-5, seed
    return found
