"""Stores: nothing solved is lost or solved twice, and nothing else passes for solved."""

import collections
import contextlib
import dataclasses
import enum
import functools
import os
import pathlib
import platform
import resource
import shutil
import sys
import tempfile
import threading
import types

import fresh
import kills
import numpy as np
import own_mechanisms
import pytest
import xarray as xr
import zarr
from store_results import old_store

import nege
from nege import progress
from nege.command import cli
from nege.sweeps import fingerprint, identity, mending, store_reading, store_writing
from nege.sweeps.functionals import Evaluations
from nege.sweeps.store_writing import Store
from nege.sweeps.work_units import LongRuns

pytestmark = pytest.mark.faults

UNITS = 4


@pytest.fixture
def counted(monkeypatch):
    """Units in the order in which they are solved."""
    begun = []
    solve = LongRuns.solve

    def noted(self, block, *more):
        begun.append(block)
        return solve(self, block, *more)

    monkeypatch.setattr(LongRuns, "solve", noted)
    return begun


@pytest.fixture
def stopped(monkeypatch):
    """Call something after so many units were written."""

    def after(units, action):
        write, written = Store.write, []

        def counting(self, block, values):
            if len(written) == units:
                action()
            written.append(block)
            write(self, block, values)

        monkeypatch.setattr(Store, "write", counting)
        return lambda: monkeypatch.setattr(Store, "write", write)

    return after


def stop():
    raise KeyboardInterrupt


def test_a_store_is_the_dataset_that_xarray_and_nege_open(tmp_path):
    memory, stored = kills.sweep(None, UNITS), kills.sweep(tmp_path / "s.zarr", UNITS)
    assert kills.same(memory, stored)
    assert list(stored.data_vars) == list(memory.data_vars)
    assert kills.same(memory, nege.load(tmp_path / "s.zarr"))
    with xr.open_zarr(tmp_path / "s.zarr") as lazy:  # as anybody would, without a warning
        xr.testing.assert_equal(lazy.compute(), stored.compute())
        assert lazy.share.chunks[1] == (1,) * UNITS
        assert lazy.share.attrs == memory.share.attrs
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.zarr"]


def test_the_same_call_again_solves_only_what_is_missing(tmp_path, counted, stopped):
    go_on = stopped(3, stop)
    with pytest.raises(KeyboardInterrupt) as caught:
        kills.sweep(tmp_path / "s.zarr", UNITS)
    (note,) = caught.value.__notes__
    told = "the same call goes on from there."
    assert note == f"Stopped: 6 of 8 points are in {tmp_path / 's.zarr'}; {told}"
    half = nege.load(tmp_path / "s.zarr")
    assert (half.status == nege.Status.PENDING).sum() == 2 * (UNITS - 3)
    assert np.isnan(half.share.values[half.status.values == nege.Status.PENDING]).all()
    go_on()
    whole = kills.sweep(tmp_path / "s.zarr", UNITS)
    assert len(counted) == UNITS + 1
    assert len({str(block) for block in counted}) == UNITS
    assert kills.same(whole, kills.sweep(tmp_path / "t.zarr", UNITS))
    counted.clear()
    kills.sweep(tmp_path / "s.zarr", UNITS)
    assert counted == []


@pytest.mark.parametrize(
    ("call", "cure"),
    [
        (lambda model, **how: nege.sweep(model, {"mu": [0.2, 0.3]}, **how), ": store=... keeps"),
        (
            lambda model, **how: nege.sweep(model, {"mu": [0.2, 0.3]}, of=lambda m: m.mu, **how),
            ": store=",
        ),
        (lambda model, **how: nege.follow(model, {"mu": [0.2, 0.3]}, **how), "."),
    ],
)
def test_an_interrupt_says_how_much_is_lost_where_there_is_no_store(call, cure, two):
    with pytest.raises(KeyboardInterrupt) as caught:
        call(two(2.0), progress=lambda done, *more: stop() if done else None)
    (note,) = caught.value.__notes__
    assert note.startswith(f"Stopped: 1 of 2 points were solved, and are lost{cure}")


def test_a_sweep_that_is_killed_ends_as_if_nothing_had_happened(tmp_path):
    """``python -m benchmarks verify`` kills it again and again."""
    found = kills.run(tmp_path, units=8, kills=1, seed=1)
    assert found.kills == 1
    assert found.same
    assert len(found.solved) == 8
    # Only what was under way when a run was killed is begun again.
    assert sum(found.solved.values()) <= 8 + found.kills
    assert not list(tmp_path.glob("*.lock"))


