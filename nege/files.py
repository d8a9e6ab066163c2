"""NetCDF files that hold a result and the model it belongs to."""

from __future__ import annotations

import contextlib
import pathlib

import xarray as xr

from nege.errors import InputError, require
from nege.models.base import Model
from nege.options import Logit, Replicator

SCHEMA = 1


def write(
    path: str | pathlib.Path,
    data: xr.Dataset,
    model: Model,
    dynamics: Replicator | Logit | None = None,
) -> None:
    """Write a result and, in groups beside it, its model and how people moved."""
    require("h5netcdf", "io", "Writing netCDF files")
    path = pathlib.Path(path)
    tree = xr.DataTree.from_dict(
        {
            "/result": data.assign_attrs(nege_schema=SCHEMA),
            "/model": model.to_dataset(),
            "/dynamics": dynamics_to_dataset(dynamics, model),
        }
    )
    partial = path.with_name(path.name + ".partial")
    try:
        # Written beside and renamed, so that a run killed here never leaves half a file.
        tree.to_netcdf(partial, engine="h5netcdf")
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise InputError(
            "path", str(path), "a file that can be written", f"The system says: {error}."
        ) from error


def read(
    path: str | pathlib.Path,
) -> tuple[xr.Dataset, xr.Dataset, Replicator | Logit | None]:
    """Read a result, its stored model, and how people moved."""
    require("h5netcdf", "io", "Reading netCDF files")
    path = pathlib.Path(path)
    if not path.is_file():
        raise InputError("path", str(path), "a file that exists")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            tree = tree.load()
        data, stored = tree["result"].to_dataset(), tree["model"].to_dataset()
        dynamics = _restored(tree["dynamics"].to_dataset())
        schema = int(data.attrs.pop("nege_schema"))
    except (OSError, KeyError, ValueError) as error:
        raise InputError(
            "path", str(path), "a netCDF file that nege wrote", f"Reading it says: {error}."
        ) from error
    if schema != SCHEMA:
        raise InputError(
            "path", str(path), f"a file of schema {SCHEMA}", f"It is of {schema}: update nege."
        )
    return data, stored, dynamics


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


def _restored(stored: xr.Dataset) -> Replicator | Logit | None:
    if stored.attrs["kind"] == "logit":
        return Logit(scale=float(stored.attrs["scale"]), weights=stored["weights"])
    if stored.attrs["kind"] == "replicator":
        return Replicator(allow_entry=bool(stored.attrs["allow_entry"]))
    return None
