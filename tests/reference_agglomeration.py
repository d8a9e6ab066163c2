"""Online agglomeration of industries, slow and obvious: each equation as it is written down.

Nothing here is shared with the package: levels instead of logs, every table in full, slopes
by complex steps through the equations themselves, least squares for the solve.

Industries k, l; places p, q; channels c: 0 offline, 1 online. Tables are over (k, p, c) or
(k, p); inputs over (l input, k user); trade costs over (k, p, c, q).

    firms n       revenue X, net of commission, which is the cost of all firms
    price index G      wage w      rent h      population L
    remote_wage, the price of an efficiency unit of remote labour      dividend D per head
"""

import dataclasses

import numpy as np
from scipy import optimize

OFFLINE, ONLINE = 0, 1


@dataclasses.dataclass(frozen=True)
class Economy:
    """Parameters as plain arrays; the defaults are step 0 of the stylised turn."""

    distance: np.ndarray
    productivity: np.ndarray
    sigma: tuple = (5.0, 5.0)
    variety: tuple = (0.8, 0.8)
    consumption: tuple = (0.4675, 0.3825)
    housing: float = 0.15
    inputs: tuple = ((0.20, 0.05), (0.20, 0.15))
    land_share: tuple = (0.2, 0.02)
    land: tuple = (0.25, 0.25, 0.25, 0.25)
    amenity: tuple = (1.0, 1.0, 1.0, 1.0)
    home_weight: tuple = (1.0, 1.0, 1.0, 1.0)
    migration_elasticity: float = 6.0
    spillover: tuple = (0.06, 0.06)
    spillover_decay: tuple = (5.0, 5.0)
    online_spillover: tuple = (1.0, 1.0)
    hears_online: tuple = (0.0, 0.0)
    hears_offline: tuple = (1.0, 1.0)
    diversity: tuple = (0.0, 0.0)
    transport_cost: tuple = (0.4, 0.0)
    search_cost: tuple = (0.0, 1.5)
    digitisability: tuple = (0.0, 1.0)
    digital_cost: tuple = (3.0, 3.0)
    commission: tuple = (0.05, 0.05)
    pooled: float = 1.0
    platform_owner: tuple = (0.25, 0.25, 0.25, 0.25)
    firm_scale: tuple = ((1.0, 1.0), (1.0, 1.0))
    remote_labour_share: tuple = (0.0, 0.0)
    remote_substitution: float = 2.0
    remote_elasticity: float = 6.0
    remote_friction: float = 1.3

    def __post_init__(self):
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, np.asarray(getattr(self, field.name), float))

    def replace(self, **changes):
        return dataclasses.replace(self, **changes)

    @property
    def uses_land(self):
        return self.housing > 0 or np.any(self.land_share > 0)

    @property
    def uses_remote_labour(self):
        return bool(np.any(self.remote_labour_share > 0))


# Search cost and digital cost of services, how far institutions are apart, then digitisability
# and digital cost of manufacturing.
STYLISED_TURN = [
    *[(s, d, h, 0.0, 3.0) for s, d, h in ((1.5, 3, 1), (1.2, 2.5, 1), (1, 2, 1), (0.8, 1.8, 1))],
    *[(s, d, h, 0.0, 3.0) for s, d, h in ((0.6, 1.6, 1), (0.5, 1.5, 1), (0.4, 1.4, 1))],
    *[(0.4, d, h, 0.0, 3.0) for d, h in ((1.3, 1), (1.2, 0.75), (1.1, 0.5), (1.05, 0.25))],
    *[(0.4, 1.02, 0.0, x, d) for x, d in ((0, 3), (0.2, 1.5), (0.4, 1.3), (0.6, 1.2), (0.8, 1.1))],
    *[(0.4, 1.02, 0.0, x, d) for x, d in ((0.9, 1.05), (1, 1.02))],
]


