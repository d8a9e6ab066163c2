"""Two kinds of workers beside all else, slow and obvious: a second method (policy.md 1, 7, 8.4, 9).

Levels, and every pair of a seller and a buyer written out; skilled and unskilled people stand each
for themselves, with a wage and a migration of their own, instead of the odds of being skilled.
Industries k, l; places p, q; channels c: 0 offline, 1 online; jurisdictions g that nobody leaves.
"""

import itertools

import numpy as np

OFF, ON = 0, 1


def power_mean(weights, prices, elasticity):
    """Return the price index of what substitutes at an elasticity other than one."""
    power = 1.0 - elasticity
    return sum(w * x**power for w, x in zip(weights, prices, strict=True)) ** (1.0 / power)


def violation(found, *, skilled, skill, site, penalty, eta, group, till, public, hosting):
    """Return the largest violation of an equation at an equilibrium that nege found.

    Parameters
    ----------
    found : Equilibrium
        With land that jurisdictions own, and platforms that are everybody's.
    skilled, skill : float, (K,) array
        Share of people, and of an industry's labour cost.
    site : (int, float, (P,) array)
        The industry that is bound to land of its own, the share of that in cost, and the stock.
    penalty, eta : (K, K) array, float
        Of making an input instead of buying it; infinity where that cannot be.
    group : (P,) array
        The jurisdiction of a place.
    till : (K, 2) array
        Rates that households pay.
    public : (float, float)
        Worth and rivalry of what is collected.
    hosting : float
        Labour of hosts per unit of sales online.
    """
    e, data = found.model, found.data.transpose("worker", "industry", "place", "channel", ...)
    K, P = len(e.industries), len(e.geography)
    n, R, G = (data[name].values for name in ("firm_mass", "total_cost", "price_index"))
    w, h, L, D = (data[name].values for name in ("wage", "rent", "population", "dividend"))
    wu, w0 = data["workers.unskilled_wage"].values, float(data.remote_wage)
    odds, hs = data["workers.odds"].values, data[f"{e.industries[site[0]]}.site_rent"].values
    people = {"skilled": L * odds / (1.0 + odds), "unskilled": L / (1.0 + odds)}
    alpha, land_share, mu = e.inputs.values, e.land_share.values, e.consumption.values
    sigma, phi, zeta = e.sigma.values, e.variety.values, e.commission.values
    distance = e.geography.distance.values
    off = []  # what is zero

    # what people earn
    nu, kappa = e.remote_elasticity, e.remote_friction
    what = (w**nu + (w0 / kappa) ** nu) ** (1.0 / nu)
    away = (w0 / kappa / what) ** nu
    pay = {"skilled": what, "unskilled": wu}

    # costs, and who makes what himself
    cost, bought = np.zeros((K, P, 2)), np.ones((K, K, P, 2))  # input, user
    far, labour = np.zeros((K, P, 2)), np.zeros((K, P, 2))
    for k, p, c in itertools.product(range(K), range(P), (OFF, ON)):
        remote, s = (e.remote_labour_share.values[k] if c == ON else 0.0), e.remote_substitution
        hour = power_mean([1.0 - remote, remote], [w[p], w0], s)
        far[k, p, c] = remote * (w0 / hour) ** (1.0 - s)
        hour = hour ** skill[k] * wu[p] ** (1.0 - skill[k])
        share = 1.0 - alpha[:, k].sum() - land_share[k] - (site[1] if k == site[0] else 0.0)
        unit = hour**share * h[p] ** land_share[k]
        if k == site[0]:
            unit *= hs[p] ** site[1]
        spent_on_labour = share
        for j in range(K):
            ways = G[j, p] ** -eta, (penalty[j, k] * hour) ** -eta
            bought[j, k, p, c] = ways[0] / sum(ways)
            unit *= sum(ways) ** (-alpha[j, k] / eta)
            spent_on_labour += alpha[j, k] * (1.0 - bought[j, k, p, c])
        near = np.exp(-e.spillover_decay.values[k] * distance[p])
        heard = near @ n[k].sum(1)
        heard += e.online_spillover.values[k] * n[k, :, ON].sum() if c == ON else 0.0
        cost[k, p, c] = unit / (e.productivity.values[k, p] * heard ** e.spillover.values[k])
        labour[k, p, c] = spent_on_labour * R[k, p, c]

    # households' prices, taxes, and spending
    def price(k, p, c, q):
        d = distance[p, q]
        melts = (e.transport_cost.values[k] + e.search_cost.values[k]) * d
        if c == ON:
            melts = (1.0 - e.digitisability.values[k]) * e.transport_cost.values[k] * d
            melts += np.log(e.digital_cost.values[k])
        return cost[k, p, c] / (1.0 - (zeta[k] if c == ON else 0.0)) * np.exp(melts)

    weight, index = np.zeros((2, K, P, 2, P)), np.zeros((2, K, P))  # buyers: households, firms
    for k, p, c, q in itertools.product(range(K), range(P), (OFF, ON), range(P)):
        for b, paid in enumerate((1.0 + till[k, c], 1.0)):
            weight[b, k, p, c, q] = n[k, p, c] ** phi[k] * (price(k, p, c, q) * paid) ** (
                1.0 - sigma[k]
            )
    for b, k, q in itertools.product(range(2), range(K), range(P)):
        index[b, k, q] = weight[b, k, :, :, q].sum() ** (1.0 / (1.0 - sigma[k]))
    off.append(index[1] / G - 1.0)
    ground = h * e.land.values + hs * site[2]  # land of the site is whose other land is
    rents = np.array([ground[group == g].sum() for g in range(group.max() + 1)])
    residents = np.array([L[group == g].sum() for g in range(group.max() + 1)])
    private = sum(people[who] * pay[who] for who in people) + L * D + L * (rents / residents)[group]
    off.append(private / data.income.values - 1.0)
    collected = data.revenue.sel(wedge="till").values
    money = L * (collected / residents)[group]
    spending = private + money

    # sales pair by pair: revenue of firms, of governments and platforms
    taxes, sold, receipts = np.zeros(P), np.zeros(K), np.zeros((K, P, 2))
    for k, p, c, q in itertools.product(range(K), range(P), (OFF, ON), range(P)):
        by_firms = sum((alpha[k, j] * bought[k, j, q] * R[j, q]).sum() for j in range(K))
        theirs = weight[0, k, p, c, q] / index[0, k, q] ** (1.0 - sigma[k]) * mu[k] * spending[q]
        taxes[q] += theirs * till[k, c] / (1.0 + till[k, c])
        sales = theirs / (1.0 + till[k, c])
        sales += weight[1, k, p, c, q] / index[1, k, q] ** (1.0 - sigma[k]) * by_firms
        sold[k] += sales if c == ON else 0.0
        receipts[k, p, c] += sales * (1.0 - (zeta[k] if c == ON else 0.0))
    off.append(receipts / R - 1.0)
    off.append(np.bincount(group, taxes) - collected)
    off.append(np.log(R / (n * e.firm_scale.values[:, None] * cost)))

    # labour of both kinds, land, the site; what nobody owns is everybody's
    hours = hosting * sold.sum() / w.mean()  # hosts are everywhere alike
    used = (skill[:, None, None] * labour * (1.0 - far)).sum((0, 2)) + hours * w / P
    off.append(used / ((1.0 - away) * people["skilled"] * what) - 1.0)
    used = (skill[:, None, None] * labour * far).sum()
    off.append(used / (away * people["skilled"] * what).sum() - 1.0)
    used = ((1.0 - skill)[:, None, None] * labour).sum((0, 2))
    off.append(used / (people["unskilled"] * wu) - 1.0)
    ground = e.housing * spending + (land_share[:, None, None] * R).sum((0, 2))
    off.append(ground / (h * e.land.values) - 1.0)
    off.append(site[1] * R[site[0]].sum(-1) / (hs * site[2]) - 1.0)
    off.append(D * L.sum() - (zeta * sold).sum() + hours * w.mean())
    off.append(sum((people[who] * pay[who]).sum() for who in people) - 1.0)

    # each kind of people by itself
    living = h**e.housing * np.prod(index[0] ** mu[:, None], axis=0)
    home, stay = e.home_weight.values, {"skilled": skilled, "unskilled": 1.0 - skilled}
    for i, who in enumerate(people):
        has = pay[who] + D + (rents / residents)[group] + public[0] * money * L ** -public[1]
        real = e.amenity.values * has / living
        off.append(data.real_income.values[i] / real - 1.0)
        good = home * real**e.migration_elasticity
        for g in range(group.max() + 1):
            here = group == g
            count = stay[who] * home[here].sum() / home.sum()
            off.append(count * good[here] / good[here].sum() / people[who][here] - 1.0)
    return max(float(np.abs(one).max()) for one in off)
