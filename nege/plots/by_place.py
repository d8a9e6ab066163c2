"""A variable by place, on a map: of one economy, of a point of a path, as it changes, as a film.

What a variable is over beside places (industries, channels, what was varied) is chosen by name.
A change is in percentage points of what is a share, in per cent of what is above zero in every
place before, and in the variable's own unit elsewhere.
"""

from __future__ import annotations

import pathlib
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, require
from nege.plots import maps, place_names, varied
from nege.plots.style import new_figure
from nege.progress import Progress, watched
from nege.validation import paths

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLACES = ("region", "place")
PEOPLE = ("share", "population")
RATIO = ", after over before"  # of a variable's meaning: it is a change already
MOST_FRAMES = 200
TITLE, LETTER, POINTS = 12.0, 0.58, 72.0  # size of letters above a film, how wide one is; an inch
ON_BAR, GREYS = 110, 36  # colours of a film: of its scale, once more of dots, and of all else


class Values(NamedTuple):
    """A variable over places, perhaps over steps before them, and the people who live there."""

    values: np.ndarray
    people: np.ndarray
    label: str
    about: dict[str, Any]

    def of(self, step: int) -> Values:
        """Return those of one step."""
        return self._replace(values=self.values[step], people=self.people[step])


class Where(NamedTuple):
    """The places of a map: names, coordinates, outlines, borders beneath, and who is named."""

    names: tuple[str, ...]
    coordinates: Any
    polygons: Any
    borders: Any
    named: list[str] | bool = False

    def draw(self, shown: Values, ax: Axes | None, **style: Any) -> Axes:
        """Draw a variable."""
        ax = maps.by_value(
            self.coordinates,
            shown.people,
            shown.values,
            shown.label,
            ax=ax,
            polygons=self.polygons,
            borders=self.borders,
            **style,
        )
        self.name(ax, shown.people)
        return ax

    def name(self, ax: Axes, people: np.ndarray) -> None:
        """Write names of places on a map of them that is drawn."""
        if self.named is not False:
            spots = maps.spots(self.coordinates, self.polygons)
            place_names.put(ax, self.names, spots, people, self.named)


def where(geography: Any, polygons: Any = None, borders: Any = None, named: Any = None) -> Where:
    """Return the places of a geography as a map has them; refuse what does not say where."""
    if not all(hasattr(geography, name) for name in ("names", "coordinates", "polygons")):
        cure = "Give that of the economy: model.geography."
        raise InputError("geography", geography, "a Geography", cure)
    names = tuple(str(name) for name in geography.names)
    borders = None if borders is False else borders
    named = place_names.wanted(named, names)
    coordinates = geography.coordinates
    if polygons is None:
        return Where(names, coordinates, geography.polygons, borders, named)
    if polygons is False:
        return Where(names, coordinates, None, borders, named)
    allowed = "False, or a GeoSeries, GeoDataFrame or file of outlines by name of place"
    if isinstance(polygons, (str, pathlib.Path)):
        polygons = maps.read_shapes("polygons", polygons, allowed)
    shapes = getattr(polygons, "geometry", None)
    if shapes is None or not hasattr(shapes, "reindex"):
        cure = "geopandas.read_file makes a GeoDataFrame."
        raise InputError("polygons", type(polygons).__name__, allowed, cure)
    known = _named(polygons, names)
    absent = [name for name in names if name not in known]
    if absent or len(set(known)) < len(known):
        some = f"with none for {', '.join(absent[:5])}" if absent else "with several of one name"
        cure = "Names stand in the index, or in a column that has all of them once."
        raise InputError("polygons", some, allowed, cure)
    outlines = shapes.set_axis(known).reindex(list(names))
    return Where(names, coordinates, outlines, borders, named)


def _named(polygons: Any, names: tuple[str, ...]) -> list[str]:
    """Return whose outline each is: by the index, else by the column that has every place."""
    by_index = [str(name) for name in polygons.index]
    if set(names) <= set(by_index):
        return by_index
    for column in getattr(polygons, "columns", ()):
        if column == polygons.geometry.name:
            continue
        by_column = [str(name) for name in polygons[column]]
        if set(names) <= set(by_column):
            return by_column
    return by_index


def variables(data: xr.Dataset) -> list[str]:
    """Return the names of what can be on a map: numbers over places."""
    return [
        str(name)
        for name, held in data.data_vars.items()
        if held.dtype.kind in "biuf" and len(set(PLACES) & set(held.dims)) == 1
    ]