CHANGES = {
    "model.parameter_sigma": lambda m, k: (m.replace(sigma=6), k),
    "model.parameter_farmers": lambda m, k: (m.replace(farmers=[0.4, 0.6]), k),
    "model.online_commission": lambda m, k: (m.replace(online_commission=0.1), k),
    "parameters.mu": lambda m, k: (m, {**k, "parameters": {"mu": [0.3, 0.35]}}),
    "sizes": lambda m, k: (m, {**k, "parameters": {"mu": [0.3, 0.4, 0.5]}}),
    "start": lambda m, k: (m, {**k, "start": [0.2, 0.3, 0.5]}),
    "keep": lambda m, k: (m, {**k, "keep": ["share"]}),
    "along": lambda m, k: (m, {**k, "along": None}),
    "dynamics.scale": lambda m, k: (m, {**k, "dynamics": nege.Logit(scale=0.1)}),
    "dynamics.allow_entry": lambda m, k: (m, {**k, "dynamics": nege.Replicator(allow_entry=False)}),
    "horizon": lambda m, k: (m, {**k, "share": [0.2, 0.3, 0.5]}),
    "options.tolerance_payoff": lambda m, k: (
        m,
        {**k, "options": nege.SolverOptions(tolerance_payoff=1e-9)},
    ),
}


@pytest.fixture(scope="module")
def original(two, tmp_path_factory):
    keywords = {"parameters": {"mu": [0.3, 0.4]}, "store": tmp_path_factory.mktemp("o") / "s.zarr"}
    economy = two(1.8, nege.OnlineRegion(trade_cost=1.5))
    return economy, keywords, nege.sweep(economy, **keywords).load()


@pytest.fixture
def small(original, tmp_path):
    economy, keywords, first = original
    shutil.copytree(keywords["store"], tmp_path / "s.zarr")
    return economy, {**keywords, "store": tmp_path / "s.zarr"}, first


@pytest.mark.parametrize("name", CHANGES)
def test_the_store_of_another_sweep_is_refused_naming_what_differs(small, name):
    economy, keywords, first = small
    changed, other = CHANGES[name](economy, keywords)
    with pytest.raises(nege.InputError, match=rf"What differs: .*\b{name} is .* there and .* here"):
        nege.sweep(changed, **other)
    xr.testing.assert_identical(nege.load(keywords["store"]).compute(), first.compute())
    replaced = nege.sweep(changed, **other, overwrite=True)
    assert (replaced.status != nege.Status.PENDING).all()
    assert sorted(p.name for p in keywords["store"].parent.iterdir()) == ["s.zarr"]


# --- versions --------------------------------------------------------------------------


def of_version(monkeypatch, version):
    for module in (mending, store_writing):
        monkeypatch.setattr(module, "__version__", version)


def test_a_patch_release_goes_on_with_what_an_earlier_one_began(tmp_path, counted, monkeypatch):
    store = old_store("sweep_0.2.0", tmp_path)
    of_version(monkeypatch, "0.2.1")
    assert nege.load(store).attrs["nege_version"] == "0.2.0"
    whole = kills.sweep(store, UNITS)
    assert len(counted) == 1 + 2  # one of what was there again, to compare
    assert (whole.status == nege.Status.CONVERGED).all()
    xr.testing.assert_allclose(whole, kills.sweep(None, UNITS), rtol=1e-9)
    assert nege.load(store).attrs["nege_version"] == "0.2.0, 0.2.1"
    assert store_reading.sweep_progress(store).versions == {"0.2.0": 4, "0.2.1": 4}
    assert cli.main(["status", str(store)]) == 0


def test_a_release_that_says_it_answers_otherwise_does_not_go_on(tmp_path, counted, monkeypatch):
    store = old_store("sweep_0.2.0", tmp_path)
    monkeypatch.setattr(fingerprint, "ANSWERS", fingerprint.ANSWERS + 1)
    with pytest.raises(nege.InputError, match=r'of nege 0\.2\.0.*pip install "nege==0\.2\.0"'):
        kills.sweep(store, UNITS)
    assert counted == []
    assert (nege.load(store).status == nege.Status.CONVERGED).sum() == 4
    assert (kills.sweep(store, UNITS, overwrite=True).status == nege.Status.CONVERGED).all()


@pytest.mark.parametrize("factor", [1.0 + 1e-6, 1.0 + 1e-13])
def test_a_release_that_answers_otherwise_without_saying_so_is_found_out(
    tmp_path, monkeypatch, factor
):
    """By a unit that is solved again; differences that tolerances leave do not count."""
    store, solve = old_store("sweep_0.2.0", tmp_path), LongRuns.solve

    def otherwise(self, block, *more):
        return {
            name: values * factor if name == "wage" else values
            for name, values in solve(self, block, *more).items()
        }

    monkeypatch.setattr(LongRuns, "solve", otherwise)
    of_version(monkeypatch, "0.3.0")
    refused = factor > 1.0 + 1e-9
    with (
        pytest.raises(nege.InputError, match=r"nege 0\.2\.0, by which wage differs by .*e-0")
        if refused
        else contextlib.nullcontext()
    ):
        kills.sweep(store, UNITS)
    versions = store_reading.sweep_progress(store).versions
    assert versions == ({"0.2.0": 4} if refused else {"0.2.0": 4, "0.3.0": 4})


