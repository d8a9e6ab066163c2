"""Mending: the points of a store that failed are solved anew, with other options or functions.

A mended store is made beside the one that is there, in the folder ``NAME.mending``, unit by unit,
and takes its place as a whole when it is done: until then the old one is as it was, and a mend
that was killed goes on. Points that converged are copied to the last bit. ``mended`` says of every
point which of the ways in its attributes it was solved in, 0 for the first; the fingerprint holds
all of them.

A mended point is what a sweep with the new options gives there. So a line along which solves start
from each other is followed anew from its beginning, up to the last of its points that failed.
"""

from __future__ import annotations

import contextlib
import pathlib
import shutil
from collections.abc import Mapping
from typing import Any

import numpy as np

from nege._version import __version__
from nege.errors import InputError, counted
from nege.models.designs import Block
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
from nege.sweeps.store_reading import SealedUnits
from nege.sweeps.store_writing import Store, exclusive_lock, write_errors_explained
from nege.sweeps.work_units import OutputVariable


def store_for(path: str | pathlib.Path, work: Work, overwrite: bool | str) -> Store:
    """Return the store of a sweep, or what mends it."""
    if isinstance(overwrite, bool):
        return Store(path, work, overwrite=overwrite)
    plain = Store(path, work, overwrite=False)
    _end_swap(plain.path)
    if not plain.path.exists():
        return plain
    found, asked = store_reading.read_fingerprint("store", plain.path), fingerprint(work)
    before = before_mends(found)
    if any(before.get(n) != asked.get(n) and not can_differ(n) for n in {**before, **asked}):
        return plain  # which refuses it
    ways = found.get(MENDED) or [_way(before, store_reading.version_of_maker(plain.path))]
    way = _way(asked, __version__)
    if found == asked and way in ways:
        if not store_reading.damaged_files(plain.path):
            units = SealedUnits(plain.path, found)
            each = (units.unit(plain._unit_index(block)) for block in plain.work.blocks())
            plain.remark = _remark(sum(int(_failed(unit).sum()) for unit in each), 0, 0)
        return plain
    if way not in ways:
        ways = [*ways, way]
    return Mend(path, work, ways, ways.index(way))


def _failed(unit: Any) -> np.ndarray:
    """Return which points of a unit were solved and failed."""
    return np.asarray(unit.status != Status.CONVERGED) if unit.done else np.zeros(1, dtype=bool)


def _remark(failed: int, tried: int, mended: int) -> str:
    """Say what became of points that had failed, of which some were tried again."""
    if not failed:
        return "no point had failed: nothing to mend"
    points = counted(failed, "point")
    if not tried:
        cure = "mend them with other options"
        return f"{points} had failed, in this same way: nothing is tried twice, {cure}"
    rest = "" if mended == failed else "; ds.nege.failed() has the others"
    return f"{mended} of {points} that had failed {'is' if mended == 1 else 'are'} mended{rest}"


def _folder(place: pathlib.Path) -> pathlib.Path:
    """Return where the mended store of a place is made."""
    return place.with_name(f"{place.name}.mending")


