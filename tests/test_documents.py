"""What the documents say is true: examples run, commands are the two that CI runs."""

import doctest
import importlib
import inspect
import linecache
import pathlib
import pkgutil
import re

import matplotlib
import pytest
from test_house import FLOORS

import nege

pytestmark = pytest.mark.closed_form

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
HOUSE = pathlib.Path(nege.__file__).parent
MODULES = [
    module.name
    for module in pkgutil.walk_packages(nege.__path__, "nege.")
    if module.name != "nege.__main__"
]


@pytest.mark.family
@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name, monkeypatch):
    # Before each docstring doctest asks of every file that anybody read whether it is as it was.
    monkeypatch.setattr(linecache, "checkcache", lambda *_: None)
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def test_every_public_function_has_an_example():
    without = [
        name
        for name in nege.__all__
        if callable(getattr(nege, name))
        and not issubclass(type(getattr(nege, name)), type)
        and ">>>" not in (getattr(nege, name).__doc__ or "")
    ]
    assert without == []


def _public():
    """Every public class and function by name, but errors and metrics, which calls do not name."""
    for module in (nege, nege.geography, nege.policy, nege.scenarios, nege.testing):
        for name in module.__all__:
            found = getattr(module, name)
            kinds = (BaseException, nege.geography.Metric)
            if callable(found) and not (isinstance(found, type) and issubclass(found, kinds)):
                yield pytest.param(found, id=f"{module.__name__}.{name}")


@pytest.mark.parametrize("found", [*_public()])
def test_public_docstrings_have_all_parts(found):
    """Parameters or attributes, errors, an example, and when not to use it ("Not ...")."""
    text = inspect.getdoc(found)
    sections = re.findall(r"^([A-Z][A-Za-z ]+)\n-+$", text, re.MULTILINE)
    made = isinstance(found, type) and "Attributes" in sections  # by a function, which checks
    takes_nothing = (
        *(nege.Status, nege.DatasetAccessor, nege.Threshold),
        *(nege.scenarios.china_online, nege.show_versions),
    )
    if found not in takes_nothing:
        assert made or {"Parameters", "Raises"} <= {*sections}, sections
    assert ">>>" in text
    if found not in (nege.Status, nege.DatasetAccessor):
        notes = text.partition("\nNotes\n-----\n")[2]
        assert re.search(r"(^|\n\n|\. )Not \w", notes), "when not to use it"


@pytest.mark.family
def test_the_readme_example_runs_and_prints_what_it_says(capsys):
    matplotlib.use("Agg")
    scope = {}
    for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        assert len([line for line in code.splitlines() if line.strip()]) <= 15
        exec(compile(code, "README.md", "exec"), scope)
    printed = capsys.readouterr().out
    assert "co-located" in printed
    assert "two-sided online" in printed
    assert "[0. 1. 1. 1. 0.]" in printed
    assert "Long run of a core-periphery economy" in printed


def test_the_readme_has_exactly_the_two_commands():
    commands = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)
    assert commands == [
        'pip install ".[all]" && python -m nege',
        'pip install ".[all,test]" && pytest',
    ]


def test_names_in_the_readme_exist():
    for name in re.findall(r"`nege\.([A-Za-z_]+)", README):
        if name in {"geography", "testing"}:
            continue
        assert hasattr(nege, name), name
    for makers in re.findall(r"`nege\.geography\.([a-z_, ]+)`", README):
        for maker in makers.split(", "):
            assert hasattr(nege.geography, maker), maker


def test_pictures_in_the_readme_exist():
    for path in re.findall(r"\]\((notebooks/[^)]+)\)", README):
        assert (ROOT / path).is_file(), path


def test_the_version_is_one():
    assert f"version: {nege.__version__}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_every_folder_of_nege_is_on_the_map_from_the_top_floor_down():
    on_map = re.findall(r"^\| `([a-z_]+)/` \|", CONTRIBUTING, re.MULTILINE)
    folders = {path.name for path in HOUSE.iterdir() if (path / "__init__.py").is_file()}
    assert on_map == [floor for floor in reversed(FLOORS) if floor in folders]
    assert folders <= set(on_map)


def test_files_and_names_on_the_map_exist():
    files = re.findall(r"`nege/([a-z_/.]+)`(?:: ((?:`\w+`(?:, )?)+))?", CONTRIBUTING)
    assert len(files) > 20
    for path, names in files:
        assert (HOUSE / path).exists(), path
        for name in re.findall(r"\w+", names):
            text = (HOUSE / path).read_text(encoding="utf-8")
            assert re.search(rf"^(def|class) {name}\b", text, re.MULTILINE), f"{name} in {path}"


def test_the_glossary_has_the_words_of_the_field_one_sentence_each():
    words = README.split("## Words\n")[1].split("\n## ")[0]
    entries = re.findall(r"^- (.*?)(?=^- |\Z)", words, re.DOTALL | re.MULTILINE)
    assert len(entries) >= 20
    for entry in entries:
        assert entry.startswith("**"), entry
        assert len(re.findall(r"\.(?:\s|\Z)", entry)) == 1, entry
