"""Run the notebooks and keep what they print and draw, or check that it is what is kept.

    python notebooks/refresh.py                 run all, from top to bottom, and store the outputs
    python notebooks/refresh.py 03 07_real      only those whose names begin so
    python notebooks/refresh.py --check         run all and compare; nothing is written

Each runs in a fresh kernel, in this folder. What is stored does not change from one run to the
next: no seconds, addresses, paths or bars of progress. What could not be stored so is refused, with
the cell and the cure, and a notebook whose cell fails stays as it was.

A cell says what is special about it in its metadata:

    "tags": ["measurement"]   it prints seconds, or iterations that hang on rounding: its words are
                              compared, its numbers are not, and they are stored anew only where
                              the notebook's code has changed
    "image": "racetrack"      its picture is also images/racetrack.png, for the README
    "tags": ["gallery"], "title": "..."    its picture is shown in the gallery of the site
    "tags": ["gallery-setup"]              lines that cells of the gallery after it need

The notebook's own metadata keeps digests of its code and of its outputs, by which the test suite
knows without running anything that these outputs are of this code (`faults`).
"""

import argparse
import asyncio
import base64
import hashlib
import io
import json
import math
import os
import pathlib
import re
import sys
import tempfile
import time

FOLDER = pathlib.Path(__file__).parent
IMAGES = FOLDER / "images"
SECONDS = 60  # that a cell may take where kernels are compiled
COMPILING = 600  # and where they may have to be
DPI = 110
BYTES = 100_000  # of a picture
COLOURS = (256, 128, 64)  # of its palette: fewer where it would be too large

