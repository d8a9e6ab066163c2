"""Break and sustain points against the closed forms, by name, and honest refusals."""

import copy
import math
import pickle

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings
from scipy.optimize import brentq

import nege
from nege.geography import equidistant, racetrack
from nege.structure import even_curve, even_spread
from nege.structure.branches.continuation import CorrectorFailure
from nege.structure.circular_modes import Waves, periods
from nege.structure.even_curve import EvenCurve
from nege.structure.one_parameter import SHARP_OPTIONS, checked_family

pytestmark = pytest.mark.structure


def economy(places, sigma=5.0, mu=0.4, trade_cost=2.0, online=None):
    region = None if online is None else nege.OnlineRegion(**online)
    return nege.CorePeriphery(places, sigma=sigma, mu=mu, trade_cost=trade_cost, online=region)


def z_star(sigma, mu):
    rho = (sigma - 1) / sigma
    return mu * (1 + rho) / (mu**2 + rho)


def z_racetrack(x, k, n):
    """Eigenvalue k of the freeness of a racetrack over its row sum, from a plain sum; of each x."""
    steps = np.minimum(np.arange(n), n - np.arange(n))
    row = np.asarray(x)[..., None] ** steps
    return row @ np.cos(2 * np.pi * k * np.arange(n) / n) / row.sum(-1)


@pytest.mark.parametrize(
    ("n", "breaks", "sustains"),
    [(2, 1.626577, 1.807313), (3, 1.778279, 2.182255), (4, 1.898829, 2.517266), (6, None, None)],
)
def test_equidistant_places_break_and_sustain_where_theory_says(n, breaks, sustains):
    model = economy(equidistant(n))
    broken = nege.break_points(model, "trade_cost", (1.01, 20))
    assert broken.values == pytest.approx([(3 * n + 1) ** 0.25], rel=1e-12)
    assert broken[0].multiplicity == n - 1
    kept = nege.sustain_points(model, "trade_cost", (1.01, 20), core="0")

    def excess(cost):
        phi, part = cost**-4.0, 0.6 / n
        return phi**0.5 * ((0.4 + part) * phi + part * (1 / phi + n - 2)) - 1

    assert kept.values == pytest.approx([brentq(excess, 1.3, 19, xtol=1e-14)], rel=1e-11)
    if breaks:
        assert broken[0] == pytest.approx(breaks, abs=1e-6)
        assert kept[0] == pytest.approx(sustains, abs=1e-6)


