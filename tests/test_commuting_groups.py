"""People who commute, and move to live only within groups of places, or not at all."""

import draws_commuting as draws
import numpy as np
import pytest
import reference_commuting as reference
import xarray as xr

import nege

pytestmark = pytest.mark.closed_form

LABELS, PEOPLE = ["west", "east", "west", "east", "east"], np.array([2.0, 1.0, 3.0, 2.5, 1.5])
SHARE = PEOPLE / PEOPLE.sum()
OFF = ~np.eye(5, dtype=bool)
RNG = np.random.default_rng(2026)
DISTANCE = RNG.uniform(0.5, 1.0, (5, 5)) - 0.4 * ~OFF
MODEL = nege.Commuting(
    nege.geography.from_distance(DISTANCE),
    **{"sigma": 4, "mu": 0.7, "taste": 4.6, "residence_taste": 3.0},
    **{"trade_cost": np.exp(DISTANCE), "commuting_cost": np.exp(0.8 * DISTANCE)},
    **{name: RNG.uniform(0.7, 1.4, 5) for name in draws.FUNDAMENTALS},
    **{"remote": 0.2, "mobility": LABELS, "people": PEOPLE},
)
FREE = MODEL.replace(mobility="free", people=None)
GROUPS = [np.array(LABELS) == name for name in ("west", "east")]


@pytest.fixture(scope="module")
def settled():
    return nege.solve(MODEL)


def test_groups_are_where_a_slow_reference_has_them(settled):
    for model in (MODEL, MODEL.replace(rents="pooled", housing_elasticity=0.4)):
        found = settled if model is MODEL else nege.solve(model)
        nege.testing.assert_equilibrium(found, tolerance=1e-12)
        plain = reference.solve_within(reference.of_model(model), LABELS, PEOPLE)
        for name, wanted in {**draws.OF_GROUPS, "group_welfare": "groups"}.items():
            np.testing.assert_allclose(found.data[name], plain[wanted], rtol=1e-10, err_msg=name)
        assert found.data.group.values.tolist() == ["west", "east"]
        # Who lives in one group may work in the other.
        assert float(found.data.commuting[0, 1]) > 0.02


@pytest.mark.parametrize("seed", range(0, draws.COUNT, 100))
def test_random_economies_in_groups_rest_by_both_methods(seed):
    draws.check_groups(seed)


@pytest.mark.parametrize("rents", ["local", "pooled"])
def test_without_commuting_it_is_helpman_in_groups_with_tastes(rents):
    theta = MODEL.theta
    model = MODEL.replace(commuting_cost=np.where(OFF, np.inf, 1.0), remote=0.0, rents=rents)
    same = ("sigma", "mu", "trade_cost", "productivity", "housing", "rents", "mobility", "people")
    helpman = nege.Helpman(
        model.geography,
        **{name: getattr(model, name) for name in same},
        amenity=model.amenity * model.workplace_amenity ** (1 / model.taste),
    )
    wanted = nege.solve(helpman, dynamics=nege.Logit(scale=1 / theta)).data
    found = nege.solve(model).data
    for name in ("share", "wage", "price_index", "real_income", "rent", "income"):
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-8, err_msg=name)
    # Logit leaves out what it is worth to have so many places to choose from.
    choice = np.array([2, 3]) ** (1 / theta)
    np.testing.assert_allclose(found.group_welfare, choice * wanted.group_welfare, rtol=1e-8)
    assert not model.uniqueness().unique
    assert not helpman.uniqueness().unique
    assert model.replace(mobility="none").uniqueness().unique


def test_one_group_of_all_is_free_mobility():
    one = MODEL.replace(mobility=["all"] * 5)
    assert one.uniqueness() == FREE.uniqueness()
    found, free = nege.solve(one), nege.solve(FREE)
    np.testing.assert_allclose(found.data.share, free.data.share, rtol=1e-11)
    np.testing.assert_allclose(found.data.group_welfare, [free.data.welfare], rtol=1e-11)
    assert float(found.data.welfare) == pytest.approx(float(free.data.welfare), rel=1e-11)
    hats = [nege.counterfactual(x, commuting_cost_change=0.8) for x in (found, free)]
    for name in set(hats[1]) - {"residual"}:
        np.testing.assert_allclose(hats[0][name], hats[1][name], rtol=1e-10, err_msg=name)


