"""Running experiments: draws of the prior times states, as points of a sweep.

Draws come in blocks, each a sweep of its own with a store of its own, named by all that it
depends on: a run that is killed goes on where it was, more draws add blocks to those that are
there, and what has changed is solved anew. Each point is
solved by itself, from the model's own start, and the first fifty draws from another one too: where
both converge to different places the draw is *not unique*, and is counted as such.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import pathlib
import time
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege._version import ANSWERS
from nege.errors import InputError
from nege.laboratory import prior as priors
from nege.laboratory.claim import Experiment
from nege.laboratory.observed import Observed
from nege.models.agglomeration.mechanisms.tax import LargeRateWarning
from nege.models.agglomeration.model import OnlineAgglomeration
from nege.models.base import Model
from nege.progress import Progress, logger
from nege.results import checksums
from nege.status import Status
from nege.sweeps.fingerprint import dataset_entries
from nege.sweeps.sweep import sweep

CHECKED = 50  # draws that are solved from two starts
BORDERS = (CHECKED, 200, 1000, 5000)  # of blocks of draws; each is a sweep
UNIT = 40  # points that are solved and written together
SAME = 1e-6  # two ends of which all variables differ by less, relatively, are the same
OTHER_START = 7  # seed of the second start

#: What functions said of each draw, and where they refused it.
Answers = dict[Any, tuple[xr.DataArray, np.ndarray]]


@dataclasses.dataclass(frozen=True)
class Run:
    """An experiment that was run: factors of each draw, outcomes, and what came of each draw.

    Attributes
    ----------
    factors : Dataset
        What each parameter was multiplied by, over "draw".
    observed : Observed
        Outcomes over "draw" and "case".
    fate : DataArray of str
        By draw: "solved", "not unique", "refused" or "unsolved", in any of its states.
    another : Observed, optional
        Outcomes from another start, where all draws have two.
    """

    experiment: Experiment
    factors: xr.Dataset
    observed: Observed
    fate: xr.DataArray
    another: Observed | None = None


@dataclasses.dataclass(frozen=True)
class Work:
    """Where and how experiments are solved; `starts` is how many starts each point has."""

    store: pathlib.Path | None = None
    processes: int = 1
    client: Any = None
    progress: Progress = None
    starts: int = 2


def run(experiment: Experiment, count: int, *, prior: str, rng: int, work: Work = Work()) -> Run:
    """Return what draws of a prior end in, block by block."""
    model = experiment.model()
    path = None if experiment.path is None else experiment.path(model)
    listed = _acting(experiment, model, priors.entries(model, path))
    factors = priors.design(listed, count, prior, rng).rename(point="draw")
    blocks = []
    for first, end in itertools.pairwise(_borders(count)):
        part = factors.isel(draw=slice(first, end))
        starts = work.starts if end <= CHECKED else 1
        own = dataclasses.replace(work, starts=starts)
        blocks.append(run_factors(experiment, part, work=own))
    return _joined(blocks, factors)


def _acting(experiment: Experiment, model: Model, listed: list[priors.Entry]) -> list[priors.Entry]:
    """Return the entries that move a parameter in some state: others are overridden in all."""
    changes = list(experiment.states.values()) or [{}]
    overridden = set(changes[0]).intersection(*changes)
    doubtful = [entry.name for entry in listed if entry.parameter in overridden]
    columns = {
        name: ("draw", np.where(np.arange(len(doubtful) + 1) == at, priors.NUDGE, 1.0))
        for at, name in enumerate(doubtful)
    }
    usual = {e.name: ("draw", np.ones(len(doubtful) + 1)) for e in listed}
    nudged = xr.Dataset({**usual, **columns}, {"draw": np.arange(len(doubtful) + 1)})
    points, _ = _points(experiment, model, nudged)
    moved = np.zeros(len(doubtful) + 1, dtype=bool)
    for table in points.data_vars.values():
        values = table.transpose("draw", ...).values
        moved |= (values != values[-1]).reshape(len(moved), -1).any(1)
    idle = {name for name, acts in zip(doubtful, moved, strict=False) if not acts}
    return [entry for entry in listed if entry.name not in idle]


def _borders(count: int) -> list[int]:
    """Return where blocks of draws begin and end."""
    return [0, *(border for border in BORDERS if border < count), count]


def run_factors(experiment: Experiment, factors: xr.Dataset, *, work: Work = Work()) -> Run:
    """Return what economies with given factors of their parameters end in."""
    model = experiment.model()
    points, refused = _points(experiment, model, factors)
    found = _solved(experiment, model, points, work)
    status = found.status
    fate = xr.full_like(status, "solved", dtype="<U10")
    another = None
    if work.starts > 1:
        other = _solved(experiment, model, points, work, another=True)
        fate = fate.where(~_differs(found, other), "not unique")
        another = Observed(other, points, model)
    fate = fate.where(status == Status.CONVERGED, "unsolved")
    fate = fate.where((status != Status.INVALID) & ~refused, "refused")
    return Run(experiment, factors, Observed(found, points, model), _worst(fate), another)


def _points(
    experiment: Experiment, model: Model, factors: xr.Dataset
) -> tuple[xr.Dataset, xr.DataArray]:
    """Return the parameters of every draw in every state, and which of them are no economies."""
    path = None if experiment.path is None else experiment.path(model)
    cases = cases_of(experiment, path)
    labels = {"draw": factors.draw.values, "case": list(cases)}
    refused = np.zeros([len(names) for names in labels.values()], dtype=bool)
    drawn = priors.vary(model, factors, path)
    columns = []
    known: dict[Any, Answers] = {}
    for which, (state, step) in enumerate(cases.values()):
        here = {name: _at(table, step) for name, table in drawn.items()}
        changes, told = _apart(experiment.states.get(state, {}))
        asked = {name: value for name, value in changes.items() if callable(value)}
        same = known.setdefault((step, *told.items()), {})
        answers, refused[:, which] = _asked(model.replace(told), here, asked, len(refused), same)
        columns.append({**here, **changes, **answers})
    tables = priors.tables_of(model)
    usual = {name: _usual(tables, name) for column in columns for name in column}
    stacked = {}
    for name, old in usual.items():
        cells = [_over_draws(column.get(name, old), old, len(refused)) for column in columns]
        own = {dim: old[dim].values for dim in old.dims if dim in old.coords}
        dims = ("draw", "case", *map(str, old.dims))
        stacked[name] = xr.DataArray(np.stack(cells, 1), {**labels, **own}, dims)
    return xr.Dataset(stacked, labels), xr.DataArray(refused, labels)


def _asked(
    model: Model, here: dict[str, xr.DataArray], asked: dict[str, Any], draws: int, known: Answers
) -> tuple[dict[str, xr.DataArray], np.ndarray]:
    """Return what functions say of each economy drawn, and which draws are no economies.

    `known` is what they said of these economies in other states.
    """
    new = [value for value in dict.fromkeys(asked.values()) if value not in known]
    found: dict[Any, list[tuple[xr.DataArray, bool]]] = {value: [] for value in new}
    for draw in range(draws if new else 0):
        own = {n: t.isel(draw=draw) if "draw" in t.dims else t for n, t in here.items()}
        try:
            economy = model.replace(own)
        except InputError:
            economy = None
        for value in new:
            found[value].append(_answer(value, economy, model))
    for value, answers in found.items():
        tables, refused = zip(*answers, strict=True)
        known[value] = xr.concat(tables, "draw"), np.array(refused)
    bad = [known[value][1] for value in asked.values()]
    over = {name: known[value][0] for name, value in asked.items()}
    return over, np.any(bad, axis=0) if bad else np.zeros(draws, dtype=bool)


def _answer(value: Any, economy: Model | None, model: Model) -> tuple[xr.DataArray, bool]:
    """Return what a function says of an economy, of the usual one where it refuses, and if so."""
    if economy is not None:
        with contextlib.suppress(InputError):
            return xr.DataArray(value(economy)), False
    return xr.DataArray(value(model)), True


def _apart(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the changes of a state that are numbers, and those that are words."""
    told = {name: value for name, value in changes.items() if isinstance(value, str)}
    return {name: value for name, value in changes.items() if name not in told}, told