def stylised_turn(step, **changes):
    """The economy of one step of the stylised turn: four places, place 0 the city."""
    search, digital, apart, digitisable, digital_goods = STYLISED_TURN[step]
    here = {
        "distance": 1.0 - np.eye(4),
        "productivity": [[1.05, 1, 1, 1], [1 + 0.25 * apart, 1, 1, 1]],
        "search_cost": (0.0, search),
        "digitisability": (digitisable, 1.0),
        "digital_cost": (digital_goods, digital),
    }
    return Economy(**{**here, **changes})


def of_model(model):
    """Read an online-agglomeration model into plain arrays, by its public fields only."""
    owner = model.platform_owner
    plain = {
        field.name: getattr(model, field.name)
        for field in dataclasses.fields(Economy)
        if field.name not in ("distance", "pooled", "platform_owner")
    }
    return Economy(
        distance=model.geography.distance.values,
        pooled=1.0 if owner is None else 0.0,
        platform_owner=np.zeros(len(model.geography)) if owner is None else owner.values,
        **{name: getattr(value, "values", value) for name, value in plain.items()},
    )


def trade_costs(e):
    """Offline exp((theta + s) d); online delta exp((1 - xi) theta d). Over (k, p, c, q)."""
    industries, places = e.productivity.shape
    tau = np.zeros((industries, places, 2, places))
    for k in range(industries):
        rate = e.transport_cost[k]
        tau[k, :, OFFLINE] = np.exp((rate + e.search_cost[k]) * e.distance)
        tau[k, :, ONLINE] = e.digital_cost[k] * np.exp(
            (1 - e.digitisability[k]) * rate * e.distance
        )
    return tau


def productivities(e, firms):
    """Knowledge within reach, and how many industries it comes from. Over (k, p, c)."""
    industries, places = e.productivity.shape
    heard = np.zeros((industries, places, 2), dtype=firms.dtype)
    for k in range(industries):
        pool = e.online_spillover[k] * sum(firms[k, q, ONLINE] for q in range(places))
        for p in range(places):
            near = np.exp(-e.spillover_decay[k] * e.distance[p])
            offline, online = near @ firms[k, :, OFFLINE], near @ firms[k, :, ONLINE]
            heard[k, p, OFFLINE] = offline + online + e.hears_online[k] * pool
            heard[k, p, ONLINE] = e.hears_offline[k] * offline + online + pool
    composition = heard / heard.sum(0)
    entropy = -np.sum(composition * np.log(composition), 0)
    effective = np.exp(entropy) / industries
    return np.array(
        [
            e.productivity[k][:, None] * heard[k] ** e.spillover[k] * effective ** e.diversity[k]
            for k in range(industries)
        ]
    )


def labour_costs(e, wage, remote_wage):
    """Labour cost and the part of it that is remote, both over (k, p, c)."""
    industries, places = e.productivity.shape
    cost = np.zeros((industries, places, 2), dtype=wage.dtype)
    remote = np.zeros_like(cost)
    for k in range(industries):
        r, s = e.remote_labour_share[k], e.remote_substitution
        cost[k, :, OFFLINE] = wage
        if r == 0:
            cost[k, :, ONLINE] = wage
        elif s == 1:
            cost[k, :, ONLINE] = wage ** (1 - r) * remote_wage**r
            remote[k, :, ONLINE] = r
        else:
            total = (1 - r) * wage ** (1 - s) + r * remote_wage ** (1 - s)
            cost[k, :, ONLINE] = total ** (1 / (1 - s))
            remote[k, :, ONLINE] = r * remote_wage ** (1 - s) / total
    return cost, remote


