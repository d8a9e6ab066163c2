"""Nobody waits in silence: progress of what lasts, and a line about what is compiled."""

import inspect
import io
import itertools
import logging
import math
import sys

import fresh
import numba
import pytest
import xarray as xr
from numba.core import event

import nege
from nege import progress, warming
from nege.command import cli
from nege.kernels import compiling, jit
from nege.models.base import Model
from nege.sweeps import store_reading

pytestmark = pytest.mark.faults

PLACES = nege.geography.equidistant(2)
CLOSED = nege.CorePeriphery(PLACES, sigma=5, mu=0.4, trade_cost=1.7)
ECONOMY = CLOSED.replace(online=nege.OnlineRegion(trade_cost=1.3))
COSTS = {"online_trade_cost": [1.3, 1.1, 1.7]}
PATH = xr.Dataset({"online_trade_cost": ("step", [1.3, 1.1]), "mu": ("step", [0.4, 0.45])})

#: Everything that takes `progress=`, and what its steps are called.
LASTS = {
    "follow": (lambda p: nege.follow(ECONOMY, COSTS, progress=p), {"economies"}),
    "sweep": (
        lambda p: nege.sweep(ECONOMY, {**COSTS, "mu": [0.3, 0.4]}, progress=p),
        {"economies"},
    ),
    "sweep of short runs": (
        lambda p: nege.sweep(ECONOMY, COSTS, share=[[0.5, 0.5, 0], [0.2, 0.3, 0.5]], progress=p),
        {"economies"},
    ),
    "bifurcation": (
        lambda p: nege.bifurcation(CLOSED, "trade_cost", (1.4, 2), progress=p),
        {"branches"},
    ),
    "hysteresis": (
        lambda p: nege.hysteresis(ECONOMY, "online_trade_cost", (1.0, 2.0), points=3, progress=p),
        {"economies", "steps searched for jumps"},
    ),
    "equilibria": (
        lambda p: nege.equilibria(CLOSED, starts=4, basins=2, progress=p),
        {"boxes", "starts", "paths"},
    ),
    "equilibria unproven": (
        lambda p: nege.equilibria(
            CLOSED.replace(geography=nege.geography.equidistant(4), farmers=None),
            starts=2,
            progress=p,
        ),
        {"starts", "paths"},
    ),
    "decompose": (lambda p: nege.decompose(ECONOMY, PATH, progress=p), {"economies"}),
}


def everything(found):
    """Every number of a result."""
    if isinstance(found, nege.Equilibria):
        return xr.concat([e.data for e in found], "equilibrium")
    return found if isinstance(found, xr.Dataset) else found.to_dataset()


@pytest.mark.parametrize("what", LASTS)
def test_a_callback_hears_of_every_step_in_order_and_changes_nothing(what):
    call, words = LASTS[what]
    heard = []
    found = call(lambda *said: heard.append(said))
    done = [said[0] for said in heard]
    assert all(a == b or (a[0] < b[0]) <= (a[2] == b[2]) for a, b in itertools.pairwise(heard))
    assert list(dict.fromkeys(done)) == list(range(done[-1] + 1))
    assert all(said[0] <= said[1] for said in heard)
    assert heard[-1][0] == heard[-1][1] > 1
    assert {said[2] for said in heard} == words
    xr.testing.assert_identical(everything(found), everything(call(False)))


class Halt(Exception):  # noqa: N818
    """Not known to nege."""


RAISED = (Halt("no"), nege.DependencyError("no"), nege.InputError("no", 1, "no"), OSError("no"))
RAISED = (*RAISED, TypeError("no"), ValueError("no"), KeyboardInterrupt("no"))


@pytest.mark.parametrize("what", LASTS)
def test_what_a_callback_raises_comes_out_as_itself_wherever_it_does(what):
    steps = []
    LASTS[what][0](lambda *said: steps.append(said[2]))
    firsts = {word: steps.index(word) for word in steps}
    last = [(RAISED[0], len(steps) - 1)]
    for raised, at in [*itertools.product(RAISED, firsts.values()), *last]:
        heard = iter(range(len(steps)))

        def halt(done, total, words, raised=raised, at=at, heard=heard):
            if next(heard) == at:
                raise raised

        with pytest.raises(type(raised)) as caught:
            LASTS[what][0](halt)
        assert caught.value is raised


