"""The industry model with oligopoly, platforms and data: slow, in levels, from the text alone.

Nothing here is shared with the package. To `reference_agglomeration` (levels, every table in
full, slopes by complex steps, least squares) it adds

conduct      a firm's share s solves s nu = [c tau M / ((1 - z) G)]^(1 - sigma), M the markup
             over the Dixit-Stiglitz one; free entry pays O/B = n f c, O = sum (1 - zeta) S E F
platforms    J of them, the first leads and the others are alike: t_j = ln(1 - zeta_j), shares
             x_j of online sales, attraction u_j = theta (t_j + a s N_j + psi ln(1 + I_j/I0)),
             reach N_j = x_j + beta (1 - x_j), s the online share of spending
steering     a part g of online firms belongs to platforms and is shown exp(strength) = B times
             as often; what is bought costs more than what the index of demand says
data         c^(1-e) = c0^(1-e) + weight (p/stock)^(1-e), stock = (access N/N0)^chi

Symbols: k, l industries; p origin, q destination; c channel; j in (lead, other) platform.
Unknowns beside those of the plain model, per industry: `sales` (online, at buyers' prices),
`experienced` (price index of what is really bought), `pi` (affiliates' profit as a part of net
online revenue), `net` t (k, j), `lead` = ln(x_1/x_2), `invested` I_j as a part of sales (k, j),
`data_price`. `revenue` X is what firms spend: net revenue without affiliates' profit.
"""

import dataclasses

import numpy as np
import reference_agglomeration as plain
from reference_agglomeration import OFFLINE, ONLINE

LEAD, OTHER = 0, 1


@dataclasses.dataclass(frozen=True)
class Blocks:
    """Parameters of the blocks over (industry,) or (industry, channel); all off by default."""

    conduct: str = ""  # or "cournot", "bertrand"
    firms_per_mass: tuple = (50.0, 50.0)
    across: tuple = (1.0, 1.0)
    awareness: tuple = ((1.0, 1.0), (1.0, 1.0))
    pricing: str = "given"  # or "profit" (buyers respond), "average", "contestable"
    number: int = 1
    theta: float = 1.0
    network: tuple = (0.0, 0.0)
    interoperability: float = 0.0
    marginal_cost: tuple = (0.0, 0.0)
    fixed_cost: tuple = (0.0, 0.0)
    entrant_marginal_cost: tuple = (0.0, 0.0)
    entrant_fixed_cost: tuple = (0.0, 0.0)
    investment: tuple = (0.0, 0.0)
    investment_scale: tuple = (1.0, 1.0)
    affiliates: tuple = (0.0, 0.0)
    strength: tuple = (0.0, 0.0)  # ln B
    host: tuple = (0.25, 0.25, 0.25, 0.25)
    weight: tuple = ((0.0, 0.0), (0.0, 0.0))
    substitution: float = 2.0
    returns: tuple = (1.0, 1.0)
    scale: tuple = (1.0, 1.0)
    access: float = 1.0
    data_marginal_cost: tuple = (0.1, 0.1)
    data_fixed_cost: tuple = (0.0, 0.0)
    data_pricing: str = "marginal"  # or "average", "monopoly"
    data_owner: str = "consumers"  # or "platform"

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, str | int):
                object.__setattr__(self, field.name, np.asarray(value, float))

    def replace(self, **changes):
        return dataclasses.replace(self, **changes)

    @property
    def uses_data(self):
        """Which industries spend on data."""
        return (self.weight > 0).any(1) & (self.access > 0)


# ---- conduct


def markups(b, k, sigma, share):
    """M, its elasticity to the firm's share, and F by which operating profit exceeds R/sigma."""
    if not b.conduct:
        return np.ones_like(share), np.zeros_like(share), np.ones_like(share)
    eta = b.across[k]
    if b.conduct == "cournot":
        kappa = (sigma - eta) / (eta * (sigma - 1))
        markup = 1 / (1 - kappa * share)
        slope = kappa * share * markup
    else:
        d1, d2 = 1 - eta / sigma, (sigma - eta) / (sigma - 1)
        markup = (1 - d1 * share) / (1 - d2 * share)
        slope = d2 * share / (1 - d2 * share) - d1 * share / (1 - d1 * share)
    return markup, slope, sigma - (sigma - 1) / markup


