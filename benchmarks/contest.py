"""Who takes part, and a race between them on one problem."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from benchmarks import measure
from benchmarks.problems import Problem
from benchmarks.residual import FAILURE, residual

PATIENCE = 20.0  # seconds of CPU after which a method need not be called a second time


class Run(NamedTuple):
    """A solve that is ready to be called: what is timed, and how to read its result."""

    call: Callable[[], Any]
    wages: Callable[[Any], np.ndarray]
    evaluations: Callable[[Any], int | None] = lambda _: None


@dataclasses.dataclass(frozen=True)
class Contestant:
    """A method: where it comes from, how to prepare it, which problems are sensible for it."""

    name: str
    library: str
    prepare: Callable[[Problem], Run]
    largest: int = 10**9
    suits: Callable[[Problem], bool] = lambda _: True

    def enters(self, problem: Problem) -> bool:
        """Whether the method is sensible for the problem."""
        return problem.size <= self.largest and self.suits(problem)


def race(
    label: str, problem: Problem, contestants: Iterable[Contestant], *, rounds: int, budget: float
) -> dict[str, Any]:
    """Solve one problem by every method that enters, in turns, and return what was measured.

    Parameters
    ----------
    label : str
        What to call the race.
    problem : Problem
        The problem.
    contestants : iterable of Contestant
        The methods.
    rounds : int
        How often each is timed.
    budget : float
        CPU seconds after which a method sits out the remaining rounds.

    Returns
    -------
    dict
        Per method: seconds of every round (none in failure), residual re-measured by
        :func:`benchmarks.residual.residual`, evaluations of the map where known, CPU
        seconds of the first call with all compilation, and the reason of a failure.
    """
    found: dict[str, dict[str, Any]] = {}
    fit: dict[str, Callable[[], Any]] = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for contestant in contestants:
            if contestant.enters(problem):
                entry, call = _qualify(contestant, problem)
                found[contestant.name] = entry
                if call is not None:
                    fit[contestant.name] = call
        for name, seconds in measure.interleave(fit, rounds=rounds, budget=budget).items():
            found[name]["seconds"] = seconds
    return {
        "label": label,
        "problem": problem.name,
        "regions": problem.size,
        "sigma": problem.sigma,
        "mu": problem.mu,
        "tau": problem.tau,
        "symmetric": "symmetric" in problem.tags,
        "methods": found,
    }


def _qualify(contestant: Contestant, problem: Problem) -> tuple[dict, Callable[[], Any] | None]:
    """Call a method once and judge its answer; no second call for those who failed."""
    entry: dict[str, Any] = {
        "library": contestant.library,
        "seconds": [],
        "residual": None,
        "evaluations": None,
        "first_call": None,
        "failure": None,
    }
    began = time.process_time()
    try:
        run = contestant.prepare(problem)
        began = time.process_time()
        raw = run.call()
        entry["first_call"] = time.process_time() - began
        entry["residual"] = residual(problem, run.wages(raw))
        entry["evaluations"] = run.evaluations(raw)
    except Exception as error:  # whatever a method raises is a failure of that method only
        entry["failure"] = f"{type(error).__name__}: {error}".splitlines()[0][:160]
        return entry, None
    if not entry["residual"] <= FAILURE:
        entry["failure"] = f"residual {entry['residual']:.1e}"
        return entry, None
    if entry["first_call"] > PATIENCE:
        entry["seconds"] = [entry["first_call"]]
        return entry, None
    return entry, run.call