@pytest.mark.parametrize("processes", [1, 2])
def test_a_sweep_that_its_callback_ends_goes_on_from_there(tmp_path, processes):
    grid = {"mu": [0.3, 0.35, 0.4, 0.45], "online_trade_cost": [1.3, 1.2]}
    given = {"store": tmp_path / "s.zarr", "unit": 2, "along": None}

    def halt(done, total, words):
        if done > 4:
            raise Halt

    with pytest.raises(Halt):
        nege.sweep(ECONOMY, grid, progress=halt, processes=processes, **given)
    kept = store_reading.sweep_progress(given["store"]).counts[nege.Status.CONVERGED]
    assert kept >= 4
    heard = []
    ended = nege.sweep(ECONOMY, grid, progress=lambda *said: heard.append(said), **given)
    assert (heard[0], heard[-1]) == ((kept, 8, "economies"), (8, 8, "economies"))
    xr.testing.assert_equal(ended.load(), nege.sweep(ECONOMY, grid, along=None, progress=False))


@pytest.mark.parametrize("odd", ["no", 0, 1.0, int, [], lambda: None, lambda done, total: None])
def test_what_cannot_hear_is_refused_before_anything_is_solved(odd, tmp_path, monkeypatch):
    monkeypatch.setattr("nege.sweeps.work_units.find_long_run", None)
    calls = [call for call, _ in LASTS.values()]
    calls.append(lambda p: nege.sweep(ECONOMY, COSTS, store=tmp_path / "s.zarr", progress=p))
    for call in calls:
        with pytest.raises(nege.InputError, match=r"progress must be .* callback\(done, total, w"):
            call(odd)
    assert not list(tmp_path.iterdir())


# --- what is shown, and where ------------------------------------------------------------


class Terminal(io.StringIO):
    """Standard error, as somebody sees it."""

    def isatty(self):
        return True

    @property
    def seen(self):
        """What was ever shown."""
        return [line.strip() for line in self.getvalue().split("\r") if line.strip()]

    @property
    def left(self):
        """What is still shown in the end."""
        line = []
        for piece in self.getvalue().split("\r"):
            line[: len(piece)] = piece
        return "".join(line).strip()


@pytest.fixture
def watch(monkeypatch):
    """How a test begins that looks at a terminal: before it pytest puts its own file there."""

    def begin():
        shown = Terminal()
        monkeypatch.delenv("CI", raising=False)
        monkeypatch.setattr(sys, "stderr", shown)
        for patience in ("APPEARS", "REDRAWN", "SOON"):
            monkeypatch.setattr(progress, patience, 0.0)
        monkeypatch.setattr(progress._waiting, "words", "")
        return shown

    return begin


def follow(wanted=None):
    return nege.follow(ECONOMY, COSTS, progress=wanted)


@pytest.mark.parametrize("installed", [True, False])
def test_a_terminal_shows_each_step_and_is_left_clean(watch, installed, monkeypatch):
    terminal = watch()
    if not installed:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    follow()
    for done in range(4):
        step = f"{done}/3" if installed else f"economies: {done} of 3"
        assert any("economies" in line and step in line for line in terminal.seen)
    assert terminal.left == ""


def test_a_step_that_takes_long_is_shown_before_it_is_done(watch, monkeypatch):
    terminal = watch()
    monkeypatch.setattr(progress, "APPEARS", 1e-3)
    appeared = []
    with progress.watched(None, 2, "economies") as steps:
        while not terminal.seen:
            pass
        appeared += terminal.seen
        steps(2)
    assert "economies:   0%" in appeared[0]


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


NOBODY = {
    "False": (lambda patch: None, False),
    "a pipe": (lambda patch: patch.setattr(sys.stderr, "isatty", lambda: False), None),
    "a robot": (lambda patch: patch.setenv("CI", "true"), None),
    "no standard error": (lambda patch: patch.setattr(sys, "stderr", None), None),
    "it is closed": (lambda patch: patch.setattr(sys, "stderr", closed()), None),
}