def cases_of(experiment: Experiment, path: xr.Dataset | None) -> dict[Any, tuple[str, int | None]]:
    """Return the cases by label: which state, and which step of the path."""
    if path is None:
        return {state: (state, None) for state in experiment.states}
    steps = path.step.values.tolist()
    if not experiment.states:
        return {step: ("", step) for step in steps}
    return {f"{state}, step {step}": (state, step) for state in experiment.states for step in steps}


def values_of(experiment: Experiment, model: Model, name: str) -> np.ndarray:
    """Return a parameter, or a table of them, in every state of an economy, states in front."""
    path = None if experiment.path is None else experiment.path(model)
    own = priors.tables_of(model)[name]
    found = []
    for state, step in cases_of(experiment, path).values():
        here = {} if path is None else {str(n): _at(t, step) for n, t in path.data_vars.items()}
        changes, told = _apart(experiment.states.get(state, {}))
        value = changes.get(name, here.get(name, own))
        if callable(value):
            value, _ = _answer(value, model.replace({**told, **here}), model)
        found.append(_over_draws(value, own, 1)[0])
    return np.stack(found)


def _at(table: xr.DataArray, step: int | None) -> xr.DataArray:
    return table.sel(step=step, drop=True) if "step" in table.dims else table


def _usual(tables: Mapping[str, xr.DataArray], name: str) -> xr.DataArray:
    """Return a parameter of an economy as a table, or one entry of it as a number."""
    found = tables.get(name)
    if found is not None:
        return found
    whole, _, label = name.partition(".")
    raise InputError(
        "states", name, f"the whole of {whole}", f"Give the table, with {label} changed."
    )


