"""Commuting from data and back at random, and every number of the 401 counties.

All of it for ``python -m benchmarks verify``; the suite takes a part.
"""

import functools
import pathlib
import sys

import golden_commuting as golden
import numpy as np
import reference_commuting as reference

import nege

sys.path.append(str(pathlib.Path(__file__).parents[1]))
from benchmarks import commuting, real_places

COUNT = 300
FUNDAMENTALS = ("productivity", "amenity", "workplace_amenity", "housing")
#: Variables of an economy, and what the reference calls them.
SAME = {
    "share": "residents",
    "employment": "jobs",
    "wage": "wage",
    "residents_wage": "residents_wage",
    "price_index": "price",
    "rent": "rent",
    "real_income": "real",
}


def model(seed):
    """Draw an economy of 2 to 6 places, rents of either kind, with remote work or without."""
    rng = np.random.default_rng([2026, 20, seed])
    count = int(rng.integers(2, 7))
    distance = rng.uniform(0.5, 1.0, (count, count))
    np.fill_diagonal(distance, rng.uniform(0.05, 0.3, count))
    taste, sigma = rng.uniform(1.5, 8.0), rng.uniform(2.0, 7.0)
    remote = float(rng.choice([0.0, rng.uniform(0.01, 2.0)]))
    commuting = np.exp(rng.uniform(0.2, 1.5) * distance)
    how = {"remote_days": float(rng.uniform(0.0, 1.0)), "remote_friction": float(rng.uniform())}
    if seed % 3 == 0:
        how = {"remote_cost": np.exp(rng.uniform(0.0, 0.5, (count, count)))}
    return nege.Commuting(
        nege.geography.from_distance(distance),
        sigma=sigma,
        mu=float(rng.uniform(0.4, 0.8)),
        taste=taste,
        residence_taste=float(rng.choice([taste, rng.uniform(1.0, 8.0)])),
        mode_taste=float(rng.choice([taste, 2.0 * taste])),
        trade_cost=np.exp(rng.uniform(0.1, 1.0) * distance),
        commuting_cost=commuting,
        remote=remote,
        housing=rng.uniform(0.3, 3.0, count),
        housing_elasticity=float(rng.choice([0.0, 0.38])),
        rents=str(rng.choice(["local", "pooled"])),
        **how,
    )


def data(seed, count):
    """Draw jobs, residents and wages."""
    rng = np.random.default_rng([2026, 21, seed])
    residents = rng.uniform(1.0, 10.0, count)
    jobs = residents * rng.uniform(0.5, 2.0, count)
    wage = rng.uniform(1.0, 1.5, count)
    return {"employment": jobs / jobs.sum(), "wage": wage, "residents": residents}


def check_inversion(seed):
    """Data are an equilibrium of what is recovered, by the equations as written."""
    bare = model(seed)
    given = data(seed, len(bare.geography))
    found = nege.invert(bare, **given)
    plain = reference.of_model(found)
    share = given["residents"] / given["residents"].sum()
    wage = given["wage"] / (given["wage"] @ given["employment"])
    out = reference.outcome(plain, wage, share)
    for name, wanted in (("jobs", given["employment"]), ("paid", wage), ("chosen", share)):
        np.testing.assert_allclose(out[name], wanted, rtol=1e-10, err_msg=name)
    for name in FUNDAMENTALS[:-1]:
        assert abs(np.mean(np.log(getattr(found, name).values))) <= 1e-12
    again = nege.short_run(found, share).data
    np.testing.assert_allclose(again["wage"], wage, rtol=1e-8)
    return found, share


def changes(seed, count):
    """Draw changes of everything that may change."""
    rng = np.random.default_rng([2026, 22, seed])
    found = {f"{name}_change": rng.uniform(0.9, 1.1, count) for name in FUNDAMENTALS}
    for name in ("trade_cost_change", "commuting_cost_change"):
        found[name] = rng.uniform(0.8, 1.25, (count, count))
    return {**found, "remote": float(rng.choice([0.0, rng.uniform(0.01, 2.0)]))}


