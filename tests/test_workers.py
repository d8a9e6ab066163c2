"""Wherever units are solved, the results are the same to the last bit.

That of two processes they are, and that nobody is left behind, ``test_interrupts`` says as well.
"""

import os
import pathlib
import signal
import subprocess
import sys
import time

import fresh
import kills
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nege
from nege.models import designs
from nege.solver_options import SolverOptions
from nege.sweeps import work_units, workers
from nege.sweeps.store_writing import Store
from nege.sweeps.threads import one_thread

pytestmark = pytest.mark.faults

UNITS = 24
TESTS = pathlib.Path(__file__).parent


@pytest.fixture(scope="module")
def alone():
    return kills.sweep(None, UNITS)


@pytest.fixture(scope="module")
def cluster():
    from dask import config, distributed

    with (
        config.set(
            {
                "distributed.scheduler.active-memory-manager.start": False,
                # Four workers start here: Dask and what it needs is then imported once for all.
                "distributed.worker.multiprocessing-method": "forkserver",
            }
        ),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
        ) as made,
        distributed.Client(made) as client,
    ):
        yield made, client


def test_a_cluster_gives_the_same_although_one_worker_is_killed_twice(
    tmp_path, alone, cluster, monkeypatch
):
    made, client = cluster
    write, killed = Store.write, []

    def killing(self, block, values):
        write(self, block, values)
        done = sum(1 for _ in self.work.blocks()) - sum(1 for _ in self.missing())
        if done in (UNITS // 4, UNITS // 2):
            client.wait_for_workers(2, timeout=60)
            killed.append(made.workers[0].pid)
            os.kill(killed[-1], signal.SIGKILL)

    monkeypatch.setattr(Store, "write", killing)
    found = kills.sweep(tmp_path / "s.zarr", UNITS, client=client)
    assert len(set(killed)) == 2
    assert kills.same(found, alone)


def test_a_cluster_holds_no_more_units_than_its_workers_can_use(cluster, monkeypatch):
    _, client = cluster
    client.wait_for_workers(2, timeout=60)
    under_way, submit = [], client.submit

    def counting(function, *arguments, **keywords):
        under_way.append(len(client.futures))
        return submit(function, *arguments, **keywords)

    monkeypatch.setattr(client, "submit", counting)
    kills.sweep(None, UNITS, client=client)
    assert len(under_way) == UNITS + 1  # and the description of the work
    assert max(under_way) <= 1 + 2 * workers.UNITS_PER_WORKER * 2


def test_a_client_is_a_client():
    with pytest.raises(nege.InputError, match=r"client must be a dask\.distributed\.Client"):
        kills.sweep(None, 2, client="localhost:8786")


def test_processes_end_with_the_run_that_started_them(tmp_path):
    """Killed, it leaves neither processes nor a lock that stands in the way."""
    code = (
        "import kills, multiprocessing, sys, nege.sweeps.store_writing\n"
        "write = nege.sweeps.store_writing.Store.write\n"
        "def told(self, *a):\n"
        "    write(self, *a)\n"
        "    print(*(c.pid for c in multiprocessing.active_children()), flush=True)\n"
        "nege.sweeps.store_writing.Store.write = told\n"
        "if __name__ == '__main__':\n"
        "    kills.sweep(sys.argv[1], 400, processes=2)\n"
    )
    (tmp_path / "run.py").write_text(code)
    command = [sys.executable, str(tmp_path / "run.py"), str(tmp_path / "s.zarr")]
    # An empty entry would be this folder, whose nege is not the one that is installed.
    path = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    ) as run:
        children = [int(pid) for pid in run.stdout.readline().split()]
        run.kill()
    assert len(children) >= 2
    limit = time.monotonic() + 20
    while any(alive(pid) for pid in children):
        assert time.monotonic() < limit, "processes live on"
        time.sleep(0.02)
    half = nege.load(tmp_path / "s.zarr")
    assert (half.status == nege.Status.CONVERGED).any()
    assert (half.status == nege.Status.PENDING).any()
    with pytest.raises(nege.InputError, match="What differs"):
        kills.sweep(tmp_path / "s.zarr", 3)


def test_linear_algebra_has_one_thread_until_the_last_unit_is_done():
    """Units that overlap, as in the threads of a worker, do not free each other's."""
    from threadpoolctl import threadpool_info, threadpool_limits

    def counts():
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    with threadpool_limits(2, "blas"):
        first, second = one_thread(), one_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert counts() == {1}
        second.__exit__(None, None, None)
        assert counts() == {2}


def alive(pid):
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@given(
    sizes=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9), min_size=1),
    unit=st.integers(1, 50),
    data=st.data(),
)
def test_units_cover_every_point_once_and_cut_no_line(sizes, unit, data):
    along = data.draw(st.sampled_from([None, *sizes]))
    places = nege.geography.equidistant(2)
    economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=2)
    points = designs.ParameterPoints(sizes, {}, {})
    asked = work_units.SweepRequest(economy, points, SolverOptions(), None, unit, False)
    work = work_units.LongRuns(asked, np.array([0.5, 0.5]), nege.Replicator(), along)
    covered = np.zeros(tuple(sizes.values()), dtype=int)
    for block in work.blocks():
        covered[block] += 1
        for (dim, size), part in zip(sizes.items(), block, strict=True):
            assert dim != along or part == slice(0, size)
        line = 1 if along is None else sizes[along]
        assert covered[block].size <= max(unit, line)
    assert (covered == 1).all()


TYPED_IN = """
import nege

class Mine(nege.FootlooseCapital):
    pass

def inside():
    class Mine(nege.FootlooseCapital):
        pass
    return Mine

for kind in (Mine, inside()):
    economy = kind(nege.geography.line(3), sigma=5, mu=0.4, trade_cost=1.5)
    try:
        nege.sweep(economy, {"mu": [0.3, 0.4], "sigma": [4, 5]}, processes=2, unit=1)
    except nege.InputError as error:
        print(error)
"""


def test_a_model_that_no_other_process_can_import_is_refused_before_the_work():
    done = fresh.attempt(TYPED_IN)
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all("a class in a file" in line and "give processes=1" in line for line in lines)
    assert done.stderr == ""
