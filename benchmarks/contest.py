"""Who takes part, and a race between them on one problem."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from benchmarks import measure, problems

GOOD = 1.01e-12  # residual beyond which an answer is a failure; a hundredth is for rounding
PATIENCE = 10.0  # CPU seconds of a call, compiled, after which a method need not be called again
Call = Callable[[], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Method:
    """A way to solve a problem, and up to which size it is sensible.

    It is prepared once per problem (compiled, where it compiles) and then called without
    arguments; it returns wages, or what else the problem asks for. Whatever it raises counts
    as a failure.
    """

    name: str
    library: str
    prepare: Callable[[Any], Call]
    largest: int = 10**9


def race(
    p: Any,
    methods: Iterable[Method],
    *,
    rounds: int,
    budget: float,
    residual: Callable[[Any, Any], float] = problems.residual,
    good: float = GOOD,
) -> dict[str, dict[str, Any]]:
    """Solve one problem by every method that is sensible for its size, turn by turn.

    Parameters
    ----------
    p : Problem
        The problem, or whatever else the methods can solve that has a ``size``.
    methods : iterable of Method
        Who takes part.
    rounds, budget
        As in :func:`benchmarks.measure.together`.
    residual, good
        What an answer leaves of the problem, and how much of that is no failure.

    Returns
    -------
    dict
        By method: library, seconds of every round (none in failure), seconds of the
        first call with all compilation, residual as re-measured, and the reason of a
        failure.
    """
    found: dict[str, dict[str, Any]] = {}
    fit: dict[str, Call] = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for method in methods:
            if p.size <= method.largest:
                entry, call = _judge(p, method, residual, good)
                found[method.name] = entry
                if call is not None:
                    fit[method.name] = call
        for name, seconds in measure.together(fit, rounds=rounds, budget=budget).items():
            found[name]["seconds"] = seconds
    return found


def _judge(
    p: Any, method: Method, residual: Callable[[Any, Any], float], good: float
) -> tuple[dict[str, Any], Call | None]:
    """Call a method once and judge its answer; no second call for those who failed.

    The first call compiles, which is nobody's speed. Where it was long, a second one tells a
    slow method from a slow compiler.
    """
    entry: dict[str, Any] = {"library": method.library, "seconds": [], "first_call": None}
    entry |= {"residual": None, "failure": None}
    began = time.process_time()
    try:
        call = method.prepare(p)
        wage = call()
        entry["first_call"] = time.process_time() - began
        entry["residual"] = residual(p, wage)
    except Exception as error:  # whatever a method raises is its failure
        entry["failure"] = f"{type(error).__name__}: {error}".splitlines()[0][:160]
        return entry, None
    if not entry["residual"] <= good:
        entry["failure"] = f"residual {entry['residual']:.0e}"
        return entry, None
    if entry["first_call"] > PATIENCE:
        again = measure.seconds(call)
        if again > PATIENCE:
            entry["seconds"] = [again]
            return entry, None
    return entry, call
