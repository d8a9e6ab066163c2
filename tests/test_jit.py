"""How kernels compile, dispatch and are cached."""

import ast
import collections
import copy
import gc
import os
import pathlib
import pickle
import subprocess
import sys
import textwrap
from typing import NamedTuple

import fresh
import numba
import numpy as np
import own_model
import pytest
from numba.core.compiler import Flags

import nege
from nege.kernels import copied, function_table, sources
from nege.kernels.equations import Compiled, Places
from nege.kernels.jit import kernel
from nege.kernels.records import INDICES, ROW, TABLE, record

pytestmark = pytest.mark.faults


JIT = not numba.config.DISABLE_JIT


def run(code, folder, *, cache="cache", **environment):
    """Run code in a fresh process, as a user's next session would.

    With a cache of its own, or with that of these tests, where whole models need not compile again.
    """
    kept = {} if cache is None else {"NUMBA_CACHE_DIR": str(folder / cache)}
    return fresh.run(code, folder, **{**kept, **environment}).split()


def run_python(code, **environment):
    """Run code in a process that has imported nothing."""
    command = [sys.executable, "-P", "-W", "error", "-c", textwrap.dedent(code)]
    environment = {**os.environ, **environment}
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.split()


@pytest.fixture
def package(tmp_path):
    """A copy of the package that a test may edit."""
    source = pathlib.Path(nege.__file__).parent
    target = tmp_path / "nege"
    for path in source.rglob("*.py"):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    return tmp_path


@pytest.mark.skipif(not JIT, reason="there is no cache without the JIT")
def test_editing_a_callee_in_another_file_is_noticed(package):
    """Numba by itself hashes only the caller's file, and would return stale results."""
    (package / "nege/kernels/inner.py").write_text(
        "from nege.kernels.jit import kernel\n\n@kernel\ndef inner(x):\n    return x + 1.0\n"
    )
    (package / "nege/kernels/outer.py").write_text(
        "from nege.kernels.inner import inner\nfrom nege.kernels.jit import kernel\n\n"
        "@kernel\ndef outer(x):\n    return 2.0 * inner(x)\n"
    )
    call = "from nege.kernels.outer import outer\nprint(outer(1.0), outer.stats.cache_hits.total())"
    assert run(call, package) == ["4.0", "0"]
    assert run(call, package) == ["4.0", "1"]
    inner = package / "nege/kernels/inner.py"
    inner.write_text(inner.read_text().replace("x + 1.0", "x + 5.0"))
    assert run(call, package) == ["12.0", "0"]


@pytest.mark.skipif(not JIT, reason="there is no cache without the JIT")
def test_editing_what_a_kernel_does_not_import_compiles_nothing(package):
    call = """
        import numpy as np
        from nege.kernels.vectors import largest
        print(largest(np.ones(2)), largest.entry.stats.cache_hits.total())
    """
    assert run(call, package) == ["1.0", "0"]
    for folder in ("plots", "results", "validation", "models", "solvers", "command"):
        for path in (package / "nege" / folder).rglob("*.py"):
            path.write_text(f"{path.read_text()}\n# edited\n")
    assert run(call, package) == ["1.0", "1"]


MODEL = """
from typing import NamedTuple
from nege.kernels.jit import kernel

class Mine(NamedTuple):
    factor: float

@kernel
def times(parameters, x):
    return parameters.factor * x * FACTOR

@kernel
def unrelated(x):
    return x
"""

DRIVER = """
from nege.kernels.jit import kernel
from mine import times

@kernel
def drive(parameters, x):
    return times(parameters, x)
"""


@pytest.mark.skipif(not JIT, reason="there is no cache without the JIT")
def test_editing_a_users_own_model_or_what_it_imports_is_noticed(tmp_path):
    """The driver's file does not change; the file of the parameter type does, or its helper."""
    (tmp_path / "mine.py").write_text(f"from helper import FACTOR\n{MODEL}")
    (tmp_path / "driver.py").write_text(DRIVER)
    (tmp_path / "helper.py").write_text("FACTOR = 1.0\n")
    (tmp_path / "other.py").write_text("")
    call = """
        from driver import drive
        from mine import Mine
        print(drive(Mine(3.0), 2.0), drive.stats.cache_hits.total())
    """
    assert run(call, tmp_path) == ["6.0", "0"]
    (tmp_path / "other.py").write_text("FACTOR = 3.0\n")
    assert run(call, tmp_path) == ["6.0", "1"]
    (tmp_path / "helper.py").write_text("FACTOR = 10.0\n")
    assert run(call, tmp_path) == ["60.0", "0"]
    (tmp_path / "mine.py").write_text(MODEL.replace("FACTOR", "100.0"))
    assert run(call, tmp_path) == ["600.0", "0"]


