"""Pictures of the explorer's page: the same colours and forms as ``nege.plots``, drawn by Bokeh.

Each has a ``figure`` that stays, and ``show`` puts other values into it: a browser draws those
without asking again for anything else.
"""

from __future__ import annotations

import html
import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from bokeh import models, palettes, plotting

from nege.errors import DependencyError
from nege.explorer.answers import Answer
from nege.plots import by_place, maps
from nege.plots.agglomeration import INDUSTRY_COLOURS
from nege.plots.style import BLUE, GREY, ORANGE, PURPLE

FONT = "DejaVu Sans, Verdana, sans-serif"  # of nege's other pictures, where it is installed
MOST_BARS = 20  # places whose bars are shown
FEW = 3  # that stay in their own order
ONLINE = "online"
BAR = 17  # pixels, of the height of a bar
PIXELS_PER_POINT = 96.0 / 72.0
PEOPLE = "people"
SHADES = 256
DEGREES = "EPSG:4326"
NEAR = 0.5  # of a map, around it, which a wide window may show
FINEST = 1e-3  # of a map, that its outlines are drawn to
BAD = "#b2182b"  # of words about what went wrong
OLD = {"opacity": "0.5"}  # of what an answer failed to renew
NEW = {"opacity": "1"}  # a browser keeps what is no longer said


def new_figure(words: str, **style: Any) -> Any:
    """Return an empty figure that is as wide as its place on the page; `words` are read aloud."""
    figure = plotting.figure(
        sizing_mode="stretch_width",
        toolbar_location=None,
        tools="",
        output_backend="canvas",
        min_border=4,
        html_attributes={"role": "img", "aria-label": words},
        **style,
    )
    figure.outline_line_color = None
    figure.grid.grid_line_color = "#EEEEEE"
    for axis in figure.axis:
        axis.axis_label_text_font = axis.major_label_text_font = FONT
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size, axis.major_label_text_font_size = "12px", "11px"
        axis.minor_tick_line_color = None
        axis.axis_line_color = axis.major_tick_line_color = "#888888"
    return figure


def legend(entries: Sequence[tuple[str, str]]) -> str:
    """Return a legend as HTML, in as many rows as it needs: pairs of a mark and its words."""
    style = "display:inline-flex;align-items:center;gap:4px;margin:0 10px 2px 0;font-size:11px"
    return "".join(
        f'<span style="{style}">{mark}<span>{html.escape(words)}</span></span>'
        for mark, words in entries
    )


def drawing(inside: str) -> str:
    """Return a small drawing for a legend."""
    return f'<svg width="22" height="12" viewBox="0 0 22 12" aria-hidden="true">{inside}</svg>'


def bar_mark(colour: str, *, hatched: bool = False) -> str:
    """Return the mark of a bar."""
    lines = '<path d="M2 12L8 0M9 12L15 0M16 12L22 0" stroke="white" stroke-width="2"/>'
    opacity = ' opacity="0.45"' if hatched else ""
    box = f'<rect width="22" height="12" fill="{colour}"{opacity}/>'
    return drawing(box + (lines if hatched else ""))


class Places(NamedTuple):
    """What an answer has by place, as plain arrays: each is asked for once."""

    names: list[str]
    people: np.ndarray
    payoff: dict[str, np.ndarray]  # by what it means, of each kind of people where these differ
    industries: list[str]
    channels: list[str]
    firms: np.ndarray  # industry, place, channel: shares that sum to one for each industry

    @classmethod
    def of(cls, answer: Answer) -> Places:
        """Return those of an answer that has some."""
        found = answer.places
        assert found is not None
        firms = found["firms"].transpose("industry", "place", "channel")
        meaning = str(found["payoff"].attrs.get("long_name", "payoff"))
        payoff = found["payoff"]
        kinds = [name for name in payoff.dims if name != "place"]
        each = {meaning: payoff.values}
        for kind in kinds:
            labels = [str(label) for label in payoff[kind].values]
            each = {f"{meaning}, {one}": payoff.sel({kind: one}).values for one in labels}
        return cls(
            names=[str(name) for name in firms["place"].values],
            people=found["people"].values,
            payoff=each,
            industries=[str(name) for name in firms["industry"].values],
            channels=[str(name) for name in firms["channel"].values],
            firms=firms.values,
        )

    @property
    def online(self) -> dict[str, float]:
        """Part of each industry that is online; nothing where there is no such channel."""
        if ONLINE not in self.channels:
            return {}
        part = np.nansum(self.firms[:, :, self.channels.index(ONLINE)], axis=1)
        return dict(zip(self.industries, part.tolist(), strict=True))


