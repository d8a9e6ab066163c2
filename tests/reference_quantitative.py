"""Slow, obvious NumPy references for places with housing or spillovers, apart from the kernels.

Written from the published equations: nothing is eliminated, nothing is in the kernels' variables.
"""

import numpy as np
from scipy.optimize import root


def helpman(model):
    """Read an economy back into plain arrays, by its public fields only."""
    n = len(model.geography)
    cost = model.trade_cost
    places = cost**model.geography.distance.values if np.ndim(cost) == 0 else cost.values
    size = n + (model.online is not None)
    plain = {"cost": np.ones((size, size)), "sigma": model.sigma, "mu": model.mu}
    plain["cost"][:n, :n] = places
    for name in ("productivity", "amenity", "housing"):
        plain[name] = np.ones(size)
        plain[name][:n] = getattr(model, name).values
    if model.online is not None:
        plain["cost"][:n, n] = plain["cost"][n, :n] = model.online.trade_cost
        plain["amenity"][n], plain["housing"][n] = model.online.amenity, model.online_housing
    plain["pooled"] = model.rents == "pooled"
    return plain


def incomes(wage, share, mu, pooled):
    """Income per head, land rents included; wages of all add up to one."""
    if not pooled:
        return wage / mu  # of y a share 1 - mu is rent, which comes back
    total = np.sum(wage * share) / mu  # likewise for all together
    return wage + (1 - mu) * total


def price_indices(wage, share, cost, productivity, sigma):
    mill = wage / productivity
    return ((share * mill ** (1 - sigma)) @ cost ** (1 - sigma)) ** (1 / (1 - sigma))


def wages_paid(wage, share, plain):
    """Wage that sales to all places allow at prices of the given wages."""
    sigma, mu = plain["sigma"], plain["mu"]
    price = price_indices(wage, share, plain["cost"], plain["productivity"], sigma)
    spent = mu * share * incomes(wage, share, mu, plain["pooled"])
    access = plain["cost"] ** (1 - sigma) @ (spent * price ** (sigma - 1))
    return (plain["productivity"] ** (sigma - 1) * access) ** (1 / sigma)


def log_real_income(wage, share, plain):
    mu, sigma = plain["mu"], plain["sigma"]
    price = price_indices(wage, share, plain["cost"], plain["productivity"], sigma)
    income = incomes(wage, share, mu, plain["pooled"])
    rent = (1 - mu) * income * share / plain["housing"]
    logs = np.log(plain["amenity"]) + np.log(income)
    return logs - mu * np.log(price) - (1 - mu) * np.log(rent)


def log_outcomes(share, plain):
    """Log wages and log real incomes by Newton's method, also for complex arguments.

    A number h i added to an argument comes back as h times the derivative. One market clears
    of itself, so the last equation gives way to the numeraire.
    """

    def excess(u):
        wage = np.exp(u)
        gap = np.log(wages_paid(wage, share, plain)) - u
        gap[-1] = np.log(np.sum(share * wage))
        return gap

    u = solved(excess, len(share))
    return u, log_real_income(np.exp(u), share, plain)


def solved(excess, n):
    """Newton's method in complex numbers, its slopes by complex steps too."""
    h = 1e-30
    u, settled = np.zeros(n, dtype=complex), False
    for _ in range(100):
        still = excess(u.real + 0j).imag
        slopes = [(excess(u.real + 1j * h * e).imag - still) / h for e in np.eye(n)]
        move = np.linalg.solve(np.column_stack(slopes), excess(u))
        u = u - move * min(1.0, 1.0 / max(np.max(np.abs(move.real)), 1e-300))
        if settled:
            break
        settled = np.max(np.abs(move.real)) < 1e-11
    else:
        raise AssertionError("the reference did not converge")
    return u


