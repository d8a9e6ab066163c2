"""Slow, obvious versions of what nege computes, written from the equations alone.

Nothing here is shared with the package: loops over regions, levels instead of logs,
plain iteration.
"""

import numpy as np


def trade_costs(places, digital=None):
    """Iceberg factors with the online region as one more row and column."""
    places = np.asarray(places, float)
    if digital is None:
        return places
    n = len(places)
    full = np.full((n + 1, n + 1), float(digital))
    full[:n, :n] = places
    full[n, n] = 1.0
    return full


def incomes(wage, share, farmers, mu, commission):
    rebate = mu * sum(
        share[r] * wage[r] * commission[r] / (1 - commission[r]) for r in range(len(wage))
    )
    return np.array(
        [mu * share[s] * wage[s] + farmers[s] * (1 - mu + rebate) for s in range(len(wage))]
    )


def price_indices(wage, share, cost, sigma, commission):
    n = len(wage)
    return np.array(
        [
            sum(
                share[r] * (wage[r] / (1 - commission[r]) * cost[r, s]) ** (1 - sigma)
                for r in range(n)
            )
            ** (1 / (1 - sigma))
            for s in range(n)
        ]
    )


def wages_that_markets_pay(wage, share, cost, farmers, sigma, mu, commission):
    """The right-hand side of the wage equation, at given wages."""
    n = len(wage)
    income = incomes(wage, share, farmers, mu, commission)
    price = price_indices(wage, share, cost, sigma, commission)
    return np.array(
        [
            (1 - commission[r])
            * sum(income[s] * cost[r, s] ** (1 - sigma) * price[s] ** (sigma - 1) for s in range(n))
            ** (1 / sigma)
            for r in range(n)
        ]
    )


def residual(wage, share, cost, farmers, sigma, mu, commission):
    """Largest |F(w)/w - 1|."""
    paid = wages_that_markets_pay(wage, share, cost, farmers, sigma, mu, commission)
    return float(np.max(np.abs(paid / wage - 1)))


def wages(share, cost, farmers, sigma, mu, commission=None, tolerance=1e-13, limit=20_000):
    """Plain iteration in logs, with the numeraire imposed at each step."""
    commission = np.zeros(len(share)) if commission is None else commission
    wage = np.ones(len(share))
    for _ in range(limit):
        paid = wages_that_markets_pay(wage, share, cost, farmers, sigma, mu, commission)
        paid = paid / np.sum(share * paid / (1 - commission))
        if np.max(np.abs(paid / wage - 1)) < tolerance:
            return paid
        wage = paid
    raise AssertionError("the reference did not converge")


def real_wages(share, cost, farmers, sigma, mu, commission=None, amenity=None, **limits):
    commission = np.zeros(len(share)) if commission is None else commission
    amenity = np.ones(len(share)) if amenity is None else amenity
    wage = wages(share, cost, farmers, sigma, mu, commission, **limits)
    price = price_indices(wage, share, cost, sigma, commission)
    return amenity * wage * price**-mu


def skilled_wages(share, cost, unskilled, sigma, mu, commission):
    """Footloose entrepreneurs: Delta, and the linear system w = M w + b solved directly.

    Everything may be complex, for derivatives by a complex step.
    """
    n = len(share)
    net = 1 - commission
    free = cost ** (1 - sigma)
    delta = np.array(
        [sum(share[r] * net[r] ** (sigma - 1) * free[r, s] for r in range(n)) for s in range(n)]
    )
    matrix, right = np.eye(n, dtype=delta.dtype), np.zeros(n, dtype=delta.dtype)
    for r in range(n):
        reach = [mu / sigma * net[r] ** sigma * free[r, s] / delta[s] for s in range(n)]
        from_unskilled = sum(reach[s] * unskilled[s] for s in range(n))
        right[r] = from_unskilled
        for j in range(n):
            matrix[r, j] -= reach[j] * share[j]
            matrix[r, j] -= from_unskilled * sigma * share[j] * commission[j] / net[j]
    return delta, np.linalg.solve(matrix, right)


def skilled_payoffs(share, cost, unskilled, sigma, mu, commission, amenity):
    """Ln of real skilled wages."""
    delta, wage = skilled_wages(share, cost, unskilled, sigma, mu, commission)
    return np.log(amenity) + np.log(wage) + mu / (sigma - 1) * np.log(delta)


def of_model(model):
    """Read a model of varieties back into plain arrays, by its public fields only."""
    n = len(model.geography)
    if np.ndim(model.trade_cost) == 0:
        places = model.trade_cost**model.geography.distance.values
    else:
        places = model.trade_cost.values
    size = n + (model.online is not None)
    immobile = np.zeros(size)
    immobile[:n] = getattr(model, model.immobile).values
    commission, amenity = np.zeros(size), np.ones(size)
    digital = None
    if model.online is not None:
        digital = model.online.trade_cost
        commission[-1], amenity[-1] = model.online.commission, model.online.amenity
    return {
        "cost": trade_costs(places, digital),
        model.immobile: immobile,
        "sigma": model.sigma,
        "mu": model.mu,
        "commission": commission,
        "amenity": amenity,
    }


def steered(plain, parameter, step):
    """The arrays of ``of_model`` with one parameter moved by a step, complex ones included."""
    plain = dict(plain)
    if parameter in ("sigma", "mu"):
        plain[parameter] = plain[parameter] + step
    elif parameter == "online_commission":
        plain["commission"] = plain["commission"] + step * last(plain)
    elif parameter == "online_amenity":
        plain["amenity"] = plain["amenity"] + step * last(plain)
    return plain


def last(plain):
    """One for the online region, zero for the places."""
    return np.append(np.zeros(len(plain["commission"]) - 1), 1.0)


def log_outcomes(share, cost, farmers, sigma, mu, commission, amenity):
    """Log wages and log real wages by Newton's method, also for complex arguments.

    A number h i added to an argument comes back as h times the derivative, in the
    imaginary part, without any difference being taken.
    """

    def excess(u):
        wage = np.exp(u)
        return np.log(wages_that_markets_pay(wage, share, cost, farmers, sigma, mu, commission)) - u

    n, h = len(share), 1e-30
    u, settled = np.zeros(n, dtype=complex), False
    for _ in range(60):
        still = excess(u.real).imag  # what the arguments' own imaginary parts bring
        slopes = [(excess(u.real + 1j * h * e).imag - still) / h for e in np.eye(n)]
        move = np.linalg.solve(np.column_stack(slopes), excess(u))
        u = u - move * min(1.0, 1.0 / max(np.max(np.abs(move.real)), 1e-300))
        if settled:  # and once more, for the imaginary part
            break
        settled = np.max(np.abs(move.real)) < 1e-12
    else:
        raise AssertionError("the reference did not converge")
    price = price_indices(np.exp(u), share, cost, sigma, commission)
    return u, np.log(amenity) + u - mu * np.log(price)