def test_a_store_of_an_earlier_format_is_read_and_not_gone_on_with(tmp_path, counted):
    store = old_store("sweep_0.1.0", tmp_path)
    found = nege.load(store)
    assert found.attrs["nege_version"] == "0.1.0"
    assert (found.status == nege.Status.CONVERGED).sum() == 4
    assert store_reading.sweep_progress(store).versions == {}
    with pytest.raises(nege.InputError, match=r'of nege 0\.1\.0.*pip install "nege==0\.1\.0"'):
        kills.sweep(store, UNITS)
    assert counted == []


def test_a_log_tells_afterwards_what_a_sweep_did(tmp_path, two, caplog, stopped, monkeypatch):
    """Begun, where it was stopped, resumed, how points ended, with versions; no line a unit."""
    caplog.set_level("INFO", logger="nege")
    store, go_on = tmp_path / "s.zarr", stopped(3, stop)
    grid = {"mu": [-0.1, 0.3, 0.35, 0.4]}, {"store": store, "along": None, "unit": 1}
    with pytest.raises(KeyboardInterrupt):
        nege.sweep(two(2.0), grid[0], **grid[1], invalid="record")
    go_on()
    nege.sweep(two(2.0), grid[0], **grid[1], invalid="record")
    lines = [line for line in caplog.messages if str(store) in line]
    assert len(lines) == 5
    versions = f"nege {nege.__version__}, Python {platform.python_version()}, Numba"
    assert f"sweep into {store}: started, units to do: 4; {versions}" in lines[0]
    assert "ended by KeyboardInterrupt, 4 of 4 economies, 4 of them now" in lines[1]
    assert "resumed, units to do: 1" in lines[2]
    assert "done, 4 of 4 economies, 1 of them now" in lines[3]
    assert "now solved: 1 converged" in lines[4]
    caplog.clear()
    nege.sweep(two(2.0), grid[0], invalid="record")
    assert caplog.messages == []  # soon done, and nowhere kept
    monkeypatch.setattr(progress, "NOTED", 0.0)
    nege.sweep(two(2.0), grid[0], invalid="record")
    assert any("work on economies: 2 of 4" in line for line in caplog.messages)


# --- functions -------------------------------------------------------------------------


def test_a_sweep_of_a_function_goes_on_where_it_was_stopped(tmp_path, monkeypatch, stopped):
    solve, begun = Evaluations.solve, []

    def noted(self, block, *more):
        begun.append(str(block))
        return solve(self, block, *more)

    monkeypatch.setattr(Evaluations, "solve", noted)
    go_on = stopped(3, stop)
    with pytest.raises(KeyboardInterrupt):
        kills.sweep(tmp_path / "s.zarr", UNITS, of=kills.real_wages)
    half = nege.load(tmp_path / "s.zarr")
    pending = half.status == nege.Status.PENDING
    assert int(pending.sum()) == 2 * (UNITS - 3)
    assert np.isnan(half.paid.values[pending.values]).all()
    go_on()
    whole = kills.sweep(tmp_path / "s.zarr", UNITS, of=kills.real_wages)
    assert len(begun) == UNITS + 1
    assert len(set(begun)) == UNITS
    assert whole.identical(kills.sweep(None, UNITS, of=kills.real_wages))
    assert whole.identical(nege.load(tmp_path / "s.zarr"))
    with pytest.raises(nege.InputError, match=r"of is real_wages \(.*\) there and stop \("):
        kills.sweep(tmp_path / "s.zarr", UNITS, of=stop)
    chunk = tmp_path / "s.zarr" / "answer" / "c" / "0" / "0"
    chunk.write_bytes(b"garbage")
    with pytest.raises(nege.InputError, match="'answer'"):
        nege.load(tmp_path / "s.zarr")
    begun.clear()
    assert whole.identical(kills.sweep(tmp_path / "s.zarr", UNITS, of=kills.real_wages))
    assert len(begun) == 1


def test_a_function_that_answers_otherwise_now_is_found_out(tmp_path, monkeypatch, stopped):
    go_on = stopped(1, stop)
    with pytest.raises(KeyboardInterrupt):
        kills.sweep(tmp_path / "s.zarr", UNITS, of=kills.real_wages)
    go_on()
    of_version(monkeypatch, "99.0")
    monkeypatch.setattr(nege, "short_run", lambda economy, share: nege.solve(economy))
    with pytest.raises(nege.InputError, match="by which paid differs by"):
        kills.sweep(tmp_path / "s.zarr", UNITS, of=kills.real_wages)


