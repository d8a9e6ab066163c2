"""Notebooks carry their outputs: of this code, of one run from top to bottom, small and clean.

That they still run, and still print this, is for ``python notebooks/refresh.py --check``.
"""

import ast
import asyncio
import builtins
import copy
import importlib.util
import json
import pathlib

import pytest

pytestmark = pytest.mark.closed_form

FOLDER = pathlib.Path(__file__).parents[1] / "notebooks"
FILES = sorted(FOLDER.glob("*.ipynb"))

spec = importlib.util.spec_from_file_location("refresh", FOLDER / "refresh.py")
refresh = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refresh)


def _read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_notebook_stores_what_it_prints_and_draws(path):
    """`python notebooks/refresh.py` is the cure."""
    notebook = _read(path)
    assert refresh.faults(notebook) == []
    assert refresh.image_faults(notebook) == []


def test_the_folder_is_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.*")) < 6_000_000
    assert len(FILES) == 11


def test_cells_of_the_gallery_have_a_title_and_a_picture():
    titles = [
        (cell["metadata"]["title"], refresh.pictures(cell))
        for path in FILES
        for cell in _read(path)["cells"]
        if "gallery" in cell["metadata"].get("tags", [])
    ]
    assert len({title for title, _ in titles}) == len(titles) >= 20
    assert all(drawn for _, drawn in titles)


def _names(cells, made):
    """Names that cells use, or make: in functions too, so that a few are made too often."""
    found = set()
    for cell in cells:
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) != made:
                found.add(node.id)
            elif made and isinstance(node, ast.FunctionDef):
                found.add(node.name)
            elif made and isinstance(node, ast.arg):
                found.add(node.arg)
            elif made and isinstance(node, ast.alias):
                found.add((node.asname or node.name).split(".")[0])
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cells_of_the_gallery_need_nothing_but_its_setup(path):
    setup = []
    for _, cell in refresh.code_cells(_read(path)):
        tags = cell["metadata"].get("tags", [])
        if "gallery" in tags:
            used = _names([*setup, cell], made=False)
            assert used - _names([*setup, cell], made=True) <= set(dir(builtins))
        if "gallery-setup" in tags:
            setup.append(cell)


PICTURE = {"output_type": "display_data", "data": {"image/png": "A" * 150_000}, "metadata": {}}


def _printed(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": [text]}


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        pytest.param([_printed("<Axes at 0x7f12ab34cd>")], "an address", id="address"),
        pytest.param([_printed("in /tmp/tmpab12/runs")], "a path of this machine", id="path"),
        pytest.param([_printed("Deprecated", "stderr")], "a warning", id="warning"),
        pytest.param([PICTURE], "112 kB", id="large picture"),
        pytest.param(
            [{"output_type": "error", "ename": "KeyError", "evalue": "x", "traceback": []}],
            "an error, KeyError",
            id="error",
        ),
    ],
)
def test_what_should_not_be_stored_is_noticed(outputs, words):
    notebook = _read(FILES[0])
    number, cell = refresh.code_cells(notebook)[2]
    cell["outputs"] = outputs
    assert "outputs are missing or not those" in refresh.faults(notebook)[0]
    notebook["metadata"]["nege"]["outputs"] = refresh.output_digest(notebook)
    (fault,) = refresh.faults(notebook)
    assert fault.startswith(f"cell {number}: ")
    assert words in fault


def test_changed_code_and_lost_outputs_are_noticed():
    notebook = _read(FILES[0])
    edited, emptied, moved = (copy.deepcopy(notebook) for _ in range(3))
    refresh.code_cells(edited)[3][1]["source"].append("\nmore = 1")
    assert "code has changed" in refresh.faults(edited)[0]
    refresh.code_cells(emptied)[3][1]["outputs"] = []
    assert "outputs are missing" in refresh.faults(emptied)[0]
    refresh.code_cells(moved)[0][1]["execution_count"] = 7
    moved["metadata"]["nege"]["outputs"] = refresh.output_digest(moved)
    assert "top to bottom" in refresh.faults(moved)[0]


@pytest.mark.parametrize(
    ("old", "now", "same"),
    [
        ("gain 0.45%, rank 3", "gain  0.46%,\n rank 3", True),  # the last digit is rounding
        ("gain 0.45%", "gain 0.47%", False),
        ("gain 0.45%", "loss 0.45%", False),
        ("8 places", "9 places", False),  # a count
        ("residual 3e-16", "residual 0e+00", True),  # what rounding left
        ("residual 3e-06", "residual 3e-05", False),
        ("change \N{MINUS SIGN}1.20", "change 1.20", False),
        ("eigenvalue -0.0154", "eigenvalue -0.0155", True),
        ("1.5 and 2.5", "1.5 and 2.5 and 3.5", False),
        ("value nan", "value 1.0", False),
    ],
)
def test_numbers_agree_to_the_last_printed_digit(old, now, same):
    assert refresh.agree(old, now) == refresh.agree(now, old) == same


def test_measured_seconds_may_differ_and_words_may_not():
    assert refresh.agree("solved in 3.1 s", "solved in 0.8 s", measured=True)
    assert not refresh.agree("solved in 3.1 s", "gave up after 3.1 s", measured=True)


@pytest.fixture
def one(tmp_path, monkeypatch):
    """A notebook of its own; a function that refreshes it with a run that ends in some way."""
    path = tmp_path / FILES[0].name
    path.write_bytes(FILES[0].read_bytes())

    def refreshed(change):
        async def run(notebook, seconds):
            ran = copy.deepcopy(notebook)
            change(refresh.code_cells(ran)[5][1])
            return ran

        monkeypatch.setattr(refresh, "run", run)
        return asyncio.run(refresh.refresh(path))

    return path, refreshed


def _fails(cell):
    raise refresh.CellError("cell 9 failed: ValueError: no")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param(_fails, "cell 9 failed: ValueError: no", id="a cell fails"),
        pytest.param(
            lambda cell: cell["outputs"].append(_printed("careful", "stderr")),
            "cell 11: a warning: careful",
            id="a warning",
        ),
    ],
)
def test_a_notebook_that_cannot_be_stored_stays_as_it_was(one, change, problem):
    path, refreshed = one
    problems, words = refreshed(change)
    assert problems == [problem]
    assert "left as it was" in words
    assert path.read_bytes() == FILES[0].read_bytes()


def test_only_what_differs_beyond_rounding_is_stored(one):
    path, refreshed = one
    assert refreshed(lambda cell: None) == ([], "nothing changed")

    def put(old, new):
        def change(cell):
            text = "".join(cell["outputs"][0]["text"])
            assert old in text
            cell["outputs"] = [_printed(text.replace(old, new))]

        return change

    assert refreshed(put("rate 0.059", "rate 0.058")) == ([], "nothing changed")
    assert path.read_bytes() == FILES[0].read_bytes()
    problems, words = refreshed(put("rate 0.059", "rate 0.095"))
    assert (problems, words[:6]) == ([], "stored")
    notebook = _read(path)
    assert refresh.faults(notebook) == []
    assert "rate 0.095" in "".join(refresh.code_cells(notebook)[5][1]["outputs"][0]["text"])
