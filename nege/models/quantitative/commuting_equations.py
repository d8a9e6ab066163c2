"""Equations of ``commuting`` on arrays: markets at given residents, and their derivatives.

The state is ln w. Residents are given in a short run; in a long run ln R is unknown too, with
u = ln U^theta. In logs throughout, and tables of costs relative to their best entries, so that
large elasticities do not overflow. Products of N x N tables are all there is: nothing compiles.

    goods      [(sigma-1) ln A_i + ln sum_n T_in^(1-sigma) P_n^(sigma-1) E_n]/sigma - ln w_i  = 0
    numeraire  ln sum_i w_i L_i                                                             = 0
    people     theta ln V_n - ln R_n - u                                                    = 0

One equation of goods follows from the others and the numeraire (Walras): the one of the largest
place is left out, of which the others say most.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

FAR = 1e9  # in place of costs of commuting that are infinite, where they are compared
TINY = 1e-300  # in place of what underflows, where it is divided by


class Dense(NamedTuple):
    """How places are summed over: by whole tables."""

    name: str = "dense"


class Parameters(NamedTuple):
    """An economy in plain numbers and arrays, in the symbols of ``commuting``."""

    sigma: float
    goods: float  # alpha
    taste: float  # epsilon
    residence_taste: float  # theta
    housing_elasticity: float  # delta
    pooled: bool
    log_productivity: np.ndarray
    log_amenity: np.ndarray
    log_workplace: np.ndarray  # ln D
    log_housing: np.ndarray
    log_freeness: np.ndarray  # (1 - sigma) ln T, origin by destination
    log_ease: np.ndarray  # -epsilon ln kap, residence by workplace
    remote: np.ndarray | None  # s, residence by workplace; None where nobody works remotely
    operator: Dense = Dense()

    @property
    def crowding(self) -> float:
        """By how much payoffs fall with spending on floor space, in logs."""
        return (1.0 - self.goods) / (1.0 + self.housing_elasticity)

    @property
    def places(self) -> tuple[np.ndarray, ...]:
        """What distinguishes places, each by itself."""
        return self.log_productivity, self.log_amenity, self.log_workplace, self.log_housing

    @property
    def pairs(self) -> tuple[np.ndarray, ...]:
        """What distinguishes pairs of places."""
        tables = self.log_freeness, np.maximum(self.log_ease, -FAR)
        return tables if self.remote is None else (*tables, self.remote)

    def earned(self, log_wage: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return ln y and d ln y/d ln w of those who work in each place."""
        if not self.pooled:
            return log_wage - math.log(self.goods), np.ones_like(log_wage)
        wage = np.exp(log_wage)
        income = wage + (1.0 - self.goods) / self.goods
        return np.log(income), wage / income


