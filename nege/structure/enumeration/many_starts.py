"""Multistart search: what it finds are equilibria, what it misses is unknown.

Starts are distributions over sets of regions, even but for one of them; symmetric patterns of
two levels; and random ones. From each, Newton's method goes to a rest point on the same
support, stable or not, and from some the dynamics are followed. A stationary point is an
equilibrium where no empty region pays more.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nege.models.base import Model
from nege.models.law_of_motion import ClearedPoint, law_of_motion
from nege.progress import Steps
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.solvers import rest_points
from nege.solvers.follow_dynamics import find_long_run
from nege.status import Status
from nege.structure import symmetry as groups
from nege.structure.symmetry import Symmetry


class Candidate(NamedTuple):
    """An equilibrium in double precision."""

    point: ClearedPoint
    error: float  # of shares, estimated
    steps: int
    hyperbolic: float  # least size of a growth rate, of entry too: how far from bifurcation
    reach: float  # difference of shares within which two equilibria cannot be distinguished


MOST_SUPPORTS = 256  # from which an even start is made: all sets of up to 8 regions
PATTERN_LEVELS = (0.02, 0.1, 0.4, 2.5, 10.0, 50.0)  # of a pattern, relative to the other regions
SUPPORT_TILTS = (0.3, 3.0)  # of one region of a set, relative to its others
MOST_PATHS_FOLLOWED = 8  # random starts from which the dynamics are followed
SAME_SHARE_TOLERANCE = 1e-6  # difference of shares below which two equilibria are one
WIDEST_SHARE_TOLERANCE = 0.01  # where eigenvalues near zero leave shares poorly determined
EQUIVARIANT_GROWTH_TOLERANCE = 1e-8  # relative difference of growth rates that a symmetry may make


class MultistartSearch:
    """Everything that many starts find in one economy.

    Parameters
    ----------
    model, dynamics, options
        The economy, how people move, and tolerances.
    each : bool
        Whether to keep equilibria that symmetry turns into each other apart.
    """

    def __init__(
        self, model: Model, dynamics: Replicator | Logit, options: SolverOptions, *, each: bool
    ) -> None:
        self.model, self.dynamics, self.options = model, dynamics, options
        self.law = law_of_motion(model, dynamics, options)
        self.n = len(model.regions)
        self.symmetry = self._symmetry()
        self.each = each
        self.merging = groups.trivial_symmetry(self.n) if each else self.symmetry
        self.found: list[Candidate] = []

    def run(self, starts: int, rng: np.random.Generator, steps: Steps) -> None:
        """Try symmetric starts, and as many random ones as asked for."""
        supports = list(self._supports())
        patterns = list(itertools.islice(self._divided(), MOST_SUPPORTS))
        paths = min(MOST_PATHS_FOLLOWED, starts)
        even = sum(1 + len(_tilted(share)) for share in supports)
        steps.expect(even + len(PATTERN_LEVELS) * len(patterns) + starts + paths, "starts")
        for share in itertools.chain(
            _even(supports), self._patterns(patterns), self._random(starts, rng)
        ):
            self.keep(self.polished(share))
            steps()
        steps.expect(paths, "paths")
        for _ in range(paths):
            self.follow(rng)
            steps()
        if self.each:
            for candidate in self.found:  # and what turns up on the way
                for g in self.symmetry.generators():
                    self.keep(self.polished(candidate.point.share[g]))

    def follow(self, rng: np.random.Generator) -> Candidate | None:
        """Follow the dynamics from a random start; the equilibrium, None where none was reached."""
        start = self.model.random_start(rng)
        state = self.model.start_state()
        end = find_long_run(self.model, start, state, self.dynamics, self.options)
        if end.status is not Status.CONVERGED:
            return None
        return self.keep(self.polished(end.share))

    def polished(self, share: np.ndarray) -> Candidate | None:
        """Return the equilibrium that Newton's method reaches on a support, None for none."""
        tolerance = self.options.tolerance_payoff
        if self.model.groups is not None:
            share = self.model.groups.rescaled(share)
        start = self.law.at(share, self.model.start_state())
        point, error, steps = rest_points.newton(self.law, start, tolerance)
        clears = point.cleared.status == Status.CONVERGED
        if not (clears and point.spread <= tolerance and point.entry <= tolerance):
            return None
        rates = np.append(np.abs(self.law.modes(point).rates), -point.entry)
        least = float(np.fmax(0.0, np.min(rates)))
        reach = min(
            WIDEST_SHARE_TOLERANCE, max(SAME_SHARE_TOLERANCE, tolerance / max(least, tolerance))
        )
        return Candidate(point, error, steps, least, reach)

    def keep(self, candidate: Candidate | None) -> Candidate | None:
        """Add an equilibrium unless it is known; return it as it is known."""
        if candidate is None:
            return None
        for i, other in enumerate(self.found):
            apart = self.merging.distance(candidate.point.share, other.point.share)
            if apart <= max(candidate.reach, other.reach):
                if candidate.point.residual < other.point.residual:
                    self.found[i] = candidate
                return self.found[i]
        self.found.append(candidate)
        return candidate

    def image(self, candidate: Candidate) -> Candidate:
        """Return the equilibrium that stands for all that symmetry makes of one."""
        return self.polished(self.merging.canonical(candidate.point.share)) or candidate

    # --- starts --------------------------------------------------------------------

    def _supports(self) -> Iterator[np.ndarray]:
        """Yield sets of regions, one of each orbit, as even distributions."""
        if self.fills:
            yield np.full(self.n, 1.0 / self.n)
            return
        sizes = itertools.chain([self.n], range(1, self.n))
        sets = (list(c) for size in sizes for c in itertools.combinations(range(self.n), size))
        alike = (list(members) for members in self.symmetry.supports())
        seen: set[bytes] = set()
        for members in itertools.chain(alike, sets):
            share = np.zeros(self.n)
            share[members] = 1.0 / len(members)
            image = self.symmetry.canonical(share).tobytes()
            if image not in seen:
                seen.add(image)
                yield share
            if len(seen) >= MOST_SUPPORTS:
                return

    def _patterns(self, divided: Sequence[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
        """Yield two-level patterns: a part of equal regions larger or smaller, others empty."""
        for within, members in divided:
            for level in PATTERN_LEVELS:
                share = np.zeros(self.n)
                share[within] = 1.0
                share[members] = level
                yield share / share.sum()

    def _divided(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield sets of regions with a part that is equal by symmetry, given the set."""
        whole = np.arange(self.n)
        for within in (whole, *(() if self.fills else self.symmetry.supports())):
            kept = self.symmetry.isotropy(np.isin(whole, within).astype(float))
            for members in kept.supports(within):
                if members.size < within.size:
                    yield within, members

    def _random(self, starts: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Yield random distributions, every second one over some of the regions only."""
        for i in range(starts):
            share = rng.dirichlet(np.ones(self.n))
            if i % 2 and not self.fills:
                share[rng.permutation(self.n)[rng.integers(1, self.n) :]] = 0.0
                share /= share.sum()
            yield share

    @property
    def fills(self) -> bool:
        """Whether the dynamics keep every share positive, as logit does, or people in groups."""
        return bool(self.law.dynamics.logit) or self.model.groups is not None

    def _symmetry(self) -> Symmetry:
        """Find the symmetries, and check them on growth rates themselves; none among groups."""
        if self.model.groups is not None:
            return groups.trivial_symmetry(self.n)
        found = groups.symmetry_of_parameters([self.law.parameters], self.law.dynamics.log_weight)
        state = self.model.start_state()
        return groups.confirmed_by_payoffs(
            found, lambda x: self.law.at(x, state).growth, relative=EQUIVARIANT_GROWTH_TOLERANCE
        )


def _even(supports: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield even distributions over sets of regions, and such with one region off them."""
    for share in supports:
        yield share
        for r, level in _tilted(share):
            other = share.copy()
            other[r] *= level
            yield other / other.sum()


def _tilted(share: np.ndarray) -> list[tuple[int, float]]:
    """Return the regions of a set, and by what factor each is off the others in turn."""
    occupied = np.flatnonzero(share)
    return list(itertools.product(occupied, SUPPORT_TILTS)) if occupied.size > 1 else []
