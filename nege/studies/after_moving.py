"""Who moves in a counterfactual, and by how much all of them gain, of models of groups."""

from __future__ import annotations

from typing import Any

import numpy as np

from nege.errors import InputError
from nege.models.mobility import FREE
from nege.models.quantitative.grouped import GroupedModel
from nege.results.equilibrium import Equilibrium

NOBODY = "nobody moves"


def who_moves_after(model: GroupedModel, equilibrium: Equilibrium, mobility: Any) -> Any:
    """Return the economy with those moving who can after the change, from where they are."""
    share = equilibrium.data["share"].values
    if mobility is None:
        return model if model.groups is None else model.replace(people=share)
    if equilibrium.dynamics is None:
        cure = "From a short run nobody moves: leave it out, or take nege.solve(model)."
        raise InputError("mobility", mobility, "left out for a short run", cure)
    wider = "one that lets nobody move further than before"
    cure = "Solve it in levels: nege.solve(model.replace(mobility=..., people=None))."
    if isinstance(mobility, str) and mobility == FREE:
        if model.groups is not None:
            raise InputError("mobility", mobility, wider, cure)
        return model
    found = model.replace(mobility=mobility, people=share)
    assert found.groups is not None
    if model.groups is not None:
        pairs = set(zip(found.groups.of.tolist(), model.groups.of.tolist(), strict=True))
        if len(pairs) > len(found.groups.labels):
            raise InputError("mobility", mobility, wider, cure)
    return found


def mean_change(model: Any, before: np.ndarray, change: np.ndarray) -> float:
    """Return the change of what all have, from that of each group and what it had before."""
    assert model.groups is not None
    weight = model.groups.total * before
    return float(weight @ change / weight.sum())
