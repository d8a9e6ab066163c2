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

from nege.options import Logit, Replicator
from nege.solvers.follow_dynamics import find_long_run
from nege.status import Status
from nege.structure import symmetry as groups
from nege.structure.branches.continuation import Locus, Lost, Point, pattern
from nege.structure.symmetry import Symmetry

SAMPLES = (0.137, 0.5, 0.863)  # of the interval, where the economy's symmetries are read
ENDS = (0.0, 0.5, 1.0)  # where starts are looked for
FEW = 3  # cells of the whole group up to which every union of them is tried as a support
FEW_REGIONS = 5  # up to which every set of regions is tried
LOTS = 3  # equal parts beyond the number of regions, distributed in every way
RARE = 0.01  # weight of the even spread in a start under logit, where no share is zero
HEAVY = 0.9  # share of one cell in a start for Newton's method or for the dynamics
EQUIVARIANT = 1e-8  # change of payoffs, in logs, that a symmetry may make
ALIKE = 1e-6  # shares that differ by less are equal by symmetry


class Seed(NamedTuple):
    """Where to start tracing a branch."""

    level: int
    cells: list[np.ndarray]
    order: int
    start: Point
    both: bool  # follow the curve both ways
    tilted: bool = False
    origin: Any = None


class Starts:
    """Starts of branches of one economy.

    Parameters
    ----------
    locus : Locus
        The economy, its parameter and the interval.
    dynamics : Replicator or Logit
        How people move.
    symmetry : Symmetry
        Of the economy.
    unstable : int or None
        Deviations that may grow where no symmetry asks for a start; None is any number.
    """

    def __init__(
        self,
        locus: Locus,
        dynamics: Replicator | Logit,
        symmetry: Symmetry,
        unstable: int | None,
    ) -> None:
        self.locus, self.dynamics, self.symmetry = locus, dynamics, symmetry
        self.unstable, self.n = unstable, len(locus.model.regions)
        self.forward = np.append(np.zeros(self.n), 1.0)

    def __iter__(self) -> Iterator[Seed]:
        """Yield them, those of most symmetry first."""
        logit = isinstance(self.dynamics, Logit)
        for support in self.symmetry.supports():
            if support.size == self.n or not logit:
                share = np.zeros(self.n)
                share[support] = 1.0 / support.size
                yield from self._seed(share, 0.0, [support], both=False)
        cells = self.symmetry.cells()
        unions = [list(range(len(cells)))]
        if not logit and len(cells) <= FEW:
            unions = [
                list(chosen)
                for k in range(len(cells), 0, -1)
                for chosen in itertools.combinations(range(len(cells)), k)
            ]
        for union, tau in itertools.product(unions, ENDS):
            chosen = [cells[i] for i in union]
            for guess in self._guesses(chosen) if len(chosen) > 1 else ():
                yield from self._seed(guess, tau, chosen, both=True)
        heavy = [[cell[:1]] for cell in cells]
        for tau, chosen in itertools.product((0.0, 1.0), [[np.arange(self.n)], *heavy]):
            start = next(self._guesses([np.arange(self.n)]))
            start = (1.0 - HEAVY) * start
            start[chosen[0]] += HEAVY / chosen[0].size
            model = self.locus.at(tau)
            start *= model.default_start()  # its tilt
            found = find_long_run(
                model, start / start.sum(), model.start_state(), self.dynamics, self.locus.options
            )
            if found.status is Status.CONVERGED:
                yield from self._seed(found.share, tau, self._alike(found.share), both=True)
        for tau, guess in itertools.product(ENDS, self._everywhere()):
            alone = [np.array([r]) for r in np.flatnonzero(guess)]
            point = self.solved(guess, tau, alone)
            if point is not None and (self.unstable is None or point.unstable <= self.unstable):
                yield from self._seed(point.share, tau, self._alike(point.share), both=True)

    def _alike(self, share: np.ndarray) -> list[np.ndarray]:
        """Return the occupied regions in cells: classes that are equal by symmetry there."""
        own = self.symmetry.isotropy(share, ALIKE).cells()
        return [cell for cell in own if share[cell[0]] > 0.0]

    def _everywhere(self) -> Iterator[np.ndarray]:
        """Yield a lattice of distributions: k + 3 equal parts over k regions, in every way.

        Of few regions only; one of each symmetry orbit, on every set of regions: branches that
        meet no other within the interval start from here.
        """
        seen = set()
        for k in range(2, self.n + 1) if self.n <= FEW_REGIONS else ():
            for support in itertools.combinations(range(self.n), k):
                for cuts in itertools.combinations(range(1, k + LOTS), k - 1):
                    guess = np.zeros(self.n)
                    guess[list(support)] = np.diff([0, *cuts, k + LOTS]) / (k + LOTS)
                    if isinstance(self.dynamics, Logit):
                        guess = (1.0 - RARE) * guess + RARE / self.n
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
            share = (1.0 - HEAVY) * even
            share[cell] += HEAVY / cell.size
            yield share

    def _seed(
        self, guess: np.ndarray, tau: float, cells: list[np.ndarray], *, both: bool
    ) -> Iterator[Seed]:
        """Yield the start that Newton's method finds near a guess, at a parameter value."""
        start = self.solved(guess, tau, cells)
        if start is not None:
            order = self.symmetry.isotropy(start.share).order
            yield Seed(0, cells, order, start, both)

    def solved(self, guess: np.ndarray, tau: float, cells: Sequence[np.ndarray]) -> Point | None:
        """Return the equilibrium that Newton's method finds near a guess, if any."""
        state = self.locus.at(tau).start_state()
        try:
            on = pattern(cells, self.n)
            found = self.locus.correct(on, np.append(guess, tau), state, self.forward, tau)
            return self.locus.point(on, *found, self.forward)
        except Lost:
            return None


def group_of(locus: Locus) -> Symmetry:
    """Find the symmetries, and check them on payoffs themselves."""
    kernels = [locus.parameters(tau)[0] for tau in SAMPLES]
    found = groups.of_kernels(kernels, locus.dynamics.log_weight)
    state = locus.model.start_state()
    return groups.respected(
        found, lambda x: locus.local(SAMPLES[0], x, state).attraction, absolute=EQUIVARIANT
    )
