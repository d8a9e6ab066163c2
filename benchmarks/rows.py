"""The rows of the target table: what is measured, against whom, and what is to be reached."""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import nege
from benchmarks import grids, measure, ours
from benchmarks.peers import PEERS, Peer
from benchmarks.problems import Problem, asymmetric, plane, residual

GOOD = 1e-11  # residual beyond which an answer is a failure


class Row(NamedTuple):
    """One line of the table."""

    work: str
    measured: float
    target: float
    at_least: bool  # whether more is better
    note: str

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.measured >= self.target if self.at_least else self.measured <= self.target


def times(
    p: Problem, peers: tuple[Peer, ...], *, budget: float
) -> tuple[dict[str, float], dict[str, str]]:
    """CPU seconds of nege and its peers; infinite where the answer is wrong, with the reason."""
    calls, seconds, why = {}, {}, {}
    entrants = [("nege", lambda: ours.kernel(p))]
    entrants += [(peer.name, lambda peer=peer: peer.prepare(p)) for peer in peers]
    for name, prepare in entrants:
        try:
            call = prepare()
            left = residual(p, call())
        except Exception as error:  # whatever a peer raises is its failure
            seconds[name], why[name] = math.inf, type(error).__name__
            continue
        if left > GOOD:
            seconds[name], why[name] = math.inf, f"residual {left:.0e}"
        else:
            calls[name] = call
    seconds |= measure.together(calls, budget=budget)
    return seconds, why


def best(seconds: dict[str, float], names: set[str]) -> tuple[float, str]:
    """Return the ratio of the best peer among some, and its name."""
    name = min(names & seconds.keys(), key=lambda n: seconds[n])
    return seconds[name] / seconds["nege"], name


def _of(library: str) -> set[str]:
    return {peer.name for peer in PEERS if peer.library == library}


def two_region_rows() -> Iterator[Row]:
    """Two regions on a grid of 200 trade costs and 200 shares."""
    freeness, shares = grids.axes()
    call = ours.two_region_grid(freeness, shares)
    rough_freeness, rough_shares = freeness[::20], shares[::20]
    exact = grids.newton(freeness, shares)
    for other in (grids.fixed_point(freeness, shares), grids.newton(freeness, shares)):
        assert np.max(np.abs(other - exact)) < 1e-9
    t = measure.together(
        {
            "nege": call,
            "fixed point": lambda: grids.fixed_point(freeness, shares),
            "newton": lambda: grids.newton(freeness, shares),
        },
        budget=3.0,
    )
    scipy = measure.once(lambda: grids.root_per_point(rough_freeness, rough_shares)) * 400
    note = f"{t['nege'] / exact.size * 1e9:.0f} ns an equilibrium"
    work = "two-region (tau, lambda) grid vs "
    yield Row(f"{work}scipy.optimize.root per point", scipy / t["nege"], 5000, True, note)
    yield Row(f"{work}vectorised NumPy fixed point", t["fixed point"] / t["nege"], 150, True, note)
    yield Row(f"{work}hand-derived NumPy Newton", t["newton"] / t["nege"], 8, True, note)


def solve_rows(*, quick: bool) -> Iterator[Row]:
    """Short runs against the best peer, by size, difficulty and symmetry."""
    everyone = {peer.name for peer in PEERS}
    budget = 1.0 if quick else 4.0
    plan: list[tuple[int, float, bool, list[tuple[str, set[str], float]]]] = [
        (10, 1.0, True, [("best peer", everyone, 15)]),
        (10, 10.0, True, [("best peer", everyone, 10)]),
        (100, 1.0, True, [("best JAX peer", _of("jax"), 15), ("df-sane", {"scipy df-sane"}, 18)]),
        (100, 10.0, True, [("best JAX peer", _of("jax"), 5), ("df-sane", {"scipy df-sane"}, 6)]),
    ]
    for size in (1000,) if quick else (1000, 3000):
        plan += [
            (size, 1.0, True, [("best peer", everyone, 5)]),
            (size, 10.0, True, [("best peer", everyone, 2)]),
            (size, 1.0, False, [("best peer", everyone, 3)]),
            (size, 10.0, False, [("best peer", everyone, 1.5)]),
        ]
    for size, severity, symmetric, against in plan:
        p = (plane if symmetric else asymmetric)(size, severity)
        peers = tuple(peer for peer in PEERS if peer.largest >= size)
        seconds, why = times(p, peers, budget=budget)
        failed = "".join(f"; {name}: {reason}" for name, reason in why.items())
        for label, names, target in against:
            ratio, name = best(seconds, names)
            took = f"{seconds['nege'] * 1e6:.0f} us vs {name} {seconds[name] * 1e6:.0f} us{failed}"
            yield Row(f"{p.name} vs {label}", ratio, target, True, took)


