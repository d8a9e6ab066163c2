"""Decomposition of a change along a path: each mechanism held at its start, or Shapley values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, near
from nege.models import designs, parameter_axes
from nege.models.agglomeration.patterns import patterns
from nege.models.base import Model
from nege.progress import Progress, watched
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.solvers.checks import check_model
from nege.status import Status
from nege.sweeps.sweep import follow
from nege.validation.keywords import hinted

__all__ = ["decompose"]


OutcomeFunction = Callable[[xr.Dataset], xr.DataArray]


DECOMPOSITION_METHODS = ("switch", "shapley")
MOST_SHAPLEY_MECHANISMS = 10  # mechanisms: all their subsets are solved


@hinted
def decompose(
    model: Model,
    path: xr.Dataset,
    *,
    outcomes: Sequence[str] | Mapping[str, OutcomeFunction] | None = None,
    mechanisms: Mapping[str, Sequence[str]] | None = None,
    method: str = "switch",
    start: Any = None,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
    progress: Progress = None,
) -> xr.Dataset:
    r"""Decompose what changes along a path into the mechanisms that change it.

    Let v(S) be an outcome when the mechanisms in S move along the path and all others stay
    at its first step, M the set of all, and v(M) − v(∅) the change to explain. Mechanism i
    contributes

    - by ``"switch"``: v(M) − v(M \ {i}), what would be missing without it. These do not
      sum to the change: what is left is their interaction, and is reported as such;
    - by ``"shapley"``: v(S ∪ {i}) − v(S) averaged over the orders in which mechanisms can
      be switched on (Shapley 1953). These do sum to the change.

    Parameters
    ----------
    model : Model
        The economy, as for :func:`nege.follow`.
    path : Dataset
        Parameters over "step", of at least two steps, for example from
        ``nege.scenarios``. Changes are from its first step: to explain one turn of a longer
        path, give that part of it.
    outcomes : sequence of str, or mapping of str to callable, optional
        What changes: variables of the model or of :func:`nege.patterns`; or functions of
        the Dataset that :func:`nege.follow` returns, by the name that their result is to
        have, e.g. ``{"log_welfare": lambda ds: np.log(ds.welfare)}``. By default welfare,
        and where firms choose channels the online share of each industry.
    mechanisms : mapping of str to sequence of str, optional
        Switches by mechanism. A switch is a parameter of the path, "search_cost", or a
        part of it, "search_cost: services": one label along its first dimension other than
        step. By default each part that moves is a mechanism of its own.
    method : {"switch", "shapley"}, optional
        How contributions are counted. Shapley's solves the path for each of the 2^m sets of
        m mechanisms.
    start : optional
        Where each path starts, as for :func:`nege.follow`.
    dynamics : Replicator or Logit, optional
        How people move.
    options : SolverOptions, optional
        Tolerances and limits.
    progress : bool or callable, optional
        Show a bar; by default where somebody watches, and only for work that lasts. Or
        ``callback(done, total, words)``, which hears of every step (``nege.progress``).

    Returns
    -------
    Dataset
        By the name of each outcome its contributions (mechanism, step, ...), and with
        ``_change`` and ``_remainder`` after it the change since the first step and what
        contributions leave of it. ``unsolved`` (step) counts the economies that were not
        solved; where there is one, contributions that need it are NaN.

    Raises
    ------
    InputError
        For a path that does not move, unknown outcomes or switches, a switch in two
        mechanisms or in none, or more than ten mechanisms by Shapley's method.

    Notes
    -----
    Where several equilibria exist, each path stays on the branch it is on: a contribution
    then includes the jumps that its mechanism causes or prevents.

    Not for causes in data: mechanisms are parameters of the model, and contributions are its own.

    Examples
    --------
    >>> import nege
    >>> economy = nege.scenarios.metropolis_and_town()
    >>> turn = nege.scenarios.digital_turn(economy).sel(step=[6, 11])
    >>> found = nege.decompose(economy, turn)
    >>> found.mechanism.values.tolist()
    ['digital_cost: services', 'productivity: services']
    """
    check_model(model)
    steps = _checked_path(model, path)
    moving = _moving_parts(steps)
    groups = _parts_by_mechanism(moving, mechanisms)
    method = validation.known("method", method, DECOMPOSITION_METHODS)
    wanted = _outcome_functions(model, outcomes)
    names = tuple(groups)
    if method == "shapley" and len(names) > MOST_SHAPLEY_MECHANISMS:
        cure = "Group them with mechanisms={name: [switch, ...]}."
        raise InputError(
            "mechanisms", names, f"at most {MOST_SHAPLEY_MECHANISMS} by this method", cure
        )
    everything = frozenset(names)
    subsets = {everything, *(everything - {name} for name in names)}
    if method == "shapley":
        chosen = itertools.chain.from_iterable(
            itertools.combinations(names, size) for size in range(len(names) + 1)
        )
        subsets |= {frozenset(some) for some in chosen}
    paths = {
        active: _with_parts_held(
            steps, [s for name in names if name not in active for s in groups[name]]
        )
        for active in sorted(subsets, key=lambda some: (len(some), sorted(some)))
    }
    for one in paths.values():
        designs.listed_points(model, "path", one, "step").check(model)
    values: dict[frozenset[str], xr.Dataset] = {}
    unsolved = xr.zeros_like(steps["step"], dtype=np.int64)
    with watched(progress, len(subsets) * steps.sizes["step"], "economies") as done:
        for active, one in paths.items():
            ds = follow(
                model,
                one,
                start,
                dynamics=dynamics,
                options=options,
                progress=done.part(),
                invalid="record",  # there is none: all were asked about above
            )
            values[active] = _measured_outcomes(ds, wanted)
            unsolved = unsolved + _without_path_coordinates(ds["status"] != Status.CONVERGED)
    parts = xr.concat(
        [_contribution(values, name, names, method) for name in names],
        xr.DataArray(list(names), dims="mechanism", name="mechanism"),
        join="exact",
    )
    return _decomposition_dataset(parts, values[everything], unsolved, method)


def _checked_path(model: Model, path: Any) -> xr.Dataset:
    allowed = 'a Dataset of parameters over "step", of at least two steps'
    if not isinstance(path, xr.Dataset) or path.sizes.get("step", 0) < 2:
        raise InputError("path", path, allowed, "nege.scenarios.digital_turn() is one.")
    parameter_axes.check_names(model, [str(name) for name in path.data_vars])
    steps: xr.Dataset = path
    if "step" not in steps.coords:
        steps = steps.assign_coords(step=np.arange(steps.sizes["step"]))
    return steps


def _moving_parts(path: xr.Dataset) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return every part of a parameter that moves: its name, the parameter, which part."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for key, table in path.data_vars.items():
        name = str(key)
        if "step" not in table.dims:
            continue
        moves = (table != table.isel(step=0)).any("step")
        if not moves.dims:
            if bool(moves):
                found[name] = (name, {})
            continue
        dim = moves.dims[0]
        moves = moves.any([other for other in moves.dims if other != dim])
        labels = table[dim].values
        for label, moved in zip(labels, moves.values, strict=True):
            if moved:
                found[f"{name}: {label}"] = (name, {str(dim): label})
    if not found:
        raise InputError("path", list(path.data_vars), "a path along which something changes")
    return found


def _parts_by_mechanism(
    moving: dict[str, tuple[str, dict[str, Any]]],
    mechanisms: Mapping[str, Sequence[str]] | None,
) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Return the parts that each mechanism switches, checked to be a partition."""
    if mechanisms is None:
        return {name: [part] for name, part in moving.items()}
    named = isinstance(mechanisms, Mapping) and not isinstance(mechanisms, xr.Dataset)
    if not named or not mechanisms:
        cure = f"The switches of this path are {', '.join(moving)}."
        raise InputError("mechanisms", mechanisms, "a mapping of names to switches", cure)
    whole = {name for name, _ in moving.values()}
    left, groups = dict(moving), {}
    for mechanism, switches in mechanisms.items():
        chosen: list[str] = []
        for switch in validation.texts("mechanisms", switches):
            if switch not in moving and switch not in whole:
                cure = near(switch, [*moving, *whole])
                raise InputError("mechanisms", switch, "switches of what moves", cure)
            chosen += [atom for atom in moving if switch in (atom, moving[atom][0])]
        taken = [atom for atom in chosen if atom not in left]
        if taken:
            raise InputError("mechanisms", taken[0], "in one mechanism only")
        groups[str(mechanism)] = [left.pop(atom) for atom in dict.fromkeys(chosen)]
    if left:
        cure = "Put it into a mechanism: else its effect would pass for interaction."
        raise InputError("mechanisms", next(iter(left)), "complete: this moves too", cure)
    return groups