def long_run(plain, start):
    """People and wages of an equilibrium, as roots of all the published equations at once."""
    n = len(start)

    def gaps(x):
        wage, share = np.exp(x[:n]), np.exp(x[n:])
        markets = np.log(wages_paid(wage, share, plain)) - x[:n]
        markets[-1] = np.log(np.sum(share * wage))
        payoff = log_real_income(wage, share, plain)
        return np.concatenate([markets, payoff[1:] - payoff[0], [np.log(share.sum())]])

    found = root(gaps, np.concatenate([np.zeros(n), np.log(start)]), method="hybr", tol=1e-13)
    assert np.max(np.abs(found.fun)) < 1e-9, found.message
    return np.exp(found.x[n:]), np.exp(found.x[:n])


def allen_arkolakis(model):
    """Read an economy with spillovers back into plain arrays."""
    cost = model.trade_cost
    return {
        "cost": cost**model.geography.distance.values if np.ndim(cost) == 0 else cost.values,
        "productivity": model.productivity.values,
        "amenity": model.amenity.values,
        "sigma": model.sigma,
        "alpha": model.productivity_spillover,
        "beta": model.amenity_spillover,
    }


def allen_arkolakis_gaps(share, wage, cost, productivity, amenity, sigma, alpha, beta):
    """How far goods markets are from clearing, and welfare from being the same everywhere."""
    made = productivity * share**alpha
    mill = wage / made
    freeness = cost ** (1 - sigma)
    price = (mill ** (1 - sigma) @ freeness) ** (1 / (1 - sigma))
    sold = mill ** (1 - sigma) * (freeness @ (price ** (sigma - 1) * wage * share))
    welfare = amenity * share**beta * wage / price
    return np.log(sold / (wage * share)), np.log(welfare / welfare[0])


def helpman_hat(share, wage, flows, sigma, mu, cost_change, made_change, liked_change):
    """Relative changes of people, wages and prices, local rents, in the unknowns of hat algebra.

    pi_rs is the share of s's spending that goes to r; all else is a ratio of after to before.
    """
    n = len(share)
    pi = flows / flows.sum(0)
    earned = wage * share / np.sum(wage * share)

    def parts(x):
        pay, people = np.exp(x[:n]), np.exp(x[n:])
        supplied = people * (pay / made_change) ** (1 - sigma)
        passing = pi * cost_change ** (1 - sigma)
        price = supplied @ passing  # of P^(1-sigma)
        sold = supplied * (passing @ (earned * pay * people / price))
        welfare = liked_change * (pay * price ** (1 / (sigma - 1))) ** mu * people ** (mu - 1)
        return pay, people, price, sold, welfare

    def gaps(x):
        pay, people, _, sold, welfare = parts(x)
        markets = np.log(sold / (earned * pay * people))
        markets[-1] = np.log(np.sum(earned * pay * people))
        total = np.log(np.sum(share * people))
        return np.concatenate([markets, np.log(welfare[1:] / welfare[0]), [total]])

    found = root(gaps, np.zeros(2 * n), method="hybr", tol=1e-13)
    assert np.max(np.abs(found.fun)) < 1e-9, found.message
    pay, people, price, _, welfare = parts(found.x)
    return people, pay, price ** (1 / (1 - sigma)), welfare[0]


def helpman_within(model, of, people, scale=0.0, weights=None, most=20_000):
    """Shares, wages and real incomes where people move within groups only, by small steps.

    `of` has the group of each place, `people` the share of people of each group. Without tastes
    (scale 0) real incomes are equal within a group.
    """
    plain = helpman(model)
    sigma, groups = plain["sigma"], np.unique(of)
    freeness = plain["cost"] ** (1 - sigma)
    weights = np.ones(len(of)) if weights is None else np.asarray(weights, dtype=float)
    share, wage = np.empty(len(of)), np.ones(len(of))
    for g in groups:
        share[of == g] = people[g] / np.sum(of == g)
    for _ in range(most):
        made = (wage / plain["productivity"]) ** (1 - sigma)
        price = (share * made) @ freeness
        spent = plain["mu"] * share * incomes(wage, share, plain["mu"], plain["pooled"])
        paid = (plain["productivity"] ** (sigma - 1) * (freeness @ (spent / price))) ** (1 / sigma)
        paid /= np.sum(paid * share)
        logs = log_real_income(wage, share, plain)
        moved = share * np.exp(logs)
        if scale > 0:
            moved = share**0.8 * (weights * np.exp((logs - logs.max()) / scale)) ** 0.2
        for g in groups:
            moved[of == g] *= people[g] / np.sum(moved[of == g])
        change = max(np.max(np.abs(np.log(paid / wage))), np.max(np.abs(np.log(moved / share))))
        share, wage = moved, paid
        if change < 1e-14:
            break
    assert change < 1e-12, change
    return share, wage, np.exp(log_real_income(wage, share, plain))


