"""Short runs to 50 digits, from the published equations alone, and extreme economies to try.

Apart from the kernels: other unknowns, no logs where the source has none, mpmath's numbers.
"""

import functools

import mpmath as mp
import numpy as np

import nege

DIGITS = 55
STEP = mp.mpf(10) ** -26  # of derivatives
FINE = mp.mpf(10) ** -44  # residual of the reference
ROUNDS = 40


class Lost(Exception):  # noqa: N818  the reference has no answer from where it starts
    """Newton's method in many digits did not get there."""


def numbers(values):
    return [mp.mpf(float(x)) for x in np.asarray(values)]


class Plain:
    """An economy in mpmath's numbers, each parameter taken as the float it is."""

    def __init__(self, model, share):
        n, size = len(model.geography), len(model.regions)
        self.n, self.sigma, self.share = size, mp.mpf(getattr(model, "sigma", 2.0)), numbers(share)
        self.cost = [[mp.mpf(0 if hasattr(model, "phi") else 1)] * size for _ in range(size)]
        given, distance = model.trade_cost, model.geography.distance.values
        for r in range(n):
            for s in range(n):
                if isinstance(given, float):
                    far = mp.mpf(float(distance[r, s]))
                    per = mp.mpf(given)
                    self.cost[r][s] = per * far if hasattr(model, "phi") else per**far
                else:
                    self.cost[r][s] = mp.mpf(float(given.values[r, s]))
        self.kept, self.amenity = [mp.mpf(1)] * size, [mp.mpf(1)] * size
        if model.online is not None:
            self.kept[-1] = 1 - mp.mpf(model.online.commission)
            self.amenity[-1] = mp.mpf(model.online.amenity)
            for r in range(n):
                self.cost[r][-1] = self.cost[-1][r] = mp.mpf(model.online.trade_cost)
        if not hasattr(model, "phi"):
            power = 1 - self.sigma
            self.free = [[mp.power(t, power) for t in row] for row in self.cost]

    def over_places(self, values):
        return numbers(values) + [mp.mpf(0)] * (self.n - len(values))

    def sums(self, what, s):
        """Sum over r of K_rs times something of r."""
        return mp.fsum(self.free[r][s] * what[r] for r in range(self.n))

    def reach(self, demand, r):
        return mp.fsum(self.free[r][s] * demand[s] for s in range(self.n))


def newton(gaps, start):
    """Root of a system in many digits: slopes by differences, once while they serve."""
    x, slopes, before = list(start), None, mp.inf
    for _ in range(ROUNDS):
        gap = gaps(x)
        size = max(abs(g) for g in gap)
        if size < FINE:
            return x
        if slopes is None or not size < before * mp.mpf(10) ** -4:
            columns = []
            for j in range(len(x)):
                moved = list(x)
                moved[j] += STEP
                columns.append([(b - a) / STEP for a, b in zip(gap, gaps(moved), strict=True)])
            slopes = mp.matrix(columns).T
        before = size
        try:
            step = mp.lu_solve(slopes, mp.matrix(gap))
        except ZeroDivisionError:
            break
        longest = max(abs(step[i]) for i in range(len(x)))
        shorter = min(mp.mpf(1), 1 / longest) if longest > 0 else mp.mpf(1)
        x = [a - shorter * step[i] for i, a in enumerate(x)]
    raise Lost


# --- the published equations; each returns what the bound is about, exactly -----------


def core_periphery(model, data, p):
    mu, farmers = mp.mpf(model.mu), p.over_places(model.farmers.values)

    def gaps(logs):
        wage = [mp.exp(x) for x in logs]
        given_back = mu * mp.fsum(
            lam * w * (1 - k) / k for lam, w, k in zip(p.share, wage, p.kept, strict=True)
        )
        income = [
            mu * p.share[s] * wage[s] + farmers[s] * (1 - mu + given_back) for s in range(p.n)
        ]
        supplied = [p.share[r] * mp.power(wage[r] / p.kept[r], 1 - p.sigma) for r in range(p.n)]
        demand = [income[s] / p.sums(supplied, s) for s in range(p.n)]
        return [
            mp.log(p.kept[r]) + mp.log(p.reach(demand, r)) / p.sigma - logs[r] for r in range(p.n)
        ]

    return newton(gaps, numbers(np.log(data["wage"].values)))


def demand_of(p, spent):
    """Spending over prices, where a variety costs 1, or more online."""
    supplied = [p.share[r] * mp.power(p.kept[r], p.sigma - 1) for r in range(p.n)]
    prices = [p.sums(supplied, s) for s in range(p.n)]
    return [spent[s] / prices[s] for s in range(p.n)]


def earned(p, level, spent):
    demand = demand_of(p, spent)
    return [mp.log(level * mp.power(p.kept[r], p.sigma) * p.reach(demand, r)) for r in range(p.n)]