DEFAULT_OUTCOMES = ("online_share", "welfare")  # explained unless others are asked for


def _outcome_functions(
    model: Model, outcomes: Sequence[str] | Mapping[str, OutcomeFunction] | None
) -> dict[str, OutcomeFunction]:
    if isinstance(outcomes, Mapping):
        if not outcomes or not all(callable(function) for function in outcomes.values()):
            raise InputError("outcomes", outcomes, "functions by name, or a list of names")
        return {str(name): function for name, function in outcomes.items()}
    seen = ["online_share", "density"] if "total_cost" in model.variables else []
    if seen and len(model.coordinates()["industry"]) > 1:
        seen.append("meets")
    known = [*model.variables, *seen]
    if outcomes is None:
        outcomes = [name for name in DEFAULT_OUTCOMES if name in known]
    names = validation.texts("outcomes", outcomes)
    if not names:
        raise InputError("outcomes", outcomes, "at least one name", f"Known: {', '.join(known)}.")
    for name in names:
        validation.known("outcomes", name, known)
    return {
        name: _model_variable(name) if name in model.variables else _pattern_variable(name)
        for name in names
    }


def _model_variable(name: str) -> OutcomeFunction:
    return lambda ds: ds[name]


def _pattern_variable(name: str) -> OutcomeFunction:
    return lambda ds: patterns(ds)[name]