def changed(plain, given, tied):
    """The same economy in levels; what remote work costs follows the other costs if it is tied."""
    how = {name: getattr(plain, name) * given[f"{name}_change"] for name in FUNDAMENTALS}
    commuting = plain.commuting * given["commuting_cost_change"]
    cost = plain.remote_cost if tied is None else reference.own_cost(commuting, *tied)
    return plain._replace(
        trade=plain.trade * given["trade_cost_change"],
        commuting=commuting,
        remote=given["remote"],
        remote_cost=cost,
        **how,
    )


def check_changes(seed):
    """Hat algebra is the solution in levels, where people move and where they stay."""
    economy, share = check_inversion(seed)
    given = changes(seed, share.size)
    tied = (economy.remote_days, economy.remote_friction) if economy.remote_cost is None else None
    plain = reference.of_model(economy)
    later = changed(plain, given, tied)
    long = nege.solve(economy, share)
    stayed = nege.short_run(economy, share)
    check_hats(long, given, plain, reference.solve(later, start=_state(long)))
    check_hats(stayed, given, plain, reference.solve(later, share, start=_state(stayed)))


def _state(equilibrium):
    return equilibrium.data["wage"].values, equilibrium.data["share"].values


def check_hats(equilibrium, given, plain, after):
    """Hold changes against levels after over before."""
    hat = nege.counterfactual(equilibrium, **given)
    before = reference.outcome(plain, *_state(equilibrium))
    for name, called in SAME.items():
        ratio = after[called] / before[called]
        np.testing.assert_allclose(hat[f"{name}_change"], ratio, rtol=1e-9, err_msg=name)
    moves = equilibrium.dynamics is not None
    worth = [x["welfare"] if moves else x["residents"] @ x["real"] for x in (before, after)]
    np.testing.assert_allclose(hat["welfare_change"], worth[1] / worth[0], rtol=1e-9)
    np.testing.assert_allclose(hat["commuting"], after["commuting"], atol=1e-9)
    np.testing.assert_allclose(hat["remote_share"], after["remote_by_residence"], atol=1e-9)


# --- 401 German counties -----------------------------------------------------------------


@functools.cache
def counties():
    """The data, inverted and solved; None where they are not."""
    folder = real_places.counties_folder()
    return None if folder is None else commuting.study(folder)[:2]


def place(model, begins):
    """Position of the one place whose name begins so."""
    found = [i for i, name in enumerate(model.geography.names) if name.startswith(begins)]
    assert len(found) == 1, begins
    return found[0]


def check_inverted():
    """What is behind the data, and what the solved economy says of them."""
    found, data = counties()
    assert found.violation <= commuting.EXACT
    assert found.astray <= commuting.ROUND_TRIP
    economy, solved = found.equilibrium.model, found.equilibrium.data
    for name, printed in golden.FLENSBURG.items():
        where = solved if name in solved else {name: getattr(economy, name)}
        golden.met(where[name][0], printed)
    for name, printed in golden.SPREAD.items():
        golden.met(np.std(np.log(getattr(economy, name).values)), printed)
    for name, (low, lowest, high, highest) in golden.ENDS.items():
        values = getattr(economy, name).values
        assert np.argmin(values) == place(economy, low)
        assert np.argmax(values) == place(economy, high)
        golden.met([values.min(), values.max()], f"{lowest} {highest}")
    people, jobs = solved["share"].values, solved["employment"].values
    area, distance = data["area"].values, commuting.kilometres_of(economy.geography)
    said = {
        "welfare": float(solved["welfare"]),
        "at_home": commuting.at_home(solved),
        "kilometres": commuting.to_the_office(solved, np.zeros_like(distance), distance),
        "gini_residents": commuting.gini(people),
        "gini_jobs": commuting.gini(jobs),
        "density": np.corrcoef(np.log(people / area), np.log(jobs / area))[0, 1],
    }
    for name, printed in golden.COUNTIES.items():
        golden.met(said[name], printed)
    for name, printed in golden.CONSISTENCY.items():
        golden.met(commuting.consistency(found.equilibrium, data)[name], printed)


