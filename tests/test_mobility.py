"""Who can move where: nobody, everybody, or each only within a group of regions.

Sources of what is exact: case 03 (a border that nobody crosses) and table 1 of Redding &
Rossi-Hansberg (2017), both solved apart by damped iteration in NumPy; the short run, which is the
long run of people who cannot move; and a counterexample to uniqueness in groups.
"""

import pathlib
import sys

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import reference_quantitative as reference
import xarray as xr
from draws_mobility import LINE, check, counterexample, two_countries
from hypothesis import given

import nege

sys.path.append(str(pathlib.Path(__file__).parents[1]))
from benchmarks import borders

pytestmark = pytest.mark.closed_form

WHERE = borders.folder()
BEFORE = "0.0955451686 0.3339139497 0.0705408817 0.1658052742 0.0711435830 0.2630511429"
AFTER = "0.0862709078 0.3186443343 0.0950847579 0.2073751308 0.0705555168 0.2220693525"
FREE = "0.1303823515 0.4534882066 0.0925417770 0.1111124969 0.0460179001 0.1664572678"
TASTES = nege.Logit(scale=0.2, weights=[1, 2, 3, 4, 5, 6])
DYNAMICS = [nege.Replicator(), TASTES]


def printed(words):
    return np.array(words.split(), dtype=float)


@pytest.fixture(scope="module")
def case():
    """Two countries of three places, with and without a border cost between them."""
    model, open_cost, ratio = two_countries()
    before, after = nege.solve(model), nege.solve(model.replace(trade_cost=open_cost))
    return model, open_cost, ratio, before, after


def test_people_who_do_not_cross_a_border_are_where_they_should_be_to_all_digits(case):
    model, open_cost, _, before, after = case
    assert np.abs(before.data.share.values - printed(BEFORE)).max() <= 5.1e-11
    assert np.abs(after.data.share.values - printed(AFTER)).max() <= 5.1e-11
    gains = after.data.group_welfare / before.data.group_welfare
    assert gains.group.values.tolist() == ["one", "two"]
    assert np.abs(gains.values - [1.0217099048, 1.0223419734]).max() <= 5.1e-11
    free = nege.solve(model.replace(mobility="free"))
    freer = nege.solve(model.replace(mobility="free", trade_cost=open_cost))
    assert np.abs(free.data.share.values - printed(FREE)).max() <= 5.1e-11
    assert abs(float(freer.data.welfare / free.data.welfare) - 1.0209302571) <= 5.1e-11
    for found in (before, after):
        nege.testing.assert_equilibrium(found)
        assert nege.stability(found).stable
        assert found.data.group_welfare.mean() == pytest.approx(float(found.data.welfare))


@pytest.mark.parametrize(
    ("who", "dynamics"),
    [("groups", DYNAMICS[0]), ("none", DYNAMICS[0]), (["a", "a", "b", "c", "c", "c"], TASTES)],
)
def test_hat_algebra_says_of_groups_what_levels_say(case, who, dynamics):
    model, open_cost, ratio, *_ = case
    if who != "groups":
        model = model.replace(mobility=who)
    before = nege.solve(model, dynamics=dynamics)
    after = nege.solve(model.replace(trade_cost=open_cost), dynamics=dynamics).data
    hat = nege.counterfactual(before, trade_cost_change=ratio)
    np.testing.assert_allclose(hat.share, after.share, atol=1e-12)
    for name in ("welfare", "group_welfare", "wage"):
        expected = after[name] / before.data[name]
        np.testing.assert_allclose(hat[f"{name}_change"], expected, rtol=1e-11)


def test_a_counterfactual_can_keep_people_where_they_are(case):
    model, open_cost, ratio, before, _ = case
    stay = nege.counterfactual(before, trade_cost_change=ratio, mobility="none")
    short = nege.short_run(model.replace(trade_cost=open_cost), before.data.share).data
    np.testing.assert_allclose(stay.share_change, 1.0, rtol=1e-14)
    change = short.real_income / before.data.real_income
    np.testing.assert_allclose(stay.real_income_change, change, rtol=1e-11)
    for wider in ("free", ["one", "two"] * 3):
        with pytest.raises(nege.InputError, match="further than before"):
            nege.counterfactual(before, trade_cost_change=ratio, mobility=wider)


def test_the_long_run_of_people_who_cannot_move_is_the_short_run_where_they_are():
    people = np.array([1.0, 4.0, 2.0, 3.0])
    for rents in ("local", "pooled"):
        model = nege.Helpman(
            nege.geography.line(4), sigma=5, mu=0.9, trade_cost=1.4, rents=rents, mobility="none"
        ).replace(people=people)
        found = nege.solve(model)
        short = nege.short_run(model, people / people.sum())
        xr.testing.assert_identical(found.data, short.data)
        assert found.residual == short.residual
        assert found.error == short.error
        assert model.uniqueness().unique
        stable = nege.stability(found)
        assert stable.stable
        assert stable.eigenvalues.size == 0
        assert found.data.group_welfare.values.tolist() == found.data.real_income.values.tolist()
        every = nege.equilibria(model)
        assert every.complete
        assert len(every) == 1