MINUS = "\N{MINUS SIGN}"  # the one of printers
NUMBER = re.compile(rf"(?<![\w.])[-+{MINUS}]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)
ROUNDING = 1e-8  # numbers below are what rounding left
VERSION = re.compile(r"nege_version: +\S+")  # in what a Dataset shows of itself
UNSTABLE = {  # what changes with every run, or tells of one machine
    r"\b0x[0-9a-f]{6,}": "an address: end the line that shows the object with a semicolon",
    r"ipykernel_\d+|site-packages": "a path of Python's: is it a warning?",
    r"(?<!\w)/(?:tmp|home|root|Users|var|opt|private)/|[A-Z]:\\": "a path of this machine",
}


def main(arguments=None):
    """Do what the command line says; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n\n")[0],
        epilog="CONTRIBUTING.md, Notebooks, says what a cell can say in its metadata.",
    )
    parser.add_argument("names", nargs="*", help="beginnings of names; all notebooks without")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--jobs", type=int, default=1, help="notebooks at a time (1)")
    asked = parser.parse_args(arguments)
    paths = [
        path
        for path in sorted(FOLDER.glob("*.ipynb"))
        if not asked.names or path.name.startswith(tuple(asked.names))
    ]
    for name in asked.names:
        if not any(path.name.startswith(name) for path in paths):
            parser.error(f"no notebook begins with {name!r}")
    wrong = asyncio.run(_all(paths, asked.check, asked.jobs))
    print(f"{len(paths) - wrong} of {len(paths)} notebooks are in order")
    return 1 if wrong else 0


async def _all(paths, check, jobs):
    turn = asyncio.Semaphore(jobs)

    async def one(path):
        async with turn:
            began = time.monotonic()
            problems, words = await refresh(path, check)
        print(f"{path.stem}: {words}, after {time.monotonic() - began:.0f} s", flush=True)
        for problem in problems:
            print("    " + problem.replace("\n", "\n    "), flush=True)
        return bool(problems)

    return sum(await asyncio.gather(*(one(path) for path in paths)))


async def refresh(path, check=False):
    """Run a notebook; store or compare. Return what is wrong and how it went, in words."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    try:
        new = await run(stored, SECONDS if check else COMPILING)
    except CellError as failed:
        return [str(failed)], "failed, and is left as it was"
    problems = [problem for number, cell in code_cells(new) for problem in _unstable(number, cell)]
    if check:
        problems += faults(stored) + image_faults(stored)
        problems += differences(stored, new)
        return problems, "not what is stored" if problems else "as stored"
    if problems:
        return problems, "cannot be stored, and is left as it was"
    same_code = stored["metadata"].get("nege", {}).get("code") == code_digest(stored)
    for (_, before), (_, cell) in zip(code_cells(stored), code_cells(new), strict=True):
        if _kept(before, cell, same_code):
            cell["outputs"] = before["outputs"]
    new["metadata"]["nege"] = {"code": code_digest(new), "outputs": output_digest(new)}
    for name, picture in images(new).items():
        _write(IMAGES / f"{name}.png", picture)
    text = json.dumps(new, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if text == path.read_text(encoding="utf-8"):
        return [], "nothing changed"
    _write(path, text.encode("utf-8"))
    return [], f"stored, {len(text) / 1000:.0f} kB"


def _write(path, content):
    """Replace a file as a whole or not at all."""
    beside = path.with_suffix(".part")
    beside.write_bytes(content)
    beside.replace(path)


# --- running ----------------------------------------------------------------------------------


class CellError(Exception):
    """A cell raised, took too long or ended the kernel."""


async def run(notebook, seconds):
    """Return the notebook with what its cells print and draw now, ready to be stored."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    ran = nbformat.reads(json.dumps(notebook), as_version=4)
    for _, cell in code_cells(ran):
        cell.outputs, cell.execution_count = [], None
    at = [0]
    with tempfile.TemporaryDirectory() as folder:
        rc = pathlib.Path(folder) / "matplotlibrc"
        rc.write_text(f"figure.dpi: {DPI}\nsavefig.dpi: figure\n", encoding="utf-8")
        environment = os.environ | {
            "MATPLOTLIBRC": str(rc),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "IPYTHONDIR": str(pathlib.Path(folder) / "ipython"),
            "NEGE_FIRST_CALLS": "compiled",  # the same bits in every run
            "OPENBLAS_NUM_THREADS": "1",
        }
        client = NotebookClient(
            ran,
            timeout=seconds,
            coalesce_streams=True,
            record_timing=False,
            extra_arguments=["--log-level=ERROR"],
            on_cell_start=lambda cell, cell_index: at.__setitem__(0, cell_index),
        )
        try:
            await client.async_execute(cwd=str(FOLDER), env=environment)
        except CellExecutionError as error:
            traceback = re.sub(r"\x1b\[[0-9;]*m", "", error.traceback).strip()
            shown = "\n".join(traceback.splitlines()[-12:])
            raise CellError(
                f"cell {at[0]} failed: {error.ename}: {error.evalue}\n{shown}"
            ) from error
        except CellTimeoutError as error:
            source = ran.cells[at[0]].source
            raise CellError(f"cell {at[0]} took more than {seconds} s:\n{source}") from error
        except DeadKernelError as error:
            raise CellError(f"cell {at[0]} ended the kernel:\n{ran.cells[at[0]].source}") from error
    ran = json.loads(nbformat.writes(ran, nbformat.NO_CONVERT))
    ran["metadata"]["language_info"] = {"name": "python"}  # not of this Python's version
    for _, cell in code_cells(ran):
        cell["outputs"] = [kept for output in cell["outputs"] if (kept := _storable(output))]
    return ran


def _storable(output):
    """An output as it is stored: no lines that were written over, pictures with a palette."""
    if output["output_type"] == "stream":
        lines = [line.rsplit("\r", 1)[-1] for line in _text(output["text"]).split("\n")]
        text = "\n".join(lines)
        return output | {"text": text.splitlines(keepends=True)} if text.strip() else None
    for kind, content in output.get("data", {}).items():
        if kind == "image/png":
            output["data"][kind] = base64.b64encode(small(base64.b64decode(content))).decode()
        elif kind.startswith("text/"):
            output["data"][kind] = _text(content).splitlines(keepends=True)
    for kind in [*output["data"]]:
        # Widgets need a kernel; xarray's pages are large, and numbered at random.
        if kind.startswith("application/") or "xr-wrap" in _text(output["data"][kind]):
            del output["data"][kind]
    return output


def small(picture):
    """A PNG with a palette, of as many colours as fit into what a picture may have."""
    from PIL import Image

    opened = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in COLOURS:
        written = io.BytesIO()
        palette = opened.quantize(colours, kmeans=1, dither=Image.Dither.NONE)
        palette.save(written, "PNG", optimize=True)
        if written.tell() <= BYTES:
            break
    return written.getvalue()


# --- what is stored ---------------------------------------------------------------------------


def code_cells(notebook):
    """The cells of code that are not empty, each with its number among all cells."""
    return [
        (number, cell)
        for number, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code" and _text(cell["source"]).strip()
    ]


def faults(notebook):
    """What is wrong with what a notebook stores, as far as can be said without running it."""
    digests, cells = notebook["metadata"].get("nege", {}), code_cells(notebook)
    if digests.get("code") != code_digest(notebook):
        return ["its code has changed since its outputs were stored, or none are stored"]
    if digests.get("outputs") != output_digest(notebook):
        return ["its outputs are missing or not those that were stored with its code"]
    found = [problem for number, cell in cells for problem in _unstable(number, cell)]
    if [cell["execution_count"] for _, cell in cells] != [*range(1, len(cells) + 1)]:
        found.append("its cells were not run from top to bottom")
    return found


def image_faults(notebook):
    """Which of the pictures for the README are not those of the notebook."""
    return [
        f"images/{name}.png is not the picture of its cell"
        for name, picture in images(notebook).items()
        if not (IMAGES / f"{name}.png").is_file()
        or (IMAGES / f"{name}.png").read_bytes() != picture
    ]


def images(notebook):
    """The pictures of a notebook that are files too, by name."""
    return {
        cell["metadata"]["image"]: pictures(cell)[-1]
        for _, cell in code_cells(notebook)
        if "image" in cell["metadata"]
    }


def pictures(cell):
    """What a cell drew, as PNG."""
    kept = [output.get("data", {}).get("image/png") for output in cell["outputs"]]
    return [base64.b64decode(_text(content)) for content in kept if content]


def texts(cell):
    """What a cell printed or shows in words, one text each; a figure's name is none."""
    found = []
    for output in cell["outputs"]:
        data = output.get("data", {})
        if "text" in output:
            found.append(_text(output["text"]))
        elif "image/png" not in data and "text/plain" in data:
            found.append(_text(data["text/plain"]))
    return found


def code_digest(notebook):
    """A digest of the code, in order."""
    return _digest([_text(cell["source"]) for _, cell in code_cells(notebook)])


def output_digest(notebook):
    """A digest of what is stored with the code."""
    return _digest([[cell["outputs"], cell["execution_count"]] for _, cell in code_cells(notebook)])


def _digest(content):
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _unstable(number, cell):
    """Why what a cell shows should not be stored."""
    found = []
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            found.append(f"cell {number}: an error, {output['ename']}: {output['evalue']}")
        elif output.get("name") == "stderr":
            found.append(f"cell {number}: a warning: {_text(output['text']).strip()[:300]}")
        shown = _text(output.get("text", "")) + "".join(
            _text(content)
            for kind, content in output.get("data", {}).items()
            if kind.startswith("text/")
        )
        for pattern, cure in UNSTABLE.items():
            if match := re.search(pattern, shown):
                found.append(f"cell {number}: {shown[match.start() :][:40]!r} is {cure}")
    for picture in pictures(cell):
        if len(picture) > BYTES:
            found.append(
                f"cell {number}: a picture of {len(picture) / 1000:.0f} kB, not 100: draw it smaller"
            )
    return found


def _text(lines):
    return lines if isinstance(lines, str) else "".join(lines)


# --- comparing --------------------------------------------------------------------------------


def differences(stored, new):
    """What the cells show now that is not what is stored, cell by cell."""
    found = []
    for (number, before), (_, cell) in zip(code_cells(stored), code_cells(new), strict=True):
        said, says = texts(before), texts(cell)
        measured = "measurement" in cell["metadata"].get("tags", [])
        if len(said) != len(says):
            found.append(f"cell {number} shows {len(says)} texts, {len(said)} are stored")
        for old, now in zip(said, says, strict=False):
            if not agree(old, now, measured):
                found.append(f"cell {number} shows\n{now}\nwhere is stored\n{old}")
        drew, draws = pictures(before), pictures(cell)
        if len(drew) != len(draws):
            found.append(f"cell {number} draws {len(draws)} pictures, {len(drew)} are stored")
        elif not measured:
            for old, now in zip(drew, draws, strict=True):
                if not alike(old, now):
                    found.append(f"cell {number} draws another picture than is stored")
    return found


def agree(old, now, measured=False):
    """Whether two texts have the same words and numbers, but for one in the last digit printed."""
    old, now = (VERSION.sub("", text) for text in (old, now))
    words, other = (" ".join(NUMBER.sub(" # ", text).split()) for text in (old, now))
    numbers, others = NUMBER.findall(old), NUMBER.findall(now)
    if words != other or len(numbers) != len(others):
        return False
    return measured or all(map(_same_number, numbers, others))


def _same_number(old, now):
    if old == now:
        return True
    x, y = (float(number.replace(MINUS, "-")) for number in (old, now))
    if not any(sign in old.lower() for sign in ".e"):
        return False  # a count
    mantissa, _, power = old.lower().partition("e")
    last = 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))
    return abs(x - y) <= 1.01 * last or (abs(x) < ROUNDING and abs(y) < ROUNDING)


