"""Partial derivatives inside a place of a core-periphery economy, for ``derivatives``."""

from __future__ import annotations

from nege.kernels import equations
from nege.kernels.vmath import exp, log


def register(cls: type) -> None:
    """Let the parameters of core-periphery have derivatives."""
    equations.response.register(cls)(_response)
    equations.sensitivities.register(cls)(_sensitivities)
    equations.supply_tangent.register(cls)(_supply_tangent)
    equations.spending_tangent.register(cls)(_spending_tangent)
    equations.respond_tangent.register(cls)(_respond_tangent)


def _response(parameters):
    return 1.0 / parameters.sigma


def _sensitivities(parameters, share, state, out):
    """With p = w/(1-zeta): x = lambda p^(1-sigma), and the pool is the commission, zeta p."""
    p = parameters
    for r in range(state.size):
        wage = p.mu * exp(state[r])
        mill = exp((1.0 - p.sigma) * (state[r] - p.log_net[r]))
        rebate = wage * (exp(-p.log_net[r]) - 1.0) / (1.0 - p.mu)
        out[0, r], out[3, r] = (1.0 - p.sigma) * share[r] * mill, mill
        out[1, r], out[4, r] = share[r] * wage, wage
        out[2, r], out[5, r] = share[r] * rebate, rebate


def _supply_tangent(parameters, direction, share, state, out):
    p, d = parameters, direction
    equations.supply(p, share, state, out)
    for r in range(state.size):
        out[r] *= (p.sigma - 1.0) * d.log_net[r] - d.sigma * (state[r] - p.log_net[r])


def _spending_tangent(parameters, direction, share, state, out):
    p, d = parameters, direction
    rebate = moved = 0.0
    for r in range(state.size):
        wage, gross = share[r] * exp(state[r]), exp(-p.log_net[r])
        out[r] = d.mu * wage
        rebate += p.mu * wage * (gross - 1.0)
        moved += d.mu * wage * (gross - 1.0) - p.mu * wage * gross * d.log_net[r]
    for s in range(state.size):
        out[s] += d.farmers[s] * (1.0 - p.mu + rebate) + p.farmers[s] * (moved - d.mu)


def _respond_tangent(parameters, direction, share, state, access, out):
    p, d = parameters, direction
    for r in range(state.size):
        out[r] = d.log_net[r] - d.sigma * log(access[r]) / (p.sigma * p.sigma)