@pytest.mark.skipif(not JIT, reason="there is no cache without the JIT")
@pytest.mark.parametrize("edited", ["mine", "helper"])
def test_code_of_a_file_edited_after_its_import_does_not_pass_for_code_of_the_edited_file(
    tmp_path, edited
):
    (tmp_path / "mine.py").write_text(f"from helper import FACTOR\n{MODEL}")
    (tmp_path / "driver.py").write_text(DRIVER)
    (tmp_path / "helper.py").write_text("FACTOR = 1.0\n")
    new = {"mine": MODEL.replace("* FACTOR", "* 10.0"), "helper": "FACTOR = 10.0\n"}[edited]
    call = "from driver import drive\nfrom mine import Mine\n"
    edit = f"import pathlib\npathlib.Path('{edited}.py').write_text({new!r})\n"
    report = "print(drive(Mine(3.0), 2.0))"
    assert run(call + edit + report, tmp_path) == ["6.0"]
    assert run(call + report, tmp_path) == ["60.0"]


@pytest.mark.skipif(not JIT, reason="there is no cache without the JIT")
def test_a_kernel_names_what_else_it_is_made_of(tmp_path):
    (tmp_path / "made.py").write_text(
        "from nege.kernels.jit import kernel\n"
        "def make(files, key):\n"
        "    made = kernel(lambda x: x, inside=True, files=files, key=key)\n"
        "    made(1.0)\n"
        "    return made.entry.stats.cache_hits.total()\n"
    )
    (tmp_path / "one.py").write_text("import two\n")
    (tmp_path / "two.py").write_text("")
    call = "from made import make\nprint(make(['one.py'], b'a'), make(['one.py'], b'b'))"
    assert run(call, tmp_path) == ["0", "0"]
    assert run(call, tmp_path) == ["1", "1"]
    (tmp_path / "two.py").write_text("EDITED = True\n")
    assert run(call, tmp_path) == ["0", "0"]


def write(path, text):
    """Write a file that looks older than this process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, ns=(1, len(text)))


def digest(path):
    sources.declare(path.parent / "another.py")
    return sources.digest(frozenset([path]))


@pytest.mark.parametrize(
    "line",
    [
        "import helper",
        "import helper as h",
        "import os, helper",
        "import package.inner.deep",
        "from helper import *",
        "from helper import x  # (why)",
        "from helper import (  # (why)\n    x,\n)",
        "from helper \\\n    import x",
        "if True: import helper",
        "x = 1; import helper",
        "def f():\n    from helper import x",
        "'Words' '''\nfrom another world\n'''\nimport helper",
        "from package import inner",
        "from package.inner import deep",
        "from package.inner.deep import x",
        "from . import helper",
        "from .helper import x",
        "from .package.inner import deep",
        "import installed",
    ],
)
def test_every_way_to_import_is_followed(tmp_path, monkeypatch, line):
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    monkeypatch.syspath_prepend(tmp_path)
    write(tmp_path / "mine.py", f"{line}\nimport cycle")
    write(tmp_path / "cycle.py", "import mine")
    for name in ("helper", "unrelated", "package/__init__", "package/inner/deep"):
        write(tmp_path / f"{name}.py", "")
    write(tmp_path / "package/inner/__init__.py", "from . import deep")
    installed = tmp_path / "site-packages/installed"
    write(installed / "__init__.py", "from installed import inner")
    write(installed / "inner.py", "")
    before = digest(tmp_path / "mine.py")
    write(tmp_path / "unrelated.py", "edited = 1")
    write(installed / "inner.py", "edited = 1")
    assert digest(tmp_path / "mine.py") == before is not None
    for path in ("helper.py", "package/inner/deep.py", "site-packages/installed/__init__.py"):
        write(tmp_path / path, "edited = 1")
    assert digest(tmp_path / "mine.py") != before


def test_a_model_of_an_installed_package_counts_with_all_that_it_imports_of_it(
    tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    package = tmp_path / "site-packages/economies"
    write(package / "__init__.py", "")
    write(package / "mine.py", "import economies.helper")
    write(package / "helper.py", "")
    before = digest(package / "mine.py")
    write(package / "helper.py", "x = 1")
    assert None not in (before, digest(package / "mine.py"))
    assert digest(package / "mine.py") != before


GENERAL = """
from nege.kernels.jit import kernel