def footloose_entrepreneur(model, data, p):
    mu, unskilled = mp.mpf(model.mu), p.over_places(model.unskilled.values)

    def gaps(logs):
        wage = [mp.exp(x) for x in logs]
        paid = [h * w for h, w in zip(p.share, wage, strict=True)]
        taken = p.sigma * mp.fsum(x * (1 - k) / k for x, k in zip(paid, p.kept, strict=True))
        income = [paid[s] + unskilled[s] * (1 + taken) for s in range(p.n)]
        found = earned(p, mu / p.sigma, income)
        return [a - b for a, b in zip(found, logs, strict=True)]

    return newton(gaps, numbers(np.log(data["wage"].values)))


def footloose_capital(model, data, p):
    return earned(p, mp.mpf(model.mu) / p.sigma, p.over_places(model.expenditure.values))


def quasi_linear(model, data, p):
    unskilled, ratio = p.over_places(model.unskilled.values), mp.mpf(model.unskilled_ratio)
    people = [ratio * own + h for own, h in zip(unskilled, p.share, strict=True)]
    return earned(p, mp.mpf(model.alpha) / p.sigma, people)


def linear_demand(model, data, p):
    a, b, c, phi, many, skilled = (
        mp.mpf(getattr(model, name))
        for name in ("a", "b", "c", "phi", "total_farmers", "total_skilled")
    )
    farmers, varieties = p.over_places(model.farmers.values), skilled / phi
    net, n = b + c * varieties, range(p.n)
    cost = [[p.cost[r][s] / p.kept[r] for s in n] for r in n]
    mean = [
        mp.fsum(p.share[r] * (a + net * cost[r][s]) for r in n) / (2 * net - c * varieties)
        for s in n
    ]
    price = [[(a + c * varieties * mean[s] + net * cost[r][s]) / (2 * net) for s in n] for r in n]
    bought = [[a - net * price[r][s] + c * varieties * mean[s] for s in n] for r in n]
    utility = []
    for r in n:
        every = varieties * mp.fsum(p.share[q] * bought[q][r] for q in n)
        squares = varieties * mp.fsum(p.share[q] * bought[q][r] ** 2 for q in n)
        spent = varieties * mp.fsum(p.share[q] * price[q][r] * bought[q][r] for q in n)
        surplus = a / b * every - (squares + c / b * every**2) / (2 * net) - spent
        sales = mp.fsum(
            (many * farmers[s] + skilled * p.share[s]) * (price[r][s] - cost[r][s]) * bought[r][s]
            for s in n
        )
        utility.append(surplus + p.kept[r] * sales / phi + mp.log(p.amenity[r]))
    return utility


def helpman(model, data, p):
    made = numbers(model.productivity.values) + [mp.mpf(1)] * (p.n - len(model.geography))
    mu, pooled = mp.mpf(model.mu), model.rents == "pooled"
    people = [x / mp.fsum(p.share) for x in p.share]

    def gaps(logs):
        wage = [mp.exp(x) for x in logs]
        bill = mp.fsum(w * x for w, x in zip(wage, people, strict=True))
        income = [w + (1 - mu) * bill / mu if pooled else w / mu for w in wage]
        supplied = [people[r] * mp.power(wage[r] / made[r], 1 - p.sigma) for r in range(p.n)]
        demand = [mu * income[s] * people[s] / p.sums(supplied, s) for s in range(p.n)]
        found = [
            (p.sigma - 1) * mp.log(made[r]) + mp.log(p.reach(demand, r)) - p.sigma * logs[r]
            for r in range(p.n)
        ]
        found[-1] = mp.log(bill)
        return found

    return newton(gaps, numbers(np.log(data["wage"].values)))


def allen_arkolakis(model, data, p):
    alpha, own = mp.mpf(model.productivity_spillover), numbers(model.productivity.values)
    made = [a * mp.power(x, alpha) for a, x in zip(own, p.share, strict=True)]

    def gaps(logs):
        wage = [mp.exp(x) for x in logs]
        earned = [w * x for w, x in zip(wage, p.share, strict=True)]
        supplied = [mp.power(wage[r] / made[r], 1 - p.sigma) for r in range(p.n)]
        demand = [earned[s] / p.sums(supplied, s) for s in range(p.n)]
        found = [mp.log(supplied[r] * p.reach(demand, r) / earned[r]) for r in range(p.n)]
        found[-1] = mp.log(mp.fsum(earned))
        return found

    return newton(gaps, numbers(np.log(data["wage"].values)))