def alike(old, now):
    """Whether two pictures would be taken for the same: versions of fonts and lines may differ."""
    from PIL import Image, ImageChops, ImageStat

    first, second = (Image.open(io.BytesIO(picture)).convert("RGB") for picture in (old, now))
    if max(abs(math.log(a / b)) for a, b in zip(first.size, second.size, strict=True)) > 0.05:
        return False
    size = (64, 48)
    difference = ImageChops.difference(first.resize(size), second.resize(size))
    return max(ImageStat.Stat(difference).mean) < 2.0  # of 255; moved by two points it is 1


def _kept(before, cell, same_code):
    """Whether what is stored stays though it is not the same to the last bit."""
    from PIL import Image

    if "measurement" in cell["metadata"].get("tags", []):
        return same_code and not differences({"cells": [before]}, {"cells": [cell]})
    said, says, drew, draws = texts(before), texts(cell), pictures(before), pictures(cell)
    if [set(output.get("data", ())) for output in before["outputs"]] != [
        set(output.get("data", ())) for output in cell["outputs"]
    ]:
        return False
    if [NUMBER.sub("#", text) for text in said] != [NUMBER.sub("#", text) for text in says]:
        return False
    if len(drew) != len(draws) or not all(map(agree, said, says)):
        return False
    opened = (
        [Image.open(io.BytesIO(each)).convert("RGB") for each in all_] for all_ in (drew, draws)
    )
    return all(
        a.size == b.size and a.tobytes() == b.tobytes() for a, b in zip(*opened, strict=True)
    )


if __name__ == "__main__":
    sys.exit(main())