def limit_rows() -> Iterator[Row]:
    """Time over what reading the matrix twice in every iteration would take."""
    targets = {100: (2.2, 4.0), 1000: (1.5, 2.0), 3000: (1.4, 1.5)}
    for size, (general, half) in targets.items():
        p = plane(size, 10.0)
        for operator, target in (("dense", general), ("symmetric", half)):
            size_of = 8 * size * size if operator == "dense" else 4 * size * (size + 1)
            limit = ours.report(p, operator).iterations * 2 * size_of / measure.bandwidth(size_of)
            call = ours.kernel(p, operator)
            took = measure.together({"nege": call}, rounds=5, budget=1.0)["nege"]
            yield Row(
                f"time over bandwidth limit, {operator}, R={size}",
                took / limit,
                target,
                False,
                f"{took * 1e3:.3g} ms, limit {limit * 1e3:.3g} ms",
            )


def million_rows() -> Iterator[Row]:
    """Measure a million places and the online region."""
    rng = np.random.default_rng(0)
    makers: dict[str, tuple[Any, float]] = {
        "grid": (lambda: nege.geography.grid(1000, 1000), 1.003),
        "circle": (lambda: nege.geography.racetrack(1_000_000), 1.0001),
        "uneven line": (
            lambda: nege.geography.line(np.arange(1_000_000) + rng.random(1_000_000)),
            1.0001,
        ),
    }
    for name, (make, trade_cost) in makers.items():
        economy = nege.CorePeriphery(
            make(),
            sigma=5,
            mu=0.4,
            trade_cost=trade_cost,
            online=nege.OnlineRegion(trade_cost=1.2, commission=0.05),
        )
        share = rng.random(len(economy.regions)) + 0.05
        share /= share.sum()
        began = time.process_time()
        found = nege.short_run(economy, share)
        took = time.process_time() - began
        left = sampled(economy, found, 1000 if name == "grid" else 100)
        note = (
            f"{found.operator}, {found.iterations} iterations, sampled residual {left:.0e}, "
            f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB"
        )
        yield Row(f"10^6 places on a {name} + online, CPU s", took, 10, False, note)
        yield Row(f"10^6 places on a {name}: residual re-measured", left, 1e-10, False, note)


def sampled(economy: Any, found: nege.Equilibrium, count: int) -> float:
    """Residual at a sample of places by plain sums over all places, apart from the kernels."""
    data, n = found.data, len(economy.geography)
    wage, price = data["wage"].values, data["price_index"].values
    income, share = data["income"].values, data["share"].values
    net = np.ones(n + 1)
    net[-1] -= economy.online.commission
    sent = share * (wage / net) ** (1 - economy.sigma)
    demand = income * price ** (economy.sigma - 1)
    worst = 0.0
    for place in np.linspace(0, n - 1, count).astype(int):
        distance = economy.geography.metric.rows(place, place + 1)[0]
        k = np.append(
            economy.trade_cost ** ((1 - economy.sigma) * distance),
            economy.online.trade_cost ** (1 - economy.sigma),
        )
        worst = max(worst, abs((k @ demand) ** (1 / economy.sigma) / wage[place] - 1))
        worst = max(worst, abs((k @ sent) ** (1 / (1 - economy.sigma)) / price[place] - 1))
    return worst


def start_rows() -> Iterator[Row]:
    """Measure what a user waits for before the first number."""
    first = measure.first_calls()
    yield Row("cold first call over a trivial kernel's, s", first["cold"], 4, False, "")
    yield Row("first call from cache over a trivial one's, s", first["cached"], 0.4, False, "")
    yield Row("import nege, warm, s", first["import"], 0.8, False, "")
    p = plane(2, 1.0)
    t = measure.together({"kernel": ours.kernel(p), "labelled": ours.labelled(p)}, budget=1.0)
    over = (t["labelled"] - t["kernel"]) * 1e3
    yield Row("overhead of the labelled API, R=2, ms", over, 0.4, False, "")
