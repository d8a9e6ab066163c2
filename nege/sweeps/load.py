"""``load``: read files and stores of nege, check their checksums, recompute the equations."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, NegeError
from nege.kernels.codes import METHODS
from nege.models import terms
from nege.models.base import Model
from nege.results import files
from nege.results.equilibrium import PROVENANCE, Equilibrium
from nege.solver_options import Logit, Replicator
from nege.status import Status
from nege.sweeps import store_reading, work_units
from nege.validation import paths
from nege.validation.keywords import hinted

__all__ = ["load"]


@hinted
def load(path: str | pathlib.Path, *, check: bool = True) -> Equilibrium | xr.Dataset:
    """Read what nege wrote: an economy at rest, or the Dataset of a sweep or path.

    Parameters
    ----------
    path : str or Path
        A file from ``Equilibrium.to_netcdf`` or from the command line, or the store of
        a sweep, whose values are then read where they are looked at.
    check : bool, default True
        Compare everything with the digests that nege wrote beside it, and recompute the
        equations of an economy at rest (of up to 5000 regions). All of a store is read for
        that once, unit by unit: about a second for each gigabyte. False reads as it is.

    Returns
    -------
    Equilibrium or Dataset
        An Equilibrium with its model, where the file holds one; else the Dataset. Where several
        versions of nege solved units of a store, its attribute ``nege_version`` names them all.

    Raises
    ------
    InputError
        Where there is no such file, nege did not write it, or it was changed since: naming
        the file, and the variable or attribute.

    Notes
    -----
    Not for data of other programs. Checksums find damage and edits, not somebody who computes
    them anew: then only the equations tell.

    Examples
    --------
    >>> import nege, os, tempfile
    >>> economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    >>> path = os.path.join(tempfile.mkdtemp(), "economy.nc")
    >>> nege.solve(economy).to_netcdf(path)
    >>> nege.load(path).converged
    True
    """
    place, check = paths.located("path", path), validation.flag("check", check)
    if not place.exists():
        raise InputError("path", str(path), "a file that exists", f"Nothing is at {place}.")
    found: Equilibrium | xr.Dataset
    if place.is_dir():
        versions = store_reading.verify_store("path", place) if check else ()
        data = store_reading.open_dataset("path", place)
        return data.assign_attrs(nege_version=", ".join(versions)) if versions else data
    content = files.read(place, check=check)
    try:
        model = Model.from_dataset(content.model)
        dynamics = files.dynamics_from_dataset(content.dynamics)
        if "horizon" not in content.result.attrs:
            fault = _mismatch_in_words(content.result, model) if check else ""
            found = terms.labelled(model, content.result)  # earlier releases wrote none
        else:
            found = _equilibrium_from_file(content.result, model, dynamics)
            fault = _mismatch_in_words(found.data, model) if check else ""
            fault = fault or (_violation_in_words(found) if check else "")
    except Exception as error:  # of every kind, as what was edited says anything
        what = str(error) if isinstance(error, NegeError) else f"{type(error).__name__}: {error}"
        raise InputError("path", str(path), files.EDITED, f"What is in it: {what}") from error
    if fault:
        raise InputError("path", str(path), files.EDITED, fault)
    return found


def _equilibrium_from_file(
    data: xr.Dataset, model: Model, dynamics: Replicator | Logit | None
) -> Equilibrium:
    """Make an equilibrium again from what ``to_netcdf`` wrote."""
    attrs, data = data.attrs, data.drop_attrs(deep=False)
    perturbed, rate = str(attrs["perturbed"]), float(attrs["leading_eigenvalue"])
    words = str(attrs.get("words", ""))
    unknown = math.isnan(rate) and attrs["horizon"] == "long run"
    found = Equilibrium(
        model=model,
        data=data,
        status=Status(int(attrs["status"])),
        residual=float(attrs["residual"]),
        error=float(attrs["error"]),
        iterations=int(attrs["iterations"]),
        horizon=str(attrs["horizon"]),
        dynamics=dynamics,
        perturbed=tuple(perturbed.split("\n")) if perturbed else (),
        words=tuple(words.split("\n")) if words else (),
        _leading=None if unknown else rate,
        operator=str(attrs["operator"]),
        method=str(attrs["method"]),
        rate=float(attrs["rate"]),
        provenance={
            key.removeprefix(PROVENANCE): value
            for key, value in attrs.items()
            if key.startswith(PROVENANCE)
        },
    )
    known = {
        "residual": not found.residual < 0.0,
        "error": not found.error < 0.0,
        "iterations": found.iterations >= 0,
        "horizon": found.horizon in ("short run", "long run"),
        "method": found.method in METHODS,
    }
    for name, holds in known.items():
        if not holds or (found.converged and not math.isfinite(found.residual)):
            raise InputError(f"attribute {name}", attrs[name], "possible")
    return found


def _mismatch_in_words(data: xr.Dataset, model: Model) -> str:
    """Say in which variable a result is not one of the model; empty where it is."""
    front = data["status"].dims if "status" in data else ()
    proof = work_units.LONG_RUN_DIAGNOSTICS if front else {}
    wanted = {name: (front + v.dims, "float64") for name, v in model.variables.items()}
    wanted |= {name: (front, dtype) for name, (dtype, _) in proof.items()}
    for name, (dims, dtype) in wanted.items():
        if name not in data:
            return f"The variable {name!r} is missing."
        if data[name].dims != dims or data[name].dtype != dtype:
            there = f"over {data[name].dims} of {data[name].dtype}"
            return f"The variable {name!r} is {there}, where it belongs over {dims} of {dtype}."
    for name, labels in model.coordinates().items():
        if name not in data.coords or data[name].values.astype(str).tolist() != list(labels):
            return f"The coordinate {name!r} is not the model's."
    return ""


MOST_REGIONS_AUDITED = 5000  # whose matrices of trade costs fit into memory everywhere
AUDIT_TOLERANCE = 1e-9  # relative, as in nege.testing.assert_equilibrium; or what the solve left


def _violation_in_words(found: Equilibrium) -> str:
    """Say which equation the data violate, from nothing but them; empty where none."""
    if found.status not in (Status.CONVERGED, Status.UNSTABLE):
        return ""  # a partial result says that it is one
    if len(found.model.regions) > MOST_REGIONS_AUDITED:
        return ""
    tolerance = max(AUDIT_TOLERANCE, 10.0 * found.residual)
    with np.errstate(all="ignore"):
        for name, size in _violations(found):
            if not size <= tolerance:
                return f"Its values violate an equation: {name}, by {size:.1e}."
    return ""


def _violations(found: Equilibrium) -> Iterator[tuple[str, Any]]:
    yield from found.model.audit_motion(found.data, found.dynamics).items()
    yield from found.model.audit(found.data).items()
