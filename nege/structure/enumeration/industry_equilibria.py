"""Equilibria of models with several mobile groups: rest points from many starts.

States as symmetric as the economy, then patterns with most firms of some industries in places
that are alike: from each the rest point that is as symmetric as the start, stable or not, and
where the dynamics go from it, with those off an unstable one. Then where the dynamics go from
random starts. Of rest points that symmetry turns into each other one is kept.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from nege.models.base import Model
from nege.models.rest import shares_of
from nege.models.solutions import LongRun
from nege.progress import Progress, Steps, watched
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.solvers.long_run import long_run_result
from nege.status import Status
from nege.structure import industry_starts
from nege.structure.enumeration.found_equilibria import Equilibria, basin_shares

SAME_SHARE_TOLERANCE = 1e-6  # difference of shares: equilibria nearer are one
NOTHING_PROVEN = (
    "Of economies like this one rest points are looked for from symmetric patterns and random "
    "starts, and nothing is proven: unstable ones above all may be missing. "
    "nege.bifurcation(...).at(value) follows branches and may have more."
)


class _Search:
    """Rest points of one economy, as they are found."""

    def __init__(self, model: Model, dynamics: Replicator | Logit, options: SolverOptions) -> None:
        self.model, self.dynamics, self.options = model, dynamics, options
        self.rest = model.equations_of_rest(dynamics, options)
        self.symmetry = industry_starts.symmetry_of_rest([model], self.rest)
        self.found: list[LongRun] = []

    def patterns(self) -> list[np.ndarray]:
        """Return movers to start from, one of each symmetry orbit."""
        return [
            *industry_starts.symmetric(self.model, self.symmetry),
            *industry_starts.scattered(self.model, self.symmetry, self.rest),
        ]

    def settle(self, start: np.ndarray) -> None:
        """Keep the rest point that is as symmetric as a start, and where the dynamics go."""
        for end in industry_starts.settled(self.model, start, self.dynamics, self.options):
            entry = self.rest.linearise(end.state).entry
            if not np.max(entry, initial=-np.inf, where=~np.isnan(entry)) > 0.0:
                self._keep(end)

    def follow(self, start: np.ndarray) -> int:
        """Keep where the dynamics go; return its number, -1 where they come to no rest."""
        model, state = self.model, self.model.start_state()
        end = model.own_long_run(start, state, self.dynamics, self.options)
        return self._keep(end) if end is not None and end.status is Status.CONVERGED else -1

    def _keep(self, end: LongRun) -> int:
        share = self._shares(end)
        for i, known in enumerate(self.found):
            if self.symmetry.distance(share, self._shares(known)) <= SAME_SHARE_TOLERANCE:
                return i
        self.found.append(end)
        return len(self.found) - 1

    def _shares(self, end: LongRun) -> np.ndarray:
        return shares_of(self.rest, end.state)[0]

    def orbit(self, end: LongRun) -> int:
        """Return how many equilibria symmetry makes of one, itself counted."""
        return self.symmetry.order // self.symmetry.isotropy(self._shares(end)).order


def industry_equilibria(
    model: Model,
    dynamics: Replicator | Logit,
    options: SolverOptions,
    starts: int,
    basins: int,
    rng: np.random.Generator,
    progress: Progress,
) -> Equilibria:
    """Return every rest point found, in the order in which they were found."""
    search = _Search(model, dynamics, options)
    patterns = search.patterns()
    with watched(progress, len(patterns) + starts + basins, "starts") as steps:
        for start in patterns:
            search.settle(start)
            steps()
        ends = [_followed(search, rng, steps) for _ in range(starts + basins)][starts:]
    found = search.found
    unknown = xr.full_like(_bounds_zero_to_one(len(found)), np.nan)
    members = (long_run_result(model, end, dynamics, options) for end in found)
    return Equilibria(
        model=model,
        dynamics=dynamics,
        complete=False,
        reason=NOTHING_PROVEN,
        proven=unknown,
        left=_bounds_zero_to_one(1).rename(equilibrium="box"),
        boxes=0,
        orbits=np.array([search.orbit(end) for end in found], dtype=int),
        basins=basin_shares(ends, len(found)) if ends else None,
        _members=tuple(member.with_stability() for member in members),
    )


def _followed(search: _Search, rng: np.random.Generator, steps: Steps) -> int:
    end = search.follow(search.model.random_start(rng))
    steps()
    return end


def _bounds_zero_to_one(count: int) -> xr.Dataset:
    """Trivial bounds: shares between zero and one."""
    return xr.Dataset(
        {"low": ("equilibrium", np.zeros(count)), "high": ("equilibrium", np.ones(count))}
    )
