"""Sunk cost, posted prices and buyers online, slow and obvious: a second method (lock_in.md).

Levels, scalar loops, and every pair of a seller and a buyer written out: nothing is shared with the
package, nor with ``reference_agglomeration``. Sellers (k, p, c) of industry k in place p sell
through channel c; buyers (q, e) in place q buy through channel e. Run as a script it solves for
states by Newton's method with complex steps, from a guess off the answer, and prints both.
"""

import itertools

import numpy as np

OFF, ON = 0, 1


class Economy:
    """Parameters as plain arrays; `model` has those of the economy, keywords the rest."""

    def __init__(self, model, both=(0.0, 0.0), households=0.0, sunk=(0.0, 0.0), **more):
        names = "sigma variety consumption inputs land_share productivity land amenity spillover"
        names += " spillover_decay online_spillover transport_cost search_cost digitisability"
        for name in (names + " digital_cost commission firm_scale home_weight").split():
            setattr(self, name, np.asarray(getattr(model, name), dtype=float))
        self.distance = np.asarray(model.geography.distance, dtype=float)
        self.housing, self.epsilon = model.housing, model.migration_elasticity
        self.both, self.households, self.sunk = both, households, sunk
        self.posted = more.get("posted", tuple(self.commission))
        self.pass_through = more.get("pass_through", 1.0)
        self.before = more.get("before")  # firms (k, p, c), or none


def trade_cost(e, k, c, buyer, p, q):
    """Iceberg from p to q by the seller's channel c and the buyer's."""
    d = e.distance[p, q]
    if c == OFF:
        return np.exp((e.transport_cost[k] + e.search_cost[k]) * d)
    digital = e.digital_cost[k] ** (1.0 - e.both[k] if buyer == ON else 1.0)
    return digital * np.exp((1.0 - e.digitisability[k]) * e.transport_cost[k] * d)


def equations(e, u):
    """Return what is zero in an equilibrium, given its past, equation by equation.

    `u` has n, R (k, p, c), G (k, p) of buyers offline, relative (k, p), w, h, L (p), D. Also D
    less what land and platforms earn, which Walras' law has be zero.
    """
    n, R, G, w, h, L, D = (u[name] for name in ["n", "R", "G", "w", "h", "L", "D"])
    K, P = G.shape
    kind = np.result_type(n, R, G, w, h, L, D, float)
    cost, asked = np.zeros((K, P, 2), kind), np.zeros((K, P, 2), kind)
    income = L * (w + D)
    index = np.zeros((K, 2, P), kind)  # by buyer's channel
    spent = np.zeros((K, 2, P), kind)
    found = []
    # what buyers of each kind spend
    for k, buyer, q in itertools.product(range(K), (OFF, ON), range(P)):
        part = e.households if buyer == ON else 1.0 - e.households
        spent[k, buyer, q] = part * e.consumption[k] * income[q]
        for j in range(K):
            spent[k, buyer, q] += e.inputs[k, j] * R[j, q, buyer]
    relative = u["relative"]  # price index of buyers online, over that of those offline
    for k, p in itertools.product(range(K), range(P)):
        index[k, OFF, p] = G[k, p]
        index[k, ON, p] = G[k, p] * relative[k, p]
    for k, p, c in itertools.product(range(K), range(P), (OFF, ON)):
        near = sum(
            np.exp(-e.spillover_decay[k] * e.distance[p, q]) * (n[k, q, OFF] + n[k, q, ON])
            for q in range(P)
        )
        if c == ON:
            near = near + e.online_spillover[k] * sum(n[k, q, ON] for q in range(P))
        labour = 1.0 - sum(e.inputs[:, k]) - e.land_share[k]
        made = w[p] ** labour * h[p] ** e.land_share[k]
        for j in range(K):
            made = made * index[j, c, p] ** e.inputs[j, k]
        cost[k, p, c] = made / (e.productivity[k, p] * near ** e.spillover[k])
        allowed = 1.0
        if c == ON:
            allowed = (1.0 - e.posted[k]) ** (1.0 - e.pass_through)
            allowed *= (1.0 - e.commission[k]) ** e.pass_through
        asked[k, p, c] = cost[k, p, c] / allowed
    # price indices of both kinds of buyers
    for k, buyer, q in itertools.product(range(K), (OFF, ON), range(P)):
        total = 0.0
        for p, c in itertools.product(range(P), (OFF, ON)):
            price = asked[k, p, c] * trade_cost(e, k, c, buyer, p, q)
            total = total + n[k, p, c] ** e.variety[k] * price ** (1.0 - e.sigma[k])
        found.append(np.log(total ** (1.0 / (1.0 - e.sigma[k])) / index[k, buyer, q]))
    # sales, buyer by buyer; revenue; entry and exit
    commission = 0.0
    for k, p, c in itertools.product(range(K), range(P), (OFF, ON)):
        sales = 0.0
        for q, buyer in itertools.product(range(P), (OFF, ON)):
            price = asked[k, p, c] * trade_cost(e, k, c, buyer, p, q)
            share = n[k, p, c] ** e.variety[k] * (price / index[k, buyer, q]) ** (1.0 - e.sigma[k])
            sales = sales + share * spent[k, buyer, q]
        zeta = e.commission[k] if c == ON else 0.0
        commission = commission + zeta * sales
        found.append(np.log((1.0 - zeta) * sales / R[k, p, c]))
        # sigma times what variable cost leaves of a sale, which pays for n f c
        variable = (e.sigma[k] - 1.0) * cost[k, p, c] / asked[k, p, c] * sales
        profit = e.sigma[k] * (1.0 - zeta) * sales - variable
        g = np.log(profit / (n[k, p, c] * e.firm_scale[k, c] * cost[k, p, c]))
        least = np.log(1.0 - e.sunk[k])
        if e.before is None or e.sunk[k] == 0.0:
            found.append(g)
            continue
        z = np.log(n[k, p, c] / e.before[k, p, c])
        enter = z + g if (z + g).real > 0.0 else 0.0
        leave = z + g - least if (z + g - least).real < 0.0 else 0.0
        found.append(enter + leave - z)
    # labour, land, people; and who shares what land and platforms earn
    worth, rents = [], 0.0
    for p in range(P):
        hired, ground = 0.0, e.housing * income[p]
        for k, c in itertools.product(range(K), (OFF, ON)):
            hired = hired + (1.0 - sum(e.inputs[:, k]) - e.land_share[k]) * R[k, p, c]
            ground = ground + e.land_share[k] * R[k, p, c]
        found.append(np.log(hired / (L[p] * w[p])))
        found.append(np.log(ground / (h[p] * e.land[p])))
        rents = rents + ground
        level = h[p] ** e.housing
        for k in range(K):
            mean = index[k, OFF, p] ** (1.0 - e.households) * index[k, ON, p] ** e.households
            level = level * mean ** e.consumption[k]
        worth.append(e.home_weight[p] * (e.amenity[p] * (w[p] + D) / level) ** e.epsilon)
    found += [np.log(worth[p] / sum(worth) / L[p]) for p in range(P)]
    found.append(sum(w[p] * L[p] for p in range(P)) - 1.0)
    return np.array(found), D - (rents + commission)