def test_a_unit_with_answers_is_compared_before_others(tmp_path, monkeypatch, stopped, two):
    """One in which nothing was solved says nothing of what is answered now."""
    keywords = {"store": tmp_path / "s.zarr", "along": None, "unit": 1, "invalid": "record"}
    go_on = stopped(2, stop)
    with pytest.raises(KeyboardInterrupt):
        nege.sweep(two(2.0), {"mu": [-0.1, 0.3, 0.4]}, **keywords)
    go_on()
    of_version(monkeypatch, "99.0")
    solve = LongRuns.solve

    def otherwise(self, *more):
        values = solve(self, *more)
        return values | {"wage": values["wage"] * (1 + 1e-7)}

    monkeypatch.setattr(LongRuns, "solve", otherwise)
    with pytest.raises(nege.InputError, match="by which wage differs"):
        nege.sweep(two(2.0), {"mu": [-0.1, 0.3, 0.4]}, **keywords)


def test_a_version_that_is_none_is_damage(tmp_path, counted):
    store = old_store("sweep_0.2.0", tmp_path)
    seals = zarr.open_array(store / "nege_seals", mode="r+")
    seals[0, 0, -2:] = np.frombuffer(b"\xff nonsense".ljust(16, b"\0"), "<u8")
    with pytest.raises(nege.InputError, match="nege_seals"):
        nege.load(store)


def out_of_memory(economy):
    if economy.mu > 0.3:
        raise MemoryError
    return economy.mu


def test_a_machine_out_of_memory_is_no_answer(two, tmp_path):
    """It is not recorded: with more memory, the point has one."""
    given = {"mu": [0.3, 0.4]}, {"of": out_of_memory, "store": tmp_path / "s.zarr"}
    with pytest.raises(MemoryError):
        nege.sweep(two(2.0), given[0], **given[1])
    assert nege.load(tmp_path / "s.zarr").status.values.tolist() == [0, nege.Status.PENDING]


def test_a_function_that_was_typed_in_goes_with_one_process_alone(two, monkeypatch):
    """Others look for it in vain, which ends them without a reason that anybody hears."""
    typed = types.ModuleType("__main__")
    typed.out_of_memory = out_of_memory
    monkeypatch.setitem(sys.modules, "__main__", typed)
    monkeypatch.setattr(out_of_memory, "__module__", "__main__")
    for of in (out_of_memory, functools.partial(out_of_memory)):
        with pytest.raises(nege.InputError, match=r"of must be a function in a file.*typed in"):
            nege.sweep(two(2.0), {"mu": [0.3, 0.4]}, of=of, processes=2)


def test_regimes_are_kept_and_not_found_again(two, tmp_path, monkeypatch):
    given = {"trade_cost": [0.5, 1.5]}, {"invalid": "record", "store": tmp_path / "s.zarr"}
    first = nege.regimes(two(2.0), given[0], **given[1])
    monkeypatch.setattr(Evaluations, "solve", stop)
    assert nege.regimes(two(2.0), given[0], **given[1]).identical(first)
    assert first.regime.values.tolist() == ["unknown", "core-periphery"]
    assert nege.load(tmp_path / "s.zarr").regime.values.tolist() == ["", "core-periphery"]


def made(text, **known):
    """Return the function that a text makes, which reads what is known."""
    scope = {"np": np, **known}
    exec(text, scope)
    return scope["f"]


ORIGINAL = "def h(e): return e.mu * k\ndef f(e, a=2): return h(e) + a"
AROUND = {"k": 3.0}


def test_a_model_of_ones_own_is_known_by_its_equations_too(two):
    """Also inherited ones; of nege's models and mechanisms the version says what they are."""

    def of(text):
        equations = {"costs": made(text, **AROUND)}
        base = type("Base", (), {"equations": equations, "words": "words"})
        return identity.identity("model", type("Own", (base,), {}))

    assert of(ORIGINAL) == of(ORIGINAL) != of(ORIGINAL.replace("+ a", "- a"))
    assert list(identity.own_code(two(2.0))) == []
    own = nege.OnlineAgglomeration(mechanisms=[own_mechanisms.ByRow()])
    assert [name for name, _ in identity.own_code(own)] == ["ByRow"]


def closing_over(value):
    return lambda economy: value


@pytest.mark.parametrize(
    ("text", "known", "same"),
    [
        (ORIGINAL, {"k": 3.0, "unread": 7}, True),
        ("# a comment\n\n" + ORIGINAL.replace("(e, a=2): ", "(e, a=2):\n    "), AROUND, True),
        (ORIGINAL.replace("a=2", "a=3"), AROUND, False),
        (ORIGINAL.replace("e.mu", "e.sigma"), AROUND, False),
        (ORIGINAL.replace("+ a", "- a"), AROUND, False),
        (ORIGINAL, {"k": 4.0}, False),
        (ORIGINAL, {"k": np.array([3.0])}, False),
    ],
)
def test_a_function_is_known_by_its_code_and_what_that_reads(text, known, same):
    found = identity.identity("of", made(text, **known))
    assert (found == identity.identity("of", made(ORIGINAL, **AROUND))) == same


OWN = "class C:\n  {}\n  def m(self, e): return self.h()\nf = C().m"