class _Ground(NamedTuple):
    """Where a map is: its frame, and what is drawn beneath it once."""

    ends: list[tuple[float, float]]  # from west to east, from south to north
    lines: list[np.ndarray]  # borders and coasts
    degrees: bool  # whether longitudes and latitudes are axes
    tall: float  # degrees of longitude that are as long as one of latitude; else 1


def _ground(x: np.ndarray, y: np.ndarray, crs: Any, edge: float) -> _Ground:
    """Return the frame of what lies within some points, and the countries in it."""
    margin = 0.06 if crs is not None else 0.0
    ends = [
        (float(v.min() - margin * np.ptp(v) - edge), float(v.max() + margin * np.ptp(v) + edge))
        for v in (x, y)
    ]
    if crs is None:
        return _Ground(ends, [], False, 1.0)
    (west, east), (south, north) = ends
    degrees = crs == DEGREES or getattr(crs, "is_geographic", False)
    beyond = NEAR * max(east - west, north - south)
    near = maps.countries_near(crs, (west, south, east, north))
    lines = [line for line in near if _meets(line, ends, beyond)]
    tall = 1.0 / math.cos(math.radians(float(y.mean()))) if degrees else 1.0
    return _Ground(ends, lines, degrees, tall)


class PlacesMap:
    """Places where they are: dots whose areas are people, or outlines, coloured by a variable."""

    def __init__(self, geography: Any, online: bool) -> None:
        self._names = [str(name) for name in geography.names]
        self.figure = None
        try:
            shapes = geography.polygons
        except DependencyError:  # of an economy from a file, where geopandas is not installed
            shapes = None
        self._filled = shapes is not None
        if geography.coordinates is None and not self._filled:
            return
        geographic = self._filled or "longitude" in geography.coordinates
        if self._filled:
            west, south, east, north = shapes.total_bounds
            x, y = np.array([west, east]), np.array([south, north])
            ground = _ground(x, y, shapes.crs, 0.0)
        else:
            x, y = (
                geography.coordinates[name].values.astype(float)
                for name in (("longitude", "latitude") if geographic else "xy")
            )
            ground = _ground(x, y, DEGREES if geographic else None, 0.5 if geographic else 0.7)
        ends = ground.ends
        if online and not geographic:
            ends[1] = (ends[1][0], ends[1][1] + 0.9)
        tall = float(np.ptp(ends[1]) / np.ptp(ends[0]))
        figure = new_figure(
            "Map of the places. The table of numbers has the same.",
            height=340 if geographic else int(np.clip(360 * tall, 170, 340)),
            x_range=models.Range1d(*ends[0]),
            y_range=models.Range1d(*ends[1]),
            match_aspect=True,
            aspect_scale=ground.tall,
            visible=False,  # until something is solved
        )
        self.figure = figure
        figure.grid.grid_line_color = None
        if ground.lines:
            figure.multi_line(
                [line[:, 0] for line in ground.lines],
                [line[:, 1] for line in ground.lines],
                color="#BBBBBB",
                line_width=0.7,
            )
        if ground.degrees:
            figure.xaxis.axis_label = "longitude (degrees east)"
            figure.yaxis.axis_label = "latitude (degrees north)"
        else:
            figure.axis.visible = False
        self._online = None
        if self._filled:
            drawn = self._outlines(shapes, max(np.ptp(ends[0]), np.ptp(ends[1])))
        else:
            if online and not geographic:
                self._draw_online(float(np.mean(ends[0])), ends[1][1] - 0.65)
            drawn = self._dots(x, y, named=not geographic and x.size <= MOST_NAMED)
        self._hover = models.HoverTool(renderers=[drawn], tooltips=[("", "@name")])
        figure.add_tools(self._hover)
        self._amount = palettes.Cividis256[::-1]
        self._change = palettes.interp_palette(palettes.PuOr[11], SHADES)  # purple to orange
        self._mapper = models.LinearColorMapper(palette=self._amount, low=0.0, high=1.0)
        self._bar = models.ColorBar(
            color_mapper=self._mapper,
            visible=False,
            height=10,
            title="",
            title_text_font=FONT,
            title_text_font_style="normal",
            title_text_font_size="12px",
            major_label_text_font=FONT,
            padding=4,
            margin=0,
        )
        figure.add_layout(self._bar, "below")

    def _draw_online(self, x: float, y: float) -> None:
        """Draw the online region above places that are nowhere on earth."""
        assert self.figure is not None
        at = {"x": [x], "y": [y], "size": [0.0], "name": ["online"]}
        self._online = models.ColumnDataSource(at)
        self.figure.scatter("x", "y", size="size", color=ORANGE, source=self._online)
        self.figure.text("x", "y", "name", source=self._online, **_small("center"))

    def _dots(self, x: np.ndarray, y: np.ndarray, *, named: bool) -> Any:
        """Draw a dot for each place."""
        assert self.figure is not None
        blank: dict[str, Any] = dict.fromkeys(("size", "value", "share"), np.zeros(x.size))
        colours = {"colour": [BLUE] * x.size, "line": ["white"] * x.size}
        self._source = models.ColumnDataSource(
            {"x": x, "y": y, "name": self._names, **colours, **blank}
        )
        if not named:  # a name marks an empty place by itself, and is not read through a dot
            self.figure.scatter(x, y, size=2, color=GREY)
        style = {"size": "size", "fill_color": "colour", "line_color": "line", "line_width": 0.6}
        dots = self.figure.scatter("x", "y", fill_alpha=0.85, source=self._source, **style)
        if named:
            self.figure.text("x", "y", "name", source=self._source, **_small("center"))
        return dots

    def _outlines(self, shapes: Any, extent: float) -> Any:
        """Draw the outline of each place, as fine as a screen shows it."""
        assert self.figure is not None
        xs, ys = [], []
        for shape in shapes.simplify(extent * FINEST):
            rings = [
                [np.asarray(ring.coords)[:, :2] for ring in (part.exterior, *part.interiors)]
                for part in getattr(shape, "geoms", [shape])
                if hasattr(part, "exterior") and not part.is_empty
            ]
            xs.append([[ring[:, 0] for ring in part] for part in rings])
            ys.append([[ring[:, 1] for ring in part] for part in rings])
        count = len(self._names)
        blank: dict[str, Any] = dict.fromkeys(("value", "share"), np.zeros(count))
        self._source = models.ColumnDataSource(
            {"xs": xs, "ys": ys, "name": self._names, "colour": ["#DDDDDD"] * count, **blank}
        )
        width = float(np.clip(10.0 / np.sqrt(count), 0.15, 1.0))
        style = {"fill_color": "colour", "line_color": "white", "line_width": width}
        return self.figure.multi_polygons("xs", "ys", source=self._source, **style)

    def show(self, people: np.ndarray, shown: by_place.Values | None, *, change: bool) -> None:
        """Show people, and a variable or its change; people alone without one."""
        if self.figure is None:
            return
        if not self.figure.visible:
            self.figure.visible = True
        every = np.nan_to_num(np.asarray(people, dtype=float))
        largest = min(1.0, maps.WIDEST_SHARE / max(float(every.max(initial=0.0)), 1e-300))
        areas = maps.LARGEST_DOT * every / 0.1 * largest
        count = len(self._names)
        people, area = every[:count], areas[:count]
        if self._online is not None:
            size = PIXELS_PER_POINT * np.sqrt(areas[count:].sum())
            self._online.data = {**self._online.data, "size": [size]}
        if self._filled and shown is None:  # outlines have no size to show people by
            about = {"long_name": PEOPLE}
            shown = by_place.Values(people, people, "share of people", about)
        tips = [("", "@name"), ("people", "@share{0.0 %}")]
        colours, lines = [BLUE] * people.size, ["white"] * people.size
        if shown is not None:
            area = np.maximum(area, maps.LEAST_DOT)
            values = shown.values
            colours, lines = self._coloured(values, change=change), [GREY] * people.size
            self._bar.title = shown.label
            tips.append((shown.label, "@value{0.0000}"))
        if self._bar.visible != (shown is not None):
            self._bar.visible = shown is not None
        if tips != self._hover.tooltips:
            self._hover.tooltips = tips
        found = {
            "share": people,
            "value": np.zeros(people.size) if shown is None else shown.values,
            "colour": colours,
        }
        if self._filled:  # whose outlines a browser keeps, as they are long
            self._source.patch({name: [(slice(None), of)] for name, of in found.items()})
            return
        self._source.data = {
            **{name: self._source.data[name] for name in ("x", "y", "name")},
            "size": PIXELS_PER_POINT * np.sqrt(area),
            "line": lines,
            **found,
        }

    def _coloured(self, values: np.ndarray, *, change: bool) -> list[str]:
        """Return the colours of values, and put their scale beside the map."""
        good = values[np.isfinite(values)]
        if change:
            widest = float(np.abs(good).max(initial=0.0)) or 1.0
            low, high, palette = -widest, widest, self._change
        else:
            low = float(good.min(initial=np.inf)) if good.size else 0.0
            high = float(good.max(initial=-np.inf)) if good.size else 1.0
            if high - low <= 1e-9 * max(abs(high), abs(low)):
                low, high = low - 1e-6 * (abs(low) or 1.0), high + 1e-6 * (abs(high) or 1.0)
            palette = self._amount
        self._mapper.update(palette=palette, low=low, high=high)
        part = np.nan_to_num((values - low) / (high - low))
        index = np.clip((part * len(palette)).astype(int), 0, len(palette) - 1)
        return [
            palette[k] if known else "#DDDDDD"
            for k, known in zip(index, np.isfinite(values), strict=True)
        ]