def unbalanced_hat(flows, sigma, cost_change, made_change, deficits):
    """Relative changes of wages and prices where nobody moves, by raising wages that sell more.

    The process of Alvarez & Lucas (2007), from flows and nothing else; world output is numeraire.
    """
    flows = flows / flows.sum()
    earned, spent = flows.sum(1), flows.sum(0)
    pi, pay = flows / spent, np.ones(len(flows))
    for _ in range(100_000):
        passing = pi * (pay[:, None] * cost_change / made_change[:, None]) ** (1 - sigma)
        price, now = passing.sum(0), earned * pay
        buys = now + spent - earned  # fixed in value
        if deficits == "zero":
            buys = now
        elif deficits == "proportional":
            buys = now * spent / earned
            buys = buys / buys.sum()
        excess = (passing / price) @ buys / now - 1
        pay = pay * (1 + excess / sigma)
        pay = pay / np.sum(earned * pay)
        if np.max(np.abs(excess)) < 1e-13:
            return pay, price ** (1 / (1 - sigma)), buys / spent
    raise AssertionError("the reference did not converge")


def productivities(people, wage, spent, cost, sigma):
    """Productivities, up to their unit, at which markets clear given spending: one by one."""
    earned, freeness, supply = people * wage, cost ** (1 - sigma), np.ones(len(people))
    for _ in range(100_000):
        sold = supply * (freeness @ (spent / (supply @ freeness)))
        supply = supply * earned / sold
        if np.max(np.abs(sold / earned - 1)) < 1e-14:
            break
    made = wage * (supply / people) ** (1 / (sigma - 1))
    return made / np.exp(np.mean(np.log(made)))


# --- in the form that tests of the family ask for ----------------------------------


def stepped(model, plain, name, step, **other_names):
    """The plain arrays of a model with one parameter moved by a step."""
    key = other_names.get(name, name)
    if key == "trade_cost":
        plain["cost"] = (model.trade_cost + step) ** model.geography.distance.values
    elif key:
        plain[key] = plain[key] + step
    return plain


def helpman_payoffs(model, share, name="", step=0.0):
    """Ln of real incomes, without an online region."""
    plain = stepped(model, helpman(model), name, step)
    return log_outcomes(np.asarray(share, complex), plain)[1]


def allen_arkolakis_payoffs(model, share, name="", step=0.0):
    """Ln of welfare."""
    names = {"productivity_spillover": "alpha", "amenity_spillover": "beta"}
    plain = stepped(model, allen_arkolakis(model), name, step, **names)
    share = np.asarray(share, complex)

    def excess(u):
        gap = allen_arkolakis_gaps(share, np.exp(u), **plain)[0]
        gap[-1] = np.log(np.sum(share * np.exp(u)))
        return gap

    wage = np.exp(solved(excess, len(share)))
    made, sigma = plain["productivity"] * share ** plain["alpha"], plain["sigma"]
    freeness = plain["cost"] ** (1 - sigma)
    price = ((wage / made) ** (1 - sigma) @ freeness) ** (1 / (1 - sigma))
    return np.log(plain["amenity"] * share ** plain["beta"] * wage / price)
