"""Settings that every test shares."""

import collections
import gc
import os
import sys

# Before nege is imported, here and in the processes that tests start: the same bits in every run.
os.environ.setdefault("NEGE_FIRST_CALLS", "compiled")

import pytest
from _pytest.runner import runtestprotocol


def prepare():
    """Set what holds while tests are collected and run.

    Imported here, as nege is in fixtures: the process that only hands tests out imports neither,
    and the others begin when it has begun.
    """
    import hypothesis
    import numpy as np

    hypothesis.settings.register_profile(
        "nege", derandomize=True, deadline=None, max_examples=16, print_blob=True
    )
    hypothesis.settings.load_profile("nege")
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        # Kernels divide by zero on purpose, as NumPy does: without the JIT it warns of it.
        np.seterr(all="ignore")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """Search for garbage neither while tests are collected nor among them: they stay to the end."""
    if not session.config.pluginmanager.hasplugin("dsession"):  # xdist's, which hands them out
        prepare()
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000)
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Collect from both ends: each process then rewrites half of the asserts."""
    report = yield
    if isinstance(collector, pytest.Dir) and os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
        report.result = report.result[::-1]
    return report


#: The files that begin first. Those of industries and those of all other models at the same time,
#: so that no kernel is compiled twice; what asks all of them when all of that is there; then what
#: takes long, so that at the end no process is left alone with it.
FIRST = (
    *("input_agglomeration", "input", "family", "industry_structure", "store", "documents"),
    *("bifurcation", "workbench", "fuzz", "enumeration", "claims", "vertical_linkages", "tipping"),
    *("interrupts", "workers", "scenarios", "policy", "thresholds", "agglomeration_draws", "cli"),
    *("platform_economies", "watching", "claims_rederived", "many_regions", "files", "real_places"),
)


def pytest_collection_modifyitems(items):
    """Begin with those files, and go on with the others, those of most tests first.

    Both processes have to find tests of the same names: none may hold an address of memory.
    """
    moving = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if moving:
        raise pytest.UsageError(f"names that differ between processes: {moving}")
    place = {f"test_{name}": at for at, name in enumerate(FIRST)}
    tests = collections.Counter(item.path for item in items)
    items.sort(key=lambda one: (place.get(one.path.stem, len(place)), -tests[one.path], one.path))


#: The tiers of tests; pyproject.toml says what each is for.
TIERS = ("closed_form", "family", "structure", "faults", "draws")
OF_FILE = pytest.StashKey()


def tiers(node):
    return [mark for mark in node.own_markers if mark.name in TIERS]


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(collector):
    """Give each test its own tier, else that of its file, and refuse one that has not just one."""
    made = yield
    file = collector.getparent(pytest.Module)
    if OF_FILE not in file.stash:  # taken from the file: -m would count it beside a test's own
        file.stash[OF_FILE] = tiers(file)
        file.own_markers[:] = [mark for mark in file.own_markers if mark.name not in TIERS]
    for test in made if isinstance(made, list) else ():
        found = tiers(test) or tiers(collector) or file.stash[OF_FILE]
        if len(found) != 1:
            names = " and ".join(mark.name for mark in found) or "none"
            raise collector.CollectError(
                f"{test.nodeid} has {names} of the tiers {', '.join(TIERS)}, and has to have one: "
                "by pytestmark at the top of its file, or by a mark of its own"
            )
        if not tiers(test) and not tiers(collector):
            test.add_marker(found[0].name)
    return made


SOON = 0.005  # seconds: what takes less is in no list of durations


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """Run a test as pytest does, but tell of its setup and teardown only what anybody asks for.

    Each report goes from the process that runs the test to the one that prints: of most tests that
    takes longer than the test.
    """
    named = {"nodeid": item.nodeid, "location": item.location}
    item.ihook.pytest_runtest_logstart(**named)
    for report in runtestprotocol(item, nextitem=nextitem, log=False):
        if report.when == "call" or not report.passed or report.duration >= SOON:
            item.ihook.pytest_runtest_logreport(report=report)
    if "matplotlib.pyplot" in sys.modules:  # whatever a test draws: twenty open ones are a warning
        sys.modules["matplotlib.pyplot"].close("all")
    item.ihook.pytest_runtest_logfinish(**named)
    return True


@pytest.fixture
def nothing_is_solved(monkeypatch):
    """Fail a test as soon as any compiled kernel is called, as whatever solves has to."""
    from nege.kernels.compiling import Kernel

    monkeypatch.setattr(Kernel, "__call__", lambda *_, **__: pytest.fail("it solved something"))


@pytest.fixture(scope="session")
def two():
    """Two places of FKV: sigma = 5, mu = 0.4."""
    import nege

    def economy(trade_cost, online=None, **more):
        parameters = {"sigma": 5.0, "mu": 0.4, **more}
        places = nege.geography.equidistant(2)
        return nege.CorePeriphery(places, trade_cost=trade_cost, online=online, **parameters)

    return economy
