"""Compiling ahead: the usual calls of a model, of economies so small that only compiling lasts.

What is compiled is what solving them compiles, and no list of kernels, which could grow stale.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from nege import geography, validation
from nege.errors import InputError, near
from nege.geography.online import OnlineRegion
from nege.kernels.uncompiled import compiled_only
from nege.models.base import Model
from nege.models.fields import REQUIRED
from nege.progress import Progress, compilations, silence, watched
from nege.solver_options import CHOICES, SolverOptions
from nege.solvers.long_run import solve
from nege.solvers.short_run import short_run
from nege.structure.branches.bifurcation import bifurcation
from nege.structure.enumeration.all_equilibria import equilibria
from nege.structure.stability import stability
from nege.structure.thresholds import break_points
from nege.sweeps.sweep import sweep
from nege.validation.keywords import hinted

__all__ = ["warm_up"]

#: Parameters without a default: values of which everything that can be asked has an answer.
TYPICAL = {
    **{"sigma": 5.0, "mu": 0.4, "trade_cost": 2.0, "alpha": 0.4, "unskilled_ratio": 5.0},
    **{"inputs": 0.4, "productivity_spillover": 0.1, "amenity_spillover": -0.3},
    **{"taste": 3.0, "commuting_cost": 2.0},
    **{"a": 1.0, "b": 1.0, "c": 1.0, "phi": 1.0, "total_farmers": 10.0, "total_skilled": 1.0},
}
TYPICAL_OF_MODEL = {"LinearDemand": {"trade_cost": 0.3}}
TYPICAL_ONLINE = {"Helpman": {"online_housing": 1.0}}
ELSE = (0.5, 1.5, 5.0, -0.5)  # for a parameter of somebody's own model: the first that it may be
STEP = 0.99  # from a value of a parameter to the next


def _economies(kind: type[Model]) -> list[Model]:
    """Return economies over which trade is summed in every way that there is."""
    places = [geography.equidistant(2), geography.line(3), geography.racetrack(4)]
    given = _typical(kind)
    make: Any = kind
    try:
        made: list[Model] = [make(one, **given) for one in places]
    except InputError as error:
        cure = f"With {given}: {error} Solve a small one instead: that compiles it as well."
        raise InputError("models", kind, "models that typical numbers make", cure) from error
    if "online" in kind.fields:
        changes = {"online": OnlineRegion(trade_cost=given.get("trade_cost", 1.5))}
        with contextlib.suppress(InputError):  # a model that has none with these parameters
            made += [
                one.replace({**changes, **TYPICAL_ONLINE.get(kind.__name__, {})}) for one in made
            ]
    return made


def _typical(kind: type[Model]) -> dict[str, float]:
    """Return values of the numbers that a model has to be given."""
    known = TYPICAL | TYPICAL_OF_MODEL.get(kind.__name__, {})
    found = {}
    for name, field in kind.fields.items():
        bounds = getattr(field, "bounds", None)
        if field.default is REQUIRED and field.scalar:
            inside = (value for value in ELSE if bounds is None or bounds.hold(value))
            found[name] = known[name] if name in known else next(inside, 1.0)
    return found


def _varied(economy: Model) -> tuple[str, float]:
    """Return a parameter that is a number and may change alone, and its value."""
    for name, value in economy.scalars().items():
        with contextlib.suppress(InputError):  # shares, which have to sum to one with others
            economy.replace({name: STEP * value})
            return name, value
    raise InputError("models", type(economy), "models of which a parameter may change alone")


def _short_runs(economy: Model, options: SolverOptions) -> None:
    if not economy.in_shares:  # of industries, whose short run takes more than shares
        short_run(economy, solve(economy, options=options).data, options=options)
        return
    share = economy.default_start()
    short_run(economy, share, options=options)
    short_run(economy, np.array([share, share]), options=options)


def _long_run(economy: Model, options: SolverOptions) -> None:
    stability(solve(economy, options=options))
    if economy.in_shares and economy.corners:  # the one or the other does not last
        together = np.eye(len(economy.regions))[0]
        for start in (together, np.full_like(together, 1.0 / together.size)):
            solve(economy, start, options=options)


def _sweep(economy: Model, options: SolverOptions) -> None:
    name, value = _varied(economy)
    sweep(economy, {name: [value, STEP * value]}, options=options)


def _thresholds(economy: Model, options: SolverOptions) -> None:
    name, value = _varied(economy)
    with contextlib.suppress(InputError):  # where an even spread is no equilibrium
        break_points(economy, name, (STEP * value, value))


def _equilibria(economy: Model, options: SolverOptions) -> None:
    equilibria(economy, options=options, seconds=1e-3, starts=1)


def _diagram(economy: Model, options: SolverOptions) -> None:
    name, value = _varied(economy)
    bifurcation(economy, name, (STEP * value, value), options=options, depth=0)


#: What is called with every operator that fits: code that differs between them compiles here.
BY_OPERATOR = (_short_runs, _long_run)
#: What is called, by its name, and whether only models in shares have an answer.
CALLS: dict[str, tuple[Callable[[Model, SolverOptions], None], bool]] = {
    "short run": (_short_runs, False),
    "long run": (_long_run, False),
    "sweep": (_sweep, False),
    "equilibria": (_equilibria, False),
    "thresholds": (_thresholds, True),
    "bifurcation": (_diagram, True),
}


def _called(call: Callable[[Model, SolverOptions], None], economy: Model) -> None:
    """Call with the usual operator, or with every one that fits the economy."""
    for operator in CHOICES["operator"] if call in BY_OPERATOR else ("auto",):
        try:
            call(economy, SolverOptions(operator=operator))
        except InputError as error:
            if error.argument != "operator":
                raise


@hinted
def warm_up(models: Any = None, *, progress: Progress = None) -> xr.Dataset:
    """Compile ahead what the usual calls of models need, so that no later call waits for it.

    Short and long runs with their stability, sweeps, all equilibria, thresholds and bifurcation
    diagrams of economies of two to five regions are solved, with and without an online region, and
    runs with every operator. What that compiles is kept on this machine until nege changes.

    Parameters
    ----------
    models : str, class, or sequence of them, optional
        Which models, as "core-periphery" or ``nege.CorePeriphery``; all of them by default.
    progress : bool or callable, optional
        Show a bar; by default where somebody watches, and only for work that lasts. Or
        ``callback(done, total, words)``, which hears of every step (``nege.progress``).

    Returns
    -------
    Dataset
        ``compiled`` and ``seconds`` over (model, call): how many functions were compiled for a
        call, and how long all of it took. Calls that come first compile what others use too.

    Raises
    ------
    InputError
        For an unknown model, or one of your own that typical numbers do not make.

    Notes
    -----
    Not for what is compiled for each process, as is a model that is defined in a notebook.

    Examples
    --------
    >>> import nege
    >>> made = nege.warm_up("footloose-capital")
    >>> made.call.values.tolist()
    ['short run', 'long run', 'sweep', 'equilibria', 'thresholds', 'bifurcation']
    """
    chosen = _chosen(models)
    calls = [
        (kind, name, call)
        for kind in chosen
        for name, (call, in_shares) in CALLS.items()
        if kind.in_shares or not in_shares
    ]
    shape = len(chosen), len(CALLS)
    compiled, seconds = np.zeros(shape, dtype=np.int64), np.zeros(shape)
    economies = {kind: _economies(kind) for kind in chosen}
    with watched(progress, len(calls), f"{chosen[0].title}: short run") as steps:
        for k, (kind, name, call) in enumerate(calls):
            steps.expect(len(calls) - k, f"{kind.title}: {name}")
            before, began = compilations.count, time.perf_counter()
            with silence(), compiled_only():  # the bar says what lasts
                for economy in economies[kind]:
                    _called(call, economy)
            where = chosen.index(kind), list(CALLS).index(name)
            compiled[where] = compilations.count - before
            seconds[where] = time.perf_counter() - began
            steps()
    over = ("model", "call")
    return xr.Dataset(
        {
            "compiled": (over, compiled, {"long_name": "functions that were compiled"}),
            "seconds": (over, seconds, {"long_name": "time taken", "units": "s"}),
        },
        coords={"model": [kind.title for kind in chosen], "call": list(CALLS)},
    )


def _chosen(models: Any) -> list[type[Model]]:
    """Return the classes of the models that are meant."""
    kinds = Model.kinds()
    if models is None:
        return list(kinds.values())
    named = kinds | {kind.__name__: kind for kind in kinds.values()}
    several = validation.texts("models", [models] if isinstance(models, (str, type)) else models)
    found = []
    for model in several:
        if isinstance(model, str):
            found.append(named[validation.known("models", model, list(named))])
        elif isinstance(model, type) and model in kinds.values():
            found.append(model)
        else:
            cure = f"Or a list of them. {near(model, kinds)}"
            raise InputError("models", model, "the name of a model, or its class", cure)
    if not found:
        raise InputError("models", models, "at least one model", "None, the default, is all.")
    return list(dict.fromkeys(found))