def test_the_long_run_of_people_who_cannot_move_is_the_short_run_where_they_are():
    model = MODEL.replace(mobility="none")
    found, short = nege.solve(model), nege.short_run(model, SHARE)
    xr.testing.assert_allclose(found.data, short.data, rtol=1e-13)
    assert found.error < 1e-12
    np.testing.assert_array_equal(found.data.group_welfare, found.data.real_income)
    stable = nege.stability(found)
    assert stable.stable
    assert stable.eigenvalues.size == 0
    assert len(nege.equilibria(model, starts=1)) == 1
    assert not model.uniqueness().unique  # of short runs nothing is proven


@pytest.mark.parametrize(
    ("mobility", "later"), [("free", ["none", LABELS]), (LABELS, [None, "none"]), ("none", [None])]
)
def test_hats_are_levels_by_group(mobility, later):
    """After the change people move within the same groups, or within narrower ones."""
    before = nege.solve(FREE if mobility == "free" else MODEL.replace(mobility=mobility))
    changed = {"trade_cost": 0.9, "commuting_cost": 0.85}
    given = {f"{name}_change": np.where(OFF, by, 1.0) for name, by in changed.items()}
    levels = {n: np.where(OFF, by, 1.0) * vars(MODEL)[n] for n, by in changed.items()}
    for after in later:
        hat = nege.counterfactual(before, **given, remote=0.5, mobility=after)
        model = before.model.replace(**levels, remote=0.5)
        if after is not None:
            model = model.replace(mobility=after, people=before.data.share)
        found = nege.solve(model).data
        for name in ("share", "employment", "commuting"):
            np.testing.assert_allclose(hat[name], found[name], rtol=1e-9)
        for name in ("wage", "price_index", "rent", "real_income"):
            ratio = found[name] / before.data[name]
            np.testing.assert_allclose(hat[f"{name}_change"], ratio, rtol=1e-9, err_msg=name)
        groups = model.groups.of == np.arange(len(model.groups.labels))[:, None]
        was, now = (
            np.array([np.sum(real[g] ** MODEL.theta) ** (1 / MODEL.theta) for g in groups])
            for real in (before.data.real_income.values, found.real_income.values)
        )
        np.testing.assert_allclose(hat.group_welfare_change, now / was, rtol=1e-9)
        weight = groups @ before.data.share.values
        change = (weight @ now) / (weight @ was)
        assert float(hat.welfare_change) == pytest.approx(change, rel=1e-9)


def test_hats_of_a_short_run_have_means_of_groups(settled):
    before = nege.short_run(MODEL, SHARE)
    hat = nege.counterfactual(before, trade_cost_change=0.9)
    later = MODEL.replace(trade_cost=np.where(OFF, 0.9, 1.0) * MODEL.trade_cost)
    ratio = nege.short_run(later, SHARE).data.group_welfare / before.data.group_welfare
    np.testing.assert_allclose(hat.group_welfare_change, ratio, rtol=1e-10)
    means = [SHARE[g] @ before.data.real_income.values[g] / SHARE[g].sum() for g in GROUPS]
    np.testing.assert_allclose(before.data.group_welfare, means, rtol=1e-13)
    for wider in ("free", ["one"] * 5):
        with pytest.raises(nege.InputError, match="further than before"):
            nege.counterfactual(settled, trade_cost_change=0.9, mobility=wider)


@pytest.mark.structure
def test_eigenvalues_in_groups_are_those_of_short_runs_differentiated(settled):
    """R places and G groups, R - G rates: theta ln V - ln R by ln R, groups keeping their sums."""
    share, step = settled.data.share.values, 1e-5

    def attraction(logs):
        at = nege.short_run(MODEL, np.exp(logs) / np.exp(logs).sum()).data.real_income.values
        return MODEL.theta * np.log(at) - logs

    # Deviations from the last place of a group to the others keep its sum.
    moves = []
    for g in map(np.flatnonzero, GROUPS):
        for place in g[:-1]:
            move = np.zeros(5)
            move[place], move[g[-1]] = 1.0, -share[place] / share[g[-1]]
            moves.append(move)
    moves = np.array(moves).T
    logs = np.log(share)
    slopes = [
        (attraction(logs + step * m) - attraction(logs - step * m)) / 2 / step for m in moves.T
    ]
    growth = np.array(slopes).T
    for g in GROUPS:
        growth[g] -= share[g] @ growth[g] / share[g].sum()
    matrix = np.linalg.lstsq(moves, growth, rcond=None)[0]
    wanted = np.sort(np.linalg.eigvals(matrix).real)
    rates = np.sort(nege.stability(settled).eigenvalues.values)
    np.testing.assert_allclose(rates, wanted, rtol=1e-6)
    assert rates[-1] == pytest.approx(settled.leading_eigenvalue)


