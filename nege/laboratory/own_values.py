"""A claim at values of one's own: which parameters can be set, and the claim with them set.

The claim's economy is replaced by the one with these values; its path and its states are made of
that. So a value is what the claim starts from, and three things can become of it:

    it stands     no state, and no step of the path, has another
    it is moved   states make their own values of it: twice the commission, whatever that is
    it is set     a state has a value of its own, whatever was given. In every state: refused
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege.errors import InputError, in_words, near
from nege.laboratory import prior as priors
from nege.laboratory import running
from nege.laboratory.claim import Claim, Experiment, Flip
from nege.models import entries, parameter_axes
from nege.models.base import Model

NUDGE = 1e-3  # of a value, to see which states it reaches
NAMED = 3  # entries of a table that are named
LISTED = 6  # values that are listed; of more the first and the last
EXAMPLE = 'For example {"sigma": 6.0}, or {"sigma": [4, 5, 6]} for each of three.'


def separated(claim: Claim, at: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the parameters that have one value, and those that have a list of them."""
    if not isinstance(at, Mapping):
        raise InputError("at", at, "a mapping of parameter names to values", EXAMPLE)
    model = claim.experiment.model()
    single, several = {}, {}
    for name, value in at.items():
        _known(claim, model, name)
        if isinstance(value, (list, tuple, range, np.ndarray)) and np.ndim(value):
            several[name] = parameter_axes.numbers(name, value)
        else:
            single[name] = value
    return single, several


def placed(claim: Claim, values: Mapping[str, Any]) -> Claim:
    """Return a claim about its economy at other values of some parameters.

    Where it flips is placed too: what makes the difference there keeps its own value.
    """
    usual = claim.experiment.model()
    model = usual.replace(values)
    for name, value in values.items():
        _refuse_what_is_set(claim, model, name, value)
    said = in_words(_made_of(claim.experiment, model, name) for name in values)
    own = claim.experiment.but(f"but with {said}", model=lambda: model)
    flips = tuple(_flip_placed(flip, usual, values) for flip in claim.flips)
    return dataclasses.replace(claim, experiment=own, flips=flips)


def parameters(claim: Claim) -> xr.Dataset:
    """Return every parameter of a claim's economy, whole and by entry, over "parameter"."""
    experiment, rows = claim.experiment, []
    model = experiment.model()
    touched = _touched(experiment, model)
    for field, table in priors.tables_of(model).items():
        allowed = priors.bounds(model, field).words("a finite number")
        about = priors.declared(model, field)
        fixed = states = np.zeros(table.shape, dtype=bool)
        if field in touched:
            fixed, states = _set_in_all(experiment, model, field), _states(experiment, model, field)
        for name, at in _names_of(field, table):
            of_claim = _series(states[(slice(None), *at)]) if fixed[at].any() else ""
            rows.append(
                {
                    "parameter": name,
                    "value": _common(table.values[at]),
                    "over": ", ".join(map(str, table.dims)) if name == field else "",
                    "allowed": allowed,
                    "set_to": of_claim,
                    "words": field if about is None else about.words,
                }
            )
    found = {name: ("parameter", np.array([row[name] for row in rows])) for name in rows[0]}
    return xr.Dataset(found).set_coords("parameter")


# --- names ---------------------------------------------------------------------------


class _Named(NamedTuple):
    """What a name stands for: a parameter, and which part of its table."""

    field: str
    part: tuple[Any, ...]


def _found(model: Model, name: Any) -> _Named | None:
    tables = priors.tables_of(model)
    if isinstance(name, str) and name in tables:
        return _Named(name, (slice(None),) * tables[name].ndim)
    known = entries.entry(model, name)
    if known is None or known[0] not in tables:
        return None
    field, labels = known
    table = tables[field]
    return _Named(
        field, tuple(table.get_index(dim).get_loc(labels[str(dim)]) for dim in table.dims)
    )


def _known(claim: Claim, model: Model, name: Any) -> _Named:
    """Return what a name stands for, or refuse it."""
    found = _found(model, name)
    if found is not None:
        return found
    tables = priors.tables_of(model)
    whole = name.partition(".")[0] if isinstance(name, str) else ""
    if whole in tables and not tables[whole].ndim:
        cure = entries.one_number(whole)
    else:
        cure = near(name, [*tables, *entries.names(model, name)])
    allowed = f"of parameters of the economy of claim {claim.number}, numbers or tables of them"
    listing = f'nege.claims("{claim.number}").parameters lists them.'
    raise InputError("at", name, allowed, f"{cure} {listing}")


def _names_of(field: str, table: xr.DataArray) -> Iterator[tuple[str, Any]]:
    """Yield the name of a whole table and that of each entry, with their parts of it."""
    yield field, (slice(None),) * table.ndim
    labels = [[str(label) for label in table[dim].values] for dim in table.dims]
    for at in np.ndindex(*table.shape) if labels else ():
        yield ".".join([field, *(known[i] for known, i in zip(labels, at, strict=True))]), at


# --- what the claim itself sets ------------------------------------------------------


