"""Platforms that host sellers: golden numbers, closed forms, tipping, and what fails."""

import numpy as np
import pytest
import stored_residuals
from agglomerations import economy
from golden_platforms import CASES
from random_agglomerations import random_unknowns

import nege
from nege import mechanisms as mech
from nege.models.agglomeration import equations

pytestmark = pytest.mark.closed_form

BUYERS = mech.ProfitMaximising(response="buyers")
PRICING = {"profit": BUYERS, "average": mech.AverageCost()}


def platforms(blocks, **more):
    """The mechanism of the blocks of a golden case."""
    given = {"marginal_cost": list(blocks["marginal_cost"]), **more}
    for name in ("network", "fixed_cost"):
        if name in blocks:
            given[name] = list(blocks[name])
    for name in ("number", "interoperability"):
        if name in blocks:
            given[name] = blocks[name]
    if "theta" in blocks:
        given["substitution"] = blocks["theta"] + 1.0
    if blocks.get("pricing") == "contestable":
        entrant = ("marginal_cost", "fixed_cost")
        given["pricing"] = mech.Contestable(
            **{name: list(blocks[f"entrant_{name}"]) for name in entrant}
        )
    elif "pricing" in blocks:
        given["pricing"] = PRICING[blocks["pricing"]]
    if "affiliates" in blocks:
        shown = {name: list(blocks[name]) for name in ("affiliates", "strength")}
        given["steering"] = mech.Steering(**shown)
    if "investment" in blocks:
        given["investment"] = mech.Investment(
            effect=list(blocks["investment"]), scale=list(blocks["investment_scale"])
        )
    return mech.Platforms(**given)


def values(found):
    """What golden cases say of services, by their names."""
    data = found.data.sel(industry="services")
    first = 1.0 / (1.0 + np.exp(-data["platforms.odds"]))
    cost, index = data.total_cost, data["platforms.invested"]
    second = found.model.mechanisms["platforms"].number > 1
    own, rival = data["platforms.net"], data["platforms.rivals_net"]
    kept = first * own + (1.0 - first) * rival if second else own
    scale = found.model.mechanisms["platforms"].investment
    scale = 0.0 if scale is None else float(scale.scale.sel(industry="services"))
    known = {
        **{name: found.data[name] for name in ("welfare", "dividend")},
        "online_share": cost.sel(channel="online").sum() / cost.sum(),
        "people_in_city": found.data.population[0],
        "platform_profit": found.data.platform_profit.sum(),
        **{"commission": 1.0 - kept, "lead_commission": 1.0 - own, "other_commission": 1.0 - rival},
        **{"online_sales": data.online_sales, "online_spending": data.online_share},
        **{"lead_share": first, "investment": scale * np.expm1(index)},
    }
    return {name: float(value) for name, value in known.items()}


def solved(step, *mechanisms, **changes):
    found = nege.solve(economy(step, **changes).with_mechanisms(*mechanisms))
    nege.testing.assert_equilibrium(found)
    return found


GOLDEN = [
    name
    for name, case in CASES.items()
    if "marginal_cost" in case["blocks"] and "responds" not in case
]


# --- off is off ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "off",
    [
        mech.Platforms(),
        mech.Platforms(number=3, substitution=9.0, interoperability=0.4),
        mech.Platforms(steering=mech.Steering(affiliates=0.3), investment=mech.Investment()),
    ],
    ids=["alone", "several without a network", "parts that are off"],
)
def test_platforms_that_are_off_leave_every_residual_as_it_was(off):
    for point in stored_residuals.POINTS[::5]:
        model = stored_residuals.economy(*point)
        x, with_it = random_unknowns(model, 1000 + point[-1]), model.with_mechanisms(off)
        order, k = with_it._unknowns, len(model.industries)
        to, state = order.to, np.zeros(order.size)
        own, shared = slice(to.own, to.wage), to.remote - to.shared
        order.rows(state)[:] = np.insert(model._unknowns.rows(x), [to.own] * k, 0.0, axis=1)
        order.shared(state)[shared:] = model._unknowns.shared(x)
        order.shared(state)[: 2 * k] = np.tile(np.log1p(-model.commission.values), 2)
        excess = np.empty_like(state)
        equations.evaluate(with_it.arrays, state, excess)
        kept = np.delete(order.rows(excess), own, axis=1).ravel()
        kept = np.append(kept, order.shared(excess)[shared:])
        np.testing.assert_allclose(kept, stored_residuals.residual(*point), rtol=0.0, atol=1e-13)


# --- golden numbers -----------------------------------------------------------------------


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_numbers_of_platforms(name):
    case = CASES[name]
    changes = {key: list(value) for key, value in case["economy"].items()}
    found = solved(case["step"], platforms(case["blocks"]), **changes)
    got = values(found)
    assert case["values"]
    for variable, value in case["values"].items():
        assert got[variable] == pytest.approx(value, abs=2.0 * 10.0 ** -case["digits"]), variable
