"""Long run of quantitative spatial models, markets and shares of people solved jointly.

In the symbols of ``equations``, with d > 0 and kappa = 1. Given price and access,
earnings and then people follow place by place, from markets that clear and equal payoffs:

    v_r = [(sigma-1) ln A_r + ln z_r]/sigma
    ln L_r = {a_r + g [v_r + ln P_r/(sigma-1)]}/d + constant

and these give new prices and access. That map of 2R logs is the one whose uniqueness Allen &
Arkolakis prove; where they do, plain iteration contracts, and no dynamics are needed: ``Joint``.

Tastes act as congestion. Under logit dynamics ln L_r = ln B_r + ln V_r/s + constant, which is the
line above with d + s for d and a_r + s ln B_r for a_r: the same economy, with more congestion.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nege.kernels import fixed_point
from nege.kernels.codes import ANDERSON, CONVERGED, LIMIT, STALLED
from nege.kernels.equations import Economy, goods, normalise
from nege.kernels.fixed_point import Options, Report
from nege.kernels.operators import buy, sell
from nege.solver_options import SolverOptions

PROBES = 200  # plain steps at most from which the error of a long run is estimated
LEFT = 1e-10  # of a deviation, where following it ends
ROUNDING = 1e-15  # of logs of prices and access
FAR = 1e3  # times the tolerance: that far off iterations were too few, nearer rounding ended them


class Joint:
    """The joint system of markets and location: its state is ln P, then ln z.

    Parameters
    ----------
    economy : Economy
        With kappa = 1.
    parameters : NamedTuple
        The same by name.
    """

    def __init__(self, economy: Economy, parameters: Any) -> None:
        self.economy, self.parameters = economy, parameters
        p, self.places = parameters, np.size(parameters.log_productivity)
        self.made, self.priced = (p.sigma - 1.0) * p.log_productivity, p.sigma - 1.0

    def locate(self, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return people and v of every place, given ln price and ln access."""
        with np.errstate(all="ignore"):  # what is not finite ends the search
            return self._located(logs)

    def _located(self, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p, price, access = self.parameters, logs[: self.places], logs[self.places :]
        state = (self.made + access) / p.sigma
        liked = p.log_attraction + p.intensity * (state + price / self.priced)
        liked /= p.congestion
        share = np.exp(liked - liked.max())
        share /= share.sum()
        normalise(self.economy, share, state)
        return share, state

    def change(self, logs: np.ndarray) -> np.ndarray:
        """Return by how much people and earnings, from prices and access, change these."""
        found, n = np.empty(2 * self.places), self.places
        supply, spending = np.empty((2, n))
        with np.errstate(all="ignore"):
            share, state = self._located(logs)
            goods(self.economy, share, state, supply, spending)
            buy(self.economy.operator, supply, found[:n])
            sell(self.economy.operator, spending / np.exp(logs[:n]), found[n:])
            return np.asarray(np.log(found, out=found) - logs)

    def solve(self, logs: np.ndarray, options: Options) -> Report:
        """Solve for prices and access in place, as a short run is solved, by the residual alone.

        The error is estimated afterwards, at the solution.
        """
        w = fixed_point.begin(logs, options)
        while True:
            w.vectors[fixed_point.CHANGE] = self.change(logs)
            status = fixed_point.judge(w, logs, options)
            if status == fixed_point.CONFIRM:
                status = CONVERGED
            if status != fixed_point.GO_ON:
                return Report(*fixed_point.finish(w, logs, status, 1.0, 0.0))
            fixed_point.move(w, logs, options)


# --- estimate of the error ----------------------------------------------------------


def settle(joint: Joint, logs: np.ndarray, options: SolverOptions) -> tuple[Report, float]:
    """Solve for prices and access in place, and estimate the error of shares.

    Where a small residual proves too little, once more to a smaller one.
    """
    tolerance, done = options.tolerance_residual, 0
    limit = min(options.limit_iterations, options.limit_steps)  # of all in one, both are about it
    while True:
        how = Options(tolerance, 1.0, limit, ANDERSON)
        report = joint.solve(logs, how)
        ran_out = report.status == LIMIT and report.residual > FAR * options.tolerance_residual
        if done and report.status == LIMIT:
            report = report._replace(status=STALLED)  # rounding is in the way, not the limit
        done += report.iterations
        error = max(report.residual, ROUNDING) * _sensitivity(joint, logs)
        if ran_out or error <= options.tolerance_error or tolerance <= ROUNDING:
            return report._replace(iterations=done), error
        tolerance = max(ROUNDING, min(0.1, options.tolerance_error / error) * tolerance)


def _sensitivity(joint: Joint, logs: np.ndarray) -> float:
    """Error of shares for a residual of one: over 1 - the factor by which deviations shrink.

    A deviation of 1e-4 that shares no symmetry with anything is followed for plain steps,
    until only the slowest is left of it.
    """
    p, image = joint.parameters, logs.copy()
    image += 1e-4 * (np.modf(0.6180339887498949 * np.arange(1, logs.size + 1) ** 2)[0] - 0.5)
    size, factor = 1e-4, 1.0
    for _ in range(PROBES):
        image += joint.change(image)
        before, size = size, float(np.max(np.abs(image - logs)))
        factor = size / before
        if size < LEFT:
            break
    if not factor < 1.0:
        return math.inf
    slope = p.intensity * (1.0 / p.sigma + 1.0 / (p.sigma - 1.0)) / p.congestion
    return float(max(1.0, slope) / (1.0 - factor))
