"""New-economic-geography models with an online region: solved exactly, honestly and fast."""

from nege import _starting as _starting  # before what takes time
from nege import geography, scenarios, testing
from nege._version import __version__
from nege.accessor import DatasetAccessor
from nege.bifurcation import BifurcationDiagram, bifurcation
from nege.census import Equilibria
from nege.clearing import short_run
from nege.counterfactual import counterfactual
from nege.decomposition import decompose
from nege.enumeration import equilibria
from nege.equilibrium import Equilibrium
from nege.errors import ConvergenceError, DependencyError, InputError, NegeError
from nege.hysteresis import Hysteresis, hysteresis
from nege.inversion import invert
from nege.loading import load
from nege.models.allen_arkolakis import AllenArkolakis
from nege.models.core_periphery import CorePeriphery
from nege.models.footloose_capital import FootlooseCapital
from nege.models.footloose_entrepreneur import FootlooseEntrepreneur
from nege.models.helpman import Helpman
from nege.models.linear_demand import LinearDemand
from nege.models.online_agglomeration import OnlineAgglomeration
from nege.models.quasi_linear import QuasiLinear
from nege.models.vertical_linkages import VerticalLinkages
from nege.online import OnlineRegion
from nege.options import Logit, Replicator, SolverOptions
from nege.patterns import patterns
from nege.points import random_points
from nege.solve import estimate_memory, solve
from nege.stability import Stability, stability
from nege.status import Status
from nege.sweep import follow, sweep
from nege.thresholds import Threshold, Thresholds, break_points, sustain_points

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
    "patterns",
    "random_points",
    "scenarios",
    "short_run",
    "solve",
    "stability",
    "sustain_points",
    "sweep",
    "testing",
]
