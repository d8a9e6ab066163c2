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
from nege.structure.symmetry import SymmetryOfPlaces, symmetry_of_places, trivial_symmetry

EQUIVARIANT_TOLERANCE = 1e-9  # change of a residual that a symmetry may make
MOST_SUPPORTS = 32  # sets of places in which most firms of an industry start
HEAVY = 20.0  # times as many firms where a start has most of them


def movers_of_a_place(rest: EquationsOfRest) -> int:
    """Return how many movers each place has."""
    return len(rest.movers) // len(rest.places)


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
    found = symmetry_of_places(economies, movers_of_a_place(rest))
    x = first.start_state()
    x[rest.moving] = np.log(first.default_start())
    x += 0.1 * np.random.default_rng(0).normal(size=x.size)
    here = rest.residual(x)
    for g in found.places.generators():
        image, expected = x.copy(), here.copy()
        image[rest.rows], expected[rest.rows] = x[rest.rows[g]], here[rest.rows[g]]
        if not np.max(np.abs(rest.residual(image) - expected)) <= EQUIVARIANT_TOLERANCE:
            return SymmetryOfPlaces(trivial_symmetry(len(rest.rows)), found.width)
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
    """Yield the default start, and most firms of all, or of one industry, in some places.

    In places that are alike: of sets that symmetry turns into each other in one. Where it is of
    one industry, also with most firms of the others everywhere else. And, where firms can be
    absent, such firms nowhere else.
    """
    yield model.default_start()
    even = next(symmetric(model, symmetry))
    place = np.arange(even.size) // symmetry.width
    firms = rest.group < rest.group[-1]
    for places in itertools.islice(symmetry.places.supports(), MOST_SUPPORTS):
        inside = np.isin(place, places)
        if inside.all():
            continue
        yield np.where(inside & firms, HEAVY * even, even)
        for industry in np.unique(rest.group[firms]):
            own = firms & (rest.group == industry)
            yield np.where(inside & own, HEAVY * even, even)
            yield np.where(np.where(own, inside, ~inside) & firms, HEAVY * even, even)
        gone = rest.vanishing & ~inside
        employed = np.bincount(place[firms & ~gone], minlength=len(rest.places))
        if gone.any() and (employed > 0).all():
            yield np.where(gone, 0.0, even)
