"""Checks for test suites: of a stored equilibrium, and of a model, by its published equations."""

from __future__ import annotations

import dataclasses
import math
import pathlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import ConvergenceError, InputError, NegeError, counted
from nege.geography import from_distance
from nege.kernels import codes
from nege.kernels.equations import Economy, normalise, update
from nege.models.base import Model
from nege.models.fields import Number, Over, Shares
from nege.models.law_of_motion import Linearised, law_of_motion
from nege.models.parameter_axes import items
from nege.results.equilibrium import Equilibrium, check_equilibrium
from nege.solver_options import Replicator, SolverOptions
from nege.solvers.long_run import solve
from nege.solvers.short_run import short_run
from nege.structure.stability import stability
from nege.sweeps.load import load
from nege.validation.keywords import hinted

__all__ = ["assert_equilibrium", "check_model"]


@hinted
def violations(equilibrium: Equilibrium) -> dict[str, float]:
    """Return how far each condition of equilibrium is violated, from the stored data alone.

    Parameters
    ----------
    equilibrium : Equilibrium
        A short or long run.

    Returns
    -------
    dict of str to float
        Relative violation by name of the equation; in a long run also of
        complementarity.
    """
    data, model = equilibrium.data, equilibrium.model
    found = model.audit_motion(data, equilibrium.dynamics)
    for name, size in model.audit(data).items():  # the worse of two that bear one name
        found[name] = float(np.maximum(found.get(name, 0.0), size))
    return found


@hinted
def assert_equilibrium(equilibrium: Equilibrium, *, tolerance: float = 1e-9) -> None:
    """Check that an economy is in equilibrium, from what was stored and nothing else.

    Each equation of the model is recomputed in plain NumPy from the stored
    variables; in a long run, payoffs must be equal among occupied regions and no
    higher elsewhere (or shares equal choice probabilities).

    Parameters
    ----------
    equilibrium : Equilibrium
        A short or long run, also one that was loaded from a file.
    tolerance : float
        Largest relative violation that passes.

    Raises
    ------
    AssertionError
        Naming every condition that fails, NaN included, or the status where the
        solve had not converged.
    InputError
        For what is not an Equilibrium, or a tolerance that is none.

    Notes
    -----
    Not a check of stability, nor of uniqueness: an unstable equilibrium passes.

    Examples
    --------
    >>> import nege
    >>> economy = nege.CorePeriphery(nege.geography.star(4), sigma=5, mu=0.4, trade_cost=1.5)
    >>> nege.testing.assert_equilibrium(nege.solve(economy))
    """
    check_equilibrium(equilibrium)
    tolerance = validation.number("tolerance", tolerance, at_least=0.0)
    if not equilibrium.converged:
        raise AssertionError(f"not converged: {equilibrium.status.message}")
    wrong = [
        f"{name}: off by {size:.2e}"
        for name, size in violations(equilibrium).items()
        if not (math.isfinite(size) and size <= tolerance)
    ]
    if wrong:
        raise AssertionError("not an equilibrium: " + "; ".join(wrong))


# --- of a model ------------------------------------------------------------------------

DRAWS = 8  # economies that are tried
SPREADS = (3.0, 0.7)  # of the distributions that each is looked at: about even, and uneven
LEAST = 0.01  # of a distribution that all places share, so that differences go both ways
TRIES = 100  # of parameters that the model may refuse, for each of them
SLOPE = 1e-6  # by which a derivative may be off a difference, relative to the largest
OFF = 1e-3  # by which a variable is made wrong
SAME = 1e-9  # by which the answers to one question may be off each other
STEPS = 2000  # of respond itself, to see where it leads
ALIKE = 1e-6  # spread of it over places, relative to its level, that is none
SHARP = SolverOptions(tolerance_residual=1e-13)


@dataclasses.dataclass(frozen=True)
class Checked:
    """What a model was held to, and kept: printed, a line for each promise.

    Parameters
    ----------
    model : type
        The class.
    promises : tuple of str
        What was checked, in words.
    regions : tuple of int
        How many regions each economy had that was drawn.
    seed : int
        Of the draws.
    """

    model: type[Model]
    promises: tuple[str, ...]
    regions: tuple[int, ...]
    seed: int

    def __repr__(self) -> str:
        ends = sorted({*self.regions})
        sizes = f" of {' to '.join(map(str, ends[:: len(ends) - 1 or 1]))} regions" if ends else ""
        drawn = f"{counted(len(self.regions), 'economy', 'economies')}{sizes}"
        head = f"{self.model.__qualname__} keeps what it promises, in {drawn}"
        return "\n  ".join([f"{head} (seed {self.seed}):", *self.promises])


