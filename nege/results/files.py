"""NetCDF files that hold a result and the model it belongs to.

In every group, the attribute ``nege_seals`` has a digest of each variable and attribute, by which
edits are found and named. Behind all of it stands a digest of the whole file: what was damaged is
not even opened, because the library that reads it may then never come back.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege.errors import InputError, of_system, require
from nege.models.base import Model
from nege.results import checksums
from nege.solver_options import Logit, Replicator
from nege.validation import paths

SCHEMA = 2  # 1 had no seals
SEALS = "nege_seals"
GROUPS = ("result", "model", "dynamics")
END = b"\nnege "  # what begins the seal behind a file
LENGTH = len(END) + 32 + 1
EDITED = "a file as nege wrote it"


class Content(NamedTuple):
    """What a file holds."""

    result: xr.Dataset
    model: xr.Dataset
    dynamics: xr.Dataset


def write(
    path: str | pathlib.Path,
    data: xr.Dataset,
    model: Model,
    dynamics: Replicator | Logit | None = None,
) -> None:
    """Write a result and, in groups beside it, its model and how people moved."""
    require("h5netcdf", "io", "Writing netCDF files")
    place = paths.located("path", path)
    groups = (
        data.assign_attrs({paths.MARK: SCHEMA}),
        model.to_dataset(),
        dynamics_to_dataset(dynamics, model),
    )
    tree = xr.DataTree.from_dict(
        {
            f"/{name}": group.assign_attrs({SEALS: json.dumps(_seals(name, group))})
            for name, group in zip(GROUPS, groups, strict=True)
        }
    )
    with paths.replacing("path", place) as partial:
        try:
            tree.to_netcdf(partial, engine="h5netcdf")
        except (TypeError, ValueError) as error:
            cure = f"Writing it says: {error}."
            raise InputError("data", data.attrs, "what a netCDF file can hold", cure) from error
        digest = _digest(partial, partial.stat().st_size)
        with partial.open("ab") as file:
            file.write(END + digest + b"\n")


def read(path: pathlib.Path, *, check: bool) -> Content:
    """Read what ``write`` wrote."""
    h5py = require("h5py", "io", "Reading netCDF files")
    require("h5netcdf", "io", "Reading netCDF files")
    if not path.is_file():
        raise InputError("path", str(path), "a file that exists")
    if check:
        _check_bytes(path)
    try:
        h5py.File(path, "r").close()  # which refuses what is cut, before half of it is open
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            tree = tree.load()
        found = Content(*(tree[name].to_dataset() for name in GROUPS))
        schema = int(found.result.attrs[paths.MARK])
    except Exception as error:  # of every kind, as what is damaged says anything
        cure = f"Reading it says: {' '.join(str(error).split())[:200]}."
        raise InputError("path", str(path), "a netCDF file that nege wrote", cure) from error
    if schema != SCHEMA and (check or schema > SCHEMA):
        cure = "Update nege." if schema > SCHEMA else "check=False reads it as it is."
        raise InputError(
            "path", str(path), f"a file of schema {SCHEMA}", f"It is of {schema}. {cure}"
        )
    if check:
        for name, group in zip(GROUPS, found, strict=True):
            _compare(path, name, group)
    for group in found:
        group.attrs.pop(SEALS, None)
    found.result.attrs.pop(paths.MARK)
    return found


def _digest(path: pathlib.Path, size: int) -> bytes:
    """Return the digest of the beginning of a file."""
    found = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(min(size, 1 << 20)):
            size -= len(block)
            found.update(block)
    return found.hexdigest().encode()


def _check_bytes(path: pathlib.Path) -> None:
    """Refuse a file that bears a seal and was damaged; without one, what is in it has to tell."""
    try:
        size = path.stat().st_size - LENGTH
        with path.open("rb") as file:
            file.seek(max(0, size))
            end = file.read()
        if not end.startswith(END) or end[len(END) : -1] == _digest(path, size):
            return
    except OSError as error:
        cure = f"The system says: {of_system(error)}."
        raise InputError("path", str(path), "a file that can be read", cure) from error
    cure = (
        "It was damaged since: its bytes are others, so that no variable in it can be trusted. "
        "Take a copy; check=False tries to read it as it is."
    )
    raise InputError("path", str(path), EDITED, cure)


def _seals(group: str, data: xr.Dataset) -> dict[str, str]:
    """Return a digest of each variable and each attribute of a group."""
    found = {}
    for name, array in data.variables.items():
        about = sorted((key, _plain(value)) for key, value in array.attrs.items())
        kind = "coordinate" if name in data.coords else "variable"
        found[f"{kind} {name}"] = checksums.seal(array.values, group, name, array.dims, about)
    for name, value in data.attrs.items():
        if name != SEALS:
            found[f"attribute {name}"] = checksums.seal(_plain(value), group, name)
    return {name: f"{digest:016x}" for name, digest in found.items()}


def _plain(value: Any) -> Any:
    """Return an attribute as netCDF gives it back: texts as they are, numbers in a list."""
    return value if isinstance(value, str) else np.ravel(value).tolist()


def _compare(path: pathlib.Path, group: str, data: xr.Dataset) -> None:
    """Refuse a group that is not as its seals say, naming what differs."""
    try:
        sealed = dict(json.loads(data.attrs[SEALS]))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        cure = f"The attribute {SEALS} of its group {group!r} is gone or damaged."
        raise InputError("path", str(path), EDITED, cure) from error
    found = _seals(group, data)
    for name in {**sealed, **found}:
        if sealed.get(name) != found.get(name):
            what = "gone" if name not in found else "new" if name not in sealed else "another"
            cure = f"Since then the {name} of its group {group!r} is {what}."
            raise InputError("path", str(path), EDITED, f"{cure} check=False reads it as it is.")


def dynamics_to_dataset(dynamics: Replicator | Logit | None, model: Model) -> xr.Dataset:
    """Return how people moved as a Dataset."""
    if isinstance(dynamics, Logit):
        weights = xr.DataArray(
            dynamics.region_weights(model), coords={"region": list(model.regions)}, dims="region"
        )
        return xr.Dataset({"weights": weights}, attrs={"kind": "logit", "scale": dynamics.scale})
    if isinstance(dynamics, Replicator):
        return xr.Dataset(attrs={"kind": "replicator", "allow_entry": int(dynamics.allow_entry)})
    return xr.Dataset(attrs={"kind": "none"})


def dynamics_from_dataset(stored: xr.Dataset) -> Replicator | Logit | None:
    """Return how people moved from what ``dynamics_to_dataset`` returned."""
    if stored.attrs["kind"] == "logit":
        return Logit(scale=float(stored.attrs["scale"]), weights=stored["weights"])
    if stored.attrs["kind"] == "replicator":
        return Replicator(allow_entry=bool(stored.attrs["allow_entry"]))
    return None