def _way(known: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return what may differ between points: options, the function, and nege's version."""
    return {**{n: value for n, value in known.items() if can_differ(n)}, "nege": version}


def _words(ways: list[dict[str, Any]]) -> list[str]:
    """Tell each way from the others."""
    names = dict.fromkeys(name for way in ways for name in way)
    differ = [n for n in names if any(way.get(n) != ways[0].get(n) for way in ways)]
    return [",".join(f"{n.removeprefix('options.')}={way.get(n)}" for n in differ) for way in ways]


class Mend(Store):
    """The store of a sweep whose points that failed are solved anew; it is made beside it."""

    def __init__(
        self, path: str | pathlib.Path, work: Work, ways: list[dict[str, Any]], now: int
    ) -> None:
        super().__init__(path, work, overwrite=False)
        if MENDED in {*work.sizes, *work.coords}:
            cure = "A mended store has a variable of that name: rename it."
            raise InputError("coordinates", MENDED, "of other names", cure)
        self.place, self.now = self.path, now
        self.path = _folder(self.place) / "new"
        before = store_reading.read_fingerprint("store", self.place)
        keep = [*self.fingerprint["keep"], MENDED]
        self.fingerprint = {**self.fingerprint, "keep": keep, MENDED: ways}
        words = [word.replace(" ", "_") for word in _words(ways)]
        told = {
            "long_name": "in which way a point was solved",
            "flag_values": list(range(len(ways))),
            "flag_meanings": " ".join(words),
        }
        front = tuple(work.sizes), tuple(work.sizes.values())
        self.outputs = {**self.outputs, MENDED: OutputVariable(*front, "int8", told)}
        self._units = SealedUnits(self.place, before)
        self._hold = contextlib.ExitStack()
        self._failed = self._tried = 0  # points

    def __enter__(self) -> Store:
        self._refuse_other_mend()
        if damaged := store_reading.damaged_files(self.place):
            cure = (
                f"{damaged[0]} changed since: the sweep, called again as it was, mends that first."
            )
            raise InputError("store", str(self.place), "a store as nege.sweep wrote it", cure)
        store_reading.refuse_strangers(self.place)
        with contextlib.ExitStack() as held:
            with write_errors_explained(self.place):
                held.enter_context(exclusive_lock(self.place))
            kept = self._choose()
            if self.work.wanted is not None and not self.work.wanted.any():
                self._done[:] = True
                self.remark = _remark(self._failed, self._tried, 0)
                self.path = self.place  # there is nothing to mend
                return self
            super().__enter__()
            for block in self.missing():
                corner = self._unit_index(block)
                if corner in kept:
                    self._write(block, self._old(corner), kept[corner])
            self._hold = held.pop_all()
        return self

    def _refuse_other_mend(self) -> None:
        """Refuse what is not this mend in the folder where it is made."""
        folder = _folder(self.place)
        strange = [p for p in folder.iterdir() if p != self.path] if folder.exists() else []
        strange = [p for p in strange if not p.name.endswith(".partial")]
        cure = f"{strange[0]} is there: move it away." if strange else ""
        if not strange and self.path.exists():
            found = store_reading.read_fingerprint("store", self.path)
            if found != self.fingerprint:
                told = differences_in_words(before_mends(found), before_mends(self.fingerprint))
                cure = (
                    f"Another mend of it is not done: {told or 'by another version of nege'}. That "
                    f"call goes on with it; or delete {folder}."
                )
        if cure:
            raise InputError("store", str(self.place), "mended by one call at a time", cure)

    def _choose(self) -> dict[tuple[int, ...], str]:
        """Mark the points to solve; return the units that have none, with their versions."""
        wanted = np.ones(tuple(self.work.sizes.values()), dtype=bool)
        kept = {}
        for block in self.work.blocks():
            corner = self._unit_index(block)
            unit = self._units.unit(corner)
            if unit.done:
                tried = self._units.read(MENDED, corner) if MENDED in self._units.keep else 0
                failed = _failed(unit)
                wanted[block] = failed & (tried != self.now)
                self._failed += int(failed.sum())
                self._tried += int(wanted[block].sum())
                if not wanted[block].any():
                    kept[corner] = unit.version
        self.work.wanted = wanted
        return kept

    def _count_mended(self) -> int:
        """Return how many points that had failed converged, a call before that was stopped too."""
        now = SealedUnits(self.path, self.fingerprint)
        corners = [self._unit_index(block) for block in self.work.blocks()]
        pairs = [(self._units.unit(corner), now.unit(corner)) for corner in corners]
        return sum(int((_failed(a) & (b.status == Status.CONVERGED)).sum()) for a, b in pairs)

    def _old(self, corner: tuple[int, ...]) -> dict[str, Any]:
        """Return a unit as it was."""
        values = {name: self._units.read(name, corner) for name in self._units.keep}
        status = values["status"]
        assert status is not None  # of a unit that is as its seals say
        return {MENDED: np.zeros(status.shape, dtype=np.int8), **values}

    def write(self, block: Block, values: Mapping[str, np.ndarray]) -> None:
        """Write a unit of which some points were solved."""
        wanted = self.work.wanted[block]  # type: ignore[index]
        merged = {**values, MENDED: np.full(wanted.shape, self.now, dtype=np.int8)}
        if not wanted.all():
            for name, old in self._old(self._unit_index(block)).items():
                mask = wanted.reshape(wanted.shape + (1,) * (old.ndim - wanted.ndim))
                text = merged[name].dtype.kind == "O"
                merged[name] = np.where(mask, merged[name], old.astype(object) if text else old)
        self._write(block, merged, __version__)

    def _refuse_other_answers(self) -> None:
        """Do nothing: that points are of several versions is what ``mended`` says."""

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        with self._hold:
            if self.path != self.place and self._done.all():
                self.remark = _remark(self._failed, self._tried, self._count_mended())
                with write_errors_explained(self.place):
                    self.place.rename(_folder(self.place) / "old")
                    _end_swap(self.place)
                self.path = self.place


def _end_swap(place: pathlib.Path) -> None:
    """Put a mended store where the old one was moved away, and delete that; or do nothing."""
    folder = _folder(place)
    old, new = folder / "old", folder / "new"
    if not old.exists() or (new.exists() and place.exists()):
        return
    if new.exists():
        new.rename(place)
    shutil.rmtree(old)
    with contextlib.suppress(OSError):
        folder.rmdir()
