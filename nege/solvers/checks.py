"""Checks of a solver's arguments (model, options), and the record of how it was run."""

from __future__ import annotations

from typing import Any

from nege._version import __version__
from nege.errors import ConvergenceError, InputError, counted
from nege.models.base import Model
from nege.results.equilibrium import Equilibrium, knows_why
from nege.solver_options import SolverOptions


def check_model(model: Any, *, in_shares: bool = False) -> None:
    """Refuse what is no model; with `in_shares`, one whose long run is not shares over regions."""
    if not isinstance(model, Model):
        raise InputError("model", model, "a model of nege", "For example nege.CorePeriphery(...).")
    if in_shares and not model.in_shares:
        raise InputError(
            "model",
            model,
            "one whose long run is a distribution of one mobile factor over regions",
            "nege.solve, nege.sweep and nege.follow serve every model.",
        )


def check_free_mobility(model: Model, work: str) -> None:
    """Refuse an economy whose people move within groups only, for work that knows one group."""
    if model.groups is not None:
        raise InputError(
            "model",
            model,
            f"one with mobility='free' for {work}",
            "Of people who move within groups only nege.hysteresis follows the stable long run "
            "along a parameter, to where it ends, and nege.equilibria looks for others.",
        )


DEFAULT_OPTIONS = SolverOptions()
_TRY_OPTIONS = "For example nege.SolverOptions(tolerance_payoff=1e-9)."


def check_options(options: Any) -> SolverOptions:
    """Return the options, the default ones by default, or refuse what is none."""
    if options is None:
        return DEFAULT_OPTIONS
    if not isinstance(options, SolverOptions):
        raise InputError("options", options, "a nege.SolverOptions(...)", _TRY_OPTIONS)
    return options


def provenance(options: SolverOptions) -> dict[str, Any]:
    """Return what a result records of how it was made."""
    return {"nege_version": __version__, **vars(options)}


def or_raise(result: Equilibrium) -> Equilibrium:
    """Return a result that converged, or raise with the partial one."""
    if result.converged:
        return result
    end = f"residual {result.residual:.1e} after {counted(result.iterations, 'iteration')}"
    if knows_why(result):
        said = [f"{result.horizon} did not converge ({end}).", *result.words]
    else:
        message, remedy = result.in_words()
        said = [f"{result.horizon} did not converge: {message} ({end}).", *result.words, remedy]
    said += [
        result.model.remark(result),
        "The partial result is in the .equilibrium of this error.",
    ]
    raise ConvergenceError(" ".join(filter(None, said)), result)