def firm_shares(b, k, sigma, alone):
    """The share s = a M(s)^(1 - sigma) of one firm, by Newton on ln s; a where M = 1."""
    if not b.conduct:
        return alone
    share, again = alone / (1 + (sigma - 1) * alone), 2
    for _ in range(60):
        markup, slope, _ = markups(b, k, sigma, share)
        gap = np.log(share / alone) + (sigma - 1) * np.log(markup)
        share = share * np.exp(-gap / (1 + (sigma - 1) * slope))
        again -= np.max(np.abs(gap)) < 1e-12
        if not again:
            return share
    raise AssertionError("a firm's share was not found")


# ---- platforms


def steering(b, k):
    """B, the mean attention B-bar, and Lambda^rho by which what is bought is worth less."""
    shown, g = np.exp(b.strength[k]), b.affiliates[k]
    mean = g * shown + 1 - g
    return shown, mean, lambda rho: (g * shown**rho + 1 - g) / mean**rho


def shares(b, lead):
    """x over all J platforms; the first leads, the others are alike."""
    odds = np.ones(b.number, dtype=np.result_type(lead, float))
    odds[0] = np.exp(lead)
    return odds / odds.sum()


def all_platforms(b, pair):
    """Values of the lead and of each other platform, over j."""
    return np.array([pair[LEAD if j == 0 else OTHER] for j in range(b.number)])


def appeal(b, k, u, online_share):
    """t_j + a s N_j + psi ln(1 + I_j/I0): what buyers value, over j."""
    x = shares(b, u["lead"][k])
    reach = x + b.interoperability * (1 - x)
    invested = u["invested"][k] * u["sales"][k] / np.sum(b.host * u["wage"])
    better = b.investment[k] * np.log(1 + invested / b.investment_scale[k])
    return (
        all_platforms(b, u["net"][k])
        + b.network[k] * online_share * reach
        + all_platforms(b, better)
    )


def buyer_wedge(b, k, u, online_share):
    """ln(1 - z): what enters the price of online firms."""
    value = appeal(b, k, u, online_share)
    if b.number == 1:
        return value[0]
    return np.log(np.mean(np.exp(b.theta * value))) / b.theta


def perceived(b, k, u, online_share, e_on):
    """e_j = d ln(x_j sales)/d t_j over (lead, other), all else of the economy given.

    From dx = Q du, du = theta (dt + a [N s e_on dl + s (1 - beta) dx]), dl = x du/theta.
    """
    x = shares(b, u["lead"][k])
    a, beta, size = b.network[k], b.interoperability, b.number
    reach = x + beta * (1 - x)
    theta = 1.0 if size == 1 else b.theta  # one platform has all, whatever theta
    q = np.diag(x) - np.outer(x, x)
    # du = theta dt + a s [e_on N x' + theta (1 - beta) Q] du
    back = a * online_share * (e_on * np.outer(reach, x) + theta * (1 - beta) * q)
    du = np.linalg.solve(np.eye(size) - back, theta * np.eye(size))  # columns: whose t moves
    dx, dl = q @ du, x @ du / theta
    e = np.diag(dx) / x + e_on * dl
    return np.array([e[0], e[-1]])


# ---- the economy


