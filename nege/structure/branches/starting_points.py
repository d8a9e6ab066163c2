"""Where the search for branches starts: equilibria that symmetry alone gives, and found ones.

Equal shares on a set of regions that are equal by symmetry within it; the equilibria that are as
symmetric as the economy; where the dynamics end up from several distributions; with few
regions, what Newton's method finds on every set of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from nege.solvers.follow_dynamics import find_long_run
from nege.status import Status
from nege.structure import symmetry as groups
from nege.structure.branches.continuation import (
    ContinuationPoint,
    ContinuationProblem,
    CorrectorFailure,
    SolutionCurve,
    occupied_cells,
)
from nege.structure.symmetry import Symmetry, SymmetryOfPlaces

ALIKE_SHARE_TOLERANCE = 1e-6  # shares that differ by less are equal by symmetry


class BranchStart(NamedTuple):
    """Where to start tracing a branch."""

    level: int
    cells: list[np.ndarray]
    order: int
    start: ContinuationPoint
    both: bool  # follow the curve both ways
    tilted: bool = False
    origin: Any = None


STARTS_SEARCHED_AT = (0.0, 0.5, 1.0)  # where starts are looked for
MOST_CELLS_COMBINED = 3  # of the whole group, up to which every union of them is a support
MOST_REGIONS_COMBINED = 5  # up to which every set of regions is tried
EXTRA_PARTS = 3  # equal parts beyond the number of regions, distributed in every way
EVEN_SPREAD_WEIGHT = 0.01  # in a start under logit, where no share is zero
DOMINANT_SHARE = 0.9  # share of one cell in a start for Newton's method or for the dynamics


class Starts:
    """Where branches of one economy are looked for first, and the economy's symmetry.

    Parameters
    ----------
    problem : SolutionCurve
        The economy, its parameter and the interval.
    symmetry : Symmetry
        Of the economy.
    unstable : int or None
        Deviations that may grow where no symmetry asks for a start; None is any number.
    """

    def __init__(
        self,
        problem: Any,
        symmetry: Symmetry | SymmetryOfPlaces,
        unstable: int | None,
    ) -> None:
        self.problem, self.symmetry = problem, symmetry
        self.unstable, self.n = unstable, len(problem.labels)
        self.forward = np.append(np.zeros(self.n), 1.0)

    def __iter__(self) -> Iterator[BranchStart]:
        """Yield them, those of most symmetry first."""
        raise NotImplementedError

    def _alike(self, share: np.ndarray) -> list[np.ndarray]:
        """Return who is there in cells: classes that are equal by symmetry there."""
        own = self.symmetry.isotropy(share, ALIKE_SHARE_TOLERANCE).cells()
        return [cell for cell in own if share[cell[0]] > 0.0]

    def _found_start(
        self,
        guess: np.ndarray,
        tau: float,
        cells: list[np.ndarray],
        state: np.ndarray | None = None,
        *,
        both: bool,
    ) -> Iterator[BranchStart]:
        """Yield the start that Newton's method finds near a guess, at a parameter value."""
        start = self.solved(guess, tau, cells, state)
        if start is not None:
            order = self.symmetry.isotropy(start.share).order
            yield BranchStart(0, cells, order, start, both)

    def solved(
        self,
        guess: np.ndarray,
        tau: float,
        cells: Sequence[np.ndarray],
        state: np.ndarray | None = None,
    ) -> ContinuationPoint | None:
        """Return the equilibrium that Newton's method finds near a guess, if any."""
        problem: SolutionCurve = self.problem
        if state is None:
            state = problem.start_state(tau)
        try:
            on = occupied_cells(cells, self.n)
            found = problem.correct(on, np.append(guess, tau), state, self.forward, tau)
            return problem.point(on, *found, self.forward)
        except CorrectorFailure:
            return None