def check_row(change):
    """One row of the table of changes, and the weight of remote work behind it."""
    found, data = counties()
    what, size, days = change
    before = commuting.with_days(found.equilibrium, days or 1.0)
    after = commuting.changed(before, what, size)
    area, distance = data["area"].values, commuting.kilometres_of(before.model.geography)
    row = commuting.figures(before, after, area, distance)
    golden.met([*row.values()], golden.CHANGES[change])
    if what == "remote":
        golden.met(after["remote"], golden.WEIGHTS[size, days])
    return after


def check_winners():
    """Who wins and loses residents and jobs where three tenths work remotely."""
    check_winners_in(commuting.changed(counties()[0].equilibrium, "remote", 0.3))


def check_winners_in(after):
    """The same of changes that are known."""
    economy = counties()[0].equilibrium.model
    for name, printed in (("share", golden.RESIDENTS_CHANGE), ("employment", golden.JOBS_CHANGE)):
        change = after[f"{name}_change"].values
        for begins, value in printed.items():
            golden.met(change[place(economy, begins)], value)


def check_literal(weight, days):
    """A weight that is taken for a share: nearly everybody works remotely."""
    before = commuting.with_days(counties()[0].equilibrium, days)
    after = nege.counterfactual(before, remote=weight)
    share = float(after["share"].values @ after["remote_share"].values)
    golden.met([share, after["welfare_change"]], golden.LITERAL[weight, days])


def check_robustness(name):
    """Two changes, with other elasticities or other owners of land."""
    parameters, cheaper, remote = golden.ROBUSTNESS[name]
    geography, data = real_places.county_data(real_places.counties_folder())
    before = commuting.inverted(geography, data, **parameters).equilibrium
    share, jobs = (before.data[name].values for name in ("share", "employment"))
    for change, printed in (
        ({"commuting_cost_change": 0.9}, cheaper),
        ({"remote": float(golden.WEIGHTS[0.3, 1.0])}, remote),
    ):
        after = nege.counterfactual(before, **change)
        moved = [np.sum(np.abs(after["share"].values - share))]
        moved.append(np.sum(np.abs(after["employment"].values - jobs)))
        golden.met([after["welfare_change"], *np.multiply(moved, 0.5)], printed)


def check_levels(change):
    """Hat algebra is the solution in levels."""
    before = counties()[0].equilibrium
    after = commuting.changed(before, *change[:2])
    cost = {"commuting": commuting.COMMUTING, "trade": commuting.TRADE}
    how = {"remote": float(after["remote"])}
    if change[0] in cost:
        factor = np.where(np.eye(len(before.model.geography)) > 0.0, 1.0, change[1])
        table = commuting.costs(before.model.geography, cost[change[0]])
        how = {f"{change[0]}_cost": np.maximum(table * factor, 1.0)}
        assert (table * factor >= 1.0).all()
    levels = nege.solve(before.model.replace(how), before.data["share"].values).data
    for name in (*SAME, "welfare"):
        ratio = levels[name].values / before.data[name].values
        np.testing.assert_allclose(after[f"{name}_change"], ratio, rtol=1e-11, err_msg=name)


#: Every number of the counties, by name.
NUMBERS = {
    "what is behind the data": check_inverted,
    "who wins and loses": check_winners,
    **{str(change): functools.partial(check_row, change) for change in commuting.CHANGES},
    **{f"weight {key}": functools.partial(check_literal, *key) for key in golden.LITERAL},
    **{f"robust: {name}": functools.partial(check_robustness, name) for name in golden.ROBUSTNESS},
    **{
        f"levels: {change}": functools.partial(check_levels, change)
        for change in commuting.CHANGES
        if change[0] in ("commuting", "trade") or change[1:] == (0.3, 1.0)
    },
}