def unit_costs(e, u):
    """Labour, land and inputs, over productivity. Over (k, p, c)."""
    industries = len(e.sigma)
    labour, _ = labour_costs(e, u["wage"], u["remote_wage"])
    able = productivities(e, u["firms"])
    cost = np.zeros_like(able)
    for k in range(industries):
        labour_share = 1 - e.inputs[:, k].sum() - e.land_share[k]
        materials = np.prod(
            [u["price_index"][i] ** e.inputs[i, k] for i in range(industries)], axis=0
        )
        for c in (OFFLINE, ONLINE):
            cost[k, :, c] = (
                labour[k, :, c] ** labour_share
                * u["rent"] ** e.land_share[k]
                * materials
                / able[k, :, c]
            )
    return cost


def commissions(e):
    """What the platform keeps of the buyer's price. Over (k, 1, c)."""
    return np.stack([np.zeros_like(e.commission), e.commission], -1)[:, None, :]


def households(e, u):
    """What a head earns from work, which part of it remotely, and income of each place."""
    if e.uses_remote_labour:
        nu, abroad = e.remote_elasticity, u["remote_wage"] / e.remote_friction
        earned = (u["wage"] ** nu + abroad**nu) ** (1 / nu)
        away = (abroad / earned) ** nu
    else:
        earned, away = u["wage"], np.zeros_like(u["wage"])
    income = u["population"] * (earned + u["dividend"])
    owners = (1 - e.pooled) * e.platform_owner * commission_revenue(e, u)
    return earned, away, income + owners


def commission_revenue(e, u):
    """Commission on sales at buyer prices, of which firms keep the rest as revenue."""
    kept = 1 - commissions(e)
    return np.sum(u["revenue"] * (1 - kept) / kept)


def spending(e, u):
    """What each place spends on each industry. Over (k, q)."""
    _, _, income = households(e, u)
    bought = u["revenue"].sum(2)
    return np.outer(e.consumption, income) + e.inputs @ bought


def market_reach(e, u):
    """Sales at buyer prices of n^phi = 1, and the suppliers that a place sees."""
    tau, price = trade_costs(e), unit_costs(e, u) / (1 - commissions(e))
    spent = spending(e, u)
    reach, seen = np.zeros_like(price), np.zeros_like(spent)
    for k in range(len(e.sigma)):
        power = 1 - e.sigma[k]
        competing = price[k] ** power
        weight = u["firms"][k] ** e.variety[k] * competing
        seen[k] = np.einsum("pc,pcq->q", weight, tau[k] ** power)
        reach[k] = competing * (tau[k] ** power @ (u["price_index"][k] ** -power * spent[k]))
    return reach, seen


def real_incomes(e, u):
    """V: income per head over the prices of goods, services and land."""
    _, _, income = households(e, u)
    per_head = income / u["population"]
    prices = np.prod(u["price_index"] ** e.consumption[:, None], axis=0) * u["rent"] ** e.housing
    return per_head / prices


def welfare(e, u):
    """Expected utility of people who choose where to live."""
    elasticity = e.migration_elasticity
    weight = e.home_weight / np.mean(e.home_weight)  # which may be in any unit
    good = weight * (e.amenity * real_incomes(e, u)) ** elasticity
    return np.sum(good) ** (1 / elasticity)


def equations(e, u):
    """Every equation by name as ln(left/right), the dividend's as a difference."""
    reach, seen = market_reach(e, u)
    firms, revenue, people = u["firms"], u["revenue"], u["population"]
    open_ = firms.real > 0
    kept = 1 - commissions(e)
    scale = e.firm_scale[:, None, :]
    sales = kept * np.where(open_, firms, 1.0) ** e.variety[:, None, None] * reach
    earned, away, income = households(e, u)
    _, remote = labour_costs(e, u["wage"], u["remote_wage"])
    labour_share = (1 - e.inputs.sum(0) - e.land_share)[:, None, None]
    payroll = labour_share * revenue
    attraction = e.home_weight * (e.amenity * real_incomes(e, u)) ** e.migration_elasticity
    found = {
        "price index": np.log(u["price_index"] ** (1 - e.sigma[:, None]) / seen),
        "sales": np.log(revenue[open_] / sales[open_]),
        "zero profit": np.log(revenue[open_] / (firms * scale * unit_costs(e, u))[open_]),
        "labour": np.log((payroll * (1 - remote)).sum((0, 2)) / ((1 - away) * people * earned)),
        "population": np.log(people / (attraction / attraction.sum())),
        "numeraire": np.log(np.sum(people * earned)),
    }
    rents = 0.0
    if e.uses_land:
        demand = e.housing * income + (e.land_share[:, None, None] * revenue).sum((0, 2))
        found["land"] = np.log(demand / (u["rent"] * e.land))
        rents = np.sum(u["rent"] * e.land)
    if e.uses_remote_labour:
        found["remote labour"] = np.log(np.sum(payroll * remote) / np.sum(away * people * earned))
    pooled = rents + e.pooled * commission_revenue(e, u)
    found["dividend"] = u["dividend"] * people.sum() - pooled
    return {name: np.atleast_1d(value).ravel() for name, value in found.items()}


