"""What a release says of itself is true: versions, what it needs, what comes with it, pictures.

``CONTRIBUTING.md``, "Make a release", has what is done by hand: build, install, look.
"""

import fnmatch
import pathlib
import platform
import re
import sys
import tomllib

import numba
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import nege
from nege import versions

pytestmark = pytest.mark.closed_form

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "nege"


def _text(name):
    return (ROOT / name).read_text(encoding="utf-8")


SETTINGS = tomllib.loads(_text("pyproject.toml"))
PROJECT = SETTINGS["project"]
EXTRAS = PROJECT["optional-dependencies"]
CITATION = yaml.safe_load(_text("CITATION.cff"))
RECIPE = yaml.safe_load(_text("conda/recipe/recipe.yaml"))
NEEDED = {Requirement(one).name: Requirement(one).specifier for one in PROJECT["dependencies"]}

#: Extras for those who work on nege; whoever uses it has the others by `all`.
FOR_DEVELOPERS = {"all", "test", "bench", "dev", "docs", "paper", "browser"}
#: What a module is asked for as: its package has another name, or another one brings it along.
PACKAGED = {
    **{
        "flint": "python-flint",
        "mpl_toolkits": "matplotlib",
        "distributed": "dask",
        "PIL": "pillow",
    },
    **{"llvmlite": "numba", "pandas": "xarray", "h5py": "h5netcdf", "shapely": "geopandas"},
    **{"jinja2": "bokeh", "tornado": "bokeh"},
}


SOURCES = [path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))]


def _found(pattern):
    """Return all that a pattern finds in the package: faster than a syntax tree of each file."""
    return {found for text in SOURCES for found in re.findall(pattern, text, re.MULTILINE)}


IMPORTED = _found(r"^ *import ([\w.]+)") | _found(r"^ *from ([\w.]+) import ")
OPTIONAL = _found(r"\brequire\(\s*\"([\w.]+)\", \"(\w+)\"")


def _packages(modules):
    tops = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - {"nege"}
    return {PACKAGED.get(top, top) for top in tops}


def _required(extra):
    """Return the names of the packages of an extra, and of the extras that it is made of."""
    found = set()
    for one in map(Requirement, EXTRAS[extra]):
        if one.name == "nege":
            found.update(*map(_required, one.extras))
        else:
            found.add(one.name)
    return found


