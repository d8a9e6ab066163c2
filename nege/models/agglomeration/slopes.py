"""Derivatives of the online-agglomeration system, exact; symbols as in ``equations``.

``tangent`` differentiates every equation along one direction of the unknowns; the Jacobian is
that along unit vectors. With `own`, places do not meet: sums over places keep the place's
own part, so that one direction serves all places at once and says what a change in a place
does to the place itself, which is all that a preconditioner needs.
"""

import numpy as np

from nege.kernels.jit import kernel
from nege.models.agglomeration.equations import (
    COMMISSION,
    EARNED,
    OFFLINE,
    ONLINE,
    PEOPLE,
    REMOTE_SOLD,
    REMOTE_USED,
    RENT,
    WAGE,
    by_place,
    dividend,
    gather,
    heard,
    remote,
    scatter,
    uses_land,
)


@kernel
def _supply(p, at, dx, own, out, moved):
    """Write d supply to `moved`; leave d ln supply in `out` by industry, channel and place."""
    d = by_place(p, dx)
    industries, places = at.price.shape
    far_wage, wage = dx[remote(dx)], 4 * industries + WAGE
    mass = np.zeros(at.mass.shape)
    if p.spillover.any() or p.diversity.any():
        for k in range(industries):
            for c in range(2):
                for q in range(places):
                    moved[k, c, q] = at.firms[k, c, q] * d[q, 2 * k + c]
        heard(p, moved, own, mass)
        for k in range(industries):
            for c in range(2):
                for q in range(places):
                    if at.mass[k, c, q] > 0.0:
                        mass[k, c, q] /= at.mass[k, c, q]
    for k in range(industries):
        for q in range(places):
            inputs = p.land_share[k] * d[q, wage + RENT] + p.labour_share[k] * d[q, wage]
            for j in range(industries):
                inputs += p.inputs[j, k] * d[q, 2 * industries + j]
            for c in range(2):
                cost = inputs - p.spillover[k] * mass[k, c, q]
                if c == ONLINE:
                    cost += p.labour_share[k] * at.far[k, q] * (far_wage - d[q, wage])
                for j in range(industries):
                    cost -= p.diversity[k] * at.mix[j, c, q] * mass[j, c, q]
                out[k, c, q] = p.variety[k] * d[q, 2 * k + c] + (1.0 - p.sigma[k]) * cost
                moved[k, c, q] = at.supply[k, c, q] * out[k, c, q]


@kernel
def _trade(p, at, dx, own, growth, moved, out):
    """Complete `growth` to d ln R, and write the rows of firms and prices."""
    d, rows = by_place(p, dx), by_place(p, out)
    industries, places = at.price.shape
    price, spent, access = np.empty(places), np.empty(places), np.empty(places)
    for k in range(industries):
        for q in range(places):
            price[q] = 0.0
        for c in range(2):
            scatter(p.operator.freeness[k, c], moved[k, c], own, price)
        for q in range(places):
            log_index = d[q, 2 * industries + k]
            rows[q, 2 * industries + k] = price[q] / at.price[k, q] / (1.0 - p.sigma[k]) - log_index
            spent[q] = d[q, 3 * industries + k] + (p.sigma[k] - 1.0) * log_index
            spent[q] *= at.spent[k, q]
        for c in range(2):
            for q in range(places):
                access[q] = 0.0
            gather(p.operator.freeness[k, c], spent, own, access)
            for q in range(places):
                # ln R - ln(n f c) = ... + (1 - sigma) ln c - ln c: one more c than in supply
                log_firms = p.variety[k] * d[q, 2 * k + c]
                cost = (growth[k, c, q] - log_firms) / (1.0 - p.sigma[k])
                growth[k, c, q] += access[q] / at.access[k, c, q]
                rows[q, 2 * k + c] = growth[k, c, q] - d[q, 2 * k + c] - cost