def entry(e, u):
    """ln(revenue/cost) of the first firm where there is none; -inf where nobody is reached."""
    shut = u["firms"] == 0
    reach, _ = market_reach(e, u)
    with np.errstate(divide="ignore", invalid="ignore"):
        crowd = (e.variety - 1)[:, None, None] * np.log(u["firms"])
        crowd = np.where(e.variety[:, None, None] == 1, 0.0, crowd)
        gain = np.log((1 - commissions(e)) * reach / (e.firm_scale[:, None, :] * unit_costs(e, u)))
        return np.where(np.isneginf(gain), -np.inf, gain + crowd)[shut]


def residual(e, u):
    """Largest relative violation of each equation, by name."""
    found = {name: float(np.max(np.abs(value))) for name, value in equations(e, u).items()}
    found["no entry"] = float(np.max(entry(e, u), initial=0.0))
    return found


SLOW = ("firms", "population")
CLOSE = 0.1  # in logs: after a step no longer than that slopes stay what they were


def start(e):
    """The documented start: 1.6 times the firms in place 0, people and channels equal."""
    industries, places = e.productivity.shape
    firms = np.full((industries, places, 2), 0.3 / places)
    firms[:, 0] *= 1.6
    sold = np.linalg.solve(np.eye(industries) - e.inputs, e.consumption)
    revenue = firms / firms.sum((1, 2), keepdims=True) * 1.4 * sold[:, None, None]
    return {
        "firms": firms,
        "revenue": revenue,
        "price_index": np.full((industries, places), 2.0),
        "wage": np.ones(places),
        "rent": np.full(places, 0.4),
        "population": np.full(places, 1 / places),
        "remote_wage": np.array(1.0),
        "dividend": np.array(0.4),
    }


def free(e, u):
    """Which entries of the unknowns are solved for."""
    open_ = u["firms"] > 0
    chosen = {name: np.ones(np.shape(value), bool) for name, value in u.items()}
    chosen["firms"] = chosen["revenue"] = open_
    chosen["rent"] = np.full(np.shape(u["rent"]), e.uses_land)
    chosen["remote_wage"] = np.array(e.uses_remote_labour)
    return chosen


def pack(u, chosen):
    """Logs of the unknowns, the dividend itself, in one vector."""
    return np.concatenate(
        [(u[n] if n == "dividend" else np.log(u[n][chosen[n]])).ravel() for n in u]
    )


def unpack(x, u, chosen):
    """Put a vector back into unknowns; what is not solved for stays, or drops out as one."""
    found, at = {}, 0
    for name, value in u.items():
        new = np.array(value, dtype=x.dtype)
        count = int(chosen[name].sum())
        part = x[at : at + count]
        new[chosen[name]] = part if name == "dividend" else np.exp(part)
        found[name], at = new, at + count
    if not chosen["rent"].any():
        found["rent"] = np.ones_like(found["rent"])
    return found