@hinted
def check_model(
    model: type[Model], *, seed: int = 0, parameters: Mapping[str, Any] | None = None
) -> Checked:
    """Hold a model to the promises of its family, in economies drawn at random.

    Places of two to five, at random distances; parameters, and what each place has, within the
    bounds that their fields say, save those given. In each economy, at an even and an uneven
    distribution:

    - short and long runs satisfy the equations of ``audit``, which are written apart, and which
      notice where any one variable is off;
    - places in another order have the same answer, and so has another unit of distance;
    - derivatives of payoffs, by every share and every parameter, are those of differences;
    - the long run is stable as its growth rates say, and a file gives that of the even one back.

    Parameters
    ----------
    model : type
        A subclass of ``nege.models.base.Model`` whose long run is in shares.
    seed : int
        Of the draws.
    parameters : mapping, optional
        What is not to be drawn: what bounds alone do not keep together.

    Returns
    -------
    Checked
        What was checked, and in how many economies: it prints as a list.

    Raises
    ------
    AssertionError
        Naming the promise, the economy, and by how much it is broken; where something could not be
        solved, the likeliest cause.
    InputError
        Where no drawn economy is accepted: give some parameters.

    Notes
    -----
    Not a proof: it draws eight economies. Nor for models of industries.

    Examples
    --------
    >>> import nege
    >>> nege.testing.check_model(nege.FootlooseCapital, parameters={"sigma": 5})
    FootlooseCapital keeps what it promises, in 8 economies of 2 to 5 regions (seed 0):
      the equations of its audit hold
      the order of places does not matter
      the unit of distance does not matter
      derivatives are those of differences
      long runs are equilibria, and stable
      files keep long runs
    """
    if not (isinstance(model, type) and issubclass(model, Model) and model.in_shares):
        raise InputError("model", model, "a class of models whose long run is in shares")
    given = {} if parameters is None else dict(items("parameters", parameters))
    for name in given:
        validation.known("parameters", name, [*model.fields])
    rng = np.random.default_rng(validation.whole("seed", seed, at_least=0))
    sizes = []
    for _ in range(DRAWS):
        economy = _drawn(model, rng, given)
        n = len(economy.regions)
        for spread, checks in zip(SPREADS, ({**_CHECKS, **_ONCE}, _CHECKS), strict=True):
            share = LEAST / n + (1.0 - LEAST) * rng.dirichlet(np.full(n, spread))
            for name, check in checks.items():
                try:
                    check(economy, share)
                except (AssertionError, NegeError) as error:
                    unsolved = isinstance(error, ConvergenceError)
                    why = _likeliest(economy, share, error) if unsolved else error
                    where = f"in {economy!r} at shares {share.round(3).tolist()}"
                    raise AssertionError(f"{name}: {why}\n{where}") from None
        sizes.append(n)
    return Checked(model, tuple({**_CHECKS, **_ONCE}), tuple(sizes), int(seed))


