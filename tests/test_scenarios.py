"""Paths of digital progress: the published numbers, and what the docstrings say happens."""

import functools

import numpy as np
import pytest
import reference_agglomeration as reference

import nege

pytestmark = pytest.mark.closed_form

PATHS = ("digital_turn", "manufacturing_first", "no_institutional_convergence")

# economics.md, section 3: manufacturing and services in the city, their online shares, people.
TABLE = {
    0: (0.52081832, 0.53381154, 0.0, 0.00000409, 0.49746854),
    6: (0.00538262, 0.97980682, 0.0, 0.05281416, 0.55278303),
    11: (0.36724849, 0.19842146, 0.0, 0.99442742, 0.25752288),
    17: (0.34660696, 0.17732216, 0.993999, 0.9941901, 0.23428982),
}
REMOTE = {"remote_labour_share": (0.2, 0.5), "remote_substitution": 2.0}
REMOTE |= {"remote_elasticity": 6.0, "remote_friction": 1.3}


COLOCATED, SEPARATED, ONE, TWO = "co-located", "separated", "one-sided online", "two-sided online"


@functools.cache
def followed(name, remote=False):
    """A path of the default economy, and its patterns."""
    economy = nege.OnlineAgglomeration(**(REMOTE if remote else {}))
    ds = nege.follow(economy, getattr(nege.scenarios, name)())
    assert (ds.status == nege.Status.CONVERGED).all()
    assert (ds.residual <= 1e-10).all()
    assert (ds.leading_eigenvalue < 0.0).all()
    return ds, nege.patterns(ds)


def test_the_digital_turn_has_the_published_steps():
    path = nege.scenarios.digital_turn()
    assert path.sizes == {"step": 18, "industry": 2, "place": 4}
    for step in range(18):
        e, moved = reference.digital_turn(step), path.sel(step=step)
        for name in path.data_vars:
            np.testing.assert_array_equal(moved[name].values, getattr(e, name))


def test_the_digital_turn_leads_to_the_published_economies():
    ds, seen = followed("digital_turn")
    share = ds.total_cost.sum("channel") / ds.total_cost.sum(["place", "channel"])
    for step, row in TABLE.items():
        online, people = seen.online_share.sel(step=step), ds.population.sel(step=step)
        reached = [*share.sel(step=step).values[:, 0], *online.values, people.values[0]]
        np.testing.assert_allclose(reached, row, rtol=0, atol=1e-7)
    assert seen.pattern.values.tolist() == [COLOCATED] * 4 + [SEPARATED] * 4 + [ONE] * 7 + [TWO] * 3


@pytest.mark.family
@pytest.mark.parametrize("remote", [False, True])
def test_the_equations_as_written_lead_to_the_same_economies_and_they_are_stable(remote):
    ds, _ = followed("digital_turn", remote)
    path = nege.scenarios.digital_turn()
    economies, found = reference.follow(path, TABLE, **(REMOTE if remote else {}))
    for e, u, step in zip(economies, found, TABLE, strict=True):
        assert max(reference.residual(e, u).values()) <= 1e-10
        mine = ds.sel(step=step)
        np.testing.assert_allclose(mine.total_cost, u["revenue"], rtol=1e-8, atol=1e-12)
        for name in ("price_index", "wage", "rent", "population", "dividend"):
            np.testing.assert_allclose(mine[name], u[name], rtol=1e-9)
        rate = reference.growth_rates(e, u)[0].real
        assert mine.leading_eigenvalue.item() == pytest.approx(rate, abs=1e-6)


def test_with_remote_labour_the_same_patterns_come_in_order_and_remote_income_rises():
    ds, seen = followed("digital_turn", remote=True)
    earned = ds.income - ds.population * ds.dividend
    share = (ds.remote_share * earned).sum("place") / earned.sum("place")
    ends = share.values[[0, -1]]
    np.testing.assert_allclose(ends, [0.00448924, 0.35223505], rtol=0, atol=1e-8)
    assert (share.diff("step") > 0.0).all()
    names = [COLOCATED, SEPARATED, ONE, TWO]
    phase = [names.index(name) for name in seen.pattern.values]
    assert set(phase) == {0, 1, 2, 3}
    assert phase == sorted(phase)


