"""Integrity of the store of a sweep: its units, compared with the checksums ("seals") of each.

An array ``nege_seals`` beside the variables has a digest of every variable of every unit.
In its attributes are digests of the files that describe the store. Both tell what was
deleted, cut, changed, exchanged or brought from elsewhere since. They are read unit by unit,
so that it takes little memory whatever the size, and about a second for each gigabyte.
"""

from __future__ import annotations

import contextlib
import json
import math
import pathlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from nege.errors import InputError, require
from nege.results import checksums
from nege.status import Status
from nege.sweeps import functionals
from nege.sweeps.fingerprint import MENDED, READABLE_SCHEMAS, STORE_SCHEMA

FINGERPRINT_ATTRIBUTE = "nege_sweep"
SEALS_ARRAY = "nege_seals"
SEALS_METADATA_FILE = f"{SEALS_ARRAY}/zarr.json"
LOCK_FILE = "lock"  # a file in the folder of the seals
FILE_DIGESTS_ATTRIBUTE = "files"  # attribute of the seals
VERSION_WORDS = 2  # behind the seals of a unit: the version of nege that solved it, as text
MOST_FILES_NAMED = 20  # damaged files at most that one message names


def zarr() -> Any:
    """Return the library that reads and writes stores, or say how to install it."""
    return require("zarr", "sweep", "A store")


class UnitState(NamedTuple):
    """State of one unit: status of its points, files that were damaged."""

    status: np.ndarray  # of its points
    damaged: tuple[str, ...]  # files that are not as they were written
    done: bool
    version: str = ""  # of nege that solved it, where that is known


class SweepProgress(NamedTuple):
    """How far a sweep is."""

    counts: dict[Status, int]
    damaged: int  # points of units that changed since they were written
    files: tuple[str, ...]  # the first of those that changed
    residual: float  # the largest of those that converged; NaN where none did
    versions: dict[str, int]  # points by the version of nege that solved them, where known


