"""Symmetry of an economy of industries, and where its rest points are looked for.

Movers, firms by cell and people, stand place by place; a symmetry of the economy is a permutation
of places that leaves its equations unchanged.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from nege.models.base import Model
from nege.models.rest import EquationsOfRest
from nege.models.solutions import LongRun
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.status import Status
from nege.structure.symmetry import SymmetryOfPlaces, symmetry_of_places, trivial_symmetry

EQUIVARIANT_TOLERANCE = 1e-9  # change of a residual that a symmetry may make
MOST_SUPPORTS = 32  # sets of places in which most firms of an industry start
HEAVY = 20.0  # times as many firms where a start has most of them


def symmetry_of_rest(economies: Sequence[Model], rest: EquationsOfRest) -> SymmetryOfPlaces:
    """Find the symmetries of some economies, and check them on the equations of the first.

    Parameters
    ----------
    economies : sequence of Model
        One economy, at one or several values of what varies.
    rest : EquationsOfRest
        Of the first of them.
    """
    first = economies[0]
    found = symmetry_of_places(economies, rest.width, rest.splits)
    x = first.start_state()
    x[rest.residents] = np.log(first.default_start())
    x += 0.1 * np.random.default_rng(0).normal(size=x.size)
    here = rest.residual(x)
    for g in found.places.generators():
        image, expected = x.copy(), here.copy()
        image[rest.rows], expected[rest.rows] = x[rest.rows[g]], here[rest.rows[g]]
        if not np.max(np.abs(rest.residual(image) - expected)) <= EQUIVARIANT_TOLERANCE:
            return found._replace(places=trivial_symmetry(len(rest.rows)))
    return found


def symmetric(model: Model, symmetry: SymmetryOfPlaces) -> Iterator[np.ndarray]:
    """Yield movers as symmetric as the economy: even, and most firms of each kind of cell."""
    even = model.default_start()
    for cell in symmetry.cells():
        even[cell] = even[cell].mean()
    yield even
    kind = np.arange(even.size) % symmetry.width
    for heavy in range(symmetry.width - 1):
        yield np.where(kind == heavy, HEAVY * even, even)


def scattered(
    model: Model, symmetry: SymmetryOfPlaces, rest: EquationsOfRest
) -> Iterator[np.ndarray]:
    """Yield the default start, and most firms, of all or of an industry and channel, in places.

    In places that are alike: of sets that symmetry turns into each other in one. Of one industry
    also with most firms of the others everywhere else. And, where firms can be absent, such firms
    nowhere else.
    """
    yield model.default_start()
    even = next(symmetric(model, symmetry))
    place = np.arange(even.size) // symmetry.width
    group, vanishing = rest.group[: even.size], rest.vanishing[: even.size]
    firms = group < group[-1]
    for places in itertools.islice(symmetry.places.supports(), MOST_SUPPORTS):
        inside = np.isin(place, places)
        if inside.all():
            continue
        yield np.where(inside & firms, HEAVY * even, even)
        for kind in range(symmetry.width - 1):
            own = np.arange(even.size) % symmetry.width == kind
            heavy = np.where(inside & own, HEAVY**2 * even, even)
            yield heavy
            others = firms & (group != group[kind]) & ~inside
            yield np.where(others, HEAVY**2 * even, heavy)
        gone = vanishing & ~inside
        employed = np.bincount(place[firms & ~gone], minlength=len(rest.places))
        if gone.any() and (employed > 0).all():
            yield np.where(gone, 0.0, even)


def settled(
    model: Model, start: np.ndarray, dynamics: Replicator | Logit, options: SolverOptions
) -> Iterator[LongRun]:
    """Yield the rest point as symmetric as a start, and where the dynamics go if it does not last.

    The first may be unstable; neither is yielded where it is not found.
    """
    state = model.start_state()
    first = model.own_long_run(start, state, Replicator(allow_entry=False), options)
    if first is not None and first.status in (Status.CONVERGED, Status.UNSTABLE):
        if first.error <= options.tolerance_error:
            yield first._replace(status=Status.CONVERGED)
        if first.status is Status.CONVERGED and not _invites(model, first, dynamics, options):
            return
    last = model.own_long_run(start, state, dynamics, options)
    if last is not None and last.status is Status.CONVERGED:
        yield last


def _invites(
    model: Model, found: LongRun, dynamics: Replicator | Logit, options: SolverOptions
) -> bool:
    """Whether entry pays somewhere at a rest point."""
    entry = model.equations_of_rest(dynamics, options).linearise(found.state).entry
    return bool(np.max(entry, initial=-np.inf, where=~np.isnan(entry)) > options.tolerance_payoff)
