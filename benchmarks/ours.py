"""Every call that the benchmarks make into nege, and nothing else.

When a kernel is added or moved, this is the file to change: enter it in ``KERNELS``
under the name by which the table asks for it. A name that is not entered is reported
as not built yet, with its peers timed all the same.

===================  ==============================================================
``general``          dense K of any kind
``symmetric``        dense symmetric K, of which half is read
``fused``            dense asymmetric K, read once per iteration instead of twice
``grid``             a regular grid by FFT, with and without an online region
``circle``           a racetrack or circle by FFT, likewise
``line``             a line by two sweeps, likewise
``two-region grid``  all pairs of trade costs and shares of two regions at once
===================  ==============================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contest import Contestant, Run
from benchmarks.problems import Problem

TOLERANCE = 1e-12  # of the residual
TOLERANCE_ERROR = 1e-8  # of the bound on the wages' error
LIMIT = 10_000

#: What a kernel must suit before it enters a race, by its name.
SUITS: dict[str, Callable[[Problem], bool]] = {
    "general": lambda problem: problem.dense,
    "symmetric": lambda problem: problem.dense and "symmetric" in problem.tags,
    "fused": lambda problem: problem.dense and "asymmetric" in problem.tags,
    "grid": lambda problem: problem.kind == "grid",
    "circle": lambda problem: problem.kind == "circle" and problem.size > 3,
    "line": lambda problem: problem.kind == "line",
}


def _solver(problem: Problem, operator: Any) -> Run:
    """Prepare the short run of a core-periphery economy on one operator."""
    from nege.kernels.fixed_point import Options, fixed_point
    from nege.models.core_periphery import Parameters

    size = problem.size
    commission = np.broadcast_to(np.asarray(problem.commission, dtype=float), (size,)).copy()
    share = problem.share
    parameters = Parameters(
        problem.sigma, problem.mu, problem.farmers, commission, np.zeros(size), operator
    )
    options = Options(TOLERANCE, TOLERANCE_ERROR, LIMIT)

    def call() -> tuple[np.ndarray, Any]:
        state = np.zeros(size)
        return state, fixed_point(parameters, share, state, options)

    return Run(call, lambda found: np.exp(found[0]), lambda found: found[1].iterations)


def _general(problem: Problem) -> Run:
    from nege.kernels.operators import Dense

    return _solver(problem, Dense(problem.freeness))


#: The kernels there are. All but the last take a problem and give a Run; the two-region
#: grid takes (trade costs, shares, sigma, mu) and gives a Run whose wages have the shape
#: (trade costs, shares, 2).
KERNELS: dict[str, Callable[..., Run]] = {
    "general": _general,
}

GRID = "two-region grid"


def kernels() -> list[Contestant]:
    """Every kernel there is that solves one problem at a time."""
    return [
        Contestant(f"nege {name}", "nege", prepare, suits=SUITS[name])
        for name, prepare in KERNELS.items()
        if name in SUITS
    ]


def labelled() -> Contestant:
    """nege.short_run on a model with names, checks and a result with units."""
    return Contestant("nege labelled API", "nege labelled", _labelled, largest=3000)


def _labelled(problem: Problem) -> Run:
    import nege

    cost = problem.freeness ** (1.0 / (1.0 - problem.sigma))
    model = nege.CorePeriphery(
        nege.geography.from_distance(1.0 - np.eye(problem.size)),
        sigma=problem.sigma,
        mu=problem.mu,
        trade_cost=np.maximum(cost, 1.0),
        farmers=problem.farmers,
    )
    share = problem.share
    return Run(
        lambda: nege.short_run(model, share),
        lambda found: found.data["wage"].values,
        lambda found: found.iterations,
    )


def draw(seed: int) -> tuple[Problem, Callable[[], np.ndarray]]:
    """Draw one of the test suite's random economies: its numbers, and the call that solves it.

    The numbers are read from the model's public fields, not from its kernel.
    """
    import draws  # tests/draws.py and tests/reference.py: see run.py
    import reference

    import nege

    model, share = draws.economy(seed)
    plain = reference.of_model(model)
    problem = Problem(
        name=f"draw {seed}",
        kind="given",
        size=len(share),
        sigma=plain["sigma"],
        mu=plain["mu"],
        tau=np.nan,
        share=share,
        farmers=plain["farmers"],
        commission=plain["commission"],
        matrix=plain["cost"] ** (1.0 - plain["sigma"]),
    )
    return problem, lambda: nege.short_run(model, share).data["wage"].values


#: Run in a new process. ``before`` is not timed, ``call`` is, ``after`` checks.
FIRST_CALL = {
    "before": (
        "import numba, nege\n"
        "places = nege.geography.equidistant(2)\n"
        "model = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7)\n"
    ),
    "short run": "found = nege.short_run(model, [0.7, 0.3])\n",
    "long run": "found = nege.solve(model, [0.7, 0.3])\n",
    "after": "assert found.converged\n",
}