@pytest.mark.parametrize("who", NOBODY)
def test_nothing_is_shown_where_nobody_watches(watch, who, monkeypatch):
    terminal = watch()
    change, wanted = NOBODY[who]
    change(monkeypatch)
    follow(wanted)
    assert terminal.seen == []


def test_a_bar_that_is_asked_for_goes_wherever_standard_error_goes(watch, monkeypatch):
    terminal = watch()
    monkeypatch.setattr(terminal, "isatty", lambda: False)
    follow(True)
    assert "economies" in terminal.seen[0]


def test_a_notebook_is_watched_though_it_is_no_terminal(watch, monkeypatch):
    terminal = watch()
    monkeypatch.setattr(terminal, "isatty", lambda: False)
    shell = type("Shell", (), {"kernel": object()})
    python = type("IPython", (), {"get_ipython": staticmethod(shell)})
    monkeypatch.setitem(sys.modules, "IPython", python)
    follow()
    assert "economies" in terminal.seen[0]


def test_a_terminal_that_is_gone_ends_no_work(watch, monkeypatch):
    terminal = watch()

    def gone(text):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(terminal, "write", gone)
    xr.testing.assert_identical(follow(), follow(False))


# --- what is compiled --------------------------------------------------------------------


def doubled(x):
    return 2.0 * x


def fresh_kernel():
    """A kernel that no cache holds, because no file does."""
    made = {"__name__": "notebook"}
    exec(inspect.getsource(doubled), made)
    return jit.kernel(made["doubled"])


def waited(words, seconds):
    """Wait in the way that compiling does."""
    for one in compiling.waiting:
        one(words, seconds)


def over():
    for one in compiling.waiting:
        one.over()


@pytest.fixture
def compiled():
    """While a kernel of nege is being compiled."""
    about = {"dispatcher": jit.kernel(doubled, inside=True), "args": (numba.float64,)}
    with event.trigger_event("numba:compile", data=about):
        yield


def test_compiling_is_said_on_one_line_that_is_cleared(watch, compiled):
    terminal = watch()
    waited(None, 0.4)
    waited(None, 2.6)
    often = "nege: compiling the solver, once on this machine"
    assert terminal.seen == [f"{often} ...", f"{often}, 2 s so far"]
    assert terminal.left == terminal.seen[1]
    over()
    assert terminal.left == ""


def test_many_short_waits_in_a_row_are_one(watch, compiled, monkeypatch):
    terminal = watch()
    monkeypatch.setattr(progress, "SOON", 0.35)
    monkeypatch.setattr(progress, "APART", math.inf)
    for _ in range(4):
        waited(None, 0.1)
        over()
    assert len(terminal.seen) == 1
    assert terminal.left == ""


def test_what_is_only_read_from_the_cache_is_not_called_compiling(watch):
    terminal = watch()
    waited(None, 1.0)
    over()
    assert terminal.seen == ["nege: getting the solver ready, 1 s so far"]


def test_an_import_that_takes_long_is_called_by_its_name(watch):
    terminal = watch()
    waited("importing matplotlib", 1.0)
    over()
    assert terminal.seen == ["nege: importing matplotlib, 1 s so far"]


def test_a_call_that_shows_nothing_is_silent_about_compiling_too(watch, compiled):
    terminal = watch()
    with progress.watched(False, 1, "economies"):
        waited(None, 30.0)
        over()
    assert terminal.seen == []


def test_a_kernel_that_is_compiled_says_so_and_logs_it(watch, monkeypatch, caplog):
    terminal = watch()
    monkeypatch.setattr(compiling, "LOOK", 1e-3)
    with caplog.at_level(logging.INFO, "nege"):
        assert fresh_kernel()(1.5) == 3.0
    assert "nege: compiling the solver, once in this session ..." in terminal.seen
    assert terminal.left == ""
    began, ended = caplog.messages
    assert began == "compiling notebook.doubled"
    assert ended.startswith("compiled notebook.doubled in ")


def test_an_interrupt_clears_the_line_though_compiling_goes_on(watch, compiled):
    terminal = watch()

    def interrupted(*arguments):
        waited(None, 2.0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="while it was made ready"):
        compiling.uninterrupted(interrupted, "it")()
    assert terminal.seen
    assert terminal.left == ""