@pytest.mark.parametrize(
    ("text", "old"),
    [
        ("def g(e, a=2): return a\ndef h(e, a=7): return a\ndef f(e): return h(e) + g(e)", "7"),
        ("def h(*, a=7): return a\ndef f(e, *, b=1): return h() + b", "7"),
        ("@functools.cache\ndef f(e): return 7", "7"),
        ("@functools.cache\ndef h(): return 7\ndef f(e): return h()", "7"),
        ("@functools.singledispatch\ndef f(e): return 7", "7"),
        ("h = np.vectorize(lambda x: x + 7)\ndef f(e): return h(1)", "7"),
        ("class C:\n  def __call__(self, e): return 7\nf = C()", "7"),
        (
            "@dataclass(frozen=True)\nclass C:\n  a: int = 1\n"
            "  def __call__(self, e): return 7\nf = C()",
            "7",
        ),
        (OWN.format("h = lambda self: 7"), "7"),
        (OWN.format("a = [7]\n  def h(self): return self.a"), "7"),
        (OWN.format("__slots__ = ()\n  def h(self): return 7"), "7"),
        (OWN.format("@functools.cached_property\n  def h(self): return 7"), "7"),
        (
            OWN.replace("C:", "C(Point):", 1)
            .replace("C()", "C(1)")
            .format("def h(self): return 7"),
            "7",
        ),
        ("class K(Enum):\n  A = 7\ndef f(e): return K.A.value", "7"),
        ("def f(e): return helpers.h(e)", "7"),
    ],
)
def test_a_function_is_known_by_what_it_reads_at_any_remove(text, old):
    """Defaults, caches, classes and their methods, enumerations, and modules that read others."""

    def of(new):
        inner = types.ModuleType("of_ones_own")
        inner.h = made(f"def f(e): return {new}")
        known = {"functools": functools, "dataclass": dataclasses.dataclass, "Enum": enum.Enum}
        known |= {"Point": collections.namedtuple("Point", "x"), "helpers": inner}
        scope = {"__name__": "__main__", **known}
        return identity.identity("of", made(text.replace(old, new), **scope))

    assert of("7") == of("7") != of("8")


def test_what_a_function_closes_over_is_part_of_it(two):
    economy = two(2.0)
    values = [1, 2, "1", [1, 2], {"a": 1}, {1, 2, 3}, np.arange(3), economy, None]
    values += [economy.replace(mu=0.3), nege.SolverOptions(), np.float64, made(ORIGINAL, k=1)]
    names = [identity.identity("of", closing_over(value)) for value in values]
    assert len(set(names)) == len(values)
    assert names == [identity.identity("of", closing_over(value)) for value in values]
    # Of what is installed the name alone.
    assert identity.is_installed(nege.solve)
    assert identity.identity("of", nege.solve) != identity.identity("of", nege.stability)
    partial = functools.partial(closing_over(1), economy)
    assert identity.identity("of", partial).startswith("partial of closing_over.<locals>.<lambda>")
    with pytest.raises(nege.InputError, match="can be told from others"):
        identity.identity("of", closing_over(threading.Lock()))


def test_what_nege_did_not_make_is_left_alone(two, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "data").write_text("mine")
    with pytest.raises(nege.InputError, match="nege leaves alone"):
        nege.sweep(two(2.0), {"mu": [0.3]}, store=tmp_path / "precious", overwrite=True)
    assert (tmp_path / "precious" / "data").read_text() == "mine"
    with pytest.raises(nege.InputError, match=r"a store that nege\.sweep made"):
        nege.load(tmp_path / "precious")


def test_only_one_run_at_a_time_writes_to_a_store(tmp_path, stopped):
    """The second is refused while the first is at work; the first goes on undisturbed."""

    def second():
        with pytest.raises(nege.InputError, match=f"held by process {os.getpid()}"):
            kills.sweep(tmp_path / "s.zarr", UNITS)
        with pytest.raises(nege.InputError, match="no other sweep is writing"):
            kills.sweep(tmp_path / "s.zarr", UNITS + 1, overwrite=True)

    stopped(3, second)
    assert (kills.sweep(tmp_path / "s.zarr", UNITS).status == nege.Status.CONVERGED).all()


def listing(folder):
    """Everything in a folder that is not of the store in it, with what it holds."""
    return {
        path.name: path.readlink() if path.is_symlink() else path.is_file() and path.read_text()
        for path in folder.iterdir()
        if path.name != "s.zarr"
    }


def test_a_sweep_touches_nothing_beside_its_store(tmp_path):
    """Whatever stands there under names like its own, also as links that lead elsewhere."""
    store = tmp_path / "s.zarr"
    kills.sweep(store, 2)
    store.rename(tmp_path / "s.zarr.old")
    backup = nege.load(tmp_path / "s.zarr.old").compute()
    (tmp_path / "s.zarr.partial").mkdir()
    (tmp_path / "s.zarr.lock").write_text("process 1")
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "s.zarr.tmp").symlink_to(tmp_path / "mine")
    before = listing(tmp_path)
    kills.sweep(store, 2)
    kills.sweep(store, 3, overwrite=True)
    assert listing(tmp_path) == before
    assert kills.same(nege.load(tmp_path / "s.zarr.old").compute(), backup)


