"""The online agglomeration: rest points, invariants, limits, several states, short runs."""

import functools

import agglomerations
import draws_points
import numpy as np
import pytest
import reference_agglomeration as slow
import xarray as xr
from random_agglomerations import CELL, allclose, random_model, random_start

import nege
from nege import warming
from nege.models.agglomeration import rest as search
from nege.models.agglomeration.mechanisms import migration

pytestmark = pytest.mark.closed_form

# --- rest points -------------------------------------------------------------------


@pytest.mark.parametrize("step", range(0, 18))
def test_steps_of_the_stylised_turn_are_reached_from_any_start(step):
    expected, _ = agglomerations.turn()
    model = agglomerations.economy(step)
    for seed in range(2):
        found = nege.solve(model, random_start(model, 100 * step + seed))
        assert found.residual <= 1e-10
        assert found.leading_eigenvalue < 0.0
        share = found.data.total_cost
        assert float(abs(share - expected.total_cost.sel(step=step)).max()) <= 1e-8


@pytest.mark.parametrize("seed", range(12))
def test_long_runs_satisfy_the_published_equations_and_walras(seed):
    model = random_model(seed, migration_elasticity=1.0 + seed % 5)
    found = nege.solve(model)
    nege.testing.assert_equilibrium(found, tolerance=1e-8)
    # The equation that was left out: all rent, and the pooled part of the commission, is paid out.
    d = found.data
    rents = float((d.rent * model.land).sum())
    pooled = float(d.commission_revenue) if model.platform_owner is None else 0.0
    assert float(d.dividend * d.population.sum()) == pytest.approx(rents + pooled, rel=1e-9)
    assert found.leading_eigenvalue <= 0.0


