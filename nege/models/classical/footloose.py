"""Footloose models: a firm is one unit of the mobile factor, capital or a skilled worker.

Per unit sold it takes (sigma-1)/sigma of the numeraire good, so that a variety costs 1 where
it is made, 1/(1 - zeta) online, and supply to price indices moves with shares alone:

    supply_r = share_r (1 - zeta_r)^(sigma-1),    Delta_s = sum_r phi_rs supply_r

The state u is the logarithm of what the unit earns, mu/sigma (1 - zeta)^sigma times market access.
"""

from __future__ import annotations

import numpy as np

from nege.kernels import equations
from nege.kernels.vmath import exp, log


def register(cls: type) -> None:
    """Let a type of parameters with sigma, mu and log_net supply and earn what such firms do."""
    equations.supply.register(cls)(_supply)
    equations.supply_tangent.register(cls)(_supply_tangent)
    equations.respond.register(cls)(_respond)
    equations.respond_tangent.register(cls)(_respond_tangent)
    equations.response.register(cls)(_response)
    equations.exponents.register(cls)(_exponents)


def _supply(parameters, share, state, out):
    for r in range(state.size):
        out[r] = share[r] * exp((parameters.sigma - 1.0) * parameters.log_net[r])


def _supply_tangent(parameters, direction, share, state, out):
    p, d = parameters, direction
    equations.supply(p, share, state, out)
    for r in range(state.size):
        out[r] *= (p.sigma - 1.0) * d.log_net[r] + d.sigma * p.log_net[r]


def _respond(parameters, share, state, access, change):
    p = parameters
    level = np.log(p.mu / p.sigma)
    for r in range(state.size):
        change[r] = level + p.sigma * p.log_net[r] + log(access[r]) - state[r]


def _respond_tangent(parameters, direction, share, state, access, out):
    p, d = parameters, direction
    for r in range(state.size):
        out[r] = d.mu / p.mu - d.sigma / p.sigma + d.sigma * p.log_net[r] + p.sigma * d.log_net[r]


def _response(parameters):
    """Profits are in proportion to market access."""
    return 1.0


def _exponents(parameters, share, state, work):
    p, top = parameters, 0.0
    for r in range(state.size):
        top = max(top, abs(state[r]) + p.sigma * abs(p.log_net[r]))
    return top + abs(np.log(p.mu / p.sigma))