def test_a_store_is_replaced_only_where_nothing_else_is_in_it(tmp_path):
    store = tmp_path / "s.zarr"
    kills.sweep(store, 2)
    for name in ("notes.txt", "share/notes", "share/c/notes", "nege_seals/notes", "mine/zarr.json"):
        (store / name).parent.mkdir(exist_ok=True)
        (store / name).write_text("mine")
        with pytest.raises(nege.InputError, match=f"In it is {name}"):
            kills.sweep(store, 3, overwrite=True)
        assert (store / name).read_text() == "mine"
        (store / name).unlink()
    assert (kills.sweep(store, 3, overwrite=True).status == nege.Status.CONVERGED).all()


def test_links_lead_to_stores_or_are_refused(tmp_path, counted):
    """A link to a store is that store; one to anything else, or to nothing, is left alone."""
    kills.sweep(tmp_path / "real" / "s.zarr", 2)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "s.zarr")
    counted.clear()
    kills.sweep(tmp_path / "link", 2)
    assert counted == []
    kills.sweep(tmp_path / "link", 3, overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert nege.load(tmp_path / "real" / "s.zarr").sizes["mu"] == 3
    counted.clear()
    (tmp_path / "loose").symlink_to(tmp_path / "nothing")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "other").symlink_to(tmp_path / "elsewhere")
    for name, message in (("loose", "leads nowhere"), ("other", "nege leaves alone")):
        with pytest.raises(nege.InputError, match=message):
            kills.sweep(tmp_path / name, 2, overwrite=True)
    (tmp_path / "mine").write_text("mine")
    lock = tmp_path / "real" / "s.zarr" / "nege_seals" / "lock"
    lock.unlink()
    lock.symlink_to(tmp_path / "mine")
    (tmp_path / "real" / "s.zarr" / "status" / "c" / "0" / "0").unlink()
    with pytest.raises(nege.InputError, match="symbolic link"):
        kills.sweep(tmp_path / "link", 3)
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "nothing").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert counted == []


def chunk(store, name, unit):
    (file,) = [p for p in (store / name / "c" / "0" / str(unit)).rglob("*") if p.is_file()] or [
        store / name / "c" / "0" / str(unit)
    ]
    return file


def exchange(store, name):
    one, other = chunk(store, name, 1), chunk(store, name, 2)
    one.rename(store / "aside")
    other.rename(one)
    (store / "aside").rename(other)


def emptied_of_numbers(store, name):
    array = zarr.open_array(store / name, mode="r+")
    array[:, 1] = np.nan if array.dtype.kind == "f" else array.fill_value