@pytest.mark.parametrize("n", [4, 5, 6, 7, 8, 11, 12, 16])  # odd ones, 4 k, 4 k + 2
def test_racetracks_break_at_every_crossing_of_every_mode(n):
    found = nege.break_points(economy(racetrack(n)), "trade_cost", (1.02, 20))
    expected = []
    for k in range(1, n // 2 + 1):
        costs = np.geomspace(1.02, 20, 4001)
        values = z_racetrack(costs**-4.0, k, n) - 0.75
        expected += [
            (brentq(lambda c, k=k: z_racetrack(c**-4.0, k, n) - 0.75, a, b, xtol=1e-15), k)
            for a, b, u, v in zip(costs, costs[1:], values, values[1:], strict=False)
            if u * v < 0
        ]
    expected.sort()
    assert found.values == pytest.approx([cost for cost, _ in expected], rel=1e-9)
    for threshold, (_, k) in zip(found, expected, strict=True):
        assert threshold.mode.startswith(f"{k} wave")
        assert ("period doubling" in threshold.mode) == (2 * k == n)
        assert threshold.multiplicity == (1 if 2 * k == n else 2)
    if n % 4 == 0:
        assert found[-1] == pytest.approx((7 - 4 * math.sqrt(3)) ** -0.25, rel=1e-11)


@settings(max_examples=20)
@given(
    n=st.integers(2, 8),
    sigma=st.floats(1.8, 9.0),
    mu=st.floats(0.1, 0.8),
    trade_cost=st.floats(1.2, 6.0),
    commission=st.floats(0.0, 0.3),
)
def test_online_take_off_and_collapse_are_the_closed_forms(n, sigma, mu, trade_cost, commission):
    """Economics of dispersion that goes online, and of all-online that falls apart."""
    online = {"trade_cost": 1.5, "commission": commission}
    model = economy(equidistant(n), sigma, mu, trade_cost, online)
    inside = (1.0 + 1e-6, 50.0)
    gbar = (1 + (n - 1) * trade_cost ** (1 - sigma)) / n
    net = 1 - commission
    take_off = (net ** (1 / (1 / sigma + mu / (sigma - 1))) / gbar) ** (1 / (sigma - 1))
    places = list(model.geography.names)
    found = nege.sustain_points(model, "online_trade_cost", inside, core=places)
    assert found.values == pytest.approx([take_off] if inside[0] < take_off < 50 else [], rel=1e-9)
    assert all(mode == "entry of online" for mode in found.mode)

    def excess(log_cost):
        d = np.exp(log_cost)
        inward = mu * net * d ** (1 - sigma) + (1 - mu * net) * gbar * d ** (sigma - 1)
        return np.log(inward) - mu * sigma * log_cost - sigma * math.log(net)

    grid = np.linspace(math.log(inside[0]), math.log(50.0), 4001)
    values = excess(grid)
    assume(np.min(np.abs(values[np.r_[0, -1]])) > 1e-6)
    assume(not (np.min(values) > 0 and np.min(values) < 1e-4))  # two roots about to be born
    expected = [
        math.exp(brentq(excess, a, b, xtol=1e-15))
        for a, b, u, v in zip(grid, grid[1:], values, values[1:], strict=False)
        if u * v < 0
    ]
    found = nege.sustain_points(model, "online_trade_cost", inside, core="online")
    assert found.values == pytest.approx(expected, rel=1e-9)


def test_numbers_of_the_textbook_online_economy():
    model = economy(equidistant(2), online={"trade_cost": 1.3})
    inside = (1.0, 20.0)

    def points(m, core):
        return nege.sustain_points(m, "online_trade_cost", inside, core=core).values

    assert points(model, ["0", "1"]) == pytest.approx([1.171319], abs=1e-6)
    assert points(model, "online") == pytest.approx([1.759240], abs=1e-6)
    assert points(model.replace(trade_cost=1.5), "0") == pytest.approx([1.142049], abs=1e-6)
    taxed = model.replace(online_commission=0.05)
    assert points(taxed, ["0", "1"]) == pytest.approx([1.122306819852], abs=1e-11)
    assert points(taxed, "online") == pytest.approx([1.499211426649], abs=1e-11)
    assert len(points(model.replace(online_commission=0.1), "online")) == 0


@pytest.mark.parametrize("parameter", ["mu", "sigma"])
def test_any_parameter_can_be_the_one_that_varies(parameter):
    model = economy(equidistant(3))
    found = nege.break_points(model, parameter, {"mu": (0.05, 0.7), "sigma": (2, 12)}[parameter])
    for threshold in found:
        at = {"sigma": 5.0, "mu": 0.4, parameter: float(threshold)}
        phi = 2.0 ** (1 - at["sigma"])
        assert (1 - phi) / (1 + 2 * phi) == pytest.approx(z_star(**at), rel=1e-10)
    assert len(found) == 1


def test_logit_tastes_break_twice_or_never():
    """Tastes spread people out, so that agglomeration is a band of trade costs."""
    model = economy(equidistant(2))

    def points(scale):
        dynamics = nege.Logit(scale=scale)
        return nege.break_points(model, "trade_cost", (1.001, 20), dynamics=dynamics)

    low, high = points(0.02)
    assert 1 < low < high < 1.6265766
    assert len(points(1.0)) == 0
    assert points(1e-5)[-1] < 7**0.25
    assert points(1e-5)[-1] == pytest.approx(7**0.25, abs=1e-3)


def test_free_trade_is_no_threshold():
    """At a trade cost of 1 every pattern pays alike; that is an end, not a root."""
    model = economy(equidistant(2))
    assert len(nege.break_points(model, "trade_cost", (1.0, 1.5))) == 0
    assert len(nege.sustain_points(model, "trade_cost", (1.0, 1.5))) == 0


def test_a_threshold_is_a_float_that_knows_its_name():
    found = nege.break_points(economy(racetrack(4)), "trade_cost", (1.2, 4))
    first = found[0]
    for other in (copy.copy(first), pickle.loads(pickle.dumps(first))):
        assert other == first
        assert other.mode == first.mode
    assert float(abs(first.direction).max()) == pytest.approx(1.0)
    assert float(first.direction.sum()) == pytest.approx(0.0, abs=1e-12)
    assert "period doubling" in repr(found)
    none = nege.break_points(economy(equidistant(2)), "trade_cost", (3, 4))
    stable = "Dispersion is stable all through."
    assert repr(none) == f"No break point in trade_cost between 3 and 4. {stable}"
    assert len(none) == 0


@pytest.mark.parametrize(
    ("function", "arguments", "argument"),
    [
        ("break_points", ("tau", (1, 2)), "parameter"),
        ("break_points", ("trade_cost", (2, 1)), "interval"),
        ("break_points", ("trade_cost", (1, 2, 3)), "interval"),
        ("break_points", ("trade_cost", (0.5, 2)), "trade_cost"),
        ("break_points", ("trade_cost", (math.nan, 2)), "interval"),
        ("sustain_points", ("trade_cost", (1, 2), "9"), "core"),
        ("sustain_points", ("trade_cost", (1, 2), []), "core"),
        ("sustain_points", ("trade_cost", (1, 2), ["0", "1"]), "core"),
    ],
)
def test_bad_questions_are_refused_by_name(function, arguments, argument):
    parameter, interval, *core = arguments
    keywords = {"core": core[0]} if core else {}
    with pytest.raises(nege.InputError) as caught:
        getattr(nege, function)(economy(equidistant(2)), parameter, interval, **keywords)
    assert caught.value.argument == argument


def test_an_economy_without_symmetry_has_no_symmetric_equilibrium():
    star = economy(nege.geography.star(5))
    with pytest.raises(nege.InputError, match="paid alike"):
        nege.break_points(star, "trade_cost", (1.1, 3))
    with pytest.raises(nege.InputError, match="paid alike"):
        nege.sustain_points(star, "trade_cost", (1.1, 3), core=["0", "1"])


def places_mode(model, dynamics, among=(0.002, 0.998), points=40):
    """Rates of deviations between places at every equilibrium with as many in each, some online."""
    places = len(model.geography)

    solver = nege.prepare(model)

    def share(online):
        return np.append(np.full(places, (1 - online) / places), online)

    def lead(online):
        solved = solver.short_run(share(online))
        assert solved.status is nege.Status.CONVERGED
        wage = solver.variables(solved)["real_wage"]
        taste = 0.0
        if isinstance(dynamics, nege.Logit):
            taste = dynamics.scale * math.log(places * online / (1 - online))
        return math.log(wage[-1] / wage[0]) - taste

    grid = np.linspace(*among, points)
    values = [lead(online) for online in grid]
    found = []
    for a, b, u, v in zip(grid, grid[1:], values, values[1:], strict=False):
        if u * v < 0:
            online = brentq(lead, a, b, xtol=1e-15)
            at = nege.stability(nege.short_run(model, share(online)), dynamics=dynamics)
            between = np.abs(at.directions.values[:, -1]) < 1e-6
            found.append((online, at.eigenvalues.values.real[between][0]))
    return found


@pytest.mark.parametrize(
    ("n", "sigma", "mu", "online", "parameter", "interval", "dynamics"),
    [
        (2, 5.53, 0.35, (1.209, 0.05), "online_trade_cost", (1.0, 1.6), nege.Replicator()),
        (3, 4.24, 0.36, (1.283, 0.1), "trade_cost", (1.02, 3.0), nege.Replicator()),
        (2, 5.0, 0.4, (1.2, 0.0), "trade_cost", (1.1, 3.0), nege.Logit(scale=0.02)),
    ],
)
def test_places_break_also_with_some_people_online(
    n, sigma, mu, online, parameter, interval, dynamics
):
    """By a search of its own: there a deviation between places neither grows nor dies out."""
    region = {"trade_cost": online[0], "commission": online[1]}
    model = economy(equidistant(n), sigma, mu, 1.6, region)
    found = nege.break_points(model, parameter, interval, dynamics=dynamics)
    mixed = [threshold for threshold in found if "online" in threshold.mode]
    assert mixed
    for threshold in mixed:
        assert threshold.multiplicity == n - 1
        here = places_mode(model.replace({parameter: float(threshold)}), dynamics)
        share, rate = min(here, key=lambda pair: abs(pair[1]))
        assert abs(rate) < 1e-7
        assert f"{share:.3g}"[:4] in threshold.mode
        signs = []
        for side in (0.9995, 1.0005):
            moved = model.replace({parameter: side * threshold})
            near = places_mode(moved, dynamics, (share - 0.02, share + 0.02), 5)
            signs.append(np.sign(min(near, key=lambda pair: abs(pair[0] - share))[1]))
        assert signs[0] == -signs[1] != 0.0


@pytest.mark.parametrize(("sigma", "mu"), [(5.0, 0.4), (3.0, 0.6), (8.0, 0.2)])
def test_footloose_entrepreneurs_break_and_sustain_through_the_same_functions(sigma, mu):
    """Forslid & Ottaviano (2003): both points in closed form, in freeness."""
    two = nege.FootlooseEntrepreneur(equidistant(2), sigma=sigma, mu=mu, trade_cost=1.1)
    broken = nege.break_points(two, "trade_cost", (1.001, 5)).values ** (1 - sigma)
    exact = (sigma - mu) * (sigma - 1 - mu) / ((sigma + mu) * (sigma - 1 + mu))
    assert broken == pytest.approx([exact], rel=1e-11)

    def excess(phi):
        return phi ** (mu / (sigma - 1)) * ((1 + mu / sigma) * phi + (1 - mu / sigma) / phi) / 2 - 1

    kept = nege.sustain_points(two, "trade_cost", (1.001, 5)).values ** (1 - sigma)
    assert kept == pytest.approx([brentq(excess, 1e-3, 0.999, xtol=1e-15)], rel=1e-9)
    for n in (3, 5):
        many = nege.FootlooseEntrepreneur(equidistant(n), sigma=sigma, mu=mu, trade_cost=1.1)
        x = nege.break_points(many, "trade_cost", (1.001, 5)).values[0] ** (1 - sigma)
        star = mu * (2 * sigma - 1) / (sigma * (sigma - 1) + mu**2)
        assert (1 - x) / (1 + (n - 1) * x) == pytest.approx(star, rel=1e-10)


def z_entrepreneurs(sigma, mu):
    return mu * (2 * sigma - 1) / (sigma * (sigma - 1) + mu**2)


@pytest.mark.parametrize("n", [64, 128, 256])
def test_circles_of_many_places_break_at_every_crossing_of_every_wave(n):
    """As the circle gets finer, where one without gaps does: .413764, .944911, 1.417002."""
    model = nege.FootlooseEntrepreneur(racetrack(n), sigma=3, mu=0.6, trade_cost=1.01)
    ends = math.exp(0.4 * math.pi / n), math.exp(16 * math.pi / n)
    found = nege.break_points(model, "trade_cost", ends)
    costs, star = np.geomspace(*ends, 2001), z_entrepreneurs(3, 0.6)
    steps = np.minimum(np.arange(n), n - np.arange(n))
    freeness = costs[:, None] ** (-2.0 * steps)
    spectrum = np.fft.rfft(freeness, axis=1).real
    excess = spectrum[:, 1:] / spectrum[:, :1] - star
    crossings = np.argwhere(np.diff(excess > 0.0, axis=0))
    expected = sorted(
        brentq(lambda c, k=k: z_racetrack(c**-2.0, k + 1, n) - star, *costs[i : i + 2], xtol=1e-15)
        for i, k in crossings
    )
    assert len(expected) > 10
    assert found.values == pytest.approx(expected, rel=1e-11)
    per_turn = n * np.log(found.values[:3]) / (2 * math.pi)
    assert per_turn == pytest.approx([0.413764, 0.944911, 1.417002], rel=10.0 / n**1.5)
    if n == 256:
        assert per_turn == pytest.approx([0.413738, 0.944732, 1.416395], abs=6e-7)


def torus(ny, nx):
    """Places row by row, straight ways between them, round either way."""
    y, x = (np.minimum(np.arange(n), n - np.arange(n)).astype(float) for n in (ny, nx))
    near = np.hypot(y[:, None], x)
    rows = [np.roll(near, (r, s), (0, 1)).ravel() for r in range(ny) for s in range(nx)]
    return nege.geography.from_distance(np.array(rows))


@pytest.mark.parametrize(("ny", "nx"), [(2, 3), (3, 4), (4, 4), (3, 5)])
def test_tori_break_where_waves_in_both_directions_do(ny, nx):
    """Where their part of the freeness of trade is z*, or none, from a plain sum over places."""
    model, inside, n = economy(torus(ny, nx)), (1.05, 20), ny * nx
    family = checked_family(model, "trade_cost", inside, nege.Replicator())
    assert periods(family, np.full(n, 1 / n)) == (ny, nx)
    found = nege.break_points(model, "trade_cost", inside)
    distance = model.geography.distance.values[0]
    there = np.indices((ny, nx)).reshape(2, n)
    costs, expected = np.geomspace(*inside, 501), []
    for wave in np.indices((ny, nx)).reshape(2, n).T[1:]:
        turn = np.cos(2 * np.pi * (wave / (ny, nx)) @ there)

        for level in (0.0, 0.75):

            def excess(cost, turn=turn, level=level):
                near = cost ** (-4.0 * distance)
                return near @ turn / near.sum() - level

            values = [excess(cost) for cost in costs]
            expected += [
                brentq(excess, a, b, xtol=1e-15)
                for a, b, u, v in zip(costs, costs[1:], values, values[1:], strict=False)
                if u * v < 0
            ]
    values = np.repeat(found.values, [threshold.multiplicity for threshold in found])
    assert values == pytest.approx(sorted(expected), rel=1e-10)


def test_a_grid_has_edges_and_no_even_spread():
    """Round a torus nobody lives at an edge; on a grid those who do are further from the others."""
    with pytest.raises(nege.InputError, match="paid alike"):
        nege.break_points(economy(nege.geography.grid(3, 4)), "trade_cost", (1.1, 3))


@given(
    middle=st.floats(1.05, 3.8),
    apart=st.floats(1e-4, 3e-3),
    bent=st.sampled_from([-30.0, -1.0, 1.0, 30.0]),
    waved=st.floats(0.0, 0.5),
)
def test_two_roots_between_samples_are_found(middle, apart, bent, waved):
    """Of each function that dips through zero; none of one that stays above or below."""
    family = checked_family(economy(equidistant(2)), "trade_cost", (1.0, 4.0), nege.Replicator())

    def functions(value):
        dip = (value - middle) ** 2 * (1.0 + waved * math.sin(3.0 * value))
        return bent * np.array([dip - apart**2, dip + apart**2, 1.0 + dip, value - middle])

    through, above, away, once = family.roots(functions)
    assert len(through) == 2
    assert (through[0] + through[1]) / 2 == pytest.approx(middle, abs=apart)
    assert above == away == []
    assert once == pytest.approx([middle], rel=1e-12)


def test_markets_that_do_not_clear_have_no_growth_rates(monkeypatch):
    """A limit is never success: not for one number that all places share, nor for two groups."""
    monkeypatch.setattr(even_spread, "STEPS", 0)
    with pytest.raises(nege.NegeError, match="markets could not be cleared at trade_cost = "):
        nege.break_points(economy(racetrack(5)), "trade_cost", (1.2, 4))
    model = economy(racetrack(5), online={"trade_cost": 1.3})
    given = model, "trade_cost", (1.2, 4.0), nege.Replicator(), SHARP_OPTIONS
    share, start = np.repeat([0.12, 0.4], [5, 1]), model.start_state()
    EvenCurve(*given, Waves((5,))).local(0.5, share, start)
    for broken in (np.full(6, math.nan), np.full(6, 900.0)):
        with pytest.raises(CorrectorFailure, match="did not clear"):
            EvenCurve(*given, Waves((5,))).local(0.5, share, broken)
    monkeypatch.setattr(even_curve, "STEPS", 2)
    with pytest.raises(CorrectorFailure, match="did not clear"):
        EvenCurve(*given, Waves((5,))).local(0.5, share, start)


def test_places_that_differ_though_paid_alike_are_no_circle():
    """Housing makes up for productivity, at one value of the parameter and so at no other."""
    even = nege.Helpman(racetrack(5), sigma=4, mu=0.8, trade_cost=1.5)
    uneven = nege.invert(even, np.ones(5), [1.0, 1.2, 1.1, 1.0, 0.9])
    share = np.full(5, 0.2)
    for model, circle in ((even, (5,)), (uneven, ())):
        family = checked_family(model, "trade_cost", (1.2, 3.0), nege.Replicator())
        assert periods(family, share) == circle
    with pytest.raises(nege.InputError, match="paid alike"):
        nege.break_points(uneven, "trade_cost", (1.2, 3.0))
    stocks = np.array([1.0, 2.0, 1.0, 2.0, 1.0])
    made_up = even.replace(housing=stocks, amenity=stocks**-0.2)
    with pytest.raises(nege.InputError, match="paid alike"):
        nege.break_points(made_up, "mu", (0.3, 0.9))


def test_what_no_break_point_can_say_is_said():
    """A black hole never disperses, nor do racetracks of which one wave always grows."""
    hole = nege.break_points(economy(equidistant(2), sigma=1.5), "trade_cost", (1.1, 20))
    assert len(hole) == 0
    assert "never stable" in repr(hole)
    taxed = nege.break_points(economy(equidistant(2), online={"trade_cost": 2}), "mu", (0.1, 0.2))
    assert "Dispersion with nobody online is stable all through" in repr(taxed)
    wide = economy(racetrack(4), mu=0.4)
    first, second = nege.break_points(wide, "trade_cost", (1.2, 4)).values
    between = nege.break_points(wide, "trade_cost", (first * 1.01, second * 1.01))
    assert between.note == ""
    within = nege.break_points(wide, "trade_cost", (0.9 * first, 1.01 * first))
    assert within.note.startswith("Dispersion is never stable there: 2 waves")


def test_unequal_regions_are_sent_to_diagrams():
    model = economy(equidistant(2)).replace(farmers=[0.4, 0.6])
    with pytest.raises(nege.InputError, match=r"nege\.bifurcation follows regions that differ"):
        nege.break_points(model, "trade_cost", (1.1, 3.0))