def economy(e, b, u):
    """All that follows from the unknowns, by name."""
    industries, places = e.productivity.shape
    known = {}
    kept = np.ones((industries, 2), dtype=u["wage"].dtype)
    for k in range(industries):
        x = shares(b, u["lead"][k])
        kept[k, ONLINE] = x @ np.exp(all_platforms(b, u["net"][k]))
    hosts = np.sum(b.host * u["wage"])

    # data: what uses pay, and what data cost
    firms = u["firms"]
    able = plain.productivities(e, firms)
    labour, remote = plain.labour_costs(e, u["wage"], u["remote_wage"])
    labour_share = 1 - e.inputs.sum(0) - e.land_share
    cost, data_share = np.zeros_like(able), np.zeros_like(able)
    used = np.zeros(industries, dtype=able.dtype)
    squared = np.zeros_like(used)
    for k in range(industries):
        materials = np.prod(
            [u["experienced"][i] ** e.inputs[i, k] for i in range(industries)], axis=0
        )
        for c in (OFFLINE, ONLINE):
            bare = (
                labour[k, :, c] ** labour_share[k]
                * u["rent"] ** e.land_share[k]
                * materials
                / able[k, :, c]
            )
            cost[k, :, c] = bare
            if b.uses_data[k] and b.weight[k, c] > 0:
                stock = (b.access * firms[k, :, ONLINE].sum() / b.scale[k]) ** b.returns[k]
                power = 1 - b.substitution
                by_data = b.weight[k, c] * (u["data_price"][k] / stock) ** power
                cost[k, :, c] = (bare**power + by_data) ** (1 / power)
                data_share[k, :, c] = by_data / cost[k, :, c] ** power
        paid = data_share[k] * u["revenue"][k]
        used[k] = paid.sum() / u["data_price"][k]
        squared[k] = (data_share[k] * paid).sum()
    data_labour = np.where(b.uses_data, b.data_marginal_cost * used + b.data_fixed_cost, 0)
    data_profit = np.where(b.uses_data, u["data_price"] * used, 0) - data_labour * hosts

    # platforms: their labour and their profit
    invested = u["invested"][:, LEAD] + (b.number - 1) * u["invested"][:, OTHER]
    platform_labour = (b.marginal_cost + invested) * u["sales"] / hosts
    platform_labour = platform_labour + b.number * b.fixed_cost
    commissions = (1 - kept[:, ONLINE]) * u["sales"]
    own_goods = u["pi"] * kept[:, ONLINE] * u["sales"]  # profit of affiliates
    profit = commissions + own_goods - platform_labour * hosts
    owned = profit.sum() + (data_profit.sum() if b.data_owner == "platform" else 0)
    shared = data_profit.sum() if b.data_owner == "consumers" else 0

    # people
    if e.uses_remote_labour:
        nu, abroad = e.remote_elasticity, u["remote_wage"] / e.remote_friction
        earned = (u["wage"] ** nu + abroad**nu) ** (1 / nu)
        away = (abroad / earned) ** nu
    else:
        earned, away = u["wage"], np.zeros_like(u["wage"])
    income = u["population"] * (earned + u["dividend"])
    income = income + (1 - e.pooled) * e.platform_owner * owned
    own_inputs = u["revenue"] * (1 - data_share)
    spent = np.outer(e.consumption, income) + e.inputs @ own_inputs.sum(2)

    # trade, origin by destination
    online_share = u["sales"] / spent.sum(1)
    wedge = np.array([buyer_wedge(b, k, u, online_share[k]) for k in range(industries)])
    tau = plain.trade_costs(e)
    group = np.zeros((industries, places, 2, places), dtype=able.dtype)
    firm, markup, slope, factor = (np.zeros_like(group) for _ in range(4))
    for k in range(industries):
        sigma = e.sigma[k]
        buyers = cost[k] * np.exp(-np.array([0.0, 1.0]) * wedge[k])  # (p, c)
        alone = (buyers[:, :, None] * tau[k] / u["price_index"][k]) ** (1 - sigma)
        alone = alone / b.firms_per_mass[k]
        firm[k] = firm_shares(b, k, sigma, alone)
        markup[k], slope[k], factor[k] = markups(b, k, sigma, firm[k])
        effective = (b.awareness[k] * firms[k] ** e.variety[k]) * b.firms_per_mass[k]
        group[k] = effective[:, :, None] * firm[k]
    bought = group * spent[:, None, None, :]
    revenue = kept[:, None, :] * bought.sum(3)
    operating = kept[:, None, :] * (bought * factor).sum(3)

    # steering, and what demand is to the wedge while costs and spending stay
    attention = np.ones((industries, 2))
    affiliates = np.zeros_like(operating)
    experienced = np.array(u["price_index"])
    e_on = np.zeros_like(used)
    for k in range(industries):
        sigma = e.sigma[k]
        shown, attention[k, ONLINE], worth = steering(b, k)
        affiliates[k, :, ONLINE] = (
            operating[k, :, ONLINE] * b.affiliates[k] * (shown - 1) / (sigma * attention[k, ONLINE])
        )
        rho = (sigma - 1) / sigma
        on = group[k, :, ONLINE].sum(0)
        experienced[k] = u["price_index"][k] * (1 - on * (1 - worth(rho))) ** (-1 / rho)
        weighted = group[k] / (1 + (sigma - 1) * slope[k])
        part = weighted[:, ONLINE].sum(0) / weighted.sum((0, 1))
        online = bought[k, :, ONLINE].sum(0)
        pass_through = weighted[:, ONLINE].sum(0) / on
        e_on[k] = np.sum(online / online.sum() * (sigma - 1) * pass_through * (1 - part))
    known.update(
        kept=kept, hosts=hosts, cost=cost, data_share=data_share, used=used, remote=remote,
        average_squared=squared, data_labour=data_labour, data_profit=data_profit,
        platform_labour=platform_labour, platform_profit=profit, owned=owned, shared=shared,
        earned=earned, away=away, income=income, spent=spent, online_share=online_share,
        wedge=wedge, group=group, firm=firm, markup=markup, factor=factor, bought=bought,
        net_revenue=revenue, operating=operating, attention=attention, affiliates=affiliates,
        experienced=experienced, e_on=e_on, labour_share=labour_share, own_inputs=own_inputs,
        commissions=commissions, own_goods=own_goods,
    )  # fmt: skip
    return known