# --- compiling ahead ---------------------------------------------------------------------

MADE = {kind.__name__: warming._economies(kind) for kind in Model.kinds().values()}
NEVER_ONLINE = {"OnlineAgglomeration", "VerticalLinkages", "AllenArkolakis", "Commuting"}


@pytest.mark.parametrize("model", [name for name in nege.__all__ if name in MADE])
def test_of_every_model_there_are_small_economies_with_and_without_an_online_region(model):
    names = [economy.geography.metric for economy in MADE[model]]
    assert len({type(metric) for metric in names}) == 3
    online = [economy.online is not None for economy in MADE[model]]
    assert online == [False] * 3 + [True] * (0 if model in NEVER_ONLINE else 3)


#: In a process of its own: what it needs is then read from the cache, or compiled, only once.
ALL_IS_THERE = """
import numpy as np
import nege
from nege.kernels.jit import PackageCache
from nege import warming

needed, load = [], PackageCache.load_overload
PackageCache.load_overload = lambda self, *given: needed.append(self) or load(self, *given)
warming.CHOICES = {"operator": ("auto",)}
made = nege.warm_up("footloose-capital", progress=False)
assert (made.seconds > 0.0).all(), made
assert needed
needed.clear()
online = nege.OnlineRegion(trade_cost=1.3)
for places in (nege.geography.equidistant(5), nege.geography.line(4), nege.geography.grid(2, 2)):
    economy = nege.FootlooseCapital(places, sigma=4, mu=0.3, trade_cost=1.5)
    for one in (economy, economy.replace(online=online)):
        nege.short_run(one, [one.default_start()] * 70)
        nege.solve(one).with_stability()
        nege.solve(one, dynamics=nege.Logit(scale=0.5))
        nege.sweep(one, {"sigma": [4, 5]})
        nege.hysteresis(one, "trade_cost", (1.4, 1.6), points=2)
        nege.equilibria(one, starts=1, seconds=1e-3)
two = nege.FootlooseCapital(nege.geography.equidistant(2), sigma=4, mu=0.3, trade_cost=1.5)
nege.bifurcation(two, "trade_cost", (1.4, 1.6))
nege.break_points(two, "trade_cost", (1.4, 1.6))
assert not needed, needed
"""


def test_after_warming_up_the_usual_calls_compile_nothing():
    fresh.run(ALL_IS_THERE)


@pytest.fixture
def short(monkeypatch):
    """Warm up for short runs alone."""
    monkeypatch.setattr(warming, "CALLS", {"short run": warming.CALLS["short run"]})
    monkeypatch.setattr(warming, "CHOICES", {"operator": ("auto",)})


@pytest.mark.parametrize("models", ["footloose-capital", "FootlooseCapital"])
def test_a_model_is_known_by_its_title_its_class_and_the_name_of_that(models, short):
    heard = []
    made = nege.warm_up(models, progress=lambda *said: heard.append(said))
    words = "footloose-capital: short run"
    assert heard == [(0, 1, words), (1, 1, words)]
    again = nege.warm_up([nege.FootlooseCapital, models])
    assert (again.compiled == 0).all()
    assert made.model.equals(again.model)


@pytest.mark.parametrize(
    "models", ["core_periphery", "x", 3, [], [None], nege.Logit, ECONOMY, {"Helpman"}], ids=repr
)
def test_an_unknown_model_is_refused_with_those_that_are_known(models):
    with pytest.raises(nege.InputError, match="models must be") as refused:
        nege.warm_up(models)
    assert refused.value.cure


def test_the_command_line_says_what_was_compiled(short, capsys):
    assert cli.main(["warm-up", "footloose-capital"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["compiled", "seconds", "for"]
    assert lines[1].endswith("footloose-capital: short run")
    assert cli.main(["warm-up", "footloose-capital", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert cli.main(["warm-up", "footlose-capital"]) == 2
    assert "'footloose-capital'" in capsys.readouterr().err


@pytest.mark.parametrize("kind", MADE)
def test_what_warming_up_varies_may_change_alone(kind):
    for economy in MADE[kind]:
        name, value = warming._varied(economy)
        assert economy.replace({name: warming.STEP * value}).scalars()[name] == warming.STEP * value
