"""Exact hat algebra of places with housing or spillovers, as an economy in other units.

What is known before the change: pi_rs the share of s's spending that goes to r, earnings c_r =
w_r L_r and spending E_s, each of one in sum. After it, with x^ the relative change of x:

    x^_r      = L^_r^theta (A^_r/exp(v^_r))^(sigma-1)                    supply
    P^_s^(1-sigma) = sum_r pi_rs x^_r T^_rs^(1-sigma)                    price index
    c'_r      = sum_s pi_rs x^_r T^_rs^(1-sigma) P^_s^(sigma-1) E'_s     goods markets
    E'_s      = b'_s + D_s, or rho_s b'_s/sum_q rho_q b'_q, or b'_s      ``balance`` of the models

with rho_s = E_s/b_s, and people where they are, or until payoffs are equal, or by tastes. These
are the equations of an economy in levels: pi_rs T^_rs^(1-sigma) is its freeness of trade, A^ and
B^ its productivities and amenities, where every place supplies one before the change and every
price index is one. Where nothing is traded the freeness is zero, before and after.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import ConvergenceError, InputError
from nege.models.quantitative.balance import check_trade
from nege.models.quantitative.model import QuantitativeModel
from nege.results.equilibrium import Equilibrium
from nege.solver_options import Logit, SolverOptions
from nege.solvers.checks import check_options
from nege.solvers.long_run import solve
from nege.solvers.short_run import short_run
from nege.status import Status
from nege.studies import factors
from nege.studies.after_moving import NOBODY, mean_change, who_moves_after
from nege.studies.inversion_quantitative import (
    BALANCED_TRADE,
    CONVENTIONS,
    check_agreement,
    check_without_online,
    checked_flows,
    convention,
    costs_of,
    earnings_state,
    people_move,
    unbalanced,
    with_fundamentals,
)

MARKETS = 1e-8  # violation of goods markets in relative changes, at most


def counterfactual_quantitative(
    equilibrium: Equilibrium,
    *,
    trade_cost_change: Any = None,
    productivity_change: Any = None,
    amenity_change: Any = None,
    housing_change: Any = None,
    mobility: Any = None,
    flows: Any = None,
    deficits: str | None = None,
    options: SolverOptions | None = None,
) -> xr.Dataset:
    """Return relative changes from new trade costs or fundamentals, once people moved."""
    model = equilibrium.model
    check_without_online(model)
    assert isinstance(model, QuantitativeModel)
    if equilibrium.status not in (Status.CONVERGED, Status.UNSTABLE):
        shown = f"one that ended as {equilibrium.status.name}"
        cure = equilibrium.remedy
        raise InputError("equilibrium", shown, "a solve that converged", cure)
    model = who_moves_after(model, equilibrium, mobility)
    options, places, moves = check_options(options), model.regions, equilibrium.dynamics
    if deficits is not None:
        validation.known("deficits", deficits, (*CONVENTIONS, "zero"))
    change = factors.of_costs("trade_cost_change", trade_cost_change, places)
    if flows is None and trade_cost_change is not None:
        factors.check_costs("trade_cost_change", change, model.costs(), model.trade_cost, places)
    share, wage = (equilibrium.data[name].values for name in ("share", "wage"))
    if flows is None:
        values, spent = model.trade_flows(equilibrium.data).values, model.spent(equilibrium.data)
        bought = values / values.sum(0)
    else:
        values = checked_flows(model, flows)
        check_agreement(model, values, share * wage / np.sum(share * wage), flows)
        wage, spent, bought = values.sum(1) / share, values.sum(0), values / values.sum(0)
    kind = convention(model, deficits, moves is not None and people_move(model))
    if kind == "zero":
        check_trade("deficits", deficits, bought > 0.0, places, balanced=True)
    balance = unbalanced(model, share, wage, spent, kind)
    cost = costs_of(bought, model.sigma)
    # Trade costs have to be at least one: the unit of goods is free, and a little on the safe side.
    unit = max(1.0, 1.000001 / float((cost * change).min()))
    in_units = model.replace(balance, trade_cost=unit * cost)
    state = earnings_state(in_units, in_units.arrays, share, wage)
    log_price = np.full(share.size, (1.0 - model.sigma) * np.log(unit))
    base = with_fundamentals(in_units, share, state, np.zeros(share.size), log_price)
    # In these units payoffs are equal before the change, so that logit weights are shares.
    if isinstance(moves, Logit):
        moves = Logit(scale=moves.scale, weights=share)
    before = base.label(share, state, dynamics=moves)
    fundamentals: dict[str, Any] = {
        "productivity": productivity_change,
        "amenity": amenity_change,
        "housing": housing_change,
    }
    changed = {
        name: _changed_fundamental(base, name, value)
        for name, value in fundamentals.items()
        if value is not None
    }
    if kind == "zero":
        changed |= BALANCED_TRADE
    economy = base.replace(trade_cost=unit * cost * change, **changed)
    if moves is None:
        found = short_run(economy, share, options=options)
        assert isinstance(found, Equilibrium)
    else:
        found = solve(economy, share, dynamics=moves, options=options)
    # In these units groups are equally well off before, and in the data they need not be.
    data = {name: equilibrium.data[name].values for name in ("share", model.payoff)}
    after = _relative_changes(before, found, model.group_welfare(data, equilibrium.dynamics))
    wrong = _violation(base, economy, found.data, after, bought * change ** (1.0 - model.sigma))
    if not wrong <= max(MARKETS, 100.0 * options.tolerance_residual):
        raise ConvergenceError(
            f"Goods markets after the change clear to {wrong:.1e} only, in relative changes from "
            "the flows. Wages may be poorly determined where some places hardly trade with the "
            "rest: leave them out, or ask for a smaller SolverOptions(tolerance_residual=...).",
            found,
        )
    after["residual"] = max(found.residual, wrong)
    about = {"deficits": "none" if model.balanced and balance == BALANCED_TRADE else kind}
    return after.assign_attrs(residual=max(found.residual, wrong), **about)


COMPARED_VARIABLES = {
    "share": "people",
    "wage": "wage, relative to the mean of all people",
    "price_index": "price index of goods",
    "rent": "rent of a unit of housing",
    "real_income": "real income per head",
    "welfare": "real income per head, expected utility where tastes differ",
    "group_welfare": "real income per head of a group, expected utility where tastes differ",
}


def _relative_changes(
    before: xr.Dataset, found: Equilibrium, groups: Mapping[str, np.ndarray]
) -> xr.Dataset:
    """Return the changed economy relative to the one before; `groups` has welfare of each then."""
    after = found.data
    ratios = {
        f"{name}_change": (after[name] / before[name]).assign_attrs(
            long_name=f"{meaning}, after over before", units="1"
        )
        for name, meaning in COMPARED_VARIABLES.items()
        if name in after
    }
    for level in groups.values():
        change = mean_change(found.model, level, ratios["group_welfare_change"].values)
        ratios["welfare_change"] = ratios["welfare_change"].copy(data=change)
    real = ratios["wage_change"] / ratios["price_index_change"]
    ratios["real_wage_change"] = real.assign_attrs(
        long_name="wage in goods, after over before", units="1"
    )
    proof = {"status": int(found.status), "residual": found.residual, "error": found.error}
    about = {"long_name": "share of people after the change", "units": "1"}
    values = {"share": after["share"].assign_attrs(about), **ratios, "residual": found.residual}
    stay = found.dynamics is None or not people_move(found.model)
    moves = NOBODY if stay else f"people move under {found.dynamics}"
    return xr.Dataset(values, attrs={**proof, "dynamics": moves})


def _violation(
    base: QuantitativeModel,
    economy: QuantitativeModel,
    found: xr.Dataset,
    after: xr.Dataset,
    bought: np.ndarray,
) -> float:
    """Return how far goods markets and prices are from the equations in relative changes.

    In plain NumPy, from the shares of spending `bought` times T^^(1-sigma), apart from kernels.
    """
    scale, power = base.compiled().parameters(base.arrays).scale, base.sigma - 1.0
    people, pay = after["share_change"].values, after["wage_change"].values
    made = economy.productivity.values / base.productivity.values
    supply = people ** (scale + power * (scale - 1.0)) * (made / pay) ** power
    parts = supply[:, None] * bought
    price = parts.sum(0)
    earned = found["share"].values * found["wage"].values
    sold = (parts / price) @ economy.spent(found)
    prices = np.log(price) / power + np.log(after["price_index_change"].values)
    return float(np.max([np.abs(np.log(sold / earned)), np.abs(prices)]))


def _changed_fundamental(model: QuantitativeModel, name: str, change: Any) -> xr.DataArray:
    argument = f"{name}_change"
    if not hasattr(model, name):
        raise InputError(argument, change, f"None: {model.title} economies have no {name}")
    known: xr.DataArray = getattr(model, name)
    return known * factors.of_places(argument, change, model.geography)
