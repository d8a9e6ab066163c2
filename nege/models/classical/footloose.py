"""Footloose models: a firm is one unit of the mobile factor, capital or a skilled worker.

Per unit sold it takes (sigma-1)/sigma of the numeraire good, so that a variety costs 1 where
it is made, 1/(1 - zeta) online, and supply to price indices moves with shares alone:

    supply_r = share_r (1 - zeta_r)^(sigma-1),    Delta_s = sum_r phi_rs supply_r

The state u is the logarithm of what the unit earns, mu/sigma (1 - zeta)^sigma times market access.
"""

from __future__ import annotations

from nege.kernels.duals import exp, log
from nege.kernels.jit import kernel


def supply(p, r, share, state):
    """Return what firms add to price indices, given parameters sigma and log_net."""
    return share * exp((p.sigma - 1.0) * p.log_net[r])


@kernel(arithmetic=True, inside=True)
def earned(p, r, spent, access):
    """Return ln of what a unit earns where each place's buyers spend so much on varieties."""
    return log(spent / p.sigma) + p.sigma * p.log_net[r] + log(access)


@kernel(arithmetic=True, inside=True)
def exponents_of(p, r, spent, state):
    """Return how large the exponents are in both."""
    return abs(state) + p.sigma * abs(p.log_net[r]) + abs(log(spent / p.sigma))