@kernel
def drive(parameters, x):
    return parameters.factor * x
"""


@pytest.mark.skipif(not JIT, reason="there is no cache without the JIT")
def test_a_parameter_type_of_a_notebook_cell_is_never_cached(tmp_path):
    (tmp_path / "driver.py").write_text(GENERAL)
    call = """
        from typing import NamedTuple
        from driver import drive
        class Cell(NamedTuple):
            factor: float
        print(drive(Cell(3.0), 2.0), drive.stats.cache_hits.total())
    """
    assert run(call, tmp_path) == ["6.0", "0"]
    assert run(call, tmp_path) == ["6.0", "0"]
    assert not list((tmp_path / "cache").rglob("*drive*.nbc"))


@pytest.mark.skipif(not JIT, reason="there is no cache without the JIT")
def test_a_parameter_type_that_cannot_be_imported_spoils_no_other(tmp_path):
    """One user's type in the cache of a kernel, and a session elsewhere that lacks it."""
    (tmp_path / "driver.py").write_text(GENERAL)
    kind = "from typing import NamedTuple\nclass {}(NamedTuple):\n    factor: float\n"
    (tmp_path / "mine.py").write_text(kind.format("Mine"))
    (tmp_path / "other.py").write_text(kind.format("Other"))
    call = """
        from driver import drive
        from other import Other
        print(drive(Other(3.0), 2.0), drive.stats.cache_hits.total())
    """
    assert run(call, tmp_path) == ["6.0", "0"]
    (tmp_path / "other.py").unlink()
    mine = "from driver import drive\nfrom mine import Mine\nprint(drive(Mine(3.0), 2.0))"
    assert run(mine, tmp_path) == ["6.0"]
    assert run(mine, tmp_path) == ["6.0"]


@pytest.mark.skipif(not JIT, reason="there is no cache without the JIT")
def test_a_broken_cache_is_compiled_again(tmp_path):
    (tmp_path / "driver.py").write_text(DRIVER)
    (tmp_path / "mine.py").write_text(MODEL.replace("FACTOR", "1.0"))
    call = "from driver import drive\nfrom mine import Mine\nprint(drive(Mine(3.0), 2.0))"
    assert run(call, tmp_path) == ["6.0"]
    for path in (tmp_path / "cache").rglob("*drive*.nbc"):
        path.write_bytes(b"")
    assert run(call, tmp_path) == ["6.0"]


@pytest.mark.skipif(not JIT, reason="there is no cache without the JIT")
def test_where_no_folder_can_be_written_to_kernels_compile_all_the_same(tmp_path):
    (tmp_path / "driver.py").write_text(DRIVER)
    (tmp_path / "mine.py").write_text(MODEL.replace("FACTOR", "1.0"))
    (tmp_path / "__pycache__").write_text("a file, not a folder")
    nowhere = str(tmp_path / "__pycache__" / "folder")
    folders = dict.fromkeys(("NUMBA_CACHE_DIR", "HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"), nowhere)
    call = "from driver import drive\nfrom mine import Mine\n"
    call += "print(drive(Mine(3.0), 2.0), drive(Mine(4.0), 2.0))"
    assert run(call, tmp_path, **folders) == ["6.0", "8.0"]


