"""New-economic-geography models with an online region: equilibria, stability, bifurcations.

What is public is imported when it is first used.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from nege import _starting as _starting  # before what takes time
from nege._version import __version__
from nege.kernels.compiling import uninterrupted
from nege.models.shipped import SHIPPED
from nege.results.accessor import DatasetAccessor  # which any Dataset has from now on

if TYPE_CHECKING:
    from nege import geography, policy, scenarios, testing
    from nege.errors import ConvergenceError, DependencyError, InputError, NegeError
    from nege.explorer.opening import explore
    from nege.geography.online import OnlineRegion
    from nege.laboratory.registry import claims
    from nege.models.agglomeration import mechanisms
    from nege.models.agglomeration.model import OnlineAgglomeration
    from nege.models.agglomeration.patterns import patterns
    from nege.models.classical.core_periphery import CorePeriphery
    from nege.models.classical.footloose_capital import FootlooseCapital
    from nege.models.classical.footloose_entrepreneur import FootlooseEntrepreneur
    from nege.models.classical.linear_demand import LinearDemand
    from nege.models.classical.quasi_linear import QuasiLinear
    from nege.models.designs import random_points
    from nege.models.linkages.model import VerticalLinkages
    from nege.models.quantitative.allen_arkolakis import AllenArkolakis
    from nege.models.quantitative.commuting import Commuting
    from nege.models.quantitative.helpman import Helpman
    from nege.results.equilibrium import Equilibrium
    from nege.results.stability import Stability
    from nege.settings import options
    from nege.solver_options import Logit, Replicator, SolverOptions
    from nege.solvers.long_run import estimate_memory, solve
    from nege.solvers.prepared import PreparedSolver, prepare
    from nege.solvers.short_run import short_run
    from nege.status import Status
    from nege.structure.branches.bifurcation import BifurcationDiagram, bifurcation
    from nege.structure.enumeration.all_equilibria import equilibria
    from nege.structure.enumeration.found_equilibria import Equilibria
    from nege.structure.hysteresis import Hysteresis, hysteresis
    from nege.structure.regimes import regimes
    from nege.structure.stability import stability
    from nege.structure.thresholds import Threshold, Thresholds, break_points, sustain_points
    from nege.studies.calibration import CalibratedPath, Calibration, calibrate
    from nege.studies.comparison import Comparison, compare
    from nege.studies.counterfactual import counterfactual
    from nege.studies.data_report import data_report
    from nege.studies.decomposition import decompose
    from nege.studies.inversion import invert
    from nege.studies.remote_share import with_remote_share
    from nege.sweeps.load import load
    from nege.sweeps.sweep import follow, sweep
    from nege.versions import show_versions
    from nege.warming import warm_up

__all__ = [
    "AllenArkolakis",
    "BifurcationDiagram",
    "CalibratedPath",
    "Calibration",
    "Commuting",
    "Comparison",
    "ConvergenceError",
    "CorePeriphery",
    "DatasetAccessor",
    "DependencyError",
    "Equilibria",
    "Equilibrium",
    "FootlooseCapital",
    "FootlooseEntrepreneur",
    "Helpman",
    "Hysteresis",
    "InputError",
    "LinearDemand",
    "Logit",
    "NegeError",
    "OnlineAgglomeration",
    "OnlineRegion",
    "PreparedSolver",
    "QuasiLinear",
    "Replicator",
    "SolverOptions",
    "Stability",
    "Status",
    "Threshold",
    "Thresholds",
    "VerticalLinkages",
    "__version__",
    "bifurcation",
    "break_points",
    "calibrate",
    "claims",
    "compare",
    "counterfactual",
    "data_report",
    "decompose",
    "equilibria",
    "estimate_memory",
    "explore",
    "follow",
    "geography",
    "hysteresis",
    "invert",
    "load",
    "mechanisms",
    "options",
    "patterns",
    "policy",
    "prepare",
    "random_points",
    "regimes",
    "scenarios",
    "short_run",
    "show_versions",
    "solve",
    "stability",
    "sustain_points",
    "sweep",
    "testing",
    "warm_up",
    "with_remote_share",
]

#: Where what is not imported yet is found, beside the models.
HOMES = {
    "nege.errors": "ConvergenceError DependencyError InputError NegeError",
    "nege.explorer.opening": "explore",
    "nege.geography.online": "OnlineRegion",
    "nege.laboratory.registry": "claims",
    "nege.models.agglomeration.patterns": "patterns",
    "nege.models.designs": "random_points",
    "nege.settings": "options",
    "nege.solver_options": "Logit Replicator SolverOptions",
    "nege.results.equilibrium": "Equilibrium",
    "nege.results.stability": "Stability",
    "nege.solvers.long_run": "estimate_memory solve",
    "nege.solvers.prepared": "PreparedSolver prepare",
    "nege.solvers.short_run": "short_run",
    "nege.status": "Status",
    "nege.structure.branches.bifurcation": "BifurcationDiagram bifurcation",
    "nege.structure.enumeration.all_equilibria": "equilibria",
    "nege.structure.enumeration.found_equilibria": "Equilibria",
    "nege.structure.hysteresis": "Hysteresis hysteresis",
    "nege.structure.regimes": "regimes",
    "nege.structure.stability": "stability",
    "nege.structure.thresholds": "Threshold Thresholds break_points sustain_points",
    "nege.studies.calibration": "CalibratedPath Calibration calibrate",
    "nege.studies.comparison": "Comparison compare",
    "nege.studies.counterfactual": "counterfactual",
    "nege.studies.data_report": "data_report",
    "nege.studies.decomposition": "decompose",
    "nege.studies.inversion": "invert",
    "nege.studies.remote_share": "with_remote_share",
    "nege.sweeps.load": "load",
    "nege.sweeps.sweep": "follow sweep",
    "nege.versions": "show_versions",
    "nege.warming": "warm_up",
}
_HOME = {**SHIPPED, **{name: home for home, names in HOMES.items() for name in names.split()}}
MODULES = {"mechanisms": "nege.models.agglomeration.mechanisms"}  # under a shorter name
# Interrupted, an import would leave parts behind.
_whole = uninterrupted(importlib.import_module, "nege", "importing nege")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        said = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(said, name=name, obj=sys.modules[__name__])  # for "Did you mean"
    found = _whole(MODULES.get(name) or _HOME.get(name, f"nege.{name}"))
    if name in _HOME:
        found = getattr(found, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
