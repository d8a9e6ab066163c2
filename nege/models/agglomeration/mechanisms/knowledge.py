"""Knowledge: firms learn from those of their industry within reach, and online ones from a pool.

    m_k0 = sum_q e^(-rho d) (n_k0 + n_k1 + n_k2) + eta chi N_k     offline firms learn from
    m_k1 = sum_q e^(-rho d) (psi n_k0 + n_k1 + n_k2) + chi N_k     online ones
    m_k2 = sum_q e^(-rho d) (n_k0 + n_k1 + n_k2) + chi N_k         those that are both
    N_k  = sum_p (n_k1 + n_k2)                                     the pool
    ln A += gamma ln m                                             m the reachable mass

    gamma  spillover          rho  spillover_decay       chi  online_spillover
    eta    hears_online       psi  hears_offline         n_k0, n_k1, n_k2  firms offline, online,
                                                         and both (``dual_mode``)

Marshall's third force, and what is left of it when tacit knowledge becomes codified: the pool has
no distance. Off: gamma = 0. Without a pool chi = 0.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from nege.kernels.jit import ARITHMETIC
from nege.models.agglomeration.kinds import AS_ONE, ClosedForm, by_industry, weight
from nege.models.agglomeration.layout import DUAL, OFFLINE, ONLINE, between
from nege.models.agglomeration.mechanisms.diversity import audit_variety
from nege.models.fields import Declared, Labelled

OF_FIRMS = weight("It is a weight of firms.")
#: What kernels read of an industry.
INDUSTRY = {
    "spillover": "spillover",
    "pool": "online_spillover",
    "hears_online": "hears_online",
    "hears_offline": "hears_offline",
}


class Knowledge(Declared):
    """Spillovers of knowledge, in reach and online."""

    spillover: Labelled[xr.DataArray] = by_industry(
        "elasticity of productivity to the firms of the industry within reach",
        weight("Knowledge does not raise costs."),
        default=0.06,
        term="knowledge spillover (elasticity)",
    )
    spillover_decay: Labelled[xr.DataArray] = by_industry(
        "how fast knowledge fades with distance",
        weight("Knowledge does not grow on its way."),
        default=5.0,
        unit="log points per unit of distance",
        term="decay of knowledge",
    )
    online_spillover: Labelled[xr.DataArray] = by_industry(
        "weight of the pool of all online firms for an online firm, wherever they are",
        OF_FIRMS,
        default=1.0,
        term="weight of the online pool for online firms",
    )
    hears_online: Labelled[xr.DataArray] = by_industry(
        "weight of that pool for offline firms, relative to online ones",
        OF_FIRMS,
        default=0.0,
        more="0 where codified knowledge stays among online firms, 1 where everybody hears it.",
        term="weight of the online pool for offline firms",
    )
    hears_offline: Labelled[xr.DataArray] = by_industry(
        "weight of offline neighbours for online firms, relative to that for offline firms",
        OF_FIRMS,
        default=1.0,
        term="weight of offline neighbours for online firms",
    )


@between(fastmath=ARITHMETIC)
def heard(p, made, own, met):
    """Write the mass of firms that each learns from; with `own` a place hears itself alone."""
    to, places = p.slots, p.place.size
    for k in range(to.industries):
        firm, reach = p.industry[k], p.operator.reach[k]
        here = to.firms + to.modes * k + OFFLINE
        there, mass = here + ONLINE, to.mass + to.modes * k
        pool = 0.0
        for q in range(places):
            pool += made[there, q]
        for q in range(places):
            low, high = (q, q + 1) if own else (0, places)
            offline = online = 0.0
            for r in range(low, high):
                offline += reach[q, r] * made[here, r]
                online += reach[q, r] * made[there, r]
            known = firm.pool * (made[there, q] if own else pool)
            met[mass + OFFLINE, q] = offline + online + firm.hears_online * known
            met[mass + ONLINE, q] = firm.hears_offline * offline + online + known


@between(fastmath=ARITHMETIC)
def heard_of_both(p, made, own, met):
    """Add those that are offline and online both, of whom all learn, and what they learn."""
    to, places = p.slots, p.place.size
    for k in range(to.industries if to.modes > DUAL else 0):
        firm, reach = p.industry[k], p.operator.reach[k]
        here, mass = to.firms + to.modes * k, to.mass + to.modes * k
        pool = 0.0
        for q in range(places):
            pool += made[here + DUAL, q]
        online_pool = pool
        for q in range(places):
            online_pool += made[here + ONLINE, q]
        for q in range(places):
            low, high = (q, q + 1) if own else (0, places)
            both = others = 0.0
            for r in range(low, high):
                both += reach[q, r] * made[here + DUAL, r]
                others += reach[q, r] * (made[here + OFFLINE, r] + made[here + ONLINE, r])
            mine, every = pool, online_pool
            if own:
                mine = made[here + DUAL, q]
                every = mine + made[here + ONLINE, q]
            met[mass + OFFLINE, q] += both + firm.hears_online * firm.pool * mine
            met[mass + ONLINE, q] += both + firm.pool * mine
            met[mass + DUAL, q] = others + both + firm.pool * every


def audit_mass(model, n):
    """Return the reachable mass over industry, place and mode, from firms likewise."""
    distance = model.geography.distance.values
    decay = model.spillover_decay.values[:, None, None]
    near = np.einsum("kpq,kqm->kpm", np.exp(-decay * distance), n)
    pool = (model.online_spillover.values * n[..., ONLINE:].sum((1, 2)))[:, None]
    hears_online, hears_offline = (
        getattr(model, name).values[:, None] for name in ("hears_online", "hears_offline")
    )
    mass = [
        near.sum(-1) + hears_online * pool,
        hears_offline * near[..., OFFLINE] + near[..., ONLINE:].sum(-1) + pool,
        near.sum(-1) + pool,
    ]
    return np.stack(mass[: n.shape[-1]], -1)


def audit_productivity(model, n):
    """Return A over industry, place, mode: institutions, knowledge in reach, diversity."""
    mass = audit_mass(model, n)
    gamma, theta = (
        getattr(model, name).values[:, None, None] for name in ("spillover", "diversity")
    )
    return model.productivity.values[..., None] * mass**gamma * audit_variety(mass) ** theta


def _scale_alone(make, solve):
    """Costs of the whole economy fall by gamma ln m: doubling firms at the same unit cost."""
    economy = make(**AS_ONE, inputs=0.0, land_share=0.0, spillover=0.05, commission=0.0)
    data = solve(economy).data
    mass = audit_mass(economy, data.firm_mass.transpose("industry", "place", "channel").values)
    cost = data.total_cost / data.firm_mass / economy.firm_scale
    known = data.wage / (economy.productivity * mass[..., 0] ** 0.05)
    return cost.sel(channel="offline").values, known.transpose("industry", "place").values


CLOSED_FORMS = [ClosedForm("cost is w/(Abar m^gamma) without inputs and land", _scale_alone)]
