"""A sweep on disk: a Zarr store that is made at full size and filled unit by unit.

It is a Dataset that ``xarray.open_zarr`` opens. One unit of work is one chunk of every
variable. Its data are written first and its status last, and each chunk appears on
disk as a whole or not at all (Zarr sees to that since 3.1.3). So a unit is done where
its status is there, and a run that was killed leaves nothing that looks solved and is
not. Only the process that called the sweep writes, and a lock beside the store lets
only one of them in.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import warnings
from collections.abc import Iterator, Mapping
from typing import IO, Any

import numpy as np
import xarray as xr

from nege.errors import InputError, require
from nege.recipe import differences, recipe
from nege.solve import provenance
from nege.status import Status
from nege.units import Block, LongRuns, ShortRuns

RECIPE = "nege_sweep"


class Store:
    """The store of one sweep; a context in which nobody else writes to it.

    Parameters
    ----------
    path : str or Path
        Folder of the store, in the local file system.
    work : LongRuns or ShortRuns
        What is to be solved.
    overwrite : bool
        Replace the store of another sweep.
    """

    def __init__(
        self, path: str | pathlib.Path, work: LongRuns | ShortRuns, *, overwrite: bool
    ) -> None:
        require("zarr", "sweep", "A store")
        self.path, self.work = pathlib.Path(path).absolute(), work
        self.recipe = recipe(work)
        self.overwrite = overwrite
        self._opened = contextlib.ExitStack()
        self._arrays: dict[str, Any] = {}

    def __enter__(self) -> Store:
        if self._is_made() and next(self.missing(), None) is None:
            return self  # finished: nothing to write, and so no lock
        with contextlib.ExitStack() as opened:
            with _explained(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                opened.enter_context(_lock(self.path))
                if not self._is_made():  # also since the lock is ours
                    self._make()
                group = _zarr().open_group(self.path, mode="r+")
                self._arrays = {name: group[name] for name in self.work.keep}
            self._opened = opened.pop_all()
        return self

    def _is_made(self) -> bool:
        """Whether this sweep's store is there; refuse that of another one."""
        if not self.path.exists():
            return False
        found = read_recipe(self.path)
        if found != self.recipe and not self.overwrite:
            raise InputError(
                "store",
                str(self.path),
                "a store of this same sweep",
                f"What differs: {differences(found, self.recipe)}. overwrite=True replaces it, "
                "another path keeps both.",
            )
        return found == self.recipe

    def __exit__(self, *error: object) -> None:
        self._opened.close()

    def _make(self) -> None:
        """Make the store at full size beside its place, and move it there as a whole."""
        partial = self.path.with_name(self.path.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        coords = {**self.work.coords, **self.work.model.coordinates()}
        about = {"model": repr(self.work.model), **provenance(self.work.options)}
        frame = xr.Dataset(coords=coords, attrs={**about, RECIPE: json.dumps(self.recipe)})
        for name, array in frame.coords.items():
            if array.dtype.kind in "OU":
                # Zarr has no specification for text of fixed length.
                text = array.values.astype(np.dtypes.StringDType())
                frame = frame.assign_coords({name: (array.dims, text, array.attrs)})
        frame.to_zarr(partial, mode="w", zarr_format=3, consolidated=False)
        group = _zarr().open_group(partial, mode="r+")
        for name, output in self.work.outputs.items():
            group.create_array(
                name,
                shape=output.shape,
                chunks=self.work.unit + output.shape[len(self.work.unit) :],
                dtype=output.dtype,
                fill_value=output.unsolved,
                dimension_names=output.dims,
                attributes=dict(output.attributes),
            )
        with warnings.catch_warnings():
            # Not in the specification yet, but what xarray looks for first.
            warnings.simplefilter("ignore")
            _zarr().consolidate_metadata(partial)
        # Moved away as a whole too: one that was deleted in part could pass for solved.
        old = self.path.with_name(self.path.name + ".old")
        shutil.rmtree(old, ignore_errors=True)
        if self.path.exists():
            self.path.rename(old)
        partial.rename(self.path)
        shutil.rmtree(old, ignore_errors=True)

    def missing(self) -> Iterator[Block]:
        """Yield the units that are not done."""
        chunks = self.path / "status" / "c"
        for block in self.work.blocks():
            corner = (part.start // step for part, step in zip(block, self.work.unit, strict=True))
            if not chunks.joinpath(*map(str, corner)).is_file():
                yield block

    def write(self, block: Block, values: Mapping[str, np.ndarray]) -> None:
        """Write a unit that was solved."""
        order = [name for name in values if name != "status"]
        with _explained(self.path):
            for name in (*order, "status"):
                self._arrays[name][block] = values[name]

    def dataset(self) -> xr.Dataset:
        """Return what there is, read from disk where it is looked at."""
        return open_store(self.path)


def open_store(path: str | pathlib.Path) -> xr.Dataset:
    """Open the store of a sweep; values are read where they are looked at."""
    require("zarr", "sweep", "A store")
    made = read_recipe(pathlib.Path(path))
    data: xr.Dataset = xr.open_zarr(path, chunks=None)[made["keep"]]
    return data


def read_recipe(path: pathlib.Path) -> dict[str, Any]:
    """Return what a store says it holds, or refuse what is not a store of a sweep."""
    try:
        metadata = json.loads((path / "zarr.json").read_text(encoding="utf-8"))
        return dict(json.loads(metadata["attributes"][RECIPE]))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            "store",
            str(path),
            "a store that nege.sweep made",
            "Something else is there, which nege leaves alone."
            if path.exists()
            else "Nothing is there.",
        ) from error


def tally(path: str | pathlib.Path) -> tuple[dict[Status, int], float]:
    """Return how many points ended how, and the largest residual of those that converged.

    Reads unit by unit, so that it takes little memory whatever the size.
    """
    made, group = read_recipe(pathlib.Path(path)), _zarr().open_group(path, mode="r")
    counts, worst = dict.fromkeys(Status, 0), 0.0
    for k in np.ndindex(group["status"].cdata_shape):
        status = group["status"].get_block_selection(k)
        for code, count in zip(*np.unique(status, return_counts=True), strict=True):
            counts[Status(int(code))] += int(count)
        if "residual" in made["keep"] and (status == Status.CONVERGED).any():
            residual = group["residual"].get_block_selection(k)
            worst = max(worst, float(residual[status == Status.CONVERGED].max()))
    return counts, worst if "residual" in made["keep"] else np.nan


def _zarr() -> Any:
    return require("zarr", "sweep", "A store")


@contextlib.contextmanager
def _explained(path: pathlib.Path) -> Iterator[None]:
    """Say what to do where the system refuses to write."""
    try:
        yield
    except OSError as error:
        raise InputError(
            "store",
            str(path),
            "in a folder that can be written, on a disk with room",
            f"The system says: {error}. What was finished before is kept: the same call goes on "
            "from there.",
        ) from error


@contextlib.contextmanager
def _lock(path: pathlib.Path) -> Iterator[None]:
    """Hold the store for this process alone.

    The system lets go of the lock when the process ends, however it ends, so that a
    killed run never stands in the way; its file may stay, and means nothing by itself.
    """
    beside = path.with_name(path.name + ".lock")
    while True:
        file = beside.open("a+", encoding="utf-8")
        if not _take(file):
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            raise InputError(
                "store",
                str(path),
                "one that no other sweep is writing to",
                f"It is held by {holder}. Wait for it: this call then goes on from what it did.",
            )
        if beside.exists() and os.path.samestat(os.fstat(file.fileno()), beside.stat()):
            break
        file.close()  # its last holder removed it just now
    file.truncate(0)
    file.write(f"process {os.getpid()}")
    file.flush()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows keeps what is open
            beside.unlink()
        file.close()


def _take(file: IO[str]) -> bool:
    """Take the lock on a file, or say that somebody has it."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            file.seek(1 << 20)  # beyond what is read: Windows locks bytes against reading
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
