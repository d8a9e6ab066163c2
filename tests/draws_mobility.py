"""Random economies whose people move within groups only, against small steps in plain NumPy."""

import numpy as np
import reference_quantitative as reference

import nege

COUNT = 200
LINE = nege.geography.line(3)


def two_countries():
    """Case 03: three places each, half of all people; with a border cost, without, their ratio."""
    distance = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    one = np.arange(6) < 3
    border = np.where(one[:, None] != one, 1.5, 1.0)
    model = nege.Helpman(
        nege.geography.line(6),
        sigma=5,
        mu=0.75,
        productivity=[1, 1.3, 0.9, 1.1, 0.8, 1.2],
        trade_cost=1.25**distance * border,
        mobility=["one"] * 3 + ["two"] * 3,
    )
    return model, 1.25**distance, 1.0 / border


def counterexample():
    """A rich and a poor town in each country; each poor one buys from the rich one abroad."""
    cost = np.full((4, 4), 30.0)
    for here, there in ((0, 0), (2, 2), (1, 2), (2, 1), (3, 0), (0, 3)):
        cost[here, there] = 1.0
    share, made = np.array([0.02, 0.48, 0.02, 0.48]), np.array([1.0, 0.01, 1.0, 0.01])
    model = nege.Helpman(
        nege.geography.equidistant(4),
        sigma=5,
        mu=0.75,
        productivity=made,
        trade_cost=cost,
        mobility=["a", "a", "b", "b"],
    )
    # Amenities such that people stay where they are, if they are just there.
    income = nege.short_run(model, share).data.real_income.values
    return model.replace(amenity=income.mean() / income), share


def economy(seed):
    """Places that differ in everything, in groups of any size, and how people move."""
    rng = np.random.default_rng([20, seed])
    n = int(rng.integers(2, 9))
    distance = rng.uniform(0.5, 1.0, (n, n))
    np.fill_diagonal(distance, 0.1)
    sigma = rng.uniform(3.0, 7.0)
    labels = rng.integers(0, max(2, n // 2), n)
    model = nege.Helpman(
        nege.geography.from_distance(distance),
        sigma=sigma,
        mu=1.0 - rng.uniform(1.3, 2.2) / sigma,
        trade_cost=rng.uniform(1.2, 2.5),
        productivity=rng.uniform(0.7, 1.4, n),
        amenity=rng.uniform(0.7, 1.4, n),
        housing=rng.uniform(0.3, 3.0, n),
        rents=str(rng.choice(["local", "pooled"])),
        mobility=labels,
        people=rng.uniform(0.5, 2.0, n),
    )
    tastes = nege.Logit(scale=rng.uniform(0.1, 0.5), weights=rng.uniform(0.5, 2.0, n))
    return model, tastes if seed % 2 else nege.Replicator()


def check(seed):
    """Solve an economy, and hold it to the reference, its audit and its stability."""
    model, dynamics = economy(seed)
    found = nege.solve(model, dynamics=dynamics)
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0.0
    tastes = isinstance(dynamics, nege.Logit)
    scale, weights = (dynamics.scale, dynamics.weights) if tastes else (0.0, None)
    of, total = model.groups.of, model.groups.total
    share, wage, real = reference.helpman_within(model, of, total, scale, weights)
    data = found.data
    np.testing.assert_allclose(data.share, share, atol=1e-9)
    np.testing.assert_allclose(data.wage, wage, rtol=1e-8)
    np.testing.assert_allclose(data.real_income, real, rtol=1e-8)
    for g in range(len(total)):
        here = of == g
        wanted = np.sum(share[here] * real[here]) / total[g]
        if tastes:
            part = np.asarray(weights)[here]
            wanted = np.sum(part / part.sum() * real[here] ** (1.0 / scale)) ** scale
        np.testing.assert_allclose(data.group_welfare[g], wanted, rtol=1e-8)
