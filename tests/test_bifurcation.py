"""Bifurcation diagrams against closed forms, brute force and each other."""

import dataclasses
import itertools

import matplotlib as mpl
import numpy as np
import pytest
from racetracks import check_doubling, economy, images
from scipy.optimize import brentq

import nege
from nege import geography
from nege.models.classical.two_region_diagram import MOST, diagram
from nege.plots import branches
from nege.structure.symmetry import symmetry_of_parameters

pytestmark = pytest.mark.structure

mpl.use("Agg")


@pytest.fixture(scope="module")
def tomahawk():
    return nege.bifurcation(economy(geography.equidistant(2)), "trade_cost", (1.05, 3))


def test_the_tomahawk_has_every_branch(tomahawk):
    assert tomahawk.points("break") == pytest.approx([7**0.25], rel=1e-9)
    exact = nege.sustain_points(tomahawk.model, "trade_cost", (1.05, 3))[0]
    assert tomahawk.points("sustain") == pytest.approx([exact], rel=1e-9)
    assert sorted(branch.orbit for branch in tomahawk.branches) == [1, 2, 2]
    assert tomahawk.lost == ()
    assert all(branch.complete for branch in tomahawk.branches)
    here = tomahawk.at(1.7)
    largest = np.sort(here.share.max("region").values)
    np.testing.assert_allclose(largest, [0.5, 0.8348868355, 1.0], atol=1e-9)
    stable = dict(zip(here.share.max("region").values.round(3), here.stable.values, strict=True))
    assert stable == {0.5: True, 0.835: False, 1.0: True}


def test_the_diagram_holds_exactly_what_the_two_region_kernel_finds(tomahawk):
    costs = np.linspace(1.06, 2.95, 40)
    shares, stable = np.empty((40, MOST)), np.empty((40, MOST), dtype=bool)
    counts = np.empty(40, dtype=np.int64)
    diagram(costs**-4.0, 0.5, 5.0, 0.4, shares, stable, counts)
    for i, cost in enumerate(costs):
        here = tomahawk.at(float(cost))
        expected = {
            (round(float(max(s, 1 - s)), 6), bool(t))
            for s, t in zip(shares[i, : counts[i]], stable[i, : counts[i]], strict=True)
        }
        found = {
            (round(float(s), 6), bool(t))
            for s, t in zip(here.share.max("region"), here.stable, strict=True)
        }
        assert found == expected


def test_a_core_that_is_not_sustained_is_at_rest_under_pure_dynamics_only(tomahawk):
    """Nobody is there to notice that entry pays; with entry it is no equilibrium."""
    pure = dataclasses.replace(tomahawk, dynamics=nege.Replicator(allow_entry=False))
    assert tomahawk.at(2.5).share.max("region").values == pytest.approx([0.5])
    at_rest = pure.at(2.5)
    assert sorted(at_rest.share.max("region").values) == pytest.approx([0.5, 1.0])
    assert tomahawk.at(1.7).share.max("region").max() == 1.0  # sustained


@pytest.mark.parametrize("n", [3, 6])
def test_equidistant_places_break_and_sustain(n):
    model = economy(geography.equidistant(n))
    found = nege.bifurcation(model, "trade_cost", (1.3, 4), depth=1)
    assert (3 * n + 1) ** 0.25 == pytest.approx(
        found.points("break")[np.argmin(np.abs(found.points("break") - (3 * n + 1) ** 0.25))],
        rel=1e-9,
    )
    exact = nege.sustain_points(model, "trade_cost", (1.3, 4), core="0")[0]
    assert np.min(np.abs(found.points("sustain") - exact)) < 1e-9
    assert found.classes == (tuple(model.regions),)


@pytest.mark.parametrize("n", [4, 5, 6, 8, 16])
def test_dispersion_on_a_racetrack_breaks_at_every_crossing(n):
    """Every Z_k = Z* is found on the branch of dispersion itself, before branching off."""
    found = nege.bifurcation(economy(geography.racetrack(n)), "trade_cost", (1.05, 3), depth=0)
    exact = nege.break_points(found.model, "trade_cost", (1.05, 3)).values
    even = [
        point.value
        for point in found.special_points
        if point.kind == "break" and np.ptp(point.share.values) < 1e-6
    ]
    assert even == pytest.approx(list(exact), rel=1e-9)