DAMAGES = {
    "deleted": lambda store, name: chunk(store, name, 1).unlink(),
    "emptied": lambda store, name: chunk(store, name, 1).write_bytes(b""),
    "cut": lambda store, name: chunk(store, name, 1).write_bytes(
        chunk(store, name, 1).read_bytes()[:-3]
    ),
    "garbage": lambda store, name: chunk(store, name, 1).write_bytes(b"garbage"),
    "exchanged": exchange,
    "NaN": emptied_of_numbers,
    "removed": lambda store, name: shutil.rmtree(store / name),
    "described otherwise": lambda store, name: (store / name / "zarr.json").write_text(
        (store / name / "zarr.json").read_text().replace('"float64"', '"int64"').replace("8", "4")
    ),
    "not described": lambda store, name: (store / name / "zarr.json").unlink(),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A finished store, which tests copy and damage."""
    path = tmp_path_factory.mktemp("sound") / "s.zarr"
    return path, kills.sweep(path, UNITS)


@pytest.fixture(scope="module")
def sound_as_loaded(sound):
    return nege.load(sound[0]).load()


def damaged(store, name, damage):
    """Damage one array of a store; a coordinate has one chunk, and no unit of its own."""
    if name == "online_trade_cost" and damage in ("deleted", "emptied", "cut", "garbage"):
        chunks = {"deleted": None, "emptied": b"", "cut": b"abc", "garbage": b"garbage" * 9}
        file = store / name / "c" / "0"
        file.unlink() if chunks[damage] is None else file.write_bytes(chunks[damage])
    elif name == "online_trade_cost" and damage in ("exchanged", "NaN"):
        zarr.open_array(store / name, mode="r+")[:] = [1.1, np.nan]
    else:
        DAMAGES[damage](store, name)


#: Results every way; coordinates and seals, each the ways in which they are read otherwise.
HURT = {
    ("share", "residual"): DAMAGES,
    ("online_trade_cost",): ("exchanged", "NaN", "emptied", "removed"),
    ("nege_seals",): ("deleted", "garbage", "described otherwise"),
}


@pytest.mark.parametrize(
    ("names", "damage"), [(names, one) for names, several in HURT.items() for one in several]
)
def test_what_was_damaged_is_named_and_solved_again(
    sound, sound_as_loaded, tmp_path, damage, names, counted, caplog
):
    path, whole = sound
    store = tmp_path / "s.zarr"
    shutil.copytree(path, store)
    for name in names:
        damaged(store, name, damage)
    with pytest.raises(nege.InputError, match="path must be a store as") as caught:
        nege.load(store)
    assert all(name in str(caught.value) for name in ("s.zarr", *names))
    with contextlib.suppress(nege.InputError):  # without the check: as it is, but nothing raw
        nege.load(store, check=False)
    if damage not in ("removed", "not described"):
        with contextlib.suppress(nege.InputError):
            assert nege.sweeps.store_reading.sweep_progress(store).damaged in (2, 4, 2 * UNITS)
    counted.clear()
    assert kills.same(kills.sweep(store, UNITS), whole)
    assert all(name in caplog.text for name in names)
    assert nege.load(store).identical(sound_as_loaded)
    if damage == "garbage":  # once mended a store is sound, whatever it was
        counted.clear()
        kills.sweep(store, UNITS)
        assert counted == []


def test_a_full_disk_is_said_and_nothing_finished_is_lost(tmp_path, stopped, counted):
    """Files that may not grow stand for a disk without room: the write fails half-way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    go_on = stopped(3, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard)))
    try:
        with pytest.raises(nege.InputError, match=r"a disk with room.*File too large.*is kept"):
            kills.sweep(tmp_path / "s.zarr", UNITS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    go_on()
    whole = kills.sweep(None, UNITS)
    half = nege.load(tmp_path / "s.zarr").isel(mu=slice(0, 3))
    assert kills.same(half.compute(), whole.isel(mu=slice(0, 3)))
    counted.clear()
    assert kills.same(kills.sweep(tmp_path / "s.zarr", UNITS), whole)
    assert len(counted) == UNITS - 3


@pytest.fixture
def public():
    """A folder that every user can look into, and that nobody can write to in the end."""
    with tempfile.TemporaryDirectory() as folder:
        yield pathlib.Path(folder)
        for path in (folder, *pathlib.Path(folder).rglob("*/")):
            pathlib.Path(path).chmod(0o755)


@contextlib.contextmanager
def somebody():
    """Be a user whom permissions bind."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_solved(
    public, stopped, counted
):
    go_on = stopped(3, stop)
    with pytest.raises(KeyboardInterrupt):
        kills.sweep(public / "half.zarr", UNITS)
    go_on()
    kills.sweep(public / "whole.zarr", UNITS)
    counted.clear()
    for folder in (public, *public.rglob("*/")):
        folder.chmod(0o555)
    with somebody():
        for name in ("half.zarr", "new.zarr"):
            with pytest.raises(nege.InputError, match=r"can be written.*Permission denied"):
                kills.sweep(public / name, UNITS)
        assert (nege.load(public / "half.zarr").status == nege.Status.CONVERGED).sum() == 6
        # What is finished needs no writing.
        finished = kills.sweep(public / "whole.zarr", UNITS)
        assert kills.same(finished, nege.load(public / "whole.zarr"))
    assert counted == []


def test_points_that_fail_are_stored_as_failed(two, tmp_path):
    options = nege.SolverOptions(limit_steps=2)
    ds = nege.sweep(
        two(1.2), {"mu": [0.3, 0.4]}, start=[0.3, 0.7], options=options, store=tmp_path / "s.zarr"
    )
    assert (ds.status == nege.Status.LIMIT).all()
    assert np.isnan(ds.share).all()
    assert nege.sweeps.store_reading.sweep_progress(tmp_path / "s.zarr")[0][nege.Status.LIMIT] == 2


GRID = {"mu": [0.3, 0.4], "sigma": [4.0, 5.0]}
SHARES = np.array([[[0.2, 0.3, 0.5], [0.3, 0.3, 0.4]], [[0.1, 0.1, 0.8], [0.4, 0.4, 0.2]]])
COSTS = np.array([[[1.0, 1.5], [1.8, 1.0]], [[1.0, 1.6], [1.9, 1.0]]])


def labelled(names):
    return xr.Dataset({"mu": ("point", [0.3, 0.4])}, coords={"point": names})


def tables(*dims):
    return xr.Dataset({"trade_cost": (("point", *dims), COSTS)})


def shares(dims, **coords):
    return {"share": xr.DataArray(SHARES if len(dims) > 2 else SHARES[0], coords, dims)}


#: Two sweeps of the same numbers that mean something else, and what the refusal names.
TWINS = {
    "order of the grid": (
        ({"parameters": GRID}, {"parameters": dict(reversed(GRID.items()))}),
        r"sizes is \[\['mu', 2\], \['sigma', 2\]\] there and \[\['sigma', 2\]",
    ),
    "transposed tables": (
        (
            {"parameters": tables("origin", "destination")},
            {"parameters": tables("destination", "origin")},
        ),
        r"trade_cost is .* there and .* here",
    ),
    "labels of points": (
        ({"parameters": labelled(["low", "high"])}, {"parameters": labelled(["high", "low"])}),
        r"coordinates\.point is .* there and .* here",
    ),
    "labels of shares": (
        tuple(
            {"parameters": {"mu": [0.3]}, **shares(("year", "region"), year=years)}
            for years in ([2000, 2010], [2010, 2000])
        ),
        r"coordinates\.year is .* there and .* here",
    ),
    "dimensions of shares": (
        tuple(
            {"parameters": {"mu": [0.3]}, **shares((*dims, "region"))}
            for dims in (("x", "y"), ("y", "x"))
        ),
        r"sizes is .* there and .* here",
    ),
}


@pytest.mark.parametrize("twin", TWINS)
def test_the_same_numbers_under_other_labels_are_another_sweep(two, tmp_path, twin):
    (one, other), said = TWINS[twin]
    online = None if "tables" in twin else nege.OnlineRegion(trade_cost=1.5)
    store = tmp_path / "s.zarr"
    first = nege.sweep(two(1.8, online), **one, store=store, unit=1)
    chunk_of_status = min(p for p in (store / "status" / "c").rglob("*") if p.is_file())
    nege.sweep(two(1.8, online), **one, store=store, unit=1)  # the same one is itself
    chunk_of_status.unlink()
    with pytest.raises(nege.InputError, match=f"What differs: .*{said}"):
        nege.sweep(two(1.8, online), **other, store=store, unit=1)
    again = nege.sweep(two(1.8, online), **one, store=store, unit=1)
    xr.testing.assert_identical(again.compute(), first.compute())


def test_points_without_status_read_as_not_solved_and_are_solved_again(sound, tmp_path, counted):
    path, whole = sound
    store = tmp_path / "s.zarr"
    shutil.copytree(path, store)
    chunk(store, "status", 1).unlink()
    for check in (True, False):
        half = nege.load(store, check=check)
        assert (half.status[:, 1] == nege.Status.PENDING).all()
        for name, array in half.data_vars.items():
            if array.dtype.kind == "f":
                assert np.isnan(array[:, 1]).all(), name
                assert np.isnan(array[::-1, [1, 0]].values[:, 0]).all(), name
                assert np.isnan(array.values[1, 1]).all(), name
                np.testing.assert_array_equal(array[:, 2:], whole[name][:, 2:])
    counted.clear()
    assert kills.same(kills.sweep(store, UNITS), whole)
    assert len(counted) == 1


@pytest.mark.parametrize(
    "place", ["mu", "share", "nege_seals", "share/c", "share/c/0/1/0", "mu/c/0", "status/zarr.json"]
)
def test_a_file_in_place_of_a_folder_is_named_and_the_sweep_mends_it_once_it_is_away(
    sound, tmp_path, place, counted
):
    path, whole = sound
    store = tmp_path / "s.zarr"
    shutil.copytree(path, store)
    if (store / place).is_dir():
        shutil.rmtree(store / place)
        (store / place).write_text("mine")
        remove = (store / place).unlink
    else:
        (store / place).unlink()
        (store / place).mkdir()
        remove = (store / place).rmdir
    counted.clear()
    said = f"{place} is a f.* where nege keeps a f.*: move it away, or delete it"
    for call in (lambda: nege.load(store), lambda: kills.sweep(store, UNITS)):
        with pytest.raises(nege.InputError, match=said):
            call()
    assert counted == []
    remove()
    assert kills.same(kills.sweep(store, UNITS), whole)
    assert kills.same(nege.load(store), whole)


def test_names_and_labels_of_points_survive(two, tmp_path):
    design = xr.Dataset({"mu": ("point", [0.3, 0.4])}, coords={"point": ["low", "high"]})
    ds = nege.sweep(two(1.8), design, store=tmp_path / "s.zarr")
    assert ds.sel(point="high").mu == 0.4
    assert (ds.sel(point="low", region="1").share >= 0).all()


def test_memory_does_not_grow_with_the_number_of_points():
    """Forty times the points, in a process of their own: the peak stays that of one unit."""
    code = """
import resource, tempfile, numpy as np, nege
economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
share = np.linspace(0, 1, 1000)
for points in (2_500, 100_000):
    with tempfile.TemporaryDirectory() as folder:
        nege.sweep(economy, {"trade_cost": np.linspace(1.1, 3, points // 1000)},
            share=np.stack([share, 1 - share], -1), store=folder + "/s.zarr", unit=2_500)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
    few, many = map(int, fresh.run(code).split())
    assert many - few < 8  # MB; the results alone are 13 MB
