"""New-economic-geography models with an online region: equilibria, stability, bifurcations."""

from nege import _starting as _starting  # before what takes time
from nege import geography, scenarios, testing
from nege._version import __version__
from nege.errors import ConvergenceError, DependencyError, InputError, NegeError
from nege.geography.online import OnlineRegion
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
from nege.models.quantitative.helpman import Helpman
from nege.options import Logit, Replicator, SolverOptions
from nege.plots.accessor import DatasetAccessor
from nege.results.equilibrium import Equilibrium
from nege.results.stability import Stability
from nege.solvers.long_run import estimate_memory, solve
from nege.solvers.prepared import PreparedSolver, prepare
from nege.solvers.short_run import short_run
from nege.status import Status
from nege.structure.branches.bifurcation import BifurcationDiagram, bifurcation
from nege.structure.enumeration.all_equilibria import equilibria
from nege.structure.enumeration.found_equilibria import Equilibria
from nege.structure.hysteresis import Hysteresis, hysteresis
from nege.structure.stability import stability
from nege.structure.thresholds import Threshold, Thresholds, break_points, sustain_points
from nege.studies.counterfactual import counterfactual
from nege.studies.decomposition import decompose
from nege.studies.inversion import invert
from nege.sweeps.load import load
from nege.sweeps.sweep import follow, sweep
from nege.warming import warm_up

__all__ = [
    "AllenArkolakis",
    "BifurcationDiagram",
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
    "counterfactual",
    "decompose",
    "equilibria",
    "estimate_memory",
    "follow",
    "geography",
    "hysteresis",
    "invert",
    "load",
    "mechanisms",
    "patterns",
    "prepare",
    "random_points",
    "scenarios",
    "short_run",
    "solve",
    "stability",
    "sustain_points",
    "sweep",
    "testing",
    "warm_up",
]