def real_incomes(e, u, known):
    """V: income per head over the prices of what is really bought, and of land."""
    prices = np.prod(u["experienced"] ** e.consumption[:, None], axis=0)
    return known["income"] / u["population"] / (prices * u["rent"] ** e.housing)


def welfare(e, b, u):
    weight = e.home_weight / np.mean(e.home_weight)
    good = weight * (e.amenity * real_incomes(e, u, economy(e, b, u))) ** e.migration_elasticity
    return np.sum(good) ** (1 / e.migration_elasticity)


def rule(e, b, u, known, k):
    """1 - zeta of (lead, other) that the pricing rule asks for."""
    kappa, hosts, sales = b.marginal_cost[k], known["hosts"], u["sales"][k]
    s = known["online_share"][k]
    pi = u["pi"][k]
    if b.pricing == "given":
        return np.full(2, 1 - e.commission[k])
    if b.pricing == "average":
        invested = u["invested"][k, LEAD] + (b.number - 1) * u["invested"][k, OTHER]
        average = kappa + invested + b.number * b.fixed_cost[k] * hosts / sales
        return np.full(2, (1 - average) / (1 - pi))
    if b.pricing == "contestable":
        average = b.entrant_marginal_cost[k] + b.entrant_fixed_cost[k] * hosts / sales
        locked = b.network[k] * s * (1 - b.interoperability)
        return np.full(2, (1 - average) * np.exp(-locked))
    elasticity = perceived(b, k, u, s, known["e_on"][k])
    return (1 - kappa) * elasticity / ((1 + elasticity) * (1 - pi))


