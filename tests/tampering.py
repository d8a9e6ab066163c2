"""Files and stores that somebody edited or a disk damaged, and what may become of them.

A draw copies a sound file or store, changes one thing at random, and wants it refused in one
sentence or read as it was, never read with other content; a sweep called again has to end as if
nothing had happened.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import pathlib
import shutil
import tempfile

import h5py
import numpy as np
import zarr

import nege
from nege.results import files
from nege.sweeps import store_reading

DRAWS = 320
POINTS, UNIT = 6, 2


def economy():
    places = nege.geography.from_points([31.2, 39.9], [121.5, 116.4], names=["Shanghai", "Beijing"])
    online = nege.OnlineRegion(trade_cost=1.3, commission=0.05)
    return nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7, online=online)


def swept(store, **keywords):
    """Short runs, which are fast, with everything that a store of long runs has."""
    grid = {"trade_cost": np.linspace(1.2, 3.0, POINTS), "mu": [0.3, 0.4]}
    return nege.sweep(economy(), grid, share=[0.3, 0.5, 0.2], store=store, unit=UNIT, **keywords)


@functools.cache
def originals():
    """Sound files and stores by name, made once."""
    folder = pathlib.Path(tempfile.mkdtemp())
    model, tastes = economy(), nege.Logit(scale=0.1, weights=[2, 1], online_weight=0.3)
    nege.solve(model, dynamics=tastes).to_netcdf(folder / "long.nc")
    nege.short_run(model, [0.3, 0.5, 0.2]).to_netcdf(folder / "short.nc")
    path = nege.follow(model, {"online_trade_cost": [1.4, 1.3, 1.2]}, dynamics=tastes)
    files.write(folder / "path.nc", path.assign_attrs(title="a path"), model, tastes)
    swept(folder / "whole.zarr")
    swept(folder / "half.zarr")
    for k in (1, 4):
        (folder / "half.zarr" / "status" / "c" / "0" / str(k)).unlink(missing_ok=True)
        (folder / "half.zarr" / "status" / "c" / str(k) / "0").unlink(missing_ok=True)
    return {path.name: path for path in sorted(folder.iterdir())}


# --- edits -----------------------------------------------------------------------------


def flip(rng, content):
    """Change a few bits."""
    content = bytearray(content)
    for k in rng.integers(len(content), size=rng.integers(1, 4)):
        content[k] ^= 1 << int(rng.integers(8))
    return bytes(content)


def scramble(rng, content):
    """Write noise over a stretch."""
    start = int(rng.integers(len(content)))
    noise = rng.bytes(min(int(rng.integers(1, 64)), len(content) - start))
    return content[:start] + noise + content[start + len(noise) :]


BYTES = {
    "bits": flip,
    "noise": scramble,
    "cut": lambda rng, content: content[: int(rng.integers(len(content)))],
    "emptied": lambda rng, content: b"",
    "zeros": lambda rng, content: bytes(len(content)),
    "longer": lambda rng, content: content + rng.bytes(20),
}


def damage(rng, file):
    """Change the bytes of a file."""
    kind = rng.choice(list(BYTES))
    content = file.read_bytes()
    if content:
        file.write_bytes(BYTES[kind](rng, content))
    return f"{kind} of {file.name}"


def _pick(rng, names):
    return str(rng.choice(sorted(names)))


def edit_netcdf(rng, file):
    """Change something by a tool for such files."""
    with h5py.File(file, "r+") as root:
        group = root[_pick(rng, files.GROUPS)]
        kind = _pick(rng, ["value", "NaN", "gone", "renamed", "type", "attribute", "no attribute",
                           "group", "exchanged", "scaled", "JSON"])  # fmt: skip
        numbers = [n for n in group if group[n].dtype.kind == "f" and group[n].size]
        if kind == "group":
            del root[group.name]
        elif kind == "JSON":
            group.attrs[files.SEALS] = _pick(rng, ["", "[]", "{}", "null", "[" * 5000, '{"a": 1}'])
        elif kind == "attribute":
            name = _pick(rng, group.attrs)
            group.attrs[name] = rng.choice([1e9, -1.0, np.nan, 3.0])
        elif kind == "no attribute":
            del group.attrs[_pick(rng, group.attrs)]
        elif not numbers:
            root.attrs["note"] = "new"
            group.attrs["note"] = "new"
        else:
            name = _pick(rng, numbers)
            values = group[name][...]
            if kind == "gone":
                del group[name]
            elif kind == "renamed":
                group.move(name, "something")
            elif kind == "type":
                attributes = dict(group[name].attrs)
                del group[name]
                group[name] = values.astype(_pick(rng, ["float32", "int64", "S4"]))
                for key in ("long_name", "units"):
                    if key in attributes:
                        group[name].attrs[key] = attributes[key]
            elif kind == "exchanged":
                other = _pick(rng, numbers)
                group.move(name, "aside")
                if other != name:
                    group.move(other, name)
                group.move("aside", other)
            elif kind == "scaled":
                group[name][...] = values * (1.0 + 10.0 ** rng.uniform(-12, 2))
            else:
                where = tuple(int(rng.integers(size)) for size in values.shape)
                values[where] = np.nan if kind == "NaN" else values[where] + rng.choice([1e-9, 1.0])
                group[name][...] = values
        return f"{kind} in {group.name if kind != 'group' else 'the file'}"


def forge(rng, file):
    """Write a false economy with seals of its own: only its equations can tell."""
    found = nege.load(file)
    name = _pick(rng, found.data.data_vars)
    factor = 1.0 + 10.0 ** rng.uniform(-6, 1)
    if rng.random() < 0.7:
        data = found.data.assign({name: found.data[name] * factor})
        false = dataclasses.replace(found, data=data)
    else:
        name = "sigma"
        false = dataclasses.replace(found, model=found.model.replace(sigma=5 * factor))
    false.to_netcdf(file)
    return f"forged {name}"


STORES = (
    *("chunk", "chunk gone", "array gone", "described", "JSON", "JSON gone", "exchanged"),
    *("moved", "value", "NaN", "renamed", "folder"),
)


def edit_store(rng, store):
    """Change something in a store."""
    arrays = sorted(path.parent.name for path in store.glob("*/zarr.json"))
    chunks = sorted(p for p in store.glob("*/c/**/*") if p.is_file())
    described = sorted(store.rglob("zarr.json"))
    kind = _pick(rng, STORES)
    one, other = (chunks[k] for k in rng.choice(len(chunks), 2, replace=False))
    if kind == "chunk":
        return damage(rng, one)
    if kind == "chunk gone":
        one.unlink()
    elif kind == "folder":
        one.unlink()
        one.mkdir()
        (one / "x").write_text("x")
    elif kind == "array gone":
        shutil.rmtree(store / _pick(rng, arrays))
    elif kind == "described":
        return damage(rng, described[int(rng.integers(len(described)))])
    elif kind == "JSON gone":
        described[int(rng.integers(len(described)))].unlink()
    elif kind == "JSON":
        file = described[int(rng.integers(len(described)))]
        content = json.loads(file.read_text())
        key = _pick(rng, content)
        content[key] = rng.choice([None, 7, "text"]) if rng.random() < 0.5 else {}
        file.write_text(json.dumps(content))
        return f"{key} of {file.parent.name}"
    elif kind == "exchanged":
        content = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(content)
    elif kind == "moved":
        one.write_bytes(other.read_bytes())
    elif kind == "renamed":
        first, second = rng.choice(arrays, 2, replace=False)
        (store / first).rename(store / "aside")
        (store / second).rename(store / first)
        (store / "aside").rename(store / second)
        return f"{first} and {second} exchanged"
    else:
        numbers = [n for n in arrays if np.dtype(zarr.open_array(store / n).dtype).kind in "iuf"]
        array = zarr.open_array(store / _pick(rng, numbers), mode="r+")
        where = tuple(int(rng.integers(size)) for size in array.shape)
        whole = np.dtype(array.dtype).kind != "f"
        array[where] = 0 if whole else np.nan if kind == "NaN" else array[where] + 1e-9
    return f"{kind}: {one.relative_to(store)}"


# --- what may become of them ---------------------------------------------------------


def same(one, other):
    """Whether two results say the same."""
    if isinstance(one, nege.Equilibrium) and isinstance(other, nege.Equilibrium):
        return repr(one) == repr(other) and one.data.identical(other.data)
    if isinstance(one, nege.Equilibrium) or isinstance(other, nege.Equilibrium):
        return False
    return one.compute().identical(other.compute())


def check(seed):
    """Tamper once; return what was done and what nege said of it."""
    rng = np.random.default_rng(seed)
    name = _pick(rng, originals())
    sound = originals()[name]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / name
        if sound.is_dir():
            shutil.copytree(sound, path)
            done = edit_store(rng, path)
        else:
            shutil.copy(sound, path)
            forged = name != "path.nc" and rng.random() < 0.2
            edit = forge if forged else edit_netcdf if rng.random() < 0.6 else damage
            done = edit(rng, path)
        said = _read(path, sound)
        with contextlib.suppress(nege.InputError):
            nege.load(path, check=False)  # as it is, but nothing raw
        if sound.is_dir():
            said += _resumed(path)
    return f"{name}, {done}", said


@functools.cache
def _loaded(sound):
    """Return what a sound file or store holds."""
    return nege.load(sound)


def _read(path, sound):
    try:
        found = nege.load(path)
    except nege.InputError as error:
        if path.name not in str(error):
            raise AssertionError("the file is not named") from error
        return f"refused: {error}"
    expected = _loaded(sound)
    if path.is_dir():  # without its status, a unit is one that a killed run left: not solved yet
        found, expected = (
            ds.where(found.status != nege.Status.PENDING) for ds in (found, expected)
        )
    assert same(found, expected), "accepted with other content"
    return "as it was"


def _resumed(path):
    with contextlib.suppress(nege.InputError):
        store_reading.sweep_progress(path)
    whole = originals()["whole.zarr"]
    try:
        found = swept(path)
    except nege.InputError as error:
        return f"; not resumed: {error}"
    assert found.identical(_loaded(whole)), "resumed to something else"
    assert same(nege.load(path), _loaded(whole)), "resumed, and not sound"
    return "; resumed"
