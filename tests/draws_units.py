"""The same random economies, with mechanisms and taxes, with every table in another unit.

Firms by industry, productivity, all land, amenities and homes get units at random; what follows
for cost c, price indices G and the fixed scale f is in ``nege/models/agglomeration/units.py``:

    dc = b dh + alpha' dG - dA - gamma dn,  dG = dc - variety/(sigma - 1) dn,  df = -dn - dc

and what mechanisms count in firms, costs or prices goes with it. All of them for
``python -m benchmarks verify``; the suite takes a part.
"""

import numpy as np
from draws_mechanisms import COUNT as COUNT
from draws_mechanisms import draw

import nege
from nege.models.agglomeration.equations import evaluate

DECADES = 4.0  # each way


def other_units(model, seed):
    """Return the economy in units at random, and logs of what they make of h, G and n."""
    rng = np.random.default_rng([2026, 30, seed])
    k = len(model.industries)

    def unit(*shape):
        return np.log(10.0) * rng.uniform(-DECADES, DECADES, shape)

    land, able, firms, amenity, home, site = unit(), unit(k), unit(k), unit(), unit(), unit()
    if (model.diversity.values > 0.0).any():  # firms of all industries are counted together
        firms[:] = firms[0]
    sigma, variety, gamma = (vars(model)[x].values for x in ("sigma", "variety", "spillover"))
    beta, alpha = variety / (sigma - 1.0), model.inputs.values.T
    given = -model.land_share.values * land - able - gamma * firms - alpha @ (beta * firms)
    for one in model.mechanisms.values():
        if one.kind == "site_bound":
            given = given - one.share * site * np.array([x == one.bound for x in model.industries])
    cost = np.linalg.solve(np.eye(k) - alpha, given)
    index, scale = cost - beta * firms, -firms - cost
    own = []
    for one in model.mechanisms.values():
        changes = {
            "site_bound": {"stock": site},
            "access": {"entry_cost": scale[:, None, None]},
            "dual_mode": {"scale": scale[:, None]},
            "sunk": {"before": firms[:, None, None]},
            "oligopoly": {"firms_per_mass": -variety * firms},
            "sourcing": {"penalty": index[:, None]},
            "data_economy": {"scale": firms},
        }.get(one.kind, {})
        if one.kind == "data_economy":
            changes["weight"] = (1.0 - one.substitution) * cost[:, None]
        own.append(one.replace(**{x: vars(one)[x] * np.exp(by) for x, by in changes.items()}))
    same = model.replace(
        land=model.land * np.exp(land),
        productivity=model.productivity * np.exp(able)[:, None],
        firm_scale=model.firm_scale * np.exp(scale)[:, None],
        amenity=model.amenity * np.exp(amenity),
        home_weight=model.home_weight * np.exp(home),
        mechanisms=own,
    )
    return same, (-land, index, firms)


def check_start(seed):
    """Markets start from the same point, as far from clearing."""
    model = draw(seed)
    there, (rent, index, firms) = other_units(model, seed)
    at, excess = [], []
    for one in (model, there):
        at.append(one._usual_start())
        excess.append(np.empty_like(at[-1]))
        evaluate(one.arrays, at[-1], excess[-1])
    order = there._unknowns
    rows, k = order.rows(at[1]), len(index)
    rows[:, order.to.rent] -= rent
    rows[:, order.to.price_index : order.to.price_index + k] -= index
    order.firms(at[1])[:] -= firms[:, None]
    own = slice(order.to.own, order.to.wage)  # whose units the equations below are about
    rows[:, own] = order.rows(at[0])[:, own]
    np.testing.assert_allclose(at[1], at[0], rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(excess[1], excess[0], rtol=1e-8, atol=1e-8)


def check(seed):
    """Firms and people come to rest in the same shares."""
    check_start(seed)
    model = draw(seed)
    here, there = (nege.solve(one).data for one in (model, other_units(model, seed)[0]))
    for name in ("population", "total_cost", "wage", "income"):
        np.testing.assert_allclose(there[name], here[name], rtol=1e-8, atol=1e-8, err_msg=name)