@kernel
def _income(p, x, at, dx, own, growth, parts, income):
    """Write d income, and what each place adds to the change of the economy's totals."""
    d, rows = by_place(p, dx), by_place(p, x)
    industries, places = at.price.shape
    wage, total = 4 * industries + WAGE, 0.0
    for q in range(places):
        gap = dx[remote(dx)] - d[q, wage]
        earned = d[q, wage + PEOPLE] + d[q, wage] + at.away[q] * gap
        sold = earned + (1.0 - at.away[q]) * p.elasticity * gap
        parts[EARNED, q] = at.earned[q] * earned
        parts[REMOTE_SOLD, q] = at.away[q] * at.earned[q] * sold
        parts[REMOTE_USED, q] = parts[COMMISSION, q] = 0.0
        for k in range(industries):
            gain = at.revenue[k, ONLINE, q] * growth[k, ONLINE, q]
            parts[COMMISSION, q] += np.expm1(-p.log_net[k, ONLINE]) * gain
            used = (
                gain
                + at.revenue[k, ONLINE, q] * (1.0 - at.far[k, q]) * (1.0 - p.substitution) * gap
            )
            parts[REMOTE_USED, q] += p.labour_share[k] * at.far[k, q] * used
        total += parts[COMMISSION, q]
        people = np.exp(rows[q, wage + PEOPLE])
        income[q] = people * (x[dividend(x)] * d[q, wage + PEOPLE] + dx[dividend(dx)])
        income[q] += parts[EARNED, q]
    for q in range(places):
        rebate = parts[COMMISSION, q] if own else total
        income[q] += (1.0 - p.pooled) * p.owner[q] * rebate


@kernel
def _markets(p, at, dx, growth, parts, income, out, attraction):
    """Write the rows that hold inside places, and eps d ln V."""
    d, rows = by_place(p, dx), by_place(p, out)
    industries, places = at.price.shape
    wage = 4 * industries + WAGE
    for q in range(places):
        used, land = -parts[REMOTE_USED, q], p.housing * income[q]
        real = income[q] / at.income[q] - d[q, wage + PEOPLE] - p.housing * d[q, wage + RENT]
        for k in range(industries):
            real -= p.consumption[k] * d[q, 2 * industries + k]
            revenue = at.revenue[k, OFFLINE, q] * growth[k, OFFLINE, q]
            revenue += at.revenue[k, ONLINE, q] * growth[k, ONLINE, q]
            used += p.labour_share[k] * revenue
            land += p.land_share[k] * revenue
            demand = p.consumption[k] * income[q]
            for j in range(industries):
                for c in range(2):
                    demand += p.inputs[k, j] * at.revenue[j, c, q] * growth[j, c, q]
            rows[q, 3 * industries + k] = demand / at.demand[k, q] - d[q, 3 * industries + k]
        gap = dx[remote(dx)] - d[q, wage]
        stay = at.away[q] * (1.0 - p.elasticity) * gap  # d ln of (1 - pi) What, less d ln w
        rows[q, wage] = used / at.used[q] - d[q, wage] - d[q, wage + PEOPLE] - stay
        rows[q, wage + RENT] = 0.0
        if uses_land(p):
            rows[q, wage + RENT] = land / at.land[q] - d[q, wage + RENT]
        attraction[q] = p.migration * real


@kernel
def tangent(p, x, at, dx, own, parts, out):
    """Write the change of every equation along dx, and of each place's part of the totals."""
    industries, places = at.price.shape
    moved, growth = np.empty(at.firms.shape), np.empty(at.firms.shape)
    income, attraction = np.empty(places), np.empty(places)
    _supply(p, at, dx, own, growth, moved)
    _trade(p, at, dx, own, growth, moved, out)
    _income(p, x, at, dx, own, growth, parts, income)
    _markets(p, at, dx, growth, parts, income, out, attraction)
    d, rows, people = by_place(p, dx), by_place(p, out), 4 * industries + PEOPLE
    common = earned = used = sold = 0.0
    for q in range(places):
        common += at.target[q] * attraction[q]
        earned += parts[EARNED, q]
        used += parts[REMOTE_USED, q]
        sold += parts[REMOTE_SOLD, q]
    for q in range(places):
        rest = at.target[q] * attraction[q] if own else common
        rows[q, people] = attraction[q] - rest - d[q, people]
    out[remote(out)] = 0.0
    if p.remote_share.any():
        out[remote(out)] = used / at.totals[REMOTE_USED] - sold / at.totals[REMOTE_SOLD]
    out[dividend(out)] = earned / at.totals[EARNED]


@kernel
def tangents(p, x, at, directions, own, parts, out):
    """Write what ``tangent`` does for each row of directions.

    Parameters
    ----------
    directions, out : (M, N) arrays
        Changes of the unknowns, and of the equations. Along unit vectors, `out` is the
        transposed Jacobian.
    own : bool
        Whether places do not meet.
    parts : (M, 4, P) array
        Each place's part of the economy's totals.
    """
    for i in range(directions.shape[0]):
        tangent(p, x, at, directions[i], own, parts[i], out[i])