def equations(e, b, u):
    """Every equation by name as ln(left/right), or as a difference where a side may be zero."""
    known = economy(e, b, u)
    industries = len(e.sigma)
    hosts = known["hosts"]
    firms, revenue, people = u["firms"], u["revenue"], u["population"]
    scale = e.firm_scale[:, None, :]
    entry = known["operating"] / known["attention"][:, None, :]
    payroll = known["labour_share"][:, None, None] * known["own_inputs"]
    hosted = b.host * u["wage"] * (known["platform_labour"].sum() + known["data_labour"].sum())
    at_home = (payroll * (1 - known["remote"])).sum((0, 2)) + hosted
    attraction = e.home_weight * (e.amenity * real_incomes(e, u, known)) ** e.migration_elasticity
    rents = np.sum(u["rent"] * e.land)
    land = e.housing * known["income"]
    land = land + (e.land_share[:, None, None] * known["own_inputs"]).sum((0, 2))
    pooled = rents + e.pooled * known["owned"] + known["shared"]
    net, lead, invested, price = [], [], [], []
    for k in range(industries):
        net.append(u["net"][k] - np.log(rule(e, b, u, known, k)))
        value = appeal(b, k, u, known["online_share"][k])
        lead.append(u["lead"][k] - b.theta * (value[0] - value[-1]))
        x = shares(b, u["lead"][k])
        elasticity = perceived(b, k, u, known["online_share"][k], known["e_on"][k])
        margin = 1 - np.exp(u["net"][k]) - b.marginal_cost[k]
        margin = margin + np.exp(u["net"][k]) * u["pi"][k]
        gain = b.investment[k] * elasticity * margin * x[[0, -1]] * u["sales"][k] / hosts
        more = np.where(gain.real > b.investment_scale[k], gain - b.investment_scale[k], 0.0)
        invested.append(u["invested"][k] - more * hosts / u["sales"][k])
        asked = b.data_marginal_cost[k] * hosts
        if b.uses_data[k] and b.data_pricing == "average":
            asked = asked + b.data_fixed_cost[k] * hosts / known["used"][k]
        if b.uses_data[k] and b.data_pricing == "monopoly":
            own = known["average_squared"][k] / (u["data_price"][k] * known["used"][k])
            asked = asked * (1 + 1 / ((b.substitution - 1) * (1 - own)))
        price.append(np.log(u["data_price"][k] / asked))
    found = {
        "price index": np.log(known["group"].sum((1, 2))),
        "revenue": np.log(revenue / (known["net_revenue"] - known["affiliates"])),
        "free entry": np.log(entry / (firms * scale * known["cost"])),
        "labour": np.log(at_home / ((1 - known["away"]) * people * known["earned"])),
        "population": np.log(people / (attraction / attraction.sum())),
        "numeraire": np.log(np.sum(people * known["earned"])),
        "land": np.log(land / (u["rent"] * e.land)),
        "dividend": u["dividend"] * people.sum() - pooled,
        "experienced": np.log(u["experienced"] / known["experienced"]),
        "online sales": np.log(u["sales"] / known["bought"][:, :, ONLINE].sum((1, 2))),
        "affiliates": u["pi"]
        - known["affiliates"].sum((1, 2)) / known["net_revenue"][:, :, ONLINE].sum(1),
        "commission": np.array(net),
        "platform shares": np.array(lead),
        "investment": np.array(invested),
        "price of data": np.array(price),
    }
    if e.uses_remote_labour:
        found["remote labour"] = np.log(
            np.sum(payroll * known["remote"]) / np.sum(known["away"] * people * known["earned"])
        )
    return {name: np.atleast_1d(value).ravel() for name, value in found.items()}


def residual(e, b, u):
    """Largest violation of each equation, by name."""
    return {name: float(np.max(np.abs(value))) for name, value in equations(e, b, u).items()}


LINEAR = ("dividend", "pi", "net", "lead", "invested")  # solved for as they are, not in logs


def extend(e, u, commission=0.05, data_price=0.1):
    """Unknowns of the plain model, with those of the blocks where they start."""
    industries = len(e.sigma)
    kept = 1 - e.commission
    return {
        **u,
        "experienced": np.array(u["price_index"]),
        "sales": u["revenue"][:, :, ONLINE].sum(1) / kept,
        "pi": np.zeros(industries),
        "net": np.full((industries, 2), np.log(1 - commission)),
        "lead": np.zeros(industries),
        "invested": np.zeros((industries, 2)),
        "data_price": np.full(industries, data_price),
    }


def pack(u, names):
    return np.concatenate([np.ravel(u[n] if n in LINEAR else np.log(u[n])) for n in names])


def unpack(x, u, names):
    found, at = dict(u), 0
    for name in names:
        value = x[at : at + np.size(u[name])].reshape(np.shape(u[name]))
        found[name] = value if name in LINEAR else np.exp(value)
        at += value.size
    return found


def solved_for(e, u):
    return [n for n in u if n != "remote_wage" or e.uses_remote_labour]


