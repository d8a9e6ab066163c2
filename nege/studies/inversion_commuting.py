"""Inversion of ``Commuting``: jobs and pay by workplace, residents, and what it costs to commute.

    L_i     = sum_n R_n omega_i kap_ni^(-epsilon) / sum_j omega_j kap_nj^(-epsilon)   omega, then
    D_i     = omega_i / y_i^epsilon                                                   workplaces
    w_i L_i = sum_n E_n x_i T_in^(1-sigma) / sum_j x_j T_jn^(1-sigma)                 x, then
    A_i     = [x_i w_i^(sigma-1)/L_i]^(1/(sigma-1))                                   productivities
    H_n     = (1-alpha) ybar_n R_n / Q_n^(1+delta)                  floor space, from rents if given
    B_n     = (R_n/S_g)^(1/theta) P_n^alpha Q_n^(1-alpha) / Phi_n^(1/epsilon)         residences

S_g is one, or the residents of the group that n is of, where people move within groups only: data
tell amenities within each, so that utilities of groups are set equal.

The first and the third are the same convex problem (``balancing``), whose solution is unique up to
a factor. Geometric means of D, A, B, and of H from rents, are one: data do not tell their units.
Without wages D is one, and y_i = omega_i^(1/epsilon) up to a factor ("transformed wages").

Symbols as in ``nege.models.quantitative.commuting``. Sources: Ahlfeldt, Redding, Sturm & Wolf
(2015), Econometrica 83, for wages from commuting; Monte, Redding & Rossi-Hansberg (2018), American
Economic Review 108; Seidel & Wickerath (2020), Regional Science and Urban Economics 85.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from nege import validation
from nege.errors import ConvergenceError, InputError
from nege.models.quantitative.commuting import Commuting
from nege.models.quantitative.commuting_equations import Parameters, evaluate
from nege.results.equilibrium import Equilibrium
from nege.solver_options import SolverOptions
from nege.solvers.checks import check_options
from nege.solvers.short_run import short_run
from nege.studies.balancing import Balance, balanced, parts
from nege.studies.inversion_quantitative import LARGEST_VIOLATION
from nege.studies.remote_share import checked_share, weight_at

logger = logging.getLogger("nege")

APART = 0.05  # by which totals of jobs and residents may differ without a word
LINKED = 1e-9  # by which they may differ in a part of the economy that nobody commutes out of


def invert_commuting(
    model: Commuting,
    *,
    employment: Any,
    residents: Any,
    wage: Any = None,
    rent: Any = None,
    remote_share: Any = None,
    options: SolverOptions | None = None,
) -> Commuting:
    """Return the economy with the fundamentals that make data an equilibrium."""
    options = check_options(options)
    given = {"employment": employment, "residents": residents, "wage": wage, "rent": rent}
    data = {
        name: _positive(model, name, value) for name, value in given.items() if value is not None
    }
    jobs, share = _shares(data["employment"]), _shares(data["residents"])
    _compare_totals(data["employment"], data["residents"])
    if remote_share is not None:
        model = _with_remote_share(model, jobs, share, checked_share(remote_share))
    if model.groups is not None:
        model = model.replace(people=share)
    p = model.arrays
    _check_linked(p, jobs, share, model.regions)
    draws = balanced(p.log_ease, share, jobs)
    log_wage = _log_wage(p, draws, jobs, data.get("wage"))
    within = share if model.groups is None else share / model.groups.total[model.groups.of]
    found = _behind(p, draws, log_wage, share, jobs, data.get("rent"), within)
    recovered = model.replace(
        productivity=np.exp(found.log_productivity),
        amenity=np.exp(found.log_amenity),
        workplace_amenity=np.exp(found.log_workplace),
        **({"housing": np.exp(found.log_housing)} if rent is not None else {}),
    )
    wrong = _violation(recovered, log_wage, share, jobs, within)
    if not wrong <= LARGEST_VIOLATION:
        again = short_run(recovered, share, options=options)
        assert isinstance(again, Equilibrium)
        raise ConvergenceError(
            f"Data are an equilibrium to {wrong:.1e} only: costs are so high that the data hardly "
            "say what places have to do with each other. Lower trade_cost or commuting_cost, or "
            "accept fundamentals that are this rough: they are in the .equilibrium of this error.",
            again,
        )
    return recovered


def _positive(model: Commuting, name: str, value: Any) -> np.ndarray:
    """Return positive data of each place."""
    found = validation.vector(name, model.geography.column(name, value), model.regions, above=0.0)
    validation.of_a_size(name, value, found)
    return found


def _shares(values: np.ndarray) -> np.ndarray:
    values = values / values.max()  # first: a sum of numbers this large may overflow
    return np.asarray(values / values.sum())


def _compare_totals(jobs: np.ndarray, residents: np.ndarray) -> None:
    """Say so where there are many more jobs than residents, or fewer."""
    largest = float(max(jobs.max(), residents.max()))  # whose products may be infinite
    ratio = float(np.sum(jobs / largest) / np.sum(residents / largest))
    # Shares that sum to one, and counts, come together where only ratios matter.
    sums = [abs(float(np.sum(values / largest)) * largest - 1.0) for values in (jobs, residents)]
    if abs(np.log(ratio)) > APART and min(sums) > validation.SUM_TOLERANCE:
        logger.warning(
            "there are %.3g times as many jobs (employment) as residents: each is divided by its "
            "own total, as if all who work here also lived here",
            ratio,
        )


def _check_linked(p: Parameters, jobs: np.ndarray, share: np.ndarray, names: Sequence[str]) -> None:
    """Refuse data by which people work where nobody can commute to."""
    part = parts(p.log_ease)
    works, lives = np.bincount(part, jobs), np.bincount(part, share)
    wrong = np.abs(works / lives - 1.0)
    if not wrong.max() <= LINKED:
        worst = int(np.argmax(wrong))
        inside = [name for name, which in zip(names, part, strict=True) if which == worst]
        where = ", ".join(inside[:3]) + (", ..." if len(inside) > 3 else "")
        raise InputError(
            "residents",
            f"{lives[worst]:.6g} of all in {where}",
            f"as many as work there, {works[worst]:.6g} of all",
            "commuting_cost lets nobody commute in or out. Make it finite, or correct the data.",
        )


def _log_wage(
    p: Parameters, draws: Balance, jobs: np.ndarray, wage: np.ndarray | None
) -> np.ndarray:
    """Return log wages on the numeraire, from commuting alone where there are none."""
    if wage is not None:
        paid = wage / wage.max()
        return np.asarray(np.log(paid) - np.log(paid @ jobs))
    income = np.exp((draws.log_weight - draws.log_weight.max()) / p.taste)
    income /= p.goods * (income @ jobs)  # incomes of all are 1/alpha
    paid = income - (1.0 - p.goods) / p.goods if p.pooled else p.goods * income
    if not (paid > 0.0).all():
        raise InputError(
            "wage",
            None,
            "given here",
            "Rents that everybody gets alike are more than commuting says that some places pay in "
            "all. Or take rents='local'.",
        )
    return np.asarray(np.log(paid))


def _behind(
    p: Parameters,
    draws: Balance,
    log_wage: np.ndarray,
    share: np.ndarray,
    jobs: np.ndarray,
    rent: np.ndarray | None,
    within: np.ndarray,
) -> Parameters:
    """Return the economy with what is behind the data, units of geometric mean one."""
    log_earned = p.earned(log_wage)[0]
    spending = p.goods * (draws.shares @ np.exp(log_earned)) * share
    supply = balanced(p.log_freeness.T, spending, np.exp(log_wage) * jobs).log_weight
    found = p._replace(
        log_workplace=_centred(draws.log_weight - p.taste * log_earned),
        log_productivity=_centred(log_wage + (supply - np.log(jobs)) / (p.sigma - 1.0)),
        log_amenity=np.zeros_like(share),
    )
    if rent is not None:
        spent = np.log(draws.shares @ np.exp(log_earned)) + np.log(share)
        found = found._replace(
            log_housing=_centred(spent - (1.0 + p.housing_elasticity) * np.log(rent))
        )
    bare = evaluate(found, log_wage, np.log(share))
    wanted = np.log(within) / p.residence_taste
    return found._replace(log_amenity=_centred(wanted - bare.log_payoff))


def _centred(logs: np.ndarray) -> np.ndarray:
    return np.asarray(logs - logs.mean())


def _violation(
    model: Commuting,
    log_wage: np.ndarray,
    share: np.ndarray,
    jobs: np.ndarray,
    within: np.ndarray,
) -> float:
    """Return by how much, in logs, the data violate any equation of an economy."""
    at = evaluate(model.arrays, log_wage, np.log(share))
    lived = model.theta * at.log_payoff - np.log(within)
    gaps = np.concatenate([np.log(at.employment / jobs), at.goods, lived - lived.mean()])
    return float(np.max(np.abs(gaps)))  # NaN if one is


def _with_remote_share(
    model: Commuting, jobs: np.ndarray, share: np.ndarray, wanted: float
) -> Commuting:
    """Return the economy with the weight of remote work at which so many work remotely."""

    def working_remotely(weight: float) -> float:
        p = model.replace(remote=weight).arrays
        assert p.remote is not None
        return float(share @ np.sum(balanced(p.log_ease, share, jobs).shares * p.remote, axis=1))

    return model.replace(remote=weight_at(wanted, working_remotely) if wanted else 0.0)
