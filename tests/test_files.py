"""Paths, files and folders: nothing else is touched, and nothing edited passes for solved."""

import dataclasses
import importlib
import os
import pathlib
import sys
import tarfile

import h5py
import numpy as np
import pytest
import tampering
import xarray as xr

import nege
from nege.command import cli, execution, figures
from nege.models.base import Model
from nege.results import files

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def solved():
    return nege.solve(tampering.economy())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of h5netcdf
@pytest.mark.parametrize("part", range(2))
def test_what_was_tampered_with_is_refused_and_a_sweep_mends_it(part):
    """A fortieth of the draws that ``python -m benchmarks verify`` takes."""
    for seed in range(part, tampering.DRAWS // 40, 2):
        tampering.check(seed)


def test_an_economy_that_never_was_is_refused_by_its_equations(tmp_path, solved):
    """Whoever writes seals too cannot make a false equilibrium true."""
    for name in solved.data.data_vars:
        data = solved.data.assign({name: solved.data[name] * 1.001})
        dataclasses.replace(solved, data=data).to_netcdf(tmp_path / "e.nc")
        with pytest.raises(nege.InputError, match=r"e\.nc.*violate an equation"):
            nege.load(tmp_path / "e.nc")
    assert nege.load(tmp_path / "e.nc", check=False).data.identical(data)
    model = solved.model.replace(sigma=5.001)
    dataclasses.replace(solved, model=model).to_netcdf(tmp_path / "e.nc")
    with pytest.raises(nege.InputError, match="violate an equation"):
        nege.load(tmp_path / "e.nc")
    data = solved.data.drop_vars("wage")
    dataclasses.replace(solved, data=data).to_netcdf(tmp_path / "e.nc")
    with pytest.raises(nege.InputError, match="'wage' is missing"):
        nege.load(tmp_path / "e.nc")


def test_a_result_that_failed_can_be_kept(tmp_path):
    with pytest.raises(nege.ConvergenceError) as caught:
        nege.solve(tampering.economy(), options=nege.SolverOptions(limit_steps=2))
    caught.value.equilibrium.to_netcdf(tmp_path / "partial.nc")
    assert nege.load(tmp_path / "partial.nc").status is nege.Status.LIMIT


def _store(path, solved):
    tampering.swept(path)


CALLS = {
    "to_netcdf": (lambda path, solved: solved.to_netcdf(path), "path"),
    "load": (lambda path, solved: nege.load(path), "path"),
    "store": (_store, "store"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "path",
    ["", "a\0b", b"bytes", 5, None, ["a"], "\ud800", "x" * 5000, "~nobodyofthatname/x", 1.5],
    ids=lambda path: repr(path)[:12],
)
def test_what_is_no_path_is_refused_before_the_work(
    call, path, solved, nothing_is_solved, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    if (call, path) == ("store", None):
        return  # in memory
    function, argument = CALLS[call]
    with pytest.raises(nege.InputError) as caught:
        function(path, solved)
    assert caught.value.argument == argument
    assert list(tmp_path.iterdir()) == []


def test_the_home_folder_may_be_a_tilde(tmp_path, monkeypatch, solved):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    solved.to_netcdf("~/e.nc")
    assert nege.load("~/e.nc").converged
    tampering.swept("~/s.zarr")
    assert nege.load("~/s.zarr").sizes["mu"] == 2
    assert execution.writable_folder("~/out") == tmp_path / "out"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["e.nc", "out", "s.zarr"]


def test_a_file_replaces_only_what_nege_wrote_and_links_are_followed_to_it(tmp_path, solved):
    real, link = tmp_path / "real.nc", tmp_path / "link.nc"
    solved.to_netcdf(real)
    link.symlink_to(real)
    solved.to_netcdf(link)
    assert link.is_symlink()
    assert nege.load(link).converged
    (tmp_path / "loose.nc").symlink_to(tmp_path / "nothing.nc")
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "other.nc").symlink_to(tmp_path / "mine")
    (tmp_path / "folder").mkdir()
    for name in ("loose.nc", "other.nc", "mine", "folder"):
        with pytest.raises(nege.InputError):
            solved.to_netcdf(tmp_path / name)
    assert (tmp_path / "mine").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 6
    if os.name == "posix":  # with the permissions of any other file
        (tmp_path / "plain").touch()
        assert real.stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_pictures_replace_only_pictures_of_nege(tmp_path, suffix, solved):
    path = tmp_path / f"shares.{suffix}"
    figure = solved.plot.shares().figure
    figures.write_figure(figure, path)
    figures.write_figure(figure, path)
    figure.savefig(path)
    with pytest.raises(nege.InputError, match="nege leaves alone"):
        figures.write_figure(figure, path)


def others(path):
    """Files of others with nege's mark in them, though not where nege puts it."""
    path.with_suffix(".txt").write_text("The attribute nege_schema tells the schema.")
    with tarfile.open(path.with_suffix(".tar"), "w") as archive:
        archive.add(path)
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        file.attrs["notes"] = "nege_schema"
        file.create_group("result").attrs["notes"] = "nege_schema"
    path.with_suffix(".png").write_bytes(b"\x89PNG\r\n\x1a\n nege_schema Software\0nege_schema")
    path.with_suffix(".pdf").write_text("%PDF-1.4 (nege_schema) /Creator (me)")
    path.with_suffix(".svg").write_text("<?xml version='1.0'?><svg><text>nege_schema</text></svg>")
    return sorted(set(path.parent.iterdir()) - {path})


def test_the_mark_counts_only_where_nege_puts_it(tmp_path, solved):
    path = tmp_path / "e.nc"
    solved.to_netcdf(path)
    made = others(path)
    assert len(made) == 6
    for file in made:
        before = file.read_bytes()
        with pytest.raises(nege.InputError, match="nege leaves alone"):
            solved.to_netcdf(file)
        assert file.read_bytes() == before
    # One of nege's is replaced with and without its end.
    path.write_bytes(path.read_bytes()[:-3])
    solved.to_netcdf(path)
    assert nege.load(path).converged


def test_outputs_that_others_made_are_seen_before_the_solve(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(execution, "execute", lambda *a, **k: pytest.fail("it solved something"))
    for name in ("economy.nc", "cities.png", "map_tie.png"):
        out = tmp_path / name.partition(".")[0]
        out.mkdir()
        (out / name).write_text("mine")
        assert cli.main(["run", "two_regions", "--output", str(out)]) == 2
        assert f"{name}'. Something else is there" in capsys.readouterr().err
        assert (out / name).read_text() == "mine"


@pytest.mark.parametrize("name", ["wage", "share", "status", "region"])
def test_labels_named_like_an_output_are_refused_before_the_solve(
    name, two, nothing_is_solved, tmp_path
):
    design = xr.Dataset({"mu": ("point", [0.3, 0.4])}, coords={name: ("point", ["a", "b"])})
    path = design.rename(point="step")
    shares = xr.DataArray(
        [[0.5, 0.5], [0.4, 0.6]], dims=("x", "region"), coords={name: ("x", [1, 2])}
    ) if name != "region" else None  # fmt: skip
    calls = [
        lambda: nege.sweep(two(2.0), design),
        lambda: nege.sweep(two(2.0), design, store=tmp_path / "s.zarr"),
        lambda: nege.follow(two(2.0), path),
    ]
    if shares is not None:
        calls.append(lambda: nege.sweep(two(2.0), {"mu": [0.3]}, share=shares))
        calls.append(
            lambda: nege.sweep(two(2.0), {"mu": [0.3]}, share=shares.drop_vars(name).rename(x=name))
        )
    for call in calls:
        with pytest.raises(nege.InputError, match=f"{name}"):
            call()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a/b", "nege_seals", "a\0b", ".", ".."])
def test_coordinates_that_name_no_folder_are_refused_before_the_solve(
    name, two, nothing_is_solved, tmp_path
):
    design = xr.Dataset({"mu": ("point", [0.3, 0.4])}, coords={name: ("point", ["a", "b"])})
    with pytest.raises(nege.InputError, match="coordinates must be"):
        nege.sweep(two(2.0), design, store=tmp_path / "s.zarr")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("letter", ["\0", "\x1b", "\n", "\ud800"])
def test_names_that_files_cannot_hold_are_refused(letter):
    with pytest.raises(nege.InputError, match="control characters"):
        nege.geography.from_points([1, 2], [1, 2], names=["a", f"b{letter}c"])
    with pytest.raises(nege.InputError, match="control characters"):
        nege.OnlineRegion(trade_cost=2, name=f"b{letter}c")


def test_a_file_without_its_end_is_read_by_what_is_in_it(tmp_path, solved):
    """Copied by other tools it loses the digest of the whole; those of its variables tell."""
    solved.to_netcdf(tmp_path / "e.nc")
    content = (tmp_path / "e.nc").read_bytes()
    (tmp_path / "e.nc").write_bytes(content[: -files.LENGTH])
    assert nege.load(tmp_path / "e.nc").data.identical(solved.data)
    np.testing.assert_array_equal(  # and other tools read what nege wrote
        xr.open_dataset(tmp_path / "e.nc", group="result", engine="h5netcdf").wage,
        solved.data.wage,
    )


def test_files_of_an_earlier_nege_are_read_without_the_check(tmp_path, solved, monkeypatch):
    monkeypatch.setattr(files, "SCHEMA", 1)
    solved.to_netcdf(tmp_path / "e.nc")
    monkeypatch.undo()
    with pytest.raises(nege.InputError, match="check=False reads it"):
        nege.load(tmp_path / "e.nc")
    assert nege.load(tmp_path / "e.nc", check=False).converged
    assert pathlib.Path(tmp_path / "e.nc").is_file()


OWN = """
import nege
class {name}({parent}):
    {says} = "{title}"
"""


@pytest.mark.parametrize(
    ("parent", "says", "base"),
    [
        ("nege.FootlooseCapital", "title", Model),
        ("nege.mechanisms.Mechanism", "kind", nege.mechanisms.Mechanism),
    ],
)
def test_two_files_that_have_the_same_model_or_mechanism_are_both_named(
    tmp_path, monkeypatch, parent, says, base
):
    """What is stored bears the name alone: a variant would be read for the original."""
    monkeypatch.setattr(base, "_known", dict(base._known))
    monkeypatch.syspath_prepend(tmp_path)
    files = {"learning_one": "Learning", "learning_two": "Learning", "learning_three": "Other"}
    for file, name in files.items():
        text = OWN.format(parent=parent, says=says, name=name, title=f"learning {name}")
        (tmp_path / f"{file}.py").write_text(text)
    one = importlib.import_module("learning_one")
    importlib.reload(one)  # the same once more, as in a notebook
    with pytest.warns(RuntimeWarning, match=r"learning_one\.py and .*learning_two\.py.*Give Lea"):
        importlib.import_module("learning_two")
    importlib.import_module("learning_three")
    for file in files:
        del sys.modules[file]