def test_one_group_of_all_is_free_mobility(case):
    model = case[0].replace(mobility=["all"] * 6)
    free = model.replace(mobility="free")
    assert model.uniqueness() == free.uniqueness()
    for dynamics in DYNAMICS:
        one, other = (nege.solve(x, dynamics=dynamics).data for x in (model, free))
        np.testing.assert_allclose(one.share, other.share, atol=1e-12)
        np.testing.assert_allclose(one.group_welfare, [other.welfare], rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_groups_are_where_small_steps_in_plain_numpy_lead(seed):
    """The first of those that ``python -m benchmarks verify`` takes."""
    check(seed)


@given(seed=st.integers(0, 10_000), labels=st.permutations("aabbbc"))
def test_groups_keep_their_people_and_do_not_depend_on_the_order_of_regions(case, seed, labels):
    model, rng = case[0].replace(mobility=labels), np.random.default_rng(seed)
    moved = model.groups.rescaled(rng.dirichlet(np.ones(6)))
    np.testing.assert_allclose(model.groups.sums(moved), model.groups.total, rtol=1e-14)
    payoff, tastes = rng.normal(size=6), TASTES.for_kernels(model)
    order = rng.permutation(6)
    again = nege.models.mobility.Groups(
        model.groups.labels, model.groups.of[order], model.groups.people[order]
    )
    for dynamics in (nege.Replicator().for_kernels(model), tastes):
        growth, residual = model.groups.growth(dynamics, moved, payoff)
        np.testing.assert_allclose(model.groups.sums(moved * growth), 0.0, atol=1e-13)
        permuted = dynamics._replace(log_weight=dynamics.log_weight[order])
        other, same = again.growth(permuted, moved[order], payoff[order])
        np.testing.assert_allclose(other, growth[order], atol=1e-13)
        assert same == pytest.approx(residual)
        alone = int(np.flatnonzero(model.groups.of == model.groups.labels.index("c"))[0])
        assert abs(growth[alone]) <= 1e-13


@pytest.mark.structure
@pytest.mark.parametrize("dynamics", DYNAMICS, ids=str)
def test_eigenvalues_in_groups_are_those_of_growth_rates_differentiated_apart(case, dynamics):
    """By complex steps through the published equations: R regions and G groups, R - G rates."""
    model, found = case[0], nege.solve(case[0], dynamics=dynamics)
    share, plain = found.data.share.values, reference.helpman(model)
    of = model.groups.of
    rows = np.array([of == of[r] for r in range(6)]) * share / 0.5  # means of the group
    slopes = np.empty((6, 6))
    for j in range(6):
        step = share.astype(complex)
        step[j] *= np.exp(1e-30j)
        logs = reference.log_outcomes(step, plain)[1]
        if dynamics is TASTES:
            logs = logs / 0.2 - np.log(step)
        slopes[:, j] = logs.imag / 1e-30
    every = np.linalg.eigvals((np.eye(6) - rows) @ slopes @ (np.eye(6) - rows))
    expected = np.sort(every.real)[np.argsort(np.abs(np.sort(every.real)))[2:]]
    rates = nege.stability(found).eigenvalues.values
    np.testing.assert_allclose(np.sort(rates), np.sort(expected), atol=1e-8)


@pytest.mark.structure
def test_what_is_unique_with_free_mobility_need_not_be_in_groups():
    """Sigma (1 - mu) = 1.25 > 1, and yet an unstable state between two stable ones."""
    model, even = counterexample()
    assert model.replace(mobility="free").uniqueness().unique
    assert not model.uniqueness().unique
    assert nege.stability(nege.short_run(model, even)).margin < -0.05
    assert nege.stability(nege.short_run(model.replace(mobility="free"), even)).stable
    pushed = nege.solve(model, even)
    assert any("unstable rest point" in words for words in pushed.perturbed)
    ends = []
    for tilt in (1.01, 1 / 1.01):
        start = even * [tilt, 1.0, 1.0 / tilt, 1.0]
        found = nege.solve(model, model.groups.rescaled(start))
        nege.testing.assert_equilibrium(found)
        assert nege.stability(found).stable
        ends.append(found.data.share.values)
    np.testing.assert_allclose(ends[0], ends[1][[2, 3, 0, 1]], atol=1e-8)  # mirror images
    assert np.abs(ends[0] - even).max() > 0.05
    assert len(nege.equilibria(model, starts=0)) > 1


@pytest.mark.structure
def test_sweeps_paths_files_and_prepared_solvers_know_groups(case, tmp_path):
    model, _, _, before, after = case
    swept = nege.sweep(model, {"sigma": [4.9, 5.0]}, store=tmp_path / "store")
    np.testing.assert_allclose(swept.share[1], before.data.share, atol=1e-9)
    np.testing.assert_allclose(swept.group_welfare[1], before.data.group_welfare, rtol=1e-9)
    loop = nege.hysteresis(model, "sigma", (4.9, 5.0), points=2)  # which follows a path
    np.testing.assert_allclose(
        loop.data.group_welfare.sel(arm="up").sortby("sigma"), swept.group_welfare, rtol=1e-8
    )
    before.to_netcdf(tmp_path / "economy.nc")
    stored = nege.load(tmp_path / "economy.nc")
    xr.testing.assert_identical(stored.data, before.data)
    assert stored.model.mobility.values.tolist() == ["one"] * 3 + ["two"] * 3
    for kind in ("none", "free"):
        other = model.replace(mobility=kind)
        assert type(other).from_dataset(other.to_dataset()).mobility == kind
    solver = nege.prepare(model)
    found = solver.solve()
    assert found.share.tolist() == before.data.share.values.tolist()
    variables = solver.variables(found)
    assert variables["group_welfare"].tolist() == before.data.group_welfare.values.tolist()
    many = nege.short_run(model, [before.data.share.values, after.data.share.values])
    np.testing.assert_allclose(many.group_welfare[0], before.data.group_welfare, rtol=1e-10)


def test_inversion_keeps_the_people_of_groups(case):
    people, wage = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 1.1, 1.2, 1.5, 2.0, 1.7]
    for mobility in (case[0].mobility, "none"):
        found = nege.invert(case[0].replace(mobility=mobility), people, wage)
        data = nege.solve(found).data
        np.testing.assert_allclose(data.share * 21, people, rtol=1e-8)
        np.testing.assert_allclose(data.wage / data.wage[0], wage, rtol=1e-8)