def solve(e, b, guess, tolerance=2e-13, limit=200, report=None):
    """Newton's method on all equations at once, halving steps that do not bring them closer.

    One equation more than unknowns: by Walras' law least squares ends at zero all the same.
    """
    names = solved_for(e, guess)
    u, best = guess, np.inf

    def rows(x):
        return np.concatenate(list(equations(e, b, unpack(x, guess, names)).values()))

    def norm(x):
        with np.errstate(all="ignore"):
            try:
                return np.nan_to_num(np.linalg.norm(rows(x)), nan=np.inf)
            except (AssertionError, np.linalg.LinAlgError):
                return np.inf

    x, far = pack(u, names), np.inf
    for step in range(limit):
        value = rows(x)
        size = np.max(np.abs(value))
        if not np.isfinite(size):
            raise AssertionError("the reference left where equations are defined")
        if report:
            report(step, size)
        if size < tolerance or (size < 1e-11 and size >= best):
            return unpack(x, guess, names)
        best = min(best, size)
        if far > plain.CLOSE:
            table = plain.slopes(rows, x)
        move = np.linalg.lstsq(table, -value, rcond=None)[0]
        far = np.max(np.abs(move))
        length = min(1.0, 0.7 / far)
        while size > 1e-9 and length > 1e-6 and norm(x + length * move) >= np.linalg.norm(value):
            length /= 2
        x = x + length * move
    raise AssertionError(f"the reference did not converge: {size:.1e}")


def deviation(e, b, u, k, j, moved):
    """Share, sales and profit of platform j if it alone moves its t; brute force, damped.

    Firms, their costs and spending stay; buyers settle where they now buy, and how much online.
    """
    known = economy(e, b, u)
    sigma, tau, spent = e.sigma[k], plain.trade_costs(e)[k], known["spent"][k]
    theta = b.theta if b.number > 1 else 1.0
    t = all_platforms(b, u["net"][k])
    t[j] += moved
    invested = all_platforms(b, u["invested"][k]) * u["sales"][k] / known["hosts"]
    better = b.investment[k] * np.log(1 + invested / b.investment_scale[k])
    effective = b.awareness[k] * u["firms"][k] ** e.variety[k] * b.firms_per_mass[k]
    x, s = shares(b, u["lead"][k]), known["online_share"][k]
    index = np.array(u["price_index"][k])
    for _ in range(5000):
        reach = x + b.interoperability * (1 - x)
        pull = np.exp(theta * (t + b.network[k] * s * reach + better))
        kept = np.mean(pull) ** (1 / theta)
        price = known["cost"][k] / np.array([1.0, kept])
        for _ in range(50):
            alone = (price[:, :, None] * tau / index) ** (1 - sigma) / b.firms_per_mass[k]
            firm = firm_shares(b, k, sigma, alone)
            group = effective[:, :, None] * firm
            slope = (sigma - 1) * group / (1 + (sigma - 1) * markups(b, k, sigma, firm)[1])
            gap = np.log(group.sum((0, 1)))
            index = index * np.exp(-gap * group.sum((0, 1)) / slope.sum((0, 1)))
            if np.max(np.abs(gap)) < 1e-14:
                break
        sales = np.sum(group[:, ONLINE].sum(0) * spent)
        far = max(abs(sales / spent.sum() - s), np.max(np.abs(pull / pull.sum() - x)))
        s, x = 0.3 * s + 0.7 * sales / spent.sum(), 0.3 * x + 0.7 * pull / pull.sum()
        if far < 1e-14:
            margin = 1 - np.exp(t[j]) * (1 - u["pi"][k]) - b.marginal_cost[k]
            return x[j], sales, margin * x[j] * sales
    raise AssertionError("buyers did not settle")


# ---- when the whole equilibrium responds to a commission


def response(e, b, u, k):
    """d ln(sales/w-bar)/dt of industry k, its platforms' t moving alike: implicit functions."""
    names = solved_for(e, u)

    def rows(x):
        return np.concatenate(list(equations(e, b, unpack(x, u, names)).values()))

    moved = {name: np.zeros_like(value) for name, value in equations(e, b, u).items()}
    moved["commission"][2 * k : 2 * k + 2] = 1.0
    x = pack(u, names)
    change = np.linalg.lstsq(
        plain.slopes(rows, x), np.concatenate(list(moved.values())), rcond=None
    )
    along = unpack(x + 1j * 1e-30 * change[0], u, names)
    return np.log(along["sales"][k] / np.sum(b.host * along["wage"])).imag / 1e-30