def test_results_are_the_same_without_the_jit(tmp_path):
    call = """
        import numpy as np, nege
        np.seterr(all="ignore")
        online = nege.OnlineRegion(trade_cost=1.2)
        g = nege.geography.line(3)
        m = nege.CorePeriphery(g, sigma=4, mu=0.3, trade_cost=1.5, online=online)
        print(*nege.solve(m, [0.2, 0.3, 0.1, 0.4]).data.share.values)
        print(*nege.short_run(m, [0.2, 0.3, 0.1, 0.4]).data.wage.values)
    """
    fast = np.array(run(call, tmp_path, cache=None), float)
    slow = np.array(run_python(call, NUMBA_DISABLE_JIT="1"), float)
    np.testing.assert_allclose(fast, slow, atol=1e-11)


def test_nan_is_recognised_by_kernels():
    """With fastmath=True, isfinite(nan) would compile to True."""
    from nege.kernels.vectors import largest

    assert largest(np.array([1.0, np.nan, 2.0])) == np.inf
    assert largest(np.array([1.0, -np.inf])) == np.inf
    assert largest(np.array([1.0, -2.0])) == 2.0


@pytest.fixture
def as_usual():
    """Search for garbage as often as Python does, which tests do not (conftest.py)."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


@pytest.mark.skipif(not JIT, reason="nothing compiles without the JIT")
def test_compiling_seldom_searches_for_garbage_and_leaves_the_search_as_it_was(as_usual):
    @kernel
    def whole(x):
        return np.sum(x) + np.dot(x, x)

    @kernel
    def broken(x):
        return x.nothing

    usual = gc.get_threshold()
    searched = [generation["collections"] for generation in gc.get_stats()]
    assert whole(np.ones(2)) == 4.0
    assert gc.get_threshold() == usual
    again = [generation["collections"] for generation in gc.get_stats()]
    assert sum(again) - sum(searched) < 20  # a hundred otherwise
    with pytest.raises(numba.TypingError):
        broken(1.0)
    assert gc.get_threshold() == usual


def test_kernels_divide_as_numpy_does():
    @kernel
    def half(x):
        return 1.0 / x

    with np.errstate(all="ignore"):
        assert half(np.float64(0.0)) == np.inf


def test_models_stay_apart_in_compiled_code():
    """Else one from the cache and one compiled now would be taken for each other."""
    places = nege.geography.equidistant(2)
    numbers = {"sigma": 5, "mu": 0.4, "trade_cost": 1.7}
    models = nege.CorePeriphery(places, **numbers), nege.FootlooseEntrepreneur(places, **numbers)
    assert len({type(model).compiled().named.__name__ for model in models}) == 2
    assert len({model.arrays.equations for model in models}) == 2


def test_types_of_one_name_are_told_apart_where_kernels_call_kernels():
    """Numba writes both the same way, but what they hold has another meaning."""
    one = collections.namedtuple("Pair", ("a", "b"))
    other = collections.namedtuple("Pair", ("b", "a"))

    @kernel
    def first(pair):
        return pair.a

    @kernel
    def called(pair):
        return first(pair)

    assert (called(one(1.0, 2.0)), called(other(1.0, 2.0))) == (1.0, 2.0)


def test_kernels_made_by_one_function_stay_apart():
    def scaled(factor):
        @kernel
        def times(x):
            return factor * x

        return times

    double, triple = scaled(2.0), scaled(3.0)

    @kernel
    def both(x):
        return double(x) + triple(x)

    assert both(1.0) == 5.0


def test_an_economy_goes_to_another_process_without_its_addresses(tmp_path):
    make = """
        import pickle, nege
        model = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1.7)
        found, solver = nege.solve(model, [0.6, 0.4]), nege.prepare(model)
        with open("economy.pickle", "wb") as file:
            pickle.dump((model, model.arrays, found, solver), file)
    """
    use = """
        import pickle, nege, numpy as np
        with open("economy.pickle", "rb") as file:
            model, economy, found, solver = pickle.load(file)
        assert economy.equations == model.arrays.equations
        again = nege.solve(model, [0.6, 0.4]).data.share.values
        np.testing.assert_array_equal(again, found.data.share.values)
        np.testing.assert_array_equal(
            solver.variables(solver.short_run(np.array([0.3, 0.7])))["wage"],
            nege.short_run(model, [0.3, 0.7]).data.wage.values,
        )
        print("same")
    """
    run(make, tmp_path, cache=None)
    assert run(use, tmp_path, cache=None) == ["same"]


@pytest.mark.skipif(not JIT, reason="nothing compiles")
def test_one_further_model_compiles_nothing_but_its_own_equations(tmp_path):
    """One that ships, once more: no cache holds its equations."""
    call = f"""
        import sys
        import nege
        sys.path.append({str(pathlib.Path(own_model.__file__).parent)!r})
        from own_model import made
        from numba.core import event
        places = nege.geography.equidistant(2)
        numbers = dict(sigma=5, mu=0.4, trade_cost=1.7)
        nege.solve(nege.CorePeriphery(places, **numbers), [0.6, 0.4])
        compiled = event.RecordingListener()
        event.register("numba:compile", compiled)
        nege.solve(made("FootlooseEntrepreneur")(places, **numbers), [0.6, 0.4])
        files = set(e.data["dispatcher"].py_func.__code__.co_filename for _, e in compiled.buffer)
        own = ("footloose_entrepreneur.py", "footloose.py", "real_wages.py", "duals.py", "vmath.py")
        shared = ("equations.py", "<string>")  # what puts its equations together
        print(*sorted(f for f in files if not f.endswith(own + shared)), "none")
        print(len(compiled.buffer) > 0)
    """
    assert run(call, tmp_path, cache=None) == ["none", "True"]


LATE = """
import threading
import numpy as np
from numba import types
from nege.kernels.jit import kernel