def test_when_manufacturing_goes_first_industries_never_separate():
    ds, seen = followed("manufacturing_first")
    assert seen.pattern.values.tolist() == [COLOCATED] * 4 + [ONE] * 10 + [TWO] * 4
    assert seen.mode.sel(step=10).values.tolist() == ["online", "geographic"]
    share = (ds.total_cost.sum("channel") / ds.total_cost.sum(["place", "channel"])).sel(place="0")
    goods = share.sel(industry="manufacturing")
    assert goods.sel(step=12) < 0.02 < 0.3 < goods.sel(step=17)
    # Both orders end in the same economy.
    other, _ = followed("digital_turn")
    np.testing.assert_allclose(ds.firm_mass[-1], other.firm_mass[-1], rtol=1e-7)


def test_where_institutions_stay_apart_services_sell_online_from_the_city():
    _, seen = followed("no_institutional_convergence")
    _, converging = followed("digital_turn")
    assert seen.pattern.equals(converging.pattern)
    services = seen.mode.sel(industry="services").values
    assert services.tolist() == ["geographic"] * 8 + ["dual"] * 10
    services = converging.mode.sel(industry="services").values
    assert services.tolist() == ["geographic"] * 8 + ["dual"] + ["online"] * 9


@pytest.mark.parametrize("name", PATHS)
def test_paths_start_in_the_same_economy_and_costs_never_rise(name):
    path = getattr(nege.scenarios, name)()
    assert path.isel(step=0).equals(nege.scenarios.digital_turn().isel(step=0))
    for falling in ("search_cost", "digital_cost", "productivity"):
        assert (path[falling].diff("step") <= 0.0).all()
    assert (path["digitisability"].diff("step") >= 0.0).all()


def test_manufacturing_first_means_that_its_costs_have_fallen_before_those_of_services_do():
    cost = nege.scenarios.manufacturing_first()["digital_cost"]
    falls = cost.diff("step") < 0.0
    last = falls["step"].where(falls.sel(industry="manufacturing")).max()
    first = falls["step"].where(falls.sel(industry="services")).min()
    assert last < first


def test_without_convergence_only_institutions_differ_from_the_digital_turn():
    apart = nege.scenarios.no_institutional_convergence()
    assert (apart["productivity"] == apart["productivity"].isel(step=0)).all()
    assert apart.drop_vars("productivity").equals(
        nege.scenarios.digital_turn().drop_vars("productivity")
    )


@pytest.mark.parametrize("name", PATHS)
def test_paths_fit_other_geographies_and_the_city_may_be_anywhere(name):
    places = nege.geography.from_distance(1.0 - np.eye(3), names=["Aba", "Bor", "Cue"])
    path = getattr(nege.scenarios, name)(places, city="Bor")
    assert path["place"].values.tolist() == ["Aba", "Bor", "Cue"]
    assert path["productivity"].sel(step=0, place="Bor").values.tolist() == [1.05, 1.25]
    assert (path["productivity"].sel(place=["Aba", "Cue"]) == 1.0).all()
    default = getattr(nege.scenarios, name)(places)
    assert default["productivity"].sel(step=0, place="Aba").values.tolist() == [1.05, 1.25]


@pytest.mark.parametrize("name", PATHS)
def test_every_industry_changes_as_its_kind_does_by_default(name):
    kinds = {"cars": "goods", "software": "services", "steel": "goods", "law": "services"}
    make = getattr(nege.scenarios, name)
    path, two = make(industries=kinds), make()
    assert path["industry"].values.tolist() == list(kinds)
    for industry, kind in kinds.items():
        like = {"goods": "manufacturing", "services": "services"}[kind]
        own, other = (
            x.drop_vars("industry") for x in (path.sel(industry=industry), two.sel(industry=like))
        )
        assert own.equals(other)


@pytest.mark.parametrize("name", PATHS)
def test_every_variable_says_what_it_is_and_in_which_unit(name):
    path = getattr(nege.scenarios, name)()
    for table in path.data_vars.values():
        assert table.attrs["long_name"]
        assert table.attrs["units"]


@pytest.mark.faults
def test_a_wrong_place_or_geography_is_refused_with_the_remedy():
    with pytest.raises(nege.InputError, match=r"city must be a known name.*Known: 0, 1, 2, 3"):
        nege.scenarios.digital_turn(city="Paris")
    with pytest.raises(nege.InputError, match="geography must be a Geography"):
        nege.scenarios.digital_turn(4)
