"""Diagrams of racetracks, for tests; ``python -m benchmarks verify`` takes a larger one."""

import numpy as np
import pytest

import nege
from nege import geography

LARGE = 16


def economy(places, **more):
    parameters = {"sigma": 5.0, "mu": 0.4, "trade_cost": 2.0, **more}
    return nege.CorePeriphery(places, **parameters)


def images(share):
    """Every rotation and reflection of a distribution round a racetrack."""
    return {tuple(np.roll(share[::d], k).round(6)) for k in range(share.size) for d in (1, -1)}


def check_doubling(n):
    """Ikeda, Akamatsu & Kono (2012): n, n/2, ..., 1 equal places, each stable in its turn."""
    found = nege.bifurcation(
        economy(geography.racetrack(n), mu=0.3), "trade_cost", (1.03, 2.2), depth=1
    )
    assert found.lost == ()
    size, reached = n, []
    while size > 1:
        every, half = np.zeros(n), np.zeros(n)
        every[:: n // size], half[:: 2 * n // size] = 1 / size, 2 / size
        doubling = [
            (point.value, found.branches[lead])
            for point in found.special_points
            if point.kind == "break" and tuple(every.round(6)) in images(point.share.values)
            for lead in point.leads
            if alternates(found.branches[lead].share.values[1], size)
        ]
        assert len(doubling) == 1
        value, branch = doubling[0]
        assert branch.ended == "corner"
        assert tuple(half.round(6)) in images(branch.share.values[-1])
        even = [b for b in found.branches if tuple(every.round(6)) in images(b.share.values[0])]
        even = [branch for branch in even if branch.level == 0]
        assert len(even) == 1
        assert even[0].stable.any()
        reached.append(value)
        size //= 2
    assert reached == sorted(reached, reverse=True)
    root = z_star(5.0, 0.3) ** 0.5
    assert reached[0] == pytest.approx(((1 - root) / (1 + root)) ** -0.25, rel=1e-9)


def z_star(sigma, mu):
    rho = (sigma - 1) / sigma
    return mu * (1 + rho) / (mu**2 + rho)


def alternates(share, size):
    """Whether so many places are occupied, every second of them alike and more than the rest."""
    occupied = share[share > 0.0]
    if occupied.size != size:
        return False
    here, there = occupied[::2], occupied[1::2]
    return np.ptp(here) < 1e-9 and np.ptp(there) < 1e-9 and abs(here[0] - there[0]) > 1e-6