def _over_draws(value: Any, old: xr.DataArray, draws: int) -> np.ndarray:
    """Return values in the form that a table has, over draws in front."""
    if isinstance(value, xr.DataArray):
        value = (value * xr.ones_like(old, dtype=float)).transpose(..., *old.dims)
    return np.broadcast_to(np.asarray(value, dtype=float), (draws, *old.shape))


def _solved(
    experiment: Experiment,
    model: Model,
    points: xr.Dataset,
    work: Work,
    *,
    another: bool = False,
) -> xr.Dataset:
    """Return the long runs of all points; states that words set apart are sweeps of their own."""
    path = None if experiment.path is None else experiment.path(model)
    apart: dict[str, tuple[dict[str, str], list[Any]]] = {}
    for case, (state, _) in cases_of(experiment, path).items():
        _, told = _apart(experiment.states.get(state, {}))
        apart.setdefault(json.dumps(told), (told, []))[1].append(case)
    parts = []
    for told, cases in apart.values():
        own, some = model.replace(told), points.sel(case=cases)
        parts.append(_sweep(experiment, own, some, work, another=another))
    if len(parts) == 1:
        return parts[0]
    return xr.concat(parts, "case", data_vars="minimal").sel(case=points.case)


def _sweep(
    experiment: Experiment,
    model: Model,
    points: xr.Dataset,
    work: Work,
    *,
    another: bool = False,
) -> xr.Dataset:
    """Return the long runs of all points over draw and state."""
    flat = points.stack(point=("draw", "case")).reset_index("point", drop=True)
    flat = flat.drop_vars(["draw", "case"], errors="ignore")
    start = experiment.start(model) if experiment.start is not None else None
    if another:
        start = _another_start(model)
    found = _when_free(
        model,
        flat,
        large_rates=experiment.large_rates,
        start=start,
        store=None if work.store is None else work.store / _name(experiment, model, flat, start),
        processes=work.processes,
        client=work.client,
        progress=work.progress,
        unit=UNIT,
        invalid="record",
    ).compute()
    over = {"draw": points.sizes["draw"], "case": points.sizes["case"]}
    return found.drop_vars([*flat.data_vars, "point"], errors="ignore").map(
        lambda table: _unstacked(table, over, points)
    )


