"""Random flows, half of them with zeros: inverted, changed, and held against a slow process.

All of them for ``python -m benchmarks verify``; the suite takes a part.
"""

import numpy as np
import reference_quantitative as reference

import nege

COUNT = 400
ZEROS = 0.4  # share of flows that are none, in every second draw
KINDS = ("fixed", "proportional", "zero")


def flows(rng, n, zeros):
    """Draw flows that link all places, far from balanced."""
    values = rng.uniform(0.1, 1.0, (n, n)) * np.exp(rng.normal(0, 1, (n, n)))
    values[np.diag_indices(n)] *= 5 * n
    if zeros:
        none = rng.random((n, n)) < ZEROS
        np.fill_diagonal(none, False)
        none[np.arange(n), (np.arange(n) + 1) % n] = False
        values[none] = 0.0
    return values


def economy(rng, n, kind):
    """Draw an economy of three kinds: spillovers, rents local or pooled."""
    places, sigma = nege.geography.from_distance(1 - np.eye(n)), rng.uniform(2, 8)
    if kind == 0:
        spill = {"productivity_spillover": rng.uniform(0, 0.1), "amenity_spillover": -0.4}
        return nege.AllenArkolakis(places, sigma=sigma, trade_cost=1, **spill)
    rents = ("local", "pooled")[kind - 1]
    mu = 1 - rng.uniform(1.1, 1.9) / sigma
    return nege.Helpman(places, sigma=sigma, mu=mu, trade_cost=1, rents=rents)


def check(seed):
    """Data are an equilibrium; what follows equals the slow process, and levels, to the digits."""
    rng = np.random.default_rng([2026, 20, seed])
    n = int(rng.integers(2, 9))
    values, model = flows(rng, n, seed % 2), economy(rng, n, seed % 3)
    people = rng.dirichlet(np.full(n, 5.0))
    held, kind = KINDS[seed // 3 % 2], KINDS[seed // 6 % 3]
    found = nege.invert(model, people, flows=values, deficits=held)
    before = nege.short_run(found, people)
    nege.testing.assert_equilibrium(before)
    np.testing.assert_allclose(found.trade_flows(before.data), values / values.sum(), atol=1e-10)
    cost, made = rng.uniform(0.8, 1.2, (n, n)), rng.uniform(0.9, 1.1, n)
    change = {"trade_cost_change": cost, "productivity_change": made}
    after = nege.counterfactual(before, **change, deficits=kind)
    if seed % 3 < 2:  # with pooled rents part of a deficit is rents from elsewhere
        pay, price, _ = reference.unbalanced_hat(values, model.sigma, cost, made, kind)
        np.testing.assert_allclose(after["wage_change"], pay, rtol=1e-9)
        np.testing.assert_allclose(after["price_index_change"], price, rtol=1e-9)
    if kind == held:
        unit = 1.001 / (found.trade_cost.values * cost).min()
        new = {
            "trade_cost": found.trade_cost * cost * unit,
            "productivity": found.productivity * made,
        }
        levels = nege.short_run(found.replace(new), people)
        nege.testing.assert_equilibrium(levels)
        wanted = levels.data["wage"] / before.data["wage"]
        np.testing.assert_allclose(after["wage_change"], wanted, rtol=1e-9)
    if held == "proportional" and seed % 3 < 2:  # those who move find back to where they were
        settled = nege.solve(found, people, dynamics=nege.Logit(scale=1.0, weights=people))
        np.testing.assert_allclose(settled.data["share"], people, atol=1e-8)
        moved = nege.counterfactual(settled, **change)
        assert float(moved["residual"]) < 1e-8
