"""A run of the command line: the path is solved, its jumps are found, its data written."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
import tempfile
from typing import NamedTuple

import numpy as np
import xarray as xr

from nege.command.economy_file import PathSpecification
from nege.errors import ConvergenceError, InputError
from nege.laboratory.page import page
from nege.results import files
from nege.solver_options import Logit
from nege.solvers.long_run import solve
from nege.status import Status
from nege.sweeps.sweep import follow
from nege.validation import paths


class PathJump(NamedTuple):
    """A jump: a change of shares that does not shrink as the path is refined."""

    step: int  # the step of the path that it is in
    values: tuple[float, float]  # of the parameter, either side
    region: str  # where the change is largest
    share: tuple[float, float]  # of that region


class RunResult(NamedTuple):
    """What a run found."""

    specification: PathSpecification
    result: xr.Dataset
    effective: float  # effective number of places without the online region
    jumps: tuple[PathJump, ...]


OUTPUT_FILES = (
    *("economy.nc", "*_share.png", "cities.png", "timeline.png", "shares.png", "map_*.png"),
    "retail.png",
    *("claims.html", "claims.nc"),
)


def writable_folder(folder: str | pathlib.Path) -> pathlib.Path:
    """Make the output folder, and prove that it can be written before anything is solved."""
    folder = paths.located("output", folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        for name in OUTPUT_FILES:
            for file in folder.glob(name):
                paths.replaceable("output", paths.located("output", file))
    except OSError as error:
        raise InputError(
            "output",
            str(folder),
            "a folder that can be written",
            f"The system says: {error}. Choose another with --output.",
        ) from error
    return folder


def execute(specification: PathSpecification) -> RunResult:
    """Solve the path, and the economy without the online region to say how spread out it is."""
    model, dynamics = specification.model, specification.dynamics
    result = follow(model, specification.path, dynamics=dynamics)
    if not model.in_shares:
        return RunResult(specification, result, float("nan"), ())
    effective = _effective_places(specification)
    return RunResult(specification, result, effective, _jumps(specification, result))


LARGE_STEP_CHANGE = 0.1  # a change of any share in one step that is looked into
SUBSTEPS = 8  # into which such a step is divided, twice


def _jumps(specification: PathSpecification, result: xr.Dataset) -> tuple[PathJump, ...]:
    """Find the steps in which any share jumps, and bracket each jump.

    A large change in one step may only be a coarse path. So the step is followed again
    in parts: where it is a jump, nearly all of the change is in one part, and again in
    one part of that.
    """
    shares = result["share"].values
    found = []
    for a, b in itertools.pairwise(converged_steps(result)):
        if np.max(np.abs(shares[b] - shares[a])) <= LARGE_STEP_CHANGE:
            continue
        values, start = (specification.values[a], specification.values[b]), shares[a]
        for _ in range(2):
            part = follow(
                specification.model,
                {specification.parameter: np.linspace(*values, SUBSTEPS + 1)},
                start,
                dynamics=specification.dynamics,
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
            found.append(PathJump(int(b), values, name, (along[k, region], along[k + 1, region])))
    return tuple(found)


def converged_steps(result: xr.Dataset) -> np.ndarray:
    """Return the steps that converged."""
    return np.flatnonzero(result["status"].values == Status.CONVERGED)


def _effective_places(specification: PathSpecification) -> float:
    """Return the effective number of places, without an online region: 1/Herfindahl."""
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


def save_data(run: RunResult, folder: pathlib.Path) -> pathlib.Path:
    """Write the data of a run; return the file."""
    about = {
        "title": run.specification.title,
        "effective_places": run.effective,
    }
    specification = run.specification
    path = folder / "economy.nc"
    files.write(path, run.result.assign_attrs(about), specification.model, specification.dynamics)
    return path


def save_claims(table: xr.Dataset, folder: pathlib.Path) -> list[pathlib.Path]:
    """Write the table of claims as data and as a page; return the files."""
    data, text = folder / "claims.nc", folder / "claims.html"
    with paths.replacing("output", data) as partial:
        table.to_netcdf(partial, engine="scipy")
    with paths.replacing("output", text) as partial:
        partial.write_text(page(table), encoding="utf-8")
    return [text, data]