class BranchStarts(Starts):
    """Starts of branches of a model in shares."""

    symmetry: Symmetry

    def __iter__(self) -> Iterator[BranchStart]:
        """Yield them, those of most symmetry first."""
        logit = self.problem.motion.logit
        for support in self.symmetry.supports():
            if support.size == self.n or not logit:
                share = np.zeros(self.n)
                share[support] = 1.0 / support.size
                yield from self._found_start(share, 0.0, [support], both=False)
        cells = self.symmetry.cells()
        unions = [list(range(len(cells)))]
        if not logit and len(cells) <= MOST_CELLS_COMBINED:
            unions = [
                list(chosen)
                for k in range(len(cells), 0, -1)
                for chosen in itertools.combinations(range(len(cells)), k)
            ]
        for union, tau in itertools.product(unions, STARTS_SEARCHED_AT):
            chosen = [cells[i] for i in union]
            for guess in self._guesses(chosen) if len(chosen) > 1 else ():
                yield from self._found_start(guess, tau, chosen, both=True)
        heavy = [[cell[:1]] for cell in cells]
        for tau, chosen in itertools.product((0.0, 1.0), [[np.arange(self.n)], *heavy]):
            start = next(self._guesses([np.arange(self.n)]))
            start = (1.0 - DOMINANT_SHARE) * start
            start[chosen[0]] += DOMINANT_SHARE / chosen[0].size
            model = self.problem.at(tau)
            start *= model.default_start()  # its tilt
            found = find_long_run(
                model,
                start / start.sum(),
                model.start_state(),
                self.problem.dynamics,
                self.problem.options,
            )
            if found.status is Status.CONVERGED:
                yield from self._found_start(found.share, tau, self._alike(found.share), both=True)
        for tau, guess in itertools.product(STARTS_SEARCHED_AT, self._everywhere()):
            alone = [np.array([r]) for r in np.flatnonzero(guess)]
            point = self.solved(guess, tau, alone)
            if point is not None and (self.unstable is None or point.unstable <= self.unstable):
                yield from self._found_start(point.share, tau, self._alike(point.share), both=True)

    def _everywhere(self) -> Iterator[np.ndarray]:
        """Yield a lattice of distributions: k + 3 equal parts over k regions, in every way.

        Of few regions only; one of each symmetry orbit, on every set of regions: branches that
        meet no other within the interval start from here.
        """
        seen = set()
        for k in range(2, self.n + 1) if self.n <= MOST_REGIONS_COMBINED else ():
            for support in itertools.combinations(range(self.n), k):
                for cuts in itertools.combinations(range(1, k + EXTRA_PARTS), k - 1):
                    guess = np.zeros(self.n)
                    guess[list(support)] = np.diff([0, *cuts, k + EXTRA_PARTS]) / (k + EXTRA_PARTS)
                    if self.problem.motion.logit:
                        guess = (1.0 - EVEN_SPREAD_WEIGHT) * guess + EVEN_SPREAD_WEIGHT / self.n
                    key = self.symmetry.canonical(guess).tobytes()
                    if key not in seen:
                        seen.add(key)
                        yield guess

    def _guesses(self, cells: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield distributions over cells: even, and most of it in one of them."""
        even = np.zeros(self.n)
        even[np.concatenate(cells)] = 1.0 / sum(cell.size for cell in cells)
        yield even
        for cell in cells if len(cells) > 1 else ():
            share = (1.0 - DOMINANT_SHARE) * even
            share[cell] += DOMINANT_SHARE / cell.size
            yield share


SYMMETRY_READ_AT = (0.137, 0.5, 0.863)  # of the interval, where the economy's symmetries are read
EQUIVARIANT_PAYOFF_TOLERANCE = 1e-8  # change of payoffs, in logs, that a symmetry may make


def symmetry_of(problem: ContinuationProblem) -> Symmetry:
    """Find the symmetries, and check them on payoffs themselves."""
    every = [problem.known(tau)[0].parameters for tau in SYMMETRY_READ_AT]
    found = groups.symmetry_of_parameters(every, problem.motion.log_weight)
    state = problem.model.start_state()

    def attraction(share: np.ndarray) -> np.ndarray:
        try:
            return problem.local(SYMMETRY_READ_AT[0], share, state).attraction
        except CorrectorFailure:
            return np.full(share.size, np.nan)

    return groups.confirmed_by_payoffs(found, attraction, absolute=EQUIVARIANT_PAYOFF_TOLERANCE)
