"""All equilibria of an economy: proven to be all for up to three regions, searched for above."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import DependencyError, InputError, NegeError, require
from nege.models import trade_costs
from nege.models.base import Model
from nege.models.indifference import Tastes
from nege.models.law_of_motion import ClearedPoint
from nege.progress import Progress, Steps, watched
from nege.results.equilibrium import ALL, Equilibrium
from nege.results.stability import fastest, labelled
from nege.solver_options import Logit, Replicator, SolverOptions, check_dynamics
from nege.solvers import rest_points
from nege.solvers.checks import check_model, check_options, provenance
from nege.status import Status
from nege.structure.enumeration.completeness import SMALLEST_SHARE, Proof, ShareBounds, prove
from nege.structure.enumeration.found_equilibria import Equilibria, basin_shares
from nege.structure.enumeration.industry_equilibria import industry_equilibria
from nege.structure.enumeration.many_starts import Candidate, MultistartSearch
from nege.validation.keywords import hinted

__all__ = ["equilibria"]

MOST_REGIONS_PROVEN = 3  # regions up to which completeness is proven


TOO_MANY_REGIONS_FOR_A_PROOF = (
    f"Proofs are made for up to {MOST_REGIONS_PROVEN} regions, the online one counted."
)


@hinted
def equilibria(
    model: Model,
    *,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
    seconds: float = 60.0,
    starts: int = 32,
    basins: int = 0,
    rng: int | np.random.Generator | None = None,
    progress: Progress = None,
) -> Equilibria:
    """Every equilibrium that can be found, stable or not, and whether those are proven to be all.

    Payoffs are equal among occupied regions and no higher in empty ones. Up to three
    regions, the online one counted, ball arithmetic covers all distributions by boxes and
    proves for each that it holds exactly one equilibrium or none (Krawczyk 1969; Moore,
    Kearfott & Cloud 2009, ch. 8). Above, sets of regions, symmetric patterns and random
    starts are searched, and nothing is claimed about what they miss. So it is in models with
    several mobile groups (``OnlineAgglomeration``: firms of each industry, and people), whose
    rest points are looked for from symmetric patterns, and by the dynamics from random starts.

    Parameters
    ----------
    model : Model
        The economy.
    dynamics : Replicator or Logit, optional
        How people move, replicator dynamics by default.
    options : SolverOptions, optional
        Tolerances of each equilibrium.
    seconds : float, default 60
        How long to try for a proof; what is not decided by then is in ``.left``.
    starts : int, default 32
        Random distributions from which Newton's method starts as well.
    basins : int, default 0
        Random distributions from which the dynamics are followed, for ``.basins``.
    rng : int or Generator, optional
        Of random starts; by default always the same, so that results repeat.
    progress : bool or callable, optional
        Show a bar; by default where somebody watches, and only for work that lasts. Or
        ``callback(done, total, words)``, which hears of every step (``nege.progress``).

    Returns
    -------
    Equilibria
        A sequence of Equilibrium, each with its stability. ``.complete`` says whether
        these are proven to be all. Where ``model.uniqueness()`` does not say so already, it
        takes python-flint (the extra "verify"), three regions at most, and no box left. One
        is left at a bifurcation, where an equilibrium appears, vanishes or changes its support.

    Raises
    ------
    InputError
        For what is not a model, and for pure replicator dynamics, under which every
        region alone is at rest.
    NegeError
        Where double precision finds what the proof excludes: a mistake in nege.

    Notes
    -----
    The proof is about the model's equations with its parameters as the floats they are
    (shares of the immobile factor scaled to sum to one exactly).

    Not for completeness above three regions: what is found there are equilibria, but there may
    be more. Not for how they depend on a parameter: :func:`nege.bifurcation`.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7)
    >>> found = nege.equilibria(economy)
    >>> found.complete, len(found), len(found.stable)
    (True, 5, 3)
    >>> [round(float(e.data.share[0]), 8) for e in found]
    [0.0, 0.16511316, 0.5, 0.83488684, 1.0]
    """
    check_model(model)
    options, dynamics = check_options(options), check_dynamics(dynamics)
    if isinstance(dynamics, Replicator) and not dynamics.allow_entry:
        raise InputError(
            "dynamics",
            dynamics,
            "dynamics that enter empty regions",
            "An equilibrium is where nobody gains by moving, so use nege.Replicator().",
        )
    seconds = validation.number("seconds", seconds, above=0.0)
    starts = validation.whole("starts", starts, at_least=0)
    basins = validation.whole("basins", basins, at_least=0)
    generator = validation.generator("rng", 0 if rng is None else rng)
    if not model.in_shares:
        return industry_equilibria(model, dynamics, options, starts, basins, generator, progress)
    small = len(model.regions) <= MOST_REGIONS_PROVEN
    known = model.uniqueness(dynamics)
    unique = known is not None and known.unique
    search = MultistartSearch(model, dynamics, options, each=small)
    provable = small and not unique
    first = (len(model.regions), "boxes") if provable else (starts + basins, "starts")
    with watched(progress, *first) as steps:
        proof, reason = None, str(known) if unique else TOO_MANY_REGIONS_FOR_A_PROOF
        if provable:
            proof, reason = _attempted_proof(model, dynamics, seconds, steps)
        search.run(starts, generator, steps)
        steps.expect(basins, "paths")
        reached = []
        for _ in range(basins):
            reached.append(search.follow(generator))
            steps()
    return _Reconciliation(search, proof, reason, unique=unique).result(reached)


def _attempted_proof(
    model: Model, dynamics: Replicator | Logit, seconds: float, steps: Steps
) -> tuple[Proof | None, str]:
    """Return what could be proven, and why that is not all."""
    tastes = None
    if isinstance(dynamics, Logit):
        tastes = Tastes(dynamics.scale, dynamics.region_weights(model))
    try:
        flint = require("flint", "verify", "A proof that all equilibria are known")
    except DependencyError as error:
        return None, str(error)
    proof = prove(flint, model, tastes, seconds, steps)
    if proof is None:
        return None, "These equations and tastes have no form that a proof could work on."
    if not proof.left:
        return proof, ""
    boxes = "1 box is" if proof.undecided == 1 else f"{proof.undecided} boxes are"
    when = f"after {seconds:g} s" if proof.timed_out else "however small"
    # Those that are left were cut from the ones gone through, and may be more.
    return proof, f"{boxes} undecided {when}, {proof.boxes} gone through; .left has the bounds."


HYPERBOLIC_RATE = 1e-3  # of all growth rates, from which an equilibrium is so beyond doubt
OUTSIDE_BOUNDS_TOLERANCE = 1e-12  # of shares, by which an equilibrium may be off its bounds
CONTRADICTION_TOLERANCE = 1e-6  # of payoffs and shares: double precision and proof agree to it


class _Reconciliation:
    """Brings proof and search together, and sees that they do not contradict each other."""

    def __init__(
        self, search: MultistartSearch, proof: Proof | None, reason: str, *, unique: bool
    ) -> None:
        self.search, self.proof, self.reason = search, proof, reason
        self.unique = unique  # known from theory, not by boxes
        self.n = search.n
        self.left = [_all_shares(self.n)] if proof is None else proof.left
        pairs: list[tuple[Candidate, ShareBounds | None]] = []
        for root in [] if proof is None else proof.roots:
            pairs.append((self._proven(root), root))
        for candidate in search.found:
            if not any(_reaches(candidate, root) for _, root in pairs if root is not None):
                if any(_reaches(candidate, box) for box in self.left):
                    pairs.append((search.image(candidate), None))
                elif candidate.hyperbolic > HYPERBOLIC_RATE:
                    raise self._contradiction(f"about shares of {self._named(candidate.point)}")
        self.pairs = sorted(pairs, key=lambda pair: pair[0].point.share.round(9).tolist())

    def _proven(self, root: ShareBounds) -> Candidate:
        """Return a proven equilibrium in double precision, from the middle of its bounds."""
        law, options = self.search.law, self.search.options
        middle = np.where(root.high > SMALLEST_SHARE, 0.5 * (root.low + root.high), 0.0)
        start = law.at(middle / middle.sum(), self.search.model.start_state())
        point, _, steps = rest_points.newton(law, start, options.tolerance_payoff)
        astray = _distance_outside(point.share, root)
        if not astray <= (
            OUTSIDE_BOUNDS_TOLERANCE
            if start.residual <= options.tolerance_payoff
            else CONTRADICTION_TOLERANCE
        ):
            point, steps = start, 0  # the proof knows better
        clears = point.cleared.status == Status.CONVERGED
        if clears and point.residual > CONTRADICTION_TOLERANCE * max(1.0, law.dynamics.intensity):
            raise self._contradiction(f"about shares of {self._named(point)}")
        error = max(np.max(root.high - point.share), np.max(point.share - root.low))
        return Candidate(point, float(error), steps, 0.0, 0.0)

    def _named(self, point: ClearedPoint) -> dict[str, float]:
        return dict(zip(self.search.model.regions, point.share.tolist(), strict=True))

    def _contradiction(self, about: str) -> NegeError:
        return NegeError(
            f"The proof and the double precision of {self.search.model!r} contradict each other "
            f"{about}: one of them is wrong. Please report this."
        )

    def result(self, reached: Sequence[Candidate | None]) -> Equilibria:
        """Return the result; `reached` are the ends of the paths from random starts."""
        search, regions = self.search, list(self.search.model.regions)
        count = len(self.pairs)
        if self.unique and count > 1:
            raise self._contradiction(f"about {count} equilibria where theory knows one")
        complete = (self.unique and count == 1) or (self.proof is not None and not self.left)
        if complete:
            self.left = []
        bounds = [_unknown_bounds(self.n) if box is None else box for _, box in self.pairs]
        ends = [self._index(candidate) for candidate in reached]
        result = Equilibria(
            model=search.model,
            dynamics=search.dynamics,
            complete=complete,
            reason=self.reason,
            proven=_bounds_dataset(bounds, "equilibrium", regions),
            left=_bounds_dataset(self.left, "box", regions),
            boxes=0 if self.proof is None else self.proof.boxes,
            orbits=np.array([self._orbit(c.point.share) for c, _ in self.pairs], dtype=int),
            basins=basin_shares(ends, count) if ends else None,
            _members=tuple(self._equilibrium(c, count if complete else 0) for c, _ in self.pairs),
        )
        if complete and result.index_sum not in (None, 1):
            raise self._contradiction(
                f"about the sum of indices, which is {result.index_sum}, not 1"
            )
        return result

    def _index(self, candidate: Candidate | None) -> int:
        """Return which equilibrium a path ended at; one more than the last where at none."""
        distances = [
            math.inf
            if candidate is None
            else self.search.merging.distance(candidate.point.share, known.point.share)
            - max(candidate.reach, known.reach)
            for known, _ in self.pairs
        ]
        best = int(np.argmin(distances)) if distances else 0
        return best if distances and distances[best] <= 0.0 else len(distances)

    def _orbit(self, share: np.ndarray) -> int:
        group = self.search.merging
        return group.order // group.isotropy(share).order

    def _equilibrium(self, candidate: Candidate, known: int) -> Equilibrium:
        search, point = self.search, candidate.point
        law, tolerance = search.law, search.options.tolerance_payoff
        status = Status(point.cleared.status)
        if status is Status.CONVERGED and not point.residual <= tolerance:
            status = Status.STALLED
        return Equilibrium(
            model=search.model,
            data=search.model.label_later(
                point.share, point.state, law.parameters, search.dynamics
            ),
            status=status,
            residual=point.residual,
            error=max(candidate.error, float(point.cleared.error)),
            iterations=candidate.steps,
            horizon="long run",
            dynamics=search.dynamics,
            _leading=fastest(law.leading_rate(point), point.entry, tolerance),
            operator=trade_costs.name_of(law.parameters.operator),
            provenance={**provenance(search.options), **({ALL: known} if known else {})},
            stability=labelled(search.model, search.dynamics, law, point),
        )


def _bounds_dataset(boxes: Sequence[ShareBounds], dim: str, regions: list[str]) -> xr.Dataset:
    shape = (len(boxes), len(regions))
    return xr.Dataset(
        {
            "low": ((dim, "region"), np.array([box.low for box in boxes]).reshape(shape)),
            "high": ((dim, "region"), np.array([box.high for box in boxes]).reshape(shape)),
        },
        coords={"region": regions},
    )


def _all_shares(n: int) -> ShareBounds:
    return ShareBounds(np.zeros(n), np.ones(n))


def _unknown_bounds(n: int) -> ShareBounds:
    return ShareBounds(np.full(n, np.nan), np.full(n, np.nan))


def _distance_outside(share: np.ndarray, box: ShareBounds) -> float:
    return float(max(np.max(box.low - share), np.max(share - box.high)))


def _reaches(candidate: Candidate, box: ShareBounds) -> bool:
    return _distance_outside(candidate.point.share, box) <= candidate.reach