def slopes(function, x, step=1e-30):
    """Derivatives by complex steps: no difference is taken, so nothing is rounded away."""
    return np.column_stack(
        [function(x + 1j * step * direction).imag / step for direction in np.eye(x.size)]
    )


def clear(e, guess):
    """Prices, wages and revenue at given firms and people: the short run, by least squares."""
    chosen = free(e, guess)
    for name in SLOW:
        chosen[name] = np.zeros_like(chosen[name])

    def excess(x):
        return split(e, unpack(x, guess, chosen))[1]

    def bounded(x):
        with np.errstate(all="ignore"):
            return np.nan_to_num(excess(x), nan=1e3, posinf=1e3, neginf=-1e3)

    x = pack(guess, chosen)
    x = optimize.least_squares(bounded, x, jac=lambda x: slopes(excess, x), method="lm").x
    return unpack(x, guess, chosen)


def split(e, u):
    """Growth of firms and people by their payoffs, and excess in the markets that clear.

    d ln n/dt = ln(revenue/cost) and d ln L/dt = ln(target/L).
    """
    values = equations(e, u)
    motion = np.concatenate([values.pop("zero profit"), -values.pop("population")])
    return motion, np.concatenate(list(values.values()))


def local(e, u):
    """Motion and excess with their slopes; which unknowns are slow; all unknowns as a vector."""
    chosen = free(e, u)
    x = pack(u, chosen)
    slow = np.concatenate([np.full(int(chosen[name].sum()), name in SLOW) for name in u])
    (motion, excess), rows = split(e, u), lambda x: np.concatenate(split(e, unpack(x, u, chosen)))
    table = slopes(rows, x)
    return motion, excess, table[: motion.size], table[motion.size :], slow, x


def solve(e, guess=None, pace=0.5):
    """Unknowns at rest: motion followed by implicit Euler steps that grow into Newton's method."""
    u = clear(e, start(e)) if guess is None else guess
    chosen, size = free(e, u), np.inf
    for _ in range(400):
        motion, excess = split(e, u)
        if max(np.max(np.abs(motion)), np.max(np.abs(excess))) < 1e-13:
            return u
        if size > CLOSE:
            _, _, of_motion, of_excess, slow, _ = local(e, u)
        x = pack(u, chosen)
        stay = np.eye(x.size)[slow] / pace
        table = np.vstack([stay - of_motion, -of_excess])
        move = np.linalg.lstsq(table, np.concatenate([motion, excess]), rcond=None)[0]
        size = np.max(np.abs(move))
        u = unpack(x + move * min(1.0, 4.0 / size), u, chosen)
        pace = min(pace * (4.0 if size < 1.0 else 0.5), 1e12)
        vanished = (u["firms"] < 1e-14) & (e.variety == 1)[:, None, None]
        if np.any(vanished & (u["firms"] > 0)):
            u["firms"][vanished] = u["revenue"][vanished] = 0.0
            chosen, size = free(e, u), np.inf
    raise AssertionError("the reference did not converge")


def growth_rates(e, u):
    """Eigenvalues of firms' and people's motion while prices clear at once, largest first."""
    _, _, of_motion, of_excess, slow, _ = local(e, u)
    response = np.linalg.lstsq(of_excess[:, ~slow], -of_excess[:, slow], rcond=None)[0]
    rates = np.linalg.eigvals(of_motion[:, slow] + of_motion[:, ~slow] @ response)
    return rates[np.argsort(-rates.real)]


def follow(path, steps, **changes):
    """Solve steps of a path of parameters, each from the last: economies and unknowns."""
    economies, found = [], []
    for step in steps:
        moved = {str(name): table.sel(step=step).values for name, table in path.data_vars.items()}
        distance = 1.0 - np.eye(path.sizes["place"])
        economies.append(Economy(**{"distance": distance, **moved, **changes}))
        found.append(solve(economies[-1], found[-1] if found else None, 20.0 if found else 0.5))
    return economies, found