def _likeliest(economy: Model, share: np.ndarray, error: Exception) -> str:
    """Say why something was not solved: of a short run from its own equations, at these shares."""
    assert isinstance(error, ConvergenceError)
    failed = error.equilibrium
    said = f"{failed.horizon} did not converge: {failed.status.message}"
    said = f"{said} (residual {failed.residual:.1e})"
    if failed.horizon == "long run":
        return (
            f"{said}. Short runs and slopes hold there, so look at payoff: has it a distribution "
            "at which people stay? If only at some parameters, give these: parameters={...}."
        )
    known = economy.arrays_for(SHARP.operator, compiled=True)
    if not isinstance(known, Economy):
        return f"{said}. Look at the equations of its short run."
    state, work, change = economy.start_state(), np.empty((4, share.size)), np.empty(share.size)
    update(known, share, state, work, change)
    parts = dict(zip(("supply", "spending", "price", "access"), work, strict=True))
    for name, values in {**parts, "respond": change}.items():
        if not np.isfinite(values).all():
            return (
                f"{said}. Where the short run starts, at start_state(), {name} is not finite: "
                f"{values.round(3).tolist()}. Look at what it takes a logarithm or a power of."
            )
    for _ in range(STEPS):  # shifted to the numeraire, as the solver does it; half way, so that
        state += 0.5 * np.clip(change, -1.0, 1.0)  # what goes to and fro settles too
        normalise(known, share, state)
        update(known, share, state, work, change)
    level, spread = float(change.mean()), float(np.ptp(change))
    if known.numeraire and spread <= ALIKE * abs(level):
        return (
            f"numeraire and respond disagree (Walras): where numeraire sums to one, respond is "
            f"{level:.3g} in every place, and has to be zero there. A term is missing from, or too "
            f"much in, one of respond, spending, numeraire: each place's income and what firms "
            f"earn have to add up. So the {said}."
        )
    return (
        f"{said}, and respond is {change.round(3).tolist()} after {STEPS} half steps of it. It has "
        "to be f(state) - state, with an f of which steps end: look at its sign, at what is "
        "subtracted, and at how much it answers to the state."
    )


def _drawn(kind: type[Model], rng: np.random.Generator, given: dict[str, Any]) -> Model:
    """Return an economy that the model accepts."""
    for _ in range(TRIES):
        n = int(rng.integers(2, 6))
        points = rng.random((n, 2))
        places = from_distance(np.hypot(*(points[:, None] - points).T))
        values: dict[str, Any] = {}
        for name, field in kind.fields.items():
            if name in given:
                continue
            if isinstance(field, Shares):
                values[name] = rng.dirichlet(np.full(n, 3.0))
            elif isinstance(field, Over) and field.dims == ("region",):
                if field.default is None and field.instead is None:
                    continue  # nothing is what it usually is
                values[name] = np.array([_within(field.bounds, rng) for _ in range(n)])
            elif field.varied and (isinstance(field, Number) or field.scalar):
                values[name] = _within(field.bounds, rng)
        try:
            return kind(places, **{**values, **given})
        except InputError as error:
            refused = error
    raise InputError(
        "model", kind, f"one that accepts one of {TRIES} draws", f"Give parameters. {refused}"
    )


def _within(bounds: validation.Bounds, rng: np.random.Generator) -> float:
    """Return a number within bounds, of a common size."""
    low = bounds.above if bounds.above is not None else bounds.at_least
    high = bounds.below if bounds.below is not None else bounds.at_most
    if low is not None and high is not None:
        return float(low + (high - low) * rng.uniform(0.2, 0.8))
    if low is not None:
        return float(low + rng.uniform(0.3, 4.0))
    return float((high if high is not None else 0.0) - rng.uniform(0.3, 4.0))


def _close(found: np.ndarray, wanted: np.ndarray, tolerance: float, what: str) -> None:
    size = max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
    off = float(np.max(np.abs(found - wanted), initial=0.0)) / size
    assert off <= tolerance, f"{what} off by {off:.1e}"


def _solved(economy: Model, share: np.ndarray) -> Equilibrium:
    found = short_run(economy, share, options=SHARP)
    assert isinstance(found, Equilibrium)
    return found


def _adds_up(economy: Model, share: np.ndarray) -> None:
    found = _solved(economy, share)
    assert_equilibrium(found)
    for name in economy.variables:
        data = found.data.copy(deep=True)
        right = data[name].values
        data[name].values = right + OFF * (np.abs(right) if right.any() else 1.0)
        sizes = [*economy.audit_motion(data, None).values(), *economy.audit(data).values()]
        noticed = any(not size <= SAME for size in sizes)
        assert noticed, f"its audit has no equation that notices where {name} is wrong"


def _relabels(economy: Model, share: np.ndarray) -> None:
    names = economy.geography.names[::-1]
    fields = {}
    for name in economy.labelled:
        value = getattr(economy, name)
        if isinstance(value, xr.DataArray):
            dims = {str(dim) for dim in value.dims} & {"region", "origin", "destination"}
            fields[name] = value.sel({dim: list(names) for dim in dims})
    moved = economy.replace(geography=economy.geography.select(list(names)), **fields)
    n = len(names)
    order = [*range(n - 1, -1, -1), *range(n, share.size)]
    here, there = _solved(economy, share).data, _solved(moved, share[order]).data
    for name in economy.variables:
        by_name = there[name].sel({dim: here[dim] for dim in here[name].dims})
        _close(by_name.values, here[name].values, SAME, f"{name} of places in another order is")


