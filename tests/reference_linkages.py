"""Vertical linkages, slowly and obviously: levels, loops, bisection and plain iteration.

Nothing here is shared with the package. For derivatives the same equations are solved by one
complex step of Newton's method from the solution, so that they are exact to rounding.
"""

import numpy as np
from scipy.optimize import brentq

STEP = 1e-30
NAMES = ("sigma", "mu", "inputs", "agriculture")


def of_model(model):
    """The economy in plain numbers and arrays."""
    places, size = len(model.geography), len(model.regions)
    plain = {name: getattr(model, name) for name in NAMES}
    cost = np.ones((size, size))
    cost[:places, :places] = (
        model.trade_cost**model.geography.distance.values
        if isinstance(model.trade_cost, float)
        else model.trade_cost.values
    )
    plain["land"] = np.append(model.land.values, [0.0] * (size - places))
    plain["workers"] = None if model.workers is None else model.workers.values
    plain["commission"], plain["amenity"] = np.zeros(size), np.ones(size)
    if model.online is not None:
        cost[:-1, -1] = cost[-1, :-1] = model.online.trade_cost
        plain["commission"][-1] = model.online.commission
        plain["amenity"][-1] = model.online.amenity
    plain["cost"] = cost
    return plain


# --- labour ------------------------------------------------------------------------


def local_wage(payroll, workers, land, theta):
    """Wage of a region, and labour in its agriculture, where `payroll` is paid in industry."""
    if theta == 1.0:
        return max(1.0, payroll / workers), workers - min(workers, payroll)
    if payroll == 0.0:
        return (land / workers) ** (1 - theta), workers

    def gap(wage):
        farms = land * wage ** (-1 / (1 - theta))
        return wage * (workers - farms) - payroll

    low = (land / workers) ** (1 - theta)
    wage = brentq(gap, low, low + payroll / workers + 1e-9, xtol=1e-300, rtol=1e-15)
    return wage, land * wage ** (-1 / (1 - theta))


def immobile(share, plain):
    """Wages, labour in agriculture, and the industrial payroll of the world."""
    theta, mu, n = plain["agriculture"], plain["mu"], len(share)

    def clear(payroll):
        return np.array(
            [
                local_wage(share[r] * payroll, plain["workers"][r], plain["land"][r], theta)
                for r in range(n)
            ]
        ).T

    def gap(payroll):
        wage, farms = clear(payroll)
        return payroll - mu * (payroll + np.sum(wage * farms) / theta)

    high = 1.0
    while gap(high) < 0:
        high *= 2
    payroll = brentq(gap, 0.0, high, xtol=1e-300, rtol=1e-15)
    return (*clear(payroll), payroll)


def mobile(share, prices, plain):
    """The same where workers have equalised real wages at these price indices."""
    theta, mu, a = plain["agriculture"], plain["mu"], plain["inputs"]
    zeta = plain["commission"]
    levied = np.sum(share * zeta / (1 - zeta)) / (1 - a)

    def clear(utility):
        wage = utility * prices**mu / plain["amenity"]
        farms = plain["land"] * wage ** (-1 / (1 - theta))
        payroll = mu * np.sum(wage * farms) / theta / ((1 - mu) * (1 + levied))
        return wage, farms, payroll

    def gap(log_utility):
        wage, farms, payroll = clear(np.exp(log_utility))
        return np.log(np.sum(share * payroll / wage + farms))

    low = -np.log(np.min(prices**mu / plain["amenity"])) - 1.0
    high = low + 1.0
    while gap(low) < 0:
        low -= 2.0
    while gap(high) > 0:
        high += 2.0
    return clear(np.exp(brentq(gap, low, high, xtol=1e-15, rtol=1e-15)))


# --- short run ---------------------------------------------------------------------


def spending(share, wage, farms, payroll, plain):
    theta, mu, a = plain["agriculture"], plain["mu"], plain["inputs"]
    zeta = plain["commission"]
    commission = payroll * np.sum(share * zeta / (1 - zeta)) / (1 - a)
    income = share * payroll + wage * farms / theta + plain["land"] * commission
    return mu * income + a / (1 - a) * share * payroll


def price_powers(share, prices, wage, payroll, plain):
    """G^(1-sigma), from the price indices that firms pay."""
    sigma, a, n = plain["sigma"], plain["inputs"], len(share)
    mill = wage ** (1 - a) * prices**a
    buyers = mill / (1 - plain["commission"])
    firms = share * payroll / mill
    free = plain["cost"] ** (1 - sigma)
    return np.array(
        [sum(firms[r] * buyers[r] ** (1 - sigma) * free[r, s] for r in range(n)) for s in range(n)]
    )


def profitability(share, prices, wage, farms, payroll, plain):
    """Sales over cost."""
    sigma, a = plain["sigma"], plain["inputs"]
    net = 1 - plain["commission"]
    spent = spending(share, wage, farms, payroll, plain)
    mill = wage ** (1 - a) * prices**a
    access = plain["cost"] ** (1 - sigma) @ (prices ** (sigma - 1) * spent)
    return (1 - a) * net**sigma * mill**-sigma * access