def test_a_racetrack_doubles_down_to_one_place():
    """``python -m benchmarks verify`` takes one of 16 places."""
    check_doubling(8)


@pytest.mark.parametrize("n", [5, 6])
def test_orbits_are_listed_once(n):
    """No two branches pass through images of one equilibrium."""
    found = nege.bifurcation(economy(geography.racetrack(n)), "trade_cost", (1.05, 3))
    for value in (1.2, 1.4, 1.55, 1.7, 2.0):
        shares = found.at(value).share.values
        assert len(shares) > 2
        for i, share in enumerate(shares):
            assert sum(tuple(share.round(6)) in images(other) for other in shares[:i]) == 0


def test_the_online_region_takes_off_and_collapses():
    model = economy(geography.equidistant(2), online=nege.OnlineRegion(trade_cost=1.2))
    found = nege.bifurcation(model, "online_trade_cost", (1.0, 2.5))
    sustain = found.points("sustain")
    assert np.min(np.abs(sustain - 1.171319205)) < 1e-8
    assert np.min(np.abs(sustain - 1.759239542)) < 1e-8
    both = found.at(1.4)
    assert sorted(both.share.sel(region="online").values[both.stable]) == [0.0, 1.0]
    assert found.classes == (("0", "1"), ("online",))


def test_a_second_model_goes_through_the_same_functions():
    model = nege.FootlooseEntrepreneur(geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1.1)
    found = nege.bifurcation(model, "trade_cost", (1.02, 1.3))
    assert found.points("break") ** -4.0 == pytest.approx([23 / 33], rel=1e-9)

    def excess(phi):
        return phi**0.1 * (1.08 * phi + 0.92 / phi) / 2 - 1

    exact = brentq(excess, 0.5, 0.9, xtol=1e-14)
    assert found.points("sustain") ** -4.0 == pytest.approx([exact], rel=1e-9)


@pytest.mark.parametrize("parameter", ["mu", "sigma"])
def test_any_parameter_can_vary(parameter):
    interval = {"mu": (0.1, 0.7), "sigma": (3.0, 8.0)}[parameter]
    model = economy(geography.equidistant(2))
    found = nege.bifurcation(model, parameter, interval)
    assert found.points("break") == pytest.approx(
        nege.break_points(model, parameter, interval).values, rel=1e-9
    )
    assert found.points("sustain") == pytest.approx(
        nege.sustain_points(model, parameter, interval).values, rel=1e-9
    )


def test_tastes_make_it_smooth_and_vanish_as_they_agree():
    model = economy(geography.equidistant(2), farmers=[0.48, 0.52])
    smooth = nege.bifurcation(model, "trade_cost", (1.1, 2.5), dynamics=nege.Logit(scale=0.5))
    assert smooth.special_points == ()
    assert len(smooth.branches) == 1
    even = economy(geography.equidistant(2))
    exact = nege.break_points(even, "trade_cost", (1.1, 2.5))[0]
    gaps = []
    for scale in (1e-2, 1e-3):
        dynamics = nege.Logit(scale=scale)
        found = nege.bifurcation(even, "trade_cost", (1.1, 2.5), dynamics=dynamics)
        expected = nege.break_points(even, "trade_cost", (1.1, 2.5), dynamics=dynamics).values
        assert found.points("break") == pytest.approx(list(expected), rel=1e-8)
        gaps.append(abs(found.points("break")[-1] - exact))
    assert gaps[1] < 0.2 * gaps[0]