def _changes_unit(economy: Model, share: np.ndarray) -> None:
    costs = {}  # per unit of distance
    for name, field in economy.fields.items():
        value = vars(economy)[name]
        if field.dims and field.scalar and isinstance(value, float):
            costs[name] = value**0.5 if field.bounds.at_least == 1.0 else 0.5 * value
    if not costs:
        return
    far = from_distance(2.0 * economy.geography.distance.values)
    fields = {
        name: getattr(economy, name).values
        for name in economy.labelled
        if isinstance(getattr(economy, name), xr.DataArray)
    }
    moved = economy.replace(geography=far, **costs, **fields)
    here, there = _solved(economy, share).data, _solved(moved, share).data
    for name in economy.variables:
        _close(
            there[name].values, here[name].values, SAME, f"{name} in another unit of distance is"
        )


def _linearised(economy: Model, share: np.ndarray, name: str) -> Linearised:
    """Return what draws people to each place, markets clearing, and how it changes."""
    law = law_of_motion(economy, Replicator(), SHARP)
    found = law.linearise(share, economy.start_state(), economy.direction(name))
    solved = found.status == codes.CONVERGED
    assert solved, f"a short run beside these shares is not solved (residual {found.residual:.1e})"
    return found


def _difference(at: Callable[[float], np.ndarray], step: float) -> np.ndarray:
    """Return a central difference of fourth order."""
    near, far = at(step) - at(-step), at(2.0 * step) - at(-2.0 * step)
    return np.asarray((8.0 * near - far) / (12.0 * step))


def _differentiates(economy: Model, share: np.ndarray) -> None:
    n, varied = share.size, list(_varied(economy))
    first = varied[0][0]
    found = _linearised(economy, share, first)
    assert found.defined, "payoffs have no derivative by shares"
    for j in range(n):
        others = np.eye(n)[j] - share  # so that shares keep their sum

        def towards(t: float, others: np.ndarray = others) -> np.ndarray:
            return _linearised(economy, share + t * others, first).attraction

        wanted = _difference(towards, min(1e-4, 0.01 * float(share.min())))
        slope = found.slopes @ others
        _close(slope, wanted, SLOPE, f"the slope of payoffs by the share of place {j} is")
    for name, value, step in varied:
        along = _linearised(economy, share, name)
        assert along.defined, f"payoffs have no derivative by {name}"

        def moved(t: float, name: str = name, value: float = value) -> np.ndarray:
            return _linearised(economy.replace({name: value + t}), share, name).attraction

        wanted = _difference(moved, step)
        _close(along.drift, wanted, SLOPE, f"the slope of payoffs by {name} is")


def _varied(economy: Model) -> Iterator[tuple[str, float, float]]:
    """Yield the parameters that are one number and may move a little, and the step."""
    for name, value in economy.scalars().items():
        step = 1e-4 * max(0.1, abs(value))
        try:
            for ends in (-2.0 * step, 2.0 * step):
                economy.replace({name: value + ends})
        except InputError:
            continue  # at the end of its range there is no difference on both sides
        yield name, value, step


def _rests(economy: Model, share: np.ndarray) -> None:
    found = solve(economy, share)
    assert_equilibrium(found)
    assert stability(found).stable, "the long run found is not stable"


def _keeps(economy: Model, share: np.ndarray) -> None:
    found = solve(economy, share)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "economy.nc"
        found.to_netcdf(path)
        again = load(path)
    assert isinstance(again, Equilibrium), "a file gives back something else"
    assert again.data.identical(found.data), "a file gives back other values"


_CHECKS: dict[str, Callable[[Model, np.ndarray], None]] = {
    "the equations of its audit hold": _adds_up,
    "the order of places does not matter": _relabels,
    "the unit of distance does not matter": _changes_unit,
    "derivatives are those of differences": _differentiates,
    "long runs are equilibria, and stable": _rests,
}
#: What takes long, and depends on the economy more than on where people are.
_ONCE: dict[str, Callable[[Model, np.ndarray], None]] = {"files keep long runs": _keeps}