@pytest.mark.family
@pytest.mark.parametrize("seed", range(2))
def test_long_runs_are_those_of_the_slow_reference_and_so_are_growth_rates(seed):
    model = random_model(seed, places=3, industries=2)
    found = nege.solve(model)
    economy = slow.of_model(model)
    unknowns = slow.solve(economy)
    np.testing.assert_allclose(found.data.firm_mass, unknowns["firms"], rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(found.data.population, unknowns["population"], rtol=1e-8)
    rates = nege.stability(found).eigenvalues.values
    expected = slow.growth_rates(economy, unknowns)
    np.testing.assert_allclose(rates[:4].real, expected[:4].real, rtol=1e-6, atol=1e-9)


@pytest.mark.family
@pytest.mark.parametrize("seed", range(3))
def test_relabelling_places_permutes_the_answer(seed):
    model = random_model(seed, places=5)
    start = random_start(model, seed)
    order = np.random.default_rng(seed).permutation(5)
    names = [model.geography.names[i] for i in order]
    moved = {
        "geography": nege.geography.from_distance(
            model.geography.distance.isel(origin=order, destination=order).values, names=names
        )
    }
    for name in (*model.labelled, "platform_owner"):
        value = getattr(model, name)
        if value is not None:
            moved[name] = value.sel(place=names) if "place" in value.dims else value
    other = model.replace(moved)
    shuffled = {
        "firm_mass": start["firm_mass"].isel(place=order),
        "population": start["population"][order],
    }
    a, b = nege.solve(model, start), nege.solve(other, shuffled)
    allclose(a.data.sel(place=names), b.data, rtol=1e-7, atol=1e-10)


@pytest.mark.family
@pytest.mark.parametrize("seed", range(3))
def test_the_unit_of_distance_does_not_matter(seed):
    model = random_model(seed)
    longer = {"geography": nege.geography.from_distance(4.0 * model.geography.distance.values)}
    for name in set(model.labelled) - {"platform_owner"}:
        rate = name in ("transport_cost", "search_cost", "spillover_decay")
        longer[name] = getattr(model, name) / (4.0 if rate else 1.0)
    longer["platform_owner"] = model.platform_owner
    a, b = nege.solve(model), nege.solve(model.replace(longer))
    allclose(a.data, b.data, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("seed", range(2))
def test_firm_scale_only_counts_firms(seed):
    """Firms twice as large, of which there are half as many but for love of variety."""
    model = random_model(seed, variety=1.0, spillover=0.0, diversity=0.0, inputs=0.0)
    large = model.replace(firm_scale=2.0 * model.firm_scale)
    a, b = nege.solve(model), nege.solve(large)
    np.testing.assert_allclose(b.data.firm_mass, a.data.firm_mass / 2.0, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(b.data.total_cost, a.data.total_cost, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("seed", range(2))
def test_home_weights_have_no_unit(seed):
    model = random_model(seed)
    a, b = nege.solve(model), nege.solve(model.replace(home_weight=7.0 * model.home_weight))
    for name in ("firm_mass", "population", "wage", "real_income"):
        np.testing.assert_allclose(b.data[name], a.data[name], rtol=1e-8, atol=1e-12)


# --- limits ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_with_one_industry_and_nothing_else_wages_are_those_of_core_and_periphery(seed):
    """No inputs, no land, phi = 1, population given: the wage equation at mu = 1, lambda = L."""
    rng = np.random.default_rng(seed)
    people, sigma = rng.dirichlet(np.full(4, 4.0)), 5.0
    points = rng.uniform(0.0, 1.0, (2, 4))
    distance = np.hypot(*(points[:, :, None] - points[:, None]))
    geo = nege.geography.from_distance(distance)
    model = nege.OnlineAgglomeration(
        geo,
        industries=["goods"],
        **{"sigma": sigma, "variety": 1.0, "consumption": 1.0, "housing": 0.0, "inputs": 0.0},
        **{"land_share": 0.0, "spillover": 0.0, "search_cost": 0.0, "transport_cost": 0.8},
        **{"digitisability": 0.0, "digital_cost": 1e12, "migration_elasticity": 0.0},
        home_weight=people,
    )
    found = nege.solve(model)
    assert float(found.data.firm_mass.sel(channel="online").sum()) == 0.0
    np.testing.assert_allclose(found.data.population, people, rtol=1e-9)
    # FKV (1999), eq. 4.31-4.34 with mu = 1: a fixed point in levels, written out.
    freeness, w = np.exp(-0.8 * distance * (sigma - 1.0)), np.ones(4)
    for _ in range(4000):
        price = (people * w ** (1.0 - sigma)) @ freeness
        new = (freeness @ (people * w / price)) ** (1.0 / sigma)
        w = new / np.sum(people * new)
    np.testing.assert_allclose(found.data.wage, w, rtol=1e-8)
    # Firms are as many as their fixed cost allows: one unit of labour buys n f c, c = w.
    np.testing.assert_allclose(
        found.data.firm_mass.sel(industry="goods", channel="offline"), people, rtol=1e-8
    )


def test_online_firms_that_only_learn_from_each_other_may_never_start():
    model = agglomerations.economy(5, hears_offline=0.0)
    found = nege.solve(model)
    nege.testing.assert_equilibrium(found)
    assert (found.data.firm_mass.sel(channel="online") == 0.0).all()
    assert nege.stability(found).stable


def test_where_online_trade_is_prohibitive_nobody_is_online():
    found = nege.solve(agglomerations.economy(6, digital_cost=1e4))
    assert float(found.data.total_cost.sel(channel="online").sum()) < 1e-12
    gone = nege.solve(agglomerations.economy(6, digital_cost=1e4, variety=1.0, spillover=0.0))
    assert (gone.data.firm_mass.sel(channel="online") == 0.0).all()


@pytest.mark.parametrize("seed", range(4))
def test_without_any_difference_both_channels_are_alike(seed):
    model = random_model(
        seed,
        **{"search_cost": 0.0, "digitisability": 0.0, "digital_cost": 1.0, "commission": 0.0},
        **{"online_spillover": 0.0, "hears_online": 0.0, "hears_offline": 1.0, "firm_scale": 1.0},
        **{"remote_labour_share": 0.0, "variety": 0.8},
    )
    data = nege.solve(model).data
    for name in ("firm_mass", "total_cost"):
        np.testing.assert_allclose(
            data[name].sel(channel="online"), data[name].sel(channel="offline"), rtol=1e-7
        )


def test_dixit_stiglitz_firms_vanish_and_come_back_where_entry_pays():
    model = agglomerations.economy(6, variety=1.0, spillover=0.0)
    found = nege.solve(model)
    absent = found.data.firm_mass == 0.0
    assert absent.any()
    nege.testing.assert_equilibrium(found)
    firms = found.data.firm_mass.where(~absent, 0.0)
    kept = agglomerations.economy(17, variety=1.0, spillover=0.0)
    later = nege.solve(kept, {"firm_mass": firms, "population": found.data.population})
    nege.testing.assert_equilibrium(later)
    assert any("entry of firms" in nudge for nudge in later.perturbed)
    expected = nege.solve(kept)
    np.testing.assert_allclose(later.data.total_cost, expected.data.total_cost, atol=1e-7)


# --- several rest points -----------------------------------------------------------


@functools.cache
def equal_places(spillover):
    return agglomerations.economy(6, productivity=1.0, spillover=spillover)


@pytest.mark.structure
def test_an_unstable_symmetric_state_is_left_unless_asked_for():
    model = equal_places(0.12)
    even = {
        "firm_mass": xr.DataArray(np.full((2, 4, 2), 0.075), dims=CELL),
        "population": np.full(4, 0.25),
    }
    pure = nege.solve(model, even, dynamics=nege.Replicator(allow_entry=False))
    assert pure.status is nege.Status.UNSTABLE
    assert pure.leading_eigenvalue == pytest.approx(0.030, abs=1e-3)
    found = nege.stability(pure)
    assert not found.stable
    assert found.unstable.sizes["mode"] == 3
    assert "services offline" in repr(found)
    left = nege.solve(model, even)
    assert left.perturbed
    assert left.leading_eigenvalue < 0.0
    services = left.data.total_cost.sel(industry="services").sum("channel")
    share = np.sort((services / services.sum()).values)[::-1]
    np.testing.assert_allclose(share, [0.498, 0.498, 0.002, 0.002], atol=1e-3)


@pytest.mark.structure
def test_with_strong_spillovers_there_are_several_stable_states():
    found = nege.equilibria(equal_places(0.15), starts=20, basins=4)
    assert not found.complete
    assert "found" in repr(found)
    assert "All" not in repr(found)
    assert sorted(found.orbits[[e.stability.stable for e in found]]) == [4, 4, 6, 6]
    services = found.to_dataset().total_cost.sel(industry="services").sum("channel")
    shares = np.sort((services / services.sum("place")).values)[:, ::-1].round(3)
    assert len({tuple(row) for row in shares}) >= 5  # one of each orbit, unstable ones too
    assert float(found.basins.sum()) == 1.0
    for one in found:
        nege.testing.assert_equilibrium(one, tolerance=1e-8)


@pytest.mark.structure
def test_on_the_reference_path_random_starts_find_one_equilibrium():
    found = nege.equilibria(agglomerations.economy(9), starts=8, rng=1)
    assert len(found) == 1
    assert found[0].stability.stable


@pytest.mark.structure
def test_a_path_that_loses_stability_jumps_and_says_so():
    model = equal_places(0.05)
    ds = nege.follow(model, {"spillover": [0.05, 0.08, 0.12, 0.15]})
    assert (ds.status == nege.Status.CONVERGED).all()
    assert (ds.leading_eigenvalue < 0.0).all()
    spread = ds.total_cost.sel(industry="services").sum("channel").std("place")
    assert ds.perturbed.values.any()
    first = int(np.argmax(ds.perturbed.values))
    assert float(spread[first]) > 10.0 * float(spread[first - 1])


# --- short runs, options, files ----------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_markets_clear_while_firms_and_people_stay(seed):
    model = random_model(seed)
    start = random_start(model, seed)
    found = nege.short_run(model, start)
    nege.testing.assert_equilibrium(found)
    np.testing.assert_allclose(found.data.firm_mass, start["firm_mass"], rtol=1e-14)
    with pytest.raises(nege.InputError, match="would change at rate"):
        nege.stability(found)
    economy = slow.of_model(model)
    guess = slow.start(economy)
    guess["firms"], guess["population"] = start["firm_mass"].values, start["population"]
    expected = slow.clear(economy, guess)
    np.testing.assert_allclose(found.data.wage, expected["wage"], rtol=1e-7)


def test_at_rest_the_short_run_is_the_long_run():
    found = agglomerations.at(8)
    cleared = nege.short_run(found.model, found.data)
    allclose(cleared.data, found.data, rtol=1e-8, atol=1e-10)
    assert nege.stability(cleared).margin == pytest.approx(-found.leading_eigenvalue, rel=1e-4)


@pytest.mark.family
@pytest.mark.parametrize("alike", [False, True])
def test_many_places_are_solved_without_a_matrix_and_alike(alike, monkeypatch):
    model = random_model(5, places=44, industries=2)
    if alike:
        model = nege.OnlineAgglomeration(nege.geography.equidistant(45))
    sparse = nege.solve(model)
    monkeypatch.setattr(search, "LARGE", 50)
    dense = nege.solve(model)
    allclose(sparse.data, dense.data, rtol=1e-6, atol=1e-9)
    assert "every small deviation dies out" in repr(sparse)
    assert sparse.leading_eigenvalue == pytest.approx(dense.leading_eigenvalue, abs=3e-3)


@pytest.mark.family
def test_an_unstable_state_is_known_without_a_matrix(monkeypatch):
    places = nege.geography.equidistant(8)
    model = nege.OnlineAgglomeration(places, productivity=1.0, spillover=0.3)
    firms = xr.DataArray(np.full((2, 8, 2), 0.04), dims=CELL)
    even = {"firm_mass": firms, "population": np.full(8, 0.125)}
    pure = nege.Replicator(allow_entry=False)
    dense = nege.solve(model, even, dynamics=pure)
    monkeypatch.setattr(search, "LARGE", 4)
    sparse = nege.solve(model, even, dynamics=pure)
    assert sparse.status is dense.status is nege.Status.UNSTABLE
    assert sparse.leading_eigenvalue == pytest.approx(dense.leading_eigenvalue, abs=3e-3)
    left = nege.solve(model, even)
    assert left.perturbed
    assert left.leading_eigenvalue < 0.0


@pytest.mark.faults
def test_a_limit_is_never_success():
    with pytest.raises(nege.ConvergenceError) as caught:
        nege.solve(nege.OnlineAgglomeration(), options=nege.SolverOptions(limit_steps=3))
    assert caught.value.equilibrium.status is nege.Status.LIMIT
    assert np.isfinite(caught.value.equilibrium.residual)


@pytest.mark.family
def test_an_economy_comes_back_from_a_file_with_its_model(tmp_path):
    model = random_model(1)
    found = nege.solve(model)
    found.to_netcdf(tmp_path / "economy.nc")
    again = nege.load(tmp_path / "economy.nc")
    nege.testing.assert_equilibrium(again, tolerance=1e-8)
    assert again.model.industries == model.industries
    allclose(again.data, found.data, rtol=0.0)
    allclose(nege.solve(again.model).data, found.data, rtol=1e-12)


def test_prices_that_a_start_has_lead_sooner_to_the_same():
    places = nege.geography.equidistant(3)
    base = nege.OnlineAgglomeration(places, productivity=[[0.1, 1.0, 10.0], [10.0, 1.0, 0.1]])
    data = nege.solve(base).data
    moved = base.replace({"firm_scale": 3.0})
    cold = nege.solve(moved, data[["firm_mass", "population"]])
    warm = nege.solve(moved, data)
    np.testing.assert_allclose(warm.data.firm_mass, cold.data.firm_mass, rtol=1e-8)
    assert warm.iterations < 0.5 * cold.iterations
    # As an explorer writes them, in the order of results; and those of other economies are no help.
    written = {name: array.values.tolist() for name, array in base.start_of(data).items()}
    assert nege.solve(moved, written).data.identical(warm.data)
    two = nege.solve(base.with_mechanisms(nege.mechanisms.Workers())).data
    np.testing.assert_allclose(
        nege.solve(moved, two).data.firm_mass, cold.data.firm_mass, rtol=1e-8
    )
    with pytest.raises(nege.InputError, match=r"start\['wage'\]"):
        nege.solve(moved, {**written, "wage": [1.0, 2.0]})


def test_an_audit_of_people_who_follow_income_closely_overflows_nowhere():
    places = nege.geography.equidistant(3)
    given = {"migration_elasticity": 400.0, "home_weight": [1.0, 2.0, 1.0]}
    economy = nege.OnlineAgglomeration(places, **given)
    real_income = np.array([20.0, 21.0, 10.0])
    with np.errstate(over="raise", invalid="raise"):
        people = migration.audit_target(economy, real_income)
        welfare = migration.audit_welfare(economy, real_income)
    ratio = 0.5 * (20.0 / 21.0) ** 400
    np.testing.assert_allclose(people[:2], [ratio / (1.0 + ratio), 1.0 / (1.0 + ratio)])
    np.testing.assert_allclose(welfare, 21.0 * (1.5 * (1.0 + ratio)) ** (1.0 / 400.0))


def test_tastes_are_the_models_own():
    with pytest.raises(nege.InputError, match="migration_elasticity"):
        nege.solve(nege.OnlineAgglomeration(), dynamics=nege.Logit(scale=0.1))


@pytest.mark.family
def test_parameters_of_a_path_keep_their_labels_in_any_order():
    path = nege.scenarios.stylised_turn().isel(step=[0, 1])
    turned = path.isel(industry=[1, 0], place=[3, 1, 0, 2])
    turned = turned.assign_coords(place=[3, 1, 0, 2])  # numbers are names too
    expected = nege.follow(nege.OnlineAgglomeration(), path)
    xr.testing.assert_identical(nege.follow(nege.OnlineAgglomeration(), turned), expected)
    np.testing.assert_array_equal(expected.search_cost.sel(industry="services"), [1.5, 1.2])


def fast_and_lumpy():
    """Two places that the long steps of the search would lead back to from near by."""
    return nege.OnlineAgglomeration(
        nege.geography.equidistant(2),
        industries=["goods"],
        **{"sigma": 2.0, "consumption": 0.9, "housing": 0.1, "inputs": 0.07, "land_share": 0.0},
        **{"productivity": [[1.0044, 0.9757]], "migration_elasticity": 30, "spillover": 0.25},
        **{"spillover_decay": 50, "online_spillover": 0, "transport_cost": 0.64},
        **{"search_cost": 0.61, "digitisability": 0.1, "commission": 0, "diversity": 0.1},
        remote_labour_share=0.3,
    )


@pytest.mark.structure
def test_an_unstable_state_that_draws_the_search_back_is_left_further_each_time():
    found = nege.solve(fast_and_lumpy())
    nege.testing.assert_equilibrium(found, tolerance=1e-8)
    assert found.leading_eigenvalue < 0.0
    assert float(found.data.population.max()) > 0.99


@pytest.mark.faults
def test_a_search_that_runs_out_of_rounds_has_found_nothing(monkeypatch):
    monkeypatch.setattr("nege.models.agglomeration.rest.ROUNDS", 1)
    with pytest.raises(nege.ConvergenceError) as caught:
        nege.solve(fast_and_lumpy())
    assert caught.value.equilibrium.status is nege.Status.STUCK


def test_pure_dynamics_do_not_bring_back_firms_that_are_not_there():
    model = nege.OnlineAgglomeration(variety=1.0, spillover=0.0)
    labels = {"industry": list(model.industries), "place": list("0123")}
    firms = xr.DataArray(np.full((2, 4, 2), 0.1), labels, CELL)
    firms.loc[{"industry": "services", "place": "1"}] = 0.0
    start = {"firm_mass": firms, "population": np.full(4, 0.25)}
    pure = nege.solve(model, start, dynamics=nege.Replicator(allow_entry=False))
    assert pure.status is nege.Status.UNSTABLE
    assert not pure.perturbed
    there = {"industry": "services", "place": "1"}
    np.testing.assert_array_equal(pure.data.firm_mass.sel(there), 0.0)
    assert "entry" in nege.stability(pure).unstable.kind
    assert (nege.solve(model, start).data.firm_mass.sel(there).sum() > 0.0).item()


@pytest.mark.family
def test_people_may_be_counted_in_any_unit():
    model = nege.OnlineAgglomeration(home_weight=[4.0, 3.0, 2.0, 1.0])
    in_millions = nege.solve(model.replace(home_weight=1e6 * model.home_weight)).data
    allclose(in_millions, nege.solve(model).data, rtol=1e-9)


@pytest.mark.parametrize("substitution", [1.0 - 1e-12, 1.0, 1.0 + 1e-12])
def test_the_audit_is_exact_where_remote_work_is_all_but_cobb_douglas(substitution):
    model = nege.OnlineAgglomeration(
        remote_labour_share=(0.2, 0.5), remote_substitution=substitution
    )
    nege.testing.assert_equilibrium(nege.solve(model), tolerance=1e-8)


@pytest.mark.parametrize("substitution", [0.5, 0.7, 1.0, 2.0])
def test_remote_labour_that_nobody_hires_is_free_or_hired_by_a_last_few(substitution):
    """Online trade is prohibitive; firms that can do without local labour stay for its sake."""
    model = nege.OnlineAgglomeration(
        nege.geography.equidistant(2),
        **{"variety": 1.0, "spillover": 0.0, "digital_cost": 1e3},
        remote_labour_share=(0.2, 0.5),
        remote_substitution=substitution,
    )
    found = nege.solve(model)
    nege.testing.assert_equilibrium(found, tolerance=1e-8)
    assert nege.stability(found).stable
    online = float(found.data.firm_mass.sel(channel="online").sum())
    if substitution < 1.0:
        assert online == 0.0
        assert float(found.data.remote_wage) == 0.0
    else:
        assert 0.0 < online < 1e-6
        assert 0.0 < float(found.data.remote_wage) < 1e-2
    path = nege.follow(model, {"digital_cost": [1.1, 100.0, 1.1]})
    assert (path.status == nege.Status.CONVERGED).all()
    np.testing.assert_allclose(path.firm_mass[0], path.firm_mass[2], rtol=1e-6)


def test_firms_too_few_for_double_precision_are_zero_and_would_stay_so():
    model = nege.OnlineAgglomeration(nege.geography.equidistant(2))
    path = nege.follow(model, {"digital_cost": [1.1, 1e17, 1.1]})
    assert (path.status == nege.Status.CONVERGED).all()
    np.testing.assert_allclose(path.firm_mass[0], path.firm_mass[2], rtol=1e-6)
    found = nege.solve(model.replace(digital_cost=1e17))
    assert float(found.data.firm_mass.min()) == 0.0
    assert nege.stability(found).stable
    nege.testing.assert_equilibrium(found)
    with pytest.raises(nege.ConvergenceError) as caught:
        nege.solve(model.replace(digital_cost=1e30))
    assert caught.value.equilibrium.status is nege.Status.NOT_FINITE


@pytest.mark.family
@pytest.mark.parametrize("seed", draws_points.SOME)
def test_points_of_sweeps_are_what_they_are_alone_or_refused_as_alone(seed):
    draws_points.check_industries(seed)


def test_warming_up_calls_short_runs_of_industries_as_they_are_called():
    economy = nege.OnlineAgglomeration()
    warming._short_runs(economy, nege.SolverOptions())
