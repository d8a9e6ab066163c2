"""What compiling costs: cold processes with a cache of their own, and the same from that cache.

CPU seconds of whole processes, from starting Python to its end. A job runs once with an
empty folder for the cache, where everything compiles, and then again, where nothing should.
"""

from __future__ import annotations

import ast
import dataclasses
import pathlib
import re
import shutil
import statistics
import tempfile
from collections.abc import Callable
from typing import NamedTuple

from benchmarks import processes

USUAL = "sigma=5, mu=0.4, trade_cost=1.7"


def _does(call: str, places: int = 2) -> str:
    """Return code that makes a textbook economy and does something with it."""
    made = f"economy = nege.CorePeriphery(nege.geography.equidistant({places}), {USUAL})"
    return f"import nege\n{made}\n{call}"


RANDOM = f"""import numpy as np
import nege
rng = np.random.default_rng(0)
x = rng.random((100, 2))
places = nege.geography.from_distance(np.hypot(*(x[:, None] - x[None]).transpose(2, 0, 1)))
economy = nege.CorePeriphery(places, {USUAL})
nege.short_run(economy, rng.dirichlet(np.ones(100)))
"""
NINE = f"""import nege
two = nege.geography.equidistant(2)
for economy in (
    nege.CorePeriphery(two, {USUAL}),
    nege.FootlooseCapital(two, {USUAL}),
    nege.FootlooseEntrepreneur(two, {USUAL}),
    nege.LinearDemand(
        two, a=1, b=1, c=1, phi=1, total_farmers=10, total_skilled=1, trade_cost=0.3
    ),
    nege.QuasiLinear(two, sigma=5, alpha=0.4, unskilled_ratio=2, trade_cost=1.7),
    nege.VerticalLinkages(two, sigma=5, mu=0.3, inputs=0.4, trade_cost=1.7),
    nege.AllenArkolakis(
        two, sigma=5, trade_cost=1.7, productivity_spillover=0.05, amenity_spillover=-0.4
    ),
    nege.Helpman(two, sigma=5, mu=0.7, trade_cost=1.7),
    nege.OnlineAgglomeration(two),
):
    nege.solve(economy)
"""
COMMAND = "python -m nege"
FURTHER = "constructed_capital"  # the module that CONTRIBUTING's example is


@dataclasses.dataclass(frozen=True)
class Job:
    """Something a user waits for in a new process."""

    name: str
    code: str
    after: str | None = None  # the job whose cache it finds
    waits: bool = True  # for compiled code; else tiny first calls are answered in Python


def _further(after: str, say: str) -> Job:
    return Job(f"first solve of one further model, after {say}", "", after)


IMPORT, TWO = "import nege", "first solve, 2 regions"
ANSWERS = "first answer, 2 regions, while it compiles", "first answer of industries"
INDUSTRIES, NINE_MODELS = "first solve of industries", "nine models in turn"
JOBS = (
    Job(IMPORT, "import nege"),
    Job("first short run, 2 regions", _does("nege.short_run(economy, [0.7, 0.3])")),
    Job("first short run, 100 regions", RANDOM),
    Job(TWO, _does("nege.solve(economy)")),
    Job(ANSWERS[0], _does("nege.solve(economy).data"), waits=False),
    Job(ANSWERS[1], "import nege\nnege.solve(nege.OnlineAgglomeration()).data", waits=False),
    Job("bifurcation", _does("nege.bifurcation(economy, 'trade_cost', (1.05, 3))")),
    Job("equilibria of 3", _does("nege.equilibria(economy)", 3)),
    Job(INDUSTRIES, "import nege\nnege.solve(nege.OnlineAgglomeration())"),
    Job(NINE_MODELS, NINE),
    _further(TWO, "core-periphery"),
    _further(NINE_MODELS, "the nine"),
    Job(COMMAND, ""),
)
BY_NAME = {job.name: job for job in JOBS}
AFTER_NINE = JOBS[-2].name


class Times(NamedTuple):
    """What a job takes."""

    cold: float  # CPU seconds with an empty cache
    warm: float  # from the cache, the median
    kernels: int  # that the cold run left in the cache
    again: int  # that the warm runs added, which should be none


class Stopwatch:
    """Measures jobs, each once; caches that others start from are kept until the end."""

    def __init__(self, repeats: int = 3) -> None:
        self.repeats = repeats
        self._folder = tempfile.TemporaryDirectory()
        self._known: dict[str, Times] = {}

    def __enter__(self) -> Stopwatch:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def _cache(self, job: Job) -> pathlib.Path:
        return pathlib.Path(self._folder.name, re.sub(r"\W+", "_", job.name))

    def times(self, name: str) -> Times:
        """Return what a job takes, cold and warm."""
        if name not in self._known:
            job = BY_NAME[name]
            cache = self._cache(job)
            if job.after is None:
                cache.mkdir()
            else:
                self.times(job.after)
                shutil.copytree(self._cache(BY_NAME[job.after]), cache)
            before = kernels(cache)
            cold = once(job, cache)
            compiled = kernels(cache)
            warm = [once(job, cache) for _ in range(self.repeats)]
            self._known[name] = Times(
                cold, statistics.median(warm), compiled - before, kernels(cache) - compiled
            )
        return self._known[name]


def kernels(cache: pathlib.Path) -> int:
    """Count the compiled kernels in a cache."""
    return sum(1 for _ in cache.rglob("*.nbc"))


def once(job: Job, cache: pathlib.Path) -> float:
    """CPU seconds of a job in a new process in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        if job.name == COMMAND:
            arguments = ["-m", "nege"]
        elif job.after is not None:
            # Beside the cache, which knows a model's file by its place.
            arguments = ["-c", further(cache)]
        else:
            arguments = ["-c", job.code]
        more = {"NUMBA_CACHE_DIR": str(cache), "NEGE_FIRST_CALLS": "compiled" if job.waits else ""}
        done = processes.run(*arguments, folder=pathlib.Path(folder), **more)
    if done.code:
        raise RuntimeError(f"{job.name} failed: {processes.reason(done)}")
    return done.seconds


def further(folder: pathlib.Path) -> str:
    """Write CONTRIBUTING's own model into a file, and return code that solves it."""
    text = (processes.ROOT / "CONTRIBUTING.md").read_text("utf-8")
    model, use, *_ = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    file = folder / f"{FURTHER}.py"
    if not file.is_file():
        file.write_text(model, encoding="utf-8")
    head = [
        node
        for node in ast.parse(use).body
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.Assign))
    ]
    made = next(i for i, node in enumerate(head) if isinstance(node, ast.Assign))
    lines = [ast.unparse(node) for node in head[: made + 1]]
    path = f"import sys\nsys.path.insert(0, {str(folder)!r})"
    return "\n".join([path, *lines, "nege.solve(economy)"])


HEAD = "| work | cold | from the cache | kernels compiled |\n|---|---|---|---|"


def line(name: str, times: Times) -> str:
    """Return a line of the table of compile times."""
    again = f", and {times.again} when warm" if times.again else ""
    return f"| {name} | {times.cold:.1f} | {times.warm:.2f} | {times.kernels}{again} |"


def table(stopwatch: Stopwatch, *, quick: bool, say: Callable[[str], None]) -> dict[str, Times]:
    """Measure every job (in a quick run what is quick), say each line, return them by name."""
    found = {}
    for job in JOBS[:3] if quick else JOBS:
        found[job.name] = stopwatch.times(job.name)
        say(line(job.name, found[job.name]))
    return found