def short_run(share, plain, tolerance=1e-14, limit=20_000):
    """Price indices, wages, labour in agriculture, payroll and profitability."""
    share = np.asarray(share, float)
    prices = np.ones(len(share))
    labour = immobile(share, plain) if plain["workers"] is not None else None
    for _ in range(limit):
        at = labour or mobile(share, prices, plain)
        new = price_powers(share, prices, at[0], at[2], plain) ** (1 / (1 - plain["sigma"]))
        change = np.max(np.abs(new / prices - 1))
        prices = new
        if change < tolerance:
            break
    else:
        raise AssertionError("the reference did not converge")
    at = labour or mobile(share, prices, plain)
    return prices, *at, profitability(share, prices, *at, plain)


# --- derivatives -------------------------------------------------------------------


def _residual(z, share, full, plain):
    """Every equation at once, of ln prices, ln wages, ln payroll and ln utility, complex or not."""
    n = len(share)
    prices, wage, payroll, utility = (
        np.exp(z[:n]),
        np.exp(z[n : 2 * n]),
        np.exp(z[-2]),
        np.exp(z[-1]),
    )
    theta, mu = plain["agriculture"], plain["mu"]
    if plain["workers"] is None:
        farms = plain["land"] * wage ** (-1 / (1 - theta))
        labour = wage - utility * prices**mu / plain["amenity"]
        last = 1 - np.sum(share * payroll / wage + farms)
    elif theta != 1:
        farms = plain["land"] * wage ** (-1 / (1 - theta))
        labour = 1 - (share * payroll / wage + farms) / plain["workers"]
        last = z[-1]  # there is no common utility
    else:
        farms = np.where(full, 0.0, plain["workers"] - share * payroll)
        labour = wage - np.where(full, share * payroll / plain["workers"], 1.0)
        last = z[-1]  # there is no common utility
    zeta, a = plain["commission"], plain["inputs"]
    commission = payroll * np.sum(share * zeta / (1 - zeta)) / (1 - a)
    # What is spent pays for firms and commission. Where shares sum to more than one, which
    # only derivatives do, payroll is what it would be if they did not.
    world = payroll + (1 - mu) * commission - mu * (payroll + np.sum(wage * farms) / theta)
    price = np.log(price_powers(share, prices, wage, payroll, plain)) / (1 - plain["sigma"])
    gain = np.log(profitability(share, prices, wage, farms, payroll, plain))
    return np.concatenate([price - z[:n], labour, [world, last]]), gain


def by_complex_step(share, plain, moved_share=None, moved=None):
    """Derivatives of ln prices and ln profitability along a change of shares or parameters."""
    share = np.asarray(share, float)
    prices, wage, farms, payroll, _ = short_run(share, plain)
    full = farms == 0.0 if plain["workers"] is not None else np.zeros(len(share), bool)
    real = plain["amenity"] * wage * prices ** -plain["mu"] if plain["workers"] is None else [1.0]
    z = np.concatenate([np.log(prices), np.log(wage), [np.log(payroll), np.log(real[0])]])
    size = len(z)

    def jacobian(z):
        columns = []
        for j in range(size):
            one = z.astype(complex)
            one[j] += 1j * STEP
            equations, gain = _residual(one, share, full, plain)
            columns.append((equations.imag / STEP, gain.imag / STEP))
        return [np.array(part).T for part in zip(*columns, strict=True)]

    for _ in range(3):  # what plain iteration and bisection leave
        by_z, _ = jacobian(z)
        z = z - np.linalg.solve(by_z, _residual(z, share, full, plain)[0])
    by_z, gain_by_z = jacobian(z)
    other = share + (0 if moved_share is None else 1j * STEP * moved_share)
    equations, gain = _residual(z.astype(complex), other, full, moved or plain)
    dz = -np.linalg.solve(by_z, equations.imag / STEP)
    return dz[: len(share)], gain.imag / STEP + gain_by_z @ dz


def steered(model, name):
    """The economy with one parameter moved by a small imaginary step."""
    plain, step = of_model(model), 1j * STEP
    n = len(model.geography)
    cost = plain["cost"].astype(complex)
    if name == "trade_cost":
        distance = model.geography.distance.values
        cost[:n, :n] = np.exp(distance * np.log(model.trade_cost + step))
    elif name == "online_trade_cost":
        cost[:n, n] = cost[n, :n] = model.online.trade_cost + step
    elif name.startswith("online_"):
        key = name.removeprefix("online_")
        plain[key] = plain[key].astype(complex)
        plain[key][-1] += step
    else:
        plain[name] = plain[name] + step
    plain["cost"] = cost
    return plain


def log_profits(model, share, name="", step=0.0):
    """Ln of profitability, for the tests that all models share."""
    share, plain = np.asarray(share), of_model(model)
    level = np.log(short_run(share.real, plain)[-1])
    if name:
        return level + 1j * STEP * by_complex_step(share.real, plain, moved=steered(model, name))[1]
    if np.iscomplexobj(share):
        change = share.imag / STEP
        return level + 1j * STEP * by_complex_step(share.real, plain, change)[1]
    return level