def _refuse_what_is_set(claim: Claim, model: Model, name: str, value: Any) -> None:
    """Refuse a value that the claim overrides in every state: it would have no effect."""
    field, part = _known(claim, model, name)
    fixed = _set_in_all(claim.experiment, model, field)
    if not np.any(fixed[part]):
        return
    table, states = priors.tables_of(model)[field], _states(claim.experiment, model, field)
    inside = np.zeros(table.shape, dtype=bool)
    inside[part] = True
    numbers = [(n, at) for n, at in _names_of(field, table) if not inside[at].shape]
    taken = [f"{n} ({_series(states[(slice(None), *at)])})" for n, at in numbers if fixed[at]]
    free = [n for n, at in numbers if inside[at] and not fixed[at]]
    more = " and more" if taken[NAMED:] else ""
    cure = f"It sets {in_words(taken[:NAMED])}{more}, whatever is given here."
    if free and len(free) <= NAMED:
        cure += f" Give {in_words(free)} alone."
    else:
        cure += f' What is free has no set_to in nege.claims("{claim.number}").parameters.'
    allowed = f"a parameter that claim {claim.number} does not set itself in every state"
    raise InputError(name, value, allowed, cure)


def _set_in_all(experiment: Experiment, model: Model, field: str) -> np.ndarray:
    """Return which entries of a parameter are set in all states, whatever the model has."""
    table = priors.tables_of(model)[field]
    if field in _touched(experiment, model):
        for by in (NUDGE, -NUDGE):
            moved = table + by * np.maximum(abs(table), 1.0)
            try:
                other = model.replace({field: moved if moved.ndim else float(moved)})
                before, after = (_states(experiment, one, field) for one in (model, other))
            except InputError:  # as of parts of a budget, which no claim sets
                continue
            moves = ~_alike(table, priors.tables_of(other)[field])
            return np.asarray(_alike(before, after).all(0) & moves)
    return np.zeros(table.shape, dtype=bool)


def _touched(experiment: Experiment, model: Model) -> set[str]:
    """Return the parameters of which some state, or the path, has values of its own."""
    own = {str(name) for changes in experiment.states.values() for name in changes}
    return own if experiment.path is None else own | set(map(str, experiment.path(model)))


_states = running.values_of


def _alike(one: Any, other: Any) -> np.ndarray:
    return np.asarray(np.isclose(one, other, rtol=1e-12, atol=0.0, equal_nan=True))


# --- where it flips ------------------------------------------------------------------


def _flip_placed(flip: Flip, usual: Model, values: Mapping[str, Any]) -> Flip:
    """Return where a claim flips, at the same values but for those that make the difference."""
    experiment = flip.experiment
    model = experiment.model()
    given = {name: v for name, v in values.items() if _same(model, usual, name)}
    try:
        own = model.replace(given)
        fixed = [name for name in given if _fixed(experiment, own, name)]
    except InputError:
        own, given, fixed = model, {}, []
    apart = [name for name in values if name not in given or name in fixed]
    words = f"{flip.words} (with its own {in_words(apart)})" if apart else flip.words
    return Flip(words=words, experiment=dataclasses.replace(experiment, model=lambda: own))


def _same(model: Model, usual: Model, name: str) -> bool:
    """Whether another economy has the same value of a parameter."""
    here, there = _found(model, name), _found(usual, name)
    if here is None or there is None or here != there:
        return False
    one, other = (priors.tables_of(m)[here.field].values[here.part] for m in (model, usual))
    return np.array_equal(one, other, equal_nan=True)


def _fixed(experiment: Experiment, model: Model, name: str) -> bool:
    found = _found(model, name)
    return found is not None and bool(
        np.any(_set_in_all(experiment, model, found.field)[found.part])
    )


# --- words ---------------------------------------------------------------------------


def briefly(model: Model, names: Any) -> str:
    """Return names and values of parameters as in a sentence."""
    return in_words(_given(model, name) for name in names)


def _made_of(experiment: Experiment, model: Model, name: str) -> str:
    """Return name and value, and what the states of an experiment make of it."""
    found, said = _found(model, name), _given(model, name)
    if found is None or found.field not in _touched(experiment, model):
        return said
    states = _states(experiment, model, found.field)[(slice(None), *found.part)]
    if _alike(states, priors.tables_of(model)[found.field].values[found.part]).all():
        return said
    where = "in its states" if experiment.path is None else "along its path"
    return f"{said} ({_series(states)} {where})"


def _given(model: Model, name: str) -> str:
    """Return name and value, by label where these differ and are few."""
    known = entries.entry(model, name)
    table = priors.tables_of(model)[name if known is None else known[0]]
    if known is not None:
        return f"{name} {float(table.sel(known[1])):g}"
    one = _common(table.values)
    if np.isfinite(one):
        return f"{name} {one:g}"
    if table.size > LISTED:
        return f"{name} by {in_words(map(str, table.dims))}"
    labels = itertools.product(*(map(str, table[dim].values) for dim in table.dims))
    said = [f"{v:g} of {'.'.join(of)}" for of, v in zip(labels, table.values.flat, strict=True)]
    return f"{name} {in_words(said)}"


def _common(values: Any) -> float:
    """Return the number that all values are, NaN where they differ."""
    flat = np.ravel(values)
    return float(flat[0]) if (flat == flat[0]).all() else float("nan")


def _series(states: np.ndarray) -> str:
    """Return values of states one after the other; of many the first and the last."""
    by_state = states.reshape(len(states), -1)
    if not _alike(by_state.T, by_state[:, 0]).all():
        return "different values"
    found = [f"{value:.4g}" for value, _ in itertools.groupby(by_state[:, 0].tolist())]
    return in_words(found) if len(found) <= LISTED else f"from {found[0]} to {found[-1]}"
