"""Stable equilibria of models with several mobile groups: limits of the dynamics, many starts."""

from __future__ import annotations

import numpy as np
import xarray as xr

from nege.models.base import Model
from nege.models.solutions import LongRun
from nege.options import Logit, Replicator, SolverOptions
from nege.progress import Progress, watched
from nege.solvers.follow_dynamics import find_long_run
from nege.solvers.long_run import long_run_result
from nege.status import Status
from nege.structure.enumeration.found_equilibria import Equilibria, basin_shares

SAME_OUTCOME_TOLERANCE = 1e-6  # relative difference of variables: equilibria nearer are one
ONLY_STABLE_ONES_SEARCHED = (
    "Of economies like this one stable equilibria are looked for, by following the dynamics from "
    "random starts: unstable ones are not."
)


def stable_equilibria(
    model: Model,
    dynamics: Replicator | Logit,
    options: SolverOptions,
    starts: int,
    basins: int,
    rng: np.random.Generator,
    progress: Progress,
) -> Equilibria:
    """Return the limits of the dynamics from the default start and from random ones."""
    found: list[LongRun] = []
    with watched(progress, 1 + starts + basins, "starts") as steps:

        def follow(start: np.ndarray) -> int:
            """Return the number of the equilibrium reached, -1 where none was."""
            end = find_long_run(model, start, model.start_state(), dynamics, options)
            steps()
            if end.status is not Status.CONVERGED:
                return -1
            for i, known in enumerate(found):
                if _largest_difference(model, end, known) <= SAME_OUTCOME_TOLERANCE:
                    return i
            found.append(end)
            return len(found) - 1

        follow(model.default_start())
        for _ in range(starts):
            follow(model.random_start(rng))
        ends = [follow(model.random_start(rng)) for _ in range(basins)]
    unknown = xr.full_like(_bounds_zero_to_one(len(found)), np.nan)
    return Equilibria(
        model=model,
        dynamics=dynamics,
        complete=False,
        reason=ONLY_STABLE_ONES_SEARCHED,
        proven=unknown,
        left=_bounds_zero_to_one(1).rename(equilibrium="box"),
        boxes=0,
        orbits=np.ones(len(found), dtype=int),
        basins=basin_shares(ends, len(found)) if ends else None,
        _members=tuple(
            long_run_result(model, end, dynamics, options).with_stability() for end in found
        ),
    )


def _largest_difference(model: Model, one: LongRun, other: LongRun) -> float:
    """Largest difference of two economies' variables, relative to each variable's largest."""
    first, second = (model.outcome(end.share, end.state, end.parameters) for end in (one, other))
    return max(
        float(np.max(np.abs(first[name] - second[name])) / max(np.max(np.abs(first[name])), 1e-300))
        for name in first
        if np.isfinite(first[name]).all()
    )


def _bounds_zero_to_one(count: int) -> xr.Dataset:
    """Trivial bounds: shares between zero and one."""
    return xr.Dataset(
        {"low": ("equilibrium", np.zeros(count)), "high": ("equilibrium", np.ones(count))}
    )
