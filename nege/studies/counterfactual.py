"""Exact hat algebra: counterfactual changes from observed shares, wages and flows alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.models.mobility import FREE
from nege.models.quantitative.model import QuantitativeModel
from nege.options import Logit, SolverOptions
from nege.results.equilibrium import Equilibrium, check_equilibrium
from nege.solvers.long_run import solve
from nege.studies.inversion import check_quantitative, earnings_state, with_fundamentals
from nege.validation.keywords import hinted

__all__ = ["counterfactual"]


@hinted
def counterfactual(
    equilibrium: Equilibrium,
    *,
    trade_cost_change: Any = None,
    productivity_change: Any = None,
    amenity_change: Any = None,
    housing_change: Any = None,
    mobility: Any = None,
    flows: Any = None,
    options: SolverOptions | None = None,
) -> xr.Dataset:
    """Counterfactual: relative changes from new trade costs or fundamentals, once people moved.

    Exact hat algebra (Dekle, Eaton & Kortum 2008; Redding & Rossi-Hansberg 2017). Units of
    goods are free, so take those in which before the change every place supplies one and every
    price index is one. Then the share of s's spending that goes to r is the freeness of trade,
    pi_rs for T_rs^(1-sigma), productivities and amenities are what shares and wages say, and
    the changed economy is solved like any other: with pi_rs T^_rs^(1-sigma), A^ and B^. People
    move as they did before: until real incomes are equal, or by tastes. Of these, weights and
    amenities are together what shares say, and the scale s adds s to congestion.

    Parameters
    ----------
    equilibrium : Equilibrium
        A long run of :class:`Helpman` or :class:`AllenArkolakis`, also under :class:`Logit`
        tastes. Only its shares, wages and trade flows are used, and parameters that are
        elasticities, shares of spending, or the scale of tastes.
    trade_cost_change : float, DataArray or array, optional
        After over before, over (origin, destination); one number is for all trade between
        different places.
    productivity_change, amenity_change, housing_change : optional
        After over before, of each place.
    mobility : str or array, optional
        Who can move once it has changed, as in :class:`Helpman`; by default as before. "none"
        answers what happens while people stay. Not wider than before: what those would gain who
        can cross from then on takes levels, which hat algebra has not.
    flows : DataArray or array, optional
        Observed value of trade over (origin, destination), positive, in any unit; by default
        what the model says. Rows have to add up to wages, columns to spending on goods.
    options : SolverOptions, optional
        Tolerances and limits.

    Returns
    -------
    Dataset
        ``share`` of people after the change, and over region ``share_change, wage_change,
        price_index_change, real_income_change`` and, for Helpman, ``rent_change``;
        ``welfare_change`` of everybody, under tastes of expected utility; where people move within
        groups only, ``group_welfare_change`` of each group, and everybody's is that of the mean,
        in which groups count by what they had; ``residual``.
        The attribute ``dynamics`` says how people move.

    Raises
    ------
    InputError
        For changes that are not positive, or flows that contradict wages or spending.
    ConvergenceError
        Where the changed economy could not be solved.

    Notes
    -----
    It equals the solution in levels, ``nege.solve(model.replace(...))``. Where several
    equilibria exist it is the one that people reach from where they are.

    Not for short runs, nor for places between which nothing is traded: there flows tell no
    trade cost.

    Examples
    --------
    >>> import nege
    >>> model = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
    >>> before = nege.solve(model)
    >>> after = nege.counterfactual(before, trade_cost_change=0.9)
    >>> after.share_change.round(4).values
    array([0.9892, 1.0167, 0.9892])
    >>> round(float(after.welfare_change), 4)
    1.0262
    >>> stay = nege.counterfactual(before, trade_cost_change=0.9, mobility="none")
    >>> stay.group_welfare_change.round(4).values
    array([1.0241, 1.0299, 1.0241])
    """
    check_equilibrium(equilibrium)
    model = equilibrium.model
    check_quantitative(model)
    if equilibrium.dynamics is None:
        cure = "Take nege.solve(model): people move here, and in a short run they may not."
        raise InputError("equilibrium", "a short run", "a long run", cure)
    assert isinstance(model, QuantitativeModel)
    model, places = _who_moves(model, equilibrium, mobility), model.regions
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
    # In these units groups are equally well off before, and in the data they need not be.
    data = {name: equilibrium.data[name].values for name in ("share", model.payoff)}
    return _relative_changes(before, found, model.group_welfare(data, equilibrium.dynamics))


COMPARED_VARIABLES = {
    "share": "people",
    "wage": "wage, relative to the mean of all people",
    "price_index": "price index of goods",
    "rent": "rent of a unit of housing",
    "real_income": "real income per head",
    "welfare": "real income per head, expected utility where tastes differ",
    "group_welfare": "real income per head of a group, expected utility where tastes differ",
}


def _who_moves(model: QuantitativeModel, equilibrium: Equilibrium, mobility: Any) -> Any:
    """Return the economy with those moving who can after the change."""
    if mobility is None:
        return model
    wider = "one that lets nobody move further than before"
    cure = "Solve it in levels: nege.solve(model.replace(mobility=..., people=None))."
    if isinstance(mobility, str) and mobility == FREE:
        if model.groups is not None:
            raise InputError("mobility", mobility, wider, cure)
        return model
    found = model.replace(mobility=mobility, people=equilibrium.data["share"].values)
    assert found.groups is not None
    if model.groups is not None:
        pairs = set(zip(found.groups.of.tolist(), model.groups.of.tolist(), strict=True))
        if len(pairs) > len(found.groups.labels):
            raise InputError("mobility", mobility, wider, cure)
    return found


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
        assert found.model.groups is not None
        weight = found.model.groups.total * level
        change = weight @ ratios["group_welfare_change"].values / weight.sum()
        ratios["welfare_change"] = ratios["welfare_change"].copy(data=change)
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
