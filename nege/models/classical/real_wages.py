"""Real wage as the payoff: of core-periphery and of footloose entrepreneurs.

ln omega_r = ln B_r + ln w_r + mu/(sigma-1) ln P_r
"""

from __future__ import annotations

from nege.kernels import equations
from nege.kernels.vmath import log


def register(cls: type) -> None:
    """Let a type of parameters with sigma, mu and log_amenity, and log wages for its state."""
    equations.payoff.register(cls)(_payoff)
    equations.payoff_sensitivities.register(cls)(_payoff_sensitivities)
    equations.payoff_tangent.register(cls)(payoff_tangent)


def _payoff(parameters, share, state, price, out):
    p = parameters
    for r in range(state.size):
        out[r] = p.log_amenity[r] + state[r] + p.mu / (p.sigma - 1.0) * log(price[r])


def _payoff_sensitivities(parameters, share, state, price, out):
    for r in range(state.size):
        out[0, r], out[1, r], out[2, r] = 1.0, parameters.mu / (parameters.sigma - 1.0), 0.0


def payoff_tangent(parameters, direction, share, state, price, out):
    """Write how ln B + mu/(sigma-1) ln P moves: all of a payoff that names these parameters."""
    p, d = parameters, direction
    love = (d.mu - d.sigma * p.mu / (p.sigma - 1.0)) / (p.sigma - 1.0)
    for r in range(state.size):
        out[r] = d.log_amenity[r] + love * log(price[r])
