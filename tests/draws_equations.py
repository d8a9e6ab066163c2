"""Economies of industries, solved by nege and from their equations as they are written.

The same for the suite and for ``python -m benchmarks verify``.
"""

import numpy as np
import reference_agglomeration as reference

import nege

COUNT = 40


def draw(seed):
    """Draw an economy of 2 or 3 industries and 2 to 5 places, every mechanism at work in some."""
    rng = np.random.default_rng([2026, 11, seed])
    k, n = int(rng.integers(2, 4)), int(rng.integers(2, 6))
    points = rng.random((n, 2))
    distance = np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))
    housing = float(rng.choice([0.0, rng.uniform(0.05, 0.3)]))
    remote = rng.uniform(0.0, 0.5, k) if rng.random() < 0.5 else np.zeros(k)
    owner = rng.dirichlet(np.ones(n)) if rng.random() < 0.5 else None
    return nege.OnlineAgglomeration(
        nege.geography.from_distance(distance),
        industries=["a", "b", "c"][:k],
        sigma=rng.uniform(3.5, 7.0, k),
        variety=rng.uniform(0.6, 0.85, k),
        consumption=(1.0 - housing) * rng.dirichlet(np.full(k, 5.0)),
        housing=housing,
        inputs=rng.uniform(0.0, 0.15, (k, k)),
        land_share=rng.choice([0.0, 0.1]) * rng.random(k),
        productivity=np.exp(0.1 * rng.standard_normal((k, n))),
        land=rng.uniform(0.1, 0.5, n),
        amenity=rng.uniform(0.9, 1.1, n),
        home_weight=rng.uniform(0.5, 2.0, n),
        migration_elasticity=float(rng.uniform(0.5, 4.0)),
        spillover=rng.uniform(0.0, 0.03, k),
        spillover_decay=rng.uniform(0.0, 5.0, k),
        online_spillover=rng.uniform(0.0, 1.0, k),
        hears_online=rng.uniform(0.0, 1.0, k),
        hears_offline=rng.uniform(0.5, 1.0, k),
        diversity=rng.choice([0.0, 0.05], k),
        transport_cost=rng.uniform(0.0, 0.5, k),
        search_cost=rng.uniform(0.0, 0.5, k),
        digitisability=rng.uniform(0.0, 1.0, k),
        digital_cost=rng.uniform(1.0, 1.5, k),
        commission=rng.uniform(0.0, 0.2, k),
        platform_owner=owner,
        firm_scale=rng.uniform(0.7, 1.4, (k, 2)),
        remote_labour_share=remote,
        remote_substitution=float(rng.choice([1.0, 0.5, 2.5])),
        remote_elasticity=float(rng.uniform(2.0, 8.0)),
        remote_friction=float(rng.uniform(1.0, 2.0)),
    )


def check(seed):
    """Solve an economy in both ways: the same place, and as stable."""
    model = draw(seed)
    found = nege.solve(model)
    e, data = reference.of_model(model), found.data
    u = reference.solve(e)
    # Few firms know of each other here, so that there is one equilibrium for both to find.
    np.testing.assert_allclose(data.firm_mass, u["firms"], rtol=1e-7, atol=1e-12)
    for name in ("price_index", "wage", "population", "dividend"):
        np.testing.assert_allclose(data[name], u[name], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(data.welfare, reference.welfare(e, u), rtol=1e-9)
    if e.uses_land:
        np.testing.assert_allclose(data.rent, u["rent"], rtol=1e-8)
    if e.uses_remote_labour:
        np.testing.assert_allclose(data.remote_wage, u["remote_wage"], rtol=1e-8)
    rate = reference.growth_rates(e, u)[0].real
    assert abs(found.leading_eigenvalue - rate) <= 1e-6
    return found
