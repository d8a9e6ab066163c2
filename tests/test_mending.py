"""Mended stores: what failed is solved anew, what converged stays, and each point says how."""

import pathlib
import shutil

import numpy as np
import pytest

import nege
from nege.command import cli
from nege.sweeps import mending
from nege.sweeps.mending import Mend
from nege.sweeps.work_units import LongRuns

pytestmark = pytest.mark.faults

GRID = {"trade_cost": [2.2, 1.6, 1.5], "mu": [0.3, 0.4]}
HURRIED = nege.SolverOptions(limit_steps=40)


def slow(economy):
    return nege.solve(economy, options=HURRIED).data.share.max().item()


def patient(economy):
    return nege.solve(economy).data.share.max().item()


#: What is swept at first, and what it is mended with.
KINDS = {
    "each by itself": (
        {"along": None, "unit": 2, "keep": ["share"], "options": HURRIED},
        {"options": None},
    ),
    "along lines": ({"unit": 3, "keep": ["share"], "options": HURRIED}, {"options": None}),
    "short runs": (
        {
            "share": [[0.5, 0.5], [0.8, 0.2]],
            "keep": ["wage"],
            "options": nege.SolverOptions(limit_iterations=1, method="plain"),
        },
        {"options": nege.SolverOptions(method="plain")},
    ),
    "function": ({"of": slow, "unit": 3}, {"of": patient}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_failed_points_become_what_the_new_call_gives_and_others_stay(kind, two, tmp_path):
    first, second = KINDS[kind]
    given = {**first, **second}
    store = tmp_path / "s.zarr"
    before = nege.sweep(two(2.0), GRID, store=store, **first).load()
    held = before.status == nege.Status.CONVERGED
    assert 0 < int(held.sum()) < held.size
    assert len(before.nege.failed()) == held.size - int(held.sum())
    with pytest.raises(nege.InputError, match=r'What differs: .*overwrite="failed" solves its'):
        nege.sweep(two(2.0), GRID, store=store, **given)
    after = nege.sweep(two(2.0), GRID, store=store, overwrite="failed", **given).load()
    anew = nege.sweep(two(2.0), GRID, **given)
    for name in before.data_vars:
        whole = held.broadcast_like(after[name]).transpose(*after[name].dims).values
        wanted = np.where(whole, before[name].values, anew[name].values)
        np.testing.assert_array_equal(after[name].values, wanted, err_msg=name)
    assert (after.mended == ~held).all()
    assert not len(after.nege.failed())
    words = after.mended.attrs["flag_meanings"].split()
    assert words[0] != words[1]
    assert all("slow" in words[0] or "limit_" in word for word in words)
    assert nege.load(store).identical(after)
    assert cli.main(["status", str(store)]) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["s.zarr"]
    for other in (first, given):
        with pytest.raises(nege.InputError, match=r'mended\. overwrite="failed" goes on with that'):
            nege.sweep(two(2.0), GRID, store=store, **other)


@pytest.fixture
def counted(monkeypatch):
    """Points for which a solve was asked, by unit."""
    begun, solve = [], LongRuns.solve

    def noted(self, block, *more):
        begun.append(int(np.sum(self.wanted[block])))
        return solve(self, block, *more)

    monkeypatch.setattr(LongRuns, "solve", noted)
    return begun


ALONE = {"along": None, "unit": 1, "keep": ["share"]}


@pytest.fixture(scope="module")
def first(two, tmp_path_factory):
    store = tmp_path_factory.mktemp("first") / "s.zarr"
    return store, nege.sweep(two(2.0), GRID, store=store, options=HURRIED, **ALONE).load()


@pytest.fixture
def hurried(first, tmp_path):
    store, before = first
    return pathlib.Path(shutil.copytree(store, tmp_path / "s.zarr")), before


def mend(two, store, **given):
    return nege.sweep(two(2.0), GRID, store=store, overwrite="failed", **ALONE, **given)


def stop(*arguments):
    raise KeyboardInterrupt


def test_a_mend_that_was_stopped_goes_on_and_until_then_nothing_changed(
    two, hurried, counted, monkeypatch
):
    store, before = hurried
    failed = int((before.status != nege.Status.CONVERGED).sum())
    assert failed >= 2
    write, written = Mend.write, []

    def stopping(self, block, values):
        write(self, block, values)
        written.append(block)
        if len(written) == 1:
            stop()

    monkeypatch.setattr(Mend, "write", stopping)
    with pytest.raises(KeyboardInterrupt) as caught:
        mend(two, store)
    (note,) = caught.value.__notes__
    assert note.startswith(f"Stopped: 5 of 6 points are in {store}.mending")
    assert nege.load(store).identical(before)
    assert len(counted) == 1
    with pytest.raises(nege.InputError, match=r"Another mend .* not done: options\.limit_st"):
        mend(two, store, options=nege.SolverOptions(limit_steps=100))
    whole = mend(two, store)
    assert counted == [1] * failed
    assert (whole.status == nege.Status.CONVERGED).all()
    mend(two, store)
    assert len(counted) == failed  # nothing was left to mend


def test_a_mend_killed_between_moving_the_old_away_and_the_new_there(two, hurried, monkeypatch):
    store, _ = hurried
    with monkeypatch.context() as patched:
        patched.setattr(mending, "_end_swap", lambda place: None if place.exists() else stop())
        with pytest.raises(KeyboardInterrupt):
            mend(two, store)
    assert not store.exists()
    assert (mend(two, store).status == nege.Status.CONVERGED).all()
    assert [p.name for p in store.parent.iterdir()] == ["s.zarr"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"overwrite": "failde"}, "overwrite must be True, False or"),
        ({"overwrite": "failed"}, "store must be given"),
    ],
)
def test_what_cannot_be_mended_is_refused(given, says, two):
    with pytest.raises(nege.InputError, match=says):
        nege.sweep(two(2.0), GRID, **given)