def test_versions_agree():
    assert Version(nege.__version__) == Version(CITATION["version"])
    assert nege.__version__ == RECIPE["context"]["version"]
    headings = re.findall(r"^## \[([^\]]+)\](?: - (\S+))?$", _text("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == ("Unreleased", "")
    for version, date in headings[1:2]:  # the last release, once there is one
        assert (version, date) == (nege.__version__, str(CITATION["date-released"]))


def test_citation_has_what_its_format_asks_for():
    assert CITATION["cff-version"] == "1.2.0"
    assert all(CITATION[key] for key in ("message", "title", "authors", "date-released"))
    assert CITATION["license"] == PROJECT["license"] == RECIPE["about"]["license"]
    assert all(one["title"] and one["authors"] and one["type"] for one in CITATION["references"])


def test_the_conda_recipe_needs_what_the_package_needs():
    run = dict(one.split(maxsplit=1) for one in RECIPE["requirements"]["run"])
    lowest = RECIPE["context"]["python_min"]
    assert run.pop("python") == ">=${{ python_min }}"
    assert PROJECT["requires-python"] == f">={lowest}"
    assert {name: SpecifierSet(of) for name, of in run.items()} == NEEDED
    host = {one.split()[0]: one.partition(" ")[2] for one in RECIPE["requirements"]["host"]}
    assert {
        one.name: str(one.specifier)
        for one in map(Requirement, SETTINGS["build-system"]["requires"])
    }.items() <= host.items()
    (command,) = RECIPE["build"]["python"]["entry_points"]
    assert dict([command.split(" = ")]) == PROJECT["scripts"]
    assert RECIPE["about"]["summary"] == PROJECT["description"]


def test_pythons_tried_are_pythons_allowed():
    said = " :: ".join(("Programming Language", "Python", "3."))
    tried = [one.rpartition(" ")[2] for one in PROJECT["classifiers"] if one.startswith(said)]
    assert tried
    assert SpecifierSet(PROJECT["requires-python"]).contains(min(tried, key=Version))
    assert (
        f"py{min(tried, key=Version).replace('.', '')}"
        == SETTINGS["tool"]["ruff"]["target-version"]
    )


def test_whatever_is_imported_is_asked_for():
    """Each package that nege imports is needed, or in an extra that `all` has."""
    imported = _packages(IMPORTED)
    assert imported >= set(NEEDED)
    assert imported <= set(NEEDED) | _required("all")
    (everything,) = map(Requirement, EXTRAS["all"])
    assert everything.extras == set(EXTRAS) - FOR_DEVELOPERS


def test_what_an_error_says_to_install_has_what_is_missing():
    assert OPTIONAL
    wrong = [(of, extra) for of, extra in OPTIONAL if not _packages([of]) <= _required(extra)]
    assert not wrong, f"`require` names an extra that does not bring the module: {wrong}"


def test_versions_are_shown_of_all_that_nege_uses(capsys):
    names = {extra: set(found) for extra, found in versions.LIBRARIES.items()}
    beneath = {"llvmlite", "pandas", "distributed", "h5py"}  # what those bring along
    assert names.pop("needed") - beneath == set(NEEDED)
    assert set(names) == {one for of in map(Requirement, EXTRAS["all"]) for one in of.extras}
    for extra, found in names.items():
        assert found - beneath == _required(extra)
    nege.show_versions()
    shown = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert shown["nege"] == nege.__version__
    assert shown["Python"].startswith(platform.python_version())
    assert shown["numba"] == numba.__version__
    assert shown.keys() >= {name for found in names.values() for name in found}


def test_a_library_that_is_missing_is_shown_as_missing(monkeypatch):
    monkeypatch.setitem(versions.LIBRARIES, "geo", ("no-such-library",))
    monkeypatch.setenv("NEGE_ELSEWHERE", "here")
    shown = dict(line.split(maxsplit=1) for line in versions.report().splitlines())
    assert shown["no-such-library"] == "not installed (geo)"
    assert shown["NEGE_ELSEWHERE"] == "here"


def test_data_come_with_the_package():
    """The wheel takes all of the package that Git does not ignore: no data may be ignored."""
    assert SETTINGS["tool"]["hatch"]["build"]["targets"]["wheel"] == {"packages": ["nege"]}
    made = {".py", ".pyc", ".pyo", ".nbi", ".nbc"}
    data = {path.relative_to(ROOT) for path in PACKAGE.rglob("*.*") if path.suffix not in made}
    named = ("py.typed", "studies/china_online.csv", "laboratory/findings.nc")
    assert {pathlib.Path("nege", name) for name in named} <= data
    assert {path.stem for path in data if path.parent.name == "examples"} >= {"two_regions"}
    ignored = [line.rstrip("/") for line in _text(".gitignore").split() if line]
    assert "__pycache__" in ignored
    for path in data:
        assert not any(fnmatch.fnmatch(part, line) for part in path.parts for line in ignored), path


def test_numba_is_one_that_was_tried():
    """Fails where a newer Numba is installed than the one that nege was tested with."""
    found, bound = Version(numba.__version__), NEEDED["numba"]
    assert bound.contains(found, prereleases=True), (
        f"Numba {found} is not one that nege was tested with ({bound}). Run the whole suite with "
        "it. If nothing else fails, raise the bound in pyproject.toml and in the recipe; else "
        'CONTRIBUTING.md, "A new Numba", lists what nege uses of its inside.'
    )
    assert any(one.operator == "<" for one in bound), "Numba needs an upper bound"


def test_what_is_used_of_the_inside_of_numba_is_listed():
    """Numba promises to keep `numba`, `numba.types` and `numba.extending`, and nothing else."""
    promised = {"numba", "numba.types", "numba.extending"}
    inside = _found(r"^ *import ((?:numba|llvmlite)[\w.]*)")
    for module, names in _found(r"^ *from ((?:numba|llvmlite)[\w.]*) import (\([^)]*\)|.+)"):
        inside |= {
            module if module in promised and not name.startswith("_") else f"{module}.{name}"
            for name in re.findall(r"\w+", re.sub("#.*", "", names))
        }
    inside -= promised
    _, _, section = _text("CONTRIBUTING.md").partition("### A new Numba\n")
    listed = set(re.findall(r"`((?:numba|llvmlite)[\w.]*)`", section.partition("\n## ")[0]))
    assert listed - promised == inside


def test_pictures_show_outside_the_repository():
    """No picture or link of the README's text in the package's metadata leads to a file."""
    readme = SETTINGS["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    (fragment,), text = readme["fragments"], _text("README.md")
    assert fragment == {"path": "README.md"}
    shown = set(re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text))
    assert shown
    assert all((ROOT / picture).is_file() for picture in shown)
    for one in readme["substitutions"]:
        text = re.sub(one["pattern"], one["replacement"], text)
    assert all(target.startswith("https://") for target in re.findall(r"\]\(([^)]*)\)", text))
