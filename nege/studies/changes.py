"""Paths made of changes: which parameter moves, for whom, from when, and how far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from nege import memory, validation
from nege.errors import InputError
from nege.models.base import Model
from nege.models.designs import listed_points
from nege.models.entries import entry
from nege.models.parameter_axes import check_names, numbers
from nege.solvers.checks import check_model
from nege.validation.keywords import hinted

__all__ = ["Change", "path"]

ENDS = ("highest", "lowest")  # where places converge to
LONGEST = 10_000  # steps of a path


@hinted
@dataclass(frozen=True)
class Change:
    """One thing that changes along a path: which parameter, for whom, from when, how far.

    A parameter is what it is in the economy, or what earlier changes made of it, until
    `start`. From there it goes to `to` in `over` equal steps, or through a list of values,
    one a step; what it has reached it keeps.

    Parameters
    ----------
    parameter : str
        The one that moves, e.g. "search_cost", or that of a mechanism, "access.entry_cost".
    to : float, sequence of float, or {"highest", "lowest"}
        How far: a number, the values at steps `start`, `start` + 1, …, or the highest or
        lowest among places at `start`, industry by industry: institutions that converge up
        or down, ``Change("productivity", "highest", ...)``.
    of : str, sequence of str, or mapping of str to them, optional
        For whom: labels of industries, places, inputs or channels. Several along one
        dimension are all meant, ("steel", "cars"); those along different ones restrict each
        other, ("services", "metropolis"). Where a label is along two dimensions say which,
        {"input": "services"}. By default everybody.
    start : int, default 0
        From when: the last step at which nothing has changed yet, unless there is a list
        or `over` is 0, when it is the first at which something has.
    over : int, default 0
        Steps that it takes to get to a number, or to converge; 0 is at once.

    Raises
    ------
    InputError
        If a number, a step or a name is out of range.

    Notes
    -----
    Not for where people or firms are, which no path can move: only parameters change.

    Examples
    --------
    Search for services becomes cheaper from step 2 to step 4:

    >>> import nege
    >>> cheaper = nege.scenarios.Change("search_cost", 0.5, of="services", start=2, over=2)
    >>> path = nege.scenarios.path(nege.OnlineAgglomeration(), cheaper)
    >>> path.search_cost.sel(industry="services").values
    array([1.5, 1.5, 1.5, 1. , 0.5])
    """

    parameter: str
    to: float | str | Sequence[float]
    of: str | Sequence[str] | Mapping[str, str | Sequence[str]] | None = None
    start: int = 0
    over: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.parameter, str):
            raise InputError("parameter", self.parameter, "the name of one")
        to: Any = self.to
        if isinstance(to, str):
            validation.known("to", to, ENDS)
        elif validation.single(to):
            to = validation.number("to", to)
        else:
            to = tuple(numbers("to", to).tolist())
        of: Any = self.of
        if isinstance(of, Mapping):
            of = {str(dim): _names(labels) for dim, labels in of.items()}
        elif of is not None:
            of = _names(of)
            if not of:
                raise InputError("of", self.of, "at least one label", "Leave it out for everybody.")
        object.__setattr__(self, "to", to)
        object.__setattr__(self, "of", of)
        for name in ("start", "over"):
            given = validation.whole(name, getattr(self, name), at_least=0)
            if given > LONGEST:
                raise InputError(name, given, f"at most {LONGEST}")
            object.__setattr__(self, name, given)
        if isinstance(to, tuple) and self.over:
            cure = "A list has a value for each step already."
            raise InputError("over", self.over, "left out where `to` is a list", cure)

    @property
    def last(self) -> int:
        """The step at which it is done."""
        return self.start + (len(self.to) - 1 if isinstance(self.to, tuple) else self.over)

    def _apply(self, table: xr.DataArray) -> None:
        """Change a parameter over (step, ...), in place."""
        chosen = _labels_by_dimension(table, self.of)
        values = table.values  # the table's own
        positions = [
            np.flatnonzero(table[dim].isin(chosen[str(dim)])) if dim in chosen else np.arange(size)
            for dim, size in list(table.sizes.items())[1:]
        ]
        where: tuple[Any, ...] = np.ix_(*positions)
        now = np.array(values[(self.start, *where)])
        if isinstance(self.to, tuple):
            steps = [np.full_like(now, value) for value in self.to]
        else:
            goal = self._goal(table, values[self.start])[where]
            parts = np.linspace(0.0, 1.0, self.over + 1) if self.over else [1.0]
            steps = [now + part * (goal - now) for part in parts]
            steps[-1] = goal
        for step in range(self.start, len(values)):
            values[(step, *where)] = steps[min(step - self.start, len(steps) - 1)]

    def _goal(self, table: xr.DataArray, now: np.ndarray) -> np.ndarray:
        """Return what the parameter goes to, for everybody."""
        if not isinstance(self.to, str):
            return np.full_like(now, self.to)
        if "place" not in table.dims:
            allowed = f"a number: {self.parameter} is the same in all places"
            raise InputError("to", self.to, allowed)
        axis = table.dims.index("place") - 1
        end = np.max if self.to == "highest" else np.min
        return np.asarray(np.broadcast_to(end(now, axis=axis, keepdims=True), now.shape))


def _names(labels: Any) -> tuple[Any, ...]:
    """Return one or several names."""
    names = (labels,) if isinstance(labels, str) else tuple(validation.texts("of", labels))
    for name in names:
        if not isinstance(name, str):
            raise InputError("of", name, "names", f"Names are text: write {str(name)!r}.")
    return names


def _labels_by_dimension(table: xr.DataArray, of: Any) -> Mapping[str, list[str]]:
    """Return the labels that are meant by the dimension that they are along."""
    found: dict[str, list[str]] = {}
    by_dim = {str(dim): [str(x) for x in table[dim].values] for dim in table.dims[1:]}
    if isinstance(of, Mapping):
        for dim, labels in of.items():
            if dim not in by_dim:
                allowed = f"by dimensions of {table.name}, {', '.join(by_dim) or 'which has none'}"
                raise InputError("of", dim, allowed)
            found[dim] = [validation.known("of", label, by_dim[dim]) for label in labels]
        return found
    for label in of or ():
        dims = [dim for dim, labels in by_dim.items() if label in labels]
        if not dims:
            every = list(dict.fromkeys(x for labels in by_dim.values() for x in labels))
            if not every:
                raise InputError("of", label, f"left out: {table.name} is one number")
            validation.known("of", label, every)
        if len(dims) > 1:
            cure = f"Say which is meant: of={{{dims[0]!r}: {label!r}}}."
            raise InputError("of", label, f"along one dimension, not {' and '.join(dims)}", cure)
        found.setdefault(dims[0], []).append(label)
    return found


@hinted
def path(economy: Model, changes: Sequence[Change] | Change, *, title: str = "") -> xr.Dataset:
    """Compose a path of an economy from changes, for :func:`nege.follow`.

    At step 0 every parameter is what it is in the economy, unless a change starts there at
    once. Changes are made in the order given, each from its own step on, so that one may
    go on from where another has led.

    Parameters
    ----------
    economy : Model
        Where the path starts, and whose industries and places it is for.
    changes : Change or sequence of Change
        What changes; at least one.
    title : str, optional
        What the path is called.

    Returns
    -------
    Dataset
        The parameters that change, over "step" and their own dimensions; as many steps as
        the last change takes.

    Raises
    ------
    InputError
        If the economy has no such parameter, industry or place, or does not accept a value.

    Notes
    -----
    Not for what varies by chance or in a grid: that is for :func:`nege.sweep`. Ready paths
    are ordinary ones, and a path is a Dataset, which may be changed as one.

    Examples
    --------
    Institutions elsewhere converge up to those of the first place, in two steps:

    >>> import nege
    >>> up = nege.scenarios.Change("productivity", "highest", of="services", over=2)
    >>> path = nege.scenarios.path(nege.OnlineAgglomeration(), up)
    >>> path.productivity.sel(industry="services", place="1").values
    array([1.   , 1.125, 1.25 ])
    """
    check_model(economy)
    made: tuple[Any, ...] = (changes,)
    if not isinstance(changes, Change):
        made = tuple(changes) if isinstance(changes, Sequence) else ()
    if not made or not all(isinstance(change, Change) for change in made):
        cure = 'For example nege.scenarios.Change("search_cost", 0.5, of="services", over=5).'
        raise InputError("changes", changes, "nege.scenarios.Change, at least one", cure)
    if not isinstance(title, str):
        raise InputError("title", title, "text")
    check_names(economy, [change.parameter for change in made])
    steps = np.arange(1 + max(change.last for change in made))
    size = len(steps) * sum(np.size(_now(economy, change.parameter)[0]) for change in made)
    memory.check(
        "changes", len(steps), 24 * size, "for the steps of this path", "Take fewer steps."
    )
    tables = {change.parameter: _held(economy, change.parameter, steps) for change in made}
    for change in made:
        change._apply(tables[change.parameter])
    found = xr.Dataset(tables, attrs={"title": title} if title else {})
    listed_points(economy, "changes", found, "step").check(economy)
    return found


def _now(economy: Any, name: str) -> tuple[Any, Any]:
    """Return a parameter of the economy, its online region or a mechanism, and its field."""
    if (known := entry(economy, name)) is not None:
        table, labels = known
        return getattr(economy, table).sel(labels, drop=True), economy.fields[table]
    owner, _, own = name.rpartition(".")
    holder = economy.mechanisms[owner] if owner else economy
    value = economy.scalars().get(name, getattr(holder, own, None))
    return value, holder.fields.get(own)


def _held(economy: Model, name: str, steps: np.ndarray) -> xr.DataArray:
    """Return a parameter over (step, ...), what it is in the economy throughout."""
    value, field = _now(economy, name)
    if not isinstance(value, (float, int, xr.DataArray)):
        allowed = "one that is a number, or a table of numbers, in the economy"
        raise InputError("parameter", name, allowed, f"It is {value!r} there.")
    held = xr.DataArray(value).astype(float)
    held = held.expand_dims({"step": steps}).copy(deep=True)
    held = held.rename(name)
    if field is not None:
        held.attrs = {"long_name": field.words, "units": field.unit}
    return held
