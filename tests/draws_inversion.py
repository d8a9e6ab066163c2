"""Economies of industries drawn at random: from data back to fundamentals, in every way.

The same for the suite and for ``python -m benchmarks verify``.
"""

import draws_equations
import draws_mechanisms
import numpy as np
import reference_agglomeration as reference
import xarray as xr

import nege
from nege.models.agglomeration import equations

COUNT = 40
WAYS = ("people", "people, wages", "people, rents", "jobs", "jobs, rents", "channels")
MONEY, HEADS = 37.0, 1e6  # units of data, which do not matter


def data(model, found):
    """Return what a statistical office would see of an economy, by the equations in levels."""
    e, u = reference.of_model(model), unknowns(found)
    earned, _, _ = reference.households(e, u)
    labour = (1 - e.inputs.sum(0) - e.land_share)[:, None, None]
    _, remote = reference.labour_costs(e, u["wage"], u["remote_wage"])
    local = labour * u["revenue"] * (1 - remote)
    coords = {"industry": list(model.industries), "place": list(model.geography.names)}
    jobs = xr.DataArray(
        HEADS * local / earned[:, None],
        {**coords, "channel": ["offline", "online"]},
        ("industry", "place", "channel"),
    )
    return {
        "jobs": jobs,
        "wage": MONEY * earned,
        "people": HEADS * u["population"],
        "rent": MONEY * u["rent"],
    }


def unknowns(found):
    """Return the unknowns of the reference from a solved economy."""
    one = found.data
    cell = ("industry", "place", "channel")
    return {
        "firms": one.firm_mass.transpose(*cell).values,
        "revenue": one.total_cost.transpose(*cell).values,
        "price_index": one.price_index.transpose("industry", "place").values,
        **{name: one[name].values for name in ("wage", "population", "dividend")},
        "rent": one.rent.values if found.model.arrays.uses_land else np.ones_like(one.wage.values),
        "remote_wage": np.nan_to_num(one.remote_wage.values, nan=1.0),
    }


def invert(model, seen, way):
    """Return the economy that data give in one of the ways, what it starts from being unknown."""
    given, blank = {}, {"amenity": 1.0}
    if way.startswith("people"):
        given["population"] = seen["people"]
    else:
        jobs = seen["jobs"]
        given["employment"] = jobs if way == "channels" else jobs.sum("channel")
        even = np.full(len(model.industries), (1.0 - model.housing) / len(model.industries))
        # With diversity the level of each industry matters, and no data tell it.
        level = np.exp(np.log(model.productivity.values).mean(1, keepdims=True))
        blank |= {"productivity": level * np.ones(seen["wage"].size), "consumption": even}
    if way != "people" and way != "people, rents":
        given["wage"] = seen["wage"]
    if way == "people, wages":
        factor = np.linspace(-0.2, 0.2, seen["wage"].size)
        blank["productivity"] = model.productivity.values * np.exp(factor)
    if way.endswith("rents"):
        given["rent"] = seen["rent"]
        blank["land"] = model.land.mean().item()
    return nege.invert(model.replace(blank), **given)


def check(seed):
    """Invert the data of a solved economy in every way: its fundamentals, and its equilibrium."""
    model = draws_equations.draw(seed)
    found = nege.solve(model)
    seen, worst = data(model, found), 0.0
    for way in WAYS:
        if way.endswith("rents") and not model.arrays.uses_land:
            continue
        made = invert(model, seen, way)
        e = reference.of_model(made)
        if way != "channels":  # costs of entry by place are not the reference's
            gaps = reference.residual(e, unknowns(made.observed))
            worst = max(worst, *gaps.values())
        each = ("industry",) if way in ("jobs", "jobs, rents", "channels") else ()
        apart = np.log(made.productivity / model.productivity)
        apart = apart - apart.mean([dim for dim in apart.dims if dim not in each])
        worst = max(worst, float(np.abs(apart).max()))
        for name in ("amenity", "land"):
            worst = max(
                worst, float(np.ptp(np.log(vars(made)[name].values / vars(model)[name].values)))
            )
        worst = max(worst, float(np.abs(made.consumption - model.consumption).max()))
        same = np.log(made.observed.data.population / found.data.population)
        worst = max(worst, float(np.abs(same).max()))
    assert worst <= 1e-8, worst
    return made.observed


def check_mechanisms(seed):
    """Invert an economy with mechanisms, from people and from jobs: the same equilibrium again."""
    model = draws_mechanisms.draw(seed)
    if "workers" in model.mechanisms:
        model = model.without("workers")  # of whom data would have to say more
    found = nege.solve(model)
    level = np.exp(np.log(model.productivity.values).mean(1, keepdims=True))
    even = level * np.ones(len(model.geography))
    ways = [({"amenity": 1.0}, {"population": found.data.population})]
    if not {"data_economy", "platforms"} & set(model.mechanisms):  # who employ people, too
        jobs, pay = jobs_and_pay(model, found)
        blank = {"amenity": 1.0, "productivity": even}
        ways.append((blank, {"employment": jobs, "wage": pay}))
    for blank, given in ways:
        made = nege.invert(model.replace(blank), **given)
        nege.testing.assert_equilibrium(made.observed)
        np.testing.assert_allclose(made.productivity, model.productivity, rtol=1e-7)
        np.testing.assert_allclose(made.observed.data.population, found.data.population, rtol=1e-8)
    return made.observed


def jobs_and_pay(model, found):
    """Return local jobs by industry and place, and pay, where mechanisms have a part in them."""
    x, p = model.state_of(found.data), model.arrays
    at, to = equations.evaluate(p, x, np.empty_like(x)), p.slots
    work = at.made[to.work : to.labour].reshape(to.industries, to.modes, -1).copy()
    work[:, 1:] *= 1.0 - at.made[to.far : to.far + to.industries, None]
    pay = np.exp(at.made[to.what])
    return work.sum(1) / pay, pay