def of_data(data):
    """Return the unknowns of an equilibrium that nege found."""
    data = data.transpose("industry", "place", "channel", ...)
    relative = np.ones(data["price_index"].shape)
    if "buyer_online.relative_price" in data:
        relative = data["buyer_online.relative_price"].values
    names = {"n": "firm_mass", "R": "total_cost", "G": "price_index", "w": "wage"}
    names |= {"h": "rent", "L": "population"}
    found = {name: data[variable].values.copy() for name, variable in names.items()}
    return {**found, "relative": relative, "D": float(data["dividend"])}


def violation(e, data):
    """Return the largest violation of an equation at an equilibrium that nege found."""
    found, walras = equations(e, of_data(data))
    return max(float(np.abs(found).max()), abs(float(walras)))


NAMES = ("n", "R", "G", "relative", "w", "h", "L")  # of unknowns that are in logs; D is not


def packed(u):
    """Return the unknowns in a row."""
    return np.append(np.concatenate([np.log(u[name]).ravel() for name in NAMES]), u["D"])


def unpacked(x, like):
    """Return them by name, shaped as others."""
    made, at = {"D": x[-1]}, 0
    for name in NAMES:
        shape = np.shape(like[name])
        made[name] = np.exp(x[at : at + int(np.prod(shape))]).reshape(shape)
        at += int(np.prod(shape))
    return made


def jacobian(e, x, like):
    """Return the slopes of all equations by all unknowns, by complex steps."""
    slopes = np.empty((x.size, x.size))
    for j in range(x.size):
        moved = x.astype(complex)
        moved[j] += 1e-30j
        slopes[:, j] = equations(e, unpacked(moved, like))[0].imag / 1e-30
    return slopes


def solve(e, u, steps=60):
    """Return an equilibrium near a guess, by Newton's method in logs, with complex steps."""
    x = packed(u)
    for _ in range(steps):
        excess = equations(e, unpacked(x, u))[0]
        if np.abs(excess).max() < 1e-13:
            break
        step = np.linalg.solve(jacobian(e, x, u), -excess)
        x = x + step * min(1.0, 0.5 / np.abs(step).max())
    return unpacked(x, u), float(np.abs(equations(e, unpacked(x, u))[0]).max())


def revenue_response(e, u, moved):
    """Return by how much R (k, p, c) moves, as a second economy's imaginary parts do."""
    x = packed(u)
    drift = equations(moved, u)[0].imag
    by = np.linalg.solve(jacobian(e, x, u), -drift)
    return unpacked(x + 1e-30j * by, u)["R"].imag / 1e-30
