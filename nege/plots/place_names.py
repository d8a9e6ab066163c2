"""Names of places on a map: beside their dots, on none of these and on no other name.

Where there is room for a name is known when a picture is drawn, in its size then: so an artist
without a look of its own places all names just before they are drawn themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nege import validation
from nege.errors import InputError, require
from nege.plots.style import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST, TRIED = 8, 24  # of the largest places, how many are named where there is room, of how many
LEAST = 1e-3  # share of people of a place that is one of the largest
SIZE = 8.5  # points, of letters
GAPS = (2.0, 9.0, 18.0, 30.0)  # points between a dot and its name; from the second on with a line
NEAR = 2  # of these, for names that may be left out
ROOM = 1.0  # points around a name
#: Ways from a dot to its name, those that are read best first.
WAYS = tuple(np.deg2rad([0.0, 45.0, 180.0, 135.0, -45.0, -135.0, 90.0, -90.0]).tolist())
SMALL = 1.5  # points, radius of dots that a name may lie on if it must
#: How bad it is to lie on another name, outside the map, on a dot, on a small one, far away.
ON_NAME, OUTSIDE, ON_DOT, ON_SMALL, FAR = 1000.0, 1000.0, 100.0, 1.0, 0.5
GOOD = ON_DOT  # a name that nobody asked for is left out from here on


def wanted(names: Any, known: Sequence[str]) -> list[str] | bool:
    """Return which places are named: some by name, True for the largest, False for none."""
    if names is None or isinstance(names, (bool, np.bool_)):
        return bool(names)
    if isinstance(names, (int, float, np.number)):
        cure = f"True names the largest for which there is room, at most {MOST}."
        raise InputError("names", names, "True, False or a sequence of names", cure)
    return [validation.known("names", name, known) for name in validation.texts("names", names)]


def largest(names: Sequence[str], people: np.ndarray) -> list[str]:
    """Return the names of the largest places, in order."""
    people = np.nan_to_num(people)
    order = np.argsort(-people, kind="stable")[:TRIED]
    return [names[i] for i in order if people[i] >= LEAST]


def put(
    ax: Axes, names: Sequence[str], spots: np.ndarray, people: np.ndarray, asked: list[str] | bool
) -> None:
    """Write names of places on a map that is drawn: those asked for, or the largest that fit.

    `spots` are where places are, a row each.
    """
    if asked is False:
        return
    drawn: Any = next(one for one in reversed(ax.collections) if one.get_gid() == "places")
    sizes = getattr(drawn, "get_sizes", lambda: ())()  # of dots, which polygons are not
    radius = 0.5 * np.sqrt(sizes) if len(sizes) == len(names) else np.zeros(len(names))
    effects: Any = require("matplotlib.patheffects", "plot", "Drawing")
    shown = largest(names, people) if asked is True else list(dict.fromkeys(asked))
    texts = {}
    for name in shown:
        at = list(names).index(name)
        text = ax.annotate(
            name,
            spots[at],
            (0.0, 0.0),
            textcoords="offset points",
            ha="left",
            va="bottom",
            fontsize=SIZE,
            path_effects=[effects.withStroke(linewidth=2.0, foreground="white")],
            arrowprops={
                **{"arrowstyle": "-", "color": GREY, "linewidth": 0.6},
                **{"shrinkA": 0.0, "shrinkB": float(radius[at])},
            },
            parse_math=False,
            gid="name",
            in_layout=False,
        )
        texts[at] = text
    ax.add_artist(_placer()(texts, spots, radius, MOST if asked is True else None))


def _placer() -> Any:
    """Return the class of the artist that places names; there is matplotlib by then."""
    artist: Any = require("matplotlib.artist", "plot", "Drawing").Artist

    class Placer(artist):  # type: ignore[misc]
        def __init__(self, texts: Any, spots: np.ndarray, radius: np.ndarray, most: Any) -> None:
            super().__init__()
            self.set(zorder=0.0, in_layout=False)
            self.given = texts, spots, radius, most

        def draw(self, renderer: Any) -> None:
            place(self.axes, renderer, *self.given)

    return Placer


def place(
    ax: Axes,
    renderer: Any,
    texts: dict[int, Any],
    spots: np.ndarray,
    radius: np.ndarray,
    most: int | None,
) -> None:
    """Move names to where there is room; hide what has none, where only so many are wanted."""
    point = float(renderer.points_to_pixels(1.0))
    dots, reach = ax.transData.transform(spots), radius * point
    taken: list[np.ndarray] = []
    for at, text in texts.items():
        text.set_visible(True)
        text.arrow_patch.set_visible(False)
        text.set_position((0.0, 0.0))
        here = text.get_window_extent(renderer)
        size, corner = np.array([here.width, here.height]), np.array([here.x0, here.y0])
        shift = corner - dots[at]  # of letters within what matplotlib takes for their box
        best, where, line = np.inf, corner, False
        for low, far in _boxes(dots[at], reach[at], size, point, NEAR if most else len(GAPS)):
            box = np.concatenate([low - ROOM * point, low + size + ROOM * point])
            cost = FAR * far + _cost(ax, box, taken, dots, reach, SMALL * point)
            if cost < best:
                best, where, line = cost, low, far > 0
        if most is not None and (best >= GOOD or len(taken) >= most):
            text.set_visible(False)
            continue
        taken.append(np.concatenate([where, where + size]))
        text.set_position((where - dots[at] - shift) / point)
        text.arrow_patch.set_visible(line)


def _boxes(dot: np.ndarray, reach: float, size: np.ndarray, point: float, gaps: int) -> Any:
    """Yield the lower left corners of boxes around a dot, and how far from it they are."""
    if not reach:  # of a polygon: in its middle
        yield dot - 0.5 * size, 0
    for far, gap in enumerate(GAPS[:gaps]):
        for way in WAYS:
            along = np.array([np.cos(way), np.sin(way)])
            middle = dot + (reach + gap * point) * along
            # The side of the box that looks at the dot, or its corner, is what lies there.
            yield middle - 0.5 * size * (1.0 - np.sign(along.round(9))), far


def _cost(
    ax: Axes,
    box: np.ndarray,
    taken: list[np.ndarray],
    dots: np.ndarray,
    reach: np.ndarray,
    small: float,
) -> float:
    """Return how bad it is for a name to be in a box."""
    map_box = ax.get_window_extent()
    cost = OUTSIDE * float((box[:2] < map_box.min).any() or (box[2:] > map_box.max).any())
    for other in taken:
        cost += ON_NAME * float((box[:2] < other[2:]).all() and (other[:2] < box[2:]).all())
    away = np.maximum(box[:2] - dots, 0.0) + np.maximum(dots - box[2:], 0.0)
    on = (reach > 0.0) & (np.hypot(*away.T) < reach)
    return cost + ON_DOT * float((on & (reach > small)).sum()) + ON_SMALL * float(on.sum())