def _when_free(
    model: Model, points: xr.Dataset, *, large_rates: bool = False, **how: Any
) -> xr.Dataset:
    """Return the sweep, once no other process has the same one under way in the same store."""
    while True:
        try:
            with warnings.catch_warnings():
                if large_rates:  # they are meant
                    warnings.simplefilter("ignore", LargeRateWarning)
                return sweep(model, points, **how)
        except InputError as error:
            if error.argument != "store" or "no other sweep is writing" not in error.allowed:
                raise
            logger.info("waiting for another process, which solves the same: %s", error.value)
            time.sleep(1.0)


def _name(experiment: Experiment, model: Model, points: xr.Dataset, start: Any) -> str:
    """Return a name for a sweep's store that no other sweep has."""
    tables = {"model": model.to_dataset(), "points": points}
    if start is not None:
        own = isinstance(start, xr.Dataset)
        tables["start"] = start if own else xr.DataArray(np.asarray(start)).to_dataset(name="share")
    made = {"answers": ANSWERS, "words": experiment.words}
    for what, table in tables.items():
        made |= dataset_entries(what, table)
    return f"{checksums.of_text(json.dumps(made, sort_keys=True))[:16]}.zarr"


def _unstacked(table: xr.DataArray, over: dict[str, int], points: xr.Dataset) -> xr.DataArray:
    if "point" not in table.dims:
        return table
    values = table.transpose("point", ...).values
    rest = [dim for dim in table.dims if dim != "point"]
    labels = {dim: table[dim].values for dim in rest if dim in table.coords}
    return xr.DataArray(
        values.reshape(*over.values(), *values.shape[1:]),
        {"draw": points.draw.values, "case": points.case.values, **labels},
        (*over, *rest),
        attrs=table.attrs,
    )


def _another_start(model: Model) -> Any:
    """Return firms and people far from where the model's own start has them."""
    rng = np.random.default_rng(OTHER_START)
    if not isinstance(model, OnlineAgglomeration):
        return model.random_start(rng)
    places = model.geography.names
    mass = np.exp(2.0 * rng.normal(size=(len(model.industries), len(places), len(model.modes))))
    where = {
        "industry": list(model.industries),
        "place": list(places),
        "channel": list(model.modes),
    }
    return xr.Dataset(
        {
            "firm_mass": xr.DataArray(mass / mass.sum((1, 2), keepdims=True), where),
            "population": ("place", rng.dirichlet(np.ones(len(places)))),
        }
    )


def _differs(one: xr.Dataset, other: xr.Dataset) -> xr.DataArray:
    """Whether two runs ended in different places, where both did."""
    main = "firm_mass" if "firm_mass" in one else "share"
    dims = [dim for dim in one[main].dims if dim not in ("draw", "case")]
    far = abs(one[main] - other[main]).max(dims) > SAME * one[main].max(dims)
    both = (one.status == Status.CONVERGED) & (other.status == Status.CONVERGED)
    return xr.DataArray(far & both)


#: What can become of a draw, the worst last.
FATES = ("solved", "not unique", "unsolved", "refused")


def _worst(fate: xr.DataArray) -> xr.DataArray:
    """Return by draw the worst of what came of its states."""
    rank = np.array([fate.values == word for word in FATES]).argmax(0)
    worst = rank.max(fate.get_axis_num("case"))
    return xr.DataArray(np.array(FATES)[worst], {"draw": fate.draw.values})


def _joined(blocks: list[Run], factors: xr.Dataset) -> Run:
    if len(blocks) == 1:
        return dataclasses.replace(blocks[0], factors=factors)
    first = blocks[0].observed
    data = xr.concat([one.observed.data for one in blocks], "draw", data_vars="minimal")
    parameters = xr.concat([one.observed.parameters for one in blocks], "draw")
    fate = xr.concat([one.fate for one in blocks], "draw")
    return Run(blocks[0].experiment, factors, Observed(data, parameters, first.model), fate)