def _with_parts_held(path: xr.Dataset, parts: Iterable[tuple[str, dict[str, Any]]]) -> xr.Dataset:
    """Return the path with some parts of its parameters kept at their first step."""
    path = path.copy()
    for name, where in parts:
        table = path[name]
        first = table.isel(step=0, drop=True).broadcast_like(table)
        if not where:
            path[name] = first
            continue
        ((dim, label),) = where.items()
        path[name] = table.where(table[dim] != label, first)
    return path


def _without_path_coordinates(table: xr.DataArray) -> xr.DataArray:
    """Drop coordinates of the path: they differ between paths that are compared."""
    return table.drop_vars([name for name in table.coords if name not in table.dims])


def _measured_outcomes(ds: xr.Dataset, wanted: Mapping[str, OutcomeFunction]) -> xr.Dataset:
    found = {name: function(ds) for name, function in wanted.items()}
    for name, outcome in found.items():
        if not isinstance(outcome, xr.DataArray) or "step" not in outcome.dims:
            allowed = 'functions that return a DataArray over "step"'
            raise InputError("outcomes", {name: type(outcome).__name__}, allowed)
    return xr.Dataset({name: _without_path_coordinates(outcome) for name, outcome in found.items()})


def _contribution(
    values: Mapping[frozenset[str], xr.Dataset], name: str, names: Sequence[str], method: str
) -> xr.Dataset:
    everything = frozenset(names)
    if method == "switch":
        return values[everything] - values[everything - {name}]
    others = [other for other in names if other != name]
    total = xr.zeros_like(values[everything])
    for size in range(len(names)):
        # The probability that just these have been switched on before, in a random order.
        weight = 1.0 / (len(names) * math.comb(len(others), size))
        for some in itertools.combinations(others, size):
            before = frozenset(some)
            total = total + weight * (values[before | {name}] - values[before])
    return total


def _decomposition_dataset(
    parts: xr.Dataset, outcome: xr.Dataset, unsolved: xr.DataArray, method: str
) -> xr.Dataset:
    change = outcome - outcome.isel(step=0, drop=True)
    remainder = change - parts.sum("mechanism", skipna=False)
    found: dict[str, xr.DataArray] = {}
    for key in outcome.data_vars:
        name = str(key)
        words = outcome[key].attrs
        meaning, unit = str(words.get("long_name", name)), {"units": words.get("units", "1")}
        found[name] = parts[key].assign_attrs(long_name=f"contribution to {meaning}", **unit)
        found[f"{name}_change"] = change[key].assign_attrs(
            long_name=f"change in {meaning} since the first step", **unit
        )
        found[f"{name}_remainder"] = remainder[key].assign_attrs(
            long_name=f"interaction left of the change in {meaning}", **unit
        )
    found["unsolved"] = unsolved.assign_attrs(long_name="economies that were not solved")
    return xr.Dataset(found, attrs={"method": method})
