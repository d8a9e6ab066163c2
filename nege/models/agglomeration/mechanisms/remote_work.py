"""Remote work: online firms hire some labour wherever it lives; people work here or remotely.

    W     = [(1-r) w^(1-s) + r w0^(1-s)]^(1/(1-s))   labour cost of online firms, w of others
    v     = r (w0/W)^(1-s)                           remote share of that cost
    What  = (w^nu + (w0/kappa)^nu)^(1/nu)            what people earn
    pi    = (w0/(kappa What))^nu                     part of it that they earn remotely
    remote    ln sum a R v - ln sum pi L What = 0    of the economy; w0 is its unknown

    r   remote_labour_share     s      remote_substitution
    nu  remote_elasticity       kappa  remote_friction          w0  price of an efficiency unit

The labour pool of Marshall becomes a watershed: firms reach it from anywhere. Off: r = 0, and w0
drops out. In W firms pay w x for an hour of w, and w0 x0 of w0, where search costs something
(``matching``).
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from nege.kernels.duals import exp, expm1, log, log1p, logaddexp
from nege.models import fields
from nege.models.agglomeration.kinds import ClosedForm, by_industry, positive, share
from nege.models.agglomeration.layout import ONLINE, inner
from nege.models.fields import Declared, Labelled
from nege.validation import Bounds

INDUSTRY = {"remote_share": "remote_labour_share"}


class RemoteWork(Declared):
    """Labour that is hired and supplied remotely."""

    remote_labour_share: Labelled[xr.DataArray] = by_industry(
        "weight of remote labour in the labour cost of online firms",
        share("It is the weight of remote labour in online firms' labour cost."),
        default=0.0,
        more="0 everywhere means that there is no remote labour.",
        term="weight of remote labour",
    )
    remote_substitution: float = fields.number(
        "elasticity of substitution between local and remote labour",
        positive("1 is Cobb-Douglas."),
        default=2.0,
        more="1 is Cobb-Douglas.",
        term="substitution of remote labour (elasticity)",
    )
    remote_elasticity: float = fields.number(
        "elasticity of the supply of remote labour",
        positive("People supply more where pay is better."),
        default=6.0,
        term="supply of remote labour (elasticity)",
    )
    remote_friction: float = fields.number(
        "units of remote labour that it takes to deliver one",
        Bounds(at_least=1.0, cure="It is the part of remote work that is lost: 1 loses nothing."),
        default=1.3,
        term="friction of remote labour (factor)",
    )


@inner()
def hire(p, q, k, met, made):
    """Return ln W - ln w of firms that sell online; write the remote share of it."""
    to, weight = p.slots, p.industry[k].remote_share
    made[to.far + k] = 0.0
    beyond = met[to.remote] + p.log_remote_pay - met[to.wage] - p.place[q].log_pay
    if weight == 0.0:
        return 0.0 * beyond
    gap = (1.0 - p.substitution) * beyond
    online = weight * expm1(gap)  # W^(1-s) = w^(1-s) (1 + online)
    made[to.far + k] = weight * exp(gap) / (1.0 + online)
    if p.substitution == 1.0:
        return weight * beyond
    return log1p(online) / (1.0 - p.substitution)


@inner()
def earn(p, met, made):
    """Write what people earn, and which part of it remotely."""
    to = p.slots
    made[to.what], made[to.stay] = met[to.wage], 0.0
    made[to.away] = 0.0
    if p.has_remote:
        gain = p.elasticity * (met[to.remote] - p.log_friction - met[to.wage])
        made[to.stay] = -logaddexp(0.0 * gain, gain)  # ln(1 - pi)
        made[to.what] -= made[to.stay] / p.elasticity
        made[to.away] = exp(gain + made[to.stay])


@inner()
def border(p, made):
    """Write the row of the market for remote labour, from what is used and sold in all."""
    to = p.slots
    made[to.remote] = 0.0
    if p.has_remote:
        made[to.remote] = log(made[to.remote_used]) - log(made[to.remote_sold])


def audit_pay(model, w, w0, modes):
    """Return W, and which part of it is remote, over industry, place, mode; of what firms pay."""
    W = np.empty((len(model.industries), w.size, modes))
    W[:] = w[:, None]
    far = np.zeros_like(W)
    if not (model.remote_labour_share.values > 0.0).any():
        return W, far
    r, s = model.remote_labour_share.values[:, None], model.remote_substitution
    if s == 1.0:
        cost = w ** (1.0 - r) * w0**r
    else:  # ((1-r) w^(1-s) + r w0^(1-s))^(1/(1-s)), also where s is all but one
        log_remote = math.log(w0) if w0 > 0.0 else -math.inf
        mean = (1.0 - r) * np.expm1((1.0 - s) * np.log(w))
        mean = mean + r * np.expm1((1.0 - s) * log_remote)
        cost = np.exp(np.log1p(mean) / (1.0 - s))
    W[..., ONLINE:] = cost[..., None]
    far[..., ONLINE:] = (r * (w0 / cost) ** (1.0 - s))[..., None]
    return W, far


def _cobb_douglas(make, solve):
    economy = make(remote_labour_share=[0.2, 0.5], remote_substitution=1.0, digital_cost=1.5)
    data = solve(economy).data
    online = data.total_cost.sel(channel="online").sum("place")
    labour = 1.0 - economy.inputs.sum("input") - economy.land_share
    what, away = audit_earned(economy, data.wage.values, float(data.remote_wage))
    return float((away * what) @ data.population.values), float(
        (labour * online * economy.remote_labour_share).sum()
    )


def audit_earned(model, w, w0):
    """Return What and pi over place."""
    if not (model.remote_labour_share.values > 0.0).any():
        return w, np.zeros_like(w)
    nu, kappa = model.remote_elasticity, model.remote_friction
    what = (w**nu + (w0 / kappa) ** nu) ** (1.0 / nu)
    return what, (w0 / kappa / what) ** nu


CLOSED_FORMS = [
    ClosedForm("remote income is r of online firms' labour cost, where s = 1", _cobb_douglas)
]