def test_points_of_a_branch_are_equilibria(tomahawk):
    for branch in tomahawk.branches:
        for k in range(0, branch.values.size, 7):
            model = tomahawk.model.replace(trade_cost=float(branch.values[k]))
            data = nege.short_run(model, branch.share.values[k]).data
            occupied = data.share.values > 0.0
            wages = data.real_wage.values[occupied]
            assert np.ptp(wages) <= 1e-9


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([(2.0, 3.0), (1.0, 2.0)], [(1.0, 3.0)]),
        ([(1.0, 4.0), (2.0, 3.0)], [(1.0, 4.0)]),
        ([(1.0, 2.0), (3.0, 4.0)], [(1.0, 2.0), (3.0, 4.0)]),
        ([(1.0, 2.0)] * 3, [(1.0, 2.0)]),
    ],
)
def test_dashes_are_not_drawn_over_dashes(parts, whole):
    assert branches._joined(parts) == whole


def test_the_picture_is_that_of_the_field(tomahawk):
    ax = tomahawk.plot()
    lines = {line.get_gid() for line in ax.lines if line.get_gid()}
    assert lines == {"stable", "unstable"}
    for line in ax.lines:
        if line.get_gid():
            solid = line.get_linestyle() == "-"
            assert solid == (line.get_gid() == "stable")
    assert ax.get_xlabel() == "trade cost (iceberg factor)"
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["stable", "unstable", "break", "sustain"]
    tomahawk.plot("largest")
    with pytest.raises(nege.InputError):
        tomahawk.plot("3")
    mpl.pyplot.close("all")


def test_everything_is_in_the_dataset(tomahawk):
    stored = tomahawk.to_dataset()
    assert set(stored.special_kind.values) == {"break", "sustain"}
    np.testing.assert_allclose(stored.share.sum("region"), 1.0)
    assert "Not established" in repr(tomahawk)
    assert "3 branches" in repr(tomahawk)


@pytest.mark.parametrize(
    ("arguments", "keywords", "argument"),
    [
        (("tau", (1, 2)), {}, "parameter"),
        (("trade_cost", (2, 1)), {}, "interval"),
        (("trade_cost", (0.5, 2)), {}, "trade_cost"),
        (("trade_cost", (1.1, 2)), {"depth": -1}, "depth"),
        (("trade_cost", (1.1, 2)), {"unstable": 1.5}, "unstable"),
    ],
)
def test_bad_questions_are_refused_by_name(arguments, keywords, argument):
    with pytest.raises(nege.InputError) as caught:
        nege.bifurcation(economy(geography.equidistant(2)), *arguments, **keywords)
    assert caught.value.argument == argument


@pytest.mark.parametrize(("sigma", "mu", "scale"), [(5.2, 0.32, 0.003), (5.8, 0.42, 0.01)])
def test_a_branch_straight_through_dispersion_is_listed_once(sigma, mu, scale):
    """With three places one branch crosses dispersion without turning; each side is one branch."""
    model = economy(geography.equidistant(3), sigma=sigma, mu=mu)
    found = nege.bifurcation(model, "trade_cost", (1.05, 2.2), dynamics=nege.Logit(scale=scale))
    assert found.points("break").size >= 1
    folds = found.points("fold")
    assert np.min(np.diff(folds), initial=1.0) > 1e-6
    for value in (1.2, 1.4, 1.69):
        largest = np.sort(found.at(value).share.values, axis=1)
        for i, share in enumerate(largest):
            assert all(np.max(np.abs(share - other)) > 1e-6 for other in largest[:i])


@pytest.mark.parametrize("seed", range(6))
def test_strong_tastes_leave_one_smooth_path(seed):
    """No false special points, whatever the economy: a unique equilibrium moves smoothly."""
    rng = np.random.default_rng(seed)
    n = 2 + seed % 3
    online = nege.OnlineRegion(trade_cost=1.2, commission=0.05) if seed % 2 else None
    model = economy(
        geography.equidistant(n),
        sigma=rng.uniform(3, 7),
        mu=rng.uniform(0.2, 0.5),
        farmers=rng.dirichlet(np.full(n, 20.0)),
        online=online,
    )
    found = nege.bifurcation(model, "trade_cost", (1.1, 3), dynamics=nege.Logit(scale=0.8))
    assert len(found.branches) == 1
    assert found.special_points == ()
    assert found.branches[0].stable.all()
    assert (found.branches[0].began, found.branches[0].ended) == ("interval", "interval")


