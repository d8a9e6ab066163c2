"""What a model is calibrated to: moments, their values, how gaps count, what errors they have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import xarray as xr

from nege import validation
from nege.errors import InputError, near
from nege.models import parameter_axes
from nege.models.base import Model
from nege.studies.policy_objectives import Target, target

SYMMETRIC = 1e-10  # of a covariance: by how much it may differ from its transpose


class Targets(NamedTuple):
    """Moments with what data say of them."""

    moments: list[Target]
    names: tuple[str, ...]
    values: np.ndarray  # (labels, targets), NaN where a series has none; one row without labels
    labels: tuple[Any, ...]  # along the dimension of series; empty where there is none
    dimension: str
    weights: np.ndarray | None  # (n,), as given
    covariance: np.ndarray | None  # (n, n), of errors

    def used(self, row: int) -> np.ndarray:
        """Return which targets there are at a label."""
        return np.flatnonzero(np.isfinite(self.values[row]))

    def root(self, row: int) -> np.ndarray:
        """Return R of W = R'R among those."""
        some = self.used(row)
        if self.weights is not None:
            return np.diag(np.sqrt(self.weights[some]))
        if self.efficient:
            assert self.covariance is not None
            lower = np.linalg.cholesky(self.covariance[np.ix_(some, some)])
            return np.asarray(np.linalg.inv(lower))
        size = np.abs(self.values[row, some])
        return np.diag(1.0 / np.where(size > 0.0, size, 1.0))

    @property
    def efficient(self) -> bool:
        """Whether gaps count by the errors of their targets."""
        if self.weights is not None or self.covariance is None:
            return False
        return bool((np.diag(self.covariance) > 0.0).all())


def checked_targets(
    model: Model, targets: Any, weights: Any, errors: Any, parameters: int
) -> Targets:
    """Return what is wanted, or refuse it."""
    if not isinstance(targets, Mapping) or not targets:
        cure = 'For example {"online_share.services": 0.3}.'
        raise InputError("targets", targets, "a mapping of moments to their values", cure)
    given = parameter_axes.items("targets", targets)
    moments = [target(model, name, "targets") for name, _ in given]
    names = tuple(_distinct([one.name for one in moments]))
    series = [(name, _series(name, value)) for name, (_, value) in zip(names, given, strict=True)]
    labels, dimension = _labels(series)
    values = np.full((max(1, len(labels)), len(names)), np.nan)
    for j, (_, (found, _)) in enumerate(series):
        if isinstance(found, float):
            values[:, j] = found
        else:
            for label, number in found.items():
                values[labels.index(label), j] = number
    for i, row in enumerate(values):
        count = int(np.isfinite(row).sum())
        if count < parameters:
            where = f" at {dimension} {labels[i]}" if labels else ""
            cure = "Give more targets, or hold some of the parameters."
            if labels and count == 0:
                cure = f"Leave that {dimension} out, for example with .dropna({dimension!r})."
            raise InputError(
                "targets", count, f"at least as many as parameters, {parameters}{where}", cure
            )
    weighted = None if weights is None else _weights(weights, names)
    covariance = None if errors is None else _covariance(errors, names)
    return Targets(moments, names, values, labels, dimension, weighted, covariance)


def _distinct(names: list[str]) -> list[str]:
    """Return names, with numbers behind those that are there twice, as of functions."""
    return [
        name if names.count(name) == 1 else f"{name} {names[: i + 1].count(name)}"
        for i, name in enumerate(names)
    ]


def _series(name: str, value: Any) -> tuple[float | dict[Any, float], str]:
    """Return a number, or numbers by label and the name of their dimension."""
    argument = f"targets[{name!r}]"
    if isinstance(value, xr.DataArray) and value.ndim == 1:
        dim = str(value.dims[0])
        if dim not in value.indexes:
            cure = f"Give {dim!r} a coordinate."
            raise InputError(argument, value, "labelled along its dimension", cure)
        return _by_label(argument, value.indexes[dim].tolist(), value.values), dim
    if isinstance(value, pd.Series):
        return _by_label(argument, value.index.tolist(), value.to_numpy()), str(
            value.index.name or "step"
        )
    if isinstance(value, Mapping):
        return _by_label(argument, list(value), list(value.values())), "step"
    if not validation.single(value):
        cure = "For a path label them: {2015: 0.11, 2016: 0.13}, a Series or a DataArray."
        raise InputError(argument, value, "a number, or a series of them by label", cure)
    return validation.number(argument, value), ""


