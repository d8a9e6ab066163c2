"""Symmetry group of an economy: the permutations of regions that leave it unchanged.

Two regions are *twins* if exchanging them alone changes nothing; twins of twins are
twins, so regions fall into classes, and within a class every permutation is a symmetry.
What is left are *arrangements*: one permutation for each way of exchanging whole
classes. So twenty equidistant places take one class and one arrangement, not 20!
permutations; a racetrack of sixteen takes sixteen classes and 32 arrangements.

A permutation g acts on a vector as x -> x[g]. An *orbit* is everything that symmetries
make of a vector; the *isotropy* of a vector are the symmetries that leave it unchanged.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege.kernels import operators

SAME_SHARE_TOLERANCE = 1e-7  # difference of shares below which they count as equal
FIXED_DIRECTION_TOLERANCE = 1e-6  # singular value below which a direction counts as fixed
MOST_ARRANGEMENTS_PAIRED = 64  # arrangements up to which subgroups of two generators are looked at
MOST_AXIS_GENERATORS = 20_000  # elements at most that are tried as generators of an axis


class Symmetry(NamedTuple):
    """A group of permutations of regions: twins in classes, and arrangements of classes."""

    classes: tuple[np.ndarray, ...]
    arrangements: np.ndarray  # (q, R)
    complete: bool = True  # False where there are more arrangements than could be kept

    @property
    def order(self) -> int:
        """How many permutations there are."""
        return len(self.arrangements) * math.prod(math.factorial(c.size) for c in self.classes)

    def _sorted(self, x: np.ndarray) -> np.ndarray:
        """Put the largest value of each class first, along the last axis."""
        x = x.copy()
        for twins in self.classes:
            if twins.size > 1:
                x[..., twins] = -np.sort(-x[..., twins], axis=-1)
        return x

    def canonical(self, x: np.ndarray) -> np.ndarray:
        """Return one vector of the orbit of x, the same for all of the orbit: largest first."""
        images = self._sorted(x[self.arrangements])
        rounded = np.round(images / SAME_SHARE_TOLERANCE).astype(np.int64)
        return np.asarray(images[max(range(len(images)), key=lambda i: tuple(rounded[i]))])

    def align(self, x: np.ndarray, to: np.ndarray) -> np.ndarray:
        """Return the image of x that is nearest to another vector."""
        images = self._sorted(x[self.arrangements])
        best = images[np.argmin(np.max(np.abs(images - self._sorted(to)), axis=-1))]
        result = best.copy()
        for twins in self.classes:
            result[twins[np.argsort(-to[twins], kind="stable")]] = best[twins]
        return np.asarray(result)

    def distance(self, x: np.ndarray, y: np.ndarray) -> float:
        """Return the largest difference between y and the image of x that is nearest to it."""
        return float(np.max(np.abs(self.align(x, y) - y)))

    def isotropy(self, x: np.ndarray, tolerance: float = SAME_SHARE_TOLERANCE) -> Symmetry:
        """Return the symmetries that leave x unchanged."""
        pieces = []
        for twins in self.classes:
            largest = twins[np.argsort(-x[twins], kind="stable")]
            parts = np.split(largest, np.flatnonzero(-np.diff(x[largest]) > tolerance) + 1)
            pieces.append([np.sort(part) for part in parts])
        # In this order every symmetry that is kept maps the i-th twin onto the i-th twin.
        order = [np.concatenate(parts) for parts in pieces]
        position = np.empty(x.size, dtype=int)
        for i, twins in enumerate(order):
            position[twins] = i
        kept = []
        for g in self.arrangements:
            h = np.empty_like(g)
            for twins in order:
                h[twins] = order[position[g[twins[0]]]]
            if np.max(np.abs(x[h] - x)) <= tolerance:
                kept.append(h)
        classes = tuple(part for parts in pieces for part in parts)
        return Symmetry(classes, np.array(kept), self.complete)

    def cells(self) -> list[np.ndarray]:
        """Return the regions in groups that symmetries map onto each other, in order."""
        return _orbits(self.arrangements, self.classes)

    def generators(self) -> Iterator[np.ndarray]:
        """Yield permutations of which all others are made: arrangements and exchanges of twins."""
        yield from self.arrangements
        for twins in self.classes:
            for pair in itertools.pairwise(twins):
                swap = np.arange(self.arrangements.shape[1])
                swap[list(pair)] = swap[list(reversed(pair))]
                yield swap

    def elements(self) -> Iterator[np.ndarray]:
        """Yield permutations, enough to find the axes of representations by regions.

        Every arrangement, times in each class of twins either one cycle of all or two
        cycles, for every way to divide the class: these have the splits of a class into
        two groups as what they leave unchanged.
        """
        lengths = [range(twins.size // 2 + 1) for twins in self.classes]
        divisions = (
            itertools.product(*lengths)
            if math.prod(map(len, lengths)) <= MOST_AXIS_GENERATORS
            else ()
        )
        for first in divisions or [(0,) * len(self.classes)]:
            t = np.arange(self.arrangements.shape[1])
            for twins, k in zip(self.classes, first, strict=True):
                t[twins] = np.concatenate([np.roll(twins[:k], -1), np.roll(twins[k:], -1)])
            for g in self.arrangements:
                yield t[g]

    def axes(self, space: np.ndarray) -> list[np.ndarray]:
        """Return the directions of a space that a subgroup singles out, one per orbit.

        Along each of them a branch leaves a point where the space is the kernel
        (equivariant branching lemma: Vanderbauwhede 1982, Cicogna 1981).

        Parameters
        ----------
        space : (R, d) array
            Orthonormal basis of a space that these symmetries map onto itself.

        Returns
        -------
        list of (R,) arrays
            Unit vectors; v and -v both, unless a symmetry maps one onto the other.
        """
        return _axes(self, space)

    def supports(self, within: np.ndarray | None = None) -> list[np.ndarray]:
        """Return supports: sets of regions equal by symmetry within the set, one per orbit.

        Those are the orbits of subgroups: where only such regions are occupied, equal
        shares give equal payoffs.

        Parameters
        ----------
        within : array of int, optional
            Regions to choose from, a union of cells.
        """
        q, n = self.arrangements.shape
        allowed = np.ones(n, dtype=bool)
        if within is not None:
            allowed = np.isin(np.arange(n), within)
        singles = [(g,) for g in self.arrangements]
        pairs = (
            itertools.combinations(self.arrangements, 2) if q <= MOST_ARRANGEMENTS_PAIRED else ()
        )
        found: dict[bytes, np.ndarray] = {}
        seen = set()
        for generators in itertools.chain(singles, pairs):
            # Arrangements map the first of a class onto the first of a class.
            for orbit in _orbits(np.array(generators), ()):
                classes = [twins for twins in self.classes if twins[0] in orbit]
                key = frozenset(int(twins[0]) for twins in classes)
                if not key or key in seen or not allowed[orbit[0]]:
                    continue
                seen.add(key)
                for j in range(1, classes[0].size + 1):
                    chosen = np.zeros(n)
                    for twins in classes:
                        chosen[twins[:j]] = 1.0
                    image = self.canonical(chosen)
                    found[image.tobytes()] = np.flatnonzero(image)
        return sorted(found.values(), key=lambda members: (-members.size, tuple(members)))


class SymmetryOfPlaces(NamedTuple):
    """The same group where a vector has several entries for each place, which move together.

    Vectors, of shares or of changes in them, are place by place, so many entries each, as movers
    of an economy with industries. Entries that no place has follow: the share of the first of
    several that are alike. Those may lead in turn: where it is as large as theirs, or does not
    change, that is a symmetry too.
    """

    places: Symmetry
    width: int
    splits: tuple[float, ...] = ()  # between how many
    even: tuple[bool, ...] = ()  # which of them are

    @property
    def order(self) -> int:
        """How many permutations there are."""
        leads = [count for count, even in zip(self.splits, self.even, strict=True) if even]
        return self.places.order * int(math.prod(leads))

    @property
    def complete(self) -> bool:
        """Whether all of them could be kept."""
        return self.places.complete

    def _rows(self, x: np.ndarray) -> np.ndarray:
        """Return the entries of places, a row each."""
        return x[: x.size - len(self.splits)].reshape(-1, self.width)

    def _spread(self, places: np.ndarray) -> np.ndarray:
        """Return the entries of some places, in their order."""
        return np.asarray((places[:, None] * self.width + np.arange(self.width)).ravel())

    def _permuted(self, places: np.ndarray) -> np.ndarray:
        """Return the permutation of all entries that one of places is."""
        inside = self._spread(places)
        return np.append(inside, inside.size + np.arange(len(self.splits)))

    def align(self, x: np.ndarray, to: np.ndarray) -> np.ndarray:
        """Return the image of x that is nearest to another vector: twins as they match best."""
        from scipy.optimize import linear_sum_assignment

        goal, rows, best = self._rows(to), self._rows(x), x
        smallest = np.inf
        for g in self.places.arrangements:
            image = rows[g]
            for twins in self.places.classes:
                if twins.size > 1:
                    apart = np.abs(goal[twins, None] - image[twins]).sum(-1)
                    image[twins] = image[twins[linear_sum_assignment(apart)[1]]]
            off = float(np.max(np.abs(image - goal)))
            if off < smallest:
                smallest, best = off, np.append(image.ravel(), x[image.size :])
        # Of two either may be the first.
        for i in np.flatnonzero(np.array(self.splits) == 2.0) + rows.size:
            other = rows[:, -1].sum() - x[i]  # all people's share, one, or no change of it
            if abs(other - to[i]) < abs(best[i] - to[i]):
                best = np.append(best[:i], [other, *best[i + 1 :]])
        return best

    def distance(self, x: np.ndarray, y: np.ndarray) -> float:
        """Return the largest difference between y and the image of x that is nearest to it."""
        return float(np.max(np.abs(self.align(x, y) - y)))

    def isotropy(self, x: np.ndarray, tolerance: float = SAME_SHARE_TOLERANCE) -> SymmetryOfPlaces:
        """Return the symmetries that leave x unchanged."""
        rows = self._rows(x)
        near = np.max(np.abs(rows[:, None] - rows), axis=-1) <= tolerance
        kind = np.arange(len(rows), dtype=float)
        for _ in rows:  # what is near to what is near is of one kind
            kind = np.where(near, kind, np.inf).min(1)
        even = tuple(
            bool(was and min(abs(share), abs(share - 1.0 / count)) <= tolerance)
            for was, share, count in zip(self.even, x[rows.size :], self.splits, strict=True)
        )
        return self._replace(places=self.places.isotropy(kind, 0.5), even=even)

    def cells(self) -> list[np.ndarray]:
        """Return the entries in groups that symmetries map onto each other.

        Not of splits that are even.
        """
        found = [self._spread(orbit).reshape(-1, self.width).T for orbit in self.places.cells()]
        size = sum(each.size for each in found)
        leads = [np.array([size + i]) for i, even in enumerate(self.even) if not even]
        return [*(cell for each in found for cell in each), *leads]

    def generators(self) -> Iterator[np.ndarray]:
        """Yield permutations of which all others are made."""
        yield from (self._permuted(g) for g in self.places.generators())

    def elements(self) -> Iterator[np.ndarray]:
        """Yield permutations, enough to find the axes of representations by places."""
        yield from (self._permuted(g) for g in self.places.elements())

    def axes(self, space: np.ndarray) -> list[np.ndarray]:
        """Return the directions of a space that a subgroup singles out, one per orbit."""
        return _axes(self, space)

    def supports(self, within: np.ndarray) -> list[np.ndarray]:
        """Return sets of entries of one kind, equal by symmetry, among some."""
        found = []
        for kind in np.unique(within % self.width):
            places = within[within % self.width == kind] // self.width
            found += [support * self.width + kind for support in self.places.supports(places)]
        return found


def _axes(group: Symmetry | SymmetryOfPlaces, space: np.ndarray) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    for h in group.elements():
        on_space = space.T @ space[h]
        _, size, right = np.linalg.svd(on_space - np.eye(space.shape[1]))
        if np.count_nonzero(size < FIXED_DIRECTION_TOLERANCE) != 1:
            continue
        axis = space @ right[-1]
        axis *= np.sign(axis[np.argmax(np.abs(axis))])
        for v in (axis, -axis):
            if all(group.distance(v, other) > FIXED_DIRECTION_TOLERANCE for other in found):
                found.append(v)
    return found


def symmetry_of_parameters(kernels: Sequence[Any], weights: np.ndarray) -> Symmetry:
    """Return the permutations of regions that leave all of some kernel parameters unchanged.

    Parameters
    ----------
    kernels : sequence of Economy
        One economy, at one or several values of what varies.
    weights : (R,) array
        What else distinguishes regions: the location weights of the dynamics.
    """
    n = weights.size
    vertices: list[np.ndarray] = [weights]
    edges: list[np.ndarray] = []
    for parameters in kernels:
        own = getattr(parameters, "pairs", None)
        edges += [operators.matrix(parameters.operator, n)] if own is None else own
        vertices += list(parameters.places)
    vertex = np.column_stack([_value_numbers(values) for values in vertices])
    edge = _joint_numbers([_value_numbers(values) for values in edges])
    return _graph_symmetry(_row_numbers(vertex), edge)


def symmetry_of_places(
    economies: Sequence[Any], width: int, splits: tuple[float, ...] = ()
) -> SymmetryOfPlaces:
    """Return the permutations of places that leave distances and all that places have unchanged.

    Parameters
    ----------
    economies : sequence of Model
        One economy, at one or several values of what varies, with fields over "place".
    width : int
        Entries of each place in the vectors that the group acts on.
    splits : tuple of float
        Entries that no place has, the share of the first of so many that are alike.
    """
    vertices, edges = [], []
    for economy in economies:
        edges.append(np.asarray(economy.geography.metric.dense()))
        for holder in (economy, *getattr(economy, "mechanisms", {}).values()):
            for name in holder.fields:
                values = getattr(holder, name)
                if isinstance(values, xr.DataArray) and "place" in values.dims:
                    rest = [dim for dim in values.dims if dim != "place"]
                    table = values.transpose(*rest, "place").values
                    if table.dtype.kind not in "biuf":  # names: whose jurisdiction a place is in
                        table = np.unique(table, return_inverse=True)[1].astype(float)
                    vertices += list(table.reshape(-1, len(edges[0])))
    # What is not given is NaN, alike everywhere and unlike any number.
    vertices = [x for v in vertices for x in (np.isnan(v) + 0.0, np.nan_to_num(v))]
    vertex = np.column_stack([_value_numbers(values) for values in vertices])
    edge = _joint_numbers([_value_numbers(values) for values in edges])
    places = _graph_symmetry(_row_numbers(vertex), edge)
    return SymmetryOfPlaces(places, width, splits, (True,) * len(splits))


def confirmed_by_payoffs(
    found: Symmetry,
    response: Callable[[np.ndarray], np.ndarray],
    *,
    absolute: float = 0.0,
    relative: float = 0.0,
) -> Symmetry:
    """Return the symmetries if payoffs, which may know more than a kernel's arrays, have them too.

    Parameters
    ----------
    found : Symmetry
        As the arrays have it.
    response : callable
        What people respond to at a distribution, by region; not finite where it is not known, as
        where a place cannot pay its deficit: then a distribution nearer to the even one is asked.
    absolute, relative : float
        By how much a symmetry may change it, the larger of the two.

    Returns
    -------
    Symmetry
        The same, or the one without any.
    """
    n = found.arrangements.shape[1]
    x = np.random.default_rng(0).dirichlet(np.ones(n))
    here = response(x)
    for _ in range(TOWARDS_EVEN):
        if np.isfinite(here).all():
            break
        x = 0.5 * (x + 1.0 / n)
        here = response(x)
    allowed = max(absolute, relative * float(np.max(np.abs(here))))
    for g in found.generators():
        if not np.max(np.abs(response(x[g]) - here[g])) <= allowed:
            return trivial_symmetry(n)
    return found


def trivial_symmetry(n: int) -> Symmetry:
    """Return the group of nothing but the identity."""
    return Symmetry(tuple(np.array([r]) for r in range(n)), np.arange(n)[None, :])


TOWARDS_EVEN = 6  # times that a distribution without a short run is taken half way to the even one
MOST_ARRANGEMENTS = 1024  # arrangements at most


def _graph_symmetry(vertex: np.ndarray, edge: np.ndarray) -> Symmetry:
    """Find the automorphisms of a complete graph with coloured vertices and directed edges."""
    n = vertex.size
    classes: list[list[int]] = []
    for r in range(n):
        unlike = np.count_nonzero(edge[[twins[0] for twins in classes]] != edge[r], axis=1)
        for k in np.flatnonzero(unlike <= 2):  # twins see all but each other alike
            if _are_twins(classes[k][0], r, vertex, edge):
                classes[k].append(r)
                break
        else:
            classes.append([r])
    first = np.array([twins[0] for twins in classes])
    inner = [edge[twins[0], twins[1]] if len(twins) > 1 else -1 for twins in classes]
    sizes = [len(twins) for twins in classes]
    own = edge[first, first]
    colour = _row_numbers(np.column_stack([vertex[first], sizes, inner, own]))
    between = edge[np.ix_(first, first)]
    images = _automorphisms(_refine(colour, between), between)
    complete = len(images) <= MOST_ARRANGEMENTS
    if not complete:  # a part of a group is no group
        images = [np.arange(len(classes))]
    arrangements = np.empty((len(images), n), dtype=int)
    for i, image in enumerate(images):
        for source, target in enumerate(image):
            arrangements[i, classes[source]] = classes[target]
    return Symmetry(tuple(np.array(twins) for twins in classes), arrangements, complete)


def _are_twins(r: int, s: int, vertex: np.ndarray, edge: np.ndarray) -> bool:
    swap = np.arange(vertex.size)
    swap[[r, s]] = s, r
    return bool(
        vertex[r] == vertex[s]
        and (edge[r] == edge[s][swap]).all()
        and (edge[:, r] == edge[swap][:, s]).all()
    )


def _refine(colour: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """Split colours by what each vertex sees of the others, until nothing more splits."""
    while True:
        seen = _row_numbers(np.stack([edge, edge.T, np.broadcast_to(colour, edge.shape)], -1))
        table = np.column_stack([colour, np.sort(seen.reshape(edge.shape), axis=1)])
        finer = _row_numbers(table)
        if finer.max(initial=0) == colour.max(initial=0):
            return colour
        colour = finer


def _automorphisms(colour: np.ndarray, edge: np.ndarray) -> list[np.ndarray]:
    """Return every automorphism, or more than ``MOST_ARRANGEMENTS``, in order of their images.

    By a base: vertices that tell all others apart, by how they see them. On a circle two will do.
    Where it goes says where everything goes, so that only images of the base are searched for.
    """
    n, base = colour.size, list[int]()
    pair = edge * (edge.max() + 1) + edge.T + 1  # how two see each other; no vertex sees itself
    np.fill_diagonal(pair, 0)
    kinds = pair.max() + 1
    parts, known = [_row_numbers(colour[:, None])], list[np.ndarray]()
    while parts[-1].max() < n - 1:
        size = np.bincount(parts[-1])[parts[-1]]
        base.append(int(np.argmin(np.where(size > 1, size, n + 1))))
        seen, part = np.unique(parts[-1] * kinds + pair[base[-1]], return_inverse=True)
        known.append(seen)
        parts.append(part)
    sizes = [np.bincount(part) for part in parts]

    def images(depth: int, part: np.ndarray) -> Iterator[np.ndarray]:
        if depth == len(base):
            image = np.argsort(part)[parts[-1]]
            if (edge[np.ix_(image, image)] == edge).all():
                yield image
            return
        for candidate in np.flatnonzero(part == parts[depth][base[depth]]):
            seen = part * kinds + pair[candidate]
            finer = np.minimum(np.searchsorted(known[depth], seen), known[depth].size - 1)
            alike = (known[depth][finer] == seen).all()
            if alike and np.array_equal(np.bincount(finer), sizes[depth + 1]):
                yield from images(depth + 1, finer)

    found = itertools.islice(images(0, parts[0]), MOST_ARRANGEMENTS + 1)
    order = np.lexsort((colour, np.bincount(colour)[colour]))  # rarest colour first
    return sorted(found, key=lambda image: tuple(image[order]))


def _orbits(generators: np.ndarray, classes: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the regions in groups that permutations, and exchanges in classes, connect."""
    label = np.arange(generators.shape[1])
    while True:
        before = label.copy()
        for twins in classes:
            label[twins] = label[twins].min()
        for g in generators:
            lower = np.minimum(label, label[g])
            np.minimum.at(lower, g, lower.copy())
            label = lower
        if (label == before).all():
            return [np.flatnonzero(label == first) for first in np.unique(label)]


SAME_PARAMETER_TOLERANCE = 1e-9  # relative difference below which parameters are the same


def _value_numbers(values: np.ndarray) -> np.ndarray:
    """Return class numbers of values: nearly equal ones have the same number."""
    flat = values.ravel()
    order = np.argsort(flat, kind="stable")
    scale = max(float(np.max(np.abs(flat))), 1e-300)
    steps = np.concatenate(
        [[0], np.cumsum(np.diff(flat[order]) > SAME_PARAMETER_TOLERANCE * scale)]
    )
    result = np.empty(flat.size, dtype=int)
    result[order] = steps
    return result.reshape(values.shape)


def _row_numbers(rows: np.ndarray) -> np.ndarray:
    """Return numbers for rows so that equal rows have the same number."""
    flat = rows.reshape(-1, rows.shape[-1])
    return np.unique(flat, axis=0, return_inverse=True)[1].reshape(-1)


def _joint_numbers(tables: Sequence[np.ndarray]) -> np.ndarray:
    return _row_numbers(np.stack(tables, -1)).reshape(tables[0].shape)