def test_points_that_are_not_solved_yet_are_solved_in_the_new_way(two, hurried):
    store, before = hurried
    (store / "status" / "c" / "0" / "0").unlink()  # as a killed run leaves it
    found = mend(two, store)
    assert (found.status == nege.Status.CONVERGED).all()
    assert found.mended.values[0, 0] == 1
    assert int(found.mended.sum()) == int((before.status != nege.Status.CONVERGED).sum()) + 1


def test_what_fails_again_is_tried_once_in_each_way(two, hurried, counted):
    store, before = hurried
    once = nege.SolverOptions(limit_steps=41)
    failed = int((before.status != nege.Status.CONVERGED).sum())
    found = mend(two, store, options=once)
    left = int((found.status != nege.Status.CONVERGED).sum())
    assert len(counted) == failed
    assert 0 < left <= failed
    mend(two, store, options=once)
    assert len(counted) == failed
    found = mend(two, store)
    assert len(counted) == failed + left
    assert found.mended.attrs["flag_meanings"].count("limit_steps") == 3
    assert int((found.mended == 2).sum()) == left


def test_a_mend_says_in_one_line_what_became_of_points_that_had_failed(
    two, hurried, caplog, capsys
):
    store, before = hurried
    caplog.set_level("INFO", logger="nege")
    assert int((before.status != nege.Status.CONVERGED).sum()) == 2

    def said(**given):
        caplog.clear()
        mend(two, store, **given)
        (line,) = [one for one in caplog.messages if "mend" in one.rsplit(": ")[-1]]
        assert line.startswith(f"sweep into {store}: ")
        return line.removeprefix(f"sweep into {store}: ")

    again = "{} had failed, in this same way: nothing is tried twice, mend them with other"
    assert said(options=HURRIED).startswith(again.format("2 points"))
    some = {"options": nege.SolverOptions(limit_steps=70)}
    of = "1 of {} that had failed is mended"
    assert said(**some) == f"{of.format('2 points')}; ds.nege.failed() has the others"
    assert said(**some).startswith(again.format("1 point"))
    assert said() == of.format("1 point")
    assert capsys.readouterr().err == ""  # nobody watches
    assert said(progress=True) == "no point had failed: nothing to mend"
    assert f"nege: sweep into {store}: no point had failed" in capsys.readouterr().err
