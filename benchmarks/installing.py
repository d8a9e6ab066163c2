"""What a new user waits for: the wheel, an empty environment, the first solve, the first picture.

``python3.13 -m benchmarks installing`` builds the wheel from this tree, installs it into an empty
environment of the Python that runs it, once downloading everything and once from pip's own cache,
and does there what a user does first, as a user's process does it: nothing is pinned, nege of this
tree cannot be seen. Only the standard library is used, so that a bare Python will do.

Wall-clock seconds, as somebody waits; CPU seconds beside them, which other tenants of the machine
do not change as much. *Cold* is a machine on which nege never ran, *again* the same call some runs
later, *warmed up* after ``python -m nege warm-up``. A process that answers in Python and ends
leaves compiling to another time, so that what is short may stay in Python for long.
"""

from __future__ import annotations

import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.pin import THREADS

ROOT = pathlib.Path(__file__).resolve().parents[1]
EXTRAS = ("", "plot", "all")  # what is installed, one after the other
MADE = "nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1.7)"
#: What a user does first, in the order in which somebody would.
FIRST = {
    "import nege": "import nege",
    "first solve, two regions": f"import nege\nprint(nege.solve({MADE}))",
    "first solve, industries": "import nege\nprint(nege.solve(nege.OnlineAgglomeration()))",
    "first picture": (
        f"import nege\nd = nege.bifurcation({MADE}, 'trade_cost', (1.3, 2.2))\n"
        "d.plot().figure.savefig('first.png')"
    ),
}
WARM_UP = ("CorePeriphery", "OnlineAgglomeration")  # the models of these
REPEATS = 5  # of what is not cold


class Took(NamedTuple):
    """What a command took."""

    waited: float  # seconds by the clock
    worked: float  # CPU seconds, those of its children too


def run(*command: str | pathlib.Path, folder: pathlib.Path, **environment: str) -> Took:
    """Run a command as a user would who has nothing of nege's set; an error where it fails."""
    hidden = {*THREADS, "PYTHONPATH", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    with tempfile.TemporaryFile("w+") as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            list(map(str, command)),
            cwd=folder,
            env={**kept, **environment},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        waited = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(map(str, command))} failed:\n{said.read()[-2000:]}")
    return Took(waited, usage.ru_utime + usage.ru_stime)


def size(folder: pathlib.Path) -> float:
    """Return the megabytes of the files of a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def environment(folder: pathlib.Path) -> pathlib.Path:
    """Make an empty virtual environment and return its Python."""
    run(sys.executable, "-m", "venv", folder, folder=folder.parent)
    return folder / "bin" / "python"


def measure(work: pathlib.Path, say: Callable[[str], None], extras: tuple[str, ...]) -> None:
    """Build, install and use, and say what each took."""
    python = environment(work / "tools")
    run(python, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", work, ROOT, folder=work)
    (wheel,) = work.glob("nege-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = archive.infolist()
    unpacked = sum(file.file_size for file in inside) / 1e6
    say(
        f"{wheel.name}: {wheel.stat().st_size / 1e6:.2f} MB, {len(inside)} files, "
        f"{unpacked:.1f} MB unpacked"
    )
    say("\n| pip install | packages | MB | downloading, s | from pip's cache, s (CPU s) |")
    say("|---|---|---|---|---|")
    for extra in extras:
        python = installed(work, wheel, extra, say)
    warmed, elsewhere = work / "warmed", work / "elsewhere"
    elsewhere.mkdir()
    command = (python, "-m", "nege", "warm-up", *WARM_UP)
    took = run(*command, folder=elsewhere, NUMBA_CACHE_DIR=str(warmed))
    say(
        f"\npython -m nege warm-up {' '.join(WARM_UP)}: {took.waited:.0f} s "
        f"({took.worked:.0f} CPU s), {size(warmed):.0f} MB of kernels"
    )
    say("\n| in a new process, s (CPU s) | cold | again | warmed up |\n|---|---|---|---|")
    for number, (what, code) in enumerate(FIRST.items()):
        command = (python, "-P", "-W", "error", "-c", code)
        used(what, command, elsewhere, (work / f"kernels-{number}", warmed), say)


def installed(
    work: pathlib.Path, wheel: pathlib.Path, extra: str, say: Callable[[str], None]
) -> pathlib.Path:
    """Install the wheel twice, downloading and from pip's cache, and return the Python."""
    cache = work / f"pip-{extra}"
    what = f"{wheel}[{extra}]" if extra else str(wheel)
    took = []
    for turn in ("new", "again"):
        folder = work / f"{turn}-{extra}"
        python = environment(folder)
        (packages,) = folder.glob("lib/python*/site-packages")
        before, had = size(packages), len(list(packages.glob("*.dist-info")))
        took.append(
            run(python, "-m", "pip", "install", what, folder=work, PIP_CACHE_DIR=str(cache))
        )
        added = len(list(packages.glob("*.dist-info"))) - had
        grown = size(packages) - before
        if turn == "new":
            shutil.rmtree(folder)
    run(python, "-m", "pip", "check", folder=work)
    new, again = took
    say(
        f"| nege{f'[{extra}]' if extra else ''} | {added} | {grown:.0f} | {new.waited:.1f} | "
        f"{again.waited:.1f} ({again.worked:.1f}) |"
    )
    return python


def used(
    what: str,
    command: tuple[str | pathlib.Path, ...],
    folder: pathlib.Path,
    caches: tuple[pathlib.Path, pathlib.Path],
    say: Callable[[str], None],
) -> None:
    """Run one of the first things, where nothing is compiled, again, and where all is."""

    def once(cache: pathlib.Path) -> Took:
        return run(*command, folder=folder, NUMBA_CACHE_DIR=str(cache))

    took = [once(caches[0])]
    for cache in caches:
        times = [once(cache) for _ in range(REPEATS)]
        took.append(Took(*(statistics.median(each) for each in zip(*times, strict=True))))
    cells = [what, *(f"{one.waited:.1f} ({one.worked:.1f})" for one in took)]
    say(f"| {' | '.join(cells)} |")


def show(*, quick: bool, say: Callable[[str], None]) -> None:
    """Measure in a temporary folder and print a table; quick: with the extra "plot" alone."""
    say(
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f} at the start.\n"
    )
    with tempfile.TemporaryDirectory() as work:
        measure(pathlib.Path(work), say, ("plot",) if quick else EXTRAS)