class Rows(NamedTuple):
    """Choices among columns by the residents, or the traders, of each row: ln of their weights."""

    logs: np.ndarray
    level: np.ndarray | None = None  # exp of them, over the two below; None to sum in logs
    by_row: np.ndarray | float = 0.0
    by_column: np.ndarray | float = 0.0

    def chosen(self, log_column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the share of each column, its own weight added, in its row, and ln of the sum."""
        if self.level is None:
            found = self.logs + log_column
            top = found.max(1)
            found -= top[:, None]
            np.exp(found, out=found)
        else:
            column = log_column + self.by_column
            highest = column.max()
            found = self.level * np.exp(column - highest)
            top = self.by_row + highest
        total = found.sum(1)
        found /= total[:, None]
        return found, np.log(total) + top


class Choices(NamedTuple):
    """Who chooses among what."""

    workplaces: Rows  # of residents
    origins: Rows  # of what is bought in a place
    destinations: Rows  # of what is made in a place


def in_logs(p: Parameters) -> Choices:
    """Return choices that are summed in logs, where nothing underflows: for what is accepted."""
    return Choices(Rows(p.log_ease), Rows(p.log_freeness.T), Rows(p.log_freeness))


def in_levels(p: Parameters) -> Choices:
    """Return choices in levels, relative to the best one, in a tenth of the time: to iterate."""
    best, nearest = p.log_ease.max(1), p.log_freeness.max(0)
    ease = np.exp(p.log_ease - best[:, None])
    freeness = np.exp(p.log_freeness - nearest)
    return Choices(
        Rows(p.log_ease, ease, by_row=best),
        Rows(p.log_freeness.T, freeness.T, by_row=nearest),
        Rows(p.log_freeness, freeness, by_column=nearest),
    )


class Point(NamedTuple):
    """An economy at some wages and residents, markets cleared or not."""

    log_wage: np.ndarray
    log_share: np.ndarray
    commuting: np.ndarray  # lambda, residence by workplace
    trade: np.ndarray  # pi, origin by destination
    sold: np.ndarray  # share of each destination in what an origin sells
    employment: np.ndarray
    log_access: np.ndarray  # ln Phi
    income: np.ndarray  # ybar, per head of residents
    log_earned: np.ndarray  # ln y by workplace
    marginal: np.ndarray  # d ln y/d ln w
    log_price: np.ndarray
    log_rent: np.ndarray
    log_payoff: np.ndarray  # ln V
    goods: np.ndarray  # what is zero where goods markets clear
    numeraire: float


def evaluate(
    p: Parameters, log_wage: np.ndarray, log_share: np.ndarray, choices: Choices | None = None
) -> Point:
    """Return the economy at some wages and residents; by default summed in logs."""
    workplaces, origins, destinations = in_logs(p) if choices is None else choices
    with np.errstate(all="ignore"):  # what is not finite is refused by those who look at it
        log_earned, marginal = p.earned(log_wage)
        commuting, log_access = workplaces.chosen(p.log_workplace + p.taste * log_earned)
        employment = np.exp(log_share) @ commuting
        income = commuting @ np.exp(log_earned)
        log_income = np.log(income) + log_share
        supply = np.log(employment) + (1.0 - p.sigma) * (log_wage - p.log_productivity)
        bought, log_supplied = origins.chosen(supply)
        sold, log_demand = destinations.chosen(math.log(p.goods) + log_income - log_supplied)
        log_price = log_supplied / (1.0 - p.sigma)
        log_rent = math.log1p(-p.goods) + log_income - p.log_housing
        log_rent /= 1.0 + p.housing_elasticity
        log_payoff = p.log_amenity + log_access / p.taste
        log_payoff = log_payoff - p.goods * log_price - (1.0 - p.goods) * log_rent
        goods = ((p.sigma - 1.0) * p.log_productivity + log_demand) / p.sigma - log_wage
        numeraire = float(np.log(np.exp(log_wage) @ employment))
    return Point(
        log_wage,
        log_share,
        commuting,
        bought.T,
        sold,
        employment,
        log_access,
        income,
        log_earned,
        marginal,
        log_price,
        log_rent,
        log_payoff,
        goods,
        numeraire,
    )


# --- derivatives ----------------------------------------------------------------------


class Slopes(NamedTuple):
    """Derivatives by ln w and by ln R: of goods, numeraire, payoffs."""

    goods_by_wage: np.ndarray
    goods_by_share: np.ndarray
    numeraire_by_wage: np.ndarray
    numeraire_by_share: np.ndarray
    payoff_by_wage: np.ndarray
    payoff_by_share: np.ndarray


def slopes(p: Parameters, at: Point) -> Slopes:
    """Return the derivatives of the equations at a point."""
    with np.errstate(all="ignore"):
        share, wage, earned = np.exp(at.log_share), np.exp(at.log_wage), np.exp(at.log_earned)
        unit, workers = np.eye(share.size), np.maximum(at.employment, TINY)
        going = at.commuting * share[:, None]  # commuters, residence by workplace
        turned = at.commuting.T @ going  # how workplaces compete for the same residents
        jobs_by_wage = p.taste * (np.diag(at.marginal) - turned * at.marginal / workers[:, None])
        jobs_by_share = going.T / workers[:, None]
        income_by_wage = at.commuting * at.marginal / at.income[:, None]
        income_by_wage *= (1.0 + p.taste) * earned - p.taste * at.income[:, None]
        supplied_by_wage = at.trade.T @ (jobs_by_wage + (1.0 - p.sigma) * unit)
        supplied_by_share = at.trade.T @ jobs_by_share
        bill = wage * at.employment
        bill /= bill.sum()
        cheaper = p.goods / (p.sigma - 1.0)
        return Slopes(
            at.sold @ (income_by_wage - supplied_by_wage) / p.sigma - unit,
            at.sold @ (unit - supplied_by_share) / p.sigma,
            bill + bill @ jobs_by_wage,
            bill @ jobs_by_share,
            at.commuting * at.marginal + cheaper * supplied_by_wage - p.crowding * income_by_wage,
            cheaper * supplied_by_share - p.crowding * unit,
        )


def without_redundant(at: Point, goods: np.ndarray, numeraire: Any) -> np.ndarray:
    """Return goods equations, or rows of their derivatives, that of the largest place replaced."""
    found = np.array(goods)
    found[int(np.argmax(at.log_wage + np.log(np.maximum(at.employment, TINY))))] = numeraire
    return found


def wages_moved(at: Point, by: Slopes, goods: np.ndarray, numeraire: Any) -> np.ndarray:
    """Return by how much ln w moves where goods and numeraire move, so that markets clear.

    NaN where that is undefined.
    """
    left = without_redundant(at, by.goods_by_wage, by.numeraire_by_wage)
    right = without_redundant(at, goods, numeraire)
    try:
        return np.asarray(-np.linalg.solve(left, right))
    except np.linalg.LinAlgError:
        return np.full_like(right, np.nan)


def payoff_slopes(p: Parameters, at: Point) -> np.ndarray:
    """Return d ln V_n/d ln R_j while markets clear."""
    by = slopes(p, at)
    moved = wages_moved(at, by, by.goods_by_share, by.numeraire_by_share)
    return np.asarray(by.payoff_by_share + by.payoff_by_wage @ moved)
