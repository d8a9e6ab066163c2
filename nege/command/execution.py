"""What a run solves: its path, the jumps on it, and the economy without the online region."""

from __future__ import annotations

import dataclasses
import itertools
from typing import NamedTuple

import numpy as np
import xarray as xr

from nege.command.economy_file import Specification
from nege.errors import ConvergenceError
from nege.options import Logit
from nege.solvers.long_run import solve
from nege.status import Status
from nege.sweeps.sweep import follow

JUMP = 0.1  # a change of any share in one step that is looked into
PARTS = 8  # into which such a step is divided, twice


class Jump(NamedTuple):
    """A jump: a change of shares that does not shrink as the path is refined."""

    step: int  # the step of the path that it is in
    values: tuple[float, float]  # of the parameter, either side
    region: str  # where the change is largest
    share: tuple[float, float]  # of that region


class Run(NamedTuple):
    """What a run found."""

    specification: Specification
    result: xr.Dataset
    effective: float  # effective number of places without the online region
    jumps: tuple[Jump, ...]


def execute(specification: Specification, *, progress: bool | None = None) -> Run:
    """Solve the path, and the economy without the online region to say how spread out it is."""
    model, dynamics = specification.model, specification.dynamics
    result = follow(model, specification.path, dynamics=dynamics, progress=progress)
    if not model.in_shares:
        return Run(specification, result, float("nan"), ())
    effective = _effective_places(specification)
    return Run(specification, result, effective, _jumps(specification, result))


def _jumps(specification: Specification, result: xr.Dataset) -> tuple[Jump, ...]:
    """Find the steps in which any share jumps, and bracket each jump.

    A large change in one step may only be a coarse path. So the step is followed again
    in parts: where it is a jump, nearly all of the change is in one part, and again in
    one part of that.
    """
    shares = result["share"].values
    found = []
    for a, b in itertools.pairwise(converged(result)):
        if np.max(np.abs(shares[b] - shares[a])) <= JUMP:
            continue
        values, start = (specification.values[a], specification.values[b]), shares[a]
        for _ in range(2):
            part = follow(
                specification.model,
                {specification.parameter: np.linspace(*values, PARTS + 1)},
                start,
                dynamics=specification.dynamics,
                progress=False,
            )
            along = part["share"].values
            changes = np.abs(np.diff(along, axis=0))
            k, region = np.unravel_index(int(np.argmax(np.nan_to_num(changes))), changes.shape)
            if not changes[k, region] > 0.5 * np.max(np.abs(along[-1] - along[0])):
                break
            cut = part[specification.parameter].values
            values, start = (cut[k], cut[k + 1]), along[k]
        else:
            name = specification.model.regions[region]
            found.append(Jump(int(b), values, name, (along[k, region], along[k + 1, region])))
    return tuple(found)


def converged(result: xr.Dataset) -> np.ndarray:
    """Return the steps that converged."""
    return np.flatnonzero(result["status"].values == Status.CONVERGED)


def _effective_places(specification: Specification) -> float:
    """Return the effective number of places with nobody online, the inverse Herfindahl index."""
    model, dynamics = specification.model, specification.dynamics
    if model.online is not None:
        model = model.without_online()
    if isinstance(dynamics, Logit):
        dynamics = dataclasses.replace(dynamics, online_weight=None)
    try:
        share = solve(model, dynamics=dynamics).data["share"].values
    except ConvergenceError:
        return float("nan")
    return float(1.0 / np.sum(share**2))
