"""Random economies, the same for the suite and for ``python -m benchmarks verify``."""

import numpy as np
import reference
from scipy.integrate import solve_ivp
from scipy.optimize import root

import nege

CLEAR = 1e-8  # gap of log payoffs whose sign rounding leaves no doubt about


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


def two_regions(seed):
    """Draw two equal places, sigma 1.3..12, mu .05...95, T 1.02..4."""
    rng = np.random.default_rng([41, seed])
    return nege.CorePeriphery(
        nege.geography.equidistant(2),
        sigma=float(np.exp(rng.uniform(np.log(1.3), np.log(12)))),
        mu=float(rng.uniform(0.05, 0.95)),
        trade_cost=float(np.exp(rng.uniform(np.log(1.02), np.log(4)))),
    )


def payoff_gaps(model, points=401):
    """Brute force: ln omega_0 - ln omega_1 on a grid of shares, both corners included."""
    sigma, mu, free = model.sigma, model.mu, model.trade_cost ** (1 - model.sigma)
    share = 1 / (1 + np.exp(np.linspace(-16, 16, points)))[::-1]
    share = np.concatenate([[0.0], share, [1.0]])
    a, b = share, 1 - share
    u = v = np.ones_like(share)  # wages
    for _ in range(100_000):
        at_0, at_1 = a * u ** (1 - sigma), b * v ** (1 - sigma)
        price_0, price_1 = at_0 + free * at_1, free * at_0 + at_1
        spent_0 = (mu * a * u + (1 - mu) / 2) / price_0
        spent_1 = (mu * b * v + (1 - mu) / 2) / price_1
        new_u = (spent_0 + free * spent_1) ** (1 / sigma)
        new_v = (free * spent_0 + spent_1) ** (1 / sigma)
        level = a * new_u + b * new_v
        new_u, new_v = new_u / level, new_v / level
        step = np.max(np.abs(new_u / u - 1) + np.abs(new_v / v - 1))
        u, v = new_u, new_v
        if step < 1e-13:
            return share, np.log(u / v) + mu / (sigma - 1) * np.log(price_0 / price_1)
    raise AssertionError("brute force did not converge")


def check_two_regions(seed, enumerated=None):
    """Enumerate one drawn economy and hold it against the signs of payoff gaps on a grid."""
    model = two_regions(seed)
    found = (enumerated or nege.equilibria)(model)
    if not found.complete:
        return found
    share, gap = payoff_gaps(model)
    equilibria = {float(e.data["share"][0]): e for e in found}
    assert (0.0 in equilibria) == (gap[0] < 0), "the corner without region 0"
    assert (1.0 in equilibria) == (gap[-1] > 0), "the corner without region 1"
    clear = np.abs(gap) > CLEAR
    share, sign = share[clear], np.sign(gap[clear])
    for a, b, before, after in zip(share[:-1], share[1:], sign[:-1], sign[1:], strict=True):
        inside = [e for x, e in equilibria.items() if a < x < b]
        assert len(inside) % 2 == (before != after), f"between {a} and {b}"
        if len(inside) == 1:
            assert inside[0].stability.stable == (before > after), f"stability at {a}"
    for e in found:
        nege.testing.assert_equilibrium(e)
    return found


def three_regions(seed):
    """Draw three regions, every second time with one of them online, of either model."""
    rng = np.random.default_rng([43, seed])
    kind = (nege.CorePeriphery, nege.FootlooseEntrepreneur)[seed // 2 % 2]
    n = 3 - seed % 2
    cost = np.exp(rng.uniform(0.05, 1.0, (n, n)))
    cost = cost if rng.random() < 0.3 else np.sqrt(cost * cost.T)
    np.fill_diagonal(cost, 1.0)
    online = nege.OnlineRegion(
        trade_cost=float(rng.uniform(1.0, 2.0)),
        commission=float(rng.choice([0.0, rng.uniform(0, 0.2)])),
        amenity=float(rng.choice([1.0, rng.uniform(0.9, 1.1)])),
    )
    return kind(
        nege.geography.from_distance(1.0 - np.eye(n)),
        sigma=float(rng.uniform(2, 8)),
        mu=float(rng.uniform(0.1, 0.8)),
        trade_cost=cost,
        online=online if n == 2 else None,
        **{kind.immobile: rng.dirichlet(np.full(n, 4.0))},
    )


def log_payoffs(model):
    """Log payoffs as a function of shares, from the references alone."""
    plain = reference.of_model(model)
    if model.immobile == "unskilled":
        return lambda share: reference.skilled_payoffs(share, **plain)
    return lambda share: reference.log_outcomes(share.astype(complex), **plain)[1].real


def check_three_regions(seed, enumerated=None, starts=20):
    """Enumerate one drawn economy; whatever SciPy finds from random starts must be in it."""
    model = three_regions(seed)
    found = (enumerated or nege.equilibria)(model)
    if not found.complete:
        return found
    payoffs, n = log_payoffs(model), len(model.regions)
    shares = np.array([e.data["share"].values for e in found])
    rng = np.random.default_rng([47, seed])
    for r in range(n):  # corners are decided by signs
        corner = np.eye(n)[r]
        level = payoffs(corner)
        entry = np.max(np.delete(level, r)) - level[r]
        if abs(entry) > CLEAR:
            assert bool((shares == corner).all(axis=1).any()) == (entry < 0), r
    for i in range(starts):
        members = rng.permutation(n)[: 2 + i % 2]
        share = np.zeros(n)

        def gaps(y, share=share, members=members):
            share[members] = np.exp(np.append(y, 0.0) - max(y.max(), 0.0))
            share /= share.sum()
            level = payoffs(share)
            return level[members[:-1]] - level[members[-1]]

        with np.errstate(all="ignore"):
            try:
                end = root(gaps, rng.normal(0, 1.5, len(members) - 1), tol=1e-12)
            except (AssertionError, ValueError, np.linalg.LinAlgError):
                continue  # the reference gave up on a share near zero
        if not (end.success and np.max(np.abs(end.x)) < 15 and np.max(np.abs(end.fun)) < 1e-10):
            continue
        gaps(end.x)
        level = payoffs(share)
        entry = np.max(np.delete(level, members), initial=-np.inf) - level[members[0]]
        if entry > -CLEAR:
            continue  # people would enter an empty region
        assert np.min(np.max(np.abs(shares - share), axis=1)) <= 1e-6, share
    for e in found:
        nege.testing.assert_equilibrium(e)
    return found
