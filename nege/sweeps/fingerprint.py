"""Fingerprint of a sweep: all that its numbers depend on, as text; equal for equal sweeps."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

import numpy as np
import xarray as xr

from nege._version import ANSWERS
from nege.results.files import dynamics_to_dataset
from nege.sweeps.functionals import Evaluations
from nege.sweeps.identity import identity, is_installed, own_code
from nege.sweeps.work_units import LongRuns, ShortRuns

Work = LongRuns | ShortRuns | Evaluations

STORE_SCHEMA = 4  # 1 had no seals, 2 neither dimensions nor coordinates, 3 no versions of units
READABLE_SCHEMAS = (3, STORE_SCHEMA)


def fingerprint(work: Work) -> dict[str, Any]:
    """Return everything that the numbers of a sweep depend on, by name."""
    made: dict[str, Any] = {
        "schema": STORE_SCHEMA,
        "answers": ANSWERS,
        "horizon": work.horizon,
        "keep": list(work.keep),
        "unit": list(work.unit),
        "sizes": list(work.sizes.items()),  # a list, as another order is another sweep
        **dataset_entries("model", work.model.to_dataset()),
    }
    for name, array in work.points.parameters.items():
        made[f"parameters.{name}"] = _digest_with_dims(array.variable)
    for name, coordinate in work.coords.items():
        made[f"coordinates.{name}"] = _digest_with_dims(xr.as_variable(coordinate))
    code = {f"code.{name}": text for name, text in own_code(work.model)}
    made |= code
    if code or (isinstance(work, Evaluations) and not is_installed(work.of)):
        made["python"] = ".".join(map(str, sys.version_info[:2]))  # whose instructions they are
    if isinstance(work, Evaluations):
        made["of"] = identity("of", work.of)
        return dict(json.loads(json.dumps(made)))
    made.update((f"options.{name}", value) for name, value in vars(work.options).items())
    if isinstance(work, LongRuns):
        made["along"] = work.along
        made["eigenvalues"] = "all" if work.all_eigenvalues else "those needed"
        made["start"] = _array_digest(work.start)
        made.update(dataset_entries("dynamics", dynamics_to_dataset(work.dynamics, work.model)))
    else:
        made["share"] = _array_digest(work.share)
    # As it will be read again.
    return dict(json.loads(json.dumps(made)))


#: What a store says of how its points were mended: in its fingerprint, and of each point.
MENDED = "mended"


def can_differ(name: str) -> bool:
    """Whether points of one store may differ in this: in how they are solved, not in what is asked.

    A function has its options inside.
    """
    return name.startswith("options.") or name in ("of", "python")


def before_mends(found: dict[str, Any]) -> dict[str, Any]:
    """Return a fingerprint as if nothing had been mended: that of the last way to solve points."""
    if MENDED not in found:
        return found
    keep = [name for name in found["keep"] if name != MENDED]
    return {**{n: value for n, value in found.items() if n != MENDED}, "keep": keep}


MOST_DIFFERENCES_NAMED = 6  # that are listed at most


def differences_in_words(stored: dict[str, Any], asked: dict[str, Any]) -> str:
    """Say in a sentence what differs; empty where nothing does."""
    names = [name for name in {**stored, **asked} if stored.get(name) != asked.get(name)]
    said = [f"{name} is {stored.get(name)} there and {asked.get(name)} here" for name in names]
    left = len(said) - MOST_DIFFERENCES_NAMED
    return "; ".join(said[:MOST_DIFFERENCES_NAMED]) + (f"; and {left} more" if left > 0 else "")


def dataset_entries(prefix: str, data: xr.Dataset) -> dict[str, Any]:
    """Return the attributes of a Dataset, and a digest of each of its arrays."""
    found = {f"{prefix}.{name}": _plain_value(value) for name, value in data.attrs.items()}
    for name, array in data.variables.items():
        found[f"{prefix}.{name}"] = _digest_with_dims(array)
    return found


def _digest_with_dims(array: xr.Variable) -> str:
    """Return a digest of an array and its dimensions, by which a table is not its transpose."""
    return f"{_array_digest(array.values)} over {json.dumps([str(dim) for dim in array.dims])}"


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _array_digest(value)
    return value.item() if isinstance(value, np.generic) else value


def _array_digest(array: Any) -> str:
    """Return a digest of an array that a reader can tell others by."""
    array = np.asarray(array)
    if array.dtype.kind in "OUT":
        content = json.dumps([str(item) for item in array.ravel()]).encode()
        return f"{array.size} names ({hashlib.sha256(content).hexdigest()[:16]})"
    values = np.ascontiguousarray(array)
    seal = hashlib.sha256(repr((values.shape, str(values.dtype))).encode() + values.tobytes())
    ends = f" from {values.min():g} to {values.max():g}" if values.dtype.kind in "iuf" else ""
    return f"{values.size} values{ends} ({seal.hexdigest()[:16]})"
