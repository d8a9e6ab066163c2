"""The registry under pytest-benchmark, for comparing revisions of nege with each other.

    pytest benchmarks/bench_kernels.py --benchmark-only -n 0 --benchmark-autosave
    pytest-benchmark compare

CPU time; every answer is judged first, and ``extra_info`` holds its residual.

Ratios to peers are not taken from here. pytest-benchmark times one method to its end and
then the next, so that a machine that slows down in between changes their ratio;
``python -m benchmarks`` lets all methods take turns and compares them round by round.
"""

from benchmarks.pin import pin

pin()

import time  # noqa: E402
import warnings  # noqa: E402

import pytest  # noqa: E402
import scipy.linalg  # noqa: E402

from benchmarks import grids, ours  # noqa: E402
from benchmarks.contest import GOOD  # noqa: E402
from benchmarks.peers import PEERS  # noqa: E402
from benchmarks.problems import REGISTRY, plane, residual  # noqa: E402

pytestmark = pytest.mark.benchmark(timer=time.process_time, warmup=True, max_time=0.2)

PROBLEMS = [
    (name, size, severity)
    for name, (_, sizes, severities) in REGISTRY.items()
    for size in sizes
    for severity in severities
]
BY_NAME = {peer.name: peer for peer in PEERS}
NUMBA = ["Numba loop", "Numba Anderson", "Numba Newton"]


def _time(benchmark, problem, method):
    call = method.prepare(problem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", scipy.linalg.LinAlgWarning)  # that a peer's history is poor
        left = residual(problem, call())
        assert left <= GOOD
        benchmark.extra_info["residual"] = left
        benchmark(call)


@pytest.mark.parametrize(("name", "size", "severity"), PROBLEMS)
def test_registry(benchmark, name, size, severity):
    """The kernel that nege chooses, for every problem of the registry."""
    benchmark.group = f"{name}, R={size}"
    build, _, _ = REGISTRY[name]
    _time(benchmark, build(size, severity), ours.NEGE)


@pytest.mark.parametrize("peer", ["scipy df-sane", "scipy Anderson", "scipy hybr", *NUMBA])
def test_peer(benchmark, peer):
    """SciPy, and loops that a user compiles, on one problem, for a first impression."""
    benchmark.group = "plane, R=100"
    _time(benchmark, plane(100, 1.0), BY_NAME[peer])


def test_two_region_grid(benchmark):
    """All pairs of 200 trade costs and 200 shares."""
    benchmark.group = "two-region grid"
    freeness, shares = grids.axes()
    call = ours.two_region_grid(freeness, shares)
    assert grids.worst_residual(call(), freeness, shares) <= GOOD
    benchmark(call)


def test_labelled_api(benchmark):
    """What a user calls, for two regions."""
    benchmark.group = "labelled API, R=2"
    _time(benchmark, plane(2, 1.0), ours.LABELLED)
