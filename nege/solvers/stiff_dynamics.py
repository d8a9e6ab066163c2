"""Dynamics of many speeds, followed by long steps: backward differentiation of order 1 to 5.

A share that is small, and nearly pays its way, grows or dies slowly, while large ones are back at
once wherever they are moved. Explicit steps are then no longer than the fastest rate allows,
thousands for one entry; implicit ones are as long as the path is smooth. Of

    y = ln lambda,  dy/dt = g(lambda(y)),  lambda_r = exp y_r/sum_s exp y_s

they need the slopes, for the share lambda of occupied regions and their growth rate g,

    dg/dy = diag(rho) [D - 1 (w'D + (lambda g)')],     D = S (I - 1 lambda')
    rho = 1 + g for the replicator, 1 under logit,     w = lambda rho

where S = dF/d ln lambda (``law_of_motion``). A step is allowed the error of an explicit one, so
both follow the same path. Source: Shampine & Reichelt (1997), SIAM J. Scientific Computing 18, in
SciPy's hands.
"""

from __future__ import annotations

import numpy as np

from nege.kernels.codes import CONVERGED, LIMIT, NOT_FINITE, STALLED
from nege.kernels.population_dynamics import Arrival, pace
from nege.models.law_of_motion import ClearedPoint, LawOfMotion
from nege.progress import stop_if_cancelled
from nege.solver_options import SolverOptions

PATIENCE, FEWEST = 3_000_000, 50  # explicit steps times regions cubed, and steps at least
STIFF = 0.5  # explicit step times the fastest rate, from which that rate is what holds it up
RELATIVE = 1e-13  # error of a step, of ln lambda: nothing beside the absolute one


def steps_before(regions: int) -> int:
    """Return after how many explicit steps to look: of few regions these cost next to nothing."""
    return max(FEWEST, PATIENCE // regions**3)


def jacobian(law: LawOfMotion, point: ClearedPoint, among: np.ndarray) -> np.ndarray:
    """Return dg_r/dy_k of the occupied regions `among`; NaN where markets leave it undefined."""
    share, growth = point.share[among], point.growth[among]
    rho = np.ones_like(growth) if law.dynamics.logit else 1.0 + growth
    slopes = law.slopes_among(point, among)
    slopes = slopes - np.outer(slopes.sum(1), share)
    return np.asarray(rho[:, None] * (slopes - ((share * rho) @ slopes + share * growth)))


def is_stiff(law: LawOfMotion, share: np.ndarray, state: np.ndarray, step: float) -> bool:
    """Whether explicit steps are as long as the fastest rate allows."""
    point = law.at(share, state)
    slopes = jacobian(law, point, np.flatnonzero(share > 0.0))
    if not np.isfinite(slopes).all():
        return False
    return bool(step * np.abs(np.linalg.eigvals(slopes)).max() > STIFF)


class _NoSlopesError(Exception):
    """Markets leave slopes undefined."""


def follow(
    law: LawOfMotion,
    share: np.ndarray,
    state: np.ndarray,
    options: SolverOptions,
    slow: float,
    step: float,
    limit_steps: int,
) -> Arrival:
    """Integrate, in place, until the pace of change is at most `slow`.

    Parameters
    ----------
    law : LawOfMotion
        The economy, and how people move.
    share, state : (R,) arrays
        Start; on return the point reached. Empty regions stay empty.
    options : SolverOptions
        Its ``tolerance_path`` is the local error in ln share for each step.
    slow : float
        Pace at which to stop.
    step : float
        Of the explicit method, which may go on from here.
    limit_steps : int
        Steps at most.

    Returns
    -------
    Arrival
        CONVERGED here means slow enough, not an equilibrium; STALLED that it gets no further.
    """
    from scipy.integrate import BDF  # a tenth of a second, which most solves need not wait for

    among = np.flatnonzero(share > 0.0)
    point = latest = law.at(share, state)

    def at(y: np.ndarray) -> ClearedPoint:
        there = np.zeros_like(share)
        there[among] = np.exp(y - y.max())
        return law.at(there / there.sum(), latest.state)

    def growth(_: float, y: np.ndarray) -> np.ndarray:
        nonlocal latest
        found = at(y)
        if np.isfinite(found.residual) and found.cleared.status not in (LIMIT, NOT_FINITE):
            latest = found
        return found.growth[among]

    def slopes(_: float, y: np.ndarray) -> np.ndarray:
        found = jacobian(law, at(y), among)
        if not np.isfinite(found).all():
            raise _NoSlopesError
        return found

    def speed(of: ClearedPoint) -> float:
        return float(pace(law.dynamics, of.share, of.growth))

    steps, status = 0, CONVERGED if speed(point) <= slow else LIMIT
    with np.errstate(all="ignore"):  # what is not finite is a step that is refused
        try:
            begin, allowed = np.log(share[among]), options.tolerance_path
            path = BDF(growth, 0.0, begin, np.inf, rtol=RELATIVE, atol=allowed, jac=slopes)
            while status == LIMIT and steps < limit_steps:
                stop_if_cancelled()
                path.step()
                if path.status != "running":
                    status = STALLED
                    break
                steps += 1
                # The latest point is all but that of the step, and is there already.
                if speed(latest) <= 2.0 * slow or steps == limit_steps:
                    point = at(path.y)
                    status = CONVERGED if speed(point) <= slow else LIMIT
        except _NoSlopesError:
            status = STALLED
        if status == STALLED and steps:
            point = at(path.y)
    share[:], state[:] = point.share, point.state
    return Arrival(status, speed(point), step, steps)
