"""Parallel execution of the units of a sweep: this process, several, or a Dask cluster.

Results come back in the order in which they are done. Only a few units are under way at
a time, so that neither a queue nor a heap of results grows with the sweep.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent import futures
from types import FrameType
from typing import Any, Protocol

import numpy as np

from nege.errors import InputError, NegeError, require
from nege.models.designs import Block
from nege.progress import Tick, no_tick, silence

UNITS_PER_WORKER = 2  # units under way for each worker, so that none waits for the next

SolvedUnit = tuple[Block, dict[str, np.ndarray]]


class Work(Protocol):
    """What is done unit by unit: runs, or a function."""

    def solve(self, block: Block, tick: Tick = no_tick) -> dict[str, np.ndarray]:
        """Do a unit; `tick` hears of points that are done."""

    def warm(self, block: Block) -> None:
        """Do one point of a unit, so that compiled kernels are in the cache."""


def solve_units(
    work: Work,
    blocks: Iterator[Block],
    processes: int,
    client: Any,
    tick: Callable[[int], Any],
) -> Generator[SolvedUnit, None, None]:
    """Solve units and yield each as it is done; closed, no worker goes on.

    Solved in this process, `tick` hears of every point.
    """
    if client is None and processes <= 1:
        for block in blocks:
            yield block, work.solve(block, tick)
        return
    for first in itertools.islice(blocks, 1):
        # Once, so that all workers find compiled kernels in the cache.
        work.warm(first)
        blocks = itertools.chain([first], blocks)
        if client is None:
            yield from _in_processes(work, blocks, processes)
        else:
            yield from _on_cluster(work, blocks, client)


def check_found_elsewhere(argument: str, kind: Any) -> None:
    """Refuse a class or a function that other processes would look for in vain."""
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    typed = file in (None, "<stdin>") and getattr(main, "__spec__", None) is None
    if kind.__module__ == "__main__" and typed:
        where = "what was typed in: a notebook, a console or python -c"
    elif "<locals>" in kind.__qualname__:
        where = "a function"
    else:
        return
    raise InputError(
        argument,
        kind,
        f"a {'class' if isinstance(kind, type) else 'function'} in a file, where several processes "
        "(processes=...) can import it",
        f"It is in {where}. Write it into a file of its own, such as my_model.py, and import it "
        "from there; or give processes=1.",
    )


def check_client(client: Any) -> Any:
    """Return a client of a Dask cluster, or None, or refuse what is neither."""
    if client is None:
        return None
    distributed = require("distributed", "sweep", "client=")
    if not isinstance(client, distributed.Client) or client.asynchronous:
        allowed = "a dask.distributed.Client that is not asynchronous"
        raise InputError("client", client, allowed, "For example Client(n_workers=2).")
    return client


def _solve_unit(work: Work, block: Block) -> SolvedUnit:
    return block, work.solve(block)


_work: Work  # of a process of the pool


def _start_pool_process(work: Work) -> None:
    """Start a process of the pool, which ends with the one that started it."""
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # that one is told, and ends this one
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _solve_unit_in_pool(block: Block) -> SolvedUnit:
    with silence():  # several would write on the one line
        return _solve_unit(_work, block)


def _in_processes(
    work: Work, blocks: Iterator[Block], processes: int
) -> Generator[SolvedUnit, None, None]:
    # Not forked: a copy of this process would hold the lock of the store after it is killed.
    context = multiprocessing.get_context("spawn")
    pool = futures.ProcessPoolExecutor(processes, context, _start_pool_process, (work,))

    def submit(block: Block) -> futures.Future[SolvedUnit]:
        with interrupts_held():
            return pool.submit(_solve_unit_in_pool, block)

    try:
        yield from _few_at_a_time(
            submit,
            lambda running: futures.wait(running, return_when=futures.FIRST_COMPLETED),
            blocks,
            lambda: UNITS_PER_WORKER * processes,
        )
    except futures.BrokenExecutor as error:
        raise NegeError(
            "A process of the sweep died, perhaps for lack of memory. In a script, nege.sweep("
            "processes=...) has to be called under: if __name__ == '__main__':"
        ) from error
    except BaseException:
        # Interrupted, or closed: do not wait for the units under way.
        for process in list((pool._processes or {}).values()):
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Let Ctrl-C wait, here and in processes that start meanwhile: a terminal sends it to all.

    It reaches this process a moment later, and others through it.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    held: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda *interrupt: held.append(interrupt))
    try:
        if hasattr(signal, "pthread_sigmask"):  # inherited; Windows has none
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                yield
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        else:
            yield
    finally:
        signal.signal(signal.SIGINT, before)
        if held:
            before(*held[0])


def _on_cluster(
    work: Work, blocks: Iterator[Block], client: Any
) -> Generator[SolvedUnit, None, None]:
    distributed = require("distributed", "sweep", "client=")
    # A task and not data that is sent: where the worker that has it dies, it is made again.
    shared = client.submit(_identity, work, pure=False)
    try:
        yield from _few_at_a_time(
            lambda block: client.submit(_solve_unit, shared, block, pure=False),
            lambda running: distributed.wait(running, return_when="FIRST_COMPLETED"),
            blocks,
            lambda: (
                UNITS_PER_WORKER * max(1, sum(client.nthreads().values()))
            ),  # workers come and go
        )
    except distributed.KilledWorker as error:
        raise NegeError(
            f"A unit of the sweep was given up after several workers died over it, perhaps for "
            f"lack of memory: fewer points in a unit (unit=...) need less. Dask says: {error}"
        ) from error


def _identity(work: Any) -> Any:
    return work


def _few_at_a_time(
    submit: Callable[[Block], Any],
    wait: Callable[[set[Any]], Any],
    blocks: Iterator[Block],
    room: Callable[[], int],
) -> Generator[SolvedUnit, None, None]:
    """Keep as many units under way as there is room for, and yield what is done."""
    running: set[Any] = set()
    done: set[Any] = set()
    try:
        while True:
            ready = itertools.islice(blocks, max(0, room() - len(running)))
            running |= {submit(block) for block in ready}
            if not running:
                return
            done, running = wait(running)
            running |= {submit(block) for block in itertools.islice(blocks, len(done))}
            while done:
                yield done.pop().result()  # and forget it: a cluster keeps what is remembered
    finally:
        for future in running:
            future.cancel()
