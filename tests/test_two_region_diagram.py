"""The diagram of two regions in one call: exact points, and nothing that a scan finds more."""

import numba
import numpy as np
import pytest

import nege
from nege.models.classical.two_region_diagram import MOST, Economy, diagram, gap_and_slope
from nege.models.classical.two_regions import grid, payoff_gaps

pytestmark = pytest.mark.structure

BREAK = ((1 + 0.4 / 0.8) * (1 + 0.4) / ((1 - 0.4 / 0.8) * (1 - 0.4))) ** 0.25  # 1.626577
SUSTAIN = 1.8073127


def solved(costs, farmers=0.5, sigma=5.0, mu=0.4):
    """Per trade cost, the pairs (share, stable)."""
    n = len(costs)
    shares, stable = np.empty((n, MOST)), np.empty((n, MOST), dtype=bool)
    counts = np.empty(n, dtype=np.int64)
    diagram(np.asarray(costs) ** (1 - sigma), farmers, sigma, mu, shares, stable, counts)
    assert (counts >= 0).all()
    return [
        list(zip(s[:c], t[:c].tolist(), strict=True))
        for s, t, c in zip(shares, stable, counts, strict=True)
    ]


def test_the_tomahawk():
    at = dict(
        zip(
            ("agglomerated", "both", "dispersed"),
            solved([1.5, 1.7, 2.1]),
            strict=True,
        )
    )
    assert at["agglomerated"] == [(0.0, True), (pytest.approx(0.5, abs=1e-12), False), (1.0, True)]
    shares, stable = zip(*at["both"], strict=True)
    np.testing.assert_allclose(shares, [0, 0.1651131645, 0.5, 0.8348868355, 1], atol=1e-10)
    assert stable == (True, False, True, False, True)
    assert at["dispersed"] == [(pytest.approx(0.5, abs=1e-12), True)]


def test_break_and_sustain_to_a_hair():
    """Two roots hide between grid points on one side of each; none may be lost or invented."""
    counts = [len(x) for x in solved(np.array([BREAK - 1e-7, BREAK + 1e-7]))]
    assert counts == [3, 5]
    counts = [len(x) for x in solved(np.array([SUSTAIN - 1e-6, SUSTAIN + 1e-6]))]
    assert counts == [5, 1]


def test_the_slope_is_that_of_the_gap():
    rng = np.random.default_rng(0)
    for _ in range(20):
        economy = Economy(rng.random(), rng.random(), 1.5 + 10 * rng.random(), rng.random())
        share = 0.02 + 0.96 * rng.random()
        h = 1e-5
        gap = [gap_and_slope(economy, share + s * h, 0.0)[1] for s in (-2, -1, 1, 2)]
        difference = (gap[0] - 8 * gap[1] + 8 * gap[2] - gap[3]) / (12 * h)
        assert gap_and_slope(economy, share, 0.0)[2] == pytest.approx(difference, rel=1e-7)


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="a fine scan takes minutes without")
@pytest.mark.parametrize("seed", range(40))
def test_a_fine_scan_finds_the_same_equilibria(seed):
    rng = np.random.default_rng(seed)
    sigma, mu = 1.5 + 10 * rng.random(), 0.05 + 0.9 * rng.random()
    farmers = 0.5 if seed % 2 else 0.3 + 0.4 * rng.random()
    costs = 1.01 + 3.0 * rng.random(12)
    points = np.linspace(0.0, 1.0, 6001)[1:-1] + 1e-6
    freeness = costs ** (1 - sigma)
    q, numbers = np.empty((12, points.size)), np.empty((12, points.size, 2))
    done, gaps = np.empty((12, points.size, 2), dtype=np.int64), np.empty((12, points.size))
    grid(freeness, points, farmers, sigma, mu, 1e-12, q, numbers, done)
    payoff_gaps(freeness, points, sigma, mu, q, gaps)
    for found, gap in zip(solved(costs, farmers, sigma, mu), gaps, strict=True):
        at = np.flatnonzero(np.sign(gap[1:]) != np.sign(gap[:-1]))
        inner = [(share, stable) for share, stable in found if points[0] < share < points[-1]]
        assert len(inner) == len(at)
        for (share, stable), cell in zip(inner, at, strict=True):
            assert points[cell] - 1e-9 <= share <= points[cell + 1] + 1e-9
            assert stable == (gap[cell + 1] < gap[cell])
        assert ((0.0, True) in found) == (gap[0] < 0 and not _inside(found, points[0]))
        assert ((1.0, True) in found) == (gap[-1] > 0 and not _inside(found, 1 - points[-1]))


def _inside(found, width):
    """Whether an equilibrium lies between a corner and the first point of the scan."""
    return any(0.0 < min(share, 1.0 - share) < width for share, _ in found)


def test_each_equilibrium_is_one_of_the_labelled_solver(two):
    for share, _ in solved([1.7])[0]:
        data = nege.short_run(two(1.7), [share, 1.0 - share]).data
        gap = float(np.log(data.real_wage[0] / data.real_wage[1]))
        assert abs(gap) <= 1e-11 or (share == 0.0) == (gap < 0.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 0.0])
def test_a_bad_number_is_never_an_equilibrium(bad):
    shares, stable = np.empty((1, MOST)), np.empty((1, MOST), dtype=bool)
    counts = np.zeros(1, dtype=np.int64)
    diagram(np.array([bad]), 0.5, 5.0, 0.4, shares, stable, counts)
    assert counts[0] == -1 or (bad == 0.0 and np.isfinite(shares[0, : counts[0]]).all())
    for arguments in ((bad, 5.0, 0.4), (0.5, bad, 0.4), (0.5, 5.0, bad)):
        if bad != 0.0:
            diagram(np.array([0.3]), *arguments, shares, stable, counts)
            assert counts[0] == -1


def test_two_equilibria_that_meet_in_a_fold_are_found_up_to_it():
    """With unequal regions the pitchfork opens into a fold, where both lie in one cell."""

    def pair(cost):
        return [share for share, _ in solved([cost], farmers=0.49)[0] if 0.05 < share < 0.45]

    low, high = 1.55, 1.75
    assert len(pair(low)) == 0
    assert len(pair(high)) == 2
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if len(pair(middle)) < 2 else (low, middle)
    one, two = pair(high)
    assert two - one < 1e-3
    economy = Economy(high**-4.0, 0.49, 5.0, 0.4)
    _, gap, slope = gap_and_slope(economy, 0.5 * (one + two), 0.0)
    assert abs(gap) < 1e-8
    assert abs(slope) < 1e-6
