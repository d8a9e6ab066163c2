"""What a new user waits for: the wheel, an empty environment, the first solve, the first picture.

``python3.13 -m benchmarks installing`` builds the wheel from this tree, installs it into an empty
environment of the Python that runs it, once downloading everything and once from pip's own cache,
and does there what a user does first, as a user's process does it: nothing is pinned, nege of this
tree cannot be seen. Only the standard library is used, so that a bare Python will do.

Wall-clock seconds, as somebody waits; CPU seconds beside them, which other tenants of the machine
do not change as much. *Cold* is a machine on which nege never ran, *warm* the same call again.
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
REPEATS = 5  # of what is warm


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
    say("\n| in a new process | cold, s (CPU s) | warm, s (CPU s) |\n|---|---|---|")
    for what, code in FIRST.items():
        used(work, python, what, code, say)
    say(f"\nkernels compiled by these: {size(work / 'kernels'):.1f} MB")


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
    work: pathlib.Path, python: pathlib.Path, what: str, code: str, say: Callable[[str], None]
) -> None:
    """Run one of the first things, where nothing of it is compiled and then again."""
    kernels = work / "kernels" / what.replace(" ", "_")
    kernels.mkdir(parents=True)
    folder = work / "elsewhere"
    folder.mkdir(exist_ok=True)

    def once() -> Took:
        command = (python, "-P", "-W", "error", "-c", code)
        return run(*command, folder=folder, NUMBA_CACHE_DIR=str(kernels))

    cold = once()
    # Twice more before the clock counts: what ended early leaves compiling to another time.
    for _ in range(2):
        once()
    warm = [once() for _ in range(REPEATS)]
    waited, worked = (statistics.median(each) for each in zip(*warm, strict=True))
    say(
        f"| {what} | {cold.waited:.1f} ({cold.worked:.1f}) | {waited:.2f} ({worked:.2f}) |",
    )


def show(*, quick: bool, say: Callable[[str], None]) -> None:
    """Measure in a temporary folder and print a table; quick: with the extra "plot" alone."""
    say(
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f} at the start.\n"
    )
    with tempfile.TemporaryDirectory() as work:
        measure(pathlib.Path(work), say, ("plot",) if quick else EXTRAS)
