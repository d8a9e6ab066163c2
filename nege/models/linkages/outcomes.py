"""Vertical linkages: the variables of a solved economy, and the check of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from nege.kernels.equations import Economy, payoff_at
from nege.kernels.jit import kernel
from nege.models import ces
from nege.models.linkages.equations import FARM, LOG_WAGE, labour
from nege.models.solutions import flat, rows


@kernel
def _labour_of(p, shares, states, wage, industry, farms):
    """Write wages and labour of many distributions."""
    at = np.empty((2, shares.shape[1]))
    for row in range(shares.shape[0]):
        payroll = labour(p, shares[row], states[row], at)
        for r in range(shares.shape[1]):
            wage[row, r] = np.exp(at[LOG_WAGE, r])
            industry[row, r] = shares[row, r] * payroll / wage[row, r]
            farms[row, r] = at[FARM, r] / wage[row, r]


@kernel
def _payoffs_of(economy, shares, states, spending, log_payoff):
    work = np.empty((4, shares.shape[1]))
    for row in range(shares.shape[0]):
        payoff_at(economy, shares[row], states[row], work, log_payoff[row])
        spending[row] = work[1]


def outcome(
    economy: Economy, p: Any, share: np.ndarray, state: np.ndarray
) -> dict[str, np.ndarray]:
    """Return every variable of an economy, whose parameters are p by name.

    `share` and `state` may have dimensions in front.
    """
    shares, states = flat(share, state)
    wage, industry, farms, spending, log_payoff = (np.empty_like(shares) for _ in range(5))
    for some in rows(*shares.shape):
        _labour_of(p, shares[some], states[some], wage[some], industry[some], farms[some])
        _payoffs_of(economy, shares[some], states[some], spending[some], log_payoff[some])
    income = (spending - p.inputs / (1.0 - p.inputs) * industry * wage) / p.mu
    amenity = np.exp(p.log_amenity)
    with np.errstate(over="ignore"):  # next to sigma = 1 prices have no bounds
        price_index = np.exp(states / (1.0 - p.sigma))
    population, living = industry + farms, price_index**-p.mu
    earned = wage * population
    welfare = np.sum((earned * (amenity - 1.0) + income) * living, axis=-1)
    tables = {
        "employment": industry,
        "population": population,
        "wage": wage,
        "price_index": price_index,
        "income": income,
        "profitability": np.exp(log_payoff),
        "real_wage": amenity * wage * living,
    }
    return {
        "share": share,
        **{name: table.reshape(share.shape) for name, table in tables.items()},
        "welfare": welfare.reshape(share.shape[:-1]),
    }


def audit(model: Any, data: xr.Dataset) -> dict[str, float]:
    """Recompute every equation from stored variables; the relative violation of each by name.

    Written in plain NumPy from the equations at the top of ``linkages.model``, apart from
    the kernels.
    """
    share, industry, people, wage, prices, income, profit, real = (
        data[name].values for name in list(model.variables)[:-1]
    )
    cost, land, commission, amenity = model.tables()
    sigma, a, theta = model.sigma, model.inputs, model.agriculture
    farms, net, free = people - industry, 1.0 - commission, cost ** (1.0 - sigma)
    payroll, price = industry * wage, wage ** (1.0 - a) * prices**a
    levied = payroll * commission / net / (1.0 - a)
    spending = model.mu * income + a / (1.0 - a) * payroll
    supply = payroll * price**-sigma * net ** (sigma - 1.0)
    access = free @ (prices ** (sigma - 1.0) * spending)
    sides = {
        "share of payroll": (share * payroll.sum(), payroll),
        "price index": (prices, (supply @ free) ** (1.0 / (1.0 - sigma))),
        "income": (income, payroll + wage * farms / theta + land * levied.sum()),
        "profitability": (profit, (1.0 - a) * net**sigma * price**-sigma * access),
        "real wage": (real, amenity * wage * prices**-model.mu),
        "welfare": (
            data["welfare"].values,
            np.sum((wage * people * (amenity - 1.0) + income) * prices**-model.mu),
        ),
        "spending": (
            np.atleast_1d(spending.sum()),
            np.atleast_1d(payroll.sum() / (1.0 - a) + levied.sum()),
        ),
    }
    if theta < 1.0:
        wanted = land * wage ** (-1.0 / (1.0 - theta))
        sides["agriculture"] = industry + wanted, people
    else:
        some = farms > 1e-9 * people  # else it is a difference of equal numbers
        sides["agriculture"] = np.maximum(industry, people), people
        sides["wage in agriculture"] = np.where(some, 1.0, np.maximum(wage, 1.0)), wage
    if model.workers is None:
        sides["labour"] = np.ones(1), np.atleast_1d(people.sum())
        sides["mobility"] = np.full_like(real, real[0]), real
    else:
        sides["labour"] = model.workers.values, people
    return ces.differences(sides)