def vertical_linkages(model, data, p):
    mu, a, theta = (mp.mpf(x) for x in (model.mu, model.inputs, model.agriculture))
    land, n, mobile = p.over_places(model.land.values), p.n, model.labour == "mobile"
    workers = None if mobile else numbers(model.workers.values)
    wages, industry = data["wage"].values, data["employment"].values
    free = [w == 1.0 for w in wages]  # where theta = 1 and somebody farms
    levied = mp.fsum(s * (1 - k) / k for s, k in zip(p.share, p.kept, strict=True)) / (1 - a)
    love = mu / (p.sigma - 1)

    def gaps(x):
        prices, payroll = x[:n], mp.exp(x[n])
        if mobile:
            logs = [x[n + 1] - mp.log(p.amenity[r]) - love * prices[r] for r in range(n)]
        else:
            logs = x[n + 1 :]
        wage = [mp.exp(v) for v in logs]
        firms = [p.share[r] * payroll / wage[r] for r in range(n)]
        if theta == 1:
            farms = [workers[r] - firms[r] if free[r] else mp.mpf(0) for r in range(n)]
            labour = [logs[r] if free[r] else mp.log(firms[r] / workers[r]) for r in range(n)]
        else:
            farms = [
                land[r] * mp.power(wage[r], -1 / (1 - theta)) if land[r] else mp.mpf(0)
                for r in range(n)
            ]
            labour = (
                [mp.log(mp.fsum(firms) + mp.fsum(farms))]
                if mobile
                else [mp.log((firms[r] + farms[r]) / workers[r]) for r in range(n)]
            )
        taken = payroll * levied
        income = (
            mp.fsum(p.share[s] * payroll + wage[s] * farms[s] / theta for s in range(n)) + taken
        )
        world = (mu * income + a * payroll / (1 - a)) / (payroll / (1 - a) + taken)
        supplied = [
            firms[r]
            * mp.power(wage[r], 1 - p.sigma * (1 - a))
            * mp.exp(a * p.sigma / (p.sigma - 1) * prices[r])
            * mp.power(p.kept[r], p.sigma - 1)
            for r in range(n)
        ]
        goods = [mp.log(p.sums(supplied, s)) - prices[s] for s in range(n)]
        return [*goods, mp.log(world), *labour]

    start = numbers((1.0 - model.sigma) * np.log(data["price_index"].values))
    start.append(mp.log(mp.fsum(numbers(wages * industry))))
    if mobile:
        start.append(mp.log(mp.mpf(float(wages[0]))) + mp.log(p.amenity[0]) + love * start[0])
    else:
        start += numbers(np.log(wages))
    return newton(gaps, start)[:n]


# --- extreme economies ----------------------------------------------------------------


def extreme_shares(rng, n, *, positive=False):
    """Some tiny, down to 1e-12, and some of nothing at all."""
    share = rng.dirichlet(np.full(n, rng.choice([0.3, 1.0, 5.0])))
    share = np.maximum(share, 1e-12)
    for r in range(n):
        if rng.random() < 0.15:
            share[r] = 10 ** rng.uniform(-12, -3)
        elif rng.random() < 0.15 and not positive:
            share[r] = 0.0
    return share / share.sum() if share.sum() > 0 else np.full(n, 1 / n)


def fraction(rng):
    """Anything between zero and one, often next to either."""
    near = 10 ** rng.uniform(-8, -1)
    return float(rng.choice([rng.uniform(0.05, 0.95), rng.uniform(0.05, 0.95), near, 1 - near]))


def extreme_costs(rng, n):
    """Iceberg factors up to 10^11: one per step, or a table, the same both ways or not."""
    top = rng.choice([0.05, 0.5, 2.0, 5.0, 11.0])
    if rng.random() < 0.3:
        return nege.geography.equidistant(n), float(10 ** rng.uniform(0, top))
    cost = 10 ** rng.uniform(0, top, (n, n))
    if rng.random() < 0.5:
        cost = np.sqrt(cost * cost.T)
    np.fill_diagonal(cost, 1.0)
    return nege.geography.from_distance(1.0 - np.eye(n)), cost


def extreme_online(rng):
    commission = rng.choice([0.0, rng.uniform(0, 0.5), 1 - 10 ** rng.uniform(-4, -1)])
    cost = 10 ** rng.uniform(0, rng.choice([0.3, 2.0, 11.0]))
    return nege.OnlineRegion(trade_cost=float(cost), commission=float(commission))


