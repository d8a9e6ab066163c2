"""Real wage as the payoff: of core-periphery and of footloose entrepreneurs.

ln omega_r = ln B_r + ln w_r + mu/(sigma-1) ln P_r
"""

from __future__ import annotations

from nege.kernels.duals import log


def log_real_wage(p, r, share, state, price):
    """Return ln omega, given parameters sigma, mu and log_amenity, the state being ln w."""
    return p.log_amenity[r] + state + p.mu / (p.sigma - 1.0) * log(price)