@pytest.mark.structure
def test_an_unstable_spread_within_groups_is_left_for_each_to_keep_its_people():
    """Two pairs that hardly trade: each of them is the economy whose even spread is unstable."""
    far = np.kron(np.eye(2), np.ones((2, 2))) == 0.0
    model = nege.Commuting(
        nege.geography.equidistant(4),
        **{"sigma": 2, "mu": 0.9, "taste": 20, "mobility": ["a", "a", "b", "b"]},
        trade_cost=np.where(far, 20.0, np.where(np.eye(4) > 0, 1.0, 1.3)),
        commuting_cost=np.where(far, 20.0, np.where(np.eye(4) > 0, 1.0, 1.5)),
    )
    found = nege.solve(model, [0.25] * 4)
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue < 0.0
    assert any("unstable rest point" in words for words in found.perturbed)
    share = found.data.share.values
    np.testing.assert_allclose([share[:2].sum(), share[2:].sum()], 0.5, rtol=1e-14)
    assert abs(share[0] - share[1]) > 0.1
    held = nege.solve(model, [0.25] * 4, dynamics=nege.Replicator(allow_entry=False))
    assert held.status is nege.Status.UNSTABLE


@pytest.mark.structure
def test_data_come_back_with_equal_utilities_of_groups():
    data = {"employment": [2, 2, 3, 3, 1], "residents": PEOPLE, "wage": [1, 1.1, 1.2, 1, 0.9]}
    free = nege.invert(FREE, **data)
    for mobility in (LABELS, "none", ["all"] * 5):
        model = nege.invert(MODEL.replace(mobility=mobility, people=None), **data)
        np.testing.assert_allclose(model.people, SHARE, rtol=1e-14)
        found = nege.solve(model).data
        np.testing.assert_allclose(found.share, SHARE, rtol=1e-10)
        np.testing.assert_allclose(found.wage / found.wage[0], data["wage"], rtol=1e-10)
        np.testing.assert_allclose(found.group_welfare, found.group_welfare[0], rtol=1e-10)
        assert abs(np.mean(np.log(model.amenity))) < 1e-12
        np.testing.assert_allclose(model.productivity, free.productivity, rtol=1e-10)
    np.testing.assert_allclose(model.amenity, free.amenity, rtol=1e-10)  # one group


@pytest.mark.structure
def test_sweeps_loops_files_prepared_solvers_and_compare_know_groups(settled, tmp_path):
    wanted = settled.data.group_welfare
    swept = nege.sweep(MODEL, {"sigma": [4.0, 4.1]})
    np.testing.assert_allclose(swept.group_welfare[0], wanted, rtol=1e-10)
    loop = nege.hysteresis(MODEL, "sigma", (4.0, 4.1), points=2).data
    np.testing.assert_allclose(
        loop.group_welfare.sel(arm="up").sortby("sigma"), swept.group_welfare, rtol=1e-9
    )
    settled.to_netcdf(tmp_path / "economy.nc")
    stored = nege.load(tmp_path / "economy.nc")
    xr.testing.assert_identical(stored.data, settled.data)
    assert stored.model.mobility.values.tolist() == LABELS
    assert stored.model.people.identical(MODEL.people)
    solver = nege.prepare(MODEL)
    assert solver.variables(solver.solve())["group_welfare"].tolist() == wanted.values.tolist()
    many = nege.short_run(MODEL, [SHARE, settled.data.share.values])
    np.testing.assert_allclose(many.real_income[1], settled.data.real_income, rtol=1e-10)
    after = nege.solve(MODEL.replace(amenity=1.1 * MODEL.amenity))
    gains = nege.compare(settled, after).by_group
    assert gains.group.values.tolist() == ["people in west", "people in east"]
    np.testing.assert_allclose(gains.gain, np.log(after.data.group_welfare / wanted), rtol=1e-9)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: FREE.replace(people=PEOPLE), "people=None"),
        (lambda: MODEL.replace(mobility="nobody"), "'none'"),
        (lambda: MODEL.replace(mobility=["a", "b"]), "There are 2 labels"),
        (lambda: MODEL.replace(people=[1, 0, 1, 0, 0]), "nobody in east"),
        (lambda: nege.solve(MODEL, [0.6, 0.1, 0.1, 0.1, 0.1]), "those of group west sum to 0.5"),
        (lambda: nege.break_points(MODEL, "sigma", (3, 4)), r"nege\.hysteresis follows"),
        (lambda: nege.solve(MODEL, dynamics=nege.Logit(scale=0.2)), "residence_taste is 1/scale"),
    ],
)
def test_what_cannot_be_is_refused_with_its_cure(call, said):
    with pytest.raises(nege.InputError, match=said):
        call()