def parameters(kind, rng, n, sigma, online):
    """What one kind of economy takes besides sigma and trade costs."""
    still = extreme_shares(rng, n)
    if kind is nege.CorePeriphery or kind is nege.FootlooseEntrepreneur:
        return {"mu": fraction(rng), kind.immobile: still}
    if kind is nege.FootlooseCapital:
        return {"mu": fraction(rng), "expenditure": still}
    if kind is nege.QuasiLinear:
        many = {"alpha": 10 ** rng.uniform(-6, 6), "unskilled_ratio": 10 ** rng.uniform(-6, 6)}
        return {**many, "unskilled": still}
    made = np.exp(rng.normal(0, rng.choice([0.1, 2.0]), n))
    if kind is nege.Helpman:
        rents = str(rng.choice(["local", "pooled"]))
        more = {"online_housing": 1.0} if online else {}
        return {"mu": fraction(rng), "rents": rents, "productivity": made, **more}
    if kind is nege.AllenArkolakis:
        spill = {"productivity_spillover": rng.uniform(-0.5, 0.5), "amenity_spillover": -0.3}
        return {**spill, "productivity": made}
    near = 10 ** rng.uniform(-3, -0.1)
    inputs = (1 - near) * (1 - 1 / sigma)
    if rng.random() < 0.5 or online:
        mu = fraction(rng) * max(1 - 1 / (sigma * (1 - inputs)), 0.0)
        return {"inputs": inputs, "mu": mu, "labour": "mobile", "land": still,
                "agriculture": fraction(rng)}  # fmt: skip
    return {
        "inputs": inputs,
        "mu": fraction(rng),
        "agriculture": 1.0 if rng.random() < 0.3 else fraction(rng),
        "workers": extreme_shares(rng, n, positive=True),
        "land": extreme_shares(rng, n, positive=True),
    }


def linear(rng, n, online):
    """Trade costs up to the limit at which some pair stops to trade."""
    names = ("a", "b", "c", "phi", "total_farmers", "total_skilled")
    values = {name: float(10 ** rng.uniform(-2, 2)) for name in names}
    varieties = values["total_skilled"] / values["phi"]
    limit = 2 * values["a"] / (2 * values["b"] + values["c"] * varieties)
    region = None
    if online:
        commission = rng.uniform(0, 0.5)
        cost = limit * (1 - commission) * rng.uniform(0, 0.999)
        region = nege.OnlineRegion(trade_cost=cost, commission=commission)
    return nege.LinearDemand(
        nege.geography.equidistant(n), trade_cost=limit * rng.uniform(0, 0.999), online=region,
        farmers=extreme_shares(rng, n), **values,
    )  # fmt: skip


#: What is held against what, and what the bound is about.
EXACT = {
    nege.CorePeriphery: (core_periphery, "wage"),
    nege.FootlooseEntrepreneur: (footloose_entrepreneur, "wage"),
    nege.FootlooseCapital: (footloose_capital, "profit"),
    nege.QuasiLinear: (quasi_linear, "wage"),
    nege.LinearDemand: (linear_demand, "utility"),
    nege.Helpman: (helpman, "wage"),
    nege.AllenArkolakis: (allen_arkolakis, "wage"),
    nege.VerticalLinkages: (vertical_linkages, "price_index"),
}


@functools.cache
def extreme(kind, seed):
    """Draw an economy at the limits of floating point, R = 2 to 6, and shares."""
    for attempt in range(50):
        rng = np.random.default_rng([53, seed, attempt])
        n = int(rng.integers(2, 6))
        online = bool(rng.random() < 0.4) and kind is not nege.AllenArkolakis
        sigma = float(1 + 10 ** rng.uniform(-1.3, 1.6))
        try:
            if kind is nege.LinearDemand:
                model = linear(rng, n, online)
            else:
                places, cost = extreme_costs(rng, n)
                region = {"online": extreme_online(rng)} if online else {}
                more = parameters(kind, rng, n, sigma, online)
                model = kind(places, sigma=sigma, trade_cost=cost, **region, **more)
        except nege.InputError:
            continue
        positive = kind in (nege.Helpman, nege.AllenArkolakis)
        return model, extreme_shares(rng, len(model.regions), positive=positive)
    raise AssertionError("no economy drawn")


def check_error(kind, seed):
    """Solve one drawn economy and hold its error bound against 50 digits; (result, true error)."""
    model, share = extreme(kind, seed)
    try:
        found = nege.short_run(model, share)
    except nege.ConvergenceError as caught:
        found = caught.equilibrium
    exact, name = EXACT[kind]
    if not np.isfinite(found.data[name].values).all():  # an overflow, for everybody to see
        return found, np.nan
    if not np.isfinite(found.error):
        assert not found.converged, seed
        return found, np.nan
    with mp.workdps(DIGITS):
        plain = Plain(model, found.data["share"].values)
        try:
            true = exact(model, found.data, plain)
        except Lost:
            assert not found.converged, seed
            return found, np.nan
        values = numbers(found.data[name].values)
        if kind is not nege.LinearDemand:
            values = [mp.log(x) for x in values]
        if kind is nege.VerticalLinkages:
            values = [(1 - plain.sigma) * x for x in values]
        off = float(max(abs(x - y) for x, y in zip(values, true, strict=True)))
        # What is handed out is the exponential of the state, rounded.
        level = float(max(abs(x) for x in true))
    assert off <= found.error + 4.5e-16 * (1.0 + level), (seed, off, found.error, found.status)
    return found, off