@kernel(late=types.float64)
def seldom(x):
    return x + 1.0

@kernel
def often(x):
    return seldom(x) if x > 0.0 else x

def compiled():
    return len(seldom.overloads)
"""


@pytest.mark.skipif(not JIT, reason="nothing compiles without the JIT")
def test_a_late_kernel_compiles_when_it_is_first_called_whoever_calls(tmp_path):
    (tmp_path / "late.py").write_text(LATE)
    call = """
        from late import *
        found = [often(-1.0), compiled()]
        threads = [threading.Thread(target=lambda: found.append(often(2.0))) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(*found, compiled(), seldom(2.0))
    """
    expected = ["-1.0", "0", *["3.0"] * 4, "1", "3.0"]
    assert run(call, tmp_path) == expected
    assert run(call, tmp_path) == expected  # from the cache, too
    new = LATE.replace("x + 1.0", "x + 2.0")
    (tmp_path / "late.py").write_text(new)
    assert run(call, tmp_path) == [word.replace("3.0", "4.0") for word in expected]


@pytest.mark.skipif(not JIT, reason="nothing compiles without the JIT")
def test_why_a_late_kernel_does_not_compile_is_what_the_call_raises(tmp_path):
    (tmp_path / "late.py").write_text(LATE.replace("x + 1.0", "x.nowhere"))
    call = """
        from late import *
        from numba.core.errors import TypingError
        for _ in range(2):
            try:
                often(2.0)
            except TypingError as error:
                print("nowhere" in str(error))
        print(often(-1.0))
    """
    assert run(call, tmp_path) == ["True", "True", "-1.0"]


@record(row=ROW, table=TABLE, picked=INDICES)
class Held(NamedTuple):
    """One of every kind of field."""

    whole: int
    part: float
    yes: bool
    row: np.ndarray
    table: np.ndarray
    picked: np.ndarray


@kernel
def told(held, out):
    """Write what compiled code finds in a record."""
    out[0], out[1], out[2] = held.whole, held.part, held.yes
    out[3], out[4] = held.row[-1], held.table[1, 2]
    out[5], out[6] = held.picked[1], held.table.shape[1]


HELD = Held(-3, 0.5, True, np.arange(4.0), np.arange(6.0).reshape(2, 3), np.array([7, 8]))


@pytest.mark.parametrize("made", [HELD, copy.deepcopy(HELD), pickle.loads(pickle.dumps(HELD))])
def test_compiled_code_reads_each_field_of_a_record(made):
    out = np.empty(7)
    told(made, out)
    assert out.tolist() == [-3.0, 0.5, 1.0, 3.0, 5.0, 8.0, 3.0]
    told(made._replace(part=2.5), out)
    assert out[1] == 2.5


@pytest.mark.skipif(not JIT, reason="Python reads any array")
@pytest.mark.parametrize(
    "wrong",
    [
        {"row": np.arange(8.0)[::2]},
        {"row": np.arange(4)},
        {"table": np.arange(6.0)},
        {"table": np.asfortranarray(np.arange(6.0).reshape(2, 3))},
        {"picked": [7, 8]},
    ],
    ids=str,
)
def test_a_record_of_arrays_that_code_would_misread_is_refused(wrong):
    with pytest.raises(TypeError, match=f"Held.{next(iter(wrong))} must be a contiguous"):
        told(HELD._replace(**wrong), np.empty(7))


FIRST = """
import numpy as np
from numba.core.compiler_lock import global_compiler_lock
from nege.kernels.jit import kernel
from nege.kernels.uncompiled import compiled_only

@kernel
def twice(x, out):
    out[0] = 2.0 * x[0]

@kernel
def divided(x, out):
    out[0] += 1.0
    twice(x, out[1:])
    return 1.0 / float(x[0] - x[1])

def there(kernel):
    work = kernel.entry.__dict__.get("_work")
    return work is None or work.done.is_set()

x, out = np.array([3.0, 3.0]), np.zeros(2)
"""


@pytest.mark.skipif(not JIT, reason="nothing compiles without the JIT")
def test_a_tiny_first_call_is_answered_before_its_kernel_is_compiled(tmp_path):
    (tmp_path / "first.py").write_text(FIRST)
    call = """
        from first import *
        with global_compiler_lock:  # nothing compiles
            twice(x, out)
            print(out[0], there(twice))
            twice(2 * x, out)
            print(out[0], there(twice))
        twice.entry._work.done.wait()
        twice(3 * x, out)
        print(out[0], there(twice), len(twice.entry.overloads))
    """
    expected = ["6.0", "False", "12.0", "False", "18.0", "True", "1"]
    assert run(call, tmp_path, NEGE_FIRST_CALLS="") == expected
    call = "from first import *\ntwice(x, out)\nprint(out[0], there(twice))"
    assert run(call, tmp_path, NEGE_FIRST_CALLS="") == ["6.0", "True"]  # from the cache


@pytest.mark.skipif(not JIT, reason="nothing compiles without the JIT")
def test_what_python_cannot_answer_compiled_code_does_from_the_same_start(tmp_path):
    (tmp_path / "first.py").write_text(FIRST)
    call = "from first import *\nprint(divided(x, out), *out)"
    assert run(call, tmp_path, NEGE_FIRST_CALLS="") == ["inf", "1.0", "6.0"]


@pytest.mark.skipif(not JIT, reason="nothing compiles without the JIT")
@pytest.mark.parametrize("environment", ["compiled", ""])
def test_where_bits_count_calls_wait_for_compiled_code(tmp_path, environment):
    (tmp_path / "first.py").write_text(FIRST)
    call = """
        from first import *
        with compiled_only():
            twice(x, out)
        twice(x, out)
        print(out[0], "_work" in twice.entry.__dict__)
    """
    assert run(call, tmp_path, NEGE_FIRST_CALLS=environment) == ["6.0", "False"]


@pytest.mark.skipif(not JIT, reason="nothing compiles without the JIT")
def test_a_first_solve_agrees_with_those_that_follow_to_rounding(tmp_path):
    """Compiled code, which is there, comes only after the first solve, as if it were compiled."""
    call = """
        import nege
        from numba.core.compiler_lock import global_compiler_lock
        from nege.kernels import jit, population_dynamics
        jit.PackageCache.has = lambda *arguments: False
        g = nege.geography.equidistant(2)
        for model in (
            nege.CorePeriphery(g, sigma=5, mu=0.4, trade_cost=2.2),
            nege.VerticalLinkages(g, sigma=5, mu=0.3, inputs=0.4, trade_cost=1.7),
        ):
            with global_compiler_lock:
                first = nege.solve(model, [0.6, 0.4])
            work = population_dynamics.integrate.entry._work
            waited = work.done.is_set()
            work.done.wait()
            after = nege.solve(model, [0.6, 0.4])
            far = [float(abs(first.data[name] - after.data[name]).max()) for name in first.data]
            print(waited, max(far) < 1e-9)
    """
    said = run(call, tmp_path, cache=None, NEGE_FIRST_CALLS="")
    assert said[:2] == ["False", "True"]
    assert said[3] == "True"


def broken(p, r, share, state, pool):
    return p.nonsense * share


@pytest.mark.skipif(not JIT, reason="nothing compiles without the JIT")
def test_numba_colours_no_message_of_a_kernel_and_leaves_stdout_alone(monkeypatch):
    class Colours:
        """Stands for Numba's own where colorama is not installed."""

        def __getattr__(self, name):
            return self._markup

    def disturbing(self, words, *colours):
        sys.stdout = sys.__stdout__
        return f"\x1b[1m{words}\x1b[0m"

    scheme = getattr(numba.core.errors, "HighlightColorScheme", None)
    if scheme is None:
        monkeypatch.setattr(numba.core.errors, "HighlightColorScheme", Colours, raising=False)
        monkeypatch.setattr(numba.core.types.functions, "_termcolor", Colours())
        scheme = Colours
    monkeypatch.setattr(scheme, "_markup", disturbing, raising=False)
    before = sys.stdout

    @kernel
    def wrong(x):
        return x.nonsense

    with pytest.raises(numba.core.errors.TypingError) as caught:
        wrong(1.0)
    assert sys.stdout is before
    assert "\x1b" not in str(caught.value)
    assert scheme._markup is disturbing  # of others, as it was


@pytest.mark.skipif(not JIT, reason="nothing compiles without the JIT")
def test_an_equation_that_does_not_compile_is_named_with_its_line_and_what_there_is():
    given = Places(
        supply=lambda p, r, share, state: share,
        spending=broken,
        respond=lambda p, r, share, state, access: access - state,
        payoff=lambda p, r, share, state, price: price,
    )
    made = Compiled(__name__, "Broken", ("sigma",), ("farmers",), given)
    with pytest.raises(TypeError) as caught:
        function_table.address_of(made.declared[0])
    said = str(caught.value)
    assert "spending (broken, line" in said
    assert "'return p.nonsense * share'" in said
    assert "p has no 'nonsense', it has sigma, farmers" in said


@pytest.mark.skipif(not JIT, reason="nothing compiles without the JIT")
def test_a_late_kernel_returns_what_it_says_it_does(tmp_path):
    (tmp_path / "late.py").write_text(LATE.replace("types.float64", "types.int64"))
    call = """
        from late import *
        try:
            often(2.0)
        except TypeError as error:
            print("returns float64, declared late=int64" in str(error))
    """
    assert run(call, tmp_path) == ["True"]


@pytest.mark.skipif(not JIT, reason="nothing compiles without the JIT")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not copied here")
def test_a_copy_of_a_process_that_compiles_ahead_does_not_wait_for_ever(tmp_path):
    (tmp_path / "first.py").write_text(FIRST)
    call = """
        import os, signal
        from first import *
        twice(x, out)
        divided(x, out)  # two kernels: one compiles, one is to
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            twice(x, out)
            print(divided(x, out), out[0], flush=True)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), there(twice))
    """
    said = run(call, tmp_path, NEGE_FIRST_CALLS="")
    assert said[0] == "inf"
    assert said[2] == "0"


@pytest.mark.skipif(not JIT, reason="there is no cache without the JIT")
def test_a_damaged_index_is_no_reason_to_fail(tmp_path):
    (tmp_path / "first.py").write_text(FIRST)
    call = "from first import *\nwith compiled_only():\n    twice(x, out)\nprint(out[0])"
    assert run(call, tmp_path) == ["6.0"]
    for path in (tmp_path / "cache").rglob("*.nbi"):
        path.write_bytes(path.read_bytes()[:40])
    call = "from first import *\ntwice(x, out)\nprint(out[0])"
    assert run(call, tmp_path, NEGE_FIRST_CALLS="") == ["6.0"]


def test_what_reads_addresses_is_never_answered_in_python():
    from nege.solvers import many_short_runs

    if JIT:
        readers = many_short_runs._solve_rows, many_short_runs._solve_one
        assert not any(kernel.entry.in_python for kernel in readers)


def test_liberties_with_arithmetic_are_said_of_all_that_compiles():
    """What is not said is that of the kernel that happens to call it first in a process."""
    makers = {"njit", "register_jitable", "overload"}
    found = []
    for file in pathlib.Path(nege.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = [node.func, *node.args[:1]]  # the maker itself, or functools.partial of it
            named = {getattr(one, "attr", getattr(one, "id", "")) for one in called}
            if named & makers:
                found.append((file.name, ast.unparse(node), {k.arg for k in node.keywords}))
    assert {"jit.py", "equations.py", "calls.py", "layout.py", "duals.py"} <= {f for f, *_ in found}
    for file, text, said in found:
        assert said & {"fastmath", "jit_options"} or "**options" in text, (file, text)
    assert "fastmath" in nege.kernels.duals.OPTIONS


@pytest.mark.skipif(not JIT, reason="nothing is compiled")
@pytest.mark.parametrize("options", [copied.COPIED, copied.COPIED_OPTIMISED])
def test_what_is_copied_is_machine_code_in_its_callers_alone(options):
    def ratio(x, y):
        return x / y

    twice = numba.njit(error_model="numpy", **options)(lambda x, y: 2.0 * ratio(x, y))
    ratio = numba.njit(error_model="numpy", **options)(ratio)

    @numba.njit
    def outer(x, y):
        return twice(x, y) + ratio(x, y)

    assert outer(1.0, 4.0) == 0.75
    assert outer(1.0, 0.0) == np.inf  # as the callee's options have it
    with pytest.raises(ZeroDivisionError):  # which callers hear of
        outer(1.0 + 1.0j, 0.0j)
    for kernel_, there in ((twice, False), (ratio, False), (outer, True)):
        for made in kernel_.overloads.values():
            name = made.fndesc.llvm_func_name
            assert made.library._codegen._engine.is_symbol_defined(name) is there
            assert made.library.get_pointer_to_function(name) != 0 or not there


COPIES = """
from numba import njit, objmode
from nege.kernels.copied import COPIED, COPIED_OPTIMISED
from nege.kernels.jit import kernel

@njit(error_model="numpy", **COPIED)
def over(x, y):
    if y.real < 0.0:
        raise ValueError("below zero", y.real)
    return x / y

@njit(error_model="numpy", **COPIED_OPTIMISED)
def told(x):
    with objmode():
        print("in Python", x)
    print("compiled", x)

@kernel
def ratio(x, y):
    told(x.real)
    return over(x, y)
"""


@pytest.mark.skipif(not JIT, reason="there is no cache without the JIT")
def test_what_is_copied_prints_and_fails_as_anything_compiled(tmp_path):
    """Freshly compiled, and from the cache, where other code finds what Python gives it."""
    (tmp_path / "copies.py").write_text(COPIES)
    call = """
        from copies import ratio
        print(ratio(1.0 + 0j, 4.0 + 0j).real)
        for y in (0j, -3.0 + 0j):
            try:
                ratio(2.0 + 0j, y)
            except (ZeroDivisionError, ValueError) as error:
                print(type(error).__name__, error.args[-1])
        print(ratio.entry.stats.cache_hits.total())
    """
    said = ["in", "Python", "1.0", "compiled", "1.0", "0.25"]
    again = ["in", "Python", "2.0", "compiled", "2.0"]
    for hits in ("0", "1"):
        found = run(call, tmp_path)
        assert found[:12] == [*said, *again, "ZeroDivisionError"]
        assert found[-8:] == [*again, "ValueError", "-3.0", hits]


@pytest.mark.skipif(not JIT, reason="nothing is compiled")
def test_options_are_equal_and_hashed_as_numba_has_it():
    """It asks for each by name; what it is asked most is whether those that are set are alike."""
    made = [Flags() for _ in range(6)]
    made[1].nrt = made[2].nrt = True
    made[3].nrt = made[4].nrt = Flags().nrt  # set to what it is by default
    made[5].fastmath = {"contract"}
    for one in made:
        assert hash(one) == hash(tuple(sorted(one.values())))
        for other in made:
            assert (one == other) is (one.values() == other.values())
        assert one != "options"