def asked(e, b, u, k):
    """1 - zeta that a platform wants which knows how the whole economy responds."""
    s = economy(e, b, u)["online_share"][k]
    elasticity = response(e, b, u, k)
    if b.number > 1:
        index = b.network[k] * b.theta * s * (1 - b.interoperability) / b.number
        elasticity = b.theta * (1 - 1 / b.number) / (1 - index) + elasticity / b.number
    return (1 - b.marginal_cost[k]) * elasticity / ((1 + elasticity) * (1 - u["pi"][k]))


def solve_responding(e, b, guess, start, which=(0, 1), tolerance=1e-13):
    """Profit-maximising commissions against the response of the equilibrium, by secants in turn.

    `b` has pricing "given". Returns the economy with these commissions, and the unknowns.
    """
    zeta = np.array(start, float)
    u = solve(e.replace(commission=zeta), b, guess)

    def gap(k, value):
        nonlocal u
        zeta[k] = value
        u = solve(e.replace(commission=zeta), b, u)
        return 1 - value - asked(e.replace(commission=zeta), b, u, k)

    for _ in range(20):
        worst = 0.0
        for k in which:
            old = zeta[k]
            last, new = old, old + 1e-3
            at_last, at_new = gap(k, last), None
            for _ in range(60):
                at_new = gap(k, new)
                if abs(at_new) < tolerance or new == last or at_new == at_last:
                    break
                step = -at_new * (new - last) / (at_new - at_last)
                last, at_last, new = new, at_new, new + np.clip(step, -0.02, 0.02)
            worst = max(worst, abs(zeta[k] - old))
        if worst < 1e-12:
            return e.replace(commission=zeta), u
    raise AssertionError("commissions did not settle")


def outcome(e, b, u):
    """What tables of results show; (industry,) or numbers."""
    known = economy(e, b, u)
    x = np.array([shares(b, lead)[0] for lead in u["lead"]])
    paid = u["revenue"].sum((1, 2))
    price = known["cost"] / np.exp(np.stack([0 * known["wedge"], known["wedge"]], 1))[:, None]
    price = np.log(price[..., None] * plain.trade_costs(e) * known["markup"])

    def spread(values):  # standard deviation over the sellers of a place, weighted by sales
        mean = (known["group"] * values).sum((1, 2))
        return np.sqrt((known["group"] * values**2).sum((1, 2)) - mean**2)

    found = {
        "welfare": welfare(e, b, u),
        "commission": 1 - known["kept"][:, ONLINE],
        "lead_commission": 1 - np.exp(u["net"][:, LEAD]),
        "other_commission": 1 - np.exp(u["net"][:, OTHER]),
        "lead_share": x,
        "online_share": u["revenue"][:, :, ONLINE].sum(1) / paid,
        "online_spending": known["online_share"],
        "online_sales": u["sales"],
        "platform_profit": known["platform_profit"],
        "investment": u["invested"] @ [1, b.number - 1] * u["sales"] / known["hosts"],
        "cost_in_city": u["revenue"][:, 0].sum(1) / paid,
        "people_in_city": u["population"][0],
        "dividend": u["dividend"],
        "markup": (e.sigma / (e.sigma - 1))[:, None]
        / (known["group"] / known["markup"]).sum((1, 2)),
        "markup_spread": spread(np.log(known["markup"])),
        "price_spread": spread(price),
        "effective_competitors": 1 / (known["group"] * known["firm"]).sum((1, 2)),
        "data_price": u["data_price"],
        "data_use": known["used"],
        "data_profit": known["data_profit"],
        "participants": u["firms"][:, :, ONLINE].sum(1),
        "firms": u["firms"].sum((1, 2)),
    }
    return {name: np.asarray(value) for name, value in found.items()}
