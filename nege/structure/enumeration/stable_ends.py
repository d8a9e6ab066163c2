"""Stable equilibria of models with several mobile groups: limits of the dynamics, many starts."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import xarray as xr

from nege.models.base import Model
from nege.models.solutions import LongRun
from nege.options import Logit, Replicator, SolverOptions
from nege.solvers.follow_dynamics import find_long_run
from nege.solvers.long_run import long_run_result
from nege.status import Status
from nege.structure.enumeration.found_equilibria import Equilibria
from nege.sweeps.progress import progress_bar

SAME = 1e-6  # difference in shares of each kind below which two equilibria are one
FOLLOWED = (
    "Of economies like this one stable equilibria are looked for, by following the dynamics from "
    "random starts: unstable ones are not."
)


def settled(
    model: Model,
    dynamics: Replicator | Logit,
    options: SolverOptions,
    starts: int,
    basins: int,
    rng: np.random.Generator,
    progress: bool | None,
) -> Equilibria:
    """Return the limits of the dynamics from the default start and from random ones."""
    found: list[LongRun] = []
    with contextlib.closing(progress_bar(progress, 1 + starts + basins, "starts")) as bar:

        def follow(start: np.ndarray) -> int:
            """Return the number of the equilibrium reached, -1 where none was."""
            end = find_long_run(model, start, model.start_state(), dynamics, options)
            bar.update()
            if end.status is not Status.CONVERGED:
                return -1
            for i, known in enumerate(found):
                if _apart(model, end, known) <= SAME:
                    return i
            found.append(end)
            return len(found) - 1

        follow(model.default_start())
        for _ in range(starts):
            follow(model.random_start(rng))
        ends = [follow(model.random_start(rng)) for _ in range(basins)]
    unknown = xr.full_like(_bounds(len(found)), np.nan)
    return Equilibria(
        model=model,
        dynamics=dynamics,
        complete=False,
        reason=FOLLOWED,
        proven=unknown,
        left=_bounds(1).rename(equilibrium="box"),
        boxes=0,
        orbits=np.ones(len(found), dtype=int),
        basins=_basins(ends, len(found)) if ends else None,
        _members=tuple(
            long_run_result(model, end, dynamics, options).with_stability() for end in found
        ),
    )


def _apart(model: Model, one: LongRun, other: LongRun) -> float:
    """Largest difference of two economies' variables, relative to each variable's largest."""
    first, second = (model.outcome(end.share, end.state, end.parameters) for end in (one, other))
    return max(
        float(np.max(np.abs(first[name] - second[name])) / max(np.max(np.abs(first[name])), 1e-300))
        for name in first
        if np.isfinite(first[name]).all()
    )


def _bounds(count: int) -> xr.Dataset:
    """Trivial bounds: shares between zero and one."""
    return xr.Dataset(
        {"low": ("equilibrium", np.zeros(count)), "high": ("equilibrium", np.ones(count))}
    )


def _basins(ends: list[int], count: int) -> xr.DataArray:
    hits = np.bincount([end for end in ends if end >= 0], minlength=count)
    about: dict[str, Any] = {"long_name": "share of random starts", "starts": len(ends)}
    return xr.DataArray(hits / len(ends), dims="equilibrium", name="basin", attrs=about)