@pytest.mark.skipif(
    WHERE is None,
    reason="no draws of Redding & Rossi-Hansberg: neither NEGE_RRH2017 nor ../shared/data has them",
)
def test_what_borders_cost_where_all_can_move_is_what_is_printed():
    """The two countries themselves take 15 s: ``python -m benchmarks.borders``, and verify."""
    model, changes = borders.economy(WHERE, "free")
    name, change = list(changes.items())[-1]
    before, after = (
        nege.solve(m) for m in (model, model.replace(trade_cost=change * model.trade_cost))
    )
    gain = 100.0 * (after.data.welfare / before.data.welfare - 1.0)
    assert float(gain) == pytest.approx(borders.PRINTED[name][1], abs=5.1e-4)


# --- what is given -------------------------------------------------------------------


def small(**more):
    return nege.AllenArkolakis(
        LINE, sigma=5, productivity_spillover=0.1, amenity_spillover=-0.3, trade_cost=1.3, **more
    )


@pytest.mark.faults
@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b", "a"],
        ("a", "b", "a"),
        np.array(["a", "b", "a"]),
        {"2": "a", "0": "a", "1": "b"},
        pd.Series(["b", "a", "a"], index=["1", "2", "0"]),
        pd.Categorical(["a", "b", "a"]),
        xr.DataArray(["b", "a", "a"], {"region": ["1", "0", "2"]}, "region"),
        [7, 8, 7],
        np.array([1.0, 2.0, 1.0]),
        pd.Series([1, 2, 1]),
        np.array([True, False, True]),
    ],
    ids=lambda labels: type(labels).__name__,
)
def test_labels_come_in_every_form_and_in_any_order_of_regions(labels):
    model = small(mobility=labels)
    assert model.groups.of.tolist() == [0, 1, 0]
    assert model.mobility.region.values.tolist() == ["0", "1", "2"]
    assert all(isinstance(label, str) for label in model.groups.labels)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("given", "names", "said"),
    [
        ({"mobility": ["a", "b"]}, "mobility", "There are 2 labels"),
        ({"mobility": ["a", None, "b"]}, "mobility", "That of '1' is None"),
        ({"mobility": ["a", float("nan"), "b"]}, "mobility", "which is missing"),
        ({"mobility": pd.array(["a", pd.NA, "b"])}, "mobility", "which is missing"),
        ({"mobility": ["a", " ", "b"]}, "mobility", "which is missing"),
        ({"mobility": [0.3, 1.7, 2.0]}, "mobility", "Is it the wrong column?"),
        ({"mobility": {"0": "a", "1": "b"}}, "mobility", "'2' is missing"),
        ({"mobility": {"0": "a", "1": "b", "x": "c"}}, "mobility", "'x' is not a name"),
        ({"mobility": {"a", "b"}}, "mobility", "A set has no order"),
        ({"mobility": 3}, "mobility", "the same label"),
        ({"mobility": [["a", "b", "a"]]}, "mobility", "There are 1 labels"),
        ({"mobility": np.array([["a", "b", "a"]])}, "mobility", "Its shape is (1, 3)"),
        ({"mobility": xr.DataArray(["a"] * 3, dims="city")}, "mobility", "over region"),
        ({"people": [1, 1, 1]}, "people", "people=None"),
        ({"mobility": "none", "people": [1, 0, 1]}, "people", "nobody in 1"),
        ({"mobility": ["a", "b", "a"], "people": [1, 0, 1]}, "people", "nobody in b"),
        ({"mobility": "none", "people": [1, 1]}, "people", "each of the 3 names"),
        ({"mobility": "none", "people": [1, np.nan, 1]}, "people", "not finite"),
        ({"mobility": "none", "people": [-1, 1, 1]}, "people", "below 0"),
        ({"mobility": "none", "people": [0, 0, 0]}, "people", "All of them are zero"),
    ],
)
def test_what_cannot_be_who_moves_where_is_refused_with_its_cure(given, names, said):
    with pytest.raises(nege.InputError) as refused:
        small(**given)
    assert refused.value.argument == names
    assert said in str(refused.value)