MOST_NAMED = 12  # places that have their names on the map


def _small(align: str) -> dict[str, Any]:
    return {
        "text_font": {"value": FONT},
        "text_font_size": {"value": "11px"},
        "text_align": align,
        "text_baseline": "middle",
        "text_color": "#222222",
    }


def _meets(line: np.ndarray, ends: Sequence[tuple[float, float]], beyond: float) -> bool:
    """Whether a line comes near to a part of the map."""
    return all(
        line[:, k].max() >= low - beyond and line[:, k].min() <= high + beyond
        for k, (low, high) in enumerate(ends)
    )


class ShareBars:
    """Where each industry is, and through which channel it sells: a bar for each place.

    The order of places stays that of the first answer, so that bars can be followed by eye.
    """

    def __init__(self, places: Places) -> None:
        self.industries, self._channels = places.industries, places.channels
        every = places.names
        size = np.nan_to_num(places.firms).sum((0, 2))
        order = np.argsort(-size, kind="stable")[:MOST_BARS]
        if ONLINE in every and every.index(ONLINE) not in order:
            order = np.append(order[:-1], every.index(ONLINE))
        if len(every) <= FEW:
            order = np.sort(order)
        self._rows = [every[k] for k in order]
        several = len(self.industries) > 1
        thick = 0.8 / len(self.industries)
        words = f"{len(order)} of {len(every)} places" if len(order) < len(every) else ""
        figure = new_figure(
            "Bars: share of each industry by place and channel. The table below has the numbers.",
            height=90 + round(BAR * len(self._rows) * (1.4 if several else 1.0)),
            y_range=models.FactorRange(factors=self._rows[::-1]),
            x_range=models.Range1d(0.0, 1.0),
        )
        figure.ygrid.grid_line_color = None
        figure.xaxis.axis_label = "share of the industry (%)" if several else "share (%)"
        figure.xaxis.formatter = models.NumeralTickFormatter(format="0%")
        if words:
            figure.yaxis.axis_label = words
        self.figure, self._sources = figure, {}
        drawn: list[tuple[str, str]] = []
        colours = list(itertools.islice(itertools.cycle(INDUSTRY_COLOURS), len(self.industries)))
        self._range = figure.x_range
        for k, (industry, colour) in enumerate(zip(self.industries, colours, strict=True)):
            at = ((k + 0.5) / len(self.industries) - 0.5) * -0.8 if several else 0.0
            source = models.ColumnDataSource(
                {"y": [(name, at) for name in self._rows], "name": self._rows}
                | dict.fromkeys(("offline", "whole", "online"), np.zeros(len(self._rows)))
            )
            self._sources[industry] = source
            style = {"y": "y", "height": thick, "source": source, "line_color": "white"}
            bar = figure.hbar(left=0, right="offline", fill_color=colour, **style)
            called = f"{industry}, offline" if len(self._channels) > 1 else industry
            drawn.append((bar_mark(colour), called))
            bars = [bar]
            if len(self._channels) > 1:
                bar = figure.hbar(
                    left="offline",
                    right="whole",
                    fill_color=colour if several else ORANGE,
                    fill_alpha=0.45 if several else 1.0,
                    hatch_pattern="/" if several else " ",
                    hatch_color="white",
                    hatch_scale=7,
                    **style,
                )
                mark = bar_mark(colour, hatched=True) if several else bar_mark(ORANGE)
                drawn.append((mark, f"{industry}, online"))
                bars.append(bar)
            tips = [("", f"@name, {industry}"), ("offline", "@offline{0.0 %}")]
            if len(self._channels) > 1:
                tips.append(("online", "@online{0.0 %}"))
            figure.add_tools(models.HoverTool(renderers=bars, tooltips=tips))
        self.legend = legend(drawn)

    def show(self, places: Places) -> None:
        """Show other shares of the same places; of places that are no longer there, nothing."""
        index = {name: k for k, name in enumerate(places.names)}
        here = np.zeros((len(self.industries), len(self._rows), len(places.channels)))
        for row, name in enumerate(self._rows):
            if name in index:
                here[:, row] = places.firms[:, index[name]]
        longest = float(np.nanmax(here.sum(2), initial=0.0))
        for industry, one in zip(self.industries, here, strict=True):
            offline, whole = one[:, 0], one.sum(1)
            online = whole - offline
            source = self._sources[industry]
            source.data = {
                **{name: source.data[name] for name in ("y", "name")},
                "offline": offline,
                "online": online,
                "whole": whole,
            }
        # Steps, so that the scale stays while bars grow a little.
        end = next(e for e in (0.05, 0.1, 0.2, 0.5, 1.0, math.inf) if longest <= e * 0.98 or e == 1)
        if self._range.end != end:
            self._range.end = end


