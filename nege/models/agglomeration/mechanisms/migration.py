"""Migration: people live where real income and amenities are good, each with tastes of their own.

    P_p = prod_k G_kp^mu_k h_p^beta                       cost of living
    V_p = Y_p/(L_p P_p)                                   real income per head
    people    ln target - ln L = 0,  target = Lbar (B V)^eps/sum
    U   = (sum Lbar (B V)^eps)^(1/eps)                    expected utility

the sums over all places, or where ``jurisdictions`` says so over those of a group, that has a
given share of people; U of all then is the mean of ln U of groups.

    eps  migration_elasticity     B  amenity     Lbar  home_weight, one on average

Off: eps = 0, and people stay where home_weight has them; U then is their mean ln(B V).
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from nege.models import fields
from nege.models.agglomeration.kinds import PLACE, ClosedForm, positive, table, weight
from nege.models.agglomeration.layout import inner
from nege.models.fields import Declared, Labelled


class Migration(Declared):
    """Where people live."""

    amenity: Labelled[xr.DataArray] = table(
        PLACE,
        "factor on utility",
        positive("Utility is multiplied by it."),
        default=1.0,
        term="amenity (factor on utility)",
    )
    home_weight: Labelled[xr.DataArray] = table(
        PLACE,
        "where people would live if all places were equally good",
        positive("Somebody has to live in every place."),
        default=1.0,
        unit="any",
        term="weight as home",
    )
    migration_elasticity: float = fields.number(
        "elasticity of population to real income",
        weight("0 means that people stay where they are."),
        default=6.0,
        more="0 keeps people where `home_weight` has them.",
        term="migration elasticity",
    )


@inner()
def log_living(p, met):
    """Return ln P, the cost of living, but for what mechanisms add to it."""
    to = p.slots
    living = p.housing * met[to.rent]
    for k in range(to.industries):
        living += p.industry[k].consumption * met[to.price_index + k]
    return living


def groups(model):
    """Return the group of each place, between which nobody moves, and the groups' people."""
    said = (one.groups(model) for one in model.mechanisms.acting)
    everybody = np.zeros(len(model.geography), int), np.ones(1)
    return next((found for found in said if found is not None), everybody)


def welfare(model, log_real_income):
    """Return U of all: where people move within groups, the mean of ln U of these."""
    group, people = groups(model)
    if len(people) == 1:
        return welfare_within(model, log_real_income)
    inside = [welfare_within(model, log_real_income, group == g) for g in range(len(people))]
    return float(np.exp(people @ np.log(inside)))


def welfare_within(model, log_real_income, among=slice(None)):
    """U = (sum Lbar (B V)^eps)^(1/eps), Lbar 1 on average; at eps = 0 people's mean ln(B V)."""
    home, log_real_income = vars(model)["home_weight"].values[among], log_real_income[among]
    home = home * (home.size / home.sum())
    if model.migration_elasticity == 0.0:
        return float(np.exp(home @ log_real_income / home.size))
    terms = np.log(home) + model.migration_elasticity * log_real_income
    top = float(np.max(terms))
    return float(np.exp((top + np.log(np.sum(np.exp(terms - top)))) / model.migration_elasticity))


def audit_target(model, real_income):
    """Return where people would live, from what they have in levels."""
    found, (group, people) = np.empty_like(real_income), groups(model)
    for g, share in enumerate(people):
        there, home = real_income[group == g], model.home_weight.values[group == g]
        drawn = home * (there / there.max()) ** model.migration_elasticity  # which cannot overflow
        found[group == g] = share * drawn / drawn.sum()
    return found


def audit_welfare(model, real_income):
    """Return the same, from what people have in levels."""
    group, people = groups(model)
    inside = [audit_within(model, real_income, group == g) for g in range(len(people))]
    return inside[0] if len(people) == 1 else float(np.prod(inside**people))


def audit_within(model, real_income, among):
    """Return the same of people who live in some places."""
    real_income = real_income[among]
    home, epsilon = model.home_weight.values[among], model.migration_elasticity
    home = home / home.mean()
    if epsilon == 0.0:
        return float(np.prod(real_income ** (home / home.sum())))
    top = real_income.max()  # taken out, so that no power overflows
    return float(top * np.sum(home * (real_income / top) ** epsilon) ** (1.0 / epsilon))


def _staying(make, solve):
    home = [0.4, 0.3, 0.2, 0.1]
    economy = make(migration_elasticity=0.0, home_weight=home)
    return solve(economy).data.population.values, home


CLOSED_FORMS = [ClosedForm("people stay where they are at eps = 0", _staying)]
