"""Every example of every written page runs, each page in a process of its own."""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

from run_page import examples  # noqa: E402

PAGES = {path.name: path for path in sorted(HERE.parent.glob("*.md"))}
BLOCKS = {name: examples(path.read_text(encoding="utf-8")) for name, path in PAGES.items()}
RUN = [
    name
    for name, blocks in BLOCKS.items()
    if {"python", "pycon"} & {lang for _, lang, *_ in blocks}
]


@pytest.mark.parametrize("name", RUN)
def test_the_examples_of_a_page_run(name, tmp_path):
    # In one thread: where colorama is installed (Material brings it), Numba puts sys.stdout back to
    # what it was before, also while another thread has printing go elsewhere.
    done = subprocess.run(
        [sys.executable, HERE / "run_page.py", PAGES[name]],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg", "NEGE_FIRST_CALLS": "compiled"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{name}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"


@pytest.mark.parametrize("name", PAGES)
def test_blocks_say_what_they_are_and_all_are_found(name):
    """A block without a language, or with a Python of another name, would not be run."""
    languages = {language for _, language, *_ in BLOCKS[name]}
    assert languages <= {"python", "pycon", "text", "toml", "csv", "sh"}
    fences = PAGES[name].read_text(encoding="utf-8").count("```")
    assert fences == 2 * len(BLOCKS[name])