LEAST_GAIN = 0.01  # per cent, that the scale of gains reaches at least
ROUNDING = 1e-5  # of that scale: gains that are smaller are none


class GainBars:
    """Who gains, and who loses: a bar for each place or group, orange up, purple down."""

    def __init__(self) -> None:
        self._names: list[str] = []
        figure = new_figure(
            "Bars: gain of people by place or group, in per cent. The words above say it too.",
            height=120,
            y_range=models.FactorRange(factors=["-"]),
            x_range=models.Range1d(-1.0, 1.0),
        )
        figure.xaxis.formatter = models.BasicTickFormatter(use_scientific=False)
        figure.xaxis.axis_label = "gain (% of what they had)"
        figure.ygrid.grid_line_color = None
        self._source = models.ColumnDataSource({"y": [], "gain": [], "colour": [], "people": []})
        bars = figure.hbar(
            y="y", left=0, right="gain", height=0.7, color="colour", source=self._source
        )
        figure.add_layout(models.Span(location=0, dimension="height", line_color=GREY))
        tips = [("", "@y"), ("gain", "@gain{+0.00} %"), ("people", "@people{0.0 %}")]
        figure.add_tools(models.HoverTool(renderers=[bars], tooltips=tips))
        self.figure = figure

    def show(self, names: Sequence[str], gain: np.ndarray, people: np.ndarray) -> None:
        """Show gains in per cent, of as many as there is room for: most people first."""
        order = np.argsort(-people, kind="stable")[:MOST_BARS]
        rows = [names[k] for k in order]
        if rows != self._names:
            if set(rows) != set(self._names) or not self._names:
                self._names = rows
                self.figure.y_range.factors = rows[::-1]
                self.figure.height = 60 + BAR * len(rows)
            else:
                order = np.array([names.index(name) for name in self._names])
                rows = self._names
        found = np.where(np.abs(gain[order]) > LEAST_GAIN * ROUNDING, gain[order], 0.0)
        widest = float(np.abs(found[np.isfinite(found)]).max(initial=0.0))
        power = 10.0 ** math.floor(math.log10(max(widest, LEAST_GAIN)))
        end = power * next(m for m in (1, 2, 5, 10) if m * power >= widest)
        if self.figure.x_range.end != end:
            self.figure.x_range.update(start=-end, end=end)
        self._source.data = {
            "y": rows,
            "gain": found,
            "people": people[order],
            "colour": [ORANGE if value >= 0.0 else PURPLE for value in found],
        }