def _by_label(argument: str, labels: list[Any], values: Any) -> dict[Any, float]:
    """Return numbers by label; NaN is what a series does not know."""
    if not labels or len(set(map(str, labels))) < len(labels):
        raise InputError(argument, labels, "at least one label, each of them once")
    for label in labels:
        if isinstance(label, float) and label != label:
            raise InputError(argument, label, "labels that are known", "Leave that one out.")
    allowed = "numbers, NaN where one is not known"
    given = np.asarray(values)
    if given.dtype.kind not in "iufO" or given.ndim != 1:
        raise InputError(argument, values, allowed)
    try:
        numbers = given.astype(float)
    except (TypeError, ValueError) as error:
        raise InputError(argument, values, allowed) from error
    if np.isinf(numbers).any():
        raise InputError(argument, values, allowed)
    return dict(zip(labels, map(float, numbers), strict=True))


def _labels(series: list[tuple[str, Any]]) -> tuple[tuple[Any, ...], str]:
    """Return the labels of all series, in order, and the name of their dimension."""
    found: dict[Any, None] = {}
    dims: dict[str, None] = {}
    for _, (values, dim) in series:
        if not isinstance(values, float):
            found |= dict.fromkeys(values)
            dims[dim] = None
    named = [dim for dim in dims if dim != "step"] or list(dims)
    if len(named) > 1:
        raise InputError("targets", named, "series over one dimension", "Rename one of them.")
    labels = list(found)
    try:
        labels.sort()
    except TypeError as error:
        raise InputError("targets", labels, "labels of one kind") from error
    if dims and not labels:
        raise InputError("targets", labels, "a series with at least one number")
    return tuple(labels), (named[0] if named else "")


def _weights(weights: Any, names: tuple[str, ...]) -> np.ndarray:
    found = np.array([_by_name("weights", weights, name, names) for name in names])
    for name, value in zip(names, found, strict=True):
        if not value > 0.0:
            raise InputError("weights", value, "above 0", f"Leave the target {name!r} out.")
    _only(names, "weights", weights)
    return found


def _by_name(argument: str, given: Any, name: str, names: tuple[str, ...]) -> float:
    if not isinstance(given, Mapping):
        cure = f"For example {{{names[0]!r}: 1.0}}."
        raise InputError(argument, given, "a mapping of targets to numbers", cure)
    if name not in given:
        raise InputError(argument, list(given), "of every target", f"{name!r} is missing.")
    return validation.number(f"{argument}[{name!r}]", given[name])


def _only(names: tuple[str, ...], argument: str, given: Mapping[Any, Any]) -> None:
    for name in given:
        if name not in names:
            raise InputError(argument, name, "a target", near(str(name), names))


def _covariance(errors: Any, names: tuple[str, ...]) -> np.ndarray:
    """Return the covariance of targets, from standard errors or as it is given."""
    if isinstance(errors, Mapping):
        _only(names, "errors", errors)
        deviations = np.zeros(len(names))
        for j, name in enumerate(names):
            if name in errors:
                key = f"errors[{name!r}]"
                deviations[j] = validation.number(key, errors[name], at_least=0.0)
        if not deviations.any():
            raise InputError("errors", errors, "above 0 for some target")
        return np.diag(deviations**2)
    allowed = f"standard errors by target, or a {len(names)} x {len(names)} covariance"
    found = validation.real_array("errors", errors, allowed)
    if found.shape != (len(names), len(names)):
        raise InputError("errors", found.shape, allowed, "In the order of `targets`.")
    size = float(np.abs(found).max())
    sound = np.isfinite(found).all() and size > 0.0
    sound = bool(sound and np.abs(found - found.T).max() <= SYMMETRIC * size)
    if not sound or np.linalg.eigvalsh(found)[0] < -SYMMETRIC * size:
        cure = "Variances on the diagonal; symmetric, and no combination of negative variance."
        raise InputError("errors", found, "a covariance", cure)
    deviations = np.sqrt(np.diag(found))
    if deviations.all():
        correlation = found / np.outer(deviations, deviations)
        if np.linalg.eigvalsh(correlation)[0] <= SYMMETRIC:
            cure = "A combination of targets has no error at all: leave one of them out."
            raise InputError("errors", found, "a covariance of full rank", cure)
    return np.asarray(0.5 * (found + found.T))
