"""Exact hat algebra of places with housing or spillovers, as an economy in other units."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.models.quantitative.model import QuantitativeModel
from nege.options import Logit, SolverOptions
from nege.results.equilibrium import Equilibrium
from nege.solvers.long_run import solve
from nege.studies.inversion_quantitative import (
    check_without_online,
    earnings_state,
    with_fundamentals,
)


def counterfactual_quantitative(
    equilibrium: Equilibrium,
    *,
    trade_cost_change: Any = None,
    productivity_change: Any = None,
    amenity_change: Any = None,
    housing_change: Any = None,
    flows: Any = None,
    options: SolverOptions | None = None,
) -> xr.Dataset:
    """Return relative changes from new trade costs or fundamentals, once people moved."""
    model = equilibrium.model
    check_without_online(model)
    if equilibrium.dynamics is None:
        cure = "Take nege.solve(model): people move here, and in a short run they may not."
        raise InputError("equilibrium", "a short run", "a long run", cure)
    assert isinstance(model, QuantitativeModel)
    places = model.regions
    share, wage = (equilibrium.data[name].values for name in ("share", "wage"))
    state = earnings_state(model, model.arrays, share, wage)
    change = _cost_change(trade_cost_change, places)
    cost = _spending_shares(model, equilibrium.data, flows) ** (1.0 / (1.0 - model.sigma))
    # Trade costs have to be at least one: the unit of goods is free, and a little on the safe side.
    unit = max(1.0, 1.000001 / float((cost * change).min()))
    log_price = np.full(share.size, (1.0 - model.sigma) * np.log(unit))
    supply = np.zeros(share.size)
    base = with_fundamentals(model, share, state, supply, log_price, trade_cost=unit * cost)
    # In these units payoffs are equal before the change, so that logit weights are shares.
    moves = equilibrium.dynamics
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
    economy = base.replace(trade_cost=unit * cost * change, **changed)
    found = solve(economy, share, dynamics=moves, options=options)
    return _relative_changes(before, found)


COMPARED_VARIABLES = {
    "share": "people",
    "wage": "wage, relative to the mean of all people",
    "price_index": "price index of goods",
    "rent": "rent of a unit of housing",
    "real_income": "real income per head",
    "welfare": "real income per head, expected utility where tastes differ",
}


def _relative_changes(before: xr.Dataset, found: Equilibrium) -> xr.Dataset:
    """Return the changed economy relative to the one before."""
    after = found.data
    ratios = {
        f"{name}_change": (after[name] / before[name]).assign_attrs(
            long_name=f"{meaning}, after over before", units="1"
        )
        for name, meaning in COMPARED_VARIABLES.items()
        if name in after
    }
    proof = {"status": int(found.status), "residual": found.residual, "error": found.error}
    about = {"long_name": "share of people once they have moved", "units": "1"}
    values = {"share": after["share"].assign_attrs(about), **ratios, "residual": found.residual}
    moves = f"people move under {found.dynamics}"
    return xr.Dataset(values, attrs={**proof, "dynamics": moves})


FLOW_TOLERANCE = 1e-6  # by which flows may be off wages and spending


def _spending_shares(model: QuantitativeModel, data: xr.Dataset, flows: Any) -> np.ndarray:
    """Return the share of each destination's spending that goes to each origin, checked."""
    if flows is None:
        values = model.trade_flows(data).values
    else:
        values = validation.square("flows", flows, model.regions, at_least=0.0)
        if not (values > 0.0).all():
            cure = "Without trade between two places theory has no trade cost for them."
            raise InputError("flows", float(values.min()), "positive between all places", cure)
        values /= values.sum()
    earned = data["share"].values * data["wage"].values
    for what, found, wanted in (
        ("rows, what each origin sells, are wages", values.sum(1), earned / earned.sum()),
        ("columns, what each destination buys, are spending", values.sum(0), model.spent(data)),
    ):
        wrong = np.abs(found / (wanted / wanted.sum()) - 1.0)
        if not wrong.max() <= FLOW_TOLERANCE:
            place = model.regions[int(np.argmax(wrong))]
            raise InputError(
                "flows",
                flows,
                f"such that {what}",
                f"That of {place} is off by {wrong.max():.1%}.",
            )
    return np.asarray(values / values.sum(0))


def _cost_change(value: Any, places: tuple[str, ...]) -> np.ndarray:
    argument = "trade_cost_change"
    if validation.single(value):
        factor = validation.number(argument, 1.0 if value is None else value, above=0.0)
        validation.of_a_size(argument, value, np.array([factor, 1.0]))
        change = np.full((len(places), len(places)), factor)
        np.fill_diagonal(change, 1.0)
        return change
    change = validation.square(argument, value, places, at_least=0.0)
    if not (change > 0.0).all():
        raise InputError(argument, float(change.min()), "positive everywhere")
    validation.of_a_size(argument, value, np.append(change, 1.0))
    return change


def _changed_fundamental(model: QuantitativeModel, name: str, change: Any) -> xr.DataArray:
    if not hasattr(model, name):
        raise InputError(f"{name}_change", change, f"None: {model.title} economies have no {name}")
    known: xr.DataArray = getattr(model, name)
    argument = f"{name}_change"
    table = validation.table(argument, change, {"region": model.regions}, above=0.0)
    validation.of_a_size(argument, change, np.append(table.values, 1.0))
    return known * table
