"""Diversity: firms learn from other industries within reach (Jacobs 1969).

    Delta = exp(-sum_k s_k ln s_k)/K,   s_k = m_k/sum_l m_l        for each mode of its own
    ln A_k += theta_k ln Delta                                     m  reachable mass (``knowledge``)

    theta  diversity

Delta is one where all industries are equally present, 1/K where there is one alone.
Off: theta = 0.
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from nege.kernels.duals import log
from nege.models.agglomeration.kinds import AS_ONE, ClosedForm, by_industry, weight
from nege.models.agglomeration.layout import inner
from nege.models.fields import Declared, Labelled

INDUSTRY = {"diversity": "diversity"}


class Diversity(Declared):
    """What firms gain from the diversity of industries."""

    diversity: Labelled[xr.DataArray] = by_industry(
        "elasticity of productivity to the diversity of industries within reach",
        weight("Diversity does not raise costs."),
        default=0.0,
        term="spillover of diversity (elasticity)",
    )


@inner()
def log_variety(p, mode, met):
    """Return ln Delta of one mode, in one place."""
    to = p.slots
    known = 0.0 * met[to.wage]
    found = known - math.log(to.industries)
    for k in range(to.industries if p.has_diversity else 0):
        known += met[to.mass + to.modes * k + mode]
    for k in range(to.industries if p.has_diversity else 0):
        mass = met[to.mass + to.modes * k + mode]
        if mass.real > 0.0:
            share = mass / known
            found -= share * log(share)
    return found


def audit_variety(mass):
    """Return Delta over place and mode, of the reachable mass over industry, place, mode."""
    total = mass.sum(0)
    part = np.where(total > 0.0, mass, 1.0) / np.where(total > 0.0, total, 1.0)
    entropy = -np.sum(part * np.log(np.where(part > 0.0, part, 1.0)), axis=0)
    return np.exp(entropy) / len(mass)


def _alike(make, solve):
    alike = {"consumption": 0.425, "spillover": 0.0, "land_share": 0.1, "inputs": 0.1}
    alike |= {"commission": 0.0, "digital_cost": 2.0, "digitisability": 0.0}
    plain, diverse = (solve(make(**AS_ONE, diversity=theta, **alike)).data for theta in (0.0, 0.3))
    return diverse.welfare.values, plain.welfare.values


CLOSED_FORMS = [ClosedForm("industries that are equally present change nothing", _alike)]
