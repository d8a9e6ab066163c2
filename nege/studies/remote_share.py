"""The weight of remote work at which an observed share works remotely.

    S(r) = sum_n R_n sum_i lambda_ni s_ni                         who works remotely, of all

One equation in the weight r, solved by the secant rule in logit S and ln r, which are nearly a
straight line: for one pair of places S = r/(r + constant). S rises with r in all that was looked
at; what is known to be too low and too high guards the rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nege import validation
from nege.errors import InputError
from nege.models.quantitative.commuting import Commuting
from nege.solver_options import SolverOptions
from nege.solvers.long_run import solve
from nege.validation.keywords import hinted

__all__ = ["with_remote_share"]

TOLERANCE = 1e-11  # of logit S
CLOSE = 1e-13  # steps of ln r below which nothing changes but rounding
NOISE = 1e-8  # of logit S that rounding, and tolerances of a solve, may leave
LIMIT = 100  # evaluations
LONGEST = 20.0  # step of ln r


@hinted
def with_remote_share(
    model: Commuting, remote_share: float, *, options: SolverOptions | None = None
) -> Commuting:
    """Remote work from its share: the economy with the weight at which so many work remotely.

    S(r) = sum_n R_n sum_i lambda_ni s_ni of the long run, solved for r. The weight of one more way
    to get to every job is no share: a small one may make nearly everybody work remotely.

    Parameters
    ----------
    model : Commuting
        The economy; its own `remote` does not count.
    remote_share : float
        Share of all workers who work remotely, at least 0 and below 1.
    options : SolverOptions, optional
        Tolerances and limits of each long run.

    Returns
    -------
    Commuting
        The economy with that `remote`.

    Raises
    ------
    InputError
        For another model, or a share that is none.
    ConvergenceError
        Where a long run on the way was not found.

    Notes
    -----
    Not for data in which so many work remotely already: ``nege.invert(model, ...,
    remote_share=...)`` takes it together with them. And ``nege.counterfactual(equilibrium,
    remote_share=...)`` says what follows from it.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.line(3)
    >>> model = nege.Commuting(
    ...     places, sigma=4, mu=0.7, taste=3, trade_cost=1.5, commuting_cost=2
    ... )
    >>> third = nege.with_remote_share(model, 0.3)
    >>> data = nege.solve(third).data
    >>> round(third.remote, 4), round(float(data.share @ data.remote_share), 6)
    (0.1685, 0.3)
    """
    if not isinstance(model, Commuting):
        raise InputError(
            "model", model, "nege.Commuting", "Others know no remote work of this kind."
        )
    wanted, start = checked_share(remote_share), model.default_start()

    def working_remotely(weight: float) -> float:
        nonlocal start
        found = solve(model.replace(remote=weight), start, options=options).data
        start = found["share"].values  # the next one is near
        return float(start @ found["remote_share"].values)

    return model.replace(remote=weight_at(wanted, working_remotely))


def checked_share(value: Any) -> float:
    """Return a share of workers who work remotely, which are not all of them."""
    cure = "It is a share of all workers; no finite weight makes all of them work remotely."
    return validation.number("remote_share", value, at_least=0.0, below=1.0, cure=cure)


def weight_at(wanted: float, share: Callable[[float], float], first: float = 1e-3) -> float:
    """Return the weight of remote work at which a share is what is wanted.

    Parameters
    ----------
    wanted : float
        At least 0 and below 1.
    share : callable
        The share at a weight.
    first : float
        A weight to begin with.
    """
    if not wanted:
        return 0.0
    low, high = -math.inf, math.inf  # ln r known to be too low, and too high
    x, slope, before = math.log(first), 1.0, (math.nan, math.nan)
    for _ in range(LIMIT):
        gap = _logit(share(math.exp(x))) - _logit(wanted)
        settled = abs(x - before[0]) <= CLOSE
        if abs(gap) <= (NOISE if settled else TOLERANCE):
            return math.exp(x)
        if settled:
            break
        low, high = (x, high) if gap < 0.0 else (low, x)
        secant = (gap - before[1]) / (x - before[0])
        slope = secant if 0.0 < secant < math.inf else slope
        before = x, gap
        x -= max(-LONGEST, min(LONGEST, gap / slope))
        if not low < x < high:
            x = 0.5 * (low + high)
    raise InputError(
        "remote_share",
        wanted,
        "a share that some weight of remote work leads to",
        f"At remote={math.exp(low):.6g} fewer work remotely, at {math.exp(high):.6g} more.",
    )


def _logit(share: float) -> float:
    """Return the log odds; infinite where rounding leaves nobody, or nobody else."""
    if not 0.0 < share < 1.0:
        return math.copysign(math.inf, share - 0.5)
    return math.log(share) - math.log1p(-share)