def read_fingerprint(argument: str, path: pathlib.Path) -> dict[str, Any]:
    """Return what a store says it holds, or refuse what is not a store of a sweep."""
    try:
        metadata = json.loads((path / "zarr.json").read_text(encoding="utf-8"))
        return dict(json.loads(metadata["attributes"][FINGERPRINT_ATTRIBUTE]))
    except (OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(
            argument,
            str(path),
            "a store that nege.sweep made",
            "Something else is there, which nege leaves alone, or its zarr.json is damaged."
            if path.exists()
            else "Nothing is there.",
        ) from error


def version_of_maker(path: pathlib.Path) -> str:
    """Return the version of nege that made a store."""
    metadata = json.loads((path / "zarr.json").read_text(encoding="utf-8"))
    return str(metadata["attributes"].get("nege_version", "of before 0.1"))


def add_seals(path: pathlib.Path, grid: tuple[int, ...], names: tuple[str, ...]) -> None:
    """Add to a store, in which nothing is solved, seals of its files and room for its units'."""
    files = sorted(file for file in path.rglob("*") if file.is_file())
    digests = {file.relative_to(path).as_posix(): checksums.of_file(file) for file in files}
    zarr().create_array(
        path / SEALS_ARRAY,
        shape=(*grid, len(names) + VERSION_WORDS),
        chunks=(*(1 for _ in grid), len(names) + VERSION_WORDS),
        dtype="uint64",
        fill_value=0,
    )
    metadata = json.loads((path / SEALS_METADATA_FILE).read_text(encoding="utf-8"))
    digests[SEALS_METADATA_FILE] = _digest_of_seals_metadata(metadata)
    metadata["attributes"] = {FILE_DIGESTS_ATTRIBUTE: digests}
    (path / SEALS_METADATA_FILE).write_text(json.dumps(metadata, indent=2), encoding="utf-8")


def damaged_files(path: pathlib.Path) -> tuple[str, ...]:
    """Name the files that describe a store and changed since it was made."""
    try:
        metadata = json.loads((path / SEALS_METADATA_FILE).read_text(encoding="utf-8"))
        digests = dict(metadata["attributes"][FILE_DIGESTS_ATTRIBUTE])
        intact = digests.pop(SEALS_METADATA_FILE) == _digest_of_seals_metadata(metadata)
        wrong = [] if intact else [SEALS_METADATA_FILE]
        wrong += [
            file for file, digest in digests.items() if checksums.of_file(path / file) != digest
        ]
    except (OSError, KeyError, TypeError, ValueError, RecursionError):
        return (SEALS_METADATA_FILE,)
    return tuple(wrong)


def refuse_strangers(path: pathlib.Path) -> None:
    """Refuse to replace a store in which there is something that nege did not put there."""
    try:
        metadata = json.loads((path / "zarr.json").read_text(encoding="utf-8"))
        arrays = {SEALS_ARRAY, *metadata["consolidated_metadata"]["metadata"]}
    except (OSError, KeyError, TypeError, ValueError, RecursionError):
        arrays = {SEALS_ARRAY}
    names = "|".join(map(re.escape, sorted(arrays)))
    ours = re.compile(
        rf"(({names})/)?zarr\.json|({names})/c(/\d+)*|{SEALS_ARRAY}/{LOCK_FILE}|.*\.partial"
    )
    for file in path.rglob("*"):
        relative = file.relative_to(path).as_posix()
        if (file.is_symlink() or not file.is_dir()) and not ours.fullmatch(relative):
            cure = f"In it is {relative}, which nege did not make: move it away."
            raise InputError("store", str(path), "a store with nothing else in it", cure)


def misplaced_in_words(path: pathlib.Path) -> str:
    """Name what to move away: a file where nege keeps a folder, or the other way round.

    Empty where there is nothing of the kind.
    """
    depths = {SEALS_ARRAY: 1 + len(read_fingerprint("store", path)["sizes"])}
    with contextlib.suppress(OSError, KeyError, TypeError, ValueError, RecursionError):
        metadata = json.loads((path / "zarr.json").read_text(encoding="utf-8"))
        for name, array in metadata["consolidated_metadata"]["metadata"].items():
            depths[name] = len(array["shape"])
    for place in path.rglob("*"):
        name, *inner = place.relative_to(path).parts
        if name not in depths:
            continue
        is_chunk = inner[:1] == ["c"] and len(inner) == 1 + depths[name]
        is_file = is_chunk or inner == ["zarr.json"] or [name, *inner] == [SEALS_ARRAY, LOCK_FILE]
        is_folder = not inner or (inner[0] == "c" and len(inner) <= depths[name])
        if (is_file and place.is_dir()) or (is_folder and not place.is_dir()):
            there = ("file", "folder") if is_folder else ("folder", "file")
            relative = place.relative_to(path).as_posix()
            return (
                f"{relative} is a {there[0]} where nege keeps a {there[1]}: move it away, or delete"
                " it. The sweep, called again, then solves anew what is missing"
            )
    return ""


def _digest_of_seals_metadata(metadata: Mapping[str, Any]) -> str:
    """Return the digest of what describes the seals but for the digests in it."""
    return checksums.of_text(json.dumps({**metadata, "attributes": {}}, sort_keys=True))


def seals_of_unit(
    fingerprint: Mapping[str, Any],
    corner: tuple[int, ...],
    values: Mapping[str, np.ndarray],
    version: str,
) -> np.ndarray:
    """Return the seals of a unit: which sweep, which variable, which unit, which values.

    Behind them is which version of nege solved it.
    """
    sweep = _digest_of_fingerprint(fingerprint)
    found = [checksums.seal(values[name], sweep, name, corner) for name in fingerprint["keep"]]
    text = version.encode()[: 8 * VERSION_WORDS].ljust(8 * VERSION_WORDS, b"\0")
    return np.array([*found, *np.frombuffer(text, "<u8")], dtype=np.uint64)


class SealedUnits:
    """The units of a store, compared with their seals."""

    def __init__(self, path: pathlib.Path, fingerprint: Mapping[str, Any]) -> None:
        self.path, self.keep = path, fingerprint["keep"]
        self.sweep = _digest_of_fingerprint(fingerprint)
        self._arrays = {name: self._array(name) for name in (*self.keep, SEALS_ARRAY)}

    def _array(self, name: str) -> Any:
        try:
            return zarr().open_array(self.path / name, mode="r")
        except Exception:  # of every kind, as what is damaged says anything
            return None

    def read(self, name: str, corner: tuple[int, ...]) -> np.ndarray | None:
        """Return a chunk, None where it cannot be read."""
        try:
            if not (self.path / self._file(name, corner)).exists():  # which Zarr takes long to say
                return self._unsolved(name, corner)
            return np.asarray(self._arrays[name].get_block_selection(corner))
        except Exception:  # the same
            return None

    def unit(self, corner: tuple[int, ...]) -> UnitState:
        """Compare one unit with its seals.

        In this order it may be written to at the same time: what is there of it was written
        after its seals, and all of it was before its status. A unit without status is not
        done, whatever else of it is there: a run killed just before it wrote the status
        leaves the same as one who deletes that. So it is solved again, and reads as not
        solved until then.
        """
        found: dict[str, int] = {}
        unsolved, status = set(), np.empty(0)
        for name in ("status", *(n for n in self.keep if n != "status")):
            values = self.read(name, corner)
            if values is None:
                found[name] = -1
                continue
            found[name] = checksums.seal(values, self.sweep, name, corner)
            fill = self._arrays[name].fill_value
            if np.all(np.isnan(values) if fill != fill else values == fill):
                unsolved.add(name)
            if name == "status":
                status = values
        expected = self.read(SEALS_ARRAY, corner)
        behind: Any = [] if expected is None else expected.flat[len(self.keep) :]
        version = np.asarray(behind, "<u8").tobytes().rstrip(b"\0").decode(errors="replace")
        known = dict(zip(self.keep, [] if expected is None else expected.flat, strict=False))
        begun = "status" not in unsolved
        wrong = [
            name
            for name in self.keep
            if found.get(name) != known.get(name) and (begun or name not in unsolved)
        ]
        other = version and not re.fullmatch(r"\d[\w.+!]*", version)  # no version of anything
        if begun and (other or len(wrong) == len(self.keep)):
            wrong.insert(0, SEALS_ARRAY)  # where nothing fits, more likely the seals themselves
        return UnitState(
            status,
            tuple(self._file(name, corner) for name in wrong),
            begun and not wrong,
            version,
        )

    def _unsolved(self, name: str, corner: tuple[int, ...]) -> np.ndarray:
        """Return what a chunk holds that was never written."""
        array = self._arrays[name]
        places = zip(array.shape, array.chunks, (*corner, *(0,) * array.ndim), strict=False)
        shape = [min(step, size - k * step) for size, step, k in places]
        return np.full(shape, array.fill_value, array.dtype)

    def _file(self, name: str, corner: tuple[int, ...]) -> str:
        """Return where in the store a chunk is."""
        array = self._arrays[name]
        inner = (0,) * (len(corner) if array is None else array.ndim - len(corner))
        return "/".join(map(str, (name, "c", *corner, *inner)))

    def corners(self) -> Iterator[tuple[int, ...]]:
        """Every unit, by its position among them."""
        yield from np.ndindex(self._arrays["status"].cdata_shape)


def verify_store(argument: str, path: pathlib.Path) -> tuple[str, ...]:
    """Refuse a store of which anything changed since it was written; return versions that wrote it.

    Those of nege that solved its units, in order; none where it is of before that was noted.
    """
    fingerprint = _read_current_fingerprint(argument, path, "check=False reads it as it is.")
    files, versions = list(damaged_files(path)), set[str]()
    if not files:
        sealed = SealedUnits(path, fingerprint)
        for corner in sealed.corners():
            unit = sealed.unit(corner)
            files += unit.damaged
            versions |= {unit.version} - {""} if unit.done else set()
            if len(files) > MOST_FILES_NAMED:
                break
    if files:
        anew = misplaced_in_words(path) or "The sweep, called again, solves anew what is damaged"
        cure = (
            f"{files_in_words(files)} changed since: variable {files[0].partition('/')[0]!r}. "
            f"{anew}; check=False reads it as it is."
        )
        raise InputError(argument, str(path), "a store as nege.sweep wrote it", cure)
    return tuple(sorted(versions))


def _read_current_fingerprint(argument: str, path: pathlib.Path, otherwise: str) -> dict[str, Any]:
    """Return what a store says it holds, or refuse one of an earlier or a later nege."""
    fingerprint = read_fingerprint(argument, path)
    if fingerprint.get("schema") not in READABLE_SCHEMAS:
        cure = f"It is of {fingerprint.get('schema')}: {otherwise}"
        raise InputError(argument, str(path), f"a store of schema {STORE_SCHEMA}", cure)
    return fingerprint


def files_in_words(files: Any) -> str:
    """Name files in a sentence."""
    more = " and more" if len(files) > MOST_FILES_NAMED else ""
    return ", ".join(files[:MOST_FILES_NAMED]) + more


def open_dataset(argument: str, path: pathlib.Path) -> xr.Dataset:
    """Open the store of a sweep; values are read where they are looked at.

    Points without status read as not solved, whatever else of them is there.
    """
    zarr()
    fingerprint = read_fingerprint(argument, path)
    try:
        data: xr.Dataset = xr.open_zarr(path, chunks=None)[fingerprint["keep"]]
        if fingerprint["horizon"] == functionals.Evaluations.horizon:
            return _answers(data, fingerprint)
        status, masked = data["status"].variable, {}
        for name in set(fingerprint["keep"]) - {"status"}:
            unsolved = zarr().open_array(path / name, mode="r").fill_value
            lazy: Any = _MaskedByStatus(data[name].variable, status, unsolved)
            for wrapped in (
                indexing.LazilyIndexedArray,
                indexing.CopyOnWriteArray,
                indexing.MemoryCachedArray,
            ):
                lazy = wrapped(lazy)
            masked[name] = data[name].variable.copy(deep=False, data=lazy)
        return data.assign(masked)  # all at once: each alone would be aligned with all others
    except Exception as error:  # of every kind, as what is damaged says anything
        cure = f"Reading it says: {' '.join(str(error).split())[:200]}."
        raise InputError(argument, str(path), "a store as nege.sweep wrote it", cure) from error


def _answers(data: xr.Dataset, fingerprint: Mapping[str, Any]) -> xr.Dataset:
    """Return what a function answered; points without status read as not asked about."""
    about = {key: value for key, value in data.attrs.items() if key != FINGERPRINT_ATTRIBUTE}
    values = {name: data[name].values for name in fingerprint["keep"]}
    values["answer"] = np.where(
        values["status"] == Status.PENDING, "", values["answer"].astype(object)
    )
    front = tuple(name for name, _ in fingerprint["sizes"])
    coords = {str(name): coord.variable.load() for name, coord in data.coords.items()}
    found = functionals.answers(values, front, coords, about)
    return found.assign({MENDED: data[MENDED].load()}) if MENDED in values else found


class _MaskedByStatus(BackendArray):
    """The values of a variable where there is a status; where there is none, nothing is solved."""

    def __init__(self, values: xr.Variable, status: xr.Variable, unsolved: Any) -> None:
        self.shape, self.dtype = values.shape, values.dtype
        self.values, self.status, self.unsolved = values, status, unsolved

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> np.ndarray:
        # The status first: a run that is at work writes it after the values.
        pending = self.status[key[: self.status.ndim]].to_numpy() == Status.PENDING
        values = self.values[key].to_numpy()
        if pending.any():
            values = np.array(values)
            values[pending] = self.unsolved
        return values


def sweep_progress(path: pathlib.Path) -> SweepProgress:
    """Return how many points ended how, and the largest residual of those that converged."""
    fingerprint = _read_current_fingerprint(
        "store", path, "another version of nege made it, which tells more."
    )
    files = damaged_files(path)
    if files:
        anew = misplaced_in_words(path) or "The sweep, called again, mends it"
        cure = f"{files_in_words(files)} changed since. {anew}."
        raise InputError("store", str(path), "a store as nege.sweep wrote it", cure)
    counts, worst, first = dict.fromkeys(Status, 0), math.nan, list[str]()
    versions = dict[str, int]()
    sealed = SealedUnits(path, fingerprint)
    for corner in sealed.corners():
        unit = sealed.unit(corner)
        if unit.damaged:
            first += unit.damaged if len(first) <= MOST_FILES_NAMED else ()
            continue
        for code, count in zip(*np.unique(unit.status, return_counts=True), strict=True):
            counts[Status(int(code))] += int(count)
        if unit.done and unit.version:
            versions[unit.version] = versions.get(unit.version, 0) + unit.status.size
        good = unit.status == Status.CONVERGED
        residual = sealed.read("residual", corner) if "residual" in fingerprint["keep"] else None
        if residual is not None and good.any():
            worst = float(np.fmax(worst, np.max(residual[good])))
    damaged = math.prod(size for _, size in fingerprint["sizes"]) - sum(counts.values())
    return SweepProgress(counts, damaged, tuple(first), worst, versions)


def _digest_of_fingerprint(fingerprint: Mapping[str, Any]) -> str:
    return checksums.of_text(json.dumps(fingerprint, sort_keys=True))