@pytest.mark.faults
def test_what_does_not_know_groups_refuses_them(case):
    model, online = case[0], nege.OnlineRegion(trade_cost=1.1)
    for call in (
        lambda: nege.bifurcation(model, "sigma", (4, 5)),
        lambda: nege.break_points(model, "sigma", (4, 5)),
        lambda: nege.sustain_points(model, "sigma", (4, 5), core=model.regions[0]),
    ):
        with pytest.raises(nege.InputError, match=r"nege\.hysteresis follows"):
            call()
    with pytest.raises(nege.InputError, match=r"those of group (one|two) sum to 0\.5"):
        nege.solve(model, [0.1, 0.2, 0.3, 0.1, 0.2, 0.1])
    with pytest.raises(nege.InputError, match="a place of the geography"):
        nege.Helpman(
            LINE,
            **{"sigma": 5, "mu": 0.7, "trade_cost": 1.3, "mobility": "none"},
            **{"online": online, "online_housing": 1},
        )
    given_people = model.replace(people=[1, 2, 3, 4, 5, 6])
    assert given_people.groups.total.tolist() == pytest.approx([6 / 21, 15 / 21])
    with pytest.raises(nege.InputError, match="people=None"):
        given_people.replace(mobility="free")
    assert given_people.replace(mobility="free", people=None).groups is None


def test_people_are_those_of_the_population_where_the_geography_has_one():
    places = nege.geography.from_distance(1.0 - np.eye(3), population=[1, 2, 5])
    model = nege.Helpman(places, sigma=5, mu=0.7, trade_cost=1.3, mobility=["a", "b", "b"])
    np.testing.assert_allclose(model.groups.total, [1 / 8, 7 / 8])
    start = model.default_start()
    assert np.abs(start - [1 / 8, 2 / 8, 5 / 8]).max() < 0.01
    np.testing.assert_allclose(model.groups.sums(start), [1 / 8, 7 / 8], rtol=1e-14)
    emptied = model.replace(people=[1, 0, 7])  # nobody is there before anybody moves
    assert (emptied.default_start() > 0.0).all()
    np.testing.assert_allclose(
        nege.solve(emptied).data.share, nege.solve(model).data.share, atol=1e-9
    )


def test_labels_and_people_can_be_columns_of_the_table_of_places():
    table = pd.DataFrame(
        {
            **{"city": ["A", "B", "C"], "lat": [50.5, 51.2, 52.1], "lon": [8.0, 9.0, 8.5]},
            **{"country": ["u", "v", "v"], "jobs": [1, 2, 5], "code": [10, 20, 20]},
        }
    )
    places = nege.geography.from_dataframe(table, names="city", latitude="lat", longitude="lon")
    given = {"sigma": 5, "mu": 0.7, "trade_cost": 1.3}
    model = nege.Helpman(places, mobility="country", people="jobs", **given)
    assert model.groups.labels == ("u", "v")
    np.testing.assert_allclose(model.groups.total, [1 / 8, 7 / 8])
    assert nege.Helpman(places, mobility="code", **given).groups.labels == ("10", "20")
    with pytest.raises(nege.InputError, match="Did you mean 'country'"):
        nege.Helpman(places, mobility="county", **given)
    with pytest.raises(nege.InputError, match="wrong column"):
        nege.Helpman(places, mobility="lat", **given)
