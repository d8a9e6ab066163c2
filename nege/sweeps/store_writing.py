"""A sweep on disk: a Zarr store that is made at full size and filled unit by unit.

It is a Dataset that ``xarray.open_zarr`` opens. One unit of work is one chunk of every
variable. Its seals are written first, a digest of each variable, then its data, and its
status last; each chunk appears on disk as a whole or not at all (Zarr sees to that since
3.1.3). So a unit is done where its status is there and everything is as its seal says: a
run that was killed leaves nothing that looks solved and is not, and what was damaged since
is noticed. A unit whose data is there and whose status is not may be of a run that was
killed between the two: it is pending, ``nege.load`` shows nothing of it, and the sweep
solves it again. Only the process that called the sweep writes, and a lock in the store lets
only one of them in.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import pathlib
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import IO, Any

import numpy as np
import xarray as xr

from nege._version import __version__
from nege.errors import InputError
from nege.models.designs import Block
from nege.results import checksums
from nege.status import Status
from nege.sweeps import store_reading
from nege.sweeps.fingerprint import (
    MENDED,
    Work,
    before_mends,
    can_differ,
    differences_in_words,
    fingerprint,
)
from nege.sweeps.functionals import Evaluations, Mistakes
from nege.sweeps.store_reading import (
    FINGERPRINT_ATTRIBUTE,
    LOCK_FILE,
    SEALS_ARRAY,
    SealedUnits,
    read_fingerprint,
)
from nege.sweeps.workers import interrupts_held
from nege.validation import paths

logger = logging.getLogger("nege")


class Store:
    """The store of one sweep; a context in which nobody else writes to it.

    Parameters
    ----------
    path : str or Path
        Folder of the store, in the local file system.
    work : LongRuns, ShortRuns or Evaluations
        What is to be solved.
    overwrite : bool
        Replace the store of another sweep.
    """

    def __init__(self, path: str | pathlib.Path, work: Work, *, overwrite: bool) -> None:
        store_reading.zarr()
        self.path, self.work = paths.located("store", path), work
        self.fingerprint, self.outputs = fingerprint(work), dict(work.outputs)
        for name in work.coords:
            if name == SEALS_ARRAY or not re.fullmatch(r"[^/.\0][^/\0]*", name):
                cure = "It names a folder of the store: rename that coordinate."
                raise InputError("coordinates", name, "named by text without / or NUL", cure)
        self.overwrite = overwrite
        self._mistakes = Mistakes(work) if isinstance(work, Evaluations) else None
        self._opened = contextlib.ExitStack()
        self._arrays: dict[str, Any] = {}
        grid = zip(work.sizes.values(), work.unit, strict=True)
        self.versions: dict[tuple[int, ...], str] = {}  # of nege, by the units done before
        self._done = np.zeros([math.ceil(size / step) for size, step in grid], dtype=bool)
        self.remark = ""  # on points that had failed, where they are to be mended

    def __enter__(self) -> Store:
        if self._is_made() and not store_reading.damaged_files(self.path):
            self._check_units()
            if self._done.all():
                return self  # finished: nothing to write, and so no lock
        with contextlib.ExitStack() as opened:
            with write_errors_explained(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                while not self._is_made():
                    self._make()
                self._refuse_misplaced()
                opened.enter_context(exclusive_lock(self.path))
                self._repair()
                group = store_reading.zarr().open_group(self.path, mode="r+")
                self._arrays = {name: group[name] for name in self.outputs}
                self._arrays[SEALS_ARRAY] = store_reading.zarr().open_array(
                    self.path / SEALS_ARRAY, mode="r+"
                )
            self._refuse_other_answers()
            self._opened = opened.pop_all()
        return self

    def _is_made(self) -> bool:
        """Whether this sweep's store is there; refuse that of another one."""
        if not self.path.exists():
            return False
        found = read_fingerprint("store", self.path)
        if found == self.fingerprint:
            return True
        if self.overwrite:
            store_reading.refuse_strangers(self.path)
            return False
        if any(found.get(name) != self.fingerprint[name] for name in ("schema", "answers")):
            older = store_reading.version_of_maker(self.path)
            raise self._of_another_version(older, "which writes stores or answers otherwise")
        damaged = store_reading.damaged_files(self.path)
        raise InputError(
            "store",
            str(self.path),
            "a store of this same sweep",
            f"{self._differing(found)} overwrite=True replaces it, another path keeps both."
            + (f" It was changed since nege wrote it: {damaged[0]}." if damaged else ""),
        )

    def _differing(self, found: dict[str, Any]) -> str:
        """Say in what another sweep differs, and how to go on with it where that can be."""
        before = before_mends(found)
        names = {
            n for n in {**before, **self.fingerprint} if before.get(n) != self.fingerprint.get(n)
        }
        told = f"What differs: {differences_in_words(before, self.fingerprint)}." if names else ""
        if not all(map(can_differ, names)):
            return told
        mended = 'Points of it were mended. overwrite="failed" goes on with that.'
        anew = 'overwrite="failed" solves its failed points with what is given here.'
        return " ".join(filter(None, (told, mended if MENDED in found else anew)))

    def _of_another_version(self, older: str, how: str) -> InputError:
        """Return the refusal of a store that this version of nege cannot go on with."""
        cure = (
            f"It is of nege {older}, {how} (this is {__version__}; CHANGELOG.md says in what): "
            f'that one finishes it (pip install "nege=={older}"). overwrite=True solves all of it '
            "anew, nege.load reads what there is."
        )
        return InputError("store", str(self.path), "a store that this nege can go on with", cure)

    def _refuse_other_answers(self) -> None:
        """Solve a unit of another version again, which has to give the same, before going on."""
        if self._done.all():
            return
        found = SealedUnits(self.path, self.fingerprint)
        chosen = dict[str, tuple[int, Block]]()  # by version, the first unit with answers, if any
        for block in self.work.blocks():
            corner = self._unit_index(block)
            version = self.versions.get(corner, __version__)
            if version == __version__ or (version in chosen and chosen[version][0] > 0):
                continue
            status: Any = found.read("status", corner)
            answered = int(np.count_nonzero(status == Status.CONVERGED))
            if version not in chosen or answered:
                chosen[version] = answered, block
        for version, (_, block) in chosen.items():
            corner = self._unit_index(block)
            logger.info("%s: a unit of nege %s is solved again, to compare", self.path, version)
            stored: Any = {name: found.read(name, corner) for name in self.work.keep}
            said = self.work.differs(stored, self.work.solve(block))
            if said:
                raise self._of_another_version(version, f"by which {said} at {corner}")
            logger.info("%s: a unit of nege %s gives the same now", self.path, version)

    def _refuse_misplaced(self) -> None:
        """Refuse to write where files and folders stand in each other's places."""
        cure = store_reading.misplaced_in_words(self.path)
        if cure:
            raise InputError("store", str(self.path), "a store as nege.sweep wrote it", f"{cure}.")

    def __exit__(self, *error: object) -> None:
        self._opened.close()

    def _make(self) -> None:
        """Make the store at full size beside its place, and move it there as a whole."""
        with paths.beside(self.path) as folder:
            self._make_empty(folder / "new")
            if not self.path.exists():
                try:
                    (folder / "new").rename(self.path)
                except OSError:
                    if not self.path.exists():
                        raise
                return  # or somebody else's is there by now
            # Moved away as a whole too: one that was deleted in part could pass for solved.
            with exclusive_lock(self.path):
                self.path.rename(folder / "old")
                try:
                    (folder / "new").rename(self.path)
                except BaseException:
                    (folder / "old").rename(self.path)
                    raise

    def _make_empty(self, at: pathlib.Path) -> None:
        """Make a store in which nothing is solved."""
        frame = xr.Dataset(
            coords=self.work.labels,
            attrs={**self.work.about, FINGERPRINT_ATTRIBUTE: json.dumps(self.fingerprint)},
        )
        for name, array in frame.coords.items():
            if array.dtype.kind in "OU":
                # Zarr has no specification for text of fixed length.
                text = array.values.astype(np.dtypes.StringDType())
                frame = frame.assign_coords({name: (array.dims, text, array.attrs)})
        try:
            frame.to_zarr(at, mode="w", zarr_format=3, consolidated=False)
        except (TypeError, ValueError) as error:
            kinds = {str(name): str(array.dtype) for name, array in frame.coords.items()}
            cure = f"Zarr says: {error}. Leave that coordinate out."
            raise InputError("coordinates", kinds, "of types that Zarr stores", cure) from error
        group = store_reading.zarr().open_group(at, mode="r+")
        for name, output in self.outputs.items():
            group.create_array(
                name,
                shape=output.shape,
                chunks=self.work.unit + output.shape[len(self.work.unit) :],
                dtype=output.dtype,
                fill_value=output.unsolved,
                dimension_names=output.dims,
                attributes=dict(output.attributes),
            )
        # Not in the specification yet, of which Zarr warns, but what xarray looks for first. Zarr
        # works in a thread of its own, which would go on and warn after an interrupt.
        with interrupts_held(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            store_reading.zarr().consolidate_metadata(at)
        store_reading.add_seals(at, self._done.shape, tuple(self.outputs))

    def _repair(self) -> None:
        """Look at what was written, mend what describes it, and say what is solved again."""
        damaged = store_reading.damaged_files(self.path)
        if damaged:
            with paths.beside(self.path) as folder:
                self._make_empty(folder / "new")
                for file in sorted(p for p in (folder / "new").rglob("*") if p.is_file()):
                    there = self.path / file.relative_to(folder / "new")
                    if checksums.of_file(there) != checksums.of_file(file):
                        there.parent.mkdir(parents=True, exist_ok=True)
                        file.replace(there)
            logger.warning("%s: written anew, as changed since: %s", self.path, ", ".join(damaged))
        self._check_units(tell=True)

    def _check_units(self, *, tell: bool = False) -> None:
        """Compare every unit that is not known to be done with its seals."""
        found = SealedUnits(self.path, self.fingerprint)
        units, files = 0, list[str]()
        for corner in zip(*np.nonzero(~self._done), strict=True):
            unit_at = tuple(map(int, corner))
            unit = found.unit(unit_at)
            self._done[corner] = unit.done
            if unit.done:
                self.versions[unit_at] = unit.version
                if self._mistakes is not None:
                    self._mistakes.refuse({"answer": found.read("answer", unit_at)})
            if unit.damaged:
                units += 1
                files += unit.damaged if len(files) <= store_reading.MOST_FILES_NAMED else ()
        if tell and units:
            told = f"{units} units changed since they were written, and are solved again"
            logger.warning("%s: %s: %s", self.path, told, store_reading.files_in_words(files))

    @property
    def name(self) -> str:
        """What a log calls it."""
        return str(self.path)

    def missing(self) -> Iterator[Block]:
        """Yield the units that are not done."""
        for block in self.work.blocks():
            if not self._done[self._unit_index(block)]:
                yield block

    def _unit_index(self, block: Block) -> tuple[int, ...]:
        """Return which unit a block is, by its position among them."""
        return tuple(part.start // step for part, step in zip(block, self.work.unit, strict=True))

    def write(self, block: Block, values: Mapping[str, np.ndarray]) -> None:
        """Write a unit that was solved."""
        self._write(block, values, __version__)

    def _write(self, block: Block, values: Mapping[str, np.ndarray], version: str) -> None:
        """Write a unit, and by which version of nege it was solved."""
        corner = self._unit_index(block)
        if self._mistakes is not None:
            self._mistakes.refuse(values)
        order = [name for name in values if name != "status"]
        with write_errors_explained(self.path):
            self._arrays[SEALS_ARRAY][corner] = store_reading.seals_of_unit(
                self.fingerprint, corner, values, version
            )
            for name in (*order, "status"):
                self._arrays[name][block] = values[name]
        self._done[corner] = True

    def dataset(self) -> xr.Dataset:
        """Return what there is, read from disk where it is looked at."""
        return store_reading.open_dataset("store", self.path)


@contextlib.contextmanager
def write_errors_explained(path: pathlib.Path) -> Iterator[None]:
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
def exclusive_lock(path: pathlib.Path) -> Iterator[None]:
    """Hold a store for this process alone.

    The system lets go of the lock when the process ends, however it ends, so that a
    killed run never stands in the way; its file stays, and means nothing by itself.
    """
    inside = path / SEALS_ARRAY / LOCK_FILE
    inside.parent.mkdir(exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(inside, flags, 0o666), "r+", encoding="utf-8") as file:
        if not _try_lock(file):
            holder = file.read().strip() or "another process"
            raise InputError(
                "store",
                str(path),
                "one that no other sweep is writing to",
                f"It is held by {holder}. Wait for it: this call then goes on from what it did.",
            )
        if not os.path.samestat(os.fstat(file.fileno()), inside.stat()):
            cure = "Another sweep replaced it just now. Call again."
            raise InputError("store", str(path), "one that no other sweep is writing to", cure)
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield


def _try_lock(file: IO[str]) -> bool:
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