def chosen(
    data: xr.Dataset,
    name: Any,
    names: Sequence[str],
    select: Callable[[xr.DataArray], xr.DataArray],
    along: str | None = None,
) -> Values:
    """Return a variable over places, and over the steps of a path where one is named.

    `select` chooses from what the variable is over beside these.
    """
    if name is None:
        name = next((one for one in PEOPLE if one in data), None)
    by_place = variables(data)
    if not by_place:
        cure = "A map takes a number of each place, as a share or a wage."
        raise InputError("ds", [str(one) for one in data], "of something over places", cure)
    held = select(data[validation.known("variable", name, by_place)])
    people = next((select(data[one]) for one in PEOPLE if one in data), None)
    dim = next((dim for dim in PLACES if dim in held.dims), None)
    if dim is None:
        raise InputError("at", None, "without a place", "A map shows all of them.")
    order = [along, dim] if along is not None and along in held.dims else [dim]
    for array in (held, *(() if people is None else (people,))):
        free = {str(d): n for d, n in array.sizes.items() if d not in order and n > 1}
        if free:
            example = next(iter(free))
            label = array[example].values[0].item() if example in array.coords else 0
            sizes = ", ".join(f"{d} ({n})" for d, n in free.items())
            cure = f"Choose with at=, e.g. at={{{example!r}: {label!r}}}."
            raise InputError("at", None, f"one of each {sizes}, which {name} is over", cure)
    found = [str(place) for place in held[dim].values]
    if found[: len(names)] != list(names) or len(found) > len(names) + 1:
        cure = "Give the geography of the economy that was solved."
        allowed = f"that of {', '.join(found[:5])}{', ...' if len(found) > 5 else ''}"
        raise InputError("geography", f"of {', '.join(names[:5])}", allowed, cure)
    here = held.squeeze([d for d in held.dims if d not in order]).transpose(*order)
    values = here.values[..., : len(names)].astype(float)
    if people is None:
        size = np.full(values.shape, 1.0 / len(names))
    else:
        people = people.squeeze([d for d in people.dims if d not in order])
        live = people.transpose(*(d for d in order if d in people.dims)).values[..., : len(names)]
        size = np.broadcast_to(live, values.shape)
    return Values(values, size, varied.label(held), dict(held.attrs))


def changed(now: Values, before: Values) -> Values:
    """Return the change of a variable; dots are of people now."""
    about = now.about
    what = str(about.get("long_name", now.label.partition(" (")[0]))
    if what.startswith("share"):
        return now._replace(
            values=100.0 * (now.values - before.values),
            label=f"change of {what} (percentage points)",
        )
    if (before.values[np.isfinite(before.values)] > 0.0).all():
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            percent = 100.0 * (now.values / before.values - 1.0)
        return now._replace(values=percent, label=f"change of {what} (%)")
    unit = f" ({about['units']})" if about.get("units", "1") != "1" else ""
    return now._replace(values=now.values - before.values, label=f"change of {what}{unit}")


def ratio(shown: Values) -> Values:
    """Return a ratio of after over before as a change, in per cent."""
    what = str(shown.about["long_name"]).removesuffix(RATIO)
    return shown._replace(values=100.0 * (shown.values - 1.0), label=f"change of {what} (%)")


def film(
    path: Any,
    shown: Values,
    where: Where,
    titles: Sequence[str],
    *,
    change: bool,
    seconds: float,
    progress: Progress,
) -> pathlib.Path:
    """Write a film of a variable over the steps of a path as a GIF, whole or not at all."""
    place = paths.located("path", path)
    if place.suffix.lower() != ".gif":
        raise InputError("path", str(path), "a file that ends in .gif", "A film is a GIF.")
    if len(titles) > MOST_FRAMES:
        cure = f"ds.isel(step=slice(None, None, {-(-len(titles) // MOST_FRAMES)})) has fewer."
        raise InputError("ds", len(titles), f"at most {MOST_FRAMES} pictures", cure)
    scale = maps.scale_of(shown.values, change=change)  # one for all
    if where.named is True:  # the same in every picture
        mean = np.nan_to_num(shown.people).mean(axis=0)
        where = where._replace(named=place_names.largest(where.names, mean)[: place_names.MOST])
    largest = float(np.nanmax(shown.people, initial=0.0))
    image: Any = require("PIL.Image", "plot", "A film")
    canvas: Any = require("matplotlib.backends.backend_agg", "plot", "A film").FigureCanvasAgg
    size = maps.inches(where.coordinates, where.polygons, bar=True)
    figure = new_figure(*(size or maps.LEAST_FIGURE))
    drawn, above = canvas(figure), _wrapped(titles, figure.get_size_inches()[0])
    palette = image.new("P", (1, 1))
    palette.putpalette(_palette(scale).tobytes())

    def picture(step: int) -> Any:
        figure.clear()
        where.draw(shown.of(step), figure.add_subplot(), scale=scale, largest=largest)
        figure.suptitle(above[step], x=0.02, ha="left", fontsize=TITLE, parse_math=False)
        drawn.draw()
        seen = image.fromarray(np.asarray(drawn.buffer_rgba())).convert("RGB")
        return seen.quantize(palette=palette, dither=image.Dither.NONE)

    with (
        watched(progress, len(titles), "pictures") as steps,
        paths.replacing("path", place) as part,
        part.open("wb") as file,
    ):

        def pictures() -> Any:
            for step in range(len(titles)):
                yield picture(step)
                steps()

        rest = pictures()
        next(rest).save(
            file,
            format="GIF",
            save_all=True,
            append_images=rest,
            duration=round(1000 * seconds),
            loop=0,
            comment=paths.MARK.encode(),
        )
    return place


def _wrapped(titles: Sequence[str], inches: float) -> list[str]:
    """Return titles in lines that a figure has room for, as many of each: nothing moves."""
    fits = int(POINTS * inches / (LETTER * TITLE))
    lines = [textwrap.wrap(title, fits) for title in titles]
    most = max(map(len, lines))
    return ["\n".join([*one, *[" "] * (most - len(one))]) for one in lines]


def _palette(scale: maps.Scale) -> np.ndarray:
    """Return the colours of a film, over (colour, channel): its scale in full, and greys."""
    colours: Any = require("matplotlib", "plot", "A film").colormaps[scale.colours]
    full = 255.0 * colours(np.linspace(0.0, 1.0, ON_BAR))[:, :3]
    pale = maps.OPAQUE * full + (1.0 - maps.OPAQUE) * 255.0
    greys = np.repeat(np.linspace(0.0, 255.0, GREYS)[:, None], 3, axis=1)
    return np.concatenate([full, pale, greys]).round().astype(np.uint8)