def test_as_tastes_vanish_the_diagram_is_that_of_the_replicator(tomahawk):
    """Every equilibrium and its stability; at 1.3 corners are the only stable ones."""

    def at(diagram, value):
        here = diagram.at(value)
        largest = here.share.max("region").values
        order = np.argsort(largest)
        return largest[order], list(here.stable.values[order])

    errors = []
    for scale in (3e-3, 1e-3, 3e-4):
        dynamics = nege.Logit(scale=scale)
        found = nege.bifurcation(tomahawk.model, "trade_cost", (1.05, 3), dynamics=dynamics)
        for value in (1.3, 2.5):
            shares, stable = at(found, value)
            expected, sure = at(tomahawk, value)
            assert max(shares[stable]) == pytest.approx(max(expected[sure]), abs=1e-6)
        shares, stable = at(found, 1.65)
        expected, sure = at(tomahawk, 1.65)
        assert stable == sure == [True, False, True]
        errors.append(np.max(np.abs(shares - expected)))
    assert errors[1] < 0.5 * errors[0]
    assert errors[2] < 0.5 * errors[1]
    assert errors[2] < 0.02


@pytest.mark.parametrize("high", [4.0, 1e12])
def test_an_interval_however_wide_hides_nothing(high):
    """Two breaks within a factor of 1.5, of which a path that is even in the cost sees none."""
    model, tastes = economy(geography.equidistant(2)), nege.Logit(scale=0.02)
    values = pytest.approx([1.0683380429, 1.5126747707], rel=1e-8)
    interval = (1.0005, high)
    assert nege.break_points(model, "trade_cost", interval, dynamics=tastes).values == values
    found = nege.bifurcation(model, "trade_cost", interval, dynamics=tastes)
    assert found.points("break") == values
    core = nege.sustain_points(model, "trade_cost", interval).values
    assert core == pytest.approx([1.8073127197], rel=1e-8)


ROUND_ONE_WAY = (np.arange(5) - np.arange(5)[:, None]) % 5.0
NO_SYMMETRY = np.triu(np.arange(16.0).reshape(4, 4) / 10 + 1, 1)


@pytest.mark.parametrize(
    "places",
    [
        *(geography.racetrack(n) for n in (4, 6)),
        *(geography.line(n) for n in (4, 5)),
        geography.star(5),
        geography.equidistant(4),
        geography.grid(2, 3),
        geography.from_distance(ROUND_ONE_WAY),
        geography.from_distance(NO_SYMMETRY + NO_SYMMETRY.T),
    ],
    ids=lambda places: str(len(places)),
)
def test_symmetries_are_all_permutations_that_change_nothing(places):
    """Against trying every one."""
    n, distance = len(places), places.distance.values
    found = symmetry_of_parameters([economy(places).arrays], np.zeros(n))
    every = [np.array(p) for p in itertools.permutations(range(n))]
    kept = {tuple(p) for p in every if (distance[np.ix_(p, p)] == distance).all()}
    made = {
        tuple(arrangement[swaps])
        for arrangement in found.arrangements
        for swaps in _exchanges(found.classes, n)
    }
    assert made == kept
    assert found.order == len(kept)
    assert found.complete


def _exchanges(classes, n):
    """Yield every permutation of twins."""
    for orders in itertools.product(*(itertools.permutations(twins) for twins in classes)):
        swaps = np.empty(n, dtype=int)
        for twins, order in zip(classes, orders, strict=True):
            swaps[twins] = order
        yield swaps


def test_a_circle_of_many_places_is_turned_and_mirrored():
    """n rotations, and each of them mirrored; found by two places, not by all permutations."""
    n = 128
    model = economy(geography.racetrack(n), trade_cost=1.01)
    found = symmetry_of_parameters([model.arrays], np.zeros(n))
    turned = (np.arange(n) + np.arange(n)[:, None]) % n
    wanted = {tuple(way) for turn in turned for way in (turn, turn[::-1])}
    assert {tuple(way) for way in found.arrangements} == wanted
